"""`leadrules route`: a file of leads in, who gets each of them out, or why one was not given."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leadrules.cli.consoles import CommandError, messages, note, results
from leadrules.cli.display import LINES_BESIDE
from leadrules.cli.explain import WIDTH
from leadrules.cli.formats import Format, arrow, format_of, opened
from leadrules.cli.inputs import events_by_lead, moment_in, read_events, read_leads, read_policy
from leadrules.cli.rejects import apart, tell_events, tell_intake
from leadrules.engine import Engine, Evaluation
from leadrules.errors import EvaluationError, did_you_mean
from leadrules.events import Event
from leadrules.lead import Lead
from leadrules.policy import Policy
from leadrules.routing.assignment import Assignment
from leadrules.routing.rotation import Rotation
from leadrules.routing.router import Answered
from leadrules.routing.trace import Trace

__all__ = ["route_leads"]

_COLUMNS = (
    "lead_id",
    "time",
    "rule",
    "pool",
    "owner",
    "queue",
    "partner",
    "code",
    "clock",
    "packages",
    "reason",
    "policy",
)


def route_leads(  # noqa: PLR0913 - the command's options
    path: Path,
    *,
    leads: Path,
    mapping: Path | None,
    events: Sequence[Path],
    events_mapping: Path | None,
    tables: Sequence[tuple[str, Path]],
    at: datetime | None,
    state: Path | None,
    trace: str | None,
    redact: bool,
    brief: bool,
    form: Format | None,
    output: Path | None,
    rejects: Path | None,
    events_rejects: Path | None,
) -> int:
    """Route the leads of a file, and return the exit status.

    It is 1 if somebody gets no lead, or rows were rejected; of a trace, if its lead gets nobody.

    Raises:
        LeadRulesError: If a document or the state is wrong, or the leads cannot be read or
            routed, or there is no lead to trace.
        OSError: If a file cannot be read or written.
    """
    form = format_of(form, output)
    if trace is not None and form not in {Format.TABLE, Format.JSON}:
        raise CommandError(f"--format: a trace is no {form}; expected json, or none for text")
    read = [path, leads, mapping, *events, events_mapping, *dict(tables).values()]
    written = {"--output": output, "--state": state}
    apart({**written, "--rejects": rejects, "--events-rejects": events_rejects}, read)
    if state is not None and not state.parent.is_dir():
        raise CommandError(f"{state}: no such folder as '{state.parent}'")
    policy = read_policy(path, tables)
    engine = Engine(policy)
    moment = moment_in(policy.policy.zone, at)
    rotation = _opened(state, engine)
    intake = read_leads(leads, policy, mapping=mapping, reads=_fields(policy))
    happened = read_events(events, policy.vocabulary, intake, mapping=events_mapping)
    histories = events_by_lead(intake, happened)
    tell_intake(intake, rejects, "--rejects", mapped=mapping is not None)
    tell_events(events, happened, events_rejects, mapped=events_mapping is not None)
    rejected = any(found.rejects for found in (intake, *happened))
    waiting = _in_order(engine, intake.leads, histories, moment)
    if trace is not None:
        if trace not in {each.lead.id for each in waiting}:
            hint = did_you_mean(trace, [each.lead.id for each in waiting])
            raise CommandError(f"{leads}: no lead '{trace}'{hint}")
        traced = _traced(engine, waiting, rotation, moment, of=trace, redact=redact)
        _show_trace(traced, form, output, brief=brief)
        return 0 if traced.answer and not rejected else 1
    answers = []
    for each in waiting:
        answer, rotation = _routed(engine, each, rotation, moment)
        answers.append(answer)
    _write(answers, form, output, brief=brief)
    if state is not None:
        _save(rotation, state)
    return 0 if all(answers) and not rejected else 1


def _fields(policy: Policy) -> list[str]:
    """Return the fields of leads that scores and routing read."""
    sections = (policy.scoring, policy.routing)
    read = [name for section in sections if section is not None for name in section.fields()]
    return [name for name in dict.fromkeys(read) if name in policy.vocabulary.fields]


class _Waiting(NamedTuple):
    """A lead that is to be routed."""

    lead: Lead
    events: Sequence[Event]
    found: Evaluation


def _in_order(
    engine: Engine, leads: Iterable[Lead], histories: Mapping[str, Sequence[Event]], at: datetime
) -> list[_Waiting]:
    """Return leads in the order in which they are routed."""
    waiting = []
    for lead in leads:
        events = histories.get(lead.id, ())
        waiting.append(_Waiting(lead, events, engine.evaluate(lead, events=events, at=at)))
    return sorted(waiting, key=_first)


def _first(each: _Waiting) -> tuple[Any, ...]:
    """Return what leads are ordered by: the best first, then the oldest, then by id."""
    score = each.found.score.score if each.found.score is not None else None
    created = each.lead.record.get("created")
    return (
        (score is None, -(score or 0)),
        (created is None, created or 0),
        each.lead.id,
    )


def _routed(
    engine: Engine, each: _Waiting, rotation: Rotation, at: datetime
) -> tuple[Answered, Rotation]:
    derived = engine.derived(each.lead, evaluation=each.found)
    return engine.router.route(each.lead, at=at, state=rotation, derived=derived)


def _traced(  # noqa: PLR0913 - which lead, and how it is told
    engine: Engine,
    waiting: Iterable[_Waiting],
    rotation: Rotation,
    at: datetime,
    *,
    of: str,
    redact: bool,
) -> Trace:
    """Return why a lead is given as it is, after those that come before it."""
    for each in waiting:
        if each.lead.id == of:
            return engine.explain_route(
                each.lead,
                rotation=rotation,
                events=each.events,
                state=each.found.state,
                at=at,
                redact=redact,
            )
        _, rotation = _routed(engine, each, rotation, at)
    raise AssertionError(of)  # pragma: no cover - it was looked for before


# --- the state


def _opened(path: Path | None, engine: Engine) -> Rotation:
    """Return the state of a file, or the first if there is no such file yet.

    Raises:
        EvaluationError: If what is there is no state.
    """
    router = engine.router
    if path is None or not path.exists():
        return router.start()
    try:
        rotation = Rotation.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError:
        raise CommandError(f"{path}: no JSON; expected a state that this command wrote") from None
    except EvaluationError as error:
        raise CommandError(f"{path}: {error}") from None
    if rotation.policy == router.policy:
        return rotation
    note(f"{path}: the state is of another policy; who stays in a pool keeps the turn")
    return router.migrate(rotation)


def _save(rotation: Rotation, path: Path) -> None:
    """Write a state: all of it, or the one before stays."""
    text = json.dumps(rotation.to_dict(), indent=2, ensure_ascii=False)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(f"{text}\n", encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


# --- what is shown


def _show_trace(trace: Trace, form: Format, output: Path | None, *, brief: bool) -> None:
    with opened(output) as file:
        console = results(None if output is None else file)
        if form is Format.JSON:
            shown = json.dumps(trace.to_dict(), indent=2, ensure_ascii=False)
        else:
            width = console.width if console.is_terminal else WIDTH
            shown = trace.text(width=width, brief=brief)
        console.print(shown, soft_wrap=True)


def _write(answers: Sequence[Answered], form: Format, output: Path | None, *, brief: bool) -> None:
    """Write one row a lead, and how many went where."""
    if form is Format.PARQUET:
        _write_parquet(answers, output)
        _show_counts(answers, messages())
        return
    with opened(output) as file:
        if form is Format.TABLE:
            _show(answers, results(None if output is None else file), brief=brief)
            return
        rows = map(_row, answers)
        if form is Format.JSON:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        else:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(_COLUMNS)
            writer.writerows(
                [";".join(cell) if isinstance(cell, list) else cell for cell in row.values()]
                for row in rows
            )
    _show_counts(answers, messages())


def _show(answers: Sequence[Answered], console: Console, *, brief: bool) -> None:
    """Show the first that a terminal has room for, or all where there is none."""
    if not brief and answers:
        room = len(answers)
        if console.is_terminal:
            room = max(1, console.size.height - LINES_BESIDE - len(_counts(answers)) - 2)
        console.print(_assignments(answers[:room]))
        if len(answers) > room:
            more = f"the first {room} of {len(answers)} leads; --format csv gives all"
            console.print(more, soft_wrap=True)
    _show_counts(answers, console)


def _assignments(answers: Iterable[Answered]) -> Table:
    table = _table()
    table.add_column("Lead", max_width=20, overflow="fold")
    table.add_column("Goes to", ratio=2, overflow="fold")
    table.add_column("Pool", ratio=1, overflow="fold")
    table.add_column("Rule", ratio=1, overflow="fold")
    for answer in answers:
        pool = answer.pool if isinstance(answer, Assignment) else None
        cells = (answer.lead_id, _goes_to(answer), pool or "", answer.rule or "")
        table.add_row(*map(Text, cells))
    return table


def _goes_to(answer: Answered) -> str:
    if not isinstance(answer, Assignment):
        return f"nobody: {answer.code}"
    if answer.queue is not None:
        return f"queue {answer.queue}"
    if answer.partner is not None:
        return f"partner {answer.partner}"
    return str(answer.owner)


def _counts(answers: Iterable[Answered]) -> list[tuple[str, int]]:
    """Return how many leads went where, the most first, and those that nobody got last."""
    found = Counter((not answer, _goes_to(answer)) for answer in answers)
    ranked = sorted(found.items(), key=lambda x: (x[0][0], -x[1], x[0][1]))
    return [(name, count) for (_, name), count in ranked]


def _show_counts(answers: Sequence[Answered], console: Console) -> None:
    table = _table()
    table.add_column("Leads", justify="right", no_wrap=True)
    table.add_column("Go to", ratio=1, overflow="fold")
    for name, count in _counts(answers):
        table.add_row(str(count), Text(name))
    if answers:
        console.print(table)
    else:
        console.print("no leads")


def _table() -> Table:
    return Table(
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        expand=True,
        header_style="bold",
        pad_edge=False,
    )


def _row(answer: Answered) -> dict[str, Any]:
    found = answer.to_dict()
    return {name: found.get(name) for name in _COLUMNS} | {"packages": list(answer.packages)}


def _write_parquet(answers: Iterable[Answered], output: Path | None) -> None:
    pa, parquet = arrow()
    kinds: dict[str, Any] = dict.fromkeys(_COLUMNS, pa.string())
    kinds |= {"time": pa.timestamp("us", tz="UTC"), "packages": pa.list_(pa.string())}
    rows = [{**_row(answer), "time": answer.time} for answer in answers]
    data = {name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()}
    parquet.write_table(pa.table(data), output)
