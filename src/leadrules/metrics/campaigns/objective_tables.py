"""Objectives: how many there should be, how many there are, how many there may be in the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Literal

from leadrules.metrics.periods import Period
from leadrules.metrics.pictures import COLOURS, WIDTH, Theme, charts, themed
from leadrules.metrics.statistics.intervals import CONFIDENCE, statistics
from leadrules.metrics.tabular import Column, Tabular
from leadrules.values import instant_of

__all__ = ["Attainment", "Objectives", "Status", "projected"]

Status = Literal["not begun", "met", "on course", "behind", "missed"]
"""Whether there are as many as there should be: already, by the share of time that is gone, or at
the end."""


@dataclass(frozen=True, slots=True)
class Attainment:
    """What came of an objective, of all leads or of a group, up to a moment.

    Attributes:
        id: What the objective is called.
        group: The group, such as the region; None if there are none.
        what: What is counted: a word of the funnel, a stage, or an activity.
        target: How many there should be at the end.
        actual: How many there are.
        period: When.
        at: The moment.
    """

    id: str
    group: str | None
    what: str
    target: int
    actual: int
    period: Period
    at: datetime

    @property
    def gone(self) -> Fraction:
        """The share of the time that is gone, from 0 to 1."""
        first, after = self.period.first, self.period.after
        now = min(max(instant_of(self.at), first), after)
        return Fraction(now - first, after - first)

    @property
    def expected(self) -> Fraction:
        """How many there should be by now, if they came evenly."""
        return self.target * self.gone

    @property
    def attained(self) -> float:
        """The actual count as a share of the target."""
        return self.actual / self.target

    @property
    def is_over(self) -> bool:
        """Whether the period has ended, so that the count is final."""
        return self.at >= self.period.end

    @property
    def status(self) -> Status:
        """Whether there are as many as there should be."""
        if self.actual >= self.target:
            return "met"
        if self.is_over:
            return "missed"
        if self.at <= self.period.start:
            return "not begun"
        return "on course" if self.actual >= self.expected else "behind"

    @property
    def projection(self) -> tuple[int, int] | None:
        """Between how many there will be at the end, if they go on to come as they have.

        None before the period has begun; the count itself when it is over.
        """
        return projected(self.actual, self.gone)


def projected(
    actual: int, gone: Fraction, confidence: float = CONFIDENCE
) -> tuple[int, int] | None:
    """Return between how many events of a Poisson process there will be at the end of a time.

    Args:
        actual: How many there were.
        gone: The share of the time in which they were.
        confidence: How often such intervals hold what comes.

    Source:
        K. Krishnamoorthy, J. Peng, Improved closed-form prediction intervals for binomial and
        Poisson distributions, Journal of Statistical Planning and Inference 141 (2011), 1709-1718;
        here by the prior of Jeffreys, whose prediction is a negative binomial distribution.

    Examples:
        >>> projected(30, Fraction(1, 2)), projected(0, Fraction(1, 2)), projected(9, Fraction(1))
        ((47, 77), (0, 3), (9, 9))
    """
    if not gone:
        return None
    if gone == 1:
        return actual, actual
    rest = statistics().nbinom(actual + 0.5, float(gone))
    tail = (1 - confidence) / 2
    low, high = rest.ppf(tail), rest.ppf(1 - tail)
    return actual + int(low), actual + int(high)


@dataclass(frozen=True, slots=True, repr=False)
class Objectives(Tabular):
    """The objectives of a policy, with what came of them up to a moment.

    Attributes:
        parts: What came of each, by group.
        at: The moment.
        told: What else one must know to read it.
    """

    parts: tuple[Attainment, ...]
    at: datetime
    told: tuple[str, ...] = ()

    def __getitem__(self, wanted: str | tuple[str, str]) -> Attainment:
        for part in self.parts:
            if wanted in (part.id, (part.id, part.group)):
                return part
        raise KeyError(wanted)

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        counts = dict.fromkeys(_STATUSES, 0)
        for part in self.parts:
            counts[part.status] += 1
        told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        return f"objectives at {self.at:%Y-%m-%d %H:%M %Z}: {told or 'none'}"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        runs = any(0 < part.gone < 1 for part in self.parts)
        how = "at the end: 95 % interval, if they go on to come as they have; expected: evenly"
        return [*([how] if runs else []), *self.told]

    def columns(self) -> Sequence[Column]:
        """Return its columns: what, target, actual, by now, at the end, and how it stands."""
        return (
            Column("objective"),
            *([Column("group")] if any(part.group is not None for part in self.parts) else []),
            Column("what"),
            Column("period"),
            Column("gone", "share", "time gone"),
            Column("target", "count"),
            Column("actual", "count"),
            Column("attained", "share"),
            Column("expected", "number", "expected by now"),
            Column("low", "count", "at the end, from"),
            Column("high", "count", "to"),
            Column("status"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows: one an objective, or one of its groups."""
        grouped = any(part.group is not None for part in self.parts)
        return [tuple(_row(part, grouped=grouped)) for part in self.parts]

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: each count as a share of its target, what is due by now, and the end.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        alt = charts()
        rows: list[dict[str, Any]] = []
        for part in self.parts:
            low, high = part.projection or (None, None)
            runs = low is not None and not part.is_over
            rows.append(
                {
                    "label": part.id if part.group is None else f"{part.id}: {part.group}",
                    "share": part.attained,
                    "due": float(part.gone),
                    "low": low / part.target if runs and low is not None else None,
                    "high": high / part.target if runs and high is not None else None,
                    "text": f"{part.actual:,} of {part.target:,}, {part.status}",
                    "whole": 1,
                }
            )
        colours = COLOURS.get(theme, [""] * 7)
        title = "share of the target"
        base = alt.Chart(alt.Data(values=rows)).encode(
            y=alt.Y("label:N", sort=None, title="objective")
        )
        most = max((max(row["high"] or 0, row["share"]) for row in rows), default=0)
        scale = alt.Scale(domain=[0, min(max(most, 1), _MOST)], nice=False)
        share = alt.X("share:Q", title=title, axis=alt.Axis(format=".0%"), scale=scale)
        whole = base.mark_bar(size=20, color=colours[6], opacity=0.25).encode(
            x=alt.X("whole:Q", title=title, scale=scale)
        )
        layers = [
            whole,
            base.mark_bar(size=10, color=colours[0], clip=True).encode(
                x=share, tooltip=["label:N", "text:N"]
            ),
            base.mark_tick(size=20, thickness=3, color=colours[1]).encode(x="due:Q"),
            base.mark_rule(strokeWidth=3, color=colours[2], clip=True, yOffset=8).encode(
                x="low:Q", x2="high:Q"
            ),
            base.mark_text(align="left", dx=4, dy=-15).encode(x=alt.value(0), text="text:N"),
        ]
        chart = alt.layer(*layers).properties(width=WIDTH, height=alt.Step(44))
        notes = [
            self.title,
            "bar: actual; tick: due by now; line: 95 % interval of the end; grey: target",
            *([f"cut at {_MOST:.0%} of the target"] if most > _MOST else []),
        ]
        return themed(chart, theme, title="objectives", notes=notes)


_MOST = 2.0
"""At what share of the target a picture is cut."""


_STATUSES: tuple[Status, ...] = ("met", "on course", "behind", "missed", "not begun")


def _row(part: Attainment, *, grouped: bool) -> Iterator[Any]:
    low, high = part.projection or (None, None)
    yield part.id
    if grouped:
        yield part.group
    yield part.what
    yield str(part.period)
    yield float(part.gone)
    yield from (part.target, part.actual, part.attained)
    yield from (float(part.expected), low, high, part.status)
