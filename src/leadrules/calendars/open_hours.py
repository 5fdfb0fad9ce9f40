"""Open hours: a calendar compiled, so that every question takes the same short time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from leadrules.calendars.business_days import BusinessDays
from leadrules.calendars.stretches import Stretches
from leadrules.calendars.utc_days import UtcDays
from leadrules.calendars.weeks import Intervals, Week
from leadrules.zones import Zone

__all__ = ["OpenHours"]


class OpenHours:
    """When an office is open, and how much open time there is.

    Instants are microseconds since 1970 in UTC, spans are microseconds. `F(t)`, the open time
    up to an instant, is that of a week that repeats, corrected by a table of the stretches
    where it does not hold: exceptional dates, and dates on which the clocks change.

    The table is made when it is first needed; two threads may make it twice, to no harm.

    Args:
        zone: The IANA name of the zone.
        days: The intervals of each day of the week, from Monday; at least one in all.
        exceptions: Gives what dates have instead, by days since 1970-01-01; called once.

    Examples:
        >>> from datetime import datetime
        >>> from leadrules.values import datetime_of, instant_of
        >>> hour = 3_600_000_000
        >>> office = OpenHours("UTC", [((9 * hour, 17 * hour),)] * 5 + [()] * 2)
        >>> saturday = instant_of(datetime.fromisoformat("2026-06-06T15:00Z"))
        >>> datetime_of(office.add(saturday, hour)).isoformat()
        '2026-06-08T10:00:00+00:00'
    """

    def __init__(
        self,
        zone: str,
        days: Sequence[Intervals],
        exceptions: Callable[[], Mapping[int, Intervals]] | None = None,
    ) -> None:
        self.zone = zone
        self._days = tuple(days)
        self._exceptions = exceptions

    def __repr__(self) -> str:
        return f"OpenHours(zone={self.zone!r})"

    def __reduce__(self) -> tuple[object, ...]:
        return _made, (self.zone, self._days, dict(self.exceptions))

    @cached_property
    def exceptions(self) -> Mapping[int, Intervals]:
        """What dates have instead of the hours of their weekday, by days since 1970-01-01."""
        return self._exceptions() if self._exceptions else {}

    def elapsed(self, start: int, end: int) -> int:
        """Return the open time from one instant to another; negative if the end is earlier."""
        stretches = self._stretches
        return stretches.open_until(end) - stretches.open_until(start)

    def add(self, start: int, span: int) -> int:
        """Return the earliest instant, not before the start, with so much open time between.

        Raises:
            ValueError: If the span is negative.
        """
        if span <= 0:
            if span:
                raise _negative(span)
            return start
        stretches = self._stretches
        return stretches.reached(stretches.open_until(start) + span)

    def add_days(self, start: int, days: int) -> int:
        """Return the same clock time so many business days later, moved into the hours.

        1. A business day is a date on which some interval starts.
        2. `D` is the n-th business day after the local date of the start. For n = 0, the
           result is the start.
        3. If the start lies on a business day, the result is its clock time on `D`, moved into
           the intervals that start there: before the first, or between two, it is the start
           of the next; after the last, the end of the last.
        4. If it lies on a date that is none, the result is the end of the last interval of `D`.
        5. In an hour that the clocks repeat, the clock time is that at which it ends.

        Raises:
            ValueError: If the number is negative.
        """
        if days <= 0:
            if days:
                raise _negative(days)
            return start
        return self._business_days.later(start, days)

    def next_opening(self, at: int) -> int:
        """Return the earliest instant, not before another, at which it is open."""
        stretches = self._stretches
        if stretches.is_open(at):
            return at
        return stretches.reached(stretches.open_until(at) + 1) - 1

    def is_open(self, at: int) -> bool:
        """Return whether it is open at an instant."""
        return self._stretches.is_open(at)

    def until(self, at: int) -> tuple[bool, int]:
        """Return whether it is open at an instant, and until when that surely does not change.

        It may not change then either; whoever asks again at that instant learns it.
        """
        return self._stretches.until(at)

    @cached_property
    def utc_days(self) -> UtcDays:
        """The open time of each day of UTC, for frames."""
        return UtcDays.of(self._stretches, self.exceptions)

    @cached_property
    def _stretches(self) -> Stretches:
        return Stretches.of(self._zone, self._week, self.exceptions)

    @cached_property
    def _business_days(self) -> BusinessDays:
        return BusinessDays.of(self._zone, self._week, self.exceptions)

    @cached_property
    def _zone(self) -> Zone:
        return Zone.named(self.zone)

    @cached_property
    def _week(self) -> Week:
        return Week(self._days)


def _made(zone: str, days: Sequence[Intervals], exceptions: Mapping[int, Intervals]) -> OpenHours:
    return OpenHours(zone, days, lambda: exceptions)


def _negative(amount: int) -> ValueError:
    return ValueError(f"'{amount}' is negative; expected 0 or more")
