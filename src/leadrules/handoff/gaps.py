"""What is missing for a good handoff: what whoever takes the lead over would have to ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from leadrules.handoff.assigned import Assigned
from leadrules.handoff.parts import Criterion, Gap
from leadrules.lifecycle.document import Lifecycle
from leadrules.scoring.score import Score
from leadrules.values import Value

__all__ = ["gaps_of"]

_REACHED_BY = ("email", "phone")
_CONTACT = {"name": "nobody says who it is", "company.name": "no company is named"}
_ORIGIN = {
    "created": "nobody says when the lead arose",
    "lead_type": "nobody says how the lead arose",
    "campaign": "nobody says which campaign they responded to",
    "source": "nobody says where the lead comes from",
}


def gaps_of(  # noqa: PLR0913 - all that a handoff is made of
    known: Mapping[str, Value],
    *,
    owner: str | None,
    queue: str | None,
    assigned: Assigned | None,
    stage: str | None,
    lifecycle: Lifecycle | None,
    score: Score | None,
    criteria: Iterable[Criterion],
) -> tuple[Gap, ...]:
    """Return what is missing, in the order of the kinds.

    Args:
        known: The known fields of the lead.
        owner: The person who owns it, if one does.
        queue: Where it waits if nobody does.
        assigned: Who gets it, if that was decided.
        stage: The stage that it is in.
        lifecycle: The lifecycle, if the policy has one.
        score: The score, if the policy scores.
        criteria: How the criteria are answered.
    """
    return (
        *_of_contact(known),
        *(Gap("initiative", name, what) for name, what in _ORIGIN.items() if name not in known),
        *_of_owner(owner, queue, assigned),
        *(_of_partner(known, assigned) if assigned else ()),
        *_of_band(score),
        *(_of_moves(known, stage, lifecycle) if stage is not None and lifecycle else ()),
        *_of_criteria(criteria, score),
    )


def _of_contact(known: Mapping[str, Value]) -> Iterator[Gap]:
    for name, what in _CONTACT.items():
        if name not in known:
            yield Gap("contact", name, what)
    if not any(name in known for name in _REACHED_BY):
        yield Gap("contact", "email", "neither email nor phone is known; nobody can reach them")
    if "consent" not in known:
        yield Gap("consent", "consent", "nobody says whether they may be contacted")


def _of_owner(owner: str | None, queue: str | None, assigned: Assigned | None) -> Iterator[Gap]:
    if owner is None and not (assigned and assigned.to == "partner"):
        waits = f"; it waits for '{queue}'" if queue else ""
        why = f"; {assigned.name}" if assigned and assigned.to is None else ""
        yield Gap("owner", "owner", f"nobody owns the lead{why}{waits}")


def _of_partner(known: Mapping[str, Value], assigned: Assigned) -> Iterator[Gap]:
    for name in assigned.needs:
        if name not in known:
            what = f"'{name}' is missing, without which '{assigned.name}' can do nothing"
            yield Gap("partner", name, what)


def _of_band(score: Score | None) -> Iterator[Gap]:
    for name in score.lacking if score else ():
        yield Gap("band", name, f"'{name}' is missing, which a better band needs")


def _of_moves(known: Mapping[str, Value], stage: str, lifecycle: Lifecycle) -> Iterator[Gap]:
    """Yield the fields that moves onwards take, each once."""
    order = list(lifecycle.stages)
    told: set[str] = set()
    for move in lifecycle.moves:
        target = lifecycle.stages[move.to]
        further = target.kind == "open" and order.index(move.to) > order.index(stage)
        if stage not in move.from_ or not (further or target.kind == "won"):
            continue
        for name in move.fields:
            if name not in known and name not in told:
                told.add(name)
                what = f"'{name}' is missing, which the move to '{move.to}' takes"
                yield Gap("move", name, what)


def _of_criteria(criteria: Iterable[Criterion], score: Score | None) -> Iterator[Gap]:
    """Yield the mandatory criteria that are unknown, and of a lead that is not ready all such."""
    short = score is not None and score.ready is False
    for found in criteria:
        if found.answer == "unknown" and (found.mandatory or short):
            why = "a lead has to meet it" if found.mandatory else "too few are met"
            yield Gap("criterion", found.name, f"'{found.name}' is unknown, and {why} to be ready")
