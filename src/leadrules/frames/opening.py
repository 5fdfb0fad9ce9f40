"""The boundary of every frame form: frames of any kind in, the same kind out, rows in order.

Eager frames go through polars by Arrow; lazy ones (polars, DuckDB, PySpark) stay lazy and where
they are. Every column that a policy reads is settled here, by the rules of `values.settle`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import narwhals.stable.v2 as nw
from narwhals.exceptions import DuplicateError

from leadrules.errors import EvaluationError, did_you_mean, one_of
from leadrules.lead import Lead, lead_fields
from leadrules.values import LARGEST_INTEGER, Instant, Span, Type, datetime_of
from leadrules.vocabulary import Vocabulary, columns_of

__all__ = ["Opened", "frame_of", "open_frame"]

LARGEST_COUNT = 2**63 - 1
PREFIX = "_leadrules_"
COUNTED = f"{PREFIX}us_"

_CODE = r"\A[A-Z]{3}\z"
_LEAST = {found.name: found.least for found in lead_fields() if found.least is not None}

_SETTLED: Mapping[Type, Any] = {
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
_BACKENDS = ("polars", "pandas", "pyarrow", "modin")


@dataclass(frozen=True, slots=True)
class Opened:
    """A frame with the columns that a policy reads settled beside its own.

    Attributes:
        frame: The frame to compute on, lazily; what it returns goes to `closed`.
        fields: The settled column of each field by name; money has its currency as a second.
        at: The settled column of the moment, if it was a column.
    """

    frame: nw.LazyFrame[Any]
    fields: Mapping[str, tuple[nw.Expr, ...]]
    at: nw.Expr | None
    _native: Any
    _eager: bool
    # Asking a lazy frame for its columns may run a query, so they are asked for once.
    _columns: Sequence[str]
    _added: int = 0

    def beside(self, columns: Mapping[str, nw.Expr]) -> tuple[Opened, Mapping[str, nw.Expr]]:
        """Return the frame with columns of ours added, and the expressions that read them."""
        if not columns:
            return self, {}
        names = {name: f"{PREFIX}{index}" for index, name in enumerate(columns, self._added)}
        frame = self.frame.with_columns(**{names[name]: found for name, found in columns.items()})
        opened = replace(self, frame=frame, _added=self._added + len(names))
        return opened, {name: nw.col(found) for name, found in names.items()}

    def closed(self, results: Mapping[str, nw.Expr]) -> Any:
        """Return the caller's frame with result columns added, in the caller's kind."""
        # To databases, names that differ in case only are the same.
        kept = self._eager or self.frame.implementation.is_polars()
        theirs = {name if kept else name.lower(): name for name in self._columns}
        taken = [name for name in results if (name if kept else name.lower()) in theirs]
        if taken:
            name = min(taken)
            such = theirs[name if kept else name.lower()]
            what = "such a column" if such == name else f"a column '{such}'"
            message = f"{name}: the frame has {what} already; rename it or drop it"
            raise EvaluationError(message, field=name)
        named = [expression.alias(name) for name, expression in results.items()]
        if not self._eager:
            return self.frame.select(*self._columns, *named).to_native()
        # First beside the rows: an expression that reads no column is one value otherwise.
        found = self.frame.with_columns(*named).select(*results).collect("polars")
        native = nw.from_native(self._native, eager_only=True)
        return native.with_columns(
            *_as_kind(found, native.implementation).iter_columns()
        ).to_native()


def open_frame(
    leads: Any, names: Iterable[str], *, vocabulary: Vocabulary, at: str | None = None
) -> Opened:
    """Return a frame with the named fields settled.

    A value that no lead could have (NaN, an integer beyond 2^53, less than none of something,
    a currency that is no code) is missing. A column that is absent, or of a type that its field
    cannot have, is an error.

    Args:
        leads: Any frame that narwhals knows. One row a lead.
        names: The fields that will be read.
        vocabulary: Their declarations.
        at: The column that holds each lead's moment, if it is a column.

    Raises:
        EvaluationError: If a column is absent or of a wrong type. It names the column.
    """
    native = _recognised(leads)
    wanted = {name: vocabulary.fields[name] for name in names}
    needed = {column: name for name, found in wanted.items() for column in columns_of(name, found)}
    moments = {} if at is None else {at: at}
    theirs = native.collect_schema()
    _present({**needed, **moments}, theirs.names())
    eager = isinstance(native, nw.DataFrame)
    if isinstance(native, nw.DataFrame):
        lazy = _as_polars(native, [*dict.fromkeys((*needed, *moments))])
        schema = lazy.collect_schema()
    else:
        lazy, schema = native, theirs
    lazy, counted = _counted(lazy, (*needed, *moments), schema)
    settled: dict[str, nw.Expr] = {}
    fields: dict[str, tuple[nw.Expr, ...]] = {}
    for name, declaration in wanted.items():
        columns = columns_of(name, declaration)
        kinds = (declaration.type, Type.STRING)
        for column, kind in zip(columns, kinds, strict=False):
            settled[PREFIX + column] = _settled(column, kind, schema[column], lazy, counted)
        if declaration.type is Type.MONEY:  # an amount of no currency is no money
            amount, currency = (settled[PREFIX + column] for column in columns)
            sound = currency.str.contains(_CODE)
            settled[PREFIX + columns[0]] = nw.when(sound).then(amount)
            settled[PREFIX + columns[1]] = nw.when(sound).then(currency)
        elif (least := _LEAST.get(name)) is not None:
            count = settled[PREFIX + columns[0]]
            settled[PREFIX + columns[0]] = nw.when(count >= least).then(count)
        fields[name] = tuple(nw.col(PREFIX + column) for column in columns)
    moment = None
    if at is not None:
        settled[f"{PREFIX}at"] = _settled(at, Type.DATETIME, schema[at], lazy, counted)
        moment = nw.col(f"{PREFIX}at")
    frame = lazy.with_columns(**settled) if settled else lazy
    return Opened(frame, fields, moment, leads, eager, theirs.names())


def _as_kind(found: nw.DataFrame[Any], kind: Any) -> nw.DataFrame[Any]:
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


def _recognised(leads: Any) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    try:
        found: nw.DataFrame[Any] | nw.LazyFrame[Any] = nw.from_native(leads)
    except TypeError:
        message = (
            "leads: no frame; expected one of pandas, polars, pyarrow, modin, DuckDB or PySpark"
        )
        raise EvaluationError(message, field="leads") from None
    except DuplicateError:
        names = list(leads.column_names if hasattr(leads, "column_names") else leads.columns)
        name = next(str(name) for name in names if names.count(name) > 1)
        message = f"{name}: the frame has two columns of this name; rename one or drop it"
        raise EvaluationError(message, field=name) from None
    return found


def _present(needed: Mapping[str, str], columns: Sequence[Any]) -> None:
    absent = [column for column in needed if column not in columns]
    if absent:
        texts = [column for column in columns if isinstance(column, str)]  # in pandas, maybe not
        named = ", ".join(f"'{column}'{did_you_mean(column, texts)}" for column in absent)
        plural = "column" if len(absent) == 1 else "columns"
        message = f"the frame has no {plural} {named}; add an empty column if all are missing"
        raise EvaluationError(message, field=absent[0])


def _as_polars(frame: nw.DataFrame[Any], columns: list[str]) -> nw.LazyFrame[Any]:
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


def _settled(
    column: str, kind: Type, dtype: Any, frame: nw.LazyFrame[Any], counted: frozenset[str]
) -> nw.Expr:
    """Return a column as the settled values of a type, or say that it cannot hold them."""
    found = nw.col(column)
    if dtype == nw.Unknown and _is_void(frame, column):
        return nw.lit(None, _SETTLED[kind])
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
            return nw.col(f"{COUNTED}{column}")
        case Type.DURATION if column in counted:
            return nw.col(f"{COUNTED}{column}")
        case Type.DURATION if isinstance(dtype, nw.Duration):
            return _microseconds(found, dtype)
        case Type.STRINGS if isinstance(dtype, nw.List) and dtype.inner in {nw.String, nw.Unknown}:
            return found.cast(_SETTLED[kind])  # lists that are all empty have no inner type
    message = f"{column}: the column holds {_content(dtype)}; expected {_WANTED[kind]}"
    raise EvaluationError(message, field=column)


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
            FunctionExpression("epoch_us", ColumnExpression(column)).alias(COUNTED + column)
            for column in moments
        ]
        native = native.select(StarExpression(), *counts) if counts else native
    elif frame.implementation.is_pyspark():
        from pyspark.sql import functions as sql  # noqa: PLC0415 - likewise
        from pyspark.sql.types import DayTimeIntervalType  # noqa: PLC0415 - likewise

        for column in moments:
            native = native.withColumn(COUNTED + column, sql.unix_micros(native[column]))
        start = sql.lit(datetime(1970, 1, 1)).cast("timestamp_ntz")  # noqa: DTZ001 - of no zone
        for column in columns:
            if isinstance(native.schema[column].dataType, DayTimeIntervalType):
                end = start + native[column]
                count = sql.timestamp_diff("MICROSECOND", start, end)
                native = native.withColumn(COUNTED + column, count)
                moments.append(column)
    else:
        return frame, frozenset()
    counted: nw.LazyFrame[Any] = nw.from_native(native)
    return counted, frozenset(moments)


def frame_of(leads: Iterable[Lead], *, vocabulary: Vocabulary, backend: str = "polars") -> Any:
    """Return leads as a frame, with a typed column for every field that they can have.

    Args:
        leads: The leads, one row each, in their order.
        vocabulary: The fields that the policy declares beyond those of every lead.
        backend: The kind of frame: `polars`, `pandas`, `pyarrow` or `modin`.

    Returns:
        A frame of that kind. A field `company.employees` is the column `company_employees`;
        money is whole minor units, and its currency a second column.

    Raises:
        EvaluationError: If a declared field of a lead holds a value of another type, or one
            that is too large for a column, or if there is no such kind of frame.
    """
    if backend not in _BACKENDS:
        message = f"backend: '{backend}' is no kind of frame; expected {one_of(_BACKENDS)}"
        raise EvaluationError(message, field="backend")
    records = [vocabulary.record(lead) for lead in leads]
    data: dict[str, list[Any]] = {}
    schema: dict[str, Any] = {}
    for name, declaration in vocabulary.fields.items():
        column, *currency = columns_of(name, declaration)
        values: list[Any] = [record.get(name) for record in records]
        if currency:
            data[column] = [None if value is None else value[0] for value in values]
            data[currency[0]] = [None if value is None else value[1] for value in values]
            schema[currency[0]] = nw.String
        else:
            data[column] = [_outside(name, value) for value in values]
        schema[column] = _OUTSIDE.get(declaration.type, _SETTLED[declaration.type])
    frame = nw.from_dict(data, {name: schema[name] for name in data}, backend="polars")
    return _as_kind(frame, backend).to_native()


_OUTSIDE: Mapping[Type, Any] = {
    Type.DATETIME: nw.Datetime("us", "UTC"),
    Type.DURATION: nw.Duration("us"),
}


def _count(name: str, value: int) -> int:
    """Return an integer that a column of 64 bits has room for."""
    if abs(value) > LARGEST_COUNT:
        message = f"{name}: a lead has more than a column of 64-bit integers can hold"
        raise EvaluationError(message, field=name)
    return value


def _outside(name: str, value: Any) -> Any:
    """Return a settled value as a frame holds it."""
    match value:
        case Instant():
            return datetime_of(value)
        case Span():
            return timedelta(microseconds=_count(name, value))
        case tuple():
            return list(value)
    return value
