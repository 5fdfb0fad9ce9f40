"""The condition language: one tree, two spellings, several readers with one meaning."""

from leadrules.conditions.checker import check
from leadrules.conditions.compiler import compile_condition
from leadrules.conditions.data import from_data, to_data
from leadrules.conditions.format import format_condition
from leadrules.conditions.matcher import Matcher
from leadrules.conditions.reference import Seen, evaluate, observe
from leadrules.conditions.text import parse
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

__all__ = [
    "OPERATORS",
    "AllOf",
    "Always",
    "AnyOf",
    "Arithmetic",
    "AtLeast",
    "Comparison",
    "Condition",
    "DaysSince",
    "Field",
    "Literal",
    "Lower",
    "Matcher",
    "Not",
    "Param",
    "Seen",
    "Term",
    "check",
    "compile_condition",
    "evaluate",
    "format_condition",
    "from_data",
    "observe",
    "parse",
    "to_data",
]
