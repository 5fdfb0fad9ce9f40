"""Events made by a policy: every name and value is checked."""

from __future__ import annotations

from typing import Any

import pytest

from leadrules import EvaluationError, Event, Policy, load_policy

BASE = {"lead_id": "17", "id": "e1", "time": "2026-01-05T09:00+01:00"}


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(
        {
            "leadrules": 1,
            "policy": {"id": "acme", "version": 1, "effective": "2026-01-01"},
            "activities": {
                "page_view": {
                    "properties": {
                        "path": {"type": "string"},
                        "device": {"choices": ["phone", "desk"]},
                    }
                }
            },
            "scoring": {
                "engagement": {"rules": {"view": {"activity": "page_view", "points": 5}}},
                "qualification": {"framework": "BANT"},
                "bands": [{"name": "hot", "enter": 5}, {"name": "cold"}],
            },
        }
    )


def test_names_beside_those_of_an_event_are_properties(policy: Policy) -> None:
    event = policy.event({**BASE, "type": "page_view", "path": "/pricing", "device": None})
    whole = {"kind": "activity", "type": "page_view"}
    said = {"path": "/pricing", "device": None}
    assert event == Event.model_validate({**BASE, **whole, "properties": said})
    answer = policy.event({**BASE, "kind": "answer", "criterion": "need", "answer": "met"})
    assert (answer.type, answer["criterion"]) == (None, "need")
    override = {"kind": "override", "band": "hot", "by": "Eva", "reason": "knows the founder"}
    assert policy.event({**BASE, **override})["band"] == "hot"


@pytest.mark.parametrize(
    ("more", "field", "message"),
    [
        (
            {"type": "page_vew"},
            "type",
            "event 'e1': type: no activity 'page_vew'; did you mean 'page_view'?",
        ),
        (
            {"type": "page_view", "pat": "/"},
            "pat",
            "event 'e1': pat: no such property; did you mean 'path'?",
        ),
        (
            {"type": "page_view", "path": 7},
            "path",
            "event 'e1': path: '7' is not a text",
        ),
        (
            {"type": "page_view", "device": "watch"},
            "device",
            "event 'e1': device: 'watch' is not a choice; expected 'phone' or 'desk'",
        ),
        (
            {"kind": "answer", "criterion": "buget", "answer": "met"},
            "criterion",
            "event 'e1': criterion: no criterion 'buget'; did you mean 'budget'?",
        ),
        (
            {"kind": "override", "band": "tepid", "by": "Eva", "reason": "x"},
            "band",
            "event 'e1': band: no band 'tepid'",
        ),
        ({}, "type", "event 'e1': type: an activity, and nothing else, has a type"),
    ],
)
def test_what_the_policy_does_not_declare_is_refused(
    policy: Policy, more: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(EvaluationError) as caught:
        policy.event({**BASE, **more})
    assert str(caught.value) == message
    assert caught.value.field == field
    assert caught.value.lead_id == "17"


def test_a_policy_that_scores_nothing_knows_no_bands() -> None:
    bare = load_policy(
        {"leadrules": 1, "policy": {"id": "acme", "version": 1, "effective": "2026-01-01"}}
    )
    with pytest.raises(EvaluationError, match="no band 'hot'"):
        bare.event({**BASE, "kind": "override", "band": "hot", "by": "Eva", "reason": "x"})
    touch = {"kind": "touch", "channel": "call", "direction": "outbound"}
    assert bare.event({**BASE, **touch})["channel"] == "call"
