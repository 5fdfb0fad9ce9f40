"""The values that a missing field might have: one of every cell that conditions can tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from math import floor, isfinite

from leadrules.conditions.analysis import cells
from leadrules.conditions.reference import evaluate, value_of
from leadrules.conditions.tree import (
    Comparison,
    DaysSince,
    Field,
    Literal,
    Lower,
    Term,
    fields_of,
    terms_in,
    walk,
)
from leadrules.lead import LEAST
from leadrules.scoring.document import Scoring
from leadrules.scoring.itemise import Case
from leadrules.values import MICROSECONDS_A_DAY, Instant, Span, Type, Value, instant_of

__all__ = ["Domain", "Verdicts", "comparisons_in", "domain_of"]

Verdicts = tuple[bool | None, ...]
"""What a comparison may come to."""

_FLIPPED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_LISTS = {"in", "not in"}
_TEXT_TESTS = {"contains", "starts_with", "ends_with", "has"}
_MOST_JOINED = 6
"""Of so many texts every selection is tried."""

_FIRST = instant_of(datetime.min.replace(tzinfo=UTC))
_LAST = instant_of(datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Domain:
    """What a field might hold.

    Attributes:
        name: The field.
        cells: A value of every cell that comparisons with constants cut.
        values: Those, and others for which the rest of the comparisons come out otherwise.
        free: The comparisons that are no such cuts, with what each may come to; none if every
            value that the field can have is in a cell.
    """

    name: str
    cells: tuple[Value, ...]
    values: tuple[Value, ...]
    free: Mapping[Comparison, Verdicts]


def domain_of(name: str, nodes: Sequence[Comparison], case: Case) -> Domain:
    """Return what a field that is missing of a lead might hold, all else the same.

    Args:
        name: The field.
        nodes: The comparisons that read it.
        case: The lead.
    """
    declaration = case.vocabulary.fields[name]
    cuts: list[Comparison] = []
    free: dict[Comparison, Verdicts] = {}
    for node in nodes:
        found = _cuts(node, name, declaration.type, case)
        if found is None:
            free[node] = _verdicts(node, name, case)
        else:
            cuts += found
    known = [value for value in cells(name, cuts, case.vocabulary) if value is not None]
    typed = _distinct(_typed(known, name, declaration.type), name, nodes, case)
    if declaration.choices or declaration.type is Type.BOOLEAN:
        return Domain(name, typed, typed, {})
    more = _witnesses(free, name, declaration.type, case) if free else ()
    return Domain(name, typed, _distinct((*typed, *more), name, nodes, case), free)


def _distinct(
    values: Iterable[Value], name: str, nodes: Iterable[Comparison], case: Case
) -> tuple[Value, ...]:
    """Return values of which no two make every comparison come out alike."""
    found: dict[Verdicts, Value] = {}
    for value in dict.fromkeys(values):
        record = {**case.record, name: value}
        verdicts = tuple(
            evaluate(node, record, at=case.moment, parameters=case.effect.parameters)
            for node in nodes
        )
        found.setdefault(verdicts, value)
    return tuple(found.values())


def comparisons_in(scoring: Scoring) -> Mapping[str, Sequence[Comparison]]:
    """Return for each field the comparisons that read it, each once."""
    found: dict[str, dict[Comparison, None]] = {}
    for _, condition in scoring.conditions():
        for _, node in walk(condition):
            if isinstance(node, Comparison):
                for name in fields_of(node):
                    found.setdefault(name, {})[node] = None
    return {name: tuple(nodes) for name, nodes in found.items()}


def _cuts(node: Comparison, name: str, kind: Type, case: Case) -> list[Comparison] | None:
    """Return the comparisons with constants that change where this one does; None if none do."""
    field = Field(name)
    if node.right is None:
        of = node.left.of if isinstance(node.left, Lower | DaysSince) else node.left
        return [] if of == field else None
    rights = node.right if isinstance(node.right, tuple) else (node.right,)
    if not any(_reads(term, name) for term in rights):
        constants = [value for term in rights if (value := _value(term, case)) is not None]
        if not constants:
            return []  # unknown whatever the field holds
        return _cuts_at(node.left, node.op, constants, name, case)
    if node.right == field and not _reads(node.left, name):
        constant = _value(node.left, case)
        if constant is None:
            return []
        if node.op in {"within", "older_than"}:
            age = Span(case.moment - int(constant))  # type: ignore[arg-type]  # checked: an instant
            return [_cut(name, kind, age)]
        return [_cut(name, kind, constant)] if node.op in _FLIPPED else None
    return None


def _cuts_at(
    left: Term, op: str, constants: Sequence[Value], name: str, case: Case
) -> list[Comparison] | None:
    kind = case.vocabulary.fields[name].type
    if left == Field(name):
        if op in {"within", "older_than"}:
            span = int(constants[0])  # type: ignore[arg-type]  # checked: a duration
            ends = (case.moment, case.moment - span)
            return [_cut(name, kind, Instant(end)) for end in ends]
        return [_cut(name, kind, x) for x in constants] if op in {*_FLIPPED, *_LISTS} else None
    if left == DaysSince(Field(name)) and op in {*_FLIPPED, *_LISTS}:
        return [
            _cut(name, kind, Instant(case.moment - day * MICROSECONDS_A_DAY))
            for constant in constants
            for day in range(floor(constant), floor(constant) + 3)  # type: ignore[arg-type]  # checked: a number
        ]
    return None


def _cut(name: str, kind: Type, value: Value) -> Comparison:
    return Comparison(Field(name), "<", Literal(kind, value))


def _reads(term: Term, name: str) -> bool:
    return Field(name) in terms_in(term)


def _value(term: Term, case: Case) -> Value | None:
    """Return the value of a term as things are."""
    return value_of(term, case.record, at=case.moment, parameters=case.effect.parameters)


def _verdicts(node: Comparison, name: str, case: Case) -> Verdicts:
    """Return what a comparison that cannot be cut may come to, if the field is known."""
    rights = node.right if isinstance(node.right, tuple) else (node.right,)
    constant = not any(term is None or _reads(term, name) for term in rights)
    is_text = node.left in {Field(name), Lower(Field(name))}
    known = constant and all(_value(term, case) is not None for term in rights if term is not None)
    return (True, False) if is_text and known else (True, False, None)


def _typed(values: Iterable[Value], name: str, kind: Type) -> Iterator[Value]:
    """Yield those values that a field can have, each of the field's class."""
    least = LEAST.get(name)
    for value in values:
        match value:
            case bool() | str() | tuple():
                yield value
            case int() if kind is Type.DATETIME:
                if _FIRST <= value <= _LAST:
                    yield Instant(value)
            case int() if kind is Type.DURATION:
                yield Span(value)
            case int() | float() if (least is not None and value < least) or not isfinite(value):
                continue
            case _:
                yield value


