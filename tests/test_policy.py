"""Policy documents: what is wrong with bad ones, what they mean, and what their hash covers."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import EvaluationError, Money, Policy, PolicyError, load_policy, policy_schema
from leadrules.document import read_document
from leadrules.values import Type

AT = datetime(2026, 1, 5, tzinfo=UTC)

BAD = dict(
    section.split("\n", 1)
    for section in (Path(__file__).parent / "bad_policies.txt")
    .read_text("utf-8")
    .split("\n=== ")[1:]
)

HEADER = "leadrules: 1\npolicy: {id: acme, version: 1, effective: 2026-01-01}\n"

DATA: dict[str, Any] = {
    "leadrules": 1,
    "policy": {"id": "acme", "version": 7, "effective": "2026-01-01", "zone": "Europe/Berlin"},
    "agreed": {"sales": "Head of Sales 2025-12-12", "marketing": "Head of Marketing 2025-12-12"},
    "fields": {"interest": {"choices": ["crm", "analytics"]}, "months": {"type": "integer"}},
    "activities": {"page_view": {"properties": {"path": {}}}, "demo": {}},
    "parameters": {"big": {"2026-01-01": 500, "2026-07-01": 400}, "bonus": 2.5, "live": True},
    "tables": {"regions": {"columns": ["country", "region"]}},
    "scoring": {
        "fit": {
            "characteristics": {
                "size": [
                    {"when": "company.employees >= param.big", "points": 20},
                    {"when": "company.employees >= 50", "points": {"param": "bonus"}},
                ],
                "role": {
                    "rules": [{"when": 'seniority in ["vp", "c-level"]', "points": 15}],
                    "default": -1,
                },
            },
            "groups": {"all": {"of": ["size", "role"], "max": 30}},
            "min": 0,
            "letters": {"A": 20, "B": 0},
        },
        "engagement": {
            "rules": {
                "pricing": {
                    "activity": "page_view",
                    "when": 'contains(activity.path, "pricing")',
                    "points": 2,
                    "limit": "1 per day",
                    "decay": "half_life 30 days",
                },
                "demo": {"activity": "demo", "points": {"param": "bonus"}, "max": 40},
            },
            "groups": {"seen": {"of": ["pricing"], "max": 10.5}},
            "digits": {1: 10, 2: 0},
        },
        "qualification": {
            "framework": "BANT",
            "criteria": {"budget": {"met": "known(budget)", "expires": "90 days", "points": 5}},
            "ready": {"at_least": 3, "mandatory": ["need"]},
        },
        "total": {"decimals": 1},
        "bands": [
            {"name": "hot", "enter": 40, "leave": 35.5, "needs": ["email"]},
            {"name": "warm", "enter": 20},
            {"name": "cold"},
        ],
    },
}
ROWS = [{"country": "DE", "region": "EMEA"}, {"country": "US", "region": "AMER"}]


def load(data: Any, rows: Any = ROWS) -> Policy:
    return load_policy(data, tables={"regions": rows})


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """Return the document with another value at a path."""
    data = deepcopy(DATA)
    part: Any = data
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = to
    return data


FIT = ("scoring", "fit")
SIZE = (*FIT, "characteristics", "size")
ENGAGEMENT = ("scoring", "engagement")
PRICING = (*ENGAGEMENT, "rules", "pricing")
BUDGET = ("scoring", "qualification", "criteria", "budget")
RULES = DATA["scoring"]["fit"]["characteristics"]["size"]


# What is wrong


@pytest.mark.parametrize("name", BAD)
def test_a_bad_document_tells_everything_that_is_wrong(name: str) -> None:
    text, problems = BAD[name].split("--- problems\n")
    with pytest.raises(PolicyError) as caught:
        load_policy(text)
    assert "\n".join(str(issue) for issue in caught.value.issues) == problems.rstrip("\n")


@pytest.mark.parametrize("name", BAD)
def test_data_has_the_issues_of_its_text_without_the_places(name: str) -> None:
    text, _ = BAD[name].split("--- problems\n")
    if "given twice" in name:
        return
    with pytest.raises(PolicyError) as of_text:
        load_policy(text)
    with pytest.raises(PolicyError) as of_data:
        load_policy(read_document(text).data)
    told = {(issue.code, issue.path, issue.message) for issue in of_text.value.issues}
    assert {(issue.code, issue.path, issue.message) for issue in of_data.value.issues} == told
    assert {issue.line for issue in of_data.value.issues} == {None}


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (
            {},
            (
                "tables.regions: the rows are missing; "
                "give them as load_policy(..., tables={'regions': ...}) [missing-rows]"
            ),
        ),
        (
            {"regions": [], "region": []},
            (
                "rows were given for 'region', which is no table; did you mean 'regions'? "
                "[unknown-name]"
            ),
        ),
        (
            {"regions": [*ROWS, {"country": "FR"}]},
            "tables.regions: row 3 has no 'region' [missing-column]",
        ),
        (
            {"regions": [["DE", "EMEA"]]},
            "tables.regions: row 1 is '[...]'; expected values by column [wrong-type]",
        ),
        (
            {"regions": [{"country": "DE", "region": {}}]},
            "tables.regions: row 1: region: '{}' is of no type that a field can have [wrong-type]",
        ),
        (
            {"regions": 5},
            "tables.regions: the rows of 'regions' are '5'; expected a list of rows [wrong-type]",
        ),
    ],
)
def test_rows_are_checked(rows: Any, problem: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(DATA, tables=rows)
    assert [str(issue) for issue in caught.value.issues] == [problem]


def test_tables_are_rows_by_name() -> None:
    tables: Any = 5
    with pytest.raises(PolicyError) as caught:
        load_policy(DATA, tables=tables)
    assert str(caught.value.issues[0]) == (
        "the tables are '5'; expected rows by the name of a table [wrong-type]"
    )


def test_what_is_no_document_is_told() -> None:
    source: Any = 5
    with pytest.raises(PolicyError) as caught:
        load_policy(source)
    assert [str(issue) for issue in caught.value.issues] == [
        "'5' is no policy; expected a path, a text or a mapping [wrong-type]"
    ]


def of_rules(*rules: str) -> str:
    """Return a policy of one characteristic, a rule a line from line 6 on."""
    lines = "".join(f"        - {{{rule}}}\n" for rule in rules)
    return f"{HEADER}scoring:\n  fit:\n    characteristics:\n      one:\n{lines}"


@pytest.mark.parametrize(
    ("rules", "warning"),
    [
        (
            ("when: always, points: 1", "when: known(email), points: 2"),
            "8:11: {path}[1]: never reached: rule 1 of 'one' is always true [unreachable]",
        ),
        (
            ("when: known(email), points: 1", "when: {field: email, op: known}, points: 2"),
            (
                "8:18: {path}[1].when: never reached: rule 1 of 'one' has the same condition "
                "[duplicate]"
            ),
        ),
        (
            ("when: known(email) or missing(email), points: 1",),
            "7:18: {path}[0].when: 'known(email) or missing(email)' is always true [always-true]",
        ),
        (
            ("when: company.employees > 5 and company.employees < 3, points: 1",),
            (
                "7:18: {path}[0].when: 'company.employees > 5 and company.employees < 3' "
                "is never true [never-true]"
            ),
        ),
        (
            (
                "when: company.employees >= 50, points: 1",
                "when: company.employees >= 500, points: 2",
            ),
            (
                "8:18: {path}[1].when: never reached: whenever it is true, a rule of 'one' "
                "before it is [unreachable]"
            ),
        ),
        (
            (
                "when: company.employees > 5, points: 1",
                "when: company.employees <= 5, points: 2",
                "when: company.employees < 3 and known(email), points: 3",
            ),
            (
                "9:18: {path}[2].when: never reached: whenever it is true, a rule of 'one' "
                "before it is [unreachable]"
            ),
        ),
    ],
)
def test_what_is_odd_is_a_warning(rules: tuple[str, ...], warning: str) -> None:
    (found,) = load_policy(of_rules(*rules)).warnings
    path = "scoring.fit.characteristics.one"
    assert str(found).split("\n")[0] == warning.format(path=path)
    assert found.severity == "warning"


def test_a_rule_that_is_never_true_is_not_said_to_be_hidden_as_well() -> None:
    never = "when: company.employees > 5 and company.employees < 3, points: 2"
    policy = load_policy(of_rules("when: company.employees > 1, points: 1", never))
    assert [issue.code for issue in policy.warnings] == ["never-true"]


def test_rules_that_overlap_are_in_order() -> None:
    policy = load_policy(
        of_rules(
            "when: company.employees >= 500, points: 2", "when: company.employees >= 50, points: 1"
        )
    )
    assert policy.warnings == ()


def test_a_last_rule_may_always_be_true() -> None:
    policy = load_policy(of_rules("when: known(email), points: 1", "when: always, points: 2"))
    assert policy.warnings == ()


def test_warnings_are_not_told_among_errors() -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(of_rules("when: always, points: 1", "when: always, points: x"))
    assert [issue.code for issue in caught.value.issues] == ["bad-number"]


# Where it comes from


def test_a_path_a_text_and_a_mapping_are_the_same_policy(tmp_path: Path) -> None:
    path = tmp_path / "acme.json"
    path.write_text(json.dumps(DATA), encoding="utf-8")
    text = json.dumps(DATA, indent=1)
    policies = [load(form) for form in (path, str(path), text, DATA)]
    assert {policy.hash for policy in policies} == {load(DATA).hash}
    assert repr(policies[0]) == str(policies[0]) == "Policy(id='acme', version=7)"


def test_a_file_is_named_in_its_error(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_bytes(b"leadrules: \xff\n")
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    assert str(caught.value) == (
        f"1 problem in {path}\n"
        f"  {path}:1:12: byte 11 (0xff) is not UTF-8; save the document as UTF-8 [encoding]"
    )
    assert pickle.loads(pickle.dumps(caught.value)).issues == caught.value.issues


def test_a_file_that_cannot_be_read_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_policy(tmp_path / "none.yaml")
    with pytest.raises(IsADirectoryError):
        load_policy(tmp_path)


def test_the_document_is_not_changed() -> None:
    data = deepcopy(DATA)
    load(data)
    assert data == DATA


def test_rows_are_the_policy_s_own() -> None:
    cells = ["EMEA"]
    rows = [{"country": "DE", "region": cells}]
    policy = load(DATA, rows)
    rows[0]["country"] = "US"
    cells.append("DACH")
    assert policy.rows == {"regions": ({"country": "DE", "region": ("EMEA",)},)}
    assert policy.hash == load(DATA, [{"country": "DE", "region": ["EMEA"]}]).hash


RULE = HEADER + "scoring: {fit: {characteristics: {a: [{%s}]}}}\n"
HOSTILE = {
    "deep data": (RULE % ("when: " + "[" * 100_000), "too-deep"),
    "deep text": (RULE % ("points: 1, when: '" + "(" * 9_000 + "'"), "too-deep"),
    "many nots": (RULE % ("points: 1, when: " + "not " * 2_000 + "consent"), "too-deep"),
    "long text": (RULE % ("points: 1, when: '" + "known(email) and " * 100_000 + "'"), "too-long"),
    "a million digits": (RULE % ("when: always, points: " + "9" * 1_000_000), "long-number"),
    "an alias in itself": (RULE % "points: 1, when: &a {all: [*a]}", "alias-cycle"),
    "many choices": (HEADER + "fields: {x: {choices: [" + "a, " * 60_000 + "]}}\n", "duplicate"),
    "many fields": (
        HEADER
        + "fields: {"
        + "".join(f"f{number}: {{}}, " for number in range(60_000))
        + "F7: {}}\n",
        "duplicate",
    ),
    "many unknown names": (
        RULE % "when: always, points: 1"
        + "fields: {"
        + ", ".join(f"field_{number}: {{type: x}}" for number in range(5_000))
        + "}\n",
        "wrong-value",
    ),
}


@pytest.mark.large
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_an_error_soon(name: str) -> None:
    text, code = HOSTILE[name]
    with pytest.raises(PolicyError) as caught:
        load_policy(text)
    assert {issue.code for issue in caught.value.issues} == {code}


def parts(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all that is inside data."""
    if not isinstance(data, dict | list):
        return [path]
    steps = data.items() if isinstance(data, dict) else enumerate(data)
    inside = [found for step, inner in steps for found in parts(inner, (*path, step))]
    return [path, *inside] if path else inside


