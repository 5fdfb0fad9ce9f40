"""The union of histories: the events of several leads, as those of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from leadrules.events import Event

__all__ = ["STAGE_FACTS", "Key", "united"]

STAGE_FACTS = frozenset(
    {
        *("moved", "assigned", "completed", "approval", "waiver"),
        *("next_step", "pause", "resume"),
    }
)
"""The kinds of events that say where a lead is. Those of two leads make no sense together."""

_NAMED_BY = MappingProxyType({"fulfilment": "request", "retraction": "of"})
"""Which property of an event names another one; a retraction may name a fulfilment."""
_TIERS = ("", *_NAMED_BY)

Key = tuple[str, str]
"""What an event was called: the id of its lead, and its own."""


def united(events: Mapping[Key, Event], *, ids: Sequence[str]) -> Mapping[Key, Event]:
    """Return each event as one of the first lead.

    1. An event of several leads that says the same under the same id is one event, unless it
       is a fact about a stage.
    2. Of events that differ and have the same id, that of the first lead keeps the id; each
       other has the id of its lead and a slash before it, as often as it takes to be new.
    3. An event that names another one, such as a retraction, names it by its new id. It means
       the event of its own lead, and if there is none that of the first lead that has one.

    So the first lead's own events stay as they are, and what was written back to the source as
    events of the first lead adds none when it is merged again with what it was made of (facts
    about stages apart).

    Args:
        events: The events by what they are called.
        ids: The ids of the leads, in the order in which they were created.

    Returns:
        The events by what they were called; those that are one are so under several names.
    """
    place = {lead_id: number for number, lead_id in enumerate(ids)}
    ordered = sorted(events, key=lambda key: (place[key[0]], _tier(events[key]), key[1]))
    names = _names(events, ordered)
    made: dict[str, Event] = {}
    for key in ordered:
        if names[key] not in made:
            made[names[key]] = _renamed(events[key], ids[0], names)
    return {key: made[names[key]] for key in events}


def _names(events: Mapping[Key, Event], ordered: Sequence[Key]) -> Mapping[Key, str]:
    """Return the new id of each event."""
    names: dict[Key, str] = {}
    said_by: dict[str, object] = {}
    alike: dict[str, list[tuple[object, str]]] = {}
    reserved = {event_id for _, event_id in events}
    given: set[Key] = set()
    for key in ordered:
        lead_id, event_id = key
        said, others = _said(events[key], names), alike.setdefault(event_id, [])
        name = next((name for other, name in others if other == said), event_id)
        while (
            said_by.get(name, said) != said  # another event has it
            or (lead_id, name) in given  # another event of the same lead
            or (name != event_id and name in reserved and name not in said_by)  # one yet to come
        ):
            name = f"{lead_id}/{name}"
        names[key] = name
        said_by[name] = said
        given.add((lead_id, name))
        others.append((said, name))
    return names


def _tier(event: Event) -> int:
    return _TIERS.index(event.kind) if event.kind in _NAMED_BY else 0


def _said(event: Event, names: Mapping[Key, str]) -> object:
    """Return what tells an event from others of the same id."""
    target = _target(event, names)
    whose = event.lead_id if event.kind in STAGE_FACTS else None
    named = {f"{event.kind}.{_NAMED_BY[event.kind]}": target} if target is not None else {}
    return event.moment, event.kind, event.type, {**event.record, **named}, whose


def _target(event: Event, names: Mapping[Key, str]) -> str | None:
    """Return the new id of the event that an event names, if it names one."""
    told = event[_NAMED_BY[event.kind]] if event.kind in _NAMED_BY else None
    return names.get((event.lead_id, told), told) if isinstance(told, str) else None


def _renamed(event: Event, lead_id: str, names: Mapping[Key, str]) -> Event:
    target = _target(event, names)
    properties = dict(event.properties)
    if target is not None:
        properties[_NAMED_BY[event.kind]] = target
    name = names[event.lead_id, event.id]
    if (lead_id, name) == (event.lead_id, event.id) and properties == event.properties:
        return event
    return Event(
        lead_id=lead_id,
        id=name,
        time=event.time,
        kind=event.kind,
        type=event.type,
        properties=properties,
    )
