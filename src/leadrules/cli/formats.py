"""The formats in which a command writes for machines: CSV, JSON, Parquet."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from leadrules.cli.consoles import CommandError
from leadrules.values import Type
from leadrules.vocabulary import column_of

if TYPE_CHECKING:
    from leadrules.scoring.document import Scoring
    from leadrules.scoring.score import Score

__all__ = [
    "Format",
    "Told",
    "columns_of_scores",
    "format_of",
    "opened",
    "record_of_score",
    "write_schema",
    "write_scores",
]


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


def columns_of_scores(scoring: Scoring) -> dict[str, Type]:
    """Return the columns that a score has by a policy, with the type of each."""
    results = {name: declared.type for name, declared in scoring.results.items()}
    if scoring.bands:
        results |= {"band_by": Type.STRING, "lacking": Type.STRINGS}
    return {
        "lead_id": Type.STRING,
        "at": Type.DATETIME,
        **results,
        "fired": Type.STRINGS,
        "uncertain": Type.STRINGS,
        "policy": Type.STRING,
    }


def write_scores(
    scores: Sequence[Score], scoring: Scoring, form: Format, output: Path | None
) -> None:
    """Write one row a lead, as CSV, as JSON lines or as Parquet.

    In CSV lists, such as the rules that fired, are joined by `;`.
    """
    columns = columns_of_scores(scoring)
    if form is Format.PARQUET:
        _write_parquet(scores, columns, output)
        return
    with opened(output) as file:
        if form is Format.JSON:
            for score in scores:
                file.write(json.dumps(record_of_score(score, columns), ensure_ascii=False) + "\n")
            return
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(map(column_of, columns))
        for score in scores:
            writer.writerow(
                ";".join(cell) if isinstance(cell, list) else cell
                for cell in record_of_score(score, columns).values()
            )


def write_schema(output: Path | None) -> None:
    """Write the JSON Schema of a policy."""
    from leadrules.policy import policy_schema  # noqa: PLC0415 - for a quick --help

    with opened(output) as file:
        file.write(json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n")


def record_of_score(score: Score, columns: Iterable[str]) -> dict[str, Any]:
    """Return what a score says as plain values, by the names of columns."""
    return {column_of(name): _plain(_value(score, name)) for name in columns}


def _value(score: Score, name: str) -> Any:
    _, is_answer, criterion = name.partition("answer.")
    return score.answer(criterion) if is_answer else getattr(score, name)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _write_parquet(
    scores: Sequence[Score], columns: Mapping[str, Type], output: Path | None
) -> None:
    arrow, parquet = _parquet()
    types = {
        Type.DATETIME: arrow.timestamp("us", tz="UTC"),
        Type.NUMBER: arrow.float64(),
        Type.BOOLEAN: arrow.bool_(),
        Type.STRINGS: arrow.list_(arrow.string()),
    }
    kinds = {name: types.get(declared, arrow.string()) for name, declared in columns.items()}
    if all(isinstance(score.score, int) for score in scores):
        kinds["score"] = arrow.int64()
    data = {
        column_of(name): arrow.array([_value(score, name) for score in scores], kind)
        for name, kind in kinds.items()
    }
    parquet.write_table(arrow.table(data), output)


def _parquet() -> tuple[Any, Any]:
    try:
        import pyarrow as pa  # noqa: PLC0415 - frames are an extra
        from pyarrow import parquet  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        message = f"parquet needs the package '{error.name}'; install leadrules[frames]"
        raise CommandError(message) from None
    return pa, parquet
