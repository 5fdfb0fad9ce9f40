"""Differences beside statsmodels and scipy, and the published table of Newcombe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.metrics.statistics.differences import (
    Estimate,
    adjusted,
    apart,
    median_of,
    p_of_areas,
    p_of_samples,
    p_of_shares,
)
from leadrules.metrics.statistics.intervals import wilson
from leadrules.metrics.statistics.rankings import Area

SHARES = st.integers(1, 200).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


def share(count: int, of: int) -> Estimate:
    return Estimate(count / of, *wilson(count, of))


@pytest.mark.parametrize(
    ("one", "two", "low", "high"),
    [
        # Newcombe 1998, table II, method 10: rows (a) to (h), of the differences p1 - p2.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_published_intervals(
    one: tuple[int, int], two: tuple[int, int], low: float, high: float
) -> None:
    found = apart(share(*two), share(*one))
    assert found.low == pytest.approx(low, abs=1e-4)
    assert found.high == pytest.approx(high, abs=1e-4)


@given(SHARES, SHARES)
def test_the_interval_is_that_of_statsmodels(one: tuple[int, int], two: tuple[int, int]) -> None:
    """Law: the interval is what statsmodels finds by Newcombe's method."""
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    found = apart(share(*two), share(*one))
    wanted = proportion.confint_proportions_2indep(*one, *two, method="newcomb", compare="diff")
    assert found.low == pytest.approx(wanted[0])
    assert found.high == pytest.approx(wanted[1])


@given(SHARES, SHARES)
def test_who_is_before_and_who_after_only_turns_the_sign(
    one: tuple[int, int], two: tuple[int, int]
) -> None:
    """Law: the difference the other way around is its negative, and the chance is the same."""
    forth, back = apart(share(*one), share(*two)), apart(share(*two), share(*one))
    assert forth.low is not None
    assert back.high is not None
    assert forth.value == pytest.approx(-(back.value or 0))
    assert forth.low == pytest.approx(-back.high)
    assert p_of_shares(one, two) == pytest.approx(p_of_shares(two, one))


def test_tests_of_shares_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    many, few = [[80, 120], [50, 150]], [[3, 5], [0, 9]]
    wanted = stats.chi2_contingency(many, correction=False).pvalue
    assert p_of_shares((80, 200), (50, 200)) == pytest.approx(wanted)
    assert p_of_shares((3, 8), (0, 9)) == pytest.approx(stats.fisher_exact(few).pvalue)
    assert p_of_shares((0, 8), (0, 9)) == 1
    assert p_of_shares((0, 0), (1, 9)) is None


def test_what_is_undefined_has_no_difference() -> None:
    assert apart(Estimate(None), Estimate(1.0, 0.5, 1.5)) == Estimate(None)
    assert apart(Estimate(0.5), Estimate(1.0, 0.5, 1.5)) == Estimate(0.5)


def test_areas() -> None:
    one, two = (Area(x, 0.03, None, None, None) for x in (0.8, 0.7))
    z = 0.1 / (0.03 * 2**0.5)
    stats = pytest.importorskip("scipy.stats")
    assert p_of_areas(one, two) == pytest.approx(2 * stats.norm.sf(z))
    alone, sure = Area(0.5, None, None, None, None), Area(1.0, 0.0, None, None, None)
    assert (p_of_areas(one, alone), p_of_areas(sure, sure)) == (None, 1)
    assert p_of_areas(sure, Area(0.0, 0.0, None, None, None)) == 0


def test_samples() -> None:
    stats = pytest.importorskip("scipy.stats")
    one, two = [1.0, 2, 3, 4], [2.0, 5, 6, 7]
    assert p_of_samples(one, two) == pytest.approx(stats.mannwhitneyu(one, two).pvalue)
    assert (p_of_samples([], one), p_of_samples([1.0, 1], [1.0])) == (None, 1)


def test_medians() -> None:
    # Of 10 numbers, the second and the ninth bound the median (Conover, 1999, 3.2).
    assert median_of([float(x) for x in range(10, 0, -1)]) == (5.5, 2, 9)
    assert median_of([3.0, 1, 2]) == (2, None, None)
    assert median_of([]) == (None, None, None)


@given(st.lists(st.none() | st.floats(0, 1), max_size=8))
def test_chances_only_grow_as_there_are_more(chances: list[float | None]) -> None:
    """Law: corrected chances are not smaller, keep their order, and what is not known stays so."""
    found = adjusted(chances)
    known = [(p, q) for p, q in zip(chances, found, strict=True) if p is not None and q is not None]
    assert [x is None for x in found] == [x is None for x in chances]
    assert all(q >= p for p, q in known)
    ranked = [q for _, q in sorted(known)]
    assert ranked == sorted(ranked)
