"""The machine: the one way from stage to stage, for one lead or a frame of leads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from leadrules.calendars import Calendar
from leadrules.errors import EvaluationError, as_written, did_you_mean, one_of
from leadrules.events import Event
from leadrules.lead import Lead
from leadrules.lifecycle.arguments import tells_what_is_wrong
from leadrules.lifecycle.audit import Audit, Derive
from leadrules.lifecycle.course import Course
from leadrules.lifecycle.diagram import Diagram
from leadrules.lifecycle.document import Lifecycle
from leadrules.lifecycle.dues import owed_in
from leadrules.lifecycle.follower import Follower, known_of
from leadrules.lifecycle.gate import Case, Gate, may_not
from leadrules.lifecycle.owed import Owed
from leadrules.lifecycle.state import State
from leadrules.lifecycle.statuses import timer_due
from leadrules.lifecycle.transition import (
    POLICY,
    Read,
    Refusal,
    Request,
    Settled,
    Transition,
    Unmet,
    transition,
)
from leadrules.values import Instant, Value, moment_of
from leadrules.vocabulary import Vocabulary

__all__ = ["StageMachine"]

Derived = Mapping[str, Value]
"""What earlier steps of an evaluation add to a lead, by name, such as `band`."""


class StageMachine(Follower):
    """A section `lifecycle` that is checked and compiled once, and then moves leads.

    There is no other way to change a stage than by what it gives back. It keeps nothing: the
    state goes in, and comes out as a new one.

    Args:
        lifecycle: The document.
        vocabulary: The names that its conditions may use, those of the score included.
        calendars: The calendars that it names.
        policy: The hash of the policy that it belongs to, which every state repeats.

    Raises:
        PolicyError: If the document is wrong.

    Examples:
        >>> from datetime import UTC
        >>> lifecycle = Lifecycle.model_validate({
        ...     "stages": {"inquiry": {"owner": "marketing"}, "won": {"kind": "won"}},
        ...     "moves": [{"from": "inquiry", "to": "won", "by": ["sales"], "fields": ["budget"]}]})
        >>> machine = StageMachine(lifecycle)
        >>> at = datetime(2026, 1, 5, tzinfo=UTC)
        >>> lead = Lead(id="17", created=at)
        >>> print(machine.advance(machine.start(lead), Request(to="won"), lead=lead, at=at))
        lead 17: 'inquiry' -> 'won' is refused
          no role is said; it takes 'sales' [role]
          'budget' is missing; it has to be known [field-missing]
    """

    def __init__(
        self,
        lifecycle: Lifecycle,
        *,
        vocabulary: Vocabulary | None = None,
        calendars: Mapping[str, Calendar] | None = None,
        policy: str | None = None,
    ) -> None:
        super().__init__(lifecycle, vocabulary=vocabulary, calendars=calendars, policy=policy)
        self._gate = Gate(self.process)
        self._added = frozenset(self.vocabulary.derived)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (self.lifecycle, self.vocabulary, self.calendars, self.policy)

    def __repr__(self) -> str:
        return f"StageMachine({self.lifecycle.summary()})"

    def diagram(self, *, guards: bool = True) -> Diagram:
        """Return the stages and moves as a state diagram, which notebooks draw.

        Args:
            guards: Whether the arrows say under which conditions they may be taken.
        """
        return self.lifecycle.diagram(guards=guards)

    @tells_what_is_wrong
    def audit(
        self,
        lead: Lead,
        *,
        events: Iterable[Event] = (),
        at: datetime | None = None,
        derived: Derive | None = None,
    ) -> tuple[Refusal, ...]:
        """Return the moves of a lead that happened and that the policy would have refused.

        A move is asked of the machine as a request of who made it, at its time and where the
        facts before it had brought the lead; one `by: policy` as a move that the policy takes
        by itself, a forced one as `force`. That a lead moved to the stage in which it was is no
        move, nor is where it arose, unless that stage is closed or guards lead to it
        (`arose-elsewhere`). Completions, approvals, waivers and pauses that changed nothing, since
        the policy does not know of what they speak or does not allow it, are told as well
        (`without-effect`), with no `to`.

        Args:
            lead: The lead, as it is known now.
            events: As of `replay`.
            at: As of `replay`.
            derived: Gives what earlier steps find of the lead, such as the band, by the lead, the
                events before a move, its moment, and the band that the lead had when it came to
                its stage; asked only where a guard reads such. Without it, that is missing.

        Raises:
            EvaluationError: As of `replay`.
        """
        facts, course = self.opened(lead, events, at)
        audit = Audit(self.process, self._gate, self._case, self.advance, self.force)
        return tuple(audit.refusals(lead, facts, course, derived))

    # --- moves

    @tells_what_is_wrong
    def advance(
        self,
        state: State,
        request: Request,
        *,
        lead: Lead,
        at: datetime,
        derived: Derived | None = None,
    ) -> Transition | Refusal:
        """Return the move that is asked for, or everything that stands against it.

        Args:
            state: Where the lead is.
            request: The stage it should go to, who asks, and why.
            lead: The lead.
            at: The moment; no earlier than what is in the state.
            derived: What earlier steps found, such as the band: `score.results`. What is not given
                is missing, and nothing else may be given.

        Returns:
            The transition, which is true in a condition and has the new state; or a refusal,
            which is false and lists every requirement that is not met.

        Raises:
            EvaluationError: If something that is given is not of its kind, or cannot be evaluated.
        """
        moment = moment_of(at)
        case = self._case(state, lead, derived, moment)
        wrong = self.wrong(state, moment)
        if request.by == POLICY or request.id:
            wrong += _wrongly_asked(state, request, moment)
        if wrong:
            return Refusal(state.lead_id, state.stage, request.to, at, tuple(wrong))
        moves = self.process.targets[state.stage].get(request.to)
        if moves is None:
            unmet = self._no_move(state.stage, request.to)
            return Refusal(state.lead_id, state.stage, request.to, at, (unmet,))
        against: dict[int, list[Unmet]] = {}
        for index in self._gate.by_role(moves, request.role):
            against[index], read = self._gate.unmet(index, case, request)
            if not against[index]:
                return self._moved(case, request, at, read)
        least = min((against[index] for index in moves), key=_how_far)
        return Refusal(state.lead_id, state.stage, request.to, at, tuple(least))

    @tells_what_is_wrong
    def would(
        self,
        state: State,
        *,
        lead: Lead,
        at: datetime,
        role: str | None = None,
        derived: Derived | None = None,
    ) -> Mapping[str, tuple[Unmet, ...]]:
        """Return every stage that a move leads to, with what stands against going there.

        Nothing is changed, and nothing but a role is said, so a reason that is needed is listed.

        Args:
            state: As of `advance`.
            lead: As of `advance`.
            at: As of `advance`.
            role: The role of who would ask.
            derived: As of `advance`.
        """
        found: dict[str, tuple[Unmet, ...]] = {}
        for to in self.process.targets[state.stage] if state.stage in self.lifecycle.stages else ():
            asked = Request(to=to, role=role)
            answer = self.advance(state, asked, lead=lead, at=at, derived=derived)
            found[to] = answer.unmet if isinstance(answer, Refusal) else ()
        return found

    @tells_what_is_wrong
    def settle(
        self, state: State, *, lead: Lead, at: datetime, derived: Derived | None = None
    ) -> Settled | Refusal:
        """Return what the policy moves by itself: automatic moves, and those whose time is over.

        Of a stage the first move in document order is taken that nothing stands against, then
        of the next stage. To where the lead has been at that moment it does not go back, so to
        settle twice does nothing more.

        Args:
            state: As of `advance`.
            lead: As of `advance`.
            at: As of `advance`.
            derived: As of `advance`.

        Returns:
            The state after all of it, with the moves; or a refusal, if the moment is earlier than
            what is in the state, or the state was made by another policy.
        """
        moment = moment_of(at)
        wrong = self.wrong(state, moment)
        if wrong:
            return Refusal(state.lead_id, state.stage, None, at, tuple(wrong))
        taken: list[Transition] = []
        seen = {state.stage, *(state.through if state.entered == moment else ())}
        while True:
            case = self._case(state, lead, derived, moment)
            step = self._step(case, at, seen)
            if step is None:
                return Settled(state, tuple(taken))
            taken.append(step)
            state = step.state
            seen.add(state.stage)

    @tells_what_is_wrong
    def force(
        self,
        state: State,
        request: Request,
        *,
        at: datetime,
        derived: Derived | None = None,
    ) -> Transition | Refusal:
        """Return a move that is made whatever stands against it, by a role that may do so.

        Args:
            state: As of `advance`.
            request: As of `advance`; a reason has to be said.
            at: As of `advance`.
            derived: As of `advance`.
        """
        moment = moment_of(at)
        found = self._found(derived)
        wrong = [*self.wrong(state, moment), *_wrongly_asked(state, request, moment)]
        if request.to not in self.lifecycle.stages:
            wrong.append(self._no_move(state.stage, request.to))
        elif request.to == state.stage:
            message = f"the lead is in stage '{request.to}' already"
            wrong.append(Unmet("no-move", message, "name another stage"))
        if request.role not in self.lifecycle.force:
            may = self.lifecycle.force
            needs = f"it takes {one_of(may)}" if may else "the policy lets nobody force a move"
            wrong.append(Unmet("no-force", may_not(request.role, "force a move"), needs))
        if not (request.reason or "").strip():
            wrong.append(Unmet("reason-missing", "no reason is said", "a forced move needs one"))
        if not wrong:
            case = Case(state, {}, found, moment)
            return self._moved(case, request, at, (), forced=True)
        return Refusal(state.lead_id, state.stage, request.to, at, tuple(wrong))

    # --- what is owed

    @tells_what_is_wrong
    def owed(
        self, state: State, *, lead: Lead, at: datetime, derived: Derived | None = None
    ) -> tuple[Owed, ...]:
        """Return everything that the lifecycle owes a lead at a moment.

        Args:
            state: As of `advance`.
            lead: As of `advance`.
            at: As of `advance`.
            derived: As of `advance`; the conditions of nurture plans read it.

        Raises:
            EvaluationError: If the moment is earlier than what is in the state, or the state was
                made by another policy.
        """
        moment = moment_of(at)
        self.demand(state, moment)
        case = self._case(state, lead, derived, moment)
        return tuple(owed_in(self.process, state, {**case.known, **case.derived}, moment))

    def _case(self, state: State, lead: Lead, derived: Derived | None, moment: int) -> Case:
        """Return a lead at a moment; who owns it says its state.

        Raises:
            EvaluationError: If the state is of another lead.
        """
        known = known_of(lead)
        if lead.id != state.lead_id:
            message = f"state: is of lead '{state.lead_id}', not of '{lead.id}'"
            raise EvaluationError(message, field="state", lead_id=lead.id)
        if state.owner is not None and self.process.reads_owner:
            known = {**known, "owner": state.owner}
        return Case(state, known, self._found(derived), moment)

    def _found(self, derived: Derived | None) -> Derived:
        """Return what earlier steps found, which is never what a lead brings.

        Raises:
            EvaluationError: If it has a name that no earlier step adds.
        """
        if not derived:
            return {}
        if not derived.keys() <= self._added:
            name = next(x for x in derived if x not in self._added)
            adds = f"they add {one_of(self.vocabulary.derived)}" if self._added else "there is none"
            message = f"derived: no earlier step adds '{as_written(name)}'; {adds}"
            raise EvaluationError(message, field="derived")
        return derived

    def _no_move(self, stage: str, to: str) -> Unmet:
        if to not in self.lifecycle.stages:
            hint = (
                did_you_mean(to, self.lifecycle.stages).removeprefix("; ")
                or f"expected {one_of(self.lifecycle.stages)}"
            )
            return Unmet("unknown-stage", f"no stage '{to}'", hint)
        ends = self.process.targets[stage]
        needs = f"there is one to {one_of(ends)}" if ends else "it is an end of the process"
        return Unmet("no-move", f"no move leads from '{stage}' to '{to}'", needs)

    def _step(self, case: Case, at: datetime, seen: set[str]) -> Transition | None:
        """Return the first move that the policy takes of a stage, if there is one."""
        for index, move in self.process.moves[case.state.stage]:
            if move.to in seen or not move.by_policy:
                continue
            if not move.automatic:
                due = timer_due(self.process, case.state, move.timer)
                if due is None or case.moment < due:
                    continue
            found, read = self._gate.unmet(index, case, None)
            if not found:
                asked = Request(to=move.to, by=POLICY, reason=move.because)
                return self._moved(case, asked, at, read)
        return None

    def _moved(
        self,
        case: Case,
        request: Request,
        at: datetime,
        read: Read,
        *,
        forced: bool = False,
    ) -> Transition:
        state = case.state
        band = case.derived.get("band")
        shown = band if isinstance(band, str) else None
        course = Course.of(self.process, state)
        name = request.id or _name_of(state, request.to, case.moment)
        course.go(request.to, Instant(case.moment), name=name, reason=request.reason, band=shown)
        return transition(
            state.lead_id,
            state.stage,
            request.to,
            at,
            course.state(),
            request.by,
            request.role,
            request.reason,
            request.note,
            forced,
            read,
            shown,
            self.policy,
            name,
        )


def _name_of(state: State, to: str, moment: int) -> str:
    """Return a name for the fact that states a move: after those of moves at that moment."""
    name = f"move-{moment}-{to}"
    if moment == state.time and (True, name) <= state.last:
        return f"{state.last[1]}/{to}"
    return name


def _wrongly_asked(state: State, request: Request, moment: int) -> Iterator[Unmet]:
    """Yield what is wrong with a request, wherever the lead is and whoever asks."""
    if request.by == POLICY:
        message = f"'{POLICY}' is who takes the moves that the policy takes by itself"
        yield Unmet("role", message, "say who asks")
    if request.id and moment == state.time and (True, request.id) <= state.last:
        message = f"at that moment the state holds '{state.last[1]}', which comes after the id"
        yield Unmet("late", message, "choose an id that comes after it, or leave it out")


def _how_far(unmet: Sequence[Unmet]) -> tuple[bool, int]:
    """Return how far a move is from being made; one that the role may not ask for is farther."""
    return any(found.code == "role" for found in unmet), len(unmet)


def _rebuilt(
    lifecycle: Lifecycle,
    vocabulary: Vocabulary,
    calendars: Mapping[str, Calendar],
    policy: str | None,
) -> StageMachine:
    return StageMachine(lifecycle, vocabulary=vocabulary, calendars=calendars, policy=policy)
