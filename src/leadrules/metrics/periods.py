"""Periods: half-open stretches of time in a named zone, and the months and weeks that they have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, InstanceOf, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from leadrules.errors import EvaluationError, as_written, one_of
from leadrules.sections import parse_day
from leadrules.values import Instant, datetime_of, instant_of
from leadrules.vocabulary import start_of_day
from leadrules.zones import known_zone

__all__ = ["EVERY", "Days", "DaysText", "Every", "Period", "period_of"]

Every = Literal["day", "week", "month", "quarter", "half_year", "year"]
"""A unit of the calendar; weeks begin on Mondays."""
EVERY: tuple[Every, ...] = ("day", "week", "month", "quarter", "half_year", "year")

_DAY = timedelta(days=1)
_MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_YEARS = range(1970, 2100)
"""The years in which the offsets of zones are known."""
_FORMS = (
    "'2026', '2026-H1', '2026-Q3', '2026-07', '2026-W31', '2026-07-31' "
    "or '2026-07-01 to 2026-08-15'"
)

_CALENDAR = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?:H(?P<half>[12])|Q(?P<quarter>[1-4])|(?P<month>[0-9]{2})"
    r"|W(?P<week>[0-9]{2})))?"
)


@dataclass(frozen=True, slots=True)
class Days:
    """Days of a calendar, the last included; of which zone, whoever reads them says.

    Attributes:
        first: The first day.
        last: The last day.

    Examples:
        >>> str(Days.parse("2026-Q1"))
        '2026-01-01 to 2026-03-31'
    """

    first: date
    last: date

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the days of a text such as `2026-Q1`, `2026-07` or `2026-07-01 to 2026-08-15`.

        Raises:
            ValueError: If it names no days, or none between 1970 and 2099.
        """
        parts = re.split(r" +to +", text.strip())
        found = _CALENDAR.fullmatch(parts[0]) if len(parts) == 1 else None
        if found:
            first, end = _calendar(found)
            last = end - _DAY
        else:
            days = [parse_day(part) for part in parts]
            first, last = days[0], days[-1]
            if len(days) > 2 or first > last:  # noqa: PLR2004 - the first and the last
                raise ValueError(text)
        if first.year not in _YEARS or last.year not in _YEARS:
            raise ValueError(text)
        return cls(first, last)

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


def _calendar(found: re.Match[str]) -> tuple[date, date]:
    """Return the first day, and the first after the last."""
    year = int(found["year"])
    if found["week"]:
        first = date.fromisocalendar(year, int(found["week"]), 1)
        return first, first + timedelta(days=7)
    if found["month"]:
        month, count = int(found["month"]), 1
    elif found["quarter"]:
        month, count = 3 * int(found["quarter"]) - 2, 3
    elif found["half"]:
        month, count = 6 * int(found["half"]) - 5, 6
    else:
        month, count = 1, 12
    first = date(year, month, 1)
    return first, _later(first, count)