JUNK: tuple[Any, ...] = (
        None, True, 5, -1.5, 10**400, float("nan"), "", "x", "known(email)", "2026-01-01", [], [[]],
        "1 per day", "linear 90 days", "30 days", "thirds", "BANT", "total", Decimal("NaN"),
        ["x"], {},
        {"param": "x"}, {"x": {}}, {5: 5}, {"when": 5}, {"not": {}}, {"values": {}}, b"x",
        date(2026, 1, 1), (1,), {1, 2})  # fmt: skip


@given(st.data())
def test_whatever_stands_anywhere_is_a_policy_or_its_error(data: st.DataObject) -> None:
    """Law: data of any kind at any place is read, or refused with a `PolicyError`."""
    document = deepcopy(DATA)
    for path in data.draw(st.lists(st.sampled_from(parts(DATA)), min_size=1, max_size=3)):
        part: Any = document
        with suppress(KeyError, IndexError, TypeError):  # where it led has been replaced
            for step in path[:-1]:
                part = part[step]
            part[path[-1]] = deepcopy(data.draw(st.sampled_from(JUNK)))
    with suppress(PolicyError):
        assert load(document).hash


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (True, "'true' is not possible; expected '1'"),
        (1.0, "'1.0' is not possible; expected '1'"),
        ("1", "'1' is a text; write it without quotes"),
        (2, "'2' is not possible; expected '1'"),
    ],
)
def test_the_version_of_the_language_is_the_number_1(version: Any, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load({**DATA, "leadrules": version})
    assert [issue.message for issue in caught.value.issues] == [message]


def test_keys_that_are_no_text_are_told() -> None:
    with pytest.raises(PolicyError) as caught:
        load({**DATA, 5: 1})
    assert [issue.message for issue in caught.value.issues] == ["keys should be strings"]


def test_hostile_data_is_an_error_too() -> None:
    loop: dict[str, Any] = {}
    loop["not"] = loop
    deep: Any = "always"
    for _ in range(5_000):
        deep = {"not": deep}
    for document in (
        changed(*SIZE, 0, "when", to=loop),
        changed(*SIZE, 0, "when", to=deep),
        changed("policy", to=deep),
        deep,
    ):
        with pytest.raises(PolicyError) as caught:
            load(document)
        assert [issue.code for issue in caught.value.issues] == ["too-deep"]


@pytest.mark.large
def test_data_that_stands_in_itself_many_times_is_an_error_soon() -> None:
    wide: Any = []
    for _ in range(60):
        wide = [wide, wide]
    with pytest.raises(PolicyError) as caught:
        load({**DATA, "fields": wide})
    assert [issue.code for issue in caught.value.issues] == ["too-large"]


# What it means


def test_fields_activities_and_parameters_become_the_vocabulary() -> None:
    words = load(DATA).vocabulary
    assert words.fields["interest"].type is Type.ENUM
    assert words.fields["months"].type is Type.INTEGER
    assert words.activities["page_view"]["path"].type is Type.STRING
    assert words.zone == "Europe/Berlin"
    june, july = (datetime(2026, 6, 30, hour, tzinfo=UTC) for hour in (21, 22))
    values = [words.parameters["big"].at(int(at.timestamp() * 1_000_000)) for at in (june, july)]
    assert values == [500, 400]
    assert words.parameters["bonus"].at(-(2**60)) == 2.5
    assert words.parameters["live"].type is Type.BOOLEAN


def test_a_lead_of_the_policy_is_checked() -> None:
    policy = load(DATA)
    assert policy.lead({"id": "17", "months": 3, "interest": "crm"}).fields["months"] == 3
    with pytest.raises(EvaluationError) as caught:
        policy.lead({"id": "17", "interest": "analitics"})
    assert str(caught.value) == (
        "interest: 'analitics' is not a choice; expected 'crm' or 'analytics'; "
        "did you mean 'analytics'?"
    )


def test_a_review_is_due_on_the_day_after() -> None:
    policy = load(changed("agreed", "review_by", to="2026-04-01"))
    last = datetime(2026, 4, 1, 21, 59, tzinfo=UTC)  # 23:59 in Berlin
    assert policy.review_due(last) is None
    assert str(policy.review_due(last + timedelta(minutes=1))) == (
        "agreed.review_by: was to be reviewed by 2026-04-01; agree on it again and move the date "
        "[review-past]"
    )
    assert load(DATA).review_due(last) is None
    with pytest.raises(EvaluationError, match="has no time zone"):
        policy.review_due(datetime(2026, 4, 1))  # noqa: DTZ001 - naive on purpose


def test_a_policy_survives_pickle() -> None:
    policy = load_policy(of_rules("when: always, points: 1", "when: always, points: 1"))
    again = pickle.loads(pickle.dumps(policy))
    assert again == policy
    assert (again.hash, again.warnings) == (policy.hash, policy.warnings)
    assert len(again.warnings) == 1


def test_a_changed_copy_has_its_own_hash_and_vocabulary() -> None:
    policy = load(DATA)
    assert set(policy.vocabulary.declared) == {"interest", "months"}
    copy = policy.model_copy(update={"fields": {}})
    assert copy.hash != policy.hash
    assert copy.vocabulary.declared == {}
    assert copy.rows == policy.rows


# The hash


def test_the_hash_is_the_same_in_another_process() -> None:
    code = (
        "import json, sys; from leadrules import load_policy\n"
        "data, rows = json.load(sys.stdin); print(load_policy(data, tables={'regions': rows}).hash)"
    )
    found = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        input=json.dumps([DATA, ROWS]),
        capture_output=True,
        check=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": "1"},
    )
    assert found.stdout.strip() == load(DATA).hash


