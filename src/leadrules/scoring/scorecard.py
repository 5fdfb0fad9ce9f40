"""The scorecard: what a lead is worth for who they are, as documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from leadrules.conditions.checker import check
from leadrules.conditions.format import format_condition
from leadrules.conditions.tree import Always, Path
from leadrules.conditions.when import When
from leadrules.errors import Problem, did_you_mean
from leadrules.sections import Number, ParamRef, Prose, Section, millionths
from leadrules.vocabulary import NAMES, Vocabulary, is_name

__all__ = ["RESULTS", "Characteristic", "Fit", "Group", "Rule", "Scoring", "Total"]

RESULTS = ("score", "fit")
"""The columns that a frame of leads gets."""
_NOTHING = Decimal(0)


class Rule(Section):
    """Points that a characteristic gives when a condition is true."""

    when: When
    """The condition; the rule fires only if it is true, not if it is unknown."""
    points: Number
    """The points it gives; negative ones take away."""
    id: Annotated[str | None, Field(strict=True, min_length=1)] = None
    """What reports call the rule; by default its characteristic and its number from 1."""
    why: Prose = None
    """Why sales and marketing agreed on it."""

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Show the condition as people write it."""
        shown = dict(super().__repr_args__()) | {"when": format_condition(self.when)}
        return list(shown.items())


class Characteristic(Section):
    """One thing about a lead: of its rules in order, the first that is true gives its points."""

    rules: tuple[Rule, ...]
    """The rules, in order."""
    default: Number = _NOTHING
    """The points if no rule is true."""
    description: Prose = None
    """What it is about, for people."""


class Limits(Section):
    """The least and the most that a sum may come to."""

    min: Number | None = None
    """The least points; whatever is below counts as this."""
    max: Number | None = None
    """The most points; whatever is above counts as this."""


class Group(Limits):
    """Characteristics whose sum has limits of its own."""

    of: tuple[Annotated[str, Field(strict=True)], ...]
    """The characteristics; each in at most one group."""


def _rules_alone(value: Any) -> Any:
    """A characteristic that has nothing but rules may be written as the list of them."""
    return {"rules": value} if isinstance(value, Sequence) and not isinstance(value, str) else value


class Fit(Limits):
    """Who they are: the sum of the characteristics, within limits."""

    characteristics: Mapping[
        str,
        Annotated[
            Characteristic,
            BeforeValidator(_rules_alone, json_schema_input_type=Characteristic | tuple[Rule, ...]),
        ],
    ]
    """The characteristics by name; a list of rules is a characteristic of only these."""
    groups: Mapping[str, Group] = Field(default_factory=dict)
    """Groups of characteristics with limits of their own, by name."""


class Total(Limits):
    """The score: the sum of its parts, within limits, rounded half up."""

    of: tuple[Literal["fit"], ...] = ("fit",)
    """The parts that are added."""
    decimals: Annotated[int, Field(strict=True, ge=0, le=6)] = 0
    """How many decimals the visible score has."""


class Scoring(Section):
    """How good a lead is."""

    fit: Fit
    """Who they are."""
    total: Total = Field(default_factory=Total)
    """What the parts add up to."""

    def rules(self) -> Iterator[tuple[str, Rule]]:
        """Yield every rule with its id, in document order."""
        for name, characteristic in self.fit.characteristics.items():
            for number, rule in enumerate(characteristic.rules, start=1):
                yield rule.id or f"{name}.{number}", rule

    def numbers(self) -> Iterator[Decimal | ParamRef]:
        """Yield every number of points, and every limit of them."""
        for characteristic in self.fit.characteristics.values():
            yield characteristic.default
            yield from (rule.points for rule in characteristic.rules)
        for limits in (self.total, self.fit, *self.fit.groups.values()):
            yield from (limit for limit in (limits.min, limits.max) if limit is not None)

    def check(self, vocabulary: Vocabulary, *, warnings: bool = True) -> list[Problem]:
        """Return every problem of the section, in document order within each kind.

        Args:
            vocabulary: The names that its conditions may use.
            warnings: Whether to look for what is odd, too, which takes longer.
        """
        found = [
            *_check_fit(self.fit, vocabulary, warnings=warnings),
            *_check_total(self.total, vocabulary),
        ]
        return [problem for problem in found if warnings or problem.severity == "error"]


