"""Three offices, and their open minutes counted one by one with plain datetimes of zoneinfo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from leadrules.calendars import Calendar

__all__ = ["CALENDARS", "ZONE", "earliest", "instant", "is_open", "minute_of", "moment"]

ZONE = "Europe/Berlin"

_WEEKS: Mapping[str, tuple[str, Mapping[str, list[str]]]] = {
    "office": (ZONE, {"mon-thu": ["09:00-12:30", "13:30-17:00"], "fri": ["09:00-15:00"]}),
    "night": (ZONE, {"mon-sun": ["22:00-06:00"]}),
    "away": ("America/New_York", {"mon-fri": ["08:00-16:00"]}),
}
CALENDARS: Mapping[str, Calendar] = {
    name: Calendar.model_validate({"zone": zone, "hours": hours})
    for name, (zone, hours) in _WEEKS.items()
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FARTHEST = 100 * 24 * 60


def moment(minute: int) -> datetime:
    """Return the moment at which a minute since 1970 begins."""
    return _EPOCH + timedelta(minutes=minute)


def instant(minute: int) -> int:
    return minute * 60_000_000


def minute_of(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(minutes=1)


@cache
def is_open(calendar: str | None, minute: int) -> bool:
    """Return whether an office is open during a minute; without one, it always is."""
    if calendar is None:
        return True
    local = moment(minute).astimezone(ZoneInfo(_WEEKS[calendar][0]))
    clock, day = local.hour * 60 + local.minute, local.weekday()
    match calendar:
        case "office":
            if day < 4:
                return 540 <= clock < 750 or 810 <= clock < 1020
            return day == 4 and 540 <= clock < 900
        case "night":
            return clock >= 1320 or clock < 360
    return day < 5 and 480 <= clock < 960


def earliest(start: int, amount: int, runs: Callable[[int], bool]) -> int | None:
    """Return the earliest minute at which so many minutes have run; None if that never is."""
    for minute in range(start, start + _FARTHEST):
        if amount == 0:
            return minute
        amount -= runs(minute)
    return None