def reordered(data: Any) -> Any:
    if isinstance(data, dict):
        return {
            key: inner if key in {"letters", "digits"} else reordered(inner)  # from the best
            for key, inner in reversed(data.items())
        }
    return [reordered(inner) for inner in data] if isinstance(data, list) else data


SAME = {
    "keys in another order": reordered(DATA),
    "another id": changed("policy", "id", to="other"),
    "another version": changed("policy", "version", to=8),
    "effective from another day": changed("policy", "effective", to="2027-01-01"),
    "a description of the policy": changed("policy", "description", to="what it is for"),
    "not agreed": changed("agreed", to=None),
    "signed by another": changed("agreed", "sales", to="Someone 2025-12-31"),
    "to be reviewed": changed("agreed", "review_by", to="2026-04-01"),
    "why": changed(*SIZE, 0, "why", to="they pay"),
    "a condition as data": changed(
        *SIZE, 0, "when", to={"field": "company.employees", "op": ">=", "value": {"param": "big"}}
    ),
    "a condition in brackets": changed(*SIZE, 0, "when", to="(company.employees>= param.big)"),
    "points as a float": changed(*SIZE, 0, "points", to=20.0),
    "rules in a mapping": changed(*SIZE, to={"rules": RULES}),
    "a default said": changed(
        "scoring",
        "total",
        to={"decimals": 1, "of": ["qualification", "fit", "engagement"], "min": None},
    ),
    "the type of a field said": changed("fields", "interest", "type", to="enum"),
    "the type of a property said": changed(
        "activities", "page_view", "properties", "path", "type", to="string"
    ),
    "the type of a parameter said": changed(
        "parameters", "big", to={"values": DATA["parameters"]["big"], "type": "integer"}
    ),
    "the unit of a field": changed("fields", "months", "unit", to="months"),
    "a decay in other units": changed(*PRICING, "decay", to="half_life 720 hours"),
    "a decay in full": changed(*PRICING, "decay", to={"kind": "half_life", "over": "P30D"}),
    "no decay": changed(*ENGAGEMENT, "rules", "demo", "decay", to="none"),
    "a limit in full": changed(*PRICING, "limit", to={"count": 1, "per": "day"}),
    "every activity": changed(*ENGAGEMENT, "rules", "demo", "when", to="always"),
    "digits as texts": changed(*ENGAGEMENT, "digits", to={"1": 10.0, "2": 0}),
    "a question": changed(*BUDGET, "ask", to="What may it cost?"),
    "a duration in other units": changed(*BUDGET, "expires", to="2160 hours"),
    "a framework written out": changed(
        "scoring",
        "qualification",
        to={
            "criteria": {
                "budget": {"met": "known(budget)", "expires": "90 days", "points": 5},
                "authority": {},
                "need": {"points": 0},
                "timing": {"description": "By when?"},
            },
            "ready": {"at_least": 3, "mandatory": ["need"]},
        },
    ),
    "bands in full": changed(
        "scoring", "bands", to={"of": "total", "levels": DATA["scoring"]["bands"]}
    ),
    "what to do about a band": changed("scoring", "bands", 0, "description", to="call today"),
    "to stay as to enter": changed("scoring", "bands", 1, "leave", to=None),
    "a description of a table": changed("tables", "regions", "description", to="who sells where"),
}
OTHER = {
    "another zone": changed("policy", "zone", to="UTC"),
    "other points": changed(*SIZE, 0, "points", to=20.000001),
    "points by a parameter": changed(*SIZE, 0, "points", to={"param": "bonus"}),
    "another condition": changed(*SIZE, 1, "when", to="company.employees > 50"),
    "another type in a condition": changed(*SIZE, 1, "when", to="company.employees >= 50.0"),
    "rules in another order": changed(*SIZE, to=RULES[::-1]),
    "an id": changed(*SIZE, 0, "id", to="big"),
    "another default": changed(*FIT, "characteristics", "role", "default", to=0),
    "another limit": changed(*FIT, "groups", "all", "max", to=31),
    "no limit": changed(*FIT, "min", to=None),
    "a limit of the total": changed("scoring", "total", "max", to=100),
    "other decimals": changed("scoring", "total", "decimals", to=2),
    "another date": changed("parameters", "big", to={"2026-01-01": 500, "2026-07-02": 400}),
    "another value": changed("parameters", "big", "2026-07-01", to=399),
    "another choice": changed("fields", "interest", "choices", to=["crm", "services"]),
    "another type": changed("fields", "months", "type", to="number"),
    "a personal field": changed("fields", "months", "personal", to=True),
    "another half-life": changed(*PRICING, "decay", to="half_life 31 days"),
    "another kind of decay": changed(*PRICING, "decay", to="window 30 days"),
    "another frequency": changed(*PRICING, "limit", to="1 per week"),
    "another count": changed(*PRICING, "limit", to="2 per day"),
    "no frequency": changed(*PRICING, "limit", to=None),
    "another activity": changed(*ENGAGEMENT, "rules", "demo", "activity", to="page_view"),
    "another cap": changed(*ENGAGEMENT, "groups", "seen", "max", to=10.4),
    "another member": changed(*ENGAGEMENT, "groups", "seen", "of", to=["demo"]),
    "another digit": changed(*ENGAGEMENT, "digits", to={1: 11, 2: 0}),
    "another letter": changed(*FIT, "letters", to={"A+": 20, "B": 0}),
    "letters in thirds": changed(*FIT, "letters", to="thirds"),
    "another criterion": changed("scoring", "qualification", "criteria", "fit", to={}),
    "another framework": changed("scoring", "qualification", to={"framework": "CHAMP"}),
    "when it is not met": changed(*BUDGET, "not_met", to="missing(budget)"),
    "when answers expire": changed(*BUDGET, "expires", to="91 days"),
    "who is ready": changed("scoring", "qualification", "ready", "at_least", to=2),
    "what is mandatory": changed("scoring", "qualification", "ready", "mandatory", to=[]),
    "fewer parts": changed("scoring", "total", "of", to=["fit", "engagement"]),
    "another band": changed("scoring", "bands", 2, "name", to="icy"),
    "another threshold": changed("scoring", "bands", 0, "enter", to=40.1),
    "another threshold to stay": changed("scoring", "bands", 0, "leave", to=35.4),
    "another need": changed("scoring", "bands", 0, "needs", to=["phone"]),
    "bands of a part": changed(
        "scoring",
        "bands",
        to={"of": "engagement", "levels": [{"name": "hot", "enter": 40}, {"name": "cold"}]},
    ),
    "one more field": changed("fields", "extra", to={}),
    "one more activity": changed("activities", "call", to={}),
}


