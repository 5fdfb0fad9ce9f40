"""Explanations: their items sum to the score, and say what was seen."""

from __future__ import annotations

import json
import pickle
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import Company, EvaluationError, Event, Explanation, Lead, Money, Reason, Scorer
from leadrules.conditions.findings import HIDDEN
from leadrules.scoring import Scoring
from leadrules.scoring.items import Item, PartDetail, RuleDetail, TallyDetail
from leadrules.scoring.points import points_of
from leadrules.values import Type
from leadrules.vocabulary import Declaration, Vocabulary
from tests.scoring.histories import history, scoring_document
from tests.strategies import VOCABULARY, moment, row

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
WORDS = Vocabulary(
    {"badge": Declaration(Type.STRING, personal=True), "months": Declaration(Type.INTEGER)},
    activities={
        "page_view": {"path": Declaration(Type.STRING)},
        "call": {"number": Declaration(Type.STRING, personal=True)},
    },
    zone="Europe/Berlin",
)
randoms = st.randoms(use_true_random=True)


def explained(scoring: Any, lead: Lead, *events: Event, **options: Any) -> Explanation:
    scorer = Scorer(Scoring.model_validate(scoring), vocabulary=WORDS)
    return scorer.explain(lead, events=events, at=AT, **options)


def fit(*rules: Any, **more: Any) -> dict[str, Any]:
    return {"fit": {"characteristics": {"one": {"rules": list(rules), **more}}}}


def event(name: str, *, days: float = 0, kind: str = "page_view", **said: Any) -> Event:
    """Return an activity, or an event of another kind."""
    type_ = kind if kind in WORDS.activities else None
    return Event(
        lead_id="17",
        id=name,
        time=AT - timedelta(days=days),
        kind="activity" if type_ else kind,
        type=type_,
        properties=said,
    )


def lines(found: Explanation) -> list[str]:
    return found.text().splitlines()


# --- the law


def case(random: Random) -> tuple[Scorer, Lead, dict[str, Any]] | None:
    """Return a scorer, a lead and the rest of what it is scored by; None if it has no score."""
    scoring = scoring_document(random)
    scorer = Scorer(scoring, vocabulary=VOCABULARY)
    lead, at = VOCABULARY.lead(row(random)), moment(random)
    names = [band.name for band in scoring.bands.levels] if scoring.bands else []
    given: dict[str, Any] = {
        "events": history(random, lead.id, at, random.randint(0, 20)),
        "at": at,
        "previous": random.choice((None, *names)),
    }
    try:
        scorer.score(lead, **given)
    except EvaluationError as error:
        with pytest.raises(EvaluationError, match=re.escape(error.message)):
            scorer.explain(lead, **given)
        return None
    return scorer, lead, given


@given(random=randoms)
def test_leaves_sum_to_the_visible_score(random: Random) -> None:
    """Law: leaves sum exactly to the score, and what an item is made of sums to the item."""
    found = case(random)
    if found is None:
        return
    scorer, lead, given = found
    explanation = scorer.explain(lead, **given)
    score = scorer.score(lead, **given)
    assert explanation.tree.points == Decimal(str(score.score))
    leaves = [leaf.millionths for leaf in explanation.tree.leaves()]
    assert sum(leaves) == explanation.tree.millionths
    for part in (explanation.tree, *explanation.beside):
        for item in part.walk():
            if item.parts:
                assert item.millionths == sum(inner.millionths for inner in item.parts)


