"""Random tables of entries and leads for measures, and the same table as every kind of frame.

Leads move along the path, skip stages, come back, get lost, and do several things at one moment;
the moments lie around the hours that two zones skip and repeat.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import strategies as st

from leadrules.metrics import Measures
from tests.frames import MAKE, related

__all__ = [
    "AT",
    "BERLIN",
    "FRAMES",
    "FRAMES_AND_SPARK",
    "NEW_YORK",
    "OFF",
    "PATH",
    "WORDS",
    "Rows",
    "made",
    "made_together",
    "measures",
    "moment",
    "of_entries",
    "of_leads",
    "processes",
    "regions",
]

Rows = Sequence[Mapping[str, Any]]

PATH = ("inquiry", "mql", "sql", "proposal", "won")
OFF = ("lost", "nurture", "junk")
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
AT = datetime(2026, 7, 1, tzinfo=UTC)
"""When most tests look back."""

WORDS = Measures.model_validate(
    {
        "funnel": {
            "suspect": "inquiry",
            "prospect": "mql",
            "sales_ready": "sql",
            "quote": "proposal",
            "close": "won",
        },
        "lost": ["lost"],
        "recycled": ["nurture"],
        "disqualified": ["junk"],
    }
)

FRAMES = ("polars", "polars-lazy", "pandas", "pyarrow", "duckdb")
"""Kinds of frames to parametrize with; `FRAMES_AND_SPARK` for one test of a group."""
FRAMES_AND_SPARK = (*FRAMES, pytest.param("spark", marks=pytest.mark.spark))

_MOMENT = pa.timestamp("us", "UTC")
_SCHEMAS: Mapping[str, pa.DataType] = {
    "entered": _MOMENT,
    "left": _MOMENT,
    "entry_no": pa.int64(),
}


def moment(text: str) -> datetime:
    """Return a moment of a text such as `2026-03-01` or `2026-03-01 12:30`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def made(kind: str, rows: Rows, names: Iterable[str] = ()) -> Any:
    """Return rows as a frame of a kind of `tests.frames.MAKE`.

    Args:
        kind: The kind.
        rows: The rows; what one lacks is missing.
        names: The columns; by default those of the first row.
    """
    return MAKE[kind](_arrow(rows, names))


def made_together(kind: str, *tables: tuple[Rows, Iterable[str]]) -> tuple[Any, ...]:
    """Return several tables as frames of a kind; those of DuckDB are of one connection."""
    found = [_arrow(rows, names) for rows, names in tables]
    return related(*found) if kind == "duckdb" else tuple(MAKE[kind](x) for x in found)


def _arrow(rows: Rows, names: Iterable[str]) -> pa.Table:
    columns = [*names] or [*rows[0]]
    return pa.table(
        {
            name: pa.array([row.get(name) for row in rows], _SCHEMAS.get(name, pa.string()))
            for name in columns
        }
    )


def of_entries(*rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Return entries of `(lead, stage, day)` or `(lead, stage, day, left)`, as texts.

    With a fourth, the rows have the column `left`, which may be None.
    """
    return [
        {
            "lead_id": row[0],
            "stage": row[1],
            "entered": moment(row[2]),
            **({"left": row[3] and moment(row[3])} if len(row) > 3 else {}),
        }
        for row in rows
    ]


def of_leads(**regions: str | None) -> list[dict[str, Any]]:
    """Return leads by their id, each with its region."""
    return [{"lead_id": lead, "region": region} for lead, region in regions.items()]


_STARTS = (
    datetime(2026, 1, 31, 23, 30, tzinfo=UTC),  # February in Berlin, January in New York
    datetime(2026, 3, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 6, 59, tzinfo=UTC),  # a minute before New York's hour is skipped
    datetime(2026, 3, 29, 0, 59, tzinfo=UTC),  # likewise of Berlin
    datetime(2026, 3, 31, 22, 0, tzinfo=UTC),  # midnight in Berlin
    datetime(2026, 4, 30, 23, 59, 59, 999_999, tzinfo=UTC),
)
_WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (0, 0, 1, 60, 3600, 86_400, 7 * 86_400, 30 * 86_400, 31 * 86_400, 45 * 86_400)
)


@st.composite
def processes(draw: st.DrawFn, *, ties: bool = True, most: int = 8) -> list[dict[str, Any]]:
    """Draw a table of entries, with `left` and `entry_no`, of up to so many leads.

    Most moves are one step along the path; others skip, go back, or leave it. With ties, a lead
    may do several things at one moment, in the order of the rows.
    """
    rows: list[dict[str, Any]] = []
    waits = _WAITS if ties else _WAITS[2:]
    for number in range(draw(st.integers(1, most))):
        stage = draw(st.sampled_from((PATH[0], PATH[0], PATH[0], *PATH[1:])))
        entered = draw(st.sampled_from(_STARTS))
        seen: dict[str, int] = {}
        for wait in [*draw(st.lists(st.sampled_from(waits), max_size=6)), None]:
            seen[stage] = seen.get(stage, 0) + 1
            left = None if wait is None else entered + wait
            rows.append(
                {
                    "lead_id": f"l{number}",
                    "stage": stage,
                    "entered": entered,
                    "left": left,
                    "entry_no": seen[stage],
                }
            )
            if left is None:
                break
            here = PATH.index(stage) if stage in PATH else 0
            onward = PATH[min(here + 1, len(PATH) - 1)]
            stage = draw(st.sampled_from((onward, onward, onward, *PATH, *OFF)))
            entered = left
    return rows


def regions(rows: Rows) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Draw the leads of entries, each with a region, or none, and an owner in it."""
    known = [*dict.fromkeys(str(row["lead_id"]) for row in rows)]
    places = st.sampled_from((("north", "anna"), ("north", "bert"), ("south", "carl"), (None,) * 2))
    return st.lists(places, min_size=len(known), max_size=len(known)).map(
        lambda found: [
            {"lead_id": lead, "region": region, "owner": owner}
            for lead, (region, owner) in zip(known, found, strict=True)
        ]
    )


def measures() -> st.SearchStrategy[Measures]:
    """Draw what the words mean: each rule of entries, skipped stages, in two zones."""
    return st.builds(
        lambda reentry, skipped, zone: WORDS.model_copy(
            update={"reentry": reentry, "skipped": skipped, "zone": zone}
        ),
        st.sampled_from(("first", "last", "every")),
        st.sampled_from(("imputed", "missing")),
        st.sampled_from((None, BERLIN, NEW_YORK)),
    )
