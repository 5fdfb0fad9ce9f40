"""The book of a router: a state that is open for changes, and what it says of members."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import repeat
from operator import contains
from typing import Any, NamedTuple

from leadrules.routing.assignment import Code
from leadrules.routing.limits import Limit
from leadrules.routing.roster import Person, Roster, Team
from leadrules.routing.rotation import Away, Counter, Rotation, rotation
from leadrules.routing.turns import Turns
from leadrules.values import Instant
from leadrules.zones import month_of, week_of

__all__ = ["Book", "Learnt"]

_OF_DAY: Mapping[str, Callable[[int], int]] = {"week": week_of, "month": month_of}

_ALWAYS = (-(2**63), 2**63, True)


class Learnt(NamedTuple):
    """What was learnt of calendars and zones, which is kept from book to book.

    Attributes:
        hours: Between which instants each calendar is surely open, or surely closed.
        days: Between which instants it is surely the same day, week or month in a zone, and
            which.
        off: Between which instants the same members of a pool are surely off duty, and who.
    """

    hours: dict[str, tuple[int, int, bool]]
    days: dict[tuple[str, str | None], tuple[int, int, int]]
    off: dict[str, tuple[int, int, frozenset[str]]]

    @classmethod
    def nothing(cls) -> Learnt:
        """Return what is known at first."""
        return cls({}, {}, {})


class Book:
    """What a router writes its decisions into.

    The state that it is opened from does not change: what is written is copied first.

    Args:
        state: Where the rotation stands.
        roster: The people and pools.
        learnt: What was learnt of calendars and zones.
        load: How many leads each member works on; None is what the state says.
    """

    __slots__ = (
        "_away",
        "_counts",
        "_looked",
        "_open",
        "_own",
        "_own_open",
        "_turns",
        "_unserved",
        "_worked",
        "at",
        "changes",
        "learnt",
        "load",
        "roster",
        "state",
        "time",
    )

    def __init__(
        self, state: Rotation, roster: Roster, learnt: Learnt, load: Mapping[str, int] | None = None
    ) -> None:
        self.state, self.roster = state, roster
        self.learnt, self.load = learnt, load
        self.time = state.time
        self.changes = 0
        self.at = 0
        self._turns: dict[str, Any] = dict(state.turns)
        self._unserved: dict[str, Turns] = {}
        self._own: set[str] = set()
        self._counts = dict(state.counts)
        self._open: dict[str, Any] = dict(state.open) if load is None else {}
        self._own_open: set[str] = set()
        self._worked: dict[str, str] | None = None
        self._looked = False
        self._away = state.away

    def turn_to(self, at: int) -> None:
        """Have what follows be asked as of a moment; or of the last decision, if that is later."""
        self.at = at if self.time is None or at > self.time else int(self.time)

    def closed(self) -> Rotation:
        """Return the state with all that was written; the same one, if nothing was.

        It is the end of the book: nothing may be written into it afterwards.
        """
        if not self.changes:
            return self.state
        state = self.state
        opened: Mapping[str, frozenset[str]] = state.open
        if self.load is None and self._own_open:
            for name in self._own_open:
                self._open[name] = frozenset(self._open[name])
                if not self._open[name]:
                    del self._open[name]
            self._own_open.clear()
            opened = self._open
        return rotation(
            state.policy,
            state.version + self.changes,
            self.time,
            self._turns,
            self._counts,
            opened,
            self._away,
        )

    # --- whether a member can take a lead

    @property
    def tells_of_absences(self) -> bool:
        """Whether the host has told of absences."""
        return bool(self._away)

    def off_duty(self, team: Team) -> frozenset[str]:
        """Return who of a pool is inactive, not at work, or absent by the policy."""
        known = self.learnt.off.get(team.key)
        if known is None or not known[0] <= self.at < known[1]:
            known = self._off_duty(team)
            self.learnt.off[team.key] = known
        return known[2]

    def _off_duty(self, team: Team) -> tuple[int, int, frozenset[str]]:
        at, names, changes = self.at, [], [2**63]
        for person in (self.roster.people[name] for name in team.names):
            changes += [edge for span in person.absences for edge in span if edge > at]
            _, until, is_open = self._hours(person)
            changes.append(until)
            if not person.active or not is_open or person.is_away(at):
                names.append(person.name)
        return at, min(changes), frozenset(names)

    def away(self, name: str, team: Team) -> Code | None:
        """Return why a member of a pool can take no lead at all; None if the member can."""
        person = self.roster.people[name]
        if not person.active:
            return "inactive"
        if self.is_absent(person):
            return "absent"
        if self.is_closed(person):
            return "closed"
        return "at-limit" if self.is_reached(team.limits[name], (name,)) else None

    def is_absent(self, person: Person) -> bool:
        """Return whether a member is away, by the policy or as the host has told."""
        at = self.at
        if person.absences and person.is_away(at):
            return True
        spans: tuple[Away, ...] | None = self._away.get(person.name) if self._away else None
        return bool(spans) and any(
            x.start <= at and (x.end is None or at < x.end) for x in spans or ()
        )

    def is_closed(self, person: Person) -> bool:
        """Return whether a member does not work at the moment."""
        return not self._hours(person)[2]

    def _hours(self, person: Person) -> tuple[int, int, bool]:
        """Return between which instants a member surely works, or surely does not."""
        if person.hours is None:
            return _ALWAYS
        learnt = self.learnt.hours
        span = learnt.get(person.calendar or "")
        if span is None or not span[0] <= self.at < span[1]:
            is_open, until = person.hours.until(self.at)
            span = (self.at, until, is_open)
            learnt[person.calendar or ""] = span
        return span

    def back_at(self, person: Person) -> int | None:
        """Return when a member is at work next and not absent; None if nobody knows when."""
        told = ((x.start, x.end) for x in self._away.get(person.name, ()))
        spans = [*person.absences, *told]
        moment = self.at
        while True:
            opening = moment if person.hours is None else person.hours.next_opening(moment)
            ends = [end for start, end in spans if start <= opening and _is_before(opening, end)]
            if not ends:
                return opening
            known = [end for end in ends if end is not None]
            if len(known) < len(ends):
                return None
            moment = max(known)

    def is_reached(self, limits: Iterable[tuple[Counter, Limit]], members: Iterable[str]) -> bool:
        """Return whether one of the limits is reached.

        Args:
            limits: The limits.
            members: Whose open leads count together.
        """
        counts, at = self._counts, self.at
        for counter, limit in limits:
            most, unit, span, _ = limit
            if unit == "open":
                count = 0
                for name in members:
                    count += self.open_leads(name)
                if count >= most:
                    return True
                continue
            found = counts.get(counter)
            if found is None:
                continue
            if span is not None:
                if len(found) >= most and at - found[-most] < span:
                    return True
            elif found[1] >= most and found[0] == self._period(limit):
                return True
        return False

    def open_leads(self, name: str) -> int:
        """Return how many leads a member works on."""
        found = self._open.get(name)
        count = len(found) if found else 0
        return count if self.load is None else count + self.load.get(name, 0)

    def _period(self, limit: Limit) -> int:
        """Return the number of the day, week or month of a limit."""
        key = (limit.unit, limit.zone)
        known = self.learnt.days.get(key)
        if known is None or not known[0] <= self.at < known[1]:
            day, until = self.roster.zones[limit.zone or self.roster.zone].day_until(self.at)
            known = (self.at, until, day if limit.unit == "day" else _OF_DAY[limit.unit](day))
            self.learnt.days[key] = known
        return known[2]

    # --- whose turn it is

    def turns(self, team: Team) -> Turns:
        """Return the turns of a pool, to be read."""
        key = team.key
        found = self._turns.get(key) or self._unserved.get(key)
        if isinstance(found, Turns):
            return found
        made = team.turns(found)
        if found is None:
            self._unserved[key] = made  # a state says nothing of a pool that has served nobody
        else:
            self._turns[key] = made
        self._own.add(key)
        return made

    def _changed(self, team: Team) -> Turns:
        """Return the turns of a pool, to be changed."""
        key, found = team.key, self.turns(team)
        if key not in self._own:
            found = found.copy()
            self._own.add(key)
        self._turns[key] = found
        return found

    # --- what is written

    def assign(
        self,
        name: str,
        lead_id: str,
        team: Team | None,
        turn: tuple[int, int] | None,
        *,
        counts: bool = True,
    ) -> None:
        """Write that a member gets a lead.

        Args:
            name: The member.
            lead_id: The lead.
            team: The pool by which; None if by name or by hand.
            turn: The turn and the lowest of those there, if the member was served by turns.
            counts: Whether it counts as a turn, and against limits.
        """
        self.changes += 1
        self._move_time()
        if self.roster.tracks_open:
            self._drop(lead_id)
            self._opened(name).add(lead_id)
            if self._worked is not None:
                self._worked[lead_id] = name
        if not counts:
            return
        if team is not None:
            self._take_turn(name, team, turn)
            self._count(team.limits[name])
            self._count(team.own)
        else:
            self._count(self.roster.people[name].limits)
        for other in self.roster.everywhere:
            if other is not team and name in other.weights:
                self._changed(other).charge(name)

    def assign_by_hand(self, name: str, lead_id: str) -> None:
        """Write that somebody gave a member a lead, which counts as a turn in all pools."""
        self.assign(name, lead_id, None, None)
        for team in self.roster.of_member[name]:
            if not team.everywhere:
                self._changed(team).charge(name)

    def give_back(self, name: str, team: Team | None, *, credit: bool) -> None:
        """Write that a member lost a lead again.

        Args:
            name: The member.
            team: The pool by which the member had it.
            credit: Whether the member gets the turn back.
        """
        if credit and team is not None and name in team.weights:
            self.changes += 1
            self._changed(team).credit(name)

    def release(self, lead_id: str) -> None:
        """Write that nobody works on a lead any more."""
        if self._drop(lead_id):
            self.changes += 1

    def _drop(self, lead_id: str) -> bool:
        """Take a lead from whoever works on it, and return whether somebody did."""
        name = self._worker(lead_id)
        if name is None:
            return False
        self._opened(name).discard(lead_id)
        if self._worked is not None:
            del self._worked[lead_id]
        return True

    def _worker(self, lead_id: str) -> str | None:
        """Return who works on a lead; whoever asks more than once makes a list of all."""
        if self._worked is not None:
            return self._worked.get(lead_id)
        if self._looked:
            self._worked = {x: name for name, found in self._open.items() for x in found}
            return self._worked.get(lead_id)
        self._looked = True
        if True not in map(contains, self._open.values(), repeat(lead_id)):
            return None
        return next(name for name, found in self._open.items() if lead_id in found)

    def absent(self, name: str, spans: tuple[Away, ...]) -> None:
        """Write when a member is away."""
        self.changes += 1
        others = {key: found for key, found in self._away.items() if key != name}
        self._away = {**others, name: spans} if spans else others

    def _move_time(self) -> None:
        if self.time is None or self.at > self.time:
            self.time = Instant(self.at)

    def _opened(self, name: str) -> set[str]:
        if name not in self._own_open:
            self._open[name] = set(self._open.get(name, ()))
            self._own_open.add(name)
        found: set[str] = self._open[name]
        return found

    def _take_turn(self, name: str, team: Team, turn: tuple[int, int] | None) -> None:
        turns = self._changed(team)
        if turn is None:
            turns.charge(name)
            return
        rise = turns.serve(name, *turn)
        if rise and team.absences_matter:
            most = team.pool.on_return if isinstance(team.pool.on_return, int) else None
            for who in team.names:
                if self.is_absent(self.roster.people[who]):
                    if team.grants:
                        turns.grant(who, rise, most=most)
                    else:
                        turns.shift(who, rise)

    def _count(self, limits: Iterable[tuple[Counter, Limit]]) -> None:
        """Count a lead against limits."""
        counts, at = self._counts, self.at
        for counter, limit in limits:
            most, unit, span, _ = limit
            before = counts.get(counter)
            if span is not None:
                kept = before[-(most - 1) :] if before is not None and most > 1 else ()
                counts[counter] = (*kept, at)
            elif unit != "open":
                period = self._period(limit)
                same = before is not None and before[0] == period
                counts[counter] = (period, before[1] + 1 if same and before else 1)


def _is_before(moment: int, end: int | None) -> bool:
    return end is None or moment < end
