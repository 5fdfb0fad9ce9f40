"""The review of a process: each measure of two periods, and what degraded beyond noise."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from leadrules.errors import EvaluationError, did_you_mean
from leadrules.metrics.periods import Period
from leadrules.metrics.pictures import COLOURS, WIDTH, Theme, charts, themed
from leadrules.metrics.quality.changes import (
    MARGIN,
    Better,
    Change,
    Measured,
    Verdict,
    compared,
    corrected,
    stability_compared,
)
from leadrules.metrics.quality.qualities import Quality
from leadrules.metrics.quality.stabilities import Stability
from leadrules.metrics.ratio import Ratio
from leadrules.metrics.ratios import Ratios
from leadrules.metrics.tabular import Column, Tabular

__all__ = ["Review", "process_review"]

ORDER: tuple[Verdict, ...] = ("degraded", "improved", "changed", "too few", "immature", "steady")
_SHAPES = ("triangle-down", "triangle-up", "diamond", "circle", "cross", "square")
_PLACES = (1, 0, 2, 6, 4, 5)
"""Which of the colours each verdict has."""


@dataclass(frozen=True, slots=True, repr=False)
class Review(Tabular):
    """What became of the measures of a process from one period to another.

    It is iterated from what degraded to what is steady; `found["quote to close"]` is one of them.

    Attributes:
        changes: The measures, with p-values corrected for how many there are.
        periods: Both periods, if the measures know them.
    """

    changes: tuple[Change, ...]
    periods: tuple[Period, Period] | None = None

    def __iter__(self) -> Iterator[Change]:
        return iter(sorted(self.changes, key=lambda x: ORDER.index(x.verdict)))

    def __getitem__(self, name: str) -> Change:
        for found in self.changes:
            if found.name == name:
                return found
        raise KeyError(name)

    def _with(self, *verdicts: Verdict) -> tuple[Change, ...]:
        return tuple(x for x in self.changes if x.verdict in verdicts)

    @property
    def degraded(self) -> tuple[Change, ...]:
        """What got worse beyond noise."""
        return self._with("degraded")

    @property
    def improved(self) -> tuple[Change, ...]:
        """What got better beyond noise."""
        return self._with("improved")

    @property
    def changed(self) -> tuple[Change, ...]:
        """What changed beyond noise, where no way is good: volumes, and what scores are made of."""
        return self._with("changed")

    @property
    def untold(self) -> tuple[Change, ...]:
        """Of what nobody can tell: there are too few leads, or they are too young."""
        return self._with("too few", "immature")

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        when = f"{self.periods[1]} beside {self.periods[0]}" if self.periods else "the later period"
        counts = ((word, len(self._with(word))) for word in ORDER)
        found = ", ".join(f"{count} {word}" for word, count in counts if count)
        return f"process review, {when}: {found}"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        found = [
            "p is corrected for the number of measures; beyond noise is below 0.05",
            "steady: the difference is surely small; too few: nobody can tell",
        ]
        if any(x.what == "PSI" for x in self.changes):
            found.append("PSI compares by itself: 0 is no change, 0.25 a shift by convention")
        return found

    def columns(self) -> Sequence[Column]:
        """Return its columns."""
        return (
            Column("measure"),
            Column("as", head="as"),
            Column("before", "number"),
            Column("after", "number"),
            Column("difference", "number"),
            Column("low", "number"),
            Column("high", "number"),
            Column("p", "chance"),
            Column("immature", "count"),
            Column("verdict"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a measure, what degraded first."""
        return [
            (
                x.name,
                x.what,
                x.before.value,
                x.after.value,
                *(x.difference if x.what != "PSI" else (None, None, None)),
                x.p,
                x.immature,
                x.verdict,
            )
            for x in self
        ]

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: the change of each measure in percent of what was before.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        alt = charts()
        colours, values = COLOURS.get(theme, [""] * 7), []
        for found in self:
            value, low, high = found.relative
            if value is not None:
                row = {"measure": found.name, "change": value, "low": low, "high": high}
                values.append(row | {"verdict": found.verdict})
        change = alt.X("change:Q", title="change (% of before), with 95 % interval", axis=_PERCENT)
        base = alt.Chart(alt.Data(values=values)).encode(
            y=alt.Y("measure:N", sort=None, title=None),
            color=_coded(alt, alt.Color, range=[colours[place] for place in _PLACES]),
        )
        nothing = alt.Chart(alt.Data(values=[{"change": 0}]))
        layers = [
            nothing.mark_rule(strokeDash=[4, 4], color=colours[-1]).encode(x="change:Q"),
            base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q"),
            base.mark_point(filled=True, size=80, opacity=1).encode(
                x=change,
                shape=_coded(alt, alt.Shape, range=[*_SHAPES]),
                tooltip=["measure:N", alt.Tooltip("change:Q", format="+.1%"), "verdict:N"],
            ),
        ]
        chart = alt.layer(*layers).properties(width=WIDTH, height=alt.Step(24))
        title, _, verdicts = self.title.rpartition(": ")
        return themed(chart, theme, title=title, notes=[verdicts])


