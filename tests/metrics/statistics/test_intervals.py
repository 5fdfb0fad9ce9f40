"""Intervals of proportions, beside those of statsmodels."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import EvaluationError
from leadrules.metrics.statistics.intervals import statistics, wilson

COUNTS = st.integers(1, 10**6).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))
CONFIDENCES = st.sampled_from((0.5, 0.8, 0.9, 0.95, 0.99, 0.999))


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(3, 12, 8.9, 53.2), (0, 8, 0.0, 32.4), (8, 8, 67.6, 100.0), (842, 8000, 9.9, 11.2)],
)
def test_published_intervals(count: int, of: int, low: float, high: float) -> None:
    assert [round(100 * bound, 1) for bound in wilson(count, of)] == [low, high]


@given(COUNTS, CONFIDENCES)
def test_an_interval_holds_the_share_and_stays_within_0_and_1(
    count: tuple[int, int], confidence: float
) -> None:
    """Law: 0 <= low <= share <= high <= 1."""
    low, high = wilson(*count, confidence)
    assert 0 <= low <= count[0] / count[1] <= high <= 1


@given(COUNTS)
def test_an_interval_grows_with_its_confidence(count: tuple[int, int]) -> None:
    """Law: one that is surer holds the one that is less so."""
    (low, high), (lower, higher) = wilson(*count, 0.9), wilson(*count, 0.99)
    assert lower <= low
    assert high <= higher


@given(COUNTS)
def test_the_others_have_the_mirrored_interval(count: tuple[int, int]) -> None:
    """Law: the interval of those who did not is one minus that of those who did."""
    low, high = wilson(*count)
    mirrored = wilson(count[1] - count[0], count[1])
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-12)


@given(COUNTS, CONFIDENCES)
def test_it_is_the_interval_of_statsmodels(count: tuple[int, int], confidence: float) -> None:
    """Law: the bounds are those of `proportion_confint`, to a billionth."""
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    theirs = proportion.proportion_confint(*count, alpha=1 - confidence, method="wilson")
    assert wilson(*count, confidence) == pytest.approx(theirs, abs=1e-9)


def test_without_scipy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("scipy", "scipy.stats"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(EvaluationError) as raised:
        statistics()
    message = "statistics need the package 'scipy'; install leadrules[metrics]"
    assert (str(raised.value), raised.value.field) == (message, "metrics")
