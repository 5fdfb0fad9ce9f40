"""Flow through the stages, and the ages of those who are in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from leadrules.metrics import Measures, Period, ages, flow
from tests.metrics.tables import (
    AT,
    BERLIN,
    FRAMES,
    NEW_YORK,
    WORDS,
    made,
    made_together,
    of_entries,
    of_leads,
    processes,
    regions,
)

# a goes on, b comes back to inquiry, c is lost, d came before the period.
ENTRIES = of_entries(
    ("a", "inquiry", "2026-03-01", "2026-03-15"),
    ("a", "mql", "2026-03-15", None),
    ("b", "inquiry", "2026-03-31", "2026-04-02"),
    ("b", "nurture", "2026-04-02", "2026-04-20"),
    ("b", "inquiry", "2026-04-20", None),
    ("c", "inquiry", "2026-04-10", "2026-05-01"),
    ("c", "lost", "2026-05-01", None),
    ("d", "mql", "2026-01-01", "2026-04-01"),
    ("d", "sql", "2026-04-01", None),
)
LEADS = of_leads(a="north", b="north", c="south")
COLUMNS = ("lead_id", "stage", "entered", "left")
MAY = datetime(2026, 5, 10, tzinfo=UTC)


def polars(rows: Any, *, left: bool = True) -> pl.DataFrame:
    frame: pl.DataFrame = made("polars", rows, COLUMNS if left else COLUMNS[:3])
    return frame


def told(found: Any) -> list[tuple[Any, ...]]:
    return [(x.stage, x.period.label, x.start, x.inflow, x.outflow, x.end) for x in found]


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("left", [True, False])
def test_a_flow_of_four_leads(kind: str, left: bool) -> None:
    entries = made(kind, ENTRIES, COLUMNS if left else COLUMNS[:3])
    found = flow(entries, measures=WORDS, at=MAY, period="2026-03-01 to 2026-05-31")
    assert told(found["inquiry"]) == [
        ("inquiry", "2026-03", 0, 2, 1, 1),
        ("inquiry", "2026-04", 1, 2, 1, 2),
        ("inquiry", "2026-05", 2, 0, 1, 1),
    ]
    assert told(found["mql"]) == [
        ("mql", "2026-03", 1, 1, 0, 2),
        ("mql", "2026-04", 2, 0, 1, 1),
        ("mql", "2026-05", 1, 0, 0, 1),
    ]
    assert told(found["lost"])[-1] == ("lost", "2026-05", 0, 1, 0, 1)
    assert [step.again for step in found["inquiry"]] == [0, 1, 0]
    assert [step.complete for step in found["inquiry"]] == [True, True, False]
    assert [step.change_share for step in found["inquiry"]] == [None, 1.0, -0.5]


def test_it_tells_what_one_must_know() -> None:
    dirty = [*ENTRIES, *of_entries(("e", "inquiry", "2026-04-10", "2026-04-09"))]
    found = flow(polars(dirty), measures=WORDS, at=MAY, period="2026-04-01 to 2026-05-31")
    assert found.title == "flow of leads through the stages, 2026-04-01 to 2026-05-31, by month"
    assert found.notes == (
        "2026-05 still runs: known up to 2026-05-10 00:00",
        "1 of 5 entries are re-entries; all are counted",
        "1 stay left out: the end is before the beginning",
    )
    assert str(flow(polars(ENTRIES[:2]), measures=WORDS, at=AT, period="2026-03")) == (
        "flow of leads through the stages, 2026-03-01 to 2026-03-31, by month\n"
        "  stage     month    at the start  in  out  at the end  change  change (%)  of in: again"
        "  complete\n"
        "  inquiry   2026-03             0   1    1           0       0           -             0"
        "  yes\n"
        "  mql       2026-03             0   1    0           1       1           -             0"
        "  yes\n"
        "  sql       2026-03             0   0    0           0       0           -             0"
        "  yes\n"
        "  proposal  2026-03             0   0    0           0       0           -             0"
        "  yes\n"
        "  won       2026-03             0   0    0           0       0           -             0"
        "  yes"
    )
    with pytest.raises(KeyError):
        found["junk"]


def test_flow_by_groups_is_rolled_up() -> None:
    entries, leads = made_together("duckdb", (ENTRIES, COLUMNS), (LEADS, ()))
    by = flow(entries, measures=WORDS, at=MAY, period="2026-04", leads=leads, by="region")
    groups = [(x.group["region"], x.stage, x.start, x.inflow, x.outflow) for x in by]
    assert groups == [
        ("north", "inquiry", 1, 1, 1),
        ("north", "mql", 1, 0, 0),
        ("north", "nurture", 0, 1, 1),
        ("south", "inquiry", 0, 1, 0),
        ("south", "lost", 0, 0, 0),
        (None, "mql", 1, 0, 1),
        (None, "sql", 0, 1, 0),
    ]
    assert told(by["inquiry"]) == [("inquiry", "2026-04", 1, 2, 1, 2)]
    frame = by.to_frame()
    assert frame.columns[:4] == ["region", "stage", "period", "start"]
    assert frame["change_share"].to_list() == [0.0, 0.0, None, None, None, -1.0, None]


def test_months_are_those_of_the_zone() -> None:
    # 2026-03-31 22:30 in UTC is April in Berlin, and still March in New York.
    rows = of_entries(("a", "inquiry", "2026-03-31 22:30", None))
    for zone, month in ((BERLIN, "2026-04"), (NEW_YORK, "2026-03")):
        words = WORDS.model_copy(update={"zone": zone})
        found = flow(polars(rows), measures=words, at=AT, period="2026-03-01 to 2026-04-30")
        assert [x.period.label for x in found["inquiry"] if x.inflow] == [month]


def test_of_several_entries_at_one_moment_the_path_is_the_order() -> None:
    rows = of_entries(("a", "won", "2026-03-05"), ("a", "inquiry", "2026-03-05"))
    found = flow(made("polars", rows), measures=WORDS, at=AT, period="2026-03")
    assert [(x.stage, x.end) for x in found if x.inflow] == [("inquiry", 0), ("won", 1)]


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    (
        {"period": "2026-08"},
        "period",
        (
            "period: 2026-08-01 to 2026-08-31 begins after 2026-07-01T00:00:00+00:00; "
            "expected one that began"
        ),
    ),
    (
        {"every": "fortnight"},
        "every",
        (
            "every: 'fortnight' is not possible; expected 'day', 'week', 'month', 'quarter', "
            "'half_year' or 'year'"
        ),
    ),
    (
        {"by": "region"},
        "leads",
        "leads: expected a frame with the column 'region', since 'by' asks for it",
    ),
]


@pytest.mark.parametrize(("arguments", "field", "message"), REFUSED)
def test_what_is_refused(arguments: dict[str, Any], field: str, message: str) -> None:
    asked = {"measures": WORDS, "at": AT, "period": "2026-03", **arguments}
    with pytest.raises(EvaluationError) as caught:
        flow(polars(ENTRIES), **asked)
    assert (str(caught.value), caught.value.field) == (message, field)


def test_dimensions_that_are_not_there() -> None:
    found = flow(polars(ENTRIES), measures=WORDS, at=AT, period="2026-03")
    with pytest.raises(EvaluationError) as caught:
        found.rolled_up("region")
    assert str(caught.value) == "by: no dimension 'region'"


def test_a_picture_of_the_flow() -> None:
    pytest.importorskip("altair")
    found = flow(polars(ENTRIES), measures=WORDS, at=MAY, period="2026-04-01 to 2026-05-31")
    rows = found.plot().to_dict()["data"]["values"]
    assert rows[3:6] == [
        {"stage": "inquiry", "period": "2026-05 (runs)", "kind": kind, "count": count}
        for kind, count in (("came", 0), ("left", -1), ("there at the end", 1))
    ]


@pytest.mark.parametrize("kind", FRAMES)
def test_ages_of_those_who_are_there(kind: str) -> None:
    entries = made(kind, ENTRIES, COLUMNS)
    found = ages(entries, measures=WORDS, at=AT, bins=(30, 90))
    assert [(x.stage, x.count, x.median, x.p90, x.oldest, x.bins) for x in found] == [
        ("inquiry", 1, 72.0, 72.0, 72.0, (0, 1, 0)),
        ("mql", 1, 108.0, 108.0, 108.0, (0, 0, 1)),
        ("sql", 1, 91.0, 91.0, 91.0, (0, 0, 1)),
    ]
    assert found.ended == 1


def test_ages_are_told() -> None:
    rows = of_entries(
        *((str(number), "mql", f"2026-06-{day:02}") for number, day in enumerate((1, 11, 24, 30))),
        ("x", "won", "2026-06-01"),
        ("y", "nurture", "2026-06-01"),
    )
    found = ages(made("polars", rows), measures=WORDS, at=AT)
    assert str(found) == (
        "ages of 5 leads in open stages at 2026-07-01 00:00\n"
        "  stage    leads  median (days)  90th percentile (days)  oldest (days)  0-7 days  "
        "7-30 days  30-90 days  90-180 days  180- days\n"
        "  mql          4           13.5                    27.0           30.0         1  "
        "        2           1            0          0\n"
        "  nurture      1           30.0                    30.0           30.0         0  "
        "        0           1            0          0\n"
        "  they are still there: how long each will have stayed is not known yet\n"
        "  1 lead in stages that end the way are left out"
    )
    assert found["mql"].count == 4
    with pytest.raises(KeyError):
        found["won"]
    assert found.to_frame()["days_180-"].to_list() == [0, 0]


def test_ages_by_groups_have_their_own_medians() -> None:
    entries, leads = made_together("pandas", (ENTRIES, COLUMNS), (LEADS, ()))
    found = ages(entries, measures=WORDS, at=AT, leads=leads, by="region")
    assert [row[:4] for row in found.rows()] == [
        ("north", "inquiry", 1, 72.0),
        ("north", "mql", 1, 108.0),
        (None, "sql", 1, 91.0),
    ]
    assert [age.stage for age in found] == ["inquiry", "mql", "sql"]


@pytest.mark.parametrize(
    ("bins", "told"),
    [((7, 7), "7, 7"), ((0, 7), "0, 7"), ((-1,), "-1"), (("7",), "7"), ((float("nan"),), "nan")],
)
def test_bins_ascend(bins: Any, told: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        ages(polars(ENTRIES), measures=WORDS, at=AT, bins=bins)
    assert str(caught.value) == (
        f"bins: '{told}' is not possible; expected ascending numbers of days above 0"
    )


def test_a_picture_of_ages() -> None:
    pytest.importorskip("altair")
    rows = ages(polars(ENTRIES), measures=WORDS, at=AT).plot().to_dict()["data"]["values"]
    assert rows[2] == {"stage": "inquiry: median 72.0 days", "days": "30-90", "count": 1}


def zoned(zone: str | None) -> Measures:
    return WORDS.model_copy(update={"zone": zone})


zones = st.sampled_from((None, BERLIN, NEW_YORK)).map(zoned)
units = st.sampled_from(("day", "week", "month", "quarter"))
moments = st.sampled_from(
    (AT, datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 4, 30, 23, 59, tzinfo=UTC))
)


@given(processes(), zones, units, moments)
def test_inflow_minus_outflow_is_the_change_of_the_balance(
    rows: list[dict[str, Any]], words: Measures, every: Any, at: datetime
) -> None:
    """Law: balances are those who are there, and change by who came less who left."""
    found = flow(
        polars(rows), measures=words, at=at, period="2026-02-15 to 2026-04-15", every=every
    )

    def there(stage: str, moment: datetime) -> int:
        """Return how many were in a stage just before a moment."""
        moment = min(moment, at + timedelta(microseconds=1))
        return sum(
            row["stage"] == stage
            and row["entered"] < moment
            and (row["left"] is None or row["left"] >= moment)
            for row in rows
        )

    for step in found:
        assert step.start == there(step.stage, step.period.start)
        assert step.end == there(step.stage, step.period.end)
        assert step.end - step.start == step.inflow - step.outflow == step.change
    for stage in {step.stage for step in found}:
        steps = found[stage]
        for one, two in pairwise(steps):
            assert (one.end, one.period.end) == (two.start, two.period.start)


@given(processes(ties=False), zones, moments)
def test_a_table_without_left_gives_the_same(
    rows: list[dict[str, Any]], words: Measures, at: datetime
) -> None:
    """Law: where each lead does one thing at a time, `left` is its next entry."""
    asked: dict[str, Any] = {"measures": words, "at": at, "period": "2026-02-01 to 2026-05-31"}
    assert flow(polars(rows), **asked) == flow(polars(rows, left=False), **asked)
    asked.pop("period")
    assert ages(polars(rows), **asked) == ages(polars(rows, left=False), **asked)


@given(st.data(), processes(), zones)
def test_groups_add_up(data: st.DataObject, rows: list[dict[str, Any]], words: Measures) -> None:
    """Law: the flows of groups add up to that of all; so do the bins of their ages."""
    leads = pl.DataFrame(
        data.draw(regions(rows)), {"lead_id": pl.String, "region": pl.String, "owner": pl.String}
    )
    by: dict[str, Any] = {"leads": leads, "by": ("region", "owner")}
    asked: dict[str, Any] = {"measures": words, "at": AT}
    found = flow(polars(rows), period="2026-03", **asked, **by)
    plain = flow(polars(rows), period="2026-03", **asked)
    known = {step.stage for step in found}
    assert {x.stage: x for x in found.rolled_up(())} == {
        x.stage: x for x in plain if x.stage in known
    }
    assert not any(x.start or x.inflow for x in plain if x.stage not in known)
    aged = ages(polars(rows), **asked, **by)
    for age in aged:
        parts = [part for part in aged.parts if part.stage == age.stage]
        assert sum(part.count for part in parts) == age.count == sum(age.bins)
        assert [sum(found) for found in zip(*(x.bins for x in parts), strict=True)] == [*age.bins]
        assert max(part.oldest for part in parts) == age.oldest


@given(processes(), moments)
def test_those_who_have_an_age_are_the_balance(rows: list[dict[str, Any]], at: datetime) -> None:
    """Law: as many have an age in a stage as the flow has there at the moment."""
    day = Period(datetime(2026, 1, 1, tzinfo=UTC), at + timedelta(microseconds=1))
    balance = {
        step.stage: step.end
        for step in flow(polars(rows), measures=WORDS, at=at, period=day, every="year")
    }
    found = ages(polars(rows), measures=WORDS, at=at)
    ended = sum(balance.get(stage, 0) for stage in ("won", "lost", "junk"))
    assert found.ended == ended
    assert sum(age.count for age in found) == sum(balance.values()) - ended
    assert all(balance[age.stage] == age.count for age in found)
