"""Scores of single leads: what they are, and what they do not depend on."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import Company, EvaluationError, Lead, PolicyError
from leadrules.conditions import Always, Not, to_data
from leadrules.scoring import Score, Scorer, Scoring
from leadrules.values import Type, instant_of
from leadrules.vocabulary import Declaration, Parameter, Vocabulary, start_of_day
from tests.scoring.scorecards import plain_score, scorecard
from tests.strategies import VOCABULARY, moment, rows

AT = datetime(2026, 1, 5, tzinfo=UTC)
randoms = st.randoms(use_true_random=True)


def scoring(*rules: Any, **total: Any) -> Scoring:
    data = {"fit": {"characteristics": {"one": list(rules)}}, "total": total}
    return Scoring.model_validate(data)


def score(scorer: Scorer, row: Any, at: datetime) -> Score | None:
    """Return the score of a row, or None where a parameter has no value yet."""
    try:
        return scorer.score(VOCABULARY.lead(row), at=at)
    except EvaluationError as error:
        if error.field != "at":
            raise
        return None


@given(random=randoms)
def test_a_score_is_what_its_definition_says(random: Random) -> None:
    """Law: score, fit, what fired and what is uncertain are those of the plain definition."""
    document = scorecard(random)
    scorer = Scorer(document, vocabulary=VOCABULARY)
    for row in rows(random, 20):
        at = moment(random)
        instant = instant_of(at)
        parameters = VOCABULARY.parameters_at(instant)
        meant = plain_score(document, VOCABULARY.lead(row).record, instant, parameters)
        found = score(scorer, row, at)
        if found is None:
            assert meant.score is None
            continue
        assert meant.score is not None
        assert meant.fit is not None
        assert found.score == float(meant.score)
        assert found.fit is not None
        assert round(found.fit * 1_000_000) == meant.fit * 1_000_000
        assert (found.fired, found.uncertain) == (meant.fired, meant.uncertain)


@given(random=randoms)
def test_the_order_of_characteristics_does_not_matter(random: Random) -> None:
    """Law: shuffled characteristics and groups give the same score, and the same rules fire."""
    document = scorecard(random)
    assert document.fit is not None
    characteristics = list(document.fit.characteristics.items())
    groups = list(document.fit.groups.items())
    random.shuffle(characteristics)
    random.shuffle(groups)
    fit = document.fit.model_copy(
        update={"characteristics": dict(characteristics), "groups": dict(groups)}
    )
    one = Scorer(document, vocabulary=VOCABULARY)
    other = Scorer(document.model_copy(update={"fit": fit}), vocabulary=VOCABULARY)
    for row in rows(random, 10):
        at = moment(random)
        found, shuffled = score(one, row, at), score(other, row, at)
        if found is None or shuffled is None:
            assert found is shuffled
            continue
        assert (found.score, found.fit) == (shuffled.score, shuffled.fit)
        assert set(found.fired) == set(shuffled.fired)
        assert set(found.uncertain) == set(shuffled.uncertain)


@given(random=randoms)
def test_a_rule_that_is_never_true_changes_nothing(random: Random) -> None:
    """Law: appending a rule that is never true leaves every score as it is."""
    document = scorecard(random)
    data = document.model_dump(mode="json")
    never = {"when": to_data(Not(Always())), "points": 7}
    for characteristic in data["fit"]["characteristics"].values():
        characteristic["rules"] = [*characteristic["rules"], never]
    one = Scorer(document, vocabulary=VOCABULARY)
    other = Scorer(Scoring.model_validate(data), vocabulary=VOCABULARY)
    for row in rows(random, 10):
        at = moment(random)
        assert score(one, row, at) == score(other, row, at)


@given(
    points=st.integers(-(10**12), 10**12),
    low=st.integers(-(10**12), 10**12),
    room=st.integers(0, 10**12),
)
def test_limits_hold(points: int, low: int, room: int) -> None:
    """Law: the fit is never below its min nor above its max, and untouched between them."""
    high = min(low + room, 10**12)
    document = Scoring.model_validate(
        {
            "fit": {
                "characteristics": {"one": [{"when": "always", "points": points / 1_000_000}]},
                "min": low / 1_000_000,
                "max": high / 1_000_000,
            }
        }
    )
    found = Scorer(document).score(Lead(id="17"), at=AT)
    assert found.fit is not None
    assert round(found.fit * 1_000_000) == min(max(points, low), high)


@pytest.mark.parametrize(
    ("points", "decimals", "visible"),
    [
        (2.5, 0, 3),
        (-2.5, 0, -2),
        (-2.500001, 0, -3),
        (0.05, 1, 0.1),
        (-0.05, 1, 0.0),
        (1.000005, 5, 1.00001),
        (1.000001, 6, 1.000001),
    ],
)
def test_halves_are_rounded_up(points: float, decimals: int, visible: float) -> None:
    document = scoring({"when": "always", "points": points}, decimals=decimals)
    found = Scorer(document).score(Lead(id="17"), at=AT)
    assert found.score == visible
    assert isinstance(found.score, float if decimals else int)
    assert found.fit == points


def test_an_unknown_rule_before_the_one_that_fires_makes_it_uncertain() -> None:
    big = {"when": "company.employees >= 500", "points": 20}
    there = {"when": "known(email)", "points": 5}
    late = Scorer(scoring(there, big))
    early = Scorer(scoring(big, there))
    lead = Lead(id="17", email="ada@example.org")
    assert early.score(lead, at=AT) == Score("17", AT, 5, 5.0, fired=("one.2",), uncertain=("one",))
    assert late.score(lead, at=AT) == Score("17", AT, 5, 5.0, fired=("one.1",))
    assert early.score(Lead(id="18"), at=AT).uncertain == ("one",)


def test_parameters_are_those_of_the_moment() -> None:
    days = (date(2026, 1, 1), date(2026, 7, 1))
    starts = [start_of_day(day, "Europe/Berlin") for day in days]
    words = Vocabulary(
        parameters={
            "bonus": Parameter(Type.NUMBER, tuple(zip(starts, (2.5, 7), strict=True))),
            "small": Parameter(Type.INTEGER, ((starts[0], 10),)),
            "on": Parameter(Type.BOOLEAN, ((starts[0], True),)),
            "huge": Parameter(Type.NUMBER, ((starts[0], 1e300),)),
        }
    )
    rule = {"when": "company.employees > param.small", "points": {"param": "bonus"}}
    scorer = Scorer(scoring(rule), vocabulary=words)
    lead = Lead(id="17", company=Company(employees=11))
    before_july = datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC)
    july = datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert [scorer.score(lead, at=at).fit for at in (before_july, july)] == [2.5, 7.0]
    early = datetime(2025, 12, 31, 22, 59, tzinfo=UTC)
    assert scorer.score(lead, at=early).uncertain == ("one",)


def test_points_without_a_value_yet_are_an_error() -> None:
    words = Vocabulary(
        parameters={
            "bonus": Parameter(Type.INTEGER, ((instant_of(datetime(2026, 7, 1, tzinfo=UTC)), 1),))
        }
    )
    rule = {"when": "known(email)", "points": {"param": "bonus"}}
    scorer = Scorer(scoring(rule), vocabulary=words)
    assert scorer.score(Lead(id="17"), at=AT).score == 0
    with pytest.raises(EvaluationError) as caught:
        scorer.score(Lead(id="17", email="ada@example.org"), at=AT)
    assert str(caught.value) == "at: parameter 'bonus' has no value yet at that moment"
    assert (caught.value.field, caught.value.lead_id) == ("at", "17")


def test_a_declared_field_of_another_type_is_an_error() -> None:
    words = Vocabulary({"months": Declaration(type=Type.INTEGER)})
    scorer = Scorer(scoring({"when": "months < 6", "points": 1}), vocabulary=words)
    with pytest.raises(EvaluationError) as caught:
        scorer.score(Lead(id="17", fields={"months": "soon"}), at=AT)
    assert str(caught.value) == "months: 'soon' is not an integer"
    assert (caught.value.field, caught.value.lead_id) == ("months", "17")


@pytest.mark.parametrize(
    ("at", "message"),
    [
        (
            datetime(2026, 1, 5),  # noqa: DTZ001 - naive on purpose
            "at: '2026-01-05T00:00:00' has no time zone; expected an aware datetime",
        ),
        ("2026-01-05", "at: '2026-01-05' is not a moment; expected an aware datetime"),
    ],
)
def test_the_moment_has_a_zone(at: Any, message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        Scorer(scoring({"when": "always", "points": 1})).score(Lead(id="17"), at=at)
    assert str(caught.value) == message


def test_a_scorer_checks_its_document() -> None:
    with pytest.raises(PolicyError) as caught:
        Scorer(scoring({"when": "titel == 'x'", "points": {"param": "bonus"}}))
    assert str(caught.value) == (
        "2 problems in the policy\n"
        "  fit.characteristics.one.rules[0].points.param: no parameter 'bonus' "
        "[unknown-parameter]\n"
        "  fit.characteristics.one.rules[0].when.field: no field 'titel'; did you mean 'title'? "
        "[unknown-name]"
    )


def test_a_scorer_survives_pickle() -> None:
    scorer = Scorer(scoring({"when": "known(email)", "points": 5}), policy="a hash")
    lead = Lead(id="17", email="ada@example.org")
    found = scorer.score(lead, at=AT)
    assert pickle.loads(pickle.dumps(scorer)).score(lead, at=AT) == found
    assert pickle.loads(pickle.dumps(found)) == found
    assert found.policy == "a hash"
    assert repr(scorer) == "Scorer(1 characteristic, 1 rule)"


def test_a_scorecard_may_have_thousands_of_characteristics() -> None:
    rule = {"when": "country == 'DE'", "points": 1}
    names = [f"c{number}" for number in range(10_000)]
    fit = {
        "characteristics": {name: [rule] for name in names},
        "groups": {"half": {"of": names[::2], "max": 7}},
    }
    scorer = Scorer(Scoring.model_validate({"fit": fit}))
    assert scorer.score(Lead(id="1", country="DE"), at=AT).score == 5007
    assert scorer.score(Lead(id="2", country="FR"), at=AT).score == 0
