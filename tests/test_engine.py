"""The engine: a whole policy, asked about a lead."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest

from leadrules import Engine, Evaluation, EvaluationError, Lead, load_policy

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
