"""The machine: the one way from stage to stage, for one lead or a frame of leads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from leadrules.calendars import Calendar
from leadrules.document import path_text
from leadrules.errors import EvaluationError, Issue, PolicyError, as_written, did_you_mean, one_of
from leadrules.events import Event, standing
from leadrules.lead import Lead
from leadrules.lifecycle.arguments import demand_known, tells_what_is_wrong
from leadrules.lifecycle.audit import Audit, Derive
from leadrules.lifecycle.course import Course
from leadrules.lifecycle.diagram import Diagram
from leadrules.lifecycle.document import Lifecycle
from leadrules.lifecycle.dues import owed_in
from leadrules.lifecycle.gate import Case, Gate, may_not
from leadrules.lifecycle.migration import migrated
from leadrules.lifecycle.owed import Owed
from leadrules.lifecycle.process import Process
from leadrules.lifecycle.state import State
from leadrules.lifecycle.statuses import timer_due
from leadrules.lifecycle.trail import Followed, Trail
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

    # --- where a lead is

    @tells_what_is_wrong
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
        return self._begin(lead, Instant(moment), lead.owner).state()  # type: ignore[arg-type]  # a datetime

    @tells_what_is_wrong
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
        if event.moment == state.time and (event.kind == "moved", event.id) <= state.last:
            message = f"at that moment the state holds '{state.last[1]}', which comes after it"
            if event.id == state.last[1]:
                message = f"the state holds '{event.id}' already"
            wrong.append(Unmet("late", message, "replay the events of the lead"))
        if event.kind == "retraction":
            message = "what a retraction takes back is in the state already"
            wrong = [Unmet("retraction", message, "replay the events of the lead")]
        if wrong:
            return Refusal(state.lead_id, state.stage, None, event.time, tuple(wrong))
        course = Course.of(self.process, state)
        course.note(event)
        return course.state()

    @tells_what_is_wrong
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
        given = tuple(events)
        facts, began = self._arisen(lead, given, at)
        course = self._begin(lead, began, _first_owner(lead, given))
        course.version = _taken_back(given, facts, at)
        return facts, course

    def _arisen(
        self, lead: Lead, events: Iterable[Event], at: datetime | None
    ) -> tuple[list[Event], Instant]:
        """Return the facts of a lead in their order, and when it arose."""
        moment = _END if at is None else moment_of(at)
        facts = standing(events, lead_id=lead.id, at=moment)
        created = _known(lead).get("created")
        if facts:
            first = facts[0].moment
            return facts, min(created, first) if isinstance(created, Instant) else first
        if not isinstance(created, Instant):
            message = "created: is missing, and nothing happened; nobody says when the lead arose"
            raise EvaluationError(message, field="created", lead_id=lead.id)
        if created > moment:
            message = f"at: the lead arose later, on {instant_text(created)}"
            raise EvaluationError(message, field="at", lead_id=lead.id)
        return facts, created

    def _begin(self, lead: Lead, at: Instant, owner: str | None) -> Course:
        return Course(self.process, lead.id, at, owner=owner, policy=self.policy)

    @tells_what_is_wrong
    def trail(
        self, lead: Lead, *, events: Iterable[Event] = (), at: datetime | None = None
    ) -> Trail:
        """Return the course of a lead: its state, as `replay` gives it, and how it came there.

        Args:
            lead: As of `replay`.
            events: As of `replay`.
            at: As of `replay`; statuses are as of then.

        Raises:
            EvaluationError: As of `replay`.
        """
        given = tuple(events)
        facts, began = self._arisen(lead, given, at)
        owner = _first_owner(lead, given)
        course = Followed(self.process, lead.id, began, owner=owner, policy=self.policy)
        course.version = _taken_back(given, facts, at)
        moment = None if at is None else moment_of(at)
        return course.trail(facts, lead_type=_known(lead).get("lead_type"), at=moment)

    def replay_frame(self, events: Any, *, leads: Any = None, at: datetime | None = None) -> Any:
        """Return the visits of many leads to stages, from a frame of what happened to them.

        Args:
            events: Any frame, with the columns `lead_id`, `id`, `time`, `kind`, `type` and `to`,
                in any order, as `policy.event_frame` makes one: pandas, polars, pyarrow, modin,
                DuckDB or PySpark. The columns `from`, `by`, `reason`, `policy` and `of` may be
                absent. A row without a lead, an id or a time is no event, nor is one of a kind
                that is not known, a move that does not say where to, or a retraction that does
                not say of what.
            leads: Any frame, with the column `created` and `lead_id`, or else `id`. Without it,
                and for leads that are not in it, a lead arises at its first event.
            at: The moment to which leads are followed; by default to the last event.

        Returns:
            The table `entries` as a frame of the kind of `events`: a row for each entry of
            `trail`, by lead and in its order. It is computed at once, and in memory: of a lazy
            frame, too. A lead has no row if it arose later than `at`, or if nobody says when.

        Raises:
            EvaluationError: If a column is absent or of a wrong type, two events of a lead that
                differ have one id, or two rows of a lead say that it arose at different moments.
        """
        from leadrules.lifecycle.frames import entries_of_frame  # noqa: PLC0415 - an extra

        moment = None if at is None else moment_of(at)
        return entries_of_frame(
            events, leads, stages=self.lifecycle.stages, vocabulary=self.vocabulary, at=moment
        )

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

    @tells_what_is_wrong
    def migrate(self, state: State) -> State | Refusal:
        """Return a state that another policy made as one of this policy.

        A lead stays in its stage, or goes where `migrate` says. What was done is kept as far as
        this policy asks for it. What this policy asks for and the other did not is as if it
        were not done, though clocks start when the state says that their moment was. To replay
        the events of the lead is exact. A state of this policy is given back as it is.

        Args:
            state: The state.

        Returns:
            The state, its version one higher; or a refusal, `unknown-stage`, if this policy
            does not say where leads of that stage go.
        """
        return migrated(state, self.process, self.policy)

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
        wrong = [*self._wrong(state, moment), *_wrongly_asked(state, request, moment)]
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
        wrong = self._wrong(state, moment)
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
        wrong = [*self._wrong(state, moment), *_wrongly_asked(state, request, moment)]
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

    @tells_what_is_wrong
    def demand(self, state: State, moment: int) -> None:
        """Raise an error if nothing can be said of a lead in a state at a moment.

        Raises:
            EvaluationError: If the moment is earlier than what is in the state, the state was made
                by another policy, or it names what the policy does not know.
        """
        for unmet in self._wrong(state, moment):
            message = f"state: {unmet.message}; {unmet.needs}"
            raise EvaluationError(message, field="state", lead_id=state.lead_id)
        demand_known(state, self.process)

    def _case(self, state: State, lead: Lead, derived: Derived | None, moment: int) -> Case:
        """Return a lead at a moment; who owns it says its state.

        Raises:
            EvaluationError: If the state is of another lead.
        """
        known = _known(lead)
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


def _first_owner(lead: Lead, events: Iterable[Event]) -> str | None:
    """Return who owned a lead when it arose: nobody, if events say who did from when on."""
    return None if any(event.kind == "assigned" for event in events) else lead.owner


def _taken_back(events: Iterable[Event], facts: Sequence[Event], at: datetime | None) -> int:
    """Return how many of the events up to a moment do not stand, or are no facts."""
    moment = _END if at is None else moment_of(at)
    return len({event.id for event in events if event.moment <= moment}) - len(facts)


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
