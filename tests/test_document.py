from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from leadrules import document
from leadrules.document import Document, Path, Place, path_text, read_document
from leadrules.errors import DocumentError

LEADING_ZERO = "has a leading zero; quote it if it is text [leading-zero]"
EXPECTED = "expected a mapping of keys such as 'policy:'"


def issues(text: str | bytes) -> list[str]:
    """Return the issues of a bad document, as they are shown."""
    with pytest.raises(DocumentError) as caught:
        read_document(text)
    return [str(issue) for issue in caught.value.issues]


# What documents mean


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("FALSE", False),
        ("0", 0),
        ("-12", -12),
        ("+5", 5),
        ("0x1F", 31),
        ("0o17", 15),
        ("12345678901234567890123", 12345678901234567890123),
        ("-0.5", -0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("0.0", 0.0),
        ("yes", "yes"),
        ("on", "on"),
        ("NO", "NO"),
        ("tRue", "tRue"),
        ("9:00", "9:00"),
        ("2026-01-01", "2026-01-01"),
        ("1_000", "1_000"),
        ("+49 171", "+49 171"),
        ("0b11", "0b11"),
        ("-", "-"),
        (".", "."),
        ("NaN", "NaN"),
        ("'01234'", "01234"),
        ('"true"', "true"),
        ('""', ""),
        ("|\n  5\n", "5\n"),
    ],
)
def test_a_scalar_means_what_yaml_1_2_says(written: str, value: object) -> None:
    read = read_document(f"a: {written}" if written != "-" else "{a: '-'}").data["a"]
    assert (read, type(read)) == (value, type(value))


def test_a_key_is_its_text_as_written() -> None:
    text = "{2026-01-01: a, 1: b, NO: c, ~: d, 01: e, '<<': f, '': g, 1.50: h, &x i: *x}"
    keys = ["2026-01-01", "1", "NO", "~", "01", "<<", "", "1.50", "i"]
    assert list(read_document(text).data) == keys


def test_an_alias_gives_the_object_of_its_anchor() -> None:
    data = read_document("a: &x {b: [1]}\nc: *x\nd: [*x, &x 5, *x]").data
    assert data == {"a": {"b": [1]}, "c": {"b": [1]}, "d": [{"b": [1]}, 5, 5]}
    assert data["a"] is data["c"]


def test_a_document_may_have_markers_comments_and_a_byte_order_mark() -> None:
    text = "\ufeff%YAML 1.2\n---  # agreed\na: 1\n...\n"
    assert read_document(text).data == read_document(text.encode()).data == {"a": 1}


def test_json_is_read_with_tabs_too() -> None:
    assert read_document('{\n\t"a":\t[1,\t"x\\/\\u00e4"],"b":{}}').data == {
        "a": [1, "x/ä"],
        "b": {},
    }


def test_a_document_compares_prints_and_pickles() -> None:
    read = read_document("a: 1", source="p.yaml")
    assert read == Document({"a": 1}, source="p.yaml")
    assert repr(read) == "Document(data={'a': 1}, source='p.yaml')"
    assert pickle.loads(pickle.dumps(read)).place(("a",)) == Place(1, 4)


# Places

NESTED = """\
scoring:
  fit:
    - {when: "größe > 5", points: 20}
    -   when: b
  日本 😀: {x: &n [1, y], z: *n}
"""


