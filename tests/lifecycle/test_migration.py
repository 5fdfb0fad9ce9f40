"""States of earlier policies, as states of this one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import Event, Lead, Refusal, State, Unmet
from leadrules.lifecycle.document import Lifecycle
from leadrules.lifecycle.machine import StageMachine
from leadrules.lifecycle.state import Asked, Entries, Pause, Run
from leadrules.lifecycle.statuses import clock_stands, touches_stand
from leadrules.values import Instant, instant_of
from leadrules.vocabulary import Vocabulary
from tests.lifecycle.histories import event, histories, moved
from tests.lifecycle.offices import CALENDARS, instant, moment
from tests.lifecycle.processes import WORDS, Sample, samples
from tests.lifecycle.test_replay import DATA, DAY, HOUR, LEAD, MONDAY, call

OLD, NEW = "sha256:old", "sha256:new"

Data = Mapping[str, Any]


def machine(data: Data, policy: str = NEW, words: Vocabulary = WORDS) -> StageMachine:
    lifecycle = Lifecycle.model_validate(data)
    return StageMachine(lifecycle, vocabulary=words, calendars=CALENDARS, policy=policy)


def with_parts(data: Data, **parts: Any) -> dict[str, Any]:
    """Return a section with parts of its mappings changed, or dropped if they are None."""
    found = dict(data)
    for name, changes in parts.items():
        merged = {**found.get(name, {}), **changes}
        found[name] = {x: y for x, y in merged.items() if y is not None}
    return found


def migrated(data: Data, *facts: Event, old: Data = DATA, lead: Lead = LEAD) -> State:
    """Return a state that an old policy made of facts, as the new one has it."""
    found = machine(data).migrate(machine(old, OLD).replay(lead, events=facts))
    assert isinstance(found, State)
    return found


def renamed(data: Any, names: Mapping[str, str]) -> Any:
    """Return data with stages under other names, wherever they stand."""
    match data:
        case dict():
            return {renamed(x, names): renamed(y, names) for x, y in data.items()}
        case list() | tuple():
            return [renamed(x, names) for x in data]
        case str() if data.partition(".")[0] in {"entered", "left"}:
            place, _, stage = data.partition(".")
            return f"{place}.{names.get(stage, stage)}"
        case str():
            return names.get(data, data)
    return data


# --- stages


def test_a_lead_stays_in_its_stage() -> None:
    before = machine(DATA, OLD).replay(LEAD, events=[moved(MONDAY + 5, "s1")])
    assert machine(DATA).migrate(before) == replace(before, policy=NEW, version=2)


def test_a_state_of_this_policy_is_given_back_as_it_is() -> None:
    state = machine(DATA).replay(LEAD, events=[moved(MONDAY + 5, "s1")])
    assert machine(DATA).migrate(state) is state


def test_until_it_is_migrated_a_state_can_do_nothing() -> None:
    before = machine(DATA, OLD).start(LEAD)
    refused = machine(DATA).note(before, call(MONDAY + 5, 1))
    assert isinstance(refused, Refusal)
    assert refused.codes == ("other-policy",)
    after = machine(DATA).migrate(before)
    assert isinstance(after, State)
    assert isinstance(machine(DATA).note(after, call(MONDAY + 5, 1)), State)


def test_a_lead_goes_where_the_policy_says() -> None:
    data = with_parts(renamed(DATA, {"s1": "sales"}), migrate={"s1": "sales"})
    facts = [moved(MONDAY + 5, "s1", 1), moved(MONDAY + 6, "s0", 2), moved(MONDAY + 7, "s1", 3)]
    found = migrated(data, *facts)
    assert (found.stage, found.previous, found.version) == ("sales", "s0", 4)
    first, last = (Instant(instant(MONDAY + x)) for x in (5, 7))
    assert found.entries_of("sales") == Entries("sales", first, last, 2)
    assert found.entries_of("s1") is None


def test_two_stages_can_become_one() -> None:
    moves = [
        {"from": "s0", "to": "won", "by": ["sales"]},
        {"from": "s0", "to": "rest", "by": ["sales"]},
        {"from": "rest", "to": "s0", "after": "wake"},
        {"from": ["s0", "rest"], "to": "out", "by": ["sales"]},
    ]
    data = with_parts(DATA, stages={"s1": None}, touches={"t1": None})
    data |= {"moves": moves, "migrate": {"s1": "s0"}}
    found = migrated(data, moved(MONDAY + 5, "s1"))
    assert (found.stage, found.previous) == ("s0", "s0")
    assert found.entries == (
        Entries("s0", Instant(instant(MONDAY)), Instant(instant(MONDAY + 5)), 2),
    )


def test_of_two_stages_that_become_one_the_first_entry_starts_a_clock() -> None:
    clock = {"from": "entered.s1", "to": "next_step", "within": "1 day"}
    other = {**clock, "from": "entered.mid"}
    mid = [*DATA["moves"], {"from": "mid", "to": "s1"}, {"from": "s1", "to": "mid"}]
    stage = {"owner": "sales", "most": 3}
    old = with_parts(DATA, stages={"mid": stage}, clocks={"c1": clock, "c2": other})
    new = {**with_parts(DATA, clocks={"c1": clock}), "migrate": {"mid": "s1"}}
    facts = [moved(MONDAY + 5, "s1", 1), moved(MONDAY + 9, "mid", 2)]
    found = migrated(new, *facts, old={**old, "moves": mid})
    assert dict(found.moments)["entered.s1"] == instant(MONDAY + 5)


def test_a_stage_that_is_no_more_has_to_be_declared() -> None:
    data = renamed(DATA, {"s1": "s11"})
    before = machine(DATA, OLD).replay(LEAD, events=[moved(MONDAY + 5, "s1")])
    refused = machine(data).migrate(before)
    assert isinstance(refused, Refusal)
    assert (refused.lead_id, refused.stage, refused.to) == ("l1", "s1", None)
    assert refused.at == moment(MONDAY + 5)
    assert refused.unmet == (
        Unmet(
            "unknown-stage",
            "no stage 's1'; did you mean 's11'?",
            "declare migrate: {s1: one of 's0', 's11', 'won', 'rest' or 'out'}",
        ),
    )
    assert str(refused) == (
        "lead l1: 's1' is refused\n  no stage 's1'; did you mean 's11'?; "
        "declare migrate: {s1: one of 's0', 's11', 'won', 'rest' or 'out'} [unknown-stage]"
    )


def test_stages_of_the_past_that_are_no_more_are_dropped() -> None:
    before = machine(DATA, OLD).replay(LEAD, events=[moved(MONDAY + 5, "s1")])
    before = replace(
        before,
        previous="gone",
        through=("gone", "s0"),
        entries=(Entries("gone", Instant(0), Instant(0), 3), *before.entries),
    )
    found = machine(DATA).migrate(before)
    assert isinstance(found, State)
    assert (found.previous, found.through) == (None, ("s0",))
    assert [x.stage for x in found.entries] == ["s0", "s1"]


@pytest.mark.parametrize(
    ("kind", "ended"), [("recycled", instant(MONDAY + 5)), ("open", None)], ids=str
)
def test_a_round_ends_where_stages_say(kind: str, ended: int | None) -> None:
    """A stage that was an end may be none now, and the other way round."""
    rest = {**DATA["stages"]["rest"]}
    other = {"owner": "marketing"}
    old, new = (other, rest) if kind == "recycled" else (rest, other)
    moves = [x for x in DATA["moves"] if x["from"] != "rest"]
    moves.append({"from": "rest", "to": "out", "by": ["sales"]})
    before, after = ({**with_parts(DATA, stages={"rest": x}), "moves": moves} for x in (old, new))
    found = migrated(after, moved(MONDAY + 5, "rest"), old=before)
    assert found.ended == ended


# --- what was done


def test_what_was_done_is_kept_as_far_as_it_is_asked_for() -> None:
    stage = {
        "owner": "sales",
        "most": 3,
        "requires": ["paper", "letter"],
        "approvals": ["boss", "sales"],
    }
    rule = {**DATA["touches"]["t0"], "waive": ["duplicate"]}
    more = {"in": "s0", "count": 1}
    old = with_parts(DATA, stages={"s0": stage}, touches={"t0": rule, "t2": more})
    facts = [
        call(MONDAY + 1, 1),
        call(MONDAY + 2, 2),
        event(MONDAY + 3, "completed", 3, item="paper"),
        event(MONDAY + 4, "completed", 4, item="letter"),
        event(MONDAY + 5, "approval", 5, role="boss", verdict="approved"),
        event(MONDAY + 6, "approval", 6, role="sales", verdict="approved"),
        event(MONDAY + 7, "waiver", 7, touches="t0", reason="duplicate"),
    ]
    same = migrated(old, *facts, old=old)
    assert same == replace(machine(old, OLD).replay(LEAD, events=facts), policy=NEW, version=8)
    stage = {**stage, "requires": ["paper"], "approvals": ["boss"]}
    new = with_parts(old, stages={"s0": stage}, touches={"t0": {**rule, "count": 1}, "t2": None})
    found = migrated(new, *facts, old=old)
    assert found.done == (("paper", instant(MONDAY + 3)),)
    assert found.approved == (("boss", instant(MONDAY + 5)),)
    assert found.counted == (("t0", (instant(MONDAY + 1),)),)
    assert found.waived == (("t0", "duplicate"),)
    strict = with_parts(old, touches={"t0": {**rule, "waive": ["opted_out"]}})
    assert migrated(strict, *facts, old=old).waived == ()


def test_what_is_newly_owed_is_owed_since_the_lead_came() -> None:
    new = with_parts(DATA, touches={"t2": {"in": "s0", "count": 1, "within": "1 day"}})
    found = migrated(new, call(MONDAY + 2 * DAY, 1))
    stand = touches_stand(machine(new).process, "t2", found, "demo", instant(MONDAY + 3 * DAY))
    assert stand is not None
    assert (stand.status, stand.due) == ("breached", instant(MONDAY + DAY))


def test_responses_and_plans_that_are_no_more_ask_for_nothing() -> None:
    words = Vocabulary(activities={"visit": {}}, zone=WORDS.zone)
    send = {"activity": "visit", "acknowledge": "1 hour", "send": "paper", "within": "1 day"}
    step = {"activity": "visit", "count": 2, "send": "paper"}
    old = {
        **DATA,
        "responses": {"gone": send, "kept": send, "told": send},
        "nurture": {
            "gone": {"in": "s0", "steps": {"one": step}},
            "kept": {"in": "s0", "steps": {"one": step, "two": {"after": "1 day", "send": "it"}}},
        },
    }
    visits = [
        Event.model_validate(
            {
                "lead_id": "l1",
                "id": f"v{number}",
                "time": moment(MONDAY + number),
                "kind": "activity",
                "type": "visit",
            }
        )
        for number in (1, 2)
    ]
    mail: dict[str, Any] = {"channel": "email", "direction": "outbound", "automatic": True}
    sent = event(MONDAY + 9, "touch", 9, step="kept.two", **mail)
    sent_too = event(MONDAY + 8, "touch", 8, step="gone.one", **mail)
    before = machine(old, OLD, words).replay(LEAD, events=[*visits, sent, sent_too])
    new = {
        **old,
        "responses": {
            "kept": send,
            "told": {"activity": "visit", "acknowledge": "1 hour"},
        },
        "nurture": {
            "kept": {
                "in": "s0",
                "steps": {"one": {**step, "count": 1}, "two": {"after": "1 day", "send": "it"}},
            }
        },
    }
    found = machine(new, NEW, words).migrate(before)
    assert isinstance(found, State)
    acknowledged = Instant(instant(MONDAY + 8))
    assert found.asked == (Asked("kept", "v1", Instant(instant(MONDAY + 1)), acknowledged),)
    assert found.sent == (("kept.two", instant(MONDAY + 9)),)
    assert found.matched == (("kept.one", (instant(MONDAY + 2),)),)


# --- clocks


def test_clocks_run_on_and_those_that_are_no_more_are_dropped() -> None:
    facts = [event(MONDAY + HOUR, "next_step", 1, what="call"), event(MONDAY + 70, "pause", 2)]
    facts.append(event(MONDAY + 80, "pause", 3, clock="next"))
    assert migrated(DATA, *facts).runs == (Run("next", Instant(instant(MONDAY + HOUR)), None, 0),)
    found = migrated(with_parts(DATA, clocks={"next": None}), *facts)
    assert found.runs == ()
    assert found.moments == (("created", instant(MONDAY)),)
    assert found.pauses == (Pause(None, Instant(instant(MONDAY + 70)), None),)


@pytest.mark.parametrize("restart", [False, True])
def test_a_new_clock_starts_when_its_moment_was(restart: bool) -> None:
    clock = {"from": "entered.s1", "to": "first_contact", "within": "1 day", "restart": restart}
    new = with_parts(DATA, clocks={"new": clock})
    facts = [moved(MONDAY + 5, "s1", 1)]
    found = migrated(new, *facts, old=with_parts(DATA, clocks={"first": None, "next": None}))
    process = machine(new).process
    stand = clock_stands(process, "new", found, instant(MONDAY + 2 * DAY))
    assert (stand.status, stand.start) == ("breached", instant(MONDAY + 5))
    first = clock_stands(process, "first", found, instant(MONDAY + HOUR))
    assert (first.status, first.start) == ("open", instant(MONDAY))
    facts.append(call(MONDAY + HOUR, 2, "connected"))
    met = migrated(new, *facts, old=with_parts(DATA, clocks={"first": None, "next": None}))
    assert clock_stands(process, "new", met, instant(MONDAY + 2 * DAY)).status == "met"


def test_what_happened_after_the_round_starts_and_stops_no_clock() -> None:
    clock = {"from": "created", "to": "first_contact", "within": "1 day"}
    new = with_parts(DATA, clocks={"new": clock})
    facts = [moved(MONDAY + HOUR, "out", 1), call(MONDAY + 2 * HOUR, 2, "connected")]
    found = migrated(new, *facts, old=with_parts(DATA, clocks={"first": None, "next": None}))
    assert found.moments == (("created", instant(MONDAY)),)
    assert clock_stands(machine(new).process, "new", found, instant(MONDAY + DAY)).status == "ended"


def test_work_goes_on_by_the_calendars_of_this_policy() -> None:
    assigned = event(MONDAY + 5, "assigned", owner="ben")
    start, then = (Instant(instant(MONDAY + x)) for x in (0, 5))
    assert migrated(DATA, assigned).hours == ((start, "office"), (then, "away"))
    night = with_parts(DATA, hours={"default": "night", "owners": {"ben": "night"}})
    assert migrated(night, assigned).hours == (
        (start, "office"),
        (then, "away"),
        (then, "night"),
    )
    gone = {x: y for x, y in CALENDARS.items() if x != "office"}
    lifecycle = Lifecycle.model_validate(night)
    without = StageMachine(lifecycle, vocabulary=WORDS, calendars=gone, policy=NEW)
    found = without.migrate(machine(DATA, OLD).replay(LEAD, events=[assigned]))
    assert isinstance(found, State)
    assert found.hours == ((start, "night"), (then, "away"), (then, "night"))


def test_calendars_can_come_and_go() -> None:
    without = {x: y for x, y in DATA.items() if x != "hours"}
    start = Instant(instant(MONDAY))
    assert migrated(without, call(MONDAY + 1, 1)).hours == ((start, None),)
    assert migrated(DATA, call(MONDAY + 1, 1), old=without).hours == ((start, "office"),)


# --- laws


@given(sample=samples, data=st.data())
def test_to_migrate_changes_nothing_where_nothing_changed(
    sample: Sample, data: st.DataObject
) -> None:
    """Law: under the same lifecycle a state stays what it is, but for version and policy."""
    facts = data.draw(histories(sample.start))
    before = machine(sample.data, OLD).replay(sample.lead, events=facts)
    after = machine(sample.data).migrate(before)
    assert isinstance(after, State)
    assert after == replace(before, policy=NEW, version=before.version + 1)


@given(sample=samples, data=st.data())
def test_stages_may_change_their_names(sample: Sample, data: st.DataObject) -> None:
    """Law: with stages renamed, to migrate the state is to replay the facts by their new names."""
    names = {"s1": "sales", "rest": "asleep"}
    new = {**renamed(sample.data, names), "migrate": names}
    new["moves"] = [
        {**move, **({"when": move["when"].replace('"s1"', '"sales"')} if "when" in move else {})}
        for move in new["moves"]
    ]
    facts = data.draw(histories(sample.start))
    told = [x.model_copy(update={"properties": renamed(dict(x.properties), names)}) for x in facts]
    after = machine(new).migrate(machine(sample.data, OLD).replay(sample.lead, events=facts))
    replayed = machine(new).replay(sample.lead, events=told)
    assert isinstance(after, State)
    assert after == replace(replayed, version=replayed.version + 1)


@given(sample=samples, other=samples, data=st.data())
def test_whatever_policy_follows_can_go_on(
    sample: Sample, other: Sample, data: st.DataObject
) -> None:
    """Law: to migrate twice is as once; what comes out is whole, and works under the new policy."""
    facts = data.draw(histories(sample.start))
    before = machine(sample.data, OLD).replay(sample.lead, events=facts)
    new = machine({**other.data, "migrate": {} if "s2" in other.data["stages"] else {"s2": "s1"}})
    after = new.migrate(before)
    assert isinstance(after, State)
    assert new.migrate(after) is after
    assert (after.version, after.policy) == (before.version + 1, NEW)
    assert after.entries_of(after.stage) is not None
    assert {x.stage for x in after.entries} <= {*new.lifecycle.stages}
    assert State.from_dict(json.loads(json.dumps(after.to_dict()))) == after
    at = moment(after.time // 60_000_000 + 3 * DAY)
    for name in new.process.clocks:
        assert clock_stands(new.process, name, after, instant_of(at)).status
    new.would(after, lead=sample.lead, at=at)
    assert not isinstance(new.settle(after, lead=sample.lead, at=at), Refusal)
    later = [event(at_, kind, 500 + at_, **said) for at_, kind, said in _later(at)]
    state: State | Refusal = after
    for fact in later:
        assert isinstance(state, State)
        state = new.note(state, fact)
    assert isinstance(state, State)


def _later(at: Any) -> list[tuple[int, str, dict[str, Any]]]:
    minute = instant_of(at) // 60_000_000
    return [
        (minute + 1, "touch", {"channel": "call", "direction": "outbound"}),
        (minute + 2, "next_step", {"what": "meet"}),
        (minute + 3, "moved", {"to": "s1"}),
        (minute + 4, "moved", {"to": "rest"}),
    ]
