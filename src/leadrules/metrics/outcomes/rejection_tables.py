"""Rejections: which of the leads that were handed over sales passed back, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.arguments import demand_measures, demand_moment, demand_period
from leadrules.metrics.conversions import spanned
from leadrules.metrics.courses import (
    BEFORE,
    ENTERED,
    PLACE,
    REASON,
    STAGE,
    TURN,
    course,
    entries_by,
    placed,
)
from leadrules.metrics.document import Measures
from leadrules.metrics.hindsight import Share, refuse_hindsight
from leadrules.metrics.periods import Period
from leadrules.metrics.pictures import Theme, intervals_of
from leadrules.metrics.ratio import Ratio, counted
from leadrules.metrics.ratios import Ratios
from leadrules.metrics.reached import OF, journeys
from leadrules.metrics.tables import LEAD, Table, by_of, collected, dimension
from leadrules.metrics.tabular import Column, Tabular

__all__ = ["Rejection", "RejectionReasons", "Rejections", "rejections"]

_HANDED, _ENDED, _VERDICT = (f"{PREFIX}0{name}" for name in ("handed", "ended", "verdict"))
_COUNT, _FIRST, _LAST = (f"{PREFIX}0{name}" for name in ("count", "first", "last"))
_BACK, _DONE = 1, 2


class Rejection(NamedTuple):
    """How many leads of a group sales passed back in one way.

    Attributes:
        group: The values of the dimensions.
        to: The stage to which.
        reason: Why; None if nobody said.
        before: The stage in which they were until then.
        leads: How many they are.
    """

    group: tuple[Any, ...]
    to: str
    reason: str | None
    before: str | None
    leads: int


@dataclass(frozen=True, slots=True, repr=False)
class Rejections(Tabular):
    """Of the leads that were handed over in a period, how many were passed back.

    Those of whom that is not known yet, since sales still works them, count as censored.

    Attributes:
        total: The share of all of them together.
        by: The dimensions, the coarsest first.
        parts: The share of each group; without dimensions, of all of them.
        ways: How many were passed back in each way.
    """

    total: Ratio
    by: tuple[str, ...]
    parts: tuple[Ratio, ...]
    ways: tuple[Rejection, ...]

    def __getitem__(self, group: Any) -> Ratio:
        return self.ratios[group]

    @property
    def ratios(self) -> Ratios:
        """The shares, which can be rolled up and added."""
        return Ratios(self.total, self.by, self.parts if self.by else ())

    @property
    def reasons(self) -> RejectionReasons:
        """Why they were passed back."""
        return RejectionReasons(self)

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        return f"passed back, of those handed over: {self.total}"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        unexplained = sum(way.leads for way in self.ways if way.reason is None)
        return [
            f"{self.total.censored:,} still with sales, so the share may grow",
            *([f"{unexplained:,} passed back without a reason"] if unexplained else []),
        ]

    def columns(self) -> Sequence[Column]:
        """Return its columns: dimensions, both counts, the share, its interval, the main reason."""
        return (
            *(Column(name) for name in self.by),
            Column("passed_back", "count"),
            Column("handed_over", "count"),
            Column("value", "share", "share"),
            Column("low", "share"),
            Column("high", "share"),
            Column("with_sales", "count", "still with sales"),
            Column("main_reason"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a group."""
        return [
            (
                *(part.group.get(name) for name in self.by),
                part.numerator,
                part.denominator,
                part.value,
                *(part.interval or (None, None)),
                part.censored,
                self._main(tuple(part.group.values())),
            )
            for part in self.parts
        ]

    def _main(self, group: tuple[Any, ...]) -> str | None:
        """Return the reason that was given most often; of equals the first by name."""
        counts: dict[str, int] = {}
        for way in self.ways:
            if way.group == group and way.reason is not None:
                counts[way.reason] = counts.get(way.reason, 0) + way.leads
        return min(counts, key=lambda reason: (-counts[reason], reason)) if counts else None

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: each share with its interval, and the total as a line.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        return intervals_of(self.parts, self.total, self.by, theme=theme)


