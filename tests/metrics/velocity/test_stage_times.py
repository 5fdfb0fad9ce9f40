"""How long leads take, and stay: open, lost, early and dirty ones are told."""

from __future__ import annotations

import os
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from leadrules.metrics import Measures, Ratio, Survival, Survivals, conversion, time_in, time_to
from tests.metrics.tables import (
    AT,
    FRAMES,
    FRAMES_AND_SPARK,
    PATH,
    WORDS,
    made,
    made_together,
    measures,
    moment,
    of_entries,
    of_leads,
    processes,
    regions,
)

DAYS = timedelta(days=1)

# a wins after 40 days; b is lost after 10; c is open; d won two days before it came; e is recycled.
ENTRIES = of_entries(
    ("a", "sql", "2026-03-01"),
    ("a", "proposal", "2026-03-11"),
    ("a", "won", "2026-04-10"),
    ("b", "sql", "2026-03-02"),
    ("b", "lost", "2026-03-12"),
    ("c", "sql", "2026-06-11"),
    ("d", "won", "2026-03-02"),
    ("d", "sql", "2026-03-04"),
    ("e", "sql", "2026-03-05"),
    ("e", "nurture", "2026-03-15"),
    ("f", "sql", "2026-07-02"),
)
LEADS = of_leads(a="north", b="north", c="south", d="south", e=None)


def polars(rows: Any, *names: str) -> pl.DataFrame:
    frame: pl.DataFrame = made("polars", rows, ("lead_id", "stage", "entered", *names))
    return frame


def to_won(rows: Any = ENTRIES, **given: Any) -> Survival:
    words = given.pop("measures", WORDS)
    found: Survival = time_to(
        polars(rows), of="sales_ready", to="close", measures=words, at=AT, **given
    )
    return found


def ends(found: Survival) -> list[tuple[float, int, int, int]]:
    """Return after how many days how many got there, were lost, and are open."""
    steps = found.curve.steps.select("after", "reached", "lost", "open")
    return [(after / 86_400_000_000, *counts) for after, *counts in steps.iter_rows()]


@pytest.mark.parametrize("kind", FRAMES_AND_SPARK)
def test_the_way_to_a_stage(kind: str) -> None:
    entries, leads = made_together(kind, (ENTRIES, ()), (LEADS, ()))
    found = time_to(
        entries, of="sales_ready", to="close", measures=WORDS, at=AT, leads=leads, by="region"
    )
    assert isinstance(found, Survivals)
    assert ends(found.total) == [
        (0.0, 1, 0, 0),
        (10.0, 0, 1, 0),
        (20.0, 0, 0, 1),
        (40.0, 1, 0, 0),
        (118.0, 0, 0, 1),
    ]
    assert found.total.negative == 1
    assert [(x.group["region"], x.reached, x.lost, x.open) for x in found] == [
        ("north", 1, 1, 0),
        ("south", 1, 0, 1),
        (None, 0, 0, 1),
    ]
    assert found["south"].negative == 1


def test_it_tells_what_it_is() -> None:
    told = str(to_won(period="2026-03", since=moment("2026-03-02"))).split("\n")
    title = "sales ready to close: 1 of 3 leads got there, median above 118.0 days, so far as they"
    assert told == [
        f"{title} were followed, cohort 2026-03-01 to 2026-03-31, first entry",
        "  within     days  got there (%)  low (%)  high (%)  still followed",
        "  1 day     1.000           33.3      5.5      94.6               2",
        "  2 days    2.000           33.3      5.5      94.6               2",
        "  3 days    3.000           33.3      5.5      94.6               2",
        "  1 week    7.000           33.3      5.5      94.6               2",
        "  2 weeks  14.000           33.3      5.5      94.6               1",
        "  30 days  30.000           33.3      5.5      94.6               1",
        "  60 days  60.000           33.3      5.5      94.6               1",
        "  90 days  90.000           33.3      5.5      94.6               1",
        "  1 open, so far as they were followed; 1 ended elsewhere, so never will",
        "  1 got there before they came, by the data: as if at once",
        "  1 came before 2026-03-02 00:00 UTC, since when it is known who got there: left out",
    ]


def test_the_lost_are_said_to_be_still_on_the_way() -> None:
    found = to_won(lost_as="censored")
    assert (found.reached, found.lost, found.open) == (2, 0, 3)
    # Of the two that are followed for 40 days, one wins then; before, one of five did at once.
    chance = found.within(40 * DAYS)
    assert chance is not None
    assert chance.value == pytest.approx(0.2 + 0.8 / 2)
    assert found.median == 40 * DAYS
    assert "those who ended elsewhere are among them" in found.notes[0]


def test_the_lost_never_come() -> None:
    chance = to_won().within(40 * DAYS)
    assert chance is not None
    assert chance.value == pytest.approx(0.2 + 0.6 / 2)