@given(random=randoms)
def test_an_explanation_agrees_with_the_score(random: Random) -> None:
    """Law: parts, rules that fired, band and readiness are those of the compiled score."""
    found = case(random)
    if found is None:
        return
    scorer, lead, given = found
    explanation = scorer.explain(lead, **given, redact=random.random() < 0.5)
    score = scorer.score(lead, **given)
    assert explanation.score == score
    parts: dict[str, Item] = {
        item.kind: item for item in (*explanation.tree.parts, *explanation.beside)
    }
    for name in ("fit", "engagement", "qualification"):
        points = getattr(score, name)
        assert points is None or float(parts[name].points) == points
    if score.lifetime is not None:
        detail = parts["engagement"].detail
        assert isinstance(detail, PartDetail)
        assert float(points_of(detail.lifetime)) == score.lifetime
    assert sorted(_fired(explanation)) == sorted(score.fired)
    assert sorted(_uncertain(explanation)) == sorted(score.uncertain)
    assert (explanation.band and explanation.band.name) == score.band
    assert (explanation.band and explanation.band.by) == score.band_by
    assert (explanation.ready and explanation.ready.ready) == score.ready
    json.dumps(explanation.to_dict(), allow_nan=False)
    assert explanation.text()
    assert explanation._repr_html_().count("<details") == explanation._repr_html_().count(
        "</details>"
    )
    assert pickle.loads(pickle.dumps(explanation)) == explanation


def _items(explanation: Explanation) -> list[Item]:
    return [item for part in (explanation.tree, *explanation.beside) for item in part.walk()]


def _fired(explanation: Explanation) -> list[str]:
    return [
        item.name
        for item in _items(explanation)
        if (isinstance(item.detail, RuleDetail) and item.detail.finding and _true(item))
        or (isinstance(item.detail, TallyDetail) and item.detail.counted)
    ]


def _true(item: Item) -> bool:
    assert isinstance(item.detail, RuleDetail)
    return item.detail.finding is not None and item.detail.finding.verdict is True


def _uncertain(explanation: Explanation) -> list[str]:
    return [
        item.name
        for item in _items(explanation)
        if item.kind == "characteristic"
        and any(
            isinstance(part.detail, RuleDetail)
            and part.detail.finding is not None
            and part.detail.finding.verdict is None
            for part in item.parts
        )
    ]


def test_points_are_exact_whatever_the_precision() -> None:
    with localcontext() as context:
        context.prec = 3
        assert points_of(1_234_567_890_123) == Decimal("1234567.890123")


# --- what it says


def test_a_rule_says_what_was_seen_and_why() -> None:
    rules = [
        {"id": "large", "when": "company.employees >= 500", "points": 25, "why": "many shifts"},
        {"id": "rich", "when": "budget >= money('9 EUR')", "points": 5},
        {"id": "medium", "when": "company.employees >= 100", "points": 15, "why": "our usual"},
        {"when": "always", "points": 1},
    ]
    found = explained(fit(*rules), Lead(id="17", company=Company(employees=120)))
    assert (
        found.text()
        == """\
lead 17, as of 2026-01-05 10:00 Europe/Berlin
score 15
most: +15 medium

+15  score
+15    fit
+15      one: medium, uncertain
           company.employees >= 100; company.employees is 120
           why: our usual
           not large: company.employees >= 500; company.employees is 120
           unknown rich: budget >= money("9 EUR"); budget is missing
           not asked: one.4"""
    )


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("title == 'x' or lower(title) == 'ceo'", 'lower(title) is "ceo"'),
        ("not title == 'x' and country == 'DE'", 'title is "CEO", country is "DE"'),
        ("known(created) and country == 'DE'", 'created is 2026-01-01 01:30, country is "DE"'),
        ("at_least(2, consent, title == 'x', country == 'DE')", 'consent is true, country is "DE"'),
        ("missing(email)", "email is missing"),
        ("days_since(created) >= 4", "days_since(created) is 4"),
        ("company.employees / 2 > 1", "company.employees / 2 is 60"),
        ("budget >= money('1 EUR')", "budget is 1000.5 EUR"),
        ("always", ""),
    ],
)
def test_what_decided_is_told_and_nothing_else(when: str, said: str) -> None:
    lead = Lead(
        id="17",
        title="CEO",
        country="DE",
        consent=True,
        created=datetime(2026, 1, 1, 0, 30, tzinfo=UTC),
        budget=Money.parse("1000.50 EUR"),
        company=Company(employees=120),
    )
    found = explained(fit({"when": when, "points": 1}), lead)
    told = " ".join(" ".join(lines(found)[7:]).split()).partition("; ")[2]
    assert told == said


