"""Open hours: a calendar compiled, so that every question takes the same short time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from leadrules.calendars.weeks import Intervals, Week, united, weekday
from leadrules.values import MICROSECONDS_A_DAY
from leadrules.zones import Zone

__all__ = ["OpenHours"]

_LONG_AGO = -(10**30)
_MOST_OFFSET = 26 * 3_600_000_000


class OpenHours:
    """When an office is open, and how much open time there is.

    Instants are microseconds since 1970 in UTC, spans are microseconds. `F(t)`, the open time
    up to an instant, is that of a week that repeats, corrected by a table of the stretches
    where it does not hold: exceptional dates, and dates on which the clocks change.

    The table is made when it is first asked for; two threads may make it twice, to no harm.

    Args:
        zone: The IANA name of the zone.
        days: The intervals of each day of the week, from Monday; at least one in all.
        exceptions: Gives what dates have instead, by days since 1970-01-01; called once.

    Examples:
        >>> from datetime import datetime
        >>> from leadrules.values import datetime_of, instant_of
        >>> hour = 3_600_000_000
        >>> office = OpenHours("UTC", [((9 * hour, 17 * hour),)] * 5 + [()] * 2)
        >>> saturday = instant_of(datetime.fromisoformat("2026-06-06T15:00Z"))
        >>> datetime_of(office.add(saturday, hour)).isoformat()
        '2026-06-08T10:00:00+00:00'
    """

    __slots__ = ("_days", "_exceptions", "_made", "zone")

    def __init__(
        self,
        zone: str,
        days: Sequence[Intervals],
        exceptions: Callable[[], Mapping[int, Intervals]] | None = None,
    ) -> None:
        self.zone = zone
        self._days = tuple(days)
        self._exceptions = exceptions
        self._made: _Table | None = None

    def __repr__(self) -> str:
        return f"OpenHours(zone={self.zone!r})"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (self.zone, self._days, self.exceptions)

    @property
    def _table(self) -> _Table:
        made = self._made
        if made is None:
            made = self._made = _Table.of(Zone.named(self.zone), Week(self._days), self.exceptions)
        return made

    @property
    def exceptions(self) -> Mapping[int, Intervals]:
        """What dates have instead of the hours of their weekday."""
        return self._exceptions() if self._exceptions else {}

    def elapsed(self, start: int, end: int) -> int:
        """Return the open time from one instant to another; negative if the end is earlier."""
        table = self._made or self._table
        return table.open_until(end) - table.open_until(start)

    def add(self, start: int, span: int) -> int:
        """Return the earliest instant, not before the start, with so much open time between.

        Raises:
            ValueError: If the span is negative.
        """
        if span <= 0:
            if span:
                raise _negative(span)
            return start
        table = self._made or self._table
        return table.reached(table.open_until(start) + span)

    def add_days(self, start: int, days: int) -> int:
        """Return the same clock time so many business days later, moved into the hours.

        1. A business day is a date on which some interval starts.
        2. `D` is the n-th business day after the local date of the start. For n = 0, the
           result is the start.
        3. If the start lies on a business day, the result is its clock time on `D`, moved into
           the intervals that start there: before the first, or between two, it is the start
           of the next; after the last, the end of the last.
        4. If it lies on a date that is none, the result is the end of the last interval of `D`.
        5. In an hour that the clocks repeat, the clock time is that at which it ends.

        Raises:
            ValueError: If the number is negative.
        """
        if days <= 0:
            if days:
                raise _negative(days)
            return start
        return (self._made or self._table).later(start, days)

    def next_opening(self, at: int) -> int:
        """Return the earliest instant, not before another, at which it is open."""
        table = self._made or self._table
        if table.is_open(at):
            return at
        return table.reached(table.open_until(at) + 1) - 1

    def is_open(self, at: int) -> bool:
        """Return whether it is open at an instant."""
        return (self._made or self._table).is_open(at)


def _rebuilt(
    zone: str, days: Sequence[Intervals], exceptions: Mapping[int, Intervals]
) -> OpenHours:
    return OpenHours(zone, days, lambda: exceptions)


def _negative(amount: int) -> ValueError:
    return ValueError(f"'{amount}' is negative; expected 0 or more")


@dataclass(frozen=True, slots=True)
class _Table:
    """The open time up to every instant.

    A piece is a stretch of time: one in which the week repeats at a constant offset, or one
    that is open, or closed, throughout.

    Attributes:
        zone: The zone.
        week: The week that repeats.
        starts: Where each piece starts.
        values: The open time up to there.
        offsets: The offset of a piece of repeating weeks; None of one of the others.
        bases: What the open time of a week is to be corrected by; of one of the others,
            whether it is open.
        special: The intervals of the dates where the week does not hold, by day.
        days: Those days, in order.
        dates: How many dates with hours there are up to and with each of them.
    """

    zone: Zone
    week: Week
    starts: tuple[int, ...]
    values: tuple[int, ...]
    offsets: tuple[int | None, ...]
    bases: tuple[int, ...]
    special: Mapping[int, Intervals]
    days: tuple[int, ...]
    dates: tuple[int, ...]

    @classmethod
    def of(cls, zone: Zone, week: Week, exceptions: Mapping[int, Intervals]) -> _Table:
        found = {
            day: intervals
            for day, intervals in sorted(exceptions.items())
            if intervals != week.days[weekday(day)]
        }
        starts, values = [_LONG_AGO], [_LONG_AGO]
        offsets: list[int | None] = [zone.offsets[0]]
        bases = [0]
        special = dict(found)
        for first, last in _regions(zone, week, found):
            begin = _first(zone, first * MICROSECONDS_A_DAY)
            end = _first(zone, (last + 1) * MICROSECONDS_A_DAY)
            offset = offsets[-1]
            assert offset is not None  # noqa: S101 - a region follows repeating weeks
            value = bases[-1] + week.open_until(begin + offset)
            spans: list[tuple[int, int]] = []
            for day in range(first - 1, last + 1):
                own = _own(zone, day, found.get(day, week.days[weekday(day)]))
                if day >= first and not own:
                    special[day] = ()
                spans += own
            at = begin
            for start, stop in united(sorted(spans)):
                opening, closing = max(start, begin), min(stop, end)
                if opening >= closing:
                    continue
                if opening > at:
                    _append(starts, values, offsets, bases, (at, value, None, 0))
                _append(starts, values, offsets, bases, (opening, value, None, 1))
                value += closing - opening
                at = closing
            if at < end:
                _append(starts, values, offsets, bases, (at, value, None, 0))
            after = zone.offset(end)
            _append(
                starts,
                values,
                offsets,
                bases,
                (end, value, after, value - week.open_until(end + after)),
            )
        days = sorted(
            day for day, own in special.items() if bool(own) != bool(week.days[weekday(day)])
        )
        changed = accumulate(1 if special[day] else -1 for day in days)
        return cls(
            zone,
            week,
            tuple(starts),
            tuple(values),
            tuple(offsets),
            tuple(bases),
            special,
            tuple(days),
            tuple(week.dates_until(day) + more for day, more in zip(days, changed, strict=True)),
        )

    def open_until(self, at: int) -> int:
        piece = bisect_right(self.starts, at) - 1
        offset = self.offsets[piece]
        if offset is None:
            value = self.values[piece]
            return value + at - self.starts[piece] if self.bases[piece] else value
        return self.bases[piece] + self.week.open_until(at + offset)

    def is_open(self, at: int) -> bool:
        piece = bisect_right(self.starts, at) - 1
        offset = self.offsets[piece]
        return bool(self.bases[piece]) if offset is None else self.week.is_open(at + offset)

    def reached(self, open_time: int) -> int:
        """Return the earliest instant up to which it was open for so long."""
        piece = bisect_left(self.values, open_time) - 1
        offset = self.offsets[piece]
        if offset is None:
            return self.starts[piece] + open_time - self.values[piece]
        return self.week.reached(open_time - self.bases[piece]) - offset

    def later(self, start: int, days: int) -> int:
        day, clock = divmod(self._local(start), MICROSECONDS_A_DAY)
        opened = self._dates_until(day)
        is_date = opened > self._dates_until(day - 1)
        return self._moved(self._date(opened + days), clock if is_date else 2 * MICROSECONDS_A_DAY)

    def _local(self, at: int) -> int:
        """Return what the wall clock shows, or the most that it has shown."""
        changes, offsets = self.zone.changes, self.zone.offsets
        index = bisect_right(changes, at)
        local = at + offsets[index]
        return max(local, changes[index - 1] + offsets[index - 1]) if index else local

    def _dates_until(self, day: int) -> int:
        index = bisect_right(self.days, day)
        return self.week.dates_until(day) + (self._more(index - 1) if index else 0)

    def _more(self, index: int) -> int:
        return self.dates[index] - self.week.dates_until(self.days[index])

    def _date(self, count: int) -> int:
        index = bisect_left(self.dates, count)
        day = self.week.date(count - (self._more(index - 1) if index else 0))
        return min(day, self.days[index]) if index < len(self.days) else day

    def _moved(self, day: int, clock: int) -> int:
        """Return a clock time on a date with hours, moved into them."""
        at = _first(self.zone, day * MICROSECONDS_A_DAY + clock)
        covered = max((end for _, end in self._own(day - 1)), default=_LONG_AGO)
        end = at
        for start, end in self._own(day):
            if at < end and end > covered:
                return max(at, start, covered)
        return max(end, covered)

    def _own(self, day: int) -> list[tuple[int, int]]:
        return _own(self.zone, day, self.special.get(day, self.week.days[weekday(day)]))


def _append(
    starts: list[int],
    values: list[int],
    offsets: list[int | None],
    bases: list[int],
    piece: tuple[int, int, int | None, int],
) -> None:
    start, value, offset, base = piece
    starts.append(start)
    values.append(value)
    offsets.append(offset)
    bases.append(base)


def _regions(
    zone: Zone, week: Week, exceptions: Mapping[int, Intervals]
) -> Iterator[tuple[int, int]]:
    """Yield the first and the last day of every stretch in which the week may not hold."""
    days = set()
    for at, before, after in zip(zone.changes, zone.offsets, zone.offsets[1:], strict=False):
        one, other = (at + before) // MICROSECONDS_A_DAY, (at + after) // MICROSECONDS_A_DAY
        days |= {*range(min(one, other), max(one, other) + 1)}
    for day, intervals in exceptions.items():
        days.add(day)
        usual = week.days[weekday(day)]
        if any(end > MICROSECONDS_A_DAY for _, end in (*intervals, *usual)):
            days.add(day + 1)
    first = last = None
    for day in sorted(days):
        if first is None or last is None:
            first = last = day
        elif day == last + 1:
            last = day
        else:
            yield first, last
            first = last = day
    if first is not None and last is not None:
        yield first, last


def _own(zone: Zone, day: int, intervals: Intervals) -> list[tuple[int, int]]:
    """Return the intervals of a date as instants, those with no time in them left out."""
    midnight = day * MICROSECONDS_A_DAY
    spans = [(_first(zone, midnight + a), _last(zone, midnight + b)) for a, b in intervals]
    return united(spans)


def _first(zone: Zone, local: int) -> int:
    """Return the first instant at which the wall clock shows a time, or a later one."""
    index = bisect_right(zone.changes, local - _MOST_OFFSET)
    while True:
        at = local - zone.offsets[index]
        if index:
            at = max(at, zone.changes[index - 1])
        if index == len(zone.changes) or at < zone.changes[index]:
            return at
        index += 1


def _last(zone: Zone, local: int) -> int:
    """Return the instant from which on the wall clock shows a time, or later ones, only."""
    index = bisect_right(zone.changes, local + _MOST_OFFSET)
    while True:
        at = local - zone.offsets[index]
        if not index or at > zone.changes[index - 1]:
            return min(at, zone.changes[index]) if index < len(zone.changes) else at
        index -= 1
