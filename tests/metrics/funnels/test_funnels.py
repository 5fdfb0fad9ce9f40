"""The funnel: steps of one cohort, or of a period; groups that add up to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from leadrules.metrics import Funnel, Measures, conversion, funnel
from tests.metrics.tables import (
    AT,
    FRAMES,
    PATH,
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

# Four leads: one goes all the way, one skips mql and wins before its proposal, one comes back to
# inquiry, one begins at sql.
ENTRIES = of_entries(
    ("a", "inquiry", "2026-03-01"),
    ("a", "mql", "2026-03-02"),
    ("a", "sql", "2026-03-05"),
    ("a", "proposal", "2026-03-10"),
    ("a", "won", "2026-04-20"),
    ("b", "inquiry", "2026-03-03"),
    ("b", "sql", "2026-03-20"),
    ("b", "won", "2026-03-25"),
    ("b", "proposal", "2026-03-28"),
    ("c", "inquiry", "2026-03-04"),
    ("c", "mql", "2026-03-06"),
    ("c", "nurture", "2026-03-07"),
    ("c", "inquiry", "2026-06-20"),
    ("d", "sql", "2026-03-09"),
    ("e", "inquiry", "2026-07-02"),
)
LEADS = of_leads(a="north", b="north", c="south", d=None)


def counts(found: Funnel) -> list[int]:
    return [step.count for step in found]


def polars(rows: Any) -> pl.DataFrame:
    frame: pl.DataFrame = made("polars", rows, ("lead_id", "stage", "entered"))
    return frame


@pytest.mark.parametrize("kind", FRAMES)
def test_a_funnel_of_four_leads(kind: str) -> None:
    entries, leads = made_together(kind, (ENTRIES, ()), (LEADS, ()))
    found = funnel(entries, measures=WORDS, at=AT, leads=leads, by="region")
    assert [(x.stage, x.word, x.count, x.imputed, x.early, x.again) for x in found] == [
        ("inquiry", "suspect", 4, 1, 0, 1),
        ("mql", "prospect", 4, 2, 0, 0),
        ("sql", "sales_ready", 3, 0, 0, 0),
        ("proposal", "quote", 2, 0, 0, 0),
        ("won", "close", 2, 0, 1, 0),
    ]
    assert [(part.group["region"], counts(part)) for part in found.groups] == [
        ("north", [2, 2, 2, 2, 2]),
        ("south", [1, 1, 0, 0, 0]),
        (None, [1, 1, 1, 0, 0]),
    ]


@pytest.mark.spark
def test_a_funnel_of_four_leads_in_spark() -> None:
    entries, leads = made_together("spark", (ENTRIES, ()), (LEADS, ()))
    found = funnel(
        entries, measures=WORDS, at=AT, leads=leads, by="region", stages=("inquiry", "won")
    )
    assert [(x.count, x.imputed) for x in found] == [(4, 1), (2, 0)]
    assert [(part.group["region"], counts(part)) for part in found.groups] == [
        ("north", [2, 2]),
        ("south", [1, 0]),
        (None, [1, 0]),
    ]


@pytest.mark.parametrize(
    ("reentry", "expected"),
    [("first", [4, 4, 3, 2, 2]), ("last", [4, 3, 3, 2, 2]), ("every", [5, 4, 3, 2, 2])],
)
def test_the_entry_that_counts(reentry: str, expected: list[int]) -> None:
    words = WORDS.model_copy(update={"reentry": reentry})
    found = funnel(polars(ENTRIES), measures=words, at=AT)
    assert counts(found) == expected
    assert found.steps[0].again == 1
    assert found.unit == ("entry" if reentry == "every" else "lead")


def test_a_window_runs_from_the_first_step() -> None:
    found = funnel(
        polars(ENTRIES), measures=WORDS, at=datetime(2026, 4, 1, tzinfo=UTC), window=30 * DAYS
    )
    assert counts(found) == [4, 4, 3, 2, 1]
    assert found.notes[-1] == "2 of 4 have not had 30 days yet and are not in 'won': censored"
    won = found.step("close")
    assert won.overall is not None
    assert (won.overall.numerator, won.overall.denominator, won.overall.censored) == (1, 4, 2)
    # Of both that have a proposal, one won; the other had its 30 days.
    assert won.ratio is not None
    assert (won.ratio.numerator, won.ratio.denominator, won.ratio.censored) == (1, 2, 0)
    assert won.ratio.name == "proposal_to_won_of_inquiry"
    assert str(found.step("mql").overall) == (
        "4 of 4 leads (100.0 %, 95 % CI 51.0 to 100.0), cohort 2026-03-01 to 2026-03-09, "
        "within 30 days, first entry, 0 censored"
    )


def test_who_skipped_a_step_is_no_part_of_its_share() -> None:
    words = WORDS.model_copy(update={"skipped": "missing"})
    found = funnel(polars(ENTRIES), measures=words, at=AT)
    assert counts(found) == [3, 2, 2, 2, 2]
    sql = found.step("sales_ready")
    assert sql.ratio is not None
    assert (sql.ratio.numerator, sql.ratio.denominator, sql.apart) == (1, 2, 1)


def test_it_tells_what_one_must_know() -> None:
    assert str(funnel(polars(ENTRIES), measures=WORDS, at=AT, stages=("mql", "close"))) == (
        "funnel of 4 leads that came to 'mql': cohort 2026-03-02 to 2026-03-20, first entry\n"
        "  stage  word      leads  of the step before (%)  of the first (%)  low (%)  high (%)  "
        "imputed  early  again  censored\n"
        "  mql    prospect      4                       -                 -        -         -  "
        "      2      0      0         0\n"
        "  won    close         2                    50.0              50.0     15.0      85.0  "
        "      0      0      0         0\n"
        "  2 of 4 in 'mql' are imputed: they skipped it, and came to a later stage\n"
        "  without a window, each had up to 2026-07-01 00:00; those who came late had less time"
    )
    missing = WORDS.model_copy(update={"skipped": "missing"})
    notes = funnel(polars(ENTRIES), measures=missing, at=AT).notes
    assert notes == (
        "1 of 3 came to 'inquiry' again: the first entry counts",
        "1 of 2 in 'sql' are not in 'mql', and no part of its share",
        "1 of 2 came to 'won' before 'proposal'",
        "without a window, each had up to 2026-07-01 00:00; those who came late had less time",
    )
    every = WORDS.model_copy(update={"reentry": "every"})
    assert "1 of 5 came to 'inquiry' again: each entry counts" in (
        funnel(polars(ENTRIES), measures=every, at=AT).notes
    )


def test_the_period_form_has_no_parts_of_wholes() -> None:
    found = funnel(polars(ENTRIES), measures=WORDS, at=AT, period="2026-04", basis="period")
    assert found.title == (
        "funnel of those who came to each step: period 2026-04-01 to 2026-04-30, first entry"
    )
    assert found.notes == (
        "each step counts others: a share is no part of a whole, and may be above 100 %",
    )
    assert counts(found) == [0, 0, 0, 0, 1]
    won = found.step("won").ratio
    assert won is not None
    assert (won.name, won.basis, won.is_subset, won.value) == (
        "proposal_to_won",
        "period",
        False,
        None,
    )
    march = funnel(polars(ENTRIES), measures=WORDS, at=AT, period="2026-03", basis="period")
    assert counts(march) == [4, 4, 3, 2, 1]
    assert [str(ratio) for ratio in march.ratios][-1] == (
        "1 of 2 leads (50.0 %, no part of the whole), period 2026-03-01 to 2026-03-31, "
        "first entry, 0 censored"
    )


def test_the_period_form_by_groups() -> None:
    entries, leads = made_together("polars", (ENTRIES, ()), (LEADS, ()))
    found = funnel(
        entries, measures=WORDS, at=AT, basis="period", leads=leads, by="region", stages=PATH[2:]
    )
    assert [(part.group["region"], counts(part)) for part in found.groups] == [
        ("north", [2, 2, 2]),
        (None, [1, 0, 0]),
    ]
    assert counts(found) == [3, 2, 2]


def test_a_funnel_of_nobody() -> None:
    found = funnel(polars(ENTRIES), measures=WORDS, at=AT, period="2020")
    assert counts(found) == [0] * 5
    assert [ratio.value for ratio in found.ratios] == [None] * 4
    assert funnel(polars(ENTRIES[:0]), measures=WORDS, at=AT).title == (
        "funnel of 0 leads that came to 'inquiry': cohort, first entry"
    )


def test_groups_are_found_and_rolled_up() -> None:
    leads: list[dict[str, Any]] = [
        {"lead_id": "a", "region": "north", "owner": "anna"},
        {"lead_id": "b", "region": "north", "owner": "bert"},
        {"lead_id": "c", "region": "south", "owner": "carl"},
        {"lead_id": "d", "region": None, "owner": None},
    ]
    by = ("region", "owner")
    found = funnel(polars(ENTRIES), measures=WORDS, at=AT, leads=made("polars", leads), by=by)
    assert counts(found["north", "bert"]) == [1, 1, 1, 1, 1]
    with pytest.raises(KeyError):
        found["north", "carl"]
    rolled = found.rolled_up("region")
    direct = funnel(
        polars(ENTRIES), measures=WORDS, at=AT, leads=made("polars", leads), by="region"
    )
    assert rolled == direct
    assert rolled["north"].steps == direct["north"].steps
    assert found.rolled_up(()) == funnel(polars(ENTRIES), measures=WORDS, at=AT)


def test_as_a_frame_and_as_data() -> None:
    found = funnel(polars(ENTRIES), measures=WORDS, at=AT, stages=("sql", "won"))
    frame = found.to_frame()
    assert frame.columns == [
        "stage",
        "word",
        "count",
        "of_before",
        "of_first",
        "low",
        "high",
        "imputed",
        "early",
        "again",
        "censored",
    ]
    assert frame["count"].to_list() == [3, 2]
    assert frame["of_first"].to_list() == [None, 2 / 3]
    assert found.to_dict()["rows"][1]["of_before"] == 2 / 3


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("by", [None, "region"])
def test_a_picture_shows_each_step(theme: Any, by: str | None) -> None:
    pytest.importorskip("altair")
    leads = None if by is None else made("polars", LEADS)
    found = funnel(polars(ENTRIES), measures=WORDS, at=AT, leads=leads, by=by)
    chart = found.plot(theme=theme).to_dict()
    rows = chart["data"]["values"]
    assert [(x["group"], x["step"], x["text"]) for x in rows][3:5] == [
        ("" if by is None else "north", "proposal (quote)", rows[3]["text"]),
        ("" if by is None else "north", "won (close)", rows[4]["text"]),
    ]
    assert rows[4]["text"] == (
        "2  ·  100.0 % of before  ·  50.0 % of first"
        if by is None
        else "2  ·  100.0 % of before  ·  100.0 % of first"
    )
    assert len(rows) == (5 if by is None else 15)


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    (
        {"basis": "snapshot"},
        "basis",
        "basis: 'snapshot' is not possible; expected 'cohort' or 'period'",
    ),
    (
        {"basis": "period", "window": DAYS},
        "window",
        "window: nobody is followed on the basis of a period; expected none",
    ),
    (
        {"stages": ["mql"]},
        "stages",
        "stages: 1 of at least 2 steps; name them, or the 'path' of the measures",
    ),
    (
        {"measures": Measures()},
        "stages",
        "stages: 0 of at least 2 steps; name them, or the 'path' of the measures",
    ),
    (
        {"stages": ["mql", "propsal"]},
        "stages",
        "stages: no step or stage 'propsal'; did you mean 'proposal'?",
    ),
    (
        {"stages": ["mql", "won", "sql"]},
        "stages",
        "stages: 'sql' comes before it on the path; expected one that comes after 'won'",
    ),
    (
        {"stages": ["mql", "prospect"]},
        "stages",
        "stages: 'prospect' is the same stage; expected one that comes after 'mql'",
    ),
    (
        {"by": "region"},
        "leads",
        "leads: expected a frame with the column 'region', since 'by' asks for it",
    ),
    (
        {"at": AT.replace(tzinfo=None)},
        "at",
        "at: '2026-07-01T00:00:00' has no time zone; expected an aware datetime",
    ),
]


@pytest.mark.parametrize(("arguments", "field", "message"), REFUSED)
def test_what_is_refused(arguments: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        funnel(polars(ENTRIES), **{"measures": WORDS, "at": AT, **arguments})
    assert (str(caught.value), caught.value.field) == (message, field)


def test_steps_and_dimensions_that_are_not_there() -> None:
    found = funnel(polars(ENTRIES), measures=WORDS, at=AT)
    with pytest.raises(EvaluationError) as caught:
        found.step("proposals")
    assert str(caught.value) == "step: no step 'proposals'; did you mean 'proposal'?"
    with pytest.raises(EvaluationError) as caught:
        found.rolled_up("region")
    assert str(caught.value) == "by: no dimension 'region'"


def test_what_is_known_of_the_won_alone_is_refused() -> None:
    ids = [f"l{number}" for number in range(40)]
    rows = of_entries(
        *((lead, "inquiry", "2026-03-01") for lead in ids),
        *((lead, "won", "2026-03-02") for lead in ids[:4]),
    )
    leads = [{"lead_id": lead, "size": "big" if lead in ids[:4] else None} for lead in ids]
    with pytest.raises(EvaluationError) as caught:
        funnel(polars(rows), measures=WORDS, at=AT, leads=made("polars", leads), by="size")
    assert str(caught.value).startswith(
        "by: 'size' is known for 4 of the 4 leads that came to 'mql'"
    )


SHORT = ("inquiry", "sql", "won")
windows = st.sampled_from((None, DAYS, 30 * DAYS, 60 * DAYS))
periods = st.sampled_from((None, "2026-03", "2026-Q1", "2026-02-01 to 2026-03-29"))


@given(st.data(), processes(), measures(), windows, periods)
def test_each_step_is_a_conversion(
    data: st.DataObject,
    rows: list[dict[str, Any]],
    words: Measures,
    window: timedelta | None,
    period: str | None,
) -> None:
    """Law: the share of the first step is the conversion to the step, with its groups."""
    entries, leads = polars(rows), pl.DataFrame(data.draw(regions(rows)))
    at = data.draw(st.sampled_from((AT, datetime(2026, 4, 15, tzinfo=UTC))))
    asked: dict[str, Any] = {"measures": words, "at": at, "period": period, "window": window}
    by: dict[str, Any] = {"leads": leads.cast({"region": pl.String}), "by": "region"}
    found = funnel(entries, stages=SHORT, **asked, **by)
    for step in found.steps[1:]:
        expected = conversion(entries, of="inquiry", to=step.stage, **asked, **by)
        assert step.overall == expected.total
        assert tuple(part.step(step.stage).overall for part in found.groups) == expected.parts


@given(processes(), measures(), windows)
def test_a_funnel_only_narrows(
    rows: list[dict[str, Any]], words: Measures, window: timedelta | None
) -> None:
    """Law: no step's share is above 1; imputed and without a window, no step has more."""
    found = funnel(polars(rows), measures=words, at=AT, window=window, stages=PATH[::2])
    assert all(step.apart >= 0 and step.imputed <= step.count for step in found)
    if words.skipped == "imputed" and window is None:
        assert counts(found) == sorted(counts(found), reverse=True)
        assert not any(step.apart for step in found)


