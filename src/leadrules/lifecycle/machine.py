"""The machine: the one way from stage to stage, for one lead or a frame of leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from leadrules.calendars import Calendar
from leadrules.document import path_text
from leadrules.errors import EvaluationError, Issue, PolicyError, as_written, did_you_mean, one_of
from leadrules.events import Event, standing
from leadrules.lead import Lead
from leadrules.lifecycle.course import Course
from leadrules.lifecycle.document import Lifecycle
from leadrules.lifecycle.gate import Case, Gate, may_not
from leadrules.lifecycle.process import Process
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
)
from leadrules.values import Instant, Value, instant_text, moment_of
from leadrules.vocabulary import Vocabulary

__all__ = ["StageMachine"]

_END = 2**63 - 1
"""After every moment."""

Derived = Mapping[str, Value]
"""What earlier steps of an evaluation add to a lead, by name, such as `band`."""


class StageMachine:
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
        self.lifecycle = lifecycle
        self.vocabulary = vocabulary or Vocabulary()
        self.calendars = calendars or {}
        self.policy = policy
        issues = [
            Issue(found.code, found.message, path_text(found.path))
            for found in lifecycle.check(self.vocabulary, self.calendars, warnings=False)
        ]
        if issues:
            raise PolicyError(issues)
        words = lifecycle.words(self.vocabulary)
        self.process = Process(lifecycle, words, self.calendars)
        self._gate = Gate(self.process)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (self.lifecycle, self.vocabulary, self.calendars, self.policy)

    def __repr__(self) -> str:
        return f"StageMachine({self.lifecycle.summary()})"

    # --- where a lead is

    def start(self, lead: Lead, *, at: datetime | None = None) -> State:
        """Return the state of a lead that has just arisen.

        Args:
            lead: The lead.
            at: When it arose; by default, when the lead says that it was created.

        Raises:
            EvaluationError: If nobody says when.
        """
        if at is None and _known(lead).get("created") is None:
            message = "created: is missing; say when the lead arose, by at=..."
            raise EvaluationError(message, field="created", lead_id=lead.id)
        moment = lead.record["created"] if at is None else moment_of(at)
        return self._begin(lead, Instant(moment)).state()  # type: ignore[arg-type]  # a datetime

    def note(self, state: State, event: Event) -> State | Refusal:
        """Return the state of a lead after a fact, which is applied without asking.

        Args:
            state: Where the lead is.
            event: What happened; no earlier than what is in the state already.

        Returns:
            The new state; or a refusal, if the fact is `late` or a `retraction`, since what came
            after it has to be replayed then, or the state was made by another policy.
        """
        if event.lead_id != state.lead_id:
            message = f"event '{event.id}': is of lead '{event.lead_id}', not of '{state.lead_id}'"
            raise EvaluationError(message, field="lead_id", lead_id=state.lead_id)
        wrong = self._wrong(state, event.moment)
        if event.kind == "retraction":
            message = "what a retraction takes back is in the state already"
            wrong = [Unmet("retraction", message, "replay the events of the lead")]
        if wrong:
            return Refusal(state.lead_id, state.stage, None, event.time, tuple(wrong))
        course = Course.of(self.process, state)
        course.note(event)
        return course.state()

    def replay(
        self, lead: Lead, *, events: Iterable[Event] = (), at: datetime | None = None
    ) -> State:
        """Return where a history brings a lead: the fold of its facts by time and id.

        The order in which events are given, and repeats of them, make no difference.

        Args:
            lead: The lead.
            events: What happened to it.
            at: The moment to which it is followed; by default to the last event.

        Raises:
            EvaluationError: If an event is of another lead or has the id of one that differs, or
                nobody says when the lead arose and nothing happened to it.
        """
        facts, course = self.opened(lead, events, at)
        course.fold(facts)
        return course.state()

    def opened(
        self, lead: Lead, events: Iterable[Event], at: datetime | None
    ) -> tuple[list[Event], Course]:
        """Return the facts of a lead in their order, and the course that they can be put into."""
        moment = _END if at is None else moment_of(at)
        facts = standing(events, lead_id=lead.id, at=moment)
        created = _known(lead).get("created")
        if isinstance(created, Instant) and (not facts or created <= facts[0].moment):
            return facts, self._begin(lead, created)
        if facts:
            return facts, self._begin(lead, facts[0].moment)
        message = "created: is missing, and nothing happened; nobody says when the lead arose"
        raise EvaluationError(message, field="created", lead_id=lead.id)

    def _begin(self, lead: Lead, at: Instant) -> Course:
        return Course(
            self.process,
            lead.id,
            at,
            owner=lead.owner,
            policy=self.policy,
        )

    # --- moves

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
            derived: What earlier steps found, such as the band; what is not given is missing.

        Returns:
            The transition, which is true in a condition and has the new state; or a refusal,
            which is false and lists every requirement that is not met.

        Raises:
            EvaluationError: If the lead or the moment cannot be evaluated.
        """
        moment = moment_of(at)
        wrong = self._wrong(state, moment)
        if wrong:
            return Refusal(state.lead_id, state.stage, request.to, at, tuple(wrong))
        moves = self.process.targets[state.stage].get(request.to)
        if moves is None:
            unmet = self._no_move(state.stage, request.to)
            return Refusal(state.lead_id, state.stage, request.to, at, (unmet,))
        case = Case(state, _known(lead), derived or {}, moment)
        least: tuple[Unmet, ...] | None = None
        for index in moves:
            found, read = self._gate.unmet(index, case, request)
            if not found:
                return self._moved(case, request, at, read)
            if least is None or len(found) < len(least):
                least = tuple(found)
        return Refusal(state.lead_id, state.stage, request.to, at, least or ())

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
        wrong = self._wrong(state, moment)
        if wrong:
            return Refusal(state.lead_id, state.stage, None, at, tuple(wrong))
        known = _known(lead)
        taken: list[Transition] = []
        seen = {state.stage, *(state.through if state.entered == moment else ())}
        while True:
            case = Case(state, known, derived or {}, moment)
            step = self._step(case, at, seen)
            if step is None:
                return Settled(state, tuple(taken))
            taken.append(step)
            state = step.state
            seen.add(state.stage)

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
        wrong = self._wrong(state, moment)
        if request.to not in self.lifecycle.stages:
            wrong.append(self._no_move(state.stage, request.to))
        elif request.to == state.stage:
            message = f"the lead is in stage '{request.to}' already"
            wrong.append(Unmet("no-move", message, "name another stage"))
        if request.role not in self.lifecycle.force:
            may = self.lifecycle.force
            needs = f"it takes {one_of(may)}" if may else "the policy lets nobody force a move"
            wrong.append(Unmet("no-force", may_not(request.role, "force a move"), needs))
        if request.reason is None:
            wrong.append(Unmet("reason-missing", "no reason is said", "a forced move needs one"))
        if not wrong:
            case = Case(state, {}, derived or {}, moment)
            return self._moved(case, request, at, (), forced=True)
        return Refusal(state.lead_id, state.stage, request.to, at, tuple(wrong))

    def _wrong(self, state: State, moment: int) -> list[Unmet]:
        """Return what stands against doing anything with a state."""
        found: list[Unmet] = []
        if state.policy != self.policy:
            message = "the state was made by another policy"
            found.append(Unmet("other-policy", message, "migrate the state to this one"))
        elif state.stage not in self.lifecycle.stages:
            message = f"the state is in stage '{state.stage}', which the policy does not know"
            found.append(Unmet("unknown-stage", message, "migrate the state"))
        if moment < state.time:
            message = (
                f"it is of {instant_text(moment)}, and the state holds facts up to "
                f"{instant_text(state.time)}"
            )
            found.append(Unmet("late", message, "replay the events of the lead"))
        return found

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
        course.go(request.to, Instant(case.moment), reason=request.reason, band=shown)
        return Transition(
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
        )


def _known(lead: Lead) -> Mapping[str, Value]:
    try:
        return lead.record
    except AttributeError:
        message = f"lead: '{as_written(lead)}' is no lead; make one with policy.lead(...)"
        raise EvaluationError(message, field="lead") from None


def _rebuilt(
    lifecycle: Lifecycle,
    vocabulary: Vocabulary,
    calendars: Mapping[str, Calendar],
    policy: str | None,
) -> StageMachine:
    return StageMachine(lifecycle, vocabulary=vocabulary, calendars=calendars, policy=policy)
