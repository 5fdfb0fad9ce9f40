from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import Event
from leadrules.lifecycle.statuses import ClockStands, clock_stands
from tests.lifecycle.offices import instant, minute_of, moment
from tests.lifecycle.plain import Plain, in_order
from tests.lifecycle.processes import Sample, starts

STAGES: Mapping[str, Any] = {
    "s0": {"owner": "sales", "most": 5},
    "s1": {"owner": "marketing"},
    "won": {"kind": "won"},
    "lost": {"owner": "marketing", "kind": "lost"},
}
MOVES = [
    {"from": "s0", "to": "s1", "by": ["sales"], "accept_within": "5 days"},
    {"from": ["s1", "lost"], "to": "s0", "by": ["sales"]},
    {"from": ["s0", "s1"], "to": "won", "by": ["sales"]},
    {"from": ["s0", "s1"], "to": "lost", "by": ["sales"]},
]
IN_TWO_HOURS = {"from": "created", "to": "first_attempt", "within": "2 business hours"}


def sample_of(*, start: int, **clock: Any) -> Sample:
    """Return a lead of ann's, who works in Berlin as marketing at night; ben is in New York."""
    data = {
        "hours": {"default": "office", "owners": {"ben": "away"}, "roles": {"marketing": "night"}},
        "stages": STAGES,
        "moves": MOVES,
        "clocks": {"c0": {**IN_TWO_HOURS, **clock}},
    }
    return Sample(data, {}, start)


def event(minute: int, kind: str, number: int = 0, **said: object) -> Event:
    return Event.model_validate(
        {
            "lead_id": "l1",
            "id": f"e{number:03}",
            "time": moment(minute),
            "kind": kind,
            "properties": {name: value for name, value in said.items() if value is not None},
        }
    )


def stand(sample: Sample, events: Sequence[Event], at: int) -> ClockStands:
    """Return where the clock stands at an instant."""
    happened = [x for x in events if x.moment <= at]
    state = sample.machine.replay(sample.lead, events=happened)
    return clock_stands(sample.machine.process, "c0", state, at)


MIDNIGHT = minute_of(datetime.fromisoformat("2025-11-28T00:00+01:00"))
"""A Friday in Berlin, in winter."""


def at(hour: int, minute: int = 0, *, days: int = 0) -> int:
    """Return a time of day in Berlin on that Friday, or some days after."""
    return MIDNIGHT + (days * 24 + hour) * 60 + minute


def call(minute: int, number: int = 0, **said: object) -> Event:
    return event(minute, "touch", number, **{"channel": "call", "direction": "outbound", **said})


# --- the plain account

_limits = st.one_of(
    st.fixed_dictionaries(
        {
            "within": st.sampled_from(
                ("40 minutes", "2 days", "2 business hours", "9 business hours")
            )
        }
    ),
    st.just({"within": "2 business hours", "at_most": "6 business hours"}),
)
_ends = st.sampled_from(
    (
        ("created", "first_attempt"),
        ("assigned", "first_attempt"),
        ("assigned", "first_contact"),
        ("entered.s1", "left.s1"),
        ("first_attempt", "next_step"),
        ("accepted", "entered.won"),
        ("first_contact", "first_qualification"),
    )
)
_facts = st.one_of(
    st.tuples(
        st.just("assigned"), st.fixed_dictionaries({"owner": st.sampled_from(("ann", "ben"))})
    ),
    st.tuples(
        st.just("touch"),
        st.fixed_dictionaries(
            {
                "channel": st.just("call"),
                "direction": st.sampled_from(("outbound", "outbound", "inbound")),
                "outcome": st.sampled_from((None, "connected")),
            }
        ),
    ),
    st.tuples(st.just("pause"), st.fixed_dictionaries({"clock": st.sampled_from((None, "c0"))})),
    st.tuples(
        st.just("pause"),
        st.fixed_dictionaries({"for": st.sampled_from((0, 30, 700)), "clock": st.just(None)}),
    ),
    st.tuples(st.just("resume"), st.just({})),
    st.tuples(
        st.just("moved"),
        st.fixed_dictionaries({"to": st.sampled_from(("s0", "s1", "s1", "won", "lost"))}),
    ),
    st.tuples(st.just("answer"), st.just({"criterion": "need", "answer": "met"})),
    st.tuples(st.just("next_step"), st.just({"what": "call"})),
)
_gaps = st.sampled_from((0, 1, 30, 59, 120, 300, 900, 1440, 4000))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Sample, list[Event]]:
    start, end = draw(_ends)
    more = draw(
        st.fixed_dictionaries(
            {}, optional={"restart": st.booleans(), "calendar": st.sampled_from(("away", "night"))}
        )
    )
    clock = {"from": start, "to": end, **draw(_limits), **more}
    sample = sample_of(start=draw(starts), **clock)
    minute, events = sample.start, []
    for number in range(draw(st.integers(0, 8))):
        minute += draw(_gaps)
        kind, said = draw(_facts)
        said = dict(said)
        if "for" in said:
            said["until"] = moment(minute + said.pop("for"))
        events.append(event(minute, kind, number, **said))
    return sample, events


