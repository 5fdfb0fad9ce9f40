from __future__ import annotations

import pytest

from leadrules import load_policy
from leadrules.testing import load_cases
from leadrules.testing.cases import failed
from tests.testing.samples import ACME_POLICY, CASES

OTHER = (
    CASES.replace("value: 50,", "value: 52,")
    .replace("band: warm\n      letter: A", "band: hot\n      letter: B")
    .replace("excludes: [medium]", "excludes: [large]")
    .replace("includes: [large, pricing]", "includes: [large, gone]")
    .replace("authority: unknown", "authority: not_met")
    .replace("fired: [decides, large]", "fired: [decides, medium]")
    .replace("uncertain: [fresh]", "uncertain: []")
    .replace("ready: true", "ready: false")
)


def test_cases_that_are_as_expected_pass() -> None:
    results = load_cases(CASES, policy=ACME_POLICY).run()
    assert [result.passed for result in results] == [True, True]
    assert failed(results) == []
    assert list(results[0].lines()) == []


def test_a_case_that_fails_tells_what_was_expected_and_where() -> None:
    first, second = load_cases(OTHER, policy=ACME_POLICY).run()
    assert list(first.lines("acme.cases.yaml")) == [
        "acme.cases.yaml:11:14: score: expected 52 within 0.5, got 50",
        "acme.cases.yaml:13:13: band: expected 'hot', got 'warm'",
        "acme.cases.yaml:14:15: letter: expected 'B', got 'A'",
        "acme.cases.yaml:17:25: fired.includes: expected 'gone', got 'large', 'decides', 'pricing'",
        (
            "acme.cases.yaml:17:50: fired.excludes: expected no 'large', got 'large', 'decides', "
            "'pricing'"
        ),
        (
            "the policy says: score 50 (fit 40, engagement 9.7716, qualification 0); band warm; "
            "grade A3; not ready; fired: large, decides, pricing"
        ),
    ]
    assert list(second.lines()) == [
        "28:14: ready: expected false, got true",
        "29:52: answers.authority: expected 'not_met', got 'unknown'",
        (
            "30:14: fired: expected exactly 'decides', 'medium', got 'large', 'decides' "
            "(without 'medium', besides 'large')"
        ),
        "31:18: uncertain: expected exactly nothing, got 'fresh' (besides 'fresh')",
        (
            "the policy says: score 55 (fit 40, engagement 0, qualification 15); band warm by hold "
            "for want of email; grade A3; ready; fired: large, decides"
        ),
    ]
    assert second.mismatches[0].path == "cases[1].expect.ready"
    assert second.mismatches[1].told == "answers.authority: expected 'not_met', got 'unknown'"


@pytest.mark.parametrize(("within", "passed"), [(0, False), (1, True), (0.999999, False)])
def test_a_tolerance_is_kept_to_exactly(within: float, passed: bool) -> None:
    text = CASES.replace("tolerance: 1", f"tolerance: {within}")
    results = load_cases(text, policy=ACME_POLICY).run()
    assert results[1].passed is passed


def test_nothing_may_be_expected() -> None:
    text = CASES.replace("      letter: A\n", "      letter: null\n")
    result = load_cases(text, policy=ACME_POLICY).run()[0]
    assert [found.told for found in result.mismatches] == ["letter: expected nothing, got 'A'"]


def test_data_has_no_places() -> None:
    data = {
        "leadrules_cases": 1,
        "at": "2026-03-02T09:00Z",
        "cases": [{"name": "one", "expect": {"score": 1}}],
    }
    [result] = load_cases(data, policy=ACME_POLICY).run()
    assert result.case.place is None
    assert [str(found) for found in result.mismatches] == ["score: expected 1, got 0"]


NONE = """\
leadrules_cases: 1
at: 2026-03-02T09:00Z
cases:
  - {name: none of all, expect: {fired: null, uncertain: null, answers: null}}
"""


def test_none_of_the_rules_characteristics_and_answers_may_be_expected() -> None:
    policy = load_policy(
        """
leadrules: 1
policy: {id: plain, version: 1, effective: 2026-01-01}
scoring: {fit: {characteristics: {mail: [{when: known(email), points: 5}]}}}
"""
    )
    [result] = load_cases(NONE, policy=policy).run()
    assert result.passed


def test_answers_that_are_all_unknown_are_none() -> None:
    text = NONE.replace("fired: null, uncertain: null, ", "")
    [result] = load_cases(text, policy=ACME_POLICY).run()
    assert result.passed


def test_what_there_is_instead_of_none_is_told() -> None:
    lead = "lead: {company.employees: 800, budget: 30000 EUR}, "
    [result] = load_cases(NONE.replace("expect:", f"{lead}expect:"), policy=ACME_POLICY).run()
    assert [str(found) for found in result.mismatches] == [
        "4:124: answers: expected nothing, got 'budget: met'",
        "4:92: fired: expected nothing, got 'large'",
        "4:109: uncertain: expected nothing, got 'role', 'fresh'",
    ]


def test_control_characters_are_spelt_out() -> None:
    policy = load_policy(
        """
leadrules: 1
policy: {id: plain, version: 1, effective: 2026-01-01}
scoring: {fit: {characteristics: {mail: [{id: "m\\e[2J", when: known(email), points: 5}]}}}
"""
    )
    text = NONE.replace("{fired: null, uncertain: null, answers: null}", "{score: 0}")
    [result] = load_cases(text.replace("expect:", "lead: {email: a}, expect:"), policy=policy).run()
    assert list(result.lines("x")) == [
        "x:4:59: score: expected 0, got 5",
        r"the policy says: score 5 (fit 5); fired: m\u001b[2J",
    ]
