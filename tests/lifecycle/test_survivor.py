"""Which stage survives when leads turn out to be one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from leadrules import Dossier, Engine, EvaluationError, Event, Lead, load_policy, merge
from leadrules.lifecycle.survivor import surviving
from leadrules.presets import demo_policy

MACHINE = Engine(load_policy(demo_policy())).machine
AT = datetime(2026, 9, 7, 8, tzinfo=UTC)


def dossier(lead_id: str, *facts: tuple[int, str], created: int | None = 0) -> Dossier:
    """Return a lead that was moved some days after AT."""
    lead = Lead(id=lead_id, created=None if created is None else AT + timedelta(days=created))
    events = [
        Event(
            lead_id=lead_id,
            id=f"m{day}",
            time=AT + timedelta(days=day),
            kind="moved",
            properties={"to": to, "reason": "other", "note": "so it was"},
        )
        for day, to in facts
    ]
    return Dossier.of(lead, updated=AT, events=events)


@pytest.mark.parametrize(
    ("leads", "expected"),
    [
        ([dossier("1", (3, "won")), dossier("2", (9, "agreement"))], "1"),
        ([dossier("1", (9, "lost")), dossier("2", (1, "inquiry"))], "2"),
        ([dossier("1", (1, "sql")), dossier("2", (9, "inquiry")), dossier("3", (5, "sal"))], "1"),
        ([dossier("1", (1, "sql")), dossier("2", (2, "sql"))], "2"),
        ([dossier("2", (1, "sql")), dossier("1", (1, "sql"))], "1"),
        ([dossier("1", (1, "recycled")), dossier("2", (2, "lost"))], "1"),
        ([dossier("1", created=None), dossier("2")], "2"),
    ],
)
def test_the_stage_that_survives(leads: list[Dossier], expected: str) -> None:
    for ordered in permutations(leads):
        assert surviving(merge(*ordered), machine=MACHINE) == expected


def test_obligations_and_clocks_are_those_of_the_surviving_stage() -> None:
    call = Event(
        lead_id="1",
        id="t1",
        time=AT + timedelta(days=3),
        kind="touch",
        properties={"channel": "call", "direction": "outbound"},
    )
    first = Dossier.of(Lead(id="1", created=AT), updated=AT, events=[call])
    both = merge(first, dossier("2", (2, "sal")))
    survivor = surviving(both, machine=MACHINE)
    state = MACHINE.replay(both.lead, events=both.events_of(survivor))
    assert (survivor, state.lead_id, state.stage) == ("2", "1", "sal")
    assert dict(state.counted)["sales_contact"] == (call.moment,), "the touch of the other counts"
    assert both.set_aside(survivor) == ()


def test_only_what_had_happened_by_the_moment_counts() -> None:
    both = merge(dossier("1", (1, "inquiry")), dossier("2", (9, "sql"), created=5))
    assert surviving(both, machine=MACHINE) == "2"
    assert surviving(both, machine=MACHINE, at=AT + timedelta(days=6)) == "1"
    assert surviving(both, machine=MACHINE, at=AT + timedelta(days=2)) == "1"


def test_what_cannot_be_told_is_an_error() -> None:
    with pytest.raises(EvaluationError) as caught:
        surviving(dossier("1", created=None), machine=MACHINE)
    assert str(caught.value) == "created: is missing of lead '1', and nothing happened"
    with pytest.raises(EvaluationError) as caught:
        surviving("1", machine=MACHINE)  # type: ignore[arg-type]  # the slip
    assert str(caught.value) == "dossier: '1' is none; make one with Dossier.of(lead, ...)"
