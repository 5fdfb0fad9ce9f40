"""Who came how far: for each lead when it came to a stage, and when from there to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.frames.kinds import PREFIX
from leadrules.metrics.document import Measures
from leadrules.metrics.tables import LEAD, Table, open_table
from leadrules.values import Type

__all__ = [
    "AGAIN",
    "IMPUTED",
    "NEXT",
    "OF",
    "TO",
    "entries_table",
    "journeys",
    "onward",
    "own_or_later",
    "reached",
    "visits",
]

OF, TO = f"{PREFIX}0of", f"{PREFIX}0to"
"""When a lead came to the one stage, and when from there to the other, in microseconds."""
NEXT = f"{PREFIX}0next"
"""When the next visit of a lead begins."""
IMPUTED = f"{PREFIX}0imputed"
"""1 if a lead skipped the stage that it visits by coming to a later one, else 0."""
AGAIN = f"{PREFIX}0again"
"""1 of each visit that is followed by another, or, where only the last counts, of one that follows
others; else 0."""
_EARLIEST = f"{PREFIX}0earliest"
_STAGE, _ENTERED = "stage", "entered"


def entries_table(
    entries: Any, *, at: int, optional: Mapping[str, Type] | None = None, by: Sequence[str] = ()
) -> Table:
    """Return the table of entries up to a moment.

    Args:
        entries: The caller's frame: `lead_id`, `stage`, `entered`.
        at: The moment, in microseconds; what was entered later is not known yet.
        optional: Other columns that are read if they are there.
        by: Columns by which entries are grouped.

    Raises:
        EvaluationError: If a column is absent or of a wrong type.
    """
    needed = {_STAGE: Type.STRING, _ENTERED: Type.DATETIME}
    table = open_table(entries, "entries", needed, optional, by=by)
    frame = table.frame.filter(nw.col(_ENTERED) <= at)
    return Table(table.name, frame, table.columns, table.eager, table.dimensions)


def reached(
    table: Table,
    stages: Sequence[str],
    *,
    imputed: bool,
    latest: Mapping[str, nw.Expr] | None = None,
) -> nw.LazyFrame[Any]:
    """Return when each lead first came to each of some stages.

    Args:
        table: The entries.
        stages: The stages, in the order of success.
        imputed: Whether a lead that skipped a stage was there when it came to a later one.
        latest: Of which entries the last one is told too, each under a name.

    Returns:
        One row for each lead that was in one of them: `LEAD`, and for each stage the column
        `reached_<place>` with the moment, which is missing if it never came there. With `latest`,
        a row for each lead, since all that is asked is read at once.
    """
    own = [f"{PREFIX}0own_{place}" for place in range(len(stages))]
    latest = latest or {}
    entries = table.frame if latest else table.frame.filter(nw.col(_STAGE).is_in([*stages]))
    flags = {name: nw.col(_STAGE) == stage for name, stage in zip(own, stages, strict=True)}
    frame = (
        entries.with_columns(**_entered({**flags, **latest}))
        .group_by(LEAD)
        .agg(*(nw.col(name).min() for name in own), *(nw.col(name).max() for name in latest))
    )
    found = {}
    for place, name in enumerate(own):
        later = [nw.col(x) for x in own[place + 1 :]]
        moment = nw.col(name)
        if imputed and later:
            other = nw.min_horizontal(*later) if len(later) > 1 else later[0]
            moment = nw.when(moment.is_null()).then(other).otherwise(moment)
        found[f"reached_{place}"] = moment
    return frame.select(LEAD, *latest, **found)


def _entered(flags: Mapping[str, nw.Expr]) -> Mapping[str, nw.Expr]:
    """Return columns with the moments of the entries of which something is true."""
    return {name: nw.when(flag).then(nw.col(_ENTERED)) for name, flag in flags.items()}


def journeys(
    table: Table,
    of: str,
    to: str,
    measures: Measures,
    *,
    latest: Mapping[str, nw.Expr] | None = None,
) -> nw.LazyFrame[Any]:
    """Return when leads came to a stage, and when from there to another.

    Args:
        table: The entries.
        of: The stage from which they are followed.
        to: The stage to which.
        measures: Say which entry counts, and what a skipped stage is.
        latest: Of which entries of a lead the last one is told too, each under a name.

    Returns:
        One row for each lead that came to the first, or for each of its entries if every entry
        counts: `LEAD`, `OF`, and `TO`, which is missing if it did not come there; and the moments
        of `latest`. By its first entry, a lead may have come to the second before the first; by
        others it cannot.
    """
    latest = latest or {}
    imputed = measures.skipped == "imputed"
    origins, goals = (onward(stage, measures) if imputed else (stage,) for stage in (of, to))
    if measures.reentry == "first":
        stages = tuple(dict.fromkeys((of, *origins[1:], to, *goals[1:])))
        firsts = reached(table, stages, imputed=False, latest=latest)
        places = {stage: nw.col(f"reached_{place}") for place, stage in enumerate(stages)}
        frame = firsts.select(
            LEAD,
            own_or_later(places, origins).alias(OF),
            own_or_later(places, goals).alias(TO),
            *latest,
        )
        return frame.filter(~nw.col(OF).is_null())
    begun = visits(table, of, origins, every=measures.reentry == "every")
    arrivals = table.frame.filter(nw.col(_STAGE).is_in([*goals])).select(
        LEAD, nw.col(_ENTERED).alias(TO)
    )
    met = (
        begun.join(arrivals, on=LEAD, how="inner")
        .filter(
            nw.col(TO) >= nw.col(OF),
            nw.col(NEXT).is_null() | (nw.col(TO) < nw.col(NEXT)),
        )
        .group_by(LEAD, OF)
        .agg(nw.col(TO).min())
    )
    found = begun.select(LEAD, OF).join(met, on=[LEAD, OF], how="left")
    if latest:
        lasts = table.frame.with_columns(**_entered(latest)).group_by(LEAD)
        found = found.join(lasts.agg(*(nw.col(x).max() for x in latest)), on=LEAD, how="left")
    return found.select(LEAD, OF, TO, *latest)


def onward(stage: str, measures: Measures) -> tuple[str, ...]:
    """Return a stage and those that come after it on the path."""
    order = measures.order
    return order[order.index(stage) :] if stage in order else (stage,)


def own_or_later(places: Mapping[str, nw.Expr], stages: Sequence[str]) -> nw.Expr:
    """Return when a lead came to the first of some stages; if it skipped it, to one of the rest."""
    own, later = places[stages[0]], [places[stage] for stage in stages[1:]]
    if not later:
        return own
    other = nw.min_horizontal(*later) if len(later) > 1 else later[0]
    return nw.when(own.is_null()).then(other).otherwise(own)


def visits(table: Table, of: str, origins: Sequence[str], *, every: bool) -> nw.LazyFrame[Any]:
    """Return each entry into a stage, or the last, and when the next one is.

    A lead that skipped it has one, when it came to a later stage.

    Args:
        table: The entries.
        of: The stage.
        origins: The stage, and after it those by which a lead that skipped it came there.
        every: Whether each entry counts, or only the last.

    Returns:
        One row for each: `LEAD`, `OF`, `NEXT`, which is missing if there is none, `IMPUTED` and
        `AGAIN`.
    """
    moment = nw.col(_ENTERED)
    own = table.frame.filter(nw.col(_STAGE) == of).select(
        LEAD, moment.alias(OF), moment.alias(_EARLIEST)
    )
    if every:
        own = own.unique()
    else:
        own = own.group_by(LEAD).agg(nw.col(OF).max(), nw.col(_EARLIEST).min())
    found = own.with_columns(nw.lit(0).alias(IMPUTED))
    if len(origins) > 1:
        skipped = (
            table.frame.filter(nw.col(_STAGE).is_in([*origins[1:]]))
            .join(own.select(LEAD).unique(), on=LEAD, how="anti")
            .group_by(LEAD)
            .agg(nw.col(_ENTERED).min().alias(OF))
            .with_columns(nw.col(OF).alias(_EARLIEST), nw.lit(1).alias(IMPUTED))
        )
        names = (LEAD, OF, _EARLIEST, IMPUTED)
        found = nw.concat([found.select(*names), skipped.select(*names)])
    # Of those that count by their last entry, none is followed by another.
    after = nw.col(OF).shift(-1).over(LEAD, order_by=OF) if every else nw.lit(None, nw.Int64)
    found = found.with_columns(after.alias(NEXT))
    again = ~nw.col(NEXT).is_null() | (nw.col(_EARLIEST) < nw.col(OF))
    return found.select(LEAD, OF, NEXT, IMPUTED, nw.when(again).then(1).otherwise(0).alias(AGAIN))
