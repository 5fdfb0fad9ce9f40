"""Qualification: frameworks, answers by people and by conditions, and who is ready."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import Event, Lead
from leadrules.errors import Problem
from leadrules.scoring import Criterion, Qualification, Score, Scorer, Scoring
from leadrules.scoring.interview import Interview
from leadrules.scoring.qualification import FRAMEWORKS, Answer
from leadrules.vocabulary import Vocabulary

AT = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
ANSWERS: tuple[Answer, ...] = ("met", "not_met", "unknown")


def qualification(**data: Any) -> Qualification:
    found = Scoring.model_validate({"qualification": data}).qualification
    assert found is not None
    return found


def answered(answer: str, time: datetime = AT - DAY, event_id: str = "a", **said: Any) -> Event:
    properties = {"criterion": "need", "answer": answer, **said}
    return Event(lead_id="17", id=event_id, time=time, kind="answer", properties=properties)


def scored(criterion: Any, *events: Event, **lead: Any) -> Score:
    data = {"qualification": {"criteria": {"need": {"points": 5, **criterion}}}}
    scorer = Scorer(Scoring.model_validate(data))
    return scorer.score(Lead(id="17", **lead), events=events, at=AT)


BY_TITLE = {"met": "title == 'vp'", "not_met": "known(email)"}
VP = {"title": "vp"}
MAIL = {"email": "ada@example.org"}


@pytest.mark.parametrize(
    ("lead", "answer", "points"),
    [
        (VP, "met", 5),
        (MAIL, "not_met", 0),
        ({}, "unknown", 0),
        (VP | MAIL, "unknown", 0),
        ({"title": "cto"}, "unknown", 0),
    ],
)
def test_conditions_answer_what_nobody_has(lead: Any, answer: str, points: float) -> None:
    found = scored(BY_TITLE, **lead)
    assert (found.answers, found.qualification) == ((("need", answer),), points)
    assert (found.ready, found.fired) == (None, ())


@pytest.mark.parametrize("said", ANSWERS)
@pytest.mark.parametrize("lead", [VP, MAIL, {}])
def test_what_people_say_goes_before_conditions_unknown_too(said: str, lead: Any) -> None:
    assert scored(BY_TITLE, answered(said), **lead).answer("need") == said


@pytest.mark.parametrize(
    ("events", "answer"),
    [
        ([answered("not_met", AT)], "not_met"),
        ([answered("not_met", AT + TICK)], "met"),
        ([answered("not_met", until=AT + TICK)], "not_met"),
        ([answered("not_met", until=AT)], "met"),
        ([answered("not_met", until=AT - 2 * DAY)], "met"),  # before it was given
        ([answered("not_met"), answered("unknown", AT - 2 * DAY, "z")], "not_met"),
        ([answered("not_met"), answered("unknown", event_id="b")], "unknown"),  # by its id
        ([answered("not_met"), answered("unknown", event_id="b", until=AT)], "not_met"),
        ([answered("not_met", criterion="weather")], "met"),
        ([answered("not_met", by="ada", until=None)], "not_met"),
    ],
)
def test_the_latest_answer_that_holds_counts(events: list[Event], answer: str) -> None:
    assert scored(BY_TITLE, *events, **VP).answer("need") == answer
    assert scored(BY_TITLE, *reversed(events), **VP).answer("need") == answer


@pytest.mark.parametrize(
    ("age", "until", "answer"),
    [
        (30 * DAY - TICK, None, "not_met"),
        (30 * DAY, None, "met"),
        (30 * DAY, AT + TICK, "not_met"),  # it says how long it holds
        (DAY, AT, "met"),
        (90 * DAY, AT + DAY, "not_met"),
    ],
)
def test_answers_expire_unless_they_say_until_when(
    age: timedelta, until: datetime | None, answer: str
) -> None:
    event = answered("not_met", AT - age, until=until)
    assert scored({**BY_TITLE, "expires": "30 days"}, event, **VP).answer("need") == answer


@given(
    st.lists(st.sampled_from(ANSWERS), min_size=4, max_size=4),
    st.integers(1, 4),
    st.sets(st.sampled_from(["budget", "authority", "need", "timing"])),
)
def test_ready_is_enough_met_and_all_that_are_mandatory(
    said: list[Answer], least: int, mandatory: set[str]
) -> None:
    """Law: a lead is ready if m of n criteria are met, the mandatory ones among them."""
    found = qualification(
        framework="BANT", ready={"at_least": least, "mandatory": sorted(mandatory)}
    )
    interview = Interview(found, Vocabulary())
    met = {name for name, answer in zip(interview.names, said, strict=True) if answer == "met"}
    assert interview.is_ready(said) == (len(met) >= least and mandatory <= met)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_framework_has_its_criteria_and_says_who_is_ready(framework: str) -> None:
    found = qualification(framework=framework)
    expected = FRAMEWORKS[framework]
    assert list(found.criteria) == list(expected["criteria"])
    assert all(criterion.ask for criterion in found.criteria.values())
    assert found.ready is not None
    assert set(found.ready.mandatory) <= set(found.criteria)
    assert list(found.check((), Vocabulary())) == []
    interview = Interview(found, Vocabulary())
    verdicts = [interview.is_ready(said) for said in product(ANSWERS, repeat=len(found.criteria))]
    assert {True, False} == set(verdicts)


def test_the_frameworks_ask_what_people_know_them_for() -> None:
    initials = {
        name: "".join(criterion[0] for criterion in found["criteria"])
        for name, found in FRAMEWORKS.items()
    }
    assert initials == {"BANT": "bant", "CHAMP": "camp", "GPCT": "gpct", "MEDDIC": "meddic"}


def test_a_policy_changes_and_adds_to_a_framework() -> None:
    found = qualification(
        framework="BANT",
        criteria={
            "need": {"points": 5, "met": "known(title)"},
            "timing": {"ask": "When?"},
            "fit": {"points": 1},
        },
    )
    assert list(found.criteria) == ["budget", "authority", "need", "timing", "fit"]
    need = found.criteria["need"]
    assert need.ask == FRAMEWORKS["BANT"]["criteria"]["need"]["ask"]
    assert need.points == 5
    assert need.met is not None
    assert found.criteria["timing"].ask == "When?"
    assert found.ready is not None
    assert found.ready.at_least == 3


@pytest.mark.parametrize("ready", [{"at_least": 1, "mandatory": ["need"]}, None])
def test_a_policy_says_for_itself_who_is_ready(ready: Any) -> None:
    found = qualification(framework="BANT", ready=ready)
    assert (found.ready and found.ready.model_dump(mode="json")) == ready


def test_a_framework_is_written_as_it_is_read() -> None:
    document = Scoring.model_validate({"qualification": {"framework": "MEDDIC"}})
    assert Scoring.model_validate(document.model_dump(mode="json")) == document
    assert document.qualification == qualification(
        **document.model_dump(mode="json")["qualification"]
    )


def test_a_criterion_shows_its_conditions_as_people_write_them() -> None:
    criterion = Criterion.model_validate({"met": "title=='vp'", "expires": "P30D"})
    assert repr(criterion).startswith("Criterion(met='title == \"vp\"', expires=")
    assert repr(Criterion.model_validate({"not_met": "known(email)", "points": 1})) == (
        "Criterion(points=Decimal('1'), not_met='known(email)')"
    )


def test_points_of_criteria_are_limited() -> None:
    criteria = {name: {"met": "always", "points": 2.5} for name in ("a", "b", "c")}
    for limits, points in (({}, 7.5), ({"max": 6}, 6), ({"min": 8}, 8), ({"max": -1}, -1)):
        data = {"qualification": {"criteria": criteria, **limits}}
        found = Scorer(Scoring.model_validate(data)).score(Lead(id="17"), at=AT)
        assert found.qualification == points


@pytest.mark.parametrize(
    ("met", "not_met", "warned"),
    [
        ("company.employees >= 50", "company.employees <= 50", True),
        ("company.employees >= 50", "company.employees < 50", False),
        ("known(email)", "known(phone)", True),
        ("known(email)", "missing(email)", False),
        ("known(email)", "company.employees / 2 > 5", False),  # it cannot be told
        ("title == 'vp'", "title == 'vp' and known(email)", True),
        ("title == 'vp'", "title in ['cto', 'ceo']", False),
    ],
)
def test_a_criterion_that_can_be_both_is_warned_of(met: str, not_met: str, warned: bool) -> None:
    found = qualification(criteria={"need": {"met": met, "not_met": not_met}})
    problems = list(found.check((), Vocabulary()))
    assert [str(problem.message) for problem in problems] == warned * [
        "both 'met' and 'not_met' can be true of one lead, which is taken for unknown"
    ]
    assert list(found.check((), Vocabulary(), warnings=False)) == []


@pytest.mark.parametrize(("name", "warned"), [("timming", True), ("fit", False), ("timing", False)])
def test_a_criterion_that_looks_like_one_of_the_framework_is_warned_of(
    name: str, warned: bool
) -> None:
    data = {"qualification": {"framework": "BANT", "criteria": {name: {"points": 5}}}}
    section = Scoring.model_validate(data)
    path = ("qualification", "criteria", name)
    message = f"BANT has no '{name}', so it is one criterion more; did you mean 'timing'?"
    expected = [Problem("unknown-name", message, path, "warning")] if warned else []
    assert section.check(Vocabulary()) == expected
