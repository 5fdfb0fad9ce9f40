"""Questions: what knowing one more thing could do, as trying every answer says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import Company, EvaluationError, Event, Lead, Question, Scorer
from leadrules.conditions import (
    AllOf,
    AnyOf,
    AtLeast,
    Comparison,
    Condition,
    Field,
    Literal,
    Not,
    Param,
    Term,
)
from leadrules.scoring import Score, Scoring
from leadrules.values import Instant, Money, Type
from leadrules.vocabulary import Declaration, Parameter, Vocabulary
from tests.scoring.histories import history, scoring_document
from tests.strategies import _FIELDS, VOCABULARY, _value, moment, row

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
randoms = st.randoms(use_true_random=True)

# --- the laws

SMALL: Mapping[str, Sequence[Any]] = {
    "tier": ("gold", "silver", "lead"),
    "vip": (True, False),
    "visits": range(-2, 7),
    "stars": range(-2, 7),
}
"""Fields with the values that they have in conditions and in leads."""
EVERY = {**SMALL, "visits": range(-4, 9), "stars": range(-4, 9)}
"""Fields with all the values that can matter."""
WORDS = Vocabulary(
    {
        "tier": Declaration(Type.ENUM, choices=("gold", "silver", "lead")),
        "vip": Declaration(Type.BOOLEAN),
        "visits": Declaration(Type.INTEGER),
        "stars": Declaration(Type.INTEGER),
    },
    parameters={"few": Parameter(Type.INTEGER, ((Instant(0), 2),))},
)


def small_condition(random: Random, depth: int = 2) -> Condition:
    """Return a condition whose comparisons are of fields with literals and parameters."""
    kind = random.random()
    if depth == 0 or kind < 0.5:
        return _small_comparison(random)
    parts = tuple(small_condition(random, depth - 1) for _ in range(random.randint(1, 3)))
    return random.choice(
        (AllOf(parts), AnyOf(parts), Not(parts[0]), AtLeast(random.randint(1, len(parts)), parts))
    )


def _small_comparison(random: Random) -> Comparison:
    name = random.choice(tuple(SMALL))
    if random.random() < 0.2:
        return Comparison(Field(name), random.choice(("known", "missing")))
    if name == "vip":
        return Comparison(Field(name), "is_true")
    if name == "tier":
        if random.random() < 0.2:
            return Comparison(Field(name), "contains", Literal(Type.STRING, "l"))
        choices = tuple(Literal(Type.ENUM, x) for x in random.sample(SMALL["tier"], 2))
        return Comparison(Field(name), random.choice(("in", "not in")), choices)
    number: Term = Literal(Type.INTEGER, random.choice(SMALL[name]))
    if random.random() < 0.3:
        number = random.choice((Param("few"), Field("stars" if name == "visits" else "visits")))
    sides = (Field(name), number)
    left, right = sides if random.random() < 0.8 else sides[::-1]
    return Comparison(left, random.choice(("==", "!=", "<", "<=", ">", ">=")), right)


def small_scoring(random: Random) -> Scoring:
    """Return a scoring over fields that have few values, with bands and readiness."""
    characteristics = {
        f"c{number}": {
            "default": random.choice((0, 0, -2.5)),
            "rules": [
                {"when": small_condition(random), "points": random.choice((1, 5, 10, -7, 2.5))}
                for _ in range(random.randint(1, 3))
            ],
        }
        for number in range(random.randint(1, 4))
    }
    criteria = {
        name: {
            "points": random.choice((0, 3, -2)),
            "met": small_condition(random, 1),
            **({"not_met": small_condition(random, 1)} if random.random() < 0.5 else {}),
        }
        for name in ("budget", "need")
    }
    needs = random.sample(tuple(SMALL), random.randint(0, 1))
    levels = [
        {"name": "hot", "enter": 0.5, "leave": -2, "needs": needs},
        {"name": "cold"},
    ]
    data = {
        "fit": {
            "characteristics": characteristics,
            "groups": {"g": {"of": ["c0"], "max": 5}},
            "max": 12,
        },
        "qualification": {"criteria": criteria, "ready": {"at_least": 1}},
        "total": {"min": -5, "decimals": random.choice((0, 1))},
        "bands": {"of": random.choice(("total", "fit", "qualification")), "levels": levels},
    }
    found = Scoring.model_validate(data)
    if found.check(WORDS, warnings=False):  # a band is out of reach
        return Scoring.model_validate({**data, "bands": None})
    return found


def lead_of(values: Mapping[str, Any], words: Vocabulary) -> Lead:
    return words.lead({"id": "17", **values})


def agree(asked: Question, scores: Sequence[Score], now: Score, names: Sequence[str]) -> None:
    """Assert that a question is what the scores of all answers say."""
    assert (asked.worst, asked.best) == (
        min(found.score for found in scores),
        max(found.score for found in scores),
    )
    assert (asked.score, asked.band) == (now.score, now.band)
    assert asked.makes_ready == any(found.ready and not now.ready for found in scores)
    places = sorted(names.index(found.band) for found in scores if found.band is not None)
    if places:
        assert now.band is not None
        assert (asked.best_band, asked.worst_band) == (names[places[0]], names[places[-1]])
        here = names.index(now.band)
        assert (asked.rises, asked.falls) == (places[0] < here, places[-1] > here)


@given(random=randoms)
def test_a_question_is_what_trying_every_answer_says(random: Random) -> None:
    """Law: with few values, best, worst, bands and readiness are those of trying every value."""
    scoring = small_scoring(random)
    scorer = Scorer(scoring, vocabulary=WORDS)
    names = [band.name for band in scoring.bands.levels] if scoring.bands else []
    values = {name: random.choice(pool) for name, pool in SMALL.items() if random.random() < 0.5}
    lead = lead_of(values, WORDS)
    previous = random.choice((None, *names))
    now = scorer.score(lead, at=NOW, previous=previous)
    asked = {(x.of, x.name): x for x in scorer.questions(lead, at=NOW, previous=previous)}
    fields = {name for name in scoring.fields() if name not in values}
    unknown = {name for name, answer in now.answers if answer == "unknown"}
    assert {name for of, name in asked if of == "field"} == fields
    assert {name for of, name in asked if of == "criterion"} == unknown
    for name in fields:
        answers = [lead_of({**values, name: value}, WORDS) for value in EVERY[name]]
        scores = [scorer.score(x, at=NOW, previous=previous) for x in answers]
        assert asked["field", name].exact
        agree(asked["field", name], scores, now, names)
    for name in unknown:
        answered = [
            Event(
                lead_id="17",
                id="a",
                time=NOW,
                kind="answer",
                properties={"criterion": name, "answer": answer},
            )
            for answer in ("met", "not_met")
        ]
        scores = [scorer.score(lead, events=[x], at=NOW, previous=previous) for x in answered]
        agree(asked["criterion", name], scores, now, names)


@given(random=randoms)
def test_no_answer_does_more_than_a_question_says(random: Random) -> None:
    """Law: whatever a missing field turns out to be, the score is between worst and best."""
    scoring = scoring_document(random)
    scorer = Scorer(scoring, vocabulary=VOCABULARY)
    names = [band.name for band in scoring.bands.levels] if scoring.bands else []
    values = {name: x for name, x in row(random).items() if random.random() < 0.5}
    values["id"] = "17"
    at = moment(random)
    given: dict[str, Any] = {
        "at": at,
        "previous": random.choice((None, *names)),
        "events": history(random, "17", at, random.randint(0, 8)),
    }
    lead = VOCABULARY.lead(values)
    try:
        asked = scorer.questions(lead, **given)
    except EvaluationError:
        with pytest.raises(EvaluationError):
            scorer.score(lead, **given)
        return
    ready = scorer.score(lead, **given).ready is True
    for question in asked:
        if question.of == "field":
            for value in _tried(random, question.name):
                answered = VOCABULARY.lead({**values, question.name: value})
                if question.name in answered.record:
                    _sound(question, scorer, answered, given, names, ready=ready)


def _tried(random: Random, name: str) -> Iterator[Any]:
    (kind,) = (kind for kind, fields in _FIELDS.items() if name in fields)
    for _ in range(20):
        value = _value(random, kind)
        if name != "company.employees" or (value or 0) >= 0:
            yield value


def _sound(
    question: Question,
    scorer: Scorer,
    lead: Lead,
    given: Mapping[str, Any],
    names: list[str],
    *,
    ready: bool,
) -> None:
    try:
        score = scorer.score(lead, **given)
    except EvaluationError:
        return  # a parameter that the answer takes has no value yet
    assert question.worst <= score.score <= question.best
    if score.band is not None:
        assert question.best_band is not None
        assert question.worst_band is not None
        place = names.index(score.band)
        assert names.index(question.best_band) <= place <= names.index(question.worst_band)
    assert question.makes_ready or ready or not score.ready


# --- examples


def asked_of(lead: Lead, *rules: Any, words: Vocabulary | None = None, **more: Any) -> Any:
    data = {"fit": {"characteristics": {"one": list(rules)}}, **more}
    scorer = Scorer(Scoring.model_validate(data), vocabulary=words)
    return scorer.questions(lead, at=NOW)


def only(*rules: Any, **more: Any) -> Question:
    (found,) = asked_of(Lead(id="17"), *rules, **more)
    assert isinstance(found, Question)
    return found


@pytest.mark.parametrize(
    ("when", "exact"),
    [
        ("company.employees >= 50", True),
        ("budget >= money('5 EUR') and budget < money('6 EUR')", True),
        ("within(created, '1 day')", True),
        ("older_than(created, '30 days') and within(created, '31 days')", True),
        ("days_since(created) == 3", True),
        ("days_since(created) in [3, 9] and not days_since(created) == 9", True),
        ("created >= datetime('2026-01-05T09:00:00Z')", True),
        ("title == 'CEO' or title < 'A'", True),
        ("contains(lower(title), 'student') and not contains(lower(title), 'trainee')", True),
        ("starts_with(title, 'a') and ends_with(title, 'z') and contains(title, 'k')", True),
        ("lower(title) in ['ceo', 'cfo']", True),
        ("lower(title) == 'ceo' and title != 'ceo'", True),
        ("consent", True),
        ("not consent", True),
        ("company.employees / 2 > 3", True),
        ("company.employees * 2 == 7 and company.employees > 100", False),
        ("contains(title, 'ab') and not contains(title, 'a')", False),
        ("lower(title) == 'Ceo'", False),
    ],
)
def test_what_can_be_told_exactly(when: str, exact: bool) -> None:
    asked = only({"when": when, "points": 10})
    assert (asked.worst, asked.best, asked.exact) == (0, 10, exact)


def test_tests_of_a_list_of_texts_are_tried() -> None:
    words = Vocabulary({"tags": Declaration(Type.STRINGS)})
    asked = only({"when": "'a' in tags and not 'b' in tags", "points": 10}, words=words)
    assert (asked.worst, asked.best, asked.exact) == (0, 10, True)


def test_a_constant_without_a_value_cuts_nothing() -> None:
    words = Vocabulary(parameters={"late": Parameter(Type.INTEGER, ((Instant(2**52), 3),))})
    asked = only({"when": "company.employees > param.late", "points": 5}, words=words)
    assert (asked.worst, asked.best, asked.exact, asked.matters) == (0, 0, True, False)


def test_an_answer_for_which_there_is_no_score_yet_does_not_count() -> None:
    words = Vocabulary(parameters={"late": Parameter(Type.INTEGER, ((Instant(2**52), 3),))})
    rules = [
        {"when": "company.employees > 5", "points": {"param": "late"}},
        {"when": "company.employees > 3", "points": 2},
    ]
    asked = only(*rules, words=words)
    assert (asked.worst, asked.best) == (0, 2)
    rule = {"when": "known(title)", "points": {"param": "late"}}
    assert asked_of(Lead(id="17"), rule, words=words) == ()
    rule = {"when": "contains(title, 'a') or known(title)", "points": {"param": "late"}}
    assert asked_of(Lead(id="17"), rule, words=words) == ()


def test_bounds_leave_out_what_has_no_score_yet() -> None:
    words = Vocabulary(parameters={"late": Parameter(Type.INTEGER, ((Instant(2**52), 3),))})
    never = "contains(title, 'ab') and not contains(title, 'a')"
    rules: list[dict[str, Any]] = [
        {"when": never, "points": {"param": "late"}},
        {"when": "title == 'x'", "points": 2},
    ]
    asked = only(*rules, words=words)
    assert (asked.worst, asked.best, asked.exact) == (0, 2, True)
    rules[0]["when"] = f"title != 'x' or ({never})"
    asked = only(*rules, words=words)
    assert (asked.worst, asked.best, asked.exact) == (2, 2, True)


def test_what_people_said_holds_whatever_the_field() -> None:
    when = "at_least(1, ends_with(title, 'x'), not (title < 'b' and starts_with(title, 'a')))"
    criteria = {"authority": {"points": 5, "met": when}, "need": {"points": 3, "met": when}}
    scorer = Scorer(
        Scoring.model_validate(
            {"qualification": {"criteria": criteria, "ready": {"at_least": 2}, "max": 7}}
        )
    )
    said = {"criterion": "need", "answer": "not_met"}
    event = Event(lead_id="17", id="a", time=NOW, kind="answer", properties=said)
    found = {x.name: x for x in scorer.questions(Lead(id="17"), events=[event], at=NOW)}
    assert (found["title"].worst, found["title"].best) == (0, 5)
    assert not found["title"].makes_ready
    found = {x.name: x for x in scorer.questions(Lead(id="17"), at=NOW)}
    assert (found["title"].worst, found["title"].best) == (0, 7)
    assert found["title"].makes_ready


def test_too_many_verdicts_of_a_criterion_are_any_answer() -> None:
    parts = " or ".join(f"contains(title, 'w{number}')" for number in range(12))
    criteria = {"need": {"points": 5, "met": parts, "not_met": "title == 'w1'"}}
    scoring = {"qualification": {"criteria": criteria}, "total": {"decimals": 1}}
    scorer = Scorer(Scoring.model_validate(scoring))
    found = {x.name: x for x in scorer.questions(Lead(id="17"), at=NOW)}
    assert (found["title"].worst, found["title"].best, found["title"].exact) == (0, 5, True)


def test_effects_are_told_in_words() -> None:
    asked = Question("size", "field", "size", 12, 40.5, 7, "warm", "hot", "cold", rises=True)
    assert asked.effect == "7 to 40.5 points, now 12; hot at best"
    assert str(asked) == f"size: {asked.effect}"
    asked = replace(asked, falls=True, makes_ready=True, exact=False)
    assert asked.effect == (
        "at least 7, at most 40.5 points, now 12; hot at best; cold at worst; may make it ready"
    )
    assert replace(asked, best=7.0, exact=True, rises=False, falls=False).effect == (
        "7 points, now 12; may make it ready"
    )


def test_an_impossible_number_is_not_asked_for() -> None:
    asked = only({"when": "company.employees < 0", "points": 50})
    assert (asked.worst, asked.best) == (0, 0)


def test_a_flipped_comparison_and_another_field_are_cuts_too() -> None:
    words = Vocabulary({"low": Declaration(Type.INTEGER), "high": Declaration(Type.INTEGER)})
    lead = Lead(id="17", fields={"low": 5})
    (asked,) = asked_of(lead, {"when": "low < high", "points": 3}, words=words)
    assert (asked.name, asked.worst, asked.best, asked.exact) == ("high", 0, 3, True)
    (asked,) = asked_of(lead, {"when": "high in [low, 4]", "points": 3}, words=words)
    assert (asked.name, asked.worst, asked.best, asked.exact) == ("high", 0, 3, True)


def test_a_duration_that_is_missing_is_cut_at_the_age() -> None:
    words = Vocabulary({"patience": Declaration(Type.DURATION)})
    lead = Lead(id="17", created=NOW - timedelta(days=3))
    (asked,) = asked_of(lead, {"when": "older_than(created, patience)", "points": 3}, words=words)
    assert (asked.name, asked.worst, asked.best, asked.exact) == ("patience", 0, 3, True)


def test_many_comparisons_that_cannot_be_cut_are_bounded_by_every_rule() -> None:
    parts = " or ".join(f"contains(title, 'w{number}')" for number in range(12))
    asked = only({"when": parts, "points": 10}, {"when": "always", "points": 4})
    assert (asked.worst, asked.best) == (0, 10)
    assert not asked.exact  # that no rule fires cannot be, but so many verdicts are not tried


BANDS = [
    {"name": "hot", "enter": 20, "needs": ["phone"]},
    {"name": "warm", "enter": 10},
    {"name": "cold"},
]


def test_what_crosses_a_band_comes_first_then_the_widest_then_the_name() -> None:
    characteristics = {
        "base": [{"when": "country == 'DE'", "points": 12}],
        "size": [{"when": "company.employees >= 50", "points": 3}],
        "role": [{"when": "title == 'CEO'", "points": 7}],
        "worse": [{"when": "consent", "points": -3}],
        "mail": [{"when": "known(email)", "points": 3}],
        "money": [{"when": "budget >= money('5 EUR')", "points": 25}],
    }
    scoring = {"fit": {"characteristics": characteristics}, "bands": BANDS}
    scorer = Scorer(Scoring.model_validate(scoring))
    lead = Lead(id="17", country="DE")
    found = scorer.questions(lead, at=NOW)
    names = [asked.name for asked in found]
    assert names == ["consent", "budget", "title", "company.employees", "email", "phone"]
    assert [asked.crosses for asked in found] == [True, False, False, False, False, False]
    by_name = {asked.name: asked for asked in found}
    assert (by_name["consent"].falls, by_name["consent"].worst_band) == (True, "cold")
    assert by_name["budget"].best == 37  # which is hot, if the phone were known
    assert (by_name["budget"].rises, by_name["budget"].best_band) == (False, "warm")
    assert not by_name["phone"].matters
    assert by_name["email"].worst == by_name["email"].best == 15
    rich = lead.model_copy(update={"budget": Money.parse("9 EUR")})
    (first, *_) = scorer.questions(rich, at=NOW)
    assert (first.name, first.rises, first.best_band, first.spread) == ("phone", True, "hot", 0)


def test_an_override_stays_whatever_the_answer() -> None:
    rule = {"when": "contains(title, 'a') and not contains(title, 'ab')", "points": 25}
    scoring = {"fit": {"characteristics": {"one": [rule]}}, "bands": BANDS}
    scorer = Scorer(Scoring.model_validate(scoring))
    said = {"band": "warm", "by": "Ada", "reason": "met at the fair"}
    event = Event(lead_id="17", id="o", time=NOW, kind="override", properties=said)
    found = {asked.name: asked for asked in scorer.questions(Lead(id="17"), events=[event], at=NOW)}
    assert (found["title"].best, found["title"].best_band) == (25, "warm")
    assert not any(asked.crosses for asked in found.values())


def test_a_criterion_is_asked_in_its_own_words_and_may_make_ready() -> None:
    words = Vocabulary({"months": Declaration(Type.INTEGER, description="Until they decide.")})
    criteria = {
        "budget": {"points": 5, "ask": "How much?"},
        "need": {"points": 5, "description": "What hurts"},
        "timing": {"met": "months <= 3"},
    }
    scoring = {"qualification": {"criteria": criteria, "ready": {"at_least": 2}}}
    scorer = Scorer(Scoring.model_validate(scoring), vocabulary=words)
    said = {"criterion": "need", "answer": "met"}
    met = Event(lead_id="17", id="a", time=NOW, kind="answer", properties=said)
    found = scorer.questions(Lead(id="17"), events=[met], at=NOW)
    assert [(x.name, x.of, x.ask, x.makes_ready, x.spread) for x in found] == [
        ("budget", "criterion", "How much?", True, 5),
        ("months", "field", "Until they decide.", True, 0),
        ("timing", "criterion", "timing", True, 0),
    ]
    (*_, asked) = scorer.questions(Lead(id="17", fields={"months": 9}), at=NOW)
    assert (asked.ask, asked.makes_ready) == ("timing", False)
    assert [x.ask for x in scorer.questions(Lead(id="17"), at=NOW)][1] == "What hurts"


def test_a_field_that_only_activities_have_is_not_asked() -> None:
    words = Vocabulary(activities={"page_view": {"path": Declaration(Type.STRING)}})
    rule = {"activity": "page_view", "when": "activity.path == '/p'", "points": 5}
    scorer = Scorer(
        Scoring.model_validate({"engagement": {"rules": {"r": rule}}}), vocabulary=words
    )
    assert scorer.questions(Lead(id="17"), at=NOW) == ()


def test_a_derived_field_is_not_asked() -> None:
    words = Vocabulary(derived={"stage": Declaration(Type.STRING)})
    assert asked_of(Lead(id="17"), {"when": "stage == 'x'", "points": 5}, words=words) == ()


def test_what_cannot_be_scored_cannot_be_asked() -> None:
    scorer = Scorer(
        Scoring.model_validate(
            {"fit": {"characteristics": {"one": [{"when": "known(email)", "points": 5}]}}}
        )
    )
    with pytest.raises(EvaluationError, match="'x' is not a moment"):
        scorer.questions(Lead(id="17"), at="x")  # type: ignore[arg-type]


def test_the_lead_may_be_known_in_part() -> None:
    rule = {"when": "company.employees / company.revenue_count > 1", "points": 5}
    words = Vocabulary({"company.revenue_count": Declaration(Type.INTEGER)})
    lead = Lead(id="17", company=Company(employees=10))
    (asked,) = asked_of(lead, rule, words=words)
    assert (asked.name, asked.best, asked.worst, asked.exact) == (
        "company.revenue_count",
        5,
        0,
        True,
    )
