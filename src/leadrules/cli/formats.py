"""The formats in which a command writes, and where it writes to."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

from leadrules.cli.consoles import CommandError

__all__ = ["Format", "Told", "arrow", "format_of", "opened", "write_schema"]


class Format(StrEnum):
    """How scores are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


class Told(StrEnum):
    """How one score is explained."""

    TEXT = "text"
    HTML = "html"
    JSON = "json"


_SUFFIXES = {
    ".csv": Format.CSV,
    ".json": Format.JSON,
    ".jsonl": Format.JSON,
    ".ndjson": Format.JSON,
    ".parquet": Format.PARQUET,
}


def format_of(stated: Format | None, output: Path | None) -> Format:
    """Return the format that was asked for, or the one that the output's name ends in.

    Raises:
        CommandError: If the name does not tell it, or Parquet was asked for and cannot be had.
    """
    form = stated
    if form is None and output is not None:
        form = _SUFFIXES.get(output.suffix.lower())
        if form is None:
            known = ", ".join(_SUFFIXES)
            message = f"{output}: no format for '{output.suffix}'; expected {known}, or --format"
            raise CommandError(message)
    if form is Format.PARQUET:
        if output is None:
            raise CommandError("parquet is no text for a terminal; expected --output FILE")
        arrow()
    return form or Format.TABLE


@contextmanager
def opened(output: Path | None) -> Iterator[TextIO]:
    """Give the file to write to: the one that is named, else standard output."""
    if output is None:
        yield sys.stdout
        return
    with output.open("w", encoding="utf-8", newline="") as file:
        yield file


def write_schema(output: Path | None) -> None:
    """Write the JSON Schema of a policy."""
    from leadrules.policy import policy_schema  # noqa: PLC0415 - for a quick --help

    with opened(output) as file:
        file.write(json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n")


def arrow() -> tuple[Any, Any]:
    """Return pyarrow and its module for Parquet.

    Raises:
        CommandError: If it is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - frames are an extra
        from pyarrow import parquet  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        message = f"parquet needs the package '{error.name}'; install leadrules[frames]"
        raise CommandError(message) from None
    return pa, parquet
