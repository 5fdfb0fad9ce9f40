"""What came of reading an export: leads, events, rows, and every row that was not accepted."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from leadrules.events import Event
from leadrules.lead import FieldValue, Lead

__all__ = ["REJECTIONS", "Attached", "Intake", "Reject"]

REJECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "too-few-cells": "the row has fewer cells than the header",
        "too-many-cells": "the row has more cells than the header",
        "unclosed-quote": "a quote is not closed within `lines_per_record` lines",
        "bad-quote": "text stands after a closing quote",
        "huge-cell": "a cell is longer than Python's `csv.field_size_limit()`",
        "undecodable": "the bytes are not of the encoding",
        "nul-character": "the row holds a NUL character",
        "bad-json": "the line is not one JSON object",
        "missing-id": "the cell that says the id is missing",
        "missing-lead": "the cell that says the event's lead is missing",
        "missing-contact": "the cell that says the event's contact is missing",
        "missing-time": "the cell that says the event's time is missing",
        "missing-value": "a value that an event or a row must have is missing",
        "digits-lost": "a number has gone through a spreadsheet or a float and lost digits",
        "bad-text": "the cell is not a text",
        "bad-number": "the cell is not a number, or one that cannot be kept exactly",
        "bad-boolean": "the cell is not true or false",
        "bad-date": "the cell is not a date, or not a date and time",
        "bad-duration": "the cell is not a duration",
        "bad-money": "the cell is not an amount of money, or of another currency",
        "not-a-choice": "the text is not one of the field's choices",
        "unlisted-value": "the text is not among `values`, and `otherwise` is `reject`",
        "bad-value": "the value does not fit its field for another reason",
        "conflicting-id": "another row says other things under the same id",
        "no-lead": "the event's contact has none of the given leads",
    }
)
"""The code of each reason for which a row can be rejected, with its meaning."""


@dataclass(frozen=True, slots=True)
class Reject:
    r"""A row that was not accepted.

    Attributes:
        line: The line of the file on which the row starts, from 1; the number of the row,
            from 1, where the source has no lines.
        column: The column at fault, if it is one.
        code: One of `REJECTIONS`.
        reason: What is wrong, with the value.
        text: The row as the file has it, line break included, with bytes that cannot be
            decoded as `\xff`; the row as JSON, where the source has no text.
    """

    line: int
    column: str | None
    code: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Attached:
    """How events of contacts found their leads.

    Attributes:
        sole: The contact has one lead.
        latest: Of several leads, that created last at or before the event.
        earliest: All of several leads were created after the event; the earliest.
    """

    sole: int = 0
    latest: int = 0
    earliest: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Intake:
    """What came of reading an export. Accepted plus rejected rows are all that were read.

    Attributes:
        read: How many rows were read; blank lines are none.
        taken: Rows that gave a lead, an event or values of `rows`.
        repeated: Rows that only said again what earlier ones did.
        passed_over: Rows that say nothing, since no `only` of the mapping chose them.
        leads: In the order of the source.
        events: In the order of the source.
        rows: What each accepted row says under `rows` of the mapping: the known values by name.
            Equal ones are all kept, in the order of the source.
        with_rows: Whether the mapping has `rows`.
        rejects: In the order of the source.
        attached: How events of contacts found their leads.
        unseen: Mapped columns that no record had, where each record names its own columns.

    Examples:
        >>> Intake(read=3, taken=2, rejects=(Reject(4, "Id", "missing-id", "id: is missing", ""),))
        Intake(read=3, accepted=2, rejected=1, leads=0, events=0)
    """

    read: int = 0
    taken: int = 0
    repeated: int = 0
    passed_over: int = 0
    leads: tuple[Lead, ...] = ()
    events: tuple[Event, ...] = ()
    rows: tuple[Mapping[str, FieldValue], ...] = ()
    with_rows: bool = False
    rejects: tuple[Reject, ...] = ()
    attached: Attached = Attached()
    unseen: tuple[str, ...] = ()

    @property
    def accepted(self) -> int:
        """How many rows were accepted."""
        return self.taken + self.repeated + self.passed_over

    @property
    def reasons(self) -> Mapping[str, int]:
        """How many rows were rejected, by code, the most frequent first."""
        return dict(Counter(reject.code for reject in self.rejects).most_common())

    def events_by_lead(self) -> Mapping[str, tuple[Event, ...]]:
        """Return the events of each lead that has some, in the order of the source.

        Examples:
            >>> from datetime import UTC, datetime
            >>> view = Event(lead_id="17", id="v1", time=datetime(2026, 1, 5, tzinfo=UTC),
            ...     kind="activity", type="page_view")
            >>> [event.id for event in Intake(events=(view,)).events_by_lead()["17"]]
            ['v1']
        """
        found: dict[str, list[Event]] = {}
        for event in self.events:
            found.setdefault(event.lead_id, []).append(event)
        return {lead_id: tuple(events) for lead_id, events in found.items()}

    def __repr__(self) -> str:
        counts = f"read={self.read}, accepted={self.accepted}, rejected={len(self.rejects)}"
        rows = f", rows={len(self.rows)}" if self.with_rows else ""
        return f"Intake({counts}, leads={len(self.leads)}, events={len(self.events)}{rows})"

    def summary(self, *, mapped: bool = True) -> str:
        """Return what was read, in lines for people.

        Args:
            mapped: Whether these people have written the mapping. If not, what it names in vain,
                and what it passes over, tells them nothing.
        """
        taken = f"{self.accepted} accepted, {len(self.rejects)} rejected"
        counts = {"lead": len(self.leads), "event": len(self.events)}
        if self.with_rows:
            counts["row"] = len(self.rows)
        some = {noun: count for noun, count in counts.items() if count}
        given = [_count(count, noun) for noun, count in (some or counts).items()]
        lines = [f"{_count(self.read, 'row')} read: {taken}", ", ".join(given)]
        if self.repeated:
            lines.append(f"repeated, and taken once: {_count(self.repeated, 'row')}")
        if self.passed_over and mapped:
            lines.append(f"passed over by 'only': {_count(self.passed_over, 'row')}")
        if self.attached.latest or self.attached.earliest:
            lines.append(
                f"events of contacts with several leads: {self.attached.latest} to the latest"
                f" lead before, {self.attached.earliest} to the earliest"
            )
        if self.unseen and mapped:
            lines.append(f"columns that no record has: {', '.join(self.unseen)}")
        lines += [
            f"  {count:>7} {code}: {REJECTIONS[code]}" for code, count in self.reasons.items()
        ]
        return "\n".join(lines)

    def write_rejects(self, path: str | os.PathLike[str]) -> None:
        """Write the rejected rows as CSV, in UTF-8: line, column, code, reason, text."""
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["line", "column", "code", "reason", "text"])
            for reject in self.rejects:
                row = (reject.line, reject.column, reject.code, reject.reason, reject.text)
                writer.writerow(row)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
