"""Tables of scores for tests, as every kind of frame, and counts of scores by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pyarrow as pa
from hypothesis import strategies as st

from leadrules.metrics import Measures, Quality, score_quality
from tests.frames import MAKE, related

__all__ = ["AT", "DAY", "WORDS", "by_outcome", "counts", "day", "entries", "frames", "outcomes"]

DAY = timedelta(days=1)
AT = datetime(2026, 7, 1, tzinfo=UTC)
WORDS = Measures.model_validate(
    {"funnel": {"sales_ready": "mql", "quote": "proposal", "close": "won"}}
)

_MOMENT = pa.timestamp("us", "UTC")
_TYPES: Mapping[str, pa.DataType] = {
    "at": _MOMENT,
    "entered": _MOMENT,
    "score": pa.float64(),
    "bought": pa.bool_(),
}


def day(text: str) -> datetime:
    """Return the first moment of a day of 2026, such as `03-01`, in UTC."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def entries(*rows: tuple[str, str, str]) -> list[dict[str, Any]]:
    """Return entries of `(lead, stage, day)`."""
    return [{"lead_id": lead, "stage": stage, "entered": day(when)} for lead, stage, when in rows]


def frames(kind: str, *tables: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    """Return tables of at least one row as frames of a kind, on one connection."""
    made = [
        pa.table(
            {
                name: pa.array([row[name] for row in rows], _TYPES.get(name, pa.string()))
                for name in rows[0]
            }
        )
        for rows in tables
    ]
    return related(*made) if kind == "duckdb" else tuple(MAKE[kind](x) for x in made)


def outcomes(most: int = 40) -> st.SearchStrategy[list[tuple[int, bool]]]:
    """Draw scores with their outcomes: few values, so that there are ties, on both sides some."""
    rows = st.lists(st.tuples(st.integers(-5, 15), st.booleans()), min_size=2, max_size=most)
    return rows.filter(lambda found: len({won for _, won in found}) == 2)


def counts(rows: Sequence[tuple[float, bool]]) -> pl.DataFrame:
    """Return by score how many leads there are, and how many converted, the highest first."""
    frame = pl.DataFrame(
        {"score": [float(x) for x, _ in rows], "converted": [int(won) for _, won in rows]}
    )
    summed = frame.group_by("score").agg(
        pl.len().cast(pl.Int64).alias("known"), pl.sum("converted")
    )
    return summed.sort("score", descending=True)


def by_outcome(rows: Sequence[tuple[Any, ...]], **more: Any) -> Quality:
    """Return the quality of scores of `(score, bought)` or `(score, bought, band)`."""
    frame = pl.DataFrame(
        {
            "lead_id": [str(number) for number in range(len(rows))],
            "score": [row[0] for row in rows],
            "bought": [row[1] for row in rows],
            **({"band": [row[2] for row in rows]} if len(rows[0]) > 2 else {}),
        }
    )
    return score_quality(frame, converted="bought", measures=WORDS, at=AT, **more)
