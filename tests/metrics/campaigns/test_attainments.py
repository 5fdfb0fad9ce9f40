"""Objectives by hand, by their laws, and of every kind of frame."""

from __future__ import annotations

import pickle
from datetime import timedelta
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from leadrules.errors import EvaluationError
from leadrules.metrics import Measures, objectives
from leadrules.metrics.campaigns.objective_tables import projected
from tests.metrics.outcome_cases import ENTRIES, LEADS, frames, rows_of
from tests.metrics.tables import FRAMES, WORDS, moment

EVENTS = rows_of(
    "lead_id id time kind type of",
    ("a", "1", "2026-01-02", "activity", "signup", None),
    ("a", "2", "2026-01-03", "activity", "signup", None),
    ("b", "3", "2026-01-04", "activity", "visit", None),
    ("c", "4", "2026-01-05", "activity", "signup", None),
    ("c", "5", "2026-01-06", "retraction", None, "4"),
    ("d", "6", "2026-03-01", "activity", "signup", None),
)
ENTRY_FRAME, LEAD_FRAME, EVENT_FRAME = frames("polars", ENTRIES, LEADS, EVENTS)
MARCH = moment("2026-03-01")


def aims(*found: dict[str, Any], zone: str = "UTC") -> Measures:
    given = WORDS.model_dump(mode="json", exclude_none=True, exclude={"objectives", "zone"})
    return Measures.model_validate({**given, "zone": zone, "objectives": list(found)})


READY = {"id": "ready", "reach": "sales_ready", "target": 10, "period": "2026-Q1"}


@pytest.mark.parametrize("kind", FRAMES)
def test_objectives_by_hand(kind: str) -> None:
    entries, leads, events = frames(kind, ENTRIES, LEADS, EVENTS)
    how = aims(
        {**READY, "target": {"mail": 4, "radio": 3}, "by": "campaign"},
        {"id": "webinar", "activity": "signup", "target": 3, "period": "2026-01"},
        {"id": "deals", "reach": "won", "target": 1, "by": "campaign", "period": "2026-03"},
    )
    found = objectives(entries, measures=how, at=MARCH, leads=leads, events=events)
    assert [(x.id, x.group, x.actual, x.target, x.status) for x in found.parts] == [
        ("ready", "mail", 3, 4, "on course"),
        ("ready", "radio", 0, 3, "behind"),
        ("webinar", None, 1, 3, "missed"),
        ("deals", "fair", 0, 1, "not begun"),
        ("deals", "mail", 1, 1, "met"),
    ]
    assert found.title == (
        "objectives at 2026-03-01 00:00 UTC: 1 met, 1 on course, 1 behind, 1 missed, 1 not begun"
    )
    assert found.notes == [
        "at the end: 95 % interval, if they go on to come as they have; expected: evenly",
        "ready: 2 leads of no group with a target",
    ]


def test_the_share_of_time_is_exact() -> None:
    found = objectives(ENTRY_FRAME, measures=aims(READY, zone="Europe/Berlin"), at=MARCH)
    part = found["ready"]
    assert part.gone == Fraction(59 * 24 + 1, 90 * 24 - 1)  # an hour of March is skipped there
    assert part.expected == 10 * part.gone


@pytest.mark.parametrize(
    ("at", "status", "projection"),
    [
        ("2026-01-01", "not begun", None),
        ("2026-01-12", "on course", (8, 63)),
        ("2026-02-15", "on course", (6, 18)),
        ("2026-04-01", "missed", (7, 7)),
    ],
)
def test_how_it_stands_as_time_goes(
    at: str, status: str, projection: tuple[int, int] | None
) -> None:
    part = objectives(ENTRY_FRAME, measures=aims(READY), at=moment(at))["ready"]
    assert (part.status, part.projection) == (status, projection)


def test_none_is_an_empty_table() -> None:
    found = objectives(ENTRY_FRAME, measures=WORDS, at=MARCH)
    assert (found.title, found.rows()) == ("objectives at 2026-03-01 00:00 UTC: none", [])
    with pytest.raises(KeyError):
        found["ready"]
    found.plot()


def test_a_result_is_data_and_a_picture() -> None:
    how = aims({**READY, "by": "campaign"}, {**READY, "id": "few", "target": 1})
    found = objectives(ENTRY_FRAME, measures=how, at=MARCH, leads=LEAD_FRAME)
    assert pickle.loads(pickle.dumps(found)) == found
    assert found["ready", "mail"].group == "mail"
    assert found.to_frame()["actual"].to_list() == [2, 3, 5]
    for theme in ("light", "dark"):
        notes = found.plot(theme=theme).to_dict()["title"]["subtitle"]
        assert notes[-1] == "cut at 200% of the target"


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        (
            {"id": "fair", "activity": "signup", "target": 3, "period": "2026-01"},
            "events: expected the table of events, since objective 'fair' counts 'signup'",
        ),
        (
            {**READY, "by": "campaign"},
            "leads: expected a frame with the column 'campaign', since 'by' asks for it",
        ),
        (
            {**READY, "reach": "deal"},
            (
                "objective 'ready': no step or stage 'deal'; expected one of 13, such as "
                "'suspect', 'prospect', 'sales_ready'"
            ),
        ),
    ],
)
def test_what_is_refused(objective: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        objectives(ENTRY_FRAME, measures=aims(objective), at=MARCH)
    assert str(caught.value) == message


@pytest.mark.parametrize("gone", [Fraction(1, 10), Fraction(1, 2), Fraction(9, 10)])
@pytest.mark.parametrize("mean", [5.0, 20.0, 80.0])
def test_intervals_hold_what_comes_as_often_as_they_say(gone: Fraction, mean: float) -> None:
    share = float(gone)
    held = 0.0
    for so_far in range(int(mean * share + 12 * (mean * share) ** 0.5) + 12):
        low, high = projected(so_far, gone) or (0, 0)
        rest = stats.poisson(mean * (1 - share))
        within = rest.cdf(high - so_far) - rest.cdf(low - so_far - 1)
        held += stats.poisson(mean * share).pmf(so_far) * within
    assert 0.93 <= held <= 1


@given(st.integers(0, 90 * 24), st.integers(0, 90 * 24))
def test_counts_and_what_is_due_never_fall(one: int, two: int) -> None:
    """Law: as time goes, neither the count nor what is due by now falls."""
    first, last = sorted((one, two))
    how = aims(READY)
    parts = [
        objectives(ENTRY_FRAME, measures=how, at=moment("2026-01-01") + timedelta(hours=hours))
        for hours in (first, last)
    ]
    early, late = (part["ready"] for part in parts)
    assert early.actual <= late.actual
    assert early.expected <= late.expected


def test_a_group_that_is_no_text_has_its_target() -> None:
    leads = pl.DataFrame({"lead_id": ["a", "b"], "region": [1, 2]})
    how = aims({**READY, "by": "region", "target": {"1": 1, "2": 2}})
    found = objectives(ENTRY_FRAME, measures=how, at=MARCH, leads=leads)
    assert [(part.group, part.actual) for part in found.parts] == [("1", 1), ("2", 1)]
