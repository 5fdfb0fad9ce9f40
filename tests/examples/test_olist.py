"""The funnel of a marketplace: what others published of it, found again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from examples import measure_olist
from examples.measure_olist import entries_of


@pytest.fixture(scope="module")
def published(data_dir: Path) -> Mapping[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure_olist, "DATA", data_dir)
        return measure_olist.published()


@pytest.fixture(scope="module")
def measured(data_dir: Path) -> Mapping[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure_olist, "DATA", data_dir)
        return measure_olist.main(lambda _: None)


def test_the_whole_is_what_was_published(
    measured: Mapping[str, Any], published: Mapping[str, Any]
) -> None:
    expected = published["computed_here_with_pandas"]
    total = measured["total"]
    assert (total.numerator, total.denominator) == (expected["won"], expected["mql"])
    assert str(total) == (
        "842 of 8,000 leads (10.5 %, 95 % CI 9.9 to 11.2), cohort 2017-06-14 to 2018-05-31 in "
        "America/Sao_Paulo, first entry, 0 censored"
    )


def test_every_row_by_origin_is_the_published_one(
    measured: Mapping[str, Any], published: Mapping[str, Any]
) -> None:
    assert measured["rows"] == published["published"]["by_origin"]
    assert len(measured["rows"]) == 11
    assert measured["equal"]


def test_a_rate_by_what_is_known_of_the_won_alone_is_refused(measured: Mapping[str, Any]) -> None:
    assert measured["by lead type"] == (
        "by: 'lead_type' is known for 836 of the 842 leads that came to 'won', and for none of "
        "the other 7,158; a rate by it would be 100 %; expected a column that is known whatever "
        "became of them"
    )


def test_the_deals_are_in_utc(measured: Mapping[str, Any]) -> None:
    # which no time is known of, are at midnight in Sao Paulo: at 2:00 or 3:00 as written
    assert (measured["full hours"], measured["at midnight"]) == (62, 61)


# --- how the tables become entries, on days that are invented


@pytest.mark.parametrize(
    ("day", "start"),
    [
        (date(2017, 10, 14), datetime(2017, 10, 14, 3, tzinfo=UTC)),
        (date(2017, 10, 15), datetime(2017, 10, 15, 3, tzinfo=UTC)),  # at 1:00; it has no 0:00
        (date(2017, 10, 16), datetime(2017, 10, 16, 2, tzinfo=UTC)),
        (date(2018, 2, 18), datetime(2018, 2, 18, 3, tzinfo=UTC)),  # 23:00 is there twice before
    ],
)
def test_a_day_is_its_first_moment(day: date, start: datetime) -> None:
    leads = pl.DataFrame({"mql_id": ["1"], "first_contact_date": [day]})
    deals = pl.DataFrame({"mql_id": ["1"], "won_date": [datetime(2018, 5, 3, 2)]})  # noqa: DTZ001
    assert entries_of(leads, deals).rows() == [
        ("1", "mql", start),
        ("1", "won", datetime(2018, 5, 3, 2, tzinfo=UTC)),
    ]