@given(st.data(), processes(), measures(), st.sampled_from(("cohort", "period")))
def test_groups_add_up(
    data: st.DataObject, rows: list[dict[str, Any]], words: Measures, basis: Any
) -> None:
    """Law: the groups of a funnel share nobody, and their counts add up to those of all."""
    entries, leads = polars(rows), pl.DataFrame(data.draw(regions(rows)))
    schema = {"region": pl.String, "owner": pl.String}
    by: dict[str, Any] = {"leads": leads.cast(schema), "by": ("region", "owner")}  # type: ignore[arg-type]
    asked: dict[str, Any] = {"measures": words, "at": AT, "basis": basis, "stages": SHORT}
    found, plain = funnel(entries, **asked, **by), funnel(entries, **asked)
    assert found.steps == plain.steps
    for place, step in enumerate(found):
        for name in ("count", "imputed", "early", "again"):
            parts = (getattr(part.steps[place], name) for part in found.groups)
            assert sum(parts) == getattr(step, name)
    assert found.rolled_up("region") == funnel(entries, **asked, **by | {"by": "region"})


@given(processes(), measures(), periods)
def test_the_period_form_counts_each_steps_own_cohort(
    rows: list[dict[str, Any]], words: Measures, period: str | None
) -> None:
    """Law: a step of the period form has as many as a conversion from it has below the line."""
    entries = polars(rows)
    asked: dict[str, Any] = {"measures": words, "at": AT, "period": period}
    found = funnel(entries, stages=SHORT, basis="period", **asked)
    for step in found.steps[:-1]:
        own = conversion(entries, of=step.stage, to="won", **asked)
        assert own.denominator == step.count


@given(processes(), measures(), windows)
def test_what_comes_later_is_not_known_yet(
    rows: list[dict[str, Any]], words: Measures, window: timedelta | None
) -> None:
    """Law: entries after the moment change nothing, nor does the order of the rows."""
    at = datetime(2026, 3, 29, 1, tzinfo=UTC)
    known = [row for row in rows if row["entered"] <= at]
    asked: dict[str, Any] = {"measures": words, "at": at, "window": window, "stages": SHORT}
    assert funnel(polars(rows), **asked) == funnel(polars(known[::-1]), **asked)
