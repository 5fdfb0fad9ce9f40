"""The rows of CSV files, of JSON lines and of records, each with the text it was read from."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from io import TextIOWrapper
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

from leadrules.errors import EvaluationError, did_you_mean
from leadrules.intake.cells import Unreadable
from leadrules.intake.mapping import Source

__all__ = ["Record", "Row", "Table", "check_columns", "csv_records", "open_file", "records_table"]

ESCAPED = re.compile("[\ud800-\udfff]")
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


class Record(NamedTuple):
    """A record of a CSV file: its cells, or what is wrong with it; neither for a blank line."""

    line: int
    text: str
    cells: list[str] | None
    fault: Unreadable | None = None


class _TooManyLines(Exception):  # noqa: N818 - a signal between two parts of this module
    """The record at hand has more lines than a record may have."""


class _Lines:
    """Serves physical lines to the CSV reader, and keeps those of the record at hand."""

    def __init__(self, lines: Iterable[str], most: int) -> None:
        self.lines = iter(lines)
        self.most = most
        self.again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) == self.most:
            raise _TooManyLines
        line = self.again.popleft() if self.again else next(self.lines)
        self.taken.append(line)
        return line

    def keep_first(self) -> None:
        """Give back all lines of the record at hand but its first."""
        self.again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def csv_records(
    lines: Iterable[str], *, delimiter: str = ",", quote: str | None = '"', most: int = 100
) -> Iterator[Record]:
    r"""Yield the records of CSV; their texts, one after the other, are the text of the lines.

    The first record is the header and says how many cells there are. A record of several lines
    that is not well-formed gives up all lines but its first, so that a stray quote costs one
    line and not what follows it.

    Args:
        lines: Physical lines with their line breaks.
        delimiter: The character between cells.
        quote: The character around cells; None if there is none.
        most: How many lines a record may span.

    Examples:
        >>> rows = csv_records(["a,b\n", '1,"stray\n', "2,x\n"])
        >>> [(row.line, row.cells, row.fault and row.fault.code) for row in rows]
        [(1, ['a', 'b'], None), (2, None, 'unclosed-quote'), (3, ['2', 'x'], None)]
    """
    served = _Lines(lines, most)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    reader = csv.reader(served, delimiter=delimiter, quotechar=quote, quoting=quoting, strict=True)
    line, width = 1, 0
    while True:
        fault = None
        cells: list[str] | None = None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _TooManyLines:
            fault = Unreadable("unclosed-quote", f"a quote is not closed within {most} lines")
        except csv.Error as error:
            fault = _malformed(str(error))
        width = width or len(cells or ())
        if cells and len(cells) != width:
            fault = _ragged(len(cells), width)
        if fault and len(served.taken) > 1:
            served.keep_first()
            fault.reason += "; reading went on at the next line"
        text = "".join(served.taken)
        if fault is None and not text.isascii():
            fault = _undecodable(text)
        if fault is None and "\0" in text:
            fault = Unreadable("nul-character", "the row holds a NUL character")
        yield Record(line, text, None if fault else cells or None, fault)
        line += len(served.taken)
        served.taken.clear()


def _malformed(message: str) -> Unreadable:
    if "limit" in message:
        limit = csv.field_size_limit()
        return Unreadable("huge-cell", f"a cell has more than {limit} characters")
    if "end of data" in message:
        return Unreadable("unclosed-quote", "a quote is not closed before the end of the file")
    return Unreadable("bad-quote", "text stands after a closing quote")


def _ragged(count: int, width: int) -> Unreadable:
    code = "too-few-cells" if count < width else "too-many-cells"
    cells = "1 cell" if count == 1 else f"{count} cells"
    return Unreadable(code, f"the row has {cells}, the header has {width}")


def _undecodable(text: str) -> Unreadable | None:
    match = ESCAPED.search(text)
    if match is None:
        return None
    return Unreadable("undecodable", f"'{escaped(match[0])}' is not of the encoding")


def escaped(text: str) -> str:
    r"""Return a text with the bytes that could not be decoded written as `\xff`."""
    if text.isascii():
        return text
    return ESCAPED.sub(lambda match: f"\\x{ord(match[0]) & 0xFF:02x}", text)


def open_file(path: Path, source: Source, columns: Sequence[str]) -> Table:
    """Return the rows of a file of any format.

    Raises:
        EvaluationError: If the format is not known or the file lacks columns.
        OSError: If the file cannot be read.
    """
    form = source.format or FORMATS.get(path.suffix.lower())
    if form is None:
        known = ", ".join(FORMATS)
        message = f"{path}: no format for '{path.suffix}'; expected {known} or 'source.format'"
        raise EvaluationError(message)
    if form == "parquet":
        from leadrules.intake.frames import parquet_table

        return parquet_table(path, columns)
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
    pick = _picker(_header(records, path), columns, path, delimiter)
    table.rows = _closing(
        lines,
        (
            Row(line, partial(escaped, text), None if cells is None else pick(cells), fault)
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
        except UnicodeDecodeError as error:
            message = f"the file is not {error.encoding}: {error.reason}; see 'source.encoding'"
            raise EvaluationError(message) from None


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
        told = ", ".join(f"no column '{name}'{did_you_mean(name, header)}" for name in missing)
        raise EvaluationError(f"{source}: {told}{hint}", field=missing[0])
    twice = [column for column in columns if counts[column] > 1]
    if twice:
        told = ", ".join(f"'{name}' is the name of {counts[name]} columns" for name in twice)
        raise EvaluationError(f"{source}: {told}", field=twice[0])


def _json_rows(lines: Iterable[str], columns: Sequence[str], unseen: set[str]) -> Iterator[Row]:
    decode = json.JSONDecoder(object_pairs_hook=_object, parse_float=Decimal).decode
    for line, text in enumerate(lines, start=1):
        original = partial(escaped, text)
        if not text.strip():
            yield Row(line, original, None)
            continue
        fault = None if text.isascii() else _undecodable(text)
        cells = None
        if fault is None:
            try:
                cells = _picked(decode(text), columns, unseen)
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
