"""Periods: what texts mean, in zones whose days have no midnight, and what they are split into."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import EvaluationError
from leadrules.metrics import Period
from leadrules.metrics.periods import EVERY, Days, Every, period_of

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
SAO_PAULO = "America/Sao_Paulo"
"""On 2018-11-04 it has no midnight."""
HAVANA = "America/Havana"
"""On 2018-11-04 it has two of them."""
APIA = "Pacific/Apia"
"""It has no 2011-12-30."""
ZONES = ("UTC", BERLIN, NEW_YORK, SAO_PAULO, HAVANA, APIA, "Asia/Kathmandu")
FORMS = (
    "expected '2026', '2026-H1', '2026-Q3', '2026-07', '2026-W31', '2026-07-31' "
    "or '2026-07-01 to 2026-08-15'"
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    """Draw a period of some days or hours, often around those that a zone skips or repeats."""
    first = draw(
        st.sampled_from((date(2018, 11, 3), date(2011, 12, 29), date(2026, 3, 28)))
        | st.dates(date(1970, 1, 2), date(2098, 1, 1))
    )
    zone = draw(st.sampled_from(ZONES))
    days = draw(st.integers(1, 100))
    if draw(st.booleans()):
        return Period.of(Days(first, first + timedelta(days=days)), zone=zone)
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    start += timedelta(minutes=draw(st.integers(0, 1440)))
    return Period(start, start + timedelta(minutes=draw(st.integers(1, 200_000))), zone)


# What texts mean


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026-H1", "2026-01-01", "2026-06-30"),
        ("2026-H2", "2026-07-01", "2026-12-31"),
        ("2026-Q1", "2026-01-01", "2026-03-31"),
        ("2026-Q4", "2026-10-01", "2026-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-W01", "2025-12-29", "2026-01-04"),
        ("2026-W53", "2026-12-28", "2027-01-03"),
        ("2026-07-31", "2026-07-31", "2026-07-31"),
        ("2026-07-01 to 2026-08-15", "2026-07-01", "2026-08-15"),
        (" 2026-07-31  to  2026-07-31 ", "2026-07-31", "2026-07-31"),
        ("2099", "2099-01-01", "2099-12-31"),
        ("1970-01-01", "1970-01-01", "1970-01-01"),
    ],
)
def test_a_text_means_days(text: str, first: str, last: str) -> None:
    days = Days.parse(text)
    assert (str(days.first), str(days.last)) == (first, last)
    found = Period.of(text)
    assert (found.start, found.end) == (utc(first), utc(last) + timedelta(days=1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "26-Q1",
        "2026-Q5",
        "2026-H3",
        "2026-13",
        "2026-00",
        "2025-W53",
        "2026-W00",
        "2026-02-30",
        "2026-7",
        "2026-08-15 to 2026-07-01",
        "2026-01 to 2026-03",
        "2026-01-01 to 2026-01-02 to 2026-01-03",
        "1969",
        "1970-W01",
        "2100-01-01",
        "9999",
        2026,
        None,
        date(2026, 7, 31),
    ],
)
def test_what_means_no_days_is_refused(text: Any) -> None:
    with pytest.raises(EvaluationError) as raised:
        Period.of(text)
    assert (
        str(raised.value) == f"period: '{'null' if text is None else text}' is no period; {FORMS}"
    )
    assert raised.value.field == "period"


@pytest.mark.parametrize(
    ("text", "zone", "start", "hours"),
    [
        ("2026-03-29", BERLIN, "2026-03-28 23:00", 23),
        ("2026-10-25", BERLIN, "2026-10-24 22:00", 25),
        ("2018-11-04", SAO_PAULO, "2018-11-04 03:00", 23),
        ("2018-11-04", HAVANA, "2018-11-04 04:00", 25),
        ("2011-12-29 to 2011-12-31", APIA, "2011-12-29 10:00", 48),
    ],
)
def test_a_day_is_one_of_its_zone(text: str, zone: str, start: str, hours: int) -> None:
    found = Period.of(text, zone=zone)
    assert found.start == utc(start)
    assert found.end - found.start == timedelta(hours=hours)
    assert (str(found), found.label) == (f"{text} in {zone}", text)


def test_its_first_instant_is_in_it_and_that_of_its_end_is_not() -> None:
    found = Period.of("1970-01-01")
    assert (found.first, found.after) == (0, 86_400_000_000)


def test_what_a_caller_gives_is_a_period_or_a_text() -> None:
    march = Period.of("2026-03", zone=BERLIN)
    assert period_of(march, NEW_YORK) is march
    assert period_of("2026-03", BERLIN) == march
    with pytest.raises(EvaluationError) as raised:
        period_of("march", BERLIN, "before")
    assert (str(raised.value), raised.value.field) == (
        f"before: 'march' is no period; {FORMS}",
        "before",
    )


# What is refused


@pytest.mark.parametrize(
    ("start", "end", "zone", "message"),
    [
        (
            datetime(2026, 1, 1),  # noqa: DTZ001 - that is what is refused
            utc("2026-02-01"),
            "UTC",
            "start: '2026-01-01 00:00:00' is no moment; expected a datetime with a time zone",
        ),
        (
            utc("2026-01-01"),
            date(2026, 2, 1),
            "UTC",
            "end: '2026-02-01' is no moment; expected a datetime with a time zone",
        ),
        (
            utc("2026-02-01"),
            utc("2026-01-01"),
            "UTC",
            "end: 2026-01-01T00:00:00+00:00 is not after the start",
        ),
        (
            utc("2026-02-01"),
            datetime(2026, 2, 1, 1, tzinfo=timezone(timedelta(hours=1))),
            "UTC",
            "end: 2026-02-01T01:00:00+01:00 is not after the start",
        ),
        (
            utc("2026-01-01"),
            utc("2026-02-01"),
            "Berlin",
            "zone: no time zone 'Berlin'; did you mean 'Europe/Berlin'?",
        ),
        (
            utc("2026-01-01"),
            utc("2026-02-01"),
            None,
            "zone: 'null' is no time zone; expected an IANA name",
        ),
    ],
)
def test_a_bad_period_is_refused(start: Any, end: Any, zone: Any, message: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        Period(start, end, zone)
    assert (str(raised.value), raised.value.field) == (message, message.partition(":")[0])


def test_a_bad_zone_of_days_is_refused() -> None:
    with pytest.raises(EvaluationError) as raised:
        Period.of("2026", zone="Berlin")
    assert str(raised.value) == "zone: no time zone 'Berlin'; did you mean 'Europe/Berlin'?"


def test_a_bad_unit_is_refused() -> None:
    with pytest.raises(EvaluationError) as raised:
        Period.of("2026").split("fortnight")  # type: ignore[arg-type]
    assert str(raised.value) == (
        "every: 'fortnight' is not possible; "
        "expected 'day', 'week', 'month', 'quarter', 'half_year' or 'year'"
    )


# What it is called


@pytest.mark.parametrize(
    "label",
    ["2026", "2026-H2", "2026-Q3", "2026-07", "2026-W31", "2026-07-31", "2026-07-01 to 2026-08-15"],
)
def test_it_is_called_as_the_text_that_means_it(label: str) -> None:
    found = Period.of(label, zone=NEW_YORK)
    assert found.label == label
    assert str(found) == f"{Days.parse(label)} in {NEW_YORK}"


def test_one_of_hours_tells_them() -> None:
    found = Period(utc("2026-03-29 00:30"), utc("2026-03-29 04:00"), BERLIN)
    assert found.label == "2026-03-29 01:30 to 2026-03-29 06:00"
    assert str(found) == f"2026-03-29 01:30 to 2026-03-29 06:00 in {BERLIN}"
    assert str(Period(utc("2026-03-29 00:30"), utc("2026-03-30"))) == (
        "2026-03-29 00:30 to 2026-03-30 00:00"
    )


def test_the_second_midnight_of_a_day_does_not_begin_it() -> None:
    found = Period(utc("2018-11-04 05:00"), utc("2018-11-05 05:00"), HAVANA)
    assert found.label == "2018-11-04 00:00 to 2018-11-05 00:00"


def test_it_survives_pickling_and_equals_its_copy() -> None:
    found = Period.of("2026-Q1", zone=BERLIN)
    again = pickle.loads(pickle.dumps(found))
    assert again == found
    assert hash(again) == hash(found)
    assert found != Period.of("2026-Q1")


# What it is split into


@pytest.mark.parametrize(
    ("every", "labels"),
    [
        ("day", [f"2026-01-{day:02}" for day in range(1, 32)]),
        (
            "week",
            [
                "2026-01-01 to 2026-01-04",
                "2026-W02",
                "2026-W03",
                "2026-W04",
                "2026-01-26 to 2026-01-31",
            ],
        ),
        ("month", ["2026-01"]),
        ("quarter", ["2026-01"]),
    ],
)
def test_a_month_is_split(every: Every, labels: list[str]) -> None:
    found = Period.of("2026-01", zone=BERLIN).split(every)
    assert [part.label for part in found] == labels


def test_years_quarters_and_half_years_are_split() -> None:
    two = Period.of("2025-04-01 to 2026-12-31")
    assert [x.label for x in two.split("year")] == ["2025-04-01 to 2025-12-31", "2026"]
    assert [x.label for x in two.split("half_year")] == ["2025-Q2", "2025-H2", "2026-H1", "2026-H2"]
    assert [x.label for x in two.split("quarter")][-2:] == ["2026-Q3", "2026-Q4"]


def test_a_day_that_a_zone_skipped_is_no_part() -> None:
    found = Period.of("2011-12-29 to 2011-12-31", zone=APIA).split("day")
    assert [part.start for part in found] == [utc("2011-12-29 10:00"), utc("2011-12-30 10:00")]


@given(periods(), st.sampled_from(EVERY))
def test_the_parts_of_a_period_are_the_period(period: Period, every: Every) -> None:
    """Law: its parts are in order, begin where the one before ends, and cover it."""
    parts = period.split(every)
    assert (parts[0].start, parts[-1].end) == (period.start, period.end)
    assert all(one.end == two.start for one, two in pairwise(parts))
    assert all(part.start < part.end and part.zone == period.zone for part in parts)


@given(periods())
def test_a_label_means_the_period(period: Period) -> None:
    """Law: a label, or what is printed, that tells days and no hours is read as the period."""
    printed = str(period).removesuffix(f" in {period.zone}")
    for text in (period.label, printed):
        if ":" not in text:
            assert Period.of(text, zone=period.zone) == period


@given(periods(), st.sampled_from(EVERY), st.sampled_from(EVERY))
def test_finer_parts_lie_in_coarser_ones(period: Period, one: Every, two: Every) -> None:
    """Law: the parts of the parts are the parts by the finer unit, weeks aside."""
    fine, coarse = sorted((one, two), key=EVERY.index)
    if "week" not in {fine, coarse} or fine in (coarse, "day"):
        parts = [finer for part in period.split(coarse) for finer in part.split(fine)]
        assert parts == [*period.split(fine)]
