"""What a report cannot know: what is missing in the data, late, or too young."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from leadrules.metrics.ratio import percent
from leadrules.metrics.tabular import Column, Tabular
from leadrules.report.chapters import Chapter, Exhibit
from leadrules.report.material import Material

__all__ = ["Gap", "Gaps", "data_quality"]


@dataclass(frozen=True, slots=True)
class Gap:
    """What of the data is missing, or cannot be.

    Attributes:
        what: What it is.
        count: How many rows have it so.
        of: Of how many.
        effect: What that does to the report.
    """

    what: str
    count: int
    of: int
    effect: str


@dataclass(frozen=True, slots=True, repr=False)
class Gaps(Tabular):
    """What of the data is missing, or cannot be.

    Attributes:
        found: One for each kind of gap that there is.
    """

    found: tuple[Gap, ...]

    @property
    def title(self) -> str:
        """What it tells, in a line."""
        return "what the data lacks"

    def columns(self) -> Sequence[Column]:
        """Return its columns."""
        return (
            Column("what"),
            Column("count", "count"),
            Column("of", "count"),
            Column("share", "share"),
            Column("effect", head="so that"),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return its rows, one a gap."""
        return [(x.what, x.count, x.of, x.count / x.of, x.effect) for x in self.found]


def data_quality(material: Material) -> Chapter:
    """Return what the data lacks, of what the report reads."""
    found = tuple(gap for gap in _gaps(material) if gap.count)
    worst = max(found, key=lambda gap: gap.count / gap.of, default=None)
    said = "Nothing is missing of what the report reads."
    if worst is not None:
        share = percent(worst.count, worst.of)
        said = (
            f"Largest gap in the data: {worst.what}, {worst.count:,} of {worst.of:,} ({share} %)."
        )
    return Chapter(
        "How far can this be trusted?",
        "What is missing in the tables that were read. Nothing is left out silently: each table "
        "above says who is not in it.",
        (said,),
        (Exhibit(Gaps(found)),) if found else (),
        material.noted(),
    )


def _gaps(material: Material) -> Iterator[Gap]:
    import polars as pl  # noqa: PLC0415 - frames are an extra

    leads, entries, measures = material.leads, material.entries, material.measures
    count = len(leads)
    unborn = count - entries["lead_id"].n_unique()
    yield Gap("no moment says when the lead arose", max(0, unborn), count, "it is in nothing here")
    for name, effect in (
        ("owner", "it is in no row of an owner"),
        ("lead_type", "it is owed what the default says"),
    ):
        if name in leads.columns:
            missing = leads[name].null_count()
            yield Gap(f"the lead has no {name.replace('_', ' ')}", missing, count, effect)
    ended = entries.filter(pl.col("stage").is_in([*measures.lost, *measures.disqualified]))
    unsaid = ended["reason"].null_count()
    yield Gap("nobody said why it was lost", unsaid, max(1, len(ended)), "it has no reason")
    if measures.value is not None and measures.won is not None and measures.value in leads.columns:
        key = "lead_id" if "lead_id" in leads.columns else "id"
        won = entries.filter(pl.col("stage") == measures.won)["lead_id"].unique()
        worth = leads.filter(pl.col(key).cast(pl.String).is_in(won.to_list()))[measures.value]
        told = f"the {measures.unit} was won without a value"
        yield Gap(told, worth.null_count(), max(1, len(worth)), "it is in no sum of money")
    first = next(iter(material.machine.lifecycle.stages))
    owners = entries.filter(pl.col("stage") != first)["by"]
    yield Gap(
        "nobody said who moved it", owners.null_count(), max(1, len(owners)), "nobody can be asked"
    )
