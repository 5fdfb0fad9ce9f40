# ruff: noqa: E501 - a message stands on one line

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leadrules.conditions import (
    AllOf,
    Always,
    Arithmetic,
    AtLeast,
    Comparison,
    Condition,
    Field,
    Literal,
    Not,
    Param,
    format_condition,
    parse,
)
from leadrules.conditions.scan import LONGEST
from leadrules.conditions.text import parse_with_spans
from leadrules.errors import PolicyError
from leadrules.values import Span, Type
from tests.strategies import TEXTS, conditions, unicode_texts

VIP = Comparison(Field("vip"), "is_true")
EMPLOYEES = Field("company.employees")


def number(value: int) -> Literal:
    return Literal(Type.INTEGER, value)


def text(value: str) -> Literal:
    return Literal(Type.STRING, value)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("always", Always()),
        ("vip", VIP),
        ("not vip", Not(VIP)),
        ("all(vip)", AllOf((VIP,))),
        ("at_least(1, vip, vip)", AtLeast(1, (VIP, VIP))),
        ("vip == True", Comparison(Field("vip"), "==", Literal(Type.BOOLEAN, True))),
        ("vip == true", Comparison(Field("vip"), "==", Literal(Type.BOOLEAN, True))),
        ("company.employees >= -5", Comparison(EMPLOYEES, ">=", number(-5))),
        ("5 < visits", Comparison(number(5), "<", Field("visits"))),
        ("visits > param.count", Comparison(Field("visits"), ">", Param("count"))),
        ("rate > -0.0", Comparison(Field("rate"), ">", Literal(Type.NUMBER, 0.0))),
        (
            "-rate > 1",
            Comparison(Arithmetic("-", number(0), Field("rate")), ">", number(1)),
        ),
        ("note in ('a', 'b')", Comparison(Field("note"), "in", (text("a"), text("b")))),
        ("note not in {'a'}", Comparison(Field("note"), "not in", (text("a"),))),
        ("'a' in tags", Comparison(Field("tags"), "has", text("a"))),
        ("'a' not in tags", Not(Comparison(Field("tags"), "has", text("a")))),
        (
            "within(seen, '1 day')",
            Comparison(Field("seen"), "within", Literal(Type.DURATION, Span(86_400_000_000))),
        ),
        (
            "0 < visits <= 5",
            AllOf(
                (
                    Comparison(number(0), "<", Field("visits")),
                    Comparison(Field("visits"), "<=", number(5)),
                )
            ),
        ),
    ],
)
def test_a_text_reads_as_the_tree_that_it_says(said: str, meant: Condition) -> None:
    assert parse(said) == meant


@pytest.mark.parametrize(
    "said", ["  vip\n  and\tvip ", "\n\tvip and vip", "\fvip\r\nand vip", "(vip\nand vip)"]
)
def test_line_breaks_and_indents_do_not_matter(said: str) -> None:
    assert parse(said) == AllOf((VIP, VIP))


def test_a_tab_inside_a_text_stays_a_tab() -> None:
    assert parse("note == 'a\tb'") == Comparison(Field("note"), "==", text("a\tb"))


@pytest.mark.parametrize("value", TEXTS)
def test_every_text_can_be_written(value: str) -> None:
    assert parse(f"note == {json.dumps(value, ensure_ascii=False)}") == Comparison(
        Field("note"), "==", text(value)
    )


@given(conditions())
def test_format_then_parse_is_the_same_tree(tree: Condition) -> None:
    """Law: parse(format(tree)) == tree."""
    assert parse(format_condition(tree)) == tree


@given(unicode_texts, unicode_texts)
@example("\N{GRINNING FACE}", "\N{COMBINING ACUTE ACCENT}")
def test_spans_count_characters(before: str, said: str) -> None:
    """Law: a span cuts from the text what reads as the part, whatever stands before it."""
    quoted = json.dumps(said, ensure_ascii=False)
    whole = f"  note == {json.dumps(before, ensure_ascii=False)} and title != {quoted}"
    _, spans = parse_with_spans(whole)
    start, end = spans["all", 1]
    assert whole[start:end] == f"title != {quoted}"
    start, end = spans["all", 1, "value"]
    assert json.loads(whole[start:end]) == said


