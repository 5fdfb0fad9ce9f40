"""A condition as a field of a document: text or data in, a tree, and either of them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from leadrules.conditions.data import SCHEMA, WrongData, read_data, to_data
from leadrules.conditions.format import format_condition
from leadrules.conditions.scan import LONGEST
from leadrules.conditions.text import parse
from leadrules.conditions.tree import (
    AllOf,
    Always,
    AnyOf,
    AtLeast,
    Comparison,
    Condition,
    Not,
)
from leadrules.errors import PolicyError, Problem

__all__ = ["MARK", "When", "with_conditions"]

MARK = "x-leadrules-condition"
_NODES = (Always, AllOf, AnyOf, Not, AtLeast, Comparison)


def _read(value: object) -> Condition:
    """Return the condition, or fail with what `parse` or `read_data` has to say about it."""
    if isinstance(value, _NODES):
        return value
    try:
        return parse(value) if isinstance(value, str) else read_data(value)
    except PolicyError as error:
        problems = [Problem(x.code, x.message, caret=x.caret) for x in error.issues]
    except WrongData as error:
        problems = [Problem(error.code, error.message, error.path)]
    raise PydanticCustomError("problems", "no condition", {"problems": problems})


def _written(node: Condition) -> Any:
    """Return the text of a condition, or its data if no text may be so long."""
    text = format_condition(node)
    return text if len(text) <= LONGEST else to_data(node)


When = Annotated[
    InstanceOf[Always]
    | InstanceOf[AllOf]
    | InstanceOf[AnyOf]
    | InstanceOf[Not]
    | InstanceOf[AtLeast]
    | InstanceOf[Comparison],
    BeforeValidator(_read),
    PlainSerializer(_written),
    WithJsonSchema({MARK: True}),
]
"""A condition in a document, in either spelling."""


def with_conditions(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON Schema in which the fields that are conditions say so."""
    filled: dict[str, Any] = _filled(schema)
    return {**filled, "$defs": {**filled.get("$defs", {}), **SCHEMA}}


def _filled(part: Any) -> Any:
    match part:
        case {"x-leadrules-condition": True, **rest}:
            return {**rest, "$ref": "#/$defs/Condition"}
        case Mapping():
            return {key: _filled(inner) for key, inner in part.items()}
        case list():
            return [_filled(inner) for inner in part]
    return part
