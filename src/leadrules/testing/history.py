"""What there is to say of a lead at a moment: who it is, what happened, where it was before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from leadrules.events import Event
from leadrules.lead import Lead
from leadrules.scoring.document import Scoring
from leadrules.scoring.score import Score
from leadrules.vocabulary import Vocabulary

__all__ = ["History", "ScoresLeads"]


class ScoresLeads(Protocol):
    """A scorer, or whatever stands in for one."""

    scoring: Scoring
    vocabulary: Vocabulary

    def score(
        self,
        lead: Lead,
        *,
        events: Sequence[Event] = ...,
        at: datetime,
        previous: str | None = None,
    ) -> Score:
        """Return how good a lead is at a moment."""
        ...


@dataclass(frozen=True)
class History:
    """A lead with its events, the moment of an evaluation, and the band before.

    Attributes:
        lead: The lead.
        events: What happened to it, in any order.
        at: The moment; with a time zone.
        previous: The band that it was in before, if it was in one.
    """

    lead: Lead
    events: tuple[Event, ...]
    at: datetime
    previous: str | None = None

    def score(self, scorer: ScoresLeads) -> Score:
        """Return what a scorer says of it."""
        return scorer.score(self.lead, events=self.events, at=self.at, previous=self.previous)

    def renamed(self, lead_id: str) -> History:
        """Return the same of a lead that is called otherwise."""
        lead = self.lead.model_copy(update={"id": lead_id})
        events = tuple(event.model_copy(update={"lead_id": lead_id}) for event in self.events)
        return replace(self, lead=lead, events=events)

    def __str__(self) -> str:
        lines = [f"lead: {self.lead!r}", f"at: {self.at.isoformat()}"]
        if self.previous is not None:
            lines.append(f"previous: {self.previous}")
        lines.append("events:" if self.events else "events: none")
        lines += [f"  {_told(event)}" for event in self.events]
        return "\n".join(lines)


def _told(event: Event) -> str:
    said = ", ".join(f"{name}: {value}" for name, value in event.properties.items())
    what = event.type or event.kind
    return f"{event.time.isoformat()} {event.id}: {what}{f' ({said})' if said else ''}"
