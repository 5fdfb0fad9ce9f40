"""Projections: what will become of the open pipeline, from what became of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError
from leadrules.frames.kinds import PREFIX, recognised
from leadrules.metrics.amounts import AMOUNT, CURRENCY, one_currency, with_values
from leadrules.metrics.arguments import demand_measures, demand_moment, demand_window
from leadrules.metrics.courses import PLACE, STAGE, TURN
from leadrules.metrics.document import Measures
from leadrules.metrics.reached import entries_table
from leadrules.metrics.statistics.curves import AFTER, ENDS
from leadrules.metrics.tables import LEAD, Table, by_of, collected, dimension, with_dimensions
from leadrules.metrics.velocity.followed import WHEN_LEFT, stays
from leadrules.metrics.velocity.landmarks import AGE, HERE, chances, visits
from leadrules.metrics.velocity.projected import Projected, Projection, deviation_of
from leadrules.vocabulary import column_of

if TYPE_CHECKING:
    import polars as pl

__all__ = ["projection"]

_LAST = f"{PREFIX}0last"
_SUMS = ("count", "expected", "luck", "doubt", "unvalued", "most", "worth", "risk", "unsure", "no")
"""Sums of a group in a stage: how many, the sum of their chances, its variance and doubt; of how
many the value is unknown; the value of all, its mean, its variance and doubt; and of how many
nothing is known."""


def projection(  # noqa: PLR0913 - what a measure has to say of itself
    entries: Any,
    *,
    measures: Measures,
    at: datetime,
    horizon: timedelta = timedelta(days=90),
    leads: Any = None,
    by: str | Sequence[str] | None = None,
    currency: str | None = None,
) -> Projection:
    """Return how many of the leads that are open will be won within the horizon.

    The chance of a lead is that of all who were once in its stage for as long: which share of
    them was won within the horizon from then on, estimated with those of whom that is not known
    yet. Nothing in it is random.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`, and `left` if it is there.
        measures: What the words mean: which stage is won, and which lead to it.
        at: The moment of the evaluation; with a time zone. Later entries are not known yet.
        horizon: For how long it looks ahead.
        leads: A frame of leads, one row each, with the columns of `by` and, if it has it, the
            value of the deal.
        by: The columns of leads by which to group, the coarsest first; by default the stage. The
            chances are those of all leads together, not of each group.
        currency: Of deals in several currencies, which count; the rest has no value then.

    Raises:
        EvaluationError: If an argument is not possible, a column is absent or of a wrong type, or
            the values are in several currencies.
    """
    words, moment, groups = demand_measures(measures), demand_moment(at), by_of(by)
    demand_window(horizon, "horizon")
    if words.won is None or words.won not in words.order[1:]:
        message = (
            "measures: no stage leads to one that is won; "
            "expected 'funnel.close', and a path that ends with it"
        )
        raise EvaluationError(message, field="measures")
    table = entries_table(entries, at=moment, optional=WHEN_LEFT)
    frame = visits(table, words, at=moment)
    valued = _has_value(leads, words)
    here = frame.filter(nw.col(HERE) == 1).select(LEAD, PLACE, AGE)
    if valued:
        here = with_values(here, table, leads, words, groups)
    else:
        here = with_dimensions(here, table, leads, groups)
    keys = [dimension(name) for name in groups] or [STAGE]
    history = collected(frame.select(PLACE, AGE, AFTER, *ENDS))
    found = chances(history, collected(here), horizon)
    code = one_currency(found[CURRENCY].to_list(), currency, "deals") if valued else None
    sums = _summed(_named(found, words), keys, code, valued=valued)
    by_group: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in sums:
        by_group.setdefault(tuple(row[key] for key in keys), []).append(row)
    names = groups or ("stage",)
    parts = [_projected(rows, dict(zip(names, x, strict=True))) for x, rows in by_group.items()]
    return Projection(
        at,
        horizon,
        _projected(sums, {}),
        names,
        tuple(parts),
        unit=words.unit,
        currency=code,
        short=int(found["short"].sum()),
        aside=_aside(table, words, moment),
    )


def _has_value(leads: Any, measures: Measures) -> bool:
    if leads is None or measures.value is None:
        return False
    return column_of(measures.value) in recognised(leads, "leads").collect_schema().names()


def _aside(table: Table, measures: Measures, at: int) -> int:
    """Return how many leads are neither closed nor in a stage on the way to the sale."""
    ends = [*((measures.won,) if measures.won else ()), *measures.lost, *measures.disqualified]
    frame = stays(table, measures, at=at).with_columns(nw.col(TURN).max().over(LEAD).alias(_LAST))
    frame = frame.filter(nw.col(TURN) == nw.col(_LAST), nw.col(PLACE) < 0)
    return int(collected(frame.filter(~nw.col(STAGE).is_in(ends)).select(nw.len())).item())


def _named(found: pl.DataFrame, measures: Measures) -> pl.DataFrame:
    import polars as pl  # noqa: PLC0415 - frames are an extra

    stages = dict(enumerate(measures.order))
    return found.with_columns(
        pl.col(PLACE).replace_strict(stages, return_dtype=pl.String).alias(STAGE)
    )


def _summed(
    found: pl.DataFrame, keys: Sequence[str], currency: str | None, *, valued: bool
) -> Sequence[Mapping[str, Any]]:
    """Return the sums of each group in each stage, in the order of both."""
    import polars as pl  # noqa: PLC0415 - frames are an extra

    chance, doubt, known = pl.col("chance"), pl.col("deviation"), pl.col("chance").is_not_null()
    luck = chance * (1 - chance)
    value: pl.Expr = pl.lit(None, pl.Float64)
    if valued:
        same = known & (pl.col(CURRENCY) == (currency or ""))  # nobody has a value if there is none
        value = pl.when(same).then(pl.col(AMOUNT).cast(pl.Float64))
    sums = {
        "count": known,
        "expected": chance,
        "luck": luck,
        "doubt": doubt,
        "unvalued": known & value.is_null(),
        "most": value,
        "worth": chance * value,
        "risk": luck * value**2,
        "unsure": doubt * value,
        "no": ~known,
    }
    order = [*(key for key in keys if key != STAGE), PLACE]
    table = (
        found.group_by(*dict.fromkeys((*keys, PLACE)))
        .agg(sums[name].sum().alias(name) for name in _SUMS)
        .sort(order, nulls_last=True)
    )
    missing = [] if valued else ["most", "worth", "risk", "unsure"]
    return table.with_columns(pl.lit(None).alias(name) for name in missing).rows(named=True)


def _projected(rows: Sequence[Mapping[str, Any]], group: Mapping[str, Any]) -> Projected:
    """Return what becomes of a group, from its sums in each stage."""

    def total(name: str) -> Any:
        return sum(row[name] for row in rows)

    found = Projected(
        total("count"),
        total("expected"),
        deviation_of(total("luck"), [row["doubt"] for row in rows]),
        unknown=total("no"),
        group=group,
    )
    if any(row["worth"] is None for row in rows):
        return found
    return Projected(
        found.count,
        found.expected,
        found.deviation,
        total("worth"),
        deviation_of(total("risk"), [row["unsure"] for row in rows]),
        round(total("most")),
        total("unvalued"),
        found.unknown,
        group,
    )
