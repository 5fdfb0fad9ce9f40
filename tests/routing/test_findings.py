"""What can be told of rules without a lead: which never count, and whom nobody reaches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import Lead, PolicyError
from leadrules.errors import Problem
from leadrules.routing.assignment import Assignment
from leadrules.routing.document import Routing
from leadrules.routing.router import Router
from leadrules.vocabulary import Vocabulary
from tests.routing.test_router import AT


def found(whens: list[str], hit: str = "first", **of_rules: Any) -> list[Problem]:
    """Return what is told of rules that lead to a queue each."""
    rules = [
        {"id": f"r{place}", "when": when, "to": {"queue": "q"}, **of_rules.get(f"r{place}", {})}
        for place, when in enumerate(whens)
    ]
    data = {"hit": hit, "queue": "q", "rules": rules, "members": {"a": {}}}
    told = Routing.model_validate(data).check(Vocabulary(), {})
    return [problem for problem in told if problem.code != "unreached"]


def hidden(whens: list[str], **of_rules: Any) -> list[tuple[str, str]]:
    """Return the rules that never count, each with the one that hides it."""
    problems = found(whens, **of_rules)
    assert {problem.code for problem in problems} <= {"shadowed"}
    return [(p.message.split("'")[1], p.message.split("'")[3]) for p in problems]


@pytest.mark.parametrize(
    ("whens", "pairs"),
    [
        (["known(email)", "known(city)"], []),
        (["known(email)", "known(email)"], [("r1", "r0")]),
        (["always", "known(email)", "always"], [("r1", "r0"), ("r2", "r0")]),
        (["known(email)", "always", "known(city)"], [("r2", "r1")]),
        (["company.employees > 5", "company.employees > 50"], [("r1", "r0")]),
        (["company.employees > 50", "company.employees > 5"], []),
        (["known(city)", "known(email)", 'city == "Graz"'], [("r2", "r0")]),
        (['city in ["Graz", "Wien"]', 'city == "Graz"'], [("r1", "r0")]),
    ],
)
def test_a_rule_that_never_counts_is_told(whens: list[str], pairs: list[tuple[str, str]]) -> None:
    assert hidden(whens) == pairs


def test_the_message_says_which_rule_hides_it() -> None:
    assert found(["known(email)", "known(email)"]) == [
        Problem(
            "shadowed",
            "'r1' never counts: whenever it is true, so is 'r0' before it",
            ("rules", 1, "when"),
            severity="warning",
        )
    ]


def test_a_rule_that_a_field_may_leave_open_hides_nothing() -> None:
    by_field = {"to": {"owner": {"field": "owner"}}}
    assert hidden(["always", "known(email)", "known(email)"], r0=by_field, r1=by_field) == []
    assert hidden(["always", "known(email)", "known(email)"], r0=by_field) == [("r2", "r1")]


def test_of_many_rules_those_with_the_same_condition_are_told() -> None:
    whens = [f"company.employees == {number}" for number in range(100)]
    assert hidden([*whens, "company.employees == 7"]) == [("r100", "r7")]
    assert hidden(["always", *whens])[-1] == ("r100", "r0")


def test_where_all_that_are_true_count_none_is_hidden() -> None:
    assert found(["always", "known(email)", "known(email)"], "collect") == []


BOTH = "can be true of one lead; with hit: unique only one may be"
PERHAPS = "can be true of one lead, as far as can be told; such a lead goes to nobody"


@pytest.mark.parametrize(
    ("whens", "messages"),
    [
        (["company.employees > 5", "company.employees <= 5"], []),
        (["known(email)", "missing(email)"], []),
        (["known(email)", "known(city)"], [f"'r0' and 'r1' {BOTH}"]),
        (["known(email)", "always"], [f"'r0' and 'r1' {BOTH}"]),
        (["always", "known(email)", "known(city)"], [f"'r0' and 'r{x}' {BOTH}" for x in (1, 2)]),
        (
            ["known(email)", "known(email)", "known(email)"],
            [f"'r0' and 'r{x}' {BOTH}" for x in (1, 2)],
        ),
        (
            ['contains(email, "x")', 'contains(email, "y")'],
            [f"'r0' and 'r1' {PERHAPS}"],
        ),
    ],
)
def test_rules_that_are_true_together_are_told(whens: list[str], messages: list[str]) -> None:
    problems = found(whens, "unique")
    assert [problem.message for problem in problems] == messages
    for problem in problems:
        assert problem.code == "overlap"
        assert problem.path[0] == "rules"
        assert (problem.severity == "warning") == problem.message.endswith(PERHAPS)


def test_of_many_rules_those_that_are_surely_true_together_are_told() -> None:
    whens = [f"company.employees == {number}" for number in range(100)]
    assert found(whens, "unique") == []
    told = found([*whens, "company.employees == 7", "always"], "unique")
    assert [problem.message for problem in told] == [
        f"'r7' and 'r100' {BOTH}",
        f"'r0' and 'r101' {BOTH}",
    ]


CONDITIONS = st.sampled_from(
    [
        "always",
        "known(city)",
        "missing(city)",
        'city == "Graz"',
        'city != "Graz"',
        "company.employees > 5",
        "company.employees > 9",
        "company.employees <= 9",
        'company.employees > 5 and city == "Graz"',
    ]
)
LEADS = [
    Lead.model_validate({"id": "x", "city": city, "company": {"employees": size}})
    for city in (None, "Graz", "Wien")
    for size in (None, 3, 7, 12)
]


def router(whens: list[str], hit: str) -> Router:
    rules = [
        {"id": f"r{n}", "when": when, "to": {"queue": f"q{n}"}} for n, when in enumerate(whens)
    ]
    return Router(Routing.model_validate({"hit": hit, "queue": "rest", "rules": rules}))


@given(st.lists(CONDITIONS, min_size=1, max_size=4))
def test_no_lead_comes_to_a_rule_that_is_told_never_to_count(whens: list[str]) -> None:
    """Law: a rule that is told to be shadowed is no lead's rule."""
    never = {rule for rule, _ in hidden(whens)}
    made = router(whens, "first")
    for lead in LEADS:
        answer = made.preview(lead, at=AT, state=made.start())
        assert answer.rule not in never


@given(st.lists(CONDITIONS, min_size=1, max_size=4))
def test_under_unique_no_two_rules_are_true_unless_it_is_told(whens: list[str]) -> None:
    """Law: where no two rules are told to overlap, every lead has one rule, or none."""
    if not found(whens, "unique"):
        made = router(whens, "unique")
        for lead in LEADS:
            assert isinstance(made.preview(lead, at=AT, state=made.start()), Assignment)


def test_rules_that_are_surely_true_together_stop_a_router() -> None:
    with pytest.raises(PolicyError) as caught:
        router(["known(city)", "always"], "unique")
    assert [issue.code for issue in caught.value.issues] == ["overlap"]
