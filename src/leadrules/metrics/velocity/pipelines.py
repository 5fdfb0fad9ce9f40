"""Pipeline velocity, counted: which opportunities, what they are worth, how long they take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, get_args

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.amounts import AMOUNT, CURRENCY, demand_value, one_currency, with_values
from leadrules.metrics.arguments import (
    demand_choice,
    demand_measures,
    demand_moment,
    demand_period,
)
from leadrules.metrics.conversions import spanned
from leadrules.metrics.courses import ENTERED, FURTHEST, KIND, PLACE, course, entries_by
from leadrules.metrics.document import Measures
from leadrules.metrics.outcomes.closings import OPEN, closings
from leadrules.metrics.periods import Period
from leadrules.metrics.ratio import Ratio
from leadrules.metrics.reached import OF
from leadrules.metrics.tables import LEAD, by_of, collected, dimension
from leadrules.metrics.velocity.velocities import PipelineVelocity, ValueOf, Variant, Velocity

__all__ = ["pipeline_velocity"]

_NEW = "new"
_COUNT, _SUM, _DAYS, _FIRST, _LAST = (
    f"{PREFIX}0{name}" for name in ("count", "sum", "days", "first", "last")
)
_DAY = 86_400_000_000
_COUNTED: Mapping[str, Sequence[str]] = {"open": (OPEN,), "new": (_NEW,), "closed": ("won", "lost")}
"""The kinds of closings that each variant counts."""

_Rows = Sequence[Mapping[str, Any]]


def pipeline_velocity(  # noqa: PLR0913 - what a measure has to say of itself
    entries: Any,
    leads: Any,
    *,
    measures: Measures,
    at: datetime,
    period: Period | str | None = None,
    of: str = "quote",
    variant: Variant = "open",
    value_of: ValueOf = "won",
    by: str | Sequence[str] | None = None,
    currency: str | None = None,
) -> PipelineVelocity:
    """Return what the pipeline brings in a day: opportunities x value x win rate / cycle.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`. Any kind of frame.
        leads: A frame of leads, one row each, with the value and the columns of `by`.
        measures: What the words mean, and which field of money says what a deal is worth.
        at: The moment of the evaluation; with a time zone. Later entries are not known yet.
        period: When deals were closed, and came, and at whose end they are open; by default
            whenever, up to `at`.
        of: The stage, or word of the funnel, from which on a lead is an opportunity.
        variant: Which opportunities count: `open` at the end of the period, `new` in it, or
            `closed` in it.
        value_of: Whose mean value counts: that of the deals `won` in the period, or of those
            `counted`.
        by: The columns of leads by which to group, the coarsest first.
        currency: Of deals in several currencies, which to count. Those in others are left out;
            those whose value is not known count, at the mean.

    Raises:
        EvaluationError: If an argument is not possible, a column is absent or of a wrong type, or
            the values are in several currencies.
    """
    words, moment = demand_measures(measures), demand_moment(at)
    days, groups = demand_period(period, words), by_of(by)
    demand_choice(variant, "variant", get_args(Variant))
    demand_choice(value_of, "value_of", get_args(ValueOf))
    demand_value(words, leads)
    place = _place(of, words)
    table = entries_by(entries, leads, groups, at=moment)
    # From the first entry at that stage or beyond, a lead is an opportunity.
    frame = course(table, words).filter(nw.col(FURTHEST) >= place)
    starts = frame.filter(nw.col(PLACE) >= place).group_by(LEAD).agg(nw.col(ENTERED).min())
    starts = starts.rename({ENTERED: OF})
    ends = closings(frame, words, days).join(starts, on=LEAD, how="left")
    new = starts
    if days is not None:
        new = new.filter(nw.col(OF) >= days.first, nw.col(OF) < days.after)
    new = new.with_columns(nw.col(OF).alias(ENTERED), nw.lit(_NEW).alias(KIND))
    columns = (LEAD, KIND, OF, ENTERED)
    both = nw.concat([ends.select(*columns), new.select(*columns)])
    found = _tallied(with_values(both, table, leads, words, groups), groups)
    code = one_currency((row[CURRENCY] for row in found), currency, "opportunities")
    rows = [row for row in found if row[CURRENCY] in {None, code}]
    firsts, lasts = ([row[name] for row in rows] for name in (_FIRST, _LAST))
    days = days or spanned(firsts, lasts, words.in_zone)
    valued = ("won",) if value_of == "won" else _COUNTED[variant]

    def velocity(rows: _Rows, group: Mapping[str, Any]) -> Velocity:
        won, lost = (int(_total(rows, _COUNT, (kind,))) for kind in ("won", "lost"))
        known = [row for row in rows if row[CURRENCY] is not None]
        unit = f"closed {words.unit}"
        rate = Ratio("win_rate", won, won + lost, unit=unit, basis="period", group=group)
        return Velocity(
            int(_total(rows, _COUNT, _COUNTED[variant])),
            replace(rate, period=days, entry=words.reentry),
            int(_total(known, _COUNT, valued)),
            int(_total(known, _SUM, valued)),
            code,
            _total(rows, _DAYS, ("won",)) / won if won else None,
            group,
        )

    by_group: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        by_group.setdefault(tuple(row[dimension(name)] for name in groups), []).append(row)
    parts = [velocity(x, dict(zip(groups, group, strict=True))) for group, x in by_group.items()]
    total = velocity(rows, {})
    return PipelineVelocity(
        variant, value_of, of, days, total, groups, tuple(parts) if groups else (total,)
    )


def _place(of: str, measures: Measures) -> int:
    """Return the place on the path from which on a lead is an opportunity."""
    for name, stated in (("funnel.close", measures.won), ("lost", measures.lost)):
        if not stated:
            message = f"measures: '{name}' is not stated; a velocity needs what is won and lost"
            raise EvaluationError(message, field="measures")
    stage = measures.stage(of, "of")
    if stage not in measures.order or stage == measures.won:
        message = f"of: '{of}' is not on the way to the sale; expected a stage of the path"
        raise EvaluationError(message, field="of")
    return measures.order.index(stage)


def _tallied(frame: nw.LazyFrame[Any], by: Sequence[str]) -> _Rows:
    """Return how many there are of each group, kind and currency, worth what, after how long."""
    keys = [*(dimension(name) for name in by), KIND, CURRENCY]
    days = (nw.col(ENTERED) - nw.col(OF)).cast(nw.Float64) / _DAY
    found = (
        frame.with_columns(days.alias(_DAYS))
        .group_by(*keys)
        .agg(
            nw.len().alias(_COUNT),
            nw.col(AMOUNT).sum().alias(_SUM),
            nw.col(_DAYS).sum(),
            nw.col(ENTERED).min().alias(_FIRST),
            nw.col(ENTERED).max().alias(_LAST),
        )
    )
    return collected(found).sort(keys, nulls_last=True).rows(named=True)


def _total(rows: _Rows, name: str, kinds: Sequence[str]) -> float:
    found: float = sum(row[name] or 0 for row in rows if row[KIND] in kinds)
    return found
