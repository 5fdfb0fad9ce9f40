"""Compliance: of what was owed to leads and fell due, how much was done in time; and freshness."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, overload
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw

from leadrules.frames.kinds import PREFIX
from leadrules.metrics.arguments import demand_measures, demand_moment, demand_period
from leadrules.metrics.conversions import grouped, spanned
from leadrules.metrics.document import Measures
from leadrules.metrics.follow_up.obligations import BECAME, FELL_DUE, demand_kind, obligations_table
from leadrules.metrics.periods import Period
from leadrules.metrics.pictures import Theme, intervals_of
from leadrules.metrics.ratio import Ratio, counted
from leadrules.metrics.ratios import Ratios
from leadrules.metrics.tables import by_of, dimension
from leadrules.metrics.tabular import Column, Tabular
from leadrules.values import datetime_of
from leadrules.vocabulary import start_of_day

if TYPE_CHECKING:
    pass

__all__ = ["Compliance", "Kept", "compliance", "freshness"]

_FIRST, _LAST = f"{PREFIX}0first", f"{PREFIX}0last"
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was owed to a group of leads, and what became of it.

    Attributes:
        ratio: Of what fell due, how much was done in time.
        late: How many were done after their deadline.
        missed: How many were never done: the lead went on after their deadline without them.
        overdue: How many are still owed after their deadline.
        gone: How many fell due after the lead had gone on without them; they are in no share.
        waived: How many were waived; likewise.
        not_due: Of how many the deadline is still to come, done or not; likewise.
        unlimited: How many have no deadline; likewise.
    """

    ratio: Ratio
    late: int
    missed: int
    overdue: int
    gone: int
    waived: int
    not_due: int
    unlimited: int

    @property
    def ever_missed(self) -> int:
        """How many were not done by their deadline, whatever became of them then."""
        return self.late + self.missed + self.overdue


_APART = ("late", "missed", "overdue", "gone", "waived", "not_due", "unlimited")