@pytest.mark.parametrize(
    ("path", "place", "key_place"),
    [
        ((), (1, 1), (1, 1)),
        (("scoring",), (2, 3), (1, 1)),
        (("scoring", "fit"), (3, 5), (2, 3)),
        (("scoring", "fit", 0), (3, 7), (3, 7)),
        (("scoring", "fit", 0, "points"), (3, 35), (3, 27)),
        (("scoring", "fit", 1), (4, 9), (4, 9)),
        (("scoring", "fit", 1, "when"), (4, 15), (4, 9)),
        (("scoring", "日本 😀"), (5, 9), (5, 3)),
        (("scoring", "日本 😀", "x", 1), (5, 20), (5, 20)),
        (("scoring", "日本 😀", "z"), (5, 27), (5, 24)),
        (("scoring", "日本 😀", "z", 1), (5, 20), (5, 20)),
        (("scoring", "fit", 0, "points", "no"), (3, 35), (3, 35)),
        (("scoring", "fit", 7, "when"), (3, 5), (3, 5)),
        (("no",), (1, 1), (1, 1)),
    ],
)
@pytest.mark.parametrize("loader", [document.LOADER, yaml.Loader])
def test_every_value_and_key_has_its_place(
    path: Path,
    place: tuple[int, int],
    key_place: tuple[int, int],
    loader: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(document, "LOADER", loader)
    for text in (NESTED, "\ufeff" + NESTED, NESTED.replace("\n", "\r\n").encode()):
        read = read_document(text)
        assert read.place(path) == Place(*place)
        assert read.key_place(path) == Place(*key_place)


def test_data_that_was_no_text_has_no_places() -> None:
    given = Document({"a": ["b"]})
    assert given.place(("a", 0)) is given.key_place(("a",)) is given.text_place(("a", 0), 0) is None


@pytest.mark.parametrize(
    ("written", "marked", "place"),
    [
        ("x > 5", ">", (2, 11)),
        ("'ü == \"y\"'", "y", (2, 16)),
        ('"😀 > 5"', ">", (2, 12)),
        ('"  x"', " ", (2, 10)),
        ("&c x > 5", "5", (2, 16)),
        ("&c 'x > 5'", "5", (2, 17)),
        ("x >\n    5", "5", (3, 5)),
        ("x >\r\n    5", "5", (3, 5)),
        ("|  # 'why'\n    x\n      > 5\n\n", ">", (4, 7)),
        (">-\n    x >\n    5\n", "5", (4, 5)),
        (">-\n    x >\n    5\n", " 5", (3, 8)),
        ("'it''s > 5'", ">", (2, 9)),
        ('"x\\u0020> 5"', ">", (2, 9)),
    ],
)
def test_a_character_of_a_text_has_its_place(
    written: str, marked: str, place: tuple[int, int]
) -> None:
    read = read_document(f"rule:\n  when: {written}\nb: 1")
    path = ("rule", "when")
    assert read.text_place(path, read.data["rule"]["when"].index(marked)) == Place(*place)


def test_a_character_elsewhere_has_the_place_of_the_value_around_it() -> None:
    read = read_document("a: &x text\nb: *x\nc: 15\n")
    assert read.text_place(("a",), 4) == Place(1, 11)
    assert read.text_place(("b",), 2) == Place(2, 4)
    assert read.text_place(("c",), 1) == Place(3, 4)
    assert read.text_place(("no",), 1) == Place(1, 1)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("size", 0, "when"), "size[0].when"),
        ((0, "日本", "mon-thu"), "[0].日本.mon-thu"),
        (("a", "b.c", "d e", "", "it's", "x\ny"), "a['b.c']['d e'][''][\"it's\"]['x\\ny']"),
    ],
)
def test_a_path_is_shown_without_ambiguity(path: Path, text: str) -> None:
    assert path_text(path) == text


