"""From a file, a text or data to a policy, or to everything that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from leadrules.conditions.text import parse_with_spans
from leadrules.conditions.when import with_conditions
from leadrules.document import Document, open_document
from leadrules.errors import DocumentError, PolicyError, Problem, as_written
from leadrules.issues import in_order, located
from leadrules.policy.checks import Steps, checked
from leadrules.policy.declarations import Row
from leadrules.policy.document import Policy
from leadrules.policy.repair import independent, restored, validated
from leadrules.sections import described

__all__ = ["load_policy", "policy_schema"]


def load_policy(
    source: str | os.PathLike[str] | Mapping[str, Any],
    *,
    tables: Mapping[str, Sequence[Row]] | None = None,
) -> Policy:
    """Read a policy and check all of it.

    Args:
        source: The path of a YAML or JSON file; or the document itself, as a mapping or as a
            text, which has more than one line or starts with `{`.
        tables: The rows of every table that the policy declares, by the table's name.

    Returns:
        The policy; what is odd about it but does not stop its use is in its `warnings`.

    Raises:
        PolicyError: If the document is wrong. It carries every issue, each with a code, its
            path, and its line and column.
        OSError: If the file cannot be read.
    """
    document = _document(source)
    rows, wrong = _rows({} if tables is None else tables)
    policy, problems, data = validated(document.data)
    problems += wrong
    if policy is not None:
        found = [restored(problem, data) for problem in checked(policy, rows)]
        problems += independent(found, document.data, problems) if problems else found
    issues = in_order(located(problem, document, spans=_spans) for problem in problems)
    errors = [issue for issue in issues if issue.severity == "error"]
    if errors or policy is None:
        raise PolicyError(errors, source=document.source)
    return policy._with(rows, issues)  # noqa: SLF001 - its own loader


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema of a policy, by which editors complete and check it."""
    schema = with_conditions(described(Policy.model_json_schema(), Policy))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _document(source: object) -> Document:
    try:
        return open_document(source, noun="policy")
    except DocumentError as error:
        raise PolicyError(error.issues, source=error.source) from None


def _rows(tables: object) -> tuple[dict[str, tuple[Row, ...]], list[Problem]]:
    """Return rows that nobody else can change, and what is wrong with the tables as a whole."""
    if not isinstance(tables, Mapping):
        message = f"the tables are '{as_written(tables)}'; expected rows by the name of a table"
        return {}, [Problem("wrong-type", message)]
    rows: dict[str, tuple[Row, ...]] = {}
    problems = []
    for name, found in tables.items():
        if isinstance(found, str | bytes | Mapping) or not isinstance(found, Iterable):
            message = f"the rows of '{name}' are '{as_written(found)}'; expected a list of rows"
            problems.append(Problem("wrong-type", message, ("tables", str(name))))
            found = ()  # noqa: PLW2901 - the rows of this table are told of
        rows[str(name)] = tuple(_own(row) for row in found)
    return rows, problems


def _own(row: Any) -> Any:
    if not isinstance(row, Mapping):
        return row  # the check tells
    return {name: tuple(cell) if isinstance(cell, list) else cell for name, cell in row.items()}


def _spans(text: str) -> Mapping[Steps, tuple[int, int]]:
    try:
        return parse_with_spans(text)[1]
    except PolicyError:
        return {}  # a text that is no condition has no parts
