"""Closings: when work on leads ended, how, what they were worth, and who is still open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw

from leadrules.frames.kinds import PREFIX
from leadrules.metrics.amounts import AMOUNT, CURRENCY
from leadrules.metrics.courses import ENTERED, KIND, NEXT, STAGE, chosen, kinds_of
from leadrules.metrics.document import Measures
from leadrules.metrics.periods import Period
from leadrules.metrics.tables import LEAD, collected, dimension

__all__ = ["OPEN", "Closed", "closings", "tallied"]

OPEN = "open"
"""What those are whom somebody works at the end of the period, beside the kinds of `kinds_of`."""
_COUNT, _SUM, _FIRST, _LAST = (f"{PREFIX}0{name}" for name in ("count", "sum", "first", "last"))


class Closed(NamedTuple):
    """How many leads of a group ended in one way.

    Attributes:
        group: The values of the dimensions.
        kind: How they ended, or `open`.
        currency: In which currency their deals are; None if their values are not known or asked.
        leads: How many they are.
        minor: What they are worth together, in minor units of the currency.
        first: When the first of them ended, in microseconds.
        last: When the last one did.
    """

    group: tuple[Any, ...]
    kind: str
    currency: str | None
    leads: int
    minor: int
    first: int
    last: int


def closings(
    frame: nw.LazyFrame[Any], measures: Measures, days: Period | None, by: Sequence[str] = ()
) -> nw.LazyFrame[Any]:
    """Return the entries by which leads were closed in a period, and those of whoever is open.

    Args:
        frame: The course of leads.
        measures: Which stages close a lead, and which entry counts.
        days: The period; None is the whole time. It may not be over yet.
        by: The dimensions that the frame has already.

    Returns:
        The columns `LEAD`, `KIND`, `ENTERED` and the dimensions.
    """
    columns = [LEAD, KIND, ENTERED, *(dimension(name) for name in by)]
    ends = chosen(frame, kinds_of(measures), measures.reentry)
    here = ~nw.col(STAGE).is_in([*measures.closed])
    after = nw.col(NEXT).is_null()
    if days is not None:
        ends = ends.filter(nw.col(ENTERED) >= days.first, nw.col(ENTERED) < days.after)
        here, after = here & (nw.col(ENTERED) < days.after), after | (nw.col(NEXT) >= days.after)
    rest = frame.filter(here & after).with_columns(nw.lit(OPEN).alias(KIND))
    return nw.concat([ends.select(*columns), rest.select(*columns)])


def tallied(frame: nw.LazyFrame[Any], by: Sequence[str], *, valued: bool) -> Sequence[Closed]:
    """Return how many closings there are of each group, kind and currency, in order of the groups.

    Args:
        frame: Closings with their dimensions.
        by: The dimensions.
        valued: Whether they have `AMOUNT` and `CURRENCY`.
    """
    groups = [dimension(name) for name in by]
    if not valued:
        none = nw.lit(None, nw.String)
        frame = frame.with_columns(nw.lit(0).alias(AMOUNT), none.alias(CURRENCY))
    rows = collected(
        frame.group_by(*groups, KIND, CURRENCY).agg(
            nw.len().alias(_COUNT),
            nw.col(AMOUNT).sum().alias(_SUM),
            nw.col(ENTERED).min().alias(_FIRST),
            nw.col(ENTERED).max().alias(_LAST),
        )
    ).sort([*groups, KIND, CURRENCY], nulls_last=True)
    return [_closed(row, groups) for row in rows.iter_rows(named=True)]


def _closed(row: Mapping[str, Any], groups: Sequence[str]) -> Closed:
    return Closed(
        tuple(row[name] for name in groups),
        row[KIND],
        row[CURRENCY],
        int(row[_COUNT]),
        int(row[_SUM] or 0),
        int(row[_FIRST]),
        int(row[_LAST]),
    )
