"""Engagement: which activities count, in which periods, and how documents show it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import Event, Lead
from leadrules.scoring import ActivityRule, Engagement, Limit, Scorer, Scoring
from leadrules.scoring.tally import latest, periods
from leadrules.values import instant_of
from leadrules.vocabulary import Vocabulary

AT = datetime(2027, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def engagement(zone: str = "UTC", **rule: Any) -> Scorer:
    data = {"engagement": {"rules": {"demo": {"activity": "demo", "points": 1, **rule}}}}
    words = Vocabulary(activities={"demo": {}}, zone=zone)
    return Scorer(Scoring.model_validate(data), vocabulary=words)


def activities(*times: datetime) -> list[Event]:
    return [
        Event(lead_id="17", id=f"e{number}", time=time, kind="activity", type="demo")
        for number, time in enumerate(times)
    ]


def counted(scorer: Scorer, *times: datetime, at: datetime = AT) -> float | None:
    return scorer.score(Lead(id="17"), events=activities(*times), at=at).engagement


@pytest.mark.parametrize(
    ("zone", "per", "edge"),
    [
        ("Europe/Berlin", "day", "2026-03-29T00:00:00+01:00"),  # 23 hours before the next
        ("Europe/Berlin", "day", "2026-03-30T00:00:00+02:00"),
        ("Europe/Berlin", "day", "2026-10-26T00:00:00+01:00"),  # 25 hours after the one before
        ("Europe/Berlin", "week", "2026-03-30T00:00:00+02:00"),
        ("Europe/Berlin", "week", "2026-10-26T00:00:00+01:00"),
        ("Europe/Berlin", "month", "2024-03-01T00:00:00+01:00"),  # after a February of 29 days
        ("Europe/Berlin", "month", "2026-03-01T00:00:00+01:00"),
        ("Europe/Berlin", "month", "2026-04-01T00:00:00+02:00"),
        ("Europe/Berlin", "month", "2026-01-01T00:00:00+01:00"),
        ("America/New_York", "day", "2026-03-08T00:00:00-05:00"),
        ("America/New_York", "day", "2026-03-09T00:00:00-04:00"),
        ("America/New_York", "week", "2026-11-02T00:00:00-05:00"),
        ("America/New_York", "month", "2024-03-01T00:00:00-05:00"),
        ("Asia/Kolkata", "day", "2026-06-15T00:00:00+05:30"),
        ("Asia/Kolkata", "week", "2026-06-15T00:00:00+05:30"),
        ("Asia/Kolkata", "month", "2026-07-01T00:00:00+05:30"),
        ("Australia/Lord_Howe", "day", "2026-04-05T00:00:00+11:00"),  # 24.5 hours
        ("Australia/Lord_Howe", "day", "2026-04-06T00:00:00+10:30"),
        ("Australia/Lord_Howe", "week", "2026-10-05T00:00:00+11:00"),
        ("Pacific/Apia", "day", "2011-12-31T00:00:00+14:00"),  # after the 29th
        ("Pacific/Apia", "week", "2012-01-02T00:00:00+14:00"),
        ("Pacific/Apia", "month", "2012-01-01T00:00:00+14:00"),
    ],
)
def test_a_period_begins_and_ends_by_the_clocks_of_the_zone(zone: str, per: str, edge: str) -> None:
    scorer = engagement(zone, limit=f"1 per {per}")
    start = datetime.fromisoformat(edge)
    assert start.astimezone(ZoneInfo(zone)).isoformat() == edge
    assert counted(scorer, start - TICK, start) == 2
    assert counted(scorer, start, start + timedelta(hours=20)) == 1
    assert counted(scorer, start - timedelta(hours=20), start - TICK) == 1


def test_the_hour_that_comes_twice_is_in_one_day() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 2, 30, tzinfo=zone)
    second = first.replace(fold=1)
    assert instant_of(second) - instant_of(first) == 3_600_000_000
    assert counted(engagement("Europe/Berlin", limit="2 per day"), first, second) == 2
    assert counted(engagement("Europe/Berlin", limit="1 per day"), first, second) == 1
    # The one that is an hour older has faded by an hour.
    scorer = engagement("Europe/Berlin", decay="linear 2 hours")
    assert counted(scorer, first, second, at=second.astimezone(UTC)) == 1.5


def test_the_hour_that_is_left_out_has_no_age() -> None:
    zone = ZoneInfo("Europe/Berlin")
    before, after = (datetime(2026, 3, 29, hour, 30, tzinfo=zone) for hour in (1, 3))
    scorer = engagement("Europe/Berlin", decay="linear 2 hours")
    assert counted(scorer, before, at=after) == 0.5


@given(
    st.lists(st.integers(0, 60 * 86_400), max_size=40),
    st.sampled_from(["1 per day", "2 per day", "3 per week", "2 per month", "1 ever", "5 ever"]),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]),
)
def test_of_too_many_activities_the_latest_count(seconds: list[int], text: str, zone: str) -> None:
    """Law: of each period as many count as may, and they are the last of it."""
    words = Vocabulary(activities={"demo": {}}, zone=zone)
    rule = {"activity": "demo", "points": 1, "limit": text}
    document = Engagement.model_validate({"rules": {"demo": rule}})
    limit = document.rules["demo"].limit
    assert limit is not None
    period = periods(document, words.zone).get(limit.per)
    start = datetime(2026, 2, 20, tzinfo=UTC)
    events = activities(*(start + timedelta(seconds=x) for x in sorted(seconds)))
    found = list(latest(events, limit, period))
    by_period: dict[int, list[Event]] = {}
    for event in events:
        by_period.setdefault(period(event.moment) if period else 0, []).append(event)
    assert sorted(found, key=events.index) == found
    assert len(found) == sum(min(limit.count, len(some)) for some in by_period.values())
    for some in by_period.values():
        kept = [event for event in some if event in found]
        assert kept == some[len(some) - len(kept) :]


def test_of_equal_times_the_last_id_counts() -> None:
    scorer = engagement(limit="1 ever", decay="window 1 day", when="always")
    events = activities(AT, AT, AT - timedelta(days=1))
    assert scorer.score(Lead(id="17"), events=events, at=AT).engagement == 1
    assert scorer.tally is not None
    (matched,) = scorer.tally.matches(sorted(events, key=lambda x: (x.time, x.id)), 0, {})
    assert [event.id for event in scorer.tally.kept(0, matched)] == ["e1"]


@pytest.mark.parametrize(
    ("rule", "engagement_", "lifetime"),
    [
        ({"points": 2}, 6, 6),
        ({"points": 2, "max": 5}, 5, 5),
        ({"points": 2, "min": 7}, 7, 7),
        ({"points": -2, "min": -3}, -3, -3),
        ({"points": 2, "max": 6}, 6, 6),
        ({"points": 2, "max": 5.999999}, 5.999999, 5.999999),
        ({"points": 2, "decay": "window 12 hours"}, 2, 6),
        ({"points": 2, "decay": "step 25% every 1 day"}, 4.5, 6),
        ({"points": -2, "decay": "step 25% every 1 day"}, -4.5, -6),
        ({"points": 2, "decay": "window 12 hours", "min": 3, "max": 5}, 3, 5),
        ({"points": 2, "limit": "2 ever", "decay": "step 25% every 1 day"}, 3.5, 4),
        ({"points": 0}, 0, 0),
    ],
)
def test_points_are_limited_then_faded_then_capped(
    rule: Any, engagement_: float, lifetime: float
) -> None:
    times = [AT - timedelta(days=days) for days in (0, 1, 2)]
    found = engagement(**rule).score(Lead(id="17"), events=activities(*times), at=AT)
    assert (found.engagement, found.lifetime, found.fired) == (engagement_, lifetime, ("demo",))


def test_groups_have_limits_of_their_own() -> None:
    rules = {name: {"activity": "demo", "points": 3} for name in ("a", "b", "c")}
    groups = {"two": {"of": ["a", "c"], "max": 4.5}, "one": {"of": ["b"], "min": 5}}
    for limits, points in (({}, 9.5), ({"max": 9}, 9), ({"min": 10}, 10)):
        data = {"engagement": {"rules": rules, "groups": groups, **limits}}
        scorer = Scorer(
            Scoring.model_validate(data), vocabulary=Vocabulary(activities={"demo": {}})
        )
        assert counted(scorer, AT) == points


def test_a_day_ago_is_as_exact_as_a_microsecond() -> None:
    scorer = engagement(decay="window 1 day")
    day = timedelta(days=1)
    assert [counted(scorer, AT - day + step) for step in (-TICK, 0 * TICK, TICK)] == [0, 0, 1]
    assert [counted(scorer, AT + step) for step in (0 * TICK, TICK)] == [1, 0]


@pytest.mark.parametrize("text", ["1 per day", "20 per week", "1000000 per month", "1 ever"])
def test_a_limit_shows_as_people_write_it(text: str) -> None:
    rule = ActivityRule.model_validate({"activity": "demo", "points": 1, "limit": text})
    assert str(rule.limit) == text
    assert ActivityRule.model_validate(rule.model_dump(mode="json")) == rule
    assert rule.limit == Limit.model_validate(rule.limit)


def test_a_rule_shows_what_it_states() -> None:
    data = {"activity": "demo", "when": "always", "points": 2.5, "limit": "1 per day"}
    rule = ActivityRule.model_validate({**data, "decay": "half_life 720 hours"})
    assert repr(rule) == (
        "ActivityRule(activity='demo', when='always', points=Decimal('2.5'), "
        "limit='1 per day', decay='half_life 30 days')"
    )
    assert repr(ActivityRule.model_validate({"activity": "demo", "points": 1})) == (
        "ActivityRule(activity='demo', points=Decimal('1'))"
    )


def test_a_document_of_every_kind_of_period_scores_alike_in_any_order() -> None:
    random = Random(7)  # noqa: S311 - reproducible, not secret
    rules = {
        per: {"activity": "demo", "points": 1, "limit": f"1 {'' if per == 'ever' else 'per '}{per}"}
        for per in ("day", "week", "month", "ever")
    }
    words = Vocabulary(activities={"demo": {}}, zone="America/New_York")
    scorer = Scorer(Scoring.model_validate({"engagement": {"rules": rules}}), vocabulary=words)
    start = datetime(2026, 1, 1, 5, tzinfo=UTC)
    events = activities(*(start + timedelta(hours=12 * n) for n in range(730)))
    random.shuffle(events)
    found = scorer.score(Lead(id="17"), events=events, at=datetime(2027, 1, 2, tzinfo=UTC))
    assert found.engagement == 365 + 53 + 12 + 1
