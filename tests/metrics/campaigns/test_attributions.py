"""Credits by hand, by their laws, and of every kind of frame."""

from __future__ import annotations

import pickle
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from leadrules.metrics import Measures, attribution, win_rate
from tests.metrics.outcome_cases import ENTRIES, LEADS, frames, rows_of
from tests.metrics.tables import AT, FRAMES, WORDS, Rows, made, measures, processes

EVENTS = rows_of(
    "lead_id id time kind type campaign of",
    ("a", "1", "2026-01-02", "activity", "visit", "fair", None),
    ("a", "2", "2026-01-30", "touch", "call", "mail", None),
    ("a", "3", "2026-02-02", "activity", "visit", "late", None),
    ("c", "4", "2026-01-02", "activity", "visit", "", None),
    ("c", "5", "2026-01-03", "activity", "visit", "gone", None),
    ("c", "6", "2026-01-04", "activity", "demo", "mail", None),
    ("c", "7", "2026-01-04", "activity", "visit", "search", None),
    ("c", "8", "2026-01-05", "retraction", None, None, "5"),
    ("c", "9", "2026-01-01", "moved", None, "never", None),
)
"""`f`, who bought too, has none."""

ENTRY_FRAME, LEAD_FRAME, EVENT_FRAME = frames("polars", ENTRIES, LEADS, EVENTS)


def credited(**arguments: Any) -> dict[str | None, int]:
    found = attribution(ENTRY_FRAME, EVENT_FRAME, **{"measures": WORDS, "at": AT, **arguments})
    return {credit.to: credit.leads for credit in found.credits}


@pytest.mark.parametrize("kind", FRAMES)
def test_first_and_last_touch(kind: str) -> None:
    entries, events = frames(kind, ENTRIES, EVENTS)
    first = attribution(entries, events, measures=WORDS, at=AT)
    assert {credit.to: credit.leads for credit in first.credits} == {"fair": 1, "mail": 1, None: 1}
    last = attribution(entries, events, measures=WORDS, at=AT, model="last_touch")
    assert last.title == (
        "last touch by campaign: 3 leads that came to close, period 2026-02-01 to 2026-03-09, "
        "first entry"
    )
    assert [row[:2] for row in last.rows()] == [("mail", 1), ("search", 1), (None, 1)]
    assert last.notes == ["1 of 3 without an event that names one"]


def test_whose_events_may_have_credit_is_said() -> None:
    assert credited(model="last_touch", kinds=("activity",)) == {"fair": 1, "search": 1, None: 1}
    assert credited(types=("call", "demo")) == {"mail": 2, None: 1}
    assert credited(window=timedelta(days=5)) == {"mail": 1, None: 2}
    assert credited(period="2026-02") == {"fair": 1}
    assert credited(to="sales_ready")[None] == 5


def test_credits_by_group() -> None:
    found = attribution(
        ENTRY_FRAME, EVENT_FRAME, measures=WORDS, at=AT, leads=LEAD_FRAME, by="campaign"
    )
    assert [row[:3] for row in found.rows()] == [
        ("fair", "fair", 1),
        ("mail", "mail", 1),
        (None, None, 1),
    ]


def test_events_without_ids_have_no_retractions() -> None:
    events = EVENT_FRAME.drop("id", "of")
    found = attribution(ENTRY_FRAME, events, measures=WORDS, at=AT)
    assert (found["gone"], found["fair"], found[None]) == (1, 1, 1)


def test_a_result_is_data_and_a_picture() -> None:
    span = timedelta(days=90)
    found = attribution(ENTRY_FRAME, EVENT_FRAME, measures=WORDS, at=AT, window=span)
    assert "events of the 90 days before" in found.title
    assert pickle.loads(pickle.dumps(found)) == found
    assert found.to_frame()["leads"].sum() == found.total == 3
    assert found.plot(theme="dark").to_dict()["title"]["text"] == "first touch attribution"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"model": "linear"},
            "model: 'linear' is not possible; expected 'first_touch' or 'last_touch'",
        ),
        (
            {"column": "source"},
            "events: the frame has no column 'source'; add an empty column if all are missing",
        ),
        (
            {"to": "deal"},
            (
                "to: no step or stage 'deal'; expected one of 13, such as 'suspect', "
                "'prospect', 'sales_ready'"
            ),
        ),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        credited(**arguments)
    assert str(caught.value) == message


@given(processes(), measures(), st.sampled_from(("first_touch", "last_touch")), st.randoms())
def test_credits_add_up_to_those_who_bought(
    rows: Rows, how: Measures, model: Any, random: Any
) -> None:
    """Law: each lead that was won has one credit or none, and rows may be in any order."""
    entries = made("polars", rows)
    events = pl.DataFrame(
        {
            "lead_id": [row["lead_id"] for row in rows],
            "id": [str(place) for place in range(len(rows))],
            "time": [row["entered"] for row in rows],
            "kind": "activity",
            "type": "visit",
            "campaign": [random.choice(("fair", "mail", None)) for _ in rows],
        }
    )
    found = attribution(entries, events, measures=how, at=AT, model=model)
    assert found.total == win_rate(entries, measures=how, at=AT).total.numerator
    shuffled = events.sample(fraction=1, shuffle=True, seed=random.randrange(1000))
    assert attribution(entries, shuffled, measures=how, at=AT, model=model) == found
