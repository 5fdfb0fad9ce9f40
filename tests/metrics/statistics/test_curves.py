"""Curves of who came there by when: by hand, by law, and beside three libraries."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from leadrules.metrics.statistics.curves import Curve

DAY = 86_400_000_000
DAYS = timedelta(days=1)

ENDS = ("reached", "lost", "open")
Rows = list[tuple[int, str]]


def curve(rows: Rows) -> Curve:
    return Curve.of(table(rows))


def table(rows: Rows) -> pl.DataFrame:
    data = {"after": [after for after, _ in rows]}
    return pl.DataFrame(data | {end: [int(x == end) for _, x in rows] for end in ENDS})


def followed(*ends: str, most: int = 12) -> st.SearchStrategy[Rows]:
    rows = st.tuples(st.integers(0, most).map(lambda days: days * DAY), st.sampled_from(ends))
    return st.lists(rows, min_size=1, max_size=40)


def test_eight_of_whom_two_are_open_and_two_are_lost() -> None:
    rows = [(1, "reached"), (2, "lost"), (2, "open"), (3, "reached"), (3, "reached"), (4, "lost")]
    found = curve([(days * DAY, end) for days, end in [*rows, (5, "reached"), (7, "open")]])
    steps = found.steps.select("at_risk", *ENDS, "share")
    # 1/8; then 6/8 are still followed of whom 2 of 5 come; then 3/8 * 6/5 * 2/3 ... of whom 1 of 2
    assert steps["at_risk"].to_list() == [8, 7, 5, 3, 2, 1]
    assert steps["reached"].to_list() == [1, 0, 2, 0, 1, 0]
    expected = [0.125, 0.125, 0.425, 0.425, 0.575, 0.575]
    assert steps["share"].to_list() == pytest.approx(expected)
    assert (found.followed, found.count("lost"), found.longest) == (8, 2, 7 * DAYS)
    assert (found.quantile(0.425), found.quantile(0.5)) == (3 * DAYS, 5 * DAYS)
    assert found.quantile(0.6) is None


def test_nobody_is_known_beyond_those_who_were_followed() -> None:
    found = curve([(DAY, "reached"), (3 * DAY, "open")])
    last = found.within(3 * DAYS)
    assert last is not None
    assert (last.value, last.at_risk) == (0.5, 0)
    assert found.within(3 * DAYS + timedelta(microseconds=1)) is None
    before = found.within(0.5 * DAYS)
    assert before is not None
    assert (before.value, before.low, before.high, before.at_risk) == (0.0, None, None, 2)


def test_beyond_the_last_end_of_all_nothing_changes() -> None:
    found = curve([(DAY, "reached"), (3 * DAY, "lost")])
    later = found.within(1000 * DAYS)
    assert later is not None
    assert later.value == 0.5
    assert found.is_complete


def test_a_curve_of_nobody() -> None:
    found = Curve.of()
    assert (found.followed, found.longest, found.quantile(0.5)) == (0, timedelta(), None)
    assert found.within(DAYS) is None
    assert not found.is_complete
    assert list(found.marks) == []


def test_more_than_two_million_do_not_overflow() -> None:
    rows = {"after": [DAY, 2 * DAY], "reached": [3_000_000, 1], "lost": [1, 0], "open": [0, 10**7]}
    last = Curve.of(pl.DataFrame(rows)).steps.row(-1, named=True)
    assert 0.23 < last["low"] < last["share"] < last["high"] < 0.2310


@pytest.mark.parametrize("share", [0, -0.1, 1.1, float("nan")])
def test_a_quantile_is_a_share(share: float) -> None:
    with pytest.raises(EvaluationError) as caught:
        curve([(DAY, "reached")]).quantile(share)
    message = f"share: '{share}' is not possible; expected above 0, up to 1"
    assert str(caught.value) == message


def test_a_picture_has_few_points_and_the_last() -> None:
    found = curve([(days * DAY, "reached") for days in range(1, 5_001)] + [(6_000 * DAY, "open")])
    thin = found.thinned(100)
    assert len(thin) <= 101
    assert thin.row(-1) == found.steps.row(-1)


# --- laws


@given(followed("reached", "lost"))
def test_without_open_ones_it_is_the_ratio(rows: Rows) -> None:
    """Law: if nobody is still on the way, the share by any time is the plain ratio."""
    found = curve(rows)
    for days in range(14):
        chance = found.within(days * DAYS)
        assert chance is not None
        came = sum(after <= days * DAY and end == "reached" for after, end in rows)
        assert math.isclose(chance.value, came / len(rows), abs_tol=1e-12)


@given(followed(*ENDS))
def test_the_share_never_falls(rows: Rows) -> None:
    """Law: the share never falls with time, and its interval holds it and stays in [0, 1]."""
    steps = curve(rows).steps
    shares = steps["share"].to_list()
    assert shares == sorted(shares)
    for low, share, high in steps.select("low", "share", "high").drop_nulls().iter_rows():
        assert -1e-12 <= low <= share + 1e-12
        assert share - 1e-12 <= high <= 1 + 1e-12


@given(followed(*ENDS), st.integers(0, 40))
def test_curves_of_parts_make_that_of_the_whole(rows: Rows, cut: int) -> None:
    """Law: the curve of the steps of parts is that of all who were followed."""
    parts = [curve(part).steps for part in (rows[:cut], rows[cut:])]
    assert Curve.of(*parts).steps.equals(curve(rows).steps)


@given(followed(*ENDS))
def test_who_is_lost_makes_it_lower(rows: Rows) -> None:
    """Law: if the lost never come, the share is nowhere above what it is if they might have."""
    never = curve(rows).steps["share"].to_list()
    might = curve([(after, "open" if end == "lost" else end) for after, end in rows]).steps["share"]
    assert all(one <= two + 1e-12 for one, two in zip(never, might.to_list(), strict=True))


# --- beside others


@given(followed("reached", "open"))
def test_beside_scipy(rows: Rows) -> None:
    """Law: without lost ones it is the estimate of scipy."""
    stats: Any = pytest.importorskip("scipy.stats")
    ended = [after for after, end in rows if end == "reached"]
    rest = [after for after, end in rows if end == "open"]
    theirs = stats.ecdf(stats.CensoredData(uncensored=ended, right=rest)).cdf
    found = curve(rows).steps
    assert theirs.quantiles.tolist() == found["after"].to_list()
    assert theirs.probabilities.tolist() == pytest.approx(found["share"].to_list(), abs=1e-12)


KNOWN: Rows = [
    (((7 * n) % 31) * DAY, ("reached", "open", "reached", "lost")[n * n % 4 if n % 3 else 3])
    for n in range(1, 90)
]


def test_beside_lifelines_without_lost_ones() -> None:
    lifelines: Any = pytest.importorskip("lifelines")
    rows = [(after / DAY, end == "reached") for after, end in KNOWN]
    fitter = lifelines.KaplanMeierFitter().fit(*zip(*rows, strict=True))
    found = curve([(after, "open" if end == "lost" else end) for after, end in KNOWN]).steps
    days = [after / DAY for after in found["after"]]
    theirs = 1 - fitter.survival_function_at_times(days).to_numpy()
    assert found["share"].to_list() == pytest.approx(theirs.tolist(), abs=1e-12)
    bands = (1 - fitter.confidence_interval_.loc[days]).to_numpy().tolist()
    for (high, low), row in zip(bands, found.iter_rows(named=True), strict=True):
        if row["low"] is not None:
            assert (row["low"], row["high"]) == pytest.approx((low, high), abs=1e-9)
    assert found["low"].count() > 20


def test_beside_lifelines_with_lost_ones() -> None:
    lifelines: Any = pytest.importorskip("lifelines")
    # It moves those that ended together apart by chance, so here none did.
    rows = [((37 * n) % 89 + 1, end) for n, (_, end) in enumerate(KNOWN)]
    codes = {"open": 0, "reached": 1, "lost": 2}
    fitter = lifelines.AalenJohansenFitter(calculate_variance=True)
    fitter.fit([days for days, _ in rows], [codes[end] for _, end in rows], 1)
    found = curve([(days * DAY, end) for days, end in rows]).steps
    theirs = fitter.cumulative_density_.iloc[1:, 0].tolist()
    assert found["share"].to_list() == pytest.approx(theirs, abs=1e-12)
    variances = fitter.variance_.iloc[1:].tolist()
    assert (found["deviation"] ** 2).to_list() == pytest.approx(variances, abs=1e-12)
    assert found["lost"].sum() > 10
