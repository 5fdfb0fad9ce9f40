"""The obligations of many leads: what their trails have, as one table."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.frames import open_frame
from leadrules.frames.kinds import like
from leadrules.frames.opening import LEAD
from leadrules.lifecycle.facts import Fact, facts_of
from leadrules.lifecycle.follower import Follower
from leadrules.lifecycle.trail import Followed, Trail
from leadrules.values import Instant, instant_of, moment_of

__all__ = ["obligations_of_frame"]

_MOMENT = nw.Datetime("us", "UTC")
_COLUMNS: Mapping[str, Any] = {
    "lead_id": nw.String,
    "kind": nw.String,
    "name": nw.String,
    "stage": nw.String,
    "owner": nw.String,
    "opened": _MOMENT,
    "due": _MOMENT,
    "closed": _MOMENT,
    "status": nw.String,
    "needed": nw.Int64,
    "counted": nw.Int64,
}
_FIELDS = ("created", "owner", "lead_type")

_Row = tuple[Any, ...]
_Owners = tuple[list[int], list[str | None]]
"""From when on who owned a lead."""


def obligations_of_frame(follower: Follower, leads: Any, *, events: Any, at: datetime) -> Any:
    """Return what was ever owed to the leads of a frame, and what became of it.

    Args:
        follower: The machine of the policy's stages.
        leads: As of `Engine.obligations_frame`.
        events: As of `Engine.obligations_frame`.
        at: As of `Engine.obligations_frame`.

    Raises:
        EvaluationError: If a column is absent or of a wrong type, or two events of a lead that
            differ have the same id.
    """
    moment = moment_of(at)
    facts: Mapping[str, Sequence[Fact]] = {}
    assigned: frozenset[str] = frozenset()
    if events is not None:
        facts, assigned = facts_of(
            events, lifecycle=follower.lifecycle, vocabulary=follower.vocabulary, at=moment
        )
    rows: list[_Row] = []
    for lead_id, created, owner, lead_type in _leads(follower, leads):
        own = facts.get(lead_id, ())
        began = min(
            (x for x in (created, own[0].moment if own else None) if x is not None), default=None
        )
        if began is None or began > moment:
            continue
        first = None if lead_id in assigned else owner
        course = Followed(
            follower.process, lead_id, Instant(began), owner=first, policy=follower.policy
        )
        trail = course.trail(own, lead_type=lead_type, at=moment)  # type: ignore[arg-type]  # facts have all that it reads of events
        rows += _rows(trail, _owners(began, first, own))
    rows.sort(key=lambda row: (row[0], row[5], row[1], row[2]))
    data = {name: [row[place] for row in rows] for place, name in enumerate(_COLUMNS)}
    return like(nw.from_dict(data, _COLUMNS, backend="polars"), leads)


def _leads(
    follower: Follower, leads: Any
) -> Iterator[tuple[str, Instant | None, str | None, str | None]]:
    """Yield of each lead its id, when it was created, who owns it, and its type."""
    words = follower.vocabulary
    names = [name for name in _FIELDS if name != "lead_type" or follower.lifecycle.touches]
    opened = open_frame(leads, names, vocabulary=words, texts={LEAD: ("lead_id", "id")})
    columns = {name: opened.fields[name][0] for name in names}
    found = opened.frame.select(LEAD, **columns).collect("polars").to_native()
    for row in found.iter_rows(named=True):
        created = row["created"]
        yield (
            row[LEAD],
            None if created is None else Instant(created),
            row["owner"],
            row.get("lead_type"),
        )


def _owners(began: int, first: str | None, facts: Sequence[Fact]) -> _Owners:
    """Return from when on who owned a lead."""
    told = [x for x in facts if x.kind == "assigned"]
    return [began, *(x.moment for x in told)], [first, *(x.properties["owner"] for x in told)]


def _rows(trail: Trail, owners: _Owners) -> Iterator[_Row]:
    """Yield the rows of a lead: what was owed, and the runs of its clocks."""
    lead_id = trail.state.lead_id

    def owner(closed: datetime | None) -> str | None:
        """Return who owned the lead when something was over, or does now."""
        since, names = owners
        if closed is None:
            return names[-1]
        return names[max(0, bisect_right(since, instant_of(closed)) - 1)]

    for x in trail.obligations:
        yield (
            lead_id, x.kind, x.name, x.stage, owner(x.closed),
            x.opened, x.due, x.closed, x.status, x.needed, x.counted,
        )  # fmt: skip
    for run in trail.clocks:
        yield (
            lead_id, "clock", run.clock, None, owner(run.over),
            run.start, run.due, run.over, run.status, 1, int(run.stop is not None),
        )  # fmt: skip
