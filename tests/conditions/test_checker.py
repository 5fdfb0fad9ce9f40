# ruff: noqa: E501 - a message stands on one line

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from leadrules.conditions import (
    AllOf,
    AtLeast,
    Comparison,
    Condition,
    Field,
    Literal,
    Matcher,
    Not,
    check,
    from_data,
    parse,
)
from leadrules.conditions.text import parse_with_spans
from leadrules.conditions.tree import Arithmetic, Term
from leadrules.errors import PolicyError
from leadrules.values import Type
from tests.strategies import VOCABULARY, conditions

BAD: list[tuple[str, str, str]] = [
    (
        "vists > 5",
        "no field 'vists'; did you mean 'visits'? [unknown-name]",
        "^^^^^",
    ),
    (
        "company.employes > 5",
        "no field 'company.employes'; did you mean 'company.employees'? [unknown-name]",
        "^^^^^^^^^^^^^^^^",
    ),
    (
        "employees > 5",
        "no field 'employees'; did you mean 'company.employees'? [unknown-name]",
        "^^^^^^^^^",
    ),
    (
        "param.cuont > visits",
        "no parameter 'cuont'; did you mean 'count'? [unknown-parameter]",
        "^^^^^^^^^^^",
    ),
    (
        "activity.path == 'a'",
        "'activity.path' has a meaning only in rules about activities [wrong-scope]",
        "^^^^^^^^^^^^^",
    ),
    (
        "member.seats > 5",
        "'member.seats' has a meaning only in match of a pool [wrong-scope]",
        "^^^^^^^^^^^^",
    ),
    (
        "was.band == 'a'",
        "'was.band' has a meaning only in lifecycle and bands [wrong-scope]",
        "^^^^^^^^",
    ),
    (
        "visits > 'a'",
        "'visits' is an integer, but \"a\" is a text [type-mismatch]",
        "         ^^^",
    ),
    (
        "visits > '5'",
        "'visits' is an integer, but \"5\" is a text; write the number without quotes [type-mismatch]",
        "         ^^^",
    ),
    (
        "note == 5",
        "'note' is a text, but '5' is an integer; write \"5\" [type-mismatch]",
        "        ^",
    ),
    (
        "note == visits",
        "'note' is a text, but 'visits' is an integer [type-mismatch]",
        "        ^^^^^^",
    ),
    (
        "deal > 5",
        "'deal' is an amount of money, but '5' is an integer; write money(\"5 EUR\") [type-mismatch]",
        "       ^",
    ),
    (
        "deal > '5 EUR'",
        '\'deal\' is an amount of money, but "5 EUR" is a text; write money("5 EUR") [type-mismatch]',
        "       ^^^^^^^",
    ),
    (
        "renews > '2026-01-31'",
        '\'renews\' is a date, but "2026-01-31" is a text; write date("2026-01-31") [type-mismatch]',
        "         ^^^^^^^^^^^^",
    ),
    (
        "seen > renews",
        "'seen' is a datetime, but 'renews' is a date [type-mismatch]",
        "       ^^^^^^",
    ),
    (
        "deal > '5'",
        '\'deal\' is an amount of money, but "5" is a text; write money("50000 EUR") [type-mismatch]',
        "       ^^^",
    ),
    (
        "seen > '2026-01-01'",
        '\'seen\' is a datetime, but "2026-01-01" is a text; write datetime("2026-01-31T09:00:00+01:00") [type-mismatch]',
        "       ^^^^^^^^^^^^",
    ),
    (
        "idle > '30 days'",
        '\'idle\' is a duration, but "30 days" is a text; write duration("30 days") [type-mismatch]',
        "       ^^^^^^^^^",
    ),
    (
        "deal > vip",
        "'deal' is an amount of money, but 'vip' is a boolean [type-mismatch]",
        "       ^^^",
    ),
    (
        "note in visits",
        "'visits' is an integer, not a list of texts [type-mismatch]",
        "        ^^^^^^",
    ),
    (
        "idle > 5",
        "'idle' is a duration, but '5' is an integer [type-mismatch]",
        "       ^",
    ),
    (
        "tags == 'a'",
        'a list of texts cannot be compared; write "x" in list [type-mismatch]',
        "^^^^",
    ),
    (
        "vip > true",
        "'>' needs an order, but 'vip' is a boolean [type-mismatch]",
        "^^^",
    ),
    (
        "tier < 'gold'",
        "'<' needs an order, but 'tier' is one of the choices [type-mismatch]",
        "^^^^",
    ),
    (
        "tier == 'golf'",
        "'golf' is no choice of 'tier'; expected 'gold', 'silver' or 'Ünlisted'; did you mean 'gold'? [unknown-choice]",
        "        ^^^^^^",
    ),
    (
        "tier in ['gold', 'bronze']",
        "'bronze' is no choice of 'tier'; expected 'gold', 'silver' or 'Ünlisted' [unknown-choice]",
        "                 ^^^^^^^^",
    ),
    (
        "'golf' == tier",
        "'golf' is no choice of 'tier'; expected 'gold', 'silver' or 'Ünlisted'; did you mean 'gold'? [unknown-choice]",
        "^^^^^^",
    ),
    (
        "visits",
        "'visits' is an integer, not a condition; write known(visits) or compare it [type-mismatch]",
        "^^^^^^",
    ),
    (
        "title",
        "'title' is a text, not a condition; write known(title) or compare it [type-mismatch]",
        "^^^^^",
    ),
    (
        "within(renews, '1 day')",
        "'within' needs a moment, but 'renews' is a date; declare it as a datetime [type-mismatch]",
        "       ^^^^^^",
    ),
    (
        "within(note, '1 day')",
        "'within' needs a moment, but 'note' is a text [type-mismatch]",
        "       ^^^^",
    ),
    (
        "within(seen, visits)",
        "'within' needs a duration such as \"30 days\", not an integer [type-mismatch]",
        "             ^^^^^^",
    ),
    (
        "older_than(seen, 5)",
        "'older_than' needs a duration such as \"30 days\", not an integer [type-mismatch]",
        "                 ^",
    ),
    (
        "'a' in note",
        "'note' is a text, not a list of texts; write contains(note, ...) [type-mismatch]",
        "       ^^^^",
    ),
    (
        "5 in tags",
        "'in' needs a written text such as \"student\" [type-mismatch]",
        "^",
    ),
    (
        "note in tags",
        "'in' needs a written text such as \"student\" [type-mismatch]",
        "^^^^",
    ),
    (
        "contains(tags, 'a')",
        "'contains' needs a text, but 'tags' is a list of texts; write ... in tags [type-mismatch]",
        "         ^^^^",
    ),
    (
        "contains(visits, 'a')",
        "'contains' needs a text, but 'visits' is an integer [type-mismatch]",
        "         ^^^^^^",
    ),
    (
        "contains(note, title)",
        "'contains' needs a written text such as \"student\" [type-mismatch]",
        "               ^^^^^",
    ),
    (
        "contains(note, '')",
        "'contains' needs a text that is not empty [empty]",
        "               ^^",
    ),
    (
        "contains(note, 5)",
        "'contains' needs a written text such as \"student\" [type-mismatch]",
        "               ^",
    ),
    (
        "lower(note) == title",
        "'lower(...)' is compared only by '==', '!=' and 'in', and with written texts [type-mismatch]",
        "^^^^^^^^^^^",
    ),
    (
        "lower(note) < 'a'",
        "'lower(...)' is compared only by '==', '!=' and 'in', and with written texts [type-mismatch]",
        "^^^^^^^^^^^",
    ),
    (
        "lower(visits) == 'a'",
        "'lower' needs a text, but 'visits' is an integer [type-mismatch]",
        "      ^^^^^^",
    ),
    (
        "days_since(renews) > 5",
        "'days_since' needs a moment, but 'renews' is a date [type-mismatch]",
        "           ^^^^^^",
    ),
    (
        "note + 1 > 5",
        "'+' needs numbers, but 'note' is a text [type-mismatch]",
        "^^^^",
    ),
    (
        "1 + true > visits",
        "'+' needs numbers, but 'true' is a boolean [type-mismatch]",
        "    ^^^^",
    ),
    (
        "5 > 3",
        "'5 > 3' compares what is written here only; expected a field [no-field]",
        "^^^^^",
    ),
    (
        "param.count > 3",
        "'param.count > 3' compares what is written here only; expected a field [no-field]",
        "^^^^^^^^^^^^^^^",
    ),
    (
        "at_least(3, vip, consent)",
        "at least 3 of 2; expected 1 to 2 [arguments]",
        "^^^^^^^^^^^^^^^^^^^^^^^^^",
    ),
    (
        "at_least(0, vip)",
        "at least 0 of 1; expected 1 to 1 [arguments]",
        "^^^^^^^^^^^^^^^^",
    ),
    (
        "note == \"ü\" and visits > 'ü'",
        "'visits' is an integer, but \"ü\" is a text [type-mismatch]",
        "                         ^^^",
    ),
    (
        "lower(visits) == 'A'",
        "'lower' needs a text, but 'visits' is an integer [type-mismatch]",
        "      ^^^^^^",
    ),
    (
        "days_since(note) > 5",
        "'days_since' needs a moment, but 'note' is a text [type-mismatch]",
        "           ^^^^",
    ),
    (
        "not not not not not not not not not not not not not not not not not not not not not not not not not not not not not not not not not vip",
        "nested too deep; expected at most 32 levels [too-deep]",
        "                                                                                                                                    ^^^",
    ),
    (
        "tags > tags",
        'a list of texts cannot be compared; write "x" in list [type-mismatch]',
        "^^^^",
    ),
    (
        "visits in [5, 'a']",
        "'visits' is an integer, but \"a\" is a text [type-mismatch]",
        "              ^^^",
    ),
    (
        "deal in [5]",
        "'deal' is an amount of money, but '5' is an integer; write money(\"5 EUR\") [type-mismatch]",
        "         ^",
    ),
    (
        "rate == vip",
        "'rate' is a number, but 'vip' is a boolean [type-mismatch]",
        "        ^^^",
    ),
    (
        "vip == 5",
        "'vip' is a boolean, but '5' is an integer [type-mismatch]",
        "       ^",
    ),
    (
        "note == -5",
        "'note' is a text, but '-5' is an integer; write \"-5\" [type-mismatch]",
        "        ^^",
    ),
    (
        "tier == 5",
        "'tier' is one of the choices, but '5' is an integer; write \"5\" [type-mismatch]",
        "        ^",
    ),
    (
        "days_since(seen) > '5'",
        "'days_since(seen)' is an integer, but \"5\" is a text; write the number without quotes [type-mismatch]",
        "                   ^^^",
    ),
    (
        "lower(tier) == note",
        "'lower(...)' is compared only by '==', '!=' and 'in', and with written texts [type-mismatch]",
        "^^^^^^^^^^^",
    ),
    (
        "title == 'a' == 5",
        "'\"a\" == 5' compares what is written here only; expected a field [no-field]",
        "         ^^^^^^^^",
    ),
]
"""What is wrong with a condition: its text, what is said of it, and what stands under it."""