_PERCENT = {"format": "+.0%"}


def _coded(alt: Any, channel: Any, **scale: Any) -> Any:
    """Return verdicts as colours or shapes, the same in every picture."""
    return channel("verdict:N", title=None, scale=alt.Scale(domain=[*ORDER], **scale))


def process_review(  # noqa: PLR0913 - what a review has to be told
    before: Mapping[str, Measured | Ratios],
    after: Mapping[str, Measured | Ratios],
    *,
    better: Mapping[str, Better] | None = None,
    settled: Collection[str] = (),
    stability: Stability | None = None,
    margin: float = MARGIN,
) -> Review:
    """Return what became of the measures of a process, and what degraded beyond noise.

    Args:
        before: The measures of the earlier period, by what they are called: ratios, ratios of
            groups (each group is compared), the quality of a score, or numbers such as the hours to
            the first touch of each lead, or the leads of each week.
        after: The same of the later period.
        better: Which way is good, of measures where that is not up.
        settled: The ratios of cohorts without a window of which every outcome is known.
        stability: How the scores and their inputs of the later period are spread, beside those of
            the earlier.
        margin: Up to which share of the earlier number a difference matters to nobody.

    Raises:
        EvaluationError: If a measure is there once only, or two are not alike.

    Source:
        Y. Benjamini, Y. Hochberg, Controlling the False Discovery Rate, Journal of the Royal
        Statistical Society B 57 (1995), 289-300.

    Examples:
        >>> from datetime import timedelta
        >>> def quarter(name: str, won: int) -> Ratio:
        ...     days = Period.of(name)
        ...     return Ratio("quote_to_close", won, 200, period=days, window=timedelta(30))
        >>> found = process_review(
        ...     {"close": quarter("2026-Q1", 80), "hours to touch": [2, 5, 3, 9, 4, 1, 7]},
        ...     {"close": quarter("2026-Q2", 50), "hours to touch": [4, 6, 2, 8, 5, 3, 7]},
        ...     better={"hours to touch": "lower"},
        ... )
        >>> [x.name for x in found.degraded], [x.name for x in found.untold]
        (['close'], ['hours to touch'])
    """
    better = better or {}
    for what, side in (("before", before), ("after", after)):
        if not isinstance(side, Mapping):
            message = f"{what}: expected measures by name, such as {{'won': conversion(...)}}"
            raise EvaluationError(message, field=what)
    for name in (*before, *after):
        if name not in before or name not in after:
            there, other = ("before", "after") if name in before else ("after", "before")
            message = f"{name}: is measured {there} and not {other}; expected both"
            raise EvaluationError(message, field=name)
    for what, names in (("better", better), ("settled", settled)):
        for name in names:
            if name not in before:
                message = f"{what}: no measure '{name}'{did_you_mean(name, before)}"
                raise EvaluationError(message, field=what)
    found = [
        compared(
            one,
            two,
            name=called,
            better=better.get(name, "higher"),
            margin=margin,
            settled=name in settled,
        )
        for name in before
        for called, one, two in _pairs(name, before[name], after[name])
    ]
    if stability is not None:
        found += map(stability_compared, stability.parts)
    return Review(corrected(found), _periods(before, after))


def _pairs(
    name: str, before: Measured | Ratios, after: Measured | Ratios
) -> Iterator[tuple[str, Any, Any]]:
    """Yield what is to be compared, each with its name: ratios of groups by group."""
    if not isinstance(before, Ratios) or not isinstance(after, Ratios):
        yield name, before, after
        return
    if before.by != after.by:
        names = [", ".join(x.by) for x in (before, after)]
        message = f"{name}: is grouped by {names[0]} before, and by {names[1]} after"
        raise EvaluationError(message, field=name)
    groups = [{tuple(x.group.values()): x for x in side.parts} for side in (before, after)]
    for key in dict.fromkeys((*groups[0], *groups[1])):
        called = ", ".join([name, *("(none)" if x is None else str(x) for x in key)])
        one, two = (
            found.get(key) or replace(side.total, numerator=0, denominator=0, censored=0)
            for found, side in zip(groups, (before, after), strict=True)
        )
        yield called, one, two


def _periods(
    before: Mapping[str, Measured | Ratios], after: Mapping[str, Measured | Ratios]
) -> tuple[Period, Period] | None:
    """Return both periods, of the first measure that knows them."""
    for name, found in before.items():
        one, two = _period(found), _period(after[name])
        if one is not None and two is not None:
            return one, two
    return None


def _period(found: Measured | Ratios) -> Period | None:
    total = found.total if isinstance(found, Quality | Ratios) else found
    return total.period if isinstance(total, Ratio) else None
