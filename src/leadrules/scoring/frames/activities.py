"""Engagement of frames: which activities count, and what each is worth.

A rule needs little of an activity: whether it matches, and when it was. So the rules that match
an activity become the bits of one number, and activities that are given twice become one by
their id. How a rule's activities are then added up depends on its limit and its decay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from operator import add, or_
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.conditions.expressions import balanced, expression
from leadrules.conditions.frames import read
from leadrules.conditions.tree import Always, fields_of
from leadrules.frames import Opened
from leadrules.frames.events import ID, KIND, TIME, TYPE
from leadrules.frames.kinds import PREFIX
from leadrules.scoring.effect import Effect
from leadrules.scoring.engagement import ActivityRule, Engagement
from leadrules.scoring.frames.fading import Fading, faded, with_left
from leadrules.scoring.frames.history import Happened, latest
from leadrules.scoring.frames.numbers import Numbers, within
from leadrules.scoring.frames.periods import PERIOD, with_day, with_period
from leadrules.scoring.points import Bounds
from leadrules.scoring.tally import Worth
from leadrules.vocabulary import Declaration, Vocabulary
from leadrules.zones import Zone

__all__ = ["Activities", "Counts", "engaged", "properties_read"]

_BITS = 48
"""How many rules share a number; fewer than a float64 has bits, since Spark divides as floats."""


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
class _Rule:
    """A rule, its place among the rules, and how many activities count in which periods."""

    place: int
    rule: ActivityRule
    per: str
    most: int | None

    @classmethod
    def of(cls, place: int, rule: ActivityRule) -> _Rule:
        limit = rule.limit
        per, most = ("ever", None) if limit is None else (limit.per, limit.count)
        return cls(place, rule, per, most)

    @property
    def fades(self) -> bool:
        return self.rule.decay.kind != "none"

    @property
    def ranked(self) -> bool:
        """Whether it takes an order to tell which activities count."""
        return self.fades and self.most is not None and self.most > 1

    @property
    def last_alone(self) -> bool:
        """Whether of a period the last activity counts, and no other."""
        return self.fades and self.most == 1

    def column(self, of: str) -> str:
        return f"{PREFIX}0{of}_{self.place}"

    @property
    def matches(self) -> nw.Expr:
        """Whether the rule matches an activity, by the bits of all."""
        return nw.col(_mask(self.place // _BITS)) % (2 * self.bit) >= self.bit

    @property
    def bit(self) -> int:
        return 2 ** (self.place % _BITS)  # type: ignore[no-any-return]  # never negative


def _mask(index: int) -> str:
    return f"{PREFIX}0mask_{index}"


def properties_read(
    engagement: Engagement, vocabulary: Vocabulary
) -> Mapping[str, Mapping[str, Declaration]]:
    """Return for each type of activity the properties that some rule reads."""
    found: dict[str, dict[str, Declaration]] = {}
    for rule in engagement.rules.values():
        fields = vocabulary.of_activity(rule.activity).fields
        read = found.setdefault(rule.activity, {})
        read |= {name: fields[name] for name in fields_of(rule.when)}
    return found


class Activities:
    """The activities of a frame of leads, by the rules of an engagement.

    Args:
        engagement: The document.
        vocabulary: The activities that it is about.
        numbers: The numbers in effect.
        happened: The events.
    """

    def __init__(
        self,
        engagement: Engagement,
        vocabulary: Vocabulary,
        numbers: Numbers,
        happened: Happened,
    ) -> None:
        self._rules = [_Rule.of(*found) for found in enumerate(engagement.rules.values())]
        self._vocabulary = vocabulary
        self._numbers = numbers
        self._happened = happened
        self._keys = happened.keys

    def counted(self, opened: Opened, at: datetime | str) -> tuple[Opened, Sequence[Counts]]:
        """Return a frame of leads with columns of what each rule comes to for them.

        Args:
            opened: The frame.
            at: The moment, or the name of the column that holds it.
        """
        activities = self._matched(opened, at)
        if any(rule.per != "ever" for rule in self._rules):
            activities = with_day(activities, TIME, Zone.named(self._vocabulary.zone))
        together: dict[str, list[_Rule]] = {}
        for rule in self._rules:
            if not rule.ranked:
                together.setdefault(rule.per, []).append(rule)
        sums = []
        for per, rules in together.items():
            some = balanced([rule.matches for rule in rules], or_)
            sums.append(self._summed(with_period(activities.filter(some), per), per, rules))
        for rule in self._rules:
            if rule.ranked:
                found = with_period(activities.filter(rule.matches), rule.per)
                found = latest(found, self._parts(rule.per), by=[TIME, ID], count=rule.most or 1)
                sums.append(self._summed(found, "ever", [replace(rule, most=None)]))
        for found in sums:
            opened = opened.joined(found, self._keys)
        counts = [
            Counts(rule.column("plain"), rule.column("points") if rule.fades else None)
            for rule in self._rules
        ]
        return opened, counts

    def _matched(self, opened: Opened, at: datetime | str) -> nw.LazyFrame[Any]:
        """Return the standing activities that some rule matches, each once, with which ones do."""
        tests: dict[int, list[nw.Expr]] = {}
        for rule in self._rules:
            words = self._vocabulary.of_activity(rule.rule.activity)
            matches = nw.col(TYPE) == rule.rule.activity
            if rule.rule.when != Always():
                row = replace(opened, fields=self._happened.history.fields[rule.rule.activity])
                matches = matches & read(row, at, words, partial(expression, rule.rule.when))
            bit = nw.when(matches).then(nw.lit(rule.bit, nw.Int64))
            tests.setdefault(rule.place // _BITS, []).append(bit.otherwise(nw.lit(0, nw.Int64)))
        masks = {_mask(index): balanced(bits, add) for index, bits in tests.items()}
        some = balanced([nw.col(mask) > 0 for mask in masks], or_)
        found = self._happened.events.filter(nw.col(KIND) == "activity")
        found = found.with_columns(**masks).select(*self._keys, ID, TIME, *masks).filter(some)
        once = self._happened.standing(found).group_by(*self._keys, ID)
        return once.agg(nw.col(TIME).min(), *(nw.col(mask).max() for mask in masks))

    def _parts(self, per: str) -> Sequence[str]:
        return self._keys if per == "ever" else [*self._keys, PERIOD]

    def _summed(
        self, activities: nw.LazyFrame[Any], per: str, rules: Sequence[_Rule]
    ) -> nw.LazyFrame[Any]:
        """Return for each lead what rules come to whose limits are for the same periods."""
        fading = [(TIME, rule.rule.decay) for rule in rules if rule.fades and rule.most is None]
        activities, left = with_left(activities, self._numbers.at, fading)
        each: dict[str, nw.Expr] = {}
        counts: list[nw.Expr] = []
        for rule in rules:
            if rule.last_alone:
                each[rule.column("last")] = nw.when(rule.matches).then(nw.col(TIME))
                counts.append(nw.col(rule.column("last")).max())
                continue
            columns = {"plain": nw.lit(1, nw.Int64)}
            if rule.fades:
                columns["points"] = faded(self._points(rule), left[TIME, rule.rule.decay])
            for name, value in columns.items():
                each[rule.column(name)] = nw.when(rule.matches).then(value)
                counts.append(_sum(rule.column(name)))
        found = activities.with_columns(**each).group_by(*self._parts(per)).agg(*counts)
        fading = [(rule.column("last"), rule.rule.decay) for rule in rules if rule.last_alone]
        found, left = with_left(found, self._numbers.at, fading)
        kept: dict[str, nw.Expr] = {}
        for rule in rules:
            kept |= self._kept(rule, left)
        found = found.select(*self._keys, **kept)
        return found if per == "ever" else found.group_by(*self._keys).agg(*map(_sum, kept))

    def _kept(self, rule: _Rule, left: Mapping[Fading, nw.Expr]) -> Mapping[str, nw.Expr]:
        """Return what a rule comes to in a period, with its limit."""
        names = [rule.column(name) for name in ("plain", "points")][: 1 + rule.fades]
        if rule.most is None:
            return {name: nw.col(name) for name in names}
        if not rule.fades:
            count = nw.col(names[0])
            return {names[0]: nw.when(count > rule.most).then(rule.most).otherwise(count)}
        last = rule.column("last")
        worth = faded(self._points(rule), left[last, rule.rule.decay])
        one = nw.when(~nw.col(last).is_null()).then(nw.lit(1, nw.Int64))
        return dict(zip(names, (one, worth), strict=True))

    def _points(self, rule: _Rule) -> nw.Expr:
        return self._numbers.real(partial(_points, place=rule.place))


def _sum(column: str) -> nw.Expr:
    return nw.col(column).sum().cast(nw.Int64).alias(column)


def _worth(effect: Effect) -> Worth:
    assert effect.worth is not None  # noqa: S101 - there is an engagement
    return effect.worth


def _points(effect: Effect, *, place: int) -> int:
    return _worth(effect).points[place]


def _bounds(effect: Effect, *, place: int) -> Bounds:
    return _worth(effect).bounds[place]


def _group(effect: Effect, *, place: int) -> Bounds:
    return _worth(effect).groups[place][1]


def _part(effect: Effect) -> Bounds:
    return _worth(effect).part


def engaged(
    engagement: Engagement, counts: Sequence[Counts] | None, numbers: Numbers
) -> Mapping[str, nw.Expr]:
    """Return the `engagement` of leads, and in all their `lifetime`, in millionths of a point.

    Args:
        engagement: The document.
        counts: The columns of what each rule comes to; None if there are no events.
        numbers: The numbers in effect.
    """
    decayed: list[nw.Expr] = []
    lifetime: list[nw.Expr] = []
    for place, _ in enumerate(engagement.rules):
        sums = plain = nw.lit(0, nw.Int64)
        if counts is not None:
            points = numbers.number(partial(_points, place=place))
            plain = nw.col(counts[place].plain).fill_null(0) * _wide(points)
            found = counts[place].points
            sums = plain if found is None else nw.col(found).fill_null(0)
        bounds = partial(_bounds, place=place)
        decayed.append(within(sums, numbers, bounds))
        lifetime.append(within(plain, numbers, bounds))
    return {
        "engagement": _total(engagement, decayed, numbers),
        "lifetime": _total(engagement, lifetime, numbers),
    }


def _wide(number: nw.Expr | int | None) -> nw.Expr:
    return number if isinstance(number, nw.Expr) else nw.lit(number, nw.Int64)


def _total(engagement: Engagement, sums: Sequence[nw.Expr], numbers: Numbers) -> nw.Expr:
    places = {name: place for place, name in enumerate(engagement.rules)}
    summands = []
    for index, group in enumerate(engagement.groups.values()):
        of = balanced([sums[places.pop(name)] for name in group.of], add)
        summands.append(within(of, numbers, partial(_group, place=index)))
    summands += [sums[place] for place in places.values()]
    return within(balanced(summands, add), numbers, _part)
