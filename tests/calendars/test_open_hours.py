"""Open hours: the laws of business time, and answers that other systems get wrong."""

from __future__ import annotations

import pickle
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.calendars import Calendar, OpenHours
from tests.calendars.offices import MINUTE, WEEKDAYS, Office, instant, utc

HOUR = 3_600_000_000
MONTHS = 62 * 24 * HOUR

randoms = st.randoms(use_true_random=True)
spans = st.integers(0, MONTHS)


def some(random: Random) -> tuple[OpenHours, int, int, int]:
    """Return the hours of an office, and three instants in order."""
    office = Office.random(random)
    moments = (instant(office.minute(random)) + random.choice([0, 1, 31_415_926]) for _ in "abc")
    one, two, three = sorted(moments)
    return office.hours, one, two, three


@given(randoms)
def test_open_time_is_the_minutes_that_are_open(random: Random) -> None:
    """Law: elapsed is the count of open minutes, and it is open in those."""
    office = Office.random(random)
    for _ in range(20):
        start, end = sorted(office.minute(random) for _ in "ab")
        count = sum(start <= minute < end for minute in office.minutes)
        assert office.hours.elapsed(instant(start), instant(end)) == count * 60_000_000
        assert office.hours.is_open(instant(start)) == (start in office.minutes)


@given(randoms)
def test_the_next_opening_is_the_first_open_minute(random: Random) -> None:
    """Law: the next opening is the first open minute at or after an instant."""
    office = Office.random(random)
    at = office.minute(random)
    later = [minute for minute in office.minutes if minute >= at]
    if later:
        assert office.hours.next_opening(instant(at)) == instant(min(later))


@given(randoms, spans)
def test_what_is_added_has_elapsed(random: Random, span: int) -> None:
    """Law: elapsed(start, add(start, span)) == span."""
    hours, start, _, _ = some(random)
    assert hours.elapsed(start, hours.add(start, span)) == span


@given(randoms, st.integers(1, MONTHS))
def test_a_deadline_is_the_earliest(random: Random, span: int) -> None:
    """Law: a microsecond before add(start, span), less than the span has elapsed."""
    hours, start, _, _ = some(random)
    end = hours.add(start, span)
    assert end > start
    assert hours.elapsed(start, end - 1) == span - 1
    assert hours.is_open(end - 1)


@given(randoms, spans)
def test_who_starts_later_is_due_no_earlier(random: Random, span: int) -> None:
    """Law: add is monotone in the start, and in the span."""
    hours, one, two, _ = some(random)
    assert hours.add(one, span) <= hours.add(two, span)
    assert hours.add(one, span) < hours.add(one, span + 1)


@given(randoms)
def test_open_time_adds_up(random: Random) -> None:
    """Law: elapsed(a, b) + elapsed(b, c) == elapsed(a, c), and it is negative backwards."""
    hours, one, two, three = some(random)
    assert hours.elapsed(one, two) + hours.elapsed(two, three) == hours.elapsed(one, three)
    assert hours.elapsed(two, one) == -hours.elapsed(one, two)
    assert 0 <= hours.elapsed(one, two) <= two - one


@given(randoms, spans, spans)
def test_a_deadline_may_be_reached_in_steps(random: Random, one: int, other: int) -> None:
    """Law: add(add(start, a), b) == add(start, a + b)."""
    hours, start, _, _ = some(random)
    assert hours.add(hours.add(start, one), other) == hours.add(start, one + other)


