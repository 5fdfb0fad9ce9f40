from __future__ import annotations

from functools import reduce
from random import Random

from hypothesis import given

from leadrules.conditions import OPERATORS, Comparison, Condition, parse, to_data
from leadrules.conditions.tree import fields_of, terms_of, walk
from tests.strategies import Conditions, conditions


@given(conditions())
def test_the_path_of_a_part_leads_to_it_in_the_data(tree: Condition) -> None:
    """Law: the path of every part of a tree, followed in its data, ends at the part's data."""
    data = to_data(tree)
    for path, part in walk(tree):
        assert reduce(lambda found, step: found[step], path, data) == to_data(part)  # type: ignore[index]  # steps fit


def test_fields_are_named_once_and_in_order() -> None:
    tree = parse("b + a > 1 and lower(c) == 'x' and (days_since(d) > 1 or b in [e, 1] and f)")
    assert fields_of(tree) == ("b", "a", "c", "d", "e", "f")


def test_random_conditions_use_every_operator_and_every_term() -> None:
    random = Random(1)  # noqa: S311 - reproducible, not secret
    made = [Conditions(random).condition() for _ in range(1_000)]
    parts = [part for tree in made for _, part in walk(tree)]
    assert {part.op for part in parts if isinstance(part, Comparison)} == set(OPERATORS)
    assert {type(part).__name__ for part in parts} == {
        "AllOf", "Always", "AnyOf", "AtLeast", "Comparison", "Not"
    }  # fmt: skip
    assert {type(term).__name__ for tree in made for term in terms_of(tree)} == {
        "Arithmetic", "DaysSince", "Field", "Literal", "Lower", "Param"
    }  # fmt: skip
