"""What is wrong with stages and moves as a whole: traps, endless loops, limits without effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from leadrules.calendars import Delay
from leadrules.conditions.tree import Path
from leadrules.errors import Problem
from leadrules.lifecycle.clocks import Clock
from leadrules.lifecycle.moves import Move
from leadrules.lifecycle.stages import Stage
from leadrules.lifecycle.touches import TouchRule

__all__ = ["check_graph", "check_times"]

_ENDS = frozenset({"won", "lost", "disqualified"})

Edges = Mapping[str, Sequence[str]]


def check_graph(stages: Mapping[str, Stage], moves: Sequence[Move]) -> Iterator[Problem]:
    """Yield every stage that no lead comes to, that none leaves for good, or that none ends.

    Args:
        stages: The stages, the first of which is where leads arise.
        moves: The moves between them.
    """
    edges = {x: [move.to for move in moves if x in move.from_] for x in stages}
    reached = _reached(next(iter(stages)), edges)
    for name in stages:
        if name not in reached:
            message = f"no lead can come to stage '{name}'; expected a move that leads there"
            yield Problem("unreachable", message, ("stages", name))
    free = {x: [y for y in ends if stages[y].most is None] for x, ends in edges.items()}
    for name, stage in stages.items():
        if stage.kind in _ENDS:
            continue
        if not edges[name]:
            message = (
                f"no move leads out of stage '{name}', and it is no end; expected a move, or a "
                "kind that is one"
            )
            yield Problem("trap", message, ("stages", name))
        elif not any(stages[x].kind in _ENDS for x in _reached(name, free)):
            message = (
                f"a lead in stage '{name}' may never come to an end, since stages on the way have "
                "a limit; expected a way to won, lost or disqualified without one"
            )
            yield Problem("trap", message, ("stages", name))
    unlimited = {x: ends for x, ends in free.items() if stages[x].most is None}
    for loop in _loops(unlimited):
        message = (
            f"leads can go round without end: {' -> '.join((*loop, loop[0]))}; expected most: "
            "how often a lead may come there, on one of these stages"
        )
        yield Problem("endless-loop", message, ("stages", loop[0]))


def check_times(
    stages: Mapping[str, Stage],
    moves: Sequence[Move],
    touches: Mapping[str, TouchRule],
    clocks: Mapping[str, Clock],
) -> Iterator[Problem]:
    """Yield every limit that can never be missed, since the policy moves the lead away before."""
    for stage, delay, place in _limits(stages, touches, clocks):
        for move in moves:
            timer = move.timer
            if stage in move.from_ and isinstance(timer, Delay) and delay.surely_longer(timer):
                message = (
                    f"'{delay}' is longer than a lead stays in stage '{stage}', which it leaves "
                    f"for '{move.to}' after '{timer}'"
                )
                yield Problem("never-missed", message, place)


def _limits(
    stages: Mapping[str, Stage], touches: Mapping[str, TouchRule], clocks: Mapping[str, Clock]
) -> Iterator[tuple[str, Delay, Path]]:
    """Yield every limit that begins at an entry: the stage, how long it is, and its path."""
    for name, stage in stages.items():
        for item, needed in stage.requires.items():
            if needed.within:
                yield name, needed.within, ("stages", name, "requires", item, "within")
        if stage.approvals and stage.approvals.within:
            yield name, stage.approvals.within, ("stages", name, "approvals", "within")
        if stage.update_every:
            yield name, stage.update_every, ("stages", name, "update_every")
    for name, rule in touches.items():
        if rule.within:
            yield from ((x, rule.within, ("touches", name, "within")) for x in rule.in_)
    for name, clock in clocks.items():
        if clock.from_.startswith("entered."):
            key = "at_most" if clock.at_most else "within"
            yield clock.from_.removeprefix("entered."), clock.limit, ("clocks", name, key)


def _reached(start: str, edges: Edges) -> set[str]:
    """Return the stages that a lead can come to from one, itself included."""
    found, todo = {start}, [start]
    while todo:
        fresh = [x for x in edges[todo.pop()] if x not in found]
        found |= set(fresh)
        todo += fresh
    return found


def _loops(edges: Edges) -> Iterator[tuple[str, ...]]:
    """Yield a loop through each stage that is on one and on none that was yielded before."""
    told: set[str] = set()
    for start in edges:
        if start not in told:
            loop = _loop(start, edges)
            told |= set(loop)
            if loop:
                yield loop


def _loop(start: str, edges: Edges) -> tuple[str, ...]:
    """Return a shortest loop from a stage to itself, or nothing if there is none."""
    came: dict[str, str] = {}
    todo = [start]
    for name in todo:
        for end in edges.get(name, ()):
            if end == start:
                loop = [name]
                while loop[-1] != start:
                    loop.append(came[loop[-1]])
                return tuple(reversed(loop))
            if end not in came and end in edges:
                came[end] = name
                todo.append(end)
    return ()
