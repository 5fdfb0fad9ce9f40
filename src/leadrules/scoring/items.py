"""The items of an explanation: what adds up to a score, each with what was seen.

An item is a leaf, or its points are the sum of those of its parts; so the leaves of a score sum
exactly to it. Points are counted in whole millionths, as everywhere in scoring.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from leadrules.conditions.findings import Finding
from leadrules.conditions.tree import Condition
from leadrules.scoring.points import points_of
from leadrules.scoring.qualification import Answer
from leadrules.scoring.score import BandBy
from leadrules.values import Instant

__all__ = [
    "ActivityDetail",
    "AnswerDetail",
    "BandDetail",
    "Detail",
    "Item",
    "Kind",
    "LimitDetail",
    "PartDetail",
    "ReadyDetail",
    "RuleDetail",
    "TallyDetail",
]

Kind = Literal[
    "score",
    "fit",
    "engagement",
    "qualification",
    "group",
    "characteristic",
    "rule",
    "default",
    "activities",
    "activity",
    "points",
    "limit",
    "decay",
    "criterion",
    "floor",
    "cap",
    "rounding",
]
"""What an item is.

`score` is made of `fit`, `engagement` and `qualification`. A fit has characteristics, which have
rules and a default; an engagement has rules (`activities`) with each `activity`, which has its
points and what decay or a frequency limit takes away; a qualification has criteria. Groups stand
in parts; a `floor` or a `cap` is what a `min` or a `max` adds or takes away, and `rounding` what
makes the score whole.
"""


@dataclass(frozen=True, slots=True)
class RuleDetail:
    """A rule of a characteristic.

    Attributes:
        finding: What its condition came to; None if it was not asked.
        first: The rule that came first, if it was not asked.
        why: Why sales and marketing agreed on it.
    """

    finding: Finding | None
    first: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class TallyDetail:
    """A rule about activities.

    Attributes:
        activity: The type of activity.
        condition: What an activity must be like.
        counted: How many count.
        over: How many are over the limit.
        others: How many more there are of the type, which do not match.
        latest: If none matches, what the condition came to for the latest; None if there is none.
        limit: How many may count, as the document says it.
        decay: How points fade, as the document says it.
        why: Why sales and marketing agreed on it.
    """

    activity: str
    condition: Condition
    counted: int
    over: int
    others: int
    latest: Finding | None = None
    limit: str | None = None
    decay: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class ActivityDetail:
    """An activity that a rule matches; its name is the event's id.

    Attributes:
        time: When it happened.
        age: How long ago, in microseconds.
        counts: Whether it counts; else it is over the limit.
        finding: What was seen of it; None if every activity of the type matches.
    """

    time: Instant
    age: int
    counts: bool
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class AnswerDetail:
    """A criterion, how it is answered, and who or what says so.

    Attributes:
        answer: `met`, `not_met` or `unknown`.
        ask: The question.
        event: The id of the answer that somebody gave; None if nobody did.
        by: Who gave it.
        time: When it was given.
        until: Until when it holds; None for good.
        met: If nobody answered, what the condition `met` came to, if there is one.
        not_met: Likewise for `not_met`.
        before: If nobody answered, or not any more, the latest answer that held once.
    """

    answer: Answer
    ask: str | None = None
    event: str | None = None
    by: str | None = None
    time: Instant | None = None
    until: Instant | None = None
    met: Finding | None = None
    not_met: Finding | None = None
    before: AnswerDetail | None = None


@dataclass(frozen=True, slots=True)
class LimitDetail:
    """A limit of a sum.

    Attributes:
        bound: What the sum may be at least, or at most, in millionths of a point.
    """

    bound: int


@dataclass(frozen=True, slots=True)
class PartDetail:
    """An engagement as a whole.

    Attributes:
        lifetime: What it would be if nothing decayed, in millionths of a point.
    """

    lifetime: int


Detail = RuleDetail | TallyDetail | ActivityDetail | AnswerDetail | LimitDetail | PartDetail


@dataclass(frozen=True, slots=True)
class BandDetail:
    """A band, and what decided it; numbers are in millionths of a point.

    Attributes:
        name: The band.
        by: What decided it, as of `Score.band_by`.
        of: What bands are about: `total` or a part.
        points: What that comes to.
        by_points: The band that points alone give, given the band before.
        enter: What it takes to get into the band; None for the last.
        leave: What it takes to stay in it; None for the last.
        better: The next better band, if there is one.
        better_enter: What it takes to get into that.
        previous: The band before, if it was told.
        lacking: The fields that are missing for a better band, if the band is by `hold`.
        set_by: Who set it, if the band is by `override`.
        reason: Why they did.
        until: Until when; None for good.
    """

    name: str
    by: BandBy
    of: str
    points: int
    by_points: str
    enter: int | None = None
    leave: int | None = None
    better: str | None = None
    better_enter: int | None = None
    previous: str | None = None
    lacking: tuple[str, ...] = ()
    set_by: str | None = None
    reason: str | None = None
    until: Instant | None = None


@dataclass(frozen=True, slots=True)
class ReadyDetail:
    """Whether a lead is ready for sales, and what that takes.

    Attributes:
        ready: Whether it is.
        met: How many criteria are met.
        of: How many there are.
        at_least: How many must be met.
        unmet: The mandatory criteria that are not met, or unknown.
    """

    ready: bool
    met: int
    of: int
    at_least: int
    unmet: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """Something that adds to a score, takes from it, or might have done.

    Attributes:
        kind: What it is.
        name: What the policy calls it: a part, a group, a characteristic, the id of a rule, a
            criterion; the id of an event; else its kind.
        millionths: What it comes to, in millionths of a point: the sum of its parts, if it has
            any.
        parts: What it is made of.
        detail: What is known of it beside its points.
    """

    kind: Kind
    name: str
    millionths: int
    parts: tuple[Item, ...] = ()
    detail: Detail | None = None

    @property
    def points(self) -> Decimal:
        """What it comes to, in points, exactly."""
        return points_of(self.millionths)

    def walk(self) -> Iterator[Item]:
        """Yield the item and all that it is made of, outermost first."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def leaves(self) -> Iterator[Item]:
        """Yield what it is made of in the end; the points of leaves sum to those of the item."""
        return (item for item in self.walk() if not item.parts)
