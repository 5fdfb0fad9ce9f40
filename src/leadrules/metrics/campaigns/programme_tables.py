"""Programmes: what the leads of each campaign or source came to, what they cost, and returned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from leadrules.layout import Sheet
from leadrules.metrics.amounts import in_money, minor_units
from leadrules.metrics.periods import Period
from leadrules.metrics.pictures import COLOURS, WIDTH, Theme, charts, themed
from leadrules.metrics.ratio import Ratio, counted, percent
from leadrules.metrics.tabular import Column, Tabular

__all__ = ["Programme", "Programmes"]


@dataclass(frozen=True, slots=True)
class Programme:
    """What the leads of a campaign, or another group, came to, cost and returned.

    Attributes:
        group: What the leads have in common, by dimension; empty for all of them.
        leads: How many came.
        reached: How many of them came to each step of the funnel, by its word.
        open: How many are worked on still.
        cost: What they cost, in minor units; None if no cost of the group is known.
        revenue: What those who bought are worth, in minor units; None if of none of them the value
            is known.
        unvalued: How many bought whose value is not known, or in another currency.
    """

    group: Mapping[str, Any] = field(hash=False)
    leads: int
    reached: Mapping[str, int] = field(hash=False)
    open: int
    cost: int | None
    revenue: int | None
    unvalued: int = 0

    @property
    def won(self) -> int:
        """How many bought."""
        return self.reached.get("close", 0)

    def cost_per(self, step: str | None = None) -> Fraction | None:
        """Return what one lead that came to a step cost, in minor units; by default one lead.

        It is undefined, None, if no cost is known or nobody came there.
        """
        count = self.leads if step is None else self.reached[step]
        return None if self.cost is None or not count else Fraction(self.cost, count)

    @property
    def roi(self) -> Fraction | None:
        """The return on investment, (revenue - cost) / cost.

        It is undefined, None, if one of them is not known, or the cost is not above 0.

        Source:
            P. W. Farris et al., Marketing Metrics, 3rd ed., 2016, chapter 10, for the formula.
        """
        if self.revenue is None or self.cost is None or self.cost <= 0:
            return None
        return Fraction(self.revenue - self.cost, self.cost)

    @property
    def label(self) -> str:
        """What it is called."""
        return ", ".join("(none)" if x is None else str(x) for x in self.group.values()) or "all"


@dataclass(frozen=True, slots=True, repr=False)
class Programmes(Tabular):
    """What each campaign or source brought, cost and returned, up to the moment of evaluation.

    Attributes:
        total: All of them together; what they cost is known only if it is of every group.
        costed: Those together of which the cost is known.
        by: The dimensions, the coarsest first.
        parts: Each group.
        currency: The currency of all money; None if there is none.
        unit: What is counted.
        period: When the leads came; None if it was not asked.
        told: What else one must know to read it.
    """

    total: Programme
    costed: Programme
    by: tuple[str, ...]
    parts: tuple[Programme, ...]
    currency: str | None
    unit: str = "lead"
    period: Period | None = None
    told: tuple[str, ...] = ()

    def __getitem__(self, group: Any) -> Programme:
        wanted = group if isinstance(group, tuple) else (group,)
        for part in self.parts:
            if tuple(part.group.values()) == wanted:
                return part
        raise KeyError(group)

    def conversion(self, step: str) -> tuple[Ratio, ...]:
        """Return for each group the share of its leads that came to a step.

        Raises:
            KeyError: If there is no such step.
        """
        return tuple(
            Ratio(
                f"lead_to_{step}",
                part.reached[step],
                part.leads,
                unit=self.unit,
                period=self.period,
                group=part.group,
            )
            for part in self.parts
        )

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        found, roi = self.total, self.costed.roi
        where = "" if self.total.cost is not None else ", of those with a known cost"
        told = [
            counted(found.leads, self.unit),
            *([f"{found.won:,} won"] if "close" in found.reached else []),
            f"revenue {self._money(found.revenue, 'unknown')}",
            f"cost {self._money(self.costed.cost, 'unknown')}",
            f"ROI {'undefined' if roi is None else f'{_percent(roi)} %{where}'}",
            *([f"cohort {self.period}"] if self.period else []),
        ]
        return f"programmes by {', '.join(self.by).replace('_', ' ')}: {', '.join(told)}"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        still = self.total.open
        return [
            *([f"{counted(still, self.unit)} still open; revenue may grow"] if still else []),
            *self.told,
        ]

    def columns(self) -> Sequence[Column]:
        """Return its columns; money is minor units of the currency."""
        steps = [*self.total.reached]
        return (
            *(Column(name) for name in self.by),
            Column("leads", "count"),
            *(Column(step, "count", "won" if step == "close" else None) for step in steps),
            Column("open", "count"),
            Column("cost", "count"),
            *(
                Column(f"cost_per_{step}", "number", f"per {_word(step)}")
                for step in ("lead", *steps)
            ),
            Column("revenue", "count"),
            Column("roi", "share", "ROI"),
            Column("currency"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a group."""
        return [tuple(self._row(part)) for part in self.parts]

    def _row(self, part: Programme) -> Iterator[Any]:
        yield from part.group.values()
        yield part.leads
        yield from part.reached.values()
        yield from (part.open, part.cost)
        for step in (None, *part.reached):
            found = part.cost_per(step)
            yield None if found is None else float(found)
        roi = part.roi
        yield from (part.revenue, None if roi is None else float(roi), self.currency)

    def sheet(self) -> Sheet:
        """Return the table as people read it, with totals; of what steps cost, the main ones."""
        shown = [step for step in self.total.reached if step in {"sales_ready", "close"}]
        heads = [
            *(name.replace("_", " ") for name in self.by),
            "leads",
            *(_word(step) for step in self.total.reached),
            "open",
            "cost",
            *(f"per {_word(step)}" for step in ("lead", *shown)),
            "revenue",
            "ROI (%)",
        ]
        rows = [self._told(part, shown, part.label) for part in self.parts]
        if self.total.cost is None and self.costed.cost is not None:
            rows.append(self._told(self.costed, shown, "with a known cost"))
        rows.append(self._told(self.total, shown, "all"))
        return Sheet(heads, rows, range(len(self.by), len(heads)))

    def _told(self, part: Programme, shown: Sequence[str], label: str) -> list[str]:
        names = ["(none)" if x is None else str(x) for x in part.group.values()]
        costs = [part.cost, *(part.cost_per(step) for step in (None, *shown))]
        roi = part.roi
        return [
            *(names or [label, *[""] * (len(self.by) - 1)]),
            *(f"{count:,}" for count in (part.leads, *part.reached.values(), part.open)),
            *(self._money(amount) for amount in (*costs, part.revenue)),
            "-" if roi is None else _percent(roi),
        ]

    def _money(self, amount: Fraction | int | None, unknown: str = "-") -> str:
        return unknown if amount is None else in_money(amount, self.currency)

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: how many each group won, and what one of them cost.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        alt = charts()
        shown = [x for x in self.parts if "close" in x.reached and x.cost_per("close") is not None]
        rows: list[dict[str, Any]] = [
            {
                "label": part.label,
                "won": part.won,
                "cost": float(part.cost_per("close") or 0) / minor_units(self.currency),
                "text": f"{part.won:,} won, {in_money(part.cost_per('close') or 0, self.currency)}",
            }
            for part in shown
        ]
        absent = [part.label for part in self.parts if part not in shown]
        scale = alt.Scale(domain=[0, 1.25 * max((row["won"] for row in rows), default=1)])
        axis = alt.Axis(tickMinStep=1, format=",~f")
        base = alt.Chart(alt.Data(values=rows)).encode(
            x=alt.X("won:Q", title="won", axis=axis, scale=scale),
            y=alt.Y("cost:Q", title=f"cost per won ({self.currency or 'no cost is known'})"),
        )
        colour = COLOURS.get(theme, [""])[0]
        points = base.mark_point(filled=True, size=80, color=colour, opacity=1)
        chart = alt.layer(
            points.encode(tooltip=["label:N", "text:N"]),
            base.mark_text(align="left", dx=8).encode(text="label:N"),
        ).properties(width=WIDTH, height=WIDTH * 5 // 8)
        notes = [self.title.partition(": ")[2]]
        if absent:
            notes.append(f"without a cost, or without a sale: {', '.join(absent)}")
        return themed(chart, theme, title="cost per won, and won", notes=notes)


def _word(step: str) -> str:
    return "won" if step == "close" else step.replace("_", " ")


def _percent(share: Fraction) -> str:
    """Return a share in percent, halves away from zero; it may be negative."""
    told = percent(abs(share.numerator), share.denominator)
    return f"-{told}" if share < 0 and told.strip("0.") else told
