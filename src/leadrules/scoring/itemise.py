"""Takes a score apart: from a lead and what happened to it to the items that sum to its score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from leadrules.conditions.findings import Finding, find
from leadrules.conditions.tree import Always, Condition
from leadrules.events import Event
from leadrules.scoring.bands import Part, level_index
from leadrules.scoring.decay import whole
from leadrules.scoring.document import Scoring
from leadrules.scoring.effect import Effect
from leadrules.scoring.engagement import ActivityRule
from leadrules.scoring.interview import Interview, override_in
from leadrules.scoring.items import (
    ActivityDetail,
    AnswerDetail,
    BandDetail,
    Detail,
    Item,
    Kind,
    LimitDetail,
    PartDetail,
    ReadyDetail,
    RuleDetail,
    TallyDetail,
)
from leadrules.scoring.points import Bounds, Group, Scale, clamped, step_of, steps_in
from leadrules.scoring.qualification import Answer
from leadrules.scoring.score import Score
from leadrules.scoring.scorecard import Characteristic
from leadrules.scoring.tally import Tally
from leadrules.values import Value
from leadrules.vocabulary import Vocabulary

__all__ = ["Case", "itemised", "placed", "readied"]


@dataclass(frozen=True, slots=True)
class Case:
    """A lead at a moment, and the policy that it is scored by.

    Attributes:
        scoring: The document.
        vocabulary: The names that its conditions use.
        record: The known fields that the policy reads, of their declared types.
        stood: What happened to the lead and stands, by time and id.
        moment: The moment, in microseconds.
        effect: The numbers in effect.
        tally: The engagement compiled, if there is one.
        interview: The qualification compiled, if there is one.
        redact: Whether values that tell who a person is are hidden.
    """

    scoring: Scoring
    vocabulary: Vocabulary
    record: Mapping[str, Value]
    stood: Sequence[Event]
    moment: int
    effect: Effect
    tally: Tally | None = None
    interview: Interview | None = None
    redact: bool = False
    hidden: AbstractSet[str] = field(init=False)

    def __post_init__(self) -> None:
        hidden = _personal(self.vocabulary) if self.redact else frozenset()
        object.__setattr__(self, "hidden", hidden)

    @property
    def scale(self) -> Scale:
        """The points that numbers stand for at the moment."""
        return Scale(self.vocabulary, self.moment)

    def found(self, condition: Condition) -> Finding:
        """Return what a condition on the lead comes to."""
        return find(
            condition,
            self.record,
            at=self.moment,
            parameters=self.effect.parameters,
            hidden=self.hidden,
        )


def _personal(vocabulary: Vocabulary) -> frozenset[str]:
    return frozenset(name for name, found in vocabulary.fields.items() if found.personal)


def itemised(case: Case) -> tuple[Item, tuple[Item, ...]]:
    """Return the score of a lead as an item, and the parts that are not added to it."""
    made = {"fit": _fit, "engagement": _engagement, "qualification": _qualification}
    parts: dict[Part, Item] = {name: made[name](case) for name in case.scoring.parts}
    added = [parts[name] for name in parts if name in case.scoring.added]
    beside = tuple(parts[name] for name in parts if name not in case.scoring.added)
    total = case.scoring.total
    summed = _summed("score", "score", added, case.scale.bounds(total))
    step = step_of(total.decimals)
    shown = steps_in(summed.millionths, step) * step
    if shown == summed.millionths:
        return summed, beside
    rounding = Item("rounding", "rounding", shown - summed.millionths)
    return Item("score", "score", shown, (*summed.parts, rounding)), beside


def _summed(
    kind: Kind, name: str, parts: Iterable[Item], bounds: Bounds, detail: Detail | None = None
) -> Item:
    """Return the sum of items within bounds; what a bound adds or takes away is an item, too."""
    items = list(parts)
    points = sum(item.millionths for item in items)
    least, most = bounds
    if least is not None and points < least:
        items.append(Item("floor", "min", least - points, detail=LimitDetail(least)))
        points = least
    if most is not None and points > most:
        items.append(Item("cap", "max", most - points, detail=LimitDetail(most)))
        points = most
    return Item(kind, name, points, tuple(items), detail)


def _grouped(
    members: Mapping[str, Item], groups: Mapping[str, Group], scale: Scale
) -> Iterable[Item]:
    """Yield the groups of a part with their members, then the members that are in none."""
    left = dict(members)
    for name, group in groups.items():
        yield _summed("group", name, [left.pop(member) for member in group.of], scale.bounds(group))
    yield from left.values()


# --- fit


def _fit(case: Case) -> Item:
    fit = case.scoring.fit
    assert fit is not None  # noqa: S101 - the caller looked
    members = {
        name: _characteristic(name, characteristic, case)
        for name, characteristic in fit.characteristics.items()
    }
    parts = _grouped(members, fit.groups, case.scale)
    return _summed("fit", "fit", parts, case.scale.bounds(fit))


def _characteristic(name: str, characteristic: Characteristic, case: Case) -> Item:
    first: str | None = None
    parts = []
    points = 0
    for number, rule in enumerate(characteristic.rules, start=1):
        rule_id = rule.id or f"{name}.{number}"
        if first is not None:
            parts.append(Item("rule", rule_id, 0, detail=RuleDetail(None, first, rule.why)))
            continue
        finding = case.found(rule.when)
        if finding.verdict:
            first, points = rule_id, case.scale.points(rule.points)
        given = points if finding.verdict else 0
        parts.append(Item("rule", rule_id, given, detail=RuleDetail(finding, why=rule.why)))
    if first is None:
        points = case.scale.points(characteristic.default)
        parts.append(Item("default", "default", points))
    return Item("characteristic", name, points, tuple(parts))


# --- engagement


def _engagement(case: Case) -> Item:
    engagement, tally, worth = case.scoring.engagement, case.tally, case.effect.worth
    assert engagement is not None  # noqa: S101 - the caller looked
    assert tally is not None  # noqa: S101 - as there is an engagement
    assert worth is not None  # noqa: S101 - or the score could not have been made
    matches = tally.matches(case.stood, case.moment, case.effect.parameters)
    types = Counter(event.type for event in case.stood if event.type is not None)
    members: dict[str, Item] = {}
    undecayed = []
    for index, (name, rule) in enumerate(tally.rules):
        kept = tally.kept(index, matches[index])
        undecayed.append(clamped(worth.points[index] * len(kept), worth.bounds[index]))
        members[name] = _tallied(
            name,
            _Matched(rule, matches[index], {event.id for event in kept}, types[rule.activity]),
            worth.points[index],
            worth.bounds[index],
            case,
        )
    parts = _grouped(members, engagement.groups, case.scale)
    detail = PartDetail(worth.total(undecayed))
    return _summed("engagement", "engagement", parts, worth.part, detail)


@dataclass(frozen=True, slots=True)
class _Matched:
    """A rule about activities with those that it matches, those that count, and all of its type."""

    rule: ActivityRule
    events: Sequence[Event]
    kept: AbstractSet[str]
    of_type: int


def _tallied(name: str, matched: _Matched, points: int, bounds: Bounds, case: Case) -> Item:
    rule, events, kept = matched.rule, matched.events, matched.kept
    words = case.vocabulary.of_activity(rule.activity) if case.redact else None
    hidden = _personal(words) if words else frozenset()
    decays = rule.decay.kind != "none"
    parts = []
    for event in reversed(events):
        age = case.moment - event.moment
        worth = whole(points, rule.decay.factor(age)) if decays else points
        finding = None if isinstance(rule.when, Always) else _seen(rule, event, case, hidden)
        detail = ActivityDetail(event.moment, age, event.id in kept, finding)
        parts.append(_activity(event.id, points, worth, detail))
    latest = None
    if not events and matched.of_type:
        last = next(event for event in reversed(case.stood) if event.type == rule.activity)
        latest = _seen(rule, last, case, hidden)
    detail_of_rule = TallyDetail(
        rule.activity,
        rule.when,
        len(kept),
        len(events) - len(kept),
        matched.of_type - len(events),
        latest,
        None if rule.limit is None else str(rule.limit),
        str(rule.decay) if decays else None,
        rule.why,
    )
    return _summed("activities", name, parts, bounds, detail_of_rule)


def _activity(event_id: str, points: int, worth: int, detail: ActivityDetail) -> Item:
    """Return what an activity comes to, with what a limit or decay takes away, if anything."""
    net = worth if detail.counts else 0
    if net == points:
        return Item("activity", event_id, net, detail=detail)
    loss: Kind = "decay" if detail.counts else "limit"
    parts = (Item("points", "points", points), Item(loss, loss, net - points))
    return Item("activity", event_id, net, parts, detail)


def _seen(rule: ActivityRule, event: Event, case: Case, hidden: AbstractSet[str]) -> Finding:
    return find(
        rule.when,
        event.record,
        at=case.moment,
        parameters=case.effect.parameters,
        hidden=hidden,
    )


# --- qualification


def _qualification(case: Case) -> Item:
    qualification, interview, merit = case.scoring.qualification, case.interview, case.effect.merit
    assert qualification is not None  # noqa: S101 - the caller looked
    assert interview is not None  # noqa: S101 - as there is a qualification
    assert merit is not None  # noqa: S101 - or the score could not have been made
    answers = interview.answers(case.stood, case.record, case.moment, case.effect.parameters)
    given = interview.given(case.stood, case.moment)
    lapsed = interview.lapsed(case.stood, case.moment)
    parts = []
    criteria = qualification.criteria.items()
    for (name, criterion), answer, points in zip(criteria, answers, merit.points, strict=True):
        event = given.get(name)
        if event is None:
            met = case.found(criterion.met) if criterion.met else None
            not_met = case.found(criterion.not_met) if criterion.not_met else None
            before = _said(lapsed[name], interview) if name in lapsed else None
            detail = AnswerDetail(answer, criterion.ask, met=met, not_met=not_met, before=before)
        else:
            detail = replace(_said(event, interview), ask=criterion.ask)
        worth = points if answer == "met" else 0
        parts.append(Item("criterion", name, worth, detail=detail))
    return _summed("qualification", "qualification", parts, merit.part)


def _said(event: Event, interview: Interview) -> AnswerDetail:
    """Return an answer that somebody gave."""
    said: Answer = event["answer"]  # type: ignore[assignment]  # one of the three
    by, until = _text(event, "by"), interview.until(event)
    return AnswerDetail(said, event=event.id, by=by, time=event.moment, until=until)


def _text(event: Event, name: str) -> str | None:
    found = event[name]
    return None if found is None else str(found)


# --- what the score means


def placed(
    score: Score, items: Mapping[str, Item], case: Case, previous: str | None
) -> BandDetail | None:
    """Return the band of a score with what decided it; None if the policy has no bands.

    Args:
        score: The score.
        items: The score and its parts as items, by kind.
        case: The lead.
        previous: The band before, if it was told.
    """
    ladder = case.effect.ladder
    if ladder is None or score.band is None or score.band_by is None:
        return None
    points = items["score" if ladder.of == "total" else ladder.of].millionths
    before = None if previous is None else ladder.names.index(previous)
    place = ladder.names.index(score.band)
    override = override_in(case.stood, case.moment, ladder.names)
    until = None if override is None else override.record.get("override.until")
    return BandDetail(
        score.band,
        score.band_by,
        ladder.of,
        points,
        ladder.names[level_index(points, before, ladder.enter, ladder.leave)],
        ladder.enter[place] if place < len(ladder.enter) else None,
        ladder.leave[place] if place < len(ladder.leave) else None,
        ladder.names[place - 1] if place else None,
        ladder.enter[place - 1] if place else None,
        previous,
        score.lacking,
        None if override is None else _text(override, "by"),
        None if override is None else _text(override, "reason"),
        until,  # type: ignore[arg-type]  # an instant, as its kind demands
    )


def readied(score: Score, case: Case) -> ReadyDetail | None:
    """Return whether a lead is ready and what that takes; None if the policy does not say."""
    qualification = case.scoring.qualification
    if qualification is None or qualification.ready is None or score.ready is None:
        return None
    met = {name for name, answer in score.answers if answer == "met"}
    unmet = tuple(name for name in qualification.ready.mandatory if name not in met)
    at_least = qualification.ready.at_least
    return ReadyDetail(score.ready, len(met), len(score.answers), at_least, unmet)
