"""What to ask next: for each thing that is unknown, what knowing it could do to the score.

One unknown is looked at a time, the others are left as they are. The conditions cut the values
that a field may have into cells in which nothing changes, and one value of each cell is scored.
Where comparisons cannot be cut so, each of them is taken to come out either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from leadrules.errors import EvaluationError
from leadrules.events import Event
from leadrules.scoring.domains import Domain, comparisons_in, domain_of
from leadrules.scoring.itemise import Case
from leadrules.scoring.outcomes import Outcome, bounded
from leadrules.scoring.score import Score
from leadrules.values import Value, datetime_of

__all__ = ["Question", "Rescore", "questions_of"]

Rescore = Callable[[Mapping[str, Value], Sequence[Event]], Score]
"""Scores the lead again, with another record and other events that stand."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something that is unknown of a lead, and what knowing it could do, all else the same.

    Attributes:
        name: The field, or the criterion.
        of: Which of the two it is.
        ask: The text to ask: the criterion's question, or what the field means; else the name.
        score: The visible score as it is, in points.
        best: The highest visible score that an answer can give, in points.
        worst: The lowest.
        band: The band as it is, if the policy has bands.
        best_band: The best band that an answer can give.
        worst_band: The worst.
        rises: Whether some answer alone gives a better band than now.
        falls: Whether some answer alone gives a worse one.
        makes_ready: Whether some answer alone makes ready a lead that is not.
        exact: Whether there are answers that do all this. Else it is *at most* so: no answer
            does more than that.
    """

    name: str
    of: Literal["field", "criterion"]
    ask: str
    score: float
    best: float
    worst: float
    band: str | None = None
    best_band: str | None = None
    worst_band: str | None = None
    rises: bool = False
    falls: bool = False
    makes_ready: bool = False
    exact: bool = True

    def __str__(self) -> str:
        return f"{self.ask}: {self.effect}"

    @property
    def crosses(self) -> bool:
        """Whether some answer alone takes the lead to another band."""
        return self.rises or self.falls

    @property
    def spread(self) -> float:
        """How far answers are apart, in points."""
        return self.best - self.worst

    @property
    def effect(self) -> str:
        """What answers could do, in words.

        Examples:
            >>> Question("size", "field", "size", score=12, best=40, worst=7).effect
            '7 to 40 points, now 12'
        """
        worst, best, now = (_plain(x) for x in (self.worst, self.best, self.score))
        span = f"{worst} to {best} points" if worst != best else f"{best} points"
        told = [f"{span if self.exact else f'at least {worst}, at most {best} points'}, now {now}"]
        if self.rises:
            told.append(f"{self.best_band} at best")
        if self.falls:
            told.append(f"{self.worst_band} at worst")
        if self.makes_ready:
            told.append("may make it ready")
        return "; ".join(told)

    @property
    def matters(self) -> bool:
        """Whether some answer alone changes the score, the band, or whether the lead is ready."""
        same = self.best == self.worst == self.score
        return self.crosses or self.makes_ready or not same


def questions_of(
    case: Case, score: Score, rescore: Rescore, *, previous: str | None
) -> tuple[Question, ...]:
    """Return what is unknown of a lead: first what crosses a band, then by spread, then by name.

    Args:
        case: The lead.
        score: Its score.
        rescore: What scores it with other values.
        previous: The band before, if it was told.
    """
    asker = _Asker(case, score, rescore, previous)
    found = (*asker.about_fields(), *asker.about_criteria())
    return tuple(sorted(found, key=lambda asked: (not asked.crosses, -asked.spread, asked.name)))


@dataclass(frozen=True, slots=True)
class _Asker:
    """A lead with its score as it is, and what scores it otherwise."""

    case: Case
    score: Score
    rescore: Rescore
    previous: str | None

    def about_fields(self) -> Iterator[Question]:
        vocabulary = self.case.vocabulary
        comparisons = comparisons_in(self.case.scoring)
        for name in self.case.scoring.fields():
            if name in self.case.record or name in vocabulary.derived:
                continue
            domain = domain_of(name, comparisons.get(name, ()), self.case)
            outcomes = self.scored({name: value} for value in domain.values)
            if not outcomes:
                continue  # whatever the answer, a parameter that the score takes has no value yet
            outcome, exact = _joined(outcomes), True
            if domain.free:
                most = _joined([outcome, *self.bounds(domain)])
                outcome, exact = most, most == outcome
            ask = vocabulary.fields[name].description or name
            yield self.question(name, "field", ask, outcome, exact=exact)

    def about_criteria(self) -> Iterator[Question]:
        qualification = self.case.scoring.qualification
        for name, criterion in qualification.criteria.items() if qualification else ():
            if self.score.answer(name) == "unknown":
                stood = self.case.stood
                answered = [[*stood, self.answer(name, said)] for said in ("met", "not_met")]
                outcomes = [
                    self.outcome(self.rescore(self.case.record, events)) for events in answered
                ]
                ask = criterion.ask or criterion.description or name
                yield self.question(name, "criterion", ask, _joined(outcomes))

    def answer(self, criterion: str, said: str) -> Event:
        """Return the answer that somebody would give now."""
        return Event(
            lead_id=self.score.lead_id,
            id="asked",
            time=datetime_of(self.case.moment),
            kind="answer",
            properties={"criterion": criterion, "answer": said},
        )

    def scored(self, answers: Iterable[Mapping[str, Value]]) -> list[Outcome]:
        """Return what answers come to; not one that takes a parameter without a value yet."""
        found = []
        for answer in answers:
            try:
                score = self.rescore({**self.case.record, **answer}, self.case.stood)
            except EvaluationError as error:
                if error.field != "at":
                    raise
            else:
                found.append(self.outcome(score))
        return found

    def bounds(self, domain: Domain) -> Iterator[Outcome]:
        """Yield what no answer can exceed, for each cell of the comparisons that can be cut."""
        overridden = self.score.band if self.score.band_by == "override" else None
        for value in domain.cells:
            found = bounded(
                self.case,
                {**self.case.record, domain.name: value},
                domain.free,
                previous=self.previous,
                overridden=overridden,
            )
            if found is not None:
                yield found

    def outcome(self, score: Score) -> Outcome:
        place = self.place(score)
        return Outcome(score.score, score.score, place, place, ready=score.ready is True)

    def place(self, score: Score) -> int:
        """Return the place of a band, counted from the best; 0 if there are none."""
        ladder = self.case.effect.ladder
        return ladder.names.index(score.band) if ladder and score.band is not None else 0

    def question(
        self,
        name: str,
        of: Literal["field", "criterion"],
        ask: str,
        outcome: Outcome,
        *,
        exact: bool = True,
    ) -> Question:
        names = self.case.effect.ladder.names if self.case.effect.ladder else ()
        now = self.place(self.score)
        return Question(
            name,
            of,
            ask,
            self.score.score,
            outcome.best,
            outcome.worst,
            self.score.band,
            names[outcome.best_place] if names else None,
            names[outcome.worst_place] if names else None,
            outcome.best_place < now,
            outcome.worst_place > now,
            outcome.ready and self.score.ready is False,
            exact,
        )


def _joined(outcomes: Sequence[Outcome]) -> Outcome:
    return Outcome(
        max(found.best for found in outcomes),
        min(found.worst for found in outcomes),
        min(found.best_place for found in outcomes),
        max(found.worst_place for found in outcomes),
        ready=any(found.ready for found in outcomes),
    )


def _plain(points: float) -> str:
    return str(points).removesuffix(".0")
