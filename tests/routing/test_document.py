"""The section `routing` as a document: what is wrong or odd, its spellings, and its hash."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from leadrules import Issue, Policy, PolicyError, load_policy, policy_schema
from leadrules.document import read_document
from leadrules.routing.document import Routing
from leadrules.values import Type
from leadrules.vocabulary import Declaration
from tests.costs import calls

HEADER = "leadrules: 1\npolicy: {id: acme, version: 1, effective: 2026-01-01}\n"
HEAD = {"leadrules": 1, "policy": {"id": "acme", "version": 1, "effective": "2026-01-01"}}
Place = tuple[str | int, ...]


def sections(name: str) -> dict[str, str]:
    """Return the sections of a file of documents, by their names."""
    text = (Path(__file__).parent / name).read_text("utf-8")
    return dict(section.split("\n", 1) for section in text.split("\n=== ")[1:])


BAD, ODD = sections("bad_routing.txt"), sections("odd_routing.txt")
ONE_ROW = {"t": [{"country": "DE", "team": "p"}]}

FULL: dict[str, Any] = {
    "hit": "collect",
    "queue": "triage",
    "rules": [
        {
            "id": "named",
            "when": "known(account.owner)",
            "to": {"owner": {"field": "account.owner"}},
            "otherwise": [{"role": "senior"}, {"queue": "triage"}],
            "packages": ["welcome"],
            "why": "they know each other",
        },
        {"when": "months > param.old", "to": {"lookup": "land"}, "packages": ["letter"]},
        {"id": "partner", "when": 'channel == "partner"', "to": {"partner": "north"}},
        {"id": "rest", "when": "always", "to": {"pool": "dach"}},
    ],
    "queues": {"triage": "what nobody takes", "later": "what can wait"},
    "sends": [{"when": "known(email)", "send": ["prices"], "why": "they asked"}],
    "lookups": {
        "land": {
            "table": "land",
            "equal": {"land": "country", "field": "company.industry"},
            "range": {"field": "postal_code", "from": "from", "to": "to"},
            "gives": {"pool": "pool", "owner": "owner"},
            "description": "who is where",
        },
        "call": {
            "table": "land",
            "prefix": {"field": "phone", "column": "from"},
            "gives": {"pool": "pool", "owner": "owner"},
        },
    },
    "pools": {
        "dach": {
            "strategy": "least_loaded",
            "members": {"anna": {"weight": 2, "limits": ["9 per day"]}, "ben": {"weight": 3}},
            "roles": ["senior"],
            "match": "language in member.languages",
            "limits": ["90 per day"],
            "on_return": 3,
            "on_join": 4,
            "share": "while_present",
            "turns": "everywhere",
            "credit": ["declined", "missed"],
            "load": "room",
            "ties": "longest_waiting",
            "wait": "2 days",
            "description": "the team",
        },
        "known": {"strategy": "sticky", "by": "account.owner", "members": {"ben": {}, "anna": {}}},
    },
    "members": {
        "anna": {
            "roles": ["junior"],
            "calendar": "office",
            "limits": ["10 per week in Europe/Berlin", "40 open"],
            "absent": ["2026-08-03 to 2026-08-14"],
            "active": True,
            "attributes": {"languages": ["de", "en"], "level": 3},
            "description": "has been here for long",
        },
        "ben": {"calendar": "office", "limits": ["5 in 24 hours", "30 open"]},
        "eve": {"roles": ["senior"], "calendar": "office", "limits": ["40 open"]},
    },
    "attributes": {
        "languages": {"type": "strings", "description": "what they speak"},
        "level": {"type": "integer"},
        "desk": {"choices": ["left", "right"]},
    },
    "partners": {"north": {"contact": "Nora", "needs": ["phone"], "report": "by mail"}},
    "counts": ["manual"],
    "reassign": {"avoid": 2, "otherwise": [{"queue": "later"}]},
}
WHOLE: dict[str, Any] = {
    **HEAD,
    "fields": {"months": {"type": "integer"}},
    "parameters": {"old": 6},
    "tables": {"land": {"columns": ["land", "field", "from", "to", "pool", "owner"]}},
    "calendars": {"office": {"hours": {"mon-fri": ["09:00-17:00"]}}},
    "routing": FULL,
}
ROWS: list[dict[str, Any]] = [
    {"land": "DE", "field": None, "from": "10000", "to": "19999", "pool": "dach", "owner": None},
    {"land": "DE", "field": None, "from": "20000", "to": "29999", "pool": "", "owner": "ben"},
]


def load(data: Any, rows: Any = ROWS) -> Policy:
    return load_policy(data, tables={"land": rows})


def issues_of(data: Any, tables: Any) -> tuple[Issue, ...]:
    """Return what is wrong with a policy, or what is odd about it."""
    try:
        return load_policy(data, tables=tables).warnings
    except PolicyError as error:
        return error.issues


def with_value(path: Place, value: Any) -> dict[str, Any]:
    found = deepcopy(WHOLE)
    part: Any = found["routing"]
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return found


def nodes(part: Any, path: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield every value of a document with its path."""
    for step, inner in part.items() if isinstance(part, dict) else enumerate(part):
        yield (*path, step), inner
        if isinstance(inner, dict | list):
            yield from nodes(inner, (*path, step))


