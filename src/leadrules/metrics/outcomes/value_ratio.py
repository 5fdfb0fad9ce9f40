"""Shares of money: what a part of deals is worth, of what all of them are worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leadrules.errors import EvaluationError, in_line
from leadrules.metrics.amounts import in_money
from leadrules.metrics.periods import Period
from leadrules.metrics.ratio import counted, percent

__all__ = ["ValueRatio"]


@dataclass(frozen=True, slots=True)
class ValueRatio:
    """A part of a sum of money, with all that one must know to read it.

    It has no interval: one large deal may be most of it, and no formula of shares knows that.

    Attributes:
        name: What is measured, such as `win_rate_by_value`.
        numerator: How much, in minor units.
        denominator: Of how much, in minor units.
        currency: The currency of both; None if no value is known.
        of: How many deals the denominator has.
        unvalued: How many more there are whose value is not known, or in another currency.
        unit: What is counted.
        period: The period in which the deals were closed.
        entry: Which entry into a stage counts if a lead was there several times.
        group: What the leads have in common, by dimension; empty for all of them.

    Examples:
        >>> print(ValueRatio("win_rate_by_value", 12_000_000, 30_000_000, "EUR", of=9, unvalued=2))
        120,000 EUR of 300,000 EUR (40.0 %), 9 closed leads, 2 without a value, first entry
    """

    name: str
    numerator: int
    denominator: int
    currency: str | None
    of: int = 0
    unvalued: int = 0
    unit: str = "closed lead"
    period: Period | None = None
    entry: str = "first"
    group: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not 0 <= self.numerator <= self.denominator:
            one, two = (in_money(x, self.currency) for x in (self.numerator, self.denominator))
            message = (
                f"{self.name}: {one} of {two} cannot be; expected values of deals that are not "
                "negative"
            )
            raise EvaluationError(message, field=self.name)

    @property
    def value(self) -> float | None:
        """The quotient; None, which is undefined, if the deals are worth nothing."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def interval(self) -> None:
        """None: a share of money has no interval."""
        return

    def __str__(self) -> str:
        known = bool(self.denominator)
        share = f"{percent(self.numerator, self.denominator)} %" if known else "undefined"
        one, two = (in_money(x, self.currency) for x in (self.numerator, self.denominator))
        group = ", ".join(
            f"{x} {'(none)' if value is None else in_line(str(value))}"
            for x, value in self.group.items()
        )
        parts = [
            f"{group}{': ' if group else ''}{one} of {two} ({share})",
            counted(self.of, self.unit),
            f"{self.unvalued:,} without a value",
            *([f"period {self.period}"] if self.period else []),
            f"{self.entry} entry",
        ]
        return ", ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Return it as data that JSON can hold; money is minor units."""
        period = self.period
        return {
            "name": self.name,
            **({"group": dict(self.group)} if self.group else {}),
            "numerator": self.numerator,
            "denominator": self.denominator,
            "currency": self.currency,
            "value": self.value,
            "of": self.of,
            "unvalued": self.unvalued,
            "unit": self.unit,
            "basis": "period",
            "start": period and period.start.isoformat(),
            "end": period and period.end.isoformat(),
            "zone": period and period.zone,
            "entry": self.entry,
        }
