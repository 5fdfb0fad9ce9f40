"""Where a lead is, as a small value: it survives JSON, and can be compared and swapped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, make_dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple, Self, TypeVar

from leadrules.errors import EvaluationError, as_written
from leadrules.values import Instant, datetime_of, instant_of, instant_text

__all__ = [
    "SCHEMA",
    "Asked",
    "Entries",
    "Pause",
    "Run",
    "State",
    "maker",
    "parts_of",
    "set_parts",
]

SCHEMA = 1
"""The number of the form in which a state is written."""


class Entries(NamedTuple):
    """How often a lead came to a stage.

    Attributes:
        stage: The stage.
        first: When it came there first, in microseconds since 1970 in UTC.
        last: When it came there last.
        times: How often it came there.
    """

    stage: str
    first: Instant
    last: Instant
    times: int


class Pause(NamedTuple):
    """A time in which clocks stand still.

    Attributes:
        clock: The clock; all of them, if None.
        start: From when on.
        end: Until when; None if nobody has said so yet.
    """

    clock: str | None
    start: Instant
    end: Instant | None


class Run(NamedTuple):
    """What became of a clock that its moment starts anew.

    Attributes:
        clock: The clock.
        start: When it was started last.
        stop: When it was stopped since, if it was.
        missed: How often it ran out before it was started anew.
    """

    clock: str
    start: Instant
    stop: Instant | None
    missed: int


class Asked(NamedTuple):
    """What a prospect asked for and has not all been given yet.

    Attributes:
        response: The name of the response in the policy.
        activity: The id of the activity that asked.
        at: When it asked.
        acknowledged: When it was acknowledged, if it was.
        sent: When it was sent, if it was.
    """

    response: str
    activity: str
    at: Instant
    acknowledged: Instant | None = None
    sent: Instant | None = None


_At = tuple[str, Instant]
_NO_MOMENT = Instant(0)


@dataclass(frozen=True, slots=True)
class State:
    """Where a lead is in the process, and what has been done for it there.

    All moments are whole microseconds since 1970 in UTC; `since` and `as_of` give datetimes.

    Attributes:
        lead_id: The lead.
        stage: The stage that it is in.
        entered: When it came there.
        time: The moment of the last fact that is in it.
        version: Counts the events that it was made of, those that were taken back included:
            what to compare and swap by.
        policy: The hash of the policy that made it.
        owner: The person who owns the lead, if one does.
        previous: The stage that it came from.
        reason: Why it came here, if somebody said so.
        band: The band that it had when it came here, if that is known.
        entries: Every stage that it has been in, in the order of the first entry.
        began: When the round began: when it arose, or came back from an end.
        ended: When the round ended, if it did.
        moments: The first of each moment of the round that a clock runs by.
        runs: The clocks that are started anew.
        hours: The calendars by which its owners work, each with the moment from which on.
        pauses: When clocks stand still.
        counted: The touches that count for each rule since the entry.
        waived: The rules of touches that are waived since the entry, with the reason.
        done: What the stage requires and is there.
        approved: The roles that approved.
        updated: When its status was looked at last since the entry.
        next_step: What was agreed to do next, and when that is due.
        asked: What was asked for and not given yet.
        sent: The steps of nurture plans that were sent since the entry, with the last time.
        matched: The activities that call for steps of nurture plans, since the entry.
        contacted: When they were reached, or got in touch, last.
        messaged: When the last automatic message went out.
        through: The stages that it left at the very moment at which it came here.
        last: The last fact: whether it was a move, and its id. At one moment moves come after
            all else, and then ids are in order.
    """

    lead_id: str
    stage: str
    entered: Instant
    time: Instant
    version: int = 0
    policy: str | None = None
    owner: str | None = None
    previous: str | None = None
    reason: str | None = None
    band: str | None = None
    entries: tuple[Entries, ...] = ()
    began: Instant = _NO_MOMENT
    ended: Instant | None = None
    moments: tuple[_At, ...] = ()
    runs: tuple[Run, ...] = ()
    hours: tuple[tuple[Instant, str | None], ...] = ()
    pauses: tuple[Pause, ...] = ()
    counted: tuple[tuple[str, tuple[Instant, ...]], ...] = ()
    waived: tuple[tuple[str, str], ...] = ()
    done: tuple[_At, ...] = ()
    approved: tuple[_At, ...] = ()
    updated: Instant | None = None
    next_step: tuple[str, Instant | None] | None = None
    asked: tuple[Asked, ...] = ()
    sent: tuple[_At, ...] = ()
    matched: tuple[tuple[str, tuple[Instant, ...]], ...] = ()
    contacted: Instant | None = None
    messaged: Instant | None = None
    through: tuple[str, ...] = ()
    last: tuple[bool, str] = (False, "")

    @property
    def since(self) -> datetime:
        """When the lead came to its stage, in UTC."""
        return datetime_of(self.entered)

    @property
    def as_of(self) -> datetime:
        """The moment of the last fact, in UTC."""
        return datetime_of(self.time)

    def entries_of(self, stage: str) -> Entries | None:
        """Return how often the lead has been in a stage, or None if it never was."""
        return next((found for found in self.entries if found.stage == stage), None)

    def __repr__(self) -> str:
        owner = f", owner={self.owner!r}" if self.owner else ""
        return (
            f"State(lead_id={self.lead_id!r}, stage={self.stage!r}, "
            f"since='{instant_text(self.entered)}', version={self.version}{owner})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain data for JSON, without what is empty."""
        plain = {
            found.name: _plain(found.name, getattr(self, found.name)) for found in fields(self)
        }
        return {"schema": SCHEMA, **{x: y for x, y in plain.items() if y is not None and y != []}}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the state that plain data says.

        Raises:
            EvaluationError: If the data is no state, or of a schema that is not known.
        """
        if not isinstance(data, Mapping):
            raise _no_state(f"'{as_written(data)}' is no state; expected what to_dict() gives")
        if data.get("schema") != SCHEMA:
            found = as_written(data.get("schema"))
            raise _no_state(f"its schema is '{found}'; this release reads '{SCHEMA}'")
        known = {found.name for found in fields(cls)}
        values: dict[str, Any] = {}
        for name, value in data.items():
            if name in known:
                try:
                    values[name] = _read(name, value)
                except (TypeError, ValueError, IndexError, AttributeError):
                    shown = as_written(value)
                    raise _no_state(f"{name}: '{shown}' is not what to_dict() gives") from None
            elif name != "schema":
                raise _no_state(f"no part of a state is called '{name}'")
        try:
            return cls(**values)
        except TypeError:
            absent = next(x for x in ("lead_id", "stage", "entered", "time") if x not in values)
            raise _no_state(f"{absent}: is missing") from None


_Kind = TypeVar("_Kind")


def maker(kind: type[_Kind]) -> Callable[..., _Kind]:
    """Return what makes a frozen, slotted dataclass of the values of its attributes, in order.

    It makes one that can still be written, and turns it; to make a frozen one as dataclasses do
    takes up to seven times as long.
    """
    names = [found.name for found in fields(kind)]  # type: ignore[arg-type]  # a dataclass
    draft: Any = make_dataclass("_Draft", names, slots=True, repr=False, eq=False)

    def made(*values: object) -> _Kind:
        found = draft(*values)
        found.__class__ = kind
        turned: _Kind = found
        return turned

    return made


_PARTS = [found.name for found in fields(State)]

parts_of: Callable[[Any], tuple[Any, ...]] = attrgetter(*_PARTS)
"""Gives the attributes of a state in their order; or of anything else that has them."""

_Parts: Any = make_dataclass("_Parts", _PARTS, repr=False, eq=False)

set_parts: Callable[..., None] = _Parts.__init__
"""Sets the attributes of a state, in their order, on anything that can be written."""


def _no_state(message: str) -> EvaluationError:
    return EvaluationError(f"state: {message}", field="state")


_MOMENTS = frozenset({"entered", "time", "began", "ended", "updated", "contacted", "messaged"})
_PAIRS = frozenset({"moments", "done", "approved", "sent"})
_LISTS = frozenset({"counted", "matched"})
_RECORDS: Mapping[str, tuple[type[tuple[Any, ...]], tuple[int, ...]]] = {
    "entries": (Entries, (1, 2)),
    "runs": (Run, (1, 2)),
    "pauses": (Pause, (1, 2)),
    "asked": (Asked, (2, 3, 4)),
}
"""The parts that are lists of records, and which places of a record are moments."""


def _plain(name: str, value: Any) -> Any:
    if value is None or name in {"version", "lead_id", "stage"}:
        return value
    if name in _MOMENTS:
        return instant_text(value)
    if name in _PAIRS:
        return {key: instant_text(at) for key, at in value} or None
    if name in _LISTS:
        return {key: [instant_text(at) for at in times] for key, times in value} or None
    if name == "waived":
        return dict(value) or None
    if name == "last":
        return [*value] if value[1] else None
    if name == "through":
        return list(value)
    if name == "hours":
        return [[instant_text(at), calendar] for at, calendar in value]
    if name == "next_step":
        return [value[0], None if value[1] is None else instant_text(value[1])]
    if name in _RECORDS:
        places = _RECORDS[name][1]
        return [
            [instant_text(x) if i in places and x is not None else x for i, x in enumerate(record)]
            for record in value
        ]
    return value


def _read(name: str, value: Any) -> Any:
    if name in _MOMENTS:
        return _moment(value)
    if name in _PAIRS:
        return tuple((_text(key), _moment(at)) for key, at in value.items())
    if name in _LISTS:
        return tuple((_text(key), tuple(_moment(x) for x in times)) for key, times in value.items())
    if name == "waived":
        return tuple((_text(key), _text(reason)) for key, reason in value.items())
    if name == "through":
        return tuple(_text(x) for x in value)
    if name == "hours":
        return tuple((_moment(at), None if x is None else _text(x)) for at, x in value)
    if name == "next_step":
        return _text(value[0]), None if value[1] is None else _moment(value[1])
    if name in _RECORDS:
        kind, places = _RECORDS[name]
        return tuple(
            kind._make(  # type: ignore[attr-defined]  # each is a named tuple
                _moment(x) if place in places and x is not None else x
                for place, x in enumerate(record)
            )
            for record in value
        )
    if name == "last":
        return bool(value[0]), _text(value[1])
    if name == "version":
        return int(value)
    return _text(value)


def _moment(value: Any) -> Instant:
    return instant_of(datetime.fromisoformat(value))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
