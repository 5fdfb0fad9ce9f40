"""What a case says of a lead and of its events, read by the types that the policy declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from leadrules.errors import EvaluationError, Problem, as_written, did_you_mean, one_of
from leadrules.events import KINDS, Event, Property
from leadrules.lead import Lead
from leadrules.policy import Policy
from leadrules.sections import parse_day
from leadrules.testing.casebook import BeforeEntry, EventEntry
from leadrules.testing.expectations import check_band
from leadrules.values import Money, Type, parse_duration, parse_moment, settle
from leadrules.vocabulary import Declaration, typed

__all__ = ["LEAD_ID", "EventReader", "moment_of_text", "read_lead", "read_time"]

LEAD_ID = "lead"
"""What a lead is called that says no `id`."""

_Path = tuple[str | int, ...]
_HINTS = {
    Type.BOOLEAN: "; expected true or false",
    Type.DATE: "; expected '2026-01-31'",
    Type.DATETIME: "; expected '2026-01-31T09:00'",
    Type.DURATION: "; expected '30 days'",
    Type.MONEY: "; expected '50000 EUR'",
}


def moment_of_text(text: str, zone: str) -> datetime:
    """Return a moment; without an offset it is one of the zone.

    Raises:
        ValueError: If the text says none.
    """
    found = parse_moment(text)
    return found if found.utcoffset() is not None else found.replace(tzinfo=ZoneInfo(zone))


def read_time(
    entry: EventEntry | BeforeEntry, zone: str, at: datetime | None
) -> datetime | Problem | None:
    """Return when something was, or what is wrong with that; None if the moment `at` is not known.

    Args:
        entry: What says `ago` or `time`; else it was at that moment.
        zone: The zone of times without an offset.
        at: The moment of the case; None if that is wrong.
    """
    try:
        if entry.time is not None:
            return moment_of_text(entry.time, zone)
        return None if at is None else at - timedelta(microseconds=entry.ago or 0)
    except OverflowError:
        return Problem("out-of-range", "before the year 1", ("ago",))
    except ValueError as error:
        return Problem("bad-date", str(error), ("time",))


def read_lead(values: Mapping[str, Any], policy: Policy) -> Lead | list[Problem]:
    """Return the lead that a case describes, or everything that is wrong with it."""
    known: dict[str, Any] = {"id": LEAD_ID}
    problems: list[Problem] = []
    for name, raw in values.items():
        if raw is None:
            continue
        declared = policy.vocabulary.fields.get(name)
        if declared is None:
            hint = did_you_mean(name, policy.vocabulary.fields)
            problems.append(Problem("unknown-name", f"no such field{hint}", (name,)))
            continue
        try:
            value = _value(raw, declared, policy.policy.zone)
            policy.lead({"id": LEAD_ID, name: value})
        except (EvaluationError, ValueError) as error:
            problems.append(_wrong(str(error).removeprefix(f"{name}: "), declared, (name,)))
        else:
            known[name] = value
    return problems or policy.lead(known)


def _wrong(message: str, declared: Declaration | Property, path: _Path) -> Problem:
    code = "not-a-choice" if declared.choices and "is not a choice" in message else "wrong-value"
    return Problem(code, message, path)


def _value(raw: object, declared: Declaration | Property, zone: str) -> Any:
    """Return what a document writes as a value of a declared type.

    Raises:
        ValueError: If it is none.
    """
    kind = declared.type
    if kind.is_text and isinstance(raw, bool | int | float):
        message = f"'{as_written(raw)}' is not a text; quote it"
        raise ValueError(message)
    if kind is Type.STRINGS and isinstance(raw, list):
        return tuple(_value(item, Property(type=Type.STRING), zone) for item in raw)
    if isinstance(raw, list | Mapping):
        message = f"'{as_written(raw)}' is not {kind.noun}"
        raise ValueError(message)  # noqa: TRY004 - the document is at fault
    found = _read(raw, kind, zone) if isinstance(raw, str) else raw
    settled = settle(found)
    if settled is None:
        message = f"'{as_written(raw)}' is not finite, or an integer beyond 2^53"
        raise ValueError(message)
    try:
        typed(settled, declared, name="", strict=True)
    except EvaluationError as error:
        hint = "" if isinstance(raw, str) and kind is not Type.BOOLEAN else _HINTS.get(kind, "")
        raise ValueError(error.message.removeprefix(": ") + hint) from None
    return found


def _read(text: str, kind: Type, zone: str) -> object:
    match kind:
        case Type.MONEY:
            return Money.parse(text)
        case Type.DURATION:
            return timedelta(microseconds=parse_duration(text))
        case Type.DATETIME:
            return moment_of_text(text, zone)
        case Type.DATE:
            return parse_day(text)
    return text


class EventReader:
    """Turns the events of a case into events of its lead, and keeps what is wrong with them.

    Args:
        policy: The policy, which declares the activities.
        lead_id: The lead.
        at: The moment of the case; None if that is wrong.
    """

    def __init__(self, policy: Policy, lead_id: str, at: datetime | None) -> None:
        self.policy = policy
        self.lead_id = lead_id
        self.at = at
        self.problems: list[Problem] = []

    def events(self, entries: tuple[EventEntry, ...]) -> tuple[Event, ...]:
        """Return the events, as far as they are right; `problems` tells of the others."""
        ids = [entry.id or f"e{number}" for number, entry in enumerate(entries, start=1)]
        found: dict[str, Event] = {}
        kept: list[Event] = []
        for index, (entry, name) in enumerate(zip(entries, ids, strict=True)):
            problems = list(self._wrong(entry, (index,), ids))
            event = self._event(entry, name, (index,), problems)
            self.problems += problems
            if event is None:
                continue
            if found.setdefault(name, event) != event:
                message = f"another event has the id '{name}'; ids are unique for a lead"
                self.problems.append(Problem("conflicting-id", message, (index, "id")))
            kept.append(event)
        return tuple(kept)

    def _event(
        self, entry: EventEntry, name: str, path: _Path, problems: list[Problem]
    ) -> Event | None:
        """Return an event, or None after noting why there is none."""
        time = self._time(entry, path, problems)
        declared = self._properties_of(entry)
        values: dict[str, Any] = {}
        for key, raw in entry.properties.items():
            if raw is None or declared is None or key not in declared:
                continue
            try:
                values[key] = _value(raw, declared[key], self.policy.policy.zone)
            except ValueError as error:
                problems.append(_wrong(str(error), declared[key], (*path, "properties", key)))
        if problems or time is None:
            return None
        return Event(
            lead_id=self.lead_id,
            id=name,
            time=time,
            kind=entry.kind,
            type=entry.type,
            properties=values,
        )

    def _time(self, entry: EventEntry, path: _Path, problems: list[Problem]) -> datetime | None:
        found = read_time(entry, self.policy.policy.zone, self.at)
        if isinstance(found, Problem):
            problems.append(replace(found, path=(*path, *found.path)))
            return None
        return found

    def _properties_of(self, entry: EventEntry) -> Mapping[str, Property | Declaration] | None:
        if entry.kind == "activity":
            return self.policy.vocabulary.activities.get(entry.type or "")
        return KINDS.get(entry.kind)

    def _wrong(self, entry: EventEntry, path: _Path, ids: list[str]) -> Iterator[Problem]:
        """Yield what is wrong with the names that an event uses."""
        known = self._properties_of(entry)
        if entry.kind not in KINDS:
            hint = did_you_mean(entry.kind, KINDS)
            message = f"no kind '{entry.kind}'; expected {one_of(KINDS)}{hint}"
            yield Problem("unknown-name", message, (*path, "kind"))
        elif entry.kind == "activity":
            yield from self._wrong_type(entry, path)
        elif entry.type is not None:
            message = f"'type' does nothing for events of kind '{entry.kind}'"
            yield Problem("unused-option", message, (*path, "type"))
        if known is None:
            return
        for name in entry.properties:
            if name not in known:
                message = f"no such property of '{entry.type or entry.kind}'"
                hint = did_you_mean(name, known)
                yield Problem("unknown-name", message + hint, (*path, "properties", name))
        for name, wanted in known.items():
            needed = isinstance(wanted, Property) and wanted.required
            if needed and entry.properties.get(name) is None:
                message = f"'{name}' is missing; every '{entry.kind}' must have it"
                yield Problem("missing-key", message, (*path, "properties"))
        yield from self._wrong_names(entry, (*path, "properties"), ids)

    def _wrong_type(self, entry: EventEntry, path: _Path) -> Iterator[Problem]:
        activities = self.policy.vocabulary.activities
        if entry.type is None:
            message = "the key 'type' is missing; an activity is of a type that the policy declares"
            yield Problem("missing-key", message, path)
        elif entry.type not in activities:
            hint = did_you_mean(entry.type, activities)
            yield Problem("unknown-name", f"no activity '{entry.type}'{hint}", (*path, "type"))

    def _wrong_names(self, entry: EventEntry, path: _Path, ids: list[str]) -> Iterator[Problem]:
        """Yield what a policy would pass over in silence: names of its own that there are not."""
        scoring = self.policy.scoring
        said = {name: x for name, x in entry.properties.items() if isinstance(x, str)}
        if entry.kind == "answer" and "criterion" in said:
            qualification = scoring.qualification if scoring else None
            criteria = qualification.criteria if qualification else {}
            if said["criterion"] not in criteria:
                hint = did_you_mean(said["criterion"], criteria)
                message = f"no criterion '{said['criterion']}'{hint}"
                yield Problem("unknown-name", message, (*path, "criterion"))
        if entry.kind == "override" and "band" in said and scoring is not None:
            yield from check_band(said["band"], scoring, (*path, "band"))
        for name, declared in self.policy.vocabulary.of_event(entry.kind, None).items():
            if (entry.kind, name) not in self.policy.vocabulary.told or name not in said:
                continue
            if said[name] not in declared.choices:
                hint = did_you_mean(said[name], declared.choices)
                plain = f"; expected {one_of(declared.choices)}" if declared.choices else ""
                message = f"the policy knows no '{said[name]}' here{hint or plain}"
                yield Problem("unknown-name", message, (*path, name))
        if entry.kind == "retraction" and "of" in said and said["of"] not in ids:
            message = f"no event '{said['of']}' in this case; expected {one_of(ids)}"
            yield Problem("unknown-name", message, (*path, "of"))
