"""The meaning of a condition, as plainly as it can be said: a walk over the tree.

Every other reader is tested against this one. It keeps what it saw, for explanations.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any
from typing import Literal as OneOf

from leadrules.conditions.tree import (
    AllOf,
    Always,
    AnyOf,
    Arithmetic,
    Comparison,
    Condition,
    DaysSince,
    Field,
    Literal,
    Lower,
    Not,
    Param,
    Term,
    parts_of,
    terms_of,
)
from leadrules.values import MICROSECONDS_A_DAY, Cash, Value

__all__ = ["Seen", "evaluate", "fold", "observe", "value_of"]

_CAPITALS = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}

_RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "contains": operator.contains,
    "has": operator.contains,
    "starts_with": lambda text, start: text.startswith(start),
    "ends_with": lambda text, end: text.endswith(end),
}


Reason = OneOf["missing", "currency", "arithmetic"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A condition with its verdict, and with every value that was seen.

    Attributes:
        condition: The condition.
        verdict: True, False, or None for unknown.
        values: The terms of a comparison with their values; None is missing.
        parts: What was seen in the conditions inside it.
        reason: Why a comparison is unknown: a value is `missing`, the amounts are of different
            currencies (`currency`), or a result is not finite, as by a division by zero
            (`arithmetic`).
    """

    condition: Condition
    verdict: bool | None
    values: tuple[tuple[Term, Value | None], ...] = ()
    parts: tuple[Seen, ...] = ()
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class _Moment:
    record: Mapping[str, Value]
    at: int
    parameters: Mapping[str, Value]


def evaluate(
    node: Condition,
    record: Mapping[str, Value],
    *,
    at: int = 0,
    parameters: Mapping[str, Value] | None = None,
) -> bool | None:
    """Return whether a condition is true, false or unknown (None).

    Args:
        node: A condition that the checker has passed.
        record: The known values by field name, settled.
        at: The moment of evaluation, in microseconds since 1970 in UTC.
        parameters: The parameters in effect at that moment, by name.
    """
    return observe(node, record, at=at, parameters=parameters).verdict


def observe(
    node: Condition,
    record: Mapping[str, Value],
    *,
    at: int = 0,
    parameters: Mapping[str, Value] | None = None,
) -> Seen:
    """Return what `evaluate` returns together with every value that was seen on the way."""
    return _observe(node, _Moment(record, at, parameters or {}))


def _observe(node: Condition, moment: _Moment) -> Seen:
    if isinstance(node, Comparison):
        return _compare(node, moment)
    parts = tuple(_observe(part, moment) for _, part in parts_of(node))
    verdicts = [part.verdict for part in parts]
    return Seen(node, _combined(node, verdicts), parts=parts)


def _combined(node: Condition, verdicts: list[bool | None]) -> bool | None:
    trues, unknowns = verdicts.count(True), verdicts.count(None)
    match node:
        case Always():
            return True
        case Not():
            return None if unknowns else not trues
    wanted = {AllOf: len(verdicts), AnyOf: 1}.get(type(node), getattr(node, "count", 0))
    if trues >= wanted:
        return True
    return False if trues + unknowns < wanted else None


def _compare(node: Comparison, moment: _Moment) -> Seen:
    left = _value(node.left, moment)
    rights = node.right if isinstance(node.right, tuple) else (node.right,)
    seen = [(term, _value(term, moment)) for term in rights if term is not None]
    values = [value for _, value in seen]
    verdict = _verdict(node.op, left, values, moment.at)
    reason = _reason(node, [left, *values], moment) if verdict is None else None
    return Seen(node, verdict, ((node.left, left), *seen), reason=reason)


def _reason(node: Comparison, values: list[Value | None], moment: _Moment) -> Reason:
    """Return why a comparison is unknown; what is missing comes first."""
    named = [term for term in terms_of(node) if isinstance(term, Field | Param)]
    if any(_value(term, moment) is None for term in named):
        return "missing"
    return "arithmetic" if None in values else "currency"


def _verdict(op: str, left: Value | None, rights: list[Value | None], at: int) -> bool | None:
    match op:
        case "known":
            return left is not None
        case "missing":
            return left is None
        case "is_true":
            return None if left is None else bool(left)
        case "in":
            return _any([_related("==", left, right) for right in rights])
        case "not in":
            found = _any([_related("==", left, right) for right in rights])
            return None if found is None else not found
        case "within" | "older_than":
            if left is None or rights[0] is None:
                return None
            age = at - left  # type: ignore[operator]  # checked: an instant
            return 0 <= age < rights[0] if op == "within" else age >= rights[0]  # type: ignore[operator]  # checked: a span
    return _related(op, left, rights[0])


def _related(op: str, left: Value | None, right: Value | None) -> bool | None:
    if left is None or right is None:
        return None
    if isinstance(left, Cash) and isinstance(right, Cash):
        if left.currency != right.currency:
            return None
        left, right = left.minor, right.minor
    return _RELATIONS[op](left, right)


def _any(verdicts: list[bool | None]) -> bool | None:
    return True if True in verdicts else (None if None in verdicts else False)


def value_of(
    term: Term, record: Mapping[str, Value], *, at: int, parameters: Mapping[str, Value]
) -> Value | None:
    """Return the value of a term, or None if it is missing.

    Args:
        term: The term.
        record: The known values by field name, settled.
        at: The moment, in microseconds.
        parameters: The parameters in effect at that moment, by name.
    """
    return _value(term, _Moment(record, at, parameters))


def _value(term: Term, moment: _Moment) -> Value | None:
    match term:
        case Field(name):
            return moment.record.get(name)
        case Param(name):
            return moment.parameters.get(name)
        case Literal(_, value):
            return value
        case Lower(of):
            text = _value(of, moment)
            return None if text is None else fold(text)  # type: ignore[arg-type]  # checked: a text
        case DaysSince(of):
            instant = _value(of, moment)
            return None if instant is None else (moment.at - instant) // MICROSECONDS_A_DAY  # type: ignore[operator]  # checked: an instant
        case Arithmetic(op, left, right):
            return calculate(op, _value(left, moment), _value(right, moment))


def fold(text: str) -> str:
    """Return a text with the letters A to Z made small, and no others.

    Examples:
        >>> fold("VP Öffentlichkeit")
        'vp Öffentlichkeit'
    """
    return text.lower() if text.isascii() else text.translate(_CAPITALS)


def calculate(op: str, left: Value | None, right: Value | None) -> float | None:
    """Return the float64 result of two numbers, or None where it is missing or not finite."""
    if left is None or right is None or (op == "/" and right == 0):
        return None
    one, other = float(left), float(right)  # type: ignore[arg-type]  # checked: numbers
    match op:
        case "+":
            result = one + other
        case "-":
            result = one - other
        case "*":
            result = one * other
        case _:
            result = one / other
    return result if isfinite(result) else None
