from __future__ import annotations

import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadrules import Engine, EvaluationError, Event, Lead, load_policy, presets
from leadrules.agenda import Agenda, Owed, agenda, roles_of, span_text
from leadrules.lifecycle.owed import urgency
from leadrules.lifecycle.transition import Settled
from tests.frames import EAGER_AND_LAZY, KINDS, MAKE, related

POLICY = load_policy(presets.demo_policy())
ENGINE = Engine(POLICY)
START = datetime(2026, 10, 1, 7, tzinfo=UTC)
"""A Thursday, before a weekend and, three weeks on, before the clocks change."""
FEWER = max(2, settings().max_examples // 10)
"""A frame holds many leads, so few frames do."""
INSTANT = timedelta(microseconds=1)

Plain = dict[str, Any]


def event(minute: int, kind: str, number: int = 0, *, lead: str = "17", **said: Any) -> Event:
    """Return an event so many minutes after the start."""
    values = {name.rstrip("_"): value for name, value in said.items()}
    time = START + timedelta(minutes=minute)
    return POLICY.event({"lead_id": lead, "id": f"e{number}", "time": time, "kind": kind, **values})


def lead_of(name: str = "17", **known: Any) -> Lead:
    return POLICY.lead({"id": name, "created": START, "lead_type": "demo"} | known)


_said: Mapping[str, st.SearchStrategy[Plain]] = {
    "moved": st.sampled_from(
        [
            {"to": "inquiry"},
            {"to": "mql"},
            {"to": "sal"},
            {"to": "proposal"},
            {"to": "agreement"},
            {"to": "recycled", "reason": "budget"},
            {"to": "recycled"},
            {"to": "inquiry", "band": "warm"},
            {"to": "lost", "reason": "price"},
        ]
    ),
    "assigned": st.sampled_from([{"owner": "anna"}, {"owner": "ben"}]),
    "touch": st.sampled_from(
        [
            {"channel": "call", "direction": "outbound"},
            {"channel": "call", "direction": "outbound", "outcome": "connected"},
            {"channel": "email", "direction": "inbound"},
            {"channel": "email", "direction": "outbound", "automatic": True},
            {
                "channel": "email",
                "direction": "outbound",
                "automatic": True,
                "step": "momentum.case_study",
            },
        ]
    ),
    "activity": st.sampled_from(
        [
            {"type": "page_view", "path": "/pricing/request"},
            {"type": "page_view", "path": "/pricing"},
            {"type": "page_view", "path": "/blog"},
        ]
    ),
    "answer": st.sampled_from(
        [{"criterion": "budget", "answer": "met"}, {"criterion": "need", "answer": "unknown"}]
    ),
    "completed": st.sampled_from([{"item": "written_proposal"}, {"item": "draft"}]),
    "approval": st.just({"role": "marketing", "verdict": "approved"}),
    "fulfilment": st.just({"item": "price_list", "channel": "email"}),
    "waiver": st.just({"touches": "first_contact", "reason": "duplicate"}),
    "update": st.just({}),
    "next_step": st.sampled_from(
        [{"what": "call"}, {"what": "call", "due": START + timedelta(days=2, hours=3)}]
    ),
    "pause": st.sampled_from(
        [{}, {"clock": "speed_to_lead"}, {"until": START + timedelta(days=3)}]
    ),
    "resume": st.just({}),
}
_facts = st.sampled_from([*_said, "moved", "moved"]).flatmap(
    lambda kind: st.tuples(st.just(kind), _said[kind])
)
_waits = st.sampled_from([0, 1, 30, 90, 300, 1440, 4000])


@st.composite
def stories(draw: st.DrawFn, lead: str = "17") -> tuple[Lead, list[Event]]:
    """Return a lead of the sample policy, with things that happened to it."""
    known: Plain = {
        "created": draw(st.sampled_from([START, START, None])),
        "lead_type": draw(st.sampled_from(["demo", "white_paper", None])),
        "owner": draw(st.sampled_from([None, "anna"])),
        "consent": draw(st.sampled_from([True, True, False, None])),
    }
    minute = 0
    events = []
    for number, (kind, said) in enumerate(draw(st.lists(_facts, max_size=8))):
        minute += draw(_waits)
        events.append(event(minute, kind, number, lead=lead, **said))
    return lead_of(lead, **known), events


later = st.builds(
    lambda minutes, more: timedelta(minutes=minutes, microseconds=more),
    st.integers(0, 40_000),
    st.sampled_from([0, 0, 1]),
)


def ask(story: tuple[Lead, Sequence[Event]], at: datetime) -> Agenda:
    lead, events = story
    return ENGINE.agenda(lead, events=events, at=at)


def end(story: tuple[Lead, Sequence[Event]]) -> datetime:
    return max((x.time for x in story[1]), default=START)


def moves_now(story: tuple[Lead, Sequence[Event]], at: datetime) -> bool:
    """Return whether the policy would move a lead by itself."""
    lead, events = story
    found = ENGINE.evaluate(lead, events=events, at=at)
    assert found.state is not None
    assert found.score is not None
    machine, derived = ENGINE.machine, found.score.results
    settled = machine.settle(found.state, lead=lead, at=at, derived=derived)
    return isinstance(settled, Settled) and len(settled) > 0


def looks(found: Agenda) -> set[tuple[Any, ...]]:
    """Return what time alone can change of an agenda."""
    return {(x.kind, x.name, x.status, x.step, x.since, x.what) for x in found}


# --- laws


@given(stories(), later)
def test_nobody_is_forgotten(story: tuple[Lead, list[Event]], wait: timedelta) -> None:
    """Law: every lead that is not at an end has an owner or a queue, and something is owed to it
    or there is a time to look again."""
    found = ask(story, end(story) + wait)
    stages, moves = ENGINE.machine.lifecycle.stages, ENGINE.machine.process.moves
    if found.stage is not None and not moves[found.stage]:
        assert (len(found), found.next_check) == (0, None)
        assert stages[found.stage].is_closed
        return
    assert found.items or found.next_check is not None
    for owed in found:
        assert (owed.owner is None) != (owed.queue is None)
        assert owed.owner in {found.owner, None}
        theirs = stages[owed.stage].owner in (None, *owed.roles)
        assert owed.owner == (found.owner if theirs else None)


@given(stories(), later)
def test_nothing_changes_before_the_next_check(
    story: tuple[Lead, list[Event]], wait: timedelta
) -> None:
    """Law: time alone changes nothing of an agenda before its next check, and something then:
    what it says, or that the policy may take a move, which it may at once if that is now."""
    at = end(story) + wait
    found = ask(story, at)
    if found.next_check is None:
        assert looks(ask(story, at + timedelta(days=1000))) == looks(found)
        return
    if found.next_check == at:
        assert moves_now(story, at)
        return
    assert found.next_check > at
    assert not moves_now(story, at)
    assert looks(ask(story, found.next_check - INSTANT)) == looks(found)
    then = ask(story, found.next_check)
    timers = {
        move.timer
        for _, move in ENGINE.machine.process.moves[found.stage or "suspect"]
        if move.by_policy
    }
    assert looks(then) != looks(found) or timers - {None}


@given(stories(), later)
def test_what_changes_next_is_told_of_each_thing(
    story: tuple[Lead, list[Event]], wait: timedelta
) -> None:
    """Law: a thing that is owed changes at its next change, and not before."""
    at = end(story) + wait
    for owed in ask(story, at):
        if owed.next_change is None:
            continue
        before, then = (
            {(x.kind, x.name, x.since, x.rule, x.what): (x.status, x.step) for x in ask(story, y)}
            for y in (owed.next_change - INSTANT, owed.next_change)
        )
        key = (owed.kind, owed.name, owed.since, owed.rule, owed.what)
        assert before[key] == (owed.status, owed.step)
        assert then.get(key) != before[key]


@given(stories(), later)
def test_the_most_urgent_is_first(story: tuple[Lead, list[Event]], wait: timedelta) -> None:
    """Law: an agenda is in the order of urgency, and what is late has no time left."""
    found = ask(story, end(story) + wait)
    ranks = ["breached", "at_risk", "open", "paused"]
    for one, other in pairwise(found.items):
        assert urgency(one) <= urgency(other)
        assert ranks.index(one.status) <= ranks.index(other.status)
        if one.status == other.status and one.due is not None and other.due is not None:
            assert one.due <= other.due
        assert other.due is None or one.due is not None or one.status != other.status
    for owed in found:
        if owed.status == "breached":
            assert owed.due is not None
            assert owed.due < found.at
            assert owed.left is not None
            assert owed.left <= timedelta(0)
        elif owed.kind not in {"wake", "nurture"} and owed.left is not None:
            assert owed.left >= timedelta(0)


@given(stories(), later, st.permutations(range(8)))
def test_an_agenda_does_not_depend_on_how_it_is_asked_for(
    story: tuple[Lead, list[Event]], wait: timedelta, order: list[int]
) -> None:
    """Law: events in any order, or the state that they make, give one agenda."""
    lead, events = story
    at = end(story) + wait
    found = ask(story, at)
    assert ask((lead, [events[i] for i in order if i < len(events)]), at) == found
    if found.stage is not None:
        state = ENGINE.machine.replay(lead, events=events, at=at)
        assert ENGINE.agenda(lead, state=state, events=events, at=at) == found
    assert pickle.loads(pickle.dumps(found)) == found
    assert json.loads(json.dumps(found.to_dict()))["items"] == [x.to_dict() for x in found]


# --- frames


def plain_rows(agendas: Sequence[Agenda]) -> list[Plain]:
    """Return the rows of the worklist that agendas make."""
    every = [owed for found in agendas for owed in found]
    every.sort(key=lambda x: (*urgency(x), x.lead_id))
    return [
        {x.name: getattr(owed, x.name) for x in fields(Owed)} | {"roles": list(owed.roles)}
        for owed in every
    ]


def framed(kind: str, leads: Sequence[Lead], events: Sequence[Event]) -> tuple[Any, Any]:
    """Return leads and events as frames of a kind; those of DuckDB share a connection."""
    tables = (
        POLICY.frame(leads, backend="pyarrow"),
        POLICY.event_frame(events, backend="pyarrow"),
    )
    if kind == "duckdb":
        one, other = related(*tables)
        return one, other
    return MAKE[kind](tables[0]), MAKE[kind](tables[1])


def rows_of(frame: Any) -> list[Plain]:
    """Return the rows of a frame of any kind, in their order."""
    if isinstance(frame, duckdb.DuckDBPyRelation):  # polars cannot read intervals of months
        frame = frame.project('* REPLACE (epoch_us("left") AS "left")')
    native = nw.from_native(frame)
    if isinstance(native, nw.LazyFrame):
        lazy = native.implementation.is_pyspark()
        table: Any = frame.toArrow() if lazy else native.collect("pyarrow").to_native()
    else:
        table = native.to_arrow()
    found = pl.DataFrame(table)
    assert tuple(found.columns) == tuple(x.name for x in fields(Owed))
    moments = [pl.col(x).dt.convert_time_zone("UTC") for x in ("since", "due", "next_change")]
    left = pl.col("left").cast(pl.Duration("us"))
    return found.with_columns(left, *moments).rows(named=True)


@pytest.mark.parametrize("kind", EAGER_AND_LAZY)
@settings(max_examples=FEWER)
@given(found=st.lists(st.integers(0, 9), unique=True, min_size=1).flatmap(
    lambda ids: st.tuples(*(stories(str(x)) for x in ids))
), wait=later)  # fmt: skip
def test_a_worklist_is_the_agendas_of_its_leads(
    kind: str, found: Sequence[tuple[Lead, list[Event]]], wait: timedelta
) -> None:
    """Law: the frame of a database has the agendas of its leads, whatever the kind of frame."""
    at = max(end(story) for story in found) + wait
    events = [x for _, happened in found for x in happened]
    leads, happened = framed(kind, [lead for lead, _ in found], events)
    wanted = plain_rows([ask(story, at) for story in found])
    assert rows_of(ENGINE.agenda_frame(leads, events=happened, at=at)) == wanted


STORIES: Sequence[tuple[Lead, list[Event]]] = [
    (
        lead_of("1", owner="anna", consent=True),
        [
            event(5, "moved", 1, lead="1", to="inquiry"),
            event(6, "assigned", 2, lead="1", owner="ben"),
            event(9, "activity", 3, lead="1", type="page_view", path="/pricing/request"),
        ],
    ),
    (lead_of("2", created=None), []),
    (lead_of("3", created=START + timedelta(days=30)), []),
    (lead_of("4", consent=True), [event(5, "moved", 1, lead="4", to="recycled", reason="timing")]),
    (lead_of("5"), [event(5, "moved", 1, lead="5", to="lost", reason="price")]),
    (lead_of("6"), [event(5, "moved", 1, lead="6", to="proposal"),
                    event(7, "retraction", 2, lead="6", of="e1")]),
]  # fmt: skip
NOW = START + timedelta(days=4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_worklist_is_of_the_kind_of_the_leads(kind: str) -> None:
    events = [x for _, happened in STORIES for x in happened]
    leads, happened = framed(kind, [lead for lead, _ in STORIES], events)
    found = ENGINE.agenda_frame(leads, events=happened, at=NOW)
    assert type(found) is type(leads)
    assert rows_of(found) == plain_rows([ask(story, NOW) for story in STORIES])


def frames_of(stories: Sequence[tuple[Lead, list[Event]]] = STORIES) -> tuple[Any, Any]:
    leads = POLICY.frame([lead for lead, _ in stories])
    return leads, POLICY.event_frame([x for _, happened in stories for x in happened])


def test_a_worklist_may_be_of_one_role_or_one_owner() -> None:
    leads, events = frames_of()
    whole = rows_of(ENGINE.agenda_frame(leads, events=events, at=NOW))
    marketing = rows_of(ENGINE.agenda_frame(leads, events=events, at=NOW, role="marketing"))
    assert marketing == [row for row in whole if "marketing" in row["roles"]]
    assert {row["kind"] for row in marketing} >= {"acknowledge", "send", "wake", "nurture"}
    bens = rows_of(ENGINE.agenda_frame(leads, events=events, at=NOW, owner="ben"))
    assert bens == [row for row in whole if row["owner"] == "ben"]
    assert {row["lead_id"] for row in bens} == {"1"}
    assert {row["queue"] for row in whole if row["kind"] == "send"} == {"marketing"}
    both = ENGINE.agenda_frame(leads, events=events, at=NOW, owner="ben", role="marketing")
    assert rows_of(both) == []
    both = ENGINE.agenda_frame(leads, events=events, at=NOW, owner="ben", role="qualifying_rep")
    assert rows_of(both) == bens


def test_a_worklist_starts_from_the_states_that_the_host_keeps() -> None:
    leads, events = frames_of()
    kept = [
        json.dumps(ENGINE.machine.replay(lead, events=happened, at=NOW).to_dict())
        if lead.id in {"1", "4"}
        else None
        for lead, happened in STORIES
    ]
    whole = rows_of(ENGINE.agenda_frame(leads, events=events, at=NOW))
    known = leads.with_columns(pl.Series("kept", kept, pl.String))
    others = events.filter(~pl.col("lead_id").is_in(["1", "4"]))
    found = rows_of(ENGINE.agenda_frame(known, events=others, states="kept", at=NOW))
    assert found == whole  # no answer of them is known, with the events or without


def test_events_that_are_none_are_passed_over_and_repeats_count_once() -> None:
    leads, events = frames_of()
    whole = rows_of(ENGINE.agenda_frame(leads, events=events, at=NOW))
    odd = pl.concat([events, events, events.head(4).with_columns(
        pl.Series("id", ["x1", None, "x3", "x4"]),
        pl.Series("kind", ["touch", "moved", "sneeze", "moved"]),
        pl.Series("type", [None] * 4, pl.String),
        pl.Series("to", [None] * 4, pl.String),
        pl.Series("direction", ["sideways", None, None, None]),
        pl.Series("channel", ["call"] * 4),
    )])  # fmt: skip
    assert rows_of(ENGINE.agenda_frame(leads, events=odd, at=NOW)) == whole


def test_the_bands_of_last_moves_count_as_in_a_single_agenda() -> None:
    text = """
    leadrules: 1
    policy: {id: acme, version: 1, effective: 2026-01-01}
    scoring:
      fit:
        characteristics:
          size:
            - {when: company.employees >= 50, points: 25}
            - {when: company.employees >= 10, points: 15}
      bands: [{name: hot, enter: 20, leave: 10}, {name: cold}]
    lifecycle:
      stages:
        rest: {owner: marketing, kind: recycled, wake: {default: 30 days}}
        won: {kind: won}
      moves: [{from: rest, to: won, by: [sales]}]
      nurture:
        plan: {in: rest, when: band == "hot", consent: false,
               steps: {first: {after: 1 day, send: story}}}
    """
    policy = load_policy(text)
    engine = Engine(policy)
    leads = [policy.lead({"id": name, "created": START, "company.employees": 12}) for name in "123"]
    bands = {"1": "hot", "2": "cold"}
    events = [
        policy.event({"lead_id": name, "id": "m", "time": START, "kind": "moved", "to": "rest",
                      "band": band})
        for name, band in bands.items()
    ]  # fmt: skip
    single = [
        engine.agenda(lead, events=[x for x in events if x.lead_id == lead.id], at=NOW)
        for lead in leads
    ]
    assert [len(found) for found in single] == [2, 1, 1]
    tables = policy.frame(leads, backend="pyarrow"), policy.event_frame(events, backend="pyarrow")
    for kind in EAGER_AND_LAZY:
        one, other = related(*tables) if kind == "duckdb" else [MAKE[kind](x) for x in tables]
        assert rows_of(engine.agenda_frame(one, events=other, at=NOW)) == plain_rows(single)


def test_a_policy_that_does_not_score_has_worklists_too() -> None:
    text = """
    leadrules: 1
    policy: {id: acme, version: 1, effective: 2026-01-01}
    lifecycle:
      stages: {work: {owner: sales, update_every: 2 days}, won: {kind: won}}
      moves: [{from: work, to: won, by: [sales]}]
    """
    policy = load_policy(text)
    engine = Engine(policy)
    lead = policy.lead({"id": "17", "created": START})
    found = engine.agenda(lead, at=NOW)
    assert [owed.kind for owed in found] == ["update"]
    assert rows_of(engine.agenda_frame(policy.frame([lead]), at=NOW)) == plain_rows([found])


# --- wrong input


def test_no_role_is_called_so() -> None:
    leads, events = frames_of()
    with pytest.raises(EvaluationError) as caught:
        ENGINE.agenda_frame(leads, events=events, at=NOW, role="sale")
    assert str(caught.value) == "role: no role 'sale'; did you mean 'sales'?"
    with pytest.raises(EvaluationError) as caught:
        ENGINE.agenda_frame(leads, events=events, at=NOW, role="zzzzz")
    assert str(caught.value) == (
        "role: no role 'zzzzz'; expected 'marketing', 'qualifying_rep', 'sales' or 'sales_manager'"
    )


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        ("{", "state: '{' is no JSON; expected what to_dict() gives"),
        ("{}", "state: its schema is 'null'; this release reads '1'"),
        (
            json.dumps(ENGINE.machine.start(lead_of("18")).to_dict()),
            "state: is of lead '18', not of '1'",
        ),
        (
            json.dumps(replace(ENGINE.machine.start(lead_of("1")), policy="q").to_dict()),
            "state: the state was made by another policy; migrate the state to this one",
        ),
    ],
)
def test_a_state_that_cannot_be_used_stops_the_worklist(kept: str, message: str) -> None:
    leads, events = frames_of(STORIES[:1])
    leads = leads.with_columns(pl.Series("kept", [kept]))
    with pytest.raises(EvaluationError) as caught:
        ENGINE.agenda_frame(leads, events=events, states="kept", at=NOW)
    assert (caught.value.message, caught.value.field, caught.value.lead_id) == (
        message,
        "state",
        "1",
    )


