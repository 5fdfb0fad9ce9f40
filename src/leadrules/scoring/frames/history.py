"""What stands of the events of leads, at one moment or at that of each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.frames import History, Opened
from leadrules.frames.events import ID, KIND, TIME, said
from leadrules.frames.opening import AT, LEAD

__all__ = ["Happened", "happened", "latest"]


@dataclass(frozen=True, slots=True)
class Happened:
    """The events that have happened at the moments that are asked about.

    Attributes:
        events: The events, each once for every moment that its lead is asked about; a row that
            is repeated may be there twice.
        keys: The columns that tell evaluations apart: the lead, and its moment if each has one.
        history: The columns of the events.
    """

    events: nw.LazyFrame[Any]
    keys: Sequence[str]
    history: History

    def standing(self, events: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """Return those of some events that no retraction names."""
        if "of" not in self.history.says:
            return events
        retracted = self.events.filter(
            nw.col(KIND) == "retraction", ~nw.col(said("of")).is_null()
        ).select(*self.keys, nw.col(said("of")).alias(ID))
        return events.join(retracted, on=[*self.keys, ID], how="anti")

    def of_kind(self, kind: str, *columns: str) -> nw.LazyFrame[Any]:
        """Return the standing events of a kind, with the named columns of what they say."""
        found = self.events.filter(nw.col(KIND) == kind)
        found = found.select(*self.keys, ID, TIME, *map(said, columns))
        return self.standing(found)


def happened(history: History, opened: Opened, at: nw.Expr) -> Happened:
    """Return what has happened, at the moments at which a frame of leads is evaluated.

    Args:
        history: The events.
        opened: The frame of leads.
        at: The moment, as a number or as a column of the leads.
    """
    if opened.at is None:
        return Happened(history.frame.filter(nw.col(TIME) <= at), [LEAD], history)
    asked = opened.frame.select(LEAD, AT).filter(~nw.col(AT).is_null()).unique([LEAD, AT])
    events = history.frame.join(asked, on=LEAD, how="inner").filter(nw.col(TIME) <= at)
    return Happened(events, [LEAD, AT], history)


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


_PLACE = said("place")
