"""Win rates: of the deals that were closed in a period, how many were won, or how much of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from leadrules.errors import EvaluationError, as_written, one_of
from leadrules.layout import Sheet
from leadrules.metrics.amounts import demand_value, in_money, one_currency, with_values
from leadrules.metrics.arguments import demand_measures, demand_moment, demand_period
from leadrules.metrics.bar_pictures import bars_of
from leadrules.metrics.conversions import spanned
from leadrules.metrics.courses import course, entries_by, placed
from leadrules.metrics.document import Measures
from leadrules.metrics.hindsight import Share, refuse_hindsight
from leadrules.metrics.outcomes.closings import OPEN, Closed, closings, tallied
from leadrules.metrics.outcomes.value_ratio import ValueRatio
from leadrules.metrics.periods import Period
from leadrules.metrics.pictures import Theme, intervals_of, label_of
from leadrules.metrics.ratio import Ratio
from leadrules.metrics.ratios import Ratios
from leadrules.metrics.tables import by_of
from leadrules.metrics.tabular import Column, Tabular

__all__ = ["WEIGH", "Weigh", "WinRates", "win_rate"]

Weigh = Literal["count", "value"]
"""Whether each deal counts as one, or as what it is worth."""
WEIGH: tuple[Weigh, ...] = ("count", "value")

_ENDS = ("won", "lost")
BESIDE = (OPEN, "disqualified", "recycled")
"""What is in no denominator."""


@dataclass(frozen=True, slots=True, repr=False)
class WinRates(Tabular):
    """Won of won and lost, of all deals that were closed in a period, and by dimension.

    Deals that are open, or whose leads were disqualified or recycled, are in no denominator; they
    are counted beside it.

    Attributes:
        total: The rate of all of them together.
        by: The dimensions, the coarsest first.
        parts: The rate of each group; without dimensions, of all of them.
        beside: How many are in no denominator, for each part: open at the end of the period,
            disqualified and recycled in it.
    """

    total: Ratio | ValueRatio
    by: tuple[str, ...]
    parts: tuple[Ratio | ValueRatio, ...]
    beside: tuple[Mapping[str, int], ...] = field(hash=False)

    def __getitem__(self, group: Any) -> Ratio | ValueRatio:
        wanted = group if isinstance(group, tuple) else (group,)
        for part in self.parts:
            if tuple(part.group.get(name) for name in self.by) == wanted:
                return part
        raise KeyError(group)

    @property
    def ratios(self) -> Ratios:
        """The same as ratios, which can be rolled up and added.

        Raises:
            EvaluationError: If deals count as what they are worth.
        """
        total, parts = self.total, self.parts
        if isinstance(total, ValueRatio):
            message = "ratios: shares of money are none; expected weigh='count'"
            raise EvaluationError(message, field="ratios")
        found = tuple(part for part in parts if isinstance(part, Ratio)) if self.by else ()
        return Ratios(total, self.by, found)

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        return f"{self.total.name.replace('_', ' ')}, won / (won + lost): {self.total}"

    @property
    def notes(self) -> Sequence[str]:
        """What is in no denominator."""
        told = [(sum(x[kind] for x in self.beside), kind) for kind in BESIDE]
        return ["not in it: " + ", ".join(f"{count:,} {kind}" for count, kind in told)]

    def columns(self) -> Sequence[Column]:
        """Return its columns: the dimensions, won and closed, the rate, what is not in it."""
        own = (
            (Column("low", "share"), Column("high", "share"))
            if isinstance(self.total, Ratio)
            else (Column("currency"), Column("closed", "count"), Column("unvalued", "count"))
        )
        return (
            *(Column(name) for name in self.by),
            Column("numerator", "count", "won"),
            Column("denominator", "count", "won + lost"),
            Column("value", "share", "win rate"),
            *own,
            *(Column(name, "count") for name in BESIDE),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a group; money is minor units."""
        return [
            (
                *(part.group.get(name) for name in self.by),
                part.numerator,
                part.denominator,
                part.value,
                *(
                    (part.currency, part.of, part.unvalued)
                    if isinstance(part, ValueRatio)
                    else part.interval or (None, None)
                ),
                *(beside[kind] for kind in BESIDE),
            )
            for part, beside in zip(self.parts, self.beside, strict=True)
        ]

    def sheet(self) -> Sheet:
        """Return the table as people read it."""
        sheet = super(WinRates, self).sheet()
        if isinstance(self.total, Ratio):
            return sheet
        first = len(self.by)
        rows = [
            [
                *row[:first],
                *(in_money(x, part.currency) for x in (part.numerator, part.denominator)),
                *row[first + 2 :],
            ]
            for row, part in zip(sheet.rows, self.parts, strict=True)
            if isinstance(part, ValueRatio)
        ]
        return Sheet(sheet.heads, rows, sheet.right)

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: each rate, with its interval and the total if deals are counted.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        if isinstance(self.total, Ratio):
            counts = [part for part in self.parts if isinstance(part, Ratio)]
            return intervals_of(counts, self.total, self.by, theme=theme)
        rows = [
            {
                "label": label_of(part.group) or "all",
                "amount": part.value or 0,
                "text": f"{in_money(part.numerator, self.total.currency)} of "
                f"{in_money(part.denominator, self.total.currency)}",
            }
            for part in self.parts
        ]
        return bars_of(
            rows,
            theme=theme,
            title=self.total.name.replace("_", " "),
            unit="share of the value of closed deals",
            of=", ".join(self.by).replace("_", " "),
            notes=[str(self.total)],
            share=True,
        )


