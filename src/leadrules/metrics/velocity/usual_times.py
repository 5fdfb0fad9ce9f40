"""Usual times: how long those who went on were in a stage, and who is there for longer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError, as_written
from leadrules.metrics.arguments import demand_measures, demand_moment, microseconds
from leadrules.metrics.courses import ENTERED, STAGE
from leadrules.metrics.document import Measures
from leadrules.metrics.reached import OF, entries_table, onward
from leadrules.metrics.statistics.curves import AFTER, ENDS, REACHED, Curve
from leadrules.metrics.tables import LEAD, by_of, collected, dimension, with_dimensions
from leadrules.metrics.velocity.escalation_tables import Escalation, Escalations, UsualTime
from leadrules.metrics.velocity.followed import LEFT, NEXT_STAGE, WHEN_LEFT, counted_ends, stays
from leadrules.metrics.velocity.landmarks import ENOUGH, HERE
from leadrules.values import datetime_of

if TYPE_CHECKING:
    import polars as pl

__all__ = ["escalations"]


def escalations(  # noqa: PLR0913 - what a measure has to say of itself
    entries: Any,
    *,
    measures: Measures,
    at: datetime,
    quantile: float = 0.9,
    leads: Any = None,
    by: str | Sequence[str] | None = None,
) -> Escalations:
    """Return the open leads that are in their stage for longer than those who went on usually were.

    What is usual is told by all who were in the stage: those who are still there, and those who
    were lost from it, are not left out, so a stage in which nobody moves does not look quick.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`, and `left` if it is there.
        measures: What the words mean: which stages lead to the sale, in order.
        at: The moment of the evaluation; with a time zone. Later entries are not known yet.
        quantile: The share of those who went on that had done so within the usual time.
        leads: A frame of leads, one row each, with the columns of `by`.
        by: The columns of leads to show beside each, such as the owner.

    Returns:
        The leads, the furthest beyond first. Of a stage from which fewer than 20 went on nothing
        is said; it is named.

    Raises:
        EvaluationError: If an argument is not possible, or a column is absent or of a wrong type.
    """
    words, moment, groups = demand_measures(measures), demand_moment(at), by_of(by)
    if not 0 < quantile < 1:
        message = f"quantile: '{as_written(quantile)}' is not possible; expected between 0 and 1"
        raise EvaluationError(message, field="quantile")
    later = {stage: onward(stage, words)[1:] for stage in words.order[:-1]}
    if not later:
        message = "measures: the path has fewer than two stages; expected where leads go on to"
        raise EvaluationError(message, field="measures")
    table = entries_table(entries, at=moment, optional=WHEN_LEFT)
    frame = stays(table, words, at=moment)
    left = nw.col(LEFT)
    went_on = reduce(
        or_, ((nw.col(STAGE) == x) & nw.col(NEXT_STAGE).is_in([*to]) for x, to in later.items())
    )
    frame = frame.filter(nw.col(STAGE).is_in([*later])).with_columns(
        nw.col(ENTERED).alias(OF),
        nw.when(left.is_null()).then(1).otherwise(0).alias(HERE),
    )
    step = nw.when(went_on).then(left)
    kept = (LEAD, STAGE, OF, HERE)
    frame = counted_ends(frame, step, left, at=moment, lost_as="never", keep=kept)
    history = collected(frame.select(STAGE, AFTER, *ENDS, HERE))
    usual = tuple(_usual(history, stage, quantile) for stage in later)
    spans = {x.stage: x.span for x in usual if x.span is not None}
    beyond = reduce(
        or_,
        ((nw.col(STAGE) == x) & (nw.col(AFTER) > microseconds(y)) for x, y in spans.items()),
        nw.lit(value=False),
    )
    late = with_dimensions(frame.filter(nw.col(HERE) == 1, beyond), table, leads, groups)
    found = (_escalation(row, spans, groups) for row in collected(late).iter_rows(named=True))
    ordered = sorted(found, key=lambda x: (-x.beyond, x.stage, x.lead_id))
    return Escalations(at, quantile, groups, tuple(ordered), usual, words.unit)


def _usual(history: pl.DataFrame, stage: str, quantile: float) -> UsualTime:
    """Return what is usual in a stage."""
    here = history.filter(history[STAGE] == stage)
    curve = Curve.of(here)
    went_on, still = curve.count(REACHED), int(here[HERE].sum())
    share = quantile * curve.last.value
    span = curve.quantile(share) if went_on >= ENOUGH else None
    return UsualTime(stage, span, went_on, still)


def _escalation(
    row: Mapping[str, Any], spans: Mapping[str, timedelta], by: Sequence[str]
) -> Escalation:
    return Escalation(
        str(row[LEAD]),
        row[STAGE],
        datetime_of(row[OF]),
        timedelta(microseconds=row[AFTER]),
        spans[row[STAGE]],
        {name: row[dimension(name)] for name in by},
    )