@given(randoms, st.integers(1, MONTHS))
def test_closed_time_does_not_count(random: Random, span: int) -> None:
    """Law: a start that is moved through closed time has the same deadlines."""
    hours, start, _, _ = some(random)
    opening = hours.next_opening(start)
    assert hours.elapsed(start, opening) == 0
    for moved in (opening, (start + opening) // 2):
        assert hours.add(moved, span) == hours.add(start, span)


@given(randoms, st.integers(-200 * 366, 200 * 366))
def test_weeks_repeat_where_nothing_is_different(random: Random, days: int) -> None:
    """Law: in a zone without changes and without exceptions, every week is the same."""
    week = Office.random(random).week
    hours = Calendar(hours=dict(zip(WEEKDAYS, week, strict=True)))
    plain, start = hours.hours_in("UTC"), days * 24 * HOUR + random.randrange(24 * HOUR)
    end = start + 7 * 24 * HOUR
    assert plain.elapsed(start, end) == plain.elapsed(0, 7 * 24 * HOUR)
    assert plain.is_open(start) == plain.is_open(end)


@given(randoms)
def test_pickled_hours_are_the_same(random: Random) -> None:
    """Law: hours that were pickled give the same answers."""
    hours, start, end, _ = some(random)
    again = pickle.loads(pickle.dumps(hours))
    assert again.zone == hours.zone
    assert again.elapsed(start, end) == hours.elapsed(start, end)
    assert again.add_days(start, 3) == hours.add_days(start, 3)


# --- business days


@given(randoms, st.integers(0, 3))
def test_a_business_day_later_is_on_the_date_counted(random: Random, days: int) -> None:
    """Law: add_days is the clock time on the n-th date with hours, moved into them."""
    office = Office.random(random)
    start = office.minute(random)
    zone = ZoneInfo(office.zone)
    shown = start.astimezone(zone)
    if shown.fold or days == 0:
        return
    # Of minutes that two dates have, the first has them.
    own = {
        day: [x for x in minutes if x not in office.by_date.get(day - timedelta(days=1), ())]
        for day, minutes in office.by_date.items()
    }
    if any(minutes and not own[day] for day, minutes in office.by_date.items()):
        return
    dates = [day for day, minutes in own.items() if minutes and day > shown.date()]
    if len(dates) < days:
        return
    target = own[dates[days - 1]]
    wanted = target[-1] + MINUTE
    if own.get(shown.date()):
        passed = datetime.combine(dates[days - 1], shown.time())
        later = [x for x in target if x.astimezone(zone).replace(tzinfo=None) >= passed]
        wanted = min(later, default=wanted)
    assert utc(office.hours.add_days(instant(start), days)) == wanted


@given(randoms, st.integers(0, 400))
def test_who_starts_later_is_due_no_earlier_in_business_days(random: Random, days: int) -> None:
    """Law: add_days is monotone in the start, and grows with the days."""
    hours, one, two, _ = some(random)
    assert hours.add_days(one, days) <= hours.add_days(two, days)
    assert hours.add_days(one, days) < hours.add_days(one, days + 1)


OFFICE = Calendar(
    zone="Europe/Berlin",
    hours={"mon-thu": ("09:00-12:30", "13:30-17:30"), "fri": ("09:00-15:00",)},
    dates={date(2026, 12, 24): ("09:00-12:00",), date(2026, 12, 25): ()},
)
NIGHTS = Calendar(hours={"mon-fri": ("22:00-06:00",)})


@pytest.mark.parametrize(
    ("start", "days", "end", "office"),
    [
        ("2026-06-08T10:00+02:00", 1, "2026-06-09T10:00+02:00", OFFICE),
        ("2026-06-08T10:00+02:00", 0, "2026-06-08T10:00+02:00", OFFICE),
        ("2026-06-08T03:00+02:00", 0, "2026-06-08T03:00+02:00", OFFICE),  # no days, no move
        ("2026-06-08T07:00+02:00", 1, "2026-06-09T09:00+02:00", OFFICE),  # before it opens
        ("2026-06-08T13:00+02:00", 1, "2026-06-09T13:30+02:00", OFFICE),  # in the lunch break
        ("2026-06-08T20:00+02:00", 1, "2026-06-09T17:30+02:00", OFFICE),  # after it closes
        ("2026-06-11T16:00+02:00", 1, "2026-06-12T15:00+02:00", OFFICE),  # Friday closes early
        ("2026-06-12T14:00+02:00", 1, "2026-06-15T14:00+02:00", OFFICE),
        ("2026-06-12T18:00+02:00", 1, "2026-06-15T17:30+02:00", OFFICE),
        ("2026-06-13T10:00+02:00", 1, "2026-06-15T17:30+02:00", OFFICE),  # Saturday: all Monday
        ("2026-06-15T08:00+02:00", 1, "2026-06-16T09:00+02:00", OFFICE),
        ("2026-12-23T16:00+01:00", 1, "2026-12-24T12:00+01:00", OFFICE),  # half a day is a day
        ("2026-12-24T10:00+01:00", 1, "2026-12-28T10:00+01:00", OFFICE),
        ("2026-03-27T10:00+01:00", 1, "2026-03-30T10:00+02:00", OFFICE),  # the clock time stays
        ("2024-02-28T10:00+01:00", 1, "2024-02-29T10:00+01:00", OFFICE),
        ("2026-06-08T23:00Z", 1, "2026-06-09T23:00Z", NIGHTS),
        ("2026-06-09T02:00Z", 1, "2026-06-10T22:00Z", NIGHTS),
        ("2026-06-12T23:00Z", 1, "2026-06-15T23:00Z", NIGHTS),
        ("2026-06-13T02:00Z", 1, "2026-06-16T06:00Z", NIGHTS),
    ],
)
def test_business_days(start: str, days: int, end: str, office: Calendar) -> None:
    found = office.hours_in("UTC").add_days(instant(datetime.fromisoformat(start)), days)
    assert utc(found) == datetime.fromisoformat(end)


# --- what is wrong elsewhere

NINE_TO_FIVE = Calendar(hours={"mon-fri": ("09:00-17:00",)}, dates={date(2026, 1, 1): ()})


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-06-06T15:00Z", 1, "2026-06-08T10:00Z"),  # Saturday, to Monday 10:00, not 16:00
        ("2026-06-06T18:00Z", 1, "2026-06-08T10:00Z"),
        ("2026-06-05T16:00Z", 1, "2026-06-05T17:00Z"),  # Friday 17:00 is early enough
        ("2026-06-05T16:30Z", 1, "2026-06-08T09:30Z"),
        ("2026-06-05T17:00Z", 1, "2026-06-08T10:00Z"),
        ("2025-12-31T16:00Z", 2, "2026-01-02T10:00Z"),  # over a year's end and a holiday
        ("2024-02-28T16:00Z", 10, "2024-03-01T10:00Z"),
        ("2026-06-08T09:00Z", 0, "2026-06-08T09:00Z"),
        ("2026-06-07T09:00Z", 0, "2026-06-07T09:00Z"),  # nothing added, nothing moved
    ],
)
def test_hours_added(start: str, hours: int, end: str) -> None:
    found = NINE_TO_FIVE.hours_in("UTC").add(instant(datetime.fromisoformat(start)), hours * HOUR)
    assert utc(found) == datetime.fromisoformat(end)


