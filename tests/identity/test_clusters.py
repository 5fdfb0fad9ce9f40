"""Clusters: which leads are found to be one, and by which keys."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given

from leadrules import EvaluationError, Lead
from leadrules.identity import Cluster, MatchKey, duplicates, match_keys
from tests.strategies import seeds


def lead(lead_id: str, email: str | None = None, phone: str | None = None) -> Lead:
    return Lead(id=lead_id, email=email, phone=phone)


def test_leads_are_joined_by_way_of_others() -> None:
    leads = [
        lead("3", "ada@example.org"),
        lead("1", "ADA@example.org", "+49 30 123456"),
        lead("2", None, "0049 30 123456"),
        lead("4", "ben@example.org"),
        lead("5"),
    ]
    email, phone = MatchKey("email", "ada@example.org"), MatchKey("phone", "+4930123456")
    assert duplicates(leads) == (Cluster(("1", "2", "3"), (email, phone)),)


def test_keys_that_one_lead_alone_has_are_not_told() -> None:
    leads = [lead("1", "ada@example.org", "+49 30 123456"), lead("2", "ada@example.org")]
    assert duplicates(leads)[0].keys == (MatchKey("email", "ada@example.org"),)


def test_snapshots_of_one_lead_are_one_lead() -> None:
    assert duplicates([lead("1", "ada@example.org"), lead("1", "ada@example.org")]) == ()


def test_the_keys_may_be_others() -> None:
    leads = [lead("1", "ada@example.org"), lead("2", "ada@example.org"), lead("3")]
    pair = MatchKey("looks_alike", "1")
    assert duplicates(leads, keys=lambda found: [pair] if found.id != "1" else []) == (
        Cluster(("2", "3"), (pair,)),
    )


@pytest.mark.parametrize(
    ("leads", "message"),
    [
        (5, "leads: '5' is no list of leads"),
        (lead("1"), "leads: 'id='1'' is no list of leads"),
        ([5], "leads: '5' is no lead; make one with Lead(...)"),
    ],
)
def test_what_are_no_leads_is_said(leads: Any, message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        duplicates(leads)
    assert str(caught.value) == message
    assert caught.value.field == "leads"


@given(seeds)
def test_clusters_are_the_leads_that_can_be_reached_by_shared_keys(seed: int) -> None:
    """Law: clusters are what a walk from lead to lead finds, in whatever order leads come."""
    random = Random(seed)  # noqa: S311 - nothing is secret
    leads = [
        lead(
            str(number),
            f"a{random.randrange(20)}@example.org" if random.random() < 0.6 else None,
            f"+4930123{random.randrange(20):02}" if random.random() < 0.6 else None,
        )
        for number in range(30)
    ]
    keys = {found.id: set(match_keys(found)) for found in leads}
    expected = set()
    for start in keys:
        reached = {start}
        while (
            more := {other for other in keys if any(keys[other] & keys[one] for one in reached)}
            - reached
        ):
            reached |= more
        if len(reached) > 1:
            expected.add(tuple(sorted(reached)))
    found = duplicates(leads)
    assert [cluster.ids for cluster in found] == sorted(expected)
    for cluster in found:
        shared = [key for one in cluster.ids for key in keys[one]]
        assert cluster.keys == tuple(sorted({key for key in shared if shared.count(key) > 1}))
    random.shuffle(leads)
    assert duplicates(leads) == found
