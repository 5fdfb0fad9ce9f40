"""Business time: one question, and whole tables, beside counts of whole days by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import polars as pl

from benchmarks.report import at_least, at_most, table
from benchmarks.timing import in_turns, subject
from leadrules.calendars import Calendar, OpenHours, Timekeeper
from leadrules.values import MICROSECONDS_A_DAY

__all__ = ["run"]

ZONE = "Europe/Berlin"
OFFICE = Calendar(
    hours={"mon-thu": ("09:00-12:30", "13:30-17:30"), "fri": ("09:00-15:00",)}, holidays=("DE-BY",)
)
START = 1_767_600_000_000_000
"""2026-01-05T08:00Z, a Monday."""
HOUR, DAY = 3_600_000_000, MICROSECONDS_A_DAY
TURNS = 9
LONGEST_US, LONGEST_BUILD_MS = 5, 150
LEAST_SPEED = 0.2


def run(*, quick: bool = False) -> None:
    _one(20 if quick else 20_000, 1 if quick else TURNS)
    for count in (2_000,) if quick else (1_000_000, 10_000_000):
        _frames(count, 1 if quick else 3)


def _one(times: int, turns: int) -> None:
    hours = OFFICE.hours_in(ZONE)
    questions: dict[str, Callable[[], int]] = {
        "elapsed, a day": lambda: hours.elapsed(START, START + DAY),
        "elapsed, a year": lambda: hours.elapsed(START, START + 365 * DAY),
        "elapsed, ten years": lambda: hours.elapsed(START, START + 3_650 * DAY),
        "add, an hour": lambda: hours.add(START, HOUR),
        "add, 1,000 hours": lambda: hours.add(START, 1_000 * HOUR),
        "next_opening": lambda: hours.next_opening(START - 5 * HOUR),
        "add_days, 10": lambda: hours.add_days(START, 10),
    }

    def repeated(ask: Callable[[], int]) -> Callable[[], object]:
        return lambda: [ask() for _ in range(times)]

    answers = {name: ask() for name, ask in questions.items()}
    assert answers["elapsed, a day"] == 7.5 * HOUR
    timings = in_turns(
        {name: subject(repeated(ask), processor=True) for name, ask in questions.items()}, turns
    )
    lines = []
    for name in questions:
        each = timings.median(name) / times * 1e6
        target = "" if name.startswith("add_days") else at_most(each, LONGEST_US)
        lines.append([name, f"{each:.2f}", target])
    table(
        f"Business time of one lead: {turns} turns",
        ["", "us", "target"],
        lines,
        ["`elapsed` and `add` take the same time whatever the span."],
    )
    plain = Calendar(zone=ZONE, hours=OFFICE.hours)
    builds: dict[str, Callable[[], object]] = {
        "200 calendars, not asked": lambda: [plain.hours_in(ZONE) for _ in range(200)],
        "a calendar, asked": lambda: plain.hours_in(ZONE).is_open(START),
        "... with holidays of a century": lambda: _fresh().is_open(START),
        "... for frames": lambda: plain.hours_in(ZONE).utc_days,
    }
    built = in_turns({name: subject(work, processor=True) for name, work in builds.items()}, turns)
    lines = []
    for name in builds:
        each = built.median(name) * 1e3
        target = "" if name == "... for frames" else at_most(each, LONGEST_BUILD_MS)
        lines.append([name, f"{each:.2f}", target])
    table("Business time: what a calendar costs once", ["", "ms", "target"], lines)


def _fresh() -> OpenHours:
    """Return hours whose holidays are not known yet."""
    return Calendar(hours=OFFICE.hours, holidays=OFFICE.holidays).hours_in(ZONE)


OURS, OURS_SQL = "elapsed_frame, polars", "elapsed_frame, DuckDB"
DAYS, LEADS = "numpy.busday_count, whole days only", "OpenHours.elapsed, row by row"


def _frames(count: int, turns: int) -> None:
    keeper = Timekeeper(OFFICE, zone=ZONE)
    frame = _instants(count)
    base = duckdb.connect()
    base.register("made", frame)
    base.execute("CREATE TABLE touches AS SELECT * FROM made")
    base.unregister("made")
    few = frame.head(min(count, 100_000)).select(pl.all().dt.timestamp("us")).rows()
    holidays = np.array([*keeper.hours.exceptions], "M8[D]")

    def ours() -> pl.DataFrame:
        found: pl.DataFrame = keeper.elapsed_frame(frame, start="start", end="end", into="open")
        return found

    def ours_in_base() -> Any:
        touches = base.table("touches")
        found = keeper.elapsed_frame(touches, start="start", end="end", into="open")
        return found.aggregate("sum(open)").fetchall()

    def whole_days() -> Any:
        start, end = (frame[name].to_numpy().astype("M8[D]") for name in ("start", "end"))
        return np.busday_count(start, end, holidays=holidays)

    def row_by_row() -> list[int]:
        return [keeper.hours.elapsed(start, end) for start, end in few]

    assert ours()["open"].head(len(few)).to_list() == row_by_row()
    assert ours_in_base() == [(ours()["open"].sum(),)]
    timings = in_turns(
        {
            OURS: subject(ours),
            OURS_SQL: subject(ours_in_base),
            DAYS: subject(whole_days),
            LEADS: subject(row_by_row),
        },
        turns,
    )
    lines = []
    for name in (DAYS, LEADS, OURS, OURS_SQL):
        rows = len(few) if name == LEADS else count
        ratio = timings.ratio(DAYS, name)
        of_all = ratio.median * rows / count
        target = at_least(of_all, LEAST_SPEED) if name == OURS else ""
        rate = f"{rows / timings.median(name) / 1e6:.2f}"
        lines.append([name, rate, f"{of_all:.2f}", target])
    table(
        f"Business time of a table: {count:,} rows, {turns} turns, equal results",
        ["", "million rows/s", "speed beside whole days", "target"],
        lines,
        [
            (
                "polars: from a frame to the frame with the open time; DuckDB: from a table in "
                "memory to the sum."
            ),
            "Whole days by numpy: no hours, no zone, no changes of the clocks.",
        ],
    )


def _instants(count: int) -> pl.DataFrame:
    """Return spans of up to 30 days, somewhere in ten years."""
    row = pl.int_range(count, dtype=pl.Int64)
    start = START - (row * 7_919_777_771) % (3_650 * DAY)
    return pl.select(start=start, end=start + (row * 991_000_007) % (30 * DAY)).select(
        pl.all().cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    )
