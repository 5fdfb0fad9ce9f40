"""The names that a policy may use, with their types: fields, activities, parameters, the zone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from keyword import iskeyword
from typing import Any
from zoneinfo import ZoneInfo

from leadrules.errors import EvaluationError, as_written, did_you_mean, one_of
from leadrules.events import KINDS, Event, Property
from leadrules.lead import Lead, lead_fields
from leadrules.sections import parse_day
from leadrules.values import (
    LARGEST_INTEGER,
    Cash,
    Instant,
    Money,
    Span,
    Type,
    Value,
    instant_of,
    parse_duration,
    parse_moment,
    settle,
)

__all__ = [
    "CLASSES",
    "CURRENCY",
    "NAMES",
    "Declaration",
    "Parameter",
    "Vocabulary",
    "column_of",
    "columns_of",
    "is_name",
    "start_of_day",
    "typed",
    "written",
]

CLASSES: Mapping[Type, tuple[type, ...]] = {
    Type.STRING: (str,),
    Type.ENUM: (str,),
    Type.INTEGER: (int,),
    Type.NUMBER: (float, int),
    Type.BOOLEAN: (bool,),
    Type.DATE: (date,),
    Type.DATETIME: (Instant,),
    Type.DURATION: (Span,),
    Type.MONEY: (Cash,),
    Type.STRINGS: (tuple,),
}
"""The exact classes that a settled value of each type may have."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a field, or a property of an activity, may hold.

    Attributes:
        type: Its type.
        choices: The texts that an enum allows, in order.
        unit: What a number counts, such as `months`.
        description: What it means, for people.
        personal: Whether it tells who a person is.
    """

    type: Type
    choices: tuple[str, ...] = ()
    unit: str | None = None
    description: str | None = None
    personal: bool = False


@dataclass(frozen=True)
class Parameter:
    """A value that the policy sets by date.

    Attributes:
        type: The type of every value.
        values: Settled values by the instant from which they are in effect, in order.
    """

    type: Type
    values: tuple[tuple[Instant, Value], ...]

    def at(self, moment: int) -> Value | None:
        """Return the value in effect at a moment, or None before the first date."""
        index = bisect_right([start for start, _ in self.values], moment)
        return self.values[index - 1][1] if index else None


_BUILT_IN = {
    found.name: Declaration(type=found.type, personal=found.personal) for found in lead_fields()
}


@dataclass(frozen=True)
class Vocabulary:
    """The names that conditions may use, and what they mean.

    Attributes:
        declared: The fields that the policy adds to those that every lead has, by name.
        activities: The declared types of activity, each with its properties.
        parameters: The parameters by name.
        derived: The names that earlier steps of an evaluation add, with their types.
        zone: The policy's IANA time zone.
        scope: What is at hand, such as `activity`, if conditions read that and no lead.
        criteria: The names that a `criterion` may have; any, if None.
        bands: The names that a `band` may have; any, if None.
        told: The names that other properties of events may have, by kind and property.

    Examples:
        >>> words = Vocabulary({"months": Declaration(type=Type.INTEGER, unit="months")})
        >>> words.fields["months"].type
        <Type.INTEGER: 'integer'>
        >>> words.lead({"id": "17", "company.employees": 120, "months": 3}).fields
        {'months': 3}
    """

    declared: Mapping[str, Declaration] = field(default_factory=dict)
    activities: Mapping[str, Mapping[str, Declaration]] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    derived: Mapping[str, Declaration] = field(default_factory=dict)
    zone: str = "UTC"
    scope: str | None = None
    criteria: tuple[str, ...] | None = None
    bands: tuple[str, ...] | None = None
    told: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def fields(self) -> Mapping[str, Declaration]:
        """Every name that a condition may read, with its declaration.

        A policy may narrow a text that every lead has to choices of its own.
        """
        built_in = {} if self.scope else _BUILT_IN
        return {**built_in, **self.declared, **self.derived}

    def of_activity(self, activity: str) -> Vocabulary:
        """Return the names that conditions on an activity of a declared type may use.

        Examples:
            >>> view = {"path": Declaration(type=Type.STRING)}
            >>> list(Vocabulary(activities={"page_view": view}).of_activity("page_view").fields)
            ['activity.path']
        """
        declared = {f"activity.{name}": found for name, found in self.activities[activity].items()}
        return Vocabulary(declared, parameters=self.parameters, zone=self.zone, scope="activity")

    def of_event(self, kind: str, activity: str | None) -> Mapping[str, Declaration | Property]:
        """Return what an event of a kind, and of a declared type of activity, may say.

        A criterion and a band are one of those that there are, if there are some.

        Examples:
            >>> Vocabulary(bands=("hot", "cold")).of_event("override", None)["band"].choices
            ('hot', 'cold')
        """
        if activity is not None:
            return self.activities[activity]
        names = self._names.get(kind, {})
        return {
            name: replace(found, choices=names[name]) if names.get(name) else found
            for name, found in KINDS[kind].items()
        }

    @cached_property
    def _names(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """The names that are known of what events of other kinds than activities tell of."""
        found: dict[str, dict[str, tuple[str, ...]]] = {}
        graded = {("answer", "criterion"): self.criteria, ("override", "band"): self.bands}
        for (kind, name), names in {**graded, **self.told}.items():
            if names is not None:
                found.setdefault(kind, {})[name] = names
        return found

    @cached_property
    def epochs(self) -> tuple[Instant, ...]:
        """The instants at which some parameter changes, in order."""
        starts = {start for found in self.parameters.values() for start, _ in found.values}
        return tuple(sorted(starts))

    def parameters_at(self, moment: int) -> Mapping[str, Value]:
        """Return the values of all parameters in effect at a moment."""
        found = {name: parameter.at(moment) for name, parameter in self.parameters.items()}
        return {name: value for name, value in found.items() if value is not None}

    def record(self, lead: Lead, *, names: Iterable[str] | None = None) -> Mapping[str, Value]:
        """Return the known fields of a lead, each settled and of its declared type.

        Args:
            lead: The lead.
            names: The fields that are wanted; by default all.

        Raises:
            EvaluationError: If a wanted field holds a value of another type.
        """
        known = lead.record
        return {
            name: typed(known[name], self.fields[name], name=name, lead_id=lead.id)
            for name in (known if names is None else names)
            if name in known and name in self.fields
        }

    def lead(self, values: Mapping[str, Any]) -> Lead:
        """Return a lead from values by name, every one checked.

        Names are as in conditions: `email`, `company.employees`, or a declared field.

        Raises:
            EvaluationError: If a name is not declared or a value is not of its type.
        """
        flat: dict[str, Any] = {"fields": {}}
        for name, value in values.items():
            group, _, rest = str(name).rpartition(".")
            if name in self.declared and name not in _BUILT_IN:
                flat["fields"][name] = value
            elif name not in _BUILT_IN:
                raise self._unknown(name, values)
            elif group:
                flat.setdefault(group, {})[rest] = value
            else:
                flat[name] = value
        lead = Lead.model_validate(flat)
        for name, value in lead.record.items():
            typed(value, self.fields[name], name=name, lead_id=lead.id, strict=True)
        return lead

    def event(self, values: Mapping[str, Any]) -> Event:
        """Return an event from values by name, every one checked.

        Names are `lead_id`, `id`, `time`, `kind` (by default `activity`), `type`, and those of
        the properties.

        Raises:
            EvaluationError: If a type, a property, a criterion or a band is not declared, or a
                value is not of its type.
        """
        own = {name: value for name, value in values.items() if name in Event.model_fields}
        said = {name: value for name, value in values.items() if name not in own}
        event = Event.model_validate({"kind": "activity", **own, "properties": said})
        if event.kind != "activity":
            for name, names in self._names.get(event.kind, {}).items():
                told = event[name]
                if told is not None and told not in names:
                    hint = did_you_mean(str(told), names)
                    raise _wrong_event(event, name, f"no {_TOLD.get(name, name)} '{told}'{hint}")
            return event
        declared = self.activities.get(str(event.type))
        if declared is None:
            hint = did_you_mean(str(event.type), self.activities)
            raise _wrong_event(event, "type", f"no activity '{event.type}'{hint}")
        for name, value in event.properties.items():
            if name not in declared:
                raise _wrong_event(event, name, f"no such property{did_you_mean(name, declared)}")
            settled = settle(value)
            if settled is not None:
                try:
                    typed(settled, declared[name], name=name, strict=True)
                except EvaluationError as error:
                    raise _wrong_event(event, name, str(error).partition(": ")[2]) from None
        return event

    def _unknown(self, name: object, values: Mapping[str, Any]) -> EvaluationError:
        if name in self.derived:
            wrong = "is derived by the policy; no lead brings it"
        else:
            wrong = f"no such field{did_you_mean(str(name), {**_BUILT_IN, **self.declared})}"
        lead_id = values.get("id")
        return EvaluationError(
            f"{name}: {wrong}",
            field=str(name),
            lead_id=lead_id if isinstance(lead_id, str) else None,
        )


_TOLD = {"to": "stage", "from": "stage", "touches": "rule of touches"}
"""What a message calls the name that a property holds, where that is not the property's own."""


