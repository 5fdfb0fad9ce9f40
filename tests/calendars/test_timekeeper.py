"""The timekeeper: business time in datetimes."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.calendars import Calendar, Delay, Timekeeper
from leadrules.errors import EvaluationError, PolicyError
from tests.calendars.offices import Office

OFFICE = Calendar(hours={"mon-fri": ("09:00-17:00",)})
BERLIN = Timekeeper(OFFICE, zone="Europe/Berlin")
SATURDAY = datetime(2026, 6, 6, 15, tzinfo=ZoneInfo("Europe/Berlin"))
ZONES = ("UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")


@given(st.randoms(use_true_random=True), st.sampled_from(ZONES))
def test_an_instant_is_the_same_in_every_zone(random: Random, name: str) -> None:
    """Law: the zone in which a moment is given changes no answer."""
    office = Office.random(random)
    keeper, zone = Timekeeper(office.calendar), ZoneInfo(name)
    start, end = office.minute(random), office.minute(random)
    assert keeper.is_open(start.astimezone(zone)) == keeper.is_open(start)
    assert keeper.next_opening(start.astimezone(zone)) == keeper.next_opening(start)
    there = keeper.elapsed(start.astimezone(zone), end=end.astimezone(zone))
    assert there == keeper.elapsed(start, end=end)
    for delay in ("3 business hours", "2 business days", "5 hours"):
        assert keeper.add(start.astimezone(zone), delay) == keeper.add(start, delay)


@pytest.mark.parametrize(
    ("delay", "end"),
    [
        ("1 business hour", "2026-06-08T10:00:00+02:00"),
        ("1 business day", "2026-06-08T17:00:00+02:00"),
        ("1 day", "2026-06-07T15:00:00+02:00"),
        (timedelta(hours=9), "2026-06-09T10:00:00+02:00"),
        (Delay("business", 60_000_000), "2026-06-08T09:01:00+02:00"),
        (timedelta(), "2026-06-06T15:00:00+02:00"),
    ],
)
def test_a_delay_is_added(delay: str | timedelta | Delay, end: str) -> None:
    for start in (SATURDAY, SATURDAY.astimezone(UTC)):  # the zone of the office, whatever is given
        assert BERLIN.add(start, delay).isoformat() == end


def test_it_answers_in_datetimes() -> None:
    monday = datetime(2026, 6, 8, 9, tzinfo=ZoneInfo("Europe/Berlin"))
    assert not BERLIN.is_open(SATURDAY)
    assert BERLIN.is_open(monday)
    assert BERLIN.next_opening(SATURDAY).isoformat() == "2026-06-08T09:00:00+02:00"
    assert BERLIN.elapsed(SATURDAY, end=monday + timedelta(hours=2)) == timedelta(hours=2)
    assert BERLIN.elapsed(monday + timedelta(hours=2), end=SATURDAY) == timedelta(hours=-2)


def test_it_pickles_as_its_document() -> None:
    again = pickle.loads(pickle.dumps(BERLIN))
    assert (again.calendar, again.zone) == (OFFICE, "Europe/Berlin")
    assert again.add(SATURDAY, "1 business hour") == BERLIN.add(SATURDAY, "1 business hour")
    assert repr(again) == repr(BERLIN)


def test_a_bad_calendar_is_refused() -> None:
    calendar = Calendar(hours={"mon": ("9-17",), "tue": ("x",)})
    with pytest.raises(PolicyError) as caught:
        Timekeeper(calendar)
    assert str(caught.value) == (
        "2 problems in the policy\n"
        "  hours.mon[0]: '9-17' is no interval of a day; expected '09:00-17:30'; "
        "a time has hours and minutes [bad-interval]\n"
        "  hours.tue[0]: 'x' is no interval of a day; expected '09:00-17:30' [bad-interval]"
    )


def test_an_empty_calendar_is_refused() -> None:
    with pytest.raises(PolicyError) as caught:
        Timekeeper(Calendar(hours={}))
    assert str(caught.value) == (
        "1 problem in the policy\n"
        "  hours: it never opens; expected hours on some day: {mon-fri: ['09:00-17:00']} [empty]"
    )


def test_a_zone_must_be_known() -> None:
    with pytest.raises(PolicyError) as caught:
        Timekeeper(OFFICE, zone="Berlin")
    assert str(caught.value) == (
        "1 problem in the policy\n"
        "  zone: no time zone 'Berlin'; did you mean 'Europe/Berlin'? [unknown-zone]"
    )


def test_a_moment_needs_a_zone() -> None:
    message = "^at: '2026-06-06T15:00:00' has no time zone; expected an aware datetime$"
    with pytest.raises(EvaluationError, match=message):
        BERLIN.is_open(SATURDAY.replace(tzinfo=None))


LAST = datetime(9999, 12, 31, 12, tzinfo=UTC)
WAITS = "'30 minutes', '4 business hours' or '2 business days'"


@pytest.mark.parametrize(
    ("delay", "message"),
    [
        (timedelta(hours=-1), "'-1 day, 23:00:00' is negative; expected 0 or more"),
        (None, "'null' is not a delay; expected '4 business hours' or '3 days'"),
        ("soon", f"'soon' is not a delay; expected a number and a unit: {WAITS}"),
        (
            "3 months",
            (
                f"'3 months' is not a delay; expected a number and a unit: {WAITS}; "
                "a month is not a duration, since months differ"
            ),
        ),
    ],
)
def test_what_is_no_delay_is_told(delay: Any, message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        BERLIN.add(SATURDAY, delay)
    assert str(caught.value) == f"delay: {message}"
    assert caught.value.field == "delay"


@pytest.mark.parametrize(
    "ask",
    [
        lambda: BERLIN.add(LAST, "3 business days"),
        lambda: BERLIN.add(LAST, "1 day"),
        lambda: BERLIN.add(LAST, "11.5 hours"),  # then it is the year 10000 in Berlin
        lambda: BERLIN.add(SATURDAY, "999999999 business days"),
        lambda: BERLIN.next_opening(LAST + timedelta(hours=9)),
    ],
)
def test_time_ends_with_the_year_9999(ask: Callable[[], datetime]) -> None:
    with pytest.raises(EvaluationError) as caught:
        ask()
    assert str(caught.value) == (
        "at: what follows lies beyond the year 9999; expected an earlier moment"
    )


def test_a_timekeeper_needs_a_calendar() -> None:
    make: Any = Timekeeper
    with pytest.raises(EvaluationError) as caught:
        make({"mon-fri": ["09:00-17:00"]})
    assert str(caught.value) == (
        "calendar: '{...}' is no calendar; make one with Calendar(hours=...)"
    )
