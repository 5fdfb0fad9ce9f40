"""Checks of stages and moves as a whole, against the plainest way to find the same."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import load_policy
from leadrules.lifecycle.document import Lifecycle
from leadrules.lifecycle.graph import check_graph
from tests.costs import calls

HEAD = {"leadrules": 1, "policy": {"id": "acme", "version": 1, "effective": "2026-01-01"}}
ENDS = ("won", "lost", "disqualified")


def problems(document: dict[str, Any]) -> list[str]:
    lifecycle = Lifecycle.model_validate(document)
    return [
        f"{found.path[1]}: {found.code}" for found in check_graph(lifecycle.stages, lifecycle.moves)
    ]


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    names = [f"s{number}" for number in range(draw(st.integers(1, 7)))]
    stages: dict[str, Any] = {}
    for name in names:
        kind = draw(st.sampled_from(["open", "open", "open", "recycled", *ENDS]))
        stages[name] = {"owner": "x", "kind": kind, "most": draw(st.sampled_from([None, None, 2]))}
    pairs = st.tuples(st.sampled_from(names), st.sampled_from(names)).filter(lambda x: x[0] != x[1])
    found = draw(st.lists(pairs, max_size=12)) if len(names) > 1 else []
    return {"stages": stages, "moves": [{"from": start, "to": end} for start, end in found]}


def reach(start: str, edges: set[tuple[str, str]]) -> set[str]:
    """Return what can be reached from a stage in one move or more."""
    found: set[str] = set()
    for _ in edges:
        found |= {end for name, end in edges if name in found | {start}}
    return found


def expected(document: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with stages and moves, found by looking at every pair of stages."""
    stages = document["stages"]
    edges = {(move["from"], move["to"]) for move in document["moves"]}
    come = {name: reach(name, edges) for name in stages}
    first = next(iter(stages))
    yield from (f"{x}: unreachable" for x in stages if x not in come[first] | {first})
    limited = {x for x in stages if stages[x]["most"] and x in come[x]}
    free = {(name, end) for name, end in edges if end not in limited}
    for name in stages:
        if not any(stages[x]["kind"] in ENDS for x in reach(name, free) | {name}):
            yield f"{name}: trap"
    endless = {(x, y) for x, y in edges if not stages[x]["most"] and not stages[y]["most"]}
    told: set[str] = set()
    for name in stages:
        if name in reach(name, endless) and name not in told:
            yield f"{name}: endless-loop"
            told |= {x for x in reach(name, endless) if name in reach(x, endless)}


@given(graphs())
def test_what_is_wrong_is_what_looking_everywhere_finds(document: dict[str, Any]) -> None:
    """Law: The linear search tells what a search of all pairs of stages does."""
    assert problems(document) == list(expected(document))


@given(graphs())
def test_an_endless_loop_is_a_way_that_leads_back(document: dict[str, Any]) -> None:
    """Law: Each step of a loop that is told is a move, and none of its stages has a limit."""
    lifecycle = Lifecycle.model_validate(document)
    for found in check_graph(lifecycle.stages, lifecycle.moves):
        if found.code == "endless-loop":
            told = found.message.removeprefix("leads can go round without end: ")
            loop = told.partition(";")[0].split(" -> ")
            assert loop[0] == loop[-1]
            steps = {(move["from"], move["to"]) for move in document["moves"]}
            assert set(pairwise(loop)) <= steps
            assert not any(document["stages"][name]["most"] for name in loop)


# --- warnings


def warnings(lifecycle: dict[str, Any]) -> list[str]:
    return [str(found) for found in load_policy({**HEAD, "lifecycle": lifecycle}).warnings]


STAGES: dict[str, Any] = {
    "inquiry": {"owner": "marketing", "update_every": "1 day"},
    "sal": {"owner": "sales", "update_every": "1 day"},
    "won": {"kind": "won"},
}
WAY = [{"from": "inquiry", "to": "sal", "by": ["sales"]}, {"from": "sal", "to": "won"}]


def test_a_sound_lifecycle_has_no_warnings() -> None:
    assert warnings({"stages": STAGES, "moves": WAY}) == []


FIRST = {"from": ["inquiry", "sal"], "to": "won", "automatic": True}


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ({"from": "inquiry", "to": "sal", "automatic": True, "when": "known(email)"}, True),
        ({"from": "sal", "to": "won", "after": "3 days"}, True),
        ({"from": "inquiry", "to": "sal", "automatic": True, "by": ["sales"]}, False),
        ({"from": "inquiry", "to": "sal", "by": ["sales"]}, False),
    ],
)
def test_a_move_that_the_policy_never_takes_is_told(second: dict[str, Any], *, told: bool) -> None:
    found = warnings({"stages": STAGES, "moves": [*WAY, FIRST, second]})
    assert found == [
        (
            "lifecycle.moves[3]: the policy never takes this move, since it takes moves[2] at once "
            "before it; move it up, or say when the other is taken [unreachable]"
        )
    ] * bool(told)


