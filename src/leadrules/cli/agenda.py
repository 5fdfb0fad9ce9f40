"""`leadrules agenda`: a file of leads in, what is owed to them out, the most urgent first."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leadrules.agenda import Agenda, agenda, in_zone, roles_of
from leadrules.cli.consoles import CommandError, note, results
from leadrules.cli.display import LINES_BESIDE
from leadrules.cli.formats import Format, arrow, format_of, opened
from leadrules.cli.inputs import events_by_lead, moment_in, read_events, read_leads, read_policy
from leadrules.cli.rejects import apart, tell_events, tell_intake
from leadrules.engine import Engine
from leadrules.errors import did_you_mean, one_of
from leadrules.events import Event
from leadrules.lead import Lead
from leadrules.lifecycle.owed import Owed, urgency
from leadrules.lifecycle.transition import Settled

__all__ = ["list_agenda"]

_COLUMNS = tuple(Owed.__dataclass_fields__)


def list_agenda(  # noqa: PLR0913 - the command's options
    path: Path,
    *,
    leads: Path,
    mapping: Path | None,
    events: Sequence[Path],
    events_mapping: Path | None,
    tables: Sequence[tuple[str, Path]],
    at: datetime | None,
    role: str | None,
    owner: str | None,
    form: Format | None,
    output: Path | None,
    rejects: Path | None,
    events_rejects: Path | None,
) -> int:
    """List what is owed to the leads of a file, and return the exit status.

    It is 1 if rows were rejected.

    Raises:
        LeadRulesError: If a document is wrong, or the leads cannot be read or evaluated, or no
            role is called so.
        OSError: If a file cannot be read or written.
    """
    form = format_of(form, output)
    read = [path, leads, mapping, *events, events_mapping, *dict(tables).values()]
    apart({"--output": output, "--rejects": rejects, "--events-rejects": events_rejects}, read)
    policy = read_policy(path, tables)
    engine = Engine(policy)
    roles = roles_of(engine.machine.lifecycle)
    if role is not None and role not in roles:
        hint = did_you_mean(role, roles) or f"; expected {one_of(roles)}"
        raise CommandError(f"--role: no role '{role}'{hint}")
    moment = moment_in(policy.policy.zone, at)
    intake = read_leads(leads, policy, mapping=mapping)
    happened = read_events(events, policy.vocabulary, intake, mapping=events_mapping)
    histories = events_by_lead(intake, happened)
    tell_intake(intake, rejects, "--rejects", mapped=mapping is not None)
    tell_events(events, happened, events_rejects, mapped=events_mapping is not None)
    owed: list[Owed] = []
    waiting = 0
    for lead in intake.leads:
        found, moves = _looked_at(engine, lead, histories.get(lead.id, ()), moment)
        owed += found
        waiting += moves
    if waiting:
        them = "1 lead is" if waiting == 1 else f"{waiting} leads are"
        note(f"{them} due for a move that the policy takes by itself, and no event states it")
    owed = [
        item
        for item in owed
        if (role is None or role in item.roles) and owner in (None, item.owner)
    ]
    owed.sort(key=lambda item: (*urgency(item), item.lead_id))
    if form is not Format.TABLE:
        _write(owed, form, output)
    elif output is None:
        _show(owed, policy.policy.zone, results())
    else:
        with opened(output) as file:
            _show(owed, policy.policy.zone, results(file))
    return 1 if any(found.rejects for found in (intake, *happened)) else 0


def _looked_at(
    engine: Engine, lead: Lead, events: Sequence[Event], at: datetime
) -> tuple[Agenda, bool]:
    """Return what is owed to a lead, and whether the policy would move it by itself."""
    found = engine.evaluate(lead, events=events, at=at)
    machine, scoring = engine.machine, engine.policy.scoring
    moves = False
    if found.state is not None:
        derived = found.score.results if found.score else {}
        settled = machine.settle(found.state, lead=lead, at=at, derived=derived)
        moves = isinstance(settled, Settled) and len(settled) > 0
    owed = agenda(lead, found.state, machine=machine, at=at, score=found.score, scoring=scoring)
    return owed, moves


def _show(owed: Sequence[Owed], zone: str, console: Console) -> None:
    """Show the most urgent that a terminal has room for, or all where there is none."""
    room = max(1, console.size.height - LINES_BESIDE) if console.is_terminal else len(owed)
    console.print(owed_table(owed[:room], zone))
    if len(owed) > room:
        more = f"the most urgent {room} of {len(owed)}; --format csv gives all"
        console.print(more, soft_wrap=True)
    elif not owed:
        console.print("nothing is owed")


def owed_table(owed: Sequence[Owed], zone: str) -> Table:
    """Return what is owed as a table, with its deadlines in a zone."""
    table = Table(
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        expand=True,
        header_style="bold",
        pad_edge=False,
    )
    table.add_column("Status", no_wrap=True)
    table.add_column("Lead", max_width=20, overflow="fold")
    table.add_column("What", ratio=3, overflow="fold")
    table.add_column("Due", no_wrap=True)
    table.add_column("Who", ratio=2, overflow="fold")
    for item in owed:
        due = "" if item.due is None else in_zone(item.due, zone).removesuffix(f" {zone}")
        status = item.status.replace("_", " ")
        table.add_row(*map(Text, (status, item.lead_id, item.what, due, item.who)))
    return table


def _write(owed: Sequence[Owed], form: Format, output: Path | None) -> None:
    """Write one row for each thing that is owed; in CSV, roles are joined by `;`."""
    if form is Format.PARQUET:
        _write_parquet(owed, output)
        return
    with opened(output) as file:
        if form is Format.JSON:
            for item in owed:
                file.write(json.dumps(item.to_dict(), ensure_ascii=False) + "\n")
            return
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for item in owed:
            writer.writerow(
                ";".join(cell) if isinstance(cell, list) else cell
                for cell in item.to_dict().values()
            )


def _write_parquet(owed: Sequence[Owed], output: Path | None) -> None:
    pa, parquet = arrow()
    kinds: dict[str, Any] = dict.fromkeys(_COLUMNS, pa.string())
    kinds |= dict.fromkeys(("since", "due", "next_change"), pa.timestamp("us", tz="UTC"))
    kinds |= {"roles": pa.list_(pa.string()), "left": pa.duration("us"), "missing": pa.int64()}
    data = {
        name: pa.array([getattr(item, name) for item in owed], kind) for name, kind in kinds.items()
    }
    parquet.write_table(pa.table(data), output)
