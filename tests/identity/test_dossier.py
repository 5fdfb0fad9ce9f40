"""Dossiers: what merging keeps, what is seen of it, and that its order does not matter."""

from __future__ import annotations

import json
import pickle
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from leadrules import EvaluationError, Event, Lead
from leadrules.events import standing
from leadrules.identity import STAGE_FACTS, Dossier, Snapshot, merge
from leadrules.values import instant_of
from tests.identity.samples import DAY, START, dossiers


def event(lead_id: str, event_id: str, **values: Any) -> Event:
    plain: dict[str, Any] = {"time": START, "kind": "activity", "type": "visit"}
    return Event(lead_id=lead_id, id=event_id, **(plain | values))


def fact(lead_id: str, event_id: str, kind: str, **properties: Any) -> Event:
    return event(lead_id, event_id, kind=kind, type=None, properties=properties)


def of(lead_id: str, *events: Event, day: int = 0, **values: Any) -> Dossier:
    lead = Lead(id=lead_id, **({"created": START + day * DAY} | values))
    return Dossier.of(lead, updated=START + day * DAY, events=events)


def seen(dossier: Dossier) -> tuple[object, ...]:
    return (
        dossier.ids,
        dossier.lead,
        dossier.events,
        [(dossier.events_of(one), dossier.set_aside(one)) for one in dossier.ids],
    )


# --- laws


@given(dossiers(1))
def test_merging_with_itself_changes_nothing(some: tuple[Dossier]) -> None:
    """Law: merge(a, a) == a."""
    (a,) = some
    assert merge(a, a) == merge(a) == a
    assert seen(merge(a, a)) == seen(a)


@given(dossiers(2))
def test_it_does_not_matter_which_is_merged_into_which(some: tuple[Dossier, Dossier]) -> None:
    """Law: merge(a, b) == merge(b, a), and so is all that is seen of it."""
    a, b = some
    assert merge(a, b) == merge(b, a)
    assert hash(merge(a, b)) == hash(merge(b, a))
    assert seen(merge(a, b)) == seen(merge(b, a))


@given(dossiers(3))
def test_it_does_not_matter_which_are_merged_first(some: tuple[Dossier, Dossier, Dossier]) -> None:
    """Law: merge(merge(a, b), c) == merge(a, merge(b, c)), and so is all that is seen of it."""
    a, b, c = some
    assert merge(merge(a, b), c) == merge(a, merge(b, c)) == merge(c, a, b)
    assert seen(merge(merge(a, b), c)) == seen(merge(a, merge(b, c)))


@given(dossiers(2))
def test_no_event_of_a_lead_is_lost(some: tuple[Dossier, Dossier]) -> None:
    """Law: the events of each lead are as many as before, and say what they said."""
    a, b = some
    both = merge(a, b)
    told = [(each.moment, each.kind, each.type) for each in both.events]
    for lead_id in both.ids:
        own = [each for each in both.history if each.lead_id == lead_id]
        assert {(each.lead_id, each.id) for each in own} == {
            (lead_id, each.id) for one in some for each in one.history if each.lead_id == lead_id
        }
        for each in own:
            same = (each.moment, each.kind, each.type)
            count = sum((one.moment, one.kind, one.type) == same for one in own)
            assert told.count(same) >= count


@given(dossiers(2))
def test_what_is_set_aside_and_what_is_not_are_all(some: tuple[Dossier, Dossier]) -> None:
    """Law: `events_of` and `set_aside` share out the events, and only facts about stages."""
    both = merge(*some)
    for lead_id in both.ids:
        kept, apart = both.events_of(lead_id), both.set_aside(lead_id)
        assert set(map(id, kept)) <= set(map(id, both.events))
        assert len(kept) + len(apart) == len(both.events)
        assert all(each.kind in STAGE_FACTS and each.lead_id != lead_id for each in apart)
        facts = [each for each in kept if each.kind in STAGE_FACTS]
        own = [each for each in both.history if each.lead_id == lead_id]
        assert sorted(each.kind for each in facts) == sorted(
            each.kind for each in own if each.kind in STAGE_FACTS
        )


