from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from leadrules import Engine, EvaluationError, Event, Lead, Money, PolicyError, load_policy
from leadrules.lifecycle.document import Lifecycle
from leadrules.lifecycle.machine import StageMachine
from leadrules.lifecycle.state import Entries, State
from leadrules.lifecycle.transition import (
    REFUSALS,
    Refusal,
    Request,
    Settled,
    Transition,
    Unmet,
)
from leadrules.values import instant_of

POLICY = """
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01}
fields:
  sites: {type: integer}
  renewed: {type: date}
scoring:
  fit: {characteristics: {size: [{when: company.employees >= 100, points: 50}]}}
  bands: [{name: hot, enter: 50}, {name: cold}]
calendars:
  office: {hours: {mon-fri: ["09:00-17:00"]}}
lifecycle:
  hours: {default: office}
  force: [boss, board]
  stages:
    inquiry: {owner: rep, most: 2, again_after: 1 day}
    mql: {owner: rep}
    sal: {owner: sales}
    proposal:
      owner: sales
      requires:
        paper: {}
        critique: {by: [boss, legal], after: [paper]}
      approvals: {by: [boss], after: [critique]}
    won: {kind: won}
    lost: {kind: lost, reasons: [price, no_answer, other]}
    recycled:
      owner: marketing
      kind: recycled
      reasons: [timing, budget, other]
      wake: {timing: 30 days, default: 10 days}
  moves:
    - {from: inquiry, to: mql, automatic: true, when: band == "hot"}
    - {from: [mql, recycled], to: inquiry, by: [sales], reason: optional}
    - {from: mql, to: sal, by: [sales], accept_within: 1 business day, on_timeout: accept}
    - {from: sal, to: proposal, by: [sales], fields: [budget], when: sites >= 3 or known(renewed)}
    - {from: sal, to: proposal, by: [boss], when: company.employees > 10 and sites > 0}
    - {from: proposal, to: won}
    - {from: [sal, proposal], to: lost, by: [sales, boss]}
    - {from: [inquiry, sal], to: recycled, by: [rep, sales], touches: [calls]}
    - {from: recycled, to: inquiry, after: wake}
    - {from: [recycled, inquiry], to: lost, by: [marketing]}
  touches:
    calls:
      in: [inquiry, sal]
      count: {demo: 3, default: 1}
      within: 2 business days
      waive: [opted_out, duplicate]
"""
ENGINE = Engine(load_policy(POLICY))
MACHINE = ENGINE.machine
MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
HOT = {"band": "hot"}
COLD = {"band": "cold"}


def lead(**known: Any) -> Lead:
    return ENGINE.policy.lead({"id": "17", "created": MONDAY, **known})


LEAD = lead()


