"""Limits as they are written, and which of them are never met."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.errors import Problem
from leadrules.routing.limits import Limit, never_met
from leadrules.values import MICROSECONDS_A_DAY
from leadrules.zones import month_of, week_of

HOUR = MICROSECONDS_A_DAY // 24


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("10 per day", Limit(10, "day"), "10 per day"),
        ("1 per week", Limit(1, "week"), "1 per week"),
        (
            " 3  per month in Asia/Kathmandu ",
            Limit(3, "month", None, "Asia/Kathmandu"),
            "3 per month in Asia/Kathmandu",
        ),
        ("5 in 24 hours", Limit(5, "rolling", 24 * HOUR), "5 in 1 day"),
        ("5 in 1.5 hours", Limit(5, "rolling", 3 * HOUR // 2), "5 in 90 minutes"),
        ("1 in 36525 days", Limit(1, "rolling", 36525 * MICROSECONDS_A_DAY), "1 in 36525 days"),
        ("0040 open", Limit(40, "open"), "40 open"),
        ("1000000 open", Limit(1_000_000, "open"), "1000000 open"),
    ],
)
def test_limits_are_read_and_written(text: str, limit: Limit, shown: str) -> None:
    assert Limit.parse(text) == limit
    assert str(limit) == shown
    assert Limit.parse(shown) == limit


UNLIKE = (
    "is not a limit; expected '10 per day', '10 per week in Europe/Berlin', '5 in 24 hours' or "
    "'40 open'"
)
PART = "is no whole number, and would let nobody have a lead; expected '1 in 2 days'"
NO_DURATION = "is not a duration; expected a number and a unit from seconds to weeks: '30 days'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *(
            (text, f"'{text}' {UNLIKE}")
            for text in (
                "", "10", "10 per", "10 per days", "10 per hour", "10 Per day", "ten per day",
                "-1 per day", "+1 per day", "1e3 open", "٣ per day", "open", "per day", "10open",
                "10 per day in", "10 per day in Europe / Berlin", "5 open in 2 days", "0x10 open",
            )
        ),
        ("0 per day", "'0 per day' is out of range; expected 1 to 1000000 leads"),
        ("000 open", "'000 open' is out of range; expected 1 to 1000000 leads"),
        ("1000001 open", "'1000001 open' is out of range; expected 1 to 1000000 leads"),
        (
            "0.5 per day",
            f"'0.5 per day' {PART}",
        ),
        (
            "0,9 open",
            f"'0,9 open' {PART}",
        ),
        (
            "5 in 0 days",
            "'5 in 0 days' is out of range; expected more than 0, at most 36525 days",
        ),
        (
            "5 in 36526 days",
            "'5 in 36526 days' is out of range; expected more than 0, at most 36525 days",
        ),
        ("5 in 24", f"'24' {NO_DURATION}"),
        ("5 in a week", f"'a week' {NO_DURATION}"),
        (
            "5 in 2 months",
            f"'2 months' {NO_DURATION}; a month is not a duration, since months differ",
        ),
        (
            "5 per day in Berlin",
            "no time zone 'Berlin'; did you mean 'Europe/Berlin'?",
        ),
        ("5 per day in ../../etc/passwd", "no time zone '../../etc/passwd'"),
        ("5 per day in Factory", "no time zone 'Factory'"),
    ],
)  # fmt: skip
def test_what_is_no_limit_is_told(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Limit.parse(text)


@given(st.text(max_size=30) | st.from_regex(r"[0-9]{1,7} (per|in|open)[ a-z0-9]{0,12}"))
def test_a_text_is_a_limit_or_refused(text: str) -> None:
    """Law: whatever is read is written as what is read again; nothing else is raised."""
    try:
        found = Limit.parse(text)
    except ValueError:
        return
    assert Limit.parse(str(found)) == found


# --- limits that are never met


SOME_HOURS = "'10 in 90 minutes' is never met, since '5 in 1 hour'"


def told(*limits: str) -> list[str]:
    return [x.message for x in never_met([Limit.parse(text) for text in limits], ())]


@pytest.mark.parametrize(
    ("limits", "messages"),
    [
        (["10 per day", "70 per week"], ["'70 per week' is never met, since '10 per day'"]),
        (["10 per day", "69 per week"], []),
        (["10 per day", "310 per month"], ["'310 per month' is never met, since '10 per day'"]),
        (["10 per day", "309 per month"], []),
        (["10 per week", "60 per month"], ["'60 per month' is never met, since '10 per week'"]),
        (["10 per week", "59 per month"], []),
        (["10 per week", "10 per day"], ["'10 per day' is never met, since '10 per week'"]),
        (["10 per week", "9 per day"], []),
        (["10 per month", "20 per week"], ["'20 per week' is never met, since '10 per month'"]),
        (["10 per month", "19 per week"], []),
        (["4 open", "5 open"], ["'5 open' is never met, since '4 open'"]),
        (["5 open", "5 open"], ["'5 open' is never met, since '5 open'"]),
        (["10 per day", "70 per week in Asia/Tokyo"], []),
        (["5 in 1 hour", "10 in 2 hours"], ["'10 in 2 hours' is never met, since '5 in 1 hour'"]),
        (["5 in 1 hour", "9 in 2 hours"], []),
        (["5 in 1 hour", "10 in 90 minutes"], [SOME_HOURS]),
        (["5 in 2 hours", "5 in 1 hour"], ["'5 in 1 hour' is never met, since '5 in 2 hours'"]),
        (["5 in 2 hours", "4 in 1 hour"], []),
        (["5 in 1 hour", "9 per day", "9 open"], []),
    ],
)  # fmt: skip
def test_a_limit_that_is_never_met_is_told(limits: list[str], messages: list[str]) -> None:
    assert told(*limits) == [f"{message} is met before" for message in messages]


def test_limits_of_others_are_met_before_too() -> None:
    own = [Limit.parse("10 per day")]
    others = {" of 'anna'": [Limit.parse("5 open"), Limit.parse("10 per day")]}
    assert list(never_met(own, ("pools", "p"), others)) == [
        Problem(
            "never-true",
            "'10 per day' is never met, since '10 per day' of 'anna' is met before",
            ("pools", "p", "limits", 0),
            severity="warning",
        )
    ]


NUMBER = {"day": lambda day: day, "week": week_of, "month": month_of}
DAYS = st.integers(min_value=0, max_value=80_000)
UNITS = st.sampled_from(["day", "week", "month"])


@given(DAYS, UNITS, UNITS, st.integers(1, 40), st.integers(1, 400))
def test_nobody_meets_a_covered_limit_of_a_period_alone(
    start: int, unit: str, other: str, most: int, larger: int
) -> None:
    """Law: taking all that one limit allows, and only that, never goes beyond one it covers."""
    limit, covered = Limit.parse(f"{most} per {unit}"), Limit.parse(f"{larger} per {other}")
    taken: dict[int, int] = {}
    counts: dict[int, int] = {}
    for day in range(start, start + 100):
        period = NUMBER[unit](day)
        free = most - taken.get(period, 0)  # all at once, as early as may be
        taken[period] = taken.get(period, 0) + free
        counts[NUMBER[other](day)] = counts.get(NUMBER[other](day), 0) + free
    if limit.covers(covered):
        assert max(counts.values()) <= larger
