"""What a cell of an export says: the one place where text becomes a value of a field.

A cell is text, as in CSV, or already a number, a date or a list, as in JSON and data frames.
The parsers here never guess and never lose digits; what they cannot read is `Unreadable`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from leadrules.lead import FieldValue
from leadrules.values import LARGEST_INTEGER, Money, Type, parse_duration

__all__ = ["Spelling", "Unreadable", "cell_text", "parser", "read_money", "spells_currency"]

TRUE, FALSE = {"true", "yes", "1"}, {"false", "no", "0"}

_GROUP = "[ '\u00a0\u202f\u2019{other}]"
_NUMBER = (
    r"(?P<sign>[+-]?)(?P<whole>[0-9]{{1,3}}(?:(?P<group>{group})[0-9]{{3}}(?:(?P=group)[0-9]{{3}})*)"
    r"|[0-9]*)(?:{decimal}(?P<part>[0-9]*))?(?P<power>[eE][+-]?[0-9]{{1,3}})?"
)
_NUMBERS = {
    decimal: re.compile(
        _NUMBER.format(group=_GROUP.format(other=other), decimal=re.escape(decimal))
    )
    for decimal, other in ((".", ","), (",", "."))
}
_CURRENCY = "[A-Z]{3}|[$€£¥₹₽₺₴₩₪]"
_AMOUNT = re.compile(rf"(?P<before>{_CURRENCY})?\s*(?P<number>.*?)\s*(?P<after>{_CURRENCY})?")
_SYMBOLS = {
    "$": {"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "CLP", "COP", "ARS"},
    "€": {"EUR"},
    "£": {"GBP"},
    "¥": {"JPY", "CNY"},
    "₹": {"INR"},
    "₽": {"RUB"},
    "₺": {"TRY"},
    "₴": {"UAH"},
    "₩": {"KRW"},
    "₪": {"ILS"},
}
_CLOCK = re.compile(
    r"(?:(?P<days>[0-9]{1,6}) days?, )?(?P<hours>[0-9]{1,6}):(?P<minutes>[0-5][0-9])"
    r":(?P<seconds>[0-5][0-9](?:\.[0-9]{1,6})?)"
)
_SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+")


class Unreadable(Exception):  # noqa: N818 - it is caught by intake, and never leaves it
    """A cell or a row that cannot be read: a stable code and the reason.

    Attributes:
        code: As in `Reject`.
        reason: What is wrong, with the value.
        column: The column at fault, where it is known.
        field: The field that the column was to fill, where it is known.
    """

    def __init__(
        self, code: str, reason: str, *, column: str | None = None, field: str | None = None
    ) -> None:
        self.code = code
        self.reason = reason
        self.column = column
        self.field = field
        super().__init__(code, reason)


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the cells of a column spell their values.

    Attributes:
        decimal: The decimal mark; the other of `.` and `,` groups thousands.
        dates: Formats as in `strptime`, tried in order; none is ISO 8601.
        zone: The zone of times that state none.
        separator: What stands between the texts of a list.
        unit: What a bare number of a duration counts, such as `seconds`.
        identifier: Whether the text tells things apart, so that no digit may be lost.
    """

    decimal: str = "."
    dates: tuple[str, ...] = ()
    zone: ZoneInfo | None = None
    separator: str = ";"
    unit: str | None = None
    identifier: bool = False


class Parse(Protocol):
    """Reads a known cell as a value of one type."""

    def __call__(self, cell: Any, *, spelling: Spelling) -> FieldValue: ...


def parser(wanted: Type) -> Parse:
    """Return the function that reads a known cell as a value of a type.

    Money is not among them: it needs a currency too; see `read_money`.

    Examples:
        >>> parser(Type.NUMBER)("1.234,5", spelling=Spelling(decimal=","))
        1234.5
    """
    return _PARSERS[wanted]


def cell_text(cell: object) -> str:
    """Return a cell as the text that a CSV file would hold.

    Raises:
        Unreadable: If it has none without losing something.

    Examples:
        >>> cell_text(1234567890123456001)
        '1234567890123456001'
    """
    match cell:
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case int():
            return str(cell)
        case float() | Decimal():
            return _number_text(cell)
        case date():
            return cell.isoformat()
    raise Unreadable("bad-text", f"{_shown(cell)} is not a text")


def _number_text(cell: float | Decimal) -> str:
    if not _is_finite(cell):
        raise Unreadable("bad-number", f"'{cell}' is not a finite number")
    if isinstance(cell, Decimal):
        powers = cell.as_tuple().exponent
        if isinstance(powers, int) and powers > 0:
            raise Unreadable("digits-lost", f"'{cell}' is a rounded number; its digits are lost")
        return f"{int(cell)}" if cell == cell.to_integral_value() else f"{cell:f}"
    if abs(cell) > LARGEST_INTEGER:
        reason = f"'{cell!r}' is a floating-point number beyond 2^53; its digits are lost"
        raise Unreadable("digits-lost", reason)
    return f"{int(cell)}" if cell.is_integer() else repr(cell)


