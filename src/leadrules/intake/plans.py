"""A mapping compiled: what to do with the cells of one row.

Every column is found and every table is built once; a row costs one small function per field.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple, cast
from zoneinfo import ZoneInfo

from leadrules.errors import EvaluationError, did_you_mean, one_of
from leadrules.events import Event, Property
from leadrules.intake.cells import (
    Spelling,
    Unreadable,
    cell_text,
    parser,
    read_money,
    spells_currency,
)
from leadrules.intake.mapping import Column, Entry, EventEntry, IntakeMapping, Only, RowEntry
from leadrules.lead import FieldValue, Lead
from leadrules.values import Cash, Instant, Money, Span, Type, datetime_of, instant_of, settle
from leadrules.vocabulary import Declaration, Vocabulary, written

__all__ = ["Columns", "Draft", "EventPlan", "LeadPlan", "RowPlan"]

Parse = Callable[[Any], FieldValue | None]
Take = Callable[[Sequence[Any]], FieldValue | None]

_TEXT = Declaration(type=Type.STRING)
_TIME = Declaration(type=Type.DATETIME)
_IDENTIFIERS = {"id", "contact_id", "lead_id"}
_MISSING_CODES = {"lead_id": "missing-lead", "contact_id": "missing-contact"}


class Columns:
    """The columns that a mapping reads, each with its place among the cells of a row."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def place(self, column: str) -> int:
        """Return the place of a column, which is new if it was not known."""
        return self.places.setdefault(column, len(self.places))


@dataclass(frozen=True, slots=True)
class Part:
    """A field or a property, with the column that says it and how it is taken from a row."""

    name: str
    column: str | None
    take: Take


class _Compiler:
    """Compiles entries under the defaults of their mapping."""

    def __init__(self, mapping: IntakeMapping, columns: Columns) -> None:
        self.mapping = mapping
        self.columns = columns

    def parts(
        self, entries: Mapping[str, Entry], declared: Mapping[str, Declaration | Property]
    ) -> list[Part]:
        """Return how the values of some fields are taken."""
        return [self.part(entry, declared[name], name) for name, entry in entries.items()]

    def part(self, entry: Entry, declared: Declaration | Property, name: str) -> Part:
        """Return how the value of one field is taken."""
        if entry.column is None:
            constant = _given(entry.constant, declared.type)
            return Part(name, None, lambda _: constant)
        spelling = self.spelling(entry, name)
        if declared.type is Type.MONEY:
            return Part(name, entry.column, self.money(entry, spelling))
        take = self.known(entry, declared.type, partial(parser(declared.type), spelling=spelling))
        return Part(name, entry.column, _chosen(take, declared.choices))

    def spelling(self, entry: Entry, name: str) -> Spelling:
        zone = entry.zone or self.mapping.zone
        return Spelling(
            decimal=entry.decimal or self.mapping.decimal,
            dates=self.mapping.dates if entry.dates is None else entry.dates,
            zone=ZoneInfo(zone) if zone else None,
            separator=entry.separator or ";",
            unit=entry.unit,
            identifier=name in _IDENTIFIERS,
        )

    def money(self, entry: Entry, spelling: Spelling) -> Take:
        """Return how an amount is taken, whose currency may stand in another column."""
        if not isinstance(entry.currency, Column):
            parse = partial(read_money, currency=entry.currency, spelling=spelling)
            return self.known(entry, Type.MONEY, parse)
        amount_of = self.known(entry, Type.MONEY, lambda cell: cell)
        currency_of = self.known(Entry(column=entry.currency.column), Type.STRING, _currency)

        def take(cells: Sequence[Any]) -> FieldValue | None:
            cell = amount_of(cells)
            if cell is None or isinstance(cell, Money):
                return cell
            currency = cast("str | None", currency_of(cells))
            return read_money(cell, currency=currency, spelling=spelling)

        return take

    def known(self, entry: Entry, wanted: Type, parse: Parse) -> Take:
        """Return how a value is taken from a cell that may be missing or mean another value."""
        place = self.columns.place(cast("str", entry.column))
        tokens = frozenset(map(str.strip, (*self.mapping.missing, *entry.missing)))
        trim = self.mapping.trim if entry.trim is None else entry.trim
        meaning = {
            text: _given(value, Type.STRING if wanted is Type.STRINGS else wanted)
            for text, value in (entry.values or {}).items()
        }
        mapped = _mapped(meaning, entry.otherwise or "keep") if meaning else None
        if mapped and wanted is Type.STRINGS:
            parse, mapped = _each(parse, mapped), None

        def take(cells: Sequence[Any]) -> FieldValue | None:
            cell = cells[place]
            if isinstance(cell, str):
                text = cell.strip()
                if not text or text in tokens:
                    return None
                if trim:
                    cell = text
            elif cell is None or _is_nan(cell) or (tokens and _texts(cell) in tokens):
                return None
            return mapped(cell, parse) if mapped else parse(cell)

        return take

    def chooses(self, only: Only | None) -> Callable[[Sequence[Any]], bool] | None:
        """Return whether a row says an event; None if all do."""
        if only is None:
            return None
        text_of = self.known(Entry(column=only.column), Type.STRING, cell_text)
        if only.allowed is None and only.refused is None:
            return lambda cells: text_of(cells) is not None
        refused = frozenset(only.refused or ())
        if only.allowed is None:
            return lambda cells: text_of(cells) not in refused
        allowed = frozenset(only.allowed) - refused
        return lambda cells: text_of(cells) in allowed


