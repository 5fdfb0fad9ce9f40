"""Which activities of frames count, and what each is worth.

Rules are taken by their type of activity. A rule needs little of an activity: whether it matches,
and when it was. So the rules that match one become the bits of a number, its mask; activities that
are given twice become one by their id; and how those of a rule are added up depends on its limit
and its decay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from operator import add, or_
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.conditions.expressions import balanced, expression
from leadrules.conditions.frames import read
from leadrules.conditions.tree import fields_of
from leadrules.frames import Opened
from leadrules.frames.events import ID, KIND, TIME, TYPE
from leadrules.scoring.engagement import Engagement
from leadrules.scoring.frames.fading import Fading, faded, with_left
from leadrules.scoring.frames.history import Happened, latest
from leadrules.scoring.frames.numbers import Numbers
from leadrules.scoring.frames.periods import PERIOD, with_day, with_period
from leadrules.scoring.frames.rules import (
    MASKED,
    Counts,
    RuleOf,
    grouped,
    mask,
    points_of,
)
from leadrules.vocabulary import Declaration, Vocabulary
from leadrules.zones import Zone

__all__ = ["Activities", "properties_read"]


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
        # polars computes every branch of a case for every row, and others read a table once more
        # for every type.
        by_type = happened.events.implementation.is_polars()
        self._groups = grouped(tuple(engagement.rules.values()), by_type=by_type)
        self._vocabulary = vocabulary
        self._zone = Zone.named(vocabulary.zone)
        self._numbers = numbers
        self._happened = happened
        self._keys = happened.keys

    def counted(self, opened: Opened, at: datetime | str) -> tuple[Opened, Sequence[Counts]]:
        """Return a frame of leads with columns of what each rule comes to for them.

        Args:
            opened: The frame.
            at: The moment, or the name of the column that holds it.
        """
        counts: dict[int, Counts] = {}
        for rules in self._groups:
            for sums in self._sums(self._matched(rules, opened, at), rules):
                opened = opened.joined(sums, self._keys)
            counts |= {rule.place: rule.counts for rule in rules}
        return opened, [counts[place] for place in sorted(counts)]

    def _matched(
        self, rules: Sequence[RuleOf], opened: Opened, at: datetime | str
    ) -> nw.LazyFrame[Any]:
        """Return the standing activities that some of the rules match, with their masks."""
        masks = self._masks(rules, opened, at)
        types = dict.fromkeys(rule.rule.activity for rule in rules)
        known = balanced([nw.col(TYPE) == name for name in types], or_)
        found = self._happened.events.filter(nw.col(KIND) == "activity", known)
        found = found.select(*self._happened.by, ID, TIME, **masks)
        if all(rule.index is not None for rule in rules):
            found = found.filter(balanced([nw.col(name) > 0 for name in masks], or_))
        found = self._happened.standing(self._happened.keyed(found))
        # Whether an activity is there twice makes no difference to rules of which one counts.
        if any(rule.most != 1 for rule in rules):
            once = found.group_by(*self._keys, ID)
            found = once.agg(nw.col(TIME).min(), *(nw.col(name).max() for name in masks))
        flags = {rule.column("matches"): rule.unmasked for rule in rules if rule.index is not None}
        return found.select(*self._keys, ID, TIME, **flags)

    def _masks(
        self, rules: Sequence[RuleOf], opened: Opened, at: datetime | str
    ) -> Mapping[str, nw.Expr]:
        """Return numbers whose bits are the rules that match an activity."""
        bits: dict[str, dict[str, list[nw.Expr]]] = {}
        for rule in rules:
            if rule.index is not None:
                activity = rule.rule.activity
                row = replace(opened, fields=self._happened.history.fields[activity])
                words = self._vocabulary.of_activity(activity)
                matches = read(row, at, words, partial(expression, rule.rule.when))
                bit = nw.when(matches).then(nw.lit(rule.bit, nw.Int64))
                of = bits.setdefault(mask(rule.index // MASKED), {}).setdefault(activity, [])
                of.append(bit.otherwise(nw.lit(0, nw.Int64)))
        masks = {}
        for name, by_type in bits.items():
            found = nw.lit(0, nw.Int64)
            for activity, of in by_type.items():
                found = nw.when(nw.col(TYPE) == activity).then(balanced(of, add)).otherwise(found)
            masks[name] = found
        return masks

    def _sums(
        self, activities: nw.LazyFrame[Any], rules: Sequence[RuleOf]
    ) -> Iterable[nw.LazyFrame[Any]]:
        """Yield for each lead what some of the rules come to, until each has had its turn."""
        if any(rule.per != "ever" for rule in rules):
            activities = with_day(activities, TIME, self._zone)
        together: dict[str, list[RuleOf]] = {}
        for rule in rules:
            if rule.ranked:
                found = with_period(_matching(activities, [rule]), rule.per)
                found = latest(found, self._parts(rule.per), by=[TIME, ID], count=rule.most or 1)
                yield self._summed(found, "ever", [replace(rule, most=None)])
            else:
                together.setdefault(rule.per, []).append(rule)
        for per, some in together.items():
            yield self._summed(with_period(_matching(activities, some), per), per, some)

    def _parts(self, per: str) -> Sequence[str]:
        return self._keys if per == "ever" else [*self._keys, PERIOD]

    def _summed(
        self, activities: nw.LazyFrame[Any], per: str, rules: Sequence[RuleOf]
    ) -> nw.LazyFrame[Any]:
        """Return for each lead what rules come to whose limits are for the same periods."""
        fading: dict[Fading, list[nw.Expr | None]] = {}
        for rule in rules:
            if rule.fades and rule.most is None:
                fading.setdefault((TIME, rule.rule.decay), []).append(rule.matches)
        where = {of: _either(matches) for of, matches in fading.items()}
        activities, left = with_left(activities, self._numbers.at, where)
        each: dict[str, nw.Expr] = {}
        counts: list[nw.Expr] = []
        for rule in rules:
            if rule.last_alone:
                each[rule.column("last")] = rule.where(nw.col(TIME))
                counts.append(nw.col(rule.column("last")).max())
                continue
            columns = {"plain": nw.lit(1, nw.Int64)}
            if rule.fades:
                columns["points"] = faded(self._points(rule), left[TIME, rule.rule.decay])
            for name, value in columns.items():
                each[rule.column(name)] = rule.where(value)
                counts.append(_sum(rule.column(name)))
        found = activities.with_columns(**each).group_by(*self._parts(per)).agg(*counts)
        lasts = [(rule.column("last"), rule.rule.decay) for rule in rules if rule.last_alone]
        found, left = with_left(
            found, self._numbers.at, {of: ~nw.col(of[0]).is_null() for of in lasts}
        )
        kept: dict[str, nw.Expr] = {}
        for rule in rules:
            kept |= self._kept(rule, left)
        found = found.select(*self._keys, **kept)
        return found if per == "ever" else found.group_by(*self._keys).agg(*map(_sum, kept))

    def _kept(self, rule: RuleOf, left: Mapping[Fading, nw.Expr]) -> Mapping[str, nw.Expr]:
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

    def _points(self, rule: RuleOf) -> nw.Expr:
        return self._numbers.real(partial(points_of, place=rule.place))


def _matching(activities: nw.LazyFrame[Any], rules: Sequence[RuleOf]) -> nw.LazyFrame[Any]:
    """Return the activities that one of the rules matches."""
    some = _either([rule.matches for rule in rules])
    return activities if some is None else activities.filter(some)


def _either(matches: Sequence[nw.Expr | None]) -> nw.Expr | None:
    """Return whether one of several holds; None if one of them always does."""
    some = [found for found in matches if found is not None]
    return None if len(some) < len(matches) else balanced(some, or_)


def _sum(column: str) -> nw.Expr:
    return nw.col(column).sum().cast(nw.Int64).alias(column)
