"""The documents of the examples are sound, with or without the data that they are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadrules import load_mapping, load_policy

EXAMPLES = Path(__file__).parents[2] / "examples"
MAPPINGS = {
    "ich_crm": ("ich_deals", "ich_contacts", "ich_calls", "ich_spend"),
    "xeducation": ("xeducation", "xeducation_visits"),
}


def test_no_document_is_left_out() -> None:
    known = {f"{name}.policy.yaml" for name in MAPPINGS}
    known |= {f"{name}.mapping.yaml" for names in MAPPINGS.values() for name in names}
    assert {path.name for path in EXAMPLES.glob("*.yaml")} == known


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_policy_is_loaded_without_a_warning_and_its_mappings_with_it(name: str) -> None:
    policy = load_policy(EXAMPLES / f"{name}.policy.yaml")
    assert policy.warnings == ()
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
