"""What became of touches and clocks at a moment, read off the state of a lead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from leadrules.calendars import Delay, OpenHours
from leadrules.lifecycle.clocks import Clock
from leadrules.lifecycle.process import Hours, Process
from leadrules.lifecycle.state import Run, State
from leadrules.lifecycle.touches import TouchRule
from leadrules.values import Instant, Value

__all__ = [
    "SATISFIED",
    "ClockStands",
    "Status",
    "TouchesStand",
    "clock_stands",
    "derived_of",
    "first_of",
    "three_quarters",
    "timer_due",
    "touches_missing",
    "touches_stand",
    "value_of",
]

Status = Literal[
    "open", "at_risk", "met", "breached", "met_late", "waived", "idle", "paused", "ended"
]

SATISFIED = frozenset({"met", "met_late", "waived"})
"""The statuses of touches with which a lead may go."""


# --- touches


@dataclass(frozen=True, slots=True)
class TouchesStand:
    """Where touches that are owed stand.

    Attributes:
        status: What became of them.
        missing: How many are missing.
        due: Until when they are owed.
        changes: From when on they are at risk, if nothing is done.
    """

    status: Status
    missing: int = 0
    due: int | None = None
    changes: int | None = None


def touches_missing(process: Process, name: str, state: State, lead_type: Value | None) -> int:
    """Return how many touches are still owed; none if they are waived."""
    needed = process.lifecycle.touches[name].owed(lead_type if isinstance(lead_type, str) else None)
    if not needed or value_of(state.waived, name) is not None:
        return 0
    return max(0, needed - len(value_of(state.counted, name) or ()))


def touches_stand(
    process: Process, name: str, state: State, lead_type: Value | None, at: int
) -> TouchesStand | None:
    """Return where touches that are owed stand; None if none are owed to the type of lead."""
    rule = process.lifecycle.touches[name]
    needed = rule.owed(lead_type if isinstance(lead_type, str) else None)
    if not needed:
        return None
    times: tuple[Instant, ...] = value_of(state.counted, name) or ()
    missing = max(0, needed - len(times))
    due = None if rule.within is None else process.deadline(state.entered, rule.within, state.hours)
    if value_of(state.waived, name) is not None:
        return TouchesStand("waived", missing, due)
    if not missing:
        in_time = due is None or times[needed - 1] <= due
        return TouchesStand("met" if in_time else "met_late", 0, due)
    if rule.within is None or due is None:
        return TouchesStand("open", missing)
    if at > due:
        return TouchesStand("breached", missing, due)
    ends = process.deadline(
        state.entered, three_quarters(process, state.entered, rule.within, state.hours), state.hours
    )
    quarter = due + 1 if ends is None else ends
    hours = process.calendars.get(state.hours[-1][1])

    def is_late(moment: int) -> bool:
        return _finished(rule, hours, times[-1:], missing, moment) > due

    if at >= quarter or is_late(at):
        return TouchesStand("at_risk", missing, due)
    changes = first_of(is_late, at, quarter) if is_late(quarter) else quarter
    return TouchesStand("open", missing, due, changes)


def _finished(
    rule: TouchRule, hours: OpenHours | None, last: Sequence[int], missing: int, at: int
) -> int:
    """Return when the missing touches are all made if none is put off from a moment on."""
    if rule.apart is None:
        return at
    made = list(last)
    for _ in range(missing):
        at = max(at, rule.apart.after(made[-1], hours)) if made else at
        made.append(at)
    return at


def three_quarters(process: Process, start: int, delay: Delay, hours: Hours) -> Delay:
    """Return the least part of a delay of which less than a quarter is left."""
    most = process.share(start, delay, 75, hours)
    return Delay(most.unit, most.amount + 1)


def first_of(test: Callable[[int], bool], start: int, end: int) -> int:
    """Return the first moment of a span at which a test holds that then holds to its end."""
    low, high = start, end
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if test(middle) else (middle + 1, high)
    return low


# --- clocks


@dataclass(frozen=True, slots=True)
class ClockStands:
    """Where a clock stands.

    Attributes:
        status: What became of it.
        start: When it was started last.
        due: When it runs out, if it does.
        changes: From when on it is at risk, if nothing is done.
        missed: Whether it has ever run out.
        stop: When it was stopped, if it was.
    """

    status: Status
    start: Instant | None = None
    due: int | None = None
    changes: int | None = None
    missed: bool = False
    stop: Instant | None = None


def clock_stands(process: Process, name: str, state: State, at: int) -> ClockStands:
    """Return where a clock stands."""
    clock = process.clocks[name]
    start, stop, missed = _run(name, clock, state)
    if start is None:
        return ClockStands("idle")
    due = process.clock_deadline(name, start, clock.limit, state.hours, state.pauses)
    if stop is not None:
        late = due is not None and stop > due
        status: Status = "met_late" if late else "met"
        return ClockStands(status, start, due, missed=late or missed, stop=stop)
    if state.ended is not None:
        late = due is not None and state.ended > due
        return ClockStands("breached" if late else "ended", start, due, missed=late or missed)
    if due is None:
        return ClockStands("paused", start, missed=missed)
    if at > due:
        return ClockStands("breached", start, due, missed=True)
    if clock.at_most is None:
        hours = process.clock_hours(name, start, state.hours)
        most = three_quarters(process, start, clock.limit, hours)
        ends = process.clock_deadline(name, start, most, state.hours, state.pauses)
        risk = due + 1 if ends is None else min(ends, due + 1)
    else:
        ideal = process.clock_deadline(name, start, clock.within, state.hours, state.pauses)
        risk = due + 1 if ideal is None else min(ideal, due) + 1
    if any(
        x.clock in (None, name) and x.start <= at and (x.end is None or at < x.end)
        for x in state.pauses
    ):
        return ClockStands("paused", start, due, risk, missed)
    if at >= risk:
        return ClockStands("at_risk", start, due, missed=missed)
    return ClockStands("open", start, due, risk, missed)


def _run(name: str, clock: Clock, state: State) -> tuple[Instant | None, Instant | None, bool]:
    """Return when a clock was started and stopped, and whether an earlier run was missed."""
    if clock.restart:
        run = next((x for x in state.runs if x.clock == name), Run(name, None, None, 0))  # type: ignore[arg-type]  # not started
        return run.start, run.stop, run.missed > 0
    start, stop = value_of(state.moments, clock.from_), value_of(state.moments, clock.to)
    if start is None or stop is None:
        return start, None, False
    return start, max(start, stop), False


# --- what guards read


def derived_of(
    process: Process,
    state: State,
    names: Sequence[str],
    known: Mapping[str, Value],
    at: int,
) -> dict[str, Value]:
    """Return what the lifecycle adds to a lead, of some names; what is missing is left out.

    Args:
        process: The lifecycle.
        state: Where the lead is.
        names: The names that are wanted; those of other steps are passed over.
        known: What is known of the lead.
        at: The moment, in microseconds.
    """
    found: dict[str, Value | None] = {}
    for name in names:
        scope, _, rest = name.partition(".")
        match scope:
            case "stage":
                found[name] = state.stage
            case "stage_since":
                found[name] = state.entered
            case "stage_entries":
                entries = state.entries_of(state.stage)
                found[name] = entries.times if entries else 0
            case "owner_role":
                found[name] = process.stages[state.stage].owner
            case "touches":
                if state.stage in process.lifecycle.touches[rest].in_:
                    stand = touches_stand(process, rest, state, known.get("lead_type"), at)
                    found[name] = stand.status if stand else None
            case "clock":
                found[name] = clock_stands(process, rest, state, at).status
            case "was":
                found[name] = _was(process, state, rest)
    return {name: value for name, value in found.items() if value is not None}


def _was(process: Process, state: State, name: str) -> Value | None:
    match name:
        case "stage":
            return state.previous
        case "reason":
            return state.reason
        case "band":
            return state.band
    back = [x.last for x in state.entries if process.stages[x.stage].kind == "recycled"]
    return max(back, default=None)


def timer_due(process: Process, state: State, timer: Delay | Literal["wake"] | None) -> int | None:
    """Return when the policy takes a move in time, counted from the entry into the stage."""
    delay = process.stages[state.stage].wait(state.reason) if timer == "wake" else timer
    if delay is None:
        return None
    return process.deadline(state.entered, delay, state.hours)


def value_of(pairs: Sequence[tuple[str, Any]], name: str) -> Any:
    """Return the value under a name, or None."""
    for key, value in pairs:
        if key == name:
            return value
    return None
