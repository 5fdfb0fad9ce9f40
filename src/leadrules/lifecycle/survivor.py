"""Which stage survives when leads turn out to be one."""

from __future__ import annotations

from datetime import datetime

from leadrules.errors import EvaluationError, as_written
from leadrules.identity import Dossier
from leadrules.lead import Lead
from leadrules.lifecycle.machine import StageMachine
from leadrules.lifecycle.state import State
from leadrules.values import Instant, moment_of

__all__ = ["surviving"]

_END = 2**63 - 1
"""After every moment."""


def surviving(dossier: Dossier, *, machine: StageMachine, at: datetime | None = None) -> str:
    """Return the lead whose stage survives, of leads that are one.

    A lead that is won goes before one that is being worked, and that before one that came to
    another end; then the one that is further on in the order of the stages, then the one that
    came to its stage last, then the one that comes first by its id.

    Args:
        dossier: The leads that are one, with their events.
        machine: The machine of the stages.
        at: The moment of which their stages are; by default of their last event.

    Returns:
        The id, to give to `dossier.events_of`: a replay of these events has the stage,
        obligations and clocks of that lead, and the activities, touches and answers of all.

    Raises:
        EvaluationError: If nothing says when any of them arose.

    Examples:
        >>> from datetime import UTC
        >>> from leadrules import Dossier, Engine, Event, load_policy, merge
        >>> from leadrules.presets import demo_policy
        >>> machine = Engine(load_policy(demo_policy())).machine
        >>> january, june = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 6, 5, tzinfo=UTC)
        >>> sold = Event(lead_id="23", id="m1", time=june, kind="moved", properties={"to": "sql"})
        >>> both = merge(
        ...     Dossier.of(Lead(id="17", created=january), updated=january),
        ...     Dossier.of(Lead(id="23", created=june), updated=june, events=[sold]))
        >>> surviving(both, machine=machine)
        '23'
        >>> machine.replay(both.lead, events=both.events_of("23"))
        State(lead_id='17', stage='sql', since='2026-06-05T00:00:00+00:00', version=1)
    """
    given: object = dossier
    if not isinstance(given, Dossier):
        message = f"dossier: '{as_written(given)}' is none; make one with Dossier.of(lead, ...)"
        raise EvaluationError(message, field="dossier")
    moment = _END if at is None else moment_of(at)
    latest = {snapshot.lead.id: snapshot.lead for snapshot in dossier.snapshots}
    states: list[State] = []
    for lead_id, lead in latest.items():
        events = [x for x in dossier.history if x.lead_id == lead_id and x.moment <= moment]
        if events or _is_there(lead, moment):
            states.append(machine.replay(lead, events=events))
    if not states:
        message = f"created: is missing of lead '{dossier.lead.id}', and nothing happened"
        raise EvaluationError(message, field="created", lead_id=dossier.lead.id)
    stages = machine.lifecycle.stages
    order = {name: index for index, name in enumerate(stages)}

    def rank(state: State) -> tuple[int, int, int, str]:
        stage = stages[state.stage]
        group = 0 if stage.kind == "won" else 2 if stage.is_closed else 1
        return group, -order[state.stage], -state.entered, state.lead_id

    return min(states, key=rank).lead_id


def _is_there(lead: Lead, moment: int) -> bool:
    created = lead.record.get("created")
    return isinstance(created, Instant) and created <= moment
