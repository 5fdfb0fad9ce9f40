from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from leadrules import Engine, Lead, Policy, Rotation, load_policy
from tests.cli.runs import Command, Run, written

POLICY = """\
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01, zone: Europe/Berlin}
tables: {places: {columns: [country, team]}}
scoring: {fit: {characteristics: {size: [{when: company.employees >= 50, points: 20}]}}}
routing:
  rules:
    - {id: partner, when: channel == "partner", to: {partner: nord}, clock: call}
    - {id: place, when: known(country), to: {lookup: places}, packages: [welcome, prices]}
    - {id: rest, when: always, to: {queue: triage}}
  lookups: {places: {equal: {country: country}, gives: {pool: team}}}
  pools:
    dach: {members: {anna: {weight: 2}, ben: {}}}
    nordic: {members: [cleo], limits: 1 per day}
  partners: {nord: {}}
  members: {anna: {}, ben: {absent: 2026-10-06}, cleo: {}}
lifecycle:
  stages: {new: {owner: sales}, won: {kind: won}}
  moves: [{from: new, to: won}]
  clocks: {call: {from: created, to: left.new, within: 1 hour}}
"""
PLACES = "country,team\nDE,dach\nSE,nordic\n"
LEADS = """\
id,created,company.employees,country,channel,email
1,2026-10-05T08:00+02:00,10,DE,,ada@example.org
2,2026-10-05T07:00+02:00,10,DE,,
3,2026-10-05T08:00+02:00,500,DE,,
4,2026-10-05T06:00+02:00,,SE,,
5,,,SE,,
6,2026-10-05T08:00+02:00,,,partner,
7,2026-10-05T08:00+02:00,,,,
"""
READ = "7 rows read: 7 accepted, 0 rejected\n7 leads\n"
ORDER = ["3", "4", "2", "1", "6", "7", "5"]
"""The highest score first, then the oldest, then by id."""


@pytest.fixture
def route(leadrules: Command) -> Command:
    written("policy.yaml", POLICY)
    written("places.csv", PLACES)
    written("leads.csv", LEADS)

    def run(*args: object) -> Run:
        return leadrules(
            "route", "policy.yaml", "--leads", "leads.csv", "--table", "places=places.csv",
            "--at", "2026-10-05T09:00", *args,
        )  # fmt: skip

    return run


def cells(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip(" ─")]


def policy_read() -> Policy:
    rows = list(csv.DictReader(io.StringIO(PLACES)))
    return load_policy("policy.yaml", tables={"places": rows})


def owners(found: Run) -> dict[str, str]:
    return {row["lead_id"]: row["owner"] for row in csv.DictReader(io.StringIO(found.out))}


def test_it_gives_leads_in_order_and_counts_them(route: Command) -> None:
    code, out, err = route()
    assert code == 1
    assert cells(out) == [
        "Lead Goes to Pool Rule",
        "3 anna dach place",
        "4 cleo nordic place",
        "2 ben dach place",
        "1 anna dach place",
        "6 partner nord partner",
        "7 queue triage rest",
        "5 nobody: pool-limit place",
        "Leads Go to",
        "2 anna",
        "1 ben",
        "1 cleo",
        "1 partner nord",
        "1 queue triage",
        "1 nobody: pool-limit",
    ]
    assert err == READ


def test_it_is_done_if_everybody_is_given(route: Command) -> None:
    written("leads.csv", "\n".join(LEADS.splitlines()[:4]) + "\n")
    assert route().code == 0
    written("leads.csv", LEADS.splitlines()[0] + "\n")
    assert route() == Run(
        0, "no leads\n", "0 rows read: 0 accepted, 0 rejected\n0 leads, 0 events\n"
    )


def test_in_brief_it_only_counts(route: Command) -> None:
    assert cells(route("--brief").out) == [
        "Leads Go to",
        "2 anna",
        "1 ben",
        "1 cleo",
        "1 partner nord",
        "1 queue triage",
        "1 nobody: pool-limit",
    ]


