"""Clusters: leads that share keys, directly or by way of others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from leadrules.errors import EvaluationError, as_written
from leadrules.identity.keys import MatchKey, match_keys
from leadrules.lead import Lead

__all__ = ["Cluster", "duplicates"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Leads that may be one.

    Attributes:
        ids: The ids of the leads, in order; at least two.
        keys: The keys that join them, in order; each is shared by two of them or more.
    """

    ids: tuple[str, ...]
    keys: tuple[MatchKey, ...]


def duplicates(
    leads: Iterable[Lead], *, keys: Callable[[Lead], Iterable[MatchKey]] = match_keys
) -> tuple[Cluster, ...]:
    """Return the leads that share a key, directly or by way of others, together.

    Args:
        leads: The leads, in any order. Snapshots of one lead, which have one id, are one lead.
        keys: The keys of a lead.

    Returns:
        Clusters that have no lead in common, in the order of their first ids.

    Raises:
        EvaluationError: If there is something else among the leads.

    Examples:
        >>> ada = Lead(id="9", email="ada@example.org")
        >>> again = Lead(id="17", email=" Ada@Example.org")
        >>> duplicates([ada, again, Lead(id="20", email="ben@example.org")])[0].ids
        ('17', '9')
    """
    given: object = leads
    if isinstance(given, str | Lead) or not isinstance(given, Iterable):
        message = f"leads: '{as_written(given)}' is no list of leads"
        raise EvaluationError(message, field="leads")
    holders: dict[MatchKey, set[str]] = {}
    for lead in leads:
        if not isinstance(lead, Lead):
            message = f"leads: '{as_written(lead)}' is no lead; make one with Lead(...)"
            raise EvaluationError(message, field="leads")
        for key in keys(lead):
            holders.setdefault(key, set()).add(lead.id)
    shared = {key: ids for key, ids in holders.items() if len(ids) > 1}
    found: dict[str, tuple[set[str], set[MatchKey]]] = {}
    joined = _joined(shared.values())
    for key, ids in shared.items():
        members, joining = found.setdefault(joined[next(iter(ids))], (set(), set()))
        members |= ids
        joining.add(key)
    clusters = (Cluster(tuple(sorted(ids)), tuple(sorted(keys))) for ids, keys in found.values())
    return tuple(sorted(clusters, key=lambda cluster: cluster.ids))


def _joined(groups: Iterable[set[str]]) -> dict[str, str]:
    """Return for each id one of those that it is joined with, the same for all of them.

    Source:
        R. E. Tarjan, Efficiency of a Good But Not Linear Set Union Algorithm (1975), with the
        halving of paths.
    """
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = name = parent[parent[name]]
        return name

    for group in groups:
        first, *others = group
        for other in others:
            parent[root(other)] = root(first)
    return {name: root(name) for name in parent}
