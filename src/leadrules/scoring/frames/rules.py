"""Rules about activities in frames: which activities each matches, and which of those count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import narwhals.stable.v2 as nw

from leadrules.conditions.tree import Always
from leadrules.frames.kinds import PREFIX
from leadrules.scoring.effect import Effect
from leadrules.scoring.engagement import ActivityRule
from leadrules.scoring.tally import Worth

__all__ = ["MASKED", "Counts", "RuleOf", "grouped", "mask", "points_of", "worth_of"]

MASKED = 48
"""How many rules share a mask; fewer than a float64 has bits, since Spark divides as floats."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The columns of what a rule comes to for a lead, before its own limits.

    Attributes:
        plain: How many activities count.
        points: What they are worth, in millionths of a point; None if nothing fades.
    """

    plain: str
    points: str | None


@dataclass(frozen=True, slots=True)
class RuleOf:
    """A rule among those whose activities are taken together.

    Attributes:
        place: Its place among all rules.
        rule: The document.
        index: Its place among those that must be told apart; None if it matches each activity.
        most: How many activities count in a period; None if all do.
        per: The kind of the period; `ever` if there is but one.
    """

    place: int
    rule: ActivityRule
    index: int | None
    most: int | None
    per: str

    @property
    def fades(self) -> bool:
        """Whether points fade with age."""
        return self.rule.decay.kind != "none"

    @property
    def ranked(self) -> bool:
        """Whether it takes an order to tell which activities count."""
        return self.fades and self.most is not None and self.most > 1

    @property
    def last_alone(self) -> bool:
        """Whether of a period the last activity counts, and no other, and when it was matters."""
        return self.fades and self.most == 1

    @property
    def counts(self) -> Counts:
        """The columns of what the rule comes to."""
        return Counts(self.column("plain"), self.column("points") if self.fades else None)

    @property
    def bit(self) -> int:
        """Its bit in its mask."""
        return 1 << (self.index or 0) % MASKED

    @property
    def unmasked(self) -> nw.Expr:
        """Whether the rule matches an activity, by the mask."""
        return nw.col(mask((self.index or 0) // MASKED)) % (2 * self.bit) >= self.bit

    @property
    def matches(self) -> nw.Expr | None:
        """Whether the rule matches an activity, as a column of its own; None if it matches each."""
        return None if self.index is None else nw.col(self.column("matches"))

    def column(self, of: str) -> str:
        """Return the name of a column of the rule's own."""
        return f"{PREFIX}0{of}_{self.place}"

    def where(self, value: nw.Expr) -> nw.Expr:
        """Return a value at the activities that the rule matches; elsewhere it is missing."""
        matches = self.matches
        return value if matches is None else nw.when(matches).then(value)


def mask(index: int) -> str:
    """Return the column whose bits are the rules that match an activity."""
    return f"{PREFIX}0mask_{index}"


def grouped(rules: Sequence[ActivityRule], *, by_type: bool) -> list[list[RuleOf]]:
    """Return rules in groups whose activities are taken together: those of a type, or all."""
    found: dict[str, list[RuleOf]] = {}
    for place, rule in enumerate(rules):
        same = found.setdefault(rule.activity if by_type else "", [])
        index = None
        if not by_type or rule.when != Always():
            index = sum(other.index is not None for other in same)
        most = None if rule.limit is None else rule.limit.count
        per = "ever" if rule.limit is None else rule.limit.per
        same.append(RuleOf(place, rule, index, most, per))
    return list(found.values())


def worth_of(effect: Effect) -> Worth:
    """Return the numbers of an engagement, which there is."""
    assert effect.worth is not None  # noqa: S101 - the caller looked
    return effect.worth


def points_of(effect: Effect, *, place: int) -> int:
    """Return the points of a rule."""
    return worth_of(effect).points[place]
