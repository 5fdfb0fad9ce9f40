"""Which lead of a contact an event belongs to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.intake.cells import Unreadable
from leadrules.intake.contacts import Contacts
from leadrules.lead import Lead


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


def lead(name: str, created: int | None, contact: str | None = "ada") -> Lead:
    return Lead(id=name, contact_id=contact, created=None if created is None else day(created))


@pytest.mark.parametrize(
    ("leads", "time", "expected"),
    [
        ([lead("a", 9)], 1, ("a", "sole")),
        ([lead("a", 9), lead("a", 9)], 1, ("a", "sole")),
        ([lead("a", 3), lead("b", 5)], 4, ("a", "latest")),
        ([lead("b", 5), lead("a", 3)], 5, ("b", "latest")),
        ([lead("a", 3), lead("b", 5)], 2, ("a", "earliest")),
        ([lead("a", 3), lead("b", 3)], 4, ("b", "latest")),
        ([lead("b", 3), lead("a", 3)], 2, ("a", "earliest")),
        ([lead("a", None), lead("b", 5)], 9, ("b", "latest")),
        ([lead("a", None), lead("b", 5)], 1, ("b", "earliest")),
        ([lead("b", None), lead("a", None)], 9, ("a", "earliest")),
        ([lead("a", None, contact=None), lead("b", 5)], 1, ("b", "sole")),
    ],
)
def test_the_lead_of_an_event(leads: list[Lead], time: int, expected: tuple[str, str]) -> None:
    assert Contacts(leads).lead_of("ada", day(time)) == expected


def test_a_contact_without_a_lead() -> None:
    with pytest.raises(Unreadable) as caught:
        Contacts([lead("a", 3)]).lead_of("bob", day(1))
    assert (caught.value.code, caught.value.reason) == (
        "no-lead",
        "contact 'bob' has none of the given leads",
    )


@given(st.lists(st.one_of(st.none(), st.integers(1, 9)), min_size=1), st.integers(1, 9), st.data())
def test_the_order_of_the_leads_does_not_matter(
    created: list[int | None], time: int, data: st.DataObject
) -> None:
    """Law: an event finds the same lead in whatever order the leads are given."""
    leads = [lead(f"{index}", each) for index, each in enumerate(created)]
    shuffled = data.draw(st.permutations(leads))
    found = Contacts(leads).lead_of("ada", day(time))
    assert Contacts(shuffled).lead_of("ada", day(time)) == found
