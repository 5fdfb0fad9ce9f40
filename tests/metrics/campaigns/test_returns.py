"""Programmes by hand, by their laws, and of every kind of frame."""

from __future__ import annotations

import pickle
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given

from leadrules.errors import EvaluationError
from leadrules.metrics import Measures, programmes
from leadrules.metrics.amounts import in_money, minor_units
from tests.metrics.outcome_cases import ENTRIES, LEADS, VALUED, frames, rows_of
from tests.metrics.tables import AT, FRAMES, WORDS, Rows, made, measures, processes

COSTS = rows_of(
    "campaign amount currency day",
    ("fair", 100_000, "EUR", "2026-01-01"),
    ("fair", 50_000, "EUR", "2026-02-01"),
    ("radio", 7_000, "EUR", "2026-01-31"),
    ("mail", None, "EUR", "2026-01-01"),
    ("fair", 999, "EUR", "2026-08-01"),
)
"""The last is after the moment; nobody came by radio; of mail no amount is known."""

ENTRY_FRAME, LEAD_FRAME, COST_FRAME = frames("polars", ENTRIES, LEADS, COSTS)


@pytest.mark.parametrize("kind", FRAMES)
def test_programmes_by_hand(kind: str) -> None:
    entries, leads, costs = frames(kind, ENTRIES, LEADS, COSTS)
    found = programmes(leads, entries, measures=VALUED, at=AT, costs=costs)
    assert found.title == (
        "programmes by campaign: 8 leads, 3 won, revenue 8,000.50 EUR, cost 1,570 EUR, "
        "ROI 218.5 %, of those with a known cost"
    )
    assert found.sheet().rows == [
        ["fair", *"2222110", "1,500 EUR", "750 EUR", "750 EUR", "1,500 EUR", "5,000 EUR", "233.3"],
        ["mail", "4", "4", "3", "3", "1", "1", "2", "-", "-", "-", "-", "2,000 EUR", "-"],
        ["radio", *"0000000", "70 EUR", "-", "-", "-", "0 EUR", "-100.0"],
        ["(none)", "2", "2", "2", "2", "1", "1", "1", "-", "-", "-", "-", "1,000.50 EUR", "-"],
        [
            "with a known cost",
            *"2222110",
            *("1,570 EUR", "785 EUR", "785 EUR", "1,570 EUR", "5,000 EUR", "218.5"),
        ],
        ["all", "8", "8", "7", "7", "3", "3", "3", "-", "-", "-", "-", "8,000.50 EUR", "-"],
    ]
    assert found.notes == [
        "3 leads still open; revenue may grow",
        "costs that match no lead: radio (70 EUR)",
        "no cost is known of: mail (4 leads), (none) (2 leads)",
        "1 row of costs without whole minor units, or without a currency",
    ]


def test_leads_and_costs_of_a_period() -> None:
    found = programmes(
        LEAD_FRAME, ENTRY_FRAME, measures=VALUED, at=AT, costs=COST_FRAME, period="2026-01"
    )
    assert (found.total.leads, found["fair"].cost, found["mail"].leads) == (7, 100_000, 3)


def test_a_period_of_a_zone_has_its_own_days() -> None:
    found = programmes(
        LEAD_FRAME,
        ENTRY_FRAME,
        measures=VALUED.model_copy(update={"zone": "America/New_York"}),
        at=AT,
        costs=COST_FRAME,
        period="2026-01",
    )
    assert found["radio"].cost == 7_000  # the 31st is in it, though it ends in February in UTC


def test_what_is_not_known_is_told() -> None:
    late = pl.concat([LEAD_FRAME, LEAD_FRAME.head(1).with_columns(lead_id=pl.lit("z"))])
    late = late.with_columns(deal=pl.when(pl.col("lead_id") == "a").then(None).otherwise("deal"))
    found = programmes(
        late,
        ENTRY_FRAME,
        measures=VALUED,
        at=AT,
        costs=COST_FRAME.drop("day").filter(pl.col("campaign") != "mail"),
        period="2026-01",
    )
    assert found.notes == [
        "2 leads still open; revenue may grow",
        "costs that match no lead: radio (70 EUR)",
        "no cost is known of: mail (3 leads), (none) (2 leads)",
        "1 lead won without a value",
        "1 lead without an entry; when they came is not known",
        "costs have no column 'day'; all of them count",
    ]
    assert (found["fair"].revenue, found["fair"].roi) == (None, None)


def test_nothing_costs_nothing() -> None:
    free = COST_FRAME.with_columns(amount=pl.lit(0))
    found = programmes(LEAD_FRAME, ENTRY_FRAME, measures=VALUED, at=AT, costs=free)
    assert found["fair"].cost_per("close") == 0
    assert found["fair"].roi is None
    assert "ROI undefined" in found.title


