"""Parts of documents: numbers, days, and what counts of them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from leadrules.sections import (
    Day,
    Duration,
    Number,
    ParamRef,
    Section,
    canonical,
    content_hash,
    millionths,
)
from leadrules.values import Span

DURATION: TypeAdapter[Any] = TypeAdapter(Duration)
NUMBER: TypeAdapter[Any] = TypeAdapter(Number)
DAY: TypeAdapter[Any] = TypeAdapter(Day)


@given(st.integers(-(10**12), 10**12))
def test_points_keep_every_millionth(count: int) -> None:
    """Law: a number of millionths is read, counted and written without loss."""
    number = NUMBER.validate_python(count / 1_000_000)
    assert millionths(number) == count
    assert NUMBER.validate_json(NUMBER.dump_json(number)) == number
    assert content_hash(canonical(number)) == content_hash(canonical(Decimal(count).scaleb(-6)))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "'nan' is not a finite number"),
        (float("-inf"), "'-inf' is not a finite number"),
        (10**400, f"'1{'0' * 56}...' is out of range; expected at most 1000000"),
        (-1_000_000.000001, "'-1000000.000001' is out of range; expected at least -1000000"),
        (1e-7, "'1e-07' has more than 6 decimals"),
        ("nan", "'nan' is not a number"),
        ("1.5", "'1.5' is not a number; write it without quotes"),
        (None, "'null' is not a number"),
    ],
)
def test_a_bad_number_says_why(value: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        NUMBER.validate_python(value)
    assert caught.value.errors()[0]["msg"] == message


def test_a_number_may_be_a_parameter() -> None:
    number = NUMBER.validate_python({"param": "bonus"})
    assert number == ParamRef(param="bonus")
    assert NUMBER.validate_python(number) is number
    assert NUMBER.dump_python(number, mode="json") == {"param": "bonus"}


def test_a_day_may_be_a_date_already() -> None:
    assert DAY.validate_python(datetime(2026, 1, 5, 9)) == date(2026, 1, 5)  # noqa: DTZ001 - its day
    assert DAY.validate_python("2026-01-05") == date(2026, 1, 5)


@pytest.mark.parametrize("text", ["2026-W01-1", "20260105", "2026-1-5", "2026-01-05 ", "", 5])
def test_a_day_is_written_in_one_way(text: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        DAY.validate_python(text)
    assert caught.value.errors()[0]["msg"] == f"'{text}' is not a date; expected '2026-01-31'"


@given(st.integers(1, 10**15 - 1) | st.integers(1, 36_525 * 1_440).map(lambda x: x * 60_000_000))
def test_a_duration_is_written_as_it_is_read(microseconds: int) -> None:
    """Law: a duration of up to a hundred years is read, and written, to the microsecond."""
    found = DURATION.validate_python(Span(microseconds))
    assert found == microseconds
    assert DURATION.dump_python(found) == DURATION.dump_python(found, mode="json")
    assert DURATION.validate_python(DURATION.dump_python(found)) == found


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0 days", "'0 days' is out of range; expected more than 0, at most 36525 days"),
        ("36526 days", "'36526 days' is out of range; expected more than 0, at most 36525 days"),
        ("-1 days", ("'-1 days' is not a duration; expected a number and a unit from seconds to "
         "weeks: '30 days'")),
        (5, "'5' is not a duration; expected '30 days'"),
        (None, "'null' is not a duration; expected '30 days'"),
        (Span(0), "'0 seconds' is out of range; expected more than 0, at most 36525 days"),
        (Span(-1), "'-0.000001 seconds' is out of range; expected more than 0, at most 36525 days"),
    ],
)  # fmt: skip
def test_a_bad_duration_says_why(value: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        DURATION.validate_python(value)
    assert caught.value.errors()[0]["msg"] == message


def test_a_section_shows_what_it_states() -> None:
    class Limits(Section):
        least: int | None = None
        most: int | None = None

    assert repr(Limits(most=5)) == "Limits(most=5)"


def test_what_counts_is_plain() -> None:
    counted = canonical({"a": (Decimal("1.50"), date(2026, 1, 5)), 5: [Decimal("-0.0"), True]})
    assert counted == {"a": ["1.5", "2026-01-05"], "5": ["0", True]}


def test_the_hash_does_not_depend_on_the_order_of_keys() -> None:
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    assert content_hash([1, 2]) != content_hash([2, 1])
    assert len(content_hash({})) == 64
