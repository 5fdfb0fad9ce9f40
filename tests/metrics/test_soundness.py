"""What is odd in the tables is told before somebody measures with them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb
import polars as pl
import pytest

from leadrules import EvaluationError
from leadrules.metrics import Measures, oddities
from leadrules.metrics.document import FunnelWords

WORDS = Measures(funnel=FunnelWords(sales_ready="mql", quote="offer", close="won"), lost=("lost",))
AT = datetime(2026, 6, 1, tzinfo=UTC)


def _day(month: int, day: int) -> datetime:
    return datetime(2026, month, day, tzinfo=UTC)


ENTRIES = pl.DataFrame(
    [
        ("1", "mql", _day(1, 5)),
        ("1", "won", _day(1, 3)),  # before it came
        ("2", "MQL", _day(1, 6)),  # as nobody calls it
        ("2", "won", _day(2, 6)),
        ("3", "mql", None),
        ("4", None, _day(1, 7)),
        (None, "mql", _day(1, 8)),
        ("", "mql", _day(1, 8)),
        ("5", "mql", _day(1, 9)),
        ("5", "mql", _day(1, 9)),
        ("5", "mql", _day(1, 9)),
        ("6", "mql", _day(7, 1)),  # not known yet
        ("7", "mql", _day(1, 10)),
        ("7", "on hold", _day(1, 11)),
    ],
    schema=["lead_id", "stage", "entered"],
    orient="row",
)
LEADS = pl.DataFrame({"lead_id": ["1", "2", "2", "3", "4", "5", "6", "8", "9"]})
FOUND = [
    ("without a lead", 2, "entry", "left out", None),
    ("without a moment", 1, "entry", "left out", "3"),
    ("without a stage", 1, "entry", "left out", "4"),
    ("after the moment", 1, "entry", "not known yet", "6"),
    ("there twice", 2, "entry", "count once", "5"),
    (
        "in 'MQL', a stage that the measures do not know; did you mean 'mql'?",
        1,
        "entry",
        "no stage on the way",
        "2",
    ),
    ("in 'on hold', a stage that the measures do not know", 1, "entry", "no stage on the way", "7"),
    (
        "'offer' is of the measures, and no entry is in it",
        1,
        "stage",
        "imputed of who came later",
        None,
    ),
    ("'lost' is of the measures, and no entry is in it", 1, "stage", "empty", None),
    (
        "at a stage before one that comes earlier on the path",
        1,
        "lead",
        "count as there, and times as 0",
        "1",
    ),
]
OF_LEADS = [
    ("in several rows of leads", 1, "lead", "refused", "2"),
    ("in no row of leads", 1, "lead", "in the group of nothing known", "7"),
    ("without an entry", 2, "lead", "in no measure of entries", "8"),
]


def _native(frame: pl.DataFrame, kind: str) -> Any:
    match kind:
        case "lazy":
            return frame.lazy()
        case "pandas":
            return frame.to_pandas()
        case "duckdb":
            return duckdb.from_arrow(frame.to_arrow())
    return frame


@pytest.mark.parametrize("kind", ["polars", "lazy", "pandas", "duckdb"])
def test_each_oddity_is_counted_and_has_an_example(kind: str) -> None:
    entries, leads = _native(ENTRIES, kind), _native(LEADS, kind)
    found = oddities(entries, measures=WORDS, at=AT)
    assert [tuple(x) for x in found] == FOUND
    with_leads = oddities(entries, measures=WORDS, at=AT, leads=leads)
    assert [tuple(x) for x in with_leads] == FOUND + OF_LEADS
    assert with_leads.title == "oddities of 14 entries of 7 leads: 13 found"


def test_where_nothing_is_odd_nothing_is_found() -> None:
    sound = pl.DataFrame(
        [
            ("1", "mql", _day(1, 5)),
            ("1", "offer", _day(1, 6)),
            ("1", "won", _day(1, 7)),
            ("2", "mql", _day(1, 5)),
            ("2", "lost", _day(1, 5)),
        ],
        schema=["lead_id", "stage", "entered"],
        orient="row",
    )
    leads = pl.DataFrame({"lead_id": ["1", "2"]})
    found = oddities(sound, measures=WORDS, at=AT, leads=leads)
    assert (found.title, len(found)) == ("oddities of 5 entries of 2 leads: nothing found", 0)


def test_an_empty_table_has_no_stages() -> None:
    found = oddities(ENTRIES.clear(), measures=WORDS, at=AT)
    assert [x.of for x in found] == ["stage"] * 4
    assert found.title == "oddities of 0 entries of 0 leads: 4 found"


def test_it_is_a_table() -> None:
    found = oddities(ENTRIES, measures=WORDS, at=AT)
    assert found.to_frame().rows()[0] == FOUND[0]
    assert str(found).splitlines()[1].split() == ["what", "number", "of", "effect", "such", "as"]


def test_a_table_of_another_shape_is_refused() -> None:
    with pytest.raises(EvaluationError) as caught:
        oddities(ENTRIES.drop("stage"), measures=WORDS, at=AT)
    assert str(caught.value) == (
        "entries: the frame has no column 'stage'; add an empty column if all are missing"
    )
