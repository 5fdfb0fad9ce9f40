"""Scorecards as documents; what is wrong with bad ones is among the bad policies."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.scoring import Scoring
from leadrules.scoring.document import PARTS
from tests.scoring.histories import scoring_document
from tests.scoring.scorecards import scorecards
from tests.strategies import VOCABULARY

DATA = {
    "fit": {
        "characteristics": {
            "size": [
                {"when": "company.employees>=500", "points": 20, "why": "agreed"},
                {"when": {"field": "company.employees", "op": ">=", "value": 50}, "points": 2.5},
            ],
            "role": {"rules": [{"when": "known(title)", "points": {"param": "bonus"}, "id": "vp"}]},
        },
        "groups": {"all": {"of": ["size", "role"], "max": 30}},
    },
}


@given(document=scorecards())
def test_a_scorecard_is_written_as_it_is_read(document: Scoring) -> None:
    """Law: a valid scorecard has no problem, and its own data is the scorecard."""
    assert document.check(VOCABULARY, warnings=False) == []
    assert Scoring.model_validate(document.model_dump(mode="json")) == document


def test_rules_are_in_order_with_their_ids() -> None:
    scoring = Scoring.model_validate(DATA)
    assert [name for name, _ in scoring.rules()] == ["size.1", "size.2", "vp"]


def test_a_rule_shows_its_condition_as_people_write_it() -> None:
    rules = [rule for _, rule in Scoring.model_validate(DATA).rules()]
    assert [repr(rule) for rule in rules] == [
        "Rule(when='company.employees >= 500', points=Decimal('20'), why='agreed')",
        "Rule(when='company.employees >= 50', points=Decimal('2.5'))",
        "Rule(when='known(title)', points=ParamRef(param='bonus'), id='vp')",
    ]


@given(random=st.randoms(use_true_random=True))
def test_a_section_is_written_as_it_is_read(random: Random) -> None:
    """Law: a valid section has no problem, and its own data, of either kind, is the section."""
    document = scoring_document(random)
    assert document.check(VOCABULARY, warnings=False) == []
    assert Scoring.model_validate(document.model_dump(mode="json")) == document
    assert Scoring.model_validate(document.model_dump()) == document


FULL = {
    "fit": {**DATA["fit"], "letters": {"A": 20, "B": 0}},
    "engagement": {
        "rules": {"demo": {"activity": "demo", "points": {"param": "bonus"}, "max": 9}},
        "digits": {1: 5, 2: 0},
        "min": -1,
    },
    "qualification": {
        "criteria": {"need": {"met": "known(email)", "not_met": "missing(phone)", "points": 3}},
        "ready": {"at_least": 1},
    },
    "total": {"max": 99},
    "bands": [{"name": "hot", "enter": 40, "leave": 35, "needs": ["city"]}, {"name": "cold"}],
}


def test_a_section_names_what_it_adds_to_a_lead() -> None:
    document = Scoring.model_validate(FULL)
    choices = {name: found.choices for name, found in document.results.items()}
    assert choices == {
        "score": (),
        "fit": (),
        "engagement": (),
        "qualification": (),
        "lifetime": (),
        "fit_letter": ("A", "B"),
        "engagement_digit": ("1", "2"),
        "band": ("hot", "cold"),
        "ready": (),
        "answer.need": ("met", "not_met", "unknown"),
    }
    assert document.parts == document.added == PARTS


def test_a_section_names_what_it_reads() -> None:
    document = Scoring.model_validate(FULL)
    assert [name for name, _ in document.conditions()] == [
        "size.1",
        "size.2",
        "vp",
        "need.met",
        "need.not_met",
    ]
    assert document.fields() == ("company.employees", "title", "email", "phone", "city")
    numbers = [str(number) for number in document.numbers()]
    assert numbers == [
        *("0", "20", "2.5", "0", "param='bonus'", "30", "20", "0"),
        *("param='bonus'", "9", "-1", "5", "0"),
        "3",
        *("40", "35"),
        "99",
    ]


@pytest.mark.parametrize(
    ("parts", "summary"),
    [
        (["fit"], "2 characteristics, 3 rules"),
        (["engagement"], "1 activity rule"),
        (["qualification"], "1 criterion"),
        (["fit", "bands"], "2 characteristics, 3 rules, 2 bands"),
    ],
)
def test_a_section_is_summed_up(parts: list[str], summary: str) -> None:
    document = Scoring.model_validate({part: FULL[part] for part in parts})
    assert document.summary() == summary
    assert set(document.results) >= {"score", *(set(parts) & set(PARTS))}
