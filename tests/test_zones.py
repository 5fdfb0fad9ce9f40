"""Zones: their tables say what the standard library says, and days fall into periods."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.values import instant_of
from leadrules.zones import Zone, month_of, week_of

NAMES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",  # half an hour of daylight saving
    "Antarctica/Troll",  # two hours of it
    "Africa/Casablanca",  # it stops for Ramadan
    "Pacific/Apia",  # left out a day
    "America/Noronha",  # saved daylight for a week
    "Asia/Gaza",  # its next so short change is in 2040
    "Africa/Monrovia",  # 44 minutes and 30 seconds behind until 1972
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DAY = EPOCH.date().toordinal()
A_DAY = 86_400_000_000

zone = lru_cache(Zone.named)
days = st.integers(1 - FIRST_DAY, date.max.toordinal() - FIRST_DAY)


def moment_at(instant: int) -> datetime:
    return EPOCH + timedelta(microseconds=instant)


@given(
    st.sampled_from(NAMES),
    st.datetimes(datetime(1970, 1, 2), datetime(2037, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is beside them
)
def test_a_zone_is_that_of_the_standard_library(name: str, moment: datetime) -> None:
    """Law: the offset and the date of any instant are those of zoneinfo."""
    local = moment.astimezone(ZoneInfo(name))
    found = zone(name)
    assert timedelta(microseconds=found.offset(instant_of(moment))) == local.utcoffset()
    assert found.day(instant_of(moment)) + FIRST_DAY == local.date().toordinal()


@pytest.mark.parametrize("name", NAMES)
def test_a_zone_changes_to_the_microsecond(name: str) -> None:
    found = zone(name)
    assert list(found.changes) == sorted(found.changes)
    for change, before, after in zip(found.changes, found.offsets, found.offsets[1:], strict=False):
        assert before != after
        for instant, offset in ((change - 1, before), (change, after)):
            local = moment_at(instant).astimezone(ZoneInfo(name))
            assert local.utcoffset() == timedelta(microseconds=offset)
            assert found.day(instant) + FIRST_DAY == local.date().toordinal()


@pytest.mark.parametrize(
    ("name", "moment", "day"),
    [
        ("Europe/Berlin", "2026-03-28T22:59:59.999999Z", date(2026, 3, 28)),
        ("Europe/Berlin", "2026-03-28T23:00:00Z", date(2026, 3, 29)),  # a day of 23 hours
        ("Europe/Berlin", "2026-03-29T21:59:59.999999Z", date(2026, 3, 29)),
        ("Europe/Berlin", "2026-03-29T22:00:00Z", date(2026, 3, 30)),
        ("Europe/Berlin", "2025-10-26T22:59:59.999999Z", date(2025, 10, 26)),  # one of 25
        ("America/New_York", "2024-03-01T04:59:59.999999Z", date(2024, 2, 29)),
        ("America/New_York", "2024-03-01T05:00:00Z", date(2024, 3, 1)),
        ("Asia/Kolkata", "2023-02-28T18:29:59.999999Z", date(2023, 2, 28)),
        ("Asia/Kolkata", "2023-02-28T18:30:00Z", date(2023, 3, 1)),
        ("Australia/Lord_Howe", "2026-04-04T12:59:59.999999Z", date(2026, 4, 4)),
        ("Australia/Lord_Howe", "2026-04-04T13:00:00Z", date(2026, 4, 5)),  # one of 24.5
        ("Australia/Lord_Howe", "2026-04-05T13:29:59.999999Z", date(2026, 4, 5)),
        ("Australia/Lord_Howe", "2026-04-05T13:30:00Z", date(2026, 4, 6)),
        ("Pacific/Apia", "2011-12-30T09:59:59.999999Z", date(2011, 12, 29)),
        ("Pacific/Apia", "2011-12-30T10:00:00Z", date(2011, 12, 31)),  # there was no 30th
    ],
)
def test_days_begin_and_end_by_the_clocks_of_their_zone(name: str, moment: str, day: date) -> None:
    instant = instant_of(datetime.fromisoformat(moment))
    assert zone(name).day(instant) + FIRST_DAY == day.toordinal()


def test_before_1970_and_after_2100_the_nearest_offset_holds() -> None:
    berlin = zone("Europe/Berlin")
    hour = 3_600_000_000
    assert {berlin.offset(-(2**62)), berlin.offset(0), berlin.offset(2**62)} == {hour}


@given(days)
def test_a_week_is_from_monday_to_sunday(day: int) -> None:
    """Law: two days share a week if they share that of the ISO calendar, and follow each other."""
    here = date.fromordinal(day + FIRST_DAY)
    monday = day - here.weekday()
    assert week_of(day) == week_of(monday) == week_of(monday + 6)
    assert week_of(monday - 1) == week_of(day) - 1


@given(days)
def test_a_month_is_that_of_the_calendar(day: int) -> None:
    """Law: days have the number of their month since year 0."""
    here = date.fromordinal(day + FIRST_DAY)
    assert month_of(day) == here.year * 12 + here.month - 1


def test_months_beyond_the_calendar_are_counted_too() -> None:
    assert month_of(-FIRST_DAY) == 11  # the last day of year 0, where year 1 begins elsewhere
    assert month_of(date.max.toordinal() + 1 - FIRST_DAY) == 10_000 * 12
