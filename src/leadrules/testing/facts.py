"""What happens to leads on their way through the stages, as drafts of events for strategies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from leadrules.agenda import roles_of
from leadrules.lifecycle.document import Lifecycle

__all__ = ["OWNERS", "drafts_of_lifecycle", "with_ways"]

OWNERS = ("ann", "ben")
"""Persons of whom no policy needs to know."""

_OTHERS = ("anything",)
_WAYS = 60
"""A number that many small counts divide, so that ways out of a stage are chosen evenly."""

_Draft = Mapping[str, Any]
_Drafts = st.SearchStrategy[_Draft]


def drafts_of_lifecycle(lifecycle: Lifecycle, times: st.SearchStrategy[datetime]) -> _Drafts:
    """Return a strategy for the facts that a lifecycle knows; every other one is a move.

    Args:
        lifecycle: The section of the policy.
        times: When they happen.
    """
    ways = {
        "way": st.integers(0, _WAYS - 1),
        "anywhere": st.sampled_from((False, False, False, True)),
    }
    moves: _Drafts = st.fixed_dictionaries(
        {"kind": st.just("moved"), "time": times, "properties": st.fixed_dictionaries(ways)}
    )
    facts = list(_facts(lifecycle, times))
    return st.one_of([*facts, *len(facts) * [moves]])


def _facts(lifecycle: Lifecycle, times: st.SearchStrategy[datetime]) -> Iterator[_Drafts]:
    for kind, said, more in _kinds(lifecycle, times):
        parts = {name: st.sampled_from(found) for name, found in said.items()}
        properties = st.fixed_dictionaries(parts, optional=more)
        yield st.fixed_dictionaries(
            {"kind": st.just(kind), "time": times, "properties": properties}
        )


_Said = Mapping[str, Sequence[Any]]
_More = Mapping[str, st.SearchStrategy[Any]]


def _kinds(
    lifecycle: Lifecycle, times: st.SearchStrategy[datetime]
) -> Iterator[tuple[str, _Said, _More]]:
    """Yield the kinds of facts with what they always say, and what they may."""
    stages, rules = lifecycle.stages.values(), lifecycle.touches.values()
    roles = roles_of(lifecycle) or ("anybody",)
    channels = dict.fromkeys([*(x for rule in rules for x in rule.channels), "call", "email"])
    steps = lifecycle.told[("touch", "step")]
    yield (
        "touch",
        {"channel": tuple(channels), "direction": ("outbound", "outbound", "inbound")},
        {
            "outcome": st.sampled_from((*lifecycle.contact, "no_answer")),
            "automatic": st.booleans(),
            "role": st.sampled_from(roles),
            **({"step": st.sampled_from(steps)} if steps else {}),
        },
    )
    owners = dict.fromkeys([*(lifecycle.hours.owners if lifecycle.hours else ()), *OWNERS])
    yield "assigned", {"owner": tuple(owners)}, {}
    items = [name for stage in stages for name in stage.requires]
    yield "completed", {"item": tuple(dict.fromkeys([*items, *_OTHERS]))}, {}
    approvers = [role for stage in stages if stage.approvals for role in stage.approvals.by]
    if approvers:
        verdicts = ("approved", "approved", "rejected")
        yield "approval", {"role": tuple(dict.fromkeys(approvers)), "verdict": verdicts}, {}
    for name, rule in lifecycle.touches.items():
        if rule.waive:
            yield "waiver", {"touches": (name,), "reason": rule.waive}, {}
    sent = [found.send for found in lifecycle.responses.values() if found.send]
    if sent:
        yield "fulfilment", {"item": tuple(dict.fromkeys(sent))}, {}
    yield "update", {}, {}
    yield "next_step", {"what": _OTHERS}, {"due": times}
    clocks = tuple(lifecycle.clocks)
    if clocks:
        some = {"clock": st.sampled_from(clocks)}
        yield "pause", {}, {**some, "until": times.map(lambda at: at + timedelta(hours=5))}
        yield "resume", {}, some


def with_ways(drafts: Sequence[_Draft], lifecycle: Lifecycle) -> list[_Draft]:
    """Return drafts whose moves lead along the ways of a lifecycle, in the order of time.

    Some lead anywhere, as facts of a host may.
    """
    found = list(drafts)
    stage = lifecycle.initial
    moves = [place for place, draft in enumerate(found) if draft.get("kind") == "moved"]
    for place in sorted(moves, key=lambda place: (found[place]["time"], f"e{place}")):
        chosen = found[place]["properties"]
        ways = [move.to for move in lifecycle.moves if stage in move.from_]
        ends = tuple(lifecycle.stages) if chosen["anywhere"] or not ways else tuple(ways)
        to = ends[chosen["way"] % len(ends)]
        reasons = lifecycle.stages[to].why
        why = {"reason": reasons[chosen["way"] % len(reasons)]} if reasons else {}
        found[place] = {**found[place], "properties": {"from": stage, "to": to, **why}}
        stage = to
    return found
