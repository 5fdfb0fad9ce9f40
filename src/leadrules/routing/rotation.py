"""The state of routing: whose turn it is, what limits have counted, who works on what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from leadrules.errors import EvaluationError, as_written
from leadrules.results import maker
from leadrules.routing.limits import Limit
from leadrules.routing.turns import Turns
from leadrules.values import Instant, instant_of, instant_text

__all__ = ["SCHEMA", "Away", "Counter", "Counts", "Rotation", "rotation"]

SCHEMA = 1


class Counter(NamedTuple):
    """What a limit counts.

    Attributes:
        pool: The pool whose limit it is, or for which a member has it; None is a member's own.
        member: The member; None is that of the pool as a whole.
        limit: The limit, as it is written.
    """

    pool: str | None
    member: str | None
    limit: str


Counts = tuple[int, ...]
"""Of a limit per day, week or month: the number of the period, and how many leads there were. Of a
rolling one: the latest instants, as many as it allows."""


class Away(NamedTuple):
    """Since when, and until when, a member is absent; until further notice, if None."""

    start: Instant
    end: Instant | None


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Rotation:
    """Where the rotation of all pools stands: a value that the host keeps.

    A router takes one and gives back the next; the one that went in does not change. The version
    counts the changes, so that a host that writes with the condition that the version is still
    the one it has read never gives out a turn twice.

    Attributes:
        policy: The hash of the policy that made it.
        version: How often it was changed.
        time: The latest moment of a decision; None before the first.
        turns: Whose turn it is, by pool.
        counts: What limits have counted.
        open: The leads that each member works on, if a limit or a strategy asks for that.
        away: Who is absent, as the host has told.
    """

    policy: str | None = None
    version: int = 0
    time: Instant | None = None
    turns: Mapping[str, Turns | Mapping[str, Any]] = field(default_factory=dict)
    counts: Mapping[Counter, Counts] = field(default_factory=dict)
    open: Mapping[str, frozenset[str]] = field(default_factory=dict)
    away: Mapping[str, tuple[Away, ...]] = field(default_factory=dict)

    def __repr__(self) -> str:
        at = "" if self.time is None else f", time='{instant_text(self.time)}'"
        return f"Rotation(version={self.version}{at})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rotation):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.policy, self.version, self.time))

    def __reduce__(self) -> tuple[object, ...]:
        return Rotation.from_dict, (self.to_dict(),)

    def to_dict(self) -> dict[str, Any]:
        """Return the state as data that JSON can hold."""
        data: dict[str, Any] = {"schema": SCHEMA, "policy": self.policy, "version": self.version}
        if self.time is not None:
            data["time"] = instant_text(self.time)
        data["turns"] = {
            pool: found.to_dict() if isinstance(found, Turns) else _without_no_lag(found)
            for pool, found in sorted(self.turns.items())
        }
        data["counts"] = [
            [*counter, list(found)]
            for counter, found in sorted(self.counts.items(), key=lambda x: tuple(map(str, x[0])))
        ]
        data["open"] = {name: sorted(ids) for name, ids in sorted(self.open.items()) if ids}
        data["away"] = {
            name: [
                [instant_text(x.start), None if x.end is None else instant_text(x.end)]
                for x in spans
            ]
            for name, spans in sorted(self.away.items())
        }
        return {name: value for name, value in data.items() if value not in (None, {}, [])}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rotation:
        """Return the state that `to_dict` gave as data.

        Raises:
            EvaluationError: If the data is no state, or one of another schema.
        """
        if not isinstance(data, Mapping):
            message = f"state: '{as_written(data)}' is no mapping; expected what to_dict() gives"
            raise EvaluationError(message, field="state")
        if type(data.get("schema")) is not int or data["schema"] != SCHEMA:
            message = (
                f"state: schema '{as_written(data.get('schema'))}' is not known; expected {SCHEMA}"
            )
            raise EvaluationError(message, field="state")
        for name in data:
            if name not in _READERS and name != "schema":
                raise EvaluationError(
                    f"state: '{as_written(name)}' is no part of it", field="state"
                )
        parts = {}
        for name, read in _READERS.items():
            if name not in data:
                continue
            try:
                parts[name] = read(data[name])
            except (TypeError, ValueError, AttributeError, KeyError, OverflowError):
                message = f"state: {name}: '{as_written(data[name])}' cannot be read"
                raise EvaluationError(message, field="state") from None
        return cls(**parts)


rotation = maker(Rotation)
"""Makes a state of the values of its attributes, in their order."""


def _without_no_lag(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value or name != "lag"}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _count(value: Any, *, least: int = 0) -> int:
    if _whole(value) < least:
        raise ValueError
    return int(value)


def _perhaps(value: Any) -> str | None:
    return None if value is None else _text(value)


def _moment(value: Any) -> Instant:
    return instant_of(datetime.fromisoformat(value))


def _turns(value: Any) -> dict[str, dict[str, Any]]:
    found = {}
    for pool, data in value.items():
        if not {"level", "turns"} <= set(data) <= {"level", "turns", "lag", "scale", "keeps"}:
            raise ValueError
        found[_text(pool)] = {
            "level": _count(data["level"]),
            "scale": _count(data["scale"], least=1) if "scale" in data else 1,
            "turns": {_text(name): _whole(turn) for name, turn in data["turns"].items()},
            "lag": {_text(name): _count(lag) for name, lag in data.get("lag", {}).items()},
        }
        if data.get("keeps", True) is not True:
            raise ValueError
        if "keeps" in data:
            found[pool]["keeps"] = True
    return found


def _counts(value: Any) -> dict[Counter, Counts]:
    found = {}
    for pool, member, written, counted in value:
        limit, counts = Limit.parse(written), tuple(map(_whole, counted))
        if limit.span is not None:
            is_wrong = not 1 <= len(counts) <= limit.most or list(counts) != sorted(counts)
        else:
            is_wrong = limit.unit == "open" or len(counts) != _OF_A_PERIOD or counts[1] < 1
        if is_wrong or written != str(limit):
            raise ValueError
        found[Counter(_perhaps(pool), _perhaps(member), written)] = counts
    return found


_OF_A_PERIOD = 2
"""The number of the period, and how many leads there were."""


def _open(value: Any) -> dict[str, frozenset[str]]:
    if not all(isinstance(ids, list) for ids in value.values()):
        raise TypeError
    return {_text(name): frozenset(map(_text, ids)) for name, ids in value.items()}


def _away(value: Any) -> dict[str, tuple[Away, ...]]:
    return {_text(name): tuple(_span(*span) for span in spans) for name, spans in value.items()}


def _span(start: Any, end: Any) -> Away:
    found = Away(_moment(start), None if end is None else _moment(end))
    if found.end is not None and found.end <= found.start:
        raise ValueError
    return found


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "policy": _perhaps,
    "version": _count,
    "time": _moment,
    "turns": _turns,
    "counts": _counts,
    "open": _open,
    "away": _away,
}
"""What reads each part of a state."""
