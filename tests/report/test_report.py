"""The report: what it says of a process that is small enough to count by hand."""

from __future__ import annotations

import json
import pickle
import sys
from typing import Any

import pytest

from leadrules import Engine, EvaluationError, load_policy
from leadrules.report import Report
from tests.report import process

pytest.importorskip("scipy")

FORMS = (
    "'2026', '2026-H1', '2026-Q3', '2026-07', '2026-W31', '2026-07-31' "
    "or '2026-07-01 to 2026-08-15'"
)


def reported(kind: str = "polars", **asked: Any) -> Report:
    engine = process.engine()
    words = engine.policy
    backend = "polars" if kind == "lazy" else kind
    leads = words.frame(process.leads(words), backend=backend)
    events = words.event_frame(process.events(words), backend=backend)
    if kind == "lazy":
        leads, events = leads.lazy(), events.lazy()
    return engine.report(leads, events, **{"at": process.AT, **asked})


@pytest.fixture(scope="module")
def found() -> Report:
    return reported()


def test_it_begins_with_the_most_important_of_each_chapter(found: Report) -> None:
    assert (
        found.text(brief=True)
        == """\
How the leads did, 2026-03
5 leads by policy acme, version 1, as of 2026-03-31 14:00 Europe/Berlin

- Of 5 leads, 3 became sales-ready, 1 got a quote and 1 bought (20.0 %).
- Fewer than half of 5 leads have been called or written to; within 2 hours, as agreed, it was 1 of
  5 leads (20.0 %, 95 % CI 3.6 to 62.4); 3 are late and still wait.
- Sales passed back 1 of 3 leads (33.3 %, 95 % CI 6.1 to 79.2).
- Won, of the deals that were closed: 1 of 2 closed leads (50.0 %, 95 % CI 9.5 to 90.5).
- From sales-ready to sale, of 3 leads: too few were followed for 90 days; those who got there took
  17 days in the median.
- 0 of 3 leads that nobody has closed (0.0 %) have not left their stage for 90 days or more.
- Those who bought came mostly by 'demo': 1 of 1.
- Objective 'ready': 3 of 4, behind.
- Largest gap in the data: the lead has no owner, 2 of 5 (40.0 %)."""
    )


def test_every_chapter_says_what_it_counts(found: Report) -> None:
    assert [chapter.title for chapter in found.chapters] == [
        "How far do they come?",
        "Are they followed up?",
        "Does sales keep what it gets?",
        "What becomes of them?",
        "How long does it take?",
        "Where are they now?",
        "What is to come?",
        "What do programmes bring?",
        "Is it enough?",
        "How far can this be trusted?",
    ]
    assert all(chapter.about.endswith(".") for chapter in found.chapters)
    with pytest.raises(KeyError):
        _ = found["What is this?"]


def test_nothing_is_called_as_another_thing_of_its_chapter() -> None:
    found = reported(by="owner")
    for chapter in found.chapters:
        heads = [exhibit.head for exhibit in chapter.exhibits]
        assert len({*heads}) == len(heads)
    shown = found["Does sales keep what it gets?"].exhibits
    assert [exhibit.head for exhibit in shown] == [
        "Passed back, by lead type",
        "Passed back, by owner",
        "Why they were passed back",
    ]


def test_a_chapter_says_more_and_shows_it(found: Report) -> None:
    chapter = found["Does sales keep what it gets?"]
    assert chapter.said[1:] == (
        "The highest share is that of 'webinar': 1 of 1 lead (100.0 %, 95 % CI 20.7 to 100.0).",
    )
    assert chapter.exhibits[0].result.to_dict()["rows"][1]["lead_type"] == "webinar"
    shown = found.text()
    assert "Does sales keep what it gets?\n-----------------------------\n" in shown
    assert "  webinar              1            1      100.0     20.7     100.0" in shown
    assert all(len(line) <= 100 for line in shown.splitlines() if not line.startswith("  "))


def test_what_could_not_be_measured_is_told(found: Report) -> None:
    (why,) = found["What becomes of them?"].missing
    assert why == (
        "win rate by value: weigh: a value is known of 1 of 1 won, and of 0 of 1 lost; a rate by "
        "value would be 100 % whatever they did; expected values of both"
    )
    assert "\nNot measured:\n  win rate by value: weigh: a value is known" in found.text()


def test_what_the_data_lacks_is_told(found: Report) -> None:
    gaps = found["How far can this be trusted?"].exhibits[0].result
    assert gaps.to_dict()["rows"] == [
        {
            "what": "the lead has no owner",
            "count": 2,
            "of": 5,
            "share": 0.4,
            "effect": "it is in no row of an owner",
        },
        {
            "what": "the lead has no lead type",
            "count": 1,
            "of": 5,
            "share": 0.2,
            "effect": "it is owed what the default says",
        },
    ]


