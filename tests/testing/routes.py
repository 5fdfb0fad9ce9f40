"""A policy with every kind of target, and cases of it."""

from __future__ import annotations

from leadrules import Policy, load_policy

__all__ = ["ROUTES", "ROUTES_POLICY", "ROWS"]

ROUTES = """\
leadrules: 1
policy: {id: routes, version: 1, effective: 2026-01-01, zone: Europe/Berlin}
tables: {territories: {columns: [country, from, to, team]}}
calendars: {office: {hours: {mon-fri: ["09:00-17:00"]}}}
scoring:
  fit: {characteristics: {size: [{id: large, when: company.employees >= 100, points: 50}]}}
  bands: [{name: hot, enter: 50}, {name: cold}]
lifecycle:
  stages: {inquiry: {owner: rep}, sal: {owner: sales}, won: {kind: won}}
  moves:
    - {from: inquiry, to: sal, automatic: true, when: band == "hot"}
    - {from: sal, to: won, by: [sales]}
  clocks: {speed: {from: assigned, to: first_attempt, within: 2 hours}}
routing:
  rules:
    - {id: partner, when: known(channel_partner), to: {partner: {field: channel_partner}}}
    - id: named
      when: known(account.owner)
      to: {owner: {field: account.owner}}
      otherwise: {pool: dach}
    - {id: sales, when: stage == "sal", to: {role: closer}, clock: speed, packages: [price_list]}
    - {id: territory, when: always, to: {lookup: territories}}
  queue: triage
  queues: {triage: for marketing}
  sends: [{when: 'lead_type == "demo"', send: [agenda]}]
  lookups:
    territories:
      equal: {country: country}
      range: {field: postal_code, from: from, to: to}
      gives: {pool: team}
  attributes: {languages: {type: strings}}
  partners: {nord: {}}
  pools:
    dach:
      members: {anna: {weight: 2}, ben: {}, carl: {}}
      match: language in member.languages or missing(language)
    night: {members: [dora], limits: 5 per day}
  members:
    anna: {calendar: office, limits: 3 per day, attributes: {languages: [de, en]}}
    ben: {calendar: office, absent: 2026-03-03, attributes: {languages: de}}
    carl: {active: false, attributes: {languages: de}}
    dora: {limits: [2 in 24 hours, 4 open], roles: [closer]}
  reassign: {otherwise: {queue: triage}}
"""
ROWS = {
    "territories": [
        {"country": "DE", "from": "10000", "to": "19999", "team": "dach"},
        {"country": "DE", "from": "30000", "to": "39999", "team": "night"},
    ]
}
ROUTES_POLICY: Policy = load_policy(ROUTES, tables=ROWS)
