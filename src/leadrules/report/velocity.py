"""How long it takes: from sales-ready to the sale, and from step to step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from leadrules.metrics import Survival, pipeline_velocity, projection, time_to
from leadrules.metrics.ratio import counted, half_up
from leadrules.report.chapters import Chapter, Exhibit
from leadrules.report.material import Material
from leadrules.report.wording import from_to, span_of

__all__ = ["how_long", "to_come"]

_DAYS = 90


def how_long(material: Material) -> Chapter:
    """Return how long leads take from step to step, those on the way among them."""
    steps = [*material.measures.steps]
    pairs = [*pairwise(steps)][1:]
    ends = [("sales_ready", "close")] if {"sales_ready", "close"} <= {*steps} else []
    found = [
        material.tried(
            f"{of} to {to}", time_to, material.entries, of=of, to=to, period=material.period
        )
        for of, to in dict.fromkeys([*ends, *pairs])
    ]
    known = [one for one in found if one is not None and one.count]
    return Chapter(
        "How long does it take?",
        "Those who are still on the way count for as long as they were followed, so a time is not "
        "shorter because slow ones are not there yet. Who ended elsewhere never gets there.",
        tuple(_said(known)),
        tuple(Exhibit(one, one is known[0]) for one in known),
        material.noted(),
    )


def _said(found: list[Survival]) -> Iterator[str]:
    for one in found:
        name = f"{from_to(one.name)}, of {counted(one.count, one.unit)}"
        chance = one.within(timedelta(days=_DAYS))
        if one.median is not None:
            yield f"From {name}: half of them within {span_of(one.median)}."
        elif one.median_done is not None:
            told = f"too few were followed for {_DAYS} days"
            if chance is not None:
                told = f"{half_up(100 * chance.value, 0)} % within {_DAYS} days"
            done = span_of(one.median_done)
            yield f"From {name}: {told}; those who got there took {done} in the median."


def to_come(material: Material) -> Chapter:
    """Return how many of the open leads will buy, if all goes on as it did."""
    seen = material.tried("projection", projection, material.entries, leads=material.leads)
    worth = None
    if material.measures.value is not None and "quote" in material.measures.steps:
        worth = material.tried(
            "pipeline velocity",
            pipeline_velocity,
            material.entries,
            material.leads,
            period=material.period,
        )
    said = []
    if seen is not None and seen.total.count:
        low, high = seen.total.interval
        expected = half_up(seen.total.expected, 1)
        told = (
            f"Of {counted(seen.total.count, 'open ' + seen.unit)}, {low:,} to {high:,} are likely "
            f"to buy within {span_of(seen.horizon)} ({expected} on average), if all goes on as "
            "it did"
        )
        more = seen.total.unknown
        said.append(f"{told}; of {more:,} more too little is known to say." if more else f"{told}.")
    return Chapter(
        "What is to come?",
        "Each open lead has the chance of those who were once in its stage for as long. Leads that "
        "are yet to come are not in it.",
        tuple(said),
        tuple(Exhibit(x, x is seen) for x in (seen, worth) if x is not None),
        material.noted(),
    )
