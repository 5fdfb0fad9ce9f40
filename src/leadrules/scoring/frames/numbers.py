"""The numbers of a document in effect at each row's moment, as expressions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.conditions.expressions import by_steps
from leadrules.frames.opening import AT
from leadrules.scoring.document import Scoring
from leadrules.scoring.effect import Effect
from leadrules.scoring.points import Bounds
from leadrules.sections import DECIMAL_PLACES
from leadrules.values import moment_of
from leadrules.vocabulary import Vocabulary

__all__ = ["POINT", "Numbers", "in_points", "within"]

POINT = 10**DECIMAL_PLACES
"""Points are counted in millionths."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a document in effect: at one moment, or at that of each row.

    Attributes:
        at: The moment, as a number or a column.
        effects: The numbers in effect, before the first change and from each on.
        changes: The instants of the changes.
    """

    at: nw.Expr
    effects: tuple[Effect, ...]
    changes: tuple[int, ...]

    @classmethod
    def of(cls, scoring: Scoring, vocabulary: Vocabulary, at: datetime | str) -> Numbers:
        """Return the numbers of a document at a moment, or at those of a column."""
        if not isinstance(at, str):
            moment = moment_of(at)
            effect = Effect.at(scoring, vocabulary, moment)
            return cls(nw.lit(int(moment), nw.Int64), (effect,), ())
        changes = tuple(int(epoch) for epoch in vocabulary.epochs)
        effects = tuple(Effect.at(scoring, vocabulary, x) for x in (-(2**63), *changes))
        return cls(nw.col(AT), effects, changes)

    def exist(self) -> nw.Expr | None:
        """Return whether all numbers have a value; None if they have at every moment."""
        absent = [effect.absent is not None for effect in self.effects]
        if not any(absent):
            return None
        return self._chosen([not found for found in absent], nw.Boolean)

    def number(self, of: Callable[[Effect], int | None]) -> nw.Expr | int | None:
        """Return a number of the effects; one that all have, as it is."""
        found = [None if effect.absent is not None else of(effect) for effect in self.effects]
        known = [of(effect) for effect in self.effects if effect.absent is None]
        if not known:
            return 0  # where numbers are absent, there are no results
        if len(set(known)) == 1:
            return known[0]
        return self._chosen([known[0] if x is None else x for x in found], nw.Int64)

    def real(self, of: Callable[[Effect], int | None]) -> nw.Expr:
        """Return a number of the effects as a column of float64."""
        found = self.number(of)
        return found.cast(nw.Float64) if isinstance(found, nw.Expr) else nw.lit(float(found or 0))

    def _chosen(self, values: Sequence[Any], kind: Any) -> nw.Expr:
        return by_steps(self.at, self.changes, [nw.lit(value, kind) for value in values])


def within(points: nw.Expr, numbers: Numbers, of: Callable[[Effect], Bounds]) -> nw.Expr:
    """Return points raised to the least of bounds and then lowered to the most."""
    least = numbers.number(lambda effect: of(effect)[0])
    most = numbers.number(lambda effect: of(effect)[1])
    if least is not None:
        points = nw.when(points < least).then(least).otherwise(points)
    if most is not None:
        points = nw.when(points > most).then(most).otherwise(points)
    return points


def in_points(count: nw.Expr, by: int = POINT) -> nw.Expr:
    """Return the float64 nearest to a quotient.

    The divisor is computed for every row, since polars multiplies by the reciprocal of one that
    is the same for all, and that may be off by the last digit.
    """
    return count / (count - count + by)
