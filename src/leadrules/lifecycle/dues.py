"""What the lifecycle owes a lead at a moment, kind by kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple

from leadrules.calendars import Delay
from leadrules.conditions.tree import Always
from leadrules.lifecycle.clocks import MOMENTS, Clock
from leadrules.lifecycle.limits import limit_of
from leadrules.lifecycle.owed import RANKS, Owed, OwedKind, Urgency, listed
from leadrules.lifecycle.process import Process
from leadrules.lifecycle.series import steps_of
from leadrules.lifecycle.stages import APPROVALS, Stage
from leadrules.lifecycle.state import Asked, State
from leadrules.lifecycle.statuses import (
    SATISFIED,
    clock_stands,
    timer_due,
    touches_stand,
    value_of,
)
from leadrules.lifecycle.touches import TouchRule
from leadrules.values import Value, datetime_of

__all__ = ["answers_owed", "next_timer", "owed_in"]


def owed_in(process: Process, state: State, known: Mapping[str, Value], moment: int) -> list[Owed]:
    """Return everything that the lifecycle owes a lead, in the order of the kinds.

    A stage that no move leaves owes nothing. In every other stage something is owed, or time
    alone moves the lead on (see `next_timer`).

    Args:
        process: The lifecycle.
        state: Where the lead is.
        known: What is known of the lead, and what earlier steps found.
        moment: The moment, in microseconds; no earlier than what is in the state.
    """
    if not process.moves[state.stage]:
        return []
    stage = process.stages[state.stage]
    desk = _Desk(process, state, known, moment, stage, state.hours[-1][1])
    found = [
        *_touches(desk),
        *_accept(desk),
        *(_clocks(desk) if state.ended is None else ()),
        *_required(desk),
        *_updates(desk),
        *(owed for asked in state.asked for owed in _asked(desk, asked)),
        *_wake(desk),
        *_nurture(desk),
    ]
    if not found and not _moves_by_itself(process, state, moment):
        ends = tuple(f"'{name}'" for name in process.targets[state.stage])
        what = f"decide where it goes: {listed(ends)}"
        found.append(desk.owes("move", state.stage, what, f"lifecycle.stages.{state.stage}"))
    return found


def answers_owed(
    process: Process, state: State, moment: int, questions: Mapping[str, str]
) -> list[Owed]:
    """Return the questions about a lead that are to be answered while its stage is open.

    Args:
        process: As of `owed_in`.
        state: As of `owed_in`.
        moment: As of `owed_in`.
        questions: What to ask, by the criterion that it answers.
    """
    stage = process.stages[state.stage]
    if stage.is_closed or not process.moves[state.stage]:
        return []
    desk = _Desk(process, state, {}, moment, stage, state.hours[-1][1])
    return [
        desk.owes("answer", name, ask, f"scoring.qualification.criteria.{name}")
        for name, ask in questions.items()
    ]


def next_timer(process: Process, state: State, moment: int) -> int | None:
    """Return when the policy may next take a move because its time is over, if it ever does."""
    found = []
    for _, move in process.moves[state.stage]:
        if not move.by_policy:
            continue
        if not move.automatic:
            found.append(timer_due(process, state, move.timer))
        again, entries = process.stages[move.to].again_after, state.entries_of(move.to)
        if again is not None and entries is not None:
            found.append(process.deadline(entries.last, again, state.hours))
    return min((due for due in found if due is not None and due > moment), default=None)


def _moves_by_itself(process: Process, state: State, moment: int) -> bool:
    """Return whether time alone moves a lead on, or the policy does as soon as it is asked."""
    if next_timer(process, state, moment) is not None:
        return True
    for _, move in process.moves[state.stage]:
        entries, most = state.entries_of(move.to), process.stages[move.to].most
        full = most is not None and entries is not None and entries.times >= most
        if not move.by_policy or full or move.fields or move.touches:
            continue
        if isinstance(move.when, Always) and (
            move.automatic or timer_due(process, state, move.timer) is not None
        ):
            return True
    return False


class _Stands(NamedTuple):
    """Where something with a deadline stands, and when that changes if nothing is done."""

    status: Urgency = "open"
    since: int | None = None
    due: int | None = None
    changes: int | None = None


class _Desk(NamedTuple):
    """A lead at a moment, in its stage, with the calendar by which it is worked."""

    process: Process
    state: State
    known: Mapping[str, Value]
    at: int
    stage: Stage
    calendar: str | None

    def owes(  # noqa: PLR0913 - the parts of what is owed
        self,
        kind: OwedKind,
        name: str,
        what: str,
        rule: str,
        stands: _Stands | None = None,
        *,
        roles: tuple[str, ...] = (),
        missing: int | None = None,
        step: str | None = None,
        left: int | None = None,
    ) -> Owed:
        """Return something that is owed; by default for the role that owns the stage."""
        state, stage = self.state, self.stage
        status, since, due, changes = stands or _Stands(since=state.entered)
        if due is not None and left is None:
            left = self.process.left(self.at, due, self.calendar)
        owners = (stage.owner,) if stage.owner else ()
        roles = roles or owners
        theirs = stage.owner is None or stage.owner in roles
        owner, queue = (state.owner, None) if theirs else (None, roles[0])
        if theirs and owner is None:
            queue = stage.queue or stage.owner or state.stage
        return Owed(
            state.lead_id,
            state.stage,
            kind,
            name,
            what,
            status,
            roles,
            owner,
            queue,
            None if since is None else datetime_of(since),
            None if due is None else datetime_of(due),
            None if left is None else timedelta(microseconds=left),
            missing,
            step,
            rule,
            None if changes is None else datetime_of(changes),
        )

    def limited(self, start: int, delay: Delay | None) -> _Stands:
        """Return where something stands that may take so long from a start."""
        hours = self.state.hours
        limit = None if delay is None else limit_of(self.process, start, delay, hours, self.at)
        if limit is None:
            return _Stands(since=start)
        return _Stands(limit.status, start, limit.due, limit.changes)

    def from_then(self, start: int, due: int) -> _Stands:
        """Return where something stands that is to be done from a moment on."""
        if self.at >= due:
            return _Stands("at_risk", start, due)
        return _Stands("open", start, due, due)


# --- what each kind is owed by


def _touches(desk: _Desk) -> Iterator[Owed]:
    process, state = desk.process, desk.state
    rules = process.touches[state.stage]
    found = desk.known.get("lead_type")
    lead_type = found if isinstance(found, str) else None
    for name, rule in rules:
        stand = touches_stand(process, name, state, lead_type, desk.at)
        if stand is None or stand.status in SATISFIED:
            continue
        changes = stand.changes
        if changes is None and stand.status == "at_risk" and stand.due is not None:
            changes = stand.due + 1
        stands = _Stands(stand.status, state.entered, stand.due, changes)  # type: ignore[arg-type]  # the others are satisfied
        what = _touches_text(rule, stand.missing, any_made=bool(value_of(state.counted, name)))
        place = f"lifecycle.touches.{name}"
        yield desk.owes("touches", name, what, place, stands, roles=rule.by, missing=stand.missing)
    if rules and all(rule.owed(lead_type) is None for _, rule in rules):
        whom = "a lead without a type" if lead_type is None else f"lead type '{lead_type}'"
        what = f"say what {whom} is owed; no rule of touches does"
        yield desk.owes("gap", lead_type or "lead_type", what, "lifecycle.touches")


def _touches_text(rule: TouchRule, missing: int, *, any_made: bool) -> str:
    more = "more " if any_made else ""
    by = f" by {listed(rule.channels)}" if rule.channels else ""
    if rule.counts == "connected":
        return f"reach them {missing} {more}time{'' if missing == 1 else 's'}{by}"
    return f"make {missing} {more}touch{'' if missing == 1 else 'es'}{by}"


def _accept(desk: _Desk) -> Iterator[Owed]:
    for index, move in desk.process.moves[desk.state.stage]:
        if move.accept_within is None:
            continue
        stands = desk.limited(desk.state.entered, move.accept_within)
        back = ", which silence does" if move.on_timeout else ""
        what = f"accept it for '{move.to}'{back}, or pass it back"
        yield desk.owes("accept", move.to, what, f"lifecycle.moves[{index}]", stands, roles=move.by)


def _clocks(desk: _Desk) -> Iterator[Owed]:
    process, state = desk.process, desk.state
    for name, clock in process.clocks.items():
        stand = clock_stands(process, name, state, desk.at)
        if stand.start is None or stand.status not in RANKS:
            continue
        step, next_step = _escalation(desk, name, clock, stand.start)
        resumes = _resumes(desk, name) if stand.status == "paused" else None
        changes = [next_step, resumes]
        if stand.status != "paused" and stand.due is not None:
            changes += [stand.changes, stand.due + 1]
        first = min((x for x in changes if x is not None and x > desk.at), default=None)
        left = None
        if stand.due is not None:
            calendar = clock.calendar or desk.calendar
            start = desk.at if resumes is None else resumes
            left = process.left(start, stand.due, calendar)
        stands = _Stands(stand.status, stand.start, stand.due, first)  # type: ignore[arg-type]  # one of RANKS
        what = f"{_noun(clock.to)} within {clock.limit} of {_noun(clock.from_)}"
        yield desk.owes(
            "clock", name, what, f"lifecycle.clocks.{name}", stands, step=step, left=left
        )


def _escalation(desk: _Desk, name: str, clock: Clock, start: int) -> tuple[str | None, int | None]:
    """Return what the escalation calls for by now, and when it next calls for something."""
    step: str | None = None
    process, state = desk.process, desk.state
    for percent in sorted(clock.escalate):
        hours = process.clock_hours(name, start, state.hours)
        share = process.share(start, clock.within, percent, hours)
        due = process.clock_deadline(name, start, share, state.hours, state.pauses)
        if due is None or due > desk.at:
            return step, due
        step = clock.escalate[percent]
    return step, None


def _resumes(desk: _Desk, name: str) -> int | None:
    """Return when a clock that stands still runs again, as far as that is known."""
    ends = [
        pause.end
        for pause in desk.state.pauses
        if pause.clock in (None, name) and (pause.end is None or pause.end > desk.at)
    ]
    return None if None in ends else max(x for x in ends if x is not None)


def _noun(moment: str) -> str:
    if moment in MOMENTS:
        return _NOUNS[moment]
    deed, _, stage = moment.partition(".")
    return f"{'entry into' if deed == 'entered' else 'exit from'} '{stage}'"


_NOUNS = {
    "created": "creation",
    "assigned": "assignment",
    "accepted": "acceptance",
    "first_attempt": "first attempt",
    "first_contact": "first contact",
    "first_qualification": "first answer to a criterion",
    "next_step": "a next step",
}


def _required(desk: _Desk) -> Iterator[Owed]:
    state, stage = desk.state, desk.stage
    if not (stage.requires or stage.approvals):
        return
    there = {name for name, _ in state.done}
    approved = {role for role, _ in state.approved}
    approvals = stage.approvals
    if approvals is not None and approved.issuperset(approvals.by):
        there.add(APPROVALS)
    place = f"lifecycle.stages.{state.stage}"
    for name, needed in stage.requires.items():
        if name not in there:
            waits, stands = _waiting(desk, needed.after, needed.within, there)
            rule = f"{place}.requires.{name}"
            what = f"complete '{name}'{waits}"
            yield desk.owes("requirement", name, what, rule, stands, roles=needed.by)
    for role in approvals.by if approvals is not None else ():
        if role not in approved:
            assert approvals is not None  # noqa: S101 - it has roles
            waits, stands = _waiting(desk, approvals.after, approvals.within, there)
            what = f"approve what is in '{state.stage}'{waits}"
            yield desk.owes("approval", role, what, f"{place}.approvals", stands, roles=(role,))


def _waiting(
    desk: _Desk, after: Iterable[str], within: Delay | None, there: set[str]
) -> tuple[str, _Stands]:
    """Return what something waits for, in words, and where it stands: not due as long."""
    absent = [name for name in after if name not in there]
    if not absent:
        return "", desk.limited(desk.state.entered, within)
    names = [name if name == APPROVALS else f"'{name}'" for name in absent]
    return f", which waits for {listed(names, 'and')}", _Stands(since=desk.state.entered)


def _updates(desk: _Desk) -> Iterator[Owed]:
    state, every = desk.state, desk.stage.update_every
    if every is not None:
        start = state.entered if state.updated is None else state.updated
        rule = f"lifecycle.stages.{state.stage}.update_every"
        what = f"say how it stands, every {every}"
        yield desk.owes("update", state.stage, what, rule, desk.limited(start, every))
    if state.next_step is not None:
        what, due = state.next_step
        if due is None:
            stands = _Stands()
        elif desk.at > due:
            stands = _Stands("breached", None, due)
        else:
            stands = _Stands("open", None, due, due + 1)
        yield desk.owes("next_step", "next_step", what, f"lifecycle.stages.{state.stage}", stands)


def _asked(desk: _Desk, asked: Asked) -> Iterator[Owed]:
    response = desk.process.lifecycle.responses[asked.response]
    rule = f"lifecycle.responses.{asked.response}"
    roles = (response.by,) if response.by else ()
    if response.acknowledge is not None and asked.acknowledged is None:
        stands = desk.limited(asked.at, response.acknowledge)
        what = f"let them hear that we heard them, after activity '{asked.activity}'"
        place = f"{rule}.acknowledge"
        yield desk.owes("acknowledge", asked.response, what, place, stands, roles=roles)
    if response.send is not None and asked.sent is None:
        stands = desk.limited(asked.at, response.within)
        what = f"send '{response.send}', as activity '{asked.activity}' asks"
        yield desk.owes("send", asked.response, what, f"{rule}.send", stands, roles=roles)


def _wake(desk: _Desk) -> Iterator[Owed]:
    state = desk.state
    wait = desk.stage.wait(state.reason) if desk.stage.wake else None
    if wait is None:
        return
    due = desk.process.deadline(state.entered, wait, state.hours)
    assert due is not None  # noqa: S101 - nothing pauses it
    why = f", which came for '{state.reason}'" if state.reason else ""
    what = f"look again at the lead{why}"
    rule = f"lifecycle.stages.{state.stage}.wake"
    yield desk.owes("wake", state.stage, what, rule, desk.from_then(state.entered, due))


def _nurture(desk: _Desk) -> Iterator[Owed]:
    for step in steps_of(desk.process, desk.state, desk.known, desk.at):
        by = f" by {step.channel}" if step.channel else ""
        rule = f"lifecycle.nurture.{step.plan}.steps.{step.step}"
        stands = desk.from_then(desk.state.entered, step.due)
        if step.waits:
            stands = stands._replace(changes=None)
        yield desk.owes(
            "nurture", f"{step.plan}.{step.step}", f"send '{step.send}'{by}", rule, stands
        )
