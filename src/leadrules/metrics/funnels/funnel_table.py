"""The result of a funnel: its steps, how many came to each, and the shares of one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import add
from typing import Any

from leadrules.errors import EvaluationError, did_you_mean
from leadrules.metrics.periods import Period
from leadrules.metrics.pictures import COLOURS, WIDTH, Theme, charts, label_of, themed
from leadrules.metrics.ratio import Basis, Ratio, counted, percent
from leadrules.metrics.tabular import Column, Tabular
from leadrules.values import duration_text

__all__ = ["Funnel", "FunnelStep"]

MOST_GROUPS = 12
"""Of more groups a picture shows the largest, and says so."""


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """A step of a funnel.

    Attributes:
        stage: The stage.
        word: The word of the funnel that means it, if there is one.
        count: How many came to it.
        imputed: How many of them skipped it, and are counted since they came to a later stage.
        early: How many of them came to it before they came to the step before.
        again: How many of them came to it several times.
        ratio: The share of those who came to the step before; None for the first.
        overall: The share of those who came to the first; None for the first.
    """

    stage: str
    word: str | None
    count: int
    imputed: int = 0
    early: int = 0
    again: int = 0
    ratio: Ratio | None = None
    overall: Ratio | None = None

    @property
    def apart(self) -> int:
        """How many came to it without the step before; they are no part of its ratio."""
        if self.ratio is None or not self.ratio.is_subset:
            return 0
        return self.count - self.ratio.numerator

    def __add__(self, other: FunnelStep) -> FunnelStep:
        return replace(
            self,
            **{
                name: getattr(self, name) + getattr(other, name)
                for name in ("count", "imputed", "early", "again")
            },
            ratio=self.ratio and other.ratio and self.ratio + other.ratio,
            overall=self.overall and other.overall and self.overall + other.overall,
        )


@dataclass(frozen=True, slots=True, repr=False)
class Funnel(Tabular):
    """How many came to each step, and the share of the step before and of the first.

    With groups, it is iterated by its steps all the same; a group is found by what it has in
    common: `found["anna"]`, or `found["north", "anna"]` for two dimensions.

    Attributes:
        steps: The steps, in order, of all groups together.
        at: The moment up to which it is known.
        basis: `cohort`: of those who came to the first step, how many came to each; `period`: how
            many came to each step in the period, whoever they are.
        period: The period.
        window: How long each had, from the first step.
        entry: Which entry counts.
        unit: What is counted.
        by: The dimensions, the coarsest first.
        groups: The funnel of each group; they share nobody, and add up to this one.
        group: What those of a group have in common.
    """

    steps: tuple[FunnelStep, ...]
    at: datetime
    basis: Basis = "cohort"
    period: Period | None = None
    window: timedelta | None = None
    entry: str = "first"
    unit: str = "lead"
    by: tuple[str, ...] = ()
    groups: tuple[Funnel, ...] = ()
    group: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __iter__(self) -> Iterator[FunnelStep]:
        return iter(self.steps)

    def __getitem__(self, group: Any) -> Funnel:
        wanted = group if isinstance(group, tuple) else (group,)
        for part in self.groups:
            if tuple(part.group[name] for name in self.by) == wanted:
                return part
        raise KeyError(group)

    @property
    def ratios(self) -> tuple[Ratio, ...]:
        """The share of the step before, of each step but the first."""
        return tuple(step.ratio for step in self.steps if step.ratio is not None)

    def step(self, name: str) -> FunnelStep:
        """Return a step by its stage, or by its word.

        Raises:
            EvaluationError: If there is no such step.
        """
        for step in self.steps:
            if name in {step.stage, step.word}:
                return step
        known = [x for step in self.steps for x in (step.stage, step.word) if x]
        message = f"step: no step '{name}'{did_you_mean(name, known)}"
        raise EvaluationError(message, field="step")

    def rolled_up(self, by: str | Sequence[str]) -> Funnel:
        """Return the same by fewer dimensions: reps to their region.

        Args:
            by: The dimensions to keep.

        Raises:
            EvaluationError: If it is none of the dimensions.
        """
        kept = (by,) if isinstance(by, str) else tuple(by)
        for name in kept:
            if name not in self.by:
                message = f"by: no dimension '{name}'{did_you_mean(name, self.by)}"
                raise EvaluationError(message, field="by")
        if not kept:
            return replace(self, by=(), groups=())
        found: dict[tuple[Any, ...], list[Funnel]] = {}
        for part in self.groups:
            found.setdefault(tuple(part.group[name] for name in kept), []).append(part)
        groups = tuple(
            _together(parts, dict(zip(kept, values, strict=True)))
            for values, parts in found.items()
        )
        return replace(self, by=kept, groups=groups)

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        first = self.steps[0]
        period = f" {self.period}" if self.period else ""
        entry = f"{self.entry} entry"
        if self.basis == "period":
            return f"funnel of those who came to each step: period{period}, {entry}"
        if self.window is not None:
            entry = f"within {_long(self.window)}, {entry}"
        came = f"{counted(first.count, self.unit)} that came to '{first.stage}'"
        return f"funnel of {came}: cohort{period}, {entry}"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        return tuple(self._notes())

    def _notes(self) -> Iterator[str]:
        if self.basis == "period":
            yield "each step counts others: a share is no part of a whole, and may be above 100 %"
        for before, step in zip((None, *self.steps), self.steps, strict=False):
            named = f"'{step.stage}'"
            if step.imputed:
                yield (
                    f"{step.imputed:,} of {step.count:,} in {named} are imputed: "
                    "they skipped it, and came to a later stage"
                )
            if before and step.apart:
                yield (
                    f"{step.apart:,} of {step.count:,} in {named} are not in '{before.stage}', "
                    "and no part of its share"
                )
            if before and step.early:
                yield f"{step.early:,} of {step.count:,} came to {named} before '{before.stage}'"
            if step.again:
                counts = "each entry" if self.entry == "every" else f"the {self.entry} entry"
                yield f"{step.again:,} of {step.count:,} came to {named} again: {counts} counts"
        last = self.steps[-1].overall
        if last is not None and last.censored and self.window is not None:
            yield (
                f"{last.censored:,} of {last.denominator:,} have not had "
                f"{_long(self.window)} yet and are not in '{self.steps[-1].stage}': censored"
            )
        if self.basis == "cohort" and self.window is None:
            yield (
                f"without a window, each had up to {self.at:%Y-%m-%d %H:%M}; "
                "those who came late had less time"
            )

    def columns(self) -> Sequence[Column]:
        """Return its columns: the dimensions, the step, its count, both shares, what to know."""
        return (
            *(Column(name) for name in self.by),
            Column("stage"),
            Column("word"),
            Column("count", "count", counted(2, self.unit).partition(" ")[2]),
            Column("of_before", "share", "of the step before"),
            Column("of_first", "share", "of the first"),
            Column("low", "share"),
            Column("high", "share"),
            Column("imputed", "count"),
            Column("early", "count"),
            Column("again", "count"),
            Column("censored", "count"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a step; with groups one a group and step."""
        return [
            (
                *(part.group[name] for name in self.by),
                step.stage,
                step.word,
                step.count,
                step.ratio and step.ratio.value,
                step.overall and step.overall.value,
                *((step.overall and step.overall.interval) or (None, None)),
                step.imputed,
                step.early,
                step.again,
                step.overall.censored if step.overall else 0,
            )
            for part in (self.groups if self.by else (self,))
            for step in part.steps
        ]

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: a bar a step, with its count and shares; a panel a group.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        alt = charts()
        largest = sorted(self.groups, key=lambda part: -part.steps[0].count)[:MOST_GROUPS]
        shown = [part for part in self.groups if part in largest] if self.by else [self]
        most = max((step.count for part in shown for step in part.steps), default=0)
        rows = [
            {
                "group": label_of(part.group),
                "step": _label(step),
                "count": step.count,
                "text": _shares(step),
                "room": most * 1.75 or 1,
            }
            for part in shown
            for step in part.steps
        ]
        unit = counted(2, self.unit).partition(" ")[2]
        colour = COLOURS.get(theme, [""])[0]
        base = alt.Chart().encode(y=alt.Y("step:N", sort=None, title=None))
        bars = base.mark_bar(color=colour).encode(
            x=alt.X("count:Q", title=unit, axis=alt.Axis(format=",d", tickMinStep=1, grid=False)),
            tooltip=["group:N", "step:N", "count:Q", "text:N"],
        )
        # Room for the text at the right of the longest bar.
        room = base.mark_point(opacity=0).encode(x="room:Q")
        texts = base.mark_text(align="left", dx=5).encode(x="count:Q", text="text:N")
        width = WIDTH if not self.by else WIDTH // 2
        layers = alt.layer(bars, room, texts, data=alt.Data(values=rows)).properties(
            width=width, height=alt.Step(26)
        )
        notes = [*self.notes]
        if self.by:
            header = alt.Header(title=", ".join(self.by).replace("_", " "))
            order = [label_of(part.group) for part in shown]
            panel = alt.Facet("group:N", sort=order, header=header)
            layers = layers.facet(facet=panel, columns=2)
            if len(shown) < len(self.groups):
                notes.append(f"the {len(shown)} largest of {len(self.groups)} groups")
        return themed(layers, theme, title=self.title, notes=notes)


def _together(parts: Sequence[Funnel], group: Mapping[str, Any]) -> Funnel:
    """Return the funnel of several groups."""
    steps = tuple(
        replace(
            step,
            ratio=step.ratio and replace(step.ratio, group=group),
            overall=step.overall and replace(step.overall, group=group),
        )
        for step in (reduce(add, found) for found in zip(*(x.steps for x in parts), strict=True))
    )
    return replace(parts[0], steps=steps, group=group)


def _label(step: FunnelStep) -> str:
    return step.stage if step.word in {None, step.stage} else f"{step.stage} ({step.word})"


def _shares(step: FunnelStep) -> str:
    """Return what stands at the end of a bar."""
    told = [f"{step.count:,}"]
    for ratio, of in ((step.ratio, "before"), (step.overall, "first")):
        if ratio is not None and ratio.denominator:
            told.append(f"{percent(ratio.numerator, ratio.denominator)} % of {of}")
    if step.ratio == step.overall or len(told) < 3:  # noqa: PLR2004 - one share, told once
        told = told[:2]
    return "  ·  ".join(told)


def _long(window: timedelta) -> str:
    return duration_text(window // timedelta(microseconds=1))
