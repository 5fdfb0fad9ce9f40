"""Replay, and the trail of a lead: what facts say, in whatever order they are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import ClockRun, Entry, EvaluationError, Event, Lead, Obligation, Refusal, State
from leadrules.lifecycle.machine import StageMachine
from leadrules.lifecycle.state import Run
from leadrules.lifecycle.statuses import SATISFIED, clock_stands, touches_stand
from leadrules.values import Instant, instant_of
from tests.lifecycle.histories import event, histories, moved
from tests.lifecycle.offices import instant, minute_of, moment
from tests.lifecycle.plain import in_order
from tests.lifecycle.processes import Sample, machine_of, samples

MONDAY = minute_of(datetime.fromisoformat("2026-06-01T09:00+02:00"))
HOUR, DAY = 60, 1440

DATA: Mapping[str, Any] = {
    "hours": {"default": "office", "owners": {"ben": "away"}},
    "force": ["boss"],
    "stages": {
        "s0": {"owner": "sales", "most": 3},
        "s1": {"owner": "sales"},
        "won": {"kind": "won"},
        "rest": {
            "owner": "marketing",
            "kind": "recycled",
            "most": 2,
            "wake": {"default": "2 days"},
        },
        "out": {"kind": "disqualified"},
    },
    "moves": [
        {"from": "s0", "to": "s1", "by": ["sales"]},
        {"from": "s1", "to": "s0", "by": ["sales"]},
        {"from": "s1", "to": "won", "by": ["sales"]},
        {"from": ["s0", "s1"], "to": "rest", "by": ["sales"]},
        {"from": "rest", "to": "s0", "after": "wake"},
        {"from": ["s0", "rest"], "to": "out", "by": ["sales"]},
    ],
    "touches": {
        "t0": {"in": "s0", "count": {"demo": 2, "default": 1}, "within": "2 days"},
        "t1": {"in": "s1", "count": {"demo": 1}},
    },
    "clocks": {
        "first": {"from": "created", "to": "first_attempt", "within": "1 day"},
        "next": {"from": "next_step", "to": "first_contact", "within": "3 hours", "restart": True},
    },
}
LEAD = Lead(id="l1", created=moment(MONDAY), lead_type="demo")
MACHINE: StageMachine = machine_of(DATA)


def call(minute: int, number: int, outcome: str | None = None) -> Event:
    return event(minute, "touch", number, channel="call", direction="outbound", outcome=outcome)


def stages(*events: Event, lead: Lead = LEAD, machine: StageMachine = MACHINE) -> list[str]:
    return [entry.stage for entry in machine.trail(lead, events=events).entries]


# --- replay


def test_a_lead_arises_in_the_first_stage() -> None:
    assert MACHINE.replay(LEAD) == MACHINE.start(LEAD)
    assert MACHINE.trail(LEAD).entries == (Entry("l1", "s0", moment(MONDAY), None, 1),)


def test_without_a_date_a_lead_arises_at_its_first_fact() -> None:
    lead = Lead(id="l1")
    found = MACHINE.trail(lead, events=[moved(MONDAY + 5, "s1", from_="s0")])
    assert [(x.stage, x.entered) for x in found.entries] == [
        ("s0", moment(MONDAY + 5)),
        ("s1", moment(MONDAY + 5)),
    ]


def test_what_happened_before_the_lead_was_created_counts() -> None:
    early = call(MONDAY - HOUR, 1)
    state = MACHINE.replay(LEAD, events=[early])
    assert (state.entered, state.counted) == (
        instant(MONDAY - HOUR),
        (("t0", (instant(MONDAY - HOUR),)),),
    )


def test_a_first_move_says_where_the_lead_arose() -> None:
    arose = moved(MONDAY, "s1", by="import", reason="merged", policy="sha256:other")
    found = MACHINE.trail(LEAD, events=[arose])
    assert found.entries == (
        Entry("l1", "s1", moment(MONDAY), None, 1, "import", "merged", "sha256:other"),
    )
    assert [x.name for x in found.obligations] == ["t1"]
    assert found.state.entries_of("s0") is None


@pytest.mark.parametrize(
    "fact",
    [
        moved(MONDAY, "s1", from_="s0"),
        moved(MONDAY + 1, "s1"),
    ],
    ids=["it says from where", "it is later"],
)
def test_another_first_move_is_a_move(fact: Event) -> None:
    assert stages(fact) == ["s0", "s1"]


def test_a_second_move_of_that_moment_is_a_move() -> None:
    assert stages(moved(MONDAY, "s1", 1), moved(MONDAY, "won", 2)) == ["s1", "won"]
    assert stages(moved(MONDAY, "s0", 1), moved(MONDAY, "won", 2)) == ["s0", "won"]
    assert stages(moved(MONDAY, "nowhere", 1), moved(MONDAY, "won", 2)) == ["s0", "won"]


def test_what_else_happened_at_the_moment_at_which_a_lead_arose_stays() -> None:
    """But not what was counted for the stage in which it did not arise."""
    clocks = {
        **DATA["clocks"],
        "there": {"from": "created", "to": "entered.s0", "within": "1 day"},
        "again": {"from": "created", "to": "entered.s0", "within": "1 day", "restart": True},
        "since": {"from": "entered.s0", "to": "left.s0", "within": "1 day", "restart": True},
    }
    machine = machine_of({**DATA, "clocks": clocks})
    facts = [moved(MONDAY, "s1", 1), call(MONDAY, 2, "connected"), event(MONDAY, "update", 3)]
    found = machine.replay(LEAD, events=facts)
    at = instant(MONDAY)
    assert (found.stage, found.contacted, found.counted, found.updated) == ("s1", at, (), None)
    assert [x.stage for x in found.entries] == ["s1"]
    assert dict(found.moments) == dict.fromkeys(("created", "first_attempt", "first_contact"), at)
    assert found.runs == (Run("again", Instant(at), None, 0),)
    assert [x.stage for x in machine.trail(LEAD, events=facts).entries] == ["s1"]


def test_a_touch_counts_for_the_stage_that_the_lead_leaves_at_that_moment() -> None:
    """Whatever the ids are: at one moment moves come after all else."""
    facts = [moved(MONDAY + 1, "s1", 1), call(MONDAY + 1, 2), call(MONDAY + 1, 3)]
    found = MACHINE.trail(LEAD, events=facts)
    assert [(x.name, x.counted) for x in found.obligations] == [("t0", 2), ("t1", 0)]
    assert found.state.last == (True, "e001")


def test_the_version_counts_what_was_taken_back_too() -> None:
    """So a state that was kept before is never taken for the one after a retraction."""
    facts = [moved(MONDAY + 1, "rest", 1), moved(MONDAY + 2, "s1", 2)]
    told = event(MONDAY + 3, "retraction", 3, of="e001")
    assert [MACHINE.replay(LEAD, events=[*facts, told][:n]).version for n in range(4)] == [
        *range(4)
    ]
    assert MACHINE.replay(LEAD, events=[*facts, told], at=moment(MONDAY + 2)).version == 2
    assert MACHINE.trail(LEAD, events=[*facts, told, told]).state.version == 3


def test_who_owned_a_lead_is_what_the_facts_say() -> None:
    """A lead says who owns it now; events say who did from when on."""
    lead = LEAD.model_copy(update={"owner": "ben"})
    given = event(MONDAY + HOUR, "assigned", 1, owner="ben")
    assert MACHINE.replay(lead).owner == "ben"
    assert MACHINE.replay(lead).hours == ((instant(MONDAY), "away"),)
    assert MACHINE.replay(lead, events=[given], at=moment(MONDAY)).owner is None
    assert MACHINE.replay(lead, events=[given]) == MACHINE.replay(LEAD, events=[given])


def test_a_lead_that_has_an_owner_is_assigned_when_a_round_begins() -> None:
    clock = {"from": "assigned", "to": "first_attempt", "within": "1 day"}
    machine = machine_of({**DATA, "clocks": {"c0": clock}})
    facts = [
        event(MONDAY + 1, "assigned", 1, owner="ann"),
        moved(MONDAY + 2, "rest", 2),
        moved(MONDAY + DAY, "s0", 3),
    ]
    found = machine.trail(LEAD, events=facts).clocks
    assert [x.start for x in found] == [moment(MONDAY + 1), moment(MONDAY + DAY)]


def test_an_end_is_left_in_the_round_that_begins_then() -> None:
    clock = {"from": "left.rest", "to": "first_attempt", "within": "1 day"}
    machine = machine_of({**DATA, "clocks": {"c0": clock}})
    facts = [moved(MONDAY + 2, "rest", 2), moved(MONDAY + DAY, "s0", 3)]
    assert [x.start for x in machine.trail(LEAD, events=facts).clocks] == [moment(MONDAY + DAY)]


def test_late_facts_are_refused_and_then_replayed() -> None:
    now = MACHINE.replay(LEAD, events=[moved(MONDAY + 2 * HOUR, "s1", 1)])
    late = call(MONDAY + HOUR, 2)
    refused = MACHINE.note(now, late)
    assert isinstance(refused, Refusal)
    assert refused.codes == ("late",)
    found = MACHINE.trail(LEAD, events=[moved(MONDAY + 2 * HOUR, "s1", 1), late])
    assert found.state.version == 2
    assert [(x.name, x.counted) for x in found.obligations] == [("t0", 1), ("t1", 0)]


def test_a_move_that_is_taken_back_did_not_happen() -> None:
    facts = [
        moved(MONDAY + 1, "rest", 1),
        moved(MONDAY + 2, "s1", 2),
        event(MONDAY + 3, "retraction", 3, of="e001"),
    ]
    assert stages(*facts) == ["s0", "s1"]
    before = MACHINE.trail(LEAD, events=facts, at=moment(MONDAY + 2))
    assert [x.stage for x in before.entries] == ["s0", "rest", "s1"]


def test_two_moves_at_one_moment_are_in_the_order_of_their_ids() -> None:
    one, two = moved(MONDAY + 1, "s1", 1), moved(MONDAY + 1, "rest", 2)
    assert stages(one, two) == stages(two, one) == ["s0", "s1", "rest"]
    found = MACHINE.trail(LEAD, events=[one, two]).entries[1]
    assert found.entered == found.left == moment(MONDAY + 1)


def test_entries_into_a_stage_are_counted_and_open_new_obligations() -> None:
    facts = [
        call(MONDAY + 10, 1),
        call(MONDAY + 20, 2),
        moved(MONDAY + HOUR, "rest", 3, by="ann", reason="timing"),
        moved(MONDAY + 3 * DAY, "s0", 4, by="policy"),
    ]
    at = moment(MONDAY + 6 * DAY)
    found = MACHINE.trail(LEAD, events=facts, at=at)
    assert found.entries == (
        Entry("l1", "s0", moment(MONDAY), moment(MONDAY + HOUR), 1),
        Entry("l1", "rest", moment(MONDAY + HOUR), moment(MONDAY + 3 * DAY), 1, "ann", "timing"),
        Entry("l1", "s0", moment(MONDAY + 3 * DAY), None, 2, "policy"),
    )
    first, again = moment(MONDAY), moment(MONDAY + 3 * DAY)
    assert found.obligations == (
        Obligation(
            "l1",
            "touches",
            "t0",
            "s0",
            first,
            moment(MONDAY + 2 * DAY),
            moment(MONDAY + 20),
            "met",
            2,
            2,
        ),
        Obligation(
            "l1", "touches", "t0", "s0", again, moment(MONDAY + 5 * DAY), None, "breached", 2, 0
        ),
    )


def test_an_obligation_ends_as_it_stood_when_the_lead_went_on() -> None:
    gone = moved(MONDAY + HOUR, "out", 2, by="ann")
    found = MACHINE.trail(LEAD, events=[call(MONDAY + 5, 1), gone], at=moment(MONDAY + 90 * DAY))
    (owed,) = found.obligations
    assert (owed.status, owed.needed, owed.counted) == ("unmet", 2, 1)
    assert owed.closed == moment(MONDAY + HOUR)


def test_a_lead_type_without_a_rule_is_owed_nothing() -> None:
    lead = Lead(id="l1", created=moment(MONDAY), lead_type="webinar")
    found = MACHINE.trail(lead, events=[moved(MONDAY + 1, "s1")])
    assert [(x.name, x.needed) for x in found.obligations] == [("t0", 1)]


def test_clocks_run_once_a_round_and_more_often_if_they_start_anew() -> None:
    facts = [
        event(MONDAY + HOUR, "next_step", 1, what="call"),
        event(MONDAY + 2 * HOUR, "next_step", 2, what="call again"),
        call(MONDAY + 3 * HOUR, 3, "connected"),
        event(MONDAY + 4 * HOUR, "next_step", 4, what="meet"),
        moved(MONDAY + 10 * HOUR, "rest", 5),
        moved(MONDAY + 3 * DAY, "s0", 6),
    ]

    def at(hours: int) -> datetime:
        return moment(MONDAY + hours * HOUR)

    assert MACHINE.trail(LEAD, events=facts, at=at(73)).clocks == (
        ClockRun("l1", "next", at(1), None, "ended", at(4), at(2)),
        ClockRun("l1", "next", at(2), at(3), "met", at(5), at(3)),
        ClockRun("l1", "first", at(0), at(3), "met", at(24), at(3)),
        ClockRun("l1", "next", at(4), None, "breached", at(7), at(10)),
        ClockRun("l1", "first", at(72), None, "open", at(96)),
    )


def test_facts_that_name_what_the_policy_does_not_know_change_nothing() -> None:
    odd = [
        moved(MONDAY + 1, "nowhere", 1),
        event(MONDAY + 2, "completed", 2, item="anything"),
        event(MONDAY + 3, "waiver", 3, touches="gone", reason="duplicate"),
        event(MONDAY + 4, "approval", 4, role="nobody", verdict="approved"),
        event(MONDAY + 5, "pause", 5, clock="gone"),
    ]
    state = MACHINE.replay(LEAD, events=odd)
    assert (state.stage, state.version, state.done, state.approved) == ("s0", 5, (), ())


def test_nobody_says_when_a_lead_arose() -> None:
    message = "created: is missing, and nothing happened; nobody says when the lead arose"
    with pytest.raises(EvaluationError) as error:
        MACHINE.trail(Lead(id="l1"))
    assert str(error.value) == message


def test_a_lead_that_arose_later_has_no_state() -> None:
    with pytest.raises(EvaluationError) as error:
        MACHINE.replay(LEAD, at=moment(MONDAY - 1))
    assert str(error.value) == "at: the lead arose later, on 2026-06-01T07:00:00+00:00"
    assert error.value.field == "at"


# --- laws


@given(sample=samples, data=st.data())
def test_a_trail_ends_where_replay_does(sample: Sample, data: st.DataObject) -> None:
    """Law: the state of a trail is that of `replay`, at every moment, in any order of arrival."""
    events = data.draw(histories(sample.start - 30))
    at = data.draw(st.sampled_from((None, sample.start, sample.start + 3000)))
    moment_ = None if at is None else moment(at)
    found = sample.machine.trail(sample.lead, events=events, at=moment_)
    assert found.state == sample.machine.replay(sample.lead, events=events, at=moment_)
    shuffled = events.copy()
    data.draw(st.randoms(use_true_random=False)).shuffle(shuffled)
    again = sample.machine.trail(sample.lead, events=[*shuffled, *events[:2]], at=moment_)
    assert again == found


@given(sample=samples, data=st.data())
def test_a_trail_is_whole(sample: Sample, data: st.DataObject) -> None:
    """Law: each entry begins where the one before ends; counts and statuses are the state's."""
    events = data.draw(histories(sample.start))
    at = moment(sample.start + 9000)
    found = sample.machine.trail(sample.lead, events=events, at=at)
    state, entries, process = found.state, found.entries, sample.machine.process
    assert (entries[-1].stage, entries[-1].left) == (state.stage, None)
    for before, after in pairwise(entries):
        assert before.left == after.entered
        assert before.stage != after.stage
    for each in state.entries:
        visits = [x for x in entries if x.stage == each.stage]
        assert [x.entry_no for x in visits] == [*range(1, each.times + 1)]
        assert instant_of(visits[0].entered) == each.first
        assert instant_of(visits[-1].entered) == each.last
    assert {x.stage for x in entries} == {x.stage for x in state.entries}
    touches = [x for x in found.obligations if x.kind == "touches"]
    owed = [x for x in touches if (x.stage, x.opened) == (state.stage, state.since)]
    assert {x.name: x.status for x in owed} == _touches(sample, state, at)
    for owing in touches:
        assert 0 <= owing.counted <= owing.needed
        if owing.status != "waived":
            assert (owing.status in SATISFIED) == (owing.counted == owing.needed)
    running = {x.clock: x for x in found.clocks}  # the last of each
    for name in process.clocks:
        stand = clock_stands(process, name, state, instant_of(at))
        if stand.start is not None:
            assert running[name].status == stand.status
            assert instant_of(running[name].start) == stand.start


