"""The reference says all there is, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from leadrules import calendars, policy, scoring
from leadrules.conditions import OPERATORS
from leadrules.intake import REJECTIONS, mapping
from leadrules.lifecycle import clocks, document, moves, nurture, responses, stages, touches
from leadrules.lifecycle.transition import REFUSALS
from leadrules.metrics import document as metrics
from leadrules.routing import document as routing
from leadrules.routing import lookups, members, pools, rules, targets
from leadrules.routing.assignment import CODES
from leadrules.sections import ParamRef, Section
from leadrules.values import Type
from tests.docs.codes import codes_in_source
from tests.docs.generated import ROOT, pages, written_anew

REFERENCE = ROOT / "docs" / "reference"
LIFECYCLE = (stages, moves, touches, clocks, responses, nurture, document)
ROUTING = (routing, lookups, members, pools, rules, targets)
NO_TABLE = {Section, ParamRef, rules.Row}


def text_of(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_generated_parts_are_as_they_would_be_written(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == written_anew(text), "run: python -m tests.docs"


def test_every_section_of_a_policy_has_its_table() -> None:
    sections = {
        f"{found.__module__}.{found.__name__}"
        for module in (policy, scoring, calendars, *LIFECYCLE, *ROUTING, metrics)
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Section)
    } - {f"{found.__module__}.{found.__name__}" for found in NO_TABLE}
    assert set(re.findall(r"begin: model (\S+)", text_of("policy.md"))) == sections


def test_every_part_of_a_mapping_has_its_table() -> None:
    parts = {
        f"{found.__module__}.{name}"
        for name, found in vars(mapping).items()
        if isinstance(found, type) and issubclass(found, BaseModel)
        if found.__module__ == mapping.__name__ and not name.startswith("_")
    }
    described = {f"{mapping.__name__}.Column"}  # its only key, in one sentence
    assert set(re.findall(r"begin: model (\S+)", text_of("mapping.md"))) == parts - described


def test_every_type_is_listed() -> None:
    listed = re.search(r"## Types\n(.*?)\n## ", text_of("conditions.md"), re.DOTALL)
    assert listed
    named = re.findall(r"^\| `(\w+)`", listed[1], re.MULTILINE)
    assert sorted(named) == sorted(str(kind) for kind in Type)


def test_every_function_of_conditions_is_listed() -> None:
    functions = re.search(r"## Functions\n(.*?)\n## ", text_of("conditions.md"), re.DOTALL)
    assert functions
    said = set(re.findall(r"`(\w+)\(", functions[1]))
    named = {name for name, found in OPERATORS.items() if found.spelling == "function"}
    others = {"all", "any", "at_least", "days_since", "lower", "money", "date", "datetime"}
    assert said == named | others | {"duration"}


def test_every_code_is_listed_and_no_other() -> None:
    text = text_of("errors.md")
    listed = set(re.findall(r"^### `([a-z-]+)`", text, re.MULTILINE))
    (table,) = re.findall(r"begin: errors row -->(.*?)<!-- end", text, re.DOTALL)
    rows = set(re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE))
    assert rows == set(REJECTIONS)
    assert listed | rows == set(codes_in_source()) | set(REJECTIONS)


def test_every_refusal_is_listed_and_no_other() -> None:
    text = text_of("errors.md")
    (table,) = re.findall(r"begin: errors refusal -->(.*?)<!-- end", text, re.DOTALL)
    assert sorted(re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE)) == sorted(REFUSALS)


def test_every_reason_why_a_lead_is_not_assigned_is_listed_and_no_other() -> None:
    text = text_of("errors.md")
    (table,) = re.findall(r"begin: errors unassigned -->(.*?)<!-- end", text, re.DOTALL)
    assert re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE) == list(CODES)


def test_every_law_that_semantics_names_is_a_test() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text_of("semantics.md"))
    assert named
    assert [f"{path}::{name}" for path, name in named if name not in set(laws_of(path))] == []


def laws_of(path: str) -> Iterator[str]:
    file = ROOT / path
    if file.exists():
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                yield node.name
