"""The facts of many leads at once: what a fold reads of events, from a frame of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from leadrules.conditions.tree import Condition, fields_of
from leadrules.errors import EvaluationError
from leadrules.events import KINDS, Property
from leadrules.frames import open_events
from leadrules.frames.events import ID, KIND, TIME, TYPE, said
from leadrules.frames.kinds import PREFIX
from leadrules.frames.opening import LEAD
from leadrules.frames.records import settled
from leadrules.lifecycle.document import Lifecycle
from leadrules.values import Instant, Type, Value, datetime_of
from leadrules.vocabulary import Declaration, Vocabulary

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Fact", "facts_of"]

_ALWAYS = (LEAD, ID, TIME, KIND, TYPE)


@dataclass(slots=True)
class Fact:
    """What a fold reads of an event, without the checks that one by itself has to pass."""

    id: str
    moment: Instant
    kind: str
    type: str | None
    properties: Mapping[str, Any]
    record: Mapping[str, Value]


def facts_of(
    events: Any, *, lifecycle: Lifecycle, vocabulary: Vocabulary, at: int
) -> tuple[dict[str, list[Fact]], frozenset[str]]:
    """Return the standing events of each lead that have happened at a moment, in order.

    With them come the leads of which any event says who owns them, at whatever time.
    Events of an unknown kind, and those that lack what their kind must say, are none.

    Args:
        events: Any frame of events that narwhals knows. It is collected.
        lifecycle: What reads them.
        vocabulary: The activities that the policy declares.
        at: The moment, in microseconds.

    Raises:
        EvaluationError: If a column is absent or of a wrong type, or two events of a lead that
            differ have the same id.
    """
    import polars as pl  # noqa: PLC0415 - frames are an extra

    says = {name: found.type for kind in KINDS.values() for name, found in kind.items()}
    read = _properties(lifecycle, vocabulary)
    history = open_events(events, None, properties=read, says=says)
    there = [name for name in says if name in history.says]
    columns = {said(name): nw.col(said(name)) for name in there}
    places: dict[str, list[tuple[str, Type, list[str]]]] = {}
    for activity, declared in read.items():
        for name, found in declared.items():
            own = [f"{PREFIX}1{activity}_{name}_{i}" for i in range(2)]
            parts = dict(zip(own, history.fields[activity][name], strict=False))
            columns |= parts
            places.setdefault(activity, []).append((name, found.type, list(parts)))
    frame = history.frame.select(*_ALWAYS, **columns).collect("polars").to_native()
    assigned = frame.filter(pl.col(KIND) == "assigned")[LEAD]
    return _by_lead(_standing(frame, at), there, places), frozenset(assigned)


def _properties(lifecycle: Lifecycle, vocabulary: Vocabulary) -> dict[str, dict[str, Declaration]]:
    """Return what the lifecycle reads of each type of activity."""
    found: dict[str, dict[str, Declaration]] = {}
    steps = [step for plan in lifecycle.nurture.values() for step in plan.steps.values()]
    readers: list[tuple[str | None, Condition]] = [
        *((response.activity, response.when) for response in lifecycle.responses.values()),
        *((step.activity, step.when) for step in steps),
    ]
    for activity, when in readers:
        if activity is not None:
            declared = vocabulary.activities[activity]
            names = [name.removeprefix("activity.") for name in fields_of(when)]
            found.setdefault(activity, {}).update({x: declared[x] for x in names})
    return found


def _standing(events: pl.DataFrame, at: int) -> pl.DataFrame:
    """Return the events that have happened and stand, each once, by lead and in order.

    Raises:
        EvaluationError: If two that differ have the same id.
    """
    import polars as pl  # noqa: PLC0415 - frames are an extra

    whole = pl.lit(value=True)
    for kind, properties in KINDS.items():
        for name, declared in properties.items():
            if declared.required:
                whole &= (pl.col(KIND) != kind) | _is_said(events, name, declared)
    found = events.filter(pl.col(KIND).is_in([*KINDS]), whole)
    if found.select(LEAD, ID).is_duplicated().any():
        found = found.unique(maintain_order=True)
        twice = found.filter(pl.struct(LEAD, ID).is_duplicated()).sort(LEAD, ID)
        if len(twice):
            lead, event = twice.row(0)[:2]
            message = f"event '{event}': another event has this id; ids are unique for a lead"
            raise EvaluationError(f"events: {message}", field="id", lead_id=str(lead))
    found = found.filter(pl.col(TIME) <= at)
    if said("of") in found.columns:
        takes_back = pl.col(KIND) == "retraction"
        retracted = found.filter(takes_back).select(LEAD, pl.col(said("of")).alias(ID)).unique()
        found = found.filter(~takes_back).join(retracted, on=[LEAD, ID], how="anti")
    return found.sort(LEAD, TIME, pl.col(KIND) == "moved", ID)


def _is_said(events: pl.DataFrame, name: str, declared: Property) -> pl.Expr:
    """Return whether a property that an event must have is there, and one of its choices."""
    import polars as pl  # noqa: PLC0415 - frames are an extra

    if said(name) not in events.columns:
        return pl.lit(value=False)
    column = pl.col(said(name))
    there = column.is_not_null()
    return there & column.is_in([*declared.choices]) if declared.choices else there


def _by_lead(
    frame: pl.DataFrame,
    there: Sequence[str],
    places: Mapping[str, Sequence[tuple[str, Type, list[str]]]],
) -> dict[str, list[Fact]]:
    """Return the facts of each lead, in the order of the rows."""
    index = {name: place for place, name in enumerate(frame.columns)}
    says = {
        kind: [
            (name, index[said(name)], found.type is Type.DATETIME)
            for name, found in properties.items()
            if name in there
        ]
        for kind, properties in KINDS.items()
    }
    records = {
        activity: [(f"activity.{name}", kind, [index[x] for x in own]) for name, kind, own in found]
        for activity, found in places.items()
    }
    found: dict[str, list[Fact]] = {}
    last: str | None = None
    facts: list[Fact] = []
    for row in frame.iter_rows():
        lead, event, time, kind, activity = row[:5]
        if lead != last:
            last, facts = lead, []
            found[lead] = facts
        properties = {
            name: datetime_of(row[place]) if is_moment else row[place]
            for name, place, is_moment in says[kind]
            if row[place] is not None
        }
        record = {
            name: settled(kind, [row[x] for x in own])
            for name, kind, own in records.get(activity, ())
            if row[own[0]] is not None
        }
        facts.append(Fact(event, Instant(time), kind, activity, properties, record))
    return found
