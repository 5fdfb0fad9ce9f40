"""Leads that reach rules of routing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings

from leadrules import Engine, Lead, load_policy
from leadrules.testing import History, arrivals, leads
from leadrules.testing.pools import Pools
from leadrules.testing.territories import named_values, prefixes, rows_as_leads
from tests.testing.routes import ROUTES_POLICY

PREFIXES = load_policy(
    """
leadrules: 1
policy: {id: prefixes, version: 1, effective: 2026-01-01}
tables: {areas: {columns: [country, start, who]}}
routing:
  rules: [{id: area, when: always, to: {lookup: areas}}]
  queue: rest
  lookups:
    areas:
      equal: {country: country}
      prefix: {field: postal_code, column: start}
      gives: {pool: who}
  pools: {team: {strategy: sticky, by: owner, roles: [rep]}}
  members: {ann: {roles: [rep]}, ben: {roles: [rep]}}
""",
    tables={
        "areas": [
            {"country": "DE", "start": "10", "who": "team"},
            {"country": "", "start": "", "who": "team"},
        ]
    },
)


def test_values_are_those_of_tables_members_and_names() -> None:
    assert named_values(ROUTES_POLICY) == {
        "channel_partner": ["nord"],
        "account.owner": ["anna", "ben", "carl", "dora"],
        "language": ["de", "en"],
        "country": ["DE"],
        "postal_code": ["10000", "19999", "30000", "39999"],
    }
    assert named_values(PREFIXES) == {"owner": ["ann", "ben"], "country": ["DE"]}
    assert prefixes(PREFIXES) == {"postal_code": ["10"]}
    assert prefixes(ROUTES_POLICY) == {}


def test_rows_are_leads_at_either_end() -> None:
    assert rows_as_leads(ROUTES_POLICY) == [
        {"country": "DE", "postal_code": code} for code in ("10000", "19999", "30000", "39999")
    ]
    assert rows_as_leads(PREFIXES) == [{"country": "DE", "postal_code": "10"}, {}]


def test_of_many_rows_there_are_some_from_the_first_to_the_last() -> None:
    rows = [{"country": f"{x:04}", "from": "1", "to": "2", "team": "dach"} for x in range(1_000)]
    policy = load_policy(
        ROUTES_POLICY.model_dump(mode="json", by_alias=True, exclude_unset=True),
        tables={"territories": rows},
    )
    found = named_values(policy)["country"]
    assert (len(found), found[0], found[-1]) == (24, "0000", "0999")
    assert len(rows_as_leads(policy)) == 400


def test_cells_have_neighbours() -> None:
    codes = Pools(ROUTES_POLICY).fields["postal_code"]
    assert codes.stated == ("10000", "19999", "30000", "39999")
    assert {"1000", "10000", "10000\0"} <= set(codes.values)
    assert {"10", "10x", "1"} <= set(Pools(PREFIXES).fields["postal_code"].values)


def test_moments_are_those_at_which_work_begins_and_absences_do() -> None:
    found = {moment.isoformat() for moment in Pools(ROUTES_POLICY).moments()}
    assert {
        "2026-02-16T08:00:00+00:00",
        "2026-02-16T07:59:59.999999+00:00",
        "2026-03-02T23:00:00+00:00",
        "2026-03-02T22:59:59.999999+00:00",
        "2026-03-03T23:00:00+00:00",
    } <= found


@pytest.mark.parametrize(
    "wanted",
    [
        lambda lead: (lead.country, lead.postal_code) == ("DE", "10000"),
        lambda lead: lead.channel_partner == "nord",
        lambda lead: lead.account.owner == "carl",
        lambda lead: lead.language == "en" and lead.channel_partner is None,
        lambda lead: lead.lead_type == "demo",
    ],
)
def test_leads_reach_rules(wanted: Callable[[Lead], bool], seen: list[Lead]) -> None:
    assert any(wanted(lead) for lead in seen)


@pytest.fixture(scope="module")
def seen() -> list[Lead]:
    """Return a few hundred leads."""
    found: list[Lead] = []

    @settings(max_examples=200, database=None, derandomize=True)
    @given(leads(ROUTES_POLICY))
    def look(lead: Lead) -> None:
        found.append(lead)

    look()
    return found


def test_every_rule_gets_leads() -> None:
    engine, rules = Engine(ROUTES_POLICY), set[str | None]()

    @settings(max_examples=60, database=None, derandomize=True)
    @given(arrivals(ROUTES_POLICY))
    def look(found: tuple[History, ...]) -> None:
        state = engine.router.start()
        for one in found:
            answer, state = engine.route(one.lead, events=one.events, at=one.at, rotation=state)
            rules.add(answer.rule if answer else None)

    look()
    assert rules == {"partner", "named", "sales", "territory", None}


@given(arrivals(ROUTES_POLICY))
def test_leads_arrive_in_the_order_of_time_each_with_an_id_of_its_own(
    found: tuple[History, ...],
) -> None:
    """Law: leads come in the order of their moments, and are numbered."""
    assert [one.lead.id for one in found] == [str(x) for x in range(1, len(found) + 1)]
    for before, after in pairwise(found):
        assert after.at - before.at >= timedelta(0)
    for one in found:
        assert {event.lead_id for event in one.events} <= {one.lead.id}
