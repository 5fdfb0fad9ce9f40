"""Delays: what can be written, what it means, and which is surely longer."""

from __future__ import annotations

import re
from random import Random
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from leadrules.calendars import Delay, Wait
from tests.calendars.offices import Office, instant

HOUR = 3_600_000_000
DAY = 24 * HOUR
UNITS: tuple[Literal["real", "business", "business_days"], ...] = (
    "real",
    "business",
    "business_days",
)


@st.composite
def delays(draw: st.DrawFn) -> Delay:
    unit = draw(st.sampled_from(UNITS))
    if unit == "business_days":
        return Delay(unit, draw(st.integers(0, 36_525)))
    size = draw(st.sampled_from([1, 1_000_000, 60_000_000, HOUR, DAY]))
    return Delay(unit, draw(st.integers(0, 400)) * size)


@given(delays())
def test_text_and_back(delay: Delay) -> None:
    """Law: a delay written as text reads as itself."""
    assert Delay.parse(str(delay)) == delay


@given(delays(), delays(), st.randoms(use_true_random=True))
def test_surely_longer_is_longer(one: Delay, other: Delay, random: Random) -> None:
    """Law: a delay that is surely longer than another ends later, from any start."""
    office = Office.random(random)
    start = instant(office.minute(random))
    if one.surely_longer(other):
        assert one.after(start, office.hours) > other.after(start, office.hours)


@pytest.mark.parametrize(
    ("text", "unit", "amount", "written"),
    [
        ("30 minutes", "real", HOUR // 2, "30 minutes"),
        ("3 days", "real", 72 * HOUR, "3 days"),
        ("PT4H", "real", 4 * HOUR, "4 hours"),
        ("4 business hours", "business", 4 * HOUR, "4 business hours"),
        ("1 business hour", "business", HOUR, "1 business hour"),
        ("48 business hours", "business", 48 * HOUR, "48 business hours"),
        ("1.5 business hours", "business", 90 * 60_000_000, "90 business minutes"),
        ("90 business minutes", "business", 90 * 60_000_000, "90 business minutes"),
        ("1 business second", "business", 1_000_000, "1 business second"),
        ("0.5 business seconds", "business", 500_000, "0.5 business seconds"),
        ("1 business day", "business_days", 1, "1 business day"),
        (" 2 business days ", "business_days", 2, "2 business days"),
    ],
)
def test_delays(text: str, unit: str, amount: int, written: str) -> None:
    found = Delay.parse(text)
    assert (found.unit, found.amount, str(found)) == (unit, amount, written)
    assert found.needs_hours == (unit != "real")


EXPECTED = "expected a number and a unit: '30 minutes', '4 business hours' or '2 business days'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "2 business weeks",
            (
                f"'2 business weeks' is not a delay; {EXPECTED}; "
                "a business week is no unit, since its days differ: say business days"
            ),
        ),
        (
            "1 business month",
            (
                f"'1 business month' is not a delay; {EXPECTED}; "
                "a business month is no unit, since its days differ: say business days"
            ),
        ),
        (
            "1.5 business days",
            (
                f"'1.5 business days' is not a delay; {EXPECTED}; "
                "business days are whole: say business hours"
            ),
        ),
        ("four business hours", f"'four business hours' is not a delay; {EXPECTED}"),
        ("business hours", f"'business hours' is not a delay; {EXPECTED}"),
        ("-1 business days", f"'-1 business days' is not a delay; {EXPECTED}"),
        (
            "3 months",
            (
                f"'3 months' is not a delay; {EXPECTED}; "
                "a month is not a duration, since months differ"
            ),
        ),
    ],
)
def test_what_is_no_delay(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Delay.parse(text)


@pytest.mark.parametrize(
    ("one", "other", "longer"),
    [
        ("2 hours", "1 hour", True),
        ("1 hour", "1 hour", False),
        ("2 business hours", "1 business hour", True),
        ("2 business days", "1 business day", True),
        ("2 business hours", "1 hour", True),
        ("1 business hour", "1 hour", False),  # where it is open, they are the same
        ("1 hour", "1 business minute", False),
        ("8 business hours", "1 business day", False),
        ("30 business days", "1 business minute", False),
        ("4 business days", "1 day", True),
        ("3 business days", "22 hours", True),
        ("3 business days", "23 hours", False),  # clocks may move by 26 hours
        ("1 business day", "1 minute", False),
        ("30 days", "1 business day", False),
    ],
)
def test_surely_longer(one: str, other: str, longer: bool) -> None:
    assert Delay.parse(one).surely_longer(Delay.parse(other)) is longer


def test_real_time_needs_no_hours() -> None:
    assert Delay.parse("2 days").after(5, None) == 2 * DAY + 5
    message = "^'2 business hours' is business time; expected the hours of a calendar$"
    with pytest.raises(ValueError, match=message):
        Delay.parse("2 business hours").after(0, None)


ADAPTER: TypeAdapter[Any] = TypeAdapter(Wait)


def test_a_document_writes_a_wait_as_text() -> None:
    found = ADAPTER.validate_python("4 business hours")
    assert found == Delay("business", 4 * HOUR)
    assert ADAPTER.validate_python(found) is found
    assert ADAPTER.dump_python(found, mode="json") == "4 business hours"
    assert ADAPTER.json_schema()["type"] == "string"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0 hours", "'0 hours' is out of range; expected more than 0, at most 36525 days"),
        (
            "36526 business days",
            (
                "'36526 business days' is out of range; "
                "expected more than 0, at most 36525 business days"
            ),
        ),
        (
            Delay("business", 0),
            "'0 business seconds' is out of range; expected more than 0, at most 36525 days",
        ),
        (4, "'4' is not a delay; expected '4 business hours' or '3 days'"),
        (
            "soon",
            f"'soon' is not a delay; {EXPECTED}",
        ),
    ],
)
def test_what_is_no_wait(value: object, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ADAPTER.validate_python(value)
    (error,) = caught.value.errors()
    assert (error["type"], error["msg"]) == ("bad_duration", message)
