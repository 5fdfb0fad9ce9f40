"""What callers of measures give, checked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from leadrules import EvaluationError, load_policy
from leadrules.metrics import Measures, Period
from leadrules.metrics.arguments import demand_measures, demand_period, demand_window, microseconds

BERLIN = Measures(zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("measures", "message"),
    [
        (
            {"path": ["mql", "mql"]},
            "measures.path[1]: 'mql' stands here twice",
        ),
        (
            {"path": ["mql"], "funnel": {"close": "won"}},
            (
                "measures.funnel.close: 'won' is not on the path; "
                "expected a stage that leads to the sale"
            ),
        ),
        (
            {"path": ["mql", "won"], "lost": ["lost", "mql"]},
            "measures.lost[1]: 'mql' stands on the path, too",
        ),
        (
            {"funnel": {"suspect": "lead", "prospect": "lead"}},
            (
                "measures.funnel.prospect: 'lead' does not come after the step before, "
                "by the order of the path"
            ),
        ),
    ],
)
def test_measures_that_contradict_themselves_are_refused(
    measures: dict[str, Any], message: str
) -> None:
    with pytest.raises(EvaluationError) as raised:
        demand_measures(Measures.model_validate(measures))
    assert (str(raised.value), raised.value.field) == (message, "measures")


def test_those_of_a_policy_are_taken_as_they_are() -> None:
    policy = load_policy("""
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01}
lifecycle:
  stages: {inquiry: {owner: sales}, won: {kind: won}, lost: {kind: lost}}
  moves: [{from: inquiry, to: won}, {from: inquiry, to: lost}]
""")
    assert demand_measures(policy.measures) == policy.measures


def test_a_period_is_one_of_the_zone_of_the_measures() -> None:
    march = Period.of("2026-03", zone="Europe/Berlin")
    assert demand_period("2026-03", BERLIN) == march
    assert demand_period(march, Measures()) is march
    assert demand_period(None, BERLIN) is None


def test_a_window_is_in_microseconds() -> None:
    assert demand_window(timedelta(hours=1)) == 3_600_000_000
    assert demand_window(None) is None
    assert microseconds(timedelta(microseconds=-1)) == -1
