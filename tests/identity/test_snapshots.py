"""Snapshots: which of several leads each field of the one comes from."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from leadrules import Account, Company, Lead, Money
from leadrules.identity import Dossier, Snapshot
from tests.identity.samples import DAY, START, dossiers


def composed(*leads: Lead) -> Lead:
    """Return the lead that some make which were updated one day after another."""
    snapshots = (Snapshot(lead, START + day * DAY) for day, lead in enumerate(leads))
    return Dossier(tuple(snapshots)).lead


def test_the_lead_created_first_gives_its_id_and_when_it_was_created() -> None:
    late, early = Lead(id="1", created=START + DAY), Lead(id="9", created=START)
    unsaid = Lead(id="0")
    assert composed(unsaid, late, early) == composed(early, late, unsaid) == early
    assert composed(unsaid, Lead(id="1")).id == "0"
    assert composed(Lead(id="9", created=START), Lead(id="10", created=START)).id == "10"


def test_a_field_is_what_was_last_known() -> None:
    first = Lead(id="17", name="Ada", consent=True, budget=Money.parse("5 EUR"))
    second = Lead(id="23", name="Ada Adler", consent=False, title=None)
    found = composed(first, second)
    assert (found.name, found.consent, found.budget) == ("Ada Adler", False, first.budget)
    assert composed(second, first).name == "Ada"


def test_a_declared_field_is_what_was_last_known() -> None:
    first = Lead(id="17", fields={"tier": "gold", "rate": 0.5})
    second = Lead(id="23", fields={"tier": None, "rate": float("nan"), "visits": 3})
    assert composed(first, second).fields == {"tier": "gold", "rate": 0.5, "visits": 3}


def test_an_address_is_not_put_together() -> None:
    first = Lead(id="17", country="DE", city="Berlin", postal_code="10115")
    second = Lead(id="23", country="US")
    found = composed(first, second, Lead(id="42"))
    assert (found.country, found.city, found.postal_code) == ("US", None, None)


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ({"name": "ACME", "employees": 9}, {"name": "Bolt"}, {"name": "Bolt"}),
        (
            {"name": "ACME Inc", "domain": "acme.example", "employees": 9},
            {"name": "ACME", "website": "https://www.acme.example/"},
            {
                "name": "ACME",
                "domain": "acme.example",
                "website": "https://www.acme.example/",
                "employees": 9,
            },
        ),
        (
            {"name": "acme ", "domain": "acme.example", "employees": 9},
            {"name": "ACME", "employees": 12},
            {"name": "ACME", "domain": "acme.example", "employees": 12},
        ),
        ({"name": "ACME"}, {"employees": 12}, {"name": "ACME", "employees": 12}),
        ({"employees": 12}, {"name": "ACME"}, {"name": "ACME", "employees": 12}),
        ({"name": "ACME"}, {"domain": "bolt.example"}, {"domain": "bolt.example"}),
        (
            {"name": "ACME", "domain": "acme.example", "employees": 9},
            {"name": "ACME", "domain": "bolt.example"},
            {"name": "ACME", "domain": "bolt.example"},
        ),
    ],
)
def test_two_companies_are_not_mixed(
    first: dict[str, Any], second: dict[str, Any], found: dict[str, Any]
) -> None:
    company = composed(
        Lead(id="17", company=Company(**first)), Lead(id="23", company=Company(**second))
    ).company
    assert company.model_dump(exclude_none=True) == found


def test_nor_are_two_accounts() -> None:
    first = Lead(id="17", account=Account(id="a1", name="ACME", owner="ben"))
    assert composed(first, Lead(id="23", account=Account(id="a2"))).account.owner is None
    assert composed(
        first, Lead(id="23", account=Account(name="Acme"))
    ).account == first.account.model_copy(update={"name": "Acme"})


def test_of_one_moment_the_greater_id_comes_last() -> None:
    leads = Lead(id="17", title="Buyer"), Lead(id="23", title="Head of IT")
    for order in (leads, leads[::-1]):
        found = Dossier(tuple(Snapshot(lead, START) for lead in order)).lead
        assert (found.id, found.title) == ("17", "Head of IT")


@given(dossiers(1))
def test_what_is_known_of_one_of_them_is_known(some: tuple[Dossier]) -> None:
    """Law: no field outside address, company and account is lost, and none is made up."""
    (dossier,) = some
    blocks = ("country", "city", "company.", "account.")
    known = [snapshot.lead.record for snapshot in dossier.snapshots]
    found = dossier.lead.record
    for record in known:
        assert {name for name in record if not name.startswith(blocks)} <= set(found)
    for name, value in found.items():
        assert any(record.get(name) == value for record in known)


@given(dossiers(1))
def test_the_lead_of_a_lead_is_itself(some: tuple[Dossier]) -> None:
    """Law: a single snapshot is seen as it is."""
    for snapshot in some[0].snapshots:
        assert Dossier((snapshot,)).lead.record == snapshot.lead.record
