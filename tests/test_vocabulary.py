"""The names of a policy: leads made by them, parameters by date, days in their zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import EvaluationError, Lead
from leadrules.events import KINDS
from leadrules.values import Cash, Instant, Span, Type, instant_of
from leadrules.vocabulary import (
    Declaration,
    Parameter,
    Vocabulary,
    columns_of,
    is_name,
    start_of_day,
    written,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WORDS = Vocabulary(
    declared={
        "months": Declaration(type=Type.INTEGER),
        "interest": Declaration(type=Type.ENUM, choices=("crm", "analytics")),
        "lead_type": Declaration(type=Type.ENUM, choices=("demo", "webinar")),
    },
    derived={"score": Declaration(type=Type.NUMBER)},
)


def test_a_lead_is_made_from_values_by_name() -> None:
    lead = WORDS.lead(
        {
            "id": "17",
            "company.employees": 120,
            "account.owner": "ben",
            "lead_type": "demo",
            "months": 3.0,
            "interest": None,
        }
    )
    assert lead.company.employees == 120
    assert lead.account.owner == "ben"
    assert lead.lead_type == "demo"
    assert lead.fields == {"months": 3.0, "interest": None}
    assert WORDS.record(lead)["months"] == 3
    assert type(WORDS.record(lead)["months"]) is int


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mnths": 3}, "mnths: no such field; did you mean 'months'?"),
        ({"employees": 3}, "employees: no such field; did you mean 'company.employees'?"),
        ({5: 3}, "5: no such field"),
        ({"company": {}}, "company: no such field; did you mean 'company.name'?"),
        ({"score": 3}, "score: is derived by the policy; no lead brings it"),
        ({"months": "soon"}, "months: 'soon' is not an integer"),
        ({"months": 3.5}, "months: '3.5' is not an integer"),
        ({"months": True}, "months: 'True' is not an integer"),
        ({"interest": "crn"}, "interest: 'crn' is not a choice; expected 'crm' or 'analytics'"),
        ({"interest": 5}, "interest: '5' is not one of the choices"),
        (
            {"lead_type": "webinars"},
            (
                "lead_type: 'webinars' is not a choice; expected 'demo' or 'webinar'; "
                "did you mean 'webinar'?"
            ),
        ),
        ({"email": 5}, "email: '5' is not a text"),
    ],
)
def test_a_bad_value_names_its_field(values: dict[Any, Any], message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        WORDS.lead({"id": "17", **values})
    assert str(caught.value) == message
    assert (caught.value.field, caught.value.lead_id) == (message.partition(":")[0], "17")


def test_the_record_is_of_declared_fields_and_types() -> None:
    lead = Lead(id="17", fields={"months": 3.0, "undeclared": 1})
    assert WORDS.record(lead) == {"id": "17", "months": 3}
    assert Vocabulary().record(lead) == {"id": "17"}
    with pytest.raises(EvaluationError, match="months: 'soon' is not an integer"):
        WORDS.record(Lead(id="17", fields={"months": "soon"}))


def test_parameters_are_those_in_effect() -> None:
    words = Vocabulary(
        parameters={
            "big": Parameter(Type.INTEGER, ((Instant(10), 500), (Instant(20), 400))),
            "bonus": Parameter(Type.NUMBER, ((Instant(20), 2.5),)),
        }
    )
    assert words.epochs == (10, 20)
    assert [words.parameters_at(moment) for moment in (9, 10, 19, 20)] == [
        {},
        {"big": 500},
        {"big": 500},
        {"big": 400, "bonus": 2.5},
    ]


@pytest.mark.parametrize(
    ("zone", "day", "first"),
    [
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-29T00:00:00+01:00"),
        ("Europe/Berlin", date(2026, 3, 30), "2026-03-30T00:00:00+02:00"),
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T01:00:00-02:00"),  # no midnight
        ("Asia/Beirut", date(2022, 3, 27), "2022-03-27T01:00:00+03:00"),  # no midnight
        ("Asia/Beirut", date(2022, 10, 30), "2022-10-30T00:00:00+02:00"),  # 23:00 comes twice
        ("America/Havana", date(2025, 11, 2), "2025-11-02T00:00:00-04:00"),  # midnight comes twice
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-31T00:00:00+14:00"),  # no such day
        ("Asia/Tokyo", date(9999, 12, 31), "9999-12-31T00:00:00+09:00"),
    ],
)
def test_a_day_starts_at_its_first_instant(zone: str, day: date, first: str) -> None:
    assert start_of_day(day, zone) == instant_of(datetime.fromisoformat(first))


ZONES = (
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "America/Havana",
    "Australia/Lord_Howe",
)


@given(st.sampled_from(ZONES), st.dates(date(2000, 1, 1), date(2030, 12, 31)))
def test_the_day_before_ends_where_a_day_starts(zone: str, day: date) -> None:
    """Law: the start of a day is in it, and the microsecond before is not."""
    start = EPOCH + timedelta(microseconds=start_of_day(day, zone))
    before = start - timedelta(microseconds=1)
    assert start.astimezone(ZoneInfo(zone)).date() == day
    assert before.astimezone(ZoneInfo(zone)).date() < day


@pytest.mark.parametrize(
    ("value", "kind", "settled"),
    [
        ("x", Type.STRING, "x"),
        ("x", Type.ENUM, "x"),
        (5, Type.INTEGER, 5),
        (5, Type.NUMBER, 5),
        (2.5, Type.NUMBER, 2.5),
        (True, Type.BOOLEAN, True),
        ("2026-01-05", Type.DATE, date(2026, 1, 5)),
        ("1970-01-01T01:00:00+01:00", Type.DATETIME, Instant(0)),
        ("1 day", Type.DURATION, Span(86_400_000_000)),
        ("1.50 EUR", Type.MONEY, Cash(150, "EUR")),
    ],
)
def test_a_document_writes_values_of_every_type(value: Any, kind: Type, settled: Any) -> None:
    found = written(value, kind)
    assert (found, type(found)) == (settled, type(settled))


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ("5", Type.INTEGER, "'5' is not an integer"),
        (5.0, Type.INTEGER, "'5.0' is not an integer"),
        (True, Type.NUMBER, "'true' is not a number"),
        (float("inf"), Type.NUMBER, "'inf' is not finite, or an integer beyond 2^53"),
        (2**53 + 1, Type.INTEGER, "'9007199254740993' is not finite, or an integer beyond 2^53"),
        ("soon", Type.DATE, "'soon' is not a date; expected '2026-01-31'"),
        ("now", Type.DATETIME, "'now' is not a moment; expected '2026-01-31T09:00:00+01:00'"),
        (
            "2026-01-05",
            Type.DATETIME,
            "'2026-01-05' is not a moment; expected '2026-01-31T09:00:00+01:00'",
        ),
        ("x", Type.STRINGS, "'x' is not a list of texts"),
    ],
)
def test_what_is_not_written_as_its_type_is_refused(value: Any, kind: Type, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is below
        written(value, kind)
    assert str(caught.value) == message


def test_money_takes_two_columns() -> None:
    assert columns_of("company.revenue", Declaration(type=Type.MONEY)) == (
        "company_revenue",
        "company_revenue_currency",
    )
    assert columns_of("months", Declaration(type=Type.INTEGER)) == ("months",)


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("months_to_decision", True),
        ("_x9", True),
        ("mö", False),
        ("9x", False),
        ("a.b", False),
        ("a b", False),
        ("", False),
        ("class", False),
        ("always", False),
        ("param", False),
    ],
)
def test_names_are_ascii_and_no_words_of_the_language(name: str, good: bool) -> None:
    assert is_name(name) is good


def test_conditions_on_an_activity_read_its_properties_alone() -> None:
    path, seen = Declaration(type=Type.STRING), Declaration(type=Type.DATETIME)
    parameters = {"big": Parameter(Type.INTEGER, ((Instant(10), 500),))}
    words = Vocabulary(
        declared=WORDS.declared,
        activities={"page_view": {"path": path, "seen": seen}, "demo": {}},
        parameters=parameters,
        derived=WORDS.derived,
        zone="Europe/Berlin",
    )
    found = words.of_activity("page_view")
    assert found.fields == {"activity.path": path, "activity.seen": seen}
    assert (found.parameters, found.zone, found.scope) == (parameters, "Europe/Berlin", "activity")
    assert words.of_activity("demo").fields == {}
    assert "email" in words.fields


OVERRIDE = {"lead_id": "17", "id": "o1", "time": "2026-01-05T09:00Z", "kind": "override"}


def test_events_name_a_band_and_a_criterion_that_there_are() -> None:
    said = {**OVERRIDE, "band": "hott", "by": "Eva", "reason": "x"}
    assert Vocabulary().event(said)["band"] == "hott"
    with pytest.raises(EvaluationError) as caught:
        Vocabulary(bands=("hot", "cold")).event(said)
    assert str(caught.value) == "event 'o1': band: no band 'hott'; did you mean 'hot'?"
    with pytest.raises(EvaluationError, match=r"no band 'hott'$"):
        Vocabulary(bands=()).event(said)


def test_what_an_event_may_say() -> None:
    words = Vocabulary(activities={"demo": {}}, criteria=("need",), bands=())
    assert words.of_event("activity", "demo") == {}
    assert words.of_event("answer", None)["criterion"].choices == ("need",)
    assert words.of_event("answer", None)["answer"].choices == ("met", "not_met", "unknown")
    assert words.of_event("override", None) == KINDS["override"]
    assert Vocabulary().of_event("answer", None) == KINDS["answer"]
