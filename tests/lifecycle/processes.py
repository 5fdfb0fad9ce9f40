"""Random valid lifecycles, and the leads that go through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from hypothesis import strategies as st

from leadrules import Lead
from leadrules.lifecycle.document import Lifecycle
from leadrules.lifecycle.machine import StageMachine
from leadrules.values import Type
from leadrules.vocabulary import Declaration, Vocabulary
from tests.lifecycle.offices import CALENDARS, ZONE, minute_of, moment

__all__ = [
    "BANDS",
    "CHANNELS",
    "DELAYS",
    "ITEMS",
    "OUTCOMES",
    "OWNERS",
    "POLICY",
    "REASONS",
    "ROLES",
    "WORDS",
    "Sample",
    "is_valid",
    "leads",
    "processes",
    "samples",
    "starts",
]

POLICY = "sha256:made-for-a-test"
BANDS = ("hot", "cold")
ROLES = ("marketing", "sales", "boss")
OWNERS = ("ann", "ben")
CHANNELS = ("call", "email")
OUTCOMES = ("connected", "no_answer")
ITEMS = ("paper", "review", "anything")
REASONS = ("price", "timing", "duplicate", "other")
WORDS = Vocabulary(derived={"band": Declaration(Type.ENUM, BANDS)}, zone=ZONE)

DELAYS = ("90 minutes", "5 hours", "3 business hours", "9 business hours", "2 days")
SHORT = ("30 minutes", "2 hours", "1 business hour", "4 business hours")
TIMER = "5 days"

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Sample:
    """A process as plain data, and a lead that goes through it.

    Attributes:
        data: The section `lifecycle`.
        known: What is known of the lead.
        start: The minute at which it arises.
    """

    data: Data
    known: Data
    start: int

    @cached_property
    def machine(self) -> StageMachine:
        return machine_of(self.data)

    @cached_property
    def lead(self) -> Lead:
        return Lead(id="l1", created=moment(self.start), **self.known)


def machine_of(data: Data) -> StageMachine:
    lifecycle = Lifecycle.model_validate(data)
    return StageMachine(lifecycle, vocabulary=WORDS, calendars=CALENDARS, policy=POLICY)


starts = st.sampled_from(
    [
        minute_of(datetime.fromisoformat(text))
        for text in ("2026-03-27T07:15+01:00", "2026-10-23T16:50+02:00")
    ]
)
"""Before the weekends on which the clocks of Berlin change; New York's change at other times."""

leads: st.SearchStrategy[Data] = st.fixed_dictionaries(
    {},
    optional={
        "lead_type": st.sampled_from(("demo", "white_paper", "webinar")),
        "consent": st.booleans(),
        "email": st.just("ada@example.org"),
        "owner": st.sampled_from(OWNERS),
    },
)


def maybe(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=optional)


_some_roles = st.lists(st.sampled_from(ROLES), unique=True, min_size=1, max_size=2)

touch_rules = st.builds(
    lambda stage, demo, others, more: {
        "in": stage,
        "count": {"demo": demo, **others},
        "waive": ["duplicate"],
        **more,
    },
    st.sampled_from((["s0"], ["s0", "s1"])),
    st.integers(1, 3),
    st.sampled_from(({}, {"default": 2}, {"default": 1, "webinar": 0})),
    maybe(
        channels=st.lists(st.sampled_from(CHANNELS), unique=True, min_size=1),
        counts=st.sampled_from(("attempted", "connected")),
        by=_some_roles,
        waive_by=_some_roles,
        apart=st.sampled_from(SHORT),
        within=st.sampled_from(DELAYS),
    ),
)

_moments = (
    "created",
    "assigned",
    "accepted",
    "first_attempt",
    "first_contact",
    "first_qualification",
    "next_step",
    "entered.s0",
    "entered.s1",
    "entered.lost",
    "left.s0",
)


def _clock(ends: Sequence[str], within: str, more: Data) -> dict[str, Any]:
    return {"from": ends[0], "to": ends[1], "within": within, **more}


_ends = st.one_of(
    st.sampled_from((("assigned", "first_attempt"), ("created", "first_contact"))),
    st.lists(st.sampled_from(_moments), min_size=2, max_size=2, unique=True),
)

clocks = st.one_of(
    st.builds(
        _clock,
        _ends,
        st.sampled_from(DELAYS),
        maybe(restart=st.booleans(), calendar=st.sampled_from(tuple(CALENDARS))),
    ),
    st.builds(
        lambda ends, more: _clock(
            ends, "2 business hours", {"at_most": "7 business hours", **more}
        ),
        _ends,
        maybe(restart=st.just(True)),
    ),
)

