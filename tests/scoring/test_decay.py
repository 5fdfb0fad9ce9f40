"""Decays: how activities fade, what is written, and what is no decay."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from leadrules.scoring import ActivityRule, Decay
from leadrules.scoring.decay import halved, whole
from tests.scoring.histories import DECAYS, plain_decayed

DAY = 86_400_000_000
MONTH = 30 * DAY
CENTURY = 36_525 * DAY
RULE: TypeAdapter[ActivityRule] = TypeAdapter(ActivityRule)


def decay_of(said: Any) -> Decay:
    return RULE.validate_python({"activity": "demo", "points": 1, "decay": said}).decay


@st.composite
def decays(draw: st.DrawFn) -> Decay:
    """Return a strategy for decays of every kind, from the shortest to the longest."""
    kind = draw(st.sampled_from(["window", "linear", "step", "compounding", "half_life"]))
    microseconds = draw(
        st.one_of(
            st.integers(1, CENTURY), st.sampled_from([1, 2, 3, 1_000_000, DAY, MONTH, CENTURY])
        )
    )
    length = f"{Decimal(microseconds).scaleb(-6):f} seconds"
    data: dict[str, Any] = {"kind": kind, "over": length}
    if microseconds >= 10**15:  # a duration has at most nine digits before the point
        data["over"] = f"{Decimal(microseconds // DAY)} days"
    if kind in {"step", "compounding"}:
        data["rate"] = draw(st.sampled_from([0.0001, 0.1, 0.3, 0.333333, 0.5, 0.9999, 1]))
    return decay_of(data)


@st.composite
def ages(draw: st.DrawFn, decay: Decay) -> int:
    """Return a strategy for ages, many of them at the end of a duration."""
    near = draw(st.integers(0, 50)) * (decay.over or DAY) + draw(st.integers(-1, 1))
    return abs(draw(st.one_of(st.just(near), st.integers(0, 2 * CENTURY))))


@given(st.data())
def test_what_is_left_is_what_the_formula_says(data: st.DataObject) -> None:
    """Law: what is left of points is that of the plain formula, to a millionth of a point."""
    decay = data.draw(decays())
    age = data.draw(ages(decay))
    points = data.draw(st.integers(-(10**12), 10**12))
    found = whole(points, decay.factor(age))
    meant = int(plain_decayed(decay, Decimal(points).scaleb(-6), age).scaleb(6))
    exact = decay.kind in {"window", "linear", "step"}
    assert abs(found - meant) <= (0 if exact else 1)


@given(st.data())
def test_points_fade_and_never_grow(data: st.DataObject) -> None:
    """Law: a factor is from 0 to 1, and an older activity is worth no more, to a millionth."""
    decay = data.draw(decays())
    young, old = sorted((data.draw(ages(decay)), data.draw(ages(decay))))
    factors = decay.factor(young), decay.factor(old)
    assert 0 <= factors[1] <= 1
    assert 0 <= factors[0] <= 1
    points = data.draw(st.integers(0, 10**12))
    assert points >= whole(points, factors[0]) >= whole(points, factors[1]) - 1


@given(decays())
def test_nothing_has_faded_at_first(decay: Decay) -> None:
    """Law: at no age the factor is 1, whatever the decay."""
    assert decay.factor(0) == 1.0


@given(decays())
def test_where_a_decay_ends_nothing_is_left(decay: Decay) -> None:
    """Law: from where it ends on nothing is left, and some of many points was just before."""
    end = decay.ends
    if end is None:
        assert decay.kind in {"compounding", "half_life"}
        return
    assert whole(10**12, decay.factor(end)) == 0
    assert whole(10**12, decay.factor(end + CENTURY)) == 0
    if decay.kind != "linear":
        assert whole(10**12, decay.factor(end - 1)) > 0


@given(decays())
def test_a_decay_is_read_as_it_is_written(decay: Decay) -> None:
    """Law: the data of a decay is that decay, and so is its text where that can say its rate."""
    assert Decay.model_validate(decay.model_dump(mode="json")) == decay
    if decay.rate is None or decay.rate * 10**6 == int(decay.rate * 10**6):
        assert decay_of(str(decay)) == decay


@pytest.mark.parametrize("text", DECAYS)
def test_a_decay_shows_as_people_write_it(text: str) -> None:
    assert decay_of(str(decay_of(text))) == decay_of(text)


@pytest.mark.parametrize(
    ("text", "factors"),
    [
        ("none", [1, 1, 1, 1]),
        ("window 30 days", [1, 1, 0, 0]),
        ("linear 30 days", [1, 1 / MONTH, 0, 0]),
        ("step 50% every 30 days", [1, 1, 0.5, 0.5]),
        ("step 100% every 30 days", [1, 1, 0, 0]),
        ("compounding 50% every 30 days", [1, 1, 0.5, 0.5]),
        ("compounding 100% every 30 days", [1, 1, 0, 0]),
    ],
)
def test_at_its_duration_a_decay_turns(text: str, factors: list[float]) -> None:
    decay = decay_of(text)
    assert [decay.factor(age) for age in (0, MONTH - 1, MONTH, MONTH + 1)] == [
        pytest.approx(factor, abs=1e-12) for factor in factors
    ]


def test_steps_take_of_the_first_points_and_compounding_of_what_is_left() -> None:
    steps, compounding = (decay_of(f"{kind} 50% every 30 days") for kind in ("step", "compounding"))
    months = [0, MONTH, 2 * MONTH, 3 * MONTH]
    assert [10 * steps.factor(age) for age in months] == [10, 5, 0, 0]
    assert [10 * compounding.factor(age) for age in months] == [10, 5, 2.5, 1.25]


def test_half_lives_halve_to_the_last_bit() -> None:
    decay = decay_of("half_life 30 days")
    assert [decay.factor(count * MONTH) for count in range(40)] == [0.5**n for n in range(40)]
    assert decay.factor(2 * CENTURY) == 0
    assert whole(3, decay.factor(MONTH)) == 2  # a half is rounded up
    assert whole(-3, decay.factor(MONTH)) == -1


def test_points_do_not_rise_where_a_half_life_ends() -> None:
    decay = decay_of("half_life 7 days")
    for count in range(1, 60):
        end = count * 7 * DAY
        factors = [decay.factor(end + step) for step in (-2, -1, 0, 1, 2)]
        assert all(one >= other for one, other in pairwise(factors))


def test_a_power_of_two_is_exact_to_the_last_digits() -> None:
    random = Random(5)  # noqa: S311 - reproducible, not secret
    for _ in range(1_000):
        part = random.random()
        assert abs(halved(part) - 2.0**-part) < 1e-15


@pytest.mark.parametrize("count", [1, 2, 4, 5, 8, 10, 16, 20, 25, 40, 50, 80, 100, 125, 625, 3125])
def test_steps_that_come_to_the_whole_leave_nothing(count: int) -> None:
    decay = Decay(kind="step", over="1 day", rate=1 / count)  # type: ignore[arg-type]  # as a document says it
    assert decay.ends == count * DAY
    assert decay.factor(count * DAY) == 0
    assert decay.factor(count * DAY - 1) > 0


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("half_life 0 days", "'0 days' is out of range; expected more than 0, at most 36525 days"),
        ("step 0% every 1 day", "'0%' is no rate; expected from 0.01% to 100%"),
        ("step 100.01% every 1 day", "'100.01%' is no rate; expected from 0.01% to 100%"),
        (
            {"kind": "none", "over": "1 day"},
            "'none' takes no duration and no rate; expected 'none'",
        ),
        (
            {"kind": "half_life", "over": "1 day", "rate": 0.5},
            "'half_life' takes a duration and no rate; expected 'half_life 30 days'",
        ),
        (
            {"kind": "compounding", "rate": 0.5},
            ("'compounding' takes a duration and a rate; expected 'compounding 50% every 30 days'"),
        ),
        (
            {"kind": "step", "over": "1 day", "rate": float("nan")},
            "'nan' is no rate; expected from 0.0001 to 1, which is 100 %",
        ),
    ],
)
def test_what_is_no_decay_says_why(said: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        decay_of(said)
    assert [error["msg"] for error in caught.value.errors()] == [message]


def test_a_decay_of_a_document_may_be_one_already() -> None:
    decay = decay_of("linear 90 days")
    assert decay_of(decay) is decay


@given(part=st.floats(0, 1))
def test_a_part_of_a_half_life_is_exact_to_a_quadrillionth(part: float) -> None:
    """Law: 2 to the power of -x is that of Python to 1e-15, and never below a half."""
    assert abs(halved(part) - 2**-part) < 1e-15
    assert 0.5 <= halved(part) <= 1