def _wrong_event(event: Event, name: str, message: str) -> EvaluationError:
    said = f"event '{event.id}': {name}: {message}"
    return EvaluationError(said, field=name, lead_id=event.lead_id)


def typed(
    value: Value,
    declaration: Declaration | Property,
    *,
    name: str,
    lead_id: str | None = None,
    strict: bool = False,
) -> Value:
    """Return a settled value as one of its declared type.

    A whole number with a fraction of zero passes for an integer. With `strict`, an enum must
    be one of its choices; in evaluations any text will do, so that both forms agree.

    Raises:
        EvaluationError: If the value is of another type.
    """
    classes = CLASSES[declaration.type]
    if type(value) not in classes:
        if declaration.type is Type.INTEGER and type(value) is float and _is_count(value):
            return int(value)
        message = f"{name}: '{value}' is not {declaration.type.noun}"
        raise EvaluationError(message, field=name, lead_id=lead_id)
    if strict and declaration.choices and value not in declaration.choices:
        hint = did_you_mean(str(value), declaration.choices)
        message = f"{name}: '{value}' is not a choice; expected {one_of(declaration.choices)}{hint}"
        raise EvaluationError(message, field=name, lead_id=lead_id)
    return value


def written(value: object, declared: Type) -> Value:
    """Return the settled value that a document writes as text, number or boolean.

    Raises:
        ValueError: If the value cannot be read as the declared type.
    """
    settled = settle(_read(value, declared) if isinstance(value, str) else value)
    if settled is None:
        message = f"'{as_written(value)}' is not finite, or an integer beyond 2^53"
        raise ValueError(message)
    if type(settled) not in CLASSES[declared]:
        message = f"'{as_written(value)}' is not {declared.noun}"
        raise ValueError(message)
    return settled


