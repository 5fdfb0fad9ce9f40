"""Frames of leads with their events: on every kind the same as one lead at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from leadrules.events import Event
from leadrules.frames import event_frame_of
from leadrules.lead import Lead
from leadrules.scoring import Scorer, Scoring
from leadrules.values import Instant, Type, instant_of
from leadrules.vocabulary import Parameter, Vocabulary, column_of
from tests import frames
from tests.frames import EAGER_AND_LAZY, KINDS, MAKE
from tests.scoring.histories import history, scoring_document
from tests.strategies import FIELDS, VOCABULARY, moment, rows

LEADS = 12
FEWER = max(2, settings().max_examples // 25)
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


def event_table(events: Sequence[Event], words: Vocabulary = VOCABULARY) -> pa.Table:
    """Return events as the table that frames of them are made from."""
    found = event_frame_of(events, vocabulary=words, backend="pyarrow")
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


def check(kind: str, random: Random, at: datetime | str | None = None) -> None:
    """Assert that a random document scores random leads of a frame as it scores each of them."""
    scoring, leads, events, moments = case(random)
    scorer = Scorer(scoring, vocabulary=VOCABULARY)
    names = [band.name for band in scoring.bands.levels] if scoring.bands else []
    bands = [random.choice((*names, None)) for _ in leads]
    frame, past = make(kind, table(leads, moments, bands), event_table(events))
    for asked in (at,) if at else (moments[0], "moment"):
        when = moments if isinstance(asked, str) else [asked] * LEADS
        found = scored(scorer, frame, past, at=asked, previous="before")
        assert found == meant(scorer, leads, events, when, bands)


@pytest.mark.parametrize("kind", EAGER_AND_LAZY)
@settings(max_examples=FEWER)
@given(random=st.randoms(use_true_random=True))
def test_a_frame_with_events_scores_as_its_leads_do(kind: str, random: Random) -> None:
    """Law: on every kind of frame, leads with their events score exactly as one lead does."""
    check(kind, random)


@pytest.mark.spark
def test_spark_with_events_scores_as_its_leads_do() -> None:
    """Law: as on every other kind; by one document, since each is a long plan."""
    check("spark", Random(3), "moment")  # noqa: S311 - reproducible, not secret


@settings(max_examples=FEWER)
@given(random=st.randoms(use_true_random=True))
def test_the_order_of_events_and_repeats_change_nothing(random: Random) -> None:
    """Law: permuting the rows of events, and repeating some, changes no result."""
    scoring, leads, events, moments = case(random)
    scorer = Scorer(scoring, vocabulary=VOCABULARY)
    again = [*events, *random.choices(events, k=9)] if events else []
    random.shuffle(again)
    found = []
    for some in (events, again):
        frame, past = make("polars", table(leads, moments, [None] * LEADS), event_table(some))
        found.append(scored(scorer, frame, past, at="moment"))
    assert found[0] == found[1]


@settings(max_examples=FEWER)
@given(random=st.randoms(use_true_random=True))
def test_no_frame_of_events_is_one_without_rows(random: Random) -> None:
    """Law: no events and an empty frame of events come to the same."""
    scoring, leads, _, moments = case(random)
    scorer = Scorer(scoring, vocabulary=VOCABULARY)
    frame, past = make("polars", table(leads, moments, [None] * LEADS), event_table([]))
    assert scored(scorer, frame, None, at="moment") == scored(scorer, frame, past, at="moment")


# --- edges of periods and of decays

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
EDGES = {
    "Europe/Berlin": (
        datetime(2026, 3, 29, tzinfo=ZoneInfo("Europe/Berlin")),  # a day of 23 hours
        datetime(2025, 10, 26, tzinfo=ZoneInfo("Europe/Berlin")),  # one of 25
        datetime(2025, 10, 26, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
    ),
    "America/St_Johns": (
        datetime(2026, 3, 8, tzinfo=ZoneInfo("America/St_Johns")),
        datetime(2024, 2, 29, tzinfo=ZoneInfo("America/St_Johns")),
        datetime(2024, 3, 1, tzinfo=ZoneInfo("America/St_Johns")),
    ),
    "Pacific/Apia": (datetime(2011, 12, 31, tzinfo=ZoneInfo("Pacific/Apia")),),  # no 30th
    "UTC": (datetime(2026, 1, 1, tzinfo=UTC), datetime(2040, 7, 1, tzinfo=UTC)),
}


@pytest.mark.parametrize(
    ("kind", "zone"), [*(("polars", zone) for zone in EDGES), ("duckdb", "Europe/Berlin")]
)
def test_edges_of_periods_and_of_decays_are_those_of_leads(kind: str, zone: str) -> None:
    limits: tuple[str | None, ...] = (
        None,
        "1 per day",
        "2 per day",
        "1 per week",
        "2 per month",
        "1 ever",
        "3 ever",
    )
    decays: tuple[str, ...] = (
        "none",
        "window 1 day",
        "linear 2 days",
        "half_life 1 day",
        "step 30% every 1 day",
    )
    if kind == "duckdb":  # each limit with one decay, since plans are long
        limits, decays = limits[1:5], ("half_life 1 day",)
    rules = {
        f"r{number}": {"activity": "demo", "points": 10 ** (number % 3), "decay": decay}
        | ({} if limit is None else {"limit": limit})
        for number, (limit, decay) in enumerate(product(limits, decays))
    }
    scoring = Scoring.model_validate({"engagement": {"rules": rules}})
    words = Vocabulary(activities={"demo": {}}, zone=zone)
    scorer = Scorer(scoring, vocabulary=words)
    leads, events = [], []
    for number, edge in enumerate(EDGES[zone]):
        steps = product((-40, -31, -2, -1, 0, 1, 2), (-TICK, 0 * TICK, TICK, DAY / 24))
        times = [edge.astimezone(UTC) + days * DAY + tick for days, tick in steps]
        for offset, at in enumerate((edge, edge + DAY, edge + 2 * DAY + TICK)):
            lead = f"{number}-{offset}"
            leads.append((lead, at))
            events += [
                Event(lead_id=lead, id=str(index), time=time, kind="activity", type="demo")
                for index, time in enumerate(times)
            ]
    ids, moments = zip(*leads, strict=True)
    frame = pa.table(
        {
            "row": range(len(leads)),
            "lead_id": ids,
            "moment": pa.array(moments, pa.timestamp("us", "UTC")),
        }
    )
    found = scored(scorer, *make(kind, frame, event_table(events, words)), at="moment")
    for (lead, at), results in zip(leads, found, strict=True):
        own = [event for event in events if event.lead_id == lead]
        score = scorer.score(Lead(id=lead), events=own, at=at)
        assert results == {
            "score": score.score,
            "engagement": score.engagement,
            "lifetime": score.lifetime,
        }


# --- what stands in a frame of events

AT = datetime(2026, 1, 5, tzinfo=UTC)
BANT = {
    "engagement": {"rules": {"seen": {"activity": "demo", "points": 1}}},
    "qualification": {"criteria": {"need": {"points": 10}}},
    "bands": [{"name": "hot", "enter": 5}, {"name": "cold"}],
}
WORDS = Vocabulary(activities={"demo": {}})


def rowed(*events: tuple[Any, ...], **more: Sequence[Any]) -> dict[str, Any]:
    """Return events of leads, ids, times, kinds and types as columns, and others as given."""
    names = ("lead_id", "id", "time", "kind", "type")
    columns: dict[str, Any] = {
        name: pa.array([event[index] for event in events], pa.string())
        for index, name in enumerate(names)
        if name != "time"
    }
    columns["time"] = pa.array([event[2] for event in events], pa.timestamp("us", "UTC"))
    times = {"until"}
    for name, values in more.items():
        kind = pa.timestamp("us", "UTC") if name in times else pa.string()
        columns[name] = pa.array(values, kind)
    return {"row": range(len(events)), **columns}


def demo(lead: str | None, event: str | None, time: datetime | None = AT) -> tuple[Any, ...]:
    return lead, event, time, "activity", "demo"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_event_counts_for_nothing(kind: str) -> None:
    events = pa.table(
        rowed(
            *(demo("a", "1"), demo("a", "1"), demo("a", "2"), demo("nobody", "3")),
            *(demo(None, "4"), demo("a", None), demo("a", ""), demo("a", "5", None)),
            *(
                demo("a", "6", AT + TICK),
                ("a", "7", AT, "touch", "demo"),
                ("a", "8", AT, None, None),
            ),
            ("a", "9", AT, "activity", "fax"),
        )
    )
    leads = pa.table({"row": [0, 1, 2, 3], "id": ["b", "a", None, "a"]})
    scorer = Scorer(Scoring.model_validate(BANT), vocabulary=WORDS)
    found = scored(scorer, *make(kind, leads, events), at=AT)
    assert [results["engagement"] for results in found] == [0, 2, 0, 2]
    assert [results["answer_need"] for results in found] == ["unknown"] * 4


@pytest.mark.parametrize("kind", ["polars", "duckdb"])
def test_answers_and_overrides_may_lack_columns_and_values(kind: str) -> None:
    said: dict[str, list[Any]] = {
        "criterion": ["need", "need", "weather", "need", None, None, None],
        "answer": ["met", "perhaps", "not_met", None, None, None, None],
        "band": [None, None, None, None, "hot", "tepid", None],
        "of": [None, None, None, None, None, None, "5"],
    }
    kinds = ["answer"] * 4 + ["override", "override", "retraction"]
    events = rowed(*(("a", str(x), AT, kind, None) for x, kind in enumerate(kinds, 1)), **said)
    scorer = Scorer(Scoring.model_validate(BANT), vocabulary=WORDS)
    leads = pa.table({"row": [0], "id": ["a"]})

    def results(columns: dict[str, Any]) -> tuple[Any, ...]:
        found = scored(scorer, *make(kind, leads, pa.table(columns)), at=AT)[0]
        return found["answer_need"], found["band"]

    assert results(events) == ("met", "hot")
    assert results({name: x for name, x in events.items() if name != "answer"}) == (
        "unknown",
        "cold",
    )
    without = {name: x for name, x in events.items() if name not in {"of", "answer"}}
    assert results(without) == ("unknown", "hot")
    assert results({name: x for name, x in without.items() if name != "band"})[1] == "cold"


def test_of_two_columns_the_leads_ids_are_in_the_one_called_so() -> None:
    events = pl.DataFrame(pa.table(rowed(demo("a", "1"))))
    leads = pl.DataFrame({"id": ["x", "a"], "lead_id": ["a", "x"]})
    scorer = Scorer(Scoring.model_validate(BANT), vocabulary=WORDS)
    assert scorer.score_frame(leads, events=events, at=AT)["engagement"].to_list() == [1, 0]


def test_eager_frames_of_leads_and_of_events_may_be_of_two_kinds() -> None:
    events = pa.table(rowed(demo("a", "1")))
    leads = pd.DataFrame({"id": ["b", "a"]}, index=["one", "two"])
    scorer = Scorer(Scoring.model_validate(BANT), vocabulary=WORDS)
    found = scorer.score_frame(leads, events=events, at=AT)
    assert found["engagement"].to_dict() == {"one": 0, "two": 1}


def test_a_name_that_is_no_band_is_none_before() -> None:
    data = {**BANT, "bands": [{"name": "hot", "enter": 5, "leave": 0}, {"name": "cold"}]}
    scorer = Scorer(Scoring.model_validate(data), vocabulary=WORDS)
    leads = pl.DataFrame({"id": ["a", "b", "c"], "was": ["hot", "tepid", None]})
    found = scorer.score_frame(leads, at=AT, previous="was")
    assert found["band"].to_list() == ["hot", "cold", "cold"]


def test_neither_frame_is_changed() -> None:
    events, leads = pl.DataFrame(pa.table(rowed(demo("a", "1")))), pl.DataFrame({"id": ["a"]})
    before = events.clone(), leads.clone()
    Scorer(Scoring.model_validate(BANT), vocabulary=WORDS).score_frame(leads, events=events, at=AT)
    assert (events.equals(before[0]), leads.equals(before[1])) == (True, True)


EVENTS = pl.DataFrame(pa.table(rowed(demo("a", "1"))))


@pytest.mark.parametrize(
    ("leads", "events", "message"),
    [
        (
            pl.DataFrame({"id": ["a"]}),
            EVENTS.rename({"kind": "kinds"}),
            (
                "events: the frame has no column 'kind'; did you mean 'kinds'?; "
                "add an empty column if all are missing"
            ),
        ),
        (
            pl.DataFrame({"id": ["a"]}),
            EVENTS.with_columns(time=pl.lit("2026-01-05")),
            ("events: time: the column holds texts; expected a datetime column with a time zone"),
        ),
        (
            pl.DataFrame({"id": ["a"]}),
            EVENTS.with_columns(until=pl.lit(5)),
            (
                "events: until: the column holds integers; "
                "expected a datetime column with a time zone"
            ),
        ),
        (
            pl.DataFrame({"ids": ["a"]}),
            EVENTS,
            "the frame has no column 'lead_id' or 'id', by which a lead has its events",
        ),
        (
            pl.DataFrame({"id": [1]}),
            EVENTS,
            "id: the column holds integers; expected a text column; cast it to text",
        ),
        (
            pl.DataFrame({"id": ["a"]}),
            EVENTS.lazy(),
            (
                "events: the frame is lazy, of polars, and that of leads eager; "
                "expected both eager, or both lazy and of one kind"
            ),
        ),
        (
            pl.DataFrame({"id": ["a"]}),
            [{"lead_id": "a"}],
            "events: no frame; expected one of pandas, polars, pyarrow, modin, DuckDB or PySpark",
        ),
        (
            pl.DataFrame({"id": ["a"], "answer_need": ["met"]}),
            EVENTS,
            "answer_need: the frame has such a column already; rename it or drop it",
        ),
    ],
)
def test_events_that_cannot_be_read_say_why(leads: Any, events: Any, message: str) -> None:
    scorer = Scorer(Scoring.model_validate(BANT), vocabulary=WORDS)
    with pytest.raises(EvaluationError) as caught:
        scorer.score_frame(leads, events=events, at=AT)
    assert str(caught.value) == message


def test_without_a_column_of_bands_before_there_is_an_error() -> None:
    scorer = Scorer(Scoring.model_validate(BANT), vocabulary=WORDS)
    message = "the frame has no column 'was'; add an empty column if all are missing"
    with pytest.raises(EvaluationError) as caught:
        scorer.score_frame(pl.DataFrame({"id": ["a"]}), at=AT, previous="was")
    assert str(caught.value) == message


@pytest.mark.parametrize("kind", ["polars", "duckdb"])
def test_numbers_without_a_value_yet_leave_no_result(kind: str) -> None:
    start = Instant(instant_of(AT))
    words = replace(WORDS, parameters={"much": Parameter(Type.INTEGER, ((start, 7),))})
    rule = {"activity": "demo", "points": 1, "max": {"param": "much"}}
    data = {**BANT, "engagement": {"rules": {"seen": rule}}}
    scorer = Scorer(Scoring.model_validate(data), vocabulary=words)
    leads = {"row": [0, 1, 2], "id": ["a", "a", "a"]}
    moments = pa.array([AT - TICK, AT, None], pa.timestamp("us", "UTC"))
    events = pa.table(rowed(demo("a", "1", AT - DAY)))
    frame, past = make(kind, pa.table({**leads, "moment": moments}), events)
    found = scorer.score_frame(frame, events=past, at="moment")
    assert frames.columns(found, ["engagement", "band", "answer_need"]) == {
        "engagement": [None, 1, None],
        "band": [None, "cold", None],
        "answer_need": [None, "unknown", None],
    }
    none = scored(scorer, frame, past, at=AT - TICK)
    assert none == [{}, {}, {}]
