"""What became of one measure from one period to another, and what to make of that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from leadrules.metrics import Change, Period, Ratio, compared
from leadrules.metrics.quality.bins import Bin
from leadrules.metrics.quality.changes import corrected, stability_compared
from leadrules.metrics.quality.stabilities import ColumnStability
from tests.metrics.score_tables import by_outcome

MONTH = timedelta(days=30)


def quarter(name: str, won: int, of: int, **more: Any) -> Ratio:
    more = {"window": MONTH} | more
    return Ratio("quote_to_close", won, of, period=Period.of(name), **more)


def change(one: tuple[int, int], two: tuple[int, int], **more: Any) -> Change:
    return compared(quarter("2026-Q1", *one), quarter("2026-Q2", *two), **more)


def test_a_share_that_fell_beyond_noise_degraded() -> None:
    found = change((80, 200), (50, 200))
    assert (found.name, found.what, found.verdict) == ("quote to close", "share", "degraded")
    assert found.difference.value == pytest.approx(-0.15)
    assert found.relative.value == pytest.approx(-0.375)
    assert str(found) == (
        "quote to close: 40.0 % to 25.0 %, by -15.0 % (95 % CI -23.8 % to -5.8 %), degraded"
    )


@pytest.mark.parametrize(
    ("better", "verdict"), [("higher", "degraded"), ("lower", "improved"), ("neither", "changed")]
)
def test_which_way_is_good_is_said(better: Any, verdict: str) -> None:
    assert change((80, 200), (50, 200), better=better).verdict == verdict


def test_a_difference_that_is_surely_small_is_steady() -> None:
    assert change((40_000, 100_000), (40_100, 100_000)).verdict == "steady"
    assert change((40_000, 100_000), (40_100, 100_000), margin=0.001).verdict == "too few"


def test_few_leads_tell_nothing() -> None:
    assert change((4, 10), (2, 10)).verdict == "too few"
    found = change((4, 10), (0, 0))
    assert (found.difference.value, found.p, found.verdict) == (None, None, "too few")
    assert str(found) == "quote to close: too few"
    assert change((0, 10), (4, 10)).relative.value is None


def test_leads_that_had_no_time_yet_make_it_immature() -> None:
    before, after = quarter("2026-Q1", 80, 200), quarter("2026-Q2", 10, 200, censored=90)
    found = compared(before, after)
    assert (found.verdict, found.immature) == ("immature", 90)


def test_a_numerator_that_is_no_part_cannot_be_tested() -> None:
    one, two = (quarter(x, 30, 20, is_subset=False) for x in ("2026-Q1", "2026-Q2"))
    found = compared(one, two)
    assert (found.p, found.difference, found.verdict) == (None, (0, None, None), "too few")


def test_ratios_of_a_group_are_called_by_it() -> None:
    one, two = (quarter(x, 3, 20, group={"owner": "anna"}) for x in ("2026-Q1", "2026-Q2"))
    assert compared(one, two).name == "quote to close, anna"
    assert compared(one, two, name="close").name == "close"


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_other_way_around_is_the_opposite(one: int, two: int) -> None:
    """Law: what degraded one way improved the other way around, with the same chance."""
    forth, back = change((one, 60), (two, 60)), change((two, 60), (one, 60))
    opposite = {"degraded": "improved", "improved": "degraded"}
    assert forth.p == pytest.approx(back.p)
    if forth.verdict in opposite:
        assert back.verdict == opposite[forth.verdict]


def test_scores_are_compared_by_their_area() -> None:
    good = by_outcome([(x, x % 10 < x / 10) for x in range(100)])
    bad = by_outcome([(x, x % 2 == 0) for x in range(100)])
    found = compared(good, bad)
    assert (found.name, found.what, found.verdict) == ("AUC", "AUC", "degraded")
    assert found.before.value == good.area.value if good.area else None
    nobody = by_outcome([(1, False)])
    assert compared(good, nobody).verdict == "too few"


def test_numbers_are_compared_by_their_median() -> None:
    before, after = [float(x) for x in range(20)], [float(x + 15) for x in range(20)]
    found = compared(before, after, name="hours to touch", better="lower")
    assert (found.before.value, found.after.value, found.verdict) == (9.5, 24.5, "degraded")
    assert found.difference.low is not None
    assert found.difference.low > 0
    assert compared(before, before).verdict == "too few"


@pytest.mark.parametrize(
    ("psi", "p", "verdict"),
    [(0.3, 0.001, "changed"), (0.3, 0.2, "too few"), (0.3, None, "too few"), (0.05, 0.0, "steady")],
)
def test_a_column_that_shifted_changed(psi: float, p: float | None, verdict: str) -> None:
    part = ColumnStability("source", (Bin("web", 1, 1),), psi, noise=0.1, p=p)
    found = stability_compared(part)
    assert (found.verdict, found.after.value) == (verdict, psi)
    assert str(found) == f"source: {verdict}"


def test_chances_are_corrected_for_how_many_there_are() -> None:
    one, two = change((80, 200), (50, 200)), change((80, 200), (75, 200))
    young = replace(one, immature=3)
    column = stability_compared(ColumnStability("source", (Bin("web", 1, 1),), 0.3, 0.1, 0.01))
    found = corrected([one, two, young, column])
    assert one.p is not None
    assert found[0].p == pytest.approx(2 * one.p)
    assert [x.p for x in found[1:]] == [two.p, young.p, 0.01]


@pytest.mark.parametrize(
    ("one", "two", "more", "message"),
    [
        (
            quarter("2026-Q1", 1, 2),
            quarter("2026-Q2", 1, 2, window=2 * MONTH),
            {},
            (
                "quote to close: both periods must be measured alike; the window is "
                "'30 days, 0:00:00' before and '60 days, 0:00:00' after"
            ),
        ),
        (
            quarter("2026-Q1", 1, 2, window=None),
            quarter("2026-Q2", 1, 2, window=None),
            {},
            (
                "quote to close: the later cohort had less time; expected a window, the same for "
                "both, or settled=True if every outcome is known"
            ),
        ),
        (
            quarter("2026-Q2", 1, 2),
            quarter("2026-Q2", 1, 2),
            {},
            (
                "quote to close: 2026-04-01 to 2026-06-30 does not come after "
                "2026-04-01 to 2026-06-30; expected periods in order"
            ),
        ),
        (
            quarter("2026-Q1", 1, 2),
            [1.0],
            {},
            (
                "after: expected two ratios, two qualities of scores, or two samples of numbers, "
                "not a ratio and numbers"
            ),
        ),
        (
            by_outcome([(1, True)]),
            "many",
            {"name": "AUC"},
            (
                "AUC: expected two ratios, two qualities of scores, or two samples of numbers, "
                "not the quality of a score and 'many'"
            ),
        ),
        (
            [1.0],
            [1.0],
            {"better": "up"},
            "better: 'up' is not possible; expected 'higher', 'lower' or 'neither'",
        ),
        ([1.0], [1.0], {"margin": 1}, "margin: '1' is not possible; expected 0 to below 1"),
    ],
)
def test_what_is_not_alike_is_refused(
    one: Any, two: Any, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(EvaluationError) as caught:
        compared(one, two, **more)
    assert str(caught.value) == message


def test_settled_cohorts_need_no_window() -> None:
    one, two = (quarter(x, 9, 20, window=None) for x in ("2026-Q1", "2026-Q2"))
    assert compared(one, two, settled=True).difference.value == 0
    plain = [quarter(x, 9, 20, window=None, basis="period") for x in ("2026-Q1", "2026-Q2")]
    assert compared(*plain).difference.value == 0
