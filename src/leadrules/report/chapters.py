"""The chapters of a report: sentences, tables and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadrules.layout import Sheet

if TYPE_CHECKING:
    from leadrules.metrics.tabular import Tabular

__all__ = ["Chapter", "Exhibit"]

MOST_ROWS = 60
"""More rows than this nobody reads on a page."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A result that a chapter shows.

    Attributes:
        result: The result: it has a title, a table, notes, and maybe a picture.
        is_drawn: Whether the page shows its picture.
        most: How many of its rows are shown.
        name: What it is called on a page; by default as its title begins.
    """

    result: Tabular
    is_drawn: bool = False
    most: int = MOST_ROWS
    name: str = ""

    @property
    def head(self) -> str:
        """What it is called on a page."""
        name = self.name or self.result.title.partition(":")[0]
        return name[:1].upper() + name[1:]

    @property
    def sheet(self) -> Sheet:
        """Its table, no longer than is read."""
        sheet = self.result.sheet()
        return sheet._replace(rows=sheet.rows[: self.most])

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read the table."""
        count = len(self.result)
        cut = [f"the first {self.most} of {count:,} rows"] if count > self.most else []
        return [*cut, *self.result.notes]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the report.

    Attributes:
        title: The question that it answers.
        about: What is counted, in a sentence.
        said: What was found, in sentences; the first also stands at the top of the report.
        exhibits: The tables and pictures that show it.
        missing: What could not be measured, and why.
    """

    title: str
    about: str
    said: tuple[str, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What a link to it is called."""
        return "".join(x if x.isalnum() else "-" for x in self.title.lower()).strip("-")
