"""Random sections `scoring` with histories of leads, and what they mean as plainly as possible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from math import floor
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from leadrules import Event, Money
from leadrules.conditions import evaluate
from leadrules.scoring import Decay, Score, Scoring
from leadrules.scoring.engagement import ActivityRule
from leadrules.scoring.points import Group, Limits
from leadrules.scoring.qualification import Answer
from leadrules.sections import ParamRef
from leadrules.values import Value, datetime_of, instant_of
from leadrules.vocabulary import Vocabulary
from tests.scoring.scorecards import PARAMETERS, Plain, condition, plain_score, scorecard, sum_of
from tests.strategies import FIELDS, INSTANTS, TEXTS, VOCABULARY, Conditions

__all__ = [
    "DECAYS",
    "history",
    "plain_decayed",
    "plain_history_score",
    "plain_standing",
    "scoring_document",
]

Points = Decimal
Decayed = Callable[[Decay, Points, int], Points]

DECAYS = (
    "none",
    "window 1 day",
    "window 30 days",
    "linear 7 days",
    "linear 90 days",
    "step 50% every 30 days",
    "step 30% every 1 day",
    "step 100% every 1 hour",
    "compounding 50% every 30 days",
    "compounding 0.01% every 1 second",
    "compounding 100% every 1 week",
    "half_life 30 days",
    "half_life 1 hour",
    "half_life 7.5 days",
)
"""A decay of every kind, short and long."""
LIMITS = (None, None, "1 per day", "2 per day", "1 per week", "3 per month", "1 ever", "4 ever")
POINTS = (0, 1, 5, 10, 2.5, 0.1, 0.000001, -3, -2.5, -0.333333, 1_000_000)
WHENS = (
    "always",
    'activity.path == "/pricing"',
    'contains(activity.path, "pric")',
    'lower(activity.path) in ["/demo", "/pricing"]',
    "activity.seconds >= 30",
    "activity.seconds > param.count",
    "activity.returning",
    "not activity.returning",
    "missing(activity.amount)",
    'activity.amount >= money("100 EUR")',
    'activity.seconds >= 30 or activity.amount < money("100 EUR")',
)
PATHS = ("/pricing", "/Pricing", "/demo", "/", "", "/\N{GREEK SMALL LETTER OMEGA}")
SECONDS = (0, 2, 29, 30, 30.0, 2**53, 2**60, float("nan"))
AMOUNTS = tuple(Money.parse(text) for text in ("99.99 EUR", "100 EUR", "100 USD", "0 EUR"))
ANSWERS: Sequence[Answer] = ("met", "not_met", "unknown")
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)


# --- documents


def scoring_document(random: Random) -> Scoring:
    """Return a random valid section `scoring` over the vocabulary of `tests.strategies`."""
    data: dict[str, Any] = {}
    parts = random.sample(("fit", "engagement", "qualification"), random.randint(1, 3))
    if "fit" in parts:
        data["fit"] = scorecard(random, most=2, depth=0).model_dump(mode="json")["fit"]
        if random.random() < 0.5:
            data["fit"]["letters"] = _grades(random, "ABCD") if random.random() < 0.7 else "thirds"
    if "engagement" in parts:
        data["engagement"] = _engagement(random)
    if "qualification" in parts:
        data["qualification"] = _qualification(random)
    data["total"] = {"decimals": random.choice((0, 0, 1, 2, 6)), **_limits(random)}
    if random.random() < 0.3:
        data["total"]["of"] = random.sample(parts, random.randint(1, len(parts)))
    if random.random() < 0.85:
        return _with_bands(random, data, parts)
    return Scoring.model_validate(data)


def _number(random: Random, numbers: Sequence[Any] = POINTS) -> Any:
    return random.choice(PARAMETERS) if random.random() < 0.07 else random.choice(numbers)


def _limits(random: Random) -> dict[str, Any]:
    if random.random() < 0.07:
        return {random.choice(("min", "max")): random.choice(PARAMETERS)}
    limits = {"min": random.choice((0, -1.5, -20)), "max": random.choice((100, 12.5, 4, 0))}
    return {name: limit for name, limit in limits.items() if random.random() < 0.25}


def _grades(random: Random, names: str) -> dict[str, Any]:
    count = random.randint(1, len(names))
    least = sorted(random.sample((-10, -1, 0, 0.5, 2, 5, 25, 80), count), reverse=True)
    return dict(zip(names, least, strict=False))


def _engagement(random: Random) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    for number in range(random.randint(1, 5)):
        activity = random.choice(("page_view", "page_view", "download", "demo"))
        rules[f"r{number}"] = rule = {"activity": activity, "points": _number(random)}
        if activity == "page_view":
            rule["when"] = random.choice(WHENS)
        limit = random.choice(LIMITS)
        if limit is not None:
            rule["limit"] = limit
        rule["decay"] = random.choice(DECAYS)
        rule |= _limits(random)
    names = random.sample(list(rules), random.randint(0, len(rules)))
    groups = {"seen": {"of": names, **_limits(random)}} if names else {}
    digits = _grades(random, "123") if random.random() < 0.5 else {}
    return {"rules": rules, "groups": groups, "digits": digits, **_limits(random)}


def _qualification(random: Random) -> dict[str, Any]:
    conditions = Conditions(random)
    data: dict[str, Any] = {"criteria": {}, **_limits(random)}
    names = ["budget", "authority", "need", "timing"][: random.randint(1, 4)]
    for name in names:
        criterion: dict[str, Any] = {"points": _number(random)}
        for key in ("met", "not_met"):
            if random.random() < 0.5:
                criterion[key] = condition(conditions, 0)
        if random.random() < 0.4:
            criterion["expires"] = random.choice(("1 day", "30 days", "1 second", "36525 days"))
        data["criteria"][name] = criterion
    if random.random() < 0.2:
        data["framework"] = random.choice(("BANT", "CHAMP", "GPCT", "MEDDIC"))
    if random.random() < 0.6:
        mandatory = random.sample(names, random.randint(0, len(names)))
        data["ready"] = {"at_least": random.randint(1, len(names)), "mandatory": mandatory}
    return data


def _with_bands(random: Random, data: dict[str, Any], parts: Sequence[str]) -> Scoring:
    """Return a document with bands that leads can be in, if its points allow for any."""
    without = Scoring.model_validate(data)
    of = random.choice(("total", "total", *parts))
    name = "score" if of == "total" else of
    found = [without.ranges(VOCABULARY, moment=at).get(name) for at in VOCABULARY.epochs]
    lows = [int(max(reach.least, -(10**12))) for reach in found if reach is not None]
    highs = [int(min(reach.most, 10**12)) for reach in found if reach is not None]
    low, high = max(lows, default=0), min(highs, default=0)
    for _ in range(3):
        levels = _levels(random, low, high)
        bands = levels if of == "total" and random.random() < 0.3 else {"of": of, "levels": levels}
        document = Scoring.model_validate({**data, "bands": bands})
        if not document.check(VOCABULARY, warnings=False):
            return document
    return without


def _levels(random: Random, low: int, high: int) -> list[dict[str, Any]]:
    """Return bands with thresholds above the least, and at most the most, in millionths."""
    near = [low + step for step in (1, 10**5, 10**6, 10**7, 3 * 10**7)]
    pool = {point for point in (high, (low + high) // 2, *near) if low < point <= high}
    enter = sorted(random.sample(sorted(pool), random.randint(0, min(3, len(pool)))), reverse=True)
    levels: list[dict[str, Any]] = []
    for index, point in enumerate(enter):
        level: dict[str, Any] = {"name": f"b{index}", "enter": point / 10**6}
        if random.random() < 0.1:
            level["enter"] = random.choice(PARAMETERS)
        elif random.random() < 0.6:
            level["leave"] = (point - random.choice((0, 1, 10**6, 10**7))) / 10**6
            level["leave"] = max(level["leave"], -(10**6))
        if random.random() < 0.3:
            level["needs"] = random.sample(FIELDS, random.randint(1, 2))
        levels.append(level)
    return [*levels, {"name": "last"}]


# --- histories


def history(
    random: Random, lead_id: str, around: datetime, n: int, *, zone: str = VOCABULARY.zone
) -> list[Event]:
    """Return up to `n` events of a lead, in any order, some of them twice.

    None is before 1970, where the plain definition and the table of a zone may differ.
    """
    times = _times(random, around, zone)
    events: list[Event] = []
    for number in range(n):
        time = random.choice(times)
        ids = [event.id for event in events] or ["e0"]
        event_id = random.choice(("e{}", "E{}", "\N{LATIN SMALL LETTER E WITH ACUTE}{}", "{}"))
        events.append(
            Event(
                lead_id=lead_id,
                id=event_id.format(number),
                time=time,
                **_said(random, time, ids),
            )
        )
    events += random.sample(events, random.randint(0, len(events) // 4))
    random.shuffle(events)
    return events


def _times(random: Random, around: datetime, zone: str) -> list[datetime]:
    """Return a few moments of which many are near the edges of periods and of decays."""
    local = ZoneInfo(zone)
    today = around.astimezone(local).date() if around.year > 1 else date(1970, 1, 2)
    edges = [around, around, *INSTANTS]
    for back in (0, 0, 1, 2, 6, 7, 28, 29, 30, 31):
        with_day = date.fromordinal(max(today.toordinal() - back, date(1970, 1, 2).toordinal()))
        edges.append(datetime(with_day.year, with_day.month, with_day.day, tzinfo=local))
        edges.append(datetime(with_day.year, with_day.month, 1, tzinfo=local))
        edges.append(_back(around, back * DAY))
    edges.append(_back(around, timedelta(hours=random.randint(1, 2000))))
    edges.append(datetime(2025, 10, 26, 1, tzinfo=UTC))  # Berlin's clocks go back
    chosen = random.sample(edges, 4) + random.sample(edges[:8], 2) + [around]
    times = [
        _back(edge, random.choice((0, 0, 0, -1, 1, 5)) * random.choice((TICK, TICK, DAY)))
        for edge in chosen
        for _ in range(2)
    ]
    within = (datetime(1970, 1, 1, 12, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC))
    return [time for time in times if within[0] <= time < within[1]] or [within[0]]


def _back(time: datetime, span: timedelta) -> datetime:
    """Return the instant so long before another, if there are such dates."""
    try:
        return datetime_of(instant_of(time)) - span
    except OverflowError:
        return datetime_of(instant_of(time))


def _said(random: Random, time: datetime, ids: Sequence[str]) -> dict[str, Any]:
    kind = random.random()
    if kind < 0.7:
        activity = random.choice(("page_view", "page_view", "page_view", "download", "demo", "fax"))
        return {"kind": "activity", "type": activity, "properties": _viewed(random)}
    until = random.choice((None, None, time, _back(time, -TICK), _back(time, -10 * DAY)))
    later = {} if until is None else {"until": until}
    if kind < 0.87:
        criterion = random.choice(("budget", "authority", "need", "timing", "weather"))
        said = {"criterion": criterion, "answer": random.choice(ANSWERS), **later}
        return {"kind": "answer", "properties": said}
    if kind < 0.92:
        band = random.choice(("b0", "b1", "b2", "last", "tepid"))
        said = {"band": band, "by": "ada", "reason": "met at the fair", **later}
        return {"kind": "override", "properties": said}
    if kind < 0.95:
        said = {"channel": "call", "direction": "inbound"}
        return {"kind": "touch", "properties": said}
    return {"kind": "retraction", "properties": {"of": random.choice((*ids, "nobody"))}}


def _viewed(random: Random) -> dict[str, Any]:
    pools: Mapping[str, Sequence[Any]] = {
        "path": (*PATHS, random.choice(TEXTS)),
        "seconds": SECONDS,
        "amount": AMOUNTS,
        "returning": (True, False),
        "undeclared": (1, "x"),
    }
    return {
        name: random.choice((*pool, None)) for name, pool in pools.items() if random.random() < 0.7
    }


# --- what they mean


def plain_history_score(
    scoring: Scoring,
    vocabulary: Vocabulary,
    lead_record: Mapping[str, Value],
    events: Iterable[Event],
    *,
    at: datetime,
    previous: str | None = None,
    decayed: Decayed | None = None,
) -> Score | None:
    """Return the score of a lead with a history, word for word as it is defined.

    Args:
        scoring: The document.
        vocabulary: The names that it uses.
        lead_record: The lead, settled.
        events: What happened to it.
        at: The moment.
        previous: The band that it was in before.
        decayed: What is left of points at an age; by default the plain formula, from which a
            half-life and what compounds may be off by a millionth of a point.

    Returns:
        The score, or None where a parameter that it takes has no value yet.
    """
    moment = instant_of(at)
    case = _Case(vocabulary, lead_record, moment, decayed or plain_decayed)
    stood = plain_standing(events, moment)
    fit = case.fit(scoring)
    engagement = case.engagement(scoring, stood) if scoring.engagement else None
    answers = case.answers(scoring, stood)
    qualification = case.qualification(scoring, answers) if scoring.qualification else None
    parts: Mapping[str, Points | None] = {
        "fit": fit.fit,
        "engagement": engagement[0] if engagement else None,
        "qualification": qualification,
    }
    total = case.within((parts[name] for name in scoring.added), scoring.total)
    needed = [total, *(parts[name] for name in scoring.parts), *case.thresholds(scoring)]
    if any(points is None for points in needed):
        return None
    assert total is not None
    unit = Decimal(10) ** -scoring.total.decimals
    visible = floor(total / unit + Decimal("0.5")) * unit
    placed = case.band(scoring, {**parts, "total": visible}, stood, previous)
    return Score(
        lead_id=str(lead_record["id"]),
        at=at,
        score=_shown(visible),
        fit=_float(parts["fit"]) if scoring.fit else None,
        engagement=_float(parts["engagement"]),
        lifetime=_float(engagement[1]) if engagement else None,
        qualification=_float(qualification),
        fit_letter=case.grade(parts["fit"], scoring.fit.letters if scoring.fit else {}),
        engagement_digit=case.grade(
            parts["engagement"], scoring.engagement.digits if scoring.engagement else {}
        ),
        band=placed[0],
        band_by=placed[1],
        lacking=placed[2],
        ready=_ready(scoring, answers),
        answers=tuple(answers.items()),
        fired=(*fit.fired, *(engagement[2] if engagement else ())),
        uncertain=fit.uncertain,
    )


def plain_standing(events: Iterable[Event], moment: int) -> list[Event]:
    """Return what has happened at a moment and was not taken back by then, by time and id."""
    every = {event.id: event for event in events}
    happened = [event for event in every.values() if instant_of(event.time) <= moment]
    taken_back = {event.properties["of"] for event in happened if event.kind == "retraction"}
    stood = [
        event for event in happened if event.kind != "retraction" and event.id not in taken_back
    ]
    return sorted(stood, key=lambda event: (instant_of(event.time), event.id))


def plain_decayed(decay: Decay, points: Points, age: int) -> Points:
    """Return what is left of points at an age in microseconds, in whole millionths."""
    span, rate = decay.over or 1, float(decay.rate or 0)
    steps = age // span
    match decay.kind:
        case "none":
            factor = 1.0
        case "window":
            factor = 1.0 if age < span else 0.0
        case "linear":
            factor = (span - age) / span if age < span else 0.0
        case "step":
            factor = max(0.0, 1.0 - steps * rate)
        case "compounding":
            factor = (1.0 - rate) ** steps
        case _:
            factor = 2.0 ** -(age / span)
    return Decimal(floor(int(points * 10**6) * factor + 0.5)).scaleb(-6)


class _Case:
    """A lead at a moment, and the definitions that are about one."""

    def __init__(
        self, vocabulary: Vocabulary, record: Mapping[str, Value], moment: int, decayed: Decayed
    ) -> None:
        self.vocabulary = vocabulary
        self.record = record
        self.moment = moment
        self.decayed = decayed
        self.parameters = vocabulary.parameters_at(moment)

    def number(self, said: Decimal | ParamRef) -> Points | None:
        if isinstance(said, Decimal):
            return said
        value = self.parameters.get(said.param)
        return None if value is None else Decimal(repr(value))

    def within(self, summands: Iterable[Points | None], limits: Limits) -> Points | None:
        """Return a sum, raised to the least and then lowered to the most."""
        total = sum_of(summands)
        for limit, bound in ((limits.min, max), (limits.max, min)):
            value = Decimal(0) if limit is None else self.number(limit)
            if total is None or value is None:
                return None
            total = total if limit is None else bound(total, value)
        return total

    def fit(self, scoring: Scoring) -> Plain:
        if scoring.fit is None:
            return Plain(None, Decimal(0), (), (), {})
        return plain_score(scoring, self.record, self.moment, self.parameters)

    def engagement(
        self, scoring: Scoring, stood: Sequence[Event]
    ) -> tuple[Points | None, Points | None, list[str]]:
        """Return the engagement, decayed and not, and the rules that counted an activity."""
        assert scoring.engagement is not None
        rules = scoring.engagement.rules
        counted = {name: self.counted(rule, stood) for name, rule in rules.items()}
        decayed: dict[str, Points | None] = {}
        lifetime: dict[str, Points | None] = {}
        for name, rule in rules.items():
            points = self.number(rule.points)
            ages = [self.moment - instant_of(event.time) for event in counted[name]]
            left = [points and self.decayed(rule.decay, points, age) for age in ages]
            decayed[name] = self.within([*left, points and points * 0], rule)
            lifetime[name] = self.within([points and points * len(ages)], rule)
        fired = [name for name, events in counted.items() if events]
        groups = scoring.engagement.groups.values()
        return (
            self.within(self.summands(decayed, groups), scoring.engagement),
            self.within(self.summands(lifetime, groups), scoring.engagement),
            fired,
        )

    def summands(
        self, points: Mapping[str, Points | None], groups: Iterable[Group]
    ) -> list[Points | None]:
        found = dict(points)
        sums = [self.within([found.pop(name) for name in group.of], group) for group in groups]
        return [*sums, *found.values()]

    def counted(self, rule: ActivityRule, stood: Sequence[Event]) -> list[Event]:
        """Return the activities that count: of each period's, the latest."""
        matching = [
            event
            for event in stood
            if event.type == rule.activity
            and evaluate(rule.when, event.record, at=self.moment, parameters=self.parameters)
        ]
        if rule.limit is None:
            return matching
        by_period: dict[object, list[Event]] = {}
        for event in matching:
            by_period.setdefault(self.period(event, rule.limit.per), []).append(event)
        return [event for events in by_period.values() for event in events[-rule.limit.count :]]

    def period(self, event: Event, per: str) -> object:
        day = local_day(instant_of(event.time), self.vocabulary.zone)
        year, week, _ = day.isocalendar()
        return {"day": day, "week": (year, week), "month": (day.year, day.month), "ever": 0}[per]

    def answers(self, scoring: Scoring, stood: Sequence[Event]) -> dict[str, Answer]:
        found: dict[str, Answer] = {}
        criteria = scoring.qualification.criteria if scoring.qualification else {}
        for name, criterion in criteria.items():
            said = [
                event
                for event in stood
                if event.kind == "answer"
                and event.properties["criterion"] == name
                and self.moment < self.end(event, criterion.expires)
            ]
            if said:
                found[name] = said[-1].properties["answer"]  # type: ignore[assignment]  # one of the three
                continue
            met, not_met = (
                condition is not None
                and evaluate(condition, self.record, at=self.moment, parameters=self.parameters)
                is True
                for condition in (criterion.met, criterion.not_met)
            )
            found[name] = "unknown" if met == not_met else "met" if met else "not_met"
        return found

    def end(self, event: Event, expires: int | None) -> float:
        """Return the instant from which an answer or an override no longer holds."""
        until = event.properties.get("until")
        if isinstance(until, datetime):
            return instant_of(until)
        return float("inf") if expires is None else instant_of(event.time) + expires

    def qualification(self, scoring: Scoring, answers: Mapping[str, Answer]) -> Points | None:
        assert scoring.qualification is not None
        every = {
            name: self.number(found.points)
            for name, found in scoring.qualification.criteria.items()
        }
        if None in every.values():
            return None
        met = [points for name, points in every.items() if answers[name] == "met"]
        return self.within(met, scoring.qualification)

    def thresholds(self, scoring: Scoring) -> list[Points | None]:
        letters = scoring.fit.letters if scoring.fit else {}
        digits = scoring.engagement.digits if scoring.engagement else {}
        bands = scoring.bands.numbers() if scoring.bands else ()
        return [self.number(said) for said in (*letters.values(), *digits.values(), *bands)]

    def grade(self, points: Points | None, grades: Mapping[str, Decimal | ParamRef]) -> str | None:
        """Return the first letter or digit that points reach, or the last."""
        for name, said in grades.items():
            least = self.number(said)
            if points is not None and least is not None and points >= least:
                return name
        return list(grades)[-1] if grades else None

    def band(
        self,
        scoring: Scoring,
        points: Mapping[str, Points | None],
        stood: Sequence[Event],
        previous: str | None,
    ) -> tuple[Any, Any, tuple[str, ...]]:
        """Return the band, what decided it, and what is missing for the one reached."""
        if scoring.bands is None:
            return None, None, ()
        levels = scoring.bands.levels
        names = [band.name for band in levels]
        for event in reversed(stood):
            chosen = event.properties.get("band")
            if event.kind == "override" and chosen in names and self.moment < self.end(event, None):
                return chosen, "override", ()
        measured = points[scoring.bands.of]
        assert measured is not None
        entered = stayed = len(levels) - 1
        for index in reversed(range(len(levels) - 1)):
            enter, leave = levels[index].enter, levels[index].leave
            assert enter is not None
            to_enter = self.number(enter)
            to_leave = to_enter if leave is None else self.number(leave)
            assert to_enter is not None
            assert to_leave is not None
            was_here = previous is not None and names.index(previous) <= index
            if measured >= to_enter:
                entered = index
            if measured >= (to_leave if was_here else to_enter):
                stayed = index
        lacking = [tuple(x for x in band.needs if x not in self.record) for band in levels]
        place = next(index for index in range(stayed, len(levels)) if not lacking[index])
        if place > stayed:
            return names[place], "hold", lacking[stayed]
        return names[place], "threshold" if stayed == entered else "hysteresis", ()


def _ready(scoring: Scoring, answers: Mapping[str, Answer]) -> bool | None:
    ready = scoring.qualification.ready if scoring.qualification else None
    if ready is None:
        return None
    met = [name for name, said in answers.items() if said == "met"]
    return len(met) >= ready.at_least and all(name in met for name in ready.mandatory)


@lru_cache(maxsize=10_000)
def local_day(instant: int, zone: str) -> date:
    """Return the date of an instant in a zone, as the standard library says."""
    return datetime_of(instant).astimezone(ZoneInfo(zone)).date()


def _float(points: Points | None) -> float | None:
    return None if points is None else float(points)


def _shown(points: Points) -> float:
    whole = int(points)
    return whole if whole == points else float(points)
