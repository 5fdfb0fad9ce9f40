"""The triangle of cohorts: what is known of each, what is not yet, and what never can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from leadrules.metrics import Cohorts, Measures, cohorts, conversion
from tests.metrics.tables import (
    AT,
    BERLIN,
    FRAMES,
    NEW_YORK,
    WORDS,
    made,
    made_together,
    measures,
    of_entries,
    of_leads,
    processes,
    regions,
)

DAYS = timedelta(days=1)

# Two of January, one of which wins on the 30th day; nobody of February; two of March, one of
# which wins on the 31st; one of April, too young.
ENTRIES = of_entries(
    ("a", "mql", "2026-01-10"),
    ("a", "won", "2026-02-09"),
    ("b", "mql", "2026-01-31"),
    ("c", "mql", "2026-03-01"),
    ("c", "won", "2026-04-01 00:01"),
    ("d", "mql", "2026-03-31"),
    ("e", "mql", "2026-04-02"),
)
LEADS = of_leads(a="north", b="south", c="north", d="north")
MID_MAY = datetime(2026, 5, 15, tzinfo=UTC)
ASKED: dict[str, Any] = {"of": "mql", "to": "won", "measures": WORDS, "at": MID_MAY}


def polars(rows: Any) -> pl.DataFrame:
    frame: pl.DataFrame = made("polars", rows, ("lead_id", "stage", "entered"))
    return frame


def triangle(found: Cohorts) -> list[tuple[Any, ...]]:
    return [
        (
            cohort.period.label,
            cohort.size,
            [ratio.numerator for ratio in cohort.ratios],
            [cohort.is_mature(number) for number in range(1, len(cohort.ratios) + 1)],
        )
        for cohort in found
    ]


@pytest.mark.parametrize("kind", FRAMES)
def test_the_triangle_of_five_leads(kind: str) -> None:
    found = cohorts(made(kind, ENTRIES), **ASKED, steps=3)
    assert triangle(found) == [
        ("2026-01", 2, [1, 1, 1], [True, True, True]),
        ("2026-02", 0, [0, 0, 0], [True, True, False]),
        ("2026-03", 2, [0, 1, 1], [True, False, False]),
        ("2026-04", 1, [0, 0], [True, False]),
    ]
    march = found["2026-03"]
    assert str(march.ratios[1]) == (
        "1 of 2 leads (50.0 %, 95 % CI 9.5 to 90.5), cohort 2026-03-01 to 2026-03-31, "
        "within 60 days, first entry, 1 censored"
    )
    assert march.mature == march.ratios[0]
    with pytest.raises(KeyError):
        found["2026-05"]


def test_it_tells_what_one_must_know() -> None:
    found = cohorts(polars(ENTRIES), **ASKED, steps=3, since=datetime(2026, 2, 1, tzinfo=UTC))
    assert str(found) == (
        "cohorts of leads by the month of 'mql': share that came to 'won' within so long, "
        "first entry\n"
        "  cohort     leads  30 days (%)  60 days (%)  90 days (%)\n"
        "  2026-01 <      2         50.0         50.0         50.0\n"
        "  2026-02        0            -            -            -\n"
        "  2026-03        2          0.0        50.0*        50.0*\n"
        "  2026-04        1          0.0         0.0*\n"
        "  * not everybody had so long by 2026-05-15 00:00: the share can only grow\n"
        "  < began before 2026-02-01, from when 'won' can be seen: shares of 1 cohort are too low"
    )
    assert [cohort.truncated for cohort in found] == [True, False, False, False]


def test_it_is_mature_when_everybody_has_had_the_time() -> None:
    # The one lead came within a day, so that the share cannot change; but it had no 30 days.
    rows = of_entries(("a", "mql", "2026-04-29"), ("a", "won", "2026-04-30"))
    (april,) = cohorts(polars(rows), **ASKED)
    assert (april.ratios[0].numerator, april.ratios[0].censored) == (1, 0)
    assert not april.is_mature(1)


def test_a_cohort_that_still_runs_is_not_mature() -> None:
    at = datetime(2026, 1, 25, tzinfo=UTC)
    found = cohorts(polars(ENTRIES), **{**ASKED, "at": at}, step=7 * DAYS)
    assert triangle(found) == [("2026-01", 1, [0] * 4, [False] * 4)]
    assert found["2026-01"].mature is None
    assert found.notes == (
        "* not everybody had so long by 2026-01-25 00:00: the share can only grow",
        "2026-01 still runs: others may join it",
    )


@pytest.mark.parametrize(
    ("reentry", "counts"), [("first", "the first entry"), ("every", "each entry")]
)
def test_who_came_back_is_told(reentry: str, counts: str) -> None:
    words = WORDS.model_copy(update={"reentry": reentry})
    rows = [*ENTRIES, *of_entries(("b", "mql", "2026-03-05"))]
    found = cohorts(polars(rows), **{**ASKED, "measures": words})
    assert found.notes[-1] == f"1 lead came to 'mql' again: {counts} counts"


def test_steps_that_have_not_begun_are_not_there() -> None:
    found = cohorts(polars(ENTRIES), **ASKED, period="2026-03")
    # 75 days since the first of March: the third step has begun.
    assert found.windows == (30 * DAYS, 60 * DAYS, 90 * DAYS)
    assert [cohort.period.label for cohort in found] == ["2026-03"]
    assert not found["2026-03"].is_mature(4)
    year = cohorts(polars(ENTRIES), **ASKED, period="2026")
    assert [len(cohort.ratios) for cohort in year] == [5, 4, 3, 2, 1]


def test_cohorts_of_weeks_and_groups() -> None:
    entries, leads = made_together("duckdb", (ENTRIES, ()), (LEADS, ()))
    found = cohorts(
        entries, **ASKED, every="quarter", step=45 * DAYS, steps=1, leads=leads, by="region"
    )
    assert [
        (cohort.group["region"], cohort.period.label, cohort.size, cohort.ratios[0].numerator)
        for cohort in found
    ] == [
        ("north", "2026-Q1", 3, 2),
        ("south", "2026-Q1", 1, 0),
        (None, "2026-Q2", 1, 0),
    ]
    assert found["north", "2026-Q1"].size == 3
    assert found.sheet().rows[2] == ["-", "2026-Q2", "1", "0.0*"]


def test_months_are_those_of_the_zone() -> None:
    rows = of_entries(("a", "mql", "2026-03-31 22:30"))
    for zone, month in ((BERLIN, "2026-04"), (NEW_YORK, "2026-03")):
        words = WORDS.model_copy(update={"zone": zone})
        found = cohorts(polars(rows), **{**ASKED, "measures": words})
        assert [cohort.period.label for cohort in found] == [month]


def test_cohorts_of_nobody() -> None:
    found = cohorts(polars(ENTRIES[:0]), **ASKED)
    assert (len(found), found.windows, found.notes) == (0, (), ())


def test_as_a_frame() -> None:
    frame = cohorts(polars(ENTRIES), **ASKED, steps=2, period="2026-03").to_frame()
    assert frame.rows(named=True)[1] == {
        "cohort": "2026-03",
        "size": 2,
        "within": 60.0,
        "count": 1,
        "share": 0.5,
        "low": pytest.approx(0.0945, abs=1e-4),
        "high": pytest.approx(0.9055, abs=1e-4),
        "censored": 1,
        "mature": False,
        "truncated": False,
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture_says_what_is_not_mature(theme: Any) -> None:
    pytest.importorskip("altair")
    found = cohorts(polars(ENTRIES), **ASKED, steps=2, since=datetime(2026, 2, 1, tzinfo=UTC))
    rows = found.plot(theme=theme).to_dict()["data"]["values"]
    assert [(x["cohort"], x["within"], x["text"]) for x in rows] == [
        ("2026-01 <  (2)", "30 days", "50.0"),
        ("2026-01 <  (2)", "60 days", "50.0"),
        ("2026-03  (2)", "30 days", "0.0"),
        ("2026-03  (2)", "60 days", "50.0*"),
        ("2026-04  (1)", "30 days", "0.0"),
        ("2026-04  (1)", "60 days", "0.0*"),
    ]
    assert [x["known"].startswith("everybody") for x in rows] == [
        True,
        True,
        True,
        False,
        True,
        False,
    ]


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"steps": 0}, "steps", "steps: '0' is not possible; expected 1 to 120"),
    (
        {"step": timedelta()},
        "step",
        "step: '0:00:00' is not possible; expected a timedelta above zero",
    ),
    ({"step": None}, "step", "step: 'None' is not possible; expected a timedelta above zero"),
    (
        {"to": "inquiry"},
        "to",
        "to: 'inquiry' comes before it on the path; expected one that comes after 'mql'",
    ),
]


@pytest.mark.parametrize(("arguments", "field", "message"), REFUSED)
def test_what_is_refused(arguments: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        cohorts(polars(ENTRIES), **{**ASKED, **arguments})
    assert (str(caught.value), caught.value.field) == (message, field)


def test_what_is_known_of_the_won_alone_is_refused() -> None:
    ids = [f"l{number}" for number in range(40)]
    rows = of_entries(
        *((lead, "mql", "2026-03-01") for lead in ids),
        *((lead, "won", "2026-05-02") for lead in ids[:4]),
    )
    leads = [{"lead_id": lead, "size": "big" if lead in ids[:4] else None} for lead in ids]
    with pytest.raises(EvaluationError) as caught:
        cohorts(polars(rows), **ASKED, leads=made("polars", leads), by="size", steps=1)
    assert str(caught.value) == (
        "by: 'size' is known for 4 of the 4 leads that came to 'won', and for none of the other "
        "36; a rate by it would be 100 %; expected a column that is known whatever became of them"
    )


moments = st.sampled_from((AT, datetime(2026, 3, 29, 1, tzinfo=UTC), MID_MAY))
lengths = st.sampled_from((timedelta(hours=1), 7 * DAYS, 30 * DAYS))


@given(st.data(), processes(), measures(), moments, lengths)
def test_each_cell_is_a_conversion(
    data: st.DataObject,
    rows: list[dict[str, Any]],
    words: Measures,
    at: datetime,
    step: timedelta,
) -> None:
    """Law: a cell is the conversion of its cohort with its window; the last mature one, too."""
    asked: dict[str, Any] = {"of": "inquiry", "to": "sql", "measures": words, "at": at}
    found = cohorts(polars(rows), step=step, steps=3, **asked)
    cells = [(x, number) for x in found for number in range(1, len(x.ratios) + 1) if x.size]
    for cohort, number in data.draw(st.lists(st.sampled_from(cells), max_size=3)) if cells else ():
        expected = conversion(polars(rows), period=cohort.period, window=step * number, **asked)
        assert cohort.ratios[number - 1] == expected
        if cohort.is_mature(number):
            assert not expected.censored


@given(processes(), measures(), moments, lengths)
def test_a_rate_never_falls_as_its_window_grows(
    rows: list[dict[str, Any]], words: Measures, at: datetime, step: timedelta
) -> None:
    """Law: in each cohort, counts rise with the window, and what is mature was so before."""
    found = cohorts(polars(rows), of="inquiry", to="won", measures=words, at=at, step=step, steps=4)
    for _, size, counts, mature in triangle(found):
        assert counts == sorted(counts)
        assert not counts or counts[-1] <= size
        assert mature == sorted(mature, reverse=True)


@given(processes(), measures(), moments)
def test_what_is_mature_does_not_change(
    rows: list[dict[str, Any]], words: Measures, at: datetime
) -> None:
    """Law: a mature share is the same at any later moment, if the first entry counts."""
    words = words.model_copy(update={"reentry": "first", "skipped": "missing"})
    asked: dict[str, Any] = {"of": "inquiry", "to": "won", "measures": words, "steps": 3}
    now = cohorts(polars(rows), at=at, **asked)
    later = cohorts(polars(rows), at=at + 100 * DAYS, **asked)
    for cohort in now:
        for number, ratio in enumerate(cohort.ratios, start=1):
            if cohort.is_mature(number):
                assert later[cohort.period.label].ratios[number - 1] == ratio


@given(st.data(), processes(), measures())
def test_groups_add_up(data: st.DataObject, rows: list[dict[str, Any]], words: Measures) -> None:
    """Law: the cohorts of groups add up to those of all."""
    leads = pl.DataFrame(
        data.draw(regions(rows)), {"lead_id": pl.String, "region": pl.String, "owner": pl.String}
    )
    asked: dict[str, Any] = {"of": "inquiry", "to": "won", "measures": words, "at": AT, "steps": 2}
    plain = cohorts(polars(rows), **asked)
    groups = cohorts(polars(rows), leads=leads, by="region", **asked)
    for cohort in plain:
        parts = [part for part in groups if part.period == cohort.period]
        assert sum(part.size for part in parts) == cohort.size
        for place, ratio in enumerate(cohort.ratios):
            found = [part.ratios[place] for part in parts]
            assert sum(part.numerator for part in found) == ratio.numerator
            assert sum(part.censored for part in found) == ratio.censored
