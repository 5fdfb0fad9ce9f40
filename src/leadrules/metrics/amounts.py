"""Sums of money: what deals are worth, of one currency, as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError, as_written
from leadrules.frames.kinds import PREFIX
from leadrules.metrics.document import Measures
from leadrules.metrics.tables import LEAD, Table, demand_alike, one_each, open_table
from leadrules.values import LARGEST_INTEGER, Money, Type
from leadrules.vocabulary import CURRENCY as SUFFIX
from leadrules.vocabulary import column_of

__all__ = [
    "AMOUNT",
    "CURRENCY",
    "demand_value",
    "in_money",
    "minor_units",
    "one_currency",
    "sound_money",
    "with_values",
]

AMOUNT, CURRENCY = f"{PREFIX}0amount", f"{PREFIX}0currency"
"""Minor units and their currency, both missing if one is."""
_CODE = r"\A[A-Z]{3}\z"


def demand_value(measures: Measures, leads: Any) -> tuple[str, str]:
    """Return the columns of leads that say what a deal is worth.

    Raises:
        EvaluationError: If the measures name no field of money, or there are no leads.
    """
    if measures.value is None:
        message = "measures: 'value' is not stated; expected the field of money of a deal"
        raise EvaluationError(message, field="measures")
    column = column_of(measures.value)
    if leads is None:
        message = f"leads: expected a frame with the columns '{column}' and '{column}{SUFFIX}'"
        raise EvaluationError(message, field="leads")
    return column, column + SUFFIX


def with_values(
    frame: nw.LazyFrame[Any], of: Table, leads: Any, measures: Measures, by: Sequence[str] = ()
) -> nw.LazyFrame[Any]:
    """Return a frame with `AMOUNT`, `CURRENCY` and the dimensions of the leads beside it.

    Raises:
        EvaluationError: If a column is absent or of a wrong type, or a lead has two rows.
    """
    amount, currency = demand_value(measures, leads)
    needed = {amount: Type.MONEY, currency: Type.STRING}
    table = open_table(leads, "leads", needed, by=by)
    demand_alike(of, table)
    one_each(table)
    found = table.frame.with_columns(**sound_money(amount, currency)).drop(amount, currency)
    return frame.join(found, on=LEAD, how="left")


def sound_money(amount: str, currency: str) -> dict[str, nw.Expr]:
    """Return settled columns as `AMOUNT` and `CURRENCY`; one without the other is none.

    Nor is an amount beyond `LARGEST_INTEGER` minor units, of which sums would not be exact.
    """
    within = nw.col(amount).is_between(-LARGEST_INTEGER, LARGEST_INTEGER)
    sound = nw.col(currency).str.contains(_CODE) & within
    return {
        AMOUNT: nw.when(sound).then(nw.col(amount)),
        CURRENCY: nw.when(sound).then(nw.col(currency)),
    }


def one_currency(found: Iterable[str | None], asked: str | None, what: str) -> str | None:
    """Return the currency in which sums are told; None if there is no money at all.

    Args:
        found: The currencies that there are.
        asked: The one that the caller asks for.
        what: What is worth money, for a message.

    Raises:
        EvaluationError: If there are several and none is asked for.
    """
    if asked is not None:
        try:
            return Money(Decimal(0), asked).currency
        except (TypeError, ValueError):
            message = (
                f"currency: '{as_written(asked)}' is no currency; "
                "expected an ISO 4217 code such as 'EUR'"
            )
            raise EvaluationError(message, field="currency") from None
    codes = sorted({code for code in found if code is not None})
    if len(codes) > 1:
        message = (
            f"currency: {what} are in {', '.join(codes[:-1])} and {codes[-1]}, which cannot be "
            f"added; ask for one, such as currency='{codes[0]}'"
        )
        raise EvaluationError(message, field="currency")
    return codes[0] if codes else None


def in_money(minor: int | Fraction, currency: str | None, *, told: bool = True) -> str:
    """Return minor units as an amount of money, halves rounded up, for display.

    Args:
        minor: The minor units; a fraction if they were divided.
        currency: The currency; None if there is no money at all, and the amount is 0.
        told: Whether the currency stands behind it.

    Examples:
        >>> in_money(1234567, "EUR"), in_money(Fraction(1000, 3), "EUR"), in_money(1500, "JPY")
        ('12,345.67 EUR', '3.33 EUR', '1,500 JPY')
        >>> in_money(5000000, "EUR")
        '50,000 EUR'
    """
    if currency is None:
        return "0"
    decimals = _decimals(currency)
    exact = Fraction(minor)
    whole = Decimal(exact.numerator) / Decimal(exact.denominator)
    amount = whole.quantize(Decimal(1), ROUND_HALF_UP).scaleb(-decimals)
    text = f"{amount + 0:,f}"  # there is no -0
    if "." in text and not text.rpartition(".")[2].strip("0"):
        text = text.rpartition(".")[0]
    return f"{text} {currency}" if told else text


def minor_units(currency: str | None) -> int:
    """Return how many minor units a unit of a currency has, such as the cents of a euro."""
    return 1 if currency is None else 10 ** _decimals(currency)


def _decimals(currency: str) -> int:
    return Money(Decimal(0), currency).decimals