# Bad documents


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", [f"1:1: the document is empty, {EXPECTED} [empty]"]),
        ("# later\n", [f"1:1: the document is empty, {EXPECTED} [empty]"]),
        ("---\n", [f"2:1: the document is empty, {EXPECTED} [empty]"]),
        ("null", [f"1:1: the document is a single value, {EXPECTED} [not-a-mapping]"]),
        ("- a: 1", [f"1:1: the document is a list, {EXPECTED} [not-a-mapping]"]),
        (
            "a: 1\n---\nb: 01",
            ["2:1: a second document starts here; keep one document in a file [many-documents]"],
        ),
        (
            "a: 1\nb: 2\na: {c: 01}",
            [
                "3:1: a: key 'a' is given twice, first on line 1; keep one of them [duplicate-key]",
                "3:8: a.c: number '01' has a leading zero; quote it if it is text [leading-zero]",
            ],
        ),
        (
            "a: {<<: {b: 1}}",
            ["1:5: a.<<: merge key '<<' is not allowed; write the keys out [merge-key]"],
        ),
        (
            "a: {? [b] : c}",
            ["1:7: a: a key must be text, not a mapping, a list or an alias [bad-key]"],
        ),
        (
            "a: &x b\n*x : [01]",
            [
                "2:1: a key must be text, not a mapping, a list or an alias [bad-key]",
                "2:7: ?[0]: number '01' has a leading zero; quote it if it is text [leading-zero]",
            ],
        ),
        ("?\n: b", ["1:2: ['']: a key is missing here, expected text [bad-key]"]),
        (
            "a: !!python/name:os x\nb: !x {}\nc: ! 5\n!y d: 1",
            [
                (
                    "1:4: a: tag '!!python/name:os' is not allowed; "
                    "quote the text, or write 'not' for '!' [tag]"
                ),
                "2:4: b: tag '!x' is not allowed; quote the text, or write 'not' for '!' [tag]",
                "3:4: c: tag '!' is not allowed; quote the text, or write 'not' for '!' [tag]",
                "4:1: tag '!y' is not allowed; quote the text, or write 'not' for '!' [tag]",
            ],
        ),
        (
            "# x\n%TAG ! !y\n---\na: 1",
            ["2:1: tag directive '%TAG' is not allowed; remove it [tag]"],
        ),
        ("a: [*b]", ["1:5: a[0]: alias '*b' has no anchor before it [syntax]"]),
        ("a: &x {b: *x}", ["1:11: a.b: alias '*x' stands inside its own anchor [alias-cycle]"]),
        (
            "zip: 01234\nb: [-007, 01.5]",
            [
                f"1:6: zip: number '01234' {LEADING_ZERO}",
                f"2:5: b[0]: number '-007' {LEADING_ZERO}",
                f"2:11: b[1]: number '01.5' {LEADING_ZERO}",
            ],
        ),
        (
            "a: [-.inf, .NaN, 1e999]",
            [
                "1:5: a[0]: number '-.inf' is not finite; write a finite one [not-finite]",
                "1:12: a[1]: number '.NaN' is not finite; write a finite one [not-finite]",
                "1:18: a[2]: number '1e999' is not finite; write a finite one [not-finite]",
            ],
        ),
        (
            f"a: {'9' * 401}",
            ["1:4: a: a number of 401 characters, expected at most 400 [long-number]"],
        ),
    ],
)
def test_a_bad_document_is_told_in_full(text: str, shown: list[str]) -> None:
    assert issues(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a: b: c", "1:5: ':' is not allowed here; quote the text"),
        ("a:\n  - when: x: y", "2:12: a[0]: ':' is not allowed here; quote the condition"),
        ('when: "a" == b', "1:11: expected a key; quote the condition"),
        ("when: >= 5", "1:8: when: '|' or '>' must end its line; quote the condition"),
        (
            'r: {"when": c in ["US"], p: 1}',
            "1:18: r: expected ',' or '}'; quote the condition",
        ),
        ("a: {b: 1", "1:9: a: expected ',' or '}'; close the mapping of line 1"),
        ("a:\n  [1, 2}\n", "2:8: a[2]: expected ',' or ']'; close the list of line 2"),
        ("a: [1\n", "2:1: a[1]: expected ',' or ']'; close the list of line 1"),
        ("a: [,]", "1:5: a[0]: expected a value; quote the text"),
        ("a: - b", "1:4: a: '-' is not allowed here; quote the text"),
        ("a: @b", "1:4: a: text cannot start with this; quote the text"),
        ("a: *", "1:5: a: '*' or '&' needs a name; quote the text"),
        ("a: !x!y z", "1:4: a: a tag is not allowed; quote the text"),
        ("a: 'b\nc: d", "1:4: a: a quote that is never closed; close it"),
        ("a: 1\nfoo\nb: 2", "2:1: a key without ':'; write 'key: value'"),
        (
            "a:\n  b: 1\n c: 2",
            "3:2: expected a key; check the indentation and the quotes",
        ),
        ("a:\n  - b\n  c: d", "3:3: a[1]: expected a list item; check the indentation"),
        ("a:\n\tb: c", "2:1: a: a tab is not allowed here; indent with spaces"),
        ("when:\n  - b\n\t- c", "3:1: when[0]: a tab is not allowed here; indent with spaces"),
        ('a: "\\q"', "1:5: a: an unknown escape; use single quotes"),
        (
            'a: "\\ud83d\\ude00"',
            "1:7: a: an escape that means no character; write the character itself",
        ),
        ("a: 1\n... b", "2:5: the document ends before this; remove it"),
        ("%YAML 1.3\n---\na: 1", "1:1: only YAML 1.2 is read; remove the '%YAML' line"),
        ("%NO\n---\na: 1", "1:4: found unknown directive name; quote the text"),
    ],
)
def test_wrong_syntax_is_told_in_plain_words(text: str, shown: str) -> None:
    assert issues(text) == [f"{shown} [syntax]"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"a: \xff", "1:4: byte 3 (0xff) is not UTF-8; save the document as UTF-8"),
        (
            "\ufeffa\nä ".encode() + b"\xff",
            "2:3: byte 8 (0xff) is not UTF-8; save the document as UTF-8",
        ),
        ("a: 1".encode("utf-16"), "1:1: the document is UTF-16; save it as UTF-8"),
        ("a\nbc\0", "2:3: character U+0000 is not allowed in a document; remove it"),
        ("ü: \ud800", "1:4: character U+D800 is not allowed in a document; remove it"),
        ("a: \u2028", "1:4: character U+2028 is not allowed in a document; remove it"),
        ("a: b\ufeff", "1:5: character U+FEFF is not allowed in a document; remove it"),
    ],
)
def test_a_character_that_is_refused_has_its_place(text: str | bytes, shown: str) -> None:
    assert issues(text) == [f"{shown} [encoding]"]


