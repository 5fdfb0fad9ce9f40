"""Tables in CSV whose cells are texts, such as those that a policy declares."""

from __future__ import annotations

from pathlib import Path

from leadrules.errors import LeadRulesError
from leadrules.intake.csv_text import csv_records

__all__ = ["TableError", "table_rows"]


class TableError(LeadRulesError):
    """Tell what is wrong with a table, or with how it is named."""


def table_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file with a header, each cell a text by its column.

    Raises:
        TableError: If the file is empty, or a record is broken.
        OSError: If the file cannot be read.
    """
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        header: list[str] | None = None
        rows: list[dict[str, str]] = []
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
