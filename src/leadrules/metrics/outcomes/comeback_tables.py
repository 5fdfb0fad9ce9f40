"""Comebacks: of the leads that were recycled, how many came back, and how many of those bought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.arguments import demand_measures, demand_moment, demand_period
from leadrules.metrics.conversions import grouped, spanned
from leadrules.metrics.courses import ENTERED, PLACE, TURN, chosen, course, entries_by, placed
from leadrules.metrics.document import Measures
from leadrules.metrics.periods import Period
from leadrules.metrics.pictures import Theme, intervals_of
from leadrules.metrics.ratio import Ratio
from leadrules.metrics.ratios import Ratios
from leadrules.metrics.tables import LEAD, by_of, dimension
from leadrules.metrics.tabular import Column, Tabular

__all__ = ["Comebacks", "comebacks"]

STEPS = ("back", "sales_ready", "won")
"""What those can come to who were recycled: work on them again, sales, and the sale."""
_ALL, _FIRST, _LAST = (f"{PREFIX}0{name}" for name in ("all", "first", "last"))
_LATEST = {step: f"{PREFIX}0latest_{step}" for step in STEPS}
_MET = {step: f"{PREFIX}0met_{step}" for step in STEPS}


@dataclass(frozen=True, slots=True, repr=False)
class Comebacks(Tabular):
    """Of the leads that were recycled in a period, how many came back, and how far.

    Attributes:
        steps: The steps that have a meaning: `back`, `sales_ready`, `won`.
        total: For each step the share of all of them that came there.
        by: The dimensions, the coarsest first.
        parts: The same of each group; without dimensions, of all of them.
    """

    steps: tuple[str, ...]
    total: tuple[Ratio, ...]
    by: tuple[str, ...]
    parts: tuple[tuple[Ratio, ...], ...]

    def ratios(self, step: str) -> Ratios:
        """Return the shares that came to a step: `back`, `sales_ready` or `won`.

        Raises:
            KeyError: If there is no such step.
        """
        if step not in self.steps:
            raise KeyError(step)
        place = self.steps.index(step)
        parts = tuple(part[place] for part in self.parts) if self.by else ()
        return Ratios(self.total[place], self.by, parts)

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        ends = [
            f"{step.replace('_', ' ')} {ratio.numerator:,}"
            for step, ratio in zip(self.steps, self.total, strict=True)
        ]
        return f"comebacks: {', '.join(ends)}; {self.steps[-1]}: {self.total[-1]}"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        return ["who was recycled late had little time to come back"]

    def columns(self) -> Sequence[Column]:
        """Return its columns: dimensions, how many were recycled, came back and won, the share."""
        return (
            *(Column(name) for name in self.by),
            Column("recycled", "count"),
            *(Column(step, "count") for step in self.steps),
            Column("value", "share", f"{self.steps[-1]} of recycled"),
            Column("low", "share"),
            Column("high", "share"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a group."""
        return [
            (
                *(part[-1].group.get(name) for name in self.by),
                part[-1].denominator,
                *(ratio.numerator for ratio in part),
                part[-1].value,
                *(part[-1].interval or (None, None)),
            )
            for part in self.parts
        ]

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: the share of each group that came to the last step.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        return intervals_of([x[-1] for x in self.parts], self.total[-1], self.by, theme=theme)


def comebacks(  # noqa: PLR0913 - what a ratio has to say of itself
    entries: Any,
    *,
    measures: Measures,
    at: datetime,
    period: Period | str | None = None,
    leads: Any = None,
    by: str | Sequence[str] | None = None,
) -> Comebacks:
    """Return how many of the leads recycled in a period came back, and how many of them bought.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`. Any kind of frame.
        measures: Which stages mean recycled and won, what the path is, which entry counts.
        at: The moment of the evaluation; with a time zone. Later entries are not known yet.
        period: When they were recycled; by default whenever, and the ratios tell the days.
        leads: A frame of leads, one row each, with the columns of `by`.
        by: The columns of leads by which to group, the coarsest first; without leads, columns of
            the entries by which they were recycled, such as `reason`.

    Returns:
        Whoever came to a stage of the path later is back.

    Raises:
        EvaluationError: If an argument is not possible, or a column is absent or of a wrong type.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC, datetime
        >>> words = Measures(funnel={"suspect": "new", "close": "won"}, recycled=["nurture"])
        >>> entries = pl.DataFrame({
        ...     "lead_id": ["1", "1", "1", "2", "3"],
        ...     "stage": ["nurture", "new", "won", "nurture", "won"],
        ...     "entered": [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 3, 20, 3, 30)],
        ... })
        >>> found = comebacks(entries, measures=words, at=datetime(2026, 4, 15, tzinfo=UTC))
        >>> print(found.ratios("won").total)  # doctest: +NORMALIZE_WHITESPACE
        1 of 2 leads (50.0 %, 95 % CI 9.5 to 90.5), cohort 2026-03-02 to 2026-03-03, first entry,
        0 censored
    """
    words, moment = demand_measures(measures), demand_moment(at)
    days, groups = demand_period(period, words), by_of(by)
    if not words.recycled:
        message = "measures: 'recycled' is not stated; comebacks are of those who were recycled"
        raise EvaluationError(message, field="measures")
    table = entries_by(entries, leads, groups, at=moment)
    course_of = course(table, words)
    least = _least(words)
    goals = {
        _LATEST[step]: nw.when(nw.col(PLACE) >= place).then(nw.col(TURN))
        for step, place in least.items()
    }
    latest = course_of.with_columns(**goals).group_by(LEAD)
    frame = chosen(course_of, {"recycled": words.recycled}, words.reentry)
    if days is not None:
        frame = frame.filter(nw.col(ENTERED) >= days.first, nw.col(ENTERED) < days.after)
    frame = frame.join(latest.agg(*(nw.col(x).max() for x in goals)), on=LEAD, how="left")
    met = {
        _MET[step]: nw.when(nw.col(_LATEST[step]) > nw.col(TURN)).then(1).otherwise(0)
        for step in least
    }
    counts = grouped(
        placed(frame, table, leads, groups).with_columns(**met),
        groups,
        nw.len().alias(_ALL),
        *(nw.col(name).sum() for name in met),
        nw.col(ENTERED).min().alias(_FIRST),
        nw.col(ENTERED).max().alias(_LAST),
    )
    days = days or spanned(counts[_FIRST].to_list(), counts[_LAST].to_list(), words.in_zone)

    def ratios(row: Mapping[str, Any]) -> tuple[Ratio, ...]:
        return tuple(
            Ratio(
                f"recycled_to_{step}",
                int(row[_MET[step]] or 0),
                int(row[_ALL]),
                unit="entry" if words.reentry == "every" else words.unit,
                period=days,
                entry=words.reentry,
                group={x: row[dimension(x)] for x in groups if dimension(x) in row},
            )
            for step in least
        )

    names = (_ALL, *met)
    total = ratios({name: counts[name].sum() for name in names})
    parts = tuple(ratios(row) for row in counts.iter_rows(named=True))
    return Comebacks(tuple(least), total, groups, parts)


def _least(measures: Measures) -> Mapping[str, int]:
    """Return for each step that has a meaning the first place of the path that is it."""
    order = measures.order
    found = {"back": 0}
    for step, stage in (("sales_ready", measures.steps.get("sales_ready")), ("won", measures.won)):
        if stage in order:
            found[step] = order.index(stage)
    return found
