"""`leadrules report`: files of leads and events in, how the process does out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from rich.text import Text

from leadrules.cli.consoles import CommandError, results
from leadrules.cli.costs import cost_frame, read_costs
from leadrules.cli.formats import opened
from leadrules.cli.inputs import events_by_lead, moment_in, read_events, read_leads, read_policy
from leadrules.cli.rejects import apart, tell_events, tell_intake
from leadrules.engine import Engine
from leadrules.report import Report
from leadrules.report.paper import WIDTH

__all__ = ["Form", "report_leads"]

Form = Literal["table", "json", "html"]
"""How a report is written."""

_SUFFIXES: dict[str, Form] = {".html": "html", ".htm": "html", ".json": "json", ".txt": "table"}


def report_leads(  # noqa: PLR0913 - the command's options
    path: Path,
    *,
    leads: Path,
    mapping: Path | None,
    events: Sequence[Path],
    events_mapping: Path | None,
    tables: Sequence[tuple[str, Path]],
    at: datetime | None,
    period: str | None,
    by: Sequence[str],
    costs: Path | None,
    costs_mapping: Path | None,
    brief: bool,
    form: Form | None,
    output: Path | None,
    rejects: Path | None,
    events_rejects: Path | None,
) -> int:
    """Report on the process of a policy, and return the exit status.

    It is 1 if rows were rejected.

    Raises:
        LeadRulesError: If a document is wrong, or the leads cannot be read or measured.
        OSError: If a file cannot be read or written.
    """
    form = _form_of(form, output)
    read = [path, leads, mapping, *events, events_mapping, *dict(tables).values()]
    read += [costs, costs_mapping]
    apart({"--output": output, "--rejects": rejects, "--events-rejects": events_rejects}, read)
    policy = read_policy(path, tables)
    moment = moment_in(policy.policy.zone, at)
    intake = read_leads(leads, policy, mapping=mapping)
    happened = read_events(events, policy.vocabulary, intake, mapping=events_mapping)
    histories = events_by_lead(intake, happened)
    tell_intake(intake, rejects, "--rejects", mapped=mapping is not None)
    tell_events(events, happened, events_rejects, mapped=events_mapping is not None)
    spent = read_costs(costs, policy.vocabulary, mapping=costs_mapping) if costs else None
    try:
        found = Engine(policy).report(
            policy.frame(intake.leads),
            policy.event_frame(event for own in histories.values() for event in own),
            at=moment,
            period=period,
            by=by or None,
            costs=cost_frame(spent, costs) if spent and costs else None,
        )
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        message = f"a report needs the package '{package}'; install leadrules[metrics]"
        raise CommandError(message) from None
    _write(found, form, output, brief=brief)
    every = (intake, *happened, *((spent,) if spent else ()))
    return 1 if any(found.rejects for found in every) else 0


def _form_of(stated: Form | None, output: Path | None) -> Form:
    """Return the form that was asked for, or the one that the output's name ends in."""
    if stated is not None or output is None:
        return stated or "table"
    form = _SUFFIXES.get(output.suffix.lower())
    if form is None:
        known = ", ".join(_SUFFIXES)
        message = f"{output}: no format for '{output.suffix}'; expected {known}, or --format"
        raise CommandError(message)
    return form


def _write(found: Report, form: Form, output: Path | None, *, brief: bool) -> None:
    with opened(output) as file:
        if form == "html":
            file.write(found.html())
        elif form == "json":
            file.write(json.dumps(found.to_dict(), indent=2, ensure_ascii=False) + "\n")
        else:
            console = results(None if output is None else file)
            width = console.width if console.is_terminal else WIDTH
            console.print(Text(found.text(width=width, brief=brief)), soft_wrap=True)
