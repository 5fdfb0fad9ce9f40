"""The laws of scoring for one lead, each told in words if a scorer breaks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import NoReturn

from leadrules.conditions.reference import evaluate
from leadrules.conditions.tree import Comparison, DaysSince, terms_of, walk
from leadrules.events import Event, standing
from leadrules.scoring.effect import Effect, Ladder
from leadrules.scoring.engagement import ActivityRule
from leadrules.scoring.explanation import Explanation
from leadrules.scoring.items import Kind
from leadrules.scoring.points import Bounds, Limits, Scale, points_text, step_of, steps_in
from leadrules.scoring.score import Score
from leadrules.sections import millionths, plain
from leadrules.testing.history import History, ScoresLeads
from leadrules.values import moment_of

__all__ = [
    "Violation",
    "bands_do_not_flap",
    "broken",
    "caps_hold",
    "decay_never_raises",
    "explanations_add_up",
    "order_does_not_matter",
    "positive_activities_never_lower",
]


class Violation(AssertionError):  # noqa: N818 - it says what was violated, as an assertion does
    """Tell that a law of scoring is broken, and by which lead, events and moment."""


def broken(law: str, wrong: str, history: History) -> NoReturn:
    """Raise a violation.

    Raises:
        Violation: Always.
    """
    raise Violation(f"{law}, but {wrong}\n{history}")


def order_does_not_matter(scorer: ScoresLeads, history: History) -> None:
    """Events count the same in any order, and once however often they come.

    Raises:
        Violation: If they do not.
    """
    expected = history.score(scorer)
    given = history.events
    for told, events in (
        ("the other way round", given[::-1]),
        ("twice", (*given, *given)),
        ("by their ids", tuple(sorted(given, key=lambda event: event.id))),
    ):
        found = replace(history, events=events).score(scorer)
        if found != expected:
            wrong = f"given {told} they make {_difference(expected, found)}"
            broken("events count the same in any order, and once", wrong, history)


def caps_hold(scorer: ScoresLeads, history: History) -> None:
    """The score, its parts, and in its explanation every group and rule are within their limits.

    Raises:
        Violation: If one is not.
    """
    score = history.score(scorer)
    scale = Scale(scorer.vocabulary, moment_of(history.at))
    step = step_of(scorer.scoring.total.decimals)
    for name, limits in _limited(scorer):
        bounds = scale.bounds(limits)
        if name == "score":
            bounds = _rounded(bounds, step)
        for measure in ("engagement", "lifetime") if name == "engagement" else (name,):
            points = millionths(Decimal(repr(getattr(score, measure))))
            _check_bounds(f"the {measure}", points, bounds, history)
    inner = _limited_inside(scorer)
    if inner:
        found = _items(_explained(scorer, history))
        for place, limits in inner.items():
            _, kind, name = place
            what = f"{'group' if kind == 'group' else 'rule'} '{name}'"
            if place not in found:
                wrong = f"{what} is not in the explanation"
                broken("scores are within their limits", wrong, history)
            _check_bounds(what, found[place], scale.bounds(limits), history)


def _check_bounds(what: str, points: int, bounds: Bounds, history: History) -> None:
    least, most = bounds
    if most is not None and points > most:
        wrong = f"{what} is {points_text(points)}, above {points_text(most)}"
    elif least is not None and points < least and (most is None or points < most):
        wrong = f"{what} is {points_text(points)}, below {points_text(least)}"
    else:
        return
    broken("scores are within their limits", wrong, history)


def _limited(scorer: ScoresLeads) -> Iterator[tuple[str, Limits]]:
    yield "score", scorer.scoring.total
    for part in scorer.scoring.parts:
        yield part, getattr(scorer.scoring, part)


_Place = tuple[str, Kind, str]
"""A part, and the kind and the name of an item in it."""


def _limited_inside(scorer: ScoresLeads) -> Mapping[_Place, Limits]:
    """Return the limits of groups and rules."""
    fit, engagement = scorer.scoring.fit, scorer.scoring.engagement
    found: dict[_Place, Limits] = {}
    for part, section in (("fit", fit), ("engagement", engagement)):
        for name, group in section.groups.items() if section else ():
            found[part, "group", name] = group
    for name, rule in engagement.rules.items() if engagement else ():
        found["engagement", "activities", name] = rule
    return found


def _items(found: Explanation) -> Mapping[_Place, int]:
    """Return what the items of each part come to, in millionths of a point."""
    return {
        (part.kind, item.kind, item.name): item.millionths
        for part in (*found.tree.parts, *found.beside)
        for item in part.walk()
    }


def _explained(scorer: ScoresLeads, history: History) -> Explanation:
    found: Explanation = scorer.explain(  # type: ignore[attr-defined]  # a scorer that explains
        history.lead, events=history.events, at=history.at, previous=history.previous
    )
    return found


def _rounded(bounds: Bounds, step: int) -> Bounds:
    least, most = (None if x is None else steps_in(x, step) * step for x in bounds)
    return least, most


def positive_activities_never_lower(scorer: ScoresLeads, history: History) -> None:
    """An activity that no rule takes points for never lowers the engagement or the score.

    Raises:
        Violation: If one does.
    """
    expected = history.score(scorer)
    for event in _happened(history):
        if event.kind != "activity" or _costs(scorer, history, event):
            continue
        others = tuple(other for other in history.events if other.id != event.id)
        without = replace(history, events=others).score(scorer)
        for measure in ("score", "engagement", "lifetime"):
            before, after = getattr(without, measure), getattr(expected, measure)
            if before is not None and after < before:
                wrong = f"'{event.id}' lowers the {measure} from {_said(before)} to {_said(after)}"
                broken("an activity that costs no points never lowers", wrong, history)


def _happened(history: History) -> Sequence[Event]:
    at = moment_of(history.at)
    return standing(history.events, lead_id=history.lead.id, at=at)


def _rules(scorer: ScoresLeads) -> Sequence[ActivityRule]:
    engagement = scorer.scoring.engagement
    return tuple(engagement.rules.values()) if engagement else ()


def _costs(scorer: ScoresLeads, history: History, event: Event) -> bool:
    """Return whether a rule takes points for an activity."""
    at = moment_of(history.at)
    scale = Scale(scorer.vocabulary, at)
    parameters = scorer.vocabulary.parameters_at(at)
    return any(
        rule.activity == event.type
        and scale.points(rule.points) < 0
        and evaluate(rule.when, event.record, at=at, parameters=parameters)
        for rule in _rules(scorer)
    )


def decay_never_raises(scorer: ScoresLeads, history: History) -> None:
    """What activities are worth never rises as time goes by, if they cost nothing.

    It is at most what it would be if nothing faded; and without new events it is at most what it
    was before, as long as no condition on activities reads the moment and no parameter changes.

    Raises:
        Violation: If it does.
    """
    if scorer.scoring.engagement is None:
        return
    law = "points only fade"
    gains = {x.id for x in _happened(history) if not _costs(scorer, history, x)}
    before = replace(history, events=tuple(x for x in history.events if x.id in gains))
    score = before.score(scorer)
    engagement, lifetime = score.engagement or 0, score.lifetime or 0
    if engagement > lifetime:
        wrong = f"the engagement is {_said(engagement)}, and {_said(lifetime)} if nothing faded"
        broken(law, wrong, before)
    if any(_reads_the_moment(rule) for rule in _rules(scorer)):
        return
    for later in _later(scorer, before):
        found = later.score(scorer).engagement or 0
        if found > engagement:
            moment = later.at.isoformat()
            wrong = f"the engagement is {_said(engagement)}, and {_said(found)} at {moment}"
            broken(law, wrong, before)


def _reads_the_moment(rule: ActivityRule) -> bool:
    ages = any(
        isinstance(part, Comparison) and part.op in {"within", "older_than"}
        for _, part in walk(rule.when)
    )
    return ages or any(isinstance(term, DaysSince) for term in terms_of(rule.when))


def _later(scorer: ScoresLeads, history: History) -> Iterator[History]:
    """Yield a history as of later moments, up to where a parameter changes."""
    at = moment_of(history.at)
    ahead = [epoch for epoch in scorer.vocabulary.epochs if epoch > at]
    spans = {rule.decay.over or 0 for rule in _rules(scorer)} | {1, 86_400_000_000}
    for span in sorted(spans):
        if not ahead or at + span < ahead[0]:
            yield replace(history, at=history.at + timedelta(microseconds=span))


def bands_do_not_flap(scorer: ScoresLeads, history: History) -> None:
    """Between leaving and entering a band, a lead stays where it was before.

    Raises:
        Violation: If it does not.
    """
    bands = scorer.scoring.bands
    if bands is None:
        return
    effect = Effect.at(scorer.scoring, scorer.vocabulary, moment_of(history.at))
    ladder = effect.ladder
    if ladder is None:
        return
    for place, before in enumerate((*ladder.names, None)):
        own = replace(history, previous=before)
        score = own.score(scorer)
        if score.band_by in {"override", "hold"}:
            continue
        again = replace(history, previous=score.band).score(scorer)
        if again.band != score.band:
            wrong = f"what is '{score.band}' after '{before}' is then '{again.band}'"
            broken("a band that is reached is kept", wrong, own)
        _check_gaps(score, ladder, place, own)


def _check_gaps(score: Score, ladder: Ladder, place: int, history: History) -> None:
    measured = score.score if ladder.of == "total" else getattr(score, ladder.of)
    points = millionths(Decimal(repr(measured)))
    found = ladder.names.index(str(score.band))
    for index, (enter, leave) in enumerate(zip(ladder.enter, ladder.leave, strict=True)):
        if not leave <= points < enter:
            continue
        was_in = place <= index
        if was_in != (found <= index):
            gap = f"{points_text(points)} is between {points_text(leave)} and {points_text(enter)}"
            told = "leaves" if was_in else "gets into"
            wrong = f"a lead {told} '{ladder.names[index]}' though {gap}"
            broken(
                "between leaving and entering a band, leads stay where they were", wrong, history
            )


def explanations_add_up(scorer: ScoresLeads, history: History) -> None:
    """The items of an explanation sum exactly to the visible score, at every level.

    Raises:
        Violation: If they do not.
    """
    found = _explained(scorer, history)
    law = "the items of an explanation sum to the score"
    score = history.score(scorer)
    shown = Decimal(repr(score.score))
    if found.tree.points != shown:
        wrong = f"its tree comes to {plain(found.tree.points)}, and the score is {plain(shown)}"
        broken(law, wrong, history)
    leaves = sum((item.points for item in found.tree.leaves()), Decimal(0))
    if leaves != shown:
        wrong = f"its leaves sum to {plain(leaves)}, and the score is {plain(shown)}"
        broken(law, wrong, history)
    for part in (found.tree, *found.beside):
        for item in part.walk():
            inner = sum((inside.points for inside in item.parts), Decimal(0))
            if item.parts and inner != item.points:
                whole = plain(item.points)
                wrong = f"the parts of '{item.name}' sum to {plain(inner)}, and it is {whole}"
                broken(law, wrong, history)


def _difference(expected: Score, found: Score) -> str:
    """Return what differs between two scores, in words."""
    names = ("score", "fit", "engagement", "lifetime", "qualification", "band", "ready", "fired")
    told = [
        f"the {name} {_said(getattr(found, name))} instead of {_said(getattr(expected, name))}"
        for name in names
        if getattr(expected, name) != getattr(found, name)
    ]
    return " and ".join(told) or "another result"


def _said(value: object) -> str:
    return f"{plain(Decimal(repr(value)))}" if isinstance(value, float) else f"{value}"
