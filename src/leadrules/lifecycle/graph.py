"""What is wrong with stages and moves as a whole: traps, endless loops, limits without effect."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from leadrules.calendars import Delay
from leadrules.conditions.tree import Always, Path
from leadrules.errors import Problem
from leadrules.lifecycle.clocks import Clock
from leadrules.lifecycle.moves import Move
from leadrules.lifecycle.stages import Stage
from leadrules.lifecycle.touches import TouchRule

__all__ = ["check_graph", "check_order", "check_times", "is_sure"]

_ENDS = frozenset({"won", "lost", "disqualified"})

Edges = Mapping[str, Sequence[str]]


# --- where a lead can come to


def check_graph(stages: Mapping[str, Stage], moves: Sequence[Move]) -> Iterator[Problem]:
    """Yield every stage that no lead comes to, that none leaves for good, or that none ends.

    A limit (`most`) matters only where leads can come again; elsewhere none comes there twice.
    The cost is linear in the number of stages and moves.

    Args:
        stages: The stages, the first of which is where leads arise.
        moves: The moves between them.
    """
    edges: dict[str, list[str]] = {name: [] for name in stages}
    for move in moves:
        for name in dict.fromkeys(move.from_):
            edges[name].append(move.to)
    reached = _reached([next(iter(stages))], edges)
    for name in stages:
        if name not in reached:
            message = f"no lead can come to stage '{name}'; expected a move that leads there"
            yield Problem("unreachable", message, ("stages", name))
    yield from _check_ends(stages, edges)
    unlimited = {
        name: [end for end in ends if stages[end].most is None]
        for name, ends in edges.items()
        if stages[name].most is None
    }
    for component in _components(unlimited):
        loop = _loop(component[0], unlimited, set(component))
        message = (
            f"leads can go round without end: {' -> '.join((*loop, loop[0]))}; expected most: "
            "how often a lead may come there, on one of these stages"
        )
        yield Problem("endless-loop", message, ("stages", loop[0]))


def _check_ends(stages: Mapping[str, Stage], edges: Edges) -> Iterator[Problem]:
    again = {name for component in _components(edges) for name in component}
    limited = {name for name in again if stages[name].most is not None}
    back: dict[str, list[str]] = {name: [] for name in stages}
    for name, ends in edges.items():
        for end in ends:
            if end not in limited:
                back[end].append(name)
    ending = _reached([x for x, stage in stages.items() if stage.kind in _ENDS], back)
    for name in stages:
        if name in ending:
            continue
        if not edges[name]:
            message = (
                f"no move leads out of stage '{name}', and it is no end; expected a move, or a "
                "kind that is one"
            )
        elif limited:
            message = (
                f"a lead in stage '{name}' may never come to an end, since stages on the way have "
                "a limit; expected a way to won, lost or disqualified without one"
            )
        else:
            message = (
                f"no lead in stage '{name}' comes to an end; expected a way to won, lost or "
                "disqualified"
            )
        yield Problem("trap", message, ("stages", name))


def _reached(starts: Iterable[str], edges: Edges) -> set[str]:
    """Return the stages that a lead can come to from some, these included."""
    todo = list(starts)
    found = set(todo)
    while todo:
        for end in edges[todo.pop()]:
            if end not in found:
                found.add(end)
                todo.append(end)
    return found


def _components(edges: Edges) -> Iterator[list[str]]:
    """Yield the stages that lead to each other, as groups of two or more, each in document order.

    This is the algorithm of Tarjan, without recursion.
    """
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    place: dict[str, int] = {}
    found: list[list[str]] = []
    for start in edges:
        todo = [(start, iter(edges[start]))] if start not in number else []
        while todo:
            name, ends = todo[-1]
            if name not in number:
                number[name] = low[name] = len(number)
                place[name] = len(path)
                path.append(name)
            for end in ends:
                if end not in number:
                    todo.append((end, iter(edges[end])))
                    break
                if end in place:
                    low[name] = min(low[name], number[end])
            else:
                todo.pop()
                if todo:
                    above = todo[-1][0]
                    low[above] = min(low[above], low[name])
                if low[name] == number[name]:
                    found.append(path[place[name] :])
                    del path[place[name] :]
                    for member in found[-1]:
                        del place[member]
    order = {name: index for index, name in enumerate(edges)}
    groups = [sorted(group, key=order.__getitem__) for group in found if len(group) > 1]
    yield from sorted(groups, key=lambda group: order[group[0]])


def _loop(start: str, edges: Edges, within: Collection[str]) -> tuple[str, ...]:
    """Return a shortest loop from a stage to itself among stages that lead to each other."""
    came: dict[str, str] = {}
    todo = [start]
    for name in todo:
        for end in edges[name]:
            if end == start:
                loop = [name]
                while loop[-1] != start:
                    loop.append(came[loop[-1]])
                return tuple(reversed(loop))
            if end in within and end not in came:
                came[end] = name
                todo.append(end)
    raise AssertionError(start)  # pragma: no cover - each of them leads to each


# --- moves that the policy never takes


def check_order(stages: Mapping[str, Stage], moves: Sequence[Move]) -> Iterator[Problem]:
    """Yield every move that the policy cannot take, since it takes another one at once before.

    And every stage whose requirements nobody is ever asked for, since no lead goes on from there.
    """
    sure: dict[str, int] = {}
    order = {name: index for index, name in enumerate(stages)}
    for index, move in enumerate(moves):
        before = {sure.get(name, index) for name in move.from_}
        if move.by_policy and not move.by and index not in before:
            message = (
                f"the policy never takes this move, since it takes moves[{max(before)}] at once "
                "before it; move it up, or say when the other is taken"
            )
            yield Problem("unreachable", message, ("moves", index), severity="warning")
        for name in move.from_:
            if move.automatic and is_sure(move, name, stages, order):
                sure.setdefault(name, index)
    onward = {x for move in moves for x in move.from_ if _goes_on(x, move.to, stages, order)}
    for name, stage in stages.items():
        if (stage.requires or stage.approvals) and name not in onward:
            message = (
                f"no move leads on from stage '{name}', so nobody asks for what it requires; "
                "expected a move to a stage further down, or to one that is won"
            )
            yield Problem("no-effect", message, ("stages", name), severity="warning")


def _goes_on(stage: str, to: str, stages: Mapping[str, Stage], order: Mapping[str, int]) -> bool:
    """Return whether a move leads to a won end, or to an open stage further on."""
    kind = stages[to].kind
    return kind == "won" or (kind == "open" and order[to] > order[stage])


def is_sure(move: Move, stage: str, stages: Mapping[str, Stage], order: Mapping[str, int]) -> bool:
    """Return whether nothing ever stands against a move that the policy takes of a stage."""
    left, target = stages[stage], stages[move.to]
    return (
        isinstance(move.when, Always)
        and not move.fields
        and not move.touches
        and target.most is None
        and target.again_after is None
        and not ((left.requires or left.approvals) and _goes_on(stage, move.to, stages, order))
    )


# --- limits that nobody can miss


class _Limit(NamedTuple):
    """A limit that begins at the entry into a stage."""

    delay: Delay
    path: Path
    until: str | None = None
    """The moment that stops it; None if leaving the stage does."""
    elsewhere: bool = False
    """Whether it begins at entries into other stages, too."""


def check_times(
    stages: Mapping[str, Stage],
    moves: Sequence[Move],
    touches: Mapping[str, TouchRule],
    clocks: Mapping[str, Clock],
) -> Iterator[Problem]:
    """Yield every limit that cannot be missed, since the policy moves the lead away before.

    It is an error if the policy surely does, and a warning if that depends on the lead.
    """
    limits: dict[str, list[_Limit]] = {}
    for stage, limit in _limits(stages, touches, clocks):
        limits.setdefault(stage, []).append(limit)
    order = {name: index for index, name in enumerate(stages)}
    found: dict[Path, Problem] = {}
    for move in moves:
        for stage in move.from_ if move.timer is not None else ():
            waits = _waits(move, stages[stage])
            for delay, path, until, elsewhere in limits.get(stage, ()):
                shorter = bool(waits) and all(delay.surely_longer(wait) for wait in waits)
                if not shorter or not _stops(until, stage, move.to, stages):
                    continue
                after = "when it wakes" if move.timer == "wake" else f"after '{move.timer}'"
                message = (
                    f"'{delay}' is longer than a lead stays in stage '{stage}', which it leaves "
                    f"for '{move.to}' {after}"
                )
                sure = not elsewhere and is_sure(move, stage, stages, order)
                if path not in found or (sure and found[path].severity == "warning"):
                    severity: Literal["error", "warning"] = "error" if sure else "warning"
                    found[path] = Problem("never-missed", message, path, severity=severity)
    yield from found.values()


def _waits(move: Move, stage: Stage) -> Sequence[Delay]:
    """Return how long leads may stay in a stage until the policy moves them away; none if ever."""
    match move.timer:
        case Delay() as delay:
            return (delay,)
        case "wake" if "default" in stage.wake:
            return tuple(stage.wake.values())
    return ()


def _stops(until: str | None, stage: str, to: str, stages: Mapping[str, Stage]) -> bool:
    """Return whether a move stops what runs since the entry into the stage that it leaves."""
    return until in {None, f"left.{stage}", f"entered.{to}"} or (
        stages[to].is_closed and not stages[stage].is_closed
    )


def _limits(
    stages: Mapping[str, Stage], touches: Mapping[str, TouchRule], clocks: Mapping[str, Clock]
) -> Iterator[tuple[str, _Limit]]:
    """Yield every limit that begins at an entry, with the stage."""
    for name, stage in stages.items():
        for item, needed in stage.requires.items():
            if needed.within:
                yield name, _Limit(needed.within, ("stages", name, "requires", item, "within"))
        if stage.approvals and stage.approvals.within:
            yield name, _Limit(stage.approvals.within, ("stages", name, "approvals", "within"))
        if stage.update_every:
            yield name, _Limit(stage.update_every, ("stages", name, "update_every"))
    for name, rule in touches.items():
        if rule.within:
            for stage_name in rule.in_:
                place: Path = ("touches", name, "within")
                yield stage_name, _Limit(rule.within, place, elsewhere=len(rule.in_) > 1)
    for name, clock in clocks.items():
        if clock.from_.startswith("entered."):
            key = "at_most" if clock.at_most else "within"
            path: Path = ("clocks", name, key)
            yield clock.from_.removeprefix("entered."), _Limit(clock.limit, path, clock.to)
