"""Turns conditions into narwhals expressions: one set for polars, DuckDB and PySpark.

Their own logic is three-valued already, so a condition is a nullable boolean column. What they
do differently among themselves (division, lists, capital letters) is spelt out here so that
nothing is left to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.conditions.tree import (
    AllOf,
    Always,
    AnyOf,
    Arithmetic,
    AtLeast,
    Comparison,
    Condition,
    DaysSince,
    Field,
    Literal,
    Lower,
    Not,
    Param,
    Term,
)
from leadrules.values import MICROSECONDS_A_DAY, Cash, Type, Value
from leadrules.vocabulary import Vocabulary

__all__ = ["Reading", "balanced", "by_steps", "expression"]

_COLUMN_TYPES: Mapping[Type, Any] = {
    Type.STRING: nw.String,
    Type.ENUM: nw.String,
    Type.INTEGER: nw.Int64,
    Type.NUMBER: nw.Float64,
    Type.BOOLEAN: nw.Boolean,
    Type.DATE: nw.Date,
    Type.DATETIME: nw.Int64,
    Type.DURATION: nw.Int64,
    Type.MONEY: nw.Int64,
}
_RELATIONS: Mapping[str, Callable[[nw.Expr, nw.Expr], nw.Expr]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What expressions read: settled columns, the moment, and the parameters in effect then.

    Attributes:
        fields: The settled column of each field; money has its currency as a second.
        at: The moment in microseconds, as a number or a column.
        parameters: The parameters in effect, by name.
        vocabulary: The names, with their types.
    """

    fields: Mapping[str, tuple[nw.Expr, ...]]
    at: nw.Expr
    parameters: Mapping[str, Value]
    vocabulary: Vocabulary


def expression(node: Condition, reading: Reading) -> nw.Expr:
    """Return a condition as a boolean expression that is null where it is unknown.

    Args:
        node: A condition that the checker has passed.
        reading: What it reads.
    """
    match node:
        case Always():
            return nw.lit(True)  # noqa: FBT003 - a value
        case Not(part):
            return ~expression(part, reading)
        case AllOf(parts):
            return balanced([expression(part, reading) for part in parts], lambda a, b: a & b)
        case AnyOf(parts):
            return balanced([expression(part, reading) for part in parts], lambda a, b: a | b)
        case AtLeast(count, parts):
            return _at_least(count, [expression(part, reading) for part in parts])
        case Comparison():
            return _comparison(node, reading)


