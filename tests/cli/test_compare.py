from __future__ import annotations

import json

import pytest

from tests.cli.runs import Command, Run, unboxed, written
from tests.testing.samples import ACME

NEW = ACME.replace("version: 2", "version: 3").replace(">= 500", ">= 900")
LEADS = """\
id,seniority,company_employees,email,created
1,director,800,a@example.org,
2,staff,60,,
3,vp,1000,b@example.org,
"""
EVENTS = """\
lead_id,time,type,path,seconds
1,2026-03-01T09:00:00Z,page_view,/pricing,130
"""
OVERRIDES = """\
lead_id,time,kind,type,band,by,reason
1,2026-03-01T09:00:00Z,override,,hot,Eva,x
2,2026-03-01T09:00:00Z,override,,hottest,Eva,x
3,2026-03-01T09:00:00Z,override,,hotte,Eva,x
"""
ARGS = ("compare", "old.yaml", "new.yaml", "--leads", "leads.csv", "--at", "2026-03-02T09:00")


@pytest.fixture(autouse=True)
def files(surroundings: None) -> None:
    del surroundings
    written("old.yaml", ACME)
    written("new.yaml", NEW)
    written("leads.csv", LEADS)
    written("events.csv", EVENTS)


def test_compare_tells_who_changes(leadrules: Command) -> None:
    code, out, err = leadrules(*ARGS, "--events", "events.csv")
    assert code == 0
    assert out == (
        """\
acme, version 2 -> acme, version 3, at 2026-03-02T09:00:00+01:00
changed: 1 of 3 leads, 33.3 % (band: 0, ready: 0, letter: 1, score: 1)

band: old, new  hot  warm  cold
hot               0     0     0
warm              0     2     0
cold              0     0     1

ready: old, new  ready  not ready
ready                0          0
not ready            0          3

letter: old, new  A  B  C
A                 1  1  0
B                 0  0  0
C                 0  0  1

1: letter A -> B, score 54 -> 39; large 25 -> 0, medium 0 -> 10
"""
    )
    assert "3 rows read: 3 accepted, 0 rejected\n3 leads\n" in err


def test_compare_as_json(leadrules: Command) -> None:
    code, out, _ = leadrules(*ARGS, "--format", "json")
    found = json.loads(out)
    assert code == 0
    assert (found["leads"], found["changed"], found["counts"]["letter"]) == (3, 1, 1)
    assert found["examples"] == [
        {
            "lead_id": "1",
            "band": {"old": "warm", "new": "cold"},
            "letter": {"old": "A", "new": "B"},
            "score": {"old": 40, "new": 25},
            "fires": ["medium"],
            "ceases": ["large"],
            "causes": [
                {"id": "large", "old": 25, "new": 0},
                {"id": "medium", "old": 0, "new": 10},
            ],
        }
    ]


@pytest.mark.parametrize(("percent", "code"), [("34", 0), ("34%", 0), ("33.3", 1), ("33.3 %", 1)])
def test_too_much_that_changes_fails(leadrules: Command, percent: str, code: int) -> None:
    found = leadrules(*ARGS, "--fail-above", percent)
    assert found.code == code
    assert found.err.endswith("expected at most 33.3 % to change\n") is bool(code)


@pytest.mark.parametrize("percent", ["101", "-1", "five", "nan", "5%%"])
def test_what_is_no_percentage_is_refused(leadrules: Command, percent: str) -> None:
    code, out, err = leadrules(*ARGS, f"--fail-above={percent}")
    assert (code, out) == (2, "")
    message = f"'{percent}' is not a percentage from 0 to 100, such as 5"
    assert f"Invalid value for '--fail-above': {message}" in unboxed(err)


@pytest.mark.parametrize(("percent", "code"), [("50", 0), ("49", 1)])
def test_where_a_share_is_given_rejected_rows_do_not_fail(
    leadrules: Command, percent: str, code: int
) -> None:
    written("leads.csv", LEADS.replace(",60,", ",many,"))
    found = leadrules(*ARGS, "--fail-above", percent)
    assert found.code == code
    assert "3 rows read: 2 accepted, 1 rejected" in found.err


