"""Lookups: the row of a table says who gets a lead, such as the territory that it lies in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from math import isnan
from typing import Any, NamedTuple

from pydantic import Field

from leadrules.conditions.tree import Path
from leadrules.errors import EvaluationError, Problem, as_written, did_you_mean, one_of
from leadrules.routing.targets import KINDS, two_teams
from leadrules.sections import Prose, Section, Text
from leadrules.values import Type, Value, settle
from leadrules.vocabulary import CLASSES, Vocabulary

__all__ = ["GIVES", "Found", "Lookup", "LookupIndex"]

GIVES = tuple(kind for kind in KINDS if kind != "lookup")
"""What a row can give."""
_EQUAL = (Type.STRING, Type.ENUM, Type.INTEGER, Type.BOOLEAN)
_RANGE = (Type.STRING, Type.ENUM, Type.INTEGER, Type.NUMBER, Type.DATE)
_TEXT = (Type.STRING, Type.ENUM)
MOST_TOLD = 20
"""More problems of one table, or gaps in it, are not told one by one."""
_DAY = timedelta(days=1)

Row = Mapping[str, Any]


class Range(Section):
    """Rows hold for the values of a field between two columns, both ends included."""

    field: Text
    """The field."""
    from_: Text = Field(alias="from")
    """The column of the first value; an empty cell is any before."""
    to: Text
    """The column of the last value; an empty cell is any after. If both are empty, the value may be
    missing."""


class Prefix(Section):
    """Rows hold for the texts of a field that start with a cell; the longest counts."""

    field: Text
    """The field."""
    column: Text
    """The column; an empty cell is any text."""


class Found(NamedTuple):
    """What a row gives.

    Attributes:
        kind: `owner`, `pool`, `role`, `queue` or `partner`.
        name: Who or what.
        row: Its place in the table, from 1.
    """

    kind: str
    name: str
    row: int


class Lookup(Section):
    """How a table says who gets a lead.

    A row holds for a lead if every column in `equal` is the same as the field, and the range or
    the prefix is that of the field. An empty cell in `equal` is any value; where several rows
    hold, one that states the first column goes before one that leaves it empty, and so on.
    """

    table: Text | None = None
    """The table of the policy; by default the one of the same name."""
    equal: Mapping[str, Text] = Field(default_factory=dict)
    """The fields that columns have to be the same as, by column."""
    range: Range | None = None
    """The field that lies between two columns."""
    prefix: Prefix | None = None
    """The field that starts with a column."""
    gives: Mapping[str, Text]
    """The column that says who, by what that is: `{pool: team}`."""
    description: Prose = None
    """What it is for."""

    def named(self, name: str) -> str:
        """Return the table that a lookup of that name reads."""
        return self.table or name

    def fields(self) -> Iterator[tuple[Path, str, tuple[Type, ...]]]:
        """Yield the fields that it reads, each with its path and the types that it may have."""
        for column, field in self.equal.items():
            yield ("equal", column), field, _EQUAL
        if self.range is not None:
            yield ("range", "field"), self.range.field, _RANGE
        if self.prefix is not None:
            yield ("prefix", "field"), self.prefix.field, _TEXT

    def columns(self) -> Iterator[tuple[Path, str]]:
        """Yield the columns that it reads, each with its path."""
        for column in self.equal:
            yield ("equal", column), column
        if self.range is not None:
            yield ("range", "from"), self.range.from_
            yield ("range", "to"), self.range.to
        if self.prefix is not None:
            yield ("prefix", "column"), self.prefix.column
        for kind, column in self.gives.items():
            yield ("gives", kind), column

    def check(  # noqa: PLR0913 - all that it names
        self,
        name: str,
        path: Path,
        *,
        vocabulary: Vocabulary,
        columns: Mapping[str, Sequence[str]],
        rows: Mapping[str, Sequence[Row]],
        known: Mapping[str, Collection[str]],
        warnings: bool = True,
    ) -> Iterator[Problem]:
        """Yield every problem of the lookup and of its rows.

        Args:
            name: What it is called.
            path: Its path.
            vocabulary: The names of fields.
            columns: The columns of each table of the policy.
            rows: The rows of each table.
            known: The names that rows may give, by kind; a kind that is not in it may be any.
            warnings: Whether to look for gaps, too.
        """
        table = self.named(name)
        found = [*self._check_fields(path, vocabulary)]
        if not self.gives:
            found.append(Problem("empty", "it gives nothing", (*path, "gives")))
        for kind in self.gives:
            if kind not in GIVES:
                message = f"'{kind}' is not possible; expected {one_of(GIVES)}"
                found.append(Problem("wrong-value", message, (*path, "gives", kind)))
        if self.range is not None and self.prefix is not None:
            message = "range and prefix stand together; expected one of them"
            found.append(Problem("wrong-value", message, (*path, "prefix")))
        if not (self.equal or self.range or self.prefix):
            message = "it compares nothing; expected equal, range or prefix"
            found.append(Problem("missing-key", message, path))
        if table not in columns:
            place = (*path, "table") if self.table else path
            message = f"no table '{table}'{did_you_mean(table, columns)}"
            found.append(Problem("unknown-name", message, place))
        else:
            for place, column in self.columns():
                if column not in columns[table]:
                    hint = did_you_mean(column, columns[table])
                    message = f"table '{table}' has no column '{column}'{hint}"
                    found.append(Problem("unknown-name", message, (*path, *place)))
        yield from found
        if found or table not in rows:
            return
        wrong = [*_first(self._check_rows(path, rows[table], vocabulary, known))]
        index = None if wrong else LookupIndex(self, rows[table])
        if index is not None:
            wrong += _first(index.check(path))
        yield from wrong
        if index is not None and warnings and not wrong:
            yield from index.gaps(path, vocabulary)

    def _check_fields(self, path: Path, vocabulary: Vocabulary) -> Iterator[Problem]:
        for place, field, kinds in self.fields():
            if field not in vocabulary.fields:
                message = f"no field '{field}'{did_you_mean(field, vocabulary.fields)}"
                yield Problem("unknown-name", message, (*path, *place))
            elif vocabulary.fields[field].type not in kinds:
                noun = vocabulary.fields[field].type.noun
                nouns = [kind.noun for kind in kinds if kind is not Type.ENUM]
                expected = " or ".join(filter(None, [", ".join(nouns[:-1]), nouns[-1]]))
                message = f"'{field}' is {noun}; expected {expected}"
                yield Problem("wrong-type", message, (*path, *place))

    def _check_rows(
        self,
        path: Path,
        rows: Sequence[Row],
        vocabulary: Vocabulary,
        known: Mapping[str, Collection[str]],
    ) -> Iterator[Problem]:
        if not rows:
            message = f"the table '{self.named(str(path[-1]))}' has no rows; it gives nobody a lead"
            yield Problem("empty", message, path)
        compared = {**self.equal}
        if self.range is not None:
            compared |= {self.range.from_: self.range.field, self.range.to: self.range.field}
        if self.prefix is not None:
            compared[self.prefix.column] = self.prefix.field
        columns = dict.fromkeys(column for _, column in self.columns())
        for number, row in enumerate(rows, start=1):
            broken = [*_check_cells(number, row, columns, path)]
            yield from broken
            if broken:
                continue
            for column, field in compared.items():
                cell, declared = _cell(row, column), vocabulary.fields[field]
                if cell is None:
                    continue
                if type(cell) not in CLASSES[declared.type]:
                    message = (
                        f"row {number}: {column}: '{as_written(row[column])}' is not "
                        f"{declared.type.noun}, as '{field}' is"
                    )
                    yield Problem("wrong-type", message, path)
                elif declared.choices and self.prefix is None and cell not in declared.choices:
                    hint = did_you_mean(str(cell), declared.choices)
                    message = f"row {number}: {column}: '{cell}' is no choice of '{field}'{hint}"
                    yield Problem("unknown-name", message, path)
            yield from self._check_given(number, row, path, known)

    def _check_given(
        self, number: int, row: Row, path: Path, known: Mapping[str, Collection[str]]
    ) -> Iterator[Problem]:
        given = {kind: _cell(row, column) for kind, column in self.gives.items()}
        if all(cell is None for cell in given.values()):
            message = f"row {number} gives nobody; expected a name in {one_of(self.gives.values())}"
            yield Problem("empty", message, path)
        for kind, cell in given.items():
            if cell is None:
                continue
            if not isinstance(cell, str):
                message = f"row {number}: {self.gives[kind]}: '{as_written(cell)}' is not a text"
                yield Problem("wrong-type", message, path)
            elif kind in known and cell not in known[kind]:
                noun = "member" if kind == "owner" else kind
                hint = did_you_mean(cell, known[kind])
                message = f"row {number}: {self.gives[kind]}: no {noun} '{cell}'{hint}"
                yield Problem("unknown-name", message, path)
            elif kind == "role" and cell in known.get("pool", ()):
                message = f"row {number}: {self.gives[kind]}: {two_teams(cell)}"
                yield Problem("duplicate", message, path)


class _Span(NamedTuple):
    """A row between two values; an end that is open is None."""

    first: Any
    last: Any
    found: Found


class LookupIndex:
    """The rows of a lookup by what they state, so that none is looked for one by one.

    Args:
        lookup: The document, checked.
        rows: The rows of its table.
    """

    def __init__(self, lookup: Lookup, rows: Sequence[Row]) -> None:
        self.lookup = lookup
        columns, self._fields = list(lookup.equal), list(lookup.equal.values())
        self._by_stated: dict[tuple[bool, ...], dict[tuple[Value, ...], list[_Span]]] = {}
        for number, row in enumerate(rows, start=1):
            cells = [_cell(row, column) for column in columns]
            empty = tuple(cell is None for cell in cells)
            key = tuple(cell for cell in cells if cell is not None)
            span = _Span(*self._ends(row), _given(lookup, row, number))
            self._by_stated.setdefault(empty, {}).setdefault(key, []).append(span)
        order = sorted(self._by_stated)
        spanned = lookup.range is not None
        self._patterns = [
            (
                [
                    field
                    for field, is_empty in zip(self._fields, empty, strict=True)
                    if not is_empty
                ],
                {key: _arranged(x, spanned=spanned) for key, x in self._by_stated[empty].items()},
            )
            for empty in order
        ]
        part = lookup.range or lookup.prefix
        self._field = part.field if part else None

    def _ends(self, row: Row) -> tuple[Value | None, Value | None]:
        if self.lookup.range is not None:
            return _cell(row, self.lookup.range.from_), _cell(row, self.lookup.range.to)
        if self.lookup.prefix is not None:
            return _cell(row, self.lookup.prefix.column), None
        return None, None

    def find(self, record: Mapping[str, Value]) -> Found | None:
        """Return what the row that holds for a lead gives, or None if none does.

        Args:
            record: The known values of the lead by field.

        Raises:
            EvaluationError: If a value cannot be compared with those of the rows.
        """
        get = record.get
        value = get(self._field) if self._field is not None else None
        for fields, by_key in self._patterns:
            key: tuple[Any, ...] = tuple([get(field) for field in fields])
            arranged = by_key.get(key)
            if arranged is None:
                continue
            try:
                found = arranged.find(value)
            except TypeError:
                message = (
                    f"{self._field}: '{as_written(value)}' is of another type than the table's"
                )
                raise EvaluationError(message, field=self._field) from None
            if found is not None:
                return found
        return None

    def check(self, path: Path) -> Iterator[Problem]:
        """Yield every two rows that hold for the same leads."""
        for stated, spans in self._groups():
            where = _where(stated)
            if self.lookup.range is None:
                yield from _twice(spans, where, path)
                continue
            furthest: _Span | None = None
            for span in sorted(spans, key=_start):
                if None not in (span.first, span.last) and span.first > span.last:
                    message = f"row {span.found.row}: '{span.first}' comes after '{span.last}'"
                    yield Problem("wrong-value", message, path)
                elif furthest is not None and _overlap(furthest, span):
                    message = (
                        f"rows {furthest.found.row} and {span.found.row}{where} overlap; "
                        "expected one row for every value"
                    )
                    yield Problem("overlap", message, path)
                if furthest is None or _ends_after(span, furthest):
                    furthest = span

    def gaps(self, path: Path, vocabulary: Vocabulary) -> Iterator[Problem]:
        """Yield every choice of a field, and every value between two ranges, that has no row.

        The rows are such that `check` tells nothing of them.
        """
        found = [*self._choices_without_row(vocabulary), *self._values_without_row()]
        for message in found[:MOST_TOLD]:
            yield Problem("gap", message, path, severity="warning")
        if len(found) > MOST_TOLD:
            message = f"{len(found) - MOST_TOLD} more gaps between the rows of its table"
            yield Problem("gap", message, path, severity="warning")

    def _groups(self) -> Iterator[tuple[dict[str, Value], list[_Span]]]:
        """Yield the rows that state the same values of `equal`, with these values by field."""
        for empty in sorted(self._by_stated):
            fields = [x for x, is_empty in zip(self._fields, empty, strict=True) if not is_empty]
            for key, spans in self._by_stated[empty].items():
                yield dict(zip(fields, key, strict=True)), spans

    def _choices_without_row(self, vocabulary: Vocabulary) -> Iterator[str]:
        for field in self._fields:
            stated = {values.get(field) for values, _ in self._groups()}
            for choice in vocabulary.fields[field].choices if None not in stated else ():
                if choice not in stated:
                    yield f"no row for {field} '{choice}'"

    def _values_without_row(self) -> Iterator[str]:
        for stated, spans in self._groups() if self.lookup.range is not None else ():
            ordered = sorted(spans, key=_start)
            for one, other in pairwise(ordered):
                gap = _gap(one.last, other.first)
                if gap is not None and not self._is_covered(stated, *gap):
                    shown = "' to '".join(str(end) for end in dict.fromkeys(gap))
                    yield (
                        f"no row for '{shown}'{_where(stated)}, between rows {one.found.row} and "
                        f"{other.found.row}"
                    )

    def _is_covered(self, stated: Mapping[str, Value], low: Value, high: Value) -> bool:
        """Return whether one row that states less holds for all values from one to another."""
        low_row, high_row = (self.find({**stated, str(self._field): x}) for x in (low, high))
        return low_row is not None and low_row == high_row


class _Ranges:
    """Rows in the order of their first values."""

    def __init__(self, spans: Sequence[_Span]) -> None:
        self._spans = sorted(spans, key=_start)
        self._starts = [_start(span) for span in self._spans]

    def find(self, value: Value | None) -> Found | None:
        if value is None:
            widest = self._spans[0]
            return widest.found if widest.first is None and widest.last is None else None
        index = bisect_right(self._starts, (True, value)) - 1
        if index < 0:
            return None
        span = self._spans[index]
        last: Any = span.last
        return span.found if last is None or value <= last else None


class _Prefixes:
    """Rows by their prefix, the longest first; without one, the only row."""

    def __init__(self, spans: Sequence[_Span]) -> None:
        self._by_prefix: dict[str | None, Found] = {
            span.first: span.found for span in reversed(spans)
        }
        lengths = {len(span.first) for span in spans if isinstance(span.first, str)}
        self._lengths = sorted(lengths, reverse=True)

    def find(self, value: Value | None) -> Found | None:
        if isinstance(value, str):
            for length in self._lengths:
                found = self._by_prefix.get(value[:length]) if length <= len(value) else None
                if found is not None:
                    return found
        return self._by_prefix.get(None)


def _arranged(spans: Sequence[_Span], *, spanned: bool) -> _Ranges | _Prefixes:
    return _Ranges(spans) if spanned else _Prefixes(spans)


def _cell(row: Row, column: str) -> Value | None:
    """Return a cell, settled; an empty text is no value."""
    found = settle(row[column])
    return None if found == "" else found


def _given(lookup: Lookup, row: Row, number: int) -> Found:
    for kind, column in lookup.gives.items():
        cell = _cell(row, column)
        if cell is not None:
            return Found(kind, str(cell), number)
    return Found("queue", "", number)  # a row that gives nobody is told of by the check


def _start(span: _Span) -> tuple[bool, Any]:
    """Return what ranges are ordered by; one without a first value comes first."""
    return (False, "") if span.first is None else (True, span.first)


def _overlap(one: _Span, other: _Span) -> bool:
    return one.last is None or other.first is None or other.first <= one.last


def _ends_after(one: _Span, other: _Span) -> bool:
    return other.last is not None and (one.last is None or one.last > other.last)


def _gap(last: Any, first: Any) -> tuple[Value, Value] | None:
    """Return the first and the last value between two, as far as values can be counted."""
    low: Any
    high: Any
    if isinstance(last, str) and isinstance(first, str):
        if not (last.isdecimal() and first.isdecimal() and len(last) == len(first)):
            return None
        low, high = (f"{number:0{len(last)}d}" for number in (int(last) + 1, int(first) - 1))
    elif type(last) is int and type(first) is int:
        low, high = last + 1, first - 1
    elif isinstance(last, date) and isinstance(first, date):
        low, high = last + min(_DAY, date.max - last), first - _DAY
    else:
        return None
    return (low, high) if low <= high else None


def _where(stated: Mapping[str, Value]) -> str:
    """Return for which values rows hold, for a message."""
    texts = [f"{field} '{value}'" for field, value in stated.items()]
    return f" of {' and '.join(texts)}" if texts else ""


def _check_cells(number: int, row: Any, columns: Iterable[str], path: Path) -> Iterator[Problem]:
    """Yield every cell of a row that is none; of those of a policy its own check tells."""
    if not isinstance(row, Mapping):
        message = f"row {number} is '{as_written(row)}'; expected values by column"
        yield Problem("wrong-type", message, path)
        return
    for column in columns:
        if column not in row:
            yield Problem("missing-column", f"row {number} has no '{column}'", path)
            continue
        given = row[column]
        try:
            lost = settle(given) is None and isinstance(given, int | float) and not isnan(given)
        except ValueError as error:
            yield Problem("wrong-type", f"row {number}: {column}: {error}", path)
            continue
        if lost:
            message = (
                f"row {number}: {column}: '{as_written(given)}' is not finite, or an integer "
                "beyond 2^53"
            )
            yield Problem("wrong-type", message, path)


def _first(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the first problems, and that there are more."""
    for count, problem in enumerate(problems):
        if count == MOST_TOLD:
            message = f"more is wrong with the rows; these are the first {MOST_TOLD}"
            yield replace(problem, message=message)
            return
        yield problem


def _twice(spans: Sequence[_Span], where: str, path: Path) -> Iterator[Problem]:
    """Yield every row that holds for the same leads as an earlier one."""
    seen: dict[Any, int] = {}
    for span in spans:
        first = seen.setdefault(span.first, span.found.row)
        if first != span.found.row:
            prefix = f", prefix '{span.first}'" if span.first is not None else ""
            message = (
                f"rows {first} and {span.found.row} hold for the same leads{where}{prefix}; "
                "expected one"
            )
            yield Problem("overlap", message, path)