def _later(day: date, months: int) -> date:
    """Return the first day of a month that is so many months later."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _read(value: Any) -> Days:
    if isinstance(value, Days):
        return value
    try:
        return Days.parse(str(value) if isinstance(value, int | date) else value)
    except (ValueError, AttributeError, TypeError):
        message = f"'{as_written(value)}' is no period; expected {_FORMS}"
        raise PydanticCustomError("bad_date", "{message}", {"message": message}) from None


DaysText = Annotated[
    InstanceOf[Days],
    BeforeValidator(_read),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "examples": ["2026-Q1", "2026-07-01 to 2026-08-15"]}),
]
"""Days as a document writes them."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time, from its start up to its end, which is no longer in it.

    Attributes:
        start: The first moment in it; with a time zone.
        end: The first moment after it; with a time zone.
        zone: The IANA zone whose days and months it has.

    Raises:
        EvaluationError: If a moment has no zone, the end is not after the start, or there is no
            such zone.

    Examples:
        >>> march = Period.of("2026-03", zone="Europe/Berlin")
        >>> march.end - march.start  # an hour is skipped
        datetime.timedelta(days=30, seconds=82800)
        >>> print(march)
        2026-03-01 to 2026-03-31 in Europe/Berlin
    """

    start: datetime
    end: datetime
    zone: str = "UTC"

    def __post_init__(self) -> None:
        _demand_zone(self.zone)
        for name in ("start", "end"):
            moment = getattr(self, name)
            if not isinstance(moment, datetime) or moment.utcoffset() is None:
                message = (
                    f"{name}: '{as_written(moment)}' is no moment; "
                    "expected a datetime with a time zone"
                )
                raise EvaluationError(message, field=name)
        if self.first >= self.after:
            message = f"end: {self.end.isoformat()} is not after the start"
            raise EvaluationError(message, field="end")

    @classmethod
    def of(cls, days: str | Days, *, zone: str = "UTC") -> Self:
        """Return the days of a zone as a period.

        Args:
            days: Such as `2026`, `2026-H1`, `2026-Q3`, `2026-07`, `2026-W31`, `2026-07-31`, or
                `2026-07-01 to 2026-08-15`, of which the last day is in it.
            zone: The IANA zone of the days.

        Raises:
            EvaluationError: If the text names no days, or there is no such zone.
        """
        if not isinstance(days, Days):
            try:
                days = Days.parse(days)
            except (ValueError, AttributeError, TypeError):
                message = f"period: '{as_written(days)}' is no period; expected {_FORMS}"
                raise EvaluationError(message, field="period") from None
        _demand_zone(zone)
        first, end = start_of_day(days.first, zone), start_of_day(days.last + _DAY, zone)
        return cls(datetime_of(first), datetime_of(end), zone)

    @property
    def first(self) -> Instant:
        """The first instant in it."""
        return instant_of(self.start)

    @property
    def after(self) -> Instant:
        """The first instant after it."""
        return instant_of(self.end)

    @property
    def label(self) -> str:
        """Its name without the zone: `2026-03`, `2026-Q1`, or its days."""
        first, end = (moment.astimezone(ZoneInfo(self.zone)) for moment in (self.start, self.end))
        if not _is_midnight(first) or not _is_midnight(end):
            return f"{_minute(first)} to {_minute(end)}"
        for name in ("month", "quarter", "half_year", "year", "week"):
            if _floor(first.date(), name) == first.date() and end.date() == _next(
                first.date(), name
            ):
                return _LABELS[name](first.date())
        return str(Days(first.date(), end.date() - _DAY))

    def __str__(self) -> str:
        first, end = (moment.astimezone(ZoneInfo(self.zone)) for moment in (self.start, self.end))
        if _is_midnight(first) and _is_midnight(end):
            told = str(Days(first.date(), end.date() - _DAY))
        else:
            told = f"{_minute(first)} to {_minute(end)}"
        return told if self.zone == "UTC" else f"{told} in {self.zone}"

    def split(self, every: Every) -> tuple[Period, ...]:
        """Return its days, weeks, months, quarters, half-years or years, in order.

        The first and the last are cut to the period.

        Raises:
            EvaluationError: If there is no such unit.
        """
        if every not in EVERY:
            message = f"every: '{as_written(every)}' is not possible; expected {one_of(EVERY)}"
            raise EvaluationError(message, field="every")
        return tuple(self._parts(every))

    def _parts(self, every: Every) -> Iterator[Period]:
        zone = ZoneInfo(self.zone)
        day = _floor(self.start.astimezone(zone).date(), every)
        start = self.first
        while start < self.after:
            day = _next(day, every)
            end = min(start_of_day(day, self.zone), self.after)
            if start < end:  # a day that a zone skipped has no length
                yield Period(datetime_of(start), datetime_of(end), self.zone)
            start = end


def _is_midnight(moment: datetime) -> bool:
    """Return whether a day begins then, by its zone; that may be later than 00:00."""
    day = start_of_day(moment.date(), str(moment.tzinfo))
    return instant_of(moment) == day


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _floor(day: date, every: str) -> date:
    """Return the first day of the unit that a day is in."""
    if every == "day":
        return day
    if every == "week":
        return day - timedelta(days=day.weekday())
    return date(day.year, (day.month - 1) // _MONTHS[every] * _MONTHS[every] + 1, 1)


def _next(day: date, every: str) -> date:
    """Return the first day of the next unit, of the first of one."""
    if every in _MONTHS:
        return _later(day, _MONTHS[every])
    return day + (timedelta(days=7) if every == "week" else _DAY)


_LABELS: dict[str, Callable[[date], str]] = {
    "week": lambda day: f"{day:%G-W%V}",
    "month": lambda day: f"{day:%Y-%m}",
    "quarter": lambda day: f"{day.year}-Q{day.month // 3 + 1}",
    "half_year": lambda day: f"{day.year}-H{day.month // 6 + 1}",
    "year": lambda day: f"{day.year}",
}


def _demand_zone(zone: str) -> None:
    try:
        known_zone(zone)
    except PydanticCustomError as error:
        message = f"zone: {error.message()}"
        raise EvaluationError(message, field="zone") from None
    except (TypeError, AttributeError):
        message = f"zone: '{as_written(zone)}' is no time zone; expected an IANA name"
        raise EvaluationError(message, field="zone") from None


def period_of(period: Period | str, zone: str, name: str = "period") -> Period:
    """Return what a caller gave as a period; texts are days of the zone.

    Raises:
        EvaluationError: If it is none. The message calls it by its name.
    """
    if isinstance(period, Period):
        return period
    try:
        return Period.of(period, zone=zone)
    except EvaluationError as error:
        message = str(error).replace("period:", f"{name}:", 1)
        raise EvaluationError(message, field=name) from None