def later(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def event(hours: float, kind: str, **said: Any) -> Event:
    return Event(lead_id="17", id=f"{hours:05}", time=later(hours), kind=kind, properties=said)


def moved(hours: float, to: str, **said: Any) -> Event:
    return event(hours, "moved", to=to, **said)


def named(name: str, fact: Event) -> Event:
    return fact.model_copy(update={"id": name})


def call(hours: float) -> Event:
    return event(hours, "touch", channel="call", direction="outbound")


def state(*events: Event) -> State:
    return MACHINE.replay(LEAD, events=events)


def ask(
    where: State, to: str, *, who: Lead = LEAD, hours: float = 1_000, **request: Any
) -> Transition | Refusal:
    asked = Request(to=to, **request)
    return MACHINE.advance(where, asked, lead=who, at=later(hours), derived=COLD)


def lines(found: object) -> list[str]:
    assert isinstance(found, Refusal)
    assert not found
    return str(found).split("\n")


# --- where a lead is


def test_a_lead_arises_in_the_first_stage() -> None:
    found = MACHINE.start(LEAD)
    assert (found.stage, found.since, found.as_of, found.version) == ("inquiry", MONDAY, MONDAY, 0)
    assert found.policy == ENGINE.policy.hash
    at = instant_of(MONDAY)
    assert found.entries == (Entries("inquiry", at, at, 1),)
    assert repr(found) == (
        "State(lead_id='17', stage='inquiry', since='2026-03-02T10:00:00+00:00', version=0)"
    )
    assert MACHINE.start(LEAD, at=later(1)).since == later(1)
    assert MACHINE.start(lead(owner="ann")).owner == "ann"


def test_somebody_has_to_say_when_it_arose() -> None:
    unborn = Lead(id="17")
    with pytest.raises(EvaluationError) as caught:
        MACHINE.start(unborn)
    assert str(caught.value) == "created: is missing; say when the lead arose, by at=..."
    with pytest.raises(EvaluationError) as caught:
        MACHINE.replay(unborn)
    assert str(caught.value) == (
        "created: is missing, and nothing happened; nobody says when the lead arose"
    )
    assert MACHINE.start(unborn, at=MONDAY).stage == "inquiry"
    assert MACHINE.replay(unborn, events=[call(2)]).since == later(2)


def test_a_first_move_may_say_where_it_arose() -> None:
    assert state(moved(0, "sal")).entries == (
        Entries("sal", instant_of(MONDAY), instant_of(MONDAY), 1),
    )
    assert [x.stage for x in state(moved(1, "sal")).entries] == ["inquiry", "sal"]
    came = moved(0, "sal", **{"from": "inquiry"})
    assert [x.stage for x in state(came).entries] == ["inquiry", "sal"]


def test_facts_are_noted_without_asking() -> None:
    found = MACHINE.note(MACHINE.start(LEAD), moved(1, "won"))
    assert isinstance(found, State)
    assert (found.stage, found.version, found.as_of) == ("won", 1, later(1))
    assert found == state(moved(1, "won"))


def test_a_stage_that_nobody_knows_changes_nothing() -> None:
    found = state(moved(1, "nowhere"))
    assert (found.stage, found.since, found.version) == ("inquiry", MONDAY, 1)


def test_a_fact_of_another_lead_is_an_error() -> None:
    other = Event(lead_id="18", id="e1", time=MONDAY, kind="update")
    with pytest.raises(EvaluationError) as caught:
        MACHINE.note(MACHINE.start(LEAD), other)
    assert str(caught.value) == "event 'e1': is of lead '18', not of '17'"


def test_what_is_no_lead_is_an_error() -> None:
    with pytest.raises(EvaluationError) as caught:
        MACHINE.start("17")  # type: ignore[arg-type]  # that is the point
    assert str(caught.value) == "lead: '17' is no lead; make one with policy.lead(...)"


def test_a_wrong_document_is_refused_as_a_policy_is() -> None:
    lifecycle = Lifecycle.model_validate({"stages": {"a": {}, "won": {"kind": "won"}}})
    with pytest.raises(PolicyError) as caught:
        StageMachine(lifecycle)
    assert "nobody owns stage 'a'; expected owner: a role" in str(caught.value)


# --- moves that are made


def test_a_transition_tells_what_it_was_made_by() -> None:
    where = state(moved(1, "sal"))
    who = lead(budget=Money.parse("9000 EUR"), sites=4)
    found = ask(where, "proposal", who=who, by="ann", role="sales", note="they want it")
    assert isinstance(found, Transition)
    assert found
    assert str(found) == "lead 17: 'sal' -> 'proposal' by ann"
    assert (found.left, found.to, found.at) == ("sal", "proposal", later(1_000))
    assert found.read == (("sites", 4), ("renewed", None))
    assert (found.forced, found.band, found.policy) == (False, "cold", ENGINE.policy.hash)
    assert (found.state.stage, found.state.previous) == ("proposal", "sal")
    fact = found.fact()
    assert (fact.kind, fact.time) == ("moved", later(1_000))
    assert fact.id == found.id == f"move-{instant_of(later(1_000))}-proposal"
    assert fact.properties == {
        "to": "proposal",
        "from": "sal",
        "by": "ann",
        "role": "sales",
        "note": "they want it",
        "band": "cold",
        "policy": ENGINE.policy.hash,
        "read.sites": 4,
    }
    assert MACHINE.note(where, fact) == found.state
    assert where == state(moved(1, "sal"))


def test_the_values_that_a_guard_read_are_told_as_events_hold_them() -> None:
    machine = StageMachine(
        Lifecycle.model_validate(
            {
                "stages": {"a": {"owner": "x"}, "won": {"kind": "won"}},
                "moves": [
                    {
                        "from": "a",
                        "to": "won",
                        "when": 'budget > money("1 EUR") and older_than(created, "1 hour") '
                        "and known(source)",
                    }
                ],
            }
        )
    )
    who = Lead(id="17", created=MONDAY, budget=Money.parse("2.50 EUR"), source="fair")
    found = machine.advance(machine.start(who), Request(to="won"), lead=who, at=later(2))
    assert isinstance(found, Transition)
    assert found.policy is None
    told = {x: y for x, y in found.fact().properties.items() if x.startswith("read.")}
    assert told == {
        "read.budget": Money.parse("2.50 EUR"),
        "read.created": MONDAY,
        "read.source": "fair",
    }


def test_the_first_move_that_nothing_stands_against_is_taken() -> None:
    where = state(moved(1, "sal"))
    who = lead(**{"company.employees": 50, "sites": 1})
    found = ask(where, "proposal", who=who, role="boss")
    assert isinstance(found, Transition)
    assert found.read == (("company.employees", 50), ("sites", 1))


def test_anybody_may_ask_where_no_role_is_named() -> None:
    done = (
        event(2, "completed", item="paper"),
        event(3, "completed", item="critique", role="legal"),
    )
    approved = event(4, "approval", role="boss", verdict="approved")
    assert ask(state(moved(1, "proposal"), *done, approved), "won")


def test_what_comes_too_early_is_not_there() -> None:
    early = (
        event(2, "approval", role="boss", verdict="approved"),
        event(3, "completed", item="critique", role="legal"),
        event(4, "completed", item="paper"),
    )
    assert lines(ask(state(moved(1, "proposal"), *early), "won")) == [
        "lead 17: 'proposal' -> 'won' is refused",
        "  'critique' is not there; it is for 'boss' or 'legal' to complete [requirement-open]",
        "  'boss' has not approved; it takes 'boss' [approval-open]",
    ]


def test_a_rejection_takes_an_approval_back() -> None:
    done = (
        moved(1, "proposal"),
        event(2, "completed", item="paper"),
        event(3, "completed", item="critique", role="legal"),
        event(4, "approval", role="boss", verdict="approved"),
    )
    assert ask(state(*done), "won")
    found = ask(state(*done, event(5, "approval", role="boss", verdict="rejected")), "won")
    assert isinstance(found, Refusal)
    assert found.codes == ("approval-open",)


def test_a_completion_counts_if_its_role_may_complete_it() -> None:
    """What anybody may complete needs no role; what a role may not does not change the state."""
    paper = (moved(1, "proposal"), event(2, "completed", item="paper"))
    for said in ({}, {"role": "sales"}):
        found = state(*paper, event(3, "completed", item="critique", **said))
        assert (found.done, found.updated) == (state(*paper).done, instant_of(later(2)))
    found = state(*paper, event(3, "completed", item="critique", role="boss"))
    assert [x for x, _ in found.done] == ["paper", "critique"]
    assert found.updated == instant_of(later(3))


def test_a_waiver_counts_if_its_role_may_waive() -> None:
    text = POLICY.replace(
        "waive: [opted_out, duplicate]", "waive: [opted_out]\n      waive_by: boss"
    )
    machine = Engine(load_policy(text)).machine
    for said, waived in (
        ({}, ()),
        ({"role": "rep"}, ()),
        ({"role": "boss"}, (("calls", "opted_out"),)),
    ):
        fact = event(1, "waiver", touches="calls", reason="opted_out", **said)
        assert machine.replay(LEAD, events=[fact]).waived == waived


def test_the_status_is_looked_at_by_some_facts() -> None:
    """Not by an answer that nobody gave, nor by what does not count."""
    answer = {"criterion": "need", "answer": "met"}
    where = state(moved(1, "proposal"))
    looks = {
        "update": event(2, "update"),
        "answer": event(2, "answer", by="ann", **answer),
        "rejected": event(2, "approval", role="boss", verdict="rejected"),
        "again": moved(2, "proposal"),
    }
    others = {
        "answer": event(2, "answer", **answer),
        "approval": event(2, "approval", role="sales", verdict="approved"),
        "early": event(2, "approval", role="boss", verdict="approved"),
        "item": event(2, "completed", item="unheard of"),
    }
    for facts, expected in ((looks, instant_of(later(2))), (others, None)):
        for name, fact in facts.items():
            found = MACHINE.note(where, fact)
            assert isinstance(found, State)
            assert found.updated == expected, name


# --- what moves are called, and in which order facts are


def test_a_fact_that_does_not_come_after_the_last_one_is_late() -> None:
    """At one moment moves come after all else, and then ids are in order."""
    where = state(moved(1, "mql"))
    for fact in (named("zz", call(1)), named("00000", moved(1, "inquiry"))):
        assert lines(MACHINE.note(where, fact))[1:] == [
            (
                "  at that moment the state holds '00001', which comes after it; replay the "
                "events of the lead [late]"
            )
        ]
    after = named("00002", moved(1, "sal"))
    found = MACHINE.note(where, after)
    assert found == state(moved(1, "mql"), after)
    first = MACHINE.note(MACHINE.start(LEAD), call(1))
    assert isinstance(first, State)
    assert isinstance(MACHINE.note(first, named("0", moved(1, "mql"))), State)


def test_a_host_may_name_a_move() -> None:
    where = state(moved(1, "mql"))
    found = ask(where, "sal", role="sales", id="m-17")
    assert isinstance(found, Transition)
    assert (found.id, found.fact().id, found.state.last) == ("m-17", "m-17", (True, "m-17"))
    assert lines(ask(where, "sal", role="sales", id="00000", hours=1))[1:] == [
        (
            "  at that moment the state holds '00001', which comes after the id; choose an id "
            "that comes after it, or leave it out [late]"
        )
    ]


def test_of_several_moves_at_one_moment_each_has_a_name_that_comes_after() -> None:
    where, names = state(moved(1, "recycled")), []
    for to in ("inquiry", "mql", "inquiry"):
        request = Request(to=to, role="boss", reason="so")
        found = MACHINE.force(where, request, at=later(2))
        assert isinstance(found, Transition)
        assert MACHINE.note(where, found.fact()) == found.state
        where = found.state
        names.append(found.id)
    first = f"move-{instant_of(later(2))}-inquiry"
    second = f"move-{instant_of(later(2))}-mql"
    assert names == [first, second, f"{second}/inquiry"]


# --- whose data is read


def test_the_data_of_another_lead_opens_no_guard() -> None:
    where, other = state(moved(1, "sal")), ENGINE.policy.lead({"id": "18", "sites": 5})
    request = Request(to="proposal", role="sales")
    for act in (
        lambda: MACHINE.advance(where, request, lead=other, at=later(2)),
        lambda: MACHINE.settle(where, lead=other, at=later(2)),
        lambda: MACHINE.owed(where, lead=other, at=later(2)),
        lambda: MACHINE.would(where, lead=other, at=later(2)),
    ):
        with pytest.raises(EvaluationError) as caught:
            act()
        assert caught.value.message == "state: is of lead '17', not of '18'"
        assert (caught.value.field, caught.value.lead_id) == ("state", "18")


def test_who_owns_a_lead_says_its_state() -> None:
    """The lead says it where the state has no owner."""
    moves = [{"from": "a", "to": "won", "fields": ["owner"], "when": 'owner == "ann"'}]
    stages = {"a": {"owner": "x"}, "won": {"kind": "won"}}
    machine = StageMachine(Lifecycle.model_validate({"stages": stages, "moves": moves}))

    def codes(who: Lead, *events: Event) -> tuple[str, ...]:
        where = machine.replay(who, events=events)
        found = machine.advance(where, Request(to="won"), lead=who, at=later(3))
        return found.codes if isinstance(found, Refusal) else ()

    to_ann, to_ben = (event(n, "assigned", owner=who) for n, who in ((1, "ann"), (2, "ben")))
    assert codes(LEAD) == ("field-missing", "guard-unknown")
    assert codes(LEAD, to_ann) == ()
    assert codes(lead(owner="ann")) == ()
    assert codes(lead(owner="ann"), to_ann, to_ben) == ("guard-false",)


def test_a_person_is_not_the_policy() -> None:
    told = "  'policy' is who takes the moves that the policy takes by itself; say who asks [role]"
    where = state(moved(1, "mql"))
    assert lines(ask(where, "sal", role="sales", by="policy"))[1:] == [told]
    request = Request(to="won", by="policy", role="boss", reason="so")
    assert lines(MACHINE.force(where, request, at=later(2)))[1:] == [told]


@pytest.mark.parametrize("name", ["to", "by", "role", "reason", "note", "id"])
def test_what_a_request_says_is_text(name: str) -> None:
    said: dict[str, Any] = {"to": "won", name: 7}
    with pytest.raises(EvaluationError) as caught:
        Request(**said)
    assert str(caught.value) == f"request: {name}: '7' is not a text"
    assert caught.value.field == name


# --- what was asked for


ASKING = """
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01}
activities: {visit: {}}
lifecycle:
  stages: {inquiry: {owner: rep}, won: {kind: won}}
  moves: [{from: inquiry, to: won, by: rep}]
  responses:
    list: {activity: visit, send: pricing, within: 1 day}
    paper: {activity: visit, send: paper, within: 1 day}
"""


def test_what_is_asked_for_is_open_once_and_given_whoever_asked() -> None:
    machine = Engine(load_policy(ASKING)).machine

    def asked(*facts: Event) -> list[tuple[str, str]]:
        found = machine.replay(Lead(id="17", created=MONDAY), events=facts)
        return [(x.response, x.activity) for x in found.asked]

    first, again = (
        Event(lead_id="17", id=f"v{n}", time=later(n), kind="activity", type="visit")
        for n in (1, 3)
    )
    given = event(2, "fulfilment", item="pricing", request="some other id")
    assert asked(first) == [("list", "v1"), ("paper", "v1")]
    assert asked(first, again) == asked(first)
    assert asked(first, given) == [("paper", "v1")]
    assert asked(first, given, again) == [("paper", "v1"), ("list", "v3")]


# --- what a move demands


def test_what_is_required_is_not_needed_to_give_up() -> None:
    assert ask(state(moved(1, "proposal")), "lost", role="sales", reason="price")


@pytest.mark.parametrize("lead_type", ["demo", "download"])
def test_touches_that_are_owed_are_made_or_waived_first(lead_type: str) -> None:
    who = lead(lead_type=lead_type)
    wish: dict[str, Any] = {"role": "rep", "reason": "timing", "who": who}
    assert not ask(MACHINE.start(LEAD), "recycled", **wish)
    assert bool(ask(state(call(1)), "recycled", **wish)) is (lead_type != "demo")
    assert ask(state(call(1), call(2), call(3)), "recycled", **wish)
    assert ask(state(event(1, "waiver", touches="calls", reason="duplicate")), "recycled", **wish)


# --- every refusal


REQUIRED = "it is for 'sales' to complete"
REFUSED: list[tuple[str, str, dict[str, Any], tuple[Event, ...], list[str]]] = [
    (
        "no-move",
        "won",
        {},
        (),
        ["no move leads from 'inquiry' to 'won'; there is one to 'mql', 'recycled' or 'lost'"],
    ),
    (
        "no-move",
        "inquiry",
        {},
        (moved(1, "won"),),
        ["no move leads from 'won' to 'inquiry'; it is an end of the process"],
    ),
    ("unknown-stage", "proposals", {}, (), ["no stage 'proposals'; did you mean 'proposal'?"]),
    (
        "unknown-stage",
        "archive",
        {},
        (),
        ["no stage 'archive'; expected one of 7, such as 'inquiry', 'mql', 'sal'"],
    ),
    (
        "role",
        "sal",
        {"role": "rep"},
        (moved(1, "mql"),),
        ["'rep' may not move it; it takes 'sales'"],
    ),
    ("role", "sal", {}, (moved(1, "mql"),), ["no role is said; it takes 'sales'"]),
    (
        "reason-missing",
        "lost",
        {"role": "sales"},
        (moved(1, "sal"),),
        ["no reason is said; it takes 'price', 'no_answer' or 'other'"],
    ),
    (
        "reason-unknown",
        "lost",
        {"role": "sales", "reason": "prize"},
        (moved(1, "sal"),),
        ["'prize' is no reason; did you mean 'price'?"],
    ),
    (
        "reason-unknown",
        "lost",
        {"role": "sales", "reason": "weather"},
        (moved(1, "sal"),),
        ["'weather' is no reason; it takes 'price', 'no_answer' or 'other'"],
    ),
    (
        "note-missing",
        "lost",
        {"role": "sales", "reason": "other"},
        (moved(1, "sal"),),
        ["the reason is 'other'; it takes a note that says more"],
    ),
    (
        "field-missing",
        "proposal",
        {"role": "sales", "who": lead(sites=3)},
        (moved(1, "sal"),),
        ["'budget' is missing; it has to be known"],
    ),
    (
        "guard-false",
        "proposal",
        {"role": "boss", "who": lead(**{"company.employees": 10, "sites": 2})},
        (moved(1, "sal"),),
        ["company.employees > 10 and sites > 0 is not true; company.employees is 10, sites is 2"],
    ),
    (
        "guard-unknown",
        "proposal",
        {"role": "boss", "who": lead(sites=2)},
        (moved(1, "sal"),),
        ["whether company.employees > 10 and sites > 0 is unknown; it takes 'company.employees'"],
    ),
    (
        "touches-open",
        "recycled",
        {"role": "rep", "reason": "timing", "who": lead(lead_type="demo")},
        (call(1),),
        ["touches 'calls' are breached; it takes 2 more, or a waiver: 'opted_out' or 'duplicate'"],
    ),
    (
        "touches-open",
        "recycled",
        {"role": "rep", "reason": "timing", "hours": 30},
        (),
        ["touches 'calls' are at risk; it takes one more, or a waiver: 'opted_out' or 'duplicate'"],
    ),
    (
        "limit-reached",
        "inquiry",
        {"role": "sales"},
        (moved(1, "mql"), moved(2, "inquiry"), moved(3, "mql")),
        ["the lead came to 'inquiry' 2 times already; at most 2 are allowed"],
    ),
    (
        "again-too-early",
        "inquiry",
        {"role": "sales", "hours": 23},
        (moved(1, "mql"),),
        [
            (
                "the lead came to 'inquiry' last on 2026-03-02T10:00:00+00:00; it may again from "
                "2026-03-03T10:00:00+00:00 on"
            )
        ],
    ),
    (
        "late",
        "mql",
        {"role": "rep", "hours": 1},
        (call(2),),
        [
            (
                "it is of 2026-03-02T11:00:00+00:00, and the state holds facts up to "
                "2026-03-02T12:00:00+00:00; replay the events of the lead"
            )
        ],
    ),
]


@pytest.mark.parametrize(("code", "to", "wish", "events", "told"), REFUSED)
def test_a_refusal_says_what_is_wrong_and_what_would_meet_it(
    code: str, to: str, wish: dict[str, Any], events: tuple[Event, ...], told: list[str]
) -> None:
    where = state(*events)
    found = ask(where, to, **wish)
    head, *rest = lines(found)
    assert head == f"lead 17: '{where.stage}' -> '{to}' is refused"
    assert rest == [f"  {x} [{code}]" for x in told]
    assert isinstance(found, Refusal)
    assert found.codes == (code,)


BELOW = {"requirement-open", "approval-open", "retraction", "no-force", "other-policy"}
OF_AUDITS = {"not-due", "arose-elsewhere", "without-effect"}


def test_every_code_has_an_example() -> None:
    assert {code for code, *_ in REFUSED} | BELOW | OF_AUDITS == set(REFUSALS)


def test_the_refusal_of_the_nearest_move_is_told() -> None:
    found = ask(state(moved(1, "sal")), "proposal", role="boss")
    assert lines(found) == [
        "lead 17: 'sal' -> 'proposal' is refused",
        (
            "  whether company.employees > 10 and sites > 0 is unknown; it takes "
            "'company.employees', 'sites' [guard-unknown]"
        ),
    ]


def test_a_guard_is_unknown_though_nothing_is_missing_where_currencies_differ() -> None:
    machine = Engine(
        load_policy(POLICY.replace("sites >= 3 or known(renewed)", 'budget > money("5 EUR")'))
    ).machine
    rich = lead(budget=Money(Decimal(500), "USD"))
    where = machine.replay(rich, events=[moved(1, "sal")])
    found = machine.advance(
        where, Request(to="proposal", role="sales"), lead=rich, at=later(2), derived=HOT
    )
    assert lines(found)[1:] == [
        (
            '  whether budget > money("5 EUR") is unknown; that cannot be compared: budget is '
            "500 USD [guard-unknown]"
        )
    ]


def test_the_policy_takes_automatic_moves_by_itself() -> None:
    assert lines(ask(MACHINE.start(LEAD), "mql", role="rep")) == [
        "lead 17: 'inquiry' -> 'mql' is refused",
        "  'rep' may not move it; the policy takes it by itself [role]",
        '  band == "hot" is not true; band is cold [guard-false]',
    ]


def test_a_state_of_another_policy_is_refused_until_it_is_migrated() -> None:
    other = Engine(load_policy(POLICY.replace("most: 2", "most: 3"))).machine
    where = MACHINE.start(LEAD)
    told = [
        "  the state was made by another policy; migrate the state to this one [other-policy]",
        (
            "  it is of 2026-03-02T09:00:00+00:00, and the state holds facts up to "
            "2026-03-02T10:00:00+00:00; replay the events of the lead [late]"
        ),
    ]
    found = other.advance(where, Request(to="mql"), lead=LEAD, at=later(-1))
    assert lines(found)[1:] == told
    assert lines(other.settle(where, lead=LEAD, at=later(-1)))[1:] == told
    assert lines(other.note(where, event(-1, "update")))[1:] == told


def test_a_state_in_a_stage_that_nobody_knows_is_refused() -> None:
    where = State.from_dict({**MACHINE.start(LEAD).to_dict(), "stage": "limbo"})
    assert lines(ask(where, "mql"))[1:] == [
        (
            "  the state is in stage 'limbo', which the policy does not know; migrate the state "
            "[unknown-stage]"
        )
    ]
    assert MACHINE.would(where, lead=LEAD, at=later(1)) == {}


def test_a_retraction_has_to_be_replayed() -> None:
    found = MACHINE.note(state(call(1)), event(2, "retraction", of="00001"))
    assert lines(found) == [
        "lead 17: 'inquiry' is refused",
        (
            "  what a retraction takes back is in the state already; replay the events of the "
            "lead [retraction]"
        ),
    ]


# --- would


def test_would_tells_of_every_stage_that_a_move_leads_to() -> None:
    where = state(moved(1, "sal"), call(2))
    found = MACHINE.would(where, lead=LEAD, at=later(3), role="sales", derived=COLD)
    assert {to: [x.code for x in unmet] for to, unmet in found.items()} == {
        "proposal": ["field-missing", "guard-unknown"],
        "lost": ["reason-missing"],
        "recycled": ["reason-missing"],
    }
    assert found["lost"] == (
        Unmet("reason-missing", "no reason is said", "it takes 'price', 'no_answer' or 'other'"),
    )
    assert MACHINE.would(state(moved(1, "won")), lead=LEAD, at=later(3)) == {}


# --- settle


def settled(where: State, hours: float, band: str | None = None) -> Settled:
    derived = {} if band is None else {"band": band}
    found = MACHINE.settle(where, lead=LEAD, at=later(hours), derived=derived)
    assert isinstance(found, Settled)
    return found


def test_the_policy_takes_what_is_automatic() -> None:
    found = settled(MACHINE.start(LEAD), 1, "hot")
    assert [str(x) for x in found] == ["lead 17: 'inquiry' -> 'mql' by policy"]
    [step] = found
    assert (step.read, step.band, step.role) == ((("band", "hot"),), "hot", None)
    assert found.state == step.state
    assert settled(found.state, 1, "hot") == Settled(found.state)
    assert len(settled(MACHINE.start(LEAD), 1, "cold")) == 0
    assert len(settled(MACHINE.start(LEAD), 1)) == 0


def test_who_says_nothing_accepts() -> None:
    """Monday 10:00 and one business day are Tuesday 10:00."""
    where = state(moved(0, "mql"))
    early = MACHINE.settle(where, lead=LEAD, at=later(24) - timedelta(microseconds=1))
    assert early == Settled(where)
    assert [x.to for x in settled(where, 24)] == ["sal"]


@pytest.mark.parametrize(("reason", "days"), [("timing", 30), ("budget", 10), (None, 10)])
def test_a_lead_wakes_by_the_reason_for_which_it_rests(reason: str | None, days: int) -> None:
    said = {} if reason is None else {"reason": reason}
    where = state(moved(24, "recycled", **said))
    due = 24 + days * 24
    assert len(settled(where, due - 1)) == 0
    assert [x.to for x in settled(where, due)] == ["inquiry"]
    assert [x.to for x in settled(where, due, "hot")] == ["inquiry", "mql"]


def test_a_limit_holds_for_the_policy_too() -> None:
    """A third entry is one too many, so the lead rests on."""
    facts = [moved(n, to) for n, to in enumerate(("recycled", "inquiry", "recycled"), start=1)]
    assert len(settled(state(*facts), 5_000)) == 0


LOOP = {
    "stages": {
        "a": {"owner": "x", "most": 5},
        "b": {"owner": "x"},
        "c": {"owner": "x"},
        "lost": {"kind": "lost"},
    },
    "moves": [
        {"from": "a", "to": "b", "automatic": True},
        {"from": "b", "to": "c", "automatic": True},
        {"from": "c", "to": "a", "automatic": True},
        {"from": ["a", "b", "c"], "to": "lost"},
    ],
}


def test_at_one_moment_the_policy_comes_to_no_stage_twice() -> None:
    lifecycle = Lifecycle.model_validate(LOOP)
    machine = StageMachine(lifecycle)
    first = machine.settle(machine.start(LEAD), lead=LEAD, at=later(1))
    assert isinstance(first, Settled)
    assert [x.to for x in first] == ["b", "c"]
    assert machine.settle(first.state, lead=LEAD, at=later(1)) == Settled(first.state)
    told = State.from_dict(first.state.to_dict())
    assert machine.settle(told, lead=LEAD, at=later(1)) == Settled(told)
    again = machine.settle(first.state, lead=LEAD, at=later(2))
    assert isinstance(again, Settled)
    assert [x.to for x in again] == ["a", "b"]


# --- force


def test_a_role_that_may_force_moves_a_lead_whatever_stands_against_it() -> None:
    request = Request(to="won", by="eve", role="boss", reason="signed_already", note="on paper")
    found = MACHINE.force(MACHINE.start(LEAD), request, at=later(1), derived=HOT)
    assert isinstance(found, Transition)
    assert str(found) == "lead 17: 'inquiry' -> 'won' by eve (signed_already), forced"
    assert (found.state.stage, found.state.reason, found.band) == ("won", "signed_already", "hot")
    assert found.fact()["forced"] is True
    assert MACHINE.note(MACHINE.start(LEAD), found.fact()) == found.state


def test_what_stands_against_force_is_told_at_once() -> None:
    where = state(call(2))
    found = MACHINE.force(where, Request(to="proposals", role="rep"), at=later(1))
    assert lines(found) == [
        "lead 17: 'inquiry' -> 'proposals' is refused",
        (
            "  it is of 2026-03-02T11:00:00+00:00, and the state holds facts up to "
            "2026-03-02T12:00:00+00:00; replay the events of the lead [late]"
        ),
        "  no stage 'proposals'; did you mean 'proposal'? [unknown-stage]",
        "  'rep' may not force a move; it takes 'boss' or 'board' [no-force]",
        "  no reason is said; a forced move needs one [reason-missing]",
    ]
    found = MACHINE.force(where, Request(to="inquiry", role="boss", reason="so"), at=later(3))
    assert lines(found)[1:] == [
        "  the lead is in stage 'inquiry' already; name another stage [no-move]"
    ]


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_blank_text_is_no_reason_to_force_a_move(reason: str) -> None:
    asked = Request(to="won", role="boss", reason=reason)
    found = MACHINE.force(MACHINE.start(LEAD), asked, at=later(1))
    assert lines(found)[1:] == ["  no reason is said; a forced move needs one [reason-missing]"]


def test_nobody_may_force_where_the_policy_names_no_role() -> None:
    policy = load_policy(POLICY.replace("  force: [boss, board]\n", ""))
    machine = Engine(policy).machine
    found = machine.force(machine.start(LEAD), Request(to="won", reason="so"), at=later(1))
    assert lines(found)[1:] == ["  no role is said; the policy lets nobody force a move [no-force]"]


# --- as a value


def test_a_machine_survives_pickle() -> None:
    other = pickle.loads(pickle.dumps(MACHINE))
    assert other.replay(LEAD, events=[moved(1, "sal")]) == state(moved(1, "sal"))
    assert repr(other) == "StageMachine(7 stages, 10 moves, 1 rule of touches)"
