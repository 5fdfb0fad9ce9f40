"""Stays: from when until when each lead was in each stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.frames.kinds import PREFIX
from leadrules.metrics.document import Measures
from leadrules.metrics.reached import entries_table
from leadrules.metrics.tables import LEAD, Table
from leadrules.values import Type

__all__ = ["ENTERED", "LEFT", "SOUND", "STAGE", "in_order", "numbered", "stays"]

STAGE, ENTERED, LEFT = "stage", "entered", f"{PREFIX}0left"
"""The columns of a stay; `LEFT` is missing while the lead is there."""
SOUND = f"{PREFIX}0sound"
"""Whether a stay does not end before it begins."""
_PLACE = f"{PREFIX}0place"


def stays(entries: Any, *, at: int, measures: Measures) -> Table:
    """Return the stays of leads as they are known at a moment.

    A stay ends when the column `left` says so. Without that column it ends with the lead's next
    entry; of several at one moment the order is that of the path, then of the names.

    Args:
        entries: The caller's frame: `lead_id`, `stage`, `entered`, and maybe `left`.
        at: The moment, in microseconds; what is later is not known yet.
        measures: Say the path.

    Returns:
        A table of one row a stay: `LEAD`, `STAGE`, `ENTERED`, `LEFT`, `SOUND`.

    Raises:
        EvaluationError: If a column is absent or of a wrong type.
    """
    table = entries_table(entries, at=at, optional={"left": Type.DATETIME})
    frame = table.frame
    if "left" in table.columns:
        left = nw.when(nw.col("left") <= at).then(nw.col("left"))
        frame = frame.with_columns(left.alias(LEFT))
    else:
        place = numbered(nw.col(STAGE), measures.order)
        frame = frame.with_columns(place.alias(_PLACE))
        following = _following(frame, [ENTERED, _PLACE, STAGE])
        frame = frame.with_columns(following.alias(LEFT))
    sound = nw.col(LEFT).is_null() | (nw.col(LEFT) >= nw.col(ENTERED))
    frame = frame.select(LEAD, STAGE, ENTERED, LEFT, sound.alias(SOUND))
    return Table(table.name, frame, table.columns, table.eager)


def _following(frame: nw.LazyFrame[Any], keys: Sequence[str]) -> nw.Expr:
    """Return when the lead of an entry has its next one, by the order of some columns."""
    entered = nw.col(ENTERED)
    if not frame.implementation.is_polars():
        return entered.shift(-1).over(LEAD, order_by=keys)
    # It sorts each lead by itself; to sort all of them at once takes a quarter of the time.
    together = [LEAD, *keys]
    of = nw.col(LEAD).shift(-1).over(order_by=together)
    return nw.when(of == nw.col(LEAD)).then(entered.shift(-1).over(order_by=together))


def numbered(stage: nw.Expr, order: Sequence[str]) -> nw.Expr:
    """Return the place of a stage in an order; one that is not in it comes last."""
    found = nw.lit(len(order))
    for place, name in reversed([*enumerate(order)]):
        found = nw.when(stage == name).then(nw.lit(place)).otherwise(found)
    return found


def in_order(found: Sequence[str], measures: Measures) -> list[str]:
    """Return stages in the order of the path, then those of the ends, then others by name."""
    known = [*dict.fromkeys((*measures.order, *measures.closed))]
    return [
        *(stage for stage in known if stage in found),
        *sorted(stage for stage in found if stage not in known),
    ]
