"""State machines of other libraries, given the stages and moves of the same lifecycle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from benchmarks.peers import Absent
from leadrules.lifecycle.document import Lifecycle

__all__ = ["STATE_MACHINE", "TRANSITIONS", "Follow", "followers"]

Follow = Callable[[Sequence[str]], str]
"""Takes the stages that a lead is moved to, one after the other, and gives the last."""

TRANSITIONS = "transitions, moves only"
STATE_MACHINE = "python-statemachine, moves only"


def pairs_of(lifecycle: Lifecycle) -> list[tuple[str, str]]:
    """Return the stages that moves lead from and to, each pair once."""
    pairs = ((stage, move.to) for move in lifecycle.moves for stage in move.from_)
    return list(dict.fromkeys(pairs))


def transitions(lifecycle: Lifecycle) -> Follow:
    """One model, which is put back for every lead: to make a model of each takes far longer."""
    machine_of = _module("transitions", "transitions").Machine

    class Model:
        state: str

    model = Model()
    machine = machine_of(
        model,
        states=list(lifecycle.stages),
        initial=lifecycle.initial,
        auto_transitions=False,
        transitions=[
            {"trigger": f"to_{end}", "source": start, "dest": end}
            for start, end in pairs_of(lifecycle)
        ],
    )
    triggers = {name: getattr(model, f"to_{name}") for name in _ends(lifecycle)}

    def follow(moves: Sequence[str]) -> str:
        machine.set_state(lifecycle.initial, model)
        for to in moves:
            triggers[to]()
        return model.state

    return follow


def state_machine(lifecycle: Lifecycle) -> Follow:
    """A machine for every lead: one that has come to a final state cannot be put back."""
    library = _module("statemachine", "python-statemachine")
    states = {
        name: library.State(initial=name == lifecycle.initial, final=lifecycle.is_final(name))
        for name in lifecycle.stages
    }
    events: dict[str, Any] = {}
    for start, end in pairs_of(lifecycle):
        way = states[start].to(states[end])
        name = f"to_{end}"
        events[name] = events[name] | way if name in events else way
    machine_of = type("LeadMachine", (library.StateMachine,), {**states, **events})

    def follow(moves: Sequence[str]) -> str:
        machine = machine_of()
        for to in moves:
            machine.send(f"to_{to}")
        found: str = next(iter(machine.configuration)).id
        return found

    return follow


def followers() -> dict[str, Callable[[Lifecycle], Follow]]:
    return {TRANSITIONS: transitions, STATE_MACHINE: state_machine}


def _ends(lifecycle: Lifecycle) -> Iterable[str]:
    return dict.fromkeys(end for _, end in pairs_of(lifecycle))


def _module(name: str, package: str) -> Any:
    if not find_spec(name):
        raise Absent(package)
    return import_module(name)
