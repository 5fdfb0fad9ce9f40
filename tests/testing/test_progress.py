"""Cases that expect where a lead is, what is owed to it, and what is refused."""

from __future__ import annotations

import pytest

from leadrules import load_policy
from leadrules.testing import CasesError, load_cases

POLICY = """\
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01, zone: Europe/Berlin}
scoring:
  fit: {characteristics: {size: [{id: large, when: company.employees >= 100, points: 50}]}}
  bands: [{name: hot, enter: 50}, {name: cold}]
calendars: {office: {hours: {mon-fri: ["09:00-17:00"]}}}
lifecycle:
  hours: {default: office}
  stages:
    inquiry: {owner: rep}
    sal: {owner: sales, requires: [paper]}
    won: {kind: won}
    lost: {kind: lost, reasons: [price, no_answer]}
  moves:
    - {from: inquiry, to: sal, automatic: true, when: band == "hot"}
    - {from: sal, to: won, by: [sales]}
    - {from: [inquiry, sal], to: lost, by: [rep, sales], touches: [calls]}
  touches: {calls: {in: [inquiry, sal], count: 2, within: 4 business hours, waive: [duplicate]}}
  clocks: {speed: {from: created, to: first_attempt, within: 2 business hours}}
"""
ACME = load_policy(POLICY)

CASES = """\
leadrules_cases: 1
at: 2026-03-02T12:30
cases:
  - name: a hot lead goes to sales
    lead: {created: 2026-03-02T09:00, company.employees: 200, owner: ann}
    expect:
      band: hot
      stage: sal
      owner: ann
      moved: [sal]
      agenda:
        - {kind: touches, name: calls, status: open}
        - {kind: requirement, name: paper}
      refused:
        - {to: won, role: sales, codes: [requirement-open]}
        - {to: lost, role: rep, codes: {includes: [touches-open, reason-missing]}}
  - name: a cold one stays, and may be given up when it has been called
    lead: {created: 2026-03-02T09:00, company.employees: 2}
    events:
      - {kind: touch, ago: 1 hour, properties: {channel: call, direction: outbound}}
      - {kind: touch, ago: 0 hours, properties: {channel: call, direction: outbound}}
    expect:
      stage: inquiry
      owner: null
      moved: []
      refused: [{to: lost, role: rep, reason: price, codes: []}]
  - name: what is won is owed nothing
    lead: {created: 2026-03-01T09:00}
    events: [{kind: moved, time: 2026-03-01T10:00, properties: {to: won}}]
    expect: {stage: won, agenda: null}
  - name: what has not arisen is nowhere
    expect: {stage: null, moved: null, agenda: null, refused: [{to: won, codes: []}]}
"""


def test_cases_may_expect_where_a_lead_is_and_what_is_owed_to_it() -> None:
    for result in load_cases(CASES, policy=ACME).run():
        assert list(result.lines()) == []
        assert result.passed


OTHER = (
    CASES.replace("stage: sal", "stage: inquiry")
    .replace("owner: ann\n", "owner: ben\n")
    .replace("moved: [sal]", "moved: []")
    .replace("status: open", "status: breached")
    .replace("name: paper", "name: draft")
    .replace("codes: [requirement-open]", "codes: []")
    .replace("includes: [touches-open", "includes: [guard-false")
    .replace("stage: won, ", "stage: won, moved: [lost], ")
    .replace("stage: null", "stage: lost")
)


