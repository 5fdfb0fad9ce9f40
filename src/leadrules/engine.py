"""The engine: one compiled policy, and the steps of an evaluation in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from leadrules.agenda import Agenda, agenda
from leadrules.errors import EvaluationError, as_written
from leadrules.events import Event, standing
from leadrules.handoff import Handoff, handoff
from leadrules.handoff.assigned import assigned_of, demand_assignment
from leadrules.lead import Lead
from leadrules.lifecycle.arguments import demand_state
from leadrules.lifecycle.machine import StageMachine
from leadrules.lifecycle.state import State
from leadrules.lifecycle.statuses import derived_of
from leadrules.lifecycle.transition import Refusal, Request, Settled, Transition
from leadrules.metrics.periods import Period
from leadrules.policy import Policy
from leadrules.report import Report
from leadrules.routing.assignment import Assignment
from leadrules.routing.pools import Reason
from leadrules.routing.rotation import Rotation
from leadrules.routing.router import Answered, Router
from leadrules.routing.trace import Trace
from leadrules.scoring.score import Score
from leadrules.scoring.scorer import Scorer
from leadrules.values import Instant, Value, moment_of

__all__ = ["Engine", "Evaluation"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a policy says of a lead at a moment: the answer of each step.

    Attributes:
        lead_id: The lead.
        at: The moment of the evaluation.
        policy: The hash of the policy.
        score: How good it is; None if the policy does not score.
        state: Where it is in the process; None if the policy has no lifecycle, or nobody says
            when the lead arose.
        assignment: Who gets it, or why nobody does; None if nobody asked.
        rotation: Where the rotation stands after that, to be kept; None if nobody asked.
    """

    lead_id: str
    at: datetime
    policy: str
    score: Score | None
    state: State | None = None
    assignment: Answered | None = None
    rotation: Rotation | None = None


