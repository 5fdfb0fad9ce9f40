"""The section `lifecycle` as a document: its spellings, its hash, and what it tells of itself."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from pydantic import ValidationError

from leadrules import Policy, load_policy, policy_schema, presets
from leadrules.calendars import Delay
from leadrules.document import read_document
from leadrules.lifecycle.document import Lifecycle
from leadrules.values import Type
from leadrules.vocabulary import Declaration

DEMO: dict[str, Any] = read_document(presets.demo_policy()).data
HEAD = {"leadrules": 1, "policy": {"id": "acme", "version": 1, "effective": "2026-01-01"}}
Place = tuple[str | int, ...]

FULL: dict[str, Any] = {
    "stages": {
        "inquiry": {"owner": "marketing", "queue": "desk", "again_after": "5 days"},
        "sal": {
            "owner": "sales",
            "requires": {"offer": {"by": ["sales"], "after": ["approvals"], "within": "3 days"}},
            "approvals": {"by": ["sales"], "within": "2 days"},
        },
        "won": {"kind": "won"},
        "asleep": {
            "owner": "marketing",
            "kind": "recycled",
            "most": 2,
            "reasons": ["price"],
            "wake": {"price": "5 days"},
        },
    },
    "moves": [
        {
            "from": ["inquiry"],
            "to": "sal",
            "by": ["sales"],
            "when": "known(budget)",
            "accept_within": "2 hours",
            "on_timeout": "accept",
            "touches": ["calls"],
            "fields": ["email"],
            "why": "they said so",
        },
        {"from": ["sal"], "to": "won", "by": ["sales"]},
        {"from": ["sal"], "to": "asleep", "automatic": True, "because": "price"},
        {"from": ["asleep"], "to": "inquiry", "after": "wake", "reason": "optional"},
    ],
    "hours": {"default": "office", "roles": {"sales": "office"}, "owners": {"ann": "office"}},
    "touches": {
        "calls": {
            "in": ["inquiry"],
            "count": {"demo": 3, "default": 1},
            "channels": ["call"],
            "counts": "connected",
            "by": ["sales"],
            "apart": "10 minutes",
            "within": "90 minutes",
            "waive": ["duplicate"],
            "waive_by": ["sales"],
            "why": "that is polite",
        }
    },
    "clocks": {
        "speed": {
            "from": "assigned",
            "to": "first_attempt",
            "within": "1 hour",
            "at_most": "2 hours",
            "calendar": "office",
            "restart": True,
            "escalate": {"50%": "remind", "100%": "sales"},
            "why": "speed counts",
        }
    },
    "responses": {
        "prices": {
            "activity": "page_view",
            "when": 'activity.path == "/x"',
            "acknowledge": "1 hour",
            "send": "list",
            "within": "1 day",
            "by": "marketing",
            "why": "they asked",
        }
    },
    "nurture": {
        "momentum": {
            "in": ["asleep"],
            "when": "known(country)",
            "gap": "7 days",
            "consent": False,
            "until_contact": False,
            "description": "keeps warm",
            "steps": {
                "a": {"send": "x", "channel": "email", "after": "5 days", "description": "first"},
                "b": {"send": "y", "on": "10-01", "before": "14 days"},
                "c": {
                    "send": "z",
                    "activity": "page_view",
                    "when": 'activity.path == "/y"',
                    "count": 2,
                    "within": "7 days",
                },
            },
        }
    },
    "contact": ["replied"],
    "force": ["boss"],
    "migrate": {"old": "sal"},
}
WHOLE: dict[str, Any] = {
    **HEAD,
    "activities": {"page_view": {"properties": {"path": {}}}},
    "calendars": {"office": {"hours": {"mon-fri": ["09:00-17:00"]}}},
    "lifecycle": FULL,
}
PROSE = {"description", "why"}
OTHERS: tuple[Any, ...] = (
    "77 days",
    "missing(city)",
    'activity.path == "/other"',
    "attempted",
    "recycled",
    "required",
    "10-02",
    "lost",
    True,
    False,
    77,
)


def leaves(part: Any, path: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield every value of a document that holds no others, with its path."""
    steps = part.items() if isinstance(part, dict) else enumerate(part)
    for step, inner in steps:
        if isinstance(inner, dict | list):
            yield from leaves(inner, (*path, step))
        else:
            yield (*path, step), inner


