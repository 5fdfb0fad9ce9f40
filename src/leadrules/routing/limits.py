"""Limits: how many leads somebody takes in a day, in some hours, or at one time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Self, cast

from pydantic import BeforeValidator, InstanceOf, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from leadrules.conditions.tree import Path
from leadrules.errors import Problem, as_written
from leadrules.sections import LONGEST
from leadrules.values import duration_text, parse_duration
from leadrules.zones import known_zone

__all__ = ["Limit", "LimitText", "LimitTexts", "never_met"]

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
                wrong = f"'{as_written(text)}' is out of range"
                message = f"{wrong}; expected more than 0, at most 36525 days"
                raise ValueError(message)
            return cls(most, "rolling", span)
        try:
            zone = known_zone(found["zone"]) if found["zone"] else None
        except PydanticCustomError as error:
            raise ValueError(error.message()) from None
        return cls(most, cast("Unit", found["unit"]), None, zone)

    def covers(self, other: Limit) -> bool:
        """Return whether nobody can meet another limit without meeting this one.

        Examples:
            >>> five, twenty = Limit.parse("5 per day"), Limit.parse("40 per week")
            >>> five.covers(twenty), twenty.covers(five)
            (True, False)
        """
        times: int | None = None
        if self.span is not None and other.span is not None:
            times = -(-other.span // self.span)
        elif self.zone == other.zone:
            times = _TIMES.get((self.unit, other.unit))
        return times is not None and self.most * times <= other.most


_TIMES: Mapping[tuple[str, str], int] = {
    ("open", "open"): 1,
    **{(unit, unit): 1 for unit in ("day", "week", "month")},
    ("week", "day"): 1,
    ("month", "day"): 1,
    ("day", "week"): 7,
    ("month", "week"): 2,
    ("day", "month"): 31,
    ("week", "month"): 6,
}
"""In how many periods of the first kind one of the second lies at most."""


def never_met(
    limits: Sequence[Limit], path: Path, others: Mapping[str, Sequence[Limit]] | None = None
) -> Iterator[Problem]:
    """Yield every limit that is never met, since another one always is before.

    Args:
        limits: Limits of one member or pool.
        path: The path of whose limits they are.
        others: Limits that hold besides, by whose they are.
    """
    for index, limit in enumerate(limits):
        beside = [x for x in limits[:index] if x.covers(limit)]
        beside += [x for x in limits[index + 1 :] if x.covers(limit) and not limit.covers(x)]
        found = [("", x) for x in beside]
        found += [(of, x) for of, own in (others or {}).items() for x in own if x.covers(limit)]
        if found:
            of, other = found[0]
            message = f"'{limit}' is never met, since '{other}'{of} is met before"
            place = (*path, "limits", index)
            yield Problem("never-true", message, place, severity="warning")


def _limit(value: Any) -> Limit:
    if isinstance(value, Limit):
        return value
    try:
        return Limit.parse(value if isinstance(value, str) else as_written(value))
    except ValueError as error:
        raise PydanticCustomError("bad_limit", "{message}", {"message": str(error)}) from None


def _one_or_more(value: Any) -> Any:
    return value if isinstance(value, list | tuple) and not isinstance(value, Limit) else (value,)


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
