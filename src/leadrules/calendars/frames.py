"""Open time in frames: two instants of a row are looked up in a table of the days of UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.calendars.open_hours import OpenHours
from leadrules.calendars.utc_days import UtcDays
from leadrules.calendars.weeks import DAYS_A_WEEK
from leadrules.frames.columns import Columns
from leadrules.frames.kinds import PREFIX, recognised
from leadrules.frames.opening import Opened, joined
from leadrules.values import MICROSECONDS_A_DAY, Type

__all__ = ["elapsed_frame"]

_SECOND = 1_000_000
"""Hours and offsets are whole seconds, and so is the open time up to a midnight of UTC."""

_DAY, _WEEKS = f"{PREFIX}0day", f"{PREFIX}0weeks"
_STARTED, _ENDED, _CLOCK = f"{PREFIX}0started", f"{PREFIX}0ended", f"{PREFIX}0clock"


def elapsed_frame(frame: Any, *, hours: OpenHours, start: str, end: str, into: str) -> Any:
    """Return a frame with a column of the open time between two of its columns, row by row.

    Args:
        frame: Any frame that narwhals knows; a lazy one stays lazy.
        hours: The hours.
        start: A column of datetimes with a time zone.
        end: Another.
        into: The name of the column of integer microseconds that is added. It is missing where
            one of the two is.

    Raises:
        EvaluationError: If a column is absent or of a wrong type, or there is one named `into`.
    """
    native = recognised(frame, "frame")
    columns = Columns(native, [start, end])
    found = columns.frame.with_columns(
        columns.settled(start, Type.DATETIME).alias(_STARTED),
        columns.settled(end, Type.DATETIME).alias(_ENDED),
    )
    days = hours.utc_days
    table = _Table.of(days, found)
    for side, column in enumerate((_STARTED, _ENDED)):
        found = _with_open_time(found, column, days, table, prefix=f"{PREFIX}0{side}_")
    opened = Opened(found, {}, None, isinstance(native, nw.DataFrame), frame, columns.names)
    return opened.closed({into: nw.col(_ENDED) - nw.col(_STARTED)})


def _with_open_time(
    frame: nw.LazyFrame[Any], column: str, days: UtcDays, table: _Table, *, prefix: str
) -> nw.LazyFrame[Any]:
    """Return a frame whose column of instants is the open time up to them."""
    last = days.first + len(days.values) - 1
    at, day = nw.col(column), nw.col(_DAY)
    # Spark divides as floats; half a day over whole days keeps them away from the edges.
    floor = at - at % MICROSECONDS_A_DAY
    frame = frame.with_columns(
        ((floor + MICROSECONDS_A_DAY // 2) // MICROSECONDS_A_DAY).cast(nw.Int64).alias(_DAY),
        (at % MICROSECONDS_A_DAY).alias(column),
    )
    before, after = (days.first - day + 6) // DAYS_A_WEEK, (day - last + 6) // DAYS_A_WEEK
    weeks = nw.when(day < days.first).then(-before).when(day > last).then(after).otherwise(0)
    frame = frame.with_columns(weeks.cast(nw.Int64).alias(_WEEKS))
    frame = frame.with_columns((day - nw.col(_WEEKS) * DAYS_A_WEEK).alias(_DAY))
    frame = table.beside(frame, prefix)
    value = nw.col(f"{prefix}value") + nw.col(_WEEKS) * days.a_week
    for part in range(len(days.openings)):
        since = nw.col(column) - nw.col(f"{prefix}opening{part}")
        value = value + since.clip(nw.lit(0, nw.Int64), nw.col(f"{prefix}length{part}"))
    return frame.with_columns(value.alias(column))


@dataclass(frozen=True, slots=True)
class _Table:
    """The columns of the days of UTC, where a frame can look them up.

    Attributes:
        first: The first day.
        columns: The columns by name; the days follow each other.
        other: The same as a frame of the same database, if it is one.
    """

    first: int
    columns: Mapping[str, Sequence[int]]
    other: nw.LazyFrame[Any] | None

    @classmethod
    def of(cls, days: UtcDays, frame: nw.LazyFrame[Any]) -> _Table:
        columns: dict[str, Sequence[int]] = {"value": days.values}
        for part, (openings, lengths) in enumerate(zip(days.openings, days.lengths, strict=True)):
            columns |= {f"opening{part}": openings, f"length{part}": lengths}
        other = None
        if frame.implementation.is_duckdb():
            other = nw.from_native(_of_duckdb(frame.to_native(), days.first, columns))
        elif not frame.implementation.is_polars():
            other = nw.from_native(_of_spark(frame.to_native(), days.first, columns))
        return cls(days.first, columns, other)

    def beside(self, frame: nw.LazyFrame[Any], prefix: str) -> nw.LazyFrame[Any]:
        """Return a frame with the columns beside its own, by the day of each row."""
        if self.other is not None:
            return joined(
                frame, self.other.rename({name: prefix + name for name in self.columns}), [_DAY]
            )
        import polars as pl  # noqa: PLC0415 - the frame is one of polars

        place = pl.col(_DAY) - self.first
        native = frame.to_native().with_columns(
            pl.lit(pl.Series(values, dtype=pl.Int64)).gather(place).alias(prefix + name)
            for name, values in self.columns.items()
        )
        found: nw.LazyFrame[Any] = nw.from_native(native)
        return found


def _of_duckdb(relation: Any, first: int, columns: Mapping[str, Sequence[int]]) -> Any:
    """Return a table of days as a relation of another's connection.

    A relation does not tell its connection, so the table begins as the one row that counts
    nothing of it. Whole seconds are split out of texts, since that is what DuckDB is fast at.
    """
    from duckdb import ConstantExpression as Constant  # noqa: PLC0415 - it is there
    from duckdb import FunctionExpression as Function  # noqa: PLC0415 - likewise

    def column(values: Sequence[int]) -> Any:
        text = ",".join([str(value // _SECOND) for value in values])
        parts = Function("unnest", Function("string_split", Constant(text), Constant(",")))
        return parts.cast("BIGINT") * Constant(_SECOND)

    last = first + len(columns["value"])
    days = Function("unnest", Function("range", Constant(first), Constant(last)))
    row = relation.limit(0).aggregate("count(*)")
    return row.select(
        days.alias(_DAY), *(column(values).alias(name) for name, values in columns.items())
    )


def _of_spark(frame: Any, first: int, columns: Mapping[str, Sequence[int]]) -> Any:
    """Return a table of days as a frame of another's session, to be sent to every worker."""
    import pyarrow as pa  # noqa: PLC0415 - it is a frame of Spark
    from pyspark.sql import functions as sql  # noqa: PLC0415 - likewise

    days = range(first, first + len(columns["value"]))
    table = pa.table({_DAY: days, **columns})
    return sql.broadcast(frame.sparkSession.createDataFrame(table))
