from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given

from leadrules.conditions.findings import HIDDEN, Finding, as_data, find
from leadrules.conditions.reference import evaluate
from leadrules.conditions.text import parse
from leadrules.conditions.tree import Condition
from leadrules.values import Cash, Instant, Span
from tests.strategies import VOCABULARY, Row, conditions, leads, moments

HOUR = 3_600_000_000


def found(text: str, hidden: frozenset[str] = frozenset(), **record: Any) -> Finding:
    return find(parse(text), record, at=0, parameters={}, hidden=hidden)


def test_only_what_decided_is_told() -> None:
    told = found('country == "DE" or title == "CEO"', country="DE", title="CTO").to_dict()
    assert told == {
        "condition": 'country == "DE" or title == "CEO"',
        "verdict": True,
        "values": {"country": "DE"},
        "missing": [],
        "obstacle": None,
    }


def test_what_is_missing_is_told() -> None:
    told = found('country == "DE" and title == "CEO"', title="CEO")
    assert (told.verdict, told.missing, told.obstacle) == (None, ("country",), "missing")


def test_hidden_values_are_not_told() -> None:
    told = found('email == "a@b.example"', frozenset({"email"}), email="c@d.example")
    assert [value for _, value in told.values] == [HIDDEN]


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (Instant(0), "1970-01-01T00:00:00+00:00"),
        (Span(HOUR), "1 hour"),
        (Cash(150_50, "EUR"), "150.5 EUR"),
        (date(2026, 1, 5), "2026-01-05"),
        (("a", "b"), ["a", "b"]),
        (1.5, 1.5),
        (True, True),
        (None, None),
    ],
)
def test_values_as_data(value: Any, data: Any) -> None:
    assert as_data(value) == data
    assert json.loads(json.dumps(as_data(value))) == data


@given(conditions(), leads(), moments)
def test_what_is_found_is_what_the_reference_says(tree: Condition, values: Row, at: int) -> None:
    """Law: a finding has the verdict of the reference; if unknown, why; and JSON can hold it."""
    record, parameters = VOCABULARY.record(VOCABULARY.lead(values)), VOCABULARY.parameters_at(at)
    told = find(tree, record, at=at, parameters=parameters, hidden=frozenset())
    assert told.verdict is evaluate(tree, record, at=at, parameters=parameters)
    assert (told.obstacle is not None) is (told.verdict is None)
    assert json.loads(json.dumps(told.to_dict())) == told.to_dict()
