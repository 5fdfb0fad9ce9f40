"""The rows of tables in CSV files, for policies that declare tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from leadrules.errors import LeadRulesError
from leadrules.intake.csv_text import csv_records

__all__ = ["TableError", "read_tables"]

Row = dict[str, str]


class TableError(LeadRulesError):
    """Tell what is wrong with a table, or with how it is named."""


def read_tables(entries: Iterable[str], folder: Path) -> Mapping[str, list[Row]]:
    """Return the rows of each table.

    Args:
        entries: The tables, each as `NAME=FILE.csv`.
        folder: Where relative files are looked for.

    Raises:
        TableError: If an entry or a file is wrong.
        OSError: If a file cannot be read.
    """
    found: dict[str, list[Row]] = {}
    for entry in entries:
        name, equals, file = (part.strip() for part in entry.partition("="))
        if not (name and equals and file):
            message = f"leadrules_tables: '{entry}' is no table; expected NAME=FILE.csv"
            raise TableError(message)
        if name in found:
            message = f"leadrules_tables: '{name}' is named twice; expected one file for each table"
            raise TableError(message)
        found[name] = _rows(folder / file)
    return found


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        header: list[str] | None = None
        rows: list[Row] = []
        for record in csv_records(lines):
            if record.fault:
                message = f"{path}:{record.line}: {record.fault.reason}"
                raise TableError(message)
            if record.cells and header is None:
                header = [name.strip() for name in record.cells]
            elif record.cells and header:
                rows.append(dict(zip(header, record.cells, strict=True)))
    if header is None:
        message = f"{path}: the file is empty; expected a header"
        raise TableError(message)
    return rows
