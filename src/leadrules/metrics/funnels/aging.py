"""Ages: how long those who are in a stage have been there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError, as_written
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.arguments import demand_measures, demand_moment
from leadrules.metrics.document import Measures
from leadrules.metrics.funnels.stays import ENTERED, LEFT, SOUND, STAGE, in_order, stays
from leadrules.metrics.pictures import COLOURS, WIDTH, Theme, charts, themed
from leadrules.metrics.ratio import counted, half_up
from leadrules.metrics.tables import by_of, collected, dimension, with_dimensions
from leadrules.metrics.tabular import Column, Tabular

if TYPE_CHECKING:
    import polars as pl

__all__ = ["BINS", "Ages", "StageAge", "ages"]

BINS = (7, 30, 90, 180)
"""The days at which bins of ages begin and end, where nobody says otherwise."""

_DAY = 86_400_000_000
_AGE = f"{PREFIX}0age"


@dataclass(frozen=True, slots=True)
class StageAge:
    """How long those who are in a stage have been there.

    Attributes:
        stage: The stage.
        count: How many are there.
        median: The median age, in days.
        p90: The 90th percentile of ages, in days, linear between two leads.
        oldest: The highest age, in days.
        bins: How many are in each bin of ages.
        group: What the leads have in common, by dimension.
    """

    stage: str
    count: int
    median: float
    p90: float
    oldest: float
    bins: tuple[int, ...]
    group: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, repr=False)
class Ages(Tabular):
    """The ages of those who are in each stage; found by stage: `found["mql"]`.

    Attributes:
        found: One for each stage, of all groups together.
        at: The moment.
        edges: The days at which the bins begin, but the first, which begins at 0.
        unit: What is counted.
        by: The dimensions, the coarsest first.
        parts: One for each group and stage; medians of groups do not add up to that of all.
        ended: How many are in stages where a lead's way ends; they have no age here.
    """

    found: tuple[StageAge, ...]
    at: datetime
    edges: tuple[float, ...] = BINS
    unit: str = "lead"
    by: tuple[str, ...] = ()
    parts: tuple[StageAge, ...] = ()
    ended: int = 0

    def __iter__(self) -> Iterator[StageAge]:
        return iter(self.found)

    def __getitem__(self, stage: str) -> StageAge:
        for age in self.found:
            if age.stage == stage:
                return age
        raise KeyError(stage)

    @property
    def labels(self) -> tuple[str, ...]:
        """What the bins are called, such as `0-7`, `7-30`, `180-`; the last day is not in it."""
        days = [f"{edge:g}" for edge in (0, *self.edges)]
        return (*(f"{one}-{two}" for one, two in pairwise(days)), f"{days[-1]}-")

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        count = counted(sum(age.count for age in self.found), self.unit)
        return f"ages of {count} in open stages at {self.at:%Y-%m-%d %H:%M}"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        ages = "they are still there: how long each will have stayed is not known yet"
        if not self.ended:
            return (ages,)
        return (ages, f"{counted(self.ended, self.unit)} in stages that end the way are left out")

    def columns(self) -> Sequence[Column]:
        """Return its columns: the dimensions, the stage, the count, the ages, the bins."""
        return (
            *(Column(name) for name in self.by),
            Column("stage"),
            Column("count", "count", counted(2, self.unit).partition(" ")[2]),
            Column("median", "days"),
            Column("p90", "days", "90th percentile"),
            Column("oldest", "days"),
            *(Column(f"days_{label}", "count", f"{label} days") for label in self.labels),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a stage; with groups one a group and stage."""
        return [
            (
                *(age.group[name] for name in self.by),
                age.stage,
                age.count,
                age.median,
                age.p90,
                age.oldest,
                *age.bins,
            )
            for age in (self.parts if self.by else self.found)
        ]

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: a panel a stage, and in it a bar a bin of ages.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        alt = charts()
        rows = [
            {
                "stage": _panel(age),
                "days": label,
                "count": count,
            }
            for age in self.found
            for label, count in zip(self.labels, age.bins, strict=True)
        ]
        unit = counted(2, self.unit).partition(" ")[2]
        colour = COLOURS.get(theme, [""])[0]
        order = [_panel(age) for age in self.found]
        most = max((max(age.bins) for age in self.found), default=1)
        base = alt.Chart().encode(
            x=alt.X("days:O", sort=None, title="age (days)", axis=alt.Axis(labelAngle=0)),
            y=alt.Y(
                "count:Q",
                title=unit,
                axis=alt.Axis(format=",d", tickMinStep=1),
                scale=alt.Scale(domain=[0, most * 1.2]),  # room for the number above a bar
            ),
            tooltip=["stage:N", "days:O", "count:Q"],
        )
        layers = [
            base.mark_bar(color=colour),
            base.mark_text(dy=-7).encode(text=alt.Text("count:Q", format=",d")),
        ]
        chart = (
            alt.layer(*layers, data=alt.Data(values=rows))
            .properties(width=WIDTH // 2, height=110)
            .facet(facet=alt.Facet("stage:N", sort=order, title=None), columns=2)
        )
        return themed(chart, theme, title=self.title, notes=[*self.notes])


def _panel(age: StageAge) -> str:
    return f"{age.stage}: median {half_up(age.median, 1)} days"


def ages(  # noqa: PLR0913 - the tables, what they mean, and how they are shown
    entries: Any,
    *,
    measures: Measures,
    at: datetime,
    leads: Any = None,
    by: str | Sequence[str] | None = None,
    bins: Sequence[float] = BINS,
) -> Ages:
    """Return how long those who are in each open stage have been there.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`, and `left` if there is one;
            without it, a lead leaves a stage with its next entry. Any kind of frame.
        measures: The path, and the stages where a lead's way ends: won, lost, disqualified. Who
            waits in a recycled stage has an age.
        at: The moment of the evaluation; with a time zone. What is later is not known yet.
        leads: A frame of leads, one row each, with the columns of `by`.
        by: The columns of leads by which to group, the coarsest first.
        bins: The days at which the bins begin, but the first, which begins at 0; ascending.

    Raises:
        EvaluationError: If an argument is not possible, or a column is absent or of a wrong type.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC, datetime
        >>> words = Measures(path=["inquiry", "mql"])
        >>> entries = pl.DataFrame({
        ...     "lead_id": ["1", "1", "2", "3"],
        ...     "stage": ["inquiry", "mql", "mql", "mql"],
        ...     "entered": [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 5, 9, 31)],
        ... })
        >>> found = ages(entries, measures=words, at=datetime(2026, 4, 1, tzinfo=UTC))
        >>> found["mql"].median, found["mql"].oldest, found["mql"].bins
        (23.0, 27.0, (1, 2, 0, 0, 0))
    """
    words, moment = demand_measures(measures), demand_moment(at)
    edges = _demand_bins(bins)
    groups = by_of(by)
    table = stays(entries, at=moment, measures=words)
    frame = table.frame.filter(nw.col(SOUND), nw.col(LEFT).is_null())
    ends = [x for x in words.closed if x not in words.recycled]
    frame = with_dimensions(frame, table, leads, groups)
    keys = [dimension(name) for name in groups]
    # Medians need all ages; one number a lead.
    there = collected(frame.select(*keys, STAGE, (moment - nw.col(ENTERED)).alias(_AGE)))
    is_over = there[STAGE].is_in(ends)
    rows = there.filter(~is_over)
    return Ages(
        tuple(_ages(rows, (), edges, words)),
        at,
        edges,
        words.unit,
        groups,
        tuple(_ages(rows, groups, edges, words)) if groups else (),
        int(is_over.sum()),
    )


def _ages(
    rows: pl.DataFrame, by: Sequence[str], edges: Sequence[float], measures: Measures
) -> Iterator[StageAge]:
    import polars as pl  # noqa: PLC0415 - frames are an extra

    age = pl.col(_AGE)
    bounds = [0, *(round(edge * _DAY) for edge in edges)]
    bins = [(age >= bound).sum().alias(f"bin_{place}") for place, bound in enumerate(bounds)]
    found = rows.group_by(*(dimension(name) for name in by), STAGE).agg(
        pl.len().alias("count"),
        age.median().alias("median"),
        age.quantile(0.9, "linear").alias("p90"),
        age.max().alias("oldest"),
        *bins,
    )
    order = in_order(found[STAGE].unique().to_list(), measures)

    def place(row: Mapping[str, Any]) -> Any:
        group = [(row[dimension(name)] is None, row[dimension(name)]) for name in by]
        return group, order.index(row[STAGE])

    for row in sorted(found.iter_rows(named=True), key=place):
        above = [*(row[f"bin_{number}"] for number in range(len(bounds))), 0]
        yield StageAge(
            row[STAGE],
            row["count"],
            row["median"] / _DAY,
            row["p90"] / _DAY,
            row["oldest"] / _DAY,
            tuple(one - two for one, two in pairwise(above)),
            {name: row[dimension(name)] for name in by},
        )


def _demand_bins(bins: Sequence[Any]) -> tuple[float, ...]:
    edges = (0, *bins)
    sound = all(isinstance(edge, int | float) and isfinite(edge) for edge in edges)
    if not sound or not all(one < two for one, two in pairwise(edges)):
        told = ", ".join(as_written(edge) for edge in bins)
        message = f"bins: '{told}' is not possible; expected ascending numbers of days above 0"
        raise EvaluationError(message, field="bins")
    return edges[1:]
