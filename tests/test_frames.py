"""The boundary of frames: what a column may be, and what comes back."""

# ruff: noqa: E501 - a message stands on one line

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from leadrules.errors import EvaluationError
from leadrules.events import KINDS as SAID
from leadrules.events import Event
from leadrules.frames import event_frame_of, frame_of, open_frame
from leadrules.lead import Lead
from leadrules.values import Cash, Money, Type
from leadrules.vocabulary import Declaration, Vocabulary, columns_of
from tests.frames import KINDS, MAKE, ROW, column, spark_session, table
from tests.strategies import FIELDS, VOCABULARY, rows

WORDS = Vocabulary({kind.value: Declaration(type=kind) for kind in Type})
NAN, INF = float("nan"), float("inf")
SAFE = 2**53


def settled(frame: Any, name: str, *, part: int = 0, words: Vocabulary = WORDS) -> list[Any]:
    """Return a field of a frame as conditions read it."""
    opened = open_frame(frame, [name], vocabulary=words)
    return column(opened.closed({"out": opened.fields[name][part]}), "out")


@pytest.mark.parametrize("kind", KINDS)
def test_columns_are_settled_as_leads_are(kind: str) -> None:
    leads = rows(Random(7), 40)  # noqa: S311 - reproducible, not secret
    frame = MAKE[kind](table(leads, VOCABULARY, FIELDS))
    opened = open_frame(frame, FIELDS, vocabulary=VOCABULARY)
    names = [name for name in FIELDS if name != "tags"]
    closed = opened.closed(
        {f"x{index}": opened.fields[name][0] for index, name in enumerate(names)}
    )
    records = [VOCABULARY.record(VOCABULARY.lead(lead)) for lead in leads]
    for index, name in enumerate(names):
        values = [record.get(name) for record in records]
        wanted = [value.minor if isinstance(value, Cash) else value for value in values]
        assert column(closed, f"x{index}") == wanted, name


# --- the types that a column may have

POLARS: list[tuple[Type, pl.Series, list[Any]]] = [
    (Type.INTEGER, pl.Series([1, None], dtype=pl.Int8), [1, None]),
    (Type.INTEGER, pl.Series([SAFE, SAFE + 1, 2**64 - 1], dtype=pl.UInt64), [SAFE, None, None]),
    (Type.INTEGER, pl.Series([-SAFE, -SAFE - 1, 2**100], dtype=pl.Int128), [-SAFE, None, None]),
    (Type.INTEGER, pl.Series([1.0, 1.5, NAN, INF, 2.0**53, 2.0**54]), [1, None, None, None, SAFE, None]),
    (Type.INTEGER, pl.Series([1.0, 1.5], dtype=pl.Float32), [1, None]),
    (Type.INTEGER, pl.Series([Decimal("2.00"), Decimal("2.50")]), [2, None]),
    (Type.NUMBER, pl.Series([0.5, NAN, INF], dtype=pl.Float32), [0.5, None, None]),
    (Type.NUMBER, pl.Series([SAFE, SAFE + 1]), [float(SAFE), None]),
    (Type.NUMBER, pl.Series([Decimal("0.1"), None]), [0.1, None]),
    (Type.NUMBER, pl.Series([1, 255], dtype=pl.UInt8), [1.0, 255.0]),
    (Type.STRING, pl.Series(["a", None], dtype=pl.Categorical), ["a", None]),
    (Type.ENUM, pl.Series(["a", None], dtype=pl.Enum(["b", "a"])), ["a", None]),
    (Type.DATE, pl.Series([date(1, 1, 1), None]), [date(1, 1, 1), None]),
    (Type.DURATION, pl.Series([timedelta(seconds=-1)], dtype=pl.Duration("ms")), [-1_000_000]),
    (Type.DURATION, pl.Series([5, None]), [5, None]),
    (Type.DURATION, pl.Series([5, 2**64 - 1], dtype=pl.UInt64), [5, None]),
    (Type.STRINGS, pl.Series([[], []], dtype=pl.List(pl.Null)), [[], []]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "series", "wanted"), POLARS, ids=range(len(POLARS)))
def test_columns_of_related_types_are_read(
    kind: Type, series: pl.Series, wanted: list[Any]
) -> None:
    assert settled(pl.DataFrame({kind.value: series}), kind.value) == wanted


