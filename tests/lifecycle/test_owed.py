from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from leadrules import EvaluationError, Event, Lead
from leadrules.calendars import Calendar
from leadrules.lifecycle.document import Lifecycle
from leadrules.lifecycle.machine import StageMachine
from leadrules.lifecycle.owed import OWED, Owed, listed
from leadrules.values import Type
from leadrules.vocabulary import Declaration, Vocabulary

WORDS = Vocabulary(
    {"renewal": Declaration(Type.DATE), "fair": Declaration(Type.DATETIME)},
    activities={"page_view": {"path": Declaration(Type.STRING)}},
    derived={"band": Declaration(Type.STRING)},
    zone="Europe/Berlin",
)
CALENDARS = {
    "office": Calendar.model_validate({"zone": "UTC", "hours": {"mon-fri": ["09:00-17:00"]}}),
    "late": Calendar.model_validate({"zone": "UTC", "hours": {"mon-fri": ["13:00-21:00"]}}),
}
A_DAY = "8 business hours"
INSTANT = timedelta(microseconds=1)

EVERYTHING: Mapping[str, Any] = {
    "hours": {"default": "office", "owners": {"ben": "late"}},
    "stages": {
        "work": {
            "owner": "sales",
            "queue": "inbox",
            "update_every": A_DAY,
            "requires": {
                "draft": {"within": A_DAY},
                "review": {"by": ["boss", "legal"], "after": ["draft"], "within": A_DAY},
            },
            "approvals": {"by": ["boss"], "within": A_DAY},
        },
        "won": {"kind": "won"},
    },
    "moves": [{"from": "work", "to": "won", "by": ["chief"], "accept_within": A_DAY}],
    "touches": {"calls": {"in": "work", "count": {"demo": 2}, "within": A_DAY}},
    "clocks": {"speed": {"from": "created", "to": "first_attempt", "within": A_DAY}},
    "responses": {
        "prices": {
            "activity": "page_view",
            "when": 'activity.path == "/prices"',
            "acknowledge": A_DAY,
            "send": "price_list",
            "within": A_DAY,
            "by": "marketing",
        }
    },
}
"""A stage in which everything has to be done on Monday."""


def at(text: str) -> datetime:
    """Return a moment of March 2026, of which the second is a Monday: `02 09:00`."""
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC)


def machine_of(data: Mapping[str, Any]) -> StageMachine:
    lifecycle = Lifecycle.model_validate(data)
    return StageMachine(lifecycle, vocabulary=WORDS, calendars=CALENDARS, policy="p")


def event(text: str, kind: str = "activity", **said: Any) -> Event:
    name = f"{text} {kind}"
    made = {"type": "page_view"} if kind == "activity" else {}
    return Event(lead_id="17", id=name, time=at(text), kind=kind, properties=said, **made)


def owed(
    data: Mapping[str, Any],
    *events: Event,
    now: datetime,
    derived: Mapping[str, Any] | None = None,
    **known: Any,
) -> dict[tuple[str, str], Owed]:
    """Return what a lead is owed that arose on Monday at nine, by kind and name."""
    machine = machine_of(data)
    created = known.pop("created", at("02 09:00"))
    lead = Lead(id="17", created=created, **({"lead_type": "demo"} | known))
    state = machine.replay(lead, events=events, at=now)
    found = machine.owed(state, lead=lead, at=now, derived=derived)
    assert len({(x.kind, x.name) for x in found}) == len(found)
    return {(x.kind, x.name): x for x in found}


ASKED = event("02 09:00", path="/prices")

LIMITED = {
    ("touches", "calls"): "make 2 touches",
    ("accept", "won"): "accept it for 'won', or pass it back",
    ("clock", "speed"): "first attempt within 8 business hours of creation",
    ("requirement", "draft"): "complete 'draft'",
    ("approval", "boss"): "approve what is in 'work'",
    ("update", "work"): "say how it stands, every 8 business hours",
    ("acknowledge", "prices"): "let them hear that we heard them, after activity "
    "'02 09:00 activity'",
    ("send", "prices"): "send 'price_list', as activity '02 09:00 activity' asks",
}


