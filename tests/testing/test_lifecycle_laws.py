from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadrules import Engine, Event, Lead, Policy, load_policy
from leadrules.agenda import Agenda
from leadrules.lifecycle.machine import StageMachine
from leadrules.lifecycle.state import State
from leadrules.lifecycle.transition import Refusal, Request, Settled, Transition
from leadrules.testing import History, Violation, check_policy
from leadrules.testing.invariants import (
    limits_are_kept,
    live_equals_replay,
    nobody_is_forgotten,
    refusals_are_foretold,
    settling_is_done_at_once,
    states_survive_json,
)

STAGES = load_policy(
    """
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01}
lifecycle:
  stages:
    a: {owner: rep, most: 1}
    b: {owner: rep}
    c: {owner: rep}
    lost: {kind: lost}
  moves:
    - {from: a, to: b, automatic: true, when: consent}
    - {from: b, to: c, automatic: true, when: consent}
    - {from: c, to: a, by: [rep]}
    - {from: [a, b, c], to: lost, by: [rep]}
  touches: {calls: {in: a, count: 1}}
"""
)
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
WILLING = History(Lead(id="17", created=AT - timedelta(days=2), consent=True), (), AT)


def happened(kind: str, **said: Any) -> History:
    event = Event(lead_id="17", id="e1", time=AT - timedelta(days=1), kind=kind, properties=said)
    return replace(WILLING, events=(event,))


class Odd(Engine):
    """An engine of which one thing is not as it should be."""

    def __init__(self, policy: Policy, machine: type[StageMachine]) -> None:
        super().__init__(policy)
        assert policy.lifecycle is not None
        self._machine = machine(
            policy.lifecycle,
            vocabulary=policy.scored,
            calendars=policy.calendars,
            policy=policy.hash,
        )


class Deaf(StageMachine):
    """Notes nothing."""

    def note(self, state: State, event: Event) -> State:
        return replace(state, version=state.version + 1, time=event.moment)


class Loose(StageMachine):
    """Gives states that are not frozen."""

    def replay(self, *args: Any, **more: Any) -> State:
        found = super().replay(*args, **more)
        return replace(found, hours=list(found.hours))  # type: ignore[arg-type]  # that is the point


class Slow(StageMachine):
    """Settles one step at a time."""

    def settle(self, state: State, **more: Any) -> Settled | Refusal:
        found = super().settle(state, **more)
        assert isinstance(found, Settled)
        return Settled(found.transitions[0].state, found.transitions[:1]) if found else found


class Boastful(StageMachine):
    """Says that nothing stands against any move."""

    def would(self, *args: Any, **more: Any) -> Any:
        return dict.fromkeys(super().would(*args, **more), ())


class Lax(StageMachine):
    """Lets everything happen."""

    def advance(self, state: State, request: Request, **more: Any) -> Transition | Refusal:
        found = super().advance(state, request, **more)
        if found or request.to == state.stage:
            return found
        case = super().note(
            state,
            Event(
                lead_id="17", id="x", time=more["at"], kind="moved", properties={"to": request.to}
            ),
        )
        assert isinstance(case, State)
        return Transition("17", state.stage, request.to, more["at"], case)


class Idle(Odd):
    """Owes nothing."""

    def agenda(self, lead: Lead, **more: Any) -> Agenda:
        return Agenda(lead.id, more["at"], more["state"].stage)


TOUCHED = happened("touch", channel="call", direction="outbound")
BROKEN: list[tuple[Callable[[Engine, History], None], Engine, History, str]] = [
    (
        live_equals_replay,
        Odd(STAGES, Deaf),
        TOUCHED,
        "facts lead to one state, noted one by one or replayed in any order, but live it is State(",
    ),
    (
        states_survive_json,
        Odd(STAGES, Loose),
        WILLING,
        "states survive JSON, but {'schema': 1, 'lead_id': '17', ",
    ),
    (
        settling_is_done_at_once,
        Odd(STAGES, Slow),
        WILLING,
        "at one moment the policy moves a lead once, but after b it still moves: Settled(",
    ),
    (
        refusals_are_foretold,
        Odd(STAGES, Boastful),
        WILLING,
        (
            "what stands against a move is what would does foretell, but 'a' for 'None' is "
            "(Unmet(code='role', "
        ),
    ),
    (
        refusals_are_foretold,
        Odd(STAGES, Lax),
        WILLING,
        "what stands against a move is what would does foretell, but a lead in 'c' gets to 'b'",
    ),
    (
        limits_are_kept,
        Odd(STAGES, Lax),
        WILLING,
        (
            "leads come to a stage as often as they may, but the lead comes to 'a' 2 times, and 1 "
            "are allowed"
        ),
    ),
    (
        nobody_is_forgotten,
        Idle(STAGES, StageMachine),
        WILLING,
        (
            "a lead that is not at its end is somebody's, and is owed something, but nothing is "
            "owed to it in 'c'"
        ),
    ),
]


@pytest.mark.parametrize(("law", "engine", "history", "told"), BROKEN)
def test_a_broken_law_is_told(
    law: Callable[[Engine, History], None], engine: Engine, history: History, told: str
) -> None:
    with pytest.raises(Violation) as caught:
        law(engine, history)
    assert str(caught.value).startswith(told)
    assert str(caught.value).endswith(str(history))
    law(Engine(STAGES), history)


def test_a_lead_that_has_not_arisen_breaks_no_law() -> None:
    for law, engine, _, _ in BROKEN:
        law(engine, History(Lead(id="17"), (), AT))


def test_a_policy_of_stages_alone_can_be_checked() -> None:
    check_policy(STAGES, examples=20)
