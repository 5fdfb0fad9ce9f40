"""The rows of tables in CSV files, for policies that declare tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from leadrules.intake.tables import TableError, table_rows

__all__ = ["read_tables"]

Row = dict[str, str]


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
        found[name] = table_rows(folder / file)
    return found
