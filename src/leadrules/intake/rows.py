"""The rows of CSV files, of JSON lines and of records, each with the text it was read from."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from io import TextIOWrapper
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from leadrules.errors import EvaluationError, did_you_mean
from leadrules.intake.cells import Unreadable
from leadrules.intake.csv_text import Record, csv_records, undecodable
from leadrules.intake.mapping import Source

__all__ = [
    "Row",
    "Table",
    "check_columns",
    "file_format",
    "records_table",
    "row_text",
    "text_table",
]

DELIMITERS = ",;\t|"
FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}


class Row(NamedTuple):
    """A row of a source.

    Attributes:
        line: Line on which it starts, or its number, from 1.
        original: Gives the row as the source has it.
        cells: One for each mapped column; None if the row is blank or cannot be read.
        fault: Why it cannot be read.
    """

    line: int
    original: Callable[[], str]
    cells: Sequence[Any] | None
    fault: Unreadable | None = None


@dataclass
class Table:
    """Rows to read, once.

    Attributes:
        rows: The rows, blank ones included.
        total: How much there is to read, in bytes or rows, if that is known.
        done: Gives how much of it has been read.
        unseen: Mapped columns that no record has had so far.
        unit: What a row's `line` counts.
    """

    rows: Iterator[Row]
    total: int | None
    done: Callable[[], int]
    unseen: set[str] = field(default_factory=set)
    unit: str = "line"


def file_format(path: Path, source: Source) -> str:
    """Return the format of a file: the one that is stated, or that its name ends in.

    Raises:
        EvaluationError: If neither tells it.
    """
    form = source.format or FORMATS.get(path.suffix.lower())
    if form is None:
        known = ", ".join(FORMATS)
        message = f"{path}: no format for '{path.suffix}'; expected {known} or 'source.format'"
        raise EvaluationError(message)
    return form


def text_table(path: Path, form: str, source: Source, columns: Sequence[str]) -> Table:
    """Return the rows of a file of CSV or JSON lines.

    Raises:
        EvaluationError: If the header cannot be read or lacks columns.
        OSError: If the file cannot be read.
    """
    file = path.open("rb")
    try:
        return _text_table(file, path, form, source, columns)
    except BaseException:
        file.close()
        raise


def _text_table(
    file: BinaryIO, path: Path, form: str, source: Source, columns: Sequence[str]
) -> Table:
    total = path.stat().st_size
    encoding, errors = _decoding(source.encoding)
    lines = TextIOWrapper(file, encoding, errors, newline="")
    table = Table(iter(()), total, lambda: total if file.closed else file.tell())
    if form == "jsonl":
        table.unseen = set(columns)
        table.rows = _closing(lines, _json_rows(lines, columns, table.unseen))
        return table
    delimiter = source.delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")
    records = csv_records(
        lines, delimiter=delimiter, quote=source.quote, most=source.lines_per_record
    )
    try:
        header = _header(records, path)
    except UnicodeError as error:
        raise _undecodable(encoding, error) from None
    pick = _picker(header, columns, path, delimiter)
    table.rows = _closing(
        lines,
        (
            Row(line, text.__str__, None if cells is None else pick(cells), fault)
            for line, text, cells, fault in records
        ),
    )
    return table


def _decoding(encoding: str) -> tuple[str, str]:
    """Return how to decode so that bytes which cannot be decoded are told by surrogates."""
    if encoding in {"utf-8", "utf-8-sig"}:
        return "utf-8-sig", "surrogateescape"  # without the byte order mark
    wide = "a".encode(encoding) != b"a"
    return encoding, "surrogatepass" if wide else "surrogateescape"


def _closing(file: TextIOWrapper, rows: Iterator[Row]) -> Iterator[Row]:
    with file:
        try:
            yield from rows
        except UnicodeError as error:
            raise _undecodable(file.encoding, error) from None


def _undecodable(encoding: str, error: UnicodeError) -> EvaluationError:
    reason = error.reason if isinstance(error, UnicodeDecodeError) else error
    return EvaluationError(f"the file is not {encoding}: {reason}; see 'source.encoding'")


def _header(records: Iterator[Record], path: Path) -> list[str]:
    for record in records:
        if record.fault:
            reason = record.fault.reason
            hint = "; see 'source.encoding'" if record.fault.code in _ENCODING else ""
            raise EvaluationError(f"{path}: the header cannot be read: {reason}{hint}")
        if record.cells:
            return [name.strip() for name in record.cells]
    raise EvaluationError(f"{path}: the file is empty; expected a header")


_ENCODING = {"undecodable", "nul-character"}


def _picker(
    header: Sequence[str], columns: Sequence[str], path: Path, delimiter: str
) -> Callable[[Sequence[str]], Sequence[str]]:
    """Return what picks the cells of the mapped columns."""
    hint = ""
    if len(header) == 1:
        others = [mark for mark in DELIMITERS if mark != delimiter and mark in header[0]]
        hint = f"; is the delimiter {others[0]!r}?" if others else ""
    check_columns(header, columns, source=str(path), hint=hint)
    indexes = [header.index(column) for column in columns]
    if len(indexes) == 1:
        (index,) = indexes
        return lambda cells: (cells[index],)
    return itemgetter(*indexes)


def check_columns(
    header: Sequence[str], columns: Sequence[str], *, source: str, hint: str = ""
) -> None:
    """Check that a table has each mapped column, once.

    Raises:
        EvaluationError: If it has not.
    """
    counts = Counter(header)
    missing = [column for column in columns if not counts[column]]
    if missing:
        near = () if hint else header
        told = ", ".join(f"no column '{name}'{did_you_mean(name, near)}" for name in missing)
        raise EvaluationError(f"{source}: {told}{hint}", field=missing[0])
    twice = [column for column in columns if counts[column] > 1]
    if twice:
        told = ", ".join(f"'{name}' is the name of {counts[name]} columns" for name in twice)
        raise EvaluationError(f"{source}: {told}", field=twice[0])


def _json_rows(lines: Iterable[str], columns: Sequence[str], unseen: set[str]) -> Iterator[Row]:
    decode = json.JSONDecoder(object_pairs_hook=_object, parse_float=Decimal).decode
    for line, text in enumerate(lines, start=1):
        original = text.__str__
        if not text.strip():
            yield Row(line, original, None)
            continue
        fault = None if text.isascii() else undecodable(text)
        cells = None
        if fault is None:
            try:
                cells = _picked(decode(text.rstrip("\r\n")), columns, unseen)
            except (ValueError, RecursionError) as error:
                fault = Unreadable("bad-json", f"the line is not a JSON object: {_why(error)}")
        yield Row(line, original, cells, fault)


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[:1].lower()}{error.msg[1:]} at character {error.pos + 1}"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _picked(record: Any, columns: Sequence[str], unseen: set[str]) -> Sequence[Any]:
    if not isinstance(record, Mapping):
        raise ValueError("expected keys and values")  # noqa: TRY004 - it is told as a reason
    if unseen:
        unseen.difference_update(record)
    return [record.get(column) for column in columns]


def records_table(records: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Table:
    """Return the rows of records such as an interface gives them; absent columns are missing."""
    total = len(records) if isinstance(records, Sequence) else None
    unseen, count = set(columns), 0

    def rows() -> Iterator[Row]:
        nonlocal count
        for record in records:
            count += 1
            original = partial(row_text, record)
            try:
                yield Row(count, original, _picked(record, columns, unseen))
            except ValueError as error:
                fault = Unreadable("bad-value", f"the record is no mapping: {error}")
                yield Row(count, original, None, fault)

    return Table(rows(), total, lambda: count, unseen, "row")


def row_text(row: object) -> str:
    """Return a row that has no text of its own as JSON."""
    return json.dumps(row, ensure_ascii=False, default=str)
