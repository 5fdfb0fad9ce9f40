"""Speed to lead: how long leads wait for the first touch, the first contact, or qualification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from leadrules.calendars import Timekeeper
from leadrules.errors import EvaluationError, as_written
from leadrules.metrics.arguments import (
    demand_measures,
    demand_moment,
    demand_period,
    demand_window,
)
from leadrules.metrics.conversions import spanned
from leadrules.metrics.document import Measures
from leadrules.metrics.follow_up.paces import Pace, Speed
from leadrules.metrics.follow_up.waits import (
    CAME,
    CREATED,
    EARLY,
    FIRST,
    GONE,
    Goal,
    demand_goal,
    waits,
)
from leadrules.metrics.periods import Period
from leadrules.metrics.ratio import Ratio
from leadrules.metrics.statistics.curves import AFTER, ENDS, LOST, OPEN, REACHED, Curve
from leadrules.metrics.tables import by_of, dimension

if TYPE_CHECKING:
    import polars as pl

__all__ = ["speed_to_lead"]

_END, _DUE = "end", "due"


def speed_to_lead(  # noqa: PLR0913 - three tables, and what is asked of them
    leads: Any,
    events: Any,
    *,
    measures: Measures,
    at: datetime,
    to: Goal = "attempt",
    since: str = CREATED,
    entries: Any = None,
    within: timedelta | None = None,
    timekeeper: Timekeeper | None = None,
    period: Period | str | None = None,
    by: str | Sequence[str] | None = None,
) -> Speed:
    """Return how long leads waited until somebody tried to reach them, or did.

    Args:
        leads: The leads, one row each: `lead_id` or `id`, `created`, and the columns of `by`. Any
            kind of frame.
        events: What happened to them: `lead_id`, `time`, `kind`, `direction`; and, if they are
            there, `automatic`, `outcome`, `to`, `id` and `of`. None if qualification is asked for.
        measures: What the words mean.
        at: The moment of the evaluation; with a time zone. Later rows are not known yet.
        to: `attempt` for the first outbound touch by a person; `contact` for the first touch by
            which a person was reached, or that came from them; `qualification` for the first
            entry into the stage that `sales_ready` means.
        since: `created`, or the stage, or word of the funnel, into which they came.
        entries: The table of entries, for stages. Without it, when leads were closed is read of
            the moves in `events`.
        within: How long it may take. As a share counts only whose time is over.
        timekeeper: The clock of an office; all times are then open time. By default they are
            those of the wall clock.
        period: When they came; by default whenever, and the result tells the days.
        by: The columns of leads by which to group, the coarsest first: each level has its own
            medians.

    Raises:
        EvaluationError: If an argument is not possible, a table that is needed is not there, or
            a column is absent or of a wrong type.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC, datetime
        >>> from leadrules.metrics import Measures
        >>> def day(hour, minute=0):
        ...     return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)
        >>> leads = pl.DataFrame({"lead_id": ["1", "2", "3"], "created": [day(9), day(9), day(10)]})
        >>> events = pl.DataFrame({
        ...     "lead_id": ["1", "2"], "time": [day(9, 20), day(12)], "kind": ["touch", "touch"],
        ...     "direction": ["outbound", "outbound"],
        ... })
        >>> found = speed_to_lead(leads, events, measures=Measures(), at=day(15),
        ...     within=timedelta(hours=1))
        >>> found.total.median, found.total.median_done
        (datetime.timedelta(seconds=10800), datetime.timedelta(seconds=1200))
        >>> found.total.in_time.numerator, found.total.in_time.denominator, found.total.past_due
        (1, 3, 1)
    """
    words = demand_measures(measures)
    moment, days = demand_moment(at), demand_period(period, words)
    goal, limit, groups = demand_goal(to, words), demand_window(within, "within"), by_of(by)
    if timekeeper is not None and not isinstance(timekeeper, Timekeeper):
        message = (
            f"timekeeper: '{as_written(timekeeper)}' is no clock; make one with Timekeeper(...)"
        )
        raise EvaluationError(message, field="timekeeper")
    start = since if since == CREATED else words.stage(since, "since")
    found = waits(
        leads,
        events,
        entries,
        measures=words,
        at=moment,
        to=goal,
        since=start,
        period=days,
        by=groups,
    )
    came = found.filter(found[CAME].is_not_null())
    days = days or spanned([came[CAME].min()], [came[CAME].max()], words.in_zone)  # type: ignore[list-item]  # whole numbers
    told = _told(came, moment, limit, timekeeper)
    entry = "first" if start == CREATED else words.reentry
    unlike = {
        "unit": "entry" if entry == "every" else words.unit,
        "entry": entry,
        "period": days,
        "window": within,
    }
    paces = [_pace(told, "all", {}, goal, unlike)]
    for place, name in enumerate(groups):
        keys = [dimension(x) for x in groups[: place + 1]]
        parts = told.sort(keys, nulls_last=True).partition_by(
            keys, as_dict=True, maintain_order=True
        )
        for values, part in parts.items():
            group = dict(zip(groups[: place + 1], values, strict=True))
            paces.append(_pace(part, name, group, goal, unlike))
    return Speed(
        goal,
        start,
        days,
        within,
        timekeeper is not None,
        groups,
        tuple(paces),
        len(found) - len(came),
    )


def _told(
    found: pl.DataFrame, at: int, limit: int | None, timekeeper: Timekeeper | None
) -> pl.DataFrame:
    """Return how the wait of each lead ended, `_END`, and `AFTER` how long, as curves take it.

    `_DUE` says of those that have a limit how that ended: `in_time`, `missed`, or `not_due`.
    """
    import polars as pl  # noqa: PLC0415 - frames are an extra

    first, gone, end = pl.col(FIRST), pl.col(GONE), pl.col(_END)
    is_done = first.is_not_null() & (gone.is_null() | (first <= gone))
    found = found.with_columns(
        pl.when(is_done)
        .then(pl.lit(REACHED))
        .when(gone.is_not_null())
        .then(pl.lit(LOST))
        .otherwise(pl.lit(OPEN))
        .alias(_END)
    )
    until = pl.when(end == REACHED).then(first).when(end == LOST).then(gone).otherwise(at)
    found = _lasted(found.with_columns(until.alias("until"), pl.lit(at).alias("now")), timekeeper)
    if limit is None:
        return found
    is_over, late = pl.col("age") > limit, pl.col(AFTER) > limit
    due = (
        pl.when(~is_over | ((end == LOST) & ~late))
        .then(pl.lit("not_due"))
        .when((end == REACHED) & ~late)
        .then(pl.lit("in_time"))
        .otherwise(pl.lit("missed"))
    )
    return found.with_columns(due.alias(_DUE))


def _lasted(found: pl.DataFrame, timekeeper: Timekeeper | None) -> pl.DataFrame:
    """Return how long each lead has waited, `AFTER`, and how long ago it came, `age`."""
    import polars as pl  # noqa: PLC0415 - frames are an extra

    for end, into in (("until", AFTER), ("now", "age")):
        if timekeeper is None:
            found = found.with_columns((pl.col(end) - pl.col(CAME)).alias(into))
            continue
        moments = found.select(pl.col(CAME, end).cast(pl.Datetime("us", "UTC")))
        timed = timekeeper.elapsed_frame(moments, start=CAME, end=end, into=into)
        found = found.with_columns(timed[into])
    return found


def _pace(
    told: pl.DataFrame, level: str, group: Mapping[str, Any], goal: Goal, unlike: Mapping[str, Any]
) -> Pace:
    """Return how fast a group of leads was reached."""
    import polars as pl  # noqa: PLC0415 - frames are an extra

    end = pl.col(_END)
    # Who was closed without a touch is not waiting any more; who was closed never qualifies.
    ended = told if goal == "qualification" else told.with_columns(end.replace(LOST, OPEN))
    counts = {name: int((told[_END] == name).sum()) for name in (REACHED, OPEN, LOST)}
    pace = Pace(
        level,
        group,
        _curve(ended),
        _curve(told.filter(end == REACHED)),
        done=counts[REACHED],
        waiting=counts[OPEN],
        gone=counts[LOST],
        early=int((told[EARLY] > 0).sum()),
    )
    if _DUE not in told.columns:
        return pace
    due = {name: told.filter(pl.col(_DUE) == name) for name in ("in_time", "missed", "not_due")}
    met = len(due["in_time"])
    return replace(
        pace,
        in_time=Ratio(f"{goal}_in_time", met, met + len(due["missed"]), group=group, **unlike),
        past_due=int((due["missed"][_END] == OPEN).sum()),
        not_due=len(due["not_due"]),
    )


def _curve(told: pl.DataFrame) -> Curve:
    import polars as pl  # noqa: PLC0415 - frames are an extra

    ended = ((pl.col(_END) == end).cast(pl.Int64).alias(end) for end in ENDS)
    return Curve.of(told.select(AFTER, *ended))