@pytest.mark.parametrize(("said", "message", "marks"), BAD)
def test_a_condition_of_wrong_names_or_types_is_told_with_its_place(
    said: str, message: str, marks: str
) -> None:
    with pytest.raises(PolicyError) as raised:
        Matcher(said, vocabulary=VOCABULARY)
    column = len(marks) - len(marks.lstrip()) + 1
    expected = (
        f"1 problem in condition\n  condition:1:{column}: {message}\n      {said}\n      {marks}"
    )
    assert str(raised.value) == expected


def test_every_mistake_of_a_condition_is_told_in_its_line() -> None:
    said = "vip and\n  (note == '\xfc' or visits > '\xfc' and foo)"
    with pytest.raises(PolicyError) as raised:
        Matcher(said, vocabulary=VOCABULARY)
    assert str(raised.value) == (
        "2 problems in condition\n"
        "  condition:2:28: 'visits' is an integer, but \"\xfc\" is a text [type-mismatch]\n"
        "        (note == '\xfc' or visits > '\xfc' and foo)\n"
        "                                 ^^^\n"
        "  condition:2:36: no field 'foo' [unknown-name]\n"
        "        (note == '\xfc' or visits > '\xfc' and foo)\n"
        "                                         ^^^"
    )


def test_data_is_told_by_its_path() -> None:
    data = {"any": [{"not": {"field": "visits", "op": "in", "value": [1, "a"]}}]}
    with pytest.raises(PolicyError) as raised:
        Matcher(data, vocabulary=VOCABULARY)
    assert str(raised.value) == (
        "1 problem in condition\n"
        "  any[0].not.value[1]: 'visits' is an integer, but \"a\" is a text [type-mismatch]"
    )


