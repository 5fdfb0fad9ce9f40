"""What becomes of leads: won and lost and why, what sales passes back, and who comes again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from leadrules.metrics import (
    Comebacks,
    Losses,
    Ratio,
    Rejections,
    ValueRatio,
    WinRates,
    comebacks,
    losses,
    rejections,
    win_rate,
)
from leadrules.metrics.ratio import counted
from leadrules.report.chapters import Chapter, Exhibit
from leadrules.report.material import Material
from leadrules.report.wording import joined, share_of

__all__ = ["outcomes", "passed_back"]

_STEPS = {"back": "came back", "sales_ready": "became sales-ready", "won": "were won"}


def outcomes(material: Material) -> Chapter:
    """Return what was won and lost in the period, and why."""
    asked: dict[str, Any] = {"period": material.period, "leads": material.leads}
    by = material.by or None
    won = material.tried("win rate", win_rate, material.entries, by=by, **asked)
    worth = None
    if material.measures.value is not None:
        worth = material.tried(
            "win rate by value", win_rate, material.entries, weigh="value", **asked
        )
    lost = material.tried("losses", losses, material.entries, **asked)
    exhibits = [
        *([Exhibit(won, is_drawn=bool(by))] if won is not None else []),
        *([Exhibit(worth)] if worth is not None else []),
    ]
    if lost is not None and lost.total:
        exhibits += [
            Exhibit(lost, is_drawn=True, name="Lost, and why"),
            Exhibit(lost.by_stage(), name="Lost, by the furthest stage"),
        ]
    return Chapter(
        "What becomes of them?",
        "Deals count in the period in which they were closed, whenever they came. Leads that were "
        "none, or are asked again later, are in no win rate.",
        (*_won(won), *_worth(worth), *_lost(lost)),
        tuple(exhibits),
        material.noted(),
    )


def _won(won: WinRates | None) -> Iterator[str]:
    if won is not None and isinstance(won.total, Ratio) and won.total.denominator:
        yield f"Won, of the deals that were closed: {share_of(won.total)}."


def _worth(worth: WinRates | None) -> Iterator[str]:
    """Yield the rate by value, if the value of most is known: of the lost, it often is not."""
    found = worth.total if worth is not None else None
    if isinstance(found, ValueRatio) and found.value is not None and found.of > found.unvalued:
        yield f"By value: {found}."


def _lost(lost: Losses | None) -> Iterator[str]:
    if lost is None or not lost.total:
        return
    reasons: Counter[str | None] = Counter()
    for part in lost.parts:
        reasons[part.reason] += part.leads
    named = [f"{_said(reason)} ({count:,})" for reason, count in reasons.most_common(3)]
    both = f"{lost.of('lost'):,} lost, and {lost.of('disqualified'):,} found to be no lead"
    yield f"{both}; the main reasons: {', '.join(named)}."


def _said(reason: str | None) -> str:
    return "none was given" if reason is None else reason.replace("_", " ")


def passed_back(material: Material) -> Chapter:
    """Return which leads sales passed back, from where and why: the feedback to marketing."""
    asked: dict[str, Any] = {"period": material.period, "leads": material.leads}
    dimensions = [*material.has("campaign", "source", "lead_type"), *material.by]
    found = [
        material.tried(f"passed back by {name}", rejections, material.entries, by=name, **asked)
        for name in dict.fromkeys(dimensions)
    ] or [material.tried("passed back", rejections, material.entries, **asked)]
    known = [one for one in found if one is not None]
    again = None
    if material.measures.recycled:
        again = material.tried("comebacks", comebacks, material.entries, **asked)
    exhibits = [Exhibit(one, one is known[0], name=_name(one)) for one in known]
    if known and known[0].ways:
        exhibits.append(Exhibit(known[0].reasons, name="Why they were passed back"))
    if again is not None and again.total[-1].denominator:
        exhibits.append(Exhibit(again))
    return Chapter(
        "Does sales keep what it gets?",
        "Of those who became sales-ready in the period: whom sales passed back, or found to be no "
        "lead. It is what marketing hears while a campaign runs.",
        (*_passed(known), *_again(again)),
        tuple(exhibits),
        material.noted(),
    )


def _name(found: Rejections) -> str:
    return ", by ".join(["Passed back", *(_said(name) for name in found.by)])


def _passed(found: list[Rejections]) -> Iterator[str]:
    if not found or not found[0].total.denominator:
        return
    total = found[0].total
    still = f"; sales still works {total.censored:,} of them" if total.censored else ""
    yield f"Sales passed back {share_of(total)}{still}."
    known = [x for x in found[0].parts if x.group and x.denominator]
    if len(known) > 1:
        worst = max(known, key=lambda x: x.value or 0)
        name = " ".join("none" if x is None else str(x) for x in worst.group.values())
        yield f"The highest share is that of '{name.replace('_', ' ')}': {share_of(worst)}."


def _again(again: Comebacks | None) -> Iterator[str]:
    if again is not None and again.total[-1].denominator:
        first = again.total[0]
        steps = [
            f"{ratio.numerator:,} {_STEPS.get(step, step)}"
            for step, ratio in zip(again.steps, again.total, strict=True)
        ]
        count = counted(first.denominator, first.unit)
        yield f"Of {count} to be asked again later, {joined(steps)}."
