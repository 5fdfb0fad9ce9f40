"""The section `metrics`: what it completes from the lifecycle, what is wrong with bad ones."""

from __future__ import annotations

from typing import Any

import pytest

from leadrules import EvaluationError, Policy, PolicyError, load_policy, policy_schema
from leadrules.metrics import Measures

HEAD = """
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01, zone: Europe/Berlin}
fields:
  region: {choices: [north, south]}
  deal: {type: money}
activities: {registration: {}}
"""
LIFECYCLE = """
lifecycle:
  contact: [connected]
  stages:
    inquiry: {owner: marketing}
    mql: {owner: marketing}
    proposal: {owner: sales}
    won: {kind: won}
    lost: {kind: lost}
    later: {kind: recycled, owner: marketing, wake: {default: 60 days}}
    junk: {kind: disqualified}
  moves:
    - {from: inquiry, to: mql}
    - {from: inquiry, to: junk}
    - {from: mql, to: later}
    - {from: later, to: junk}
    - {from: mql, to: proposal}
    - {from: proposal, to: won}
    - {from: proposal, to: lost}
"""
STAGES = ("inquiry", "mql", "proposal", "won")


def load(metrics: str, lifecycle: str = LIFECYCLE) -> Policy:
    return load_policy(f"{HEAD}{lifecycle}metrics:\n  {metrics}\n")


def problems(metrics: str, lifecycle: str = LIFECYCLE) -> list[str]:
    with pytest.raises(PolicyError) as raised:
        load(metrics, lifecycle)
    return [f"{issue.path}: {issue.message} [{issue.code}]" for issue in raised.value.issues]


# What it says


def test_a_policy_without_the_section_measures_what_its_lifecycle_says() -> None:
    found = load_policy(f"{HEAD}{LIFECYCLE}").measures
    assert found.order == STAGES
    assert found.steps == {"suspect": "inquiry", "close": "won"}
    assert (found.won, found.lost, found.disqualified) == ("won", ("lost",), ("junk",))
    assert found.recycled == ("later",)
    assert found.closed == ("won", "lost", "junk", "later")
    assert found.contact == ("connected",)
    assert found.in_zone == "Europe/Berlin"
    assert (found.unit, found.reentry, found.skipped) == ("lead", "first", "imputed")


def test_a_policy_without_a_lifecycle_measures_nothing_by_itself() -> None:
    found = load_policy(HEAD).measures
    assert (found.order, found.steps, found.won, found.closed) == ((), {}, None, ())
    assert found.in_zone == "Europe/Berlin"


def test_what_is_stated_is_kept() -> None:
    found = load(
        "{unit: opportunity, funnel: {suspect: mql, close: won}, path: [mql, proposal, won], "
        "lost: [lost, later], disqualified: [junk], recycled: [inquiry], reentry: every, "
        "skipped: missing, value: deal, contact: [met], zone: Asia/Tokyo}"
    ).measures
    assert found.unit == "opportunity"
    assert found.order == ("mql", "proposal", "won")
    assert found.steps == {"suspect": "mql", "close": "won"}
    assert found.closed == ("won", "lost", "later", "junk", "inquiry")
    assert (found.reentry, found.skipped, found.value) == ("every", "missing", "deal")
    assert (found.contact, found.in_zone) == (("met",), "Asia/Tokyo")


def test_the_first_stage_is_a_suspect_unless_another_word_means_it() -> None:
    words = "{funnel: {prospect: inquiry, sales_ready: mql, quote: proposal}}"
    assert load(words).measures.steps == {
        "prospect": "inquiry",
        "sales_ready": "mql",
        "quote": "proposal",
        "close": "won",
    }


def test_the_first_stage_of_a_path_is_where_suspects_are() -> None:
    assert load("{path: [mql, won]}").measures.steps == {"suspect": "mql", "close": "won"}


def test_an_open_stage_that_is_stated_as_an_end_is_not_on_the_path() -> None:
    found = load("{recycled: [inquiry]}").measures
    assert (found.order, found.recycled) == (("mql", "proposal", "won"), ("inquiry",))


def test_words_of_another_system_stand_alone() -> None:
    found = Measures.model_validate({"funnel": {"sales_ready": "mql", "close": "won"}})
    assert (found.order, found.closed, found.in_zone) == (("mql", "won"), ("won",), "UTC")


