from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from leadrules import Money, load_policy
from leadrules.testing.pools import Pool, Pools, moments_before
from tests.testing.samples import ACME_POLICY

AT = datetime(2026, 3, 11, 9, tzinfo=UTC)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
TYPES = (
    "string",
    "integer",
    "number",
    "boolean",
    "date",
    "datetime",
    "duration",
    "money",
    "strings",
)


def pool_of(name: str, *conditions: str) -> Pool:
    fields: dict[str, Any] = {f"a_{kind}": {"type": kind} for kind in TYPES}
    fields["tier"] = {"choices": ["gold", "silver"]}
    rules = [{"when": when, "points": 1} for when in conditions or ("always",)]
    policy = load_policy(
        {
            "leadrules": 1,
            "policy": {"id": "p", "version": 1, "effective": "2026-01-01"},
            "fields": fields,
            "parameters": {"least": {"2026-01-01": 7, "2026-02-01": 9}},
            "scoring": {"fit": {"characteristics": {"x": rules}}},
        }
    )
    return Pools(policy).fields[name]


@pytest.mark.parametrize(
    ("name", "condition", "near"),
    [
        ("a_integer", "a_integer >= 50", {49, 50, 51}),
        ("a_integer", "a_integer in [3, 7]", {2, 3, 4, 6, 7, 8}),
        ("a_integer", "a_integer < param.least", {6, 7, 8, 9, 10}),
        ("a_integer", "a_integer / a_number > 12", {11, 12, 13}),
        ("a_number", "50 < a_number", {50.0}),
        ("a_date", 'a_date > date("2026-05-01")', {date(2026, 4, 30), date(2026, 5, 2)}),
        (
            "a_duration",
            'a_duration > duration("2 days")',
            {2 * DAY, 2 * DAY - TICK, 2 * DAY + TICK},
        ),
        ("a_money", 'a_money > money("5 EUR")', {Money.parse("4.99 EUR"), Money.parse("5 EUR")}),
        ("a_string", 'a_string == "vp"', {"v", "vp", "vp\0"}),
        ("a_string", 'lower(a_string) == "vp"', {"vp", "VP", "Vp", "v", "vpx"}),
        ("a_string", 'ends_with(a_string, "@x.com")', {"@x.com", "x@x.com", "@x.comx", "@x.co"}),
        ("a_strings", '"crm" in a_strings', {("crm",), ("x", "crm"), ("crmx",)}),
        ("tier", 'tier == "gold"', {"gold", "silver"}),
        ("a_boolean", "a_boolean", {True, False}),
        (
            "a_datetime",
            'a_datetime > datetime("2026-01-01T00:00Z")',
            {datetime(2026, 1, 1, tzinfo=UTC) + tick for tick in (-TICK, TICK, 0 * TICK)},
        ),
    ],
)
def test_literals_and_what_lies_beside_them_are_there(
    name: str, condition: str, near: set[Any]
) -> None:
    assert near <= set(pool_of(name, condition).at(AT))


@pytest.mark.parametrize(
    ("condition", "ages"),
    [
        ('within(a_datetime, "30 days")', (30 * DAY, 30 * DAY - TICK, 30 * DAY + TICK)),
        ('older_than(a_datetime, "1 hour")', (timedelta(hours=1), timedelta(hours=1) - TICK)),
        ("days_since(a_datetime) >= 5", (5 * DAY, 5 * DAY - TICK, 6 * DAY, 6 * DAY - TICK)),
        ("always", (0 * DAY, -TICK, -DAY)),
    ],
)
def test_moments_stand_where_ages_matter(condition: str, ages: tuple[timedelta, ...]) -> None:
    assert {AT - age for age in ages} <= set(pool_of("a_datetime", condition).at(AT))


def test_what_the_policy_states_is_known() -> None:
    assert pool_of("a_integer", "a_integer >= 50").stated == (49, 50, 51)
    assert pool_of("a_string", 'a_string == "vp"').stated == ("vp",)
    assert pool_of("tier", 'tier in ["silver", "gold"]').stated == ("gold", "silver")
    assert pool_of("tier").stated == ()


def test_what_no_lead_can_have_is_left_out() -> None:
    assert min(pool_of("company.employees", "company.employees >= 0").values) == 0
    least = pool_of("a_datetime", 'a_datetime > datetime("0001-01-01T00:00Z")').values
    assert min(least) == datetime(1, 1, 1, tzinfo=UTC)
    assert list(moments_before(datetime(1, 1, 2, tzinfo=UTC), [0, 2 * 86_400_000_000])) == [
        datetime(1, 1, 2, tzinfo=UTC)
    ]


def test_events_lie_where_points_fade_and_answers_expire() -> None:
    ages = {timedelta(microseconds=age) for age in Pools(ACME_POLICY).ages}
    for span in (30 * DAY, 90 * DAY, 180 * DAY):
        assert {span - TICK, span, span + TICK} <= ages


def test_events_lie_where_days_weeks_and_months_begin() -> None:
    edges = Pools(ACME_POLICY).edges(AT)  # a Wednesday; Berlin is an hour ahead
    for day in ((2026, 3, 11), (2026, 3, 10), (2026, 3, 9), (2026, 3, 1)):
        start = datetime(*day, tzinfo=UTC) - timedelta(hours=1)
        assert {start, start - TICK} <= set(edges)


def test_moments_are_those_at_which_points_have_values() -> None:
    text = ACME_POLICY.model_copy()
    moments = Pools(text).moments()
    july = datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert {july, july - TICK} <= set(moments)
    assert min(moments) == datetime(2025, 12, 31, 23, tzinfo=UTC)


def test_a_policy_without_scoring_has_usual_values() -> None:
    policy = load_policy(
        {"leadrules": 1, "policy": {"id": "p", "version": 1, "effective": "2026-01-01"}}
    )
    pools = Pools(policy)
    assert (pools.read, pools.properties) == (frozenset(), {})
    assert pools.fields["country"].values == ("x", "", "Ünlisted")
