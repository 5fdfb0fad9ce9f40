"""What programmes cost: rows of money by campaign, added up in one currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError
from leadrules.frames.columns import Columns
from leadrules.frames.kinds import PREFIX, recognised
from leadrules.metrics.amounts import AMOUNT, CURRENCY, sound_money
from leadrules.metrics.periods import Period
from leadrules.metrics.tables import collected, dimension
from leadrules.values import Type

__all__ = ["Cost", "added", "costs_of"]

_DAY, _SUM, _COUNT = (f"{PREFIX}0{name}" for name in ("day", "sum", "count"))
_INSTANT = timedelta(microseconds=1)


class Cost(NamedTuple):
    """What rows of one group and currency cost together.

    Attributes:
        group: The values of the dimensions.
        currency: The currency; None of rows that have no amount, or no currency.
        minor: Minor units.
        rows: How many rows they are.
    """

    group: tuple[Any, ...]
    currency: str | None
    minor: int
    rows: int


def costs_of(
    costs: Any, by: Sequence[str], *, days: Period | None, until: date
) -> tuple[Sequence[Cost], bool]:
    """Return what each group cost, by currency, and whether rows tell their day.

    Args:
        costs: The caller's frame: the dimensions, `amount` in minor units, `currency`, and maybe
            `day`.
        by: The dimensions.
        days: The period; rows of another day do not count, if they tell it.
        until: The last day of which anything is known.

    Raises:
        EvaluationError: If a column is absent or of a wrong type.
    """
    native = recognised(costs, "costs")
    try:
        columns = Columns(native, [*by, "amount", "currency"], ["day"])
        settled = {
            "amount": columns.settled("amount", Type.MONEY),
            "currency": columns.settled("currency", Type.STRING),
        }
        dated = "day" in columns.names
        if dated:
            settled[_DAY] = columns.settled("day", Type.DATE)
    except EvaluationError as error:
        raise EvaluationError(f"costs: {error}", field=error.field) from None
    settled |= {dimension(name): nw.col(name) for name in by}
    frame = columns.frame.select(**settled)
    if dated:
        frame = frame.filter(nw.col(_DAY) <= until)
    if dated and days is not None:
        zone = ZoneInfo(days.zone)
        first, last = (x.astimezone(zone).date() for x in (days.start, days.end - _INSTANT))
        frame = frame.filter(nw.col(_DAY) >= first, nw.col(_DAY) <= last)
    keys = [dimension(name) for name in by]
    sums = frame.with_columns(**sound_money("amount", "currency"))
    rows = collected(
        sums.group_by(*keys, CURRENCY).agg(nw.col(AMOUNT).sum().alias(_SUM), nw.len().alias(_COUNT))
    ).sort([*keys, CURRENCY], nulls_last=True)
    found = [Cost(row[: len(by)], row[-3], int(row[-2] or 0), int(row[-1])) for row in rows.rows()]
    return found, dated


def added(rows: Iterable[Cost], currency: str | None) -> Mapping[tuple[Any, ...], int]:
    """Return what each group cost in a currency, in minor units."""
    found: dict[tuple[Any, ...], int] = {}
    for row in rows:
        if row.currency is not None and row.currency == currency:
            found[row.group] = found.get(row.group, 0) + row.minor
    return found