@pytest.mark.parametrize("name", SAME)
def test_what_no_result_depends_on_is_not_in_the_hash(name: str) -> None:
    assert load(SAME[name]).hash == load(DATA).hash


@pytest.mark.parametrize("name", OTHER)
def test_what_a_result_depends_on_is_in_the_hash(name: str) -> None:
    assert load(OTHER[name]).hash != load(DATA).hash


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("money", "50 EUR", "50.00 EUR"),
        ("duration", "48 hours", "2 days"),
        ("datetime", "2026-01-05T09:00:00+01:00", "2026-01-05T08:00:00Z"),
        ("number", 5, 5.0),
        ("number", 0, -0.0),
    ],
)
def test_values_that_mean_the_same_have_the_same_hash(kind: str, one: Any, other: Any) -> None:
    data = [
        changed("parameters", "extra", to={"values": {"2026-01-01": value}, "type": kind})
        for value in (one, other)
    ]
    assert load(data[0]).hash == load(data[1]).hash


def test_no_points_are_no_points_with_either_sign() -> None:
    policies = [load(changed(*SIZE, 0, "points", to=points)) for points in (0, -0.0)]
    assert policies[0].hash == policies[1].hash


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (date(2026, 1, 1), "2026-01-01"),
        (Money.parse("5 EUR"), "5 EUR"),
        (Decimal("1.5"), "1.5"),
        (timedelta(1), str(timedelta(1))),
        (AT, AT.isoformat()),
        (timedelta(microseconds=5), 5),
        (["a"], "a"),
        (None, "None"),
        (True, 1),
    ],
)
def test_cells_that_differ_have_another_hash(one: Any, other: Any) -> None:
    hashes = {load(DATA, [{"country": cell, "region": "x"}]).hash for cell in (one, other)}
    assert len(hashes) == 2


