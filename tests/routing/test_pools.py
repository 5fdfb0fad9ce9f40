"""Pools as documents: their short forms, who is in them, and what is wrong or odd."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from leadrules.conditions.tree import Always
from leadrules.errors import Problem
from leadrules.routing.limits import Limit
from leadrules.routing.members import Member
from leadrules.routing.pools import Pool, Share
from leadrules.values import Type
from leadrules.vocabulary import Declaration, Vocabulary

MEMBERS = {
    name: Member.model_validate(data)
    for name, data in {
        "anna": {"roles": ["dev"], "limits": "40 open", "attributes": {"languages": "de"}},
        "ben": {"roles": ["dev", "ops"]},
        "eve": {"roles": "ops", "limits": "30 open"},
    }.items()
}
WORDS = Vocabulary(
    {"segment": Declaration(Type.ENUM, ("a", "b"))},
    derived={"member.languages": Declaration(Type.STRINGS), "score": Declaration(Type.NUMBER)},
)


def pool(**data: Any) -> Pool:
    return Pool.model_validate(data)


def test_a_pool_says_little() -> None:
    found = pool(members=["anna"])
    assert (found.strategy, found.share, found.turns, found.load) == (
        "weighted_rotation",
        "while_present",
        "pool",
        "open",
    )
    assert (found.on_return, found.on_join, found.credit, found.wait) == (
        "none",
        "none",
        ("declined",),
        None,
    )
    assert isinstance(found.match, Always)


def test_members_are_those_by_name_and_then_those_of_roles_in_the_order_of_members() -> None:
    found = pool(members={"eve": {"weight": 3, "limits": "5 per day"}}, roles=["dev", "ops"])
    assert found.shares(MEMBERS) == {
        "eve": Share(weight=3, limits=(Limit(5, "day"),)),
        "anna": Share(),
        "ben": Share(),
    }
    assert list(found.shares(MEMBERS)) == ["eve", "anna", "ben"]
    assert pool(roles="ops").shares(MEMBERS) == {"ben": Share(), "eve": Share()}


def test_short_forms_are_read_as_the_long_ones() -> None:
    assert pool(members=["b", "a"]) == pool(members={"b": {}, "a": {}})
    assert list(pool(members=("b", "a")).members) == ["b", "a"]
    assert pool(credit="missed").credit == ("missed",)
    assert pool(credit=[]).credit == ()


TURNS = "is not possible; expected 'none', 'full', or a number of turns from 1 to 1000"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"members": ["a", "b", "a"]}, "'a' stands here twice; expected once, with a weight"),
        ({"members": ["a", 5]}, "'5' is not possible in a list; expected a name"),
        ({"members": [{"a": 2}]}, "'{...}' is not possible in a list; expected a name"),
        *(
            ({key: value}, f"'{shown}' {TURNS}")
            for key in ("on_return", "on_join")
            for value, shown in [
                (0, "0"), (-1, "-1"), (1001, "1001"), (True, "true"), (1.0, "1.0"), ("5", "5"),
                (None, "null"), ("all", "all"), ([], "[...]"), ({}, "{...}"),
            ]
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(data: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        pool(**data)
    assert [error["msg"] for error in caught.value.errors()] == [message]


def told(**data: Any) -> list[tuple[str, str, tuple[str | int, ...]]]:
    """Return what is told of a pool, each with its code and the rest of its path."""
    found = list(pool(**data).check(("pools", "p"), MEMBERS, WORDS))
    assert {problem.path[:2] for problem in found} <= {("pools", "p")}
    warnings = {"gap", "never-true", "no-effect"}
    assert {x.code for x in found if x.severity == "warning"} <= warnings
    assert not {x.code for x in found if x.severity == "error"} & warnings
    return [(problem.code, problem.message, problem.path[2:]) for problem in found]


WEIGHTED = "expected 'weighted_rotation', 'sticky' or 'least_loaded', or no weight"


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        ({"members": ["anna"]}, []),
        ({}, [("empty", "nobody is in it; expected members, or roles that somebody has", ())]),
        (
            {"members": ["ana", "anna"]},
            [("unknown-name", "no member 'ana'; did you mean 'anna'?", ("members", "ana"))],
        ),
        (
            {"members": ["anna"], "roles": ["devs"]},
            [("unknown-name", "nobody has the role 'devs'; did you mean 'dev'?", ("roles", 0))],
        ),
        *(
            (
                {"strategy": strategy, "members": {"ben": {}, "anna": {"weight": 2}}},
                [
                    (
                        "wrong-value",
                        f"'{strategy}' reads no weights; {WEIGHTED}",
                        ("members", "anna", "weight"),
                    )
                ],
            )
            for strategy in ("longest_waiting", "priority")
        ),
        *(
            ({"strategy": strategy, "members": {"anna": {"weight": 2}}}, [])
            for strategy in ("weighted_rotation", "sticky", "least_loaded")
        ),
        ({"strategy": "priority", "members": {"anna": {"weight": 1}}}, []),
        (
            {"members": ["anna"], "match": "language in member.langs"},
            [
                (
                    "unknown-name",
                    "members have no attribute 'langs'; did you mean 'languages'?",
                    ("match", "field"),
                )
            ],
        ),
        (
            {"members": ["ben"], "match": "language in member.languages"},
            [("gap", "nobody in it has 'languages', which match reads", ("match",))],
        ),
        ({"members": ["ben", "anna"], "match": "language in member.languages"}, []),
        ({"strategy": "sticky", "members": ["anna"], "by": "segment"}, []),
        (
            {"strategy": "sticky", "members": ["anna"], "by": "acount.owner"},
            [
                (
                    "unknown-name",
                    "no field 'acount.owner'; did you mean 'account.owner'?",
                    ("by",),
                )
            ],
        ),
        (
            {"strategy": "sticky", "members": ["anna"], "by": "member.languages"},
            [("unknown-name", "no field 'member.languages'", ("by",))],
        ),
        (
            {"strategy": "sticky", "members": ["anna"], "by": "score"},
            [("wrong-type", "'score' is a number; expected a text", ("by",))],
        ),
        (
            {"members": ["anna"], "by": "segment", "load": "room"},
            [
                (
                    "no-effect",
                    "'weighted_rotation' does not read it; 'least_loaded' does",
                    ("load",),
                ),
                ("no-effect", "'weighted_rotation' does not read it; 'sticky' does", ("by",)),
            ],
        ),
        (
            {"strategy": "least_loaded", "load": "room", "members": ["anna", "ben", "eve"]},
            [
                (
                    "missing-key",
                    (
                        "'ben' has no limit of open leads, so there is no telling how much room "
                        "is left; expected one, such as '40 open'"
                    ),
                    ("load",),
                )
            ],
        ),
        (
            {
                "strategy": "least_loaded",
                "load": "room",
                "members": {"anna": {}, "ben": {"limits": "9 open"}},
            },
            [],
        ),
        (
            {"members": ["anna"], "share": "of_all_leads", "on_return": 2},
            [
                (
                    "wrong-value",
                    (
                        "'2' is not possible where share is 'of_all_leads', which makes up for "
                        "all that a member misses but absences; expected 'none' or 'full'"
                    ),
                    ("on_return",),
                )
            ],
        ),
        ({"members": ["anna"], "share": "of_all_leads", "on_return": "full"}, []),
    ],
)
def test_what_is_wrong_or_odd_is_told(data: Any, problems: list[Any]) -> None:
    assert told(**data) == problems


def test_members_without_hours_beside_others_are_told() -> None:
    members = {
        "anna": Member(calendar="office"),
        "ben": Member(),
        "gone": Member(active=False),
    }
    assert list(pool(members=["anna", "ben"]).check(("p",), members, WORDS)) == [
        Problem(
            "gap",
            "'ben' has no calendar and gets leads at any hour, unlike the others",
            ("p",),
            severity="warning",
        )
    ]
    assert list(pool(members=["gone"]).check(("p",), members, WORDS)) == [
        Problem(
            "never-true",
            "nobody in it is active, so that it takes no lead",
            ("p",),
            severity="warning",
        )
    ]
    assert list(pool(members=["gone"]).check(("p",), members, WORDS, warnings=False)) == []
