"""Public holidays in calendars, by the package `holidays`."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from leadrules.calendars import Calendar
from tests.calendars.offices import instant

pytest.importorskip("holidays")

OFFICE: dict[str, Any] = {"hours": {"mon-fri": ["09:00-17:00"]}}
HOUR = 3_600_000_000


def problems(**document: Any) -> list[tuple[str, str, tuple[str | int, ...]]]:
    calendar = Calendar.model_validate({**OFFICE, **document})
    return [(x.code, x.message, x.path) for x in calendar.check(("calendars", "office"))]


@pytest.mark.parametrize(
    ("document", "code", "message", "path"),
    [
        (
            {"holidays": ["DE", "Gremany"]},
            "unknown-name",
            "no holidays of a country 'Gremany'; expected a code of ISO 3166: 'DE' or 'US-NY'",
            ("holidays", 1),
        ),
        (
            {"holidays": "DE-Ausgburg"},
            "unknown-name",
            "no holidays of a part 'Ausgburg' of 'DE'; did you mean 'Augsburg'?",
            ("holidays", 0),
        ),
    ],
)
def test_what_is_wrong(
    document: dict[str, Any], code: str, message: str, path: tuple[str | int, ...]
) -> None:
    assert problems(**document) == [(code, message, ("calendars", "office", *path))]


def test_what_is_wrong_with_the_rest_is_told_too() -> None:
    found = problems(hours={"mon": ["9-17"]}, dates={"2026-01-01": ["x"]}, holidays="XX DE")
    assert [code for code, _, _ in found] == ["bad-interval", "unknown-name", "bad-interval"]


def test_holidays_may_be_one_text() -> None:
    written = Calendar.model_validate({**OFFICE, "holidays": "DE-BY, US-NY"})
    assert written.holidays == ("DE-BY", "US-NY")
    assert problems(holidays="DE-BY, US-NY") == []


@pytest.mark.parametrize(
    ("places", "day", "is_open"),
    [
        ("", "2026-01-06", True),
        ("DE", "2026-01-06", True),
        ("DE-BY", "2026-01-06", False),  # Epiphany, in Bavaria only
        ("DE US", "2026-11-26", False),  # Thanksgiving
        ("DE", "2026-11-26", True),
        ("DE", "2026-12-25", False),
    ],
)
def test_holidays_are_closed(places: str, day: str, is_open: bool) -> None:
    hours = Calendar.model_validate({**OFFICE, "holidays": places}).hours_in("Europe/Berlin")
    assert hours.is_open(instant(datetime.fromisoformat(f"{day}T10:00+01:00"))) == is_open


def test_a_date_goes_before_holidays_and_weekdays() -> None:
    document = {
        **OFFICE,
        "holidays": "DE",
        "dates": {"2026-12-25": ["10:00-11:00"], "2026-12-26": ["10:00-12:00"], "2026-12-28": []},
    }
    hours = Calendar.model_validate(document).hours_in("UTC")
    start = instant(datetime.fromisoformat("2026-12-25T00:00Z"))
    opened = [hours.elapsed(start + n * 24 * HOUR, start + (n + 1) * 24 * HOUR) for n in range(5)]
    assert opened == [HOUR, 2 * HOUR, 0, 0, 8 * HOUR]  # Friday to Tuesday


def test_the_dates_of_holidays_count() -> None:
    by_package = Calendar.model_validate({**OFFICE, "holidays": "US"}).counted()
    assert json.loads(json.dumps(by_package))["zone"] is None
    days = [date(1970, 1, 1) + timedelta(days=int(day)) for day in by_package["dates"]]
    by_date = Calendar.model_validate({**OFFICE, "dates": {str(day): [] for day in days}})
    assert by_date.counted() == by_package
    assert date(2026, 12, 25) in days
    assert date(2026, 7, 4) not in days  # a Saturday, closed anyway
    assert (min(days).year, max(days).year) == (1970, 2099)


def test_holidays_count_and_survive_json() -> None:
    found = Calendar.model_validate({**OFFICE, "holidays": "DE"})
    assert found.counted() != Calendar.model_validate(OFFICE).counted()
    assert Calendar.model_validate_json(found.model_dump_json()) == found
