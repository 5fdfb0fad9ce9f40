"""`Decay.factor` in frames: the same float64 operations in the same order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.frames.kinds import PREFIX
from leadrules.scoring.decay import Decay, halved

__all__ = ["Fading", "faded", "with_left"]

_COUNT, _REST = f"{PREFIX}0count_", f"{PREFIX}0rest_"

Fading = tuple[str, Decay]
"""A column of the times of activities, and how their points fade."""


def with_left(
    frame: nw.LazyFrame[Any], at: nw.Expr, fading: Mapping[Fading, nw.Expr | None]
) -> tuple[nw.LazyFrame[Any], Mapping[Fading, nw.Expr]]:
    """Return a frame with columns of what is left of the points of activities.

    Args:
        frame: Activities.
        at: The moment.
        fading: Their times, in microseconds and not after the moment, and how points fade; with
            where that will be read, if it is not everywhere.
    """
    left = {pair: f"{PREFIX}0left_{place}" for place, pair in enumerate(fading)}
    if not left:
        return frame, {}
    times = {time: f"{PREFIX}0age_{place}" for place, (time, _) in enumerate(left)}
    spans = {
        (time, decay.over): str(place)
        for place, (time, decay) in enumerate(left)
        if decay.over is not None and decay.kind not in {"window", "linear"}
    }
    # Step by step: what is read twice would be written out twice for a database.
    frame = frame.with_columns(**{age: at - nw.col(time) for time, age in times.items()})
    if spans:
        rests = {_REST + x: nw.col(times[time]) % over for (time, over), x in spans.items()}
        frame = frame.with_columns(**rests)
        frame = frame.with_columns(
            **{
                _COUNT + x: _floored(nw.col(times[time]) - nw.col(_REST + x), over)
                for (time, over), x in spans.items()
            }
        )
    columns = {}
    for (time, decay), name in left.items():
        x = spans.get((time, decay.over or 0), "")
        found = _factor(decay, nw.col(times[time]), nw.col(_COUNT + x), nw.col(_REST + x))
        where = fading[time, decay]
        # Databases compute a case for the rows that it is about, and polars for every row.
        if where is not None and not frame.implementation.is_polars():
            found = nw.when(where).then(found)
        columns[name] = found
    return frame.with_columns(**columns), {pair: nw.col(name) for pair, name in left.items()}


def faded(points: nw.Expr, left: nw.Expr) -> nw.Expr:
    """Return decayed points in whole millionths, rounded half up.

    Args:
        points: The points in millionths, as float64.
        left: What is left of them, from 1 to 0.
    """
    return (points * left + 0.5).floor().cast(nw.Int64)


def _floored(multiple: nw.Expr, by: int) -> nw.Expr:
    """Return how many times a number goes into a multiple of it."""
    # Spark divides as floats; half a divisor more keeps them away from the edges.
    return (multiple + by // 2) // by


def _factor(decay: Decay, age: nw.Expr, count: nw.Expr, rest: nw.Expr) -> nw.Expr:
    """Return what is left at an age of so many whole durations and a rest."""
    over = decay.over
    if over is None:
        return nw.lit(1.0)
    one, nothing = nw.lit(1.0), nw.lit(0.0)
    match decay.kind:
        case "window":
            return nw.when(age < over).then(one).otherwise(nothing)
        case "linear":
            return nw.when(age < over).then(_quotient(over - age, over)).otherwise(nothing)
        case "step":
            left = one - count.cast(nw.Float64) * float(decay.rate or 0)
            return nw.when(left > 0).then(left).otherwise(nothing)
        case "compounding":
            return _left(decay, count)
    return halved(_quotient(rest, over)) * _left(decay, count)


def _quotient(count: nw.Expr, by: int) -> nw.Expr:
    """Return the float64 nearest to a quotient.

    The divisor is computed for every row, since polars multiplies by the reciprocal of one that
    is the same for all, and that may be off by the last digit.
    """
    return count.cast(nw.Float64) / (count - count + by).cast(nw.Float64)


def _left(decay: Decay, count: nw.Expr) -> nw.Expr:
    """Return what is left after so many whole durations."""
    left, one = nw.lit(1.0), nw.lit(1.0)
    for bit, power in enumerate(decay.powers):
        odd = count % 2 ** (bit + 1) >= 2**bit
        left = left * nw.when(odd).then(nw.lit(power)).otherwise(one)
    return nw.when(count < 2 ** len(decay.powers)).then(left).otherwise(nw.lit(0.0))