@pytest.mark.parametrize("kind", [kind for kind in Type if kind is not Type.MONEY])
@pytest.mark.parametrize("of", ["polars", "pyarrow", "pandas", "duckdb"])
def test_a_column_of_no_type_is_missing_throughout(kind: Type, of: str) -> None:
    made = pa.table({ROW: [0, 1], kind.value: pa.nulls(2)})
    frames = {
        "polars": pl.DataFrame(made),
        "pyarrow": made,
        "pandas": pd.DataFrame({kind.value: [None, None]}, dtype=object),
        "duckdb": duckdb.sql(f"SELECT 0 AS {ROW}, NULL AS {kind} UNION ALL SELECT 1, NULL")
        if kind is Type.INTEGER
        else duckdb.sql(f"SELECT 0 AS {ROW}, NULL AS {kind}"),
    }
    assert set(settled(frames[of], kind.value)) == {None}


@pytest.mark.parametrize(
    ("of", "zone"),
    [
        ("polars", "UTC"),
        ("polars", "America/New_York"),
        ("pyarrow", "Asia/Kathmandu"),
        ("pyarrow", "+05:30"),  # which polars does not know
        ("pandas-arrow", "America/New_York"),
        ("pandas-arrow", "-03:30"),
    ],
)
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_instants_of_any_unit_and_zone_are_the_same_instants(of: str, zone: str, unit: str) -> None:
    instants = pa.array(
        [datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), None], pa.timestamp("us", "UTC")
    )
    made = pa.table({ROW: [0, 1], "datetime": instants.cast(pa.timestamp(unit, zone))})
    assert settled(MAKE[of](made), "datetime") == [-1_000_000, None]


def test_nanoseconds_are_rounded_down() -> None:
    moments = pl.Series([-1, 1_999], dtype=pl.Datetime("ns", "UTC"))
    assert settled(pl.DataFrame({"datetime": moments}), "datetime") == [-1, 1]


def test_nanoseconds_of_durations_are_rounded_down_as_those_of_leads() -> None:
    spans = [pd.Timedelta(-1, "ns"), pd.Timedelta(1_999, "ns"), pd.Timedelta(-1_000, "ns")]
    found = settled(pd.DataFrame({"duration": pd.Series(spans, dtype="m8[ns]")}), "duration")
    assert found == [-1, 1, -1]
    assert found == [
        WORDS.record(WORDS.lead({"id": "1", "duration": x}))["duration"] for x in spans
    ]


def test_durations_beyond_64_bits_of_microseconds_are_missing() -> None:
    spans = pl.Series([2**62, -(2**62), 5], dtype=pl.Duration("ms"))
    assert settled(pl.DataFrame({"duration": spans}), "duration") == [None, None, 5_000]


@pytest.mark.parametrize("kind", KINDS)
def test_less_than_no_employees_is_missing(kind: str) -> None:
    frame = MAKE[kind](pa.table({ROW: [0, 1, 2, 3], "company_employees": [-1, 0, 1, None]}))
    assert settled(frame, "company.employees", words=Vocabulary()) == [None, 0, 1, None]


def test_instants_of_pandas_with_an_offset_are_read() -> None:
    frame = pd.DataFrame({"datetime": pd.to_datetime(["1970-01-01T05:30:00.000001+05:30"])})
    assert settled(frame, "datetime") == [1]


def test_a_pandas_categorical_is_text() -> None:
    frame = pd.DataFrame({"string": pd.Categorical(["b", None, "a"])})
    assert settled(frame, "string") == ["b", None, "a"]


SQL: list[tuple[str, str, Any]] = [
    ("integer", "5::HUGEINT", 5),
    ("integer", "5::DECIMAL(18, 2)", 5),
    ("integer", "5.5::DECIMAL(18, 2)", None),
    ("integer", "'infinity'::DOUBLE", None),
    ("integer", "18446744073709551615::UBIGINT", None),
    ("number", "'nan'::FLOAT", None),
    ("number", "0.1::DECIMAL(18, 2)", 0.1),
    ("string", "'b'::ENUM('a', 'b')", "b"),
    ("datetime", "'1969-12-31 23:59:59.999999+00'::TIMESTAMPTZ", -1),
    ("duration", "INTERVAL '-1 microsecond'", -1),
    ("duration", "INTERVAL '2 days'", 172_800_000_000),
    ("strings", "[]", []),
    ("date", "DATE '2024-02-29'", date(2024, 2, 29)),
]


