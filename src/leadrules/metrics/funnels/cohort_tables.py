"""Cohorts: of those who came to a stage each month, how many came to another, how fast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError, as_written
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.arguments import (
    demand_measures,
    demand_moment,
    demand_period,
    demand_window,
)
from leadrules.metrics.conversions import pair_of, spanned
from leadrules.metrics.document import Measures
from leadrules.metrics.funnels.climbs import returned
from leadrules.metrics.funnels.cohort_table import Cohort, Cohorts
from leadrules.metrics.funnels.flows import placed
from leadrules.metrics.hindsight import Share, refuse_hindsight
from leadrules.metrics.periods import Days, Every, Period
from leadrules.metrics.ratio import Ratio
from leadrules.metrics.reached import OF, TO, entries_table, journeys
from leadrules.metrics.tables import by_of, collected, dimension, with_dimensions

__all__ = ["cohorts"]

_Cell = Counter[tuple[int, int]]
"""How many leads came within so many steps, and have had so many steps."""

STEP = timedelta(days=30)
STEPS = 12
_MOST = 120
_COHORT, _TOOK, _HAD, _COUNT, _FIRST, _LAST = (
    f"{PREFIX}0{name}" for name in ("cohort", "took", "had", "count", "first", "last")
)


def cohorts(  # noqa: PLR0913 - what a triangle has to say of itself
    entries: Any,
    *,
    of: str,
    to: str,
    measures: Measures,
    at: datetime,
    every: Every = "month",
    step: timedelta = STEP,
    steps: int = STEPS,
    since: datetime | None = None,
    period: Period | str | None = None,
    leads: Any = None,
    by: str | Sequence[str] | None = None,
) -> Cohorts:
    """Return which share of those who came to a stage each month came to another, how fast.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`. Any kind of frame.
        of: The stage, or word of the funnel, by which they are cohorts.
        to: That to which they come.
        measures: What the words mean, which entry counts, and what a skipped stage is.
        at: The moment of the evaluation; with a time zone. Later entries are not known yet.
        every: The unit of time of a cohort: `day`, `week`, `month`, `quarter`, `half_year`, `year`.
        step: How long a step is.
        steps: How many steps, at most; those that have not begun for anybody are not there.
        since: The first moment at which the second stage could be seen. Cohorts that began before
            are marked: who came there earlier is not known.
        period: When they came to the first stage; by default whenever, in whole months.
        leads: A frame of leads, one row each, with the columns of `by`.
        by: The columns of leads by which to group, the coarsest first.

    Raises:
        EvaluationError: If an argument is not possible, or a column is absent or of a wrong type.

    Source:
        E. Bernhardsson, Conversion rates: you are (most likely) computing them wrong, 2017.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC, datetime
        >>> words = Measures(funnel={"sales_ready": "mql", "close": "won"})
        >>> entries = pl.DataFrame({
        ...     "lead_id": ["1", "1", "2", "3"],
        ...     "stage": ["mql", "won", "mql", "mql"],
        ...     "entered": [
        ...         datetime(2026, month, day, tzinfo=UTC)
        ...         for month, day in ((1, 10), (2, 20), (1, 15), (2, 1))
        ...     ],
        ... })
        >>> at = datetime(2026, 3, 20, tzinfo=UTC)
        >>> found = cohorts(entries, of="mql", to="won", measures=words, at=at, steps=2)
        >>> [(x.period.label, x.size, [r.numerator for r in x.ratios]) for x in found]
        [('2026-01', 2, [0, 1]), ('2026-02', 1, [0, 0])]
        >>> found["2026-02"].is_mature(1), found["2026-02"].is_mature(2)
        (True, False)
    """
    words, moment = demand_measures(measures), demand_moment(at)
    days, length = demand_period(period, words), _demand_step(step)
    if steps not in range(1, _MOST + 1):
        message = f"steps: '{as_written(steps)}' is not possible; expected 1 to {_MOST}"
        raise EvaluationError(message, field="steps")
    seen = None if since is None else demand_moment(since)
    name, one, two = pair_of(of, to, words)
    groups = by_of(by)
    table = entries_table(entries, at=moment)
    frame = journeys(table, one, two, words)
    if days is None:
        ends = collected(
            frame.select(nw.col(OF).min().alias(_FIRST), nw.col(OF).max().alias(_LAST))
        )
        found = spanned(ends[_FIRST].to_list(), ends[_LAST].to_list(), words.in_zone)
        parts = () if found is None else _whole(found, every)
    else:
        parts = days.split(every)
    parts = tuple(part for part in parts if part.first < moment)
    if not parts:
        return Cohorts((), of, to, at, step, every, _unit(words), words.reentry, since, groups)
    frame = with_dimensions(
        frame.filter(nw.col(OF) >= parts[0].first, nw.col(OF) < parts[-1].after),
        table,
        leads,
        groups,
    )
    bounds = [part.first for part in parts[1:]]
    keys = [*(dimension(x) for x in groups), _COHORT, _TOOK, _HAD]
    counts = collected(
        frame.with_columns(
            placed(nw.col(OF), bounds).alias(_COHORT),
            _steps_of(nw.col(TO) - nw.col(OF), length, steps).alias(_TOOK),
            # A step is had when it is over, hence one more than those that are.
            placed(moment - nw.col(OF), [length * x for x in range(1, steps + 1)]).alias(_HAD),
        )
        .group_by(*keys)
        .agg(nw.len().alias(_COUNT))
    )
    cells: dict[tuple[Any, ...], _Cell] = {}
    for *group, cohort, took, had, count in counts.iter_rows():
        cells.setdefault((*group, cohort), Counter())[took, had] += count
    if not groups:
        cells |= {(x,): cells.get((x,), Counter()) for x in range(len(parts))}
    refuse_hindsight(_shares(cells, groups, steps), groups, to=to, unit=_unit(words))
    ordered = sorted(cells, key=lambda key: [(x is None, x) for x in key])

    def made(key: tuple[Any, ...]) -> Cohort:
        part, cell = parts[key[-1]], cells[key]
        group = dict(zip(groups, key[:-1], strict=True))
        begun = (moment - part.first) // length + 1
        ratios = tuple(
            Ratio(
                name,
                sum(count for (took, _), count in cell.items() if took <= number),
                cell.total(),
                unit=_unit(words),
                period=part,
                window=step * number,
                entry=words.reentry,
                censored=sum(count for (took, had), count in cell.items() if took > number > had),
                group=group,
            )
            for number in range(1, min(steps, begun) + 1)
        )
        complete = part.after <= moment
        # Nobody of an empty cohort had less than those who could have joined it last.
        least = min((had for _, had in cell), default=(moment - part.after) // length)
        truncated = seen is not None and part.first < seen
        had = least if complete else 0
        return Cohort(part, cell.total(), ratios, had, complete, truncated, group)

    return Cohorts(
        tuple(map(made, ordered)),
        of,
        to,
        at,
        step,
        every,
        _unit(words),
        words.reentry,
        since,
        groups,
        returned(table, [one]).get(one, 0),
    )


def _demand_step(step: Any) -> int:
    try:
        found = demand_window(step)
    except EvaluationError as error:
        raise EvaluationError(str(error).replace("window:", "step:", 1), field="step") from None
    if found is None:
        message = "step: 'None' is not possible; expected a timedelta above zero"
        raise EvaluationError(message, field="step")
    return found


def _unit(measures: Measures) -> str:
    return "entry" if measures.reentry == "every" else measures.unit


def _whole(period: Period, every: Every) -> tuple[Period, ...]:
    """Return the whole months, or other units of time, that a period touches."""
    first, last = (
        moment.astimezone(ZoneInfo(period.zone)).year for moment in (period.start, period.end)
    )
    years = Period.of(Days(date(first - 1, 1, 1), date(last + 1, 12, 31)), zone=period.zone)
    return tuple(
        part
        for part in years.split(every)
        if part.after > period.first and part.first < period.after
    )


def _steps_of(took: nw.Expr, length: int, steps: int) -> nw.Expr:
    """Return within how many steps leads came, from 1; one more if later, two if they did not."""
    # As long as so many steps is within them.
    within = placed(took - 1, [length * number for number in range(1, steps + 1)], 1)
    return nw.when(took.is_null()).then(nw.lit(steps + 2)).otherwise(within)


def _shares(
    cells: Mapping[tuple[Any, ...], _Cell], by: Sequence[str], steps: int
) -> Iterator[Share]:
    """Yield how many of each cohort of a group came, however late."""
    for key, cell in cells.items():
        came = sum(count for (took, _), count in cell.items() if took <= steps + 1)
        yield Share(dict(zip(by, key[:-1], strict=True)), came, cell.total())
