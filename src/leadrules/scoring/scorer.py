"""The scorer: a scorecard compiled, for one lead or a frame of leads."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, make_dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, NoReturn

from leadrules.conditions.compiler import Code, Compiled
from leadrules.document import path_text
from leadrules.errors import EvaluationError, Issue, PolicyError, as_written
from leadrules.lead import Lead
from leadrules.scoring.scorecard import Limits, Scoring
from leadrules.sections import DECIMAL_PLACES, ParamRef, millionths
from leadrules.values import Value, moment_of
from leadrules.vocabulary import Vocabulary

__all__ = ["Score", "Scorer"]


@dataclass(frozen=True, slots=True)
class Score:
    """How good a lead is at a moment, and by which rules.

    Attributes:
        lead_id: The lead.
        at: The moment of the evaluation.
        score: The visible score in points: limited, and rounded half up.
        fit: Points for who they are, within their limits, unrounded.
        fired: The ids of the rules that gave points, in document order.
        uncertain: The characteristics in which a rule that might have come first is unknown.
        policy: The hash of the policy, if the scorer was given one.
    """

    lead_id: str
    at: datetime
    score: float
    fit: float
    fired: tuple[str, ...]
    uncertain: tuple[str, ...]
    policy: str | None = None


_FEW = 100
"""How many summands are written with plus signs, which is faster than `sum`."""

_Draft: Any = make_dataclass("_Draft", [field.name for field in fields(Score)], slots=True)
"""A score that can still be written: frozen ones take three times as long to make."""


class Scorer:
    """A scorecard that is checked and compiled once, and then scores leads.

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
        self.vocabulary = vocabulary or Vocabulary()
        self.policy = policy
        issues = [
            Issue(found.code, found.message, path_text(found.path))
            for found in scoring.check(self.vocabulary, warnings=False)
        ]
        if issues:
            raise PolicyError(issues)
        self._run = _compiled(scoring, self.vocabulary)
        self._epochs = self.vocabulary.epochs
        named = {number.param for number in scoring.numbers() if isinstance(number, ParamRef)}
        self._parameters = tuple(
            _with_points(self.vocabulary.parameters_at(epoch), named)
            for epoch in (-(2**63), *self._epochs)
        )

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (self.scoring, self.vocabulary, self.policy)

    def __repr__(self) -> str:
        count = sum(1 for _ in self.scoring.rules())
        return f"Scorer({len(self.scoring.fit.characteristics)} characteristics, {count} rules)"

    def score(self, lead: Lead, *, at: datetime) -> Score:
        """Return how good a lead is at a moment.

        Raises:
            EvaluationError: If `at` has no zone, a declared field holds another type, or
                points depend on a parameter that has no value yet.
        """
        moment = moment_of(at)
        parameters = self._parameters[bisect_right(self._epochs, moment)] if self._epochs else {}
        try:
            record = lead.record
        except AttributeError:
            message = f"lead: '{as_written(lead)}' is no lead; make one with policy.lead(...)"
            raise EvaluationError(message, field="lead") from None
        score, fit, fired, uncertain = self._run(record, moment, parameters)
        made: Score = _Draft(lead.id, at, score, fit / 1_000_000, fired, uncertain, self.policy)
        made.__class__ = Score
        return made

    def score_frame(self, leads: Any, *, at: datetime | str, characteristics: bool = False) -> Any:
        """Return a frame of leads with their scores.

        Args:
            leads: Any frame, one row a lead: pandas, polars, pyarrow, modin, DuckDB or
                PySpark. A field `company.employees` is the column `company_employees`.
            at: The moment, or the name of a column that holds each lead's own.
            characteristics: Whether to add the points of each characteristic as well, as
                `fit_` and its name.

        Returns:
            The caller's kind of frame, its rows in order, with the columns `score` and `fit`
            in points; lazy frames stay lazy. The scores are those of `score`, exactly. They are
            missing where the moment is, and where they depend on a parameter without a value yet.

        Raises:
            EvaluationError: If a column is absent or of a wrong type.
        """
        from leadrules.scoring.frames import score_frames  # noqa: PLC0415 - frames are an extra

        if isinstance(at, datetime):
            moment_of(at)
        return score_frames(
            self.scoring,
            leads,
            at=at,
            vocabulary=self.vocabulary,
            characteristics=characteristics,
        )