@pytest.mark.parametrize(
    "first",
    [
        {**FIRST, "when": "known(email)"},
        {**FIRST, "fields": ["email"]},
        {**FIRST, "from": ["inquiry"], "touches": ["calls"]},
        {**FIRST, "from": ["inquiry"], "to": "again"},
        {**FIRST, "from": ["inquiry"], "to": "later"},
        {**FIRST, "from": ["inquiry"], "automatic": False, "after": "5 days"},
        {**FIRST, "from": ["sal"], "to": "won"},
    ],
    ids=str,
)
def test_a_move_that_something_may_stand_against_hides_none(first: dict[str, Any]) -> None:
    stages = {
        **STAGES,
        "sal": {**STAGES["sal"], "requires": ["offer"]},
        "again": {"owner": "sales", "most": 2},
        "later": {"owner": "sales", "again_after": "5 days"},
    }
    back = [{"from": x, "to": "won"} for x in ("again", "later")]
    there = [{"from": "inquiry", "to": x, "by": ["sales"]} for x in ("again", "later")]
    second = {"from": "inquiry", "to": "won", "automatic": True}
    third = {"from": "sal", "to": "won", "automatic": True, "when": "known(email)"}
    document = {
        "stages": stages,
        "moves": [*WAY, *there, *back, first, second, third],
        "touches": {"calls": {"in": "inquiry", "count": 1}},
    }
    assert [x for x in warnings(document) if "moves[6]" in x] == []


def test_requirements_that_nobody_is_asked_for_are_told() -> None:
    stages = {
        "inquiry": {**STAGES["inquiry"], "most": 3},
        "proposal": {**STAGES["sal"], "requires": ["offer"], "approvals": ["sales"]},
        "lost": {"kind": "lost"},
    }
    moves = [
        {"from": "inquiry", "to": "proposal"},
        {"from": "proposal", "to": "inquiry"},
        {"from": ["proposal", "inquiry"], "to": "lost"},
    ]
    found = warnings({"stages": stages, "moves": moves})
    assert found == [
        (
            "lifecycle.stages.proposal: no move leads on from stage 'proposal', so nobody asks for "
            "what it requires; expected a move to a stage further down, or to one that is won "
            "[no-effect]"
        )
    ]


def test_a_limit_that_some_leads_can_miss_is_a_warning() -> None:
    stages = {**STAGES, "inquiry": {"owner": "marketing", "update_every": "10 days"}}
    timed = {"from": "inquiry", "to": "won", "after": "2 days", "when": "known(email)"}
    assert warnings({"stages": stages, "moves": [*WAY, timed]}) == [
        (
            "lifecycle.stages.inquiry.update_every: '10 days' is longer than a lead stays in stage "
            "'inquiry', which it leaves for 'won' after '2 days' [never-missed]"
        )
    ]


@pytest.mark.parametrize(
    "parts",
    [
        {"clocks": {"speed": {"from": "entered.inquiry", "to": "first_contact"}}},
        {"clocks": {"speed": {"from": "assigned", "to": "left.inquiry"}}},
    ],
)
def test_a_clock_that_goes_on_in_the_next_stage_can_be_missed(parts: dict[str, Any]) -> None:
    for clock in parts["clocks"].values():
        clock["within"] = "10 days"
    timed = {"from": "inquiry", "to": "sal", "after": "2 days"}
    assert warnings({"stages": STAGES, "moves": [*WAY, timed], **parts}) == []


ASLEEP = {
    "owner": "marketing",
    "kind": "recycled",
    "most": 2,
    "reasons": ["price", "timing"],
    "wake": {"price": "5 days"},
    "update_every": "30 days",
}


def told_of_sleep(move: dict[str, Any] | None = None, **keys: Any) -> list[str]:
    """Return the warnings of a lifecycle in which a move leads to a stage that wakes leads."""
    moves = [
        *WAY,
        {"from": "inquiry", "to": "asleep", **(move or {})},
        {"from": "asleep", "to": "won", "after": "wake"},
    ]
    return warnings({"stages": {**STAGES, "asleep": {**ASLEEP, **keys}}, "moves": moves})


def test_what_a_lead_is_owed_where_it_may_sleep_for_ever_can_be_missed() -> None:
    nothing = "lifecycle.stages.asleep.wake: nothing wakes a lead that comes for"
    assert told_of_sleep() == [f"{nothing} 'timing'; expected default as well [gap]"]
    other = f"{nothing} another reason; expected default as well [gap]"
    assert told_of_sleep(reasons=None) == [other]
    assert told_of_sleep(reasons=["price"]) == []
    assert told_of_sleep(wake={"price": "5 days", "default": "40 days"}) == []


AUTOMATIC = {"automatic": True, "when": "known(email)", "because": "price"}


