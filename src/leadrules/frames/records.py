"""The leads of a frame one by one: what is known of each, as a lead by itself says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from leadrules.frames.kinds import PREFIX
from leadrules.frames.opening import Opened
from leadrules.values import Cash, Instant, Span, Type, Value
from leadrules.vocabulary import Vocabulary

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Records", "settled"]

_ROWS = 20_000
"""So many rows are values of Python at one time."""


class Records:
    """How the fields of leads are read from a frame that is collected.

    Args:
        opened: The frame.
        names: The fields; all of them are opened.
        vocabulary: Their declarations.

    Attributes:
        columns: The columns to collect, by name.
    """

    def __init__(self, opened: Opened, names: Sequence[str], vocabulary: Vocabulary) -> None:
        self.columns: dict[str, nw.Expr] = {}
        self._fields: dict[str, tuple[Type, list[str]]] = {}
        for place, name in enumerate(names):
            own = {f"{PREFIX}1{place}_{part}": x for part, x in enumerate(opened.fields[name])}
            self.columns |= own
            self._fields[name] = (vocabulary.fields[name].type, list(own))

    def of(self, frame: pl.DataFrame) -> Iterator[dict[str, Any]]:
        """Yield what is known of each lead by field, row by row; None is missing.

        Args:
            frame: What was collected, with the columns.
        """
        names = list(self._fields)
        if not names:
            yield from ({} for _ in range(len(frame)))
            return
        for part in frame.iter_slices(_ROWS):
            values = [_values(part, kind, own) for kind, own in self._fields.values()]
            for row in zip(*values, strict=True):
                yield dict(zip(names, row, strict=True))


def _values(frame: pl.DataFrame, kind: Type, columns: Sequence[str]) -> Sequence[Any]:
    parts = [frame[column].to_list() for column in columns]
    if kind not in _MADE:
        return parts[0]
    return [None if row[0] is None else settled(kind, row) for row in zip(*parts, strict=True)]


def settled(kind: Type, parts: Sequence[Any]) -> Value:
    """Return what the settled columns of a value hold as the value."""
    make = _MADE.get(kind)
    found: Value = parts[0] if make is None else make(*parts)
    return found


_MADE: Mapping[Type, Any] = {
    Type.MONEY: Cash,
    Type.DATETIME: Instant,
    Type.DURATION: Span,
    Type.STRINGS: tuple,
}
"""What makes a value of its columns, where it is not what the column holds."""
