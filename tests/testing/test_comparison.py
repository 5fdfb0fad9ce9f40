from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from leadrules import Company, EvaluationError, Event, Lead, load_policy
from leadrules.testing import Comparison, compare, joint_vocabulary
from leadrules.values import Type
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
    scores = [x.before for x in found.leads if x.before is not None]
    assert [score.engagement != 0 for score in scores] == [True, False, False]
    assert found.leads[0].old("band") == "hot"


def test_a_band_that_a_policy_has_not_is_none_before() -> None:
    found = compare(ACME_POLICY, FIT, LEADS, at=AT, previous={"1": "hot"})
    assert found.leads[0].new("band") is None


def test_what_a_policy_does_not_declare_it_does_not_see() -> None:
    found = compare(FIT, ACME_POLICY, LEADS, events=views("1", 1), at=AT)
    assert found.leads[0].before is not None
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
        "3: letter B -> A; 25 points of fit; A was from 30, is from 20"
    ]


def test_the_threshold_of_a_band_is_told() -> None:
    text = ACME.replace("enter: 30, leave: 25}", "enter: 45, leave: 25}")
    found = compare(ACME_POLICY, load_policy(text), LEADS, at=AT)
    assert [found.told(change) for change in found.changed] == [
        "1: band warm -> cold; 40 points; warm was from 30, is from 45",
        "3: band warm -> cold; 30 points; warm was from 30, is from 45",
    ]
    by_fit = (
        ACME.replace("  bands:\n", "  bands:\n    of: fit\n    levels:\n")
        .replace("{param: hot_from}, leave: 50", "40")
        .replace("enter: 30, leave: 25}", "enter: 35, leave: 20}")
    )
    old, new = load_policy(by_fit), load_policy(by_fit.replace("enter: 35", "enter: 25"))
    other = compare(old, new, LEADS, at=AT)
    assert [other.told(change) for change in other.changed] == [
        "3: band cold -> warm; 25 points of fit; warm was from 35, is from 25"
    ]
    mixed = compare(ACME_POLICY, old, LEADS, at=AT)
    assert [mixed.told(change) for change in mixed.changed] == [
        "1: band warm -> hot; every rule gives the same points",
        "3: band warm -> cold; every rule gives the same points",
    ]


def test_what_neither_rules_nor_thresholds_tell() -> None:
    new = load_policy(ACME.replace("at_least: 2", "at_least: 1"))
    lead = ACME_POLICY.lead({"id": "1", "months_to_decision": 3, "email": "a"})
    met = Event(
        lead_id="1",
        id="a",
        time=AT - timedelta(days=1),
        kind="answer",
        properties={"criterion": "need", "answer": "met"},
    )
    old = load_policy(ACME.replace("at_least: 2", "at_least: 3"))
    found = compare(old, new, [lead], events=[met], at=AT)
    assert found.told(found.changed[0]) == (
        "1: ready not ready -> ready; every rule gives the same points"
    )


def test_control_characters_are_spelt_out() -> None:
    lead = ACME_POLICY.lead({"id": "1\x1b[2J\n", "company.employees": 800, "seniority": "vp"})
    found = compare(ACME_POLICY, NEW, [lead], at=AT)
    assert str(found).splitlines()[-1].startswith(r"1\u001b[2J\u000a: band warm -> cold, letter A")


TEXT = """
leadrules: 1
policy: {id: plain, version: 1, effective: 2026-01-01}
fields: {tier: {choices: [gold, silver], personal: true}, months: {type: integer}}
activities: {page_view: {properties: {path: {type: string}}}}
"""


def test_what_both_policies_declare_is_read_once() -> None:
    other = load_policy(
        TEXT.replace("[gold, silver], personal: true", "[bronze, gold]")
        .replace("months: {type: integer}", "team: {type: integer}")
        .replace("path: {type: string}", "path: {choices: [a, b]}, seconds: {type: number}")
        .replace("activities: {", "activities: {webinar: {}, ")
    )
    found = joint_vocabulary(load_policy(TEXT), other)
    assert {name: (x.type, x.choices, x.personal) for name, x in found.declared.items()} == {
        "tier": (Type.ENUM, ("gold", "silver", "bronze"), True),
        "months": (Type.INTEGER, (), False),
        "team": (Type.INTEGER, (), False),
    }
    assert {
        activity: {name: (x.type, x.choices) for name, x in properties.items()}
        for activity, properties in found.activities.items()
    } == {
        "page_view": {"path": (Type.STRING, ()), "seconds": (Type.NUMBER, ())},
        "webinar": {},
    }
    assert found.lead({"id": "1", "tier": "silver", "team": 3}).fields == {
        "tier": "silver",
        "team": 3,
    }


def test_text_in_the_one_and_choices_in_the_other_are_text() -> None:
    old, new = (
        load_policy(TEXT),
        load_policy(TEXT.replace("choices: [gold, silver]", "type: string")),
    )
    for pair in ((old, new), (new, old)):
        tier = joint_vocabulary(*pair).fields["tier"]
        assert (tier.type, tier.choices, tier.personal) == (Type.STRING, (), True)


def test_choices_of_a_field_that_every_lead_has_hold_for_one_policy_alone() -> None:
    narrow = load_policy(TEXT.replace("fields: {", "fields: {country: {choices: [AT, CH]}, "))
    for pair in ((load_policy(TEXT), narrow), (narrow, load_policy(TEXT))):
        assert joint_vocabulary(*pair).lead({"id": "1", "country": "US"}).country == "US"


