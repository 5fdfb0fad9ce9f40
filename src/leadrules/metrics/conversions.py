"""Conversion: of those who came to one stage, how many came to another, and how long that took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, overload
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.arguments import (
    demand_measures,
    demand_moment,
    demand_period,
    demand_window,
)
from leadrules.metrics.document import Measures
from leadrules.metrics.hindsight import Share, refuse_hindsight
from leadrules.metrics.periods import Days, Period
from leadrules.metrics.ratio import Ratio
from leadrules.metrics.ratios import Ratios
from leadrules.metrics.reached import OF, TO, entries_table, journeys
from leadrules.metrics.tables import by_of, collected, dimension, with_dimensions
from leadrules.values import datetime_of

if TYPE_CHECKING:
    import polars as pl

__all__ = ["conversion", "grouped", "pair_of", "spanned"]

_ALL, _CAME, _MET, _YOUNG = (f"{PREFIX}0{name}" for name in ("all", "came", "met", "young"))
_FIRST, _LAST = f"{PREFIX}0first", f"{PREFIX}0last"


@overload
def conversion(
    entries: Any,
    *,
    of: str,
    to: str,
    measures: Measures,
    at: datetime,
    period: Period | str | None = ...,
    window: timedelta | None = ...,
    leads: Any = ...,
    by: None = ...,
) -> Ratio: ...
@overload
def conversion(
    entries: Any,
    *,
    of: str,
    to: str,
    measures: Measures,
    at: datetime,
    period: Period | str | None = ...,
    window: timedelta | None = ...,
    leads: Any = ...,
    by: str | Sequence[str],
) -> Ratios: ...
def conversion(  # noqa: PLR0913 - what a ratio has to say of itself
    entries: Any,
    *,
    of: str,
    to: str,
    measures: Measures,
    at: datetime,
    period: Period | str | None = None,
    window: timedelta | None = None,
    leads: Any = None,
    by: str | Sequence[str] | None = None,
) -> Ratio | Ratios:
    """Return how many of those who came to one stage in a period came to another.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`. Any kind of frame.
        of: The stage, or word of the funnel, of the denominator.
        to: That of the numerator.
        measures: What the words mean, which entry counts, and what a skipped stage is.
        at: The moment of the evaluation; with a time zone. Later entries are not known yet.
        period: When they came to the first; by default whenever, and the ratio tells the days.
        window: How long each had; by default up to `at`.
        leads: A frame of leads, one row each, with the columns of `by`.
        by: The columns of leads by which to group, the coarsest first.

    Returns:
        A ratio, or with `by` ratios of groups that add up to it. With a window, those who have
        not had it yet count as censored unless they are there already.

    Raises:
        EvaluationError: If an argument is not possible, a column is absent or of a wrong type, or
            leads are grouped by what is known only of those who came to the second stage.

    Source:
        E. Bernhardsson, Conversion rates: you are (most likely) computing them wrong, 2017, for
        why those who came are followed, and not what happened is divided.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC, datetime
        >>> words = Measures(funnel={"sales_ready": "mql", "close": "won"})
        >>> entries = pl.DataFrame({
        ...     "lead_id": ["1", "1", "2", "3"],
        ...     "stage": ["mql", "won", "mql", "mql"],
        ...     "entered": [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 20, 3, 30)],
        ... })
        >>> at = datetime(2026, 4, 15, tzinfo=UTC)
        >>> found = conversion(entries, of="sales_ready", to="close", measures=words, at=at,
        ...     period="2026-03", window=timedelta(days=30))
        >>> print(found)  # doctest: +NORMALIZE_WHITESPACE
        1 of 3 leads (33.3 %, 95 % CI 6.1 to 79.2), cohort 2026-03-01 to 2026-03-31,
        within 30 days, first entry, 1 censored
    """
    words = demand_measures(measures)
    moment, days, span = (
        demand_moment(at),
        demand_period(period, words),
        demand_window(window),
    )
    name, one, two = pair_of(of, to, words)
    groups = by_of(by)
    table = entries_table(entries, at=moment)
    frame = journeys(table, one, two, words)
    if days is not None:
        frame = frame.filter(nw.col(OF) >= days.first, nw.col(OF) < days.after)
    frame = with_dimensions(frame, table, leads, groups)
    met, young = _outcome(moment, span)
    frame = frame.with_columns(
        nw.when(met).then(1).otherwise(0).alias(_MET),
        nw.when(young).then(1).otherwise(0).alias(_YOUNG),
    )
    counts = grouped(
        frame,
        groups,
        nw.len().alias(_ALL),
        nw.col(TO).count().alias(_CAME),
        nw.col(_MET).sum(),
        nw.col(_YOUNG).sum(),
        nw.col(OF).min().alias(_FIRST),
        nw.col(OF).max().alias(_LAST),
    )
    unit = "entry" if words.reentry == "every" else words.unit
    shares = (
        Share({x: row[dimension(x)] for x in groups}, row[_CAME], row[_ALL])
        for row in counts.iter_rows(named=True)
    )
    refuse_hindsight(shares, groups, to=to, unit=unit)
    firsts, lasts = counts[_FIRST].to_list(), counts[_LAST].to_list()
    days = days or spanned(firsts, lasts, words.in_zone)
    parts = tuple(
        Ratio(
            name,
            int(row[_MET]),
            int(row[_ALL]),
            unit=unit,
            period=days,
            window=window,
            entry=words.reentry,
            censored=int(row[_YOUNG]),
            group={x: row[dimension(x)] for x in groups},
        )
        for row in counts.iter_rows(named=True)
    )
    total = Ratio(
        name,
        sum(part.numerator for part in parts),
        sum(part.denominator for part in parts),
        unit=unit,
        period=days,
        window=window,
        entry=words.reentry,
        censored=sum(part.censored for part in parts),
    )
    return Ratios(total, groups, parts) if groups else total


def pair_of(of: str, to: str, measures: Measures) -> tuple[str, str, str]:
    """Return the name of a ratio, and both its stages.

    Raises:
        EvaluationError: If one is not known, both are the same, or the second comes before the
            first on the path.
    """
    one, two = measures.stage(of, "of"), measures.stage(to, "to")
    order = measures.order
    if one == two or (one in order and two in order and order.index(two) < order.index(one)):
        where = "is the same stage" if one == two else "comes before it on the path"
        message = f"to: '{to}' {where}; expected one that comes after '{of}'"
        raise EvaluationError(message, field="to")
    return f"{of}_to_{to}", one, two


def _outcome(at: int, window: int | None) -> tuple[nw.Expr, nw.Expr]:
    """Return who came there, and of whom that is not known yet."""
    came = ~nw.col(TO).is_null()
    if window is None:
        return came, nw.lit(value=False)
    met = came & (nw.col(TO) - nw.col(OF) <= window)
    return met, ~met.fill_null(value=False) & (nw.col(OF) + window > at)


def grouped(frame: nw.LazyFrame[Any], by: Sequence[str], *aggregates: nw.Expr) -> pl.DataFrame:
    """Return aggregates of each group, in the order of the groups; without a group, of all."""
    if not by:
        return collected(frame.select(*aggregates))
    keys = [dimension(name) for name in by]
    return collected(frame.group_by(*keys).agg(*aggregates)).sort(keys, nulls_last=True)


def spanned(firsts: Iterable[int | None], lasts: Iterable[int | None], zone: str) -> Period | None:
    """Return the days from the first of some moments to the last; None if there are none."""
    moments = [moment for moment in (*firsts, *lasts) if moment is not None]
    if not moments:
        return None
    local = ZoneInfo(zone)
    days = (datetime_of(x).astimezone(local).date() for x in (min(moments), max(moments)))
    return Period.of(Days(*days), zone=zone)
