"""Who came from one stage to another, lead by lead and in plain Python, as section 10 says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from leadrules.metrics import Measures

__all__ = ["Journey", "journeys_of"]


class Journey(NamedTuple):
    """A lead, when it came to the first stage, and when to the second."""

    lead: str
    of: datetime
    to: datetime | None


def journeys_of(
    rows: Sequence[Mapping[str, Any]], of: str, to: str, measures: Measures, at: datetime
) -> list[Journey]:
    """Return the journeys of all leads in order; what was entered after a moment is not known."""
    known = [row for row in rows if row["entered"] <= at]
    leads = sorted({row["lead_id"] for row in known})
    return sorted(
        journey
        for lead in leads
        for journey in _of_one(lead, [x for x in known if x["lead_id"] == lead], of, to, measures)
    )


def _of_one(
    lead: str, rows: Sequence[Mapping[str, Any]], of: str, to: str, measures: Measures
) -> Iterator[Journey]:
    def entries(*stages: str) -> list[datetime]:
        return sorted({row["entered"] for row in rows if row["stage"] in stages})

    def later(stage: str) -> tuple[str, ...]:
        order = measures.order
        known = measures.skipped == "imputed" and stage in order
        return order[order.index(stage) + 1 :] if known else ()

    own = entries(of)
    if not own:
        own = entries(*later(of))[:1]
    if measures.reentry == "first":
        for start in own[:1]:
            goals = entries(to) or entries(*later(to))
            yield Journey(lead, start, goals[0] if goals else None)
        return
    if measures.reentry == "last":
        own = own[-1:]
    for place, start in enumerate(own):
        end = own[place + 1] if place + 1 < len(own) else None
        goals = [
            moment
            for moment in entries(to, *later(to))
            if moment >= start and (end is None or moment < end)
        ]
        yield Journey(lead, start, goals[0] if goals else None)
