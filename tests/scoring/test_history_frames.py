"""Frames of leads with their events: on every kind the same as one lead at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from leadrules.events import Event
from leadrules.frames import event_frame_of
from leadrules.scoring import Scorer, Scoring
from leadrules.vocabulary import column_of
from tests import frames
from tests.frames import KINDS, MAKE
from tests.scoring.histories import history, scoring_document
from tests.strategies import FIELDS, VOCABULARY, moment, rows

LEADS = 12
FEWER = max(3, settings().max_examples // 16)
"""A frame holds many leads and events, so few frames do."""

Meant = list[dict[str, Any]]


def meant(
    scorer: Scorer,
    leads: Sequence[Any],
    events: Sequence[Event],
    moments: Sequence[datetime],
    bands: Sequence[str | None],
) -> Meant:
    """Return the results of each lead by their columns; nothing if there is no score."""
    names = {name: column_of(name) for name in scorer.scoring.results}
    found: Meant = []
    for lead, at, band in zip(leads, moments, bands, strict=True):
        made = VOCABULARY.lead(lead)
        own = [event for event in events if event.lead_id == made.id]
        try:
            score = scorer.score(made, events=own, at=at, previous=band)
        except EvaluationError:  # a parameter has no value yet
            found.append({})
            continue
        answers = {f"answer.{name}": said for name, said in score.answers}
        values = {
            name: answers[name] if name in answers else getattr(score, name) for name in names
        }
        found.append({names[name]: value for name, value in values.items()})
    return found


def table(leads: Sequence[Any], moments: Sequence[datetime | None], bands: Any) -> pa.Table:
    """Return leads with their moments and bands as the table that frames are made from."""
    found = frames.table(leads, VOCABULARY, FIELDS)
    columns = {
        "id": pa.array([lead["id"] for lead in leads], pa.string()),
        "moment": pa.array(moments, pa.timestamp("us", "UTC")),
        "before": pa.array(bands, pa.string()),
    }
    for name, column in columns.items():
        found = found.append_column(name, column)
    return found


def event_table(events: Sequence[Event]) -> pa.Table:
    """Return events as the table that frames of them are made from."""
    found = event_frame_of(events, vocabulary=VOCABULARY, backend="pyarrow")
    rows = pa.array(range(len(events)), pa.int64())
    return found.append_column("row", rows)


def make(kind: str, leads: pa.Table, events: pa.Table) -> tuple[Any, Any]:
    """Return a frame of leads and one of events of a kind; those of DuckDB share a connection."""
    if kind != "duckdb":
        return MAKE[kind](leads), MAKE[kind](events)
    first, second = frames.related(leads, events)
    return first, second


def scored(scorer: Scorer, frame: Any, events: Any, **asked: Any) -> Meant:
    """Return the results that a frame gives, lead by lead; nothing if there is no score."""
    names = [column_of(name) for name in scorer.scoring.results]
    columns = frames.columns(scorer.score_frame(frame, events=events, **asked), names)
    found = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [row if row["score"] is not None else {} for row in found]


def case(random: Random) -> tuple[Scoring, list[Any], list[Event], list[datetime]]:
    """Return a document, leads of which one stands there twice, their events, and moments."""
    leads = rows(random, LEADS)
    leads[-1] = leads[0]
    around = moment(random)
    moments = [random.choice((around, moment(random))) for _ in leads]
    events = [
        event
        for number in range(LEADS + 1)
        for event in history(random, f"lead-{number}", around, random.choice((0, 3, 15)))
    ]
    random.shuffle(events)
    return scoring_document(random), leads, events, [around, *moments[1:]]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=FEWER)
@given(random=st.randoms(use_true_random=True))
def test_a_frame_with_events_scores_as_its_leads_do(kind: str, random: Random) -> None:
    """Law: on every kind of frame, leads with their events score exactly as one lead does."""
    scoring, leads, events, moments = case(random)
    scorer = Scorer(scoring, vocabulary=VOCABULARY)
    names = [band.name for band in scoring.bands.levels] if scoring.bands else []
    bands = [random.choice((*names, None)) for _ in leads]
    frame, history_frame = make(kind, table(leads, moments, bands), event_table(events))
    at = moments[0]
    found = scored(scorer, frame, history_frame, at=at, previous="before")
    assert found == meant(scorer, leads, events, [at] * LEADS, bands)
    found = scored(scorer, frame, history_frame, at="moment", previous="before")
    assert found == meant(scorer, leads, events, moments, bands)
    none: list[None] = [None] * LEADS
    assert scored(scorer, frame, None, at="moment") == meant(scorer, leads, [], moments, none)