def test_two_events_of_one_id_stop_the_worklist() -> None:
    leads, events = frames_of(STORIES[:1])
    twice = pl.concat([events, events.head(1).with_columns(to=pl.lit("mql"))])
    with pytest.raises(EvaluationError) as caught:
        ENGINE.agenda_frame(leads, events=twice, at=NOW)
    assert caught.value.message == (
        "events: event 'e1': another event has this id; ids are unique for a lead"
    )


def test_a_column_that_is_read_has_to_be_there() -> None:
    leads, events = frames_of(STORIES[:1])
    with pytest.raises(EvaluationError) as caught:
        ENGINE.agenda_frame(leads.drop("consent"), events=events, at=NOW)
    assert caught.value.field == "consent"


def test_a_state_is_of_the_lead() -> None:
    state = ENGINE.machine.start(lead_of("18"))
    with pytest.raises(EvaluationError) as caught:
        agenda(lead_of("17"), state, machine=ENGINE.machine, at=NOW)
    assert caught.value.message == "state: is of lead '18', not of '17'"


def test_a_state_of_the_future_has_no_agenda() -> None:
    state = ENGINE.machine.start(lead_of("17"))
    with pytest.raises(EvaluationError) as caught:
        ENGINE.agenda(lead_of("17"), state=state, at=START - INSTANT)
    assert caught.value.field == "state"


