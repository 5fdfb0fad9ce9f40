"""A week that repeats: open time as arithmetic, whatever the span.

Times here are local: microseconds since 1970-01-01T00:00 on the wall clock, without daylight
saving. `open_hours` adds the clocks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from leadrules.values import MICROSECONDS_A_DAY

__all__ = ["DAYS_A_WEEK", "Intervals", "Week", "weekday"]

DAYS_A_WEEK = 7
_WEEK = DAYS_A_WEEK * MICROSECONDS_A_DAY
_TO_MONDAY = 3 * MICROSECONDS_A_DAY
"""1970-01-01 was a Thursday: the Monday before it was three days earlier."""

Intervals = tuple[tuple[int, int], ...]
"""Half-open and in order, in microseconds from midnight; an end may lie in the next day."""


def weekday(day: int) -> int:
    """Return the day of the week of a day since 1970-01-01; 0 is a Monday."""
    return (day + 3) % DAYS_A_WEEK


class Week:
    """Open time and open dates in a week that repeats.

    Args:
        days: The intervals that start on each day from Monday; at least one in all.
    """

    __slots__ = ("_dates", "_edges", "_openings", "_sums", "days", "opens", "total")

    def __init__(self, days: Sequence[Intervals]) -> None:
        self.days = tuple(days)
        spans = sorted(
            (day * MICROSECONDS_A_DAY + start, day * MICROSECONDS_A_DAY + end)
            for day, intervals in enumerate(days)
            for start, end in intervals
        )
        cut = [(start, min(end, _WEEK)) for start, end in spans]
        cut += [(0, end - _WEEK) for _, end in spans if end > _WEEK]
        joined = united(sorted(cut))
        self._edges = [edge for span in joined for edge in span]
        self._openings = [start for start, _ in joined]
        self._sums = [0, *accumulate(end - start for start, end in joined)]
        self.total = self._sums[-1]
        self._dates = [0, *accumulate(int(bool(intervals)) for intervals in days)]
        self.opens = tuple(number for number, found in enumerate(days) if found)

    def open_until(self, local: int) -> int:
        """Return the open time up to a local time; negative before the first Monday."""
        weeks, phase = divmod(local + _TO_MONDAY, _WEEK)
        index = bisect_right(self._edges, phase)
        span, inside = divmod(index, 2)
        found = weeks * self.total + self._sums[span]
        return found + phase - self._openings[span] if inside else found

    def is_open(self, local: int) -> bool:
        """Return whether a local time is in the hours."""
        return bool(bisect_right(self._edges, (local + _TO_MONDAY) % _WEEK) % 2)

    def reached(self, open_time: int) -> int:
        """Return the earliest local time up to which it was open for so long."""
        weeks, rest = divmod(open_time - 1, self.total)
        span = bisect_left(self._sums, rest + 1) - 1
        phase = self._openings[span] + rest + 1 - self._sums[span]
        return weeks * _WEEK + phase - _TO_MONDAY

    def spans(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the open intervals between two local times, in order."""
        first, last = (begin + _TO_MONDAY) // _WEEK, (end + _TO_MONDAY) // _WEEK
        for week in range(first, last + 1):
            monday = week * _WEEK - _TO_MONDAY
            for start, stop in zip(self._edges[::2], self._edges[1::2], strict=True):
                opening, closing = max(monday + start, begin), min(monday + stop, end)
                if opening < closing:
                    yield opening, closing

    def opens_on(self, day: int) -> bool:
        """Return whether a day of the week has hours."""
        return bool(self.days[weekday(day)])

    def dates_until(self, day: int) -> int:
        """Return how many dates with hours there are up to and with a day."""
        weeks, number = divmod(day + 3, DAYS_A_WEEK)
        return weeks * self._dates[-1] + self._dates[number + 1]

    def date(self, count: int) -> int:
        """Return the day that is the so many-th date with hours, as `dates_until` counts."""
        weeks, rest = divmod(count - 1, self._dates[-1])
        return weeks * DAYS_A_WEEK + self.opens[rest] - 3


def united(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return intervals, given in order, with those that touch or overlap as one."""
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif start < end:
            found.append((start, end))
    return found
