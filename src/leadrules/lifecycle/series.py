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
        waits: Whether it waits for another message, so that it is not due as long as that is not
            sent.
    """

    plan: str
    step: str
    send: str
    channel: str | None
    due: int
    waits: bool = False


class _Pending(NamedTuple):
    """A step that is not sent yet, and when it would be due if it were the only one."""

    plan: Plan
    name: str
    step: NurtureStep
    first: int
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
    5. No message of a plan with a gap is due before the gap since the last automatic message is
       over, whatever plan that was of. What is to be sent goes out one after the other, what was
       due first before the others: of several that are late only the first is due, and the next
       after the gap, counted from now.
    """
    pending = [
        x for plan in process.plans[state.stage] for x in _of(process, plan, state, known, at)
    ]
    last: int | None = state.messaged
    waits = False
    while pending:
        starts = [_from(process, state, found, found.first, last) for found in pending]
        place = min(range(len(pending)), key=starts.__getitem__)
        found = pending.pop(place)
        due = _from(process, state, found, found.due, last)
        behind = waits and found.plan.document.gap is not None
        yield Step(found.plan.name, found.name, found.step.send, found.step.channel, due, behind)
        last, waits = max(due, at), True


def _from(process: Process, state: State, found: _Pending, due: int, last: int | None) -> int:
    """Return from when on a step may be sent if the message before it is sent at some time."""
    gap = found.plan.document.gap
    if gap is None or last is None:
        return due
    return max(due, process.deadline(last, gap, state.hours) or due)


def _of(
    process: Process, plan: Plan, state: State, known: Mapping[str, Value], at: int
) -> Iterator[_Pending]:
    """Yield the steps of a plan that are not sent yet, if it runs."""
    if not _runs(process, plan, state, known, at):
        return
    for name, step in plan.document.steps.items():
        own = step_id(plan.name, name)
        if step.is_yearly:
            sent = value_of(state.sent, own)
            first, due = _yearly(step, process.vocabulary.zone, state.entered, sent, at)
        else:
            first = due = _due(step, own, process, state, known)
        if first is not None and due is not None:
            yield _Pending(plan, name, step, first, due)


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


def _yearly(
    step: NurtureStep, zone: str, entered: int, sent: int | None, at: int
) -> tuple[int | None, int | None]:
    """Return when a step that comes every year was due first, and when it is due.

    That is the latest date that was missed, or the next one if none was.
    """
    month, day = (int(part) for part in (step.on or "").split("-"))
    before = step.before or 0
    since = entered if sent is None else max(entered, sent)
    first = missed = None
    start = datetime_of(Instant(since + before)).year - 1
    for year in range(max(date.min.year, start), date.max.year + 1):
        due = start_of_day(_day(year, month, day), zone) - before
        if due < entered or (sent is not None and due <= sent):
            continue
        first = due if first is None else first
        if due > at:
            return first, due if missed is None else missed
        missed = due
    return first, missed


def _day(year: int, month: int, day: int) -> date:
    """Return a day of a year; 29 February is 28 February where there is none."""
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, _FEBRUARY, _LEAP_DAY - 1)