@pytest.mark.parametrize("key", LIMITED)
def test_a_limit_is_at_risk_in_its_last_quarter_and_late_after_its_end(
    key: tuple[str, str],
) -> None:
    moments = {
        at("02 09:00"): ("open", timedelta(hours=8), at("02 15:00") + INSTANT),
        at("02 15:00"): ("open", timedelta(hours=2), at("02 15:00") + INSTANT),
        at("02 15:00") + INSTANT: (
            "at_risk",
            timedelta(hours=2) - INSTANT,
            at("02 17:00") + INSTANT,
        ),
        at("02 17:00"): ("at_risk", timedelta(0), at("02 17:00") + INSTANT),
        at("02 17:00") + INSTANT: ("breached", timedelta(0), None),
        at("03 10:30"): ("breached", -timedelta(hours=1, minutes=30), None),
    }
    for now, (status, left, change) in moments.items():
        found = owed(EVERYTHING, ASKED, now=now)[key]
        assert found.what == LIMITED[key]
        assert (found.status, found.left, found.next_change) == (status, left, change), now
        assert (found.since, found.due) == (at("02 09:00"), at("02 17:00"))


def test_everything_says_who_where_and_why() -> None:
    found = owed(EVERYTHING, ASKED, now=at("02 10:00"))
    told = {(*key, x.roles, x.queue, x.rule) for key, x in found.items()}
    assert told == {
        ("touches", "calls", ("sales",), "inbox", "lifecycle.touches.calls"),
        ("accept", "won", ("chief",), "chief", "lifecycle.moves[0]"),
        ("clock", "speed", ("sales",), "inbox", "lifecycle.clocks.speed"),
        ("requirement", "draft", ("sales",), "inbox", "lifecycle.stages.work.requires.draft"),
        (
            "requirement",
            "review",
            ("boss", "legal"),
            "boss",
            "lifecycle.stages.work.requires.review",
        ),
        ("approval", "boss", ("boss",), "boss", "lifecycle.stages.work.approvals"),
        ("update", "work", ("sales",), "inbox", "lifecycle.stages.work.update_every"),
        (
            "acknowledge",
            "prices",
            ("marketing",),
            "marketing",
            "lifecycle.responses.prices.acknowledge",
        ),
        ("send", "prices", ("marketing",), "marketing", "lifecycle.responses.prices.send"),
    }
    assert {(x.lead_id, x.stage, x.owner) for x in found.values()} == {("17", "work", None)}


def test_what_is_for_other_roles_is_not_for_the_owner() -> None:
    for x in owed(EVERYTHING, ASKED, now=at("02 10:00"), owner="anna").values():
        whose = ("anna", None) if "sales" in x.roles else (None, x.roles[0])
        assert (x.owner, x.queue) == whose
    shared = {**EVERYTHING, "responses": {}}
    shared["moves"] = [{**EVERYTHING["moves"][0], "by": ["chief", "sales"]}]
    found = owed(shared, now=at("02 10:00"), owner="anna")["accept", "won"]
    assert (found.owner, found.queue, found.who) == ("anna", None, "anna (chief or sales)")


def test_a_stage_without_a_queue_waits_with_its_role() -> None:
    stages = {"work": {"owner": "sales"}, "won": {"kind": "won"}}
    data = {"stages": stages, "moves": [{"from": "work", "to": "won", "by": ["sales"]}]}
    assert owed(data, now=at("02 10:00"))["move", "work"].queue == "sales"


def test_what_is_done_is_no_longer_owed() -> None:
    done = [
        event("02 09:10", "touch", channel="call", direction="outbound"),
        event("02 09:20", "fulfilment", item="price_list", channel="email"),
        event("02 09:30", "completed", item="draft"),
        event("02 09:40", "approval", role="boss", verdict="approved"),
        event("02 09:50", "update"),
    ]
    found = owed(EVERYTHING, ASKED, *done, now=at("02 10:00"))
    assert set(found) == {
        ("touches", "calls"),
        ("accept", "won"),
        ("requirement", "review"),
        ("update", "work"),
    }
    assert found["touches", "calls"].missing == 1
    assert found["touches", "calls"].what == "make 1 more touch"
    assert found["update", "work"].since == at("02 09:50")
    assert found["update", "work"].due == at("03 09:50")
    again = event("02 09:55", "touch", channel="call", direction="outbound")
    assert ("touches", "calls") not in owed(EVERYTHING, *done, again, now=at("02 10:00"))


def test_what_waits_is_listed_without_being_due() -> None:
    waiting = owed(EVERYTHING, now=at("05 10:00"))["requirement", "review"]
    assert (waiting.status, waiting.due, waiting.left) == ("open", None, None)
    assert waiting.what == "complete 'review', which waits for 'draft'"
    drafted = event("02 09:30", "completed", item="draft")
    ready = owed(EVERYTHING, drafted, now=at("05 10:00"))["requirement", "review"]
    assert (ready.status, ready.due) == ("breached", at("02 17:00"))
    assert ready.what == "complete 'review'"


