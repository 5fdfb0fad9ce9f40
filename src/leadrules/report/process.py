"""How far leads come, and where they are: the funnel, its ratios, flow, and age."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from leadrules.metrics import (
    Funnel,
    KeyRatios,
    Period,
    Ratios,
    ages,
    conversion,
    escalations,
    flow,
    funnel,
    key_ratios,
)
from leadrules.metrics.periods import Every
from leadrules.metrics.ratio import counted, percent
from leadrules.report.chapters import Chapter, Exhibit
from leadrules.report.material import Material
from leadrules.report.wording import came_to, from_to, joined, share_of
from leadrules.values import datetime_of, instant_of

__all__ = ["how_far", "where_they_are"]

_MONTHS_SHOWN = 3
_OLDEST = 10
_WEEKS = timedelta(days=45)
_STUCK = 90
"""Days after which a lead that has not moved is told of."""


def how_far(material: Material) -> Chapter:
    """Return how far those who came in the period have come."""
    asked: dict[str, Any] = {"period": material.period}
    steps = material.tried("funnel", funnel, material.entries, **asked)
    ratios = material.tried("key ratios", key_ratios, material.entries, **asked)
    exhibits = [Exhibit(found, found is steps) for found in (steps, ratios) if found is not None]
    for of, to in _handed_over(material) if material.by else ():
        grouped = material.tried(
            f"{of} to {to} by {', '.join(material.by)}",
            _conversion,
            material.entries,
            of=of,
            to=to,
            leads=material.leads,
            by=material.by,
            **asked,
        )
        if grouped is not None:
            name = f"{from_to(grouped.total.name)}, by {' and '.join(material.by)}"
            exhibits.append(Exhibit(grouped, is_drawn=True, name=name))
    said = (*_steps(steps), *_narrowest(ratios))
    unit = material.measures.unit
    return Chapter(
        "How far do they come?",
        f"Each {unit} that came to the first step in the period is followed up to now; each ratio "
        "is of those who came to its own first step in the period.",
        said,
        tuple(exhibits),
        material.noted(),
    )


def _handed_over(material: Material) -> list[tuple[str, str]]:
    """Return the pairs of steps that are of sales.

    Who owns a lead now follows from how far it came: before the handover it is no cause.
    """
    steps = [*material.measures.steps]
    start = steps.index("sales_ready") if "sales_ready" in steps else len(steps)
    return [*pairwise(steps[start:])]


def _conversion(entries: Any, *, by: Sequence[str], **asked: Any) -> Ratios:
    return conversion(entries, by=by, **asked)


def _steps(found: Funnel | None) -> Iterator[str]:
    """Yield how many came how far, by the words of the funnel."""
    if found is None or not found.steps:
        return
    first, *others = [step for step in found.steps if step.word] or found.steps
    if not others:
        return
    parts = [f"{step.count:,} {came_to(step.word or step.stage)}" for step in others]
    last = others[-1]
    share = f" ({percent(last.count, first.count)} %)" if first.count else ""
    came = counted(first.count, _unit(found))
    yield f"Of {came}, {joined(parts)}{share}."


def _unit(found: Funnel) -> str:
    ratio = next((step.ratio for step in found.steps if step.ratio is not None), None)
    return ratio.unit if ratio is not None else "lead"


def _narrowest(found: KeyRatios | None) -> Iterator[str]:
    """Yield which ratio is the lowest; an interval says whether that can be told."""
    ratios = [x for x in found or () if x.value is not None]
    if len(ratios) < 2:  # noqa: PLR2004 - of one, none is the lowest
        return
    low = min(ratios, key=lambda x: x.value or 0)
    yield f"The narrowest step is {from_to(low.name)}: {share_of(low)}."


def where_they_are(material: Material) -> Chapter:
    """Return how leads flow through the stages, and how old those are that are in them."""
    stretch, every = _stretch(material)
    moved = material.tried("flow", flow, material.entries, period=stretch, every=every)
    old = material.tried("ages", ages, material.entries)
    said = []
    if old is not None:
        stuck = sum(
            count
            for age in old
            for count, days in zip(age.bins, (0, *old.edges), strict=True)
            if days >= _STUCK
        )
        there = sum(age.count for age in old)
        if there:
            said.append(
                f"{stuck:,} of {counted(there, material.measures.unit)} that nobody has closed "
                f"({percent(stuck, there)} %) have not left their stage for {_STUCK} days or more."
            )
    late = material.tried(
        "escalations", escalations, material.entries, leads=material.leads, by="owner"
    )
    if late is not None and late.leads:
        judged = sum(x.open for x in late.usual if x.span is not None)
        said.append(
            f"{len(late.leads):,} of {counted(judged, material.measures.unit)} are in their stage "
            f"for longer than {100 * late.quantile:.0f} % of those who went on were."
        )
    exhibits = [Exhibit(found, is_drawn=True) for found in (old, moved) if found is not None]
    if late is not None and late.leads:
        exhibits.insert(1, Exhibit(late, most=_OLDEST))
    return Chapter(
        "Where are they now?",
        "Ages are of those who are in a stage now, since they came there. The flow is of all, "
        "whenever they came.",
        tuple(said),
        tuple(exhibits),
        material.noted(),
    )


def _stretch(material: Material) -> tuple[Period, Every]:
    """Return the time whose flow is shown, and in which parts."""
    period = material.period
    if material.is_whole:
        months = period.split("month")[-_MONTHS_SHOWN:]
        start = months[0].start
        end = datetime_of(max(period.after, instant_of(start) + 1))
        period = Period(start, end, period.zone)
    return period, "week" if period.end - period.start <= _WEEKS else "month"
