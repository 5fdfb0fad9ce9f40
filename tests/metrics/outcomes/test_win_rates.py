"""Win rates by hand, by their laws, and of every kind of frame."""

from __future__ import annotations

import pickle
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from leadrules.metrics import Measures, Period, ValueRatio, losses, win_rate
from tests.metrics.outcome_cases import ENTRIES, LEADS, VALUED, frames, rows_of, words
from tests.metrics.tables import AT, FRAMES_AND_SPARK, WORDS, Rows, made, measures, processes

ENTRY_FRAME, LEAD_FRAME = frames("polars", ENTRIES, LEADS)


@pytest.mark.parametrize("kind", FRAMES_AND_SPARK)
def test_the_rate_is_won_of_won_and_lost(kind: str) -> None:
    entries, leads = frames(kind, ENTRIES, LEADS)
    found = win_rate(entries, measures=WORDS, at=AT, period="2026-Q1", leads=leads, by="campaign")
    assert found.title == (
        "win rate, won / (won + lost): 3 of 5 closed leads (60.0 %, 95 % CI 23.1 to 88.2), "
        "period 2026-01-01 to 2026-03-31, first entry, 0 censored"
    )
    assert [(row[:3], row[-3:]) for row in found.rows()] == [
        (("fair", 1, 2), (0, 0, 0)),
        (("mail", 1, 1), (2, 1, 1)),
        ((None, 1, 2), (1, 0, 0)),
    ]
    assert found.notes == ["not in it: 3 open, 1 disqualified, 1 recycled"]
    assert found.ratios.rolled_up(()).total == found.total


def test_a_loss_and_a_later_win_are_each_of_their_period() -> None:
    def counts(period: str) -> tuple[int, int]:
        total = win_rate(ENTRY_FRAME, measures=WORDS, at=AT, period=period).total
        return total.numerator, total.denominator

    assert [counts(period) for period in ("2026-02", "2026-03", "2026-04")] == [
        (1, 3),
        (2, 2),
        (0, 0),
    ]


def test_whoever_is_open_at_the_end_of_the_period_is_told() -> None:
    found = win_rate(ENTRY_FRAME, measures=WORDS, at=AT, period="2026-02")
    assert found.notes == ["not in it: 3 open, 1 disqualified, 0 recycled"]
    assert found.total.value == 1 / 3


@pytest.mark.parametrize("kind", FRAMES_AND_SPARK[:5])
def test_by_value_a_deal_counts_as_what_it_is_worth(kind: str) -> None:
    entries, leads = frames(kind, ENTRIES, LEADS)
    found = win_rate(
        entries, measures=VALUED, at=AT, period="2026-Q1", leads=leads, by="campaign", weigh="value"
    )
    assert str(found.total) == (
        "8,000.50 EUR of 12,001 EUR (66.7 %), 5 closed leads, 0 without a value, "
        "period 2026-01-01 to 2026-03-31, first entry"
    )
    assert [(part.group["campaign"], part.numerator, part.denominator) for part in found.parts] == [
        ("fair", 500_000, 800_000),
        ("mail", 200_000, 200_000),
        (None, 100_050, 200_100),
    ]
    assert found.total.interval is None


def test_a_deal_without_a_value_is_told() -> None:
    leads = LEAD_FRAME.with_columns(
        deal=pl.when(pl.col("lead_id") == "a").then(None).otherwise("deal")
    )
    found = win_rate(ENTRY_FRAME, measures=VALUED, at=AT, leads=leads, weigh="value").total
    assert isinstance(found, ValueRatio)
    assert (found.of, found.unvalued, found.numerator) == (4, 1, 300_050)


def test_values_of_which_only_those_of_won_deals_are_known_are_refused() -> None:
    leads = LEAD_FRAME.filter(~pl.col("lead_id").is_in(["b", "f"]))
    with pytest.raises(EvaluationError) as caught:
        win_rate(ENTRY_FRAME, measures=VALUED, at=AT, leads=leads, weigh="value")
    assert str(caught.value) == (
        "weigh: a value is known of 2 of 3 won, and of 0 of 2 lost; a rate by value would be "
        "100 % whatever they did; expected values of both"
    )


def test_several_currencies_are_refused_unless_one_is_asked_for() -> None:
    leads = LEAD_FRAME.with_columns(
        deal_currency=pl.when(pl.col("lead_id") == "c")
        .then(pl.lit("USD"))
        .otherwise("deal_currency")
    )
    with pytest.raises(EvaluationError) as caught:
        win_rate(ENTRY_FRAME, measures=VALUED, at=AT, leads=leads, weigh="value")
    assert str(caught.value) == (
        "currency: deals are in EUR and USD, which cannot be added; ask for one, such as "
        "currency='EUR'"
    )
    found = win_rate(
        ENTRY_FRAME, measures=VALUED, at=AT, leads=leads, weigh="value", currency="EUR"
    )
    assert (found.total.numerator, found.total.denominator) == (600_050, 1_000_100)