def _is_nan(cell: Any) -> bool:
    """Return whether a cell is NaN, or pandas' missing moment: they differ from themselves."""
    if isinstance(cell, Decimal):
        return cell.is_nan()
    return isinstance(cell, float | datetime) and cell != cell  # noqa: PLR0124


def _texts(cell: Any) -> str | None:
    """Return the text of a cell that is none, to be found in a table of texts."""
    try:
        return cell_text(cell)
    except Unreadable:
        return None


def _mapped(
    meaning: Mapping[str, FieldValue], otherwise: str
) -> Callable[[Any, Parse], FieldValue | None]:
    def mapped(cell: Any, parse: Parse) -> FieldValue | None:
        text = cell if isinstance(cell, str) else _texts(cell)
        if text is not None and text in meaning:
            return meaning[text]
        if otherwise == "reject":
            hint = did_you_mean(str(text), meaning)
            reason = f"'{text}' is not among the values; expected {one_of(meaning)}{hint}"
            raise Unreadable("unlisted-value", reason)
        return None if otherwise == "missing" else parse(cell)

    return mapped


def _each(parse: Parse, mapped: Callable[[Any, Parse], FieldValue | None]) -> Parse:
    def read(cell: Any) -> FieldValue | None:
        texts = cast("tuple[str, ...]", parse(cell))
        found = [mapped(text, lambda same: same) for text in texts]
        return tuple(cast("str", text) for text in found if text is not None)

    return read


def _chosen(take: Take, choices: tuple[str, ...]) -> Take:
    if not choices:
        return take

    def chosen(cells: Sequence[Any]) -> FieldValue | None:
        found = take(cells)
        if found is not None and found not in choices:
            hint = did_you_mean(str(found), choices)
            reason = f"'{found}' is not a choice; expected {one_of(choices)}{hint}"
            raise Unreadable("not-a-choice", reason)
        return found

    return chosen


def _currency(cell: Any) -> str:
    text = cell_text(cell)
    if not spells_currency(text):
        reason = f"no currency '{text}'; expected an ISO 4217 code such as 'EUR'"
        raise Unreadable("bad-money", reason)
    return text


def _given(value: object, wanted: Type) -> FieldValue:
    """Return what a mapping writes as a value that a field may have."""
    settled = written(value, Type.STRING if wanted is Type.STRINGS else wanted)
    match settled:
        case Cash():
            return Money.of_minor(settled)
        case Span():
            return timedelta(microseconds=settled)
        case Instant():
            return datetime_of(settled)
    return (settled,) if wanted is Type.STRINGS else settled  # type: ignore[return-value]


def _taken(parts: Sequence[Part], cells: Sequence[Any]) -> dict[str, FieldValue]:
    """Return the known values of a row by name."""
    found = {}
    for part in parts:
        try:
            value = part.take(cells)
        except Unreadable as fault:
            reason = f"{part.name}: {fault.reason}"
            raise Unreadable(fault.code, reason, column=part.column, field=part.name) from None
        if value is not None:
            found[part.name] = value
    return found


def _refused(error: EvaluationError, parts: Sequence[Part]) -> Unreadable:
    """Return the fault of a row that makes no lead or event, with the column if it is known."""
    columns = {part.name: part.column for part in parts}
    column = columns.get(error.field) if error.field else None
    return Unreadable("bad-value", error.message, column=column, field=error.field)


class LeadPlan:
    """How a row becomes a lead."""

    def __init__(self, mapping: IntakeMapping, vocabulary: Vocabulary, columns: Columns) -> None:
        compiler = _Compiler(mapping, columns)
        self.vocabulary = vocabulary
        self.parts = compiler.parts(mapping.leads or {}, vocabulary.fields)
        self.id_column = next(part.column for part in self.parts if part.name == "id")

    def lead(self, cells: Sequence[Any]) -> Lead:
        """Return the lead of a row.

        Raises:
            Unreadable: If the row makes none.
        """
        values = _taken(self.parts, cells)
        if "id" not in values:
            raise Unreadable("missing-id", "id: is missing", column=self.id_column, field="id")
        try:
            return self.vocabulary.lead(values)
        except EvaluationError as error:
            raise _refused(error, self.parts) from None


