"""Conditions over frames of leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.conditions.expressions import Reading, by_steps, expression
from leadrules.conditions.tree import Condition, fields_of
from leadrules.frames import Opened, open_frame
from leadrules.values import Value, moment_of
from leadrules.vocabulary import Vocabulary

__all__ = ["matches_frames", "read"]


def matches_frames(
    conditions: Mapping[str, Condition],
    leads: Any,
    *,
    at: datetime | str,
    vocabulary: Vocabulary,
) -> Any:
    """Return a frame with a boolean column for each condition; null where it is unknown.

    Args:
        conditions: Conditions that the checker has passed, by the name of their column.
        leads: Any frame, one row a lead.
        at: The moment, or the name of a column that holds each lead's own.
        vocabulary: The names that the conditions use.

    Raises:
        EvaluationError: If a column is absent or of a wrong type.
    """
    names = dict.fromkeys(name for node in conditions.values() for name in fields_of(node))
    column = at if isinstance(at, str) else None
    opened = open_frame(leads, names, vocabulary=vocabulary, at=column)
    return opened.closed(
        {
            name: read(opened, at, vocabulary, partial(expression, node))
            for name, node in conditions.items()
        }
    )


def read(
    opened: Opened,
    at: datetime | str,
    vocabulary: Vocabulary,
    make: Callable[[Reading], nw.Expr],
) -> nw.Expr:
    """Return what `make` makes of a frame, with the parameters in effect at each row's moment.

    Args:
        opened: The frame.
        at: The moment, or the name of the column that holds it.
        vocabulary: The names that are read.
        make: Makes the expression from the columns, a moment and its parameters.
    """
    if not isinstance(at, str):
        moment = moment_of(at)
        now = nw.lit(int(moment), nw.Int64)
        return make(Reading(opened.fields, now, vocabulary.parameters_at(moment), vocabulary))
    assert opened.at is not None  # noqa: S101 - the frame was opened with this column
    epochs = vocabulary.epochs
    before = _Watched(vocabulary.parameters_at(epochs[0] - 1 if epochs else 0))
    found = make(Reading(opened.fields, opened.at, before, vocabulary))
    if not before.read:
        return found  # it is the same at every moment
    later = [
        make(Reading(opened.fields, opened.at, vocabulary.parameters_at(epoch), vocabulary))
        for epoch in epochs
    ]
    return by_steps(opened.at, epochs, [found, *later])


class _Watched(dict[str, Value]):
    """Parameters that know whether anybody has asked for one."""

    read = False

    def get(self, name: str, default: Any = None) -> Any:
        """Return a parameter, if it has a value."""
        self.read = True
        return super().get(name, default)