def test_every_format_says_the_same(route: Command) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    found = route("--format", "json")
    data = [json.loads(line) for line in found.out.splitlines()]
    assert [row["lead_id"] for row in data] == ORDER
    policy = load_policy(
        "policy.yaml", tables={"places": list(csv.DictReader(io.StringIO(PLACES)))}
    )
    assert data[0] == {
        "lead_id": "3",
        "time": "2026-10-05T09:00:00+02:00",
        "rule": "place",
        "pool": "dach",
        "owner": "anna",
        "queue": None,
        "partner": None,
        "code": None,
        "clock": None,
        "packages": ["welcome", "prices"],
        "reason": None,
        "policy": policy.hash,
    }
    assert (data[4]["partner"], data[4]["clock"]) == ("nord", None)  # clocks are for owners
    assert data[6]["code"] == "pool-limit"
    assert cells(found.err)[2:] == cells(route("--brief").out)
    assert route("-o", "out.csv") == Run(1, "", found.err)
    rows = list(csv.DictReader(io.StringIO(Path("out.csv").read_text(encoding="utf-8"))))
    assert [{**row, "packages": [x for x in row["packages"].split(";") if x]} for row in rows] == [
        {name: "" if value is None else value for name, value in row.items()} for row in data
    ]
    assert route("-o", "out.json").code == 1
    assert Path("out.json").read_text(encoding="utf-8") == found.out
    assert route("-o", "out.parquet").code == 1
    table = parquet.read_table("out.parquet").to_pylist()
    assert [{**row, "time": None} for row in table] == [{**row, "time": None} for row in data]
    assert {row["time"] for row in table} == {datetime.fromisoformat(data[0]["time"])}
    assert route("-o", "out.txt", "--format", "table") == Run(1, "", READ)
    assert cells(Path("out.txt").read_text(encoding="utf-8")) == cells(route().out)


def test_what_it_gives_is_what_the_engine_gives(route: Command) -> None:
    engine = Engine(policy_read())
    state, at = engine.router.start(), datetime.fromisoformat("2026-10-05T09:00+02:00")
    known: dict[str, dict[str, Any]] = {
        row["id"]: row for row in csv.DictReader(io.StringIO(LEADS))
    }
    found = {}
    for name in ORDER:
        row = {key: value for key, value in known[name].items() if value}
        lead = Lead(id=name, country=row.get("country"), channel=row.get("channel"))
        answer, state = engine.route(lead, rotation=state, at=at)
        found[name] = answer.to_dict().get("owner", "")
    assert owners(route("--format", "csv")) == found


# --- the state


def test_the_state_goes_on_from_run_to_run(route: Command) -> None:
    written("leads.csv", "id,country\n1,DE\n")
    runs = [owners(route("--format", "csv", "--state", "turns.json"))["1"] for _ in range(6)]
    assert runs == ["anna", "ben", "anna", "anna", "ben", "anna"]
    state = Rotation.from_dict(json.loads(Path("turns.json").read_text(encoding="utf-8")))
    assert state.version == 6
    anew = [owners(route("--format", "csv"))["1"] for _ in range(2)]
    assert anew == ["anna", "anna"]
    assert sorted(path.name for path in Path().iterdir()) == [
        "leads.csv",
        "places.csv",
        "policy.yaml",
        "turns.json",
    ]


def test_a_state_of_another_policy_is_carried_over(route: Command) -> None:
    assert route("--state", "turns.json").code == 1
    written("policy.yaml", POLICY.replace("limits: 1 per day", "limits: 2 per day"))
    found = route("--state", "turns.json")
    assert (
        "note: turns.json: the state is of another policy; who stays in a pool keeps the turn\n"
        in (found.err)
    )
    assert "note" not in route("--state", "turns.json").err


def test_if_it_fails_the_state_stays(route: Command) -> None:
    assert route("--state", "turns.json").code == 1
    before = Path("turns.json").read_text(encoding="utf-8")
    assert route("--state", "turns.json", "-o", "no/where.csv").code == 2
    assert Path("turns.json").read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "no JSON; expected a state that this command wrote"),
        ("[]", "state: '[...]' is no mapping; expected what to_dict() gives"),
        ('{"schema": 9}', "state: schema '9' is not known; expected 1"),
    ],
)
def test_a_file_that_holds_no_state_is_refused(route: Command, text: str, told: str) -> None:
    written("turns.json", text)
    assert route("--state", "turns.json") == Run(2, "", f"error: turns.json: {told}\n")
    assert Path("turns.json").read_text(encoding="utf-8") == text


def test_the_state_is_a_file_of_its_own(route: Command) -> None:
    assert route("--state", "leads.csv") == Run(
        2, "", "error: --state: 'leads.csv' is read or written already; expected another file\n"
    )
    assert route("--state", "x.json", "-o", "x.json").code == 2


# --- the trace


