"""Entries of a frame of events: on every kind of frame those of the trail of each lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadrules import EvaluationError, Event, Lead
from leadrules.frames import event_frame_of
from leadrules.vocabulary import Vocabulary
from tests import frames
from tests.frames import EAGER_AND_LAZY, MAKE
from tests.lifecycle.histories import event, histories, moved
from tests.lifecycle.offices import moment
from tests.lifecycle.processes import Sample, samples, starts
from tests.lifecycle.test_replay import DATA, HOUR, MACHINE, MONDAY

COLUMNS = ("lead_id", "stage", "entered", "left", "entry_no", "by", "reason", "policy")
FEWER = max(2, settings().max_examples // 10)
"""A frame holds many leads, so few frames do."""

Rows = list[tuple[Any, ...]]


def tables(leads: Sequence[Lead], events: Sequence[Event]) -> tuple[pa.Table, pa.Table]:
    """Return leads, and events, as the tables that frames are made from."""
    found = {
        "id": pa.array([lead.id for lead in leads], pa.string()),
        "created": pa.array([lead.created for lead in leads], pa.timestamp("us", "UTC")),
        "owner": pa.array([lead.owner for lead in leads], pa.string()),
    }
    return pa.table(found), event_frame_of(events, vocabulary=Vocabulary(), backend="pyarrow")


def made(kind: str, *given_: pa.Table) -> list[Any]:
    """Return tables as frames of a kind; those of DuckDB share a connection."""
    if kind == "duckdb":
        return [*frames.related(*given_)]
    return [MAKE[kind](table) for table in given_]


def rows(frame: Any) -> Rows:
    """Return the rows of a frame of any kind, in their order."""
    native = nw.from_native(frame)
    if isinstance(native, nw.LazyFrame):
        table = frame.toArrow() if native.implementation.is_pyspark() else None
        found = pl.DataFrame(table) if table is not None else native.collect("polars").to_native()
    else:
        found = pl.DataFrame(native.to_arrow())
    assert tuple(found.columns) == COLUMNS
    assert found.schema["entry_no"] == pl.Int64
    return found.rows()


def meant(sample: Sample, leads: Sequence[Lead], events: Sequence[Event], at: Any = None) -> Rows:
    """Return the entries of the trail of each lead, by lead."""
    known = {lead.id: lead for lead in leads}
    found: Rows = []
    for name in sorted({*known, *(x.lead_id for x in events)}):
        own = [x for x in events if x.lead_id == name]
        try:
            trail = sample.machine.trail(known.get(name, Lead(id=name)), events=own, at=at)
        except EvaluationError:  # nobody says when it arose, or it arose later
            continue
        found += [tuple(getattr(entry, x) for x in COLUMNS) for entry in trail.entries]
    return found


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Lead], list[Event], datetime | None]:
    """Return leads, some of which are not said to be there, what happened, and until when."""
    start = draw(starts)
    leads: list[Lead] = []
    events: list[Event] = []
    for number in range(draw(st.integers(1, 4))):
        name = f"l{number}"
        created = draw(st.sampled_from((None, start, start, start - 5, start + 60)))
        if draw(st.integers(0, 4)):
            leads.append(Lead(id=name, created=None if created is None else moment(created)))
        events += draw(histories(start, lead=name))
    at = draw(st.sampled_from((None, None, start - 3, start + 100)))
    return leads, draw(st.permutations(events)), None if at is None else moment(at)


def check(kind: str, sample: Sample, case: tuple[list[Lead], list[Event], Any]) -> None:
    leads, events, at = case
    people, facts = made(kind, *tables(leads, events))
    found = sample.machine.replay_frame(facts, leads=people, at=at)
    assert type(found) is type(facts)
    assert rows(found) == meant(sample, leads, events, at)
    alone = sample.machine.replay_frame(made(kind, tables([], events)[1])[0], at=at)
    assert rows(alone) == meant(sample, [], events, at)


@settings(max_examples=FEWER)
@pytest.mark.parametrize("kind", EAGER_AND_LAZY)
@given(sample=samples, case=cases())
def test_a_frame_has_the_entries_of_every_trail(
    kind: str, sample: Sample, case: tuple[list[Lead], list[Event], Any]
) -> None:
    """Law: `replay_frame` gives the entries of `trail`, exactly, on every kind of frame."""
    check(kind, sample, case)


FACTS = (
    moved(MONDAY + HOUR, "s1", 1, by="ann"),
    event(MONDAY + 2 * HOUR, "update", 2),
    moved(MONDAY + 3 * HOUR, "s0", 3, lead="l2"),
)


def plain(found: Any) -> list[tuple[str, str, int]]:
    return [(row[0], row[1], row[4]) for row in rows(found)]


def check_odd(kind: str) -> None:
    """As in every frame of events: without a lead, an id, a time or a known kind."""
    good = tables([], FACTS)[1].to_pylist()
    bad: list[Mapping[str, Any]] = [
        {**good[0], "lead_id": None},
        {**good[0], "lead_id": ""},
        {**good[0], "id": None},
        {**good[0], "id": "x1", "time": None},
        {**good[0], "id": "x2", "kind": "moved_on", "time": moment(MONDAY)},
        {**good[0], "id": "x3", "kind": None},
        {**good[0], "id": "x4", "to": None, "time": moment(MONDAY)},
        {**good[1], "id": "x5", "kind": "retraction", "of": None},
    ]
    schema = tables([], FACTS)[1].schema
    (frame,) = made(kind, pa.Table.from_pylist([*bad, *good], schema=schema))
    found = MACHINE.replay_frame(frame)
    assert type(found) is type(frame)
    assert plain(found) == [("l1", "s1", 1), ("l2", "s0", 1)]


@pytest.mark.parametrize("kind", EAGER_AND_LAZY)
def test_rows_that_are_no_events_are_none(kind: str) -> None:
    check_odd(kind)


@pytest.mark.spark
def test_rows_of_spark_are_read_as_others() -> None:
    """What is computed is computed in memory, whatever the frame was."""
    check_odd("spark")


@pytest.mark.parametrize("kind", EAGER_AND_LAZY)
def test_only_the_first_move_says_where_a_lead_arose(kind: str) -> None:
    """As in a trail: what else happened then is no move, and moves come after it."""
    people = [Lead(id=f"l{n}", created=moment(MONDAY)) for n in range(1, 6)]
    facts = [
        moved(MONDAY, "s1", 1),
        event(MONDAY, "update", 2),
        moved(MONDAY, "s1", 1, lead="l2"),
        moved(MONDAY, "s0", 2, lead="l2"),
        moved(MONDAY, "nowhere", 1, lead="l3"),
        moved(MONDAY, "s1", 2, lead="l3"),
        moved(MONDAY, "s0", 1, lead="l4", from_="s1"),
        moved(MONDAY, "s1", 2, lead="l4"),
        event(MONDAY - 1, "update", 1, lead="l5"),
        moved(MONDAY, "s1", 2, lead="l5"),
    ]
    leads, events = made(kind, *tables(people, facts))
    found = rows(MACHINE.replay_frame(events, leads=leads))
    assert [(row[0], row[1]) for row in found] == [
        ("l1", "s1"),
        ("l2", "s1"),
        ("l2", "s0"),
        ("l3", "s0"),
        ("l3", "s1"),
        ("l4", "s0"),
        ("l4", "s1"),
        ("l5", "s0"),
        ("l5", "s1"),
    ]
    assert found == meant(SAMPLE, people, facts)


SAMPLE = Sample(DATA, {}, MONDAY)


def test_a_table_of_moves_need_not_have_what_no_move_says() -> None:
    frame = pl.DataFrame(
        {
            "lead_id": ["17", "17"],
            "id": ["a", "b"],
            "time": [moment(MONDAY), moment(MONDAY + HOUR)],
            "kind": ["moved", "moved"],
            "type": [None, None],
            "to": ["s1", "won"],
        }
    )
    found = MACHINE.replay_frame(frame)
    assert rows(found) == [
        ("17", "s1", moment(MONDAY), moment(MONDAY + HOUR), 1, None, None, None),
        ("17", "won", moment(MONDAY + HOUR), None, 1, None, None, None),
    ]


def test_no_events_are_no_entries() -> None:
    (frame,) = made("polars", tables([], [])[1])
    assert rows(MACHINE.replay_frame(frame)) == []


def test_a_lead_to_which_nothing_happened_is_where_it_arose() -> None:
    people, facts = tables([Lead(id="l1", created=moment(MONDAY)), Lead(id="l2")], [])
    found = MACHINE.replay_frame(pl.DataFrame(facts), leads=pl.DataFrame(people))
    assert rows(found) == [("l1", "s0", moment(MONDAY), None, 1, None, None, None)]


def test_two_events_of_one_id_are_refused_as_those_of_a_lead_are() -> None:
    twice = [*FACTS, moved(MONDAY, "won", 1)]
    with pytest.raises(EvaluationError) as one:
        MACHINE.trail(Lead(id="l1"), events=[x for x in twice if x.lead_id == "l1"])
    with pytest.raises(EvaluationError) as error:
        MACHINE.replay_frame(pl.DataFrame(tables([], twice)[1]))
    message = "event 'e001': another event has this id; ids are unique for a lead"
    assert str(one.value) == message
    assert str(error.value) == f"events: {message}"
    assert (error.value.field, error.value.lead_id) == ("id", "l1")


def test_a_lead_arises_once() -> None:
    twice = [Lead(id="l1", created=moment(MONDAY + x)) for x in (0, 0, 1)]
    people, facts = (pl.DataFrame(x) for x in tables(twice, FACTS))
    with pytest.raises(EvaluationError) as error:
        MACHINE.replay_frame(facts, leads=people)
    message = "created: two rows of lead 'l1' differ in it; a lead arises once"
    assert str(error.value) == message
    assert error.value.field == "created"
    assert plain(MACHINE.replay_frame(facts, leads=people[:2]))[0] == ("l1", "s0", 1)


def test_a_column_that_is_absent_is_named() -> None:
    with pytest.raises(EvaluationError) as error:
        MACHINE.replay_frame(pl.DataFrame(tables([], FACTS)[1]).drop("kind"))
    assert str(error.value) == (
        "events: the frame has no column 'kind'; add an empty column if all are missing"
    )
