"""Differences of two shares, medians or areas: their intervals, and whether they are chance."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot
from typing import Any, NamedTuple

from leadrules.metrics.statistics.intervals import CONFIDENCE, statistics
from leadrules.metrics.statistics.rankings import Area

__all__ = [
    "Estimate",
    "adjusted",
    "apart",
    "median_of",
    "p_of_areas",
    "p_of_samples",
    "p_of_shares",
]

FEW = 5
"""Where fewer are expected in a cell, the chi-square distribution is not near enough."""


class Estimate(NamedTuple):
    """A number that was measured.

    Attributes:
        value: The number; None if it is undefined.
        low: The lower bound of its interval; None if there is none.
        high: The upper bound.
    """

    value: float | None
    low: float | None = None
    high: float | None = None


def apart(before: Estimate, after: Estimate) -> Estimate:
    """Return the difference of two numbers of different leads, with the interval of it.

    Source:
        R. G. Newcombe, Interval Estimation for the Difference between Independent Proportions,
        Statistics in Medicine 17 (1998), 873-890, method 10, of two Wilson intervals; for other
        numbers G. Y. Zou, A. Donner, Construction of confidence limits about effect measures,
        Statistics in Medicine 27 (2008), 1693-1702.

    Examples:
        >>> from leadrules.metrics.statistics.intervals import wilson
        >>> one, two = (Estimate(k / n, *wilson(k, n)) for k, n in ((48, 80), (56, 70)))
        >>> found = apart(one, two)
        >>> round(found.value, 4), round(found.low, 4), round(found.high, 4)
        (0.2, 0.0524, 0.3339)
    """
    if before.value is None or after.value is None:
        return Estimate(None)
    value = after.value - before.value
    if before.low is None or before.high is None or after.low is None or after.high is None:
        return Estimate(value)
    low = value - hypot(after.value - after.low, before.high - before.value)
    high = value + hypot(after.high - after.value, before.value - before.low)
    return Estimate(value, low, high)


def p_of_shares(before: tuple[int, int], after: tuple[int, int]) -> float | None:
    """Return how likely two shares of one rate are as far apart; None if one has nobody.

    By chi-square without correction; by Fisher's exact test if fewer than 5 are expected somewhere.

    Args:
        before: How many, of how many.
        after: The same of others.
    """
    if not before[1] or not after[1]:
        return None
    stats = statistics()
    table = [[count, of - count] for count, of in (before, after)]
    columns = [sum(column) for column in zip(*table, strict=True)]
    if not all(columns):
        return 1.0
    if min(columns) * min(before[1], after[1]) < FEW * (before[1] + after[1]):
        return float(stats.fisher_exact(table).pvalue)
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def p_of_areas(before: Area, after: Area) -> float | None:
    """Return how likely two scores of one area are as far apart, on different leads."""
    if before.error is None or after.error is None:
        return None
    error = hypot(before.error, after.error)
    if not error:
        return 1.0 if before.value == after.value else 0.0
    return float(2 * statistics().norm.sf(abs(after.value - before.value) / error))


def p_of_samples(before: Sequence[float], after: Sequence[float]) -> float | None:
    """Return how likely two samples of one distribution are as far apart, by Mann and Whitney."""
    if not before or not after:
        return None
    if len({*before, *after}) == 1:
        return 1.0
    return float(statistics().mannwhitneyu(before, after).pvalue)


def median_of(sample: Sequence[float], confidence: float = CONFIDENCE) -> Estimate:
    """Return the median with its interval, of the ranks; a small sample has no bounds."""
    if not sample:
        return Estimate(None)
    from statistics import median  # noqa: PLC0415 - beside the function of the same name

    test = statistics().quantile_test(sorted(sample), q=median(sample), p=0.5)
    found = test.confidence_interval(confidence)
    low, high = (None if bound != bound else float(bound) for bound in (found.low, found.high))  # noqa: PLR0124 - NaN
    return Estimate(float(median(sample)), low, high)


def adjusted(chances: Sequence[float | None]) -> list[float | None]:
    """Return p-values corrected for their number; those that are not known stay so.

    Source:
        Y. Benjamini, Y. Hochberg, Controlling the False Discovery Rate, Journal of the Royal
        Statistical Society B 57 (1995), 289-300, by `scipy.stats.false_discovery_control`.
    """
    known = [p for p in chances if p is not None]
    if not known:
        return [*chances]
    found: Any = iter(statistics().false_discovery_control(known))
    return [None if p is None else float(next(found)) for p in chances]
