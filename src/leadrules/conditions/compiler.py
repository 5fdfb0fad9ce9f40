"""Turns conditions into Python code, so that one lead takes about a microsecond.

Every condition has two rails: an expression that holds where it is true, and one that holds
where it is false; where neither holds it is unknown. Only code that is generated from the tree
is executed, and names and values enter it through a closure, never as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from leadrules.conditions.reference import calculate, fold
from leadrules.conditions.tree import (
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
from leadrules.values import MICROSECONDS_A_DAY, Cash, Type, Value
from leadrules.vocabulary import CLASSES, Vocabulary, typed

__all__ = ["Code", "Compiled", "compile_condition"]

Compiled = Callable[[Mapping[str, Value], int, Mapping[str, Value]], Any]
"""Takes a settled record, the moment in microseconds, and the parameters in effect then."""

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_INDENT = "    "


def compile_condition(node: Condition, vocabulary: Vocabulary) -> Compiled:
    """Return a function that gives True, False or None (unknown) for a record.

    The function belongs to its caller; nothing is cached.

    Args:
        node: A condition that the checker has passed.
        vocabulary: The names that it uses.

    Examples:
        >>> from leadrules.conditions.text import parse
        >>> big = compile_condition(parse("company.employees >= 50"), Vocabulary())
        >>> big({"company.employees": 120}, 0, {}), big({}, 0, {})
        (True, None)
    """
    code = Code(vocabulary)
    true, false = code.true(node), code.false(node)
    compiled: Compiled = code.function([f"return True if {true} else False if {false} else None"])
    return compiled


class Code:
    """Collects what conditions need, and makes one function of statements that use them.

    Terms become local variables, each computed once however many conditions read it.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._constants: dict[tuple[type, object], str] = {}
        self._values: list[object] = []
        self._terms: dict[Term, str] = {}
        self._prologue: list[str] = []

    # --- what statements are made of

    def constant(self, value: object) -> str:
        """Return the name of a constant."""
        key = (type(value), value)
        if key not in self._constants:
            self._constants[key] = f"k{len(self._values)}"
            self._values.append(value)
        return self._constants[key]

    def function(self, body: Sequence[str], *more: str) -> Any:
        """Return the function that runs the statements.

        Its arguments are `record`, `at` and `parameters`, as of `Compiled`, and the names in
        `more`.
        """
        names = ", ".join(f"k{index}" for index in range(len(self._values)))
        lines = [
            f"def make({names}):",
            f"{_INDENT}def run({', '.join(('record', 'at', 'parameters', *more))}):",
            f"{_INDENT * 2}get = record.get",
            *(f"{_INDENT * 2}{line}" for line in (*self._prologue, *body)),
            f"{_INDENT}return run",
        ]
        space: dict[str, Any] = {}
        exec(compile("\n".join(lines), "<compiled policy>", "exec"), space)  # noqa: S102 - our own code
        return space["make"](*self._values)

    def variable(self, term: Term) -> str:
        """Return the local variable that holds a term's value, or None where it is missing."""
        if term not in self._terms:
            self._terms[term] = name = f"x{len(self._terms)}"
            self._prologue += self._assignment(term, name)
        return self._terms[term]

    def _assignment(self, term: Term, name: str) -> list[str]:
        name = self._terms[term]
        match term:
            case Field(field):
                return [f"{name} = get({self.constant(field)})", *self._retyped(field, name)]
            case Param(parameter):
                return [f"{name} = parameters.get({self.constant(parameter)})"]
            case Literal(_, value):
                return [f"{name} = {self.constant(value)}"]
            case Lower(of):
                inner = self.variable(of)
                return [f"{name} = None if {inner} is None else {self._function(fold)}({inner})"]
            case DaysSince(of):
                inner, day = self.variable(of), self.constant(MICROSECONDS_A_DAY)
                return [f"{name} = None if {inner} is None else (at - {inner}) // {day}"]
            case Arithmetic(op, left, right):
                sides = f"{self.variable(left)}, {self.variable(right)}"
                return [f"{name} = {self._function(calculate)}({self.constant(op)}, {sides})"]

    def _function(self, function: Callable[..., object]) -> str:
        return self.constant(function)

    def _retyped(self, field: str, name: str) -> list[str]:
        """Return the check that a declared field holds what it is declared to hold."""
        if field not in self.vocabulary.declared:
            return []
        declaration = self.vocabulary.fields[field]
        classes = [self.constant(found) for found in CLASSES[declaration.type]]
        wrong = " and ".join(f"{name}.__class__ is not {found}" for found in classes)
        retype = self.constant(partial(_retype, declaration=declaration, name=field))
        return [f"if {name} is not None and {wrong}: {name} = {retype}(record)"]

    # --- the two rails

    def true(self, node: Condition) -> str:
        """Return an expression that is True where the condition is true, else False."""
        match node:
            case Always():
                return "True"
            case AllOf(parts):
                return self._joined(" and ", [self.true(part) for part in parts])
            case AnyOf(parts):
                return self._joined(" or ", [self.true(part) for part in parts])
            case Not(part):
                return self.false(part)
            case AtLeast(count, parts):
                return self._counted(map(self.true, parts), ">=", count)
            case Comparison():
                return f"({self._comparison(node, wanted=True)})"

    def false(self, node: Condition) -> str:
        """Return an expression that is True where the condition is false, else False."""
        match node:
            case Always():
                return "False"
            case AllOf(parts):
                return self._joined(" or ", [self.false(part) for part in parts])
            case AnyOf(parts):
                return self._joined(" and ", [self.false(part) for part in parts])
            case Not(part):
                return self.true(part)
            case AtLeast(count, parts):
                return self._counted(map(self.false, parts), ">", len(parts) - count)
            case Comparison():
                return f"({self._comparison(node, wanted=False)})"

    def _joined(self, word: str, parts: list[str]) -> str:
        return f"({word.join(parts)})"

    def _counted(self, parts: Iterable[str], op: str, count: int) -> str:
        """Return a test of how many parts hold; the sum of a tuple, as `+` would nest each."""
        return f"(sum(({', '.join(parts)},)) {op} {self.constant(count)})"

    def _comparison(self, node: Comparison, *, wanted: bool) -> str:
        op, left = node.op, self.variable(node.left)
        match op:
            case "known" | "missing":
                return f"{left} is {'not ' * ((op == 'known') is wanted)}None"
            case "is_true":
                return f"{left} is {wanted}"
            case "in" | "not in":
                assert isinstance(node.right, tuple)  # noqa: S101 - as the table says
                return self._membership(node, left, node.right, wanted=(op == "in") is wanted)
        assert node.right is not None  # noqa: S101 - as the table says
        assert not isinstance(node.right, tuple)  # noqa: S101 - as the table says
        right = self._right(node.right)
        known = self._known(node.left, node.right)
        match op:
            case "within":
                test = f"0 <= at - {left} < {right}"
                return f"{known}{test if wanted else f'not {test}'}"
            case "older_than":
                return f"{known}at - {left} {'>=' if wanted else '<'} {right}"
            case "contains" | "has":
                return f"{known}{right} {'in' if wanted else 'not in'} {left}"
            case "starts_with" | "ends_with":
                method = op.replace("_", "")
                return f"{known}{'' if wanted else 'not '}{left}.{method}({right})"
        return self._relation(node, left, right, known, op if wanted else _OPPOSITE[op])

    def _relation(self, node: Comparison, left: str, right: str, known: str, op: str) -> str:
        if self._is_money(node.left):
            return f"{known}{left}[1] == {right}[1] and {left}[0] {op} {right}[0]"
        if op == "==" and isinstance(node.right, Literal):
            return f"{left} == {right}"
        return f"{known}{left} {op} {right}"

    def _membership(
        self, node: Comparison, left: str, choices: tuple[Term, ...], *, wanted: bool
    ) -> str:
        literals = [term.value for term in choices if isinstance(term, Literal)]
        others = [term for term in choices if not isinstance(term, Literal)]
        if others or self._is_money(node.left):
            # The "or" of equalities, spelt out: each may be unknown for its own reason.
            equal = AnyOf(tuple(Comparison(node.left, "==", term) for term in choices))
            return self.true(equal) if wanted else self.false(equal)
        found = self.constant(frozenset(literals))
        if wanted:
            return f"{left} in {found}"
        return f"{left} is not None and {left} not in {found}"

    def _right(self, term: Term) -> str:
        return self.constant(term.value) if isinstance(term, Literal) else self.variable(term)

    def _known(self, *terms: Term) -> str:
        """Return the test that terms have values, ready to be put before another."""
        names = [self.variable(term) for term in terms if not isinstance(term, Literal)]
        return "".join(f"{name} is not None and " for name in dict.fromkeys(names))

    def _is_money(self, term: Term) -> bool:
        match term:
            case Field(name):
                return self.vocabulary.fields[name].type is Type.MONEY
            case Param(name):
                return self.vocabulary.parameters[name].type is Type.MONEY
            case Literal(_, value):
                return isinstance(value, Cash)
        return False


def _retype(record: Mapping[str, Value], *, declaration: Any, name: str) -> Value:
    """Return a declared field as its declared type, or say that it is none."""
    lead_id = record.get("id")
    return typed(record[name], declaration, name=name, lead_id=str(lead_id) if lead_id else None)
