"""The fit of frames: the points of each characteristic, and their sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from operator import add

import narwhals.stable.v2 as nw

from leadrules.conditions.expressions import Reading, balanced, expression
from leadrules.conditions.frames import read
from leadrules.frames import Opened
from leadrules.scoring.points import Limits
from leadrules.scoring.scorecard import Characteristic, Fit, Rule
from leadrules.sections import ParamRef, millionths
from leadrules.vocabulary import Vocabulary

__all__ = ["fitted", "limited_sum"]

_CHAIN = 32
"""How many rules become one chain of cases, each nested in the one before."""
_NO_VALUE = -(2**63)
"""Stands for points whose parameter has no value yet; no points are that few."""


def fitted(
    fit: Fit, opened: Opened, at: datetime | str, vocabulary: Vocabulary
) -> tuple[Opened, nw.Expr, Mapping[str, nw.Expr]]:
    """Return a frame with its fit, and the points of each characteristic, in millionths.

    Args:
        fit: The document.
        opened: The frame.
        at: The moment, or the name of the column that holds it.
        vocabulary: The names that the conditions use.
    """
    # What is read twice is a column of its own, so that no backend computes it twice.
    opened, points = opened.beside(
        {
            name: read(opened, at, vocabulary, partial(_points, characteristic))
            for name, characteristic in fit.characteristics.items()
        }
    )
    groups = [
        read(
            opened, at, vocabulary, partial(limited_sum, [points[name] for name in group.of], group)
        )
        for group in fit.groups.values()
    ]
    grouped = {name for group in fit.groups.values() for name in group.of}
    summands = [*groups, *(found for name, found in points.items() if name not in grouped)]
    total = read(opened, at, vocabulary, partial(limited_sum, summands, fit))
    opened, parts = opened.beside({"fit": total})
    return opened, parts["fit"], points


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


def limited_sum(summands: Sequence[nw.Expr], limits: Limits, reading: Reading) -> nw.Expr:
    """Return a sum within limits; it is missing where one of them has no value yet."""
    found: nw.Expr = balanced(summands, add)
    for limit, side in ((limits.min, "lower_bound"), (limits.max, "upper_bound")):
        if limit is not None:
            bound = _number(limit, reading)
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
