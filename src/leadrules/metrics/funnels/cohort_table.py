"""The result of cohorts: a triangle of shares, each told whether everybody has had the time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from leadrules.layout import Sheet
from leadrules.metrics.periods import Every, Period
from leadrules.metrics.pictures import WIDTH, Theme, charts, themed
from leadrules.metrics.ratio import Ratio, counted, half_up
from leadrules.metrics.tabular import Column, Tabular
from leadrules.values import duration_text

__all__ = ["Cohort", "Cohorts"]


@dataclass(frozen=True, slots=True)
class Cohort:
    """Those who came to a stage in one month, or another unit of time.

    Attributes:
        period: The unit of time.
        size: How many they are.
        ratios: How many of them came to the second stage within one step, two steps, and so on. A
            ratio of which somebody is censored is not known in full yet, and can only grow. Steps
            that have not begun for anybody are not here.
        had: How many steps everybody has had; none while others can still join.
        complete: Whether its unit of time is over, so that nobody can join it any more.
        truncated: Whether it began before the second stage could be seen; who came there before
            that is not known, so that its shares are too low.
        group: What they have in common, by dimension.
    """

    period: Period
    size: int
    ratios: tuple[Ratio, ...]
    had: int = 0
    complete: bool = True
    truncated: bool = False
    group: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def is_mature(self, step: int) -> bool:
        """Return whether everybody has had so many steps.

        Args:
            step: The number of steps, from 1.
        """
        return step <= self.had

    @property
    def mature(self) -> Ratio | None:
        """The ratio of the longest time that everybody has had; None if there is none."""
        ripe = [x for number, x in enumerate(self.ratios, start=1) if self.is_mature(number)]
        return ripe[-1] if ripe else None


@dataclass(frozen=True, slots=True, repr=False)
class Cohorts(Tabular):
    """A triangle: for each cohort, which share came to another stage within how many steps.

    They are iterated in their order, and found by label: `found["2026-03"]`.

    Attributes:
        cohorts: The cohorts, in order; with groups those of each group.
        of: The stage, or word, by which they are cohorts.
        to: That to which they come.
        at: The moment up to which it is known.
        step: How long a step is.
        every: The unit of time of a cohort.
        unit: What is counted.
        entry: Which entry counts.
        since: The first moment at which the second stage could be seen, if that is later.
        by: The dimensions, the coarsest first.
        again: How many leads came to the first stage several times.
    """

    cohorts: tuple[Cohort, ...]
    of: str
    to: str
    at: datetime
    step: timedelta
    every: Every = "month"
    unit: str = "lead"
    entry: str = "first"
    since: datetime | None = None
    by: tuple[str, ...] = ()
    again: int = 0

    def __iter__(self) -> Iterator[Cohort]:
        return iter(self.cohorts)

    def __getitem__(self, label: Any) -> Cohort:
        """Return a cohort by its label, or with groups by those and its label."""
        wanted = label if isinstance(label, tuple) else (label,)
        for cohort in self.cohorts:
            if (*(cohort.group[name] for name in self.by), cohort.period.label) == wanted:
                return cohort
        raise KeyError(label)

    @property
    def windows(self) -> tuple[timedelta, ...]:
        """How long each step has been, from the first stage."""
        most = max((len(cohort.ratios) for cohort in self.cohorts), default=0)
        return tuple(self.step * number for number in range(1, most + 1))

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        each = counted(2, self.unit).partition(" ")[2]
        return (
            f"cohorts of {each} by the {_words(self.every)} of '{self.of}': "
            f"share that came to '{self.to}' within so long, {self.entry} entry"
        )

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        return tuple(self._notes())

    def _notes(self) -> Iterator[str]:
        if any(
            not cohort.is_mature(number)
            for cohort in self.cohorts
            for number in range(1, len(cohort.ratios) + 1)
        ):
            yield (
                f"* not everybody had so long by {self.at:%Y-%m-%d %H:%M}: the share can only grow"
            )
        cut = sum(cohort.truncated for cohort in self.cohorts)
        if cut and self.since:
            yield (
                f"< began before {self.since:%Y-%m-%d}, from when '{self.to}' can be seen: "
                f"shares of {counted(cut, 'cohort')} are too low"
            )
        running = [cohort.period.label for cohort in self.cohorts if not cohort.complete]
        if running:
            yield f"{running[0]} still runs: others may join it"
        if self.again:
            counts = "each entry" if self.entry == "every" else f"the {self.entry} entry"
            yield f"{counted(self.again, 'lead')} came to '{self.of}' again: {counts} counts"

    def columns(self) -> Sequence[Column]:
        """Return its columns: the dimensions, the cohort, its size, the window, the share."""
        return (
            *(Column(name) for name in self.by),
            Column("cohort"),
            Column("size", "count", counted(2, self.unit).partition(" ")[2]),
            Column("within", "days"),
            Column("count", "count"),
            Column("share", "share"),
            Column("low", "share"),
            Column("high", "share"),
            Column("censored", "count"),
            Column("mature", "flag"),
            Column("truncated", "flag"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a cohort and window."""
        return [
            (
                *(cohort.group[name] for name in self.by),
                cohort.period.label,
                cohort.size,
                window / timedelta(days=1),
                ratio.numerator,
                ratio.value,
                *(ratio.interval or (None, None)),
                ratio.censored,
                cohort.is_mature(number),
                cohort.truncated,
            )
            for cohort in self.cohorts
            for number, (window, ratio) in enumerate(
                zip(self.windows, cohort.ratios, strict=False), start=1
            )
        ]

    def sheet(self) -> Sheet:
        """Return the triangle as people read it: a row a cohort, a column a window."""
        each = counted(2, self.unit).partition(" ")[2]
        heads = [*self.by, "cohort", each, *(f"{_long(x)} (%)" for x in self.windows)]
        rows = [
            [
                *("-" if cohort.group[x] is None else str(cohort.group[x]) for x in self.by),
                cohort.period.label + (" <" if cohort.truncated else ""),
                f"{cohort.size:,}",
                *(_cell(cohort, number) for number in range(1, len(self.windows) + 1)),
            ]
            for cohort in self.cohorts
        ]
        return Sheet(heads, rows, set(range(len(self.by) + 1, len(heads))))

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: a heat map, in which what is not mature is outlined and faint.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        alt = charts()
        rows = [
            {
                "cohort": _label(cohort),
                "within": _long(window),
                "share": ratio.value,
                "of": f"{ratio.numerator:,} of {ratio.denominator:,}",
                "text": _cell(cohort, number),
                "known": "everybody had the time"
                if cohort.is_mature(number)
                else "not everybody had the time yet (*)",
            }
            for cohort in self.cohorts
            for number, (window, ratio) in enumerate(
                zip(self.windows, cohort.ratios, strict=False), start=1
            )
            if ratio.value is not None
        ]
        ramp = _RAMPS.get(theme, _RAMPS["light"])
        x = alt.X(
            "within:O", sort=None, title=f"time since '{self.of}'", axis=alt.Axis(labelAngle=0)
        )
        y = alt.Y("cohort:O", sort=None, title=f"{_words(self.every)} of '{self.of}'")
        shares = [
            ratio.value
            for cohort in self.cohorts
            for number, ratio in enumerate(cohort.ratios, start=1)
            if cohort.is_mature(number) and ratio.value is not None
        ]
        middle = (min(shares) + max(shares)) / 2 if shares else 1
        ripe = alt.datum.known == "everybody had the time"
        base = alt.Chart().encode(x=x, y=y, tooltip=["cohort:O", "within:O", "of:N", "known:N"])
        layers = [
            base.transform_filter(ripe)
            .mark_rect(stroke=ramp.paper, strokeWidth=2)
            .encode(
                color=alt.Color(
                    "share:Q",
                    title=f"share that came to '{self.to}'",
                    scale=alt.Scale(range=[ramp.low, ramp.high]),
                    legend=alt.Legend(format=".0%", orient="bottom"),
                )
            ),
            base.transform_filter(~ripe).mark_rect(
                fillOpacity=0, stroke=ramp.faint, strokeDash=[3, 3], strokeWidth=1
            ),
            base.transform_filter(ripe & (alt.datum.share <= middle)).mark_text(color=ramp.on_low),
            base.transform_filter(ripe & (alt.datum.share > middle)).mark_text(color=ramp.on_high),
            base.transform_filter(~ripe).mark_text(color=ramp.grey, fontStyle="italic"),
        ]
        layers[2:] = [layer.encode(text="text:N") for layer in layers[2:]]
        chart = alt.layer(*layers, data=alt.Data(values=rows)).properties(
            width=max(WIDTH, 52 * len(self.windows)), height=alt.Step(26)
        )
        return themed(chart, theme, title=self.title, notes=["in %", *self.notes])


