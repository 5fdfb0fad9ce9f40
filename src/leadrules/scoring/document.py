"""The section `scoring` of a policy: its parts, what they add up to, and what may be wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from leadrules.conditions.tree import Condition, Path, fields_of
from leadrules.errors import Problem, one_of
from leadrules.scoring.bands import Band, Bands, Grades, Part, check_bands, levels_alone
from leadrules.scoring.engagement import Engagement
from leadrules.scoring.points import Limits, NoValueYet, check_limits, numbers_of, since, step_of
from leadrules.scoring.qualification import Answer, Qualification, with_framework
from leadrules.scoring.ranges import (
    Range,
    check_bands_reach,
    check_grades_reach,
    limited,
    part_range,
)
from leadrules.scoring.scorecard import Fit, Rule
from leadrules.sections import ParamRef, Section, canonical
from leadrules.values import Type
from leadrules.vocabulary import Declaration, Vocabulary

__all__ = ["PARTS", "Scoring", "Total"]

PARTS: tuple[Part, ...] = ("fit", "engagement", "qualification")
"""The parts of a score, in their order."""


class Total(Limits):
    """The score: the sum of its parts, within limits, rounded half up."""

    of: tuple[Part, ...] | None = None
    """The parts that are added; by default all that there are."""
    decimals: Annotated[int, Field(strict=True, ge=0, le=6)] = 0
    """How many decimals the visible score has."""


class Scoring(Section):
    """How good and how ready a lead is. At least one of the parts is there."""

    fit: Fit | None = None
    """Who they are."""
    engagement: Engagement | None = None
    """What they did."""
    qualification: (
        Annotated[
            Qualification,
            BeforeValidator(with_framework, json_schema_input_type=Qualification),
        ]
        | None
    ) = None
    """How far they are qualified."""
    total: Total = Field(default_factory=Total)
    """What the parts add up to."""
    bands: (
        Annotated[
            Bands,
            BeforeValidator(levels_alone, json_schema_input_type=Bands | tuple[Band, ...]),
        ]
        | None
    ) = None
    """What scores are called, such as hot, warm and cold, from the best."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that there are, in their order."""
        return tuple(part for part in PARTS if getattr(self, part) is not None)

    @property
    def added(self) -> tuple[Part, ...]:
        """The parts that the total is made of."""
        return self.parts if self.total.of is None else self.total.of

    @property
    def results(self) -> Mapping[str, Declaration]:
        """What scoring adds to a lead, by name: what later steps of an evaluation may read."""
        found = {"score": Declaration(Type.NUMBER)}
        for part in self.parts:
            found[part] = Declaration(Type.NUMBER)
        if self.engagement:
            found["lifetime"] = Declaration(Type.NUMBER)
        if self.fit and self.fit.letters:
            found["fit_letter"] = Declaration(Type.ENUM, tuple(self.fit.letters))
        if self.engagement and self.engagement.digits:
            found["engagement_digit"] = Declaration(Type.ENUM, tuple(self.engagement.digits))
        if self.bands:
            names = tuple(band.name for band in self.bands.levels)
            found["band"] = Declaration(Type.ENUM, names)
        if self.qualification:
            if self.qualification.ready:
                found["ready"] = Declaration(Type.BOOLEAN)
            answers = Declaration(Type.ENUM, Answer.__args__)  # type: ignore[attr-defined]
            found |= {f"answer.{name}": answers for name in self.qualification.criteria}
        return found

    def summary(self) -> str:
        """Return what the section holds, in a few words."""
        counts: list[tuple[int, str]] = []
        if self.fit:
            counts.append((len(self.fit.characteristics), "characteristic"))
            counts.append((sum(1 for _ in self.rules()), "rule"))
        if self.engagement:
            counts.append((len(self.engagement.rules), "activity rule"))
        if self.qualification:
            counts.append((len(self.qualification.criteria), "criterion"))
        if self.bands:
            counts.append((len(self.bands.levels), "band"))
        return ", ".join(_counted(count, noun) for count, noun in counts)

    def rules(self) -> Iterator[tuple[str, Rule]]:
        """Yield every rule of the fit with its id, in document order."""
        if self.fit is not None:
            yield from self.fit.rules()

    def counted(self) -> dict[str, Any]:
        """Return what a result can depend on as plain data, whether it is said or understood."""
        data: dict[str, Any] = canonical(self)
        data["total"] = {**data.get("total", {}), "of": sorted(self.added)}
        data.get("qualification", {}).pop("framework", None)  # its criteria are there
        return data

    def conditions(self) -> Iterator[tuple[str, Condition]]:
        """Yield every condition on a lead with the id of what it belongs to, in document order."""
        for rule_id, rule in self.rules():
            yield rule_id, rule.when
        for name, criterion in self.qualification.criteria.items() if self.qualification else ():
            for key, condition in (("met", criterion.met), ("not_met", criterion.not_met)):
                if condition is not None:
                    yield f"{name}.{key}", condition

    def fields(self) -> tuple[str, ...]:
        """Return the fields of a lead that the section reads, each once."""
        read = [name for _, condition in self.conditions() for name in fields_of(condition)]
        needed = [name for band in (self.bands.levels if self.bands else ()) for name in band.needs]
        return tuple(dict.fromkeys([*read, *needed]))

    def numbers(self) -> Iterator[Decimal | ParamRef]:
        """Yield every number of points, every limit of them and every threshold."""
        for part in (self.fit, self.engagement, self.qualification, self.bands):
            if part is not None:
                yield from part.numbers()
        yield from numbers_of(self.total)

    def ranges(self, vocabulary: Vocabulary, *, moment: int) -> Mapping[str, Range]:
        """Return what each part, and the `score`, can come to at a moment in microseconds.

        A range is never too small; one that cannot be told, since a parameter has no value yet,
        is left out.
        """
        found: dict[str, Range] = {}
        for name in self.parts:
            with suppress(NoValueYet):
                found[name] = part_range(getattr(self, name), vocabulary, moment)
        with suppress(NoValueYet, KeyError):
            total = reduce(add, [found[name] for name in self.added])
            total = limited(total, self.total, vocabulary, moment)
            found["score"] = total.visible(step_of(self.total.decimals))
        return found

    def check(self, vocabulary: Vocabulary, *, warnings: bool = True) -> list[Problem]:
        """Return every problem of the section, in document order within each kind.

        Args:
            vocabulary: The names that its conditions may use.
            warnings: Whether to look for what is odd, too, which takes longer.
        """
        found: list[Problem] = []
        if not self.parts:
            message = f"nothing to score by; expected {one_of(PARTS)}"
            found.append(Problem("empty", message))
        for name in self.parts:
            part = getattr(self, name)
            found += part.check((name,), vocabulary, warnings=warnings)
        found += [*_check_ids(self), *_check_total(self, vocabulary)]
        if self.bands:
            found += [*check_bands(self.bands, ("bands",), vocabulary), *_check_of(self)]
        if not any(problem.severity == "error" for problem in found):
            found += _check_reach(self, vocabulary)
        return [problem for problem in found if warnings or problem.severity == "error"]