@pytest.mark.parametrize(("name", "value", "wanted"), SQL)
def test_types_of_duckdb_are_read(name: str, value: str, wanted: Any) -> None:
    assert settled(duckdb.sql(f"SELECT 0 AS {ROW}, {value} AS {name}"), name) == [wanted]


SPARK: list[tuple[str, str, Any]] = [
    ("integer", "CAST(5 AS TINYINT)", 5),
    ("integer", "CAST(5 AS DECIMAL(18, 2))", 5),
    ("integer", "CAST('NaN' AS DOUBLE)", None),
    ("number", "CAST('Infinity' AS FLOAT)", None),
    ("number", "CAST(0.1 AS DECIMAL(18, 2))", 0.1),
    ("datetime", "TIMESTAMP '1969-12-31 23:59:59.999999Z'", -1),
    ("duration", "INTERVAL '-0.000001' SECOND", -1),
    ("duration", "INTERVAL '2' DAY", 172_800_000_000),
    ("duration", "INTERVAL '200 01:00' DAY TO MINUTE", (200 * 24 + 1) * 3_600_000_000),
    ("strings", "array()", []),
    *((kind.value, "NULL", None) for kind in Type if kind is not Type.MONEY),
]


@pytest.mark.spark
def test_types_of_spark_are_read() -> None:
    for name, value, wanted in SPARK:
        frame = spark_session().sql(f"SELECT 0 AS {ROW}, {value} AS `{name}`")
        assert settled(frame, name) == [wanted], (name, value)


# --- money


def money(amounts: list[Any], currencies: list[str | None], dtype: Any = pl.Int64) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "money": pl.Series(amounts, dtype=dtype),
            "money_currency": pl.Series(currencies, dtype=pl.String),
        }
    )


def test_an_amount_without_a_currency_is_missing() -> None:
    frame = money([5, 5, None], ["EUR", None, "EUR"])
    assert settled(frame, "money") == [5, None, None]
    assert settled(frame, "money", part=1) == ["EUR", None, "EUR"]


def test_minor_units_are_exact_in_64_bits() -> None:
    assert settled(money([2**63 - 1, -(2**62)], ["EUR", "EUR"]), "money") == [2**63 - 1, -(2**62)]
    assert settled(money([5.0, 5.5, NAN], ["EUR"] * 3, pl.Float64), "money") == [5, None, None]


def test_money_takes_two_columns() -> None:
    assert columns_of("company.revenue", Declaration(type=Type.MONEY)) == (
        "company_revenue",
        "company_revenue_currency",
    )
    assert columns_of("company.name", Declaration(type=Type.STRING)) == ("company_name",)


@pytest.mark.parametrize("kind", KINDS)
def test_a_currency_that_is_no_code_makes_money_missing(kind: str) -> None:
    codes = ["EUR", "", "eur", "EURO", " EUR", "EUR\n", "\N{LATIN CAPITAL LETTER E WITH ACUTE}UR"]
    amounts = {ROW: range(len(codes)), "money": [5] * len(codes), "money_currency": codes}
    frame = MAKE[kind](pa.table(amounts))
    assert settled(frame, "money") == [5] + [None] * 6
    assert settled(frame, "money", part=1) == ["EUR"] + [None] * 6


@pytest.mark.parametrize("kind", Type)
def test_a_pandas_column_of_nothing_but_nan_is_missing(kind: Type) -> None:
    frame = pd.DataFrame({kind.value: [NAN, NAN], "money_currency": [NAN, NAN]})
    assert settled(frame, kind.value) == [None, None]


# --- what is refused

