"""Events: what each kind says, and what is wrong with bad ones."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadrules import EvaluationError, Event
from leadrules.events import sort_key

MOMENT = datetime(2026, 1, 5, 9, tzinfo=UTC)
TOUCH = {"kind": "touch", "type": None}
CALL = {"channel": "call", "direction": "outbound"}


def event(**values: Any) -> Event:
    plain: dict[str, Any] = {
        "lead_id": "17",
        "id": "e1",
        "time": MOMENT,
        "kind": "activity",
        "type": "page_view",
    }
    return Event(**(plain | values))


def test_an_activity_has_whatever_properties_its_type_declares() -> None:
    found = event(properties={"path": "/pricing", "seconds": float("nan")})
    assert (found["path"], found["nothing"]) == ("/pricing", None)


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("touch", {**CALL, "automatic": True, "outcome": None}),
        ("answer", {"criterion": "budget", "answer": "met", "until": MOMENT}),
        ("retraction", {"of": "e0", "reason": "a robot"}),
        ("override", {"band": "hot", "by": "ben", "reason": "met at the fair"}),
    ],
)
def test_every_other_kind_has_its_own_properties(kind: str, properties: dict[str, Any]) -> None:
    found = event(kind=kind, type=None, properties=properties)
    assert found.properties == properties
    assert pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"id": ""}, "event: id: is empty; expected a text"),
        ({"lead_id": 17}, "event: lead_id: '17' is not a text"),
        ({"lead": "17"}, "event: lead: no such part of an event; did you mean 'lead_id'?"),
        ({"kind": 5}, "event: kind: '5' is not a text"),
        (
            {"kind": "tuch"},
            (
                "event 'e1': kind: no kind 'tuch'; "
                "expected 'activity', 'touch', 'answer', 'retraction' or 'override'; "
                "did you mean 'touch'?"
            ),
        ),
        ({"kind": "touch"}, "event 'e1': type: an activity, and nothing else, has a type"),
        ({"type": None}, "event 'e1': type: an activity, and nothing else, has a type"),
        ({"type": ""}, "event: type: is empty; expected a text"),
        ({"time": 5}, "event: time: '5' is not a datetime"),
        (
            {"time": MOMENT.replace(tzinfo=None)},
            "event: time: has no time zone; expected an aware datetime",
        ),
        ({"properties": 5}, "event: properties: '5' is not a mapping of names to values"),
        ({"properties": {5: 5}}, "event: properties: '5' is not a name; expected a text"),
        ({"properties": {"x": {}}}, "event 'e1': x: '{}' is of no type that a field can have"),
        (TOUCH, "event 'e1': channel: is missing; a touch must have it"),
        (
            TOUCH | {"properties": CALL | {"channel": None}},
            "event 'e1': channel: is missing; a touch must have it",
        ),
        (
            TOUCH | {"properties": CALL | {"chanel": "x"}},
            "event 'e1': chanel: no such property of a touch; did you mean 'channel'?",
        ),
        (
            TOUCH | {"properties": CALL | {"direction": "up"}},
            "event 'e1': direction: 'up' does not fit; expected 'outbound' or 'inbound'",
        ),
        (
            TOUCH | {"properties": CALL | {"automatic": "no"}},
            "event 'e1': automatic: 'no' does not fit; expected a boolean",
        ),
        (
            {
                "kind": "answer",
                "type": None,
                "properties": {"criterion": "need", "answer": "met", "until": 5},
            },
            "event 'e1': until: '5' does not fit; expected a datetime",
        ),
    ],
)
def test_a_bad_event_names_what_is_wrong(values: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        event(**values)
    assert str(caught.value) == message
    assert caught.value.field == message.split(": ")[1]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "event: lead_id: is missing"),
        ("e1", "event: 'e1' is not a mapping of names to values"),
    ],
)
def test_what_is_no_event_says_so(data: Any, message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        Event.model_validate(data)
    assert str(caught.value) == message


def test_events_are_ordered_by_time_then_id() -> None:
    late = event(id="a", time=MOMENT + timedelta(microseconds=1))
    events = [late, event(id="c"), event(id="b")]
    assert [found.id for found in sorted(events, key=sort_key)] == ["b", "c", "a"]


def test_an_event_survives_json() -> None:
    found = event(properties={"path": "/pricing"})
    assert Event.model_validate_json(found.model_dump_json()) == found
