"""How a pool shared the leads of a log, counted lead by lead."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from leadrules.conditions.tree import Always
from leadrules.errors import EvaluationError, as_written
from leadrules.events import Event
from leadrules.routing.assignment import PASSED, Assignment, Code, Unassigned
from leadrules.routing.book import Book
from leadrules.routing.fairness import Deviation, Fairness, Portion
from leadrules.routing.replaying import Given, Replay
from leadrules.routing.roster import Team
from leadrules.values import datetime_of

__all__ = ["fairness", "given_in"]


def given_in(log: Any, closed: Iterable[str]) -> list[Given]:
    """Return who was given leads by a log, by time.

    Args:
        log: Answers, facts, or a frame of assignments.
        closed: The stages in which nobody works on a lead.

    Raises:
        EvaluationError: If it is none of these, or a column is absent or of a wrong type.
    """
    if isinstance(log, Iterable) and not hasattr(log, "columns"):
        stages = frozenset(closed)
        found = [given for item in log if (given := _given(item, stages)) is not None]
    else:
        from leadrules.routing.logs import given_in_frame  # noqa: PLC0415 - frames are an extra

        found = given_in_frame(log)
    return sorted(found, key=lambda given: given.moment)


def _given(item: Any, closed: frozenset[str]) -> Given | None:
    if isinstance(item, Assignment | Unassigned):
        return Given.of(item)
    if isinstance(item, Event):
        if item.kind == "assigned":
            return Given.said(item)
        out = item.kind == "moved" and item["to"] in closed
        return Given(item.moment, item.lead_id, None) if out else None
    message = f"log: '{as_written(item)}' is no answer of a router, and no event"
    raise EvaluationError(message, field="log")


def fairness(book: Book, team: Team, log: Iterable[Given]) -> Fairness:
    """Return how a pool shared its leads.

    It takes time in proportion to the leads and the members of the pool.

    Args:
        book: Where the rotation stood, opened.
        team: The pool.
        log: Who was given leads, by time.
    """
    tally = _Tally(book, team)
    replay = Replay(book)
    for given in log:
        if replay.team(given) is team:
            book.turn_to(given.moment)
            tally.count(given)
        elif given.rule is None and given.owner in team.weights:
            tally.note_by_hand(replay.counts(given))
        replay.write(given)
    return tally.told()


_Codes = tuple[Code | None, ...]
"""Why each member of a pool was away when a lead came."""


class _Tally:
    """What is counted of a pool, lead by lead."""

    def __init__(self, book: Book, team: Team) -> None:
        self.book, self.team = book, team
        self.fresh = book.state.turns.get(team.key) is None
        self.leads = 0
        # How many leads came by why members were away; and of whom nobody shared them.
        self.found: Counter[_Codes] = Counter()
        self.alone: Counter[str] = Counter()
        self.codes: _Codes = ()
        self.had: dict[str, list[int]] = {name: [] for name in team.names}
        self.since: dict[str, int] = {}
        self.moments: list[int] = []
        # Of two members: since which lead both are there, and what they had before.
        self.begun: dict[str, dict[str, tuple[int, int, int]]] = {name: {} for name in team.names}
        self.worst: tuple[int, int] = (0, 1)
        self.largest: tuple[str, str, int, Given] | None = None
        self.unbound: dict[str, None] = dict.fromkeys(self._declared())

    def _declared(self) -> Iterator[str]:
        """Yield why the bound need not hold whatever the log says."""
        team, pool = self.team, self.team.pool
        if pool.strategy not in {"weighted_rotation", "longest_waiting"}:
            yield f"the strategy is '{pool.strategy}'"
        if not isinstance(pool.match, Always):
            yield "match says which leads members can take"
        if team.keeps:
            yield "share is 'of_all_leads', so what members miss is made up for"
        if team.everywhere:
            yield "turns are what members get anywhere"
        if not self.fresh:
            turns = self.book.turns(team)
            ahead = {name: turns.turn(name) - turns.level for name in team.names}
            if not all(0 <= x <= turns.step(name) for name, x in ahead.items()):
                yield "the state gives turns back, or has charged some"

    def count(self, given: Given) -> None:
        """Count a lead of the pool."""
        book, team, lead = self.book, self.team, self.leads
        owner = given.owner
        codes = tuple([book.away(name, team) for name in team.names])
        self.leads += 1
        self.moments.append(given.moment)
        self.found[codes] += 1
        if codes != self.codes:
            self._turn_to(codes, lead)
        if not any(map(self._shares, set(codes))):
            self.alone[owner] += 1
        if given.reason is not None:
            self.unbound["leads were given again, to others than before"] = None
        if owner in self.since:
            self._compare(given)
        else:
            self.unbound["leads were given to members who were not there"] = None
        self.had[owner].append(lead)

    def _turn_to(self, codes: _Codes, lead: int) -> None:
        """Note who is there since a lead, and who is not any more."""
        self.codes = codes
        for name, code in zip(self.team.names, codes, strict=True):
            if code is None:
                self.since.setdefault(name, lead)
            else:
                self.since.pop(name, None)
                if code == "absent" and self.team.grants:
                    self.unbound["on_return gives turns back to who was absent"] = None

    def _shares(self, code: Code | None) -> bool:
        """Return whether a member shares a lead that it is passed over for."""
        if code is None or not self.team.keeps:
            return code is None
        return code in {"closed", "at-limit"} or (code == "absent" and not self.team.shifts)

    def _compare(self, given: Given) -> None:
        """Compare a member who is given a lead with all others who are there."""
        owner, had, weights = given.owner, self.had, self.team.weights
        count, weight, since = len(had[owner]) + 1, weights[owner], self.since[owner]
        always = self.team.pool.strategy == "longest_waiting"
        for name, start in self.since.items():
            if name == owner:
                continue
            start = max(start, since)  # noqa: PLW2901 - both have been there since the later
            own, other = self._before(owner, name, start) if start else (0, 0)
            deviation = (count - own) * weights[name] - (len(had[name]) - other) * weight
            if deviation <= 0:
                continue
            if always or (start == 0 and self.fresh):
                deviation *= 2
            most = weight + weights[name]
            if deviation * self.worst[1] > self.worst[0] * most:
                self.worst = deviation, most
                self.largest = owner, name, start, given

    def _before(self, owner: str, name: str, start: int) -> tuple[int, int]:
        """Return how many leads two members had before a lead."""
        known, own, other = self.begun[owner].get(name, (0, 0, 0))
        if known != start:
            own, other = (bisect_left(self.had[x], start) for x in (owner, name))
            self.begun[owner][name] = start, own, other
        return own, other

    def note_by_hand(self, counts: bool) -> None:  # noqa: FBT001 - it is all that is told
        """Note that a member was given a lead by hand, which may count."""
        if counts:
            self.unbound["leads that were given by hand count"] = None

    def told(self) -> Fairness:
        """Return what was counted."""
        names, weights = self.team.names, self.team.weights
        expected = {name: Fraction(self.alone[name]) for name in names}
        away: dict[str, Counter[Code | None]] = {name: Counter() for name in names}
        # How many leads a member shared, by the weight of all who did.
        shared: dict[str, Counter[int]] = {name: Counter() for name in names}
        for codes, count in self.found.items():
            sharing = [x for x, code in zip(names, codes, strict=True) if self._shares(code)]
            weight = sum(weights[name] for name in sharing)
            for name in sharing:
                shared[name][weight] += count
            for name, code in zip(names, codes, strict=True):
                away[name][code] += count
        for name in names:
            for weight, count in shared[name].items():
                expected[name] += Fraction(weights[name] * count, weight)
        portions = tuple(
            Portion(
                name,
                weights[name],
                expected[name],
                len(self.had[name]),
                away[name][None],
                {code: away[name][code] for code in PASSED if away[name][code]},
            )
            for name in names
        )
        return Fairness(
            self.team.name, self.leads, portions, self._deviation(), tuple(self.unbound)
        )

    def _deviation(self) -> Deviation | None:
        if self.largest is None:
            return None
        ahead, behind, start, given = self.largest
        v, w = self.team.weights[ahead], self.team.weights[behind]
        half = self.team.pool.strategy == "longest_waiting" or (start == 0 and self.fresh)
        bound = Fraction(v + w, v * w) / (2 if half else 1)
        return Deviation(
            ahead,
            behind,
            bound * Fraction(*self.worst),
            bound,
            datetime_of(self.moments[start]),
            datetime_of(given.moment),
            given.lead_id,
        )
