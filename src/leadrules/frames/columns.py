"""The columns of a frame, each settled as the values of a type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError, did_you_mean
from leadrules.frames.kinds import PREFIX, Frame, as_polars
from leadrules.values import LARGEST_INTEGER, Type

__all__ = ["LARGEST_COUNT", "SETTLED", "Columns"]

LARGEST_COUNT = 2**63 - 1
"""The most microseconds, or minor units, that a column holds."""
_COUNTED = f"{PREFIX}0us_"

_CODE = r"\A[A-Z]{3}\z"

SETTLED: Mapping[Type, Any] = {
    Type.STRING: nw.String,
    Type.ENUM: nw.String,
    Type.INTEGER: nw.Int64,
    Type.NUMBER: nw.Float64,
    Type.BOOLEAN: nw.Boolean,
    Type.DATE: nw.Date,
    Type.DATETIME: nw.Int64,
    Type.DURATION: nw.Int64,
    Type.MONEY: nw.Int64,
    Type.STRINGS: nw.List(nw.String),
}
_WANTED: Mapping[Type, str] = {
    Type.STRING: "a text column",
    Type.ENUM: "a text column",
    Type.INTEGER: "a numeric column",
    Type.NUMBER: "a numeric column",
    Type.BOOLEAN: "a boolean column",
    Type.DATE: "a date column",
    Type.DATETIME: "a datetime column with a time zone",
    Type.DURATION: "a duration column, or integer microseconds",
    Type.MONEY: "an integer column of minor units",
    Type.STRINGS: "a column of lists of texts",
}
_CONTENTS: Mapping[Any, str] = {
    nw.String: "texts",
    nw.Categorical: "texts",
    nw.Enum: "texts",
    nw.Boolean: "booleans",
    nw.Date: "dates",
    nw.Duration: "durations",
    nw.Time: "times of day",
}


class Columns:
    """The columns of a frame that a policy reads.

    Args:
        native: The frame.
        needed: The columns that must be there.
        optional: Those that may be absent.

    Attributes:
        frame: The frame, lazily.
        names: All columns of the frame, in order.

    Raises:
        EvaluationError: If a column is absent.
    """

    def __init__(self, native: Frame, needed: Iterable[str], optional: Iterable[str] = ()) -> None:
        needed = [*dict.fromkeys(needed)]
        schema = native.collect_schema()
        self.names: Sequence[str] = schema.names()
        _present(needed, self.names)
        read = [*needed, *(column for column in optional if column in self.names)]
        if isinstance(native, nw.DataFrame):
            lazy = as_polars(native, [*dict.fromkeys(read)])
            schema = lazy.collect_schema()
        else:
            lazy = native
        self._schema = schema
        self.frame, self._counted = _counted(lazy, read, schema)

    def settled(self, column: str, kind: Type) -> nw.Expr:
        """Return a column as the settled values of a type; a value that is none is missing.

        Raises:
            EvaluationError: If the column is of a type that cannot hold them.
        """
        return _settled(column, kind, self._schema[column], self.frame, self._counted)

    def money(self, column: str, currency: str) -> tuple[nw.Expr, nw.Expr]:
        """Return the minor units and the currency of money; without a currency it is none."""
        amount, code = self.settled(column, Type.MONEY), self.settled(currency, Type.STRING)
        sound = code.str.contains(_CODE)
        return nw.when(sound).then(amount), nw.when(sound).then(code)


def _present(needed: Iterable[str], columns: Sequence[Any]) -> None:
    absent = [column for column in needed if column not in columns]
    if absent:
        texts = [column for column in columns if isinstance(column, str)]  # in pandas, maybe not
        named = ", ".join(f"'{column}'{did_you_mean(column, texts)}" for column in absent)
        plural = "column" if len(absent) == 1 else "columns"
        message = f"the frame has no {plural} {named}; add an empty column if all are missing"
        raise EvaluationError(message, field=absent[0])


def _settled(
    column: str, kind: Type, dtype: Any, frame: nw.LazyFrame[Any], counted: frozenset[str]
) -> nw.Expr:
    """Return a column as the settled values of a type, or say that it cannot hold them."""
    found = nw.col(column)
    if dtype == nw.Unknown and _is_void(frame, column):
        return nw.lit(None, SETTLED[kind])
    match kind:
        case Type.STRING | Type.ENUM if dtype in {nw.String, nw.Categorical} or isinstance(
            dtype, nw.Enum
        ):
            return found.cast(nw.String)
        case Type.INTEGER if dtype.is_integer():
            return _in_range(found, dtype, LARGEST_INTEGER)
        case Type.MONEY | Type.DURATION if dtype.is_integer():
            return _in_range(found, dtype, LARGEST_COUNT)
        case Type.INTEGER | Type.MONEY if dtype.is_numeric():
            number = found.cast(nw.Float64)
            whole = number.is_finite() & (number.floor() == number)
            safe = nw.when(whole & (number.abs() <= LARGEST_INTEGER)).then(number)
            return safe.cast(nw.Int64)
        case Type.NUMBER if dtype.is_integer():
            return _in_range(found, dtype, LARGEST_INTEGER).cast(nw.Float64)
        case Type.NUMBER if dtype.is_numeric():
            number = found.cast(nw.Float64)
            return nw.when(number.is_finite()).then(number)
        case Type.BOOLEAN if dtype == nw.Boolean:
            return found
        case Type.DATE if dtype == nw.Date:
            return found
        case Type.DATETIME if isinstance(dtype, nw.Datetime) and dtype.time_zone is not None:
            if frame.implementation.is_polars():
                return found.dt.timestamp("us")
            return nw.col(f"{_COUNTED}{column}")
        case Type.DURATION if column in counted:
            return nw.col(f"{_COUNTED}{column}")
        case Type.DURATION if isinstance(dtype, nw.Duration):
            return _microseconds(found, dtype)
        case Type.STRINGS if isinstance(dtype, nw.List) and dtype.inner in {nw.String, nw.Unknown}:
            return found.cast(SETTLED[kind])  # lists that are all empty have no inner type
    message = (
        f"{column}: the column holds {_content(dtype)}; expected {_wanted(kind, dtype, frame)}"
    )
    raise EvaluationError(message, field=column)


def _wanted(kind: Type, dtype: Any, frame: nw.LazyFrame[Any]) -> str:
    """Return what column is expected, and how to make it of this one if that is short to tell."""
    if kind is Type.DATE and dtype == nw.Datetime and frame.implementation.is_polars():
        return f"{_WANTED[kind]}; in pandas .dt.date makes one"  # whatever is eager is polars here
    if kind is Type.STRING and dtype.is_integer():
        return f"{_WANTED[kind]}; cast it to text"
    return _WANTED[kind]


def _content(dtype: Any) -> str:
    """Return what a column holds, in the words of policies."""
    if dtype.is_numeric():
        return "integers" if dtype.is_integer() else "numbers"
    if isinstance(dtype, nw.Datetime):
        return "datetimes" if dtype.time_zone else "datetimes without a time zone"
    if isinstance(dtype, nw.List):
        return "lists" if dtype.inner == nw.Unknown else f"lists of {_content(dtype.inner)}"
    named = (found for of, found in _CONTENTS.items() if dtype == of)
    return next(named, "values of a type that is not known")


def _microseconds(found: nw.Expr, dtype: nw.Duration) -> nw.Expr:
    """Return durations in microseconds, rounded down; those that are too many are missing."""
    if dtype.time_unit == "ns":
        return found.dt.total_nanoseconds() // 1_000
    if dtype.time_unit == "us":
        return found.dt.total_microseconds()
    count = found.dt.total_milliseconds()
    most = LARGEST_COUNT // 1_000
    return nw.when((count >= -most) & (count <= most)).then(count * 1_000)


def _in_range(found: nw.Expr, dtype: Any, largest: int) -> nw.Expr:
    """Return integers as 64-bit ones; those that are larger are missing."""
    if dtype in {nw.UInt64, nw.UInt128}:
        found = nw.when(found <= largest).then(found)
    elif dtype == nw.Int128 or (dtype == nw.Int64 and largest < LARGEST_COUNT):
        found = nw.when((found >= -largest) & (found <= largest)).then(found)
    return found.cast(nw.Int64)


def _is_void(frame: nw.LazyFrame[Any], column: str) -> bool:
    """Return whether a column has no type, because nothing in it is known."""
    native = frame.to_native()
    if frame.implementation.is_polars():
        return str(native.collect_schema()[column]) == "Null"
    if frame.implementation.is_duckdb():
        return str(native.types[native.columns.index(column)]) == '"NULL"'
    return str(native.schema[column].dataType) == "NullType()"


def _counted(
    frame: nw.LazyFrame[Any], columns: Iterable[str], schema: Mapping[str, Any]
) -> tuple[nw.LazyFrame[Any], frozenset[str]]:
    """Return a frame with the microseconds of its times beside them, where it is SQL, and of which.

    narwhals has no exact expression for this there: it goes through seconds or floats.
    """
    native = frame.to_native()
    moments = [column for column in columns if isinstance(schema[column], nw.Datetime)]
    if frame.implementation.is_duckdb():
        from duckdb import (  # noqa: PLC0415 - only for a caller who has it
            ColumnExpression,
            FunctionExpression,
            StarExpression,
        )

        counts = [
            FunctionExpression("epoch_us", ColumnExpression(column)).alias(_COUNTED + column)
            for column in moments
        ]
        native = native.select(StarExpression(), *counts) if counts else native
    elif frame.implementation.is_pyspark():
        from pyspark.sql import functions as sql  # noqa: PLC0415 - likewise
        from pyspark.sql.types import DayTimeIntervalType  # noqa: PLC0415 - likewise

        for column in moments:
            native = native.withColumn(_COUNTED + column, sql.unix_micros(native[column]))
        start = sql.lit(datetime(1970, 1, 1)).cast("timestamp_ntz")  # noqa: DTZ001 - of no zone
        for column in columns:
            if isinstance(native.schema[column].dataType, DayTimeIntervalType):
                end = start + native[column]
                count = sql.timestamp_diff("MICROSECOND", start, end)
                native = native.withColumn(_COUNTED + column, count)
                moments.append(column)
    else:
        return frame, frozenset()
    counted: nw.LazyFrame[Any] = nw.from_native(native)
    return counted, frozenset(moments)
