from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from leadrules import load_policy
from tests.cli.runs import POLICY, Command, Run, written
from tests.report import process

pytest.importorskip("scipy")

LEADS = """\
id,created,lead_type,owner,budget
1,2026-03-01T09:00Z,demo,,9000 EUR
2,2026-03-02T09:00Z,demo,,
3,2026-03-03T09:00Z,webinar,carl,
4,2026-03-04T09:00Z,webinar,,
5,2026-03-05T09:00Z,,,
"""


@pytest.fixture
def asked() -> tuple[str, ...]:
    written("policy.yaml", process.POLICY)
    written("leads.csv", LEADS)
    columns = ("lead_id", "id", "time", "kind", "type")
    says = ("owner", "channel", "direction", "outcome", "to", "by", "reason")
    rows = [",".join((*columns, *says))]
    for event in process.events(load_policy(process.POLICY)):
        told = {"lead_id": event.lead_id, "id": event.id, "time": event.time.isoformat()}
        told |= {"kind": event.kind} | {key: str(x) for key, x in event.properties.items()}
        rows.append(",".join(told.get(name, "") for name in (*columns, *says)))
    written("events.csv", "\n".join(rows) + "\n")
    files = ("--leads", "leads.csv", "--events", "events.csv")
    return ("report", "policy.yaml", *files, "--at", "2026-03-31T12:00Z")


def test_it_reports_how_the_process_does(leadrules: Command, asked: tuple[str, ...]) -> None:
    code, out, err = leadrules(*asked)
    assert code == 0
    assert [line.partition(",")[0] for line in err.splitlines()] == [
        "5 rows read: 5 accepted",
        "5 leads",
        "11 rows read: 11 accepted",
        "11 events",
    ]
    assert out.startswith(
        """\
How the leads did, 2026-03
5 leads by policy acme, version 1, as of 2026-03-31 14:00 Europe/Berlin

- Of 5 leads, 3 became sales-ready, 1 got a quote and 1 bought (20.0 %).
"""
    )


def test_it_may_tell_only_the_most_important(leadrules: Command, asked: tuple[str, ...]) -> None:
    out = leadrules(*asked, "--brief").out
    assert out.splitlines()[3].startswith("- Of 5 leads, 3 became sales-ready")
    assert "How far do they come?" not in out


def test_every_form_says_the_same(leadrules: Command, asked: tuple[str, ...]) -> None:
    data = json.loads(leadrules(*asked, "--format", "json").out)
    assert leadrules(*asked, "-o", "report.json").out == ""
    assert json.loads(Path("report.json").read_text(encoding="utf-8")) == data
    assert leadrules(*asked, "-o", "report.txt").out == ""
    text = " ".join(Path("report.txt").read_text(encoding="utf-8").split())
    assert all(" ".join(said.split()) in text for said in data["said"])


def test_a_page_is_written(
    leadrules: Command, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)  # pictures are drawn by another test
    assert leadrules(*asked, "--by", "owner", "-o", "report.html").code == 0
    page = Path("report.html").read_text(encoding="utf-8")
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "<li>Of 5 leads, 3 became sales-ready, 1 got a quote and 1 bought (20.0 %).</li>" in page
    assert '<th scope="row">owner</th><td>anna</td>' in page


def test_a_period_may_be_asked_for(leadrules: Command, asked: tuple[str, ...]) -> None:
    code, out, _ = leadrules(*asked, "--period", "2026-W10")
    assert code == 0
    assert out.startswith("How the leads did, 2026-W10\n")


def test_rejected_rows_are_told(leadrules: Command, asked: tuple[str, ...]) -> None:
    written("leads.csv", LEADS.replace("2026-03-05T09:00Z", "soon"))
    code, out, err = leadrules(*asked)
    assert code == 1
    assert out.startswith("How the leads did, 2026-03\n4 leads by policy acme")
    assert err.startswith("5 rows read: 4 accepted, 1 rejected\n4 leads\n")


def test_the_name_of_the_output_tells_the_form(leadrules: Command, asked: tuple[str, ...]) -> None:
    assert leadrules(*asked, "-o", "report.pdf") == Run(
        2,
        "",
        "error: report.pdf: no format for '.pdf'; expected .html, .htm, .json, .txt, or --format\n",
    )


