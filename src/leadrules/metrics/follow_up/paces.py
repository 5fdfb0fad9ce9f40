"""How fast leads were reached, as a result: of all, and of each group at each level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from leadrules.errors import EvaluationError, as_written, did_you_mean
from leadrules.layout import Sheet
from leadrules.metrics.follow_up.speed_plot import MOST_CURVES, picture_of
from leadrules.metrics.follow_up.waits import CREATED, Goal
from leadrules.metrics.periods import Period
from leadrules.metrics.pictures import Theme, label_of
from leadrules.metrics.ratio import Ratio, counted, half_up
from leadrules.metrics.ratios import Ratios
from leadrules.metrics.statistics.curves import Curve
from leadrules.metrics.tabular import Column, Tabular
from leadrules.values import duration_text

__all__ = ["Pace", "Speed", "brief", "hours_of"]

_HOUR = timedelta(hours=1)
_MEDIAN, _LATE = 0.5, 0.9
_NAMED: Mapping[Goal, str] = {
    "attempt": "first attempt",
    "contact": "first contact",
    "qualification": "qualification",
}


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast some leads were reached.

    Attributes:
        level: The dimension by which they are a group; `all` for all of them.
        group: What they have in common, by dimension.
        curve: What share had been reached by when, those who still wait among them.
        done: How many were reached; their waits alone are `done_curve`.
        done_curve: The same of those who were reached only.
        waiting: How many wait at the moment of the evaluation.
        gone: How many were closed without it.
        early: How many had it before they came; that does not count.
        in_time: Of those whose time is over, how many were reached in time. None if there is no
            limit.
        past_due: How many of the rest still wait.
        not_due: How many are left out of it, since their time is not over.
    """

    level: str
    group: Mapping[str, Any]
    curve: Curve
    done_curve: Curve
    done: int
    waiting: int
    gone: int
    early: int
    in_time: Ratio | None = None
    past_due: int = 0
    not_due: int = 0

    @property
    def leads(self) -> int:
        """How many came."""
        return self.done + self.waiting + self.gone

    @property
    def median(self) -> timedelta | None:
        """After how long half of them had been reached; None if that is not known yet."""
        return self.curve.quantile(_MEDIAN)

    @property
    def p90(self) -> timedelta | None:
        """After how long nine of ten had been reached; None if that is not known yet."""
        return self.curve.quantile(_LATE)

    @property
    def median_done(self) -> timedelta | None:
        """The median of those who were reached alone: too fast, as long as slow ones wait."""
        return self.done_curve.quantile(_MEDIAN)

    @property
    def p90_done(self) -> timedelta | None:
        """The ninth decile of those who were reached alone."""
        return self.done_curve.quantile(_LATE)


