"""Ratios of groups: found by their group, rolled up, as a table."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import EvaluationError
from leadrules.metrics import Ratio, Ratios


def of(parts: dict[tuple[Any, ...], tuple[int, int]], by: tuple[str, ...]) -> Ratios:
    made = tuple(
        Ratio("mql_to_won", *counts, group=dict(zip(by, group, strict=True)))
        for group, counts in parts.items()
    )
    total = Ratio("mql_to_won", sum(x.numerator for x in made), sum(x.denominator for x in made))
    return Ratios(total, by, made)


REPS = of(
    {
        ("north", "anna"): (3, 12),
        ("north", "bert"): (1, 4),
        ("south", "carl"): (0, 0),
        (None, None): (2, 8),
    },
    ("region", "owner"),
)


def test_a_group_is_found_by_what_it_has_in_common() -> None:
    assert REPS["north", "bert"].denominator == 4
    assert REPS[None, None].denominator == 8
    assert of({("anna",): (3, 12)}, ("owner",))["anna"].numerator == 3
    with pytest.raises(KeyError, match="west"):
        _ = REPS["west", "anna"]
    with pytest.raises(KeyError):
        _ = REPS["north"]


def test_they_come_in_their_order() -> None:
    assert [part.group["owner"] for part in REPS] == ["anna", "bert", "carl", None]
    assert len(REPS) == 4


def test_reps_are_rolled_up_to_regions() -> None:
    regions = REPS.rolled_up("region")
    assert [(dict(x.group), x.numerator, x.denominator) for x in regions] == [
        ({"region": "north"}, 4, 16),
        ({"region": "south"}, 0, 0),
        ({"region": None}, 2, 8),
    ]
    assert regions.total == REPS.total
    assert regions.by == ("region",)


def test_dimensions_are_kept_in_the_order_that_is_asked_for() -> None:
    found = REPS.rolled_up(["owner", "region"])
    assert [*found["anna", "north"].group.items()] == [("owner", "anna"), ("region", "north")]


def test_rolled_up_to_nothing_only_the_total_is_left() -> None:
    found = REPS.rolled_up(())
    assert (found.total, [*found]) == (REPS.total, [])


def test_a_dimension_that_there_is_not_is_refused() -> None:
    with pytest.raises(EvaluationError) as raised:
        REPS.rolled_up("regin")
    message = "by: no dimension 'regin'; did you mean 'region'?"
    assert (str(raised.value), raised.value.field) == (message, "by")


def test_they_are_a_table() -> None:
    assert str(REPS).splitlines() == [
        "mql to won: 6 of 24 leads (25.0 %, 95 % CI 12.0 to 44.9), first entry, 0 censored",
        "  region  owner  won  of leads  share (%)  low (%)  high (%)  censored",
        "  north   anna     3        12       25.0      8.9      53.2         0",
        "  north   bert     1         4       25.0      4.6      69.9         0",
        "  south   carl     0         0          -        -         -         0",
        "  -       -        2         8       25.0      7.1      59.1         0",
    ]
    frame = REPS.to_frame()
    assert frame.columns == [
        "region", "owner", "numerator", "denominator", "value", "low", "high", "censored",
    ]  # fmt: skip
    assert frame["value"].to_list() == [0.25, 0.25, None, 0.25]


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("ns"), st.sampled_from("abc"), st.sampled_from((2025, 2026))),
        st.tuples(st.integers(0, 5), st.integers(5, 9)),
        min_size=1,
    ),
    st.sampled_from((("x",), ("y",), ("z",), ("x", "y"), ("z", "x"), ("x", "y", "z"))),
)
def test_what_is_rolled_up_adds_up_to_the_total(
    parts: dict[tuple[Any, ...], tuple[int, int]], by: tuple[str, ...]
) -> None:
    """Law: by whatever dimensions, the counts add up to those of the total; each group is once."""
    found = of(parts, ("x", "y", "z")).rolled_up(by)
    assert sum(part.numerator for part in found) == found.total.numerator
    assert sum(part.denominator for part in found) == found.total.denominator
    groups = [tuple(part.group.values()) for part in found]
    assert len(groups) == len(set(groups))
    assert all(tuple(part.group) == by for part in found)
