"""Points: the limits of a sum of them, and what is wrong with the numbers of a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field

from leadrules.conditions.tree import Path
from leadrules.errors import Problem, did_you_mean
from leadrules.sections import DECIMAL_PLACES, Number, ParamRef, Section, millionths
from leadrules.values import datetime_of
from leadrules.vocabulary import Vocabulary

__all__ = [
    "Bounds",
    "Group",
    "Limits",
    "NoValueYet",
    "Scale",
    "check_descending",
    "check_groups",
    "check_limits",
    "check_number",
    "clamped",
    "numbers_of",
    "points_at",
    "points_of",
    "points_text",
    "since",
    "step_of",
    "steps_in",
]

_T = TypeVar("_T")


class Limits(Section):
    """The least and the most that a sum may come to."""

    min: Number | None = None
    """The least points; whatever is below counts as this."""
    max: Number | None = None
    """The most points; whatever is above counts as this."""


class Group(Limits):
    """Members of a part whose sum has limits of its own."""

    of: tuple[Annotated[str, Field(strict=True)], ...]
    """The members; each in at most one group."""


class NoValueYet(Exception):  # noqa: N818 - no error of the caller's
    """A parameter has no value at a moment; it is the only argument."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The points that the numbers of a document stand for at a moment."""

    vocabulary: Vocabulary
    moment: int

    def points(self, number: Decimal | ParamRef) -> int:
        """Return a number in millionths of a point.

        Raises:
            NoValueYet: If it is a parameter without a value at the moment.
        """
        found = points_at(number, self.vocabulary, self.moment)
        if found is None:
            assert isinstance(number, ParamRef)  # noqa: S101 - another number has its points
            raise NoValueYet(number.param)
        return found

    def bounds(self, limits: Limits) -> Bounds:
        """Return limits in millionths of a point; one that is not stated is None.

        Raises:
            NoValueYet: If one is a parameter without a value at the moment.
        """
        low, high = limits.min, limits.max
        return (
            None if low is None else self.points(low),
            None if high is None else self.points(high),
        )


Bounds = tuple[int | None, int | None]
"""The least and the most that a sum may come to, in millionths of a point."""


def clamped(points: int, bounds: Bounds) -> int:
    """Return points within bounds, of which either may be none."""
    least, most = bounds
    if least is not None and points < least:
        points = least
    return most if most is not None and points > most else points


def numbers_of(limits: Limits) -> Iterator[Decimal | ParamRef]:
    """Yield the limits that are stated."""
    yield from (limit for limit in (limits.min, limits.max) if limit is not None)


def points_at(number: Decimal | ParamRef, vocabulary: Vocabulary, moment: int) -> int | None:
    """Return a number in millionths of a point, or None if its parameter has no value yet."""
    if isinstance(number, Decimal):
        return millionths(number)
    value = vocabulary.parameters[number.param].at(moment)
    return None if value is None else millionths(value)  # type: ignore[arg-type]  # checked: a number


