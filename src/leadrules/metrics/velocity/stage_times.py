"""Times: how long leads take from one stage to another, and how long they stay in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args, overload

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.arguments import demand_choice, demand_measures, demand_moment, demand_period
from leadrules.metrics.conversions import pair_of, spanned
from leadrules.metrics.courses import ENTERED, STAGE, TURN
from leadrules.metrics.document import Measures
from leadrules.metrics.hindsight import Share, refuse_hindsight
from leadrules.metrics.periods import Period
from leadrules.metrics.reached import OF, entries_table, onward
from leadrules.metrics.statistics.curves import AFTER, ENDS, REACHED, Curve
from leadrules.metrics.tables import LEAD, Table, by_of, collected, dimension, with_dimensions
from leadrules.metrics.velocity.followed import (
    LEFT,
    NEGATIVE,
    NEXT_STAGE,
    WHEN_LEFT,
    LostAs,
    counted_ends,
    on_the_way,
    stays,
)
from leadrules.metrics.velocity.survivals import Survival, Survivals

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Until", "time_in", "time_to"]

Until = Literal["left", "onward"]
"""Until when a stay is followed: until it ends, or until it ends by a step towards the sale."""
_EARLY, _ONE = f"{PREFIX}0early", f"{PREFIX}0one"


@overload
def time_to(
    entries: Any,
    *,
    of: str,
    to: str,
    measures: Measures,
    at: datetime,
    period: Period | str | None = ...,
    leads: Any = ...,
    by: None = ...,
    lost_as: LostAs = ...,
    since: datetime | None = ...,
) -> Survival: ...
@overload
def time_to(
    entries: Any,
    *,
    of: str,
    to: str,
    measures: Measures,
    at: datetime,
    period: Period | str | None = ...,
    leads: Any = ...,
    by: str | Sequence[str],
    lost_as: LostAs = ...,
    since: datetime | None = ...,
) -> Survivals: ...
def time_to(  # noqa: PLR0913 - what a measure has to say of itself
    entries: Any,
    *,
    of: str,
    to: str,
    measures: Measures,
    at: datetime,
    period: Period | str | None = None,
    leads: Any = None,
    by: str | Sequence[str] | None = None,
    lost_as: LostAs = "never",
    since: datetime | None = None,
) -> Survival | Survivals:
    """Return how long leads take from one stage to another, the open ones not left out.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`. Any kind of frame.
        of: The stage, or word of the funnel, from which leads are followed.
        to: That to which.
        measures: What the words mean, which entry counts, and what a skipped stage is.
        at: The moment of the evaluation; with a time zone. Later entries are not known yet.
        period: When they came to the first; by default whenever, and the result tells the days.
        leads: A frame of leads, one row each, with the columns of `by`.
        by: The columns of leads by which to group, the coarsest first.
        lost_as: What is said of a lead that ended elsewhere: that it `never` comes, so that the
            curve says what share is there by when; or that it is `censored` and might have come,
            so that it says what it would be if nobody were lost.
        since: From when on it is known who came to the second. Those who came to the first before
            are left out, since nobody knows whether they had been at the second by then.

    Returns:
        A curve, or with `by` one for each group, and that of all.

    Raises:
        EvaluationError: If an argument is not possible, a column is absent or of a wrong type, or
            leads are grouped by what is known only of those who came to the second stage.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC, datetime
        >>> words = Measures(funnel={"sales_ready": "mql", "close": "won"}, lost=("lost",))
        >>> entries = pl.DataFrame({
        ...     "lead_id": ["1", "1", "2", "3", "3"],
        ...     "stage": ["mql", "won", "mql", "mql", "lost"],
        ...     "entered": [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 20, 3, 4, 6)],
        ... })
        >>> at = datetime(2026, 4, 15, tzinfo=UTC)
        >>> found = time_to(entries, of="sales_ready", to="close", measures=words, at=at)
        >>> print(found.title)  # doctest: +NORMALIZE_WHITESPACE
        sales ready to close: 1 of 3 leads got there, median above 43.0 days, so far as they were
        followed, cohort 2026-03-02 to 2026-03-04, first entry
        >>> found.quantile(0.3)
        datetime.timedelta(days=18)
    """
    words = demand_measures(measures)
    moment, days = demand_moment(at), demand_period(period, words)
    _demand_since(since)
    demand_choice(lost_as, "lost_as", get_args(LostAs))
    name, one, two = pair_of(of, to, words)
    groups = by_of(by)
    table = entries_table(entries, at=moment)
    frame = on_the_way(table, one, two, words, at=moment, lost_as=lost_as)
    like = Survival(
        name, Curve.of(), entry=words.reentry, lost_as=lost_as, period=days, since=since
    )
    return _survivals(frame, table, like, words=words, leads=leads, by=groups, to=to)


@overload
def time_in(
    entries: Any,
    *,
    stage: str,
    measures: Measures,
    at: datetime,
    period: Period | str | None = ...,
    leads: Any = ...,
    by: None = ...,
    until: Until = ...,
    lost_as: LostAs = ...,
) -> Survival: ...
@overload
def time_in(
    entries: Any,
    *,
    stage: str,
    measures: Measures,
    at: datetime,
    period: Period | str | None = ...,
    leads: Any = ...,
    by: str | Sequence[str],
    until: Until = ...,
    lost_as: LostAs = ...,
) -> Survivals: ...
def time_in(  # noqa: PLR0913 - what a measure has to say of itself
    entries: Any,
    *,
    stage: str,
    measures: Measures,
    at: datetime,
    period: Period | str | None = None,
    leads: Any = None,
    by: str | Sequence[str] | None = None,
    until: Until = "left",
    lost_as: LostAs = "never",
) -> Survival | Survivals:
    """Return how long leads stay in a stage, those who are still in it not left out.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`, and `left` if it is there. A
            stay ends when it was left, or with the next entry of the lead.
        stage: The stage, or word of the funnel.
        measures: What the words mean, and which entry counts.
        at: The moment of the evaluation; with a time zone. Who left later is still in it.
        period: When they came; by default whenever, and the result tells the days.
        leads: A frame of leads, one row each, with the columns of `by`.
        by: The columns of leads by which to group, the coarsest first.
        until: Until when a stay is followed: until it ends (`left`); or until it ends by a step
            towards the sale (`onward`), so that other ends are as `lost_as` says.
        lost_as: What is said of a stay that ended otherwise than by a step towards the sale.

    Returns:
        A curve, or with `by` one for each group, and that of all. `reached` are the stays that
        ended.

    Raises:
        EvaluationError: If an argument is not possible, or a column is absent or of a wrong type.
    """
    words = demand_measures(measures)
    moment, days = demand_moment(at), demand_period(period, words)
    demand_choice(lost_as, "lost_as", get_args(LostAs))
    demand_choice(until, "until", get_args(Until))
    own = words.stage(stage)
    later = onward(own, words)[1:]
    if until == "onward" and not later:
        message = f"stage: after '{stage}' no stage comes on the path; expected one before the last"
        raise EvaluationError(message, field="stage")
    groups = by_of(by)
    table = entries_table(entries, at=moment, optional=WHEN_LEFT)
    frame = stays(table, words, at=moment).filter(nw.col(STAGE) == own)
    if words.reentry != "every":
        turn = nw.col(TURN)
        one = turn.min() if words.reentry == "first" else turn.max()
        frame = frame.with_columns(one.over(LEAD).alias(_ONE)).filter(turn == nw.col(_ONE))
    frame = frame.with_columns(nw.col(ENTERED).alias(OF))
    left = nw.col(LEFT)
    step = nw.when(nw.col(NEXT_STAGE).is_in([*later])).then(left) if until == "onward" else left
    frame = counted_ends(frame, step, left, at=moment, lost_as=lost_as)
    name = f"time_in_{stage}" if until == "left" else f"time_in_{stage}_until_onward"
    done = "left it" if until == "left" else "went on"
    like = Survival(name, Curve.of(), done=done, entry=words.reentry, lost_as=lost_as, period=days)
    return _survivals(frame, table, like, words=words, leads=leads, by=groups)


def _demand_since(since: datetime | None) -> None:
    if since is None:
        return
    try:
        demand_moment(since)
    except EvaluationError as error:
        raise EvaluationError(str(error).replace("at:", "since:", 1), field="since") from None


def _survivals(  # noqa: PLR0913 - what is followed, what it is called, by what it is grouped
    frame: nw.LazyFrame[Any],
    table: Table,
    like: Survival,
    *,
    words: Measures,
    leads: Any,
    by: tuple[str, ...],
    to: str | None = None,
) -> Survival | Survivals:
    """Return the curve of each group of those who were followed, and that of all.

    Args:
        frame: Those who were followed.
        table: What it was made of.
        like: What is told of all curves, with the period and `since`.
        words: What the words mean.
        leads: The caller's frame of leads.
        by: The dimensions.
        to: The stage to which they are followed, if that is not the end of a stay.
    """
    days = like.period
    if days is not None:
        frame = frame.filter(nw.col(OF) >= days.first, nw.col(OF) < days.after)
    early = nw.col(OF) < demand_moment(like.since) if like.since else nw.lit(value=False)
    frame = frame.with_columns(nw.when(early).then(1).otherwise(0).alias(_EARLY))
    frame = with_dimensions(frame, table, leads, by)
    keys = [dimension(x) for x in by]
    found = collected(frame.select(*keys, OF, AFTER, *ENDS, NEGATIVE, _EARLY))
    came = found.filter(found[_EARLY] == 0)[OF]
    days = days or spanned([came.min()], [came.max()], words.in_zone)  # type: ignore[list-item]  # whole numbers
    like = replace(like, period=days, unit="entry" if words.reentry == "every" else words.unit)

    def survival(rows: pl.DataFrame, group: dict[str, Any]) -> Survival:
        kept = rows.filter(rows[_EARLY] == 0) if like.since else rows
        return replace(
            like,
            curve=Curve.of(kept),
            early=len(rows) - len(kept),
            negative=int(kept[NEGATIVE].sum()),
            group=group,
        )

    total = survival(found, {})
    if not by:
        return total
    parts = found.sort(keys, nulls_last=True).partition_by(keys, as_dict=True, maintain_order=True)
    groups = [(dict(zip(by, key, strict=True)), rows) for key, rows in parts.items()]
    if to is not None:
        shares = (Share(group, int(rows[REACHED].sum()), len(rows)) for group, rows in groups)
        refuse_hindsight(shares, by, to=to, unit=like.unit)
    return Survivals(total, by, tuple(survival(rows, group) for group, rows in groups))
