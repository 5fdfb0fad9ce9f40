"""The tables that measures read: what is refused, what is left out, what stands beside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from leadrules import EvaluationError
from leadrules.metrics.tables import (
    LEAD,
    by_of,
    collected,
    demand_alike,
    dimension,
    one_each,
    open_table,
    with_dimensions,
)
from leadrules.values import Type
from tests.metrics.tables import FRAMES, made, made_together, moment, of_entries, of_leads

NEEDED = {"stage": Type.STRING, "entered": Type.DATETIME}
ROWS = of_entries(("a", "mql", "2026-03-01"), ("b", "mql", "2026-03-02"))
LEADS = of_leads(a="north", b=None)


def refusal(make: Callable[[], Any]) -> tuple[str, str | None]:
    with pytest.raises(EvaluationError) as raised:
        make()
    return str(raised.value), raised.value.field


@pytest.mark.parametrize("kind", FRAMES)
def test_columns_are_settled(kind: str) -> None:
    table = open_table(made(kind, ROWS), "entries", NEEDED, {"left": Type.DATETIME})
    rows = collected(table.frame).sort(LEAD).rows(named=True)
    assert rows[0] == {LEAD: "a", "stage": "mql", "entered": 1_772_323_200_000_000}
    assert (table.name, table.columns, len(rows)) == ("entries", frozenset(), 2)
    assert table.eager is (kind in {"polars", "pandas", "pyarrow"})


def test_what_may_be_absent_is_there_if_it_is() -> None:
    rows = of_entries(("a", "mql", "2026-03-01", None))
    table = open_table(made("polars", rows), "entries", NEEDED, {"left": Type.DATETIME})
    assert table.columns == {"left"}
    assert collected(table.frame)["left"].to_list() == [None]


@pytest.mark.parametrize("kind", FRAMES)
def test_rows_without_a_lead_are_left_out(kind: str) -> None:
    rows = [*ROWS, {**ROWS[0], "lead_id": None}, {**ROWS[0], "lead_id": ""}]
    assert len(collected(open_table(made(kind, rows), "entries", NEEDED).frame)) == 2


@pytest.mark.parametrize("name", ["leads", "scores"])
def test_leads_may_be_keyed_as_leads_are(name: str) -> None:
    frame = pl.DataFrame({"id": ["a"], "region": ["north"]})
    assert collected(open_table(frame, name, {}).frame)[LEAD].to_list() == ["a"]
    both = frame.with_columns(lead_id=pl.lit("b"))
    assert collected(open_table(both, name, {}).frame)[LEAD].to_list() == ["b"]


@pytest.mark.parametrize(
    ("frame", "message", "field"),
    [
        (
            {"lead_id": ["a"]},
            "entries: no frame; expected one of pandas, polars, pyarrow, modin, DuckDB or PySpark",
            "entries",
        ),
        (
            pl.DataFrame({"lead": ["a"], "stage": ["mql"], "entered": [moment("2026-03-01")]}),
            (
                "entries: the frame has no column 'lead_id'; did you mean 'lead'?; "
                "add an empty column if all are missing"
            ),
            "lead_id",
        ),
        (
            pl.DataFrame({"id": ["a"], "stage": ["mql"], "entered": [moment("2026-03-01")]}),
            "entries: the frame has no column 'lead_id'; add an empty column if all are missing",
            "lead_id",
        ),
        (
            pl.DataFrame({"lead_id": ["a"], "stag": ["mql"], "entred": ["x"]}),
            (
                "entries: the frame has no columns 'stage'; did you mean 'stag'?, 'entered'; "
                "did you mean 'entred'?; add an empty column if all are missing"
            ),
            "stage",
        ),
        (
            pl.DataFrame({"lead_id": [1], "stage": ["mql"], "entered": [moment("2026-03-01")]}),
            "entries: lead_id: the column holds integers; expected a text column; cast it to text",
            "lead_id",
        ),
        (
            pd.DataFrame({"lead_id": ["a"], "stage": ["mql"], "entered": [date(2026, 3, 1)]}),
            (
                "entries: entered: the column holds dates; "
                "expected a datetime column with a time zone"
            ),
            "entered",
        ),
        (
            pl.DataFrame(
                {"lead_id": ["a"], "stage": ["mql"], "entered": [datetime(2026, 3, 1)]}  # noqa: DTZ001
            ),
            (
                "entries: entered: the column holds datetimes without a time zone; "
                "expected a datetime column with a time zone"
            ),
            "entered",
        ),
        (
            pa.table({"lead_id": ["a"], "stage": [True], "entered": [moment("2026-03-01")]}),
            "entries: stage: the column holds booleans; expected a text column",
            "stage",
        ),
        (
            pa.table([["a"], ["b"], ["mql"]], ["lead_id", "lead_id", "stage"]),
            "entries: lead_id: the frame has two columns of this name; rename one or drop it",
            "lead_id",
        ),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(frame: Any, message: str, field: str) -> None:
    assert refusal(lambda: open_table(frame, "entries", NEEDED)) == (message, field)


def test_a_dimension_that_is_absent_is_refused() -> None:
    frame = pl.DataFrame({"id": ["a"], "region": ["north"]})
    assert refusal(lambda: open_table(frame, "leads", {}, by=["regin"])) == (
        (
            "leads: the frame has no column 'regin'; did you mean 'region'?; "
            "add an empty column if all are missing"
        ),
        "regin",
    )


def test_dimensions_are_a_text_or_several() -> None:
    assert (by_of(None), by_of("region"), by_of(["region", "owner"])) == (
        (),
        ("region",),
        ("region", "owner"),
    )
    assert refusal(lambda: by_of(["region", "owner", "region"])) == (
        "by: 'region' stands here twice",
        "by",
    )


@pytest.mark.parametrize(("wrong", "shown"), [(5, "5"), (["region", 5], "[...]")])
def test_what_is_no_dimension_is_refused(wrong: Any, shown: str) -> None:
    assert refusal(lambda: by_of(wrong)) == (
        f"by: '{shown}' is not possible; expected columns by name",
        "by",
    )


@pytest.mark.parametrize("kind", FRAMES)
def test_dimensions_stand_beside_their_leads(kind: str) -> None:
    rows, leads = made_together(kind, (ROWS, ()), ([*LEADS, {"lead_id": "c", "region": "x"}], ()))
    table = open_table(rows, "entries", NEEDED)
    frame = with_dimensions(table.frame, table, leads, ["region"])
    found = collected(frame).sort(LEAD)
    assert found.select(LEAD, dimension("region")).rows() == [("a", "north"), ("b", None)]


@pytest.mark.parametrize("kind", ["polars", "pandas", "duckdb"])
def test_an_empty_text_is_no_group(kind: str) -> None:
    leads = of_leads(a="", b="north")
    table = open_table(made(kind, leads), "leads", {}, by=["region"])
    found = collected(table.frame).sort(LEAD)
    assert found[dimension("region")].to_list() == [None, "north"]


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["", "north"])])
def test_an_empty_category_is_no_group(dtype: Any) -> None:
    leads = pl.DataFrame({"id": ["a", "b"], "region": ["", "north"]}).cast({"region": dtype})
    found = collected(open_table(leads, "leads", {}, by=["region"]).frame).sort(LEAD)
    assert found[dimension("region")].to_list() == [None, "north"]


def test_what_is_no_number_is_no_group() -> None:
    leads = pl.DataFrame({"id": ["a", "b"], "size": [float("nan"), 2.5]})
    found = collected(open_table(leads, "leads", {}, by=["size"]).frame).sort(LEAD)
    assert found[dimension("size")].to_list() == [None, 2.5]


def test_a_lead_of_which_nothing_is_known_has_no_group() -> None:
    table = open_table(made("polars", ROWS), "entries", NEEDED)
    frame = with_dimensions(table.frame, table, made("polars", LEADS[:1]), ["region"])
    assert collected(frame).sort(LEAD)[dimension("region")].to_list() == ["north", None]


def test_a_dimension_keeps_its_type() -> None:
    table = open_table(made("polars", ROWS), "entries", NEEDED)
    leads = pl.DataFrame({"lead_id": ["a", "b"], "month": [date(2026, 3, 1), date(2026, 4, 1)]})
    frame = with_dimensions(table.frame, table, leads, ["month"])
    assert collected(frame)[dimension("month")].to_list() == leads["month"].to_list()


def test_dimensions_need_leads() -> None:
    table = open_table(made("polars", ROWS), "entries", NEEDED)
    assert with_dimensions(table.frame, table, None, []) is table.frame
    assert refusal(lambda: with_dimensions(table.frame, table, None, ["region"])) == (
        "leads: expected a frame with the column 'region', since 'by' asks for it",
        "leads",
    )


@pytest.mark.parametrize("kind", ["polars", "duckdb"])
def test_a_lead_with_two_rows_is_refused(kind: str) -> None:
    leads = [*LEADS, {"lead_id": "b", "region": "south"}, {"lead_id": "b", "region": None}]
    table = open_table(made(kind, leads), "leads", {})
    with pytest.raises(EvaluationError) as raised:
        one_each(table)
    assert str(raised.value) == "leads: lead 'b' has 3 rows; expected one row a lead"
    assert (raised.value.field, raised.value.lead_id) == ("lead_id", "b")


def test_two_eager_frames_of_any_kind_go_together() -> None:
    table = open_table(made("pandas", ROWS), "entries", NEEDED)
    frame = with_dimensions(table.frame, table, made("polars", LEADS), ["region"])
    assert len(collected(frame)) == 2


@pytest.mark.parametrize(
    ("one", "two", "kinds"),
    [
        ("polars", "polars-lazy", ("eager", "lazy, of polars")),
        ("duckdb", "polars", ("lazy, of duckdb", "eager")),
        ("duckdb", "polars-lazy", ("lazy, of duckdb", "lazy, of polars")),
    ],
)
def test_frames_that_cannot_be_joined_are_refused(
    one: str, two: str, kinds: tuple[str, str]
) -> None:
    table = open_table(made(one, ROWS), "entries", NEEDED)
    other = open_table(made(two, LEADS), "leads", {})
    assert refusal(lambda: demand_alike(table, other)) == (
        (
            f"leads: the frame is {kinds[1]}, and that of entries {kinds[0]}; "
            "expected both eager, or both lazy and of one kind"
        ),
        "leads",
    )


def test_a_moment_of_any_zone_is_the_same() -> None:
    frame = pl.DataFrame({"lead_id": ["a"], "entered": [datetime(2026, 3, 1, tzinfo=UTC)]})
    for zone in ("UTC", "Asia/Tokyo"):
        moved = frame.with_columns(pl.col("entered").dt.convert_time_zone(zone))
        table = open_table(moved, "entries", {"entered": Type.DATETIME})
        assert collected(table.frame)["entered"].to_list() == [1_772_323_200_000_000]
