"""`leadrules score`: a file of leads in, one row a lead out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from leadrules.cli.consoles import results
from leadrules.cli.display import show_leads
from leadrules.cli.formats import Format, format_of, opened
from leadrules.cli.inputs import (
    events_by_lead,
    moment_in,
    read_events,
    read_leads,
    read_policy,
)
from leadrules.cli.rejects import apart, tell_events, tell_intake
from leadrules.cli.scores import write_scores
from leadrules.engine import Engine

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
    apart({"--output": output, "--rejects": rejects, "--events-rejects": events_rejects}, read)
    policy = read_policy(path, tables)
    scorer = Engine(policy).scorer
    moment = moment_in(policy.policy.zone, at)
    intake = read_leads(leads, policy, mapping=mapping)
    happened = read_events(events, policy.vocabulary, intake, mapping=events_mapping)
    histories = events_by_lead(intake, happened)
    scores = [
        scorer.score(lead, events=histories.get(lead.id, ()), at=moment) for lead in intake.leads
    ]
    tell_intake(intake, rejects, "--rejects", mapped=mapping is not None)
    tell_events(events, happened, events_rejects, mapped=events_mapping is not None)
    if form is not Format.TABLE:
        write_scores(scores, scorer.scoring, form, output)
    elif output is None:
        show_leads(scores, results())
    else:
        with opened(output) as file:
            show_leads(scores, results(file))
    return 1 if any(found.rejects for found in (intake, *happened)) else 0
