"""What happened to a lead, followed without asking whether the policy would have allowed it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from leadrules.calendars import Calendar
from leadrules.document import path_text
from leadrules.errors import EvaluationError, Issue, PolicyError, as_written
from leadrules.events import Event, standing
from leadrules.lead import Lead
from leadrules.lifecycle.arguments import demand_known, tells_what_is_wrong
from leadrules.lifecycle.course import Course
from leadrules.lifecycle.document import Lifecycle
from leadrules.lifecycle.migration import migrated
from leadrules.lifecycle.process import Process
from leadrules.lifecycle.state import State
from leadrules.lifecycle.trail import Followed, Trail
from leadrules.lifecycle.transition import Refusal, Unmet
from leadrules.values import Instant, Value, instant_text, moment_of
from leadrules.vocabulary import Vocabulary

__all__ = ["Follower", "known_of"]

_END = 2**63 - 1
"""After every moment."""


class Follower:
    """A section `lifecycle`, compiled, that follows facts: the part of a machine that never asks.

    Args:
        lifecycle: The document.
        vocabulary: The names that its conditions may use, those of the score included.
        calendars: The calendars that it names.
        policy: The hash of the policy that it belongs to, which every state repeats.

    Raises:
        PolicyError: If the document is wrong.
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

    @tells_what_is_wrong
    def start(self, lead: Lead, *, at: datetime | None = None) -> State:
        """Return the state of a lead that has just arisen.

        Args:
            lead: The lead.
            at: When it arose; by default, when the lead says that it was created.

        Raises:
            EvaluationError: If nobody says when.
        """
        if at is None and known_of(lead).get("created") is None:
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
        wrong = self.wrong(state, event.moment)
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
        created = known_of(lead).get("created")
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
        return course.trail(facts, lead_type=known_of(lead).get("lead_type"), at=moment)

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

    @tells_what_is_wrong
    def demand(self, state: State, moment: int) -> None:
        """Raise an error if nothing can be said of a lead in a state at a moment.

        Raises:
            EvaluationError: If the moment is earlier than what is in the state, the state was made
                by another policy, or it names what the policy does not know.
        """
        for unmet in self.wrong(state, moment):
            message = f"state: {unmet.message}; {unmet.needs}"
            raise EvaluationError(message, field="state", lead_id=state.lead_id)
        demand_known(state, self.process)

    def wrong(self, state: State, moment: int) -> list[Unmet]:
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


def _first_owner(lead: Lead, events: Iterable[Event]) -> str | None:
    """Return who owned a lead when it arose: nobody, if events say who did from when on."""
    return None if any(event.kind == "assigned" for event in events) else lead.owner


def _taken_back(events: Iterable[Event], facts: Sequence[Event], at: datetime | None) -> int:
    """Return how many of the events up to a moment do not stand, or are no facts."""
    moment = _END if at is None else moment_of(at)
    return len({event.id for event in events if event.moment <= moment}) - len(facts)


def known_of(lead: Lead) -> Mapping[str, Value]:
    """Return what is known of a lead.

    Raises:
        EvaluationError: If it is no lead.
    """
    try:
        return lead.record
    except AttributeError:
        message = f"lead: '{as_written(lead)}' is no lead; make one with policy.lead(...)"
        raise EvaluationError(message, field="lead") from None
