"""The engine: one compiled policy, and the steps of an evaluation in their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from leadrules.errors import EvaluationError, as_written
from leadrules.events import Event
from leadrules.lead import Lead
from leadrules.policy import Policy
from leadrules.scoring.score import Score
from leadrules.scoring.scorer import Scorer
from leadrules.values import moment_of

__all__ = ["Engine", "Evaluation"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a policy says of a lead at a moment: the answer of each step.

    Attributes:
        lead_id: The lead.
        at: The moment of the evaluation.
        policy: The hash of the policy.
        score: How good it is; None if the policy does not score.
    """

    lead_id: str
    at: datetime
    policy: str
    score: Score | None


class Engine:
    """A policy, compiled once, that evaluates leads.

    Args:
        policy: The policy, as `load_policy` gives it.

    Raises:
        EvaluationError: If it is no policy.

    Examples:
        >>> from datetime import UTC, datetime
        >>> from leadrules import Lead, load_policy
        >>> engine = Engine(load_policy('''
        ... leadrules: 1
        ... policy: {id: acme, version: 1, effective: 2026-01-01}
        ... scoring: {fit: {characteristics: {known: [{when: known(email), points: 5}]}}}
        ... '''))
        >>> lead = Lead(id="17", email="ada@example.org")
        >>> engine.evaluate(lead, at=datetime(2026, 1, 5, tzinfo=UTC)).score.score
        5
    """

    def __init__(self, policy: Policy) -> None:
        if not isinstance(policy, Policy):
            message = f"policy: '{as_written(policy)}' is no policy; read one with load_policy(...)"
            raise EvaluationError(message, field="policy")
        self.policy = policy
        self._scorer = (
            Scorer(policy.scoring, vocabulary=policy.vocabulary, policy=policy.hash)
            if policy.scoring is not None
            else None
        )

    def __reduce__(self) -> tuple[object, ...]:
        return Engine, (self.policy,)

    def __repr__(self) -> str:
        return f"Engine({self.policy!r})"

    @property
    def scorer(self) -> Scorer:
        """The scorer of the policy, for leads and frames.

        Raises:
            EvaluationError: If the policy has no section `scoring`.
        """
        if self._scorer is None:
            message = f"policy '{self.policy.policy.id}' has no section 'scoring'"
            raise EvaluationError(message, field="scoring")
        return self._scorer

    def evaluate(
        self, lead: Lead, *, events: Iterable[Event] = (), at: datetime, previous: str | None = None
    ) -> Evaluation:
        """Return what the policy says of a lead at a moment.

        Args:
            lead: The lead.
            events: What happened to it, in any order.
            at: The moment; with a time zone.
            previous: The band that the lead was in before, if it was in one.

        Raises:
            EvaluationError: If the lead, the events or the moment cannot be evaluated.
        """
        if self._scorer is None:
            moment_of(at)
        score = (
            self._scorer.score(lead, events=events, at=at, previous=previous)
            if self._scorer
            else None
        )
        return Evaluation(lead.id, at, self.policy.hash, score)
