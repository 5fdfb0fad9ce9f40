"""States in JSON, and what is told of states and arguments that cannot be used."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadrules import Engine, EvaluationError, load_policy
from leadrules.calendars import Calendar
from leadrules.events import Event
from leadrules.lead import Lead
from leadrules.lifecycle.document import Lifecycle
from leadrules.lifecycle.machine import StageMachine
from leadrules.lifecycle.state import Asked, State
from leadrules.lifecycle.transition import Request, Settled
from leadrules.values import Money, Type
from leadrules.vocabulary import Declaration, Vocabulary

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
NOW = START + timedelta(hours=1)
CALENDARS = {"office": Calendar(hours={"mon-fri": ("09:00-17:00",)})}
LIFECYCLE = Lifecycle.model_validate(
    {
        "hours": {"default": "office"},
        "stages": {
            "inquiry": {"owner": "marketing", "update_every": "2 business days"},
            "sal": {"owner": "sales", "update_every": "2 business days"},
            "won": {"kind": "won"},
        },
        "moves": [
            {"from": "inquiry", "to": "sal", "by": "marketing"},
            {"from": "sal", "to": "won", "by": "sales", "when": 'band == "hot"'},
            {"from": "sal", "to": "won", "by": "boss", "when": 'budget >= money("100 EUR")'},
        ],
        "touches": {"calls": {"in": "sal", "count": {"default": 2}, "waive": ["known"]}},
        "clocks": {
            "attempt": {"from": "created", "to": "first_attempt", "within": "1 business hour"}
        },
        "responses": {"paper": {"activity": "asked", "send": "paper", "within": "1 day"}},
    }
)
WORDS = Vocabulary(activities={"asked": {}}, derived={"band": Declaration(Type.STRING)})
MACHINE = StageMachine(LIFECYCLE, vocabulary=WORDS, calendars=CALENDARS)
ALONE = StageMachine(
    Lifecycle.model_validate(
        {
            "stages": {"inquiry": {"owner": "sales"}, "won": {"kind": "won"}},
            "moves": [{"from": "inquiry", "to": "won", "by": "sales"}],
        }
    )
)
LEAD = Lead(id="17", created=START)
STATE = MACHINE.start(LEAD)
DATA = STATE.to_dict()
TIME = DATA["time"]
LATER = "2026-09-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("version", "7", "version: '7' is not what to_dict() gives"),
        ("version", 1.9, "version: '1.9' is not what to_dict() gives"),
        ("version", -7, "version: '-7' is not what to_dict() gives"),
        ("version", True, "version: 'true' is not what to_dict() gives"),
        ("lead_id", 17, "lead_id: '17' is not what to_dict() gives"),
        ("time", "soon", "time: 'soon' is not what to_dict() gives"),
        ("time", "2026-01-05T09:00", "time: '2026-01-05T09:00' is not what to_dict() gives"),
        ("time", 5, "time: '5' is not what to_dict() gives"),
        ("entries", [["inquiry", TIME, TIME, "9"]], "entries: '[...]' is not what to_dict() gives"),
        ("entries", [["inquiry", TIME, TIME, -5]], "entries: '[...]' is not what to_dict() gives"),
        ("entries", [["inquiry", TIME, TIME, 0]], "entries: '[...]' is not what to_dict() gives"),
        ("entries", [["inquiry", TIME, TIME]], "entries: '[...]' is not what to_dict() gives"),
        ("entries", [], "entries: is missing"),
        ("hours", [], "hours: is missing"),
        ("hours", [[LATER, "x"], [TIME, "y"]], "hours: '[...]' is not what to_dict() gives"),
        ("runs", [["attempt", LATER, TIME, 0]], "runs: '[...]' is not what to_dict() gives"),
        ("moments", [["created", TIME]], "moments: '[...]' is not what to_dict() gives"),
        ("counted", {"calls": TIME}, "counted: '{...}' is not what to_dict() gives"),
        ("through", "inquiry", "through: 'inquiry' is not what to_dict() gives"),
        ("last", [1, "e1"], "last: '[...]' is not what to_dict() gives"),
        ("owner", None, "owner: 'null' is not what to_dict() gives"),
        ("next_step", ["call"], "next_step: '[...]' is not what to_dict() gives"),
        ("entered", LATER, f"began: '{TIME}' is after entered, '2026-01-01T00:00:00+00:00'"),
        ("updated", LATER, f"updated: '{LATER}' is after time, '{TIME}'"),
        ("done", {"paper": LATER}, f"done: '{LATER}' is after time, '{TIME}'"),
        ("pauses", [[None, LATER, None]], f"pauses: '{LATER}' is after time, '{TIME}'"),
        ("stages", [], "no part of a state is called 'stages'"),
    ],
)
def test_damaged_data_is_no_state(part: str, value: object, message: str) -> None:
    if part == "entered":
        value = "2026-01-01T00:00:00+00:00"
    with pytest.raises(EvaluationError) as caught:
        State.from_dict({**DATA, part: value})
    assert str(caught.value) == f"state: {message}"
    assert caught.value.field == "state"


@pytest.mark.parametrize("part", ["lead_id", "stage", "entered", "time", "began", "hours"])
def test_a_part_that_every_state_has_is_missed(part: str) -> None:
    data = {name: value for name, value in DATA.items() if name != part}
    with pytest.raises(EvaluationError, match=f"^state: {part}: is missing$"):
        State.from_dict(data)


def test_what_lies_ahead_may_be_later_than_the_last_fact() -> None:
    data = {**DATA, "pauses": [[None, TIME, LATER]], "next_step": ["call", LATER]}
    assert json.loads(json.dumps(State.from_dict(data).to_dict())) == data


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"hours": ()}, "hours: is missing"),
        ({"entries": ()}, "entries: is missing"),
        ({"hours": ((STATE.time, "ofice"),)}, "hours: no calendar 'ofice'; did you mean 'office'?"),
        (
            {"entries": (("inquiri", STATE.time, STATE.time, 1),)},
            "entries: no stage 'inquiri'; did you mean 'inquiry'?",
        ),
        ({"asked": (("x", "a1", STATE.time, None, None),)}, "asked: no response 'x'"),
        ({"counted": (("mails", (STATE.time,)),)}, "counted: no rule of touches 'mails'"),
    ],
)
def test_a_state_names_what_the_policy_knows(parts: Mapping[str, Any], message: str) -> None:
    text = json.dumps(replace(STATE, **parts).to_dict())
    data = json.loads(text)
    state = State.from_dict(data) if {"hours", "entries"} <= {*data} else replace(STATE, **parts)
    with pytest.raises(EvaluationError) as caught:
        MACHINE.owed(state, lead=LEAD, at=NOW)
    assert str(caught.value) == f"state: {message}"
    assert (caught.value.field, caught.value.lead_id) == ("state", "17")


def test_a_fact_meets_a_state_that_names_what_the_policy_does_not_know() -> None:
    sent = Event(lead_id="17", id="f1", time=NOW, kind="fulfilment", properties={"item": "paper"})
    asked = Asked("papers", "a1", STATE.time)
    with pytest.raises(EvaluationError) as caught:
        MACHINE.note(replace(STATE, asked=(asked,)), sent)
    assert str(caught.value) == "state: asked: no response 'papers'; did you mean 'paper'?"


ANY: Any = MACHINE
GO = Request(to="sal", role="marketing")
NO_STATE = "is no state; expected what start(), replay() or from_dict() gives"
NO_LEAD = "lead: 'A' is no lead; make one with policy.lead(...)"
NO_REQUEST = "is no request; make one with Request(to=...)"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: ANY.advance(STATE, "won", lead=LEAD, at=NOW), f"request: 'won' {NO_REQUEST}"),
        (lambda: ANY.force(STATE, None, at=NOW), f"request: 'null' {NO_REQUEST}"),
        (lambda: ANY.advance(DATA, GO, lead=LEAD, at=NOW), f"state: '{{...}}' {NO_STATE}"),
        (lambda: ANY.settle(None, lead=LEAD, at=NOW), f"state: 'null' {NO_STATE}"),
        (lambda: ANY.would(DATA, lead=LEAD, at=NOW), f"state: '{{...}}' {NO_STATE}"),
        (lambda: ANY.owed(DATA, lead=LEAD, at=NOW), f"state: '{{...}}' {NO_STATE}"),
        (lambda: ANY.migrate(DATA), f"state: '{{...}}' {NO_STATE}"),
        (lambda: ANY.advance(STATE, GO, lead="A", at=NOW), NO_LEAD),
        (lambda: ANY.start("A"), NO_LEAD),
        (lambda: ANY.start("A", at=NOW), NO_LEAD),
        (lambda: ANY.replay("A"), NO_LEAD),
        (lambda: ANY.trail("A"), NO_LEAD),
        (lambda: ANY.audit("A"), NO_LEAD),
        (
            lambda: ANY.note(STATE, {}),
            "event: '{...}' is no event; make one with Event(...)",
        ),
        (
            lambda: ANY.advance(STATE, GO, lead=LEAD, at=NOW, derived=["hot"]),
            "derived: '[...]' is no mapping of names to values; expected the results of a score",
        ),
        (
            lambda: ALONE.settle(ALONE.start(LEAD), lead=LEAD, at=NOW, derived={"band": "hot"}),
            "derived: no earlier step adds 'band'; there is none",
        ),
    ],
)
def test_an_argument_of_a_wrong_kind_is_named(ask: Callable[[], object], message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        ask()
    assert str(caught.value) == message
    assert caught.value.field == message.partition(":")[0]


def test_what_is_called_wrongly_is_told_by_python() -> None:
    ask: Any = ANY.advance
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'lead'"):
        ask(STATE, GO, at=NOW)


def test_what_a_lead_brings_is_never_said_for_it() -> None:
    rich = {"budget": Money.parse("100 EUR")}
    poor = LEAD.model_copy(update={"budget": Money.parse("5 EUR")})
    sal = ANY.advance(STATE, GO, lead=poor, at=NOW).state
    asked, now = Request(to="won", role="boss"), NOW + timedelta(hours=1)
    with pytest.raises(EvaluationError) as caught:
        ANY.advance(sal, asked, lead=poor, at=now, derived=rich)
    assert str(caught.value) == "derived: no earlier step adds 'budget'; they add 'band'"
    with pytest.raises(EvaluationError, match=r"^derived: no earlier step adds 'budget'"):
        ANY.force(sal, asked, at=now, derived=rich)
    assert not ANY.advance(sal, asked, lead=poor, at=now)


def test_a_lead_brings_nothing_that_earlier_steps_add() -> None:
    sly = LEAD.model_copy(update={"fields": {"band": "hot"}})
    sal = ANY.advance(STATE, GO, lead=sly, at=NOW).state
    asked, now = Request(to="won", role="sales"), NOW + timedelta(hours=1)
    refused = ANY.advance(sal, asked, lead=sly, at=now)
    assert refused.codes == ("guard-unknown",)
    assert ANY.advance(sal, asked, lead=sly, at=now, derived={"band": "hot"})


EDGES = (datetime(9999, 12, 31, 23, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC))
YEARLY = Engine(
    load_policy("""
