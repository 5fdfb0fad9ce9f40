"""What nobody knows the worth of did not return nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import polars as pl

from leadrules.metrics import Measures, programmes
from leadrules.metrics.document import FunnelWords

FUNNEL = FunnelWords(sales_ready="mql", close="won")
AT = datetime(2026, 4, 15, tzinfo=UTC)
LEADS = pl.DataFrame(
    {
        "lead_id": ["1", "2", "3"],
        "campaign": ["fair", "fair", "mail"],
        "deal": [None, None, None],
        "deal_currency": [None, None, None],
    },
    schema_overrides={"deal": pl.Int64, "deal_currency": pl.String},
)
ENTRIES = pl.DataFrame(
    {
        "lead_id": ["1", "1", "2", "3"],
        "stage": ["mql", "won", "mql", "mql"],
        "entered": [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 20, 3, 4)],
    }
)
COSTS = pl.DataFrame(
    {"campaign": ["fair", "mail"], "amount": [300_000, 100_000], "currency": ["EUR", "EUR"]}
)


def test_without_a_value_of_deals_the_revenue_is_not_known() -> None:
    found = programmes(LEADS, ENTRIES, measures=Measures(funnel=FUNNEL), at=AT, costs=COSTS)
    assert (found["fair"].revenue, found["fair"].roi, found["fair"].unvalued) == (None, None, 1)
    assert (found.total.revenue, found.total.roi) == (None, None)
    assert found.title == (
        "programmes by campaign: 3 leads, 1 won, revenue unknown, cost 4,000 EUR, ROI undefined"
    )
    assert found.notes == [
        "2 leads still open; revenue may grow",
        "revenue is not known: the measures do not say what a deal is worth",
    ]
    assert found.sheet().rows[0][-2:] == ["-", "-"]


def test_where_nobody_bought_the_revenue_is_0() -> None:
    found = programmes(LEADS, ENTRIES, measures=Measures(funnel=FUNNEL), at=AT, costs=COSTS)
    assert (found["mail"].revenue, found["mail"].roi) == (0, Fraction(-1))


def test_where_no_deal_has_its_value_the_revenue_is_not_known_either() -> None:
    words = Measures(funnel=FUNNEL, value="deal")
    found = programmes(LEADS, ENTRIES, measures=words, at=AT, costs=COSTS)
    assert (found["fair"].revenue, found["fair"].roi) == (None, None)
    assert found.notes == ["2 leads still open; revenue may grow", "1 lead won without a value"]
