"""What a cell says: text and typed cells of every kind, and the reasons for which it is refused."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leadrules.intake.cells import Spelling, Unreadable, cell_text, parser, read_money
from leadrules.values import Money, Type

COMMA = Spelling(decimal=",")
BERLIN = Spelling(zone=ZoneInfo("Europe/Berlin"))
GERMAN = Spelling(zone=ZoneInfo("Europe/Berlin"), dates=("%d.%m.%Y %H:%M", "%d.%m.%Y"))
IDENTIFIER = Spelling(identifier=True)
SECONDS = Spelling(unit="seconds")
NBSP, NARROW = "\u00a0", "\u202f"


@pytest.mark.parametrize(
    ("wanted", "cell", "spelling", "expected"),
    [
        (Type.STRING, 1234567890123456001, IDENTIFIER, "1234567890123456001"),
        (Type.STRING, 660737.0, IDENTIFIER, "660737"),
        (Type.STRING, Decimal("3.50"), Spelling(), "3.50"),
        (Type.STRING, Decimal("17.0"), Spelling(), "17"),
        (Type.STRING, 3.5, Spelling(), "3.5"),
        (Type.STRING, True, Spelling(), "true"),
        (Type.STRING, date(2024, 1, 5), Spelling(), "2024-01-05"),
        (Type.STRING, "12E45", IDENTIFIER, "12E45"),
        (Type.INTEGER, "120", Spelling(), 120),
        (Type.INTEGER, "1,234,567", Spelling(), 1_234_567),
        (Type.INTEGER, "-3.0", Spelling(), -3),
        (Type.INTEGER, 12.0, Spelling(), 12),
        (Type.NUMBER, "1.234,5", COMMA, 1234.5),
        (Type.NUMBER, f"1{NBSP}234,5", COMMA, 1234.5),
        (Type.NUMBER, f"12{NARROW}345.25", Spelling(), 12345.25),
        (Type.NUMBER, "1'234'567.5", Spelling(), 1234567.5),
        (Type.NUMBER, ".5", Spelling(), 0.5),
        (Type.NUMBER, "+5.", Spelling(), 5.0),
        (Type.NUMBER, "2.5e3", Spelling(), 2500.0),
        (Type.NUMBER, Decimal("0.1"), Spelling(), 0.1),
        (Type.BOOLEAN, "YES", Spelling(), True),
        (Type.BOOLEAN, "0", Spelling(), False),
        (Type.BOOLEAN, 1.0, Spelling(), True),
        (Type.BOOLEAN, False, Spelling(), False),
        (Type.DATE, "21.06.2024", GERMAN, date(2024, 6, 21)),
        (Type.DATE, "2024-06-21T00:00:00", Spelling(), date(2024, 6, 21)),
        (Type.DATE, datetime(2024, 6, 21), Spelling(), date(2024, 6, 21)),  # noqa: DTZ001
        (Type.DATETIME, "21.06.2024 15:30", GERMAN, datetime(2024, 6, 21, 13, 30, tzinfo=UTC)),
        (Type.DATETIME, "21.06.2024", GERMAN, datetime(2024, 6, 20, 22, tzinfo=UTC)),
        (Type.DATETIME, "2024-06-21 15:30:00", BERLIN, datetime(2024, 6, 21, 13, 30, tzinfo=UTC)),
        (Type.DATETIME, "2024-06-21T15:30:00Z", BERLIN, datetime(2024, 6, 21, 15, 30, tzinfo=UTC)),
        (Type.DATETIME, date(2024, 1, 5), BERLIN, datetime(2024, 1, 4, 23, tzinfo=UTC)),
        (
            Type.DATETIME,
            datetime(2024, 1, 5, 9, tzinfo=timezone(timedelta(hours=-5))),
            Spelling(),
            datetime(2024, 1, 5, 14, tzinfo=UTC),
        ),
        # 2024-03-31 02:30 is skipped: shifted forward to 03:30 summer time
        (Type.DATETIME, "2024-03-31 02:30", BERLIN, datetime(2024, 3, 31, 1, 30, tzinfo=UTC)),
        # 2024-10-27 02:30 happens twice: the first, in summer time
        (Type.DATETIME, "2024-10-27 02:30", BERLIN, datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),
        (Type.DURATION, "2 days", Spelling(), timedelta(days=2)),
        (Type.DURATION, "00:26:43", Spelling(), timedelta(minutes=26, seconds=43)),
        (Type.DURATION, "26:03:04.5", Spelling(), timedelta(hours=26, minutes=3, seconds=4.5)),
        (
            Type.DURATION,
            "1 day, 13:52:12",
            Spelling(),
            timedelta(days=1, hours=13, minutes=52, seconds=12),
        ),
        (Type.DURATION, "171", SECONDS, timedelta(seconds=171)),
        (Type.DURATION, 171, SECONDS, timedelta(seconds=171)),
        (Type.DURATION, timedelta(hours=1), Spelling(), timedelta(hours=1)),
        (Type.STRINGS, " crm; analytics ;;", Spelling(), ("crm", "analytics")),
        (Type.STRINGS, "a|b", Spelling(separator="|"), ("a", "b")),
        (Type.STRINGS, ["a", 17], Spelling(), ("a", "17")),
    ],
)
def test_a_cell_says(wanted: Type, cell: object, spelling: Spelling, expected: object) -> None:
    found = parser(wanted)(cell, spelling=spelling)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("wanted", "cell", "spelling", "code", "reason"),
    [
        (
            Type.STRING,
            1.234567890123456e18,
            IDENTIFIER,
            "digits-lost",
            "'1.234567890123456e+18' is a floating-point number beyond 2^53; its digits are lost",
        ),
        (
            Type.STRING,
            Decimal("1.234567E+18"),
            IDENTIFIER,
            "digits-lost",
            "'1.234567E+18' is a rounded number; its digits are lost",
        ),
        (
            Type.STRING,
            "1,23457E+18",
            IDENTIFIER,
            "digits-lost",
            "'1,23457E+18' is a number that a spreadsheet has shortened; its digits are lost",
        ),
        (Type.STRING, float("inf"), Spelling(), "bad-number", "'inf' is not a finite number"),
        (Type.STRING, {"a": 1}, Spelling(), "bad-text", "'{'a': 1}' is not a text"),
        (Type.INTEGER, "3.5", Spelling(), "bad-number", "'3.5' is not a whole number"),
        (
            Type.INTEGER,
            "9007199254740993",
            Spelling(),
            "bad-number",
            "'9007199254740993' is beyond 2^53, where digits are lost",
        ),
        (Type.INTEGER, "50-100", Spelling(), "bad-number", "'50-100' is not a number"),
        (Type.INTEGER, True, Spelling(), "bad-number", "'True' is not a number"),
        (Type.NUMBER, "NaN", Spelling(), "bad-number", "'NaN' is not a number"),
        (Type.NUMBER, "1e999", Spelling(), "bad-number", "'1e999' is not a finite number"),
        (
            Type.NUMBER,
            float("inf"),
            Spelling(),
            "bad-number",
            "'inf' is not a finite number",
        ),
        (
            Type.NUMBER,
            2**53 + 1,
            Spelling(),
            "bad-number",
            "'9007199254740993' is beyond 2^53, where digits are lost",
        ),
        (Type.NUMBER, "1,5", Spelling(), "bad-number", "'1,5' is not a number"),
        (Type.NUMBER, "1.234.56", COMMA, "bad-number", "'1.234.56' is not a number"),
        (Type.NUMBER, "1 234.567,8", COMMA, "bad-number", "'1 234.567,8' is not a number"),
        (Type.NUMBER, ".", Spelling(), "bad-number", "'.' is not a number"),
        (Type.NUMBER, "\u0665", Spelling(), "bad-number", "'\u0665' is not a number"),
        (
            Type.BOOLEAN,
            "Ja",
            Spelling(),
            "bad-boolean",
            "'Ja' is not true or false; expected true/false, yes/no or 1/0",
        ),
        (
            Type.BOOLEAN,
            2,
            Spelling(),
            "bad-boolean",
            "'2' is not true or false; expected true/false, yes/no or 1/0",
        ),
        (
            Type.DATE,
            "21.06.2024 15:30",
            GERMAN,
            "bad-date",
            "'21.06.2024 15:30' is a moment; expected a date",
        ),
        (Type.DATE, "31.31.2024", Spelling(), "bad-date", "'31.31.2024' is not a date of ISO 8601"),
        (
            Type.DATETIME,
            "2024-06-21",
            GERMAN,
            "bad-date",
            "'2024-06-21' is not a date and time written '%d.%m.%Y %H:%M' or '%d.%m.%Y'",
        ),
        (Type.DATETIME, 5, BERLIN, "bad-date", "'5' is not a date and time of ISO 8601"),
        (
            Type.DATETIME,
            "2024-06-21",
            Spelling(),
            "bad-date",
            "'2024-06-21' states no time zone; state the zone",
        ),
        (Type.DATETIME, "0001-01-01", BERLIN, "bad-date", "'0001-01-01' is out of range"),
        (
            Type.DURATION,
            "171",
            Spelling(),
            "bad-duration",
            "'171' is not a duration; expected '30 days', '1:30:00' or a unit",
        ),
        (Type.DURATION, "1e300", SECONDS, "bad-duration", "'1e300' is out of range"),
        (Type.STRINGS, 5, Spelling(), "bad-text", "'5' is not a list of texts"),
        (
            Type.NUMBER,
            "x" * 70,
            Spelling(),
            "bad-number",
            f"'{'x' * 57}...' is not a number",
        ),
    ],
)
def test_a_cell_is_refused(
    wanted: Type, cell: object, spelling: Spelling, code: str, reason: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        parser(wanted)(cell, spelling=spelling)
    assert (caught.value.code, caught.value.reason) == (code, reason)


@pytest.mark.parametrize(
    ("cell", "currency", "expected"),
    [
        ("€ 3.500,00", "EUR", "3500 EUR"),
        ("€ 11398,00", "EUR", "11398 EUR"),
        ("1000", "EUR", "1000 EUR"),
        ("3.500,50 EUR", "EUR", "3500.5 EUR"),
        ("USD 12", None, "12 USD"),
        ("£5", None, "5 GBP"),
        ("$5", "CAD", "5 CAD"),
        (12.1, "EUR", "12.1 EUR"),
        (Decimal("12.10"), "EUR", "12.1 EUR"),
        (Money.parse("7 EUR"), None, "7 EUR"),
    ],
)
def test_a_cell_is_money(cell: object, currency: str | None, expected: str) -> None:
    assert str(read_money(cell, currency=currency, spelling=COMMA)) == expected


@pytest.mark.parametrize(
    ("cell", "currency", "reason"),
    [
        ("12", None, "'12' states no currency; expected '50000 EUR'"),
        ("$ 12", None, "'$ 12': '$' may be one of several currencies; state the currency"),
        ("$ 12", "EUR", "'$ 12' is not in EUR"),
        ("EUR 12 USD", None, "'EUR 12 USD' is not in EUR"),
        ("12.345", "EUR", "'12.345 EUR' has more than the 2 decimals of EUR"),
        ("€", "EUR", "'€' is not an amount of money"),
        ("9" * 16, "EUR", f"'{'9' * 16}' is not an amount of at most 15 digits before the point"),
        ("a lot", "EUR", "'a lot' is not a number"),
    ],
)
def test_a_cell_is_no_money(cell: object, currency: str | None, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_money(cell, currency=currency, spelling=Spelling())
    assert caught.value.reason == reason


@given(st.integers(), st.sampled_from([",", "'", " ", NBSP, NARROW]))
def test_grouping_changes_nothing(number: int, group: str) -> None:
    """Law: an integer within 2^53 is read as itself however its thousands are grouped."""
    number %= 2**53
    text = f"{number:,}".replace(",", group)
    assert parser(Type.INTEGER)(text, spelling=Spelling()) == number


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_a_number_survives_its_text(number: float) -> None:
    """Law: a number is read from its shortest text, with either decimal mark, as itself."""
    text = repr(number)
    assert parser(Type.NUMBER)(text, spelling=Spelling()) == number
    assert parser(Type.NUMBER)(text.replace(".", ","), spelling=COMMA) == number


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.decimals()))
@example(Decimal("sNaN"))
@example(10**400)
def test_every_cell_is_read_or_refused(cell: Any) -> None:
    """Law: whatever a cell holds, every type reads it or says why not."""
    for wanted in set(Type) - {Type.MONEY}:
        with suppress(Unreadable):
            parser(wanted)(cell, spelling=BERLIN)
    with suppress(Unreadable):
        read_money(cell, currency="EUR", spelling=BERLIN)


@given(st.integers())
def test_no_digit_of_an_id_is_lost(number: int) -> None:
    """Law: the text of an integer is the integer."""
    assert int(cell_text(number)) == number
