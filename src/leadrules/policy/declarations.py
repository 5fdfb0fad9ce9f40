"""What a policy declares: fields, activities, parameters by date, tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from leadrules.errors import as_written
from leadrules.sections import Day, Prose, Section
from leadrules.values import Instant, Type, Value
from leadrules.vocabulary import Declaration, Parameter, start_of_day, written

__all__ = [
    "FOR_ALL_TIME",
    "Activity",
    "DeclaredField",
    "ParameterByDate",
    "Row",
    "Scalar",
    "Table",
    "dates_alone",
    "parameter_of",
    "type_of",
]

Row = Mapping[str, Any]
Text = Annotated[str, Field(strict=True)]
Scalar = str | bool | int | float
FOR_ALL_TIME = date.min
"""The date of a value that was always in effect."""


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


def dates_alone(value: Any) -> Any:
    """A parameter may be written as its dates and values, or as one value for all time."""
    if isinstance(value, Mapping):
        return value if "values" in value else {"values": value}
    return {"values": {FOR_ALL_TIME: value}}


class Table(Section):
    """A table whose rows are given to `load_policy`."""

    columns: tuple[Text, ...]
    """The columns that every row has."""
    description: Prose = None
    """What it holds."""


def parameter_of(found: ParameterByDate, zone: str) -> Parameter:
    """Return a parameter with settled values by instant.

    Raises:
        ValueError: If it has no value, or its values are not of one type.
    """
    kind = type_of(found)
    values = {_start(day, zone): _value(value, kind) for day, value in found.values.items()}
    return Parameter(kind, tuple(sorted(values.items())))


def _value(value: Scalar, kind: Type) -> Value:
    settled = written(value, kind)
    return float(settled) if kind is Type.NUMBER and isinstance(settled, int) else settled


def type_of(found: ParameterByDate) -> Type:
    """Return the type that a parameter says, or that its values have as they are written.

    Raises:
        ValueError: If it has no value, or says no type and its values have several.
    """
    if not found.values:
        message = "has no value; expected dates with their values"
        raise ValueError(message)
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
    return Instant(-(2**62)) if day == FOR_ALL_TIME else start_of_day(day, zone)


def _kind(value: Scalar) -> Type:
    if isinstance(value, bool):
        return Type.BOOLEAN
    if isinstance(value, str):
        return Type.STRING
    return Type.INTEGER if isinstance(value, int) else Type.NUMBER
