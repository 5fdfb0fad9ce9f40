"""The key ratios of a funnel, by the names that sales and marketing call them by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from leadrules.errors import EvaluationError, did_you_mean
from leadrules.metrics.arguments import demand_measures, demand_moment
from leadrules.metrics.conversions import conversion
from leadrules.metrics.document import STEPS, Measures
from leadrules.metrics.funnels.climbs import returned
from leadrules.metrics.periods import Period
from leadrules.metrics.pictures import COLOURS, WIDTH, Theme, charts, label_of, themed
from leadrules.metrics.ratio import Ratio, counted
from leadrules.metrics.ratios import Ratios
from leadrules.metrics.reached import entries_table
from leadrules.metrics.tables import by_of
from leadrules.metrics.tabular import Column, Tabular

__all__ = ["KEY_RATIOS", "KeyRatios", "key_ratios"]

KEY_RATIOS: tuple[str, ...] = tuple(f"{one}_to_{two}" for one, two in pairwise(STEPS))
"""Their names, in order."""


@dataclass(frozen=True, slots=True, repr=False)
class KeyRatios(Tabular):
    """The key ratios of a funnel, each of its own cohort.

    They are iterated in their order, and found by name: `found["quote_to_close"]`.

    Attributes:
        found: Of each, the ratios of the groups and of all of them together.
        missing: The words that mean nothing, so that ratios of them are not here.
        at: The moment up to which they are known.
        by: The dimensions, the coarsest first.
        again: How many leads came to the stage of a word several times, by stage.
    """

    found: tuple[Ratios, ...]
    missing: tuple[str, ...]
    at: datetime
    by: tuple[str, ...] = ()
    again: Mapping[str, int] = field(default_factory=dict, hash=False)

    def __iter__(self) -> Iterator[Ratio]:
        return (ratios.total for ratios in self.found)

    def __getitem__(self, name: str) -> Ratio:
        return self.of(name).total

    def of(self, name: str) -> Ratios:
        """Return one of them with its groups.

        Raises:
            EvaluationError: If it is not here; the message says which word means nothing.
        """
        for ratios in self.found:
            if ratios.total.name == name:
                return ratios
        unknown = [word for word in name.split("_to_") if word in self.missing]
        if name in KEY_RATIOS and unknown:
            message = f"ratio: '{name}' is not here, since '{unknown[0]}' means no stage"
        else:
            message = f"ratio: no key ratio '{name}'{did_you_mean(name, KEY_RATIOS)}"
        raise EvaluationError(message, field="ratio")

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        if not self.found:
            return "key ratios: none, since the words of the funnel mean no stages"
        one = self.found[0].total
        within = "" if one.window is None else f" within {one.to_dict()['window']},"
        return f"key ratios: each of those who came to its first step,{within} {one.entry} entry"

    @property
    def notes(self) -> Sequence[str]:
        """What one must know to read it."""
        return tuple(self._notes())

    def _notes(self) -> Iterator[str]:
        for ratio in self:
            days = f", cohort {ratio.period}" if ratio.period else ""
            count = counted(ratio.denominator, ratio.unit)
            censored = f", {ratio.censored:,} censored" if ratio.censored else ""
            yield f"{_words(ratio.name)}: {ratio.numerator:,} of {count}{days}{censored}"
        for stage, times in self.again.items():
            entry = self.found[0].total.entry
            counts = "each entry" if entry == "every" else f"the {entry} entry"
            yield f"{counted(times, 'lead')} came to '{stage}' again: {counts} counts"
        for word in self.missing:
            absent = [_words(name) for name in KEY_RATIOS if word in name.split("_to_")]
            yield f"'{word}' means no stage: no {' and no '.join(absent)}"
        if self.found and self.found[0].total.window is None:
            yield (
                f"without a window, each had up to {self.at:%Y-%m-%d %H:%M}; "
                "those who came late had less time"
            )

    def columns(self) -> Sequence[Column]:
        """Return its columns: the ratio, the dimensions, both counts, the share, its interval."""
        return (
            Column("ratio"),
            *(Column(name) for name in self.by),
            Column("numerator", "count", "came there"),
            Column("denominator", "count", "of"),
            Column("value", "share", "share"),
            Column("low", "share"),
            Column("high", "share"),
            Column("censored", "count"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a ratio; with groups one a ratio and group."""
        return [
            (
                part.name,
                *(part.group[name] for name in self.by),
                part.numerator,
                part.denominator,
                part.value,
                *(part.interval or (None, None)),
                part.censored,
            )
            for ratios in self.found
            for part in (ratios.parts if self.by else (ratios.total,))
        ]

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: each share with its interval; a panel a ratio if there are groups.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        alt = charts()
        rows = []
        for ratios in self.found:
            for part in ratios.parts if self.by else (ratios.total,):
                low, high = part.interval or (None, None)
                rows.append(
                    {
                        "ratio": _words(part.name),
                        "row": label_of(part.group) if self.by else _words(part.name),
                        "share": part.value,
                        "low": low,
                        "high": high,
                        "of": f"{part.numerator:,} of {part.denominator:,}",
                    }
                )
        colour = COLOURS.get(theme, [""])[0]
        unit = "share, with 95 % interval"
        scale = alt.Scale(domain=[0, 1])
        base = alt.Chart().encode(y=alt.Y("row:N", sort=None, title=None))
        layers = [
            base.mark_rule(strokeWidth=2, color=colour).encode(
                x=alt.X("low:Q", title=unit, scale=scale, axis=alt.Axis(format=".0%")), x2="high:Q"
            ),
            base.mark_point(filled=True, size=60, color=colour, opacity=1).encode(
                x="share:Q", tooltip=["row:N", "of:N", alt.Tooltip("share:Q", format=".1%")]
            ),
            base.mark_text(align="left", dx=6).encode(x="high:Q", text="of:N"),
        ]
        width = WIDTH // 2 if self.by else WIDTH
        data = alt.Data(values=rows)
        chart = alt.layer(*layers, data=data).properties(width=width, height=alt.Step(26))
        if self.by:
            header = alt.Header(title=", ".join(self.by).replace("_", " "))
            order = [_words(ratio.name) for ratio in self]
            panel = alt.Facet("ratio:N", sort=order, header=header)
            chart = chart.facet(facet=panel, columns=2)
            chart = chart.resolve_scale(y="independent")
        return themed(chart, theme, title=self.title, notes=[] if self.by else [*self.notes])


