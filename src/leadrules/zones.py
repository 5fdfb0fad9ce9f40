"""Local days of a time zone, from a table of its changes: the same for one lead and for frames."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from leadrules.errors import as_written, did_you_mean
from leadrules.values import MICROSECONDS_A_DAY, Instant, instant_of

__all__ = ["Zone", "ZoneName", "known_zone", "month_of", "week_of"]

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(2100, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_STEP = timedelta(days=6)
"""No zone changes its clocks twice in so short a time; Gaza will after 167 hours, in 2040."""
_OF_THE_MACHINE = ("Factory", "localtime", "posix", "right")
"""What a machine's folder of zones holds besides those of the IANA."""


def _is_zone(name: str) -> bool:
    """Return whether there is a zone of that name; to list all of them takes long."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return False
    return not name.startswith(_OF_THE_MACHINE)


def known_zone(zone: str) -> str:
    """Return the name of a zone.

    Raises:
        PydanticCustomError: If there is none of that name.
    """
    if not _is_zone(zone):
        known = [x for x in available_timezones() if not x.startswith(_OF_THE_MACHINE)]
        hint = did_you_mean(zone, known)
        message = f"no time zone '{as_written(zone)}'{hint}"
        raise PydanticCustomError("unknown_zone", "{message}", {"message": message})
    return zone


ZoneName = Annotated[str, AfterValidator(known_zone)]
"""The IANA name of a time zone, such as `Europe/Berlin`."""


@dataclass(frozen=True, slots=True)
class Zone:
    """The offsets of a time zone from 1970 to 2100; before and after, the nearest of them.

    Attributes:
        name: The IANA name.
        changes: The instants at which the offset changes, in order.
        offsets: The offsets in microseconds: before the first change, and from each on.

    Examples:
        >>> from datetime import date
        >>> berlin = Zone.named("Europe/Berlin")
        >>> late = instant_of(datetime(2026, 6, 30, 22, 30, tzinfo=UTC))
        >>> date.fromordinal(date(1970, 1, 1).toordinal() + berlin.day(late))
        datetime.date(2026, 7, 1)
    """

    name: str
    changes: tuple[Instant, ...]
    offsets: tuple[int, ...]

    @classmethod
    def named(cls, name: str) -> Zone:
        """Return the zone of an IANA name."""
        found = list(_changes(ZoneInfo(name)))
        first = _microseconds(_offset(_FIRST, ZoneInfo(name)))
        return cls(name, tuple(at for at, _ in found), (first, *(offset for _, offset in found)))

    def offset(self, instant: int) -> int:
        """Return how far local time is ahead of UTC at an instant, in microseconds."""
        return self.offsets[bisect_right(self.changes, instant)]

    def day(self, instant: int) -> int:
        """Return the local date of an instant, in days since 1970-01-01."""
        offset = self.offsets[bisect_right(self.changes, instant)]
        return (instant + offset) // MICROSECONDS_A_DAY

    def day_until(self, instant: int) -> tuple[int, int]:
        """Return the local date of an instant, and until when that surely does not change."""
        index = bisect_right(self.changes, instant)
        offset = self.offsets[index]
        day = (instant + offset) // MICROSECONDS_A_DAY
        until = (day + 1) * MICROSECONDS_A_DAY - offset
        return day, min(until, self.changes[index]) if index < len(self.changes) else until


def week_of(day: int) -> int:
    """Return a number that the days from a Monday to a Sunday share."""
    return (day + 3) // 7


def month_of(day: int) -> int:
    """Return a number that the days of a calendar month share: months since year 0.

    It takes any day, since the local date of an instant may lie before year 1, or after 9999.

    Source:
        Howard Hinnant, chrono-Compatible Low-Level Date Algorithms, `civil_from_days`.
    """
    era, of_era = divmod(day + _SINCE_MARCH_OF_0, 146_097)
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    since_march = (5 * of_year + 2) // 153
    return (era * 400 + year) * 12 + since_march + 2


_SINCE_MARCH_OF_0 = 719_468
"""The days from 0000-03-01 to 1970-01-01."""


def _changes(zone: ZoneInfo) -> Iterator[tuple[Instant, int]]:
    start, before = _FIRST, _offset(_FIRST, zone)
    while start < _LAST:
        end = start + _STEP
        after = _offset(end, zone)
        if after != before:
            yield _change(start, end, zone), _microseconds(after)
        start, before = end, after


def _change(start: datetime, end: datetime, zone: ZoneInfo) -> Instant:
    """Return the first instant, to the second, of the offset that holds at the end."""
    after = _offset(end, zone)
    while end - start > _SECOND:
        middle = start + (end - start) // _SECOND // 2 * _SECOND
        if _offset(middle, zone) == after:
            end = middle
        else:
            start = middle
    return instant_of(end)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
