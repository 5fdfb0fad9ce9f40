"""When time alone may change what conditions say of a lead."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping

from leadrules.conditions.tree import (
    Comparison,
    Condition,
    Field,
    Literal,
    Param,
    fields_of,
    terms_of,
    walk,
)
from leadrules.lifecycle.process import Process
from leadrules.lifecycle.state import State
from leadrules.lifecycle.statuses import derived_of, timer_due
from leadrules.values import Instant, Span, Value

__all__ = ["next_flip"]

_IN_TIME = frozenset({"within", "older_than"})


def next_flip(
    process: Process, state: State, known: Mapping[str, Value], moment: int
) -> int | None:
    """Return when `within`, `older_than` or a parameter next says something else, if it matters.

    It matters in the guards of moves that the policy takes by itself out of the stage, from the
    time of the move on, and in the conditions of nurture plans that run in the stage. What these
    read of the score is not foreseen.

    Args:
        process: The lifecycle.
        state: Where the lead is.
        known: What is known of the lead.
        moment: The moment, in microseconds.

    Returns:
        The first moment after the given one, or None if none is foreseen.
    """
    found: list[int] = []
    for _, move in process.moves[state.stage]:
        if move.by_policy:
            due = None if move.automatic else timer_due(process, state, move.timer)
            flips = _flips(move.when, process, state, known, moment)
            found += [at for at in flips if due is None or at >= due]
    for plan in process.plans[state.stage]:
        found += _flips(plan.document.when, process, state, known, moment)
    return min((at for at in found if at > moment), default=None)


def _flips(
    condition: Condition,
    process: Process,
    state: State,
    known: Mapping[str, Value],
    moment: int,
) -> Iterator[int]:
    """Yield the moments at which comparisons with the time say something else."""
    if any(isinstance(term, Param) for term in terms_of(condition)):
        epochs = process.vocabulary.epochs
        yield from epochs[bisect_right(epochs, moment) :]
    comparisons = (part for _, part in walk(condition) if isinstance(part, Comparison))
    inside = [part for part in comparisons if part.op in _IN_TIME]
    if not inside:
        return
    names = _own(process, fields_of(condition))
    values = {**known, **derived_of(process, state, names, known, moment)}
    for part in inside:
        match part.left, part.right:
            case Field(name), Literal(_, Span() as span):
                start = values.get(name)
                if isinstance(start, Instant):
                    yield from (start, start + span)


def _own(process: Process, names: Iterable[str]) -> list[str]:
    own = {**process.lifecycle.results, **process.lifecycle.memory}
    return [name for name in names if name in own]
