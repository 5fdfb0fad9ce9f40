"""Which scores count: the first of each lead, with time to convert, taken before the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from leadrules.metrics import Quality, score_quality
from tests.frames import MAKE
from tests.metrics.score_tables import AT, DAY, WORDS, day, entries, frames
from tests.metrics.tables import FRAMES

WINDOW = timedelta(days=30)


def scores(*rows: tuple[str, str | None, float | None]) -> list[dict[str, Any]]:
    """Return scores of `(lead, day, score)`, banded at 50."""
    return [
        {
            "lead_id": lead,
            "at": None if when is None else day(when),
            "score": score,
            "band": None if score is None else "hot" if score >= 50 else "cold",
        }
        for lead, when, score in rows
    ]


# Of one day each: converted in time, too late, never, before its score, at its score, skipped the
# stage, too young but converted, and twice scored.
SCORES = scores(
    ("in time", "03-01", 80),
    ("too late", "03-01", 60),
    ("never", "03-01", 20),
    ("before", "03-01", 90),
    ("at once", "03-01", 90),
    ("on the last day", "03-01", 70),
    ("young", "06-10", 95),
    ("twice", "03-01", 30),
    ("twice", "03-05", 75),
    ("no score", "03-01", None),
    ("no moment", None, 40),
    ("later", "07-02", 40),
)
ENTRIES = entries(
    ("in time", "mql", "02-01"),
    ("in time", "won", "03-20"),
    ("too late", "won", "04-20"),
    ("never", "mql", "03-02"),
    ("before", "won", "02-20"),
    ("at once", "won", "03-01"),
    ("on the last day", "won", "03-31"),
    ("young", "won", "06-11"),
    ("twice", "won", "03-10"),
    ("never", "won", "07-02"),
)


def measured(kind: str = "polars", **more: Any) -> Quality:
    made = frames(kind, SCORES, ENTRIES)
    return score_quality(*made, **{"measures": WORDS, "at": AT, "window": WINDOW, **more})


@pytest.mark.parametrize("kind", [*FRAMES, pytest.param("spark", marks=pytest.mark.spark)])
def test_each_lead_counts_once_and_the_others_are_told(kind: str) -> None:
    found = measured(kind)
    assert str(found.total) == (
        "3 of 5 leads (60.0 %, 95 % CI 23.1 to 88.2), cohort 2026-03-01 to 2026-06-10, "
        "within 30 days, first entry, 0 censored"
    )
    assert found.notes == [
        "2 leads left out, scored when the outcome had happened",
        "1 lead left out, not yet 30 days after their score",
        "1 later score left out; the first one counts",
        "2 rows without a score or a moment left out",
    ]
    known = found.scored.by_score().filter(pl.col("known") > 0)
    assert known.select("score", "known", "converted").rows() == [
        (80, 1, 1),
        (70, 1, 1),
        (60, 1, 0),
        (30, 1, 1),
        (20, 1, 0),
    ]
    assert found.bands is not None
    assert [(x.band, x.ratio.numerator, x.ratio.denominator) for x in found.bands.bands] == [
        ("hot", 2, 3),
        ("cold", 1, 2),
    ]


def test_a_period_says_which_scores_count() -> None:
    found = measured(period="2026-03-02 to 2026-03-31")
    assert (found.total.numerator, found.total.denominator) == (1, 1)
    assert found.scored.by_score()["score"].to_list() == [75]


def test_another_stage_can_be_the_outcome() -> None:
    found = measured(to="sales_ready")
    assert found.total.name == "score_to_sales_ready"
    # Who skipped the stage was there when it came to a later one.
    assert (found.total.numerator, found.total.denominator) == (3, 4)
    assert found.scored.total("late") == 3


def test_without_imputing_only_the_stage_itself_counts() -> None:
    words = WORDS.model_copy(update={"skipped": "missing"})
    found = measured(to="sales_ready", measures=words)
    assert (found.total.numerator, found.total.denominator) == (1, 6)


def test_where_leads_come_again_only_what_is_after_the_score_counts() -> None:
    words = WORDS.model_copy(update={"reentry": "every"})
    found = measured(measures=words)
    assert found.scored.total("late") == 0
    assert (found.total.numerator, found.total.denominator) == (3, 7)


def test_leads_whose_outcome_nobody_knows_are_told() -> None:
    frame = pl.DataFrame({"id": ["1", "2", "3"], "score": [3, 2, 1], "bought": [True, None, False]})
    found = score_quality(frame, converted="bought", measures=WORDS, at=AT)
    assert found.notes == ["1 lead left out, of unknown outcome"]
    assert (found.total.name, found.total.denominator) == ("score_to_bought", 2)


def test_a_window_makes_young_leads_of_known_outcome_young() -> None:
    rows = [
        {"lead_id": "1", "at": AT - 40 * DAY, "score": 1.0, "bought": True},
        {"lead_id": "2", "at": AT - 30 * DAY, "score": 1.0, "bought": False},
        {"lead_id": "3", "at": AT - 29 * DAY, "score": 1.0, "bought": True},
    ]
    (frame,) = frames("polars", rows)
    found = score_quality(frame, converted="bought", measures=WORDS, at=AT, window=WINDOW)
    assert (found.total.numerator, found.total.denominator) == (1, 2)
    assert found.notes == ["1 lead left out, not yet 30 days after their score"]


def test_rows_that_are_the_same_count_once() -> None:
    twice = pl.concat([MAKE["polars"](pl.DataFrame(scores(("1", "03-01", 5))).to_arrow())] * 2)
    found = score_quality(twice, *frames("polars", ENTRIES), measures=WORDS, at=AT, window=WINDOW)
    assert found.scored.total("leads") == 1


@cache
def _in_order() -> pl.DataFrame:
    return measured().scored.counts


@given(st.permutations(SCORES), st.permutations(ENTRIES))
def test_the_order_of_rows_does_not_matter(
    one: Sequence[dict[str, Any]], two: Sequence[dict[str, Any]]
) -> None:
    """Law: shuffled rows give the same counts."""
    shuffled = score_quality(*frames("polars", one, two), measures=WORDS, at=AT, window=WINDOW)
    assert shuffled.scored.counts.equals(_in_order())


@given(st.integers(0, 120))
def test_what_counts_has_had_its_window(days: int) -> None:
    """Law: each lead is known, late, young or unknown; and none is both."""
    found = measured(at=AT - days * DAY).scored
    parts = [found.total(name) for name in ("known", "late", "young", "unknown")]
    assert sum(parts) == found.total("leads")
    assert found.total("converted") <= found.total("known")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"window": None},
            (
                "window: expected how long each lead has to convert, such as timedelta(days=90); "
                "without it the young count as lost"
            ),
        ),
        (
            {"converted": "score"},
            "converted: 'score' is not possible beside outcomes; expected one of both",
        ),
        ({"to": "clos"}, "to: no step or stage 'clos'; did you mean 'close'?"),
        (
            {"score": "points"},
            "scores: the frame has no column 'points'; add an empty column if all are missing",
        ),
    ],
)
def test_what_is_not_possible_is_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        measured(**more)
    assert str(caught.value) == message


def test_without_outcomes_a_column_is_needed() -> None:
    with pytest.raises(EvaluationError) as caught:
        score_quality(pl.DataFrame({"lead_id": ["1"], "score": [1]}), measures=WORDS, at=AT)
    assert str(caught.value) == (
        "outcomes: expected a table of entries, or 'converted', a boolean column of the scores"
    )


@pytest.mark.parametrize("asking", ["outcomes", "period", "window"])
def test_what_asks_when_scores_were_taken_needs_the_column(asking: str) -> None:
    frame = pl.DataFrame({"lead_id": ["1"], "score": [1], "bought": [True]})
    more: dict[str, Any] = {"period": "2026", "window": WINDOW}
    asked = {asking: more[asking], "converted": "bought"} if asking in more else {"window": WINDOW}
    outcomes = frames("polars", ENTRIES) if asking == "outcomes" else ()
    with pytest.raises(EvaluationError) as caught:
        score_quality(frame, *outcomes, measures=WORDS, at=AT, **asked)
    assert str(caught.value) == (
        f"scores: expected the column 'at', the moment of each score, since '{asking}' asks for it"
    )


def test_two_scores_of_one_moment_are_refused() -> None:
    rows = scores(("1", "03-01", 5), ("1", "03-01", 6))
    with pytest.raises(EvaluationError) as caught:
        score_quality(*frames("polars", rows, ENTRIES), measures=WORDS, at=AT, window=WINDOW)
    assert str(caught.value) == (
        "scores of one moment: lead '1' has 2 rows; expected one row a lead"
    )
    assert (caught.value.field, caught.value.lead_id) == ("lead_id", "1")