def _check_ids(scoring: Scoring) -> Iterator[Problem]:
    ids: set[str] = set()
    for name, characteristic in scoring.fit.characteristics.items() if scoring.fit else ():
        for index, rule in enumerate(characteristic.rules):
            place: Path = ("fit", "characteristics", name, "rules", index)
            rule_id = rule.id or f"{name}.{index + 1}"
            if rule_id in ids:
                yield _taken(rule_id, (*place, "id") if rule.id else place)
            ids.add(rule_id)
    for name in scoring.engagement.rules if scoring.engagement else ():
        if name in ids:
            yield _taken(name, ("engagement", "rules", name))


def _taken(rule_id: str, path: Path) -> Problem:
    message = f"id '{rule_id}' is taken by another rule; ids are unique"
    return Problem("duplicate-id", message, path)


def _check_total(scoring: Scoring, vocabulary: Vocabulary) -> Iterator[Problem]:
    total = scoring.total
    if total.of is not None and not total.of:
        yield Problem("empty", "no parts; expected at least one", ("total", "of"))
    for index, part in enumerate(total.of or ()):
        place: Path = ("total", "of", index)
        if part in (total.of or ())[:index]:
            yield Problem("duplicate", f"'{part}' stands here twice", place)
        elif part not in scoring.parts:
            yield Problem("unknown-name", f"there is no section '{part}' to add", place)
    yield from check_limits(total, ("total",), vocabulary)


def _check_of(scoring: Scoring) -> Iterator[Problem]:
    assert scoring.bands is not None  # noqa: S101 - the caller looked
    of = scoring.bands.of
    if of != "total" and of not in scoring.parts:
        yield Problem("unknown-name", f"there is no section '{of}' for bands", ("bands", "of"))


def _check_reach(scoring: Scoring, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Yield what is out of reach, as of the first date on which it is."""
    if not (scoring.bands or any(_grades(scoring).values())):
        return
    told: set[Path] = set()
    for epoch in (-(2**63), *vocabulary.epochs):
        ranges = scoring.ranges(vocabulary, moment=epoch)
        when = since(epoch, vocabulary)
        for problem in _out_of_reach(scoring, ranges, vocabulary, epoch):
            if problem.path not in told:
                told.add(problem.path)
                yield replace(problem, message=when + problem.message)


def _out_of_reach(
    scoring: Scoring, ranges: Mapping[str, Range], vocabulary: Vocabulary, epoch: int
) -> Iterator[Problem]:
    for path, found in _grades(scoring).items():
        if found and path[0] in ranges:
            with suppress(NoValueYet):
                yield from check_grades_reach(found, ranges[path[0]], path, vocabulary, epoch)
    if scoring.bands:
        name = "score" if scoring.bands.of == "total" else scoring.bands.of
        if name in ranges:
            with suppress(NoValueYet):
                yield from check_bands_reach(
                    scoring.bands, ranges[name], ("bands",), vocabulary, epoch
                )


def _grades(scoring: Scoring) -> Mapping[tuple[str, str], Grades]:
    return {
        ("fit", "letters"): scoring.fit.letters if scoring.fit else {},
        ("engagement", "digits"): scoring.engagement.digits if scoring.engagement else {},
    }


def _counted(count: int, noun: str) -> str:
    plural = "criteria" if noun == "criterion" else f"{noun}s"
    return f"{count} {noun if count == 1 else plural}"