NASTY = [
    *"abx_ .,:;=<>!&|^~+-*/%@#$?()[]{}\\'\"019\n\r\t\f\0\v",
    " and ", " or ", "not ", " in ", " is ", " if ", " else ", "lambda", "always", "known(", "all(",
    "at_least(2, ", "money(", "datetime(", "within(", "lower(", "param.", "f'", "\\x", "\\N{DASH}", "1e9",
    "== 5", "'a'", "[1, 'b']", "yield", "await ", "*", "**", ":=", "...", "None", "true",
    "\N{KELVIN SIGN}", "\ud800", "\N{GRINNING FACE}", "\u2028", "\ufeff", "\xa0", "\N{FULLWIDTH LATIN SMALL LETTER A}",
]  # fmt: skip


@given(st.one_of(st.lists(st.sampled_from(NASTY), max_size=25).map("".join), st.text()))
@example("[" * 90 + "a" + "]" * 90)
@example("{a:" * 90)
@example("not " * 2_499)
@example("-" * 9_999 + "a")
@example("a" + ".b" * 4_000)
@example("a" + "+a" * 4_999)
@example("a==" * 3_000 + "a")
@example("f(" * 95 + ")" * 95)
@example("9" * 5_000)
@example("at_least(" + "9" * 4_000 + ", vip)")
@example("1e" + "9" * 5_000)
@example("'" * 9_999)
@example("lambda:" * 1_400 + "a")
@example("a if b else " * 800 + "c")
@example("datetime('9999-12-31T23:59:59-23:59') > a")
def test_any_text_is_a_condition_or_a_policy_error(said: str) -> None:
    """Law: for every text, parse returns a condition or raises PolicyError with carets in it."""
    try:
        tree = parse(said)
    except PolicyError as error:
        issues = error.issues
    else:
        again = format_condition(tree)  # a chain of comparisons is longer when spelt out
        assert len(again) > LONGEST or parse(again) == tree
        return
    for issue in issues:
        assert issue.caret is not None
        start, end = issue.caret
        assert 0 <= start < end <= max(1, len(said))
        assert str(issue)


