"""The agenda of one lead: what is owed to it, by whom and until when, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any

from leadrules.errors import EvaluationError, in_line
from leadrules.lead import Lead
from leadrules.lifecycle.document import Lifecycle
from leadrules.lifecycle.dues import answers_owed, next_timer, owed_in
from leadrules.lifecycle.foresight import next_flip
from leadrules.lifecycle.machine import StageMachine
from leadrules.lifecycle.owed import Owed, in_zone, urgency
from leadrules.lifecycle.process import Process
from leadrules.lifecycle.state import State
from leadrules.lifecycle.transition import Settled
from leadrules.scoring.document import Scoring
from leadrules.scoring.score import Score
from leadrules.values import Instant, Value, datetime_of, instant_of, instant_text, moment_of

__all__ = ["Agenda", "agenda", "listing", "questions_of", "roles_of", "span_text", "unborn"]


@dataclass(frozen=True, slots=True)
class Agenda:
    """Everything that is owed to a lead at a moment.

    It prints as text, shows itself in a notebook, and gives data by `to_dict`.

    Attributes:
        lead_id: The lead.
        at: The moment.
        stage: The stage that it is in; None if it has not arisen.
        owner: The person who owns it, if one does.
        items: What is owed, the most urgent first.
        next_check: When to settle and to ask again: at once if the policy would move the lead by
            itself; else when any of what is owed changes next if nothing is done, when the time
            of a move is over, when `within` or `older_than` in the guard of such a move says
            something else, or when an answer lapses. None if no such moment is ahead. How a score
            fades is not foreseen, so who moves leads by their bands asks every day.
        zone: The IANA zone in which times are told.
        policy: The hash of the policy, if the machine was given one.
    """

    lead_id: str
    at: datetime
    stage: str | None
    owner: str | None = None
    items: tuple[Owed, ...] = ()
    next_check: datetime | None = None
    zone: str = "UTC"
    policy: str | None = None

    def __iter__(self) -> Iterator[Owed]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def _head(self) -> str:
        where = f"in stage '{self.stage}'" if self.stage else "not there yet"
        return in_line(f"lead {self.lead_id}, {where}, as of {in_zone(self.at, self.zone)}")

    def _foot(self) -> str:
        if self.next_check is None:
            return "no deadline ahead; what fades with time is not foreseen"
        return f"look again at {in_zone(self.next_check, self.zone)}"

    def __str__(self) -> str:
        lines = [owed.text(self.zone) for owed in self.items] or ["nothing is owed"]
        return "\n".join([self._head(), *(f"  {line}" for line in lines), self._foot()])

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>"
            + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(owed, self.zone))
            + "</tr>"
            for owed in self.items
        )
        heads = "".join(f'<th style="text-align:left">{name}</th>' for name in _HEADS)
        table = (
            f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
            if rows
            else "<div>nothing is owed</div>"
        )
        return (
            '<div style="font-family:system-ui,sans-serif;font-size:0.9em;line-height:1.5">'
            f"<div>{escape(self._head())}</div>{table}<div>{escape(self._foot())}</div></div>"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the agenda as plain data for JSON: moments are texts in UTC."""
        check = self.next_check
        return {
            "lead_id": self.lead_id,
            "at": instant_text(instant_of(self.at)),
            "stage": self.stage,
            "owner": self.owner,
            "items": [owed.to_dict() for owed in self.items],
            "next_check": None if check is None else instant_text(instant_of(check)),
            "policy": self.policy,
        }


_HEADS = ("Status", "What", "Due", "Left", "Who", "Rule")


def _cells(owed: Owed, zone: str) -> Iterator[str]:
    yield owed.status.replace("_", " ")
    yield owed.what
    yield "" if owed.due is None else in_zone(owed.due, zone)
    yield "" if owed.left is None else span_text(owed.left)
    yield owed.who
    yield owed.rule


def span_text(span: timedelta) -> str:
    """Return a time as hours and minutes, without the seconds.

    Examples:
        >>> span_text(timedelta(hours=1, minutes=30)), span_text(-timedelta(minutes=1))
        ('1:30', '-0:01')
    """
    minutes = abs(span) // timedelta(minutes=1)
    return f"{'-' if span < timedelta(0) else ''}{minutes // 60}:{minutes % 60:02d}"


def roles_of(lifecycle: Lifecycle) -> tuple[str, ...]:
    """Return every role that can owe something, each once."""
    stages = lifecycle.stages.values()
    needed = [found for stage in stages for found in stage.requires.values()]
    named = [
        *(stage.owner for stage in stages),
        *(role for move in lifecycle.moves for role in move.by),
        *(role for rule in lifecycle.touches.values() for role in rule.by),
        *(role for found in needed for role in found.by),
        *(role for stage in stages if stage.approvals for role in stage.approvals.by),
        *(found.by for found in lifecycle.responses.values()),
    ]
    return tuple(dict.fromkeys(role for role in named if role is not None))


