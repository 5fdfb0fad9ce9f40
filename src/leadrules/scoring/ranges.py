"""What points a policy can give at all, and whether every band, letter and digit can be had.

A range is never too small: whatever is found out of reach is out of reach. It may be too large
where characteristics depend on each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import inf

from leadrules.conditions.analysis import first_true
from leadrules.conditions.tree import Path
from leadrules.errors import Problem
from leadrules.scoring.bands import THIRDS, Bands, Grades
from leadrules.scoring.engagement import ActivityRule, Engagement
from leadrules.scoring.points import Group, Limits, Scale, points_text, steps_in
from leadrules.scoring.qualification import Qualification
from leadrules.scoring.scorecard import Characteristic, Fit
from leadrules.sections import ParamRef
from leadrules.values import MICROSECONDS_A_DAY
from leadrules.vocabulary import Vocabulary

__all__ = ["Range", "check_bands_reach", "check_grades_reach", "limited", "part_range"]

_DAYS = {"day": 1, "week": 7, "month": 28}
"""The fewest days of a period."""
_GAINED = 26 * MICROSECONDS_A_DAY // 24
"""More than the clocks of any zone have gained between two moments since 1970.

Periods that follow each other are shorter than their days by no more: by an hour where daylight
saving begins, and by a day where a zone has left one out.
"""


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the most that points can come to.

    Attributes:
        least: In millionths of a point, or minus infinity.
        most: In millionths of a point, or infinity.
    """

    least: float
    most: float

    def __str__(self) -> str:
        return f"{_text(self.least)} to {_text(self.most)}"

    def __add__(self, other: Range) -> Range:
        return Range(self.least + other.least, self.most + other.most)

    def visible(self, step: int) -> Range:
        """Return the range after rounding half up to whole steps."""
        least, most = (
            points if abs(points) == inf else steps_in(int(points), step) * step
            for points in (self.least, self.most)
        )
        return Range(least, most)


_NOTHING = Range(0, 0)


def part_range(
    part: Fit | Engagement | Qualification, vocabulary: Vocabulary, moment: int
) -> Range:
    """Return what a part can come to at a moment.

    Raises:
        NoValueYet: If it depends on a parameter that has no value at that moment.
    """
    scale = _Scale(vocabulary, moment)
    match part:
        case Fit():
            points = {name: scale.characteristic(x) for name, x in part.characteristics.items()}
            return scale.summed(points, part.groups, part)
        case Engagement():
            points = {name: scale.activities(rule) for name, rule in part.rules.items()}
            return scale.summed(points, part.groups, part)
        case Qualification():
            found = _NOTHING
            for criterion in part.criteria.values():
                found += scale.some(criterion.points, 1)
            return limited(found, part, vocabulary, moment)


def limited(found: Range, limits: Limits, vocabulary: Vocabulary, moment: int) -> Range:
    """Return a range within the limits in effect at a moment.

    Raises:
        NoValueYet: If a limit is a parameter that has no value at that moment.
    """
    low, high = Scale(vocabulary, moment).bounds(limits)
    least, most = found.least, found.most
    if low is not None:
        least, most = max(least, low), max(most, low)
    if high is not None:
        least, most = min(least, high), min(most, high)
    return Range(least, most)


