"""Thresholds: from which score on leads are no more than people can work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from leadrules.errors import EvaluationError, as_written
from leadrules.metrics.quality.scored import Scored
from leadrules.metrics.ratio import Ratio, half_up, percent, plural

__all__ = ["Threshold", "threshold_of"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """The lowest score from which on no more leads come than people can work.

    Attributes:
        score: The score; None if even the highest comes more often.
        capacity: How many leads a week can be worked.
        per_week: How many a week have this score or more, on average.
        busiest: How many in the busiest week.
        caught: How many of those who converted have this score or more.
        rate: How many of those with this score or more converted.
    """

    score: float | None
    capacity: float
    per_week: float
    busiest: int
    caught: Ratio
    rate: Ratio

    def __str__(self) -> str:
        caught, rate = self.caught, self.rate
        unit = plural(rate.unit)
        if self.score is None:
            return f"no score is rare enough for {self.capacity:g} {unit} a week"
        return (
            f"from {self.score:g} on: {half_up(self.per_week, 1)} {unit} a week on average, "
            f"{self.busiest:,} in the busiest, of {self.capacity:g} that can be worked; "
            f"{_share(caught)} of those who convert are among them, "
            f"and of them convert {_share(rate)}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as data that JSON can hold."""
        return {
            "score": self.score,
            "capacity": self.capacity,
            "per_week": self.per_week,
            "busiest": self.busiest,
            "caught": self.caught.to_dict(),
            "rate": self.rate.to_dict(),
        }


def _share(ratio: Ratio) -> str:
    """Return a ratio in short."""
    counts = f"{ratio.numerator:,} of {ratio.denominator:,}"
    if not ratio.denominator:
        return counts
    return f"{percent(ratio.numerator, ratio.denominator)} % ({counts})"


def threshold_of(scored: Scored, capacity: Any) -> Threshold:
    """Return the threshold for a capacity.

    All leads that were scored in the period come; what is caught is counted of those whose
    outcome is known.

    Raises:
        EvaluationError: If the capacity is not above zero, or nobody knows when leads were scored.
    """
    if isinstance(capacity, bool) or not isinstance(capacity, int | float) or capacity <= 0:
        message = (
            f"capacity: '{as_written(capacity)}' is not possible; expected leads a week, above 0"
        )
        raise EvaluationError(message, field="capacity")
    if scored.weeks is None:
        message = "threshold: expected scores with the column 'at', which says how many come a week"
        raise EvaluationError(message, field="at")
    by_score = scored.by_score()
    possible = by_score.filter(pl.col("leads").cum_sum() <= capacity * scored.weeks)
    least = possible["score"].min()
    score = None if least is None else float(least)  # type: ignore[arg-type]  # a column of numbers
    above = scored.counts.filter(pl.col("score") >= (float("inf") if score is None else score))
    weeks = above.group_by("week").agg(pl.col("leads").sum())["leads"].to_list()
    known, converted = int(above["known"].sum()), int(above["converted"].sum())
    return Threshold(
        score,
        capacity=capacity,
        per_week=sum(weeks) / scored.weeks,
        busiest=max(weeks, default=0),
        caught=scored.ratio(converted, scored.total("converted"), "caught"),
        rate=scored.ratio(converted, known),
    )
