"""What a lead could score, if some comparisons may come out either way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from leadrules.conditions.reference import evaluate
from leadrules.conditions.tree import (
    AllOf,
    Always,
    AnyOf,
    AtLeast,
    Comparison,
    Condition,
    Field,
    Not,
    walk,
)
from leadrules.scoring.bands import held_index, level_index
from leadrules.scoring.itemise import Case
from leadrules.scoring.points import Group, Limits, NoValueYet, step_of
from leadrules.scoring.qualification import Answer, Criterion
from leadrules.scoring.ranges import Range, limited
from leadrules.scoring.scorecard import Characteristic
from leadrules.values import Value

__all__ = ["Outcome", "bounded"]

MOST_COMBINATIONS = 1_000
"""Of more verdicts than these together, any rule is taken to be the one that fires."""

_NEVER = Not(Always())
_UNKNOWN = Comparison(Field(""), "is_true")
"""No field is called so, so it is always missing."""

Verdicts = Mapping[Comparison, Sequence[bool | None]]
"""What comparisons may come to."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a lead may come to, at best and at worst.

    Attributes:
        best: The highest visible score, in points.
        worst: The lowest.
        best_place: The place of the best band, counted from the best of all.
        worst_place: That of the worst.
        ready: Whether the lead may be ready.
    """

    best: float
    worst: float
    best_place: int
    worst_place: int
    ready: bool


class _NothingYet(Exception):  # noqa: N818 - no error of the caller's
    """Whatever fires takes a parameter that has no value yet."""


def bounded(
    case: Case,
    record: Mapping[str, Value],
    free: Verdicts,
    *,
    previous: str | None,
    overridden: str | None,
) -> Outcome | None:
    """Return what no lead exceeds for which some comparisons come out in any way.

    Characteristics and criteria are each taken by themselves, so that bounds may be wider than
    what can be. They are never narrower.

    Args:
        case: The lead as it is.
        record: What is known of it.
        free: The comparisons that may come out in any way, with what they may come to.
        previous: The band before, if it was told.
        overridden: The band that somebody has set, if they have.

    Returns:
        The outcome, or None if all that could be takes a parameter that has no value yet.
    """
    return _Bounds(case, record, free).outcome(previous, overridden)


@dataclass(frozen=True, slots=True)
class _Bounds:
    case: Case
    record: Mapping[str, Value]
    free: Verdicts

    def outcome(self, previous: str | None, overridden: str | None) -> Outcome | None:
        case, scoring = self.case, self.case.scoring
        answers = self.answers()
        try:
            ranges = self.ranges(answers)
        except _NothingYet:
            return None
        total = Range(0, 0)
        for name in scoring.added:
            total += ranges[name]
        step = step_of(scoring.total.decimals)
        total = self.limited(total, scoring.total).visible(step)
        best, worst = self.places({**ranges, "total": total}, previous, overridden)
        ready = None
        if case.interview:
            ready = case.interview.is_ready(
                ["met" if "met" in said else "unknown" for said in answers.values()]
            )
        parts = 10**scoring.total.decimals
        most, least = (
            x // step / parts if parts > 1 else x // step for x in (total.most, total.least)
        )
        return Outcome(most, least, best, worst, ready=ready is True)

    def ranges(self, answers: Mapping[str, set[Answer]]) -> dict[str, Range]:
        """Return what each part may come to.

        Raises:
            _NothingYet: If a part comes to nothing without a parameter that has no value yet.
        """
        case, scoring = self.case, self.case.scoring
        found: dict[str, Range] = {}
        if scoring.fit:
            members = {
                name: self.characteristic(x) for name, x in scoring.fit.characteristics.items()
            }
            found["fit"] = self.summed(members, scoring.fit.groups, scoring.fit)
        if case.tally and case.effect.worth:
            parameters, worth = case.effect.parameters, case.effect.worth
            points = case.tally.engaged(case.stood, case.moment, parameters, worth=worth)[0]
            found["engagement"] = Range(points, points)
        if scoring.qualification and case.effect.merit:
            total = Range(0, 0)
            for points, said in zip(case.effect.merit.points, answers.values(), strict=True):
                worth_of = [points if answer == "met" else 0 for answer in said]
                total += Range(min(worth_of), max(worth_of))
            found["qualification"] = self.limited(total, scoring.qualification)
        return found

    def characteristic(self, characteristic: Characteristic) -> Range:
        """Return what a characteristic may give."""
        rules = characteristic.rules
        every = [*(rule.points for rule in rules), characteristic.default]
        points = []
        for index in self.firsts([rule.when for rule in rules]):
            try:
                points.append(self.case.scale.points(every[index]))
            except NoValueYet:
                continue  # no answer that leads here has a score
        if not points:
            raise _NothingYet
        return Range(min(points), max(points))

    def firsts(self, conditions: Sequence[Condition]) -> set[int]:
        """Return which of the conditions may be the first that is true; none is their number."""
        said = self.verdicts(conditions)
        if said is None:
            return set(range(len(conditions) + 1))
        return {found.index(True) if True in found else len(found) for found in said}

    def answers(self) -> Mapping[str, set[Answer]]:
        """Return how each criterion may be answered."""
        case = self.case
        criteria = case.scoring.qualification.criteria if case.scoring.qualification else {}
        given = case.interview.given(case.stood, case.moment) if case.interview else {}
        return {
            name: {given[name]["answer"]} if name in given else set(self.inferred(criterion))  # type: ignore[arg-type]  # one of the three
            for name, criterion in criteria.items()
        }

    def inferred(self, criterion: Criterion) -> Iterable[Answer]:
        """Return what conditions may say of a criterion."""
        conditions = [found or _NEVER for found in (criterion.met, criterion.not_met)]
        said = self.verdicts(conditions)
        if said is None:
            return ("met", "not_met", "unknown")
        return [
            "unknown" if (met is True) == (not_met is True) else "met" if met else "not_met"
            for met, not_met in said
        ]

    def verdicts(self, conditions: Sequence[Condition]) -> Iterator[list[bool | None]] | None:
        """Return all ways in which conditions may come out together; None if too many."""
        parts = {part for node in conditions for _, part in walk(node)}
        used = [node for node in self.free if node in parts]
        if prod(len(self.free[node]) for node in used) > MOST_COMBINATIONS:
            return None
        case = self.case
        return (
            [
                evaluate(
                    _assumed(node, dict(zip(used, said, strict=True))),
                    self.record,
                    at=case.moment,
                    parameters=case.effect.parameters,
                )
                for node in conditions
            ]
            for said in product(*(self.free[node] for node in used))
        )

    def summed(
        self, members: Mapping[str, Range], groups: Mapping[str, Group], limits: Limits
    ) -> Range:
        left = dict(members)
        total = Range(0, 0)
        for group in groups.values():
            inner = Range(0, 0)
            for name in group.of:
                inner += left.pop(name)
            total += self.limited(inner, group)
        for found in left.values():
            total += found
        return self.limited(total, limits)

    def limited(self, found: Range, limits: Limits) -> Range:
        return limited(found, limits, self.case.vocabulary, self.case.moment)

    def places(
        self, ranges: Mapping[str, Range], previous: str | None, overridden: str | None
    ) -> tuple[int, int]:
        """Return the places of the best and of the worst band that a lead may be in."""
        ladder = self.case.effect.ladder
        if ladder is None:
            return 0, 0
        if overridden is not None:
            place = ladder.names.index(overridden)
            return place, place
        before = None if previous is None else ladder.names.index(previous)
        lacking = [any(name not in self.record for name in needs) for needs in ladder.needs]
        best, worst = (
            held_index(level_index(int(points), before, ladder.enter, ladder.leave), lacking)
            for points in (ranges[ladder.of].most, ranges[ladder.of].least)
        )
        return best, worst


def _assumed(node: Condition, said: Mapping[Comparison, bool | None]) -> Condition:
    """Return a condition in which some comparisons come out as they are said to."""
    match node:
        case Comparison() if node in said:
            verdict = said[node]
            return _UNKNOWN if verdict is None else Always() if verdict else _NEVER
        case AllOf(parts):
            return AllOf(tuple(_assumed(part, said) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_assumed(part, said) for part in parts))
        case AtLeast(count, parts):
            return AtLeast(count, tuple(_assumed(part, said) for part in parts))
        case Not(part):
            return Not(_assumed(part, said))
    return node
