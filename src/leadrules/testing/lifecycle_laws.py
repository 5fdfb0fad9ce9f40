"""The laws of a lifecycle for one lead, each told in words if a policy or an engine breaks it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from leadrules.agenda import roles_of
from leadrules.engine import Engine
from leadrules.errors import EvaluationError
from leadrules.events import standing
from leadrules.lifecycle.state import State
from leadrules.lifecycle.transition import Refusal, Request, Settled, Transition
from leadrules.testing.history import History
from leadrules.testing.laws import broken
from leadrules.testing.progress import Progress, progress_of
from leadrules.values import moment_of

__all__ = [
    "limits_are_kept",
    "live_equals_replay",
    "nobody_is_forgotten",
    "refusals_are_foretold",
    "settling_is_done_at_once",
    "states_survive_json",
]


def live_equals_replay(engine: Engine, history: History) -> None:
    """Facts that are noted one by one lead where a replay of them does, in any order.

    Raises:
        Violation: If they do not.
    """
    law = "facts lead to one state, noted one by one or replayed in any order"
    state = _replayed(engine, history)
    if state is None:
        return
    machine, lead, given = engine.machine, history.lead, history.events
    facts, course = machine.opened(lead, given, history.at)
    live: State | Refusal = course.state()
    for fact in facts:
        if isinstance(live, State):
            live = machine.note(live, fact)
    if live != state:
        broken(law, f"live it is {live}, and replayed {state}", history)
    for told, events in (("the other way round", given[::-1]), ("twice", (*given, *given))):
        found = machine.replay(lead, events=events, at=history.at)
        if found != state:
            broken(law, f"given {told} it is {found} instead of {state}", history)


def states_survive_json(engine: Engine, history: History) -> None:
    """A state is the same after a way through JSON.

    Raises:
        Violation: If it is not.
    """
    state = _replayed(engine, history)
    if state is not None:
        law, told = "states survive JSON", state.to_dict()
        try:
            found = State.from_dict(json.loads(json.dumps(told)))
        except EvaluationError as error:
            broken(law, f"{told} is refused then: {error}", history)
        if found != state:
            broken(law, f"{told} is {found.to_dict()} then", history)


def settling_is_done_at_once(engine: Engine, history: History) -> None:
    """What the policy moves by itself at a moment it moves at once: asked again, it is done.

    Raises:
        Violation: If it is not.
    """
    progress = progress_of(engine, history)
    if progress.state is None:
        return
    again = engine.machine.settle(
        progress.state, lead=history.lead, at=history.at, derived=progress.results
    )
    if again != Settled(progress.state):
        wrong = f"after {_told(progress)} it still moves: {again}"
        broken("at one moment the policy moves a lead once", wrong, history)


def refusals_are_foretold(engine: Engine, history: History) -> None:
    """A move is made if `would` sees nothing against it, and refused for what it sees.

    Raises:
        Violation: If that is not so.
    """
    law = "what stands against a move is what would does foretell"
    progress = progress_of(engine, history)
    if progress.state is None:
        return
    for role in (None, *roles_of(engine.machine.lifecycle)):
        would = engine.machine.would(
            progress.state,
            lead=history.lead,
            at=history.at,
            role=role,
            derived=progress.results,
        )
        for to, answer in _answers(engine, history, progress, role):
            against = answer.unmet if isinstance(answer, Refusal) else ()
            if to in would and would[to] != against:
                broken(law, f"'{to}' for '{role}' is {against}, not {would[to]}", history)
            if to not in would and not against:
                broken(law, f"a lead in '{progress.stage}' gets to '{to}'", history)


def limits_are_kept(engine: Engine, history: History) -> None:
    """Nobody but force and facts brings a lead to a stage more often than it may come there.

    Raises:
        Violation: If somebody does.
    """
    progress = progress_of(engine, history)
    if progress.state is None:
        return
    made = [(to, progress.state) for to in progress.moved]
    for role in (None, *roles_of(engine.machine.lifecycle)):
        answers = _answers(engine, history, progress, role)
        made += [(to, answer.state) for to, answer in answers if isinstance(answer, Transition)]
    for to, state in made:
        most, entries = engine.machine.lifecycle.stages[to].most, state.entries_of(to)
        if most is not None and entries is not None and entries.times > most:
            wrong = f"the lead comes to '{to}' {entries.times} times, and {most} are allowed"
            broken("leads come to a stage as often as they may", wrong, history)


def nobody_is_forgotten(engine: Engine, history: History) -> None:
    """A lead is in a stage that is final; or it has an owner or a queue, and something is owed.

    Raises:
        Violation: If it does not.
    """
    law = "a lead that is not at its end is somebody's, and is owed something"
    progress = progress_of(engine, history)
    lifecycle = engine.machine.lifecycle
    if progress.stage is None or lifecycle.is_final(progress.stage):
        return
    stage = lifecycle.stages[progress.stage]
    if not (progress.owner or stage.queue or stage.owner):
        broken(law, f"nobody owns it in '{progress.stage}'", history)
    if not progress.agenda:
        broken(law, f"nothing is owed to it in '{progress.stage}'", history)


def _replayed(engine: Engine, history: History) -> State | None:
    """Return where the events bring a lead, or None if it has not arisen."""
    at = moment_of(history.at)
    created = history.lead.created
    has_arisen = created is not None and moment_of(created) <= at
    if not (has_arisen or standing(history.events, lead_id=history.lead.id, at=at)):
        return None
    return engine.machine.replay(history.lead, events=history.events, at=history.at)


def _answers(
    engine: Engine, history: History, progress: Progress, role: str | None
) -> Iterator[tuple[str, Transition | Refusal]]:
    """Yield what a role is answered that asks for each of the stages."""
    assert progress.state is not None  # noqa: S101 - the caller looked
    for to in engine.machine.lifecycle.stages:
        yield (
            to,
            engine.machine.advance(
                progress.state,
                Request(to=to, role=role),
                lead=history.lead,
                at=history.at,
                derived=progress.results,
            ),
        )


def _told(progress: Progress) -> str:
    return " -> ".join(progress.moved) or "nothing"