def check_limits(limits: Limits, path: Path, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Yield what is wrong with the limits of a sum."""
    wrong = [
        problem
        for name, limit in (("min", limits.min), ("max", limits.max))
        if limit is not None
        for problem in check_number(limit, (*path, name), vocabulary)
    ]
    yield from wrong
    if wrong or limits.min is None or limits.max is None:
        return
    for epoch in (-(2**63), *vocabulary.epochs):
        low = points_at(limits.min, vocabulary, epoch)
        high = points_at(limits.max, vocabulary, epoch)
        if low is not None and high is not None and low > high:
            when = since(epoch, vocabulary)
            message = f"{when}min {points_text(low)} is above max {points_text(high)}"
            yield Problem("empty-range", message, (*path, "min"))
            return


def check_number(
    number: Decimal | ParamRef, path: Path, vocabulary: Vocabulary
) -> Iterator[Problem]:
    """Yield what is wrong with a number of points, or with the parameter that it names."""
    if not isinstance(number, ParamRef):
        return
    parameter = vocabulary.parameters.get(number.param)
    if parameter is None:
        hint = did_you_mean(number.param, vocabulary.parameters)
        yield Problem("unknown-parameter", f"no parameter '{number.param}'{hint}", (*path, "param"))
        return
    if not parameter.type.is_numeric:
        message = f"parameter '{number.param}' is {parameter.type.noun}; expected a number"
        yield Problem("type-mismatch", message, (*path, "param"))
        return
    for _, value in parameter.values:
        try:
            millionths(Decimal(repr(value)))
        except ValueError as error:
            yield Problem("bad-number", f"parameter '{number.param}': {error}", (*path, "param"))


def check_groups(
    groups: Mapping[str, Group],
    members: Iterable[str],
    path: Path,
    vocabulary: Vocabulary,
    *,
    noun: str,
) -> Iterator[Problem]:
    """Yield what is wrong with the groups of a part.

    Args:
        groups: The groups, by name.
        members: What may be in a group.
        path: The path of the groups.
        vocabulary: The parameters that limits may name.
        noun: What a member is called.
    """
    known = dict.fromkeys(members)
    home: dict[str, str] = {}
    for name, group in groups.items():
        place: Path = (*path, name)
        if not group.of:
            yield Problem("empty", f"no {noun}s; expected at least one", (*place, "of"))
        for index, member in enumerate(group.of):
            where: Path = (*place, "of", index)
            if member not in known:
                hint = did_you_mean(member, known)
                yield Problem("unknown-name", f"no {noun} '{member}'{hint}", where)
            elif member in home:
                message = f"'{member}' is in group '{home[member]}' already; expected one group"
                yield Problem("duplicate", message, where)
            home.setdefault(member, name)
        yield from check_limits(group, place, vocabulary)


def check_descending(
    thresholds: Mapping[Path, Decimal | ParamRef], vocabulary: Vocabulary
) -> Iterator[Problem]:
    """Yield the first threshold, on any date, that is not below the one before it.

    Args:
        thresholds: The numbers in document order, by their paths.
        vocabulary: The parameters that they may name.
    """
    for (_, before), (path, number) in pairwise(thresholds.items()):
        for epoch in (-(2**63), *vocabulary.epochs):
            high = points_at(before, vocabulary, epoch)
            low = points_at(number, vocabulary, epoch)
            if high is not None and low is not None and low >= high:
                when = since(epoch, vocabulary)
                message = f"{when}{points_text(low)} is not below {points_text(high)}, before it"
                yield Problem("not-descending", message, path)
                return


def since(epoch: int, vocabulary: Vocabulary) -> str:
    """Return since when something is so, to begin a message with; nothing if it always was."""
    if epoch < _FIRST:
        return ""
    day = datetime_of(epoch).astimezone(ZoneInfo(vocabulary.zone)).date()
    return f"from {day} on, "


_FIRST = -(2**61)
"""What holds from before this instant on holds for all time."""


def points_text(points: int) -> str:
    """Return millionths of a point as people write points.

    Examples:
        >>> points_text(2_500_000), points_text(-40_000_000)
        ('2.5', '-40')
    """
    return f"{points_of(points):f}"


def points_of(millionths: int) -> Decimal:
    """Return points exactly, whatever the precision of decimal numbers is set to.

    Examples:
        >>> points_of(-2_500_000), points_of(0)
        (Decimal('-2.5'), Decimal('0'))
    """
    whole, rest = divmod(abs(millionths), 10**DECIMAL_PLACES)
    digits = f"{whole}.{rest:0{DECIMAL_PLACES}}".rstrip("0").rstrip(".")
    return Decimal(f"-{digits}" if millionths < 0 else digits)


def step_of(decimals: int) -> int:
    """Return the smallest step, in millionths, of points that show so many decimals."""
    return int(10 ** (DECIMAL_PLACES - decimals))


def steps_in(points: _T, step: int) -> _T:
    """Return points in whole steps, rounded half up: of a number, or of an expression.

    Examples:
        >>> steps_in(2_500_000, step_of(0)), steps_in(-2_500_000, step_of(0))
        (3, -2)
    """
    some: Any = points
    found: _T = (some + step // 2) // step
    return found