def test_cells_that_mean_the_same_have_the_same_hash() -> None:
    cells = [Money.parse("5 EUR"), Money.parse("5.00 EUR")], [Decimal("1.50"), 1.5]
    for one, other in cells:
        policies = [load(DATA, [{"country": cell, "region": "x"}]) for cell in (one, other)]
        assert policies[0].hash == policies[1].hash


def test_rows_are_in_the_hash() -> None:
    cells = ["DE", 5, 5.5, True, None, date(2026, 1, 1), AT, timedelta(1), Decimal("1.50"),
             Money.parse("5 EUR"), ["a", "b"]]  # fmt: skip
    hashes = [load(DATA, [{"country": cell, "region": "x"}]).hash for cell in cells]
    assert len(set(hashes)) == len(cells)
    assert load(DATA, ROWS[::-1]).hash != load(DATA).hash
    assert load(DATA, [dict(reversed(row.items())) for row in ROWS]).hash == load(DATA).hash


@given(
    index=st.integers(0, 1),
    points=st.integers(-(10**12), 10**12),
    least=st.integers(-(2**53), 2**53),
)
def test_one_changed_rule_changes_the_hash(index: int, points: int, least: int) -> None:
    """Law: other points or another condition in one rule give another hash; the same do not."""
    rule = {"when": f"company.employees > {least}", "points": points / 1_000_000}
    policy = load(changed(*SIZE, index, to=rule))
    assert policy.hash != load(DATA).hash
    assert policy.hash == load(changed(*SIZE, index, to=dict(rule))).hash
    more = {**rule, "points": (points + (1 if points < 0 else -1)) / 1_000_000}
    assert policy.hash != load(changed(*SIZE, index, to=more)).hash