@given(histories(), _gaps)
def test_clocks_stand_where_the_plain_account_says(
    given: tuple[Sample, list[Event]], wait: int
) -> None:
    """Law: what has become of a clock is what minutes counted one by one say.

    That is so across changes of owner, pauses, rounds, new starts and daylight saving.
    """
    sample, events = given
    now = (minute_of(events[-1].time) if events else sample.start) + wait
    plain = Plain(sample.data, sample.known, sample.start, in_order(events))
    found = stand(sample, events, instant(now))
    assert found.status == plain.clock("c0", now)
    runs = plain.runs_of("c0")
    assert (None if found.start is None else found.start // 60_000_000) == (
        runs[-1][0] if runs else None
    )


@given(histories())
def test_limits_are_exact(given: tuple[Sample, list[Event]]) -> None:
    """Law: at the deadline a clock is not breached, and a microsecond later it is.

    It is open up to the moment that is foretold, and at risk from then on.
    """
    sample, events = given
    now = events[-1].moment if events else instant(sample.start)
    found = stand(sample, events, now)
    if found.status == "open":
        assert found.changes is not None
        assert stand(sample, events, found.changes - 1).status == "open"
        assert stand(sample, events, found.changes).status in {"at_risk", "breached"}
    if found.status in {"open", "at_risk"}:
        assert found.due is not None
        assert stand(sample, events, found.due).status != "breached"
        late = stand(sample, events, found.due + 1)
        assert (late.status, late.missed) == ("breached", True)


@given(histories(), st.integers(0, 3000), st.sampled_from((0, 45, 600, None)))
def test_a_pause_never_makes_a_deadline_earlier(
    given: tuple[Sample, list[Event]], wait: int, length: int | None
) -> None:
    """Law: with one pause more a clock runs out no earlier."""
    sample, events = given
    minute = (minute_of(events[-1].time) if events else sample.start) + wait
    before = stand(sample, events, instant(minute))
    until = None if length is None else moment(minute + length)
    more = event(minute, "pause", 999, until=until)
    after = stand(sample, [*events, more], instant(minute))
    if before.due is not None and after.due is not None:
        assert after.due >= before.due


# --- examples


def test_a_clock_of_business_hours_goes_on_after_the_weekend() -> None:
    sample = sample_of(start=at(14))
    due = instant(at(10, days=3))
    found = stand(sample, (), instant(at(14)))
    assert (found.status, found.start, found.due) == ("open", instant(at(14)), due)
    assert stand(sample, [call(at(10, days=3))], due).status == "met"
    assert stand(sample, [call(at(10, 1, days=3))], due + instant(1)).status == "met_late"


