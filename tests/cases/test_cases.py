"""Cases as data: each is asked of a lead, and all together of a frame."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from leadrules import Engine, Lead, Matcher, Vocabulary, load_policy
from leadrules.conditions.frames import matches_frames
from leadrules.lead import lead_fields
from tests import frames
from tests.frames import KINDS, MAKE

FOLDER = Path(__file__).parent
AT = datetime(2026, 1, 5, tzinfo=UTC)

CONDITIONS = json.loads((FOLDER / "conditions.json").read_text("utf-8"))
SCORING = json.loads((FOLDER / "scoring.json").read_text("utf-8"))
ENGINE = Engine(load_policy(SCORING["policy"]))
CASES = SCORING["cases"]


def named(cases: Sequence[Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


def lead_of(case: Any) -> Lead:
    return ENGINE.policy.lead({"id": "17", **case["lead"]})


def table(cases: Sequence[Any]) -> pa.Table:
    """Return the leads of cases, every field of a lead a column."""
    names = [field.name for field in lead_fields()]
    rows = [{name: _value(lead_of(case), name) for name in names} for case in cases]
    return frames.table(rows, Vocabulary(), names)


def _value(lead: Lead, name: str) -> Any:
    value: Any = lead
    for part in name.split("."):
        value = getattr(value, part)
    return value


@named(CONDITIONS)
def test_a_condition_of_a_lead(case: Any) -> None:
    assert Matcher(case["when"]).matches(lead_of(case), at=AT) is case["expected"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_conditions_of_a_frame(kind: str) -> None:
    conditions = {f"case_{n}": Matcher(case["when"]).condition for n, case in enumerate(CONDITIONS)}
    leads = MAKE[kind](table(CONDITIONS))
    matched = matches_frames(conditions, leads, at=AT, vocabulary=Vocabulary())
    found = frames.columns(matched, conditions)
    for number, case in enumerate(CONDITIONS):
        assert found[f"case_{number}"][number] is case["expected"], case["name"]


@named(CASES)
def test_a_score_of_a_lead(case: Any) -> None:
    found = ENGINE.scorer.score(lead_of(case), at=datetime.fromisoformat(case["at"]))
    assert (found.score, found.fit) == (case["score"], case["fit"])
    assert [list(found.fired), list(found.uncertain)] == [case["fired"], case["uncertain"]]


@pytest.mark.parametrize("kind", KINDS)
def test_the_scores_of_a_frame(kind: str) -> None:
    moments = [datetime.fromisoformat(case["at"]) for case in CASES]
    leads = table(CASES).append_column("moment", pa.array(moments, pa.timestamp("us", "UTC")))
    scored = ENGINE.scorer.score_frame(MAKE[kind](leads), at="moment")
    assert frames.columns(scored, ["score", "fit"]) == {
        "score": [case["score"] for case in CASES],
        "fit": [case["fit"] for case in CASES],
    }
