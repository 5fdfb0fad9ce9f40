"""From the text of a mapping to a mapper, or to everything that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from leadrules.document import Document, path_text, read_document
from leadrules.document import Path as Place
from leadrules.errors import (
    DocumentError,
    EvaluationError,
    Issue,
    MappingError,
    did_you_mean,
    one_of,
)
from leadrules.events import KINDS, Property
from leadrules.intake.mapper import Mapper
from leadrules.intake.mapping import Entry, IntakeMapping, RowEntry
from leadrules.issues import in_order, located, problems_of
from leadrules.values import Type
from leadrules.vocabulary import NAMES, Declaration, Vocabulary, is_name, written

__all__ = ["load_mapping"]

TYPES_OF_OPTION: Mapping[str, frozenset[Type]] = {
    "decimal": frozenset({Type.INTEGER, Type.NUMBER, Type.MONEY, Type.DURATION}),
    "dates": frozenset({Type.DATE, Type.DATETIME}),
    "zone": frozenset({Type.DATETIME}),
    "currency": frozenset({Type.MONEY}),
    "separator": frozenset({Type.STRINGS}),
    "unit": frozenset({Type.DURATION}),
    "choices": frozenset({Type.ENUM}),
}
IDENTIFIERS = ("id", "lead_id", "contact_id")

AnEntry = TypeVar("AnEntry", bound=Entry)

_TEXT = Property(type=Type.STRING)
_TIME = Property(type=Type.DATETIME)


def load_mapping(
    mapping: str | os.PathLike[str] | Mapping[str, Any] | IntakeMapping,
    *,
    vocabulary: Vocabulary | None = None,
) -> Mapper:
    """Return the mapper that a mapping document describes.

    Args:
        mapping: The file of the document, its text, its data or the document itself. A string
            with a line break, or that starts with `{`, is the text; any other the name of the file.
        vocabulary: The fields and activities that a policy declares; those that every lead
            has, if not given.

    Raises:
        EvaluationError: If the vocabulary is none.
        MappingError: If anything is wrong with the document; it carries every issue.
        OSError: If the file cannot be read.

    Examples:
        >>> mapper = load_mapping({"leadrules_mapping": 1, "leads": {"id": "Id", "city": "Town"}})
        >>> mapper.lead({"Id": "17", "Town": " Graz "})
        Lead(id='17', city='Graz')
    """
    words = vocabulary if vocabulary is not None else Vocabulary()
    if not isinstance(words, Vocabulary):
        message = "vocabulary: expected the vocabulary of a policy, policy.vocabulary"
        raise EvaluationError(message, field="vocabulary")
    document = _document(mapping)
    issues = [*_structural(document), *_Check(document, words).issues()]
    if issues:
        raise MappingError(in_order(issues), source=document.source)
    return Mapper(IntakeMapping.model_validate(document.data), vocabulary=words)


def _document(mapping: str | os.PathLike[str] | Mapping[str, Any] | IntakeMapping) -> Document:
    if isinstance(mapping, IntakeMapping):
        return Document(mapping.model_dump(by_alias=True, exclude_unset=True))
    if isinstance(mapping, Mapping):
        return Document(dict(mapping))
    try:
        if isinstance(mapping, str) and ("\n" in mapping or mapping.startswith("{")):
            return read_document(mapping)
        return read_document(Path(mapping).read_bytes(), source=os.fspath(mapping))
    except DocumentError as error:
        raise MappingError(error.issues, source=error.source) from None


def _structural(document: Document) -> Iterator[Issue]:
    """Yield what the models have to say against the document."""
    try:
        IntakeMapping.model_validate(document.data)
    except ValidationError as error:
        for problem in problems_of(error, IntakeMapping):
            yield located(problem, document)


def _entry(raw: object, model: type[AnEntry]) -> AnEntry | None:
    """Return what is written as an entry, or None if it is none."""
    try:
        return model.model_validate({"column": raw} if isinstance(raw, str) else raw)
    except ValidationError:
        return None


class _Check:
    """What the vocabulary has to say against a document; parts that are no entries are skipped."""

    def __init__(self, document: Document, vocabulary: Vocabulary) -> None:
        self.document = document
        self.data: Mapping[str, Any] = document.data if isinstance(document.data, Mapping) else {}
        self.vocabulary = vocabulary
        self.found: list[Issue] = []

    def issues(self) -> list[Issue]:
        leads, events = self.data.get("leads"), self.data.get("events")
        if isinstance(leads, Mapping):
            self.check_leads(leads)
        for index, event in enumerate(events if isinstance(events, list | tuple) else ()):
            if isinstance(event, Mapping):
                self.check_event(event, ("events", index))
        rows = self.data.get("rows")
        if isinstance(rows, Mapping):
            self.check_rows(rows)
        return self.found

    def note(self, path: Place, code: str, message: str, *, key: bool = True) -> None:
        place = self.document.key_place(path) if key else self.document.place(path)
        line, column = (place.line, place.column) if place else (None, None)
        self.found.append(Issue(code, message, path_text(path), line=line, column=column))

    def check_leads(self, leads: Mapping[str, Any]) -> None:
        if "id" not in leads:
            self.note(("leads",), "missing-key", "'id' is missing; expected the column of the ids")
        known = {
            name: declared
            for name, declared in self.vocabulary.fields.items()
            if name not in self.vocabulary.derived
        }
        for name, raw in leads.items():
            path = ("leads", name)
            if name in known:
                self.check_entry(raw, known[name], path)
            elif name in self.vocabulary.derived:
                self.note(path, "derived-name", "is derived by the policy; no column gives it")
            else:
                self.note(path, "unknown-name", f"no such field{did_you_mean(name, known)}")

    def check_event(self, event: Mapping[str, Any], path: Place) -> None:
        for name in (*IDENTIFIERS, "time"):
            if event.get(name) is not None:
                declared = _TIME if name == "time" else _TEXT
                self.check_entry(event[name], declared, (*path, name))
        known = self.properties(event, path)
        given = event.get("properties", {})
        if known is None or not isinstance(given, Mapping):
            return
        for name, raw in given.items():
            place = (*path, "properties", name)
            if name in known:
                self.check_entry(raw, known[name], place)
            else:
                whose = event["type"] if event["kind"] == "activity" else event["kind"]
                hint = did_you_mean(name, known)
                self.note(place, "unknown-name", f"no such property of '{whose}'{hint}")
        for name, wanted in known.items():
            if isinstance(wanted, Property) and wanted.required and name not in given:
                message = f"'{name}' is missing; a {event['kind']} must have it"
                self.note((*path, "properties"), "missing-key", message)

    def properties(
        self, event: Mapping[str, Any], path: Place
    ) -> Mapping[str, Property | Declaration] | None:
        """Return what an event of this kind and type may say, or None if there is no such."""
        kind, kind_of_activity = event.get("kind"), event.get("type")
        if not isinstance(kind, str):
            return None
        if kind not in KINDS:
            message = f"no kind '{kind}'; expected {one_of(KINDS)}{did_you_mean(kind, KINDS)}"
            self.note((*path, "kind"), "unknown-name", message, key=False)
            return None
        if kind != "activity":
            if kind_of_activity is not None:
                self.note((*path, "type"), "unused-option", f"'type' does nothing for a {kind}")
            return self.vocabulary.of_event(kind, None)
        if kind_of_activity is None:
            message = "'type' is missing; an activity is of a type that the policy declares"
            self.note(path, "missing-key", message)
            return None
        activities = self.vocabulary.activities
        if not isinstance(kind_of_activity, str):
            return None
        if kind_of_activity not in activities:
            hint = did_you_mean(kind_of_activity, activities)
            message = f"no activity '{kind_of_activity}'{hint}"
            self.note((*path, "type"), "unknown-name", message, key=False)
            return None
        return self.vocabulary.of_event(kind, kind_of_activity)

    def check_rows(self, rows: Mapping[Any, Any]) -> None:
        entries = {name: _entry(raw, RowEntry) for name, raw in rows.items()}
        for name, entry in entries.items():
            path = ("rows", name)
            if isinstance(name, str) and not is_name(name):
                self.note(path, "bad-name", f"'{name}' is no name; expected {NAMES}")
            if entry is not None:
                self.check_options(entry, Declaration(entry.type, entry.choices or ()), path)
        if entries and all(entry and entry.column is None for entry in entries.values()):
            message = "constants alone say nothing of a row; expected a column"
            self.note(("rows",), "needs-column", message)

    def check_entry(self, raw: object, declared: Declaration | Property, path: Place) -> None:
        """Check an entry against the type of what it gives."""
        entry = _entry(raw, Entry)
        if entry is None:
            return
        match path:
            case ("leads", "id") | ("events", int(), "id" | "lead_id" | "contact_id") if (
                entry.column is None
            ):
                self.note(path, "needs-column", "a constant cannot say it; expected a column")
            case _:
                self.check_options(entry, declared, path)

    def check_options(self, entry: Entry, declared: Declaration | Property, path: Place) -> None:
        wanted = declared.type
        for option, types in TYPES_OF_OPTION.items():
            if option in entry.model_fields_set and wanted not in types:
                message = f"'{option}' does nothing for {wanted.noun}"
                self.note((*path, option), "unused-option", message)
        if wanted is Type.DATETIME and entry.column is not None:
            self.check_zone(entry, path)
        for text, value in (entry.values or {}).items():
            self.check_written(value, declared, (*path, "values", text))
        if entry.constant is not None:
            self.check_written(entry.constant, declared, (*path, "constant"))

    def check_zone(self, entry: Entry, path: Place) -> None:
        forms = self.data.get("dates") if entry.dates is None else entry.dates
        stated = (
            isinstance(forms, list | tuple) and forms and all("%z" in str(form) for form in forms)
        )
        if not stated and entry.zone is None and self.data.get("zone") is None:
            message = "its times may state no time zone; expected 'zone', such as Europe/Berlin"
            self.note(path, "missing-zone", message)

    def check_written(self, value: object, declared: Declaration | Property, path: Place) -> None:
        wanted = Type.STRING if declared.type is Type.STRINGS else declared.type
        try:
            found = written(value, wanted)
        except ValueError as error:
            self.note(path, "wrong-type", str(error), key=False)
            return
        if declared.choices and found not in declared.choices:
            hint = did_you_mean(str(found), declared.choices)
            message = f"'{found}' is not a choice; expected {one_of(declared.choices)}{hint}"
            self.note(path, "not-a-choice", message, key=False)