def test_within_is_the_ideal_if_there_is_a_most() -> None:
    sample = sample_of(start=at(9), at_most="4 business hours")
    ideal, due = instant(at(11)), instant(at(13))
    found = stand(sample, (), ideal)
    assert (found.status, found.changes, found.due) == ("open", ideal + 1, due)
    assert stand(sample, (), ideal + 1).status == "at_risk"
    assert stand(sample, (), due).status == "at_risk"
    assert stand(sample, (), due + 1).status == "breached"


def test_without_it_the_last_quarter_is_at_risk() -> None:
    sample = sample_of(start=at(9))
    assert stand(sample, (), instant(at(10, 30))).status == "open"
    assert stand(sample, (), instant(at(10, 30)) + 1).status == "at_risk"


def test_a_quarter_that_is_left_on_friday_is_left_on_monday_morning() -> None:
    sample = sample_of(start=at(13, 30))
    monday = instant(at(9, days=3))
    assert stand(sample, (), monday).status == "open"
    assert stand(sample, (), monday + 1).status == "at_risk"


def test_it_runs_on_in_the_hours_of_a_new_owner() -> None:
    """Half of two hours is over at 10:00 in Berlin; New York opens at 14:00 there."""
    sample = sample_of(start=at(9))
    events = [event(at(10), "assigned", owner="ben")]
    assert stand(sample, events, instant(at(10))).due == instant(at(15))
    back = [*events, event(at(14, 30), "assigned", 1, owner="ann")]
    assert stand(sample, back, instant(at(14, 30))).due == instant(at(15))
    late = [*events, event(at(14, 50), "assigned", 1, owner="ann")]
    assert stand(sample, late, instant(at(14, 50))).due == instant(at(15))
    weekend = [event(at(14, 30), "assigned", owner="ben")]
    sample = sample_of(start=at(14))
    assert stand(sample, weekend, instant(at(14, 30))).due == instant(at(16))


def test_a_calendar_of_its_own_does_not_change_with_the_owner() -> None:
    sample = sample_of(start=at(9), calendar="office")
    events = [event(at(10), "assigned", owner="ben")]
    assert stand(sample, events, instant(at(10))).due == instant(at(11))


def test_a_pause_adds_its_open_time() -> None:
    sample = sample_of(start=at(9))
    pause = event(at(10), "pause")
    found = stand(sample, [pause], instant(at(10)))
    assert (found.status, found.due) == ("paused", None)
    resumed = [pause, event(at(20), "resume", 1)]  # one of the two hours is left for Monday
    assert stand(sample, resumed, instant(at(20))).due == instant(at(10, days=3))
    until = event(at(10), "pause", until=moment(at(10, 30)))
    found = stand(sample, [until], instant(at(10, 29)))
    assert (found.status, found.due) == ("paused", instant(at(11, 30)))
    assert stand(sample, [until], instant(at(10, 30))).status == "open"


def test_pauses_that_overlap_count_once() -> None:
    sample = sample_of(start=at(9))
    events = [
        event(at(10), "pause", 1, until=moment(at(10, 40))),
        event(at(10, 20), "pause", 2, until=moment(at(11)), clock="c0"),
    ]
    assert stand(sample, events, instant(at(10, 20))).due == instant(at(12))


def test_a_pause_of_another_clock_is_none() -> None:
    sample = sample_of(start=at(9))
    events = [event(at(10), "pause", clock="c9")]
    assert stand(sample, events, instant(at(10))).due == instant(at(11))


def test_what_is_breached_stays_so_in_a_pause() -> None:
    sample = sample_of(start=at(9))
    assert stand(sample, [event(at(12), "pause")], instant(at(12))).status == "breached"


