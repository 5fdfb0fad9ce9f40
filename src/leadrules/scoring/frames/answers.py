"""Qualification of frames: how each criterion is answered, and the bands that people set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from operator import add, and_
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.conditions.expressions import Reading, balanced, expression
from leadrules.frames.events import ID, TIME, said
from leadrules.frames.kinds import PREFIX
from leadrules.scoring.effect import Effect
from leadrules.scoring.frames.history import Happened, latest
from leadrules.scoring.frames.numbers import Numbers, within
from leadrules.scoring.interview import Merit
from leadrules.scoring.points import Bounds
from leadrules.scoring.qualification import Criterion, Qualification, Readiness
from leadrules.values import Type

__all__ = [
    "ANSWERS",
    "OVERRIDE",
    "SAYS",
    "answered",
    "given",
    "inferred",
    "is_ready",
    "overridden",
    "qualified",
]

ANSWERS = ("met", "not_met", "unknown")
"""The answers; in frames they are numbers until the end, by their place here."""
OVERRIDE = f"{PREFIX}0override"
"""The column of the place of the band that somebody set."""
SAYS: Mapping[str, Mapping[str, Type]] = {
    "qualification": {
        "criterion": Type.STRING,
        "answer": Type.STRING,
        "until": Type.DATETIME,
    },
    "bands": {"band": Type.STRING, "until": Type.DATETIME},
}
"""The columns that say what answers and overrides say."""

_CHOSEN = f"{PREFIX}0chosen"
_END = f"{PREFIX}0end"


def answered(place: int) -> str:
    """Return the column of what people answered to a criterion."""
    return f"{PREFIX}0answer_{place}"


def given(
    qualification: Qualification, happened: Happened, numbers: Numbers
) -> nw.LazyFrame[Any] | None:
    """Return for each lead the answers that hold; None if nobody can have answered."""
    if not {"criterion", "answer"} <= happened.history.says:
        return None
    found = _with_end(happened, "answer", "criterion", "answer")
    criterion, end = nw.col(said("criterion")), nw.col(_END)
    for name, declared in qualification.criteria.items():
        if declared.expires is not None:
            expires = nw.when(criterion == name).then(nw.col(TIME) + int(declared.expires))
            end = nw.coalesce(end, expires)
    number = _place(nw.col(said("answer")), ANSWERS)
    found = found.with_columns(end.alias(_END), number.alias(_CHOSEN))
    found = _holding(found, numbers)
    found = found.with_columns(
        _place(criterion, tuple(qualification.criteria)).alias(said("criterion"))
    ).filter(~nw.col(said("criterion")).is_null())
    keys = happened.keys
    found = latest(found, [*keys, said("criterion")], by=[TIME, ID, _CHOSEN])
    columns = {
        answered(place): nw.when(nw.col(said("criterion")) == place).then(nw.col(_CHOSEN))
        for place, _ in enumerate(qualification.criteria)
    }
    return found.with_columns(**columns).group_by(*keys).agg(*(nw.col(x).max() for x in columns))


def overridden(
    bands: Sequence[str], happened: Happened, numbers: Numbers
) -> nw.LazyFrame[Any] | None:
    """Return for each lead the override that holds; None if nobody can have set a band."""
    if "band" not in happened.history.says:
        return None
    found = _with_end(happened, "override", "band")
    found = found.with_columns(_place(nw.col(said("band")), bands).alias(_CHOSEN))
    found = latest(_holding(found, numbers), happened.keys, by=[TIME, ID, _CHOSEN])
    return found.select(*happened.keys, nw.col(_CHOSEN).alias(OVERRIDE))


def _with_end(happened: Happened, kind: str, *columns: str) -> nw.LazyFrame[Any]:
    """Return the standing events of a kind with the moment from which each holds no longer."""
    if "until" in happened.history.says:
        found = happened.of_kind(kind, *columns, "until")
        return found.with_columns(nw.col(said("until")).alias(_END))
    return happened.of_kind(kind, *columns).with_columns(nw.lit(None, nw.Int64).alias(_END))


def _holding(events: nw.LazyFrame[Any], numbers: Numbers) -> nw.LazyFrame[Any]:
    ended = numbers.at >= nw.col(_END)
    return events.filter(nw.col(_END).is_null() | ~ended, ~nw.col(_CHOSEN).is_null())


def _place(text: nw.Expr, names: Sequence[str]) -> nw.Expr:
    """Return the place of a text among names; missing if it is none of them."""
    places = [nw.when(text == name).then(nw.lit(x, nw.Int64)) for x, name in enumerate(names)]
    return balanced(places, nw.coalesce)


def inferred(criterion: Criterion, reading: Reading) -> nw.Expr:
    """Return what conditions say of a criterion."""
    yes, no = (
        nw.lit(False)  # noqa: FBT003 - a value
        if condition is None
        else nw.when(expression(condition, reading)).then(nw.lit(True)).otherwise(nw.lit(False))  # noqa: FBT003 - values
        for condition in (criterion.met, criterion.not_met)
    )
    met, not_met, unknown = (nw.lit(place, nw.Int64) for place, _ in enumerate(ANSWERS))
    return nw.when(yes & ~no).then(met).when(no & ~yes).then(not_met).otherwise(unknown)


def qualified(answers: Sequence[nw.Expr], numbers: Numbers) -> nw.Expr:
    """Return what the criteria that are met come to, in millionths of a point."""
    points = []
    for place, answer in enumerate(answers):
        number = numbers.number(partial(_points, place=place))
        worth = number if isinstance(number, nw.Expr) else nw.lit(number, nw.Int64)
        points.append(nw.when(answer == 0).then(worth).otherwise(nw.lit(0, nw.Int64)))
    return within(balanced(points, add), numbers, _part)


def is_ready(ready: Readiness, answers: Mapping[str, nw.Expr]) -> nw.Expr:
    """Return whether enough criteria are met, and all of those that must be."""
    one, none = nw.lit(1, nw.Int64), nw.lit(0, nw.Int64)
    met = [nw.when(answer == 0).then(one).otherwise(none) for answer in answers.values()]
    needed = [answers[name] == 0 for name in ready.mandatory]
    return balanced([balanced(met, add) >= ready.at_least, *needed], and_)


def _points(effect: Effect, *, place: int) -> int:
    return _merit(effect).points[place]


def _part(effect: Effect) -> Bounds:
    return _merit(effect).part


def _merit(effect: Effect) -> Merit:
    assert effect.merit is not None  # noqa: S101 - there is a qualification
    return effect.merit
