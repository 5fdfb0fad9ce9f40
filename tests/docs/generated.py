"""The parts of the reference that are written by a program, from what the library says itself.

In a page they stand between `<!-- begin: KIND NAME -->` and `<!-- end -->`. `python -m tests.docs`
writes them anew, and a test checks that they are what it would write.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from leadrules import DocumentError, Issue, Matcher, load_mapping, load_policy
from leadrules.calendars import Delay
from leadrules.conditions import OPERATORS
from leadrules.conditions.tree import Always
from leadrules.document import read_document
from leadrules.events import KINDS
from leadrules.intake import REJECTIONS
from leadrules.lead import lead_fields
from leadrules.lifecycle.clocks import MOMENTS
from leadrules.metrics.periods import Days
from leadrules.routing.limits import Limit
from leadrules.routing.members import Absence
from leadrules.scoring.decay import Decay, decay_of, whole
from leadrules.scoring.points import points_text
from leadrules.sections import Duration, ParamRef
from leadrules.values import MICROSECONDS_A_DAY, Type
from leadrules.vocabulary import Declaration, Vocabulary, columns_of
from tests.docs.blocks import leadrules_says

__all__ = ["ROOT", "pages", "written_anew"]

ROOT = Path(__file__).parents[2]
PART = re.compile(r"(<!-- begin: (\w+) ?(\S*) -->\n).*?(<!-- end -->)", re.DOTALL)


def written_anew(page: str) -> str:
    """Return the text of a page with every generated part as it is now."""
    return PART.sub(lambda found: f"{found[1]}\n{_part(found[2], found[3])}\n\n{found[4]}", page)


def _part(kind: str, name: str) -> str:
    return WRITERS[kind](name).strip()


def moments(_: str) -> str:
    """Return the moments that clocks run between."""
    places = {
        "entered.<stage>": "it came to the stage for the first time in the round",
        "left.<stage>": "it left the stage for the first time in the round",
    }
    rows = [(f"`{name}`", meaning) for name, meaning in {**MOMENTS, **places}.items()]
    return _table(("Moment", "When"), rows)


# --- models


def model_table(name: str) -> str:
    """Return the keys of a section: what each takes, its default and its meaning."""
    module, _, found = name.rpartition(".")
    model = getattr(import_module(module), found)
    said = {**_attributes(model.__doc__ or "")}
    for parent in reversed(model.__mro__):
        if issubclass(parent, BaseModel) and parent is not BaseModel:
            said |= _attribute_docstrings(parent)
    rows = [
        (
            f"`{info.alias or key}`",
            _kind(info.annotation, info.metadata),
            _default(info),
            said.get(key, ""),
        )
        for key, info in model.model_fields.items()
    ]
    assert all(row[3] for row in rows), f"{name} has a key that is not documented"
    return _table(("Key", "Takes", "Default", "Meaning"), rows)


def _attribute_docstrings(model: type) -> dict[str, str]:
    tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(model)))
    (body,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef))
    return {
        first.target.id: _one_line(str(second.value.value))
        for first, second in pairwise(body)
        if isinstance(first, ast.AnnAssign)
        and isinstance(first.target, ast.Name)
        and isinstance(second, ast.Expr)
        and isinstance(second.value, ast.Constant)
    }


def _attributes(docstring: str) -> dict[str, str]:
    section = inspect.cleandoc(docstring).partition("Attributes:\n")[2]
    block = re.split(r"\n\S", section)[0]
    found = re.findall(r"^    (\w+): (.*(?:\n      .*)*)", block, re.MULTILINE)
    return {name: _one_line(said) for name, said in found}


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "**needed**"
    value = info.get_default(call_default_factory=True)
    match value:
        case None | () | {} | BaseModel():
            return "none"
        case bool():
            return f"`{str(value).lower()}`"
        case Decimal():
            return f"`{value}`"
        case Always():
            return "`always`"
        case tuple():
            return f"`[{', '.join(value)}]`"
    return f"`{value}`"


def _kind(annotation: Any, marks: Sequence[Any] = ()) -> str:
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        return _kind(inner, marks)
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin in {Union, UnionType}:
        members = [x for x in inside if x is not type(None)]
        bare = {get_args(x)[0] if get_origin(x) is Annotated else x for x in members}
        if Always in bare:
            return "[condition](conditions.md)"
        if bare == {Decimal, ParamRef}:
            return "number, or `{param: name}`"
        if {*map(_kind, members)} == SCALARS:
            return "text, number, `true` or `false`"
        if len(members) == 1:
            return _kind(members[0], marks)
        return " or ".join(dict.fromkeys(_kind(x) for x in members))
    if origin is Literal:
        return ", ".join(f"`{x}`" for x in inside)
    if origin is tuple:
        one, several = _kind(inside[0]), f"list of {_plural(_kind(inside[0]))}"
        return f"{one} or {several}" if any(map(_reads_one, marks)) else several
    if origin is not None:
        key, value = _kind(inside[0]), _kind(inside[1])
        key = "percentage" if key == "whole number" else key
        return f"mapping: {'name' if key == 'text' and '](#' in value else key} → {value}"
    if annotation is int and any(_reads_duration(mark) for mark in marks):
        return "duration"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        name = annotation.__name__.strip("_")
        return f"[{_spaced(name)}](#{_spaced(name).replace(' ', '-')})"
    return KINDS_OF_VALUES[annotation]


def _reads_duration(mark: Any) -> bool:
    return mark in get_args(Duration)[1:] or getattr(mark, "json_schema_input_type", None) is str


def _reads_one(mark: Any) -> bool:
    kinds = get_args(getattr(mark, "json_schema_input_type", None))
    return str in kinds or any(isinstance(x, type) and issubclass(x, BaseModel) for x in kinds)


SCALARS = {"text", "whole number", "number", "`true` or `false`"}
KINDS_OF_VALUES: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    Decimal: "number",
    Any: "value",
    bool: "`true` or `false`",
    date: "date",
    Type: "[type](conditions.md#types)",
    Delay: "[delay](#delay)",
    Limit: "[limit](#limits)",
    Days: "[period](#period)",
    Absence: "[absence](#absences)",
}


def _plural(word: str) -> str:
    return word if word.startswith(("`", "[", "list", "mapping")) else f"{word}s"


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


# --- closed lists


def operators(_: str) -> str:
    """Return the table of operators, in both spellings."""
    spellings = {
        "infix": "x {op} y",
        "function": "{op}(x, y)",
        "bare": "x",
        "reversed": "y in x",
    }
    rows = []
    for op, found in OPERATORS.items():
        text = spellings[found.spelling].format(op=op)
        if found.right == "none" and found.spelling == "function":
            text = f"{op}(x)"
        if found.right == "list":
            text = f"x {op} [y, z]"
        value = {"term": "one value", "list": "a list", "none": "none"}[found.right]
        rows.append((f"`{text}`", f"`{op}`", value, found.meaning))
    return _table(("Text", "`op:` in data", "`value:` in data", "True if"), rows)


def decays(_: str) -> str:
    """Return what is left of ten points after some days, by each decay."""
    spellings = (
        "window 60 days",
        "linear 60 days",
        "half_life 30 days",
        "step 50% every 30 days",
        "compounding 50% every 30 days",
    )
    days = (0, 15, 30, 45, 60, 90)
    rows = []
    for spelling in spellings:
        decay = Decay.model_validate(decay_of(spelling))
        left = [whole(10_000_000, decay.factor(day * MICROSECONDS_A_DAY)) for day in days]
        rows.append((f"`{spelling}`", *(points_text(points) for points in left)))
    return _table(("Decay", "at once", *(f"after {day} days" for day in days[1:])), rows)


def fields(_: str) -> str:
    """Return the fields that every lead has."""
    rows = [
        (
            f"`{found.name}`",
            str(found.type),
            ", ".join(f"`{column}`" for column in columns_of(found.name, Declaration(found.type))),
            "yes" if found.personal else "",
        )
        for found in lead_fields()
    ]
    return _table(("Field", "Type", "Column in a frame", "Personal"), rows)


def events(_: str) -> str:
    """Return the kinds of event with their properties."""
    rows = [
        (
            f"`{kind}`",
            f"`{name}`",
            " or ".join(f"`{x}`" for x in found.choices) or found.type.noun,
            "yes" if found.required else "",
        )
        for kind, properties in KINDS.items()
        for name, found in properties.items()
    ]
    return _table(("Kind", "Property", "Takes", "Needed"), rows)


def command_help(name: str) -> str:
    """Return what a command says of itself."""
    status, said = leadrules_says([*([name] if name else []), "--help"])
    assert status == 0, said
    lines = "\n".join(line.rstrip() for line in said.rstrip().splitlines())
    return f"```console\n$ leadrules {name + ' ' if name else ''}--help\n{lines}\n```"


# --- errors

WIDEST = 80
AT = datetime(2026, 5, 1, tzinfo=UTC)
HEADER = "leadrules: 1\npolicy: {id: acme, version: 1, effective: 2026-01-01}\n"
WORDS = Vocabulary({"interest": Declaration(type=Type.ENUM, choices=("crm", "analytics"))})
PARTS = {"code", "when", "mend", "give", "data", "policy", "also", "rows", "base"}
TABLE = "leadrules_mapping: 1\nleads: {id: Id, city: City, company.employees: Staff}\n"


def errors(area: str) -> str:
    """Return the codes of an area: when, an example with its message, and how to mend it."""
    text = Path(__file__).with_name("errors.yaml").read_text(encoding="utf-8")
    (entries,) = (x["entries"] for x in yaml.safe_load(text) if x["area"] == area)
    assert all(set(entry) <= PARTS for entry in entries)
    if area == "row":
        rows = [
            (f"`{entry['code']}`", f"{REJECTIONS[entry['code']]}{_reason(entry)}", entry["mend"])
            for entry in entries
        ]
        return _table(("Code", "When", "What to do"), rows)
    if area in {"refusal", "unassigned"}:
        cells = [(f"`{entry['code']}`", entry["when"], entry["mend"]) for entry in entries]
        return _table(("Code", "When", "What to do"), cells)
    return "\n\n".join(_entry(area, entry) for entry in entries)


def _entry(area: str, entry: Mapping[str, Any]) -> str:
    code = entry["code"]
    suffix = " (warning)" if area == "warning" else ""
    if code == "syntax" and area == "condition":
        suffix = " (condition)"
    if code == "not-a-choice" and area == "mapping":
        suffix = " (mapping)"
    lines = [f"### `{code}`{suffix}", "", *_sentences(entry["when"])]
    if "also" in entry:
        also = {"mappings": "Mappings have it too.", "intake": "So may a [rejected row](#rows)."}
        lines.append(also[entry["also"]])
    shown = _shown(area, entry)
    if shown:
        given, message = shown
        lines += ["", "```", given.rstrip("\n"), "```", "", "```", message, "```", ""]
    lines += _sentences(str(entry["mend"]))
    return "\n".join(lines)


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?]) (?=[A-Z`])", text.strip())


def _shown(area: str, entry: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return an example and what is told of it."""
    given = entry.get("give") or entry.get("policy")
    if given is None and "data" not in entry:
        return None
    told: list[Issue] = []
    try:
        told = SHOWS[area](entry, str(given))
    except DocumentError as error:
        told = list(error.issues)
    (issue,) = (issue for issue in told if issue.code == entry["code"])
    text = str(issue)
    if area not in {"document", "condition"}:
        text = re.sub(r"\A\d+:\d+: ", "", text)
    if area == "condition" and "data" not in entry:
        message, *carets = text.split("\n")
        text = "\n".join([*(line[4:] for line in carets), re.sub(r"\A\d+:\d+: ", "", message)])
    shown = str(given) if "data" not in entry else _flow(entry["data"])
    if area != "document" and max(map(len, shown.splitlines())) > WIDEST:
        shown = yaml.safe_dump(yaml.safe_load(shown), sort_keys=False, default_flow_style=None)
    return shown.replace("\x07", "\\x07"), text


