"""What a handoff is made of, gathered from a lead, its history and what earlier steps found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from leadrules.conditions.findings import HIDDEN
from leadrules.conditions.tree import fields_of
from leadrules.events import Event
from leadrules.handoff.assigned import Assigned
from leadrules.handoff.gaps import gaps_of
from leadrules.handoff.packet import Handoff
from leadrules.handoff.parts import (
    Activity,
    Asked,
    Criterion,
    Initiative,
    Known,
    Note,
    Received,
    Resolution,
    Said,
    Touch,
)
from leadrules.lead import Lead, lead_fields
from leadrules.lifecycle.machine import StageMachine
from leadrules.lifecycle.owed import Owed
from leadrules.lifecycle.trail import Trail
from leadrules.scoring.document import Scoring
from leadrules.scoring.explanation import Explanation
from leadrules.scoring.items import AnswerDetail
from leadrules.values import Instant, datetime_of, instant_of
from leadrules.vocabulary import Declaration, Vocabulary

__all__ = ["handoff"]

_ORIGIN = ("lead_type", "campaign", "source", "channel", "channel_partner", "created")
_ELSEWHERE = frozenset({"id", "owner"})
"""What the head of a handoff tells."""
_OTHERS = frozenset({"budget"})
"""Fields of every lead that say nothing of who they are."""
_CONTACT = tuple(
    found.name for found in lead_fields() if found.name not in {*_ORIGIN, *_ELSEWHERE, *_OTHERS}
)
_ABOUT = {"moved": "to", "completed": "item", "approval": "verdict"}


@dataclass(frozen=True, slots=True)
class _Desk:
    """A lead with what happened to it, and what of that may be shown."""

    lead: Lead
    stood: Sequence[Event]
    vocabulary: Vocabulary
    redact: bool

    def known(self, name: str) -> Known:
        """Return a field of the lead."""
        declared = self.vocabulary.fields.get(name)
        return self._shown(name, self.lead.record.get(name), declared)

    def activity(self, event: Event) -> Activity:
        """Return an activity of the lead."""
        declared = self.vocabulary.activities.get(str(event.type), {})
        found = ((name.removeprefix("activity."), value) for name, value in event.record.items())
        return Activity(
            event.id,
            str(event.type),
            datetime_of(event.moment),
            tuple(self._shown(name, value, declared.get(name)) for name, value in found),
        )

    def _shown(self, name: str, value: Any, declared: Declaration | None) -> Known:
        """Return a value, hidden if it may tell who a person is and that is not to be seen."""
        unit = declared.unit if declared else None
        if self.redact and value is not None and (declared is None or declared.personal):
            return Known(name, HIDDEN)
        return Known(name, value, unit)

    def free(self, text: str) -> str:
        """Return what somebody wrote freely, which may tell anything."""
        return HIDDEN if self.redact else text

    def of(self, kind: str) -> Iterator[Event]:
        """Yield what happened of a kind, in order."""
        return (event for event in self.stood if event.kind == kind)


def handoff(  # noqa: PLR0913 - what earlier steps found, and their documents
    lead: Lead,
    stood: Sequence[Event],
    *,
    at: datetime,
    vocabulary: Vocabulary,
    machine: StageMachine | None = None,
    trail: Trail | None = None,
    owed: Iterable[Owed] = (),
    assigned: Assigned | None = None,
    scoring: Scoring | None = None,
    explanation: Explanation | None = None,
    redact: bool = False,
    policy: str | None = None,
) -> Handoff:
    """Return what goes with a lead to whoever takes it over.

    Args:
        lead: The lead.
        stood: What happened to it by then and stands, in order; see `events.standing`.
        at: The moment.
        vocabulary: The names of the policy's fields and activities.
        machine: The machine of the policy's stages, if it has some.
        trail: The course of the lead; None if nothing says that it has arisen by then.
        owed: What is owed to it then, in order.
        assigned: Who gets it, if that was decided.
        scoring: The document that the score is of.
        explanation: The score taken apart, with values hidden as here.
        redact: Whether to hide what tells who a person is, and what people wrote freely.
        policy: The hash of the policy.
    """
    desk = _Desk(lead, stood, vocabulary, redact)
    contact, facts = _fields(desk)
    earlier = tuple(_earlier(desk, trail, machine)) if trail and machine else ()
    criteria = tuple(_criteria(desk, scoring, explanation)) if scoring and explanation else ()
    state = trail.state if trail else None
    stage = machine.lifecycle.stages[state.stage] if machine and state else None
    owner, queue = state.owner if state else lead.owner, None
    if assigned and assigned.to in {"queue", "partner"}:
        owner, queue = None, assigned.name if assigned.to == "queue" else None
    elif stage and state and owner is None:
        queue = stage.queue or stage.owner or state.stage
    return Handoff(
        lead_id=lead.id,
        at=at,
        stage=state.stage if state else None,
        since=state.since if state else None,
        previous=state.previous if state else None,
        by=trail.entries[-1].by if trail else None,
        owner=owner,
        owner_role=stage.owner if stage else None,
        queue=queue,
        assigned=assigned,
        missing=gaps_of(
            lead.record,
            owner=owner,
            queue=queue,
            assigned=assigned,
            stage=state.stage if state else None,
            lifecycle=machine.lifecycle if machine else None,
            score=explanation.score if explanation else None,
            criteria=criteria,
        ),
        contact=contact,
        initiative=_initiative(desk, earlier),
        received=tuple(_received(desk)),
        asked=tuple(_asked(trail, machine)) if trail and machine else (),
        criteria=criteria,
        facts=facts,
        notes=tuple(_notes(desk)),
        earlier=earlier,
        explanation=explanation,
        touches=tuple(_touches(desk, machine)),
        owed=tuple(
            replace(found, what=HIDDEN) if redact and found.kind == "next_step" else found
            for found in owed
        ),
        redacted=redact,
        zone=vocabulary.zone,
        policy=policy,
    )


def _fields(desk: _Desk) -> tuple[tuple[Known, ...], tuple[Known, ...]]:
    """Return the known fields of who they are, and those of what else is known of them."""
    declared = desk.vocabulary.declared
    known = desk.lead.record
    order = dict.fromkeys((*(found.name for found in lead_fields()), *declared, *known))
    contact: list[Known] = []
    facts: list[Known] = []
    for name in order:
        if name not in known or name in _ORIGIN or name in _ELSEWHERE:
            continue
        personal = name in declared and declared[name].personal
        (contact if name in _CONTACT or personal else facts).append(desk.known(name))
    return tuple(contact), tuple(facts)


def _initiative(desk: _Desk, earlier: Sequence[Resolution]) -> Initiative:
    origin = tuple(desk.known(name) for name in _ORIGIN if name in desk.lead.record)
    events = list(desk.of("activity"))
    if not events:
        return Initiative(origin)
    ends = [found.at for found in earlier if found.outcome != "passed_back"]
    again = next((x for x in events if ends and x.moment > instant_of(ends[-1])), None)
    return Initiative(
        origin,
        desk.activity(events[0]),
        desk.activity(events[-1]),
        desk.activity(again) if again else None,
        len(events),
    )


def _received(desk: _Desk) -> Iterator[Received]:
    for event in desk.of("fulfilment"):
        yield Received(
            str(event["item"]),
            datetime_of(event.moment),
            _text(event, "channel"),
            _text(event, "request"),
            _text(event, "by"),
        )


def _asked(trail: Trail, machine: StageMachine) -> Iterator[Asked]:
    for found in trail.state.asked:
        yield Asked(
            found.response,
            found.activity,
            datetime_of(found.at),
            machine.lifecycle.responses[found.response].send,
            _datetime(found.acknowledged),
            _datetime(found.sent),
        )


def _criteria(desk: _Desk, scoring: Scoring, explanation: Explanation) -> Iterator[Criterion]:
    qualification = scoring.qualification
    if qualification is None:
        return
    mandatory = qualification.ready.mandatory if qualification.ready else ()
    found = {
        item.name: item.detail
        for part in (explanation.tree, *explanation.beside)
        for item in part.walk()
        if isinstance(item.detail, AnswerDetail)
    }
    for name, criterion in qualification.criteria.items():
        detail = found[name]
        conditions = (x for x in (criterion.met, criterion.not_met) if x is not None)
        read = dict.fromkeys(field for x in conditions for field in fields_of(x))
        yield Criterion(
            name,
            detail.answer,
            mandatory=name in mandatory,
            said=_said(detail) if detail.event else None,
            lapsed=_said(detail.before) if detail.before else None,
            reads=tuple(desk.known(field) for field in read),
            ask=criterion.ask,
        )


def _said(detail: AnswerDetail) -> Said:
    at, until = datetime_of(detail.time or Instant(0)), _datetime(detail.until)
    return Said(detail.answer, at, detail.by, until, detail.event)


def _notes(desk: _Desk) -> Iterator[Note]:
    for event in desk.stood:
        if event.kind == "activity":
            continue  # its properties are its own
        text = _text(event, "note")
        if text:
            about = _text(event, _ABOUT[event.kind]) if event.kind in _ABOUT else None
            at, by = datetime_of(event.moment), _text(event, "by")
            yield Note(at, event.kind, desk.free(text), about, by)


def _earlier(desk: _Desk, trail: Trail, machine: StageMachine) -> Iterator[Resolution]:
    stages = machine.lifecycle.stages
    order = list(stages)
    moves = {(event.moment, event["to"]): event for event in desk.of("moved")}
    activities = list(desk.of("activity"))
    since: datetime | None = None
    for before, entry in zip(trail.entries, trail.entries[1:], strict=False):
        kind = stages[entry.stage].kind
        back = order.index(entry.stage) < order.index(before.stage)
        if kind == "open" and (stages[before.stage].is_closed or not back):
            continue
        at = instant_of(entry.entered)
        start = None if since is None else instant_of(since)
        tried = [x for x in activities if x.moment <= at and (start is None or x.moment > start)]
        event = moves[at, entry.stage]
        note = _text(event, "note")
        yield Resolution(
            "passed_back" if kind == "open" else kind,
            before.stage,
            entry.stage,
            since or trail.entries[0].entered,
            entry.entered,
            desk.activity(tried[0]) if tried else None,
            len(tried),
            entry.by,
            _text(event, "role"),
            entry.reason,
            desk.free(note) if note else None,
            event["forced"] is True,
            before.by,
        )
        if kind != "open":
            since = entry.entered


def _touches(desk: _Desk, machine: StageMachine | None) -> Iterator[Touch]:
    contact = machine.lifecycle.contact if machine else ()
    for event in desk.of("touch"):
        direction, outcome = str(event["direction"]), _text(event, "outcome")
        automatic = event["automatic"] is True
        yield Touch(
            datetime_of(event.moment),
            str(event["channel"]),
            direction,
            not automatic and (direction == "inbound" or outcome in contact),
            automatic,
            outcome,
            _text(event, "by"),
            _text(event, "role"),
            _text(event, "step"),
        )


def _text(event: Event, name: str) -> str | None:
    found = event[name]
    return None if found is None else str(found)


def _datetime(at: int | None) -> datetime | None:
    return None if at is None else datetime_of(Instant(at))
