"""The work of a territory in counts, and how likely it is that it differs by chance alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadrules.metrics.statistics.curves import AFTER, ENDS, Curve
from leadrules.metrics.statistics.differences import p_of_shares
from leadrules.metrics.statistics.rates import p_of_curves, p_of_rates

__all__ = ["Load", "rest_of", "tests_of", "together"]


@dataclass(slots=True)
class Load:
    """What is counted of a territory.

    Attributes:
        people: How many people work in it.
        open: How many leads are open.
        new: How many came.
        overdue: How much of what is owed is overdue, and how much is owed; None if nobody asked.
        curve: How long leads waited; None if nobody asked.
    """

    people: int = 0
    open: int = 0
    new: int = 0
    overdue: tuple[int, int] | None = None
    curve: Curve | None = None


def rest_of(counts: Mapping[Any, Load], name: Any) -> Load:
    """Return all territories together but one."""
    others = [own for other, own in counts.items() if name is None or other != name]
    found = Load(
        sum(own.people for own in others),
        sum(own.open for own in others),
        sum(own.new for own in others),
    )
    overdue = [own.overdue for own in others if own.overdue is not None]
    if overdue:
        found.overdue = (sum(late for late, _ in overdue), sum(of for _, of in overdue))
    curves = [own.curve for own in others if own.curve is not None]
    if curves:
        found.curve = together(curves)
    return found


def together(curves: Sequence[Curve]) -> Curve:
    """Return the curve of all who were followed in some; of nobody, if there are none."""
    import polars as pl  # noqa: PLC0415 - frames are an extra

    nobody = pl.DataFrame(schema=dict.fromkeys((AFTER, *ENDS), pl.Int64))
    return Curve.of(nobody, *(curve.steps for curve in curves))


def tests_of(own: Load, rest: Load) -> Iterator[tuple[str, bool, float]]:
    """Yield each test of a territory against the rest: of what, whether it is worse, and p."""
    for of in ("open", "new"):
        count, others = getattr(own, of), getattr(rest, of)
        p = p_of_rates((count, own.people), (others, rest.people))
        if p is not None:
            yield of, count * rest.people > others * own.people, p
    if own.overdue is not None and rest.overdue is not None:
        (late, of_own), (others, of_rest) = own.overdue, rest.overdue
        p = p_of_shares(own.overdue, rest.overdue)
        if p is not None:
            yield "overdue", late * of_rest > others * of_own, p
    if own.curve is not None and rest.curve is not None:
        found = p_of_curves(own.curve, rest.curve)
        if found is not None:
            yield "speed", found[1], found[0]
