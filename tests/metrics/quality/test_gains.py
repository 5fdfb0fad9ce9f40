"""Tenths of a score, of which ties stay together, and what working them catches."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.metrics.quality.gains import places
from tests.metrics.score_tables import by_outcome, outcomes


def test_ten_leads_are_ten_tenths() -> None:
    gains = by_outcome([(x, x in {10, 9, 5}) for x in range(1, 11)]).gains
    assert [x.place for x in gains.tenths] == [*range(1, 11)]
    assert [x.ratio.numerator for x in gains.tenths] == [1, 1, 0, 0, 0, 1, 0, 0, 0, 0]
    second = dict(zip([x.name for x in gains.columns()], gains.rows()[1], strict=True))
    assert (second["lowest"], second["lift"]) == (9, pytest.approx(10 / 3))
    assert (second["worked"], second["caught"]) == (0.2, pytest.approx(2 / 3))
    assert second["lift_so_far"] == pytest.approx(10 / 3)


def test_leads_of_one_score_stay_together() -> None:
    rows = [(9, True)] * 2 + [(5, True)] * 3 + [(5, False)] * 3 + [(1, False)] * 2
    tenths = by_outcome(rows).gains.tenths
    assert [(x.place, x.low, x.high, x.ratio.denominator) for x in tenths] == [
        (2, 9, 9, 2),
        (6, 5, 5, 6),
        (10, 1, 1, 2),
    ]


def test_without_a_conversion_there_is_no_lift() -> None:
    gains = by_outcome([(2, False), (1, False)]).gains
    assert [row[7] for row in gains.rows()] == [None, None]
    assert gains.curve == ()


@given(outcomes())
def test_tenths_add_up(rows: list[tuple[int, bool]]) -> None:
    """Law: tenths share no lead, fall in score, and catch everything in the end."""
    gains = by_outcome(rows).gains
    assert sum(x.ratio.denominator for x in gains.tenths) == len(rows)
    assert sum(x.ratio.numerator for x in gains.tenths) == gains.total.numerator
    assert all(one.low > two.high for one, two in pairwise(gains.tenths))
    assert gains.curve[-1] == (1, 1)
    assert list(gains.curve) == sorted(gains.curve)


@given(outcomes())
def test_the_area_below_the_gains_is_made_of_auc_and_rate(rows: list[tuple[int, bool]]) -> None:
    """Law: below the curve of gains lies half the rate, and of the rest as much as the AUC says."""
    found = by_outcome(rows)
    points = [(0.0, 0.0), *found.gains.curve]
    below = sum((x2 - x1) * (y1 + y2) / 2 for (x1, y1), (x2, y2) in pairwise(points))
    rate = found.total.numerator / found.total.denominator
    assert found.area is not None
    assert below == pytest.approx(rate / 2 + (1 - rate) * found.area.value)


@given(st.lists(st.integers(1, 20), max_size=30), st.integers(1, 12))
def test_places_rise(sizes: list[int], parts: int) -> None:
    """Law: groups in order are in parts in order, and groups of one are in parts of equal size."""
    found = places(sizes, parts)
    assert found == sorted(found)
    assert all(0 <= place < parts for place in found)
    even = places([1] * (3 * parts), parts)
    assert [even.count(place) for place in range(parts)] == [3] * parts


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures(theme: Any) -> None:
    gains = by_outcome([(x, x % 3 == 0) for x in range(400)]).gains
    curve = gains.plot(theme=theme).to_dict()
    assert curve["layer"][1]["encoding"]["x"]["title"] == "leads worked, highest score first (%)"
    points = curve["layer"][1]["data"]["values"]
    assert len(points) <= 203
    assert (points[0], points[-1]) == ({"worked": 0, "caught": 0}, {"worked": 1, "caught": 1})
    lift = gains.plot_lift(theme=theme).to_dict()
    assert lift["layer"][0]["encoding"]["y"]["title"] == "lift (times the rate of all leads)"
    assert len(lift["layer"][0]["data"]["values"]) == 10
