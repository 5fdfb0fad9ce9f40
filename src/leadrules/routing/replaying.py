"""Who was given leads, as a log states it, and a book that is led through a log again."""

from __future__ import annotations

from typing import Any, NamedTuple

from leadrules.events import Event
from leadrules.routing.assignment import Assignment, Unassigned
from leadrules.routing.book import Book
from leadrules.routing.roster import Team
from leadrules.values import instant_of

__all__ = ["Given", "Replay"]


class Given(NamedTuple):
    """Who was given a lead.

    Attributes:
        moment: When.
        lead_id: The lead.
        owner: The member; None if nobody has the lead any more.
        pool: The pool or the role by which.
        rule: The rule by which; None if no router decided it.
        reason: Why it was given again.
        by: Who did it.
    """

    moment: int
    lead_id: str
    owner: Any
    pool: Any = None
    rule: Any = None
    reason: Any = None
    by: Any = None

    @classmethod
    def of(cls, answer: Assignment | Unassigned) -> Given | None:
        """Return what an answer states; None if the lead stays where it is."""
        moment, lead_id = instant_of(answer.time), answer.lead_id
        if isinstance(answer, Assignment):
            return cls(moment, lead_id, answer.owner, answer.pool, answer.rule, answer.reason)
        return (
            cls(moment, lead_id, None, reason="declined") if answer.reason == "declined" else None
        )

    @classmethod
    def said(cls, event: Event) -> Given:
        """Return what a fact of the kind `assigned` states."""
        said = (event[name] for name in ("owner", "pool", "rule", "reason", "by"))
        return cls(event.moment, event.lead_id, *said)


class Replay:
    """Writes into a book what was decided before, as it was decided.

    Whether a lead fits who is passed over is not known of a log: those who were at work, present
    and below their limits count as there.

    Args:
        book: The book.
    """

    __slots__ = ("_last", "book")

    def __init__(self, book: Book) -> None:
        self.book = book
        self._last: dict[str, Given] = {}

    def team(self, given: Given) -> Team | None:
        """Return the pool of a member who was given a lead by a router; None if there is none."""
        if given.rule is None or not isinstance(given.pool, str):
            return None
        roster = self.book.roster
        team = roster.pools.get(given.pool) or roster.roles.get(given.pool)
        return team if team is not None and given.owner in team.weights else None

    def write(self, given: Given) -> None:
        """Write who was given a lead; who had it before gets the turn back, if a reason says so."""
        book = self.book
        book.turn_to(given.moment)
        before = self._last.get(given.lead_id)
        if before is not None:
            last = self.team(before)
            if last is not None and given.reason in last.pool.credit:
                book.give_back(before.owner, last, credit=True)
        if given.reason is not None:
            book.release(given.lead_id)
        self._last[given.lead_id] = given
        owner, team = given.owner, self.team(given)
        if not isinstance(owner, str) or owner not in book.roster.people:
            book.release(given.lead_id)
        elif self.counts(given):
            book.assign_by_hand(owner, given.lead_id)
        elif team is None:
            book.assign(owner, given.lead_id, None, None, counts=given.rule is not None)
        else:
            book.assign(owner, given.lead_id, team, self._turn(owner, team))

    def counts(self, given: Given) -> bool:
        """Return whether a lead that was given by hand counts as a turn."""
        kind = "created" if given.by == given.owner else "manual"
        return given.rule is None and kind in self.book.roster.routing.counts

    def _turn(self, owner: str, team: Team) -> tuple[int, int] | None:
        """Return the turn by which a member was served, and the lowest of those there."""
        book, turns = self.book, self.book.turns(team)
        if book.away(owner, team) is not None:  # of those who are back soonest
            found = turns.first(lambda name: name == owner or None)
        elif team.pool.strategy in {"priority", "least_loaded"}:
            return None
        else:
            found = turns.first(
                lambda name: name == owner or (None if book.away(name, team) else False)
            )
        assert found is not None  # noqa: S101 - the owner is in the pool
        _, turn, lowest = found
        return None if team.pool.strategy == "sticky" and lowest < turn else (turn, lowest)
