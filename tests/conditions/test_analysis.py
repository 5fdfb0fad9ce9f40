from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from leadrules.conditions.analysis import both_true, cells, first_true, outcomes
from leadrules.values import Type, Value
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


@pytest.mark.large
def test_what_is_too_large_is_not_judged_and_takes_no_time() -> None:
    related = AnyOf(tuple(equal("visits", value) for value in range(5_000)))
    assert outcomes(related, VOCABULARY) is None
    assert check(related, VOCABULARY) == []
    items = tuple(Literal(Type.INTEGER, value) for value in range(5_000))
    assert outcomes(Comparison(Field("visits"), "in", items), VOCABULARY) == {True, False, None}
    free = AtLeast(1_000, tuple(equal("visits", 1) for _ in range(2_000)))
    assert outcomes(free, VOCABULARY) is not None


# --- of several conditions


def fields_of_atoms(trees: Sequence[Condition]) -> Mapping[str, list[Comparison]]:
    """Return the comparisons of the atoms by the field that they read, of the fields in trees."""
    found: dict[str, list[Comparison]] = {}
    for atom in map(parse, ATOMS):
        assert isinstance(atom, Comparison)
        assert isinstance(atom.left, Field)
        if any(f"name='{atom.left.name}'" in repr(tree) for tree in trees):
            found.setdefault(atom.left.name, []).append(atom)
    return found


def every_lead(trees: Sequence[Condition]) -> Iterator[Mapping[str, Value]]:
    """Yield a lead of every combination of cells of the fields that conditions read."""
    domains = {
        name: cells(name, atoms, VOCABULARY) for name, atoms in fields_of_atoms(trees).items()
    }
    for values in product(*domains.values()):
        yield {name: x for name, x in zip(domains, values, strict=True) if x is not None}


def first_of(trees: Sequence[Condition], verdicts: Iterable[bool | None]) -> int:
    return next((index for index, said in enumerate(verdicts) if said is True), len(trees))


@given(st.lists(small(), max_size=3))
def test_which_of_several_can_be_the_first_is_exact(trees: list[Condition]) -> None:
    """Law: of comparisons with written values, those that can be the first true are found."""
    found = first_true(trees, VOCABULARY)
    if found is None:
        return
    meant = {first_of(trees, (evaluate(x, lead) for x in trees)) for lead in every_lead(trees)}
    assert found == meant


@given(st.lists(conditions(1), min_size=1, max_size=4), seeds)
def test_no_lead_has_a_first_that_was_ruled_out(trees: list[Condition], seed: int) -> None:
    """Law: whichever condition is the first that is true of a lead is among those that can be."""
    random = Random(seed)  # noqa: S311 - reproducible, not secret
    possible = first_true(trees, VOCABULARY)
    if possible is None:
        return
    for row in rows(random, 20):
        record = VOCABULARY.record(VOCABULARY.lead(row))
        at = random.randrange(-(10**17), 10**17)
        parameters = VOCABULARY.parameters_at(at)
        verdicts = (evaluate(x, record, at=at, parameters=parameters) for x in trees)
        assert first_of(trees, verdicts) in possible


@given(small(), small())
def test_two_that_can_both_be_true_are_so_of_some_lead(one: Condition, other: Condition) -> None:
    """Law: two conditions are found to be both true exactly if they are so of some lead."""
    found = both_true(one, other, VOCABULARY)
    both = any(evaluate(one, x) is True is evaluate(other, x) for x in every_lead([one, other]))
    assert found == both or outcomes(AllOf((one, other)), VOCABULARY) is None


@pytest.mark.parametrize(
    ("said", "firsts"),
    [
        ([], {0}),
        (["always"], {0}),
        (["not always", "visits > 5"], {1, 2}),
        (["visits >= 50", "visits >= 500"], {0, 2}),
        (["visits >= 500", "visits >= 50"], {0, 1, 2}),
        (["visits > 5", "visits <= 5"], {0, 1, 2}),  # it may be missing
        (["visits > 5", "visits <= 5", "missing(visits)"], {0, 1, 2}),
        (["visits > 5", "visits <= 5", "missing(visits)", "vip"], {0, 1, 2}),
        (["vip", "not vip", "visits > 5"], {0, 1, 2, 3}),
        (["known(vip)", "vip", "not vip"], {0, 3}),
        (["rate > 0.5 or visits > 5", "visits > 7"], {0, 2}),
        (["days_since(seen) > 5", "days_since(seen) > 7"], {0, 1, 2}),  # not gone through
        (["days_since(seen) > 5", "days_since(seen) > 5"], {0, 2}),  # the same comparison
        (["deal > money('5 EUR')", "deal > money('5 USD')", "deal > money('9 EUR')"], {0, 1, 3}),
        (["tier == 'gold'", "tier == 'silver'", "known(tier)"], {0, 1, 2, 3}),
        (["visits > param.count", "visits > 5"], {0, 1, 2}),
    ],
)
def test_which_can_be_the_first_that_is_true(said: list[str], firsts: set[int]) -> None:
    assert first_true([parse(text) for text in said], VOCABULARY) == firsts


def test_too_many_cases_are_not_gone_through() -> None:
    many = [equal("visits", value) for value in range(100)]
    assert first_true(many, VOCABULARY) is None
    assert first_true(many[:20], VOCABULARY) == set(range(21))
    assert not both_true(parse("days_since(seen) > 5"), parse("visits > 5"), VOCABULARY)
