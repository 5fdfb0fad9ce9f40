"""When leads came to stages: beside a plain calculation, lead by lead."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.metrics import Measures
from leadrules.metrics.reached import OF, TO, entries_table, journeys, reached
from leadrules.metrics.tables import LEAD, collected
from leadrules.values import datetime_of, instant_of
from tests.metrics.plain_journeys import Journey, journeys_of
from tests.metrics.tables import (
    AT,
    OFF,
    PATH,
    WORDS,
    Rows,
    made,
    measures,
    moment,
    of_entries,
    processes,
)

STAGES = st.sampled_from((*PATH, *OFF))
PAIRS = st.tuples(STAGES, STAGES).filter(lambda pair: pair[0] != pair[1])


def found(
    kind: str, rows: Rows, pair: tuple[str, str], words: Measures, at: datetime = AT
) -> list[Journey]:
    table = entries_table(made(kind, rows), at=instant_of(at))
    frame = collected(journeys(table, *pair, words).select(LEAD, OF, TO))
    return sorted(
        Journey(lead, datetime_of(start), None if end is None else datetime_of(end))
        for lead, start, end in frame.rows()
    )


def words(reentry: str = "first", skipped: str = "imputed") -> Measures:
    return WORDS.model_copy(update={"reentry": reentry, "skipped": skipped})


@pytest.mark.parametrize("kind", ["polars", "duckdb"])
@given(processes(most=4), PAIRS, measures(), st.data())
def test_journeys_are_those_of_a_plain_calculation(
    kind: str, rows: Rows, pair: tuple[str, str], words: Measures, data: st.DataObject
) -> None:
    """Law: by every rule, each lead has the journeys that section 10 says, in any kind of frame."""
    at = data.draw(st.sampled_from([AT, *(row["entered"] for row in rows)]))
    assert found(kind, rows, pair, words, at) == journeys_of(rows, *pair, words, at)


@given(processes(), st.booleans())
def test_what_is_reached_is_the_own_entry_or_the_next_one_of_the_path(
    rows: Rows, imputed: bool
) -> None:
    """Law: each stage is reached when first entered, or, if imputed, when first one later was."""
    table = entries_table(made("polars", rows), at=instant_of(AT))
    frame = collected(reached(table, PATH, imputed=imputed))
    names = [f"reached_{place}" for place in range(len(PATH))]
    assert frame[LEAD].to_list().count("l0") <= 1
    for row in frame.iter_rows(named=True):
        own = [
            min(
                (
                    instant_of(x["entered"])
                    for x in rows
                    if x["lead_id"] == row[LEAD] and x["stage"] == stage and x["entered"] <= AT
                ),
                default=None,
            )
            for stage in PATH
        ]
        for place, name in enumerate(names):
            later = [x for x in own[place + 1 :] if x is not None]
            expected = min(later) if own[place] is None and imputed and later else own[place]
            assert row[name] == expected


@given(processes())
def test_a_lead_that_was_in_none_of_the_stages_has_no_row(rows: Rows) -> None:
    """Law: of those who were in a stage, each has one row; nobody else has."""
    table = entries_table(made("polars", rows), at=instant_of(AT))
    frame = collected(reached(table, ("proposal",), imputed=True))
    known = (row for row in rows if row["entered"] <= AT)
    there = {row["lead_id"] for row in known if row["stage"] == "proposal"}
    assert sorted(frame[LEAD].to_list()) == sorted(there)


# By hand

BACK = of_entries(
    ("a", "mql", "2026-03-01"),
    ("a", "lost", "2026-03-05"),
    ("a", "mql", "2026-03-10"),
    ("a", "won", "2026-03-20"),
)


@pytest.mark.parametrize(
    ("reentry", "expected"),
    [
        ("first", [("2026-03-01", "2026-03-20")]),
        ("last", [("2026-03-10", "2026-03-20")]),
        ("every", [("2026-03-01", None), ("2026-03-10", "2026-03-20")]),
    ],
)
def test_which_entry_counts_is_declared(
    reentry: str, expected: list[tuple[str, str | None]]
) -> None:
    journeys = found("polars", BACK, ("mql", "won"), words(reentry))
    assert journeys == [Journey("a", moment(of), to and moment(to)) for of, to in expected]  # type: ignore[arg-type]


@pytest.mark.parametrize("reentry", ["first", "last", "every"])
def test_a_stage_that_was_skipped_is_imputed_or_missing(reentry: str) -> None:
    rows = of_entries(("a", "inquiry", "2026-03-01"), ("a", "won", "2026-03-20"))
    won = moment("2026-03-20")
    assert found("polars", rows, ("mql", "won"), words(reentry), AT) == [Journey("a", won, won)]
    assert found("polars", rows, ("mql", "won"), words(reentry, "missing"), AT) == []
    (one,) = found("polars", rows, ("inquiry", "mql"), words(reentry))
    assert one.to == won
    (one,) = found("polars", rows, ("inquiry", "mql"), words(reentry, "missing"))
    assert one.to is None


def test_by_the_first_entry_a_deal_may_be_won_before_the_first_contact() -> None:
    rows = of_entries(("a", "won", "2026-03-01"), ("a", "mql", "2026-03-03"))
    (one,) = found("polars", rows, ("mql", "won"), words())
    assert (one.of, one.to) == (moment("2026-03-03"), moment("2026-03-01"))
    (one,) = found("polars", rows, ("mql", "won"), words("last"))
    assert one.to is None


def test_what_is_entered_after_the_moment_is_not_known() -> None:
    (one,) = found("polars", BACK, ("mql", "won"), words(), moment("2026-03-19"))
    assert one.to is None
    (one,) = found("polars", BACK, ("mql", "won"), words(), moment("2026-03-20"))
    assert one.to == moment("2026-03-20")


def test_entries_at_one_moment_are_one() -> None:
    rows = of_entries(*[("a", "mql", "2026-03-01")] * 3, ("a", "won", "2026-03-01"))
    journeys = found("polars", rows, ("mql", "won"), words("every"))
    assert journeys == [Journey("a", moment("2026-03-01"), moment("2026-03-01"))]
