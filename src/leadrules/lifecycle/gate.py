"""What stands against a move: the one place in which a transition is allowed or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from leadrules.conditions.compiler import compile_condition
from leadrules.conditions.format import format_condition
from leadrules.conditions.tree import Always, fields_of
from leadrules.errors import did_you_mean, one_of
from leadrules.lifecycle.moves import OTHER, Move
from leadrules.lifecycle.process import Process
from leadrules.lifecycle.stages import Stage
from leadrules.lifecycle.state import State
from leadrules.lifecycle.statuses import SATISFIED, derived_of, touches_stand, value_of
from leadrules.lifecycle.transition import Read, Request, Unmet, told
from leadrules.values import Value, instant_text

__all__ = ["Case", "Gate", "may_not"]


class Case(NamedTuple):
    """A lead at a moment: where it is, what is known of it, and what earlier steps found."""

    state: State
    known: Mapping[str, Value]
    derived: Mapping[str, Value]
    moment: int


class Gate:
    """The guards of all moves, compiled, with the other things that a move demands.

    Args:
        process: The lifecycle.
    """

    def __init__(self, process: Process) -> None:
        self.process = process
        self.lifecycle = process.lifecycle
        own = {**self.lifecycle.results, **self.lifecycle.memory}
        self._guards = [_Guard(move, process, own) for move in self.lifecycle.moves]
        self._order = {name: index for index, name in enumerate(self.lifecycle.stages)}

    def unmet(self, index: int, case: Case, request: Request | None) -> tuple[list[Unmet], Read]:
        """Return what stands against a move, and what its guard read.

        Args:
            index: The move's place in the document.
            case: The lead at the moment.
            request: What is asked for; None if the policy takes the move by itself.
        """
        found: list[Unmet] = []
        move = self.lifecycle.moves[index]
        target = self.lifecycle.stages[move.to]
        if request is not None:
            found += asked(move, target, request)
        for name in move.fields:
            if name not in case.known:
                found.append(Unmet("field-missing", f"'{name}' is missing", "it has to be known"))
        guard = self._guards[index]
        read: Read = ()
        if guard.run is not None:
            verdict, read = guard.verdict(self.process, case)
            if verdict is not True:
                found.append(guard.unmet(read, unknown=verdict is None))
        stage = self.lifecycle.stages[case.state.stage]
        if (stage.requires or stage.approvals) and self._goes_on(case.state.stage, move.to):
            found += _required(stage, case.state)
        if move.touches:
            found += self._touches_open(move, case)
        if target.most is not None or target.again_after is not None:
            found += self._too_often(move.to, target, case)
        return found, read

    def _goes_on(self, stage: str, to: str) -> bool:
        """Return whether a move leads to the won end, or to an open stage further on."""
        kind = self.lifecycle.stages[to].kind
        return kind == "won" or (kind == "open" and self._order[to] > self._order[stage])

    def _touches_open(self, move: Move, case: Case) -> Iterable[Unmet]:
        for name in move.touches:
            rule = self.lifecycle.touches[name]
            lead_type = case.known.get("lead_type")
            stand = touches_stand(self.process, name, case.state, lead_type, case.moment)
            if stand is not None and stand.status not in SATISFIED:
                waive = f", or a waiver: {one_of(rule.waive)}" if rule.waive else ""
                count = f"{stand.missing} more" if stand.missing > 1 else "one more"
                yield Unmet(
                    "touches-open",
                    f"touches '{name}' are {stand.status.replace('_', ' ')}",
                    f"it takes {count}{waive}",
                )

    def _too_often(self, to: str, target: Stage, case: Case) -> Iterable[Unmet]:
        entries = case.state.entries_of(to)
        if entries is None:
            return
        if target.most is not None and entries.times >= target.most:
            message = f"the lead came to '{to}' {entries.times} times already"
            yield Unmet("limit-reached", message, f"at most {target.most} are allowed")
        if target.again_after is not None:
            due = self.process.deadline(entries.last, target.again_after, case.state.hours)
            if due is not None and case.moment < due:
                message = f"the lead came to '{to}' last on {instant_text(entries.last)}"
                yield Unmet("again-too-early", message, f"it may again from {instant_text(due)} on")


class _Guard:
    """The condition of a move, compiled, with the names that it reads."""

    def __init__(self, move: Move, process: Process, own: Mapping[str, object]) -> None:
        self.text = format_condition(move.when)
        self.reads = fields_of(move.when)
        self.own = tuple(name for name in self.reads if name in own)
        self.run = (
            None
            if isinstance(move.when, Always)
            else compile_condition(move.when, process.vocabulary)
        )

    def verdict(self, process: Process, case: Case) -> tuple[bool | None, Read]:
        """Return whether it is true of a lead, None if that is unknown, and what it read."""
        known = {**case.known, **case.derived}
        if self.own:
            known |= derived_of(process, case.state, self.own, case.known, case.moment)
        assert self.run is not None  # noqa: S101 - the caller looked
        found: bool | None = self.run(known, case.moment, process.parameters_at(case.moment))
        return found, tuple((name, known.get(name)) for name in self.reads)

    def unmet(self, read: Read, *, unknown: bool) -> Unmet:
        """Return what stands against a move whose guard is not true."""
        if unknown:
            absent = [name for name, value in read if value is None]
            return Unmet(
                "guard-unknown",
                f"whether {self.text} is unknown",
                f"it takes {', '.join(repr(x) for x in absent)}",
            )
        return Unmet("guard-false", f"{self.text} is not true", told(read))


def asked(move: Move, target: Stage, request: Request) -> Iterable[Unmet]:
    """Yield what is wrong with a request itself: who asks, and why."""
    if not (move.by_anybody or request.role in move.by):
        needs = f"it takes {one_of(move.by)}" if move.by else "the policy takes it by itself"
        yield Unmet("role", may_not(request.role, "move it"), needs)
    reasons = target.why
    if request.reason is None:
        if move.needs_reason(target):
            yield Unmet("reason-missing", "no reason is said", f"it takes {one_of(reasons)}")
    elif target.reasons and request.reason not in reasons:
        hint = did_you_mean(request.reason, reasons).removeprefix("; ")
        needs = hint or f"it takes {one_of(reasons)}"
        yield Unmet("reason-unknown", f"'{request.reason}' is no reason", needs)
    elif request.reason == OTHER and not request.note:
        yield Unmet("note-missing", f"the reason is '{OTHER}'", "it takes a note that says more")


def may_not(role: str | None, deed: str) -> str:
    """Return what is wrong with the role of who asks, for a message.

    Examples:
        >>> may_not("sales", "move it"), may_not(None, "move it")
        ("'sales' may not move it", 'no role is said')
    """
    return "no role is said" if role is None else f"'{role}' may not {deed}"


def _required(stage: Stage, state: State) -> Iterable[Unmet]:
    """Yield what the stage requires and is not there."""
    for name, needed in stage.requires.items():
        if value_of(state.done, name) is None:
            by = needed.by or ((stage.owner,) if stage.owner else ())
            needs = f"it is for {one_of(by)} to complete" if by else "it has to be completed"
            yield Unmet("requirement-open", f"'{name}' is not there", needs)
    for role in stage.approvals.by if stage.approvals else ():
        if value_of(state.approved, role) is None:
            yield Unmet("approval-open", f"'{role}' has not approved", f"it takes '{role}'")
