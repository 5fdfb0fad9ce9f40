"""Velocities: what a pipeline brings in a day, and of which factors that is the product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from leadrules.layout import Sheet
from leadrules.metrics.amounts import in_money, minor_units
from leadrules.metrics.bar_pictures import bars_of
from leadrules.metrics.periods import Period
from leadrules.metrics.pictures import Theme, label_of
from leadrules.metrics.ratio import Ratio, half_up
from leadrules.metrics.tabular import Column, Tabular

__all__ = ["PipelineVelocity", "ValueOf", "Variant", "Velocity"]

Variant = Literal["open", "new", "closed"]
"""Which opportunities count: those that are open at the end of the period, those that came in it,
or those that were won or lost in it."""
ValueOf = Literal["won", "counted"]
"""Whose mean value counts: that of the deals won in the period, or of the opportunities counted."""


@dataclass(frozen=True, slots=True)
class Velocity:
    """What a pipeline brings in a day: opportunities x value x win rate / cycle.

    Attributes:
        opportunities: How many are counted.
        win_rate: Won of those that were won or lost in the period.
        valued: Of how many the mean value is.
        minor: What they are worth together, in minor units.
        currency: The currency; None if no value is known.
        cycle: How many days those won in the period took, on average; None if none was won.
        group: What they have in common, by dimension.
    """

    opportunities: int
    win_rate: Ratio
    valued: int
    minor: int
    currency: str | None
    cycle: float | None
    group: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def value(self) -> Fraction | None:
        """What a deal is worth on average, in minor units; None if no value is known."""
        return Fraction(self.minor, self.valued) if self.valued else None

    @property
    def per_day(self) -> float | None:
        """How many minor units a day; None, which is undefined, if a part of it is."""
        value, rate = self.value, self.win_rate.value
        if value is None or rate is None or not self.cycle:
            return None
        return self.opportunities * float(value) * rate / self.cycle


@dataclass(frozen=True, slots=True, repr=False)
class PipelineVelocity(Tabular):
    """Pipeline velocity, of all and by dimension.

    Attributes:
        variant: Which opportunities count.
        value_of: Whose mean value counts.
        of: The stage, or word, at which a lead becomes an opportunity.
        period: The period.
        total: That of all of them.
        by: The dimensions, the coarsest first.
        parts: That of each group; without dimensions that of all.
    """

    variant: Variant
    value_of: ValueOf
    of: str
    period: Period | None
    total: Velocity
    by: tuple[str, ...]
    parts: tuple[Velocity, ...]

    def __iter__(self) -> Iterator[Velocity]:
        return iter(self.parts)

    def __getitem__(self, group: Any) -> Velocity:
        wanted = group if isinstance(group, tuple) else (group,)
        for part in self.parts:
            if tuple(part.group.get(name) for name in self.by) == wanted:
                return part
        raise KeyError(group)

    @property
    def name(self) -> str:
        """Its name, with the variant in it."""
        return f"pipeline_velocity_{self.variant}_by_value_{self.value_of}"

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        found, value = self.total, self.total.value
        per_day = _money(found.per_day, found.currency)
        worth = "no known value" if value is None else in_money(value, found.currency)
        cycle = "no known cycle" if found.cycle is None else f"{half_up(found.cycle, 1)} days"
        rate = found.win_rate
        share = "undefined" if rate.value is None else f"{half_up(100 * rate.value, 1)} %"
        period = f", period {self.period}" if self.period else ""
        return (
            f"pipeline velocity, {self.variant} opportunities by the value of those "
            f"{self.value_of}: {per_day} a day = {found.opportunities:,} x {worth} x {share} / "
            f"{cycle}{period}"
        )

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        which = {
            "open": "open at the end of the period",
            "new": "that came in the period",
            "closed": "won or lost in the period",
        }[self.variant]
        whose = {"won": "won in the period", "counted": "that are counted"}[self.value_of]
        valued = f"mean value of the {self.total.valued:,} {whose} whose value is known"
        return [
            f"opportunities {which}, from '{self.of}' on; {valued}",
            "win rate: won of won and lost in the period; cycle: mean days of those won in it",
            "a product of means without an interval; compare it only with the same variant",
        ]

    def columns(self) -> Sequence[Column]:
        """Return its columns: the dimensions, the four factors and the velocity."""
        return (
            *(Column(name) for name in self.by),
            Column("variant"),
            Column("opportunities", "count"),
            Column("value", "number", "mean value"),
            Column("currency"),
            Column("valued", "count"),
            Column("won", "count"),
            Column("closed", "count", "won + lost"),
            Column("win_rate", "share"),
            Column("cycle", "days", "mean cycle"),
            Column("per_day", "number", "velocity a day"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a group; money is in units of the currency."""
        return [
            (
                *(part.group.get(name) for name in self.by),
                self.variant,
                part.opportunities,
                None if part.value is None else float(part.value / minor_units(part.currency)),
                part.currency,
                part.valued,
                part.win_rate.numerator,
                part.win_rate.denominator,
                part.win_rate.value,
                part.cycle,
                None if part.per_day is None else part.per_day / minor_units(part.currency),
            )
            for part in self.parts
        ]

    def sheet(self) -> Sheet:
        """Return the table as people read it."""
        sheet, names = super(PipelineVelocity, self).sheet(), [x.name for x in self.columns()]
        value, day = names.index("value"), names.index("per_day")
        rows = []
        for cells, part in zip(sheet.rows, self.parts, strict=True):
            row = [*cells]
            row[value] = "-" if part.value is None else in_money(part.value, part.currency)
            row[day] = _money(part.per_day, part.currency)
            rows.append(row)
        return Sheet(sheet.heads, rows, sheet.right)

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: what each group brings in a day.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        rows = [
            {
                "label": label_of(part.group) or "all",
                "amount": (part.per_day or 0) / minor_units(part.currency),
                "text": _money(part.per_day, part.currency),
            }
            for part in self.parts
        ]
        head, _, rest = self.title.partition(": ")
        return bars_of(
            rows,
            theme=theme,
            title=head,
            unit=f"{self.total.currency or 'money'} a day",
            of=", ".join(self.by).replace("_", " "),
            notes=[rest, *self.notes],
        )


def _money(minor: float | None, currency: str | None) -> str:
    return "undefined" if minor is None else in_money(Fraction(minor), currency)
