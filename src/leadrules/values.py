"""The values that a field can have, and how each is settled before anything is evaluated.

Inside an evaluation a value is *settled*: an instant is a whole number of microseconds since
1970 in UTC, money is a whole number of minor units with its currency, a number is finite.
`settle` is the one gate; the frame form has the same gate for columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import Any, NamedTuple

import pendulum
from pydantic_core import core_schema

from leadrules.errors import EvaluationError, as_written

__all__ = [
    "LARGEST_INTEGER",
    "Cash",
    "Instant",
    "Money",
    "Span",
    "Type",
    "Value",
    "datetime_of",
    "duration_text",
    "instant_of",
    "instant_text",
    "moment_of",
    "parse_duration",
    "parse_moment",
    "settle",
]

LARGEST_INTEGER = 2**53
"""Integers beyond this do not survive a float64 column, so they are missing."""

MICROSECONDS_A_DAY = 86_400_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = (datetime.min.replace(tzinfo=UTC) - _EPOCH).days
_LAST_DAY = (datetime.max.replace(tzinfo=UTC) - _EPOCH).days
_FIRST = _FIRST_DAY * MICROSECONDS_A_DAY
_LAST = (_LAST_DAY + 1) * MICROSECONDS_A_DAY - 1
_UNITS = {"week": 604_800, "day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?) (week|day|hour|minute|second)s?", re.ASCII)
_MONEY = re.compile(r"([+-]?\d{1,15}(?:\.\d{1,4})?) ([A-Z]{3})", re.ASCII)

# ISO 4217: the currencies whose minor unit is not a hundredth.
_WHOLE = (
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "ISK",
    "JPY",
    "KMF",
    "KRW",
    "PYG",
    "RWF",
    "UGX",
    "UYI",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
)
_THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_TEN_THOUSANDTHS = ("CLF", "UYW")
_DECIMALS = (
    dict.fromkeys(_WHOLE, 0) | dict.fromkeys(_THOUSANDTHS, 3) | dict.fromkeys(_TEN_THOUSANDTHS, 4)
)

_MOST_DIGITS = 15  # before the point
_MOST_MINOR_DIGITS = 18  # so that minor units are 64-bit integers


class Type(StrEnum):
    """The type of a field, a parameter or a term of a condition."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    DURATION = "duration"
    MONEY = "money"
    ENUM = "enum"
    STRINGS = "strings"

    @property
    def is_text(self) -> bool:
        """Whether a value of this type is one text."""
        return self in {Type.STRING, Type.ENUM}

    @property
    def is_numeric(self) -> bool:
        """Whether a value of this type is a number."""
        return self in {Type.INTEGER, Type.NUMBER}

    @property
    def noun(self) -> str:
        """What a message calls a value of this type."""
        return _NOUNS.get(self, f"a {self.value}")


_NOUNS = {
    Type.STRING: "a text",
    Type.INTEGER: "an integer",
    Type.ENUM: "one of the choices",
    Type.MONEY: "an amount of money",
    Type.STRINGS: "a list of texts",
}


class Instant(int):
    """A settled moment: microseconds since 1970-01-01T00:00Z."""

    __slots__ = ()


class Span(int):
    """A settled duration, in microseconds."""

    __slots__ = ()


class Cash(NamedTuple):
    """Settled money.

    Attributes:
        minor: The amount in minor units of the currency, such as cents.
        currency: The ISO 4217 code.
    """

    minor: int
    currency: str