@dataclass(frozen=True, slots=True, repr=False)
class Speed(Tabular):
    """How long leads waited, of all, and of each group at each level.

    Attributes:
        to: What they waited for.
        since: Since when: `created`, or the stage into which they came.
        period: When they came.
        within: How long it may take.
        is_open_time: Whether times are those of an office; else they are of the wall clock.
        by: The dimensions, the coarsest first.
        paces: All of them, then each level of groups, the coarsest first.
        nameless: How many leads are left out, since nobody says when they came.
    """

    to: Goal
    since: str
    period: Period | None
    within: timedelta | None
    is_open_time: bool
    by: tuple[str, ...]
    paces: tuple[Pace, ...]
    nameless: int = 0

    @property
    def total(self) -> Pace:
        """All leads together."""
        return self.paces[0]

    @property
    def in_time(self) -> Ratios | None:
        """The share in time of each of the finest groups; None if there is no limit."""
        total = self.total.in_time
        if total is None:
            return None
        finest = self.level(self.by[-1]) if self.by else ()
        return Ratios(total, self.by, tuple(x.in_time for x in finest if x.in_time is not None))

    def level(self, name: str) -> tuple[Pace, ...]:
        """Return the groups of a level, such as all regions.

        Args:
            name: The dimension; `all` for all leads together.

        Raises:
            EvaluationError: If it is none.
        """
        known = ("all", *self.by)
        if name not in known:
            message = f"level: no dimension '{as_written(name)}'{did_you_mean(str(name), known)}"
            raise EvaluationError(message, field="level")
        return tuple(pace for pace in self.paces if pace.level == name)

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        since = "they were created" if self.since == CREATED else f"they came to '{self.since}'"
        when = "" if self.period is None else f", of {self.period}"
        clock = "open hours" if self.is_open_time else "wall time"
        return f"time to {_NAMED[self.to]} since {since}, in {clock}{when}"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        return [*self._notes()]

    def _notes(self) -> Iterator[str]:
        total = self.total
        yield "median and p90 are of all leads: those who still wait count until now"
        if self.to != "qualification" and total.leads and not total.done and not total.early:
            yield "nobody was reached by any event; what counts are events of kind 'touch'"
        if total.gone:
            what = (
                "never get there"
                if self.to == "qualification"
                else "count until then, and are not late if that was in time"
            )
            yield f"{counted(total.gone, 'lead')} closed without it: they {what}"
        if total.in_time is not None and self.within is not None:
            limit = duration_text(self.within // timedelta(microseconds=1))
            yield f"in time, within {limit}: {total.in_time}"
            missed = total.in_time.denominator - total.in_time.numerator
            yield f"{missed:,} missed it, of whom {total.past_due:,} still wait (past due)"
            yield f"{counted(total.not_due, 'lead')} not due yet, and left out of the share"
        if total.early:
            yield f"{counted(total.early, 'lead')} had it before they came; that does not count"
        if self.nameless:
            yield f"{counted(self.nameless, 'lead')} left out: nobody says when they came"

    def columns(self) -> Sequence[Column]:
        """Return its columns: the group, the counts, the times in hours, the share in time."""
        within = (
            Column("due", "count"),
            Column("in_time", "count"),
            Column("share", "share", "in time"),
            Column("low", "share"),
            Column("high", "share"),
            Column("past_due", "count"),
            Column("not_due", "count"),
        )
        return (
            Column("level"),
            *(Column(name) for name in self.by),
            Column("leads", "count"),
            Column("done", "count"),
            Column("waiting", "count"),
            Column("gone", "count", "closed"),
            Column("median", "hours"),
            Column("p90", "hours"),
            Column("median_done", "hours", "median of done"),
            Column("p90_done", "hours", "p90 of done"),
            *(within if self.within is not None else ()),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows: all leads, then each level of groups."""
        return [(*self._row(pace), *_in_time_row(pace)) for pace in self.paces]

    def _row(self, pace: Pace) -> Iterator[Any]:
        yield pace.level
        yield from (pace.group.get(name) for name in self.by)
        yield from (pace.leads, pace.done, pace.waiting, pace.gone)
        for span in (pace.median, pace.p90, pace.median_done, pace.p90_done):
            yield None if span is None else hours_of(span)

    def sheet(self) -> Sheet:
        """Return the table as people read it: times in minutes, hours or days."""
        found = Tabular.sheet(self)
        places = [place for place, x in enumerate(self.columns()) if x.kind == "hours"]
        heads = [
            head.removesuffix(" (hours)") if place in places else head
            for place, head in enumerate(found.heads)
        ]
        rows = [
            [
                brief(values[place], days=not self.is_open_time) if place in places else cell
                for place, cell in enumerate(cells)
            ]
            for cells, values in zip(found.rows, self.rows(), strict=True)
        ]
        return Sheet(heads, rows, found.right)

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: what share had been reached by when, and the limit.

        With dimensions, it has the largest groups of the coarsest one.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        groups = self.level(self.by[0]) if self.by else (self.total,)
        largest = sorted(range(len(groups)), key=lambda place: -groups[place].leads)[:MOST_CURVES]
        drawn = [groups[place] for place in sorted(largest)]
        notes = ["those who still wait count until now"]
        if self.total.in_time is not None:
            notes.append(f"in time: {self.total.in_time}")
        if len(drawn) < len(groups):
            notes.append(f"the {len(drawn)} largest of {len(groups)} groups")
        return picture_of(
            [(label_of(pace.group) or "all", pace.curve) for pace in drawn],
            theme=theme,
            title=self.title,
            of=self.by[0] if self.by else None,
            within=self.within,
            is_open_time=self.is_open_time,
            notes=notes,
        )


def _in_time_row(pace: Pace) -> Sequence[Any]:
    found = pace.in_time
    if found is None:
        return ()
    low, high = found.interval or (None, None)
    counts = (found.denominator, found.numerator, found.value)
    return (*counts, low, high, pace.past_due, pace.not_due)


def hours_of(span: timedelta) -> float:
    """Return a duration in hours."""
    return span / _HOUR


def brief(hours: float | None, *, days: bool = True) -> str:
    """Return a duration as a table shows it.

    Args:
        hours: How long; what is not known is a hyphen.
        days: Whether from two days on it is told in days, which open time is not.

    Examples:
        >>> brief(0.2), brief(3.25), brief(60), brief(60, days=False), brief(None)
        ('12 min', '3.3 h', '2.5 d', '60.0 h', '-')
    """
    if hours is None:
        return "-"
    if hours < 1:
        return f"{half_up(60 * hours, 0)} min"
    two_days = 48
    return f"{half_up(hours / 24, 1)} d" if days and hours >= two_days else f"{half_up(hours, 1)} h"
