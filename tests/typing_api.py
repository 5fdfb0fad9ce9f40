"""What type checkers know of the public names. It is checked and never run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, assert_type

import leadrules
from leadrules import (
    Engine,
    Evaluation,
    EvaluationError,
    Event,
    Issue,
    Lead,
    Matcher,
    Money,
    Policy,
    PolicyError,
    Score,
    Scorer,
    Vocabulary,
    load_policy,
    policy_schema,
)
from leadrules.lead import FieldValue
from leadrules.values import Value


def policies(source: str, at: datetime) -> None:
    policy = load_policy(source, tables={"regions": [{"country": "DE"}]})
    assert_type(policy, Policy)
    assert_type(policy.hash, str)
    assert_type(policy.warnings, tuple[Issue, ...])
    assert_type(policy.vocabulary, Vocabulary)
    assert_type(policy.lead({"id": "17"}), Lead)
    assert_type(policy.review_due(at), Issue | None)
    assert_type(policy.model_copy(), Policy)
    assert_type(policy_schema(), dict[str, Any])


def evaluations(policy: Policy, lead: Lead, at: datetime) -> None:
    engine = Engine(policy)
    assert_type(engine.scorer, Scorer)
    found = engine.evaluate(lead, at=at)
    assert_type(found, Evaluation)
    assert_type(found.score, Score | None)
    score = engine.scorer.score(lead, at=at)
    assert_type(score.score, float)
    assert_type(score.fired, tuple[str, ...])
    assert_type(score.policy, str | None)


def conditions(lead: Lead, at: datetime) -> None:
    assert_type(Matcher("known(email)").matches(lead, at=at), bool | None)


def leads(lead: Lead, event: Event) -> None:
    assert_type(lead.email, str | None)
    assert_type(lead.company.employees, int | None)
    assert_type(lead.budget, Money | None)
    assert_type(lead.created, datetime | None)
    assert_type(lead.fields, Mapping[str, FieldValue | None])
    assert_type(lead.record, Mapping[str, Value])
    assert_type(lead.model_copy(update={"email": None}), Lead)
    assert_type(event["path"], FieldValue | None)


def errors(policy: PolicyError, evaluation: EvaluationError) -> None:
    assert_type(policy.issues, tuple[Issue, ...])
    assert_type(evaluation.field, str | None)
    assert_type(leadrules.__version__, str)
