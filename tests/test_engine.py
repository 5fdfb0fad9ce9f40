"""The engine: a whole policy, asked about a lead."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from leadrules import (
    Assignment,
    Dossier,
    Engine,
    Evaluation,
    EvaluationError,
    Event,
    Lead,
    Refusal,
    Request,
    Rotation,
    Settled,
    State,
    Transition,
    Unassigned,
    load_policy,
    merge,
)
from leadrules.lifecycle.survivor import surviving

AT = datetime(2026, 1, 5, tzinfo=UTC)
HEADER = "leadrules: 1\npolicy: {id: acme, version: 1, effective: 2026-01-01}\n"
KNOWN = HEADER + "scoring: {fit: {characteristics: {email: [{when: known(email), points: 5}]}}}\n"


def test_an_evaluation_says_by_which_policy_it_is() -> None:
    policy = load_policy(KNOWN)
    engine = Engine(policy)
    lead = Lead(id="17", email="ada@example.org")
    score = engine.scorer.score(lead, at=AT)
    assert engine.evaluate(lead, at=AT) == Evaluation("17", AT, policy.hash, score)
    assert (score.score, score.policy) == (5, policy.hash)
    assert repr(engine) == "Engine(Policy(id='acme', version=1))"


def test_a_policy_need_not_score() -> None:
    engine = Engine(load_policy(HEADER))
    assert engine.evaluate(Lead(id="17"), at=AT).score is None
    with pytest.raises(EvaluationError) as caught:
        _ = engine.scorer
    assert str(caught.value) == "policy 'acme' has no section 'scoring'"
    assert caught.value.field == "scoring"


def test_the_moment_has_a_zone_whatever_the_policy_does() -> None:
    with pytest.raises(EvaluationError) as caught:
        Engine(load_policy(HEADER)).evaluate(Lead(id="17"), at=AT.replace(tzinfo=None))
    assert str(caught.value) == (
        "at: '2026-01-05T00:00:00' has no time zone; expected an aware datetime"
    )


def test_an_engine_and_what_it_says_survive_pickle() -> None:
    engine = Engine(load_policy(KNOWN))
    found = engine.evaluate(Lead(id="17"), at=AT)
    assert pickle.loads(pickle.dumps(found)) == found
    assert pickle.loads(pickle.dumps(engine)).evaluate(Lead(id="17"), at=AT) == found


def test_what_is_no_policy_and_what_is_no_lead_are_told() -> None:
    with pytest.raises(EvaluationError) as caught:
        Engine("leads.yaml")  # type: ignore[arg-type]  # the slip
    assert str(caught.value) == "policy: 'leads.yaml' is no policy; read one with load_policy(...)"
    with pytest.raises(EvaluationError) as caught:
        Engine(load_policy(KNOWN)).scorer.score({"id": "17"}, at=AT)  # type: ignore[arg-type]  # the slip
    assert str(caught.value) == "lead: '{...}' is no lead; make one with policy.lead(...)"


MOVING = (
    HEADER
    + """
activities: {demo: {}}
scoring:
  engagement: {rules: {demo: {activity: demo, points: 10}}}
  bands: [{name: hot, enter: 10, leave: 5}, {name: cold}]
lifecycle:
  stages: {inquiry: {owner: marketing}, sql: {owner: sales}, won: {kind: won}}
  moves:
    - {from: inquiry, to: sql, by: marketing, when: band == "hot"}
    - {from: sql, to: won, automatic: true, when: score >= 20}