Value = str | bool | int | float | date | Instant | Span | Cash | tuple[str, ...]


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount of money in one currency.

    Attributes:
        amount: In major units, such as euros; with no more decimals than the currency has,
            and less than 10^15, or 10^14 if the currency has four decimals.
        currency: The ISO 4217 code, such as `EUR`.

    Examples:
        >>> Money.parse("50000 EUR")
        Money('50000 EUR')
        >>> Money(Decimal("12.50"), "EUR").minor
        1250
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not re.fullmatch("[A-Z]{3}", self.currency):
            message = f"'{self.currency}' is no currency; expected an ISO 4217 code such as 'EUR'"
            raise ValueError(message)
        amount = Decimal(self.amount)
        object.__setattr__(self, "amount", amount)
        digits = min(_MOST_DIGITS, _MOST_MINOR_DIGITS - self.decimals)
        if not amount.is_finite() or abs(amount) >= 10**digits:
            message = f"'{amount}' is not an amount of at most {digits} digits before the point"
            raise ValueError(message)
        scaled = self.amount.scaleb(self.decimals)
        if scaled != scaled.to_integral_value():
            message = (
                f"'{self.amount} {self.currency}' has more than the {self.decimals} decimals "
                f"of {self.currency}"
            )
            raise ValueError(message)

    @classmethod
    def parse(cls, text: str) -> Money:
        """Return the money that a text such as `"50000 EUR"` says.

        Raises:
            ValueError: If the text is not an amount, one space and an ISO 4217 code.
        """
        match = _MONEY.fullmatch(text)
        if match is None:
            message = f"'{text}' is not money; expected an amount and a currency: '50000 EUR'"
            raise ValueError(message)
        money = cls(Decimal(match[1]), match[2])
        if len(match[1].partition(".")[2]) > money.decimals:  # 300.000 may mean 300000
            message = f"'{text}' has more than the {money.decimals} decimals of {money.currency}"
            raise ValueError(message)
        return money

    @classmethod
    def of_minor(cls, cash: Cash) -> Money:
        """Return settled money as money."""
        decimals = _DECIMALS.get(cash.currency, 2)
        return cls(Decimal(cash.minor).scaleb(-decimals), cash.currency)

    @property
    def decimals(self) -> int:
        """How many decimals the currency has."""
        return _DECIMALS.get(self.currency, 2)

    @property
    def minor(self) -> int:
        """The amount in minor units of the currency, such as cents."""
        return int(self.amount.scaleb(self.decimals))

    def __str__(self) -> str:
        amount = f"{self.amount:f}"
        whole = amount.rstrip("0").rstrip(".") if "." in amount else amount
        return f"{whole} {self.currency}"

    def __repr__(self) -> str:
        return f"Money('{self}')"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _read_money,
            serialization=core_schema.plain_serializer_function_ser_schema(
                str, when_used="json-unless-none"
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: Any) -> dict[str, object]:
        return {"type": "string", "pattern": f"^{_MONEY.pattern}$", "examples": ["50000 EUR"]}


def _read_money(value: object) -> Money:
    if isinstance(value, Money):
        return value
    if isinstance(value, str):
        return Money.parse(value)
    message = f"'{value}' is not money; expected an amount and a currency: '50000 EUR'"
    raise ValueError(message)


