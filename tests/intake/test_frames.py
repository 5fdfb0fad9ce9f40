"""Data frames of every kind and Parquet files say what the CSV file says."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

from leadrules.errors import EvaluationError
from leadrules.intake import Intake, load_mapping
from leadrules.lead import Lead
from leadrules.values import Money, Type
from leadrules.vocabulary import Declaration, Vocabulary

MAPPER = load_mapping(
    """
leadrules_mapping: 1
zone: Europe/Berlin
missing: [Select]
leads:
  id: Id
  created: Created
  city: Town
  company.employees: Staff
  budget: {column: Amount, currency: EUR}
  consent: Consent
  born: Born
  wait: {column: Wait, unit: seconds}
  products: Products
""",
    vocabulary=Vocabulary(
        {
            "born": Declaration(type=Type.DATE),
            "wait": Declaration(type=Type.DURATION),
            "products": Declaration(type=Type.STRINGS),
        }
    ),
)

CSV = """\
Id,Created,Town,Staff,Amount,Consent,Born,Wait,Products
1234567890123456001,2024-06-21 15:30:00,Graz,120,3500.50,true,1990-05-01,90,crm;analytics
1234567890123456002,,Select,,,,,,
,2024-06-21 15:30:00,Graz,1,1,false,1990-05-01,5,
"""

TABLE = pa.table(
    {
        "Id": pa.array([1234567890123456001, 1234567890123456002, None]),
        "Created": pa.array([datetime(2024, 6, 21, 15, 30), None, datetime(2024, 6, 21, 15, 30)]),  # noqa: DTZ001
        "Town": ["Graz", "Select", "Graz"],
        "Staff": pa.array([120, None, 1]),
        "Amount": pa.array([3500.5, None, 1.0]),
        "Consent": pa.array([True, None, False]),
        "Born": pa.array([date(1990, 5, 1), None, date(1990, 5, 1)]),
        "Wait": pa.array([timedelta(seconds=90), None, timedelta(seconds=5)]),
        "Products": pa.array([["crm", "analytics"], None, []]),
    }
)


def of_pandas() -> Any:
    """Return a frame as pandas reads one: with NaN, and ids as objects."""
    frame = TABLE.drop_columns(["Id"]).to_pandas()
    ids = [1234567890123456001, 1234567890123456002, None]
    return frame.assign(Id=pd.Series(ids, dtype=object)).set_index("Town", drop=False)


def of_nanoseconds() -> Any:
    kind = pa.timestamp("ns")
    return TABLE.set_column(1, "Created", TABLE["Created"].cast(kind))


KINDS: dict[str, Callable[[], Any]] = {
    "pyarrow": lambda: TABLE,
    "nanoseconds": of_nanoseconds,
    "polars": lambda: pl.from_arrow(TABLE),
    "polars, lazy": lambda: pl.from_arrow(TABLE).lazy(),  # type: ignore[union-attr]
    "pandas": of_pandas,
    "pandas, by Arrow": lambda: TABLE.to_pandas(types_mapper=pd.ArrowDtype),
    "pandas, nullable": lambda: of_pandas().astype({"Id": "Int64", "Staff": "Int64"}),
    "duckdb": lambda: duckdb.from_arrow(TABLE),
    "records": TABLE.to_pylist,
}


def from_csv(tmp_path: Path) -> Intake:
    path = tmp_path / "export.csv"
    path.write_text(CSV, encoding="utf-8")
    return MAPPER.read(path)


def test_the_csv_file_says(tmp_path: Path) -> None:
    assert from_csv(tmp_path).leads[0] == MAPPER.lead(
        {
            "Id": "1234567890123456001",
            "Created": datetime(2024, 6, 21, 13, 30, tzinfo=UTC),
            "Town": "Graz",
            "Staff": 120,
            "Amount": Money.parse("3500.5 EUR"),
            "Consent": True,
            "Born": date(1990, 5, 1),
            "Wait": timedelta(seconds=90),
            "Products": ["crm", "analytics"],
        }
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_frame_says_what_the_csv_file_says(kind: str, tmp_path: Path) -> None:
    intake = MAPPER.read(KINDS[kind]())
    assert intake.leads == from_csv(tmp_path).leads
    (reject,) = intake.rejects
    assert (reject.line, reject.column, reject.code) == (3, "Id", "missing-id")
    assert '"Town": "Graz"' in reject.text


def test_a_parquet_file_says_what_the_csv_file_says(tmp_path: Path) -> None:
    path = tmp_path / "export.parquet"
    parquet.write_table(TABLE, path)
    calls: list[tuple[int, int | None]] = []
    intake = MAPPER.read(path, progress=lambda done, total: calls.append((done, total)))
    assert intake.leads == from_csv(tmp_path).leads
    assert intake.rejects[0].text == (
        '{"Id": null, "Created": "2024-06-21 15:30:00", "Town": "Graz", "Staff": 1, "Amount": 1.0,'
        ' "Consent": false, "Born": "1990-05-01", "Wait": "0:00:05", "Products": []}'
    )
    assert calls[-1] == (3, 3)


ROWS = load_mapping("""
leadrules_mapping: 1
zone: Europe/Berlin
missing: [Select]
rows:
  id: {column: Id, required: true}
  created: {column: Created, type: datetime}
  town: Town
  staff: {column: Staff, type: integer}
  amount: {column: Amount, type: money, currency: EUR}
  consent: {column: Consent, type: boolean}
  born: {column: Born, type: date}
  wait: {column: Wait, type: duration, unit: seconds}
  products: {column: Products, type: strings}
