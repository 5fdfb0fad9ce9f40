"""Calendars: the hours of an office, its holidays and the dates that are different."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field

from leadrules.calendars.intervals import (
    WEEKDAYS,
    intervals_of,
    problems_of_intervals,
    weekdays_of,
)
from leadrules.calendars.open_hours import OpenHours
from leadrules.calendars.public_holidays import MISSING, YEARS, holidays_of, wrong_places
from leadrules.calendars.weeks import DAYS_A_WEEK, Intervals, weekday
from leadrules.errors import Problem
from leadrules.sections import Day, Prose, Section
from leadrules.values import MICROSECONDS_A_DAY
from leadrules.zones import ZoneName

__all__ = ["Calendar"]

_1970 = 719_163
"""The ordinal of 1970-01-01."""

Texts = tuple[Annotated[str, Field(strict=True)], ...]


def _places(value: Any) -> Any:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


class Calendar(Section):
    """When an office is open: the hours of a week, holidays, and dates that are different.

    Examples:
        >>> office = Calendar.model_validate({
        ...     "hours": {"mon-thu": ["09:00-12:30", "13:30-17:30"], "fri": ["09:00-15:00"]},
        ...     "dates": {"2026-12-24": ["09:00-12:00"], "2026-12-25": []}})
        >>> list(office.check(("calendars", "office")))
        []
        >>> office.hours_in("Europe/Berlin").is_open(0)
        False
    """

    zone: ZoneName | None = None
    """The IANA time zone of its hours; by default the policy's."""
    hours: Mapping[Annotated[str, Field(strict=True)], Texts]
    """The hours of each day, or range of days: `mon-fri: ["09:00-12:30", "13:30-17:00"]`."""
    holidays: Annotated[Texts, BeforeValidator(_places, json_schema_input_type=Texts | str)] = ()
    """Countries, or parts of them, whose public holidays are closed: `DE`, `DE-BY`, `US-NY`."""
    dates: Mapping[Day, Texts] = Field(default_factory=dict)
    """Hours of single dates, instead of holidays and weekdays; `[]` is closed."""
    description: Prose = None
    """Whose hours they are."""

    def check(self, path: tuple[str | int, ...] = ()) -> Iterator[Problem]:
        """Yield every problem of the calendar, each with its path.

        Args:
            path: The path of the calendar.
        """
        wrong = list(self._wrong_hours((*path, "hours")))
        yield from wrong
        if not wrong:
            yield from self._wrong_week((*path, "hours"))
        yield from self._wrong_holidays((*path, "holidays"))
        for day, texts in self.dates.items():
            place = (*path, "dates", day.isoformat())
            if day.year not in YEARS:
                message = f"'{day}' is not possible; expected a date from {YEARS[0]} to {YEARS[-1]}"
                yield Problem("out-of-range", message, place)
            yield from problems_of_intervals(texts, place)

    def hours_in(self, zone: str) -> OpenHours:
        """Return the hours as instants.

        Args:
            zone: The zone of a calendar that states none: the policy's.
        """
        return OpenHours(self.zone or zone, self._week, lambda: self._exceptions)

    def counted(self) -> Any:
        """Return all that can change a result as plain data, the dates of holidays included."""
        return {
            "zone": self.zone,
            "week": self._week,
            "dates": {str(day): hours for day, hours in sorted(self._exceptions.items())},
        }

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return the calendar with other keys, which are not checked."""
        copied = super().model_copy(update=update, deep=deep)
        for name in ("_week", "_exceptions"):
            copied.__dict__.pop(name, None)  # each calendar has its own
        return copied

    @cached_property
    def _week(self) -> tuple[Intervals, ...]:
        days: list[Intervals] = [()] * DAYS_A_WEEK
        for key, texts in self.hours.items():
            for day in weekdays_of(key):
                days[day] = intervals_of(texts)
        return tuple(days)

    @cached_property
    def _exceptions(self) -> Mapping[int, Intervals]:
        """What dates have instead of the hours of their weekday, by days since 1970."""
        found: dict[int, Intervals] = {}
        for day in holidays_of(self.holidays):
            found[day.toordinal() - _1970] = ()
        for day, texts in self.dates.items():
            found[day.toordinal() - _1970] = intervals_of(texts)
        week = self._week
        return {day: hours for day, hours in found.items() if hours != week[weekday(day)]}

    def _wrong_hours(self, path: tuple[str | int, ...]) -> Iterator[Problem]:
        told: dict[int, str] = {}
        for key, texts in self.hours.items():
            yield from problems_of_intervals(texts, (*path, key))
            try:
                days = weekdays_of(key)
            except ValueError as error:
                yield Problem("bad-name", str(error), (*path, key))
                continue
            for day in days:
                if day in told:
                    message = f"'{WEEKDAYS[day]}' has its hours in '{told[day]}' already"
                    yield Problem("duplicate", message, (*path, key))
                    break
                told[day] = key

    def _wrong_week(self, path: tuple[str | int, ...]) -> Iterator[Problem]:
        if not any(self._week):
            message = "it never opens; expected hours on some day: {mon-fri: ['09:00-17:00']}"
            yield Problem("empty", message, path)
        for day, (one, other) in enumerate(pairwise((*self._week, self._week[0]))):
            if one and other and one[-1][1] - MICROSECONDS_A_DAY > other[0][0]:
                names = WEEKDAYS[day], WEEKDAYS[(day + 1) % DAYS_A_WEEK]
                message = f"the last hours of '{names[0]}' overlap the first of '{names[1]}'"
                yield Problem("overlap", message, path)

    def _wrong_holidays(self, path: tuple[str | int, ...]) -> Iterator[Problem]:
        if not self.holidays:
            return
        try:
            for index, message in wrong_places(self.holidays):
                yield Problem("unknown-name", message, (*path, index))
        except ModuleNotFoundError:
            yield Problem("missing-package", MISSING, path)
