"""The keeper of a rotation: what happens besides decisions, as it changes the state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from leadrules.calendars import Calendar
from leadrules.document import path_text
from leadrules.errors import EvaluationError, Issue, PolicyError, as_written, did_you_mean
from leadrules.events import Event
from leadrules.routing.assignment import Assignment, Unassigned
from leadrules.routing.book import Book, Learnt
from leadrules.routing.document import Routing
from leadrules.routing.lookups import Row
from leadrules.routing.pools import REASONS
from leadrules.routing.replaying import Given, Replay
from leadrules.routing.roster import Roster
from leadrules.routing.rotation import Away, Rotation
from leadrules.values import Instant, instant_text, moment_of
from leadrules.vocabulary import Vocabulary

__all__ = ["Keeper", "is_in"]


class Keeper:
    """A section `routing` that is checked and compiled once, and the states that it leads to.

    Args:
        routing: The document.
        vocabulary: The names that its conditions may use, those of score and stage included.
        calendars: The calendars that it names.
        tables: The tables that its lookups read: the rows by name.
        closed: The stages in which nobody works on a lead; `note` reads moves to them.
        policy: The hash of the policy that it belongs to, which every state repeats.

    Raises:
        PolicyError: If the document is wrong.
    """

    def __init__(  # noqa: PLR0913 - all that a section names outside itself
        self,
        routing: Routing,
        *,
        vocabulary: Vocabulary | None = None,
        calendars: Mapping[str, Calendar] | None = None,
        tables: Mapping[str, Sequence[Row]] | None = None,
        closed: Iterable[str] = (),
        policy: str | None = None,
    ) -> None:
        if not isinstance(routing, Routing):
            message = f"routing: '{as_written(routing)}' is no section; expected a Routing"
            raise EvaluationError(message, field="routing")
        self.routing = routing
        self.vocabulary = vocabulary or Vocabulary()
        self.calendars = dict(calendars or {})
        self.tables = {name: tuple(rows) for name, rows in (tables or {}).items()}
        self.closed = frozenset(closed)
        self.policy = policy
        columns = {name: tuple(rows[0]) if rows else () for name, rows in self.tables.items()}
        issues = [
            Issue(found.code, found.message, path_text(found.path))
            for found in routing.check(
                self.vocabulary,
                self.calendars,
                columns=columns,
                rows=self.tables,
                warnings=False,
            )
        ]
        if issues:
            raise PolicyError(issues, source="routing")
        self.roster = Roster(routing, self.vocabulary, self.calendars, self.tables)
        self._learnt = Learnt.nothing()

    def start(self) -> Rotation:
        """Return the state before the first decision."""
        return Rotation(policy=self.policy)

    def open(self, state: Rotation, load: Mapping[str, int] | None = None) -> Book:
        """Return a book that decisions are written into, for several in a row.

        Raises:
            EvaluationError: If the state was made by another policy, or is none.
        """
        if not isinstance(state, Rotation):
            message = f"state: '{as_written(state)}' is no state; expected what start() gives"
            raise EvaluationError(message, field="state")
        if state.policy != self.policy:
            message = (
                f"state: was made by policy '{state.policy}', not '{self.policy}'; "
                "expected router.migrate(state)"
            )
            raise EvaluationError(message, field="state")
        if load is not None:
            _check_load(load)
        return Book(state, self.roster, self._learnt, load)

    def note(self, state: Rotation, event: Event) -> Rotation:
        """Return the state after something that the router has not decided itself.

        It reads `assigned` by somebody else than a router, and `moved` to a stage in which nobody
        works on the lead. All else changes nothing, nor does a fact with a `rule`, or with a
        `reason` for which routers assign again: those were counted when they were decided.

        Args:
            state: Where the rotation stands.
            event: What happened.

        Raises:
            EvaluationError: If the state cannot be used, or it is no event.
        """
        self._check_event(event)
        book = self.open(state)
        if event.kind != "assigned" or not _is_of_a_router(event):
            self._write(Replay(book), event)
        return book.closed()

    def replay(
        self,
        events: Iterable[Event | Assignment | Unassigned],
        *,
        state: Rotation | None = None,
    ) -> Rotation:
        """Return the state that a log leads to: what routers decided, and facts.

        Answers say more than their facts do: what ends without an owner has none.

        Turns by a pool are counted as they were given; what was decided in between by the score
        or the hours is not asked again.

        Args:
            events: Answers of this router, facts, or both, of any leads and in any order, but
                those of one moment in the order in which they were decided.
            state: Where to begin; by default at the start.

        Raises:
            EvaluationError: As of `note`.
        """
        found: list[tuple[int, bool, Given | Event]] = []
        for each in events:
            if isinstance(each, Assignment | Unassigned):
                given = Given.of(each)
                if given is not None:
                    found.append((given.moment, False, given))
            else:
                self._check_event(each)
                found.append((each.moment, each.kind == "moved", each))
        found.sort(key=lambda x: x[:2])
        book = self.open(self.start() if state is None else state)
        replay = Replay(book)
        for _, _, said in found:
            self._write(replay, said)
        return book.closed()

    def _write(self, replay: Replay, said: Given | Event) -> None:
        """Write what was decided or happened into the book of a replay."""
        if isinstance(said, Given):
            replay.write(said)
        elif said.kind == "assigned":
            replay.write(Given.said(said))
        elif said.kind == "moved" and said["to"] in self.closed:
            replay.book.release(said.lead_id)

    def _check_event(self, event: Event) -> None:
        if not isinstance(event, Event):
            message = f"event: '{as_written(event)}' is no event; make one with Event(...)"
            raise EvaluationError(message, field="event")

    def absent(
        self,
        state: Rotation,
        *,
        member: str,
        start: datetime,
        end: datetime | None = None,
    ) -> Rotation:
        """Return the state in which a member is absent for some time.

        Args:
            state: Where the rotation stands.
            member: The member.
            start: Since when.
            end: Until when; None is until `present` is told.

        Raises:
            EvaluationError: If there is no such member, or the end is not after the start.
        """
        begin = _moment_of(start, "start")
        until = None if end is None else _moment_of(end, "end")
        if until is not None and until <= begin:
            message = f"end: '{instant_text(until)}' is not after '{instant_text(begin)}'"
            raise EvaluationError(message, field="end")
        book = self.open(state)
        spans = state.away.get(self._member(member), ())
        away = Away(Instant(begin), None if until is None else Instant(until))
        book.absent(member, tuple(sorted({*spans, away}, key=lambda x: (x.start, x.end or 0))))
        return book.closed()

    def present(self, state: Rotation, *, member: str, at: datetime) -> Rotation:
        """Return the state in which a member is back, whatever was told before.

        Args:
            state: Where the rotation stands.
            member: The member.
            at: Since when; absences that begin later are forgotten too.

        Raises:
            EvaluationError: If there is no such member.
        """
        moment = moment_of(at)
        book = self.open(state)
        spans = state.away.get(self._member(member), ())
        ended = [
            x if x.end is not None and x.end <= moment else Away(x.start, Instant(moment))
            for x in spans
            if x.start < moment
        ]
        book.absent(member, tuple(ended))
        return book.closed()

    def _member(self, name: str, field: str = "member") -> str:
        if not is_in(name, self.roster.people):
            hint = did_you_mean(str(name), self.roster.people)
            message = f"{field}: no member '{as_written(name)}'{hint}"
            raise EvaluationError(message, field=field)
        return name

    def migrate(self, state: Rotation) -> Rotation:
        """Return the state that another version of the policy made, for this one.

        Whoever stays is as far behind or ahead as before; those who are new begin as `on_join` of
        the pool says; those who are gone are forgotten, with their limits and open leads.

        Args:
            state: Where the rotation stood.

        Raises:
            EvaluationError: If it is no state.
        """
        if not isinstance(state, Rotation):
            message = f"state: '{as_written(state)}' is no state; expected what start() gives"
            raise EvaluationError(message, field="state")
        if self.policy is not None and state.policy == self.policy:
            return state
        people = self.roster.people
        turns: dict[str, Any] = {}
        for key, team in self.roster.teams.items():
            before = state.turns.get(key)
            if before is not None:
                old = before.to_dict() if not isinstance(before, Mapping) else before
                turns[key] = team.moved(old)
        limits = (
            {counter for team in self.roster.teams.values() for counter, _ in team.own}
            | {
                counter
                for team in self.roster.teams.values()
                for found in team.limits.values()
                for counter, _ in found
            }
            | {counter for person in people.values() for counter, _ in person.limits}
        )
        return Rotation(
            self.policy,
            state.version + 1,
            state.time,
            turns,
            {counter: found for counter, found in state.counts.items() if counter in limits},
            {name: found for name, found in state.open.items() if name in people}
            if self.roster.tracks_open
            else {},
            {name: found for name, found in state.away.items() if name in people},
        )


def is_in(name: object, names: Mapping[str, object]) -> bool:
    """Return whether something is a name, and one of those."""
    return isinstance(name, str) and name in names


def _check_load(load: object) -> None:
    if not isinstance(load, Mapping):
        message = f"load: '{as_written(load)}' is not possible; expected a number by member"
        raise EvaluationError(message, field="load")
    for name, found in load.items():
        if type(found) is not int or found < 0:
            message = (
                f"load: {name}: '{as_written(found)}' is no number of leads; expected 0, 1 ..."
            )
            raise EvaluationError(message, field="load")


def _moment_of(moment: datetime, name: str) -> int:
    try:
        return moment_of(moment)
    except EvaluationError as error:
        message = f"{name}{error.message.removeprefix('at')}"
        raise EvaluationError(message, field=name) from None


def _is_of_a_router(event: Event) -> bool:
    return event["rule"] is not None or event["reason"] in REASONS
