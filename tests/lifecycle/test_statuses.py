"""Where touches stand, and what of it a move asks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leadrules.lifecycle.statuses import SATISFIED, touches_missing, touches_stand
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