@given(dossiers(2))
def test_the_events_are_a_history_of_the_one_lead(some: tuple[Dossier, Dossier]) -> None:
    """Law: what is united can be replayed: one lead, unique ids, in order."""
    both = merge(*some)
    ids = [each.id for each in both.events]
    assert len(set(ids)) == len(ids)
    assert {each.lead_id for each in both.events} <= {both.lead.id}
    at = instant_of(START + 9 * DAY)
    stand = standing(both.events, lead_id=both.lead.id, at=at)
    assert stand == [each for each in both.events if each in stand]


@given(dossiers(2))
def test_the_lead_created_first_keeps_its_events(some: tuple[Dossier, Dossier]) -> None:
    """Law: the events of the lead that survives are as they were, with their ids."""
    both = merge(*some)
    named = {each.id: each for each in both.events}
    own = [each for each in both.history if each.lead_id == both.ids[0]]
    assert [named[each.id] for each in own] == own


@given(dossiers(2, plain=True))
def test_merging_what_was_written_back_adds_nothing(some: tuple[Dossier, Dossier]) -> None:
    """Law: the one lead, merged again with those that it was made of, has the same events."""
    both = merge(*some)
    back = Dossier.of(both.lead, updated=both.snapshots[-1].updated, events=both.events)
    assert merge(back, both).events == merge(both, back).events == both.events


@given(dossiers(1))
def test_a_dossier_survives_json_and_pickle(some: tuple[Dossier]) -> None:
    """Law: a dossier written as JSON, or pickled, is read as itself."""
    (a,) = some
    for again in (
        Dossier.from_dict(json.loads(json.dumps(a.to_dict(), allow_nan=False))),
        pickle.loads(pickle.dumps(a)),
    ):
        assert again == a
        assert again.to_dict() == a.to_dict()
        assert again.lead.record == a.lead.record
        assert [each.record for each in again.events] == [each.record for each in a.events]


# --- what is seen


def test_the_events_of_two_leads_are_those_of_the_one_created_first() -> None:
    both = merge(of("23", event("23", "e2"), day=1), of("17", event("17", "e1")))
    assert both.ids == ("17", "23")
    assert [(each.lead_id, each.id) for each in both.events] == [("17", "e1"), ("17", "e2")]


def test_the_same_event_of_two_leads_is_one_and_another_keeps_its_own_id() -> None:
    same, other = event("23", "e1"), event("42", "e1", type="demo")
    both = merge(of("17", event("17", "e1")), of("23", same, day=1), of("42", other, day=2))
    assert [(each.id, each.type) for each in both.events] == [("42/e1", "demo"), ("e1", "visit")]


def test_two_leads_may_have_one_event_that_the_first_has_not() -> None:
    demos = [event(lead_id, "e1", type="demo") for lead_id in ("23", "42")]
    both = merge(of("17", event("17", "e1")), of("23", demos[0], day=1), of("42", demos[1], day=2))
    assert [each.id for each in both.events] == ["23/e1", "e1"]


def test_a_new_id_is_none_that_there_is() -> None:
    other = event("23", "e1", type="demo")
    both = merge(
        of("17", event("17", "e1"), event("17", "23/e1")),
        of("23", other, event("23", "23/23/e1"), day=1),
    )
    assert [(each.id, each.type) for each in both.events] == [
        ("23/23/23/e1", "demo"),
        ("23/23/e1", "visit"),
        ("23/e1", "visit"),
        ("e1", "visit"),
    ]


def test_a_new_id_is_none_of_a_later_lead() -> None:
    both = merge(
        of("17", event("17", "e1")),
        of("23", event("23", "e1", type="demo"), day=1),
        of("42", event("42", "23/e1", type="webinar"), day=2),
    )
    assert [(each.id, each.type) for each in both.events] == [
        ("23/23/e1", "demo"),
        ("23/e1", "webinar"),
        ("e1", "visit"),
    ]


def test_of_two_spellings_the_same_one_is_kept_in_either_order() -> None:
    there = START.astimezone(ZoneInfo("Europe/Berlin"))
    here = of("17", event("17", "e1"), fields={"x": 1})
    local = of("17", event("17", "e1", time=there), fields={"x": 1}, created=there)
    assert here == local
    assert hash(here) == hash(local)
    assert here.to_dict() != local.to_dict()
    assert merge(here, local).to_dict() == merge(local, here).to_dict()
    assert len(merge(here, local).history) == len(merge(here, local).snapshots) == 1


