"""Score quality: whether leads with a higher score convert more often, and how surely."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from leadrules.errors import EvaluationError
from leadrules.metrics.arguments import demand_measures, demand_moment, demand_period
from leadrules.metrics.document import Measures
from leadrules.metrics.periods import Period
from leadrules.metrics.pictures import Theme
from leadrules.metrics.quality.band_rates import BandRates, band_rates_of
from leadrules.metrics.quality.calibrations import (
    Calibration,
    calibration_of_bands,
    calibration_of_scores,
)
from leadrules.metrics.quality.gains import Gains, gains_of
from leadrules.metrics.quality.scored import Scored, scored_leads
from leadrules.metrics.quality.thresholds import Threshold, threshold_of
from leadrules.metrics.ratio import Ratio, counted, percent
from leadrules.metrics.statistics.rankings import Area, Separation, area, separation
from leadrules.metrics.tabular import Column, Tabular

__all__ = ["Quality", "score_quality"]


@dataclass(frozen=True, slots=True, repr=False)
class Quality(Tabular):
    """How well a score tells those who convert from the rest.

    Attributes:
        total: How many of the leads whose outcome is known converted.
        gains: The leads by tenths of their score: lift, gains, curve.
        bands: The leads by band; None if the scores have no bands.
        area: The area under the ROC curve; None if nobody, or everybody, converted.
        separation: The statistic of Kolmogorov and Smirnov; None likewise.
        scored: The counts that all of this comes from.
    """

    total: Ratio
    gains: Gains
    bands: BandRates | None
    area: Area | None
    separation: Separation | None
    scored: Scored = field(repr=False, compare=False)

    def calibration(self, expected: Mapping[str, float] | Quality | None = None) -> Calibration:
        """Return whether as many converted as was expected.

        Args:
            expected: The share of each band that should convert, or the quality of an earlier
                time, whose bands say so; by default the score itself is a probability.

        Raises:
            EvaluationError: If the score is no probability, there are no bands, or nothing is
                expected of one of them.
        """
        if expected is None:
            return calibration_of_scores(_known(self.scored), self.gains)
        if isinstance(expected, Quality):
            parts = expected.bands.bands if expected.bands else ()
            rates = {x.band: x.ratio.value for x in parts if x.band is not None}
            expected = {band: rate for band, rate in rates.items() if rate is not None}
        if self.bands is None:
            message = "expected: the scores have no bands; expected a column of them"
            raise EvaluationError(message, field="expected")
        return calibration_of_bands(expected, self.bands)

    def threshold(self, *, capacity: float) -> Threshold:
        """Return the lowest score from which on no more leads come than people can work.

        Args:
            capacity: How many leads a week they can work.

        Raises:
            EvaluationError: If it is not above zero, or nobody knows when leads were scored.
        """
        return threshold_of(self.scored, capacity)

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        return f"{self.total.name.replace('_', ' ')}: {self.total}"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        scored, unit = self.scored, self.total.unit
        told = {
            "late": "left out, scored when the outcome had happened",
            "young": "left out, not yet {} after their score",
            "unknown": "left out, of unknown outcome",
        }
        notes = []
        for name, words in told.items():
            if count := scored.total(name):
                notes.append(f"{counted(count, unit)} {words.format(self._long())}")
        if scored.again:
            notes.append(f"{counted(scored.again, 'later score')} left out; the first one counts")
        if scored.unscored:
            notes.append(f"{counted(scored.unscored, 'row')} without a score or a moment left out")
        return notes

    def _long(self) -> str:
        return str(self.total.to_dict()["window"])

    def columns(self) -> Sequence[Column]:
        """Return its columns."""
        return (
            Column("measure"),
            Column("value", "number"),
            Column("low", "number"),
            Column("high", "number"),
            Column("reading"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a measure."""
        low, high = self.total.interval or (None, None)
        rows: list[tuple[Any, ...]] = [
            ("rate", self.total.value, low, high, "share of all leads that converted")
        ]
        if self.area is not None:
            reading = "0.5 knows nothing, 1 parts both sides"
            rows.append(("AUC", self.area.value, self.area.low, self.area.high, reading))
        if self.separation is not None:
            reading = f"largest from {self.separation.cut:g} on"
            rows.append(("KS", self.separation.value, None, None, reading))
        if self.gains.tenths and self.total.numerator:
            best = self.gains.tenths[0].ratio
            share = percent(best.denominator, self.total.denominator)
            caught = percent(best.numerator, self.total.numerator)
            lift = (best.value or 0) / (self.total.value or 1)
            reading = f"{share} % of leads, {caught} % of conversions"
            rows.append(("lift of the best tenth", lift, None, None, reading))
        return rows

    def __str__(self) -> str:
        parts = [Tabular.__str__(self), *([str(self.bands)] if self.bands else []), str(self.gains)]
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        parts: list[Tabular] = [*([self.bands] if self.bands else []), self.gains]
        return Tabular._repr_html_(self) + "".join(part._repr_html_() for part in parts)

    def to_dict(self) -> dict[str, Any]:
        """Return it as data that JSON can hold, with its bands and tenths."""
        more = {"bands": self.bands and self.bands.to_dict(), "gains": self.gains.to_dict()}
        return Tabular.to_dict(self) | more

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture of the gains; `bands` and `calibration()` have their own.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        return self.gains.plot(theme=theme)


