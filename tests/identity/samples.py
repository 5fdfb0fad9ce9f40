"""Random dossiers over few ids, moments and values, so that leads often agree and often differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from leadrules import Account, Company, Event, Lead, Money
from leadrules.identity import Dossier, Snapshot
from tests.strategies import seeds

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
DAY = timedelta(days=1)
IDS = ("17", "23", "A")
_PLAIN_IDS = ("e1", "e2", "e3")
_EVENT_IDS = (*_PLAIN_IDS, "23/e1", "A/e1", "17/e2", "23/23/e1")
"""Some look like the ids that merging gives."""

_VALUES: Mapping[str, Sequence[Any]] = {
    "name": ("Ada", "Ada Adler"),
    "email": ("ada@example.org",),
    "title": ("Buyer", "Head of IT", ""),
    "country": ("DE", "US"),
    "city": ("Berlin", "Boston"),
    "created": (START, START + DAY, START + 2 * DAY),
    "budget": (Money.parse("5 EUR"), Money.parse("7 USD")),
    "consent": (True, False),
}
_COMPANY: Mapping[str, Sequence[Any]] = {
    "name": ("ACME", " acme", "Bolt"),
    "domain": ("acme.example", "bolt.example"),
    "employees": (40, 120),
}
_ACCOUNT: Mapping[str, Sequence[Any]] = {"id": ("a1", "a2"), "owner": ("ben", "cleo")}
_FIELDS: Mapping[str, Sequence[Any]] = {
    "tier": ("gold", None),
    "seen": (START, START.date(), DAY),
    "rate": (0.5, float("nan")),
    "tags": (("a", "b"),),
}
_EVENTS: Sequence[Mapping[str, Any]] = (
    {"kind": "activity", "type": "visit"},
    {"kind": "activity", "type": "visit", "properties": {"path": "/"}},
    {"kind": "touch", "properties": {"channel": "call", "direction": "outbound"}},
    {"kind": "answer", "properties": {"criterion": "need", "answer": "met", "until": START}},
    *({"kind": "retraction", "properties": {"of": name}} for name in _EVENT_IDS[:4]),
)
_FACTS: Sequence[Mapping[str, Any]] = (
    {"kind": "moved", "properties": {"to": "mql"}},
    {"kind": "assigned", "properties": {"owner": "ben"}},
    {"kind": "fulfilment", "properties": {"item": "paper", "request": "e1"}},
)


def _some(random: Random, values: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    return {name: random.choice(pool) for name, pool in values.items() if random.random() < 0.4}


def lead(random: Random, lead_id: str) -> Lead:
    return Lead(
        id=lead_id,
        **_some(random, _VALUES),
        company=Company(**_some(random, _COMPANY)),
        account=Account(**_some(random, _ACCOUNT)),
        fields=_some(random, _FIELDS),
    )


def world(random: Random, *, plain: bool = False) -> Mapping[tuple[str, str], Event]:
    """Return the events that there may be, by lead and id; no retraction names another one.

    Plain ones are no facts about stages, and no id looks like one that merging gives.
    """
    kinds = _EVENTS if plain else (*_EVENTS, *_FACTS)
    found = {
        (lead_id, event_id): _event(random, lead_id, event_id, random.choice(kinds))
        for lead_id in IDS
        for event_id in (_PLAIN_IDS if plain else _EVENT_IDS)
    }
    for key, event in found.items():
        named = found.get((event.lead_id, str(event["of"])))
        if named is not None and named.kind == "retraction":
            found[key] = _event(random, *key, _EVENTS[0])
    return found


def _event(random: Random, lead_id: str, event_id: str, said: Mapping[str, Any]) -> Event:
    time = START + random.randrange(2) * DAY
    return Event(lead_id=lead_id, id=event_id, time=time, **said)


def dossier(random: Random, events: Mapping[tuple[str, str], Event]) -> Dossier:
    """Return a dossier of some of the leads, with some of their events."""
    ids = random.sample(IDS, random.randint(1, len(IDS)))
    snapshots = [
        Snapshot(lead(random, lead_id), START + random.randrange(3) * DAY)
        for lead_id in ids
        for _ in range(random.randint(1, 2))
    ]
    history = [event for key, event in events.items() if key[0] in ids and random.random() < 0.5]
    random.shuffle(history)
    return Dossier(tuple(snapshots), tuple(history))


def dossiers(count: int = 1, *, plain: bool = False) -> st.SearchStrategy[tuple[Dossier, ...]]:
    """Return a strategy for dossiers that have leads and events in common."""

    def drawn(seed: int) -> tuple[Dossier, ...]:
        random = Random(seed)  # noqa: S311 - reproducible, not secret
        events = world(random, plain=plain)
        return tuple(dossier(random, events) for _ in range(count))

    return seeds.map(drawn)
