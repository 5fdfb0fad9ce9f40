"""A look at the text of a condition before Python's grammar reads it.

Python would read some things without complaint and not as their writer meant them, and others
so deep that it gives up; both are told here, with their place.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import NoReturn

from leadrules.errors import Issue, PolicyError

__all__ = [
    "DEEPEST",
    "LONGEST",
    "TOO_DEEP",
    "Wrong",
    "blanks_before",
    "depth_of",
    "issue_in",
    "refuse",
    "scanned",
    "short",
    "syntax_problem",
    "unread",
]

LONGEST = 10_000
"""A condition has at most so many characters."""
DEEPEST = 32
"""A condition is nested at most so deep."""
_MOST_BRACKETS = 3 * DEEPEST
_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_ESCAPE = re.compile(r"\\(?:x.{0,2}|u.{0,4}|U.{0,8}|.)", re.DOTALL)
# What `json.dumps` writes, and the longer ones of Python; Python lets unknown ones pass.
_KNOWN_ESCAPE = re.compile(
    r"\\(?:[\\'\"abfnrtv]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U(?:000[0-9a-fA-F]|0010)[0-9a-fA-F]{4})"
)

_HINTS = (
    ("&&", "write 'and'"),
    ("||", "write 'or'"),
    ("<>", "write '!='"),
    ("!", "write 'not'"),
    ("=", "write '==' to compare"),
    ("\\", "remove the '\\'"),
)
# The only reasons of Python's that name nothing of Python.
_BRACKETS = re.compile(
    r"unmatched '.'|'.' was never closed"
    r"|closing parenthesis '.' does not match opening parenthesis '.'"
)
_TEXT = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", re.DOTALL)
_NESTING = re.compile(r"\b(?:not|if|lambda)\b|\*\*|[-+~(\[{]")


TOO_DEEP = f"nested too deep; expected at most {DEEPEST} levels"


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a text, and from where to where, in characters."""

    code: str
    message: str
    start: int
    end: int


def refuse(text: str, *wrong: Wrong) -> NoReturn:
    """Raise everything that is wrong with a text.

    Raises:
        PolicyError: Always; each of its issues has a caret.
    """
    issues = [issue_in(text, each.code, each.message, (each.start, each.end)) for each in wrong]
    raise PolicyError(issues) from None


def issue_in(text: str, code: str, message: str, span: tuple[int, int] | None) -> Issue:
    """Return an issue of a condition's text, with its line, its column and its caret.

    Args:
        text: The condition.
        code: The issue's code.
        message: What is wrong.
        span: From where to where, in characters; None is the whole text.
    """
    start, end = span or (0, len(text))
    excerpt = text if len(text) <= LONGEST else short(text)
    return Issue(
        code,
        message,
        line=text.count("\n", 0, start) + 1,
        column=start - text.rfind("\n", 0, start),
        excerpt=excerpt.encode(errors="replace").decode(),  # half of a pair cannot be printed
        caret=(start, end),
    )


def scanned(text: str) -> str:
    """Return the text as one line, if nothing stands in it that Python would misread."""
    if len(text) > LONGEST:
        message = f"has {len(text)} characters; expected at most {LONGEST}"
        refuse(text, Wrong("too-long", message, 0, 1))
    if not text.strip():
        message = "says nothing; write 'always' for a condition that is always true"
        refuse(text, Wrong("empty", message, 0, 1))
    odd = _oddity(text)
    if odd is not None:
        refuse(text, odd)
    # Leading blanks would be an indent; what else breaks a line stands outside texts.
    return text[blanks_before(text) :].replace("\n", " ").replace("\r", " ")


def blanks_before(text: str) -> int:
    """Return how many blanks stand before a condition."""
    return len(text) - len(text.lstrip(" \t\n\r\f"))


