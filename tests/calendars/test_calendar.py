"""Calendars as documents: what is wrong with one, and what of it counts."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from leadrules.calendars import Calendar
from leadrules.errors import Problem
from tests.calendars.offices import instant

OFFICE: dict[str, Any] = {"hours": {"mon-fri": ["09:00-17:00"]}}
HOUR = 3_600_000_000


def problems(**document: Any) -> list[tuple[str, str, tuple[str | int, ...]]]:
    calendar = Calendar.model_validate({**OFFICE, **document})
    return [(x.code, x.message, x.path) for x in calendar.check(("calendars", "office"))]


BAD_INTERVAL = "expected '09:00-17:30'"
BAD_TIME = "expected times from '00:00' to '23:59', and '24:00' as an end only"


@pytest.mark.parametrize(
    ("document", "code", "message", "path"),
    [
        (
            {"hours": {}},
            "empty",
            "it never opens; expected hours on some day: {mon-fri: ['09:00-17:00']}",
            ("hours",),
        ),
        (
            {"hours": {"mon-fri": []}, "dates": {"2026-01-01": ["09:00-12:00"]}},
            "empty",
            "it never opens; expected hours on some day: {mon-fri: ['09:00-17:00']}",
            ("hours",),
        ),
        (
            {"hours": {"monday": ["09:00-17:00"]}},
            "bad-name",
            (
                "'monday' is no day of the week; expected 'mon', 'tue', 'wed', 'thu', 'fri', "
                "'sat', 'sun' or a range: 'mon-fri'"
            ),
            ("hours", "monday"),
        ),
        (
            {"hours": {"mon-": ["09:00-17:00"]}},
            "bad-name",
            (
                "'mon-' is no day of the week; expected 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', "
                "'sun' or a range: 'mon-fri'"
            ),
            ("hours", "mon-"),
        ),
        (
            {"hours": {"mon-fri": ["09:00-17:00"], "wed": []}},
            "duplicate",
            "'wed' has its hours in 'mon-fri' already",
            ("hours", "wed"),
        ),
        (
            {"hours": {"mon": ["9-17"]}},
            "bad-interval",
            f"'9-17' is no interval of a day; {BAD_INTERVAL}; a time has hours and minutes",
            ("hours", "mon", 0),
        ),
        (
            {"hours": {"mon": ["09:00-12:00", "1pm-5pm"]}},
            "bad-interval",
            f"'1pm-5pm' is no interval of a day; {BAD_INTERVAL}",
            ("hours", "mon", 1),
        ),
        (
            {"hours": {"mon": ["09:00-25:00"]}},
            "bad-interval",
            f"'09:00-25:00' has a time that no day has; {BAD_TIME}",
            ("hours", "mon", 0),
        ),
        (
            {"hours": {"mon": ["24:00-06:00"]}},
            "bad-interval",
            f"'24:00-06:00' has a time that no day has; {BAD_TIME}",
            ("hours", "mon", 0),
        ),
        (
            {"hours": {"mon": ["09:60-17:00"]}},
            "bad-interval",
            f"'09:60-17:00' has a time that no day has; {BAD_TIME}",
            ("hours", "mon", 0),
        ),
        (
            {"hours": {"mon": ["09:00-09:00"]}},
            "bad-interval",
            (
                "'09:00-09:00' takes no time; expected an end other than the start, "
                "or '00:00-24:00' for the whole day"
            ),
            ("hours", "mon", 0),
        ),
        (
            {"hours": {"mon": ["13:00-17:00", "09:00-13:30"]}},
            "overlap",
            "'13:00-17:00' overlaps '09:00-13:30'",
            ("hours", "mon", 0),
        ),
        (
            {"hours": {"mon-tue": ["22:00-06:00", "05:00-07:00"]}},
            "overlap",
            "the last hours of 'mon' overlap the first of 'tue'",
            ("hours",),
        ),
        (
            {"hours": {"sun": ["22:00-06:00"], "mon": ["05:00-07:00"]}},
            "overlap",
            "the last hours of 'sun' overlap the first of 'mon'",
            ("hours",),
        ),
        (
            {"dates": {"2026-12-24": ["noon"]}},
            "bad-interval",
            f"'noon' is no interval of a day; {BAD_INTERVAL}",
            ("dates", "2026-12-24", 0),
        ),
        (
            {"dates": {"2126-12-24": []}},
            "out-of-range",
            "'2126-12-24' is not possible; expected a date from 1970 to 2099",
            ("dates", "2126-12-24"),
        ),
    ],
)
def test_what_is_wrong(
    document: dict[str, Any], code: str, message: str, path: tuple[str | int, ...]
) -> None:
    assert problems(**document) == [(code, message, ("calendars", "office", *path))]


def test_all_that_is_wrong_is_told() -> None:
    found = problems(hours={"mon": ["9-17"], "someday": []}, dates={"2026-01-01": ["x"]})
    assert [code for code, _, _ in found] == ["bad-interval", "bad-name", "bad-interval"]


def test_holidays_need_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    message = (
        "needs the package 'holidays', which is not installed; pip install 'leadrules[holidays]'"
    )
    assert list(Calendar.model_validate({**OFFICE, "holidays": "DE"}).check()) == [
        Problem("missing-package", message, ("holidays",))
    ]
    assert problems() == []


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"zone": "Berlin"}, "no time zone 'Berlin'; did you mean 'Europe/Berlin'?"),
        (
            {"dates": {"24.12.2026": []}},
            "'24.12.2026' is not a date; expected '2026-01-31'",
        ),
    ],
)
def test_what_is_no_calendar(document: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Calendar.model_validate({**OFFICE, **document})
    assert [error["msg"] for error in caught.value.errors()] == [message]


def test_the_zone_is_the_policys_unless_stated() -> None:
    assert Calendar.model_validate(OFFICE).hours_in("Europe/Berlin").zone == "Europe/Berlin"
    stated = Calendar.model_validate({**OFFICE, "zone": "Asia/Tokyo"})
    assert stated.hours_in("Europe/Berlin").zone == "Asia/Tokyo"


SAME = [
    {"hours": {"mon-wed": ["09:00-17:00"], "thu-fri": ["09:00-17:00"]}},
    {"hours": {"mon-fri": ["9:00-17:00"]}},
    {"hours": {"mon-fri": ["09:00-17:00"], "sat-sun": []}},
    {**OFFICE, "description": "Where everybody is"},
    {**OFFICE, "dates": {"2026-06-06": [], "2026-06-08": ["09:00-17:00"]}},  # as it would be
]
OTHER = [
    {"hours": {"mon-fri": ["09:00-17:01"]}},
    {**OFFICE, "zone": "UTC"},
    {**OFFICE, "dates": {"2026-06-08": []}},
]


@pytest.mark.parametrize("document", SAME)
def test_what_changes_no_result_does_not_count(document: dict[str, Any]) -> None:
    found = Calendar.model_validate(document)
    assert found.counted() == Calendar.model_validate(OFFICE).counted()


@pytest.mark.parametrize("document", OTHER)
def test_what_changes_a_result_counts(document: dict[str, Any]) -> None:
    found = Calendar.model_validate(document)
    assert found.counted() != Calendar.model_validate(OFFICE).counted()


def test_a_calendar_survives_json() -> None:
    found = Calendar.model_validate(
        {**OFFICE, "zone": "Asia/Tokyo", "dates": {"2026-12-24": ["09:00-12:00"]}}
    )
    assert Calendar.model_validate_json(found.model_dump_json()) == found


def test_a_copy_has_its_own_hours() -> None:
    found = Calendar.model_validate({**OFFICE, "dates": {"2026-06-08": []}})
    monday = instant(datetime.fromisoformat("2026-06-08T10:00Z"))
    assert not found.hours_in("UTC").is_open(monday)
    assert found == Calendar.model_validate({**OFFICE, "dates": {"2026-06-08": []}})
    copied = found.model_copy(update={"dates": {}})
    assert copied.hours_in("UTC").is_open(monday)
    assert copied.counted() == Calendar.model_validate(OFFICE).counted()
