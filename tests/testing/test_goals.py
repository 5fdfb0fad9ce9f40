from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from leadrules import EvaluationError, Policy, load_policy
from leadrules.testing import Coverage, coverage, load_cases
from tests.testing.routes import ROUTES_POLICY
from tests.testing.samples import ACME_POLICY, CASES

HEADER = {"id": "p", "version": 1, "effective": "2026-01-01"}


def policy_of(scoring: Mapping[str, Any], **sections: Any) -> Policy:
    return load_policy({"leadrules": 1, "policy": HEADER, **sections, "scoring": scoring})


def fit_of(when: str, **sections: Any) -> Policy:
    rules = [{"id": "r", "when": when, "points": 5}]
    return policy_of({"fit": {"characteristics": {"x": rules}}}, **sections)


def covered(policy: Policy, *cases: Mapping[str, Any]) -> Coverage:
    entries = [
        {"name": f"case {number}", "expect": {"fired": {}}, **case}
        for number, case in enumerate(cases, start=1)
    ]
    document = {"leadrules_cases": 1, "at": "2026-03-02T09:00Z", "cases": entries}
    return coverage(policy, load_cases(document, policy=policy).cases)


def told(found: Coverage) -> list[str]:
    return [str(goal) for goal in found.missed]


def test_only_what_a_condition_can_be_is_a_goal() -> None:
    assert [(str(goal), goal.kind) for goal in covered(fit_of("known(email)"), {}).goals] == [
        ("rule 'r': never true: known(email)", "verdict"),
        ("rule 'r': reached", "verdict"),
    ]
    assert len(covered(fit_of("always"), {}).goals) == 1
    assert len(covered(fit_of('email == "x"'), {}).goals) == 3


def test_a_rule_about_every_activity_of_a_type_needs_one() -> None:
    policy = load_policy(
        """
leadrules: 1
policy: {id: p, version: 1, effective: 2026-01-01}
activities: {brochure: {}}
scoring: {engagement: {rules: {brochure: {activity: brochure, points: 5}}}}
"""
    )
    assert told(covered(policy, {})) == ["rule 'brochure': no case has such an activity"]
    found = covered(policy, {"events": [{"type": "brochure", "ago": "1 day"}]})
    assert [str(goal) for goal in found.goals] == ["rule 'brochure': reached"]


def test_control_characters_are_spelt_out() -> None:
    found = covered(fit_of('email == "\x1b"'), {})
    assert "rule 'r': never true: email == \"\\u001b\"" in told(found)
    found = covered(fit_of('title < "m"'), {"lead": {"title": "n\x1b"}})
    assert r"the nearest is 'n\u001b'" in str(found)


def test_a_threshold_is_tried_from_both_sides() -> None:
    policy = fit_of("company.employees >= 50")
    cases: list[dict[str, Any]] = [
        {"lead": {"company.employees": 70}},
        {"lead": {"company.employees": 51}},
        {},
    ]
    assert told(covered(policy, *cases)) == [
        "rule 'r': never false: company.employees >= 50",
        "rule 'r': no value below 50, the nearest is 51: company.employees >= 50",
    ]
    assert covered(policy, *cases, {"lead": {"company.employees": 49}}).percent == 100


@pytest.mark.parametrize(
    ("when", "lead", "missing"),
    [
        ("company.employees > 5", {"company.employees": 5}, "no value above 5, the nearest is 5"),
        ("company.employees <= 5", {"company.employees": 7}, "no value of 5 or below, the nearest"),
        ("company.employees < 5", {"company.employees": 5}, "no value below 5, the nearest is 5"),
        ("5 <= company.employees", {"company.employees": 4}, "no value of 5 or above, the nearest"),
        ("company.employees >= param.n", {}, "no value below param.n, there is none at all"),
        (
            'budget >= money("5 EUR")',
            {"budget": "3 EUR"},
            "no value of 5 EUR or above, the nearest",
        ),
        ('budget >= money("5 EUR")', {"budget": "3 USD"}, "no value below 5 EUR, there is none"),
        ('title < "m"', {"title": "n"}, "no value below 'm', the nearest is 'n'"),
        (
            'within(created, "30 days")',
            {"created": "2026-01-01T00:00Z"},
            "no value younger than 30 days, the nearest is 60.37 days",
        ),
        (
            'older_than(created, "1 day")',
            {"created": "2026-03-02T08:00Z"},
            "no value as old as 1 day or older, the nearest is 1 hour",
        ),
        (
            'created > datetime("2026-01-01T00:00Z")',
            {"created": "2026-03-02T08:00Z"},
            (
                "no value of 2026-01-01T00:00:00+00:00 or below, the nearest is "
                "2026-03-02T08:00:00+00:00"
            ),
        ),
        (
            "days_since(created) > 3 * 2",
            {"created": "2026-03-01T00:00Z"},
            "no value above 3 * 2, the nearest is 1",
        ),
    ],
)
def test_the_nearest_value_is_told(when: str, lead: dict[str, Any], missing: str) -> None:
    policy = fit_of(when, parameters={"n": 5})
    assert any(missing in line for line in told(covered(policy, {"lead": lead}))), told(
        covered(policy, {"lead": lead})
    )


def test_a_moment_ahead_is_on_no_side() -> None:
    policy = fit_of('within(created, "30 days")')
    found = told(covered(policy, {"lead": {"created": "2026-04-01T00:00Z"}}))
    assert found[2] == (
        "rule 'r': no value younger than 30 days, there is none at all: within(created, \"30 "
        'days")'
    )


def test_a_comparison_without_a_threshold_has_no_sides() -> None:
    for when in ("company.employees == 5", "company.employees > company.employees / 2"):
        assert {goal.kind for goal in covered(fit_of(when), {}).goals} == {"verdict"}


