"""Opening a frame of events: what happened to the leads of a frame, with its columns settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError
from leadrules.frames.columns import Columns
from leadrules.frames.kinds import PREFIX, recognised
from leadrules.frames.opening import LEAD, Opened
from leadrules.values import Type
from leadrules.vocabulary import Declaration, columns_of

__all__ = ["ID", "KIND", "TIME", "TYPE", "History", "open_events", "said"]

ID, TIME, KIND, TYPE = (f"{PREFIX}0{name}" for name in ("id", "time", "kind", "type"))
"""The settled columns of a frame of events, beside `LEAD`."""

_ALWAYS = {
    "lead_id": (LEAD, Type.STRING),
    "id": (ID, Type.STRING),
    "time": (TIME, Type.DATETIME),
    "kind": (KIND, Type.STRING),
    "type": (TYPE, Type.STRING),
}


def said(column: str) -> str:
    """Return the settled column of what an event of another kind than activities says."""
    return f"{PREFIX}0said_{column}"


@dataclass(frozen=True, slots=True)
class History:
    """A frame of events whose columns are all settled.

    Attributes:
        frame: The events, lazily: those that have a lead, an id and a time.
        fields: For each type of activity, the settled column of each property by name.
        says: What events of other kinds say: the columns that there are.
    """

    frame: nw.LazyFrame[Any]
    fields: Mapping[str, Mapping[str, tuple[nw.Expr, ...]]]
    says: frozenset[str]


def open_events(
    events: Any,
    leads: Opened | None = None,
    *,
    properties: Mapping[str, Mapping[str, Declaration]],
    says: Mapping[str, Type],
) -> History:
    """Return a frame of events with its columns settled; its others are left out.

    Args:
        events: A frame of the kind of the leads': eager, or of the same lazy kind.
        leads: The frame of leads that they are about, if there is one.
        properties: For each type of activity the properties that will be read, by name.
        says: The columns of other kinds of events that will be read; they may be absent.

    Raises:
        EvaluationError: If a column is absent or of a wrong type. It names the column.
    """
    native = recognised(events, "events")
    if leads is not None:
        _alike(native, leads)
    needed = [
        column
        for declared in properties.values()
        for name, found in declared.items()
        for column in columns_of(name, found)
    ]
    try:
        return _settled(Columns(native, [*_ALWAYS, *needed], says), properties, says)
    except EvaluationError as error:
        raise EvaluationError(f"events: {error}", field=error.field) from None


def _alike(native: nw.DataFrame[Any] | nw.LazyFrame[Any], leads: Opened) -> None:
    eager = isinstance(native, nw.DataFrame)
    if eager == leads.eager and (eager or native.implementation is leads.frame.implementation):
        return
    kinds = [
        "eager" if is_eager else f"lazy, of {of.implementation.name.lower()}"
        for is_eager, of in ((eager, native), (leads.eager, leads.frame))
    ]
    message = (
        f"events: the frame is {kinds[0]}, and that of leads {kinds[1]}; "
        "expected both eager, or both lazy and of one kind"
    )
    raise EvaluationError(message, field="events")


def _settled(
    columns: Columns,
    properties: Mapping[str, Mapping[str, Declaration]],
    says: Mapping[str, Type],
) -> History:
    settled = {name: columns.settled(column, kind) for column, (name, kind) in _ALWAYS.items()}
    there = {column: kind for column, kind in says.items() if column in columns.names}
    settled |= {said(column): columns.settled(column, kind) for column, kind in there.items()}
    fields: dict[str, dict[str, tuple[nw.Expr, ...]]] = {}
    for activity, declared in properties.items():
        fields[activity] = {}
        for name, found in declared.items():
            theirs = columns_of(name, found)
            values = (
                columns.money(*theirs)
                if found.type is Type.MONEY
                else (columns.settled(theirs[0], found.type),)
            )
            # Activities may differ in what they take a column for.
            aliases = [f"{PREFIX}{found.type}_{column}" for column in theirs]
            settled |= dict(zip(aliases, values, strict=True))
            fields[activity][name] = tuple(nw.col(alias) for alias in aliases)
    frame = columns.frame.select(**settled).filter(
        nw.col(LEAD) != "", nw.col(ID) != "", ~nw.col(TIME).is_null()
    )
    return History(frame, fields, frozenset(there))