def test_who_is_lost_and_comes_back_is_not_lost() -> None:
    rows = of_entries(
        ("a", "sql", "2026-03-01"),
        ("a", "lost", "2026-03-05"),
        ("a", "sql", "2026-03-10"),
        ("b", "sql", "2026-03-01"),
        ("b", "lost", "2026-03-05"),
        ("b", "proposal", "2026-03-10"),
        ("b", "won", "2026-03-21"),
    )
    assert ends(to_won(rows)) == [(20.0, 1, 0, 0), (122.0, 0, 0, 1)]
    every = WORDS.model_copy(update={"reentry": "every"})
    # The first of a's entries ended with the second.
    assert ends(to_won(rows, measures=every)) == [(9.0, 0, 1, 0), (20.0, 1, 0, 0), (113.0, 0, 0, 1)]


def test_won_ends_the_way_to_a_stage_that_was_skipped() -> None:
    words = WORDS.model_copy(update={"skipped": "missing"})
    rows = of_entries(("a", "sql", "2026-03-01"), ("a", "won", "2026-03-05"))
    found = time_to(polars(rows), of="sql", to="quote", measures=words, at=AT)
    assert ends(found) == [(4.0, 0, 1, 0)]


def test_periods_and_the_days_of_those_who_count() -> None:
    assert to_won(period="2026-06").count == 1
    assert str(to_won(since=moment("2026-03-04")).period) == "2026-03-04 to 2026-06-11"


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ({"period": "2026-01"}, "0 of 0 leads got there, median undefined"),
        ({"period": "2026-06"}, "0 of 1 lead got there, median above 20.0 days, so far as"),
        (
            {"period": "2026-03-02 to 2026-03-02"},
            "0 of 1 lead got there, median never: 0.0 % got there at all",
        ),
        (
            {"period": "2026-03-01"},
            "1 of 1 lead got there, median 40.0 days, 95 % CI - to -, cohort 2026-03-01",
        ),
    ],
)
def test_medians_in_words(given: dict[str, Any], title: str) -> None:
    assert to_won(**given).title.startswith(f"sales ready to close: {title}")


def test_medians_have_intervals() -> None:
    rows = [
        row
        for n in range(1, 41)
        for row in of_entries(
            (f"l{n}", "sql", "2026-03-01"), (f"l{n}", "won", f"2026-04-{n % 30 + 1:02d}")
        )
    ]
    lifelines: Any = pytest.importorskip("lifelines")
    found = to_won(rows)
    fitter = lifelines.KaplanMeierFitter().fit([31 + n % 30 for n in range(1, 41)])
    theirs = lifelines.utils.median_survival_times(fitter.confidence_interval_)
    low, high = found.median_interval
    assert found.median == fitter.median_survival_time_ * DAYS
    assert (low, high) == tuple(days * DAYS for days in theirs.iloc[0])


def test_two_groups_beside_lifelines() -> None:
    statistics: Any = pytest.importorskip("lifelines.statistics")
    groups: dict[str, list[tuple[int, bool]]] = {
        "north": [(n % 17 + 1, n % 3 > 0) for n in range(40)],
        "south": [(n % 29 + 1, n % 4 > 0) for n in range(50)],
    }
    start = moment("2026-03-01")
    rows, leads = [], []
    for region, ones in groups.items():
        for n, (days, won) in enumerate(ones):
            lead = f"{region}{n}"
            leads.append({"lead_id": lead, "region": region})
            end = "won" if won else "lost"
            rows += [{"lead_id": lead, "stage": "sql", "entered": start}]
            rows += [{"lead_id": lead, "stage": end, "entered": start + days * DAYS}]
    given: dict[str, Any] = {"of": "sql", "to": "won", "measures": WORDS, "at": AT}
    found = time_to(polars(rows), leads=made("polars", leads), by="region", **given)
    compared = found["north"].compared(found["south"])
    one, two = ([*zip(*ones, strict=True)] for ones in groups.values())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own calls of pandas
        theirs = statistics.logrank_test(one[0], two[0], one[1], two[1])
    assert compared.p_value == pytest.approx(theirs.p_value, rel=1e-9)
    assert compared.statistic**2 == pytest.approx(theirs.test_statistic, rel=1e-9)


def test_curves_of_other_things_are_not_compared() -> None:
    one = to_won()
    other = time_to(polars(ENTRIES), of="sql", to="won", measures=WORDS, at=AT)
    with pytest.raises(EvaluationError) as caught:
        one.compared(other)
    assert str(caught.value) == (
        "sales_ready_to_close: curves of another name cannot be compared: "
        "'sales_ready_to_close' and 'sql_to_won'"
    )
    with pytest.raises(EvaluationError) as caught:
        one.compared(to_won(period="2026-01"))
    assert str(caught.value) == (
        "sales_ready_to_close: nobody got there, or a group has nobody; cannot compare"
    )


