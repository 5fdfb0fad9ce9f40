"""Business days: the dates with hours, counted."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from leadrules.calendars.wall_clock import first_instant, instants_of, latest_shown
from leadrules.calendars.weeks import Intervals, Week, weekday
from leadrules.values import MICROSECONDS_A_DAY
from leadrules.zones import Zone

__all__ = ["BusinessDays"]


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """The dates with hours: those of repeating weeks, and the dates that differ from them.

    Attributes:
        zone: The zone of the dates.
        week: The week that repeats.
        exceptions: What dates have instead of its hours, by days since 1970-01-01.
        days: The dates that have hours though their weekday has none, or the reverse.
        counts: How many dates with hours there are up to and with each of them.
        more: How many of them are more than those of the week alone.
    """

    zone: Zone
    week: Week
    exceptions: Mapping[int, Intervals]
    days: tuple[int, ...]
    counts: tuple[int, ...]
    more: tuple[int, ...]

    @classmethod
    def of(cls, zone: Zone, week: Week, exceptions: Mapping[int, Intervals]) -> BusinessDays:
        """Return the business days of a calendar; a date that a zone skipped is none."""
        changed = {day: bool(hours) for day, hours in exceptions.items()}
        for at in zone.changes:
            first, last = zone.day(at - 1), zone.day(at)
            for day in range(first, last + 1):
                hours = exceptions.get(day, week.days[weekday(day)])
                changed[day] = bool(instants_of(zone, day, hours))
        days = [day for day in sorted(changed) if changed[day] != week.opens_on(day)]
        more = [*accumulate(1 if changed[day] else -1 for day in days)]
        counts = (week.dates_until(day) + of for day, of in zip(days, more, strict=True))
        return cls(zone, week, exceptions, tuple(days), tuple(counts), (*more, 0))

    def until(self, day: int) -> int:
        """Return how many there are up to and with a day, from some day long ago."""
        return self.week.dates_until(day) + self.more[bisect_right(self.days, day) - 1]

    def date(self, count: int) -> int:
        """Return the day up to and with which there are so many, the earliest."""
        index = bisect_left(self.counts, count)
        day = self.week.date(count - self.more[index - 1])
        return min(day, self.days[index]) if index < len(self.days) else day

    def later(self, start: int, days: int) -> int:
        """Return the instant so many business days after another: see `OpenHours.add_days`."""
        day, clock = divmod(latest_shown(self.zone, start), MICROSECONDS_A_DAY)
        count = self.until(day)
        target = self.date(count + days)
        hours = self._hours(target)
        # Where they overlap with those of the day before, its hours begin when those end.
        begins = max((end for _, end in self._hours(target - 1)), default=hours[0][0])
        found = max(hours[-1][1], begins)
        if count > self.until(day - 1):
            at = max(first_instant(self.zone, target * MICROSECONDS_A_DAY + clock), begins)
            found = next((max(at, opening) for opening, end in hours if at < end), found)
        return found

    def _hours(self, day: int) -> list[tuple[int, int]]:
        hours = self.exceptions.get(day, self.week.days[weekday(day)])
        return instants_of(self.zone, day, hours)
