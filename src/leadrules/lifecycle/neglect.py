"""How a lead can be neglected: stages without a deadline, touches that nobody has to make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from leadrules.conditions.tree import fields_of
from leadrules.errors import Problem, one_of
from leadrules.lifecycle.clocks import Clock
from leadrules.lifecycle.graph import is_sure
from leadrules.lifecycle.moves import Move
from leadrules.lifecycle.stages import Stage
from leadrules.lifecycle.touches import TouchRule

__all__ = ["check_deadlines", "check_touches"]

_GIVEN_UP = frozenset({"lost", "recycled", "disqualified"})


def check_deadlines(
    stages: Mapping[str, Stage],
    moves: Sequence[Move],
    touches: Mapping[str, TouchRule],
    clocks: Mapping[str, Clock],
) -> Iterator[Problem]:
    """Yield every open stage in which nothing has a deadline.

    A clock counts in the stages in which it surely starts or stops: a lead is created where it
    arises or comes back, and accepted where a handover leads. It may be assigned anywhere.
    """
    timed = {name for rule in touches.values() if rule.within for name in rule.in_}
    for clock in clocks.values():
        timed.update(_starts(clock.from_, stages, moves))
        if clock.to.startswith("left."):
            timed.add(clock.to.removeprefix("left."))
    order = {name: index for index, name in enumerate(stages)}
    for move in moves:
        if move.accept_within is not None or move.timer is not None:
            timed.update(move.from_)
        elif move.automatic:
            timed.update(name for name in move.from_ if is_sure(move, name, stages, order))
    for name, stage in stages.items():
        if not (stage.is_closed or name in timed or _has_limit(stage)):
            message = (
                f"nothing in stage '{name}' has a deadline, so leads can be forgotten there; "
                "expected update_every, or a limit on what is to be done there"
            )
            yield Problem("no-deadline", message, ("stages", name), severity="warning")


def _starts(moment: str, stages: Mapping[str, Stage], moves: Sequence[Move]) -> Iterator[str]:
    """Yield the stages that a lead surely comes to at a moment."""
    if moment == "created":
        yield next(iter(stages))
        for move in moves:
            if any(stages[name].is_closed for name in move.from_):
                yield move.to
    elif moment == "accepted":
        yield from (move.to for move in moves if move.accept_within is not None)
    elif moment.startswith("left."):
        yield from (move.to for move in moves if moment.removeprefix("left.") in move.from_)
    elif moment.startswith("entered."):
        yield moment.removeprefix("entered.")


def _has_limit(stage: Stage) -> bool:
    """Return whether the stage itself says until when something is to be done."""
    return (
        stage.update_every is not None
        or (stage.approvals is not None and stage.approvals.within is not None)
        or any(needed.within is not None for needed in stage.requires.values())
    )


def check_touches(
    stages: Mapping[str, Stage], moves: Sequence[Move], touches: Mapping[str, TouchRule]
) -> Iterator[Problem]:
    """Yield every rule that guards nothing: no move by which people give leads up asks for it.

    One such move of a stage is enough, since what it takes may differ from end to end.
    """
    asked: dict[str, set[str]] = {}
    for move in moves:
        if stages[move.to].kind in _GIVEN_UP and (move.by or not move.by_policy):
            read = {*fields_of(move.when), *(f"touches.{rule}" for rule in move.touches)}
            for name in move.from_:
                asked.setdefault(name, set()).update(read)
    for rule, found in touches.items():
        status = f"touches.{rule}"
        idle = [name for name in found.in_ if status not in asked.get(name, {status})]
        if idle:
            message = (
                f"leads can be given up without it in stage {one_of(idle)}; expected "
                f"touches: {rule} on a move that does so, or a guard that reads {status}"
            )
            yield Problem("no-effect", message, ("touches", rule), severity="warning")