def _flow(data: object) -> str:
    return str(yaml.safe_dump(data, default_flow_style=True, sort_keys=False)).strip()


def _document(_: Mapping[str, Any], given: str) -> list[Issue]:
    read_document(given)
    return []


def _policy(entry: Mapping[str, Any], given: str) -> list[Issue]:
    head = HEADER if entry.get("base", True) else "leadrules: 1\n"
    policy = load_policy(f"{head}{given}\n", tables=entry.get("rows"))
    due = policy.review_due(AT)
    return [*policy.warnings, *([due] if due else [])]


def _condition(entry: Mapping[str, Any], given: str) -> list[Issue]:
    Matcher(entry.get("data", given), vocabulary=WORDS)
    return []


def _mapping(_: Mapping[str, Any], given: str) -> list[Issue]:
    load_mapping(f"leadrules_mapping: 1\n{given}\n")
    return []


def _reason(entry: Mapping[str, Any]) -> str:
    """Return what is told of the example of a row, if it has one."""
    if "give" not in entry:
        return ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "leads.csv"
        path.write_text(f"Id,City,Staff\n{entry['give']}\n", encoding="utf-8")
        (reject,) = load_mapping(TABLE).read(path).rejects
    assert reject.code == entry["code"], reject
    return f", as in `{reject.reason}`"


SHOWS: Mapping[str, Callable[[Mapping[str, Any], str], list[Issue]]] = {
    "document": _document,
    "policy": _policy,
    "warning": _policy,
    "condition": _condition,
    "mapping": _mapping,
}


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = io.StringIO()
    for row in (head, ["---"] * len(head), *rows):
        lines.write(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n")
    return lines.getvalue()


def _one_line(text: str) -> str:
    return " ".join(text.split())


WRITERS: Mapping[str, Callable[[str], str]] = {
    "decays": decays,
    "errors": errors,
    "events": events,
    "fields": fields,
    "help": command_help,
    "model": model_table,
    "moments": moments,
    "operators": operators,
}


def pages() -> list[Path]:
    """Return the pages that there are."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