@dataclass(frozen=True, slots=True)
class _Ramp:
    low: str
    high: str
    on_low: str
    on_high: str
    paper: str
    faint: str
    grey: str


# The light end of each is the paper's, so that more is more ink; both differ in lightness alone.
_RAMPS: Mapping[str, _Ramp] = {
    "light": _Ramp("#DCEBF7", "#08519C", "#24292F", "#FFFFFF", "#FFFFFF", "#AFB8C1", "#656D76"),
    "dark": _Ramp("#12314F", "#9BD0F5", "#E6EDF3", "#0D1117", "#0D1117", "#57606A", "#9198A1"),
}


def _label(cohort: Cohort) -> str:
    groups = "".join(f"{'(none)' if x is None else x}, " for x in cohort.group.values())
    cut = " <" if cohort.truncated else ""
    return f"{groups}{cohort.period.label}{cut}  ({cohort.size:,})"


def _cell(cohort: Cohort, number: int) -> str:
    """Return a share as people read it; nothing where nobody has had the time."""
    if number > len(cohort.ratios):
        return ""
    value = cohort.ratios[number - 1].value
    if value is None:
        return "-"
    return half_up(100 * value, 1) + ("" if cohort.is_mature(number) else "*")


def _long(window: timedelta) -> str:
    """Return how long a window is; in days if it is whole ones, so that steps count up."""
    if not window % timedelta(days=1):
        return counted(window.days, "day")
    return duration_text(window // timedelta(microseconds=1))


def _words(every: str) -> str:
    return every.replace("_", "-")