class Draft(NamedTuple):
    """An event that a row says, before it is known whose it is."""

    kind: str
    type: str | None
    id: str | None
    owner: str
    by_contact: bool
    time: datetime
    properties: Mapping[str, FieldValue]
    plan: EventPlan

    def content(self) -> str:
        """Return a short text that stands for all that the row says."""
        settled = [[name, settle(value)] for name, value in sorted(self.properties.items())]
        said = [self.kind, self.type, self.owner, instant_of(self.time), settled]
        content = json.dumps(said, ensure_ascii=False, default=str)
        return sha256(content.encode()).hexdigest()[:16]

    def made_id(self, content: str, ordinal: int) -> str:
        """Return an id made from the content and its ordinal among rows that say the same."""
        return f"{content}-{ordinal}"

    def event(self, lead_id: str, event_id: str) -> Event:
        """Return the event of a lead.

        Raises:
            Unreadable: If it is none that its kind allows.
        """
        try:
            return Event(
                lead_id=lead_id,
                id=event_id,
                time=self.time,
                kind=self.kind,
                type=self.type,
                properties=self.properties,
            )
        except EvaluationError as error:
            raise _refused(error, self.plan.parts) from None


class EventPlan:
    """How a row says an event."""

    def __init__(
        self, entry: EventEntry, mapping: IntakeMapping, vocabulary: Vocabulary, columns: Columns
    ) -> None:
        compiler = _Compiler(mapping, columns)
        self.kind, self.type = entry.kind, entry.type
        self.owner = "contact_id" if entry.lead_id is None else "lead_id"
        self.by_contact = self.owner == "contact_id"
        self.chooses = compiler.chooses(entry.only)
        named = {
            "id": entry.id,
            self.owner: entry.contact_id if self.by_contact else entry.lead_id,
            "time": entry.time,
        }
        self.head = [
            compiler.part(found, _TIME if name == "time" else _TEXT, name)
            for name, found in named.items()
            if found is not None
        ]
        declared = vocabulary.of_event(entry.kind, entry.type)
        self.properties = [
            compiler.part(found, declared[name], name) for name, found in entry.properties.items()
        ]
        self.needed = [
            part
            for part in self.properties
            if isinstance(wanted := declared[part.name], Property) and wanted.required
        ]
        self.parts = [*self.head, *self.properties]

    def draft(self, cells: Sequence[Any]) -> Draft | None:
        """Return the event that a row says, or None if it is not among those that say it.

        Raises:
            Unreadable: If what the row says is no such event.
        """
        if self.chooses and not self.chooses(cells):
            return None
        head = _taken(self.head, cells)
        for part in self.head:
            if part.name not in head:
                code = _MISSING_CODES.get(part.name, f"missing-{part.name}")
                raise _missing(part, code)
        properties = _taken(self.properties, cells)
        for part in self.needed:
            if part.name not in properties:
                raise _missing(part, "missing-value")
        found = cast("dict[str, Any]", head)
        return Draft(
            self.kind,
            self.type,
            found.get("id"),
            found[self.owner],
            self.by_contact,
            found["time"],
            properties,
            self,
        )


class RowPlan:
    """How a row becomes values by name, of nothing that has an identity."""

    def __init__(
        self, entries: Mapping[str, RowEntry], mapping: IntakeMapping, columns: Columns
    ) -> None:
        declared = {
            name: Declaration(entry.type, entry.choices or ()) for name, entry in entries.items()
        }
        self.parts = _Compiler(mapping, columns).parts(entries, declared)
        self.needed = [part for part in self.parts if entries[part.name].required]

    def row(self, cells: Sequence[Any]) -> Mapping[str, FieldValue]:
        """Return the known values of a row by name.

        Raises:
            Unreadable: If one cannot be read, or is missing and required.
        """
        values = _taken(self.parts, cells)
        for part in self.needed:
            if part.name not in values:
                raise _missing(part, "missing-value")
        for name, value in values.items():
            try:
                settle(value)
            except ValueError as error:
                wrong = EvaluationError(f"{name}: {error}", field=name)
                raise _refused(wrong, self.parts) from None
        return values


def _missing(part: Part, code: str) -> Unreadable:
    return Unreadable(code, f"{part.name}: is missing", column=part.column, field=part.name)
