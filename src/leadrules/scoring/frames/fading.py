"""`Decay.factor` as expressions: the same float64 operations in the same order."""

from __future__ import annotations

import narwhals.stable.v2 as nw

from leadrules.scoring.decay import Decay, halved

__all__ = ["factor", "faded", "floored"]


def factor(decay: Decay, age: nw.Expr) -> nw.Expr:
    """Return what is left of the points of activities, from 1 to 0.

    Args:
        decay: How points fade.
        age: The ages in microseconds; not negative.
    """
    over = decay.over
    if over is None:
        return nw.lit(1.0)
    one, nothing = nw.lit(1.0), nw.lit(0.0)
    match decay.kind:
        case "window":
            return nw.when(age < over).then(one).otherwise(nothing)
        case "linear":
            left = _quotient(over - age, over)
            return nw.when(age < over).then(left).otherwise(nothing)
        case "step":
            left = nw.lit(1.0) - floored(age, over).cast(nw.Float64) * float(decay.rate or 0)
            return nw.when(left > 0).then(left).otherwise(nothing)
        case "compounding":
            return _left(decay, floored(age, over))
    return halved(_quotient(age % over, over)) * _left(decay, floored(age, over))


def faded(points: nw.Expr, left: nw.Expr) -> nw.Expr:
    """Return decayed points in whole millionths, rounded half up.

    Args:
        points: The points in millionths, as float64.
        left: What is left of them, from 1 to 0.
    """
    return (points * left + 0.5).floor().cast(nw.Int64)


def floored(count: nw.Expr, by: int) -> nw.Expr:
    """Return the quotient of integers that are not negative, rounded down."""
    if by < 2:  # noqa: PLR2004 - there is no half of one
        return count // by
    # Spark divides as floats; half a divisor more keeps them away from the edges.
    return (count - count % by + by // 2) // by


def _quotient(count: nw.Expr, by: int) -> nw.Expr:
    """Return the float64 nearest to a quotient.

    The divisor is computed for every row, since polars multiplies by the reciprocal of one that
    is the same for all, and that may be off by the last digit.
    """
    return count.cast(nw.Float64) / (count - count + by).cast(nw.Float64)


def _left(decay: Decay, count: nw.Expr) -> nw.Expr:
    """Return what is left after so many whole durations."""
    left = nw.lit(1.0)
    for bit, power in enumerate(decay.powers):
        odd = floored(count, 2**bit) % 2 == 1
        left = left * nw.when(odd).then(nw.lit(power)).otherwise(nw.lit(1.0))
    return nw.when(count < 2 ** len(decay.powers)).then(left).otherwise(nw.lit(0.0))