def with_value(path: Place, value: Any) -> dict[str, Any]:
    found = deepcopy(WHOLE)
    part: Any = found["lifecycle"]
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return found


def others(path: Place, old: Any) -> Iterator[Policy]:
    """Yield policies that have another value in a place."""
    for other in OTHERS:
        if other != old or type(other) is not type(old):
            try:
                yield Policy.model_validate(with_value(path, other))
            except ValidationError:
                continue


LEAVES = [(path, value) for path, value in leaves(FULL) if value not in {"accept", "wake"}]


def test_the_document_of_these_tests_is_sound() -> None:
    assert load_policy(WHOLE).warnings == ()


@pytest.mark.parametrize(("path", "old"), LEAVES, ids=str)
def test_the_hash_covers_every_value_and_no_prose(path: Place, old: Any) -> None:
    own = load_policy(WHOLE).hash
    found = {policy.hash for policy in others(path, old)}
    assert found
    assert (own in found) == (path[-1] in PROSE)
    assert len(found) == 1 or path[-1] not in PROSE


def test_the_hash_covers_the_order_of_the_stages_and_of_no_other_keys() -> None:
    own = load_policy(WHOLE).hash
    turned = dict(reversed(FULL.items()))
    assert load_policy({**WHOLE, "lifecycle": turned}).hash == own
    stages = FULL["stages"]
    first_two = {"won": stages["won"], **{x: y for x, y in stages.items() if x != "won"}}
    changed = Policy.model_validate({**WHOLE, "lifecycle": {**FULL, "stages": first_two}})
    assert changed.hash != own


def test_the_hash_covers_the_hours_of_calendars() -> None:
    longer = {"office": {"hours": {"mon-fri": ["09:00-18:00"]}}}
    assert load_policy({**WHOLE, "calendars": longer}).hash != load_policy(WHOLE).hash