def test_credits_beyond_costs_have_no_return() -> None:
    credits_ = COST_FRAME.with_columns(amount=-pl.col("amount"))
    found = programmes(LEAD_FRAME, ENTRY_FRAME, measures=VALUED, at=AT, costs=credits_)
    assert (found["fair"].cost, found["fair"].roi) == (-150_000, None)
    assert "ROI undefined" in found.title


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("sign", [1, -1])
def test_amounts_whose_sum_would_not_be_exact_are_missing(kind: str, sign: int) -> None:
    beyond = [{**row, "deal": sign * 2**62, "deal_currency": "EUR"} for row in LEADS]
    dear = [{**row, "amount": sign * 2**62} for row in COSTS]
    entries, leads, costs = frames(kind, ENTRIES, beyond, dear)
    found = programmes(leads, entries, measures=VALUED, at=AT, costs=costs)
    assert (found.total.revenue, found.total.cost) == (None, None)
    assert "3 leads won without a value" in found.notes
    assert "4 rows of costs without whole minor units, or without a currency" in found.notes


def test_without_costs_or_values_counts_are_left() -> None:
    found = programmes(LEAD_FRAME, ENTRY_FRAME, measures=WORDS, at=AT)
    assert found.title == (
        "programmes by campaign: 8 leads, 3 won, revenue unknown, cost unknown, ROI undefined"
    )
    assert "no costs were given" in found.notes
    shares = [(ratio.numerator, ratio.denominator) for ratio in found.conversion("close")]
    assert shares == [(1, 2), (1, 4), (1, 2)]


def test_several_currencies_are_refused_unless_one_is_asked_for() -> None:
    costs = COST_FRAME.with_columns(
        currency=pl.when(pl.col("campaign") == "radio").then(pl.lit("USD")).otherwise("currency")
    )
    with pytest.raises(EvaluationError) as caught:
        programmes(LEAD_FRAME, ENTRY_FRAME, measures=VALUED, at=AT, costs=costs)
    assert str(caught.value) == (
        "currency: amounts are in EUR and USD, which cannot be added; ask for one, such as "
        "currency='EUR'"
    )
    found = programmes(LEAD_FRAME, ENTRY_FRAME, measures=VALUED, at=AT, costs=costs, currency="EUR")
    assert found.notes[-1] == "costs in another currency do not count: 70 USD"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"by": ()}, "by: expected columns by which leads are grouped, such as 'campaign'"),
        (
            {"costs": COST_FRAME.drop("amount")},
            "costs: the frame has no column 'amount'; add an empty column if all are missing",
        ),
        (
            {"leads": LEAD_FRAME.drop("deal")},
            "leads: the frame has no column 'deal'; add an empty column if all are missing",
        ),
        (
            {"leads": pl.concat([LEAD_FRAME, LEAD_FRAME.head(1)])},
            "leads: lead 'a' has 2 rows; expected one row a lead",
        ),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], message: str) -> None:
    given = {"leads": LEAD_FRAME, "measures": VALUED, "at": AT, **arguments}
    with pytest.raises(EvaluationError) as caught:
        programmes(given.pop("leads"), ENTRY_FRAME, **given)
    assert str(caught.value) == message


def test_a_result_is_data_and_a_picture() -> None:
    found = programmes(LEAD_FRAME, ENTRY_FRAME, measures=VALUED, at=AT, costs=COST_FRAME)
    assert pickle.loads(pickle.dumps(found)) == found
    frame = found.to_frame()
    assert frame["cost"].to_list() == [150_000, None, 7_000, None]
    assert frame["cost_per_lead"].to_list() == [75_000.0, None, None, None]
    with pytest.raises(KeyError):
        found["nobody"]
    for theme in ("light", "dark"):
        assert found.plot(theme=theme).to_dict()["title"]["subtitle"][-1] == (
            "without a cost, or without a sale: mail, radio, (none)"
        )


@pytest.mark.parametrize(
    ("minor", "currency", "told"),
    [
        (Fraction(1, 2), "JPY", "1 JPY"),
        (Fraction(5, 2), "EUR", "0.03 EUR"),
        (Fraction(-5, 2), "EUR", "-0.03 EUR"),
        (Fraction(-1, 3), "EUR", "0 EUR"),
        (1_234_567_890_123_456_789_012, "EUR", "12,345,678,901,234,567,890.12 EUR"),
        (1_500, "BHD", "1.500 BHD"),
        (0, None, "0"),
    ],
)
def test_money_is_rounded_half_up(minor: int | Fraction, currency: str | None, told: str) -> None:
    assert in_money(minor, currency) == told


def test_currencies_differ_in_their_minor_units() -> None:
    assert [minor_units(code) for code in ("EUR", "JPY", "BHD", None)] == [100, 1, 1000, 1]


@given(processes(), measures())
def test_groups_add_up(rows: Rows, how: Measures) -> None:
    """Law: the groups add up to all leads, and nobody comes to a step without having come."""
    entries = made("polars", rows)
    names = sorted({str(row["lead_id"]) for row in rows})
    leads = pl.DataFrame({"lead_id": names, "campaign": [x[-1:] for x in names]})
    found = programmes(leads, entries, measures=how, at=AT)
    assert sum(part.leads for part in found.parts) == found.total.leads == len(names)
    for step in found.total.reached:
        assert sum(part.reached[step] for part in found.parts) == found.total.reached[step]
        assert all(part.reached[step] <= part.leads for part in found.parts)