def _is_finite(number: float | Decimal) -> bool:
    if isinstance(number, Decimal):
        return number.is_finite()  # a signalling NaN raises wherever else it is touched
    return isinstance(number, int) or isfinite(number)


def _read_text(cell: object, *, spelling: Spelling) -> str:
    text = cell if isinstance(cell, str) else cell_text(cell)
    if spelling.identifier and not _is_id(cell):
        reason = f"'{text}' is not an id; expected a text or a whole number"
        raise Unreadable("bad-text", reason)
    if spelling.identifier and "+" in text and _SHORTENED.fullmatch(text):
        reason = f"'{text}' is a number that a spreadsheet has shortened; its digits are lost"
        raise Unreadable("digits-lost", reason)
    return text


def _is_id(cell: object) -> bool:
    """Return whether a cell that has a text may be an id: a text or a whole number."""
    if isinstance(cell, float | Decimal):
        return cell == int(cell)
    return isinstance(cell, str | int) and not isinstance(cell, bool)


def _plain(text: str, decimal: str) -> str | None:
    """Return a number without its thousands and with a decimal point; None if it is none."""
    if text.isascii() and text.isdigit():
        return text
    match = _NUMBERS[decimal].fullmatch(text)
    if match is None or not (match["whole"] or match["part"]):
        return None
    whole, group = match["whole"], match["group"]
    if group:
        whole = whole.replace(group, "")
    return f"{match['sign']}{whole or 0}.{match['part'] or 0}{match['power'] or ''}"


def _exact(cell: object, decimal: str) -> Decimal:
    """Return the number of a cell, with all its digits."""
    found: str | int | Decimal | None = None
    match cell:
        case str():
            found = _plain(cell, decimal)
        case bool():
            pass
        case int() | Decimal():
            found = cell
        case float():
            found = repr(cell)
    if found is None:
        raise Unreadable("bad-number", f"{_shown(cell)} is not a number")
    number = Decimal(found)
    if not _is_finite(number) or not isfinite(float(number)):
        raise Unreadable("bad-number", f"{_shown(cell)} is not a finite number")
    return number


def _read_integer(cell: object, *, spelling: Spelling) -> int:
    number = _exact(cell, spelling.decimal)
    if number != number.to_integral_value():
        raise Unreadable("bad-number", f"{_shown(cell)} is not a whole number")
    return int(_within(number, cell))


def _read_number(cell: object, *, spelling: Spelling) -> float:
    number = _exact(cell, spelling.decimal)
    if number == number.to_integral_value():
        _within(number, cell)
    return float(number)


def _within(number: Decimal, cell: object) -> Decimal:
    if abs(number) > LARGEST_INTEGER:
        raise Unreadable("bad-number", f"{_shown(cell)} is beyond 2^53, where digits are lost")
    return number


def _read_boolean(cell: object, *, spelling: Spelling) -> bool:  # noqa: ARG001 - as all do
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, str):
        word = cell.lower()
        if word in TRUE:
            return True
        if word in FALSE:
            return False
    elif isinstance(cell, int | float | Decimal) and _is_finite(cell) and cell in {0, 1}:
        return bool(cell)
    reason = f"{_shown(cell)} is not true or false; expected true/false, yes/no or 1/0"
    raise Unreadable("bad-boolean", reason)


def _moment(cell: object, spelling: Spelling) -> datetime | None:
    """Return the moment that a cell says, as it says it, or None."""
    match cell:
        case str() if not spelling.dates:
            try:
                return datetime.fromisoformat(cell)
            except ValueError:
                return None
        case str():
            for form in spelling.dates:
                try:
                    return datetime.strptime(cell, form)  # noqa: DTZ007 - a zone is added below
                except ValueError:
                    continue
        case datetime():
            return datetime.combine(
                date(cell.year, cell.month, cell.day),
                time(cell.hour, cell.minute, cell.second, cell.microsecond, cell.tzinfo),
            )
        case date():
            return datetime.combine(cell, time())
    return None


