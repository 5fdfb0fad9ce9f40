"""Audits: what a policy would have refused of the moves that happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import Engine, Event, Lead, Refusal, Request, Unmet, load_policy
from leadrules.lifecycle.transition import REFUSALS, Settled
from leadrules.values import Value
from tests.lifecycle.histories import STAGES, WAITS, event, histories, moved
from tests.lifecycle.offices import moment
from tests.lifecycle.processes import (
    BANDS,
    CHANNELS,
    OUTCOMES,
    REASONS,
    ROLES,
    Sample,
    machine_of,
    samples,
)
from tests.lifecycle.test_replay import DATA, DAY, HOUR, LEAD, MACHINE, MONDAY


def told(*events: Event, lead: Lead = LEAD) -> list[str]:
    return [str(x) for x in MACHINE.audit(lead, events=events)]


def test_a_move_that_the_policy_allows_is_not_refused() -> None:
    assert told(moved(MONDAY + 1, "s1", role="sales", by="ann")) == []


def test_a_move_is_asked_of_the_machine_as_it_was_made() -> None:
    facts = [
        moved(MONDAY + HOUR, "s1", 1, role="marketing"),
        moved(MONDAY + 2 * HOUR, "out", 2, role="sales"),
        moved(MONDAY + 3 * HOUR, "s0", 3, role="sales"),
    ]
    first, second, third = MACHINE.audit(LEAD, events=facts)
    assert first == Refusal(
        "l1",
        "s0",
        "s1",
        moment(MONDAY + HOUR),
        (Unmet("role", "'marketing' may not move it", "it takes 'sales'"),),
    )
    assert (second.stage, second.codes) == ("s1", ("no-move",))
    assert (third.stage, third.codes) == ("out", ("no-move",))


def test_facts_do_what_they_say_though_they_are_refused() -> None:
    """The move after a refused one is judged from where that one led to."""
    facts = [moved(MONDAY + 1, "won", 1), moved(MONDAY + 2, "s1", 2, role="sales")]
    assert "\n".join(told(*facts)) == (
        "lead l1: 's0' -> 'won' is refused\n"
        "  no move leads from 's0' to 'won'; there is one to 's1', 'rest' or 'out' [no-move]\n"
        "lead l1: 'won' -> 's1' is refused\n"
        "  no move leads from 'won' to 's1'; it is an end of the process [no-move]"
    )


def test_a_stage_that_the_policy_does_not_know_is_told_of() -> None:
    (refusal,) = MACHINE.audit(LEAD, events=[moved(MONDAY + 1, "wons", role="sales")])
    assert refusal.unmet == (Unmet("unknown-stage", "no stage 'wons'", "did you mean 'won'?"),)


@pytest.mark.parametrize(
    "facts",
    [
        [moved(MONDAY, "s1")],
        [moved(MONDAY + 5, "s0")],
        [moved(MONDAY + 5, "s1", 1, role="sales"), moved(MONDAY + 6, "s1", 2)],
    ],
    ids=["where it arose", "where it is", "where it has come to"],
)
def test_what_moves_nobody_is_no_move(facts: Sequence[Event]) -> None:
    assert told(*facts) == []


def test_where_a_lead_arose_has_to_be_known() -> None:
    (refusal,) = MACHINE.audit(LEAD, events=[moved(MONDAY, "nowhere")])
    assert refusal.codes == ("unknown-stage",)


def test_a_move_that_was_taken_back_is_not_judged() -> None:
    gone = [moved(MONDAY + 1, "won", 1), event(MONDAY + 2, "retraction", 2, of="e001")]
    assert told(*gone) == []


def test_a_forced_move_is_judged_by_who_may_force() -> None:
    forced: dict[str, Any] = {"to": "won", "forced": True, "reason": "so agreed"}
    assert told(event(MONDAY + 1, "moved", role="boss", **forced)) == []
    (refusal,) = MACHINE.audit(LEAD, events=[event(MONDAY + 1, "moved", role="sales", **forced)])
    assert refusal.unmet == (Unmet("no-force", "'sales' may not force a move", "it takes 'boss'"),)


# --- where leads arise


@pytest.mark.parametrize(
    ("stage", "way", "why"),
    [
        ("won", {}, "which is closed"),
        ("s1", {"when": "consent"}, "to which guards lead"),
        ("s1", {"fields": ["email"]}, "to which guards lead"),
    ],
)
def test_a_lead_arises_where_it_could_have_come_to(
    stage: str, way: Mapping[str, Any], why: str
) -> None:
    data = {
        **DATA,
        "moves": [{"from": "s0", "to": "s1", "by": ["sales"], **way}, *DATA["moves"][1:]],
    }
    fact = moved(MONDAY, stage)
    (refusal,) = machine_of(data).audit(LEAD, events=[fact])
    assert (refusal.stage, refusal.to, refusal.at) == ("s0", stage, fact.time)
    message = f"the lead arose in '{stage}', {why}"
    assert refusal.unmet == (Unmet("arose-elsewhere", message, "leads arise in 's0'"),)


def test_a_lead_may_arise_behind_a_guard_that_it_meets() -> None:
    move = {"from": "s0", "to": "s1", "automatic": True, "when": "consent"}
    machine = machine_of({**DATA, "moves": [move, *DATA["moves"][1:]]})
    lead = Lead(id=LEAD.id, created=moment(MONDAY), consent=True)
    assert machine.audit(lead, events=[moved(MONDAY, "s1")]) == ()
    forced: dict[str, Any] = {"to": "won", "forced": True, "reason": "so agreed", "role": "boss"}
    assert told(event(MONDAY, "moved", **forced)) == []


# --- facts without an effect

STRICT: Mapping[str, Any] = {
    "stages": {
        "s0": {
            "owner": "sales",
            "requires": {"paper": {"by": ["sales"]}, "review": {"after": ["paper"]},
                         "offer": {"after": ["approvals"]}},
            "approvals": {"by": ["boss"], "after": ["paper"]},
        },
        "won": {"kind": "won"},
    },
    "moves": [{"from": "s0", "to": "won", "by": ["sales"]}],
    "touches": {"t0": {"in": "s0", "count": 1, "waive": ["duplicate"], "waive_by": ["boss"]}},
    "clocks": {"c0": {"from": "created", "to": "first_attempt", "within": "2 days"}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "said", "message", "needs"),
    [
        ("completed", {"item": "papre"}, "'s0' requires no 'papre'", "did you mean 'paper'?"),
        ("completed", {"item": "paper"}, "no role is said", "it takes 'sales'"),
        ("completed", {"item": "paper", "role": "boss"}, "'boss' may not complete 'paper'",
         "it takes 'sales'"),
        ("completed", {"item": "review"}, "'paper' is not there yet", "it has to come after that"),
        ("completed", {"item": "offer"}, "approvals are missing by 'boss'",
         "it has to come after them"),
        ("approval", {"role": "sales", "verdict": "approved"}, "'s0' needs no approval by 'sales'",
         "it takes 'boss'"),
        ("approval", {"role": "boss", "verdict": "approved"}, "'paper' is not there yet",
         "it has to come after that"),
        ("waiver", {"touches": "other", "reason": "duplicate"},
         "no touches 'other' are owed in 's0'", "it takes 't0'"),
        ("waiver", {"touches": "t0", "reason": "boredom"},
         "'boredom' is no reason to waive 't0'", "it takes 'duplicate'"),
        ("waiver", {"touches": "t0", "reason": "duplicate", "role": "sales"},
         "'sales' may not waive 't0'", "it takes 'boss'"),
        ("pause", {"clock": "c1"}, "no clock 'c1'", "it takes 'c0'"),
        ("resume", {"clock": "zzz"}, "no clock 'zzz'", "it takes 'c0'"),
    ],
)  # fmt: skip
def test_a_fact_that_changed_nothing_is_told_of(
    kind: str, said: Mapping[str, Any], message: str, needs: str
) -> None:
    fact = event(MONDAY + 1, kind, 1, **said)
    machine = machine_of(STRICT)
    (refusal,) = machine.audit(LEAD, events=[fact])
    assert (refusal.stage, refusal.to, refusal.at) == ("s0", None, fact.time)
    assert refusal.unmet == (Unmet("without-effect", f"{kind} 'e001': {message}", needs),)
    start, then = machine.start(LEAD), machine.replay(LEAD, events=[fact])
    assert then == replace(start, time=then.time, version=then.version, last=then.last)


def test_facts_with_an_effect_are_not_told_of() -> None:
    facts = [
        event(MONDAY + 1, "completed", 1, item="paper", role="sales"),
        event(MONDAY + 2, "completed", 2, item="review"),
        event(MONDAY + 3, "approval", 3, role="boss", verdict="approved"),
        event(MONDAY + 4, "completed", 4, item="offer"),
        event(MONDAY + 5, "waiver", 5, touches="t0", reason="duplicate", role="boss"),
        event(MONDAY + 6, "pause", 6, clock="c0"),
        event(MONDAY + 7, "resume", 7),
        event(MONDAY + 8, "next_step", 8, what="call"),
        event(MONDAY + 9, "completed", 9, item="call"),
    ]
    assert machine_of(STRICT).audit(LEAD, events=facts) == ()


def test_nothing_is_known_where_there_is_nothing_to_do() -> None:
    facts = [
        event(MONDAY + 1, "completed", 1, item="paper"),
        event(MONDAY + 2, "approval", 2, role="boss", verdict="approved"),
    ]
    first, second = (x.unmet[0] for x in machine_of({**STRICT, "moves": [
        *STRICT["moves"], {"from": "s0", "to": "work", "by": ["sales"]},
        {"from": "work", "to": "won", "by": ["sales"]}],
        "stages": {**STRICT["stages"], "work": {"owner": "sales"}}}).audit(
            LEAD, events=[moved(MONDAY, "work", 9, forced=True), *facts])[-2:])  # fmt: skip
    assert (first.needs, second.needs) == ("it takes nothing", "it takes nobody's")


# --- moves that the policy is said to have taken


def test_the_policy_takes_no_move_of_others() -> None:
    assert told(moved(MONDAY + 1, "s1", by="policy", role="sales")) == [
        "lead l1: 's0' -> 's1' is refused\n  'policy' may not move it; it takes 'sales' [role]"
    ]
    (refusal,) = MACHINE.audit(LEAD, events=[moved(MONDAY + 1, "won", by="policy")])
    assert refusal.codes == ("no-move",)


def test_the_policy_takes_no_move_that_anybody_may_ask_for() -> None:
    data = {**DATA, "moves": [{"from": "s0", "to": "s1"}, *DATA["moves"][1:]]}
    (refusal,) = machine_of(data).audit(LEAD, events=[moved(MONDAY + 1, "s1", by="policy")])
    assert refusal.unmet == (
        Unmet("role", "'policy' may not move it", "it takes somebody who asks"),
    )


def test_the_policy_moves_nothing_before_its_time() -> None:
    away = moved(MONDAY, "rest", 1)
    early = moved(MONDAY + 2 * DAY - 1, "s0", 2, by="policy")
    on_time = moved(MONDAY + 2 * DAY, "s0", 3, by="policy")
    assert [x.codes for x in MACHINE.audit(LEAD, events=[away, on_time])] == [("arose-elsewhere",)]
    _, refusal = MACHINE.audit(LEAD, events=[away, early])
    due = "the policy takes it from 2026-06-03T07:00:00+00:00 on"
    assert refusal.unmet == (Unmet("not-due", "its time in 'rest' is not over", due),)


@pytest.mark.parametrize(
    ("reason", "why"), [("budget", "for 'budget'"), (None, "without a reason")]
)
def test_the_policy_wakes_no_lead_that_nothing_wakes(reason: str | None, why: str) -> None:
    data = {**DATA, "stages": {**DATA["stages"]}}
    data["stages"]["rest"] = {**DATA["stages"]["rest"], "wake": {"timing": "2 days"}}
    facts = [
        moved(MONDAY + 1, "rest", 1, role="sales", reason=reason),
        moved(MONDAY + 9 * DAY, "s0", 2, by="policy"),
    ]
    found = machine_of(data).audit(LEAD, events=facts)[-1]
    assert found.unmet == (
        Unmet(
            "not-due",
            f"stage 'rest' wakes no lead that came {why}",
            "its wake would have to name the reason, or default",
        ),
    )


def test_of_several_moves_that_the_policy_takes_the_nearest_is_told_of() -> None:
    near: dict[str, Any] = {"from": "s0", "to": "s1", "automatic": True, "when": "consent"}
    data = {**DATA, "moves": [near, {**near, "fields": ["email"]}, *DATA["moves"][1:]]}
    (refusal,) = machine_of(data).audit(LEAD, events=[moved(MONDAY + 1, "s1", by="policy")])
    assert refusal.codes == ("guard-unknown",)


# --- what was known at the time

POLICY = """
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01}
activities: {visit: {}}
parameters: {worth: {2026-01-01: 30}}
scoring:
  engagement: {rules: {visit: {activity: visit, points: {param: worth}, decay: window 30 days}}}
  bands: {levels: [{name: hot, enter: 50}, {name: cold}]}
