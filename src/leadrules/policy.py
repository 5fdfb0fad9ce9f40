"""The policy: the whole document that sales and marketing agree on, and how it is loaded."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from leadrules.conditions.data import to_data
from leadrules.conditions.text import parse_with_spans
from leadrules.conditions.tree import AllOf, Always, AnyOf, AtLeast, Comparison, Not
from leadrules.conditions.when import with_conditions
from leadrules.document import Document, read_document
from leadrules.errors import DocumentError, Issue, PolicyError, Problem, as_written, did_you_mean
from leadrules.issues import has_step, in_order, located, problems_of
from leadrules.lead import Lead
from leadrules.scoring.scorecard import RESULTS, Scoring
from leadrules.sections import Day, Prose, Section, canonical, content_hash, described
from leadrules.values import Instant, Type, moment_of, settle
from leadrules.vocabulary import (
    NAMES,
    Declaration,
    Parameter,
    Vocabulary,
    columns_of,
    is_name,
    start_of_day,
    written,
)

__all__ = [
    "Agreement",
    "Header",
    "ParameterByDate",
    "Policy",
    "Table",
    "load_policy",
    "policy_schema",
]

LANGUAGE = 1
"""The version of the policy language that this package reads."""

Row = Mapping[str, Any]
Steps = tuple[str | int, ...]
Text = Annotated[str, Field(strict=True)]
Scalar = str | bool | int | float


class Header(Section):
    """What the policy is called, and since when it holds."""

    id: Annotated[str, Field(strict=True, min_length=1)]
    """A name that stays the same from version to version."""
    version: Annotated[int, Field(strict=True, ge=1)]
    """Counts up with every change."""
    effective: Day
    """The first day on which the policy holds."""
    zone: str = "UTC"
    """The IANA time zone of its dates, such as `Europe/Berlin`."""
    description: Prose = None
    """What it is for."""

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        zones = available_timezones()
        if zone not in zones:
            message = f"no time zone '{as_written(zone)}'{did_you_mean(zone, zones)}"
            raise PydanticCustomError("unknown_zone", "{message}", {"message": message})
        return zone


class Signature(Section):
    """Who agreed, and when."""

    who: Text
    """The person or the role."""
    on: Day
    """The day."""


def _signature(value: Any) -> Any:
    """A signature may be written as one text that ends in the day."""
    if not isinstance(value, str):
        return value
    who, _, on = value.strip().rpartition(" ")
    try:
        return {"who": who.strip(), "on": date.fromisoformat(on if who else "")}
    except ValueError:
        message = (
            f"'{as_written(value)}' does not end in a day; expected 'Head of Sales 2026-01-31'"
        )
        raise PydanticCustomError("bad_date", "{message}", {"message": message}) from None


class Agreement(Section):
    """Who of sales and marketing agreed to the policy, and until when it is to be reviewed."""

    sales: Annotated[Signature, BeforeValidator(_signature, json_schema_input_type=Signature | str)]
    """Who agreed for sales, and when: `Head of Sales 2026-01-31`."""
    marketing: Annotated[
        Signature, BeforeValidator(_signature, json_schema_input_type=Signature | str)
    ]
    """Who agreed for marketing, and when."""
    review_by: Day | None = None
    """The last day on which the policy is to be looked at again."""


class DeclaredField(Section):
    """A field of leads, or a property of an activity, that the policy declares."""

    type: Type | None = None
    """Its type; an enum if it has choices and says none."""
    choices: tuple[Text, ...] = ()
    """The texts that an enum allows."""
    unit: Prose = None
    """What a number counts, such as `months`."""
    description: Prose = None
    """What it means."""
    personal: Annotated[bool, Field(strict=True)] = False
    """Whether it tells who a person is, and is redacted on request."""

    @property
    def declaration(self) -> Declaration:
        """What evaluations need to know of it."""
        kind = self.type or (Type.ENUM if self.choices else Type.STRING)
        return Declaration(
            type=kind,
            choices=self.choices,
            unit=self.unit,
            description=self.description,
            personal=self.personal,
        )


class Activity(Section):
    """A type of activity: something that a prospect does."""

    properties: Mapping[str, DeclaredField] = Field(default_factory=dict)
    """What it says beside its time."""
    description: Prose = None
    """What it means."""


def _scalar(value: Any) -> Any:
    if isinstance(value, str | int | float):
        return value
    message = f"'{as_written(value)}' is not possible; expected a text, a number or a boolean"
    raise PydanticCustomError("wrong_type", "{message}", {"message": message})


class ParameterByDate(Section):
    """A value that changes on dates."""

    values: Mapping[Day, Annotated[Scalar, BeforeValidator(_scalar)]]
    """The value by the date from which it holds, from 00:00 in the policy's zone."""
    type: Type | None = None
    """The type; by default that of the values as they are written."""
    description: Prose = None
    """What it means."""


