"""The tables that measures read: columns settled, dimensions beside them, of any kind of frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError, as_written
from leadrules.frames.columns import Columns
from leadrules.frames.kinds import PREFIX, recognised
from leadrules.values import Type

if TYPE_CHECKING:
    import polars as pl

__all__ = ["LEAD", "Table", "by_of", "collected", "dimension", "open_table", "with_dimensions"]

LEAD = f"{PREFIX}0lead"
"""The settled column of the lead."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose columns are settled.

    Attributes:
        name: What messages call it.
        frame: The settled columns under the names that they were asked for, `lead_id` as `LEAD`;
            moments are microseconds since 1970 in UTC. Dimensions are called as `dimension` says.
        columns: Those of the optional columns that are there.
        eager: Whether the caller's frame is eager.
        dimensions: The columns by which leads are grouped.
    """

    name: str
    frame: nw.LazyFrame[Any]
    columns: frozenset[str]
    eager: bool
    dimensions: tuple[str, ...] = ()


def dimension(name: str) -> str:
    """Return the settled column of a dimension."""
    return f"{PREFIX}0by_{name}"


def by_of(by: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the dimensions that a caller named.

    Raises:
        EvaluationError: If it is no name of a column, or one is named twice.
    """
    found: Any = () if by is None else (by,) if isinstance(by, str) else by
    if not isinstance(found, Sequence) or not all(isinstance(name, str) for name in found):
        message = f"by: '{as_written(by)}' is not possible; expected columns by name"
        raise EvaluationError(message, field="by")
    for name in found:
        if found.count(name) > 1:
            message = f"by: '{name}' stands here twice"
            raise EvaluationError(message, field="by")
    return tuple(found)


def open_table(
    frame: Any,
    name: str,
    needed: Mapping[str, Type],
    optional: Mapping[str, Type] | None = None,
    *,
    by: Sequence[str] = (),
) -> Table:
    """Return a table with the columns that a measure reads; rows without a lead are left out.

    Args:
        frame: Any frame that narwhals knows.
        name: What messages call it.
        needed: The columns that must be there, with their types; `lead_id` is always needed.
        optional: Those that may be absent.
        by: Columns by which leads are grouped.

    Raises:
        EvaluationError: If it is no frame, or a column is absent or of a wrong type. It names the
            table and the column.
    """
    optional = optional or {}
    try:
        native = recognised(frame, name)
        theirs = native.collect_schema().names()
        # A frame of leads, and of their scores, may call its key as the field of a lead is called.
        ours = name in {"leads", "scores"} and "lead_id" not in theirs and "id" in theirs
        key = "id" if ours else "lead_id"
        columns = Columns(native, [key, *needed, *by], optional)
        there = {column: kind for column, kind in optional.items() if column in columns.names}
        settled = {LEAD: columns.settled(key, Type.STRING)}
        settled |= {x: columns.settled(x, kind) for x, kind in {**needed, **there}.items()}
    except EvaluationError as error:
        told = str(error).removeprefix(f"{name}: ")
        raise EvaluationError(f"{name}: {told}", field=error.field) from None
    kinds = columns.frame.collect_schema() if by else {}
    settled |= {dimension(x): _known(x, kinds[x]) for x in by}
    found = columns.frame.select(**settled).filter(nw.col(LEAD) != "")
    eager = isinstance(native, nw.DataFrame)
    return Table(name, found, frozenset(there), eager, tuple(by))


def _known(column: str, dtype: Any) -> nw.Expr:
    """Return a dimension as it is; an empty text and what is no number are missing."""
    found = nw.col(column)
    if dtype in {nw.String, nw.Categorical} or isinstance(dtype, nw.Enum):
        text = found.cast(nw.String)
        return nw.when(text != "").then(text)
    return nw.when(~found.is_nan()).then(found) if dtype.is_float() else found


def with_dimensions(
    frame: nw.LazyFrame[Any], of: Table, leads: Any, by: Sequence[str]
) -> nw.LazyFrame[Any]:
    """Return a frame of one row a lead with the dimensions of the leads beside it.

    Args:
        frame: It has the column `LEAD`.
        of: The table it was made of.
        leads: The caller's frame of leads, one row each, with `lead_id`, or None if there is none.
        by: The dimensions.

    Raises:
        EvaluationError: If there are dimensions and no leads, the two frames are of different
            kinds, or a lead has two rows.
    """
    if not by:
        return frame
    if leads is None:
        message = f"leads: expected a frame with the column '{by[0]}', since 'by' asks for it"
        raise EvaluationError(message, field="leads")
    table = open_table(leads, "leads", {}, by=by)
    demand_alike(of, table)
    one_each(table)
    return frame.join(table.frame, on=LEAD, how="left")


def one_each(table: Table) -> None:
    """Refuse a table with two rows of one lead.

    Raises:
        EvaluationError: If there are some. It names the lead.
    """
    twice = table.frame.group_by(LEAD).agg(nw.len().alias("n")).filter(nw.col("n") > 1)
    found = collected(twice.sort(LEAD).head(1))
    if len(found):
        lead, count = found.row(0)
        message = f"{table.name}: lead '{lead}' has {count} rows; expected one row a lead"
        raise EvaluationError(message, field="lead_id", lead_id=str(lead))


def demand_alike(one: Table, two: Table) -> None:
    """Refuse two tables of which one is lazy and the other is not, or of two kinds.

    Raises:
        EvaluationError: If they are.
    """
    if one.eager == two.eager and (
        one.eager or one.frame.implementation is two.frame.implementation
    ):
        return
    kinds = [
        "eager" if x.eager else f"lazy, of {x.frame.implementation.name.lower()}"
        for x in (one, two)
    ]
    message = (
        f"{two.name}: the frame is {kinds[1]}, and that of {one.name} {kinds[0]}; "
        "expected both eager, or both lazy and of one kind"
    )
    raise EvaluationError(message, field=two.name)


def collected(frame: nw.LazyFrame[Any]) -> pl.DataFrame:
    """Return the rows of a frame as one of polars."""
    found: pl.DataFrame = frame.collect("polars").to_native()
    return found
