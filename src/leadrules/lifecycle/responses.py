"""What prospects ask for, as documents: acknowledged and fulfilled, each within its time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from leadrules.calendars import Wait
from leadrules.conditions.checker import check
from leadrules.conditions.tree import Always, Path
from leadrules.conditions.when import When
from leadrules.errors import Problem, did_you_mean, one_of
from leadrules.sections import Prose, Section, Text
from leadrules.vocabulary import NAMES, Vocabulary, is_name

__all__ = ["Response", "check_activity"]


class Response(Section):
    """What is owed when a prospect asks for something by an activity."""

    activity: Annotated[str, Field(strict=True)]
    """The type of activity that asks, as the policy declares it."""
    when: When = Always()
    """A condition on `activity.<property>`."""
    acknowledge: Wait | None = None
    """How soon they hear that we heard them: by any message, call or fulfilment."""
    send: Text | None = None
    """The item that they are sent."""
    within: Wait | None = None
    """How soon it is sent."""
    by: Text | None = None
    """The role that owes it; by default the owner of the stage."""
    why: Prose = None
    """Why sales and marketing agreed on it."""

    def check(
        self, name: str, path: Path, vocabulary: Vocabulary, *, warnings: bool = True
    ) -> Iterator[Problem]:
        """Yield every problem of the response, each with its path."""
        if not is_name(name):
            yield Problem("bad-name", f"'{name}' is no name; expected {NAMES}", path)
        yield from check_activity(self.activity, self.when, path, vocabulary, warnings=warnings)
        if self.acknowledge is None and self.send is None:
            message = "nothing is owed; expected acknowledge: a time, or send: an item"
            yield Problem("missing-key", message, path)
        if self.within is not None and self.send is None:
            message = "nothing is to be sent; expected send: an item"
            yield Problem("missing-key", message, (*path, "within"))


def check_activity(
    activity: str, when: When, path: Path, vocabulary: Vocabulary, *, warnings: bool
) -> Iterator[Problem]:
    """Yield what is wrong with a condition on activities of a type."""
    declared = vocabulary.activities
    if activity not in declared:
        expected = f"; expected {one_of(declared)}" if declared else "; the policy declares none"
        hint = did_you_mean(activity, declared) or expected
        yield Problem("unknown-name", f"no activity '{activity}'{hint}", (*path, "activity"))
        return
    for problem in check(when, vocabulary.of_activity(activity), warnings=warnings):
        yield replace(problem, path=(*path, "when", *problem.path))
