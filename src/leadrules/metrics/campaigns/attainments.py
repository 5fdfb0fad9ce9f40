"""What came of the objectives: leads that reached a stage, or activities, beside their targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.arguments import demand_measures, demand_moment
from leadrules.metrics.campaigns.objective_tables import Attainment, Objectives
from leadrules.metrics.document import Measures, Objective
from leadrules.metrics.happenings import KIND, TIME, TYPE, happened
from leadrules.metrics.periods import Period
from leadrules.metrics.ratio import counted
from leadrules.metrics.reached import OF, entries_table, journeys
from leadrules.metrics.tables import LEAD, Table, collected, dimension, open_table, with_dimensions
from leadrules.vocabulary import column_of

__all__ = ["objectives"]

_COUNT = f"{PREFIX}0count"


def objectives(
    entries: Any,
    *,
    measures: Measures,
    at: datetime,
    leads: Any = None,
    events: Any = None,
) -> Objectives:
    """Return what came of the objectives of the measures up to a moment.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`. Any kind of frame.
        measures: The objectives, what the words mean, which entry counts, and what a skipped stage
            is.
        at: The moment of the evaluation; with a time zone. What is later is not known yet.
        leads: A frame of leads, one row each, with the columns by which objectives group them.
        events: The table of events, if an objective counts activities: `lead_id`, `time`, `kind`,
            `type`. A lead counts once.

    Raises:
        EvaluationError: If a table that an objective needs is not there, or a column is absent or
            of a wrong type.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC, datetime
        >>> words = Measures.model_validate({
        ...     "funnel": {"sales_ready": "mql", "close": "won"},
        ...     "objectives": [{"id": "ready", "reach": "sales_ready", "target": 4,
        ...         "period": "2026-03"}],
        ... })
        >>> entries = pl.DataFrame({
        ...     "lead_id": ["1", "2", "3"], "stage": "mql",
        ...     "entered": [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 9, 30)],
        ... })
        >>> found = objectives(entries, measures=words, at=datetime(2026, 3, 17, tzinfo=UTC))
        >>> found["ready"].actual, found["ready"].status
        (2, 'behind')
    """
    words, moment = demand_measures(measures), demand_moment(at)
    table = entries_table(entries, at=moment)
    parts: list[Attainment] = []
    told: list[str] = []
    for wanted in words.objectives:
        days = Period.of(wanted.period, zone=words.in_zone)
        by = () if wanted.by is None else (column_of(wanted.by),)
        if wanted.activity is not None:
            frame = _active(events, table, wanted, moment, days)
        else:
            stage = words.stage(str(wanted.reach), f"objective '{wanted.id}'")
            came = journeys(table, stage, stage, words)
            frame = came.filter(nw.col(OF) >= days.first, nw.col(OF) < days.after).select(LEAD)
        frame = with_dimensions(frame, table, leads, by)
        counts = _counts(frame, by)
        targets = _targets(wanted, counts, leads, by)
        parts.extend(
            Attainment(
                wanted.id,
                group,
                str(wanted.activity or wanted.reach),
                target,
                counts.get(group, 0),
                days,
                at,
            )
            for group, target in targets.items()
        )
        told.extend(_elsewhere(wanted, counts, targets, words.unit))
    return Objectives(tuple(parts), at, tuple(told))


def _active(
    events: Any, table: Table, wanted: Objective, at: int, days: Period
) -> nw.LazyFrame[Any]:
    """Return the leads with an activity in a period, each once.

    Raises:
        EvaluationError: If there is no table of events.
    """
    if events is None:
        message = (
            f"events: expected the table of events, since objective '{wanted.id}' counts "
            f"'{wanted.activity}'"
        )
        raise EvaluationError(message, field="events")
    frame = happened(events, table, at=at).filter(
        nw.col(KIND) == "activity",
        nw.col(TYPE) == wanted.activity,
        nw.col(TIME) >= days.first,
        nw.col(TIME) < days.after,
    )
    return frame.select(LEAD).unique()


def _counts(frame: nw.LazyFrame[Any], by: Sequence[str]) -> Mapping[str | None, int]:
    if not by:
        return {None: int(collected(frame.select(nw.len().alias(_COUNT)))[_COUNT][0])}
    key = dimension(by[0])
    rows = collected(frame.group_by(key).agg(nw.len().alias(_COUNT)))
    found: dict[str | None, int] = {}
    for group, count in rows.select(key, _COUNT).iter_rows():
        name = None if group is None else str(group)
        found[name] = found.get(name, 0) + int(count)
    return found


def _targets(
    wanted: Objective, counts: Mapping[str | None, int], leads: Any, by: Sequence[str]
) -> Mapping[str | None, int]:
    """Return the target of each group: of those that are named, or of all that leads have."""
    targets: dict[str | None, int] = {}
    if not isinstance(wanted.target, int):
        targets.update(wanted.target)
        return targets
    if not by:
        return {None: wanted.target}
    key = dimension(by[0])
    groups = collected(open_table(leads, "leads", {}, by=by).frame.select(key).unique())[key]
    names = {str(x) for x in (*groups, *counts) if x is not None}
    targets.update(dict.fromkeys(sorted(names), wanted.target))
    return targets


def _elsewhere(
    wanted: Objective,
    counts: Mapping[str | None, int],
    targets: Mapping[str | None, int],
    unit: str,
) -> Sequence[str]:
    """Return how many count for no target, since their group is not known or has none."""
    rest = sum(count for group, count in counts.items() if group not in targets)
    if not rest:
        return []
    return [f"{wanted.id}: {counted(rest, unit)} of no group with a target"]