def test_approvals_wait_and_are_waited_for() -> None:
    stage = {
        "owner": "sales",
        "requires": {"paper": {}, "delivery": {"after": ["approvals"]}},
        "approvals": {"by": ["boss", "legal"], "after": ["paper"]},
    }
    data = {
        "stages": {"work": stage, "won": {"kind": "won"}},
        "moves": [{"from": "work", "to": "won", "by": ["sales"]}],
    }
    found = owed(data, now=at("02 10:00"))
    assert found["approval", "legal"].what == "approve what is in 'work', which waits for 'paper'"
    assert found["requirement", "delivery"].what == (
        "complete 'delivery', which waits for approvals"
    )
    events = [
        event("02 09:10", "completed", item="paper"),
        event("02 09:20", "approval", role="boss", verdict="approved"),
    ]
    found = owed(data, *events, now=at("02 10:00"))
    assert set(found) == {("approval", "legal"), ("requirement", "delivery")}
    events.append(event("02 09:30", "approval", role="legal", verdict="approved"))
    found = owed(data, *events, now=at("02 10:00"))
    assert {key: x.what for key, x in found.items()} == {
        ("requirement", "delivery"): "complete 'delivery'"
    }


def test_touches_are_at_risk_when_they_no_longer_fit() -> None:
    rule = {"in": "work", "count": 3, "apart": "2 business hours", "within": A_DAY}
    rule |= {"channels": ["call", "email"]}
    data = {**EVERYTHING, "touches": {"calls": rule}}
    first = owed(data, now=at("02 13:00"))["touches", "calls"]
    assert (first.status, first.what) == ("open", "make 3 touches by call or email")
    assert first.next_change == at("02 13:00") + INSTANT
    late = owed(data, now=at("02 13:00") + INSTANT)["touches", "calls"]
    assert (late.status, late.next_change) == ("at_risk", at("02 17:00") + INSTANT)


def test_a_contact_is_asked_for_in_its_own_words() -> None:
    rule = {"in": "work", "count": 2, "counts": "connected", "by": ["boss"]}
    data = {**EVERYTHING, "touches": {"talks": rule}}
    found = owed(data, now=at("02 13:00"))["touches", "talks"]
    assert (found.what, found.roles, found.queue) == ("reach them 2 times", ("boss",), "boss")
    assert (found.due, found.left, found.next_change) == (None, None, None)


def test_a_lead_type_of_which_no_rule_speaks_is_a_gap() -> None:
    found = owed(EVERYTHING, now=at("02 10:00"), lead_type="webinar")
    assert found["gap", "webinar"].what == (
        "say what lead type 'webinar' is owed; no rule of touches does"
    )
    assert found["gap", "webinar"].rule == "lifecycle.touches"
    untyped = owed(EVERYTHING, now=at("02 10:00"), lead_type=None)
    assert untyped["gap", "lead_type"].what == (
        "say what a lead without a type is owed; no rule of touches does"
    )
    none = {**EVERYTHING, "touches": {"calls": {"in": "work", "count": {"webinar": 0, "demo": 1}}}}
    assert not [x for x in owed(none, now=at("02 10:00"), lead_type="webinar") if x[0] == "gap"]


def test_silence_accepts_where_the_policy_says_so() -> None:
    move = {**EVERYTHING["moves"][0], "on_timeout": "accept"}
    found = owed({**EVERYTHING, "moves": [move]}, now=at("02 10:00"))["accept", "won"]
    assert found.what == "accept it for 'won', which silence does, or pass it back"


# --- clocks

CLOCK = {
    "from": "created",
    "to": "first_attempt",
    "within": "4 business hours",
    "at_most": "16 business hours",
    "escalate": {"50%": "remind", "100%": "boss", "300%": "reassign"},
}
CLOCKED = {
    "hours": EVERYTHING["hours"],
    "stages": {"work": {"owner": "sales"}, "won": {"kind": "won"}},
    "moves": [{"from": "work", "to": "won", "by": ["sales"]}],
    "clocks": {"speed": CLOCK},
}


