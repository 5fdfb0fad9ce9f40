"""The course of a lead as tables: its entries into stages, what was owed there, how clocks ran."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from leadrules.calendars import Delay
from leadrules.events import Event
from leadrules.lifecycle.course import Course
from leadrules.lifecycle.obligations import (
    Obligation,
    ObligationKind,
    Visit,
    judged,
    of_visit,
)
from leadrules.lifecycle.process import Process
from leadrules.lifecycle.state import Asked, Run, State
from leadrules.lifecycle.statuses import Status, clock_stands
from leadrules.lifecycle.transition import POLICY
from leadrules.values import Instant, Value, datetime_of

__all__ = ["ClockRun", "Entry", "Followed", "Trail"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A visit of a lead to a stage: one row of the table `entries`.

    Attributes:
        lead_id: The lead.
        stage: The stage.
        entered: When it came there, in UTC.
        left: When it went on; None if it is there.
        entry_no: Counts its entries into this stage, from 1.
        by: Who moved it there, if the fact says so; `policy` if the policy did.
        reason: Why, if the fact says so.
        policy: The hash of the policy that allowed the move, if the fact says so.
    """

    lead_id: str
    stage: str
    entered: datetime
    left: datetime | None
    entry_no: int
    by: str | None = None
    reason: str | None = None
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class ClockRun:
    """A run of a clock in a round of a lead.

    Attributes:
        lead_id: The lead.
        clock: The clock.
        start: When it was started, in UTC.
        stop: When it was stopped, if it was.
        status: What became of it. One that was started anew before it was stopped has `ended`,
            or is `breached`.
        due: When it ran out, or will; None while it stands still without an end.
        over: When it was stopped or started anew, or its round ended; None while it runs.
    """

    lead_id: str
    clock: str
    start: datetime
    stop: datetime | None
    status: Status
    due: datetime | None = None
    over: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trail:
    """The course of a lead up to a moment.

    Attributes:
        state: Where it has come to: what `replay` gives.
        entries: Its visits to stages, in order.
        obligations: What was ever owed to it until some time, by when it was opened.
        clocks: The runs of its clocks, by when they were over; those of this round last.
    """

    state: State
    entries: tuple[Entry, ...]
    obligations: tuple[Obligation, ...]
    clocks: tuple[ClockRun, ...]