def test_rows_that_are_rejected_fail(leadrules: Command) -> None:
    written("leads.csv", LEADS.replace(",60,", ",many,"))
    code, out, _ = leadrules(*ARGS)
    assert code == 1
    assert "changed: 1 of 2 leads, 50.0 %" in out


def test_what_one_of_the_policies_declares_is_read(leadrules: Command) -> None:
    text = NEW.replace("  tier:", "  size_of_team: {type: integer}\n  tier:")
    text = text.replace("[gold, silver]", "[gold, bronze]")
    text = text.replace("  unsubscribe: {}", "  unsubscribe: {}\n  webinar: {}")
    written("new.yaml", text.replace("company.employees >= 900", "size_of_team >= 900"))
    written(
        "leads.csv",
        "id,company_employees,size_of_team,tier\n1,800,5,silver\n2,10,1000,bronze\n3,800,,pewter\n",
    )
    code, out, err = leadrules(*ARGS)
    assert code == 1
    assert "2 accepted, 1 rejected" in err
    assert "1: letter B -> C, score 25 -> 10" in out
    assert "2: letter C -> B, score 0 -> 25" in out


def test_a_name_of_two_types_cannot_be_compared(leadrules: Command) -> None:
    written(
        "new.yaml",
        NEW.replace("path: {type: string}", "path: {type: number}").replace(
            'activity.path == "/pricing"', "activity.path == 1"
        ),
    )
    assert leadrules(*ARGS) == Run(
        2,
        "",
        "error: activity 'page_view': property 'path' is a text in the old policy and a number in "
        "the new; expected one type\n",
    )


def test_a_policy_that_is_wrong(leadrules: Command) -> None:
    written("new.yaml", NEW.replace("version: 3", "version: 0"))
    code, out, err = leadrules(*ARGS)
    assert (code, out) == (2, "")
    assert "new.yaml:2:29: policy.version: '0' is not possible" in err


def test_help_gives_examples(leadrules: Command) -> None:
    code, out, err = leadrules("compare", "--help")
    assert (code, err) == (0, "")
    assert "   leadrules compare policy.yaml new.yaml --leads leads.csv\n" in out


def test_a_band_of_either_policy_is_read(leadrules: Command) -> None:
    written("new.yaml", NEW.replace("name: hot", "name: hottest"))
    written("events.csv", OVERRIDES)
    code, _, err = leadrules(*ARGS, "--events", "events.csv")
    assert code == 1
    assert "3 rows read: 2 accepted, 1 rejected" in err


def test_text_in_the_one_policy_and_choices_in_the_other_are_text(leadrules: Command) -> None:
    written("new.yaml", NEW.replace("tier: {choices: [gold, silver]}", "tier: {type: string}"))
    written("leads.csv", "id,company_employees,tier\n1,800,pewter\n")
    code, out, err = leadrules(*ARGS)
    assert code == 0
    assert "1 accepted, 0 rejected" in err
    assert out.endswith("1: letter B -> C, score 25 -> 10; large 25 -> 0, medium 0 -> 10\n")


def test_control_characters_of_leads_are_spelt_out(leadrules: Command) -> None:
    written("leads.csv", "id,company_employees,seniority\n1\x1b[31m,800,director\n")
    code, out, _ = leadrules(*ARGS)
    assert code == 0
    assert "\n1\\u001b[31m: band warm -> cold" in out


def test_a_threshold_that_moved_is_told(leadrules: Command) -> None:
    written("new.yaml", ACME.replace("enter: 30, leave: 25}", "enter: 45, leave: 25}"))
    code, out, _ = leadrules(*ARGS)
    assert code == 0
    assert "\n1: band warm -> cold; 40 points; warm was from 30, is from 45\n" in out
