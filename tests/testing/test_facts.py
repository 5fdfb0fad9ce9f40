from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import Phase, find, given, settings

from leadrules import Engine, Event, load_policy, presets
from leadrules.testing import History, events, histories, leads

AT = datetime(2026, 8, 3, 8, tzinfo=UTC)
DEMO = load_policy(presets.demo_policy())
ENGINE = Engine(DEMO)
ENOUGH = settings(max_examples=300, database=None, derandomize=True, phases=(Phase.generate,))

Happened = tuple[Event, ...]


@pytest.fixture(scope="module")
def seen() -> list[Happened]:
    """Return what a few hundred leads went through."""
    found: list[Happened] = []

    @settings(ENOUGH)
    @given(events(DEMO, around=AT, most=24))
    def look(happened: Happened) -> None:
        found.append(happened)

    look()
    return found


def said(kind: str, **wanted: object) -> Callable[[Happened], bool]:
    def is_there(found: Happened) -> bool:
        return any(
            event.kind == kind and all(event[name] == x for name, x in wanted.items())
            for event in found
        )

    return is_there


@pytest.mark.parametrize(
    "wanted",
    [
        said("touch", channel="meeting"),
        lambda found: any(x.kind == "touch" and x["role"] for x in found),
        said("touch", outcome="replied"),
        said("touch", direction="inbound"),
        said("touch", automatic=True),
        said("touch", step="momentum.case_study"),
        said("assigned", owner="ben"),
        lambda found: any(x.kind == "completed" and x["item"] != "anything" for x in found),
        said("completed", item="anything"),
        said("approval", role="sales_manager"),
        said("approval", verdict="rejected"),
        said("waiver", touches="sales_contact"),
        said("fulfilment", item="price_list"),
        said("update"),
        said("next_step", due=None),
        said("pause", until=None),
        said("resume", clock=None),
        said("moved", to="recycled"),
        lambda found: any(x.kind == "moved" and x["reason"] for x in found),
        lambda found: any(x.type == "page_view" and x["path"] == "/pricing/request" for x in found),
    ],
)
def test_all_that_happens_on_the_way_is_found(
    wanted: Callable[[Happened], bool], seen: list[Happened]
) -> None:
    assert any(wanted(happened) for happened in seen)


@given(events(DEMO, around=AT))
def test_moves_go_from_where_the_lead_was(happened: Happened) -> None:
    """Law: in the order of time and id, each move leads on from where the one before it led."""
    assert DEMO.lifecycle is not None
    stages = DEMO.lifecycle.stages
    moves = {x.id: x for x in happened if x.kind == "moved"}
    stage = DEMO.lifecycle.initial
    for move in sorted(moves.values(), key=lambda x: (x.moment, x.id)):
        assert move["from"] == stage
        stage = str(move["to"])
        assert move["reason"] in (stages[stage].why or {None})


def test_most_moves_go_along_a_way_of_the_policy(seen: list[Happened]) -> None:
    assert DEMO.lifecycle is not None
    ways = {(start, move.to) for move in DEMO.lifecycle.moves for start in move.from_}
    moves = [x for happened in seen for x in happened if x.kind == "moved"]
    along = [x for x in moves if (x["from"], x["to"]) in ways]
    assert len(moves) > len(along) > len(moves) / 2


@pytest.mark.parametrize("lead_type", ["demo", "white_paper", None])
def test_leads_are_of_the_types_to_which_touches_are_owed(lead_type: str | None) -> None:
    found = find(leads(DEMO), lambda x: bool(x.lead_type == lead_type), settings=ENOUGH)
    assert found.lead_type == lead_type


def test_leads_are_in_most_stages() -> None:
    stages: set[object] = set()

    @settings(ENOUGH, max_examples=150)
    @given(histories(DEMO))
    def look(history: History) -> None:
        state = ENGINE.evaluate(history.lead, events=history.events, at=history.at).state
        stages.add(state and state.stage)

    look()
    assert len(stages) >= 5
    assert stages >= {None, "suspect", "inquiry"}


@given(histories(DEMO))
def test_every_history_can_be_audited_and_has_an_agenda(history: History) -> None:
    """Law: whatever happened, the policy says what it would have refused and what is owed."""
    if ENGINE.evaluate(history.lead, events=history.events, at=history.at).state is None:
        return
    ENGINE.audit(history.lead, events=history.events, at=history.at)
    ENGINE.agenda(history.lead, events=history.events, at=history.at)
