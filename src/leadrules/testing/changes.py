"""One lead by two policies: what of its score and of who gets it is not the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from leadrules.layout import told
from leadrules.routing.router import Answered
from leadrules.scoring.score import Score
from leadrules.sections import plain
from leadrules.testing.history import History
from leadrules.testing.routed import said_of

__all__ = ["ROUTES", "VERDICTS", "Aspect", "Cause", "Change", "measured", "text_of"]

Aspect = Literal[
    "band", "ready", "letter", "score", "owner", "queue", "partner", "rule", "unassigned"
]

VERDICTS: tuple[Aspect, ...] = ("band", "ready", "letter")
ROUTES: tuple[Aspect, ...] = ("owner", "queue", "partner", "rule", "unassigned")
_ASPECTS: tuple[Aspect, ...] = (*VERDICTS, "score", *ROUTES)
_NOTHING = "none"


@dataclass(frozen=True, slots=True)
class Change:
    """One lead by two policies.

    Attributes:
        lead_id: The lead.
        before: What the old policy says; None if it does not score.
        after: What the new one does.
        history: The lead with its events.
        routes: Who gets it by the old policy and by the new one; empty if one does not route.
    """

    lead_id: str
    before: Score | None
    after: Score | None
    history: History
    routes: tuple[Answered, ...] = ()

    @property
    def aspects(self) -> tuple[Aspect, ...]:
        """What of the score and of who gets it is not the same."""
        return tuple(x for x in _ASPECTS if self.old(x) != self.new(x))

    def old(self, aspect: Aspect) -> Any:
        """Return what the old policy says of an aspect."""
        return _of(self.before, self.routes[:1], aspect)

    def new(self, aspect: Aspect) -> Any:
        """Return what the new policy says of an aspect."""
        return _of(self.after, self.routes[1:], aspect)

    @property
    def fires(self) -> tuple[str, ...]:
        """The rules that fire by the new policy, and not by the old."""
        return tuple(rule for rule in _fired(self.after) if rule not in _fired(self.before))

    @property
    def ceases(self) -> tuple[str, ...]:
        """The rules that fire by the old policy, and not by the new."""
        return tuple(rule for rule in _fired(self.before) if rule not in _fired(self.after))

    def __str__(self) -> str:
        aspects = (f"{x} {text_of(self.old(x))} -> {text_of(self.new(x))}" for x in self.aspects)
        return f"{told(self.lead_id)}: {', '.join(aspects) or 'the same'}"


@dataclass(frozen=True, slots=True)
class Cause:
    """A rule or a criterion that gives other points by the new policy.

    Attributes:
        id: What it is called.
        old: Its points by the old policy.
        new: Its points by the new one.
    """

    id: str
    old: Decimal
    new: Decimal

    def __str__(self) -> str:
        return f"{told(self.id)} {plain(self.old)} -> {plain(self.new)}"


def _of(score: Score | None, routes: Sequence[Answered], aspect: Aspect) -> Any:
    if aspect in ROUTES:
        return said_of(routes[0], aspect) if routes else None
    return measured(score, "fit_letter" if aspect == "letter" else aspect)


def measured(score: Score | None, name: str) -> Any:
    """Return what a score says under a name; None if there is none."""
    return None if score is None else getattr(score, name)


def _fired(score: Score | None) -> tuple[str, ...]:
    return () if score is None else score.fired


def text_of(value: Any) -> str:
    """Return a band, a name or another value of an aspect as people read it."""
    match value:
        case None:
            return _NOTHING
        case bool():
            return "ready" if value else "not ready"
        case float():
            return str(plain(Decimal(repr(value))))
    return told(str(value))
