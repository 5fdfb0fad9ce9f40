"""The engine: a whole policy, asked about a lead."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadrules import (
    Engine,
    Evaluation,
    EvaluationError,
    Event,
    Lead,
    Refusal,
    Request,
    Settled,
    Transition,
    load_policy,
)

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
