"""How fairly a pool shared its leads: what each member should have got, and what each got."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from html import escape
from typing import Any

from leadrules.errors import in_line
from leadrules.routing.assignment import Code
from leadrules.values import instant_of, instant_text

__all__ = ["Deviation", "Fairness", "Portion"]


@dataclass(frozen=True, slots=True)
class Portion:
    """What one member got of the leads of a pool.

    Attributes:
        member: The member.
        weight: The weight.
        expected: Every lead is shared by weight among those who were there when it came; this is
            the sum of the member's shares.
        got: How many leads the member was given; those that were given again count for each.
        there: How many leads came while the member could take them.
        away: How many came while the member could not, by the code of why.
    """

    member: str
    weight: int
    expected: Fraction
    got: int
    there: int
    away: Mapping[Code, int]

    def to_dict(self) -> dict[str, Any]:
        """Return it as data that JSON can hold."""
        return {
            "member": self.member,
            "weight": self.weight,
            "expected": float(self.expected),
            "got": self.got,
            "there": self.there,
            "away": dict(self.away),
        }


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far one member was before another, for their weights, at a moment.

    Attributes:
        ahead: The member who had got more, for the weight.
        behind: The other.
        leads: By how many leads for each weight, since both have been there.
        bound: What that is at most.
        since: When the first lead came for which both were there, without a break since.
        at: When it was so.
        lead_id: The lead that made it so.
    """

    ahead: str
    behind: str
    leads: Fraction
    bound: Fraction
    since: datetime
    at: datetime
    lead_id: str

    def __str__(self) -> str:
        return (
            f"{_number(self.leads)} leads for each weight, of at most {_number(self.bound)}: "
            f"'{in_line(self.ahead)}' before '{in_line(self.behind)}'"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as data that JSON can hold."""
        return {
            "ahead": self.ahead,
            "behind": self.behind,
            "leads": float(self.leads),
            "bound": float(self.bound),
            "since": _when(self.since),
            "at": _when(self.at),
            "lead_id": self.lead_id,
        }


@dataclass(frozen=True, slots=True)
class Fairness:
    """How a pool shared its leads.

    It prints as text, shows itself in a notebook, and gives data by `to_dict`.

    Two members are compared over every stretch of leads for which both were there. The leads of
    a member in it, for its weight, are at most `1/v + 1/w` before those of another, if their
    weights are v and w; half of that if both were there since the pool's first lead. For `t` is
    the turn of a member, `(2n + 1) / w` after n leads in all, which a lead raises by `2 / w`. Who
    is served has the lowest turn of those there. So after a + 1 leads of one and b of the other
    in the stretch, the last to the one, `t + 2a/v <= u + 2b/w`, with their turns t and u at its
    beginning, and `(a + 1)/v - b/w <= (u - t)/2 + 1/v`. At the start `t = 1/v` and `u = 1/w`, so
    that this is `(1/v + 1/w)/2`. Later, both lie between the level and one step above it, so that
    `u - t <= 2/w`, and it is `1/v + 1/w`.

    Source:
        M. Balinski, H. P. Young, Fair Representation, 1982, for the first; P. Goyal, H. M. Vin,
        H. Cheng, Start-time Fair Queueing, SIGCOMM 1996, theorem 1, for the second.

    Attributes:
        pool: The pool, or the role.
        leads: How many leads it gave to its members.
        portions: What each member got, in the order of the pool.
        largest: The largest deviation there was, measured by its bound; None if no two members
            were ever there together.
        unbound: Why the bound need not hold, if it need not: what the policy declares, or what
            the log has besides turns.
    """

    pool: str
    leads: int
    portions: tuple[Portion, ...]
    largest: Deviation | None
    unbound: tuple[str, ...] = ()

    @property
    def is_within(self) -> bool:
        """Whether every deviation was within its bound."""
        return self.largest is None or self.largest.leads <= self.largest.bound

    def __iter__(self) -> Iterator[Portion]:
        return iter(self.portions)

    def __getitem__(self, member: str) -> Portion:
        for portion in self.portions:
            if portion.member == member:
                return portion
        raise KeyError(member)

    def __str__(self) -> str:
        rows = [_HEADS, *map(_cells, self.portions)]
        widths = [max(len(row[x]) for row in rows) for x in range(len(_HEADS))]
        lines = []
        for row in rows:
            cells = [
                cell.rjust(width) if 0 < x < len(_HEADS) - 1 else cell.ljust(width)
                for x, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            lines.append(f"  {'  '.join(cells)}".rstrip())
        return "\n".join([self._head(), *lines, *self._foot()])

    def _repr_html_(self) -> str:
        heads = "".join(f'<th style="text-align:left">{name}</th>' for name in _HEADS)
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in _cells(portion))}</tr>"
            for portion in self.portions
        )
        foot = "".join(f"<div>{escape(line)}</div>" for line in self._foot())
        return (
            '<div style="font-family:system-ui,sans-serif;font-size:0.9em;line-height:1.5">'
            f"<div>{escape(self._head())}</div><table><thead><tr>{heads}</tr></thead>"
            f"<tbody>{rows}</tbody></table>{foot}</div>"
        )

    def _head(self) -> str:
        return f"pool '{in_line(self.pool)}', {self.leads} lead{'s' * (self.leads != 1)}"

    def _foot(self) -> Iterator[str]:
        if self.largest is None:
            yield "no two members were there together"
        else:
            yield f"largest deviation {self.largest}"
            yield f"  at {_when(self.largest.at)}, by lead {in_line(self.largest.lead_id)}"
        for why in self.unbound:
            yield f"the bound need not hold: {why}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as data that JSON can hold: moments are texts in UTC."""
        return {
            "pool": self.pool,
            "leads": self.leads,
            "portions": [portion.to_dict() for portion in self.portions],
            "largest": None if self.largest is None else self.largest.to_dict(),
            "is_within": self.is_within,
            "unbound": list(self.unbound),
        }


_HEADS = ("member", "weight", "expected", "got", "there", "away")


def _cells(portion: Portion) -> tuple[str, ...]:
    return (
        in_line(portion.member),
        str(portion.weight),
        f"{float(portion.expected):.2f}",
        str(portion.got),
        str(portion.there),
        ", ".join(f"{code} {count}" for code, count in portion.away.items()),
    )


def _number(found: Fraction) -> str:
    return f"{float(found):.3f}".rstrip("0").rstrip(".")


def _when(moment: datetime) -> str:
    return instant_text(instant_of(moment))
