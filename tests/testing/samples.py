"""A policy with every part of scoring, and cases of it."""

from __future__ import annotations

from leadrules import Engine, Policy, Scorer, load_policy

__all__ = ["ACME", "ACME_POLICY", "CASES", "scorer_of"]

ACME = """\
leadrules: 1
policy: {id: acme, version: 2, effective: 2026-01-01, zone: Europe/Berlin}
fields:
  months_to_decision: {type: integer}
  tier: {choices: [gold, silver]}
activities:
  page_view: {properties: {path: {type: string}, seconds: {type: integer}}}
  unsubscribe: {}
parameters:
  hot_from: {2026-01-01: 60, 2026-07-01: 55}
scoring:
  total: {min: 0, max: 100}
  fit:
    max: 40
    letters: {A: 30, B: 15, C: 0}
    characteristics:
      size:
        - {id: large, when: company.employees >= 500, points: 25}
        - {id: medium, when: company.employees >= 50, points: 10}
      role: [{id: decides, when: 'seniority in ["director", "vp"]', points: 15}]
      fresh: [{id: fresh, when: 'within(created, "30 days")', points: 5}]
  engagement:
    max: 50
    digits: {1: 25, 2: 10, 3: 0}
    rules:
      pricing:
        activity: page_view
        when: activity.path == "/pricing"
        points: 10
        limit: 1 per day
        decay: half_life 30 days
        max: 30
      long_read:
        activity: page_view
        when: activity.seconds > 120
        points: 4
        decay: linear 90 days
      gone: {activity: unsubscribe, points: -15, limit: 1 ever}
  qualification:
    framework: BANT
    ready: {at_least: 2, mandatory: [need]}
    criteria:
      budget:
        points: 10
        met: budget >= money("20000 EUR")
        not_met: budget < money("5000 EUR")
        expires: 180 days
      timing: {points: 5, met: months_to_decision <= 6, not_met: months_to_decision > 18}
      need: {points: 5}
  bands:
    - {name: hot, enter: {param: hot_from}, leave: 50, needs: [email]}
    - {name: warm, enter: 30, leave: 25}
    - {name: cold}
"""
"""A policy that uses all that scoring offers."""

CASES = """\
leadrules_cases: 1
policy: ./acme.yaml
at: 2026-03-02T09:00
cases:
  - name: a director who looks at prices
    why: agreed in the review of January
    lead: {seniority: director, company.employees: 800, email: ada@example.org}
    events:
      - {type: page_view, ago: 1 day, properties: {path: /pricing}}
    expect:
      score: {value: 50, within: 0.5}
      engagement: {value: 9.77, within: 0.01}
      band: warm
      letter: A
      digit: 3
      ready: false
      fired: {includes: [large, pricing], excludes: [medium]}
  - name: ready, but nobody knows the address
    at: 2026-08-01T00:00+02:00
    lead: {seniority: director, company.employees: 800, budget: 30000 EUR, country: null}
    events:
      - {kind: answer, ago: 1 day, properties: {criterion: need, answer: met}}
    previous: hot
    expect:
      score: 55
      qualification: 14
      band: warm
      ready: true
      answers: {need: met, budget: met, authority: unknown}
      fired: [decides, large]
      uncertain: [fresh]
      tolerance: 1
"""
"""Cases of it, all of which pass."""

ACME_POLICY: Policy = load_policy(ACME)


def scorer_of(policy: Policy) -> Scorer:
    return Engine(policy).scorer