def test_a_deal_that_closed_in_no_way_is_undefined() -> None:
    found = win_rate(
        ENTRY_FRAME, measures=VALUED, at=AT, period="2025", leads=LEAD_FRAME, weigh="value"
    )
    assert found.total.value is None
    assert str(found.total).startswith("0 of 0 (undefined), 0 closed leads")


def test_a_result_is_data() -> None:
    for weigh in ("count", "value"):
        found = win_rate(
            ENTRY_FRAME, measures=VALUED, at=AT, leads=LEAD_FRAME, by="campaign", weigh=weigh
        )
        assert pickle.loads(pickle.dumps(found)) == found
        assert found.to_frame()["numerator"].sum() == found.total.numerator
        assert found["fair"].to_dict()["group"] == {"campaign": "fair"}
        assert found["fair"].to_dict()["start"] == "2026-02-01T00:00:00+00:00"
        for theme in ("light", "dark"):
            assert found.plot(theme=theme).to_dict()["title"]["text"] == found.total.name.replace(
                "_", " "
            )


def test_shares_of_money_are_no_ratios() -> None:
    found = win_rate(ENTRY_FRAME, measures=VALUED, at=AT, leads=LEAD_FRAME, weigh="value")
    with pytest.raises(KeyError):
        found["nobody"]
    with pytest.raises(EvaluationError) as caught:
        found.ratios  # noqa: B018 - a property that refuses
    assert str(caught.value) == "ratios: shares of money are none; expected weigh='count'"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weigh": "size"}, "weigh: 'size' is not possible; expected 'count' or 'value'"),
        (
            {"weigh": "value", "measures": WORDS},
            "measures: 'value' is not stated; expected the field of money of a deal",
        ),
        (
            {"weigh": "value"},
            "leads: expected a frame with the columns 'deal' and 'deal_currency'",
        ),
        (
            {"weigh": "value", "leads": LEAD_FRAME, "currency": "euro"},
            "currency: 'euro' is no currency; expected an ISO 4217 code such as 'EUR'",
        ),
        (
            {"measures": words(lost=())},
            "measures: 'lost' is not stated; a win rate needs what is won and lost",
        ),
        (
            {"measures": Measures(lost=("lost",))},
            "measures: 'funnel.close' is not stated; a win rate needs what is won and lost",
        ),
        (
            {"by": "region"},
            "by: entries have no column 'region'; expected one, or a frame of leads that has it",
        ),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        win_rate(ENTRY_FRAME, **{"measures": VALUED, "at": AT, **arguments})
    assert str(caught.value) == message


def test_a_part_larger_than_its_whole_is_refused() -> None:
    with pytest.raises(EvaluationError) as caught:
        ValueRatio("win_rate_by_value", 200, 100, "EUR")
    assert str(caught.value) == (
        "win_rate_by_value: 2 EUR of 1 EUR cannot be; expected values of deals that are not "
        "negative"
    )


@given(processes(), measures())
def test_months_add_up(rows: Rows, how: Measures) -> None:
    """Law: what is won and closed in the months of a period adds up to that of the period."""
    entries = made("polars", rows)
    year = Period.of("2026-01-01 to 2026-06-30", zone=how.in_zone)
    whole = win_rate(entries, measures=how, at=AT, period=year).total
    parts = [win_rate(entries, measures=how, at=AT, period=x).total for x in year.split("month")]
    assert whole.numerator == sum(part.numerator for part in parts)
    assert whole.denominator == sum(part.denominator for part in parts)


@given(processes(), measures(), st.sampled_from(("polars", "duckdb")), st.randoms())
def test_lost_deals_are_those_of_the_losses(
    rows: Rows, how: Measures, kind: str, random: Any
) -> None:
    """Law: the rate has as many lost deals as the losses, in whatever order the rows are."""
    shuffled = random.sample(rows, len(rows))
    rate = win_rate(made(kind, shuffled), measures=how, at=AT)
    found = losses(made("polars", rows), measures=how, at=AT)
    assert rate.total.denominator - rate.total.numerator == found.of("lost")
    assert rate.beside[0]["disqualified"] == found.of("disqualified")


def test_a_repeated_row_counts_once() -> None:
    twice = pl.concat([ENTRY_FRAME, ENTRY_FRAME])
    for reentry in ("first", "last", "every"):
        how = words(reentry=reentry)
        one, two = (win_rate(frame, measures=how, at=AT) for frame in (ENTRY_FRAME, twice))
        assert one.total == two.total


def test_the_last_loss_counts_if_measures_say_so() -> None:
    rows = rows_of(
        "lead_id stage entered",
        ("a", "lost", "2026-01-02"),
        ("a", "inquiry", "2026-02-02"),
        ("a", "lost", "2026-03-02"),
    )
    (entries,) = frames("polars", rows)
    counts = {
        reentry: [
            win_rate(entries, measures=words(reentry=reentry), at=AT, period=x).total.denominator
            for x in ("2026-01", "2026-03", "2026")
        ]
        for reentry in ("first", "last", "every")
    }
    assert counts == {"first": [1, 0, 1], "last": [0, 1, 1], "every": [1, 1, 2]}
