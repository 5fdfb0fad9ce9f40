"""Whether leads are followed up: how soon, as was agreed, and with news."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leadrules.metrics import (
    Compliance,
    Ratios,
    Speed,
    compliance,
    freshness,
    speed_to_lead,
    staffing,
)
from leadrules.metrics.ratio import counted
from leadrules.report.chapters import Chapter, Exhibit
from leadrules.report.material import Material
from leadrules.report.wording import share_of, span_of

__all__ = ["follow_up"]


def follow_up(material: Material) -> Chapter:
    """Return how soon people try to reach leads, and whether they do what they owe them."""
    within, office, since = material.clock
    speed = material.tried(
        "speed to lead",
        speed_to_lead,
        material.leads,
        material.events,
        entries=material.entries,
        since=since,
        within=within,
        timekeeper=office,
        period=material.period,
        by=material.by or None,
    )
    asked: dict[str, Any] = {"period": material.period, "leads": material.leads}
    owed = material.tried(
        "what was owed", compliance, material.obligations, kind=None, by="kind", **asked
    )
    touches = material.tried(
        "required touches", compliance, material.obligations, by=material.by or "name", **asked
    )
    fresh = material.tried("freshness", _freshness, material.obligations, leads=material.leads)
    shared = None
    if material.by:
        shared = material.tried(
            "work and people",
            staffing,
            material.leads,
            material.entries,
            by=material.by[0],
            obligations=material.obligations,
            events=material.events,
            timekeeper=office,
            period=material.period,
        )
    exhibits = [
        *(
            [Exhibit(speed, is_drawn=True, name="Time to the first attempt")]
            if speed is not None
            else []
        ),
        *([Exhibit(owed, name="What was owed")] if owed is not None else []),
        *(
            [Exhibit(touches, is_drawn=True, name="Required touches")]
            if touches is not None and touches.parts
            else []
        ),
        *(
            [Exhibit(fresh, name="Who says how leads stand")]
            if fresh is not None and fresh.parts
            else []
        ),
        *([Exhibit(shared, name="Work and people")] if shared is not None else []),
    ]
    start = "when the lead came" if since == "created" else f"the entry into '{since}'"
    return Chapter(
        "Are they followed up?",
        f"How long it took from {start} to the first attempt of a person to reach them. Whoever "
        "still waits counts. What was owed counts when it fell due.",
        (*_fast(speed), *_kept(owed), *_fresh(fresh)),
        tuple(exhibits),
        material.noted(),
    )


def _freshness(obligations: Any, **asked: Any) -> Ratios:
    return freshness(obligations, by="owner", **asked)


def _fast(speed: Speed | None) -> Iterator[str]:
    if speed is None or not speed.total.leads:
        return
    pace = speed.total
    if pace.median is None:
        told = f"Fewer than half of {counted(pace.leads, 'lead')} have been called or written to"
    else:
        half = span_of(pace.median, is_open_time=speed.is_open_time)
        told = f"Half of {counted(pace.leads, 'lead')} had been called or written to after {half}"
    if pace.in_time is not None and speed.within is not None:
        limit = span_of(speed.within, is_open_time=speed.is_open_time)
        told += f"; within {limit}, as agreed, it was {share_of(pace.in_time)}"
    late = f"; {pace.past_due:,} are late and still wait" if pace.past_due else ""
    yield f"{told}{late}."


def _kept(owed: Compliance | None) -> Iterator[str]:
    if owed is None or not owed.total.ratio.denominator:
        return
    worst = min((x for x in owed.parts if x.ratio.denominator), key=lambda x: x.ratio.value or 0)
    yield f"Done in time, of what was owed to leads and fell due: {share_of(owed.total.ratio)}."
    name = " ".join(str(value) for value in worst.ratio.group.values())
    yield f"The lowest share is that of '{name}': {share_of(worst.ratio)}."


def _fresh(fresh: Ratios | None) -> Iterator[str]:
    if fresh is not None and fresh.total.denominator:
        yield f"Open leads of which it was told in time how they stand: {share_of(fresh.total)}."
