"""`leadrules score`: a file of leads in, one row a lead out."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from leadrules.cli.consoles import messages, results
from leadrules.cli.display import show_leads
from leadrules.cli.formats import Format, format_of, opened
from leadrules.cli.inputs import (
    events_by_lead,
    moment_in,
    read_events,
    read_leads,
    read_policy,
)
from leadrules.cli.scores import write_scores
from leadrules.engine import Engine
from leadrules.errors import EvaluationError
from leadrules.intake import Intake

__all__ = ["score_leads"]


def score_leads(  # noqa: PLR0913 - the command's options
    path: Path,
    *,
    leads: Path,
    mapping: Path | None,
    events: Sequence[Path],
    events_mapping: Path | None,
    tables: Sequence[tuple[str, Path]],
    at: datetime | None,
    form: Format | None,
    output: Path | None,
    rejects: Path | None,
    events_rejects: Path | None,
) -> int:
    """Score the leads of a file, and return the exit status: 1 if rows were rejected.

    Raises:
        LeadRulesError: If a document is wrong, or the leads cannot be read or scored.
        OSError: If a file cannot be read or written.
    """
    form = format_of(form, output)
    read = [path, leads, mapping, *events, events_mapping, *dict(tables).values()]
    _apart({"--output": output, "--rejects": rejects, "--events-rejects": events_rejects}, read)
    policy = read_policy(path, tables)
    scorer = Engine(policy).scorer
    moment = moment_in(policy.policy.zone, at)
    intake = read_leads(leads, policy, mapping=mapping)
    happened = read_events(events, policy.vocabulary, intake, mapping=events_mapping)
    histories = events_by_lead(intake, happened)
    scores = [
        scorer.score(lead, events=histories.get(lead.id, ()), at=moment) for lead in intake.leads
    ]
    _report(intake, rejects, "--rejects", mapped=mapping is not None)
    for found in happened:
        _report(found, events_rejects, "--events-rejects", mapped=events_mapping is not None)
    if events_rejects and len(happened) > 1:
        _write_rejects(zip(events, happened, strict=True), events_rejects)
    if form is not Format.TABLE:
        write_scores(scores, scorer.scoring, form, output)
    elif output is None:
        show_leads(scores, results())
    else:
        with opened(output) as file:
            show_leads(scores, results(file))
    return 1 if any(found.rejects for found in (intake, *happened)) else 0


def _report(intake: Intake, rejects: Path | None, option: str, *, mapped: bool) -> None:
    """Say what was read, and write the rejected rows where they are wanted."""
    if rejects:
        intake.write_rejects(rejects)
    messages().print(intake.summary(mapped=mapped), soft_wrap=True)
    if intake.rejects and not rejects:
        messages().print(f"{option} FILE writes the rejected rows", soft_wrap=True)


def _write_rejects(read: Iterable[tuple[Path, Intake]], output: Path) -> None:
    """Write the rejected rows of several files, each with its file."""
    with opened(output) as file:
        writer = csv.writer(file)
        writer.writerow(["file", "line", "column", "code", "reason", "text"])
        for path, intake in read:
            for found in intake.rejects:
                row = (found.line, found.column, found.code, found.reason, found.text)
                writer.writerow([path, *row])


def _apart(written: Mapping[str, Path | None], read: Iterable[Path | None]) -> None:
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
