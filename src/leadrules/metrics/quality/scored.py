"""Scores and what became of the leads: each lead once, counted by its score, band and week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl

from leadrules.errors import EvaluationError
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.arguments import demand_window, microseconds
from leadrules.metrics.conversions import spanned
from leadrules.metrics.document import Measures
from leadrules.metrics.periods import Period
from leadrules.metrics.ratio import Ratio
from leadrules.metrics.reached import entries_table
from leadrules.metrics.tables import LEAD, Table, collected, demand_alike, one_each, open_table
from leadrules.values import Type

__all__ = ["COUNTS", "Scored", "scored_leads"]

COUNTS = ("leads", "known", "converted", "late", "young", "unknown")
"""How many leads were scored; of how many the outcome is known; how many converted. Of the others
it is not used: they were scored after it, had too little time, or nobody knows."""

_WEEK = timedelta(weeks=1)
_AT, _MET, _EARLY, _CAME = (f"{PREFIX}0{name}" for name in ("at", "met", "early", "came"))
_SCORE, _BAND, _IN_WEEK = (f"{PREFIX}0{name}" for name in ("score", "band", "week"))


@dataclass(frozen=True, slots=True)
class Scored:
    """Leads by their score and band, each counted once, and what became of them.

    Attributes:
        name: What the ratios of it are called.
        counts: One row for each `score`, `band` and `week` of the period, with the columns of
            `COUNTS`.
        period: When they were scored, if that is known.
        weeks: How many weeks the period has, up to the moment of the evaluation.
        window: How long each had from its score.
        entry: Which entry counts.
        unit: What is counted.
        unscored: How many rows have no score, or no moment.
        again: How many scores are left out because their leads had one before.
    """

    name: str
    counts: pl.DataFrame
    period: Period | None
    weeks: float | None
    window: timedelta | None
    entry: str
    unit: str
    unscored: int
    again: int

    def by_score(self) -> pl.DataFrame:
        """Return the counts of each score, the highest first."""
        return _summed(self.counts, "score").sort("score", descending=True)

    def by_band(self) -> pl.DataFrame:
        """Return the counts of each band, by its mean score, the highest first; none are last."""
        points = (pl.col("score") * pl.col("leads")).alias("points")
        found = _summed(self.counts.with_columns(points), "band", "points")
        mean = (pl.col("points") / pl.col("leads")).alias("mean")
        order = [pl.col("band").is_null(), -mean, pl.col("band")]
        return found.sort(order).with_columns(mean)

    def total(self, name: str) -> int:
        """Return how many leads a column of `COUNTS` counts."""
        return int(self.counts[name].sum())

    def ratio(self, converted: int, known: int, name: str | None = None, **group: Any) -> Ratio:
        """Return a ratio of these leads."""
        return Ratio(
            name or self.name,
            int(converted),
            int(known),
            unit=self.unit,
            period=self.period,
            window=self.window,
            entry=self.entry,
            group=group,
        )


def _summed(counts: pl.DataFrame, key: str, *more: str) -> pl.DataFrame:
    return counts.group_by(key).agg(pl.col(*COUNTS, *more).sum())


def scored_leads(  # noqa: PLR0913 - what a measure of scores has to be told
    scores: Any,
    outcomes: Any,
    *,
    measures: Measures,
    at: int,
    to: str,
    converted: str | None,
    period: Period | None,
    window: timedelta | None,
    score: str,
    band: str,
) -> Scored:
    """Return the first score of each lead in a period, and what became of it.

    Args:
        scores: `lead_id`, the score, and if they are there `at` and the band.
        outcomes: The entries, or None if a column of the scores says who converted.
        measures: Say what `to` means, which entry counts, and what a skipped stage is.
        at: The moment of the evaluation, in microseconds.
        to: The stage, or word of the funnel, that they should come to.
        converted: The boolean column of the scores, if there are no entries.
        period: When they were scored.
        window: How long each has from its score.
        score: The column of the score.
        band: The column of the band.

    Raises:
        EvaluationError: If an argument is not possible, or a column is absent or of a wrong type.
    """
    _demand_one(outcomes, converted)
    goal = to if outcomes is None else measures.stage(to, "to")
    span = demand_window(window)
    needed = {score: Type.NUMBER, **({converted: Type.BOOLEAN} if converted else {})}
    table = open_table(scores, "scores", needed, {"at": Type.DATETIME, band: Type.STRING})
    dated = "at" in table.columns
    if not dated and (outcomes is not None or period is not None or window is not None):
        message = (
            "scores: expected the column 'at', the moment of each score, "
            f"since '{_asking(outcomes, period)}' asks for it"
        )
        raise EvaluationError(message, field="at")
    if outcomes is not None and span is None:
        message = (
            "window: expected how long each lead has to convert, such as timedelta(days=90); "
            "without it the young count as lost"
        )
        raise EvaluationError(message, field="window")
    frame, unscored = _read(table, score, band, converted, at if dated else None)
    if period is not None:
        frame = frame.filter(nw.col(_AT) >= period.first, nw.col(_AT) < period.after)
    ((rows, first, last),) = collected(
        frame.select(nw.len(), nw.col(_AT).min(), nw.col(_AT).max().alias(_CAME))
    ).rows()
    period = period or spanned([first], [last], measures.in_zone)
    start = period.first if period is not None else 0
    if dated:
        earliest = nw.col(_AT).min().over(LEAD)
        frame = frame.with_columns(earliest.alias(_EARLY)).filter(nw.col(_AT) == nw.col(_EARLY))
        frame = frame.drop(_EARLY).unique()
    one_each(Table("scores of one moment" if dated else "scores", frame, table.columns, eager=True))
    if outcomes is not None:
        entries = entries_table(outcomes, at=at)
        demand_alike(table, entries)
        frame = _with_outcomes(frame, entries, _goals(goal, measures))
        frame = _judged(frame, measures, span or 0)
    frame = _flagged(frame, None if span is None else at - span)
    week = (nw.col(_AT) - start) // microseconds(_WEEK) if dated else nw.lit(0)
    frame = frame.with_columns(week.cast(nw.Int64).alias(_IN_WEEK))
    sums = frame.group_by(_SCORE, _BAND, _IN_WEEK).agg(*(nw.col(name).sum() for name in COUNTS))
    counts = collected(sums).rename({_SCORE: "score", _BAND: "band", _IN_WEEK: "week"})
    counts = counts.cast(dict.fromkeys(COUNTS, pl.Int64))  # databases add up to wider numbers
    weeks = None
    if period is not None:
        weeks = (min(period.after, at + 1) - start) / microseconds(_WEEK)
    return Scored(
        name=f"score_to_{to if outcomes is not None else converted}",
        counts=counts.sort("score", "band", "week", descending=True, nulls_last=True),
        period=period,
        weeks=weeks,
        window=window,
        entry=measures.reentry if outcomes is not None else "first",
        unit=measures.unit,
        unscored=unscored,
        again=rows - int(counts["leads"].sum()),
    )


def _demand_one(outcomes: Any, converted: str | None) -> None:
    if outcomes is None and converted is None:
        message = (
            "outcomes: expected a table of entries, or 'converted', a boolean column of the scores"
        )
        raise EvaluationError(message, field="outcomes")
    if outcomes is not None and converted is not None:
        message = f"converted: '{converted}' is not possible beside outcomes; expected one of both"
        raise EvaluationError(message, field="converted")


def _asking(outcomes: Any, period: Period | None) -> str:
    return "outcomes" if outcomes is not None else "period" if period is not None else "window"


def _read(
    table: Table, score: str, band: str, converted: str | None, at: int | None
) -> tuple[nw.LazyFrame[Any], int]:
    """Return the rows that have a score and a moment, and how many have not."""
    nothing = nw.lit(None, nw.Int64)
    frame = table.frame.select(
        LEAD,
        nw.col(score).alias(_SCORE),
        (nw.col(band) if band in table.columns else nw.lit(None, nw.String)).alias(_BAND),
        (nw.col("at") if at is not None else nothing).alias(_AT),
        (nw.col(converted).cast(nw.Int64) if converted else nothing).alias(_MET),
    )
    missing = nw.col(_SCORE).is_null()
    if at is not None:
        missing = missing | nw.col(_AT).is_null()
    ((unscored,),) = collected(frame.filter(missing).select(nw.len())).rows()
    frame = frame.filter(~missing)
    return frame if at is None else frame.filter(nw.col(_AT) <= at), int(unscored)


def _goals(goal: str, measures: Measures) -> Sequence[str]:
    """Return the stages that show that a lead came to one: also those after it, if imputed."""
    order = measures.order
    imputed = measures.skipped == "imputed" and goal in order
    return order[order.index(goal) :] if imputed else [goal]


def _with_outcomes(
    frame: nw.LazyFrame[Any], entries: Table, goals: Sequence[str]
) -> nw.LazyFrame[Any]:
    """Return the scores, each with when the lead came there before, and when after."""
    before = nw.col(_CAME) <= nw.col(_AT)
    arrivals = (
        entries.frame.filter(nw.col("stage").is_in([*goals]))
        .select(LEAD, nw.col("entered").alias(_CAME))
        .join(frame.select(LEAD, _AT), on=LEAD, how="inner")
        .with_columns(
            nw.when(before).then(nw.col(_CAME)).alias(_EARLY),
            nw.when(~before).then(nw.col(_CAME)).alias(_MET),
        )
        .group_by(LEAD)
        .agg(nw.col(_EARLY).min(), nw.col(_MET).min())
    )
    return frame.drop(_MET).join(arrivals, on=LEAD, how="left")


def _judged(frame: nw.LazyFrame[Any], measures: Measures, window: int) -> nw.LazyFrame[Any]:
    """Return the scores, each with 1 if the lead came there in time, and -1 if it was there."""
    came = (~nw.col(_MET).is_null()) & (nw.col(_MET) <= nw.col(_AT) + window)
    met = nw.when(came).then(1).otherwise(0)
    if measures.reentry == "first":
        met = nw.when(~nw.col(_EARLY).is_null()).then(-1).otherwise(met)
    return frame.with_columns(met.alias(_MET))


def _flagged(frame: nw.LazyFrame[Any], oldest: int | None) -> nw.LazyFrame[Any]:
    """Return the scores with a column of 0 and 1 for each name of `COUNTS`."""
    unknown = nw.col(_MET).is_null()
    late = ~unknown & (nw.col(_MET) == -1)
    young = nw.lit(value=False) if oldest is None else ~late & (nw.col(_AT) > oldest)
    known = ~unknown & ~late & ~young
    flags = {
        "leads": nw.lit(value=True),
        "known": known,
        "converted": known & (nw.col(_MET) == 1),
        "late": late,
        "young": young,
        "unknown": unknown & ~young,
    }
    return frame.with_columns(
        **{
            name: nw.when(flag.fill_null(value=False)).then(1).otherwise(0)
            for name, flag in flags.items()
        }
    )