def test_a_word_and_a_stage_mean_a_stage() -> None:
    found = load("{funnel: {sales_ready: mql}}").measures
    words = ("suspect", "sales_ready", "close", "proposal", "lost", "junk", "later")
    stages = ["inquiry", "mql", "won", "proposal", "lost", "junk", "later"]
    assert [found.stage(word) for word in words] == stages


def test_a_word_that_means_nothing_is_refused() -> None:
    found = load("{funnel: {sales_ready: mql}}").measures
    with pytest.raises(EvaluationError) as raised:
        found.stage("sales_redy", "of")
    message = "of: no step or stage 'sales_redy'; did you mean 'sales_ready'?"
    assert (str(raised.value), raised.value.field) == (message, "of")
    with pytest.raises(EvaluationError) as raised:
        found.stage("quote")
    expected = "one of 10, such as 'suspect', 'sales_ready', 'close'"
    assert str(raised.value) == f"stage: no step or stage 'quote'; expected {expected}"
    with pytest.raises(EvaluationError) as raised:
        Measures().stage("mql")
    assert str(raised.value) == "stage: no step or stage 'mql'"


def test_objectives_are_read_with_their_periods() -> None:
    (one, two) = load(
        "{objectives: [{id: mqls, reach: mql, target: 40, period: 2026-Q3},"
        " {id: seats, activity: registration, by: region, target: {north: 5}, period: 2026}]}"
    ).measures.objectives
    assert (one.target, str(one.period)) == (40, "2026-07-01 to 2026-09-30")
    assert (two.target, str(two.period)) == ({"north": 5}, "2026-01-01 to 2026-12-31")


def test_an_objective_may_name_what_the_lifecycle_says() -> None:
    for word in ("close", "suspect", "lost", "proposal"):
        (found,) = load(
            objective(f"id: a, reach: {word}, target: 1, period: 2026")
        ).measures.objectives
        assert found.reach == word


def test_it_is_written_as_it_is_read() -> None:
    policy = load(
        "{funnel: {sales_ready: mql}, objectives: "
        "[{id: a, reach: mql, target: 4, period: 2026-07-01 to 2026-08-15}]}"
    )
    data = policy.model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert data["metrics"]["objectives"][0]["period"] == "2026-07-01 to 2026-08-15"
    assert load_policy(data).measures == policy.measures


@pytest.mark.parametrize(
    "metrics",
    [
        "{reentry: last}",
        "{skipped: missing}",
        "{funnel: {sales_ready: mql}}",
        "{zone: UTC}",
        "{objectives: [{id: a, reach: mql, target: 4, period: 2026}]}",
    ],
)
def test_what_a_measure_depends_on_is_in_the_hash(metrics: str) -> None:
    assert load(metrics).hash != load("{}").hash


def test_what_is_for_people_is_not_in_the_hash() -> None:
    objective = "id: a, reach: mql, target: 4, period: 2026"
    one, two = (
        load(f"{{objectives: [{{{objective}{more}}}]}}") for more in ("", ", description: why")
    )
    assert one.hash == two.hash


def test_the_schema_of_policies_has_it() -> None:
    schema = policy_schema()
    assert "metrics" in schema["properties"]
    kept: dict[str, Any] = schema["$defs"]["Measures"]["properties"]
    assert set(kept) == set(Measures.model_fields)
    assert kept["reentry"]["enum"] == ["first", "last", "every"]
    period = schema["$defs"]["Objective"]["properties"]["period"]
    assert (period["type"], period["examples"][0]) == ("string", "2026-Q1")


# What is wrong


