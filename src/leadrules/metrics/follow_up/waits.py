"""How long leads waited: when each came, and when the first thing was done that it waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError, as_written, one_of
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.document import Measures
from leadrules.metrics.periods import Period
from leadrules.metrics.reached import NEXT, OF, entries_table, onward, reached, visits
from leadrules.metrics.tables import (
    LEAD,
    Table,
    collected,
    demand_alike,
    dimension,
    one_each,
    open_table,
)
from leadrules.values import Type

if TYPE_CHECKING:
    import polars as pl

__all__ = ["CAME", "CREATED", "EARLY", "FIRST", "GOALS", "GONE", "Goal", "demand_goal", "waits"]

Goal = Literal["attempt", "contact", "qualification"]
"""What a lead waits for: that a person tries to reach it, that one does, or that it is ready for
sales."""
GOALS: tuple[Goal, ...] = ("attempt", "contact", "qualification")

CREATED = "created"
"""Since when leads wait, unless a stage is named: the column of `leads`."""
CAME, FIRST, GONE, EARLY = (f"{PREFIX}0{name}" for name in ("came", "first", "gone", "early"))
"""When a lead came, when the first thing was done after that, when it first was closed after that,
all in microseconds; and how many of the things were done before it came."""
_AT, _ENDS = f"{PREFIX}0moment", f"{PREFIX}0ends"
_EVENTS: Mapping[str, Type] = {"time": Type.DATETIME, "kind": Type.STRING}
_MAY: Mapping[str, Type] = {
    "id": Type.STRING,
    "of": Type.STRING,
    "to": Type.STRING,
    "direction": Type.STRING,
    "automatic": Type.BOOLEAN,
    "outcome": Type.STRING,
}


def demand_goal(to: Any, measures: Measures) -> Goal:
    """Return what leads wait for.

    Raises:
        EvaluationError: If it is none, or the measures do not say what it means.
    """
    if to not in GOALS:
        message = f"to: '{as_written(to)}' is not possible; expected {one_of(GOALS)}"
        raise EvaluationError(message, field="to")
    if to == "contact" and not measures.contact:
        message = "to: no outcome of a touch is a contact; name some in 'contact' of the measures"
        raise EvaluationError(message, field="to")
    goal: Goal = to
    return goal


def waits(  # noqa: PLR0913 - three tables, and what is asked of them
    leads: Any,
    events: Any,
    entries: Any,
    *,
    measures: Measures,
    at: int,
    to: Goal,
    since: str,
    period: Period | None,
    by: Sequence[str],
) -> pl.DataFrame:
    """Return how long each lead has waited for something.

    Args:
        leads: The caller's frame of leads, one row each.
        events: That of events; None if nothing is read of it.
        entries: That of entries; None if nothing is read of it.
        measures: What the words mean.
        at: The moment, in microseconds.
        to: What they wait for.
        since: `created`, or the stage into which they came.
        period: When they came; None is whenever.
        by: The columns of leads by which to group.

    Returns:
        One row for each lead, or for each of its entries if every entry counts: the dimensions,
        `CAME`, which is missing if nobody says when, `FIRST`, `GONE` and `EARLY`.

    Raises:
        EvaluationError: If a table that is needed is not there, a column is absent or of a wrong
            type, the tables are of different kinds, or a lead has two rows.
    """
    own = {CREATED: Type.DATETIME} if since == CREATED else {}
    table = open_table(leads, "leads", own, by=by)
    one_each(table)
    visited = _entries(entries, table, at, since=since, to=to)
    history = _events(events, table, at, to=to)
    began = _began(table, visited, measures, since=since, by=by)
    if period is not None:
        inside = (nw.col(CAME) >= period.first) & (nw.col(CAME) < period.after)
        began = began.filter(nw.col(CAME).is_null() | inside)
    began = began.filter(nw.col(CAME).is_null() | (nw.col(CAME) <= at))
    moments = _moments(history, visited, measures, to)
    moment, ends = nw.col(_AT), nw.col(_ENDS) == 1
    after = moment >= nw.col(CAME)
    now = after & (nw.col(NEXT).is_null() | (moment < nw.col(NEXT)))
    keys = [dimension(name) for name in by]
    found = (
        began.join(moments, on=LEAD, how="left")
        .with_columns(
            nw.when(now & ~ends).then(moment).alias(FIRST),
            nw.when(now & ends).then(moment).alias(GONE),
            nw.when(~after & ~ends).then(1).otherwise(0).alias(EARLY),
        )
        .group_by(LEAD, CAME, *keys)
        .agg(nw.col(FIRST).min(), nw.col(GONE).min(), nw.col(EARLY).sum())
    )
    return collected(found.select(*keys, CAME, FIRST, GONE, EARLY))


def _entries(entries: Any, leads: Table, at: int, *, since: str, to: Goal) -> Table | None:
    """Return the table of entries, if there is one.

    Raises:
        EvaluationError: If there is none, and one is needed.
    """
    if entries is None:
        if since == CREATED and to != "qualification":
            return None
        asks = f"'since' is '{since}'" if since != CREATED else f"'to' is '{to}'"
        message = f"entries: expected the table of entries, as {asks}"
        raise EvaluationError(message, field="entries")
    table = entries_table(entries, at=at)
    demand_alike(leads, table)
    return table


def _events(events: Any, leads: Table, at: int, *, to: Goal) -> Table | None:
    """Return the table of events that have happened, if there is one.

    Raises:
        EvaluationError: If there is none, and one is needed.
    """
    if events is None:
        if to == "qualification":
            return None
        message = f"events: expected the table of events, as 'to' is '{to}'"
        raise EvaluationError(message, field="events")
    needed = {**_EVENTS, **({} if to == "qualification" else {"direction": Type.STRING})}
    table = open_table(events, "events", needed, {x: y for x, y in _MAY.items() if x not in needed})
    demand_alike(leads, table)
    frame = table.frame.filter(nw.col("time") <= at)
    return Table(table.name, frame, table.columns, table.eager)


def _began(
    leads: Table, entries: Table | None, measures: Measures, *, since: str, by: Sequence[str]
) -> nw.LazyFrame[Any]:
    """Return when leads came, and when they came again, with their dimensions."""
    keys = [dimension(name) for name in by]
    never = nw.lit(None, nw.Int64).alias(NEXT)
    if entries is None or since == CREATED:
        return leads.frame.select(LEAD, *keys, nw.col(CREATED).alias(CAME), never)
    imputed = measures.skipped == "imputed"
    stages = onward(since, measures) if imputed else (since,)
    if measures.reentry == "first":
        firsts = reached(entries, stages, imputed=imputed)
        began = firsts.select(LEAD, nw.col("reached_0").alias(CAME), never)
        began = began.filter(~nw.col(CAME).is_null())
    else:
        every = measures.reentry == "every"
        found = visits(entries, since, stages, every=every)
        began = found.select(LEAD, nw.col(OF).alias(CAME), NEXT)
    return began.join(leads.frame.select(LEAD, *keys), on=LEAD, how="inner")


def _moments(
    events: Table | None, entries: Table | None, measures: Measures, to: Goal
) -> nw.LazyFrame[Any]:
    """Return when something was done, and when leads were closed (`_ENDS`)."""
    parts = []
    closed, goal = [*measures.closed], nw.lit(0).alias(_ENDS)
    if entries is not None:
        entered = nw.col("entered").alias(_AT)
        if to == "qualification":
            ready = measures.stage("sales_ready", "to")
            stages = onward(ready, measures) if measures.skipped == "imputed" else (ready,)
            closed = [stage for stage in closed if stage not in stages]
            arrived = entries.frame.filter(nw.col("stage").is_in([*stages]))
            parts.append(arrived.select(LEAD, entered, goal))
        if closed:
            ended = entries.frame.filter(nw.col("stage").is_in(closed))
            parts.append(ended.select(LEAD, entered, nw.lit(1).alias(_ENDS)))
    if events is not None:
        wanted, ends = _is_goal(events, measures, to), nw.lit(value=False)
        if entries is None and closed and "to" in events.columns:
            ends = ((nw.col("kind") == "moved") & nw.col("to").is_in(closed)).fill_null(value=False)
        if wanted is not None:
            frame = _standing(events, with_moves=entries is None).filter(wanted | ends)
            is_end = nw.when(ends).then(1).otherwise(0).alias(_ENDS)
            parts.append(frame.select(LEAD, nw.col("time").alias(_AT), is_end))
    return nw.concat(parts) if len(parts) > 1 else parts[0]


def _is_goal(events: Table, measures: Measures, to: Goal) -> nw.Expr | None:
    """Return which events are what leads wait for, if events say so."""
    if to == "qualification":
        return None
    by_person = nw.col("kind") == "touch"
    if "automatic" in events.columns:
        by_person &= ~nw.col("automatic").fill_null(value=False)
    outbound = nw.col("direction") == "outbound"
    if to == "attempt":
        return by_person & outbound
    inbound = nw.col("direction") == "inbound"
    if "outcome" not in events.columns:
        return by_person & inbound
    is_contact = nw.col("outcome").is_in([*measures.contact])
    return by_person & (inbound | is_contact.fill_null(value=False))


def _standing(events: Table, *, with_moves: bool) -> nw.LazyFrame[Any]:
    """Return the events that are read, without those that were taken back."""
    kinds = ["touch", "moved"] if with_moves else ["touch"]
    frame = events.frame.filter(nw.col("kind").is_in(kinds))
    if not {"id", "of"} <= events.columns:
        return frame
    back = events.frame.filter(nw.col("kind") == "retraction", ~nw.col("of").is_null())
    return frame.join(
        back.select(LEAD, nw.col("of").alias("id")).unique(), on=[LEAD, "id"], how="anti"
    )