@pytest.mark.parametrize(
    ("when", "verdict", "said"),
    [
        ("title == 'x' and country == 'DE'", "not", 'title is "CEO"'),
        ("at_least(2, title == 'x', consent, country == 'DE')", "unknown", "consent is missing"),
        ("at_least(3, title == 'x', consent, country == 'DE')", "not", None),
        ("months > 3", "unknown", "months is missing"),
        ("months / 3 > 3", "unknown", "months is missing"),
        ("company.employees / 0 > 3", "unknown", "there is no finite result"),
        ("budget > money('1 USD')", "unknown", "budget is 5 EUR, currencies differ"),
    ],
)
def test_a_rule_that_does_not_fire_says_why_not(when: str, verdict: str, said: str | None) -> None:
    lead = Lead(
        id="17",
        title="CEO",
        country="DE",
        budget=Money.parse("5 EUR"),
        company=Company(employees=120),
    )
    found = explained(fit({"id": "a", "when": when, "points": 1}), lead)
    first, _, told = " ".join(" ".join(lines(found)[6:]).split()).partition("; ")
    assert f" {verdict} a: " in f" {first}"
    assert said is None or told == said


def test_a_default_is_an_item() -> None:
    found = explained(fit({"when": "consent", "points": 5}, default=-2.5), Lead(id="17"))
    assert [(leaf.kind, leaf.points) for leaf in found.tree.leaves()] == [
        ("rule", 0),
        ("default", Decimal("-2.5")),
        ("rounding", Decimal("0.5")),
    ]
    assert found.reasons() == (Reason("one.default", Decimal("-2.5")),)


def test_limits_decay_and_caps_are_items() -> None:
    rule = {
        "activity": "page_view",
        "when": "activity.path == '/p'",
        "points": 8,
        "limit": "1 per day",
        "decay": "half_life 1 day",
        "why": "they ask for the price",
    }
    scoring = {
        "engagement": {
            "rules": {"price": rule, "calls": {"activity": "call", "points": 3}},
            "groups": {"all": {"of": ["price"], "max": 10}},
            "min": 12,
        }
    }
    events = [
        event("e1", days=1, path="/p"),
        event("e2", path="/p"),
        event("e3", days=0.1, path="/p"),
        event("e4", path="/q"),
    ]
    found = explained(scoring, Lead(id="17"), *events)
    assert (
        found.text()
        == """\
lead 17, as of 2026-01-05 10:00 Europe/Berlin
score 12
most: +12 price

+12  score
+12    engagement
         lifetime 12, as if nothing had faded
+10      group all
+12        price: 2 page_view, 1 over the limit
             activity.path == "/p"; 1 per day; half_life 1 day
             why: they ask for the price
             1 more page_view not so
 +8          2026-01-05 10:00, just now: activity.path is "/p" (e2)
  0          2026-01-05 07:36, 2 hours ago, over the limit: activity.path is
               "/p" (e3)
               +8 points, -8 limit
 +4          2026-01-04 10:00, 1 day ago: activity.path is "/p" (e1)
               +8 points, -4 decay
 -2        at most 10
  0      calls: no call
 +2      at least 12"""
    )


def test_in_brief_only_what_counts_is_told() -> None:
    scoring = {
        "fit": {
            "characteristics": {
                "one": [{"id": "a", "when": "always", "points": 5, "why": "so"}],
                "two": [{"when": "consent", "points": 5}],
            }
        },
        "engagement": {"rules": {"r": {"activity": "page_view", "points": 0.5}}},
    }
    found = explained(scoring, Lead(id="17"), event("e1"))
    assert found.text(brief=True).splitlines()[-6:] == [
        "+6    score",
        "+5      fit",
        "+5        one: a",
        "+0.5    engagement",
        "+0.5      r: 1 page_view",
        "+0.5    rounded",
    ]


