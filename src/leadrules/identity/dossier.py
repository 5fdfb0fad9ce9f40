"""The dossier: all that is known of a lead that was found to be several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from leadrules.errors import EvaluationError, as_written, one_of
from leadrules.events import Event, content_of, sort_key
from leadrules.identity.data import as_mapping, event_data, event_of, lead_data, lead_of
from leadrules.identity.snapshots import Snapshot, composed, in_order_of_creation
from leadrules.identity.union import STAGE_FACTS, Key, united
from leadrules.lead import Lead

__all__ = ["Dossier", "merge"]

_SCHEMA = 1
_Part = TypeVar("_Part", Snapshot, Event)


@dataclass(frozen=True, eq=False, repr=False)
class Dossier:
    """Snapshots of one or several leads that are one, and the events of all of them.

    A dossier keeps everything under the ids that it came with; what one sees is computed from
    the whole of it. So it does not matter in which order leads are merged, and how often.
    Dossiers are equal if they say the same, however their values are spelt.

    Attributes:
        snapshots: What the leads were, by the time of their update; at least one.
        history: The events under the ids that they came with, by time, lead and id.

    Raises:
        EvaluationError: If there is no snapshot, an event is of a lead that has none, or two
            events of a lead differ and have the same id.

    Examples:
        >>> from datetime import UTC, datetime
        >>> january, june = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 6, 5, tzinfo=UTC)
        >>> fair = Lead(id="17", created=january, name="Ada Adler", title="Buyer")
        >>> web = Lead(id="23", created=june, email="ada@example.org", title="Head of IT")
        >>> both = merge(Dossier.of(web, updated=june), Dossier.of(fair, updated=january))
        >>> both.lead.id, both.lead.name, both.lead.title
        ('17', 'Ada Adler', 'Head of IT')
    """

    snapshots: tuple[Snapshot, ...]
    history: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        snapshots = _each_once(self.snapshots)
        ids = {snapshot.lead.id for snapshot in snapshots}
        object.__setattr__(self, "snapshots", snapshots)
        object.__setattr__(self, "history", _each_event_once(self.history, ids))

    @classmethod
    def of(cls, lead: Lead, *, updated: datetime, events: Iterable[Event] = ()) -> Dossier:
        """Return the dossier of one lead.

        Args:
            lead: The lead.
            updated: When it was last changed in the source of record; with a time zone. Where
                the source does not say it, the time of the export.
            events: What happened to the lead, in any order.

        Raises:
            EvaluationError: If it is no lead or no moment, an event is of another lead, or two
                that differ have the same id.
        """
        return cls((Snapshot(lead, updated),), events)  # type: ignore[arg-type]  # it makes a tuple of any

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The ids of the leads, in the order in which they were created; the first survives."""
        return in_order_of_creation(self.snapshots)

    @cached_property
    def lead(self) -> Lead:
        """The one lead that they are.

        It has the id of the lead that was created first, and of each field what was last known:
        of the address (country, region, postal code and city) as a whole; of the company and
        the account what speaks of the same one as the last that is known.
        """
        return composed(self.snapshots)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """What happened to all of them, as events of the one lead, by time and id.

        Facts about stages are those of every lead: see `events_of`.
        """
        return _in_order(self._united.values())

    def events_of(self, surviving: str) -> tuple[Event, ...]:
        """Return what happened, with the facts about stages of one of the leads.

        The stage, its obligations and its clocks are then those of that lead. All that says
        nothing about a stage, such as activities, touches and answers, is there of every lead.

        Args:
            surviving: The id of the lead whose stage it is.

        Raises:
            EvaluationError: If no lead has that id.
        """
        apart = self._apart(surviving)
        return _in_order(event for key, event in self._united.items() if key not in apart)

    def set_aside(self, surviving: str) -> tuple[Event, ...]:
        """Return the facts about stages that `events_of` leaves out, as they came.

        Args:
            surviving: The id of the lead whose stage it is.

        Raises:
            EvaluationError: If no lead has that id.
        """
        apart = self._apart(surviving)
        return tuple(event for event in self.history if _key(event) in apart)

    def to_dict(self) -> dict[str, Any]:
        """Return the dossier as data that JSON can hold."""
        return {
            "schema": _SCHEMA,
            "snapshots": [
                {"updated": snapshot.updated.isoformat(), "lead": lead_data(snapshot.lead)}
                for snapshot in self.snapshots
            ],
            "history": [event_data(event) for event in self.history],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Dossier:
        """Return the dossier that `to_dict` gave as data.

        Raises:
            EvaluationError: If the data is no dossier, or one of another schema.
        """
        told = as_mapping(data, place="dossier")
        if told.get("schema") != _SCHEMA:
            message = f"schema: '{as_written(told.get('schema'))}' is not known; expected {_SCHEMA}"
            raise EvaluationError(message, field="schema")
        snapshots = [
            _snapshot_of(each, place=f"snapshots[{number}]")
            for number, each in enumerate(_listed(told.get("snapshots"), "snapshots"))
        ]
        events = [
            event_of(each, place=f"history[{number}]")
            for number, each in enumerate(_listed(told.get("history"), "history", of="events"))
        ]
        return cls(tuple(snapshots), tuple(events))

    def __eq__(self, other: object) -> bool:
        return self._said == other._said if isinstance(other, Dossier) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._said)

    def __reduce__(self) -> tuple[object, ...]:
        return Dossier, (self.snapshots, self.history)

    def __repr__(self) -> str:
        return f"Dossier(ids={self.ids!r}, events={len(self.history)})"

    @cached_property
    def _united(self) -> Mapping[Key, Event]:
        return united({_key(event): event for event in self.history}, ids=self.ids)

    @cached_property
    def _said(self) -> tuple[object, ...]:
        events = (
            (_key(event), event.moment, event.kind, event.type, repr(sorted(event.record.items())))
            for event in self.history
        )
        return tuple(snapshot.content for snapshot in self.snapshots), tuple(events)

    def _apart(self, surviving: str) -> set[Key]:
        if surviving not in self.ids:
            message = f"surviving: no lead '{as_written(surviving)}'; expected {one_of(self.ids)}"
            raise EvaluationError(message, field="surviving")
        return {
            _key(event)
            for event in self.history
            if event.kind in STAGE_FACTS and event.lead_id != surviving
        }