def _dates_alone(value: Any) -> Any:
    """A parameter may be written as its dates and values, or as one value for all time."""
    if isinstance(value, Mapping):
        return value if "values" in value else {"values": value}
    return {"values": {date.min: value}}


class Table(Section):
    """A table whose rows are given to `load_policy`."""

    columns: tuple[Text, ...]
    """The columns that every row has."""
    description: Prose = None
    """What it holds."""


class Policy(Section):
    """The whole document. `load_policy` reads and checks it.

    Examples:
        >>> policy = load_policy('''
        ... leadrules: 1
        ... policy: {id: acme, version: 1, effective: 2026-01-01}
        ... scoring:
        ...   fit:
        ...     characteristics:
        ...       size: [{when: company.employees >= 50, points: 20}]
        ... ''')
        >>> policy
        Policy(id='acme', version=1)
    """

    leadrules: Literal[1]
    """The version of the policy language; 1."""
    policy: Header
    """What the policy is called, and since when it holds."""
    agreed: Agreement | None = None
    """Who agreed, and until when it is to be reviewed."""
    fields: Mapping[str, DeclaredField] = Field(default_factory=dict)
    """The fields that it adds to those that every lead has, or narrows to choices."""
    activities: Mapping[str, Activity] = Field(default_factory=dict)
    """The types of activity that it knows."""
    parameters: Mapping[
        str,
        Annotated[
            ParameterByDate,
            BeforeValidator(
                _dates_alone, json_schema_input_type=ParameterByDate | Mapping[Day, Scalar] | Scalar
            ),
        ],
    ] = Field(default_factory=dict)
    """Values that change on dates, by name."""
    tables: Mapping[str, Table] = Field(default_factory=dict)
    """The tables whose rows are given to `load_policy`."""
    scoring: Scoring | None = None
    """How good a lead is."""

    _rows: Mapping[str, tuple[Row, ...]] = PrivateAttr(default_factory=dict)
    _warnings: tuple[Issue, ...] = PrivateAttr(default=())

    def __repr__(self) -> str:
        header = self.policy
        return f"Policy(id='{header.id}', version={header.version})"

    __str__ = __repr__

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """What is odd about the policy, in document order; none of it stops its use."""
        return self._warnings

    @property
    def rows(self) -> Mapping[str, tuple[Row, ...]]:
        """The rows of each table."""
        return self._rows

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The names that conditions may use, with their types."""
        return Vocabulary(
            declared={name: found.declaration for name, found in self.fields.items()},
            activities={
                name: {key: found.declaration for key, found in activity.properties.items()}
                for name, activity in self.activities.items()
            },
            parameters={
                name: _parameter(found, self.policy.zone) for name, found in self.parameters.items()
            },
            zone=self.policy.zone,
        )

    @cached_property
    def hash(self) -> str:
        """The SHA-256 of all that can change a result, in 64 hex digits.

        Dates, parameters and tables are in it; names, versions, signatures, descriptions, the
        spelling of conditions and the order of keys are not.
        """
        data = canonical(self.model_copy(update={"agreed": None}))
        data["policy"] = {"zone": self.policy.zone}
        data["fields"] = {name: _counted(found) for name, found in self.fields.items()}
        data["activities"] = {
            name: {key: _counted(found) for key, found in activity.properties.items()}
            for name, activity in self.activities.items()
        }
        data["parameters"] = {
            name: {"type": _type_of(found), "values": canonical(found.values)}
            for name, found in self.parameters.items()
        }
        data["rows"] = canonical(self._rows)
        return content_hash(_with_trees(data))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return the policy with other sections, which are not checked."""
        copied = super().model_copy(update=update, deep=deep)
        for name in ("vocabulary", "hash"):
            copied.__dict__.pop(name, None)  # each policy has its own
        return copied

    def lead(self, values: Mapping[str, Any]) -> Lead:
        """Return a lead from values by name, every one checked against the policy.

        Raises:
            EvaluationError: If a name is not declared or a value is not of its type.

        Examples:
            >>> policy = load_policy({"leadrules": 1, "policy": {
            ...     "id": "acme", "version": 1, "effective": "2026-01-01"}})
            >>> policy.lead({"id": "17", "company.employees": 120}).company
            Company(employees=120)
        """
        return self.vocabulary.lead(values)

    def frame(self, leads: Iterable[Lead], *, backend: str = "polars") -> Any:
        """Return leads as a frame with a typed column for every field of the policy.

        Args:
            leads: The leads, one row each, in their order.
            backend: The kind of frame: `polars`, `pandas`, `pyarrow` or `modin`.

        Raises:
            EvaluationError: If a declared field of a lead holds a value of another type.
        """
        from leadrules.frames import frame_of  # noqa: PLC0415 - frames are an extra

        return frame_of(leads, vocabulary=self.vocabulary, backend=backend)

    def review_due(self, at: datetime) -> Issue | None:
        """Return a warning if the day until which the policy is to be reviewed is past.

        Raises:
            EvaluationError: If `at` has no zone.
        """
        moment_of(at)
        due = self.agreed and self.agreed.review_by
        today = at.astimezone(ZoneInfo(self.policy.zone)).date()
        if not due or today <= due:
            return None
        message = f"was to be reviewed by {due}; agree on it again and move the date"
        return Issue("review-past", message, "agreed.review_by", severity="warning")

    def _with(self, rows: Mapping[str, tuple[Row, ...]], warnings: tuple[Issue, ...]) -> Self:
        self._rows = rows
        self._warnings = warnings
        return self


