"""Columns that are known only of those who came to a stage: nobody can have a rate by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from leadrules.errors import EvaluationError
from leadrules.metrics.ratio import counted

__all__ = ["Share", "refuse_hindsight"]

_CHANCE = 0.001
"""How unlikely it must be that a column is by chance known only of those who came. So few leads
that it could be chance are not refused."""


class Share(NamedTuple):
    """How many of a group came to a stage, however late.

    Attributes:
        group: What they have in common, by dimension.
        came: How many came there.
        of: Of how many.
    """

    group: Mapping[str, Any]
    came: int
    of: int


def refuse_hindsight(
    shares: Iterable[Share], by: Sequence[str], *, to: str, unit: str = "lead"
) -> None:
    """Refuse dimensions that were filled in for those who came to a stage, and for nobody else.

    What sales writes down when a deal is won is not known of the rest. By such a column everyone
    came there: the denominator of each group is missing.

    Args:
        shares: The groups; they share nobody.
        by: The dimensions.
        to: The stage.
        unit: What is counted.

    Raises:
        EvaluationError: If there is such a dimension.

    Examples:
        >>> refuse_hindsight(
        ...     [Share({"size": "big"}, 40, 40), Share({"size": None}, 2, 900)],
        ...     ["size"], to="won"
        ... )
        Traceback (most recent call last):
        leadrules.errors.EvaluationError: by: 'size' is known for 40 of the 42 leads that came to \
'won', and for none of the other 898; a rate by it would be 100 %; expected a column that is known \
whatever became of them
    """
    parts = [share for share in shares if share.of]
    came, of = sum(part.came for part in parts), sum(part.of for part in parts)
    for name in by:
        known = [part for part in parts if part.group[name] is not None]
        count = sum(part.of for part in known)
        if not count or sum(part.came for part in known) < count:
            continue
        if (came / of) ** count < _CHANCE:
            message = (
                f"by: '{name}' is known for {count:,} of the {counted(came, unit)} that came to "
                f"'{to}', and for none of the other {of - came:,}; a rate by it would be 100 %; "
                f"expected a column that is known whatever became of them"
            )
            raise EvaluationError(message, field="by")
