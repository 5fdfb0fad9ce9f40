"""Stability: whether scores, and what they are made of, are spread as they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError, as_written
from leadrules.frames.columns import Columns
from leadrules.frames.kinds import PREFIX, recognised
from leadrules.metrics.pictures import COLOURS, WIDTH, Theme, charts, themed
from leadrules.metrics.quality.band_rates import LEVEL
from leadrules.metrics.quality.bins import (
    MISSING,
    Bin,
    chance_of,
    index_of,
    noise_of,
    number_bins,
    text_bins,
)
from leadrules.metrics.statistics.differences import adjusted
from leadrules.metrics.tables import collected
from leadrules.metrics.tabular import Column, Tabular
from leadrules.values import Type

__all__ = ["ColumnStability", "Reading", "Stability", "stability"]

Reading = Literal["stable", "moved", "shifted", "cannot be told"]
"""What the index is called: below 0.1, below 0.25, above; and if it is not below 0.1, but may be
chance, that it cannot be told."""

MOVED, SHIFTED = 0.1, 0.25
_VALUE = f"{PREFIX}0value"


@dataclass(frozen=True, slots=True, repr=False)
class ColumnStability(Tabular):
    """How the values of a column are spread, beside how they were.

    Attributes:
        column: The column.
        bins: Its values in bins, made of those that were expected.
        psi: The population stability index.
        noise: What the index is below, in 95 of 100 samples of this size, if nothing changed.
        p: How likely chance alone makes both differ as much, by chi-square over the bins, corrected
            for the number of columns; None if too few are expected in more than a fifth of them.
    """

    column: str
    bins: tuple[Bin, ...]
    psi: float
    noise: float
    p: float | None

    @property
    def reading(self) -> Reading:
        """What the index is called by convention, unless it is within noise."""
        if self.psi < MOVED:
            return "stable"
        if self.p is None or self.p >= LEVEL:
            return "cannot be told"
        return "moved" if self.psi < SHIFTED else "shifted"

    @property
    def sizes(self) -> tuple[int, int]:
        """How many rows were expected, and how many there are."""
        return sum(x.expected for x in self.bins), sum(x.actual for x in self.bins)

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        return f"{self.column}: PSI {self.psi:.3f}, {self.reading}"

    def columns(self) -> Sequence[Column]:
        """Return its columns."""
        return (
            Column("bin"),
            Column("expected", "count"),
            Column("actual", "count"),
            Column("expected_share", "share", "expected"),
            Column("actual_share", "share", "actual"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a bin."""
        one, two = self.sizes
        return [
            (x.label, x.expected, x.actual, x.expected / one, x.actual / two) for x in self.bins
        ]

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: the share of each bin, as it was and as it is.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        alt = charts()
        values = [
            {"bin": row[0], "of": side, "share": row[place]}
            for row in self.rows()
            for side, place in (("expected", 3), ("actual", 4))
        ]
        sides = ["expected", "actual"]
        chart = (
            alt.Chart(alt.Data(values=values))
            .mark_bar()
            .encode(
                y=alt.Y("bin:N", sort=None, title=self.column.replace("_", " ")),
                yOffset=alt.YOffset("of:N", sort=sides),
                x=alt.X("share:Q", title="share of rows (%)", axis=alt.Axis(format=".0%")),
                color=alt.Color(
                    "of:N",
                    title=None,
                    sort=sides,
                    scale=alt.Scale(domain=sides, range=[*COLOURS.get(theme, ["", ""])[:2]]),
                ),
                tooltip=["bin:N", "of:N", alt.Tooltip("share:Q", format=".1%")],
            )
            .properties(width=WIDTH, height=alt.Step(14))
        )
        return themed(chart, theme, title=self.title)


