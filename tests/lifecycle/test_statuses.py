"""Where touches stand, and what of it a move asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from leadrules import Engine, Event, Lead, load_policy, presets
from leadrules.lifecycle.statuses import SATISFIED, derived_of, touches_missing, touches_stand
from leadrules.values import instant_of
from tests.lifecycle.histories import histories
from tests.lifecycle.offices import instant
from tests.lifecycle.processes import Sample, samples


@given(samples, st.data())
def test_none_are_missing_exactly_if_the_status_lets_a_lead_go(
    sample: Sample, data: st.DataObject
) -> None:
    """Law: a move that asks whether touches are missing asks for a status that satisfies it."""
    state = sample.machine.replay(sample.lead, events=data.draw(histories(sample.start)))
    process, lead_type = sample.machine.process, sample.known.get("lead_type")
    at = max(state.time, instant(sample.start + data.draw(st.integers(0, 20_000))))
    for name in process.lifecycle.touches:
        stand = touches_stand(process, name, state, lead_type, at)
        lets_go = stand is None or stand.status in SATISFIED
        assert (touches_missing(process, name, state, lead_type) == 0) is lets_go


def test_guards_read_where_a_lead_is_and_was() -> None:
    policy = load_policy(presets.demo_policy())
    machine = Engine(policy).machine
    start = datetime(2026, 7, 6, 9, tzinfo=UTC)
    lead = Lead(id="17", created=start, lead_type="demo")
    moves = [
        {"to": "inquiry"},
        {"to": "recycled", "reason": "timing", "band": "warm"},
        {"to": "inquiry"},
    ]
    events = [
        Event(
            lead_id="17",
            id=f"m{day}",
            time=start + timedelta(days=day),
            kind="moved",
            properties=properties,
        )
        for day, properties in enumerate(moves)
    ]
    state = machine.replay(lead, events=events)
    names = ("stage", "stage_since", "stage_entries", "owner_role", "was.stage", "was.reason")
    at = state.time + 1
    found = derived_of(machine.process, state, (*names, "was.recycled_at", "score"), {}, at)
    assert found == {
        "stage": "inquiry",
        "stage_since": instant_of(start + timedelta(days=2)),
        "stage_entries": 2,
        "owner_role": "qualifying_rep",
        "was.stage": "recycled",
        "was.recycled_at": instant_of(start + timedelta(days=1)),
    }
    before = machine.replay(lead, events=events[:2])
    assert derived_of(machine.process, before, ["was.reason"], {}, at) == {"was.reason": "timing"}
    fresh = machine.start(lead)
    assert derived_of(machine.process, fresh, names, {}, at) == {
        "stage": "suspect",
        "stage_since": instant_of(start),
        "stage_entries": 1,
        "owner_role": "marketing",
    }