def test_a_trace_tells_why_in_its_place_of_the_order(route: Command) -> None:
    found = route("--trace", "2", "--state", "turns.json")
    assert found.code == 0
    assert (
        found.out
        == """\
lead 2, as of 2026-10-05 09:00 Europe/Berlin
goes to ben, from 'dach', by rule 'place'

rules
  partner    unknown: channel == "partner"; channel is missing
  place      true: known(country); country is "DE"
             to pool 'dach', by row 1 of table 'places' (country "DE", team
               "dach")
  not asked  rest

pool 'dach': the lowest turn is next, which is (leads + 1/2) / weight
  ben   gets it; 0 leads for weight 1, turn 0.5
  anna  1 lead for weight 2, turn 0.75

what is sent
  welcome  by rule 'place'
  prices   by rule 'place'
"""
    )
    assert not Path("turns.json").exists()
    brief = route("--trace", "2", "--brief").out
    assert "not asked" not in brief
    assert "anna" not in brief


def test_a_trace_of_a_lead_that_nobody_gets_fails(route: Command) -> None:
    found = route("--trace", "5")
    assert found.code == 1
    assert found.out.startswith(
        """\
lead 5, as of 2026-10-05 09:00 Europe/Berlin
goes to nobody, by rule 'place': the pool has reached a limit [pool-limit]
"""
    )


def test_a_trace_is_text_or_json(route: Command) -> None:
    data = json.loads(route("--trace", "1", "--format", "json").out)
    assert (data["lead_id"], data["answer"]["owner"]) == ("1", "anna")
    assert route("--trace", "1", "-o", "why.json").out == ""
    assert json.loads(Path("why.json").read_text(encoding="utf-8")) == data
    assert route("--trace", "1", "--format", "csv") == Run(
        2, "", "error: --format: a trace is no csv; expected json, or none for text\n"
    )


def test_a_trace_hides_what_is_personal_on_request(route: Command) -> None:
    written("policy.yaml", POLICY.replace("known(country)", "known(country) and known(email)"))
    assert "ada@example.org" in route("--trace", "1").out
    found = route("--trace", "1", "--redact").out
    assert "ada@example.org" not in found
    assert "(hidden)" in found


def test_a_lead_that_there_is_not_is_told(route: Command) -> None:
    written("leads.csv", LEADS.replace("\n7,", "\nlead-7,"))
    assert route("--trace", "lead-17") == Run(
        2, "", f"{READ}error: leads.csv: no lead 'lead-17'; did you mean 'lead-7'?\n"
    )


# --- what is odd


def test_rejected_rows_are_told(route: Command) -> None:
    written("leads.csv", "id,country\n1,DE\n,DE\n")
    found = route()
    assert found.code == 1
    assert "2 rows read: 1 accepted, 1 rejected" in found.err
    assert route("--rejects", "odd.csv").code == 1
    assert Path("odd.csv").exists()


def test_fields_that_no_column_gives_are_told(route: Command) -> None:
    written("leads.csv", "id,country\n1,DE\n")
    assert (
        "note: missing in every lead, since no column gives it: 'company.employees', 'channel'\n"
        in route().err
    )


def test_the_rows_of_tables_are_a_must(leadrules: Command) -> None:
    written("policy.yaml", POLICY)
    written("leads.csv", LEADS)
    assert leadrules("route", "policy.yaml", "--leads", "leads.csv") == Run(
        2,
        "",
        "error: 1 problem in policy.yaml\n"
        "  policy.yaml:3:18: tables.places: the rows are missing; give them as "
        "load_policy(..., tables={'places': ...}) [missing-rows]\n"
        "  --table NAME=FILE.csv gives the rows of a table\n",
    )


def test_a_policy_without_routing_is_told(leadrules: Command) -> None:
    written("policy.yaml", POLICY.partition("tables:")[0])
    written("leads.csv", LEADS)
    assert leadrules("route", "policy.yaml", "--leads", "leads.csv") == Run(
        2, "", "error: policy 'acme' has no section 'routing'\n"
    )


@pytest.mark.usefixtures("terminal")
def test_a_terminal_shows_what_it_has_room_for(
    route: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINES", "15")
    assert "the first 3 of 7 leads; --format csv gives all" in route().out


def test_the_help_gives_examples(leadrules: Command) -> None:
    out = leadrules("route", "--help").out
    assert "  leadrules route policy.yaml --leads leads.csv --trace 17\n" in out
