from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path

import pytest

from leadrules import Engine, load_policy
from leadrules.lifecycle.owed import urgency
from tests.cli.runs import POLICY, Command, Run, written

SMALL = """\
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01, zone: Europe/Berlin}
calendars: {office: {hours: {mon-fri: ["09:00-17:00"]}}}
lifecycle:
  hours: {default: office}
  stages:
    inquiry: {owner: rep, update_every: 2 business days}
    sal: {owner: sales, approvals: [sales_manager]}
    won: {kind: won}
  moves:
    - {from: inquiry, to: sal, automatic: true, when: known(budget)}
    - {from: sal, to: won, by: [sales]}
  touches:
    calls: {in: inquiry, count: {demo: 3, default: 1}, within: 4 business hours}
"""
LEADS = """\
id,created,lead_type,owner,budget
1,2026-10-05T09:00+02:00,demo,anna,
2,2026-10-01T09:00+02:00,,ben,
3,2026-10-05T09:00+02:00,demo,,50000 EUR
"""
EVENTS = """\
lead_id,id,time,kind,type,channel,direction,to
1,c1,2026-10-05T09:10+02:00,touch,,call,outbound,
2,m1,2026-10-02T09:10+02:00,moved,,,,sal
"""


@pytest.fixture
def asked() -> tuple[str, ...]:
    written("policy.yaml", SMALL)
    written("leads.csv", LEADS)
    written("events.csv", EVENTS)
    files = ("--leads", "leads.csv", "--events", "events.csv")
    return ("agenda", "policy.yaml", *files, "--at", "2026-10-05T12:30+02:00")


def cells(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip(" ─")]


def test_it_lists_the_most_urgent_first(leadrules: Command, asked: tuple[str, ...]) -> None:
    code, out, err = leadrules(*asked)
    assert code == 0
    assert cells(out) == [
        "Status Lead What Due Who",
        "at risk 1 make 2 more touches 2026-10-05 13:00 anna (rep)",
        "at risk 3 make 3 touches 2026-10-05 13:00 rep",
        "open 1 say how it stands, every 2 2026-10-07 09:00 anna (rep)",
        "business days",
        "open 3 say how it stands, every 2 2026-10-07 09:00 rep",
        "business days",
        "open 2 approve what is in 'sal' sales_manager",
    ]
    assert err.splitlines()[-1] == (
        "note: 1 lead is due for a move that the policy takes by itself, and no event states it"
    )


def test_it_may_be_of_one_role_or_of_one_owner(leadrules: Command, asked: tuple[str, ...]) -> None:
    found = leadrules(*asked, "--role", "sales_manager", "--format", "csv")
    assert [row["lead_id"] for row in csv.DictReader(io.StringIO(found.out))] == ["2"]
    found = leadrules(*asked, "--owner", "anna", "--format", "csv")
    assert {row["lead_id"] for row in csv.DictReader(io.StringIO(found.out))} == {"1"}
    nobody = leadrules(*asked, "--owner", "zoe")
    assert cells(nobody.out)[-1] == "nothing is owed"


def test_no_role_is_called_so(leadrules: Command, asked: tuple[str, ...]) -> None:
    assert leadrules(*asked, "--role", "sale") == Run(
        2, "", "error: --role: no role 'sale'; did you mean 'sales'?\n"
    )
    assert leadrules(*asked, "--role", "zzzzzz").err == (
        "error: --role: no role 'zzzzzz'; expected 'rep', 'sales' or 'sales_manager'\n"
    )


def test_every_format_says_the_same(leadrules: Command, asked: tuple[str, ...]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    lines = leadrules(*asked, "--format", "json").out.splitlines()
    data = [json.loads(line) for line in lines]
    assert [row["kind"] for row in data] == ["touches", "touches", "update", "update", "approval"]
    assert data[0]["roles"] == ["rep"]
    assert leadrules(*asked, "-o", "today.csv") == Run(0, "", leadrules(*asked).err)
    text = Path("today.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [{**row, "roles": row["roles"].split(";")} for row in rows] == [
        {name: "" if x is None else x if name == "roles" else str(x) for name, x in row.items()}
        for row in data
    ]
    assert leadrules(*asked, "-o", "today.parquet").code == 0
    table = parquet.read_table("today.parquet").to_pylist()
    assert [row["what"] for row in table] == [row["what"] for row in data]
    assert [row["left"].total_seconds() if row["left"] else None for row in table] == [
        row["left"] for row in data
    ]
    assert leadrules(*asked, "-o", "today.json").code == 0
    assert Path("today.json").read_text(encoding="utf-8").splitlines() == lines
    Path("today.txt").unlink(missing_ok=True)
    assert leadrules(*asked, "--format", "table", "-o", "today.txt").code == 0
    assert "make 2 more touches" in Path("today.txt").read_text(encoding="utf-8")


def test_rejected_rows_are_counted_and_told(leadrules: Command, asked: tuple[str, ...]) -> None:
    written("leads.csv", LEADS + ",2026-10-05T09:00+02:00,demo,,\n")
    found = leadrules(*asked)
    assert found.code == 1
    assert "4 rows read: 3 accepted, 1 rejected" in found.err
    assert "--rejects FILE writes the rejected rows" in found.err
    assert leadrules(*asked, "--rejects", "odd.csv").code == 1
    assert (
        Path("odd.csv")
        .read_text(encoding="utf-8")
        .startswith("line,column,code,reason,text\n5,id,missing-id,id: is missing,")
    )
    assert leadrules(*asked, "-o", "leads.csv").err == (
        "error: --output: 'leads.csv' is read or written already; expected another file\n"
    )


@pytest.mark.usefixtures("terminal")
def test_a_terminal_shows_what_it_has_room_for(
    leadrules: Command, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINES", "6")
    found = leadrules(*asked)
    assert found.out.splitlines()[-1] == "the most urgent 2 of 5; --format csv gives all"


def test_a_policy_without_a_lifecycle_has_no_agenda(leadrules: Command) -> None:
    written("policy.yaml", POLICY)
    written("leads.csv", LEADS)
    assert leadrules("agenda", "policy.yaml", "--leads", "leads.csv") == Run(
        2, "", "error: policy 'acme' has no section 'lifecycle'\n"
    )


def test_the_rows_are_those_of_the_agendas(leadrules: Command, asked: tuple[str, ...]) -> None:
    engine = Engine(load_policy(SMALL))
    row = json.loads(leadrules(*asked, "--format", "json").out.splitlines()[0])
    lead = engine.policy.lead(
        {"id": "1", "created": "2026-10-05T09:00+02:00", "lead_type": "demo", "owner": "anna"}
    )
    call = engine.policy.event(
        {"lead_id": "1", "id": "c1", "time": "2026-10-05T09:10+02:00", "kind": "touch",
         "channel": "call", "direction": "outbound"}
    )  # fmt: skip
    found = engine.agenda(lead, events=[call], at=datetime.fromisoformat("2026-10-05T12:30+02:00"))
    assert row == min(found, key=urgency).to_dict()