def objective(text: str) -> str:
    return f"{{objectives: [{{{text}}}]}}"


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (
            "{funnel: {sales_ready: mqll}}",
            "metrics.funnel.sales_ready: no stage 'mqll'; did you mean 'mql'? [unknown-name]",
        ),
        ("{path: [mql, sent, won]}", "metrics.path[1]: no stage 'sent' [unknown-name]"),
        ("{lost: [gone]}", "metrics.lost[0]: no stage 'gone' [unknown-name]"),
        ("{disqualified: [gone]}", "metrics.disqualified[0]: no stage 'gone' [unknown-name]"),
        ("{recycled: [gone]}", "metrics.recycled[0]: no stage 'gone' [unknown-name]"),
        (
            "{funnel: {quote: lost}}",
            (
                "metrics.funnel.quote: 'lost' is not on the path; expected a stage that leads to"
                " the sale [wrong-value]"
            ),
        ),
        (
            "{funnel: {prospect: mql, sales_ready: inquiry}}",
            (
                "metrics.funnel.sales_ready: 'inquiry' does not come after the step before, by the"
                " order of the path [wrong-value]"
            ),
        ),
        (
            "{funnel: {quote: mql, close: proposal}}",
            "metrics.funnel.close: 'proposal' is no stage of kind 'won' [wrong-value]",
        ),
        ("{path: [mql, mql, won]}", "metrics.path[1]: 'mql' stands here twice [duplicate]"),
        (
            "{path: [mql, lost, won]}",
            (
                "metrics.path[1]: 'lost' is of kind 'lost'; expected an open stage, or 'won'"
                " [wrong-value]"
            ),
        ),
        ("{lost: [lost, lost]}", "metrics.lost[1]: 'lost' stands here twice [duplicate]"),
        (
            "{path: [inquiry, mql, won], recycled: [mql]}",
            "metrics.recycled[0]: 'mql' stands on the path, too [duplicate]",
        ),
        (
            "{lost: [won]}",
            "metrics.lost[0]: 'won' stands on the path, too [duplicate]",
        ),
        (
            "{lost: [later], recycled: [later]}",
            "metrics.recycled[0]: 'later' stands under 'lost', too [duplicate]",
        ),
        (
            "{value: dael}",
            "metrics.value: no field 'dael'; did you mean 'deal'? [unknown-name]",
        ),
        (
            "{value: region}",
            "metrics.value: 'region' is of the type enum; expected a field of money [wrong-type]",
        ),
        (
            "{reentry: any}",
            (
                "metrics.reentry: 'any' is not possible; expected 'first', 'last' or 'every'"
                " [wrong-value]"
            ),
        ),
        (
            "{zone: Berlin}",
            "metrics.zone: no time zone 'Berlin'; did you mean 'Europe/Berlin'? [unknown-zone]",
        ),
        (
            objective("id: a, reach: mql, activity: registration, target: 4, period: 2026"),
            "metrics.objectives[0]: expected 'reach' or 'activity', not both [wrong-value]",
        ),
        (
            objective("id: a, target: 4, period: 2026"),
            "metrics.objectives[0]: expected either 'reach' or 'activity' [missing-key]",
        ),
        (
            objective("id: a, reach: mqll, target: 4, period: 2026"),
            (
                "metrics.objectives[0].reach: no step or stage 'mqll'; did you mean 'mql'?"
                " [unknown-name]"
            ),
        ),
        (
            objective("id: a, activity: registrations, target: 4, period: 2026"),
            (
                "metrics.objectives[0].activity: no activity 'registrations'; did you mean"
                " 'registration'? [unknown-name]"
            ),
        ),
        (
            objective("id: a, reach: mql, by: regon, target: 4, period: 2026"),
            "metrics.objectives[0].by: no field 'regon'; did you mean 'region'? [unknown-name]",
        ),
        (
            objective("id: a, reach: mql, target: {north: 4}, period: 2026"),
            (
                "metrics.objectives[0].target: targets of groups need 'by', the field that groups"
                " the leads [missing-key]"
            ),
        ),
        (
            objective("id: a, reach: mql, target: 4, period: 2026-Q5"),
            (
                "metrics.objectives[0].period: '2026-Q5' is no period; expected '2026', '2026-H1',"
                " '2026-Q3', '2026-07', '2026-W31', '2026-07-31' or '2026-07-01 to 2026-08-15'"
                " [bad-date]"
            ),
        ),
        (
            (
                "{objectives: [{id: a, reach: mql, target: 4, period: 2026},"
                " {id: a, reach: won, target: 2, period: 2026}]}"
            ),
            "metrics.objectives[1].id: two objectives are called 'a' [duplicate]",
        ),
    ],
)
def test_a_bad_section_is_told(metrics: str, message: str) -> None:
    assert problems(metrics) == [message]


def test_without_a_lifecycle_words_are_checked_by_the_path() -> None:
    assert load("{path: [a, b], funnel: {close: b}}", "").measures.order == ("a", "b")
    assert problems("{path: [a, b], funnel: {close: c}}", "") == [
        (
            "metrics.funnel.close: 'c' is not on the path; expected a stage that leads to the sale"
            " [wrong-value]"
        )
    ]
    assert problems("{funnel: {quote: a, close: a}}", "") == [
        (
            "metrics.funnel.close: 'a' does not come after the step before, by the order of the"
            " path [wrong-value]"
        )
    ]
