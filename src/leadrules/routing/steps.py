"""The steps of a decision, for its trace: rules, targets and members that were asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from leadrules.conditions.findings import Finding
from leadrules.routing.assignment import Code
from leadrules.routing.pools import Strategy
from leadrules.values import Instant, Value

__all__ = ["Candidate", "Chosen", "Hindrance", "Open", "Row", "Sent", "Tried", "TriedRule"]

Chosen = Literal["turn", "longest_waiting", "least_loaded", "priority", "sticky", "soonest"]
"""By what a member was chosen: `soonest` is who is back first, if nobody is at work."""


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why a member, or a whole pool, does not take the lead.

    Attributes:
        code: Why, from the closed list.
        until: Until when, if time alone ends it.
        calendar: If it is closed: the calendar.
        limit: If a limit is reached: the limit.
        pool: If a limit is reached: the pool whose it is; None is a member's over all pools.
        open: If it is a limit of open leads: how many there are.
        finding: If somebody does not fit: the condition of the pool, and what it came to.
    """

    code: Code
    until: Instant | None = None
    calendar: str | None = None
    limit: str | None = None
    pool: str | None = None
    open: int | None = None
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member of a pool, or one who is named, and how the member stands.

    Attributes:
        name: The member.
        against: All that stands against the member, in the order of the closed list.
        chosen: Whether the member gets the lead.
        weight: The weight in the pool, if the pool reads weights.
        leads: How many leads are counted for the member so far; whoever was away counts as many
            as the others.
        turn: The turn, (leads + 1/2) / weight: the lowest is next.
        waited: How many leads others had since the member's last; None if there was none.
        open: How many leads the member works on, if the pool asks for that.
        room: How many more the member may work on, if the pool asks for that.
    """

    name: str
    against: tuple[Hindrance, ...] = ()
    chosen: bool = False
    weight: int | None = None
    leads: int | None = None
    turn: float | None = None
    waited: int | None = None
    open: int | None = None
    room: int | None = None

    @property
    def code(self) -> Code | None:
        """The first of what stands against the member."""
        return self.against[0].code if self.against else None


@dataclass(frozen=True, slots=True)
class Row:
    """The row of a table that was used.

    Attributes:
        table: The table.
        number: Its place in the table, from 1.
        cells: What stands in it, by column.
    """

    table: str
    number: int
    cells: tuple[tuple[str, Value | None], ...]


@dataclass(frozen=True, slots=True)
class Open:
    """What left open who or what a target names.

    Attributes:
        fields: The fields that were read, with their values; None is missing.
        lookup: The lookup that has no row for them; None if a field was to hold the name.
    """

    fields: tuple[tuple[str, Value | None], ...]
    lookup: str | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """A target that was asked.

    Attributes:
        target: The target as the policy says it.
        kind: `owner`, `pool`, `role`, `queue` or `partner`; None if it was left open.
        name: Who or what.
        instead: Whether it was asked because another could not take the lead.
        open: What left it open, if something did.
        row: The row of a table that named it.
        code: Why it does not take the lead; None if it does, or is open.
        against: The limits of the pool that are reached.
        strategy: How the pool chooses.
        by: By what the member was chosen.
        field: If a field of the lead may name the member: which.
        candidates: The members, in the order in which they would get leads.
    """

    target: str
    kind: str | None = None
    name: str | None = None
    instead: bool = False
    open: Open | None = None
    row: Row | None = None
    code: Code | None = None
    against: tuple[Hindrance, ...] = ()
    strategy: Strategy | None = None
    by: Chosen | None = None
    field: str | None = None
    candidates: tuple[Candidate, ...] = ()

    @property
    def takes(self) -> bool:
        """Whether the target takes the lead."""
        return self.open is None and self.code is None

    @property
    def chosen(self) -> str | None:
        """The member who gets the lead."""
        return next((found.name for found in self.candidates if found.chosen), None)


@dataclass(frozen=True, slots=True)
class TriedRule:
    """A rule that was asked.

    Attributes:
        id: The id.
        finding: What its condition came to, and by which values.
        targets: The targets that were asked because of it.
        why: Why sales and marketing agreed on it.
    """

    id: str
    finding: Finding
    targets: tuple[Tried, ...] = ()
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """Packages, and why they are sent.

    Attributes:
        packages: The packages.
        rule: The rule that sends them; None if it is a row of `sends`.
        finding: If it is a row of `sends`: what its condition came to.
        why: Why sales and marketing agreed on it.
    """

    packages: tuple[str, ...]
    rule: str | None = None
    finding: Finding | None = None
    why: str | None = None
