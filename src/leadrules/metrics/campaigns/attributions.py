"""Attribution: to which campaign each lead that bought is credited, by its first or last touch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError, as_written, one_of
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.arguments import (
    demand_measures,
    demand_moment,
    demand_period,
    demand_window,
)
from leadrules.metrics.bar_pictures import bars_of
from leadrules.metrics.conversions import spanned
from leadrules.metrics.document import Measures
from leadrules.metrics.happenings import ID, KIND, TIME, TYPE, happened
from leadrules.metrics.periods import Period
from leadrules.metrics.pictures import Theme
from leadrules.metrics.ratio import counted, percent
from leadrules.metrics.reached import OF, entries_table, journeys
from leadrules.metrics.statistics.intervals import wilson
from leadrules.metrics.tables import LEAD, by_of, collected, dimension, with_dimensions
from leadrules.metrics.tabular import Column, Tabular
from leadrules.values import Type, duration_text

__all__ = ["MODELS", "Attribution", "Credit", "Model", "attribution"]

Model = Literal["first_touch", "last_touch"]
"""Which event of a lead has the credit: the first that names a campaign, or the last before it
came to the stage."""
MODELS: tuple[Model, ...] = ("first_touch", "last_touch")
TOUCHES = ("activity", "touch")
"""The kinds of events that may have credit: what leads do, and what is done to reach them."""

_CREDIT = f"{PREFIX}0credit"
_NEXT, _COUNT, _FIRST, _LAST = (f"{PREFIX}0{name}" for name in ("next", "count", "first", "last"))


class Credit(NamedTuple):
    """How many leads of a group are credited to a campaign.

    Attributes:
        group: The values of the dimensions.
        to: The campaign; None if no event names one.
        leads: How many they are.
    """

    group: tuple[Any, ...]
    to: str | None
    leads: int


@dataclass(frozen=True, slots=True, repr=False)
class Attribution(Tabular):
    """The leads that came to a stage in a period, each credited to one campaign, or to none.

    Attributes:
        model: Which event of a lead has the credit.
        column: The column of events that names the campaign.
        reached: The stage, or word of the funnel.
        by: The dimensions, the coarsest first.
        credits: How many leads are credited to each campaign; they add up to all of them.
        unit: What is counted.
        period: When they came to the stage; None if nobody did, and it was not asked.
        window: How long before it an event may have been; None is any time.
        entry: Which entry into the stage counts.
    """

    model: Model
    column: str
    reached: str
    by: tuple[str, ...]
    credits: tuple[Credit, ...]
    unit: str = "lead"
    period: Period | None = None
    window: timedelta | None = None
    entry: str = "first"

    @property
    def total(self) -> int:
        """How many leads there are."""
        return sum(credit.leads for credit in self.credits)

    @property
    def uncredited(self) -> int:
        """How many leads have no event that names a campaign."""
        return sum(credit.leads for credit in self.credits if credit.to is None)

    def __getitem__(self, campaign: str | None) -> int:
        """Return how many leads are credited to a campaign, or to none (None)."""
        return sum(credit.leads for credit in self.credits if credit.to == campaign)

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        window = self.window and duration_text(self.window // timedelta(microseconds=1))
        names = (self.model, self.column, self.reached)
        model, column, reached = (name.replace("_", " ") for name in names)
        told = [
            f"{model} by {column}: {counted(self.total, self.unit)} that came to {reached}",
            *([f"period {self.period}"] if self.period else []),
            *([f"events of the {window} before"] if window else []),
            f"{self.entry} entry",
        ]
        return ", ".join(told)

    @property
    def notes(self) -> Sequence[str]:
        """How many leads have no credit."""
        return [f"{self.uncredited:,} of {self.total:,} without an event that names one"]

    def columns(self) -> Sequence[Column]:
        """Return its columns: dimensions, campaign, count, share of all of them, its interval."""
        return (
            *(Column(name) for name in self.by),
            Column(self.column),
            Column("leads", "count", counted(2, self.unit).partition(" ")[2]),
            Column("share", "share", "share of all"),
            Column("low", "share"),
            Column("high", "share"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows: of each group the campaign with most first, and none last."""
        groups = [*dict.fromkeys(credit.group for credit in self.credits)]
        found = sorted(
            self.credits,
            key=lambda x: (groups.index(x.group), x.to is None, -x.leads, x.to or ""),
        )
        return [
            (*x.group, x.to, x.leads, x.leads / self.total, *wilson(x.leads, self.total))
            for x in found
        ]

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: how many leads each campaign is credited with.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        names = dict.fromkeys(credit.to for credit in self.credits)
        rows = [
            {
                "label": "(none)" if name is None else name,
                "amount": self[name],
                "text": f"{self[name]:,} ({percent(self[name], self.total)} %)",
            }
            for name in sorted(names, key=lambda x: (x is None, -self[x], x or ""))
        ]
        return bars_of(
            rows,
            theme=theme,
            title=f"{self.model.replace('_', ' ')} attribution",
            unit=counted(2, self.unit).partition(" ")[2],
            of=self.column.replace("_", " "),
            notes=[self.title],
        )