def test_a_policy_without_a_lifecycle_has_no_agenda() -> None:
    policy = load_policy("{leadrules: 1, policy: {id: acme, version: 1, effective: 2026-01-01}}")
    with pytest.raises(EvaluationError) as caught:
        Engine(policy).agenda(Lead(id="17"), at=NOW)
    assert str(caught.value) == "policy 'acme' has no section 'lifecycle'"


# --- how it looks


def test_it_prints_as_text() -> None:
    found = ask(STORIES[0], NOW)
    lines = str(found).splitlines()
    assert lines[0] == "lead 1, in stage 'inquiry', as of 2026-10-05 09:00 Europe/Berlin"
    assert lines[1] == (
        "  breached: let them hear that we heard them, after activity 'e3', due 2026-10-01 10:09 "
        "Europe/Berlin; marketing [acknowledge price_list]"
    )
    assert lines[-1] == "look again at 2026-10-05 09:06 Europe/Berlin"


def test_a_lead_that_is_not_there_yet_says_so() -> None:
    assert str(ask(STORIES[1], NOW)) == (
        "lead 2, not there yet, as of 2026-10-05 09:00 Europe/Berlin\n"
        "  open: say when the lead arose; nobody does, and nothing has happened to it; "
        "marketing [gap created]\n"
        "no deadline ahead; what fades with time is not foreseen"
    )
    assert str(ask(STORIES[2], NOW)) == (
        "lead 3, not there yet, as of 2026-10-05 09:00 Europe/Berlin\n"
        "  nothing is owed\n"
        "look again at 2026-10-31 08:00 Europe/Berlin"
    )


