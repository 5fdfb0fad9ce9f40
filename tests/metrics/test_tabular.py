"""Results that are tables: each kind of cell, as text, HTML, data and every kind of frame."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw
import pytest

from leadrules import EvaluationError
from leadrules.metrics import Ratio, Ratios
from leadrules.metrics.tabular import Column, Kind, Tabular

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, repr=False)
class Found(Tabular):
    cells: tuple[tuple[Any, ...], ...]
    told: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return "what <b>was</b> found"

    @property
    def notes(self) -> Sequence[str]:
        return self.told

    def columns(self) -> Sequence[Column]:
        return (
            Column("owner"),
            Column("leads", "count"),
            Column("won_share", "share", "won"),
            Column("value", "number"),
            Column("median_days", "days", "median"),
            Column("wait_hours", "hours"),
            Column("since", "moment"),
            Column("is_late", "flag"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        return self.cells


FULL = ("anna", 12_345, 0.125, -1.0005, 14, 0.25, NOON, True)
EMPTY = (None,) * 8
TWO = Found((FULL, EMPTY), ("a note", "another"))


def test_its_repr_is_a_line() -> None:
    assert repr(TWO) == "<Found: what <b>was</b> found; 2 rows>"
    assert repr(Found((FULL,))) == "<Found: what <b>was</b> found; 1 row>"


def test_as_text_every_cell_is_for_people() -> None:
    assert str(TWO).splitlines() == [
        "what <b>was</b> found",
        "  owner   leads  won (%)   value  median (days)  wait hours  since (UTC)       is late",
        "  anna   12,345     12.5  -1.001           14.0         0.3  2026-03-01 12:00  yes",
        "  -           -        -       -              -           -  -                 -",
        "  a note",
        "  another",
    ]


def test_without_rows_the_heads_are_left() -> None:
    empty = Found(())
    assert str(empty).splitlines()[1].split() == [
        "owner", "leads", "won", "(%)", "value", "median", "(days)", "wait", "hours", "since",
        "(UTC)", "is", "late",
    ]  # fmt: skip
    assert (len(empty), empty.to_dict()["rows"]) == (0, [])


def test_what_is_not_for_the_eye_is_spelt_out() -> None:
    found = Found((("a\x1b[31m\nb", *EMPTY[1:]),), ("x\x07",))
    assert "\x1b" not in str(found)
    assert "\x07" not in str(found)
    assert len(str(found).splitlines()) == 4


def test_in_ipython_it_is_a_table_or_text() -> None:
    formatters = pytest.importorskip("IPython.core.formatters")
    found, _ = formatters.DisplayFormatter().format(TWO)
    assert found == {"text/plain": str(TWO), "text/html": TWO._repr_html_()}


def test_as_html_nothing_is_markup() -> None:
    html = Found((("<script>", *EMPTY[1:]),), ("<i>",))._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "what &lt;b&gt;was&lt;/b&gt; found" in html
    assert "&lt;i&gt;" in html
    assert html.count("<td") == 8
    assert html.count("text-align:right") == 10  # of heads and cells: five are numbers


def test_as_data_it_is_what_json_holds() -> None:
    assert json.loads(json.dumps(TWO.to_dict(), allow_nan=False)) == {
        "title": "what <b>was</b> found",
        "notes": ["a note", "another"],
        "rows": [
            {
                "owner": "anna",
                "leads": 12_345,
                "won_share": 0.125,
                "value": -1.0005,
                "median_days": 14,
                "wait_hours": 0.25,
                "since": "2026-03-01T12:00:00+00:00",
                "is_late": True,
            },
            dict.fromkeys(column.name for column in TWO.columns()),
        ],
    }


def test_a_text_of_data_is_what_it_is() -> None:
    (row,) = Found(((date(2026, 3, 1), *EMPTY[1:]),)).to_dict()["rows"]
    assert row["owner"] == "2026-03-01"


@pytest.mark.parametrize("backend", ["polars", "pandas", "pyarrow"])
@pytest.mark.parametrize("cells", [(FULL, EMPTY), (EMPTY,), ()])
def test_as_a_frame_columns_keep_their_types(
    backend: str, cells: tuple[tuple[Any, ...], ...]
) -> None:
    frame = nw.from_native(Found(cells).to_frame(backend), eager_only=True)
    assert frame.implementation.name.lower() == backend
    assert len(frame) == len(cells)
    schema = frame.schema
    assert [name for name, kind in schema.items() if kind == nw.Float64] == [
        "won_share",
        "value",
        "median_days",
        "wait_hours",
    ]
    if cells or backend != "pandas":  # pandas knows no texts in no rows
        assert schema["owner"] == nw.String
    assert (schema["leads"], schema["is_late"]) == (nw.Int64, nw.Boolean)
    assert isinstance(schema["since"], nw.Datetime)
    assert schema["since"].time_zone == "UTC"
    if cells[:1] == (FULL,):
        assert frame["leads"].to_list()[0] == 12_345
        assert frame["owner"].to_list()[0] == "anna"
        assert frame["since"].to_list()[0] == NOON


def test_another_kind_of_frame_is_refused() -> None:
    with pytest.raises(EvaluationError) as raised:
        TWO.to_frame("panda")
    message = (
        "backend: 'panda' is no kind of frame; expected 'polars', 'pandas', 'pyarrow' or 'modin'"
    )
    assert (str(raised.value), raised.value.field) == (message, "backend")


def test_a_moment_of_any_zone_is_shown_in_utc() -> None:
    moment = NOON.astimezone(ZoneInfo("Asia/Tokyo"))
    found = Found(((*EMPTY[:6], moment, None),))
    assert "2026-03-01 12:00" in str(found)
    (row,) = found.to_dict()["rows"]
    assert row["since"] == "2026-03-01T12:00:00+00:00"


def test_a_dimension_that_is_called_like_a_column_is_refused() -> None:
    part = Ratio("a_to_b", 1, 4, group={"censored": "x"})
    found = Ratios(part, ("censored",), (part,))
    assert len(str(found).splitlines()) == 3
    for make in (found.to_frame, found.to_dict):
        with pytest.raises(EvaluationError) as raised:
            make()
        message = "by: the result has a column 'censored' of its own; rename that of the leads"
        assert (str(raised.value), raised.value.field) == (message, "by")


@pytest.mark.parametrize(
    ("name", "kind", "head", "title"),
    [
        ("won_share", "share", None, "won share (%)"),
        ("days_in_stage", "days", None, "days in stage"),
        ("median", "days", None, "median (days)"),
        ("low", "share", "from", "from (%)"),
        ("n", "count", "leads", "leads"),
    ],
)
def test_a_head_tells_its_unit_once(name: str, kind: Kind, head: str | None, title: str) -> None:
    assert Column(name, kind, head).title == title
