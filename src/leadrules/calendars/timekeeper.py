"""The clock of an office: business time in datetimes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import PydanticCustomError

from leadrules.calendars.calendar import Calendar
from leadrules.calendars.delay import Delay
from leadrules.document import path_text
from leadrules.errors import EvaluationError, Issue, PolicyError, as_written
from leadrules.values import datetime_of, instant_of, moment_of
from leadrules.zones import known_zone

__all__ = ["Timekeeper"]

_MICROSECOND = timedelta(microseconds=1)


class Timekeeper:
    """Business time by a calendar; results are in the zone of its hours.

    Args:
        calendar: The hours of the office.
        zone: The IANA zone of a calendar that states none.

    Attributes:
        calendar: The calendar.
        zone: The zone of the hours.
        hours: The hours, in whole microseconds.

    Raises:
        PolicyError: If the calendar cannot be used.
        EvaluationError: If it is no calendar.

    Examples:
        >>> office = Timekeeper(Calendar(hours={"mon-fri": ("09:00-17:00",)}))
        >>> saturday = datetime.fromisoformat("2026-06-06T15:00Z")
        >>> office.add(saturday, "1 business hour").isoformat()
        '2026-06-08T10:00:00+00:00'
        >>> office.elapsed(saturday, end=datetime.fromisoformat("2026-06-09T09:00Z"))
        datetime.timedelta(seconds=28800)
    """

    def __init__(self, calendar: Calendar, *, zone: str = "UTC") -> None:
        if not isinstance(calendar, Calendar):
            message = (
                f"calendar: '{as_written(calendar)}' is no calendar; make one with "
                "Calendar(hours=...)"
            )
            raise EvaluationError(message, field="calendar")
        issues = [Issue(x.code, x.message, path_text(x.path)) for x in calendar.check()]
        try:
            known_zone(zone)
        except PydanticCustomError as error:
            issues.append(Issue("unknown-zone", error.message(), "zone"))
        if issues:
            raise PolicyError(issues)
        self.calendar = calendar
        self.hours = calendar.hours_in(zone)
        self.zone = self.hours.zone
        self._shown = ZoneInfo(self.zone)

    def __repr__(self) -> str:
        return f"Timekeeper({self.calendar!r}, zone={self.zone!r})"

    def __reduce__(self) -> tuple[object, ...]:
        return _made, (self.calendar, self.zone)

    def is_open(self, at: datetime) -> bool:
        """Return whether it is open at a moment."""
        return self.hours.is_open(moment_of(at))

    def next_opening(self, at: datetime) -> datetime:
        """Return the earliest moment, not before another, at which it is open."""
        return self._datetime(self.hours.next_opening(moment_of(at)))

    def elapsed(self, start: datetime, *, end: datetime) -> timedelta:
        """Return the open time from one moment to another; negative if the end is earlier."""
        return timedelta(microseconds=self.hours.elapsed(moment_of(start), moment_of(end)))

    def add(self, start: datetime, delay: str | timedelta | Delay) -> datetime:
        """Return the moment at which a delay is over.

        Args:
            start: Since when it runs.
            delay: Such as `"4 business hours"`, `"2 business days"` or `"3 days"`; a timedelta
                is open time.

        Raises:
            EvaluationError: If the delay cannot be read or is negative, or is over after the last
                moment that a datetime can hold.
        """
        begin = moment_of(start)
        try:
            return self._datetime(_delay(delay).after(begin, self.hours))
        except ValueError as error:
            raise EvaluationError(f"delay: {error}", field="delay") from None

    def elapsed_frame(self, frame: Any, *, start: str, end: str, into: str) -> Any:
        """Return a frame with the open time between two columns of instants, row by row."""
        from leadrules.calendars.frames import elapsed_frame  # noqa: PLC0415 - an extra

        return elapsed_frame(frame, hours=self.hours, start=start, end=end, into=into)

    def _datetime(self, instant: int) -> datetime:
        found = datetime_of(instant)
        try:
            shown = found.astimezone(self._shown)
        except OverflowError:
            shown = None
        if shown is None or instant_of(found) != instant:
            message = "at: what follows lies beyond the year 9999; expected an earlier moment"
            raise EvaluationError(message, field="at")
        return shown


def _delay(given: object) -> Delay:
    match given:
        case Delay():
            return given
        case str():
            return Delay.parse(given)
        case timedelta():
            if given < timedelta(0):
                message = f"'{given}' is negative; expected 0 or more"
                raise ValueError(message)
            return Delay("business", given // _MICROSECOND)
    message = f"'{as_written(given)}' is not a delay; expected '4 business hours' or '3 days'"
    raise ValueError(message)


def _made(calendar: Calendar, zone: str) -> Timekeeper:
    return Timekeeper(calendar, zone=zone)
