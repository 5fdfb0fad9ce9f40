"""Points: sums within limits, and what is wrong with numbers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.conditions.tree import Path
from leadrules.scoring.points import (
    Limits,
    NoValueYet,
    Scale,
    check_descending,
    check_limits,
    clamped,
    points_at,
    points_text,
    since,
)
from leadrules.sections import ParamRef, millionths
from leadrules.values import Instant, Type
from leadrules.vocabulary import Parameter, Vocabulary, start_of_day

DAYS = (date(2026, 1, 1), date(2026, 7, 1))
STARTS = [start_of_day(day, "Europe/Berlin") for day in DAYS]
WORDS = Vocabulary(
    parameters={
        "rising": Parameter(Type.INTEGER, tuple(zip(STARTS, (5, 11), strict=True))),
        "ever": Parameter(Type.NUMBER, ((Instant(-(2**62)), 10.5),)),
        "late": Parameter(Type.NUMBER, ((STARTS[1], -0.5),)),
        "text": Parameter(Type.STRING, ((STARTS[0], "x"),)),
    },
    zone="Europe/Berlin",
)
counts = st.integers(-(10**12), 10**12)


@given(counts, st.one_of(st.none(), counts), st.one_of(st.none(), counts))
def test_points_are_brought_within_their_bounds(
    points: int, low: int | None, high: int | None
) -> None:
    """Law: points between their bounds stay as they are; others become the nearest bound."""
    if low is not None and high is not None and low > high:
        low, high = high, low
    found = clamped(points, (low, high))
    assert (low is None or found >= low) and (high is None or found <= high)  # noqa: PT018 - one claim
    assert found in {points, low, high}
    if (low is None or low <= points) and (high is None or points <= high):
        assert found == points
    assert clamped(found, (low, high)) == found


@given(counts)
def test_points_are_shown_as_people_write_them(points: int) -> None:
    """Law: the text of points is a plain decimal that says exactly them."""
    text = points_text(points)
    assert millionths(Decimal(text)) == points
    assert not set(text) - set("-.0123456789")
    assert text == "0" or not text.endswith((".", "-0"))


def test_a_parameter_without_a_value_yet_has_no_points() -> None:
    scale = Scale(WORDS, STARTS[0])
    assert points_at(ParamRef(param="late"), WORDS, STARTS[0]) is None
    assert scale.points(ParamRef(param="ever")) == 10_500_000
    assert scale.bounds(Limits(min=Decimal(1))) == (1_000_000, None)
    with pytest.raises(NoValueYet) as caught:
        scale.bounds(Limits.model_validate({"max": {"param": "late"}}))
    assert caught.value.args == ("late",)


def test_a_message_says_since_when() -> None:
    assert [since(epoch, WORDS) for epoch in (-(2**63), -(2**62), *WORDS.epochs[1:])] == [
        "",
        "",
        "from 2026-01-01 on, ",
        "from 2026-07-01 on, ",
    ]


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        (5, 5, None),
        (5.000001, 5, "min 5.000001 is above max 5"),
        ({"param": "rising"}, 11, None),
        ({"param": "rising"}, 10, "from 2026-07-01 on, min 11 is above max 10"),
        (10.6, {"param": "ever"}, "min 10.6 is above max 10.5"),
        ({"param": "rising"}, {"param": "late"}, "from 2026-07-01 on, min 11 is above max -0.5"),
        ({"param": "late"}, {"param": "ever"}, None),
        ({"param": "text"}, 1, "parameter 'text' is a text; expected a number"),
        (1, {"param": "txt"}, "no parameter 'txt'; did you mean 'text'?"),
    ],
)
def test_a_least_is_not_above_a_most_on_any_date(low: Any, high: Any, message: str | None) -> None:
    limits = Limits.model_validate({"min": low, "max": high})
    found = [problem.message for problem in check_limits(limits, (), WORDS)]
    assert found == ([message] if message else [])


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ([], None),
        ([5], None),
        ([5, 4.999999, -1], None),
        ([5, 5], "5 is not below 5, before it"),
        ([{"param": "rising"}, 4, 3], None),
        ([{"param": "rising"}, 5, 5], "from 2026-01-01 on, 5 is not below 5, before it"),
        ([10, {"param": "rising"}], "from 2026-07-01 on, 11 is not below 10, before it"),
        ([{"param": "late"}, 5], "from 2026-07-01 on, 5 is not below -0.5, before it"),
        (
            [{"param": "rising"}, {"param": "ever"}],
            "from 2026-01-01 on, 10.5 is not below 5, before it",
        ),
    ],
)
def test_thresholds_go_down_on_every_date(numbers: list[Any], message: str | None) -> None:
    places: dict[Path, Decimal | ParamRef] = {
        (index,): ParamRef(**number) if isinstance(number, dict) else Decimal(str(number))
        for index, number in enumerate(numbers)
    }
    found = [problem.message for problem in check_descending(places, WORDS)]
    assert found[:1] == ([message] if message else [])


def test_points_are_exact_in_any_decimal_context() -> None:
    with localcontext() as context:
        context.prec = 3
        assert millionths(Decimal("12.345678")) == 12_345_678
        assert points_text(12_345_678) == "12.345678"
        assert points_text(-333) == "-0.000333"