def test_what_is_not_so_is_told_with_its_place() -> None:
    first, _, third, last = load_cases(OTHER, policy=ACME).run()
    told = list(first.lines("acme.cases.yaml"))
    assert told[:3] == [
        "acme.cases.yaml:8:14: stage: expected 'inquiry', got 'sal'",
        "acme.cases.yaml:9:14: owner: expected 'ben', got 'ann'",
        "acme.cases.yaml:10:14: moved: expected nothing, got 'sal'",
    ]
    assert told[3] == ("acme.cases.yaml:12:48: agenda[0].status: expected 'breached', got 'open'")
    owed = "clock 'speed' breached, touches 'calls' open, requirement 'paper' open"
    assert told[4] == f"acme.cases.yaml:13:11: agenda[1]: expected requirement 'draft', got {owed}"
    assert told[5:7] == [
        (
            "acme.cases.yaml:15:41: refused[0].codes: expected exactly nothing, got "
            "'requirement-open' (besides 'requirement-open')"
        ),
        (
            "acme.cases.yaml:16:51: refused[1].codes.includes: expected 'guard-false', got "
            "'reason-missing', 'touches-open'"
        ),
    ]
    assert told[7:] == [
        (
            "the policy says: score 50 (fit 50); band hot; fired: large; stage sal, owned by ann, "
            f"moved by the policy: sal; owed: {owed}"
        )
    ]
    assert list(third.lines()) == [
        "30:33: moved: expected 'lost', got nothing",
        "the policy says: score 0 (fit 0); band cold; fired: nothing; stage won; owed: nothing",
    ]
    assert list(last.lines()) == [
        "32:21: stage: expected 'lost', got nothing",
        "the policy says: score 0 (fit 0); band cold; fired: nothing",
    ]


def issues(text: str, policy: str = POLICY) -> list[str]:
    with pytest.raises(CasesError) as caught:
        load_cases(text, policy=load_policy(policy))
    return [str(issue) for issue in caught.value.issues]


WRONG = """\
leadrules_cases: 1
at: 2026-03-02T12:30
cases:
  - name: wrong
    events:
      - {kind: moved, ago: 1 day, properties: {to: inquirry}}
      - {kind: waiver, ago: 1 day, properties: {touches: visits, reason: duplicate}}
    expect:
      stage: sall
      moved: [archive]
      agenda: [{kind: touch, name: calls}]
      refused: [{to: won, codes: [requirements-open]}]
"""


def test_names_that_the_policy_does_not_know_are_told() -> None:
    assert issues(WRONG) == [
        (
            "6:52: cases[0].events[0].properties.to: the policy knows no 'inquirry' here; did you "
            "mean 'inquiry'? [unknown-name]"
        ),
        (
            "7:58: cases[0].events[1].properties.touches: the policy knows no 'visits' here; "
            "expected 'calls' [unknown-name]"
        ),
        ("9:14: cases[0].expect.stage: no stage 'sall'; did you mean 'sal'? [unknown-name]"),
        (
            "10:15: cases[0].expect.moved[0]: no stage 'archive'; expected 'inquiry', 'sal', "
            "'won' or 'lost' [unknown-name]"
        ),
        (
            "11:23: cases[0].expect.agenda[0].kind: no kind 'touch'; did you mean 'touches'? "
            "[unknown-name]"
        ),
        (
            "12:35: cases[0].expect.refused[0].codes[0]: no code 'requirements-open'; did "
            "you mean 'requirement-open'? [unknown-name]"
        ),
    ]


ONLY_STAGES = """\
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01}
lifecycle:
  stages: {inquiry: {owner: rep}, won: {kind: won}}
  moves: [{from: inquiry, to: won, by: [rep]}]
"""


def test_a_policy_without_scoring_may_be_tested_by_its_stages() -> None:
    text = """\
leadrules_cases: 1
at: 2026-03-02T12:30
cases:
  - name: it is there
    lead: {created: 2026-03-02T09:00}
    expect: {stage: inquiry, refused: [{to: won, codes: [role]}]}
"""
    [result] = load_cases(text, policy=load_policy(ONLY_STAGES)).run()
    assert result.passed
    assert result.score is None
    assert result.progress is not None
    assert issues(
        text.replace("expect: {", "previous: hot\n    expect: {score: 1, "), ONLY_STAGES
    ) == [
        "6:15: cases[0].previous: the policy has no section 'scoring' [unknown-name]",
        "7:21: cases[0].expect.score: the policy has no section 'scoring' [unknown-name]",
    ]


def test_a_policy_without_stages_says_nothing_of_them() -> None:
    policy = POLICY[: POLICY.index("lifecycle:")]
    text = """\
leadrules_cases: 1
at: 2026-03-02T12:30
cases: [{name: one, expect: {stage: inquiry, agenda: []}}]
"""
    assert issues(text, policy) == [
        "3:37: cases[0].expect.stage: the policy has no section 'lifecycle' [unknown-name]",
        "3:54: cases[0].expect.agenda: the policy has no section 'lifecycle' [unknown-name]",
    ]
