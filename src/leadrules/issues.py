"""From what a model or a check has against a document to issues with their places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from leadrules.document import Document, Path, path_text
from leadrules.errors import (
    MOST_NAMES_SPELT_OUT,
    Issue,
    Problem,
    as_written,
    did_you_mean,
    in_line,
    one_of,
)

__all__ = ["has_step", "in_order", "located", "problems_of"]

Spans = Callable[[str], Mapping[Path, tuple[int, int]]]
"""Gives the place of every part of a text that is a language of its own."""

_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "float_type": "a number",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "keys and values",
    "mapping_type": "keys and values",
    "model_type": "keys and values",
    "model_attributes_type": "keys and values",
}


def problems_of(error: ValidationError, model: type[BaseModel]) -> Iterator[Problem]:
    """Yield what a model has against a document, in the document's own words.

    Tags of unions stand in angle brackets, as `<column>`, and are no part of a path.

    Args:
        error: What the model said.
        model: The model of the whole document.
    """
    for wrong in error.errors(include_url=False):
        path = tuple(step for step in wrong["loc"] if not str(step).startswith("<"))
        given = wrong["input"]
        context = wrong.get("ctx", {})
        match wrong["type"]:
            case "problems":
                for problem in context["problems"]:
                    yield replace(problem, path=(*path, *problem.path))
            case "missing":
                yield Problem("missing-key", f"the key '{path[-1]}' is missing", path[:-1])
            case "extra_forbidden":
                keys = _keys(model, path[:-1])
                hint = did_you_mean(str(path[-1]), keys) or _all_keys(keys)
                yield Problem("unknown-key", f"unknown key '{path[-1]}'{hint}", path)
            case "enum" | "literal_error":
                choices = [x.strip("'") for x in _alternatives(str(context["expected"]))]
                cut = len(choices) > MOST_NAMES_SPELT_OUT
                hint = did_you_mean(str(given), choices) if cut else ""
                message = f"'{as_written(given)}' is not possible; expected {one_of(choices)}{hint}"
                yield Problem("wrong-value", message, path)
            case "greater_than_equal" | "less_than_equal":
                least = wrong["type"] == "greater_than_equal"
                limit = f"at least {context['ge']}" if least else f"at most {context['le']}"
                message = f"'{as_written(given)}' is not possible; expected {limit}"
                yield Problem("out-of-range", message, path)
            case "string_too_short":
                yield Problem("empty", "an empty text; expected one that is not", path)
            case kind if kind in _EXPECTED:
                message = f"'{as_written(given)}' is not possible; expected {_EXPECTED[kind]}"
                yield Problem("wrong-type", message, path)
            case _:
                code = str(wrong["type"]).replace("_", "-")
                message = context.get("message") or _lowered(wrong["msg"])
                yield Problem(code, str(message), path)


def located(problem: Problem, document: Document, *, spans: Spans | None = None) -> Issue:
    """Return the issue that a problem of a document is, with its line and column.

    Args:
        problem: The problem. Its path may go on inside a text.
        document: The document that it is about.
        spans: Gives the places of the parts of such a text.
    """
    path, rest, here = _resolved(problem.path, document.data)
    caret = problem.caret
    text = here if isinstance(here, str) and (rest or caret) else None
    if text is not None and caret is None and spans is not None:
        caret = spans(text).get(rest)
    if text is not None and caret is not None:
        place = document.text_place(path, caret[0])
    elif problem.code in {"unknown-key", "bad-name"}:
        path = (*path, *rest[:1])
        place = document.key_place(path)
    else:
        place = document.place(path)
    return Issue(
        problem.code,
        in_line(problem.message),
        path_text(path),
        line=place.line if place else None,
        column=place.column if place else None,
        excerpt=text if caret else None,
        caret=caret,
        severity=problem.severity,
    )


def in_order(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Return issues in document order, each once."""
    return tuple(
        sorted(dict.fromkeys(issues), key=lambda found: (found.line or 0, found.column or 0))
    )


def has_step(data: Any, step: str | int) -> bool:
    """Return whether a step of a path leads on from here."""
    if isinstance(data, Mapping):
        return step in data
    return isinstance(data, list | tuple) and isinstance(step, int) and step < len(data)


def _resolved(path: Path, data: Any) -> tuple[Path, Path, Any]:
    """Return the part of a path that is in the data, what is left of it, and what it leads to.

    A step that the document may leave out, such as `rules` of a plain list or `values` of a
    mapping of just those, is passed over.
    """
    found: list[str | int] = []
    for index, step in enumerate(path):
        if has_step(data, step):
            data = data[step]
        elif isinstance(data, list | tuple) and step in data:  # a list of names, for a mapping
            found.append(data.index(step))
            data = step
            continue
        elif (isinstance(data, list | tuple) and isinstance(step, str)) or (
            isinstance(step, str) and any(has_step(data, inner) for inner in path[index + 1 :][:1])
        ):
            continue
        else:
            return tuple(found), path[index:], data
        found.append(step)
    return tuple(found), (), data


def _keys(model: Any, path: Path) -> list[str]:
    """Return the keys that a model knows at a path."""
    for step in path:
        if _is_model(model):
            info = model.model_fields.get(str(step))
            model = _bare(info.annotation) if info else None
        else:
            model = _bare(get_args(model)[-1 if get_origin(model) is not tuple else 0])
    if not _is_model(model):
        return []
    return [info.alias or name for name, info in model.model_fields.items()]


def _bare(annotation: Any) -> Any:
    """Return an annotation without its marks; of several kinds of value, the one that has keys."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        kinds = [_bare(kind) for kind in get_args(annotation) if kind is not type(None)]
        return next((kind for kind in kinds if _is_model(kind)), kinds[0])
    return annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _all_keys(keys: list[str]) -> str:
    return f"; expected {one_of(keys)}" if keys else ""


def _alternatives(expected: str) -> list[str]:
    return expected.replace(" or ", ", ").split(", ")


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:].removesuffix(".")
