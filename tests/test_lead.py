"""Leads: what they take, what they refuse and in which words, and what evaluations read."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any

import numpy as np
import pendulum
import pytest
from hypothesis import given

from leadrules import Account, Company, EvaluationError, Lead, Money
from leadrules.lead import lead_fields
from leadrules.values import Cash, Instant, Span
from tests.strategies import VOCABULARY, Row, leads

MOMENT = datetime(2026, 1, 5, 9, tzinfo=UTC)
MICROSECONDS = 1_767_603_600_000_000


class Tier(StrEnum):
    GOLD = "gold"


class Stars(IntEnum):
    FIVE = 5


def test_what_is_not_given_is_missing() -> None:
    assert Lead(id="17", email=None).record == {"id": "17"}


def test_every_field_is_read_by_its_name_in_conditions() -> None:
    lead = Lead(
        id="17",
        country="",
        company=Company(employees=120, revenue=Money.parse("1.50 EUR")),
        account=Account(owner="ben"),
        created=MOMENT,
        consent=False,
        fields={"months": 3},
    )
    assert lead.record == {
        "id": "17",
        "country": "",
        "company.employees": 120,
        "company.revenue": Cash(150, "EUR"),
        "account.owner": "ben",
        "created": MICROSECONDS,
        "consent": False,
        "months": 3,
    }


@pytest.mark.parametrize(
    ("value", "settled"),
    [
        (float("nan"), None),
        (float("inf"), None),
        (2**53, 2**53),
        (2**53 + 1, None),
        (Decimal("1.5"), 1.5),
        (Decimal("NaN"), None),
        (Tier.GOLD, "gold"),
        (Stars.FIVE, 5),
        (True, True),
        (MOMENT, Instant(MICROSECONDS)),
        (MOMENT.astimezone(timezone(timedelta(hours=2))), Instant(MICROSECONDS)),
        (pendulum.datetime(2026, 1, 5, 10, tz="Europe/Berlin"), Instant(MICROSECONDS)),
        (pendulum.date(2026, 1, 5), date(2026, 1, 5)),
        (pendulum.duration(days=1), Span(86_400_000_000)),
        (timedelta(microseconds=-1), Span(-1)),
        (["a", "b"], ("a", "b")),
        (np.float64(1.5), 1.5),
        (np.str_("a"), "a"),
        (None, None),
    ],
)
def test_a_value_is_settled(value: Any, settled: Any) -> None:
    record = Lead(id="17", fields={"x": value}).record
    found = record.get("x")
    assert (found, type(found)) == (settled, type(settled))


def test_minus_zero_is_zero() -> None:
    assert str(Lead(id="17", fields={"x": -0.0}).record["x"]) == "0.0"


def test_counts_may_be_as_files_hold_them() -> None:
    counts = [120, 120.0, float("nan"), None, 2**60]
    found = [Lead(id="17", company={"employees": count}).record for count in counts]  # type: ignore[arg-type]  # a mapping is taken too
    assert [record.get("company.employees") for record in found] == [120, 120, None, None, None]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "id: is missing; expected a text"),
        ({"id": ""}, "id: is empty; expected a text"),
        ({"id": 17}, "id: '17' is not a text"),
        ({"id": "17", "emial": "x"}, "emial: no such field; did you mean 'email'?"),
        (
            {"id": "17", "zzz": 1},
            "zzz: no such field; fields that a policy declares stand in fields={...}",
        ),
        ({"id": "17", "email": 5}, "email: '5' is not a text"),
        (
            {"id": "17", "email": "\ud800"},
            r"email: '\ud800' is not valid Unicode; it has half of a surrogate pair",
        ),
        ({"id": "17", "consent": "yes"}, "consent: 'yes' is not a boolean"),
        ({"id": "17", "company": 5}, "company: '5' is not a mapping of names to values"),
        (
            {"id": "17", "company": {"employes": 5}},
            "company.employes: no such field; did you mean 'company.employees'?",
        ),
        (
            {"id": "17", "company": {"employees": -1}},
            "company.employees: '-1' is not possible; expected at least 0",
        ),
        ({"id": "17", "company": {"employees": "5"}}, "company.employees: '5' is not an integer"),
        ({"id": "17", "company": {"employees": 5.5}}, "company.employees: '5.5' is not an integer"),
        (
            {"id": "17", "company": {"employees": True}},
            "company.employees: 'true' is not an integer",
        ),
        (
            {"id": "17", "budget": 5},
            "budget: '5' is not money; expected an amount and a currency: '50000 EUR'",
        ),
        ({"id": "17", "created": 5}, "created: '5' is not a datetime"),
        ({"id": "17", "created": "soon"}, "created: 'soon' is not a datetime"),
        (
            {"id": "17", "created": "2026-01-05"},
            "created: has no time zone; expected an aware datetime",
        ),
        ({"id": "17", "fields": 5}, "fields: '5' is not a mapping of names to values"),
        ({"id": "17", "fields": {5: 5}}, "fields: '5' is not a name; expected a text"),
        (
            {"id": "17", "fields": {"email": "x"}},
            "email: belongs to every lead; give it as Lead(email=...)",
        ),
        (
            {"id": "17", "fields": {"company.employees": 5}},
            "company.employees: belongs to every lead; give it as Lead(company={'employees': ...})",
        ),
        ({"id": "17", "fields": {"x": np.int64(5)}}, "x: '5' is of no type that a field can have"),
        (
            {"id": "17", "fields": {"x": ["a", 5]}},
            "x: '['a', 5]' is of no type that a field can have",
        ),
        (
            {"id": "17", "fields": {"x": MOMENT.replace(tzinfo=None)}},
            "x: '2026-01-05T09:00:00' has no time zone; expected an aware datetime",
        ),
    ],
)
def test_a_bad_lead_names_its_field(values: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        Lead(**values)
    assert str(caught.value) == message
    assert caught.value.field == message.partition(":")[0]
    given = values.get("id")
    assert caught.value.lead_id == (given if isinstance(given, str) else None)


def test_what_is_no_mapping_is_no_lead() -> None:
    with pytest.raises(EvaluationError) as caught:
        Lead.model_validate("17")
    assert str(caught.value) == "lead: '17' is not a mapping of names to values"


def test_a_lead_does_not_follow_the_mapping_it_was_made_from() -> None:
    values = {"months": 3}
    lead = Lead(id="17", fields=values)
    values["months"] = 4
    assert lead.fields == {"months": 3}


def test_a_copy_is_checked_and_has_its_own_record() -> None:
    lead = Lead(id="17", email="ada@example.org", company=Company(employees=5))
    copy = lead.model_copy(update={"email": None})
    assert copy.record == {"id": "17", "company.employees": 5}
    assert lead.record["email"] == "ada@example.org"
    assert lead.model_copy() == lead
    with pytest.raises(EvaluationError, match="email: '5' is not a text"):
        lead.model_copy(update={"email": 5})


def test_a_lead_shows_what_is_known() -> None:
    lead = Lead(id="17", email=None, company=Company(employees=5), fields={"months": 3})
    assert repr(lead) == "Lead(id='17', company=Company(employees=5), fields={'months': 3})"


def test_leads_are_frozen_and_equal_by_their_values() -> None:
    assert Lead(id="17", email=None) == Lead(id="17")
    assert Lead(id="17") != Lead(id="18")
    with pytest.raises(ValueError, match="frozen"):
        Lead(id="17").email = "x"  # type: ignore[misc]  # frozen


def test_a_lead_survives_json_where_its_fields_are_plain() -> None:
    lead = Lead(
        id="17", created=MOMENT, budget=Money.parse("5 EUR"), fields={"months": 3, "x": "a"}
    )
    assert Lead.model_validate_json(lead.model_dump_json()) == lead
    other = Lead(id="17", fields={"tags": ("a", "b"), "deal": Money.parse("5 EUR")})
    assert other.model_dump(mode="json")["fields"] == {"tags": ["a", "b"], "deal": "5 EUR"}


def test_personal_fields_are_marked() -> None:
    assert {field.name for field in lead_fields() if field.personal} == {"name", "email", "phone"}


@given(values=leads())
def test_a_lead_survives_pickle_and_copying(values: Row) -> None:
    """Law: a pickled lead and an unchanged copy are the lead, with its record."""
    lead = VOCABULARY.lead(values)
    for other in (pickle.loads(pickle.dumps(lead)), lead.model_copy()):
        assert repr(other) == repr(lead)
        assert other.record == lead.record


@pytest.mark.parametrize(
    ("part", "values", "message"),
    [
        (Company, {"employees": "5"}, "company.employees: '5' is not an integer"),
        (
            Company,
            {"emploees": 5},
            "company.emploees: no such field; did you mean 'company.employees'?",
        ),
        (Account, {"id": 5}, "account.id: '5' is not a text"),
    ],
)
def test_a_bad_part_of_a_lead_names_its_field(
    part: type[Company | Account], values: Row, message: str
) -> None:
    for make in (
        lambda: part(**values),
        lambda: Lead.model_validate({"id": "17", part.__name__.lower(): values}),
    ):
        with pytest.raises(EvaluationError) as caught:
            make()
        assert str(caught.value) == message