def _witnesses(free: Iterable[Comparison], name: str, kind: Type, case: Case) -> Iterator[Value]:
    """Yield values for which comparisons that cannot be cut may come out this way or that."""
    if kind.is_numeric:
        for number in (0, 1, -1, 10, 100, 1_000, 1_000_000, -1_000_000):
            yield from _typed([float(number) if kind is Type.NUMBER else number], name, kind)
        return
    texts: dict[str, list[str]] = {}
    for node in free:
        for term in node.right if isinstance(node.right, tuple) else (node.right,):
            value = None if term is None or _reads(term, name) else _value(term, case)
            if isinstance(value, str):
                place = node.op if node.op in {"starts_with", "ends_with"} else "contains"
                texts.setdefault(place, []).append(value)
    if kind is Type.STRINGS:
        every = tuple(dict.fromkeys(text for found in texts.values() for text in found))
        yield from _selections(every)
    elif kind.is_text:
        yield from _texts(texts)


def _selections(texts: Sequence[str]) -> Iterator[tuple[str, ...]]:
    counts = range(len(texts) + 1) if len(texts) <= _MOST_JOINED else (0, 1, len(texts))
    for count in counts:
        yield from combinations(texts, count)


def _texts(texts: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield texts that begin, go on and end as conditions look for."""
    inner = tuple(dict.fromkeys(texts.get("contains", ())))
    for start in ("", *texts.get("starts_with", ())):
        for end in ("", *texts.get("ends_with", ())):
            for chosen in _selections(inner):
                whole = f"{start}{' '.join(chosen)}{end}"
                yield from (whole, f"{whole} x", f"x {whole}", whole.upper(), whole.capitalize())
