from __future__ import annotations

import json
from pathlib import Path

import pytest

from leadrules import load_policy, policy_schema, presets
from tests.cli.runs import AT, POLICY, Command, Run, unboxed, written

TABLES = """\
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01}
tables: {territories: {columns: [country, pool]}}
"""


def test_check_tells_what_a_policy_holds(leadrules: Command) -> None:
    written("policy.yaml", presets.demo_policy())
    policy_hash = load_policy(presets.demo_policy()).hash
    assert leadrules("check", "policy.yaml", "--at", AT) == Run(
        0,
        f"""\
fernhain-leads, version 3: no problems
effective      2026-07-01, Europe/Berlin
sales          Head of Sales, 2026-06-18
marketing      Head of Marketing, 2026-06-16
review by      2027-06-30
declares       4 fields, 4 activities, 1 parameter, 0 tables, 2 calendars
scores by      12 characteristics, 22 rules, 5 activity rules, 4 criteria, 3
               bands
moves by       11 stages, 17 moves, 2 rules of touches, 2 clocks, 1 response, 1
               nurture plan
routes by      6 rules, 2 pools, 5 members, 1 partner
measures       5 steps, 3 objectives
fit            from -105 to 60
engagement     from -20 to 30
qualification  from 0 to 25
score          from 0 to 100
hash           {policy_hash}
""",
        "",
    )


def test_check_of_a_policy_that_does_little(leadrules: Command) -> None:
    text = "leadrules: 1\npolicy: {id: acme, version: 1, effective: 2026-01-01}\n"
    written("policy.yaml", text)
    assert leadrules("check", "policy.yaml").out == (
        f"""\
acme, version 1: no problems
effective  2026-01-01, UTC
declares   0 fields, 0 activities, 0 parameters, 0 tables
scores by  nothing
hash       {load_policy(text).hash}
"""
    )


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--strict",), 1)])
def test_check_warns_of_what_is_odd(
    leadrules: Command, options: tuple[str, ...], code: int
) -> None:
    text = presets.demo_policy().replace(
        "may sign}", "may sign}\n        - {when: always, points: 1}"
    )
    written("policy.yaml", text)
    found = leadrules("check", "policy.yaml", "--at", "2027-07-01T00:00", *options)
    line = 1 + text[: text.index("id: manages")].count("\n")
    assert found.code == code
    assert found.out.startswith("fernhain-leads, version 3: 2 warnings\n")
    assert found.err == (
        f"warning: policy.yaml:{line}:11: scoring.fit.characteristics.role[2]: never reached: "
        "rule 2 of 'role' is always true [unreachable]\n"
        "warning: policy.yaml: agreed.review_by: was to be reviewed by 2027-06-30; agree on it "
        "again and move the date [review-past]\n"
    )


def test_the_day_of_review_is_over_at_midnight_in_the_zone_of_the_policy(
    leadrules: Command,
) -> None:
    written("policy.yaml", presets.demo_policy())
    assert leadrules("check", "policy.yaml", "--at", "2027-06-30T23:59").err == ""
    assert leadrules("check", "policy.yaml", "--at", "2027-06-30T21:59Z").err == ""
    assert "review-past" in leadrules("check", "policy.yaml", "--at", "2027-06-30T22:00Z").err


def test_check_tells_everything_that_is_wrong(leadrules: Command) -> None:
    text = POLICY.replace("company.employees", "company.employes").replace("Berlin", "Berln")
    written("policy.yaml", text)
    assert leadrules("check", "policy.yaml") == Run(
        1,
        "",
        """\
2 problems in policy.yaml
  policy.yaml:2:61: policy.zone: no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'? \
[unknown-zone]
  policy.yaml:6:21: scoring.fit.characteristics.size[0].when: no field 'company.employes'; did you \
mean 'company.employees'? [unknown-name]
      company.employes >= 50
      ^^^^^^^^^^^^^^^^
""",
    )


def test_check_takes_the_rows_of_tables(leadrules: Command) -> None:
    written("policy.yaml", TABLES)
    rows = written("rows.csv", "\ufeffcountry, pool\n\nDE,dach\nFR,france\n")
    code, out, err = leadrules("check", "policy.yaml", "--table", f"territories={rows}")
    assert (code, err) == (0, "")
    assert "declares   0 fields, 0 activities, 0 parameters, 1 table\n" in out
    first = leadrules("hash", "policy.yaml", "--table", f"territories={rows}")
    assert f"hash       {first.out}" in out
    written("rows.csv", "country,pool\nDE,dach\nFR,benelux\n")
    second = leadrules("hash", "policy.yaml", "--table", f"territories={rows}")
    assert first.code == second.code == 0
    assert first.out != second.out


def test_check_tells_how_to_give_rows(leadrules: Command) -> None:
    written("policy.yaml", TABLES)
    assert leadrules("check", "policy.yaml") == Run(
        1,
        "",
        """\
1 problem in policy.yaml
  policy.yaml:3:23: tables.territories: the rows are missing; give them as load_policy(..., \
tables={'territories': ...}) [missing-rows]
  --table NAME=FILE.csv gives the rows of a table
""",
    )


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("country,pool\nDE\n", "rows.csv:2: the row has 1 cell, the header has 2"),
        ("", "rows.csv: the file is empty; expected a header"),
        (None, "rows.csv: no such file or directory"),
    ],
)
def test_rows_that_cannot_be_read(leadrules: Command, rows: str | None, message: str) -> None:
    written("policy.yaml", TABLES)
    if rows is not None:
        written("rows.csv", rows)
    found = leadrules("check", "policy.yaml", "--table", "territories=rows.csv")
    assert found == Run(2, "", f"error: {message}\n")


def test_a_table_without_its_file(leadrules: Command) -> None:
    code, out, err = leadrules("check", "policy.yaml", "--table", "territories")
    assert (code, out) == (2, "")
    assert (
        "Invalid value for '--table': 'territories' does not name a table and its file, such as "
        "territories=rows.csv" in unboxed(err)
    )


@pytest.mark.parametrize("command", ["check", "hash"])
def test_a_policy_that_cannot_be_read(leadrules: Command, command: str) -> None:
    message = "error: policy.yaml: no such file or directory\n"
    assert leadrules(command, "policy.yaml") == Run(2, "", message)
    assert leadrules(command, ".") == Run(2, "", "error: .: is a directory\n")


def test_hash_prints_the_hash_of_a_policy(leadrules: Command) -> None:
    written("policy.yaml", POLICY)
    assert leadrules("hash", "policy.yaml") == Run(0, f"{load_policy(POLICY).hash}\n", "")


def test_hash_of_a_policy_that_is_wrong(leadrules: Command) -> None:
    written("policy.yaml", POLICY.replace("version: 1", "version: 0"))
    assert leadrules("hash", "policy.yaml") == Run(
        2,
        "",
        """\
error: 1 problem in policy.yaml
  policy.yaml:2:29: policy.version: '0' is not possible; expected at least 1 [out-of-range]
""",
    )


def test_schema_prints_the_schema_of_policies(leadrules: Command) -> None:
    code, out, err = leadrules("schema")
    assert (code, err) == (0, "")
    assert json.loads(out) == policy_schema()
    assert leadrules("schema", "--output", "schema.json") == Run(0, "", "")
    assert Path("schema.json").read_text(encoding="utf-8") == out


def test_schema_cannot_be_written(leadrules: Command) -> None:
    message = "error: no/schema.json: no such file or directory\n"
    assert leadrules("schema", "-o", "no/schema.json") == Run(2, "", message)
