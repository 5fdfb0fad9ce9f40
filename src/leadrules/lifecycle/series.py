"""The messages of nurture plans that a lead is to get: which, and from when on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from leadrules.lifecycle.nurture import NurtureStep
from leadrules.lifecycle.process import Plan, Process, step_id
from leadrules.lifecycle.state import State
from leadrules.lifecycle.statuses import derived_of, value_of
from leadrules.sections import parse_day
from leadrules.values import Instant, Value, datetime_of
from leadrules.vocabulary import start_of_day

__all__ = ["Step", "steps_of"]

_FEBRUARY, _LEAP_DAY = 2, 29


class Step(NamedTuple):
    """A message that is to be sent.

    Attributes:
        plan: The nurture plan.
        step: The step of it.
        send: What is sent.
        channel: How, if the plan says so.
        due: From when on, in microseconds.
    """

    plan: str
    step: str
    send: str
    channel: str | None
    due: int


def steps_of(process: Process, state: State, known: Mapping[str, Value], at: int) -> Iterator[Step]:
    """Yield the messages that a lead is to get as far as that is known at a moment.

    1. A plan runs from the entry into one of its stages, for leads of which its condition is
       true, who consented if it asks for that, until they are reached or get in touch after the
       entry if it says so.
    2. A step after some time is due then. A step on a date is due at the start of the date in
       the policy's zone, less `before`; if that lay before the entry, it is not sent. `02-29`
       is 28 February in years that have no such day.
    3. A step on activities is due when the last of them happened.
    4. A step that was sent since the entry is not sent again; a yearly one not before it is due
       again. Of yearly dates that were missed, only the latest counts.
    5. No message is due before the gap since the last automatic message is over.
    """
    for plan in process.plans[state.stage]:
        if not _runs(process, plan, state, known, at):
            continue
        gap, last = plan.document.gap, state.messaged
        free = None if gap is None or last is None else process.deadline(last, gap, state.hours)
        for name, step in plan.document.steps.items():
            own = step_id(plan.name, name)
            if step.is_yearly:
                sent = value_of(state.sent, own)
                due = _yearly(step, process.vocabulary.zone, state.entered, sent, at)
            else:
                due = _due(step, own, process, state, known)
            if due is not None:
                due = due if free is None else max(due, free)
                yield Step(plan.name, name, step.send, step.channel, due)


def _runs(process: Process, plan: Plan, state: State, known: Mapping[str, Value], at: int) -> bool:
    """Return whether a plan runs for a lead that is in one of its stages."""
    document = plan.document
    if document.consent and known.get("consent") is not True:
        return False
    if document.until_contact and state.contacted is not None and state.contacted > state.entered:
        return False
    if plan.run is None:
        return True
    if plan.own:
        known = {**known, **derived_of(process, state, plan.own, known, at)}
    return plan.run(known, at, process.parameters_at(at)) is True


def _due(
    step: NurtureStep, name: str, process: Process, state: State, known: Mapping[str, Value]
) -> int | None:
    """Return when a step that is sent once is due, or None if it is not to be sent."""
    if value_of(state.sent, name) is not None:
        return None
    if step.after is not None:
        return process.deadline(state.entered, step.after, state.hours)
    if step.activity is not None:
        times: tuple[Instant, ...] = value_of(state.matched, name) or ()
        called = len(times) == step.count
        close = called and (step.within is None or times[-1] - times[0] < step.within)
        return times[-1] if close else None
    due = _moment(step, process.vocabulary.zone, known)
    return None if due is None or due < state.entered else due


def _moment(step: NurtureStep, zone: str, known: Mapping[str, Value]) -> int | None:
    """Return when a step on one date is due, if the date is known."""
    if step.field is None:
        found: Value | None = parse_day(step.on or "")
    else:
        found = known.get(step.field)
    match found:
        case Instant():
            return found - (step.before or 0)
        case date():
            return start_of_day(found, zone) - (step.before or 0)
    return None


def _yearly(step: NurtureStep, zone: str, entered: int, sent: int | None, at: int) -> int | None:
    """Return when a step that comes every year is due: the latest missed date, else the next."""
    month, day = (int(part) for part in (step.on or "").split("-"))
    before = step.before or 0
    first = datetime_of(Instant(max(entered, at) + before)).year - 1
    missed = None
    for year in range(first, date.max.year + 1):
        due = start_of_day(_day(year, month, day), zone) - before
        if due < entered or (sent is not None and due <= sent):
            continue
        if due > at:
            return due if missed is None else missed
        missed = due
    return missed


def _day(year: int, month: int, day: int) -> date:
    """Return a day of a year; 29 February is 28 February where there is none."""
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, _FEBRUARY, _LEAP_DAY - 1)
