# ruff: noqa: E501 - a message stands on one line

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leadrules.conditions import (
    OPERATORS,
    AtLeast,
    Comparison,
    Condition,
    DaysSince,
    Field,
    Literal,
    Lower,
    from_data,
    parse,
    to_data,
)
from leadrules.conditions.data import SCHEMA
from leadrules.errors import PolicyError
from leadrules.values import Type
from tests.strategies import conditions


@given(conditions())
def test_data_and_back_is_the_same_tree(tree: Condition) -> None:
    """Law: from_data(to_data(tree)) == tree, also by way of JSON."""
    data = to_data(tree)
    assert from_data(data) == tree
    assert from_data(json.loads(json.dumps(data))) == tree


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"always": True}, "always"),
        ({"all": [{"field": "vip", "op": "is_true"}]}, "all(vip)"),
        ({"not": {"field": "vip", "op": "is_true"}}, "not vip"),
        ({"field": "seen", "op": "within", "value": "30 days"}, "within(seen, '30 days')"),
        ({"field": "deal", "op": ">", "value": {"money": "5 EUR"}}, "deal > money('5 EUR')"),
        ({"field": "visits", "op": "in", "value": [1, {"param": "count"}]}, "visits in [1, param.count]"),
        ({"left": {"calc": "/", "of": [1, {"field": "rate"}]}, "op": "<", "value": 0.5}, "1 / rate < 0.5"),
    ],
)  # fmt: skip
def test_both_spellings_say_the_same_tree(data: Any, text: str) -> None:
    assert from_data(data) == parse(text)


VIP = {"field": "vip", "op": "is_true"}
CONDITIONS = "'all', 'any', 'not', 'at_least', 'always' or 'field'"
TERMS = "is no value; expected a text, a number, a boolean or one of 9, such as 'field', 'param', 'calc'"


def nested(levels: int) -> Any:
    data: Any = VIP
    for _ in range(levels):
        data = {"not": data}
    return data


def nested_term(levels: int) -> Any:
    data: Any = 1
    for _ in range(levels):
        data = {"lower": data}
    return {"left": data, "op": "known"}


BAD: list[tuple[Any, str]] = [
    (5, "'5' is no condition; expected a text or keys [not-a-condition]"),
    (10**5000, "'a number of thousands of digits' is no condition; expected a text or keys [not-a-condition]"),
    (["a" * 99], "'['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...' is no condition; expected a text or keys [not-a-condition]"),
    ({}, f"expected one of the keys {CONDITIONS} [not-a-condition]"),
    ({"al": []}, f"expected one of the keys {CONDITIONS}; did you mean 'all'? [not-a-condition]"),
    ({"all": []}, "all: an empty list; write 'always' for a condition that is always true [empty]"),
    ({"any": VIP}, "any: expected a list of conditions [type-mismatch]"),
    ({"any": "vip"}, "any: expected a list of conditions [type-mismatch]"),
    ({"any": [VIP, 5]}, "any[1]: '5' is no condition; expected a text or keys [not-a-condition]"),
    ({"all": [VIP], "any": [VIP]}, "any: unknown key 'any'; expected 'all' [unknown-key]"),
    ({"not": VIP, 5: 5}, "5: unknown key '5'; expected 'not' [unknown-key]"),
    ({"at_least": "2", "of": [VIP]}, "at_least: '2' is not a whole number [arguments]"),
    ({"at_least": True, "of": [VIP]}, "at_least: 'True' is not a whole number [arguments]"),
    ({"at_least": 10**5000, "of": [VIP]},
     "at_least: 'a number of thousands of digits' is not a whole number [arguments]"),
    ({"at_least": 2}, "of: expected a list of conditions [type-mismatch]"),
    ({"always": False}, "always: expected 'always: true' [not-a-condition]"),
    ({"field": "vip", "left": 5, "op": "=="}, "left: 'field' and 'left' exclude each other [unknown-key]"),
    ({"field": 5, "op": "known"}, "field: '5' is not the name of a field [type-mismatch]"),
    ({"field": "a"}, "op: the operator is missing; expected one of 17, such as '==', '!=', '<' [unknown-operator]"),
    ({"field": "a", "op": "qqq"}, "op: no operator 'qqq'; expected one of 17, such as '==', '!=', '<' [unknown-operator]"),
    ({"field": "a", "op": ["=="]}, "op: no operator '['==']'; expected one of 17, such as '==', '!=', '<' [unknown-operator]"),
    ({"field": "a", "op": "contain", "value": "b"},
     "op: no operator 'contain'; expected one of 17, such as '==', '!=', '<'; did you mean 'contains'? [unknown-operator]"),
    ({"field": "a", "op": "known", "value": 5}, "value: 'known' takes no value [unknown-key]"),
    ({"field": "a", "op": "=="}, "'==' needs a value [missing-key]"),
    ({"field": "a", "op": "in", "value": "b"}, "value: 'in' needs a list of at least one value [type-mismatch]"),
    ({"field": "a", "op": "in", "value": []}, "value: 'in' needs a list of at least one value [type-mismatch]"),
    ({"field": "a", "op": "==", "vlaue": 5},
     "vlaue: unknown key 'vlaue'; expected 'field', 'left', 'op' or 'value'; did you mean 'value'? [unknown-key]"),
    ({"field": "a", "op": "==", "value": None}, f"value: 'None' {TERMS} [not-a-term]"),
    ({"field": "a", "op": "==", "value": {"fld": 5}}, f"value: '{{'fld': 5}}' {TERMS} [not-a-term]"),
    ({"field": "a", "op": "==", "value": {"param": 5}}, "value.param: '5' is not the name of a field [type-mismatch]"),
    ({"field": "a", "op": "==", "value": {"param": "b", "field": "c"}},
     "value.param: unknown key 'param'; expected 'field' [unknown-key]"),
    ({"field": "a", "op": "==", "value": {"calc": "%", "of": [1, 2]}},
     "value.calc: no operator '%'; expected '+', '-', '*' or '/' [unknown-operator]"),
    ({"field": "a", "op": "==", "value": {"calc": ["+"], "of": [1, 2]}},
     "value.calc: no operator '['+']'; expected '+', '-', '*' or '/' [unknown-operator]"),
    ({"field": "a", "op": "==", "value": {"calc": "+", "of": [1]}},
     "value.of: '+' takes a list of two values [arguments]"),
    ({"field": "a", "op": "==", "value": {"money": 5}},
     "value.money: '5' is not a text that says an amount of money [bad-literal]"),
    ({"field": "a", "op": "==", "value": {"money": "5"}},
     "value.money: '5' is not money; expected an amount and a currency: '50000 EUR' [bad-literal]"),
    ({"field": "a", "op": "==", "value": 2**53 + 1},
     "value: an integer beyond 2^53; expected a smaller one [bad-literal]"),
    ({"field": "a", "op": "==", "value": float("nan")}, "value: not a finite number [bad-literal]"),
    ({"field": "a", "op": "==", "value": "\ud800"},
     r"value: '\ud800' is not valid Unicode; it has half of a surrogate pair [bad-literal]"),
    (nested(65), f"{'.'.join(['not'] * 65)}: nested too deep; expected at most 32 levels [too-deep]"),
    (nested_term(97), f"left.{'.'.join(['lower'] * 96)}: nested too deep; expected at most 32 levels [too-deep]"),
]  # fmt: skip
"""Data that is no condition, and what is said of it."""


