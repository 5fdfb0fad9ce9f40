"""Where a lead is, as a small value: it survives JSON, and can be compared and swapped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, make_dataclass
from datetime import datetime
from itertools import pairwise
from operator import attrgetter
from typing import Any, NamedTuple, Self

from leadrules.errors import EvaluationError, as_written
from leadrules.values import Instant, datetime_of, instant_of, instant_text

__all__ = [
    "SCHEMA",
    "Asked",
    "Entries",
    "Pause",
    "Run",
    "State",
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
            EvaluationError: If the data is no state, of a schema that is not known, or its moments
                are not in order. Whether a policy knows the names in it, its machine tells.
        """
        if not isinstance(data, Mapping):
            raise _no_state(f"'{as_written(data)}' is no state; expected what to_dict() gives")
        if data.get("schema") != SCHEMA:
            found = as_written(data.get("schema"))
            raise _no_state(f"its schema is '{found}'; this release reads '{SCHEMA}'")
        values: dict[str, Any] = {}
        for name, value in data.items():
            if name in _PARTS:
                try:
                    values[name] = _read(name, value)
                except (TypeError, ValueError, AttributeError):
                    shown = as_written(value)
                    raise _no_state(f"{name}: '{shown}' is not what to_dict() gives") from None
            elif name != "schema":
                raise _no_state(f"no part of a state is called '{as_written(name)}'")
        for name in _NEEDED:
            if values.get(name, ()) == ():
                raise _no_state(f"{name}: is missing")
        state = cls(**values)
        _demand_order(state)
        return state


_PARTS = [found.name for found in fields(State)]

parts_of: Callable[[Any], tuple[Any, ...]] = attrgetter(*_PARTS)
"""Gives the attributes of a state in their order; or of anything else that has them."""

_Parts: Any = make_dataclass("_Parts", _PARTS, repr=False, eq=False)

set_parts: Callable[..., None] = _Parts.__init__
"""Sets the attributes of a state, in their order, on anything that can be written."""


def _no_state(message: str) -> EvaluationError:
    return EvaluationError(f"state: {message}", field="state")


_NEEDED = ("lead_id", "stage", "entered", "time", "began", "entries", "hours")
"""The parts that every state has; what else is not there is empty."""

_MOMENTS = frozenset({"entered", "time", "began", "ended", "updated", "contacted", "messaged"})
_PAIRS = frozenset({"moments", "done", "approved", "sent"})
_LISTS = frozenset({"counted", "matched"})


def _plain(name: str, value: Any) -> Any:
    if name in _PAIRS or name in _LISTS or name == "waived":
        return {key: _written(found) for key, found in value} or None
    if name == "last":
        return [*value] if value[1] else None
    return _written(value)


def _written(value: Any) -> Any:
    """Return a part as JSON has it: moments are texts, and tuples lists."""
    if isinstance(value, Instant):
        return instant_text(value)
    return [_written(found) for found in value] if isinstance(value, tuple) else value


def _read(name: str, value: Any) -> Any:
    """Return a part of a state.

    Raises:
        TypeError: If the value is not of its type.
        ValueError: If it is no moment, out of range, or has more or less in it.
        AttributeError: If it is no mapping.
    """
    if name in _MOMENTS:
        return _moment(value)
    if name in _PAIRS:
        return tuple((_text(key), _moment(at)) for key, at in value.items())
    if name in _LISTS:
        return tuple((_text(key), _moments(times)) for key, times in value.items())
    if name in _RECORDS:
        kind, readers = _RECORDS[name]
        return tuple(kind(*_record(found, readers)) for found in _list(value))
    match name:
        case "version":
            return _count(value)
        case "waived":
            return tuple((_text(key), _text(reason)) for key, reason in value.items())
        case "through":
            return tuple(_text(found) for found in _list(value))
        case "hours":
            hours = tuple(_record(found, (_moment, _perhaps(_text))) for found in _list(value))
            _demand_rising([at for at, _ in hours])
            return hours
        case "next_step":
            return _record(value, (_text, _perhaps(_moment)))
        case "last":
            return _record(value, (_flag, _text))
    return _text(value)


_Reader = Callable[[Any], Any]


def _record(value: Any, readers: Sequence[_Reader]) -> tuple[Any, ...]:
    return tuple(read(found) for read, found in zip(readers, _list(value), strict=True))


def _perhaps(read: _Reader) -> _Reader:
    """Return what reads a value, or nothing."""
    return lambda value: None if value is None else read(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _moment(value: Any) -> Instant:
    return instant_of(datetime.fromisoformat(value))


def _moments(value: Any) -> tuple[Instant, ...]:
    found = tuple(_moment(at) for at in _list(value))
    _demand_rising(found)
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _count(value: Any) -> int:
    if type(value) is not int:
        raise TypeError
    if value < 0:
        raise ValueError
    return value


def _entry(*parts: Any) -> Entries:
    found = Entries(*parts)
    _demand_rising((found.first, found.last))
    if not found.times:
        raise ValueError
    return found


def _ran(*parts: Any) -> Run:
    found = Run(*parts)
    if found.stop is not None:
        _demand_rising((found.start, found.stop))
    return found


_RECORDS: Mapping[str, tuple[Callable[..., Any], tuple[_Reader, ...]]] = {
    "entries": (_entry, (_text, _moment, _moment, _count)),
    "runs": (_ran, (_text, _moment, _perhaps(_moment), _count)),
    "pauses": (Pause, (_perhaps(_text), _moment, _perhaps(_moment))),
    "asked": (Asked, (_text, _text, _moment, _perhaps(_moment), _perhaps(_moment))),
}
"""The parts that are lists of records: what makes one, and what reads its places."""


def _demand_rising(moments: Sequence[Instant]) -> None:
    if any(later < earlier for earlier, later in pairwise(moments)):
        raise ValueError


def _demand_order(state: State) -> None:
    """Raise an error if a state says of its own time what cannot have been then.

    Raises:
        EvaluationError: If something happened after the last fact, or the round began after the
            entry into the stage.
    """
    if state.began > state.entered:
        raise _too_late("began", state.began, "entered", state.entered)
    for name in _PARTS:
        value = getattr(state, name)
        if name == "pauses":  # they may end later
            value = tuple(found.start for found in value)
        latest = max(_instants(value), default=state.time)
        if latest > state.time and name != "next_step":
            raise _too_late(name, latest, "time", state.time)


def _too_late(name: str, at: int, other: str, limit: int) -> EvaluationError:
    wrong = f"'{instant_text(at)}' is after {other}, '{instant_text(limit)}'"
    return _no_state(f"{name}: {wrong}")


def _instants(value: Any) -> Iterator[Instant]:
    """Yield every moment in a part of a state."""
    if isinstance(value, Instant):
        yield value
    elif isinstance(value, tuple):
        for found in value:
            yield from _instants(found)
