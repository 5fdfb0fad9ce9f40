"""The agendas of a whole database: one row for each thing that is owed, the most urgent first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.agenda.worklist import listing, questions_of, roles_of, unborn
from leadrules.conditions.tree import fields_of
from leadrules.errors import EvaluationError, as_written, did_you_mean, one_of
from leadrules.frames import Opened, open_frame
from leadrules.frames.kinds import PREFIX, Frame, as_kind, like, recognised
from leadrules.frames.opening import LEAD
from leadrules.frames.records import settled
from leadrules.lifecycle.course import Course
from leadrules.lifecycle.facts import Fact, facts_of
from leadrules.lifecycle.machine import StageMachine
from leadrules.lifecycle.owed import RANKS, Owed
from leadrules.lifecycle.state import State
from leadrules.scoring.document import Scoring
from leadrules.scoring.scorer import Scorer
from leadrules.values import Instant, Value, moment_of
from leadrules.vocabulary import columns_of

__all__ = ["agendas_of_frame"]

_KEPT = f"{PREFIX}0kept"
_BEFORE = f"{PREFIX}0before"
_RANK = f"{PREFIX}0rank"

_COLUMNS: Mapping[str, Any] = {
    "lead_id": nw.String,
    "stage": nw.String,
    "kind": nw.String,
    "name": nw.String,
    "what": nw.String,
    "status": nw.String,
    "roles": nw.List(nw.String),
    "owner": nw.String,
    "queue": nw.String,
    "since": nw.Datetime("us", "UTC"),
    "due": nw.Datetime("us", "UTC"),
    "left": nw.Duration("us"),
    "missing": nw.Int64,
    "step": nw.String,
    "rule": nw.String,
    "next_change": nw.Datetime("us", "UTC"),
}
"""The columns of a worklist: what is told of each thing that is owed."""

_Known = dict[str, Value]
_Row = tuple[str, str | None, _Known]
"""Of a lead: its id, the state that the host keeps, and what is known of it."""


def agendas_of_frame(  # noqa: PLR0913 - what the engine was asked, and its parts
    machine: StageMachine,
    scorer: Scorer | None,
    leads: Any,
    *,
    events: Any,
    states: str | None,
    at: datetime,
    role: str | None,
    owner: str | None,
) -> Any:
    """Return everything that is owed to the leads of a frame, the most urgent first.

    Args:
        machine: The machine of the policy's stages.
        scorer: The scorer of the policy, if it scores.
        leads: As of `Engine.agenda_frame`.
        events: As of `Engine.agenda_frame`.
        states: As of `Engine.agenda_frame`.
        at: As of `Engine.agenda_frame`.
        role: As of `Engine.agenda_frame`.
        owner: As of `Engine.agenda_frame`.

    Raises:
        EvaluationError: If a column is absent or of a wrong type, a state cannot be used, or no
            role is called so.
    """
    moment = moment_of(at)
    roles = roles_of(machine.lifecycle)
    if role is not None and role not in roles:
        message = (
            f"role: no role '{role}'{did_you_mean(role, roles) or f'; expected {one_of(roles)}'}"
        )
        raise EvaluationError(message, field="role")
    where = _Where(machine, events, moment)
    scoring = scorer.scoring if scorer else None
    frame = _narrowed(machine, scoring, leads, states)
    read = _conditional(machine)
    questions = questions_of(scoring)
    results: tuple[str, ...] = ()
    if scorer is not None and scoring is not None and (questions or read & {*scoring.results}):
        results = tuple(scoring.results)
        if scoring.bands and "band" in read:
            frame = _with_bands(frame, [where.state(row) for row in _rows(machine, frame, states)])
        previous = _BEFORE if _BEFORE in frame.collect_schema().names() else None
        scored = scorer.score_frame(frame.to_native(), events=events, at=at, previous=previous)
        frame = recognised(scored)
    found: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    cells = [(values.append, name) for name, values in found.items()]
    for row in _rows(machine, frame, states, results):
        for owed in _owed(machine, row, where.state(row), questions, at, moment):
            if (role is None or role in owed.roles) and owner in (None, owed.owner):
                for append, name in cells:
                    append(getattr(owed, name))
    return like(_ordered(found), leads)


def _owed(  # noqa: PLR0913, PLR0917 - a lead at a moment, and what reads it
    machine: StageMachine,
    row: _Row,
    state: State | None,
    questions: Mapping[str, str],
    at: datetime,
    moment: int,
) -> Sequence[Owed]:
    lead_id, _, known = row
    if state is None:
        return unborn(machine, lead_id, known.get("created"), at, moment).items
    return listing(machine.process, state, known, moment, questions)


def _ordered(found: Mapping[str, list[Any]]) -> nw.DataFrame[Any]:
    """Return columns as a frame in the order of `urgency`, equal ones by their leads."""
    # A column of lists takes long to make: the few that differ are made, and looked up.
    places = {roles: place for place, roles in enumerate(dict.fromkeys(found["roles"]))}
    lists = nw.new_series("roles", [*map(list, places)], _COLUMNS["roles"], backend="polars")
    data = {
        **found,
        "roles": lists[[places[roles] for roles in found["roles"]]],
        _RANK: [RANKS[status] for status in found["status"]],
    }
    frame = nw.from_dict(data, {**_COLUMNS, _RANK: nw.Int64}, backend="polars").to_native()
    keys = [_RANK, "due", "kind", "name", "lead_id"]
    ordered = frame.sort(keys, nulls_last=True, maintain_order=True).drop(_RANK)
    return nw.from_native(ordered, eager_only=True)


# --- what is read of the leads


def _conditional(machine: StageMachine) -> set[str]:
    """Return the names that the conditions of nurture plans read."""
    plans = machine.lifecycle.nurture.values()
    return {name for plan in plans for name in fields_of(plan.when)}


def _fields(machine: StageMachine) -> list[str]:
    """Return the fields of leads that an agenda reads."""
    lifecycle, fields = machine.lifecycle, machine.vocabulary.fields
    plans = lifecycle.nurture.values()
    dates = [step.field for plan in plans for step in plan.steps.values()]
    found = ["created", "owner", *_conditional(machine), *(x for x in dates if x is not None)]
    if lifecycle.touches:
        found.append("lead_type")
    if any(plan.consent for plan in plans):
        found.append("consent")
    derived = machine.vocabulary.derived
    return sorted({name for name in found if name in fields and name not in derived})


def _narrowed(
    machine: StageMachine, scoring: Scoring | None, leads: Any, states: str | None
) -> Frame:
    """Return a frame of leads with no more columns than are read."""
    frame = recognised(leads)
    names = [*_fields(machine), *(scoring.fields() if scoring else ())]
    fields = machine.vocabulary.fields
    read = {"id", "lead_id", states}
    read |= {column for name in names for column in columns_of(name, fields[name])}
    return frame.select([name for name in frame.collect_schema().names() if name in read])


def _rows(
    machine: StageMachine, frame: Frame, states: str | None, results: Sequence[str] = ()
) -> Iterator[_Row]:
    """Yield the leads of a frame, which is collected."""
    texts: dict[str, tuple[str, ...]] = {LEAD: ("lead_id", "id")}
    if states is not None:
        texts[_KEPT] = (states,)
    names = [*_fields(machine), *results]
    words = machine.vocabulary
    opened = open_frame(frame.to_native(), names, vocabulary=words, texts=texts)
    columns = _expressions(opened, names)
    read = {column: found for own in columns.values() for column, found in own.items()}
    found = opened.frame.select(*texts, **read).collect("polars")
    every = []
    for name, own in columns.items():
        kind = words.fields[name].type
        parts = zip(*(found[column].to_list() for column in own), strict=True)
        every.append((name, [None if x[0] is None else settled(kind, x) for x in parts]))
    kept = found[_KEPT].to_list() if states is not None else [None] * len(found)
    for index, (lead_id, text) in enumerate(zip(found[LEAD].to_list(), kept, strict=True)):
        values = ((name, of[index]) for name, of in every)
        yield lead_id, text, {name: value for name, value in values if value is not None}


def _expressions(opened: Opened, names: Sequence[str]) -> dict[str, dict[str, nw.Expr]]:
    return {
        name: {f"{PREFIX}0{place}_{part}": x for part, x in enumerate(opened.fields[name])}
        for place, name in enumerate(names)
    }


# --- where the leads are


class _Where:
    """Where leads are at a moment: by the states that the host keeps, else by their events."""

    def __init__(self, machine: StageMachine, events: Any, moment: int) -> None:
        self._machine, self._moment = machine, moment
        self._facts: Mapping[str, Sequence[Fact]] = {}
        self._assigned: frozenset[str] = frozenset()
        if events is not None:
            self._facts, self._assigned = facts_of(
                events,
                lifecycle=machine.lifecycle,
                vocabulary=machine.vocabulary,
                at=moment,
            )

    def state(self, row: _Row) -> State | None:
        """Return where a lead is, or None if nothing says that it has arisen."""
        lead_id, kept, known = row
        if kept is not None:
            state = _read(kept, lead_id)
            self._machine.demand(state, self._moment)
            return state
        facts, created = self._facts.get(lead_id, ()), known.get("created")
        first = facts[0].moment if facts else Instant(self._moment)
        if isinstance(created, Instant) and created <= first:
            first = created
        elif not facts:
            return None
        owner = known.get("owner")
        course = Course(
            self._machine.process,
            lead_id,
            first,
            owner=owner if isinstance(owner, str) and lead_id not in self._assigned else None,
            policy=self._machine.policy,
        )
        course.fold(facts)  # type: ignore[arg-type]  # they have all that it reads of events
        return course.state()


def _read(text: str, lead_id: str) -> State:
    """Return the state that a text in JSON says.

    Raises:
        EvaluationError: If it is none, or one of another lead.
    """
    try:
        state = State.from_dict(json.loads(text))
    except json.JSONDecodeError:
        message = f"state: '{as_written(text)}' is no JSON; expected what to_dict() gives"
        raise EvaluationError(message, field="state", lead_id=lead_id) from None
    except EvaluationError as error:
        raise EvaluationError(error.message, field=error.field, lead_id=lead_id) from None
    if state.lead_id != lead_id:
        message = f"state: is of lead '{state.lead_id}', not of '{lead_id}'"
        raise EvaluationError(message, field="state", lead_id=lead_id)
    return state


def _with_bands(frame: Frame, states: Sequence[State | None]) -> Frame:
    """Return a frame of leads with the band of the last move of each."""
    bands = [state.band if state else None for state in states]
    if isinstance(frame, nw.DataFrame):
        found = nw.from_dict({_BEFORE: bands}, {_BEFORE: nw.String}, backend="polars")
        return frame.with_columns(*as_kind(found, frame.implementation).iter_columns())
    column = "lead_id" if "lead_id" in frame.collect_schema().names() else "id"
    own = {state.lead_id: state.band for state in states if state is not None}
    data = {column: [*own], _BEFORE: [*own.values()]}
    found = nw.from_dict(data, dict.fromkeys(data, nw.String), backend="polars")
    other: nw.LazyFrame[Any] = nw.from_native(like(found, frame.to_native()))
    return frame.join(other, on=column, how="left")
