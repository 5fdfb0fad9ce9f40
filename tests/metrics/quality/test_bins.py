"""The index of stability: its formula, its laws, and the bins that it is of."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.metrics.quality.bins import Bin, chance_of, noise_of, number_bins, psi, text_bins

COUNTS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8).filter(
    lambda pairs: all(sum(side) for side in zip(*pairs, strict=True))
)


def test_the_formula_by_hand() -> None:
    wanted = (0.6 - 0.5) * log(0.6 / 0.5) + (0.4 - 0.5) * log(0.4 / 0.5)
    assert psi([50, 50], [60, 40]) == pytest.approx(wanted)


def test_an_empty_bin_gets_half_a_lead_and_so_do_the_others() -> None:
    one, two = (10.5 / 11, 0.5 / 11), (5.5 / 11, 5.5 / 11)
    wanted = sum((a - e) * log(a / e) for e, a in zip(one, two, strict=True))
    assert psi([10, 0], [5, 5]) == pytest.approx(wanted)
    assert psi([10, 0, 0], [5, 5, 0]) == pytest.approx(wanted)


@given(COUNTS)
def test_nothing_changed_is_zero(pairs: list[tuple[int, int]]) -> None:
    """Law: PSI(x, x) = 0, and so is that of any multiple."""
    counts = [one for one, _ in pairs]
    assert psi(counts, counts) == 0
    if all(counts):
        assert psi(counts, [3 * x for x in counts]) == pytest.approx(0)


@given(COUNTS)
def test_both_sides_are_alike(pairs: list[tuple[int, int]]) -> None:
    """Law: PSI(x, y) = PSI(y, x), and it is never below zero."""
    one, two = ([pair[side] for pair in pairs] for side in (0, 1))
    assert psi(one, two) == pytest.approx(psi(two, one))
    assert psi(one, two) >= 0


@given(COUNTS)
def test_it_is_both_relative_entropies(pairs: list[tuple[int, int]]) -> None:
    """Law: without empty bins it is the entropy of each side relative to the other, as of scipy."""
    stats = pytest.importorskip("scipy.stats")
    one, two = ([pair[side] + 1 for pair in pairs] for side in (0, 1))
    assert psi(one, two) == pytest.approx(stats.entropy(one, two) + stats.entropy(two, one))


def test_numbers_are_put_in_bins_of_equal_size() -> None:
    bins = number_bins(dict.fromkeys(range(1, 101), 1), {0.0: 3, 50.0: 4, 1000.0: 5}, 4)
    assert bins == (
        Bin("up to 25", 25, 3),
        Bin("up to 50", 25, 4),
        Bin("up to 75", 25, 0),
        Bin("above", 25, 5),
    )


def test_equal_numbers_stay_together_and_missing_ones_too() -> None:
    bins = number_bins({0.0: 90, 1.0: 10, None: 5}, {0.0: 1, None: 2}, 10)
    assert bins == (Bin("up to 0", 90, 1), Bin("above", 10, 0), Bin("(missing)", 5, 2))


def test_one_number_is_one_bin() -> None:
    assert number_bins({7.0: 4}, {8.0: 2}, 10) == (Bin("any", 4, 2),)


def test_texts_have_a_bin_each_and_rare_and_new_ones_one_together() -> None:
    before: dict[str | None, int] = {f"city {n:02}": 50 - n for n in range(25)}
    bins = text_bins(before | {None: 3}, {"city 00": 1, "city 24": 2, "Rome": 3, "Oslo": 4})
    assert bins[0] == Bin("city 00", 50, 1)
    assert bins[20:] == (
        Bin("(other)", sum(50 - n for n in range(20, 25)), 2),
        Bin("(new)", 0, 7),
        Bin("(missing)", 3, 0),
    )
    assert len(bins) == 23


def test_booleans_are_written_as_in_a_policy() -> None:
    assert text_bins({True: 2, False: 1}, {True: 1}) == (Bin("true", 2, 1), Bin("false", 1, 0))


def test_a_bin_alone_is_no_change() -> None:
    assert (noise_of([Bin("any", 4, 2)]), chance_of([Bin("any", 4, 2)])) == (0, 1)


def test_too_few_in_the_bins_leave_the_chance_open() -> None:
    assert chance_of([Bin("a", 3, 2), Bin("b", 2, 1)]) is None


def test_the_noise_is_what_samples_of_one_spread_show() -> None:
    import numpy as np

    rng = np.random.default_rng(6)
    shares = [0.1] * 10
    found = [
        psi(rng.multinomial(2_000, shares).tolist(), rng.multinomial(500, shares).tolist())
        for _ in range(500)
    ]
    noise = noise_of([Bin("", 200, 50)] * 10)
    assert sum(x > noise for x in found) / len(found) == pytest.approx(0.05, abs=0.03)
