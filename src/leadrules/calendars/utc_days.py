"""The open time of every day of UTC: a table that frames look instants up in."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from leadrules.calendars.stretches import Stretches
from leadrules.calendars.weeks import DAYS_A_WEEK
from leadrules.values import MICROSECONDS_A_DAY

__all__ = ["UtcDays"]

_DAYS_1970_TO_2099 = 47_482
_MARGIN = 2 * DAYS_A_WEEK


@dataclass(frozen=True, slots=True)
class UtcDays:
    """Days in order from the first, each with its open time.

    At the edges are weeks that repeat: what is earlier or later is found by whole weeks.

    Attributes:
        first: The number of the first day since 1970-01-01.
        a_week: The open time of a week that repeats.
        values: The open time up to the start of each day.
        openings: The n-th opening of each day, from its start; `MICROSECONDS_A_DAY` if none.
        lengths: How long it is open then.
    """

    first: int
    a_week: int
    values: array[int]
    openings: tuple[array[int], ...]
    lengths: tuple[array[int], ...]

    @classmethod
    def of(cls, stretches: Stretches, exceptions: Iterable[int]) -> UtcDays:
        """Return the table of a calendar.

        Args:
            stretches: Its open time.
            exceptions: The days that are different, since 1970-01-01.
        """
        days = [0, _DAYS_1970_TO_2099, *exceptions]
        first, last = min(days) - _MARGIN, max(days) + _MARGIN
        parts: list[list[tuple[int, int]]] = [[] for _ in range(last - first)]
        for start, end in stretches.spans(first * MICROSECONDS_A_DAY, last * MICROSECONDS_A_DAY):
            at = start
            while at < end:
                day = at // MICROSECONDS_A_DAY
                midnight = day * MICROSECONDS_A_DAY
                stop = min(end, midnight + MICROSECONDS_A_DAY)
                _add(parts[day - first], at - midnight, stop - midnight)
                at = stop
        value, values = stretches.open_until(first * MICROSECONDS_A_DAY), array("q")
        for found in parts:
            values.append(value)
            value += sum(end - start for start, end in found)
        most = max(map(len, parts))
        openings = [array("q", [MICROSECONDS_A_DAY]) * len(parts) for _ in range(most)]
        lengths = [array("q", [0]) * len(parts) for _ in range(most)]
        for index, found in enumerate(parts):
            for part, (start, end) in enumerate(found):
                openings[part][index], lengths[part][index] = start, end - start
        return cls(first, stretches.week.total, values, tuple(openings), tuple(lengths))


def _add(parts: list[tuple[int, int]], start: int, end: int) -> None:
    if parts and parts[-1][1] == start:
        start, _ = parts.pop()
    parts.append((start, end))
