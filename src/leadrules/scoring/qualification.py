"""Qualification: which questions about a lead are answered, and how, as documents.

The frameworks that people know (BANT and its cousins) are data: criteria to begin with, which a
policy changes or adds to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field

from leadrules.conditions.analysis import both_true
from leadrules.conditions.checker import check
from leadrules.conditions.format import format_condition
from leadrules.conditions.tree import Path
from leadrules.conditions.when import When
from leadrules.errors import Problem, did_you_mean, one_of
from leadrules.scoring.points import Limits, check_limits, check_number, numbers_of
from leadrules.sections import Duration, Number, ParamRef, Prose, Section
from leadrules.vocabulary import NAMES, Vocabulary, is_name

__all__ = ["FRAMEWORKS", "Answer", "Criterion", "Qualification", "Readiness", "with_framework"]

Answer = Literal["met", "not_met", "unknown"]
Framework = Literal["BANT", "CHAMP", "GPCT", "MEDDIC"]

FRAMEWORKS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "BANT": {
            "criteria": {
                "budget": {"ask": "What may it cost, and is the money there?"},
                "authority": {"ask": "Who decides, and who else has a say?"},
                "need": {"ask": "Which problem must be solved, and what if it is not?"},
                "timing": {"ask": "By when must it be solved, and why by then?"},
            },
            "ready": {"at_least": 3},
        },
        "CHAMP": {
            "criteria": {
                "challenges": {"ask": "Which challenge must be met, and what if it is not?"},
                "authority": {"ask": "Who decides, and who else has a say?"},
                "money": {"ask": "What is it worth, and where would the money come from?"},
                "prioritization": {"ask": "What comes before it, and when is its turn?"},
            },
            "ready": {"at_least": 3, "mandatory": ["challenges"]},
        },
        "GPCT": {
            "criteria": {
                "goals": {"ask": "Which goal, in numbers, must be reached this year?"},
                "plans": {"ask": "What is the plan to reach it, and was it tried before?"},
                "challenges": {"ask": "What stands in the way of the plan?"},
                "timeline": {"ask": "By when must the goal be reached?"},
            },
            "ready": {"at_least": 3, "mandatory": ["goals"]},
        },
        "MEDDIC": {
            "criteria": {
                "metrics": {"ask": "Which numbers must get better, and by how much?"},
                "economic_buyer": {"ask": "Who can spend the money, and have we met them?"},
                "decision_criteria": {"ask": "By what will they compare the offers?"},
                "decision_process": {"ask": "Which steps lead to a signature, and by when?"},
                "identify_pain": {"ask": "What hurts, and whom?"},
                "champion": {"ask": "Who inside wants us to win, and has power?"},
            },
            "ready": {"at_least": 5, "mandatory": ["identify_pain", "champion"]},
        },
    }
)
"""What each framework asks, and how much of it a lead must meet, unless a policy says otherwise."""


class Criterion(Section):
    """One question about a lead: met, not met, or unknown."""

    points: Number = Decimal(0)
    """The points for meeting it."""
    met: When | None = None
    """When it is met, as long as nobody has answered."""
    not_met: When | None = None
    """When it is not met, as long as nobody has answered."""
    expires: Duration | None = None
    """How long an answer holds that does not say until when, such as `180 days`."""
    ask: Prose = None
    """The question, as a person would ask it."""
    description: Prose = None
    """What it is about, for people."""

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Show conditions as people write them."""
        shown = dict(super().__repr_args__())
        for name in ("met", "not_met"):
            if shown.get(name) is not None:
                shown[name] = format_condition(shown[name])
        return list(shown.items())


class Readiness(Section):
    """How many criteria a lead must meet to be ready for sales."""

    at_least: Annotated[int, Field(strict=True, ge=1)]
    """How many, whichever they are."""
    mandatory: tuple[Annotated[str, Field(strict=True)], ...] = ()
    """The criteria that must be among them."""


