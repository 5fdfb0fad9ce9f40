"""Values that are written as the name of their type and a text: `money("50000 EUR")`."""

from __future__ import annotations

from datetime import date

from leadrules.conditions.tree import Literal
from leadrules.values import (
    MICROSECONDS_A_DAY,
    Cash,
    Money,
    Type,
    instant_of,
    instant_text,
    parse_duration,
    parse_moment,
)

__all__ = ["EXAMPLES", "literal"]

LONGEST_SPAN = 10_000 * MICROSECONDS_A_DAY
"""A duration is at most so long, in microseconds: 27 years."""


EXAMPLES = {
    "money": 'money("50000 EUR")',
    "date": 'date("2026-01-31")',
    "datetime": 'datetime("2026-01-31T09:00:00+01:00")',
    "duration": 'duration("30 days")',
}


def literal(name: str, said: str) -> Literal:
    """Return a literal that is written as the name of its type and a text.

    Raises:
        ValueError: If the text does not say a value of that type.
    """
    match name:
        case "money":
            money = Money.parse(said)
            return Literal(Type.MONEY, Cash(money.minor, money.currency))
        case "duration":
            span = parse_duration(said)
            if span > LONGEST_SPAN:
                message = f"'{said}' is too long; expected at most 10000 days"
                raise ValueError(message)
            return Literal(Type.DURATION, span)
        case "date":
            try:
                return Literal(Type.DATE, date.fromisoformat(said))
            except ValueError:
                message = f"'{said}' is not a date; expected '2026-01-31'"
                raise ValueError(message) from None
        case _:
            try:
                instant = instant_of(parse_moment(said))
                instant_text(instant)  # in UTC it may be in no year that there is
            except (ValueError, OverflowError):
                message = (
                    f"'{said}' is not a moment with a zone; expected '2026-01-31T09:00:00+01:00'"
                )
                raise ValueError(message) from None
            return Literal(Type.DATETIME, instant)
