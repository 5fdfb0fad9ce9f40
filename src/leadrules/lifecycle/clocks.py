"""Clocks as documents: how long something may take between two named moments, and who is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer
from pydantic_core import PydanticCustomError

from leadrules.calendars import Wait
from leadrules.conditions.tree import Path
from leadrules.errors import Problem, as_written, did_you_mean
from leadrules.lifecycle.stages import Stage
from leadrules.sections import Prose, Section, Text
from leadrules.vocabulary import NAMES, is_name

__all__ = ["MOMENTS", "REASSIGN", "REMIND", "Clock"]

MOMENTS: Mapping[str, str] = {
    "created": "the lead arose, or came back from an end to a stage that is open",
    "assigned": "it had an owner",
    "accepted": "a handover was accepted: a move with `accept_within` was taken",
    "first_attempt": "a person tried to reach them for the first time",
    "first_contact": "they were reached, or got in touch, for the first time",
    "first_qualification": "a qualification criterion was answered for the first time",
    "next_step": "a next step was agreed",
}
"""The moments that a clock can run between, beside `entered.<stage>` and `left.<stage>`."""

REMIND, REASSIGN = "remind", "reassign"
"""The steps of an escalation that name no role."""

MOST_PERCENT = 1_000
_PERCENT = re.compile(r"(\d{1,4})\s?%", re.ASCII)
_PLACES = ("entered.", "left.")


def _percentages(value: Any) -> Any:
    """Return the steps of an escalation by per cent; keys are written as `150%`."""
    if not isinstance(value, Mapping):
        return value
    found = {}
    for key, step in value.items():
        match = _PERCENT.fullmatch(key.strip()) if isinstance(key, str) else None
        percent = int(match[1]) if match else key if type(key) is int else 0
        if not 0 < percent <= MOST_PERCENT:
            message = (
                f"'{as_written(key)}' is no share of the time; expected '50%', at most "
                f"'{MOST_PERCENT}%'"
            )
            raise PydanticCustomError("bad_share", "{message}", {"message": message})
        if percent in found:
            message = f"'{percent}%' stands here twice"
            raise PydanticCustomError("duplicate", "{message}", {"message": message})
        found[percent] = step
    return found


class Clock(Section):
    """A limit on the time between two moments of a round, with what happens as it runs out."""

    from_: Text = Field(alias="from")
    """The moment that starts it."""
    to: Text
    """The moment that stops it."""
    within: Wait
    """How long it may take; or, with `at_most`, how long it should."""
    at_most: Wait | None = None
    """How long it may take at most, if `within` is the ideal."""
    calendar: Text | None = None
    """The calendar by which it runs; by default that of the owner at each time."""
    restart: Annotated[bool, Field(strict=True)] = False
    """Whether the moment that starts it starts it anew."""
    escalate: Annotated[
        Mapping[int, Text],
        BeforeValidator(_percentages, json_schema_input_type=Mapping[str, Text]),
        PlainSerializer(lambda steps: {f"{percent}%": step for percent, step in steps.items()}),
    ] = Field(default_factory=dict)
    """What to do when a share of the time in `within` is over: `remind`, `reassign`, or a role
    that is told."""
    why: Prose = None
    """Why sales and marketing agreed on it."""

    @property
    def limit(self) -> Wait:
        """How long it may take."""
        return self.at_most or self.within

    def check(
        self, name: str, path: Path, stages: Mapping[str, Stage], calendars: Mapping[str, object]
    ) -> Iterator[Problem]:
        """Yield every problem of the clock, each with its path."""
        if not is_name(name):
            yield Problem("bad-name", f"'{name}' is no name; expected {NAMES}", path)
        for key, moment in (("from", self.from_), ("to", self.to)):
            yield from _check_moment(moment, (*path, key), stages)
        if self.from_ == self.to:
            message = f"'{self.to}' starts and stops it; expected two moments"
            yield Problem("wrong-value", message, (*path, "to"))
        if self.at_most is not None and self.within.surely_longer(self.at_most):
            message = f"'{self.within}' is longer than at_most, '{self.at_most}'"
            yield Problem("wrong-value", message, (*path, "within"))
        if self.calendar is not None and self.calendar not in calendars:
            message = f"no calendar '{self.calendar}'{did_you_mean(self.calendar, calendars)}"
            yield Problem("unknown-name", message, (*path, "calendar"))


def _check_moment(name: str, path: Path, stages: Mapping[str, Stage]) -> Iterator[Problem]:
    if name in MOMENTS:
        return
    prefix = next((x for x in _PLACES if name.startswith(x)), None)
    if prefix is None:
        known = [*MOMENTS, *(f"entered.{stage}" for stage in stages)]
        message = f"no moment '{name}'{did_you_mean(name, known)}"
        yield Problem("unknown-name", message, path)
    elif name.removeprefix(prefix) not in stages:
        hint = did_you_mean(name.removeprefix(prefix), stages)
        yield Problem("unknown-name", f"no stage '{name.removeprefix(prefix)}'{hint}", path)
