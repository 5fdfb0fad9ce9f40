"""What stands against a move: the one place in which a transition is allowed or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from leadrules.conditions.compiler import compile_condition
from leadrules.conditions.format import format_condition
from leadrules.conditions.tree import Always, fields_of
from leadrules.errors import did_you_mean, one_of
from leadrules.lifecycle.moves import OTHER, Move
from leadrules.lifecycle.process import Process
from leadrules.lifecycle.stages import Stage
from leadrules.lifecycle.state import State
from leadrules.lifecycle.statuses import derived_of, touches_missing, touches_stand, value_of
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
        self._demands = [_Demands(move, process, own) for move in self.lifecycle.moves]

    def by_role(self, moves: Sequence[int], role: str | None) -> Sequence[int]:
        """Return moves in their order, but first those that a role may ask for."""
        if len(moves) == 1:
            return moves
        return sorted(moves, key=lambda index: not self._demands[index].is_open_to(role))

    def unmet(self, index: int, case: Case, request: Request | None) -> tuple[list[Unmet], Read]:
        """Return what stands against a move, and what its guard read.

        Args:
            index: The move's place in the document.
            case: The lead at the moment.
            request: What is asked for; None if the policy takes the move by itself.
        """
        found: list[Unmet] = []
        demands = self._demands[index]
        if request is not None:
            found += demands.asked(request)
        for name in demands.fields:
            if name not in case.known:
                found.append(Unmet("field-missing", f"'{name}' is missing", "it has to be known"))
        read: Read = ()
        if demands.guard is not None:
            verdict, read = demands.guard.verdict(self.process, case)
            if verdict is not True:
                found.append(demands.guard.unmet(read, unknown=verdict is None))
        needing = demands.needing.get(case.state.stage)
        if needing is not None:
            found += _required(needing, case.state)
        if demands.touches:
            found += self._touches_open(demands.touches, case)
        if demands.limited is not None:
            found += self._too_often(demands.to, demands.limited, case)
        return found, read

    def _touches_open(self, touches: Iterable[str], case: Case) -> Iterable[Unmet]:
        for name in touches:
            rule = self.lifecycle.touches[name]
            lead_type = case.known.get("lead_type")
            if not touches_missing(self.process, name, case.state, lead_type):
                continue
            stand = touches_stand(self.process, name, case.state, lead_type, case.moment)
            if stand is not None:
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


class _Demands:
    """What a move demands, looked up once.

    Attributes:
        to: The stage that it leads to.
        fields: The fields that have to be known.
        touches: The rules of touches that have to be met.
        guard: Its condition, if it has one.
        needing: The stages that it leaves and that require something to go on by it.
        limited: The stage that it leads to, if leads may not come there whenever they like.
    """

    def __init__(self, move: Move, process: Process, own: Mapping[str, object]) -> None:
        target = process.stages[move.to]
        self.to, self.fields, self.touches = move.to, move.fields, move.touches
        self.guard = None if isinstance(move.when, Always) else _Guard(move, process, own)
        order = list(process.stages)
        self.needing: dict[str, Stage] = {}
        for name in move.from_:
            stage = process.stages[name]
            further = target.kind == "open" and order.index(move.to) > order.index(name)
            if (stage.requires or stage.approvals) and (further or target.kind == "won"):
                self.needing[name] = stage
        always = target.most is None and target.again_after is None
        self.limited = None if always else target
        self._by = None if move.by_anybody else move.by
        self._why = target.why
        self._chosen = bool(target.reasons)
        self._needs_reason = move.needs_reason(target)

    def is_open_to(self, role: str | None) -> bool:
        """Return whether a role may ask for it."""
        return self._by is None or role in self._by

    def asked(self, request: Request) -> list[Unmet]:
        """Return what is wrong with a request itself: who asks, and why."""
        found: list[Unmet] = []
        role, reason = request.role, request.reason
        if not self.is_open_to(role):
            needs = f"it takes {one_of(self._by)}" if self._by else "the policy takes it by itself"
            found.append(Unmet("role", may_not(role, "move it"), needs))
        if reason is None:
            if self._needs_reason:
                needs = f"it takes {one_of(self._why)}"
                found.append(Unmet("reason-missing", "no reason is said", needs))
        elif self._chosen and reason not in self._why:
            hint = did_you_mean(reason, self._why).removeprefix("; ")
            needs = hint or f"it takes {one_of(self._why)}"
            found.append(Unmet("reason-unknown", f"'{reason}' is no reason", needs))
        elif reason == OTHER and not request.note:
            needs = "it takes a note that says more"
            found.append(Unmet("note-missing", f"the reason is '{OTHER}'", needs))
        return found


class _Guard:
    """The condition of a move, compiled, with the names that it reads."""

    def __init__(self, move: Move, process: Process, own: Mapping[str, object]) -> None:
        self.text = format_condition(move.when)
        self.reads = fields_of(move.when)
        self.own = tuple(name for name in self.reads if name in own)
        self.run = compile_condition(move.when, process.vocabulary)

    def verdict(self, process: Process, case: Case) -> tuple[bool | None, Read]:
        """Return whether it is true of a lead, None if that is unknown, and what it read."""
        added = process.vocabulary.derived
        known: dict[str, Value] = {"id": case.state.lead_id}  # an error tells it
        for name in self.reads:
            value = (case.derived if name in added else case.known).get(name)
            if value is not None:
                known[name] = value
        if self.own:
            known |= derived_of(process, case.state, self.own, case.known, case.moment)
        found: bool | None = self.run(known, case.moment, process.parameters_at(case.moment))
        return found, tuple([(name, known.get(name)) for name in self.reads])

    def unmet(self, read: Read, *, unknown: bool) -> Unmet:
        """Return what stands against a move whose guard is not true."""
        if unknown:
            absent = ", ".join(repr(name) for name, value in read if value is None)
            needs = f"it takes {absent}" if absent else f"that cannot be compared: {told(read)}"
            return Unmet("guard-unknown", f"whether {self.text} is unknown", needs)
        return Unmet("guard-false", f"{self.text} is not true", told(read))


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