NODES = list(nodes(FULL))
LEAVES = [(path, value) for path, value in NODES if not isinstance(value, dict | list)]

# --- what is wrong, and what is odd


@pytest.mark.parametrize("name", BAD)
def test_a_bad_section_tells_everything_that_is_wrong(name: str) -> None:
    text, problems = BAD[name].split("--- problems\n")
    with pytest.raises(PolicyError) as caught:
        load_policy(HEADER + text)
    assert "\n".join(str(issue) for issue in caught.value.issues) == problems.rstrip("\n")


@pytest.mark.parametrize("name", BAD)
def test_data_has_the_issues_of_its_text_without_the_places(name: str) -> None:
    text = HEADER + BAD[name].split("--- problems\n")[0]
    told: list[set[tuple[str, str, str]]] = []
    for source in (text, read_document(text).data):
        with pytest.raises(PolicyError) as caught:
            load_policy(source)
        told.append({(issue.code, issue.path, issue.message) for issue in caught.value.issues})
    assert told[0] == told[1]


@pytest.mark.parametrize("name", ODD)
def test_an_odd_section_tells_everything_that_is_odd(name: str) -> None:
    text, warnings = ODD[name].split("--- warnings\n")
    policy = load_policy(HEADER + text, tables=ONE_ROW if "tables:" in text else None)
    assert "\n".join(str(issue) for issue in policy.warnings) == warnings.rstrip("\n")


def test_the_document_of_these_tests_is_sound() -> None:
    assert [str(found) for found in load(WHOLE).warnings] == [
        "routing.lookups.call: no rule leads to lookup 'call' [unreached]",
        "routing.pools.known: no rule leads to pool 'known' [unreached]",
    ]


RUBBISH: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, float("nan"), 2**60, "", "x", "\n", [], ["x"], [[]], [None], {},
    {"x": "y"}, {"": None}, {"always": True}, {"field": "email"},
)  # fmt: skip


@pytest.mark.parametrize("path", [path for path, _ in NODES], ids=str)
def test_rubbish_anywhere_is_told_and_crashes_nothing(path: Place) -> None:
    for rubbish in RUBBISH:
        issues = issues_of(with_value(path, rubbish), {"land": ROWS})
        assert all(issue.message and "\n" not in issue.message for issue in issues)


@pytest.mark.parametrize("rubbish", RUBBISH, ids=repr)
def test_rubbish_as_the_section_crashes_nothing(rubbish: Any) -> None:
    if rubbish is None:
        assert load({**WHOLE, "routing": None}).routing is None
        return
    with pytest.raises(PolicyError):
        load({**WHOLE, "routing": rubbish})


# --- how long it takes


def growth(make: Any, least: int) -> float:
    """Return how much more work four times as much is to be loaded, or refused."""

    def work(count: int) -> int:
        return calls(issues_of, *make(count))

    work(10)  # what is made once is there
    return work(4 * least) / work(least)


def many_rules(count: int, *, hit: str = "first", members: int = 1) -> tuple[Any, Any]:
    rules = [
        {"when": f"company.employees == {number}", "to": {"owner": f"m{number % members}"}}
        for number in range(count)
    ]
    people: dict[str, Any] = {f"m{number}": {} for number in range(members)}
    return {**HEAD, "routing": {"hit": hit, "queue": "q", "rules": rules, "members": people}}, None


