"""The records of CSV text: every character of it belongs to exactly one of them."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from leadrules.intake.cells import Unreadable

__all__ = ["Record", "csv_records", "escaped", "undecodable"]

SURROGATE = re.compile("[\ud800-\udfff]")
UNDECODED = re.compile("[\udc80-\udcff]")


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
            fault.reason += "; reading went on at the next line" if line > 1 else ""
        text = "".join(served.taken)
        if fault is None and not text.isascii():
            fault = undecodable(text)
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


def undecodable(text: str) -> Unreadable | None:
    """Return the fault of a text with bytes that could not be decoded, or None."""
    match = SURROGATE.search(text)
    if match is None:
        return None
    return Unreadable("undecodable", f"'{escaped(match[0])}' is not of the encoding")


def escaped(text: str) -> str:
    r"""Return a text that is valid Unicode: a byte that could not be decoded becomes `\xff`.

    Examples:
        >>> print(escaped("\udcff \ud800"))
        \xff \ud800
    """
    if text.isascii():
        return text
    known = UNDECODED.sub(lambda match: f"\\x{ord(match[0]) & 0xFF:02x}", text)
    return known.encode("utf-8", "backslashreplace").decode("utf-8")
