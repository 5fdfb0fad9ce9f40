"""Results that are tables: as text, as HTML for a notebook, as a frame, as data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Literal, NamedTuple

from leadrules.errors import EvaluationError, one_of
from leadrules.layout import Sheet, sheet_html, sheet_text, told
from leadrules.metrics.ratio import half_up, json_value

__all__ = ["BACKENDS", "Column", "Kind", "Tabular"]

Kind = Literal["text", "count", "share", "number", "days", "hours", "moment", "flag", "chance"]
"""What a column holds. A share is from 0 to 1 and shown in percent; days and hours are shown with
one decimal, numbers with three, and so are chances, but none as zero."""

BACKENDS = ("polars", "pandas", "pyarrow", "modin")

_NUMERIC = frozenset({"count", "share", "number", "days", "hours", "chance"})
_LEAST = 0.001
_UNITS = {"share": "%", "days": "days", "hours": "hours", "moment": "UTC"}


class Column(NamedTuple):
    """A column of a result.

    Attributes:
        name: Its name in frames.
        kind: What it holds.
        head: What it is called where people read it; by default its name in words.
    """

    name: str
    kind: Kind = "text"
    head: str | None = None

    @property
    def title(self) -> str:
        """What it is called where people read it, with its unit."""
        unit = _UNITS.get(self.kind)
        words = self.name.replace("_", " ") if self.head is None else self.head
        return words if unit is None or unit in words else f"{words} ({unit})"


class Tabular(ABC):
    """A result that is a table.

    It prints as text, shows itself in a notebook, and gives a frame by `to_frame` and data by
    `to_dict`.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def title(self) -> str:
        """What it tells, in a line."""

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it, in lines below the table."""
        return ()

    @abstractmethod
    def columns(self) -> Sequence[Column]:
        """Return its columns."""

    @abstractmethod
    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, in the order of the columns; what is not known is None."""

    def to_frame(self, backend: str = "polars") -> Any:
        """Return the table as a frame.

        Args:
            backend: The kind of frame: `polars`, `pandas`, `pyarrow` or `modin`.

        Raises:
            EvaluationError: If there is no such kind, or a dimension is called like another column.
        """
        import narwhals.stable.v2 as nw  # noqa: PLC0415 - frames are an extra

        from leadrules.frames.kinds import as_kind  # noqa: PLC0415 - likewise

        if backend not in BACKENDS:
            message = f"backend: '{backend}' is no kind of frame; expected {one_of(BACKENDS)}"
            raise EvaluationError(message, field="backend")
        columns, rows = _apart(self.columns()), self.rows()
        kinds: Mapping[str, Any] = {
            "text": nw.String,
            "count": nw.Int64,
            "moment": nw.Datetime("us", "UTC"),
            "flag": nw.Boolean,
        }
        schema = {x.name: kinds.get(x.kind, nw.Float64) for x in columns}
        data = {x.name: [_plain(row[i], x.kind) for row in rows] for i, x in enumerate(columns)}
        return as_kind(nw.from_dict(data, schema, backend="polars"), backend).to_native()

    def to_dict(self) -> dict[str, Any]:
        """Return it as data that JSON can hold: moments are texts in UTC.

        Raises:
            EvaluationError: If a dimension is called like another column.
        """
        names = [column.name for column in _apart(self.columns())]
        return {
            "title": self.title,
            "notes": list(self.notes),
            "rows": [dict(zip(names, map(json_value, row), strict=True)) for row in self.rows()],
        }

    def __repr__(self) -> str:
        count = len(self)
        return f"<{type(self).__name__}: {told(self.title)}; {count:,} row{'s' * (count != 1)}>"

    def __len__(self) -> int:
        return len(self.rows())

    def __str__(self) -> str:
        notes = [f"  {told(note)}" for note in self.notes]
        return "\n".join([told(self.title), *sheet_text(self.sheet()), *notes])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Return what IPython shows: a table in a notebook, the text where there is no HTML."""
        return {"text/plain": str(self), "text/html": self._repr_html_()}

    def _repr_html_(self) -> str:
        from html import escape  # noqa: PLC0415 - only in a notebook

        notes = "".join(f'<div style="opacity:0.75">{escape(told(x))}</div>' for x in self.notes)
        return (
            '<div style="font-family:system-ui,sans-serif;font-size:0.9em;line-height:1.5">'
            f'<div style="font-weight:600">{escape(told(self.title))}</div>'
            f"{sheet_html(self.sheet())}{notes}</div>"
        )

    def sheet(self) -> Sheet:
        """Return the table as people read it."""
        columns = self.columns()
        rows = [
            [_cell(value, x.kind) for value, x in zip(row, columns, strict=True)]
            for row in self.rows()
        ]
        right = {index for index, x in enumerate(columns) if x.kind in _NUMERIC}
        return Sheet([x.title for x in columns], rows, right)


def _apart(columns: Sequence[Column]) -> Sequence[Column]:
    """Return columns, of which no two have one name."""
    names = [column.name for column in columns]
    for name in names:
        if names.count(name) > 1:
            message = f"by: the result has a column '{name}' of its own; rename that of the leads"
            raise EvaluationError(message, field="by")
    return columns


def _cell(value: Any, kind: Kind) -> str:
    """Return a value as people read it; what is not known is a hyphen, so that no cell is empty."""
    if value is None:
        return "-"
    match kind:
        case "count":
            return f"{value:,}"
        case "share":
            return half_up(100 * float(value), 1)
        case "days" | "hours":
            return half_up(float(value), 1)
        case "number":
            return half_up(float(value), 3)
        case "chance":
            return half_up(float(value), 3) if value >= _LEAST else f"<{_LEAST}"
        case "moment":
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
        case "flag":
            return "yes" if value else "no"
    return str(value)


def _plain(value: Any, kind: Kind) -> Any:
    """Return a value as a column of its kind holds it."""
    if value is None:
        return None
    if kind == "text":
        return str(value)
    return float(value) if kind in {"share", "number", "days", "hours", "chance"} else value
