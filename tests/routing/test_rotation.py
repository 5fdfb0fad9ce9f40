"""The state of routing as data: what is read is what was written, and rubbish is refused."""

from __future__ import annotations

import json
import pickle
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import EvaluationError, Lead
from leadrules.routing.document import Routing
from leadrules.routing.rotation import Away, Counter, Rotation
from leadrules.routing.router import Router
from leadrules.values import Instant

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
ROUTER = Router(
    Routing.model_validate(
        {
            "rules": [
                {"id": "few", "when": "missing(country)", "to": {"pool": "few"}},
                {"id": "all", "when": "always", "to": {"pool": "team"}},
            ],
            "pools": {
                "few": {"strategy": "least_loaded", "members": ["anna", "ben"]},
                "team": {
                    "members": {
                        "anna": {"weight": 2, "limits": ["3 per day", "4 in 2 days"]},
                        "ben": {"limits": "9 open"},
                    },
                    "on_return": 2,
                    "limits": "50 per month",
                },
            },
            "members": {"anna": {}, "ben": {"limits": "7 per week in Europe/Berlin"}},
        }
    ),
    policy="h",
)


def worked() -> Rotation:
    """Return a state in which each part says something."""
    state = ROUTER.absent(ROUTER.start(), member="ben", start=AT, end=AT + timedelta(days=1))
    state = ROUTER.absent(state, member="ben", start=AT + timedelta(days=9))
    for number in range(5):
        at = AT + timedelta(hours=20 * number)
        lead = Lead(id=f"l{number}", country="DE" if number % 2 else None)
        state = ROUTER.route(lead, at=at, state=state)[1]
    return state


STATE = worked()
DATA: dict[str, Any] = STATE.to_dict()


def test_what_is_written_says_all() -> None:
    assert {
        "schema": 1,
        "policy": "h",
        "version": 7,
        "time": "2026-01-08T17:00:00+00:00",
        "turns": DATA["turns"],
        "counts": [
            [None, "ben", "7 per week in Europe/Berlin", [2923, 2]],
            ["team", None, "50 per month", [24312, 2]],
            ["team", "anna", "3 per day", [20459, 1]],
            ["team", "anna", "4 in 2 days", [1_767_675_600_000_000]],
        ],
        "open": {"anna": ["l0", "l1", "l4"], "ben": ["l2", "l3"]},
        "away": {
            "ben": [
                ["2026-01-05T09:00:00+00:00", "2026-01-06T09:00:00+00:00"],
                ["2026-01-14T09:00:00+00:00", None],
            ]
        },
    } == DATA
    assert repr(STATE) == "Rotation(version=7, time='2026-01-08T17:00:00+00:00')"
    assert repr(Rotation()) == "Rotation(version=0)"
    assert Rotation().to_dict() == {"schema": 1, "version": 0}


def test_what_is_read_is_what_was_written() -> None:
    for again in (
        Rotation.from_dict(DATA),
        Rotation.from_dict(json.loads(json.dumps(DATA))),
        pickle.loads(pickle.dumps(STATE)),
    ):
        assert again == STATE
        assert hash(again) == hash(STATE)
        assert again.to_dict() == DATA
        assert again.counts[Counter("team", "anna", "3 per day")] == (20459, 1)
        later = AT + timedelta(days=5)
        assert ROUTER.preview(Lead(id="x"), at=later, state=again) == ROUTER.preview(
            Lead(id="x"), at=later, state=STATE
        )
    assert Rotation.from_dict({"schema": 1}) == Rotation()
    assert Rotation() != STATE
    assert STATE != DATA


def refused(data: Any) -> str:
    with pytest.raises(EvaluationError) as caught:
        Rotation.from_dict(data)
    assert caught.value.field == "state"
    assert caught.value.lead_id is None
    return caught.value.message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "state: 'null' is no mapping; expected what to_dict() gives"),
        ([], "state: '[...]' is no mapping; expected what to_dict() gives"),
        ("x", "state: 'x' is no mapping; expected what to_dict() gives"),
        ({}, "state: schema 'null' is not known; expected 1"),
        ({"schema": 2}, "state: schema '2' is not known; expected 1"),
        ({"schema": True}, "state: schema 'true' is not known; expected 1"),
        ({"schema": 1.0}, "state: schema '1.0' is not known; expected 1"),
        ({"schema": {}}, "state: schema '{...}' is not known; expected 1"),
        ({"schema": 1, "turn": {}}, "state: 'turn' is no part of it"),
        ({"schema": 1, 5: {}}, "state: '5' is no part of it"),
        ({"schema": 1, None: {}}, "state: 'null' is no part of it"),
    ],
)
def test_what_is_no_state_is_refused(data: Any, message: str) -> None:
    assert refused(data) == message