def warned(said: str) -> list[str]:
    return [f"{problem.message} [{problem.code}]" for problem in check(parse(said), VOCABULARY)]


@pytest.mark.parametrize(
    ("said", "warning"),
    [
        ("visits > 5 and visits < 3", "'visits > 5 and visits < 3' is never true [never-true]"),
        ("vip or visits > 5 and visits < 6",
         "'visits > 5 and visits < 6' is never true [never-true]"),
        ("renews > date('2026-01-01') and renews < date('2026-01-02')",
         """'renews > date("2026-01-01") and renews < date("2026-01-02")' is never true [never-true]"""),
        ("visits > 5 or visits < 6",
         "'visits > 5 or visits < 6' is always true when its fields are known [always-true]"),
        ("known(visits) or missing(visits)",
         "'known(visits) or missing(visits)' is always true [always-true]"),
        ("vip == true or vip == false",
         "'vip == true or vip == false' is always true when its fields are known [always-true]"),
        ("tier in ['gold', 'silver', '\xdcnlisted']",
         """'tier in ["gold", "silver", "\xdcnlisted"]' is always true when its fields are known [always-true]"""),
        ("vip or vip", "'vip' stands here twice [duplicate]"),
        ("visits in [5, 5]", "'5' stands in the list twice [duplicate]"),
        ("at_least(1, vip, vip, consent)", "'vip' stands here twice [duplicate]"),
        ("contains(lower(note), 'A')",
         "'A' has capital letters, but lower(...) has none [never-true]"),
        ("lower(note) in ['a', 'A']",
         "'A' has capital letters, but lower(...) has none [never-true]"),
    ],
)  # fmt: skip
def test_a_condition_that_says_nothing_is_warned_of(said: str, warning: str) -> None:
    assert warned(said) == [warning]