@dataclass(frozen=True, slots=True, repr=False)
class Stability(Tabular):
    """How columns are spread, beside how they were.

    It is iterated in the order of the columns, and `found["score"]` is one of them.

    Attributes:
        parts: The columns.
    """

    parts: tuple[ColumnStability, ...]

    def __getitem__(self, column: str) -> ColumnStability:
        for part in self.parts:
            if part.column == column:
                return part
        raise KeyError(column)

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        one, two = self.parts[0].sizes
        return f"population stability: {two:,} rows beside {one:,} that were expected"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        return (
            "by convention below 0.1 is stable, and 0.25 or more a shift",
            "noise: 95 of 100 samples of this size are below it if nothing changed",
        )

    def columns(self) -> Sequence[Column]:
        """Return its columns."""
        return (
            Column("column"),
            Column("bins", "count"),
            Column("psi", "number", "PSI"),
            Column("noise", "number"),
            Column("p", "chance"),
            Column("missing_before", "share", "missing, expected"),
            Column("missing", "share", "missing"),
            Column("reading"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a column."""
        return [
            (
                x.column,
                len(x.bins),
                x.psi,
                x.noise,
                x.p,
                sum(y.expected for y in x.bins if y.label == MISSING) / x.sizes[0],
                sum(y.actual for y in x.bins if y.label == MISSING) / x.sizes[1],
                x.reading,
            )
            for x in self.parts
        ]

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: the index of each column, and what is read of it by convention.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        alt = charts()
        values = [{"column": x.column, "psi": x.psi, "reading": x.reading} for x in self.parts]
        base = alt.Chart(alt.Data(values=values)).encode(
            y=alt.Y("column:N", sort=None, title=None),
            x=alt.X("psi:Q", title="population stability index (no unit)"),
        )
        colours = COLOURS.get(theme, [""])
        limits = alt.Chart(alt.Data(values=[{"psi": MOVED}, {"psi": SHIFTED}]))
        layers = [
            base.mark_bar(color=colours[0]).encode(
                tooltip=["column:N", alt.Tooltip("psi:Q", format=".3f"), "reading:N"]
            ),
            base.mark_text(align="left", dx=5).encode(text="reading:N"),
            limits.mark_rule(strokeDash=[4, 4], color=colours[-1]).encode(x="psi:Q"),
        ]
        chart = alt.layer(*layers).properties(width=WIDTH, height=alt.Step(24))
        notes = [self.title, f"dashed: {MOVED} and {SHIFTED}, the usual limits"]
        return themed(chart, theme, title="stability", notes=notes)


def stability(
    expected: Any, actual: Any, *, columns: str | Iterable[str], bins: int = 10
) -> Stability:
    """Return whether columns are spread as they were.

    Numbers are put in bins that hold as many of the expected each; equal numbers stay together.
    Texts and booleans have a bin each, the rarer ones of more than 20 texts one together, and those
    that were not expected another. What is missing has a bin of its own.

    Args:
        expected: The frame of leads or scores as they were, such as those of the day when the
            policy was agreed on. Any kind of frame.
        actual: The frame as it is; of any kind.
        columns: The columns to compare: numbers, texts or booleans.
        bins: Into how many bins numbers are put.

    Raises:
        EvaluationError: If a frame has no rows, or a column is absent, or of another type.

    Source:
        N. Siddiqi, Credit Risk Scorecards, 2006, for the limits of 0.1 and 0.25, which are a
        convention. B. Yurdakul, J. Naranjo, Statistical properties of the population stability
        index, Journal of Risk Model Validation 14 (2020), for the noise.

    Examples:
        >>> import polars as pl
        >>> before = pl.DataFrame({"source": ["web"] * 60 + ["fair"] * 40})
        >>> after = pl.DataFrame({"source": ["web"] * 30 + ["fair"] * 70})
        >>> found = stability(before, after, columns="source")["source"]
        >>> round(found.psi, 3), found.reading
        (0.376, 'shifted')
    """
    if not bins >= 2:  # noqa: PLR2004 - one bin compares nothing
        message = f"bins: '{as_written(bins)}' is not possible; expected an integer of at least 2"
        raise EvaluationError(message, field="bins")
    names = [columns] if isinstance(columns, str) else [*columns]
    if not names:
        raise EvaluationError("columns: expected at least one", field="columns")
    found = []
    for name in names:
        kind, before = _counted(expected, "expected", name)
        other, after = _counted(actual, "actual", name)
        kind, other = kind or other or Type.STRING, other or kind or Type.STRING
        if kind is not other:
            message = (
                f"{name}: holds {_HOLDS[kind]} in expected, and {_HOLDS[other]} in actual; "
                "expected the same"
            )
            raise EvaluationError(message, field=name)
        parted = (
            number_bins(before, after, bins) if kind is Type.NUMBER else text_bins(before, after)
        )
        found.append((name, parted))
    chances = adjusted([chance_of(parted) for _, parted in found])
    return Stability(
        tuple(
            ColumnStability(name, parted, index_of(parted), noise_of(parted), p)
            for (name, parted), p in zip(found, chances, strict=True)
        )
    )


_HOLDS = {Type.NUMBER: "numbers", Type.STRING: "texts", Type.BOOLEAN: "booleans"}


def _counted(frame: Any, name: str, column: str) -> tuple[Type | None, Mapping[Any, int]]:
    """Return what a column holds, if it holds anything, and how often each value.

    Raises:
        EvaluationError: If it is no frame, has no rows, or the column is absent or of another type.
    """
    native = recognised(frame, name)
    try:
        settled = Columns(native, [column])
        dtype = settled.frame.collect_schema()[column]
        kind = Type.STRING
        if dtype.is_numeric():
            kind = Type.NUMBER
        elif dtype == nw.Boolean:
            kind = Type.BOOLEAN
        values = settled.frame.with_columns(**{_VALUE: settled.settled(column, kind)})
    except EvaluationError as error:
        raise EvaluationError(f"{name}: {error}", field=error.field) from None
    counts = collected(values.group_by(_VALUE).agg(nw.len().alias(f"{_VALUE}s")))
    if not len(counts):
        raise EvaluationError(f"{name}: expected rows, and there are none", field=name)
    found = dict(counts.rows())
    return None if [*found] == [None] else kind, found
