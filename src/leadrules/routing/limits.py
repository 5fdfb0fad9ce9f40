"""Limits: how many leads somebody takes in a day, in some hours, or at one time."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, NamedTuple, Self, cast

from pydantic import BeforeValidator, InstanceOf, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from leadrules.errors import as_written
from leadrules.sections import LONGEST
from leadrules.values import duration_text, parse_duration
from leadrules.zones import known_zone

__all__ = ["Limit", "LimitText", "LimitTexts"]

Unit = Literal["day", "week", "month", "rolling", "open"]

_LIMIT = re.compile(
    r"(?P<most>[0-9]+) (?:(?P<open>open)|per (?P<unit>day|week|month)(?: in (?P<zone>\S+))?"
    r"|in (?P<span>.+))"
)
_PART = re.compile(r"(?:0|[0-9]*[.,][0-9]+) .*")
MOST = 1_000_000


class Limit(NamedTuple):
    """So many leads, and in which time.

    Attributes:
        most: The number of leads, at least one.
        unit: `day`, `week` (from Monday) and `month` are those of a zone; `rolling` is the time
            just past; `open` counts the leads that are worked at one time.
        span: Of a rolling limit, how long the time is, in microseconds.
        zone: The IANA zone of the days; None is that of the policy.

    Examples:
        >>> Limit.parse("10 per day")
        Limit(most=10, unit='day', span=None, zone=None)
        >>> str(Limit.parse("5 in 24 hours"))
        '5 in 1 day'
    """

    most: int
    unit: Unit
    span: int | None = None
    zone: str | None = None

    def __str__(self) -> str:
        if self.unit == "open":
            return f"{self.most} open"
        if self.span is not None:
            return f"{self.most} in {duration_text(self.span)}"
        return f"{self.most} per {self.unit}" + (f" in {self.zone}" if self.zone else "")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the limit that a text states.

        Raises:
            ValueError: If it is none, lets nobody have anything, or its zone is not known.
        """
        plain = " ".join(text.split())
        found = _LIMIT.fullmatch(plain)
        if not found:
            if _PART.fullmatch(plain):
                message = (
                    f"'{as_written(text)}' is no whole number, and would let nobody have a lead; "
                    "expected '1 in 2 days'"
                )
                raise ValueError(message)
            message = (
                f"'{as_written(text)}' is not a limit; expected '10 per day', '10 per week in "
                "Europe/Berlin', '5 in 24 hours' or '40 open'"
            )
            raise ValueError(message)
        most = int(found["most"])
        if not 1 <= most <= MOST:
            message = f"'{as_written(text)}' is out of range; expected 1 to {MOST} leads"
            raise ValueError(message)
        if found["open"]:
            return cls(most, "open")
        if found["span"]:
            span = parse_duration(found["span"])
            if not 0 < span <= LONGEST:
                message = f"'{as_written(text)}' is out of range; expected at most 36525 days"
                raise ValueError(message)
            return cls(most, "rolling", span)
        try:
            zone = known_zone(found["zone"]) if found["zone"] else None
        except PydanticCustomError as error:
            raise ValueError(error.message()) from None
        return cls(most, cast("Unit", found["unit"]), None, zone)


def _limit(value: Any) -> Limit:
    if isinstance(value, Limit):
        return value
    try:
        return Limit.parse(value if isinstance(value, str) else as_written(value))
    except ValueError as error:
        raise PydanticCustomError("bad_limit", "{message}", {"message": str(error)}) from None


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str | Limit) else value


LimitText = Annotated[
    InstanceOf[Limit],
    BeforeValidator(_limit),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "examples": ["10 per day", "5 in 24 hours", "40 open"]}),
]
"""A limit, written as `10 per day`, `10 per week in Europe/Berlin`, `5 in 24 hours`, `40 open`."""

LimitTexts = Annotated[
    tuple[LimitText, ...],
    BeforeValidator(_one_or_more, json_schema_input_type=str | tuple[str, ...]),
]
"""A list of limits; a single one may stand without the list."""
