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
