"""A document of which parts are wrong: whatever is right is checked all the same.

What is wrong is left out, or stood in for, until the models accept the rest; so that no mistake
hides another. What is said of the rest gets the places of the document as it was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from leadrules.errors import Problem
from leadrules.issues import has_step, problems_of
from leadrules.policy.checks import Steps, names_any
from leadrules.policy.document import Policy

__all__ = ["independent", "restored", "validated"]


class _Kept(list[Any]):
    """A list of which wrong items were left out; it knows where the others stood."""

    origin: list[int]


def validated(data: Any) -> tuple[Policy | None, list[Problem], Any]:
    """Return a policy of all that is right, what is wrong, and the data that it was made from."""
    problems: list[Problem] = []
    for attempt in range(_MOST_REPAIRS):
        try:
            return Policy.model_validate(data), problems, data
        except ValidationError as error:
            if attempt == 0:
                problems = list(problems_of(error, Policy))
            repaired = deepcopy(data, {id(_DROPPED): _DROPPED})
            paths = {_droppable(wrong["loc"], data, wrong["type"]) for wrong in error.errors()}
            for path in sorted(paths, key=str, reverse=True):
                _drop(repaired, path)
            data = _without_dropped(repaired)
    return None, problems, data  # pragma: no cover - so that no document is repaired for ever


_MOST_REPAIRS = 12
_STAND_INS: Mapping[str, Any] = {
    "leadrules": 1,
    "policy": {"id": "x", "version": 1, "effective": "2000-01-01"},
}
_STAND_INS_IN_RULES: Mapping[str, Any] = {"when": {"always": True}, "points": 0}
_DECLARING = ("fields", "parameters", "activities", "tables")
_DROPPED = object()


def _droppable(path: Steps, data: Any, kind: str) -> Steps:
    """Return the path in the data of the smallest part that has to go."""
    found: list[str | int] = []
    absent = path[-1:] if kind == "missing" else ()
    for step in path[: len(path) - len(absent)]:
        if has_step(data, step):
            data = data[step]
        elif isinstance(data, list):
            continue
        else:
            break
        found.append(step)
    if _is_of_a_rule((*found, *absent)):
        return (*found, *absent)
    # Half a declaration would declare something else.
    most = 2 if found[:1] and found[0] in _DECLARING else len(found)
    return tuple(found[:most]) or (path[0],)


def _is_of_a_rule(path: Steps) -> bool:
    """Return whether a path leads to what a rule must have; the rest of it can be checked."""
    return len(path) > 1 and isinstance(path[-2], int) and path[-1] in _STAND_INS_IN_RULES


def _drop(data: Any, path: Steps) -> None:
    if path[0] in _STAND_INS:
        data[path[0]] = deepcopy(_STAND_INS[str(path[0])])
        return
    for step in path[:-1]:
        data = data[step]
        if data is _DROPPED:
            return
    data[path[-1]] = _STAND_INS_IN_RULES[str(path[-1])] if _is_of_a_rule(path) else _DROPPED


def _without_dropped(data: Any) -> Any:
    """Return data without what was dropped; lists keep where their items stood."""
    if isinstance(data, dict):
        return {k: _without_dropped(v) for k, v in data.items() if v is not _DROPPED}
    if not isinstance(data, list):
        return data
    kept = [index for index, item in enumerate(data) if item is not _DROPPED]
    found = _Kept(_without_dropped(data[index]) for index in kept)
    before = data.origin if isinstance(data, _Kept) else range(len(data))
    found.origin = [before[index] for index in kept]
    return found


def restored(problem: Problem, data: Any) -> Problem:
    """Return a problem of repaired data with the path that it has in the document."""
    path: list[str | int] = []
    for step in problem.path:
        if isinstance(data, list) and isinstance(step, int) and step < len(data):
            path.append(data.origin[step] if isinstance(data, _Kept) else step)
            data = data[step]
            continue
        if isinstance(data, dict):
            data = data.get(str(step))
        path.append(step)
    return replace(problem, path=tuple(path))


_NAMING: tuple[Steps, ...] = (
    ("fields",),
    ("parameters",),
    ("activities",),
    ("calendars",),
    ("lifecycle", "stages"),
    ("lifecycle", "touches"),
    ("scoring", "fit", "characteristics"),
    ("scoring", "engagement", "rules"),
    ("scoring", "qualification", "criteria"),
    ("routing", "attributes"),
    ("routing", "lookups"),
    ("routing", "members"),
    ("routing", "partners"),
    ("routing", "pools"),
    ("routing", "queues"),
)
"""What declares names; one that is wrong, and so left out, is declared all the same."""

_OF_THE_WHOLE = {"unreachable", "trap", "endless-loop", "never-missed"}
"""What is said of stages and moves as a whole, and may be wrong if one of them was left out."""


_RULES = ("routing", "rules")
_OF_ALL_RULES = {"no-catch-all", "overlap"}
"""What is said of rules of routing together, and may be wrong if one of them was left out."""


def independent(
    problems: Iterable[Problem], data: Any, wrong: Sequence[Problem]
) -> Iterator[Problem]:
    """Yield the problems that are more than that something wrong was left out.

    Args:
        problems: What is wrong with the rest.
        data: The document.
        wrong: What is wrong with what was left out.
    """
    declared = {str(name) for path in _NAMING for name in _at(path, data)} | {*_roles(data)}
    left = [problem.path for problem in wrong]
    for problem in problems:
        if problem.code in _OF_THE_WHOLE and any(path[:1] == ("lifecycle",) for path in left):
            continue
        if problem.code in _OF_ALL_RULES and any(path[:2] == _RULES for path in left):
            continue
        if problem.code in {"missing-key", "missing-owner"}:
            size = len(problem.path)
            if any(len(path) > size and path[:size] == problem.path for path in left):
                continue
        if problem.code in {"unknown-name", "unknown-parameter"}:
            if names_any(problem, declared):
                continue
        elif problem.code == "empty" and _at(problem.path, data):
            continue
        yield problem


def _roles(data: Any) -> Iterator[str]:
    """Yield the roles that members of routing have, right or wrong."""
    members = _at(("routing", "members"), data)
    for member in members.values() if isinstance(members, Mapping) else ():
        roles = member.get("roles") if isinstance(member, Mapping) else ()
        yield from map(str, roles if isinstance(roles, list) else [roles])


def _at(path: Steps, data: Any) -> Any:
    """Return what stands in the data at a path: a mapping or a list, empty if there is neither."""
    for step in path:
        if has_step(data, step):
            data = data[step]
        elif not isinstance(data, list):  # a list may stand for a mapping of just that list
            data = ()
    return data if isinstance(data, Mapping | list) else ()