def test_a_moment_that_a_zone_has_not_is_told_in_utc() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    found = explained(fit({"when": "known(created)", "points": 1}), Lead(id="17", created=last))
    assert "created is 9999-12-31T23:59:59.999999+00:00" in found.text(width=200)


def test_many_activities_are_summed_in_text_and_told_in_data() -> None:
    scoring = {"engagement": {"rules": {"r": {"activity": "page_view", "points": 0.5}}}}
    found = explained(scoring, Lead(id="17"), *(event(f"e{x}", days=x) for x in range(8)))
    assert lines(found)[-1] == "+1.5        3 before"
    assert len(found.to_dict()["tree"]["parts"][0]["parts"][0]["parts"]) == 8


def test_a_rule_that_matches_nothing_says_why() -> None:
    rule = {"activity": "page_view", "when": "activity.path == '/p'", "points": 8}
    scoring = {"engagement": {"rules": {"price": rule}}}
    told = lines(explained(scoring, Lead(id="17"), event("e1", path="/q"), event("e2", days=1)))
    assert told[-3:] == [
        "0      price: no page_view that matches",
        '         activity.path == "/p"',
        '         not the latest: activity.path is "/q"',
    ]
    told = lines(explained(scoring, Lead(id="17"), event("e2", days=1)))
    assert told[-1] == "         not the latest: activity.path is missing; that is unknown"


QUALIFICATION = {
    "criteria": {
        "budget": {"points": 5, "met": "budget >= money('5 EUR')", "ask": "How much?"},
        "need": {"points": 2.5, "expires": "90 days"},
        "timing": {"met": "months <= 3", "not_met": "months > 9"},
        "authority": {"ask": "Who decides?"},
    },
    "ready": {"at_least": 3, "mandatory": ["budget", "need"]},
}


def test_a_criterion_says_who_or_what_answered() -> None:
    answers = [
        event("a1", days=9, kind="answer", criterion="need", answer="met", by="Sam"),
        event("a2", days=8, kind="answer", criterion="authority", answer="not_met"),
    ]
    lead = Lead(id="17", fields={"months": 12})
    found = explained({"qualification": QUALIFICATION}, lead, *answers)
    assert (
        found.text()
        == """\
lead 17, as of 2026-01-05 10:00 Europe/Berlin
score 3
not ready: 1 of 4 criteria met, 3 needed; mandatory and not met: budget
most: +2.5 qualification.need

+3    score
+2.5    qualification
 0        budget: unknown
            met is unknown: budget >= money("5 EUR"); budget is missing
            ask: How much?
+2.5      need: met
            said by Sam on 2025-12-27 10:00, until 2026-03-27 10:00 (a1)
 0        timing: not met
            met is false: months <= 3; months is 12
            not met is true: months > 9; months is 12
 0        authority: not met
            said on 2025-12-28 10:00 (a2)
+0.5    rounded"""
    )


def test_an_unknown_criterion_that_nobody_answered_asks() -> None:
    found = explained({"qualification": QUALIFICATION}, Lead(id="17"))
    assert lines(found)[-2:] == ["         nobody has answered", "         ask: Who decides?"]


BANDS = [
    {"name": "hot", "enter": 20, "leave": 15, "needs": ["phone", "email"]},
    {"name": "warm", "enter": 10},
    {"name": "cold"},
]


def banded(points: float, of: str = "total") -> dict[str, Any]:
    """Return a scoring in which a lead from nowhere has those points, and others any band."""
    away = [{"when": "country == 'x'", "points": 40}, {"when": "country == 'y'", "points": -40}]
    characteristics = {"one": [{"when": "always", "points": points}], "two": away}
    return {"fit": {"characteristics": characteristics}, "bands": {"of": of, "levels": BANDS}}