TURNS = {"level": 0, "turns": {}}
BAD_TURNS: list[Any] = [
    None,
    "level",
    [],
    {},
    {"level": 0},
    {**TURNS, "x": 1},
    {**TURNS, "level": -1},
    {**TURNS, "level": 1.5},
    {**TURNS, "scale": 0},
    {**TURNS, "scale": None},
    {**TURNS, "turns": []},
    {**TURNS, "turns": {"anna": "1"}},
    {**TURNS, "turns": {"anna": True}},
    {**TURNS, "lag": None},
    {**TURNS, "lag": {"anna": -1}},
    {**TURNS, "lag": {5: 1}},
]
LONG_AGO = "0001-01-01T00:00:00+14:00"


@pytest.mark.parametrize(
    ("part", "value", "shown"),
    [
        *(("policy", x, s) for x, s in [(5, "5"), (True, "true"), ([], "[...]")]),
        *(
            ("version", x, s)
            for x, s in [(-1, "-1"), (1.0, "1.0"), (True, "true"), ("1", "1"), (None, "null")]
        ),
        *(
            ("time", x, s)
            for x, s in [
                (5, "5"),
                (None, "null"),
                ("x", "x"),
                ("2026-01-05T09:00:00", "2026-01-05T09:00:00"),
                (LONG_AGO, LONG_AGO),
            ]
        ),
        *(("turns", {"team": x}, "{...}") for x in BAD_TURNS),
        ("turns", [], "[...]"),
        ("turns", {5: TURNS}, "{...}"),
        *(
            ("counts", x, "[...]")
            for x in [
                [5],
                [[]],
                [["team", "anna", "3 per day"]],
                [["team", "anna", "3 per day", 5]],
                [["team", "anna", "3 per day", []]],
                [["team", "anna", "3 per day", [1]]],
                [["team", "anna", "3 per day", [1, 2, 3]]],
                [["team", "anna", "3 per day", [1, 0]]],
                [["team", "anna", "3 per day", [1, True]]],
                [["team", "anna", "3 a day", [1, 1]]],
                [["team", "anna", "3  per day", [1, 1]]],
                [["team", "anna", "4 in 2 days", []]],
                [["team", "anna", "4 in 2 days", [1, 2, 3, 4, 5]]],
                [["team", "anna", "4 in 2 days", [2, 1]]],
                [["team", "anna", "4 in 48 hours", [1]]],
                [["team", "anna", "4 open", [1, 2]]],
                [["team", 5, "3 per day", [1, 1]]],
                [[[], "anna", "3 per day", [1, 1]]],
                [["team", "anna", None, [1, 1]]],
            ]
        ),
        ("counts", {}, None),
        ("counts", {"a": 1}, "{...}"),
        ("counts", 5, "5"),
        *(
            ("open", x, "{...}")
            for x in [{"anna": 5}, {"anna": [5]}, {"anna": [[]]}, {5: []}, {"anna": None}]
        ),
        ("open", [], "[...]"),
        *(
            ("away", {"ben": x}, "{...}")
            for x in [
                5,
                [5],
                [[]],
                [["2026-01-05T09:00:00+00:00"]],
                [["2026-01-05T09:00:00", None]],
                [[None, None]],
                [["2026-01-05T09:00:00+00:00", 5]],
                [["2026-01-05T09:00:00+00:00", "2026-01-05T09:00:00+00:00"]],
            ]
        ),
    ],
)
def test_a_part_that_cannot_be_read_is_told(part: str, value: Any, shown: str | None) -> None:
    if shown is None:
        assert Rotation.from_dict({"schema": 1, part: value}) == Rotation()
        return
    assert refused({"schema": 1, part: value}) == f"state: {part}: '{shown}' cannot be read"


RUBBISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = []
    steps = part.items() if isinstance(part, dict) else enumerate(part)
    for step, inner in steps:
        found.append((*path, step))
        if isinstance(inner, dict | list):
            found += places(inner, (*path, step))
    return found


@given(st.sampled_from(places(DATA)), RUBBISH)
def test_a_state_with_rubbish_in_it_is_refused_or_can_be_used(
    path: tuple[Any, ...], rubbish: Any
) -> None:
    """Law: whatever stands in a state, it is refused, or decisions can be made from it."""
    data = deepcopy(DATA)
    part: Any = data
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = rubbish
    try:
        state = Rotation.from_dict(data)
    except EvaluationError:
        return
    assert Rotation.from_dict(state.to_dict()) == state
    if state.policy != "h":
        state = ROUTER.migrate(state)
    for country in (None, "DE"):
        answer, after = ROUTER.route(Lead(id="x", country=country), at=AT, state=state)
        assert answer.lead_id == "x"
        assert Rotation.from_dict(after.to_dict()) == after
    assert ROUTER.migrate(state) is state


def test_absences_are_instants() -> None:
    assert STATE.away["ben"][1] == Away(Instant(1_768_381_200_000_000), None)