SPELLINGS: dict[str, tuple[Place, Any]] = {
    "one stage instead of a list": (("moves", 1, "from"), "sal"),
    "one stage of touches": (("touches", "calls", "in"), "inquiry"),
    "one stage of nurture": (("nurture", "momentum", "in"), "asleep"),
    "one role that moves": (("moves", 1, "by"), "sales"),
    "one role that owes": (("stages", "sal", "requires", "offer", "by"), "sales"),
    "one role that touches": (("touches", "calls", "by"), "sales"),
    "one role that waives": (("touches", "calls", "waive_by"), "sales"),
    "one role that approves": (("stages", "sal", "approvals", "by"), "sales"),
    "one role that forces": (("force",), "boss"),
    "one outcome": (("contact",), "replied"),
    "a condition as data": (("moves", 0, "when"), {"field": "budget", "op": "known"}),
    "a delay in another unit": (("clocks", "speed", "at_most"), "120 minutes"),
    "a share with a blank": (("clocks", "speed", "escalate"), {"50 %": "remind", "100%": "sales"}),
    "a default that is said": (("clocks", "speed", "restart"), True),
    "approvals with their key": (("stages", "sal", "approvals", "after"), []),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_other_spellings_are_the_same_policy(spelling: str) -> None:
    assert load_policy(with_value(*SPELLINGS[spelling])).hash == load_policy(WHOLE).hash


@pytest.mark.parametrize("approvals", ["boss", ["boss"]])
def test_short_forms_are_read_as_the_long_ones(approvals: Any) -> None:
    stage = {"owner": "sales", "requires": ["a", "b"], "approvals": approvals}
    long = {
        "owner": "sales",
        "requires": {"a": {}, "b": {}},
        "approvals": {"by": ["boss"]},
    }
    rules = [{"calls": {"in": "s", "count": count}} for count in (2, {"default": 2})]
    short_one, long_one = (
        Lifecycle.model_validate({"stages": {"s": found}, "touches": rule})
        for found, rule in zip((stage, long), rules, strict=True)
    )
    assert short_one == long_one


@pytest.mark.parametrize("document", [WHOLE, DEMO], ids=["full", "sample"])
def test_a_lifecycle_is_written_as_it_is_read(document: dict[str, Any]) -> None:
    policy = load_policy(document)
    for dumped in (
        policy.model_dump(),
        policy.model_dump(exclude_unset=True),
        json.loads(policy.model_dump_json()),
    ):
        again = load_policy(dumped)
        assert again == policy
        assert again.hash == policy.hash
    assert pickle.loads(pickle.dumps(policy)).hash == policy.hash


def test_what_is_shown_of_it_is_as_it_is_written() -> None:
    lifecycle = load_policy(WHOLE).lifecycle
    assert lifecycle
    assert repr(lifecycle.moves[1]) == "Move(from=('sal',), to='won', by=('sales',))"
    assert repr(lifecycle.touches["calls"]).startswith("TouchRule(in=('inquiry',), count=")
    assert repr(lifecycle.moves[0]).count("when='known(budget)'") == 1


# --- what it tells of itself


def test_it_tells_what_it_adds_to_a_lead() -> None:
    lifecycle = Lifecycle.model_validate(FULL)
    assert {name: found.type for name, found in lifecycle.results.items()} == {
        "stage": Type.ENUM,
        "stage_since": Type.DATETIME,
        "stage_entries": Type.INTEGER,
        "owner_role": Type.ENUM,
        "touches.calls": Type.ENUM,
        "clock.speed": Type.ENUM,
    }
    assert lifecycle.results["stage"] == Declaration(Type.ENUM, tuple(FULL["stages"]))
    assert lifecycle.results["owner_role"].choices == ("marketing", "sales")
    assert lifecycle.memory["was.stage"].choices == tuple(FULL["stages"])
    assert lifecycle.initial == "inquiry"
    assert [name for name in FULL["stages"] if lifecycle.is_final(name)] == ["won"]
    assert lifecycle.told["touch", "step"] == ("momentum.a", "momentum.b", "momentum.c")


def test_it_tells_what_it_reads() -> None:
    lifecycle = Lifecycle.model_validate(FULL)
    assert sorted(lifecycle.fields()) == [
        "budget",
        "consent",
        "country",
        "email",
        "lead_type",
        "owner",
    ]
    assert [place for place, _ in lifecycle.conditions()][-1] == "nurture.momentum"


def test_it_tells_its_delays() -> None:
    found = dict(Lifecycle.model_validate(FULL).delays())
    assert len(found) == 13
    assert found["stages", "sal", "requires", "offer", "within"] == Delay.parse("3 days")
    assert found["moves", 0, "accept_within"] == Delay.parse("2 hours")
    assert found["nurture", "momentum", "steps", "a", "after"] == Delay.parse("5 days")


def test_its_summary_counts() -> None:
    one = Lifecycle.model_validate({"stages": {"a": {"owner": "x"}}})
    assert one.summary() == "1 stage"
    assert Lifecycle.model_validate(FULL).summary() == (
        "4 stages, 4 moves, 1 rule of touches, 1 clock, 1 response, 1 nurture plan"
    )


def test_reasons_are_those_that_are_listed_and_those_that_wake() -> None:
    stages = Lifecycle.model_validate(
        {
            "stages": {
                "a": {"kind": "recycled", "wake": {"price": "1 day", "default": "2 days"}},
                "b": {"kind": "recycled", "reasons": ["x"], "wake": {"x": "1 day"}},
            }
        }
    ).stages
    assert (stages["a"].why, stages["b"].why) == (("price",), ("x",))
    assert str(stages["a"].wait("price")) == "1 day"
    assert str(stages["a"].wait("other")) == str(stages["a"].wait(None)) == "2 days"
    assert stages["b"].wait("y") is None


# --- the schema


def test_the_schema_knows_the_keys_as_they_are_written() -> None:
    definitions = policy_schema()["$defs"]
    move = definitions["Move"]["properties"]
    text = {"type": "string"}
    for found in (move["by"], definitions["TouchRule"]["properties"]["waive_by"]):
        assert found["anyOf"] == [text, {"items": text, "type": "array"}]
    assert "from_" not in move
    assert move["from"]["description"] == "The stages that it leads out of."
    assert definitions["TouchRule"]["required"] == ["in", "count"]
    assert definitions["Clock"]["properties"]["to"]["description"] == "The moment that stops it."
    assert move["after"]["anyOf"] == [
        {"type": "string", "examples": ["wake", "30 minutes", "2 business days"]},
        {"type": "null"},
    ]