def test_what_cannot_be_reported_is_told(leadrules: Command, asked: tuple[str, ...]) -> None:
    code, out, err = leadrules(*asked, "--by", "ownr")
    assert (code, out) == (2, "")
    assert err.endswith("error: by: the leads have no column 'ownr'; did you mean 'owner'?\n")
    written("policy.yaml", POLICY)
    code, out, err = leadrules(*asked)
    assert (code, out) == (2, "")
    assert err.endswith("error: policy 'acme' has no section 'lifecycle'\n")


@pytest.mark.parametrize(
    ("package", "message"),
    [
        ("narwhals", "a report needs the package 'narwhals'; install leadrules[metrics]"),
        ("scipy", "statistics need the package 'scipy'; install leadrules[metrics]"),
    ],
)
def test_what_is_not_installed_is_told(package: str, message: str, asked: tuple[str, ...]) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; from leadrules.cli import main; "
    command = [sys.executable, "-c", f"{code}sys.exit(main({[*asked]!r}))"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own code
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"error: {message}\n")


COSTS = """\
day,lead_type,amount
2026-03-01,demo,1200 EUR
2026-03-02,webinar,800.50 EUR
2026-03-03,radio,50 EUR
2026-03-03,radio,many
"""


def programmes(out: str) -> dict[str, dict[str, object]]:
    chapter = next(x for x in json.loads(out)["chapters"] if x["title"].startswith("What do prog"))
    (table,) = chapter["results"]
    return {row["lead_type"]: row for row in table["rows"]}


def test_programmes_are_told_with_what_they_cost(
    leadrules: Command, asked: tuple[str, ...]
) -> None:
    written("costs.csv", COSTS)
    code, out, err = leadrules(*asked, "--format", "json", "--costs", "costs.csv")
    assert code == 1  # a row was rejected
    assert err.splitlines()[-4:] == [
        "costs.csv: 4 rows read: 3 accepted, 1 rejected",
        "3 rows",
        "        1 bad-money: the cell is not an amount of money, or of another currency",
        "        line 5: amount: '2026-03-03,radio,many'",
    ]
    found = programmes(out)
    assert {name: row["cost"] for name, row in found.items() if row["cost"] is not None} == {
        "demo": 120_000,  # minor units
        "webinar": 80_050,
        "radio": 5_000,
    }


def test_costs_may_have_a_mapping(leadrules: Command, asked: tuple[str, ...]) -> None:
    written("costs.csv", "What,Spent\ndemo,12\n")
    rows = "{lead_type: What, spent: {column: Spent, type: money, currency: EUR}}"
    written("costs.yaml", f"leadrules_mapping: 1\nrows: {rows}\n")
    files = ("--costs", "costs.csv", "--costs-mapping", "costs.yaml")
    code, out, _ = leadrules(*asked, "--format", "json", *files)
    assert code == 0
    assert programmes(out)["demo"]["cost"] == 1_200


def test_of_many_rejected_costs_the_first_are_shown(
    leadrules: Command, asked: tuple[str, ...]
) -> None:
    written("costs.csv", "lead_type,amount\ndemo,1 EUR\n" + "demo,x\n" * 7)
    err = leadrules(*asked, "--brief", "--costs", "costs.csv").err.splitlines()
    assert err[-2:] == ["        line 7: amount: 'demo,x'", "        and 2 more"]


@pytest.mark.parametrize(
    ("costs", "mapping", "message"),
    [
        (
            "lead_type,sum\ndemo,1\n",
            None,
            (
                "costs.csv: no column 'amount'; expected one with money such as '1200 EUR', or "
                "--costs-mapping"
            ),
        ),
        (
            "lead_type,amount\ndemo,1\n",
            "leadrules_mapping: 1\nleads: {id: lead_type}\n",
            "costs.yaml: the mapping has no rows; expected 'rows'",
        ),
        (
            "lead_type,amount\ndemo,1\n",
            "leadrules_mapping: 1\nrows: {lead_type: lead_type}\n",
            "costs.csv: expected one column of money; there is none",
        ),
    ],
)
def test_costs_that_cannot_be_read_are_told(
    leadrules: Command, asked: tuple[str, ...], costs: str, mapping: str | None, message: str
) -> None:
    written("costs.csv", costs)
    files = ["--costs", "costs.csv"]
    if mapping:
        written("costs.yaml", mapping)
        files += ["--costs-mapping", "costs.yaml"]
    code, out, err = leadrules(*asked, *files)
    assert (code, out) == (2, "")
    assert " ".join(err.split()).endswith(message)