# --- stays


STAYS = of_entries(
    ("a", "sql", "2026-03-01", "2026-03-11"),
    ("a", "proposal", "2026-03-11", None),
    ("b", "sql", "2026-03-02", "2026-03-22"),
    ("b", "lost", "2026-03-22", None),
    ("c", "sql", "2026-06-11", None),
    ("d", "sql", "2026-03-05", "2026-03-04"),
    ("e", "sql", "2026-03-01", "2026-07-10"),
    ("a", "sql", "2026-06-01", "2026-06-03"),
)


@pytest.mark.parametrize("kind", FRAMES)
def test_stays(kind: str) -> None:
    entries = made(kind, STAYS)
    found = time_in(entries, stage="sales_ready", measures=WORDS, at=AT)
    assert ends(found) == [
        (0.0, 1, 0, 0),
        (10.0, 1, 0, 0),
        (20.0, 1, 0, 1),
        (122.0, 0, 0, 1),
    ]
    assert found.negative == 1
    assert found.title.startswith("time in sales ready: 3 of 5 leads left it, median 20.0 days")


@pytest.mark.parametrize(
    ("reentry", "expected"),
    [
        ("last", [(0.0, 1, 0, 0), (2.0, 1, 0, 0), (20.0, 1, 0, 1), (122.0, 0, 0, 1)]),
        (
            "every",
            [(0.0, 1, 0, 0), (2.0, 1, 0, 0), (10.0, 1, 0, 0), (20.0, 1, 0, 1), (122.0, 0, 0, 1)],
        ),
    ],
)
def test_stays_that_count(reentry: str, expected: list[Any]) -> None:
    words = WORDS.model_copy(update={"reentry": reentry})
    found = time_in(polars(STAYS, "left"), stage="sql", measures=words, at=AT)
    assert ends(found) == expected


def test_a_stay_ends_with_the_next_entry() -> None:
    """Where nobody says when a stage was left, the next entry does."""
    rows = [row for row in STAYS if row["lead_id"] in {"b", "c"}]
    assert ends(time_in(polars(rows), stage="sql", measures=WORDS, at=AT)) == [(20.0, 1, 0, 1)]


def test_stays_that_end_by_a_step_towards_the_sale() -> None:
    found = time_in(
        polars(STAYS, "left"), stage="sql", measures=WORDS, at=AT, until="onward", period="2026-03"
    )
    assert ends(found) == [(0.0, 0, 1, 0), (10.0, 1, 0, 0), (20.0, 0, 1, 0), (122.0, 0, 0, 1)]
    assert found.title.startswith("time in sql until onward: 1 of 4 leads went on")


