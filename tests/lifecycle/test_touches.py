from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leadrules import Event
from leadrules.lifecycle.statuses import TouchesStand, touches_stand
from tests.lifecycle.offices import instant, minute_of, moment
from tests.lifecycle.plain import Plain, in_order
from tests.lifecycle.processes import (
    CHANNELS,
    DELAYS,
    OUTCOMES,
    ROLES,
    Sample,
    is_valid,
    leads,
    starts,
    touch_rules,
)

PLAIN_STAGES: Mapping[str, Any] = {
    "s0": {"owner": "sales", "most": 5},
    "s1": {"owner": "sales"},
    "out": {"kind": "disqualified"},
}
MOVES = [
    {"from": "s0", "to": "s1", "by": ["sales"]},
    {"from": "s1", "to": "s0", "by": ["sales"]},
    {"from": ["s0", "s1"], "to": "out", "by": ["sales"]},
]
BETTER = ("breached", "met_late", "at_risk", "open", "met", "waived")


def sample_of(rule: Mapping[str, Any], *, start: int, **known: Any) -> Sample:
    data = {
        "hours": {"default": "office", "owners": {"ben": "away"}},
        "stages": PLAIN_STAGES,
        "moves": MOVES,
        "touches": {"t0": rule},
    }
    return Sample(data, known, start)


def event(minute: int, kind: str, number: int = 0, **said: object) -> Event:
    return Event.model_validate(
        {
            "lead_id": "l1",
            "id": f"e{number:03}",
            "time": moment(minute),
            "kind": kind,
            "properties": said,
        }
    )


def call(minute: int, number: int = 0, **said: object) -> Event:
    return event(minute, "touch", number, **{"channel": "call", "direction": "outbound", **said})


def stand(sample: Sample, events: Sequence[Event], at: int) -> TouchesStand | None:
    """Return where the touches stand at an instant."""
    happened = [x for x in events if x.moment <= at]
    state = sample.machine.replay(sample.lead, events=happened)
    found = touches_stand(sample.machine.process, "t0", state, sample.known.get("lead_type"), at)
    return found if state.stage in sample.data["touches"]["t0"]["in"] else None


def status(sample: Sample, events: Sequence[Event], at: int) -> str | None:
    found = stand(sample, events, at)
    return None if found is None else found.status


_gaps = st.sampled_from((0, 1, 30, 60, 119, 120, 240, 540, 900, 1440))
_said = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(CHANNELS),
        "direction": st.sampled_from(("outbound", "outbound", "outbound", "inbound")),
    },
    optional={
        "outcome": st.sampled_from(OUTCOMES),
        "automatic": st.booleans(),
        "role": st.sampled_from(ROLES),
    },
)


@st.composite
def worked(
    draw: st.DrawFn, *, owners: bool = False, timed: bool = False
) -> tuple[Sample, list[Event]]:
    """Return a lead in its first stage, and the touches that were made there."""
    rule = draw(touch_rules)
    if timed:
        rule |= {
            "count": {"default": draw(st.integers(1, 3))},
            "within": draw(st.sampled_from(DELAYS)),
        }
    sample = sample_of(rule, start=draw(starts), **draw(leads))
    minute, events = sample.start, []
    for number in range(draw(st.integers(0, 5))):
        minute += draw(_gaps)
        if owners and draw(st.integers(0, 4)) == 0:
            owner = draw(st.sampled_from(("ann", "ben")))
            events.append(event(minute, "assigned", number, owner=owner))
        else:
            events.append(call(minute, number, **draw(_said)))
    assume(is_valid(sample.data))
    return sample, events


@given(worked(owners=True), _gaps)
def test_touches_stand_where_the_plain_account_says(
    given: tuple[Sample, list[Event]], wait: int
) -> None:
    """Law: what counts, and what has become of it, is what minutes counted one by one say."""
    sample, events = given
    at = (minute_of(events[-1].time) if events else sample.start) + wait
    plain = Plain(sample.data, sample.known, sample.start, in_order(events))
    assert status(sample, events, instant(at)) == plain.touches("t0", at)


