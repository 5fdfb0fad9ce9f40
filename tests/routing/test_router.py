"""What a router is asked with: all that is wrong with its arguments is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from leadrules import Engine, EvaluationError, Event, Lead, PolicyError, load_policy
from leadrules.calendars import Calendar
from leadrules.routing.assignment import Assignment, Unassigned
from leadrules.routing.document import Routing
from leadrules.routing.rotation import Rotation
from leadrules.routing.router import Router

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
NAIVE = datetime(2026, 1, 5, 9)  # noqa: DTZ001 - it has no zone
DOCUMENT: dict[str, Any] = {
    "rules": [{"id": "all", "when": "always", "to": {"pool": "team"}}],
    "pools": {"team": {"strategy": "least_loaded", "members": ["anna", "ben"]}},
    "members": {"anna": {}, "ben": {}},
}
ROUTER = Router(Routing.model_validate(DOCUMENT), policy="h")
STATE = ROUTER.start()
LEAD = Lead(id="17")
HAD = Assignment(lead_id="17", time=AT, owner="anna", pool="team", rule="all")


def refused(call: Callable[[], object]) -> tuple[str, str | None, str | None]:
    with pytest.raises(EvaluationError) as caught:
        call()
    return caught.value.message, caught.value.field, caught.value.lead_id


ZONE = "has no time zone; expected an aware datetime"
NO_MOMENT = "is not a moment; expected an aware datetime"
REASONS = "expected 'declined', 'missed' or 'by_hand'"

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"lead": "x"}, "lead: 'x' is no lead; make one with policy.lead(...)", "lead"),
    ({"lead": None}, "lead: 'null' is no lead; make one with policy.lead(...)", "lead"),
    ({"lead": {"id": "17"}}, "lead: '{...}' is no lead; make one with policy.lead(...)", "lead"),
    ({"state": None}, "state: 'null' is no state; expected what start() gives", "state"),
    (
        {"state": STATE.to_dict()},
        "state: '{...}' is no state; expected what start() gives",
        "state",
    ),
    (
        {"state": Rotation(policy="z")},
        "state: was made by policy 'z', not 'h'; expected router.migrate(state)",
        "state",
    ),
    (
        {"state": Rotation()},
        "state: was made by policy 'None', not 'h'; expected router.migrate(state)",
        "state",
    ),
    ({"at": NAIVE}, f"at: '2026-01-05T09:00:00' {ZONE}", "at"),
    ({"at": "2026-01-05"}, f"at: '2026-01-05' {NO_MOMENT}", "at"),
    ({"at": date(2026, 1, 5)}, f"at: '2026-01-05' {NO_MOMENT}", "at"),
    ({"at": None}, f"at: 'None' {NO_MOMENT}", "at"),
    ({"derived": 5}, "derived: '5' is not possible; expected values by name", "derived"),
    ({"derived": ["a"]}, "derived: '[...]' is not possible; expected values by name", "derived"),
    ({"load": 5}, "load: '5' is not possible; expected a number by member", "load"),
    ({"load": ["anna"]}, "load: '[...]' is not possible; expected a number by member", "load"),
    ({"load": {"ben": -1}}, "load: ben: '-1' is no number of leads; expected 0, 1 ...", "load"),
    ({"load": {"ben": 1.5}}, "load: ben: '1.5' is no number of leads; expected 0, 1 ...", "load"),
    ({"load": {"x": True}}, "load: x: 'true' is no number of leads; expected 0, 1 ...", "load"),
    ({"load": {"x": None}}, "load: x: 'null' is no number of leads; expected 0, 1 ...", "load"),
]
OF_REASSIGN: list[tuple[dict[str, Any], str, str]] = [
    ({"reason": "bored"}, f"reason: 'bored' is not possible; {REASONS}", "reason"),
    ({"reason": None}, f"reason: 'null' is not possible; {REASONS}", "reason"),
    ({"reason": []}, f"reason: '[...]' is not possible; {REASONS}", "reason"),
    ({"to": "ana"}, "to: no member 'ana'; did you mean 'anna'?", "to"),
    ({"to": ""}, "to: no member ''", "to"),
    ({"to": ["anna"]}, "to: no member '[...]'", "to"),
    ({"history": None}, "history: 'null' is not possible; expected assignments", "history"),
    (
        {"history": HAD},
        (
            "history: 'lead 17 -> owner 'anna' from pool 'team' by rule 'all'' is not possible; "
            "expected assignments"
        ),
        "history",
    ),
    ({"history": [HAD, "anna"]}, "history: 'anna' is no assignment", "history"),
    (
        {"history": [Assignment(lead_id="18", time=AT, owner="anna")]},
        "history: an assignment is of lead '18', not of '17'",
        "history",
    ),
]


@pytest.mark.parametrize(("wrong", "message", "field"), WRONG)
def test_decisions_refuse_what_they_cannot_use(
    wrong: dict[str, Any], message: str, field: str
) -> None:
    arguments: dict[str, Any] = {"lead": LEAD, "at": AT, "state": STATE, **wrong}
    again = {"history": [HAD], "reason": "declined", **arguments}
    of_lead = "17" if field == "derived" else None
    for call in (
        lambda: ROUTER.route(**arguments),
        lambda: ROUTER.preview(**arguments),
        lambda: ROUTER.reassign(**again),
    ):
        assert refused(call) == (message, field, of_lead)


@pytest.mark.parametrize(("wrong", "message", "field"), OF_REASSIGN)
def test_reassigning_refuses_what_it_cannot_use(
    wrong: dict[str, Any], message: str, field: str
) -> None:
    arguments = {"history": [HAD], "reason": "declined", "at": AT, "state": STATE, **wrong}
    assert refused(lambda: ROUTER.reassign(LEAD, **arguments)) == (message, field, "17")


@pytest.mark.parametrize(
    ("wrong", "message", "field"),
    [
        ({"member": "ana"}, "member: no member 'ana'; did you mean 'anna'?", "member"),
        ({"member": 5}, "member: no member '5'", "member"),
        ({"member": ["anna"]}, "member: no member '[...]'", "member"),
        ({"member": None}, "member: no member 'null'", "member"),
        ({"state": "x"}, "state: 'x' is no state; expected what start() gives", "state"),
        (
            {"state": Rotation(policy="z")},
            "state: was made by policy 'z', not 'h'; expected router.migrate(state)",
            "state",
        ),
        ({"start": NAIVE}, f"start: '2026-01-05T09:00:00' {ZONE}", "start"),
        ({"start": "x"}, f"start: 'x' {NO_MOMENT}", "start"),
        ({"end": NAIVE}, f"end: '2026-01-05T09:00:00' {ZONE}", "end"),
        ({"end": 5}, f"end: '5' {NO_MOMENT}", "end"),
        (
            {"end": AT},
            "end: '2026-01-05T09:00:00+00:00' is not after '2026-01-05T09:00:00+00:00'",
            "end",
        ),
        (
            {"end": AT - timedelta(days=1)},
            "end: '2026-01-04T09:00:00+00:00' is not after '2026-01-05T09:00:00+00:00'",
            "end",
        ),
    ],
)
def test_absences_refuse_what_they_cannot_use(
    wrong: dict[str, Any], message: str, field: str
) -> None:
    arguments: dict[str, Any] = {"state": STATE, "member": "anna", "start": AT, **wrong}
    assert refused(lambda: ROUTER.absent(**arguments)) == (message, field, None)
    if field in {"member", "state"}:
        del arguments["start"]
        assert refused(lambda: ROUTER.present(**arguments, at=AT)) == (message, field, None)


def test_being_back_needs_a_moment() -> None:
    for at, message in ((NAIVE, f"at: '2026-01-05T09:00:00' {ZONE}"), (5, f"at: '5' {NO_MOMENT}")):
        found: Any = at
        call = lambda when=found: ROUTER.present(STATE, member="anna", at=when)  # noqa: E731
        assert refused(call) == (message, "at", None)


def test_facts_and_states_of_other_kinds_are_refused() -> None:
    nothing: Any = "x"
    no_event = ("event: 'x' is no event; make one with Event(...)", "event", None)
    no_state = ("state: 'x' is no state; expected what start() gives", "state", None)
    assert refused(lambda: ROUTER.note(STATE, nothing)) == no_event
    event = Event(lead_id="17", id="e", time=AT, kind="moved", properties={"to": "lost"})
    assert refused(lambda: ROUTER.note(nothing, event)) == no_state
    assert refused(lambda: ROUTER.migrate(nothing)) == no_state
    assert ROUTER.migrate(Rotation(policy="z")).policy == "h"


def test_a_router_refuses_what_is_no_section() -> None:
    nothing: Any = DOCUMENT
    assert refused(lambda: Router(nothing)) == (
        "routing: '{...}' is no section; expected a Routing",
        "routing",
        None,
    )
    wrong = Routing.model_validate({**DOCUMENT, "members": {"ann": {}}})
    with pytest.raises(PolicyError) as caught:
        Router(wrong)
    assert str(caught.value) == (
        "2 problems in routing\n"
        "  pools.team.members.anna: no member 'anna'; did you mean 'ann'? [unknown-name]\n"
        "  pools.team.members.ben: no member 'ben' [unknown-name]"
    )


def test_what_is_odd_stops_no_router() -> None:
    odd = {**DOCUMENT, "pools": {**DOCUMENT["pools"], "unused": {"members": ["anna"]}}}
    assert repr(Router(Routing.model_validate(odd))) == "Router(1 rule, 2 pools, 2 members)"


def test_a_load_may_name_anybody() -> None:
    answer, _ = ROUTER.route(LEAD, at=AT, state=STATE, load={"anna": 1, "somebody else": 9})
    assert isinstance(answer, Assignment)
    assert answer.owner == "ben"


def test_members_who_are_gone_and_pools_that_are_gone_are_no_matter() -> None:
    gone = Assignment(lead_id="17", time=AT, owner="eve", pool="gone", rule="gone")
    for reason in ("declined", "missed", "by_hand"):
        told: Any = reason
        answer, state = ROUTER.reassign(LEAD, history=[gone], reason=told, at=AT, state=STATE)
        assert isinstance(answer, Assignment)
        assert (answer.owner, answer.reason, state.version) == ("anna", reason, 1)


POLICY = load_policy(
    {
        "leadrules": 1,
        "policy": {"id": "acme", "version": 1, "effective": "2026-01-01"},
        "fields": {
            "months": {"type": "integer"},
            "seats": {"type": "integer"},
            "languages": {"type": "strings"},
        },
        "tables": {"t": {"columns": ["from", "to", "who"]}},
        "routing": {
            "queue": "q",
            "rules": [
                {"when": 'city == "Graz" and months > 3', "to": {"queue": "old"}},
                {"when": 'city == "Linz" and "de" in languages', "to": {"queue": "german"}},
                {"when": 'city == "Wien"', "to": {"lookup": "t"}},
            ],
            "lookups": {
                "t": {
                    "range": {"field": "seats", "from": "from", "to": "to"},
                    "gives": {"queue": "who"},
                }
            },
        },
    },
    tables={"t": [{"from": 1, "to": 9, "who": "new"}]},
)


@pytest.mark.parametrize(
    ("city", "fields", "message"),
    [
        ("Graz", {"months": "x"}, "months: 'x' is not an integer"),
        ("Graz", {"months": 1.5}, "months: '1.5' is not an integer"),
        ("Linz", {"languages": "de"}, "languages: 'de' is not a list of texts"),
        ("Wien", {"seats": "x"}, "seats: 'x' is of another type than the table's"),
    ],
)
def test_a_field_of_another_type_is_told_with_the_lead(
    city: str, fields: dict[str, Any], message: str
) -> None:
    router, lead = Engine(POLICY).router, Lead(id="17", city=city, fields=fields)
    with pytest.raises(EvaluationError) as caught:
        router.route(lead, at=AT, state=router.start())
    assert caught.value.message == message


def test_what_is_missing_leaves_a_rule_open() -> None:
    router = Engine(POLICY).router
    answer, _ = router.route(Lead(id="17", city="Wien"), at=AT, state=router.start())
    assert not isinstance(answer, Unassigned)
    assert (answer.queue, answer.rule) == ("q", None)


def test_a_partner_who_had_it_is_not_asked_again() -> None:
    routing = Routing.model_validate(
        {
            "rules": [{"id": "all", "when": "always", "to": {"partner": "nord"}}],
            "partners": {"nord": {}},
            "reassign": {"otherwise": {"queue": "later"}},
        }
    )
    router = Router(routing)
    state, lead = router.start(), Lead(id="17")
    first, state = router.route(lead, at=AT, state=state)
    assert isinstance(first, Assignment)
    again, state = router.reassign(lead, history=[first], reason="declined", at=AT, state=state)
    assert str(again) == (
        "lead 17 -> queue 'later' by rule 'all', again: declined\n"
        "  not partner 'nord': everybody had it before"
    )


def test_what_a_router_assigned_by_hand_is_not_counted_again_when_it_is_noted() -> None:
    routing = Routing.model_validate(
        {
            "rules": [{"id": "all", "when": "always", "to": {"pool": "team"}}],
            "pools": {"team": {"members": ["anna", "ben"]}},
            "members": {"anna": {"limits": "5 per day"}, "ben": {}},
            "counts": ["manual"],
        }
    )
    router = Router(routing)
    lead = Lead(id="17")
    answer, state = router.reassign(
        lead, history=[], reason="by_hand", to="anna", at=AT, state=router.start()
    )
    assert isinstance(answer, Assignment)
    fact = answer.fact()
    assert fact is not None
    assert router.note(state, fact) is state
    by_somebody = fact.model_copy(update={"properties": {"owner": "anna", "by": "cem"}})
    assert router.note(state, by_somebody) != state


def test_who_sticks_to_a_lead_gets_it_only_at_work() -> None:
    routing = Routing.model_validate(
        {
            "rules": [{"id": "all", "when": "always", "to": {"pool": "team"}}],
            "pools": {"team": {"strategy": "sticky", "members": ["anna", "carl"]}},
            "members": {"anna": {}, "carl": {"calendar": "late"}},
        }
    )
    late = Calendar.model_validate({"hours": {"mon-fri": ["11:00-19:00"]}})
    router = Router(routing, calendars={"late": late})
    lead = Lead.model_validate({"id": "17", "account": {"owner": "carl"}})
    owners = [
        router.preview(lead, at=AT.replace(hour=hour), state=router.start())
        for hour in (9, 11, 18, 19)
    ]
    assert [x.owner for x in owners if isinstance(x, Assignment)] == [
        "anna",
        "carl",
        "carl",
        "anna",
    ]
