"""Scores of frames of leads: the scorer's meaning as expressions."""

from __future__ import annotations

from collections.abc import Sequence
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
from leadrules.scoring.document import Scoring
from leadrules.scoring.points import Limits
from leadrules.scoring.scorecard import Characteristic, Rule
from leadrules.sections import DECIMAL_PLACES, ParamRef, millionths
from leadrules.vocabulary import Vocabulary

__all__ = ["score_frames"]

_POINT = 10**DECIMAL_PLACES
_CHAIN = 32
"""How many rules become one chain of cases, each nested in the one before."""
_NO_VALUE = -(2**63)
"""Stands for points whose parameter has no value yet; no points are that few."""


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
    # What is read twice is a column of its own, so that no backend computes it twice.
    opened, points = opened.beside(
        {
            name: read(opened, at, vocabulary, partial(_points, characteristic))
            for name, characteristic in scoring.fit.characteristics.items()
        }
    )
    groups = [
        read(opened, at, vocabulary, partial(_sum, [points[name] for name in group.of], group))
        for group in scoring.fit.groups.values()
    ]
    grouped = {name for group in scoring.fit.groups.values() for name in group.of}
    summands = [*groups, *(found for name, found in points.items() if name not in grouped)]
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
    rules = characteristic.rules
    points = [_number(rule.points, reading) for rule in rules]
    default = _number(characteristic.default, reading)
    if len(rules) <= _CHAIN:
        return _first(rules, points, default, reading)
    # One chain of all rules would be nested more deeply than Python and the backends can follow.
    # Between chains, nothing means that no rule fired; so a rule without a value is a number.
    some = [_NO_VALUE if number is None else number for number in points]
    chains = [
        _first(rules[start : start + _CHAIN], some[start : start + _CHAIN], None, reading)
        for start in range(0, len(rules), _CHAIN)
    ]
    found: nw.Expr = nw.coalesce(*chains, nw.lit(default, nw.Int64))
    return nw.when(found != _NO_VALUE).then(found) if None in points else found


def _first(
    rules: Sequence[Rule], points: Sequence[int | None], default: int | None, reading: Reading
) -> nw.Expr:
    """Return the points of the first rule that is true, as one chain of cases."""
    found = nw.lit(default, nw.Int64)
    for rule, number in zip(reversed(rules), reversed(points), strict=True):
        given = nw.lit(number, nw.Int64)
        found = nw.when(expression(rule.when, reading)).then(given).otherwise(found)
    return found


def _sum(summands: list[nw.Expr], limits: Limits, reading: Reading) -> nw.Expr:
    found: nw.Expr = balanced(summands, add)
    for limit, side in ((limits.min, "lower_bound"), (limits.max, "upper_bound")):
        if limit is not None:
            bound: Any = _number(limit, reading)
            if bound is None:
                return nw.lit(None, nw.Int64)
            found = found.clip(**{side: bound})
    return found


def _number(number: Decimal | ParamRef, reading: Reading) -> int | None:
    """Return points in millionths, or None if their parameter has no value yet."""
    if isinstance(number, Decimal):
        return millionths(number)
    value = reading.parameters.get(number.param)
    return None if value is None else millionths(value)  # type: ignore[arg-type]  # checked: a number


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