def merge(first: Dossier, /, *others: Dossier) -> Dossier:
    """Return the dossier of leads that were found to be one.

    It holds what each of them holds, once; the dossiers stay as they are. A dossier merged
    with itself is itself, and neither the order nor the grouping matters.

    Raises:
        EvaluationError: If one of them is no dossier, or two events of the same lead differ
            and have the same id.
    """
    dossiers = (first, *others)
    for dossier in dossiers:
        if not isinstance(dossier, Dossier):
            message = f"merge: '{as_written(dossier)}' is no dossier; make one with Dossier.of(...)"
            raise EvaluationError(message, field="merge")
    return Dossier(
        tuple(snapshot for dossier in dossiers for snapshot in dossier.snapshots),
        tuple(event for dossier in dossiers for event in dossier.history),
    )


def _each_once(snapshots: object) -> tuple[Snapshot, ...]:
    found: dict[tuple[int, str, str], Snapshot] = {}
    for snapshot in _of_kind(Snapshot, snapshots, "snapshots"):
        content = snapshot.content
        found[content] = min(found.get(content, snapshot), snapshot, key=repr)
    if not found:
        raise EvaluationError("snapshots: there is none; expected at least one", field="snapshots")
    return tuple(found[content] for content in sorted(found))


def _each_event_once(events: object, ids: set[str]) -> tuple[Event, ...]:
    found: dict[Key, Event] = {}
    for event in _of_kind(Event, events, "events"):
        seen = found.get(_key(event), event)
        if event.lead_id not in ids:
            wrong, field = f"is of lead '{event.lead_id}', not of {one_of(sorted(ids))}", "lead_id"
        elif seen is not event and content_of(seen) != content_of(event):
            wrong, field = "another event has this id; ids are unique for a lead", "id"
        else:
            found[_key(event)] = min(seen, event, key=repr) if seen is not event else event
            continue
        message = f"event '{event.id}': {wrong}"
        raise EvaluationError(message, field=field, lead_id=event.lead_id)
    return tuple(sorted(found.values(), key=lambda event: (event.moment, *_key(event))))


def _of_kind(kind: type[_Part], given: object, name: str) -> Iterable[_Part]:
    noun = name.removesuffix("s")
    for part in _listed(given, name):
        if not isinstance(part, kind):
            wrong = f"'{as_written(part)}' is no {noun}; make one with {kind.__name__}(...)"
            raise EvaluationError(f"{name}: {wrong}", field=name)
        yield part


def _listed(given: object, name: str, *, of: str | None = None) -> Iterable[Any]:
    if isinstance(given, str | Mapping | Event) or not isinstance(given, Iterable):
        message = f"{name}: '{as_written(given)}' is no list of {of or name}"
        raise EvaluationError(message, field=name)
    return given


def _snapshot_of(data: object, *, place: str) -> Snapshot:
    told = as_mapping(data, place=place)
    lead = lead_of(told.get("lead"), place=f"{place}.lead")
    try:
        updated: Any = datetime.fromisoformat(told["updated"])
    except (KeyError, TypeError, ValueError):
        updated = told.get("updated")  # which is no moment, as the snapshot will say
    return Snapshot(lead, updated)


def _key(event: Event) -> Key:
    return event.lead_id, event.id


def _in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    each = {event.id: event for event in events}
    return tuple(sorted(each.values(), key=sort_key))