def _read(text: str, declared: Type) -> object:
    match declared:
        case Type.MONEY:
            return Money.parse(text)
        case Type.DURATION:
            return parse_duration(text)
        case Type.DATETIME:
            return parse_moment(text)
        case Type.DATE:
            return parse_day(text)
    return text


def start_of_day(day: date, zone: str) -> Instant:
    """Return the first instant of a date in a zone.

    Where daylight saving skips midnight, the day starts at the end of the gap; where midnight
    comes twice, at the first.
    """
    return instant_of(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)))


def _is_count(value: float) -> bool:
    return value.is_integer() and abs(value) <= LARGEST_INTEGER


def column_of(name: str) -> str:
    """Return the column that holds a field in a frame of leads, or a property in one of events.

    Examples:
        >>> column_of("company.employees"), column_of("activity.path")
        ('company_employees', 'path')
    """
    return name.removeprefix("activity.").replace(".", "_")


NAMES = "ASCII letters, digits and '_', and no word of the language"
"""What `is_name` accepts, for messages."""
_OF_THE_LANGUAGE = {"activity", "always", "false", "member", "param", "true", "was"}


CURRENCY = "_currency"
"""Money takes two columns: minor units, and the ISO code under this suffix."""


def columns_of(name: str, declaration: Declaration) -> tuple[str, ...]:
    """Return the columns that hold a field in a frame.

    Examples:
        >>> columns_of("company.revenue", Declaration(type=Type.MONEY))
        ('company_revenue', 'company_revenue_currency')
    """
    column = column_of(name)
    return (column, column + CURRENCY) if declaration.type is Type.MONEY else (column,)


def is_name(name: str) -> bool:
    """Return whether a declared field, parameter or rule may be called so."""
    return (
        name.isascii()
        and name.isidentifier()
        and not iskeyword(name)
        and name not in _OF_THE_LANGUAGE
    )
