"""What a new policy would change: the same leads by two policies, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from html import escape
from typing import Any

from leadrules.engine import Engine
from leadrules.events import Event
from leadrules.layout import told
from leadrules.lead import Lead
from leadrules.policy import Policy
from leadrules.routing.router import Answered
from leadrules.scoring.effect import Effect
from leadrules.scoring.explanation import Explanation
from leadrules.scoring.points import points_text
from leadrules.scoring.score import Score
from leadrules.scoring.scorer import Scorer
from leadrules.sections import millionths, plain
from leadrules.testing.changes import (
    ROUTES,
    VERDICTS,
    Aspect,
    Cause,
    Change,
    measured,
    text_of,
)
from leadrules.testing.history import History
from leadrules.testing.rerouting import routes_of
from leadrules.values import moment_of

__all__ = ["Cause", "Change", "Comparison", "compare"]

_MOST = 4
_MOST_MOVES = 10
_ALL = 1_000_000


@dataclass(frozen=True, repr=False)
class Comparison:
    """What two policies say of the same leads at a moment.

    A lead is changed if its band, its readiness or its letter is another; where no policy has any
    of these, if its score is. Where both policies route, it is also changed if its owner, its
    queue, its partner, the rule or the reason why nobody gets it is another.

    Attributes:
        old: The old policy.
        new: The new one.
        at: The moment.
        leads: Every lead, in the order that they were given.
    """

    old: Policy
    new: Policy
    at: datetime
    leads: tuple[Change, ...]
    _scorers: tuple[Scorer, ...]

    @property
    def aspects(self) -> tuple[Aspect, ...]:
        """What counts as a change: those of band, readiness and letter that there are, or score.

        Then those of who gets the leads that there are, if both policies route.
        """
        said = [x for x in VERDICTS if self._is_said(x)]
        scored: tuple[Aspect, ...] = ("score",) if self._scorers else ()
        return (*(said or scored), *(x for x in ROUTES if self._is_said(x)))

    def _is_said(self, aspect: Aspect) -> bool:
        return any(x.old(aspect) is not None or x.new(aspect) is not None for x in self.leads)

    @property
    def changed(self) -> tuple[Change, ...]:
        """The leads that are changed."""
        counted = set(self.aspects)
        return tuple(change for change in self.leads if counted.intersection(change.aspects))

    @property
    def share(self) -> float:
        """How many of the leads are changed, from 0 to 1; 0 if there are none."""
        return len(self.changed) / len(self.leads) if self.leads else 0.0

    def count(self, aspect: Aspect) -> int:
        """Return of how many leads the `band`, the `owner` or another aspect is not the same."""
        return sum(aspect in change.aspects for change in self.leads)

    def transitions(self, aspect: Aspect) -> Mapping[tuple[Any, Any], int]:
        """Return how many leads go from each `band`, `owner` or so to each."""
        return Counter((x.old(aspect), x.new(aspect)) for x in self.leads)

    def causes(self, change: Change) -> tuple[Cause, ...]:
        """Return what gives other points by the new policy, the largest differences first.

        Where nothing does, a change comes of limits, of thresholds or of what bands need.
        """
        if not self._scorers:
            return ()
        old, new = (
            {reason.id: reason.points for reason in found.reasons(most=_ALL)}
            for found in (
                _explained(policy, scorer, change.history)
                for policy, scorer in zip((self.old, self.new), self._scorers, strict=True)
            )
        )
        nothing = Decimal(0)
        found = [
            Cause(name, old.get(name, nothing), new.get(name, nothing))
            for name in dict.fromkeys((*old, *new))
            if old.get(name, nothing) != new.get(name, nothing)
        ]
        return tuple(sorted(found, key=lambda cause: -abs(cause.new - cause.old)))

    def told(self, change: Change) -> str:
        """Return a change in one line, with what causes it."""
        causes = [str(cause) for cause in self.causes(change)]
        more = [f"and {len(causes) - _MOST} more"] if len(causes) > _MOST else []
        because = ", ".join([*causes[:_MOST], *more]) or "; ".join(self._moved(change))
        if not because and set(ROUTES).issuperset(change.aspects):
            return str(change)
        return f"{change}; {because or 'every rule gives the same points'}"

    def _moved(self, change: Change) -> Iterator[str]:
        """Yield points that are the same by both policies, and what thresholds moved past them."""
        for aspect in change.aspects if self._scorers else ():
            old, new = (_thresholds(scorer, aspect, self.at) for scorer in self._scorers)
            if old is None or new is None or old[0] != new[0]:
                continue
            measure = old[0]
            before, after = (measured(x, measure) for x in (change.before, change.after))
            passed = [
                f"{told(name)} was from {points_text(least)}, is from {points_text(new[1][name])}"
                for name, least in old[1].items()
                if name in new[1]
                and (millionths(Decimal(repr(before))) >= least)
                is not (millionths(Decimal(repr(after))) >= new[1][name])
            ]
            if passed and before == after:
                of = "" if measure == "score" else f" of {measure}"
                yield f"{text_of(before)} points{of}; {', '.join(passed)}"

    def to_dict(self, *, examples: int = 10) -> dict[str, Any]:
        """Return the comparison as plain data for JSON.

        Args:
            examples: How many of the leads that are changed are told in full.
        """
        return {
            "old": _named(self.old) | {"hash": self.old.hash},
            "new": _named(self.new) | {"hash": self.new.hash},
            "at": self.at.isoformat(),
            "leads": len(self.leads),
            "changed": len(self.changed),
            "share": self.share,
            "counts": {aspect: self.count(aspect) for aspect in self._counted},
            "transitions": {
                aspect: [
                    {"from": before, "to": after, "leads": count}
                    for (before, after), count in sorted(
                        self.transitions(aspect).items(),
                        key=lambda found: self._rank(aspect, found[0]),
                    )
                ]
                for aspect in self.aspects
                if aspect != "score"
            },
            "examples": [self._example(change) for change in self.changed[:examples]],
        }

    def __repr__(self) -> str:
        return f"Comparison({len(self.changed)} of {len(self.leads)} leads changed)"

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, *, examples: int = 10) -> Iterator[str]:
        """Yield the comparison as a text for people, line by line.

        Args:
            examples: How many of the leads that are changed are told.
        """
        yield f"{_titled(self.old)} -> {_titled(self.new)}, at {self.at.isoformat()}"
        yield f"{self._summary()}"
        for rows in self._matrices():
            yield ""
            yield from _table(rows)
        if self.changed:
            yield ""
        for change in self.changed[:examples]:
            yield self.told(change)
        if len(self.changed) > examples:
            yield f"and {len(self.changed) - examples} more"

    def _repr_html_(self) -> str:
        parts = [
            (
                f"<p><b>{escape(_titled(self.old))} &rarr; {escape(_titled(self.new))}</b>, "
                f"at {escape(self.at.isoformat())}<br>{escape(self._summary())}</p>"
            )
        ]
        for head, *rows in self._matrices():
            parts.append(f"<table>{_html_row(head, 'th')}{''.join(map(_html_row, rows))}</table>")
        examples = "".join(f"<li>{escape(self.told(change))}</li>" for change in self.changed[:10])
        return "".join([*parts, f"<ul>{examples}</ul>" if examples else ""])

    def _example(self, change: Change) -> dict[str, Any]:
        return {
            "lead_id": change.lead_id,
            **{x: {"old": change.old(x), "new": change.new(x)} for x in change.aspects},
            "fires": list(change.fires),
            "ceases": list(change.ceases),
            "causes": [
                {"id": cause.id, "old": plain(cause.old), "new": plain(cause.new)}
                for cause in self.causes(change)
            ],
        }

    @property
    def _counted(self) -> tuple[Aspect, ...]:
        """What is counted: what counts as a change, and the score."""
        of_score = [x for x in self.aspects if x not in ROUTES]
        of_routes = [x for x in self.aspects if x in ROUTES]
        score: list[Aspect] = ["score"] if self._scorers else []
        return tuple(dict.fromkeys([*of_score, *score, *of_routes]))

    def _summary(self) -> str:
        total = len(self.leads)
        counts = [f"{x}: {self.count(x)}" for x in self._counted]
        share = f"{100 * self.share:.1f} %"
        return f"changed: {len(self.changed)} of {total} leads, {share} ({', '.join(counts)})"

    def _matrices(self) -> Iterator[list[list[str]]]:
        """Yield the rows of a table for each aspect; of who gets leads, only what changes."""
        for aspect in self.aspects:
            if aspect in ROUTES:
                rows = self._moves(aspect)
                if rows:
                    yield [[f"{aspect}: old -> new", "leads"], *rows]
            elif aspect != "score":
                yield self._matrix(aspect)

    def _moves(self, aspect: Aspect) -> list[list[str]]:
        """Return between whom leads change, most leads first."""
        found = [
            (-count, f"{text_of(before)} -> {text_of(after)}")
            for (before, after), count in self.transitions(aspect).items()
            if before != after
        ]
        rows = [[told, str(-count)] for count, told in sorted(found)]
        more = sum(-count for count, _ in sorted(found)[_MOST_MOVES:])
        return [*rows[:_MOST_MOVES], *([["others", str(more)]] if more else [])]

    def _matrix(self, aspect: Aspect) -> list[list[str]]:
        """Return the rows of a matrix: from the old in rows to the new in columns."""
        found = self.transitions(aspect)
        rows = self._values(aspect, self.old, {before for before, _ in found})
        columns = self._values(aspect, self.new, {after for _, after in found})
        head = [f"{aspect}: old, new", *map(text_of, columns)]
        return [head] + [[text_of(x), *(str(found.get((x, y), 0)) for y in columns)] for x in rows]

    def _values(self, aspect: Aspect, policy: Policy, said: Iterable[Any]) -> list[Any]:
        order = _known(aspect, policy)
        return [*order, *(value for value in said if value not in order)]

    def _rank(self, aspect: Aspect, pair: tuple[Any, Any]) -> tuple[int, int, str]:
        before, after = _known(aspect, self.old), _known(aspect, self.new)
        return (
            before.index(pair[0]) if pair[0] in before else len(before),
            after.index(pair[1]) if pair[1] in after else len(after),
            " ".join(map(text_of, pair)) if aspect in ROUTES else "",
        )


def compare(  # noqa: PLR0913 - two policies, and all that a history is made of
    old: Policy,
    new: Policy,
    leads: Iterable[Lead],
    *,
    events: Iterable[Event] = (),
    at: datetime,
    previous: Mapping[str, str] | None = None,
) -> Comparison:
    """Return what a new policy would change for leads.

    A lead is read once, and both policies look at it. What a policy does not declare (a field, an
    activity, a criterion) it does not see, whether the other declares it or not. A field that both
    declare must be of the type that the lead gives it; `joint_vocabulary` reads such leads.

    Args:
        old: The policy that holds.
        new: The one that may.
        leads: The leads.
        events: What happened to them, in any order.
        at: The moment; with a time zone.
        previous: The band that each lead was in before, by its id. A band that one of the
            policies does not have is none before for that one.

    Where both policies route, each of them routes the leads from the start of its rotation, in
    the order that is declared: the best score first, then who was created first, then by id.

    Raises:
        EvaluationError: If only one policy scores, or neither scores and one does not route, or a
            lead cannot be evaluated by both.

    Examples:
        >>> from datetime import UTC, datetime
        >>> from leadrules import load_policy
        >>> text = '''
        ... leadrules: 1
        ... policy: {id: acme, version: 1, effective: 2026-01-01}
        ... scoring:
        ...   fit: {characteristics: {size: [{when: company.employees >= 50, points: 20}]}}
        ...   bands: [{name: hot, enter: 20}, {name: cold}]
        ... '''
        >>> old, new = load_policy(text), load_policy(text.replace(">= 50", ">= 100"))
        >>> leads = [old.lead({"id": "17", "company.employees": 70})]
        >>> found = compare(old, new, leads, at=datetime(2026, 3, 2, 9, tzinfo=UTC))
        >>> found
        Comparison(1 of 1 leads changed)
        >>> print(found.changed[0])
        17: band hot -> cold, score 20 -> 0
        >>> print(*found.causes(found.changed[0]))
        size.1 20 -> 0
    """
    by_lead: dict[str, list[Event]] = {}
    for event in events:
        by_lead.setdefault(event.lead_id, []).append(event)
    engines = Engine(old), Engine(new)
    histories = [
        History(lead, tuple(by_lead.get(lead.id, ())), at, (previous or {}).get(lead.id))
        for lead in leads
    ]
    owned = [[_of_policy(engine.policy, x) for x in histories] for engine in engines]
    answers: list[tuple[Answered, ...]] = [() for _ in histories]
    scores: list[tuple[Score | None, ...]] = [(None, None) for _ in histories]
    scorers: tuple[Scorer, ...] = ()
    routes = all(engine.policy.routing is not None for engine in engines)
    if routes:
        each = [routes_of(engine, own) for engine, own in zip(engines, owned, strict=True)]
        answers = list(zip(*each, strict=True))
    if not routes or any(engine.policy.scoring is not None for engine in engines):
        scorers = tuple(engine.scorer for engine in engines)
        found = [[x.score(by) for x in own] for by, own in zip(scorers, owned, strict=True)]
        scores = list(zip(*found, strict=True))
    changes = (
        Change(history.lead.id, before, after, history, own)
        for history, (before, after), own in zip(histories, scores, answers, strict=True)
    )
    return Comparison(old, new, at, tuple(changes), scorers)


def _of_policy(policy: Policy, history: History) -> History:
    """Return a history as a policy sees it: a band that it does not have is none before."""
    bands = policy.scoring.bands if policy.scoring is not None else None
    band = history.previous
    known = band is not None and bands is not None and bands.index(band) is not None
    return replace(history, previous=band if known else None)


def _explained(policy: Policy, scorer: Scorer, history: History) -> Explanation:
    own = _of_policy(policy, history)
    return scorer.explain(own.lead, events=own.events, at=own.at, previous=own.previous)


def _thresholds(
    scorer: Scorer, aspect: Aspect, at: datetime
) -> tuple[str, Mapping[str, int]] | None:
    """Return what bands or letters are measured by, and the least points of each."""
    scoring = scorer.scoring
    effect = Effect.at(scoring, scorer.vocabulary, moment_of(at))
    if aspect == "band" and effect.ladder:
        names, enter = effect.ladder.names, effect.ladder.enter
        measure = "score" if effect.ladder.of == "total" else effect.ladder.of
        return measure, dict(zip(names, enter, strict=False))
    if aspect == "letter" and scoring.fit:
        return "fit", dict(zip(scoring.fit.letters, effect.letters, strict=True))
    return None


def _known(aspect: Aspect, policy: Policy) -> list[Any]:
    """Return the bands, letters or readiness that a policy can give, from the best."""
    scoring = policy.scoring
    if scoring is None:
        return []
    match aspect:
        case "band":
            return [band.name for band in scoring.bands.levels] if scoring.bands else []
        case "letter":
            return list(scoring.fit.letters) if scoring.fit else []
    asks = scoring.qualification is not None and scoring.qualification.ready is not None
    return [True, False] if asks else []


def _named(policy: Policy) -> dict[str, Any]:
    return {"id": policy.policy.id, "version": policy.policy.version}


def _titled(policy: Policy) -> str:
    return f"{policy.policy.id}, version {policy.policy.version}"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    for row in rows:
        first, *rest = (
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join([first, *rest])


def _html_row(cells: Sequence[str], tag: str = "td") -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"
