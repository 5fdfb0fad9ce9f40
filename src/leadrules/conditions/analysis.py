"""What a condition can come to, over all leads: always true, never true, or it depends.

A comparison of one field with written values cuts the field's domain into cells; in a cell
the comparison does not change. Every other comparison may come to anything. So what is found
never true is never true; a condition that is too large to go through is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import product
from math import inf, nextafter, prod

from leadrules.conditions.reference import evaluate
from leadrules.conditions.tree import (
    AllOf,
    Always,
    AnyOf,
    AtLeast,
    Comparison,
    Condition,
    Field,
    Literal,
    Not,
    Term,
    walk,
)
from leadrules.values import LARGEST_INTEGER, Cash, Type, Value
from leadrules.vocabulary import Vocabulary

__all__ = ["both_true", "cells", "first_true", "outcomes"]

Verdicts = set[bool | None]

MOST_COMPARISONS = 40_000
"""A condition that takes more than this, over all combinations of cells, is not judged."""

MOST_FIRSTS = 4_000
"""Likewise, for which of several conditions is the first that is true."""

LONGEST_LIST = 100
"""A longer list is taken to leave something out."""

_EXACT = frozenset(
    {"==", "!=", "<", "<=", ">", ">=", "in", "not in", "known", "missing", "is_true"}
)


def outcomes(
    node: Condition, vocabulary: Vocabulary, *, memo: dict[Comparison, Verdicts] | None = None
) -> Verdicts | None:
    """Return every verdict that a condition can have, or None if it is too large to tell.

    Exact where fields are compared with written values; else at least what it can have.

    Args:
        node: A condition that the checker has passed.
        vocabulary: The names that it uses.
        memo: What comparisons were found to come to, kept for the parts of one condition.
    """
    memo = {} if memo is None else memo
    comparisons = {part for _, part in walk(node) if isinstance(part, Comparison)}
    exact = {part for part in comparisons if _is_exact(part)}
    if _is_read_once(node, exact):
        return _alone(node, exact, vocabulary, memo)
    cases = _cases([node], vocabulary, most=MOST_COMPARISONS)
    return None if cases is None else {_with(node, *case) for case in cases}


def first_true(nodes: Sequence[Condition], vocabulary: Vocabulary) -> set[int] | None:
    """Return which of the conditions can be the first that is true, or None if it is too much.

    Exact where fields are compared with written values; else at least those that can. That none
    of them is true is said by their number.
    """
    cases = _cases(nodes, vocabulary, most=MOST_FIRSTS)
    if cases is None:
        return None
    found: set[int] = set()
    for case in cases:
        firsts = (index for index, node in enumerate(nodes) if _with(node, *case) is True)
        found.add(next(firsts, len(nodes)))
    return found


def both_true(one: Condition, other: Condition, vocabulary: Vocabulary) -> bool:
    """Return whether some lead provably makes two conditions true at once."""
    node = AllOf((one, other))
    every = [part for _, part in walk(node) if isinstance(part, Comparison)]
    return all(map(_is_exact, every)) and True in (outcomes(node, vocabulary) or ())


_Case = tuple[Mapping[str, Value], Mapping[Comparison, bool | None]]


def _cases(
    nodes: Iterable[Condition], vocabulary: Vocabulary, *, most: int
) -> Iterator[_Case] | None:
    """Return every combination of cells and of verdicts that cannot be told, or None if too many.

    Args:
        nodes: The conditions that are asked together.
        vocabulary: The names that they use.
        most: How many comparisons may be made, over all combinations.
    """
    every = (part for node in nodes for _, part in walk(node))
    comparisons = {part for part in every if isinstance(part, Comparison)}
    exact = {part for part in comparisons if _is_exact(part)}
    if len(comparisons) > most:
        return None
    names = sorted({part.left.name for part in exact if isinstance(part.left, Field)})
    domains: list[Sequence[Value | None]] = [
        cells(name, [part for part in exact if part.left == Field(name)], vocabulary)
        for name in names
    ]
    free = sorted(comparisons - exact, key=repr)
    verdicts: list[Sequence[bool | None]] = [(True, False, None)] * len(free)
    if prod(len(domain) for domain in (*domains, *verdicts)) * len(comparisons) > most:
        return None
    return (
        (
            {name: x for name, x in zip(names, values, strict=True) if x is not None},
            dict(zip(free, said, strict=True)),
        )
        for values in product(*domains)
        for said in product(*verdicts)
    )


def _is_read_once(node: Condition, exact: set[Comparison]) -> bool:
    """Return whether no field stands in two exact comparisons, nor any comparison twice."""
    every = [part for _, part in walk(node) if isinstance(part, Comparison)]
    names = [part.left for part in exact]
    return len(every) == len(set(every)) and len(names) == len(set(names))


def _alone(
    node: Condition,
    exact: set[Comparison],
    vocabulary: Vocabulary,
    memo: dict[Comparison, Verdicts],
) -> Verdicts:
    """Return the verdicts of a condition whose comparisons do not depend on each other."""
    match node:
        case Always():
            return {True}
        case Comparison():
            if node not in memo:
                memo[node] = _one(node, vocabulary) if node in exact else {True, False, None}
            return memo[node]
        case Not(part):
            inner = _alone(part, exact, vocabulary, memo)
            return {None if x is None else not x for x in inner}
        case AllOf(parts) | AnyOf(parts) | AtLeast(_, parts):
            return _counted(node, [_alone(part, exact, vocabulary, memo) for part in parts])


def _one(node: Comparison, vocabulary: Vocabulary) -> Verdicts:
    """Return the verdicts of an exact comparison."""
    assert isinstance(node.left, Field)  # noqa: S101 - exact
    if isinstance(node.right, tuple) and len(node.right) > LONGEST_LIST:
        return {True, False, None}
    name = node.left.name
    domain = cells(name, [node], vocabulary)
    return {evaluate(node, {} if x is None else {name: x}) for x in domain}


def _counted(node: Condition, verdicts: list[Verdicts]) -> Verdicts:
    """Return the verdicts of a group whose parts do not depend on each other."""
    total = len(verdicts)
    wanted = node.count if isinstance(node, AtLeast) else total if isinstance(node, AllOf) else 1
    certain = sum(said == {True} for said in verdicts)
    optional = sum(said == {True, False} for said in verdicts)
    unknown = sum(None in said for said in verdicts)
    found: Verdicts = set()
    if sum(True in said for said in verdicts) >= wanted:
        found.add(True)  # noqa: FBT003 - a verdict
    if sum(False not in said for said in verdicts) < wanted:
        found.add(False)  # noqa: FBT003 - a verdict
    # Unknown: fewer trues than are wanted, and unknowns enough for the rest.
    trues = min(certain + optional, wanted - 1)
    if certain < wanted <= trues + unknown:
        found.add(None)
    return found


def _with(
    node: Condition, record: Mapping[str, Value], said: Mapping[Comparison, bool | None]
) -> bool | None:
    match node:
        case Comparison():
            return said[node] if node in said else evaluate(node, record)
        case Not(part):
            inner = _with(part, record, said)
            return None if inner is None else not inner
        case AllOf(parts) | AnyOf(parts) | AtLeast(_, parts):
            (found,) = _counted(node, [{_with(part, record, said)} for part in parts])
            return found
        case Always():
            return True


def _is_exact(node: Comparison) -> bool:
    rights: tuple[Term | None, ...] = node.right if isinstance(node.right, tuple) else (node.right,)
    return (
        isinstance(node.left, Field)
        and node.op in _EXACT
        and all(term is None or isinstance(term, Literal) for term in rights)
    )


def cells(
    name: str, comparisons: Sequence[Comparison], vocabulary: Vocabulary
) -> tuple[Value | None, ...]:
    """Return one value from every cell that comparisons cut a field's domain into.

    Args:
        name: The field.
        comparisons: Comparisons of that field with literals.
        vocabulary: The declared fields.

    Returns:
        None, for missing, then a value of each cell.
    """
    declaration = vocabulary.fields[name]
    literals: set[Value] = set()
    for node in comparisons:
        for term in node.right if isinstance(node.right, tuple) else (node.right,):
            if isinstance(term, Literal):
                literals.add(term.value)
    if declaration.choices:
        return (None, *declaration.choices)
    if declaration.type is Type.BOOLEAN:
        return (None, True, False)
    if not literals:
        return (None, *_ANY[declaration.type])
    if declaration.type is Type.MONEY:
        literals.add(Cash(0, "XXX"))  # of a currency that none of them has
    return (None, *dict.fromkeys(_around(sorted(literals, key=_order), declaration.type)))


_ANY: Mapping[Type, tuple[Value, ...]] = {
    Type.STRING: ("x",),
    Type.ENUM: ("x",),
    Type.INTEGER: (0,),
    Type.NUMBER: (0.0,),
    Type.DATETIME: (0,),
    Type.DURATION: (0,),
    Type.MONEY: (Cash(0, "EUR"),),
    Type.STRINGS: ((),),
    Type.DATE: (date(2000, 1, 1),),
}


def _order(value: Value) -> tuple[str, object]:
    return (value.currency, value.minor) if isinstance(value, Cash) else ("", value)


def _around(literals: Sequence[Value], kind: Type) -> Iterator[Value]:
    """Yield each literal and a neighbour on either side, which is in the cell beside it."""
    for value in literals:
        match value:
            case bool():  # pragma: no cover - booleans have a domain of their own
                yield value
            case str():
                yield from (value[:-1] or "", value, value + "\0")
            case Cash(minor, currency):
                yield from (Cash(minor - 1, currency), value, Cash(minor + 1, currency))
            case int() if kind is not Type.NUMBER:
                for near in (value - 1, value, value + 1):
                    if abs(near) <= LARGEST_INTEGER or kind is not Type.INTEGER:
                        yield near
            case int() | float():
                if kind is Type.INTEGER:
                    yield from {int(value) - 1, int(value), int(value) + 1}
                else:
                    yield from (nextafter(value, -inf), value, nextafter(value, inf))
            case _:
                yield from _days_around(value)


def _days_around(value: object) -> Iterator[Value]:
    assert isinstance(value, date)  # noqa: S101 - the only type left
    day = timedelta(days=1)
    if value > date.min:
        yield value - day
    yield value
    if value < date.max:
        yield value + day
