"""Gains: how many of those who convert are caught by working the highest scores first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from leadrules.metrics.pictures import COLOURS, WIDTH, Theme, charts, themed
from leadrules.metrics.quality.scored import Scored
from leadrules.metrics.ratio import Ratio
from leadrules.metrics.tabular import Column, Tabular

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Gains", "Tenth", "gains_of", "places"]

MOST_POINTS = 200
"""A curve of more points looks the same."""


@dataclass(frozen=True, slots=True)
class Tenth:
    """The leads of a tenth, by their score.

    Attributes:
        place: Which one; 1 has the highest scores.
        low: Its lowest score.
        high: Its highest score.
        mean: Its mean score.
        ratio: How many of its leads converted.
        above: How many converted of its leads and those of the tenths above.
    """

    place: int
    low: float
    high: float
    mean: float
    ratio: Ratio
    above: Ratio


@dataclass(frozen=True, slots=True, repr=False)
class Gains(Tabular):
    """Leads by tenths of their score, the highest first, and what working them so far catches.

    Leads of one score are never parted: they are all in the tenth in which the middle of them is.
    So tenths are not of one size, and where a score has few values some have nobody and are left
    out.

    Attributes:
        total: How many of all leads converted.
        tenths: The tenths that have leads.
        curve: The share of leads worked and the share of conversions caught, after each score.
    """

    total: Ratio
    tenths: tuple[Tenth, ...]
    curve: tuple[tuple[float, float], ...]

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        return f"gains by tenths of the score: {self.total}"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        return ("leads of one score stay together, so tenths are not all of one size",)

    def columns(self) -> Sequence[Column]:
        """Return its columns."""
        return (
            Column("tenth", "count"),
            Column("lowest", "number", "lowest score"),
            Column("leads", "count"),
            Column("converted", "count"),
            Column("rate", "share"),
            Column("low", "share"),
            Column("high", "share"),
            Column("lift", "number"),
            Column("worked", "share", "leads so far"),
            Column("caught", "share", "caught so far"),
            Column("lift_so_far", "number"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a tenth that has leads."""
        return [
            (
                x.place,
                x.low,
                x.ratio.denominator,
                x.ratio.numerator,
                x.ratio.value,
                *(x.ratio.interval or (None, None)),
                _over(x.ratio, self.total),
                _share(x.above.denominator, self.total.denominator),
                _share(x.above.numerator, self.total.numerator),
                _over(x.above, self.total),
            )
            for x in self.tenths
        ]

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture of the gains: conversions caught by leads worked, beside pure chance.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        alt = charts()
        step = max(1, -(-len(self.curve) // MOST_POINTS))
        shown = [*self.curve[::step], *self.curve[-1:]]
        points = [{"worked": x, "caught": y} for x, y in [(0.0, 0.0), *dict.fromkeys(shown)]]
        worked = alt.X("worked:Q", title="leads worked, highest score first (%)", axis=_percents())
        caught = alt.Y("caught:Q", title="conversions caught (%)", axis=_percents())
        tips = [alt.Tooltip("worked:Q", format=".1%"), alt.Tooltip("caught:Q", format=".1%")]
        colours = COLOURS.get(theme, [""])
        line = alt.Chart(alt.Data(values=points)).mark_line(color=colours[0], strokeWidth=2.5)
        diagonal = alt.Chart(alt.Data(values=[{"worked": x, "caught": x} for x in (0, 1)]))
        layers = [
            diagonal.mark_line(strokeDash=[4, 4], color=colours[-1]).encode(x=worked, y=caught),
            line.encode(x=worked, y=caught, tooltip=tips),
        ]
        chart = alt.layer(*layers).properties(width=WIDTH, height=WIDTH * 0.7)
        notes = [str(self.total), "dashed: what a score that knows nothing would catch"]
        return themed(chart, theme, title="gains: what the highest scores catch", notes=notes)

    def plot_lift(self, *, theme: Theme = "light") -> Any:
        """Return a picture of the lift: the rate of each tenth beside that of all leads.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        alt = charts()
        rows = [
            {
                "tenth": x.place,
                "lift": _over(x.ratio, self.total),
                "of": f"{x.ratio.numerator:,} of {x.ratio.denominator:,}",
            }
            for x in self.tenths
        ]
        base = alt.Chart(alt.Data(values=rows)).encode(
            x=alt.X(
                "tenth:O", title="tenth of the score (1 is the highest)", axis={"labelAngle": 0}
            ),
            y=alt.Y("lift:Q", title="lift (times the rate of all leads)"),
        )
        colours = COLOURS.get(theme, [""])
        tips = ["tenth:O", "of:N", alt.Tooltip("lift:Q", format=".2f")]
        one = alt.Chart(alt.Data(values=[{"lift": 1}]))
        layers = [
            base.mark_bar(color=colours[0]).encode(tooltip=tips),
            base.mark_text(dy=-6).encode(text=alt.Text("lift:Q", format=".1f")),
            one.mark_rule(strokeDash=[4, 4], color=colours[-1]).encode(y="lift:Q"),
        ]
        chart = alt.layer(*layers).properties(width=WIDTH, height=WIDTH * 0.5)
        notes = [str(self.total), "dashed: the rate of all leads"]
        return themed(chart, theme, title="lift by tenths of the score", notes=notes)


def places(sizes: Sequence[int], parts: int) -> list[int]:
    """Return in which of so many parts of equal size each group of equals is, counted from 0.

    A group is where its middle is; if that is between two parts, in the later.

    Args:
        sizes: How many each group has, in order.
        parts: How many parts.

    Examples:
        >>> places([1, 1, 2], 2), places([3, 1], 2), places([1, 8, 1], 10)
        ([0, 0, 1], [0, 1], [0, 5, 9])
    """
    found, before, total = [], 0, sum(sizes)
    for size in sizes:
        found.append(min(parts * (2 * before + size) // (2 * total), parts - 1) if total else 0)
        before += size
    return found


def gains_of(scored: Scored, by_score: pl.DataFrame) -> Gains:
    """Return the gains of scores.

    Args:
        scored: They say what the ratios are of.
        by_score: `score`, `known` and `converted`, the highest score first; each has known leads.
    """
    columns = (by_score[name].to_list() for name in ("score", "known", "converted"))
    scores, known, won = columns
    groups: dict[int, list[int]] = {}
    for row, place in enumerate(places(known, 10)):
        groups.setdefault(place, []).append(row)
    tenths, leads_above, won_above = [], 0, 0
    for place, rows in groups.items():
        leads, converted = sum(known[row] for row in rows), sum(won[row] for row in rows)
        leads_above, won_above = leads_above + leads, won_above + converted
        tenths.append(
            Tenth(
                place + 1,
                low=scores[rows[-1]],
                high=scores[rows[0]],
                mean=sum(scores[row] * known[row] for row in rows) / leads,
                ratio=scored.ratio(converted, leads, tenth=place + 1),
                above=scored.ratio(won_above, leads_above),
            )
        )
    curve = tuple(
        (worked / leads_above, caught / won_above)
        for worked, caught in zip(accumulate(known), accumulate(won), strict=True)
        if won_above
    )
    return Gains(scored.ratio(won_above, leads_above), tuple(tenths), curve)


def _over(part: Ratio, total: Ratio) -> float | None:
    """Return how many times the rate of all leads that of some is."""
    if part.value is None or not total.value:
        return None
    return part.value / total.value


def _share(count: int, of: int) -> float | None:
    return count / of if of else None


def _percents() -> dict[str, str]:
    return {"format": ".0%"}
