"""A plain rotation to compare with: fractions, scans and datetimes, and nothing of the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil, floor, lcm
from typing import Any
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = {"office": {"hours": {"mon-fri": ["09:00-17:00"]}}}
_SPANS = {"3 hours": timedelta(hours=3), "30 minutes": timedelta(minutes=30)}
Document = Mapping[str, Any]


@dataclass
class Queue:
    """The turns of one pool: `(2 * count + 1) / weight`, and the level."""

    weights: dict[str, int]
    keeps: bool
    count: dict[str, int]
    behind: dict[str, Fraction]
    level: Fraction = Fraction(0)
    line: list[str] | None = None
    """Who has waited longest, of `longest_waiting`, which has no turns."""

    def turn(self, name: str, count: int) -> Fraction:
        return Fraction(2 * count + 1, self.weights[name])

    def now(self, name: str) -> int:
        """Return the count by which a member would be served."""
        lowest = self.level - self.behind[name]
        count = self.count[name]
        if self.keeps or self.turn(name, count) >= lowest:
            return count
        return ceil((lowest * self.weights[name] - 1) / 2)

    def pay(self, name: str, level: Fraction) -> None:
        if self.line is not None:
            self.line = [*(x for x in self.line if x != name), name]
            return
        self.count[name] = self.now(name) + 1
        self.level = max(self.level, level)
        if not self.keeps:
            owed = max(self.level - self.turn(name, self.count[name]), Fraction(0))
            self.behind[name] = min(self.behind[name], owed)

    def credit(self, name: str) -> None:
        if self.line is not None:
            self.line = [name, *(x for x in self.line if x != name)]
            return
        self.count[name] = max(self.now(name) - 1, 0)
        if not self.keeps:
            owed = self.level - self.turn(name, self.count[name])
            self.behind[name] = max(self.behind[name], owed)

    def join(self, name: str, weight: int, on_join: Any) -> None:
        """Have a new member begin, after the others."""
        self.weights[name] = weight
        self.settle()
        self.behind[name], self.count[name] = Fraction(0), 0
        if self.line is not None:
            self.line = [name, *self.line] if on_join == "full" else [*self.line, name]
            return
        first = max(ceil((self.level * weight - 1) / 2), 0)
        more = {"none": 0, "full": first}.get(on_join, on_join)
        self.count[name] = max(first - more, 0)
        if not self.keeps:
            self.behind[name] = max(self.level - self.turn(name, self.count[name]), Fraction(0))

    def leave(self, name: str) -> None:
        del self.weights[name], self.count[name], self.behind[name]
        self.settle()
        if self.line is not None:
            self.line.remove(name)

    def settle(self) -> None:
        """Have the level and what members are behind be counted in parts of the weights."""
        parts = lcm(*self.weights.values())
        level = Fraction(ceil(self.level * parts), parts)
        for name, behind in self.behind.items():
            if self.keeps:
                self.behind[name] = Fraction(floor(behind * parts), parts)
            else:
                lowest = Fraction(ceil((self.level - behind) * parts), parts)
                self.behind[name] = level - lowest
        self.level = level

    def order(self, name: str) -> Fraction:
        """Return what the next is the lowest of."""
        if self.line is not None:
            return Fraction(self.line.index(name))
        return self.turn(name, self.now(name))

    def miss(self, name: str, rise: Fraction, on_return: Any) -> None:
        """Have a member be absent while the level rises."""
        step = Fraction(2, self.weights[name])
        if self.keeps and on_return == "none":
            self.behind[name] += rise
            while self.behind[name] >= step:
                self.behind[name] -= step
                self.count[name] += 1
        elif not self.keeps and on_return != "none":
            self.behind[name] += rise
            if on_return != "full":
                self.behind[name] = min(self.behind[name], on_return * step)


@dataclass
class Desk:
    """Who gets leads by a document of pools whose strategy is the rotation."""

    document: Document
    queues: dict[str, Queue] = field(default_factory=dict)
    log: list[tuple[datetime, str, str | None]] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)
    told: dict[str, list[tuple[datetime, datetime | None]]] = field(default_factory=dict)
    last: datetime | None = None

    def __post_init__(self) -> None:
        for name, pool in self.document["pools"].items():
            weights = {who: share.get("weight", 1) for who, share in pool["members"].items()}
            keeps = pool.get("share") == "of_all_leads"
            nothing = dict.fromkeys(weights, Fraction(0))
            queue = Queue(weights, keeps, dict.fromkeys(weights, 0), nothing)
            queue.line = [*weights] if pool["strategy"] == "longest_waiting" else None
            self.queues[name] = queue

    # --- who is there

    def moment(self, at: datetime) -> datetime:
        return at if self.last is None else max(at, self.last)

    def away(self, name: str, pool: str, at: datetime) -> str | None:
        """Return why a member of a pool can take nothing."""
        member = self.document["members"][name]
        if not member.get("active", True):
            return "inactive"
        if self.absent(name, at):
            return "absent"
        if not is_open(member.get("calendar"), at):
            return "closed"
        share = self.document["pools"][pool]["members"][name].get("limits", ())
        limits: list[tuple[str, str | None]] = [(limit, None) for limit in member.get("limits", ())]
        limits += [(limit, pool) for limit in share]
        if any(self.reached(limit, at, name, of) for limit, of in limits):
            return "at-limit"
        return None

    def absent(self, name: str, at: datetime) -> bool:
        days = self.document["members"][name].get("absent", ())
        return at.astimezone(BERLIN).date().isoformat() in days or any(
            start <= at and (end is None or at < end) for start, end in self.told.get(name, ())
        )

    def reached(self, limit: str, at: datetime, name: str | None, pool: str | None) -> bool:
        """Return whether a member has as many as a limit says, or all who had leads of a pool."""
        most, _, rest = limit.partition(" ")
        names = [*self.queues[str(pool)].weights] if name is None else [name]
        if rest == "open":
            return sum(owner in names for owner in self.owners.values()) >= int(most)
        times = [x for x, who, of in self.log if name in {None, who} and pool in {None, of}]
        return sum(same_period(rest, x, at) for x in times) >= int(most)

    # --- what is decided

    def route(
        self,
        lead: str,
        at: datetime,
        pool: str,
        tried: Sequence[str] = (),
        account: str | None = None,
    ) -> str | None:
        """Return who gets a lead from a pool; None if nobody does."""
        at = self.moment(at)
        document, queue = self.document["pools"][pool], self.queues[pool]
        if any(self.reached(x, at, None, pool) for x in document.get("limits", ())):
            return None
        there = [name for name in queue.weights if self.away(name, pool, at) is None]
        turns = {name: queue.order(name) for name in there}
        able = [name for name in there if name not in tried]
        if not able:
            return None
        strategy, by_turns = document["strategy"], False
        if strategy == "priority":
            chosen = able[0]
        elif strategy == "least_loaded":
            chosen = min(able, key=lambda name: (self.load(name, queue), turns[name]))
        elif strategy == "sticky" and account in able:
            chosen = str(account)
        else:
            chosen, by_turns = min(able, key=lambda name: turns[name]), True
        before = queue.level
        queue.pay(chosen, min(turns.values()) if by_turns else before)
        for name in queue.weights:
            if self.absent(name, at):
                rise = queue.level - before
                queue.miss(name, rise, document.get("on_return", "none"))
        for other, theirs in self.queues.items():
            if other != pool and self.everywhere(other) and chosen in theirs.weights:
                theirs.pay(chosen, theirs.level)
        self.write(lead, at, chosen, pool)
        return chosen

    def load(self, name: str, queue: Queue) -> Fraction:
        return Fraction(sum(x == name for x in self.owners.values()), queue.weights[name])

    def by_hand(self, lead: str, at: datetime, name: str, kind: str) -> None:
        at = self.moment(at)
        if kind in self.document.get("counts", ()):
            for queue in self.queues.values():
                if name in queue.weights:
                    queue.pay(name, queue.level)
            self.write(lead, at, name, None)
        self.owners[lead] = name
        self.last = at

    def write(self, lead: str, at: datetime, name: str, pool: str | None) -> None:
        self.log.append((at, name, pool))
        self.owners[lead] = name
        self.last = at

    def everywhere(self, pool: str) -> bool:
        return bool(self.document["pools"][pool].get("turns") == "everywhere")


def is_open(calendar: str | None, at: datetime) -> bool:
    """Return whether an office is open at a moment."""
    local = at.astimezone(BERLIN)
    return calendar is None or (local.weekday() < 5 and 9 <= local.hour < 17)


def same_period(period: str, before: datetime, now: datetime) -> bool:
    """Return whether a lead of some time before counts for a limit now."""
    if period.startswith("in "):
        return now - before < _SPANS[period[3:]]
    unit, _, zone = period.removeprefix("per ").partition(" in ")
    days = [x.astimezone(ZoneInfo(zone or "Europe/Berlin")).date() for x in (before, now)]
    if unit == "week":
        return days[0].isocalendar()[:2] == days[1].isocalendar()[:2]
    return (
        str(days[0])[: 7 if unit == "month" else 10] == str(days[1])[: 7 if unit == "month" else 10]
    )
