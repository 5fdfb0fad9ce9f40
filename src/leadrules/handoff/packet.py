"""The handoff as a value: it prints as text, shows itself in a notebook, and gives data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from typing import Any

from leadrules.handoff import wording
from leadrules.handoff.assigned import Assigned
from leadrules.handoff.parts import (
    Asked,
    Criterion,
    Gap,
    Initiative,
    Known,
    Note,
    Received,
    Resolution,
    Touch,
)
from leadrules.layout import Section, html_of, text_of
from leadrules.lifecycle.owed import Owed
from leadrules.scoring.explanation import Explanation
from leadrules.scoring.wording import Wording
from leadrules.values import Cash, Instant, Money, Span, duration_text, instant_of, instant_text

__all__ = ["Handoff"]


@dataclass(frozen=True, slots=True)
class Handoff:
    """What goes with a lead to whoever takes it over.

    It prints as text, shows itself in a notebook, and gives data by `to_dict`. Every known field
    of the lead stands in it: in `contact`, `initiative`, `facts`, or as `owner`.

    Attributes:
        lead_id: The lead.
        at: The moment of the handoff.
        stage: The stage that the lead is in; None if it has not arisen, or the policy has no
            lifecycle.
        since: When it came there, in UTC.
        previous: The stage that it came from.
        by: Who moved it there.
        owner: The person who owns the lead, if one does.
        owner_role: The role that owns the stage.
        queue: Where it waits if nobody owns it.
        assigned: Who gets it, by which rule and why; None if nothing was said of that.
        missing: What is missing for a good handoff.
        contact: Who they are and how to reach them.
        initiative: What they responded to.
        received: What was sent to them, in order.
        asked: What they asked for and have not been given all of, in order.
        criteria: How far the lead is qualified, in document order.
        facts: What else is known of them.
        notes: What people wrote down, in order.
        earlier: How earlier tries with the lead came out, in order.
        explanation: The score taken apart; None if the policy does not score.
        touches: The calls, messages and meetings so far, in order.
        owed: What is owed to the lead now, the most urgent first; running clocks are of it.
        redacted: Whether what tells who a person is, and what people wrote freely, is hidden.
        zone: The IANA zone in which times are told.
        policy: The hash of the policy.
    """

    lead_id: str
    at: datetime
    stage: str | None = None
    since: datetime | None = None
    previous: str | None = None
    by: str | None = None
    owner: str | None = None
    owner_role: str | None = None
    queue: str | None = None
    assigned: Assigned | None = None
    missing: tuple[Gap, ...] = ()
    contact: tuple[Known, ...] = ()
    initiative: Initiative = field(default_factory=Initiative)
    received: tuple[Received, ...] = ()
    asked: tuple[Asked, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    facts: tuple[Known, ...] = ()
    notes: tuple[Note, ...] = ()
    earlier: tuple[Resolution, ...] = ()
    explanation: Explanation | None = None
    touches: tuple[Touch, ...] = ()
    owed: tuple[Owed, ...] = ()
    redacted: bool = False
    zone: str = "UTC"
    policy: str | None = None

    def __str__(self) -> str:
        return self.text()

    def text(self, *, width: int = 80) -> str:
        """Return the handoff as text.

        Args:
            width: The most characters of a line.
        """
        return text_of(self._head(), self._sections(), width=width)

    def _repr_html_(self) -> str:
        return html_of(self._head(), self._sections())

    def _head(self) -> Iterator[str]:
        words = Wording(self.zone)
        known = {found.name: wording.value(found, words) for found in self.contact}
        named = [known[name] for name in ("name", "company.name") if name in known]
        at = words.time(instant_of(self.at))
        yield f"lead {', '.join([self.lead_id, *named])}, as of {at} {self.zone}"
        if self.stage is not None and self.since is not None:
            since = words.time(instant_of(self.since))
            came = f", from '{self.previous}'" if self.previous else ""
            by = f", moved by {self.by}" if self.by else ""
            role = f" of {self.owner_role}" if self.owner_role else ""
            yield f"in stage '{self.stage}'{role} since {since}{came}{by}"
        waits = f"; it waits for '{self.queue}'" if self.queue else ""
        if self.assigned and self.assigned.to == "partner":
            waits = f"; it goes to partner '{self.assigned.name}'"
        yield f"owned by {self.owner or f'nobody{waits}'}"

    def _sections(self) -> Iterator[Section]:
        words = Wording(self.zone)
        if self.assigned:
            yield Section("assigned", wording.assigned(self.assigned, words), "")
        yield Section("missing", wording.gaps(self.missing), "nothing is missing")
        yield Section("contact", wording.known(self.contact, words), "nobody says who they are")
        yield Section(
            "initiative",
            wording.initiative(self.initiative, words),
            "nobody says what they responded to",
        )
        yield Section("received", wording.received(self.received, words), "nothing was sent")
        yield Section("asked for", wording.asked(self.asked, words), "nothing is waited for")
        yield Section(
            "qualification", wording.criteria(self.criteria, words), "no criterion is asked"
        )
        yield Section("also known", wording.known(self.facts, words), "nothing else")
        yield Section("notes", wording.notes(self.notes, words), "nobody wrote anything down")
        yield Section("earlier", wording.earlier(self.earlier, words), "this is the first try")
        yield Section(
            "score",
            wording.score(self.explanation, words),
            "the policy does not score",
            self.explanation._repr_html_ if self.explanation else None,
        )
        yield Section("touches", wording.touches(self.touches, words), "nobody has tried yet")
        yield Section("owed", wording.owed(self.owed, self.zone), "nothing is owed")

    def to_dict(self) -> dict[str, Any]:
        """Return the handoff as data that JSON can hold, under keys that stay.

        Moments are texts in UTC, money and durations are texts. Fields and properties stand
        under their names.
        """
        found: dict[str, Any] = _plain(self)
        return found


_BY_NAME = frozenset({"contact", "facts", "origin", "properties", "reads"})
"""The attributes that are values by name."""


def _plain(value: Any) -> Any:
    match value:
        case Explanation() | Owed():
            return value.to_dict()
        case Instant():
            return instant_text(value)
        case Span():
            return duration_text(value)
        case Cash():
            return str(Money.of_minor(value))
        case datetime():
            return instant_text(instant_of(value))
        case date():
            return value.isoformat()
        case tuple():
            return [_plain(part) for part in value]
    if not is_dataclass(value):
        return value
    found = {each.name: getattr(value, each.name) for each in fields(value)}
    return {
        name: {known.name: _plain(known.value) for known in part}
        if name in _BY_NAME
        else _plain(part)
        for name, part in found.items()
    }
