"""Leads of the sample policy with what happened to them: moves, touches, work and activities."""

# ruff: noqa: S311 - a sample is no secret

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any, NamedTuple

from leadrules import Engine, Event, Lead, Policy, load_policy, presets
from leadrules.lifecycle.document import Lifecycle

__all__ = ["SEED", "History", "engine", "histories", "lifecycle", "preset"]

SEED = 11
START = datetime(2026, 7, 6, 7, tzinfo=UTC)
MOVED = 0.5
"""The share of moves, as long as a lead can be moved."""
LAST = 0.05
"""How many of the moves lead to an end that no lead comes back from."""
OTHERS: Sequence[tuple[str, str | None, Mapping[str, Any]]] = (
    ("touch", None, {"channel": "call", "direction": "outbound", "role": "sales"}),
    (
        "touch",
        None,
        {"channel": "email", "direction": "outbound", "outcome": "replied", "role": "sales"},
    ),
    ("touch", None, {"channel": "email", "direction": "outbound", "automatic": True}),
    ("activity", "page_view", {"path": "/pricing"}),
    ("activity", "page_view", {"path": "/blog"}),
    ("activity", "download", {"title": "Shifts"}),
    ("assigned", None, {"owner": "ada"}),
    ("completed", None, {"item": "written_proposal"}),
    ("update", None, {}),
    ("next_step", None, {"what": "demo"}),
)


class History(NamedTuple):
    """A lead, its facts in their order, and the stages that it was moved to."""

    lead: Lead
    events: list[Event]
    moves: list[str]


@cache
def preset() -> Policy:
    found = load_policy(presets.demo_policy())
    assert isinstance(found, Policy)
    return found


@cache
def engine() -> Engine:
    return Engine(preset())


def lifecycle() -> Lifecycle:
    found = preset().lifecycle
    assert found is not None
    return found


def histories(count: int, length: int, *, seed: int = SEED) -> Iterator[History]:
    """Yield leads with so many events each, from some days to a year apart."""
    random = Random(seed)
    ways: dict[str, list[str]] = {name: [] for name in lifecycle().stages}
    for move in lifecycle().moves:
        for stage in move.from_:
            ways[stage].append(move.to)
    for number in range(count):
        yield _history(f"{number}", length, ways, random)


def _next(ways: Sequence[str], ends: set[str], random: Random) -> str:
    """Return a stage to go to: mostly one that leads can go on from."""
    last = random.random() < LAST
    return random.choice([x for x in ways if (x in ends) is last] or ways)


def _history(lead_id: str, length: int, ways: Mapping[str, list[str]], random: Random) -> History:
    created = START + timedelta(minutes=random.randrange(100_000))
    lead = Lead(id=lead_id, created=created, lead_type=random.choice(("demo", "white_paper")))
    ends = {name for name, found in ways.items() if not found}
    stage, time = lifecycle().initial, created
    events, moves = [], []
    for index in range(length):
        time += timedelta(minutes=random.randrange(1, 5_000))
        if ways[stage] and random.random() < MOVED:
            kind, name, said = (
                "moved",
                None,
                {"from": stage, "to": _next(ways[stage], ends, random)},
            )
            stage = said["to"]
            moves.append(stage)
        else:
            kind, name, said = random.choice(OTHERS)  # type: ignore[assignment]  # texts, too
        event = Event(
            lead_id=lead_id, id=f"e{index:05}", time=time, kind=kind, type=name, properties=said
        )
        events.append(event)
    return History(lead, events, moves)
