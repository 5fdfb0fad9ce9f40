"""The way back: a tree as the text that reads as that tree again."""

from __future__ import annotations

import json
from datetime import date

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
    Term,
)
from leadrules.values import Cash, Money, Type, duration_text, instant_text

__all__ = ["format_condition", "format_term"]

_OR, _AND, _NOT = range(3)
_SUM, _PRODUCT = range(2)


def format_condition(node: Condition) -> str:
    """Return the text of a condition; `parse` reads it back as the same tree.

    Examples:
        >>> format_condition(Not(Comparison(Field("budget"), "known")))
        'not known(budget)'
    """
    return _shown(node, _OR)


def _shown(node: Condition, above: int) -> str:
    match node:
        case Always():
            return "always"
        case AllOf((part,)):
            return f"all({_shown(part, _OR)})"
        case AnyOf((part,)):
            return f"any({_shown(part, _OR)})"
        case AllOf(parts):
            return _bracketed(" and ".join(_shown(part, _NOT) for part in parts), above > _AND)
        case AnyOf(parts):
            return _bracketed(" or ".join(_shown(part, _AND) for part in parts), above > _OR)
        case Not(part):
            return f"not {_shown(part, _NOT)}"
        case AtLeast(count, parts):
            return f"at_least({count}, {', '.join(_shown(part, _OR) for part in parts)})"
        case Comparison():
            return _shown_comparison(node)


def _bracketed(text: str, needed: bool) -> str:  # noqa: FBT001 - said by the name
    return f"({text})" if needed else text


def _shown_comparison(node: Comparison) -> str:
    left = format_term(node.left)
    if node.right is None:
        return left if node.op == "is_true" else f"{node.op}({left})"
    if isinstance(node.right, tuple):
        return f"{left} {node.op} [{', '.join(format_term(item) for item in node.right)}]"
    right = format_term(node.right)
    match OPERATORS[node.op].spelling:
        case "reversed":
            return f"{right} in {left}"
        case "function":
            if isinstance(node.right, Literal) and node.right.type is Type.DURATION:
                right = json.dumps(duration_text(int(node.right.value)))  # type: ignore[arg-type]  # a span
            return f"{node.op}({left}, {right})"
    return f"{left} {node.op} {right}"


def format_term(term: Term, above: int = _SUM) -> str:
    """Return the text of a term of a condition."""
    match term:
        case Field(name):
            return name
        case Param(name):
            return f"param.{name}"
        case Literal():
            return _shown_literal(term)
        case DaysSince(of):
            return f"days_since({format_term(of)})"
        case Lower(of):
            return f"lower({format_term(of)})"
        case Arithmetic(op, left, right):
            level = _SUM if op in "+-" else _PRODUCT
            text = f"{format_term(left, level)} {op} {format_term(right, level + 1)}"
            return _bracketed(text, level < above)


def _shown_literal(found: Literal) -> str:
    match found.value:
        case bool():
            return "true" if found.value else "false"
        case str():
            return json.dumps(found.value, ensure_ascii=False)
        case Cash():
            return f"money({json.dumps(str(Money.of_minor(found.value)))})"
        case date():
            return f'date("{found.value.isoformat()}")'
        case int() if found.type is Type.DURATION:
            return f'duration("{duration_text(found.value)}")'
        case int() if found.type is Type.DATETIME:
            return f'datetime("{instant_text(found.value)}")'
    return repr(found.value)