""")


@pytest.mark.parametrize("kind", [*KINDS, "parquet"])
def test_rows_are_the_same_from_every_kind_of_frame(kind: str, tmp_path: Path) -> None:
    path, table = tmp_path / "export.csv", tmp_path / "export.parquet"
    path.write_text(CSV, encoding="utf-8")
    parquet.write_table(TABLE, table)
    intake = ROWS.read(KINDS[kind]() if kind in KINDS else table)
    assert intake.rows == ROWS.read(path).rows
    assert intake.rows[0] == {
        "id": "1234567890123456001",
        "created": datetime(2024, 6, 21, 13, 30, tzinfo=UTC),
        "town": "Graz",
        "staff": 120,
        "amount": Money.parse("3500.5 EUR"),
        "consent": True,
        "born": date(1990, 5, 1),
        "wait": timedelta(seconds=90),
        "products": ("crm", "analytics"),
    }
    assert intake.rows[1] == {"id": "1234567890123456002"}
    assert [(reject.line, reject.code) for reject in intake.rejects] == [(3, "missing-value")]


IDS = load_mapping("leadrules_mapping: 1\nleads: {id: Id}\n")


def test_an_id_that_became_a_float_is_rejected_where_digits_are_lost() -> None:
    frame = pd.DataFrame({"Id": [660737.0, 1.234567890123456e18, float("nan")]})
    intake = IDS.read(frame)
    assert intake.leads == (Lead(id="660737"),)
    assert [reject.reason for reject in intake.rejects] == [
        "id: '1.234567890123456e+18' is a floating-point number beyond 2^53; its digits are lost",
        "id: is missing",
    ]


def test_an_empty_frame() -> None:
    assert IDS.read(pl.DataFrame({"Id": []})) == Intake()


def test_rows_are_counted_across_the_parts_of_a_frame() -> None:
    ids = [str(number) for number in range(25_000)]
    intake = IDS.read(pl.DataFrame({"Id": [*ids, None]}))
    assert (len(intake.leads), intake.rejects[0].line) == (25_000, 25_001)


@pytest.mark.parametrize("kind", ["polars", "parquet"])
def test_a_frame_without_a_mapped_column(kind: str, tmp_path: Path) -> None:
    source: Any = pl.DataFrame({"id": ["1"]})
    where = "the data frame"
    if kind == "parquet":
        source.write_parquet(tmp_path / "a.parquet")
        source, where = tmp_path / "a.parquet", str(tmp_path / "a.parquet")
    with pytest.raises(EvaluationError) as caught:
        IDS.read(source)
    assert str(caught.value) == f"{where}: no column 'Id'; did you mean 'id'?"


def test_a_file_that_is_no_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_text("Id\n1\n2\n3\n4\n5\n", encoding="utf-8")
    with pytest.raises(EvaluationError, match=r"a\.parquet: Parquet magic bytes not found"):
        IDS.read(path)


@pytest.mark.parametrize(
    ("source", "what"), [("a.parquet", "a Parquet file"), (object(), "a data frame")]
)
def test_frames_are_an_extra(source: object, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "leadrules.intake.frames", raising=False)
    monkeypatch.delattr("leadrules.intake.frames", raising=False)
    monkeypatch.setitem(sys.modules, "narwhals", None)
    with pytest.raises(EvaluationError) as caught:
        IDS.read(source)
    assert str(caught.value) == f"{what} needs the package 'narwhals'; install leadrules[frames]"