def look_of(move: str, at: datetime, **known: Any) -> datetime | None:
    """Return when to look again at a lead, of a process in which the policy takes one move."""
    how, _, when = move.partition("when: ")
    move = f"{how}when: '{when}'" if when else move
    policy = load_policy(f"""
    leadrules: 1
    policy: {{id: acme, version: 1, effective: 2026-01-01}}
    parameters: {{level: {{2026-01-01: 9, 2026-10-20: 2}}}}
    lifecycle:
      stages: {{work: {{owner: sales}}, rest: {{owner: sales}}, won: {{kind: won}}}}
      moves:
        - {{from: work, to: rest, {move}}}
        - {{from: [work, rest], to: won, by: [sales]}}
    """)
    lead = policy.lead({"id": "17", "created": START, **known})
    found = Engine(policy).agenda(lead, at=at)
    return found.next_check


DAYS = {days: START + timedelta(days=days) for days in range(40)}


@pytest.mark.parametrize(
    ("move", "at", "known", "check"),
    [
        ("after: 2 days", 0, {}, 2),
        ("after: 2 days", 10, {}, 10),
        ("after: 2 days, when: consent", 10, {}, None),
        ("after: 2 days, when: consent", 10, {"consent": True}, 10),
        ("automatic: true, when: consent", 10, {"consent": True}, 10),
        ('automatic: true, when: older_than(created, "30 days")', 0, {}, 30),
        ('automatic: true, when: older_than(created, "30 days")', 30, {}, 30),
        ('automatic: true, when: not within(stage_since, "9 days")', 5, {}, 9),
        ('automatic: true, when: older_than(created, "30 days") and consent', 31, {}, None),
        (
            "automatic: true, when: company.employees > param.level",
            10,
            {"company.employees": 5},
            DAYS[19].replace(hour=0),
        ),
        ('after: 5 days, when: older_than(created, "3 days")', 0, {}, 5),
        ('after: 5 days, when: older_than(created, "9 days")', 6, {}, 9),
    ],
)  # fmt: skip
def test_what_time_does_to_moves_is_foreseen(
    move: str, at: int, known: Plain, check: int | datetime | None
) -> None:
    wanted = DAYS[check] if isinstance(check, int) else check
    assert look_of(move, DAYS[at], **known) == wanted