# --- what is refused


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"lost_as": "open"}, "lost_as: 'open' is not possible; expected 'never' or 'censored'"),
        (
            {"since": AT.replace(tzinfo=None)},
            "since: '2026-07-01T00:00:00' has no time zone; expected an aware datetime",
        ),
    ],
)
def test_what_is_not_possible(given: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        to_won(**given)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"stage": "sql", "until": "end"},
            "until: 'end' is not possible; expected 'left' or 'onward'",
        ),
        (
            {"stage": "close", "until": "onward"},
            "stage: after 'close' no stage comes on the path; expected one before the last",
        ),
        ({"stage": "sqll"}, "stage: no step or stage 'sqll'; did you mean 'sql'?"),
    ],
)
def test_what_is_not_possible_of_stays(given: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        time_in(polars(STAYS), measures=WORDS, at=AT, **given)
    assert str(caught.value) == message


def test_what_is_known_only_of_those_who_got_there() -> None:
    ids = [f"l{n}" for n in range(60)]
    rows = of_entries(*((x, "sql", "2026-03-01") for x in ids))
    rows += of_entries(*((x, "won", "2026-04-01") for x in ids[:20]))
    leads = [{"lead_id": x, "size": "big" if place < 20 else None} for place, x in enumerate(ids)]
    with pytest.raises(EvaluationError) as caught:
        to_won(rows, leads=made("polars", leads), by="size")
    assert str(caught.value) == (
        "by: 'size' is known for 20 of the 20 leads that came to 'close', and for none of the "
        "other 40; a rate by it would be 100 %; expected a column that is known whatever became "
        "of them"
    )


def test_no_dimension() -> None:
    entries, leads = made_together("polars", (ENTRIES, ()), (LEADS, ()))
    found = time_to(entries, of="sql", to="won", measures=WORDS, at=AT, leads=leads, by="region")
    with pytest.raises(EvaluationError) as caught:
        found.rolled_up("regio")
    assert str(caught.value) == "by: no dimension 'regio'; did you mean 'region'?"
    with pytest.raises(KeyError):
        found["east"]


# --- laws


@given(processes(), measures(), st.sampled_from(PATH[1:]))
def test_counts_are_those_of_the_conversion(rows: Any, words: Measures, to: str) -> None:
    """Law: as many are followed, and get there, as the ratio of both stages says."""
    entries = polars(rows)
    found = time_to(entries, of="inquiry", to=to, measures=words, at=AT)
    ratio = conversion(entries, of="inquiry", to=to, measures=words, at=AT)
    assert isinstance(ratio, Ratio)
    assert (found.reached, found.count) == (ratio.numerator, ratio.denominator)


@given(st.data(), measures())
def test_groups_make_the_whole(data: st.DataObject, words: Measures) -> None:
    """Law: rolled up, the curves are those of the coarser groups, and of all."""
    rows = data.draw(processes())
    leads = made("polars", data.draw(regions(rows)))
    given: dict[str, Any] = {"stage": "mql", "measures": words, "at": AT, "leads": leads}
    entries = polars(rows, "left")
    fine = time_in(entries, by=["region", "owner"], **given).rolled_up("region")
    coarse = time_in(entries, by="region", **given)
    assert [x.group for x in fine] == [x.group for x in coarse]
    for one, two in zip(fine, coarse, strict=True):
        assert one.curve.steps.equals(two.curve.steps)
        assert (one.negative, one.period) == (two.negative, two.period)
    assert sum(part.count for part in fine) == coarse.total.count


@given(processes(ties=False), measures())
def test_ends_are_those_that_entries_tell(rows: Any, words: Measures) -> None:
    """Law: without `left`, each stay ends with the next entry, so both tables tell the same."""
    given: dict[str, Any] = {"stage": "mql", "measures": words, "at": AT, "until": "onward"}
    one, two = time_in(polars(rows, "left"), **given), time_in(polars(rows), **given)
    assert one.curve.steps.equals(two.curve.steps)


# --- pictures


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture_of_groups(theme: Any) -> None:
    pytest.importorskip("altair")
    entries, leads = made_together("polars", (ENTRIES, ()), (LEADS, ()))
    found = time_to(entries, of="sql", to="won", measures=WORDS, at=AT, leads=leads, by="region")
    drawn = found.plot(theme=theme).to_dict()
    above, below = drawn["vconcat"]
    _, line = above["layer"]
    points = drawn["datasets"][line["data"]["name"]] if "data" in line else above["data"]["values"]
    assert [x for x in points if x["group"] == "south"] == [
        {"group": "south", "after": 0.0, "at_risk": 2, "share": 0.0, "low": 0.0, "high": 0.0},
        {"group": "south", "after": 0.0, "at_risk": 2, "share": 0.5, **_band(found["south"])},
        {"group": "south", "after": 20.0, "at_risk": 1, "share": 0.5, **_band(found["south"])},
    ]
    assert line["encoding"]["x"]["title"] == "days since they came"
    assert {x["group"]: x["at_risk"] for x in below["data"]["values"] if not x["after"]} == {
        "north": 2,
        "south": 2,
        "(none)": 1,
    }


def _band(found: Survival) -> dict[str, float | None]:
    row = found.curve.steps.row(0, named=True)
    return {"low": row["low"], "high": row["high"]}


# --- a marketplace's leads


OLIST = Path(os.environ.get("LEADRULES_DATA", "../shared/data")) / "olist"


@pytest.mark.skipif(not OLIST.exists(), reason=f"no data in {OLIST}")
def test_a_marketplace() -> None:
    leads = pl.read_csv(OLIST / "olist_marketing_qualified_leads_dataset.csv")
    deals = pl.read_csv(OLIST / "olist_closed_deals_dataset.csv")
    came = pl.col("first_contact_date").str.to_datetime("%Y-%m-%d", time_unit="us")
    won = pl.col("won_date").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us")
    entries = pl.concat(
        [
            frame.select(
                lead_id="mql_id", stage=pl.lit(stage), entered=moment.dt.replace_time_zone("UTC")
            )
            for frame, stage, moment in ((leads, "mql", came), (deals, "won", won))
        ]
    )
    words = Measures.model_validate({"funnel": {"sales_ready": "mql", "close": "won"}})
    at = datetime(2018, 11, 15, tzinfo=UTC)
    found = time_to(entries, of="sales_ready", to="close", measures=words, at=at)
    assert (found.reached, found.count, found.negative) == (842, 8000, 1)
    year = found.within(365 * DAYS)
    assert year is not None
    assert (round(year.value, 4), year.at_risk) == (0.1135, 1515)
    seen = time_to(
        entries, of="mql", to="won", measures=words, at=at, since=datetime(2017, 12, 5, tzinfo=UTC)
    )
    assert (seen.reached, seen.count, seen.early) == (791, 6173, 1827)
