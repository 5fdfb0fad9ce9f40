"""The example mappings on the public data: every row is accounted for, by exact numbers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from leadrules.intake import Attached, Intake, load_mapping
from leadrules.values import Money, Type
from leadrules.vocabulary import Declaration, Vocabulary

EXAMPLES = Path(__file__).parents[2] / "examples"


def vocabulary(**names: str) -> Vocabulary:
    """Return a vocabulary that declares names by type, as a policy would."""
    return Vocabulary(
        {
            name: Declaration(type=Type(kind))
            for kind, listed in names.items()
            for name in listed.split()
        }
    )


XEDUCATION = vocabulary(
    string="lead_number lead_origin last_activity specialization heard_from occupation motive tags"
    " lead_quality lead_profile last_notable_activity activity_index profile_index",
    boolean="do_not_email do_not_call search_ad newspaper_article_ad forum_ad newspaper_ad"
    " digital_ad recommended free_copy converted",
    number="total_visits pages_per_visit",
    integer="time_on_site activity_score profile_score",
)
DEALS = vocabulary(
    string="crm_stage quality lost_reason page content term product education payment_type"
    " german_level",
    date="closed",
    duration="sla",
    integer="course_months study_months",
    money="initial_payment offer_total",
)


@pytest.fixture(scope="module")
def xeducation(data_dir: Path) -> Intake:
    mapper = load_mapping(EXAMPLES / "xeducation.mapping.yaml", vocabulary=XEDUCATION)
    return mapper.read(data_dir / "xeducation" / "Leads.csv")


@pytest.fixture(scope="module")
def deals(data_dir: Path) -> Intake:
    mapper = load_mapping(EXAMPLES / "ich_deals.mapping.yaml", vocabulary=DEALS)
    return mapper.read(data_dir / "ich_crm" / "deals.csv")


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


def test_calls_find_the_deals_of_their_contacts(deals: Intake, data_dir: Path) -> None:
    mapper = load_mapping(EXAMPLES / "ich_calls.mapping.yaml")
    calls = mapper.read(data_dir / "ich_crm" / "calls.csv", leads=deals.leads)
    assert (calls.read, calls.accepted, len(calls.rejects)) == (95_874, 91_945, 3_929)
    assert (calls.taken, calls.passed_over, calls.repeated) == (91_862, 83, 0)
    # all numbers as pandas alone gives them; of 3,933 calls without a contact, 78 did not happen
    assert calls.reasons == {"missing-contact": 3_855, "no-lead": 74}
    assert calls.attached == Attached(sole=70_036, latest=21_820, earliest=6)
    assert Counter(event["outcome"] for event in calls.events) == {
        "reached": 71_278,
        "not_reached": 15_453,
        "missed": 5_131,
    }
