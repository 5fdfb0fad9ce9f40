"""`leadrules audit`: what a policy would have refused of what happened, by reason."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from rich import box
from rich.console import Console
from rich.table import Table

from leadrules.cli.check import counted
from leadrules.cli.consoles import results
from leadrules.cli.formats import opened
from leadrules.cli.inputs import events_by_lead, moment_in, read_events, read_leads, read_policy
from leadrules.cli.rejects import apart, tell_events, tell_intake
from leadrules.engine import Engine
from leadrules.events import Event, standing
from leadrules.lifecycle.transition import Refusal
from leadrules.values import moment_of

__all__ = ["audit_moves"]


def audit_moves(  # noqa: PLR0913 - the command's options
    path: Path,
    *,
    leads: Path,
    mapping: Path | None,
    events: Sequence[Path],
    events_mapping: Path | None,
    tables: Sequence[tuple[str, Path]],
    at: datetime | None,
    form: Literal["text", "json"],
    output: Path | None,
    rejects: Path | None,
    events_rejects: Path | None,
) -> int:
    """Tell which moves a policy would have refused, and return the exit status.

    It is 1 if there are some, or if rows were rejected.

    Raises:
        LeadRulesError: If a document is wrong, or the leads cannot be read or evaluated.
        OSError: If a file cannot be read or written.
    """
    read = [path, leads, mapping, *events, events_mapping, *dict(tables).values()]
    apart({"--output": output, "--rejects": rejects, "--events-rejects": events_rejects}, read)
    policy = read_policy(path, tables)
    engine = Engine(policy)
    _ = engine.machine  # it says if there is none, before anything is read
    moment = moment_in(policy.policy.zone, at)
    intake = read_leads(leads, policy, mapping=mapping)
    happened = read_events(events, policy.vocabulary, intake, mapping=events_mapping)
    histories = events_by_lead(intake, happened)
    tell_intake(intake, rejects, "--rejects", mapped=mapping is not None)
    tell_events(events, happened, events_rejects, mapped=events_mapping is not None)
    moves: list[Event] = []
    refused: list[Refusal] = []
    for lead in intake.leads:
        stood = standing(histories.get(lead.id, ()), lead_id=lead.id, at=moment_of(moment))
        moves += [event for event in stood if event.kind == "moved"]
        if stood:
            refused += engine.audit(lead, events=histories[lead.id], at=moment)
    if output is None:
        _tell(moves, refused, form, results())
    else:
        with opened(output) as file:
            _tell(moves, refused, form, results(file))
    wrong = any(found.rejects for found in (intake, *happened))
    return 1 if refused or wrong else 0


def _tell(
    moves: Sequence[Event],
    refused: Sequence[Refusal],
    form: Literal["text", "json"],
    console: Console,
) -> None:
    if form == "text":
        _show(moves, refused, console)
        return
    for refusal in refused:
        console.print(json.dumps(_plain(refusal), ensure_ascii=False), soft_wrap=True)


def _show(moves: Sequence[Event], refused: Sequence[Refusal], console: Console) -> None:
    forced = sum(event["forced"] is True for event in moves)
    among = f", {forced} of them forced" if forced else ""
    head = f"{counted('move', moves)} of {counted('lead', {x.lead_id for x in moves})}{among}"
    of_moves = sum(refusal.to is not None for refusal in refused)
    console.print(f"{head}: the policy would have refused {of_moves or 'none'}", soft_wrap=True)
    idle = len(refused) - of_moves
    if idle:
        what = "1 other fact" if idle == 1 else f"{idle} other facts"
        console.print(f"{what} had no effect", soft_wrap=True)
    if not refused:
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("Facts" if idle else "Moves", "Leads"):
        table.add_column(name, justify="right")
    table.add_column("Reason", no_wrap=True)
    table.add_column("Such as", overflow="fold")
    for code, found in _by_reason(refused):
        first = found[0]
        unmet = next(x for x in first.unmet if x.code == code)
        way = first.stage if first.to is None else f"{first.stage} -> {first.to}"
        such = f"lead {first.lead_id}, {way}: {unmet.message}"
        table.add_row(str(len(found)), str(len({x.lead_id for x in found})), code, such)
    console.print(table)


def _by_reason(refused: Iterable[Refusal]) -> list[tuple[str, list[Refusal]]]:
    """Return refusals by their reasons, the most frequent first; one may have several."""
    found: dict[str, list[Refusal]] = {}
    for refusal in refused:
        for code in refusal.codes:
            found.setdefault(code, []).append(refusal)
    return sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))


def _plain(refusal: Refusal) -> dict[str, Any]:
    return {
        "lead_id": refusal.lead_id,
        "at": refusal.at.isoformat(),
        "stage": refusal.stage,
        "to": refusal.to,
        "unmet": [{"code": x.code, "message": x.message, "needs": x.needs} for x in refusal.unmet],
    }