class Followed(Course):
    """A course that keeps what it passes."""

    __slots__ = ("_asked_in", "_closed", "_entries", "_fact", "_lead_type", "_over")

    def __init__(
        self,
        process: Process,
        lead_id: str,
        at: Instant,
        *,
        owner: str | None = None,
        policy: str | None = None,
    ) -> None:
        self._fact: Event | None = None
        super().__init__(process, lead_id, at, owner=owner, policy=policy)

    def trail(
        self, facts: Iterable[Event], *, lead_type: Value | None = None, at: int | None = None
    ) -> Trail:
        """Apply facts, which come in their order, and return what was passed.

        Args:
            facts: The facts.
            lead_type: The type of the lead, which says how many touches it is owed.
            at: The moment of which statuses are; by default that of the last fact.
        """
        self._lead_type = lead_type
        for fact in facts:
            self._fact = fact
            self._follow(fact)
        state = self.state()
        moment = state.time if at is None else at
        return Trail(
            state,
            tuple(self._entries),
            self._owed(state, moment),
            (*self._over, *self._runs(state, moment)),
        )

    def _arise(
        self, stage: str, at: Instant, *, reason: str | None = None, band: str | None = None
    ) -> None:
        self._closed: list[Obligation] = []
        self._asked_in: dict[tuple[str, str], str] = {}
        self._over: list[ClockRun] = []
        self._entries: list[Entry] = []
        super()._arise(stage, at, reason=reason, band=band)
        self._visit(at)

    def enter(
        self, stage: str, at: Instant, *, reason: str | None = None, band: str | None = None
    ) -> None:
        """Bring the lead to another stage."""
        by_policy = self._fact is not None and self._fact.properties.get("by") == POLICY
        visit = Visit(
            self.process, self.state(), self._lead_type, at, over=True, by_policy=by_policy
        )
        self._closed += of_visit(visit)
        super().enter(stage, at, reason=reason, band=band)
        self._visit(at)

    def _visit(self, at: Instant) -> None:
        """Note that the lead has come to the stage that it is in."""
        said = self._fact.properties if self._fact is not None else {}
        by, reason, policy = (
            None if said.get(name) is None else str(said[name])
            for name in ("by", "reason", "policy")
        )
        entered = datetime_of(at)
        count = next(found.times for found in self.entries if found.stage == self.stage)
        if self._entries:
            self._entries[-1] = _left(self._entries[-1], entered)
        entry = Entry(self.lead_id, self.stage, entered, None, count, by, reason, policy)
        self._entries.append(entry)

    # --- what is owed

    def _owed(self, state: State, at: int) -> tuple[Obligation, ...]:
        """Return what was owed and what is, by when it was opened."""
        visit = Visit(self.process, state, self._lead_type, at)
        found = [*self._closed, *of_visit(visit)]
        for asked in state.asked:
            found += self._answered(visit, asked, asked)
        return tuple(sorted(found, key=lambda x: x.opened))

    def _follow(self, fact: Event) -> None:
        """Apply a fact, and keep what it says of what was asked for and of how the lead stands."""
        state, visits = self.state(), len(self._entries)
        self.note(fact)
        for asked in self.asked:
            self._asked_in.setdefault((asked.response, asked.activity), self.stage)
        every = self.process.stages[self.stage].update_every
        start = state.entered if state.updated is None else state.updated
        done = self.updated
        if every is not None and len(self._entries) == visits and done is not None and done > start:
            visit = Visit(self.process, state, self._lead_type, done)
            found = judged(visit, "update", self.stage, (start, every), done)
            self._closed += [found] if found is not None else []

    def _keep_asked(self, asked: Iterable[Asked]) -> None:
        visit = Visit(self.process, self.state(), self._lead_type, self.time)
        after = tuple(asked)
        for old, new in zip(self.asked, after, strict=True):
            if old is not new:
                self._closed += self._answered(visit, old, new)
        super()._keep_asked(after)

    def _answered(self, visit: Visit, old: Asked, new: Asked) -> Iterator[Obligation]:
        """Yield what was done of what was asked for; what is not done yet, if nothing was."""
        response = self.process.lifecycle.responses[old.response]
        stage = self._asked_in.get((old.response, old.activity))
        parts: tuple[tuple[ObligationKind, Delay | None, Instant | None, Instant | None], ...] = (
            ("acknowledge", response.acknowledge, old.acknowledged, new.acknowledged),
            ("send", response.within, old.sent, new.sent),
        )
        for kind, delay, before, done in parts:
            if delay is not None and before is None and (done is not None or old is new):
                found = judged(visit, kind, old.response, (old.at, delay), done, stage=stage)
                if found is not None:
                    yield found

    # --- clocks

    def _begin_round(self, at: Instant) -> None:
        self._over += self._runs(self.state(), at)
        super()._begin_round(at)

    def _run(self, name: str, at: Instant, *, starts: bool) -> None:
        run = next((found for found in self.runs if found.clock == name), None)
        if starts and run is not None:
            self._over.append(self._restarted(run, at))
        super()._run(name, at, starts=starts)

    def _restarted(self, run: Run, at: Instant) -> ClockRun:
        """Return a run of a clock that is started anew."""
        limit = self.process.clocks[run.clock].limit
        due = self.process.clock_deadline(run.clock, run.start, limit, self.hours, self.pauses)
        late = self._is_missed(run.clock, run, at)
        done: tuple[Status, Status] = (
            ("ended", "breached") if run.stop is None else ("met", "met_late")
        )
        start, stop = datetime_of(run.start), _datetime(run.stop)
        over = stop or datetime_of(at)
        return ClockRun(self.lead_id, run.clock, start, stop, done[late], _datetime(due), over)

    def _runs(self, state: State, at: int) -> Iterable[ClockRun]:
        """Yield how the clocks of the round stand."""
        for name in self.process.clocks:
            stand = clock_stands(self.process, name, state, at)
            if stand.start is not None:
                start, stop = datetime_of(stand.start), _datetime(stand.stop)
                due, over = _datetime(stand.due), stop or _datetime(state.ended)
                yield ClockRun(self.lead_id, name, start, stop, stand.status, due, over)


def _left(entry: Entry, at: datetime) -> Entry:
    """Return a visit that is over."""
    return Entry(
        entry.lead_id,
        entry.stage,
        entry.entered,
        at,
        entry.entry_no,
        entry.by,
        entry.reason,
        entry.policy,
    )


def _datetime(at: int | None) -> datetime | None:
    return None if at is None else datetime_of(Instant(at))