@dataclass(frozen=True, slots=True, repr=False)
class RejectionReasons(Tabular):
    """Why leads were passed back, whereto, and how far they had come.

    Attributes:
        of: The rejections.
    """

    of: Rejections

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        count = counted(self.of.total.numerator, self.of.total.unit)
        return f"why {count} were passed back, {self.of.total.basis} {self.of.total.period}"

    def columns(self) -> Sequence[Column]:
        """Return its columns: dimensions, reason, from where, whereto, how many."""
        return (
            *(Column(name) for name in self.of.by),
            Column("reason"),
            Column("before", head="from"),
            Column("to"),
            Column("leads", "count", counted(2, self.of.total.unit).partition(" ")[2]),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows: of each group the most frequent first."""
        groups = [*dict.fromkeys(way.group for way in self.of.ways)]
        found = sorted(
            self.of.ways,
            key=lambda x: (groups.index(x.group), -x.leads, x.reason or "", x.before or "", x.to),
        )
        return [(*x.group, x.reason, x.before, x.to, x.leads) for x in found]


def rejections(  # noqa: PLR0913 - what a ratio has to say of itself
    entries: Any,
    *,
    measures: Measures,
    at: datetime,
    of: str = "sales_ready",
    period: Period | str | None = None,
    leads: Any = None,
    by: str | Sequence[str] | None = None,
) -> Rejections:
    """Return how many of the leads handed over to sales in a period it passed back, and why.

    A lead is passed back if what ends its way is a move back to the stage of the handover, to one
    before it, or to one of the recycled or disqualified; not if it is won or lost first.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`, and `reason` if it is known.
            Any kind of frame.
        measures: What the words mean, which entry counts, and what a skipped stage is.
        at: The moment of the evaluation; with a time zone. Later entries are not known yet.
        of: The stage, or word of the funnel, in which leads are handed over.
        period: When they were handed over; by default whenever, and the ratio tells the days.
        leads: A frame of leads, one row each, with the columns of `by`.
        by: The columns of leads by which to group, such as `band` or `campaign`; without leads,
            columns of the entries by which they were handed over, such as `by`, who did it.

    Raises:
        EvaluationError: If an argument is not possible, or a column is absent or of a wrong type.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC, datetime
        >>> words = Measures(funnel={"sales_ready": "mql", "close": "won"}, recycled=["nurture"],
        ...     path=["mql", "sal", "won"])
        >>> entries = pl.DataFrame({
        ...     "lead_id": ["1", "1", "1", "2", "3"],
        ...     "stage": ["mql", "sal", "nurture", "mql", "won"],
        ...     "entered": [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 3, 20, 3, 30)],
        ...     "reason": [None, None, "no budget", None, None],
        ...     "by": ["anna", "bert", "bert", "anna", "carl"],
        ... })
        >>> at = datetime(2026, 4, 15, tzinfo=UTC)
        >>> found = rejections(entries, measures=words, at=at, by="by")
        >>> print(found["anna"])  # doctest: +NORMALIZE_WHITESPACE
        by anna: 1 of 2 leads (50.0 %, 95 % CI 9.5 to 90.5), cohort 2026-03-02 to 2026-03-30,
        first entry, 1 censored
    """
    words, moment = demand_measures(measures), demand_moment(at)
    days, groups = demand_period(period, words), by_of(by)
    stage = words.stage(of, "of")
    if stage not in words.order:
        message = f"of: '{stage}' is not on the path; expected a stage that leads to the sale"
        raise EvaluationError(message, field="of")
    table = entries_by(entries, leads, groups, at=moment)
    steps = course(table, words)
    frame = _handed(table, steps, stage, words)
    if days is not None:
        frame = frame.filter(nw.col(OF) >= days.first, nw.col(OF) < days.after)
    frame = placed(_ended(frame, steps, stage, words), table, leads, groups)
    keys = [*(dimension(name) for name in groups), _VERDICT, STAGE, REASON, BEFORE]
    rows = collected(
        frame.group_by(*keys).agg(
            nw.len().alias(_COUNT),
            nw.col(OF).min().alias(_FIRST),
            nw.col(OF).max().alias(_LAST),
        )
    ).sort(keys, nulls_last=True)
    found = [(row[: len(groups)], row[len(groups) :]) for row in rows.iter_rows()]
    days = days or spanned(rows[_FIRST].to_list(), rows[_LAST].to_list(), words.in_zone)
    unit = "entry" if words.reentry == "every" else words.unit
    counts: dict[tuple[Any, ...], list[int]] = {} if groups else {(): [0, 0, 0]}
    for group, row in found:
        count = counts.setdefault(group, [0, 0, 0])
        count[0 if row[0] is None else row[0]] += int(row[4])
    refuse_hindsight(
        (Share(_named(groups, x), c[_BACK], sum(c)) for x, c in counts.items()),
        groups,
        to="passed back",
        unit=unit,
    )

    def ratio(count: Sequence[int], group: Mapping[str, Any]) -> Ratio:
        return Ratio(
            f"{of}_to_passed_back",
            count[_BACK],
            sum(count),
            unit=unit,
            period=days,
            entry=words.reentry,
            censored=count[0],
            group=group,
        )

    total = [sum(count[i] for count in counts.values()) for i in range(3)]
    return Rejections(
        ratio(total, {}),
        groups,
        tuple(ratio(count, _named(groups, group)) for group, count in counts.items()),
        tuple(
            Rejection(group, row[1], row[2], row[3], int(row[4]))
            for group, row in found
            if row[0] == _BACK
        ),
    )


def _named(by: Sequence[str], group: Sequence[Any]) -> Mapping[str, Any]:
    return dict(zip(by, group, strict=True))


def _handed(
    table: Table, steps: nw.LazyFrame[Any], stage: str, measures: Measures
) -> nw.LazyFrame[Any]:
    """Return the handovers that count: `LEAD`, when (`OF`), which entry (`_HANDED`), dimensions."""
    arrivals = journeys(table, stage, stage, measures).select(LEAD, OF)
    place = measures.order.index(stage)
    stages = measures.order[place:] if measures.skipped == "imputed" else (stage,)
    marks = steps.filter(nw.col(STAGE).is_in([*stages]))
    turns = (
        arrivals.join(marks.select(LEAD, ENTERED, TURN), on=LEAD, how="inner")
        .filter(nw.col(ENTERED) == nw.col(OF))
        .group_by(LEAD, OF)
        .agg(nw.col(TURN).min().alias(_HANDED))
    )
    if not table.dimensions:
        return turns
    own = [dimension(name) for name in table.dimensions]
    marks = marks.select(LEAD, nw.col(TURN).alias(_HANDED), *own)
    return turns.join(marks, on=[LEAD, _HANDED], how="left")


def _ended(
    handed: nw.LazyFrame[Any], steps: nw.LazyFrame[Any], stage: str, measures: Measures
) -> nw.LazyFrame[Any]:
    """Return handovers with how the way of each ended: `_VERDICT`, `STAGE`, `REASON`, `BEFORE`.

    The verdict is missing while sales works the lead.
    """
    order = measures.order
    place = order.index(stage)
    off = nw.col(STAGE).is_in([*measures.recycled, *measures.disqualified])
    again = (nw.col(PLACE) == place) & nw.col(BEFORE).is_in([*order[place + 1 :]])
    back = off | ((nw.col(PLACE) >= 0) & (nw.col(PLACE) < place)) | again
    done = nw.col(STAGE).is_in([*((measures.won,) if measures.won else ()), *measures.lost])
    verdict = nw.when(back).then(nw.lit(_BACK)).otherwise(nw.when(done).then(nw.lit(_DONE)))
    ends = (
        steps.with_columns(verdict.alias(_VERDICT))
        .filter(~nw.col(_VERDICT).is_null())
        .select(LEAD, nw.col(TURN).alias(_ENDED), _VERDICT, STAGE, REASON, BEFORE)
    )
    # A lead that is won at once, or came to a later stage that is won, has its end by that entry.
    first = (
        handed.select(LEAD, _HANDED)
        .join(ends.select(LEAD, _ENDED, _VERDICT), on=LEAD, how="inner")
        .filter(
            (nw.col(_ENDED) > nw.col(_HANDED))
            | ((nw.col(_ENDED) == nw.col(_HANDED)) & (nw.col(_VERDICT) == _DONE))
        )
        .group_by(LEAD, _HANDED)
        .agg(nw.col(_ENDED).min())
    )
    met = first.join(ends, on=[LEAD, _ENDED], how="left")
    met = met.select(LEAD, _HANDED, _VERDICT, STAGE, REASON, BEFORE)
    return handed.join(met, on=[LEAD, _HANDED], how="left")
