"""The funnel: of those who came to its first step, how many came to each of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError, as_written, one_of
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.arguments import (
    demand_measures,
    demand_moment,
    demand_period,
    demand_window,
)
from leadrules.metrics.conversions import grouped, pair_of, spanned
from leadrules.metrics.document import Measures
from leadrules.metrics.funnels.climbs import again, climbed, skipped, when
from leadrules.metrics.funnels.funnel_table import Funnel, FunnelStep
from leadrules.metrics.hindsight import Share, refuse_hindsight
from leadrules.metrics.periods import Period
from leadrules.metrics.ratio import Basis, Ratio
from leadrules.metrics.reached import OF, entries_table
from leadrules.metrics.tables import Table, by_of, dimension, with_dimensions

__all__ = ["funnel"]

_BASES: tuple[Basis, ...] = ("cohort", "period")
_FIRST, _LAST = f"{PREFIX}0first", f"{PREFIX}0last"
_COUNTS = ("count", "came", "both", "imputed", "early", "again", "young", "young_before")

Group = tuple[Any, ...]
Counts = Mapping[str, int]
"""What is counted of a step, by `_COUNTS`."""


def funnel(  # noqa: PLR0913 - what a ratio has to say of itself
    entries: Any,
    *,
    measures: Measures,
    at: datetime,
    period: Period | str | None = None,
    window: timedelta | None = None,
    leads: Any = None,
    by: str | Sequence[str] | None = None,
    stages: Sequence[str] | None = None,
    basis: Basis = "cohort",
) -> Funnel:
    """Return how many came to each step, and the shares of the step before and of the first.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`. Any kind of frame.
        measures: What the words mean, which entry counts, and what a skipped stage is.
        at: The moment of the evaluation; with a time zone. Later entries are not known yet.
        period: When they came to the first step, or, on the basis of a period, to each.
        window: How long each had, from the first step; by default up to `at`.
        leads: A frame of leads, one row each, with the columns of `by`.
        by: The columns of leads by which to group, the coarsest first.
        stages: The steps: stages, or words of the funnel; by default the path of success.
        basis: `cohort` follows those who came to the first step in the period; `period` counts who
            came to each step in it, whose shares are no parts of wholes.

    Raises:
        EvaluationError: If an argument is not possible, or a column is absent or of a wrong type.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC, datetime
        >>> words = Measures(path=["inquiry", "mql", "won"], funnel={"close": "won"})
        >>> entries = pl.DataFrame({
        ...     "lead_id": ["1", "1", "2", "2", "3"],
        ...     "stage": ["inquiry", "won", "inquiry", "mql", "inquiry"],
        ...     "entered": [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 20, 3, 4, 30)],
        ... })
        >>> found = funnel(entries, measures=words, at=datetime(2026, 4, 15, tzinfo=UTC))
        >>> [(step.stage, step.count, step.imputed) for step in found]
        [('inquiry', 3, 0), ('mql', 2, 1), ('won', 1, 0)]
        >>> print(found.step("won").overall)  # doctest: +NORMALIZE_WHITESPACE
        1 of 3 leads (33.3 %, 95 % CI 6.1 to 79.2), cohort 2026-03-02 to 2026-03-30,
        first entry, 0 censored
    """
    words = demand_measures(measures)
    moment, days, span = demand_moment(at), demand_period(period, words), demand_window(window)
    _demand_basis(basis, span)
    asked = _Asked(_steps_of(stages, words), words, at, basis, days, window, by_of(by))
    table = entries_table(entries, at=moment)
    if basis == "cohort":
        found, between = _followed(table, asked, moment, span, leads)
        _refuse_hindsight(found, asked)
    else:
        found, between = _happened(table, asked, leads)
    asked = replace(asked, period=days or between)
    parts = tuple(asked.funnel(counts, group) for group, counts in found.items())
    total = [
        {name: sum(counts[place][name] for counts in found.values()) for name in _COUNTS}
        for place in range(len(asked.names))
    ]
    return asked.funnel(total, None, parts)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the funnel is asked for, and the funnels of its counts.

    Attributes:
        names: The stages by the names of the steps.
        measures: What the words mean.
        at: The moment of the evaluation.
        basis: The basis.
        period: The period.
        window: How long each had.
        by: The dimensions.
    """

    names: Mapping[str, str]
    measures: Measures
    at: datetime
    basis: Basis
    period: Period | None
    window: timedelta | None
    by: tuple[str, ...]

    @property
    def unit(self) -> str:
        return "entry" if self.measures.reentry == "every" else self.measures.unit

    def within(self, frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """Return those who came in the period."""
        if self.period is None:
            return frame
        return frame.filter(nw.col(OF) >= self.period.first, nw.col(OF) < self.period.after)

    def funnel(
        self, counts: Sequence[Counts], group: Group | None, parts: tuple[Funnel, ...] = ()
    ) -> Funnel:
        """Return the funnel of a group, or of all of them, with its groups."""
        common = dict(zip(self.by, group, strict=True)) if group is not None else {}
        return Funnel(
            tuple(self._steps(counts, common)),
            self.at,
            self.basis,
            self.period,
            self.window,
            self.measures.reentry,
            self.unit,
            self.by if group is None else (),
            parts if self.by else (),
            common,
        )

    def _steps(self, counts: Sequence[Counts], group: Mapping[str, Any]) -> Iterator[FunnelStep]:
        names = [*self.names]
        words = {stage: word for word, stage in self.measures.steps.items()}
        for place, (name, stage) in enumerate(self.names.items()):
            own = counts[place]
            ratio = overall = None
            if place:
                overall = self._ratio(f"{names[0]}_to_{name}", own, counts[0]["count"], group)
                ratio = overall
            if place > 1:
                # Unlike a conversion from the step before, it follows those of the first step.
                of = f"_of_{names[0]}" if self.basis == "cohort" else ""
                called = f"{names[place - 1]}_to_{name}{of}"
                before = counts[place - 1]["count"]
                ratio = self._ratio(called, own, before, group, count="both", young="young_before")
            yield FunnelStep(
                stage,
                words.get(stage),
                own["count"],
                own["imputed"],
                own["early"],
                own["again"],
                ratio,
                overall,
            )

    def _ratio(  # noqa: PLR0913 - two names of counts, and what they are shares of
        self,
        name: str,
        own: Counts,
        of: int,
        group: Mapping[str, Any],
        *,
        count: str = "count",
        young: str = "young",
    ) -> Ratio:
        is_subset = self.basis == "cohort"
        return Ratio(
            name,
            own[count if is_subset else "count"],
            of,
            unit=self.unit,
            basis=self.basis,
            period=self.period,
            window=self.window,
            entry=self.measures.reentry,
            censored=own[young],
            is_subset=is_subset,
            group=group,
        )


def _demand_basis(basis: str, window: int | None) -> None:
    if basis not in _BASES:
        message = f"basis: '{as_written(basis)}' is not possible; expected {one_of(_BASES)}"
        raise EvaluationError(message, field="basis")
    if basis == "period" and window is not None:
        message = "window: nobody is followed on the basis of a period; expected none"
        raise EvaluationError(message, field="window")


def _steps_of(stages: Sequence[str] | None, measures: Measures) -> Mapping[str, str]:
    """Return the stages by the names of the steps.

    Raises:
        EvaluationError: If there are fewer than two, one is not known or stands here twice, or one
            comes before another on the path.
    """
    named = measures.order if stages is None else (stages,) if isinstance(stages, str) else stages
    if len(named) < 2:  # noqa: PLR2004 - a funnel narrows
        message = (
            f"stages: {len(named)} of at least 2 steps; name them, or the 'path' of the measures"
        )
        raise EvaluationError(message, field="stages")
    found = {name: measures.stage(name, "stages") for name in named}
    for place, name in enumerate(named):
        for other in named[:place]:
            try:
                pair_of(other, name, measures)
            except EvaluationError as error:
                message = str(error).replace("to:", "stages:", 1)
                raise EvaluationError(message, field="stages") from None
    return found


def _followed(
    table: Table, asked: _Asked, at: int, window: int | None, leads: Any
) -> tuple[dict[Group, list[Counts]], Period | None]:
    """Return what is counted of each step, of those who came to the first in the period."""
    frame = asked.within(climbed(table, [*asked.names.values()], asked.measures))
    frame = with_dimensions(frame, table, leads, asked.by)
    places = range(len(asked.names))
    frame = frame.with_columns(*(_met(place, window) for place in places))
    flags = dict(flag for place in places for flag in _flags(place, at, window))
    counts = grouped(
        # To count is faster than to sum, in DuckDB by half.
        frame.with_columns(**{name: nw.when(flag).then(1) for name, flag in flags.items()}),
        asked.by,
        *(nw.col(name).count() for name in flags),
        *(nw.col(when(place)).count().alias(_flag(place, "came")) for place in places),
        nw.col(OF).min().alias(_FIRST),
        nw.col(OF).max().alias(_LAST),
    )
    found: dict[Group, list[Counts]] = {
        tuple(row[dimension(x)] for x in asked.by): [
            {name: int(row.get(_flag(place, name), 0)) for name in _COUNTS} for place in places
        ]
        for row in counts.iter_rows(named=True)
    }
    between = counts[_FIRST].to_list(), counts[_LAST].to_list()
    return found, spanned(*between, asked.measures.in_zone)


def _flag(place: int, name: str) -> str:
    return f"{PREFIX}0{name}_of_{place}"


def _met(place: int, window: int | None) -> nw.Expr:
    """Return whether a lead came to a step, within the window."""
    met = ~nw.col(when(place)).is_null()
    if window is not None and place:
        met = met & (nw.col(when(place)) - nw.col(OF) <= window).fill_null(value=False)
    return met.alias(_flag(place, "met"))


def _flags(place: int, at: int, window: int | None) -> Iterator[tuple[str, nw.Expr]]:
    """Yield what is true of those who are counted, by `_COUNTS`; what is not yielded is 0."""
    met = nw.col(_flag(place, "met"))
    yield _flag(place, "count"), met
    yield _flag(place, "imputed"), met & (nw.col(skipped(place)) == 1)
    yield _flag(place, "again"), met & (nw.col(again(place)) == 1)
    if not place:
        return
    before = nw.col(_flag(place - 1, "met"))
    earlier = (nw.col(when(place)) < nw.col(when(place - 1))).fill_null(value=False)
    yield _flag(place, "both"), met & before
    yield _flag(place, "early"), met & before & earlier
    if window is not None:
        young = ~met & (nw.col(OF) + window > at)
        yield _flag(place, "young"), young
        yield _flag(place, "young_before"), young & before


def _happened(
    table: Table, asked: _Asked, leads: Any
) -> tuple[dict[Group, list[Counts]], Period | None]:
    """Return what is counted of each step, of those who came to it in the period."""
    nothing = dict.fromkeys(_COUNTS, 0)
    found: dict[Group, list[Counts]] = {} if asked.by else {(): [nothing] * len(asked.names)}
    moments: list[int | None] = []
    for place, stage in enumerate(asked.names.values()):
        frame = asked.within(climbed(table, [stage], asked.measures))
        counts = grouped(
            with_dimensions(frame, table, leads, asked.by),
            asked.by,
            nw.len().alias("count"),
            nw.col(skipped(0)).sum().alias("imputed"),
            nw.col(again(0)).sum().alias("again"),
            nw.col(OF).min().alias(_FIRST),
            nw.col(OF).max().alias(_LAST),
        )
        moments += [*counts[_FIRST].to_list(), *counts[_LAST].to_list()]
        for row in counts.iter_rows(named=True):
            group = tuple(row[dimension(x)] for x in asked.by)
            read = {name: int(row[name] or 0) for name in ("count", "imputed", "again")}
            found.setdefault(group, [nothing] * len(asked.names))[place] = nothing | read
    ordered = sorted(found, key=lambda group: [(x is None, x) for x in group])
    between = spanned(moments, (), asked.measures.in_zone)
    return {group: found[group] for group in ordered}, between


def _refuse_hindsight(found: Mapping[Group, Sequence[Counts]], asked: _Asked) -> None:
    for place, name in enumerate(asked.names):
        shares = (
            Share(dict(zip(asked.by, group, strict=True)), each[place]["came"], each[0]["count"])
            for group, each in found.items()
        )
        if place:
            refuse_hindsight(shares, asked.by, to=name, unit=asked.unit)