@given(worked(timed=True))
def test_the_deadline_is_exact(given: tuple[Sample, list[Event]]) -> None:
    """Law: at the deadline they are not breached yet, and a microsecond later they are."""
    sample, _ = given
    rule = sample.data["touches"]["t0"]
    plain = Plain(sample.data, sample.known, sample.start)
    found = plain.due(sample.start, rule["within"])
    assert found is not None
    due = instant(found)
    before, after = stand(sample, (), due), stand(sample, (), due + 1)
    assert before is not None
    assert after is not None
    assert (before.status, before.due) == ("at_risk", due)
    assert (after.status, after.due) == ("breached", due)


@given(worked(timed=True))
def test_they_are_at_risk_from_the_moment_that_is_foretold(
    given: tuple[Sample, list[Event]],
) -> None:
    """Law: if nothing is done they are open up to `changes`, and at risk from then on."""
    sample, events = given
    at = events[-1].moment if events else instant(sample.start)
    found = stand(sample, events, at)
    assert found is not None
    if found.changes is None:
        assert found.status != "open"
        return
    assert found.status == "open"
    assert status(sample, events, found.changes - 1) == "open"
    assert status(sample, events, found.changes) == "at_risk"


@given(worked(), _said, st.integers(0, 4000), _gaps)
def test_another_touch_never_makes_it_worse(
    given: tuple[Sample, list[Event]], said: dict[str, Any], late: int, wait: int
) -> None:
    """Law: with one touch more, whenever it was, they stand where they did or better."""
    sample, events = given
    at = (events[-1].moment if events else instant(sample.start)) + instant(wait)
    more = call(min(sample.start + late, at // instant(1)), 999, **said)
    before, after = status(sample, events, at), status(sample, [*events, more], at)
    if before is None:
        assert after is None
    else:
        assert after is not None
        assert BETTER.index(after) >= BETTER.index(before)


MIDNIGHT = minute_of(datetime.fromisoformat("2025-11-28T00:00+01:00"))
"""A Friday in Berlin, in winter."""


def at(hour: int, minute: int = 0, *, days: int = 0) -> int:
    """Return a time of day in Berlin on that Friday, or some days after."""
    return MIDNIGHT + (days * 24 + hour) * 60 + minute


RULE = {"in": ["s0"], "count": {"demo": 3, "default": 1, "webinar": 0}, "waive": ["duplicate"]}


@pytest.mark.parametrize(
    ("lead_type", "owed"),
    [("demo", 3), ("white_paper", 1), (None, 1), ("webinar", None)],
)
def test_a_type_of_lead_is_owed_what_is_said_of_it(lead_type: str | None, owed: int | None) -> None:
    known = {} if lead_type is None else {"lead_type": lead_type}
    sample = sample_of(RULE, start=at(9), **known)
    found = stand(sample, (), instant(at(9)))
    assert (found.missing if found else None) == owed


def test_a_type_of_which_nothing_is_said_is_owed_none() -> None:
    sample = sample_of({"in": ["s0"], "count": {"demo": 3}}, start=at(9), lead_type="referral")
    assert stand(sample, (), instant(at(9))) is None


COUNTED: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({}, {}, True),
    ({}, {"automatic": False}, True),
    ({}, {"automatic": True}, False),
    ({}, {"direction": "inbound"}, False),
    ({}, {"outcome": "no_answer"}, True),
    ({"counts": "connected"}, {}, False),
    ({"counts": "connected"}, {"outcome": "no_answer"}, False),
    ({"counts": "connected"}, {"outcome": "connected"}, True),
    ({"counts": "connected"}, {"outcome": "connected", "automatic": True}, False),
    ({"counts": "connected"}, {"direction": "inbound"}, True),
    ({"channels": ["email"]}, {}, False),
    ({"channels": ["email", "call"]}, {}, True),
    ({"by": ["sales"]}, {}, False),
    ({"by": ["sales"]}, {"role": "boss"}, False),
    ({"by": ["sales"]}, {"role": "sales"}, True),
]


@pytest.mark.parametrize(("rule", "said", "counts"), COUNTED)
def test_what_counts_is_declared(rule: dict[str, Any], said: dict[str, Any], counts: bool) -> None:
    sample = sample_of({**RULE, **rule}, start=at(9))
    assert status(sample, [call(at(10), **said)], instant(at(11))) == ("met" if counts else "open")


@pytest.mark.parametrize(
    ("times", "counted"),
    [
        ([at(9), at(10, 59), at(11)], 2),
        ([at(9), at(11), at(12)], 2),
        ([at(14), at(9, 59, days=3), at(10, days=3)], 2),  # 14:00 to 15:00, Monday from 9:00
        ([at(10), at(10)], 1),
    ],
)
def test_touches_count_from_the_earliest_on_that_are_apart(times: list[int], counted: int) -> None:
    sample = sample_of({**RULE, "apart": "2 business hours"}, start=at(8), lead_type="demo")
    events = [call(time, number) for number, time in enumerate(times)]
    found = stand(sample, events, instant(at(18, days=3)))
    assert found is not None
    assert found.missing == 3 - counted


def test_two_at_one_time_count_twice_if_nothing_is_said_of_apart() -> None:
    sample = sample_of(RULE, start=at(8), lead_type="demo")
    found = stand(sample, [call(at(9), 1), call(at(9), 2)], instant(at(9)))
    assert found is not None
    assert found.missing == 1


def test_those_that_no_longer_fit_are_at_risk() -> None:
    rule = {**RULE, "apart": "2 hours", "within": "24 hours"}
    sample = sample_of(rule, start=at(9), lead_type="demo")
    found = stand(sample, [call(at(10), 1)], instant(at(10)))
    assert found is not None
    assert found.changes == instant(at(9) + 18 * 60) + 1  # a quarter of the day is left
    sample = sample_of({**rule, "within": "5 hours"}, start=at(9), lead_type="demo")
    found = stand(sample, (), instant(at(9)))
    assert found is not None
    assert (found.status, found.changes) == ("open", instant(at(10)) + 1)  # 10:00, 12:00, 14:00


def test_late_touches_are_met_late_and_satisfy() -> None:
    sample = sample_of({**RULE, "within": "2 business hours"}, start=at(14))
    due = instant(at(10, days=3))
    for late, expected in ((0, "met"), (1, "met_late")):
        touched = call(at(10, late, days=3))
        assert status(sample, [touched], due + late * instant(1)) == expected
    assert status(sample, [], due) == "at_risk"
    assert status(sample, [], due + 1) == "breached"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"touches": "t0", "reason": "duplicate"}, "waived"),
        ({"touches": "t0", "reason": "no_time"}, "open"),
        ({"touches": "t9", "reason": "duplicate"}, "open"),
    ],
)
def test_only_the_reasons_of_the_rule_waive_it(said: dict[str, Any], expected: str) -> None:
    sample = sample_of(RULE, start=at(9))
    assert status(sample, [event(at(9), "waiver", **said)], instant(at(10))) == expected


