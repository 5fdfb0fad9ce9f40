"""How leads climbed the steps of a funnel: one row a lead, with the moment of each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.frames.kinds import PREFIX
from leadrules.metrics.document import Measures
from leadrules.metrics.reached import (
    AGAIN,
    IMPUTED,
    NEXT,
    OF,
    onward,
    own_or_later,
    visits,
)
from leadrules.metrics.tables import LEAD, Table, collected

__all__ = ["again", "climbed", "returned", "skipped", "when"]

_STAGE, _ENTERED = "stage", "entered"


def when(place: int) -> str:
    """Return the column of when a lead came to a step; missing if it never did."""
    return f"{PREFIX}0when_{place}"


def skipped(place: int) -> str:
    """Return the column that is 1 if a lead came to a step only by coming to a later one."""
    return f"{PREFIX}0skipped_{place}"


def again(place: int) -> str:
    """Return the column that is 1 if a lead came to a step several times."""
    return f"{PREFIX}0again_{place}"


def climbed(table: Table, stages: Sequence[str], measures: Measures) -> nw.LazyFrame[Any]:
    """Return when leads came to each of some stages, as `journeys` says it of each.

    Args:
        table: The entries.
        stages: The stages, the first of which they are followed from.
        measures: Say which entry counts, and what a skipped stage is.

    Returns:
        One row for each lead that came to the first, or for each of its entries if every entry
        counts: `LEAD`, `OF`, and for each step `when`, `skipped` and `again`.
    """
    imputed = measures.skipped == "imputed"
    later = {x: onward(x, measures) if imputed else (x,) for x in stages}
    if measures.reentry == "first":
        read = tuple(dict.fromkeys(x for stage in stages for x in later[stage]))
        frame = _arrivals(table.frame, read, LEAD)
        moments = {stage: nw.col(_own(place)) for place, stage in enumerate(read)}
        found = [
            column
            for place, stage in enumerate(stages)
            for column in _step(place, read.index(stage), own_or_later(moments, later[stage]))
        ]
        frame = frame.select(LEAD, *found).filter(~nw.col(when(0)).is_null())
        return frame.with_columns(nw.col(when(0)).alias(OF))
    first, rest = stages[0], stages[1:]
    begun = visits(table, first, later[first], every=measures.reentry == "every")
    begun = begun.with_columns(
        nw.col(OF).alias(when(0)),
        nw.col(IMPUTED).alias(skipped(0)),
        nw.col(AGAIN).alias(again(0)),
    )
    if not rest:
        return begun
    read = tuple(dict.fromkeys(x for stage in rest for x in later[stage]))
    during = begun.select(LEAD, OF, NEXT).join(table.frame, on=LEAD, how="inner")
    during = during.filter(
        nw.col(_ENTERED) >= nw.col(OF), nw.col(NEXT).is_null() | (nw.col(_ENTERED) < nw.col(NEXT))
    )
    frame = begun.join(_arrivals(during, read, LEAD, OF), on=[LEAD, OF], how="left")
    found = []
    for place, stage in enumerate(rest, start=1):
        own = [nw.col(_own(read.index(x))) for x in later[stage]]
        first_of = nw.min_horizontal(*own) if len(own) > 1 else own[0]
        found += _step(place, read.index(stage), first_of)
    return frame.select(LEAD, OF, when(0), skipped(0), again(0), *found)


def returned(table: Table, stages: Sequence[str]) -> Mapping[str, int]:
    """Return how many leads entered each of some stages more than once, at different moments.

    Args:
        table: The entries.
        stages: The stages; those that nobody came back to are not in what is returned.
    """
    found = (
        table.frame.filter(nw.col(_STAGE).is_in([*stages]))
        .with_columns(nw.col(_ENTERED).alias(_own(0)), nw.col(_ENTERED).alias(_last(0)))
        .group_by(LEAD, _STAGE)
        .agg(nw.col(_own(0)).min(), nw.col(_last(0)).max())
        .filter(nw.col(_own(0)) < nw.col(_last(0)))
        .group_by(_STAGE)
        .agg(nw.len().alias(_own(0)))
    )
    counts = {stage: int(count) for stage, count in collected(found).iter_rows()}
    return {stage: counts[stage] for stage in stages if stage in counts}


def _own(place: int) -> str:
    return f"{PREFIX}0own_{place}"


def _last(place: int) -> str:
    return f"{PREFIX}0last_{place}"


def _arrivals(frame: nw.LazyFrame[Any], stages: Sequence[str], *keys: str) -> nw.LazyFrame[Any]:
    """Return the first and the last entry into each of some stages."""
    moments = {
        column: nw.when(nw.col(_STAGE) == stage).then(nw.col(_ENTERED))
        for place, stage in enumerate(stages)
        for column in (_own(place), _last(place))
    }
    places = range(len(stages))
    return (
        frame.filter(nw.col(_STAGE).is_in([*stages]))
        .with_columns(**moments)
        .group_by(*keys)
        .agg(
            *(nw.col(_own(place)).min() for place in places),
            *(nw.col(_last(place)).max() for place in places),
        )
    )


def _step(place: int, own: int, moment: nw.Expr) -> tuple[nw.Expr, nw.Expr, nw.Expr]:
    first, last = nw.col(_own(own)), nw.col(_last(own))
    return (
        moment.alias(when(place)),
        nw.when(first.is_null() & ~moment.is_null()).then(1).otherwise(0).alias(skipped(place)),
        nw.when(first < last).then(1).otherwise(0).alias(again(place)),
    )