"""
)


def test_a_lead_is_scored_before_it_is_moved() -> None:
    engine = Engine(load_policy(MOVING))
    lead = Lead(id="17", created=AT)
    state = engine.machine.start(lead)
    demos = [
        Event(lead_id="17", id=f"d{x}", time=AT + timedelta(hours=x), kind="activity", type="demo")
        for x in (1, 2)
    ]
    asked, at = Request(to="sql", role="marketing"), AT + timedelta(hours=1)
    refused = engine.advance(lead, asked, state=state, at=at)
    assert isinstance(refused, Refusal)
    assert refused.codes == ("guard-false",)
    made = engine.advance(lead, asked, state=state, events=demos, at=at)
    assert isinstance(made, Transition)
    assert (made.band, made.state.band) == ("hot", "hot")
    once = engine.settle(lead, state=made.state, events=demos, at=at)
    twice = engine.settle(lead, state=made.state, events=demos, at=at + timedelta(hours=1))
    assert isinstance(once, Settled)
    assert isinstance(twice, Settled)
    assert (once.state.stage, twice.state.stage) == ("sql", "won")
    facts = [*demos, made.fact()]
    assert engine.settle(lead, events=facts, at=at + timedelta(hours=1)) == engine.settle(
        lead,
        state=engine.machine.replay(lead, events=facts),
        events=facts,
        at=at + timedelta(hours=1),
    )


def test_a_lead_keeps_its_band_while_it_may() -> None:
    text = MOVING.replace("points: 10", "points: 7")
    engine = Engine(load_policy(text))
    lead = Lead(id="17", created=AT)
    demo = Event(lead_id="17", id="d1", time=AT, kind="activity", type="demo")
    asked = Request(to="sql", role="marketing")
    state = engine.machine.start(lead)
    assert not engine.advance(lead, asked, state=state, events=[demo], at=AT)
    assert engine.advance(lead, asked, state=state, events=[demo], at=AT, previous="hot")


def test_what_an_engine_cannot_move_is_told() -> None:
    engine, asked = Engine(load_policy(MOVING)), Request(to="sql", role="marketing")
    ask: Any = engine.advance
    with pytest.raises(EvaluationError) as caught:
        ask(Lead(id="17"), asked, state={}, at=AT)
    assert str(caught.value) == (
        "state: '{...}' is no state; expected what start(), replay() or from_dict() gives"
    )
    with pytest.raises(EvaluationError) as caught:
        engine.settle(Lead(id="17"), at=AT)
    assert str(caught.value) == (
        "created: is missing, and nothing happened; nobody says when the lead arose"
    )
    with pytest.raises(EvaluationError) as caught:
        Engine(load_policy(KNOWN)).settle(Lead(id="17"), at=AT)
    assert str(caught.value) == "policy 'acme' has no section 'lifecycle'"


# --- routing

ROUTING = """
  touches: {first: {in: inquiry, count: 1, channels: [call]}}
  clocks: {speed: {from: assigned, to: first_attempt, within: 2 hours}}
routing:
  rules:
    - {id: late, when: clock.speed == "breached", to: {queue: late}}
    - {id: called, when: touches.first == "met", to: {queue: called}}
    - {id: sold, when: stage == "sql" and owner_role == "sales", to: {queue: sold}}
    - {id: again, when: stage_entries > 1, to: {queue: again}}
    - {id: hot, when: band == "hot" and score >= 10, to: {pool: team}, clock: speed}
    - {id: rest, when: always, to: {queue: rest}}
  pools: {team: {members: {anna: {weight: 2}, ben: {}}}}
  members: {anna: {}, ben: {}}