class _Scale(Scale):
    """What members and parts can come to at a moment."""

    def characteristic(self, characteristic: Characteristic) -> Range:
        first = first_true([rule.when for rule in characteristic.rules], self.vocabulary)
        every = [*(rule.points for rule in characteristic.rules), characteristic.default]
        points = [
            self.points(number)
            for index, number in enumerate(every)
            if first is None or index in first
        ]
        return Range(min(points), max(points))

    def activities(self, rule: ActivityRule) -> Range:
        count: float = inf
        if rule.limit and rule.limit.per == "ever":
            count = rule.limit.count
        elif rule.limit and rule.decay.ends:
            shortest = _DAYS[rule.limit.per] * MICROSECONDS_A_DAY
            periods = (rule.decay.ends + _GAINED) // shortest + 2
            count = rule.limit.count * periods
        return limited(self.some(rule.points, count), rule, self.vocabulary, self.moment)

    def some(self, number: Decimal | ParamRef, count: float) -> Range:
        """Return the range of points that are given not at all, or up to so many times."""
        points = self.points(number)
        all_of_them = points * count if points else 0
        return Range(min(0, all_of_them), max(0, all_of_them))

    def summed(
        self, members: Mapping[str, Range], groups: Mapping[str, Group], limits: Limits
    ) -> Range:
        grouped = {member for group in groups.values() for member in group.of}
        found = _sum(range_ for name, range_ in members.items() if name not in grouped)
        for group in groups.values():
            inner = _sum(members[name] for name in group.of)
            found += limited(inner, group, self.vocabulary, self.moment)
        return limited(found, limits, self.vocabulary, self.moment)


def _sum(ranges: Iterable[Range]) -> Range:
    found = _NOTHING
    for range_ in ranges:
        found += range_
    return found


def check_bands_reach(
    bands: Bands, reach: Range, path: Path, vocabulary: Vocabulary, moment: int
) -> Iterator[Problem]:
    """Yield an error for every band that no lead can be in at a moment.

    Args:
        bands: The bands.
        reach: What the measure can come to, as it is seen.
        path: The path of the bands.
        vocabulary: The parameters that thresholds may name.
        moment: The moment, in microseconds.

    Raises:
        NoValueYet: If a threshold is a parameter that has no value at that moment.
    """
    scale = _Scale(vocabulary, moment)
    what = "score" if bands.of == "total" else bands.of
    above: int | None = None
    held = False
    for index, band in enumerate(bands.levels):
        enter = None if band.enter is None else scale.points(band.enter)
        too_high = enter is not None and reach.most < enter
        too_low = above is not None and reach.least >= above
        if too_high and not held:
            limit = points_text(int(reach.most))
            message = (
                f"no lead can be '{band.name}': it takes {points_text(enter or 0)}, "
                f"and the {what} is at most {limit}"
            )
            yield Problem("out-of-reach", message, (*path, "levels", index, "enter"))
        elif too_low and not held:
            least = points_text(int(reach.least))
            message = (
                f"no lead can be '{band.name}': the {what} is at least {least}, "
                f"and '{bands.levels[index - 1].name}' begins at {points_text(above or 0)}"
            )
            yield Problem("out-of-reach", message, (*path, "levels", index, "name"))
        reached = held or not (too_high or too_low)
        held = reached and bool(band.needs)
        above = enter


def check_grades_reach(
    grades: Grades, reach: Range, path: Path, vocabulary: Vocabulary, moment: int
) -> Iterator[Problem]:
    """Yield a warning for every letter or digit that no lead can get at a moment.

    Raises:
        NoValueYet: If a threshold is a parameter that has no value at that moment.
    """
    if list(grades) == list(THIRDS):
        return  # a scale that all use, of which nobody uses all
    scale = _Scale(vocabulary, moment)
    least = {name: scale.points(number) for name, number in grades.items()}
    what = path[-2]
    above: int | None = None
    for name, low in least.items():
        if reach.most < low or (above is not None and reach.least >= above):
            message = f"no lead can get '{name}': {what} is {reach}"
            yield Problem("out-of-reach", message, (*path, name), "warning")
        above = low
    name, low = next(reversed(least.items()))
    if low > 0 and reach.least < low:  # zero is understood as the bottom
        message = (
            f"{what} can be as low as {_text(reach.least)}; "
            f"whoever is below {points_text(low)} gets '{name}', too"
        )
        yield Problem("last-grade", message, (*path, name), "warning")


def _text(points: float) -> str:
    if abs(points) == inf:
        return "any amount" if points > 0 else "any amount below zero"
    return points_text(int(points))
