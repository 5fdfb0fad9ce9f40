"""Open time in frames: on every kind the same as of two instants, and nothing else is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadrules.calendars import Calendar, Timekeeper
from leadrules.errors import EvaluationError
from tests import frames
from tests.calendars.offices import EPOCH, Office, instant
from tests.frames import KINDS, MAKE, ROW

ROWS = 60
FEWER = max(5, settings().max_examples // 8)
YEAR = 365 * 86_400_000_000

OFFICE = Timekeeper(Calendar(hours={"mon-fri": ("09:00-17:00",)}), zone="Europe/Berlin")
NOON = datetime(2026, 6, 8, 12, tzinfo=UTC)


def moments(random: Random, office: Office) -> list[datetime | None]:
    """Return moments near a date, in other centuries, and none."""
    return [
        random.choice(
            [
                office.minute(random) + timedelta(microseconds=random.choice([0, 1, 999_999])),
                office.minute(random),
                EPOCH + timedelta(microseconds=random.randrange(-170 * YEAR, 230 * YEAR)),
                None,
            ]
        )
        for _ in range(ROWS)
    ]


def table(starts: list[datetime | None], ends: list[datetime | None]) -> pa.Table:
    kind = pa.timestamp("us", "UTC")
    return pa.table(
        {
            ROW: pa.array(range(len(starts)), pa.int64()),
            "start": pa.array(starts, kind),
            "end": pa.array(ends, kind),
        }
    )


@pytest.mark.large
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=FEWER)
@given(random=st.randoms(use_true_random=True))
def test_a_frame_has_the_open_time_of_its_rows(kind: str, random: Random) -> None:
    """Law: on every kind of frame, each row has exactly what the two instants have."""
    office = Office.random(random)
    starts, ends = moments(random, office), moments(random, office)
    frame = MAKE[kind](table(starts, ends))
    keeper = Timekeeper(office.calendar)
    found = frames.column(keeper.elapsed_frame(frame, start="start", end="end", into="x"), "x")
    assert found == [
        None if None in {start, end} else keeper.hours.elapsed(instant(start), instant(end))  # type: ignore[arg-type]
        for start, end in zip(starts, ends, strict=True)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_keeps_its_rows_and_its_other_columns(kind: str) -> None:
    given = MAKE[kind](table([NOON, None, NOON], [NOON + timedelta(hours=1), NOON, None]))
    before = nw.from_native(given).collect_schema()
    found = OFFICE.elapsed_frame(given, start="start", end="end", into="open")
    assert type(found) is type(given)
    assert nw.from_native(found).columns == [ROW, "start", "end", "open"]
    assert frames.columns(found, ["start", "open"]) == {
        "start": [NOON, None, NOON],
        "open": [3_600_000_000, None, None],
    }
    assert nw.from_native(given).collect_schema() == before


def test_rows_stay_in_order() -> None:
    order = [3, 1, 2]
    given = pl.DataFrame({"n": order, "at": [NOON + timedelta(days=n) for n in order]})
    found = OFFICE.elapsed_frame(given, start="at", end="at", into="open")
    assert found["n"].to_list() == order
    assert found["open"].to_list() == [0, 0, 0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_without_rows(kind: str) -> None:
    given = MAKE[kind](table([], []))
    found = OFFICE.elapsed_frame(given, start="start", end="end", into="open")
    assert frames.column(found, "open") == []


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"start": "begun"},
            "the frame has no column 'begun'; add an empty column if all are missing",
        ),
        (
            {"end": "row"},
            "row: the column holds integers; expected a datetime column with a time zone",
        ),
        ({"into": "end"}, "end: the frame has such a column already; rename it or drop it"),
    ],
)
def test_what_is_wrong_with_a_frame(columns: dict[str, str], message: str) -> None:
    named: dict[str, Any] = {"start": "start", "end": "end", "into": "open", **columns}
    with pytest.raises(EvaluationError) as caught:
        OFFICE.elapsed_frame(table([NOON], [NOON]), **named)
    assert str(caught.value) == message


def test_what_is_no_frame() -> None:
    with pytest.raises(EvaluationError) as caught:
        OFFICE.elapsed_frame([], start="start", end="end", into="open")
    assert str(caught.value) == (
        "frame: no frame; expected one of pandas, polars, pyarrow, modin, DuckDB or PySpark"
    )
