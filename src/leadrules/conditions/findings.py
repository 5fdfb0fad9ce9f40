"""What a condition came to, and by which values: the comparisons that decided, and no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Any

from leadrules.conditions.format import format_condition, format_term
from leadrules.conditions.reference import Reason as Obstacle
from leadrules.conditions.reference import Seen, observe
from leadrules.conditions.tree import (
    Always,
    AtLeast,
    Comparison,
    Condition,
    Field,
    Literal,
    Not,
    Param,
    Term,
    terms_in,
    terms_of,
)
from leadrules.values import Cash, Instant, Money, Span, Value, duration_text, instant_text

__all__ = ["HIDDEN", "Finding", "as_data", "find"]

HIDDEN = "(hidden)"
"""What stands for a value that tells who a person is, if what is told is redacted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition, what it came to, and the values that made it so.

    Attributes:
        condition: The condition.
        verdict: True, False, or None for unknown.
        values: The terms that decided, with their values; None is missing.
        missing: If it is unknown: the fields and parameters that have no value.
        obstacle: If it is unknown: why; see `Seen.reason`.
    """

    condition: Condition
    verdict: bool | None
    values: tuple[tuple[Term, Value | None], ...] = ()
    missing: tuple[str, ...] = ()
    obstacle: Obstacle | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as data that JSON can hold; the condition is as people write it."""
        return {
            "condition": format_condition(self.condition),
            "verdict": self.verdict,
            "values": {format_term(term): as_data(value) for term, value in self.values},
            "missing": list(self.missing),
            "obstacle": self.obstacle,
        }


def as_data(value: Value | None) -> Any:
    """Return a value as data that JSON can hold: moments, durations and money as texts."""
    match value:
        case Instant():
            return instant_text(value)
        case Span():
            return duration_text(value)
        case Cash():
            return str(Money.of_minor(value))
        case date():
            return value.isoformat()
        case tuple():
            return list(value)
    return value


def find(
    condition: Condition,
    record: Mapping[str, Value],
    *,
    at: int,
    parameters: Mapping[str, Value],
    hidden: AbstractSet[str],
) -> Finding:
    """Return what a condition comes to, with the values that decide it.

    Args:
        condition: A condition that the checker has passed.
        record: The known values by field name, settled and of their declared types.
        at: The moment, in microseconds.
        parameters: The parameters in effect.
        hidden: The fields whose values are not to be told.
    """
    if isinstance(condition, Always):
        return Finding(condition, verdict=True)
    seen = observe(condition, record, at=at, parameters=parameters)
    values: dict[Term, Value | None] = {}
    missing: dict[str, None] = {}
    obstacle = None
    for part in _deciding(seen):
        for term, value in part.values:
            if not isinstance(term, Literal):
                values[term] = _shown(term, value, hidden)
        if part.verdict is None:
            obstacle = obstacle or part.reason
            missing.update(dict.fromkeys(_missing(part.condition, record, parameters)))
    return Finding(condition, seen.verdict, tuple(values.items()), tuple(missing), obstacle)


def _deciding(seen: Seen) -> Iterator[Seen]:
    """Yield the comparisons that made a condition what it is."""
    if isinstance(seen.condition, Comparison):
        yield seen
        return
    wanted: set[bool | None] = {seen.verdict}
    if isinstance(seen.condition, Not):
        wanted = {None if seen.verdict is None else not seen.verdict}
    elif isinstance(seen.condition, AtLeast) and seen.verdict is False:
        wanted = {False, None}
    for part in seen.parts:
        if part.verdict in wanted:
            yield from _deciding(part)


def _missing(
    node: Condition, record: Mapping[str, Value], parameters: Mapping[str, Value]
) -> Iterator[str]:
    for term in terms_of(node):
        match term:
            case Field(name) if name not in record:
                yield name
            case Param(name) if name not in parameters:
                yield f"param.{name}"


def _shown(term: Term, value: Value | None, hidden: AbstractSet[str]) -> Value | None:
    if value is None or not hidden:
        return value
    read = [inner.name for inner in terms_in(term) if isinstance(inner, Field)]
    return HIDDEN if any(name in hidden for name in read) else value
