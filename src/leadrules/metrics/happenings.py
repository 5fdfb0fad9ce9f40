"""What happened to leads: the events that stand at a moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.frames.kinds import PREFIX
from leadrules.metrics.tables import LEAD, Table, demand_alike, open_table
from leadrules.values import Type

__all__ = ["ID", "KIND", "TIME", "TYPE", "happened"]

ID, TIME, KIND, TYPE = "id", "time", "kind", "type"
"""Columns of events."""
_NEEDED: Mapping[str, Type] = {TIME: Type.DATETIME, KIND: Type.STRING, TYPE: Type.STRING}
_TAKEN_BACK = f"{PREFIX}0taken_back"


def happened(
    events: Any, of: Table, *, at: int, more: Mapping[str, Type] | None = None
) -> nw.LazyFrame[Any]:
    """Return the events up to a moment that nobody took back, with `ID`, which may be missing.

    Args:
        events: The caller's frame: `lead_id`, `time`, `kind`, `type`, and for retractions `id` and
            `of`, the event that they take back.
        of: The table with which they are joined.
        at: The moment, in microseconds; what happened later is not known yet.
        more: Other columns that must be there.

    Raises:
        EvaluationError: If a column is absent or of a wrong type, or the tables are of different
            kinds.
    """
    needed = {**_NEEDED, **(more or {})}
    table = open_table(events, "events", needed, {ID: Type.STRING, "of": Type.STRING})
    demand_alike(of, table)
    frame = table.frame.filter(nw.col(TIME) <= at)
    if ID not in table.columns:
        return frame.with_columns(nw.lit(None, nw.String).alias(ID))
    if "of" not in table.columns:
        return frame
    back = frame.filter(nw.col(KIND) == "retraction", ~nw.col("of").is_null())
    back = back.select(LEAD, nw.col("of").alias(_TAKEN_BACK)).unique()
    return frame.join(back, left_on=[LEAD, ID], right_on=[LEAD, _TAKEN_BACK], how="anti")
