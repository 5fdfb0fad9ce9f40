"""Bands of a score: how many of each convert, and whether a better band is better."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from leadrules.errors import EvaluationError, did_you_mean, one_of
from leadrules.metrics.pictures import Theme, intervals_of
from leadrules.metrics.quality.scored import Scored
from leadrules.metrics.ratio import Ratio
from leadrules.metrics.statistics.differences import adjusted, p_of_shares
from leadrules.metrics.tabular import Column, Tabular

__all__ = ["LEVEL", "BandRate", "BandRates", "band_rates_of"]

LEVEL = 0.05
"""A difference is beyond noise if chance alone makes one as large less often than this."""


@dataclass(frozen=True, slots=True)
class BandRate:
    """The leads of a band.

    Attributes:
        band: The band; None for those without one.
        mean: Their mean score.
        ratio: How many of them converted.
        p: How likely the band above would differ as much if both had one rate, corrected for the
            number of bands; None for the first.
    """

    band: str | None
    mean: float
    ratio: Ratio
    p: float | None


@dataclass(frozen=True, slots=True, repr=False)
class BandRates(Tabular):
    """What became of the leads of each band, the best first.

    Attributes:
        total: How many of all leads converted.
        bands: The bands.
    """

    total: Ratio
    bands: tuple[BandRate, ...]

    @property
    def monotone(self) -> bool | None:
        """Whether no band converts more often than one above it; None if some have nobody."""
        rates = [x.ratio for x in self.bands if x.band is not None]
        if not rates or any(x.value is None for x in rates):
            return None
        return all(above >= below for above, below in pairwise(rates))

    @property
    def parted(self) -> bool:
        """Whether each band converts less often than the one above, beyond noise."""
        ranked = [x for x in self.bands if x.band is not None]
        return len(ranked) > 1 and all(_verdict(*pair) == "lower" for pair in pairwise(ranked))

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        return f"rates by band: {self.total}"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        if self.monotone is None:
            return ("a band has no lead whose outcome is known",)
        order = "no band converts more often than one above it"
        if not self.monotone:
            order = "a band converts more often than one above it"
        parted = "every band is lower than the one above beyond noise"
        if not self.parted:
            parted = "not every band is lower than the one above beyond noise"
        return (f"{order}; {parted}",)

    def columns(self) -> Sequence[Column]:
        """Return its columns."""
        return (
            Column("band"),
            Column("mean", "number", "mean score"),
            Column("leads", "count"),
            Column("converted", "count"),
            Column("rate", "share"),
            Column("low", "share"),
            Column("high", "share"),
            Column("lift", "number"),
            Column("p", "chance"),
            Column("beside_above", head="beside the one above"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a band."""
        above = (None, *self.bands)
        return [
            (
                x.band,
                x.mean,
                x.ratio.denominator,
                x.ratio.numerator,
                x.ratio.value,
                *(x.ratio.interval or (None, None)),
                x.ratio.value / self.total.value
                if x.ratio.value is not None and self.total.value
                else None,
                x.p,
                _verdict(one, x) if one is not None and x.band is not None else None,
            )
            for one, x in zip(above, self.bands, strict=False)
        ]

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: the rate of each band with its interval, and that of all as a line.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        return intervals_of([x.ratio for x in self.bands], self.total, ("band",), theme=theme)


def _verdict(above: BandRate, below: BandRate) -> str:
    """Return what a band is beside the one above it."""
    one, two = above.ratio.value, below.ratio.value
    if one is None or two is None or below.p is None or below.p >= LEVEL:
        return "cannot be told"
    return "lower" if two < one else "higher"


def band_rates_of(scored: Scored, order: Iterable[str] | None = None) -> BandRates:
    """Return the rates of bands.

    Args:
        scored: Leads by their band.
        order: The bands, the best first; by default by their mean score.

    Raises:
        EvaluationError: If the order lacks a band that leads have.
    """
    rows = scored.by_band().rows(named=True)
    if order is not None:
        wanted = list(order)
        for row in rows:
            if row["band"] is not None and row["band"] not in wanted:
                hint = did_you_mean(row["band"], wanted)
                message = f"bands: there are leads of '{row['band']}'; expected {one_of(wanted)}"
                raise EvaluationError(message + hint, field="bands")
        rows.sort(key=lambda row: wanted.index(row["band"]) if row["band"] else len(wanted))
    ratios = [scored.ratio(x["converted"], x["known"], band=x["band"]) for x in rows]
    known = [x for x, row in zip(ratios, rows, strict=True) if row["band"] is not None]
    chances = [
        p_of_shares((one.numerator, one.denominator), (two.numerator, two.denominator))
        for one, two in pairwise(known)
    ]
    after_first: list[float | None] = [None, *adjusted(chances)]
    after_first += [None] * (len(rows) - len(after_first))
    return BandRates(
        scored.ratio(scored.total("converted"), scored.total("known")),
        tuple(
            BandRate(row["band"], row["mean"], ratio, p)
            for row, ratio, p in zip(rows, ratios, after_first, strict=False)
        ),
    )
