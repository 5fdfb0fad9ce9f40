"""Stability of columns, of any kind of frame."""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from leadrules.errors import EvaluationError
from leadrules.metrics import Stability, stability
from tests.frames import MAKE

BEFORE: dict[str, list[Any]] = {
    "score": [float(x % 50) for x in range(200)],
    "source": ["web"] * 120 + ["fair"] * 60 + [None] * 20,
    "known": [True] * 100 + [False] * 100,
}
AFTER: dict[str, list[Any]] = {
    "score": [float(x % 50) for x in range(100)],
    "source": ["web"] * 30 + ["fair"] * 40 + [None] * 20 + ["radio"] * 10,
    "known": [True] * 70 + [False] * 30,
}


def measured(kind: str = "polars", columns: Any = ("score", "source", "known")) -> Stability:
    before, after = (MAKE[kind](pa.table(rows)) for rows in (BEFORE, AFTER))
    return stability(before, after, columns=columns)


@pytest.mark.parametrize("kind", ["polars", "polars-lazy", "pandas", "duckdb"])
def test_each_column_beside_how_it_was(kind: str) -> None:
    found = measured(kind)
    assert [(x.column, x.reading) for x in found.parts] == [
        ("score", "stable"),
        ("source", "shifted"),
        ("known", "moved"),
    ]
    assert found["score"].psi == 0
    assert found["known"].psi == pytest.approx(0.1695, abs=1e-4)
    assert [(x.label, x.expected, x.actual) for x in found["source"].bins] == [
        ("web", 120, 30),
        ("fair", 60, 40),
        ("(new)", 0, 10),
        ("(missing)", 20, 20),
    ]
    assert len(found["score"].bins) == 10


def test_it_prints_what_it_measures() -> None:
    assert str(measured()).splitlines() == [
        "population stability: 100 rows beside 200 that were expected",
        "  column  bins    PSI  noise       p  missing, expected (%)  missing (%)  reading",
        "  score     10  0.000  0.254   1.000                    0.0          0.0  stable",
        "  source     4  0.675  0.117  <0.001                   10.0         20.0  shifted",
        "  known      2  0.169  0.058   0.001                    0.0          0.0  moved",
        "  by convention below 0.1 is stable, and 0.25 or more a shift",
        "  noise: 95 of 100 samples of this size are below it if nothing changed",
    ]
    assert str(measured()["known"]).splitlines() == [
        "known: PSI 0.169, moved",
        "  bin    expected  actual  expected (%)  actual (%)",
        "  false       100      30          50.0        30.0",
        "  true        100      70          50.0        70.0",
    ]


def test_few_rows_cannot_be_told() -> None:
    before = pl.DataFrame({"source": ["web"] * 12 + ["fair"] * 12})
    after = pl.DataFrame({"source": ["web"] * 8 + ["fair"] * 16})
    found = stability(before, after, columns="source")["source"]
    assert found.psi > 0.1
    assert found.reading == "cannot be told"


def test_p_values_are_corrected_for_the_number_of_columns() -> None:
    alone, together = measured(columns="known")["known"].p, measured()["known"].p
    assert alone is not None
    assert together == pytest.approx(alone * 3 / 2)


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_column_of_which_nothing_is_known_any_more_is_a_shift(side: str) -> None:
    full, empty = pl.DataFrame({"size": [1.0, 2.0] * 50}), pl.DataFrame({"size": [None] * 100})
    frames = (full, empty) if side == "after" else (empty, full)
    assert stability(*frames, columns="size")["size"].reading == "shifted"


def test_a_column_that_is_not_there_is_no_part() -> None:
    with pytest.raises(KeyError):
        measured()["band"]


def test_what_is_not_possible_is_refused() -> None:
    frame = pl.DataFrame({"score": [1], "text": ["1"], "day": [[1]]})
    cases: list[tuple[Any, Any, dict[str, Any], str]] = [
        (frame, frame, {"columns": []}, "columns: expected at least one"),
        (
            frame,
            frame,
            {"columns": "score", "bins": 1},
            "bins: '1' is not possible; expected an integer of at least 2",
        ),
        (
            frame,
            frame,
            {"columns": "scor"},
            (
                "expected: the frame has no column 'scor'; did you mean 'score'?; "
                "add an empty column if all are missing"
            ),
        ),
        (
            frame,
            frame.select(score="text"),
            {"columns": "score"},
            "score: holds numbers in expected, and texts in actual; expected the same",
        ),
        (frame, frame.clear(), {"columns": "score"}, "actual: expected rows, and there are none"),
        (
            "leads",
            frame,
            {"columns": "score"},
            "expected: no frame; expected one of pandas, polars, pyarrow, modin, DuckDB or PySpark",
        ),
    ]
    for before, after, more, message in cases:
        with pytest.raises(EvaluationError) as caught:
            stability(before, after, **more)
        assert str(caught.value) == message


def test_booleans_of_pandas_with_some_missing() -> None:
    before, after = (pd.DataFrame({"known": [*x["known"], None]}) for x in (BEFORE, AFTER))
    assert before["known"].dtype == object
    found = stability(before, after, columns="known")["known"]
    assert len(found.bins) == 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures(theme: Any) -> None:
    found = measured()
    drawn = found.plot(theme=theme).to_dict()
    assert [x["psi"] for x in drawn["layer"][2]["data"]["values"]] == [0.1, 0.25]
    assert [x["reading"] for x in drawn["layer"][0]["data"]["values"]][1] == "shifted"
    part = found["source"].plot(theme=theme).to_dict()
    assert len(part["data"]["values"]) == 8
    assert part["encoding"]["x"]["title"] == "share of rows (%)"