@pytest.mark.parametrize(
    ("now", "status", "step", "change"),
    [
        (at("02 09:00"), "open", None, at("02 11:00")),
        (at("02 11:00") - INSTANT, "open", None, at("02 11:00")),
        (at("02 11:00"), "open", "remind", at("02 13:00")),
        (at("02 13:00"), "open", "boss", at("02 13:00") + INSTANT),
        (at("02 13:00") + INSTANT, "at_risk", "boss", at("03 13:00")),
        (at("03 13:00"), "at_risk", "reassign", at("03 17:00") + INSTANT),
        (at("03 17:00") + INSTANT, "breached", "reassign", None),
    ],
)
def test_a_clock_escalates_by_shares_of_its_ideal(
    now: datetime, status: str, step: str | None, change: datetime | None
) -> None:
    found = owed(CLOCKED, now=now)["clock", "speed"]
    assert (found.status, found.step, found.next_change) == (status, step, change)
    assert found.due == at("03 17:00")


def test_shares_of_business_days_are_open_time() -> None:
    clock = {**CLOCK, "within": "1 business day", "at_most": "3 business days"}
    data = {**CLOCKED, "clocks": {"speed": clock}}
    assert owed(data, now=at("02 13:00") - INSTANT)["clock", "speed"].step is None
    assert owed(data, now=at("02 13:00"))["clock", "speed"].step == "remind"
    assert owed(data, now=at("03 09:00") - INSTANT)["clock", "speed"].step == "remind"
    assert owed(data, now=at("03 09:00"))["clock", "speed"].step == "boss"


def test_what_is_left_runs_on_in_the_hours_of_the_next_owner() -> None:
    assigned = event("02 11:00", "assigned", owner="ben")
    found = owed(EVERYTHING, assigned, now=at("02 12:00"))["clock", "speed"]
    assert found.due == at("02 19:00")  # two hours were over; ben's day is from 13 to 21
    assert (found.left, found.owner, found.queue) == (timedelta(hours=6), "ben", None)
    later = owed(EVERYTHING, assigned, now=at("02 18:00"))["clock", "speed"]
    assert (later.status, later.left) == ("at_risk", timedelta(hours=1))


def test_a_clock_with_a_calendar_of_its_own_has_its_own_time_left() -> None:
    data = {**CLOCKED, "clocks": {"speed": {**CLOCK, "calendar": "late"}}}
    found = owed(data, now=at("02 14:00"))["clock", "speed"]
    assert (found.due, found.left) == (at("03 21:00"), timedelta(hours=15))


def test_a_pause_adds_its_open_time() -> None:
    pause = event("02 10:00", "pause", until=at("02 12:00"))
    paused = owed(CLOCKED, pause, now=at("02 11:00"))["clock", "speed"]
    assert (paused.status, paused.next_change) == ("paused", at("02 12:00"))
    assert (paused.due, paused.left) == (at("04 11:00"), timedelta(hours=15))
    running = owed(CLOCKED, pause, now=at("02 12:00"))["clock", "speed"]
    assert (running.status, running.step, running.left) == ("open", None, timedelta(hours=15))
    assert running.next_change == at("02 13:00")  # half of the ideal: one hour was over


def test_a_pause_without_an_end_leaves_no_deadline() -> None:
    pause = event("02 10:00", "pause", clock="speed")
    paused = owed(CLOCKED, pause, now=at("05 10:00"))["clock", "speed"]
    assert (paused.status, paused.due, paused.left) == ("paused", None, None)
    assert paused.next_change is None
    resumed = event("05 10:00", "resume")
    found = owed(CLOCKED, pause, resumed, now=at("05 10:00"))["clock", "speed"]
    assert found.due == at("06 17:00")


@pytest.mark.parametrize(
    ("clock", "what"),
    [
        (
            {"from": "assigned", "to": "entered.won"},
            "entry into 'won' within 1 hour of assignment",
        ),
        (
            {"from": "entered.work", "to": "left.work"},
            "exit from 'work' within 1 hour of entry into 'work'",
        ),
        ({"from": "created", "to": "next_step"}, "a next step within 1 hour of creation"),
        (
            {"from": "created", "to": "first_qualification"},
            "first answer to a criterion within 1 hour of creation",
        ),
        ({"from": "created", "to": "accepted"}, "acceptance within 1 hour of creation"),
        ({"from": "created", "to": "first_contact"}, "first contact within 1 hour of creation"),
    ],
)
def test_a_clock_says_what_stops_it(clock: Mapping[str, str], what: str) -> None:
    data = {**CLOCKED, "clocks": {"speed": {**clock, "within": "1 hour"}}}
    assigned = event("02 09:30", "assigned", owner="anna")
    assert owed(data, assigned, now=at("02 10:00"))["clock", "speed"].what == what


