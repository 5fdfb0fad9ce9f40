"""A section `routing` compiled: its table, its people and its pools, by what they look up."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from math import lcm
from typing import Any

from leadrules.calendars import Calendar, OpenHours
from leadrules.conditions.compiler import Code, compile_condition
from leadrules.conditions.tree import Always, Condition
from leadrules.routing.document import Routing
from leadrules.routing.limits import Limit
from leadrules.routing.lookups import LookupIndex, Row
from leadrules.routing.members import Member
from leadrules.routing.pools import Pool, Share
from leadrules.routing.rotation import Counter
from leadrules.routing.targets import FieldRef, Target
from leadrules.routing.turns import Turns, Waiting
from leadrules.values import Instant, Value
from leadrules.vocabulary import Vocabulary
from leadrules.zones import Zone

__all__ = ["OWNERS", "Person", "Roster", "Team"]

OWNERS = ""
"""The pool of those who are named by rules; it has no turns."""


Named = tuple[str, str]
"""What a target is, and its name."""
Destination = Callable[[Mapping[str, Value]], "Named | None"]
"""Gives who or what a target names for a lead; None if a row or a field leaves it open."""


class Person:
    """A member, with what is looked up of it.

    Attributes:
        name: The name.
        hours: When the person works; None is at any time.
        calendar: What the calendar is called.
        absences: When the person is away by the policy, in order.
        limits: What the person takes over all pools.
        attributes: What conditions read of the person.
        active: Whether the person gets leads at all.
        roles: The roles that the person has.
    """

    __slots__ = (
        "absences",
        "active",
        "attributes",
        "calendar",
        "hours",
        "limits",
        "name",
        "roles",
    )

    def __init__(
        self,
        name: str,
        member: Member,
        routing: Routing,
        calendars: Mapping[str, OpenHours],
        zone: str,
    ) -> None:
        self.name = name
        self.calendar = member.calendar
        self.hours = calendars[member.calendar] if member.calendar is not None else None
        own = self.hours.zone if self.hours else zone
        self.absences: tuple[tuple[Instant, Instant], ...] = tuple(
            sorted(absence.instants(own) for absence in member.absent)
        )
        self.limits = tuple((Counter(None, name, str(x)), x) for x in dict.fromkeys(member.limits))
        self.attributes = {
            f"member.{key}": routing.attributes[key].value(value)
            for key, value in member.attributes.items()
        }
        self.active = member.active
        self.roles = frozenset(member.roles)

    def is_away(self, at: int) -> bool:
        """Return whether the person is away by the policy at a moment."""
        return any(start <= at < end for start, end in self.absences)


class Team:
    """A pool, or the members of a role, with what is looked up of it.

    Attributes:
        name: What it is called.
        kind: `pool` or `role`.
        pool: The document.
        weights: The weight of each member, in their order.
        parts: What one open lead of each member counts, the less the larger the weight is.
        room: How many open leads each member takes at most, of those who have such a limit.
        limits: What each member takes, in this pool and over all.
        limited: Whether any of them has a limit.
        own: What the pool takes in all.
        match: Which members fit; None is everybody.
    """

    def __init__(  # noqa: PLR0913 - what it is made of
        self,
        name: str,
        pool: Pool,
        shares: Mapping[str, Share],
        *,
        kind: str,
        people: Mapping[str, Person],
        vocabulary: Vocabulary,
    ) -> None:
        self.name, self.kind, self.pool = name, kind, pool
        self.key = name if kind == "pool" else f"role:{name}"
        self.weights = {who: share.weight for who, share in shares.items()}
        self.names = tuple(self.weights)
        self.limits: Mapping[str, tuple[tuple[Counter, Limit], ...]] = {
            who: (
                *people[who].limits,
                *((Counter(name, who, str(x)), x) for x in dict.fromkeys(share.limits)),
            )
            for who, share in shares.items()
        }
        self.room = {
            who: min(open_)
            for who, found in self.limits.items()
            if (open_ := [x.most for _, x in found if x.unit == "open"])
        }
        self.own = tuple((Counter(name, None, str(x)), x) for x in dict.fromkeys(pool.limits))
        self.match = (
            None if isinstance(pool.match, Always) else compile_condition(pool.match, vocabulary)
        )
        self.limited = any(self.limits.values())
        self.everywhere = pool.turns == "everywhere"
        self.keeps = pool.share == "of_all_leads"
        self.grants = not self.keeps and pool.on_return != "none"
        self.shifts = self.keeps and pool.on_return == "none"
        self.absences_matter = self.grants or self.shifts
        scale = lcm(*self.weights.values())
        self.parts = {who: scale // weight for who, weight in self.weights.items()}
        waits = pool.strategy == "longest_waiting" or (
            pool.strategy == "least_loaded" and pool.ties == "longest_waiting"
        )
        self._kind = Waiting if waits else Turns

    def turns(self, data: Mapping[str, Any] | None) -> Turns:
        """Return the turns of its members, from what a state says of them or from the start."""
        if data is None:
            return self._kind(self.weights, keeps=self.keeps)
        return self._kind(
            self.weights,
            level=data["level"],
            turns=data["turns"],
            lag=data["lag"],
            keeps=self.keeps,
        )

    def moved(self, before: Mapping[str, Any]) -> Turns:
        """Return the turns of its members, from those of another version of the pool."""
        on_join = self.pool.on_join
        return self._kind.moved(self.weights, before, on_join=on_join, keeps=self.keeps)


class Roster:
    """What routing reads of a policy for every lead.

    Args:
        routing: The document, checked.
        vocabulary: The names that its conditions use.
        calendars: The calendars of the policy, by name.
        rows: The rows of each table.
    """

    def __init__(
        self,
        routing: Routing,
        vocabulary: Vocabulary,
        calendars: Mapping[str, Calendar],
        rows: Mapping[str, Sequence[Row]],
    ) -> None:
        self.routing = routing
        self.vocabulary = vocabulary
        self.zone = vocabulary.zone
        self.ids = tuple(routing.ids())
        self.calendars = {name: x.hours_in(vocabulary.zone) for name, x in calendars.items()}
        self.people = {
            name: Person(name, member, routing, self.calendars, self.zone)
            for name, member in routing.members.items()
        }
        words = routing.words_of_members(vocabulary)
        self.pools = {
            name: Team(
                name,
                pool,
                pool.shares(routing.members),
                kind="pool",
                people=self.people,
                vocabulary=words,
            )
            for name, pool in routing.pools.items()
        }
        roles = {role: None for x in routing.members.values() for role in x.roles}
        self.roles = {
            role: Team(
                role,
                Pool(),
                {name: Share() for name, x in routing.members.items() if role in x.roles},
                kind="role",
                people=self.people,
                vocabulary=words,
            )
            for role in roles
        }
        self.teams = {team.key: team for team in (*self.pools.values(), *self.roles.values())}
        self.everywhere = [team for team in self.teams.values() if team.everywhere]
        self.of_member: Mapping[str, tuple[Team, ...]] = {
            name: tuple(team for team in self.teams.values() if name in team.weights)
            for name in self.people
        }
        self.lookups = {
            name: LookupIndex(found, rows[found.named(name)])
            for name, found in routing.lookups.items()
        }
        self.rules = [self._destinations((x.to, *x.otherwise)) for x in routing.rules]
        self.last_resorts = self._destinations(routing.reassign.otherwise)
        self.tracks_open = routing.tracks_open
        self.zones = {
            zone: Zone.named(zone)
            for zone in {x.zone or self.zone for _, x in routing.limits() if x.unit in _PERIODS}
        }
        self.first = _first([rule.when for rule in routing.rules], vocabulary)
        self.every = _every([rule.when for rule in routing.rules], vocabulary)
        self.sent = _every([row.when for row in routing.sends], vocabulary)
        self._epochs = vocabulary.epochs
        self._parameters = [vocabulary.parameters_at(x) for x in (-(2**63), *self._epochs)]

    def _destinations(self, targets: Sequence[Target]) -> tuple[Destination, ...]:
        return tuple(self._destination(target) for target in targets)

    def _destination(self, target: Target) -> Destination:
        kind, name = target.kind, target.name
        if isinstance(name, FieldRef):
            field = name.field

            def by_field(record: Mapping[str, Value]) -> Named | None:
                value = record.get(field)
                return (kind, value) if isinstance(value, str) else None

            return by_field
        if kind == "lookup":
            find = self.lookups[name].find

            def by_row(record: Mapping[str, Value]) -> Named | None:
                found = find(record)
                return None if found is None else (found.kind, found.name)

            return by_row
        stated = (kind, name)
        return lambda record: stated  # noqa: ARG005 - whatever the lead is

    def parameters_at(self, at: int) -> Mapping[str, Value]:
        """Return the parameters in effect at a moment."""
        return self._parameters[bisect_right(self._epochs, at)]


_PERIODS = ("day", "week", "month")
_Compiled = Callable[..., Any]


def _first(conditions: Sequence[Condition], vocabulary: Vocabulary) -> _Compiled:
    """Return a function that gives the place of the first condition that is true, or None.

    It takes a record, the moment, the parameters, and the place to start from.
    """
    code = Code(vocabulary)
    body = [
        f"if start <= {place} and {code.true(condition)}: return {place}"
        for place, condition in enumerate(conditions)
    ]
    found: _Compiled = code.function([*body, "return None"], "start")
    return found


def _every(conditions: Sequence[Condition], vocabulary: Vocabulary) -> _Compiled:
    """Return a function that gives the places of all conditions that are true."""
    code = Code(vocabulary)
    body = ["found = []"]
    for place, condition in enumerate(conditions):
        body.append(f"if {code.true(condition)}: found.append({place})")
    compiled: _Compiled = code.function([*body, "return found"])
    return compiled
