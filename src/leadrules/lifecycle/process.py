"""A section `lifecycle` compiled: what each kind of fact has to be looked up in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from leadrules.calendars import Calendar, Delay, OpenHours
from leadrules.conditions.compiler import compile_condition
from leadrules.conditions.tree import Always, fields_of
from leadrules.events import Event
from leadrules.lifecycle.clocks import Clock
from leadrules.lifecycle.document import Lifecycle
from leadrules.lifecycle.moves import Move
from leadrules.lifecycle.nurture import NurturePlan, NurtureStep
from leadrules.lifecycle.responses import Response
from leadrules.lifecycle.state import Pause
from leadrules.lifecycle.touches import TouchRule
from leadrules.values import Instant, Value
from leadrules.vocabulary import Vocabulary

__all__ = ["Plan", "Process", "step_id"]

Hours = Sequence[tuple[Instant, str | None]]
WHOLE = 100
"""All of something, in per cent."""

_Condition = Callable[[Mapping[str, Value], int, Mapping[str, Value]], Any]


class Plan(NamedTuple):
    """A nurture plan with its condition compiled.

    Attributes:
        name: Its name.
        document: The plan.
        run: Its condition, if it has one.
        own: The names that its condition reads of the lifecycle.
    """

    name: str
    document: NurturePlan
    run: _Condition | None
    own: tuple[str, ...]


class Process:
    """What the fold of facts and the obligations read of a lifecycle, by what they look up.

    Args:
        lifecycle: The document, checked.
        vocabulary: The names that its conditions use.
        calendars: The calendars of the policy, by name.

    Attributes:
        closed: The stages in which a round ends.
        moves: The moves out of each stage, each with its place in the document.
        targets: The stages that moves lead to from each stage, with the places of these moves.
        accepting: The stages between which a move accepts a handover.
        touches: The rules of touches of each stage, by name.
        clocks: The clocks, by name.
        watched: The moments that some clock runs by.
        entering: What the entry into each stage is called that some clock runs by.
        leaving: What the way out of each stage is called that some clock runs by.
        restarted: The clocks that a moment starts anew.
        responses: The responses to each type of activity, by name.
        steps: The steps of nurture plans that activities call for, by stage and type of activity.
        plans: The nurture plans of each stage.
        reads_owner: Whether some condition reads who owns the lead.
    """

    def __init__(
        self,
        lifecycle: Lifecycle,
        vocabulary: Vocabulary,
        calendars: Mapping[str, Calendar],
    ) -> None:
        self.lifecycle = lifecycle
        self.stages = lifecycle.stages
        self.vocabulary = vocabulary
        self.calendars: Mapping[str | None, OpenHours] = {
            name: found.hours_in(vocabulary.zone) for name, found in calendars.items()
        }
        self.closed = frozenset(name for name, stage in self.stages.items() if stage.is_closed)
        self.moves: dict[str, list[tuple[int, Move]]] = {name: [] for name in self.stages}
        for index, move in enumerate(lifecycle.moves):
            for stage in move.from_:
                self.moves[stage].append((index, move))
        self.targets: dict[str, dict[str, list[int]]] = {name: {} for name in self.stages}
        for stage, moves in self.moves.items():
            for index, move in moves:
                self.targets[stage].setdefault(move.to, []).append(index)
        self.accepting = frozenset(
            (stage, move.to)
            for stage, moves in self.moves.items()
            for _, move in moves
            if move.accept_within is not None
        )
        self.touches: dict[str, list[tuple[str, TouchRule]]] = {name: [] for name in self.stages}
        for name, rule in lifecycle.touches.items():
            for stage in rule.in_:
                self.touches[stage].append((name, rule))
        self.clocks: Mapping[str, Clock] = lifecycle.clocks
        self.watched = frozenset(
            moment for clock in self.clocks.values() for moment in (clock.from_, clock.to)
        )
        self.entering = {x: f"entered.{x}" for x in self.stages if f"entered.{x}" in self.watched}
        self.leaving = {x: f"left.{x}" for x in self.stages if f"left.{x}" in self.watched}
        self.restarted = tuple((x, clock) for x, clock in self.clocks.items() if clock.restart)
        self.contact = frozenset(lifecycle.contact)
        self.reads_owner = any(
            "owner" in (*move.fields, *fields_of(move.when)) for move in lifecycle.moves
        ) or any("owner" in fields_of(plan.when) for plan in lifecycle.nurture.values())
        hours = lifecycle.hours
        self._of_owners = hours.owners if hours else {}
        self._of_stages = {
            name: hours.roles.get(stage.owner or "", hours.default) if hours else None
            for name, stage in self.stages.items()
        }
        self._epochs = vocabulary.epochs
        self._parameters = [vocabulary.parameters_at(x) for x in (-(2**63), *self._epochs)]
        self.responses: dict[str | None, list[tuple[str, Response, _Condition | None]]] = {}
        for name, response in lifecycle.responses.items():
            run = self._on_activity(response.activity, response.when)
            self.responses.setdefault(response.activity, []).append((name, response, run))
        self.steps: dict[
            tuple[str, str | None], list[tuple[str, NurtureStep, _Condition | None]]
        ] = {}
        for plan_name, plan in lifecycle.nurture.items():
            for step_name, step in plan.steps.items():
                if step.activity is not None:
                    run = self._on_activity(step.activity, step.when)
                    for stage in plan.in_:
                        found = self.steps.setdefault((stage, step.activity), [])
                        found.append((step_id(plan_name, step_name), step, run))

        self.plans: dict[str, list[Plan]] = {name: [] for name in self.stages}
        own = {**lifecycle.results, **lifecycle.memory}
        for name, plan in lifecycle.nurture.items():
            always = isinstance(plan.when, Always)
            run = None if always else compile_condition(plan.when, vocabulary)
            read = tuple(x for x in fields_of(plan.when) if x in own)
            for stage in plan.in_:
                self.plans[stage].append(Plan(name, plan, run, read))

    def _on_activity(self, activity: str, when: Any) -> _Condition | None:
        if isinstance(when, Always):
            return None
        return compile_condition(when, self.vocabulary.of_activity(activity))

    def parameters_at(self, at: int) -> Mapping[str, Value]:
        """Return the parameters in effect at a moment."""
        return self._parameters[bisect_right(self._epochs, at)]

    def is_true(self, condition: _Condition | None, event: Event, at: int) -> bool:
        """Return whether a condition on activities is true of one."""
        if condition is None:
            return True
        return condition(event.record, at, self.parameters_at(at)) is True

    def calendar_of(self, owner: str | None, stage: str) -> str | None:
        """Return the calendar by which a lead is worked: its owner's, else the role's."""
        if owner is not None and owner in self._of_owners:
            return self._of_owners[owner]
        return self._of_stages[stage]

    def deadline(
        self, start: int, delay: Delay, hours: Hours, pauses: Iterable[Pause] = ()
    ) -> int | None:
        """Return when a delay is over that runs by the calendar in effect at each time.

        Where the calendar changes, what is left of it in open time runs on in the next one. A
        pause adds what is open of it; the result is None if a pause has no end.

        Args:
            start: When it starts.
            delay: How long it is.
            hours: The calendars, each with the moment from which on, in order.
            pauses: When it stands still, in order and without overlaps.
        """
        name = _calendar_at(hours, start)
        due = delay.after(start, self.calendars.get(name))
        marks: list[tuple[int, Any]] = [(x.start, x) for x in pauses]
        if delay.needs_hours:
            marks += [(at, calendar) for at, calendar in hours if at > start]
        resumed = start
        for at, mark in sorted(marks, key=itemgetter(0)):
            if at >= due:
                break
            now = max(at, resumed)
            if not isinstance(mark, Pause):
                left = self._span(now, due, name)
                name = mark
                if left:
                    due = self.calendars[name].add(now, left)
            elif mark.end is None:
                return None
            elif mark.end <= now:
                continue
            elif delay.needs_hours:
                left = self._span(now, due, name)
                resumed = mark.end
                due = max(due, self.calendars[name].add(resumed, left))
            else:
                due += mark.end - now
                resumed = mark.end
        return due

    def clock_deadline(
        self, name: str, start: int, delay: Delay, hours: Hours, pauses: Iterable[Pause]
    ) -> int | None:
        """Return when a delay of a clock is over, or None if it stands still without an end."""
        stood = _united(x for x in pauses if x.clock in (None, name))
        return self.deadline(start, delay, self.clock_hours(name, start, hours), stood)

    def clock_hours(self, name: str, start: int, hours: Hours) -> Hours:
        """Return the calendars by which a clock runs: its own, else those of the owners."""
        calendar = self.clocks[name].calendar
        return hours if calendar is None else ((Instant(start), calendar),)

    def _span(self, start: int, end: int, calendar: str | None) -> int:
        """Return the time between two moments: open time, if there is a calendar."""
        open_hours = self.calendars.get(calendar)
        return end - start if open_hours is None else open_hours.elapsed(start, end)

    def share(self, start: int, delay: Delay, percent: int, hours: Hours) -> Delay:
        """Return a share of a delay, as a delay; that of business days is open time."""
        if percent == WHOLE:
            return delay
        if delay.unit != "business_days":
            return Delay(delay.unit, delay.amount * percent // WHOLE)
        open_hours = self.calendars[_calendar_at(hours, start)]
        amount = open_hours.elapsed(start, delay.after(start, open_hours))
        return Delay("business", amount * percent // WHOLE)

    def left(self, at: int, due: int, calendar: str | None) -> int:
        """Return how much time is left until a deadline: open time, if there is a calendar."""
        return self._span(at, due, calendar)


def _calendar_at(hours: Hours, at: int) -> str | None:
    """Return the calendar that is in effect at a moment; before the first, the first."""
    found = hours[0][1] if hours else None
    for start, name in hours:
        if start > at:
            break
        found = name
    return found


def _united(pauses: Iterable[Pause]) -> list[Pause]:
    """Return pauses in order and without overlaps; one without an end is the last."""
    found: list[Pause] = []
    for pause in sorted(pauses, key=lambda x: x.start):
        if found and (found[-1].end is None or pause.start <= found[-1].end):
            ends = (found[-1].end, pause.end)
            found[-1] = found[-1]._replace(end=None if None in ends else max(x for x in ends if x))
        else:
            found.append(pause)
    return found


def step_id(plan: str, step: str) -> str:
    """Return what a step of a nurture plan is called by touches, and on agendas."""
    return f"{plan}.{step}"
