"""What expressions are made of, where whole frames do not show it."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.conditions import parse
from leadrules.conditions.expressions import Reading, expression
from leadrules.values import Cash, Value
from tests.strategies import VOCABULARY, unicode_texts


def asked(said: str, columns: dict[str, list[Any]], **parameters: Value) -> list[bool | None]:
    frame = nw.from_native(pl.LazyFrame(columns, schema_overrides={"c": pl.String}))
    fields = {"note": (nw.col("a"),), "deal": (nw.col("a"), nw.col("c")), "visits": (nw.col("a"),),
              "tags": (nw.col("a"),), "renews": (nw.col("a"),)}  # fmt: skip
    reading = Reading(fields, nw.lit(0, nw.Int64), parameters, VOCABULARY)
    found: list[bool | None] = (
        frame.with_columns(out=expression(parse(said), reading)).collect()["out"].to_list()
    )
    return found


@pytest.mark.parametrize(
    "said",
    ["visits > param.count", "visits in [param.count]", "visits + param.count > 0"],
)
def test_a_parameter_before_its_first_date_is_missing(said: str) -> None:
    assert asked(said, {"a": [5]}) == [None]
    assert asked(said, {"a": [5]}, count=5) != [None]


@pytest.mark.parametrize(
    "said",
    [
        "contains(note, param.word)",
        "starts_with(note, param.word)",
        "ends_with(lower(note), param.word)",
        "note == param.word",
    ],
)
def test_a_word_before_its_first_date_makes_tests_unknown(said: str) -> None:
    assert asked(said, {"a": ["vp", None]}) == [None, None]
    assert asked(said, {"a": ["vp", None]}, word="vp") == [True, None]


def test_a_list_is_asked_for_a_word_that_there_is() -> None:
    said = "param.word in tags"
    assert asked(said, {"a": [["vp"], [None], None]}) == [None, None, None]
    assert asked(said, {"a": [["vp", None], [None], None]}, word="vp") == [True, False, None]


def test_money_of_a_parameter_has_its_currency() -> None:
    columns: dict[str, list[Any]] = {"a": [500, 500, None], "c": ["EUR", "USD", "EUR"]}
    assert asked("deal >= param.floor", columns) == [None, None, None]
    assert asked("deal >= param.floor", columns, floor=Cash(500, "EUR")) == [True, None, None]


@pytest.mark.parametrize("said", ["lower(note) == 'VP'", "lower(note) in ['VP', 'P\xe9']"])
def test_lower_never_equals_capitals(said: str) -> None:
    assert asked(said, {"a": ["VP", "vp", None]}) == [False, False, None]


def test_lower_always_differs_from_capitals() -> None:
    assert asked("lower(note) != 'VP'", {"a": ["VP", None]}) == [True, None]


@given(st.lists(unicode_texts, min_size=1, max_size=5), unicode_texts)
def test_the_pattern_of_a_text_fits_that_text_only(texts: list[str], wanted: str) -> None:
    """Law: lower(x) == y in a frame is fold(x) == y, whatever signs patterns give a meaning."""
    from json import dumps

    from leadrules.conditions.reference import fold

    found = asked(f"lower(note) == {dumps(wanted, ensure_ascii=False)}", {"a": texts})
    assert found == [fold(text) == wanted for text in texts]