def test_every_entry_opens_a_new_obligation_and_leaving_closes_it() -> None:
    sample = sample_of({**RULE, "within": "2 hours"}, start=at(9))
    events = [
        call(at(9, 30), 1),
        event(at(10), "waiver", 2, touches="t0", reason="duplicate"),
        event(at(11), "moved", 3, to="s1"),
        event(at(12), "moved", 4, to="s0"),
    ]
    assert status(sample, events, instant(at(10, 30))) == "waived"
    assert status(sample, events, instant(at(11))) is None
    assert status(sample, events, instant(at(12))) == "open"
    found = stand(sample, events, instant(at(14)) + 1)
    assert found is not None
    assert (found.status, found.due) == ("breached", instant(at(14)))


def test_the_deadline_runs_on_in_the_hours_of_a_new_owner() -> None:
    """Half of four hours is over at 11:00 on Friday; New York opens at 14:00 in Berlin."""
    sample = sample_of({**RULE, "within": "4 business hours"}, start=at(9))
    events = [event(at(11), "assigned", owner="ben")]
    found = stand(sample, events, instant(at(11)))
    assert found is not None
    assert found.due == instant(at(16))


def test_a_deadline_in_business_days_keeps_the_time_of_day() -> None:
    sample = sample_of({**RULE, "within": "2 business days"}, start=at(10))
    found = stand(sample, (), instant(at(10)))
    assert found is not None
    assert found.due == instant(at(10, days=4))
