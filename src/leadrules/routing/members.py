"""Members: the people who take leads, when they work, and how much they take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field, InstanceOf, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from leadrules.calendars import Calendar
from leadrules.conditions.tree import Path
from leadrules.errors import EvaluationError, Problem, as_written, did_you_mean
from leadrules.routing.limits import LimitTexts
from leadrules.sections import Prose, Section, Text, Texts, parse_day
from leadrules.values import Instant, Type, Value
from leadrules.vocabulary import Declaration, start_of_day, typed, written

__all__ = ["Absence", "Attribute", "Member", "Partner"]

_DAY = timedelta(days=1)


class Absence(NamedTuple):
    """Days on which a member is away, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"

    def instants(self, zone: str) -> tuple[Instant, Instant]:
        """Return when it begins and ends, in a zone; the end is the first instant after it."""
        return start_of_day(self.first, zone), start_of_day(self.last + _DAY, zone)


def _absence(value: Any) -> Absence:
    if isinstance(value, Absence):
        return value
    parts = re.split(r" +to +", value.strip()) if isinstance(value, str) else []
    try:
        days = [parse_day(part) for part in parts]
    except ValueError:
        days = []
    if not 1 <= len(days) <= 2 or days[0] > days[-1]:  # noqa: PLR2004 - the first and the last day
        message = (
            f"'{as_written(value)}' is no absence; expected '2026-08-03 to 2026-08-14' or a day"
        )
        raise PydanticCustomError("bad_date", "{message}", {"message": message})
    return Absence(days[0], days[-1])


def _one_or_more(value: Any) -> Any:
    is_list = isinstance(value, list | tuple) and not isinstance(value, Absence)
    return value if is_list else (value,)


AbsenceText = Annotated[
    InstanceOf[Absence],
    BeforeValidator(_absence),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "examples": ["2026-08-03 to 2026-08-14", "2026-12-24"]}),
]
Absences = Annotated[
    tuple[AbsenceText, ...],
    BeforeValidator(_one_or_more, json_schema_input_type=str | tuple[str, ...]),
]
"""A list of absences, each `2026-08-03 to 2026-08-14` or a day."""


class Attribute(Section):
    """Something that members have, such as languages, and that `match` of a pool reads."""

    type: Type = Type.STRING
    """Its type."""
    choices: Texts = ()
    """The texts that an enum allows."""
    description: Prose = None
    """What it means."""

    @property
    def declaration(self) -> Declaration:
        """What conditions need to know of it."""
        kind = Type.ENUM if self.choices and self.type is Type.STRING else self.type
        return Declaration(type=kind, choices=self.choices)

    def check(self, path: Path) -> Iterator[Problem]:
        """Yield every problem of the attribute, each with its path."""
        kind = self.declaration.type
        if kind is Type.ENUM and not self.choices:
            yield Problem("missing-key", "an enum needs its choices: [...]", path)
        if kind is not Type.ENUM and self.choices:
            yield Problem("wrong-value", f"{kind.noun} has no choices", path)
        for index, text in enumerate(self.choices):
            if text in self.choices[:index]:
                yield Problem("duplicate", f"'{text}' stands here twice", (*path, "choices", index))

    def value(self, written_value: Any) -> Value:
        """Return a value of it, settled.

        Raises:
            ValueError: If it is none of its type.
            EvaluationError: If it is none of its choices.
        """
        given = tuple(written_value) if isinstance(written_value, list | tuple) else written_value
        declared = self.declaration
        if given is None:
            message = f"'null' is not {declared.type.noun}"
            raise ValueError(message)
        if declared.type is Type.STRINGS and isinstance(given, str):
            given = (given,)
        return typed(written(given, declared.type), declared, name="value", strict=True)


class Member(Section):
    """A person who takes leads."""

    roles: Texts = ()
    """The roles that the person has; pools and rules name these, so that people may change."""
    calendar: Text | None = None
    """When the person works; at any time, if none is named."""
    limits: LimitTexts = ()
    """How many leads the person takes, over all pools."""
    absent: Absences = ()
    """When the person is away, in the zone of the calendar."""
    active: Annotated[bool, Field(strict=True)] = True
    """Whether the person gets leads at all."""
    attributes: Mapping[str, Any] = Field(default_factory=dict)
    """What the person has of the declared attributes, such as languages."""
    description: Prose = None
    """Who it is."""

    def check(
        self, path: Path, attributes: Mapping[str, Attribute], calendars: Mapping[str, Calendar]
    ) -> Iterator[Problem]:
        """Yield every problem of the member, each with its path."""
        if self.calendar is not None and self.calendar not in calendars:
            hint = did_you_mean(self.calendar, calendars)
            message = f"no calendar '{self.calendar}'{hint}"
            yield Problem("unknown-name", message, (*path, "calendar"))
        for name, value in self.attributes.items():
            place = (*path, "attributes", name)
            if name not in attributes:
                hint = did_you_mean(name, attributes)
                yield Problem("unknown-name", f"no attribute '{name}'{hint}", place)
                continue
            try:
                attributes[name].value(value)
            except ValueError as error:
                yield Problem("wrong-type", str(error), place)
            except EvaluationError as error:
                yield Problem("wrong-value", str(error).removeprefix("value: "), place)


class Partner(Section):
    """A channel partner, who works leads without access to the CRM."""

    contact: Prose = None
    """Who there is to be told, and where."""
    needs: Texts = ()
    """The fields of a lead without which the partner can do nothing."""
    report: Prose = None
    """How the partner says what became of a lead."""
