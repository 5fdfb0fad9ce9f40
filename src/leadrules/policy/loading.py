"""From a file, a text or data to a policy, or to everything that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from leadrules.conditions.text import parse_with_spans
from leadrules.conditions.when import with_conditions
from leadrules.document import Document, read_document
from leadrules.errors import DocumentError, PolicyError
from leadrules.issues import in_order, located
from leadrules.policy.checks import Steps, checked
from leadrules.policy.document import Policy, Row
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
        source: The path of a YAML or JSON file; or the document itself, as a text of more
            than one line or as a mapping.
        tables: The rows of every table that the policy declares, by the table's name.

    Returns:
        The policy; what is odd about it but does not stop its use is in its `warnings`.

    Raises:
        PolicyError: If the document is wrong. It carries every issue, each with a code, its
            path, and its line and column.
        OSError: If the file cannot be read.
    """
    document = _document(source)
    rows = {name: tuple(found) for name, found in (tables or {}).items()}
    policy, problems, data = validated(document.data)
    if policy is not None:
        found = [restored(problem, data) for problem in checked(policy, rows)]
        problems += independent(found, document.data) if problems else found
    issues = in_order(located(problem, document, spans=_spans) for problem in problems)
    errors = [issue for issue in issues if issue.severity == "error"]
    if errors or policy is None:
        raise PolicyError(errors, source=document.source)
    return policy._with(rows, issues)  # noqa: SLF001 - its own loader


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema of a policy, by which editors complete and check it."""
    schema = with_conditions(described(Policy.model_json_schema(), Policy))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _document(source: str | os.PathLike[str] | Mapping[str, Any]) -> Document:
    if isinstance(source, Mapping):
        return Document(deepcopy(dict(source)))
    try:
        if isinstance(source, str) and "\n" in source:
            return read_document(source)
        return read_document(Path(source).read_bytes(), source=os.fspath(source))
    except DocumentError as error:
        raise PolicyError(error.issues, source=error.source) from None


def _spans(text: str) -> Mapping[Steps, tuple[int, int]]:
    return parse_with_spans(text)[1]
