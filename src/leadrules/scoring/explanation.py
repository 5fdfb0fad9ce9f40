"""Why a score is what it is: items that sum to it, as text, as HTML and as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from leadrules.conditions.findings import Finding, as_data
from leadrules.conditions.format import format_condition
from leadrules.conditions.tree import AllOf, Always, AnyOf, AtLeast, Comparison, Not
from leadrules.scoring.items import (
    AnswerDetail,
    BandDetail,
    Detail,
    Item,
    ReadyDetail,
    RuleDetail,
    TallyDetail,
)
from leadrules.scoring.layout import html_of, text_of
from leadrules.scoring.points import points_of
from leadrules.scoring.score import Score
from leadrules.scoring.wording import Wording, signed
from leadrules.sections import plain
from leadrules.values import Cash, instant_of, instant_text

__all__ = ["Explanation", "Reason"]

MOST = 4
"""So many reason codes are told, as lenders do, unless more are asked for."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code: a rule that gave or cost points.

    Attributes:
        id: The id of the rule; `qualification.` and the criterion; or the characteristic and
            `.default`, where no rule was true and the default is not nothing.
        points: What it gave, or cost if negative: after the rule's own limits, decay and how
            often it may count, before the limits of groups, of parts and of the total.
        why: Why sales and marketing agreed on it.
    """

    id: str
    points: Decimal
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A score taken apart, down to what was seen.

    It prints as text, shows itself in a notebook, and gives data by `to_dict`.

    Attributes:
        score: The score, as `Scorer.score` gives it.
        tree: The visible score as an item. Its leaves (points, defaults, what frequency limits
            and decay take away, floors, caps, rounding) sum exactly to it, and the points of any
            item are the sum of its parts'.
        beside: The parts that the total does not add, as items.
        band: What decided the band; None if the policy has no bands.
        ready: What readiness takes; None if the policy does not say.
        zone: The IANA time zone in which times are told.
    """

    score: Score
    tree: Item
    beside: tuple[Item, ...] = ()
    band: BandDetail | None = None
    ready: ReadyDetail | None = None
    zone: str = "UTC"

    def __str__(self) -> str:
        return self.text()

    def item(self, name: str) -> Item | None:
        """Return the item of a name, such as the id of a rule; of several, the outermost."""
        every = (found for part in (self.tree, *self.beside) for found in part.walk())
        return next((found for found in every if found.name == name), None)

    def reasons(self, *, most: int = MOST) -> tuple[Reason, ...]:
        """Return the reason codes: the rules that gave most and those that cost most.

        A scorecard of PMML ranks its reason codes by how far the partial score of each
        characteristic is from a baseline. Here there is no baseline: a rule ranks by the points
        that it gave or took away, whatever others could have come to.

        Args:
            most: How many at most.

        Returns:
            The largest first, whether they gave or cost; equal ones by their ids. Rules that
            came to nothing are no reasons, nor are those of parts that the total does not add.
        """
        return tuple(
            Reason(name, points_of(points), why) for name, points, why in self._ranked()[:most]
        )

    def _ranked(self) -> list[tuple[str, int, str | None]]:
        return sorted(_reasons(self.tree), key=lambda reason: (-abs(reason[1]), reason[0]))

    def text(self, *, width: int = 80, brief: bool = False) -> str:
        """Return the explanation as text.

        Args:
            width: The most characters of a line.
            brief: Whether to leave out what came to nothing, single activities, and what was
                seen.
        """
        return text_of(self._head(), self.tree, self.beside, self._words, width=width, brief=brief)

    def _repr_html_(self) -> str:
        return html_of(self._head(), self.tree, self.beside, self._words)

    @property
    def _words(self) -> Wording:
        return Wording(self.zone)

    def _head(self) -> Iterator[str]:
        score, words = self.score, self._words
        at = words.time(instant_of(score.at))
        yield f"lead {score.lead_id}, as of {at} {self.zone}"
        band = f": {words.band(self.band)}" if self.band else ""
        yield f"score {plain(self.tree.points)}{band}"
        if self.ready:
            yield words.ready(self.ready)
        grades = [("fit", score.fit_letter), ("engagement", score.engagement_digit)]
        named = [f"{part} {grade}" for part, grade in grades if grade is not None]
        if named:
            yield ", ".join(named)
        reasons = [f"{signed(points)} {name}" for name, points, _ in self._ranked()[:MOST]]
        if reasons:
            yield f"most: {', '.join(reasons)}"

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as data that JSON can hold, under keys that stay.

        Points are numbers, moments texts in UTC, an `age` is in seconds, money and durations are
        texts, conditions are as people write them. Every item has `kind`, `name`, `points` and
        `parts`; what else it has depends on its kind.
        """
        score = self.score
        return {
            "lead_id": score.lead_id,
            "at": instant_text(instant_of(score.at)),
            "score": plain(self.tree.points),
            "band": None if self.band is None else _of_detail(self.band),
            "ready": None if self.ready is None else _of_detail(self.ready),
            "fit_letter": score.fit_letter,
            "engagement_digit": score.engagement_digit,
            "reasons": [
                {"id": reason.id, "points": plain(reason.points), "why": reason.why}
                for reason in self.reasons()
            ],
            "tree": _of_item(self.tree),
            "beside": [_of_item(item) for item in self.beside],
            "policy": score.policy,
        }


def _reasons(tree: Item) -> Iterator[tuple[str, int, str | None]]:
    """Yield what gave or cost points, with the points in millionths."""
    for item in tree.walk():
        if item.kind == "characteristic":
            yield from (
                (f"{item.name}.default", part.millionths, None)
                for part in item.parts
                if part.kind == "default" and part.millionths
            )
        elif item.millionths:
            match item.detail:
                case RuleDetail(why=why) | TallyDetail(why=why):
                    yield item.name, item.millionths, why
                case _ if item.kind == "criterion":
                    yield f"qualification.{item.name}", item.millionths, None


_MILLIONTHS = {"better_enter", "bound", "enter", "leave", "lifetime", "points"}
"""The attributes of details that are points."""


def _of_item(item: Item) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "name": item.name,
        "points": plain(item.points),
        **({} if item.detail is None else _of_detail(item.detail)),
        "parts": [_of_item(part) for part in item.parts],
    }


def _of_detail(detail: Detail | BandDetail | ReadyDetail) -> dict[str, Any]:
    found = {}
    for field in fields(detail):
        value = getattr(detail, field.name)
        if field.name in _MILLIONTHS and value is not None:
            value = plain(points_of(value))
        elif field.name == "age":
            value = value / 1_000_000
        found[field.name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    match value:
        case AnswerDetail():
            return _of_detail(value)
        case Finding():
            return value.to_dict()
        case Always() | AllOf() | AnyOf() | Not() | AtLeast() | Comparison():
            return format_condition(value)
        case tuple() if not isinstance(value, Cash):
            return [_plain(part) for part in value]
    return as_data(value)
