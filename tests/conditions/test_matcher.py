# ruff: noqa: E501 - a message stands on one line

from __future__ import annotations

import pickle
from datetime import datetime
from typing import Any

import pytest
from hypothesis import assume, given

from leadrules.conditions import (
    Condition,
    Matcher,
    check,
    format_condition,
    from_data,
    parse,
    to_data,
)
from leadrules.errors import EvaluationError, PolicyError
from leadrules.lead import Company, Lead
from tests.strategies import AT, VOCABULARY, Row, conditions, leads

SENIOR = 'seniority in ["vp", "c-level"] and company.employees >= 50'


@given(conditions(), leads())
def test_text_data_and_tree_make_the_same_matcher(tree: Condition, values: Row) -> None:
    """Law: a matcher of a tree, of its text, of its data and of its pickle agree."""
    assume(not check(tree, VOCABULARY, warnings=False))  # it may mix currencies
    lead = VOCABULARY.lead(values)
    matcher = Matcher(tree, vocabulary=VOCABULARY)
    verdict = matcher.matches(lead, at=AT)
    assert matcher.observe(lead, at=AT).verdict is verdict
    for same in (format_condition(tree), to_data(tree)):
        assert Matcher(same, vocabulary=VOCABULARY).condition == tree
    again = pickle.loads(pickle.dumps(matcher))
    assert again.condition == tree
    assert again.matches(lead, at=AT) is verdict


def test_a_matcher_shows_its_condition() -> None:
    assert repr(Matcher(SENIOR)) == f"Matcher({SENIOR!r})"


def test_missing_is_unknown() -> None:
    matcher = Matcher(SENIOR)
    assert matcher.matches(Lead(id="1", seniority="vp"), at=AT) is None
    assert matcher.matches(Lead(id="2", seniority="clerk"), at=AT) is False
    big = Company(employees=120)
    assert matcher.matches(Lead(id="3", seniority="vp", company=big), at=AT) is True


@pytest.mark.parametrize(
    ("at", "message"),
    [
        (datetime(2026, 1, 5), "at: '2026-01-05T00:00:00' has no time zone; expected an aware datetime"),  # noqa: DTZ001 - that is the point
        ("2026-01-05", "at: '2026-01-05' is not a moment; expected an aware datetime"),
        (5, "at: '5' is not a moment; expected an aware datetime"),
    ],
)  # fmt: skip
def test_the_moment_is_an_aware_datetime(at: Any, message: str) -> None:
    matcher = Matcher(SENIOR)
    for ask in (matcher.matches, matcher.observe):
        with pytest.raises(EvaluationError) as raised:
            ask(Lead(id="1"), at=at)
        assert str(raised.value) == message


def test_a_declared_field_of_another_type_is_told_with_the_lead() -> None:
    matcher = Matcher("visits > 5", vocabulary=VOCABULARY)
    for ask in (matcher.matches, matcher.observe):
        with pytest.raises(EvaluationError) as raised:
            ask(Lead(id="17", fields={"visits": "many"}), at=AT)
        assert str(raised.value) == "visits: 'many' is not an integer"
        assert raised.value.lead_id == "17"


def test_what_is_no_condition_is_refused() -> None:
    with pytest.raises(PolicyError) as raised:
        Matcher(["vip"])  # type: ignore[arg-type]  # that is the point
    assert [issue.code for issue in raised.value.issues] == ["not-a-condition"]


def test_a_warning_does_not_stop_a_matcher() -> None:
    never = Matcher("consent and not consent")
    assert never.matches(Lead(id="1", consent=True), at=AT) is False


def test_trees_and_data_are_told_by_path() -> None:
    for condition in (parse("visits > 5"), from_data(to_data(parse("visits > 5")))):
        with pytest.raises(PolicyError) as raised:
            Matcher(condition)
        assert str(raised.value) == (
            "1 problem in condition\n  field: no field 'visits' [unknown-name]"
        )