def _check_fit(fit: Fit, vocabulary: Vocabulary, *, warnings: bool) -> Iterator[Problem]:
    ids: set[str] = set()
    if not fit.characteristics:
        message = "no characteristics; expected at least one"
        yield Problem("empty", message, ("fit", "characteristics"))
    for name, characteristic in fit.characteristics.items():
        path: Path = ("fit", "characteristics", name)
        if not is_name(name):
            yield Problem("bad-name", f"'{name}' is no name; expected {NAMES}", path)
        yield from _check_number(characteristic.default, (*path, "default"), vocabulary)
        yield from _check_rules(name, characteristic, path, ids)
        for index, rule in enumerate(characteristic.rules):
            place: Path = (*path, "rules", index)
            yield from _check_number(rule.points, (*place, "points"), vocabulary)
            for problem in check(rule.when, vocabulary, warnings=warnings):
                yield replace(problem, path=(*place, "when", *problem.path))
    yield from _check_groups(fit, vocabulary)
    yield from _check_limits(fit, ("fit",), vocabulary)


def _check_rules(
    name: str, characteristic: Characteristic, path: Path, ids: set[str]
) -> Iterator[Problem]:
    if not characteristic.rules:
        yield Problem("empty", "no rules; expected at least one", (*path, "rules"))
    seen: dict[object, int] = {}
    always: int | None = None
    for index, rule in enumerate(characteristic.rules):
        place: Path = (*path, "rules", index)
        rule_id = rule.id or f"{name}.{index + 1}"
        if rule_id in ids:
            message = f"id '{rule_id}' is taken by another rule; ids are unique"
            yield Problem("duplicate-id", message, (*place, "id") if rule.id else place)
        ids.add(rule_id)
        if always is not None:
            message = f"never reached: rule {always + 1} of '{name}' is always true"
            yield Problem("unreachable", message, place, "warning")
        elif rule.when in seen:
            message = (
                f"never reached: rule {seen[rule.when] + 1} of '{name}' has the same condition"
            )
            yield Problem("duplicate", message, (*place, "when"), "warning")
        seen.setdefault(rule.when, index)
        if isinstance(rule.when, Always) and always is None:
            always = index


def _check_groups(fit: Fit, vocabulary: Vocabulary) -> Iterator[Problem]:
    home: dict[str, str] = {}
    for name, group in fit.groups.items():
        path: Path = ("fit", "groups", name)
        if not group.of:
            yield Problem("empty", "no characteristics; expected at least one", (*path, "of"))
        for index, member in enumerate(group.of):
            place: Path = (*path, "of", index)
            if member not in fit.characteristics:
                hint = did_you_mean(member, fit.characteristics)
                yield Problem("unknown-name", f"no characteristic '{member}'{hint}", place)
            elif member in home:
                message = f"'{member}' is in group '{home[member]}' already; expected one group"
                yield Problem("duplicate", message, place)
            home.setdefault(member, name)
        yield from _check_limits(group, path, vocabulary)


def _check_total(total: Total, vocabulary: Vocabulary) -> Iterator[Problem]:
    if not total.of:
        yield Problem("empty", "no parts; expected at least one", ("total", "of"))
    for index, part in enumerate(total.of):
        if part in total.of[:index]:
            yield Problem("duplicate", f"'{part}' stands here twice", ("total", "of", index))
    yield from _check_limits(total, ("total",), vocabulary)


def _check_limits(limits: Limits, path: Path, vocabulary: Vocabulary) -> Iterator[Problem]:
    for name, limit in (("min", limits.min), ("max", limits.max)):
        if limit is not None:
            yield from _check_number(limit, (*path, name), vocabulary)
    low, high = limits.min, limits.max
    if isinstance(low, Decimal) and isinstance(high, Decimal) and low > high:
        yield Problem("empty-range", f"min {low} is above max {high}", (*path, "min"))


def _check_number(
    number: Decimal | ParamRef, path: Path, vocabulary: Vocabulary
) -> Iterator[Problem]:
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
