"""What can be told of a routing without a lead: rules that hide others, people nobody reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from leadrules.conditions.analysis import both_true, first_true, outcomes
from leadrules.conditions.tree import AllOf, Always, Condition
from leadrules.errors import Problem
from leadrules.routing.lookups import Lookup
from leadrules.routing.members import Member, Partner
from leadrules.routing.pools import Pool
from leadrules.routing.rules import RoutingRule
from leadrules.routing.targets import Target
from leadrules.vocabulary import Vocabulary

__all__ = ["check_reach", "check_rules"]

MOST_RULES = 60
"""Of more rules than these not every two are compared."""


def check_rules(
    rules: Sequence[RoutingRule], names: Sequence[str], hit: str, vocabulary: Vocabulary
) -> Iterator[Problem]:
    """Yield every rule that never counts, or that is true together with another that must not.

    Args:
        rules: The rules, each sound by itself.
        names: What they are called.
        hit: Which of those that are true count.
        vocabulary: The names that they use.
    """
    if hit == "unique":
        yield from _check_unique(rules, names, vocabulary)
    for index, other in _hidden(rules, vocabulary) if hit == "first" else ():
        message = (
            f"'{names[index]}' never counts: whenever it is true, so is '{names[other]}' before it"
        )
        yield Problem("shadowed", message, ("rules", index, "when"), severity="warning")


def _hidden(rules: Sequence[RoutingRule], vocabulary: Vocabulary) -> Iterator[tuple[int, int]]:
    """Yield every rule that is never the first that is true, with an earlier one that hides it.

    Only rules whose target is stated by name hide others: where a row or a field has to say who
    it is, the next rule is asked if that does not.
    """
    sure: dict[Condition, int] = {}
    always: int | None = None
    for index, rule in enumerate(rules):
        if always is not None:
            yield index, always
            continue
        if rule.when in sure:
            yield index, sure[rule.when]
            continue
        if len(rules) <= MOST_RULES:
            for other in sure.values():
                if first_true([rules[other].when, rule.when], vocabulary) in _ONLY_THE_FIRST:
                    yield index, other
                    break
        if is_settled(rule):
            sure[rule.when] = index
            always = index if isinstance(rule.when, Always) else None


_ONLY_THE_FIRST = ({0}, {0, 2})
"""What two conditions come to of which the second is never the first that is true."""


def is_settled(rule: RoutingRule) -> bool:
    """Return whether a rule says by itself who gets the lead."""
    return rule.to.kind != "lookup" and isinstance(rule.to.name, str)


def _check_unique(
    rules: Sequence[RoutingRule], names: Sequence[str], vocabulary: Vocabulary
) -> Iterator[Problem]:
    seen: dict[Condition, int] = {}
    always: int | None = None
    for second, other in enumerate(rules):
        path = ("rules", second, "when")
        if isinstance(other.when, Always):
            sure = 0 if second else None
            always = second if always is None else always
        else:
            sure = seen.setdefault(other.when, second) if always is None else always
        if sure is not None and sure != second:
            yield Problem("overlap", _both(names[sure], names[second]), path)
            continue
        for first in range(second if len(rules) <= MOST_RULES else 0):
            when = rules[first].when
            if both_true(when, other.when, vocabulary):
                yield Problem("overlap", _both(names[first], names[second]), path)
            elif True in (outcomes(AllOf((when, other.when)), vocabulary) or {True}):
                message = (
                    f"'{names[first]}' and '{names[second]}' can be true of one lead, as far as "
                    "can be told; such a lead goes to nobody"
                )
                yield Problem("overlap", message, path, severity="warning")


def _both(one: str, other: str) -> str:
    return f"'{one}' and '{other}' can be true of one lead; with hit: unique only one may be"


def check_reach(  # noqa: PLR0913 - all that can be reached
    targets: Iterable[Target],
    *,
    lookups: Mapping[str, Lookup],
    pools: Mapping[str, Pool],
    members: Mapping[str, Member],
    partners: Mapping[str, Partner],
    rows: Mapping[str, Sequence[Any]],
) -> Iterator[Problem]:
    """Yield every lookup, pool, partner and member that no rule leads to.

    Args:
        targets: The targets of all rules.
        lookups: The lookups that there are.
        pools: The pools that there are.
        members: The members that there are.
        partners: The partners that there are.
        rows: The rows of each table.
    """
    named, any_of = _named(targets, lookups, rows)
    for name in lookups:
        if name not in named.get("lookup", ()):
            yield _unreached("lookup", name, ("lookups", name))
    known: Mapping[str, Any]
    for kind, known in (("pool", pools), ("partner", partners)):
        for name in known if kind not in any_of else ():
            if name not in named.get(kind, ()):
                yield _unreached(kind, name, (f"{kind}s", name))
    if "owner" in any_of:
        return
    reached = {*named.get("owner", ())}
    for name, pool in pools.items():
        if "pool" in any_of or name in named.get("pool", ()):
            reached.update(pool.shares(members))
    roles = named.get("role", set())
    for name, member in members.items():
        if name not in reached and roles.isdisjoint(member.roles):
            yield _unreached("member", name, ("members", name))


def _named(
    targets: Iterable[Target], lookups: Mapping[str, Lookup], rows: Mapping[str, Sequence[Any]]
) -> tuple[Mapping[str, set[str]], set[str]]:
    """Return what targets and rows name, by kind, and the kinds of which a field may name any."""
    named: dict[str, set[str]] = {}
    any_of: set[str] = set()
    for target in targets:
        if isinstance(target.name, str):
            named.setdefault(target.kind, set()).add(target.name)
        else:
            any_of.add(target.kind)
    for name in sorted(named.get("lookup", ())):
        lookup = lookups[name]
        for row in rows.get(lookup.named(name), ()):
            for kind, column in lookup.gives.items():
                if isinstance(row[column], str):
                    named.setdefault(kind, set()).add(row[column])
    return named, any_of


def _unreached(noun: str, name: str, path: tuple[str | int, ...]) -> Problem:
    message = f"no rule leads to {noun} '{name}'"
    return Problem("unreached", message, path, severity="warning")