def test_answers_that_lapse_are_foreseen() -> None:
    lead, events = STORIES[0]
    until = NOW + timedelta(minutes=2)
    answer = {"criterion": "budget", "answer": "met", "until": until}
    found = ask((lead, [*events, event(20, "answer", 8, lead="1", **answer)]), NOW)
    assert found.next_check == until


def test_a_lead_at_an_end_is_owed_nothing() -> None:
    found = ask(STORIES[4], NOW)
    assert (found.stage, found.items, found.next_check) == ("lost", (), None)


def test_a_lead_arose_with_its_first_event_whatever_it_says_of_itself() -> None:
    lead = lead_of(created=START + timedelta(days=9))
    found = ENGINE.agenda(lead, events=[event(5, "moved", to="inquiry")], at=NOW)
    assert found.stage == "inquiry"


def test_in_a_notebook_it_is_a_table_in_which_nothing_runs() -> None:
    step = event(7, "next_step", 9, what="<script>alert(1)</script> & call")
    lead, events = lead_of("<b>"), [event(5, "moved", 1, lead="<b>", to="inquiry")]
    events.append(step.model_copy(update={"lead_id": "<b>"}))
    shown = ENGINE.agenda(lead, events=events, at=NOW)._repr_html_()
    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; call" in shown
    assert "lead &lt;b&gt;, in stage" in shown
    assert shown.count("<tr>") == 1 + len(ENGINE.agenda(lead, events=events, at=NOW))
    assert "nothing is owed" in ask(STORIES[4], NOW)._repr_html_()