lifecycle:
  stages: {inquiry: {owner: marketing}, mql: {owner: sales}, won: {kind: won}}
  moves:
    - {from: inquiry, to: mql, automatic: true, when: band == "hot"}
    - {from: mql, to: won, by: [sales]}
"""


def visit(number: int, day: int) -> Event:
    return Event.model_validate(
        {
            "lead_id": "17",
            "id": f"v{number}",
            "time": moment(MONDAY + day * DAY),
            "kind": "activity",
            "type": "visit",
        }
    )


def test_an_engine_audits_by_the_score_at_the_time() -> None:
    engine = Engine(load_policy(POLICY))
    lead = Lead(id="17", created=moment(MONDAY))
    on_day = {
        day: event(MONDAY + day * DAY, "moved", day, "17", to="mql", by="policy") for day in (1, 3)
    }
    visits = [visit(1, 0), visit(2, 2), visit(3, 4)]
    assert engine.audit(lead, events=[*visits, on_day[3]]) == ()
    (refusal,) = engine.audit(lead, events=[*visits, on_day[1]])
    assert str(refusal) == (
        "lead 17: 'inquiry' -> 'mql' is refused\n"
        '  band == "hot" is not true; band is cold [guard-false]'
    )
    assert engine.audit(lead, events=[*visits, on_day[1]], at=moment(MONDAY)) == ()


def test_what_cannot_be_told_of_that_time_is_missing() -> None:
    """Before its first date a parameter has no value, and so the lead had no score."""
    engine = Engine(load_policy(POLICY))
    year = 365 * DAY
    fact = event(MONDAY - year, "moved", 1, "17", to="mql", by="policy", from_="inquiry")
    (refusal,) = engine.audit(Lead(id="17"), events=[fact])
    assert str(refusal) == (
        "lead 17: 'inquiry' -> 'mql' is refused\n"
        "  whether band == \"hot\" is unknown; it takes 'band' [guard-unknown]"
    )


def test_without_scoring_there_is_nothing_to_derive() -> None:
    text = POLICY.replace(' when: band == "hot"', " when: consent")
    before, _, after = text.partition("scoring:")
    engine = Engine(load_policy(before + after[after.index("lifecycle:") :]))
    fact = event(MONDAY, "moved", 1, "17", to="mql", by="policy", from_="inquiry")
    assert engine.audit(Lead(id="17", consent=True), events=[fact]) == ()
    assert len(engine.audit(Lead(id="17"), events=[fact])) == 1


# --- laws


@given(sample=samples, data=st.data())
def test_nothing_odd_raises(sample: Sample, data: st.DataObject) -> None:
    """Law: every refused move is one of the facts, in order, and what else is told had no effect;
    no history stops an audit."""
    events = data.draw(histories(sample.start))
    found = sample.machine.audit(sample.lead, events=events)
    moves = sorted(
        {x.id: x for x in events if x.kind == "moved"}.values(), key=lambda x: (x.time, x.id)
    )
    places = iter((x["to"], x.time) for x in moves)
    for refusal in found:
        if refusal.to is None:
            assert refusal.codes == ("without-effect",)
        else:
            assert (refusal.to, refusal.at) in places
        assert refusal.unmet
        assert {*refusal.codes} <= {*REFUSALS} - {"late", "other-policy", "retraction"}


@given(sample=samples, data=st.data())
def test_an_audit_says_what_the_machine_said(sample: Sample, data: st.DataObject) -> None:
    """Law: what the machine gave back is not refused; what it refused is, for the same reasons."""
    machine, lead, numbers = sample.machine, sample.lead, count(1)
    state, now = machine.start(lead), sample.start
    facts: list[Event] = []
    bands: dict[int, dict[str, Value]] = {}

    def derived(_: Lead, before: Sequence[Event], *__: object) -> Mapping[str, Value]:
        return bands[len(before)]

    for _ in range(data.draw(st.integers(0, 8))):
        now += data.draw(st.sampled_from(WAITS))
        band = data.draw(st.sampled_from((None, *BANDS)))
        known: dict[str, Value] = {} if band is None else {"band": band}
        asked = data.draw(_asked)
        if asked is None:
            said = {"channel": data.draw(st.sampled_from(CHANNELS)), "direction": "outbound"}
            outcome = data.draw(st.sampled_from(OUTCOMES))
            now += state.last[0]  # a move comes after all else at its instant
            facts.append(event(now, "touch", next(numbers), outcome=outcome, **said))
            noted = machine.note(state, facts[-1])
            assert not isinstance(noted, Refusal)
            state = noted
            continue
        bands[len(facts)] = known
        settled = machine.settle(state, lead=lead, at=moment(now), derived=known)
        assert isinstance(settled, Settled)
        for step in settled:
            bands[len(facts)] = known
            facts.append(step.fact())
        state = settled.state
        bands[len(facts)] = known
        answer = machine.advance(state, asked, lead=lead, at=moment(now), derived=known)
        if isinstance(answer, Refusal):
            fact = moved(now, asked.to, role=asked.role, reason=asked.reason, note=asked.note)
            fact = fact.model_copy(update={"id": "the last"})
            audited = machine.audit(lead, events=[*facts, fact], derived=derived)
            arises = now == sample.start and all(x.kind != "moved" for x in facts)
            same = asked.to == state.stage
            unknown = asked.to not in sample.data["stages"]
            expected = () if not unknown and (arises or same) else (answer,)
            if not unknown and arises and not same:
                assert {code for x in audited for code in x.codes} <= {"arose-elsewhere"}
            else:
                assert audited == expected
        else:
            facts.append(answer.fact())
            state = answer.state
    assert machine.audit(lead, events=facts, derived=derived) == ()
    assert machine.replay(lead, events=facts) == state


_asked: st.SearchStrategy[Request | None] = st.one_of(
    st.none(),
    st.builds(
        Request,
        to=st.sampled_from(STAGES),
        role=st.sampled_from((None, *ROLES)),
        reason=st.sampled_from((None, *REASONS)),
        note=st.sampled_from((None, "so it is")),
    ),
)
