"""The numbers of a section `scoring` in effect between two changes of its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leadrules.scoring.bands import Bands
from leadrules.scoring.compiler import with_points
from leadrules.scoring.document import Scoring
from leadrules.scoring.interview import Merit
from leadrules.scoring.points import NoValueYet, Scale
from leadrules.scoring.tally import Worth
from leadrules.sections import ParamRef
from leadrules.values import Value
from leadrules.vocabulary import Vocabulary

__all__ = ["Effect", "Ladder"]


@dataclass(frozen=True, slots=True)
class Ladder:
    """Bands with their thresholds in millionths of a point.

    Attributes:
        of: What they are about: `total` or a part.
        names: Their names, from the best.
        enter: The least points to get into each but the last.
        leave: The least points to stay in each but the last.
        needs: The fields that must be known for each.
    """

    of: str
    names: tuple[str, ...]
    enter: tuple[int, ...]
    leave: tuple[int, ...]
    needs: tuple[tuple[str, ...], ...]

    @classmethod
    def of_bands(cls, bands: Bands, scale: Scale) -> Ladder:
        """Return bands on a scale.

        Raises:
            NoValueYet: If a parameter has no value at that moment.
        """
        levels = bands.levels
        enter = [scale.points(band.enter) for band in levels if band.enter is not None]
        leave = [
            entry if band.leave is None else scale.points(band.leave)
            for band, entry in zip(levels, enter, strict=False)
        ]
        names = tuple(band.name for band in levels)
        return cls(bands.of, names, tuple(enter), tuple(leave), tuple(b.needs for b in levels))


@dataclass(frozen=True, slots=True)
class Effect:
    """The numbers of a document in effect at a moment.

    Attributes:
        parameters: The parameters, and their values in points.
        worth: Those of the engagement.
        merit: Those of the qualification.
        letters: The least points of each letter.
        digits: The least points of each digit.
        ladder: The bands.
        absent: A parameter that has no value yet, without which nothing can be said.
    """

    parameters: Mapping[str, Value]
    worth: Worth | None = None
    merit: Merit | None = None
    letters: tuple[int, ...] = ()
    digits: tuple[int, ...] = ()
    ladder: Ladder | None = None
    absent: str | None = None

    @classmethod
    def at(cls, scoring: Scoring, vocabulary: Vocabulary, moment: int) -> Effect:
        """Return the numbers of a document in effect at a moment in microseconds."""
        named = {number.param for number in scoring.numbers() if isinstance(number, ParamRef)}
        parameters = with_points(vocabulary.parameters_at(moment), named)
        scale = Scale(vocabulary, moment)
        fit, engagement, qualification = scoring.fit, scoring.engagement, scoring.qualification
        try:
            return cls(
                parameters,
                Worth.of(engagement, scale) if engagement else None,
                Merit.of(qualification, scale) if qualification else None,
                tuple(map(scale.points, fit.letters.values())) if fit else (),
                tuple(map(scale.points, engagement.digits.values())) if engagement else (),
                Ladder.of_bands(scoring.bands, scale) if scoring.bands else None,
            )
        except NoValueYet as absent:
            return cls(parameters, absent=str(absent.args[0]))