@pytest.mark.parametrize(
    ("points", "previous", "lead", "said"),
    [
        (25, None, {"phone": "1", "email": "a"}, "hot, from 20"),
        (12, None, {}, "warm, from 10; hot is from 20, 8 more"),
        (3, None, {}, "cold; warm is from 10, 7 more"),
        (25, None, {"phone": "1"}, "warm, held back from hot: email is missing"),
        (25, None, {}, "warm, held back from hot: phone and email are missing"),
        (
            16,
            "hot",
            {"phone": "1", "email": "a"},
            "hot, kept from 15 for a lead that was hot; others need 20",
        ),
    ],
)
def test_a_band_says_what_decided_it(
    points: int, previous: str | None, lead: dict[str, Any], said: str
) -> None:
    found = explained(banded(points), Lead(id="17", **lead), previous=previous)
    assert lines(found)[1] == f"score {points}: {said}"


def test_an_override_says_who_and_until_when() -> None:
    override: dict[str, Any] = {"band": "cold", "by": "Ada", "reason": "asked us to stop"}
    found = explained(banded(12), Lead(id="17"), event("o", kind="override", **override))
    assert lines(found)[1] == "score 12: cold, set by Ada (asked us to stop); warm by points"
    override["until"] = AT + timedelta(days=1)
    found = explained(banded(12), Lead(id="17"), event("o", kind="override", **override))
    assert " ".join(lines(found)[1:3]) == (
        "score 12: cold, set by Ada (asked us to stop), until 2026-01-06 10:00; warm by   points"
    )


def test_bands_of_a_part_name_it() -> None:
    found = explained(banded(12.5, of="fit"), Lead(id="17"))
    assert lines(found)[1] == "score 13: warm by 12.5 of fit, from 10; hot is from 20, 7.5 more"


def test_parts_that_are_not_added_stand_beside() -> None:
    scoring = {
        **fit({"id": "a", "when": "always", "points": 5}),
        "engagement": {
            "rules": {"r": {"activity": "page_view", "points": 9, "decay": "linear 2 days"}},
            "digits": {"1": 5, "2": 0},
        },
        "total": {"of": ["fit"]},
    }
    found = explained(scoring, Lead(id="17"), event("e1", days=1))
    assert [item.kind for item in found.beside] == ["engagement"]
    assert (found.tree.points, found.beside[0].points) == (Decimal(5), Decimal("4.5"))
    assert found.reasons() == (Reason("a", Decimal(5)),)
    assert "+4.5  beside the score: engagement" in found.text()
    assert "engagement 2" in lines(found)
    assert found.to_dict()["beside"][0]["lifetime"] == 9


def test_reasons_are_the_largest_first_and_ties_by_id() -> None:
    points = {"b": 5, "a": 5, "d": -9, "c": 0, "e": -1}
    scoring = {
        "fit": {
            "characteristics": {
                name: [{"id": name, "when": "always", "points": x, "why": name}]
                for name, x in points.items()
            }
        }
    }
    found = explained(scoring, Lead(id="17"))
    assert found.reasons(most=3) == (
        Reason("d", Decimal(-9), "d"),
        Reason("a", Decimal(5), "a"),
        Reason("b", Decimal(5), "b"),
    )
    assert [reason.id for reason in found.reasons()] == ["d", "a", "b", "e"]


def test_items_are_found_by_name() -> None:
    found = explained(fit({"id": "a", "when": "always", "points": 5}), Lead(id="17"))
    item = found.item("a")
    assert item is not None
    assert item.kind == "rule"
    assert item.points == 5
    assert found.item("b") is None


# --- redaction


