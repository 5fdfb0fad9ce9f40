"""Ratios of groups that are parts of a whole: by owner, by campaign, by month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any

from leadrules.errors import EvaluationError, did_you_mean
from leadrules.metrics.pictures import Theme, intervals_of
from leadrules.metrics.ratio import Ratio, plural
from leadrules.metrics.tabular import Column, Tabular

__all__ = ["Ratios"]


@dataclass(frozen=True, slots=True, repr=False)
class Ratios(Tabular):
    """Ratios of one name, by one or more dimensions.

    They are iterated in their order, and found by what their groups have in common:
    `found["anna"]`, or `found["north", "anna"]` for two dimensions.

    Attributes:
        total: The ratio of all of them together.
        by: The dimensions, the coarsest first.
        parts: The ratio of each group; they share nobody, and add up to the total.
    """

    total: Ratio
    by: tuple[str, ...]
    parts: tuple[Ratio, ...]

    def __iter__(self) -> Iterator[Ratio]:
        return iter(self.parts)

    def __getitem__(self, group: Any) -> Ratio:
        wanted = group if isinstance(group, tuple) else (group,)
        for part in self.parts:
            if tuple(part.group[name] for name in self.by) == wanted:
                return part
        raise KeyError(group)

    def rolled_up(self, by: str | Sequence[str]) -> Ratios:
        """Return the same by fewer dimensions: reps to their region, months to nothing.

        Args:
            by: The dimensions to keep.

        Raises:
            EvaluationError: If it is none of the dimensions.
        """
        kept = (by,) if isinstance(by, str) else tuple(by)
        for name in kept:
            if name not in self.by:
                message = f"by: no dimension '{name}'{did_you_mean(name, self.by)}"
                raise EvaluationError(message, field="by")
        groups: dict[tuple[Any, ...], list[Ratio]] = {}
        for part in self.parts:
            groups.setdefault(tuple(part.group[name] for name in kept), []).append(part)
        if not kept:
            return Ratios(self.total, (), ())
        parts = (
            replace(reduce(add, found), group=dict(zip(kept, group, strict=True)))
            for group, found in groups.items()
        )
        return Ratios(self.total, kept, tuple(parts))

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        return f"{self.total.name.replace('_', ' ')}: {self.total}"

    def columns(self) -> Sequence[Column]:
        """Return its columns: the dimensions, both counts, the share and its interval."""
        return (
            *(Column(name) for name in self.by),
            Column("numerator", "count", self.total.name.rpartition("_to_")[2].replace("_", " ")),
            Column("denominator", "count", f"of {plural(self.total.unit)}"),
            Column("value", "share", "share"),
            Column("low", "share"),
            Column("high", "share"),
            Column("censored", "count"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a group."""
        return [
            (
                *(part.group[name] for name in self.by),
                part.numerator,
                part.denominator,
                part.value,
                *(part.interval or (None, None)),
                part.censored,
            )
            for part in self.parts
        ]

    def plot(self, *, theme: Theme = "light") -> Any:
        """Return a picture: each share with its interval, and the total as a line.

        Args:
            theme: `light` or `dark`.

        Returns:
            An Altair chart.
        """
        return intervals_of(self.parts, self.total, self.by, theme=theme)
