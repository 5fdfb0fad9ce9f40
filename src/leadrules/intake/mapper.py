"""The mapper: what reads rows as a mapping says."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from leadrules.errors import EvaluationError
from leadrules.events import Event
from leadrules.intake.cells import Unreadable
from leadrules.intake.contacts import Contacts, How
from leadrules.intake.csv_text import escaped
from leadrules.intake.mapping import IntakeMapping
from leadrules.intake.outcome import Attached, Intake, Reject
from leadrules.intake.plans import Columns, Draft, EventPlan, LeadPlan, RowPlan
from leadrules.intake.rows import Row, Table, file_format, records_table, text_table
from leadrules.lead import FieldValue, Lead
from leadrules.vocabulary import Vocabulary

__all__ = ["Mapper", "Progress"]

Progress = Callable[[int, int | None], None]

ROWS_BETWEEN_LOOKS = 250
MOST_CALLS = 100
FIRST_CALL = 1_000


class Mapper:
    """Reads what a CRM exports as leads, as events and as rows that are neither.

    Made by `load_mapping`. It keeps nothing between calls.

    Attributes:
        mapping: The document.
        vocabulary: The names that the document was checked against.
        columns: The columns that it reads, in the order of the document.
    """

    def __init__(self, mapping: IntakeMapping, *, vocabulary: Vocabulary) -> None:
        self.mapping = mapping
        self.vocabulary = vocabulary
        columns = Columns()
        self._lead = LeadPlan(mapping, vocabulary, columns) if mapping.leads else None
        self._events = [
            EventPlan(entry, mapping, vocabulary, columns) for entry in mapping.events or ()
        ]
        self._row = RowPlan(mapping.rows, mapping, columns) if mapping.rows else None
        self.columns = tuple(columns.places)

    def __reduce__(self) -> tuple[object, ...]:
        return _compiled, (self.mapping, self.vocabulary)

    def __repr__(self) -> str:
        leads = ["leads"] if self._lead else []
        events = [plan.type or plan.kind for plan in self._events]
        rows = ["rows"] if self._row else []
        return f"Mapper({', '.join([*leads, *events, *rows])})"

    def lead(self, record: Mapping[str, object]) -> Lead:
        """Return the lead that one record of a CRM says.

        Args:
            record: Values by column; a column that is absent is missing.

        Raises:
            EvaluationError: If the record makes no lead; it names the field and the column.
        """
        if self._lead is None:
            raise EvaluationError("the mapping has no leads")
        try:
            return self._lead.lead(self._cells(record))
        except Unreadable as fault:
            raise _error(fault) from None

    def events(
        self, record: Mapping[str, object], *, leads: Sequence[Lead] = ()
    ) -> tuple[Event, ...]:
        """Return the events that one record of a CRM says.

        Args:
            record: Values by column; a column that is absent is missing.
            leads: Those that an event of a contact may belong to.

        Raises:
            EvaluationError: If one is wrong; it names the property and the column.
        """
        contacts, found = Contacts(leads), []
        cells = self._cells(record)
        try:
            for plan in self._events:
                draft = plan.draft(cells)
                if draft:
                    lead_id = _owner(draft, contacts)[0]
                    event_id = draft.id or draft.made_id(draft.content(), 1)
                    found.append(draft.event(lead_id, event_id))
        except Unreadable as fault:
            raise _error(fault) from None
        return tuple(found)

    def read(
        self,
        source: Any,
        *,
        leads: Sequence[Lead] = (),
        earlier: Iterable[Event] = (),
        progress: Progress | None = None,
    ) -> Intake:
        """Return the leads, events and rows of an export, and every row that was not accepted.

        A row is accepted or rejected as a whole. Saying again what an earlier row said is
        accepted and changes nothing; saying other things under the same id is rejected.

        Args:
            source: The name of a CSV file, of JSON lines or of a Parquet file; a data frame of
                pandas, polars, pyarrow, DuckDB or any other that narwhals knows, a lazy one
                is collected; or records.
            leads: Those that events of contacts belong to.
            earlier: Events that other files of the same export gave. They are not given again,
                and what says other things under their ids is rejected.
            progress: Called at most some 100 times with how much has been read and how much
                there is, in bytes of a text file, otherwise in rows; None if that is unknown.

        Raises:
            EvaluationError: If the source as a whole cannot be read, as when a mapped column
                is missing, or its package is not installed.
            OSError: If the file cannot be read.
        """
        table = self._table(source)
        run = _Run(self._lead, self._events, self._row, table.unit, earlier)
        contacts = Contacts(leads)
        for row in _told(table, progress) if progress else table.rows:
            run.take(row, contacts)
        return run.intake(column for column in self.columns if column in table.unseen)

    def _cells(self, record: Mapping[str, object]) -> list[object]:
        return [record.get(column) for column in self.columns]

    def _table(self, source: Any) -> Table:
        if isinstance(source, str | os.PathLike):
            path, settings = Path(source), self.mapping.source
            form = file_format(path, settings)
            if form == "parquet":
                return cast("Table", _frames("a Parquet file").parquet_table(path, self.columns))
            return text_table(path, form, settings, self.columns)
        if isinstance(source, Sequence | Iterator):
            return records_table(source, self.columns)
        return cast("Table", _frames("a data frame").frame_table(source, self.columns))


def _frames(what: str) -> Any:
    try:
        from leadrules.intake import frames  # noqa: PLC0415 - it needs an extra
    except ImportError as error:
        message = f"{what} needs the package '{error.name}'; install leadrules[frames]"
        raise EvaluationError(message) from None
    return frames


def _compiled(mapping: IntakeMapping, vocabulary: Vocabulary) -> Mapper:
    return Mapper(mapping, vocabulary=vocabulary)


def _error(fault: Unreadable) -> EvaluationError:
    column = f" (column '{fault.column}')" if fault.column else ""
    return EvaluationError(f"{fault.reason}{column}", field=fault.field)


def _owner(draft: Draft, contacts: Contacts) -> tuple[str, How | None]:
    """Return the lead that a draft belongs to, and how it was found if not by its id."""
    if not draft.by_contact:
        return draft.owner, None
    return contacts.lead_of(draft.owner, draft.time)


def _told(table: Table, progress: Progress) -> Iterator[Row]:
    """Yield the rows, and tell how far reading has come."""
    total = table.total
    step = FIRST_CALL if total is None else max(1, total // MOST_CALLS)
    due = step
    for count, row in enumerate(table.rows):
        if count % ROWS_BETWEEN_LOOKS == 0 and (done := table.done()) >= due:
            progress(done, total)
            due = done + step if total is not None else done + done // 10 + step
        yield row
    progress(table.done(), total)


def _two_in_one(first: int, second: int, event: Event) -> Unreadable:
    """Return the fault of two events of the mapping that one row gives the same id."""
    reason = (
        f"id: events[{first}] and events[{second}] of the mapping say different things of event"
        f" '{event.id}' of lead '{event.lead_id}'; expected an id of its own for each; an event"
        " without 'id' has one made"
    )
    return Unreadable("conflicting-id", reason, field="id")


_Key = str | tuple[str, str]


class _Said:
    """What one row says, until it is known that all of it can be accepted."""

    __slots__ = ("fresh", "made", "places", "silent", "ways")

    def __init__(self) -> None:
        self.fresh: dict[_Key, Lead | Event] = {}  # what no earlier row has said
        self.places: dict[_Key, int] = {}  # which of the mapping's events each is
        self.made: list[str] = []
        self.ways: list[How] = []
        self.silent = True


class _Run:
    """One reading of a source: what has been said so far, and by which line."""

    def __init__(
        self,
        lead: LeadPlan | None,
        events: Sequence[EventPlan],
        row: RowPlan | None,
        unit: str,
        earlier: Iterable[Event],
    ) -> None:
        self.lead = lead
        self.events = events
        self.row = row
        self.unit = unit
        self.said: dict[_Key, Lead | Event] = {}
        self.earlier = {(event.lead_id, event.id): event for event in earlier}
        self.lines: dict[_Key, int] = {}  # apart: so many pairs would cost the garbage collector
        self.alike: Counter[str] = Counter()
        self.ways: Counter[str] = Counter()
        self.rows: list[Mapping[str, FieldValue]] = []
        self.rejects: list[Reject] = []
        self.read = self.taken = self.repeated = self.passed_over = 0

    def take(self, row: Row, contacts: Contacts) -> None:
        """Accept a row or reject it, unless it is blank."""
        if row.cells is None and row.fault is None:
            return
        self.read += 1
        try:
            if row.fault:
                raise row.fault
            self.accept(row.line, row.cells or (), contacts)
        except Unreadable as fault:
            reason, text = escaped(fault.reason), escaped(row.original())
            self.rejects.append(Reject(row.line, fault.column, fault.code, reason, text))

    def accept(self, line: int, cells: Sequence[Any], contacts: Contacts) -> None:
        """Take what a row says, all of it or nothing.

        Raises:
            Unreadable: If any of it cannot be accepted.
        """
        said = _Said()
        if self.lead:
            lead = self.lead.lead(cells)
            said.silent = False
            if self.is_new(lead.id, lead):
                said.fresh[lead.id] = lead
        for place, plan in enumerate(self.events):
            draft = plan.draft(cells)
            if draft:
                self.hear(draft, place, contacts, said)
        if self.row:
            self.rows.append(self.row.row(cells))
            self.taken += 1
        elif said.fresh:
            self.taken += 1
        elif said.silent:
            self.passed_over += 1
        else:
            self.repeated += 1
        self.keep(line, said)

    def hear(self, draft: Draft, place: int, contacts: Contacts, said: _Said) -> None:
        """Add to what a row says one of the events of the mapping.

        Raises:
            Unreadable: If it cannot be accepted.
        """
        said.silent = False
        lead_id, way = _owner(draft, contacts)
        event = draft.event(lead_id, draft.id or self.made_id(draft, said.made))
        key = (lead_id, event.id)
        if key in said.fresh:
            if said.fresh[key] != event:
                raise _two_in_one(said.places[key], place, event)
        elif self.is_new(key, event):
            said.fresh[key] = event
            said.places[key] = place
            if way:
                said.ways.append(way)

    def keep(self, line: int, said: _Said) -> None:
        """Keep what a row says, now that all of it is accepted."""
        for key, content in said.fresh.items():
            self.said[key] = content
            self.lines[key] = line
        for made in said.made:
            self.alike[made] += 1
        for way in said.ways:
            self.ways[way] += 1

    def made_id(self, draft: Draft, made: list[str]) -> str:
        """Return an id for an event without one, and note its content in `made`."""
        content = draft.content()
        made.append(content)
        return draft.made_id(content, self.alike[content] + made.count(content))

    def is_new(self, key: _Key, said: Lead | Event) -> bool:
        """Return whether no earlier row said this.

        Raises:
            Unreadable: If one said other things under the same key.
        """
        known = self.said.get(key)
        if known is None and not isinstance(key, str):
            known = self.earlier.get(key)
        if known is None:
            return True
        if known == said:
            return False
        thing = f"lead '{key}'" if isinstance(key, str) else f"event '{key[1]}' of lead '{key[0]}'"
        where = f"{self.unit} {self.lines[key]}" if key in self.lines else "an earlier file"
        reason = f"id: {where} says other things of {thing}"
        raise Unreadable("conflicting-id", reason, field="id")

    def intake(self, unseen: Iterable[str]) -> Intake:
        """Return what came of the reading."""
        contents = self.said.values()
        return Intake(
            read=self.read,
            taken=self.taken,
            repeated=self.repeated,
            passed_over=self.passed_over,
            leads=tuple(content for content in contents if isinstance(content, Lead)),
            events=tuple(content for content in contents if isinstance(content, Event)),
            rows=tuple(self.rows),
            with_rows=self.row is not None,
            rejects=tuple(self.rejects),
            attached=Attached(**self.ways),
            unseen=tuple(unseen),
        )
