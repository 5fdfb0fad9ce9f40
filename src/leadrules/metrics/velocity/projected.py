"""Projections as results: how many of the open leads will be won, and how surely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil, floor, sqrt
from statistics import NormalDist
from typing import Any

from leadrules.layout import Sheet
from leadrules.metrics.amounts import in_money, minor_units
from leadrules.metrics.pictures import COLOURS, WIDTH, Theme, charts, label_of, themed
from leadrules.metrics.ratio import counted, half_up
from leadrules.metrics.statistics.intervals import CONFIDENCE
from leadrules.metrics.tabular import Column, Tabular
from leadrules.values import duration_text

__all__ = ["Projected", "Projection"]


@dataclass(frozen=True, slots=True)
class Projected:
    """How many of a group of open leads will be won within the horizon.

    Attributes:
        count: How many are open and have a chance that is known.
        expected: The sum of their chances.
        deviation: The standard deviation of how many will be won.
        minor: What those who will be won are expected to be worth, in minor units; None if values
            are not known.
        minor_deviation: Its standard deviation.
        minor_most: What all of them together are worth.
        unvalued: Of how many the value is not known, or in another currency.
        unknown: How many more are open of whom nothing can be said, for want of history.
        group: What they have in common, by dimension.
    """

    count: int
    expected: float
    deviation: float
    minor: float | None = None
    minor_deviation: float | None = None
    minor_most: int | None = None
    unvalued: int = 0
    unknown: int = 0
    group: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def interval(self) -> tuple[int, int]:
        """Whole leads, rounded outwards, between which the number will be in 95 of 100 cases."""
        width = _Z * self.deviation
        low, high = floor(self.expected - width), ceil(self.expected + width)
        return max(low, 0), min(high, self.count)

    @property
    def minor_interval(self) -> tuple[float, float] | None:
        """Likewise of their value, in minor units; None if values are not known."""
        if self.minor is None or self.minor_deviation is None or self.minor_most is None:
            return None
        width = _Z * self.minor_deviation
        return max(self.minor - width, 0.0), min(self.minor + width, float(self.minor_most))


_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


@dataclass(frozen=True, slots=True, repr=False)
class Projection(Tabular):
    """How many of the open leads will be won within the horizon, of all and by dimension.

    Attributes:
        at: From when on.
        horizon: For how long.
        total: That of all of them.
        by: The dimensions, the coarsest first; without any, the stages.
        parts: That of each group.
        unit: What is counted.
        currency: The currency of values, if they are known.
        short: How many have a chance for less than the horizon, since nobody was followed longer.
        aside: How many are in no stage on the way to the sale, such as the recycled ones.
    """

    at: datetime
    horizon: timedelta
    total: Projected
    by: tuple[str, ...]
    parts: tuple[Projected, ...]
    unit: str = "lead"
    currency: str | None = None
    short: int = 0
    aside: int = 0

    def __iter__(self) -> Iterator[Projected]:
        return iter(self.parts)

    def __getitem__(self, group: Any) -> Projected:
        wanted = group if isinstance(group, tuple) else (group,)
        for part in self.parts:
            if tuple(part.group.get(name) for name in self.by) == wanted:
                return part
        raise KeyError(group)

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        low, high = self.total.interval
        span = duration_text(self.horizon // timedelta(microseconds=1))
        found = (
            f"projection: of {counted(self.total.count, f'open {self.unit}')} "
            f"{half_up(self.total.expected, 1)} will be won (95 % interval {low:,} to {high:,}) "
            f"within {span} from {self.at:%Y-%m-%d %H:%M %Z}"
        )
        bounds = self.total.minor_interval
        if bounds is None:
            return found
        worth, low_money, high_money = (self._money(minor) for minor in (self.total.minor, *bounds))
        return f"{found}, worth {worth} ({low_money} to {high_money})"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        found = [
            "each has the chance of those who were once in its stage for as long",
            "the interval has the luck of each and the doubt about chances, if all goes on so",
            "it has neither leads that are yet to come nor a change of market, team or process",
        ]
        if self.total.unknown:
            found.append(
                f"{self.total.unknown:,} more are open where, or for longer than, too few were: "
                "not in it"
            )
        if self.short:
            found.append(
                f"for {self.short:,} nobody was followed as long as that: a chance of less time"
            )
        if self.aside:
            found.append(f"{self.aside:,} more are in no stage on the way to the sale: not in it")
        if self.total.minor is not None and self.total.unvalued:
            found.append(
                f"the value of {self.total.unvalued:,} is not known, or in another currency"
            )
        return found

    def columns(self) -> Sequence[Column]:
        """Return its columns: the dimensions, the open ones, who will be won, and its interval."""
        money = (
            Column("value", "number", "worth"),
            Column("value_low", "number"),
            Column("value_high", "number"),
            Column("currency"),
        )
        return (
            *(Column(name) for name in self.by),
            Column("open", "count"),
            Column("expected", "number", "will be won"),
            Column("low", "count"),
            Column("high", "count"),
            *(money if self.total.minor is not None else ()),
            Column("unknown", "count", "too little history"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a group; money is in units of the currency."""
        return [
            (
                *(part.group.get(name) for name in self.by),
                part.count,
                part.expected,
                *part.interval,
                *(self._worth(part) if self.total.minor is not None else ()),
                part.unknown,
            )
            for part in self.parts
        ]

    def _worth(self, part: Projected) -> tuple[Any, ...]:
        found = (part.minor, *(part.minor_interval or (None, None)))
        scale = minor_units(self.currency)
        return (*(None if x is None else x / scale for x in found), self.currency)

    def _money(self, minor: float | None) -> str:
        return "-" if minor is None else in_money(Fraction(minor), self.currency)

    def sheet(self) -> Sheet:
        """Return the table as people read it."""
        sheet = super(Projection, self).sheet()
        if self.total.minor is None:
            return sheet
        first = len(self.by) + 4
        rows = [
            [
                *row[:first],
                *(self._money(x) for x in (part.minor, *(part.minor_interval or (None, None)))),
                *row[first + 3 :],
            ]
            for row, part in zip(sheet.rows, self.parts, strict=True)
        ]
        return Sheet(sheet.heads, rows, sheet.right)

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: how many of each group will be won, with its interval.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        alt = charts()
        rows = [
            {
                "group": label_of(part.group),
                "expected": part.expected,
                "low": part.interval[0],
                "high": part.interval[1],
                "of": f"of {part.count:,}",
            }
            for part in self.parts
        ]
        colour = COLOURS.get(theme, [""])[0]
        unit = f"{counted(2, self.unit).partition(' ')[2]} that will be won, with 95 % interval"
        of = ", ".join(self.by).replace("_", " ")
        base = alt.Chart(alt.Data(values=rows)).encode(y=alt.Y("group:N", sort=None, title=of))
        axis = alt.Axis(tickMinStep=1, format=",~f")
        low = alt.X("low:Q", title=unit, axis=axis, scale=alt.Scale(zero=True))
        layers = alt.layer(
            base.mark_rule(strokeWidth=2, color=colour).encode(x=low, x2="high:Q"),
            base.mark_point(filled=True, size=60, color=colour, opacity=1).encode(
                x="expected:Q", tooltip=["group:N", "expected:Q", "low:Q", "high:Q", "of:N"]
            ),
            base.mark_text(align="left", dx=6).encode(x="high:Q", text="of:N"),
        )
        title, _, rest = self.title.partition(": ")
        chart = layers.properties(width=WIDTH, height=alt.Step(24))
        return themed(chart, theme, title=title, notes=[rest, *self.notes])


def deviation_of(luck: float, doubts: Sequence[float]) -> float:
    """Return the standard deviation of a sum of chances that are estimates.

    Args:
        luck: The variance of who is won, if the chances were known.
        doubts: Of each stage, the sum of the deviations of the chances; those of one stage are
            estimated from the same leads, so they err together; those of several do not.
    """
    return sqrt(luck + sum(doubt**2 for doubt in doubts))
