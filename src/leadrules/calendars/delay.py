"""Delays: how long something may take, in real time or in business time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from leadrules.calendars.open_hours import OpenHours
from leadrules.calendars.wall_clock import MOST_SHIFTED
from leadrules.errors import as_written
from leadrules.sections import LONGEST
from leadrules.values import MICROSECONDS_A_DAY, duration_text, parse_duration

__all__ = ["Delay", "Wait"]

MOST_DAYS = LONGEST // MICROSECONDS_A_DAY

_DAYS = re.compile(r"(\d{1,9}) business days?", re.ASCII)
_TIME = re.compile(r"(\S+) business ((?:hour|minute|second)s?)", re.ASCII)
_LONG_UNITS = re.compile(r"\S+ business (week|month|quarter|year)s?", re.ASCII)
_SHORT_UNITS = {"hour": 3_600_000_000, "minute": 60_000_000}


@dataclass(frozen=True, slots=True)
class Delay:
    """How long something may take.

    Attributes:
        unit: `real` time, `business` time (a business hour is a real hour in which the office
            is open), or `business_days` (dates on which it opens).
        amount: In microseconds; of business days, their number.

    Examples:
        >>> Delay.parse("4 business hours")
        Delay(unit='business', amount=14400000000)
        >>> str(Delay.parse("90 business minutes")), str(Delay.parse("48 hours"))
        ('90 business minutes', '2 days')
    """

    unit: Literal["real", "business", "business_days"]
    amount: int

    @classmethod
    def parse(cls, text: str) -> Delay:
        """Return the delay that a text such as `"4 business hours"` says.

        Without the word `business` it is real time, as `parse_duration` reads it: `"3 days"`
        are 72 hours.

        Raises:
            ValueError: If the text is not a number and a unit.
        """
        found = text.strip()
        if days := _DAYS.fullmatch(found):
            return cls("business_days", int(days[1]))
        if time := _TIME.fullmatch(found):
            try:
                return cls("business", int(parse_duration(f"{time[1]} {time[2]}")))
            except ValueError:
                raise _no_delay(text) from None
        if "business" in found:
            raise _no_delay(text)
        try:
            return cls("real", int(parse_duration(text)))
        except ValueError:
            raise _no_delay(text) from None

    def __str__(self) -> str:
        if self.unit == "real":
            return duration_text(self.amount)
        if self.unit == "business_days":
            return f"{self.amount} business day{'' if self.amount == 1 else 's'}"
        for unit, size in _SHORT_UNITS.items():
            count, rest = divmod(self.amount, size)
            if count and not rest:
                return f"{count} business {unit}{'' if count == 1 else 's'}"
        count, rest = divmod(self.amount, 1_000_000)
        number = f"{count}.{rest:06d}".rstrip("0").rstrip(".")
        return f"{number} business second{'' if number == '1' else 's'}"

    @property
    def needs_hours(self) -> bool:
        """Whether it depends on the hours of an office."""
        return self.unit != "real"

    def after(self, start: int, hours: OpenHours | None) -> int:
        """Return the instant at which the delay is over.

        Args:
            start: Since when it runs.
            hours: The hours of the office; None will do for real time.

        Raises:
            ValueError: If it is in business time and there are no hours.
        """
        if self.unit == "real":
            return start + self.amount
        if hours is None:
            message = f"'{self}' is business time; expected the hours of a calendar"
            raise ValueError(message)
        if self.unit == "business":
            return hours.add(start, self.amount)
        return hours.add_days(start, self.amount)

    def surely_longer(self, other: Delay) -> bool:
        """Return whether it ends later than another, whatever the start and the calendar.

        1. Two delays of one unit: the larger amount is longer.
        2. A business hour takes at least an hour: business time is longer than less real time.
        3. Of n business days, n - 1 dates lie between the two clock times at least, and the
           clocks of no zone move by more than 26 hours.

        Nothing else is certain. Whether `8 business hours` are longer than `1 business day`
        depends on the hours.

        Examples:
            >>> Delay.parse("2 business hours").surely_longer(Delay.parse("1 hour"))
            True
            >>> Delay.parse("8 business hours").surely_longer(Delay.parse("1 business day"))
            False
        """
        if self.unit == other.unit:
            return self.amount > other.amount
        if other.unit != "real":
            return False
        if self.unit == "business":
            return self.amount > other.amount
        return (self.amount - 1) * MICROSECONDS_A_DAY - MOST_SHIFTED >= other.amount


def _no_delay(text: str) -> ValueError:
    hint = "; a month is not a duration, since months differ" if "month" in text else ""
    if long := _LONG_UNITS.fullmatch(text.strip()):
        hint = f"; a business {long[1]} is no unit, since its days differ: say business days"
    elif re.fullmatch(r"\d+\.\d+ business days?", text.strip(), re.ASCII):
        hint = "; business days are whole: say business hours"
    return ValueError(
        f"'{as_written(text)}' is not a delay; expected a number and a unit: '30 minutes', "
        f"'4 business hours' or '2 business days'{hint}"
    )


def _wait(value: object) -> Delay:
    if isinstance(value, str):
        try:
            found = Delay.parse(value)
        except ValueError as error:
            raise _bad_duration(str(error)) from None
    elif isinstance(value, Delay):
        found = value
    else:
        shown = as_written(value)
        raise _bad_duration(f"'{shown}' is not a delay; expected '4 business hours' or '3 days'")
    if not 0 < found.amount <= (MOST_DAYS if found.unit == "business_days" else LONGEST):
        shown = value if isinstance(value, str) else str(found)
        most = f"{MOST_DAYS} {'business ' if found.unit == 'business_days' else ''}days"
        raise _bad_duration(f"'{shown}' is out of range; expected more than 0, at most {most}")
    return found


def _bad_duration(message: str) -> PydanticCustomError:
    return PydanticCustomError("bad_duration", "{message}", {"message": message})


Wait = Annotated[
    Delay,
    BeforeValidator(_wait),
    PlainSerializer(str),
    WithJsonSchema(
        {"type": "string", "examples": ["30 minutes", "4 business hours", "2 business days"]}
    ),
]
"""A delay of more than nothing, written as `4 business hours`."""
