"""Scorecards as documents; what is wrong with bad ones is among the bad policies."""

from __future__ import annotations

from hypothesis import given

from leadrules.scoring import Scoring
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
