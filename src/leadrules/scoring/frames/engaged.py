"""What the counted activities of leads come to: the sums of rules and groups, within limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from operator import add

import narwhals.stable.v2 as nw

from leadrules.conditions.expressions import balanced
from leadrules.scoring.effect import Effect
from leadrules.scoring.engagement import Engagement
from leadrules.scoring.frames.numbers import Numbers, within
from leadrules.scoring.frames.rules import Counts, points_of, worth_of
from leadrules.scoring.points import Bounds

__all__ = ["engaged"]


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
            points = numbers.number(partial(points_of, place=place))
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


def _bounds(effect: Effect, *, place: int) -> Bounds:
    return worth_of(effect).bounds[place]


def _group(effect: Effect, *, place: int) -> Bounds:
    return worth_of(effect).groups[place][1]


def _part(effect: Effect) -> Bounds:
    return worth_of(effect).part
