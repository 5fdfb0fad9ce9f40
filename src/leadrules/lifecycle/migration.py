"""States that another policy made, as states of this one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from leadrules.errors import did_you_mean, one_of
from leadrules.lifecycle.process import Process, step_id
from leadrules.lifecycle.state import Asked, Entries, Run, State
from leadrules.lifecycle.statuses import value_of
from leadrules.lifecycle.transition import Refusal, Unmet
from leadrules.values import Instant

__all__ = ["migrated"]

_Moments = tuple[tuple[str, Instant], ...]
_PLACES = ("entered", "left")


def migrated(state: State, process: Process, policy: str | None) -> State | Refusal:
    """Return a state of another policy as one of this, or a refusal if it has no such stage.

    Args:
        state: The state.
        process: The lifecycle of this policy.
        policy: The hash of this policy.
    """
    stages = process.stages
    if state.policy == policy and state.stage in stages:
        return state
    moved = process.lifecycle.migrate
    stage = state.stage if state.stage in stages else moved.get(state.stage)
    if stage is None:
        hint = did_you_mean(state.stage, stages).removeprefix("; ")
        needs = f"declare migrate: {{{state.stage}: one of {one_of(stages)}}}"
        unmet = Unmet("unknown-stage", f"no stage '{state.stage}'{_also(hint)}", needs)
        return Refusal(state.lead_id, state.stage, None, state.as_of, (unmet,))
    found = _renamed(replace(state, stage=stage), process)
    found = replace(
        _visit(found, process),
        hours=_hours(found, process),
        asked=_asked(found.asked, process),
        pauses=tuple(x for x in found.pauses if x.clock is None or x.clock in process.clocks),
        policy=policy,
        version=state.version + 1,
    )
    return replace(found, runs=_runs(found, process))


def _also(hint: str) -> str:
    return f"; {hint}" if hint else ""


def _renamed(state: State, process: Process) -> State:
    """Return a state whose past is in stages that there are, and its round as they say."""
    stages, moved = process.stages, process.lifecycle.migrate
    entries: dict[str, Entries] = {}
    for found in state.entries:
        name = found.stage if found.stage in stages else moved.get(found.stage)
        if name is not None:
            before = entries.get(name, Entries(name, found.first, found.last, 0))
            entries[name] = Entries(
                name,
                min(before.first, found.first),
                max(before.last, found.last),
                before.times + found.times,
            )
    previous = state.previous
    if previous is not None and previous not in stages:
        previous = moved.get(previous)
    closed = stages[state.stage].is_closed
    ended = (state.ended if state.ended is not None else state.entered) if closed else None
    through = (x if x in stages else moved.get(x) for x in state.through)
    return replace(
        state,
        entries=tuple(entries.values()),
        previous=previous,
        through=tuple(x for x in through if x is not None),
        ended=ended,
        moments=_moments(state, entries.values(), ended, process),
    )


def _moments(
    state: State, entries: Iterable[Entries], ended: Instant | None, process: Process
) -> _Moments:
    """Return the moments of the round that clocks of this policy run by, as far as is known."""
    stages, moved = process.stages, process.lifecycle.migrate
    found: dict[str, Instant] = {}
    for name, at in state.moments:
        place, _, stage = name.partition(".")
        if place in _PLACES and stage not in stages:
            name = f"{place}.{moved.get(stage)}"  # noqa: PLW2901 - the same moment by its name here
        found[name] = min(at, found.get(name, at))
    seen = [("created", state.began)]
    for entry in entries:
        since = entry.first if entry.first >= state.began else entry.last
        seen.append((f"entered.{entry.stage}", since))
    if state.contacted is not None:
        seen.append(("first_contact", state.contacted))
    for name, at in seen:
        if at >= state.began and (ended is None or at <= ended):
            found.setdefault(name, at)
    return tuple((name, at) for name, at in found.items() if name in process.watched)


def _visit(state: State, process: Process) -> State:
    """Return a state with what is asked for in its stage, and nothing else, of what was done."""
    stage = process.stages[state.stage]
    rules = dict(process.touches[state.stage])
    roles = stage.approvals.by if stage.approvals else ()
    steps = {
        step_id(name, step): found
        for name, plan in process.lifecycle.nurture.items()
        if state.stage in plan.in_
        for step, found in plan.steps.items()
    }
    return replace(
        state,
        counted=tuple((x, times[: rules[x].most]) for x, times in state.counted if x in rules),
        waived=tuple((x, why) for x, why in state.waived if x in rules and why in rules[x].waive),
        done=tuple((x, at) for x, at in state.done if x in stage.requires),
        approved=tuple((x, at) for x, at in state.approved if x in roles),
        sent=tuple((x, at) for x, at in state.sent if x in steps),
        matched=tuple((x, times[-steps[x].count :]) for x, times in state.matched if x in steps),
    )


def _hours(state: State, process: Process) -> tuple[tuple[Instant, str | None], ...]:
    """Return by which calendars the lead was worked; from now on by those of this policy."""
    now = process.calendar_of(state.owner, state.stage)
    known: Mapping[str | None, object] = {None: None} if now is None else process.calendars
    found: list[tuple[Instant, str | None]] = []
    past = ((at, name if name in known else now) for at, name in state.hours)
    for at, name in (*past, (state.time, now)):
        if not found or found[-1][1] != name:
            found.append((at, name))
    return tuple(found)


def _asked(asked: Iterable[Asked], process: Process) -> tuple[Asked, ...]:
    """Return of what was asked for what there is a response to, and is not given yet."""
    responses = process.lifecycle.responses
    return tuple(
        x
        for x in asked
        if x.response in responses
        and (
            (x.acknowledged is None and responses[x.response].acknowledge is not None)
            or (x.sent is None and responses[x.response].send is not None)
        )
    )


def _runs(state: State, process: Process) -> tuple[Run, ...]:
    """Return the runs of the clocks that are started anew; a new one as its moments say."""
    restarted = dict(process.restarted)
    found = {run.clock: run for run in state.runs if run.clock in restarted}
    for name, clock in restarted.items():
        start, stop = (value_of(state.moments, x) for x in (clock.from_, clock.to))
        if name not in found and start is not None:
            found[name] = Run(name, start, None if stop is None else max(start, stop), 0)
    return tuple(found.values())