BAD: list[tuple[str, str, str]] = [
    (
        "",
        "1:1: says nothing; write 'always' for a condition that is always true [empty]",
        "^",
    ),
    (
        "# why",
        "1:1: a condition holds no comment; use 'why:' of the rule [syntax]",
        "^^^^^",
    ),
    (
        "a == 1 # why",
        "1:8: a condition holds no comment; use 'why:' of the rule [syntax]",
        "       ^^^^^",
    ),
    (
        "größe > 5",
        "1:3: 'ö' stands outside a text; names are ASCII letters, digits and '_' [bad-name]",
        "  ^",
    ),
    (
        'note == "ü" and größe > 5',
        "1:19: 'ö' stands outside a text; names are ASCII letters, digits and '_' [bad-name]",
        "                  ^",
    ),
    (
        "a == 'x",
        "1:6: the text is not closed; expected ' at its end [syntax]",
        "     ^^",
    ),
    (
        'note == "a\\d"',
        "1:11: '\\d' means nothing; write '\\\\' for a backslash [syntax]",
        "          ^^",
    ),
    (
        'note == "\\ud800"',
        "1:9: '\\ud800' is not valid Unicode; it has half of a surrogate pair [bad-literal]",
        "        ^^^^^^^^",
    ),
    (
        'note == "a" "b"',
        "1:13: two texts side by side; is a comma missing? [syntax]",
        "            ^",
    ),
    (
        'note == f"a"',
        '1:9: no letter may stand before a text: "..." [syntax]',
        "        ^",
    ),
    (
        'note in"a"',
        '1:7: no letter may stand before a text: "..." [syntax]',
        "      ^",
    ),
    (
        "visits > 007",
        "1:10: '007' is not a number; expected digits, or a text in quotes [bad-literal]",
        "         ^^^",
    ),
    (
        "visits > 1_000",
        "1:10: '1_000' is not a number; expected digits, or a text in quotes [bad-literal]",
        "         ^^^^^",
    ),
    (
        "visits > 5and vip",
        "1:10: '5and' is not a number; expected digits, or a text in quotes [bad-literal]",
        "         ^^^^",
    ),
    (
        "visits > 0x10",
        "1:10: '0x10' is not a number; expected digits, or a text in quotes [bad-literal]",
        "         ^^^^",
    ),
    (
        "visits = 5",
        "1:8: cannot be read: invalid syntax; write '==' to compare [syntax]",
        "       ^",
    ),
    (
        "vip && consent",
        "1:6: cannot be read: invalid syntax; write 'and' [syntax]",
        "     ^",
    ),
    (
        "vip || consent",
        "1:6: cannot be read: invalid syntax; write 'or' [syntax]",
        "     ^",
    ),
    (
        "visits <> 5",
        "1:8: cannot be read: invalid syntax; write '!=' [syntax]",
        "       ^",
    ),
    (
        "!vip",
        "1:1: cannot be read: invalid syntax; write 'not' [syntax]",
        "^",
    ),
    (
        "visits >",
        "1:8: cannot be read: invalid syntax [syntax]",
        "       ^",
    ),
    (
        "visits > 5)",
        "1:11: cannot be read: unmatched ')' [syntax]",
        "          ^",
    ),
    (
        "(visits > 5",
        "1:1: cannot be read: '(' was never closed [syntax]",
        "^",
    ),
    (
        "visits > 5 vip",
        "1:12: cannot be read: invalid syntax [syntax]",
        "           ^",
    ),
    (
        "visits > 5; vip",
        "1:11: cannot be read: invalid syntax [syntax]",
        "          ^",
    ),
    (
        "note == 'ü' and visits = 5",
        "1:24: cannot be read: invalid syntax; write '==' to compare [syntax]",
        "                       ^",
    ),
    (
        "5",
        "1:1: '5' is no condition; compare it with something [not-a-condition]",
        "^",
    ),
    (
        "'a'",
        "1:1: ''a'' is no condition; compare it with something [not-a-condition]",
        "^^^",
    ),
    (
        "true",
        "1:1: says nothing; write 'always' if it is meant [not-a-condition]",
        "^^^^",
    ),
    (
        "visits + 1",
        "1:1: 'visits + 1' is no condition; compare it with something [not-a-condition]",
        "^^^^^^^^^^",
    ),
    (
        "[visits]",
        "1:1: '[visits]' is no condition; compare it with something [not-a-condition]",
        "^^^^^^^^",
    ),
    (
        "always > 5",
        "1:1: 'always' is a condition, not a value [not-a-term]",
        "^^^^^^",
    ),
    (
        "visits > always",
        "1:10: 'always' is a condition, not a value [not-a-term]",
        "         ^^^^^^",
    ),
    (
        "visits > 5 if vip else 3",
        "1:1: 'if ... else' is not allowed; write two rules [syntax]",
        "^^^^^^^^^^^^^^^^^^^^^^^^",
    ),
    (
        "vip if vip else consent",
        "1:1: 'if ... else' is not allowed; write two rules [syntax]",
        "^^^^^^^^^^^^^^^^^^^^^^^",
    ),
    (
        "lambda: vip",
        "1:1: 'lambda: vip' is no condition; compare it with something [not-a-condition]",
        "^^^^^^^^^^^",
    ),
    (
        "(visits := 5)",
        "1:2: 'visits := 5' is no condition; compare it with something [not-a-condition]",
        " ^^^^^^^^^^^",
    ),
    (
        "visits is None",
        "1:1: 'is' is not an operator; write known(x) or missing(x), or '==' [syntax]",
        "^^^^^^^^^^^^^^",
    ),
    (
        "visits == None",
        "1:11: there is no None; write missing(x) or known(x) [not-a-term]",
        "          ^^^^",
    ),
    (
        "visits is not 5",
        "1:1: 'is' is not an operator; write known(x) or missing(x), or '==' [syntax]",
        "^^^^^^^^^^^^^^^",
    ),
    (
        "(visits > 5) == true",
        "1:2: a condition cannot be compared; use 'and', 'or', 'not' [not-a-term]",
        " ^^^^^^^^^^",
    ),
    (
        "visits > (vip and consent)",
        "1:11: a condition cannot be compared; use 'and', 'or', 'not' [not-a-term]",
        "          ^^^^^^^^^^^^^^^",
    ),
    (
        "visits > (not vip)",
        "1:11: a condition cannot be compared; use 'and', 'or', 'not' [not-a-term]",
        "          ^^^^^^^",
    ),
    (
        "visits > [5]",
        "1:10: a list stands only after 'in' and 'not in' [not-a-term]",
        "         ^^^",
    ),
    (
        "visits in []",
        "1:11: an empty list; expected at least one value [empty]",
        "          ^^",
    ),
    (
        "visits in [vip and consent]",
        "1:12: a condition cannot be compared; use 'and', 'or', 'not' [not-a-term]",
        "           ^^^^^^^^^^^^^^^",
    ),
    (
        "visits ** 2 > 5",
        "1:1: not allowed in a condition [syntax]",
        "^^^^^^^^^^^",
    ),
    (
        "visits % 2 == 1",
        "1:1: not allowed in a condition [syntax]",
        "^^^^^^^^^^",
    ),
    (
        "visits > 5j",
        "1:10: '5j' is not a number; expected digits, or a text in quotes [bad-literal]",
        "         ^^",
    ),
    (
        "visits > ...",
        "1:10: expected a text, a number, true or false [not-a-term]",
        "         ^^^",
    ),
    (
        "visits > 9007199254740993",
        "1:10: an integer beyond 2^53; expected a smaller one [bad-literal]",
        "         ^^^^^^^^^^^^^^^^",
    ),
    (
        "visits > -9007199254740993",
        "1:10: an integer beyond 2^53; expected a smaller one [bad-literal]",
        "         ^^^^^^^^^^^^^^^^^",
    ),
    (
        "rate > 1e999",
        "1:8: not a finite number [bad-literal]",
        "       ^^^^^",
    ),
    (
        "rate > -1e999",
        "1:8: not a finite number [bad-literal]",
        "       ^^^^^^",
    ),
    (
        "note.lower() == 'a'",
        "1:1: functions of a value are not allowed; write lower(note) [unknown-function]",
        "^^^^^^^^^^^^",
    ),
    (
        "note.startswith('a')",
        "1:1: functions of a value are not allowed; did you mean 'starts_with'? [unknown-function]",
        "^^^^^^^^^^^^^^^^^^^^",
    ),
    (
        "startswith(note, 'a')",
        "1:1: no function 'startswith'; did you mean 'starts_with'? [unknown-function]",
        "^^^^^^^^^^^^^^^^^^^^^",
    ),
    (
        "foo(note)",
        "1:1: no function 'foo' [unknown-function]",
        "^^^^^^^^^",
    ),
    (
        "foo(note) > 5",
        "1:1: no function 'foo' [unknown-function]",
        "^^^^^^^^^",
    ),
    (
        "(note)(5)",
        "1:1: no function 'note' [unknown-function]",
        "^^^^^^^^^",
    ),
    (
        "note[0] == 'a'",
        "1:1: not allowed in a condition [syntax]",
        "^^^^^^^",
    ),
    (
        "contains(note)",
        "1:1: 'contains' takes two arguments; 1 given [arguments]",
        "^^^^^^^^^^^^^^",
    ),
    (
        "contains(note, 'a', 'b')",
        "1:1: 'contains' takes two arguments; 3 given [arguments]",
        "^^^^^^^^^^^^^^^^^^^^^^^^",
    ),
    (
        "contains(note, text='a')",
        "1:1: 'contains' takes no named arguments [arguments]",
        "^^^^^^^^^^^^^^^^^^^^^^^^",
    ),
    (
        "known()",
        "1:1: 'known' takes one argument; 0 given [arguments]",
        "^^^^^^^",
    ),
    (
        "known(note, note)",
        "1:1: 'known' takes one argument; 2 given [arguments]",
        "^^^^^^^^^^^^^^^^^",
    ),
    (
        "known(note == 'a')",
        "1:7: a condition cannot be compared; use 'and', 'or', 'not' [not-a-term]",
        "      ^^^^^^^^^^^",
    ),
    (
        "all()",
        "1:1: 'all' of nothing; write 'always' if it is meant [empty]",
        "^^^^^",
    ),
    (
        "any()",
        "1:1: 'any' of nothing; write 'always' if it is meant [empty]",
        "^^^^^",
    ),
    (
        "at_least(vip, consent)",
        "1:1: 'at_least' takes a whole number, then conditions: at_least(2, a, b) [arguments]",
        "^^^^^^^^^^^^^^^^^^^^^^",
    ),
    (
        "at_least(1)",
        "1:1: 'at_least' takes a whole number, then conditions: at_least(2, a, b) [arguments]",
        "^^^^^^^^^^^",
    ),
    (
        "at_least(true, vip)",
        "1:1: 'at_least' takes a whole number, then conditions: at_least(2, a, b) [arguments]",
        "^^^^^^^^^^^^^^^^^^^",
    ),
    (
        "all(*vip)",
        "1:5: '*vip' is no condition; compare it with something [not-a-condition]",
        "    ^^^^",
    ),
    (
        "lower(note, note) == 'a'",
        "1:1: 'lower' takes one field: lower(x) [arguments]",
        "^^^^^^^^^^^^^^^^^",
    ),
    (
        "lower() == 'a'",
        "1:1: 'lower' takes one field: lower(x) [arguments]",
        "^^^^^^^",
    ),
    (
        "days_since(seen, seen) > 5",
        "1:1: 'days_since' takes one field: days_since(x) [arguments]",
        "^^^^^^^^^^^^^^^^^^^^^^",
    ),
    (
        "contains(note, 'a') > 5",
        "1:1: 'contains(...)' is a condition, not a value [not-a-term]",
        "^^^^^^^^^^^^^^^^^^^",
    ),
    (
        "money(5) > deal",
        "1:1: 'money' takes one text: money(\"50000 EUR\") [arguments]",
        "^^^^^^^^",
    ),
    (
        "deal > money('5')",
        "1:8: '5' is not money; expected an amount and a currency: '50000 EUR' [bad-literal]",
        "       ^^^^^^^^^^",
    ),
    (
        "deal > money('5.001 EUR')",
        "1:8: '5.001 EUR' has more than the 2 decimals of EUR [bad-literal]",
        "       ^^^^^^^^^^^^^^^^^^",
    ),
    (
        "renews > date('31.1.2026')",
        "1:10: '31.1.2026' is not a date; expected '2026-01-31' [bad-literal]",
        "         ^^^^^^^^^^^^^^^^^",
    ),
    (
        "seen > datetime('2026-01-31')",
        "1:8: '2026-01-31' is not a moment with a zone; expected '2026-01-31T09:00:00+01:00' [bad-literal]",
        "       ^^^^^^^^^^^^^^^^^^^^^^",
    ),
    (
        "seen > datetime('now')",
        "1:8: 'now' is not a moment with a zone; expected '2026-01-31T09:00:00+01:00' [bad-literal]",
        "       ^^^^^^^^^^^^^^^",
    ),
    (
        "within(seen, '1 month')",
        "1:14: '1 month' is not a duration; expected a number and a unit from seconds to weeks: '30 days'; a month is not a duration, since months differ [bad-literal]",
        "             ^^^^^^^^^",
    ),
    (
        "within(seen, 'soon')",
        "1:14: 'soon' is not a duration; expected a number and a unit from seconds to weeks: '30 days' [bad-literal]",
        "             ^^^^^^",
    ),
    (
        "within(seen, '999999999 weeks')",
        "1:14: '999999999 weeks' is too long; expected at most 10000 days [bad-literal]",
        "             ^^^^^^^^^^^^^^^^^",
    ),
    (
        "param.count",
        "1:1: a parameter is no condition; compare it [not-a-condition]",
        "^^^^^^^^^^^",
    ),
    (
        "'a'.b == 5",
        "1:1: only names can have parts: company.employees [syntax]",
        "^^^^^",
    ),
    (
        "a.b().c == 5",
        "1:1: only names can have parts: company.employees [syntax]",
        "^^^^^^^",
    ),
    (
        "f'{a}' == 5",
        "1:1: no letter may stand before a text: '...' [syntax]",
        "^",
    ),
    (
        "(yield)",
        "1:2: 'yield' is no condition; compare it with something [not-a-condition]",
        " ^^^^^",
    ),
    (
        "visits > f(5)",
        "1:10: no function 'f' [unknown-function]",
        "         ^^^^",
    ),
    (
        "visits > +5",
        "1:10: not allowed in a condition [syntax]",
        "         ^^",
    ),
    (
        "~visits > 5",
        "1:1: not allowed in a condition [syntax]",
        "^^^^^^^",
    ),
    (
        "a == 1 == ",
        "1:10: cannot be read: invalid syntax [syntax]",
        "         ^",
    ),
    (
        "visits > 5 >",
        "1:12: cannot be read: invalid syntax [syntax]",
        "           ^",
    ),
    (
        "vip, consent",
        "1:1: 'vip, consent' is no condition; compare it with something [not-a-condition]",
        "^^^^^^^^^^^^",
    ),
    (
        "{vip}",
        "1:1: '{vip}' is no condition; compare it with something [not-a-condition]",
        "^^^^^",
    ),
    (
        "not",
        "1:3: cannot be read: invalid syntax [syntax]",
        "  ^",
    ),
    (
        "visits > 5 and",
        "1:14: cannot be read: invalid syntax [syntax]",
        "             ^",
    ),
    (
        "visits == ¹",
        "1:11: '¹' stands outside a text; names are ASCII letters, digits and '_' [bad-name]",
        "          ^",
    ),
    (
        "visits > \u0665",
        "1:10: '\u0665' stands outside a text; names are ASCII letters, digits and '_' [bad-name]",
        "         ^",
    ),
    (
        "@",
        "1:1: cannot be read: invalid syntax [syntax]",
        "^",
    ),
    (
        "visits in 5",
        "1:11: 'in' needs a list: x in [1, 2] [type-mismatch]",
        "          ^",
    ),
    (
        "deal not in money('5 EUR')",
        "1:13: 'in' needs a list: x in [1, 2] [type-mismatch]",
        "            ^^^^^^^^^^^^^^",
    ),
    (
        "country.upper() == 'DE'",
        "1:1: functions of a value are not allowed; write lower(country) [unknown-function]",
        "^^^^^^^^^^^^^^^",
    ),
    (
        "at_least(2, x for x in y)",
        "1:13: cannot be read: invalid syntax [syntax]",
        "            ^",
    ),
    (
        "$visits",
        "1:1: cannot be read: invalid syntax [syntax]",
        "^",
    ),
]
"""What is wrong with a text: the text, what is said of it, and what stands under it."""