def _oddity(text: str) -> Wrong | None:
    """Return the first thing that Python would read not as its writer meant it."""
    depth = index = 0
    after_text = False
    while index < len(text):
        mark = text[index]
        if mark in "\"'":
            end = _end_of_text(text, index)
            wrong = _odd_text(text, index, end, after_text)
            if end is None or wrong is not None:
                return wrong
            index, after_text = end, True
            continue
        if mark.isdigit() and mark.isascii() and not _is_word(text[index - 1 : index]):
            found = _NUMBER.match(text, index)
            end = found.end() if found else index + 1
            if not found or _is_word(text[end : end + 1]):
                return _no_number(text, index, end)
            index, after_text = end, False
            continue
        if mark == "#":
            message = "a condition holds no comment; use 'why:' of the rule"
            return Wrong("syntax", message, index, len(text))
        if not mark.isascii() or not (mark.isprintable() or mark in "\t\n\r\f"):
            shown = mark if mark.isprintable() else f"U+{ord(mark):04X}"
            message = f"'{shown}' stands outside a text; names are ASCII letters, digits and '_'"
            return Wrong("bad-name", message, index, index + 1)
        depth += (mark in "([{") - (mark in ")]}")
        if depth > _MOST_BRACKETS:
            return Wrong("too-deep", TOO_DEEP, index, index + 1)
        index, after_text = index + 1, after_text and mark.isspace()
    return None


def _is_word(mark: str) -> bool:
    return mark.isalnum() or mark == "_"


def _no_number(text: str, start: int, end: int) -> Wrong:
    while _is_word(text[end : end + 1]):
        end += 1
    said = short(text[start:end])
    message = f"'{said}' is not a number; expected digits, or a text in quotes"
    return Wrong("bad-literal", message, start, end)


def _odd_text(text: str, start: int, end: int | None, after_text: bool) -> Wrong | None:  # noqa: FBT001 - said by the name
    """Return what is odd about a text in quotes; one that has no end is."""
    mark = text[start]
    if after_text:
        message = "two texts side by side; is a comma missing?"
        return Wrong("syntax", message, start, start + 1)
    if _is_word(text[start - 1 : start]):
        message = f"no letter may stand before a text: {mark}...{mark}"
        return Wrong("syntax", message, start - 1, start)
    if end is None:
        message = f"the text is not closed; expected {mark} at its end"
        return Wrong("syntax", message, start, len(text))
    for found in _ESCAPE.finditer(text, start + 1, end - 1):
        if not _KNOWN_ESCAPE.fullmatch(found[0]):
            said = found[0] if found[0].isprintable() else "\\"
            message = f"'{said}' means nothing; write '\\\\' for a backslash"
            return Wrong("syntax", message, *found.span())
    for index in range(start, end):
        if text[index] == "\0" or "\ud800" <= text[index] <= "\udfff":
            message = f"U+{ord(text[index]):04X} cannot stand in a condition"
            return Wrong("bad-literal", message, index, index + 1)
    return None


def _end_of_text(text: str, start: int) -> int | None:
    index = start + 1
    while index < len(text) and text[index] not in "\n\r":
        if text[index] == "\\":
            index += 1
        elif text[index] == text[start]:
            return index + 1
        index += 1
    return None


def syntax_problem(text: str, error: SyntaxError) -> Wrong:
    """Return what Python's grammar has against a text, in plainer words and with a hint."""
    offset = max(0, min((error.offset or len(text)) - 1 + blanks_before(text), len(text) - 1))
    hint = next((f"; {hint}" for mark, hint in _HINTS if mark in _around(text, offset)), "")
    found = None if hint else _BRACKETS.match(error.msg or "")
    reason = found[0] if found else "invalid syntax"
    return Wrong("syntax", f"cannot be read: {reason}{hint}", offset, offset + 1)


def unread(text: str) -> Wrong:
    """Return what is wrong with a text for which Python's grammar had not room enough."""
    if len(_NESTING.findall(_TEXT.sub("", text))) > DEEPEST:
        return Wrong("too-deep", TOO_DEEP, 0, len(text))
    return Wrong("syntax", "cannot be read: invalid syntax", 0, len(text))


def _around(text: str, offset: int) -> str:
    """Return what stands near a syntax error, without the operators that are right."""
    for operator in ("==", "!=", "<=", ">="):
        text = text.replace(operator, "  ")
    return text[max(0, offset - 2) : offset + 3]


def depth_of(root: ast.AST) -> int:
    """Return how deep an expression is nested, without recursion."""
    deepest, stack = 0, [(root, 1)]
    while stack:
        node, depth = stack.pop()
        deepest = max(deepest, depth)
        stack.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
    return deepest


def short(text: str) -> str:
    """Return a text, cut to what a message can hold."""
    return text if len(text) <= 40 else f"{text[:37]}..."  # noqa: PLR2004 - a line's worth
