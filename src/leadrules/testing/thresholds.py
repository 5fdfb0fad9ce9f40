"""Thresholds, and the nearest values that cases have on either side of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from leadrules.conditions.format import format_condition, format_term
from leadrules.conditions.reference import Seen
from leadrules.conditions.tree import (
    Comparison,
    Condition,
    Field,
    Literal,
    Term,
    terms_in,
    walk,
)
from leadrules.scoring.bands import Band, Bands
from leadrules.scoring.points import points_at, points_text
from leadrules.scoring.score import Score
from leadrules.sections import ParamRef, millionths
from leadrules.values import (
    MICROSECONDS_A_DAY,
    Cash,
    Instant,
    Money,
    Span,
    Value,
    duration_text,
    instant_text,
    moment_of,
)
from leadrules.vocabulary import Vocabulary

__all__ = ["Sides", "band_sides", "sides_of"]

_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_AGES = ("within", "older_than")


@dataclass(frozen=True)
class Sides:
    """A threshold with what was seen on either side.

    Attributes:
        text: The threshold as a document states it, such as `months <= 6`.
        names: What the lower and the upper side are called.
        lower: The values that were seen below, as text, by how they are ordered.
        upper: The values that were seen above.
    """

    text: str
    names: tuple[str, str]
    lower: tuple[tuple[Any, str], ...]
    upper: tuple[tuple[Any, str], ...]

    def words(self) -> Iterator[tuple[str, bool]]:
        """Yield for each side what is to be told if nothing was seen there, and whether it was."""
        nearest = (
            min(self.upper)[1] if self.upper else None,
            max(self.lower)[1] if self.lower else None,
        )
        for name, seen, other in zip(self.names, (self.lower, self.upper), nearest, strict=True):
            rest = "there is none at all" if other is None else f"the nearest is {other}"
            yield f"no value {name}, {rest}: {self.text}", bool(seen)


def sides_of(condition: Condition, seen: Sequence[tuple[int, Seen]]) -> Iterator[Sides]:
    """Yield the sides of every comparison with a threshold in a condition.

    Args:
        condition: The condition.
        seen: Each time that it was evaluated: the moment, and what was seen.
    """
    every = [(at, part) for at, whole in seen for part in _inside(whole)]
    for node in dict.fromkeys(part for _, part in walk(condition) if isinstance(part, Comparison)):
        op = _operator(node)
        if op is not None:
            own = [(at, part) for at, part in every if part.condition == node]
            yield _sides(node, op, own)


def _inside(seen: Seen) -> Iterator[Seen]:
    yield seen
    for part in seen.parts:
        yield from _inside(part)


def _operator(node: Comparison) -> str | None:
    """Return the operator of a comparison with a threshold on its right, or None if it has none."""
    if isinstance(node.right, tuple) or node.right is None:
        return None
    left, right = _varies(node.left), _varies(node.right)
    if node.op in _AGES:
        return None if right else node.op
    if node.op not in _TURNED or left == right:
        return None
    return node.op if left else _TURNED[node.op]


def _varies(term: Term) -> bool:
    """Return whether a term depends on the lead."""
    return any(isinstance(inner, Field) for inner in terms_in(term))


def _sides(node: Comparison, op: str, seen: Sequence[tuple[int, Seen]]) -> Sides:
    lower: list[tuple[Any, str]] = []
    upper: list[tuple[Any, str]] = []
    for at, part in seen:
        found = _pair(node, op, at, part)
        if found is None:
            continue
        value, threshold = found
        above = value > threshold if op in {"<=", ">"} else value >= threshold
        (upper if above else lower).append((_ordered(value), _shown(value)))
    limit = node.right if _varies(node.left) else node.left
    assert limit is not None  # noqa: S101 - the operator has a right side
    assert not isinstance(limit, tuple)  # noqa: S101 - of one term
    return Sides(format_condition(node), _names(op, limit), tuple(lower), tuple(upper))


def _pair(node: Comparison, op: str, at: int, seen: Seen) -> tuple[Any, Any] | None:
    """Return the value and the threshold that were compared, or None if one is not known."""
    if seen.verdict is None:
        return None
    (_, left), (_, right) = seen.values
    if op in _AGES:
        age = at - left  # type: ignore[operator]  # checked: an instant
        return None if age < 0 else (Span(age), right)
    return (left, right) if _varies(node.left) else (right, left)


def _names(op: str, limit: Term) -> tuple[str, str]:
    text = _shown(limit.value) if isinstance(limit, Literal) else format_term(limit)
    if op in _AGES:
        return f"younger than {text}", f"as old as {text} or older"
    if op in {"<=", ">"}:
        return f"of {text} or below", f"above {text}"
    return f"below {text}", f"of {text} or above"


def _ordered(value: Value) -> Any:
    return value.minor if isinstance(value, Cash) else value


def _shown(value: Value) -> str:
    match value:
        case Cash():
            return str(Money.of_minor(value))
        case Span():
            return _span_text(value)
        case Instant():
            return instant_text(value)
        case str():
            return f"'{value}'"
    return str(value)


def _span_text(span: int) -> str:
    """Return a duration as people say it: in days to two decimals, cut off, if it is long.

    Examples:
        >>> _span_text(90 * 60_000_000), _span_text(30 * 86_400_000_000 - 1)
        ('90 minutes', '29.99 days')
    """
    exact = duration_text(span)
    if span < MICROSECONDS_A_DAY or span % MICROSECONDS_A_DAY == 0:
        return exact
    hundredths = Decimal(span * 100 // MICROSECONDS_A_DAY) / 100
    return f"{hundredths.normalize():f} days"


def band_sides(
    bands: Bands, vocabulary: Vocabulary, scores: Sequence[tuple[str | None, Score]]
) -> Iterator[tuple[str, Sides]]:
    """Yield the sides of the thresholds of every band, with its name.

    What it takes to get in is tried by leads that were in no band before, or in a worse; what it
    takes to stay, by leads that were in it before, or in a better.

    Args:
        bands: The bands.
        vocabulary: The parameters that they may name.
        scores: What each case comes to, after the band before.
    """
    names = [band.name for band in bands.levels]
    for index, band in enumerate(bands.levels):
        inside = [(previous in names[: index + 1], score) for previous, score in scores]
        for key, stays in (("enter", False), ("leave", True)):
            number = getattr(band, key)
            if number is not None:
                own = [score for stayed, score in inside if stayed == stays]
                yield band.name, _band_side(bands, band, key, own, vocabulary)


def _band_side(
    bands: Bands, band: Band, key: str, scores: Sequence[Score], vocabulary: Vocabulary
) -> Sides:
    number = getattr(band, key)
    lower: list[tuple[Any, str]] = []
    upper: list[tuple[Any, str]] = []
    for score in scores:
        measured = score.score if bands.of == "total" else getattr(score, bands.of)
        points = millionths(Decimal(repr(measured)))
        threshold = points_at(number, vocabulary, moment_of(score.at))
        side = lower if threshold is None or points < threshold else upper
        side.append((points, points_text(points)))
    text = f"param.{number.param}" if isinstance(number, ParamRef) else f"{number.normalize():f}"
    names = (f"below {text}", f"of {text} or above")
    measure = "score" if bands.of == "total" else bands.of
    return Sides(f"{key} by {measure}", names, tuple(lower), tuple(upper))
