"""The rows of the decision tables: who gets which leads, and what is sent for what was asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import Field

from leadrules.conditions.checker import check
from leadrules.conditions.format import format_condition
from leadrules.conditions.tree import Path
from leadrules.conditions.when import When
from leadrules.errors import Problem
from leadrules.routing.targets import Target, Targets
from leadrules.sections import Prose, Section, Text, Texts
from leadrules.vocabulary import Vocabulary

__all__ = ["RoutingRule", "Sending"]


class Row(Section):
    """A row of a decision table: a condition, and what follows if it is true."""

    when: When
    """The condition, on the lead, its score and its stage; `always` is every lead."""
    why: Prose = None
    """Why sales and marketing agreed on it."""

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Show the condition as people write it."""
        texts = {"when": format_condition(self.when)}
        return [(name, texts.get(str(name), value)) for name, value in super().__repr_args__()]

    def check_when(
        self, path: Path, vocabulary: Vocabulary, *, warnings: bool
    ) -> Iterator[Problem]:
        """Yield every problem of the condition, each with its path."""
        for problem in check(self.when, vocabulary, warnings=warnings):
            yield replace(problem, path=(*path, "when", *problem.path))


class RoutingRule(Row):
    """Who gets which leads."""

    id: Text | None = None
    """What results call it; by default its place, `rules[0]`."""
    to: Target
    """Who or what gets them."""
    otherwise: Targets = ()
    """Who gets them instead, in this order, if nobody there can take one."""
    clock: Text | None = None
    """The clock of the lifecycle that starts with the assignment."""
    packages: Texts = Field(default=())
    """What is sent to the lead because of this rule."""


class Sending(Row):
    """What is sent to which leads."""

    send: Texts
    """The packages."""