def test_an_issue_before_wrong_syntax_is_told_too() -> None:
    assert issues("a: 01\nb: @") == [
        "1:4: a: number '01' has a leading zero; quote it if it is text [leading-zero]",
        "2:4: b: text cannot start with this; quote the text [syntax]",
    ]


def test_the_error_knows_the_source() -> None:
    with pytest.raises(DocumentError) as caught:
        read_document("", source="acme.yaml")
    assert str(caught.value) == (
        f"1 problem in acme.yaml\n  acme.yaml:1:1: the document is empty, {EXPECTED} [empty]"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('"\\ud800": 1', ["1:1: {} [syntax]"]),
        ('a: "\\ud83d\\ude00"', ["1:4: a: {} [syntax]"]),
        ('a: "\\U00110000"', ["1:1: a: {} [syntax]"]),
    ],
)
def test_without_libyaml_a_wrong_escape_is_refused_too(
    text: str, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "LOADER", yaml.Loader)
    message = "an escape that means no character; write the character itself"
    assert issues(text) == [one.format(message) for one in shown]


# Hostile documents

LAUGHS = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
)
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 100))


HOSTILE = {
    "flow": ("a: " + "[" * 100_000, "nested more than 64 levels deep; flatten it [too-deep]"),
    "keys": ("? " * 100_000, "nested more than 64 levels deep; flatten it [too-deep]"),
    "indentation": (
        "".join(f"{' ' * n}a:\n" for n in range(1_000)),
        "nested more than 64 levels deep; flatten it [too-deep]",
    ),
    "chain": (CHAIN, "64:12: a63[0]: nested more than 64 levels deep; flatten it [too-deep]"),
    "laughs": (
        LAUGHS,
        "30:12: aliases expand 294 values to more than 3,940; write them out [alias-bomb]",
    ),
    "colons": ("a: " * 1_700_000, "1:5: ':' is not allowed here; quote the text [syntax]"),
    "equal keys": (
        "a: 1\n" * 1_000_000,
        "1001:1: a: key 'a' is given twice, first on line 1; keep one of them [duplicate-key]",
    ),
    "long key": (
        f"? {'k' * 1_000_000}\n: 1",
        f"key '{'k' * 60}...' has 1,000,000 characters, expected at most 1,024 [bad-key]",
    ),
    "long number": (
        f"a: {'1' * 5_000_000}",
        "1:4: a: a number of 5,000,000 characters, expected at most 400 [long-number]",
    ),
    "tag directives": (
        "%TAG !a! x\n" * 1_000_000,
        "1:1: tag directive '%TAG' is not allowed; remove it [tag]",
    ),
    "long": (
        " " * 20_000_001,
        "1:1: the document has 20,000,001 characters, expected at most 20,000,000 [too-large]",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_refused_quickly(name: str) -> None:
    text, last = HOSTILE[name]
    assert issues(text)[-1].endswith(last)


def test_the_number_of_values_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MOST_VALUES", 1_000)
    message = "a[1000]: the document has more than 1,000 values; split it [too-large]"
    assert issues(f"a: [{'1,' * 1_001}]") == [f"1:2005: {message}"]


def test_aliases_within_the_bound_are_read() -> None:
    text = f"hours: &h [{'9, ' * 100}]\nweek: [{'*h, ' * 10}]"
    assert len(read_document(text).data["week"]) == 10


def test_aliases_that_deepen_no_further_than_64_levels_are_read() -> None:
    assert len(read_document("\n".join(CHAIN.splitlines()[:63])).data) == 63


# Laws

YAML_TEXT = st.text("{}[]:,&*!|>'\"\n\r\t -#%@`?~<.0123ax\\ä日😀\ufeff", max_size=60)
YAML_LINES = st.lists(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["", " ", "  ", "\t"]),
        st.sampled_from(["- ", "? ", "", "a: ", ": "]),
        st.sampled_from(["b", "[", "]", "{a: ", "}", "&x c", "*x", "|", "'d", "01", "!x"]),
    )
).map("\n".join)


