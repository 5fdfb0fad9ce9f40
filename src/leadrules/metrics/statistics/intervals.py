"""Intervals of proportions, by scipy."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from leadrules.errors import EvaluationError

__all__ = ["CONFIDENCE", "statistics", "wilson"]

CONFIDENCE = 0.95
"""How sure an interval is, where nobody says otherwise."""


def statistics() -> Any:
    """Return `scipy.stats`, which takes a second to import.

    Raises:
        EvaluationError: If it is not installed.
    """
    try:
        from scipy import stats  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        message = f"statistics need the package '{error.name}'; install leadrules[metrics]"
        raise EvaluationError(message, field="metrics") from None
    return stats


@lru_cache(maxsize=4096)
def wilson(count: int, of: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the score interval of a proportion, without correction for continuity.

    Args:
        count: How many of them; from 0 to `of`.
        of: Of how many; at least 1.
        confidence: How often such intervals hold the true proportion; between 0 and 1.

    Source:
        E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference,
        JASA 22 (1927), 209-212.

    Examples:
        >>> low, high = wilson(3, 12)
        >>> f"{low:.3f} to {high:.3f}"
        '0.089 to 0.532'
    """
    stats = statistics()
    # The test of the share itself is at once known to be passed; only its interval is wanted.
    found = stats.binomtest(count, of, p=count / of).proportion_ci(confidence, method="wilson")
    return float(found.low), float(found.high)
