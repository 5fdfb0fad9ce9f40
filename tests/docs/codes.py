"""The codes of issues, found in the source by where they stand in calls."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import leadrules

__all__ = ["codes_in_source"]

SOURCE = Path(leadrules.__file__).parent
CODE = re.compile(r"[a-z]+(?:-[a-z]+)*")
MAKERS = {
    "Issue": 0,
    "Problem": 0,
    "PydanticCustomError": 0,
    "Unreadable": 0,
    "_Refused": 0,
    "Wrong": 0,
    "_problem": 0,
    "_refuse": 0,
    "_wrong": 0,
    "WrongData": 0,
    "_note": 1,
    "note": 0,
    "stop": 0,
}
"""What makes an issue or a fault, and which of its arguments is the code."""
NOT_CODES = {"problems", "mapping"}
"""What carries the codes of others."""


def codes_in_source() -> dict[str, set[str]]:
    """Return every code with the modules that may tell it."""
    found: dict[str, set[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        if path.name == "events.py":
            continue  # an event is refused by its property, not by a code
        for code in _codes(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(code, set()).add(str(path.relative_to(SOURCE)))
    return found


def _codes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name(name) | ast.Attribute(attr=name), arguments) if name in MAKERS:
                for argument in arguments[MAKERS[name] : MAKERS[name] + 2]:
                    yield from _code(argument)
            case ast.Expr(ast.Yield(ast.Tuple(elts=[_, _, code, _]))):
                yield from _code(code)
            case ast.Return(ast.Tuple(elts=[code, message])) if _is_message(message):
                yield from _code(code)
            case ast.Assign([ast.Name()], ast.Tuple(elts=[code, message])) if _is_message(message):
                yield from _code(code)


def _is_message(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and " " in str(node.value)
    )


def _code(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(str(text)) if CODE.fullmatch(text.replace("_", "-")):
            code = text.replace("_", "-")
            if code not in NOT_CODES:
                yield code
