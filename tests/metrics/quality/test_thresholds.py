"""The lowest score from which on no more leads come than people can work."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from leadrules.metrics import Quality, score_quality
from tests.metrics.score_tables import AT, DAY, WORDS, by_outcome, day, frames

# Four weeks: 12 leads of 90, then 8 of 50, then 20 of 10; half of the first converted, and of the
# second a quarter. The 12 come in the first week.
ROWS = [
    *((90, n % 2 == 0, 0) for n in range(12)),
    *((50, n % 4 == 0, 7 * (n % 4)) for n in range(8)),
    *((10, False, 7 * (n % 4)) for n in range(20)),
]


def measured(rows: Any = ROWS, **more: Any) -> Quality:
    table = [
        {"lead_id": str(n), "at": day("03-02") + days * DAY, "score": float(score), "bought": won}
        for n, (score, won, days) in enumerate(rows)
    ]
    more = {"period": "2026-03-02 to 2026-03-29"} | more
    return score_quality(
        *frames("polars", table), converted="bought", measures=WORDS, at=AT, **more
    )


def test_the_lowest_score_that_people_can_work() -> None:
    found = measured().threshold(capacity=5)
    assert (found.score, found.per_week, found.busiest) == (50, 5, 14)
    assert (found.caught.numerator, found.caught.denominator) == (8, 8)
    assert (found.rate.numerator, found.rate.denominator) == (8, 20)
    assert str(found) == (
        "from 50 on: 5.0 leads a week on average, 14 in the busiest, of 5 that can be worked; "
        "100.0 % (8 of 8) of those who convert are among them, and of them convert 40.0 % (8 of 20)"
    )
    assert found.to_dict()["caught"]["name"] == "caught"


def test_a_little_less_and_it_is_the_next_score() -> None:
    assert measured().threshold(capacity=4.9).score == 90
    assert measured().threshold(capacity=10).score == 10


def test_no_score_is_rare_enough() -> None:
    found = measured().threshold(capacity=1)
    assert (found.score, found.per_week, found.rate.value) == (None, 0, None)
    assert str(found) == "no score is rare enough for 1 leads a week"


def test_young_leads_come_too() -> None:
    found = measured(window=timedelta(days=365)).threshold(capacity=5)
    assert (found.score, found.per_week) == (50, 5)
    assert (found.caught.denominator, found.rate.denominator) == (0, 0)
    assert str(found).endswith(
        "0 of 0 of those who convert are among them, and of them convert 0 of 0"
    )


@cache
def _whenever() -> Quality:
    return measured()


@given(st.integers(1, 40), st.integers(1, 40))
def test_who_can_work_more_takes_lower_scores(one: int, two: int) -> None:
    """Law: a larger capacity has a threshold as low or lower, and never more leads than it."""
    quality = _whenever()
    less, more = (quality.threshold(capacity=x / 4) for x in sorted((one, two)))
    assert less.per_week <= less.capacity
    assert more.per_week >= less.per_week
    assert (less.score or 100) >= (more.score or 100)


def test_what_is_not_possible_is_refused() -> None:
    with pytest.raises(EvaluationError) as caught:
        measured().threshold(capacity=0)
    message = "capacity: '0' is not possible; expected leads a week, above 0"
    assert str(caught.value) == message
    with pytest.raises(EvaluationError) as caught:
        by_outcome([(1, True)]).threshold(capacity=1)
    message = "threshold: expected scores with the column 'at', which says how many come a week"
    assert str(caught.value) == message
