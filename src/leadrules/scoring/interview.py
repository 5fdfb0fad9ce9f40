"""Qualification of one lead: how each criterion is answered, by people or by what is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from leadrules.conditions.compiler import Code
from leadrules.events import Event
from leadrules.scoring.points import Bounds, Scale, clamped
from leadrules.scoring.qualification import Answer, Qualification
from leadrules.values import Instant, Value
from leadrules.vocabulary import Vocabulary

__all__ = ["Interview", "Merit", "holds", "override_in"]


@dataclass(frozen=True, slots=True)
class Merit:
    """What the numbers of a qualification stand for at a moment, in millionths of a point.

    Attributes:
        points: The points of each criterion.
        part: The limits of their sum.
    """

    points: tuple[int, ...]
    part: Bounds

    @classmethod
    def of(cls, qualification: Qualification, scale: Scale) -> Merit:
        """Return the numbers of a qualification on a scale.

        Raises:
            NoValueYet: If a parameter has no value at that moment.
        """
        points = (scale.points(found.points) for found in qualification.criteria.values())
        return cls(tuple(points), scale.bounds(qualification))

    def total(self, answers: Iterable[Answer]) -> int:
        """Return what the criteria that are met come to."""
        met = sum(
            points for points, answer in zip(self.points, answers, strict=True) if answer == "met"
        )
        return clamped(met, self.part)


class Interview:
    """The criteria of a qualification, compiled.

    Args:
        qualification: The document.
        vocabulary: The names that its conditions use.
    """

    def __init__(self, qualification: Qualification, vocabulary: Vocabulary) -> None:
        self.names = tuple(qualification.criteria)
        self._expires = {
            name: criterion.expires for name, criterion in qualification.criteria.items()
        }
        self._ready = qualification.ready
        self._infer = _compiled(qualification, vocabulary)

    def given(self, events: Iterable[Event], at: int) -> Mapping[str, Event]:
        """Return for each criterion that somebody has answered the answer that holds.

        Args:
            events: What stands of a lead's events at the moment, by time and id.
            at: The moment, in microseconds.
        """
        return {
            name: event
            for name, event in self._said(events)
            if holds(event, at, self._expires[name])
        }

    def lapsed(self, events: Iterable[Event], at: int) -> Mapping[str, Event]:
        """Return for each criterion the latest answer that held once and does no longer.

        Args:
            events: What stands of a lead's events at the moment, by time and id.
            at: The moment, in microseconds.
        """
        return {
            name: event
            for name, event in self._said(events)
            if not holds(event, at, self._expires[name])
        }

    def until(self, event: Event) -> Instant | None:
        """Return until when an answer to one of the criteria holds; None if for good."""
        until = event.record.get("answer.until")
        expires = self._expires[str(event["criterion"])]
        if until is None and expires is not None:
            return Instant(event.moment + expires)
        return until  # type: ignore[return-value]  # an instant, as its kind demands

    def _said(self, events: Iterable[Event]) -> Iterator[tuple[str, Event]]:
        """Yield the answers to the criteria, each with its criterion."""
        for event in events:
            if event.kind == "answer" and (name := event["criterion"]) in self._expires:
                yield name, event  # type: ignore[misc]  # a text, as its kind demands

    def answers(
        self,
        events: Iterable[Event],
        record: Mapping[str, Value],
        at: int,
        parameters: Mapping[str, Value],
    ) -> tuple[Answer, ...]:
        """Return the answer of each criterion: what people said, else what conditions say.

        Args:
            events: What stands of a lead's events at the moment, by time and id.
            record: The lead.
            at: The moment, in microseconds.
            parameters: The parameters in effect.

        Raises:
            EvaluationError: If a declared field holds another type.
        """
        inferred = self._infer(record, at, parameters)
        said = self.given(events, at)
        if not said:
            return inferred
        return tuple(
            said[name]["answer"] if name in said else answer  # type: ignore[misc]  # one of the three
            for name, answer in zip(self.names, inferred, strict=True)
        )

    def is_ready(self, answers: Sequence[Answer]) -> bool | None:
        """Return whether a lead is ready; None if the policy does not say what that takes."""
        if self._ready is None:
            return None
        met = {name for name, said in zip(self.names, answers, strict=True) if said == "met"}
        return len(met) >= self._ready.at_least and met.issuperset(self._ready.mandatory)


def holds(event: Event, at: int, expires: int | None = None) -> bool:
    """Return whether an answer or an override still holds at a moment after it was given."""
    until = event.record.get(f"{event.kind}.until")
    if until is None:
        return expires is None or at < event.moment + expires
    return at < until  # type: ignore[operator]  # an instant


def override_in(events: Iterable[Event], at: int, bands: Sequence[str]) -> Event | None:
    """Return the latest override that holds at a moment, of those to a band that there is.

    Args:
        events: What stands of a lead's events at the moment, by time and id.
        at: The moment, in microseconds.
        bands: The names of the bands.
    """
    found = None
    for event in events:
        if event.kind == "override" and event["band"] in bands and holds(event, at):
            found = event
    return found


def _compiled(
    qualification: Qualification, vocabulary: Vocabulary
) -> Callable[..., tuple[Answer, ...]]:
    """Return the function that gives what conditions say of each criterion."""
    code = Code(vocabulary)
    said = []
    for criterion in qualification.criteria.values():
        met = code.true(criterion.met) if criterion.met else "False"
        not_met = code.true(criterion.not_met) if criterion.not_met else "False"
        both = criterion.met and criterion.not_met
        unclear = f"{met} == {not_met}" if both else f"not ({met} or {not_met})"
        said.append(f"'unknown' if {unclear} else 'met' if {met} else 'not_met'")
    found: Callable[..., tuple[Answer, ...]] = code.function(
        [f"return ({''.join(f'{text}, ' for text in said)})"]
    )
    return found