@dataclass(frozen=True, slots=True, repr=False)
class Compliance(Tabular):
    """What was owed to leads and fell due, and how much of it was done in time.

    Attributes:
        kind: What was owed; None is everything.
        by: The dimensions, the coarsest first.
        total: All of it together.
        parts: Each group; they add up to the total.
    """

    kind: str | None
    by: tuple[str, ...]
    total: Kept
    parts: tuple[Kept, ...]

    @property
    def ratios(self) -> Ratios:
        """The shares alone; they can be rolled up."""
        return Ratios(self.total.ratio, self.by, tuple(part.ratio for part in self.parts))

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        return f"{_called(self.kind)} done in time, of those that fell due: {self.total.ratio}"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        total = self.total
        due = f"{total.ever_missed:,} not done by their deadline, {total.overdue:,} still owed"
        apart = [
            (total.not_due, "not due yet, done or not"),
            (total.gone, "not due when the lead went on"),
            (total.waived, "waived"),
            (total.unlimited, "without a deadline"),
        ]
        told = ", ".join(f"{count:,} {what}" for count, what in apart if count)
        return [due, *([f"in no share: {told}"] if told else [])]

    def columns(self) -> Sequence[Column]:
        """Return its columns: the dimensions, the share with its interval, and the counts."""
        return (
            *(Column(name) for name in self.by),
            Column("due", "count"),
            Column("met", "count", "in time"),
            Column("share", "share", "in time"),
            Column("low", "share"),
            Column("high", "share"),
            Column("late", "count", "done late"),
            Column("missed", "count", "never done"),
            *(Column(name, "count") for name in _APART[2:]),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a group; without dimensions, one."""
        return [
            (
                *(part.ratio.group[name] for name in self.by),
                part.ratio.denominator,
                part.ratio.numerator,
                part.ratio.value,
                *(part.ratio.interval or (None, None)),
                *(getattr(part, name) for name in _APART),
            )
            for part in (self.parts if self.by else (self.total,))
        ]

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: each share with its interval, and the total as a line.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        total = self.total.ratio
        parts = self.ratios.parts if self.by else (replace(total, group={"of": "all"}),)
        return intervals_of(parts, total, self.by or (counted(2, total.unit)[2:],), theme=theme)


def compliance(  # noqa: PLR0913 - two tables, and what is asked of them
    obligations: Any,
    *,
    measures: Measures,
    at: datetime,
    kind: str | None = "touches",
    period: Period | str | None = None,
    leads: Any = None,
    by: str | Sequence[str] | None = None,
) -> Compliance:
    """Return how much of what was owed to leads, and fell due, was done in time.

    Only what has fallen due is in the share, so what is done early counts no sooner than what is
    not done. What a lead left behind before it was due, and what was waived, is counted apart.

    Args:
        obligations: The table of obligations, as `Engine.obligations_frame` gives it: `lead_id`,
            `kind`, `status`, `opened`, `due`, `closed`. Any kind of frame.
        measures: Say in which zone days are.
        at: The moment of the evaluation; with a time zone. What was owed or done later is not
            known yet.
        kind: What was owed, such as `touches`, `update` or `clock`; None is everything.
        period: When it was due, or opened if it has no deadline; by default whenever.
        leads: A frame of leads, one row each, with the columns of `by` that `obligations` lacks.
        by: The columns by which to group, the coarsest first: of `obligations` if it has them,
            such as `name` (the rule), `stage` and `owner` (whoever had the lead then), else of
            `leads`, such as `lead_type`.

    Raises:
        EvaluationError: If an argument is not possible, or a column is absent or of a wrong type.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC, datetime
        >>> def day(number):
        ...     return datetime(2026, 3, number, tzinfo=UTC)
        >>> obligations = pl.DataFrame({
        ...     "lead_id": ["1", "2", "3", "4"],
        ...     "kind": ["touches"] * 4,
        ...     "status": ["met", "met_late", "breached", "open"],
        ...     "opened": [day(2)] * 4,
        ...     "due": [day(4), day(4), day(4), day(9)],
        ...     "closed": [day(3), day(5), None, None],
        ... })
        >>> found = compliance(obligations, measures=Measures(), at=day(6))
        >>> print(found.total.ratio)  # doctest: +NORMALIZE_WHITESPACE
        1 of 3 obligations (33.3 %, 95 % CI 6.1 to 79.2), period 2026-03-04, every entry,
        0 censored
        >>> found.total.overdue, found.total.not_due
        (1, 1)
    """
    words, moment = demand_measures(measures), demand_moment(at)
    days, wanted, groups = demand_period(period, words), demand_kind(kind), by_of(by)
    frame = obligations_table(
        obligations, at=moment, kind=wanted, period=days, leads=leads, by=groups
    )
    counts = grouped(
        frame,
        groups,
        *(nw.col(name).sum() for name in BECAME),
        nw.col(FELL_DUE).min().alias(_FIRST),
        nw.col(FELL_DUE).max().alias(_LAST),
    )
    days = days or spanned(counts[_FIRST].to_list(), counts[_LAST].to_list(), words.in_zone)
    name = f"{'all' if wanted is None else wanted}_in_time"
    rows = counts.iter_rows(named=True)
    parts = tuple(_kept(row, name, days, {x: row[dimension(x)] for x in groups}) for row in rows)
    return Compliance(wanted, groups, _together(parts, name, days), parts if groups else ())


def _kept(row: Mapping[str, Any], name: str, days: Period | None, group: Mapping[str, Any]) -> Kept:
    """Return what became of what was owed to a group, from its counts."""
    found = {x: int(row[x] or 0) for x in BECAME}
    due = found["met"] + found["late"] + found["missed"] + found["overdue"]
    ratio = Ratio(
        name,
        found["met"],
        due,
        unit="obligation",
        basis="period",
        period=days,
        entry="every",
        group=group,
    )
    return Kept(ratio, **{x: found[x] for x in _APART})


def _together(parts: Iterable[Kept], name: str, days: Period | None) -> Kept:
    """Return the sum of groups."""
    counts = dict.fromkeys(BECAME, 0)
    for part in parts:
        counts["met"] += part.ratio.numerator
        for x in _APART:
            counts[x] += getattr(part, x)
    return _kept(counts, name, days, {})


@overload
def freshness(
    obligations: Any, *, measures: Measures, at: datetime, leads: Any = ..., by: None = ...
) -> Ratio: ...
@overload
def freshness(
    obligations: Any,
    *,
    measures: Measures,
    at: datetime,
    leads: Any = ...,
    by: str | Sequence[str],
) -> Ratios: ...
def freshness(
    obligations: Any,
    *,
    measures: Measures,
    at: datetime,
    leads: Any = None,
    by: str | Sequence[str] | None = None,
) -> Ratio | Ratios:
    """Return of how many leads the status is up to date, of those that owe an update.

    A lead owes one in a stage with `update_every`, from its entry or its last update on.

    Args:
        obligations: As of `compliance`.
        measures: As of `compliance`; they say what is counted, too.
        at: The moment: it is of then, of the leads that are in such a stage then.
        leads: As of `compliance`.
        by: As of `compliance`; `owner` is who has the lead.

    Returns:
        A ratio, or with `by` ratios of groups that add up to it.

    Raises:
        EvaluationError: As of `compliance`.
    """
    words, moment, groups = demand_measures(measures), demand_moment(at), by_of(by)
    frame = obligations_table(obligations, at=moment, kind="update", leads=leads, by=groups)
    frame = frame.filter(nw.col("closed").is_null() | (nw.col("closed") > moment))
    counts = grouped(frame, groups, *(nw.col(name).sum() for name in ("overdue", "not_due")))
    days = _until(moment, words.in_zone)
    parts = [_fresh(row, words.unit, days, groups) for row in counts.iter_rows(named=True)]
    total = Ratio(
        "fresh",
        sum(part.numerator for part in parts),
        sum(part.denominator for part in parts),
        unit=words.unit,
        basis="snapshot",
        period=days,
        entry="every",
    )
    return Ratios(total, groups, tuple(parts)) if groups else total


def _fresh(row: Mapping[str, Any], unit: str, days: Period, groups: Sequence[str]) -> Ratio:
    fresh, stale = int(row["not_due"] or 0), int(row["overdue"] or 0)
    return Ratio(
        "fresh",
        fresh,
        fresh + stale,
        unit=unit,
        basis="snapshot",
        period=days,
        entry="every",
        group={x: row[dimension(x)] for x in groups},
    )


def _until(moment: int, zone: str) -> Period:
    """Return the day up to a moment: a snapshot is of how things are at the end of a period."""
    end = datetime_of(moment)
    day = (end - _INSTANT).astimezone(ZoneInfo(zone)).date()
    return Period(datetime_of(start_of_day(day, zone)), end, zone)


def _called(kind: str | None) -> str:
    return "obligations" if kind is None else "touches" if kind == "touches" else f"'{kind}'"
