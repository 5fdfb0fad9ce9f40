"""The one tree that every spelling of a condition is read into, and every reader reads.

A condition is true, false or unknown. Its parts are a closed list; `OPERATORS` is the table
that each reader translates. Paths name parts as the data spelling does: `("all", 0, "value")`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal as OneOf

from leadrules.values import Type, Value

__all__ = [
    "OPERATORS",
    "AllOf",
    "Always",
    "AnyOf",
    "Arithmetic",
    "AtLeast",
    "Comparison",
    "Condition",
    "DaysSince",
    "Field",
    "Literal",
    "Lower",
    "Not",
    "Operator",
    "Param",
    "Path",
    "Term",
    "fields_of",
    "parts_of",
    "terms_in",
    "terms_of",
    "walk",
]

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """The value of a field of the lead, or of what is at hand, such as `activity.path`."""

    name: str


@dataclass(frozen=True, slots=True)
class Param:
    """The value of a parameter at the moment of evaluation."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that the document states, settled."""

    type: Type
    value: Value


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A float64 result of two numbers; missing where it is not finite."""

    op: OneOf["+", "-", "*", "/"]
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class DaysSince:
    """Whole days of 24 hours from an instant to the moment of evaluation, rounded down."""

    of: Term


@dataclass(frozen=True, slots=True)
class Lower:
    """A text with the letters A to Z made small, and no others."""

    of: Term


Term = Field | Param | Literal | Arithmetic | DaysSince | Lower


@dataclass(frozen=True, slots=True)
class Always:
    """True."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """False if a part is false, else unknown if a part is unknown, else true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True if a part is true, else unknown if a part is unknown, else false."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True if the part is false, false if it is true, else unknown."""

    part: Condition


@dataclass(frozen=True, slots=True)
class AtLeast:
    """True with `count` true parts, false if that cannot be reached, else unknown."""

    count: int
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A test of a term: alone, against another term, or against a list of terms."""

    left: Term
    op: str
    right: Term | tuple[Term, ...] | None = None


Condition = Always | AllOf | AnyOf | Not | AtLeast | Comparison


@dataclass(frozen=True, slots=True)
class Operator:
    """What a comparison operator takes, and how text spells it.

    Attributes:
        spelling: `infix` as in `a < b`, `function` as in `contains(a, b)`, `bare` as in `a`,
            or `reversed` as in `b in a`.
        right: What stands on the right: one `term`, a `list`, or `none`.
        meaning: One line for the reference.
    """

    spelling: OneOf["infix", "function", "bare", "reversed"]
    right: OneOf["term", "list", "none"]
    meaning: str


OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        "==": Operator("infix", "term", "both are the same"),
        "!=": Operator("infix", "term", "both are known and not the same"),
        "<": Operator("infix", "term", "the left comes before the right; texts by code point"),
        "<=": Operator("infix", "term", "the left comes before the right, or is the same"),
        ">": Operator("infix", "term", "the left comes after the right"),
        ">=": Operator("infix", "term", "the left comes after the right, or is the same"),
        "in": Operator("infix", "list", "it is one of the list"),
        "not in": Operator("infix", "list", "it is known and none of the list"),
        "has": Operator("reversed", "term", "a list of texts has that text"),
        "contains": Operator("function", "term", "a text has that text in it, literally"),
        "starts_with": Operator("function", "term", "a text starts with that text"),
        "ends_with": Operator("function", "term", "a text ends with that text"),
        "within": Operator("function", "term", "an instant lies less than that long back"),
        "older_than": Operator("function", "term", "an instant lies at least that long back"),
        "known": Operator("function", "none", "there is a value; never unknown"),
        "missing": Operator("function", "none", "there is no value; never unknown"),
        "is_true": Operator("bare", "none", "a boolean is true"),
    }
)
"""Every operator of a comparison: the closed list that each reader translates."""


def parts_of(node: Condition) -> Iterator[tuple[Path, Condition]]:
    """Yield the conditions inside a condition, each with its path from there."""
    match node:
        case AllOf(parts):
            yield from ((("all", index), part) for index, part in enumerate(parts))
        case AnyOf(parts):
            yield from ((("any", index), part) for index, part in enumerate(parts))
        case AtLeast(_, parts):
            yield from ((("of", index), part) for index, part in enumerate(parts))
        case Not(part):
            yield ("not",), part


def walk(node: Condition, path: Path = ()) -> Iterator[tuple[Path, Condition]]:
    """Yield a condition and all inside it, outermost first, each with its path."""
    yield path, node
    for step, part in parts_of(node):
        yield from walk(part, path + step)


def terms_of(node: Condition) -> Iterator[Term]:
    """Yield the terms of every comparison in a condition, and the terms inside them."""
    for _, part in walk(node):
        if isinstance(part, Comparison):
            rights = part.right if isinstance(part.right, tuple) else (part.right,)
            for term in (part.left, *rights):
                if term is not None:
                    yield from terms_in(term)


def terms_in(term: Term) -> Iterator[Term]:
    """Yield a term and those inside it."""
    yield term
    match term:
        case Arithmetic(_, left, right):
            yield from terms_in(left)
            yield from terms_in(right)
        case DaysSince(of) | Lower(of):
            yield from terms_in(of)


def fields_of(node: Condition) -> tuple[str, ...]:
    """Return the names of the fields that a condition reads, each once, in order."""
    return tuple(dict.fromkeys(term.name for term in terms_of(node) if isinstance(term, Field)))
