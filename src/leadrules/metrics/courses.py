"""The course of each lead: its entries in order, what came before each, and what comes next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError
from leadrules.frames.kinds import PREFIX, recognised
from leadrules.metrics.document import Measures, Reentry
from leadrules.metrics.reached import entries_table
from leadrules.metrics.tables import LEAD, Table, with_dimensions
from leadrules.values import Type

__all__ = [
    "BEFORE",
    "ENTERED",
    "FURTHEST",
    "KIND",
    "NEXT",
    "PLACE",
    "REASON",
    "STAGE",
    "TURN",
    "among",
    "chosen",
    "course",
    "entries_by",
    "kinds_of",
    "placed",
]

STAGE, ENTERED, REASON = "stage", "entered", "reason"
"""Columns of entries."""
TURN, PLACE, BEFORE, FURTHEST, NEXT, KIND = (
    f"{PREFIX}0{name}" for name in ("turn", "place", "before", "furthest", "next", "kind")
)
"""Which entry of its lead it is, from 1; the place of its stage on the path, or -1; the stage
before; the furthest place so far; when the next entry is; and what the stage is for a lead."""
_LEFT, _PICKED = f"{PREFIX}0left", f"{PREFIX}0picked"
_FOREVER = 2**62
_LONGEST = 10_000
"""No path has so many stages."""


def entries_by(entries: Any, leads: Any, by: Sequence[str], *, at: int) -> Table:
    """Return the table of entries up to a moment, with its own dimensions if there are no leads.

    Raises:
        EvaluationError: If a column is absent or of a wrong type.
    """
    own = by if leads is None else ()
    optional = {REASON: Type.STRING, "left": Type.DATETIME}
    if own:
        theirs = recognised(entries, "entries").collect_schema().names()
        for name in own:
            if name not in theirs:
                message = (
                    f"by: entries have no column '{name}'; "
                    "expected one, or a frame of leads that has it"
                )
                raise EvaluationError(message, field="by")
    return entries_table(entries, at=at, optional=optional, by=own)


def placed(
    frame: nw.LazyFrame[Any], table: Table, leads: Any, by: Sequence[str]
) -> nw.LazyFrame[Any]:
    """Return a frame with its dimensions: those of the leads, unless entries have their own."""
    return frame if table.dimensions else with_dimensions(frame, table, leads, by)


def course(table: Table, measures: Measures) -> nw.LazyFrame[Any]:
    """Return the entries, each with `TURN`, `PLACE`, `BEFORE`, `FURTHEST`, `NEXT` and `REASON`.

    What a lead entered at one moment is in the order in which it left, then in that of the path.

    Args:
        table: The entries, of `entries_by`.
        measures: Say what the path is.
    """
    left = nw.col("left").fill_null(_FOREVER) if "left" in table.columns else nw.lit(_FOREVER)
    reason = nw.col(REASON) if REASON in table.columns else nw.lit(None, nw.String)
    frame = table.frame.with_columns(
        among(measures.order).alias(PLACE),
        left.alias(_LEFT),
        nw.when(reason != "").then(reason).alias(REASON),
    )
    # Off the path, a lead comes to stand after all that it did at that moment.
    off = nw.when(nw.col(PLACE) < 0).then(len(measures.order)).otherwise(nw.col(PLACE))
    frame = frame.with_columns(off.alias(_PICKED))
    order = [ENTERED, _LEFT, _PICKED, STAGE, REASON]
    if frame.implementation.is_polars():
        return _in_rows(frame, order).drop(_LEFT, _PICKED)
    turn = nw.col(ENTERED).cum_count().over(LEAD, order_by=order)
    frame = frame.with_columns(turn.alias(TURN)).drop(_LEFT, _PICKED)
    return frame.with_columns(
        nw.col(STAGE).shift(1).over(LEAD, order_by=TURN).alias(BEFORE),
        nw.col(PLACE).cum_max().over(LEAD, order_by=TURN).alias(FURTHEST),
        nw.col(ENTERED).shift(-1).over(LEAD, order_by=TURN).alias(NEXT),
    )


def _in_rows(frame: nw.LazyFrame[Any], order: Sequence[str]) -> nw.LazyFrame[Any]:
    """Return the same of a frame of polars, which is quick at rows beside each other.

    Sorted by lead, what a lead has is what its neighbours have; windows would sort each lead.
    """
    import polars as pl  # noqa: PLC0415 - the frame is one of polars

    lead, place, row = pl.col(LEAD), pl.col(PLACE).cast(pl.Int64), pl.int_range(pl.len())
    begins = (lead != lead.shift()).fill_null(value=True)
    ends = (lead != lead.shift(-1)).fill_null(value=True)
    first = pl.when(begins).then(row).forward_fill()
    # Places of later leads lie above all of earlier ones, by more than a path has stages.
    above = first * (_LONGEST + 2)
    native = (
        frame.to_native()
        .sort(LEAD, *order, nulls_last=True)
        .with_columns(
            (row - first + 1).alias(TURN),
            pl.when(~begins).then(pl.col(STAGE).shift()).alias(BEFORE),
            ((place + above).cum_max() - above).alias(FURTHEST),
            pl.when(~ends).then(pl.col(ENTERED).shift(-1)).alias(NEXT),
        )
    )
    found: nw.LazyFrame[Any] = nw.from_native(native)
    return found


def among(stages: Sequence[str]) -> nw.Expr:
    """Return the place of the stage of an entry among some, from 0; -1 if it is none of them."""
    found = nw.lit(-1)
    for place, stage in enumerate(stages):
        found = nw.when(nw.col(STAGE) == stage).then(nw.lit(place)).otherwise(found)
    return found


def kinds_of(measures: Measures) -> Mapping[str, Collection[str]]:
    """Return the stages that end the work on a lead, by what they are for it."""
    won = (measures.won,) if measures.won else ()
    return {
        "won": won,
        "lost": measures.lost,
        "disqualified": measures.disqualified,
        "recycled": measures.recycled,
    }


def chosen(
    frame: nw.LazyFrame[Any], kinds: Mapping[str, Collection[str]], reentry: Reentry
) -> nw.LazyFrame[Any]:
    """Return the entries into stages of some kinds, with `KIND`: of each kind those that count.

    Args:
        frame: The course of leads.
        kinds: The stages of each kind.
        reentry: Which entry counts, of a lead that came several times to stages of a kind.
    """
    kind = nw.lit(None, nw.String)
    for name, stages in kinds.items():
        kind = nw.when(nw.col(STAGE).is_in([*stages])).then(nw.lit(name)).otherwise(kind)
    frame = frame.with_columns(kind.alias(KIND)).filter(~nw.col(KIND).is_null())
    turn = nw.col(TURN)
    one = turn.max() if reentry == "last" else turn.min()
    alike = (LEAD, STAGE, ENTERED) if reentry == "every" else (LEAD, KIND)  # rows may be repeated
    picked = frame.with_columns(one.over(*alike).alias(_PICKED))
    return picked.filter(nw.col(TURN) == nw.col(_PICKED)).drop(_PICKED)