def test_it_is_data_that_json_can_hold() -> None:
    found = ask(STORIES[1], NOW).to_dict()
    (item,) = found.pop("items")
    assert found == {
        "lead_id": "2",
        "at": "2026-10-05T07:00:00+00:00",
        "stage": None,
        "owner": None,
        "next_check": None,
        "policy": POLICY.hash,
    }
    assert (item["kind"], item["queue"], item["due"]) == ("gap", "marketing", None)


def test_questions_are_asked_while_a_stage_is_open() -> None:
    lead, events = STORIES[0]
    told = {x.name: x.what for x in ask((lead, events), NOW) if x.kind == "answer"}
    assert told["budget"] == "What may it cost, and is the money there?"
    answered = [*events, event(20, "answer", 8, lead="1", criterion="budget", answer="met")]
    found = [x for x in ask((lead, answered), NOW) if x.kind == "answer"]
    assert [x.name for x in found] == ["authority", "need", "timing"]
    assert {x.rule for x in found} > {"scoring.qualification.criteria.need"}
    assert not [x for x in ask(STORIES[3], NOW) if x.kind == "answer"]


def test_every_role_that_can_owe_something_is_known() -> None:
    assert roles_of(ENGINE.machine.lifecycle) == (
        "marketing",
        "qualifying_rep",
        "sales",
        "sales_manager",
    )


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(0), "0:00"),
        (timedelta(seconds=59), "0:00"),
        (timedelta(days=1, minutes=5), "24:05"),
        (timedelta(seconds=-61), "-0:01"),
    ],
)
def test_a_span_is_told_in_hours_and_minutes(span: timedelta, text: str) -> None:
    assert span_text(span) == text