def load_policy(
    source: str | os.PathLike[str] | Mapping[str, Any],
    *,
    tables: Mapping[str, Sequence[Row]] | None = None,
) -> Policy:
    """Read a policy and check all of it.

    Args:
        source: The path of a YAML or JSON file; or the document itself, as a text of more
            than one line or as a mapping.
        tables: The rows of every table that the policy declares, by the table's name.

    Returns:
        The policy; what is odd about it but does not stop its use is in its `warnings`.

    Raises:
        PolicyError: If the document is wrong. It carries every issue, each with a code, its
            path, and its line and column.
        OSError: If the file cannot be read.
    """
    document = _document(source)
    rows = {name: tuple(found) for name, found in (tables or {}).items()}
    policy, problems, data = _validated(document.data)
    if policy is not None:
        found = [_restored(problem, data) for problem in _checked(policy, rows)]
        problems += _independent(found, document.data) if problems else found
    issues = in_order(located(problem, document, spans=_spans) for problem in problems)
    errors = [issue for issue in issues if issue.severity == "error"]
    if errors or policy is None:
        raise PolicyError(errors, source=document.source)
    return policy._with(rows, issues)  # noqa: SLF001 - its own loader


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema of a policy, by which editors complete and check it."""
    schema = with_conditions(described(Policy.model_json_schema(), Policy))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _document(source: str | os.PathLike[str] | Mapping[str, Any]) -> Document:
    if isinstance(source, Mapping):
        return Document(deepcopy(dict(source)))
    try:
        if isinstance(source, str) and "\n" in source:
            return read_document(source)
        return read_document(Path(source).read_bytes(), source=os.fspath(source))
    except DocumentError as error:
        raise PolicyError(error.issues, source=error.source) from None


def _spans(text: str) -> Mapping[Steps, tuple[int, int]]:
    return parse_with_spans(text)[1]


# --- a document of which parts are wrong: whatever is right is checked all the same


class _Kept(list[Any]):
    """A list of which wrong items were left out; it knows where the others stood."""

    origin: list[int]


def _validated(data: Any) -> tuple[Policy | None, list[Problem], Any]:
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
    "leadrules": LANGUAGE,
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


def _restored(problem: Problem, data: Any) -> Problem:
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


def _independent(problems: Iterable[Problem], data: Any) -> Iterator[Problem]:
    """Yield the problems that are more than that something wrong was left out."""
    declared = {
        str(name)
        for path in (("fields",), ("parameters",), ("scoring", "fit", "characteristics"))
        for name in _at(path, data)
    }
    for problem in problems:
        if problem.code in {"unknown-name", "unknown-parameter"}:
            if _names_any(problem, declared):
                continue
        elif problem.code == "empty" and _at(problem.path, data):
            continue
        yield problem


def _at(path: Steps, data: Any) -> Any:
    """Return what stands in the data at a path: a mapping or a list, empty if there is neither."""
    for step in path:
        if not isinstance(data, list):  # a list may stand for a mapping of just that list
            data = data.get(step) if isinstance(data, Mapping) else ()
    return data if isinstance(data, Mapping | list) else ()


def _names_any(problem: Problem, names: Container[str]) -> bool:
    """Return whether a problem is about one of the names, which it then quotes."""
    return any(quoted in names for quoted in problem.message.partition(";")[0].split("'")[1::2])


# --- what the models cannot know


def _checked(policy: Policy, rows: Mapping[str, tuple[Row, ...]]) -> Iterator[Problem]:
    declared = [*_check_fields(policy), *_check_parameters(policy)]
    yield from declared
    yield from _check_activities(policy)
    yield from _check_tables(policy, rows)
    if policy.scoring is None:
        return
    broken = {str(problem.path[1]) for problem in declared}
    sound = {name: found for name, found in policy.parameters.items() if name not in broken}
    vocabulary = policy.model_copy(update={"parameters": sound}).vocabulary
    for problem in policy.scoring.check(vocabulary):
        if not _names_any(problem, broken):
            yield replace(problem, path=("scoring", *problem.path))


def _check_fields(policy: Policy) -> Iterator[Problem]:
    built_in = Vocabulary().fields
    # Some databases take no notice of capital letters in the names of columns.
    columns = {
        column.lower(): f"that of '{name}'"
        for name, found in built_in.items()
        for column in columns_of(name, found)
    } | dict.fromkeys(RESULTS, "what an evaluation adds")
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
        columns = {column.lower(): f"that of '{name}'" for column in own} | columns


def _check_activities(policy: Policy) -> Iterator[Problem]:
    for activity, declared in policy.activities.items():
        if not is_name(activity):
            yield _bad_name(activity, ("activities", activity))
        for name, found in declared.properties.items():
            path = ("activities", activity, "properties", name)
            if not is_name(name):
                yield _bad_name(name, path)
            yield from _check_declaration(found, path)


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
        try:
            _parameter(found, policy.policy.zone)
        except ValueError as error:
            yield Problem("wrong-type", str(error), path)


def _parameter(found: ParameterByDate, zone: str) -> Parameter:
    """Return a parameter with settled values by instant.

    Raises:
        ValueError: If it has no value, or its values are not of one type.
    """
    if not found.values:
        message = "has no value; expected dates with their values"
        raise ValueError(message)
    kind = _type_of(found)
    values = {_start(day, zone): written(value, kind) for day, value in found.values.items()}
    return Parameter(kind, tuple(sorted(values.items())))


def _type_of(found: ParameterByDate) -> Type:
    kinds = {_kind(value) for value in found.values.values()}
    if found.type is not None:
        return found.type
    if kinds == {Type.INTEGER, Type.NUMBER}:
        return Type.NUMBER
    if len(kinds) > 1:
        message = "has values of several types; expected one"
        raise ValueError(message)
    return kinds.pop()


def _start(day: date, zone: str) -> Instant:
    return Instant(-(2**62)) if day == date.min else start_of_day(day, zone)


def _kind(value: Scalar) -> Type:
    if isinstance(value, bool):
        return Type.BOOLEAN
    if isinstance(value, str):
        return Type.STRING
    return Type.INTEGER if isinstance(value, int) else Type.NUMBER


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


def _counted(found: DeclaredField) -> Any:
    """Return what counts of a declaration as plain data, whether it is said or understood."""
    return [found.declaration.type, found.choices, found.personal]


def _with_trees(data: Any) -> Any:
    """Return plain data in which conditions are data too, whatever their spelling was."""
    match data:
        case Mapping():
            return {str(key): _with_trees(inner) for key, inner in data.items()}
        case list() | tuple():
            return [_with_trees(inner) for inner in data]
        case Always() | AllOf() | AnyOf() | Not() | AtLeast() | Comparison():
            return to_data(data)
    return data
