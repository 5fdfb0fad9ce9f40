"""How an activity fades with age: factors from 1 to 0, the same on every engine to the last bit.

Factors are float64 and come of additions, multiplications and one division only, in a fixed
order; no engine's own power or exponential takes part, since those differ in the last digits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from math import ceil, factorial, floor, log
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BeforeValidator, PlainSerializer, model_validator
from pydantic_core import PydanticCustomError

from leadrules.errors import as_written
from leadrules.sections import LARGEST_POINTS, Duration, Section, plain
from leadrules.values import duration_text, parse_duration

__all__ = ["Decay", "decay_of", "halved", "whole"]

_T = TypeVar("_T")

_TEXT = re.compile(
    r"(?P<kind>none)"
    r"|(?P<ended>window|linear|half_life) (?P<over>.+)"
    r"|(?P<stepped>step|compounding) (?P<rate>\d{1,3}(?:\.\d{1,4})?) ?% every (?P<every>.+)",
    re.ASCII,
)
_EXAMPLES = {
    "none": "none",
    "window": "window 180 days",
    "linear": "linear 90 days",
    "half_life": "half_life 30 days",
    "step": "step 50% every 30 days",
    "compounding": "compounding 50% every 30 days",
}
_LEAST_RATE = Decimal("0.0001")
_SMALLEST = 0.5 / (LARGEST_POINTS * 1_000_000)
"""The most points times a factor below this round to nothing."""
_HALVING = tuple(
    (-log(2)) ** power / factorial(power) + (power == 1) * 4.5e-16 for power in range(16)
)
"""The coefficients of 2 to the power of -x for x from 0 to 1, exact to 1e-15.

The second is so much larger than in Taylor's series that a half is never fallen short of, lest
points rise where one half-life ends and the next begins.
"""


def _rate(value: object) -> Decimal:
    number = value if isinstance(value, Decimal) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = Decimal(repr(value))
    if number is None or not number.is_finite() or not _LEAST_RATE <= number <= 1:
        message = f"'{as_written(value)}' is no rate; expected from 0.0001 to 1, which is 100 %"
        raise PydanticCustomError("bad_number", "{message}", {"message": message})
    return number


class Decay(Section):
    """How the points of an activity fade with its age."""

    kind: Literal["none", "window", "linear", "step", "compounding", "half_life"]
    """The course of it: `none`, `window`, `linear`, `step`, `compounding` or `half_life`."""
    over: Duration | None = None
    """How long it takes: to the end, to half of the points, or to the next step."""
    rate: (
        Annotated[Decimal, BeforeValidator(_rate), PlainSerializer(plain, when_used="json")] | None
    ) = None
    """What a step takes: of the first points (`step`) or of what is left (`compounding`)."""

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        stepped = self.kind in {"step", "compounding"}
        if (self.over is None) != (self.kind == "none") or (self.rate is not None) != stepped:
            takes = "and a rate" if stepped else "and no rate"
            takes = f"a duration {takes}" if self.kind != "none" else "no duration and no rate"
            expected = _EXAMPLES[self.kind]
            raise _bad_decay(f"'{self.kind}' takes {takes}; expected '{expected}'")
        return self

    def __str__(self) -> str:
        over = "" if self.over is None else duration_text(self.over)
        if self.rate is not None:
            return f"{self.kind} {plain(self.rate * 100)}% every {over}"
        return f"{self.kind} {over}".rstrip()

    @property
    def ends(self) -> int | None:
        """The age in microseconds from which nothing is left, if there is one."""
        match self.kind:
            case "window" | "linear":
                return self.over
            case "step":
                assert self.over is not None  # noqa: S101 - as it was read
                assert self.rate is not None  # noqa: S101 - likewise
                return self.over * ceil(1 / self.rate)
        return None

    @cached_property
    def powers(self) -> tuple[float, ...]:
        """What is left after 1, 2, 4, 8, ... whole durations; so many that nothing is after all."""
        left = 0.5 if self.rate is None else 1.0 - float(self.rate)
        found = [left]
        while found[-1] > _SMALLEST:
            found.append(found[-1] * found[-1])
        return tuple(found)

    def factor(self, age: int) -> float:
        """Return what is left of the points of an activity, from 1 to 0.

        Args:
            age: Its age in microseconds; not negative.

        Examples:
            >>> monthly = Decay(kind="step", over="30 days", rate=0.5)
            >>> [monthly.factor(days * 86_400_000_000) for days in (0, 30, 60)]
            [1.0, 0.5, 0.0]
        """
        over = self.over
        if over is None:
            return 1.0
        match self.kind:
            case "window":
                return 1.0 if age < over else 0.0
            case "linear":
                return (over - age) / over if age < over else 0.0
            case "step":
                return max(0.0, 1.0 - age // over * float(self.rate or 0))
            case "compounding":
                return self._left(age // over)
        return halved(age % over / over) * self._left(age // over)

    def _left(self, count: int) -> float:
        """Return what is left after so many whole durations."""
        if count >> len(self.powers):
            return 0.0
        left = 1.0
        for bit, power in enumerate(self.powers):
            if count >> bit & 1:
                left *= power
        return left


def halved(part: _T) -> _T:
    """Return 2 to the power of minus a part from 0 to 1: of a float, or of an expression."""
    found: Any = _HALVING[-1]
    for coefficient in reversed(_HALVING[:-1]):
        found = found * part + coefficient
    exact: _T = found
    return exact


def whole(points: int, factor: float) -> int:
    """Return decayed points in whole millionths, rounded half up."""
    return floor(points * factor + 0.5)


def decay_of(value: Any) -> Any:
    """Return a decay that is written as a text as what it stands for."""
    if isinstance(value, Mapping | Decay):
        return value
    match = _TEXT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        # More than `one_of` would spell out, but who writes a decay needs to see all of them.
        *others, last = (f"'{example}'" for example in _EXAMPLES.values())
        expected = f"{', '.join(others)} or {last}"
        raise _bad_decay(f"'{as_written(value)}' is no decay; expected {expected}")
    kind = match["kind"] or match["ended"] or match["stepped"]
    length = match["over"] or match["every"]
    rate = None if match["rate"] is None else Decimal(match["rate"]) / 100
    if rate is not None and not _LEAST_RATE <= rate <= 1:
        raise _bad_decay(f"'{match['rate']}%' is no rate; expected from 0.01% to 100%")
    try:
        _ = None if length is None else parse_duration(length)
    except ValueError as error:
        raise _bad_decay(str(error)) from None
    return {"kind": kind, "over": length, "rate": rate}


def _bad_decay(message: str) -> PydanticCustomError:
    return PydanticCustomError("bad_decay", "{message}", {"message": message})
