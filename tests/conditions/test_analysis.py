from __future__ import annotations

from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.conditions import (
    AllOf,
    AnyOf,
    AtLeast,
    Comparison,
    Condition,
    Field,
    Literal,
    Not,
    check,
    evaluate,
    format_condition,
    parse,
)
from leadrules.conditions.analysis import cells, outcomes
from leadrules.values import Type
from tests.strategies import FIELDS, VOCABULARY, conditions, rows, seeds


@given(st.lists(conditions(), min_size=5, max_size=5), seeds)
def test_no_lead_has_a_verdict_that_was_ruled_out(trees: list[Condition], seed: int) -> None:
    """Law: what evaluate says of a lead is among the outcomes, so "never true" is right."""
    random = Random(seed)  # noqa: S311 - reproducible, not secret
    records = [VOCABULARY.record(VOCABULARY.lead(row)) for row in rows(random, 20)]
    moments = [random.randrange(-(10**17), 10**17) for _ in records]
    for tree in trees:
        possible = outcomes(tree, VOCABULARY)
        if possible is None:
            continue
        found = {
            evaluate(tree, record, at=at, parameters=VOCABULARY.parameters_at(at))
            for record, at in zip(records, moments, strict=True)
        }
        assert found <= possible, format_condition(tree)


ATOMS = ["visits > 5", "visits == 6", "vip", "known(visits)", "note in ['a', 'b']", "note < 'aa'",
         "renews >= date('2026-01-01')", "deal < money('5 EUR')", "deal > money('1 USD')",
         "rate <= 0.5", "missing(note)", "tier == 'gold'", "idle > duration('1 day')",
         "seen < datetime('2026-01-01T00:00:00Z')", "missing(tags)", "visits < 5.5"]  # fmt: skip


@st.composite
def small(draw: st.DrawFn) -> Condition:
    """Return a strategy for conditions of which every verdict can be found by search."""
    parts = tuple(map(parse, draw(st.lists(st.sampled_from(ATOMS), min_size=1, max_size=3))))
    parts = tuple(Not(part) if draw(st.booleans()) else part for part in parts)
    group = draw(st.sampled_from(["all", "any", "of"]))
    if group == "of":
        return AtLeast(draw(st.integers(1, len(parts))), parts)
    return AllOf(parts) if group == "all" else AnyOf(parts)


@given(small())
def test_outcomes_of_comparisons_with_literals_are_exact(tree: Condition) -> None:
    """Law: every outcome of comparisons with written values is that of some lead."""
    every = [parse(atom) for atom in ATOMS]
    names = sorted({part.left.name for part in every if isinstance(part, Comparison)})  # type: ignore[union-attr]  # a field
    used = [name for name in names if f"name='{name}'" in repr(tree)]
    domains = [
        cells(
            name,
            [x for x in every if isinstance(x, Comparison) and x.left == Field(name)],
            VOCABULARY,
        )
        for name in used
    ]
    found = {
        evaluate(tree, {n: v for n, v in zip(used, values, strict=True) if v is not None})
        for values in product(*domains)
    }
    assert outcomes(tree, VOCABULARY) == found


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_no_literal_cuts_is_known_or_missing(name: str) -> None:
    assert outcomes(Comparison(Field(name), "known"), VOCABULARY) == {True, False}


@pytest.mark.parametrize(
    ("said", "possible"),
    [
        ("always", {True}),
        ("not always", {False}),
        ("always and visits > 5 or visits < 6", {True, None}),
        ("renews < date('0001-01-01')", {False, None}),
        ("renews <= date('9999-12-31')", {True, None}),
        ("note < ''", {False, None}),
        ("visits > 9007199254740992", {False, None}),
        ("days_since(seen) > 5", {True, False, None}),
        ("known(deal) and not (deal > money('5 EUR') or deal <= money('5 EUR'))", {False, None}),
    ],
)
def test_the_edges_of_a_domain_are_known(said: str, possible: set[bool | None]) -> None:
    assert outcomes(parse(said), VOCABULARY) == possible


def equal(name: str, value: int) -> Comparison:
    return Comparison(Field(name), "==", Literal(Type.INTEGER, value))


def test_what_is_too_large_is_not_judged_and_takes_no_time() -> None:
    related = AnyOf(tuple(equal("visits", value) for value in range(5_000)))
    assert outcomes(related, VOCABULARY) is None
    assert check(related, VOCABULARY) == []
    items = tuple(Literal(Type.INTEGER, value) for value in range(5_000))
    assert outcomes(Comparison(Field("visits"), "in", items), VOCABULARY) == {True, False, None}
    free = AtLeast(1_000, tuple(equal("visits", 1) for _ in range(2_000)))
    assert outcomes(free, VOCABULARY) is not None
