"""Changes of a measure from one period to another: how much, how surely, and what that means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from leadrules.errors import EvaluationError, as_written, one_of
from leadrules.metrics.quality.band_rates import LEVEL
from leadrules.metrics.quality.qualities import Quality
from leadrules.metrics.quality.stabilities import ColumnStability
from leadrules.metrics.ratio import Ratio, half_up
from leadrules.metrics.statistics.differences import (
    Estimate,
    adjusted,
    apart,
    median_of,
    p_of_areas,
    p_of_samples,
    p_of_shares,
)

__all__ = [
    "MARGIN",
    "Better",
    "Change",
    "Measured",
    "Verdict",
    "compared",
    "corrected",
    "stability_compared",
]

Better = Literal["higher", "lower", "neither"]
"""Which way of a measure is good."""
BETTER: tuple[Better, ...] = ("higher", "lower", "neither")
Verdict = Literal["degraded", "improved", "changed", "steady", "too few", "immature"]
"""What to make of a difference. Beyond noise it is `degraded`, `improved`, or where no way is good
`changed`. Else it is `steady` if it is surely small, and with `too few` nobody can tell. If leads
have not had their time yet, it is `immature`, whatever it is."""
Measured = Ratio | Quality | Sequence[float]
"""What can be compared: shares, AUCs of scores, medians of numbers such as the hours of leads."""

MARGIN = 0.1
"""A difference of less than this share of what was before matters to nobody."""


_ALIKE = ("name", "unit", "basis", "window", "entry", "is_subset", "confidence")


@dataclass(frozen=True, slots=True)
class Change:
    """A measure of two periods.

    Attributes:
        name: What is measured.
        what: How: `share`, `AUC`, `median` or `PSI`.
        before: The earlier number, with its interval.
        after: The later one. Of a PSI, which compares by itself, the only one.
        difference: The later less the earlier, with the interval of that.
        p: How likely chance alone makes both differ as much; None if that cannot be tested.
        better: Which way is good.
        immature: How many have not had their time yet.
        margin: Up to which share of the earlier number a difference matters to nobody.
        level: A difference is beyond noise if `p` is below.
    """

    name: str
    what: Literal["share", "AUC", "median", "PSI"]
    before: Estimate
    after: Estimate
    difference: Estimate
    p: float | None
    better: Better = "higher"
    immature: int = 0
    margin: float = MARGIN
    level: float = LEVEL

    @property
    def relative(self) -> Estimate:
        """The difference as a share of what was before; undefined if that was zero."""
        if not self.before.value:
            return Estimate(None)
        scale = abs(self.before.value)
        return Estimate(*(None if x is None else x / scale for x in self.difference))

    @property
    def verdict(self) -> Verdict:
        """What to make of the difference."""
        value, low, high = self.difference
        if self.immature:
            return "immature"
        if self.p is not None and self.p < self.level and value:
            if self.better == "neither":
                return "changed"
            return "improved" if (value > 0) == (self.better == "higher") else "degraded"
        if low is None or high is None:
            return "too few"
        most = self.margin * abs(self.before.value or 0)
        return "steady" if -most <= low and high <= most else "too few"

    def __str__(self) -> str:
        value, low, high = (_shown(x, self.what) for x in self.difference)
        if self.difference.value is None or self.what == "PSI":
            return f"{self.name}: {self.verdict}"
        bounds = "" if self.difference.low is None else f" (95 % CI {low} to {high})"
        before, after = (_shown(x.value, self.what) for x in (self.before, self.after))
        return f"{self.name}: {before} to {after}, by {value}{bounds}, {self.verdict}"


def _shown(value: float | None, what: str) -> str:
    if value is None:
        return "-"
    return f"{half_up(100 * value, 1)} %" if what == "share" else half_up(value, 3)


def compared(  # noqa: PLR0913 - what a comparison has to be told
    before: Measured,
    after: Measured,
    *,
    name: str | None = None,
    better: Better = "higher",
    margin: float = MARGIN,
    settled: bool = False,
) -> Change:
    """Return what became of a measure from one period to another, of other leads.

    Shares differ by chi-square or Fisher's exact test, AUCs by the normal distribution of their
    errors, medians by the test of Mann and Whitney.

    Args:
        before: The measure of the earlier period: a ratio, the quality of a score, or numbers such
            as the hours to the first touch of each lead, or the leads of each week.
        after: The same of the later period.
        name: What is measured; by default the name of the ratio.
        better: Which way is good: `higher`, `lower` or `neither`.
        margin: Up to which share of the earlier number a difference matters to nobody.
        settled: Whether the outcome of every lead is known, whatever time it had; else ratios of
            cohorts need a window.

    Raises:
        EvaluationError: If both are not alike, the earlier period does not end before the later
            begins, or cohorts have no window, so that the later had less time.

    Source:
        R. G. Newcombe, Interval Estimation for the Difference between Independent Proportions,
        Statistics in Medicine 17 (1998), 873-890, method 10.

    Examples:
        >>> from datetime import timedelta
        >>> from leadrules.metrics import Period
        >>> one, two = (
        ...     Ratio("quote_to_close", won, 200, period=Period.of(quarter), window=timedelta(30))
        ...     for won, quarter in ((80, "2026-Q1"), (50, "2026-Q2"))
        ... )
        >>> print(compared(one, two))
        quote to close: 40.0 % to 25.0 %, by -15.0 % (95 % CI -23.8 % to -5.8 %), degraded
    """
    if better not in BETTER:
        message = f"better: '{as_written(better)}' is not possible; expected {one_of(BETTER)}"
        raise EvaluationError(message, field="better")
    if isinstance(margin, bool) or not 0 <= margin < 1:
        message = f"margin: '{as_written(margin)}' is not possible; expected 0 to below 1"
        raise EvaluationError(message, field="margin")
    if isinstance(before, Ratio) and isinstance(after, Ratio):
        name = name or _called(before)
        _demand_alike(before, after, name)
        if not settled and before.basis == "cohort" and before.window is None:
            message = (
                f"{name}: the later cohort had less time; expected a window, the same for both, or "
                "settled=True if every outcome is known"
            )
            raise EvaluationError(message, field=name)
        found = _of_ratios(before, after, name)
    elif isinstance(before, Quality) and isinstance(after, Quality):
        name = name or "AUC"
        _demand_alike(before.total, after.total, name)
        found = _of_qualities(before, after, name)
    elif _is_sample(before) and _is_sample(after):
        one, two = [float(x) for x in before], [float(x) for x in after]  # type: ignore[union-attr]  # both are samples
        medians = median_of(one), median_of(two)
        found = Change(
            name or "median", "median", *medians, apart(*medians), p_of_samples(one, two)
        )
    else:
        message = (
            f"{name or 'after'}: expected two ratios, two qualities of scores, or two samples of "
            f"numbers, not {_kind(before)} and {_kind(after)}"
        )
        raise EvaluationError(message, field=name or "after")
    return replace(found, better=better, margin=margin)


def _of_ratios(before: Ratio, after: Ratio, name: str) -> Change:
    one, two = (Estimate(x.value, *(x.interval or (None, None))) for x in (before, after))
    p = None
    if before.is_subset:
        counts = ((x.numerator, x.denominator) for x in (before, after))
        p = p_of_shares(*counts)
    young = before.censored + after.censored
    return Change(name, "share", one, two, apart(one, two), p, immature=young)


def _of_qualities(before: Quality, after: Quality, name: str) -> Change:
    areas = before.area, after.area
    one, two = (Estimate(None) if x is None else Estimate(x.value, x.low, x.high) for x in areas)
    p = None if areas[0] is None or areas[1] is None else p_of_areas(areas[0], areas[1])
    return Change(name, "AUC", one, two, apart(one, two), p)


def stability_compared(part: ColumnStability) -> Change:
    """Return the stability of a column as a change: a shift is neither good nor bad."""
    index = Estimate(part.psi, part.psi, part.psi)
    steady = part.reading == "stable"
    return Change(
        part.column,
        "PSI",
        before=Estimate(None),
        after=index,
        difference=Estimate(0.0, 0.0, 0.0) if steady else Estimate(part.psi),
        p=part.p,
        better="neither",
    )


def corrected(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return changes with their p-values corrected for how many there are.

    Those that are immature do not count, and those of columns have been corrected before.
    """
    found = [*changes]
    chances = adjusted([None if x.immature or x.what == "PSI" else x.p for x in found])
    return tuple(x if p is None else replace(x, p=p) for x, p in zip(found, chances, strict=True))


def _called(ratio: Ratio) -> str:
    """Return what a ratio is called, with its group."""
    group = ", ".join("(none)" if x is None else str(x) for x in ratio.group.values())
    return ratio.name.replace("_", " ") + (f", {group}" if group else "")


def _demand_alike(before: Ratio, after: Ratio, name: str) -> None:
    """Refuse ratios of which one counts something else, or the later does not come later."""
    for what in _ALIKE:
        one, two = getattr(before, what), getattr(after, what)
        if one != two:
            message = (
                f"{name}: both periods must be measured alike; the {what} is '{one}' before and "
                f"'{two}' after"
            )
            raise EvaluationError(message, field=name)
    first, second = before.period, after.period
    if first is not None and second is not None and first.after > second.first:
        message = f"{name}: {second} does not come after {first}; expected periods in order"
        raise EvaluationError(message, field=name)


def _is_sample(found: Any) -> bool:
    return isinstance(found, Sequence) and not isinstance(found, str | bytes)


def _kind(found: Any) -> str:
    if isinstance(found, Ratio):
        return "a ratio"
    if isinstance(found, Quality):
        return "the quality of a score"
    return "numbers" if _is_sample(found) else f"'{as_written(found)}'"
