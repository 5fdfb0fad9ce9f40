"""Local days of a time zone, weeks and months in frames: as `leadrules.zones` numbers them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.frames.kinds import PREFIX
from leadrules.scoring.frames.fading import floored
from leadrules.values import MICROSECONDS_A_DAY
from leadrules.zones import Zone

__all__ = ["PERIOD", "with_period"]

PERIOD = f"{PREFIX}0period"
"""The column of the period that an event is in."""
_OFFSET = f"{PREFIX}0offset"
_MARCH_OF_0 = 719_468
"""The days from 0000-03-01 to 1970-01-01."""


def with_period(frame: nw.LazyFrame[Any], time: str, per: str, zone: Zone) -> nw.LazyFrame[Any]:
    """Return a frame with the column `PERIOD`: the number of the day, week or month of a time.

    Args:
        frame: The frame.
        time: A column of instants in microseconds.
        per: `day`, `week` or `month`.
        zone: The zone of its days.
    """
    frame, offset = _with_offset(frame, time, zone)
    local = nw.col(time) + offset
    day = (local - local % MICROSECONDS_A_DAY + MICROSECONDS_A_DAY // 2) // MICROSECONDS_A_DAY
    if per == "day":
        return frame.with_columns(day.alias(PERIOD))
    frame = frame.with_columns(day.alias(PERIOD))
    found = nw.col(PERIOD)
    if per == "week":
        return frame.with_columns(floored(found + 3, 7).alias(PERIOD))
    return frame.with_columns(_month(found).alias(PERIOD))


def _with_offset(
    frame: nw.LazyFrame[Any], time: str, zone: Zone
) -> tuple[nw.LazyFrame[Any], nw.Expr]:
    if not zone.changes:
        return frame, nw.lit(zone.offsets[0], nw.Int64)
    if not frame.implementation.is_polars():
        return frame, _tree(nw.col(time), zone.changes, zone.offsets)
    import polars as pl  # noqa: PLC0415 - the frame is one of polars

    # Of a tree of cases polars would compute every branch for every row.
    changes = pl.lit(pl.Series(zone.changes, dtype=pl.Int64))
    offsets = pl.lit(pl.Series(zone.offsets, dtype=pl.Int64))
    place = changes.search_sorted(pl.col(time), side="right")
    native = frame.to_native().with_columns(offsets.gather(place).alias(_OFFSET))
    found: nw.LazyFrame[Any] = nw.from_native(native)
    return found, nw.col(_OFFSET)


def _tree(time: nw.Expr, changes: Sequence[int], offsets: Sequence[int]) -> nw.Expr:
    """Return the offset at a time, by as few comparisons as it takes."""
    if not changes:
        return nw.lit(offsets[0], nw.Int64)
    half = len(changes) // 2
    earlier = _tree(time, changes[:half], offsets[: half + 1])
    later = _tree(time, changes[half + 1 :], offsets[half + 1 :])
    return nw.when(time < int(changes[half])).then(earlier).otherwise(later)


def _month(day: nw.Expr) -> nw.Expr:
    """Return months since year 0, counting from the Marches of 400 years.

    Source:
        Howard Hinnant, chrono-Compatible Low-Level Date Algorithms, `civil_from_days`.
    """
    since = day + _MARCH_OF_0
    of_era = since % 146_097
    era = floored(since, 146_097)
    year = floored(
        of_era - floored(of_era, 1_460) + floored(of_era, 36_524) - floored(of_era, 146_096), 365
    )
    of_year = of_era - (365 * year + floored(year, 4) - floored(year, 100))
    return (era * 400 + year) * 12 + floored(5 * of_year + 2, 153) + 2
