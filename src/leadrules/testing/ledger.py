"""Who got which leads when, counted plainly: one by one, and by the days of a wall calendar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from leadrules.calendars import Timekeeper
from leadrules.policy import Policy
from leadrules.routing.limits import Limit
from leadrules.routing.pools import Pool as Team
from leadrules.routing.pools import Share

__all__ = ["Ledger", "Taken"]

_MICROSECOND = timedelta(microseconds=1)


class Taken(NamedTuple):
    """A lead that somebody got.

    Attributes:
        time: When.
        owner: Who.
        pool: From which pool or role; None if by name.
    """

    time: datetime
    owner: str
    pool: str | None


class Ledger:
    """What a policy says of members, and what they got so far.

    Args:
        policy: The policy, which routes.
    """

    def __init__(self, policy: Policy) -> None:
        assert policy.routing is not None  # noqa: S101 - the caller looked
        self.routing = policy.routing
        self.zone = policy.policy.zone
        self.keepers = {
            name: Timekeeper(calendar, zone=self.zone)
            for name, calendar in policy.calendars.items()
        }
        self.zones = {name: found.zone or self.zone for name, found in policy.calendars.items()}
        self.taken: list[Taken] = []

    def against(self, found: Taken) -> Iterator[str]:
        """Yield everything that stands against somebody's getting a lead, in words."""
        yield from self.away(found.owner, found.time)
        pool = self.team(found.pool)
        member = self.routing.members[found.owner]
        if pool is not None and pool.wait is None and not self.works(found.owner, found.time):
            yield f"'{found.owner}' does not work then"
        for limit in member.limits:
            own = [x for x in self.taken if x.owner == found.owner]
            yield from self._reached(f"'{found.owner}'", own, limit, found.time)
        if found.pool is None or pool is None:
            return
        shares = self.shares(found.pool)
        if found.owner not in shares:
            yield f"'{found.owner}' is not in '{found.pool}'"
            return
        of_pool = [x for x in self.taken if x.pool == found.pool]
        for limit in shares[found.owner].limits:
            is_open = limit.unit == "open"
            own = [x for x in (self.taken if is_open else of_pool) if x.owner == found.owner]
            yield from self._reached(f"'{found.owner}'", own, limit, found.time)
        for limit in pool.limits:
            of_all = [x for x in self.taken if x.owner in shares]
            counted = of_all if limit.unit == "open" else of_pool
            yield from self._reached(f"pool '{found.pool}'", counted, limit, found.time)

    def away(self, name: str, at: datetime) -> Iterator[str]:
        """Yield why a member gets no leads at all at a moment, in words."""
        member = self.routing.members[name]
        if not member.active:
            yield f"'{name}' is not active"
        zone = self.zones[member.calendar] if member.calendar is not None else self.zone
        today = at.astimezone(ZoneInfo(zone)).date()
        if any(absence.first <= today <= absence.last for absence in member.absent):
            yield f"'{name}' is absent on {today}"

    def works(self, name: str, at: datetime) -> bool:
        """Return whether a member is at work at a moment."""
        calendar = self.routing.members[name].calendar
        return calendar is None or self.keepers[calendar].is_open(at)

    def team(self, name: str | None) -> Team | None:
        """Return the pool of a name; of a role it is the plainest one."""
        return None if name is None else self.routing.pools.get(name) or Team(roles=(name,))

    def shares(self, name: str) -> dict[str, Share]:
        """Return what each member has in a pool or a role."""
        pool = self.team(name)
        return pool.shares(self.routing.members) if pool is not None else {}

    def _reached(
        self, who: str, taken: Sequence[Taken], limit: Limit, at: datetime
    ) -> Iterator[str]:
        count = sum(self._counts(limit, x.time, at) for x in taken)
        if count >= limit.most:
            yield f"{who} has {count} leads already, of '{limit}'"

    def _counts(self, limit: Limit, then: datetime, at: datetime) -> bool:
        """Return whether a lead that somebody got then counts for a limit now."""
        if limit.unit == "open":
            return True
        if limit.span is not None:
            return (at - then) // _MICROSECOND < limit.span
        zone = ZoneInfo(limit.zone or self.zone)
        one, other = (x.astimezone(zone).date() for x in (then, at))
        if limit.unit == "day":
            return one == other
        if limit.unit == "week":
            return one.isocalendar()[:2] == other.isocalendar()[:2]
        return (one.year, one.month) == (other.year, other.month)
