"""What is wrong with an expectation, seen from the policy: what it can never say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from leadrules.agenda import OWED
from leadrules.errors import Problem, did_you_mean, one_of
from leadrules.lifecycle.document import Lifecycle
from leadrules.lifecycle.transition import REFUSALS
from leadrules.policy import Policy
from leadrules.routing.assignment import CODES
from leadrules.routing.document import Routing
from leadrules.scoring.document import Scoring
from leadrules.testing.casebook import Expectation, Members, RouteEntry

__all__ = ["check_band", "check_expected", "check_given", "rule_ids"]

_Path = tuple[str | int, ...]

_OF_LIFECYCLES = {"stage", "owner", "moved", "agenda", "refused"}
_OF_ROUTING = {"route"}
_OF_SCORES = set(Expectation.model_fields) - _OF_LIFECYCLES - _OF_ROUTING - {"tolerance"}
_SECTIONS = (("scoring", _OF_SCORES), ("lifecycle", _OF_LIFECYCLES), ("routing", _OF_ROUTING))


def check_expected(expect: Expectation, policy: Policy) -> Iterator[Problem]:
    """Yield every problem of an expectation, each with its path from there."""
    for section, names in _SECTIONS:
        if getattr(policy, section) is None:
            for name in (x for x in expect.stated if x in names):
                yield Problem("unknown-name", f"the policy has no section '{section}'", (name,))
    if policy.scoring is not None:
        yield from _check_score(expect, policy.scoring)
    if policy.lifecycle is not None:
        yield from _check_progress(expect, policy.lifecycle)
    if policy.routing is not None and expect.route is not None:
        clocks = policy.lifecycle.clocks if policy.lifecycle else ()
        yield from _check_route(expect.route, policy.routing, clocks)


def _check_progress(expect: Expectation, lifecycle: Lifecycle) -> Iterator[Problem]:
    """Yield every problem of what is expected of the way through the stages."""
    stages = lifecycle.stages
    yield from _check_one("stage", expect.stage, stages)
    for index, name in enumerate(expect.moved or ()):
        yield from _check_name(name, "stage", stages, ("moved", index))
    for index, owed in enumerate(expect.agenda or ()):
        yield from _check_name(owed.kind, "kind", OWED, ("agenda", index, "kind"))
    for index, asked in enumerate(expect.refused or ()):
        yield from _check_members("codes", asked.codes, "code", REFUSALS, ("refused", index))


def _check_route(route: RouteEntry, routing: Routing, clocks: Iterable[str]) -> Iterator[Problem]:
    """Yield every problem of what is expected of the routing."""
    for problem in check_given(route.owner, route.pool, routing):
        yield replace(problem, path=("route", *problem.path))
    queues = routing.known().get("queue")
    packages = [*(x for rule in routing.rules for x in rule.packages)]
    packages += [x for sending in routing.sends for x in sending.send]
    named: tuple[tuple[str, str, Iterable[str] | None], ...] = (
        ("queue", "queue", queues),
        ("partner", "partner", routing.partners),
        ("rule", "rule", routing.ids()),
        ("clock", "clock", clocks),
        ("unassigned", "code", CODES),
    )
    for key, noun, names in named:
        name = getattr(route, key)
        if name is not None and names is not None:
            yield from _check_name(name, noun, names, ("route", key))
    known = dict.fromkeys(packages)
    yield from _check_members("packages", route.packages, "package", known, ("route",))


def check_given(owner: str | None, pool: str | None, routing: Routing) -> Iterator[Problem]:
    """Yield every problem of the names of a member and of a pool, or of a role."""
    known = routing.known()
    if owner is not None:
        yield from _check_name(owner, "member", known["owner"], ("owner",))
    if pool is not None:
        yield from _check_name(pool, "pool", (*known["pool"], *known["role"]), ("pool",))


def _check_score(expect: Expectation, scoring: Scoring) -> Iterator[Problem]:
    """Yield every problem of what is expected of the score."""
    for part in ("fit", "engagement", "qualification"):
        if getattr(expect, part) is not None and part not in scoring.parts:
            yield Problem("unknown-name", f"the policy has no section '{part}'", (part,))
    if expect.band is not None:
        yield from check_band(expect.band, scoring, ("band",))
    letters = scoring.fit.letters if scoring.fit else ()
    digits = scoring.engagement.digits if scoring.engagement else ()
    yield from _check_one("letter", expect.letter, letters)
    yield from _check_one("digit", expect.digit, digits)
    qualification = scoring.qualification
    if expect.ready is not None and (qualification is None or qualification.ready is None):
        yield Problem("unknown-name", "the policy does not say what is ready", ("ready",))
    criteria = qualification.criteria if qualification else ()
    for name in expect.answers or ():
        yield from _check_name(name, "criterion", criteria, ("answers", name))
    characteristics = scoring.fit.characteristics if scoring.fit else ()
    yield from _check_members("fired", expect.fired, "rule", rule_ids(scoring))
    yield from _check_members("uncertain", expect.uncertain, "characteristic", characteristics)


def check_band(name: str, scoring: Scoring, path: _Path) -> Iterator[Problem]:
    """Yield a problem if a policy has no band of a name."""
    bands = [band.name for band in scoring.bands.levels] if scoring.bands else []
    yield from _check_name(name, "band", bands, path)


def rule_ids(scoring: Scoring) -> tuple[str, ...]:
    """Return the ids of all rules, in document order."""
    fit = (rule_id for rule_id, _ in scoring.rules())
    return (*fit, *(scoring.engagement.rules if scoring.engagement else ()))


def _check_one(noun: str, name: str | None, names: Iterable[str]) -> Iterator[Problem]:
    if name is not None:
        yield from _check_name(name, noun, names, (noun,))


def _check_members(
    key: str, found: Members | None, noun: str, names: Iterable[str], path: _Path = ()
) -> Iterator[Problem]:
    if found is None:
        return
    for part in ("exactly", "includes", "excludes"):
        for index, name in enumerate(getattr(found, part) or ()):
            yield from _check_name(name, noun, names, (*path, key, part, index))


def _check_name(name: str, noun: str, names: Iterable[str], path: _Path) -> Iterator[Problem]:
    known = list(names)
    if name not in known:
        plain = f"; expected {one_of(known)}" if known else "; the policy has none"
        hint = did_you_mean(name, known) or plain
        yield Problem("unknown-name", f"no {noun} '{name}'{hint}", path)
