"""Bands, letters and digits: what decides them, in which order, and at which edge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import Event, Lead
from leadrules.scoring import Score, Scorer, Scoring
from leadrules.scoring.bands import THIRDS, grade_index, held_index, level_index
from leadrules.values import Type
from leadrules.vocabulary import Declaration, Vocabulary

AT = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
WORDS = Vocabulary({"points": Declaration(type=Type.NUMBER)}, activities={"demo": {}, "opened": {}})
BANDS = [
    {"name": "hot", "enter": 80, "leave": 70, "needs": ["email", "phone"]},
    {"name": "warm", "enter": 40, "needs": ["email"]},
    {"name": "cool", "enter": 10, "leave": 5},
    {"name": "cold"},
]


def scorer(bands: Any = BANDS, **parts: Any) -> Scorer:
    data = {"engagement": {"rules": {"demo": {"activity": "demo", "points": 1}}}}
    return Scorer(Scoring.model_validate({**data, **parts, "bands": bands}), vocabulary=WORDS)


SCORER = scorer()


def events(count: int, *others: Event) -> list[Event]:
    return [*(event(f"d{n}", "activity", "demo") for n in range(count)), *others]


def event(
    event_id: str, kind: str, activity: str | None = None, time: datetime = AT, **said: Any
) -> Event:
    return Event(lead_id="17", id=event_id, time=time, kind=kind, type=activity, properties=said)


def override(band: str, time: datetime = AT - DAY, event_id: str = "o", **said: Any) -> Event:
    return event(event_id, "override", None, time, band=band, by="ada", reason="said so", **said)


def placed(points: int, *others: Event, previous: str | None = None, **lead: Any) -> Any:
    known = {"email": "ada@example.org", "phone": "1", **lead}
    found = SCORER.score(
        Lead(id="17", **known), events=events(points, *others), at=AT, previous=previous
    )
    assert found.score == points
    return found.band, found.band_by, found.lacking


@pytest.mark.parametrize(
    ("points", "band"),
    [
        (100, "hot"),
        (80, "hot"),
        (79, "warm"),
        (40, "warm"),
        (39, "cool"),
        (10, "cool"),
        (9, "cold"),
        (0, "cold"),
    ],
)
def test_points_get_a_lead_into_a_band(points: int, band: str) -> None:
    assert placed(points) == (band, "threshold", ())


@pytest.mark.parametrize(
    ("points", "previous", "band", "by"),
    [
        (79, "hot", "hot", "hysteresis"),
        (70, "hot", "hot", "hysteresis"),
        (69, "hot", "warm", "threshold"),
        (79, "warm", "warm", "threshold"),
        (39, "warm", "cool", "threshold"),  # 'leave' is the same as 'enter'
        (9, "cool", "cool", "hysteresis"),
        (5, "hot", "cool", "hysteresis"),  # it was in a better band, so it stays in this one
        (4, "hot", "cold", "threshold"),
        (9, "cold", "cold", "threshold"),
        (90, "cold", "hot", "threshold"),
        (80, "hot", "hot", "threshold"),
    ],
)
def test_a_lead_that_was_in_a_band_stays_until_it_leaves(
    points: int, previous: str, band: str, by: str
) -> None:
    assert placed(points, previous=previous) == (band, by, ())


@pytest.mark.parametrize(
    ("points", "known", "band", "by", "lacking"),
    [
        (80, {"phone": None}, "warm", "hold", ("phone",)),
        (80, {"email": None}, "cool", "hold", ("email",)),
        (80, {"email": None, "phone": None}, "cool", "hold", ("email", "phone")),
        (50, {"phone": None}, "warm", "threshold", ()),
        (50, {"email": None}, "cool", "hold", ("email",)),
        (9, {"email": None}, "cold", "threshold", ()),
    ],
)
def test_what_is_missing_holds_a_lead_below_a_band(
    points: int, known: Any, band: str, by: str, lacking: tuple[str, ...]
) -> None:
    assert placed(points, **known) == (band, by, lacking)


def test_a_hold_goes_before_hysteresis() -> None:
    assert placed(75, previous="hot", phone=None) == ("warm", "hold", ("phone",))


@pytest.mark.parametrize(
    ("others", "band", "by"),
    [
        ([override("cold")], "cold", "override"),
        ([override("hot")], "hot", "override"),  # whatever is missing
        ([override("tepid")], "warm", "hold"),
        ([override("cold", AT)], "cold", "override"),
        ([override("cold", AT + timedelta(microseconds=1))], "warm", "hold"),
        ([override("cold", until=AT + timedelta(microseconds=1))], "cold", "override"),
        ([override("cold", until=AT)], "warm", "hold"),
        ([override("cold", until=AT - 2 * DAY)], "warm", "hold"),
        ([override("cold"), override("cool", AT - 2 * DAY, "p")], "cold", "override"),
        ([override("cold"), override("cool", event_id="p")], "cool", "override"),  # by its id
        ([override("cold"), override("cool", event_id="p", until=AT)], "cold", "override"),
        ([override("cold"), event("r", "retraction", of="o")], "warm", "hold"),
    ],
)
def test_the_latest_override_that_holds_goes_before_all_else(
    others: list[Event], band: str, by: str
) -> None:
    found = placed(80, *others, previous="hot", phone=None)
    assert found[:2] == (band, by)


thresholds = st.lists(st.integers(-50, 50), min_size=0, max_size=4, unique=True).map(
    lambda found: sorted(found, reverse=True)
)


@given(thresholds, st.data())
def test_a_level_is_the_best_that_is_entered_or_not_yet_left(
    enter: list[int], data: st.DataObject
) -> None:
    """Law: the level is the best whose threshold is reached, that to stay if one was as good."""
    leave = [data.draw(st.integers(least - 20, least)) for least in enter]
    previous = data.draw(st.one_of(st.none(), st.integers(0, len(enter))))
    points = data.draw(st.integers(-80, 80))
    reached = [
        points >= (leave[index] if previous is not None and previous <= index else least)
        for index, least in enumerate(enter)
    ]
    found = level_index(points, previous, enter, leave)
    assert found == [*reached, True].index(True)
    assert level_index(points, found, enter, leave) == found  # and so it does not flap
    assert level_index(points, None, enter, leave) >= found


@given(thresholds, st.integers(0, 4), st.integers(-80, 80), st.integers(0, 100))
def test_more_points_never_give_a_worse_level(
    enter: list[int], previous: int, points: int, more: int
) -> None:
    """Law: the level improves with the points, and with the level before."""
    leave = [least - 7 for least in enter]
    here = level_index(points, min(previous, len(enter)), enter, leave)
    assert level_index(points + more, min(previous, len(enter)), enter, leave) <= here
    if previous < len(enter):
        assert here <= level_index(points, previous + 1, enter, leave)


@given(thresholds.filter(bool), st.integers(-80, 80))
def test_a_grade_is_the_first_that_points_reach(least: list[int], points: int) -> None:
    """Law: a grade is the best whose least points are reached, and else the last."""
    reached = [points >= number for number in least[:-1]]
    assert grade_index(points, least) == [*reached, True].index(True)


def test_a_hold_goes_down_until_nothing_is_missing() -> None:
    assert [held_index(index, [True, False, True, False]) for index in range(4)] == [1, 1, 3, 3]


def graded(points: float, letters: Any) -> Score:
    characteristic = {"rules": [{"when": "missing(email)", "points": points}], "default": 0}
    document = {"fit": {"characteristics": {"one": characteristic}, "letters": letters}}
    return Scorer(Scoring.model_validate(document)).score(Lead(id="17"), at=AT)


@pytest.mark.parametrize(
    ("points", "letter"),
    [(10, "A+"), (11, "A+"), (9, "A"), (8.999999, "A-"), (1, "D+"), (0, "D"), (-1, "D-"),
     (-0.000001, "D-"), (-4, "F-"), (-400, "F-")],
)  # fmt: skip
def test_thirds_count_from_d(points: float, letter: str) -> None:
    assert graded(points, "thirds").fit_letter == letter


def test_thirds_go_from_a_plus_to_f_minus() -> None:
    assert len(THIRDS) == 15
    assert list(THIRDS.values()) == list(range(10, -5, -1))
    assert (THIRDS["A+"], THIRDS["D"], THIRDS["F-"]) == (10, 0, -4)


def test_letters_read_the_fit_before_it_is_rounded() -> None:
    found = graded(29.6, {"A": 30, "B": 18, "C": 0})
    assert (found.score, found.fit_letter, found.grid) == (30, "B", None)


def test_digits_may_be_numbers_or_texts() -> None:
    for digits in ({1: 2, 2: 1, 3: 0}, {"1": 2, "2": 1, "3": 0}):
        rules = {"demo": {"activity": "demo", "points": 1}}
        document = Scoring.model_validate({"engagement": {"rules": rules, "digits": digits}})
        compiled = Scorer(document, vocabulary=WORDS)
        found = [compiled.score(Lead(id="17"), events=events(n), at=AT) for n in range(4)]
        assert [score.engagement_digit for score in found] == ["3", "2", "1", "1"]
        assert {score.grid for score in found} == {None}


def test_bands_may_be_of_a_part() -> None:
    fit = {"characteristics": {"one": [{"when": "known(email)", "points": 2.5}]}}
    levels = [{"name": "good", "enter": 2.5}, {"name": "other"}]
    for of, band in (("fit", "good"), ("engagement", "other"), ("total", "good")):
        compiled = scorer({"of": of, "levels": levels}, fit=fit, total={"max": 3})
        found = compiled.score(Lead(id="17", email="a"), events=events(2), at=AT)
        assert (found.fit, found.engagement, found.score, found.band) == (2.5, 2, 3, band)


def test_bands_of_a_total_compare_what_is_seen() -> None:
    fit = {"characteristics": {"one": [{"when": "known(email)", "points": 79.5}]}}
    levels = [{"name": "hot", "enter": 80}, {"name": "cold"}]
    lead = Lead(id="17", email="a")
    for decimals, band in ((0, "hot"), (1, "cold")):
        found = scorer(levels, fit=fit, total={"decimals": decimals}).score(lead, at=AT)
        assert found.band == band


def test_one_band_is_for_all() -> None:
    found = scorer([{"name": "all"}]).score(Lead(id="17"), at=AT, previous="all")
    assert (found.band, found.band_by) == ("all", "threshold")
