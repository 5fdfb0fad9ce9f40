"""The formats in which a command writes for machines: CSV, JSON, Parquet."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from leadrules.cli.consoles import CommandError

if TYPE_CHECKING:
    from leadrules.scoring.score import Score

__all__ = ["COLUMNS", "Format", "format_of", "opened", "write_schema", "write_scores"]

COLUMNS = ("lead_id", "at", "score", "fit", "fired", "uncertain", "policy")


class Format(StrEnum):
    """How scores are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


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
        _parquet()
    return form or Format.TABLE


@contextmanager
def opened(output: Path | None) -> Iterator[TextIO]:
    """Give the file to write to: the one that is named, else standard output."""
    if output is None:
        yield sys.stdout
        return
    with output.open("w", encoding="utf-8", newline="") as file:
        yield file


def write_scores(scores: Sequence[Score], form: Format, output: Path | None) -> None:
    """Write one row a lead, as CSV, as JSON lines or as Parquet.

    In CSV the rules that fired and the uncertain characteristics are joined by `;`.
    """
    if form is Format.PARQUET:
        _write_parquet(scores, output)
        return
    with opened(output) as file:
        if form is Format.JSON:
            for score in scores:
                file.write(json.dumps(_record(score), ensure_ascii=False) + "\n")
            return
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for score in scores:
            writer.writerow(
                ";".join(cell) if isinstance(cell, list) else cell
                for cell in _record(score).values()
            )


def write_schema(output: Path | None) -> None:
    """Write the JSON Schema of a policy."""
    from leadrules.policy import policy_schema  # noqa: PLC0415 - for a quick --help

    with opened(output) as file:
        file.write(json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n")


def _record(score: Score) -> dict[str, Any]:
    return {
        "lead_id": score.lead_id,
        "at": score.at.isoformat(),
        "score": score.score,
        "fit": score.fit,
        "fired": list(score.fired),
        "uncertain": list(score.uncertain),
        "policy": score.policy,
    }


def _write_parquet(scores: Sequence[Score], output: Path | None) -> None:
    arrow, parquet = _parquet()
    whole = all(isinstance(score.score, int) for score in scores)
    types = {
        "lead_id": arrow.string(),
        "at": arrow.timestamp("us", tz="UTC"),
        "score": arrow.int64() if whole else arrow.float64(),
        "fit": arrow.float64(),
        "fired": arrow.list_(arrow.string()),
        "uncertain": arrow.list_(arrow.string()),
        "policy": arrow.string(),
    }
    columns = {
        name: arrow.array([getattr(score, name) for score in scores], kind)
        for name, kind in types.items()
    }
    parquet.write_table(arrow.table(columns), output)


def _parquet() -> tuple[Any, Any]:
    try:
        import pyarrow as pa  # noqa: PLC0415 - frames are an extra
        from pyarrow import parquet  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        message = f"parquet needs the package '{error.name}'; install leadrules[frames]"
        raise CommandError(message) from None
    return pa, parquet
