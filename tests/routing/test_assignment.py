"""What a router answers, as text, as data, and as a fact."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from leadrules.routing.assignment import CODES, PASSED, Assignment, Passed, Unassigned

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
LATE = Passed("pool", "dach", "closed")
FULL = Assignment(
    lead_id="17",
    time=AT,
    rule="rest",
    owner="anna",
    pool="team",
    strategy="weighted_rotation",
    clock="speed",
    packages=("prices", "letter"),
    reason="declined",
    passed=(LATE,),
    policy="h",
)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"owner": "anna"}, "lead 17 -> owner 'anna'"),
        ({"owner": "anna", "rule": "all"}, "lead 17 -> owner 'anna' by rule 'all'"),
        (
            {"owner": "anna", "pool": "team", "rule": "all", "reason": "missed"},
            "lead 17 -> owner 'anna' from pool 'team' by rule 'all', again: missed",
        ),
        ({"queue": "triage"}, "lead 17 -> queue 'triage'"),
        ({"partner": "north", "rule": "n"}, "lead 17 -> partner 'north' by rule 'n'"),
        ({}, "lead 17 -> nobody"),
        ({"owner": "a\nb", "rule": "\u202ex"}, "lead 17 -> owner 'a\\nb' by rule '\\u202ex'"),
        (
            {"queue": "q", "passed": (LATE, Passed("owner", "ben", "absent"))},
            (
                "lead 17 -> queue 'q'\n"
                "  not pool 'dach': nobody who fits is at work\n"
                "  not owner 'ben': absent"
            ),
        ),
    ],
)
def test_an_assignment_says_who(said: dict[str, Any], text: str) -> None:
    assert str(Assignment(lead_id="17", time=AT, **said)) == text


def test_an_assignment_is_true_and_a_lead_without_one_is_false() -> None:
    assert Assignment(lead_id="17", time=AT, queue="q")
    assert not Unassigned(lead_id="17", time=AT, code="no-rule")


WORDS = {
    "no-rule": "no rule is true",
    "several-rules": "several rules are true, and only one may be",
    "unknown-name": "what is named there is not known",
    "pool-limit": "the pool has reached a limit",
    "inactive": "nobody is active",
    "tried": "everybody had it before",
    "no-match": "nobody fits",
    "absent": "everybody who fits is absent",
    "closed": "nobody who fits is at work",
    "at-limit": "everybody who fits and is at work has reached a limit",
}


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_its_words(code: Any) -> None:
    found = Unassigned(lead_id="17", time=AT, code=code)
    assert found.message == WORDS[code]
    assert str(found) == f"lead 17 is not assigned: {WORDS[code]} [{code}]"
    assert str(Passed("pool", "p", code)) == f"pool 'p': {WORDS[code]}"


def test_the_codes_of_members_are_the_last() -> None:
    assert list(WORDS) == list(CODES)
    assert PASSED == ("inactive", "tried", "no-match", "absent", "closed", "at-limit")


def test_why_a_lead_is_nobodys() -> None:
    found = Unassigned(
        lead_id="1\n7",
        time=AT,
        code="several-rules",
        rule="x",
        rules=("a", "b\nc"),
        passed=(LATE,),
    )
    assert str(found) == (
        "lead 1\\n7 is not assigned by rule 'x': several rules are true, and only one may be: "
        "a, b\\nc [several-rules]\n"
        "  not pool 'dach': nobody who fits is at work"
    )


def test_answers_are_data() -> None:
    assert FULL.to_dict() == {
        "lead_id": "17",
        "time": "2026-01-05T09:00:00+00:00",
        "rule": "rest",
        "owner": "anna",
        "pool": "team",
        "strategy": "weighted_rotation",
        "clock": "speed",
        "packages": ["prices", "letter"],
        "reason": "declined",
        "passed": [{"kind": "pool", "name": "dach", "code": "closed"}],
        "policy": "h",
    }
    none = Unassigned(lead_id="17", time=AT, code="several-rules", rules=("a", "b"))
    assert none.to_dict() == {
        "lead_id": "17",
        "time": "2026-01-05T09:00:00+00:00",
        "code": "several-rules",
        "rules": ["a", "b"],
    }
    for answer in (FULL, none):
        json.dumps(answer.to_dict())
        assert pickle.loads(pickle.dumps(answer)) == answer


def test_an_assignment_is_a_fact_if_it_has_an_owner() -> None:
    fact = FULL.fact()
    assert fact is not None
    assert (fact.lead_id, fact.time, fact.kind) == ("17", AT, "assigned")
    assert dict(fact.properties) == {
        "owner": "anna",
        "pool": "team",
        "rule": "rest",
        "reason": "declined",
    }
    named = FULL.fact(id="mine")
    assert named is not None
    assert named.id == "mine"
    assert Assignment(lead_id="17", time=AT, queue="q").fact() is None


def test_the_fact_is_called_the_same_in_every_zone() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=5)))
    ids = {
        fact.id
        for time in (AT, elsewhere)
        if (fact := Assignment(lead_id="17", time=time, owner="anna").fact()) is not None
    }
    assert ids == {"assigned-2026-01-05T09:00:00+00:00-anna"}


def test_what_routing_adds_to_the_lead() -> None:
    assert FULL.results == {"owner": "anna", "pool": "team", "route_rule": "rest"}
    assert Assignment(lead_id="17", time=AT, queue="q").results == {"queue": "q"}
    assert Assignment(lead_id="17", time=AT, partner="north").results == {}
