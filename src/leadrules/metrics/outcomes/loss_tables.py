"""Losses: which leads were lost or disqualified, to whom, why, and how far they had come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError, as_written, one_of
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.arguments import demand_measures, demand_moment, demand_period
from leadrules.metrics.bar_pictures import bars_of
from leadrules.metrics.conversions import spanned
from leadrules.metrics.courses import (
    BEFORE,
    ENTERED,
    FURTHEST,
    KIND,
    REASON,
    chosen,
    course,
    entries_by,
    kinds_of,
    placed,
)
from leadrules.metrics.document import Measures
from leadrules.metrics.periods import Period
from leadrules.metrics.pictures import Theme
from leadrules.metrics.ratio import counted, percent
from leadrules.metrics.statistics.intervals import wilson
from leadrules.metrics.tables import by_of, collected, dimension
from leadrules.metrics.tabular import Column, Tabular

__all__ = ["Loss", "LossStages", "Losses", "losses"]

ENDS = ("lost", "disqualified")
_COUNT, _FIRST, _LAST = (f"{PREFIX}0{name}" for name in ("count", "first", "last"))


class Loss(NamedTuple):
    """How many leads of a group were lost in one way.

    Attributes:
        group: The values of the dimensions, such as the competitor.
        kind: `lost`, or `disqualified`.
        reason: Why; None if nobody said.
        furthest: The last stage of the path that they had reached; None if they were on none.
        before: The stage in which they were just before; None if there is none.
        leads: How many they are.
    """

    group: tuple[Any, ...]
    kind: str
    reason: str | None
    furthest: str | None
    before: str | None
    leads: int


@dataclass(frozen=True, slots=True, repr=False)
class Losses(Tabular):
    """The leads that were lost or disqualified in a period, by reason.

    Attributes:
        by: The dimensions, the coarsest first.
        parts: How many were lost in each way.
        unit: What is counted.
        period: The period; None if nobody was lost and none was asked for.
        entry: Which entry counts, of a lead that was lost several times.
        order: The stages in the order of success.
    """

    by: tuple[str, ...]
    parts: tuple[Loss, ...]
    unit: str = "lead"
    period: Period | None = None
    entry: str = "first"
    order: tuple[str, ...] = field(default=(), repr=False)

    @property
    def total(self) -> int:
        """How many were lost or disqualified."""
        return sum(part.leads for part in self.parts)

    def of(self, kind: str) -> int:
        """Return how many were `lost`, or `disqualified`."""
        return sum(part.leads for part in self.parts if part.kind == kind)

    @property
    def unexplained(self) -> int:
        """Of how many nobody said why."""
        return sum(part.leads for part in self.parts if part.reason is None)

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        told = [f"{self.of(kind):,} {kind}" for kind in ENDS]
        days = f", period {self.period}" if self.period else ""
        count = counted(self.total, self.unit)
        return f"losses: {count} ({', '.join(told)}){days}, {self.entry} entry"

    @property
    def notes(self) -> Sequence[str]:
        """Of how many nobody said why."""
        if not self.unexplained:
            return []
        share = percent(self.unexplained, self.total)
        return [f"{self.unexplained:,} of {self.total:,} without a reason ({share} %)"]

    def columns(self) -> Sequence[Column]:
        """Return its columns: dimensions, outcome, reason, count, share of all of them."""
        return (
            *(Column(name) for name in self.by),
            Column("outcome"),
            Column("reason"),
            Column("leads", "count", counted(2, self.unit).partition(" ")[2]),
            Column("share", "share", "share of all"),
            Column("low", "share"),
            Column("high", "share"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows: of each group the lost first, by how many there are."""
        counts: dict[tuple[tuple[Any, ...], str, str | None], int] = {}
        for part in self.parts:
            key = (part.group, part.kind, part.reason)
            counts[key] = counts.get(key, 0) + part.leads
        groups = [*dict.fromkeys(part.group for part in self.parts)]
        found = sorted(
            counts.items(),
            key=lambda x: (groups.index(x[0][0]), ENDS.index(x[0][1]), -x[1], x[0][2] or ""),
        )
        return [
            (*group, kind, reason, count, count / self.total, *wilson(count, self.total))
            for (group, kind, reason), count in found
        ]

    def by_stage(self, reached: Literal["furthest", "before"] = "furthest") -> LossStages:
        """Return the losses by reason and the stage that leads had reached.

        Args:
            reached: The stage furthest along the path, whenever it was, or that just before.

        Raises:
            EvaluationError: If it is neither.
        """
        if reached not in _REACHED:
            message = (
                f"reached: '{as_written(reached)}' is not possible; expected {one_of(_REACHED)}"
            )
            raise EvaluationError(message, field="reached")
        return LossStages(self, reached)

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: the reasons, the most frequent first.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        counts: dict[tuple[str, str | None], int] = {}
        for part in self.parts:
            key = (part.kind, part.reason)
            counts[key] = counts.get(key, 0) + part.leads
        several = len({kind for kind, _ in counts}) > 1
        rows = [
            {
                "label": _said(reason) + (f" ({kind})" if several else ""),
                "kind": kind,
                "amount": count,
                "text": f"{count:,} ({percent(count, self.total)} %)",
            }
            for (kind, reason), count in sorted(
                counts.items(), key=lambda x: (-x[1], ENDS.index(x[0][0]), x[0][1] or "")
            )
        ]
        return bars_of(
            rows,
            theme=theme,
            title="why leads were lost",
            unit=f"{counted(2, self.unit).partition(' ')[2]} lost",
            of="reason",
            notes=[self.title, *self.notes],
        )


