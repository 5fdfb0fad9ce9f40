"""What leads have that matters to routing: cells of tables, names in fields, what members have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from leadrules.conditions.tree import Comparison, fields_of, walk
from leadrules.policy import Policy
from leadrules.routing.document import Routing
from leadrules.routing.lookups import Lookup
from leadrules.routing.targets import FieldRef
from leadrules.values import Value, settle

__all__ = ["named_values", "prefixes", "rows_as_leads", "spread"]

MOST_VALUES = 24
MOST_ROWS = 200
_Item = TypeVar("_Item")


def named_values(policy: Policy) -> Mapping[str, Sequence[Value]]:
    """Return the values of fields that routing compares or looks up, by field.

    Of a table with many rows they are some of its cells, from its first row to its last.
    """
    found: dict[str, dict[Value, None]] = {}
    routing = policy.routing
    for field, value in _values(policy, routing) if routing is not None else ():
        found.setdefault(field, {})[value] = None
    return {field: spread([*values], MOST_VALUES) for field, values in found.items()}


def _values(policy: Policy, routing: Routing) -> Iterator[tuple[str, Value]]:
    known = routing.known()
    for _, target in routing.targets():
        if isinstance(target.name, FieldRef):
            for name in known.get(target.kind, ()):
                yield target.name.field, name
    for pool in routing.pools.values():
        if pool.strategy == "sticky":
            for name in pool.shares(routing.members):
                yield pool.by, name
        for _, node in walk(pool.match):
            if isinstance(node, Comparison):
                yield from _of_members(routing, fields_of(node))
    for name, lookup in routing.lookups.items():
        for row in policy.rows[lookup.named(name)]:
            for field, column in _compared(lookup):
                cell = _cell(row, column)
                if cell is not None:
                    yield field, cell


def _of_members(routing: Routing, names: Iterable[str]) -> Iterator[tuple[str, Value]]:
    """Yield what members have of the attributes that stand beside fields in a comparison."""
    read = [*names]
    attributes = [x.removeprefix("member.") for x in read if x.startswith("member.")]
    fields = [x for x in read if not x.startswith("member.")]
    for member in routing.members.values():
        for name in attributes:
            if name in member.attributes:
                value = routing.attributes[name].value(member.attributes[name])
                for item in value if isinstance(value, tuple) else (value,):
                    yield from ((field, item) for field in fields)


def _compared(lookup: Lookup) -> Iterator[tuple[str, str]]:
    """Yield the fields that a lookup compares with columns, but for the prefix."""
    yield from ((field, column) for column, field in lookup.equal.items())
    if lookup.range is not None:
        yield lookup.range.field, lookup.range.from_
        yield lookup.range.field, lookup.range.to


def prefixes(policy: Policy) -> Mapping[str, Sequence[str]]:
    """Return the texts that fields may start with for a lookup, by field."""
    found: dict[str, dict[str, None]] = {}
    for name, lookup in policy.routing.lookups.items() if policy.routing else ():
        if lookup.prefix is not None:
            for row in policy.rows[lookup.named(name)]:
                cell = _cell(row, lookup.prefix.column)
                if isinstance(cell, str):
                    found.setdefault(lookup.prefix.field, {})[cell] = None
    return {field: spread([*texts], MOST_VALUES) for field, texts in found.items()}


def rows_as_leads(policy: Policy) -> Sequence[Mapping[str, Value]]:
    """Return what leads have for whom a row of a table holds, by field."""
    found: list[Mapping[str, Value]] = []
    for name, lookup in policy.routing.lookups.items() if policy.routing else ():
        for row in spread(policy.rows[lookup.named(name)], MOST_ROWS):
            found += _leads_of(lookup, row)
    return found


def _leads_of(lookup: Lookup, row: Mapping[str, Any]) -> Iterator[Mapping[str, Value]]:
    """Yield what a lead has at either end of a row."""
    own = {field: _cell(row, column) for column, field in lookup.equal.items()}
    ends: list[tuple[str, str]] = []
    if lookup.range is not None:
        ends = [(lookup.range.field, x) for x in (lookup.range.from_, lookup.range.to)]
    elif lookup.prefix is not None:
        ends = [(lookup.prefix.field, lookup.prefix.column)]
    for more in [{field: _cell(row, column)} for field, column in ends] or [{}]:
        yield {name: x for name, x in {**own, **more}.items() if x is not None}


def spread(items: Sequence[_Item], most: int) -> Sequence[_Item]:
    """Return so many of the items at most, from the first to the last at even distances.

    Examples:
        >>> spread(range(100), 4)
        [0, 33, 66, 99]
        >>> spread("abc", 4)
        'abc'
    """
    if len(items) <= most:
        return items
    return [items[place * (len(items) - 1) // (most - 1)] for place in range(most)]


def _cell(row: Mapping[str, Any], column: str) -> Value | None:
    found = settle(row[column])
    return None if found == "" else found
