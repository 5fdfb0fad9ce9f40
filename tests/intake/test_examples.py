"""The example mappings on the public data: every row is accounted for, by exact numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from leadrules import load_policy
from leadrules.intake import Attached, Intake, load_mapping
from leadrules.values import Money

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def xeducation(data_dir: Path) -> Intake:
    vocabulary = load_policy(EXAMPLES / "xeducation.policy.yaml").vocabulary
    mapper = load_mapping(EXAMPLES / "xeducation.mapping.yaml", vocabulary=vocabulary)
    return mapper.read(data_dir / "xeducation" / "Leads.csv")


@pytest.fixture(scope="module")
def deals(ich_intakes: Mapping[str, Intake]) -> Intake:
    return ich_intakes["deals"]


def test_x_education_is_read_whole(xeducation: Intake) -> None:
    leads = xeducation.leads
    assert (xeducation.read, xeducation.taken, xeducation.rejects) == (9240, 9240, ())
    assert sum(bool(lead.fields["converted"]) for lead in leads) == 3561
    assert Counter(lead.source for lead in leads)["Google"] == 2868 + 5
    assert Counter(lead.country for lead in leads)[None] == 2461 + 5
    assert Counter(lead.city for lead in leads)[None] == 1420 + 2249
    assert Counter(lead.fields.get("specialization") for lead in leads)[None] == 1438 + 1942
    assert Counter(lead.fields["lead_origin"] for lead in leads)["landing_page"] == 4886
    assert sum("activity_score" in lead.fields for lead in leads) == 5022


def test_deals_are_read_but_for_two_without_an_id(deals: Intake) -> None:
    leads = deals.leads
    assert (deals.read, deals.accepted, len(leads)) == (21_595, 21_593, 21_593)
    assert [(reject.line, reject.code) for reject in deals.rejects] == [
        (21_595, "missing-id"),
        (21_596, "missing-id"),
    ]
    assert Counter(lead.fields["crm_stage"] for lead in leads)["Payment Done"] == 858
    assert Counter(lead.fields.get("quality") for lead in leads) == {
        "E": 7634,
        "D": 6248,
        "C": 3459,
        None: 2253,
        "B": 1564,
        "A": 432,
        "F": 3,
    }
    amounts = Counter(lead.fields.get("initial_payment") for lead in leads)
    assert amounts[Money.parse("3500 EUR")] == 22 + 16  # written 3500 and € 3.500,00
    assert sum("sla" in lead.fields for lead in leads) == 15_533
    assert all(lead.created for lead in leads)


def test_contacts_are_read_whole(deals: Intake, ich_intakes: Mapping[str, Intake]) -> None:
    people = ich_intakes["contacts"]
    assert (people.read, people.accepted, people.rejects) == (18_548, 18_548, ())
    assert all(lead.created and lead.owner for lead in people.leads)
    known = {lead.id for lead in people.leads}
    named = [lead.contact_id for lead in deals.leads if lead.contact_id]
    assert (len(named), len(set(named)), len(known & set(named))) == (21_532, 18_089, 18_088)


def test_calls_find_the_deals_of_their_contacts(ich_intakes: Mapping[str, Intake]) -> None:
    calls = ich_intakes["calls"]
    assert (calls.read, calls.accepted, len(calls.rejects)) == (95_874, 91_945, 3_929)
    assert (calls.taken, calls.passed_over, calls.repeated) == (91_862, 83, 0)
    # all numbers as pandas alone gives them; of 3,933 calls without a contact, 78 did not happen
    assert calls.reasons == {"missing-contact": 3_855, "no-lead": 74}
    touches = [event for event in calls.events if event.kind == "touch"]
    activities = [event for event in calls.events if event.kind == "activity"]
    assert (len(touches), len(activities)) == (91_862, 76_409)
    assert len(touches) + len(activities) == len(calls.events)
    # touches and activities; a contact's several deals: the latest before the call, or the first
    assert calls.attached == Attached(sole=70_036 + 57_762, latest=21_820 + 18_641, earliest=6 + 6)
    assert Counter(event["outcome"] for event in touches) == {
        "reached": 71_278,
        "not_reached": 15_453,
        "missed": 5_131,
    }
    assert Counter(event["direction"] for event in activities)["inbound"] == 5_131 + 2_689
