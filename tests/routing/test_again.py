"""What is decided again: credit, limits, last resorts, and answers that were kept as data."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadrules import EvaluationError, Lead
from leadrules.calendars import Calendar
from leadrules.routing.assignment import Assignment, Unassigned
from leadrules.routing.document import Routing
from leadrules.routing.router import Router

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
OFFICE = Calendar.model_validate({"hours": {"mon-fri": ["09:00-17:00"]}})


def router_of(pool: dict[str, Any], members: dict[str, Any], **more: Any) -> Router:
    data = {
        "rules": [{"id": "all", "when": "always", "to": {"pool": "team"}}],
        "pools": {"team": {"members": [*members], **pool}},
        "members": members,
        **more,
    }
    return Router(Routing.model_validate(data), calendars={"office": OFFICE})


def owners(router: Router, state: Any, moments: list[datetime]) -> tuple[str, Any]:
    """Return the first letters of who gets a lead at each moment, and the state."""
    found = ""
    for number, at in enumerate(moments):
        answer, state = router.route(Lead(id=f"{at:%d%H}-{number}"), at=at, state=state)
        found += str(answer.owner)[0] if isinstance(answer, Assignment) else "-"
    return found, state


def test_a_credit_gives_back_one_turn_and_not_what_was_missed_overnight() -> None:
    members = {"anna": {"calendar": "office"}, "ben": {}}
    router = router_of({"credit": ["missed"]}, members)
    lead = Lead(id="17")
    first, state = router.route(lead, at=AT, state=router.start())
    assert isinstance(first, Assignment)
    assert first.owner == "anna"
    _, state = owners(router, state, [AT + 10 * HOUR] * 20)
    at = AT + 11 * HOUR
    _, state = router.reassign(lead, history=[first], reason="missed", at=at, state=state)
    found, _ = owners(router, state, [AT + 24 * HOUR] * 8)
    assert found == "aaababab"


def test_who_declined_once_is_given_one_turn_back_however_often_it_is_tried_again() -> None:
    router = router_of({}, {"anna": {}})
    lead = Lead(id="17")
    first, state = router.route(lead, at=AT, state=router.start())
    again, state = router.reassign(lead, history=[first], reason="declined", at=AT, state=state)
    assert isinstance(again, Unassigned)
    third, after = router.reassign(
        lead, history=[first, again], reason="declined", at=AT, state=state
    )
    assert third.to_dict() == again.to_dict()
    assert after == state


def test_a_limit_that_stands_twice_counts_once() -> None:
    router = router_of({}, {"anna": {"limits": ["4 in 24 hours", "4 in 1 day"]}})
    assert owners(router, router.start(), [AT] * 5)[0] == "aaaa-"


def test_whoever_is_at_work_is_not_passed_while_a_pool_waits_for_others() -> None:
    pool = {"wait": "5 days", "match": "language in member.languages or missing(language)"}
    members = {
        "anna": {"attributes": {"languages": ["de"]}},
        "ben": {"calendar": "office", "attributes": {"languages": ["de", "fr"]}},
    }
    router = router_of(pool, members, attributes={"languages": {"type": "strings"}})
    state, night = router.start(), AT + 10 * HOUR
    for number in range(5):
        answer, state = router.route(Lead(id=f"{number}", language="fr"), at=night, state=state)
        assert isinstance(answer, Assignment)
        assert answer.owner == "ben"
    assert owners(router, state, [AT + 24 * HOUR] * 6)[0] == "aaaaaa"


def test_who_is_back_soon_and_at_a_limit_is_what_a_pool_that_waits_tells() -> None:
    members = {
        "anna": {"absent": "2026-01-05 to 2026-02-05"},
        "ben": {"calendar": "office", "limits": "1 per month"},
    }
    router = router_of({"wait": "1 day"}, members)
    night = [AT + 10 * HOUR] * 2
    _, state = owners(router, router.start(), night[:1])
    answer = router.preview(Lead(id="17"), at=night[0], state=state)
    assert isinstance(answer, Unassigned)
    assert answer.code == "at-limit"


def test_a_last_resort_comes_after_all_rules_that_are_collected() -> None:
    router = Router(
        Routing.model_validate(
            {
                "hit": "collect",
                "rules": [
                    {"id": "a", "when": "always", "to": {"owner": "anna"}},
                    {"id": "b", "when": "always", "to": {"owner": "ben"}},
                ],
                "members": {"anna": {}, "ben": {}},
                "reassign": {"otherwise": {"queue": "triage"}},
            }
        )
    )
    lead, history, found = Lead(id="17"), list[Assignment](), []
    answer, state = router.route(lead, at=AT, state=router.start())
    for _ in range(3):
        assert isinstance(answer, Assignment)
        history.append(answer)
        found.append(answer.owner or answer.queue)
        answer, state = router.reassign(
            lead, history=history, reason="declined", at=AT, state=state
        )
    assert found == ["anna", "ben", "triage"]


def test_a_last_resort_is_asked_of_what_only_a_queue_had() -> None:
    router = router_of(
        {}, {"anna": {"absent": "2026-01-05"}}, reassign={"otherwise": {"queue": "t"}}
    )
    lead = Lead(id="17")
    before = Assignment(lead_id="17", time=AT, queue="first")
    answer, _ = router.reassign(
        lead, history=[before], reason="by_hand", at=AT, state=router.start()
    )
    assert isinstance(answer, Assignment)
    assert answer.queue == "t"


def test_a_clock_starts_for_an_owner_alone() -> None:
    data = {
        "rules": [{"id": "all", "when": "always", "to": {"queue": "t"}, "clock": "first_call"}],
    }
    router = Router(Routing.model_validate(data))
    answer = router.preview(Lead(id="17"), at=AT, state=router.start())
    assert isinstance(answer, Assignment)
    assert answer.clock is None


def test_a_replay_of_answers_knows_what_ended_without_an_owner() -> None:
    router = router_of({}, {"anna": {"limits": "2 open"}}, reassign={"otherwise": {"queue": "t"}})
    lead = Lead(id="17")
    first, state = router.route(lead, at=AT, state=router.start())
    again, state = router.reassign(
        lead, history=[first], reason="declined", at=AT + HOUR, state=state
    )
    kept = [type(x).from_dict(json.loads(json.dumps(x.to_dict()))) for x in (first, again)]
    assert kept == [first, again]
    replayed = router.replay(kept)
    assert replayed.open == state.open == {}
    assert replayed.to_dict()["turns"] == state.to_dict()["turns"]


def test_an_unassigned_survives_json() -> None:
    router = router_of({}, {"anna": {"absent": "2026-01-05"}})
    answer = router.preview(Lead(id="17"), at=AT, state=router.start())
    assert isinstance(answer, Unassigned)
    assert Unassigned.from_dict(json.loads(json.dumps(answer.to_dict()))) == answer


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "answer: 'null' is no mapping; expected what to_dict() gives"),
        ({}, "answer: lead_id: 'null' cannot be read"),
        ({"lead_id": "17", "time": "soon"}, "answer: time: 'soon' cannot be read"),
        (
            {"lead_id": "17", "time": "2026-01-05T09:00"},
            "answer: time: '2026-01-05T09:00' cannot be read",
        ),
        (
            {"lead_id": "17", "time": "2026-01-05T09:00Z", "owner": 7},
            "answer: owner: '7' cannot be read",
        ),
        (
            {"lead_id": "17", "time": "2026-01-05T09:00Z", "boss": "x"},
            "answer: boss: 'x' cannot be read",
        ),
        (
            {"lead_id": "17", "time": "2026-01-05T09:00Z", "packages": "x"},
            "answer: packages: 'x' cannot be read",
        ),
    ],
)
def test_what_is_no_assignment(data: Any, message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        Assignment.from_dict(data)
    assert str(caught.value) == message


def test_what_has_no_code_is_no_answer() -> None:
    data = {"lead_id": "17", "time": "2026-01-05T09:00Z", "code": "tired"}
    with pytest.raises(EvaluationError) as caught:
        Unassigned.from_dict(data)
    assert str(caught.value) == "answer: code: 'tired' cannot be read"


def test_a_pool_is_not_called_as_a_role_is() -> None:
    routing = Routing.model_validate(
        {
            "rules": [{"id": "all", "when": "always", "to": {"pool": "role:sdr"}}],
            "pools": {"role:sdr": {"members": ["anna"]}},
            "members": {"anna": {}},
        }
    )
    (problem,) = routing.check(Router(routing_of_nobody()).vocabulary, {})
    assert (
        problem.message == "'role:sdr' is no name of a pool; names with 'role:' are those of roles"
    )
    assert problem.path == ("pools", "role:sdr")


def routing_of_nobody() -> Routing:
    return Routing.model_validate(
        {"rules": [{"id": "all", "when": "always", "to": {"queue": "triage"}}]}
    )


def test_a_state_of_the_same_policy_is_not_migrated() -> None:
    found = routing_of_nobody()
    router = Router(found, policy="a" * 64)
    state = router.start()
    assert router.migrate(state) is state


def test_turns_that_are_kept_begin_at_the_level_of_those_that_were_not() -> None:
    members = {"anna": {}, "ben": {"absent": "2026-01-05"}}
    old = router_of({"members": ["anna", "ben"]}, members)
    _, state = owners(old, old.start(), [AT] * 20)
    new = router_of({"members": ["anna", "ben"], "share": "of_all_leads"}, members)
    found, _ = owners(new, new.migrate(state), [AT + 24 * HOUR] * 6)
    assert found in {"bababa", "ababab", "bbabab", "babbab"}
