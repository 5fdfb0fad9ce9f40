from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from leadrules import Event, Lead, Score, load_policy, presets
from leadrules.testing import History, events, histories, leads, moments
from tests.testing.samples import ACME_POLICY, scorer_of

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
DEMO = load_policy(presets.demo_policy())
POLICIES = [pytest.param(ACME_POLICY, id="acme"), pytest.param(DEMO, id="demo")]
SCORER = scorer_of(ACME_POLICY)
THOROUGH = settings(
    max_examples=2_000,
    database=None,
    derandomize=True,
    phases=(Phase.generate,),
)


def found(strategy: st.SearchStrategy[Any], wanted: Callable[[Any], bool]) -> Any:
    """Return something that a strategy finds."""
    return find(strategy, wanted, settings=THOROUGH)


def plainest(strategy: st.SearchStrategy[Any], wanted: Callable[[Any], bool]) -> Any:
    phases = (Phase.generate, Phase.shrink)
    return find(strategy, wanted, settings=settings(THOROUGH, phases=phases))


@pytest.mark.parametrize("policy", POLICIES)
def test_every_history_is_one_that_the_policy_takes(policy: Any) -> None:
    """Law: a history is scored without an error, and its events check against the policy."""
    scorer = scorer_of(policy)

    @given(histories(policy))
    def law(history: History) -> None:
        assert isinstance(history.score(scorer), Score)
        assert {event.lead_id for event in history.events} <= {history.lead.id}

    law()


@pytest.mark.parametrize("employees", [None, 49, 50, 501])
def test_leads_stand_on_and_beside_thresholds_or_lack_the_field(employees: int | None) -> None:
    lead = found(leads(ACME_POLICY), lambda lead: bool(lead.company.employees == employees))
    assert isinstance(lead, Lead)


def test_what_is_found_shrinks_to_the_plainest() -> None:
    assert plainest(leads(ACME_POLICY), lambda _: True) == Lead(id="lead")
    large = plainest(leads(ACME_POLICY), lambda lead: (lead.company.employees or 0) >= 500)
    assert large == ACME_POLICY.lead({"id": "lead", "company.employees": 500})
    keen = plainest(histories(ACME_POLICY), lambda one: (one.score(SCORER).engagement or 0) > 0)
    assert keen.lead == Lead(id="lead")
    assert [(one.type, len(one.properties)) for one in keen.events] == [("page_view", 1)]


def test_choices_are_kept() -> None:
    assert found(leads(ACME_POLICY), lambda lead: lead.fields.get("tier") == "silver")

    @given(leads(ACME_POLICY))
    def law(lead: Lead) -> None:
        assert lead.fields.get("tier") in {None, "gold", "silver"}

    law()


def test_leads_have_the_id_and_the_moment_that_are_asked_for() -> None:
    lead = found(leads(ACME_POLICY, lead_id="7", at=AT), lambda lead: bool(lead.created == AT))
    assert lead.id == "7"


@pytest.mark.parametrize(
    "wanted",
    [
        lambda found: any(x.kind == "answer" and x["until"] for x in found),
        lambda found: any(x.kind == "override" for x in found),
        lambda found: any(x.kind == "touch" for x in found),
        lambda found: any(x.type == "unsubscribe" for x in found),
        lambda found: any(x["path"] == "/pricing" and x["seconds"] is None for x in found),
        lambda found: any(x["seconds"] == 121 and x["path"] is None for x in found),
        lambda found: any(x.time > AT for x in found),
        lambda found: any(x.kind == "retraction" and x["of"] == "e0" for x in found),
        lambda found: len({x.id for x in found}) < len(found),
        lambda found: len({x.time for x in found}) < len({x.id for x in found}),
        lambda found: list(found) != sorted(found, key=lambda x: x.moment),
    ],
)
def test_events_of_every_sort_are_found(wanted: Callable[[tuple[Event, ...]], bool]) -> None:
    assert found(events(ACME_POLICY, lead_id="7", around=AT), wanted)[0].lead_id == "7"


def test_there_are_at_most_so_many_events() -> None:
    @given(events(ACME_POLICY, around=AT, most=2))
    def law(happened: tuple[Event, ...]) -> None:
        assert len(happened) <= 2

    law()


@pytest.mark.parametrize("band", [None, "warm"])
def test_leads_were_in_every_band_before(band: str | None) -> None:
    assert found(histories(ACME_POLICY), lambda history: bool(history.previous == band))


def test_bands_are_reached_by_every_way() -> None:
    ways: set[object] = set()

    @settings(THOROUGH, max_examples=120)
    @given(histories(ACME_POLICY))
    def look(history: History) -> None:
        score = history.score(SCORER)
        ways.add(score.band_by)
        ways.add(score.ready)

    look()
    assert ways >= {"threshold", "override", False}


def test_moments_are_where_parameters_change() -> None:
    july = datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert found(moments(ACME_POLICY), lambda at: bool(at == july)) == july