"""
ROUTED = Engine(load_policy(MOVING + ROUTING))
DEMO = Event(lead_id="17", id="d1", time=AT, kind="activity", type="demo")
LEAD = Lead(id="17", created=AT)


def happened(name: str, hours: int, kind: str, **said: Any) -> Event:
    time = AT + timedelta(hours=hours)
    return Event(lead_id="17", id=name, time=time, kind=kind, properties=said)


def routed_by(*events: Event, hours: int = 9, state: State | None = None) -> str | None:
    at = AT + timedelta(hours=hours)
    start = ROUTED.router.start()
    return ROUTED.route(LEAD, events=events, state=state, rotation=start, at=at)[0].rule


def fact_of(answer: Assignment | Unassigned) -> Event:
    fact = answer.fact() if isinstance(answer, Assignment) else None
    assert fact is not None
    return fact


def test_a_lead_is_scored_and_its_stage_is_found_before_it_is_routed() -> None:
    assert routed_by() == "rest"
    assert routed_by(DEMO) == "hot"
    assert routed_by(DEMO, hours=-1) == "rest"
    sold = happened("m1", 1, "moved", to="sql")
    assert routed_by(DEMO, sold) == "sold"
    assert routed_by(DEMO, sold, happened("m2", 2, "moved", to="inquiry")) == "again"
    called = happened("t1", 1, "touch", channel="call", direction="outbound")
    assert routed_by(DEMO, called) == "called"
    owned = happened("o1", 1, "assigned", owner="zoe")
    assert [routed_by(DEMO, owned, hours=hours) for hours in (2, 9)] == ["hot", "late"]


def test_an_evaluation_routes_the_lead_if_it_is_told_where_the_rotation_stands() -> None:
    start = ROUTED.router.start()
    found = ROUTED.evaluate(LEAD, events=[DEMO], rotation=start, at=AT)
    assert (found.assignment, found.rotation) == ROUTED.route(
        LEAD, events=[DEMO], rotation=start, at=AT
    )
    plain = ROUTED.evaluate(LEAD, events=[DEMO], at=AT)
    assert plain == replace(found, assignment=None, rotation=None)


def test_a_lead_is_routed_by_the_state_that_the_host_keeps() -> None:
    kept = ROUTED.machine.replay(LEAD, events=[happened("m1", 1, "moved", to="sql")])
    assert (routed_by(state=kept), routed_by()) == ("sold", "rest")


def test_a_lead_that_has_not_arisen_has_no_stage() -> None:
    start = ROUTED.router.start()
    answer, _ = ROUTED.route(Lead(id="17"), rotation=start, at=AT)
    assert answer.rule == "rest"


def test_a_policy_without_scoring_or_lifecycle_routes_too() -> None:
    text = "routing: {rules: [{when: known(email), to: {queue: them}}], queue: others}"
    engine = Engine(load_policy(HEADER + text))
    start = engine.router.start()
    for lead, queue in ((LEAD, "others"), (Lead(id="17", email="ada@example.org"), "them")):
        answer, after = engine.route(lead, rotation=start, at=AT)
        assert isinstance(answer, Assignment)
        assert (answer.queue, answer.policy, after) == (queue, engine.policy.hash, start)


def test_who_had_a_lead_is_not_asked_again() -> None:
    first, state = ROUTED.route(LEAD, events=[DEMO], rotation=ROUTED.router.start(), at=AT)
    assert isinstance(first, Assignment)
    found, state = ROUTED.reassign(
        LEAD, events=[DEMO], history=[first], reason="declined", rotation=state, at=AT
    )
    assert isinstance(found, Assignment)
    assert (first.owner, found.owner, found.rule) == ("anna", "ben", "hot")
    nobody, _ = ROUTED.reassign(
        LEAD, events=[DEMO], history=[first, found], reason="declined", rotation=state, at=AT
    )
    assert (isinstance(nobody, Unassigned), bool(nobody)) == (True, False)


def test_the_fact_of_an_assignment_makes_an_owner_and_starts_the_clock() -> None:
    at = AT + timedelta(hours=1)
    answer, _ = ROUTED.route(LEAD, events=[DEMO], rotation=ROUTED.router.start(), at=at)
    fact = fact_of(answer)
    assert (fact.id, dict(fact.properties)) == (
        "assigned-2026-01-05T01:00:00+00:00-anna-team-hot",
        {"owner": "anna", "pool": "team", "rule": "hot"},
    )
    state = ROUTED.machine.note(ROUTED.machine.start(LEAD), fact)
    assert isinstance(state, State)
    assert state == ROUTED.machine.replay(LEAD, events=[fact])
    for events, kept in (([DEMO], state), ([DEMO, fact], None)):
        agenda = ROUTED.agenda(LEAD, events=events, state=kept, at=at)
        assert {owed.owner for owed in agenda} == {"anna"}
        clock = next(owed for owed in agenda if owed.kind == "clock")
        assert (clock.name, clock.due) == ("speed", at + timedelta(hours=2))
    assert {owed.owner for owed in ROUTED.agenda(LEAD, events=[DEMO], at=at)} == {None}


def test_facts_of_one_instant_are_apart_and_come_in_their_order() -> None:
    first, rotation = ROUTED.route(LEAD, events=[DEMO], rotation=ROUTED.router.start(), at=AT)
    assert isinstance(first, Assignment)
    again, _ = ROUTED.reassign(
        LEAD, events=[DEMO], history=[first], reason="declined", rotation=rotation, at=AT
    )
    facts = [fact_of(again), fact_of(first)]
    assert [fact.id for fact in facts] == [
        "assigned-2026-01-05T00:00:00+00:00/declined-ben-team-hot",
        "assigned-2026-01-05T00:00:00+00:00-anna-team-hot",
    ]
    assert ROUTED.machine.replay(LEAD, events=facts).owner == "ben"
    state = ROUTED.machine.note(ROUTED.machine.start(LEAD), fact_of(first))
    assert isinstance(state, State)
    assert ROUTED.machine.note(state, fact_of(again))
    away = AT.astimezone(timezone(timedelta(hours=5)))
    assert replace(first, time=away).fact() == fact_of(first), "one instant has one name"
    assert fact_of(replace(first, rule="late")).id != fact_of(first).id
    named = first.fact(id="crm-5")
    assert named is not None
    assert named.id == "crm-5"
    assert replace(first, owner=None, queue="rest").fact() is None


def test_of_leads_that_are_one_the_owner_of_the_surviving_stage_stays() -> None:
    rotation, dossiers = ROUTED.router.start(), []
    for lead_id in ("17", "23"):
        lead = Lead(id=lead_id, created=AT)
        demo = Event(lead_id=lead_id, id="d1", time=AT, kind="activity", type="demo")
        answer, rotation = ROUTED.route(lead, events=[demo], rotation=rotation, at=AT)
        facts = [demo, fact_of(answer)]
        if lead_id == "23":
            sold = {"to": "sql", "by": "ben"}
            at = AT + timedelta(hours=1)
            facts.append(Event(lead_id="23", id="m", time=at, kind="moved", properties=sold))
        dossiers.append(Dossier.of(lead, updated=AT, events=facts))
    both = merge(*dossiers)
    survivor = surviving(both, machine=ROUTED.machine)
    state = ROUTED.machine.replay(both.lead, events=both.events_of(survivor))
    assert (survivor, state.lead_id, state.stage, state.owner) == ("23", "17", "sql", "ben")
    assert [(x.lead_id, x["owner"], x["rule"]) for x in both.set_aside("23")] == [
        ("17", "anna", "hot")
    ]
    assert [x["rule"] for x in both.events_of("23") if x.kind == "assigned"] == ["hot"]


def test_assignments_of_two_leads_never_become_one() -> None:
    facts = [
        fact_of(Assignment(lead_id=x, time=AT, owner="anna", rule="hot")) for x in ("17", "23")
    ]
    assert facts[0].id == facts[1].id
    both = merge(
        *(
            Dossier.of(Lead(id=fact.lead_id, created=AT), updated=AT, events=[fact])
            for fact in facts
        )
    )
    assert {x.id for x in both.events} == {facts[0].id, f"23/{facts[0].id}"}


def test_what_a_policy_says_of_a_lead_does_not_hang_on_routing() -> None:
    without = Engine(load_policy(MOVING + ROUTING.partition("routing:")[0]))
    facts = [DEMO, happened("m1", 1, "moved", to="sql")]
    for at in (AT, AT + timedelta(hours=2)):
        found, other = (x.evaluate(LEAD, events=facts, at=at) for x in (ROUTED, without))
        assert found.policy != other.policy
        assert found.score is not None
        assert found.state is not None
        assert found.score == replace(other.score, policy=found.policy)  # type: ignore[type-var]  # it scores
        assert found.state == replace(other.state, policy=found.policy)  # type: ignore[type-var]  # it has arisen


def test_an_engine_that_routes_survives_pickle() -> None:
    again = pickle.loads(pickle.dumps(ROUTED))
    rotation = ROUTED.router.start()
    assert again.router.start() == rotation
    for _ in range(3):
        answer, after = ROUTED.route(LEAD, events=[DEMO], rotation=rotation, at=AT)
        assert again.route(LEAD, events=[DEMO], rotation=rotation, at=AT) == (answer, after)
        assert pickle.loads(pickle.dumps((answer, after))) == (answer, after)
        rotation = after


def test_what_an_engine_cannot_route_is_told() -> None:
    plain, start = Engine(load_policy(KNOWN)), ROUTED.router.start()
    with pytest.raises(EvaluationError) as caught:
        plain.route(LEAD, rotation=start, at=AT)
    assert str(caught.value) == "policy 'acme' has no section 'routing'"
    assert caught.value.field == "routing"
    with pytest.raises(EvaluationError) as caught:
        plain.reassign(LEAD, history=[], reason="declined", rotation=start, at=AT)
    assert str(caught.value) == "policy 'acme' has no section 'routing'"
    with pytest.raises(EvaluationError) as caught:
        ROUTED.route({"id": "17"}, rotation=start, at=AT)  # type: ignore[arg-type]  # the slip
    assert str(caught.value) == "lead: '{...}' is no lead; make one with policy.lead(...)"
    with pytest.raises(EvaluationError) as caught:
        ROUTED.route(LEAD, rotation={}, at=AT)  # type: ignore[arg-type]  # the slip
    assert (
        str(caught.value) == "rotation: '{...}' is no rotation; expected what router.start() gives"
    )
    with pytest.raises(EvaluationError) as caught:
        ROUTED.route(LEAD, rotation=Rotation(policy="another"), at=AT)
    assert str(caught.value) == (
        f"rotation: was made by policy 'another', not '{ROUTED.policy.hash}'; "
        "expected router.migrate(rotation)"
    )
    with pytest.raises(EvaluationError) as caught:
        ROUTED.route(LEAD, rotation=start, state={}, at=AT)  # type: ignore[arg-type]  # the slip
    assert str(caught.value) == (
        "state: '{...}' is no state; expected what start(), replay() or from_dict() gives"
    )
    with pytest.raises(EvaluationError) as caught:
        ROUTED.route(LEAD, rotation=start, at=AT.replace(tzinfo=None))
    assert str(caught.value) == (
        "at: '2026-01-05T00:00:00' has no time zone; expected an aware datetime"
    )
    with pytest.raises(EvaluationError) as caught:
        ROUTED.reassign(LEAD, history=["anna"], reason="declined", rotation=start, at=AT)  # type: ignore[list-item]  # the slip
    assert str(caught.value) == "history: 'anna' is no assignment"
