"""Whether objectives are reached, and what programmes bring."""

from __future__ import annotations

from collections.abc import Iterator

from leadrules.metrics import Objectives, Programmes, objectives, programmes
from leadrules.report.chapters import Chapter, Exhibit
from leadrules.report.material import Material

__all__ = ["goals", "programmes_of"]


def goals(material: Material) -> Chapter | None:
    """Return whether what was to be reached is; None if nothing was."""
    if not material.measures.objectives:
        return None
    found = material.tried(
        "objectives", objectives, material.entries, leads=material.leads, events=material.events
    )
    return Chapter(
        "Is it enough?",
        "What marketing and sales want to reach, in the time that each objective names.",
        tuple(_said(found)),
        (Exhibit(found, is_drawn=True),) if found is not None else (),
        material.noted(),
    )


def _said(found: Objectives | None) -> Iterator[str]:
    for part in found.parts if found is not None else ():
        name = part.id.replace("_", " ") + (f" of {part.group}" if part.group else "")
        yield f"Objective '{name}': {part.actual:,} of {part.target:,}, {part.status}."


def programmes_of(material: Material) -> Chapter | None:
    """Return what each campaign or source brought; None if leads say neither."""
    names = material.has("campaign", "source", "lead_type")
    if material.costs is not None:
        names = tuple(name for name in names if name in material.costs.columns)
    if not names:
        return None
    found = [
        material.tried(
            f"programmes by {name}",
            programmes,
            material.leads,
            material.entries,
            by=name,
            period=material.period,
            costs=material.costs,
        )
        for name in names
    ]
    known = [one for one in found if one is not None]
    return Chapter(
        "What do programmes bring?",
        "Leads that came in the period, with all that became of them up to now.",
        tuple(_best(known)),
        tuple(Exhibit(one, one is known[0] and material.costs is not None) for one in known),
        material.noted(),
    )


def _best(found: list[Programmes]) -> Iterator[str]:
    for one in found[:1]:
        parts = [x for x in one.parts if x.won]
        if parts:
            best = max(parts, key=lambda x: x.won)
            share = f"{best.won:,} of {sum(x.won for x in parts):,}"
            yield f"Those who bought came mostly by '{_plain(best.label)}': {share}."


def _plain(label: str) -> str:
    return label.replace("_", " ")
