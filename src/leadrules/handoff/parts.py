"""The parts of a handoff: what is known of a lead, what it did, and what was done for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from leadrules.scoring.qualification import Answer
from leadrules.values import Value

__all__ = [
    "GAPS",
    "Activity",
    "Asked",
    "Criterion",
    "Gap",
    "GapKind",
    "Initiative",
    "Known",
    "Note",
    "Received",
    "Resolution",
    "Said",
    "Touch",
]

GapKind = Literal[
    "contact", "consent", "initiative", "owner", "partner", "band", "move", "criterion"
]
"""What can be missing."""

GAPS: tuple[GapKind, ...] = get_args(GapKind)
"""What can be missing: the closed list, in the order in which it is told.

- `contact`: a name, a company, or any way to reach them;
- `consent`: whether they may be contacted;
- `initiative`: when and how the lead arose, or what they responded to;
- `owner`: a person who owns the lead;
- `partner`: a field without which the channel partner who gets the lead can do nothing;
- `band`: a field that a better band needs;
- `move`: a field that a move onwards from the stage takes;
- `criterion`: an answer without which a lead cannot be ready, or that one which is not ready
  lacks.
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A field or a property, and its value.

    Attributes:
        name: Its name, as conditions have it.
        value: Its settled value; None if it is missing.
        unit: What a number counts, as the policy declares it.
    """

    name: str
    value: Value | None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that they did.

    Attributes:
        id: The id of the event.
        type: The type of activity.
        at: When it happened, in UTC.
        properties: What else is known of it.
    """

    id: str
    type: str
    at: datetime
    properties: tuple[Known, ...] = ()


@dataclass(frozen=True, slots=True)
class Initiative:
    """What a lead responded to.

    Attributes:
        origin: The fields that say how it arose: its type, campaign, source, channel, channel
            partner, and when it was created; those that are known.
        first: The first activity.
        last: The latest activity.
        again: The first activity since the lead came to an end last, if it ever did.
        activities: How many activities there are.
    """

    origin: tuple[Known, ...] = ()
    first: Activity | None = None
    last: Activity | None = None
    again: Activity | None = None
    activities: int = 0


@dataclass(frozen=True, slots=True)
class Received:
    """Something that was sent to them.

    Attributes:
        item: What it is.
        at: When it was sent, in UTC.
        channel: By which channel.
        request: The id of the activity that asked for it.
        by: Who sent it.
    """

    item: str
    at: datetime
    channel: str | None = None
    request: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that they asked for and have not been given all of.

    Attributes:
        response: The name of the response in the policy.
        activity: The id of the activity that asked.
        at: When they asked, in UTC.
        item: What they are to be sent.
        acknowledged: When they heard that they were heard.
        sent: When it was sent.
    """

    response: str
    activity: str
    at: datetime
    item: str | None = None
    acknowledged: datetime | None = None
    sent: datetime | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that somebody gave to a criterion.

    Attributes:
        answer: The answer.
        at: When it was given, in UTC.
        by: Who gave it.
        until: Until when it holds, or held; None for good.
        event: The id of the event.
    """

    answer: Answer
    at: datetime
    by: str | None = None
    until: datetime | None = None
    event: str | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion of the qualification, and how it is answered.

    Attributes:
        name: The criterion.
        answer: How it is answered.
        mandatory: Whether a lead has to meet it to be ready.
        said: The answer of a person that holds; None if what is known of the lead decides.
        lapsed: If no such answer holds, the latest that held once.
        reads: The fields that decide as long as nobody has answered.
        ask: The question.
    """

    name: str
    answer: Answer
    mandatory: bool = False
    said: Said | None = None
    lapsed: Said | None = None
    reads: tuple[Known, ...] = ()
    ask: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote down.

    Attributes:
        at: When, in UTC.
        kind: The kind of event that it is a note of, such as `update`.
        text: The note.
        about: What it is about: the stage that a move went to, the item that was completed, or
            the verdict of an approval.
        by: Who wrote it.
    """

    at: datetime
    kind: str
    text: str
    about: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """How an earlier try with the lead came out: it came to an end, or it was passed back.

    Attributes:
        outcome: `passed_back`, or the kind of the end: `won`, `lost`, `recycled` or
            `disqualified`.
        left: The stage that it left.
        to: The stage that it went to.
        since: When it arose, or came to an end before that, in UTC.
        at: When it came there.
        first: The first activity in that time: what they had responded to.
        activities: How many activities there were in that time.
        by: Who moved it.
        role: The role in which they did.
        reason: Why.
        note: What else was said.
        forced: Whether it was moved although something stood against it.
        brought_by: Who had moved it to the stage that it left: whose judgement it was.
    """

    outcome: Literal["passed_back", "won", "lost", "recycled", "disqualified"]
    left: str
    to: str
    since: datetime
    at: datetime
    first: Activity | None = None
    activities: int = 0
    by: str | None = None
    role: str | None = None
    reason: str | None = None
    note: str | None = None
    forced: bool = False
    brought_by: str | None = None


@dataclass(frozen=True, slots=True)
class Touch:
    """A call, a message or a meeting.

    Attributes:
        at: When, in UTC.
        channel: By which channel.
        direction: `outbound`, or `inbound` if it came from them.
        reached: Whether they were reached, or got in touch.
        automatic: Whether no person made it.
        outcome: What came of it.
        by: Who made it.
        role: The role in which they did.
        step: The step of a nurture plan that it was.
    """

    at: datetime
    channel: str
    direction: str
    reached: bool
    automatic: bool = False
    outcome: str | None = None
    by: str | None = None
    role: str | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is missing for a good handoff.

    Attributes:
        kind: What it is, of a closed list.
        name: The field, or the criterion, that would fill it.
        what: What is missing, and what for, in words.
    """

    kind: GapKind
    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.what} [{self.kind} {self.name}]"
