"""The chapters of a report, in their order."""

from __future__ import annotations

from leadrules.report.follow_up import follow_up
from leadrules.report.gaps import data_quality
from leadrules.report.goals import goals, programmes_of
from leadrules.report.material import Material
from leadrules.report.outcomes import outcomes, passed_back
from leadrules.report.paper import Report
from leadrules.report.process import how_far, where_they_are
from leadrules.report.velocity import how_long, to_come

__all__ = ["composed"]

_CHAPTERS = (
    how_far,
    follow_up,
    passed_back,
    outcomes,
    how_long,
    where_they_are,
    to_come,
    programmes_of,
    goals,
    data_quality,
)


def composed(material: Material) -> Report:
    """Return the report on a process."""
    header = material.policy.policy
    found = (make(material) for make in _CHAPTERS)
    return Report(
        header.id,
        header.version,
        material.policy.hash,
        material.at,
        material.period,
        len(material.leads),
        tuple(chapter for chapter in found if chapter is not None),
    )
