"""How much of a policy its cases try: verdicts, sides of thresholds, grades, rules of routing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Literal, NamedTuple

from leadrules.conditions.analysis import outcomes
from leadrules.conditions.format import format_condition
from leadrules.conditions.reference import Seen, observe
from leadrules.conditions.tree import Always, Condition
from leadrules.engine import Engine
from leadrules.events import standing
from leadrules.layout import told
from leadrules.policy import Policy
from leadrules.routing.document import Routing
from leadrules.routing.router import Answered
from leadrules.scoring.document import Scoring
from leadrules.scoring.score import Score
from leadrules.testing.cases import Case
from leadrules.testing.progress import progress_of
from leadrules.testing.routed import before_routing
from leadrules.testing.thresholds import Sides, band_sides, sides_of
from leadrules.values import Value, moment_of
from leadrules.vocabulary import Vocabulary

__all__ = ["Coverage", "Goal", "coverage"]

Kind = Literal["verdict", "threshold", "grade", "route"]

_VERDICTS: tuple[tuple[bool | None, str], ...] = (
    (True, "true"),
    (False, "false"),
    (None, "unknown"),
)


@dataclass(frozen=True, slots=True)
class Goal:
    """One thing that cases can try.

    Attributes:
        kind: A `verdict` of a condition, a side of a `threshold`, a `grade` (a band, a letter or
            a digit), or a `route`: a rule by which a lead goes somewhere.
        subject: What it is about, such as `rule 'large'`.
        missing: What is to be told if no case reaches it.
        reached: Whether a case does.
    """

    kind: Kind
    subject: str
    missing: str
    reached: bool

    def __str__(self) -> str:
        return told(f"{self.subject}: {'reached' if self.reached else self.missing}")


@dataclass(frozen=True)
class Coverage:
    """The goals of a policy, and which of them its cases reach.

    Attributes:
        goals: Every verdict that a condition can have, both sides of every threshold, every
            band, letter and digit, and every rule of routing, in document order.
    """

    goals: tuple[Goal, ...]

    @property
    def missed(self) -> tuple[Goal, ...]:
        """The goals that no case reaches."""
        return tuple(goal for goal in self.goals if not goal.reached)

    @property
    def percent(self) -> float:
        """The share of the goals that the cases reach, in percent; 100 if there is no goal."""
        reached = len(self.goals) - len(self.missed)
        return 100 * reached / len(self.goals) if self.goals else 100.0

    def __str__(self) -> str:
        reached = len(self.goals) - len(self.missed)
        shown = floor(self.percent * 10) / 10
        head = f"coverage {shown:.1f} %: the cases reach {reached} of {len(self.goals)} goals"
        return "\n".join([head, *(f"  {goal}" for goal in self.missed)])


def coverage(policy: Policy, cases: Iterable[Case]) -> Coverage:
    """Return how much of a policy cases try.

    A condition can be true, false or unknown; only what it can be at all is a goal. Rules about
    activities are tried on the activities of the cases that have happened and stand.

    Args:
        policy: The policy.
        cases: The cases, such as those of `load_cases(...)`.

    Raises:
        EvaluationError: If the policy neither scores nor routes, or a case cannot be evaluated.

    Examples:
        >>> from leadrules import load_policy
        >>> from leadrules.testing import load_cases
        >>> policy = load_policy('''
        ... leadrules: 1
        ... policy: {id: acme, version: 1, effective: 2026-01-01}
        ... scoring: {fit: {characteristics: {known: [{when: known(email), points: 5}]}}}
        ... ''')
        >>> file = load_cases('''
        ... leadrules_cases: 1
        ... at: 2026-01-05T09:00
        ... cases: [{name: without an address, lead: {}, expect: {score: 0}}]
        ... ''', policy=policy)
        >>> print(coverage(policy, file.cases))
        coverage 50.0 %: the cases reach 1 of 2 goals
          rule 'known.1': never true: known(email)
    """
    engine, found = Engine(policy), list(cases)
    goals: list[Goal] = []
    if policy.scoring is not None or policy.routing is None:
        scoring, words = engine.scorer.scoring, policy.vocabulary
        tried = [_Tried.of(case, words) for case in found]
        scores = [(case.history.previous, case.history.score(engine.scorer)) for case in found]
        goals += [
            *_condition_goals(_conditions(scoring), words, tried),
            *_grade_goals(scoring, [score for _, score in scores]),
            *_band_goals(scoring, words, scores),
        ]
    if policy.routing is not None:
        goals += _route_goals(engine, policy.routing, found)
    return Coverage(tuple(goals))


class _Tried(NamedTuple):
    """What conditions read of a case: its moment, the parameters, the lead, its activities."""

    at: int
    parameters: Mapping[str, Value]
    record: Mapping[str, Value]
    activities: Sequence[tuple[str | None, Mapping[str, Value]]]

    @classmethod
    def of(
        cls, case: Case, vocabulary: Vocabulary, derived: Mapping[str, Value] | None = None
    ) -> _Tried:
        """Return what conditions read of a case, and of what earlier steps add to the lead."""
        history, at = case.history, moment_of(case.history.at)
        stood = standing(history.events, lead_id=history.lead.id, at=at)
        activities = [(event.type, event.record) for event in stood]
        record = {**history.lead.record, **(derived or {})}
        return cls(at, vocabulary.parameters_at(at), record, activities)

    def seen(self, condition: Condition, activity: str | None) -> Iterator[Seen]:
        """Yield a condition as it is seen: of the lead, or of each activity of a type."""
        records = (record for kind, record in self.activities if kind == activity)
        for record in [self.record] if activity is None else records:
            yield observe(condition, record, at=self.at, parameters=self.parameters)


_Asked = tuple[str, Condition, str | None]
"""What a condition belongs to, the condition, and the activities that it reads."""


def _condition_goals(
    conditions: Iterable[_Asked], vocabulary: Vocabulary, tried: Sequence[_Tried]
) -> Iterator[Goal]:
    for subject, condition, activity in conditions:
        words = vocabulary if activity is None else vocabulary.of_activity(activity)
        seen = [(case.at, one) for case in tried for one in case.seen(condition, activity)]
        text = format_condition(condition)
        every = activity is not None and isinstance(condition, Always)
        possible = outcomes(condition, words) or {True, False, None}
        said = {one.verdict for _, one in seen}
        for verdict, word in _VERDICTS:
            if verdict in possible:
                missing = "no case has such an activity" if every else f"never {word}: {text}"
                yield Goal("verdict", subject, missing, verdict in said)
        for sides in sides_of(condition, seen):
            yield from _side_goals(subject, sides)


def _conditions(scoring: Scoring) -> Iterator[_Asked]:
    for rule_id, rule in scoring.rules():
        yield f"rule '{rule_id}'", rule.when, None
    for name, found in scoring.engagement.rules.items() if scoring.engagement else ():
        yield f"rule '{name}'", found.when, found.activity
    for name, criterion in scoring.qualification.criteria.items() if scoring.qualification else ():
        if criterion.met is not None:
            yield f"criterion '{name}', met", criterion.met, None
        if criterion.not_met is not None:
            yield f"criterion '{name}', not_met", criterion.not_met, None


def _side_goals(subject: str, sides: Sides) -> Iterator[Goal]:
    for words, reached in sides.words():
        yield Goal("threshold", subject, words, reached)


def _grade_goals(scoring: Scoring, scores: Sequence[Score]) -> Iterator[Goal]:
    grades = (
        ("band", "band", [band.name for band in scoring.bands.levels] if scoring.bands else ()),
        ("letter", "fit_letter", scoring.fit.letters if scoring.fit else ()),
        ("digit", "engagement_digit", scoring.engagement.digits if scoring.engagement else ()),
    )
    for noun, attribute, names in grades:
        said = {getattr(score, attribute) for score in scores}
        for name in names:
            yield Goal("grade", f"{noun} '{name}'", "never reached", name in said)


def _band_goals(
    scoring: Scoring, vocabulary: Vocabulary, scores: Sequence[tuple[str | None, Score]]
) -> Iterator[Goal]:
    if scoring.bands is not None:
        for name, sides in band_sides(scoring.bands, vocabulary, scores):
            yield from _side_goals(f"band '{name}'", sides)


def _route_goals(engine: Engine, routing: Routing, cases: Sequence[Case]) -> Iterator[Goal]:
    """Yield the goals of the rules of routing: what they can be, and that a lead goes by each."""
    policy = engine.policy
    tried: list[_Tried] = []
    answers: list[Answered] = []
    for case in cases:
        progress = progress_of(engine, case.history)
        derived = before_routing(engine, case.history, progress.state)
        tried.append(_Tried.of(case, policy.staged, derived))
        answers.append(case.route(engine, progress))
    taken = {answer.rule for answer in answers if answer}
    for name, rule in zip(routing.ids(), routing.rules, strict=True):
        subject = f"route '{name}'"
        yield from _condition_goals([(subject, rule.when, None)], policy.staged, tried)
        yield Goal("route", subject, "no lead goes by it", name in taken)
    for index, sending in enumerate(routing.sends):
        asked = (f"sends[{index}]", sending.when, None)
        yield from _condition_goals([asked], policy.staged, tried)
    if routing.queue is not None:
        yield Goal("route", f"queue '{routing.queue}'", "every lead goes by a rule", None in taken)
