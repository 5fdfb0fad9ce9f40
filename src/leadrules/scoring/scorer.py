"""The scorer: a section `scoring` compiled, for one lead or a frame of leads."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from leadrules.document import path_text
from leadrules.errors import EvaluationError, Issue, PolicyError, as_written, did_you_mean, one_of
from leadrules.events import Event, standing
from leadrules.lead import Lead
from leadrules.scoring.bands import grade_index, held_index, level_index
from leadrules.scoring.compiler import compile_scoring, no_value
from leadrules.scoring.document import Scoring
from leadrules.scoring.effect import Effect, Ladder
from leadrules.scoring.explanation import Explanation
from leadrules.scoring.interview import Interview, override_in
from leadrules.scoring.itemise import Case, itemised, placed, readied
from leadrules.scoring.items import Item
from leadrules.scoring.qualification import Answer
from leadrules.scoring.questions import Question, questions_of
from leadrules.scoring.score import BandBy, Score, made
from leadrules.scoring.tally import Tally
from leadrules.sections import DECIMAL_PLACES
from leadrules.values import Value, moment_of
from leadrules.vocabulary import Vocabulary

__all__ = ["Scorer"]

_POINT = 10**DECIMAL_PLACES
_NOTHING = (None, None, None, None, None, None, None, (), None, ())
"""What a policy of a fit alone does not ask for, from `engagement` to `answers`."""

_Placed = tuple[str | None, BandBy | None, tuple[str, ...]]
"""A band, what decided it, and the fields that are missing for a better one."""


class _Case(NamedTuple):
    """A lead at a moment: what is known, what happened and stands, and the numbers in effect."""

    record: Mapping[str, Value]
    stood: Sequence[Event]
    moment: int
    effect: Effect


class Scorer:
    """A section `scoring` that is checked and compiled once, and then scores leads.

    Args:
        scoring: The document.
        vocabulary: The names that its conditions use.
        policy: The hash of the policy that it belongs to, which every score repeats.

    Raises:
        PolicyError: If the document uses names or types that are not declared.

    Examples:
        >>> from datetime import UTC, datetime
        >>> from leadrules.lead import Company
        >>> scoring = Scoring.model_validate({"fit": {"characteristics": {
        ...     "size": [{"when": "company.employees >= 50", "points": 20}]}}})
        >>> scorer = Scorer(scoring)
        >>> lead = Lead(id="17", company=Company(employees=120))
        >>> scorer.score(lead, at=datetime(2026, 1, 5, tzinfo=UTC)).score
        20
    """

    def __init__(
        self, scoring: Scoring, *, vocabulary: Vocabulary | None = None, policy: str | None = None
    ) -> None:
        self.scoring = scoring
        self.vocabulary = words = vocabulary or Vocabulary()
        self.policy = policy
        issues = [
            Issue(found.code, found.message, path_text(found.path))
            for found in scoring.check(words, warnings=False)
        ]
        if issues:
            raise PolicyError(issues)
        engagement, qualification = scoring.engagement, scoring.qualification
        self.tally = Tally(engagement, words) if engagement else None
        self.interview = Interview(qualification, words) if qualification else None
        self._run = compile_scoring(scoring, words)
        self._epochs = words.epochs
        self._effects = tuple(
            Effect.at(scoring, words, epoch) for epoch in (-(2**63), *self._epochs)
        )
        self._parts = 10**scoring.total.decimals
        self._added = frozenset(scoring.added)
        self._letters = tuple(scoring.fit.letters) if scoring.fit else ()
        self._digits = tuple(engagement.digits) if engagement else ()
        self._fit_alone = not (engagement or qualification or scoring.bands or self._letters)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (self.scoring, self.vocabulary, self.policy)

    def __repr__(self) -> str:
        return f"Scorer({self.scoring.summary()})"

    def score(
        self, lead: Lead, *, events: Iterable[Event] = (), at: datetime, previous: str | None = None
    ) -> Score:
        """Return how good and how ready a lead is at a moment.

        Args:
            lead: The lead.
            events: What happened to it, in any order. What happens after the moment does not
                count, nor do activities and criteria that the policy does not declare.
            at: The moment; with a time zone.
            previous: The band that the lead was in before, if it was in one; see `leave` of a
                band.

        Raises:
            EvaluationError: If `at` has no zone, a declared field or property holds another
                type, an event is of another lead or has the id of one that differs, there is no
                such band among those of the policy, or points depend on a parameter that has no
                value yet.
        """
        moment = moment_of(at)
        effect = self._effects[bisect_right(self._epochs, moment)]
        try:
            record = lead.record
        except AttributeError:
            message = f"lead: '{as_written(lead)}' is no lead; make one with policy.lead(...)"
            raise EvaluationError(message, field="lead") from None
        if self._fit_alone:
            if events:  # they change nothing, but wrong ones are told of all the same
                standing(events, lead_id=lead.id, at=moment)
            shown, fit, fired, uncertain = self._run(record, moment, effect.parameters, 0)
            score = shown / self._parts if self._parts > 1 else shown
            return made(lead.id, at, score, fit / _POINT, *_NOTHING, fired, uncertain, self.policy)
        if effect.absent is not None:
            raise no_value(effect.absent, lead.id)
        stood = standing(events, lead_id=lead.id, at=moment)
        return self._scored(lead, at, _Case(record, stood, moment, effect), previous)

    def _scored(self, lead: Lead, at: datetime, case: _Case, previous: str | None) -> Score:
        record, stood, moment, effect = case
        engagement = lifetime = qualification = None
        counted: Sequence[str] = ()
        answers: Sequence[Answer] = ()
        rest = 0
        if self.tally is not None and effect.worth is not None:
            engagement, lifetime, counted = self.tally.engaged(
                stood, moment, effect.parameters, worth=effect.worth
            )
            rest += engagement if "engagement" in self._added else 0
        if self.interview is not None and effect.merit is not None:
            answers = self.interview.answers(stood, record, moment, effect.parameters)
            qualification = effect.merit.total(answers)
            rest += qualification if "qualification" in self._added else 0
        shown, fit, fired, uncertain = self._run(record, moment, effect.parameters, rest)
        placed: _Placed = (None, None, ())
        if effect.ladder is not None:
            parts = {"fit": fit, "engagement": engagement, "qualification": qualification}
            points = parts.get(effect.ladder.of, shown * (_POINT // self._parts))
            placed = _placed(points, case, effect.ladder, previous, lead.id)
        return made(
            lead.id,
            at,
            shown / self._parts if self._parts > 1 else shown,
            None if self.scoring.fit is None else fit / _POINT,
            None if engagement is None else engagement / _POINT,
            None if lifetime is None else lifetime / _POINT,
            None if qualification is None else qualification / _POINT,
            self._letters[grade_index(fit, effect.letters)] if effect.letters else None,
            self._digits[grade_index(engagement or 0, effect.digits)] if effect.digits else None,
            *placed,
            self.interview.is_ready(answers) if self.interview else None,
            tuple(zip(self.interview.names, answers, strict=True)) if self.interview else (),
            (*fired, *counted),
            uncertain,
            self.policy,
        )

    def explain(
        self,
        lead: Lead,
        *,
        events: Iterable[Event] = (),
        at: datetime,
        previous: str | None = None,
        redact: bool = False,
    ) -> Explanation:
        """Return why the score of a lead is what it is: items that sum exactly to it.

        Args:
            lead: The lead.
            events: As of `score`.
            at: As of `score`.
            previous: As of `score`.
            redact: Whether to hide the values of fields and properties that tell who a person
                is. What a condition states stays, since it is the policy's.

        Raises:
            EvaluationError: As of `score`.

        Examples:
            >>> from datetime import UTC
            >>> from leadrules.lead import Company
            >>> scoring = Scoring.model_validate({"fit": {"characteristics": {
            ...     "size": [{"when": "company.employees >= 50", "points": 20.5}]}}})
            >>> lead = Lead(id="17", company=Company(employees=120))
            >>> print(Scorer(scoring).explain(lead, at=datetime(2026, 1, 5, tzinfo=UTC)))
            lead 17, as of 2026-01-05 00:00 UTC
            score 21
            most: +20.5 size.1
            <BLANKLINE>
            +21    score
            +20.5    fit
            +20.5      size: size.1
                         company.employees >= 50; company.employees is 120
             +0.5    rounded
        """
        given = tuple(events)
        score = self.score(lead, events=given, at=at, previous=previous)
        case = self._taken_apart(lead, given, moment_of(at), redact=redact)
        tree, beside = itemised(case)
        items: dict[str, Item] = {item.kind: item for item in (tree, *tree.parts, *beside)}
        band = placed(score, items, case, previous)
        zone = self.vocabulary.zone
        return Explanation(score, tree, beside, band, readied(score, case), zone)

    def questions(
        self, lead: Lead, *, events: Iterable[Event] = (), at: datetime, previous: str | None = None
    ) -> tuple[Question, ...]:
        """Return what to ask about a lead: each thing that is unknown, with what it could do.

        Asked are the missing fields that conditions of the fit and of the qualification read or
        that a band needs, and the criteria whose answer is unknown; one at a time, the others
        left as they are.

        Args:
            lead: The lead.
            events: As of `score`.
            at: As of `score`.
            previous: As of `score`.

        Returns:
            First those of which an answer crosses a band, then by how far answers are apart in
            points, then by name.

        Raises:
            EvaluationError: As of `score`.

        Examples:
            >>> from datetime import UTC
            >>> scoring = Scoring.model_validate({"fit": {"characteristics": {
            ...     "size": [{"when": "company.employees >= 50", "points": 20},
            ...              {"when": "company.employees < 5", "points": -5}]}}})
            >>> lead, at = Lead(id="17"), datetime(2026, 1, 5, tzinfo=UTC)
            >>> for asked in Scorer(scoring).questions(lead, at=at):
            ...     print(asked.ask, asked.worst, asked.best, asked.exact)
            company.employees -5 20 True
        """
        given = tuple(events)
        score = self.score(lead, events=given, at=at, previous=previous)
        case = self._taken_apart(lead, given, moment_of(at))

        def rescore(record: Mapping[str, Value], stood: Sequence[Event]) -> Score:
            known = {**lead.record, **record}
            return self._scored(lead, at, _Case(known, stood, case.moment, case.effect), previous)

        return questions_of(case, score, rescore, previous=previous)

    def _taken_apart(
        self, lead: Lead, events: Iterable[Event], moment: int, *, redact: bool = False
    ) -> Case:
        return Case(
            self.scoring,
            self.vocabulary,
            self.vocabulary.record(lead, names=self.scoring.fields()),
            standing(events, lead_id=lead.id, at=moment),
            moment,
            self._effects[bisect_right(self._epochs, moment)],
            self.tally,
            self.interview,
            redact,
        )

    def score_frame(
        self,
        leads: Any,
        *,
        events: Any = None,
        at: datetime | str,
        previous: str | None = None,
        characteristics: bool = False,
    ) -> Any:
        """Return a frame of leads with their scores.

        Args:
            leads: Any frame, one row a lead: pandas, polars, pyarrow, modin, DuckDB or
                PySpark. A field `company.employees` is the column `company_employees`; events
                are found by the column `lead_id`, or else `id`.
            events: What happened to the leads, in any order: a frame with the columns `lead_id`,
                `id`, `time`, `kind`, `type` and the properties that rules read. Those of answers,
                overrides and retractions may be absent. Eager if that of leads is, else lazy
                and of the same kind. An event of no lead, no id or no time is none.
            at: The moment, or the name of a column that holds each lead's own. A lead may stand
                there several times, as of several moments.
            previous: The name of a column that holds the band that each lead was in before; a
                name that is no band is none.
            characteristics: Whether to add the points of each characteristic as well, as
                `fit_` and its name.

        Returns:
            The caller's kind of frame, its rows in order, with a column for each of the
            section's `results`, such as `score`, `fit` and `band`; that of `answer.budget` is
            `answer_budget`. Lazy frames stay lazy. The results are those of `score`, exactly.
            They are missing where the moment is, and where they depend on a parameter without
            a value yet.

        Raises:
            EvaluationError: If a column is absent or of a wrong type.
        """
        from leadrules.scoring.frames import score_frames  # noqa: PLC0415 - frames are an extra

        if isinstance(at, datetime):
            moment_of(at)
        return score_frames(
            self.scoring,
            leads,
            events=events,
            at=at,
            previous=previous,
            vocabulary=self.vocabulary,
            characteristics=characteristics,
        )


def _rebuilt(scoring: Scoring, vocabulary: Vocabulary, policy: str | None) -> Scorer:
    return Scorer(scoring, vocabulary=vocabulary, policy=policy)


def _placed(
    points: int, case: _Case, ladder: Ladder, previous: str | None, lead_id: str
) -> _Placed:
    """Return the band of a lead; each thing that can decide it goes before those after it."""
    before = None
    if previous is not None:
        if previous not in ladder.names:
            hint = did_you_mean(str(previous), ladder.names) or f"; expected {one_of(ladder.names)}"
            message = f"previous: no band '{as_written(previous)}'{hint}"
            raise EvaluationError(message, field="previous", lead_id=lead_id)
        before = ladder.names.index(previous)
    override = override_in(case.stood, case.moment, ladder.names)
    if override is not None:
        return str(override["band"]), "override", ()
    reached = level_index(points, before, ladder.enter, ladder.leave)
    lacking = [tuple(x for x in needs if x not in case.record) for needs in ladder.needs]
    place = held_index(reached, [bool(missing) for missing in lacking])
    if place != reached:
        return ladder.names[place], "hold", lacking[reached]
    entered = level_index(points, None, ladder.enter, ladder.leave)
    return ladder.names[place], "threshold" if reached == entered else "hysteresis", ()
