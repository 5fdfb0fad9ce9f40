"""Cases that expect who gets a lead."""

from __future__ import annotations

import pytest

from leadrules import load_policy
from leadrules.testing import CasesError, load_cases
from tests.testing.routes import ROUTES, ROUTES_POLICY, ROWS

CASES = """\
leadrules_cases: 1
at: 2026-03-02T12:00
cases:
  - name: the first lead of the day is anna's
    lead: {country: DE, postal_code: "12345", lead_type: demo}
    expect:
      route: {owner: anna, pool: dach, rule: territory, clock: null, packages: [agenda]}
  - name: who has two of three hands the next one on
    lead: {country: DE, postal_code: "12345"}
    before: [{lead: {country: DE, postal_code: "12345"}, ago: 1 hour}]
    expect: {route: {owner: ben, unassigned: null, packages: null}}
  - name: three a day are enough
    lead: {country: DE, postal_code: "12345", language: en}
    before: [{owner: anna, pool: dach, times: 3, time: 2026-03-02T09:00}]
    expect: {route: {owner: null, pool: null, rule: territory, unassigned: at-limit}}
  - name: what somebody assigns by hand does not count
    lead: {country: DE, postal_code: "12345"}
    before: [{owner: anna, times: 4}]
    expect: {route: {owner: anna}}
  - name: a large company goes to who closes, with the price list
    lead: {created: 2026-03-02T09:00, company.employees: 200}
    expect: {stage: sal, route: {owner: dora, pool: closer, clock: speed, packages: [price_list]}}
  - name: the owner of the account has stopped
    lead: {account.owner: carl}
    expect: {route: {owner: anna, rule: named}}
  - name: who declines is not asked again
    lead: {country: DE, postal_code: "12345"}
    events:
      - {kind: assigned, ago: 1 hour, properties: {owner: anna, pool: dach, rule: territory}}
    reassign: declined
    expect: {route: {owner: ben}}
  - name: when all have declined it goes to marketing
    lead: {country: DE, postal_code: "35000"}
    events: [{kind: assigned, ago: 1 hour, properties: {owner: dora, pool: night, rule: territory}}]
    reassign: missed
    expect: {route: {owner: null, queue: triage}}
  - name: a partner
    lead: {channel_partner: nord}
    expect: {route: {partner: nord, owner: null, queue: null}}
  - name: nobody works at night
    at: 2026-03-02T22:00
    lead: {country: DE, postal_code: "12345"}
    expect: {route: null}
"""


def test_cases_may_expect_who_gets_a_lead() -> None:
    for result in load_cases(CASES, policy=ROUTES_POLICY).run():
        assert list(result.lines()) == []
        assert result.route is not None


def told(case: str) -> list[str]:
    text = f"leadrules_cases: 1\nat: 2026-03-02T12:00\ncases:\n  - {case}\n"
    [result] = load_cases(text, policy=ROUTES_POLICY).run()
    return list(result.lines("a.cases.yaml"))


def test_what_is_not_so_is_told_with_its_place() -> None:
    assert told(
        'name: one\n    lead: {country: DE, postal_code: "12345", lead_type: demo}\n'
        "    expect:\n"
        "      route: {owner: ben, queue: triage, packages: [price_list], unassigned: absent}"
    ) == [
        "a.cases.yaml:7:22: route.owner: expected 'ben', got 'anna'",
        "a.cases.yaml:7:34: route.queue: expected 'triage', got nothing",
        (
            "a.cases.yaml:7:52: route.packages: expected exactly 'price_list', got 'agenda' "
            "(without 'price_list', besides 'agenda')"
        ),
        "a.cases.yaml:7:78: route.unassigned: expected 'absent', got nothing",
        (
            "the policy says: score 0 (fit 0); band cold; fired: nothing; routed to owner 'anna' "
            "of pool 'dach' by rule 'territory'"
        ),
    ]


def test_who_gets_it_instead_of_nobody_is_told() -> None:
    assert told("name: one\n    expect: {route: null}") == [
        "a.cases.yaml:5:21: route: expected nothing, got queue 'triage'",
        "the policy says: score 0 (fit 0); band cold; fired: nothing; routed to queue 'triage'",
    ]


def test_why_nobody_gets_it_is_told() -> None:
    assert told(
        "name: one\n    lead: {channel_partner: sud}\n    expect: {route: {partner: nord}}"
    )[1:] == [
        (
            "the policy says: score 0 (fit 0); band cold; fired: nothing; routed to nobody by rule "
            "'partner': what is named there is not known [unknown-name]"
        )
    ]


def test_a_lead_that_went_away_is_nobodys() -> None:
    """What is on the way to the case is told by events in the order of time, of all leads."""
    text = """\
leadrules_cases: 1
at: 2026-03-05T12:00
cases:
  - name: four open leads are the most
    lead: {country: DE, postal_code: "35000"}
    before: [{owner: dora, pool: night, times: 4, ago: 2 days}]
    expect: {route: {unassigned: at-limit}}
  - name: of which this was one
    lead: {country: DE, postal_code: "35000"}
    before: [{owner: dora, pool: night, times: 3, ago: 2 days}]
    events:
      - {kind: assigned, ago: 2 days, properties: {owner: dora, pool: night, rule: territory}}
      - {kind: moved, ago: 1 day, properties: {to: won}}
    expect: {route: {owner: dora}}
"""
    assert [x.passed for x in load_cases(text, policy=ROUTES_POLICY).run()] == [True, True]


