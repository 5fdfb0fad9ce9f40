"""What the sections of a document are made of: strict, frozen, and prose apart from what counts."""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from textwrap import dedent
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from leadrules.errors import as_written
from leadrules.values import Span, duration_text, parse_duration

__all__ = [
    "LARGEST_POINTS",
    "Day",
    "Duration",
    "Number",
    "ParamRef",
    "Prose",
    "Section",
    "Text",
    "Texts",
    "canonical",
    "content_hash",
    "described",
    "millionths",
    "one_or_more",
    "parse_day",
]

LARGEST_POINTS = 1_000_000
"""Points and limits are at most so large, so that sums of them stay exact."""
DECIMAL_PLACES = 6

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class _Prose:
    """Marks what people read and no result depends on."""


class Section(BaseModel):
    """A part of a document: a mapping whose keys are its fields, and no others."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, serialize_by_alias=True
    )

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Show what the document states, and nothing that it leaves to the defaults."""
        stated, fields = self.model_fields_set, type(self).model_fields
        return [
            (fields[name].alias or name, value)
            for name, value in super().__repr_args__()
            if name in stated
        ]


Prose = Annotated[str | None, _Prose(), Field(strict=True)]
"""A text for people; it is not part of the policy hash."""


Text = Annotated[str, Field(strict=True, min_length=1)]


def one_or_more(value: Any) -> Any:
    """Return a list of texts, of which a single one may stand without the list."""
    return (value,) if isinstance(value, str) else value


Texts = Annotated[
    tuple[Text, ...],
    BeforeValidator(one_or_more, json_schema_input_type=str | tuple[str, ...]),
]
"""A list of texts; a single one may stand without the list."""


class ParamRef(Section):
    """The value of a parameter, where a document wants a number."""

    param: Annotated[str, Field(strict=True)]
    """The name of the parameter."""