def attribution(  # noqa: PLR0913 - what a credit has to say of itself
    entries: Any,
    events: Any,
    *,
    measures: Measures,
    at: datetime,
    model: Model = "first_touch",
    column: str = "campaign",
    to: str = "close",
    kinds: Collection[str] = TOUCHES,
    types: Collection[str] | None = None,
    period: Period | str | None = None,
    window: timedelta | None = None,
    leads: Any = None,
    by: str | Sequence[str] | None = None,
) -> Attribution:
    """Return to which campaign each lead is credited that came to a stage in a period.

    Only events up to the moment at which the lead came there count, and of these only such as
    name a campaign; retracted ones do not. Of several at one moment, the order of their ids
    decides.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`. Any kind of frame.
        events: The table of events: `lead_id`, `time`, `kind`, `type`, and the column that names
            the campaign; `id` and `of` if there are retractions.
        measures: What the words mean, which entry counts, and what a skipped stage is.
        at: The moment of the evaluation; with a time zone. What is later is not known yet.
        model: `first_touch`, which credits what found the lead, or `last_touch`, what came last.
        column: The column of events that names the campaign, or the source.
        to: The stage, or word of the funnel; by default the sale.
        kinds: The kinds of events that may have credit.
        types: The types of events that may have credit; by default all.
        period: When leads came to the stage; by default whenever, and the result tells the days.
        window: How long before it an event may have been; by default any time.
        leads: A frame of leads, one row each, with the columns of `by`.
        by: The columns of leads by which to group, the coarsest first.

    Raises:
        EvaluationError: If an argument is not possible, or a column is absent or of a wrong type.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC, datetime
        >>> words = Measures(funnel={"sales_ready": "mql", "close": "won"})
        >>> entries = pl.DataFrame({
        ...     "lead_id": ["1", "2"], "stage": ["won", "won"],
        ...     "entered": [datetime(2026, 3, day, tzinfo=UTC) for day in (20, 30)],
        ... })
        >>> events = pl.DataFrame({
        ...     "lead_id": ["1", "1", "1"],
        ...     "time": [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 9, 25)],
        ...     "kind": "activity", "type": "visit", "campaign": ["fair", "webinar", "mail"],
        ... })
        >>> found = attribution(entries, events, measures=words, model="last_touch",
        ...     at=datetime(2026, 4, 15, tzinfo=UTC))
        >>> [(credit.to, credit.leads) for credit in found.credits]
        [('webinar', 1), (None, 1)]
    """
    words, moment, span = demand_measures(measures), demand_moment(at), demand_window(window)
    days, groups = demand_period(period, words), by_of(by)
    stage = words.stage(to, "to")
    if model not in MODELS:
        message = f"model: '{as_written(model)}' is not possible; expected {one_of(MODELS)}"
        raise EvaluationError(message, field="model")
    table = entries_table(entries, at=moment)
    came = journeys(table, stage, stage, words).select(LEAD, OF)
    if days is not None:
        came = came.filter(nw.col(OF) >= days.first, nw.col(OF) < days.after)
    touches = happened(events, table, at=moment, more={column: Type.STRING}).filter(
        nw.col(KIND).is_in([*kinds]), ~nw.col(column).is_null(), nw.col(column) != ""
    )
    if types is not None:
        touches = touches.filter(nw.col(TYPE).is_in([*types]))
    touches = touches.select(
        LEAD, TIME, nw.col(ID).fill_null("").alias(ID), nw.col(column).alias(_CREDIT)
    )
    frame = came.join(_picked(came, touches, model, span), on=[LEAD, OF], how="left")
    frame = with_dimensions(frame, table, leads, groups)
    keys = [*(dimension(name) for name in groups), _CREDIT]
    rows = collected(
        frame.group_by(*keys).agg(
            nw.len().alias(_COUNT),
            nw.col(OF).min().alias(_FIRST),
            nw.col(OF).max().alias(_LAST),
        )
    ).sort(keys, nulls_last=True)
    found = tuple(Credit(row[:-4], row[-4], int(row[-3])) for row in rows.iter_rows())
    days = days or spanned(rows[_FIRST].to_list(), rows[_LAST].to_list(), words.in_zone)
    unit = "entry" if words.reentry == "every" else words.unit
    return Attribution(model, column, to, groups, found, unit, days, window, words.reentry)


def _picked(
    came: nw.LazyFrame[Any], touches: nw.LazyFrame[Any], model: Model, window: int | None
) -> nw.LazyFrame[Any]:
    """Return the campaign that has the credit, of each arrival that has one."""
    met = came.join(touches, on=LEAD, how="inner").filter(nw.col(TIME) <= nw.col(OF))
    if window is not None:
        met = met.filter(nw.col(OF) - nw.col(TIME) <= window)
    beyond = nw.col(TIME).shift(1 if model == "first_touch" else -1)
    order = [TIME, ID, _CREDIT]
    met = met.with_columns(beyond.over(LEAD, OF, order_by=order).alias(_NEXT))
    return met.filter(nw.col(_NEXT).is_null()).select(LEAD, OF, _CREDIT)