def test_a_pause_over_the_weekend_does_not_bring_a_deadline_in_business_days_forward() -> None:
    sample = sample_of(start=at(8), within="1 business day")
    due = instant(at(9, days=3))
    assert stand(sample, (), instant(at(8))).due == due
    events = [event(at(8, days=1), "pause", until=moment(at(9, days=1)))]
    assert stand(sample, events, instant(at(8, days=1))).due == due


def test_a_new_owner_at_the_weekend_does_not_bring_it_forward_either() -> None:
    sample = sample_of(start=at(8), within="1 business day")
    events = [event(at(8, days=1), "assigned", owner="ben")]
    assert stand(sample, events, instant(at(8, days=1))).due == instant(at(9, days=3))


def test_only_what_restarts_is_started_anew() -> None:
    ends = {"from": "assigned", "to": "first_attempt"}
    events = [
        event(at(9), "assigned", 1, owner="ann"),
        event(at(12), "assigned", 2, owner="eve"),
    ]
    once, anew = (sample_of(start=at(8), **ends, restart=x) for x in (False, True))
    found = stand(once, events, instant(at(12)))
    assert (found.status, found.start, found.missed) == ("breached", instant(at(9)), True)
    found = stand(anew, events, instant(at(12)))
    assert (found.status, found.start, found.missed) == ("open", instant(at(12)), True)
    again = [*events, call(at(12, 10), 3), event(at(12, 20), "assigned", 4, owner="ann")]
    found = stand(anew, again, instant(at(12, 15)))
    assert (found.status, found.missed) == ("met", True)
    assert stand(anew, again, instant(at(12, 20))).status == "open"


def test_a_clock_counts_the_first_moments_of_a_round() -> None:
    sample = sample_of(start=at(9))
    events = [call(at(10), 1), call(at(12), 2)]
    assert stand(sample, events, instant(at(12))).status == "met"


def test_what_was_done_before_a_clock_starts_is_done() -> None:
    sample = sample_of(start=at(9), **{"from": "assigned"})
    events = [call(at(10), 1), event(at(15, days=3), "assigned", 2, owner="ann")]
    found = stand(sample, events, instant(at(15, days=3)))
    assert (found.status, found.start) == ("met", instant(at(15, days=3)))


def test_a_clock_ends_with_the_round_and_what_comes_after_does_not_count() -> None:
    sample = sample_of(start=at(9))
    lost = event(at(10), "moved", 1, to="lost")
    assert stand(sample, [lost], instant(at(15))).status == "ended"
    assert stand(sample, [lost, call(at(10, 30), 2)], instant(at(15))).status == "ended"
    late = event(at(11, 1), "moved", 1, to="lost")
    found = stand(sample, [late], instant(at(12)))
    assert (found.status, found.missed) == ("breached", True)


def test_a_new_round_starts_it_anew() -> None:
    sample = sample_of(start=at(9))
    events = [
        call(at(9, 30), 1),
        event(at(10), "moved", 2, to="lost"),
        event(at(11), "moved", 3, to="s0"),
    ]
    found = stand(sample, events, instant(at(11)))
    assert (found.status, found.start) == ("open", instant(at(11)))


def test_a_clock_that_has_not_started_is_idle() -> None:
    sample = sample_of(start=at(9), **{"from": "entered.s1", "to": "left.s1"})
    assert stand(sample, (), instant(at(12))) == ClockStands("idle")


@pytest.mark.parametrize(
    ("start", "said", "due"),
    [
        ("2026-03-28T22:00+01:00", "night", "2026-03-29T02:00+02:00"),  # 2:00 to 3:00 was skipped
        ("2026-10-24T23:00+02:00", "night", "2026-10-25T01:00+01:00"),
    ],
)
def test_an_hour_is_an_hour_when_the_clocks_change(start: str, said: str, due: str) -> None:
    sample = sample_of(
        start=minute_of(datetime.fromisoformat(start)), calendar=said, within="3 business hours"
    )
    found = stand(sample, (), instant(sample.start))
    assert found.due == instant(minute_of(datetime.fromisoformat(due)))
