"""Counts for each person, and waits: their intervals, and whether two differ by chance alone."""

from __future__ import annotations

from typing import Any

from leadrules.metrics.statistics.curves import AFTER, LOST, OPEN, REACHED, Curve
from leadrules.metrics.statistics.differences import Estimate
from leadrules.metrics.statistics.intervals import CONFIDENCE, statistics

__all__ = ["p_of_curves", "p_of_rates", "rate_of"]


def rate_of(count: int, people: int, confidence: float = CONFIDENCE) -> Estimate:
    """Return a count for each person with its exact interval; undefined without people.

    Source:
        F. Garwood, Fiducial limits for the Poisson distribution, Biometrika 28 (1936), 437-442.

    Examples:
        >>> found = rate_of(12, 4)
        >>> f"{found.value} ({found.low:.2f} to {found.high:.2f})"
        '3.0 (1.55 to 5.24)'
    """
    if not people:
        return Estimate(None)
    chi2, tail = statistics().chi2, (1 - confidence) / 2
    low = float(chi2.ppf(tail, 2 * count)) / 2 if count else 0.0
    return Estimate(count / people, low / people, float(chi2.isf(tail, 2 * count + 2)) / 2 / people)


def p_of_rates(one: tuple[int, int], other: tuple[int, int]) -> float | None:
    """Return how likely two counts of one rate for each person are as far apart.

    It is None if one has no people. Counts are taken to be of leads that come independently.

    Args:
        one: How many leads, of how many people.
        other: The same of others.

    Source:
        J. Przyborowski, H. Wilenski, Homogeneity of results in testing samples from Poisson
        series, Biometrika 31 (1940), 313-323.
    """
    (count, people), (rest, others) = one, other
    if not people or not others:
        return None
    if not count + rest:
        return 1.0
    found = statistics().binomtest(count, count + rest, people / (people + others))
    return float(found.pvalue)


def p_of_curves(one: Curve, other: Curve) -> tuple[float, bool] | None:
    """Return how likely two groups of one speed differ as much, and whether the first is slower.

    By the log-rank test. It is None if one has nobody, nobody was reached, or nobody was reached
    while others, of whom some are of the other group, still waited.
    """
    import numpy as np  # noqa: PLC0415 - scipy has it

    if not len(one.steps) or not len(other.steps) or not one.count(REACHED) + other.count(REACHED):
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        found = statistics().logrank(_samples(one), _samples(other))
    if not np.isfinite(found.statistic):
        return None
    # The statistic is that of the first sample: more reached than expected is faster.
    return float(found.pvalue), bool(found.statistic < 0)


def _samples(curve: Curve) -> Any:
    """Return who was followed how long, as scipy takes it."""
    import polars as pl  # noqa: PLC0415 - frames are an extra

    steps = curve.steps
    every = steps.select(AFTER, reached=REACHED, others=pl.col(OPEN) + pl.col(LOST))
    ended, rest = (
        every.select(pl.col(AFTER).repeat_by(count).explode()).drop_nulls()[AFTER].to_numpy()
        for count in ("reached", "others")
    )
    return statistics().CensoredData(uncensored=ended, right=rest)