@pytest.mark.parametrize("data", [*SAME.values(), *OTHER.values()], ids=[*SAME, *OTHER])
def test_a_policy_is_written_as_it_is_read(data: dict[str, Any]) -> None:
    policy = load(data)
    for dumped in (policy.model_dump(), json.loads(policy.model_dump_json())):
        again = load(dumped)
        assert again == policy
        assert again.hash == policy.hash


def test_a_condition_that_is_too_long_for_a_text_is_written_as_data() -> None:
    deep: dict[str, Any] = {"field": "city", "op": "==", "value": "x" * 9_000}
    other = {"field": "city", "op": "==", "value": "y" * 2_000}
    for _ in range(25):
        deep = {"all": [deep, {"any": [other, {"not": {"field": "city", "op": "known"}}]}]}
        other = {"field": "city", "op": "known"}
    policy = load(changed(*SIZE, 0, "when", to=deep))
    for dumped in (policy.model_dump(), json.loads(policy.model_dump_json())):
        assert load(dumped).scoring == policy.scoring


# The schema


def test_the_schema_describes_every_key() -> None:
    schema = policy_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    definitions = schema["$defs"]
    sections = [schema, *(found for name, found in definitions.items() if "properties" in found)]
    silent = [
        f"{section['title']}.{key}"
        for section in sections
        for key, found in section["properties"].items()
        if not found.get("description")
    ]
    assert silent == []
    assert definitions["Header"]["properties"]["id"]["description"] == (
        "A name that stays the same from version to version."
    )
    assert definitions["Group"]["properties"]["max"]["description"] == (
        "The most points; whatever is above counts as this."
    )
    assert "DeclaredField" in definitions
    json.dumps(schema)


