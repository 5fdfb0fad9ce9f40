"""Engagement of one lead: which activities a rule counts, and what each is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from leadrules.conditions.compiler import Code
from leadrules.errors import EvaluationError
from leadrules.events import Event
from leadrules.scoring.decay import whole
from leadrules.scoring.engagement import ActivityRule, Engagement, Limit
from leadrules.scoring.points import Bounds, Scale, clamped
from leadrules.values import Value
from leadrules.vocabulary import Vocabulary
from leadrules.zones import Zone, month_of, week_of

__all__ = ["Tally", "Worth", "latest", "periods"]


@dataclass(frozen=True, slots=True)
class Worth:
    """What the numbers of an engagement stand for at a moment, in millionths of a point.

    Attributes:
        points: The points of each rule.
        bounds: The limits of each rule.
        groups: The rules of each group by their place, with the limits of their sum.
        alone: The rules that are in no group, by their place.
        part: The limits of the engagement as a whole.
    """

    points: tuple[int, ...]
    bounds: tuple[Bounds, ...]
    groups: tuple[tuple[tuple[int, ...], Bounds], ...]
    alone: tuple[int, ...]
    part: Bounds

    @classmethod
    def of(cls, engagement: Engagement, scale: Scale) -> Worth:
        """Return the numbers of an engagement on a scale.

        Raises:
            NoValueYet: If a parameter has no value at that moment.
        """
        places = {name: index for index, name in enumerate(engagement.rules)}
        groups = tuple(
            (tuple(places[name] for name in group.of), scale.bounds(group))
            for group in engagement.groups.values()
        )
        grouped = {index for members, _ in groups for index in members}
        return cls(
            tuple(scale.points(rule.points) for rule in engagement.rules.values()),
            tuple(scale.bounds(rule) for rule in engagement.rules.values()),
            groups,
            tuple(index for index in places.values() if index not in grouped),
            scale.bounds(engagement),
        )

    def total(self, sums: Sequence[int]) -> int:
        """Return what the sums of the rules, each within its limits, come to."""
        found = sum(sums[index] for index in self.alone)
        for members, bounds in self.groups:
            found += clamped(sum(sums[index] for index in members), bounds)
        return clamped(found, self.part)


class Tally:
    """The rules about activities, compiled: for each activity, which of them match.

    Args:
        engagement: The document.
        vocabulary: The activities that it is about.
    """

    def __init__(self, engagement: Engagement, vocabulary: Vocabulary) -> None:
        self.rules: Sequence[tuple[str, ActivityRule]] = tuple(engagement.rules.items())
        self._matching = _compiled(engagement, vocabulary)
        self._period = periods(engagement, vocabulary.zone)

    def matches(
        self, events: Iterable[Event], at: int, parameters: Mapping[str, Value]
    ) -> list[list[Event]]:
        """Return for each rule the activities that it matches, in the order that they come in.

        Args:
            events: What stands of a lead's events at the moment.
            at: The moment, in microseconds.
            parameters: The parameters in effect.

        Raises:
            EvaluationError: If a declared property holds another type.
        """
        found: list[list[Event]] = [[] for _ in self.rules]
        for event in events:
            matching = self._matching.get(event.type)
            if matching is None:
                continue
            try:
                for index in matching(event.record, at, parameters):
                    found[index].append(event)
            except EvaluationError as error:
                message = f"event '{event.id}': {error}"
                raise EvaluationError(message, field=error.field, lead_id=event.lead_id) from None
        return found

    def kept(self, index: int, events: Sequence[Event]) -> Sequence[Event]:
        """Return the activities that the limit of a rule lets count; of too many, the latest.

        Args:
            index: The rule.
            events: The activities that it matches, by time and id.
        """
        limit = self.rules[index][1].limit
        return events if limit is None else latest(events, limit, self._period.get(limit.per))

    def engaged(
        self, events: Iterable[Event], at: int, parameters: Mapping[str, Value], *, worth: Worth
    ) -> tuple[int, int, list[str]]:
        """Return what activities are worth at a moment, in millionths of a point.

        Args:
            events: What stands of a lead's events at the moment, by time and id.
            at: The moment, in microseconds.
            parameters: The parameters in effect.
            worth: The numbers in effect.

        Returns:
            The engagement, what it would be if nothing decayed, and the ids of the rules that
            counted an activity.

        Raises:
            EvaluationError: If a declared property holds another type.
        """
        decayed: list[int] = []
        lifetime: list[int] = []
        fired: list[str] = []
        for index, matched in enumerate(self.matches(events, at, parameters)):
            name, rule = self.rules[index]
            points, bounds = worth.points[index], worth.bounds[index]
            sums = plain = 0
            if matched:
                counted = self.kept(index, matched)
                fired.append(name)
                sums = plain = points * len(counted)
                if rule.decay.kind != "none":
                    factor = rule.decay.factor
                    sums = sum(whole(points, factor(at - event.moment)) for event in counted)
            decayed.append(clamped(sums, bounds))
            lifetime.append(clamped(plain, bounds))
        return worth.total(decayed), worth.total(lifetime), fired


def periods(engagement: Engagement, zone: str) -> Mapping[str, Callable[[int], int]]:
    """Return for each kind of period that limits use the function from an instant to its number."""
    used = {rule.limit.per for rule in engagement.rules.values() if rule.limit} - {"ever"}
    if not used:
        return {}
    day = Zone.named(zone).day
    every: Mapping[str, Callable[[int], int]] = {
        "day": day,
        "week": lambda instant: week_of(day(instant)),
        "month": lambda instant: month_of(day(instant)),
    }
    return {name: every[name] for name in used}


def latest(
    events: Sequence[Event], limit: Limit, period: Callable[[int], int] | None
) -> Sequence[Event]:
    """Return the latest events of each period, as many as a limit lets count, in their order.

    Args:
        events: The events by time and id.
        limit: How many count in a period.
        period: The number of the period that an instant is in; None if there is but one.
    """
    if period is None:
        return events[-limit.count :]
    left: dict[int, int] = {}
    found = []
    for event in reversed(events):
        number = period(event.moment)
        taken = left.get(number, 0)
        if taken < limit.count:
            left[number] = taken + 1
            found.append(event)
    return found[::-1]


def _compiled(
    engagement: Engagement, vocabulary: Vocabulary
) -> Mapping[str | None, Callable[..., Sequence[int]]]:
    """Return for each type of activity the function that gives the rules that match one."""
    by_type: dict[str, list[int]] = {}
    for index, rule in enumerate(engagement.rules.values()):
        by_type.setdefault(rule.activity, []).append(index)
    rules = tuple(engagement.rules.values())
    found: dict[str | None, Callable[..., Sequence[int]]] = {}
    for activity, indices in by_type.items():
        code = Code(vocabulary.of_activity(activity))
        tests = [
            f"if {code.true(rules[index].when)}: found.append({code.constant(index)})"
            for index in indices
        ]
        found[activity] = code.function(["found = []", *tests, "return found"])
    return found