def test_a_retraction_takes_back_the_event_of_its_own_lead() -> None:
    late = START + DAY
    both = merge(
        of("17", event("17", "e1")),
        of(
            "23",
            event("23", "e1", type="demo"),
            event("23", "r", time=late, kind="retraction", type=None, properties={"of": "e1"}),
            day=1,
        ),
    )
    stand = standing(both.events, lead_id="17", at=instant_of(late))
    assert [each.id for each in stand] == ["e1"]
    assert both.events[-1].properties == {"of": "23/e1"}


def test_a_retraction_of_what_only_another_lead_has_takes_that_back() -> None:
    both = merge(
        of("17", event("17", "e1")), of("23", fact("23", "r", "retraction", of="e1"), day=1)
    )
    assert standing(both.events, lead_id="17", at=instant_of(START)) == []


def test_equal_retractions_of_different_events_are_two() -> None:
    both = merge(
        *(
            of(
                lead_id,
                event(lead_id, "e1", type=kind),
                fact(lead_id, "r", "retraction", of="e1"),
                day=day,
            )
            for day, (lead_id, kind) in enumerate([("17", "visit"), ("23", "demo")])
        )
    )
    assert {each.id: each["of"] for each in both.events if each.kind == "retraction"} == {
        "r": "e1",
        "23/r": "23/e1",
    }
    assert standing(both.events, lead_id="17", at=instant_of(START)) == []


def test_a_fulfilment_goes_with_what_was_asked_for() -> None:
    sent = fact("23", "f", "fulfilment", item="paper", request="e1")
    both = merge(of("17", event("17", "e1")), of("23", event("23", "e1", type="demo"), sent, day=1))
    assert [each["request"] for each in both.events if each.kind == "fulfilment"] == ["23/e1"]


def test_the_stage_is_that_of_one_lead() -> None:
    call = fact("23", "c", "touch", channel="call", direction="outbound")
    first = of("17", fact("17", "m", "moved", to="mql"))
    second = of("23", fact("23", "m", "moved", to="sql"), call, day=1)
    both = merge(first, second)
    assert [(each.id, each["to"]) for each in both.events_of("17")] == [("c", None), ("m", "mql")]
    assert [(each.id, each["to"]) for each in both.events_of("23")] == [
        ("c", None),
        ("23/m", "sql"),
    ]
    assert both.set_aside("17") == (fact("23", "m", "moved", to="sql"),)
    assert both.set_aside("23") == first.history


def test_facts_about_stages_are_never_shared() -> None:
    both = merge(
        of("17", fact("17", "m", "moved", to="mql")),
        of("23", fact("23", "m", "moved", to="mql"), fact("23", "r", "retraction", of="m"), day=1),
    )
    assert [each.id for each in both.events_of("17") if each.kind == "moved"] == ["m"]
    stand = standing(both.events_of("17"), lead_id="17", at=instant_of(START))
    assert [each.kind for each in stand] == ["moved"]


def test_a_dossier_says_little_of_itself() -> None:
    assert repr(of("17", event("17", "e1"))) == "Dossier(ids=('17',), events=1)"
    assert of("17") != given_as("17")


# --- what is wrong

LEAD = Lead(id="17")


def given_as(value: object) -> Any:
    """Return a value whose type the checker would refuse."""
    return value


