"""What was owed to a lead, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from leadrules.calendars import Delay
from leadrules.lifecycle.limits import limit_of
from leadrules.lifecycle.process import Process
from leadrules.lifecycle.state import State
from leadrules.lifecycle.statuses import SATISFIED, Status, touches_stand, value_of
from leadrules.values import Instant, Value, datetime_of

__all__ = ["Became", "Obligation", "ObligationKind", "Visit", "judged", "of_visit"]

Became = Literal[Status, "unmet"]
"""What became of something that was owed."""

ObligationKind = Literal[
    "accept", "acknowledge", "approval", "requirement", "send", "touches", "update"
]


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something with a deadline that was owed to a lead; and touches, without one too.

    Attributes:
        lead_id: The lead.
        kind: What it is, as on agendas.
        name: The rule of touches, the item, the role, the response, or the stage.
        stage: The stage in which the lead was when it was opened.
        opened: Since when it was owed, in UTC.
        due: Until when it was owed, if there was a limit.
        closed: When it was done, or else no longer owed, as the lead went on; None while it is.
            When touches are waived is not kept: they are closed when the lead goes on.
        status: `met` or `met_late` if it was done; `waived`; `breached` if it was not done by its
            deadline; `unmet` if the lead went on before that; else `open` or `at_risk`.
        needed: How many were owed; one of all but touches.
        counted: How many of them were made.
    """

    lead_id: str
    kind: ObligationKind
    name: str
    stage: str
    opened: datetime
    due: datetime | None
    closed: datetime | None
    status: Became
    needed: int = 1
    counted: int = 0


class Visit(NamedTuple):
    """A visit of a lead to a stage, as it stands at a moment.

    Attributes:
        process: The lifecycle.
        state: The state of the lead in it.
        lead_type: The type of the lead.
        at: The moment.
        over: Whether the lead goes on at that moment.
        by_policy: Whether it is the policy that moves it on by itself.
    """

    process: Process
    state: State
    lead_type: Value | None
    at: int
    over: bool = False
    by_policy: bool = False


def judged(  # noqa: PLR0913 - what is owed, and what became of it
    visit: Visit,
    kind: ObligationKind,
    name: str,
    span: tuple[int, Delay],
    done: int | None,
    *,
    stage: str | None = None,
) -> Obligation | None:
    """Return what became of something with a deadline; None if it has none.

    Args:
        visit: The visit in which it is looked at.
        kind: What it is.
        name: Its name.
        span: Since when it is owed, and how long it may take.
        done: When it was done, if it was.
        stage: The stage in which it was opened; by default that of the visit.
    """
    state, (start, delay) = visit.state, span
    limit = limit_of(visit.process, start, delay, state.hours, visit.at)
    if limit is None:
        return None
    status: Became = limit.status
    closed = visit.at if visit.over else None
    if done is not None:
        status, closed = "met" if done <= limit.due else "met_late", done
    elif visit.over and status != "breached":
        status = "unmet"
    return Obligation(
        state.lead_id,
        kind,
        name,
        stage or state.stage,
        datetime_of(Instant(start)),
        datetime_of(Instant(limit.due)),
        _datetime(closed),
        status,
        1,
        int(done is not None),
    )


def of_visit(visit: Visit) -> Iterator[Obligation]:
    """Yield what is owed in the stage of a visit, in the order of the policy.

    Whoever moves a lead on accepts it, or passes it back, and says how it stands; if the policy
    does so, nobody did. What prospects asked for is not among it: it outlasts visits.
    """
    process, state, at = visit.process, visit.state, visit.at
    stage = process.stages[state.stage]
    yield from _touches(visit)
    moved = at if visit.over and not visit.by_policy else None
    found = [
        judged(visit, "accept", move.to, (state.entered, move.accept_within), moved)
        for _, move in process.moves[state.stage]
        if move.accept_within is not None
    ]
    for name, needed in stage.requires.items():
        if needed.within is not None:
            done = value_of(state.done, name)
            found.append(judged(visit, "requirement", name, (state.entered, needed.within), done))
    if stage.approvals is not None and stage.approvals.within is not None:
        for role in stage.approvals.by:
            done = value_of(state.approved, role)
            within = stage.approvals.within
            found.append(judged(visit, "approval", role, (state.entered, within), done))
    if stage.update_every is not None:
        start = state.entered if state.updated is None else state.updated
        found.append(judged(visit, "update", state.stage, (start, stage.update_every), moved))
    yield from (obligation for obligation in found if obligation is not None)


def _touches(visit: Visit) -> Iterator[Obligation]:
    process, state = visit.process, visit.state
    for name, rule in process.touches[state.stage]:
        stand = touches_stand(process, name, state, visit.lead_type, visit.at)
        if stand is None:
            continue
        lead_type = visit.lead_type if isinstance(visit.lead_type, str) else None
        needed = rule.owed(lead_type) or 0
        status: Became = stand.status
        closed = visit.at if visit.over else None
        if stand.status in SATISFIED and not stand.missing:
            closed = value_of(state.counted, name)[needed - 1]
        elif visit.over and stand.status in {"open", "at_risk"}:
            status = "unmet"
        yield Obligation(
            state.lead_id,
            "touches",
            name,
            state.stage,
            datetime_of(state.entered),
            _datetime(stand.due),
            _datetime(closed),
            status,
            needed,
            needed - stand.missing,
        )


def _datetime(at: int | None) -> datetime | None:
    return None if at is None else datetime_of(Instant(at))