WRONG: list[tuple[Any, str, str]] = [
    (pl.DataFrame({"note": ["a"]}), "string", "the frame has no column 'string'; add an empty column if all are missing"),
    (pl.DataFrame({"strng": ["a"]}), "string",
     "the frame has no column 'string'; did you mean 'strng'?; add an empty column if all are missing"),
    (pl.DataFrame({"a": [5]}), "money",
     "the frame has no columns 'money', 'money_currency'; add an empty column if all are missing"),
    (pl.DataFrame({"string": [5]}), "string", "string: the column holds integers; expected a text column; cast it to text"),
    (pl.DataFrame({"integer": ["5"]}), "integer", "integer: the column holds texts; expected a numeric column"),
    (pl.DataFrame({"number": [True]}), "number", "number: the column holds booleans; expected a numeric column"),
    (pl.DataFrame({"boolean": [1]}), "boolean", "boolean: the column holds integers; expected a boolean column"),
    (pl.DataFrame({"datetime": [datetime(2026, 1, 5)]}), "datetime",  # noqa: DTZ001 - that is the point
     "datetime: the column holds datetimes without a time zone; expected a datetime column with a time zone"),
    (pl.DataFrame({"datetime": [date(2026, 1, 5)]}), "datetime",
     "datetime: the column holds dates; expected a datetime column with a time zone"),
    (pd.DataFrame({"date": [datetime(2026, 1, 5)]}), "date",  # noqa: DTZ001 - that is the point
     "date: the column holds datetimes without a time zone; expected a date column; in pandas .dt.date makes one"),
    (duckdb.sql("SELECT TIMESTAMP '2026-01-05' AS date"), "date",
     "date: the column holds datetimes without a time zone; expected a date column"),
    (pl.DataFrame({"date": ["2026-01-05"]}), "date", "date: the column holds texts; expected a date column"),
    (pl.DataFrame({"duration": [0.5]}), "duration",
     "duration: the column holds numbers; expected a duration column, or integer microseconds"),
    (pl.DataFrame({"strings": [[5]]}), "strings",
     "strings: the column holds lists of integers; expected a column of lists of texts"),
    (money(["5"], ["EUR"], pl.String), "money", "money: the column holds texts; expected an integer column of minor units"),
    (duckdb.sql("SELECT uuid() AS string"), "string", "string: the column holds values of a type that is not known; expected a text column"),
    (pd.DataFrame({"string": ["a", 5]}), "string", "string: the column mixes types; expected one"),
    (pa.table({"number": pa.array([Decimal(1)], pa.decimal256(60, 2))}), "number",
     "number: the column holds values of a type that is not known"),
    (pa.table({"duration": pa.array([(1, 1, 1)], pa.month_day_nano_interval())}), "duration",
     "duration: the column holds values of a type that is not known"),
    (pd.DataFrame([[1, 2]], columns=["integer", "integer"]), "integer",
     "integer: the frame has two columns of this name; rename one or drop it"),
    (pa.table([[1], [2]], names=["a", "a"]), "a", "a: the frame has two columns of this name; rename one or drop it"),
    (pd.DataFrame({("integer", "a"): [1], 7: [2]}), "integer",
     "the frame has no column 'integer'; add an empty column if all are missing"),
    ({"string": ["a"]}, "string",
     "leads: no frame; expected one of pandas, polars, pyarrow, modin, DuckDB or PySpark"),
]  # fmt: skip
"""Frames that cannot be read, and how what is said of them starts."""


@pytest.mark.parametrize(("frame", "name", "message"), WRONG, ids=range(len(WRONG)))
def test_a_frame_that_cannot_be_read_is_told_by_its_column(
    frame: Any, name: str, message: str
) -> None:
    with pytest.raises(EvaluationError) as raised:
        open_frame(frame, [name], vocabulary=WORDS)
    said = str(raised.value)
    assert said.startswith(message) if message.endswith(": ") else said == message


def test_a_result_never_overwrites_a_column() -> None:
    opened = open_frame(pl.DataFrame({"string": ["a"]}), ["string"], vocabulary=WORDS)
    with pytest.raises(EvaluationError) as raised:
        opened.closed({"string": opened.fields["string"][0]})
    assert str(raised.value) == "string: the frame has such a column already; rename it or drop it"


# --- what comes back