def balanced(parts: Sequence[nw.Expr], join: Callable[[nw.Expr, nw.Expr], nw.Expr]) -> nw.Expr:
    """Return all parts joined, as a tree that is no deeper than it must be."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return join(balanced(parts[:half], join), balanced(parts[half:], join))


def by_steps(number: nw.Expr, changes: Sequence[int], values: Sequence[nw.Expr]) -> nw.Expr:
    """Return which of several values a number has, by as few comparisons as it takes.

    Args:
        number: The number, such as a moment in microseconds.
        changes: The numbers at which the value changes, in order.
        values: The value before the first change, which also holds for no number, and from each
            on.
    """
    if not changes:
        return values[0]
    half = len(changes) // 2
    earlier = by_steps(number, changes[:half], values[: half + 1])
    later = by_steps(number, changes[half + 1 :], values[half + 1 :])
    return nw.when(number >= int(changes[half])).then(later).otherwise(earlier)


def _at_least(count: int, parts: Sequence[nw.Expr]) -> nw.Expr:
    one, none = nw.lit(1, nw.Int64), nw.lit(0, nw.Int64)
    trues = balanced(
        [nw.when(part).then(one).otherwise(none) for part in parts], lambda a, b: a + b
    )
    falses = balanced(
        [nw.when(~part).then(one).otherwise(none) for part in parts], lambda a, b: a + b
    )
    reached, lost = trues >= count, falses > len(parts) - count
    return nw.when(reached).then(nw.lit(True)).when(lost).then(nw.lit(False))  # noqa: FBT003 - values


def _comparison(node: Comparison, reading: Reading) -> nw.Expr:
    left = _column(node.left, reading)
    match node.op:
        case "known":
            return ~left.is_null()
        case "missing":
            return left.is_null()
        case "is_true":
            return left
        case "in" | "not in":
            assert isinstance(node.right, tuple)  # noqa: S101 - as the table says
            found = _any_equal(node.left, node.right, reading)
            return found if node.op == "in" else ~found
    assert node.right is not None  # noqa: S101 - as the table says
    assert not isinstance(node.right, tuple)  # noqa: S101 - as the table says
    if isinstance(node.left, Lower):
        return _folded(node.left, node.op, node.right, reading)
    right = _column(node.right, reading)
    match node.op:
        case "within":
            age = reading.at - left
            return nw.when(~right.is_null()).then((age >= 0) & (age < right))
        case "older_than":
            return (reading.at - left) >= right
        case "has":
            return _has(left, node.right, reading)
        case "contains" | "starts_with" | "ends_with":
            return _text_test(node.op, left, node.right, reading)
    return _related(node.op, node.left, node.right, reading)


def _any_equal(left: Term, choices: tuple[Term, ...], reading: Reading) -> nw.Expr:
    if isinstance(left, Lower):
        tests = [_folded(left, "==", term, reading) for term in choices]
    else:
        tests = [_related("==", left, term, reading) for term in choices]
    return balanced(tests, lambda a, b: a | b)


def _related(op: str, left: Term, right: Term, reading: Reading) -> nw.Expr:
    one, other = _column(left, reading), _column(right, reading)
    types = {_type(left, reading), _type(right, reading)}
    if types == {Type.INTEGER, Type.NUMBER}:
        one, other = one.cast(nw.Float64), other.cast(nw.Float64)
    found = _RELATIONS[op](one, other)
    if Type.MONEY in types:
        return nw.when(_currency(left, reading) == _currency(right, reading)).then(found)
    return found


def _has(left: nw.Expr, right: Term, reading: Reading) -> nw.Expr:
    wanted = _written(right, reading)
    if wanted is None:
        return nw.lit(None, nw.Boolean)
    # A missing text in a list is no text; what a backend makes of it differs.
    found = nw.when(left.list.contains(wanted)).then(nw.lit(True)).otherwise(nw.lit(False))  # noqa: FBT003 - values
    return nw.when(~left.is_null()).then(found)


def _text_test(op: str, left: nw.Expr, right: Term, reading: Reading) -> nw.Expr:
    wanted = _written(right, reading)
    if wanted is None:
        return nw.lit(None, nw.Boolean)
    match op:
        case "contains":
            return left.str.contains(wanted, literal=True)
        case "starts_with":
            return left.str.starts_with(wanted)
        case _:
            return left.str.ends_with(wanted)


def _folded(left: Lower, op: str, right: Term, reading: Reading) -> nw.Expr:
    """Return a test of `lower(...)`, by a pattern that folds ASCII letters and no others.

    A backend's own lower case would fold more letters, and each backend others.
    """
    text, wanted = _column(left.of, reading), _written(right, reading)
    if wanted is None:
        return nw.lit(None, nw.Boolean)
    if any("A" <= letter <= "Z" for letter in wanted):
        impossible = nw.when(~text.is_null()).then(nw.lit(False))  # noqa: FBT003 - a value
        return ~impossible if op == "!=" else impossible
    pattern = "".join(_either(letter) for letter in wanted)
    match op:
        case "contains":
            return text.str.contains(pattern)
        case "starts_with":
            return text.str.contains(rf"\A{pattern}")
        case "ends_with":
            return text.str.contains(rf"{pattern}\z")
        case "!=":
            return ~text.str.contains(rf"\A{pattern}\z")
        case _:
            return text.str.contains(rf"\A{pattern}\z")


def _either(letter: str) -> str:
    """Return the pattern of a letter, small or capital; of anything else, of just that."""
    if "a" <= letter <= "z":
        return f"[{letter}{letter.upper()}]"
    return letter if letter.isalnum() else f"\\x{{{ord(letter):X}}}"


def _written(term: Term, reading: Reading) -> str | None:
    """Return the text that a literal or a parameter says."""
    value = term.value if isinstance(term, Literal) else None
    if isinstance(term, Param):
        value = reading.parameters.get(term.name)
    return None if value is None else str(value)


def _column(term: Term, reading: Reading) -> nw.Expr:
    match term:
        case Field(name):
            return reading.fields[name][0]
        case Literal(kind, value):
            return _literal(value, kind)
        case Param(name):
            kind = reading.vocabulary.parameters[name].type
            return _literal(reading.parameters.get(name), kind)
        case DaysSince(of):
            return _days(reading.at - _column(of, reading))
        case Lower(of):
            return _column(of, reading)  # known where the text is; compared by `_folded`
        case Arithmetic(op, left, right):
            one = _column(left, reading).cast(nw.Float64)
            other = _column(right, reading).cast(nw.Float64)
            return _finite(_calculated(op, one, other))


def _days(age: nw.Expr) -> nw.Expr:
    """Return whole days, rounded down."""
    # Spark divides as floats; half a day over whole days keeps them away from the edges.
    whole = age - age % MICROSECONDS_A_DAY
    return (whole + MICROSECONDS_A_DAY // 2) // MICROSECONDS_A_DAY


def _literal(value: Value | None, kind: Type) -> nw.Expr:
    if isinstance(value, date):
        # As text, since PySpark takes no date before the year 1000.
        return nw.lit(value.isoformat(), nw.String).str.to_date(format="%Y-%m-%d")
    plain: Any = value.minor if isinstance(value, Cash) else value
    if isinstance(plain, int) and not isinstance(plain, bool):
        plain = float(plain) if kind is Type.NUMBER else int(plain)
    return nw.lit(plain, _COLUMN_TYPES[kind])


def _calculated(op: str, left: nw.Expr, right: nw.Expr) -> nw.Expr:
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    # Spark may divide before it tests, so there must be no zero even where it is not used.
    divisor = nw.when(right == 0).then(nw.lit(1.0, nw.Float64)).otherwise(right)
    # polars multiplies by the reciprocal of a single number, so that 3 / 10 is not 0.3; a sum
    # with the left side is one number for each row.
    divisor = divisor + left * 0.0
    return nw.when(right != 0).then(left / divisor)


def _finite(number: nw.Expr) -> nw.Expr:
    return nw.when(number.is_finite()).then(number)


def _currency(term: Term, reading: Reading) -> nw.Expr:
    match term:
        case Field(name):
            return reading.fields[name][1]
        case Literal(_, Cash(_, currency)):
            return nw.lit(currency, nw.String)
        case Param(name):
            value = reading.parameters.get(name)
            return nw.lit(value.currency if isinstance(value, Cash) else None, nw.String)
        case _:  # pragma: no cover - the checker lets no other term be money
            raise TypeError(term)


def _type(term: Term, reading: Reading) -> Type:
    match term:
        case Field(name):
            return reading.vocabulary.fields[name].type
        case Param(name):
            return reading.vocabulary.parameters[name].type
        case Literal(kind, _):
            return kind
        case DaysSince():
            return Type.INTEGER
        case Lower():  # pragma: no cover - compared by `_folded`
            return Type.STRING
        case Arithmetic():
            return Type.NUMBER