leadrules: 1
policy: {id: edges, version: 1, effective: 2026-01-01, zone: Europe/Berlin}
calendars: {office: {hours: {mon-fri: ["09:00-17:00"]}}}
lifecycle:
  hours: {default: office}
  stages: {inquiry: {owner: marketing, update_every: 2 business days}, won: {kind: won}}
  moves:
    - {from: inquiry, to: won, by: marketing}
    - {from: inquiry, to: won, after: 40 days}
  clocks: {speed: {from: created, to: first_attempt, within: 40 days}}
  nurture: {cards: {in: inquiry, steps: {new_year: {on: 01-01, before: 30 days, send: card}}}}
""")
)


@pytest.mark.parametrize("edge", EDGES)
def test_a_lead_may_live_at_the_edges_of_time(edge: datetime) -> None:
    lead = Lead(id="17", created=edge)
    state = YEARLY.machine.start(lead)
    assert State.from_dict(state.to_dict()) == state
    listed = YEARLY.agenda(lead, state=state, at=edge)
    dues = [owed.due for owed in listed if owed.due is not None]
    assert {owed.kind for owed in listed} >= {"clock", "update"}
    assert all(edge < due <= datetime.max.replace(tzinfo=UTC) for due in dues)
    assert "look again at" in str(listed)
    assert YEARLY.machine.trail(lead, at=edge).clocks[0].due == max(dues)
    settled = YEARLY.settle(lead, state=state, at=edge)
    assert isinstance(settled, Settled)
    assert not settled.transitions


def test_an_id_breaks_no_line_of_a_refusal_and_turns_none() -> None:
    odd = Lead(id="17\n  paid\u202e", created=START)
    state = MACHINE.start(odd)
    asked = Request(to="sal", role="sales\u2028boss")
    refused = MACHINE.advance(state, asked, lead=odd, at=NOW)
    assert str(refused) == (
        "lead 17\\n  paid\\u202e: 'inquiry' -> 'sal' is refused\n"
        "  'sales\\u2028boss' may not move it; it takes 'marketing' [role]"
    )
    made = MACHINE.advance(state, Request(to="sal", role="marketing", by="a\nb"), lead=odd, at=NOW)
    assert str(made) == "lead 17\\n  paid\\u202e: 'inquiry' -> 'sal' by a\\nb"


def test_an_owner_breaks_no_line_of_an_agenda() -> None:
    state = YEARLY.machine.start(Lead(id="1\n7", created=START, owner="ann\nben"))
    listed = YEARLY.agenda(Lead(id="1\n7"), state=state, at=START)
    lines = str(listed).split("\n")
    assert lines[0] == "lead 1\\n7, in stage 'inquiry', as of 2026-01-05 10:00 Europe/Berlin"
    assert len(lines) == 2 + len(listed)
    assert all("; ann\\nben (marketing) [" in line for line in lines[1:-1])
