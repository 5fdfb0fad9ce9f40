"""How well a score tells those who convert from the rest: the area under the curve, and KS."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import TYPE_CHECKING, Any

from leadrules.metrics.statistics.intervals import CONFIDENCE, statistics

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Area", "Separation", "area", "separation"]


@dataclass(frozen=True, slots=True)
class Area:
    """The area under the ROC curve.

    Attributes:
        value: The share of pairs of a converted and another lead in which the converted one has
            the higher score, a tie counting half.
        error: Its standard error; None if a side has one lead only.
        low: The lower bound of its interval; None if the score parts both sides without an error,
            or a side has one lead only.
        high: The upper bound.
        p: How likely a score that knows nothing is as far from 0.5; None if there is one score.
    """

    value: float
    error: float | None
    low: float | None
    high: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class Separation:
    """The statistic of Kolmogorov and Smirnov.

    Attributes:
        value: The largest difference between the shares of both sides that a cut catches.
        cut: The lowest score of those above that cut.
        p: How likely a score that knows nothing has a difference as large. With ties it is
            larger than it need be.
    """

    value: float
    cut: float
    p: float


def area(by_score: pl.DataFrame, confidence: float = CONFIDENCE) -> Area | None:
    """Return the area under the ROC curve of a score; None if nobody, or everybody, converted.

    Args:
        by_score: `score`, `known` and `converted`, one row each score.
        confidence: How sure the interval is.

    Source:
        The area and its test by `scipy.stats.mannwhitneyu`. The error: E. R. DeLong, D. M. DeLong,
        D. L. Clarke-Pearson, Comparing the Areas under Two or More Correlated ROC Curves,
        Biometrics 44 (1988), 837-845. The interval on the scale of the logit, so that it stays
        between 0 and 1: M. S. Pepe, The Statistical Evaluation of Medical Tests, 2003, 5.2.

    Examples:
        >>> import polars as pl
        >>> counts = {"score": [3, 2, 1], "known": [2, 2, 2], "converted": [2, 1, 0]}
        >>> found = area(pl.DataFrame(counts))
        >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
        (0.944, 0.475, 0.997)
    """
    won, rest = _samples(by_score)
    if not len(won) or not len(rest):
        return None
    stats = statistics()
    test = stats.mannwhitneyu(won, rest, method="asymptotic", use_continuity=False)
    value = float(test.statistic) / (len(won) * len(rest))
    p = None if by_score["score"].n_unique() == 1 else float(test.pvalue)
    error = _error(by_score, value, len(won), len(rest))
    if error is None or value in {0.0, 1.0}:
        return Area(value, error, None, None, p)
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * error / (value * (1 - value))
    logit = log(value / (1 - value))
    return Area(value, error, _expit(logit - reach), _expit(logit + reach), p)


def separation(by_score: pl.DataFrame) -> Separation | None:
    """Return how far a cut can part both sides; None if nobody, or everybody, converted.

    Args:
        by_score: `score`, `known` and `converted`, one row each score.
    """
    won, rest = _samples(by_score)
    if not len(won) or not len(rest):
        return None
    # The distribution for large samples is near enough, and has no way to fail but for one pair.
    method = "exact" if len(won) == len(rest) == 1 else "asymp"
    test = statistics().ks_2samp(won, rest, method=method)
    # It compares those at or below a score; whoever is above that score is caught.
    above = by_score.filter(by_score["score"] > float(test.statistic_location))["score"].min()
    cut = float(test.statistic_location) if above is None else float(above)  # type: ignore[arg-type]  # a column of numbers
    return Separation(float(test.statistic), cut, float(test.pvalue))


def _samples(by_score: pl.DataFrame) -> tuple[Any, Any]:
    """Return the scores of those who converted, and of the rest, each once a lead."""
    scores = by_score["score"].to_numpy()
    won = by_score["converted"].to_numpy()
    return scores.repeat(won), scores.repeat(by_score["known"].to_numpy() - won)


def _error(by_score: pl.DataFrame, area: float, won: int, rest: int) -> float | None:
    """Return the standard error: how much the place of each lead among the other side varies."""
    if min(won, rest) == 1:
        return None
    table = by_score.sort("score")
    ones, others = table["converted"], table["known"] - table["converted"]
    above = (others.cum_sum() - others / 2) / rest
    below = 1 - (ones.cum_sum() - ones / 2) / won
    spread = float((ones * (above - area) ** 2).sum()) / (won - 1) / won
    spread += float((others * (below - area) ** 2).sum()) / (rest - 1) / rest
    return sqrt(spread)


def _expit(x: float) -> float:
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))
