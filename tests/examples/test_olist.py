"""The funnel of a marketplace: what others published of it, found again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from examples import measure_olist
from examples.measure_olist import entries_of
from leadrules.metrics import cohorts, conversion, time_to
from leadrules.metrics.ratio import half_up


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


def test_days_to_close_are_those_of_others(
    measured: Mapping[str, Any], published: Mapping[str, Any]
) -> None:
    days, expected = measured["days"], published["computed_here_with_pandas"]["days_to_close"]
    found = {"mean": round(days.mean(), 6), "median": days.median()}
    found |= {"min": days.min(), "max": days.max(), "negative_rows": int((days < 0).sum())}
    assert found == expected


def test_a_deal_that_was_won_before_the_lead_came_is_told(measured: Mapping[str, Any]) -> None:
    every = measured["time"]
    assert (every.reached, every.count, every.negative) == (842, 8_000, 1)
    assert "1 got there before they came, by the data: as if at once" in every.notes
    (odd,) = measured["oddities"]
    assert (odd.what, odd.number) == ("at a stage before one that comes earlier on the path", 1)
    assert "1 of 842 came to 'won' before 'mql'" in measured["funnel"].notes
    # to the second and by the clocks of both tables, with the one at 0
    assert every.median_done == timedelta(days=14, hours=13, minutes=7, seconds=3)
    assert half_up(every.mean_done / timedelta(days=1), 2) == "48.99"


def test_months_are_those_of_others_and_the_truncated_ones_are_marked(
    measured: Mapping[str, Any], published: Mapping[str, Any]
) -> None:
    expected = published["computed_here_with_pandas"]["cohort_by_first_contact_month"]
    found = {
        label: {"leads": ratio.denominator, "won": ratio.numerator}
        for label, ratio in measured["months"].items()
    }
    assert found == expected
    cut = [cohort.period.label for cohort in measured["cohorts"] if cohort.truncated]
    assert cut == ["2017-06", "2017-07", "2017-08", "2017-09", "2017-10", "2017-11", "2017-12"]
    assert "are too low" in measured["cohorts"].notes[-1]


def test_who_came_before_the_first_deal_is_left_out_of_the_curve(
    measured: Mapping[str, Any],
) -> None:
    seen = measured["time seen"]
    assert (seen.reached, seen.count, seen.early) == (791, 6_173, 1_827)
    year = measured["time"].within(timedelta(days=180))
    later = seen.within(timedelta(days=180))
    assert (half_up(100 * year.value, 1), half_up(100 * later.value, 1)) == ("9.7", "12.3")


def test_the_curve_is_that_of_lifelines(measured: Mapping[str, Any]) -> None:
    lifelines = pytest.importorskip("lifelines")
    ends = measured["entries"].sort("entered").pivot(on="stage", index="lead_id", values="entered")
    at = datetime(2018, 11, 15, tzinfo=UTC)
    span = pl.col("won").fill_null(at) - pl.col("mql")
    days = (span.dt.total_microseconds() / 86_400_000_000).clip(lower_bound=0)
    table = ends.select(days=days, won=pl.col("won").is_not_null())
    fitter = lifelines.KaplanMeierFitter().fit(table["days"].to_list(), table["won"].to_list())
    for number in (1, 14, 90, 365):
        found = measured["time"].within(timedelta(days=number))
        assert found.value == pytest.approx(1 - fitter.predict(number), abs=1e-9)


@pytest.mark.parametrize("kind", ["duckdb", "lazy", "pandas"])
def test_every_kind_of_frame_says_the_same(measured: Mapping[str, Any], kind: str) -> None:
    entries, leads = measured["entries"], measured["leads"].rename({"mql_id": "lead_id"})
    at = datetime(2018, 11, 15, tzinfo=UTC)
    other, others = as_kind(entries, kind), as_kind(leads, kind)
    for measure in (conversion, cohorts, time_to):
        asked: dict[str, Any] = {
            "of": "mql",
            "to": "won",
            "measures": measure_olist.WORDS,
            "at": at,
        }
        found = measure(other, **asked, leads=others, by="origin")
        assert str(found) == str(measure(entries, **asked, leads=leads, by="origin"))


def as_kind(frame: pl.DataFrame, kind: str) -> Any:
    match kind:
        case "lazy":
            return frame.lazy()
        case "pandas":
            return frame.to_pandas()
    return duckdb.from_arrow(frame.to_arrow())


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
