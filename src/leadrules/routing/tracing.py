"""How a trace is made: a decision is asked again, step by step, and what is seen is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from fractions import Fraction
from typing import Any

from leadrules.conditions.findings import HIDDEN, Finding, find
from leadrules.conditions.tree import Condition
from leadrules.routing.assignment import Assignment, Unassigned
from leadrules.routing.book import Book
from leadrules.routing.deciding import Answer, Decision
from leadrules.routing.limits import Limit
from leadrules.routing.lookups import Lookup
from leadrules.routing.lookups import Row as Cells
from leadrules.routing.roster import Person, Roster, Team
from leadrules.routing.rotation import Counter
from leadrules.routing.steps import (
    Candidate,
    Chosen,
    Hindrance,
    Open,
    Row,
    Sent,
    Tried,
    TriedRule,
)
from leadrules.routing.targets import FieldRef, Target
from leadrules.routing.trace import Trace
from leadrules.routing.turns import Waiting
from leadrules.values import Instant, Value, settle
from leadrules.zones import month_of, week_of

__all__ = ["Tracing"]

_BY: Mapping[str, Chosen] = {
    "weighted_rotation": "turn",
    "sticky": "turn",
    "longest_waiting": "longest_waiting",
    "least_loaded": "least_loaded",
    "priority": "priority",
}

_PERIODS: Mapping[str, Callable[[int], int]] = {
    "day": lambda day: day,
    "week": week_of,
    "month": month_of,
}


class Tracing:
    """One decision that is taken apart. Nothing is written into the book.

    Args:
        roster: The people and pools.
        tables: The rows of each table.
        book: Where the rotation stands, turned to the moment.
        record: What is known of the lead, and what earlier steps added.
        at: The moment by which conditions go.
        tried: Whom not to ask again.
        hidden: The fields whose values are not to be told.
    """

    def __init__(  # noqa: PLR0913 - all that a decision reads
        self,
        roster: Roster,
        tables: Mapping[str, Sequence[Cells]],
        book: Book,
        record: Mapping[str, Value],
        at: int,
        *,
        tried: Sequence[str],
        hidden: AbstractSet[str],
    ) -> None:
        self.roster, self.tables, self.book = roster, tables, book
        self.record, self.at, self.tried, self.hidden = record, at, tried, hidden
        self.parameters = roster.parameters_at(at)
        self.decision = Decision(roster, book, record, at, tried=tried)

    def trace(self, answer: Assignment | Unassigned) -> Trace:
        """Return why the answer is what it is."""
        rules = tuple(self._rules())
        if self.hidden:
            told = {(x.kind, x.name) for rule in rules for x in rule.targets}
            passed = (
                x if (x.kind, x.name) in told else replace(x, name=HIDDEN) for x in answer.passed
            )
            answer = replace(answer, passed=tuple(passed))
        return Trace(
            answer,
            rules,
            Instant(self.book.at),
            self.roster.ids[len(rules) :],
            tuple(self._sent(answer)),
            tuple(self.tried),
            self.roster.zone,
        )

    def _found(self, condition: Condition, more: Mapping[str, Value] | None = None) -> Finding:
        record = {**self.record, **more} if more else self.record
        return find(condition, record, at=self.at, parameters=self.parameters, hidden=self.hidden)

    # --- rules

    def _rules(self) -> Iterator[TriedRule]:
        """Yield the rules that are asked."""
        routing = self.roster.routing
        asked = [self._found(rule.when) for rule in routing.rules] if routing.hit != "first" else ()
        named = [
            place
            for place, finding in enumerate(asked)
            if finding.verdict and self._named(place) is not None
        ]
        clash = routing.hit == "unique" and len(named) > 1
        settled = False
        for place, rule in enumerate(routing.rules):
            finding = asked[place] if asked else self._found(rule.when)
            targets: tuple[Tried, ...] = ()
            if finding.verdict and clash and place in named:
                targets = (replace(self._asked(rule.to)[0], code="several-rules"),)
            elif finding.verdict and not settled:
                last = routing.hit != "collect" or [place] == named[-1:]
                targets = tuple(self._targets(place, last=last))
                names = targets[0].open is None and routing.hit == "first"
                settled = routing.hit != "unique" and (names or targets[-1].takes)
            yield TriedRule(self.roster.ids[place], finding, targets, rule.why)
            if settled and routing.hit == "first":
                return

    def _named(self, place: int) -> tuple[str, str] | None:
        return self.roster.rules[place][0](self.record)

    def _targets(self, place: int, *, last: bool) -> Iterator[Tried]:
        """Yield the targets of a rule that is true, until one takes the lead.

        Args:
            place: The rule.
            last: Whether no other rule is asked after it.
        """
        rule, reassign = self.roster.routing.rules[place], self.roster.routing.reassign
        first = self._tried(rule.to, place)
        yield first
        if first.open is not None or first.takes:
            return
        others = (*rule.otherwise, *reassign.otherwise) if self.tried and last else rule.otherwise
        for target in others:
            found = replace(self._tried(target, place), instead=True)
            yield found
            if found.takes:
                return

    def _tried(self, target: Target, place: int) -> Tried:
        found, named = self._asked(target)
        if named is None:
            return found
        answer = self.decision.to(place, *named)
        kind, name = named
        if kind == "owner":
            person = self.roster.people.get(name)
            candidates = () if person is None else (self._person(person, answer),)
            return replace(found, code=answer.code, candidates=candidates)
        if answer.team is None:
            return replace(found, code=answer.code)
        return self._pool(replace(found, code=answer.code), answer.team, answer)

    def _asked(self, target: Target) -> tuple[Tried, tuple[str, str] | None]:
        """Return a target with whom it names, or with what left that open."""
        found = Tried(str(target))
        if target.kind == "lookup":
            return self._looked_up(found, str(target.name))
        kind, name = target.kind, target.name
        if not isinstance(name, FieldRef):
            return replace(found, kind=kind, name=name), (kind, name)
        value = self.record.get(name.field)
        if not isinstance(value, str):
            return replace(found, open=Open(((name.field, None),))), None
        known = self.roster.routing.known().get(kind, ())
        secret = name.field in self.hidden and value not in known
        return replace(found, kind=kind, name=HIDDEN if secret else value), (kind, value)

    def _looked_up(self, found: Tried, name: str) -> tuple[Tried, tuple[str, str] | None]:
        lookup = self.roster.routing.lookups[name]
        row = self.roster.lookups[name].find(self.record)
        if row is None:
            fields = dict.fromkeys(field for _, field, _ in lookup.fields())
            read = tuple((field, self._shown(field, self.record.get(field))) for field in fields)
            return replace(found, open=Open(read, name)), None
        table = lookup.named(name)
        compared = _compared(lookup)
        cells = tuple(
            (column, self._shown(compared.get(column), settle(cell)))
            for column, cell in self.tables[table][row.row - 1].items()
        )
        used = Row(table, row.row, cells)
        return replace(found, kind=row.kind, name=row.name, row=used), (row.kind, row.name)

    def _shown(self, field: str | None, value: Value | None) -> Value | None:
        return HIDDEN if field in self.hidden and value not in {None, ""} else value

    # --- members

    def _person(self, person: Person, answer: Answer) -> Candidate:
        """Return how a member stands who is named; hours are not asked."""
        against = self._against(person, ((x, y) for x, y in person.limits))
        return Candidate(person.name, tuple(against), chosen=answer.kind is not None)

    def _pool(self, found: Tried, team: Team, answer: Answer) -> Tried:
        """Return a pool that was asked, with its members in the order of their turns."""
        strategy = team.pool.strategy
        reached = tuple(self._limits(team.own, team.names, "pool-limit"))
        if reached:
            return replace(found, strategy=strategy, against=reached)
        candidates = tuple(
            replace(self._candidate(name, team), chosen=name == answer.name)
            for name in self._order(team)
        )
        by = _BY[strategy]
        chosen = next((each for each in candidates if each.chosen), None)
        if chosen is not None and chosen.against:
            by = "soonest"
        elif strategy == "sticky" and answer.turn is None:
            by = "sticky"
        return replace(
            found,
            strategy=strategy,
            by=by if chosen else None,
            field=team.pool.by if strategy == "sticky" else None,
            candidates=candidates,
        )

    def _order(self, team: Team) -> Sequence[str]:
        """Return the members in the order in which they would get leads, if all could."""
        match team.pool.strategy:
            case "priority":
                return team.names
            case "least_loaded":
                order = sorted(team.names, key=self.book.turns(team).turn)
                return sorted(order, key=lambda name: self._load(name, team))
            case "sticky":
                own = self.record.get(team.pool.by)
                return sorted(self.book.turns(team).order, key=lambda name: name != own)
        return self.book.turns(team).order

    def _load(self, name: str, team: Team) -> Fraction:
        """Return what the least loaded member is found by."""
        loaded = self.book.open_leads(name)
        if team.pool.load == "room":
            return Fraction(-self._room(name, team))
        return Fraction(loaded, team.weights[name])

    def _room(self, name: str, team: Team) -> int:
        """Return how many more leads a member may work on."""
        most = min(x.most for _, x in team.limits[name] if x.unit == "open")
        return most - self.book.open_leads(name)

    def _candidate(self, name: str, team: Team) -> Candidate:
        person, pool = self.roster.people[name], team.pool
        against = tuple(self._against(person, team.limits[name], team))
        found = Candidate(name, against)
        turns = self.book.turns(team)
        if pool.strategy == "priority":
            return found
        weight = team.weights[name]
        if pool.strategy == "least_loaded":
            loaded = self.book.open_leads(name)
            if pool.load == "room":
                most = min(x.most for _, x in team.limits[name] if x.unit == "open")
                return replace(found, open=loaded, room=most - loaded)
            return replace(found, open=loaded, weight=weight)
        turn = turns.turn(name)
        if isinstance(turns, Waiting):
            return replace(found, waited=turns.level - turn if turn > 0 else None)
        leads = turn // turns.step(name)
        return replace(found, weight=weight, leads=leads, turn=turn / (2 * turns.scale))

    def _against(
        self, person: Person, limits: Iterable[tuple[Counter, Limit]], team: Team | None = None
    ) -> Iterator[Hindrance]:
        """Yield all that stands against a member, in the order of the closed list.

        Of whoever is not active nothing more is asked.
        """
        book = self.book
        if not person.active:
            yield Hindrance("inactive")
            return
        if person.name in self.tried:
            yield Hindrance("tried")
        if team is not None and team.match is not None:
            own: Mapping[str, Any] = person.attributes
            finding = self._found(team.pool.match, own)
            if finding.verdict is not True:
                yield Hindrance("no-match", finding=finding)
        if book.is_absent(person):
            yield Hindrance("absent", _back_at(person, book))
        if team is not None and person.hours is not None and book.is_closed(person):
            until = Instant(person.hours.next_opening(book.at))
            yield Hindrance("closed", until, calendar=person.calendar)
        yield from self._limits(limits, (person.name,), "at-limit")

    def _limits(
        self,
        limits: Iterable[tuple[Counter, Limit]],
        members: Sequence[str],
        code: Any,
    ) -> Iterator[Hindrance]:
        book = self.book
        for counter, limit in limits:
            if book.is_reached(((counter, limit),), members):
                yield Hindrance(
                    code,
                    _reached_until(counter, limit, book),
                    limit=str(limit),
                    pool=counter.pool,
                    open=sum(map(book.open_leads, members)) if limit.unit == "open" else None,
                )

    # --- packages

    def _sent(self, answer: Assignment | Unassigned) -> Iterator[Sent]:
        routing = self.roster.routing
        if answer.rule is not None:
            rule = routing.rules[self.roster.ids.index(answer.rule)]
            if rule.packages:
                yield Sent(rule.packages, answer.rule, why=rule.why)
        for row in routing.sends:
            finding = self._found(row.when)
            if finding.verdict:
                yield Sent(row.send, finding=finding, why=row.why)


def _compared(lookup: Lookup) -> dict[str, str]:
    """Return the fields that columns are compared with, by column."""
    found = dict(lookup.equal)
    if lookup.range is not None:
        found |= dict.fromkeys((lookup.range.from_, lookup.range.to), lookup.range.field)
    if lookup.prefix is not None:
        found[lookup.prefix.column] = lookup.prefix.field
    return found


def _back_at(person: Person, book: Book) -> Instant | None:
    """Return when a member is no longer absent; None is until further notice."""
    at = Instant(book.at)
    for start, end in sorted(
        [*person.absences, *book.state.away.get(person.name, ())], key=lambda span: span[0]
    ):
        if start <= at and (end is None or at < end):
            if end is None:
                return None
            at = end
    return at


def _reached_until(counter: Counter, limit: Limit, book: Book) -> Instant | None:
    """Return until when a limit that is reached stays so; None if time does not tell."""
    if limit.unit == "open":
        return None
    if limit.span is not None:
        return Instant(book.state.counts[counter][-limit.most] + limit.span)
    zone = book.roster.zones[limit.zone or book.roster.zone]
    period = _PERIODS[limit.unit]
    day, until = zone.day_until(book.at)
    first, at = period(day), until
    while period((found := zone.day_until(at))[0]) == first:
        at = found[1]
    return Instant(at)
