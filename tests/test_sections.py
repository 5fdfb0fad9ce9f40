"""Parts of documents: numbers, days, and what counts of them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from leadrules.sections import Day, Number, ParamRef, Section, canonical, content_hash, millionths

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