def test_criteria_and_bands_of_both_are_known() -> None:
    other = load_policy(
        ACME.replace("name: hot", "name: hottest").replace(
            "need: {p", "want: {points: 1}\n      need: {p"
        )
    )
    found = joint_vocabulary(ACME_POLICY, other)
    assert found.bands == ("hottest", "warm", "cold", "hot")
    assert set(found.criteria or ()) == {"budget", "authority", "timing", "need", "want"}


def test_a_name_of_two_types_is_refused() -> None:
    other = load_policy(TEXT.replace("months: {type: integer}", "months: {type: string}"))
    with pytest.raises(EvaluationError) as raised:
        joint_vocabulary(load_policy(TEXT), other)
    assert str(raised.value) == (
        "field 'months' is an integer in the old policy and a text in the new; expected one type"
    )


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


ROUTED = """
leadrules: 1
policy: {id: routed, version: 1, effective: 2026-01-01}
routing:
  rules:
    - {id: large, when: company.employees >= 100, to: {owner: ann}, otherwise: {queue: large}}
    - {id: rest, when: always, to: {pool: team}}
  pools: {team: {members: [ben, cyd]}}
  members: {ann: {limits: 1 per day}, ben: {}, cyd: {}}
"""
ROUTED_LEADS = [
    Lead(id=str(number), company=Company(employees=employees))
    for number, employees in enumerate((200, 200, 70, 70, 5), start=1)
]


def test_leads_that_somebody_else_gets_are_changed() -> None:
    old = load_policy(ROUTED)
    new = load_policy(ROUTED.replace(">= 100", ">= 50").replace("queue: large", "owner: cyd"))
    found = compare(old, new, ROUTED_LEADS, at=AT)
    assert found.aspects == ("owner", "queue", "rule")
    assert [change.lead_id for change in found.changed] == ["2", "3", "4"]
    assert found.causes(found.changed[0]) == ()
    assert found.transitions("queue") == {(None, None): 4, ("large", None): 1}
    assert str(found) == (
        """\
routed, version 1 -> routed, version 1, at 2026-03-02T08:00:00+00:00
changed: 3 of 5 leads, 60.0 % (owner: 2, queue: 1, rule: 2)

owner: old -> new  leads
ben -> cyd             1
none -> cyd            1

queue: old -> new  leads
large -> none          1

rule: old -> new  leads
rest -> large         2

2: owner none -> cyd, queue large -> none
3: owner ben -> cyd, rule rest -> large
4: rule rest -> large"""
    )
    data = json.loads(json.dumps(found.to_dict()))
    assert data["counts"] == {"owner": 2, "queue": 1, "rule": 2}
    assert data["transitions"]["rule"] == [
        {"from": "large", "to": "large", "leads": 2},
        {"from": "rest", "to": "large", "leads": 2},
        {"from": "rest", "to": "rest", "leads": 1},
    ]
    assert data["examples"][0] == {
        "lead_id": "2",
        "owner": {"old": None, "new": "cyd"},
        "queue": {"old": "large", "new": None},
        "fires": [],
        "ceases": [],
        "causes": [],
    }
    assert "<tr><th>rule: old -&gt; new</th><th>leads</th></tr>" in found._repr_html_()


def test_why_nobody_gets_a_lead_is_an_aspect() -> None:
    old = load_policy(ROUTED)
    new = load_policy(ROUTED.replace(", otherwise: {queue: large}", ""))
    found = compare(old, new, ROUTED_LEADS, at=AT)
    assert found.aspects == ("owner", "queue", "rule", "unassigned")
    assert str(found.changed[0]) == "2: queue large -> none, unassigned none -> at-limit"


def test_the_best_leads_are_routed_first() -> None:
    scored = (
        ROUTED
        + "scoring: {fit: {characteristics: {size: [{when: company.employees >= 150, points: 9}]}}}"
    )
    leads = [Lead(id="1", company=Company(employees=120)), *ROUTED_LEADS[1:2]]
    found = compare(load_policy(scored), load_policy(scored), leads, at=AT)
    assert found.aspects == ("score", "owner", "queue", "rule")
    assert [change.old("owner") for change in found.leads] == [None, "ann"]
    assert found.changed == ()


def test_many_moves_are_cut_short() -> None:
    names = [f"m{number:02}" for number in range(12)]
    text = """
leadrules: 1
policy: {id: many, version: 1, effective: 2026-01-01}
routing:
  rules: [{id: all, when: always, to: {pool: team}}]
"""
    old, new = (
        load_policy(
            f"{text}  pools: {{team: {{members: [{', '.join(order)}]}}}}\n"
            f"  members: {{{', '.join(f'{name}: {{}}' for name in names)}}}\n"
        )
        for order in (names, names[::-1])
    )
    leads = [Lead(id=name) for name in (*names, "m12")]
    lines = list(compare(old, new, leads, at=AT).lines())
    assert lines[1] == "changed: 13 of 13 leads, 100.0 % (owner: 13, rule: 0)"
    assert lines[3:6] == [
        "owner: old -> new  leads",
        "m00 -> m11             2",
        "m01 -> m10             1",
    ]
    assert lines[13:16] == ["m09 -> m02             1", "others                 2", ""]


def test_a_policy_that_does_not_route_is_compared_by_its_scores() -> None:
    routed = load_policy(ACME + ROUTED[ROUTED.index("routing:") :])
    found = compare(ACME_POLICY, routed, LEADS, at=AT)
    assert found.aspects == ("band", "ready", "letter")
    assert found.leads[0].routes == ()
    assert found.leads[0].old("owner") is None
    with pytest.raises(EvaluationError, match="policy 'routed' has no section 'scoring'"):
        compare(load_policy(ROUTED), routed, LEADS, at=AT)
