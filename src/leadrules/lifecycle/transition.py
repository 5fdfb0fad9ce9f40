"""What is asked of the machine, and what it answers: a transition, or a refusal that says why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from leadrules.errors import EvaluationError, as_written, in_line
from leadrules.events import READ, Event
from leadrules.lifecycle.state import State
from leadrules.results import maker
from leadrules.values import Cash, Instant, Money, Span, Value, datetime_of, instant_text

__all__ = [
    "POLICY",
    "REFUSALS",
    "Code",
    "Read",
    "Refusal",
    "Request",
    "Settled",
    "Transition",
    "Unmet",
    "told",
    "transition",
]

POLICY = "policy"
"""Who takes a move that the policy takes by itself."""

Code = Literal[
    "again-too-early",
    "approval-open",
    "arose-elsewhere",
    "field-missing",
    "guard-false",
    "guard-unknown",
    "late",
    "limit-reached",
    "no-force",
    "no-move",
    "not-due",
    "note-missing",
    "other-policy",
    "reason-missing",
    "reason-unknown",
    "requirement-open",
    "retraction",
    "role",
    "touches-open",
    "unknown-stage",
    "without-effect",
]
"""Why a move can be refused: the closed list."""

Read = tuple[tuple[str, Value | None], ...]
"""What a guard read, by name; what is missing is None."""

REFUSALS: tuple[Code, ...] = get_args(Code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A wish to move a lead, which may be refused.

    Attributes:
        to: The stage.
        by: Who asks.
        role: The role in which they ask.
        reason: Why, as one of the stage's reasons.
        note: What else there is to say.
        id: What the fact is to be called that states the move, if the host has names of its own.

    Raises:
        EvaluationError: If one of them is no text.
    """

    to: str
    by: str | None = None
    role: str | None = None
    reason: str | None = None
    note: str | None = None
    id: str | None = None

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not (isinstance(value, str) or (value is None and name != "to")):
                message = f"request: {name}: '{as_written(value)}' is not a text"
                raise EvaluationError(message, field=name)


@dataclass(frozen=True, slots=True)
class Unmet:
    """Something that stands against a move.

    Attributes:
        code: What it is, of a closed list.
        message: What is wrong, with the value.
        needs: What would meet it.
    """

    code: Code
    message: str
    needs: str

    def __str__(self) -> str:
        return f"{self.message}; {self.needs} [{self.code}]"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A move that is not made, with everything that stands against it.

    It is false in a condition, as a `Transition` is true.

    Attributes:
        lead_id: The lead.
        stage: The stage in which it stays.
        to: The stage that it does not go to; None if it was no move that was refused.
        at: The moment of the request.
        unmet: What stands against it, at least one thing.
    """

    lead_id: str
    stage: str
    to: str | None
    at: datetime
    unmet: tuple[Unmet, ...]

    def __bool__(self) -> Literal[False]:
        return False

    @property
    def codes(self) -> tuple[Code, ...]:
        """What stands against it, each once."""
        return tuple(dict.fromkeys(found.code for found in self.unmet))

    def __str__(self) -> str:
        where = f"'{self.stage}'" if self.to is None else f"'{self.stage}' -> '{self.to}'"
        lines = [f"lead {self.lead_id}: {where} is refused", *(f"  {x}" for x in self.unmet)]
        return "\n".join(in_line(line) for line in lines)


@dataclass(frozen=True, slots=True)
class Transition:
    """A move that is made.

    Attributes:
        lead_id: The lead.
        left: The stage that it leaves.
        to: The stage that it goes to.
        at: When.
        state: The state of the lead after it, to be kept.
        by: Who asked; `policy` if the policy took the move by itself.
        role: The role in which they asked.
        reason: Why, as one of the stage's reasons.
        note: What else was said.
        forced: Whether it was made although something stood against it.
        read: What the guard read, by name; what is missing is None.
        band: The band of the lead at that moment, if it was given.
        policy: The hash of the policy.
        id: What the fact is called that states the move.
    """

    lead_id: str
    left: str
    to: str
    at: datetime
    state: State
    by: str | None = None
    role: str | None = None
    reason: str | None = None
    note: str | None = None
    forced: bool = False
    read: Read = ()
    band: str | None = None
    policy: str | None = None
    id: str = ""

    def __bool__(self) -> Literal[True]:
        return True

    def fact(self) -> Event:
        """Return the event that states the move, to be kept with the others of the lead."""
        said: dict[str, Any] = {
            "to": self.to,
            "from": self.left,
            "by": self.by,
            "role": self.role,
            "reason": self.reason,
            "note": self.note,
            "band": self.band,
            "forced": self.forced or None,
            "policy": self.policy,
            **{f"{READ}{name}": _told(value) for name, value in self.read},
        }
        return Event(
            lead_id=self.lead_id,
            id=self.id,
            time=self.at,
            kind="moved",
            properties={name: value for name, value in said.items() if value is not None},
        )

    def __str__(self) -> str:
        by = f" by {self.by}" if self.by else ""
        why = f" ({self.reason})" if self.reason else ""
        forced = ", forced" if self.forced else ""
        return in_line(f"lead {self.lead_id}: '{self.left}' -> '{self.to}'{by}{why}{forced}")


transition = maker(Transition)
"""Makes a transition of its attributes, in their order."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What the policy moved by itself.

    Attributes:
        state: The state of the lead after it.
        transitions: The moves, in their order; none if nothing was to be done.
    """

    state: State
    transitions: tuple[Transition, ...] = ()

    def __iter__(self) -> Iterator[Transition]:
        return iter(self.transitions)

    def __len__(self) -> int:
        return len(self.transitions)


def _told(value: Value | None) -> Any:
    """Return a settled value as what an event may hold."""
    match value:
        case Instant():
            return datetime_of(value)
        case Cash():
            return Money.of_minor(value)
        case Span():
            return timedelta(microseconds=value)
    return value


def told(read: Read) -> str:
    """Return values that were seen as a message tells them.

    Examples:
        >>> told((("band", "warm"), ("ready", None)))
        'band is warm, ready is missing'
    """
    return ", ".join(f"{name} is {_shown(value)}" for name, value in read)


def _shown(value: Value | None) -> str:
    match value:
        case None:
            return "missing"
        case bool():
            return str(value).lower()
        case Instant():
            return instant_text(value)
        case Cash():
            return str(Money.of_minor(value))
    return str(value)
