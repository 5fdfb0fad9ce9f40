"""Scores written for machines: CSV, JSON, Parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from leadrules.cli.formats import Format, arrow, opened
from leadrules.scoring.document import Scoring
from leadrules.scoring.score import Score
from leadrules.values import Type
from leadrules.vocabulary import column_of

__all__ = ["columns_of_scores", "record_of_score", "write_scores"]


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
    pa, parquet = arrow()
    types = {
        Type.DATETIME: pa.timestamp("us", tz="UTC"),
        Type.NUMBER: pa.float64(),
        Type.BOOLEAN: pa.bool_(),
        Type.STRINGS: pa.list_(pa.string()),
    }
    kinds = {name: types.get(declared, pa.string()) for name, declared in columns.items()}
    if all(isinstance(score.score, int) for score in scores):
        kinds["score"] = pa.int64()
    data = {
        column_of(name): pa.array([_value(score, name) for score in scores], kind)
        for name, kind in kinds.items()
    }
    parquet.write_table(pa.table(data), output)
