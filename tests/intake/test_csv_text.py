"""The records of CSV text: what is damaged, and the law that nothing is lost."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leadrules.intake.csv_text import Record, csv_records


def records(text: str, **options: object) -> list[Record]:
    return list(csv_records(StringIO(text, newline=""), **options))  # type: ignore[arg-type]


def told(text: str, **options: object) -> list[tuple[int, str, object]]:
    """Return line, text and cells or fault of each record."""
    return [
        (each.line, each.text, each.fault.code if each.fault else each.cells)
        for each in records(text, **options)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a,b\r\n1,2\r\n", [(1, "a,b\r\n", ["a", "b"]), (2, "1,2\r\n", ["1", "2"])]),
        ("a,b\n1,2", [(1, "a,b\n", ["a", "b"]), (2, "1,2", ["1", "2"])]),
        ("a\r1\r", [(1, "a\r", ["a"]), (2, "1\r", ["1"])]),
        ("\na\n\n1\n", [(1, "\n", None), (2, "a\n", ["a"]), (3, "\n", None), (4, "1\n", ["1"])]),
        (
            'a,b\n1,"x\n\ny"\n2,z\n',
            [
                (1, "a,b\n", ["a", "b"]),
                (2, '1,"x\n\ny"\n', ["1", "x\n\ny"]),
                (5, "2,z\n", ["2", "z"]),
            ],
        ),
        ('a\n"say ""hi"""\n', [(1, "a\n", ["a"]), (2, '"say ""hi"""\n', ['say "hi"'])]),
        ('a\n5" pipe\n', [(1, "a\n", ["a"]), (2, '5" pipe\n', ['5" pipe'])]),
        (
            "a,b\n1\n1,2,3\n",
            [
                (1, "a,b\n", ["a", "b"]),
                (2, "1\n", "too-few-cells"),
                (3, "1,2,3\n", "too-many-cells"),
            ],
        ),
        ('a\n"x"y\n2\n', [(1, "a\n", ["a"]), (2, '"x"y\n', "bad-quote"), (3, "2\n", ["2"])]),
        ("a\n\udcff\n", [(1, "a\n", ["a"]), (2, "\udcff\n", "undecodable")]),
        ("a\nx\0y\n", [(1, "a\n", ["a"]), (2, "x\0y\n", "nul-character")]),
    ],
)
def test_the_records_of(text: str, expected: list[object]) -> None:
    assert told(text) == expected


def test_a_stray_quote_at_the_end_costs_one_line() -> None:
    text = "a,b\n" + '1,"stray\n' + "".join(f"{n},x\n" for n in range(2, 50))
    found = records(text)
    assert [each.line for each in found if each.fault] == [2]
    assert found[1].fault is not None
    assert found[1].fault.reason == (
        "a quote is not closed before the end of the file; reading went on at the next line"
    )
    assert len(found) == 50


def test_a_stray_quote_in_a_long_file_costs_one_line() -> None:
    text = "a,b\n" + '1,"stray\n' + "".join(f"{n},x\n" for n in range(2, 10_000))
    found = records(text)
    assert [(each.line, each.fault.reason) for each in found if each.fault] == [
        (2, "a quote is not closed within 100 lines; reading went on at the next line")
    ]
    assert len(found) == 10_000


def test_a_stray_quote_that_another_cell_seems_to_close_costs_one_line() -> None:
    text = 'a,b\n1,"stray\n2,x\n3,"Smith, John"\n4,"5"\n'
    assert [(each.line, each.fault and each.fault.code) for each in records(text)] == [
        (1, None),
        (2, "bad-quote"),
        (3, None),
        (4, None),
        (5, None),
    ]


def test_a_record_of_several_lines_and_too_few_cells_gives_the_lines_back() -> None:
    assert told('a,b\n"1\n2",\n"3\n4"\n5,6\n')[2:] == [
        (4, '"3\n', "too-few-cells"),
        (5, '4"\n', "too-few-cells"),
        (6, "5,6\n", ["5", "6"]),
    ]


def test_how_many_lines_a_record_may_have_is_a_choice() -> None:
    text = 'a\n"1\n2\n3"\n'
    assert told(text, most=3)[1:] == [(2, '"1\n2\n3"\n', ["1\n2\n3"])]
    assert [code for _, _, code in told(text, most=2)[1:]] == ["unclosed-quote", ["2"], ['3"']]


def test_quotes_may_mean_nothing() -> None:
    assert told('a;b\n";"\n', delimiter=";", quote=None)[1] == (2, '";"\n', ['"', '"'])


def test_a_huge_cell_is_rejected_and_the_global_limit_left_alone() -> None:
    limit = csv.field_size_limit()
    found = records(f"a\n{'x' * (limit + 1)}\n1\n")
    assert found[1].fault is not None
    assert (found[1].fault.code, found[1].fault.reason) == (
        "huge-cell",
        f"a cell has more than {limit} characters",
    )
    assert found[2].cells == ["1"]
    assert csv.field_size_limit() == limit


CSV_TEXT = st.text(st.sampled_from('ab,;"\n\r \0\udcffé'), max_size=60)


@given(CSV_TEXT, st.integers(1, 4))
@example('a\n"', 1)
def test_the_texts_of_the_records_are_the_text(text: str, most: int) -> None:
    """Law: record texts joined are the input, and each starts on the line that it says."""
    found = records(text, most=most)
    assert "".join(each.text for each in found) == text
    lines = list(StringIO(text, newline=""))
    for each in found:
        assert "".join(lines[each.line - 1 :]).startswith(each.text)


ROWS = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(
            st.text(st.sampled_from('ab,;"\n\r é'), max_size=8), min_size=width, max_size=width
        ),
        min_size=1,
        max_size=8,
    )
)


@given(ROWS)
def test_what_is_written_is_read(rows: list[list[str]]) -> None:
    """Law: rows that the csv module writes are read again, each as it was."""
    file = StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
    assert [each.cells for each in records(file.getvalue())] == rows
