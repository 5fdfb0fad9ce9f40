"""Where something stands that may take so long from a start."""

from __future__ import annotations

from typing import Literal, NamedTuple

from leadrules.calendars import Delay
from leadrules.lifecycle.process import Hours, Process
from leadrules.lifecycle.statuses import three_quarters

__all__ = ["Limit", "limit_of"]


class Limit(NamedTuple):
    """Where something with a deadline stands at a moment if it is not done.

    Attributes:
        status: `open`; `at_risk` once less than a quarter of the time is left; or `breached`.
        due: Until when it may take.
        changes: When the status changes next.
    """

    status: Literal["open", "at_risk", "breached"]
    due: int
    changes: int | None = None


def limit_of(process: Process, start: int, delay: Delay, hours: Hours, at: int) -> Limit | None:
    """Return where something stands at a moment; None if it has no deadline."""
    due = process.deadline(start, delay, hours)
    if due is None:
        return None
    if at > due:
        return Limit("breached", due)
    most = process.deadline(start, three_quarters(process, start, delay, hours), hours)
    risk = due + 1 if most is None else min(most, due + 1)
    if at >= risk:
        return Limit("at_risk", due, due + 1)
    return Limit("open", due, risk)
