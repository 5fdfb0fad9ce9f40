from __future__ import annotations

import io
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import pytest

from leadrules import load_policy, presets
from leadrules.cli import main
from leadrules.cli.demo import _compared
from tests.cli.runs import Command, Run, sample_histories, sample_scores, stripped, written


def _chapters(out: str) -> dict[str, str]:
    parts = re.split(r"^(\S.*?) [─-]+$", out, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.fixture(scope="module")
def demo() -> Run:
    """Return what the demo shows on a terminal of 80 columns; it is run once, for it takes long."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("COLUMNS", "80")
        for name in ("FORCE_COLOR", "NO_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TTY_COMPATIBLE"):
            patch.delenv(name, raising=False)
        code = main(["demo"])
    return Run(code, stripped(out.getvalue()), stripped(err.getvalue()))


def test_the_demo_shows_the_policy(demo: Run) -> None:
    code, out, err = demo
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
    assert (
        """
pricing       +6 page_view: starts_with(activity.path, compares prices
                 "/pricing"), 1 per day, half_life 30
                 days, at most 18
"""
        in shown
    )
    assert (
        """
need      +10 asked                                   Which problem must be
                                                      solved, and what if it is
                                                      not?
"""
        in shown
    )
    assert shown.endswith(
        """
company     size + sites + industry, at most 35
person      role + job + mail, at least -30, at most 20
deal        budget + timing + interest, at least -15, at most 20
fit         company + person + deal + origin + freshness + consent, at most 60
engagement  pricing + reading + webinar + white_paper + unsubscribed, at least
            -20, at most 30
score       fit + engagement + qualification, at least 0, at most 100
ready       3 of 4 criteria met, need among them
bands       hot from 80, until below 70, if country is known
            warm from 50, until below 45
            cold: all others

"""
    )


def test_the_demo_shows_what_was_rejected(demo: Run) -> None:
    shown = _chapters(demo.out)["The exports of a CRM, read by mappings"]
    assert (
        shown
        == """
200 rows of leads read: 194 accepted, 6 rejected. 1487 rows of what they did:
1484 accepted, 3 rejected. 193 leads and 1483 events; one row of each says again
what another said.
Rejected, of the leads:

 Line  Code            Reason
 ──────────────────────────────────────────────────────────────────────────────
   13  missing-id      id: is missing
   40  missing-id      id: is missing
   66  bad-number      company.employees: 'ca. 200' is not a number
  117  conflicting-id  id: line 106 says other things of lead
                       '4100000000000300317'
  144  bad-date        created: '31.02.2026 10:15' is not a date and time
                       written '%d.%m.%Y %H:%M' or '%Y-%m-%d'
  173  too-few-cells   the row has 9 cells, the header has 18

Rejected, of what they did:

 Line  Code            Reason
 ──────────────────────────────────────────────────────────────────────────────
   42  bad-date        time: 'yesterday' is not a date and time written
                       '%d.%m.%Y %H:%M'
   73  missing-lead    lead_id: is missing
   98  unlisted-value  answer: 'perhaps' is not among the values; expected
                       'yes', 'no' or 'open'


"""
    )


def test_the_demo_shows_the_best_and_the_worst(demo: Run) -> None:
    shown = _chapters(demo.out)["The best and the worst leads"]
    assert "\n 4100000000000340437     89  warm   60     24.2     no  large, agency,\n" in shown
    assert shown.endswith(
        """
As of 2026-10-05 07:00 UTC. Fit is who they are, Engaged what they did; fired
are the rules that gave points.

"""
    )
    ranked = sorted(sample_scores(), key=lambda score: (-score.score, -(score.fit or 0)))
    assert re.findall(r"^ (\d{19}|\.\.\.)", shown, flags=re.MULTILINE) == [
        *(score.lead_id for score in ranked[:6]),
        "...",
        *(score.lead_id for score in ranked[-3:]),
    ]


def test_the_demo_explains_a_lead_and_says_what_to_ask(demo: Run) -> None:
    chapters = _chapters(demo.out)
    explained = chapters["Where the points of a lead come from"]
    assert explained.startswith(
        """
lead 4100000000000340437, as of 2026-10-05 09:00 Europe/Berlin
score 89: warm, held back from hot: country is missing
"""
    )
    assert "\n+13.897129      webinar: 2 webinar\n" in explained
    asked = chapters["What to ask about that lead"]
    assert "\n country                                 89 points, now 89; hot at best\n" in asked


def test_the_demo_shows_all_scores_and_compares_the_forms(leadrules: Command) -> None:
    pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    out = leadrules("demo").out
    shown = _chapters(out)["The scores of all 193 leads"]
    assert shown.endswith(
        """
7 hot, 106 warm, 80 cold.
Scored once more as data frames: the same scores, bands and answers for all 193.

"""
    )
    counts = [int(count) for count in re.findall(r"(?:to \d+| 100) +(\d+) +█", shown)]
    assert counts == [2, 2, 5, 44, 40, 20, 22, 20, 13, 7, 18]
    assert max(map(len, shown.splitlines())) <= 80


def test_the_demo_shows_who_gets_the_leads_that_nobody_owns(demo: Run) -> None:
    shown = _chapters(demo.out)["Who gets the leads that nobody owns"]
    assert (
        shown
        == """
57 leads have no owner. Of each kind the best:

 Lead                 Goes to                 By rule, and why
 ──────────────────────────────────────────────────────────────────────────────
 4100000000000215062  Ines Falk               large_deal: worth a visit
 4100000000000351470  Ines Falk               named_account: who knows the
                                              customer goes on
 4100000000000265212  queue marketing         early: they want nothing yet
 4100000000000309344  Jonas Rieger            large_deal: worth a visit; not
                                              pool 'sales': everybody who fits
                                              is absent
 4100000000000236125  Nele Vogt               others: a person asks what they
                                              need
 4100000000000389584  Ines Falk               named_account: who knows the
                                              customer goes on; not owner 'Tom
                                              Brandt': absent
 4100000000000374539  partner firnwerk        alps: they sell in Switzerland
 4100000000000306335  queue newsletter        refused: we must not call

12 leads went to pool 'first_calls', by turns: Jonas Rieger 5 of weight 2, Nele
Vogt 5 of weight 2, Mara Lind 2 of weight 1.

lead 4100000000000309344, as of 2026-10-05 09:00 Europe/Berlin
goes to Jonas Rieger, from 'first_calls', by rule 'large_deal'
the clock 'speed_to_lead' starts

rules
  early          false: stage in ["suspect", "recycled"]; stage is "inquiry"
  refused        false: not consent; consent is true
  named_account  false: known(account.owner); account.owner is missing
  alps           false: country == "CH"; country is "AT"
  large_deal     true: band == "hot" or budget >= param.large_deal; budget is
                   43000 EUR, param.large_deal is 40000 EUR
                 why: worth a visit
                 to pool 'sales': everybody who fits is absent
                 otherwise pool 'first_calls'
  not asked      others

pool 'sales': the lowest turn is next, which is (leads + 1/2) / weight
  Tom Brandt  is absent until 2026-10-17 00:00
  Ines Falk   does not fit: country in member.countries or missing(country);
                member.countries is ["DE"], country is "AT"

pool 'first_calls': the lowest turn is next, which is (leads + 1/2) / weight
  Jonas Rieger  gets it; 0 leads for weight 2, turn 0.25
  Nele Vogt     0 leads for weight 2, turn 0.25
  Mara Lind     0 leads for weight 1, turn 0.5

what is sent
  printed_brochure  by rule 'large_deal'

"""
    )


def test_the_demo_shows_what_is_owed(demo: Run) -> None:
    shown = _chapters(demo.out)["What is owed this morning"]
    assert shown.startswith(
        "\n31 suspect, 90 inquiry, 8 mql, 17 sal, 5 sql, 4 proposal, 1 agreement, 6 won, 5\n"
        "lost, 18 recycled, 8 disqualified.\n"
        "166 things are late. The next that are due:\n"
    )
    row = re.compile(r"^ (at risk|open) +\d{19} .* (\d{4}-\d\d-\d\d \d\d:\d\d) ", re.MULTILINE)
    assert row.findall(shown) == [
        ("at risk", "2026-10-05 09:00"),
        ("at risk", "2026-10-05 09:00"),
        ("at risk", "2026-10-05 09:00"),
        ("at risk", "2026-10-05 10:05"),
        ("at risk", "2026-10-05 13:30"),
    ]


def test_the_demo_shows_how_the_process_does(demo: Run) -> None:
    pytest.importorskip("scipy")
    shown = _chapters(demo.out)["How the process does"]
    assert shown.startswith(
        """
How the leads did, 2025-12-20 to 2026-10-05
193 leads by policy fernhain-leads, version 3, as of 2026-10-05 09:00
Europe/Berlin

- Of 193 leads, 162 showed interest, 61 became sales-ready, 14 got a quote and 6
  bought (3.1 %).
"""
    )
    assert (
        """
- Sales passed back 15 of 61 leads (24.6 %, 95 % CI 15.5 to 36.7); sales still
  works 35 of them.
- Won, of the deals that were closed: 6 of 11 closed leads (54.5 %, 95 % CI 28.0
  to 78.7).
"""
        in shown
    )


def test_the_demo_tells_that_the_report_needs_an_extra(
    monkeypatch: pytest.MonkeyPatch, leadrules: Command
) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    code, out, err = leadrules("demo")
    assert (code, err) == (0, "")
    assert (
        "\nNot measured: statistics need the package 'scipy'; install leadrules[metrics].\n" in out
    )


def test_the_demo_ends_with_what_to_try(demo: Run) -> None:
    assert (
        _chapters(demo.out)["Now yours"]
        == """
Write the sample into a folder, change it, and see what becomes of it:

  leadrules demo --write trial
  leadrules check trial/policy.yaml
  leadrules score trial/policy.yaml --leads trial/leads.csv \\
      --mapping trial/mapping.yaml --at 2026-10-05T07:00Z \\
      --events trial/events.csv --events-mapping trial/events-mapping.yaml
  leadrules agenda trial/policy.yaml --leads trial/leads.csv \\
      --mapping trial/mapping.yaml --at 2026-10-05T07:00Z \\
      --events trial/events.csv --events-mapping trial/events-mapping.yaml
  leadrules report trial/policy.yaml --leads trial/leads.csv \\
      --mapping trial/mapping.yaml --at 2026-10-05T07:00Z \\
      --events trial/events.csv --events-mapping trial/events-mapping.yaml \\
      --by owner -o trial/report.html
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
    leads = [lead for lead, _ in sample_histories()]
    events = [event for _, happened in sample_histories() for event in happened]
    scores = sample_scores()
    wrong = [scores[0], replace(scores[1], band="tepid"), *scores[2:]]
    assert _compared(policy, leads, events, wrong, presets.DEMO_AT) == (
        False,
        "The frame form says something else of 1 of 193 leads.",
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
    assert b"20 to 29  13  ####" in found.getvalue()


def test_the_demo_writes_its_files(leadrules: Command) -> None:
    assert leadrules("demo", "--write", "a/trial") == Run(
        0,
        """\
Wrote policy.yaml, mapping.yaml, leads.csv, events-mapping.yaml, events.csv into a/trial. Try:

  leadrules check a/trial/policy.yaml
  leadrules score a/trial/policy.yaml --leads a/trial/leads.csv \\
      --mapping a/trial/mapping.yaml --at 2026-10-05T07:00Z \\
      --events a/trial/events.csv --events-mapping a/trial/events-mapping.yaml
  leadrules agenda a/trial/policy.yaml --leads a/trial/leads.csv \\
      --mapping a/trial/mapping.yaml --at 2026-10-05T07:00Z \\
      --events a/trial/events.csv --events-mapping a/trial/events-mapping.yaml
  leadrules report a/trial/policy.yaml --leads a/trial/leads.csv \\
      --mapping a/trial/mapping.yaml --at 2026-10-05T07:00Z \\
      --events a/trial/events.csv --events-mapping a/trial/events-mapping.yaml \\
      --by owner -o a/trial/report.html
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
