"""What is wrong with a policy that its models cannot know: names, clashes, tables, conditions."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from leadrules.errors import Problem, as_written, did_you_mean
from leadrules.events import KINDS
from leadrules.policy.declarations import (
    FOR_ALL_TIME,
    DeclaredField,
    ParameterByDate,
    Row,
    Table,
    type_of,
)
from leadrules.policy.document import Policy
from leadrules.values import Type, settle
from leadrules.vocabulary import NAMES, Vocabulary, column_of, columns_of, is_name, written

__all__ = ["checked", "names_any"]

Steps = tuple[str | int, ...]

EVERY_EVENT = ("lead_id", "id", "time", "kind", "type")
"""The columns of a frame of events that all of them have."""


def checked(policy: Policy, rows: Mapping[str, tuple[Row, ...]]) -> Iterator[Problem]:
    """Yield every problem of a policy that its models have accepted, with its path.

    Args:
        policy: The policy.
        rows: The rows of its tables, by name.
    """
    declared = [*_check_fields(policy), *_check_parameters(policy)]
    yield from declared
    yield from _check_activities(policy)
    yield from _check_tables(policy, rows)
    for name, calendar in policy.calendars.items():
        if not is_name(name):
            yield _bad_name(name, ("calendars", name))
        yield from calendar.check(("calendars", name))
    broken = {str(problem.path[1]) for problem in declared}
    sound = {name: found for name, found in policy.parameters.items() if name not in broken}
    vocabulary = policy.model_copy(update={"parameters": sound}).vocabulary
    found: list[Problem] = []
    if policy.scoring is not None:
        found += _within("scoring", policy.scoring.check(vocabulary))
    if policy.lifecycle is not None:
        results = policy.scoring.results if policy.scoring else {}
        words = replace(vocabulary, derived=results)
        found += _within("lifecycle", policy.lifecycle.check(words, policy.calendars))
    if policy.routing is not None:
        found += _within("routing", _check_routing(policy, vocabulary, rows))
    if policy.metrics is not None:
        kinds = policy.lifecycle.kinds if policy.lifecycle else None
        found += _within("metrics", policy.metrics.check(vocabulary, kinds))
    yield from (problem for problem in found if not names_any(problem, broken))


def _check_routing(
    policy: Policy, vocabulary: Vocabulary, rows: Mapping[str, tuple[Row, ...]]
) -> Iterable[Problem]:
    """Return every problem of the routing; rows that are no rows are told of elsewhere."""
    routing, lifecycle = policy.routing, policy.lifecycle
    if routing is None:
        return ()
    steps = [section.results for section in (policy.scoring, lifecycle) if section]
    derived = {name: found for results in steps for name, found in results.items()}
    sound = {
        name: found
        for name, found in rows.items()
        if name in policy.tables
        and not any([*_check_row(x, 1, policy.tables[name], ())] for x in found)
    }
    return routing.check(
        replace(vocabulary, derived=derived),
        policy.calendars,
        columns={name: table.columns for name, table in policy.tables.items()},
        rows=sound,
        clocks=tuple(lifecycle.clocks) if lifecycle else (),
    )


def _within(section: str, problems: Iterable[Problem]) -> Iterator[Problem]:
    for problem in problems:
        yield replace(problem, path=(section, *problem.path))


def _check_fields(policy: Policy) -> Iterator[Problem]:
    built_in = Vocabulary().fields
    # Some databases take no notice of capital letters in the names of columns.
    columns = {
        column.lower(): f"that of '{name}'"
        for name, found in built_in.items()
        for column in columns_of(name, found)
    } | dict.fromkeys(_results(policy), "what an evaluation adds")
    for name, found in policy.fields.items():
        path = ("fields", name)
        own = columns_of(name, found.declaration)
        taken = [column for column in own if column.lower() in columns]
        if name in built_in:
            if found.declaration.type is not Type.ENUM or built_in[name].type is not Type.STRING:
                message = (
                    f"every lead has '{name}'; expected choices to narrow it to, or another name"
                )
                yield Problem("duplicate", message, path)
        elif not is_name(name):
            yield _bad_name(name, path)
        elif taken:
            message = f"its column '{taken[0]}' is {columns[taken[0].lower()]}; rename it"
            yield Problem("duplicate", message, path)
        yield from _check_declaration(found, path)
        for column in own:
            columns.setdefault(column.lower(), f"that of '{name}'")


def _results(policy: Policy) -> Iterator[str]:
    """Yield the columns that an evaluation adds to a frame of leads."""
    yield from ("score", "fit")
    for section in (policy.scoring, policy.lifecycle, policy.routing):
        for name in section.results if section else ():
            yield column_of(name)


def _check_activities(policy: Policy) -> Iterator[Problem]:
    for activity, declared in policy.activities.items():
        if not is_name(activity):
            yield _bad_name(activity, ("activities", activity))
        for name, found in declared.properties.items():
            path = ("activities", activity, "properties", name)
            if not is_name(name):
                yield _bad_name(name, path)
            yield from _check_declaration(found, path)
    yield from _check_columns(policy)


def _check_columns(policy: Policy) -> Iterator[Problem]:
    """Yield every property that would share a column of events with what it is not."""
    taken = {
        name.lower(): (name, _held(found.type), f"that of an event of kind '{kind}'")
        for kind, properties in reversed(tuple(KINDS.items()))
        for name, found in properties.items()
    }
    taken |= {name: (name, "", "one that every event has") for name in EVERY_EVENT}
    for activity, declared in policy.activities.items():
        for name, found in declared.properties.items():
            path = ("activities", activity, "properties", name)
            held = (_held(found.declaration.type), "a currency")
            for column, own in zip(columns_of(name, found.declaration), held, strict=False):
                mine = (column, own, f"that of '{name}' of '{activity}'")
                first, theirs, whose = taken.setdefault(column.lower(), mine)
                if first != column or not theirs:
                    message = f"its column '{column}' is {whose}; rename it"
                    yield Problem("duplicate", message, path)
                elif theirs != own:
                    message = (
                        f"its column '{column}' is {whose}, which holds {theirs}; "
                        "expected the same type, or another name"
                    )
                    yield Problem("duplicate", message, path)


def _held(kind: Type) -> str:
    """Return what a column holds, for a message; of texts it makes no difference which."""
    return Type.STRING.noun if kind is Type.ENUM else kind.noun


def _bad_name(name: str, path: Steps) -> Problem:
    return Problem("bad-name", f"'{name}' is no name; expected {NAMES}", path)


def _check_declaration(found: DeclaredField, path: Steps) -> Iterator[Problem]:
    if found.declaration.type is Type.ENUM and not found.choices:
        yield Problem("missing-key", "an enum needs its choices: [...]", path)
    if found.choices and found.declaration.type is not Type.ENUM:
        yield Problem("wrong-value", f"{found.declaration.type.noun} has no choices", path)
    yield from _check_unlike(found.choices, (*path, "choices"))


def _check_unlike(texts: Sequence[str], path: Steps) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, text in enumerate(texts):
        if text in seen:
            yield Problem("duplicate", f"'{text}' stands here twice", (*path, index))
        seen.add(text)


def _check_parameters(policy: Policy) -> Iterator[Problem]:
    for name, found in policy.parameters.items():
        path = ("parameters", name)
        if not is_name(name):
            yield _bad_name(name, path)
        yield from _check_values(found, path)


def _check_values(found: ParameterByDate, path: Steps) -> Iterator[Problem]:
    try:
        kind = type_of(found)
    except ValueError as error:
        yield Problem("wrong-type", str(error), path)
        return
    for day, value in found.values.items():
        try:
            written(value, kind)
        except ValueError as error:
            own = path if day == FOR_ALL_TIME else (*path, "values", day.isoformat())
            yield Problem("wrong-type", str(error), own)


def _check_tables(policy: Policy, rows: Mapping[str, tuple[Row, ...]]) -> Iterator[Problem]:
    for name in rows:
        if name not in policy.tables:
            hint = did_you_mean(name, policy.tables)
            yield Problem("unknown-name", f"rows were given for '{name}', which is no table{hint}")
    for name, table in policy.tables.items():
        path = ("tables", name)
        if not table.columns:
            yield Problem("empty", "no columns; expected at least one", (*path, "columns"))
        yield from _check_unlike(table.columns, (*path, "columns"))
        if name not in rows:
            message = (
                f"the rows are missing; give them as load_policy(..., tables={{'{name}': ...}})"
            )
            yield Problem("missing-rows", message, path)
        for number, row in enumerate(rows.get(name, ()), start=1):
            yield from _check_row(row, number, table, path)


def _check_row(row: Row, number: int, table: Table, path: Steps) -> Iterator[Problem]:
    if not isinstance(row, Mapping):
        message = f"row {number} is '{as_written(row)}'; expected values by column"
        yield Problem("wrong-type", message, path)
        return
    absent = [column for column in table.columns if column not in row]
    if absent:
        yield Problem("missing-column", f"row {number} has no '{absent[0]}'", path)
    for column, value in row.items():
        try:
            settle(value)
        except ValueError as error:
            yield Problem("wrong-type", f"row {number}: {column}: {error}", path)


def names_any(problem: Problem, names: Container[str]) -> bool:
    """Return whether a problem is about one of the names, which it then quotes."""
    return any(quoted in names for quoted in problem.message.partition(";")[0].split("'")[1::2])
