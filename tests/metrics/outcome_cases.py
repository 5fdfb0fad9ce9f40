"""A small process for the tests of outcomes: eight leads whose ends are known by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from leadrules.metrics import Measures
from tests.frames import MAKE, related
from tests.metrics.tables import WORDS, moment

__all__ = ["ENTRIES", "LEADS", "VALUED", "frames", "rows_of"]

VALUED = WORDS.model_copy(update={"value": "deal"})
"""The words, with the field that says what a deal is worth."""

_TYPES: Mapping[str, pa.DataType] = {
    "entered": pa.timestamp("us", "UTC"),
    "time": pa.timestamp("us", "UTC"),
    "deal": pa.int64(),
    "amount": pa.int64(),
    "day": pa.date32(),
}


def rows_of(names: str, *rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Return rows of columns named in a text; moments are texts such as `2026-03-01`."""
    found = [dict(zip(names.split(), row, strict=True)) for row in rows]
    for row in found:
        for name, value in row.items():
            if isinstance(value, str) and name in {"entered", "time"}:
                row[name] = moment(value)
            if isinstance(value, str) and name == "day":
                row[name] = date.fromisoformat(value)
    return found


def frames(kind: str, *tables: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    """Return tables as frames of a kind; those of DuckDB are of one connection."""
    found = [_arrow(rows, rows[0]) for rows in tables]
    return related(*found) if kind == "duckdb" else tuple(MAKE[kind](x) for x in found)


def _arrow(rows: Sequence[Mapping[str, Any]], names: Iterable[str]) -> pa.Table:
    return pa.table(
        {
            name: pa.array([row.get(name) for row in rows], _TYPES.get(name, pa.string()))
            for name in names
        }
    )


ENTRIES = rows_of(
    "lead_id stage entered reason by",
    ("a", "inquiry", "2026-01-02", None, "web"),
    ("a", "sql", "2026-01-10", None, "anna"),
    ("a", "proposal", "2026-01-20", None, "sam"),
    ("a", "won", "2026-02-01", None, "sam"),
    ("b", "inquiry", "2026-01-03", None, "web"),
    ("b", "sql", "2026-01-11", None, "anna"),
    ("b", "lost", "2026-02-02", "price", "sam"),
    ("c", "inquiry", "2026-01-04", None, "web"),
    ("c", "sql", "2026-01-12", None, "bert"),
    ("c", "nurture", "2026-01-15", "timing", "sam"),
    ("c", "inquiry", "2026-02-10", None, "web"),
    ("c", "sql", "2026-02-12", None, "anna"),
    ("c", "won", "2026-03-01", None, "sam"),
    ("d", "inquiry", "2026-01-05", None, "web"),
    ("d", "sql", "2026-01-13", None, "bert"),
    ("d", "inquiry", "2026-01-14", "no need", "sam"),
    ("e", "inquiry", "2026-01-06", None, "web"),
    ("e", "sql", "2026-02-13", None, "bert"),
    ("e", "junk", "2026-02-14", "", "sam"),
    ("f", "inquiry", "2026-01-07", None, "web"),
    ("f", "lost", "2026-02-20", None, "sam"),
    ("f", "inquiry", "2026-03-02", None, "web"),
    ("f", "proposal", "2026-03-05", None, "sam"),
    ("f", "won", "2026-03-09", None, "sam"),
    ("g", "inquiry", "2026-01-08", None, "web"),
    ("g", "sql", "2026-03-20", None, "anna"),
    ("h", "inquiry", "2026-03-30", None, "web"),
)
"""`a` and, after a loss, `f` bought, and `c` after it was recycled; `b` was lost; `d` was passed
back, `e` was none; sales works `g`, and `h` is new."""

LEADS = rows_of(
    "lead_id campaign deal deal_currency",
    ("a", "fair", 500_000, "EUR"),
    ("b", "fair", 300_000, "EUR"),
    ("c", "mail", 200_000, "EUR"),
    ("d", "mail", None, None),
    ("e", "mail", None, "EUR"),
    ("f", None, 100_050, "EUR"),
    ("g", None, 700_000, None),
    ("h", "mail", None, None),
)


def words(**changes: Any) -> Measures:
    """Return the words with changes."""
    return VALUED.model_copy(update=changes)
