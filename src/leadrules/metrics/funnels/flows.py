"""Flow: how many were in each stage when a month began, came, left, and were there at its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from operator import add
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError, did_you_mean
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.arguments import demand_measures, demand_moment
from leadrules.metrics.document import Measures
from leadrules.metrics.funnels.stays import ENTERED, LEFT, SOUND, STAGE, in_order, stays
from leadrules.metrics.periods import Every, Period, period_of
from leadrules.metrics.pictures import COLOURS, WIDTH, Theme, charts, themed
from leadrules.metrics.ratio import counted
from leadrules.metrics.tables import LEAD, by_of, collected, dimension, with_dimensions
from leadrules.metrics.tabular import Column, Tabular

__all__ = ["Flow", "FlowStep", "flow", "placed"]

_CAME, _WENT, _COUNT, _AGAIN, _FIRST = (
    f"{PREFIX}0{name}" for name in ("came", "went", "count", "again", "first")
)
MOST_STAGES = 8
"""Of more stages a picture shows the first, and says so."""


@dataclass(frozen=True, slots=True)
class FlowStep:
    """What happened in a stage in one month, or another unit of time.

    Attributes:
        stage: The stage.
        period: The unit of time.
        start: How many were there when it began.
        inflow: How many entries there were in it.
        outflow: How many of those who were there left in it.
        again: How many of the entries were of leads that had been there before.
        complete: Whether it is over.
        group: What the leads have in common, by dimension.
    """

    stage: str
    period: Period
    start: int
    inflow: int
    outflow: int
    again: int = 0
    complete: bool = True
    group: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def end(self) -> int:
        """How many were there at its end, or at the moment of the evaluation if it still runs."""
        return self.start + self.change

    @property
    def change(self) -> int:
        """By how many there were more at its end."""
        return self.inflow - self.outflow

    @property
    def change_share(self) -> float | None:
        """The change as a share of those who were there when it began; None if nobody was."""
        return self.change / self.start if self.start else None

    def __add__(self, other: FlowStep) -> FlowStep:
        return replace(
            self,
            start=self.start + other.start,
            inflow=self.inflow + other.inflow,
            outflow=self.outflow + other.outflow,
            again=self.again + other.again,
        )


@dataclass(frozen=True, slots=True, repr=False)
class Flow(Tabular):
    """The flow through each stage, month by month or by another unit of time.

    Attributes:
        steps: One for each stage and month; with groups one for each group, stage and month.
        at: The moment up to which it is known.
        period: The period.
        every: The unit of time.
        unit: What is counted.
        by: The dimensions, the coarsest first.
        dirty: How many stays end before they begin; they are left out.
    """

    steps: tuple[FlowStep, ...]
    at: datetime
    period: Period
    every: Every = "month"
    unit: str = "lead"
    by: tuple[str, ...] = ()
    dirty: int = 0

    def __iter__(self) -> Iterator[FlowStep]:
        return iter(self.steps)

    def __getitem__(self, stage: str) -> tuple[FlowStep, ...]:
        """Return the steps of a stage, of all groups together.

        Raises:
            KeyError: If nobody was there.
        """
        found = tuple(step for step in self.rolled_up(()).steps if step.stage == stage)
        if not found:
            raise KeyError(stage)
        return found

    def rolled_up(self, by: str | Sequence[str]) -> Flow:
        """Return the same by fewer dimensions: reps to their region.

        Args:
            by: The dimensions to keep.

        Raises:
            EvaluationError: If it is none of the dimensions.
        """
        kept = (by,) if isinstance(by, str) else tuple(by)
        for name in kept:
            if name not in self.by:
                message = f"by: no dimension '{name}'{did_you_mean(name, self.by)}"
                raise EvaluationError(message, field="by")
        found: dict[tuple[Any, ...], list[FlowStep]] = {}
        for step in self.steps:
            key = (*(step.group[name] for name in kept), step.stage, step.period)
            found.setdefault(key, []).append(step)
        steps = (
            replace(reduce(add, parts), group={name: parts[0].group[name] for name in kept})
            for parts in found.values()
        )
        return replace(self, steps=tuple(steps), by=kept)

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        unit = counted(2, self.unit).partition(" ")[2]
        return f"flow of {unit} through the stages, {self.period}, by {_words(self.every)}"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        return tuple(self._notes())

    def _notes(self) -> Iterator[str]:
        running = next((step for step in self.steps if not step.complete), None)
        if running:
            yield f"{running.period.label} still runs: known up to {self.at:%Y-%m-%d %H:%M}"
        again = sum(step.again for step in self.steps)
        if again:
            inflow = sum(step.inflow for step in self.steps)
            yield f"{again:,} of {inflow:,} entries are re-entries; all are counted"
        if self.dirty:
            yield f"{counted(self.dirty, 'stay')} left out: the end is before the beginning"

    def columns(self) -> Sequence[Column]:
        """Return its columns: the dimensions, the stage, the month, the balances and flows."""
        return (
            *(Column(name) for name in self.by),
            Column("stage"),
            Column("period", "text", _words(self.every)),
            Column("start", "count", "at the start"),
            Column("inflow", "count", "in"),
            Column("outflow", "count", "out"),
            Column("end", "count", "at the end"),
            Column("change", "count"),
            Column("change_share", "share", "change"),
            Column("again", "count", "of in: again"),
            Column("complete", "flag"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a step."""
        return [
            (
                *(step.group[name] for name in self.by),
                step.stage,
                step.period.label,
                step.start,
                step.inflow,
                step.outflow,
                step.end,
                step.change,
                step.change_share,
                step.again,
                step.complete,
            )
            for step in self.steps
        ]

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: a panel a stage, bars of who came and left, a line of the balance.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        alt = charts()
        together = self.rolled_up(())
        stages = [*dict.fromkeys(step.stage for step in together)]
        shown = stages[:MOST_STAGES]
        kinds = ("came", "left", "there at the end")
        rows = [
            {
                "stage": step.stage,
                "period": step.period.label + ("" if step.complete else " (runs)"),
                "kind": kind,
                "count": count,
            }
            for step in together
            if step.stage in shown
            for kind, count in zip(kinds, (step.inflow, -step.outflow, step.end), strict=True)
        ]
        unit = counted(2, self.unit).partition(" ")[2]
        colour = alt.Color(
            "kind:N",
            title=None,
            sort=None,
            scale=alt.Scale(domain=[*kinds], range=[*COLOURS.get(theme, ("",) * 3)[:3]]),
        )
        base = alt.Chart().encode(
            x=alt.X("period:O", sort=None, title=_words(self.every)),
            y=alt.Y("count:Q", title=unit, axis=alt.Axis(format=",d", tickMinStep=1)),
            color=colour,
            tooltip=["stage:N", "period:O", "kind:N", "count:Q"],
        )
        bars = base.transform_filter(alt.datum.kind != kinds[2]).mark_bar()
        line = base.transform_filter(alt.datum.kind == kinds[2]).mark_line(
            point={"filled": True, "size": 40}
        )
        chart = (
            alt.layer(bars, line, data=alt.Data(values=rows))
            .properties(width=WIDTH // 2, height=110)
            .facet(facet=alt.Facet("stage:N", sort=shown, title=None), columns=2)
            .resolve_scale(y="independent")
        )
        left_out = len(stages) - len(shown)
        more = [f"the first {len(shown)} of {len(stages)} stages"] if left_out else []
        return themed(chart, theme, title=self.title, notes=[*self.notes, *more])


def _words(every: str) -> str:
    return every.replace("_", "-")


def flow(  # noqa: PLR0913 - what a flow has to say of itself
    entries: Any,
    *,
    measures: Measures,
    at: datetime,
    period: Period | str,
    every: Every = "month",
    leads: Any = None,
    by: str | Sequence[str] | None = None,
) -> Flow:
    """Return how many were in each stage, came and left, month by month.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`, and `left` if there is one;
            without it, a lead leaves a stage with its next entry. Any kind of frame.
        measures: The path, and the zone of the period. Every entry counts, whatever `reentry`.
        at: The moment of the evaluation; with a time zone. What is later is not known yet.
        period: The period; its months that begin at this moment or later are left out.
        every: The unit of time: `day`, `week`, `month`, `quarter`, `half_year`, `year`.
        leads: A frame of leads, one row each, with the columns of `by`.
        by: The columns of leads by which to group, the coarsest first.

    Raises:
        EvaluationError: If an argument is not possible, or a column is absent or of a wrong type.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC, datetime
        >>> words = Measures(path=["inquiry", "mql"])
        >>> entries = pl.DataFrame({
        ...     "lead_id": ["1", "1", "2"],
        ...     "stage": ["inquiry", "mql", "inquiry"],
        ...     "entered": [datetime(2026, month, 5, tzinfo=UTC) for month in (2, 3, 3)],
        ... })
        >>> at = datetime(2026, 4, 15, tzinfo=UTC)
        >>> found = flow(entries, measures=words, at=at, period="2026-03")
        >>> [(x.stage, x.start, x.inflow, x.outflow, x.end) for x in found]
        [('inquiry', 1, 1, 1, 1), ('mql', 0, 1, 0, 1)]
    """
    words, moment = demand_measures(measures), demand_moment(at)
    days = period_of(period, words.in_zone)
    parts = [part for part in days.split(every) if part.first < moment]
    if not parts:
        message = f"period: {days} begins after {at.isoformat()}; expected one that began"
        raise EvaluationError(message, field="period")
    groups = by_of(by)
    table = stays(entries, at=moment, measures=words)
    frame = with_dimensions(table.frame, table, leads, groups)
    bounds = [*(part.first for part in parts), parts[-1].after]
    keys = [*(dimension(name) for name in groups), STAGE, _CAME, _WENT]
    again = nw.col(ENTERED) > nw.col(_FIRST)
    # One pass: how many came in this month and went in that one.
    moves = collected(
        frame.with_columns(nw.col(ENTERED).min().over(LEAD, STAGE).alias(_FIRST))
        .with_columns(
            nw.when(nw.col(SOUND)).then(placed(nw.col(ENTERED), bounds)).alias(_CAME),
            nw.when(~nw.col(LEFT).is_null()).then(placed(nw.col(LEFT), bounds)).alias(_WENT),
            nw.when(again).then(1).alias(_AGAIN),
        )
        .group_by(*keys)
        .agg(nw.len().alias(_COUNT), nw.col(_AGAIN).count())
    )
    counts: dict[tuple[Any, ...], _Counts] = {}
    dirty = 0
    if not groups:
        counts = {(stage,): _Counts.of(parts) for stage in words.order}
    for *key, came, went, count, returned in moves.iter_rows():
        if came is None:
            dirty += int(count)
            continue
        found = counts.setdefault(tuple(key), _Counts.of(parts))
        found.came[came] += int(count)
        found.again[came] += int(returned)
        if went is not None:
            found.went[went] += int(count)
    order = in_order([*dict.fromkeys(key[-1] for key in counts)], words)
    ordered = sorted(
        counts, key=lambda key: ([(x is None, x) for x in key[:-1]], order.index(key[-1]))
    )
    return Flow(
        tuple(
            step
            for key in ordered
            for step in counts[key].steps(
                key[-1], dict(zip(groups, key[:-1], strict=True)), parts, moment
            )
        ),
        at,
        days,
        every,
        words.unit,
        groups,
        dirty,
    )


@dataclass(frozen=True, slots=True)
class _Counts:
    """What happened in a stage before the first period, in each, and after the last."""

    came: list[int]
    went: list[int]
    again: list[int]

    @classmethod
    def of(cls, parts: Sequence[Period]) -> _Counts:
        return cls(*([0] * (len(parts) + 2) for _ in range(3)))

    def steps(
        self, stage: str, group: Mapping[str, Any], parts: Sequence[Period], at: int
    ) -> Iterator[FlowStep]:
        balance = self.came[0] - self.went[0]
        for place, part in enumerate(parts, start=1):
            step = FlowStep(
                stage,
                part,
                balance,
                self.came[place],
                self.went[place],
                self.again[place],
                part.after <= at,
                group,
            )
            yield step
            balance = step.end


def placed(moment: nw.Expr, bounds: Sequence[int], first: int = 0) -> nw.Expr:
    """Return how many of some ascending moments are not after one.

    Args:
        moment: The moment, in microseconds.
        bounds: The moments.
        first: What is added.
    """
    if not bounds:
        return nw.lit(first)
    half = len(bounds) // 2
    before = placed(moment, bounds[:half], first)
    return (
        nw.when(moment < bounds[half])
        .then(before)
        .otherwise(placed(moment, bounds[half + 1 :], first + half + 1))
    )