def test_a_clock_that_ended_with_its_round_is_owed_no_more() -> None:
    stages = {
        **CLOCKED["stages"],
        "rest": {"owner": "marketing", "kind": "recycled", "wake": {"default": "30 days"}},
    }
    moves = [
        *CLOCKED["moves"],
        {"from": "work", "to": "rest", "by": ["sales"]},
        {"from": "rest", "to": "won", "by": ["sales"]},
    ]
    moved = event("05 09:30", "moved", to="rest")
    found = owed({**CLOCKED, "stages": stages, "moves": moves}, moved, now=at("06 10:00"))
    assert set(found) == {("wake", "rest")}


# --- what was agreed, and what is left to decide


def test_a_next_step_is_owed_until_it_is_due() -> None:
    agreed = event("02 09:30", "next_step", what="call Ada again", due=at("03 10:00"))
    found = owed(CLOCKED, agreed, now=at("03 10:00"))["next_step", "next_step"]
    assert (found.what, found.status, found.since) == ("call Ada again", "open", None)
    assert found.next_change == at("03 10:00") + INSTANT
    late = owed(CLOCKED, agreed, now=at("03 10:00") + INSTANT)["next_step", "next_step"]
    assert (late.status, late.next_change) == ("breached", None)
    done = event("02 09:40", "completed", item="call Ada again")
    assert ("next_step", "next_step") not in owed(CLOCKED, agreed, done, now=at("03 10:00"))
    someday = event("02 09:30", "next_step", what="call Ada again")
    found = owed(CLOCKED, someday, now=at("31 10:00"))["next_step", "next_step"]
    assert (found.status, found.due, found.next_change) == ("open", None, None)


def test_where_no_rule_asks_for_anything_somebody_decides() -> None:
    data = {
        **CLOCKED,
        "clocks": {},
        "moves": [
            {"from": "work", "to": "won", "by": ["sales"]},
            {"from": "work", "to": "lost", "by": ["sales"]},
        ],
    }
    data["stages"] = {**CLOCKED["stages"], "lost": {"kind": "lost"}}
    found = owed(data, now=at("02 10:00"))
    assert {key: x.what for key, x in found.items()} == {
        ("move", "work"): "decide where it goes: 'won' or 'lost'"
    }


def test_where_time_moves_the_lead_on_nothing_has_to_be_decided_until_then() -> None:
    data = {**CLOCKED, "clocks": {}, "moves": [{"from": "work", "to": "won", "after": "1 day"}]}
    assert owed(data, now=at("03 09:00") - INSTANT) == {}
    assert owed(data, now=at("30 09:00")) == {}  # the policy moves it as soon as it is asked
    for more in ({"when": "consent"}, {"fields": ["email"]}):
        guarded = {**data, "moves": [{**data["moves"][0], **more}]}
        assert owed(guarded, now=at("03 09:00") - INSTANT) == {}
        assert set(owed(guarded, now=at("03 09:00"))) == {("move", "work")}


def test_a_stage_that_no_move_leaves_owes_nothing() -> None:
    won = event("02 09:30", "moved", to="won")
    assert owed(EVERYTHING, ASKED, won, now=at("05 10:00")) == {}


# --- nurture


def nurtured(plan: Mapping[str, Any], *events: Event, now: datetime, **known: Any) -> Any:
    """Return from when on the messages of a plan are due, for a lead that arose at nine."""
    stages = {
        "rest": {
            "owner": "marketing",
            "kind": "recycled",
            "wake": {"timing": "9 days", "default": "30 days"},
        },
        "won": {"kind": "won"},
    }
    data = {
        "stages": stages,
        "moves": [{"from": "rest", "to": "won", "by": ["sales"]}],
        "nurture": {"plan": {"in": "rest", **plan}},
    }
    found = owed(data, *events, now=now, **({"consent": True} | known))
    return {
        x.name.removeprefix("plan."): (x.status, x.due)
        for x in found.values()
        if x.kind == "nurture"
    }


STEPS = {
    "first": {"after": "2 days", "send": "story", "channel": "email"},
    "second": {"after": "5 days", "send": "offer"},
}


def test_a_step_in_time_is_to_be_done_from_then_on() -> None:
    soon = nurtured({"steps": STEPS}, now=at("04 09:00") - INSTANT)
    assert soon == {"first": ("open", at("04 09:00")), "second": ("open", at("07 09:00"))}
    now = nurtured({"steps": STEPS}, now=at("04 09:00"))
    assert now["first"] == ("at_risk", at("04 09:00"))
    sent = event(
        "04 10:00",
        "touch",
        channel="email",
        direction="outbound",
        automatic=True,
        step="plan.first",
    )
    assert set(nurtured({"steps": STEPS}, sent, now=at("04 11:00"))) == {"second"}