def test_personal_values_are_hidden_on_request() -> None:
    scoring = {
        **fit(
            {"when": "lower(email) == 'ada@example.org'", "points": 1},
            {"when": "badge == 'blue' or title == 'CEO'", "points": 1},
        ),
        "engagement": {
            "rules": {
                "r": {"activity": "call", "when": "activity.number != '0'", "points": 2},
                "s": {"activity": "call", "when": "activity.number == '0'", "points": 2},
            }
        },
        "qualification": {"criteria": {"c": {"met": "ends_with(email, 'gmail.com')"}}},
    }
    lead = Lead(id="17", email="bob@gmail.com", title="CEO", fields={"badge": "secret-1"})
    call = event("e1", kind="call", number="secret-2")
    open_ = explained(scoring, lead, call)
    shut = explained(scoring, lead, call, redact=True)
    for text in (open_.text(), open_._repr_html_(), json.dumps(open_.to_dict()), repr(open_)):
        assert "bob@gmail.com" in text
        assert "secret-2" in text
    for text in (shut.text(), shut._repr_html_(), json.dumps(shut.to_dict()), repr(shut)):
        assert "bob" not in text
        assert "secret" not in text
        assert "ada@example.org" in text  # the policy says so
        assert "CEO" in text
        assert HIDDEN in text
    assert shut.score == open_.score
    assert shut.tree.points == open_.tree.points


@given(random=randoms)
def test_redaction_changes_nothing_else(random: Random) -> None:
    """Law: without personal values a redacted explanation is the explanation."""
    found = case(random)
    if found is None:
        return
    scorer, lead, given = found
    plain = scorer.explain(lead, **given)
    assert scorer.explain(lead, **given, redact=True) == plain  # none of the fields is personal


# --- forms


def test_what_people_wrote_cannot_break_out_of_the_page_or_the_terminal() -> None:
    bad = "<script>\x1b[31m\x9b\N{RIGHT-TO-LEFT OVERRIDE}"
    rule = {"when": "known(title)", "points": 1, "why": bad}
    found = explained(fit(rule), Lead(id="17\n<b>", title=bad + "x" * 100))
    html = found._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html
    for text in (html, found.text()):
        assert not set("\x1b\x9b\N{RIGHT-TO-LEFT OVERRIDE}") & set(text)
    assert '"<script>' in found.text()


def test_text_fits_the_width() -> None:
    when = " or ".join(f'title == "{word * 5}"' for word in ("one", "two", "three", "four"))
    found = explained(fit({"when": when, "points": 1}), Lead(id="17", title="x " * 100))
    for width in (80, 50):
        assert max(map(len, found.text(width=width).splitlines())) <= width
    assert str(found) == found.text(width=80)


def test_data_has_stable_keys() -> None:
    found = explained(fit({"id": "a", "when": "always", "points": 2.5}), Lead(id="17")).to_dict()
    assert found == {
        "lead_id": "17",
        "at": "2026-01-05T09:00:00+00:00",
        "score": 3,
        "band": None,
        "ready": None,
        "fit_letter": None,
        "engagement_digit": None,
        "reasons": [{"id": "a", "points": 2.5, "why": None}],
        "tree": {
            "kind": "score",
            "name": "score",
            "points": 3,
            "parts": [
                {
                    "kind": "fit",
                    "name": "fit",
                    "points": 2.5,
                    "parts": [
                        {
                            "kind": "characteristic",
                            "name": "one",
                            "points": 2.5,
                            "parts": [
                                {
                                    "kind": "rule",
                                    "name": "a",
                                    "points": 2.5,
                                    "finding": {
                                        "condition": "always",
                                        "verdict": True,
                                        "values": {},
                                        "missing": [],
                                        "obstacle": None,
                                    },
                                    "first": None,
                                    "why": None,
                                    "parts": [],
                                }
                            ],
                        }
                    ],
                },
                {"kind": "rounding", "name": "rounding", "points": 0.5, "parts": []},
            ],
        },
        "beside": [],
        "policy": None,
    }


def test_a_field_of_another_type_is_told() -> None:
    scorer = Scorer(
        Scoring.model_validate(fit({"when": "months > 3", "points": 1})), vocabulary=WORDS
    )
    with pytest.raises(EvaluationError) as raised:
        scorer.explain(Lead(id="17", fields={"months": "x"}), at=AT)
    assert str(raised.value) == "months: 'x' is not an integer"
