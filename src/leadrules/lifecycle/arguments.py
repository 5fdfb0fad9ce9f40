"""What is wrong with what a machine was given, looked for once it could not be used.

What is right costs nothing to check that way, and `advance` is asked for every lead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar

from leadrules.errors import EvaluationError, as_written, did_you_mean
from leadrules.events import Event
from leadrules.lead import Lead
from leadrules.lifecycle.process import Process
from leadrules.lifecycle.state import State
from leadrules.lifecycle.transition import Request

__all__ = ["demand_known", "demand_state", "tells_what_is_wrong"]

_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")

_EXPECTED: Mapping[str, tuple[type, str]] = {
    "state": (State, "is no state; expected what start(), replay() or from_dict() gives"),
    "request": (Request, "is no request; make one with Request(to=...)"),
    "lead": (Lead, "is no lead; make one with policy.lead(...)"),
    "event": (Event, "is no event; make one with Event(...)"),
    "derived": (Mapping, "is no mapping of names to values; expected the results of a score"),
}
"""What the arguments of a machine have to be."""


def tells_what_is_wrong(ask: Callable[_Given, _Answer]) -> Callable[_Given, _Answer]:
    """Have a method of a machine tell what is wrong with its arguments, if it fails by them."""

    @wraps(ask)
    def asked(*args: _Given.args, **kwargs: _Given.kwargs) -> _Answer:
        try:
            return ask(*args, **kwargs)
        except (AttributeError, LookupError, TypeError, ValueError):
            try:
                given = signature(ask).bind(*args, **kwargs).arguments
            except TypeError:
                given = {}  # Python says best what an argument is called
            for name, value in given.items():
                if value is not None or name != "derived":
                    _demand_kind(name, value)
            if isinstance(state := given.get("state"), State):
                demand_known(state, given["self"].process)
            raise

    return asked


def demand_state(state: object) -> None:
    """Raise an error if something is no state.

    Raises:
        EvaluationError: If it is none.
    """
    _demand_kind("state", state)


def _demand_kind(name: str, value: object) -> None:
    kind, wrong = _EXPECTED.get(name, (object, ""))
    if not isinstance(value, kind):
        raise EvaluationError(f"{name}: '{as_written(value)}' {wrong}", field=name)


def demand_known(state: State, process: Process) -> None:
    """Raise an error if a state lacks something, or names what a lifecycle does not know.

    A state that the machine made never does.

    Raises:
        EvaluationError: If it does.
    """
    for part in ("entries", "hours"):
        if not getattr(state, part):
            raise _wrong(state, f"{part}: is missing")
    for part, noun, names, known in _named(state, process):
        for name in names:
            if name not in known:
                raise _wrong(state, f"{part}: no {noun} '{name}'{did_you_mean(name, known)}")


def _named(
    state: State, process: Process
) -> Iterator[tuple[str, str, Sequence[str], Mapping[str, object]]]:
    """Yield the parts of a state that name something, what that is, and what there is of it."""
    lifecycle = process.lifecycle
    calendars = {x: found for x, found in process.calendars.items() if x is not None}
    yield "stage", "stage", [state.stage], process.stages
    yield "entries", "stage", [x.stage for x in state.entries], process.stages
    yield "hours", "calendar", [x for _, x in state.hours if x is not None], calendars
    yield "runs", "clock", [x.clock for x in state.runs], process.clocks
    yield "pauses", "clock", [x.clock for x in state.pauses if x.clock], process.clocks
    yield "counted", "rule of touches", [x for x, _ in state.counted], lifecycle.touches
    yield "waived", "rule of touches", [x for x, _ in state.waived], lifecycle.touches
    yield "asked", "response", [x.response for x in state.asked], lifecycle.responses


def _wrong(state: State, message: str) -> EvaluationError:
    return EvaluationError(f"state: {message}", field="state", lead_id=state.lead_id)
