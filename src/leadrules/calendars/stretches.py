"""The open time up to every instant: repeating weeks, and the stretches where they do not hold."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from leadrules.calendars.wall_clock import first_instant, instants_of
from leadrules.calendars.weeks import Intervals, Week, united, weekday
from leadrules.values import MICROSECONDS_A_DAY
from leadrules.zones import Zone

__all__ = ["LONG_AGO", "Stretches"]

LONG_AGO = -(10**30)
"""Before every instant."""
_LOOK_AHEAD = 8 * MICROSECONDS_A_DAY
"""How far ahead the next change is looked for."""


@dataclass(frozen=True, slots=True)
class Stretches:
    """Time cut into stretches: of repeating weeks, open throughout, or closed throughout.

    Attributes:
        week: The week that repeats.
        starts: Where each stretch starts, in order; the first is ever since.
        values: The open time up to there.
        offsets: Of repeating weeks, how far local time is ahead of UTC; of others None.
        bases: Of repeating weeks, what the open time of the week alone is corrected by; of
            others, 1 if it is open and 0 if not.
    """

    week: Week
    starts: tuple[int, ...]
    values: tuple[int, ...]
    offsets: tuple[int | None, ...]
    bases: tuple[int, ...]

    @classmethod
    def of(cls, zone: Zone, week: Week, exceptions: Mapping[int, Intervals]) -> Stretches:
        """Return the stretches of a calendar.

        Args:
            zone: Its zone.
            week: Its hours.
            exceptions: What dates have instead of them, by days since 1970-01-01.
        """
        offset, base = zone.offsets[0], 0
        found: list[tuple[int, int, int | None, int]] = [(LONG_AGO, LONG_AGO, offset, base)]
        for first, last in _runs(_irregular(zone, week, exceptions)):
            begin, end = (first_instant(zone, x * MICROSECONDS_A_DAY) for x in (first, last + 1))
            value = base + week.open_until(begin + offset)
            spans = [
                span
                for day in range(first - 1, last + 1)  # the hours of the day before may end here
                for span in instants_of(zone, day, exceptions.get(day, week.days[weekday(day)]))
            ]
            at = begin
            for start, stop in united(sorted(spans)):
                opening, closing = max(start, begin), min(stop, end)
                if opening < closing:
                    if at < opening:
                        found.append((at, value, None, 0))
                    found.append((opening, value, None, 1))
                    value += closing - opening
                    at = closing
            if at < end:
                found.append((at, value, None, 0))
            offset = zone.offset(end)
            base = value - week.open_until(end + offset)
            found.append((end, value, offset, base))
        starts, values, offsets, bases = zip(*found, strict=True)
        return cls(week, starts, values, offsets, bases)

    def open_until(self, at: int) -> int:
        """Return the open time up to an instant, from some instant long ago."""
        index = bisect_right(self.starts, at) - 1
        offset = self.offsets[index]
        if offset is not None:
            return self.bases[index] + self.week.open_until(at + offset)
        value = self.values[index]
        return value + at - self.starts[index] if self.bases[index] else value

    def is_open(self, at: int) -> bool:
        """Return whether it is open at an instant."""
        index = bisect_right(self.starts, at) - 1
        offset = self.offsets[index]
        return bool(self.bases[index]) if offset is None else self.week.is_open(at + offset)

    def reached(self, open_time: int) -> int:
        """Return the earliest instant up to which there is so much open time."""
        index = bisect_left(self.values, open_time) - 1
        offset = self.offsets[index]
        if offset is None:
            return self.starts[index] + open_time - self.values[index]
        return self.week.reached(open_time - self.bases[index]) - offset

    def until(self, at: int) -> tuple[bool, int]:
        """Return whether it is open at an instant, and until when that surely does not change."""
        index = bisect_right(self.starts, at) - 1
        offset = self.offsets[index]
        end = self.starts[index + 1] if index + 1 < len(self.starts) else at + _LOOK_AHEAD
        if offset is None:
            return bool(self.bases[index]), end
        end = min(end, at + _LOOK_AHEAD)
        for opening, closing in self.week.spans(at + offset, end + offset):
            is_open = opening <= at + offset
            return is_open, (closing if is_open else opening) - offset
        return False, end

    def spans(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the open intervals between two instants, in order; they may touch."""
        ends = (*self.starts[1:], end)
        for start, stop, offset, base in zip(
            self.starts, ends, self.offsets, self.bases, strict=True
        ):
            first, last = max(start, begin), min(stop, end)
            if first >= last:
                continue
            if offset is not None:
                for opening, closing in self.week.spans(first + offset, last + offset):
                    yield opening - offset, closing - offset
            elif base:
                yield first, last


def _irregular(zone: Zone, week: Week, exceptions: Mapping[int, Intervals]) -> set[int]:
    """Return the days on which the week may not hold: exceptions and changes of the clocks."""
    days = set(exceptions)
    for at, offsets in zip(zone.changes, pairwise(zone.offsets), strict=True):
        first, last = sorted((at + offset) // MICROSECONDS_A_DAY for offset in offsets)
        days |= {*range(first, last + 1)}
    for day, intervals in exceptions.items():
        hours = (*intervals, *week.days[weekday(day)])
        if any(end > MICROSECONDS_A_DAY for _, end in hours):
            days.add(day + 1)
    return days


def _runs(days: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of every run of days."""
    for first, end in united([(day, day + 1) for day in sorted(days)]):
        yield first, end - 1
