from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.runs import AT, Command, Run, unboxed, written

POLICY = """\
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01, zone: Europe/Berlin}
fields:
  months: {type: integer, description: When do they want to decide?}
activities: {page_view: {properties: {path: {type: string}}}}
scoring:
  fit:
    characteristics:
      size: [{when: company.employees >= 50, points: 20, why: enough people}]
      mail: [{id: free, when: 'ends_with(email, "@gmail.com")', points: -2}]
      soon: [{when: months <= 3, points: 9}]
  engagement:
    rules: {visit: {activity: page_view, points: 4, limit: 1 per day, decay: window 30 days}}
  qualification:
    criteria: {budget: {points: 5, ask: "How much?"}}
  bands: [{name: hot, enter: 25, leave: 20}, {name: cold}]
"""
LEADS = """\
id,email,company.employees,title
17,ada@gmail.com,120,CEO
18,,,
,nobody@gmail.com,,
"""
EVENTS = """\
lead_id,id,time,type,path
17,e1,2026-10-04T10:00Z,page_view,/a
17,e2,2026-10-04T09:00Z,page_view,/b
"""


@pytest.fixture
def explain(leadrules: Command) -> Command:
    written("policy.yaml", POLICY)
    written("leads.csv", LEADS)
    written("events.csv", EVENTS)

    def run(*args: object) -> Run:
        return leadrules(
            "explain", "policy.yaml", "--leads", "leads.csv", "--events", "events.csv",
            "--at", AT, *args,
        )  # fmt: skip

    return run


def test_text_tells_all_that_adds_up(explain: Command) -> None:
    code, out, err = explain("--lead", "17")
    assert code == 1
    assert err.endswith("note: 1 row was rejected; leadrules score tells why\n")
    assert (
        out
        == """\
lead 17, as of 2026-10-05 09:00 Europe/Berlin
score 22: cold; hot is from 25, 3 more
most: +20 size.1, +4 visit, -2 free

+22  score
+18    fit
+20      size: size.1
           company.employees >= 50; company.employees is 120
           why: enough people
 -2      mail: free
           ends_with(email, "@gmail.com"); email is "ada@gmail.com"
  0      soon: no rule is true, uncertain
           unknown soon.1: months <= 3; months is missing
 +4    engagement
         lifetime 4, as if nothing had faded
 +4      visit: 1 page_view, 1 over the limit
           1 per day; window 30 days
 +4        2026-10-04 12:00, 21 hours ago (e1)
  0        2026-10-04 11:00, 22 hours ago, over the limit (e2)
             +4 points, -4 limit
  0    qualification
  0      budget: unknown
           nobody has answered
           ask: How much?
"""
    )


def test_questions_come_after_it(explain: Command) -> None:
    out = explain("--lead", "17", "--questions").out
    assert (
        out.partition("to ask next\n")[2]
        == """\
  When do they want to decide? (months)
    22 to 31 points, now 22; hot at best
  How much? (budget)
    22 to 27 points, now 22; hot at best
"""
    )


def test_what_changes_nothing_by_itself_is_named(leadrules: Command) -> None:
    written("policy.yaml", POLICY.replace("points: 5, ask", "points: 0, ask"))
    written("leads.csv", "id\n1\n")
    args = ("explain", "policy.yaml", "--leads", "leads.csv", "--lead", "1", "--at", AT)
    assert leadrules(*args, "--questions").out.endswith(
        "  what changes nothing by itself\n    budget\n"
    )


def test_where_all_is_known_nothing_is_asked(leadrules: Command) -> None:
    text = POLICY.partition("  engagement:")[0]
    written("policy.yaml", text)
    written("leads.csv", "id,email,company.employees,months\n1,a@b.example,9,4\n")
    args = ("explain", "policy.yaml", "--leads", "leads.csv", "--lead", "1", "--at", AT)
    assert leadrules(*args, "--questions").out.endswith(
        "to ask next\n  nothing\n    all is known that the score reads\n"
    )


def test_the_band_before_counts(explain: Command) -> None:
    out = explain("--lead", "17", "--previous", "hot").out
    assert "score 22: hot, kept from 20 for a lead that was hot; others need 25" in out
    code, out, err = explain("--lead", "17", "--previous", "warm")
    assert (code, out) == (2, "")
    assert err.endswith("error: previous: no band 'warm'; expected 'hot' or 'cold'\n")


def test_json_is_data(explain: Command) -> None:
    data = json.loads(explain("--lead", "17", "--format", "json", "--questions").out)
    assert (data["lead_id"], data["score"], data["band"]["name"]) == ("17", 22, "cold")
    assert [(asked["name"], asked["best"]) for asked in data["questions"]] == [
        ("months", 31),
        ("budget", 27),
    ]
    assert "questions" not in json.loads(explain("--lead", "17", "--format", "json").out)


def test_html_is_a_page(explain: Command) -> None:
    out = explain("--lead", "17", "--format", "html", "--questions").out
    assert out.startswith("<!doctype html>\n")
    assert out.endswith("</body></html>\n")
    assert "<title>lead 17</title>" in out
    assert "<li>How much? (budget)<br>" in out
    assert "to ask next" not in explain("--lead", "17", "--format", "html").out


@pytest.mark.parametrize("form", ["text", "html", "json"])
def test_personal_values_are_hidden_on_request(explain: Command, form: str) -> None:
    assert "ada@gmail.com" in explain("--lead", "17", "--format", form).out
    out = explain("--lead", "17", "--format", form, "--redact").out
    assert "ada@gmail.com" not in out
    assert "(hidden)" in out


def test_a_lead_that_there_is_not_is_told(explain: Command) -> None:
    code, out, err = explain("--lead", "170")
    assert (code, out) == (2, "")
    assert err.endswith("error: leads.csv: no lead '170'; did you mean '17'?; 1 row was rejected\n")


@pytest.mark.usefixtures("terminal")
def test_text_is_as_wide_as_the_terminal(explain: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    lines = explain("--lead", "17", "--questions").out.splitlines()
    assert max(map(len, lines)) <= 50


def test_a_format_that_there_is_not_is_refused(explain: Command) -> None:
    code, out, err = explain("--lead", "17", "--format", "pdf")
    assert (code, out) == (2, "")
    assert "'pdf' is not one of 'text', 'html', 'json'" in unboxed(err)


def test_the_help_gives_examples(leadrules: Command) -> None:
    out = leadrules("explain", "--help").out
    assert "  leadrules explain policy.yaml --leads leads.csv --lead 17 --questions\n" in out


def test_nothing_is_written(explain: Command) -> None:
    explain("--lead", "17")
    assert sorted(path.name for path in Path().iterdir()) == [
        "events.csv",
        "leads.csv",
        "policy.yaml",
    ]


def test_a_brief_explanation_tells_what_came_to_something(leadrules: Command) -> None:
    found = leadrules("demo", "--write", "trial")
    assert found.code == 0
    out = leadrules(
        "explain",
        "trial/policy.yaml",
        *("--leads", "trial/leads.csv", "--mapping", "trial/mapping.yaml"),
        *("--events", "trial/events.csv", "--events-mapping", "trial/events-mapping.yaml"),
        *("--at", AT, "--lead", "4100000000000340437", "--brief"),
    ).out
    assert out.endswith(
        """
+24.187793    engagement
 +4.624483      pricing: 3 page_view
 +1.666181      reading: 7 page_view
+13.897129      webinar: 2 webinar
 +4             white_paper: 1 download
 +5           qualification
 +5             budget: met
 -0.187793    rounded
"""
    )
