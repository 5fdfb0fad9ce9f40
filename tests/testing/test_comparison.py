from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from leadrules import Event, load_policy
from leadrules.testing import Comparison, compare
from tests.testing.samples import ACME, ACME_POLICY

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
NEW = load_policy(
    ACME.replace("version: 2", "version: 3")
    .replace(">= 500", ">= 900")
    .replace("timing: {points: 5", "timing: {points: 7.5")
)
FIT = load_policy(
    """
leadrules: 1
policy: {id: plain, version: 1, effective: 2026-01-01}
scoring: {fit: {characteristics: {size: [{when: company.employees >= 500, points: 2.5}]}}}
"""
)
LEADS = [
    ACME_POLICY.lead({"id": "1", "company.employees": 800, "seniority": "vp", "email": "a"}),
    ACME_POLICY.lead({"id": "2", "company.employees": 60}),
    ACME_POLICY.lead({"id": "3", "months_to_decision": 3, "company.employees": 1000}),
]


def views(lead_id: str, *days: int) -> list[Event]:
    return [
        Event(
            lead_id=lead_id,
            id=f"v{day}",
            time=AT - timedelta(days=day),
            kind="activity",
            type="page_view",
            properties={"path": "/pricing"},
        )
        for day in days
    ]


def compared(**options: object) -> Comparison:
    return compare(ACME_POLICY, NEW, LEADS, at=AT, **options)  # type: ignore[arg-type]  # as compare takes


def test_it_counts_who_changes() -> None:
    found = compared()
    assert repr(found) == "Comparison(1 of 3 leads changed)"
    assert found.aspects == ("band", "ready", "letter")
    assert [change.lead_id for change in found.changed] == ["1"]
    assert found.share == 1 / 3
    assert {aspect: found.count(aspect) for aspect in (*found.aspects, "score")} == {
        "band": 1,
        "ready": 0,
        "letter": 1,
        "score": 2,
    }
    assert found.transitions("letter") == {("A", "B"): 1, ("C", "C"): 1, ("B", "B"): 1}


def test_events_and_bands_before_are_those_of_each_lead() -> None:
    found = compared(events=[*views("1", 1, 2, 3), *views("9", 1)], previous={"1": "hot"})
    assert [x.before.engagement != 0 for x in found.leads] == [True, False, False]
    assert found.leads[0].before.band == "hot"


def test_a_band_that_a_policy_has_not_is_none_before() -> None:
    found = compare(ACME_POLICY, FIT, LEADS, at=AT, previous={"1": "hot"})
    assert found.leads[0].after.band is None


def test_what_a_policy_does_not_declare_it_does_not_see() -> None:
    found = compare(FIT, ACME_POLICY, LEADS, events=views("1", 1), at=AT)
    assert found.leads[0].before.fit == 2.5
    assert found.aspects == ("band", "ready", "letter")
    assert found.share == 1
    assert found.told(found.changed[1]) == (
        "2: band none -> cold, ready none -> not ready, letter none -> C, score 0 -> 10; "
        "medium 0 -> 10"
    )
    assert (found.changed[1].fires, found.changed[1].ceases) == (("medium",), ())


def test_a_threshold_may_be_all_that_changes() -> None:
    new = load_policy(ACME.replace("A: 30", "A: 20"))
    found = compare(ACME_POLICY, new, LEADS, at=AT)
    assert [found.told(change) for change in found.changed] == [
        "3: letter B -> A; every rule gives the same points"
    ]


def test_many_causes_are_cut_short() -> None:
    text = ACME
    for points in ("points: 25}", "points: 15}", "points: 10, met", "points: 5, met"):
        text = text.replace(points, points.replace("points: ", "points: 1"))
    text = text.replace("points: 5}\n  bands", "points: 9}\n  bands").replace(
        "points: 4\n", "points: 8\n"
    )
    lead = ACME_POLICY.lead(
        {
            "id": "1",
            "company.employees": 800,
            "seniority": "vp",
            "months_to_decision": 1,
            "created": AT,
        }
    )
    new = load_policy(text.replace("id: fresh, when", "id: brand_new, when"))
    found = compare(ACME_POLICY, new, [lead], at=AT)
    assert "and 1 more" in found.told(found.leads[0])


def test_where_there_is_nothing_else_the_score_counts() -> None:
    lower = load_policy(FIT.model_dump_json().replace("2.5", "1"))
    found = compare(FIT, lower, LEADS, at=AT)
    assert found.aspects == ("score",)
    assert (
        str(found).splitlines()[1:] == ["changed: 0 of 3 leads, 0.0 % (score of 0)"]
        or found.count("score") == 2
    )


def test_it_is_told_with_a_matrix_and_examples() -> None:
    assert str(compared(events=views("1", 1))) == (
        """\
acme, version 2 -> acme, version 3, at 2026-03-02T08:00:00+00:00
changed: 1 of 3 leads, 33.3 % (band: 0, ready: 0, letter: 1, score: 2)

band: old, new  hot  warm  cold
hot               0     0     0
warm              0     2     0
cold              0     0     1

ready: old, new  ready  not ready
ready                0          0
not ready            0          3

letter: old, new  A  B  C
A                 0  1  0
B                 0  1  0
C                 0  0  1

1: letter A -> B, score 50 -> 35; large 25 -> 0, medium 0 -> 10"""
    )


def test_more_than_the_examples_are_counted() -> None:
    lines = list(compare(FIT, ACME_POLICY, LEADS, at=AT).lines(examples=1))
    assert lines[-1] == "and 2 more"


def test_the_same_policy_changes_nothing() -> None:
    found = compare(ACME_POLICY, ACME_POLICY, LEADS, at=AT)
    assert found.changed == ()
    assert str(found.leads[0]) == "1: the same"
    assert compare(ACME_POLICY, NEW, [], at=AT).share == 0


def test_it_is_plain_data_for_json() -> None:
    found = json.loads(json.dumps(compared().to_dict()))
    assert found["transitions"]["letter"] == [
        {"from": "A", "to": "B", "leads": 1},
        {"from": "B", "to": "B", "leads": 1},
        {"from": "C", "to": "C", "leads": 1},
    ]
    assert found["old"] == {"id": "acme", "version": 2, "hash": ACME_POLICY.hash}
    assert found["examples"][0]["lead_id"] == "1"


def test_it_shows_in_a_notebook() -> None:
    text = compared()._repr_html_()
    assert text.startswith("<p><b>acme, version 2 &rarr; acme, version 3</b>, at 2026-03-02")
    assert "<tr><th>letter: old, new</th><th>A</th><th>B</th><th>C</th></tr>" in text
    assert "<li>1: band" in text
