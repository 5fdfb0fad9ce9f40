"""The table of obligations as measures read it: what became of each by a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError, as_written, did_you_mean, one_of
from leadrules.frames.kinds import PREFIX, recognised
from leadrules.metrics.periods import Period
from leadrules.metrics.tables import open_table, with_dimensions
from leadrules.values import Type

__all__ = ["BECAME", "FELL_DUE", "KINDS", "demand_kind", "obligations_table"]

KINDS: tuple[str, ...] = (
    "accept",
    "acknowledge",
    "approval",
    "requirement",
    "send",
    "touches",
    "update",
    "clock",
)
"""What is owed: the obligations of a trail, and the runs of clocks."""

BECAME = ("met", "late", "missed", "overdue", "gone", "waived", "not_due", "unlimited")
"""What became of something that was owed, each a column of 0 and 1: it was done by its deadline,
or later; the lead went on after its deadline without it; it is still owed after it; the lead went
on before it; it was waived; its deadline is still to come; it has none."""
FELL_DUE = f"{PREFIX}0fell_due"
"""When it fell due, of what was done in time or was not."""
_WHEN = f"{PREFIX}0when"

_NEEDED: Mapping[str, Type] = {
    "kind": Type.STRING,
    "status": Type.STRING,
    "opened": Type.DATETIME,
    "due": Type.DATETIME,
    "closed": Type.DATETIME,
}
_DONE = ("met", "met_late")


def demand_kind(kind: Any) -> str | None:
    """Return a kind of obligations; None is every kind.

    Raises:
        EvaluationError: If there is no such kind.
    """
    if kind is None or kind in KINDS:
        found: str | None = kind
        return found
    hint = did_you_mean(str(kind), KINDS) or f"; expected {one_of(KINDS)}"
    message = f"kind: nothing is owed of kind '{as_written(kind)}'{hint}"
    raise EvaluationError(message, field="kind")


def obligations_table(  # noqa: PLR0913 - two tables, and what is read of them
    obligations: Any,
    *,
    at: int,
    kind: str | None,
    period: Period | None = None,
    leads: Any = None,
    by: Sequence[str] = (),
) -> nw.LazyFrame[Any]:
    """Return what was owed up to a moment, and what became of it by then.

    Args:
        obligations: The caller's frame, as `Engine.obligations_frame` gives it.
        at: The moment, in microseconds; what was owed or done later is not known yet.
        kind: The kind; None is every kind.
        period: When it was due, or opened if it has no deadline; None is whenever.
        leads: The caller's frame of leads, for dimensions that the obligations do not have.
        by: The dimensions: columns of the obligations, or else of the leads.

    Returns:
        One row for each: `LEAD`, the dimensions, `FELL_DUE`, and the columns of `BECAME`.

    Raises:
        EvaluationError: If a column is absent or of a wrong type, the tables are of different
            kinds, or a lead has two rows.
    """
    theirs = recognised(obligations, "obligations").collect_schema().names()
    own = [name for name in by if name in theirs]
    table = open_table(obligations, "obligations", _NEEDED, by=own)
    frame = table.frame.filter(nw.col("opened") <= at)
    if kind is not None:
        frame = frame.filter(nw.col("kind") == kind)
    moment = nw.when(nw.col("due").is_null()).then(nw.col("opened")).otherwise(nw.col("due"))
    frame = frame.with_columns(moment.alias(_WHEN))
    if period is not None:
        frame = frame.filter(nw.col(_WHEN) >= period.first, nw.col(_WHEN) < period.after)
    frame = with_dimensions(frame, table, leads, [name for name in by if name not in own])
    return frame.with_columns(**_became(at))


def _became(at: int) -> dict[str, nw.Expr]:
    """Return for each of `BECAME` whether it is so, as 0 or 1; and when it fell due."""
    due, closed, status = nw.col("due"), nw.col("closed"), nw.col("status")
    is_closed = (~closed.is_null() & (closed <= at)).fill_null(value=False)
    is_done = is_closed & status.is_in([*_DONE]).fill_null(value=False)
    is_waived = (status == "waived").fill_null(value=False)
    has_limit = ~due.is_null() & ~is_waived
    fell_due = has_limit & (due < at).fill_null(value=False)
    in_time = (closed <= due).fill_null(value=False)
    found = {
        "met": fell_due & is_done & in_time,
        "late": fell_due & is_done & ~in_time,
        "missed": fell_due & is_closed & ~is_done & ~in_time,
        "overdue": fell_due & ~is_closed,
        "gone": fell_due & is_closed & ~is_done & in_time,
        "waived": is_waived,
        "not_due": has_limit & ~fell_due,
        "unlimited": due.is_null() & ~is_waived,
    }
    flags = {name: nw.when(x).then(1).otherwise(0) for name, x in found.items()}
    return {**flags, FELL_DUE: nw.when(fell_due & ~found["gone"]).then(due)}
