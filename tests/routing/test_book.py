"""The book: what is written does not change the state, and what is only read is no change."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from leadrules import Assignment, Lead, Rotation
from leadrules.calendars import Calendar
from leadrules.routing.document import Routing
from leadrules.routing.router import Router
from leadrules.values import moment_of
from tests.routing.policies import START, Arrival, Sample, arrivals, ordered, samples, singles

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
ROUTER = Router(
    Routing.model_validate(
        {
            "rules": [
                {"when": 'country == "DE"', "to": {"pool": "german"}},
                {"when": "always", "to": {"pool": "all"}, "otherwise": {"queue": "triage"}},
            ],
            "queue": "triage",
            "pools": {
                "german": {"members": ["ann"]},
                "all": {"members": ["ann", "ben", "cleo", "dirk"]},
            },
            "members": {
                "ann": {"limits": "2 open", "calendar": "office"},
                "ben": {"absent": "2026-01-05", "calendar": "office"},
                "cleo": {"active": False},
                "dirk": {"calendar": "night"},
            },
        }
    ),
    calendars={
        "office": Calendar.model_validate({"hours": {"mon-fri": ["09:00-17:00"]}}),
        "night": Calendar.model_validate({"hours": {"mon-sun": ["20:00-06:00"]}}),
    },
)


def test_who_is_off_duty_is_known_for_as_long_as_it_holds() -> None:
    book, team = ROUTER.open(ROUTER.start()), ROUTER.roster.pools["all"]
    found = {}
    for hour in (0, 5, 6, 8, 9, 16, 17, 20, 24, 33, 41, 8):  # the last is before some others
        book.turn_to(moment_of(MONDAY + timedelta(hours=hour)))
        found[hour] = book.off_duty(team)
        assert found[hour] == {
            name for name in team.names if book.away(name, team) in {"inactive", "absent", "closed"}
        }
    assert found[5] == {"ann", "ben", "cleo"}
    assert found[9] == {"ben", "cleo", "dirk"}
    assert found[33] == {"cleo", "dirk"}
    assert found[8] == {"ann", "ben", "cleo", "dirk"}


@given(
    sample=samples,
    hours=st.lists(st.integers(-48, 300), min_size=1, max_size=8),
    more=st.integers(-1, 1),
)
def test_who_is_off_duty_is_who_is_away_for_no_limit(
    sample: Sample, hours: list[int], more: int
) -> None:
    """Law: at any moments in any order, `off_duty` is who is away by the policy's plan."""
    router = sample.router
    for hour in hours:
        book = router.open(router.start())
        book.turn_to(moment_of(START + timedelta(hours=hour, microseconds=more)))
        for team in router.roster.teams.values():
            away = {x for x in team.names if book.away(x, team) not in {None, "at-limit"}}
            assert book.off_duty(team) == away


@given(sample=samples, found=arrivals())
def test_a_state_does_not_change_when_leads_are_routed_from_it(
    sample: Sample, found: list[Arrival]
) -> None:
    """Law: each state stays what it was, and is the same after it was written and read."""
    router = sample.router
    state = router.start()
    for one in ordered(found):
        before = json.dumps(state.to_dict())
        answer, after = router.route(one.lead, at=one.at, state=state, derived=one.derived)
        assert json.dumps(state.to_dict()) == before
        read = Rotation.from_dict(json.loads(before))
        again, other = router.route(one.lead, at=one.at, state=read, derived=one.derived)
        assert (again, other) == (answer, after)
        state = after


@given(sample=samples, found=arrivals())
def test_one_book_for_several_decisions_is_a_book_for_each(
    sample: Sample, found: list[Arrival]
) -> None:
    """Law: decisions in one book are those of single leads, and so is the state at the end.

    Every lead comes twice, so that who works on it changes.
    """
    router = sample.router
    both = [*ordered(found), *ordered(found)]
    book = router.open(router.start())
    answers = [router.decide(book, x.lead, at=x.at, derived=x.derived) for x in both]
    wanted, state = singles(router, both, router.start())
    assert answers == wanted
    assert book.closed() == state


def test_a_pool_that_was_only_looked_at_is_no_part_of_the_state() -> None:
    at = MONDAY + timedelta(hours=10)
    book = ROUTER.open(ROUTER.start())
    for number in range(3):
        ROUTER.decide(book, Lead(id=str(number), country="DE"), at=at)
    answer = ROUTER.decide(book, Lead(id="4"), at=at)
    assert isinstance(answer, Assignment)
    assert answer.queue == "triage"
    state = book.closed()
    assert list(state.turns) == ["german"]
    assert state.open == {"ann": {"0", "1"}}


def test_a_lead_that_goes_to_a_queue_leaves_nobody_with_an_empty_set() -> None:
    at = MONDAY + timedelta(hours=10)
    _, state = ROUTER.route(Lead(id="1", country="DE"), at=at, state=ROUTER.start())
    assert state.open == {"ann": {"1"}}
    _, state = ROUTER.route(Lead(id="1"), at=at + timedelta(hours=8), state=state)
    assert state.open == {}
