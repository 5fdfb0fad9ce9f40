"""Ratios: how they print, what they refuse, how they add up; and rounding for display."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import reduce
from operator import add, ge, gt, le, lt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import EvaluationError
from leadrules.metrics import Period, Ratio
from leadrules.metrics.ratio import counted, half_up, json_value, percent
from leadrules.metrics.statistics.intervals import wilson

YEAR = Period.of("2017-06-14 to 2018-05-31")
WON = Ratio("mql_to_won", 842, 8000, period=YEAR)
Count = tuple[int, int]
COUNTS = st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)).map(
    lambda found: (min(found), max(found))
)


def refusal(make: Any, *args: Any) -> str:
    with pytest.raises(EvaluationError) as raised:
        make(*args)
    return str(raised.value)


# How they print


def test_a_ratio_prints_itself_so_that_nobody_misunderstands_it() -> None:
    assert str(WON) == (
        "842 of 8,000 leads (10.5 %, 95 % CI 9.9 to 11.2), cohort 2017-06-14 to 2018-05-31, "
        "first entry, 0 censored"
    )


def test_it_tells_window_unit_entry_zone_and_who_is_censored() -> None:
    found = replace(
        WON,
        numerator=1,
        denominator=1,
        unit="opportunity",
        basis="period",
        period=Period.of("2026-03", zone="Europe/Berlin"),
        window=timedelta(days=30),
        entry="every",
        censored=1234,
    )
    assert str(found) == (
        "1 of 1 opportunity (100.0 %, 95 % CI 20.7 to 100.0), "
        "period 2026-03-01 to 2026-03-31 in Europe/Berlin, within 30 days, every entry, "
        "1,234 censored"
    )


def test_it_tells_its_group() -> None:
    found = Ratio("a_to_b", 1, 4, group={"region": "north", "owner": None})
    assert str(found) == (
        "region north, owner (none): 1 of 4 leads (25.0 %, 95 % CI 4.6 to 69.9), first entry, "
        "0 censored"
    )


def test_nothing_of_nothing_is_undefined() -> None:
    found = Ratio("a_to_b", 0, 0)
    assert str(found) == "0 of 0 leads (undefined), first entry, 0 censored"
    assert (found.value, found.interval) == (None, None)


def test_what_is_no_part_of_its_denominator_says_so() -> None:
    found = Ratio("a_to_b", 3, 2, is_subset=False)
    assert str(found) == "3 of 2 leads (150.0 %, no part of the whole), first entry, 0 censored"
    assert (found.value, found.interval) == (1.5, None)


def test_another_confidence_is_told() -> None:
    found = Ratio("a_to_b", 5, 10, confidence=0.9)
    assert str(found) == ("5 of 10 leads (50.0 %, 90 % CI 26.9 to 73.1), first entry, 0 censored")


def test_a_notebook_shows_its_name_and_no_markup_of_it() -> None:
    found = Ratio("<a>_to_b", 0, 0, unit="<b>")
    assert found._repr_html_() == (
        "<div><b>&lt;a&gt;_to_b</b> 0 of 0 &lt;b&gt;s (undefined), first entry, 0 censored</div>"
    )


# What they refuse


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"numerator": -1}, "numerator: '-1' is no count; expected 0 or more"),
        ({"denominator": 2.0}, "denominator: '2.0' is no count; expected 0 or more"),
        ({"censored": True}, "censored: 'true' is no count; expected 0 or more"),
        (
            {"numerator": 12_000},
            (
                "won: 12,000 of 8,000 cannot be; the numerator is no part of the denominator; "
                "say is_subset=False if that is meant"
            ),
        ),
        (
            {"basis": "cohrot"},
            "basis: 'cohrot' is not possible; expected 'cohort', 'period' or 'snapshot'",
        ),
        ({"period": "2026"}, "period: '2026' is no Period; expected Period.of(...)"),
        ({"confidence": 1}, "confidence: 1 is not possible; expected between 0 and 1"),
        ({"confidence": 0.0}, "confidence: 0.0 is not possible; expected between 0 and 1"),
    ],
)
def test_a_ratio_that_cannot_be_is_refused(given: dict[str, Any], message: str) -> None:
    counts = {"numerator": 842, "denominator": 8000, **given}
    assert refusal(lambda: Ratio("won", **counts)) == message


UNLIKE: tuple[tuple[dict[str, Any], str], ...] = (
    ({"name": "sql_to_won"}, "another name cannot be {}: 'mql_to_won' and 'sql_to_won'"),
    ({"unit": "account"}, "another unit cannot be {}: 'lead' and 'account'"),
    ({"basis": "period"}, "another basis cannot be {}: 'cohort' and 'period'"),
    (
        {"period": Period.of("2018")},
        "another period cannot be {}: '2017-06-14 to 2018-05-31' and '2018-01-01 to 2018-12-31'",
    ),
    ({"period": None}, "another period cannot be {}: '2017-06-14 to 2018-05-31' and 'none'"),
    ({"window": timedelta(days=30)}, "another window cannot be {}: 'none' and '30 days'"),
    ({"entry": "last"}, "another entry cannot be {}: 'first' and 'last'"),
    (
        {"is_subset": False},
        "another kind cannot be {}: 'a part of the whole' and 'no part of the whole'",
    ),
    ({"confidence": 0.9}, "another confidence cannot be {}: '0.95' and '0.9'"),
)


@pytest.mark.parametrize(("change", "message"), UNLIKE)
def test_unlike_ratios_are_neither_added_nor_compared(change: dict[str, Any], message: str) -> None:
    other = replace(WON, **change)
    start = "mql_to_won: ratios of "
    assert refusal(add, WON, other) == start + message.format("added")
    for order in (lt, le, gt, ge):
        assert refusal(order, WON, other) == start + message.format("compared")


def test_an_undefined_ratio_cannot_be_compared() -> None:
    message = "mql_to_won: undefined, since nothing is in the denominator; cannot compare"
    nothing = replace(WON, numerator=0, denominator=0)
    assert refusal(lt, WON, nothing) == message
    assert refusal(ge, nothing, WON) == message


def test_one_group_is_not_added_to_itself() -> None:
    anna = replace(WON, group={"owner": "anna"})
    assert refusal(add, anna, replace(anna, numerator=1)) == (
        "mql_to_won: both are of owner anna; they cannot be added"
    )


def test_a_ratio_is_neither_added_to_nor_compared_with_a_number() -> None:
    for operator in (add, lt, le, gt, ge):
        with pytest.raises(TypeError):
            operator(WON, 0.1)


def test_counts_of_numpy_are_those_of_python() -> None:
    numpy = pytest.importorskip("numpy")
    found = Ratio("a_to_b", numpy.int64(1), numpy.uint8(4))
    assert found == Ratio("a_to_b", 1, 4)
    assert json.loads(json.dumps(found.to_dict()))["numerator"] == 1


# How they are compared and added


def test_they_are_ordered_by_the_exact_quotient() -> None:
    third, more = Ratio("a", 1, 3), Ratio("a", 333_333_333_333_333_334, 10**18)
    assert third.value == more.value
    assert third < more
    assert more > third
    assert third <= Ratio("a", 2, 6)
    assert third >= Ratio("a", 2, 6)
    assert max(third, more) is more


def test_what_parts_have_in_common_is_the_group_of_their_sum() -> None:
    anna = replace(WON, group={"region": "north", "owner": "anna"}, censored=1)
    bert = replace(WON, group={"region": "north", "owner": "bert"}, censored=2)
    both = anna + bert
    assert (both.numerator, both.denominator, both.censored) == (1684, 16_000, 3)
    assert both.group == {"region": "north"}
    assert both.period == YEAR


@given(st.lists(COUNTS, min_size=1, max_size=5))
def test_parts_add_up_in_any_order(counts: list[Count]) -> None:
    """Law: the sum of parts has the sums of their counts, whichever is first."""
    parts = [Ratio("a", *count, group={"part": place}) for place, count in enumerate(counts)]
    for some in (parts, parts[::-1]):
        found = reduce(add, some)
        assert found.numerator == sum(low for low, _ in counts)
        assert found.denominator == sum(high for _, high in counts)


@given(COUNTS, COUNTS)
def test_the_order_is_that_of_fractions(one: Count, two: Count) -> None:
    """Law: ratios are ordered as their fractions are."""
    if one[1] and two[1]:
        pair = Ratio("a", *one), Ratio("a", *two)
        exact = Fraction(*one), Fraction(*two)
        for order in (lt, le, gt, ge):
            assert order(*pair) == order(*exact)


# As values


def test_it_is_a_value_also_with_a_group() -> None:
    anna = replace(WON, group={"owner": "anna"})
    again = replace(WON, group={"owner": "anna"})
    assert anna == again
    assert hash(anna) == hash(again)
    assert anna != WON
    assert len({anna, again, WON}) == 2
    assert pickle.loads(pickle.dumps(anna)) == anna


def test_it_is_data_that_json_holds() -> None:
    found = replace(
        WON,
        window=timedelta(days=30),
        group={"month": date(2026, 3, 1), "owner": None, "since": datetime(2026, 3, 1, tzinfo=UTC)},
    )
    low, high = found.interval or (0, 0)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False)) == {
        "name": "mql_to_won",
        "group": {"month": "2026-03-01", "owner": None, "since": "2026-03-01T00:00:00+00:00"},
        "numerator": 842,
        "denominator": 8000,
        "value": 0.10525,
        "low": low,
        "high": high,
        "confidence": 0.95,
        "unit": "lead",
        "basis": "cohort",
        "start": "2017-06-14T00:00:00+00:00",
        "end": "2018-06-01T00:00:00+00:00",
        "zone": "UTC",
        "window": "30 days",
        "entry": "first",
        "censored": 0,
        "is_subset": True,
    }


def test_what_is_undefined_is_null_in_data() -> None:
    found = Ratio("a_to_b", 0, 0).to_dict()
    assert [found[name] for name in ("value", "low", "high", "start", "zone", "window")] == (
        [None] * 6
    )
    assert "group" not in found


def test_a_value_of_any_type_is_data() -> None:
    values = ("a", 1, 1.5, True, None, Decimal("1.50"), date(2026, 3, 1))
    assert [json_value(value) for value in values] == [
        "a",
        1,
        1.5,
        True,
        None,
        "1.50",
        "2026-03-01",
    ]


# Numbers for display


@given(COUNTS, st.integers(0, 3))
def test_a_percentage_is_rounded_half_up_from_the_exact_quotient(count: Count, places: int) -> None:
    """Law: it is the exact quotient, times 100, halves rounded up, as decimals say."""
    if count[1]:
        exact = Fraction(100 * count[0], count[1])
        scaled = exact * 10**places + Fraction(1, 2)
        whole = scaled.numerator // scaled.denominator
        shown = percent(*count, places=places)
        assert Fraction(shown.replace(",", "")) == Fraction(whole, 10**places)
        assert len(shown.partition(".")[2]) == places


@given(st.decimals(-(10**6), 10**6, places=3), st.integers(0, 2))
def test_a_number_is_rounded_half_up_as_it_is_written(number: Decimal, places: int) -> None:
    """Law: a half, as the number is written, goes away from zero; there is no -0."""
    shown = half_up(float(number), places)
    assert Decimal(shown.replace(",", "")) == number.quantize(
        Decimal(1).scaleb(-places), ROUND_HALF_UP
    )
    assert not shown.startswith("-") or shown.strip("-0.,")


def test_the_largest_number_is_shown() -> None:
    assert half_up(1e308, 1) == "1" + ",".join(["00", *["000"] * 102]) + ".0"


def test_a_percentage_above_1000_has_separators() -> None:
    assert percent(50, 1) == "5,000.0"


@pytest.mark.parametrize(
    ("count", "unit", "shown"),
    [
        (0, "lead", "0 leads"),
        (1, "entry", "1 entry"),
        (2, "entry", "2 entries"),
        (1000, "account", "1,000 accounts"),
        (2, "day", "2 days"),
        (2, "touch", "2 touches"),
    ],
)
def test_units_are_counted(count: int, unit: str, shown: str) -> None:
    assert counted(count, unit) == shown


@given(COUNTS, st.sampled_from((0.5, 0.9, 0.95, 0.99)))
def test_the_interval_is_that_of_the_share(count: Count, confidence: float) -> None:
    """Law: a ratio has the Wilson interval of its counts, and holds its value."""
    found = Ratio("a", *count, confidence=confidence)
    if found.value is not None and found.interval is not None:
        assert found.interval == wilson(*count, confidence)
        assert found.interval[0] <= found.value <= found.interval[1]
    else:
        assert count == (0, 0)