def issues(case: str, policy: str = ROUTES) -> list[str]:
    text = f"leadrules_cases: 1\nat: 2026-03-02T12:00\ncases:\n  - {case}\n"
    tables = ROWS if "tables:" in policy else None
    with pytest.raises(CasesError) as caught:
        load_cases(text, policy=load_policy(policy, tables=tables))
    return [str(issue) for issue in caught.value.issues]


def test_names_that_the_policy_does_not_know_are_told() -> None:
    case = """\
name: wrong
    before: [{owner: ana, pool: dachs}, {lead: {countri: DE}}]
    reassign: declined
    expect:
      route:
        owner: benn
        pool: nightly
        queue: triag
        partner: sud
        rule: territories
        clock: sped
        packages: [price-list]
        unassigned: limit"""
    assert issues(case) == [
        "5:22: cases[0].before[0].owner: no member 'ana'; did you mean 'anna'? [unknown-name]",
        "5:33: cases[0].before[0].pool: no pool 'dachs'; did you mean 'dach'? [unknown-name]",
        (
            "5:49: cases[0].before[1].lead.countri: no such field; did you mean 'country'? "
            "[unknown-name]"
        ),
        (
            "6:15: cases[0].reassign: nobody had the lead; expected an event of kind 'assigned' "
            "[missing-key]"
        ),
        "9:16: cases[0].expect.route.owner: no member 'benn'; did you mean 'ben'? [unknown-name]",
        (
            "10:15: cases[0].expect.route.pool: no pool 'nightly'; did you mean 'night'? "
            "[unknown-name]"
        ),
        (
            "11:16: cases[0].expect.route.queue: no queue 'triag'; did you mean 'triage'? "
            "[unknown-name]"
        ),
        "12:18: cases[0].expect.route.partner: no partner 'sud'; expected 'nord' [unknown-name]",
        (
            "13:15: cases[0].expect.route.rule: no rule 'territories'; did you mean 'territory'? "
            "[unknown-name]"
        ),
        "14:16: cases[0].expect.route.clock: no clock 'sped'; did you mean 'speed'? [unknown-name]",
        (
            "15:20: cases[0].expect.route.packages[0]: no package 'price-list'; did you mean "
            "'price_list'? [unknown-name]"
        ),
        (
            "16:21: cases[0].expect.route.unassigned: no code 'limit'; did you mean 'at-limit'? "
            "[unknown-name]"
        ),
    ]


def test_the_form_of_what_became_of_others_is_checked() -> None:
    case = """\
name: wrong
    before:
      - {owner: anna, lead: {}}
      - {}
      - {lead: {}, pool: dach}
      - {owner: anna, ago: 1 day, time: 2026-03-01}
      - {owner: anna, times: 0}
    reassign: bored
    expect: {route: {}}"""
    assert issues(case) == [
        "6:9: cases[0].before[0]: expected either 'lead' or 'owner' [wrong-value]",
        "7:9: cases[0].before[1]: expected either 'lead' or 'owner' [wrong-value]",
        "8:9: cases[0].before[2]: 'pool' does nothing without 'owner' [unused-option]",
        "9:9: cases[0].before[3]: expected 'ago' or 'time', not both [wrong-value]",
        "10:30: cases[0].before[4].times: '0' is not possible; expected at least 1 [out-of-range]",
        (
            "11:15: cases[0].reassign: 'bored' is not possible; expected 'declined', 'missed' or "
            "'by_hand' [wrong-value]"
        ),
        (
            "12:21: cases[0].expect.route: nothing is expected; expected at least one of owner, "
            "pool, queue, partner, rule, clock, packages, unassigned [empty]"
        ),
    ]


def test_when_it_was_is_checked() -> None:
    case = """\
name: wrong
    before:
      - {owner: anna, time: soon}
      - {owner: anna, ago: 800000 days}
      - {owner: anna, time: 2026-03-03T09:00}
    expect: {route: {owner: anna}}"""
    assert issues(case) == [
        (
            "6:29: cases[0].before[0].time: 'soon' is not a moment; expected "
            "'2026-01-31T09:00:00+01:00' [bad-date]"
        ),
        "7:28: cases[0].before[1].ago: before the year 1 [out-of-range]",
        "8:29: cases[0].before[2].time: after the moment of the case [wrong-value]",
    ]


def test_a_policy_without_routing_says_nothing_of_it() -> None:
    policy = ROUTES[: ROUTES.index("routing:")].replace("tables:", "#")
    case = "{name: one, before: [{owner: ann}], reassign: missed, expect: {route: {owner: ann}}}"
    assert issues(case, policy) == [
        "4:25: cases[0].before: the policy has no section 'routing' [unknown-name]",
        "4:51: cases[0].reassign: the policy has no section 'routing' [unknown-name]",
        "4:75: cases[0].expect.route: the policy has no section 'routing' [unknown-name]",
    ]


ALONE = """\
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01}
routing:
  rules: [{id: all, when: always, to: {pool: team}}]
  pools: {team: {members: [ann, ben]}}
  members: {ann: {}, ben: {}}
"""


def test_a_policy_that_only_routes_may_be_tested() -> None:
    text = """\
leadrules_cases: 1
at: 2026-03-02T12:00
cases:
  - {name: in turn, before: [{lead: {}}], expect: {route: {owner: ann, queue: anything}}}
"""
    [result] = load_cases(text, policy=load_policy(ALONE)).run()
    assert list(result.lines()) == [
        "4:67: route.owner: expected 'ann', got 'ben'",
        "4:79: route.queue: expected 'anything', got nothing",
        "the policy says: routed to owner 'ben' of pool 'team' by rule 'all'",
    ]
