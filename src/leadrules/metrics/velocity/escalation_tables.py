"""Escalations as a result: who is in a stage for longer than is usual, and what usual is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from leadrules.layout import Sheet
from leadrules.metrics.bar_pictures import bars_of
from leadrules.metrics.pictures import Theme
from leadrules.metrics.ratio import counted, half_up
from leadrules.metrics.tabular import Column, Tabular
from leadrules.metrics.velocity.survivals import days_of

__all__ = ["Escalation", "Escalations", "UsualTime"]

MOST_LINES = 50
"""Of more leads, text and HTML show those that are furthest beyond; frames have all."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """An open lead that is in its stage for longer than is usual.

    Attributes:
        lead_id: The lead.
        stage: Where it is.
        entered: Since when.
        age: For how long.
        usual: Within what time those went on who did, but for the slowest.
        group: What it has in each dimension.
    """

    lead_id: str
    stage: str
    entered: datetime
    age: timedelta
    usual: timedelta
    group: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def beyond(self) -> timedelta:
        """For how much longer than is usual."""
        return self.age - self.usual


@dataclass(frozen=True, slots=True)
class UsualTime:
    """What is usual in a stage.

    Attributes:
        stage: The stage.
        span: Within what time those went on who did, but for the slowest; None if too few did.
        went_on: How many did.
        open: How many leads are in it.
    """

    stage: str
    span: timedelta | None
    went_on: int
    open: int


@dataclass(frozen=True, slots=True, repr=False)
class Escalations(Tabular):
    """The open leads that are in their stage for longer than is usual, the furthest beyond first.

    Attributes:
        at: The moment.
        quantile: Within the usual time so large a share went on, of those who did.
        by: The dimensions that are shown.
        leads: The leads.
        usual: What is usual in each stage, in the order of the path.
        unit: What is counted.
    """

    at: datetime
    quantile: float
    by: tuple[str, ...]
    leads: tuple[Escalation, ...]
    usual: tuple[UsualTime, ...]
    unit: str = "lead"

    def __iter__(self) -> Iterator[Escalation]:
        return iter(self.leads)

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        judged = sum(x.open for x in self.usual if x.span is not None)
        share, open_ones = f"{half_up(100 * self.quantile, 0)} %", f"open {self.unit}"
        return (
            f"escalations: {len(self.leads):,} of {counted(judged, open_ones)} for longer in their "
            f"stage than {share} of those who went on, {self.at:%Y-%m-%d %H:%M %Z}"
        )

    @property
    def notes(self) -> Sequence[str]:
        """What is usual in each stage, and where too few went on to say so."""
        found = []
        for x in self.usual:
            if x.span is None:
                told = f"too little history, {x.went_on:,} went on; its {x.open:,} are not judged"
            else:
                days = half_up(x.span / timedelta(days=1), 1)
                told = f"{days} days, of {x.went_on:,} who went on; {x.open:,} are in it"
            found.append(f"usual in '{x.stage}': {told}")
        if len(self.leads) > MOST_LINES:
            found.append(f"the {MOST_LINES} furthest beyond of {len(self.leads):,}")
        return found

    def columns(self) -> Sequence[Column]:
        """Return its columns: the lead, the dimensions, its stage, its age and what is usual."""
        return (
            Column("lead_id", head="lead"),
            *(Column(name) for name in self.by),
            Column("stage"),
            Column("entered", "moment", "since"),
            Column("age", "days"),
            Column("usual", "days"),
            Column("beyond", "days"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a lead."""
        return [
            (
                x.lead_id,
                *(x.group[name] for name in self.by),
                x.stage,
                x.entered,
                *(days_of(span) for span in (x.age, x.usual, x.beyond)),
            )
            for x in self.leads
        ]

    def sheet(self) -> Sheet:
        """Return the table as people read it."""
        sheet = super(Escalations, self).sheet()
        return Sheet(sheet.heads, sheet.rows[:MOST_LINES], sheet.right)

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: how long the leads have been in their stage, the furthest first.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        rows = [
            {
                "label": f"{x.lead_id} ({x.stage})",
                "amount": x.age / timedelta(days=1),
                "text": f"usual {half_up(x.usual / timedelta(days=1), 1)}",
            }
            for x in self.leads
        ]
        title, _, rest = self.title.partition(": ")
        return bars_of(
            rows, theme=theme, title=title, unit="days in the stage", of=self.unit, notes=[rest]
        )
