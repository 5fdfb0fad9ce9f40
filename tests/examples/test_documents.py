"""The documents of the examples are sound, with or without the data that they are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.measure_ich_routing import TABLES as ICH_TABLES
from leadrules import load_mapping, load_policy

EXAMPLES = Path(__file__).parents[2] / "examples"
MAPPINGS = {
    "ich_crm": ("ich_deals", "ich_contacts", "ich_calls", "ich_spend"),
    "ich_routing": (),
    "xeducation": ("xeducation", "xeducation_visits"),
}
TABLES = {"ich_routing": ICH_TABLES}


def test_no_document_is_left_out() -> None:
    known = {f"{name}.policy.yaml" for name in MAPPINGS}
    known |= {f"{name}.mapping.yaml" for names in MAPPINGS.values() for name in names}
    assert {path.name for path in EXAMPLES.glob("*.yaml")} == known


MEANT = {
    "ich_crm": ["lifecycle.touches.attempts_apart [no-effect]"],
    "ich_routing": ["lifecycle.stages.open [no-deadline]"],
}
"""The warnings of what a policy says is so on purpose."""


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_policy_has_the_warnings_that_it_means_and_its_mappings_load_with_it(name: str) -> None:
    policy = load_policy(EXAMPLES / f"{name}.policy.yaml", tables=TABLES.get(name))
    assert [f"{x.path} [{x.code}]" for x in policy.warnings] == MEANT.get(name, [])
    for mapping in MAPPINGS[name]:
        mapper = load_mapping(EXAMPLES / f"{mapping}.mapping.yaml", vocabulary=policy.vocabulary)
        assert mapper.columns


@pytest.mark.parametrize(
    ("name", "outcomes"),
    [
        ("ich_crm", "crm_stage quality lost_reason closed sla payment_type initial_payment"),
        ("xeducation", "converted tags lead_quality lead_profile last_notable_activity"),
    ],
)
def test_no_score_reads_what_is_known_only_later(name: str, outcomes: str) -> None:
    policy = load_policy(EXAMPLES / f"{name}.policy.yaml")
    assert policy.scoring is not None
    assert not set(outcomes.split()) & set(policy.scoring.fields())
    assert set(outcomes.split()) <= set(policy.fields)
