"""Territories beside each other: work for each person, what is late, and what is beyond noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, NamedTuple

from leadrules.layout import Sheet
from leadrules.metrics.follow_up.paces import brief
from leadrules.metrics.follow_up.territory_plot import Panel, picture_of
from leadrules.metrics.periods import Period
from leadrules.metrics.pictures import MOST_BARS, Theme
from leadrules.metrics.ratio import Ratio, half_up
from leadrules.metrics.statistics.differences import Estimate
from leadrules.metrics.tabular import Column, Tabular

__all__ = [
    "SIGNALS",
    "Finding",
    "Signal",
    "Staffing",
    "Territory",
    "hours_estimate",
]

Finding = Literal[
    "under-staffed",
    "over-staffed",
    "more work, in time",
    "late, not for more work",
    "more work",
    "less work",
]
"""What the signals of a territory come to; the last two where nobody asked whether it is late."""
SIGNALS = ("open", "new", "overdue", "speed")
"""What is compared: open and new leads for each person, the share overdue, and how fast leads are
reached."""


_TITLES = {
    "open": "open leads per person",
    "new": "new leads per person",
    "overdue": "overdue (%)",
    "speed": "median wait (hours)",
}
_TOLD = {
    "open": ("more open leads per person", "fewer open leads per person"),
    "new": ("more new leads per person", "fewer new leads per person"),
    "overdue": ("more overdue", "less overdue"),
    "speed": ("slower", "faster"),
}


class Signal(NamedTuple):
    """How a territory differs from all others together, in one of the things compared.

    Attributes:
        of: Which of them.
        is_worse: Whether it has more work for each person, more overdue, or is slower.
        p: How likely such a difference, or a larger one, is by chance alone, corrected for how
            many were tested.
        is_beyond_noise: Whether that is below 5 %, and the interval of the territory does not hold
            the value of the whole.
    """

    of: str
    is_worse: bool
    p: float
    is_beyond_noise: bool


@dataclass(frozen=True, slots=True)
class Territory:
    """A territory, or the whole.

    Attributes:
        group: Its dimension and name; empty for the whole.
        people: How many people work in it.
        open: How many leads are open.
        new: How many came in the period.
        open_each: Open leads for each person; undefined without people.
        new_each: New leads for each person.
        overdue: Of what is owed now, how much is overdue; None if that was not asked for.
        median: After how many hours half of the leads that came had been reached; None if that
            was not asked for.
        signals: Where it was tested against all others.
    """

    group: Mapping[str, Any]
    people: int
    open: int
    new: int
    open_each: Estimate
    new_each: Estimate
    overdue: Ratio | None = None
    median: Estimate | None = None
    signals: tuple[Signal, ...] = ()

    def of(self, measure: str) -> Estimate:
        """Return the value of one of the things compared, with its interval."""
        match measure:
            case "open":
                return self.open_each
            case "new":
                return self.new_each
            case "overdue":
                return _share_of(self.overdue)
        return self.median or Estimate(None)

    def has(self, measure: str) -> bool:
        """Return whether one of the things compared was asked for."""
        asked = {"overdue": self.overdue is not None, "speed": self.median is not None}
        return asked.get(measure, True)

    def is_beyond(self, measure: str) -> bool:
        """Return whether one of the things compared is beyond noise."""
        return any(x.of == measure and x.is_beyond_noise for x in self.signals)

    @property
    def finding(self) -> Finding | None:
        """What the signals beyond noise come to; None if there are none, or they say nothing.

        Under-staffed is who has more work for each person and is late; over-staffed who has less,
        and is not late.
        """
        beyond = {x.of: x.is_worse for x in self.signals if x.is_beyond_noise}
        load = {beyond[x] for x in ("open", "new") if x in beyond}
        if all(signal.of in {"open", "new"} for signal in self.signals):
            return "more work" if load == {True} else "less work" if load == {False} else None
        is_late = any(beyond.get(x) for x in ("overdue", "speed"))
        if load == {True}:
            return "under-staffed" if is_late else "more work, in time"
        if is_late:
            return "late, not for more work"
        return "over-staffed" if load == {False} else None


@dataclass(frozen=True, slots=True, repr=False)
class Staffing(Tabular):
    """Territories beside each other and the whole, in the order of their names: there is no rank.

    Attributes:
        by: The dimension of the territories.
        period: When the new leads came.
        whole: All territories together.
        parts: The territories.
        tested: How many differences were tested.
        is_open_time: Whether waits are in the hours of an office.
    """

    by: str
    period: Period | None
    whole: Territory
    parts: tuple[Territory, ...]
    tested: int
    is_open_time: bool = False

    @property
    def found(self) -> tuple[Territory, ...]:
        """The territories in which something is beyond noise."""
        return tuple(
            part for part in self.parts if any(signal.is_beyond_noise for signal in part.signals)
        )

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        when = "" if self.period is None else f", new leads of {self.period}"
        return f"work and people by {self.by}{when}"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        return [*self._notes()]

    def _notes(self) -> Iterator[str]:
        for part in self.found:
            beyond = [
                f"{_TOLD[x.of][not x.is_worse]}, p {_p(x.p)}"
                for x in part.signals
                if x.is_beyond_noise
            ]
            name = next(iter(part.group.values()))
            finding = f": {part.finding}" if part.finding else ""
            yield f"{name}{finding} ({'; '.join(beyond)})"
        if not self.found:
            yield "nothing is beyond noise"
        yield (
            f"each beside all others together: {self.tested:,} tests, p is corrected for that; "
            "intervals are of 95 %"
        )

    def columns(self) -> Sequence[Column]:
        """Return its columns: the counts, and of each measure its value and its interval."""
        return (
            Column(self.by),
            Column("people", "count"),
            Column("open", "count"),
            Column("new", "count"),
            *_bounded("open_each", "number"),
            *_bounded("new_each", "number"),
            *_bounded("overdue", "share"),
            *_bounded("median", "hours"),
            Column("finding"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows: the whole, whose name is missing, and the territories."""
        return [
            (
                part.group.get(self.by),
                part.people,
                part.open,
                part.new,
                *(bound for of in SIGNALS for bound in part.of(of)),
                part.finding,
            )
            for part in (self.whole, *self.parts)
        ]

    def sheet(self) -> Sheet:
        """Return the table as people read it, each number with its interval."""
        heads = [
            self.by.replace("_", " "), "people", "open leads", "new leads", "open per person",
            "new per person", "overdue (%)", "median wait", "finding",
        ]  # fmt: skip
        rows = [
            [
                _name(part, self.by) if part.group else "(all)",
                *(f"{x:,}" for x in (part.people, part.open, part.new)),
                _cell(part.of("open")),
                _cell(part.of("new")),
                _cell(part.of("overdue"), 100),
                self._waited(part.of("speed")),
                part.finding or "-",
            ]
            for part in (self.whole, *self.parts)
        ]
        return Sheet(heads, rows, range(1, 8))

    def _waited(self, median: Estimate) -> str:
        if median.value is None:
            return "-"
        value, low, high = (brief(x, days=not self.is_open_time) for x in median)
        return f"{value} ({low} to {high})"

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: each measure by territory with its interval, and the whole as a line.

        What is beyond noise is drawn as a triangle.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        drawn = self.parts[:MOST_BARS]
        notes = ["with 95 % intervals; dashed: all together"]
        if len(drawn) < len(self.parts):
            notes.append(f"the first {len(drawn)} of {len(self.parts)}")
        panels = [
            Panel(
                _TITLES[of],
                [(_name(part, self.by), part.of(of), part.is_beyond(of)) for part in drawn],
                self.whole.of(of).value,
                of == "overdue",
            )
            for of in SIGNALS
            if self.whole.has(of)
        ]
        by = self.by.replace("_", " ")
        return picture_of(panels, theme=theme, title=self.title, of=by, notes=notes)


def _share_of(ratio: Ratio | None) -> Estimate:
    """Return a share with its interval."""
    if ratio is None or ratio.interval is None:
        return Estimate(None)
    return Estimate(ratio.value, *ratio.interval)


def _bounded(name: str, kind: Any) -> Iterator[Column]:
    yield Column(name, kind)
    yield Column(f"{name}_low", kind)
    yield Column(f"{name}_high", kind)


def _cell(found: Estimate, scale: int = 1) -> str:
    if found.value is None:
        return "-"
    value, low, high = ("-" if x is None else half_up(scale * x, 1) for x in found)
    return f"{value} ({low} to {high})"


def _name(part: Territory, by: str) -> str:
    name = part.group[by]
    return "(none)" if name is None else str(name)


def _p(value: float) -> str:
    least = 0.001
    return f"below {least}" if value < least else half_up(value, 3)


def hours_estimate(*spans: timedelta | None) -> Estimate:
    """Return durations, the value and its bounds, in hours."""
    return Estimate(*(None if x is None else x / timedelta(hours=1) for x in spans))
