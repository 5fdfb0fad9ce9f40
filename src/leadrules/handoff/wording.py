"""The parts of a handoff in words: rows of a label and what there is to say."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from leadrules.handoff.assigned import Assigned
from leadrules.handoff.parts import (
    Activity,
    Asked,
    Criterion,
    Gap,
    Initiative,
    Known,
    Note,
    Received,
    Resolution,
    Said,
    Touch,
)
from leadrules.layout import Row
from leadrules.lifecycle.owed import Owed
from leadrules.scoring.explanation import Explanation
from leadrules.scoring.wording import Wording, signed
from leadrules.sections import plain
from leadrules.values import instant_of

__all__ = [
    "asked",
    "assigned",
    "criteria",
    "earlier",
    "gaps",
    "initiative",
    "known",
    "notes",
    "owed",
    "received",
    "score",
    "touches",
    "value",
]

MOST_TOUCHES = 20
"""So many touches, the latest, are told one by one in words; data has them all."""
MOST_REASONS = 3
"""So many reasons of a score are told that gave points, and as many that cost some."""


def value(found: Known, words: Wording) -> str:
    """Return the value of a field as people write it: a text without quotes."""
    if found.value is None:
        return "missing"
    if isinstance(found.value, str):
        return found.value
    return f"{words.value(found.value)}{f' {found.unit}' if found.unit else ''}"


def assigned(found: Assigned, words: Wording) -> Iterator[Row]:
    """Yield who gets the lead, why, and what that starts."""
    kind = f"{found.to} " if found.to in {"queue", "partner"} else ""
    yield "to", f"{kind}'{found.name}'" if found.to else f"nobody: {found.name}"
    yield "at", _time(found.at, words)
    if found.rule is not None:
        yield "by rule", f"'{found.rule}'{f': {found.why}' if found.why else ''}"
    if found.pool is not None:
        how = f", by {found.strategy.replace('_', ' ')}" if found.strategy else ""
        yield "from", f"'{found.pool}'{how}"
    if found.reason is not None:
        yield "again", found.reason.replace("_", " ")
    for passed in found.passed:
        yield "not to", passed
    if found.clock is not None:
        yield "clock", f"'{found.clock}'{f', {found.within}' if found.within else ''}"
    if found.packages:
        yield "to be sent", ", ".join(found.packages)
    if found.send_to is not None:
        yield "send to", found.send_to
    if found.report is not None:
        yield "report back", found.report


def gaps(missing: Iterable[Gap]) -> Iterator[Row]:
    """Yield what is missing."""
    for gap in missing:
        yield gap.kind, gap.what


def known(facts: Iterable[Known], words: Wording) -> Iterator[Row]:
    """Yield fields with their values."""
    for found in facts:
        yield found.name, value(found, words)


def initiative(found: Initiative, words: Wording) -> Iterator[Row]:
    """Yield how a lead arose, and what it did first and last."""
    yield from known(found.origin, words)
    if found.first is None or found.last is None:
        return
    yield "first activity", _activity(found.first, words)
    if found.again is not None:
        yield "since it ended", _activity(found.again, words)
    if found.activities > 1:
        yield "last activity", f"{_activity(found.last, words)}, of {found.activities}"


def _activity(found: Activity, words: Wording) -> str:
    told = [
        f"{part.name} {words.value(part.value)}"
        for part in found.properties
        if part.value is not None
    ]
    what = f": {', '.join(told)}" if told else ""
    return f"{_time(found.at, words)} {found.type}{what} ({found.id})"


def received(sent: Iterable[Received], words: Wording) -> Iterator[Row]:
    """Yield what was sent to them."""
    for found in sent:
        asked_by = f", as activity '{found.request}' asked" if found.request else ""
        channel = f" by {found.channel}" if found.channel else ""
        yield _time(found.at, words), f"{found.item}{channel}{asked_by}{_by(found.by, 'sent by')}"


def asked(pending: Iterable[Asked], words: Wording) -> Iterator[Row]:
    """Yield what they asked for and have not been given all of."""
    for found in pending:
        heard = (
            f"acknowledged {_time(found.acknowledged, words)}"
            if found.acknowledged
            else "not acknowledged"
        )
        sent = (
            [f"sent {_time(found.sent, words)}" if found.sent else "not sent"] if found.item else []
        )
        what = found.item or found.response
        yield (
            _time(found.at, words),
            f"{what}, as activity '{found.activity}' asks: {', '.join([heard, *sent])}",
        )


def criteria(asked_for: Iterable[Criterion], words: Wording) -> Iterator[Row]:
    """Yield how far the lead is qualified."""
    for found in asked_for:
        told = [found.answer.replace("_", " ")]
        if found.said is not None:
            told.append(_said(found.said, "until", words))
        elif found.answer != "unknown":
            told.append("by what is known of the lead")
        if found.lapsed is not None:
            lapsed = found.lapsed.answer.replace("_", " ")
            told.append(f"{lapsed} {_said(found.lapsed, 'held until', words)}")
        told += [f"{part.name} is {value(part, words)}" for part in found.reads]
        if found.answer == "unknown" and found.ask:
            told.append(f"ask: {found.ask}")
        yield found.name, "; ".join(told)


def _said(found: Said, word: str, words: Wording) -> str:
    until = f", {word} {_time(found.until, words)}" if found.until else ""
    return f"said{f' by {found.by}' if found.by else ''} {_time(found.at, words)}{until}"


def notes(written: Iterable[Note], words: Wording) -> Iterator[Row]:
    """Yield what people wrote down."""
    for found in written:
        about = f" '{found.about}'" if found.about else ""
        by = f" by {found.by}" if found.by else ""
        yield _time(found.at, words), f"{found.kind}{about}{by}: {found.text}"


def earlier(tries: Iterable[Resolution], words: Wording) -> Iterator[Row]:
    """Yield how earlier tries with the lead came out."""
    for found in tries:
        why = f" for '{found.reason}'" if found.reason else ""
        role = f" ({found.role})" if found.by and found.role else ""
        note = f': "{found.note}"' if found.note else ""
        forced = ", forced" if found.forced else ""
        outcome = found.outcome.replace("_", " ")
        began = f"since {_time(found.since, words)}"
        responded = f"{began} no activity"
        if found.first is not None:
            count = "1 activity" if found.activities == 1 else f"{found.activities} activities"
            responded = f"{began} {count}, first {_activity(found.first, words)}"
        told = (
            f"{outcome} from '{found.left}' to '{found.to}'{why}{_by(found.by, 'by')}{role}"
            f"{forced}{note}; {responded}"
        )
        yield _time(found.at, words), told


def score(found: Explanation | None, words: Wording) -> Iterator[Row]:
    """Yield the score, and the rules that gave and that cost most."""
    if found is None:
        return
    band = f": {words.band(found.band)}" if found.band else ""
    yield str(plain(found.tree.points)), f"points{band}"
    if found.ready:
        yield "", words.ready(found.ready)
    reasons = found.reasons(most=sys.maxsize)
    gave = [reason for reason in reasons if reason.points > 0][:MOST_REASONS]
    cost = [reason for reason in reasons if reason.points < 0][:MOST_REASONS]
    for reason in (*gave, *cost):
        why = f": {reason.why}" if reason.why else ""
        yield signed(int(reason.points.scaleb(6))), f"{reason.id}{why}"


def touches(made: Sequence[Touch], words: Wording) -> Iterator[Row]:
    """Yield the latest touches."""
    before = len(made) - MOST_TOUCHES
    if before > 0:
        yield "", f"{before} before these"
    for found in made[-MOST_TOUCHES:]:
        how = "automatic " if found.automatic else ""
        came = f", {found.outcome}" if found.outcome else ""
        step = f", step '{found.step}'" if found.step else ""
        role = f" ({found.role})" if found.by and found.role else ""
        reached = ", reached them" if found.reached and found.direction == "outbound" else ""
        told = (
            f"{how}{found.direction} {found.channel}{came}{reached}{step}"
            f"{_by(found.by, 'by')}{role}"
        )
        yield _time(found.at, words), told


def owed(items: Iterable[Owed], zone: str) -> Iterator[Row]:
    """Yield what is owed to the lead."""
    for found in items:
        status = found.status.replace("_", " ")
        yield status, found.text(zone).removeprefix(f"{status}: ")


def _by(name: str | None, word: str) -> str:
    return f", {word} {name}" if name else ""


def _time(at: datetime, words: Wording) -> str:
    return words.time(instant_of(at))
