"""One decision: which rule, which target, which member; and what is passed over on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from leadrules.routing.assignment import PASSED, Code, Passed
from leadrules.routing.book import Book
from leadrules.routing.roster import Destination, Person, Roster, Team
from leadrules.values import MICROSECONDS_A_DAY, Value

__all__ = ["Answer", "Decision", "Look"]

Look = Callable[[Team | None, str, Code | None], None]
"""Is told of every member that is looked at: the pool, the name, and why it is passed over."""

_RANK = {code: rank for rank, code in enumerate(PASSED)}


class Answer(NamedTuple):
    """Who or what gets a lead.

    Attributes:
        place: The place of the rule; None if no rule was true.
        kind: `owner`, `queue` or `partner`; None if nobody gets it.
        name: Who or what.
        team: The pool, if it is of one.
        turn: The turn and the lowest of those there, if it went by turns.
        code: Why nobody gets it.
        passed: The targets that could not take it.
        several: The places of the rules that are true, if only one may be.
    """

    place: int | None
    kind: str | None
    name: str | None = None
    team: Team | None = None
    turn: tuple[int, int] | None = None
    code: Code | None = None
    passed: tuple[Passed, ...] = ()
    several: tuple[int, ...] = ()


def _anybody(name: str) -> bool:  # noqa: ARG001 - whoever it is
    return True


class Decision:
    """One decision on one lead.

    Args:
        roster: The people and pools.
        book: Where the rotation stands, turned to the moment.
        record: What is known of the lead, and what earlier steps added.
        at: The moment by which conditions go.
        tried: The members and partners not to ask again.
        again: Whether the lead was assigned before.
        look: Is told of every member that is looked at.
    """

    __slots__ = ("again", "at", "book", "look", "record", "roster", "tried")

    def __init__(  # noqa: PLR0913 - all that a decision reads
        self,
        roster: Roster,
        book: Book,
        record: Mapping[str, Value],
        at: int,
        *,
        tried: Sequence[str] = (),
        again: bool = False,
        look: Look | None = None,
    ) -> None:
        self.again = again or bool(tried)
        self.roster, self.book, self.record, self.at = roster, book, record, at
        self.tried, self.look = tried, look

    def answer(self) -> Answer:
        """Return who gets the lead, or why nobody does."""
        answer = self._by_rules()
        if answer.kind is None and self.again and answer.place is not None:
            return self._instead(answer, answer.passed, self.roster.last_resorts)
        return answer

    def _by_rules(self) -> Answer:
        roster, routing = self.roster, self.roster.routing
        parameters = roster.parameters_at(self.at)
        if routing.hit == "first":
            return self._first(parameters)
        places: list[int] = roster.every(self.record, self.at, parameters)
        if routing.hit == "unique":
            named = [(x, to) for x in places if (to := roster.rules[x][0](self.record)) is not None]
            if len(named) > 1:
                return Answer(None, None, code="several-rules", several=tuple(x for x, _ in named))
            return self._by_rule(*named[0]) if named else self._by_nothing()
        answer: Answer | None = None
        passed: tuple[Passed, ...] = ()
        for place in places:
            to = roster.rules[place][0](self.record)
            if to is None:
                continue
            found = self._by_rule(place, to)
            passed = (*passed, *found.passed)
            if found.kind is not None:
                return found._replace(passed=passed)
            answer = answer or found
        return answer._replace(passed=passed) if answer else self._by_nothing()

    def made(self, lead_id: str) -> Answer:
        """Return who gets the lead, or why nobody does, and write it into the book."""
        answer = self.answer()
        if answer.kind == "owner":
            self.book.assign(str(answer.name), lead_id, answer.team, answer.turn)
        elif answer.kind is not None:
            self.book.release(lead_id)
        return answer

    def _first(self, parameters: Mapping[str, Value]) -> Answer:
        rules, first, record = self.roster.rules, self.roster.first, self.record
        place: int | None = first(record, self.at, parameters, 0)
        while place is not None:
            to = rules[place][0](record)
            if to is not None:
                return self._by_rule(place, to)
            place = first(record, self.at, parameters, place + 1)
        return self._by_nothing()

    def packages(self, place: int | None) -> tuple[str, ...]:
        """Return what is sent to the lead, each once: because of the rule, and what was asked."""
        roster = self.roster
        sends = roster.routing.sends
        own = roster.routing.rules[place].packages if place is not None else ()
        if not sends:
            return own
        true: list[int] = roster.sent(self.record, self.at, roster.parameters_at(self.at))
        found = [*own, *(name for x in true for name in sends[x].send)]
        return tuple(dict.fromkeys(found))

    def _by_nothing(self) -> Answer:
        queue = self.roster.routing.queue
        if queue is None:
            return Answer(None, None, code="no-rule")
        return Answer(None, "queue", queue)

    def _by_rule(self, place: int, to: tuple[str, str]) -> Answer:
        answer = self.to(place, *to)
        if answer.kind is not None:
            return answer
        passed = [Passed(*to, answer.code or "no-rule")]
        return self._instead(answer, passed, self.roster.rules[place][1:])

    def _instead(
        self, answer: Answer, before: Iterable[Passed], others: Iterable[Destination]
    ) -> Answer:
        """Return the first of other targets that takes the lead, else why the first does not."""
        passed = list(before)
        for destination in others:
            named = destination(self.record)
            if named is not None:
                found = self.to(answer.place, *named)
                if found.kind is not None:
                    return found._replace(passed=tuple(passed))
                passed.append(Passed(*named, found.code or "no-rule"))
        return Answer(answer.place, None, code=answer.code, passed=tuple(passed))

    def to(self, place: int | None, kind: str, name: str) -> Answer:
        """Return whether a target can take the lead, and who there does."""
        roster = self.roster
        if kind == "queue":
            known = roster.routing.queues
            if known and name not in known:
                return Answer(place, None, code="unknown-name")
            return Answer(place, "queue", name)
        if kind == "partner":
            if name not in roster.routing.partners:
                return Answer(place, None, code="unknown-name")
            if name in self.tried:
                return Answer(place, None, code="tried")
            return Answer(place, "partner", name)
        if kind == "owner":
            return self._to_person(place, name)
        team = (roster.pools if kind == "pool" else roster.roles).get(name)
        return Answer(place, None, code="unknown-name") if team is None else self._to(place, team)

    def _to_person(self, place: int | None, name: str) -> Answer:
        person = self.roster.people.get(name)
        if person is None:
            return Answer(place, None, code="unknown-name")
        code: Code | None = None
        if not person.active:
            code = "inactive"
        elif name in self.tried:
            code = "tried"
        elif self.book.is_absent(person):
            code = "absent"
        elif self.book.is_reached(person.limits, (name,)):
            code = "at-limit"
        if self.look is not None:
            self.look(None, name, code)
        return Answer(place, None, code=code) if code else Answer(place, "owner", name)

    # --- pools

    def _to(self, place: int | None, team: Team) -> Answer:
        book = self.book
        if team.own and book.is_reached(team.own, team.names):
            return Answer(place, None, team=team, code="pool-limit")
        found = self._chosen(team)
        if found is None:
            return Answer(place, None, team=team, code=self.furthest(team))
        name, turn = found
        return Answer(place, "owner", name, team, turn)

    def _chosen(self, team: Team) -> tuple[str, tuple[int, int] | None] | None:
        """Return the member who gets the lead, and the turn if it goes by turns."""
        pool, turns = team.pool, self.book.turns(team)
        away = self.book.off_duty(team) if self.look is None else frozenset()

        can = self._asked(team)
        match pool.strategy:
            case "priority":
                found = next((x for x in team.names if x not in away and can(x)), None)
                if found is not None:
                    return found, None
            case "least_loaded":
                found = next((x for x in self._by_load(team) if x not in away and can(x)), None)
                if found is not None:
                    return found, None
            case "sticky":
                own = self.record.get(pool.by)
                if own in team.weights and own not in away and can(str(own)):
                    return str(own), None
        if pool.strategy not in {"priority", "least_loaded"} and len(away) < len(team.names):
            first = turns.first(can, away=away)
            if first is not None:
                return first[0], (first[1], first[2])
        return self._soonest(team) if pool.wait is not None else None

    def _asked(self, team: Team) -> Callable[[str], bool | None]:
        """Return what says whether a member who is on duty takes the lead."""
        book = self.book
        if self.look or self.tried or team.match is not None or book.tells_of_absences:
            return lambda name: self._can(name, team)
        if not team.limited:
            return _anybody
        limits, is_reached = team.limits, book.is_reached
        return lambda name: None if is_reached(limits[name], (name,)) else True

    def _by_load(self, team: Team) -> Iterator[str]:
        """Yield the members of a pool, the least loaded first; of equals the next in turn."""
        open_leads, turns = self.book.open_leads, self.book.turns(team)
        if team.pool.load == "room":
            loads = {name: open_leads(name) - team.room[name] for name in team.names}
        else:
            loads = {name: open_leads(name) * team.parts[name] for name in team.names}
        load = loads.__getitem__
        for _, equals in groupby(sorted(team.names, key=load), key=load):
            yield from sorted(equals, key=turns.turn)

    def _soonest(self, team: Team) -> tuple[str, tuple[int, int] | None] | None:
        """Return who of those at home is next among those who are back within the same 24 hours."""
        book, back = self.book, dict[str, int]()
        for name in team.names:
            person = self.roster.people[name]
            if not person.active or book.is_absent(person):
                continue
            rest = self._back_in(person, team)
            if rest is not None and not book.is_reached(team.limits[name], (name,)):
                back[name] = rest // MICROSECONDS_A_DAY
        able = {x for x in back if x not in self.tried and self._fits(self.roster.people[x], team)}
        if not able:
            return None
        first = min(back[name] for name in able)
        there = {name for name, days in back.items() if days == first}
        there |= {name for name in back if not book.is_closed(self.roster.people[name])}
        found = book.turns(team).first(
            lambda name: name in able and back[name] == first if name in there else None
        )
        return None if found is None else (found[0], (found[1], found[2]))

    def _back_in(self, person: Person, team: Team) -> int | None:
        """Return how long it is until a member is at work, if the pool waits so long for it."""
        opening, wait = self.book.back_at(person), team.pool.wait
        rest = None if opening is None else opening - self.book.at
        return rest if rest is not None and wait is not None and rest <= wait else None

    def _can(self, name: str, team: Team) -> bool | None:
        """Return whether a member takes the lead; None if the member is away."""
        person, book = self.roster.people[name], self.book
        limits = team.limits[name]
        code: Code | None = None
        if not person.active:
            code = "inactive"
        elif book.is_absent(person):
            code = "absent"
        elif person.hours is not None and book.is_closed(person):
            code = "closed"
        elif limits and book.is_reached(limits, (name,)):
            code = "at-limit"
        if code is not None:
            if self.look is not None:
                self.look(team, name, code)
            return None
        if self.tried and name in self.tried:
            code = "tried"
        elif team.match is not None and not self._fits(person, team):
            code = "no-match"
        if self.look is not None:
            self.look(team, name, code)
        return code is None

    def _fits(self, person: Person, team: Team) -> bool:
        if team.match is None:
            return True
        known: dict[str, Any] = {**self.record, **person.attributes}
        verdict = team.match(known, self.at, self.roster.parameters_at(self.at))
        return verdict is True

    def code(self, person: Person, team: Team) -> Code | None:
        """Return why a member does not take the lead, in the order in which that is told."""
        book = self.book
        if not person.active:
            return "inactive"
        if person.name in self.tried:
            return "tried"
        if not self._fits(person, team):
            return "no-match"
        if book.is_absent(person):
            return "absent"
        if book.is_closed(person) and self._back_in(person, team) is None:
            return "closed"
        if book.is_reached(team.limits[person.name], (person.name,)):
            return "at-limit"
        return None

    def furthest(self, team: Team) -> Code:
        """Return why nobody of a pool takes the lead: what the nearest of its members came to."""
        off = self.book.off_duty(team)
        codes: list[Code] = []
        on = [x for x in team.names if x not in off] if len(off) < len(team.names) else ()
        furthest_off = "closed" if team.pool.wait is None else "at-limit"
        for names, last in ((on, "at-limit"), (off, furthest_off)):
            for name in names:
                code = self.code(self.roster.people[name], team)
                if code == last:  # no other of these comes further
                    return code
                if code is not None:
                    codes.append(code)
        return max(codes, key=_RANK.__getitem__)
