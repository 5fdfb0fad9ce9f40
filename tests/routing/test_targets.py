"""Targets: what they name, and what they are called."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from leadrules.errors import Problem
from leadrules.routing.targets import FieldRef, Target
from leadrules.values import Type
from leadrules.vocabulary import Declaration, Vocabulary

WORDS = Vocabulary(
    {"segment": Declaration(Type.ENUM, ("a", "b"))},
    derived={"band": Declaration(Type.ENUM, ("hot", "cold")), "score": Declaration(Type.NUMBER)},
)
KNOWN = {"owner": ("anna", "ben"), "pool": ("dach", "both"), "role": ("dev", "both"), "lookup": ()}


CITY = FieldRef(field="city")


@pytest.mark.parametrize(
    ("data", "kind", "name", "shown"),
    [
        ({"owner": "anna"}, "owner", "anna", "owner 'anna'"),
        ({"pool": "dach"}, "pool", "dach", "pool 'dach'"),
        ({"role": "dev"}, "role", "dev", "role 'dev'"),
        ({"queue": "any"}, "queue", "any", "queue 'any'"),
        ({"lookup": "land"}, "lookup", "land", "lookup 'land'"),
        ({"partner": {"field": "city"}}, "partner", CITY, "partner that 'city' names"),
    ],
)  # fmt: skip
def test_a_target_names_one(data: Any, kind: str, name: object, shown: str) -> None:
    target = Target.model_validate(data)
    assert (target.kind, target.name, str(target)) == (kind, name, shown)
    assert Target.model_validate(target.model_dump(exclude_none=True)) == target


EXPECTED = "expected one of 'owner', 'pool', 'role', 'queue', 'partner' or 'lookup'"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, f"nobody is named; {EXPECTED}"),
        ({"owner": None}, f"nobody is named; {EXPECTED}"),
        ({"owner": "a", "pool": "b"}, f"'owner' and 'pool' stand together; {EXPECTED}"),
        (
            {"lookup": "c", "owner": {"field": "a"}, "queue": "b"},
            f"'owner' and 'queue' and 'lookup' stand together; {EXPECTED}",
        ),
    ],
)
def test_a_target_that_names_none_or_several_is_told(data: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Target.model_validate(data)
    assert [error["msg"] for error in caught.value.errors()] == [message]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"owner": "anna"}, None),
        ({"queue": "whatever"}, None),
        ({"owner": {"field": "account.owner"}}, None),
        ({"pool": {"field": "segment"}}, None),
        ({"pool": {"field": "band"}}, None),
        ({"role": "dev"}, None),
        ({"pool": "both"}, None),
        ({"owner": "ana"}, ("unknown-name", "no member 'ana'; did you mean 'anna'?", ("owner",))),
        ({"pool": "dahc"}, ("unknown-name", "no pool 'dahc'; did you mean 'dach'?", ("pool",))),
        ({"role": "anna"}, ("unknown-name", "no role 'anna'", ("role",))),
        ({"lookup": "land"}, ("unknown-name", "no lookup 'land'", ("lookup",))),
        (
            {"role": "both"},
            (
                "duplicate",
                "'both' is a role and a pool; expected another name for one of them",
                ("role",),
            ),
        ),
        (
            {"owner": {"field": "acount.owner"}},
            (
                "unknown-name",
                "no field 'acount.owner'; did you mean 'account.owner'?",
                ("owner", "field"),
            ),
        ),
        (
            {"pool": {"field": "score"}},
            ("wrong-type", "'score' is a number; expected a text", ("pool", "field")),
        ),
    ],
)
def test_what_a_target_names_has_to_be_there(data: Any, problem: Any) -> None:
    found = list(Target.model_validate(data).check(("to",), KNOWN, WORDS))
    if problem is None:
        assert found == []
        return
    code, message, path = problem
    assert found == [Problem(code, message, ("to", *path))]
