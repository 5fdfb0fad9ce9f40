"""Facts that had no effect: they speak of what the policy does not know, or of what may not be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from leadrules.errors import did_you_mean, one_of
from leadrules.events import Event
from leadrules.lifecycle.course import Course
from leadrules.lifecycle.gate import may_not
from leadrules.lifecycle.process import Process
from leadrules.lifecycle.stages import APPROVALS
from leadrules.lifecycle.statuses import value_of
from leadrules.lifecycle.transition import Unmet

__all__ = ["idle"]


def idle(process: Process, course: Course, fact: Event) -> Unmet | None:
    """Return why a fact changes nothing where a lead is, or None if it may.

    Args:
        process: The lifecycle.
        course: Where the lead is before the fact.
        fact: What happened.
    """
    reasons = {
        "completed": _completed,
        "approval": _approval,
        "waiver": _waiver,
        "pause": _clock,
        "resume": _clock,
    }
    if fact.kind not in reasons:
        return None
    for message, needs in reasons[fact.kind](process, course, fact):
        return Unmet("without-effect", f"{fact.kind} '{fact.id}': {message}", needs)
    return None


_Why = Iterator[tuple[str, str]]


def _completed(process: Process, course: Course, fact: Event) -> _Why:
    item, requires = str(fact["item"]), process.stages[course.stage].requires
    if course.next_step is not None and course.next_step[0] == item:
        return
    if item not in requires:
        yield f"'{course.stage}' requires no '{item}'", _instead(item, requires, "nothing")
        return
    yield from _role(fact, requires[item].by, f"complete '{item}'")
    yield from _waits(process, course, requires[item].after)


def _approval(process: Process, course: Course, fact: Event) -> _Why:
    role, approvals = str(fact["role"]), process.stages[course.stage].approvals
    by = approvals.by if approvals else ()
    if role not in by:
        message = f"'{course.stage}' needs no approval by '{role}'"
        yield message, _instead(role, by, "nobody's")
    elif approvals is not None and fact["verdict"] == "approved":
        yield from _waits(process, course, approvals.after)


def _waiver(process: Process, course: Course, fact: Event) -> _Why:
    name, reason = str(fact["touches"]), str(fact["reason"])
    rules = dict(process.touches[course.stage])
    if name not in rules:
        yield f"no touches '{name}' are owed in '{course.stage}'", _instead(name, rules, "none")
        return
    if reason not in rules[name].waive:
        message = f"'{reason}' is no reason to waive '{name}'"
        yield message, _instead(reason, rules[name].waive, "none")
    yield from _role(fact, rules[name].waive_by, f"waive '{name}'")


def _clock(process: Process, course: Course, fact: Event) -> _Why:
    del course
    name = fact["clock"]
    if name is not None and name not in process.clocks:
        yield f"no clock '{name}'", _instead(str(name), process.clocks, "none")


def _instead(name: str, known: Collection[str], nothing: str) -> str:
    """Return what would have been right instead of a name that is not known there."""
    if not known:
        return f"it takes {nothing}"
    return did_you_mean(name, known).removeprefix("; ") or f"it takes {one_of(known)}"


def _role(fact: Event, roles: Collection[str], deed: str) -> _Why:
    role = fact["role"]
    if roles and role not in roles:
        yield may_not(None if role is None else str(role), deed), f"it takes {one_of(roles)}"


def _waits(process: Process, course: Course, after: Iterable[str]) -> _Why:
    approvals = process.stages[course.stage].approvals
    by = approvals.by if approvals else ()
    for name in after:
        if name == APPROVALS:
            absent = [role for role in by if value_of(course.approved, role) is None]
            if absent:
                yield f"approvals are missing by {one_of(absent)}", "it has to come after them"
        elif value_of(course.done, name) is None:
            yield f"'{name}' is not there yet", "it has to come after that"
