"""Opening a frame of leads, and closing it with results: the same kind, the rows in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError, one_of
from leadrules.frames.columns import Columns
from leadrules.frames.kinds import PREFIX, as_kind, recognised
from leadrules.lead import LEAST
from leadrules.values import Type
from leadrules.vocabulary import Vocabulary, columns_of

__all__ = ["AT", "LEAD", "PREVIOUS", "Opened", "joined", "open_frame"]

# No field's settled column is called so, since no field begins with a digit.
AT = f"{PREFIX}0at"
"""The settled column of each lead's own moment."""
LEAD = f"{PREFIX}0lead"
"""The settled column of the leads' ids."""
PREVIOUS = f"{PREFIX}0previous"
"""The settled column of the bands that leads were in before."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A frame with the columns that a policy reads settled beside its own.

    Attributes:
        frame: The frame to compute on, lazily; what it returns goes to `closed`.
        fields: The settled column of each field by name; money has its currency as a second.
        at: The settled column of the moment, if it was a column.
        eager: Whether the caller's frame is eager, so that it goes through polars.
    """

    frame: nw.LazyFrame[Any]
    fields: Mapping[str, tuple[nw.Expr, ...]]
    at: nw.Expr | None
    eager: bool
    _native: Any
    # Asking a lazy frame for its columns may run a query, so they are asked for once.
    _columns: Sequence[str]
    _added: int = 0

    def beside(self, columns: Mapping[str, nw.Expr]) -> tuple[Opened, Mapping[str, nw.Expr]]:
        """Return the frame with columns of ours added, and the expressions that read them."""
        if not columns:
            return self, {}
        names = {name: f"{PREFIX}{index}" for index, name in enumerate(columns, self._added)}
        frame = self.frame.with_columns(**{names[name]: found for name, found in columns.items()})
        opened = replace(self, frame=frame, _added=self._added + len(names))
        return opened, {name: nw.col(found) for name, found in names.items()}

    def joined(self, other: nw.LazyFrame[Any], on: Sequence[str]) -> Opened:
        """Return the frame with what another says of its rows; one that it lacks has nothing.

        Args:
            other: A frame with at most one row for each combination of keys.
            on: The settled columns that both have.
        """
        return replace(self, frame=joined(self.frame, other, on))

    def closed(self, results: Mapping[str, nw.Expr]) -> Any:
        """Return the caller's frame with result columns added, in the caller's kind."""
        # To databases, names that differ in case only are the same.
        kept = self.eager or self.frame.implementation.is_polars()
        theirs = {name if kept else name.lower(): name for name in self._columns}
        taken = [name for name in results if (name if kept else name.lower()) in theirs]
        if taken:
            name = min(taken)
            such = theirs[name if kept else name.lower()]
            what = "such a column" if such == name else f"a column '{such}'"
            message = f"{name}: the frame has {what} already; rename it or drop it"
            raise EvaluationError(message, field=name)
        named = [expression.alias(name) for name, expression in results.items()]
        if not self.eager:
            return self.frame.select(*self._columns, *named).to_native()
        # First beside the rows: an expression that reads no column is one value otherwise.
        found = self.frame.with_columns(*named).select(*results).collect("polars")
        native = nw.from_native(self._native, eager_only=True)
        return native.with_columns(
            *as_kind(found, native.implementation).iter_columns()
        ).to_native()


def open_frame(
    leads: Any,
    names: Iterable[str],
    *,
    vocabulary: Vocabulary,
    at: str | None = None,
    texts: Mapping[str, Sequence[str]] | None = None,
) -> Opened:
    """Return a frame with the named fields settled.

    A value that no lead could have (NaN, an integer beyond 2^53, less than none of something,
    a currency that is no code) is missing. A column that is absent, or of a type that its field
    cannot have, is an error.

    Args:
        leads: Any frame that narwhals knows. One row a lead.
        names: The fields that will be read.
        vocabulary: Their declarations.
        at: The column that holds each lead's moment, if it is a column.
        texts: Columns of text that will be read beside the fields, by the name of the settled
            column; of several, the first that there is.

    Raises:
        EvaluationError: If a column is absent or of a wrong type. It names the column.
    """
    native = recognised(leads)
    wanted = {name: vocabulary.fields[name] for name in names}
    theirs = native.collect_schema().names()
    more = {name: _first(found, theirs) for name, found in (texts or {}).items()}
    if at is not None:
        more[AT] = at
    needed = [column for name, found in wanted.items() for column in columns_of(name, found)]
    columns = Columns(native, [*needed, *more.values()])
    settled: dict[str, nw.Expr] = {}
    fields: dict[str, tuple[nw.Expr, ...]] = {}
    for name, declaration in wanted.items():
        own = columns_of(name, declaration)
        if declaration.type is Type.MONEY:
            found: tuple[nw.Expr, ...] = columns.money(*own)
        else:
            value = columns.settled(own[0], declaration.type)
            least = LEAST.get(name)
            found = (value if least is None else nw.when(value >= least).then(value),)
        settled |= {PREFIX + column: value for column, value in zip(own, found, strict=True)}
        fields[name] = tuple(nw.col(PREFIX + column) for column in own)
    for name, column in more.items():
        settled[name] = columns.settled(column, Type.DATETIME if name == AT else Type.STRING)
    frame = columns.frame.with_columns(**settled) if settled else columns.frame
    moment = None if at is None else nw.col(AT)
    return Opened(frame, fields, moment, isinstance(native, nw.DataFrame), leads, columns.names)


def _first(columns: Sequence[str], there: Sequence[str]) -> str:
    found = next((column for column in columns if column in there), None)
    if found is None and len(columns) > 1:
        message = f"the frame has no column {one_of(columns)}, by which a lead has its events"
        raise EvaluationError(message, field=columns[0])
    return found or columns[0]


def joined(
    frame: nw.LazyFrame[Any], other: nw.LazyFrame[Any], on: Sequence[str]
) -> nw.LazyFrame[Any]:
    """Return a frame with the columns of another beside its own, its rows in order."""
    if not frame.implementation.is_polars():
        return frame.join(other, on=list(on), how="left")
    found: nw.LazyFrame[Any] = nw.from_native(
        frame.to_native().join(other.to_native(), on=list(on), how="left", maintain_order="left")
    )
    return found