@given(st.one_of(YAML_TEXT, YAML_LINES, st.text(), st.binary()), st.booleans())
@example("a: &x [*x]", True)
def test_any_text_is_a_document_or_a_document_error(text: str | bytes, with_libyaml: bool) -> None:
    """Law: nothing but a `DocumentError` escapes, and each of its issues has a place."""
    with pytest.MonkeyPatch.context() as patch:
        if not with_libyaml:
            patch.setattr(document, "LOADER", yaml.Loader)
        try:
            read = read_document(text)
        except DocumentError as error:
            read = None
            places = [(issue.line, issue.column) for issue in error.issues]
        else:
            places = [(1, 1)]
    assert read is None or isinstance(read.data, dict)
    assert all(line and column for line, column in places)


WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff"),
    max_size=12,
).filter(lambda word: not document.REFUSED_CHARACTER.search(word))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(-1e300, 1e300) | WORDS
JSON = st.dictionaries(
    WORDS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=4,
)


@given(JSON, st.sampled_from([None, 0, 2, "\t"]))
def test_json_reads_back_equal(data: dict[str, Any], indent: int | str | None) -> None:
    """Law: what `json.dumps` writes, as text or as bytes, is read as what it was."""
    text = json.dumps(data, ensure_ascii=False, indent=indent)
    assert read_document(text).data == data
    assert repr(read_document(text.encode()).data) == repr(data)


@given(JSON)
def test_a_place_is_where_the_value_is_written(data: dict[str, Any]) -> None:
    """Law: at the place of a value stands what it is written as; so does its key."""
    text = json.dumps(data, ensure_ascii=False, indent=1)
    lines, read = text.split("\n"), read_document(text)
    for key, value in data.items():
        place, key_place = read.place((key,)), read.key_place((key,))
        assert place is not None
        assert key_place is not None
        dumped = json.dumps(value, ensure_ascii=False, indent=1).split("\n")[0]
        assert lines[place.line - 1][place.column - 1 :].startswith(dumped)
        assert lines[key_place.line - 1][key_place.column - 1 :].startswith(
            json.dumps(key, ensure_ascii=False)
        )