def test_it_survives_pickle_and_json(found: Report) -> None:
    assert pickle.loads(pickle.dumps(found)).text() == found.text()
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert data["period"] == {
        "start": "2026-02-28T23:00:00+00:00",
        "end": "2026-03-31T22:00:00+00:00",
        "zone": "Europe/Berlin",
    }
    assert data["said"] == list(found.said)
    assert data["chapters"][0]["title"] == "How far do they come?"
    assert data["policy"] == {"id": "acme", "version": 1, "hash": process.policy().hash}


@pytest.mark.parametrize("kind", ["lazy", "pandas", "pyarrow"])
def test_every_kind_of_frame_gives_the_same(kind: str, found: Report) -> None:
    pytest.importorskip(kind if kind != "lazy" else "polars")
    assert reported(kind).to_dict() == found.to_dict()


def test_a_period_is_of_those_who_came_in_it_and_groups_are_shown() -> None:
    found = reported(period="2026-03-02 to 2026-03-03", by="owner")
    assert found.title == "How the leads did, 2026-03-02 to 2026-03-03"
    assert found.said[0] == (
        "Of 2 leads, 2 became sales-ready, 0 got a quote and 0 bought (0.0 %)."
    )
    speed = found["Are they followed up?"].exhibits[0].result.to_dict()["rows"]
    assert [(row["level"], row["owner"], row["leads"]) for row in speed] == [
        ("all", None, 2),
        ("owner", "ben", 1),
        ("owner", "carl", 1),
    ]


def test_a_rate_by_value_is_told_if_the_value_of_most_is_known(found: Report) -> None:
    assert not [x for x in found["What becomes of them?"].said if x.startswith("By value")]
    policy = process.policy()
    people = [
        policy.lead({"id": x.id, "created": x.created, "lead_type": "demo", "budget": "1000 EUR"})
        for x in process.leads(policy)
    ]
    events = policy.event_frame(process.events(policy))
    valued = Engine(policy).report(policy.frame(people), events, at=process.AT)
    (told,) = [x for x in valued["What becomes of them?"].said if x.startswith("By value")]
    assert told.startswith("By value: 1,000 EUR of 2,000 EUR (50.0 %), 2 closed leads")


def test_programmes_may_say_what_they_cost() -> None:
    pl = pytest.importorskip("polars")
    costs = pl.DataFrame({"lead_type": ["demo"], "amount": [300_000], "currency": ["EUR"]})
    found = reported(costs=costs)["What do programmes bring?"].exhibits[0].result.to_dict()
    demo = next(row for row in found["rows"] if row["lead_type"] == "demo")
    assert (demo["leads"], demo["close"], demo["roi"]) == (2, 1, 2.0)


def test_what_is_later_is_not_known() -> None:
    found = reported(at=process.AT.replace(day=4, hour=9, minute=30))
    assert found.said[0] == (
        "Of 4 leads, 1 became sales-ready, 0 got a quote and 0 bought (0.0 %)."
    )


@pytest.mark.parametrize(
    ("asked", "field", "message"),
    [
        ({"by": "ownr"}, "by", "by: the leads have no column 'ownr'; did you mean 'owner'?"),
        (
            {"at": process.AT.replace(year=2025)},
            "leads",
            "leads: none had arisen by then; expected at least one",
        ),
        (
            {"period": "soon"},
            "period",
            f"period: 'soon' is no period; expected {FORMS}",
        ),
    ],
)
def test_what_cannot_be_reported_is_refused(
    asked: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(EvaluationError) as caught:
        reported(**asked)
    assert (str(caught.value), caught.value.field) == (message, field)


def test_frames_of_pandas_may_have_columns_without_a_value() -> None:
    policy = process.policy()
    leads, events = policy.frame(process.leads(policy)), policy.event_frame(process.events(policy))
    engine = Engine(policy)
    found = engine.report(leads.to_pandas(), events.to_pandas(), at=process.AT)
    assert str(found) == str(engine.report(leads, events, at=process.AT))


def test_a_column_of_pandas_that_mixes_types_is_refused() -> None:
    policy = process.policy()
    leads = policy.frame(process.leads(policy)).to_pandas().assign(more=["a", 1, 2, 3, 4])
    events = policy.event_frame(process.events(policy))
    with pytest.raises(EvaluationError) as caught:
        Engine(policy).report(leads, events, at=process.AT)
    assert (str(caught.value), caught.value.field) == (
        "leads: more: the column mixes types; expected one",
        "more",
    )


def test_a_policy_without_a_lifecycle_has_no_report() -> None:
    header = "leadrules: 1\npolicy: {id: acme, version: 1, effective: 2026-01-01}\n"
    policy = load_policy(header)
    with pytest.raises(EvaluationError) as caught:
        Engine(policy).report(policy.frame([]), policy.event_frame([]), at=process.AT)
    assert str(caught.value) == "policy 'acme' has no section 'lifecycle'"


def test_a_report_without_statistics_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(EvaluationError) as caught:
        reported()
    assert str(caught.value) == "statistics need the package 'scipy'; install leadrules[metrics]"