@pytest.mark.parametrize("kind", KINDS)
def test_the_callers_columns_come_back_as_they_were(kind: str) -> None:
    frame = MAKE[kind](table(rows(Random(7), 5), VOCABULARY, FIELDS))  # noqa: S311 - reproducible
    opened = open_frame(frame, FIELDS, vocabulary=VOCABULARY)
    closed = opened.closed({"out": opened.fields["vip"][0]})
    assert type(closed) is type(frame)
    names = _names(frame)
    assert _names(closed) == [*names, "out"]
    if kind.startswith("pandas"):
        pd.testing.assert_frame_equal(closed[names], frame)


def _names(frame: Any) -> list[str]:
    if isinstance(frame, pl.LazyFrame):
        return frame.collect_schema().names()
    return list(frame.column_names if isinstance(frame, pa.Table) else frame.columns)


@pytest.mark.parametrize(
    "index", [[5, 5, 5], ["c", "a", "b"], pd.MultiIndex.from_product([["x"], [3, 1, 2]])]
)
@pytest.mark.parametrize("values", [[True, None, False], [True, True, False]])
def test_pandas_keeps_its_index_and_gets_a_nullable_result(index: Any, values: list[Any]) -> None:
    frame = pd.DataFrame({"boolean": pd.array(values, dtype="boolean")}, index=index)
    opened = open_frame(frame, ["boolean"], vocabulary=WORDS)
    closed = opened.closed({"out": opened.fields["boolean"][0]})
    assert closed.index.equals(frame.index)
    assert closed["out"].dtype == "boolean"
    assert column(closed, "out") == values
    assert list(frame.columns) == ["boolean"]


def test_a_pandas_index_may_be_anything() -> None:
    index = pd.Index([object(), "a", 5], name="string", dtype=object)
    frame = pd.DataFrame({"string": ["x", None, "z"]}, index=index)
    assert settled(frame, "string") == ["x", None, "z"]