def test_a_lunch_break_does_not_count() -> None:
    hours = OFFICE.hours_in("UTC")
    noon, three = (
        instant(datetime.fromisoformat(f"2026-06-08T{x}:00+02:00")) for x in ("12", "15")
    )
    assert hours.elapsed(noon, three) == 2 * HOUR
    assert hours.add(noon, 2 * HOUR) == three


@pytest.mark.parametrize(
    ("hours", "day", "open_hours"),
    [
        ("00:00-24:00", "2026-03-29", 23.0),
        ("00:00-24:00", "2026-10-25", 25.0),
        ("01:00-03:00", "2026-03-29", 1.0),
        ("02:00-03:00", "2026-03-29", 0.0),  # there is no such hour
        ("02:30-04:00", "2026-03-29", 1.0),  # from the end of the gap
        ("01:30-02:30", "2026-03-29", 0.5),  # until the end of the gap, which is its start
        ("02:00-03:00", "2026-10-25", 2.0),  # the first to the second
        ("02:15-02:30", "2026-10-25", 1.25),
        ("01:00-02:00", "2026-10-25", 1.0),
        ("01:00-02:30", "2026-10-25", 2.5),
    ],
)
def test_changes_of_the_clocks(hours: str, day: str, open_hours: float) -> None:
    office = Calendar(zone="Europe/Berlin", hours={"sun": (hours,)}).hours_in("UTC")
    start = instant(datetime.fromisoformat(f"{day}T00:00").astimezone(ZoneInfo("UTC")))
    assert office.elapsed(start - 24 * HOUR, start + 48 * HOUR) == open_hours * HOUR