def test_a_message_says_what_how_and_why() -> None:
    data = {
        "stages": {"work": {"owner": "sales"}, "won": {"kind": "won"}},
        "moves": [{"from": "work", "to": "won", "by": ["sales"]}],
        "nurture": {"plan": {"in": "work", "steps": STEPS}},
    }
    found = owed(data, now=at("02 10:00"), consent=True)
    first, second = found["nurture", "plan.first"], found["nurture", "plan.second"]
    assert (first.what, second.what) == ("send 'story' by email", "send 'offer'")
    assert first.rule == "lifecycle.nurture.plan.steps.first"
    assert (first.next_change, first.left) == (first.due, timedelta(days=1, hours=23))


@pytest.mark.parametrize("consent", [None, False])
def test_without_consent_nothing_is_sent(consent: bool | None) -> None:
    assert nurtured({"steps": STEPS}, now=at("03 09:00"), consent=consent) == {}
    asked = {"steps": STEPS, "consent": False}
    assert set(nurtured(asked, now=at("03 09:00"), consent=consent)) == {"first", "second"}


def test_a_plan_ends_with_a_contact_after_the_entry() -> None:
    reached = event("02 09:30", "touch", channel="call", direction="inbound")
    assert nurtured({"steps": STEPS}, reached, now=at("03 09:00")) == {}
    goes_on = {"steps": STEPS, "until_contact": False}
    assert set(nurtured(goes_on, reached, now=at("03 09:00"))) == {"first", "second"}
    at_entry = event("02 09:00", "touch", channel="call", direction="inbound")
    assert set(nurtured({"steps": STEPS}, at_entry, now=at("03 09:00"))) == {"first", "second"}


def test_a_plan_is_for_leads_of_which_its_condition_is_true() -> None:
    plan = {"steps": STEPS, "when": 'country == "DE" and stage_entries == 1'}
    assert set(nurtured(plan, now=at("03 09:00"), country="DE")) == {"first", "second"}
    assert nurtured(plan, now=at("03 09:00"), country="FR") == {}
    assert nurtured(plan, now=at("03 09:00")) == {}
    scored = {"steps": STEPS, "when": 'band == "warm"'}
    assert set(nurtured(scored, now=at("03 09:00"), derived={"band": "warm"})) == {
        "first",
        "second",
    }


def test_the_gap_between_messages_puts_them_off() -> None:
    mail = event("03 12:00", "touch", channel="email", direction="outbound", automatic=True)
    found = nurtured({"steps": STEPS, "gap": "3 days"}, mail, now=at("03 13:00"))
    assert found == {"first": ("open", at("06 12:00")), "second": ("open", at("09 12:00"))}


@pytest.mark.parametrize(
    ("step", "due"),
    [
        ({"on": "2026-04-01"}, "2026-03-31T22:00+00:00"),  # midnight in Berlin, in summer
        ({"on": "2026-04-01", "before": "14 days"}, "2026-03-17T22:00+00:00"),
        ({"on": "2026-03-02"}, None),  # midnight was before the entry
        ({"on": "2026-03-12", "before": "14 days"}, None),
        ({"on": "03-02"}, "2027-03-01T23:00+00:00"),
        ({"on": "03-03"}, "2026-03-02T23:00+00:00"),
        ({"on": "02-29"}, "2027-02-27T23:00+00:00"),  # 2027 has none: the 28th
        ({"on": "01-01", "before": "1 day"}, "2026-12-30T23:00+00:00"),
        ({"on": "renewal"}, "2026-05-31T22:00+00:00"),
        ({"on": "fair", "before": "1 hour"}, "2026-03-20T11:00+00:00"),
    ],
)
def test_a_step_on_a_date_is_due_when_the_date_begins(
    step: Mapping[str, Any], due: str | None
) -> None:
    fields = {"renewal": date(2026, 6, 1), "fair": datetime(2026, 3, 20, 12, tzinfo=UTC)}
    found = nurtured({"steps": {"x": {**step, "send": "it"}}}, now=at("02 10:00"), fields=fields)
    assert found == ({} if due is None else {"x": ("open", datetime.fromisoformat(due))})


