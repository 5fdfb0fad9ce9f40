"""Checks a condition against the declared names and types, before any lead is seen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TypeVar

from leadrules.conditions.analysis import outcomes
from leadrules.conditions.format import format_condition, format_term
from leadrules.conditions.literals import EXAMPLES, literal
from leadrules.conditions.scan import DEEPEST
from leadrules.conditions.tree import (
    AllOf,
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
    parts_of,
    terms_of,
    walk,
)
from leadrules.errors import Problem, did_you_mean, one_of
from leadrules.values import Cash, Type
from leadrules.vocabulary import Vocabulary

__all__ = ["check"]

_T = TypeVar("_T")

OF_A_MEMBER = "member."
"""What the names of what members have start with."""
_ORDERED = frozenset(
    {
        Type.STRING,
        Type.INTEGER,
        Type.NUMBER,
        Type.DATE,
        Type.DATETIME,
        Type.DURATION,
        Type.MONEY,
    }
)
_TEXT_TESTS = ("contains", "starts_with", "ends_with")
_TERM_STEPS = ("of", "days_since", "lower")
_SCOPES = {
    "activity": "in rules about activities",
    "member": "in match of a pool",
    "was": "in lifecycle and bands",
}


def check(node: Condition, vocabulary: Vocabulary, *, warnings: bool = True) -> list[Problem]:
    """Return every problem of a condition: errors first by place, then warnings.

    Args:
        node: The condition.
        vocabulary: The names that it may use, with their types.
        warnings: Whether to look for what is odd, too, which takes longer.
    """
    checker = _Checker(vocabulary)
    checker.check(node)
    if warnings and not checker.found:
        checker.found += _warnings(node, vocabulary)
    return checker.found


class _Checker:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.found: list[Problem] = []

    def check(self, root: Condition) -> None:
        for path, node in walk(root):
            if sum(isinstance(step, str) for step in path) > DEEPEST:
                self._wrong("too-deep", f"nested too deep; expected at most {DEEPEST} levels", path)
                return
            if isinstance(node, Comparison):
                self._comparison(node, path)
            elif isinstance(node, AtLeast) and not 1 <= node.count <= len(node.parts):
                most = len(node.parts)
                message = f"at least {node.count} of {most}; expected 1 to {most}"
                self._wrong("arguments", message, path)
        if not self.found:
            self.found += _currencies(root, ())

    def _wrong(self, code: str, message: str, path: Path) -> None:
        self.found.append(Problem(code, message, path))

    # --- comparisons

    def _comparison(self, node: Comparison, path: Path) -> None:
        inner = (*path, "field" if isinstance(node.left, Field) else "left")
        left = self._type(node.left, inner)
        rights: list[tuple[Term, Path, Type | None]] = []
        if isinstance(node.right, tuple):
            for index, term in enumerate(node.right):
                place: Path = (*path, "value", index)
                rights.append((term, place, self._type(term, place)))
        elif node.right is not None:
            rights.append((node.right, (*path, "value"), self._type(node.right, (*path, "value"))))
        if left is None or any(kind is None for _, _, kind in rights):
            return
        if not _names(node.left) and not any(_names(term) for term, _, _ in rights):
            message = (
                f"'{format_condition(node)}' compares what is written here only; expected a field"
            )
            self._wrong("no-field", message, path)
        elif node.op in {"known", "missing"}:
            pass
        elif node.op == "is_true":
            self._is_true(node, left, inner)
        elif node.op in {"within", "older_than"}:
            self._age(node.op, (node.left, inner, left), rights[0])
        elif node.op == "has":
            self._has((node.left, inner, left), rights[0])
        elif node.op in _TEXT_TESTS:
            self._text_test(node.op, (node.left, inner, left), rights[0])
        else:
            for right in rights:
                self._relation(node.op, (node.left, inner, left), right)

    def _is_true(self, node: Comparison, left: Type, path: Path) -> None:
        if left is not Type.BOOLEAN:
            name = format_term(node.left)
            message = f"'{name}' is {left.noun}, not a condition; write known({name}) or compare it"
            self._wrong("type-mismatch", message, path)

    def _age(self, op: str, left: _Typed, right: _Typed) -> None:
        term, path, kind = left
        if kind is not Type.DATETIME:
            hint = "; declare it as a datetime" if kind is Type.DATE else ""
            message = f"'{op}' needs a moment, but {_quoted(term)} is {_noun(kind)}{hint}"
            self._wrong("type-mismatch", message, path)
        term, path, kind = right
        if kind is not Type.DURATION:
            message = f"'{op}' needs a duration such as \"30 days\", not {_noun(kind)}"
            self._wrong("type-mismatch", message, path)

    def _has(self, left: _Typed, right: _Typed) -> None:
        term, path, kind = left
        if kind is not Type.STRINGS:
            hint = f"; write contains({format_term(term)}, ...)" if kind and kind.is_text else ""
            message = f"{_quoted(term)} is {_noun(kind)}, not a list of texts{hint}"
            self._wrong("type-mismatch", message, path)
            return
        if isinstance(term, Field) and term.name.startswith(OF_A_MEMBER):
            if right[2] is not None and not right[2].is_text:
                message = f"{_quoted(right[0])} is {_noun(right[2])}, not a text"
                self._wrong("type-mismatch", message, right[1])
            return  # a member is no row of a frame, in which texts must be written
        self._needs_text("in", right)

    def _text_test(self, op: str, left: _Typed, right: _Typed) -> None:
        term, path, kind = left
        if kind is None or not kind.is_text:
            hint = f"; write ... in {format_term(term)}" if kind is Type.STRINGS else ""
            message = f"'{op}' needs a text, but {_quoted(term)} is {_noun(kind)}{hint}"
            self._wrong("type-mismatch", message, path)
            return
        self._needs_text(op, right)

    def _needs_text(self, op: str, right: _Typed) -> None:
        term, path, kind = right
        if not isinstance(term, Literal | Param) or kind is not Type.STRING:
            self._wrong("type-mismatch", f"'{op}' needs a written text such as \"student\"", path)
        elif isinstance(term, Literal) and term.value == "":
            self._wrong("empty", f"'{op}' needs a text that is not empty", path)

    def _relation(self, op: str, left: _Typed, right: _Typed) -> None:
        kind, other = left[2], right[2]
        assert kind is not None  # noqa: S101 - the caller has typed both sides
        assert other is not None  # noqa: S101 - the caller has typed both sides
        if kind is Type.STRINGS or other is Type.STRINGS:
            self._wrong(
                "type-mismatch", 'a list of texts cannot be compared; write "x" in list', left[1]
            )
        elif not _comparable(kind, other):
            message = (
                f"{_quoted(left[0])} is {_noun(kind)}, "
                f"but {_quoted(right[0])} is {_noun(other)}{_cure(left, right)}"
            )
            self._wrong("type-mismatch", message, right[1])
        elif op in {"<", "<=", ">", ">="} and not {kind, other} <= _ORDERED:
            message = f"'{op}' needs an order, but {_quoted(left[0])} is {_noun(kind)}"
            self._wrong("type-mismatch", message, left[1])
        elif isinstance(left[0], Lower) != isinstance(right[0], Lower) or isinstance(
            left[0], Lower
        ):
            self._lower(op, left, right)
        else:
            self._choice(left[0], right)
            self._choice(right[0], left)

    def _lower(self, op: str, left: _Typed, right: _Typed) -> None:
        if op not in {"==", "!=", "in", "not in"} or not isinstance(right[0], Literal):
            message = "'lower(...)' is compared only by '==', '!=' and 'in', and with written texts"
            self._wrong("type-mismatch", message, left[1])

    def _choice(self, term: Term, other: _Typed) -> None:
        """An enum is compared with its own choices only."""
        if not isinstance(term, Field) or not isinstance(other[0], Literal):
            return
        choices = self.vocabulary.fields[term.name].choices
        said = str(other[0].value)
        if choices and said not in choices:
            hint = did_you_mean(said, choices)
            message = f"'{said}' is no choice of '{term.name}'; expected {one_of(choices)}{hint}"
            self._wrong("unknown-choice", message, other[1])

    # --- terms

    def _type(self, term: Term, path: Path) -> Type | None:
        """Return the type of a term, or None if it has none, which is then reported."""
        if sum(step in _TERM_STEPS for step in path) > DEEPEST:
            self._wrong("too-deep", f"nested too deep; expected at most {DEEPEST} levels", path)
            return None
        match term:
            case Literal(kind, _):
                return kind
            case Field(name):
                return self._field_type(name, path)
            case Param(name):
                parameter = self.vocabulary.parameters.get(name)
                if parameter is None:
                    hint = did_you_mean(name, self.vocabulary.parameters)
                    self._wrong("unknown-parameter", f"no parameter '{name}'{hint}", path)
                    return None
                return parameter.type
            case DaysSince(of):
                wanted, result = {Type.DATETIME}, Type.INTEGER
                return self._needs(of, (*path, "days_since"), "days_since", wanted, result)
            case Lower(of):
                wanted, result = {Type.STRING, Type.ENUM}, Type.STRING
                return self._needs(of, (*path, "lower"), "lower", wanted, result)
            case Arithmetic(op, left, right):
                numbers = {Type.INTEGER, Type.NUMBER}
                sides = [
                    self._needs(side, (*path, "of", index), op, numbers, Type.NUMBER)
                    for index, side in enumerate((left, right))
                ]
                return None if None in sides else Type.NUMBER

    def _field_type(self, name: str, path: Path) -> Type | None:
        declaration = self.vocabulary.fields.get(name)
        if declaration is not None:
            return declaration.type
        scope = name.partition(".")[0]
        own = self.vocabulary.scope
        if own and scope != own:
            near = did_you_mean(f"{own}.{name}", self.vocabulary.fields)
            known = f"expected {one_of(self.vocabulary.fields)}" if self.vocabulary.fields else ""
            hint = near or f"; {known or f'this {own} has no properties'}"
            self._wrong("wrong-scope", f"'{name}' is no property of the {own}{hint}", path)
            return None
        known_here = any(other.startswith(f"{scope}.") for other in self.vocabulary.fields)
        if scope in _SCOPES and scope != own and not known_here:
            message = f"'{name}' has a meaning only {_SCOPES[scope]}"
            self._wrong("wrong-scope", message, path)
            return None
        hint = did_you_mean(name, self.vocabulary.fields)
        self._wrong("unknown-name", f"no field '{name}'{hint}", path)
        return None

    def _needs(
        self, term: Term, path: Path, what: str, wanted: set[Type], result: Type
    ) -> Type | None:
        kind = self._type(term, path)
        if kind is None:
            return None
        if kind not in wanted:
            nouns = {"days_since": "a moment", "lower": "a text"}
            needs = nouns.get(what, "numbers")
            message = f"'{what}' needs {needs}, but {_quoted(term)} is {_noun(kind)}"
            self._wrong("type-mismatch", message, path)
            return None
        return result


_Typed = tuple[Term, Path, Type | None]


def _noun(kind: Type | None) -> str:
    return "" if kind is None else kind.noun


def _names(term: Term) -> bool:
    """Return whether a term depends on anything that evaluations differ in."""
    match term:
        case Field():
            return True
        case Arithmetic(_, left, right):
            return _names(left) or _names(right)
        case DaysSince(of) | Lower(of):
            return _names(of)
    return False


def _comparable(kind: Type, other: Type) -> bool:
    if kind.is_numeric or kind.is_text:
        return (kind.is_numeric, kind.is_text) == (other.is_numeric, other.is_text)
    return kind is other


def _cure(left: _Typed, right: _Typed) -> str:
    """Return the hint that mends the usual slips between types."""
    kind, (term, _, other) = left[2], right
    if not isinstance(term, Literal):
        return ""
    said = term.value
    if kind is Type.MONEY and other is not None and other.is_numeric:
        said = f"{said} EUR"
    if kind is not None and kind.value in EXAMPLES and isinstance(said, str):
        return f"; write {_written(kind, said)}"
    if kind is not None and kind.is_numeric and other is Type.STRING:
        return "; write the number without quotes" if _is_number(str(said)) else ""
    if kind is not None and kind.is_text and other is not None and other.is_numeric:
        return f'; write "{said}"'
    return ""


def _currencies(node: Condition, path: Path) -> Iterator[Problem]:
    """Yield where what must hold together compares a field with two currencies."""
    seen: dict[str, str] = {}
    todo: list[tuple[Path, Condition]] = [(path, node)]
    while todo:
        place, part = todo.pop(0)
        match part:
            case AllOf():
                todo = [((*place, *step), inner) for step, inner in parts_of(part)] + todo
            case Not(Comparison() | Not()):
                todo.insert(0, ((*place, "not"), part.part))
            case Comparison():
                for name, currency, at in _amounts(part, place):
                    first = seen.setdefault(name, currency)
                    if first != currency:
                        message = (
                            f"'{name}' is compared with {first} and with {currency}; "
                            "expected one currency"
                        )
                        yield Problem("currency-mismatch", message, at)
            case _:
                for step, inner in parts_of(part):
                    yield from _currencies(inner, (*place, *step))


def _amounts(node: Comparison, path: Path) -> Iterator[tuple[str, str, Path]]:
    """Yield each field that is compared with written money, its currency, and where it stands."""
    several = isinstance(node.right, tuple)
    rights = node.right if isinstance(node.right, tuple) else (node.right,)
    for index, right in enumerate(rights):
        place: Path = (*path, "value", index) if several else (*path, "value")
        match node.left, right:
            case Field(name), Literal(_, Cash(_, currency)):
                yield name, currency, place
            case Literal(_, Cash(_, currency)), Field(name):
                yield name, currency, (*path, "left")


def _written(kind: Type, said: str) -> str:
    """Return a text as a literal of a type, or an example of one if it says none."""
    try:
        literal(kind.value, said)
    except ValueError:
        return EXAMPLES[kind.value]
    return f"{kind.value}({json.dumps(said, ensure_ascii=False)})"


def _quoted(term: Term) -> str:
    """Return a term in quotes; a text has its own."""
    shown = format_term(term)
    return shown if isinstance(term, Literal) and isinstance(term.value, str) else f"'{shown}'"


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit()


def _warnings(node: Condition, vocabulary: Vocabulary) -> Iterator[Problem]:
    yield from _duplicates(node)
    yield from _capitals(node)
    memo: dict[Comparison, set[bool | None]] = {}
    for path, part in walk(node):
        seen = outcomes(part, vocabulary, memo=memo)
        if seen is None:
            continue
        if True not in seen:
            message = f"'{format_condition(part)}' is never true"
            yield Problem("never-true", message, path, "warning")
            return
        if False not in seen and not _is_harmless(part):
            if None in seen and _has_money(part):
                continue  # another currency is unknown, too
            known = "" if None not in seen else " when its fields are known"
            message = f"'{format_condition(part)}' is always true{known}"
            yield Problem("always-true", message, path, "warning")
            return


def _is_harmless(node: Condition) -> bool:
    return not isinstance(node, AllOf | AnyOf | Not | AtLeast | Comparison)


def _has_money(node: Condition) -> bool:
    return any(isinstance(x, Literal) and x.type is Type.MONEY for x in terms_of(node))


def _duplicates(node: Condition) -> Iterator[Problem]:
    for path, part in walk(node):
        match part:
            case AllOf(parts) | AnyOf(parts) | AtLeast(_, parts):
                step = (
                    "all" if isinstance(part, AllOf) else "any" if isinstance(part, AnyOf) else "of"
                )
                for index, inner in _repeated(parts):
                    message = f"'{format_condition(inner)}' stands here twice"
                    yield Problem("duplicate", message, (*path, step, index), "warning")
            case Comparison(_, _, tuple(items)):
                for index, item in _repeated(items):
                    message = f"{_quoted(item)} stands in the list twice"
                    yield Problem("duplicate", message, (*path, "value", index), "warning")


def _repeated(items: Sequence[_T]) -> Iterator[tuple[int, _T]]:
    seen: set[_T] = set()
    for index, item in enumerate(items):
        if item in seen:
            yield index, item
        seen.add(item)


def _capitals(node: Condition) -> Iterator[Problem]:
    """Yield what `lower(...)` can never be, since it has capital letters."""
    for path, part in walk(node):
        if isinstance(part, Comparison) and isinstance(part.left, Lower):
            rights = part.right if isinstance(part.right, tuple) else (part.right,)
            for index, term in enumerate(rights):
                if isinstance(term, Literal) and any("A" <= x <= "Z" for x in str(term.value)):
                    place: Path = (*path, "value")
                    place = (*place, index) if isinstance(part.right, tuple) else place
                    message = f"'{term.value}' has capital letters, but lower(...) has none"
                    yield Problem("never-true", message, place, "warning")
