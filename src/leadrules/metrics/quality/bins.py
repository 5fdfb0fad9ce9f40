"""Bins: values that count as one, to compare how they are spread, and the index that does."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from leadrules.errors import as_written
from leadrules.metrics.quality.gains import places
from leadrules.metrics.statistics.differences import FEW
from leadrules.metrics.statistics.intervals import CONFIDENCE, statistics

__all__ = ["MISSING", "Bin", "chance_of", "index_of", "noise_of", "number_bins", "psi", "text_bins"]

MOST_TEXTS = 20
"""Of more texts the most frequent have a bin each."""
OTHER, NEW, MISSING = "(other)", "(new)", "(missing)"
_FEW_CELLS = 0.2


def psi(expected: Sequence[int], actual: Sequence[int]) -> float:
    """Return the population stability index of counts by bins.

    The sum of (a - e) * ln(a / e) over the bins, of their shares. Bins that are empty on both sides
    do not count; if one is empty on one side, half a lead is added to every bin of both.

    Args:
        expected: How many were in each bin.
        actual: How many are.

    Source:
        E. M. Lewis, An Introduction to Credit Scoring, 1994. It is the divergence of H. Jeffreys,
        An Invariant Form for the Prior Probability, Proceedings of the Royal Society A 186 (1946),
        453-461. Half a lead: J. B. S. Haldane, Annals of Human Genetics 20 (1956), 309-311.

    Examples:
        >>> round(psi([50, 50], [60, 40]), 4), psi([5, 5], [5, 5])
        (0.0405, 0.0)
    """
    pairs = [(e, a) for e, a in zip(expected, actual, strict=True) if e or a]
    more = 0.5 if any(not e or not a for e, a in pairs) else 0.0
    one, two = (sum(pair[side] + more for pair in pairs) for side in (0, 1))
    shares = (((e + more) / one, (a + more) / two) for e, a in pairs)
    return sum(((a - e) * log(a / e) for e, a in shares), start=0.0)


@dataclass(frozen=True, slots=True)
class Bin:
    """Values that count as one.

    Attributes:
        label: Which values.
        expected: How many rows had them.
        actual: How many have.
    """

    label: str
    expected: int
    actual: int


def number_bins(
    before: Mapping[float | None, int], after: Mapping[float | None, int], bins: int
) -> tuple[Bin, ...]:
    """Return numbers in bins, each up to the largest expected number that is in it."""
    known = sorted(value for value in before if value is not None)
    wheres = places([before[value] for value in known], bins)
    edges = [*dict(zip(wheres, known, strict=True)).values()][:-1]
    sums = [[0] * (len(edges) + 1) for _ in range(2)]
    for counts, found in ((before, sums[0]), (after, sums[1])):
        for value, count in counts.items():
            if value is not None:
                found[bisect_left(edges, value)] += count
    labels = [f"up to {edge:g}" for edge in edges] + ["above" if edges else "any"]
    return _with_missing(labels, sums, before, after)


def text_bins(before: Mapping[Any, int], after: Mapping[Any, int]) -> tuple[Bin, ...]:
    """Return texts, the most frequent first, in a bin each."""
    known = sorted((x for x in before if x is not None), key=lambda x: (-before[x], str(x)))
    own, rest = known[:MOST_TEXTS], known[MOST_TEXTS:]
    new = [x for x in after if x is not None and x not in before]
    labels = [as_written(x) if isinstance(x, bool) else str(x) for x in own]
    groups = [*([x] for x in own), *([rest] if rest else []), *([new] if new else [])]
    labels += [*([OTHER] if rest else []), *([NEW] if new else [])]
    sums = [
        [sum(counts.get(x, 0) for x in group) for group in groups] for counts in (before, after)
    ]
    return _with_missing(labels, sums, before, after)


def _with_missing(
    labels: Sequence[str],
    sums: Sequence[Sequence[int]],
    before: Mapping[Any, int],
    after: Mapping[Any, int],
) -> tuple[Bin, ...]:
    found = [Bin(*row) for row in zip(labels, *sums, strict=True)]
    if None in before or None in after:
        found.append(Bin(MISSING, before.get(None, 0), after.get(None, 0)))
    return tuple(found)


def index_of(bins: Sequence[Bin]) -> float:
    """Return the population stability index of bins."""
    return psi([x.expected for x in bins], [x.actual for x in bins])


def noise_of(bins: Sequence[Bin]) -> float:
    """Return below which the index mostly is, if nothing changed."""
    one, two = sum(x.expected for x in bins), sum(x.actual for x in bins)
    freedom = sum(1 for x in bins if x.expected or x.actual) - 1
    if not freedom:
        return 0.0
    return float(statistics().chi2.ppf(CONFIDENCE, freedom)) * (1 / one + 1 / two)


def chance_of(bins: Sequence[Bin]) -> float | None:
    """Return how likely chance alone makes both sides differ as much."""
    table = [[x.expected, x.actual] for x in bins if x.expected or x.actual]
    if len(table) == 1:
        return 1.0
    test = statistics().chi2_contingency(table, correction=False)
    few = float((test.expected_freq < FEW).mean())
    return None if few > _FEW_CELLS else float(test.pvalue)
