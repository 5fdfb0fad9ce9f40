"""What programmes return: the leads of each campaign, its costs, and what they came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.amounts import AMOUNT, CURRENCY, in_money, one_currency, sound_money
from leadrules.metrics.arguments import demand_measures, demand_moment, demand_period
from leadrules.metrics.campaigns.programme_costs import Cost, added, costs_of
from leadrules.metrics.campaigns.programme_tables import Programme, Programmes
from leadrules.metrics.courses import ENTERED, NEXT, STAGE, course, entries_by
from leadrules.metrics.document import Measures
from leadrules.metrics.periods import Period
from leadrules.metrics.ratio import counted
from leadrules.metrics.reached import reached
from leadrules.metrics.tables import (
    LEAD,
    Table,
    by_of,
    collected,
    demand_alike,
    dimension,
    one_each,
    open_table,
)
from leadrules.values import Type, datetime_of
from leadrules.vocabulary import CURRENCY as SUFFIX
from leadrules.vocabulary import column_of

__all__ = ["programmes"]

_CAME, _OPEN, _COUNT, _SUM, _LATE = (
    f"{PREFIX}0{name}" for name in ("came", "open", "count", "sum", "late")
)

Groups = Mapping[tuple[Any, ...], Sequence[Mapping[str, Any]]]


def programmes(  # noqa: PLR0913 - what a sum has to say of itself
    leads: Any,
    entries: Any,
    *,
    measures: Measures,
    at: datetime,
    costs: Any = None,
    by: str | Sequence[str] = "campaign",
    period: Period | str | None = None,
    currency: str | None = None,
) -> Programmes:
    """Return what the leads of each campaign or source came to, what they cost, and returned.

    Leads are followed from when they came up to the moment of the evaluation: whoever came in the
    period counts with all that became of them, whenever it did.

    Args:
        leads: A frame of leads, one row each, with the columns of `by`, and if the measures name
            the value of a deal, with that. Any kind of frame.
        entries: The table of entries: `lead_id`, `stage`, `entered`.
        measures: What the words mean, and what a skipped stage is. Every entry counts once.
        at: The moment of the evaluation; with a time zone. Later entries are not known yet.
        costs: A frame with the columns of `by`, `amount` in whole minor units such as cents,
            `currency`, and maybe `day`, a date. Without a day, all of them count.
        by: The columns by which to group, the coarsest first.
        period: When leads came, by their first entry, and costs arose; by default whenever.
        currency: Of money in several currencies, which counts; the rest is told.

    Raises:
        EvaluationError: If an argument is not possible, a column is absent or of a wrong type, a
            lead has two rows, or money is in several currencies.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC, datetime
        >>> words = Measures(funnel={"sales_ready": "mql", "close": "won"}, value="deal")
        >>> leads = pl.DataFrame({
        ...     "lead_id": ["1", "2", "3"],
        ...     "campaign": ["webinar", "webinar", "fair"],
        ...     "deal": [900_000, None, None],
        ...     "deal_currency": ["EUR", None, None],
        ... })
        >>> entries = pl.DataFrame({
        ...     "lead_id": ["1", "1", "2", "3"],
        ...     "stage": ["mql", "won", "mql", "mql"],
        ...     "entered": [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 20, 3, 30)],
        ... })
        >>> costs = pl.DataFrame({
        ...     "campaign": ["webinar"], "amount": [300_000], "currency": ["EUR"],
        ... })
        >>> found = programmes(leads, entries, measures=words, costs=costs,
        ...     at=datetime(2026, 4, 15, tzinfo=UTC))
        >>> found["webinar"].roi, found["fair"].roi
        (Fraction(2, 1), None)
        >>> found.notes
        ['2 leads still open; revenue may grow', 'no cost is known of: fair (1 lead)']
    """
    words, moment = demand_measures(measures), demand_moment(at)
    days, groups = demand_period(period, words), by_of(by)
    if not groups:
        message = "by: expected columns by which leads are grouped, such as 'campaign'"
        raise EvaluationError(message, field="by")
    found = _counts(leads, entries, words, moment, days, groups)
    late = sum(int(row[_LATE] or 0) for row in found)
    spent: Sequence[Cost] = ()
    dated = True
    if costs is not None:
        until = _local(datetime_of(moment), words.in_zone)
        spent, dated = costs_of(costs, groups, days=days, until=until)
    code = one_currency(
        [*(x.currency for x in spent), *(row[CURRENCY] for row in found)], currency, "amounts"
    )
    cost = added(spent, code)
    by_group: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in found:
        if row[_COUNT]:
            by_group.setdefault(tuple(row[dimension(x)] for x in groups), []).append(row)
    for group in cost:
        by_group.setdefault(group, [])
    steps = [*_places(words)]
    parts = tuple(
        _programme(dict(zip(groups, group, strict=True)), rows, steps, cost.get(group), code)
        for group, rows in sorted(by_group.items(), key=lambda x: _order(x[0]))
    )
    every = [row for rows in by_group.values() for row in rows]
    paid = [row for group, rows in by_group.items() if group in cost for row in rows]
    spent_on = sum(cost.values()) if cost else None
    costed = _programme({}, paid, steps, spent_on, code)
    total = _programme({}, every, steps, spent_on if len(cost) == len(parts) else None, code)
    unmatched = tuple(x for x in spent if x.currency is None or x.currency != code)
    notes = [
        *_unmatched(parts, code, words.unit, asked=costs is not None),
        *_left_out(unmatched),
        *(
            [f"{counted(total.unvalued, words.unit)} won without a value"]
            if _asks(total, words)
            else []
        ),
        *(
            ["revenue is not known: the measures do not say what a deal is worth"]
            if words.value is None and total.won
            else []
        ),
        *(
            [f"{counted(late, words.unit)} without an entry; when they came is not known"]
            if late
            else []
        ),
        *([] if dated or days is None else ["costs have no column 'day'; all of them count"]),
    ]
    return Programmes(total, costed, groups, parts, code, words.unit, days, tuple(notes))


def _counts(  # noqa: PLR0913, PLR0917 - one for each argument
    leads: Any, entries: Any, measures: Measures, at: int, days: Period | None, by: Sequence[str]
) -> Sequence[Mapping[str, Any]]:
    """Return how many leads of each group came to each step, by the currency of what they pay."""
    needed: dict[str, Type] = {}
    if measures.value is not None:
        amount = column_of(measures.value)
        needed = {amount: Type.MONEY, amount + SUFFIX: Type.STRING}
    table = open_table(leads, "leads", needed, by=by)
    steps = entries_by(entries, leads, (), at=at)
    demand_alike(table, steps)
    one_each(table)
    frame = _followed(table.frame, steps, measures)
    known = ~nw.col(_CAME).is_null()
    if days is None:
        here, late = nw.lit(value=True), nw.lit(value=False)
    else:
        here = known & (nw.col(_CAME) >= days.first) & (nw.col(_CAME) < days.after)
        late = ~known
    places = _places(measures)
    met = {_met(step): ~nw.col(f"reached_{place}").is_null() for step, place in places.items()}
    flags = {
        _COUNT: nw.lit(value=True),
        _OPEN: nw.col(_OPEN) == 1,
        **met,
    }
    frame = frame.with_columns(
        **{name: nw.when(here & flag).then(1).otherwise(0) for name, flag in flags.items()},
        **{_LATE: nw.when(late).then(1).otherwise(0)},
    )
    money = (
        sound_money(*needed) if needed else {AMOUNT: nw.lit(0), CURRENCY: nw.lit(None, nw.String)}
    )
    won = nw.col(_met("close")) == 1 if "close" in places else nw.lit(value=False)
    frame = frame.with_columns(**money).with_columns(
        nw.when(won).then(nw.col(AMOUNT)).alias(AMOUNT),
        nw.when(won).then(nw.col(CURRENCY)).alias(CURRENCY),
    )
    keys = [dimension(name) for name in by]
    sums = frame.group_by(*keys, CURRENCY).agg(
        nw.col(AMOUNT).sum().alias(_SUM), *(nw.col(name).sum() for name in (*flags, _LATE))
    )
    return [*collected(sums).sort([*keys, CURRENCY], nulls_last=True).iter_rows(named=True)]


def _followed(leads: nw.LazyFrame[Any], entries: Table, measures: Measures) -> nw.LazyFrame[Any]:
    """Return leads with when they came, whether they are open, and when they reached each stage."""
    came = entries.frame.group_by(LEAD).agg(nw.col(ENTERED).min().alias(_CAME))
    last = course(entries, measures).filter(nw.col(NEXT).is_null())
    shut = nw.col(STAGE).is_in([*measures.closed])
    last = last.select(LEAD, nw.when(shut).then(0).otherwise(1).alias(_OPEN))
    stages = reached(entries, measures.order, imputed=measures.skipped == "imputed")
    found = leads
    for other in (came, last, stages):
        found = found.join(other, on=LEAD, how="left")
    return found


def _places(measures: Measures) -> Mapping[str, int]:
    """Return the words of the funnel, each with the place of its stage on the path."""
    order = measures.order
    return {step: order.index(stage) for step, stage in measures.steps.items() if stage in order}


def _met(step: str) -> str:
    return f"{PREFIX}0met_{step}"


def _programme(
    group: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    steps: Sequence[str],
    cost: int | None,
    currency: str | None,
) -> Programme:
    counts = {step: sum(int(row[_met(step)]) for row in rows) for step in steps}
    paid = [row for row in rows if row[CURRENCY] is not None and row[CURRENCY] == currency]
    won = counts.get("close", 0)
    unvalued = won - sum(int(row[_met("close")]) for row in paid)
    return Programme(
        group,
        sum(int(row[_COUNT]) for row in rows),
        counts,
        sum(int(row[_OPEN]) for row in rows),
        cost,
        None if won and unvalued == won else sum(int(row[_SUM] or 0) for row in paid),
        unvalued,
    )


def _asks(total: Programme, measures: Measures) -> bool:
    return measures.value is not None and total.unvalued > 0


def _unmatched(
    parts: Sequence[Programme], currency: str | None, unit: str, *, asked: bool
) -> Sequence[str]:
    """Return which costs match no lead, and of which leads no cost is known."""
    if not asked:
        return ["no costs were given"]
    lost = [f"{x.label} ({in_money(x.cost or 0, currency)})" for x in parts if not x.leads]
    free = [f"{x.label} ({counted(x.leads, unit)})" for x in parts if x.cost is None]
    return [
        *([f"costs that match no {unit}: {', '.join(lost)}"] if lost else []),
        *([f"no cost is known of: {', '.join(free)}"] if free else []),
    ]


def _left_out(rows: Sequence[Cost]) -> Sequence[str]:
    """Return what of the costs does not count."""
    void = sum(x.rows for x in rows if x.currency is None)
    codes = sorted({x.currency for x in rows if x.currency is not None})
    sums = [in_money(sum(x.minor for x in rows if x.currency == code), code) for code in codes]
    told = f"{counted(void, 'row')} of costs without whole minor units, or without a currency"
    return [
        *([told] if void else []),
        *([f"costs in another currency do not count: {', '.join(sums)}"] if sums else []),
    ]


def _order(group: Sequence[Any]) -> tuple[tuple[bool, str], ...]:
    return tuple((value is None, str(value)) for value in group)


def _local(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()
