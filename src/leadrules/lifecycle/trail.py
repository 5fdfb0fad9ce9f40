"""The course of a lead as tables: its entries into stages, what was owed there, how clocks ran."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from leadrules.events import Event
from leadrules.lifecycle.course import Course
from leadrules.lifecycle.process import Process
from leadrules.lifecycle.state import Run, State
from leadrules.lifecycle.statuses import Status, clock_stands, touches_stand
from leadrules.values import Instant, Value, datetime_of

__all__ = ["ClockRun", "Entry", "Followed", "Obligation", "Trail"]


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
class Obligation:
    """Touches that were owed to a lead on a visit to a stage.

    Attributes:
        lead_id: The lead.
        rule: The rule of touches.
        stage: The stage.
        opened: When the lead came there, in UTC.
        closed: When it went on; None if it is there.
        needed: How many touches were owed.
        counted: How many of them were made.
        status: What had become of them when the lead went on; if it is there, what has.
        due: Until when they were owed, if there was a limit.
    """

    lead_id: str
    rule: str
    stage: str
    opened: datetime
    closed: datetime | None
    needed: int
    counted: int
    status: Status
    due: datetime | None = None


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
    """

    lead_id: str
    clock: str
    start: datetime
    stop: datetime | None
    status: Status
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trail:
    """The course of a lead up to a moment.

    Attributes:
        state: Where it has come to: what `replay` gives.
        entries: Its visits to stages, in order.
        obligations: The touches that were ever owed to it, by when they were opened.
        clocks: The runs of its clocks, by when they were over; those of this round last.
    """

    state: State
    entries: tuple[Entry, ...]
    obligations: tuple[Obligation, ...]
    clocks: tuple[ClockRun, ...]


class Followed(Course):
    """A course that keeps what it passes."""

    __slots__ = ("_closed", "_entries", "_fact", "_lead_type", "_over")

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
            self.note(fact)
        state = self.state()
        moment = state.time if at is None else at
        return Trail(
            state,
            tuple(self._entries),
            (*self._closed, *self._owed(state, moment, closed=None)),
            (*self._over, *self._runs(state, moment)),
        )

    def _arise(
        self, stage: str, at: Instant, *, reason: str | None = None, band: str | None = None
    ) -> None:
        self._closed: list[Obligation] = []
        self._over: list[ClockRun] = []
        self._entries: list[Entry] = []
        super()._arise(stage, at, reason=reason, band=band)
        self._visit(at)

    def enter(
        self, stage: str, at: Instant, *, reason: str | None = None, band: str | None = None
    ) -> None:
        """Bring the lead to another stage."""
        left = datetime_of(at)
        self._closed += self._owed(self.state(), at, closed=left)
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

    def _owed(self, state: State, at: int, *, closed: datetime | None) -> Iterable[Obligation]:
        """Yield where the touches stand that are owed in the stage."""
        for name, rule in self.process.touches[state.stage]:
            stand = touches_stand(self.process, name, state, self._lead_type, at)
            if stand is not None:
                kind = self._lead_type if isinstance(self._lead_type, str) else None
                needed = rule.owed(kind) or 0
                yield Obligation(
                    self.lead_id,
                    name,
                    state.stage,
                    datetime_of(state.entered),
                    closed,
                    needed,
                    needed - stand.missing,
                    stand.status,
                    _datetime(stand.due),
                )

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
        return ClockRun(self.lead_id, run.clock, start, stop, done[late], _datetime(due))

    def _runs(self, state: State, at: int) -> Iterable[ClockRun]:
        """Yield how the clocks of the round stand."""
        for name in self.process.clocks:
            stand = clock_stands(self.process, name, state, at)
            if stand.start is not None:
                start, stop = datetime_of(stand.start), _datetime(stand.stop)
                due = _datetime(stand.due)
                yield ClockRun(self.lead_id, name, start, stop, stand.status, due)


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