GUARDS = (
    None,
    "consent",
    "known(email)",
    'band == "hot"',
    'band == "hot" or consent',
    'band == "hot" and not consent',
    "stage_entries >= 2",
    'was.stage == "s1"',
    'older_than(stage_since, "1 day")',
    'owner_role == "marketing"',
    'touches.t0 in ["met", "met_late", "waived"]',
    'owner == "ben"',
    'clock.c0 == "breached"',
)
"""What moves ask for; `plain.py` has its own words for each."""


@st.composite
def _moves(draw: st.DrawFn, count: int) -> list[dict[str, Any]]:
    """Return a way from stage to stage to the won end, and ways back and out."""
    guards = st.sampled_from(GUARDS)
    found: list[dict[str, Any]] = []
    ways = [(f"s{i}", f"s{i + 1}" if i + 1 < count else "won") for i in range(count)]
    for start, end in ways:
        move: dict[str, Any] = {"from": start, "to": end}
        way = draw(st.sampled_from(("asked", "automatic", "later", "accepted", "anybody")))
        if way == "asked":
            move |= {"by": draw(_some_roles)}
        elif way == "automatic":
            move |= {"automatic": True}
        elif way == "later":
            move |= {"after": TIMER}
        elif way == "accepted":
            move |= {"by": ["sales"], "accept_within": TIMER, "on_timeout": "accept"}
        guard = draw(guards)
        if guard is not None:
            move["when"] = guard
        if draw(st.booleans()):
            move["fields"] = draw(st.sampled_from((["email"], ["email", "owner"], ["owner"])))
        found.append(move)
        if draw(st.integers(0, 3)) == 0:
            found.append({"from": start, "to": end, "by": ["boss"]})
    last = f"s{count - 1}"
    back: dict[str, Any] = {"from": last, "to": "s0", "reason": "optional"}
    back |= draw(st.sampled_from(({"by": ["sales"]}, {"automatic": True})))
    back["when"] = draw(st.sampled_from(GUARDS[1:]))
    everywhere = [f"s{i}" for i in range(count)]
    found += [
        back,
        {"from": everywhere, "to": "lost", "by": ["sales", "boss"]},
        {"from": "s0", "to": "rest", "by": ["sales"], "touches": ["t0"]},
        {"from": ["s0", "rest"], "to": "out", "by": ["sales", "marketing"]},
        {"from": "rest", "to": "s0", "after": "wake", "reason": "optional"},
        {"from": "rest", "to": "s0", "by": ["marketing"], "reason": "optional"},
    ]
    return draw(st.permutations(found))


@st.composite
def processes(draw: st.DrawFn) -> Data:
    """Return the section of a random valid lifecycle, as plain data."""
    count = draw(st.integers(2, 3))
    stages: dict[str, dict[str, Any]] = {}
    for index in range(count):
        stage: dict[str, Any] = {"owner": draw(st.sampled_from(ROLES))}
        needs = draw(st.sampled_from((0, 0, 1, 2)))
        if needs:
            review = {"after": ["paper"], **draw(maybe(by=_some_roles))}
            stage["requires"] = {"paper": draw(maybe(by=_some_roles)), "review": review}
        if needs == 2:
            stage["approvals"] = {"by": ["boss", "sales"], "after": ["paper"]}
        stages[f"s{index}"] = stage
    stages["s0"] |= {"most": draw(st.integers(1, 3))}
    stages["s0"] |= draw(maybe(again_after=st.sampled_from(SHORT), reasons=st.just(list(REASONS))))
    stages["won"] = {"kind": "won"}
    stages["lost"] = {"kind": "lost", "reasons": ["price", "other"]}
    rest = {
        "owner": "marketing",
        "kind": "recycled",
        "wake": {"price": "20 hours", "default": "2 days"},
    }
    stages["rest"] = rest | draw(maybe(most=st.integers(1, 2)))
    stages["out"] = {"kind": "disqualified", "reasons": ["duplicate", "other"]}
    hours: dict[str, Any] = {"default": "office"}
    hours |= draw(maybe(roles=st.just({"marketing": "night"}), owners=st.just({"ben": "away"})))
    return {
        "hours": hours,
        "force": ["boss"],
        "stages": stages,
        "moves": draw(_moves(count)),
        "touches": {"t0": draw(touch_rules)},
        "clocks": {"c0": draw(clocks), "c1": draw(clocks)},
    }


def is_valid(data: Data) -> bool:
    """Return whether a policy may say this; a limit may not be one that nobody can keep."""
    found = Lifecycle.model_validate(data).check(WORDS, CALENDARS, warnings=False)
    assert {problem.code for problem in found} <= {"never-met"}, found
    return not found


samples: st.SearchStrategy[Sample] = st.builds(Sample, processes().filter(is_valid), leads, starts)
