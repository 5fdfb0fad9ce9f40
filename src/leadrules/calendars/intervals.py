"""What a calendar writes: days of the week and intervals of a day, as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from leadrules.calendars.weeks import DAYS_A_WEEK, Intervals
from leadrules.errors import Problem, as_written

__all__ = ["WEEKDAYS", "intervals_of", "parse_interval", "problems_of_intervals", "weekdays_of"]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_INTERVAL = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})", re.ASCII)
_MINUTE = 60_000_000
_MINUTES_A_DAY = 1_440


def weekdays_of(text: str) -> tuple[int, ...]:
    """Return the days of the week that a key names; 0 is a Monday.

    Raises:
        ValueError: If it is no day and no range of days.

    Examples:
        >>> weekdays_of("mon-thu"), weekdays_of("sat-mon")
        ((0, 1, 2, 3), (5, 6, 0))
    """
    first, dash, last = text.partition("-")
    if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
        message = (
            f"'{as_written(text)}' is no day of the week; "
            "expected 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun' or a range: 'mon-fri'"
        )
        raise ValueError(message)
    start = WEEKDAYS.index(first)
    count = (WEEKDAYS.index(last) - start) % DAYS_A_WEEK if dash else 0
    return tuple((start + more) % DAYS_A_WEEK for more in range(count + 1))


def parse_interval(text: str) -> tuple[int, int]:
    """Return an interval of a day in microseconds from midnight.

    One whose end is not after its start is overnight: it ends on the next day.

    Raises:
        ValueError: If the text is no interval.

    Examples:
        >>> [edge // 3_600_000_000 for edge in parse_interval("22:00-06:00")]
        [22, 30]
    """
    match = _INTERVAL.fullmatch(text)
    if match is None:
        hint = "; a time has hours and minutes" if re.fullmatch(r"\d+ ?- ?\d+", text) else ""
        message = f"'{as_written(text)}' is no interval of a day; expected '09:00-17:30'{hint}"
        raise ValueError(message)
    hours, minutes = (int(match[1]), int(match[3])), (int(match[2]), int(match[4]))
    start, end = (60 * hour + minute for hour, minute in zip(hours, minutes, strict=True))
    if max(minutes) > 59 or start >= _MINUTES_A_DAY or end > _MINUTES_A_DAY:  # noqa: PLR2004
        message = (
            f"'{text}' has a time that no day has; expected times from '00:00' to '23:59', "
            "and '24:00' as an end only"
        )
        raise ValueError(message)
    if start == end:
        message = f"'{text}' takes no time; expected an end other than the start"
        raise ValueError(f"{message}, or '00:00-24:00' for the whole day")
    return start * _MINUTE, (end if end > start else end + _MINUTES_A_DAY) * _MINUTE


def intervals_of(texts: Sequence[str]) -> Intervals:
    """Return the intervals of a date, in order; the texts are checked."""
    return tuple(sorted(parse_interval(text) for text in texts))


def problems_of_intervals(texts: Sequence[str], path: tuple[str | int, ...]) -> Iterator[Problem]:
    """Yield what is wrong with the intervals of a date, each with its path."""
    read: list[tuple[tuple[int, int], str, int]] = []
    for index, text in enumerate(texts):
        try:
            read.append((parse_interval(text), text, index))
        except ValueError as error:
            yield Problem("bad-interval", str(error), (*path, index))
    for (one, first, _), (other, second, index) in pairwise(sorted(read)):
        if other[0] < one[1]:
            yield Problem("overlap", f"'{second}' overlaps '{first}'", (*path, index))
