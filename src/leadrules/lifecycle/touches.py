"""Touches that are owed, as documents: how many, by which channels, how far apart, until when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from leadrules.calendars import Delay, Wait
from leadrules.conditions.tree import Path
from leadrules.errors import Problem, did_you_mean
from leadrules.lifecycle.stages import Stage
from leadrules.sections import Prose, Section, Texts
from leadrules.vocabulary import NAMES, Vocabulary, is_name

__all__ = ["OTHERWISE", "Counts", "TouchRule"]

OTHERWISE = "default"
"""The lead type that stands for all that are not named."""

Counts = Literal["attempted", "connected"]
Count = Annotated[int, Field(strict=True, ge=0, le=100)]


def _for_every_type(value: Any) -> Any:
    """One number is owed to every type of lead."""
    return {OTHERWISE: value} if isinstance(value, int) and not isinstance(value, bool) else value


class TouchRule(Section):
    """Touches by a person that a lead is owed from its entry into a stage until it leaves.

    An automatic message never counts.
    """

    in_: Texts = Field(alias="in")
    """The stages in which they are owed; every entry opens a new obligation."""
    count: Annotated[
        Mapping[str, Count],
        BeforeValidator(_for_every_type, json_schema_input_type=Mapping[str, Count] | Count),
    ]
    """How many, by the lead's type; `default` for all others. What is not named is owed none."""
    channels: Texts = ()
    """The channels that count, such as `call`; by default all."""
    counts: Counts = "attempted"
    """What counts: an attempt to reach them, or only if they were reached (see `contact`)."""
    by: Texts = ()
    """The roles whose touches count; by default all."""
    apart: Wait | None = None
    """How far apart they have to be. Without it, two at one time count twice."""
    within: Wait | None = None
    """How long they may take, from the entry into the stage."""
    waive: Texts = ()
    """The reasons for which they can be waived."""
    waive_by: Texts = ()
    """The roles that may waive them; by default all."""
    why: Prose = None
    """Why sales and marketing agreed on it."""

    def owed(self, lead_type: str | None) -> int | None:
        """Return how many are owed to a type of lead, or None if nothing is said of it."""
        return self.count.get(lead_type or OTHERWISE, self.count.get(OTHERWISE))

    @property
    def most(self) -> int:
        """How many any type of lead is owed."""
        return max(self.count.values(), default=0)

    def check(
        self, name: str, path: Path, stages: Mapping[str, Stage], vocabulary: Vocabulary
    ) -> Iterator[Problem]:
        """Yield every problem of the rule, each with its path."""
        if not is_name(name):
            yield Problem("bad-name", f"'{name}' is no name; expected {NAMES}", path)
        if not self.in_:
            yield Problem("empty", "no stages; expected at least one", (*path, "in"))
        for index, stage in enumerate(self.in_):
            if stage not in stages:
                hint = did_you_mean(stage, stages)
                yield Problem("unknown-name", f"no stage '{stage}'{hint}", (*path, "in", index))
            elif stages[stage].is_closed:
                message = f"nobody works a lead in stage '{stage}'; expected an open one"
                yield Problem("wrong-value", message, (*path, "in", index))
        if self.waive_by and not self.waive:
            message = "says nothing without 'waive'"
            yield Problem("wrong-value", message, (*path, "waive_by"))
        if not self.count:
            yield Problem("empty", "no numbers; expected at least one", (*path, "count"))
        types = vocabulary.fields["lead_type"].choices
        for found in self.count:
            if types and found not in (*types, OTHERWISE):
                message = f"no lead type '{found}'{did_you_mean(found, types)}"
                yield Problem("unknown-name", message, (*path, "count", found))
        if self.apart is not None and self.within is not None and self.most > 1:
            least = Delay(self.apart.unit, self.apart.amount * (self.most - 1))
            if least.surely_longer(self.within):
                message = (
                    f"{self.most} touches that are '{self.apart}' apart take longer than "
                    f"'{self.within}'; expected more time, or less between them"
                )
                yield Problem("never-met", message, (*path, "within"))
        silent = [x for x in types if x not in self.count]
        if silent and OTHERWISE not in self.count:
            message = f"nothing is said of lead type '{silent[0]}'; expected default as well"
            yield Problem("gap", message, (*path, "count"), severity="warning")
