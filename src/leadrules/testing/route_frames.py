"""The law that a frame of leads is routed as its leads are one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from leadrules.engine import Engine
from leadrules.routing.router import Answered
from leadrules.testing.history import History
from leadrules.testing.laws import broken
from leadrules.testing.pools import given
from leadrules.testing.rerouting import place_of
from leadrules.testing.routed import before_routing, said_of
from leadrules.values import Value

__all__ = ["frames_route_as_leads"]

_TOLD = ("rule", "pool", "owner", "queue", "partner", "clock", "packages")
_LAW = "a frame is routed as its leads are one by one"


class _One(NamedTuple):
    """A lead, and what earlier steps add to it."""

    history: History
    derived: Mapping[str, Value]


def frames_route_as_leads(engine: Engine, leads: Sequence[History]) -> None:
    """A frame of leads is routed as its leads are one by one, in the order that is declared.

    Args:
        engine: The engine of a policy that routes.
        leads: The leads; each has an id of its own.

    Raises:
        Violation: If it is not.
    """
    import polars as pl  # noqa: PLC0415 - frames are an extra

    router = engine.router
    each = [_One(history, before_routing(engine, history)) for history in leads]
    moment = "moment_of_the_lead"
    moments = pl.Series(moment, [x.history.at for x in each], dtype=pl.Datetime("us", "UTC"))
    frame = _frame(engine, each).with_columns(moments)
    table, state = router.route_frame(frame, at=moment, state=router.start())
    singly = router.start()
    for one, row in zip(sorted(each, key=lambda x: place_of(*x)), table.to_dicts(), strict=True):
        lead = one.history.lead
        answer, singly = router.route(lead, at=one.history.at, state=singly, derived=one.derived)
        for name, expected in _said(answer).items():
            if row[name] != expected:
                wrong = f"the {name} is {row[name]} in a frame, and {expected} alone"
                broken(_LAW, wrong, one.history)
    if state != singly:
        wrong = f"it leads to {state.to_dict()}, and alone to {singly.to_dict()}"
        broken(_LAW, wrong, each[-1].history)


def _frame(engine: Engine, each: Sequence[_One]) -> Any:
    """Return leads as a frame of polars, with columns for what earlier steps add."""
    from leadrules.frames import frame_of  # noqa: PLC0415 - frames are an extra

    own = engine.policy.vocabulary
    read = {*engine.router.routing.fields(), "score"}
    added = {name: x for name, x in engine.policy.staged.derived.items() if name in read}
    words = replace(own, declared={**own.declared, **added})
    leads = []
    for history, derived in each:
        more = {
            name: given(derived[name], declared.type)
            for name, declared in added.items()
            if name in derived
        }
        fields = {**history.lead.fields, **more}
        leads.append(history.lead.model_copy(update={"fields": fields}))
    return frame_of(leads, vocabulary=words, backend="polars")


def _said(answer: Answered) -> Mapping[str, Any]:
    """Return what an answer says under the names of the columns."""
    found = {name: said_of(answer, name) for name in _TOLD}
    packages = {"packages": list(answer.packages)}
    return {"lead_id": answer.lead_id, "code": said_of(answer, "code"), **found, **packages}