def test_a_skipped_day_is_no_business_day() -> None:
    office = Calendar(zone="Pacific/Apia", hours={"mon-fri": ("09:00-17:00",)}).hours_in("UTC")
    thursday = instant(datetime.fromisoformat("2011-12-29T10:00-10:00"))
    assert utc(office.add_days(thursday, 1)) == datetime.fromisoformat("2012-01-02T10:00+14:00")
    assert office.elapsed(thursday, office.add_days(thursday, 1)) == 8 * HOUR


def test_a_clock_that_is_turned_back_stays_at_the_end_of_the_hour() -> None:
    office = Calendar(zone="Europe/Berlin", hours={"mon-sun": ("00:00-24:00",)}).hours_in("UTC")
    first = instant(datetime.fromisoformat("2026-10-25T02:40+02:00"))
    second = instant(datetime.fromisoformat("2026-10-25T02:10+01:00"))
    found = [utc(office.add_days(at, 1)).isoformat() for at in (first, second)]
    assert found == ["2026-10-26T01:40:00+00:00", "2026-10-26T02:00:00+00:00"]


def test_hours_that_overlap_count_once() -> None:
    office = Calendar(
        hours={"mon": ("22:00-06:00",)}, dates={date(2026, 6, 9): ("05:00-07:00",)}
    ).hours_in("UTC")
    monday = instant(datetime.fromisoformat("2026-06-08T00:00Z"))
    assert office.elapsed(monday, monday + 48 * HOUR) == 9 * HOUR
    early = utc(office.add_days(monday + 5 * HOUR, 1))
    assert early == datetime.fromisoformat("2026-06-09T06:00Z")  # until then it is Monday's


@pytest.mark.parametrize("ask", ["add", "add_days"])
def test_nothing_is_taken_away(ask: str) -> None:
    hours = NINE_TO_FIVE.hours_in("UTC")
    with pytest.raises(ValueError, match=r"^'-1' is negative; expected 0 or more$"):
        getattr(hours, ask)(0, -1)


# --- another implementation


def test_whole_hours_as_pandas_has_them() -> None:
    """Ends strictly inside an interval are the same: at a closing, pandas goes to the opening."""
    random = Random(17)  # noqa: S311 - reproducible, not secret
    days = [date(2026, 1, 1) + timedelta(days=random.randrange(700)) for _ in range(40)]
    office = Calendar(
        zone="Asia/Kathmandu",
        hours={"mon-fri": ("08:15-12:00", "13:30-17:45")},
        dates=dict.fromkeys(days, ()),
    ).hours_in("UTC")
    zone = ZoneInfo("Asia/Kathmandu")
    base = datetime(2026, 1, 1)  # noqa: DTZ001 - pandas counts what a clock shows
    offsets = [
        pd.offsets.CustomBusinessHour(
            count, holidays=days, start=["08:15", "13:30"], end=["12:00", "17:45"]
        )
        for count in range(80)
    ]
    compared = 0
    for _ in range(2_600):
        start = base + random.randrange(600 * 1440) * MINUTE
        count = random.randrange(1, 80)
        end = (pd.Timestamp(start) + offsets[count]).to_pydatetime()
        if end.strftime("%H:%M") in {"08:15", "12:00", "13:30", "17:45"}:
            continue
        found = office.add(instant(start.replace(tzinfo=zone)), count * HOUR)
        assert utc(found) == end.replace(tzinfo=zone)
        compared += 1
    assert compared >= 2_000
