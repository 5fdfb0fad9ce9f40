"""Obligations of a frame of leads: on every kind of frame those of the trail of each lead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadrules import Engine, EvaluationError, Event, Lead, load_policy
from tests.frames import EAGER_AND_LAZY, KINDS
from tests.test_agenda import ENGINE, START, STORIES, event, framed, later, lead_of, stories

COLUMNS = (
    "lead_id", "kind", "name", "stage", "owner",
    "opened", "due", "closed", "status", "needed", "counted",
)  # fmt: skip
FEWER = max(2, settings().max_examples // 10)
"""A frame holds many leads, so few frames do."""


def rows_of(frame: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a frame of any kind, in their order."""
    native = nw.from_native(frame)
    if isinstance(native, nw.LazyFrame):
        spark = native.implementation.is_pyspark()
        table: Any = frame.toArrow() if spark else native.collect("pyarrow").to_native()
    else:
        table = native.to_arrow()
    found = pl.DataFrame(table)
    assert tuple(found.columns) == COLUMNS
    moments = [pl.col(x).dt.convert_time_zone("UTC") for x in ("opened", "due", "closed")]
    return found.with_columns(*moments).rows()


def told(story: tuple[Lead, Sequence[Event]], at: datetime) -> list[tuple[Any, ...]]:
    """Return what the trail of a lead tells; who owned it, by a plain account of its events."""
    lead, events = story
    events = [x for x in events if x.time <= at]
    try:
        trail = ENGINE.machine.trail(lead, events=story[1], at=at)
    except EvaluationError:  # nobody says when it arose, or it arose later
        return []

    def owner(closed: datetime | None) -> str | None:
        given_ = any(x.kind == "assigned" for x in story[1])
        found = None if given_ else lead.owner
        for x in sorted(events, key=lambda x: (x.time, x.id)):
            if x.kind == "assigned" and (closed is None or x.time <= closed):
                found = str(x["owner"])
        return found

    owed = [
        (x.lead_id, x.kind, x.name, x.stage, owner(x.closed), x.opened, x.due, x.closed, x.status,
         x.needed, x.counted)
        for x in trail.obligations
    ]  # fmt: skip
    runs = [
        (x.lead_id, "clock", x.clock, None, owner(x.over), x.start, x.due, x.over, x.status,
         1, int(x.stop is not None))
        for x in trail.clocks
    ]  # fmt: skip
    return sorted([*owed, *runs], key=lambda x: (x[0], x[5], x[1], x[2]))


@pytest.mark.parametrize("kind", EAGER_AND_LAZY)
@settings(max_examples=FEWER)
@given(found=st.lists(st.integers(0, 9), unique=True, min_size=1).flatmap(
    lambda ids: st.tuples(*(stories(str(x)) for x in ids))
), wait=later)  # fmt: skip
def test_a_frame_has_the_obligations_of_every_trail(
    kind: str, found: Sequence[tuple[Lead, list[Event]]], wait: timedelta
) -> None:
    """Law: a frame has what the trails of its leads were owed, whatever the kind of frame."""
    at = START + wait
    events = [x for _, happened in found for x in happened]
    leads, happened = framed(kind, [lead for lead, _ in found], events)
    wanted = [row for story in sorted(found, key=lambda x: x[0].id) for row in told(story, at)]
    assert rows_of(ENGINE.obligations_frame(leads, events=happened, at=at)) == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_obligations_are_of_the_kind_of_the_leads(kind: str) -> None:
    at = START + timedelta(days=4)
    events = [x for _, happened in STORIES for x in happened]
    leads, happened = framed(kind, [lead for lead, _ in STORIES], events)
    found = ENGINE.obligations_frame(leads, events=happened, at=at)
    assert type(found) is type(leads)
    assert rows_of(found) == [row for story in STORIES for row in told(story, at)]


def test_who_owned_a_lead_when_something_was_over_is_told() -> None:
    story = (
        lead_of("1", owner="zoe"),
        [
            event(0, "moved", 1, lead="1", to="inquiry"),
            event(5, "assigned", 2, lead="1", owner="anna"),
            event(60, "touch", 3, lead="1", channel="call", direction="outbound"),
            event(90, "assigned", 4, lead="1", owner="ben"),
        ],
    )
    leads, events = framed("polars", [story[0]], story[1])
    found = rows_of(ENGINE.obligations_frame(leads, events=events, at=START + timedelta(hours=3)))
    owners = {(row[1], row[2]): (row[4], row[8]) for row in found}
    assert owners["clock", "speed_to_lead"] == ("anna", "met")
    assert owners["touches", "first_contact"] == ("ben", "open")


def test_without_events_a_lead_is_in_the_first_stage_of_its_owner() -> None:
    policy = load_policy("""
    leadrules: 1
    policy: {id: acme, version: 1, effective: 2026-01-01}
    lifecycle:
      stages: {work: {owner: sales, update_every: 2 days}, won: {kind: won}}
      moves: [{from: work, to: won, by: [sales]}]
    """)
    start = datetime(2026, 3, 2, tzinfo=UTC)
    leads = policy.frame(
        [
            policy.lead({"id": "2", "created": start, "owner": "ben"}),
            policy.lead({"id": "1", "created": start}),
            policy.lead({"id": "3"}),
            policy.lead({"id": "4", "created": start + timedelta(days=9)}),
        ]
    )
    found = rows_of(Engine(policy).obligations_frame(leads, at=start + timedelta(days=3)))
    due = start + timedelta(days=2)
    assert found == [
        ("1", "update", "work", "work", None, start, due, None, "breached", 1, 0),
        ("2", "update", "work", "work", "ben", start, due, None, "breached", 1, 0),
    ]


def test_a_policy_without_a_lifecycle_owes_nothing() -> None:
    policy = load_policy("""
    leadrules: 1
    policy: {id: acme, version: 1, effective: 2026-01-01}
    """)
    with pytest.raises(EvaluationError) as caught:
        Engine(policy).obligations_frame(policy.frame([]), at=START)
    assert str(caught.value) == "policy 'acme' has no section 'lifecycle'"


def test_a_column_that_is_read_has_to_be_there() -> None:
    leads, events = framed("polars", [lead_of("1")], [])
    with pytest.raises(EvaluationError) as caught:
        ENGINE.obligations_frame(leads.drop("owner"), events=events, at=START)
    assert str(caught.value) == (
        "the frame has no column 'owner'; add an empty column if all are missing"
    )