@pytest.mark.parametrize("kind", ["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def test_databases_stay_lazy(kind: str) -> None:
    frame = MAKE[kind](pa.table({ROW: [0], "duration": pa.array([1], pa.duration("us"))}))
    opened = open_frame(frame, ["duration"], vocabulary=WORDS, at=None)
    closed = opened.closed({"out": opened.fields["duration"][0]})
    assert list(closed.columns) == [ROW, "duration", "out"]


def test_a_column_name_with_quotes_is_only_a_name() -> None:
    moments = pa.array([0], pa.timestamp("us", "UTC"))
    frame = MAKE["duckdb"](pa.table({ROW: [0], 'x" y': moments}))
    opened = open_frame(frame, [], vocabulary=WORDS, at='x" y')
    assert opened.at is not None
    assert column(opened.closed({"out": opened.at}), "out") == [0]


@pytest.mark.parametrize("kind", ["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def test_databases_do_not_tell_names_apart_by_case(kind: str) -> None:
    opened = open_frame(MAKE[kind](pa.table({ROW: [0], "OUT": [1]})), [], vocabulary=WORDS)
    with pytest.raises(EvaluationError, match="out: the frame has a column 'OUT' already"):
        opened.closed({"out": nw.lit(1)})


def test_in_memory_names_that_differ_in_case_are_two() -> None:
    opened = open_frame(pl.DataFrame({"OUT": [1]}), [], vocabulary=WORDS)
    assert opened.closed({"out": nw.lit(1)}).columns == ["OUT", "out"]


# --- leads as a frame


def test_leads_become_no_other_kind_of_frame() -> None:
    with pytest.raises(EvaluationError) as caught:
        frame_of([], vocabulary=WORDS, backend="duckdb")
    assert (
        str(caught.value)
        == "backend: 'duckdb' is no kind of frame; expected 'polars', 'pandas', 'pyarrow' or 'modin'"
    )


def test_a_duration_that_a_column_has_no_room_for_is_told_by_its_field() -> None:
    lead = WORDS.lead({"id": "1", "duration": timedelta.max})
    with pytest.raises(EvaluationError, match="duration: a lead has more than a column"):
        frame_of([lead], vocabulary=WORDS)


@pytest.mark.parametrize("backend", ["polars", "pandas", "pyarrow"])
def test_leads_become_a_frame_that_reads_as_they_do(backend: str) -> None:
    leads = [VOCABULARY.lead(lead) for lead in rows(Random(7), 40)]  # noqa: S311 - reproducible
    frame = frame_of(leads, vocabulary=VOCABULARY, backend=backend)
    for name in (*FIELDS, "id"):
        values = [VOCABULARY.record(lead).get(name) for lead in leads]
        wanted = [value.minor if isinstance(value, Cash) else value for value in values]
        found = settled(frame, name, words=VOCABULARY)
        assert [tuple(x) if isinstance(x, list) else x for x in found] == wanted, name


@pytest.mark.parametrize("backend", ["polars", "pandas", "pyarrow"])
def test_money_beside_a_lead_without_any_is_exact(backend: str) -> None:
    leads = [Lead(id="1", budget=Money.parse("999999999999999 EUR")), Lead(id="2")]
    frame = frame_of(leads, vocabulary=Vocabulary(), backend=backend)
    assert column(frame, "budget") == [99_999_999_999_999_900, None]
    assert settled(frame, "budget", words=Vocabulary()) == [99_999_999_999_999_900, None]


@pytest.mark.parametrize("kind", KINDS)
def test_columns_of_ours_stand_beside_and_are_gone_at_the_end(kind: str) -> None:
    frame = MAKE[kind](pa.table({ROW: [0, 1], "integer": [5, None]}))
    opened = open_frame(frame, ["integer"], vocabulary=WORDS)
    assert opened.beside({}) == (opened, {})
    first, once = opened.beside({"twice": opened.fields["integer"][0] * 2})
    second, again = first.beside({"more": once["twice"] + 1})
    closed = second.closed({"out": once["twice"] + again["more"]})
    assert column(closed, "out") == [21, None]
    assert _names(closed) == [ROW, "integer", "out"]


# --- events


def happened(**properties: Any) -> Event:
    return Event(
        lead_id="17",
        id="e1",
        time=datetime(2026, 1, 5, 9, tzinfo=UTC),
        kind="activity",
        type="view",
        properties=properties,
    )


@pytest.mark.parametrize("backend", ["polars", "pandas", "pyarrow"])
def test_events_become_a_frame_with_a_column_for_all_that_they_say(backend: str) -> None:
    words = Vocabulary(
        activities={
            "view": {
                "path": Declaration(type=Type.STRING),
                "worth": Declaration(type=Type.MONEY),
            }
        }
    )
    at = datetime(2026, 1, 5, tzinfo=UTC)
    said: dict[str, Any] = {"criterion": "need", "answer": "met", "until": at}
    answer = Event(lead_id="17", id="e2", time=at, kind="answer", properties=said)
    events = [happened(path="/", worth=Money.parse("1.50 EUR"), undeclared=1), answer]
    frame = nw.from_native(event_frame_of(events, vocabulary=words, backend=backend))
    assert frame.columns == [
        *("lead_id", "id", "time", "kind", "type"),
        *dict.fromkeys(name for said in SAID.values() for name in said),
        *("path", "worth", "worth_currency"),
    ]
    native = frame.to_native()
    assert column(native, "id") == ["e1", "e2"]
    assert column(native, "type") == ["view", None]
    assert column(native, "path") == ["/", None]
    assert column(native, "worth") == [150, None]
    assert column(native, "worth_currency") == ["EUR", None]
    assert column(native, "answer") == [None, "met"]
    assert column(native, "until") == [None, at]


def test_what_cannot_be_a_frame_of_events_says_why() -> None:
    words = Vocabulary(activities={"view": {"until": Declaration(type=Type.INTEGER)}})
    with pytest.raises(EvaluationError) as caught:
        event_frame_of([], vocabulary=words)
    assert str(caught.value) == (
        "until: a property of 'view' is an integer, and that of other events a datetime; "
        "a column has one type"
    )
    words = Vocabulary(activities={"view": {"pages": Declaration(type=Type.INTEGER)}})
    with pytest.raises(EvaluationError) as caught:
        event_frame_of([happened(pages="three")], vocabulary=words)
    assert str(caught.value) == "event 'e1': activity.pages: 'three' is not an integer"
    with pytest.raises(EvaluationError) as caught:
        event_frame_of([], vocabulary=words, backend="excel")
    assert str(caught.value) == (
        "backend: 'excel' is no kind of frame; expected 'polars', 'pandas', 'pyarrow' or 'modin'"
    )
