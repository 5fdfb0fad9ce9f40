# ruff: noqa: E501 - a message stands on one line

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from math import copysign, isfinite
from re import escape
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from leadrules.values import (
    LARGEST_INTEGER,
    Cash,
    Instant,
    Money,
    Span,
    Type,
    datetime_of,
    duration_text,
    instant_of,
    instant_text,
    moment_of,
    parse_duration,
    settle,
)

BERLIN = ZoneInfo("Europe/Berlin")


class Word(str, Enum):  # noqa: UP042 - older code has such
    YES = "yes"


@pytest.mark.parametrize(
    ("value", "settled"),
    [
        (None, None),
        (True, True),
        ("", ""),
        ("\U0001f600", "\U0001f600"),
        (Word.YES, "yes"),
        (5, 5),
        (LARGEST_INTEGER, LARGEST_INTEGER),
        (LARGEST_INTEGER + 1, None),
        (-LARGEST_INTEGER - 1, None),
        (1.5, 1.5),
        (float("nan"), None),
        (float("-inf"), None),
        (Decimal("1.5"), 1.5),
        (Decimal("NaN"), None),
        (Decimal("Infinity"), None),
        (date(2026, 3, 29), date(2026, 3, 29)),
        (datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), Instant(-1)),
        (datetime(2026, 3, 29, 3, tzinfo=BERLIN), instant_of(datetime(2026, 3, 29, 1, tzinfo=UTC))),
        (pendulum.datetime(1970, 1, 1, 1, tz="Europe/Berlin"), Instant(0)),
        (pd.Timestamp(1_999, unit="ns", tz="UTC"), Instant(1)),
        (timedelta(days=-1, microseconds=1), Span(-86_399_999_999)),
        (Money.parse("12.50 EUR"), Cash(1_250, "EUR")),
        (["a", "b"], ("a", "b")),
        ((), ()),
    ],
)
def test_a_value_is_settled(value: Any, settled: Any) -> None:
    found = settle(value)
    assert found == settled
    assert type(found) is type(settled)


def test_minus_zero_is_zero() -> None:
    found = settle(-0.0)
    assert isinstance(found, float)
    assert copysign(1, found) == 1


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object, "'<class 'object'>' is of no type that a field can have"),
        (b"a", "'b'a'' is of no type that a field can have"),
        ([1], "'[1]' is of no type that a field can have"),
        (datetime(2026, 1, 5), "'2026-01-05T00:00:00' has no time zone; expected an aware datetime"),  # noqa: DTZ001 - that is the point
        ("a\ud800", r"'a\ud800' is not valid Unicode; it has half of a surrogate pair"),
        (["a\ud800"], r"'a\ud800' is not valid Unicode; it has half of a surrogate pair"),
    ],
)  # fmt: skip
def test_what_no_field_can_have_is_refused(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{escape(message)}$"):
        settle(value)


@given(st.one_of(st.floats(), st.integers(), st.decimals(), st.booleans(), st.text(), st.dates()))
def test_what_is_settled_stays_settled(value: Any) -> None:
    """Law: settle(settle(x)) == settle(x), and numbers are finite and exact as float64."""
    try:
        found = settle(value)
    except ValueError:  # half of a surrogate pair, or a Decimal that is none
        return
    if found is None:
        return
    assert settle(found) == found
    if isinstance(found, int | float):
        assert isfinite(found)
        assert float(found) == found


@given(
    st.datetimes(timezones=st.timezones())
    | st.datetimes(timezones=st.just(timezone(timedelta(hours=5, minutes=30))))
)
def test_instants_are_exact(moment: datetime) -> None:
    """Law: an instant is the moment in UTC, to the microsecond."""
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:  # before the year 1 or after 9999
        return
    instant = instant_of(moment)
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant) == utc
    assert datetime.fromisoformat(instant_text(instant)) == utc


# --- durations


@given(st.integers(0, 10_000 * 86_400_000_000))
def test_a_duration_reads_back(span: int) -> None:
    """Law: parse_duration(duration_text(x)) == x, up to ten thousand days."""
    assert parse_duration(duration_text(span)) == span