def win_rate(  # noqa: PLR0913 - what a ratio has to say of itself
    entries: Any,
    *,
    measures: Measures,
    at: datetime,
    period: Period | str | None = None,
    leads: Any = None,
    by: str | Sequence[str] | None = None,
    weigh: Weigh = "count",
    currency: str | None = None,
) -> WinRates:
    """Return what share was won of the deals that were won or lost in a period.

    This is not the conversion of a cohort: deals count in the period in which they were closed,
    whenever they began. A lead that was lost and later won counts in both, each in its period.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`. Any kind of frame.
        measures: Which stages mean won and lost, and which entry counts.
        at: The moment of the evaluation; with a time zone. Later entries are not known yet.
        period: When deals were closed; by default whenever, and the rate tells the days.
        leads: A frame of leads, one row each, with the columns of `by` and the value.
        by: The columns of leads by which to group, the coarsest first; without leads, of entries.
        weigh: Whether a deal counts as one (`count`), or as what it is worth (`value`).
        currency: Of deals in several currencies, which count; the rest has no value then.

    Raises:
        EvaluationError: If an argument is not possible, a column is absent or of a wrong type,
            deals are grouped by what is known only of those that were won, or their values are in
            several currencies.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC, datetime
        >>> words = Measures(funnel={"quote": "proposal", "close": "won"}, lost=["lost"])
        >>> entries = pl.DataFrame({
        ...     "lead_id": ["1", "2", "3", "4"],
        ...     "stage": ["won", "lost", "lost", "proposal"],
        ...     "entered": [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 20, 3, 30)],
        ... })
        >>> found = win_rate(entries, measures=words, at=datetime(2026, 4, 15, tzinfo=UTC),
        ...     period="2026-03")
        >>> print(found.total)  # doctest: +NORMALIZE_WHITESPACE
        1 of 3 closed leads (33.3 %, 95 % CI 6.1 to 79.2), period 2026-03-01 to 2026-03-31,
        first entry, 0 censored
        >>> found.notes
        ['not in it: 1 open, 0 disqualified, 0 recycled']
    """
    words, moment = demand_measures(measures), demand_moment(at)
    days, groups = demand_period(period, words), by_of(by)
    _demand_ends(words)
    if weigh not in WEIGH:
        message = f"weigh: '{as_written(weigh)}' is not possible; expected {one_of(WEIGH)}"
        raise EvaluationError(message, field="weigh")
    by_value = weigh == "value"
    if by_value:
        demand_value(words, leads)
    table = entries_by(entries, leads, groups, at=moment)
    frame = closings(course(table, words), words, days, table.dimensions)
    if by_value:
        frame = with_values(frame, table, leads, words, groups)
    else:
        frame = placed(frame, table, leads, groups)
    found = tallied(frame, groups, valued=by_value)
    ends = [x for x in found if x.kind in _ENDS]
    unit = f"closed {words.unit}"
    refuse_hindsight(_shares(ends, groups), groups, to="close", unit=unit)
    days = days or spanned([x.first for x in ends], [x.last for x in ends], words.in_zone)
    code = one_currency((x.currency for x in ends), currency, "deals") if by_value else None
    if by_value:
        _refuse_values(ends, code)

    def rate(rows: Sequence[Closed], group: Mapping[str, Any]) -> Ratio | ValueRatio:
        if not by_value:
            found = Ratio("win_rate", _count(rows, _ENDS[:1]), _count(rows, _ENDS), group=group)
            return replace(found, unit=unit, basis="period", period=days, entry=words.reentry)
        known = [x for x in rows if x.kind in _ENDS and x.currency and x.currency == code]
        value = ValueRatio(
            "win_rate_by_value",
            sum(x.minor for x in known if x.kind == "won"),
            sum(x.minor for x in known),
            code,
            of=_count(known, _ENDS),
            unvalued=_count(rows, _ENDS) - _count(known, _ENDS),
            group=group,
        )
        return replace(value, unit=unit, period=days, entry=words.reentry)

    by_group: dict[tuple[Any, ...], list[Closed]] = {} if groups else {(): [*found]}
    for row in found if groups else ():
        by_group.setdefault(row.group, []).append(row)
    return WinRates(
        rate(found, {}),
        groups,
        tuple(rate(rows, dict(zip(groups, x, strict=True))) for x, rows in by_group.items()),
        tuple({kind: _count(rows, (kind,)) for kind in BESIDE} for rows in by_group.values()),
    )


