"""The scorecard: what a lead is worth for who they are, as documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from leadrules.conditions.analysis import first_true
from leadrules.conditions.checker import check
from leadrules.conditions.format import format_condition
from leadrules.conditions.tree import Always, Path
from leadrules.conditions.when import When
from leadrules.errors import Problem
from leadrules.scoring.bands import Grades, check_grades
from leadrules.scoring.points import (
    Group,
    Limits,
    check_groups,
    check_limits,
    check_number,
    numbers_of,
)
from leadrules.sections import Number, ParamRef, Prose, Section
from leadrules.vocabulary import NAMES, Vocabulary, is_name

__all__ = ["Characteristic", "Fit", "Rule"]

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
    letters: Grades = Field(default_factory=dict)
    """The least points of each letter, from the best: `{A: 30, B: 18, C: 0}`; or `thirds`."""

    def rules(self) -> Iterator[tuple[str, Rule]]:
        """Yield every rule with its id, in document order."""
        for name, characteristic in self.characteristics.items():
            for number, rule in enumerate(characteristic.rules, start=1):
                yield rule.id or f"{name}.{number}", rule

    def numbers(self) -> Iterator[Decimal | ParamRef]:
        """Yield every number of points, every limit of them and every threshold."""
        for characteristic in self.characteristics.values():
            yield characteristic.default
            yield from (rule.points for rule in characteristic.rules)
        for limits in (self, *self.groups.values()):
            yield from numbers_of(limits)
        yield from self.letters.values()

    def check(
        self, path: Path, vocabulary: Vocabulary, *, warnings: bool = True
    ) -> Iterator[Problem]:
        """Yield every problem of the section, each with its path.

        Args:
            path: The path of the section.
            vocabulary: The names that its conditions may use.
            warnings: Whether to look for what is odd, too, which takes longer.
        """
        if not self.characteristics:
            message = "no characteristics; expected at least one"
            yield Problem("empty", message, (*path, "characteristics"))
        for name, characteristic in self.characteristics.items():
            place: Path = (*path, "characteristics", name)
            if not is_name(name):
                yield Problem("bad-name", f"'{name}' is no name; expected {NAMES}", place)
            if name == "letter" and self.letters:
                message = "its column 'fit_letter' is that of the letters; rename it"
                yield Problem("duplicate", message, place)
            yield from check_number(characteristic.default, (*place, "default"), vocabulary)
            yield from _check_rules(characteristic, place, vocabulary, warnings=warnings)
        members = self.characteristics
        groups: Path = (*path, "groups")
        yield from check_groups(self.groups, members, groups, vocabulary, noun="characteristic")
        yield from check_grades(self.letters, (*path, "letters"), vocabulary)
        yield from check_limits(self, path, vocabulary)


def _check_rules(
    characteristic: Characteristic, path: Path, vocabulary: Vocabulary, *, warnings: bool
) -> Iterator[Problem]:
    if not characteristic.rules:
        yield Problem("empty", "no rules; expected at least one", (*path, "rules"))
    sound = True
    for index, rule in enumerate(characteristic.rules):
        place: Path = (*path, "rules", index)
        yield from check_number(rule.points, (*place, "points"), vocabulary)
        for problem in check(rule.when, vocabulary, warnings=warnings):
            sound = sound and problem.severity != "error"
            yield replace(problem, path=(*place, "when", *problem.path))
    if warnings and sound:
        yield from _check_reached(str(path[-1]), characteristic, path, vocabulary)


def _check_reached(
    name: str, characteristic: Characteristic, path: Path, vocabulary: Vocabulary
) -> Iterator[Problem]:
    """Yield a warning for every rule that can never be the first that is true."""
    conditions = [rule.when for rule in characteristic.rules]
    seen: dict[object, int] = {}
    always: int | None = None
    hidden: list[int] = []
    for index, condition in enumerate(conditions):
        place: Path = (*path, "rules", index)
        if always is not None:
            message = f"never reached: rule {always + 1} of '{name}' is always true"
            yield Problem("unreachable", message, place, "warning")
        elif condition in seen:
            message = (
                f"never reached: rule {seen[condition] + 1} of '{name}' has the same condition"
            )
            yield Problem("duplicate", message, (*place, "when"), "warning")
        else:
            hidden.append(index)
        seen.setdefault(condition, index)
        if isinstance(condition, Always) and always is None:
            always = index
    first = first_true(conditions, vocabulary)
    for index in hidden if first is not None else ():
        alone = first_true([conditions[index]], vocabulary)
        if index not in (first or ()) and 0 in (alone or ()):  # else it is never true at all
            message = f"never reached: whenever it is true, a rule of '{name}' before it is"
            yield Problem("unreachable", message, (*path, "rules", index, "when"), "warning")
