"""Scores of frames of leads: the scorer's meaning as expressions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from operator import add
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.conditions.expressions import Reading, balanced, expression
from leadrules.conditions.frames import read
from leadrules.conditions.tree import fields_of
from leadrules.frames import open_frame
from leadrules.scoring.scorecard import Characteristic, Limits, Scoring
from leadrules.sections import DECIMAL_PLACES, ParamRef, millionths
from leadrules.vocabulary import Vocabulary

__all__ = ["score_frames"]

_POINT = 10**DECIMAL_PLACES


def score_frames(
    scoring: Scoring,
    leads: Any,
    *,
    at: datetime | str,
    vocabulary: Vocabulary,
    characteristics: bool = False,
) -> Any:
    """Return a frame of leads with the columns `score` and `fit`, and more on request.

    Args:
        scoring: What to score by.
        leads: Any frame, one row a lead.
        at: The moment, or the name of a column that holds each lead's own.
        vocabulary: The names that the conditions use.
        characteristics: Whether to add the points of each characteristic.

    Raises:
        EvaluationError: If a column is absent or of a wrong type.
    """
    names = dict.fromkeys(name for _, rule in scoring.rules() for name in fields_of(rule.when))
    opened = open_frame(leads, names, vocabulary=vocabulary, at=at if isinstance(at, str) else None)
    # Every sum is a column of its own, so that no backend computes a characteristic twice.
    opened, points = opened.beside(
        {
            name: read(opened, at, vocabulary, partial(_points, characteristic))
            for name, characteristic in scoring.fit.characteristics.items()
        }
    )
    opened, groups = opened.beside(
        {
            f"group {name}": read(
                opened, at, vocabulary, partial(_sum, [points[x] for x in group.of], group)
            )
            for name, group in scoring.fit.groups.items()
        }
    )
    grouped = {member for group in scoring.fit.groups.values() for member in group.of}
    summands = [*groups.values(), *(points[name] for name in points if name not in grouped)]
    opened, parts = opened.beside(
        {"fit": read(opened, at, vocabulary, partial(_sum, summands, scoring.fit))}
    )
    total = read(opened, at, vocabulary, partial(_sum, [parts["fit"]], scoring.total))
    results = {
        "score": _visible(total, scoring.total.decimals),
        "fit": _divided(parts["fit"], _POINT),
    }
    if characteristics:
        results |= {f"fit_{name}": _divided(found, _POINT) for name, found in points.items()}
    if opened.at is not None:  # without a moment there is no evaluation
        timed = ~opened.at.is_null()
        results = {name: nw.when(timed).then(found) for name, found in results.items()}
    return opened.closed(results)


def _points(characteristic: Characteristic, reading: Reading) -> nw.Expr:
    """Return the points of the first rule that is true, in millionths."""
    found = _number(characteristic.default, reading)
    for rule in reversed(characteristic.rules):
        fires = expression(rule.when, reading)
        found = nw.when(fires).then(_number(rule.points, reading)).otherwise(found)
    return found


def _sum(summands: list[nw.Expr], limits: Limits, reading: Reading) -> nw.Expr:
    found: nw.Expr = balanced(summands, add) if summands else nw.lit(0, nw.Int64)
    if limits.min is not None:
        low = _number(limits.min, reading)
        found = nw.when(low > found).then(low).when(~low.is_null()).then(found)
    if limits.max is not None:
        high = _number(limits.max, reading)
        found = nw.when(high < found).then(high).when(~high.is_null()).then(found)
    return found


def _number(number: Decimal | ParamRef, reading: Reading) -> nw.Expr:
    """Return points in millionths; missing if their parameter has no value yet."""
    if isinstance(number, Decimal):
        return nw.lit(millionths(number), nw.Int64)
    value = reading.parameters.get(number.param)
    points = None if value is None else millionths(value)  # type: ignore[arg-type]  # checked: a number
    return nw.lit(points, nw.Int64)


def _visible(total: nw.Expr, decimals: int) -> nw.Expr:
    step = 10 ** (DECIMAL_PLACES - decimals)
    found: nw.Expr = (total + step // 2) // step
    return _divided(found, 10**decimals) if decimals else found


def _divided(count: nw.Expr, by: int) -> nw.Expr:
    """Return the float64 nearest to a quotient.

    The divisor is computed for every row, since polars multiplies by the reciprocal of one that
    is the same for all, and that may be off by the last digit.
    """
    return count / (count - count + by)
