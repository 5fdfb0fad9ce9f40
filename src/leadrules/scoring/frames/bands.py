"""Bands, letters and digits of frames, by their places."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import narwhals.stable.v2 as nw

from leadrules.conditions.expressions import balanced, by_steps
from leadrules.frames import Opened
from leadrules.frames.opening import PREVIOUS
from leadrules.scoring.bands import Bands
from leadrules.scoring.effect import Effect, Ladder
from leadrules.scoring.frames.numbers import Numbers

__all__ = ["graded", "named", "placed"]


def graded(points: nw.Expr, names: Sequence[str], numbers: Numbers, kind: str) -> nw.Expr:
    """Return the first letter or digit that points reach, or the last.

    Args:
        points: The points, in millionths.
        names: The letters or digits, from the best.
        numbers: The numbers in effect.
        kind: `letters` or `digits`.
    """

    def least(place: int) -> nw.Expr | int | None:
        return numbers.number(lambda effect: getattr(effect, kind)[place])

    def between(low: int, high: int) -> nw.Expr:
        if low == high:
            return nw.lit(names[low], nw.String)
        middle = (low + high) // 2
        reached = points >= least(middle)
        return nw.when(reached).then(between(low, middle)).otherwise(between(middle + 1, high))

    return between(0, len(names) - 1)


def named(place: nw.Expr, names: Sequence[str]) -> nw.Expr:
    """Return the name at a place; missing where the place is."""
    found = by_steps(place, range(1, len(names)), [nw.lit(name, nw.String) for name in names])
    return nw.when(~place.is_null()).then(found)


def placed(
    bands: Bands, points: nw.Expr, numbers: Numbers, opened: Opened, *, previous: bool
) -> tuple[Opened, nw.Expr]:
    """Return a frame with the place of the band of each lead, overrides aside.

    Args:
        bands: The document.
        points: The points that the bands are about, in millionths.
        numbers: The numbers in effect.
        opened: The frame.
        previous: Whether it has a column of the bands before.
    """
    levels = bands.levels
    last = len(levels) - 1
    before: nw.Expr | None = None
    if previous and last:
        texts = nw.col(PREVIOUS)
        places = [
            nw.when(texts == band.name).then(nw.lit(place, nw.Int64))
            for place, band in enumerate(levels)
        ]
        opened, found = opened.beside({"before": balanced(places, nw.coalesce)})
        before = found["before"]
    reached = nw.lit(last, nw.Int64)
    for place in reversed(range(last)):
        enough = points >= numbers.number(partial(_enter, place=place))
        if before is not None:
            stays = (before <= place) & (points >= numbers.number(partial(_leave, place=place)))
            enough = nw.when(stays).then(nw.lit(True)).otherwise(enough)  # noqa: FBT003 - a value
        reached = nw.when(enough).then(nw.lit(place, nw.Int64)).otherwise(reached)
    if not any(band.needs for band in levels):
        return opened, reached
    opened, found = opened.beside({"reached": reached})
    return opened, _held(bands, found["reached"], opened)


def _held(bands: Bands, reached: nw.Expr, opened: Opened) -> nw.Expr:
    """Return the place of the best band, from the one that is reached on, that lacks nothing."""
    last = len(bands.levels) - 1
    found = nw.lit(last, nw.Int64)
    for place in reversed(range(last)):
        known = [~opened.fields[name][0].is_null() for name in bands.levels[place].needs]
        here = balanced([reached <= place, *known], lambda a, b: a & b)
        found = nw.when(here).then(nw.lit(place, nw.Int64)).otherwise(found)
    return found


def _enter(effect: Effect, *, place: int) -> int:
    return _ladder(effect).enter[place]


def _leave(effect: Effect, *, place: int) -> int:
    return _ladder(effect).leave[place]


def _ladder(effect: Effect) -> Ladder:
    assert effect.ladder is not None  # noqa: S101 - there are bands
    return effect.ladder