def _touches(sample: Sample, state: State, at: datetime) -> dict[str, str]:
    process, lead_type = sample.machine.process, sample.known.get("lead_type")
    found = {}
    for name, rule in process.lifecycle.touches.items():
        stand = touches_stand(process, name, state, lead_type, instant_of(at))
        if state.stage in rule.in_ and stand is not None:
            found[name] = str(stand.status)
    return found


@given(sample=samples, data=st.data())
def test_facts_in_order_can_be_noted_one_by_one(sample: Sample, data: st.DataObject) -> None:
    """Law: a lead that is started and told of its facts in order is where replay brings it."""
    events = [x for x in data.draw(histories(sample.start)) if x.kind != "retraction"]
    facts = in_order({x.id: x for x in events}.values())
    owned = any(x.kind == "assigned" for x in facts)
    lead = sample.lead.model_copy(update={"owner": None}) if owned else sample.lead
    state = sample.machine.start(lead)
    for fact in facts:
        late = sample.machine.note(sample.machine.replay(lead, events=facts), fact)
        assert isinstance(late, Refusal)
        noted = sample.machine.note(state, fact)
        assert isinstance(noted, State)
        state = noted
    assert state == sample.machine.replay(sample.lead, events=events)


@given(sample=samples, data=st.data())
def test_what_is_taken_back_never_was(sample: Sample, data: st.DataObject) -> None:
    """Law: a history with a retraction is the history without what it takes back.

    But for the version, which counts both.
    """
    events = [x for x in data.draw(histories(sample.start)) if x.kind != "retraction"]
    if events:
        gone = data.draw(st.sampled_from(events))
        told = event(sample.start + 90_000, "retraction", 900, of=gone.id)
        rest = [x for x in events if x.id != gone.id]
        lead = sample.lead.model_copy(update={"owner": None})  # it is told by facts
        with_it = sample.machine.trail(lead, events=[*events, told])
        without = sample.machine.trail(lead, events=rest)
        version = len({x.id for x in events}) + 1
        assert with_it == replace(without, state=replace(without.state, version=version))
