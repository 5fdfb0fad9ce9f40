"""Engagement of frames: twenty rules over activities, beside polars and SQL by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl

from benchmarks.activities import A_LEAD, by_id, in_base, made, policy, tables
from benchmarks.engagement_growth import QUICK, SIZES, TURNS, growth, on_spark, turns
from benchmarks.hand_written_engagement import SQL, by_polars
from benchmarks.policy import AT
from benchmarks.report import at_least, table
from benchmarks.spark import why_absent
from benchmarks.timing import in_turns, once
from leadrules import Engine

__all__ = ["run"]

NEAR = 1e-4
"""How far apart engagement rounded by the activity and added up in floats may be, in points."""
OURS, HAND, STREAMING = "Scorer.score_frame, polars", "polars, in memory", "polars, streaming"
OURS_SQL, HAND_SQL = "Scorer.score_frame, DuckDB", "SQL"


def run(*, quick: bool = False) -> None:
    sizes = QUICK if quick else SIZES
    _beside(sizes[:1] if quick else sizes)
    growth(sizes, in_this_process=quick)
    on_spark("a quick run has none" if quick else why_absent())


def _beside(sizes: tuple[int, ...]) -> None:
    """Print how fast we are beside polars and SQL written by hand."""
    lines: list[list[str]] = []
    rounded = []
    for count in sizes:
        found, others = _compared(count)
        lines += found
        rounded.append(f"{others:,} of {count // A_LEAD:,}")
    table(
        f"Engagement: 20 rules, {A_LEAD} activities a lead, {TURNS} turns "
        f"(1 at {SIZES[-1]:,}, not warm), equal but for rounding",
        ["", "million activities/s", "speed beside the best by hand", "target"],
        lines,
        [
            "One activity in a hundred is there twice, and one in a thousand is taken back.",
            "polars: from frames to the frame with `score`, `engagement` and `lifetime`.",
            "DuckDB: from tables in memory to `id`, `score` and `engagement` as Arrow.",
            "Our polars and our DuckDB give the same scores and the same engagement, to the bit.",
            "By hand, points are added up in floats; ours are rounded, each to millionths.",
            f"So engagement by hand is within {NEAR:.4f} points of ours, and a score one point off",
            f"at most where ours is within {NEAR:.4f} of a half, at which scores are rounded: that",
            f"of {', '.join(rounded)} leads is, by one way by hand or another.",
        ],
    )


def _compared(count: int) -> tuple[list[list[str]], int]:
    """Return the lines of a table, what is written by hand and ours, and how many scores differ."""
    leads, events = made(count)
    scorer = Engine(policy()).scorer
    base = tables(leads, events)

    def ours() -> pl.DataFrame:
        found: pl.DataFrame = scorer.score_frame(leads, events=events, at=AT)
        return found

    works: dict[str, Callable[[], Any]] = {
        OURS: ours,
        HAND: lambda: by_polars(leads, events),
        STREAMING: lambda: by_polars(leads, events, streaming=True),
        HAND_SQL: lambda: base.sql(SQL).to_arrow_table(),
        OURS_SQL: lambda: in_base(base),
    }
    first: dict[str, pl.DataFrame] = {}
    rounded: set[str] = set()

    def checked(name: str, work: Callable[[], Any]) -> float:
        seconds, result = once(work)
        found = by_id(result)
        ours_first = first.setdefault(OURS, found)
        if name in (OURS, OURS_SQL):
            assert found.equals(ours_first)
        else:
            rounded.update(_otherwise_rounded(found, ours_first))
        return seconds

    subjects = {name: partial(checked, name, work) for name, work in works.items()}
    timings = in_turns(subjects, turns(count), warm=turns(count) > 1)
    base.close()
    lines = []
    for own, others in ((OURS, (HAND, STREAMING)), (OURS_SQL, (HAND_SQL,))):
        best = timings.fastest(*others)
        speed = timings.ratio(best, own)
        for name in (*others, own):
            rate = f"{count / timings.median(name) / 1e6:.2f}"
            beside = ("1" if name == best else "", "")
            if name == own:
                beside = (str(speed), at_least(speed.median, 0.5))
            lines.append([f"{name}, {count:,}", rate, *beside])
    return lines, len(rounded)


def _otherwise_rounded(found: pl.DataFrame, ours: pl.DataFrame) -> list[str]:
    """Assert that what is added up in floats is ours but for rounding; return whose score is not.

    A score is engagement from 0 to 100, rounded half up; it may differ only beside a half.
    """
    assert found["id"].equals(ours["id"])
    apart = (found["engagement"].cast(pl.Float64) - ours["engagement"]).abs()
    assert (apart <= NEAR).all()
    others = ours.filter(found["score"] != ours["score"])
    differ = (found["score"] - ours["score"]).abs().max()
    assert differ in (0, 1)
    to_half = ((others["engagement"] % 1) - 0.5).abs()
    assert to_half.filter(to_half > NEAR).is_empty()
    return others["id"].to_list()
