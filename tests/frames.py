"""The same leads as every kind of frame, with typed columns, and any frame's column as values."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from leadrules.values import Money, Type
from leadrules.vocabulary import CURRENCY, Vocabulary, column_of

ROW = "row"
"""The column that numbers the rows, since a table in a database has no order."""

ARROW: Mapping[Type, pa.DataType] = {
    Type.STRING: pa.string(),
    Type.ENUM: pa.string(),
    Type.INTEGER: pa.int64(),
    Type.NUMBER: pa.float64(),
    Type.BOOLEAN: pa.bool_(),
    Type.DATE: pa.date32(),
    Type.DATETIME: pa.timestamp("us", "UTC"),
    Type.DURATION: pa.duration("us"),
    Type.MONEY: pa.int64(),
    Type.STRINGS: pa.list_(pa.string()),
}


def table(
    rows: Sequence[Mapping[str, Any]], vocabulary: Vocabulary, names: Iterable[str]
) -> pa.Table:
    """Return rows as the Arrow table that every kind of frame is made from.

    Args:
        rows: Values by the names of fields, as a `Lead` takes them.
        vocabulary: The types of the fields.
        names: The fields that become columns.
    """
    columns: dict[str, pa.Array] = {ROW: pa.array(range(len(rows)), pa.int64())}
    for name in names:
        kind = vocabulary.fields[name].type
        values = [row.get(name) for row in rows]
        if kind is Type.MONEY:
            codes = [value.currency if isinstance(value, Money) else None for value in values]
            columns[column_of(name) + CURRENCY] = pa.array(codes, pa.string())
            values = [value.minor if isinstance(value, Money) else None for value in values]
        columns[column_of(name)] = pa.array(values, ARROW[kind], from_pandas=False)
    return pa.table(columns)


def _pandas_classic(found: pa.Table) -> pd.DataFrame:
    """As files are usually read: NaN, None and NaT in columns of numpy's types or of objects."""
    frame: pd.DataFrame = found.to_pandas(integer_object_nulls=True)
    for name, dtype in frame.dtypes.items():
        if isinstance(dtype, pd.StringDtype):
            values = [None if pd.isna(value) else value for value in frame[name]]
            frame[name] = pd.Series(values, dtype=object, index=frame.index)
    return frame.set_index(pd.Index([7] * len(frame), name="an index that is not unique"))


_NULLABLE = {
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype("python"),
}


def _pandas_nullable(found: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = found.to_pandas(types_mapper=_NULLABLE.get)
    return frame


def _pandas_arrow(found: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = found.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def _duckdb(found: pa.Table) -> duckdb.DuckDBPyRelation:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'America/New_York'")
    return connection.from_arrow(found)


def _spark(found: pa.Table) -> Any:
    return spark_session().createDataFrame(found)


MAKE: Mapping[str, Callable[[pa.Table], Any]] = {
    "pandas": _pandas_classic,
    "pandas-nullable": _pandas_nullable,
    "pandas-arrow": _pandas_arrow,
    "polars": pl.DataFrame,
    "polars-lazy": pl.LazyFrame,
    "pyarrow": lambda found: found,
    "duckdb": _duckdb,
    "spark": _spark,
}
"""How each kind of frame is made from an Arrow table."""

EAGER_AND_LAZY = tuple(kind for kind in MAKE if kind != "spark")
KINDS = (*EAGER_AND_LAZY, pytest.param("spark", marks=pytest.mark.spark))
"""Every kind of frame, to parametrize a test with."""


@cache
def spark_session() -> Any:
    """Return the one local Spark of a test run."""
    from pyspark.sql import SparkSession

    options = {
        "spark.master": "local[2]",
        "spark.ui.enabled": "false",
        "spark.driver.memory": "2g",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "America/New_York",
        "spark.sql.ansi.enabled": "true",
        "spark.python.sql.dataFrameDebugging.enabled": "false",  # it makes each column slow
    }
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.appName("leadrules tests")
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def columns(frame: Any, names: Iterable[str]) -> dict[str, list[Any]]:
    """Return columns of a frame of any kind as Python values, in the order of the rows.

    Money is its minor units; what is missing is None.
    """
    wanted = list(names)
    native = nw.from_native(frame)
    if isinstance(native, nw.LazyFrame):
        if native.implementation.is_pyspark():
            found = pl.DataFrame(frame.select(ROW, *wanted).toArrow())
        else:
            found = native.select(ROW, *wanted).collect("polars").to_native()
        return {name: found.sort(ROW)[name].to_list() for name in wanted}
    return {name: [_plain(value) for value in native[name].to_list()] for name in wanted}


def column(frame: Any, name: str) -> list[Any]:
    """Return one column of a frame of any kind as Python values, in the order of the rows."""
    return columns(frame, [name])[name]


def _plain(value: Any) -> Any:
    if hasattr(value, "__len__") and not isinstance(value, str):
        return list(value)  # a list in pandas may be an array of numpy
    if isinstance(value, pd.Timedelta):
        return timedelta(microseconds=value // pd.Timedelta(1, "us"))
    return None if pd.isna(value) else value


def related(*tables: pa.Table) -> tuple[duckdb.DuckDBPyRelation, ...]:
    """Return tables as relations of one DuckDB connection, as a query over several needs."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'America/New_York'")
    return tuple(connection.from_arrow(found) for found in tables)