def _refuse_values(ends: Sequence[Closed], currency: str | None) -> None:
    """Refuse a rate by value if the values of those that were lost were never written down.

    Raises:
        EvaluationError: If it is so; all of the value would be won.
    """
    known = [x for x in ends if x.currency is not None and x.currency == currency]
    won, lost = (_count(known, (kind,)) for kind in _ENDS)
    if won and not lost and _count(ends, _ENDS[1:]):
        of_won, of_lost = (f"{_count(ends, (kind,)):,}" for kind in _ENDS)
        message = (
            f"weigh: a value is known of {won:,} of {of_won} won, and of 0 of {of_lost} lost; a "
            "rate by value would be 100 % whatever they did; expected values of both"
        )
        raise EvaluationError(message, field="weigh")


def _count(rows: Sequence[Closed], kinds: Sequence[str]) -> int:
    return sum(row.leads for row in rows if row.kind in kinds)


def _shares(ends: Sequence[Closed], by: Sequence[str]) -> Iterator[Share]:
    """Yield how many of each group were won, of those closed."""
    for group in dict.fromkeys(x.group for x in ends):
        rows = [x for x in ends if x.group == group]
        won = _count(rows, _ENDS[:1])
        yield Share(dict(zip(by, group, strict=True)), won, _count(rows, _ENDS))


def _demand_ends(measures: Measures) -> None:
    """Refuse measures by which nothing can be won, or nothing lost.

    Raises:
        EvaluationError: If they are such.
    """
    for name, stages in (("funnel.close", measures.won), ("lost", measures.lost)):
        if not stages:
            message = f"measures: '{name}' is not stated; a win rate needs what is won and lost"
            raise EvaluationError(message, field="measures")
