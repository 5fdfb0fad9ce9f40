"""The rows of data frames and Parquet files; needs the extra `frames`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import narwhals as nw
import pyarrow as pa
from pyarrow import parquet

from leadrules.errors import EvaluationError
from leadrules.intake.rows import Row, Table, check_columns, row_text

__all__ = ["frame_table", "parquet_table"]

ROWS_AT_A_TIME = 10_000


def parquet_table(path: Path, columns: Sequence[str]) -> Table:
    """Return the rows of a Parquet file.

    Raises:
        EvaluationError: If the file is no Parquet file or lacks columns.
    """
    try:
        described = parquet.read_metadata(path)
    except pa.ArrowInvalid as error:
        raise EvaluationError(f"{path}: {error}") from None
    check_columns(described.schema.to_arrow_schema().names, columns, source=str(path))

    def parts() -> Iterator[Any]:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(ROWS_AT_A_TIME):
                yield nw.from_native(pa.Table.from_batches([batch]), eager_only=True)

    return _table(parts(), described.num_rows, columns)


def frame_table(native: Any, columns: Sequence[str]) -> Table:
    """Return the rows of a data frame of any kind; one that is lazy is collected.

    Raises:
        EvaluationError: If it is no data frame or lacks columns.
    """
    try:
        frame = nw.from_native(native)
    except (TypeError, ValueError) as error:
        message = "expected the name of a file, a data frame or a sequence of records"
        raise EvaluationError(f"source: {message}: {error}") from None
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    check_columns(eager.columns, columns, source="the data frame")
    starts = range(0, len(eager), ROWS_AT_A_TIME)
    parts = (eager[start : start + ROWS_AT_A_TIME] for start in starts)
    return _table(parts, len(eager), columns)


def _table(parts: Iterator[Any], total: int, columns: Sequence[str]) -> Table:
    done = 0

    def rows() -> Iterator[Row]:
        nonlocal done
        for part in parts:
            cells = zip(*(_cells(part[column]) for column in columns), strict=True)
            for index, row in enumerate(cells):
                done += 1
                yield Row(done, partial(_row_text, part, index), row)

    return Table(rows(), total, lambda: done, unit="row")


def _cells(series: Any) -> list[Any]:
    """Return the values of a column as Python's own, with None for each that is missing."""
    values: list[Any] = _microseconds(series).to_list()
    if isinstance(series.dtype, nw.Unknown):
        values = [_duration(value) for value in values]
    if not series.null_count():
        return values
    return [
        None if null else value
        for value, null in zip(values, series.is_null().to_list(), strict=True)
    ]


def _microseconds(series: Any) -> Any:
    """Return a column whose times are no finer than Python's."""
    kind = series.dtype
    if isinstance(kind, nw.Datetime) and kind.time_unit == "ns":
        return series.cast(nw.Datetime("us", kind.time_zone))
    return series


def _duration(value: Any) -> Any:
    """Return an interval without months, as DuckDB gives it, as a duration."""
    if isinstance(value, pa.MonthDayNano) and not value.months:
        return timedelta(days=value.days, microseconds=value.nanoseconds // 1_000)
    return value


def _row_text(part: Any, index: int) -> str:
    return row_text(dict(zip(part.columns, part.row(index), strict=True)))
