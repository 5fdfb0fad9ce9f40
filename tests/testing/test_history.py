from __future__ import annotations

from datetime import UTC, datetime, timedelta

from leadrules import Event, Lead
from leadrules.testing import History
from tests.testing.samples import ACME_POLICY, scorer_of

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def view(number: int, **properties: str) -> Event:
    return Event(
        lead_id="17",
        id=f"v{number}",
        time=AT - timedelta(days=number),
        kind="activity",
        type="page_view",
        properties=properties,
    )


def test_a_history_is_told_in_lines() -> None:
    history = History(Lead(id="17", email="ada@example.org"), (view(1, path="/"),), AT, "warm")
    assert str(history) == (
        "lead: Lead(id='17', email='ada@example.org')\n"
        "at: 2026-03-02T08:00:00+00:00\n"
        "previous: warm\n"
        "events:\n"
        "  2026-03-01T08:00:00+00:00 v1: page_view (path: /)"
    )


def test_a_history_without_events() -> None:
    told = str(History(Lead(id="17"), (), AT))
    assert told == "lead: Lead(id='17')\nat: 2026-03-02T08:00:00+00:00\nevents: none"


def test_a_history_is_scored() -> None:
    history = History(Lead(id="17"), (view(1, path="/pricing"), view(2)), AT, "hot")
    score = history.score(scorer_of(ACME_POLICY))
    assert score.lead_id == "17"
    assert score.fired == ("pricing",)
