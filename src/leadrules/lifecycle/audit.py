"""What a policy would have refused of what happened, and which facts had no effect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from leadrules.conditions.tree import Always, fields_of
from leadrules.errors import one_of
from leadrules.events import Event
from leadrules.lead import Lead
from leadrules.lifecycle.course import Course
from leadrules.lifecycle.gate import Case, Gate, may_not
from leadrules.lifecycle.idle import idle
from leadrules.lifecycle.moves import Move
from leadrules.lifecycle.process import Process
from leadrules.lifecycle.state import State
from leadrules.lifecycle.statuses import timer_due
from leadrules.lifecycle.transition import POLICY, Refusal, Request, Transition, Unmet
from leadrules.values import Value, instant_text

__all__ = ["Audit", "Derive"]

Derive = Callable[[Lead, Sequence[Event], datetime, str | None], Mapping[str, Value]]
"""Gives what earlier steps find of a lead, by what happened to it before, at a moment, and by the
band that it had when it came to its stage."""


@dataclass(frozen=True, slots=True)
class Audit:
    """Asks of moves that happened whether they would have been made.

    Attributes:
        process: The lifecycle.
        gate: What stands against moves.
        case: Gives a lead at a moment, of its state, what is known and what was found.
        advance: Answers a request, as the machine does.
        force: Answers a request that is made whatever stands against it.
    """

    process: Process
    gate: Gate
    case: Callable[..., Case]
    advance: Callable[..., Transition | Refusal]
    force: Callable[..., Transition | Refusal]

    def refusals(
        self, lead: Lead, facts: Sequence[Event], course: Course, derive: Derive | None
    ) -> Iterator[Refusal]:
        """Yield the refusals of moves and what had no effect, while facts go into a course.

        Args:
            lead: The lead.
            facts: What happened to it, in order.
            course: Where it begins.
            derive: Gives what earlier steps find, by the facts before a move.
        """
        for place, fact in enumerate(facts):
            if fact.kind != "moved":
                unmet = idle(self.process, course, fact)
                if unmet is not None:
                    yield Refusal(lead.id, course.stage, None, fact.time, (unmet,))
            elif fact["to"] != course.stage:
                arose = course.arises(fact) and fact["forced"] is not True
                found: Mapping[str, Value] = {}
                if derive is not None and not arose and self._reads_results(fact, course):
                    found = derive(lead, facts[:place], fact.time, course.band)
                state = course.state()
                ask = self._arising(fact, state, lead) if arose else None
                answer = ask if arose else self._answer(fact, state, lead, found)
                if isinstance(answer, Refusal):
                    yield answer
            course.note(fact)

    def _reads_results(self, fact: Event, course: Course) -> bool:
        """Return whether a guard between the stages of a move reads what earlier steps find."""
        results = self.process.vocabulary.derived
        own = {**self.process.lifecycle.results, **self.process.lifecycle.memory}
        moves = self.process.targets[course.stage].get(str(fact["to"]), ())
        return fact["forced"] is not True and any(
            name in results and name not in own
            for index in moves
            for name in fields_of(self.process.lifecycle.moves[index].when)
        )

    def _arising(self, fact: Event, state: State, lead: Lead) -> Refusal | None:
        """Return what stands against a lead arising elsewhere than in the first stage.

        It may arise in an open stage to which it could have come at once: by moves without a
        guard, or out of the first stage by one whose guard is met.
        """
        to, process = str(fact["to"]), self.process
        case = self.case(state, lead, {}, fact.moment)
        seen, ways = {state.stage}, [state.stage]
        while ways and to not in process.closed:
            stage = ways.pop()
            for index, move in process.moves[stage]:
                if move.to in seen or move.to in process.closed:
                    continue
                if self._is_open(move) or (
                    stage == state.stage and not self.gate.unmet(index, case, None)[0]
                ):
                    seen.add(move.to)
                    ways.append(move.to)
        if to in seen and to not in process.closed:
            return None
        why = "which is closed" if to in process.closed else "to which guards lead"
        message = f"the lead arose in '{to}', {why}"
        unmet = Unmet("arose-elsewhere", message, f"leads arise in '{process.lifecycle.initial}'")
        return Refusal(state.lead_id, state.stage, to, fact.time, (unmet,))

    def _is_open(self, move: Move) -> bool:
        """Return whether nothing stands against a move but who asks."""
        stages = (self.process.stages[name] for name in move.from_)
        bare = not any(stage.requires or stage.approvals for stage in stages)
        return bare and isinstance(move.when, Always) and not move.fields and not move.touches

    def _answer(
        self, fact: Event, state: State, lead: Lead, derived: Mapping[str, Value]
    ) -> Transition | Refusal | None:
        request = _request(fact)
        if fact["forced"] is True:
            return self.force(state, request, at=fact.time, derived=derived)
        if request.by == POLICY and request.to in self.process.targets[state.stage]:
            case = self.case(state, lead, derived, fact.moment)
            unmet = self._unmet_by_policy(case, request.to)
            if unmet:
                return Refusal(state.lead_id, state.stage, request.to, fact.time, unmet)
            return None
        if request.by == POLICY:
            request = replace(request, by=None)
        return self.advance(state, request, lead=lead, at=fact.time, derived=derived)

    def _unmet_by_policy(self, case: Case, to: str) -> tuple[Unmet, ...]:
        """Return what stands against a move that the policy is said to have taken by itself."""
        found: list[tuple[Unmet, ...]] = []
        roles: dict[str, None] = {}
        for index in self.process.targets[case.state.stage][to]:
            move = self.process.lifecycle.moves[index]
            roles |= dict.fromkeys(move.by)
            if move.by_policy:
                early = () if move.automatic else self._too_early(case, index)
                found.append((*early, *self.gate.unmet(index, case, None)[0]))
        if found:
            return min(found, key=len)
        needs = f"it takes {one_of(roles)}" if roles else "it takes somebody who asks"
        return (Unmet("role", may_not(POLICY, "move it"), needs),)

    def _too_early(self, case: Case, index: int) -> Iterable[Unmet]:
        timer = self.process.lifecycle.moves[index].timer
        due = timer_due(self.process, case.state, timer)
        if due is None:
            why = f"for '{case.state.reason}'" if case.state.reason else "without a reason"
            message = f"stage '{case.state.stage}' wakes no lead that came {why}"
            yield Unmet("not-due", message, "its wake would have to name the reason, or default")
        elif case.moment < due:
            message = f"its time in '{case.state.stage}' is not over"
            yield Unmet("not-due", message, f"the policy takes it from {instant_text(due)} on")


def _request(fact: Event) -> Request:
    """Return a move that happened as the request that it answers."""
    by, role, reason, note = (
        None if fact[name] is None else str(fact[name]) for name in ("by", "role", "reason", "note")
    )
    return Request(to=str(fact["to"]), by=by, role=role, reason=reason, note=note)
