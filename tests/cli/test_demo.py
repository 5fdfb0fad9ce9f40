from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest

from leadrules import Engine, load_mapping, load_policy, presets
from leadrules.cli import main
from leadrules.cli.demo import _compared
from tests.cli.runs import Command, Run, sample_scores, written


def _chapters(out: str) -> dict[str, str]:
    parts = re.split(r"^(\S.*?) [─-]+$", out, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_demo_shows_the_policy(leadrules: Command) -> None:
    code, out, err = leadrules("demo")
    assert (code, err) == (0, "")
    shown = _chapters(out)["The policy that sales and marketing agreed on"]
    assert shown.startswith(
        """
policy      fernhain-leads, version 3, from 2026-07-01
agreed      Head of Sales, 2026-06-18
            Head of Marketing, 2026-06-16
review      by 2027-06-30
fields      seniority: c_level | director | manager | staff
            interest: shift_planning | time_tracking | payroll
            months_to_decision: an integer, in months
            sites: an integer
parameters  large_deal: 40000 EUR from 2026-07-01, 45000 EUR from 2027-01-01

size      +25 company.employees >= 500                shifts need a tool
          +15 company.employees >= 100                most of our customers
          -10 company.employees < 20                  a spreadsheet will do
"""
    )
    assert shown.endswith(
        """
consent    +5 consent                                 sales may call at once
          -40 not consent                             we must not call

company  size + sites + industry, at most 45
person   role + job + mail, at least -30, at most 25
deal     budget + timing + interest, at least -15, at most 30
fit      company + person + deal + origin + freshness + consent
score    fit, at least 0, at most 100

"""
    )


def test_the_demo_shows_what_was_rejected(leadrules: Command) -> None:
    shown = _chapters(leadrules("demo").out)["The export of a CRM, read by a mapping"]
    assert (
        shown
        == """
200 rows read: 194 accepted, 6 rejected. 193 leads; 1 row says again what
another said.

 Line  Code            Reason
 ──────────────────────────────────────────────────────────────────────────────
   13  missing-id      id: is missing
   40  missing-id      id: is missing
   66  bad-number      company.employees: 'ca. 200' is not a number
  117  conflicting-id  id: line 106 says other things of lead
                       '4100000000000300317'
  144  bad-date        created: '31.02.2026 10:15' is not a date and time
                       written '%d.%m.%Y %H:%M' or '%Y-%m-%d'
  173  too-few-cells   the row has 9 cells, the header has 17


"""
    )


def test_the_demo_shows_the_best_and_the_worst(leadrules: Command) -> None:
    shown = _chapters(leadrules("demo").out)["The best and the worst leads"]
    assert "\n 4100000000000291290    100  118  large, shift_work,\n" in shown
    assert shown.endswith(
        """
As of 2026-10-05 07:00 UTC. Fired are the rules that gave points. Uncertain are
the characteristics in which data is missing that might have given others.

"""
    )
    ranked = sorted(sample_scores(), key=lambda score: (-score.score, -(score.fit or 0)))
    assert re.findall(r"^ (\d{19}|\.\.\.)", shown, flags=re.MULTILINE) == [
        *(score.lead_id for score in ranked[:6]),
        "...",
        *(score.lead_id for score in ranked[-3:]),
    ]


def test_the_demo_shows_all_scores_and_compares_the_forms(leadrules: Command) -> None:
    pytest.importorskip("narwhals")
    pytest.importorskip("pyarrow")
    out = leadrules("demo").out
    shown = _chapters(out)["The scores of all 193 leads"]
    assert shown.endswith(
        "\n\nScored once more as a data frame: the same score and fit for all 193.\n\n"
    )
    counts = [int(count) for count in re.findall(r"(?:to \d+| 100) +(\d+) +█", shown)]
    assert counts == [5, 7, 11, 25, 25, 26, 22, 25, 15, 10, 22]
    assert max(map(len, shown.splitlines())) <= 80


def test_the_demo_ends_with_what_to_try(leadrules: Command) -> None:
    assert (
        _chapters(leadrules("demo").out)["Now yours"]
        == """
Write the sample into a folder, change it, and see what becomes of it:

  leadrules demo --write trial
  leadrules check trial/policy.yaml
  leadrules score trial/policy.yaml --leads trial/leads.csv \\
      --mapping trial/mapping.yaml --at 2026-10-05T07:00Z
  leadrules --help
"""
    )


def test_the_demo_tells_that_the_frame_form_needs_an_extra(
    monkeypatch: pytest.MonkeyPatch, leadrules: Command
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, out, err = leadrules("demo")
    assert (code, err) == (0, "")
    assert (
        "\nNot compared with the frame form, which needs the package 'pyarrow'; install\n"
        "leadrules[frames].\n"
    ) in out


def test_the_demo_would_tell_if_the_forms_disagreed() -> None:
    pytest.importorskip("pyarrow")
    policy = load_policy(presets.demo_policy())
    mapper = load_mapping(presets.demo_mapping(), vocabulary=policy.vocabulary)
    with presets.demo_leads_file() as path:
        leads = mapper.read(path).leads
    scores = sample_scores()
    assert _compared(Engine(policy).scorer, leads, scores[::-1], presets.DEMO_AT) == (
        False,
        "The frame form gives another score or fit for 188 leads.",
    )


@pytest.mark.parametrize("columns", [50, 120])
def test_the_demo_fits_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch, leadrules: Command
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = leadrules("demo").out
    chapters = out.partition("Now yours")[0]
    assert max(map(len, chapters.splitlines())) <= columns
    assert "…" not in chapters


def test_the_demo_needs_no_more_than_ascii(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(found, encoding="ascii"))
    assert main(["demo"]) == 0
    assert capsys.readouterr().err == ""
    assert b"20 to 29  15  ####" in found.getvalue()


def test_the_demo_writes_its_files(leadrules: Command) -> None:
    assert leadrules("demo", "--write", "a/trial") == Run(
        0,
        """\
Wrote policy.yaml, mapping.yaml, leads.csv into a/trial. Try:

  leadrules check a/trial/policy.yaml
  leadrules score a/trial/policy.yaml --leads a/trial/leads.csv \\
      --mapping a/trial/mapping.yaml --at 2026-10-05T07:00Z
  leadrules --help
""",
        "",
    )
    folder = Path("a/trial")
    assert (folder / "policy.yaml").read_text(encoding="utf-8") == presets.demo_policy()
    assert (folder / "mapping.yaml").read_text(encoding="utf-8") == presets.demo_mapping()
    assert (folder / "leads.csv").read_text(encoding="utf-8") == presets.demo_leads()


def test_the_demo_overwrites_nothing(leadrules: Command) -> None:
    written("leads.csv", "mine")
    message = "error: leads.csv is there already; expected another folder\n"
    assert leadrules("demo", "--write", ".") == Run(2, "", message)
    assert [path.name for path in Path().iterdir()] == ["leads.csv"]
