"""The names that a policy may use, with their types: fields, activities, parameters, the zone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from keyword import iskeyword
from typing import Any

import pendulum

from leadrules.errors import EvaluationError, did_you_mean, one_of
from leadrules.events import Property
from leadrules.lead import Lead, lead_fields
from leadrules.values import (
    Cash,
    Instant,
    Money,
    Span,
    Type,
    Value,
    instant_of,
    parse_duration,
    settle,
)

__all__ = [
    "CLASSES",
    "Declaration",
    "Parameter",
    "Vocabulary",
    "column_of",
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

    @cached_property
    def fields(self) -> Mapping[str, Declaration]:
        """Every name that a bare name in a condition may be, with its declaration.

        A policy may narrow a text that every lead has to choices of its own.
        """
        return {**_BUILT_IN, **self.declared, **self.derived}

    @cached_property
    def epochs(self) -> tuple[Instant, ...]:
        """The instants at which some parameter changes, in order."""
        starts = {start for found in self.parameters.values() for start, _ in found.values}
        return tuple(sorted(starts))

    def parameters_at(self, moment: int) -> Mapping[str, Value]:
        """Return the values of all parameters in effect at a moment."""
        found = {name: parameter.at(moment) for name, parameter in self.parameters.items()}
        return {name: value for name, value in found.items() if value is not None}

    def record(self, lead: Lead) -> Mapping[str, Value]:
        """Return the known fields of a lead, each settled and of its declared type.

        Raises:
            EvaluationError: If a declared field holds a value of another type.
        """
        found = lead.record
        if not self.declared:
            return found
        return {
            name: typed(value, self.fields[name], name=name, lead_id=lead.id)
            for name, value in found.items()
            if name in self.fields
        }

    def lead(self, values: Mapping[str, Any]) -> Lead:
        """Return a lead from values by name, every one checked.

        Names are as in conditions: `email`, `company.employees`, or a declared field.

        Raises:
            EvaluationError: If a name is not declared or a value is not of its type.
        """
        flat: dict[str, Any] = {"fields": {}}
        for name, value in values.items():
            declaration = self.fields.get(name)
            if declaration is None:
                message = f"{name}: no such field{did_you_mean(name, self.fields)}"
                raise EvaluationError(message, field=name, lead_id=_text(values.get("id")))
            if declaration.choices and value is not None:
                typed(value, declaration, name=name, lead_id=_text(values.get("id")), strict=True)
            group, _, rest = name.rpartition(".")
            if name not in _BUILT_IN:
                flat["fields"][name] = value
            elif group:
                flat.setdefault(group, {})[rest] = value
            else:
                flat[name] = value
        lead = Lead.model_validate(flat)
        self.record(lead)
        return lead


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
        if declaration.type is Type.INTEGER and type(value) is float and value.is_integer():
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
    found: object = value
    if isinstance(value, str):
        match declared:
            case Type.MONEY:
                found = Money.parse(value)
            case Type.DURATION:
                found = parse_duration(value)
            case Type.DATE:
                found = date.fromisoformat(value)
            case Type.DATETIME:
                found = pendulum.parse(value, tz=None)  # naive without a zone, refused below
    settled = settle(found)
    if type(settled) not in CLASSES[declared]:
        message = f"'{value}' is not {declared.noun}"
        raise ValueError(message)
    return settled  # type: ignore[return-value]  # its class is one of CLASSES


def start_of_day(day: date, zone: str) -> Instant:
    """Return the first instant of a date in a zone.

    Where daylight saving skips midnight, the day starts at the end of the gap.
    """
    return instant_of(pendulum.datetime(day.year, day.month, day.day, tz=zone))


def column_of(name: str) -> str:
    """Return the column that holds a field in a frame.

    Examples:
        >>> column_of("company.employees")
        'company_employees'
    """
    return name.replace(".", "_")


def is_name(name: str) -> bool:
    """Return whether a declared field, parameter or rule may be called so."""
    return name.isascii() and name.isidentifier() and not iskeyword(name)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