def test_a_step_on_a_date_that_is_not_known_is_not_due() -> None:
    steps = {"x": {"on": "renewal", "send": "it"}}
    assert nurtured({"steps": steps}, now=at("02 10:00")) == {}


def test_a_leap_day_is_one_where_there_is_one() -> None:
    steps = {"x": {"on": "02-29", "send": "it"}}
    created = datetime(2028, 2, 1, tzinfo=UTC)
    found = nurtured({"steps": steps}, now=created, created=created)
    assert found == {"x": ("open", datetime(2028, 2, 28, 23, tzinfo=UTC))}


def test_a_yearly_step_is_sent_once_a_year_and_the_latest_that_was_missed() -> None:
    plan = {"steps": {"x": {"on": "10-01", "send": "it"}}}
    first, second, third = (datetime(year, 9, 30, 22, tzinfo=UTC) for year in (2026, 2027, 2028))
    assert nurtured(plan, now=first - INSTANT) == {"x": ("open", first)}
    assert nurtured(plan, now=first) == {"x": ("at_risk", first)}
    assert nurtured(plan, now=second - INSTANT) == {"x": ("at_risk", first)}
    assert nurtured(plan, now=second) == {"x": ("at_risk", second)}
    sent = Event(
        lead_id="17",
        id="sent",
        time=second,
        kind="touch",
        properties={
            "channel": "email",
            "direction": "outbound",
            "automatic": True,
            "step": "plan.x",
        },
    )
    assert nurtured(plan, sent, now=second) == {"x": ("open", third)}


def test_of_several_late_steps_only_the_first_is_due_now() -> None:
    steps = {**STEPS, "third": {"after": "6 days", "send": "more"}}
    plan = {"steps": steps, "gap": "7 days"}
    found = nurtured(plan, now=at("22 09:00"))
    assert found == {
        "first": ("at_risk", at("04 09:00")),
        "second": ("open", at("29 09:00")),
        "third": ("open", datetime(2026, 4, 5, 9, tzinfo=UTC)),
    }
    mail = {"channel": "email", "direction": "outbound", "automatic": True}
    sent = event("22 10:00", "touch", step="plan.first", **mail)
    assert nurtured(plan, sent, now=at("22 11:00")) == {
        "second": ("open", at("29 10:00")),
        "third": ("open", datetime(2026, 4, 5, 10, tzinfo=UTC)),
    }


def test_a_gap_is_kept_from_the_messages_of_all_plans() -> None:
    data = {
        "stages": {"work": {"owner": "sales"}, "won": {"kind": "won"}},
        "moves": [{"from": "work", "to": "won", "by": ["sales"]}],
        "nurture": {
            "rare": {
                "in": "work",
                "gap": "7 days",
                "steps": {"x": {"after": "3 days", "send": "it"}},
            },
            "often": {"in": "work", "steps": {"y": {"after": "2 days", "send": "it"}}},
        },
    }
    found = owed(data, now=at("03 09:00"), consent=True)
    rare, often = found["nurture", "rare.x"], found["nurture", "often.y"]
    assert (often.due, often.next_change) == (at("04 09:00"), at("04 09:00"))
    assert (rare.due, rare.next_change) == (at("11 09:00"), None)
    found = owed(data, now=at("20 09:00"), consent=True)
    rare, often = found["nurture", "rare.x"], found["nurture", "often.y"]
    assert (often.status, often.due) == ("at_risk", at("04 09:00"))
    assert (rare.status, rare.due) == ("open", at("27 09:00"))


def test_a_step_on_activities_is_due_when_enough_of_them_are_close_together() -> None:
    step = {"activity": "page_view", "when": 'starts_with(activity.path, "/prices")', "count": 2}
    plan = {"steps": {"x": {**step, "within": "7 days", "send": "offer"}}}
    views = [
        event(f"{day} 09:00", path=path)
        for day, path in (
            ("03", "/prices"),
            ("10", "/prices/eu"),
            ("11", "/blog"),
            ("12", "/prices"),
        )
    ]
    assert nurtured(plan, views[0], now=at("05 09:00")) == {}
    assert nurtured(plan, *views[:3], now=at("11 10:00")) == {}  # seven days are not within
    assert nurtured(plan, *views, now=at("13 09:00")) == {"x": ("at_risk", at("12 09:00"))}
    sent = event(
        "13 09:00", "touch", channel="email", direction="outbound", automatic=True, step="plan.x"
    )
    assert nurtured(plan, *views, sent, now=at("13 09:00")) == {}


