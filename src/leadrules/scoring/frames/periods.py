"""Local days of a time zone, weeks and months in frames: as `leadrules.zones` numbers them."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from leadrules.conditions.expressions import by_steps
from leadrules.frames.kinds import PREFIX
from leadrules.values import MICROSECONDS_A_DAY
from leadrules.zones import Zone

__all__ = ["PERIOD", "with_day", "with_period"]

PERIOD = f"{PREFIX}0period"
"""The column of the period that an event is in."""
_OF_ERA, _YEAR = f"{PREFIX}0of_era", f"{PREFIX}0year"
_MARCH_OF_0 = 719_468
"""The days from 0000-03-01 to 1970-01-01."""


def with_day(frame: nw.LazyFrame[Any], time: str, zone: Zone) -> nw.LazyFrame[Any]:
    """Return a frame with the local day of a time, in days since 1970-01-01, as `PERIOD`.

    Args:
        frame: The frame.
        time: A column of instants in microseconds.
        zone: The zone of the days.
    """
    frame = _with_offset(frame, time, zone)
    frame = frame.with_columns((nw.col(time) + nw.col(PERIOD)).alias(PERIOD))
    # Spark divides as floats; half a day over whole days keeps them away from the edges.
    local = nw.col(PERIOD) - nw.col(PERIOD) % MICROSECONDS_A_DAY + MICROSECONDS_A_DAY // 2
    return frame.with_columns((local // MICROSECONDS_A_DAY).alias(PERIOD))


def with_period(frame: nw.LazyFrame[Any], per: str) -> nw.LazyFrame[Any]:
    """Return a frame whose `PERIOD` is the number of a `week` or `month` where it was a day."""
    if per == "week":
        return frame.with_columns(((nw.col(PERIOD) + 3) // 7).alias(PERIOD))
    return _by_month(frame) if per == "month" else frame


def _with_offset(frame: nw.LazyFrame[Any], time: str, zone: Zone) -> nw.LazyFrame[Any]:
    """Return a frame with how far local time is ahead of UTC, in microseconds, as `PERIOD`."""
    if not zone.changes:
        return frame.with_columns(nw.lit(zone.offsets[0], nw.Int64).alias(PERIOD))
    if not frame.implementation.is_polars():
        every = [nw.lit(offset, nw.Int64) for offset in zone.offsets]
        offset = by_steps(nw.col(time), zone.changes, every)
        return frame.with_columns(offset.alias(PERIOD))
    import polars as pl  # noqa: PLC0415 - the frame is one of polars

    # Of a tree of cases polars would compute every branch for every row.
    changes = pl.lit(pl.Series(zone.changes, dtype=pl.Int64))
    offsets = pl.lit(pl.Series(zone.offsets, dtype=pl.Int64))
    place = changes.search_sorted(pl.col(time), side="right")
    native = frame.to_native().with_columns(offsets.gather(place).alias(PERIOD))
    found: nw.LazyFrame[Any] = nw.from_native(native)
    return found


def _by_month(frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return a frame whose `PERIOD` is a month where it was a day: as `month_of` does.

    Source:
        Howard Hinnant, chrono-Compatible Low-Level Date Algorithms, `civil_from_days`.
    """
    day, of_era, year = nw.col(PERIOD), nw.col(_OF_ERA), nw.col(_YEAR)
    frame = frame.with_columns(
        ((day + _MARCH_OF_0) % 146_097).alias(_OF_ERA),
        ((day + _MARCH_OF_0) // 146_097).alias(PERIOD),
    )
    frame = frame.with_columns(
        ((of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365).alias(_YEAR)
    )
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    return frame.with_columns(((nw.col(PERIOD) * 400 + year) * 12 + month + 2).alias(PERIOD))
