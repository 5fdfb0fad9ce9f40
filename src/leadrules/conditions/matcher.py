"""A condition as an evaluator: one lead, or a frame of leads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from leadrules.conditions.checker import check
from leadrules.conditions.compiler import compile_condition
from leadrules.conditions.data import from_data
from leadrules.conditions.format import format_condition
from leadrules.conditions.reference import Seen, observe
from leadrules.conditions.scan import issue_in
from leadrules.conditions.text import parse_with_spans
from leadrules.conditions.tree import (
    AllOf,
    Always,
    AnyOf,
    AtLeast,
    Comparison,
    Condition,
    Not,
    Path,
)
from leadrules.document import path_text
from leadrules.errors import Issue, PolicyError
from leadrules.lead import Lead
from leadrules.values import moment_of
from leadrules.vocabulary import Vocabulary

__all__ = ["Matcher"]


class Matcher:
    """A condition that is checked once and asked of many leads.

    Args:
        condition: As text, as data, or as a tree.
        vocabulary: The names that it may use; by default those of every lead.

    Raises:
        PolicyError: If it is no condition, or uses names or types that are not declared.

    Examples:
        >>> from datetime import UTC, datetime
        >>> now = datetime(2026, 1, 5, tzinfo=UTC)
        >>> senior = Matcher('seniority in ["vp", "c-level"]')
        >>> senior.matches(Lead(id="17", seniority="vp"), at=now)
        True
        >>> print(senior.matches(Lead(id="18"), at=now))
        None
    """

    def __init__(
        self,
        condition: str | Mapping[str, Any] | Condition,
        *,
        vocabulary: Vocabulary | None = None,
    ) -> None:
        self.vocabulary = vocabulary or Vocabulary()
        self.condition = _checked(condition, self.vocabulary)
        self._run = compile_condition(self.condition, self.vocabulary)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (self.condition, self.vocabulary)

    def __repr__(self) -> str:
        return f"Matcher({format_condition(self.condition)!r})"

    def matches(self, lead: Lead, *, at: datetime) -> bool | None:
        """Return whether the condition is true of a lead at a moment; None if unknown.

        Raises:
            EvaluationError: If `at` has no zone, or a declared field holds another type.
        """
        moment = moment_of(at)
        parameters = self.vocabulary.parameters_at(moment)
        found: bool | None = self._run(lead.record, moment, parameters)
        return found

    def observe(self, lead: Lead, *, at: datetime) -> Seen:
        """Return the verdict together with every value that was seen on the way to it.

        Raises:
            EvaluationError: If `at` has no zone, or a declared field holds another type.
        """
        moment = moment_of(at)
        return observe(
            self.condition,
            self.vocabulary.record(lead),
            at=moment,
            parameters=self.vocabulary.parameters_at(moment),
        )

    def matches_frame(self, leads: Any, *, at: datetime | str, into: str = "matches") -> Any:
        """Return a frame with a boolean column that says of which leads it is true.

        Args:
            leads: Any frame, one row a lead; a field `company.employees` is the column
                `company_employees`.
            at: The moment, or the name of a column that holds each lead's own.
            into: The column to add; missing where the condition is unknown.

        Returns:
            The caller's kind of frame, its rows in order; lazy frames stay lazy.

        Raises:
            EvaluationError: If a column is absent or of a wrong type.
        """
        from leadrules.conditions.frames import matches_frames  # noqa: PLC0415 - frames are an extra

        return matches_frames({into: self.condition}, leads, at=at, vocabulary=self.vocabulary)


def _checked(condition: str | Mapping[str, Any] | Condition, vocabulary: Vocabulary) -> Condition:
    spans: Mapping[Path, tuple[int, int]] = {}
    text: str | None = None
    match condition:
        case str():
            text = condition
            tree, spans = parse_with_spans(condition)
        case Always() | AllOf() | AnyOf() | Not() | AtLeast() | Comparison():
            tree = condition
        case _:
            tree = from_data(condition)
    issues = [
        Issue(found.code, found.message, path_text(found.path))
        if text is None
        else issue_in(text, found.code, found.message, spans.get(found.path))
        for found in check(tree, vocabulary, warnings=False)
        if found.severity == "error"
    ]
    if issues:
        raise PolicyError(issues, source="condition")
    return tree


def _rebuilt(condition: Condition, vocabulary: Vocabulary) -> Matcher:
    return Matcher(condition, vocabulary=vocabulary)