@pytest.mark.parametrize(
    "said",
    [
        "always",
        "vip or visits > 5",
        "visits > 5 and visits < 7",
        "deal > money('5 EUR') or deal <= money('5 EUR')",
    ],
)
def test_a_sound_condition_has_no_warning(said: str) -> None:
    assert warned(said) == []


@given(conditions())
def test_random_conditions_are_free_of_errors(tree: Condition) -> None:
    """Law: what the strategies make, the checker passes, unless it mixes currencies."""
    errors = check(tree, VOCABULARY, warnings=False)
    assert {problem.code for problem in errors} <= {"currency-mismatch"}
    told = check(tree, VOCABULARY)
    assert [problem for problem in told if problem.severity == "error"] == errors


@pytest.mark.parametrize(
    ("said", "marked"),
    [
        ("deal > {EUR} and deal < {USD}", ["USD"]),
        ("{EUR} < deal < {USD}", ["USD"]),
        ("vip and (deal > {EUR} and (deal < {USD} and deal != {JPY}))", ["USD", "JPY"]),
        ("deal > {EUR} and not deal > {USD}", ["USD"]),
        ("vip or deal in [{EUR}, {USD}]", ["USD"]),
        ("deal not in [{EUR}, {USD}]", ["USD"]),
        ("deal > {EUR} or deal > {USD}", []),
        ("not (deal > {EUR} or deal > {USD})", []),
        ("(deal > {EUR} or vip) and (deal > {USD} or consent)", []),
        ("at_least(1, deal > {EUR}, deal > {USD})", []),
        ("deal > {EUR} and budget > {USD}", []),
        ("deal > {EUR} and deal < {EUR}", []),
    ],
)
def test_a_field_meets_one_currency_where_all_must_hold(said: str, marked: list[str]) -> None:
    said = said.format(**{name: f'money("5 {name}")' for name in ("EUR", "USD", "JPY")})
    tree, spans = parse_with_spans(said)
    found = check(tree, VOCABULARY, warnings=False)
    assert [(x.code, x.message) for x in found] == [
        ("currency-mismatch",
         f"'deal' is compared with EUR and with {name}; expected one currency")
        for name in marked
    ]  # fmt: skip
    places = [said[slice(*spans[problem.path])] for problem in found]
    assert places == [f'money("5 {name}")' for name in marked]


def test_what_is_nested_deeper_than_texts_can_be_is_refused() -> None:
    tree: Condition = Comparison(Field("vip"), "is_true")
    for _ in range(33):
        tree = Not(tree)
    assert [problem.code for problem in check(tree, VOCABULARY)] == ["too-deep"]


def test_terms_nested_too_deep_are_refused() -> None:
    term: Term = Field("rate")
    for _ in range(33):
        term = Arithmetic("+", term, Literal(Type.INTEGER, 1))
    tree = Comparison(term, ">", Literal(Type.INTEGER, 1))
    assert {problem.code for problem in check(tree, VOCABULARY)} == {"too-deep"}


@pytest.mark.parametrize("count", [0, 3])
def test_a_count_that_cannot_be_met_is_refused(count: int) -> None:
    vip = Comparison(Field("vip"), "is_true")
    (problem,) = check(AllOf((AtLeast(count, (vip, vip)),)), VOCABULARY)
    assert (problem.message, problem.path) == (
        f"at least {count} of 2; expected 1 to 2",
        ("all", 0),
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"left": 5, "op": "known"}, "'known(5)' compares what is written here only; expected a field"),
        ({"left": {"param": "switch"}, "op": "is_true"},
         "'param.switch' compares what is written here only; expected a field"),
        ({"field": "tags", "op": "has", "value": ""}, "'in' needs a text that is not empty"),
        ({"left": {"lower": {"field": "qqq"}}, "op": "known"}, "no field 'qqq'"),
        ({"left": {"calc": "+", "of": [1, {"field": "qqq"}]}, "op": "known"}, "no field 'qqq'"),
    ],
)  # fmt: skip
def test_what_only_data_can_say_is_checked_too(data: Any, message: str) -> None:
    (problem,) = check(from_data(data), VOCABULARY)
    assert problem.message == message