def _words(name: str) -> str:
    """Return the name of a ratio as people write it."""
    return name.replace("_to_", " to ").replace("_", "-")


def key_ratios(  # noqa: PLR0913 - what a ratio has to say of itself
    entries: Any,
    *,
    measures: Measures,
    at: datetime,
    period: Period | str | None = None,
    window: timedelta | None = None,
    leads: Any = None,
    by: str | Sequence[str] | None = None,
) -> KeyRatios:
    """Return suspect-to-prospect, prospect-to-sales-ready, sales-ready-to-quote, quote-to-close.

    Each is the conversion of its own cohort: of those who came to its first step in the period.
    Ratios of words that mean no stage are not there, and a note says so.

    Args:
        entries: The table of entries: `lead_id`, `stage`, `entered`. Any kind of frame.
        measures: What the words mean, which entry counts, and what a skipped stage is.
        at: The moment of the evaluation; with a time zone. Later entries are not known yet.
        period: When they came to the first step of each ratio; by default whenever.
        window: How long each had; by default up to `at`.
        leads: A frame of leads, one row each, with the columns of `by`.
        by: The columns of leads by which to group, the coarsest first.

    Raises:
        EvaluationError: If an argument is not possible, or a column is absent or of a wrong type.

    Examples:
        >>> import polars as pl
        >>> from datetime import UTC, datetime
        >>> words = Measures(funnel={"sales_ready": "mql", "quote": "proposal", "close": "won"})
        >>> entries = pl.DataFrame({
        ...     "lead_id": ["1", "1", "1", "2"],
        ...     "stage": ["mql", "proposal", "won", "mql"],
        ...     "entered": [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 20, 28, 3)],
        ... })
        >>> found = key_ratios(entries, measures=words, at=datetime(2026, 4, 15, tzinfo=UTC))
        >>> [(ratio.name, ratio.numerator, ratio.denominator) for ratio in found]
        [('sales_ready_to_quote', 1, 2), ('quote_to_close', 1, 1)]
        >>> found.missing
        ('suspect', 'prospect')
    """
    words = demand_measures(measures).steps
    groups = by_of(by)
    found = []
    for one, two in pairwise(STEPS):
        if one in words and two in words:
            ratio: Ratio | Ratios = conversion(
                entries,
                of=one,
                to=two,
                measures=measures,
                at=at,
                period=period,
                window=window,
                leads=leads,
                by=groups,
            )
            found.append(ratio if isinstance(ratio, Ratios) else Ratios(ratio, (), ()))
    missing = tuple(x for x in STEPS if x not in words)
    if not found:
        return KeyRatios((), missing, at, groups)
    # Where a way ends, coming back changes no ratio.
    from_where = [words[one] for one, two in pairwise(STEPS) if one in words and two in words]
    table = entries_table(entries, at=demand_moment(at))
    return KeyRatios(tuple(found), missing, at, groups, returned(table, from_where))
