"""What is known only of those who came to a stage gives nobody a rate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import EvaluationError
from leadrules.metrics import Measures, conversion, time_to
from leadrules.metrics.hindsight import Share, refuse_hindsight

WORDS = Measures(funnel={"sales_ready": "mql", "close": "won"})  # type: ignore[arg-type]
AT = datetime(2026, 6, 1, tzinfo=UTC)


def _entries(leads: int, won: int) -> pl.DataFrame:
    """Return leads of which the first so many were won after 40 days."""
    day = datetime(2026, 1, 5, tzinfo=UTC)
    return pl.DataFrame(
        {
            "lead_id": [str(n) for n in (*range(leads), *range(won))],
            "stage": ["mql"] * leads + ["won"] * won,
            "entered": [day] * leads + [day + timedelta(days=40)] * won,
        }
    )


def _sizes(leads: int, known: range) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "lead_id": [str(n) for n in range(leads)],
            "size": [("big", "small")[n % 2] if n in known else None for n in range(leads)],
            "source": ["ads"] * leads,
        }
    )


MESSAGE = (
    "by: 'size' is known for 18 of the 20 leads that came to 'close', and for none of the other "
    "80; a rate by it would be 100 %; expected a column that is known whatever became of them"
)


@pytest.mark.parametrize("window", [None, timedelta(days=10), timedelta(days=50)])
@pytest.mark.parametrize("by", ["size", ["source", "size"]])
def test_a_column_that_is_known_of_the_won_alone_is_refused(
    by: str | list[str], window: timedelta | None
) -> None:
    # within 10 days nobody was won; that the size is known gives away that they will be
    with pytest.raises(EvaluationError) as caught:
        conversion(
            _entries(100, 20),
            of="sales_ready",
            to="close",
            measures=WORDS,
            at=AT,
            leads=_sizes(100, range(18)),
            by=by,
            window=window,
        )
    assert (str(caught.value), caught.value.field) == (MESSAGE, "by")


def test_what_pandas_has_for_missing_is_not_known() -> None:
    with pytest.raises(EvaluationError) as caught:
        conversion(
            pd.DataFrame(_entries(100, 20).to_dict(as_series=False)),
            of="sales_ready",
            to="close",
            measures=WORDS,
            at=AT,
            leads=pd.DataFrame(_sizes(100, range(18)).to_dict(as_series=False)),
            by="size",
        )
    assert str(caught.value) == MESSAGE


@pytest.mark.parametrize(
    ("leads", "won", "known"),
    [
        (100, 20, range(19, 21)),  # of one more, who was not won
        (100, 20, range(4)),  # too few: 0.2 ** 4 is 0.0016
        (100, 20, range(0)),  # of nobody
        (20, 20, range(18)),  # everyone was won
        (0, 0, range(0)),
    ],
)
def test_other_columns_give_rates_as_before(leads: int, won: int, known: range) -> None:
    found = conversion(
        _entries(leads, won),
        of="sales_ready",
        to="close",
        measures=WORDS,
        at=AT,
        leads=_sizes(leads, known),
        by="size",
    )
    assert (found.total.numerator, found.total.denominator) == (won, leads)


def test_the_unit_is_named() -> None:
    shares = [Share({"size": "big"}, 30, 30), Share({"size": None}, 0, 70)]
    with pytest.raises(EvaluationError) as caught:
        refuse_hindsight(shares, ["size"], to="won", unit="opportunity")
    assert str(caught.value) == (
        "by: 'size' is known for 30 of the 30 opportunities that came to 'won', and for none of "
        "the other 70; a rate by it would be 100 %; expected a column that is known whatever "
        "became of them"
    )


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 50), st.integers(0, 50)),
        max_size=6,
    ),
    st.integers(1, 50),
)
def test_one_known_lead_that_did_not_come_is_enough(
    parts: list[tuple[str | None, int, int]], others: int
) -> None:
    """Law: a column that is known of a single lead that did not come there is never refused."""
    shares = [Share({"x": group}, came, came + rest) for group, came, rest in parts]
    shares += [Share({"x": None}, 0, others), Share({"x": "c"}, 0, 1)]
    refuse_hindsight(shares, ["x"], to="won")


def test_how_long_it_takes_is_refused_by_it_too() -> None:
    with pytest.raises(EvaluationError) as caught:
        time_to(
            _entries(100, 20),
            of="sales_ready",
            to="close",
            measures=WORDS,
            at=AT,
            leads=_sizes(100, range(18)),
            by="size",
        )
    assert str(caught.value) == MESSAGE
