"""Random conditions and leads over one vocabulary, made so that every verdict is frequent.

What a lead holds and what a condition says come from the same short pools, and the pools hold
what backends are known to disagree about. Everything is drawn from a `Random`, so that the same
code serves hypothesis, which shrinks, and seeded bulk comparisons, which are fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from typing import Literal as OneOf
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from leadrules.conditions import (
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
from leadrules.values import Instant, Money, Type, instant_of, settle
from leadrules.vocabulary import Declaration, Parameter, Vocabulary, start_of_day

BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 3, 29, 1, tzinfo=UTC)
"""The instant at which Berlin's clocks spring from 2:00 to 3:00."""

Row = Mapping[str, Any]

CHOICES = ("gold", "silver", "Ünlisted")
_FIELDS: Mapping[Type, tuple[str, ...]] = {
    Type.STRING: ("note", "title", "company.industry"),
    Type.ENUM: ("tier", "lead_type"),
    Type.INTEGER: ("visits", "stars", "company.employees"),
    Type.NUMBER: ("rate", "share"),
    Type.BOOLEAN: ("vip", "consent"),
    Type.DATE: ("renews", "founded"),
    Type.DATETIME: ("seen", "created"),
    Type.DURATION: ("idle", "patience"),
    Type.MONEY: ("deal", "budget", "company.revenue"),
    Type.STRINGS: ("tags",),
}
"""The fields that random conditions read; those of every lead stand among declared ones."""

_BUILT_IN = set(Vocabulary().fields) - {"lead_type"}

# --- pools: the same for leads and for literals

_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)

TEXTS = (
    "", "a", "A", "ab", "aB", "b", "vp", "VP Sales", "vp sales", "student", "STUDENT", " a", "a ",
    "\N{LATIN SMALL LETTER SHARP S}", "ss", "SS", "\N{LATIN SMALL LETTER LONG S}",
    "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "i\N{COMBINING DOT ABOVE}",
    "\N{LATIN SMALL LETTER DOTLESS I}", "i", "I", "\N{KELVIN SIGN}", "k", "K",
    "\N{LATIN SMALL LETTER E WITH ACUTE}", "e\N{COMBINING ACUTE ACCENT}",
    "\N{COMBINING ACUTE ACCENT}",
    "\N{LATIN CAPITAL LETTER E WITH ACUTE}", "\N{GREEK CAPITAL LETTER OMEGA}", "日本",
    "\N{GRINNING FACE}", "\N{GRINNING FACE}a", "\N{ZERO WIDTH NO-BREAK SPACE}a", "\uffff",
    "a\nb", "\n", "a\n", "\r", "\t", "a\0b", "\0", "[a-z]", "]", "^a$", "\\", "\\d", "-", ".*", "%",
    "_", "'", '"', "{", "a{1}", "(?i)A", "\\E",
    "\x85", "\N{LINE SEPARATOR}",
)  # fmt: skip
INTEGERS = (-(2**53), -2, -1, 0, 1, 2, 3, 5, 10, 2**31, 2**53 - 1, 2**53)
NUMBERS = (-1.7976931348623157e308, -1.5, -1.0, 0.0, 5e-324, 0.1, 0.2, 0.1 + 0.2, 0.3, 0.5, 1.0,
           1.5, 2.0, 3.0, 1e16, 2.0**53, 1e300, 1.7976931348623157e308)  # fmt: skip
DATES = (date(1, 1, 1), date(1969, 12, 31), date(1970, 1, 1), date(2024, 2, 28), date(2024, 2, 29),
         date(2024, 3, 1), date(2026, 3, 29), date(9999, 12, 31))  # fmt: skip
INSTANTS = (
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1583, 1, 1, tzinfo=UTC) - _TICK,
    datetime(1900, 1, 1, tzinfo=BERLIN),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2024, 2, 29, 12, tzinfo=UTC),
    datetime(2025, 10, 26, 2, 30, tzinfo=BERLIN),
    datetime(2025, 10, 26, 2, 30, fold=1, tzinfo=BERLIN),
    datetime(2026, 3, 29, 2, 30, tzinfo=BERLIN),  # this time of day did not happen
    *(AT - days * _DAY + ticks * _TICK for days in (-1, 0, 1, 7, 30) for ticks in (-1, 0, 1)),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
)
_CHANGE = datetime(2026, 3, 29, tzinfo=BERLIN)
MOMENTS = (*INSTANTS[2:-1], _CHANGE, _CHANGE - _TICK)
"""Moments of evaluation, some at the edge where a parameter changes."""
DURATIONS = (timedelta(0), _TICK, timedelta(seconds=1), timedelta(minutes=90), _DAY - _TICK, _DAY,
             timedelta(weeks=1), 30 * _DAY, 10_000 * _DAY)  # fmt: skip
