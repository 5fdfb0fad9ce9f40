"""The area under the curve and KS beside scikit-learn and scipy, and what does not change them."""

from __future__ import annotations

from collections.abc import Callable
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.metrics.statistics.rankings import area, separation
from tests.metrics.score_tables import counts, outcomes


def test_three_scores_by_hand() -> None:
    # Of 9 pairs, 8 are in order and one is a tie.
    found = area(counts([(3, True), (3, True), (2, True), (2, False), (1, False), (1, False)]))
    assert found is not None
    assert found.value == pytest.approx(8.5 / 9)


@given(outcomes())
def test_the_area_is_that_of_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    """Law: the area is what scikit-learn finds."""
    sklearn = pytest.importorskip("sklearn.metrics")
    found = area(counts(rows))
    assert found is not None
    wanted = sklearn.roc_auc_score([won for _, won in rows], [x for x, _ in rows])
    assert found.value == pytest.approx(wanted)


@given(outcomes(), st.sampled_from([lambda x: 3 * x + 7, lambda x: x**3, lambda x: exp(x / 5)]))
def test_the_area_is_invariant(
    rows: list[tuple[int, bool]], rising: Callable[[float], float]
) -> None:
    """Law: a score and whatever rises with it have one area and one KS."""
    changed = counts([(rising(x), won) for x, won in rows])
    one, two = area(counts(rows)), area(changed)
    assert one == two
    three, four = separation(counts(rows)), separation(changed)
    assert three is not None
    assert four is not None
    assert three.value == four.value
    assert rising(three.cut) == pytest.approx(four.cut)


@given(outcomes())
def test_a_score_turned_around_has_the_rest_of_the_area(rows: list[tuple[int, bool]]) -> None:
    """Law: the areas of a score and of its negative add up to 1, with one error."""
    one, two = area(counts(rows)), area(counts([(-x, won) for x, won in rows]))
    assert one is not None
    assert two is not None
    assert one.value + two.value == pytest.approx(1)
    assert one.error == (None if two.error is None else pytest.approx(two.error))


@given(outcomes())
def test_the_error_is_that_of_brunner_and_munzel(rows: list[tuple[int, bool]]) -> None:
    """Law: the error of DeLong is that by which Brunner and Munzel divide in their test."""
    stats = pytest.importorskip("scipy.stats")
    found = area(counts(rows))
    assert found is not None
    if not found.error or found.value == 0.5:
        return
    won, rest = ([x for x, met in rows if met is side] for side in (True, False))
    statistic = stats.brunnermunzel(rest, won).statistic
    assert (found.value - 0.5) / statistic == pytest.approx(found.error)


@given(outcomes())
def test_the_interval_holds_the_area(rows: list[tuple[int, bool]]) -> None:
    """Law: the interval holds the area, and stays between 0 and 1."""
    found = area(counts(rows))
    assert found is not None
    if found.low is not None and found.high is not None:
        assert 0 <= found.low <= found.value + 1e-12
        assert found.value - 1e-12 <= found.high <= 1


def test_a_score_without_an_error_has_no_interval() -> None:
    found = area(counts([(2, True), (2, True), (1, False), (1, False)]))
    assert found is not None
    assert (found.value, found.error, found.low, found.high) == (1.0, 0.0, None, None)


def test_one_lead_on_a_side_says_nothing_of_the_error() -> None:
    found = area(counts([(2, True), (3, False), (1, False)]))
    assert found is not None
    assert (found.value, found.error, found.low) == (0.5, None, None)


def test_one_score_knows_nothing() -> None:
    found = area(counts([(2, True), (2, True), (2, False), (2, False)]))
    assert found is not None
    assert (found.value, found.p) == (0.5, None)


def test_without_both_sides_there_is_neither() -> None:
    for won in (True, False):
        assert area(counts([(1, won), (2, won)])) is None
        assert separation(counts([(1, won), (2, won)])) is None


@given(outcomes())
def test_ks_is_that_of_a_cut(rows: list[tuple[int, bool]]) -> None:
    """Law: KS is the largest difference of the shares above a cut, and it is at its own cut."""
    found = separation(counts(rows))
    assert found is not None
    won, rest = ([x for x, met in rows if met is side] for side in (True, False))

    def apart(cut: float) -> float:
        shares = (sum(x >= cut for x in side) / len(side) for side in (won, rest))
        one, two = shares
        return abs(one - two)

    assert found.value == pytest.approx(max(apart(x) for x, _ in rows))
    assert apart(found.cut) == pytest.approx(found.value)
