"""Conversion of any two stages: by hand, by its laws, on every kind of frame."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import EvaluationError
from leadrules.metrics import Measures, Period, Ratio, conversion
from tests.metrics.plain_journeys import journeys_of
from tests.metrics.tables import (
    AT,
    BERLIN,
    FRAMES,
    FRAMES_AND_SPARK,
    OFF,
    PATH,
    WORDS,
    Rows,
    made,
    made_together,
    measures,
    moment,
    of_entries,
    of_leads,
    processes,
    regions,
)

PAIRS = st.sampled_from(
    [(of, to) for place, of in enumerate(PATH) for to in (*PATH[place + 1 :], *OFF)]
)
WINDOWS = st.sampled_from((None, *(timedelta(days=days) for days in (1, 7, 30, 60, 200))))
PERIODS = st.sampled_from((None, "2026-03", "2026-03-08 to 2026-04-30", "2026"))

ENTRIES = of_entries(
    ("a", "mql", "2026-03-01"),
    ("a", "won", "2026-03-20"),
    ("b", "mql", "2026-03-02"),
    ("c", "mql", "2026-03-31 23:30"),
    ("d", "won", "2026-03-15"),
    ("e", "inquiry", "2026-03-04"),
)
LEADS = of_leads(a="north", b="north", c="south", d=None)


def from_polars(rows: Rows, **given: Any) -> Ratio:
    found: Ratio = conversion(made("polars", rows), **{"measures": WORDS, "at": AT, **given})
    return found


# By hand


@pytest.mark.parametrize("kind", FRAMES_AND_SPARK)
def test_those_who_came_in_a_period_are_followed(kind: str) -> None:
    entries, leads = made_together(kind, (ENTRIES, ()), (LEADS, ()))
    given: Any = {"of": "mql", "to": "close", "measures": WORDS, "at": AT, "period": "2026-03"}
    found = conversion(entries, **given)
    assert str(found) == (
        "2 of 4 leads (50.0 %, 95 % CI 15.0 to 85.0), cohort 2026-03-01 to 2026-03-31, "
        "first entry, 0 censored"
    )
    parts = conversion(entries, **given, leads=leads, by="region")
    assert [(part.group["region"], part.numerator, part.denominator) for part in parts] == [
        ("north", 1, 2),
        ("south", 0, 1),
        (None, 1, 1),
    ]
    assert parts.total == found


def test_the_period_is_one_of_the_zone_of_the_measures() -> None:
    berlin = WORDS.model_copy(update={"zone": BERLIN})
    found = from_polars(ENTRIES, of="mql", to="won", measures=berlin, period="2026-03")
    assert (found.numerator, found.denominator) == (2, 3)  # the last came in April there
    assert found.period == Period.of("2026-03", zone=BERLIN)
    given = Period.of("2026-03")
    found = from_polars(ENTRIES, of="mql", to="won", measures=berlin, period=given)
    assert (found.denominator, found.period) == (4, given)


def test_without_a_period_it_tells_the_days() -> None:
    berlin = WORDS.model_copy(update={"zone": BERLIN})
    found = from_polars(ENTRIES, of="mql", to="won", measures=berlin)
    assert str(found.period) == "2026-03-01 to 2026-04-01 in Europe/Berlin"
    assert found.denominator == 4


def test_those_who_have_not_had_the_window_are_censored_unless_they_are_there() -> None:
    expected = {14: (1, 0), 15: (1, 1), 19: (2, 1), 44: (2, 1), 45: (2, 2)}
    for days, counts in expected.items():
        window = timedelta(days=days)
        found = from_polars(ENTRIES, of="mql", to="won", at=moment("2026-04-15"), window=window)
        assert found.denominator == 4
        assert (found.numerator, found.censored) == counts
        assert str(found).endswith(f", first entry, {counts[1]} censored")


def test_a_window_that_ends_now_has_been_had() -> None:
    rows = of_entries(("a", "mql", "2026-03-01"))
    for at, censored in (("2026-03-31", 0), ("2026-03-30 23:59", 1)):
        found = from_polars(rows, of="mql", to="won", at=moment(at), window=timedelta(days=30))
        assert found.censored == censored


def test_every_entry_counts_by_itself_if_that_is_declared() -> None:
    rows = [*ENTRIES, *of_entries(("a", "mql", "2026-03-10"))]
    every = WORDS.model_copy(update={"reentry": "every"})
    found = from_polars(rows, of="mql", to="won", measures=every, period="2026-03")
    assert str(found) == (
        "2 of 5 entries (40.0 %, 95 % CI 11.8 to 76.9), cohort 2026-03-01 to 2026-03-31, "
        "every entry, 0 censored"
    )


def test_it_is_named_as_it_was_asked_for() -> None:
    assert from_polars(ENTRIES, of="prospect", to="close").name == "prospect_to_close"
    assert from_polars(ENTRIES, of="mql", to="lost").name == "mql_to_lost"


@pytest.mark.parametrize("kind", [*FRAMES])
def test_of_nobody_it_is_undefined(kind: str) -> None:
    entries, leads = made_together(kind, (ENTRIES, ()), (LEADS, ()))
    given: Any = {"of": "mql", "to": "won", "measures": WORDS, "at": AT, "period": "2025"}
    found = conversion(entries, **given)
    assert str(found) == (
        "0 of 0 leads (undefined), cohort 2025-01-01 to 2025-12-31, first entry, 0 censored"
    )
    parts = conversion(entries, **given, leads=leads, by=["region"])
    assert (parts.total, len(parts)) == (found, 0)


def test_of_no_entries_there_is_no_period() -> None:
    found = conversion(
        made("polars", [], ("lead_id", "stage", "entered")),
        of="mql", to="won", measures=WORDS, at=AT,
    )  # fmt: skip
    assert str(found) == "0 of 0 leads (undefined), first entry, 0 censored"


# By its laws


@given(processes(), PAIRS, measures(), PERIODS, WINDOWS)
def test_it_counts_the_journeys(
    rows: Rows, pair: tuple[str, str], words: Measures, period: str | None, window: timedelta | None
) -> None:
    """Law: it counts the journeys of leads that began in the period, as section 10 says."""
    of, to = pair
    days = Period.of(period, zone=words.in_zone) if period else None
    journeys = [
        journey
        for journey in journeys_of(rows, of, to, words, AT)
        if days is None or days.start <= journey.of < days.end
    ]
    met = [x for x in journeys if x.to and (window is None or x.to - x.of <= window)]
    young = [x for x in journeys if window and x not in met and x.of + window > AT]
    found = from_polars(rows, of=of, to=to, measures=words, period=period, window=window)
    assert (found.numerator, found.denominator) == (len(met), len(journeys))
    assert found.censored == len(young)
    if days or journeys:
        assert found.period
        assert all(found.period.start <= journey.of < found.period.end for journey in journeys)


@given(processes(most=5), PAIRS, measures(), WINDOWS, st.data())
def test_parts_add_up_to_the_total_and_to_their_regions(
    rows: Rows,
    pair: tuple[str, str],
    words: Measures,
    window: timedelta | None,
    data: st.DataObject,
) -> None:
    """Law: reps add up to the total, and rolled up they are the regions."""
    leads = made("polars", data.draw(regions(rows)), ("lead_id", "region", "owner"))
    given: Any = {"of": pair[0], "to": pair[1], "measures": words, "at": AT, "window": window}
    total = from_polars(rows, **given)
    reps = conversion(made("polars", rows), **given, leads=leads, by=["region", "owner"])
    places = conversion(made("polars", rows), **given, leads=leads, by="region")
    assert reps.total == total
    assert sum(part.numerator for part in reps) == total.numerator
    assert sum(part.denominator for part in reps) == total.denominator
    assert sum(part.censored for part in reps) == total.censored
    assert reps.rolled_up("region") == places


@given(processes(), PAIRS, measures(), st.data())
def test_the_share_never_falls_as_the_window_grows(
    rows: Rows, pair: tuple[str, str], words: Measures, data: st.DataObject
) -> None:
    """Law: with a longer window as many came there or more, of as many."""
    days = sorted(data.draw(st.lists(st.integers(1, 300), min_size=2, max_size=2)))
    given: Any = {"of": pair[0], "to": pair[1], "measures": words}
    short, long, ever = (
        from_polars(rows, **given, window=window)
        for window in (*(timedelta(days=count) for count in days), None)
    )
    assert short.denominator == long.denominator == ever.denominator
    assert short.numerator <= long.numerator <= ever.numerator


@given(processes(), PAIRS, measures(), WINDOWS, st.data())
def test_neither_the_order_of_rows_nor_repeats_matter(
    rows: Rows,
    pair: tuple[str, str],
    words: Measures,
    window: timedelta | None,
    data: st.DataObject,
) -> None:
    """Law: permuted rows, some of them again, give the same ratio."""
    again = data.draw(st.permutations([*rows, *rows[:3]]))
    given: Any = {"of": pair[0], "to": pair[1], "measures": words, "window": window}
    assert from_polars(again, **given) == from_polars(rows, **given)


@given(processes(), PAIRS, WINDOWS, st.data())
def test_what_comes_later_changes_no_cohort_before(
    rows: Rows, pair: tuple[str, str], window: timedelta | None, data: st.DataObject
) -> None:
    """Law: at an earlier moment, the rows that come later are as if they were not there."""
    at = data.draw(st.sampled_from([row["entered"] for row in rows]))
    known = [row for row in rows if row["entered"] <= at]
    given: Any = {"of": pair[0], "to": pair[1], "at": at, "window": window}
    assert from_polars(rows, **given) == from_polars(known, **given)


@pytest.mark.parametrize("kind", ["pandas", "duckdb"])
@given(processes(most=4), PAIRS, measures(), WINDOWS, st.data())
def test_every_kind_of_frame_says_the_same(  # noqa: PLR0917 - what is drawn
    kind: str,
    rows: Rows,
    pair: tuple[str, str],
    words: Measures,
    window: timedelta | None,
    data: st.DataObject,
) -> None:
    """Law: on every kind of frame, each group has the ratio that it has on polars."""
    people = (data.draw(regions(rows)), ("lead_id", "region", "owner"))
    given: Any = {"of": pair[0], "to": pair[1], "measures": words, "at": AT, "window": window}
    frames = (made_together(other, (rows, ()), people) for other in ("polars", kind))
    one, two = (conversion(entries, **given, leads=leads, by="region") for entries, leads in frames)
    assert one == two


# What is refused


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"of": "sales_redy"},
            "of: no step or stage 'sales_redy'; did you mean 'sales_ready'?",
        ),
        (
            {"to": "gone"},
            (
                "to: no step or stage 'gone'; expected one of 13, such as 'suspect', "
                "'prospect', 'sales_ready'"
            ),
        ),
        ({"to": "mql"}, "to: 'mql' is the same stage; expected one that comes after 'mql'"),
        (
            {"to": "prospect"},
            "to: 'prospect' is the same stage; expected one that comes after 'mql'",
        ),
        (
            {"to": "suspect"},
            "to: 'suspect' comes before it on the path; expected one that comes after 'mql'",
        ),
        (
            {"measures": {"funnel": {}}},
            "measures: '{...}' is not possible; expected policy.measures, or Measures(...)",
        ),
        (
            {"at": datetime(2026, 4, 1)},  # noqa: DTZ001 - that is what is refused
            "at: '2026-04-01T00:00:00' has no time zone; expected an aware datetime",
        ),
        ({"at": "now"}, "at: 'now' is not a moment; expected an aware datetime"),
        (
            {"period": "march"},
            (
                "period: 'march' is no period; expected '2026', '2026-H1', '2026-Q3', '2026-07', "
                "'2026-W31', '2026-07-31' or '2026-07-01 to 2026-08-15'"
            ),
        ),
        (
            {"window": timedelta()},
            "window: '0:00:00' is not possible; expected a timedelta above zero",
        ),
        ({"window": 30}, "window: '30' is not possible; expected a timedelta above zero"),
        (
            {"by": "region"},
            "leads: expected a frame with the column 'region', since 'by' asks for it",
        ),
        ({"by": ["region", "region"]}, "by: 'region' stands here twice"),
    ],
)
def test_a_question_that_has_no_answer_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        from_polars(ENTRIES, **{"of": "mql", "to": "won", **given})
    assert str(raised.value) == message
    assert raised.value.field == message.partition(":")[0]


def test_the_moment_may_be_of_any_zone() -> None:
    tokyo = AT.astimezone(tz=None)
    given: Any = {"of": "mql", "to": "won"}
    assert from_polars(ENTRIES, **given, at=tokyo) == from_polars(ENTRIES, **given)
    assert AT.tzinfo is UTC
