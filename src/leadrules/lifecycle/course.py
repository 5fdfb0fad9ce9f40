"""The fold of facts: what each event changes about where a lead is and what was done for it.

Facts are applied without asking whether the policy would have allowed them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from leadrules.events import Event
from leadrules.lifecycle.process import Process
from leadrules.lifecycle.stages import APPROVALS
from leadrules.lifecycle.state import (
    Asked,
    Entries,
    Pause,
    Run,
    State,
    parts_of,
    set_parts,
)
from leadrules.lifecycle.statuses import value_of
from leadrules.lifecycle.touches import TouchRule
from leadrules.results import maker
from leadrules.values import Instant, instant_of

__all__ = ["Course"]

_made = maker(State)
_Found = TypeVar("_Found")
_Counted = tuple[tuple[str, tuple[Instant, ...]], ...]


class Course:
    """A state that can be written: the facts of a lead go in, one after the other.

    Its attributes are those of `State`, and hold the same.
    """

    __slots__ = ("process", *State.__slots__)

    def __init__(
        self,
        process: Process,
        lead_id: str,
        at: Instant,
        *,
        owner: str | None = None,
        policy: str | None = None,
    ) -> None:
        self.process = process
        self.lead_id = lead_id
        self.version = 0
        self.policy = policy
        self.owner = owner
        self.entered = self.time = self.began = at
        self.previous: str | None = None
        self.through: tuple[str, ...] = ()
        self.last: tuple[bool, str] = (False, "")
        self.moments: tuple[tuple[str, Instant], ...] = ()
        self.runs: tuple[Run, ...] = ()
        self.pauses: tuple[Pause, ...] = ()
        self.asked: tuple[Asked, ...] = ()
        self.contacted: Instant | None = None
        self.messaged: Instant | None = None
        self.ended: Instant | None = None
        self._passed("created", at)
        if owner is not None:
            self._passed("assigned", at)
        self._arise(process.lifecycle.initial, at)

    def _arise(
        self, stage: str, at: Instant, *, reason: str | None = None, band: str | None = None
    ) -> None:
        """Begin in a stage, with none before."""
        self.stage, self.reason, self.band = stage, reason, band
        self.entries: tuple[Entries, ...] = (Entries(stage, at, at, 1),)
        self.ended = at if stage in self.process.closed else None
        self.hours: tuple[tuple[Instant, str | None], ...] = ()
        self._forget()
        self._keep_hours(at)
        if stage in self.process.entering:
            self._passed(self.process.entering[stage], at)

    def arises(self, fact: Event) -> bool:
        """Return whether a move says where the lead arose: its first, at that very moment."""
        return (
            fact.moment == self.began
            and not self.last[0]
            and fact.properties.get("from") is None
            and fact.properties["to"] in self.process.stages
        )

    def _forget(self) -> None:
        """Begin a visit of a stage: nothing has been done in it yet."""
        self.counted: _Counted = ()
        self.waived: tuple[tuple[str, str], ...] = ()
        self.done: tuple[tuple[str, Instant], ...] = ()
        self.approved: tuple[tuple[str, Instant], ...] = ()
        self.updated: Instant | None = None
        self.next_step: tuple[str, Instant | None] | None = None
        self.sent: tuple[tuple[str, Instant], ...] = ()
        self.matched: _Counted = ()

    @classmethod
    def of(cls, process: Process, state: State) -> Course:
        """Return a state as one that can be written."""
        self = object.__new__(cls)
        self.process = process
        set_parts(self, *parts_of(state))
        return self

    def state(self) -> State:
        """Return what the course has come to."""
        return _made(*parts_of(self))

    def fold(self, events: Iterable[Event]) -> None:
        """Apply facts, which come in their order."""
        for event in events:
            self.note(event)

    def note(self, event: Event) -> None:
        """Apply one fact, which happened no earlier than those before it."""
        self.time = event.moment
        self.version += 1
        apply = _APPLY.get(event.kind)
        if apply is not None:
            apply(self, event, self.time)
        self.last = (event.kind == "moved", event.id)

    # --- moves

    def enter(
        self, stage: str, at: Instant, *, reason: str | None = None, band: str | None = None
    ) -> None:
        """Bring the lead to another stage."""
        left, closed = self.stage, self.process.closed
        if left in closed and stage not in closed:
            self._begin_round(at)
        if left in self.process.leaving:
            self._passed(self.process.leaving[left], at)
        self._forget()
        self.through = (*self.through, left) if at == self.entered else (left,)
        self.previous, self.stage, self.entered = left, stage, at
        self.reason, self.band = reason, band
        self.entries = _entered(self.entries, stage, at)
        if stage in closed and self.ended is None:
            self.ended = at
        self._keep_hours(at)
        if stage in self.process.entering:
            self._passed(self.process.entering[stage], at)

    def _begin_round(self, at: Instant) -> None:
        self.began, self.ended = at, None
        self.moments, self.runs, self.hours = (), (), ()
        self.pauses = tuple(x for x in self.pauses if x.end is None or x.end > at)
        self._passed("created", at)
        if self.owner is not None:
            self._passed("assigned", at)

    def go(
        self, to: str, at: Instant, *, name: str, reason: str | None = None, band: str | None = None
    ) -> None:
        """Move the lead as a fact of that name would."""
        self.time = at
        self.version += 1
        self.last = (True, name)
        self._go(to, at, reason, band)

    def _moved(self, event: Event, at: Instant) -> None:
        to = str(event.properties["to"])
        if to not in self.process.stages:
            return  # a stage that the policy does not know; `audit` tells
        reason, band = _text(event, "reason"), _text(event, "band")
        if self.arises(event):
            self._take_back(self.process.entering.get(self.stage))
            self._arise(to, at, reason=reason, band=band)
        else:
            self._go(to, at, reason, band)

    def _go(self, to: str, at: Instant, reason: str | None, band: str | None) -> None:
        if to == self.stage:
            self.updated = at
            return
        accepted = (self.stage, to) in self.process.accepting
        self.enter(to, at, reason=reason, band=band)
        if accepted:
            self._passed("accepted", at)

    def _assigned(self, event: Event, at: Instant) -> None:
        self.owner = _text(event, "owner")
        self._keep_hours(at)
        self._passed("assigned", at)

    def _keep_hours(self, at: Instant) -> None:
        """Keep in mind the calendar by which the lead is worked from now on."""
        calendar = self.process.calendar_of(self.owner, self.stage)
        if not self.hours or self.hours[-1][1] != calendar:
            self.hours = (*self.hours, (at, calendar))

    # --- clocks

    def _passed(self, moment: str, at: Instant) -> None:
        """Note a moment that clocks may run by."""
        process = self.process
        if moment not in process.watched or (self.ended is not None and at > self.ended):
            return  # no clock runs by it, or the round is over
        self.moments = _with_first(self.moments, moment, at)
        for name, clock in process.restarted:
            if moment in (clock.from_, clock.to):
                self._run(name, at, starts=moment == clock.from_)

    def _take_back(self, moment: str | None) -> None:
        """Forget the moment at which the lead came to a stage in which it did not arise."""
        clocks = self.process.clocks
        self.moments = tuple(x for x in self.moments if x[0] != moment)
        self.runs = tuple(
            run._replace(stop=None) if clocks[run.clock].to == moment else run
            for run in self.runs
            if clocks[run.clock].from_ != moment
        )

    def _run(self, name: str, at: Instant, *, starts: bool) -> None:
        """Start or stop a clock that its moment starts anew."""
        runs = {run.clock: run for run in self.runs}
        run = runs.get(name)
        if starts:
            missed = 0 if run is None else run.missed + self._is_missed(name, run, at)
            runs[name] = Run(name, at, None, missed)
        elif run is not None and run.stop is None:
            runs[name] = run._replace(stop=at)
        self.runs = tuple(runs.values())

    def _is_missed(self, name: str, run: Run, at: Instant) -> bool:
        limit = self.process.clocks[name].limit
        due = self.process.clock_deadline(name, run.start, limit, self.hours, self.pauses)
        return due is not None and (at if run.stop is None else run.stop) > due

    def _pause(self, event: Event, at: Instant) -> None:
        end, clock = _moment(event, "until"), _text(event, "clock")
        if (end is None or end > at) and (clock is None or clock in self.process.clocks):
            self.pauses = (*self.pauses, Pause(clock, at, end))

    def _resume(self, event: Event, at: Instant) -> None:
        clock = _text(event, "clock")
        self.pauses = tuple(
            x._replace(end=at) if clock in (None, x.clock) and (x.end is None or x.end > at) else x
            for x in self.pauses
        )

    # --- touches, messages, and what was asked for

    def _touch(self, event: Event, at: Instant) -> None:
        said = event.properties
        by_person = said.get("automatic") is not True
        outbound = said["direction"] == "outbound"
        if by_person:
            reached = not outbound or said.get("outcome") in self.process.contact
            if outbound:
                self._passed("first_attempt", at)
            if reached:
                self.contacted = at
                self._passed("first_contact", at)
            for name, rule in self.process.touches[self.stage]:
                if outbound if rule.counts == "attempted" else reached:
                    self._count(name, rule, said, at)
        elif outbound:
            self.messaged = at
        if outbound:
            if said.get("step") is not None:
                self.sent = _with_last(self.sent, str(said["step"]), at)
            if self.asked:
                self._keep_asked(
                    x if x.acknowledged is not None else x._replace(acknowledged=at)
                    for x in self.asked
                )

    def _count(self, name: str, rule: TouchRule, said: Mapping[str, Any], at: Instant) -> None:
        if rule.channels and said["channel"] not in rule.channels:
            return
        if rule.by and said.get("role") not in rule.by:
            return
        times: tuple[Instant, ...] = value_of(self.counted, name) or ()
        if len(times) >= rule.most:
            return
        if times and rule.apart is not None:
            calendar = self.process.calendars.get(self.hours[-1][1])
            if rule.apart.after(times[-1], calendar) > at:
                return
        self.counted = _with_last(self.counted, name, (*times, at))

    def _activity(self, event: Event, at: Instant) -> None:
        process = self.process
        for name, _, run in process.responses.get(event.type, ()):
            waits = any(asked.response == name for asked in self.asked)
            if not waits and process.is_true(run, event, at):
                self.asked = (*self.asked, Asked(name, event.id, at))
        for name, step, run in process.steps.get((self.stage, event.type), ()):
            times: tuple[Instant, ...] = value_of(self.matched, name) or ()
            called = len(times) == step.count and _close(times, step.within)
            if not called and process.is_true(run, event, at):
                times = (*times, at)[-step.count :]
                self.matched = _with_last(self.matched, name, times)

    def _fulfilment(self, event: Event, at: Instant) -> None:
        item = _text(event, "item")
        responses = self.process.lifecycle.responses
        self._keep_asked(
            x._replace(acknowledged=x.acknowledged or at, sent=at)
            if x.sent is None and responses[x.response].send == item
            else x
            for x in self.asked
        )

    def _keep_asked(self, asked: Iterable[Asked]) -> None:
        """Keep of what was asked for that which has not all been given."""
        responses = self.process.lifecycle.responses
        self.asked = tuple(
            x
            for x in asked
            if (x.acknowledged is None and responses[x.response].acknowledge is not None)
            or (x.sent is None and responses[x.response].send is not None)
        )

    # --- what is done in a stage

    def _completed(self, event: Event, at: Instant) -> None:
        item = str(event.properties["item"])
        needed = self.process.stages[self.stage].requires.get(item)
        if needed is not None and self._may(event, needed.by) and self._is_there(needed.after):
            self.done = _with_first(self.done, item, at)
            self.updated = at
        if self.next_step is not None and item == self.next_step[0]:
            self.next_step = None
            self.updated = at

    def _approval(self, event: Event, at: Instant) -> None:
        role, approvals = str(event.properties["role"]), self.process.stages[self.stage].approvals
        if approvals is None or role not in approvals.by:
            return
        if event.properties["verdict"] != "approved":
            self.approved = tuple(x for x in self.approved if x[0] != role)
            self.updated = at
        elif self._is_there(approvals.after):
            self.approved = _with_first(self.approved, role, at)
            self.updated = at

    def _may(self, event: Event, roles: Collection[str]) -> bool:
        """Return whether a fact is by one of some roles, if there are some."""
        return not roles or event.properties.get("role") in roles

    def _is_there(self, needed: Iterable[str]) -> bool:
        """Return whether all that something waits for is there."""
        approvals = self.process.stages[self.stage].approvals
        return all(
            all(value_of(self.approved, x) is not None for x in (approvals.by if approvals else ()))
            if name == APPROVALS
            else value_of(self.done, name) is not None
            for name in needed
        )

    def _waiver(self, event: Event, at: Instant) -> None:
        del at
        name, reason = str(event.properties["touches"]), str(event.properties["reason"])
        for found, rule in self.process.touches[self.stage]:
            if found == name and reason in rule.waive and self._may(event, rule.waive_by):
                self.waived = _with_first(self.waived, name, reason)

    def _answer(self, event: Event, at: Instant) -> None:
        if event.properties.get("by") is not None:
            self.updated = at
        self._passed("first_qualification", at)

    def _update(self, event: Event, at: Instant) -> None:
        del event
        self.updated = at

    def _next_step(self, event: Event, at: Instant) -> None:
        self.next_step = (str(event.properties["what"]), _moment(event, "due"))
        self._passed("next_step", at)


_APPLY: Mapping[str, Callable[[Course, Event, Instant], None]] = {
    "moved": Course._moved,  # noqa: SLF001 - the table of its own methods
    "assigned": Course._assigned,  # noqa: SLF001
    "touch": Course._touch,  # noqa: SLF001
    "activity": Course._activity,  # noqa: SLF001
    "fulfilment": Course._fulfilment,  # noqa: SLF001
    "completed": Course._completed,  # noqa: SLF001
    "approval": Course._approval,  # noqa: SLF001
    "waiver": Course._waiver,  # noqa: SLF001
    "answer": Course._answer,  # noqa: SLF001
    "update": Course._update,  # noqa: SLF001
    "next_step": Course._next_step,  # noqa: SLF001
    "pause": Course._pause,  # noqa: SLF001
    "resume": Course._resume,  # noqa: SLF001
}
"""What each kind of fact does; others change nothing."""


def _entered(entries: tuple[Entries, ...], stage: str, at: Instant) -> tuple[Entries, ...]:
    """Return the entries after one more into a stage."""
    for index, found in enumerate(entries):
        if found.stage == stage:
            again = Entries(stage, found.first, at, found.times + 1)
            return (*entries[:index], again, *entries[index + 1 :])
    return (*entries, Entries(stage, at, at, 1))


def _with_first(
    pairs: tuple[tuple[str, _Found], ...], name: str, value: _Found
) -> tuple[tuple[str, _Found], ...]:
    """Return pairs with a value under a name, unless there is one already."""
    return pairs if value_of(pairs, name) is not None else (*pairs, (name, value))


def _with_last(
    pairs: tuple[tuple[str, _Found], ...], name: str, value: _Found
) -> tuple[tuple[str, _Found], ...]:
    """Return pairs with a value under a name, in the place of the one that is there already.

    Examples:
        >>> _with_last((("call", 1), ("mail", 2)), "call", 3)
        (('call', 3), ('mail', 2))
    """
    for index, (key, _) in enumerate(pairs):
        if key == name:
            return (*pairs[:index], (name, value), *pairs[index + 1 :])
    return (*pairs, (name, value))


def _close(times: tuple[Instant, ...], within: int | None) -> bool:
    return within is None or times[-1] - times[0] < within


def _text(event: Event, name: str) -> str | None:
    value = event.properties.get(name)
    return None if value is None else str(value)


def _moment(event: Event, name: str) -> Instant | None:
    value = event.properties.get(name)
    return instant_of(value) if isinstance(value, datetime) else None
