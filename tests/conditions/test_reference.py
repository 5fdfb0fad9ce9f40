from __future__ import annotations

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
    Not,
    Seen,
    evaluate,
    observe,
    parse,
)
from leadrules.conditions.reference import fold
from leadrules.conditions.tree import parts_of
from leadrules.values import Cash, Instant, Span, Value
from tests.strategies import VOCABULARY, Row, conditions, leads, moments

TRUE, FALSE = Comparison(Field("a"), "known"), Comparison(Field("a"), "missing")
UNKNOWN = Comparison(Field("b"), "is_true")
OF = {True: TRUE, False: FALSE, None: UNKNOWN}
RECORD: dict[str, Value] = {"a": True}
VERDICTS = [True, False, None]


@pytest.mark.parametrize("one", VERDICTS)
@pytest.mark.parametrize("other", VERDICTS)
def test_logic_is_kleenes(one: bool | None, other: bool | None) -> None:
    parts = (OF[one], OF[other])
    both, either = evaluate(AllOf(parts), RECORD), evaluate(AnyOf(parts), RECORD)
    assert both is (False if False in (one, other) else None if None in (one, other) else True)
    assert either is (True if True in (one, other) else None if None in (one, other) else False)
    assert evaluate(Not(OF[one]), RECORD) is (None if one is None else not one)


@given(st.lists(st.sampled_from(VERDICTS), min_size=1, max_size=5), st.data())
def test_at_least_counts_what_could_still_be_true(
    verdicts: list[bool | None], data: st.DataObject
) -> None:
    """Law: at_least is true or false if it is so however the unknown parts turn out."""
    count = data.draw(st.integers(1, len(verdicts)))
    fewest = verdicts.count(True)
    most = fewest + verdicts.count(None)
    wanted = True if fewest >= count else False if most < count else None
    assert evaluate(AtLeast(count, tuple(OF[x] for x in verdicts)), RECORD) is wanted


DAY = 86_400_000_000


@pytest.mark.parametrize(
    ("said", "record", "wanted"),
    [
        ("x > 5", {}, None),
        ("not x > 5", {}, None),
        ("x != 5", {}, None),
        ("known(x)", {}, False),
        ("missing(x)", {}, True),
        ("x in [1, y]", {"x": 1}, True),
        ("x in [1, y]", {"x": 2}, None),
        ("x not in [1, y]", {"x": 1}, False),
        ("x not in [1, y]", {"x": 2}, None),
        ("x / 0 > 1", {"x": 1}, None),
        ("x / y > 1", {"x": 1, "y": 0.0}, None),
        ("x * 1e308 * 10 > 1", {"x": 1}, None),
        ("x + y > 1", {"x": 1}, None),
        ("known(x / 0)", {"x": 1}, False),
        ("m > money('5 EUR')", {"m": Cash(600, "EUR")}, True),
        ("m > money('5 EUR')", {"m": Cash(600, "USD")}, None),
        ("m == money('5 EUR')", {"m": Cash(500, "USD")}, None),
        ("m in [money('5 EUR'), money('5 USD')]", {"m": Cash(500, "USD")}, True),
        ("m in [money('5 EUR'), money('5 USD')]", {"m": Cash(600, "USD")}, None),
        ("'a' in x", {"x": ("a", "b")}, True),
        ("'a' in x", {"x": ()}, False),
        ("'a' in x", {}, None),
        ("x < 'b'", {"x": "B"}, True),
        ("x < '\uffff'", {"x": "\U0001f600"}, False),
        ("contains(x, '.*')", {"x": "abc"}, False),
        ("lower(x) == 'vp'", {"x": "VP"}, True),
        ("lower(x) == '\u00fc'", {"x": "\u00dc"}, False),
        ("ends_with(lower(x), 'k')", {"x": "\u212a"}, False),
        ("within(t, '1 day')", {"t": Instant(0)}, True),
        ("within(t, '1 day')", {"t": Instant(-DAY)}, False),
        ("within(t, '1 day')", {"t": Instant(-DAY + 1)}, True),
        ("within(t, '1 day')", {"t": Instant(1)}, False),
        ("older_than(t, '1 day')", {"t": Instant(1)}, False),
        ("older_than(t, '1 day')", {"t": Instant(-DAY)}, True),
        ("older_than(t, d)", {"t": Instant(-DAY)}, None),
        ("within(t, d)", {"t": Instant(1)}, None),
        ("within(t, d)", {"d": Span(1)}, None),
        ("days_since(t) == -1", {"t": Instant(1)}, True),
        ("days_since(t) == 0", {"t": Instant(-DAY + 1)}, True),
        ("days_since(t) == 1", {"t": Instant(-DAY)}, True),
        ("days_since(t) == 1", {}, None),
    ],
)
def test_comparisons_mean_what_the_semantics_say(
    said: str, record: dict[str, Value], wanted: bool | None
) -> None:
    assert evaluate(parse(said), record) is wanted


def test_parameters_are_those_given() -> None:
    assert evaluate(parse("x > param.y"), {"x": 5}, parameters={"y": 4}) is True
    assert evaluate(parse("x > param.y"), {"x": 5}) is None


@given(conditions(), leads(), moments)
def test_what_was_seen_adds_up(tree: Condition, values: Row, at: int) -> None:
    """Law: every part is seen, in its order, with the verdict that it has alone."""
    record = VOCABULARY.record(VOCABULARY.lead(values))
    parameters = VOCABULARY.parameters_at(at)

    def holds(seen: Seen) -> None:
        assert seen.verdict is evaluate(seen.condition, record, at=at, parameters=parameters)
        assert [part.condition for part in seen.parts] == [x for _, x in parts_of(seen.condition)]
        for part in seen.parts:
            holds(part)

    holds(observe(tree, record, at=at, parameters=parameters))


def test_the_values_of_a_comparison_are_kept() -> None:
    seen = observe(parse("x > y + 1"), {"x": 5})
    assert [(value) for _, value in seen.values] == [5, None]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("x > 5", None),
        ("y > 5", "missing"),
        ("x > param.y", "missing"),
        ("x in [1, y]", "missing"),
        ("y / 0 > 5", "missing"),
        ("x / 0 > 5", "arithmetic"),
        ("x * 1e308 * 10 > 5", "arithmetic"),
        ("m > money('5 USD')", "currency"),
        ("m in [money('5 USD'), money('6 USD')]", "currency"),
        ("not m > money('5 USD')", None),
    ],
)
def test_an_unknown_comparison_says_why(said: str, reason: str | None) -> None:
    assert observe(parse(said), {"x": 6, "m": Cash(500, "EUR")}).reason == reason


@given(st.text())
def test_fold_makes_ascii_letters_small_and_keeps_the_rest(text: str) -> None:
    """Law: fold changes the letters A to Z only."""
    assert fold(text) == "".join(mark.lower() if "A" <= mark <= "Z" else mark for mark in text)
