"""Events: what each kind says, and what is wrong with bad ones."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leadrules import EvaluationError, Event, Money
from leadrules.events import sort_key, standing
from leadrules.values import instant_of

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
                "expected one of 15, such as 'activity', 'touch', 'answer'; "
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


# --- what stands of them

BERLIN = ZoneInfo("Europe/Berlin")
AT = instant_of(MOMENT)


def stood(*events: Event, at: int = AT) -> list[str]:
    return [found.id for found in standing(events, lead_id="17", at=at)]


def retraction(of: str, event_id: str = "r", time: datetime = MOMENT) -> Event:
    return event(id=event_id, time=time, kind="retraction", type=None, properties={"of": of})


def test_what_has_happened_stands_by_time_then_id() -> None:
    tick = timedelta(microseconds=1)
    events = [event(id="c"), event(id="a"), event(id="b", time=MOMENT - tick)]
    assert stood(*events, event(id="d", time=MOMENT + tick)) == ["b", "a", "c"]
    assert stood(*events, at=AT - 1) == ["b"]
    assert stood() == []
    assert [found.id for found in standing(iter(events), lead_id="17", at=AT)] == ["b", "a", "c"]


def test_a_retraction_takes_its_event_back_from_its_time_on() -> None:
    late = retraction("e1", time=MOMENT + timedelta(days=1))
    early = retraction("e1", time=MOMENT - timedelta(days=1))
    for events in ([event(), late], [late, event()]):
        assert stood(*events) == ["e1"]
        assert stood(*events, at=instant_of(late.time)) == []
        assert stood(*events, at=instant_of(late.time) - 1) == ["e1"]
    assert stood(early, event()) == []
    assert stood(event(), retraction("nobody")) == ["e1"]
    assert stood(event(), retraction("e1"), retraction("r", "s")) == []  # it stays taken back


INSTANT = datetime(2025, 10, 26, 2, 30, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({"time": MOMENT}, {"time": MOMENT.astimezone(BERLIN)}),
        ({"time": INSTANT}, {"time": INSTANT.astimezone(UTC)}),  # an hour that comes twice
        ({"properties": {"x": float("nan")}}, {"properties": {"x": float("nan")}}),
        ({"properties": {"x": None}}, {"properties": {}}),
        ({"properties": {"x": 2**60}}, {"properties": {}}),
        ({"properties": {"x": ["a", "b"]}}, {"properties": {"x": ("a", "b")}}),
        ({"properties": {"x": -0.0}}, {"properties": {"x": 0}}),
        (
            {"properties": {"x": Money.parse("5 EUR")}},
            {"properties": {"x": Money.parse("5.00 EUR")}},
        ),
        ({"properties": {"x": 1, "y": 2}}, {"properties": {"y": 2, "x": 1}}),
    ],
)
def test_the_same_event_again_is_one_event(one: dict[str, Any], other: dict[str, Any]) -> None:
    long_after = AT + 10**15
    assert stood(event(**one), event(**other), at=long_after) == ["e1"]
    assert stood(event(**other), event(**one), at=long_after) == ["e1"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"time": MOMENT + timedelta(microseconds=1)}),
        ({"time": INSTANT}, {"time": INSTANT.replace(fold=1)}),  # an hour later
        ({}, {"type": "demo"}),
        ({}, {"properties": {"x": 1}}),
        ({"properties": {"x": 1}}, {"properties": {"x": 2}}),
        ({}, {"kind": "touch", "type": None, "properties": CALL}),
        ({}, {"kind": "retraction", "type": None, "properties": {"of": "e1"}}),
        ({"time": MOMENT + timedelta(days=9)}, {"time": MOMENT + timedelta(days=8)}),
    ],
)
def test_another_event_of_the_same_id_is_refused(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    for events in ([event(**one), event(**other)], [event(**other), event(**one)]):
        with pytest.raises(EvaluationError) as caught:
            stood(*events)
        message = "event 'e1': another event has this id; ids are unique for a lead"
        assert str(caught.value) == message
        assert (caught.value.field, caught.value.lead_id) == ("id", "17")


def test_an_event_of_another_lead_is_refused() -> None:
    with pytest.raises(EvaluationError) as caught:
        stood(event(), event(lead_id="18"))
    assert str(caught.value) == "event 'e1': is of lead '18', not of '17'"
    assert (caught.value.field, caught.value.lead_id) == ("lead_id", "17")


def test_the_record_of_an_event_is_what_is_known_settled() -> None:
    found = event(properties={"path": "/", "seconds": 2**60, "at": MOMENT, "none": None})
    assert found.record == {"activity.path": "/", "activity.at": AT}
    assert found.moment == AT


def test_a_copy_is_checked_and_has_its_own_moment_and_record() -> None:
    first = event(properties={"path": "/"})
    assert (first.moment, first.record) == (instant_of(MOMENT), {"activity.path": "/"})
    later = first.model_copy(
        update={"time": MOMENT + timedelta(seconds=1), "properties": {"path": "/demo"}}
    )
    assert later.moment == first.moment + 1_000_000
    assert later.record == {"activity.path": "/demo"}
    assert first.model_copy() == first
    with pytest.raises(EvaluationError, match="event 'e1': kind: no kind 'told'"):
        first.model_copy(update={"kind": "told"})
