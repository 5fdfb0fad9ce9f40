"""The spelling that people write: `employees >= 50 and country in ["US", "DE"]`.

The text is a subset of Python's expression grammar. It is read with the standard library's
`ast` and never evaluated by Python.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from leadrules.conditions.literals import EXAMPLES, literal
from leadrules.conditions.scan import (
    DEEPEST,
    TOO_DEEP,
    Wrong,
    blanks_before,
    depth_of,
    refuse,
    scanned,
    short,
    syntax_problem,
    unread,
)
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
from leadrules.errors import did_you_mean
from leadrules.values import (
    LARGEST_INTEGER,
    Type,
    settle,
)

__all__ = ["Spans", "parse", "parse_with_spans"]

Spans = Mapping[Path, tuple[int, int]]
"""Where each part of a condition stands in its text: start and end, in characters."""

_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_LITERALS = tuple(EXAMPLES)
_GROUPS = ("all", "any", "at_least")
_TESTS = tuple(name for name, found in OPERATORS.items() if found.spelling == "function")
_TERMS = ("days_since", "lower")
_CONDITIONS = (*_TESTS, *_GROUPS)
_FUNCTIONS = (*_CONDITIONS, *_TERMS, *_LITERALS)
_CASES = ("upper", "lower", "casefold", "capitalize", "title", "swapcase")
_BOOLEANS = {"true": True, "false": False}


def parse(text: str) -> Condition:
    """Return the condition that a text says.

    Names and types are not checked here, only the spelling.

    Raises:
        PolicyError: If the text is no condition. Its issues have a caret each.

    Examples:
        >>> parse("employees >= 50")
        Comparison(left=Field(name='employees'), op='>=', right=Literal(type=<Type.INTEGER: \
'integer'>, value=50))
    """
    return parse_with_spans(text)[0]


def parse_with_spans(text: str) -> tuple[Condition, Spans]:
    """Return the condition that a text says, and where each part of it stands.

    Raises:
        PolicyError: If the text is no condition.
    """
    scan = scanned(text)
    try:
        root = ast.parse(scan, mode="eval").body
    except SyntaxError as error:
        refuse(text, syntax_problem(text, error))
    except (RecursionError, MemoryError):
        refuse(text, unread(text))
    reader = _Reader(text)
    if depth_of(root) > 4 * DEEPEST:
        refuse(text, Wrong("too-deep", TOO_DEEP, 0, len(text)))
    found = reader.condition(root, ())
    if reader.wrong:
        refuse(text, *reader.wrong)
    assert found is not None  # noqa: S101 - nothing was wrong, so there is a condition
    return found, reader.spans


@dataclass
class _Reader:
    """Lowers a Python expression to a condition, and keeps what is wrong and where."""

    text: str
    wrong: list[Wrong] = field(default_factory=list)
    spans: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._shift = blanks_before(self.text)
        self._bytes = self.text[self._shift :].encode()
        self._ascii = self.text.isascii()

    # --- places

    def _span(self, node: ast.expr) -> tuple[int, int]:
        return self._offset(node.col_offset), self._offset(node.end_col_offset or 0)

    def _offset(self, count: int) -> int:
        """Return an offset in characters for one that `ast` counts in UTF-8 bytes."""
        if not self._ascii:
            count = len(self._bytes[:count].decode())
        return count + self._shift

    def _note(self, node: ast.expr, code: str, message: str) -> None:
        self.wrong.append(Wrong(code, message, *self._span(node)))

    # --- conditions

    def condition(self, node: ast.expr, path: Path) -> Condition | None:
        self.spans[path] = self._span(node)
        match node:
            case ast.BoolOp(ast.And(), values):
                return self._group(AllOf, values, path, "all")
            case ast.BoolOp(ast.Or(), values):
                return self._group(AnyOf, values, path, "any")
            case ast.UnaryOp(ast.Not(), operand):
                part = self.condition(operand, (*path, "not"))
                return None if part is None else Not(part)
            case ast.Compare():
                return self._comparisons(node, path)
            case ast.Call(ast.Name(name), arguments, []) if name in _CONDITIONS:
                return self._call(node, name, arguments, path)
            case ast.Name("always"):
                return Always()
            case ast.Name(id=name) if name not in _BOOLEANS:
                return self._bare(node, path)
            case ast.Attribute():
                return self._bare(node, path)
        self._no_condition(node)
        return None

    def _bare(self, node: ast.expr, path: Path) -> Condition | None:
        term = self.term(node, (*path, "field"))
        if isinstance(term, Param):
            self._note(node, "not-a-condition", "a parameter is no condition; compare it")
            return None
        return None if term is None else Comparison(term, "is_true")

    def _group(
        self,
        kind: Callable[[tuple[Condition, ...]], Condition],
        values: list[ast.expr],
        path: Path,
        step: str,
    ) -> Condition | None:
        parts = [self.condition(part, (*path, step, n)) for n, part in enumerate(values)]
        return kind(tuple(part for part in parts if part)) if all(parts) else None

    def _call(
        self, node: ast.Call, name: str, arguments: list[ast.expr], path: Path
    ) -> Condition | None:
        if name == "at_least":
            return self._at_least(node, arguments, path)
        if name in _GROUPS:
            if not arguments:
                self._note(node, "empty", f"'{name}' of nothing; write 'always' if it is meant")
                return None
            return self._group(AllOf if name == "all" else AnyOf, arguments, path, name)
        wanted = 1 if OPERATORS[name].right == "none" else 2
        if len(arguments) != wanted:
            takes = "one argument" if wanted == 1 else "two arguments"
            self._note(node, "arguments", f"'{name}' takes {takes}; {len(arguments)} given")
            return None
        left = self._left(arguments[0], path)
        if wanted == 1:
            return None if left is None else Comparison(left, name)
        if name in {"within", "older_than"}:
            right = self._duration(arguments[1], (*path, "value"))
        else:
            right = self.term(arguments[1], (*path, "value"))
        return None if left is None or right is None else Comparison(left, name, right)

    def _at_least(self, node: ast.Call, arguments: list[ast.expr], path: Path) -> Condition | None:
        match arguments:
            case [ast.Constant(int(count)), first, *rest] if not isinstance(count, bool):
                return self._group(lambda parts: AtLeast(count, parts), [first, *rest], path, "of")
        self._note(
            node, "arguments", "'at_least' takes a whole number, then conditions: at_least(2, a, b)"
        )
        return None

    def _comparisons(self, node: ast.Compare, path: Path) -> Condition | None:
        terms = [node.left, *node.comparators]
        if len(node.ops) == 1:
            return self._comparison(node, terms[0], node.ops[0], terms[1], path)
        found: list[Condition] = []
        for index, op in enumerate(node.ops):
            inner: Path = (*path, "all", index)
            left, right = terms[index], terms[index + 1]
            self.spans[inner] = self._span(left)[0], self._span(right)[1]
            part = self._comparison(node, left, op, right, inner)
            if part is not None:
                found.append(part)
        return AllOf(tuple(found)) if len(found) == len(node.ops) else None

    def _comparison(
        self, node: ast.Compare, left: ast.expr, op: ast.cmpop, right: ast.expr, path: Path
    ) -> Condition | None:
        if isinstance(op, ast.Is | ast.IsNot):
            self._note(
                node, "syntax", "'is' is not an operator; write known(x) or missing(x), or '=='"
            )
            return None
        if isinstance(op, ast.In | ast.NotIn):
            return self._membership(left, op, right, path)
        lefts = self._left(left, path)
        rights = self.term(right, (*path, "value"))
        if lefts is None or rights is None:
            return None
        return Comparison(lefts, _COMPARISONS[type(op)], rights)

    def _membership(
        self, left: ast.expr, op: ast.cmpop, right: ast.expr, path: Path
    ) -> Condition | None:
        negated = isinstance(op, ast.NotIn)
        if isinstance(right, ast.List | ast.Tuple | ast.Set):
            term = self._left(left, path)
            items = [self.term(x, (*path, "value", n)) for n, x in enumerate(right.elts)]
            if not items:
                self._note(right, "empty", "an empty list; expected at least one value")
                return None
            if term is None or not all(items):
                return None
            choices = tuple(item for item in items if item)
            return Comparison(term, "not in" if negated else "in", choices)
        if _is_no_list(right):
            self._note(right, "type-mismatch", "'in' needs a list: x in [1, 2]")
            return None
        if negated:
            self.spans[(*path, "not")] = self.spans[path]
            path = (*path, "not")
        wanted = self.term(left, (*path, "value"))
        whole = self._left(right, path)
        if wanted is None or whole is None:
            return None
        found = Comparison(whole, "has", wanted)
        return Not(found) if negated else found

    def _no_condition(self, node: ast.expr) -> None:
        match node:
            case ast.Call(ast.Name(name)) if name in _CONDITIONS:
                self._note(node, "arguments", f"'{name}' takes no named arguments")
            case ast.Call():
                self._unknown_call(node)
            case ast.Name() | ast.Constant(bool()):
                self._note(node, "not-a-condition", "says nothing; write 'always' if it is meant")
            case ast.IfExp():
                self._note(node, "syntax", "'if ... else' is not allowed; write two rules")
            case _:
                start, end = self._span(node)
                message = (
                    f"'{short(self.text[start:end])}' is no condition; compare it with something"
                )
                self._note(node, "not-a-condition", message)

    def _unknown_call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in _CASES:
                start, end = self._span(node.func.value)
                hint = f"; write lower({short(self.text[start:end])})"
            else:
                hint = did_you_mean(node.func.attr.replace("with", "_with"), _FUNCTIONS)
            self._note(node, "unknown-function", f"functions of a value are not allowed{hint}")
        elif isinstance(node.func, ast.Name):
            hint = did_you_mean(node.func.id, _FUNCTIONS)
            self._note(node, "unknown-function", f"no function '{node.func.id}'{hint}")
        else:
            self._note(node, "syntax", "only listed functions can be called")

    # --- terms

    def _left(self, node: ast.expr, path: Path) -> Term | None:
        term = self.term(node, (*path, "left"))
        self.spans[(*path, "field")] = self.spans[(*path, "left")]
        return term

    def term(self, node: ast.expr, path: Path) -> Term | None:
        self.spans[path] = self._span(node)
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name(name) if name in _BOOLEANS:
                return Literal(Type.BOOLEAN, _BOOLEANS[name])
            case ast.Name("always"):
                self._note(node, "not-a-term", "'always' is a condition, not a value")
                return None
            case ast.Name(name):
                return Field(name)
            case ast.Attribute():
                return self._dotted(node)
            case ast.UnaryOp(ast.USub(), ast.Constant(int(value) | float(value))) if not isinstance(
                value, bool
            ):
                return self._number(node, -value)
            case ast.UnaryOp(ast.USub(), operand):
                inner = self.term(operand, (*path, "of", 1))
                return inner and Arithmetic("-", Literal(Type.INTEGER, 0), inner)
            case ast.BinOp(left, op, right) if type(op) in _ARITHMETIC:
                lefts = self.term(left, (*path, "of", 0))
                rights = self.term(right, (*path, "of", 1))
                symbol = _ARITHMETIC[type(op)]
                return lefts and rights and Arithmetic(symbol, lefts, rights)  # type: ignore[arg-type]  # the table's values
            case ast.Call(ast.Name(name), [argument], []) if name in _TERMS:
                inner = self.term(argument, (*path, name))
                return inner and (DaysSince(inner) if name == "days_since" else Lower(inner))
            case ast.Call(ast.Name(name), [ast.Constant(str(said))], []) if name in _LITERALS:
                return self._literal(node, name, said)
        self._no_term(node)
        return None

    def _dotted(self, node: ast.Attribute) -> Term | None:
        names: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            names.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            self._note(node, "syntax", "only names can have parts: company.employees")
            return None
        names.append(inner.id)
        first, *rest = reversed(names)
        return Param(".".join(rest)) if first == "param" else Field(".".join((first, *rest)))

    def _constant(self, node: ast.Constant) -> Term | None:
        match node.value:
            case bool():
                return Literal(Type.BOOLEAN, node.value)
            case str():
                return self._text(node, node.value)
            case int() | float():
                return self._number(node, node.value)
            case None:
                self._note(node, "not-a-term", "there is no None; write missing(x) or known(x)")
            case _:
                self._note(node, "not-a-term", "expected a text, a number, true or false")
        return None

    def _text(self, node: ast.expr, value: str) -> Term | None:
        try:
            settle(value)
        except ValueError as error:
            self._note(node, "bad-literal", str(error))
            return None
        return Literal(Type.STRING, value)

    def _number(self, node: ast.expr, value: float) -> Term | None:
        if isinstance(value, int):
            if abs(value) > LARGEST_INTEGER:
                self._note(node, "bad-literal", "an integer beyond 2^53; expected a smaller one")
                return None
            return Literal(Type.INTEGER, value)
        if abs(value) == float("inf"):
            self._note(node, "bad-literal", "not a finite number")
            return None
        return Literal(Type.NUMBER, value + 0.0)

    def _literal(self, node: ast.expr, name: str, said: str) -> Term | None:
        try:
            return literal(name, said)
        except ValueError as error:
            self._note(node, "bad-literal", str(error))
            return None

    def _duration(self, node: ast.expr, path: Path) -> Term | None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.spans[path] = self._span(node)
            return self._literal(node, "duration", node.value)
        return self.term(node, path)

    def _no_term(self, node: ast.expr) -> None:
        match node:
            case ast.Call(ast.Name(name)) if name in _LITERALS:
                self._note(node, "arguments", f"'{name}' takes one text: {EXAMPLES[name]}")
            case ast.Call(ast.Name(name)) if name in _TERMS:
                self._note(node, "arguments", f"'{name}' takes one field: {name}(x)")
            case ast.Call(ast.Name(name)) if name in _CONDITIONS:
                self._note(node, "not-a-term", f"'{name}(...)' is a condition, not a value")
            case ast.Call():
                self._unknown_call(node)
            case ast.List() | ast.Tuple() | ast.Set():
                self._note(node, "not-a-term", "a list stands only after 'in' and 'not in'")
            case ast.IfExp():
                self._note(node, "syntax", "'if ... else' is not allowed; write two rules")
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(ast.Not()):
                self._note(
                    node, "not-a-term", "a condition cannot be compared; use 'and', 'or', 'not'"
                )
            case _:
                self._note(node, "syntax", "not allowed in a condition")


def _is_no_list(node: ast.expr) -> bool:
    """Return whether what stands after 'in' is one written or computed value."""
    match node:
        case ast.Constant() | ast.UnaryOp(ast.USub()) | ast.BinOp():
            return True
        case ast.Call(ast.Name(name)):
            return name in _LITERALS
    return False
