"""Chances: how likely an open lead is won within a time, from those who were once where it is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from leadrules.frames.kinds import PREFIX
from leadrules.metrics.courses import ENTERED, PLACE, STAGE, TURN
from leadrules.metrics.document import Measures
from leadrules.metrics.reached import OF
from leadrules.metrics.statistics.curves import AFTER, ENDS, Curve
from leadrules.metrics.tables import LEAD, Table
from leadrules.metrics.velocity.followed import LEFT, counted_ends, elsewhere, stays

if TYPE_CHECKING:
    import polars as pl

__all__ = ["AGE", "ENOUGH", "HERE", "chances", "visits"]

AGE, HERE = f"{PREFIX}0age", f"{PREFIX}0here"
"""How long a visit lasted, so far as is known; and whether the lead is still there."""
ENOUGH = 20
"""Of fewer who were once where a lead is, nothing is said."""
MOST = 12
"""The ages of the leads of a stage are told apart by so many landmarks."""
_WON, _GONE, _LAST, _MARK = (f"{PREFIX}0{name}" for name in ("won", "gone", "last", "mark"))


def visits(table: Table, measures: Measures, *, at: int) -> nw.LazyFrame[Any]:
    """Return every visit to a stage on the way to the sale, followed until the lead was won.

    Args:
        table: The entries up to `at`.
        measures: Say what the path is; it ends with the stage that is won.
        at: The moment, in microseconds.

    Returns:
        One row for each visit before the first win of its lead: `LEAD`, `PLACE`, `AGE`, `HERE`,
        `AFTER` how long the lead was followed from then on, and the counts of how that ended.
        Visits of leads that are in no stage on the way now are there too.
    """
    won = str(measures.won)
    away = elsewhere(won, won, measures)
    frame = stays(table, measures, at=at)
    moment = nw.col(ENTERED)
    frame = frame.with_columns(
        nw.when(nw.col(STAGE) == won).then(moment).alias(_WON),
        nw.col(TURN).max().over(LEAD).alias(_LAST),
    )
    last = nw.col(TURN) == nw.col(_LAST)
    gone = nw.when(last & nw.col(STAGE).is_in([*away])).then(moment)
    frame = frame.with_columns(gone.alias(_GONE)).with_columns(
        nw.col(_WON).min().over(LEAD), nw.col(_GONE).max().over(LEAD)
    )
    first, left = nw.col(_WON), nw.col(LEFT)
    frame = frame.filter(
        nw.col(PLACE) >= 0,
        nw.col(PLACE) < measures.order.index(won),
        first.is_null() | (first >= moment),
    )
    until = nw.when(left.is_null()).then(nw.lit(at)).otherwise(left)
    here = left.is_null() & (nw.col(TURN) == nw.col(_LAST)) & first.is_null()
    frame = frame.with_columns(
        moment.alias(OF),
        (until - moment).alias(AGE),
        nw.when(here).then(1).otherwise(0).alias(HERE),
    )
    kept = (LEAD, PLACE, AGE, HERE)
    return counted_ends(frame, first, nw.col(_GONE), at=at, lost_as="never", keep=kept)


def chances(history: pl.DataFrame, open_ones: pl.DataFrame, horizon: timedelta) -> pl.DataFrame:
    """Return open leads with their chance to be won within a time.

    The chance of a lead is the share of those who came there within the time, of all visits to
    its stage that lasted longer than the nearest landmark at or below its age.

    Args:
        history: Visits: `PLACE`, `AGE`, `AFTER` and the counts of how that ended.
        open_ones: Leads that are open: `PLACE`, `AGE` and any other columns.
        horizon: The time.

    Returns:
        The leads, with `chance`, its `deviation`, and `short`: whether nobody has been followed
        for as long as the horizon. Without enough history, all three are missing.
    """
    import polars as pl  # noqa: PLC0415 - frames are an extra

    told = {"chance": pl.Float64, "deviation": pl.Float64, "short": pl.Boolean}
    parts = [
        open_ones.head(0).with_columns(pl.lit(None, kind).alias(x) for x, kind in told.items())
    ]
    for key, some in open_ones.partition_by(PLACE, as_dict=True).items():
        before, ones = history.filter(pl.col(PLACE) == key[0]), some.sort(AGE)
        ages = ones[AGE]
        marks = sorted({0, *(ages.item(len(ages) * n // MOST) for n in range(MOST))})
        rows = [(mark, *_chance(before, mark, horizon)) for mark in marks]
        table = pl.DataFrame(rows, {_MARK: pl.Int64, **told}, orient="row")
        parts.append(ones.join_asof(table, left_on=AGE, right_on=_MARK).drop(_MARK))
    return pl.concat(parts)


def _chance(
    history: pl.DataFrame, mark: int, horizon: timedelta
) -> tuple[float | None, float | None, bool | None]:
    """Return the chance of who has been there for so long; nothing without enough who had."""
    import polars as pl  # noqa: PLC0415 - frames are an extra

    still = history.filter(pl.col(AGE) > mark)
    if len(still) < ENOUGH:
        return None, None, None
    curve = Curve.of(still.select((pl.col(AFTER) - mark).alias(AFTER), *ENDS))
    found = curve.within(horizon)
    known = found or curve.last
    # Of n alike, none that came is no proof that none will: what is not seen varies too.
    return known.value, max(known.deviation, 1 / curve.followed), found is None
