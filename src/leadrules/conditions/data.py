"""The spelling that editors and rule builders write: `{"field": "employees", "op": ">=", ...}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from leadrules.conditions.literals import literal
from leadrules.conditions.scan import DEEPEST, short
from leadrules.conditions.tree import (
    OPERATORS,
    AllOf,
    Always,
    AnyOf,
    Arithmetic,
    AtLeast,
    Comparison,
    Condition,
    DaysSince,
    Field,
    Literal,
    Lower,
    Not,
    Param,
    Path,
    Term,
)
from leadrules.document import path_text
from leadrules.errors import Issue, PolicyError, did_you_mean, one_of
from leadrules.values import LARGEST_INTEGER, Cash, Money, Type, duration_text, instant_text, settle

__all__ = ["SCHEMA", "WrongData", "from_data", "read_data", "to_data"]

_CONDITION_KEYS = ("all", "any", "not", "at_least", "always", "field", "left")
_TERM_KEYS = (
    "field",
    "param",
    "calc",
    "days_since",
    "lower",
    "money",
    "date",
    "datetime",
    "duration",
)
_TAGS = {
    "money": Type.MONEY,
    "date": Type.DATE,
    "datetime": Type.DATETIME,
    "duration": Type.DURATION,
}


class WrongData(Exception):  # noqa: N818 - never leaves the package; it becomes an issue
    """Tell what is wrong in data, and where from there."""

    def __init__(self, code: str, message: str, path: Path) -> None:
        self.code, self.message, self.path = code, message, path
        super().__init__(message)


def from_data(data: object) -> Condition:
    """Return the condition that plain data says.

    Raises:
        PolicyError: If the data is no condition. Its issue has the path inside the data.

    Examples:
        >>> from_data({"field": "email", "op": "known"})
        Comparison(left=Field(name='email'), op='known', right=None)
    """
    try:
        return read_data(data)
    except WrongData as wrong:
        issue = Issue(wrong.code, wrong.message, path_text(wrong.path))
        raise PolicyError([issue]) from None


def read_data(data: object, path: Path = ()) -> Condition:
    """Return the condition that plain data says.

    Raises:
        WrongData: If the data is no condition.
    """
    if len(path) > 2 * DEEPEST:
        _refuse("too-deep", f"nested too deep; expected at most {DEEPEST} levels", path)
    if not isinstance(data, Mapping):
        _refuse("not-a-condition", f"{_said(data)} is no condition; expected a text or keys", path)
    kind = next((key for key in _CONDITION_KEYS if key in data), None)
    match kind:
        case "all" | "any":
            _only(data, (kind,), path)
            parts = _parts(data[kind], (*path, kind))
            return AllOf(parts) if kind == "all" else AnyOf(parts)
        case "not":
            _only(data, ("not",), path)
            return Not(read_data(data["not"], (*path, "not")))
        case "at_least":
            _only(data, ("at_least", "of"), path)
            count = data["at_least"]
            if type(count) is not int or abs(count) > LARGEST_INTEGER:
                _refuse("arguments", f"{_said(count)} is not a whole number", (*path, "at_least"))
            return AtLeast(count, _parts(data.get("of"), (*path, "of")))
        case "always":
            _only(data, ("always",), path)
            if data["always"] is not True:
                _refuse("not-a-condition", "expected 'always: true'", (*path, "always"))
            return Always()
        case None:
            hint = did_you_mean(str(next(iter(data), "")), _CONDITION_KEYS)
            _refuse(
                "not-a-condition",
                f"expected one of the keys {one_of(_CONDITION_KEYS[:6])}{hint}",
                path,
            )
    return _comparison(data, path)


def _comparison(data: Mapping[Any, Any], path: Path) -> Comparison:
    _only(data, ("field", "left", "op", "value"), path)
    if "field" in data and "left" in data:
        _refuse("unknown-key", "'field' and 'left' exclude each other", (*path, "left"))
    left = (
        _field(data["field"], (*path, "field"))
        if "field" in data
        else _term(data["left"], (*path, "left"))
    )
    op = data.get("op", "")
    if not isinstance(op, str) or op not in OPERATORS:
        wrong = f"no operator {_said(op)}" if "op" in data else "the operator is missing"
        hint = did_you_mean(op, OPERATORS) if isinstance(op, str) else ""
        _refuse("unknown-operator", f"{wrong}; expected {one_of(OPERATORS)}{hint}", (*path, "op"))
    right = OPERATORS[op].right
    if right == "none":
        if "value" in data:
            _refuse("unknown-key", f"'{op}' takes no value", (*path, "value"))
        return Comparison(left, op)
    if "value" not in data:
        _refuse("missing-key", f"'{op}' needs a value", path)
    value, inner = data["value"], (*path, "value")
    if right == "list":
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            _refuse("type-mismatch", f"'{op}' needs a list of at least one value", inner)
        return Comparison(left, op, tuple(_term(x, (*inner, n)) for n, x in enumerate(value)))
    if op in {"within", "older_than"} and isinstance(value, str):
        value = {"duration": value}
    return Comparison(left, op, _term(value, inner))


def _parts(data: object, path: Path) -> tuple[Condition, ...]:
    if not isinstance(data, Sequence) or isinstance(data, str):
        _refuse("type-mismatch", "expected a list of conditions", path)
    if not data:
        _refuse("empty", "an empty list; write 'always' for a condition that is always true", path)
    return tuple(read_data(part, (*path, index)) for index, part in enumerate(data))


def _field(name: object, path: Path) -> Field:
    if not isinstance(name, str):
        _refuse("type-mismatch", f"{_said(name)} is not the name of a field", path)
    return Field(name)


def _term(data: object, path: Path) -> Term:
    if len(path) > 3 * DEEPEST:
        _refuse("too-deep", f"nested too deep; expected at most {DEEPEST} levels", path)
    if isinstance(data, bool | str | int | float):
        return _plain(data, path)
    key = next((key for key in _TERM_KEYS if isinstance(data, Mapping) and key in data), None)
    if key is None:
        message = (
            f"{_said(data)} is no value; expected a text, a number, a boolean "
            f"or {one_of(_TERM_KEYS)}"
        )
        _refuse("not-a-term", message, path)
    found: Mapping[Any, Any] = data  # type: ignore[assignment]  # it has a key
    inner = (*path, key)
    if key == "calc":
        _only(found, ("calc", "of"), path)
        of = found.get("of")
        if found["calc"] not in ("+", "-", "*", "/"):  # not a set: it may be anything
            message = f"no operator {_said(found['calc'])}; expected '+', '-', '*' or '/'"
            _refuse("unknown-operator", message, inner)
        if not isinstance(of, Sequence) or isinstance(of, str) or len(of) != 2:  # noqa: PLR2004 - two sides
            _refuse("arguments", f"'{found['calc']}' takes a list of two values", (*path, "of"))
        left, right = (_term(item, (*path, "of", index)) for index, item in enumerate(of))
        return Arithmetic(found["calc"], left, right)
    _only(found, (key,), path)
    value = found[key]
    match key:
        case "field":
            return _field(value, inner)
        case "param":
            return Param(_field(value, inner).name)
        case "days_since":
            return DaysSince(_term(value, inner))
        case "lower":
            return Lower(_term(value, inner))
    if not isinstance(value, str):
        _refuse("bad-literal", f"{_said(value)} is not a text that says {_TAGS[key].noun}", inner)
    try:
        return literal(key, value)
    except ValueError as error:
        _refuse("bad-literal", str(error), inner)


def _plain(data: bool | str | float, path: Path) -> Literal:  # noqa: FBT001 - a value of any type
    if isinstance(data, bool):
        return Literal(Type.BOOLEAN, data)
    if isinstance(data, int) and abs(data) > LARGEST_INTEGER:
        _refuse("bad-literal", "an integer beyond 2^53; expected a smaller one", path)
    try:
        settled = settle(data)
    except ValueError as error:
        _refuse("bad-literal", str(error), path)
    if settled is None:
        _refuse("bad-literal", "not a finite number", path)
    if isinstance(data, str):
        return Literal(Type.STRING, settled)
    return Literal(Type.INTEGER if isinstance(data, int) else Type.NUMBER, settled)


def _only(data: Mapping[Any, Any], keys: tuple[str, ...], path: Path) -> None:
    for key in data:
        if key not in keys:
            hint = did_you_mean(str(key), keys)
            _refuse(
                "unknown-key",
                f"unknown key '{key}'; expected {one_of(keys)}{hint}",
                (*path, str(key)),
            )


def _said(value: object) -> str:
    """Return what data says, in quotes and short enough for a message."""
    try:
        text = str(value)
    except ValueError:  # Python writes no integer of more than 4300 digits
        text = "a number of thousands of digits"
    return f"'{short(text)}'"


def _refuse(code: str, message: str, path: Path) -> NoReturn:
    raise WrongData(code, message, path)


def to_data(node: Condition) -> dict[str, Any]:
    """Return a condition as plain data; `from_data` reads it back as the same tree.

    Examples:
        >>> to_data(Comparison(Field("employees"), ">=", Literal(Type.INTEGER, 50)))
        {'field': 'employees', 'op': '>=', 'value': 50}
    """
    match node:
        case Always():
            return {"always": True}
        case AllOf(parts):
            return {"all": [to_data(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [to_data(part) for part in parts]}
        case Not(part):
            return {"not": to_data(part)}
        case AtLeast(count, parts):
            return {"at_least": count, "of": [to_data(part) for part in parts]}
        case Comparison(left, op, right):
            data: dict[str, Any]
            data = {"field": left.name} if isinstance(left, Field) else {"left": _data(left)}
            data["op"] = op
            if isinstance(right, tuple):
                data["value"] = [_data(item) for item in right]
            elif right is not None:
                data["value"] = _data(right)
            return data


def _data(term: Term) -> Any:
    match term:
        case Field(name):
            return {"field": name}
        case Param(name):
            return {"param": name}
        case Arithmetic(op, left, right):
            return {"calc": op, "of": [_data(left), _data(right)]}
        case DaysSince(of):
            return {"days_since": _data(of)}
        case Lower(of):
            return {"lower": _data(of)}
        case Literal(Type.MONEY, Cash() as cash):
            return {"money": str(Money.of_minor(cash))}
        case Literal(Type.DURATION, int(span)):
            return {"duration": duration_text(span)}
        case Literal(Type.DATETIME, int(instant)):
            return {"datetime": instant_text(instant)}
        case Literal(Type.DATE, day):
            return {"date": str(day)}
        case Literal(_, value):
            return value


def _keys(required: Sequence[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


_CONDITIONS = {"type": "array", "items": _ref("ConditionData"), "minItems": 1}

SCHEMA: Mapping[str, Any] = {
    "Condition": {
        "title": "Condition",
        "description": "A condition as text, such as 'company.employees >= 50', or as data.",
        "anyOf": [{"type": "string", "minLength": 1}, _ref("ConditionData")],
    },
    "ConditionData": {
        "anyOf": [
            _keys(["all"], all=_CONDITIONS),
            _keys(["any"], any=_CONDITIONS),
            _keys(["not"], **{"not": _ref("ConditionData")}),
            _keys(["at_least", "of"], at_least={"type": "integer", "minimum": 1}, of=_CONDITIONS),
            _keys(["always"], always={"const": True}),
            _keys(
                ["op"],
                field={"type": "string"},
                left=_ref("ConditionTerm"),
                op={"enum": list(OPERATORS)},
                value={
                    "anyOf": [
                        _ref("ConditionTerm"),
                        {"type": "array", "items": _ref("ConditionTerm"), "minItems": 1},
                    ]
                },
            ),
        ]
    },
    "ConditionTerm": {
        "anyOf": [
            {"type": ["string", "number", "boolean"]},
            _keys(["field"], field={"type": "string"}),
            _keys(["param"], param={"type": "string"}),
            _keys(
                ["calc", "of"],
                calc={"enum": ["+", "-", "*", "/"]},
                of={"type": "array", "items": _ref("ConditionTerm"), "minItems": 2, "maxItems": 2},
            ),
            _keys(["days_since"], days_since=_ref("ConditionTerm")),
            _keys(["lower"], lower=_ref("ConditionTerm")),
            *(_keys([tag], **{tag: {"type": "string"}}) for tag in _TAGS),
        ]
    },
}
"""The JSON Schema definitions of a condition, in both spellings."""
