"""For how long leads were followed on their way to a stage or in one, and how that ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import narwhals.stable.v2 as nw

from leadrules.frames.kinds import PREFIX
from leadrules.metrics.courses import NEXT, STAGE, TURN, course
from leadrules.metrics.document import Measures
from leadrules.metrics.reached import OF, TO, journeys
from leadrules.metrics.statistics.curves import AFTER, LOST, OPEN, REACHED
from leadrules.metrics.tables import LEAD, Table
from leadrules.values import Type

__all__ = [
    "LEFT",
    "NEGATIVE",
    "NEXT_STAGE",
    "WHEN_LEFT",
    "LostAs",
    "counted_ends",
    "elsewhere",
    "on_the_way",
    "stays",
]

LostAs = Literal["never", "censored"]
"""What is said of a lead that is lost: that it never comes, or that it might have."""

LEFT, NEXT_STAGE = f"{PREFIX}0left", f"{PREFIX}0next_stage"
"""When a visit ended, if it did, and with what stage the next one began."""
NEGATIVE = "negative"
"""1 for a lead that was there before it came, else 0."""
WHEN_LEFT = {"left": Type.DATETIME}
"""The column of entries that is read if it is there."""
_GONE, _OTHER, _AGAIN = (f"{PREFIX}0{name}" for name in ("gone", "other", "again"))


def elsewhere(of: str, to: str, measures: Measures) -> tuple[str, ...]:
    """Return the stages from which nobody comes to a stage: those that end the process.

    A lead that is recycled is asked again, so it is still on its way.
    """
    won = (measures.won,) if measures.won else ()
    every = (*won, *measures.lost, *measures.disqualified)
    return tuple(stage for stage in every if stage not in {of, to})


def on_the_way(  # noqa: PLR0913 - who is followed, and what counts
    table: Table, of: str, to: str, measures: Measures, *, at: int, lost_as: LostAs
) -> nw.LazyFrame[Any]:
    """Return for how long those who came to a stage were followed on their way to another.

    Args:
        table: The entries up to `at`.
        of: The stage from which they are followed.
        to: The stage to which.
        measures: Say which entry counts, and what a skipped stage is.
        at: The moment, in microseconds.
        lost_as: What is said of those who are lost.

    Returns:
        One row for each journey: `LEAD`, `OF`, `AFTER`, the counts of its end, and `NEGATIVE`.
        Who was there before it came, by dirty data, is counted as there after no time.
    """
    nobody = nw.lit(None, nw.Int64)
    gone: nw.Expr = nobody
    away, latest = elsewhere(of, to, measures), {}
    if away:
        there = nw.col(STAGE).is_in([*away])
        latest = {_GONE: there, _OTHER: ~there}
        # Who came to another stage after that, is not gone.
        is_last = nw.col(_OTHER).is_null() | (nw.col(_GONE) >= nw.col(_OTHER))
        gone = nw.when(is_last).then(nw.col(_GONE))
    frame = journeys(table, of, to, measures, latest=latest)
    # Only if every entry counts has a lead several rows; the next ends the one before.
    every = measures.reentry == "every"
    again = nw.col(OF).shift(-1).over(LEAD, order_by=OF) if every else nobody
    frame = frame.with_columns(again.alias(_AGAIN), gone.alias(_GONE))
    came, gone, another = nw.col(TO), nw.col(_GONE), nw.col(_AGAIN)
    here = (gone >= nw.col(OF)) & (another.is_null() | (gone < another))
    ended = nw.when(here).then(gone).otherwise(another)
    return counted_ends(frame, came, ended, at=at, lost_as=lost_as)


def stays(table: Table, measures: Measures, *, at: int) -> nw.LazyFrame[Any]:
    """Return the course of leads with when each stay ended, `LEFT`, and `NEXT_STAGE`.

    A stay ends when the stage was left, if the entries say so, else with the next entry.

    Args:
        table: The entries up to `at`.
        measures: Say what the path is.
        at: The moment, in microseconds; what was left later is not left yet.
    """
    left = nw.col(NEXT)
    if "left" in table.columns:
        told = nw.when(nw.col("left") <= at).then(nw.col("left"))
        left = nw.when(~told.is_null()).then(told).otherwise(left)
    following = nw.col(STAGE).shift(-1).over(LEAD, order_by=TURN)
    return course(table, measures).with_columns(left.alias(LEFT), following.alias(NEXT_STAGE))


def counted_ends(  # noqa: PLR0913 - what ends it, and how that is told
    frame: nw.LazyFrame[Any],
    reached: nw.Expr,
    ended: nw.Expr,
    *,
    at: int,
    lost_as: LostAs,
    keep: Sequence[str] = (LEAD, OF),
) -> nw.LazyFrame[Any]:
    """Return after how long each row ended since `OF`, and how.

    Args:
        frame: Its column `OF` says since when each was followed.
        reached: When it was there, if it was.
        ended: When it ended elsewhere, if it did.
        at: Until when the others were followed.
        lost_as: What is said of those who ended elsewhere.
        keep: The columns to keep.
    """
    there, away = ~reached.is_null(), reached.is_null() & ~ended.is_null()
    end = nw.when(there).then(reached).when(away).then(ended).otherwise(nw.lit(at))
    length = end - nw.col(OF)
    lost = away if lost_as == "never" else nw.lit(value=False)
    flags = {
        REACHED: there,
        LOST: lost,
        OPEN: ~there & ~lost,
        NEGATIVE: length < 0,
    }
    return frame.select(
        *keep,
        nw.when(length > 0).then(length).otherwise(0).alias(AFTER),
        *(nw.when(flag).then(1).otherwise(0).alias(name) for name, flag in flags.items()),
    )