def _read_datetime(cell: object, *, spelling: Spelling) -> datetime:
    moment = _moment(cell, spelling)
    if moment is None:
        raise Unreadable("bad-date", f"{_shown(cell)} is not a date and time{_form(spelling)}")
    if moment.utcoffset() is None:
        if spelling.zone is None:
            raise Unreadable("bad-date", f"{_shown(cell)} states no time zone; state the zone")
        # fold is 0: what daylight saving skips is shifted forward, what it repeats is the first
        moment = moment.replace(tzinfo=spelling.zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Unreadable("bad-date", f"{_shown(cell)} is out of range") from None


def _read_date(cell: object, *, spelling: Spelling) -> date:
    moment = _moment(cell, spelling)
    if moment is None:
        raise Unreadable("bad-date", f"{_shown(cell)} is not a date{_form(spelling)}")
    if moment.time() != time():
        raise Unreadable("bad-date", f"{_shown(cell)} is a moment; expected a date")
    return moment.date()


def _form(spelling: Spelling) -> str:
    forms = " or ".join(f"'{form}'" for form in spelling.dates)
    return f" written {forms}" if forms else " of ISO 8601"


def _read_duration(cell: object, *, spelling: Spelling) -> timedelta:
    if isinstance(cell, timedelta):
        return timedelta(days=cell.days, seconds=cell.seconds, microseconds=cell.microseconds)
    if spelling.unit:
        try:
            return timedelta(**{spelling.unit: float(_exact(cell, spelling.decimal))})
        except OverflowError:
            raise Unreadable("bad-duration", f"{_shown(cell)} is out of range") from None
    clock = _CLOCK.fullmatch(cell) if isinstance(cell, str) else None
    if clock:
        return timedelta(**{unit: float(count) for unit, count in clock.groupdict("0").items()})
    try:
        return timedelta(microseconds=parse_duration(cell_text(cell)))
    except ValueError:
        reason = f"{_shown(cell)} is not a duration; expected '30 days', '1:30:00' or a unit"
        raise Unreadable("bad-duration", reason) from None


def _read_strings(cell: object, *, spelling: Spelling) -> tuple[str, ...]:
    if isinstance(cell, str):
        parts = [part.strip() for part in cell.split(spelling.separator)]
        return tuple(part for part in parts if part)
    if isinstance(cell, Iterable) and not isinstance(cell, Mapping | bytes):
        return tuple(cell_text(part) for part in cell)
    raise Unreadable("bad-text", f"{_shown(cell)} is not a list of texts")


_PARSERS: Mapping[Type, Parse] = {
    Type.STRING: _read_text,
    Type.ENUM: _read_text,
    Type.INTEGER: _read_integer,
    Type.NUMBER: _read_number,
    Type.BOOLEAN: _read_boolean,
    Type.DATE: _read_date,
    Type.DATETIME: _read_datetime,
    Type.DURATION: _read_duration,
    Type.STRINGS: _read_strings,
}


def read_money(cell: object, *, currency: str | None, spelling: Spelling) -> Money:
    """Return the money that a cell says, in the currency of its column or its own.

    The cell may state the currency too, before or after the amount; it must be the same.

    Raises:
        Unreadable: If it is no amount, or no currency or two are stated.

    Examples:
        >>> read_money("€ 3.500,00", currency="EUR", spelling=Spelling(decimal=","))
        Money('3500 EUR')
        >>> read_money("50000 USD", currency=None, spelling=Spelling())
        Money('50000 USD')
    """
    if isinstance(cell, Money):
        return cell
    amount = cell
    if isinstance(cell, str):
        match = _AMOUNT.fullmatch(cell)
        marks = [mark for mark in (match["before"], match["after"]) if mark] if match else []
        amount = match["number"] if match else cell
        for mark in marks:
            currency = _agreed(mark, currency, cell)
    if currency is None:
        raise Unreadable("bad-money", f"{_shown(cell)} states no currency; expected '50000 EUR'")
    number = _exact(amount, spelling.decimal) if amount != "" else None
    if number is None:
        raise Unreadable("bad-money", f"{_shown(cell)} is not an amount of money")
    try:
        money = Money(number, currency)
    except ValueError as error:
        raise Unreadable("bad-money", str(error)) from None
    if abs(money.minor) > LARGEST_INTEGER:
        raise Unreadable("bad-money", f"{_shown(cell)} is beyond 2^53 minor units")
    return money


def spells_currency(text: str) -> bool:
    """Return whether a text is three capital letters, as the currencies of ISO 4217 are."""
    return len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()  # noqa: PLR2004


def _agreed(mark: str, currency: str | None, cell: str) -> str:
    meant = _SYMBOLS.get(mark, {mark})
    if currency is None and len(meant) == 1:
        (currency,) = meant
    if currency is None:
        reason = f"'{cell}': '{mark}' may be one of several currencies; state the currency"
        raise Unreadable("bad-money", reason)
    if currency not in meant:
        raise Unreadable("bad-money", f"'{cell}' is not in {currency}")
    return currency


def _shown(cell: object) -> str:
    text = cell if isinstance(cell, str) else repr(cell)
    return f"'{text[:57]}...'" if len(text) > 60 else f"'{text}'"  # noqa: PLR2004
