"""What stands of the events of leads, at one moment or at that of each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.frames import History, Opened
from leadrules.frames.events import ID, KIND, TIME, said
from leadrules.frames.opening import AT, LEAD

__all__ = ["Happened", "happened", "latest"]

_PLACE, _ROW = said("place"), said("row")


@dataclass(frozen=True, slots=True)
class Happened:
    """The events that have happened at the moments that are asked about.

    Attributes:
        events: The events; a row that is repeated may be there twice.
        by: The columns of events that tell evaluations apart, until they are `keyed`.
        keys: Those that tell them apart from then on, and in the frame of leads.
        history: The columns of the events.
    """

    events: nw.LazyFrame[Any]
    by: Sequence[str]
    keys: Sequence[str]
    history: History
    _rows: nw.LazyFrame[Any] | None = None

    def keyed(self, events: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """Return some of the events by the keys, each for every evaluation that it is part of."""
        if self._rows is None:
            return events
        return events.join(self._rows, on=list(self.by), how="inner").drop(*self.by)

    def standing(self, events: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """Return those of some events, by the keys, that no retraction names."""
        if "of" not in self.history.says:
            return events
        found = self.events.filter(nw.col(KIND) == "retraction", ~nw.col(said("of")).is_null())
        retracted = self.keyed(found.select(*self.by, nw.col(said("of")).alias(ID)))
        return events.join(retracted, on=[*self.keys, ID], how="anti")

    def of_kind(self, kind: str, *columns: str) -> nw.LazyFrame[Any]:
        """Return the standing events of a kind, with the named columns of what they say."""
        found = self.events.filter(nw.col(KIND) == kind)
        return self.standing(self.keyed(found.select(*self.by, ID, TIME, *map(said, columns))))


def happened(history: History, opened: Opened, at: nw.Expr) -> tuple[Opened, Happened]:
    """Return what has happened, at the moments at which a frame of leads is evaluated.

    Args:
        history: The events.
        opened: The frame of leads.
        at: The moment, as a number or as a column of the leads.

    Returns:
        The frame of leads, with the keys, and the events.
    """
    if opened.at is not None:
        asked = opened.frame.select(LEAD, AT).filter(~nw.col(AT).is_null()).unique([LEAD, AT])
        events = history.frame.join(asked, on=LEAD, how="inner").filter(nw.col(TIME) <= at)
        return opened, Happened(events, [LEAD, AT], [LEAD, AT], history)
    events = history.frame.filter(nw.col(TIME) <= at)
    if not opened.frame.implementation.is_polars():
        return opened, Happened(events, [LEAD], [LEAD], history)
    # polars is faster with numbers than with texts, and keeps no index of a table anyway.
    numbered: nw.LazyFrame[Any] = nw.from_native(opened.frame.to_native().with_row_index(_ROW))
    opened = replace(opened, frame=numbered)
    rows = opened.frame.select(LEAD, _ROW)
    return opened, Happened(events, [LEAD], [_ROW], history, rows)


def latest(
    events: nw.LazyFrame[Any], within: Sequence[str], *, by: Sequence[str], count: int = 1
) -> nw.LazyFrame[Any]:
    """Return the latest events of each kind, as many as a count.

    Args:
        events: The events.
        within: The columns that tell kinds apart.
        by: The columns by which one is later than another.
        count: How many.
    """
    place = nw.col(TIME).cum_count(reverse=True).over(*within, order_by=list(by))
    return events.with_columns(place.alias(_PLACE)).filter(nw.col(_PLACE) <= count)
