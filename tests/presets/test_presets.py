from collections import Counter

import pytest

from leadrules import (
    Engine,
    Event,
    Intake,
    Policy,
    Score,
    load_mapping,
    load_policy,
    presets,
)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(presets.demo_policy())


@pytest.fixture(scope="module")
def intake(policy: Policy) -> Intake:
    mapper = load_mapping(presets.demo_mapping(), vocabulary=policy.vocabulary)
    with presets.demo_leads_file() as path:
        return mapper.read(path)


@pytest.fixture(scope="module")
def happened(policy: Policy, intake: Intake) -> Intake:
    mapper = load_mapping(presets.demo_events_mapping(), vocabulary=policy.vocabulary)
    with presets.demo_events_file() as path:
        return mapper.read(path, leads=intake.leads)


@pytest.fixture(scope="module")
def scores(policy: Policy, intake: Intake, happened: Intake) -> list[Score]:
    scorer = Engine(policy).scorer
    events: dict[str, list[Event]] = {}
    for event in happened.events:
        events.setdefault(event.lead_id, []).append(event)
    return [
        scorer.score(lead, events=events.get(lead.id, ()), at=presets.DEMO_AT)
        for lead in intake.leads
    ]


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


def test_the_sample_of_events_has_the_faults_that_it_is_meant_to_have(happened: Intake) -> None:
    counts = (happened.read, happened.taken, happened.repeated, len(happened.events))
    assert counts == (1487, 1483, 1, 1483)
    assert [(reject.line, reject.column, reject.code) for reject in happened.rejects] == [
        (42, "When", "bad-date"),
        (73, "Lead Id", "missing-lead"),
        (98, "Answer", "unlisted-value"),
    ]
    kinds = Counter(event.type or event.kind for event in happened.events)
    assert kinds.keys() == {
        "page_view", "webinar", "download", "unsubscribe", "answer", "retraction",
        "moved", "assigned", "touch", "completed",
    }  # fmt: skip


def test_every_rule_fires_for_some_lead_and_nothing_is_certain(
    policy: Policy, scores: list[Score]
) -> None:
    scoring = policy.scoring
    assert scoring is not None
    assert scoring.fit is not None
    assert scoring.engagement is not None
    fired = {rule for score in scores for rule in score.fired}
    assert fired == {*(rule_id for rule_id, _ in scoring.rules()), *scoring.engagement.rules}
    uncertain = {name for score in scores for name in score.uncertain}
    assert uncertain == set(scoring.fit.characteristics) - {"mail", "freshness"}
    assert min(score.score for score in scores) == 0
    assert max(score.score for score in scores) == 100


def test_every_band_letter_digit_and_answer_is_there(scores: list[Score]) -> None:
    assert Counter(score.band for score in scores) == {"hot": 7, "warm": 106, "cold": 80}
    assert {score.band_by for score in scores} == {"threshold", "hold"}
    assert {score.grid for score in scores} == {f"{x}{y}" for x in "ABC" for y in "123"}
    assert {score.ready for score in scores} == {True, False}
    for name in ("budget", "authority", "need", "timing"):
        answers = {score.answer(name) for score in scores}
        assert answers == {"met", "not_met", "unknown"}


def test_whoever_owns_a_lead_or_an_account_of_the_sample_is_a_member(
    policy: Policy, intake: Intake, happened: Intake
) -> None:
    assert policy.routing is not None
    members = policy.routing.members
    owners = {event["owner"] for event in happened.events if event.kind == "assigned"}
    accounts = {lead.account.owner for lead in intake.leads} - {None}
    assert owners == members.keys() - {"Mara Lind"}, "she is new"
    assert accounts == {name for name, found in members.items() if "sales" in found.roles}


def test_every_routing_rule_gets_a_lead_says_why_and_none_is_lost(
    policy: Policy, intake: Intake, happened: Intake
) -> None:
    assert policy.routing is not None
    assert [rule.id for rule in policy.routing.rules if not rule.why] == []
    engine = Engine(policy)
    state, rules = engine.router.start(), set()
    for lead in intake.leads:
        events = [event for event in happened.events if event.lead_id == lead.id]
        answer, state = engine.route(lead, events=events, rotation=state, at=presets.DEMO_AT)
        assert answer, str(answer)
        rules.add(answer.rule)
    assert rules == {*policy.routing.ids()}


def test_the_words_of_the_funnel_are_those_of_the_sample(policy: Policy, happened: Intake) -> None:
    measures = policy.measures
    assert measures.steps == {
        "suspect": "suspect",
        "prospect": "inquiry",
        "sales_ready": "mql",
        "quote": "proposal",
        "close": "won",
    }
    reached = {event["to"] for event in happened.events if event.kind == "moved"}
    assert {*measures.order, *measures.closed} - {"suspect"} == reached
    assert {x.activity for x in measures.objectives} == {None, "webinar"}