def _number(value: object) -> Decimal | ParamRef:
    if isinstance(value, Decimal | ParamRef):
        return value
    if isinstance(value, Mapping):
        return ParamRef.model_validate(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _bad_number(value, f"is not a number{_unquoted(value)}")
    number = Decimal(repr(float(value)) if isinstance(value, float) else int(value))
    if not number.is_finite():
        raise _bad_number(value, "is not a finite number")
    if abs(number) > LARGEST_POINTS:
        extreme = f"at most {LARGEST_POINTS}" if number > 0 else f"at least -{LARGEST_POINTS}"
        raise _bad_number(value, f"is out of range; expected {extreme}")
    if _counted(number)[1]:
        raise _bad_number(value, f"has more than {DECIMAL_PLACES} decimals")
    return number


def _bad_number(value: object, wrong: str) -> PydanticCustomError:
    message = f"'{as_written(value)}' {wrong}"
    return PydanticCustomError("bad_number", "{message}", {"message": message})


def _unquoted(value: object) -> str:
    try:
        number = Decimal(value if isinstance(value, str) else "")
    except ArithmeticError:
        return ""
    return "; write it without quotes" if number.is_finite() else ""


Number = Annotated[
    Decimal | ParamRef,
    BeforeValidator(_number),
    PlainSerializer(lambda x: x if isinstance(x, ParamRef) else plain(x), when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": -LARGEST_POINTS, "maximum": LARGEST_POINTS},
                {
                    "type": "object",
                    "properties": {"param": {"type": "string"}},
                    "required": ["param"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
"""A number of points with at most six decimals, or `{param: name}`."""


def plain(number: Decimal) -> int | float:
    """Return a decimal as the plain number that a document states."""
    return int(number) if number == number.to_integral_value() else float(number)


def millionths(number: Decimal | float) -> int:
    """Return points in whole millionths of a point, the unit that scores are added in.

    Raises:
        ValueError: If the points are too large, or have more than six decimals.

    Examples:
        >>> millionths(Decimal("2.5"))
        2500000
    """
    exact = number if isinstance(number, Decimal) else Decimal(repr(number))
    count, rest = _counted(exact)
    if abs(exact) > LARGEST_POINTS or rest:
        message = (
            f"'{number}' does not do for points; expected at most {LARGEST_POINTS}, "
            f"with at most {DECIMAL_PLACES} decimals"
        )
        raise ValueError(message)
    return count


def _counted(number: Decimal) -> tuple[int, int]:
    """Return the whole millionths of a finite number and the rest, whatever the context."""
    above, below = number.as_integer_ratio()
    count, rest = divmod(above * 10**DECIMAL_PLACES, below)
    return int(count), int(rest)


def _day(value: object) -> date:
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    try:
        return parse_day(value)
    except ValueError as error:
        raise PydanticCustomError("bad_date", "{message}", {"message": str(error)}) from None


def parse_day(value: object) -> date:
    """Return the date that a document writes, always as year, month and day.

    Raises:
        ValueError: If it is no such text; ISO 8601 has other spellings, which are none.

    Examples:
        >>> parse_day("2026-01-31")
        datetime.date(2026, 1, 31)
    """
    try:
        return date.fromisoformat(value if isinstance(value, str) and _DAY.fullmatch(value) else "")
    except ValueError:
        message = f"'{as_written(value)}' is not a date; expected '2026-01-31'"
        raise ValueError(message) from None


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A date, written as `2026-01-31`."""


LONGEST = parse_duration("36525 days")
"""A hundred years, so that ages and durations are exact as float64."""


def _duration(value: object) -> Span:
    try:
        found = parse_duration(value) if isinstance(value, str) else value
    except ValueError as error:
        raise _bad_duration(str(error)) from None
    if not isinstance(found, Span):
        raise _bad_duration(f"'{as_written(value)}' is not a duration; expected '30 days'")
    if not 0 < found <= LONGEST:
        shown = value if isinstance(value, str) else duration_text(found)
        raise _bad_duration(f"'{shown}' is out of range; expected more than 0, at most 36525 days")
    return found


def _bad_duration(message: str) -> PydanticCustomError:
    return PydanticCustomError("bad_duration", "{message}", {"message": message})


Duration = Annotated[
    int,
    BeforeValidator(_duration),
    PlainSerializer(duration_text),
    WithJsonSchema({"type": "string", "examples": ["30 days", "4 hours"]}),
]
"""A duration of more than nothing, written as `30 days`; here in microseconds."""


def described(schema: Mapping[str, Any], root: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of a section in which every key has its description.

    The descriptions are the texts below the attributes. They are read from the source when
    somebody asks, since to have pydantic read them would slow every import.
    """
    definitions = dict(schema.get("$defs", {}))
    for model in _sections():
        if model.__name__ in definitions:
            definitions[model.__name__] = _with_descriptions(definitions[model.__name__], model)
    return {**_with_descriptions(schema, root), "$defs": definitions}


def _sections(root: type[BaseModel] = Section) -> Iterator[type[BaseModel]]:
    for model in root.__subclasses__():
        yield model
        yield from _sections(model)


def _with_descriptions(schema: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    texts = {name: text for kind in reversed(model.__mro__) for name, text in _attributes(kind)}
    properties = {
        name: {**found, "description": texts[name]} if name in texts else found
        for name, found in schema["properties"].items()
    }
    return {**schema, "properties": properties}


def _attributes(model: type) -> Iterator[tuple[str, str]]:
    """Yield the attributes that a class states with the text below each."""
    if not issubclass(model, Section):
        return
    (found,) = ast.parse(dedent(inspect.getsource(model))).body
    assert isinstance(found, ast.ClassDef)  # noqa: S101 - it is the source of a class
    for stated, below in pairwise(found.body):
        match stated, below:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                yield name.rstrip("_"), inspect.cleandoc(text)  # `from` is a word of Python


def canonical(value: Any) -> Any:
    """Return what counts of a section as plain data: no prose, and nothing left to a default.

    What it does not know, such as a condition, stays as it is.
    """
    match value:
        case BaseModel():
            return {
                name: canonical(getattr(value, name))
                for name, info in type(value).model_fields.items()
                if getattr(value, name) != info.get_default(call_default_factory=True)
                and not any(isinstance(mark, _Prose) for mark in info.metadata)
            }
        case Mapping():
            return {str(key): canonical(inner) for key, inner in value.items()}
        case list() | tuple():
            return [canonical(inner) for inner in value]
        case Decimal():
            return f"{value.normalize() + 0:f}"  # -0 is 0
        case date():
            return value.isoformat()
    return value


def content_hash(data: Any) -> str:
    """Return the SHA-256 of plain data, whatever the order of its keys, as 64 hex digits."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
