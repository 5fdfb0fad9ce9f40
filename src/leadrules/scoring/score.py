"""What scoring gives: a score with its parts, its band, and the rules that gave points."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

from leadrules.results import maker
from leadrules.scoring.qualification import Answer

__all__ = ["BandBy", "Score", "made"]

BandBy = Literal["threshold", "hysteresis", "hold", "override"]
"""What can decide a band; each goes before those in front of it."""


@dataclass(frozen=True, slots=True)
class Score:
    """How good and how ready a lead is at a moment, and by which rules.

    What the policy does not ask for is None, or empty.

    Attributes:
        lead_id: The lead.
        at: The moment of the evaluation.
        score: The visible score in points: limited, and rounded half up.
        fit: Points for who they are, within their limits, unrounded.
        engagement: Points for what they did, decayed, within their limits, unrounded.
        lifetime: What the engagement would be if nothing decayed.
        qualification: Points for the criteria that are met, within their limits, unrounded.
        fit_letter: The letter of the fit.
        engagement_digit: The digit of the engagement.
        band: What the score is called, such as `hot`.
        band_by: What decided the band: `threshold`; `hysteresis` (points that would not do to
            get in do to stay in); `hold` (data that a better band needs is missing); or
            `override` (somebody set it).
        lacking: The fields that are missing for the band that the points would do for, if the
            band is by `hold`.
        ready: Whether enough criteria are met.
        answers: Each criterion with `met`, `not_met` or `unknown`, in document order.
        fired: The ids of the rules that fired, in document order: whose condition was true, or
            which counted an activity.
        uncertain: The characteristics in which a rule that might have come first is unknown.
        policy: The hash of the policy, if the scorer was given one.
    """

    lead_id: str
    at: datetime
    score: float
    fit: float | None = None
    engagement: float | None = None
    lifetime: float | None = None
    qualification: float | None = None
    fit_letter: str | None = None
    engagement_digit: str | None = None
    band: str | None = None
    band_by: BandBy | None = None
    lacking: tuple[str, ...] = ()
    ready: bool | None = None
    answers: tuple[tuple[str, Answer], ...] = ()
    fired: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()
    policy: str | None = None

    @property
    def grid(self) -> str | None:
        """The letter and the digit together, such as `A1`; None if the policy has not both."""
        if self.fit_letter is None or self.engagement_digit is None:
            return None
        return self.fit_letter + self.engagement_digit

    @property
    def results(self) -> dict[str, str | float | bool]:
        """What scoring adds to the lead, by name, as conditions of later steps read it."""
        found = {name: getattr(self, name) for name in _RESULTS}
        known = {name: value for name, value in found.items() if value is not None}
        return known | {f"answer.{name}": answer for name, answer in self.answers}

    def answer(self, criterion: str) -> Answer | None:
        """Return how a criterion is answered, or None if the policy does not ask it."""
        return dict(self.answers).get(criterion)

    def __repr__(self) -> str:
        told = ((field.name, getattr(self, field.name)) for field in fields(self))
        shown = ", ".join(f"{name}={value!r}" for name, value in told if value not in (None, ()))
        return f"Score({shown})"


_RESULTS = (
    "score",
    "fit",
    "engagement",
    "lifetime",
    "qualification",
    "fit_letter",
    "engagement_digit",
    "band",
    "ready",
)

made = maker(Score)
"""Makes a score of the values of its attributes, in their order."""