class Engine:
    """A policy, compiled once, that evaluates leads.

    Args:
        policy: The policy, as `load_policy` gives it.

    Raises:
        EvaluationError: If it is no policy.

    Examples:
        >>> from datetime import UTC, datetime
        >>> from leadrules import Lead, load_policy
        >>> engine = Engine(load_policy('''
        ... leadrules: 1
        ... policy: {id: acme, version: 1, effective: 2026-01-01}
        ... scoring: {fit: {characteristics: {known: [{when: known(email), points: 5}]}}}
        ... '''))
        >>> lead = Lead(id="17", email="ada@example.org")
        >>> engine.evaluate(lead, at=datetime(2026, 1, 5, tzinfo=UTC)).score.score
        5
    """

    def __init__(self, policy: Policy) -> None:
        if not isinstance(policy, Policy):
            message = f"policy: '{as_written(policy)}' is no policy; read one with load_policy(...)"
            raise EvaluationError(message, field="policy")
        self.policy = policy
        self._scorer = (
            Scorer(policy.scoring, vocabulary=policy.vocabulary, policy=policy.hash)
            if policy.scoring is not None
            else None
        )
        self._machine = (
            StageMachine(
                policy.lifecycle,
                vocabulary=policy.scored,
                calendars=policy.calendars,
                policy=policy.hash,
            )
            if policy.lifecycle is not None
            else None
        )
        self._router = (
            Router(
                policy.routing,
                vocabulary=policy.staged,
                calendars=policy.calendars,
                tables=policy.rows,
                closed=self._machine.process.closed if self._machine else (),
                policy=policy.hash,
            )
            if policy.routing is not None
            else None
        )
        own = policy.lifecycle.results if policy.lifecycle else {}
        read = policy.routing.fields() if policy.routing else ()
        self._routed_by = tuple(name for name in read if name in own)

    def __reduce__(self) -> tuple[object, ...]:
        return Engine, (self.policy,)

    def __repr__(self) -> str:
        return f"Engine({self.policy!r})"

    @property
    def scorer(self) -> Scorer:
        """The scorer of the policy, for leads and frames.

        Raises:
            EvaluationError: If the policy has no section `scoring`.
        """
        if self._scorer is None:
            message = f"policy '{self.policy.policy.id}' has no section 'scoring'"
            raise EvaluationError(message, field="scoring")
        return self._scorer

    @property
    def machine(self) -> StageMachine:
        """The machine of the policy's stages.

        Raises:
            EvaluationError: If the policy has no section `lifecycle`.
        """
        if self._machine is None:
            message = f"policy '{self.policy.policy.id}' has no section 'lifecycle'"
            raise EvaluationError(message, field="lifecycle")
        return self._machine

    @property
    def router(self) -> Router:
        """The router of the policy.

        Raises:
            EvaluationError: If the policy has no section `routing`.
        """
        if self._router is None:
            message = f"policy '{self.policy.policy.id}' has no section 'routing'"
            raise EvaluationError(message, field="routing")
        return self._router

    def evaluate(  # noqa: PLR0913 - what each step reads
        self,
        lead: Lead,
        *,
        events: Iterable[Event] = (),
        state: State | None = None,
        at: datetime,
        previous: str | None = None,
        rotation: Rotation | None = None,
        load: Mapping[str, int] | None = None,
    ) -> Evaluation:
        """Return what the policy says of a lead at a moment.

        Args:
            lead: The lead.
            events: What happened to it, in any order.
            state: Where it is in the process, if the host keeps that; else its events say so.
            at: The moment; with a time zone.
            previous: The band that the lead was in before; by default that of its last move.
            rotation: Where the rotation stands; with it, the lead is routed, too.
            load: How many leads each member works on, as of `router.route`.

        Raises:
            EvaluationError: If the lead, the events or the moment cannot be evaluated, or it is to
                be routed and the policy has no section `routing`.
        """
        _demand_lead(lead)
        moment = moment_of(at)
        given = tuple(events)
        if state is not None:
            demand_state(state)
        if state is None and self._machine is not None and _has_arisen(lead, given, moment):
            state = self._machine.replay(lead, events=given, at=at)
        if previous is None and state is not None:
            previous = state.band
        score = (
            self._scorer.score(lead, events=given, at=at, previous=previous)
            if self._scorer
            else None
        )
        found = Evaluation(lead.id, at, self.policy.hash, score, state)
        if rotation is None:
            return found
        router = self._router_for(rotation)
        derived = self.derived(lead, evaluation=found)
        answer, after = router.route(lead, at=at, state=rotation, derived=derived, load=load)
        return replace(found, assignment=answer, rotation=after)

    def advance(  # noqa: PLR0913 - what the machine is asked, and what the score reads
        self,
        lead: Lead,
        request: Request,
        *,
        state: State,
        events: Iterable[Event] = (),
        at: datetime,
        previous: str | None = None,
    ) -> Transition | Refusal:
        """Return the move that is asked for, or everything that stands against it.

        The lead is scored first, since guards may read what that finds.

        Args:
            lead: The lead.
            request: The stage it should go to, who asks, and why.
            state: Where it is, as the host keeps it.
            events: As of `evaluate`; the score reads them.
            at: As of `evaluate`; no earlier than what is in the state.
            previous: As of `evaluate`.

        Raises:
            EvaluationError: If the policy has no section `lifecycle`, or as of `evaluate` and
                `machine.advance`.
        """
        machine = self.machine
        found = self.evaluate(lead, events=events, state=state, at=at, previous=previous)
        return machine.advance(state, request, lead=lead, at=at, derived=_results_of(found))

    def settle(
        self,
        lead: Lead,
        *,
        state: State | None = None,
        events: Iterable[Event] = (),
        at: datetime,
        previous: str | None = None,
    ) -> Settled | Refusal:
        """Return what the policy moves by itself: automatic moves, and those whose time is over.

        The lead is scored first, once, as for `advance`.

        Args:
            lead: The lead.
            state: As of `evaluate`.
            events: As of `evaluate`.
            at: As of `evaluate`.
            previous: As of `evaluate`.

        Raises:
            EvaluationError: If the policy has no section `lifecycle`, nobody says when the lead
                arose, or as of `evaluate` and `machine.settle`.
        """
        machine = self.machine
        given = tuple(events)
        found = self.evaluate(lead, events=given, state=state, at=at, previous=previous)
        if found.state is None:
            machine.replay(lead, events=given, at=at)  # tells what is missing
        return machine.settle(found.state, lead=lead, at=at, derived=_results_of(found))  # type: ignore[arg-type]  # there is one

    def route(  # noqa: PLR0913 - what the steps before read, and the rotation
        self,
        lead: Lead,
        *,
        rotation: Rotation,
        events: Iterable[Event] = (),
        state: State | None = None,
        at: datetime,
        previous: str | None = None,
        load: Mapping[str, int] | None = None,
    ) -> tuple[Answered, Rotation]:
        """Return who gets a lead, or why nobody does, and the new rotation.

        The lead is scored first, and its stage is found, since rules may read both.

        Args:
            lead: The lead.
            rotation: Where the rotation stands; `router.start()` is the first.
            events: As of `evaluate`.
            state: As of `evaluate`.
            at: As of `evaluate`.
            previous: As of `evaluate`.
            load: How many leads each member works on, as of `router.route`.

        Raises:
            EvaluationError: If the policy has no section `routing`, or as of `evaluate` and
                `router.route`.
        """
        self._router_for(rotation)
        found = self.evaluate(
            lead,
            events=events,
            state=state,
            at=at,
            previous=previous,
            rotation=rotation,
            load=load,
        )
        return found.assignment, found.rotation  # type: ignore[return-value]  # it was asked for

    def explain_route(  # noqa: PLR0913 - as `route`, and how it is told
        self,
        lead: Lead,
        *,
        rotation: Rotation,
        events: Iterable[Event] = (),
        state: State | None = None,
        at: datetime,
        previous: str | None = None,
        load: Mapping[str, int] | None = None,
        tried: Sequence[str] = (),
        redact: bool = False,
    ) -> Trace:
        """Return why a lead would go where `route` would send it; nothing is counted.

        Args:
            lead: The lead.
            rotation: As of `route`; to explain a decision that was made, the one before it.
            events: As of `evaluate`.
            state: As of `evaluate`.
            at: As of `evaluate`.
            previous: As of `evaluate`.
            load: As of `route`.
            tried: Whom not to ask again, as of `router.explain`.
            redact: As of `router.explain`.

        Raises:
            EvaluationError: As of `route` and `router.explain`.
        """
        router = self._router_for(rotation)
        found = self.evaluate(lead, events=events, state=state, at=at, previous=previous)
        derived = self.derived(lead, evaluation=found)
        return router.explain(
            lead, at=at, state=rotation, derived=derived, load=load, tried=tried, redact=redact
        )

    def reassign(  # noqa: PLR0913 - as `route`, and why it is assigned again
        self,
        lead: Lead,
        *,
        history: Iterable[Assignment],
        reason: Reason,
        rotation: Rotation,
        to: str | None = None,
        events: Iterable[Event] = (),
        state: State | None = None,
        at: datetime,
        previous: str | None = None,
        load: Mapping[str, int] | None = None,
    ) -> tuple[Answered, Rotation]:
        """Return who gets a lead that somebody had before, and the new rotation.

        Args:
            lead: The lead.
            history: As of `router.reassign`.
            reason: As of `router.reassign`.
            rotation: As of `route`.
            to: As of `router.reassign`.
            events: As of `evaluate`.
            state: As of `evaluate`.
            at: As of `evaluate`.
            previous: As of `evaluate`.
            load: As of `route`.

        Raises:
            EvaluationError: As of `route` and `router.reassign`.
        """
        router = self._router_for(rotation)
        found = self.evaluate(lead, events=events, state=state, at=at, previous=previous)
        return router.reassign(
            lead,
            history=history,
            reason=reason,
            at=at,
            state=rotation,
            to=to,
            derived=self.derived(lead, evaluation=found),
            load=load,
        )

    def _router_for(self, rotation: object) -> Router:
        """Return the router, if it can go on from where a rotation stands."""
        router = self.router
        if not isinstance(rotation, Rotation):
            wrong = f"'{as_written(rotation)}' is no rotation; expected what router.start() gives"
        elif rotation.policy != self.policy.hash:
            wrong = (
                f"was made by policy '{rotation.policy}', not '{self.policy.hash}'; "
                "expected router.migrate(rotation)"
            )
        else:
            return router
        raise EvaluationError(f"rotation: {wrong}", field="rotation")

    def derived(self, lead: Lead, *, evaluation: Evaluation) -> Mapping[str, Value]:
        """Return what scoring and the lifecycle add to a lead, as rules of routing read it.

        It is what `router.route(..., derived=...)` wants, for a host that has evaluated the lead.

        Args:
            lead: The lead.
            evaluation: What `evaluate` gave for it.
        """
        derived = dict(_results_of(evaluation))
        if self._machine is not None and evaluation.state is not None and self._routed_by:
            known = {**lead.record, **derived}
            at = moment_of(evaluation.at)
            process = self._machine.process
            derived |= derived_of(process, evaluation.state, self._routed_by, known, at)
        return derived

    def agenda(
        self,
        lead: Lead,
        *,
        state: State | None = None,
        events: Iterable[Event] = (),
        at: datetime,
        previous: str | None = None,
    ) -> Agenda:
        """Return everything that is owed to a lead at a moment, the most urgent first.

        What time alone moves is not moved: `machine.settle` does that, and is to be asked first.

        Args:
            lead: The lead.
            state: As of `evaluate`.
            events: As of `evaluate`.
            at: As of `evaluate`.
            previous: As of `evaluate`.

        Raises:
            EvaluationError: If the policy has no section `lifecycle`, the state was made by
                another policy or holds facts after the moment, or the lead, the events or the
                moment cannot be evaluated.
        """
        machine = self.machine
        if state is not None:
            machine.demand(state, moment_of(at))
        given = tuple(events)
        found = self.evaluate(lead, events=given, state=state, at=at, previous=previous)
        return agenda(
            lead,
            found.state,
            machine=machine,
            at=at,
            score=found.score,
            scoring=self.policy.scoring,
            lapses=self._lapse(lead, given, moment_of(at)),
        )

    def _lapse(self, lead: Lead, events: Iterable[Event], moment: int) -> int | None:
        """Return when the next answer lapses of those that hold at a moment, if one does."""
        interview = self._scorer.interview if self._scorer else None
        if interview is None:
            return None
        given = interview.given(standing(events, lead_id=lead.id, at=moment), moment)
        ends = [interview.until(x) for x in given.values() if x["answer"] != "unknown"]
        return min((end for end in ends if end is not None), default=None)

    def handoff(  # noqa: PLR0913 - what the packet is made of
        self,
        lead: Lead,
        *,
        events: Iterable[Event] = (),
        at: datetime,
        previous: str | None = None,
        assignment: Answered | None = None,
        redact: bool = False,
    ) -> Handoff:
        """Return what goes with a lead to whoever takes it over, and what of that is missing.

        A policy without a lifecycle, or without scoring, has nothing to say of these parts. As
        for `agenda`, what time alone moves is not moved.

        Args:
            lead: The lead.
            events: As of `evaluate`; all of its history.
            at: As of `evaluate`.
            previous: As of `evaluate`.
            assignment: Who gets the lead, as `route` or `reassign` says; it counts as if its
                fact were among the events.
            redact: Whether to hide the values of fields and properties that tell who a person
                is, and what people wrote freely: notes and agreed next steps.

        Raises:
            EvaluationError: As of `evaluate`, or the assignment is none of the lead, or of a later
                moment.

        Examples:
            >>> from datetime import UTC, datetime
            >>> from leadrules import Lead, load_policy
            >>> engine = Engine(load_policy('''
            ... leadrules: 1
            ... policy: {id: acme, version: 1, effective: 2026-01-01}
            ... '''))
            >>> lead = Lead(id="17", name="Ada", phone="+49 30 1", consent=True, campaign="spring")
            >>> packet = engine.handoff(lead, at=datetime(2026, 1, 5, tzinfo=UTC))
            >>> [gap.name for gap in packet.missing]
            ['company.name', 'created', 'lead_type', 'source', 'owner']
        """
        _demand_lead(lead)
        stood = standing(events, lead_id=lead.id, at=moment_of(at))
        if assignment is not None:
            demand_assignment(assignment, lead_id=lead.id, at=at)
            fact = assignment.fact() if isinstance(assignment, Assignment) else None
            if fact is not None:
                stood = standing([*stood, fact], lead_id=lead.id, at=moment_of(at))
        found = self.evaluate(lead, events=stood, at=at, previous=previous)
        machine, scorer, state = self._machine, self._scorer, found.state
        scoring = self.policy.scoring
        if previous is None and state is not None:
            previous = state.band
        listed = (
            agenda(lead, state, machine=machine, at=at, score=found.score, scoring=scoring)
            if machine
            else ()
        )
        return handoff(
            lead,
            stood,
            at=at,
            vocabulary=self.policy.vocabulary,
            machine=machine,
            trail=machine.trail(lead, events=stood, at=at) if machine and state else None,
            owed=tuple(listed),
            assigned=assigned_of(
                assignment,
                routing=self.policy.routing,
                lifecycle=self.policy.lifecycle,
                policy=self.policy.hash,
            )
            if assignment is not None
            else None,
            scoring=scoring,
            explanation=scorer.explain(lead, events=stood, at=at, previous=previous, redact=redact)
            if scorer
            else None,
            redact=redact,
            policy=self.policy.hash,
        )

    def audit(
        self, lead: Lead, *, events: Iterable[Event] = (), at: datetime | None = None
    ) -> tuple[Refusal, ...]:
        """Return the moves of a lead that happened and that the policy would have refused.

        Each is judged by the score that the lead had at that moment, as far as is known now; one
        that cannot be told is missing.

        Args:
            lead: The lead.
            events: As of `evaluate`.
            at: The moment to which it is followed; by default to the last event.

        Raises:
            EvaluationError: If the policy has no section `lifecycle`, or as of `machine.replay`.
        """
        return self.machine.audit(lead, events=events, at=at, derived=self._results)

    def _results(
        self, lead: Lead, events: Iterable[Event], at: datetime, previous: str | None
    ) -> Mapping[str, Value]:
        """Return what the score adds to a lead, or nothing if it has none at that moment."""
        if self._scorer is None:
            return {}
        try:
            return self._scorer.score(lead, events=events, at=at, previous=previous).results
        except EvaluationError:
            return {}

    def agenda_frame(  # noqa: PLR0913 - which leads, and what of what they are owed
        self,
        leads: Any,
        *,
        events: Any = None,
        states: str | None = None,
        at: datetime,
        role: str | None = None,
        owner: str | None = None,
    ) -> Any:
        """Return everything that is owed to the leads of a frame: the worklist of a team.

        It says what `agenda` says of each lead. It is a loop over columns that are collected,
        whatever the kind of the frame.

        Args:
            leads: Any frame that narwhals knows, one row a lead, as `Scorer.score_frame` takes.
            events: What happened to the leads, as `Scorer.score_frame` takes; also needed are
                the properties of activities that responses and nurture plans read.
            states: The name of a column that holds the states that the host keeps, as JSON; a
                lead without one is where its events bring it.
            at: The moment; with a time zone.
            role: The role whose worklist it is; by default of all.
            owner: The person whose leads are meant; by default all.

        Returns:
            A frame of the caller's kind with one row for each thing that is owed, the most urgent
            first: its columns are the attributes of `Owed`.

        Raises:
            EvaluationError: If the policy has no section `lifecycle`, a column is absent or of a
                wrong type, a state cannot be used, or no role is called so.
        """
        from leadrules.agenda.frames import agendas_of_frame  # noqa: PLC0415 - frames are an extra

        return agendas_of_frame(
            self.machine,
            self._scorer,
            leads,
            events=events,
            states=states,
            at=at,
            role=role,
            owner=owner,
        )

    def obligations_frame(self, leads: Any, *, events: Any = None, at: datetime) -> Any:
        """Return what was ever owed to the leads of a frame, and what became of it.

        It is the table `obligations`: of each lead what `machine.trail` has under `obligations`,
        and the runs of its clocks under the kind `clock`. As `agenda_frame`, it is a loop over
        columns that are collected, whatever the kind of the frame.

        Args:
            leads: Any frame that narwhals knows, one row a lead, with the columns `created` and
                `owner`; and `lead_type`, if the policy asks for touches.
            events: What happened to the leads, as `agenda_frame` takes it.
            at: The moment of which statuses are; with a time zone. Later events are not known.

        Returns:
            A frame of the kind of `leads`, by lead and by when things were owed, with the columns
            of `Obligation`, and `owner`: who owned the lead when it was closed, or does at `at`.
            A run of a clock has no `stage`, and is closed when it was stopped or started anew, or
            its round ended. A lead that arose later, or of which nobody says when, has no row.

        Raises:
            EvaluationError: If the policy has no section `lifecycle`, a column is absent or of a
                wrong type, or two events of a lead that differ have one id.
        """
        from leadrules.lifecycle.duties import obligations_of_frame  # noqa: PLC0415 - an extra

        return obligations_of_frame(self.machine, leads, events=events, at=at)

    def report(  # noqa: PLR0913 - the tables, and what is asked of them
        self,
        leads: Any,
        events: Any,
        *,
        at: datetime,
        period: Period | str | None = None,
        by: str | Sequence[str] | None = None,
        costs: Any = None,
    ) -> Report:
        """Return the report on the process: how far leads come, who follows up, what they bring.

        It tells what the section `metrics` and the lifecycle of the policy say is measured. It is
        computed in memory, and for what is owed it is a loop over leads, as `agenda_frame` is.

        Args:
            leads: Any frame that narwhals knows, one row a lead, as `agenda_frame` takes.
            events: What happened to the leads, as `agenda_frame` takes.
            at: The moment; with a time zone. Later events are not known.
            period: Which leads and deals are meant: `2026-Q3`, `2026-07`, or days of the policy's
                zone; by default all there are.
            by: The columns of leads by which to group, the coarsest first. `owner`, `stage` and
                `band` are those that the policy finds as of the moment.
            costs: What programmes cost, as `metrics.programmes` takes it.

        Raises:
            EvaluationError: If the policy has no section `lifecycle`, a column is absent or of a
                wrong type, a dimension is none, or no lead had arisen by then.
        """
        from leadrules.report.composing import composed  # noqa: PLC0415 - frames are an extra
        from leadrules.report.material import material_of  # noqa: PLC0415 - likewise

        return composed(
            material_of(
                self.policy,
                self.machine,
                self._scorer,
                leads,
                events,
                at=at,
                period=period,
                by=by,
                costs=costs,
            )
        )


def _results_of(found: Evaluation) -> Mapping[str, Value]:
    """Return what the score adds to a lead; nothing if the policy does not score."""
    return found.score.results if found.score is not None else {}


def _demand_lead(lead: object) -> None:
    if not isinstance(lead, Lead):
        message = f"lead: '{as_written(lead)}' is no lead; make one with policy.lead(...)"
        raise EvaluationError(message, field="lead")


def _has_arisen(lead: Lead, events: Iterable[Event], moment: int) -> bool:
    """Return whether anything says that there was a lead by a moment."""
    created = lead.record.get("created")
    if isinstance(created, Instant) and created <= moment:
        return True
    return bool(standing(events, lead_id=lead.id, at=moment))
