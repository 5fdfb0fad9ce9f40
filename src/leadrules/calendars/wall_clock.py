"""From what a wall clock shows to instants, where clocks are changed, too."""

from __future__ import annotations

from bisect import bisect_right

from leadrules.calendars.weeks import Intervals, united
from leadrules.values import MICROSECONDS_A_DAY
from leadrules.zones import Zone

__all__ = ["MOST_SHIFTED", "first_instant", "instants_of", "last_instant", "latest_shown"]

MOST_SHIFTED = 26 * 3_600_000_000
"""Local times run from UTC-12 to UTC+14, so no clock moves by more than this."""


def first_instant(zone: Zone, local: int) -> int:
    """Return the first instant at which the clock shows a time, or a later one.

    Of a time that comes twice it is the first; of one that is skipped, the end of the gap.

    Args:
        zone: The zone.
        local: The time on the wall, in microseconds since 1970-01-01T00:00 there.
    """
    index = bisect_right(zone.changes, local - MOST_SHIFTED)
    while True:
        at = local - zone.offsets[index]
        if index:
            at = max(at, zone.changes[index - 1])
        if index == len(zone.changes) or at < zone.changes[index]:
            return at
        index += 1


def last_instant(zone: Zone, local: int) -> int:
    """Return the instant from which on the clock shows a time or later ones only.

    Of a time that comes twice it is the second; of one that is skipped, the end of the gap.
    """
    index = bisect_right(zone.changes, local + MOST_SHIFTED)
    while True:
        at = local - zone.offsets[index]
        if not index or at > zone.changes[index - 1]:
            return min(at, zone.changes[index]) if index < len(zone.changes) else at
        index -= 1


def latest_shown(zone: Zone, at: int) -> int:
    """Return the latest time that the clock has shown up to an instant.

    It is what the clock shows, except in an hour that comes a second time: there it stays at
    the end of that hour.
    """
    index = bisect_right(zone.changes, at)
    local = at + zone.offsets[index]
    if not index:
        return local
    return max(local, zone.changes[index - 1] + zone.offsets[index - 1])


def instants_of(zone: Zone, day: int, intervals: Intervals) -> list[tuple[int, int]]:
    """Return the intervals of a date as instants; those that no time is left of are not there.

    Args:
        zone: The zone.
        day: The date, in days since 1970-01-01.
        intervals: Its intervals, from midnight.
    """
    midnight = day * MICROSECONDS_A_DAY
    return united(
        [
            (first_instant(zone, midnight + start), last_instant(zone, midnight + end))
            for start, end in intervals
        ]
    )