def score_quality(  # noqa: PLR0913 - what a measure of scores has to be told
    scores: Any,
    outcomes: Any = None,
    *,
    measures: Measures,
    at: datetime,
    to: str = "close",
    converted: str | None = None,
    period: Period | str | None = None,
    window: timedelta | None = None,
    score: str = "score",
    band: str = "band",
    bands: Iterable[str] | None = None,
) -> Quality:
    """Return how well a score tells those who convert from the rest.

    Of each lead its first score in the period counts. Whoever has not had the window yet is left
    out and told, converted or not; so is who was scored when the outcome had happened.

    Args:
        scores: The table of scores: `lead_id`, the score, `at` when it was taken, and if there is
            one the band. Without `at`, one row a lead. Any kind of frame.
        outcomes: The table of entries: `lead_id`, `stage`, `entered`.
        measures: What the words mean, which entry counts, and what a skipped stage is.
        at: The moment of the evaluation; with a time zone. What is later is not known yet.
        to: The stage, or word of the funnel, that leads should come to.
        converted: Instead of outcomes, the boolean column of the scores that says who converted; of
            whom it says nothing, that is not known.
        period: When leads were scored; by default whenever.
        window: How long each lead has from its score; needed with outcomes.
        score: The column of the score.
        band: The column of the band, if there is one.
        bands: The bands, the best first; by default by their mean score.

    Raises:
        EvaluationError: If an argument is not possible, or a column is absent or of a wrong type.

    Source:
        N. Siddiqi, Credit Risk Scorecards, 2006, for gains, lift, and KS of scorecards.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC
        >>> scores = pl.DataFrame({
        ...     "lead_id": ["1", "2", "3", "4"], "score": [80, 60, 60, 20],
        ...     "bought": [True, True, False, False],
        ... })
        >>> found = score_quality(scores, converted="bought", measures=Measures(),
        ...     at=datetime(2026, 4, 1, tzinfo=UTC))
        >>> found.area.value, found.separation.cut, found.total.numerator
        (0.875, 80.0, 2)
    """
    words = demand_measures(measures)
    scored = scored_leads(
        scores,
        outcomes,
        measures=words,
        at=demand_moment(at),
        to=to,
        converted=converted,
        period=demand_period(period, words),
        window=window,
        score=score,
        band=band,
    )
    by_score = _known(scored)
    has_bands = scored.counts["band"].count() > 0
    return Quality(
        total=scored.ratio(scored.total("converted"), scored.total("known")),
        gains=gains_of(scored, by_score),
        bands=band_rates_of(scored, bands) if has_bands else None,
        area=area(by_score),
        separation=separation(by_score),
        scored=scored,
    )


def _known(scored: Scored) -> pl.DataFrame:
    """Return the counts of each score that has leads whose outcome is known."""
    return scored.by_score().filter(pl.col("known") > 0)