class Qualification(Limits):
    """How far a lead is qualified: the points of the criteria that are met, within limits."""

    framework: Framework | None = None
    """`BANT`, `CHAMP`, `GPCT` or `MEDDIC`: criteria to begin with, which `criteria` adds to."""
    criteria: Mapping[str, Criterion] = Field(default_factory=dict)
    """The criteria by name."""
    ready: Readiness | None = None
    """What makes a lead ready; without it nobody is said to be, or not to be."""

    def numbers(self) -> Iterator[Decimal | ParamRef]:
        """Yield every number of points, and every limit of them."""
        yield from (criterion.points for criterion in self.criteria.values())
        yield from numbers_of(self)

    def check(
        self, path: Path, vocabulary: Vocabulary, *, warnings: bool = True
    ) -> Iterator[Problem]:
        """Yield every problem of the section, each with its path.

        Args:
            path: The path of the section.
            vocabulary: The names that its conditions may use.
            warnings: Whether to look for what is odd, too, which takes longer.
        """
        if not self.criteria:
            message = "no criteria; expected at least one, or a framework"
            yield Problem("empty", message, (*path, "criteria"))
        for name, criterion in self.criteria.items():
            place: Path = (*path, "criteria", name)
            if not is_name(name):
                yield Problem("bad-name", f"'{name}' is no name; expected {NAMES}", place)
            own = FRAMEWORKS[self.framework]["criteria"] if self.framework else {}
            near = did_you_mean(name, own) if name not in own and criterion.ask is None else ""
            if near:
                message = f"{self.framework} has no '{name}', so it is one criterion more{near}"
                yield Problem("unknown-name", message, place, "warning")
            yield from check_number(criterion.points, (*place, "points"), vocabulary)
            yield from _check_conditions(criterion, place, vocabulary, warnings=warnings)
        if self.ready is not None:
            yield from _check_ready(self.ready, self.criteria, (*path, "ready"))
        yield from check_limits(self, path, vocabulary)


def _check_conditions(
    criterion: Criterion, path: Path, vocabulary: Vocabulary, *, warnings: bool
) -> Iterator[Problem]:
    sound = True
    for key in ("met", "not_met"):
        condition = getattr(criterion, key)
        for problem in check(condition, vocabulary, warnings=warnings) if condition else ():
            sound = sound and problem.severity != "error"
            yield replace(problem, path=(*path, key, *problem.path))
    if not (warnings and sound and criterion.met and criterion.not_met):
        return
    if both_true(criterion.met, criterion.not_met, vocabulary):
        message = "both 'met' and 'not_met' can be true of one lead, which is taken for unknown"
        yield Problem("contradiction", message, (*path, "not_met"), "warning")


def _check_ready(
    ready: Readiness, criteria: Mapping[str, Criterion], path: Path
) -> Iterator[Problem]:
    if ready.at_least > len(criteria):
        message = f"at least {ready.at_least} of {len(criteria)} criteria; nobody could be ready"
        yield Problem("out-of-range", message, (*path, "at_least"))
    for index, name in enumerate(ready.mandatory):
        place: Path = (*path, "mandatory", index)
        if name not in criteria:
            hint = did_you_mean(name, criteria) or f"; expected {one_of(criteria)}"
            yield Problem("unknown-name", f"no criterion '{name}'{hint}", place)
        elif name in ready.mandatory[:index]:
            yield Problem("duplicate", f"'{name}' stands here twice", place)


def with_framework(value: Any) -> Any:
    """Return a qualification that names a framework together with what that asks."""
    if not isinstance(value, Mapping):
        return value
    framework = value.get("framework")
    found = FRAMEWORKS.get(framework) if isinstance(framework, str) else None
    own = value.get("criteria", {})
    if found is None or not isinstance(own, Mapping):
        return value
    criteria: dict[str, Any] = dict(found["criteria"])
    for name, criterion in own.items():
        begun = criteria.get(name, {})
        criteria[name] = {**begun, **criterion} if isinstance(criterion, Mapping) else criterion
    return {"ready": found["ready"], **value, "criteria": criteria}
