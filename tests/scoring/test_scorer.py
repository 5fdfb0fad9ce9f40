"""Scores of single leads: what they are, and what they do not depend on."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import Company, EvaluationError, Event, Lead, PolicyError
from leadrules.conditions import Always, Not, to_data
from leadrules.scoring import Decay, Score, Scorer, Scoring
from leadrules.scoring.decay import whole
from leadrules.values import Type, instant_of
from leadrules.vocabulary import Declaration, Parameter, Vocabulary, start_of_day
from tests.scoring.histories import history, plain_history_score, scoring_document
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


@pytest.mark.large
def test_a_scorecard_may_have_thousands_of_characteristics() -> None:
    rule = {"when": "country == 'DE'", "points": 1}
    names = [f"c{number}" for number in range(5_000)]
    fit = {
        "characteristics": {name: [rule] for name in names},
        "groups": {"half": {"of": names[::2], "max": 7}},
    }
    scorer = Scorer(Scoring.model_validate({"fit": fit}))
    assert scorer.score(Lead(id="1", country="DE"), at=AT).score == 2507
    assert scorer.score(Lead(id="2", country="FR"), at=AT).score == 0


# --- what happened to a lead


def left(decay: Decay, points: Decimal, age: int) -> Decimal:
    """Return what is left of points by the factors that the scorer uses."""
    return Decimal(whole(int(points * 10**6), decay.factor(age))).scaleb(-6)


def bands_of(document: Scoring) -> list[str | None]:
    levels = document.bands.levels if document.bands else ()
    return [None, *(band.name for band in levels)]


def scored(
    scorer: Scorer, lead: Lead, events: Sequence[Event], at: datetime, previous: str | None = None
) -> Score | None:
    """Return the score of a lead with a history, or None where a parameter has no value yet."""
    try:
        return scorer.score(lead, events=events, at=at, previous=previous)
    except EvaluationError as error:
        if error.field != "at":
            raise
        return None


class Case:
    """A random document with a lead and its history."""

    def __init__(self, random: Random, n: int = 30) -> None:
        self.document = scoring_document(random)
        self.scorer = Scorer(self.document, vocabulary=VOCABULARY)
        self.at = moment(random)
        self.lead = VOCABULARY.lead(rows(random, 1)[0])
        self.events = history(random, self.lead.id, self.at, random.randint(0, n))
        self.previous = random.choice(bands_of(self.document))

    def score(self, events: Sequence[Event]) -> Score | None:
        return scored(self.scorer, self.lead, events, self.at, self.previous)


@given(random=randoms)
def test_a_score_of_a_history_is_what_its_definition_says(random: Random) -> None:
    """Law: every attribute of a score is that of the plain definition.

    The factors of decays are compared apart; with those of the plain formula the engagement is
    the same to a millionth of a point for each activity.
    """
    case = Case(random)
    for row in rows(random, 10):
        lead, at = VOCABULARY.lead(row), moment(random)
        events = history(random, lead.id, at, random.choice((0, 3, 30)))
        previous = random.choice(bands_of(case.document))
        found = scored(case.scorer, lead, events, at, previous)
        record = lead.record
        meant, formal = (
            plain_history_score(
                case.document,
                VOCABULARY,
                record,
                events,
                at=at,
                previous=previous,
                decayed=decayed,
            )
            for decayed in (left, None)
        )
        assert found == meant
        if found is not None and found.engagement is not None:
            assert formal is not None
            assert formal.engagement is not None
            rules = len(found.fired) + 1
            slack = (len(events) * rules + 0.5) / 1_000_000
            assert abs(found.engagement - formal.engagement) <= slack


@given(random=randoms)
def test_the_order_of_events_and_repeats_change_nothing(random: Random) -> None:
    """Law: events in another order, some of them again, give the same score."""
    case = Case(random)
    again = [event.model_copy() for event in case.events if random.random() < 0.3]
    shuffled = [*case.events, *again]
    random.shuffle(shuffled)
    assert case.score(shuffled) == case.score(case.events)
    assert case.score([event.model_copy(deep=True) for event in shuffled]) == case.score(shuffled)


@given(random=randoms)
def test_what_is_to_come_changes_nothing(random: Random) -> None:
    """Law: events after the moment do not count, be they activities, answers or retractions."""
    case = Case(random)
    happened = [event for event in case.events if event.time <= case.at]
    assert case.score(happened) == case.score(case.events)


@given(random=randoms)
def test_what_a_policy_does_not_ask_for_changes_nothing(random: Random) -> None:
    """Law: touches, undeclared activities and unknown criteria and bands do not count."""
    case = Case(random)
    criteria = case.document.qualification.criteria if case.document.qualification else {}
    asked = [
        event
        for event in case.events
        if event.kind != "touch"
        and event.type != "fax"
        and event.properties.get("criterion", next(iter(criteria), None)) in (*criteria, None)
        and event.properties.get("band") in bands_of(case.document)
    ]
    assert case.score(asked) == case.score(case.events)


@given(random=randoms)
def test_a_retraction_removes_its_event_whichever_comes_first(random: Random) -> None:
    """Law: after a retraction the event might as well not have been, and before it nothing is."""
    case = Case(random, 15)
    if not case.events:
        return
    event = random.choice(case.events)
    others = [other for other in case.events if other.id != event.id]
    for time, stands in (
        (case.at, False),
        (case.at - timedelta(days=4000), False),
        (case.at + timedelta(microseconds=1), True),
    ):
        retraction = Event(
            lead_id=case.lead.id, id="r", time=time, kind="retraction", properties={"of": event.id}
        )
        if event.kind != "retraction":
            meant = case.score(case.events if stands else others)
            assert case.score([retraction, *case.events]) == meant
            assert case.score([*case.events, retraction]) == meant


@given(random=randoms)
def test_an_activity_that_only_adds_never_lowers_the_engagement(random: Random) -> None:
    """Law: one more activity of a type whose rules all give points, or none, takes nothing away.

    Neither decayed, to a millionth of a point for each rule, nor over the lifetime.
    """
    case = Case(random)
    engagement = case.document.engagement
    if engagement is None:
        return
    taking = {
        rule.activity
        for rule in engagement.rules.values()
        if isinstance(rule.points, Decimal) and rule.points < 0
    }
    before = case.score(case.events)
    every = history(random, case.lead.id, case.at, 20)
    for number, event in enumerate(every):
        if event.kind != "activity" or event.type in taking:
            continue
        after = case.score([*case.events, event.model_copy(update={"id": f"new-{number}"})])
        if before is None or after is None:
            assert before is after
            continue
        assert before.engagement is not None
        assert after.engagement is not None
        assert after.engagement >= before.engagement - (len(engagement.rules) + 0.5) / 1_000_000
        assert after.lifetime is not None
        assert before.lifetime is not None
        assert after.lifetime >= before.lifetime


@given(random=randoms)
def test_a_band_does_not_flap(random: Random) -> None:
    """Law: a lead that was in the band that it gets stays in it, nothing else being changed."""
    case = Case(random)
    found = case.score(case.events)
    if found is not None and found.band is not None:
        again = scored(case.scorer, case.lead, case.events, case.at, found.band)
        assert again is not None
        assert again.band == found.band


DEMO = {"activity": "demo", "points": 10}
WORDS = Vocabulary(activities={"demo": {}, "page_view": {"path": Declaration(type=Type.STRING)}})


def activity(number: int = 0, time: datetime = AT, **values: Any) -> Event:
    plain: dict[str, Any] = {"kind": "activity", "type": "demo"}
    return Event(lead_id="17", id=f"e{number}", time=time, **(plain | values))


def test_every_part_of_a_score_is_told() -> None:
    document = Scoring.model_validate(
        {
            "fit": {
                "characteristics": {"mail": [{"when": "known(email)", "points": 20}]},
                "letters": {"A": 15, "B": 0},
            },
            "engagement": {
                "rules": {"demo": {**DEMO, "decay": "half_life 7 days"}},
                "digits": {1: 10, 2: 5, 3: 0},
            },
            "qualification": {
                "criteria": {"budget": {"met": "known(budget)", "points": 2.5}, "need": {}},
                "ready": {"at_least": 1},
            },
            "total": {"max": 27, "decimals": 1},
            "bands": [{"name": "hot", "enter": 26.5, "needs": ["phone"]}, {"name": "cold"}],
        }
    )
    scorer = Scorer(document, vocabulary=WORDS, policy="a hash")
    lead = WORDS.lead({"id": "17", "email": "ada@example.org"})
    week = timedelta(days=7)
    answer = {"criterion": "budget", "answer": "met"}
    events = [
        activity(1, AT - week),
        activity(2, AT - 2 * week),
        activity(3, kind="answer", type=None, properties=answer),
    ]
    found = scorer.score(lead, events=events, at=AT)
    assert found == Score(
        lead_id="17",
        at=AT,
        score=27.0,
        fit=20.0,
        engagement=7.5,
        lifetime=20.0,
        qualification=2.5,
        fit_letter="A",
        engagement_digit="2",
        band="cold",
        band_by="hold",
        lacking=("phone",),
        ready=True,
        answers=(("budget", "met"), ("need", "unknown")),
        fired=("mail.1", "demo"),
        policy="a hash",
    )
    assert found.grid == "A2"
    assert [found.answer(name) for name in ("budget", "need", "weather")] == [
        "met",
        "unknown",
        None,
    ]
    assert repr(scorer) == (
        "Scorer(1 characteristic, 1 rule, 1 activity rule, 2 criteria, 2 bands)"
    )
    assert pickle.loads(pickle.dumps(scorer)).score(lead, events=events, at=AT) == found
    assert pickle.loads(pickle.dumps(found)) == found
    assert repr(scorer.score(lead, at=AT)).startswith(
        "Score(lead_id='17', at=datetime.datetime(2026, 1, 5, 0, 0, tzinfo=datetime.timezone.utc), "
        "score=20.0, fit=20.0, engagement=0.0, lifetime=0.0, qualification=0.0, fit_letter='A', "
        "engagement_digit='3', band='cold', band_by='threshold', ready=False, "
    )


def test_a_total_may_leave_parts_out() -> None:
    data = {
        "fit": {"characteristics": {"mail": [{"when": "always", "points": 20}]}},
        "engagement": {"rules": {"demo": DEMO}},
        "qualification": {"criteria": {"need": {"met": "always", "points": 1}}},
    }
    for of, score in ((["fit"], 20), (["engagement"], 10), (["engagement", "qualification"], 11)):
        document = Scoring.model_validate({**data, "total": {"of": of}})
        found = Scorer(document, vocabulary=WORDS).score(Lead(id="17"), events=[activity()], at=AT)
        assert (found.score, found.fit, found.engagement, found.qualification) == (score, 20, 10, 1)


def test_sums_are_exact() -> None:
    rule = {"activity": "demo", "points": 0.1}
    bands = {"of": "engagement", "levels": [{"name": "hot", "enter": 0.3}, {"name": "cold"}]}
    document = Scoring.model_validate({"engagement": {"rules": {"demo": rule}}, "bands": bands})
    scorer = Scorer(document, vocabulary=WORDS)
    found = scorer.score(Lead(id="17"), events=[activity(n) for n in range(3)], at=AT)
    assert (found.engagement, found.band) == (0.3, "hot")


@pytest.mark.parametrize(
    ("points", "score", "band"),
    [(-2.5, -2, "hot"), (-2.500001, -3, "cold"), (-1.5, -1, "hot"), (2.499999, 2, "hot")],
)
def test_bands_are_of_the_score_that_people_see(points: float, score: int, band: str) -> None:
    characteristics = {
        "one": [{"when": "known(email)", "points": points}],
        "two": [{"when": "known(phone)", "points": -1_000_000}],
    }
    document = Scoring.model_validate(
        {
            "fit": {"characteristics": characteristics},
            "bands": [{"name": "hot", "enter": -2}, {"name": "cold"}],
        }
    )
    found = Scorer(document).score(Lead(id="17", email="ada@example.org"), at=AT)
    assert (found.score, found.band) == (score, band)


BANDED = {
    "engagement": {"rules": {"demo": DEMO}},
    "bands": [{"name": "hot", "enter": 10}, {"name": "cold"}],
}
RAIN: dict[str, Any] = {"kind": "answer", "type": None}


@pytest.mark.parametrize(
    ("asked", "message", "field"),
    [
        ({"previous": "hott"}, "previous: no band 'hott'; did you mean 'hot'?", "previous"),
        ({"previous": "x"}, "previous: no band 'x'; expected 'hot' or 'cold'", "previous"),
        ({"previous": 5}, "previous: no band '5'; expected 'hot' or 'cold'", "previous"),
        (
            {"events": [activity(), activity(time=AT - timedelta(days=1))]},
            "event 'e0': another event has this id; ids are unique for a lead",
            "id",
        ),
        (
            {"events": [Event(lead_id="18", id="e0", time=AT, kind="activity", type="fax")]},
            "event 'e0': is of lead '18', not of '17'",
            "lead_id",
        ),
        (
            {
                "events": [
                    activity(),
                    Event(lead_id="18", id="e0", time=AT, kind="activity", type="fax"),
                ]
            },
            "event 'e0': is of lead '18', not of '17'",
            "lead_id",
        ),
        ({"events": [5]}, "events: '5' is no event; make one with Event(...)", "events"),
        ({"events": [{}]}, "events: '{...}' is no event; make one with Event(...)", "events"),
        ({"events": "e1"}, "events: 'e1' is no list of events", "events"),
        ({"events": None}, "events: 'null' is no list of events", "events"),
        (
            {"events": activity()},
            (
                "events: 'lead_id='17' id='e0' time=datetime.datetime(2026, 1, 5, 0...' "
                "is no list of events"
            ),
            "events",
        ),
    ],
)
def test_what_cannot_be_scored_is_refused(asked: Any, message: str, field: str) -> None:
    scorer = Scorer(Scoring.model_validate(BANDED), vocabulary=WORDS)
    with pytest.raises(EvaluationError) as caught:
        scorer.score(Lead(id="17"), **{"at": AT, **asked})
    assert str(caught.value) == message
    assert (caught.value.field, caught.value.lead_id) == (field, "17")


def test_a_lead_is_a_lead() -> None:
    with pytest.raises(EvaluationError) as caught:
        Scorer(Scoring.model_validate(BANDED), vocabulary=WORDS).score("17", at=AT)  # type: ignore[arg-type]  # on purpose
    assert str(caught.value) == "lead: '17' is no lead; make one with policy.lead(...)"


def test_a_property_of_another_type_names_the_event() -> None:
    rule = {"activity": "page_view", "when": 'activity.path == "/"', "points": 1}
    scorer = Scorer(
        Scoring.model_validate({"engagement": {"rules": {"seen": rule}}}), vocabulary=WORDS
    )
    event = activity(7, type="page_view", properties={"path": 5})
    with pytest.raises(EvaluationError) as caught:
        scorer.score(Lead(id="17"), events=[event], at=AT)
    assert str(caught.value) == "event 'e7': activity.path: '5' is not a text"
    assert (caught.value.field, caught.value.lead_id) == ("activity.path", "17")


@pytest.mark.parametrize(
    "data",
    [
        {"engagement": {"rules": {"demo": {**DEMO, "points": {"param": "late"}}}}},
        {"engagement": {"rules": {"demo": {**DEMO, "max": {"param": "late"}}}}},
        {"engagement": {"rules": {"demo": DEMO}, "digits": {1: {"param": "late"}, 2: 0}}},
        {"qualification": {"criteria": {"need": {"points": {"param": "late"}}}}},
        {"engagement": {"rules": {"demo": DEMO}}, "total": {"max": {"param": "late"}}},
        {**BANDED, "bands": [{"name": "hot", "enter": {"param": "late"}}, {"name": "cold"}]},
        {
            **BANDED,
            "bands": [{"name": "hot", "enter": 9, "leave": {"param": "late"}}, {"name": "cold"}],
        },
    ],
)
def test_numbers_without_a_value_yet_are_an_error(data: Any) -> None:
    july = instant_of(datetime(2026, 7, 1, tzinfo=UTC))
    words = Vocabulary(
        activities=WORDS.activities, parameters={"late": Parameter(Type.INTEGER, ((july, 5),))}
    )
    scorer = Scorer(Scoring.model_validate(data), vocabulary=words)
    with pytest.raises(EvaluationError) as caught:
        scorer.score(Lead(id="17"), at=AT)
    assert str(caught.value) == "at: parameter 'late' has no value yet at that moment"
    assert (caught.value.field, caught.value.lead_id) == ("at", "17")
    assert scorer.score(Lead(id="17"), at=datetime(2026, 7, 1, tzinfo=UTC)).score == 0


def test_the_parameters_of_an_activity_are_those_of_the_evaluation() -> None:
    july = instant_of(datetime(2026, 7, 1, tzinfo=UTC))
    words = Vocabulary(
        activities=WORDS.activities,
        parameters={
            "worth": Parameter(Type.INTEGER, ((instant_of(AT), 5), (july, 7))),
            "page": Parameter(Type.STRING, ((instant_of(AT), "/"), (july, "/pricing"))),
        },
    )
    rule = {"activity": "page_view", "when": "activity.path == param.page"}
    rules = {"seen": {**rule, "points": {"param": "worth"}}}
    scorer = Scorer(Scoring.model_validate({"engagement": {"rules": rules}}), vocabulary=words)
    paths = ["/", "/", "/pricing"]
    events = [
        activity(number, type="page_view", properties={"path": path})
        for number, path in enumerate(paths)
    ]
    moments = [datetime(2026, 6, 30, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)]
    found = [scorer.score(Lead(id="17"), events=events, at=at).engagement for at in moments]
    assert found == [10, 7]


def test_a_lead_may_have_thousands_of_events_a_century_apart() -> None:
    rules = {
        "all": {**DEMO, "points": 0.000001},
        "monthly": {**DEMO, "limit": "1 per month", "decay": "compounding 1% every 1 day"},
        "weekly": {**DEMO, "limit": "2 per week", "decay": "window 14 days"},
    }
    scorer = Scorer(Scoring.model_validate({"engagement": {"rules": rules}}), vocabulary=WORDS)
    start = datetime(1, 1, 1, tzinfo=UTC)
    end = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    step = (end - start) / 9_999
    events = [activity(number, start + number * step) for number in range(10_000)]
    found = scorer.score(Lead(id="17"), events=events, at=end)
    assert found.lifetime == 199_980.01 + 20
    assert found.fired == ("all", "monthly", "weekly")


@pytest.mark.large
def test_a_policy_may_have_thousands_of_rules_about_activities() -> None:
    rules = {
        f"r{number}": {
            "activity": "page_view",
            "when": f'activity.path == "/{number}"',
            "points": number / 100,
            "decay": "half_life 30 days",
            "limit": "1 per day",
        }
        for number in range(10_000)
    }
    data = {"rules": rules, "groups": {"odd": {"of": list(rules)[1::2], "max": 5}}}
    scorer = Scorer(Scoring.model_validate({"engagement": data}), vocabulary=WORDS)
    events = [
        activity(number, type="page_view", properties={"path": f"/{number}"})
        for number in (4, 9_999, 10_000)
    ]
    found = scorer.score(Lead(id="17"), events=events, at=AT)
    assert (found.engagement, found.fired) == (5.04, ("r4", "r9999"))


def test_names_and_ids_may_be_in_any_script() -> None:
    data = {
        "fit": {"characteristics": {"c": [{"when": "known(id)", "points": 1, "id": "größe ✓"}]}},
        "bands": [{"name": "heiß 🔥", "enter": 1}, {"name": "寒い"}],
    }
    found = Scorer(Scoring.model_validate(data)).score
    event = Event(
        lead_id="Łódź",
        id="é",
        time=AT,
        kind="override",
        properties={"band": "寒い", "by": "ß", "reason": "…"},
    )
    lead = Lead(id="Łódź")
    assert found(lead, at=AT).fired == ("größe ✓",)
    assert found(lead, at=AT).band == "heiß 🔥"
    assert found(lead, at=AT, events=[event]).band == "寒い"


def test_a_policy_of_a_fit_alone_looks_at_events_all_the_same() -> None:
    scorer = Scorer(scoring({"when": "known(email)", "points": 5}))
    other = Event(lead_id="18", id="e1", time=AT, kind="activity", type="visit")
    with pytest.raises(EvaluationError) as caught:
        scorer.score(Lead(id="17"), events=[other], at=AT)
    assert str(caught.value) == "event 'e1': is of lead '18', not of '17'"
