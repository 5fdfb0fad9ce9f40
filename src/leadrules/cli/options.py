"""The arguments and options that several commands share, and how their texts are read."""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = [
    "At",
    "Events",
    "EventsMapping",
    "EventsRejects",
    "LeadsFile",
    "LeadsMapping",
    "Output",
    "PolicyFile",
    "Rejects",
    "Tables",
    "percent",
]

MOST = 100


def _moment(text: str) -> datetime:
    from leadrules.sections import parse_day  # noqa: PLC0415 - for a quick --help
    from leadrules.values import parse_moment  # noqa: PLC0415 - as above

    try:
        return datetime.combine(parse_day(text), time())
    except ValueError:
        pass
    try:
        return parse_moment(text)
    except ValueError:
        message = f"'{text}' is not a moment of ISO 8601, such as 2026-10-05T09:00+02:00"
        raise typer.BadParameter(message) from None


def _table(text: str) -> tuple[str, Path]:
    name, mark, file = text.partition("=")
    if not (name and mark and file):
        message = f"'{text}' does not name a table and its file, such as territories=rows.csv"
        raise typer.BadParameter(message)
    return name, Path(file)


def percent(text: str) -> float:
    """Return the percentage that a text says, with or without its sign.

    Raises:
        BadParameter: If it says none from 0 to 100.
    """
    try:
        found = float(text.strip().removesuffix("%"))
    except ValueError:
        found = -1
    if not 0 <= found <= MOST:
        message = f"'{text}' is not a percentage from 0 to 100, such as 5"
        raise typer.BadParameter(message)
    return found


PolicyFile = Annotated[
    Path, typer.Argument(metavar="POLICY", help="The policy: a YAML or JSON file.")
]
Tables = Annotated[
    list[Any] | None,
    typer.Option(
        "--table",
        metavar="NAME=FILE.csv",
        parser=_table,
        help="The rows of a table that the policy declares. May be given several times.",
    ),
]
At = Annotated[
    datetime | None,
    typer.Option(
        "--at",
        metavar="MOMENT",
        parser=_moment,
        help="The moment, in ISO 8601; without an offset, in the policy's zone; a date alone is "
        "its 00:00. By default now.",
    ),
]
Events = Annotated[
    list[Path] | None,
    typer.Option(
        "--events",
        metavar="FILE",
        help="What the leads did: a table of events. May be given several times; all of one form.",
    ),
]
EventsMapping = Annotated[
    Path | None,
    typer.Option(
        "--events-mapping",
        metavar="FILE",
        help="Which columns of the events are which. Without it they are lead_id, time, type, "
        "one for each property, and maybe id and kind.",
    ),
]
LeadsFile = Annotated[
    Path,
    typer.Option(
        "--leads",
        metavar="FILE",
        help="The leads: .csv, .tsv, .jsonl or .parquet, by its name.",
    ),
]
LeadsMapping = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        metavar="FILE",
        help="Which columns are which fields. Without it, columns are called as fields are: "
        "company.employees or company_employees; id is a must.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write here, not to standard output."),
]
Rejects = Annotated[
    Path | None,
    typer.Option("--rejects", metavar="FILE", help="Write the rejected rows here, as CSV."),
]
EventsRejects = Annotated[
    Path | None,
    typer.Option("--events-rejects", metavar="FILE", help="Likewise the rejected rows of events."),
]