@pytest.mark.parametrize(("said", "message", "marks"), BAD)
def test_a_text_that_is_no_condition_is_told_with_its_place(
    said: str, message: str, marks: str
) -> None:
    with pytest.raises(PolicyError) as raised:
        parse(said)
    expected = f"1 problem in the policy\n  {message}\n      {said}\n      {marks}"
    assert str(raised.value) == expected


@pytest.mark.parametrize(
    ("said", "message", "line", "marks"),
    [
        (
            "  \n ",
            "1:1: says nothing; write 'always' for a condition that is always true [empty]",
            "  ",
            "^",
        ),
        (
            "vip and\n  visits = 5",
            "2:10: cannot be read: invalid syntax; write '==' to compare [syntax]",
            "  visits = 5",
            "         ^",
        ),
        (
            "vip and\n  gr\xf6\xdfe > 5",
            "2:5: '\xf6' stands outside a text; names are ASCII letters, digits and '_' [bad-name]",
            "  gr\xf6\xdfe > 5",
            "    ^",
        ),
        (
            "vip and\n note == '\xfc' and 'a'",
            "2:18: ''a'' is no condition; compare it with something [not-a-condition]",
            " note == '\xfc' and 'a'",
            "                 ^^^",
        ),
        (
            "note == 'a\nb'",
            "1:9: the text is not closed; expected ' at its end [syntax]",
            "note == 'a",
            "        ^^",
        ),
        (
            "note == 'a\\\nb'",
            "1:11: '\\' means nothing; write '\\\\' for a backslash [syntax]",
            "note == 'a\\",
            "          ^",
        ),
        (
            "visits > 5 \\\n and vip",
            "1:13: cannot be read: invalid syntax; remove the '\\' [syntax]",
            "visits > 5 \\",
            "            ^",
        ),
        (
            "a\u200bb",
            "1:2: 'U+200B' stands outside a text; names are ASCII letters, digits and '_' [bad-name]",
            "a\u200bb",
            " ^",
        ),
        (
            "note == 'a\0b'",
            "1:11: U+0000 cannot stand in a condition [bad-literal]",
            "note == 'a\0b'",
            "          ^",
        ),
        (
            "note == '\ud800'",
            "1:10: U+D800 cannot stand in a condition [bad-literal]",
            "note == '?'",
            "         ^",
        ),
        (
            "x" * 10_001,
            "1:1: has 10001 characters; expected at most 10000 [too-long]",
            "x" * 37 + "...",
            "^",
        ),
        (
            "(" * 97 + "vip" + ")" * 97,
            "1:97: nested too deep; expected at most 32 levels [too-deep]",
            "(" * 97 + "vip" + ")" * 97,
            " " * 96 + "^",
        ),
        (
            "not " * 200 + "vip",
            "1:1: nested too deep; expected at most 32 levels [too-deep]",
            "not " * 200 + "vip",
            "^" * 803,
        ),
        (
            "not " * 2_400 + "vip",
            "1:1: nested too deep; expected at most 32 levels [too-deep]",
            "not " * 2_400 + "vip",
            "^" * 9_603,
        ),
        (
            "ok " * 3_000 + "'not' ",
            "1:1: cannot be read: invalid syntax [syntax]",
            "ok " * 3_000 + "'not' ",
            "^" * 9_006,
        ),
    ],
    ids=range(15),
)
def test_places_in_long_and_many_lined_texts(
    said: str, message: str, line: str, marks: str
) -> None:
    with pytest.raises(PolicyError) as raised:
        parse(said)
    expected = f"1 problem in the policy\n  {message}\n      {line}\n      {marks}"
    assert str(raised.value) == expected


