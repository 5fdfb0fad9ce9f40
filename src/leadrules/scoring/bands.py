"""Bands, letters and digits: what points mean, as documents and as plain arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from leadrules.conditions.tree import Path
from leadrules.errors import Problem, did_you_mean
from leadrules.scoring.points import check_descending, check_number, points_at, points_text, since
from leadrules.sections import Number, ParamRef, Prose, Section
from leadrules.vocabulary import Vocabulary

__all__ = [
    "THIRDS",
    "Band",
    "Bands",
    "Grades",
    "Measure",
    "Part",
    "check_bands",
    "check_grades",
    "grade_index",
    "held_index",
    "level_index",
    "levels_alone",
]

Part = Literal["fit", "engagement", "qualification"]
Measure = Literal["total", "fit", "engagement", "qualification"]

THIRDS: Mapping[str, int] = {
    letter: 10 - thirds
    for thirds, letter in enumerate(
        ("A+", "A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D+", "D", "D-", "F+", "F", "F-")
    )
}
"""Letters for a fit that is counted in thirds of a letter from D, as Pardot does.

A profile criterion that is met is worth one to three points, one that is not as many below zero,
and one that is unknown nothing; nothing is a D, and ten thirds are an A+.
"""


def _grades(value: Any) -> Any:
    if value == "thirds":
        return dict(THIRDS)
    if not isinstance(value, Mapping):
        return value
    return {str(name) if isinstance(name, int) else name: least for name, least in value.items()}


Grades = Annotated[
    Mapping[Annotated[str, Field(strict=True, min_length=1, max_length=20)], Number],
    BeforeValidator(_grades, json_schema_input_type=Mapping[str, Number] | Literal["thirds"]),
]
"""The least points of each letter or digit, from the best; the last has no least."""


class Band(Section):
    """What a score is called, such as `hot`."""

    name: Annotated[str, Field(strict=True, min_length=1)]
    """What it is called."""
    enter: Number | None = None
    """The least points to get in; the last band, and no other, has none."""
    leave: Number | None = None
    """The least points to stay in, at most those to get in; by default the same."""
    needs: tuple[Annotated[str, Field(strict=True)], ...] = ()
    """The fields that must be known; a lead without one of them gets the best band below."""
    description: Prose = None
    """What to do about such leads."""


class Bands(Section):
    """The bands of a measure, from the best."""

    of: Measure = "total"
    """What the thresholds are about: `total`, `fit`, `engagement` or `qualification`."""
    levels: tuple[Band, ...]
    """The bands, from the best; whoever reaches none of the others is in the last."""

    def index(self, name: str) -> int | None:
        """Return the place of a band among the levels, or None if there is none of that name."""
        names = [band.name for band in self.levels]
        return names.index(name) if name in names else None

    def numbers(self) -> Iterator[Decimal | ParamRef]:
        """Yield every threshold."""
        for band in self.levels:
            yield from (number for number in (band.enter, band.leave) if number is not None)


def levels_alone(value: Any) -> Any:
    """Return bands that are written as the list of them as what it stands for."""
    alone = isinstance(value, Sequence) and not isinstance(value, str)
    return {"levels": value} if alone else value


def grade_index(points: int, least: Sequence[int]) -> int:
    """Return the place of the first grade that points reach, or of the last.

    Examples:
        >>> grade_index(18, [30, 18, 0]), grade_index(-5, [30, 18, 0])
        (1, 2)
    """
    reached = (index for index, number in enumerate(least) if points >= number)
    return next(reached, len(least) - 1)


def level_index(
    points: int, previous: int | None, enter: Sequence[int], leave: Sequence[int]
) -> int:
    """Return the place of the band that points reach, given the band before.

    A lead that was in a band, or in a better one, stays in it until it falls below `leave`.

    Args:
        points: The points that the bands are about.
        previous: The place of the band before, if there was one.
        enter: The least points to get into each band but the last.
        leave: The least points to stay in each band but the last.

    Examples:
        >>> level_index(75, None, [80, 40], [70, 35]), level_index(75, 0, [80, 40], [70, 35])
        (1, 0)
    """
    for index, least in enumerate(enter):
        stays = previous is not None and previous <= index
        if points >= (leave[index] if stays else least):
            return index
    return len(enter)


def held_index(index: int, lacking: Sequence[bool]) -> int:
    """Return the place of the best band, from a place on, for which no data is missing.

    Args:
        index: The place that points reach.
        lacking: For each band, whether a lead lacks something that it needs; the last needs
            nothing.
    """
    while lacking[index]:
        index += 1
    return index


def check_grades(grades: Grades, path: Path, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Yield what is wrong with the thresholds of letters or digits."""
    places: dict[Path, Decimal | ParamRef] = {(*path, name): x for name, x in grades.items()}
    yield from _check_thresholds(places, vocabulary)


def check_bands(bands: Bands, path: Path, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Yield what is wrong with bands as such; whether leads can reach them is another question."""
    levels: Path = (*path, "levels")
    if not bands.levels:
        yield Problem("empty", "no bands; expected at least one", levels)
    names: set[str] = set()
    entries: dict[Path, Decimal | ParamRef] = {}
    for index, band in enumerate(bands.levels):
        place: Path = (*levels, index)
        last = index == len(bands.levels) - 1
        if band.name in names:
            yield Problem("duplicate", f"'{band.name}' stands here twice", (*place, "name"))
        names.add(band.name)
        if last:
            yield from _check_last(band, place)
        elif band.enter is None:
            message = f"the key 'enter' is missing; '{band.name}' is not the last band"
            yield Problem("missing-key", message, place)
        else:
            entries[(*place, "enter")] = band.enter
            yield from _check_leave(band, place, vocabulary)
        for number, name in enumerate(band.needs):
            if name not in vocabulary.fields:
                message = f"no field '{name}'{did_you_mean(name, vocabulary.fields)}"
                yield Problem("unknown-name", message, (*place, "needs", number))
    yield from _check_thresholds(entries, vocabulary)


def _check_last(band: Band, place: Path) -> Iterator[Problem]:
    for key in ("enter", "leave", "needs"):
        if getattr(band, key) not in (None, ()):
            message = f"'{band.name}' is the last band, for all the rest; expected no '{key}'"
            yield Problem("wrong-value", message, (*place, key))


def _check_leave(band: Band, place: Path, vocabulary: Vocabulary) -> Iterator[Problem]:
    if band.enter is None or band.leave is None:
        return
    wrong = [*check_number(band.leave, (*place, "leave"), vocabulary)]
    yield from wrong
    if wrong or [*check_number(band.enter, (*place, "enter"), vocabulary)]:
        return
    for epoch in (-(2**63), *vocabulary.epochs):
        enter = points_at(band.enter, vocabulary, epoch)
        leave = points_at(band.leave, vocabulary, epoch)
        if enter is not None and leave is not None and leave > enter:
            message = (
                f"{since(epoch, vocabulary)}leave {points_text(leave)} is above "
                f"enter {points_text(enter)}; nobody could stay who just got in"
            )
            yield Problem("empty-range", message, (*place, "leave"))
            return


def _check_thresholds(
    places: Mapping[Path, Decimal | ParamRef], vocabulary: Vocabulary
) -> Iterator[Problem]:
    wrong = [
        problem
        for path, number in places.items()
        for problem in check_number(number, path, vocabulary)
    ]
    yield from wrong
    if not wrong:
        yield from check_descending(places, vocabulary)
