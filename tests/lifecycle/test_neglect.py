"""Warnings of leads that nobody has to look after: no deadline, or touches that guard nothing."""

from __future__ import annotations

from typing import Any

import pytest

from leadrules import load_policy, presets
from leadrules.document import read_document

HEAD = {"leadrules": 1, "policy": {"id": "acme", "version": 1, "effective": "2026-01-01"}}
WORK = {"owner": "sales"}
TIMED = {**WORK, "update_every": "1 day"}
ON = {"from": "work", "to": "won", "by": "sales"}


def warnings(lifecycle: dict[str, Any]) -> list[str]:
    return [str(found) for found in load_policy({**HEAD, "lifecycle": lifecycle}).warnings]


def test_the_sample_policy_has_no_warnings() -> None:
    assert load_policy(read_document(presets.demo_policy()).data).warnings == ()


# --- deadlines


def in_work(**parts: Any) -> dict[str, Any]:
    """Return a lifecycle whose second stage has no deadline but by its parts."""
    stages = {
        "inquiry": TIMED,
        "work": {**WORK, **parts.pop("stage", {})},
        "won": {"kind": "won"},
        "back": {"owner": "sales", "kind": "recycled", "most": 2, "wake": {"default": "9 days"}},
    }
    moves = [
        {"from": "inquiry", "to": "work", "by": "sales", **parts.pop("first", {})},
        {**ON, **parts.pop("on", {})},
        *parts.pop("moves", ()),
        {"from": "inquiry", "to": "back", "by": "sales"},
        {"from": "back", "to": "won", "after": "wake"},
    ]
    return {"stages": stages, "moves": moves, **parts}


def clock(start: str, stop: str) -> dict[str, Any]:
    return {"clocks": {"speed": {"from": start, "to": stop, "within": "1 day"}}}


TOUCHES = {"in": "work", "count": 1}
FORGOTTEN = (
    "lifecycle.stages.work: nothing in stage 'work' has a deadline, so leads can be forgotten "
    "there; expected update_every, or a limit on what is to be done there [no-deadline]"
)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"stage": {"requires": ["offer"], "approvals": "sales"}},
        {"touches": {"calls": TOUCHES}},
        {"on": {"automatic": True, "when": "known(email)"}},
        {"first": {"accept_within": "1 day"}},
        clock("assigned", "first_contact"),
        clock("created", "entered.won"),
        clock("entered.inquiry", "entered.work"),
        clock("left.work", "next_step"),
        clock("accepted", "next_step"),
    ],
    ids=str,
)
def test_an_open_stage_without_a_deadline_is_told(parts: dict[str, Any]) -> None:
    assert warnings(in_work(**parts)) == [FORGOTTEN]


@pytest.mark.parametrize(
    "parts",
    [
        {"stage": {"update_every": "1 day"}},
        {"stage": {"requires": {"offer": {"within": "1 day"}}}},
        {"stage": {"approvals": {"by": "sales", "within": "1 day"}}},
        {"touches": {"calls": {**TOUCHES, "within": "1 day"}}},
        {"on": {"accept_within": "1 day"}},
        {"on": {"after": "1 day"}},
        {"on": {"automatic": True, "by": ()}},
        clock("entered.work", "first_contact"),
        clock("assigned", "left.work"),
        clock("left.inquiry", "next_step"),
        {"first": {"accept_within": "1 day"}, **clock("accepted", "next_step")},
        {
            "moves": [{"from": "back", "to": "work", "by": "sales"}],
            **clock("created", "first_contact"),
        },
    ],
    ids=str,
)
def test_an_open_stage_with_a_deadline_of_any_kind_is_not(parts: dict[str, Any]) -> None:
    assert warnings(in_work(**parts)) == []


def test_a_clock_from_creation_counts_where_leads_arise() -> None:
    stages = {"work": WORK, "won": {"kind": "won"}}
    assert warnings({"stages": stages, "moves": [ON]}) == [FORGOTTEN]
    parts = clock("created", "first_contact")
    assert warnings({"stages": stages, "moves": [ON], **parts}) == []


def test_a_stage_that_is_called_as_a_moment_is_no_moment() -> None:
    stages = {"assigned": WORK, "won": {"kind": "won"}}
    moves = [{**ON, "from": "assigned"}]
    for parts in (clock("assigned", "first_contact"), clock("first_contact", "assigned")):
        (found,) = warnings({"stages": stages, "moves": moves, **parts})
        assert found == FORGOTTEN.replace("work", "assigned")


# --- touches that guard nothing


def giving_up(**keys: Any) -> dict[str, Any]:
    """Return a lifecycle with a rule of touches, and a move that gives leads up."""
    ends = {
        "lost": {"kind": "lost"},
        "out": {"kind": "disqualified"},
        "back": {"owner": "sales", "kind": "recycled", "wake": {"default": "9 days"}},
        "next": TIMED,
    }
    to = keys.get("to", "lost")
    ways = [{"from": to, "to": "won"}] if to in {"back", "next"} else []
    return {
        "stages": {"work": TIMED, to: ends[to], "won": {"kind": "won"}},
        "moves": [ON, {"from": "work", "to": to, "by": "sales", **keys}, *ways],
        "touches": {"calls": {"in": "work", "count": 2}},
    }


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({}, True),
        ({"to": "out"}, True),
        ({"to": "back"}, True),
        ({"by": ()}, True),
        ({"when": 'clock.speed == "met"'}, True),
        ({"automatic": True, "when": "known(email)"}, True),
        ({"to": "next"}, False),
        ({"touches": "calls"}, False),
        ({"when": 'touches.calls in ["met", "waived"]'}, False),
        ({"automatic": True, "when": "known(email)", "by": ()}, False),
        ({"after": "5 days", "by": ()}, False),
    ],
    ids=str,
)
def test_touches_that_no_move_asks_for_that_gives_leads_up_are_told(
    keys: dict[str, Any], *, told: bool
) -> None:
    document = giving_up(**keys) | clock("assigned", "first_attempt")
    assert warnings(document) == [
        (
            "lifecycle.touches.calls: leads can be given up without it in stage 'work'; expected "
            "touches: calls on a move that does so, or a guard that reads touches.calls [no-effect]"
        )
    ] * bool(told)


def test_it_is_enough_that_one_move_asks_in_each_stage() -> None:
    stages = {"work": TIMED, "more": TIMED, "won": {"kind": "won"}, "lost": {"kind": "lost"}}
    on = [ON, {"from": "work", "to": "more"}]
    both, late = {"from": ["work", "more"], "to": "lost"}, {"from": "more", "to": "lost"}
    touches = {"calls": {"in": ["work", "more"], "count": 1}, "mails": {"in": "more", "count": 1}}

    def told(*moves: dict[str, Any]) -> list[str]:
        found = warnings({"stages": stages, "moves": [*on, *moves], "touches": touches})
        return [x.partition(";")[0].removeprefix("lifecycle.touches.") for x in found]

    without = "leads can be given up without it in stage"
    calls, mails = f"calls: {without} 'work' or 'more'", f"mails: {without} 'more'"
    assert told(both) == [calls, mails]
    assert told(both, {**late, "touches": "mails"}) == [calls]
    assert told(both, {**late, "touches": "calls"}) == [f"calls: {without} 'work'", mails]
    assert told({**both, "touches": "calls"}, {**late, "touches": "mails"}) == []