def test_a_lead_wakes_by_its_reason() -> None:
    data = {
        "stages": {
            "work": {"owner": "sales"},
            "rest": {
                "owner": "marketing",
                "kind": "recycled",
                "wake": {"timing": "9 days", "default": "30 days"},
            },
            "won": {"kind": "won"},
        },
        "moves": [
            {"from": "work", "to": "rest", "by": ["sales"]},
            {"from": "rest", "to": "won", "by": ["sales"]},
        ],
    }
    moved = event("02 09:30", "moved", to="rest", reason="timing")
    found = owed(data, moved, now=at("11 09:30") - INSTANT)["wake", "rest"]
    assert found.what == "look again at the lead, which came for 'timing'"
    assert (found.status, found.due, found.next_change) == ("open", at("11 09:30"), found.due)
    assert owed(data, moved, now=at("11 09:30"))["wake", "rest"].status == "at_risk"
    plain = event("02 09:30", "moved", to="rest")
    found = owed(data, plain, now=at("11 09:30"))["wake", "rest"]
    assert (found.what, found.due) == (
        "look again at the lead",
        at("31 23:30") + timedelta(hours=10),
    )


# --- the value


def test_it_is_one_readable_line() -> None:
    found = owed(EVERYTHING, ASKED, now=at("02 16:00"), owner="anna")
    assert str(found["touches", "calls"]) == (
        "at risk: make 2 touches, due 2026-03-02 17:00 UTC; anna (sales) [touches calls]"
    )
    assert found["send", "prices"].text("Europe/Berlin") == (
        "at risk: send 'price_list', as activity '02 09:00 activity' asks, due 2026-03-02 18:00 "
        "Europe/Berlin; marketing [send prices]"
    )
    waiting = owed(EVERYTHING, now=at("02 16:00"))["requirement", "review"]
    assert str(waiting) == (
        "open: complete 'review', which waits for 'draft'; boss (boss or legal) "
        "[requirement review]"
    )
    update = owed(EVERYTHING, now=at("02 16:00"))["accept", "won"]
    assert update.who == "chief"
    steps = {"remind": "remind them", "boss": "tell boss", "reassign": "give it to somebody else"}
    for now, step in (("02 11:00", "remind"), ("02 13:00", "boss"), ("03 13:00", "reassign")):
        clock = owed(CLOCKED, now=at(now))["clock", "speed"]
        assert f", due 2026-03-03 17:00 UTC, {steps[step]}; sales [" in str(clock)


def test_it_is_data_that_json_can_hold() -> None:
    found = owed(EVERYTHING, now=at("02 16:00"))["touches", "calls"]
    assert json.loads(json.dumps(found.to_dict())) == {
        "lead_id": "17",
        "stage": "work",
        "kind": "touches",
        "name": "calls",
        "what": "make 2 touches",
        "status": "at_risk",
        "roles": ["sales"],
        "owner": None,
        "queue": "inbox",
        "since": "2026-03-02T09:00:00+00:00",
        "due": "2026-03-02T17:00:00+00:00",
        "left": 3600.0,
        "missing": 2,
        "step": None,
        "rule": "lifecycle.touches.calls",
        "next_change": "2026-03-02T17:00:00.000001+00:00",
    }


def test_the_kinds_are_a_closed_list() -> None:
    assert list(OWED) == sorted(OWED)
    assert "touches" in OWED


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")],
)
def test_names_are_listed_as_in_a_sentence(names: Sequence[str], text: str) -> None:
    assert listed(names) == text


# --- states that cannot be used


def test_the_past_of_a_state_is_not_known() -> None:
    machine = machine_of(EVERYTHING)
    lead = Lead(id="17", created=at("02 09:00"))
    with pytest.raises(EvaluationError) as caught:
        machine.owed(machine.start(lead), lead=lead, at=at("02 08:00"))
    assert str(caught.value) == (
        "state: it is of 2026-03-02T08:00:00+00:00, and the state holds facts up to "
        "2026-03-02T09:00:00+00:00; replay the events of the lead"
    )
    assert caught.value.field == "state"


def test_a_state_of_another_policy_is_migrated_first() -> None:
    machine = machine_of(EVERYTHING)
    other = StageMachine(machine.lifecycle, vocabulary=WORDS, calendars=CALENDARS, policy="q")
    lead = Lead(id="17", created=at("02 09:00"))
    with pytest.raises(EvaluationError) as caught:
        machine.owed(other.start(lead), lead=lead, at=at("02 10:00"))
    assert str(caught.value) == (
        "state: the state was made by another policy; migrate the state to this one"
    )
