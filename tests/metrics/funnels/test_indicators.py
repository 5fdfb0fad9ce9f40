"""The key ratios by name, each of its own cohort."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given

from leadrules.errors import EvaluationError
from leadrules.metrics import Measures, conversion, key_ratios
from tests.metrics.tables import AT, FRAMES, WORDS, made, measures, of_entries, of_leads, processes

DAYS = timedelta(days=1)
ENTRIES = of_entries(
    ("a", "inquiry", "2026-02-01"),
    ("a", "mql", "2026-03-02"),
    ("a", "sql", "2026-03-05"),
    ("a", "proposal", "2026-03-10"),
    ("a", "won", "2026-04-20"),
    ("b", "mql", "2026-03-03"),
    ("b", "proposal", "2026-03-20"),
    ("c", "mql", "2026-03-04"),
    ("c", "lost", "2026-03-06"),
)
LEADS = of_leads(a="north", b="north", c="south")


def polars(rows: Any) -> pl.DataFrame:
    frame: pl.DataFrame = made("polars", rows, ("lead_id", "stage", "entered"))
    return frame


def test_each_has_its_own_cohort() -> None:
    found = key_ratios(polars(ENTRIES), measures=WORDS, at=AT, period="2026-03")
    assert [(x.name, x.numerator, x.denominator) for x in found] == [
        # a was an inquiry in February; of the others, it is imputed that they were in March.
        ("suspect_to_prospect", 2, 2),
        ("prospect_to_sales_ready", 2, 3),
        ("sales_ready_to_quote", 2, 2),
        ("quote_to_close", 1, 2),
    ]
    assert found["quote_to_close"].denominator == 2


def test_words_that_mean_nothing_are_told() -> None:
    words = Measures.model_validate(
        {"funnel": {"sales_ready": "mql", "quote": "proposal", "close": "won"}}
    )
    found = key_ratios(polars(ENTRIES), measures=words, at=AT, window=60 * DAYS)
    assert str(found) == (
        "key ratios: each of those who came to its first step, within 60 days, first entry\n"
        "  ratio                 came there  of  share (%)  low (%)  high (%)  censored\n"
        "  sales_ready_to_quote           2   3       66.7     20.8      93.9         0\n"
        "  quote_to_close                 1   2       50.0      9.5      90.5         0\n"
        "  sales-ready to quote: 2 of 3 leads, cohort 2026-03-02 to 2026-03-04\n"
        "  quote to close: 1 of 2 leads, cohort 2026-03-10 to 2026-03-20\n"
        "  'suspect' means no stage: no suspect to prospect\n"
        "  'prospect' means no stage: no suspect to prospect and no prospect to sales-ready"
    )
    with pytest.raises(EvaluationError) as caught:
        found["prospect_to_sales_ready"]
    assert str(caught.value) == (
        "ratio: 'prospect_to_sales_ready' is not here, since 'prospect' means no stage"
    )
    with pytest.raises(EvaluationError) as caught:
        found["quote_to_closed"]
    assert str(caught.value) == (
        "ratio: no key ratio 'quote_to_closed'; did you mean 'quote_to_close'?"
    )


@pytest.mark.parametrize("kind", FRAMES)
def test_who_came_back_is_told(kind: str) -> None:
    rows = of_entries(
        *((lead, "mql", day) for lead in "ab" for day in ("2026-03-01", "2026-03-05")),
        ("a", "sql", "2026-03-02"),
        ("c", "mql", "2026-03-01"),
        ("c", "mql", "2026-03-01"),  # the same entry again
    )
    for reentry, counts in (("last", "the last entry"), ("every", "each entry")):
        words = WORDS.model_copy(update={"reentry": reentry})
        found = key_ratios(made(kind, rows), measures=words, at=AT)
        assert found.again == {"mql": 2}
        assert f"2 leads came to 'mql' again: {counts} counts" in found.notes


def test_a_policy_without_words_has_none() -> None:
    found = key_ratios(polars(ENTRIES), measures=Measures(), at=AT)
    assert found.title == "key ratios: none, since the words of the funnel mean no stages"
    assert (len(found), len(found.notes)) == (0, 5)


def test_by_groups() -> None:
    leads = made("polars", LEADS)
    found = key_ratios(polars(ENTRIES), measures=WORDS, at=AT, leads=leads, by="region")
    quote = found.of("quote_to_close")
    assert [(x.group["region"], x.numerator, x.denominator) for x in quote] == [("north", 1, 2)]
    assert found["quote_to_close"] == quote.total
    assert [row[:4] for row in found.rows()][:2] == [
        ("suspect_to_prospect", "north", 2, 2),
        ("suspect_to_prospect", "south", 1, 1),
    ]
    assert found.to_frame()["region"].to_list() == ["north", "south"] * 2 + ["north"] * 2


@pytest.mark.parametrize("by", [None, "region"])
def test_a_picture(by: str | None) -> None:
    pytest.importorskip("altair")
    leads = made("polars", LEADS)
    found = key_ratios(polars(ENTRIES), measures=WORDS, at=AT, leads=leads, by=by)
    rows = found.plot().to_dict()["data"]["values"]
    assert (rows[-1]["ratio"], rows[-1]["row"], rows[-1]["of"]) == (
        "quote to close",
        "quote to close" if by is None else "north",
        "1 of 2",
    )


@given(processes(), measures())
def test_each_is_a_conversion(rows: list[dict[str, Any]], words: Measures) -> None:
    """Law: a key ratio is the conversion between its words."""
    asked: dict[str, Any] = {"measures": words, "at": AT, "window": 30 * DAYS}
    found = key_ratios(polars(rows), **asked)
    ratio = found["sales_ready_to_quote"]
    assert ratio == conversion(polars(rows), of="sales_ready", to="quote", **asked)
