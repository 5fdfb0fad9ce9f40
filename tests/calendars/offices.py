"""Random offices near changes of the clocks, and a count of their open minutes by brute force.

The count shares no code with the library: it goes through the minutes one by one, with plain
datetimes of zoneinfo.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from random import Random
from zoneinfo import ZoneInfo

from leadrules.calendars import Calendar, OpenHours

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

PLACES = (
    ("UTC", date(2024, 2, 28)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Europe/Berlin", date(2026, 12, 31)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("America/Havana", date(2026, 11, 1)),  # midnight comes twice
    ("America/Havana", date(2026, 3, 8)),  # midnight is skipped
    ("America/St_Johns", date(2010, 11, 7)),  # a minute of Sunday, then Saturday again
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Africa/Cairo", date(2026, 10, 30)),
    ("Asia/Kathmandu", date(1986, 1, 1)),  # a quarter of an hour for good
    ("Pacific/Apia", date(2011, 12, 30)),  # there was no such day
    ("Europe/London", date(1970, 1, 1)),
    ("Europe/Berlin", date(2099, 12, 31)),
)
"""Zones, and dates on which something happens in them."""

HOURS: Sequence[tuple[str, ...]] = (
    (),
    ("09:00-17:00",),
    ("09:00-12:30", "13:30-17:30"),
    ("22:00-06:00",),
    ("00:00-24:00",),
    ("00:00-02:30", "02:30-04:00", "23:15-24:00"),
    ("01:30-02:15", "23:00-00:30"),
    ("02:10-02:20",),
)


@dataclass(frozen=True)
class Office:
    """A calendar, its zone, and a date near which it is looked at."""

    week: tuple[tuple[str, ...], ...]
    dates: Mapping[date, tuple[str, ...]]
    zone: str
    near: date

    @classmethod
    def random(cls, random: Random) -> Office:
        zone, near = random.choice(PLACES)
        usual = random.choice(HOURS[1:])
        week = [usual] * 7
        for day in range(7):  # its hours must not overlap; those of dates may
            changed = [*week[:day], random.choice([usual, usual, *HOURS]), *week[day + 1 :]]
            if not any(Calendar(hours=dict(zip(WEEKDAYS, changed, strict=True))).check()):
                week = changed
        dates = {near + random.randint(-3, 4) * DAY: random.choice(HOURS) for _ in range(3)}
        known = {day: hours for day, hours in dates.items() if 1970 <= day.year < 2100}
        return cls(tuple(week), known, zone, near)

    @cached_property
    def calendar(self) -> Calendar:
        return Calendar(
            zone=self.zone, hours=dict(zip(WEEKDAYS, self.week, strict=True)), dates=self.dates
        )

    @cached_property
    def hours(self) -> OpenHours:
        return self.calendar.hours_in("UTC")

    @property
    def first(self) -> datetime:
        """The first minute that is looked at."""
        return datetime(self.near.year, self.near.month, self.near.day, tzinfo=UTC) - 3 * DAY

    def minute(self, random: Random) -> datetime:
        """Return one of the minutes that are looked at."""
        return self.first + random.randrange(6 * 1440) * MINUTE

    @cached_property
    def by_date(self) -> Mapping[date, Sequence[datetime]]:
        """The open minutes by the date whose hours they are, from a week before to one after."""
        minutes, shown = _minutes(self.zone, self.first)
        found: dict[date, list[datetime]] = {}
        day = shown[0].date() + 2 * DAY
        while day < shown[-1].date() - 2 * DAY:
            texts = self.dates.get(day, self.week[day.weekday()])
            found[day] = sorted({x for text in texts for x in _open(text, day, minutes, shown)})
            day += DAY
        return found

    @cached_property
    def minutes(self) -> frozenset[datetime]:
        """The open minutes."""
        return frozenset(minute for found in self.by_date.values() for minute in found)


@cache
def _minutes(zone: str, first: datetime) -> tuple[Sequence[datetime], Sequence[datetime]]:
    """Return minutes, and what the clock of a zone shows in each."""
    minutes = [first + count * MINUTE for count in range(-4 * 1440, 15 * 1440)]
    return minutes, [x.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for x in minutes]


def _open(
    text: str, day: date, minutes: Sequence[datetime], shown: Sequence[datetime]
) -> Sequence[datetime]:
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - what a clock shows
    start, end = (
        midnight + timedelta(hours=int(time[:2]), minutes=int(time[3:])) for time in text.split("-")
    )
    end += DAY if end <= start else timedelta()
    near = range(
        max(0, (midnight.replace(tzinfo=UTC) - minutes[0]) // MINUTE - 1_700),
        min(len(minutes), (midnight.replace(tzinfo=UTC) - minutes[0]) // MINUTE + 4_600),
    )
    first = next(index for index in near if shown[index] >= start)
    last = next(index for index in reversed(near) if shown[index] < end)
    return minutes[first : last + 1]


def instant(moment: datetime) -> int:
    """Return a moment in microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def utc(instant: int) -> datetime:
    """Return an instant as a datetime."""
    return EPOCH + timedelta(microseconds=instant)