def _rebuilt(scoring: Scoring, vocabulary: Vocabulary, policy: str | None) -> Scorer:
    return Scorer(scoring, vocabulary=vocabulary, policy=policy)


def _compiled(scoring: Scoring, vocabulary: Vocabulary) -> Compiled:
    """Return the function that gives the visible score, the fit, and what fired."""
    code = Code(vocabulary)
    body = ["fired = []", "unsure = []"]
    points: dict[str, str] = {}
    ids = iter(scoring.rules())
    for index, (name, characteristic) in enumerate(scoring.fit.characteristics.items()):
        points[name] = found = f"p{index}"
        body += ["while True:", "    unknown = False"]
        for rule in characteristic.rules:
            fired = code.constant(next(ids)[0])
            body += [
                f"    if not {code.false(rule.when)}:",
                f"        if {code.true(rule.when)}:",
                f"            {found} = {_number(rule.points, code)}",
                f"            fired.append({fired})",
                "            break",
                "        unknown = True",
            ]
        body += [f"    {found} = {_number(characteristic.default, code)}", "    break"]
        body += ["if unknown:", f"    unsure.append({code.constant(name)})"]
    body += _sums(scoring, points, code)
    body.append("return score, fit, tuple(fired), tuple(unsure) if unsure else ()")
    return code.function(body)


def _sums(scoring: Scoring, points: Mapping[str, str], code: Code) -> list[str]:
    lines: list[str] = []
    grouped: set[str] = set()
    summands: list[str] = []
    for index, group in enumerate(scoring.fit.groups.values()):
        lines.append(f"g{index} = {_sum(points[member] for member in group.of)}")
        lines += _limited(f"g{index}", group, code)
        summands.append(f"g{index}")
        grouped |= set(group.of)
    summands += [found for name, found in points.items() if name not in grouped]
    lines.append(f"fit = {_sum(summands)}")
    lines += [*_limited("fit", scoring.fit, code), "total = fit"]
    lines += _limited("total", scoring.total, code)
    step = 10 ** (DECIMAL_PLACES - scoring.total.decimals)
    lines.append(f"score = (total + {step // 2}) // {step}")
    if scoring.total.decimals:
        lines.append(f"score /= {10**scoring.total.decimals}")
    return lines


def _sum(summands: Iterable[str]) -> str:
    """Return the code of a sum; one of many is not nested, since Python's compiler recurses."""
    found = list(summands)
    return (
        " + ".join(found)
        if 0 < len(found) <= _FEW
        else f"sum(({''.join(f'{x}, ' for x in found)}))"
    )


def _limited(name: str, limits: Limits, code: Code) -> list[str]:
    lines: list[str] = []
    for limit, function in ((limits.min, "max"), (limits.max, "min")):
        if limit is not None:
            sign = "<" if function == "max" else ">"
            lines.append(f"limit = {_number(limit, code)}")
            lines.append(f"if {name} {sign} limit: {name} = limit")
    return lines


def _number(number: Decimal | ParamRef, code: Code) -> str:
    if isinstance(number, ParamRef):
        key = code.constant(_points_of(number.param))
        absent = code.constant(partial(_no_value, name=number.param))
        return f"parameters[{key}] if {key} in parameters else {absent}(record)"
    return code.constant(millionths(number))


def _points_of(name: str) -> str:
    """Return the key of a parameter's value in millionths; no name has a blank in it."""
    return f"points of {name}"


def _with_points(parameters: Mapping[str, Value], named: Iterable[str]) -> Mapping[str, Value]:
    """Return parameters together with those named in millionths of a point."""
    known = {name: parameters[name] for name in named if name in parameters}
    points = {_points_of(name): millionths(value) for name, value in known.items()}  # type: ignore[arg-type]  # checked: a number
    return {**parameters, **points}


def _no_value(record: Mapping[str, Value], *, name: str) -> NoReturn:
    message = f"at: parameter '{name}' has no value yet at that moment"
    raise EvaluationError(message, field="at", lead_id=str(record.get("id")))
