"""What callers of measures give, checked: the measures, the moment, the period, the window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from leadrules.document import path_text
from leadrules.errors import EvaluationError, as_written, one_of
from leadrules.metrics.document import Measures
from leadrules.metrics.periods import Period, period_of
from leadrules.values import moment_of

__all__ = [
    "demand_choice",
    "demand_measures",
    "demand_moment",
    "demand_period",
    "demand_window",
    "microseconds",
]


def demand_measures(measures: Any) -> Measures:
    """Return measures, or refuse what is none.

    Raises:
        EvaluationError: If it is none, or words, path and ends contradict each other.
    """
    if not isinstance(measures, Measures):
        message = (
            f"measures: '{as_written(measures)}' is not possible; "
            "expected policy.measures, or Measures(...)"
        )
        raise EvaluationError(message, field="measures")
    for problem in measures.check_stages():
        message = f"{path_text(('measures', *problem.path))}: {problem.message}"
        raise EvaluationError(message, field="measures")
    return measures


def demand_moment(at: datetime) -> int:
    """Return a moment in microseconds.

    Raises:
        EvaluationError: If it is none, or has no zone.
    """
    return moment_of(at)


def demand_period(period: Period | str | None, measures: Measures) -> Period | None:
    """Return a period, if there is one; texts are days in the zone of the measures.

    Raises:
        EvaluationError: If it is none.
    """
    return None if period is None else period_of(period, measures.in_zone)


def demand_window(window: Any, name: str = "window") -> int | None:
    """Return how long a lead has, in microseconds. Messages call it by its name.

    Raises:
        EvaluationError: If it is no duration, or not above zero.
    """
    if window is None:
        return None
    if not isinstance(window, timedelta) or window <= timedelta():
        message = f"{name}: '{as_written(window)}' is not possible; expected a timedelta above zero"
        raise EvaluationError(message, field=name)
    return microseconds(window)


def demand_choice(value: object, name: str, choices: Sequence[str]) -> None:
    """Refuse what is none of some words.

    Raises:
        EvaluationError: If it is none. The message calls it by its name.
    """
    if value not in choices:
        message = f"{name}: '{as_written(value)}' is not possible; expected {one_of(choices)}"
        raise EvaluationError(message, field=name)


def microseconds(span: timedelta) -> int:
    """Return a duration in whole microseconds."""
    return span // timedelta(microseconds=1)
