"""Who gets the lead of a case, after what became of other leads before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from leadrules.engine import Engine
from leadrules.events import Event, standing
from leadrules.lead import Lead
from leadrules.lifecycle.state import State
from leadrules.routing.assignment import Assignment
from leadrules.routing.pools import Reason
from leadrules.routing.rotation import Rotation
from leadrules.routing.router import Answered
from leadrules.testing.history import History
from leadrules.testing.progress import Progress
from leadrules.values import Value, moment_of

__all__ = ["Before", "before_routing", "route_of", "said_of", "where_to"]


@dataclass(frozen=True, slots=True)
class Before:
    """What became of another lead before.

    Attributes:
        time: When.
        given: The lead, which the policy routes then; or the fact of who got it.
    """

    time: datetime
    given: Lead | Event


def route_of(
    engine: Engine, progress: Progress, *, before: Iterable[Before], reassign: Reason | None
) -> Answered:
    """Return who gets a lead.

    Args:
        engine: The engine of a policy that routes.
        progress: Where the policy has the lead.
        before: What became of other leads before.
        reassign: Why the lead is assigned again; its events say who had it.

    Raises:
        EvaluationError: If the policy cannot say.
    """
    history = progress.history
    lead, events, at = history.lead, history.events, history.at
    rotation = _rotation(engine, history, before)
    if reassign is None:
        answer, _ = engine.route(
            lead,
            rotation=rotation,
            events=events,
            state=progress.state,
            at=at,
            previous=history.previous,
        )
        return answer
    again, _ = engine.reassign(
        lead,
        history=tuple(_assignments(history)),
        reason=reassign,
        rotation=rotation,
        events=events,
        state=progress.state,
        at=at,
        previous=history.previous,
    )
    return again


def before_routing(
    engine: Engine, history: History, state: State | None = None
) -> Mapping[str, Value]:
    """Return what the steps before routing add to a lead, as `Engine.route` has it.

    Args:
        engine: The engine of a policy that routes.
        history: The lead.
        state: Where it is; by default its events say so.

    Raises:
        EvaluationError: If the policy cannot say.
    """
    found = engine.evaluate(
        history.lead,
        events=history.events,
        state=state,
        at=history.at,
        previous=history.previous,
    )
    return engine.derived(history.lead, evaluation=found)


def _rotation(engine: Engine, history: History, before: Iterable[Before]) -> Rotation:
    """Return where the rotation stands, after other leads and what happened to this one."""
    router = engine.router
    state = router.start()
    own = (Before(event.time, event) for event in _stood(history))
    for each in sorted((*before, *own), key=lambda x: moment_of(x.time)):
        if isinstance(each.given, Lead):
            _, state = engine.route(each.given, rotation=state, at=each.time)
        else:
            state = router.replay([each.given], state=state)
    return state


def _stood(history: History) -> Iterator[Event]:
    at = moment_of(history.at)
    yield from standing(history.events, lead_id=history.lead.id, at=at)


def _assignments(history: History) -> Iterator[Assignment]:
    """Yield what the events of a lead say of who had it, in that order."""
    for event in _stood(history):
        if event.kind == "assigned":
            said = {name: event[name] for name in ("owner", "pool", "rule")}
            known = {name: str(value) for name, value in said.items() if value is not None}
            yield Assignment(lead_id=event.lead_id, time=event.time, **known)  # type: ignore[arg-type]  # these are texts


def said_of(answer: Answered, name: str) -> object:
    """Return what an answer says under a key of what cases expect, or None."""
    return getattr(answer, "code" if name == "unassigned" else name, None)


def where_to(answer: Answered) -> str:
    """Return who gets a lead and by which rule, or why nobody does, in a few words."""
    by = f" by rule '{answer.rule}'" if answer.rule is not None else ""
    if not isinstance(answer, Assignment):
        return f"nobody{by}: {answer.message} [{answer.code}]"
    kind = next(x for x in ("owner", "queue", "partner") if said_of(answer, x) is not None)
    of = f" of pool '{answer.pool}'" if answer.pool is not None else ""
    return f"{kind} '{said_of(answer, kind)}'{of}{by}"