def parse_duration(text: str) -> Span:
    """Return the duration that a text such as `"30 days"` says, in microseconds.

    Units run from seconds to weeks; a month is no duration, since months differ. The durations
    of ISO 8601, such as `"P30D"`, say the same.

    Raises:
        ValueError: If the text is not a number and a unit.

    Examples:
        >>> parse_duration("1 day") == parse_duration("PT24H") == 86_400_000_000
        True
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        found = _iso_8601(text)
        if type(found) is pendulum.Duration and not (found.years or found.months):
            return _span(found)
        hint = "; a month is not a duration, since months differ" if "month" in text else ""
        message = (
            f"'{text}' is not a duration; expected a number and a unit from seconds to weeks: "
            f"'30 days'{hint}"
        )
        raise ValueError(message)
    return Span(int(Decimal(match[1]) * _UNITS[match[2]] * 1_000_000))


def duration_text(span: int) -> str:
    """Return the shortest text that `parse_duration` reads as `span`.

    Examples:
        >>> duration_text(parse_duration("48 hours"))
        '2 days'
    """
    for unit, seconds in _UNITS.items():
        count, rest = divmod(span, seconds * 1_000_000)
        if not rest and (count or unit == "second"):
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{Decimal(span).scaleb(-6):f} seconds"


def instant_of(moment: datetime) -> Instant:
    """Return a moment in microseconds since 1970-01-01T00:00Z.

    Raises:
        ValueError: If the moment has no zone, or UTC has no such year.
    """
    try:
        # The base class's subtraction: that of a subclass may be far slower.
        since = datetime.__sub__(moment, _EPOCH)
    except TypeError:
        message = f"'{moment.isoformat()}' has no time zone; expected an aware datetime"
        raise ValueError(message) from None
    if not _FIRST_DAY <= since.days <= _LAST_DAY:
        raise ValueError(_beyond(moment))
    return Instant((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def moment_of(at: datetime) -> int:
    """Return the moment of an evaluation in microseconds since 1970-01-01T00:00Z.

    Raises:
        EvaluationError: If it is no datetime, has no zone, or UTC has no such year.
    """
    try:
        since = datetime.__sub__(at, _EPOCH)
    except TypeError:
        raise _no_moment(at) from None
    if not _FIRST_DAY <= since.days <= _LAST_DAY:
        raise EvaluationError(f"at: {_beyond(at)}", field="at")
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _beyond(moment: datetime) -> str:
    shown = datetime.isoformat(moment)
    return f"'{shown}' is before the year 1 or after 9999 in UTC; expected a moment between"


def _no_moment(at: object) -> EvaluationError:
    wrong = "has no time zone" if isinstance(at, datetime) else "is not a moment"
    shown = at.isoformat() if isinstance(at, datetime) else at
    return EvaluationError(f"at: '{shown}' {wrong}; expected an aware datetime", field="at")


def parse_moment(text: str) -> datetime:
    """Return the moment that a text says in ISO 8601, with a time zone if it says one.

    Raises:
        ValueError: If the text says no date and time.

    Examples:
        >>> parse_moment("2026-01-31T09:00+01:00").isoformat()
        '2026-01-31T09:00:00+01:00'
    """
    found = _iso_8601(text)
    if not isinstance(found, datetime):
        message = f"'{as_written(text)}' is not a moment; expected '2026-01-31T09:00:00+01:00'"
        raise ValueError(message)  # noqa: TRY004 - the text is at fault, not its type
    return found


def _iso_8601(text: str) -> object:
    """Return what a text says in ISO 8601 (a date, a time, a moment, a duration), or None."""
    if text == "now":
        return None  # pendulum would look at the clock
    try:
        return pendulum.parse(text, exact=True, tz=None)
    except (ValueError, OverflowError):
        return None


def datetime_of(instant: int) -> datetime:
    """Return a settled moment as a datetime in UTC.

    A deadline may lie beyond what a datetime can hold. It is told as the last moment, or the
    first, that one can.

    Examples:
        >>> datetime_of(10**18).isoformat()
        '9999-12-31T23:59:59.999999+00:00'
    """
    return _EPOCH + timedelta(microseconds=min(max(instant, _FIRST), _LAST))


def instant_text(instant: int) -> str:
    """Return a settled moment as ISO 8601 in UTC."""
    return datetime_of(instant).isoformat()


def settle(value: object) -> Value | None:
    """Return the settled form of any value that a field may have, or None if it is missing.

    NaN, infinities and integers beyond 2^53 are missing, -0.0 is 0.0, an instant is counted
    in UTC microseconds and money in minor units.

    Raises:
        ValueError: If the value is of no type that a field can have, or is a naive datetime.

    Examples:
        >>> settle(float("nan")) is None
        True
        >>> settle(Money.parse("12.50 EUR"))
        Cash(minor=1250, currency='EUR')
    """
    match value:
        case None | bool() | Cash() | Instant() | Span():
            return value
        case str():
            return _unicode(value if type(value) is str else str.__str__(value))
        case int():
            return int(value) if -LARGEST_INTEGER <= value <= LARGEST_INTEGER else None
        case float():
            return float(value) + 0.0 if isfinite(value) else None
        case Decimal():
            return float(value) if value.is_finite() else None
        case datetime():
            return instant_of(value)
        case date():
            return date(value.year, value.month, value.day)
        case timedelta():
            return _span(value)
        case Money():
            return Cash(value.minor, value.currency)
        case list() | tuple() if all(isinstance(item, str) for item in value):
            return tuple(_unicode(item) for item in value)
    message = f"{_shown(value)} is of no type that a field can have"
    raise ValueError(message)


def _span(found: timedelta) -> Span:
    return Span((found.days * 86_400 + found.seconds) * 1_000_000 + found.microseconds)


def _unicode(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            message = f"{text!r} is not valid Unicode; it has half of a surrogate pair"
            raise ValueError(message) from None
    return text


def _shown(value: object) -> str:
    return f"'{value!r}'" if isinstance(value, Sequence) else f"'{value}'"
