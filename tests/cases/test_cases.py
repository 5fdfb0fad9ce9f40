"""Cases as data: each is asked of a lead, and all together of a frame."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from leadrules import Engine, Event, Lead, Matcher, Vocabulary, load_policy
from leadrules.conditions.frames import matches_frames
from leadrules.lead import lead_fields
from leadrules.vocabulary import column_of
from tests import frames
from tests.frames import KINDS, MAKE

FOLDER = Path(__file__).parent
AT = datetime(2026, 1, 5, tzinfo=UTC)

CONDITIONS = json.loads((FOLDER / "conditions.json").read_text("utf-8"))
SCORING = json.loads((FOLDER / "scoring.json").read_text("utf-8"))
ENGINE = Engine(load_policy(SCORING["policy"]))
CASES = SCORING["cases"]
HISTORIES = json.loads((FOLDER / "histories.json").read_text("utf-8"))
WITH_EVENTS = Engine(load_policy(HISTORIES["policy"]))
TOLD = HISTORIES["cases"]


def named(cases: Sequence[Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


def lead_of(case: Any) -> Lead:
    return ENGINE.policy.lead({"id": "17", **case["lead"]})


def table(cases: Sequence[Any]) -> pa.Table:
    """Return the leads of cases, every field of a lead a column."""
    names = [field.name for field in lead_fields()]
    rows = [{name: _value(lead_of(case), name) for name in names} for case in cases]
    return frames.table(rows, Vocabulary(), names)


def events_of(case: Any, lead_id: str = "17") -> list[Event]:
    """Return the events of a case; moments are written as texts."""
    return [
        Event.model_validate({**event, "lead_id": lead_id, "properties": _properties(event)})
        for event in case.get("events", ())
    ]


def _properties(event: Any) -> Any:
    said = event.get("properties", {})
    until = {"until": datetime.fromisoformat(said["until"])} if "until" in said else {}
    return {**said, **until}


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


@named(TOLD)
def test_a_score_of_a_history(case: Any) -> None:
    lead = WITH_EVENTS.policy.lead({"id": "17", **case["lead"]})
    at = datetime.fromisoformat(case["at"])
    evaluation = WITH_EVENTS.evaluate(
        lead, events=events_of(case), at=at, previous=case.get("previous")
    )
    found = evaluation.score
    assert found is not None
    plain = {**asdict(found), "answers": dict(found.answers)}
    shown = {name: plain[name] for name in case["expected"]}
    assert json.loads(json.dumps(shown)) == case["expected"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_scores_of_the_histories_of_a_frame(kind: str) -> None:
    words = WITH_EVENTS.policy.vocabulary
    ids = [f"lead-{number}" for number in range(len(TOLD))]
    made = [words.lead({"id": "x", **case["lead"]}) for case in TOLD]
    names = [field.name for field in lead_fields()]
    rows = [{name: _value(lead, name) for name in names} for lead in made]
    moments = [datetime.fromisoformat(case["at"]) for case in TOLD]
    leads = frames.table(rows, words, [name for name in names if name != "id"])
    leads = leads.append_column("id", pa.array(ids))
    leads = leads.append_column("moment", pa.array(moments, pa.timestamp("us", "UTC")))
    before = [case.get("previous") for case in TOLD]
    leads = leads.append_column("before", pa.array(before, pa.string()))
    events = [
        event for case, lead_id in zip(TOLD, ids, strict=True) for event in events_of(case, lead_id)
    ]
    happened = WITH_EVENTS.policy.event_frame(events, backend="pyarrow")
    related = frames.related(leads, happened) if kind == "duckdb" else (leads, happened)
    of_kind = related if kind == "duckdb" else tuple(map(MAKE[kind], related))
    scored = WITH_EVENTS.scorer.score_frame(
        of_kind[0], events=of_kind[1], at="moment", previous="before"
    )
    results = {name: column_of(name) for name in WITH_EVENTS.scorer.scoring.results}
    columns = frames.columns(scored, results.values())
    for number, case in enumerate(TOLD):
        told = {key: said for key, said in case["expected"].items() if key in results}
        answers = case["expected"].get("answers", {})
        told |= {f"answer.{name}": said for name, said in answers.items()}
        assert {key: columns[results[key]][number] for key in told} == told, case["name"]
