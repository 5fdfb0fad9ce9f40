"""What is odd in the tables that measures read: what they leave out, and what nobody meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw

from leadrules.errors import did_you_mean
from leadrules.frames.kinds import PREFIX, recognised
from leadrules.metrics.arguments import demand_measures, demand_moment
from leadrules.metrics.document import Measures
from leadrules.metrics.ratio import counted
from leadrules.metrics.reached import reached
from leadrules.metrics.tables import LEAD, Table, collected, demand_alike, open_table
from leadrules.metrics.tabular import Column, Tabular
from leadrules.values import Type

__all__ = ["Oddities", "Oddity", "oddities"]

_COUNT, _WHO = (f"{PREFIX}0{name}" for name in ("count", "who"))
_STAGE, _ENTERED = "stage", "entered"


class Oddity(NamedTuple):
    """Something that is odd.

    Attributes:
        what: What it is.
        number: How often it is there.
        of: What is counted: `entry`, `lead` or `stage`.
        effect: What measures make of it.
        example: A lead of which it is so; None if it is of none.
    """

    what: str
    number: int
    of: str
    effect: str
    example: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Oddities(Tabular):
    """What is odd in the tables, and what measures make of it.

    Attributes:
        parts: What was found; empty if nothing is odd.
        entries: How many entries were looked at.
        leads: Of how many leads.
    """

    parts: tuple[Oddity, ...]
    entries: int
    leads: int

    def __iter__(self) -> Iterator[Oddity]:
        return iter(self.parts)

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        found = f"{len(self.parts)} found" if self.parts else "nothing found"
        entries, leads = counted(self.entries, "entry"), counted(self.leads, "lead")
        return f"oddities of {entries} of {leads}: {found}"

    def columns(self) -> Sequence[Column]:
        """Return its columns."""
        return (
            Column("what"),
            Column("number", "count"),
            Column("of"),
            Column("effect"),
            Column("example", head="such as"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one for each kind."""
        return self.parts


def oddities(entries: Any, *, measures: Measures, at: datetime, leads: Any = None) -> Oddities:
    """Return what is odd in the tables; ask it first of tables of another system.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`. Any kind of frame.
        measures: What the words mean.
        at: The moment of the evaluation; with a time zone.
        leads: The frame of leads, if measures are to group by its columns.

    Raises:
        EvaluationError: If a column is absent or of a wrong type.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC
        >>> words = Measures(funnel={"sales_ready": "mql", "close": "won"})
        >>> monday = datetime(2026, 3, 2, tzinfo=UTC)
        >>> entries = pl.DataFrame({
        ...     "lead_id": ["1", "1", "2"],
        ...     "stage": ["MQL", "won", "mql"],
        ...     "entered": [monday, monday, None],
        ... })
        >>> for found in oddities(entries, measures=words, at=datetime(2026, 4, 1, tzinfo=UTC)):
        ...     print(found.number, found.what)
        1 without a moment
        1 in 'MQL', a stage that the measures do not know; did you mean 'mql'?
    """
    words, moment = demand_measures(measures), demand_moment(at)
    table = open_table(entries, "entries", {_STAGE: Type.STRING, _ENTERED: Type.DATETIME})
    rows = _length(recognised(entries, "entries").lazy())
    found = [*_rows(table, rows, moment), *_stages(table, words), *_order(table, words, moment)]
    if leads is not None:
        found += _leads(table, leads)
    people = _length(table.frame.select(LEAD).unique())
    return Oddities(tuple(x for x in found if x.number), rows, people)


def _rows(table: Table, rows: int, at: int) -> Iterator[Oddity]:
    """Yield what is odd of single entries."""
    stage, entered = nw.col(_STAGE), nw.col(_ENTERED)
    yield Oddity("without a lead", rows - _length(table.frame), "entry", "left out")
    yield _told(table.frame.filter(entered.is_null()), "without a moment", "entry", "left out")
    yield _told(table.frame.filter(stage.is_null()), "without a stage", "entry", "left out")
    yield _told(table.frame.filter(entered > at), "after the moment", "entry", "not known yet")
    same = table.frame.group_by(LEAD, _STAGE, _ENTERED).agg(nw.len().alias(_COUNT))
    again = _told(same.filter(nw.col(_COUNT) > 1), "there twice", "entry", "count once")
    yield again._replace(number=_length(table.frame) - _length(same))


def _stages(table: Table, measures: Measures) -> Iterator[Oddity]:
    """Yield the stages that only one of both knows: the entries, or the measures."""
    there = table.frame.group_by(_STAGE).agg(nw.len().alias(_COUNT), nw.col(LEAD).min().alias(_WHO))
    counts: Mapping[str, tuple[int, str]] = {
        stage: (count, who) for stage, count, who in collected(there).iter_rows() if stage
    }
    known = dict.fromkeys((*measures.order, *measures.closed))
    for stage in sorted(counts.keys() - known):
        count, who = counts[stage]
        hint = did_you_mean(stage, known)
        what = f"in '{stage}', a stage that the measures do not know{hint}"
        yield Oddity(what, count, "entry", "no stage on the way", who)
    for stage in known:
        if stage not in counts:
            what = f"'{stage}' is of the measures, and no entry is in it"
            later = stage in measures.order[:-1] and measures.skipped == "imputed"
            yield Oddity(what, 1, "stage", "imputed of who came later" if later else "empty")


def _order(table: Table, measures: Measures, at: int) -> Iterator[Oddity]:
    """Yield how many leads came to a stage of the path before one that comes earlier on it."""
    order = measures.order
    if len(order) > 1:
        known = table.frame.filter(nw.col(_ENTERED) <= at)
        first = reached(replace(table, frame=known), order, imputed=False)
        moments = [nw.col(f"reached_{place}") for place in range(len(order))]
        wrong = [
            moments[place] < nw.max_horizontal(*moments[:place]) for place in range(1, len(order))
        ]
        what = "at a stage before one that comes earlier on the path"
        effect = "count as there, and times as 0"
        early = first.filter(nw.any_horizontal(*wrong, ignore_nulls=True))
        yield _told(early, what, "lead", effect)


def _leads(table: Table, leads: Any) -> Iterator[Oddity]:
    """Yield what does not fit between the entries and the leads."""
    other = open_table(leads, "leads", {})
    demand_alike(table, other)
    ids = other.frame.group_by(LEAD).agg(nw.len().alias(_COUNT))
    came = table.frame.select(LEAD).unique()
    yield _told(ids.filter(nw.col(_COUNT) > 1), "in several rows of leads", "lead", "refused")
    missing = came.join(ids.select(LEAD), on=LEAD, how="anti")
    yield _told(missing, "in no row of leads", "lead", "in the group of nothing known")
    idle = ids.select(LEAD).join(came, on=LEAD, how="anti")
    yield _told(idle, "without an entry", "lead", "in no measure of entries")


def _told(frame: nw.LazyFrame[Any], what: str, of: str, effect: str) -> Oddity:
    """Return how many rows there are, and one lead of them."""
    counts = frame.select(nw.len().alias(_COUNT), nw.col(LEAD).min().alias(_WHO))
    number, who = collected(counts).row(0)
    return Oddity(what, int(number), of, effect, who)


def _length(frame: Any) -> int:
    return int(collected(frame.select(nw.len().alias(_COUNT))).item())