@pytest.mark.parametrize(
    ("move", "told"),
    [
        ({"reason": "optional"}, True),
        ({"reason": "optional", **AUTOMATIC, "by": "sales"}, True),
        ({"reason": "optional", **AUTOMATIC}, False),
        (AUTOMATIC, False),
        ({"reason": "required"}, False),
    ],
)
def test_a_move_for_no_reason_to_where_only_reasons_wake_is_told(
    move: dict[str, Any], *, told: bool
) -> None:
    assert told_of_sleep(move, reasons=["price"]) == [
        (
            "lifecycle.moves[2]: nothing wakes a lead that comes to stage 'asleep' without a "
            "reason; expected one, or default in wake there [gap]"
        )
    ] * bool(told)
    assert told_of_sleep(move, reasons=["price"], wake={"default": "40 days"}) == []


def test_a_role_that_nobody_has_is_told() -> None:
    document = {
        "stages": STAGES,
        "moves": WAY,
        "force": ["sales_manager"],
        "touches": {
            "calls": {
                "in": "inquiry",
                "count": 1,
                "by": ["sales", "rep"],
                "waive": ["duplicate"],
                "waive_by": "lead_desk",
            }
        },
        "clocks": {
            "speed": {
                "from": "assigned",
                "to": "first_attempt",
                "within": "1 day",
                "escalate": {"50%": "remind", "100%": "sales_manger", "200%": "reassign"},
            }
        },
        "responses": {"offer": {"activity": "ask", "acknowledge": "1 day", "by": "support"}},
        "hours": {"default": "office", "roles": {"markting": "office"}},
    }
    policy = load_policy(
        {
            **HEAD,
            "activities": {"ask": {}},
            "calendars": {"office": {"hours": {"mon-fri": ["09:00-17:00"]}}},
            "lifecycle": document,
        }
    )
    nothing = "owns no stage, moves no lead and approves nothing"
    assert sorted(str(found) for found in policy.warnings) == [
        (
            f"lifecycle.clocks.speed.escalate.100%: role 'sales_manger' {nothing}; did you mean "
            "'sales_manager'? [unknown-role]"
        ),
        (
            f"lifecycle.hours.roles.markting: role 'markting' {nothing}; did you mean 'marketing'? "
            "[unknown-role]"
        ),
        f"lifecycle.responses.offer.by: role 'support' {nothing} [unknown-role]",
        f"lifecycle.touches.calls.by[1]: role 'rep' {nothing} [unknown-role]",
        f"lifecycle.touches.calls.waive_by: role 'lead_desk' {nothing} [unknown-role]",
    ]


def test_guards_that_no_lead_can_meet_are_told() -> None:
    guard = "company.employees > 5 and company.employees < 3"
    moves = [*WAY, {"from": "inquiry", "to": "won", "by": ["sales"], "when": guard}]
    (found,) = load_policy({**HEAD, "lifecycle": {"stages": STAGES, "moves": moves}}).warnings
    assert (found.code, found.path) == ("never-true", "lifecycle.moves[2].when")


@pytest.mark.parametrize(
    ("guard", "told"),
    [
        ('stage == "won"', ("inquiry", "sal")),
        ('stage == "sal" and known(email)', ("inquiry",)),
        ('stage in ["won", "sal"]', ("inquiry",)),
        ('owner_role == "sales"', ("inquiry",)),
        ('stage == "sal" or known(email)', ()),
        ('stage == "won" or owner_role == "sales" or known(email)', ()),
        ('stage != "won"', ()),
        ('was.stage == "won"', ()),
    ],
)
def test_guards_that_no_lead_can_meet_where_they_stand_are_told(
    guard: str, told: tuple[str, ...]
) -> None:
    out = {"from": ["inquiry", "sal"], "to": "won", "by": "sales", "when": guard}
    assert warnings({"stages": STAGES, "moves": [*WAY, out]}) == [
        f"lifecycle.moves[2].when: no lead in stage '{name}', which this move leaves, can make it "
        "true [never-true]"
        for name in told
    ]


# --- cost


def chain(size: int) -> dict[str, Any]:
    """Return a lifecycle with a row of stages, each with a loop and five moves out of it."""
    names = [f"s{number}" for number in range(size)]
    stages: dict[str, Any] = {name: {"owner": "x", "update_every": "9 days"} for name in names}
    stages |= {"won": {"kind": "won"}, "back": {"owner": "x"}}
    stages["s0"]["most"] = 3
    moves: list[dict[str, Any]] = [{"from": "back", "to": x} for x in ("s0", "won")]
    for number, (name, end) in enumerate(pairwise([*names, "won"])):
        moves += [
            {"from": name, "to": end, "by": ["x"], "when": f"company.employees > {number}"},
            {"from": name, "to": end, "after": f"{number + 10} days"},
            {"from": name, "to": "back", "fields": ["email"]},
            {"from": name, "to": "won", "automatic": True, "when": f'city == "{name}"'},
        ]
    return {**HEAD, "lifecycle": {"stages": stages, "moves": moves}}


def test_the_cost_of_ten_times_the_moves_is_about_ten_times_as_much() -> None:
    load_policy(chain(1))  # what is made once is there
    few, many = (calls(load_policy, chain(size)) for size in (50, 500))
    assert many < 12 * few
