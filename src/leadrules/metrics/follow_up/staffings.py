"""Staffing: in which territories people have more work than elsewhere, and are late with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from leadrules.calendars import Timekeeper
from leadrules.errors import EvaluationError, as_written
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.arguments import demand_measures, demand_moment, demand_period
from leadrules.metrics.conversions import grouped, spanned
from leadrules.metrics.document import Measures
from leadrules.metrics.follow_up.loads import Load, rest_of, tests_of, together
from leadrules.metrics.follow_up.obligations import obligations_table
from leadrules.metrics.follow_up.paces import Speed
from leadrules.metrics.follow_up.speeds import speed_to_lead
from leadrules.metrics.follow_up.territories import Signal, Staffing, Territory, hours_estimate
from leadrules.metrics.follow_up.waits import Goal
from leadrules.metrics.funnels.stays import LEFT, SOUND, STAGE, stays
from leadrules.metrics.periods import Period
from leadrules.metrics.ratio import Ratio
from leadrules.metrics.statistics.differences import Estimate, adjusted
from leadrules.metrics.statistics.intervals import CONFIDENCE
from leadrules.metrics.statistics.rates import rate_of
from leadrules.metrics.tables import LEAD, collected, demand_alike, dimension, one_each, open_table
from leadrules.values import Type

if TYPE_CHECKING:
    import polars as pl

__all__ = ["staffing"]

_OPEN, _NEW, _CAME = (f"{PREFIX}0{name}" for name in ("open", "new", "came"))
_PERSON = f"{PREFIX}0person"
_FIRST, _LAST = f"{PREFIX}0first", f"{PREFIX}0last"
_HALF = 0.5
_CHANCE = 1 - CONFIDENCE
"""How many of the differences that are named may be noise, in the long run."""


def staffing(  # noqa: PLR0913 - four tables, and what is asked of them
    leads: Any,
    entries: Any,
    *,
    measures: Measures,
    at: datetime,
    by: str,
    person: str = "owner",
    people: Mapping[str, int] | None = None,
    obligations: Any = None,
    events: Any = None,
    to: Goal = "attempt",
    timekeeper: Timekeeper | None = None,
    period: Period | str | None = None,
) -> Staffing:
    """Return the work of each territory beside that of all others, and what is beyond noise.

    Each territory is tested against all others together: open and new leads for each person by
    the exact conditional test of two Poisson rates, the share overdue by chi-square or Fisher's
    test, the wait of leads by the log-rank test. The p-values are corrected for their number.
    Beyond noise is what is below 5 %, and whose interval does not hold the value of the whole.

    Args:
        leads: The leads, one row each: `lead_id` or `id`, `created`, and the columns `by` and
            `person`. Any kind of frame.
        entries: The table of entries, which says which leads are open.
        measures: What the words mean; `closed` stages hold no open leads.
        at: The moment: open leads and what is overdue are of then.
        by: The column of leads that names the territory; that of the person, to compare people.
        person: The column of leads that names who works it.
        people: How many people work in each territory, by its name; by default those who have an
            open or a new lead.
        obligations: The table of obligations; without it, nothing is said of what is overdue.
        events: The events; without them, nothing is said of speed.
        to: What leads wait for, as of `speed_to_lead`.
        timekeeper: As of `speed_to_lead`.
        period: When the new leads came; by default whenever.

    Raises:
        EvaluationError: If an argument is not possible, a column is absent or of a wrong type, or
            a number of people is none.

    Source:
        J. Przyborowski, H. Wilenski, Homogeneity of results in testing samples from Poisson
        series, Biometrika 31 (1940), 313-323; F. Garwood, Fiducial limits for the Poisson
        distribution, Biometrika 28 (1936), 437-442.
    """
    words, moment = demand_measures(measures), demand_moment(at)
    days = demand_period(period, words)
    if not isinstance(by, str):
        message = f"by: '{as_written(by)}' is not possible; expected one column of leads"
        raise EvaluationError(message, field="by")
    work = _work(leads, entries, words, moment, days, by=by, person=person)
    counts = _counted(work, by, people)
    if obligations is not None:
        _add_overdue(counts, obligations, leads, moment, by)
    speed = None
    if events is not None:
        speed = speed_to_lead(
            leads, events, measures=words, at=at, to=to, entries=entries,
            timekeeper=timekeeper, period=days, by=by,
        )  # fmt: skip
        _add_curves(counts, speed, by)
    whole = _territory({}, rest_of(counts, None))
    tests = {name: [*tests_of(found, rest_of(counts, name))] for name, found in counts.items()
             if name is not None}  # fmt: skip
    corrected = iter(adjusted([p for found in tests.values() for *_, p in found]))
    parts = []
    for name, found in counts.items():
        part = _territory({by: name}, found)
        ps = zip(tests.get(name, ()), corrected, strict=False)
        signals = [
            Signal(of, is_worse, p, p < _CHANCE and _is_apart(part.of(of), whole.of(of)))
            for (of, is_worse, _), p in ps
            if p is not None
        ]
        parts.append(replace(part, signals=tuple(signals)))
    return Staffing(
        by,
        days or spanned(work[_FIRST].to_list(), work[_LAST].to_list(), words.in_zone),
        whole,
        tuple(parts),
        sum(len(found) for found in tests.values()),
        timekeeper is not None,
    )


def _work(  # noqa: PLR0913 - two tables, and what is read of them
    leads: Any,
    entries: Any,
    measures: Measures,
    at: int,
    period: Period | None,
    *,
    by: str,
    person: str,
) -> pl.DataFrame:
    """Return how many leads of each person in each territory are open, and came in a period."""
    needed = {"created": Type.DATETIME, person: Type.STRING}
    table = open_table(leads, "leads", needed, by=(by,))
    one_each(table)
    stayed = stays(entries, at=at, measures=measures)
    demand_alike(table, stayed)
    here = stayed.frame.filter(nw.col(LEFT).is_null(), nw.col(SOUND))
    if measures.closed:
        here = here.filter(~nw.col(STAGE).is_in([*measures.closed]))
    here = here.select(LEAD).unique().select(LEAD, nw.lit(1).alias(_OPEN))
    created = nw.col("created")
    came = created <= at
    if period is not None:
        came = came & (created >= period.first) & (created < period.after)
    frame = table.frame.join(here, on=LEAD, how="left").with_columns(
        nw.col(_OPEN).fill_null(0),
        nw.when(came).then(1).otherwise(0).alias(_NEW),
        nw.when(came).then(created).alias(_CAME),
        nw.col(person).alias(_PERSON),
    )
    return collected(
        frame.group_by(dimension(by), _PERSON).agg(
            nw.col(_OPEN).sum(),
            nw.col(_NEW).sum(),
            nw.col(_CAME).min().alias(_FIRST),
            nw.col(_CAME).max().alias(_LAST),
        )
    ).sort(dimension(by), _PERSON, nulls_last=True)


def _counted(work: pl.DataFrame, by: str, people: Mapping[str, Any] | None) -> dict[Any, Load]:
    """Return the work of each territory, and its people.

    Raises:
        EvaluationError: If a number of people is none.
    """
    for name, count in (people or {}).items():
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            message = f"people: '{as_written(count)}' of '{name}' is no number; expected 1 or more"
            raise EvaluationError(message, field="people")
    found: dict[Any, Load] = {}
    for row in work.iter_rows(named=True):
        counts = found.setdefault(row[dimension(by)], Load())
        is_at_work = bool(row[_OPEN] or row[_NEW])
        counts.people += int(is_at_work and row[_PERSON] is not None)
        counts.open += int(row[_OPEN])
        counts.new += int(row[_NEW])
    for name, counts in found.items():
        counts.people = (people or {}).get(name, counts.people)
    return found


def _add_overdue(counts: dict[Any, Load], obligations: Any, leads: Any, at: int, by: str) -> None:
    """Add how much of what is owed at a moment is overdue."""
    frame = obligations_table(obligations, at=at, kind=None, leads=leads, by=(by,))
    frame = frame.filter(nw.col("closed").is_null() | (nw.col("closed") > at))
    found = grouped(frame, (by,), nw.col("overdue").sum(), nw.col("not_due").sum())
    rows = {row[dimension(by)]: row for row in found.iter_rows(named=True)}
    for name, own in counts.items():
        row = rows.get(name, {"overdue": 0, "not_due": 0})
        own.overdue = (int(row["overdue"]), int(row["overdue"] + row["not_due"]))


def _add_curves(counts: dict[Any, Load], speed: Speed, by: str) -> None:
    """Add how long leads waited."""
    curves = {pace.group[by]: pace.curve for pace in speed.level(by)}
    for name, own in counts.items():
        own.curve = curves[name] if name in curves else together([])


def _is_apart(own: Estimate, whole: Estimate) -> bool:
    """Return whether the interval of a territory does not hold the value of the whole.

    One large territory is most of the rest of each other, which then differ from it and from
    nobody else.
    """
    if whole.value is None or own.value is None:
        return True
    is_above = own.low is not None and whole.value < own.low
    return is_above or (own.high is not None and whole.value > own.high)


def _territory(group: Mapping[str, Any], counts: Load) -> Territory:
    overdue = median = None
    if counts.overdue is not None:
        overdue = Ratio(
            "overdue", *counts.overdue, unit="obligation", basis="snapshot", entry="every",
            group=group,
        )  # fmt: skip
    if counts.curve is not None:
        spans = (counts.curve.quantile(_HALF, bound) for bound in ("share", "high", "low"))
        median = hours_estimate(*spans)
    return Territory(
        group,
        counts.people,
        counts.open,
        counts.new,
        rate_of(counts.open, counts.people),
        rate_of(counts.new, counts.people),
        overdue,
        median,
    )
