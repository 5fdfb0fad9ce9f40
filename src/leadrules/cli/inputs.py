"""What a command reads: the policy with its tables, the moment, the leads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from leadrules.cli.consoles import CommandError, messages, note
from leadrules.cli.identity import identity_events, identity_mapping, unknown_events
from leadrules.errors import did_you_mean
from leadrules.events import Event
from leadrules.intake import Intake, Mapper, load_mapping
from leadrules.intake import Progress as Told
from leadrules.intake.tables import table_rows
from leadrules.policy import Policy, load_policy
from leadrules.vocabulary import Vocabulary

__all__ = ["events_by_lead", "moment_in", "read_events", "read_leads", "read_policy"]

LONG_FILE = 2_000_000
"""A file of so many bytes takes long enough for a progress bar."""

MOST_NAMES = 12
"""More names than this nobody reads."""

MOST_REASONS = 3
"""So many reasons are told for which rows are passed over."""


def read_policy(path: Path, tables: Iterable[tuple[str, Path]]) -> Policy:
    """Return the policy of a file, with the rows of its tables.

    Raises:
        PolicyError: If the policy is wrong.
        TableError: If a table is.
        OSError: If a file cannot be read.
    """
    return load_policy(path, tables={name: table_rows(file) for name, file in tables})


def moment_in(zone: str, at: datetime | None) -> datetime:
    """Return the moment that was asked for, or now; without an offset it is one of the zone."""
    if at is None:
        return datetime.now(UTC).replace(microsecond=0)
    return at if at.utcoffset() is not None else at.replace(tzinfo=ZoneInfo(zone))


def read_leads(
    path: Path,
    policy: Policy,
    *,
    mapping: Path | None,
    vocabulary: Vocabulary | None = None,
    reads: Sequence[str] | None = None,
) -> Intake:
    """Return the leads of a file, and say which fields that the policy reads it does not give.

    Args:
        path: The file.
        policy: The policy that declares the fields.
        mapping: The mapping of the file; without it, columns are called as fields are.
        vocabulary: The names that may be used, if they are not those of the policy.
        reads: The fields that are read; by default those that scores read.

    Raises:
        MappingError: If the mapping is wrong.
        CommandError: If it has no leads, or the file cannot do without a mapping.
        EvaluationError: If the file as a whole cannot be read.
        OSError: If a file cannot be read.
    """
    words = vocabulary or policy.vocabulary
    ignored: tuple[str, ...] = ()
    if mapping is None:
        document, ignored = identity_mapping(path, words)
        mapper = load_mapping(document, vocabulary=words)
    else:
        mapper = load_mapping(mapping, vocabulary=words)
        if mapper.mapping.leads is None:
            raise CommandError(f"{mapping}: the mapping has no leads; expected 'leads'")
    with _progress(messages(), path) as progress:
        intake = mapper.read(path, progress=progress)
    if ignored:
        named = [f"'{name}'{did_you_mean(name, words.fields)}" for name in ignored]
        note(f"not read, since no field is called so: {_listed(named)}")
    if reads is None:
        reads = policy.scoring.fields() if policy.scoring else ()
    absent = [f"'{name}'" for name in _absent(reads, mapper, intake)]
    if absent:
        note(f"missing in every lead, since no column gives it: {_listed(absent)}")
    return intake


def read_events(
    paths: Iterable[Path], vocabulary: Vocabulary, leads: Intake, *, mapping: Path | None
) -> tuple[Intake, ...]:
    """Return the events of files, one intake a file.

    Args:
        paths: The files.
        vocabulary: What the policy declares.
        leads: The leads, to which events of contacts are attached.
        mapping: The mapping of all the files; without it, they are tables of events.

    Raises:
        MappingError: If the mapping is wrong.
        CommandError: If it has no events, or a file cannot do without a mapping.
        EvaluationError: If a file as a whole cannot be read.
        OSError: If a file cannot be read.
    """
    found: list[Intake] = []
    for path in paths:
        earlier = [event for intake in (leads, *found) for event in intake.events]
        ignored: tuple[str, ...] = ()
        if mapping is None:
            document, ignored = identity_events(path, vocabulary)
            mapper = load_mapping(document, vocabulary=vocabulary)
        else:
            mapper = load_mapping(mapping, vocabulary=vocabulary)
            if mapper.mapping.events is None:
                raise CommandError(f"{mapping}: the mapping has no events; expected 'events'")
        with _progress(messages(), path) as progress:
            found.append(mapper.read(path, leads=leads.leads, earlier=earlier, progress=progress))
        if ignored:
            named = [f"'{name}'" for name in ignored]
            note(f"{path}: not read, since no property is called so: {_listed(named)}")
        if mapping is None and found[-1].passed_over:
            told = unknown_events(path, vocabulary)
            for count, reason in told[:MOST_REASONS]:
                note(f"{path}: {_rows_of(count)} passed over: {reason}")
            if rest := sum(count for count, _ in told[MOST_REASONS:]):
                note(f"{path}: {_rows_of(rest)} passed over: others")
    return tuple(found)


def events_by_lead(leads: Intake, events: Iterable[Intake]) -> Mapping[str, Sequence[Event]]:
    """Return the events of each lead, and say how many are of others."""
    known = {lead.id for lead in leads.leads}
    found: dict[str, list[Event]] = {}
    others = 0
    for intake in (leads, *events):
        for lead_id, happened in intake.events_by_lead().items():
            if lead_id in known:
                found.setdefault(lead_id, []).extend(happened)
            else:
                others += len(happened)
    if others:
        belong = "1 event belongs" if others == 1 else f"{others} events belong"
        note(f"{belong} to leads that are not in the file")
    return found


def _rows_of(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _absent(reads: Iterable[str], mapper: Mapper, intake: Intake) -> Sequence[str]:
    """Return the fields that are read and that no column of the leads gives."""
    given = {
        name
        for name, entry in (mapper.mapping.leads or {}).items()
        if entry.column not in intake.unseen
    }
    return [name for name in reads if name not in given]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


@contextmanager
def _progress(console: Console, path: Path) -> Iterator[Told | None]:
    """Give what shows how far the reading of a long file has come; None if nobody would see."""
    if not console.is_terminal or path.stat().st_size < LONG_FILE:
        yield None
        return
    columns = (TextColumn("reading {task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(path.name)

        def told(done: int, total: int | None) -> None:
            shown.update(task, completed=done, total=total)

        yield told