@pytest.mark.parametrize(
    ("text", "shortest"),
    [
        ("48 hours", "2 days"),
        ("1 week", "1 week"),
        ("0.5 days", "12 hours"),
        ("0 seconds", "0 seconds"),
        (" 90 minutes ", "90 minutes"),
        ("0.000001 seconds", "0.000001 seconds"),
    ],
)
def test_a_duration_has_one_shortest_text(text: str, shortest: str) -> None:
    assert duration_text(parse_duration(text)) == shortest


@pytest.mark.parametrize("text", ["", "5", "days", "-1 days", "1  day", "1 year", "1e3 days"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    message = (
        f"'{text}' is not a duration; expected a number and a unit from seconds to weeks: '30 days'"
    )
    with pytest.raises(ValueError, match=f"^{escape(message)}$"):
        parse_duration(text)


# --- money


@given(st.integers(-(10**14), 10**14), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_money_reads_back(minor: int, currency: str) -> None:
    """Law: money survives its text, its minor units and pickle."""
    money = Money.of_minor(Cash(minor, currency))
    assert money.minor == minor
    assert Money.parse(str(money)) == money
    assert pickle.loads(pickle.dumps(money)) == money


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5", "'5' is not money; expected an amount and a currency: '50000 EUR'"),
        ("5 eur", "'5 eur' is not money; expected an amount and a currency: '50000 EUR'"),
        ("1,000 EUR", "'1,000 EUR' is not money; expected an amount and a currency: '50000 EUR'"),
        ("0.5 JPY", "'0.5 JPY' has more than the 0 decimals of JPY"),
        ("0.005 EUR", "'0.005 EUR' has more than the 2 decimals of EUR"),
    ],
)
def test_what_is_no_money_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{escape(message)}$"):
        Money.parse(text)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E+15"])
def test_an_amount_is_finite_and_bounded(amount: str) -> None:
    with pytest.raises(ValueError, match="is not an amount of at most 15 digits before the point"):
        Money(Decimal(amount), "EUR")


@pytest.mark.parametrize("currency", ["eur", "EURO", ""])
def test_a_currency_is_a_code(currency: str) -> None:
    with pytest.raises(ValueError, match=f"^'{currency}' is no currency; expected an ISO 4217"):
        Money(Decimal(1), currency)


def test_every_type_has_a_noun() -> None:
    assert {kind.noun for kind in Type} == {
        "a text", "an integer", "a number", "a boolean", "a date", "a datetime", "a duration",
        "an amount of money", "one of the choices", "a list of texts",
    }  # fmt: skip


@pytest.mark.parametrize("currency", ["CLF", "UYW"])
def test_units_of_account_have_four_decimals(currency: str) -> None:
    assert Money.parse(f"1.2345 {currency}").minor == 12_345
    assert Money.parse(f"{10**14 - 1} {currency}").minor < 2**63
    with pytest.raises(ValueError, match="at most 14 digits before the point"):
        Money.parse(f"{10**14} {currency}")


def test_only_ascii_digits_are_digits() -> None:
    for read in (Money.parse, parse_duration):
        with pytest.raises(ValueError, match="expected"):
            read("\u0665 days" if read is parse_duration else "\u0665 EUR")


@pytest.mark.parametrize("text", ["300.000 NOK", "5.00 JPY", "5.0000 KWD"])
def test_zeros_beyond_the_decimals_of_a_currency_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}' has more than the . decimals of"):
        Money.parse(text)


BEYOND = "is before the year 1 or after 9999 in UTC; expected a moment between"


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=2))),
    ],
)
def test_a_moment_is_one_that_utc_has(moment: datetime) -> None:
    with pytest.raises(ValueError, match=f"^'{escape(moment.isoformat())}' {BEYOND}$"):
        instant_of(moment)
    with pytest.raises(EvaluationError, match=f"^at: '{escape(moment.isoformat())}' {BEYOND}$"):
        moment_of(moment)


@pytest.mark.parametrize(
    ("edge", "further"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), -1),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), 1),
    ],
)
def test_a_deadline_that_no_datetime_can_hold_is_told_as_the_last_one_that_can(
    edge: datetime, further: int
) -> None:
    instant = instant_of(edge)
    assert datetime_of(instant) == edge
    assert datetime_of(instant + further) == edge
    assert instant_text(instant + further) == edge.isoformat()