def test_the_schema_knows_the_short_forms() -> None:
    schema = policy_schema()
    rule = schema["$defs"]["ActivityRule"]["properties"]
    assert rule["decay"]["anyOf"] == [{"$ref": "#/$defs/Decay"}, {"type": "string"}]
    assert {"type": "string"} in rule["limit"]["anyOf"]
    bands = schema["$defs"]["Scoring"]["properties"]["bands"]["anyOf"]
    assert {"type": "array", "items": {"$ref": "#/$defs/Band"}} in bands
    short = schema["$defs"]["Fit"]["properties"]["characteristics"]["additionalProperties"]
    assert short == {
        "anyOf": [
            {"$ref": "#/$defs/Characteristic"},
            {"type": "array", "items": {"$ref": "#/$defs/Rule"}},
        ]
    }
    signature = schema["$defs"]["Agreement"]["properties"]["sales"]["anyOf"]
    assert signature == [{"$ref": "#/$defs/Signature"}, {"type": "string"}]
    assert schema["$defs"]["Rule"]["properties"]["when"]["$ref"] == "#/$defs/Condition"


def test_a_text_of_one_line_is_json() -> None:
    text = '{"leadrules": 1, "policy": {"id": "a", "version": 1, "effective": "2026-01-01"}}'
    assert load_policy(text).policy.id == "a"
