"""The values at which a policy may change its mind: its literals, and what lies beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Any

from leadrules.conditions.analysis import cells
from leadrules.conditions.tree import (
    Comparison,
    Condition,
    DaysSince,
    Field,
    Literal,
    Lower,
    Param,
    fields_of,
    terms_of,
    walk,
)
from leadrules.lead import LEAST
from leadrules.lifecycle.touches import OTHERWISE
from leadrules.policy import Policy
from leadrules.scoring.document import Scoring
from leadrules.sections import ParamRef
from leadrules.testing.territories import named_values, prefixes, rows_as_leads
from leadrules.values import (
    MICROSECONDS_A_DAY,
    Cash,
    Money,
    Type,
    Value,
    datetime_of,
    instant_of,
)
from leadrules.vocabulary import Declaration, Vocabulary, start_of_day
from leadrules.zones import Zone

__all__ = ["Pool", "Pools", "given", "moments_before"]

_DAY = MICROSECONDS_A_DAY
_USUAL: Mapping[Type, tuple[Any, ...]] = {
    Type.STRING: ("x", "", "Ünlisted"),
    Type.INTEGER: (1, 0, 100),
    Type.NUMBER: (1.0, 0.0, 0.1, 100.0),
    Type.BOOLEAN: (True, False),
    Type.DURATION: (timedelta(days=1), timedelta(0)),
    Type.MONEY: (Money.parse("1 EUR"), Money.parse("0 EUR"), Money.parse("1000000 USD")),
    Type.STRINGS: ((), ("x",)),
    Type.DATE: (date(2026, 1, 31),),
}
_ABSENCES = 4
_USUAL_AGES = (0, _DAY, 1, -1, -_DAY, 400 * _DAY)


@dataclass(frozen=True)
class Pool:
    """The values of one field or property that matter.

    Attributes:
        values: The values, the plainest first.
        ages: For a moment: how long before the evaluation it may lie, in microseconds.
        stated: Those of the values that the policy itself states; of what has an order, those
            beside them, too.
    """

    values: tuple[Any, ...]
    ages: tuple[int, ...] = ()
    stated: tuple[Any, ...] = ()

    def at(self, at: datetime) -> tuple[Any, ...]:
        """Return the values for an evaluation at a moment."""
        return (*moments_before(at, self.ages), *self.values)


class Pools:
    """The values that matter to a policy.

    Args:
        policy: The policy.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.vocabulary = policy.vocabulary
        self.scoring = policy.scoring or Scoring()
        self.lifecycle = policy.lifecycle
        self.routing = policy.routing

    @cached_property
    def zone(self) -> Zone:
        """The zone of the policy."""
        return Zone.named(self.vocabulary.zone)

    @cached_property
    def read(self) -> frozenset[str]:
        """The fields that the policy reads."""
        of_moves = self.lifecycle.fields() if self.lifecycle else ()
        of_routes = self.routing.fields() if self.routing else ()
        return frozenset((*self.scoring.fields(), *of_moves, *of_routes))

    @cached_property
    def fields(self) -> Mapping[str, Pool]:
        """The values of each field of a lead that matter; an id is not among them."""
        sections = (self.scoring, self.lifecycle, self.routing)
        conditions = [found for x in sections if x is not None for _, found in x.conditions()]
        found = _pools(
            conditions,
            self.vocabulary,
            named=named_values(self.policy),
            starts=prefixes(self.policy),
        )
        if self._types_of_leads:
            kinds = found["lead_type"]
            values, stated = (
                tuple(dict.fromkeys((*self._types_of_leads, *x)))
                for x in (kinds.values, kinds.stated)
            )
            found["lead_type"] = Pool(values, stated=stated)
        return {name: pool for name, pool in found.items() if name != "id"}

    @cached_property
    def territories(self) -> tuple[Mapping[str, Any], ...]:
        """The fields of leads for whom a row of a lookup holds, all at once."""
        words = self.vocabulary.fields
        return tuple(
            {name: given(value, words[name].type) for name, value in row.items() if name in words}
            for row in rows_as_leads(self.policy)
        )

    @property
    def _types_of_leads(self) -> tuple[str, ...]:
        """The types of leads of which rules of touches speak."""
        rules = self.lifecycle.touches.values() if self.lifecycle else ()
        return tuple(x for rule in rules for x in rule.count if x != OTHERWISE)

    @cached_property
    def properties(self) -> Mapping[str, Mapping[str, Pool]]:
        """The values of each property of each type of activity that matter."""
        rules: list[tuple[str | None, Condition]] = []
        if self.scoring.engagement:
            rules += [(x.activity, x.when) for x in self.scoring.engagement.rules.values()]
        if self.lifecycle:
            plans = self.lifecycle.nurture.values()
            rules += [(x.activity, x.when) for x in self.lifecycle.responses.values()]
            rules += [(x.activity, x.when) for plan in plans for x in plan.steps.values()]
        found = {}
        for activity in self.vocabulary.activities:
            words = self.vocabulary.of_activity(activity)
            own = [when for name, when in rules if name == activity]
            pools = _pools(own, words)
            found[activity] = {name.partition(".")[2]: pool for name, pool in pools.items()}
        return found

    @cached_property
    def ages(self) -> tuple[int, ...]:
        """How long before an evaluation events may lie, in microseconds: where they fade."""
        spans: list[int] = []
        for rule in self.scoring.engagement.rules.values() if self.scoring.engagement else ():
            over, ends = rule.decay.over, rule.decay.ends
            spans += [over, 2 * over, over // 2] if over is not None else []
            spans += [ends] if ends is not None else []
        qualification = self.scoring.qualification
        for criterion in qualification.criteria.values() if qualification else ():
            spans += [criterion.expires] if criterion.expires is not None else []
        return tuple(dict.fromkeys([*_USUAL_AGES, *_near(spans), *self._waits]))

    @property
    def _waits(self) -> tuple[int, ...]:
        """How long the delays of the lifecycle are, about; of business time it is a guess."""
        delays = self.lifecycle.delays() if self.lifecycle else ()
        return tuple(
            found.amount * (_DAY if found.unit == "business_days" else 1) for _, found in delays
        )

    def edges(self, at: datetime) -> tuple[datetime, ...]:
        """Return the moments at which a day, a week and a month begin, and the last before each."""
        zone = self.vocabulary.zone
        today = date(1970, 1, 1) + timedelta(days=self.zone.day(instant_of(at)))
        days = (
            today,
            today - timedelta(days=1),
            today - timedelta(days=today.weekday()),
            today.replace(day=1),
        )
        starts = [start_of_day(day, zone) for day in dict.fromkeys(days)]
        return tuple(datetime_of(start + tick) for start in starts for tick in (0, -1))

    def moments(self) -> tuple[datetime, ...]:
        """Return moments of evaluation: an ordinary one, and those at which something changes.

        All are moments at which every parameter that points depend on has a value.
        """
        first = self._first()
        ordinary = first + 45 * _DAY + _DAY // 2
        changes = [change for change in self.zone.changes if change >= first][:2]
        epochs = [epoch for epoch in self.vocabulary.epochs if epoch >= first]
        hours = [at for at in self._changes_of_work(ordinary) if at >= first]
        edges = [epoch + tick for epoch in (first, *epochs, *changes, *hours) for tick in (0, -1)]
        return tuple(datetime_of(x) for x in dict.fromkeys((ordinary, *edges)) if x >= first)

    def _changes_of_work(self, ordinary: int) -> Iterator[int]:
        """Yield instants at which members begin to work, or are away or back."""
        members = self.routing.members.values() if self.routing else ()
        calendars = self.policy.calendars
        for name in dict.fromkeys(member.calendar for member in members):
            if name is not None:
                hours = calendars[name].hours_in(self.vocabulary.zone)
                yield hours.next_opening(ordinary + _DAY // 2)
        away = [
            (absence, calendars[member.calendar].hours_in(zone).zone if member.calendar else zone)
            for zone in [self.vocabulary.zone]
            for member in members
            for absence in member.absent
        ]
        for absence, zone in away[:_ABSENCES]:
            yield from absence.instants(zone)

    def _first(self) -> int:
        named = {x.param for x in self.scoring.numbers() if isinstance(x, ParamRef)}
        starts = [self.vocabulary.parameters[name].values[0][0] for name in named]
        effective = start_of_day(self.policy.policy.effective, self.vocabulary.zone)
        return max([effective, *starts])


def moments_before(at: datetime, ages: Iterable[int]) -> Iterator[datetime]:
    """Yield the moments that lie so many microseconds before one, as far as there are years."""
    for age in ages:
        try:
            yield at.astimezone(UTC) - timedelta(microseconds=age)
        except OverflowError:
            continue


def _near(spans: Iterable[int]) -> Iterator[int]:
    for span in spans:
        yield from (span, span - 1, span + 1)


def _pools(
    conditions: Sequence[Condition],
    words: Vocabulary,
    *,
    named: Mapping[str, Sequence[Value]] = MappingProxyType({}),
    starts: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> dict[str, Pool]:
    """Return the pool of every name: of its type, and of what it is compared with.

    Args:
        conditions: The comparisons.
        words: The names.
        named: Other values that a name is compared with.
        starts: Texts that a name may start with.
    """
    found = {
        name: _Gatherer(name, declared, words)
        for name, declared in words.fields.items()
        if name not in words.derived
    }
    for condition in conditions:
        for _, node in walk(condition):
            if isinstance(node, Comparison):
                for name in fields_of(node):
                    if name in found:
                        found[name].learn(node)
    for name, gatherer in found.items():
        gatherer.literals += [Literal(gatherer.declared.type, x) for x in named.get(name, ())]
        gatherer.values += [form for x in starts.get(name, ()) for form in (x, f"{x}x", x[:-1])]
    return {name: gatherer.pool() for name, gatherer in found.items()}


class _Gatherer:
    """Gathers the values of one name from the comparisons that it stands in."""

    def __init__(self, name: str, declared: Declaration, words: Vocabulary) -> None:
        self.name = name
        self.declared = declared
        self.words = words
        self.literals: list[Literal] = []
        self.values: list[Any] = []
        self.ages: list[int] = []

    def learn(self, node: Comparison) -> None:
        """Take what a comparison of the name tells of the values that matter."""
        known = list(_literals(self.words, node))
        texts = [x.value for x in known if isinstance(x.value, str)]
        numbers = [x.value for x in known if isinstance(x.value, int | float)]
        if node.op in {"within", "older_than"}:
            self.ages += _near(int(number) for number in numbers)
        elif isinstance(node.left, DaysSince) or isinstance(node.right, DaysSince):
            days = [int(number) + more for number in numbers for more in (0, 1)]
            self.ages += _near(_DAY * count for count in days if abs(count) < 10**6)
        elif node.op == "has":
            self.values += [item for x in texts for item in ((x,), ("x", x), (f"{x}x",))]
        elif node.op in {"contains", "starts_with", "ends_with"} or isinstance(node.left, Lower):
            forms = [(x, f"x{x}", f"{x}x", f"x{x}x", x[:-1], x.upper(), x.title()) for x in texts]
            self.values += [form for several in forms for form in several]
        else:
            self.literals += known

    def pool(self) -> Pool:
        """Return the values, the plainest first."""
        kind = self.declared.type
        literals = [found for found in self.literals if _fits(found, kind)]
        if self.declared.choices:
            chosen = [str(found.value) for found in self.literals]
            choices = self.declared.choices
            return Pool(choices, stated=tuple(x for x in choices if x in chosen))
        near: Sequence[Any] = ()
        if literals and kind is not Type.STRINGS:
            equal = [Comparison(Field(self.name), "==", found) for found in literals]
            near = cells(self.name, equal, self.words)[1:]
        every = [*_USUAL.get(kind, ()), *self.values, *(given(value, kind) for value in near)]
        least = LEAST.get(self.name)
        values = tuple(
            dict.fromkeys(x for x in every if x is not None and (least is None or x >= least))
        )
        beside = [found.value for found in literals] if kind.is_text else near
        stand = [*(given(value, kind) for value in beside), *self.values]
        stated = tuple(dict.fromkeys(x for x in stand if x in values))
        ages = tuple(dict.fromkeys([*_USUAL_AGES, *self.ages])) if kind is Type.DATETIME else ()
        return Pool(values, ages, stated)


def _literals(words: Vocabulary, node: Comparison) -> Iterator[Literal]:
    """Yield the literals of a comparison, and every value that a parameter in it ever has."""
    for term in terms_of(node):
        match term:
            case Literal():
                yield term
            case Param(name):
                parameter = words.parameters[name]
                yield from (Literal(parameter.type, value) for _, value in parameter.values)


def _fits(found: Literal, kind: Type) -> bool:
    if kind.is_numeric:
        return found.type.is_numeric
    return found.type is kind


def given(value: Value | None, kind: Type) -> Any:
    """Return a settled value as a lead takes it, or None if no lead can have it."""
    try:
        match value:
            case Cash():
                return Money.of_minor(value)
            case int() if kind is Type.DATETIME:
                return datetime_of(value)
            case int() if kind is Type.DURATION:
                return timedelta(microseconds=value)
    except (OverflowError, ValueError):
        return None
    return value