def test_every_mistake_of_a_text_is_told_at_once() -> None:
    with pytest.raises(PolicyError) as raised:
        parse("visits > None and foo(note) or 5")
    assert [issue.code for issue in raised.value.issues] == [
        "not-a-term",
        "unknown-function",
        "not-a-condition",
    ]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("None in tags", "there is no None; write missing(x) or known(x)"),
        ("0 < visits < None", "there is no None; write missing(x) or known(x)"),
        ("f(5)(6) > visits", "only listed functions can be called"),
        ("visits > (1 if vip else 2)", "'if ... else' is not allowed; write two rules"),
        ("visits in [None]", "there is no None; write missing(x) or known(x)"),
        ("at_least(1, None)", "'None' is no condition; compare it with something"),
        ("not None", "'None' is no condition; compare it with something"),
        ("-note() > 5", "no function 'note'"),
    ],
)
def test_a_mistake_inside_is_told_once(said: str, message: str) -> None:
    with pytest.raises(PolicyError) as raised:
        parse(said)
    assert [issue.message for issue in raised.value.issues] == [message]


def test_a_condition_of_ten_thousand_characters_is_read() -> None:
    said = " or ".join(["visits == 5"] * 666)
    assert len(said) <= LONGEST
    assert len(parse(said).parts) == 666  # type: ignore[union-attr]  # an AnyOf
