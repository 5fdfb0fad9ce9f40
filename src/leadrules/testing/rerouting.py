"""Leads of one moment that a policy routes from the start, in the order that is declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadrules.engine import Engine
from leadrules.routing.router import Answered
from leadrules.testing.history import History
from leadrules.testing.routed import before_routing
from leadrules.values import Value, moment_of

__all__ = ["place_of", "routes_of"]


def place_of(history: History, derived: Mapping[str, Value]) -> tuple[Any, ...]:
    """Return where a lead stands among others: by moment, score, creation, id.

    Args:
        history: The lead.
        derived: What earlier steps add to it.
    """
    score: Any = derived.get("score")
    created = history.lead.created
    best = (True, 0) if score is None else (False, -score)
    first = (True, 0) if created is None else (False, moment_of(created))
    return moment_of(history.at), best, first, history.lead.id


def routes_of(engine: Engine, leads: Sequence[History]) -> list[Answered]:
    """Return who gets leads, one after the other from the start of the rotation.

    Args:
        engine: The engine of a policy that routes.
        leads: The leads, in any order.

    Returns:
        The answers, in the order that the leads were given.

    Raises:
        EvaluationError: If the policy cannot say.
    """
    router = engine.router
    each = [(history, before_routing(engine, history)) for history in leads]
    order = sorted(range(len(each)), key=lambda index: place_of(*each[index]))
    book = router.open(router.start())
    answers = {}
    for index in order:
        history, derived = each[index]
        answers[index] = router.decide(book, history.lead, at=history.at, derived=derived)
    return [answers[index] for index in range(len(each))]