MONEYS = tuple(
    Money.parse(text)
    for text in ("-5 EUR", "0 EUR", "1 EUR", "1.01 EUR", "100 EUR", "100 USD", "100 JPY",
                 "1.005 BHD", "90071992547409.93 EUR", "90071992547409.92 EUR",
                 "999999999999999 BHD")
)  # fmt: skip

_POOLS: Mapping[Type, Sequence[Any]] = {
    Type.STRING: TEXTS,
    Type.ENUM: CHOICES,
    Type.INTEGER: INTEGERS,
    Type.NUMBER: NUMBERS,
    Type.BOOLEAN: (True, False),
    Type.DATE: DATES,
    Type.DATETIME: INSTANTS,
    Type.DURATION: DURATIONS,
    Type.MONEY: MONEYS,
}
_ONLY_IN_LEADS: Mapping[Type, Sequence[Any]] = {
    Type.INTEGER: (2**53 + 1, -(2**53) - 1, 2**62, 2**63 - 1),
    Type.NUMBER: (float("nan"), float("inf"), float("-inf"), -0.0),
    Type.DURATION: (-_DAY, -_TICK),
}
_ARITHMETIC: tuple[OneOf["+", "-", "*", "/"], ...] = ("+", "-", "*", "/")
_ORDERED = tuple(set(_POOLS) - {Type.ENUM, Type.BOOLEAN})
_PARAMETERS: Mapping[Type, tuple[str, Sequence[Any]]] = {
    Type.STRING: ("word", ("vp", "", "a")),
    Type.INTEGER: ("count", (2, 5, 3)),
    Type.NUMBER: ("limit", (0.3, 1.5, 0)),
    Type.BOOLEAN: ("switch", (True, False, True)),
    Type.DATE: ("day", DATES[3:6]),
    Type.DATETIME: ("since", (INSTANTS[3], INSTANTS[5], AT)),
    Type.DURATION: ("grace", DURATIONS[5:8]),
    Type.MONEY: ("floor", MONEYS[2:6:2]),
}

ACTIVITIES: Mapping[str, Mapping[str, Declaration]] = {
    "page_view": {
        "path": Declaration(type=Type.STRING),
        "seconds": Declaration(type=Type.INTEGER),
        "amount": Declaration(type=Type.MONEY),
        "returning": Declaration(type=Type.BOOLEAN),
    },
    "download": {},
    "demo": {},
}
"""The types of activity that random histories are made of."""


def _vocabulary() -> Vocabulary:
    declared = {
        name: Declaration(type=kind, choices=CHOICES if kind is Type.ENUM else ())
        for kind, names in _FIELDS.items()
        for name in names
        if name not in _BUILT_IN
    }
    starts = (date(1970, 1, 1), date(2026, 3, 29), date(2026, 3, 30))
    parameters = {
        name: Parameter(kind, tuple(zip(map(_start, starts), map(settle, values), strict=False)))  # type: ignore[arg-type]  # none of them is missing
        for kind, (name, values) in _PARAMETERS.items()
    }
    return Vocabulary(declared, activities=ACTIVITIES, parameters=parameters, zone="Europe/Berlin")


def _start(day: date) -> Instant:
    return start_of_day(day, "Europe/Berlin")


VOCABULARY = _vocabulary()
FIELDS = tuple(name for names in _FIELDS.values() for name in names)
"""The names of the fields that random leads have and random conditions read."""


# --- leads


def row(random: Random, *, number: int = 0) -> Row:
    """Return the values of a lead by field; what is missing is None."""
    values: dict[str, Any] = {"id": f"lead-{number}"}
    for kind, names in _FIELDS.items():
        for name in names:
            values[name] = None if random.random() < 0.2 else _value(random, kind)
    # A lead refuses what is missing in a frame, so that the two have no such row in common.
    if (values["company.employees"] or 0) < 0:
        values["company.employees"] = None
    return values


def rows(random: Random, count: int) -> list[Row]:
    return [row(random, number=number) for number in range(count)]


def moment(random: Random) -> datetime:
    """Return a moment of evaluation."""
    return random.choice(MOMENTS)


def _value(random: Random, kind: Type) -> Any:
    if kind is Type.STRINGS:
        return tuple(random.choice(TEXTS) for _ in range(random.randrange(4)))
    return random.choice((*_POOLS[kind], *_ONLY_IN_LEADS.get(kind, ())))


# --- conditions


