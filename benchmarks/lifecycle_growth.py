"""Replay of ever more leads, and of ever longer histories: time and memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from time import process_time
from typing import Any

from benchmarks.lead_histories import History, engine, histories, lifecycle
from benchmarks.own_process import in_own_process, measure, mib
from benchmarks.peers import Absent
from benchmarks.report import table
from benchmarks.stage_peers import STATE_MACHINE, TRANSITIONS, followers
from leadrules.lifecycle.state import State

__all__ = ["growth", "measured"]

REPLAY, MOVES_ONLY = "replay", "replay, moves only"
LENGTH = 10
SIZES = (1_000, 10_000, 100_000)
OTHERS = {MOVES_ONLY: 100_000, TRANSITIONS: 100_000, STATE_MACHINE: 10_000}
LENGTHS = (10, 100, 1_000)
FACTS = 100_000
CHUNK = 1_000
LINEAR = 1.3
"""How many times as long a fact may take in the largest as in the smallest."""


def growth(sizes: tuple[int, ...] | None = None) -> None:
    """Print how time and memory grow with the leads, and time with the facts of each."""
    quick = sizes is not None
    by_leads(sizes or SIZES, {name: 100 if quick else size for name, size in OTHERS.items()})
    by_length(LENGTHS[:2] if quick else LENGTHS, 200 if quick else FACTS)


def by_leads(sizes: Iterable[int], others: dict[str, int]) -> None:
    lines = []
    first: float | None = None
    for name, count in [*((REPLAY, size) for size in sizes), *others.items()]:
        found = in_own_process("benchmarks.lifecycle_growth", name, count)
        if found["seconds"] is None:
            lines.append([name, f"{count:,}", "-", "-", "-", "-", "-", "not installed"])
            continue
        each = found["seconds"] / (count * LENGTH)
        first = first or each
        lines.append(
            [
                name,
                f"{count:,}",
                f"{found['seconds']:.2f}",
                f"{count * LENGTH / found['seconds']:,.0f}",
                f"{each * 1e6:.2f}",
                mib(found["before"]),
                mib(found["peak"]),
                _growth(each / first) if name == REPLAY else f"{each / first:.1f} times the first",
            ]
        )
    table(
        f"Growth with the leads, {LENGTH} facts each, every line in a process of its own, "
        "processor time",
        ["", "leads", "s", "facts/s", "us a fact", "MiB before", "MiB at the peak", ""],
        lines,
        [
            f"Leads come in chunks of {CHUNK:,}; the time to make their events is not counted.",
            "Ours keeps the state of every lead, the others the name of its last stage.",
            "Peers follow the moves alone, and are told nothing of the other facts.",
            f"Linear: a fact takes at most {LINEAR} times as long as in the first line.",
        ],
    )


def by_length(lengths: Iterable[int], facts: int) -> None:
    lines = []
    first: float | None = None
    for length in lengths:
        seconds = _replayed(facts // length, length)[0]
        each = seconds / facts
        first = first or each
        lines.append(
            [f"{length:,}", f"{facts // length:,}", f"{each * 1e6:.2f}", _growth(each / first)]
        )
    table(
        f"Growth with the facts of a lead, {facts:,} in all, processor time",
        ["facts a lead", "leads", "us a fact", ""],
        lines,
    )


def _growth(times: float) -> str:
    return f"{times:.2f}: {'linear' if times <= LINEAR else 'SLOWER THAN LINEAR'}"


def _replayed(count: int, length: int, *, moves_only: bool = False) -> tuple[float, list[State]]:
    """Return the seconds that the replay of so many leads takes, and their states."""
    machine = engine().machine
    for each in histories(CHUNK // 10, LENGTH, seed=1):  # to warm up
        machine.replay(each.lead, events=each.events)
    total = 0.0
    states: list[State] = []
    for chunk in _chunks(count, length):
        given = [
            (lead, [event for event in events if event.kind == "moved" or not moves_only])
            for lead, events, _ in chunk
        ]
        start = process_time()
        states += [machine.replay(lead, events=events) for lead, events in given]
        total += process_time() - start
    return total, states


def _chunks(count: int, length: int) -> Iterator[list[History]]:
    source = histories(count, length)
    while chunk := list(islice(source, CHUNK)):
        yield chunk


def _followed(name: str, count: int) -> float:
    follow = followers()[name](lifecycle())
    total, ends = 0.0, []
    for chunk in _chunks(count, LENGTH):
        start = process_time()
        ends += [follow(each.moves) for each in chunk]
        total += process_time() - start
    return total


def measured(form: str, count: int) -> dict[str, Any]:
    """Return the seconds of the work alone, and the memory of the process."""
    seconds: list[float] = []

    def work() -> object:
        if form not in {REPLAY, MOVES_ONLY}:
            seconds.append(_followed(form, count))
            return None
        taken, states = _replayed(count, LENGTH, moves_only=form == MOVES_ONLY)
        seconds.append(taken)
        return states

    engine()
    try:
        found = measure(work, 1)
    except Absent:
        return {"seconds": None}
    return {**found, "seconds": seconds[0]}


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]))))
