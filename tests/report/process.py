"""A small process, by hand: five leads of two owners, in March 2026."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from leadrules import Engine, Event, Lead, Policy, load_policy

POLICY = """\
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01, zone: Europe/Berlin}
activities: {webinar: {}}
lifecycle:
  contact: [connected]
  stages:
    inquiry: {owner: rep, most: 3}
    mql: {owner: sales, update_every: 5 days}
    offer: {owner: sales}
    won: {kind: won}
    lost: {kind: lost, reasons: [price]}
  moves:
    - {from: inquiry, to: mql, by: rep}
    - {from: mql, to: offer, by: sales}
    - {from: [mql, offer], to: lost, by: sales}
    - {from: mql, to: inquiry, by: sales, reason: optional}
    - {from: offer, to: won, by: sales}
  clocks:
    first_call: {from: created, to: first_attempt, within: 2 hours}
metrics:
  funnel: {prospect: inquiry, sales_ready: mql, quote: offer}
  value: budget
  objectives:
    - {id: ready, reach: sales_ready, target: 4, period: 2026-03}
"""
AT = datetime(2026, 3, 31, 12, tzinfo=UTC)


def policy() -> Policy:
    return load_policy(POLICY)


def leads(of: Policy) -> list[Lead]:
    rows: list[dict[str, Any]] = [
        {"id": "1", "lead_type": "demo", "budget": "9000 EUR"},
        {"id": "2", "lead_type": "demo"},
        {"id": "3", "lead_type": "webinar", "owner": "carl"},
        {"id": "4", "lead_type": "webinar"},
        {"id": "5"},
    ]
    return [of.lead({**row, "created": f"2026-03-0{row['id']}T09:00Z"}) for row in rows]


def events(of: Policy) -> list[Event]:
    told: list[tuple[str, int, str, dict[str, Any]]] = [
        ("1", 1, "assigned", {"owner": "anna"}),
        ("1", 1, "touch", {"channel": "call", "direction": "outbound", "outcome": "connected"}),
        ("1", 3, "moved", {"to": "mql", "by": "rep"}),
        ("1", 5, "moved", {"to": "offer", "by": "anna"}),
        ("1", 20, "moved", {"to": "won", "by": "anna"}),
        ("2", 2, "assigned", {"owner": "ben"}),
        ("2", 6, "touch", {"channel": "call", "direction": "outbound"}),
        ("2", 7, "moved", {"to": "mql", "by": "rep"}),
        ("2", 9, "moved", {"to": "lost", "by": "ben", "reason": "price"}),
        ("3", 4, "moved", {"to": "mql", "by": "rep"}),
        ("3", 8, "moved", {"to": "inquiry", "by": "carl", "reason": "no_budget"}),
    ]
    return [
        of.event(
            {
                "lead_id": lead,
                "id": f"e{place}",
                "time": f"2026-03-{day:02}T10:00Z",
                "kind": kind,
                **said,
            }
        )
        for place, (lead, day, kind, said) in enumerate(told)
    ]


def engine() -> Engine:
    return Engine(policy())