def many_rows(count: int, *, team: str = "p") -> tuple[Any, Any]:
    rows = [
        {"c": f"C{n % 50}", "from": f"{n:06}", "to": f"{n:06}", "team": team} for n in range(count)
    ]
    routing = {
        "queue": "q",
        "rules": [{"when": "always", "to": {"lookup": "t"}}],
        "lookups": {
            "t": {
                "equal": {"c": "country"},
                "range": {"field": "postal_code", "from": "from", "to": "to"},
                "gives": {"pool": "team"},
            }
        },
        "pools": {"p": {"members": ["a"]}, **{f"pool {n}": {"members": ["a"]} for n in range(100)}},
        "members": {"a": {}},
    }
    tables = {"t": {"columns": ["c", "from", "to", "team"]}}
    return {**HEAD, "tables": tables, "routing": routing}, {"t": rows}


MANY: dict[str, Any] = {
    "rules": many_rules,
    "rules, of which one may be true": lambda count: many_rules(count, hit="unique"),
    "rules and members": lambda count: many_rules(count, members=count),
    "rows": many_rows,
    "rows that name no pool": lambda count: many_rows(count, team="pol 7"),
}


@pytest.mark.parametrize("what", MANY)
def test_loading_is_work_for_each_part_and_no_more(what: str) -> None:
    assert growth(MANY[what], 200) < 5  # 16 if every part looked at every other


def test_of_many_wrong_rows_the_first_are_told() -> None:
    data, rows = many_rows(10_000, team="pol 7")
    with pytest.raises(PolicyError) as caught:
        load_policy(data, tables=rows)
    told = [str(issue) for issue in caught.value.issues]
    assert len(told) == 21
    assert told[0] == (
        "routing.lookups.t: row 1: team: no pool 'pol 7'; did you mean 'pool 7'? [unknown-name]"
    )
    assert told[-1] == (
        "routing.lookups.t: more is wrong with the rows; these are the first 20 [unknown-name]"
    )


# --- the hash

OTHERS: tuple[Any, ...] = (
    "first", "later", "welcome 2", "missing(city)", "north", "dach", "known", "anna", "junior",
    "priority", "none", "of_all_leads", "pool", "missed", "open", "turns", "3 days", "7 open",
    "2026-08-05", "right", "number", "by_hand", "created", "email", "city", "x", False, 77,
)  # fmt: skip
PROSE = {"description", "why", "contact", "report"}


@pytest.mark.parametrize(("path", "old"), LEAVES, ids=str)
def test_the_hash_covers_every_value_and_no_prose(path: Place, old: Any) -> None:
    own, found = load(WHOLE).hash, set()
    for other in OTHERS:
        if other != old:
            try:
                found.add(Policy.model_validate(with_value(path, other)).hash)
            except ValidationError:
                continue
    bare = Policy.model_validate(WHOLE).hash  # the rows are in the hash, too
    assert found
    assert bare != own
    is_prose = path[-1] in PROSE or path[0] == "queues"
    assert (bare in found) == is_prose
    assert len(found) == 1 or not is_prose


def turned(mapping: dict[str, Any]) -> dict[str, Any]:
    return dict(reversed(mapping.items()))


ORDERS: dict[str, Place] = {
    "members": ("members",),
    "members of a pool": ("pools", "dach", "members"),
    "columns that are compared": ("lookups", "land", "equal"),
    "what a row gives": ("lookups", "land", "gives"),
}
OTHER_ORDERS: dict[str, Place] = {
    "pools": ("pools",),
    "queues": ("queues",),
    "partners": ("partners",),
    "lookups": ("lookups",),
    "attributes": ("attributes",),
    "keys of a member": ("members", "anna"),
    "keys of a rule": ("rules", 0),
    "what a member has": ("members", "anna", "attributes"),
}


def at(path: Place) -> Any:
    part: Any = FULL
    for step in path:
        part = part[step]
    return part


@pytest.mark.parametrize("what", ORDERS)
def test_the_hash_covers_the_orders_that_count(what: str) -> None:
    path = ORDERS[what]
    assert load(with_value(path, turned(at(path)))).hash != load(WHOLE).hash


@pytest.mark.parametrize("what", OTHER_ORDERS)
def test_the_hash_covers_no_other_orders(what: str) -> None:
    path = OTHER_ORDERS[what]
    assert load(with_value(path, turned(at(path)))).hash == load(WHOLE).hash


