"""Kinds of frames: what narwhals recognises, eager ones as polars by Arrow, and back."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
from narwhals.exceptions import DuplicateError

from leadrules.errors import EvaluationError

__all__ = ["PREFIX", "Frame", "as_kind", "as_polars", "like", "recognised"]

PREFIX = "_leadrules_"
"""What the names of our own columns begin with."""

Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]


def recognised(frame: Any, name: str = "leads") -> Frame:
    """Return a frame of any kind as one of narwhals.

    Args:
        frame: The frame.
        name: What a message calls it.

    Raises:
        EvaluationError: If it is no frame, or two columns have one name.
    """
    try:
        found: Frame = nw.from_native(frame)
    except TypeError:
        message = (
            f"{name}: no frame; expected one of pandas, polars, pyarrow, modin, DuckDB or PySpark"
        )
        raise EvaluationError(message, field=name) from None
    except DuplicateError:
        names = list(frame.column_names if hasattr(frame, "column_names") else frame.columns)
        twice = next(str(name) for name in names if names.count(name) > 1)
        message = f"{twice}: the frame has two columns of this name; rename one or drop it"
        raise EvaluationError(message, field=twice) from None
    return found


def as_polars(frame: nw.DataFrame[Any], columns: list[str]) -> nw.LazyFrame[Any]:
    """Return the named columns as a lazy polars frame; with no column, only the rows."""
    if frame.implementation.is_polars():
        return frame.lazy()
    found = [_series_of(frame.get_column(column)) for column in columns]
    if not found:
        found = [nw.new_series(f"{PREFIX}row", [None] * len(frame), nw.Int64, backend="polars")]
    return nw.from_dict({series.name: series for series in found}, backend="polars").lazy()


def _series_of(series: nw.Series[Any]) -> Any:
    """Return a column as one of polars, by Arrow; an instant in UTC.

    Raises:
        EvaluationError: If it mixes types, or polars has no such type. It names the column.
    """
    import pyarrow as pa  # noqa: PLC0415 - only for a caller who has it
    from polars.exceptions import PanicException  # noqa: PLC0415 - likewise

    name = series.name
    try:
        array = series.to_arrow()
    except Exception as error:  # its library may say anything of a column that mixes types
        message = f"{name}: the column mixes types; expected one"
        raise EvaluationError(message, field=name) from error
    if pa.types.is_timestamp(array.type) and array.type.tz is not None:
        array = array.cast(pa.timestamp(array.type.unit, "UTC"))  # polars knows named zones only
    nothing = pa.types.is_floating(array.type) and array.null_count == len(array)
    if nothing and series.implementation.is_pandas_like():
        array = pa.nulls(len(array))  # so pandas reads a column of any type without a value
    message = f"{name}: the column holds values of a type that is not known"
    if pa.types.is_decimal256(array.type):  # polars would print a trace before it fails
        raise EvaluationError(message, field=name)
    try:
        return nw.from_arrow(pa.table({name: array}), backend="polars")[name]
    except (Exception, PanicException) as error:
        raise EvaluationError(message, field=name) from error


def as_kind(found: nw.DataFrame[Any], kind: Any) -> nw.DataFrame[Any]:
    """Return a polars frame as one of another eager kind.

    In pandas, integers and booleans are nullable: whatever is missing, they stay what they are.
    """
    kind = nw.Implementation.from_backend(kind)
    if kind.is_polars():
        return found
    table = found.to_arrow()
    if not kind.is_pandas():
        return nw.from_arrow(table, backend=kind)
    import pandas as pd  # noqa: PLC0415 - only for a caller who has it
    import pyarrow as pa  # noqa: PLC0415 - likewise

    nullable = {pa.bool_(): pd.BooleanDtype(), pa.int64(): pd.Int64Dtype()}
    frame: nw.DataFrame[Any] = nw.from_native(table.to_pandas(types_mapper=nullable.get))
    return frame


def like(found: nw.DataFrame[Any], frame: Any) -> Any:
    """Return a polars frame as one of the kind of a caller's: lazy if that is, and where it is."""
    kind = recognised(frame, "frame")
    if isinstance(kind, nw.DataFrame):
        return as_kind(found, kind.implementation).to_native()
    if kind.implementation.is_polars():
        return found.lazy().to_native()
    made = found.to_arrow()
    if kind.implementation.is_duckdb():
        return frame.query(f"{PREFIX}0other", "SELECT * FROM made")  # it finds the variable
    return frame.sparkSession.createDataFrame(made)
