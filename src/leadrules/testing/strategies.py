"""Leads and events for property tests of a policy: hypothesis strategies.

They choose what the policy compares with and what lies beside it, and leave out a lot. What is
found shrinks to few fields, few events, and the plainest values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from leadrules.events import KINDS, Event
from leadrules.lead import Lead
from leadrules.policy import Policy
from leadrules.testing.facts import drafts_of_lifecycle, with_ways
from leadrules.testing.history import History
from leadrules.testing.pools import Pool, Pools, moments_before

__all__ = ["arrivals", "events", "histories", "leads", "moments"]

_LEAD_ID = "lead"
_MOST_EVENTS = 8
_MOST_ARRIVALS = 6
_FEW = 3
_EVENTS_OF_EACH = 3
_TIMES = (1, 2, 6)


def moments(policy: Policy) -> st.SearchStrategy[datetime]:
    """Return a strategy for moments of evaluation.

    An ordinary one, and those at which a parameter, the daylight saving or the policy begins; at
    all of them every parameter that points depend on has a value.
    """
    return st.sampled_from(Pools(policy).moments())


def leads(
    policy: Policy, *, at: datetime | None = None, lead_id: str = _LEAD_ID
) -> st.SearchStrategy[Lead]:
    """Return a strategy for leads as a policy may meet them.

    Every field that the policy reads is missing, or has a value that it is compared with, or one
    beside that; other fields are mostly missing. Enums have their choices.

    Args:
        policy: The policy.
        at: The moment around which instants lie; by default an ordinary one.
        lead_id: The id of the lead.

    Examples:
        >>> from hypothesis import given, settings
        >>> from leadrules import load_policy
        >>> policy = load_policy('''
        ... leadrules: 1
        ... policy: {id: acme, version: 1, effective: 2026-01-01}
        ... scoring:
        ...   fit: {characteristics: {size: [{when: company.employees >= 50, points: 20}]}}
        ... ''')
        >>> seen = set()
        >>> @settings(derandomize=True, database=None, max_examples=100)
        ... @given(leads(policy))
        ... def look(lead):
        ...     seen.add(lead.company.employees)
        >>> look()
        >>> {None, 49, 50, 51} <= seen
        True
    """
    pools = Pools(policy)
    return _leads(pools, at or pools.moments()[0], lead_id)


def _leads(pools: Pools, at: datetime, lead_id: str) -> st.SearchStrategy[Lead]:
    read = {name: pool for name, pool in pools.fields.items() if name in pools.read}
    others = {name: pool for name, pool in pools.fields.items() if name not in read}
    values = st.fixed_dictionaries({name: _maybe(pool, at) for name, pool in read.items()})
    rest = st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(pool.at(at)) for name, pool in others.items()}
    )
    found = st.builds(
        lambda known, more: pools.policy.lead({"id": lead_id, **_known(known), **more}),
        values,
        st.one_of(st.just({}), rest),
    )
    if pools.routing is None or not read:
        return found
    # Rules that stand first catch most leads of which much is known.
    few: st.SearchStrategy[dict[str, Any]] = st.lists(_one_of_each(read, at), max_size=_FEW).map(
        dict
    )
    rows = st.sampled_from(({}, *pools.territories))
    sparse = st.builds(
        lambda known, row: pools.policy.lead({"id": lead_id, **known, **row}), few, rows
    )
    return st.one_of(found, sparse)


def _one_of_each(pools: Mapping[str, Pool], at: datetime) -> st.SearchStrategy[tuple[str, Any]]:
    """Return a strategy for one name with a value."""
    each: list[st.SearchStrategy[tuple[str, Any]]] = [
        st.tuples(st.just(name), st.sampled_from(pool.stated or pool.at(at)))
        for name, pool in pools.items()
    ]
    return st.one_of(each)


def _known(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value is not None}


def _maybe(pool: Pool, at: datetime) -> st.SearchStrategy[Any]:
    """Return a strategy for a value or none, which it is once in four times."""
    value = st.sampled_from(pool.at(at))
    stated = st.sampled_from(pool.stated) if pool.stated else value
    return st.one_of(st.none(), stated, value, stated)


def events(
    policy: Policy, *, lead_id: str = _LEAD_ID, around: datetime, most: int = _MOST_EVENTS
) -> st.SearchStrategy[tuple[Event, ...]]:
    """Return a strategy for what happened to a lead, in any order.

    Activities of every declared type with the properties that rules read, answers, overrides,
    touches and retractions; the same event may come twice. If the policy has a lifecycle, also
    all that happens on the way: moves from stage to stage, most along its ways, assignments,
    what stages require, approvals, waivers, pauses. They lie where points fade or end, where
    answers expire, where delays are over, where a day, a week or a month begins, and after the
    moment.

    Args:
        policy: The policy.
        lead_id: The id of the lead.
        around: The moment of the evaluation.
        most: How many events there are at most.
    """
    return _events(Pools(policy), lead_id, around, most)


def _events(
    pools: Pools, lead_id: str, around: datetime, most: int
) -> st.SearchStrategy[tuple[Event, ...]]:
    each = _drafts(pools, around, most)
    drafts = st.lists(each, max_size=most)
    lifecycle = pools.lifecycle
    if lifecycle is None:
        return drafts.map(lambda found: _numbered(found, lead_id))
    long = st.lists(each, min_size=most // 2, max_size=most)  # ways are longer than visits
    return st.one_of(drafts, long).map(
        lambda found: _numbered(with_ways(found, lifecycle), lead_id)
    )


_Draft = Mapping[str, Any]


def _drafts(pools: Pools, around: datetime, most: int) -> st.SearchStrategy[_Draft]:
    near = tuple(dict.fromkeys([*moments_before(around, pools.ages), *pools.edges(around)]))
    times = st.sampled_from(near)
    scoring = pools.scoring
    kinds: list[st.SearchStrategy[_Draft]] = [
        _draft(times, "activity", _properties(own, around), type=st.just(activity))
        for activity, own in pools.properties.items()
    ]
    ends = {"until": st.sampled_from(near)}
    if scoring.qualification:
        said = {
            "criterion": st.sampled_from(tuple(scoring.qualification.criteria)),
            "answer": st.sampled_from(KINDS["answer"]["answer"].choices),
        }
        kinds.append(_draft(times, "answer", st.fixed_dictionaries(said, optional=ends)))
    kinds *= 3
    if scoring.bands:
        said = {
            "band": st.sampled_from([band.name for band in scoring.bands.levels]),
            "by": st.just("x"),
            "reason": st.just("x"),
        }
        kinds.append(_draft(times, "override", st.fixed_dictionaries(said, optional=ends)))
    said = {"channel": st.just("call"), "direction": st.sampled_from(("outbound", "inbound"))}
    kinds.append(_draft(times, "touch", st.fixed_dictionaries(said)))
    places = st.integers(0, most - 1)
    kinds.append(_draft(times, "retraction", st.fixed_dictionaries({"of": places})))
    kinds.append(st.fixed_dictionaries({"again": places}))
    if pools.lifecycle is None:
        return st.one_of(kinds)
    return st.one_of(st.one_of(kinds), drafts_of_lifecycle(pools.lifecycle, times))


def _draft(
    times: st.SearchStrategy[datetime],
    kind: str,
    properties: st.SearchStrategy[Mapping[str, Any]],
    **more: st.SearchStrategy[Any],
) -> st.SearchStrategy[_Draft]:
    parts = {"kind": st.just(kind), "time": times, "properties": properties, **more}
    return st.fixed_dictionaries(parts)


def _properties(
    pools: Mapping[str, Pool], around: datetime
) -> st.SearchStrategy[Mapping[str, Any]]:
    return st.fixed_dictionaries({name: _maybe(pool, around) for name, pool in pools.items()}).map(
        _known
    )


def _numbered(drafts: Sequence[_Draft], lead_id: str) -> tuple[Event, ...]:
    """Return drafts as events whose ids are their places."""
    found: list[Event] = []
    for number, draft in enumerate(drafts):
        if "again" in draft:
            found += found[draft["again"] :][:1]
            continue
        said = dict(draft["properties"])
        if draft["kind"] == "retraction":
            said["of"] = f"e{said['of']}"
        event = {**draft, "lead_id": lead_id, "id": f"e{number}", "properties": said}
        found.append(Event.model_validate(event))
    return tuple(found)


def histories(
    policy: Policy, *, lead_id: str = _LEAD_ID, most: int = _MOST_EVENTS
) -> st.SearchStrategy[History]:
    """Return a strategy for leads with their events, a moment, and the band before.

    Args:
        policy: The policy.
        lead_id: The id of the lead.
        most: How many events there are at most.

    Examples:
        >>> from hypothesis import given, settings
        >>> from leadrules import Engine, load_policy, presets
        >>> policy = load_policy(presets.demo_policy())
        >>> scorer = Engine(policy).scorer
        >>> @settings(derandomize=True, database=None, max_examples=20)
        ... @given(histories(policy))
        ... def never_above_100(history):
        ...     assert history.score(scorer).score <= 100
        >>> never_above_100()
    """
    pools = Pools(policy)
    bands = [band.name for band in pools.scoring.bands.levels] if pools.scoring.bands else []
    parts: dict[datetime, tuple[st.SearchStrategy[Lead], st.SearchStrategy[Any]]] = {}

    def around(at: datetime) -> st.SearchStrategy[History]:
        if at not in parts:
            parts[at] = (_leads(pools, at, lead_id), _events(pools, lead_id, at, most))
        lead, happened = parts[at]
        return st.builds(History, lead, happened, st.just(at), st.sampled_from((None, *bands)))

    return st.sampled_from(pools.moments()).flatmap(around)


def arrivals(
    policy: Policy, *, most: int = _MOST_ARRIVALS
) -> st.SearchStrategy[tuple[History, ...]]:
    """Return a strategy for leads that come one after the other, as a router meets them.

    They are in the order of their moments, and called `1`, `2` and so on. Many come several times
    over, so that turns go round and limits are reached.

    Args:
        policy: The policy.
        most: How many different leads there are at most.

    Examples:
        >>> from hypothesis import given, settings
        >>> from leadrules import Engine, load_policy
        >>> policy = load_policy('''
        ... leadrules: 1
        ... policy: {id: acme, version: 1, effective: 2026-01-01}
        ... routing:
        ...   rules: [{id: all, when: always, to: {pool: team}}]
        ...   pools: {team: {members: [anna, ben]}}
        ...   members: {anna: {}, ben: {}}
        ... ''')
        >>> engine = Engine(policy)
        >>> @settings(derandomize=True, database=None, max_examples=20)
        ... @given(arrivals(policy))
        ... def everybody_is_served(leads):
        ...     rotation = engine.router.start()
        ...     for one in leads:
        ...         answer, rotation = engine.route(
        ...             one.lead, events=one.events, at=one.at, rotation=rotation)
        ...         assert answer.owner is not None
        >>> everybody_is_served()
    """
    each = st.tuples(histories(policy, most=_EVENTS_OF_EACH), st.sampled_from(_TIMES))
    return st.lists(each, min_size=1, max_size=most).map(_in_a_row)


def _in_a_row(found: Sequence[tuple[History, int]]) -> tuple[History, ...]:
    every = [history for history, times in found for _ in range(times)]
    ordered = sorted(every, key=lambda history: history.at)
    return tuple(x.renamed(str(number)) for number, x in enumerate(ordered, start=1))
