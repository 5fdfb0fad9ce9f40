"""Ranges: no lead scores outside of them, and what is out of reach is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import inf
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import Event, Lead
from leadrules.scoring import Scorer, Scoring
from leadrules.scoring.ranges import Range
from leadrules.values import Instant, Type, instant_of
from leadrules.vocabulary import Declaration, Parameter, Vocabulary, start_of_day
from leadrules.zones import Zone
from tests.scoring.histories import history, scoring_document
from tests.strategies import VOCABULARY, moment, rows

AT = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
WORDS = Vocabulary(
    {"size": Declaration(type=Type.INTEGER), "tier": Declaration(Type.ENUM, ("a", "b"))},
    activities={"demo": {}},
)


def ranges(data: Any, words: Vocabulary = WORDS, at: int = 0) -> dict[str, str]:
    document = Scoring.model_validate(data)
    assert [x for x in document.check(words) if x.severity == "error"] == []
    return {name: str(found) for name, found in document.ranges(words, moment=at).items()}


@given(random=st.randoms(use_true_random=True))
def test_no_lead_scores_outside_the_range(random: Random) -> None:
    """Law: a score and its parts lie within the ranges of their moment."""
    document = scoring_document(random)
    scorer = Scorer(document, vocabulary=VOCABULARY)
    for row in rows(random, 10):
        lead, at = VOCABULARY.lead(row), moment(random)
        reach = document.ranges(VOCABULARY, moment=instant_of(at))
        if set(reach) < {"score", *document.parts}:
            continue  # a parameter has no value yet
        found = scorer.score(lead, events=history(random, lead.id, at, 30), at=at)
        for name in ("score", *document.parts):
            points = round(getattr(found, name) * 1_000_000)
            assert reach[name].least <= points <= reach[name].most


ZONES = ("UTC", "Europe/Berlin", "Antarctica/Troll", "Antarctica/Vostok", "Pacific/Apia")


@given(
    st.sampled_from(ZONES),
    st.sampled_from(["day", "week", "month"]),
    st.integers(1, 200 * 24),
    st.integers(0, 400 * 24),
)
def test_no_window_holds_more_periods_than_the_range_says(
    zone: str, per: str, hours: int, after: int
) -> None:
    """Law: as many activities as may count, in every hour of a window, are within the range."""
    words = Vocabulary(activities={"demo": {}}, zone=zone)
    rule = {"activity": "demo", "points": 1, "limit": f"1 per {per}"}
    document = Scoring.model_validate(
        {"engagement": {"rules": {"demo": {**rule, "decay": f"window {hours} hours"}}}}
    )
    # Vostok and Apia set their clocks forward by hours, Troll by two of them every year.
    starts = {"Antarctica/Vostok": datetime(1994, 10, 1), "Pacific/Apia": datetime(2011, 12, 1)}  # noqa: DTZ001 - the zone follows
    at = starts.get(zone, datetime(2026, 3, 1)).replace(tzinfo=UTC) + timedelta(hours=after)  # noqa: DTZ001 - likewise
    changes = [change for change in Zone.named(zone).changes if change < instant_of(at)]
    times = [at - timedelta(hours=hour) for hour in range(hours)]
    times += [at - timedelta(hours=hours) + timedelta(microseconds=1)]
    times += [AT + timedelta(microseconds=change - instant_of(AT)) for change in changes]
    events = [
        Event(lead_id="17", id=str(n), time=time, kind="activity", type="demo")
        for n, time in enumerate(times)
    ]
    found = Scorer(document, vocabulary=words).score(Lead(id="17"), events=events, at=at)
    assert found.engagement is not None
    most = document.ranges(words, moment=0)["engagement"].most
    assert found.engagement * 1_000_000 <= most <= (found.engagement + 3) * 1_000_000


@pytest.mark.parametrize(
    ("rule", "reach"),
    [
        ({"limit": "3 ever"}, "0 to 7.5"),
        ({"limit": "3 ever", "decay": "half_life 1 day"}, "0 to 7.5"),
        ({"limit": "1 per day", "decay": "window 1 day"}, "0 to 10"),
        ({"limit": "2 per week", "decay": "linear 30 days"}, "0 to 30"),
        ({"limit": "1 per month", "decay": "step 50% every 30 days"}, "0 to 10"),
        ({"limit": "1 per day", "decay": "half_life 1 day"}, "0 to any amount"),
        ({"limit": "1 per day"}, "0 to any amount"),
        ({"decay": "window 1 day"}, "0 to any amount"),
        ({"points": 0}, "0 to 0"),
        ({"points": -1}, "any amount below zero to 0"),
        ({"points": -1, "min": -3}, "-3 to 0"),
        ({"min": 1, "max": 2}, "1 to 2"),
        ({"min": 1}, "1 to any amount"),
        ({"limit": "1 ever", "max": -1}, "-1 to -1"),
    ],
)
def test_the_range_of_activities(rule: Any, reach: str) -> None:
    data = {"rules": {"demo": {"activity": "demo", "points": 2.5, **rule}}}
    assert ranges({"engagement": data})["engagement"] == reach


def test_the_range_of_groups_parts_and_total() -> None:
    rules = {
        name: {"activity": "demo", "points": points, "limit": "1 ever"}
        for name, points in (("a", 10), ("b", -4), ("c", 3))
    }
    engagement = {"rules": rules, "groups": {"one": {"of": ["a", "b"], "max": 5, "min": -1}}}
    criteria = {"need": {"points": 2}, "budget": {"points": -1}}
    fit = {"characteristics": {"size": [{"when": "size > 5", "points": 1.5}]}}
    data = {"engagement": engagement, "qualification": {"criteria": criteria}, "fit": fit}
    assert ranges(data) == {
        "fit": "0 to 1.5",
        "engagement": "-1 to 8",
        "qualification": "-1 to 2",
        "score": "-2 to 12",
    }
    total = {"of": ["fit", "engagement"], "max": 9.05, "min": 0, "decimals": 1}
    assert ranges({**data, "total": total})["score"] == "0 to 9.1"


@pytest.mark.parametrize(
    ("rules", "default", "reach"),
    [
        ([("size > 5", 1), ("size > 9", 9)], 0, "0 to 1"),  # the second is never first
        ([("size > 9", 9), ("size > 5", 1)], 0, "0 to 9"),
        ([("known(size)", 1), ("missing(size)", 2)], 9, "1 to 2"),  # the default is never taken
        ([("always", 1)], 9, "1 to 1"),
        ([("tier == 'a'", 1), ("tier == 'b'", 2), ("known(tier)", 9)], 0, "0 to 2"),
        ([("size / 2 > 5", 1), ("size / 2 > 9", 9)], 0, "0 to 9"),  # it is not gone through
        ([("size > 9 and size < 5", -9), ("size == 7", 1)], 0, "0 to 1"),
    ],
)
def test_the_range_of_a_characteristic_leaves_out_what_is_never_first(
    rules: Any, default: float, reach: str
) -> None:
    data = {"rules": [{"when": x, "points": y} for x, y in rules], "default": default}
    assert ranges({"fit": {"characteristics": {"one": data}}})["fit"] == reach


def test_a_range_without_a_value_yet_is_left_out() -> None:
    july = start_of_day(date(2026, 7, 1), "UTC")
    words = Vocabulary(
        activities={"demo": {}}, parameters={"late": Parameter(Type.INTEGER, ((july, 5),))}
    )
    rule = {"activity": "demo", "points": {"param": "late"}, "limit": "2 ever"}
    criteria = {"need": {"points": 1}}
    data = {"engagement": {"rules": {"demo": rule}}, "qualification": {"criteria": criteria}}
    assert ranges(data, words, july - 1) == {"qualification": "0 to 1"}
    assert ranges(data, words, july) == {
        "engagement": "0 to 10",
        "qualification": "0 to 1",
        "score": "0 to 11",
    }


def banded(bands: Any, *, points: Any = 10, words: Vocabulary = WORDS, **data: Any) -> list[str]:
    rules = [{"when": "known(email)", "points": points}]
    document = Scoring.model_validate(
        {"fit": {"characteristics": {"mail": rules}}, "bands": bands, **data}
    )
    return [str(problem.message) for problem in document.check(words)]


@pytest.mark.parametrize(
    ("bands", "messages"),
    [
        ([("hot", 10), ("cold", None)], []),
        (
            [("hot", 10.000001), ("cold", None)],
            ["no lead can be 'hot': it takes 10.000001, and the score is at most 10"],
        ),
        ([("hot", 0.000001), ("cold", None)], []),
        (
            [("hot", 0), ("cold", None)],
            ["no lead can be 'cold': the score is at least 0, and 'hot' begins at 0"],
        ),
        (
            [("hot", 5), ("warm", 0), ("cool", -1), ("cold", None)],
            [
                "no lead can be 'cool': the score is at least 0, and 'warm' begins at 0",
                "no lead can be 'cold': the score is at least 0, and 'cool' begins at -1",
            ],
        ),
        ([("all", None)], []),
    ],
)
def test_a_band_that_no_lead_can_be_in_is_told(bands: Any, messages: list[str]) -> None:
    levels = [{"name": name} | ({} if x is None else {"enter": x}) for name, x in bands]
    assert banded(levels) == messages


def test_a_band_that_leads_are_held_in_is_within_reach() -> None:
    hot, warm, cold = ({"name": name} for name in ("hot", "warm", "cold"))
    held = [hot | {"enter": 0, "needs": ["phone"]}, warm | {"enter": -1, "needs": ["email"]}, cold]
    assert banded(held) == []
    assert banded([held[0], warm | {"enter": -1}, cold]) == [
        "no lead can be 'cold': the score is at least 0, and 'warm' begins at -1"
    ]
    too_high = [hot | {"enter": 99, "needs": ["phone"]}, warm | {"enter": 0}, cold]
    assert banded(too_high) == [
        "no lead can be 'hot': it takes 99, and the score is at most 10",
        "no lead can be 'cold': the score is at least 0, and 'warm' begins at 0",
    ]


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({"2026-01-01": 10, "2026-07-01": 9}, []),
        (
            {"2026-01-01": 10, "2026-07-01": 11, "2027-01-01": 12},
            ["from 2026-07-01 on, no lead can be 'hot': it takes 11, and the score is at most 10"],
        ),
        (
            {"2026-01-01": 0, "2026-07-01": 5},
            [
                (
                    "from 2026-01-01 on, no lead can be 'cold': the score is at least 0, "
                    "and 'hot' begins at 0"
                ),
            ],
        ),
        ({"0001-01-01": 11}, ["no lead can be 'hot': it takes 11, and the score is at most 10"]),
    ],
)
def test_a_parameter_may_move_a_band_out_of_reach(
    values: dict[str, int], messages: list[str]
) -> None:
    starts = {
        Instant(-(2**62)) if day < "1" else start_of_day(date.fromisoformat(day), "Asia/Tokyo"): x
        for day, x in values.items()
    }
    words = Vocabulary(
        parameters={"hot": Parameter(Type.INTEGER, tuple(starts.items()))}, zone="Asia/Tokyo"
    )
    bands = [{"name": "hot", "enter": {"param": "hot"}}, {"name": "cold"}]
    assert banded(bands, words=words) == messages


def graded(letters: Any) -> list[str]:
    rules = [{"when": "known(email)", "points": 10}, {"when": "missing(phone)", "points": -2}]
    document = Scoring.model_validate(
        {"fit": {"characteristics": {"mail": rules}, "letters": letters}}
    )
    found = document.check(WORDS)
    assert all(problem.severity == "warning" for problem in found)
    assert document.check(WORDS, warnings=False) == []
    return [str(problem.message) for problem in found]


@pytest.mark.parametrize(
    ("letters", "messages"),
    [
        ({"A": 10, "B": 5, "C": 0}, []),
        ({"A": 11, "B": 10, "C": -2}, ["no lead can get 'A': fit is -2 to 10"]),
        ({"A": 10, "B": -2, "C": -3}, ["no lead can get 'C': fit is -2 to 10"]),
        (
            {"A": 10, "B": 5},
            ["fit can be as low as -2; whoever is below 5 gets 'B', too"],
        ),
        ("thirds", []),
    ],
)
def test_letters_that_no_lead_can_get_are_warned_of(letters: Any, messages: list[str]) -> None:
    assert graded(letters) == messages


def test_digits_are_warned_of_likewise() -> None:
    rule = {"activity": "demo", "points": 5, "limit": "1 ever"}
    data = {"rules": {"demo": rule}, "digits": {1: 6, 2: 5, 3: 1}}
    document = Scoring.model_validate({"engagement": data})
    assert [(x.code, x.message, x.path) for x in document.check(WORDS)] == [
        (
            "out-of-reach",
            "no lead can get '1': engagement is 0 to 5",
            ("engagement", "digits", "1"),
        ),
        (
            "last-grade",
            "engagement can be as low as 0; whoever is below 1 gets '3', too",
            ("engagement", "digits", "3"),
        ),
    ]


def test_grades_of_a_parameter_without_a_value_yet_are_not_judged() -> None:
    july = start_of_day(date(2026, 7, 1), "UTC")
    words = Vocabulary(parameters={"late": Parameter(Type.INTEGER, ((july, 50),))})
    rules = [{"when": "known(email)", "points": 10}]
    letters = {"A": {"param": "late"}, "B": 0}
    document = Scoring.model_validate(
        {"fit": {"characteristics": {"mail": rules}, "letters": letters}}
    )
    assert [problem.message for problem in document.check(words)] == [
        "from 2026-07-01 on, no lead can get 'A': fit is 0 to 10"
    ]


@given(st.integers(-(10**13), 10**13), st.integers(0, 10**12), st.integers(0, 6))
def test_a_range_is_rounded_as_scores_are(least: int, width: int, decimals: int) -> None:
    """Law: what the least and the most are rounded to is what a score is rounded to."""
    step = 10 ** (6 - decimals)
    found = Range(least, least + width).visible(step)
    assert found.least == (least + step // 2) // step * step
    assert found.most == (least + width + step // 2) // step * step
    assert Range(-inf, inf).visible(step) == Range(-inf, inf)
