"""Calibration: whether as many convert as was expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadrules.errors import EvaluationError, did_you_mean
from leadrules.metrics.pictures import COLOURS, WIDTH, Theme, charts, themed
from leadrules.metrics.quality.band_rates import BandRates
from leadrules.metrics.quality.gains import Gains
from leadrules.metrics.ratio import Ratio, half_up
from leadrules.metrics.tabular import Column, Tabular

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Calibration", "Expected", "calibration_of_bands", "calibration_of_scores"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What was expected of a group of leads, and what came.

    Attributes:
        group: The band, or the tenth of the score.
        expected: The share of them that was expected to convert.
        ratio: How many did.
    """

    group: str
    expected: float
    ratio: Ratio

    @property
    def held(self) -> bool | None:
        """Whether the interval of what came holds what was expected; None if there is none."""
        if self.ratio.interval is None:
            return None
        low, high = self.ratio.interval
        return low <= self.expected <= high


@dataclass(frozen=True, slots=True, repr=False)
class Calibration(Tabular):
    """Expected shares beside those that came.

    Attributes:
        total: What was expected of all leads, and what came.
        groups: The same by band, or by tenths of the score.
        brier: The mean squared difference of what was expected of a lead and what it did (1 or 0);
            None if there are no leads.
        brier_of_rate: The same if of each lead the rate of all were expected, which nobody knew.
    """

    total: Expected
    groups: tuple[Expected, ...]
    brier: float | None
    brier_of_rate: float | None

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        return f"expected {half_up(100 * self.total.expected, 1)} %, came {self.total.ratio}"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        if self.brier is None or self.brier_of_rate is None:
            return ("no lead whose outcome is known",)
        brier, of_rate = half_up(self.brier, 4), half_up(self.brier_of_rate, 4)
        return (f"Brier score {brier}, and {of_rate} if the rate of all were expected of each",)

    def columns(self) -> Sequence[Column]:
        """Return its columns."""
        return (
            Column("group"),
            Column("leads", "count"),
            Column("expected", "share"),
            Column("came", "share"),
            Column("low", "share"),
            Column("high", "share"),
            Column("held", "flag", "as expected"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a group."""
        return [
            (
                x.group,
                x.ratio.denominator,
                x.expected,
                x.ratio.value,
                *(x.ratio.interval or (None, None)),
                x.held,
            )
            for x in self.groups
        ]

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: what came by what was expected, beside the line where both are equal.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        alt = charts()
        names = [column.name for column in self.columns()]
        values = [dict(zip(names, row, strict=True)) for row in self.rows()]
        colours = COLOURS.get(theme, [""])
        axis = alt.Axis(format=".0%")
        x = alt.X("expected:Q", title="expected to convert (%)", axis=axis)
        y = alt.Y("came:Q", title="converted (%), with 95 % interval", axis=axis)
        base = alt.Chart(alt.Data(values=values)).encode(x=x)
        tips = ["group:N", "leads:Q", alt.Tooltip("came:Q", format=".1%")]
        most = max([0.01, *(v for row in values for v in (row["expected"], row["high"]) if v)])
        equal = alt.Chart(alt.Data(values=[{"expected": v, "came": v} for v in (0, most)]))
        layers = [
            equal.mark_line(strokeDash=[4, 4], color=colours[-1]).encode(x=x, y=y),
            base.mark_rule(strokeWidth=2, color=colours[0]).encode(y=alt.Y("low:Q"), y2="high:Q"),
            base.mark_point(filled=True, size=60, color=colours[0], opacity=1).encode(
                y=y, tooltip=tips
            ),
            base.mark_text(align="left", dx=7).encode(y=y, text="group:N"),
        ]
        chart = alt.layer(*layers).properties(width=WIDTH, height=WIDTH * 0.7)
        notes = [self.title, "dashed: as expected"]
        return themed(chart, theme, title="calibration", notes=notes)


def calibration_of_scores(by_score: pl.DataFrame, gains: Gains) -> Calibration:
    """Return the calibration of a score that is a probability, by its tenths.

    Args:
        by_score: `score`, `known` and `converted`, one row each score.
        gains: The tenths of it.

    Raises:
        EvaluationError: If a score is not between 0 and 1.
    """
    score = by_score["score"]
    outside = score.filter((score < 0) | (score > 1))
    if len(outside):
        message = (
            f"score: {outside[0]:g} is no probability; expected 0 to 1, or what is expected of "
            "each band, such as {'hot': 0.2}"
        )
        raise EvaluationError(message, field="score")
    groups = tuple(Expected(str(x.place), x.mean, x.ratio) for x in gains.tenths)
    columns = (by_score[name].to_list() for name in ("score", "known", "converted"))
    return _calibration(gains.total, groups, [*zip(*columns, strict=True)])


def calibration_of_bands(expected: Mapping[str, float], bands: BandRates) -> Calibration:
    """Return the calibration of bands, of each of which a share is expected to convert.

    Raises:
        EvaluationError: If a share is not between 0 and 1, or a band has none.
    """
    for band, share in expected.items():
        if not 0 <= share <= 1:
            message = f"expected: {share:g} of '{band}' is no share; expected 0 to 1"
            raise EvaluationError(message, field="expected")
    groups = []
    for found in bands.bands:
        if found.band is None:
            continue
        if found.band not in expected:
            hint = did_you_mean(found.band, expected)
            message = f"expected: nothing is expected of the band '{found.band}'{hint}"
            raise EvaluationError(message, field="expected")
        groups.append(Expected(found.band, float(expected[found.band]), found.ratio))
    cells = [(x.expected, x.ratio.denominator, x.ratio.numerator) for x in groups]
    return _calibration(bands.total, tuple(groups), cells)


def _calibration(
    total: Ratio, groups: tuple[Expected, ...], cells: Sequence[tuple[float, int, int]]
) -> Calibration:
    """Return a calibration of leads of one expectation each: expected, known, converted."""
    leads, won = sum(known for _, known, _ in cells), sum(met for *_, met in cells)
    if not leads:
        return Calibration(Expected("all", 0.0, total), groups, None, None)
    squares = sum(met * (1 - x) ** 2 + (known - met) * x**2 for x, known, met in cells)
    mean = sum(x * known for x, known, _ in cells) / leads
    rate = won / leads
    return Calibration(Expected("all", mean, total), groups, squares / leads, rate * (1 - rate))
