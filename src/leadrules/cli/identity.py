"""The mapping of a file whose columns are called as the fields are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from leadrules.cli.consoles import CommandError
from leadrules.errors import did_you_mean
from leadrules.events import KINDS
from leadrules.intake import load_mapping
from leadrules.intake.csv_text import csv_records
from leadrules.intake.mapping import Source
from leadrules.intake.rows import file_format
from leadrules.values import Type
from leadrules.vocabulary import CURRENCY, Vocabulary, column_of

__all__ = ["header_of", "identity_events", "identity_mapping", "unknown_events"]


def header_of(path: Path) -> tuple[str, ...]:
    """Return the columns of a file.

    Raises:
        EvaluationError: If the format of the file is not known.
        OSError: If the file cannot be read.
    """
    form = file_format(path, Source.model_construct())
    return tuple(dict.fromkeys(_READERS[form](path)))


def identity_mapping(
    path: Path, vocabulary: Vocabulary
) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Return the mapping of a file by its header, and the columns that are no field.

    A column is called `company.employees` or `company_employees`; the ids stand in `id`, or in
    `lead_id` as in a table of leads. What is wrong with the file is left to intake to tell.

    Raises:
        CommandError: If a field has two columns, or a currency one of its own.
        EvaluationError: If the format of the file is not known.
        OSError: If the file cannot be read.
    """
    form = file_format(path, Source.model_construct())
    header = tuple(dict.fromkeys(_READERS[form](path)))
    found: dict[str, str] = {}
    for name, declaration in vocabulary.fields.items():
        spellings = [x for x in dict.fromkeys((name, column_of(name))) if x in header]
        if len(spellings) > 1:
            raise CommandError(f"{path}: '{spellings[0]}' and '{spellings[1]}' are one field")
        if spellings:
            found[name] = spellings[0]
        if declaration.type is Type.MONEY and column_of(name) + CURRENCY in header:
            message = (
                f"{path}: without --mapping an amount of money states its currency in its own "
                f"cell, such as '50000 EUR'; a mapping can name the column "
                f"'{column_of(name)}{CURRENCY}'"
            )
            raise CommandError(message)
    if "id" not in found:
        found["id"] = "lead_id" if "lead_id" in header else "id"
    if form == "jsonl":  # a later record may have what the first has not
        dotted = any("." in name for name in header)
        for name in vocabulary.fields:
            found.setdefault(name, name if dotted else column_of(name))
    document = {"leadrules_mapping": 1, "zone": vocabulary.zone, "leads": found}
    return document, tuple(name for name in header if name not in found.values())


def identity_events(
    path: Path, vocabulary: Vocabulary
) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Return the mapping of a table of events by its header, and the columns that are not read.

    The table has `lead_id`, `time` and `type`, maybe `id` and `kind`, and a column for each
    property. Without `kind`, all events are activities.

    Raises:
        CommandError: If a column is absent that no event can do without, or no row can be one.
        EvaluationError: If the format of the file is not known.
        OSError: If the file cannot be read.
    """
    form = file_format(path, Source.model_construct())
    header = tuple(dict.fromkeys(_READERS[form](path)))
    absent = [name for name in ("lead_id", "time", "type") if name not in header]
    if absent:
        named = ", ".join(f"'{name}'" for name in absent)
        message = (
            f"{path}: there is no column {named}; without a mapping a table of events has "
            "'lead_id', 'time', 'type', one column for each property, and maybe 'id' and 'kind'"
        )
        raise CommandError(message)
    owner = {name: name for name in ("id", "lead_id", "time") if name in header}
    entries = [
        {**owner, **_entry("activity", declared, header), "type": name, "only": _only("type", name)}
        for name, declared in vocabulary.activities.items()
    ]
    for kind, properties in KINDS.items() if "kind" in header else ():
        needed = {name for name, found in properties.items() if found.required}
        if kind != "activity" and needed <= set(header):
            entries.append(
                {**owner, **_entry(kind, properties, header), "only": _only("kind", kind)}
            )
    if not entries:
        message = (
            f"{path}: none of it is an event: the policy declares no activities, and there are "
            "not the columns of any other kind"
        )
        raise CommandError(message)
    read = {"kind", "type", *owner, *(name for entry in entries for name in entry["properties"])}
    document = {"leadrules_mapping": 1, "zone": vocabulary.zone, "events": entries}
    return document, tuple(name for name in header if name not in read)


def unknown_events(path: Path, vocabulary: Vocabulary) -> list[tuple[int, str]]:
    """Return why rows of a table of events say none, and how many, the most frequent first.

    Raises:
        EvaluationError: If the file as a whole cannot be read.
        OSError: If the file cannot be read.
    """
    form = file_format(path, Source.model_construct())
    header = set(_READERS[form](path))
    read = {name: name for name in ("kind", "type") if name in header}
    mapper = load_mapping({"leadrules_mapping": 1, "rows": read})
    found = Counter((row.get("kind"), row.get("type")) for row in mapper.read(path).rows)
    reasons: Counter[str] = Counter()
    for (kind, activity), count in found.items():
        reason = _unknown(kind, activity, vocabulary, header)
        if reason:
            reasons[reason] += count
    return [(count, reason) for reason, count in reasons.most_common()]


def _unknown(kind: object, activity: object, vocabulary: Vocabulary, header: set[str]) -> str:
    """Return why a row of some kind and type says no event; empty if it says one."""
    if activity in vocabulary.activities:
        return ""
    if kind is None or kind == "activity":
        if activity is None:
            return "no type"
        return f"no activity '{activity}'{did_you_mean(str(activity), vocabulary.activities)}"
    if kind not in KINDS:
        return f"no kind '{kind}'{did_you_mean(str(kind), KINDS)}"
    needed = [name for name, found in KINDS[str(kind)].items() if found.required]
    absent = ", ".join(f"'{name}'" for name in needed if name not in header)
    return f"there is no column {absent}, which '{kind}' needs" if absent else ""


def _entry(kind: str, properties: Iterable[str], header: Sequence[str]) -> dict[str, Any]:
    return {"kind": kind, "properties": {name: name for name in properties if name in header}}


def _only(column: str, value: str) -> dict[str, Any]:
    return {"column": column, "in": [value]}


def _csv_header(path: Path) -> Sequence[str]:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        for record in csv_records(lines, delimiter=delimiter):
            if record.cells or record.fault:
                return [name.strip() for name in record.cells or ()]
    return ()


def _json_header(path: Path) -> Sequence[str]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
        for line in lines:
            try:
                first = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(first, dict):
                return list(first)
    return ()


def _parquet_header(path: Path) -> Sequence[str]:
    try:
        from pyarrow import ArrowInvalid, parquet  # noqa: PLC0415 - frames are an extra
    except ModuleNotFoundError:
        return ()
    try:
        return list(parquet.read_schema(path).names)
    except ArrowInvalid:
        return ()


_READERS = {"csv": _csv_header, "jsonl": _json_header, "parquet": _parquet_header}
