"""Engagement: what a lead's activities are worth, with limits, decay and caps, as documents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from leadrules.conditions.checker import check
from leadrules.conditions.format import format_condition
from leadrules.conditions.tree import Always, Path
from leadrules.conditions.when import When
from leadrules.errors import Problem, as_written, did_you_mean, one_of
from leadrules.scoring.bands import Grades, check_grades
from leadrules.scoring.decay import Decay, decay_of
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

__all__ = ["ActivityRule", "Engagement", "Limit", "Period"]

Period = Literal["day", "week", "month", "ever"]

_LIMIT = re.compile(r"(\d{1,7}) (?:per (day|week|month)|(ever))", re.ASCII)


class Limit(Section):
    """How many activities count; of those that are too many, the latest do."""

    count: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    """How many."""
    per: Period
    """In each `day`, `week` (from Monday) or `month` of the policy's zone, or `ever`."""

    def __str__(self) -> str:
        return f"{self.count} ever" if self.per == "ever" else f"{self.count} per {self.per}"


def _limit(value: Any) -> Any:
    if isinstance(value, Mapping | Limit):
        return value
    match = _LIMIT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        message = (
            f"'{as_written(value)}' is no limit; "
            "expected '1 per day', '2 per week', '5 per month' or '1 ever'"
        )
        raise PydanticCustomError("bad_limit", "{message}", {"message": message})
    return {"count": int(match[1]), "per": match[2] or match[3]}


class ActivityRule(Limits):
    """Points for every activity of a type, as long as a condition on it is true."""

    activity: Annotated[str, Field(strict=True)]
    """The type of activity, as the policy declares it."""
    when: When = Always()
    """A condition on `activity.<property>`; by default every activity of the type counts."""
    points: Number
    """The points of one activity; negative ones take away."""
    limit: Annotated[Limit, BeforeValidator(_limit, json_schema_input_type=Limit | str)] | None = (
        None
    )
    """How many count, such as `1 per day`; by default all."""
    decay: Annotated[Decay, BeforeValidator(decay_of, json_schema_input_type=Decay | str)] = Decay(
        kind="none"
    )
    """How points fade, such as `half_life 30 days`; by default not at all."""
    why: Prose = None
    """Why sales and marketing agreed on it."""

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Show conditions, limits and decays as people write them."""
        shown = dict(super().__repr_args__())
        texts = {"when": format_condition(self.when), "limit": str(self.limit)}
        texts["decay"] = str(self.decay)
        return [(name, texts.get(str(name), value)) for name, value in shown.items()]


class Engagement(Limits):
    """What they did: the sum of what activities are worth, within limits."""

    rules: Mapping[str, ActivityRule]
    """The rules by name; the name is the rule's id."""
    groups: Mapping[str, Group] = Field(default_factory=dict)
    """Groups of rules with limits of their own, by name."""
    digits: Grades = Field(default_factory=dict)
    """The least points of each digit, from the best: `{1: 25, 2: 10, 3: 0}`."""

    def numbers(self) -> Iterator[Decimal | ParamRef]:
        """Yield every number of points, every limit of them and every threshold."""
        for rule in self.rules.values():
            yield rule.points
            yield from numbers_of(rule)
        for limits in (self, *self.groups.values()):
            yield from numbers_of(limits)
        yield from self.digits.values()

    def check(
        self, path: Path, vocabulary: Vocabulary, *, warnings: bool = True
    ) -> Iterator[Problem]:
        """Yield every problem of the section, each with its path.

        Args:
            path: The path of the section.
            vocabulary: The activities and parameters that it may use.
            warnings: Whether to look for what is odd, too, which takes longer.
        """
        if not self.rules:
            yield Problem("empty", "no rules; expected at least one", (*path, "rules"))
        for name, rule in self.rules.items():
            place: Path = (*path, "rules", name)
            if not is_name(name):
                yield Problem("bad-name", f"'{name}' is no name; expected {NAMES}", place)
            yield from check_number(rule.points, (*place, "points"), vocabulary)
            yield from check_limits(rule, place, vocabulary)
            if rule.activity not in vocabulary.activities:
                yield _unknown_activity(rule.activity, (*place, "activity"), vocabulary)
                continue
            words = vocabulary.of_activity(rule.activity)
            for problem in check(rule.when, words, warnings=warnings):
                yield replace(problem, path=(*place, "when", *problem.path))
        yield from check_groups(self.groups, self.rules, (*path, "groups"), vocabulary, noun="rule")
        yield from check_grades(self.digits, (*path, "digits"), vocabulary)
        yield from check_limits(self, path, vocabulary)


def _unknown_activity(name: str, path: Path, vocabulary: Vocabulary) -> Problem:
    declared = vocabulary.activities
    expected = f"; expected {one_of(declared)}" if declared else "; the policy declares none"
    hint = did_you_mean(name, declared) or expected
    return Problem("unknown-name", f"no activity '{name}'{hint}", path)
