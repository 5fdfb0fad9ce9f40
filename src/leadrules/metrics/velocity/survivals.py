"""How long something takes, told for one group or several, with those who are still on the way."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import mean, median
from typing import TYPE_CHECKING, Any, NamedTuple

from leadrules.errors import EvaluationError, as_written, did_you_mean
from leadrules.metrics.periods import Period
from leadrules.metrics.pictures import Theme, label_of
from leadrules.metrics.ratio import counted, half_up, percent
from leadrules.metrics.statistics.curves import AFTER, LOST, OPEN, REACHED, Chance, Curve
from leadrules.metrics.statistics.intervals import statistics
from leadrules.metrics.tabular import Column, Tabular
from leadrules.metrics.velocity.followed import LostAs
from leadrules.metrics.velocity.survival_pictures import curves_of
from leadrules.values import duration_text

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Comparison", "Survival", "Survivals", "days_of"]

_DAY = timedelta(days=1)


def days_of(span: timedelta | None) -> float | None:
    """Return a duration in days."""
    return None if span is None else span / _DAY


class Comparison(NamedTuple):
    """Whether two groups differ in how fast they get there, by the log-rank test.

    Attributes:
        statistic: How far apart they are, in standard deviations; above zero if the first is
            slower or faster than expected if they were alike.
        p_value: How often groups that are alike differ as much.
    """

    statistic: float
    p_value: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Survival(Tabular):
    """How long something takes, and for whom it has not happened yet.

    Attributes:
        name: What is measured, such as `sales_ready_to_close`.
        curve: What share came there by when.
        done: What those did for whom it happened, in words.
        unit: What is counted.
        entry: Which entry counts, of those who came several times.
        lost_as: What is said of those who are lost.
        period: When they came.
        since: Before when nobody could be seen to get there, if that is so.
        early: How many are left out since they came before.
        negative: How many were there before they came, by the data; they count as there at once.
        group: What they have in common, by dimension.
    """

    name: str
    curve: Curve
    done: str = "got there"
    unit: str = "lead"
    entry: str = "first"
    lost_as: LostAs = "never"
    period: Period | None = None
    since: datetime | None = None
    early: int = 0
    negative: int = 0
    group: Mapping[str, Any] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many were followed."""
        return self.curve.followed

    @property
    def reached(self) -> int:
        """How many got there."""
        return self.curve.count(REACHED)

    @property
    def lost(self) -> int:
        """How many ended elsewhere, if they are told apart from those still on the way."""
        return self.curve.count(LOST)

    @property
    def open(self) -> int:
        """How many are still on the way, so far as is known."""
        return self.curve.count(OPEN)

    @property
    def median(self) -> timedelta | None:
        """After how long half of them got there; None if that is not reached."""
        return self.curve.quantile(0.5)

    @property
    def median_interval(self) -> tuple[timedelta | None, timedelta | None]:
        """The interval of the median; None where a bound is not reached."""
        return self.curve.quantile(0.5, "high"), self.curve.quantile(0.5, "low")

    @property
    def median_done(self) -> timedelta | None:
        """The median of those who got there alone: too fast, as long as slow ones are on the way.

        None if nobody did.
        """
        times = _repeated(self.curve.steps, REACHED)
        return timedelta(microseconds=median(times)) if times else None

    @property
    def mean_done(self) -> timedelta | None:
        """The mean of those who got there alone, with the same fault; a few slow ones raise it."""
        times = _repeated(self.curve.steps, REACHED)
        return timedelta(microseconds=mean(times)) if times else None

    def quantile(self, share: float) -> timedelta | None:
        """Return after how long so large a share got there; None if it is not reached.

        Raises:
            EvaluationError: If there is no such share.
        """
        return self.curve.quantile(share)

    def within(self, span: timedelta) -> Chance | None:
        """Return what share got there within some time; None if nobody was followed so long."""
        return self.curve.within(span)

    def compared(self, other: Survival) -> Comparison:
        """Return whether two groups differ, by the log-rank test; the lost count as censored.

        Raises:
            EvaluationError: If they measure something else, or one of them has nobody.
        """
        for what in ("name", "unit", "entry", "since"):
            one, two = getattr(self, what), getattr(other, what)
            if one != two:
                message = (
                    f"{self.name}: curves of another {what} cannot be compared: '{one}' and '{two}'"
                )
                raise EvaluationError(message, field=self.name)
        if not self.count or not other.count or not self.reached + other.reached:
            message = f"{self.name}: nobody got there, or a group has nobody; cannot compare"
            raise EvaluationError(message, field=self.name)
        found = statistics().logrank(_samples(self.curve), _samples(other.curve))
        return Comparison(float(found.statistic), float(found.pvalue))

    @property
    def told_median(self) -> str:
        """The median in words: 'median 14.0 days', or what is known if it is not reached."""
        median = self.median
        if median is not None:
            low, high = (_days(bound) for bound in self.median_interval)
            return f"median {_days(median)} days, 95 % CI {low} to {high}"
        if not self.count:
            return "median undefined"
        if self.curve.is_complete:
            return f"median never: {percent(self.reached, self.count)} % {self.done} at all"
        return f"median above {_days(self.curve.longest)} days, so far as they were followed"

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        group = f" ({label_of(self.group)})" if self.group else ""
        name = self.name.replace("_", " ")
        return ", ".join(
            [
                f"{name}{group}: {self.reached:,} of {counted(self.count, self.unit)} {self.done}",
                self.told_median,
                *([f"cohort {self.period}"] if self.period else []),
                f"{self.entry} entry",
            ]
        )

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        open_ones = f"{self.open:,} open, so far as they were followed"
        if self.lost_as == "never":
            found = [f"{open_ones}; {self.lost:,} ended elsewhere, so never will"]
        else:
            found = [f"{open_ones}; those who ended elsewhere are among them"]
        if self.negative:
            found.append(
                f"{self.negative:,} {self.done} before they came, by the data: as if at once"
            )
        if self.since is not None:
            since = f"{self.since:%Y-%m-%d %H:%M %Z}"
            found.append(
                f"{self.early:,} came before {since}, since when it is known who {self.done}: "
                "left out"
            )
        return found

    def columns(self) -> Sequence[Column]:
        """Return its columns: within what time which share got there, and how many are left."""
        return (
            Column("within"),
            Column("days", "number"),
            Column("share", "share", self.done),
            Column("low", "share"),
            Column("high", "share"),
            Column("at_risk", "count", "still followed"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one for each of some round times within which somebody was followed."""
        found = []
        for span in self.curve.marks:
            chance = self.within(span)
            if chance is not None:
                text = duration_text(span // timedelta(microseconds=1))
                numbers = chance.value, chance.low, chance.high, chance.at_risk
                found.append((text, days_of(span), *numbers))
        return found

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: the share who got there, with its band, and how many were left.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        return _drawn([self], self, theme)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Survivals(Tabular):
    """How long something takes, by one or more dimensions.

    They are iterated in their order, and found by what their groups have in common:
    `found["anna"]`, or `found["north", "anna"]` for two dimensions.

    Attributes:
        total: That of all of them together.
        by: The dimensions, the coarsest first.
        parts: That of each group; they share nobody.
    """

    total: Survival
    by: tuple[str, ...]
    parts: tuple[Survival, ...]

    def __iter__(self) -> Iterator[Survival]:
        return iter(self.parts)

    def __getitem__(self, group: Any) -> Survival:
        wanted = group if isinstance(group, tuple) else (group,)
        for part in self.parts:
            if tuple(part.group[name] for name in self.by) == wanted:
                return part
        raise KeyError(group)

    def rolled_up(self, by: str | Sequence[str]) -> Survivals:
        """Return the same by fewer dimensions, estimated anew from all who were followed.

        Args:
            by: The dimensions to keep.

        Raises:
            EvaluationError: If it is none of the dimensions.
        """
        kept = (by,) if isinstance(by, str) else tuple(by)
        for name in kept:
            if name not in self.by:
                message = f"by: no dimension '{as_written(name)}'{did_you_mean(name, self.by)}"
                raise EvaluationError(message, field="by")
        groups: dict[tuple[Any, ...], list[Survival]] = {}
        for part in self.parts if kept else ():
            groups.setdefault(tuple(part.group[name] for name in kept), []).append(part)
        parts = (_together(found, kept) for found in groups.values())
        return Survivals(self.total, kept, tuple(parts))

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        return self.total.title

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        return (
            *self.total.notes,
            "a median of '-' is not reached: not yet, or by fewer than half at all",
        )

    def columns(self) -> Sequence[Column]:
        """Return its columns: the dimensions, the counts, the median, the share at the end."""
        return (
            *(Column(name) for name in self.by),
            Column("count", "count", counted(2, self.total.unit).partition(" ")[2]),
            Column("reached", "count", self.total.done),
            Column("lost", "count", "ended elsewhere"),
            Column("open", "count", "not yet"),
            Column("median", "days"),
            Column("low", "days"),
            Column("high", "days"),
            Column("share", "share", "at the end"),
            Column("longest", "days", "followed up to"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a group."""
        return [
            (
                *(part.group[name] for name in self.by),
                *(part.count, part.reached, part.lost, part.open),
                days_of(part.median),
                *(days_of(bound) for bound in part.median_interval),
                part.curve.last.value if part.count else None,
                days_of(part.curve.longest),
            )
            for part in self.parts
        ]

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: the curve of each of the largest groups, with its band.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        return _drawn(self.parts, self.total, theme)


def _drawn(parts: Sequence[Survival], whole: Survival, theme: Theme) -> Any:
    title, _, rest = whole.title.partition(": ")
    drawn = [(part.group, part.curve) for part in parts]
    words = textwrap.wrap(rest, 80)
    return curves_of(drawn, title=title, notes=[*words, *whole.notes], theme=theme)


def _together(parts: Sequence[Survival], by: Sequence[str]) -> Survival:
    first = parts[0]
    return replace(
        first,
        curve=Curve.of(*(part.curve.steps for part in parts)),
        early=sum(part.early for part in parts),
        negative=sum(part.negative for part in parts),
        group={name: first.group[name] for name in by},
    )


def _samples(curve: Curve) -> Any:
    """Return who was followed how long, as scipy takes it."""
    ended = _repeated(curve.steps, REACHED)
    rest = [*_repeated(curve.steps, OPEN), *_repeated(curve.steps, LOST)]
    return statistics().CensoredData(uncensored=ended, right=rest)


def _repeated(steps: pl.DataFrame, end: str) -> list[float]:
    found = zip(steps[AFTER].to_list(), steps[end].to_list(), strict=True)
    return [float(after) for after, count in found for _ in range(count)]


def _days(span: timedelta | None) -> str:
    return "-" if span is None else half_up(span / _DAY, 1)
