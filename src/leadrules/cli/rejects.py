"""What a command says of the rows that it read, and where the rejected ones are written."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from leadrules.cli.consoles import messages
from leadrules.cli.formats import opened
from leadrules.errors import EvaluationError
from leadrules.intake import Intake

__all__ = ["apart", "tell_events", "tell_intake"]


def tell_intake(intake: Intake, rejects: Path | None, option: str, *, mapped: bool) -> None:
    """Say what was read, and write the rejected rows where they are wanted."""
    if rejects:
        intake.write_rejects(rejects)
    messages().print(intake.summary(mapped=mapped), soft_wrap=True)
    if intake.rejects and not rejects:
        messages().print(f"{option} FILE writes the rejected rows", soft_wrap=True)


def tell_events(
    paths: Sequence[Path], read: Sequence[Intake], rejects: Path | None, *, mapped: bool
) -> None:
    """Say what was read of files of events, and write the rejected rows where they are wanted."""
    for found in read:
        tell_intake(found, rejects, "--events-rejects", mapped=mapped)
    if rejects and len(read) > 1:
        _write_rejects(zip(paths, read, strict=True), rejects)


def _write_rejects(read: Iterable[tuple[Path, Intake]], output: Path) -> None:
    """Write the rejected rows of several files, each with its file."""
    with opened(output) as file:
        writer = csv.writer(file)
        writer.writerow(["file", "line", "column", "code", "reason", "text"])
        for path, intake in read:
            for found in intake.rejects:
                row = (found.line, found.column, found.code, found.reason, found.text)
                writer.writerow([path, *row])


def apart(written: Mapping[str, Path | None], read: Iterable[Path | None]) -> None:
    """Refuse to write over a file that is read, or one file twice.

    Raises:
        EvaluationError: If a file would be written over.
    """
    taken = {path.resolve() for path in read if path is not None}
    for option, path in written.items():
        if path is None:
            continue
        if path.resolve() in taken:
            message = f"{option}: '{path}' is read or written already; expected another file"
            raise EvaluationError(message, field=option)
        taken.add(path.resolve())