@pytest.mark.parametrize(("data", "message"), BAD, ids=range(len(BAD)))
def test_data_that_is_no_condition_is_told_with_its_path(data: Any, message: str) -> None:
    with pytest.raises(PolicyError) as raised:
        from_data(data)
    assert str(raised.value) == f"1 problem in the policy\n  {message}"


KEYS = ["all", "any", "not", "at_least", "of", "always", "field", "left", "op", "value", "param",
        "calc", "days_since", "lower", "money", "date", "datetime", "duration"]  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from([*OPERATORS, "+", "/", "5 EUR", "2026-02-30", "1 day", "vip", "now"]),
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(DATA)
@example({"field": "a", "op": "==", "value": {"calc": {}, "of": [1, 2]}})
def test_any_data_is_a_condition_or_a_policy_error(data: Any) -> None:
    """Law: for any data that JSON can hold, from_data returns a condition or raises PolicyError."""
    try:
        tree = from_data(data)
    except PolicyError:
        return
    assert from_data(to_data(tree)) == tree


def test_the_schema_knows_every_key_that_the_reader_knows() -> None:
    keys: set[str] = set()
    stack: list[Any] = [SCHEMA["ConditionData"], SCHEMA["ConditionTerm"]]
    while stack:
        found = stack.pop()
        if isinstance(found, Mapping):
            keys |= set(found.get("properties", ()))
            stack += found.values()
        elif isinstance(found, list):
            stack += found
    assert keys == set(KEYS)


@pytest.mark.parametrize(
    "tree",
    [
        AtLeast(1, (Comparison(Field("a"), "known"),)),
        Comparison(DaysSince(Field("a")), ">=", Literal(Type.INTEGER, 5)),
        Comparison(Lower(Field("a")), "==", Literal(Type.STRING, "b")),
        Comparison(Literal(Type.BOOLEAN, True), "==", Field("a")),
        Comparison(Field("a"), "==", Literal(Type.NUMBER, 1e16)),
    ],
)
def test_what_json_reads_back_keeps_its_type(tree: Condition) -> None:
    again = from_data(json.loads(json.dumps(to_data(tree))))
    assert again == tree
    assert repr(again) == repr(tree)