def test_rules_about_activities_are_tried_on_activities() -> None:
    policy = policy_of(
        {
            "engagement": {
                "rules": {"r": {"activity": "view", "when": "activity.n > 1", "points": 1}}
            }
        },
        activities={"view": {"properties": {"n": {"type": "integer"}}}, "other": {}},
    )
    events = [
        {"type": "view", "ago": "1 day", "properties": {"n": 2}},
        {"type": "view", "ago": "1 day", "properties": {"n": 1}, "id": "gone"},
        {"kind": "retraction", "ago": "1 day", "properties": {"of": "gone"}},
        {"type": "other", "ago": "1 day"},
    ]
    assert told(covered(policy, {"events": events})) == [
        "rule 'r': never false: activity.n > 1",
        "rule 'r': never unknown: activity.n > 1",
        "rule 'r': no value of 1 or below, the nearest is 2: activity.n > 1",
    ]


def test_bands_are_tried_by_who_gets_in_and_who_stays() -> None:
    policy = policy_of(
        {
            "fit": {
                "characteristics": {
                    "x": [
                        {"when": "company.employees >= 50", "points": 20},
                        {"when": "company.employees >= 5", "points": 10.5},
                    ]
                }
            },
            "bands": {
                "of": "fit",
                "levels": [{"name": "hot", "enter": 15, "leave": 10}, {"name": "cold"}],
            },
        }
    )
    large, medium, small = ({"lead": {"company.employees": count}} for count in (50, 5, 1))
    bands = [goal for goal in told(covered(policy, large)) if goal.startswith("band")]
    assert bands == [
        "band 'cold': never reached",
        "band 'hot': no value below 15, the nearest is 20: enter by fit",
        "band 'hot': no value below 10, there is none at all: leave by fit",
        "band 'hot': no value of 10 or above, there is none at all: leave by fit",
    ]
    stays, leaves = medium | {"previous": "hot"}, small | {"previous": "hot"}
    found = told(covered(policy, large, medium, stays, leaves))
    assert not [goal for goal in found if goal.startswith("band")]


def test_letters_and_digits_are_goals() -> None:
    found = told(coverage(ACME_POLICY, load_cases(CASES, policy=ACME_POLICY).cases))
    assert [goal for goal in found if goal.startswith(("letter", "digit"))] == [
        "letter 'B': never reached",
        "letter 'C': never reached",
        "digit '1': never reached",
        "digit '2': never reached",
    ]


def test_it_is_told_in_one_line_and_what_is_missed() -> None:
    found = coverage(ACME_POLICY, load_cases(CASES, policy=ACME_POLICY).cases)
    assert str(found).startswith("coverage 35.9 %: the cases reach 23 of 64 goals\n  rule 'large'")
    assert str(Coverage(())) == "coverage 100.0 %: the cases reach 0 of 0 goals"


def test_a_policy_without_scoring_has_no_coverage() -> None:
    policy = load_policy({"leadrules": 1, "policy": HEADER})
    with pytest.raises(EvaluationError, match="policy 'p' has no section 'scoring'"):
        coverage(policy, ())


ROUTED = """\
leadrules: 1
policy: {id: p, version: 1, effective: 2026-01-01}
routing:
  rules:
    - {id: large, when: company.employees >= 100, to: {owner: ann}}
    - {when: 'country == "DE"', to: {owner: ben}}
    - {id: rest, when: country == "AT", to: {owner: ben}}
  sends: [{when: 'lead_type == "demo"', send: [agenda]}]
  queue: triage
  members: {ann: {limits: 1 per day}, ben: {}}
"""


def test_rules_of_routing_that_no_lead_goes_by_are_told() -> None:
    policy = load_policy(ROUTED)
    cases: list[dict[str, Any]] = [
        {"lead": {"company.employees": 100}, "before": [{"owner": "ann"}]},
        {"lead": {"country": "DE", "company.employees": 99, "lead_type": "demo"}},
        {"lead": {"country": "DE", "company.employees": 800}, "previous": None},
    ]
    expect = {"route": {"clock": None}}
    found = covered(policy, *({**case, "expect": expect} for case in cases))
    assert told(found) == [
        "route 'large': never unknown: company.employees >= 100",
        "route 'rules[1]': never false: country == \"DE\"",
        "route 'rest': never true: country == \"AT\"",
        "route 'rest': no lead goes by it",
        'sends[0]: never false: lead_type == "demo"',
        "queue 'triage': every lead goes by a rule",
    ]
    assert [str(goal) for goal in found.goals if goal.kind == "route"] == [
        "route 'large': reached",
        "route 'rules[1]': reached",
        "route 'rest': no lead goes by it",
        "queue 'triage': every lead goes by a rule",
    ]
    more = covered(policy, *({**case, "expect": expect} for case in [*cases, {"lead": {}}]))
    assert told(more) == [
        "route 'rules[1]': never false: country == \"DE\"",
        "route 'rest': never true: country == \"AT\"",
        "route 'rest': no lead goes by it",
        'sends[0]: never false: lead_type == "demo"',
    ]


def test_a_rule_that_is_true_of_leads_that_it_gives_to_nobody_is_not_tried() -> None:
    policy = load_policy(ROUTED.replace("ann: {limits: 1 per day}", "ann: {active: false}"))
    case = {"lead": {"company.employees": 100}, "expect": {"route": None}}
    assert "route 'large': no lead goes by it" in told(covered(policy, case))


def test_rules_of_routing_read_score_and_stage() -> None:
    expect = {"route": {"owner": "dora"}}
    lead = {"created": "2026-03-01T09:00", "company.employees": 200}
    assert "route 'sales': reached" in [
        str(goal) for goal in covered(ROUTES_POLICY, {"lead": lead, "expect": expect}).goals
    ]
