"""What a lead is owed at a moment: by whom, until when, and by which rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from leadrules.errors import in_line
from leadrules.lifecycle.clocks import REASSIGN, REMIND

__all__ = ["OWED", "RANKS", "Owed", "OwedKind", "Urgency", "in_zone", "listed", "urgency"]

OwedKind = Literal[
    "accept",
    "acknowledge",
    "answer",
    "approval",
    "clock",
    "gap",
    "move",
    "next_step",
    "nurture",
    "requirement",
    "send",
    "touches",
    "update",
    "wake",
]
OWED: tuple[OwedKind, ...] = get_args(OwedKind)
"""What can be owed: the closed list.

- `touches`: attempts to reach them, or contacts, that a rule of touches asks for;
- `accept`: somebody is to accept the lead, or to pass it back;
- `clock`: a clock runs, and somebody is to stop it;
- `requirement`, `approval`: what the stage takes before a lead goes on;
- `update`: somebody is to look at the status;
- `next_step`: what was agreed to do next;
- `acknowledge`, `send`: what a prospect asked for;
- `wake`: a resting lead is to be looked at again;
- `nurture`: a message of a plan;
- `answer`: a criterion of the qualification is unknown;
- `gap`: the policy does not say what is owed to such a lead;
- `move`: no rule asks for anything, so somebody is to say where the lead goes.
"""

Urgency = Literal["open", "at_risk", "breached", "paused"]

RANKS: Mapping[Urgency, int] = {"breached": 0, "at_risk": 1, "open": 2, "paused": 3}
"""What can become of something that is owed, the most urgent first."""

_STEPS = {REMIND: "remind them", REASSIGN: "give it to somebody else"}
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Owed:
    """Something that is owed to a lead.

    Attributes:
        lead_id: The lead.
        stage: The stage that it is in.
        kind: What it is, of a closed list.
        name: The name of the rule, the item, the role or the criterion.
        what: What is to be done, in words.
        status: `open`; `at_risk` (less than a quarter of the time is left, what is missing no
            longer fits, or it is to be done now); `breached` (it is late); or `paused`.
        roles: Who may do it: one of these roles.
        owner: The person who owns the lead, if one does and it is for the role that owns the
            stage: what is for other roles, such as an approval by marketing, is not for this
            person.
        queue: Where it waits if it is for nobody by name: the queue of the stage, or the first of
            the other roles. So a worklist by owner has what that person is to do, and one by
            role has the rest as well.
        since: Since when it is owed, as far as that is known.
        due: Until when; of messages and of leads that wake up, from when on.
        left: The time that is left, in open time of the calendar by which the lead is worked;
            less than nothing if it is late.
        missing: How many are missing, of touches.
        step: What the escalation of a clock calls for by now: `remind`, `reassign` or a role.
        rule: The place in the policy that asks for it.
        next_change: When its status or its step changes next if nothing is done, as far as that
            can be foreseen.
    """

    lead_id: str
    stage: str
    kind: OwedKind
    name: str
    what: str
    status: Urgency
    roles: tuple[str, ...]
    owner: str | None
    queue: str | None
    since: datetime | None
    due: datetime | None
    left: timedelta | None
    missing: int | None
    step: str | None
    rule: str
    next_change: datetime | None

    @property
    def who(self) -> str:
        """Who is to do it: the owner, else the queue, and the roles if they are others."""
        first = self.owner or self.queue or ""
        roles = listed(self.roles)
        return f"{first} ({roles})" if roles and roles != first else first

    def __str__(self) -> str:
        return self.text()

    def text(self, zone: str = "UTC") -> str:
        """Return it as one line, with its deadline in a zone.

        Args:
            zone: The IANA name of the zone.
        """
        due = "" if self.due is None else f", due {in_zone(self.due, zone)}"
        step = "" if self.step is None else f", {_STEPS.get(self.step, f'tell {self.step}')}"
        status = self.status.replace("_", " ")
        return in_line(f"{status}: {self.what}{due}{step}; {self.who} [{self.kind} {self.name}]")

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data for JSON: moments are texts in UTC, `left` is in seconds."""
        return {found.name: _plain(getattr(self, found.name)) for found in fields(self)}


def in_zone(at: datetime, zone: str) -> str:
    """Return a moment as people of a zone read it, down to the minute.

    Examples:
        >>> from datetime import UTC
        >>> in_zone(datetime(2026, 10, 5, 9, tzinfo=UTC), "Europe/Berlin")
        '2026-10-05 11:00 Europe/Berlin'
    """
    try:
        return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"
    except OverflowError:  # the last day there is
        return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def urgency(owed: Owed) -> tuple[int, bool, datetime, str, str]:
    """Return what things that are owed are ordered by.

    What is late comes first, then what is at risk, then what is open, then what stands still;
    of these, what is due first, and what has no deadline last.
    """
    due = owed.due
    return RANKS[owed.status], due is None, due or _NEVER, owed.kind, owed.name


def listed(names: Sequence[str], word: str = "or") -> str:
    """Return names as a sentence lists them.

    Examples:
        >>> listed(["call", "email", "meeting"])
        'call, email or meeting'
    """
    *most, last = names or ("",)
    return f"{', '.join(most)} {word} {last}" if most else last


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case tuple():
            return list(value)
    return value
