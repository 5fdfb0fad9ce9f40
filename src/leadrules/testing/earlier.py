"""What a case says of other leads before, and of its own assignment, read by the policy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from leadrules.errors import Problem
from leadrules.events import Event
from leadrules.lead import Lead
from leadrules.policy import Policy
from leadrules.testing.casebook import BeforeEntry, CaseEntry
from leadrules.testing.expectations import check_given
from leadrules.testing.reading import read_lead, read_time
from leadrules.testing.routed import Before

__all__ = ["EarlierReader"]

_Path = tuple[str | int, ...]


class EarlierReader:
    """Reads what became of other leads before a case, and keeps what is wrong with it.

    Args:
        policy: The policy, which routes them.
        at: The moment of the case; None if that is wrong.
    """

    def __init__(self, policy: Policy, at: datetime | None) -> None:
        self.policy = policy
        self.at = at
        self.problems: list[Problem] = []

    def read(self, entry: CaseEntry) -> tuple[Before, ...]:
        """Return what became of other leads, as far as that is right."""
        stated = (("before", bool(entry.before)), ("reassign", entry.reassign is not None))
        if self.policy.routing is None:
            message = "the policy has no section 'routing'"
            self._take(Problem("unknown-name", message, (x,)) for x, is_there in stated if is_there)
            return ()
        if entry.reassign is not None and not any(x.kind == "assigned" for x in entry.events):
            message = "nobody had the lead; expected an event of kind 'assigned'"
            self._take([Problem("missing-key", message, ("reassign",))])
        found: list[Before] = []
        for index, each in enumerate(entry.before):
            found += self._each(each, ("before", index), len(found))
        return tuple(found)

    def _each(self, entry: BeforeEntry, path: _Path, number: int) -> list[Before]:
        """Return what became of as many leads as an entry says.

        Args:
            entry: The entry.
            path: Its path.
            number: How many leads there are before it.
        """
        time = read_time(entry, self.policy.policy.zone, self.at)
        if isinstance(time, Problem):
            self._take([time], path)
            time = None
        elif time is not None and self.at is not None and time > self.at:
            self._take([Problem("wrong-value", "after the moment of the case", (*path, "time"))])
        given = self._given(entry, path, time)
        if given is None or time is None:
            return []
        names = (f"before-{count}" for count in range(number + 1, number + 1 + entry.times))
        key = "id" if isinstance(given, Lead) else "lead_id"
        return [Before(time, given.model_copy(update={key: name})) for name in names]

    def _given(self, entry: BeforeEntry, path: _Path, time: datetime | None) -> Lead | Event | None:
        """Return the lead or the fact of an entry, or None after noting why there is none."""
        if entry.lead is not None:
            lead = read_lead(entry.lead, self.policy)
            if not isinstance(lead, list):
                return lead
            self._take(lead, (*path, "lead"))
            return None
        assert self.policy.routing is not None  # noqa: S101 - the caller looked
        wrong = list(check_given(entry.owner, entry.pool, self.policy.routing))
        self._take(wrong, path)
        if wrong or time is None:
            return None
        said = {"owner": entry.owner}
        if entry.pool is not None:
            said |= {"pool": entry.pool, "rule": "before"}
        return Event(lead_id="before", id="assigned", time=time, kind="assigned", properties=said)

    def _take(self, problems: Iterable[Problem], path: _Path = ()) -> None:
        self.problems += [replace(found, path=(*path, *found.path)) for found in problems]
