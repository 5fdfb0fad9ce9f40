from collections import Counter

import pytest

from leadrules import Engine, Intake, Policy, load_mapping, load_policy, presets


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(presets.demo_policy())


@pytest.fixture(scope="module")
def intake(policy: Policy) -> Intake:
    mapper = load_mapping(presets.demo_mapping(), vocabulary=policy.vocabulary)
    with presets.demo_leads_file() as path:
        return mapper.read(path)


def test_the_sample_policy_has_no_warnings(policy: Policy) -> None:
    assert policy.warnings == ()
    assert policy.review_due(presets.DEMO_AT) is None


def test_every_rule_says_why(policy: Policy) -> None:
    assert policy.scoring is not None
    rules = dict(policy.scoring.rules())
    assert len(rules) == 22
    assert [rule_id for rule_id, rule in rules.items() if not rule.why] == []


def test_the_sample_export_has_the_faults_that_it_is_meant_to_have(intake: Intake) -> None:
    assert (intake.read, intake.taken, intake.repeated, len(intake.leads)) == (200, 193, 1, 193)
    assert [(reject.line, reject.column, reject.code) for reject in intake.rejects] == [
        (13, "Lead Id", "missing-id"),
        (40, "Lead Id", "missing-id"),
        (66, "Employees", "bad-number"),
        (117, None, "conflicting-id"),
        (144, "Created", "bad-date"),
        (173, None, "too-few-cells"),
    ]


def test_every_lead_arose_before_the_moment_of_the_sample(intake: Intake) -> None:
    created = [lead.created for lead in intake.leads]
    assert all(moment is not None and moment < presets.DEMO_AT for moment in created)


def test_every_rule_fires_for_some_lead_and_nothing_is_certain(
    policy: Policy, intake: Intake
) -> None:
    scorer = Engine(policy).scorer
    scores = [scorer.score(lead, at=presets.DEMO_AT) for lead in intake.leads]
    fired = Counter(rule for score in scores for rule in score.fired)
    assert policy.scoring is not None
    assert policy.scoring.fit is not None
    assert set(fired) == {rule_id for rule_id, _ in policy.scoring.rules()}
    uncertain = {name for score in scores for name in score.uncertain}
    assert uncertain == set(policy.scoring.fit.characteristics) - {"mail", "freshness"}
    assert min(score.score for score in scores) == 0
    assert max(score.score for score in scores) == 100
