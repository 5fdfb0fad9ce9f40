"""Scores of frames of leads with their events: all parts, what they add up to, and the bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from operator import and_
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.conditions.expressions import balanced
from leadrules.conditions.frames import read
from leadrules.frames import Opened, open_events, open_frame
from leadrules.frames.opening import LEAD, PREVIOUS
from leadrules.scoring.document import Scoring
from leadrules.scoring.frames.activities import Activities, properties_read
from leadrules.scoring.frames.answers import (
    ANSWERS,
    OVERRIDE,
    SAYS,
    answered,
    given,
    inferred,
    is_ready,
    overridden,
    qualified,
)
from leadrules.scoring.frames.bands import graded, named, placed
from leadrules.scoring.frames.engaged import engaged
from leadrules.scoring.frames.fit import fitted, limited_sum
from leadrules.scoring.frames.history import Happened, happened
from leadrules.scoring.frames.numbers import POINT, Numbers, in_points
from leadrules.scoring.frames.rules import Counts
from leadrules.scoring.points import step_of, steps_in
from leadrules.values import Type
from leadrules.vocabulary import Vocabulary, column_of

__all__ = ["score_frames"]


def score_frames(  # noqa: PLR0913 - what the scorer was asked, and its document
    scoring: Scoring,
    leads: Any,
    *,
    vocabulary: Vocabulary,
    events: Any = None,
    at: datetime | str,
    previous: str | None = None,
    characteristics: bool = False,
) -> Any:
    """Return a frame of leads with a column for each result of scoring, and more on request.

    Args:
        scoring: What to score by.
        leads: Any frame, one row a lead.
        vocabulary: The names that the conditions use.
        events: A frame of what happened to them, of the same kind.
        at: The moment, or the name of a column that holds each lead's own.
        previous: The name of a column that holds the band that each lead was in before.
        characteristics: Whether to add the points of each characteristic of the fit.

    Raises:
        EvaluationError: If a column is absent or of a wrong type.
    """
    case = _Case(scoring, vocabulary, at, Numbers.of(scoring, vocabulary, at))
    texts: dict[str, tuple[str, ...]] = {}
    if events is not None and case.reads_events:
        texts[LEAD] = ("lead_id", "id")
    if previous is not None and scoring.bands:
        texts[PREVIOUS] = (previous,)
    column = at if isinstance(at, str) else None
    opened = open_frame(leads, scoring.fields(), vocabulary=vocabulary, at=column, texts=texts)
    counts = None
    if LEAD in texts:
        opened, counts = case.with_events(opened, events)
    opened, results = case.results(opened, counts, previous=PREVIOUS in texts)
    names = [column_of(name) for name in scoring.results]
    if characteristics and scoring.fit:
        names += [f"fit_{name}" for name in scoring.fit.characteristics]
    return opened.closed({name: results[name] for name in names})


@dataclass(frozen=True, slots=True)
class _Case:
    """What is asked of a frame: a document, the moment, and the numbers in effect then."""

    scoring: Scoring
    vocabulary: Vocabulary
    at: datetime | str
    numbers: Numbers

    @property
    def reads_events(self) -> bool:
        """Whether anything depends on events."""
        return bool(self.scoring.engagement or self.scoring.qualification or self.scoring.bands)

    @property
    def fit_alone(self) -> bool:
        """Whether the numbers of the fit are the only ones."""
        letters = self.scoring.fit.letters if self.scoring.fit else {}
        return not (self.reads_events or letters)

    def with_events(self, opened: Opened, events: Any) -> tuple[Opened, Sequence[Counts]]:
        """Return a frame with columns of what happened to each lead, before any limits."""
        scoring = self.scoring
        engagement, qualification, bands = scoring.engagement, scoring.qualification, scoring.bands
        says: dict[str, Type] = {"of": Type.STRING}
        for part, columns in SAYS.items():
            if getattr(scoring, part) is not None:
                says |= columns
        declared = properties_read(engagement, self.vocabulary) if engagement else {}
        history = open_events(events, opened, properties=declared, says=says)
        opened, past = happened(history, opened, self.numbers.at)
        counts: Sequence[Counts] = ()
        if engagement:
            activities = Activities(engagement, self.vocabulary, self.numbers, past)
            opened, counts = activities.counted(opened, self.at)
        if qualification:
            opened = self._with_answers(opened, past)
        if bands:
            names = tuple(band.name for band in bands.levels)
            found = overridden(names, past, self.numbers)
            opened = _with(opened, found, [OVERRIDE], past)
        return opened, counts

    def _with_answers(self, opened: Opened, past: Happened) -> Opened:
        qualification = self.scoring.qualification
        assert qualification is not None  # noqa: S101 - the caller looked
        columns = [answered(place) for place, _ in enumerate(qualification.criteria)]
        return _with(opened, given(qualification, past, self.numbers), columns, past)

    def results(
        self, opened: Opened, counts: Sequence[Counts] | None, *, previous: bool
    ) -> tuple[Opened, Mapping[str, nw.Expr]]:
        """Return a frame with all results by their columns.

        Args:
            opened: The frame.
            counts: The columns of what each activity rule comes to; None if there are no events.
            previous: Whether the frame has a column of the bands before.
        """
        scoring = self.scoring
        found: dict[str, nw.Expr] = {}
        parts: dict[str, nw.Expr] = {}
        if scoring.fit:
            opened, parts["fit"], points = fitted(scoring.fit, opened, self.at, self.vocabulary)
            found |= {f"fit_{name}": in_points(number) for name, number in points.items()}
            if scoring.fit.letters:
                letters = tuple(scoring.fit.letters)
                found["fit_letter"] = graded(parts["fit"], letters, self.numbers, "letters")
        if scoring.engagement:
            opened, sums = opened.beside(engaged(scoring.engagement, counts, self.numbers))
            parts["engagement"] = sums["engagement"]
            found["lifetime"] = in_points(sums["lifetime"])
            if scoring.engagement.digits:
                digits = tuple(scoring.engagement.digits)
                found["engagement_digit"] = graded(
                    parts["engagement"], digits, self.numbers, "digits"
                )
        if scoring.qualification:
            opened, parts["qualification"], said = self._qualified(
                opened, events=counts is not None
            )
            found |= said
        added = [parts[name] for name in scoring.added]
        total = read(opened, self.at, self.vocabulary, partial(limited_sum, added, scoring.total))
        decimals = scoring.total.decimals
        opened, sums = opened.beside({"shown": steps_in(total, step_of(decimals))})
        shown = sums["shown"]
        found["score"] = in_points(shown, 10**decimals) if decimals else shown
        found |= {name: in_points(number) for name, number in parts.items()}
        if scoring.bands:
            measured = parts.get(scoring.bands.of, shown * (POINT // 10**decimals))
            opened, found["band"] = self._banded(
                opened, measured, events=counts is not None, previous=previous
            )
        return opened, self._scored(opened, found, [shown, *parts.values()])

    def _qualified(
        self, opened: Opened, *, events: bool
    ) -> tuple[Opened, nw.Expr, Mapping[str, nw.Expr]]:
        """Return a frame, the qualification in millionths, and what else there is to say of it."""
        qualification = self.scoring.qualification
        assert qualification is not None  # noqa: S101 - the caller looked
        said: dict[str, nw.Expr] = {}
        for place, (name, criterion) in enumerate(qualification.criteria.items()):
            answer = read(opened, self.at, self.vocabulary, partial(inferred, criterion))
            said[name] = nw.coalesce(nw.col(answered(place)), answer) if events else answer
        opened, answers = opened.beside(said)
        opened, points = opened.beside({"": qualified([*answers.values()], self.numbers)})
        found = {f"answer_{name}": named(answer, ANSWERS) for name, answer in answers.items()}
        if qualification.ready:
            found["ready"] = is_ready(qualification.ready, answers)
        return opened, points[""], found

    def _banded(
        self, opened: Opened, measured: nw.Expr, *, events: bool, previous: bool
    ) -> tuple[Opened, nw.Expr]:
        bands = self.scoring.bands
        assert bands is not None  # noqa: S101 - the caller looked
        opened, place = placed(bands, measured, self.numbers, opened, previous=previous)
        if events:
            place = nw.coalesce(nw.col(OVERRIDE), place)
        opened, columns = opened.beside({"band": place})
        return opened, named(columns["band"], [band.name for band in bands.levels])

    def _scored(
        self, opened: Opened, results: Mapping[str, nw.Expr], points: Sequence[nw.Expr]
    ) -> Mapping[str, nw.Expr]:
        """Return results where there are any: at a moment, when all that they take has a value."""
        there = [] if opened.at is None else [~opened.at.is_null()]
        if not self.fit_alone:
            exist = self.numbers.exist()
            there += [] if exist is None else [exist]
            there += [~found.is_null() for found in points]
        if not there:
            return results
        some = balanced(there, and_)
        return {name: nw.when(some).then(found) for name, found in results.items()}


def _with(
    opened: Opened, found: nw.LazyFrame[Any] | None, columns: Sequence[str], past: Happened
) -> Opened:
    """Return a frame with what was found, or with columns in which nothing is."""
    if found is not None:
        return opened.joined(found, past.keys)
    missing = {column: nw.lit(None, nw.Int64) for column in columns}
    return replace(opened, frame=opened.frame.with_columns(**missing))
