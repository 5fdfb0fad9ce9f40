from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from leadrules.conditions import (
    AnyOf,
    AtLeast,
    Comparison,
    Condition,
    Field,
    Literal,
    compile_condition,
    evaluate,
    format_condition,
    parse,
)
from leadrules.errors import EvaluationError
from leadrules.values import Type
from leadrules.vocabulary import Vocabulary
from tests.conditions.tally import CASES, DIFFERENCES
from tests.strategies import VOCABULARY, Row, conditions, leads, moments


@settings(max_examples=settings().max_examples * 5)
@given(conditions(), leads(), moments)
def test_compiled_says_what_the_reference_says(tree: Condition, values: Row, at: int) -> None:
    """Law: a compiled condition equals the reference, and never raises on a lead."""
    lead = VOCABULARY.lead(values)
    parameters = VOCABULARY.parameters_at(at)
    wanted = evaluate(tree, VOCABULARY.record(lead), at=at, parameters=parameters)
    found = compile_condition(tree, VOCABULARY)(lead.record, at, parameters)
    CASES["compiled"] += 1
    DIFFERENCES["compiled"] += found is not wanted
    assert found is wanted, format_condition(tree)


def test_a_declared_field_of_another_type_is_an_error() -> None:
    matches = compile_condition(parse("visits > 5"), VOCABULARY)
    with pytest.raises(EvaluationError) as raised:
        matches({"id": "17", "visits": "many"}, 0, {})
    assert str(raised.value) == "visits: 'many' is not an integer"
    assert (raised.value.field, raised.value.lead_id) == ("visits", "17")


def test_a_whole_float_passes_for_an_integer() -> None:
    assert compile_condition(parse("visits == 6"), VOCABULARY)({"visits": 6.0}, 0, {}) is True


@pytest.mark.parametrize("name", ["__class__", "None", "get", "record", "k0"])
def test_names_and_texts_are_values_and_never_code(name: str) -> None:
    words = Vocabulary()
    tree = Comparison(Field("title"), "==", Literal(Type.STRING, f'"); {name}("'))
    assert compile_condition(tree, words)({"title": f'"); {name}("'}, 0, {}) is True


LARGE: list[Any] = [
    Comparison(Field("title"), "in", tuple(Literal(Type.STRING, f"t{x}") for x in range(5_000))),
    AnyOf(
        tuple(Comparison(Field("title"), "==", Literal(Type.STRING, f"t{x}")) for x in range(5_000))
    ),
    AtLeast(
        1,
        tuple(
            Comparison(Field("title"), "==", Literal(Type.STRING, f"t{x}")) for x in range(5_000)
        ),
    ),
]


@pytest.mark.large
@pytest.mark.parametrize("tree", LARGE, ids=["in", "any", "at least"])
def test_thousands_of_parts_are_no_burden(tree: Condition) -> None:
    matches = compile_condition(tree, Vocabulary())
    assert [matches(record, 0, {}) for record in ({"title": "t4999"}, {"title": "x"}, {})] == [
        True,
        False,
        None,
    ]