def agenda(  # noqa: PLR0913 - what earlier steps found, and their documents
    lead: Lead,
    state: State | None,
    *,
    machine: StageMachine,
    at: datetime,
    score: Score | None = None,
    scoring: Scoring | None = None,
    lapses: int | None = None,
) -> Agenda:
    """Return everything that is owed to a lead at a moment.

    A stage that no move leaves owes nothing. Every other lead has something that is owed to it,
    or a time at which the policy moves it on.

    Args:
        lead: The lead.
        state: Where it is; None if nothing says that it has arisen by then.
        machine: The machine of the policy's stages.
        at: The moment; with a time zone, and no earlier than what is in the state.
        score: The score of the lead then: nurture plans may read it, and what is unknown of the
            qualification is to be asked.
        scoring: The document that the score is of, which has the questions.
        lapses: When the next answer lapses, in microseconds, as far as that is known.

    Raises:
        EvaluationError: If the state was made by another policy, is of another lead, or holds
            facts after the moment.
    """
    moment = moment_of(at)
    if state is None:
        return unborn(machine, lead.id, lead.record.get("created"), at, moment)
    if state.lead_id != lead.id:
        message = f"state: is of lead '{state.lead_id}', not of '{lead.id}'"
        raise EvaluationError(message, field="state", lead_id=lead.id)
    machine.demand(state, moment)
    derived: Mapping[str, Value] = score.results if score else {}
    known = {**lead.record, **derived}
    asked = questions_of(scoring)
    items = listing(machine.process, state, known, moment, asked)
    settled = machine.settle(state, lead=lead, at=at, derived=derived)
    check: int | None = moment
    if isinstance(settled, Settled) and not settled.transitions:
        changes = [instant_of(x.next_change) for x in items if x.next_change is not None]
        timer = next_timer(machine.process, state, moment)
        flip = next_flip(machine.process, state, known, moment)
        open_ = not machine.lifecycle.stages[state.stage].is_closed
        ahead = (*changes, timer, flip, lapses if open_ else None)
        check = min((x for x in ahead if x is not None), default=None)
    return Agenda(
        lead.id,
        at,
        state.stage,
        state.owner,
        tuple(items),
        None if check is None else datetime_of(Instant(check)),
        machine.vocabulary.zone,
        machine.policy,
    )


def questions_of(scoring: Scoring | None) -> Mapping[str, str]:
    """Return what to ask about each criterion of a policy, by the criterion."""
    if scoring is None or scoring.qualification is None:
        return {}
    return {name: found.ask or name for name, found in scoring.qualification.criteria.items()}


def listing(
    process: Process,
    state: State,
    known: Mapping[str, Value],
    moment: int,
    questions: Mapping[str, str],
) -> list[Owed]:
    """Return what is owed to a lead, the most urgent first.

    Args:
        process: The lifecycle.
        state: Where the lead is.
        known: What is known of the lead and of its score.
        moment: The moment, in microseconds.
        questions: What to ask about each criterion.
    """
    unknown = {
        name: ask for name, ask in questions.items() if known.get(f"answer.{name}") == "unknown"
    }
    items = owed_in(process, state, known, moment)
    if unknown:
        items += answers_owed(process, state, moment, unknown)
    items.sort(key=urgency)
    return items


def unborn(
    machine: StageMachine, lead_id: str, created: Value | None, at: datetime, moment: int
) -> Agenda:
    """Return the agenda of a lead that nothing says to have arisen by a moment."""
    zone = machine.vocabulary.zone
    if isinstance(created, Instant) and created > moment:
        return Agenda(lead_id, at, None, None, (), datetime_of(created), zone, machine.policy)
    initial = machine.lifecycle.initial
    stage = machine.lifecycle.stages[initial]
    owed = Owed(
        lead_id=lead_id,
        stage=initial,
        kind="gap",
        name="created",
        what="say when the lead arose; nobody does, and nothing has happened to it",
        status="open",
        roles=(stage.owner,) if stage.owner else (),
        owner=None,
        queue=stage.queue or stage.owner or initial,
        since=None,
        due=None,
        left=None,
        missing=None,
        step=None,
        rule=f"lifecycle.stages.{initial}",
        next_change=None,
    )
    return Agenda(lead_id, at, None, None, (owed,), None, zone, machine.policy)