class Conditions:
    """Makes conditions that the checker passes, of every operator and every term."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def condition(self, depth: int = 2) -> Condition:
        kind = self.random.random()
        if depth == 0 or kind < 0.5:
            return self.comparison()
        if kind < 0.52:
            return Always()
        if kind < 0.6:
            return Not(self.condition(depth - 1))
        parts = tuple(self.condition(depth - 1) for _ in range(self.random.choice((1, 2, 2, 3, 4))))
        if kind < 0.75:
            return AllOf(parts)
        if kind < 0.9:
            return AnyOf(parts)
        return AtLeast(self.random.randint(1, len(parts)), parts)

    def comparison(self) -> Comparison:
        make = self.random.choice(
            (self._relation, self._relation, self._relation, self._membership, self._text_test,
             self._lowered, self._age, self._has, self._presence)
        )  # fmt: skip
        return make()

    def _relation(self) -> Comparison:
        kind = self._kind()
        ops = ["==", "!="]
        if kind in _ORDERED:
            ops += ["<", "<=", ">", ">="]
        left, right = self._with_field(kind), self._term(kind)
        if self.random.random() < 0.2:
            left, right = right, left
        return Comparison(left, self.random.choice(ops), right)

    def _membership(self) -> Comparison:
        kind = self._kind()
        items = tuple(self._item(kind) for _ in range(self.random.randint(1, 4)))
        return Comparison(self._with_field(kind), self.random.choice(("in", "not in")), items)

    def _item(self, kind: Type) -> Term:
        return self.literal(kind) if self.random.random() < 0.85 else self._term(kind)

    def _text_test(self) -> Comparison:
        text = self._text_field()
        left: Term = Lower(text) if self.random.random() < 0.5 else text
        op = self.random.choice(("contains", "starts_with", "ends_with"))
        return Comparison(left, op, self._written())

    def _lowered(self) -> Comparison:
        left = Lower(self._text_field())
        if self.random.random() < 0.5:
            op: str = self.random.choice(("==", "!="))
            return Comparison(left, op, self._small(self.literal(Type.STRING)))
        items = tuple(self._small(self.literal(Type.STRING)) for _ in range(3))
        return Comparison(left, self.random.choice(("in", "not in")), items)

    def _small(self, literal: Literal) -> Literal:
        """Return a literal that lower(...) may equal, most of the time."""
        text = str(literal.value)
        return literal if self.random.random() < 0.2 else Literal(Type.STRING, text.lower())

    def _age(self) -> Comparison:
        op = self.random.choice(("within", "older_than"))
        return Comparison(self._field(Type.DATETIME), op, self._term(Type.DURATION))

    def _has(self) -> Comparison:
        return Comparison(self._field(Type.STRINGS), "has", self._written())

    def _presence(self) -> Comparison:
        kind = self.random.choice(tuple(_FIELDS))
        if kind is Type.BOOLEAN and self.random.random() < 0.7:
            return Comparison(self._field(kind), "is_true")
        op = self.random.choice(("known", "missing"))
        return Comparison(self._with_field(kind), op)

    # --- terms

    def _kind(self) -> Type:
        return self.random.choice(tuple(_POOLS))

    def _field(self, kind: Type) -> Field:
        return Field(self.random.choice(_FIELDS[kind]))

    def _text_field(self) -> Field:
        return self._field(self.random.choice((Type.STRING, Type.STRING, Type.ENUM)))

    def _with_field(self, kind: Type, depth: int = 2) -> Term:
        """Return a term that depends on the lead."""
        if kind is Type.INTEGER and self.random.random() < 0.3:
            return DaysSince(self._field(Type.DATETIME))
        if kind is Type.NUMBER and depth and self.random.random() < 0.4:
            op = self.random.choice(_ARITHMETIC)
            sides = [self._with_field(self._numeric(), depth - 1), self._term(self._numeric())]
            if self.random.random() < 0.5:
                sides.reverse()
            return Arithmetic(op, *sides)
        return self._field(kind)

    def _numeric(self) -> Type:
        return self.random.choice((Type.INTEGER, Type.NUMBER))

    def _term(self, kind: Type) -> Term:
        if kind.is_numeric:
            kind = self._numeric()
        chance = self.random.random()
        if chance < 0.6:
            return self.literal(kind)
        if chance < 0.75 and kind in _PARAMETERS:
            return Param(_PARAMETERS[kind][0])
        return self._with_field(kind, depth=1)

    def literal(self, kind: Type) -> Literal:
        value = settle(self.random.choice(_POOLS[kind]))
        assert value is not None
        return Literal(Type.STRING if kind is Type.ENUM else kind, value)

    def _written(self) -> Literal | Param:
        if self.random.random() < 0.1:
            return Param("word")
        found = self.literal(Type.STRING)
        return found if found.value else Literal(Type.STRING, "a")


# --- for hypothesis


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> Condition:
    """Return a strategy for conditions that the checker passes on `VOCABULARY`."""
    return Conditions(draw(st.randoms(use_true_random=False))).condition(depth)


@st.composite
def leads(draw: st.DrawFn) -> Row:
    """Return a strategy for the values of a lead; `VOCABULARY.lead` makes it one."""
    return row(draw(st.randoms(use_true_random=False)))


moments = st.sampled_from(MOMENTS).map(instant_of)
"""Moments of evaluation, in microseconds."""

seeds = st.integers(0, 2**32 - 1)
"""Seeds of a `Random` for comparisons in bulk."""

unicode_texts = st.one_of(
    st.sampled_from(TEXTS), st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
"""Texts as a lead may hold them."""
