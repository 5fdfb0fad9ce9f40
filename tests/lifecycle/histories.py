"""Random histories of a lead: facts in any order, some at one moment, some odd."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from leadrules import Event
from tests.lifecycle.offices import moment
from tests.lifecycle.processes import CHANNELS, ITEMS, OUTCOMES, OWNERS, REASONS, ROLES

__all__ = ["STAGES", "event", "histories", "moved"]

STAGES = ("s0", "s1", "s2", "won", "lost", "rest", "out", "nowhere")
"""Those of random lifecycles, some of which have no `s2`, and one that none has."""
WAITS = (0, 0, 0, 1, 29, 60, 91, 240, 1440, 2880, 7200)


def event(minute: int, kind: str, number: int = 1, lead: str = "l1", **said: Any) -> Event:
    """Return an event; what it says that is None it does not say."""
    return Event.model_validate(
        {
            "lead_id": lead,
            "id": f"e{number:03}",
            "time": moment(minute),
            "kind": kind,
            "properties": {x.rstrip("_"): y for x, y in said.items() if y is not None},
        }
    )


def moved(minute: int, to: str, number: int = 1, **said: Any) -> Event:
    return event(minute, "moved", number, to=to, **said)


def _optional(values: Sequence[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from((None, *values))


_moves = st.fixed_dictionaries(
    {
        "to": st.sampled_from(STAGES),
        "from_": _optional(("s0", "s1")),
        "by": _optional(("ann", "policy")),
        "role": _optional(ROLES),
        "reason": _optional(REASONS),
        "band": _optional(("hot", "unheard of")),
        "forced": _optional((True,)),
        "policy": _optional(("sha256:other",)),
    }
)
_others = st.one_of(
    st.tuples(
        st.just("touch"),
        st.fixed_dictionaries(
            {
                "channel": st.sampled_from(CHANNELS),
                "direction": st.just("outbound"),
                "outcome": _optional(OUTCOMES),
                "role": _optional(ROLES),
            }
        ),
    ),
    st.tuples(st.just("assigned"), st.fixed_dictionaries({"owner": st.sampled_from(OWNERS)})),
    st.tuples(
        st.just("completed"),
        st.fixed_dictionaries({"item": st.sampled_from(ITEMS), "role": _optional(ROLES)}),
    ),
    st.tuples(
        st.just("approval"),
        st.fixed_dictionaries({"role": st.sampled_from(ROLES), "verdict": st.just("approved")}),
    ),
    st.tuples(
        st.just("waiver"),
        st.fixed_dictionaries(
            {
                "touches": st.just("t0"),
                "reason": st.just("duplicate"),
                "role": _optional(ROLES),
            }
        ),
    ),
    st.tuples(st.just("pause"), st.fixed_dictionaries({"clock": _optional(("c0", "gone"))})),
    st.tuples(st.just("resume"), st.just({})),
    st.tuples(st.just("next_step"), st.just({"what": "anything"})),
    st.tuples(st.just("answer"), st.just({"criterion": "need", "answer": "met"})),
)
_facts: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.one_of(
    st.tuples(st.just("moved"), _moves), st.tuples(st.just("moved"), _moves), _others
)


@st.composite
def histories(draw: st.DrawFn, start: int, *, most: int = 12, lead: str = "l1") -> list[Event]:
    """Return events from a minute on, in any order; some are retracted, some repeated."""
    found: list[Event] = []
    minute = start
    numbers = draw(st.permutations(range(1, most + 1)))  # the ids need not be in order of time
    for number, (kind, said) in zip(numbers, draw(st.lists(_facts, max_size=most)), strict=False):
        found.append(event(minute, kind, number, lead, **said))
        minute += draw(st.sampled_from(WAITS))
    found += [
        event(minute, "retraction", 100 + number, lead, of=f"e{number:03}")
        for number in draw(st.lists(st.integers(1, most), max_size=2, unique=True))
    ]
    found += found[: draw(st.integers(0, 2))]
    return draw(st.permutations(found))