@pytest.mark.parametrize(
    ("make", "message", "field"),
    [
        (lambda: Dossier(()), "snapshots: there is none; expected at least one", "snapshots"),
        (lambda: Dossier(given_as("17")), "snapshots: '17' is no list of snapshots", "snapshots"),
        (
            lambda: Dossier(given_as((LEAD,))),
            "snapshots: 'id='17'' is no snapshot; make one with Snapshot(...)",
            "snapshots",
        ),
        (
            lambda: Dossier.of(given_as("17"), updated=START),
            "lead: '17' is no lead; make one with Lead(...)",
            "lead",
        ),
        (
            lambda: Dossier.of(LEAD, updated=given_as("now")),
            "updated: 'now' is not a moment; expected an aware datetime",
            "updated",
        ),
        (
            lambda: Snapshot(LEAD, START.replace(tzinfo=None)),
            "updated: '2026-01-05 09:00:00' has no time zone; expected an aware datetime",
            "updated",
        ),
        (
            lambda: of("17", given_as(5)),
            "events: '5' is no event; make one with Event(...)",
            "events",
        ),
        (
            lambda: Dossier.of(LEAD, updated=START, events=given_as({"e1": 5})),
            "events: '{...}' is no list of events",
            "events",
        ),
        (
            lambda: of("17", event("23", "e1")),
            "event 'e1': is of lead '23', not of '17'",
            "lead_id",
        ),
        (
            lambda: merge(
                of("17", event("17", "e1")), of("17", event("17", "e1", time=START + DAY))
            ),
            "event 'e1': another event has this id; ids are unique for a lead",
            "id",
        ),
        (
            lambda: merge(of("17"), given_as(LEAD)),
            "merge: 'id='17'' is no dossier; make one with Dossier.of(...)",
            "merge",
        ),
        (
            lambda: merge(of("17"), of("23")).events_of("42"),
            "surviving: no lead '42'; expected '17' or '23'",
            "surviving",
        ),
        (
            lambda: of("17").set_aside("23"),
            "surviving: no lead '23'; expected '17'",
            "surviving",
        ),
    ],
)
def test_what_cannot_be_merged_says_why(make: Any, message: str, field: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        make()
    assert str(caught.value) == message
    assert caught.value.field == field


PLAIN: dict[str, Any] = {
    "schema": 1,
    "snapshots": [{"updated": "2026-01-05T09:00:00Z", "lead": {"id": "17"}}],
    "history": [],
}
EVENT = {"lead_id": "17", "id": "e1", "time": "2026-01-05T09:00:00Z", "kind": "moved"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (5, "dossier: '5' is not a mapping of names to values"),
        ({}, "schema: 'null' is not known; expected 1"),
        (PLAIN | {"schema": 2}, "schema: '2' is not known; expected 1"),
        (PLAIN | {"snapshots": None}, "snapshots: 'null' is no list of snapshots"),
        (PLAIN | {"snapshots": []}, "snapshots: there is none; expected at least one"),
        (PLAIN | {"snapshots": [5]}, "snapshots[0]: '5' is not a mapping of names to values"),
        (
            PLAIN | {"snapshots": [{"updated": "2026-01-05T09:00:00Z"}]},
            "snapshots[0].lead: 'null' is not a mapping of names to values",
        ),
        (
            PLAIN | {"snapshots": [{"lead": {"id": "17"}}]},
            "updated: 'null' is not a moment; expected an aware datetime",
        ),
        (
            PLAIN | {"snapshots": [{"lead": {"id": "17", "fields": {"x": {"date": "May"}}}}]},
            "snapshots[0].lead.fields.x: 'May' is not a date",
        ),
        (
            PLAIN | {"snapshots": [{"lead": {"id": "17", "fields": {"x": {"when": "May"}}}}]},
            "x: '{'when': 'May'}' is of no type that a field can have",
        ),
        (PLAIN | {"history": {}}, "history: '{...}' is no list of events"),
        (PLAIN | {"history": [5]}, "history[0]: '5' is not a mapping of names to values"),
        (
            PLAIN | {"history": [EVENT | {"properties": {"to": {"money": 5}}}]},
            "history[0].properties.to: '5' is not an amount of money",
        ),
        (PLAIN | {"history": [EVENT]}, "event 'e1': to: is missing; a moved must have it"),
    ],
)
def test_data_that_is_no_dossier_says_why(data: Any, message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        Dossier.from_dict(data)
    assert str(caught.value) == message


def test_values_that_json_has_no_type_for_survive_it() -> None:
    values = {"seen": START, "day": START.date(), "idle": timedelta(microseconds=-5), "tags": ["a"]}
    told = of("17", event("17", "e1", properties=values), fields=values)
    again = Dossier.from_dict(json.loads(json.dumps(told.to_dict())))
    assert again.lead.fields == again.events[0].properties == values