_REACHED = ("furthest", "before")


@dataclass(frozen=True, slots=True, repr=False)
class LossStages(Tabular):
    """Losses by reason, in rows, and the stage that leads had reached, in columns.

    Attributes:
        losses: The losses.
        reached: Which stage: the `furthest` on the path, or the one just `before`.
    """

    losses: Losses
    reached: Literal["furthest", "before"]

    @property
    def stages(self) -> Sequence[str | None]:
        """The stages that leads had reached, in the order of success; the others come after."""
        found = {getattr(part, self.reached) for part in self.losses.parts}
        order = self.losses.order
        others = sorted(stage for stage in found if stage is not None and stage not in order)
        return [
            *(stage for stage in order if stage in found),
            *others,
            *([None] if None in found else []),
        ]

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        which = "furthest stage reached" if self.reached == "furthest" else "stage before"
        return f"{self.losses.title}, by the {which}"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        return self.losses.notes

    def columns(self) -> Sequence[Column]:
        """Return its columns: dimensions, outcome, reason, a count for each stage, and all."""
        return (
            *(Column(name) for name in self.losses.by),
            Column("outcome"),
            Column("reason"),
            *(Column(stage or "no_stage", "count", stage) for stage in self.stages),
            Column("leads", "count", "all"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, in the order of the losses."""
        dimensions = len(self.losses.by)
        found = []
        for row in self.losses.rows():
            group, kind, reason = row[:dimensions], row[dimensions], row[dimensions + 1]
            parts = [
                x for x in self.losses.parts if (x.group, x.kind, x.reason) == (group, kind, reason)
            ]
            counts = [
                sum(x.leads for x in parts if getattr(x, self.reached) == stage)
                for stage in self.stages
            ]
            found.append((*group, kind, reason, *counts, sum(counts)))
        return found


def losses(  # noqa: PLR0913 - what a count has to say of itself
    entries: Any,
    *,
    measures: Measures,
    at: datetime,
    period: Period | str | None = None,
    leads: Any = None,
    by: str | Sequence[str] | None = None,
) -> Losses:
    """Return which leads were lost or disqualified in a period, and why.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`, and `reason` if it is known.
            Any kind of frame.
        measures: Which stages mean lost and disqualified, and which entry counts.
        at: The moment of the evaluation; with a time zone. Later entries are not known yet.
        period: When they were lost; by default whenever, and the result tells the days.
        leads: A frame of leads, one row each, with the columns of `by`.
        by: The columns of leads by which to group, the coarsest first, such as the competitor to
            whom they were lost; without leads, columns of entries.

    Returns:
        How many were lost in each way. A lead that was both lost and disqualified is in both.

    Raises:
        EvaluationError: If an argument is not possible, or a column is absent or of a wrong type.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC, datetime
        >>> words = Measures(funnel={"quote": "proposal", "close": "won"}, lost=["lost"])
        >>> entries = pl.DataFrame({
        ...     "lead_id": ["1", "1", "2", "3"],
        ...     "stage": ["proposal", "lost", "lost", "lost"],
        ...     "entered": [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 20, 3, 30)],
        ...     "reason": [None, "price", "price", None],
        ... })
        >>> print(losses(entries, measures=words, at=datetime(2026, 4, 15, tzinfo=UTC)))
        losses: 3 leads (3 lost, 0 disqualified), period 2026-03-03 to 2026-03-30, first entry
          outcome  reason  leads  share of all (%)  low (%)  high (%)
          lost     price       2              66.7     20.8      93.9
          lost     -           1              33.3      6.1      79.2
          1 of 3 without a reason (33.3 %)
    """
    words, moment = demand_measures(measures), demand_moment(at)
    days, groups = demand_period(period, words), by_of(by)
    kinds = {kind: kinds_of(words)[kind] for kind in ENDS}
    if not any(kinds.values()):
        message = "measures: neither 'lost' nor 'disqualified' is stated; losses need one of them"
        raise EvaluationError(message, field="measures")
    table = entries_by(entries, leads, groups, at=moment)
    frame = chosen(course(table, words), kinds, words.reentry)
    if days is not None:
        frame = frame.filter(nw.col(ENTERED) >= days.first, nw.col(ENTERED) < days.after)
    frame = placed(frame, table, leads, groups)
    keys = [*(dimension(name) for name in groups), KIND, REASON, FURTHEST, BEFORE]
    rows = collected(
        frame.group_by(*keys).agg(
            nw.len().alias(_COUNT),
            nw.col(ENTERED).min().alias(_FIRST),
            nw.col(ENTERED).max().alias(_LAST),
        )
    ).sort(keys, nulls_last=True)
    order = words.order
    parts = tuple(
        Loss(
            row[: len(groups)],
            kind=row[-7],
            reason=row[-6],
            furthest=None if row[-5] < 0 else order[row[-5]],
            before=row[-4],
            leads=int(row[-3]),
        )
        for row in rows.iter_rows()
    )
    days = days or spanned(rows[_FIRST].to_list(), rows[_LAST].to_list(), words.in_zone)
    unit = "entry" if words.reentry == "every" else words.unit
    return Losses(groups, parts, unit, days, words.reentry, order)


def _said(reason: str | None) -> str:
    return "(no reason)" if reason is None else reason