def test_the_hash_covers_the_order_of_rules_and_rows_and_every_cell() -> None:
    own = load(WHOLE).hash
    assert load(with_value(("rules",), FULL["rules"][::-1])).hash != own
    assert load(WHOLE, ROWS[::-1]).hash != own
    assert load(WHOLE, [turned(row) for row in ROWS]).hash == own
    for column, cell in ROWS[0].items():
        other = {"pool": "known", "from": "10001", "to": "19998", "owner": "ben"}.get(column, "AT")
        assert cell != other
        assert load(WHOLE, [{**ROWS[0], column: other}, ROWS[1]]).hash != own
    shorter = {"office": {"hours": {"mon-fri": ["09:00-16:00"]}}}
    assert load({**WHOLE, "calendars": shorter}).hash != own


SPELLINGS: dict[str, tuple[Place, Any]] = {
    "a rolling limit in another unit": (("members", "ben", "limits", 0), "5 in 1 day"),
    "a limit with more blanks": (("members", "ben", "limits", 1), " 30  open "),
    "a limit with zeros before it": (("members", "ben", "limits", 1), "030 open"),
    "one limit": (("pools", "dach", "limits"), "90 per day"),
    "one role": (("members", "eve", "roles"), "senior"),
    "one role of a pool": (("pools", "dach", "roles"), "senior"),
    "one absence": (("members", "anna", "absent"), "2026-08-03 to 2026-08-14"),
    "an absence with more blanks": (("members", "anna", "absent"), "2026-08-03  to  2026-08-14"),
    "one count": (("counts",), "manual"),
    "one package": (("sends", 0, "send"), "prices"),
    "one target": (("reassign", "otherwise"), {"queue": "later"}),
    "a condition as data": (("rules", 0, "when"), {"field": "account.owner", "op": "known"}),
    "a condition with more blanks": (("pools", "dach", "match"), "(language  in member.languages)"),
    "a duration in another unit": (("pools", "dach", "wait"), "48 hours"),
    "members as a list": (("pools", "known", "members"), ["ben", "anna"]),
    "a default that is said": (("pools", "dach", "by"), "account.owner"),
    "an attribute that is said to be a text": (("attributes", "desk", "type"), "string"),
    "nobody else": (("members", "ben", "roles"), []),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_other_spellings_are_the_same_policy(spelling: str) -> None:
    assert load(with_value(*SPELLINGS[spelling])).hash == load(WHOLE).hash


def test_one_value_of_an_attribute_may_stand_without_the_list() -> None:
    place: Place = ("members", "anna", "attributes", "languages")
    one, other = load(with_value(place, "de")), load(with_value(place, ["de"]))
    assert one.hash == other.hash != load(WHOLE).hash


def test_a_policy_that_is_not_checked_has_a_hash_all_the_same() -> None:
    wrong = Policy.model_validate(with_value(("members", "anna", "attributes"), {"lang": 5}))
    assert len(wrong.hash) == 64


# --- what it is written as


def test_it_is_written_as_it_is_read() -> None:
    policy = load(WHOLE)
    for dumped in (
        policy.model_dump(),
        policy.model_dump(exclude_unset=True),
        json.loads(policy.model_dump_json()),
        json.loads(json.dumps(policy.model_dump(mode="json", exclude_defaults=True))),
    ):
        again = load(dumped)
        assert again == policy
        assert again.hash == policy.hash
        assert again.warnings == policy.warnings
    assert pickle.loads(pickle.dumps(policy)).hash == policy.hash


def test_what_is_shown_of_it_is_as_it_is_written() -> None:
    routing = load(WHOLE).routing
    assert routing
    assert repr(routing.rules[3]) == (
        "RoutingRule(when='always', id='rest', to=Target(pool='dach'))"
    )
    assert repr(routing.lookups["call"]) == (
        "Lookup(table='land', prefix=Prefix(field='phone', column='from'), "
        "gives={'pool': 'pool', 'owner': 'owner'})"
    )
    assert repr(routing.pools["known"]).startswith(
        "Pool(strategy='sticky', members={'ben': Share()"
    )
    assert "match='language in member.languages'" in repr(routing.pools["dach"])


# --- what it tells of itself


def test_it_tells_what_it_adds_to_a_lead() -> None:
    assert Routing.model_validate(FULL).results == {
        "pool": Declaration(Type.ENUM, ("dach", "known", "junior", "senior")),
        "queue": Declaration(Type.STRING),
        "route_rule": Declaration(Type.ENUM, ("named", "rules[1]", "partner", "rest")),
    }


def test_it_tells_what_it_reads_of_a_lead() -> None:
    assert Routing.model_validate(FULL).fields() == (
        "account.owner", "months", "channel", "email", "language", "country", "company.industry",
        "postal_code", "phone",
    )  # fmt: skip


def test_it_tells_its_conditions_its_targets_and_its_limits() -> None:
    routing = Routing.model_validate(FULL)
    assert [place for place, _ in routing.conditions()] == [
        "rules[0]", "rules[1]", "rules[2]", "rules[3]", "sends[0]", "pools.dach", "pools.known",
    ]  # fmt: skip
    assert [str(target) for _, target in routing.targets()] == [
        "owner that 'account.owner' names", "role 'senior'", "queue 'triage'", "lookup 'land'",
        "partner 'north'", "pool 'dach'", "queue 'later'",
    ]  # fmt: skip
    assert [str(limit) for _, limit in routing.limits()] == [
        "10 per week in Europe/Berlin", "40 open", "5 in 1 day", "30 open", "40 open",
        "90 per day", "9 per day",
    ]  # fmt: skip
    assert routing.tracks_open
    assert not Routing.model_validate({"rules": FULL["rules"]}).tracks_open


def test_its_summary_counts() -> None:
    one = {"rules": FULL["rules"][:1], "members": {"a": {}}}
    assert Routing.model_validate(one).summary() == "1 rule, 1 member"
    assert Routing.model_validate(FULL).summary() == (
        "4 rules, 2 lookups, 2 pools, 3 members, 1 partner"
    )


@pytest.mark.parametrize(
    "reads",
    ["score >= 5", 'band == "hot"', 'stage == "sal"', "months > param.old", "known(account.owner)"],
)
@pytest.mark.parametrize("place", [("rules", 0, "when"), ("pools", "dach", "match")], ids=str)
def test_conditions_read_the_lead_its_score_its_stage_and_parameters(
    reads: str, place: Place
) -> None:
    data = with_value(place, reads)
    data["scoring"] = {
        "fit": {"characteristics": {"mail": [{"when": "known(email)", "points": 9}]}},
        "bands": [{"name": "hot", "enter": 5}, {"name": "cold"}],
    }
    data["lifecycle"] = {
        "stages": {"inquiry": {"owner": "a", "update_every": "2 days"}, "sal": {"kind": "won"}},
        "moves": [{"from": "inquiry", "to": "sal", "by": "a"}],
    }
    assert load(data).routing


# --- the schema


def test_the_schema_describes_every_key() -> None:
    definitions = policy_schema()["$defs"]
    own = ("Routing", "RoutingRule", "Target", "Sending", "Lookup", "Range", "Prefix", "Pool",
           "Share", "Member", "Attribute", "Partner", "Reassignment", "FieldRef")  # fmt: skip
    for name in own:
        for key, found in definitions[name]["properties"].items():
            assert found.get("description"), f"{name}.{key}"


def test_the_schema_knows_the_short_forms() -> None:
    definitions = policy_schema()["$defs"]
    pool, member = definitions["Pool"]["properties"], definitions["Member"]["properties"]
    text = {"type": "string"}
    assert pool["members"]["anyOf"] == [
        {"additionalProperties": {"$ref": "#/$defs/Share"}, "type": "object"},
        {"items": text, "type": "array"},
    ]
    for found in (pool["limits"], member["limits"], member["absent"], member["roles"]):
        assert found["anyOf"] == [text, {"items": text, "type": "array"}]
    rule = definitions["RoutingRule"]["properties"]
    target = {"$ref": "#/$defs/Target"}
    assert rule["otherwise"]["anyOf"] == [target, {"items": target, "type": "array"}]
    assert "from_" not in definitions["Range"]["properties"]
    avoid = definitions["Reassignment"]["properties"]["avoid"]["anyOf"]
    assert avoid == [{"const": "all", "type": "string"}, {"minimum": 1, "type": "integer"}]
