"""Nurture plans as documents: messages in time, on dates, and on what a prospect does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from leadrules.calendars import Wait
from leadrules.conditions.checker import check
from leadrules.conditions.tree import Always, Path
from leadrules.conditions.when import When
from leadrules.errors import Problem, as_written, did_you_mean
from leadrules.lifecycle.responses import check_activity
from leadrules.lifecycle.stages import Stage
from leadrules.sections import Duration, Prose, Section, Text, Texts, parse_day
from leadrules.values import Type
from leadrules.vocabulary import NAMES, Vocabulary, is_name

__all__ = ["NurturePlan", "NurtureStep"]

_YEARLY = re.compile(r"(\d{2})-(\d{2})", re.ASCII)
_LEAP_YEAR = 2000
_NEEDED = {"before": "on", "when": "activity", "count": "activity", "within": "activity"}
"""The keys of a step that say nothing without another."""


def _on(value: Any) -> Any:
    """A date is a day, `10-01` of every year, or the name of a field that holds one."""
    if isinstance(value, date):
        return date(value.year, value.month, value.day).isoformat()
    text = value.strip() if isinstance(value, str) else ""
    try:
        if _YEARLY.fullmatch(text):
            parse_day(f"{_LEAP_YEAR}-{text}")
        elif text[:1].isdigit():
            parse_day(text)
        elif text:
            return text
        else:
            raise ValueError  # noqa: TRY301 - told of below
    except ValueError:
        message = (
            f"'{as_written(value)}' is no date; expected '2026-10-01', '10-01' of every year, "
            "or a field that holds one"
        )
        raise PydanticCustomError("bad_date", "{message}", {"message": message}) from None
    return text


class NurtureStep(Section):
    """One message of a plan: some time after the entry, on a date, or on activities."""

    send: Text
    """What is sent."""
    channel: Text | None = None
    """How it is sent, such as `email`."""
    after: Wait | None = None
    """How long after the entry into the stage."""
    on: Annotated[str, BeforeValidator(_on)] | None = None
    """The date: `2026-10-01`, `10-01` of every year, or a field of the lead that holds one."""
    before: Duration | None = None
    """How long before that date."""
    activity: Annotated[str, Field(strict=True)] | None = None
    """The type of activity that calls for it, as the policy declares it."""
    when: When = Always()
    """A condition on `activity.<property>`."""
    count: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    """How many such activities call for it."""
    within: Duration | None = None
    """How close together these activities are."""
    description: Prose = None
    """What it is for."""

    @property
    def is_yearly(self) -> bool:
        """Whether its date comes every year."""
        return self.on is not None and _YEARLY.fullmatch(self.on) is not None

    @property
    def field(self) -> str | None:
        """The field of the lead that holds its date, if one does."""
        return self.on if self.on is not None and not self.on[0].isdigit() else None

    def check(self, path: Path, vocabulary: Vocabulary, *, warnings: bool) -> Iterator[Problem]:
        """Yield every problem of the step, each with its path."""
        told = [x for x in ("after", "on", "activity") if getattr(self, x) is not None]
        if len(told) != 1:
            message = "expected one of after: a time, on: a date, activity: a type of activity"
            yield Problem("wrong-value" if told else "missing-key", message, path)
        if self.field is not None:
            found = vocabulary.fields.get(self.field)
            if found is None:
                message = f"no field '{self.field}'{did_you_mean(self.field, vocabulary.fields)}"
                yield Problem("unknown-name", message, (*path, "on"))
            elif found.type not in {Type.DATE, Type.DATETIME}:
                message = f"'{self.field}' is {found.type.noun}, not a date"
                yield Problem("type-mismatch", message, (*path, "on"))
        if self.activity is not None:
            yield from check_activity(self.activity, self.when, path, vocabulary, warnings=warnings)
        for key, needed in _NEEDED.items():
            default = type(self).model_fields[key].default
            if getattr(self, key) != default and getattr(self, needed) is None:
                message = f"says nothing without '{needed}'"
                yield Problem("wrong-value", message, (*path, key))


class NurturePlan(Section):
    """A series of messages to the leads that are in some stages."""

    in_: Texts = Field(alias="in")
    """The stages in which it runs; every entry starts it anew."""
    when: When = Always()
    """A condition on the lead: who is in it."""
    steps: Mapping[str, NurtureStep]
    """The messages by name."""
    gap: Wait | None = None
    """How long after any automatic message the next may go out."""
    consent: Annotated[bool, Field(strict=True)] = True
    """Whether only who agreed to be contacted gets them."""
    until_contact: Annotated[bool, Field(strict=True)] = True
    """Whether it ends when they are reached, or get in touch."""
    description: Prose = None
    """What it is for, such as momentum, brand awareness or a promotion."""

    def check(
        self,
        name: str,
        path: Path,
        stages: Mapping[str, Stage],
        vocabulary: Vocabulary,
        *,
        warnings: bool = True,
    ) -> Iterator[Problem]:
        """Yield every problem of the plan, each with its path."""
        if not is_name(name):
            yield Problem("bad-name", f"'{name}' is no name; expected {NAMES}", path)
        if not self.in_:
            yield Problem("empty", "no stages; expected at least one", (*path, "in"))
        for index, stage in enumerate(self.in_):
            if stage not in stages:
                hint = did_you_mean(stage, stages)
                yield Problem("unknown-name", f"no stage '{stage}'{hint}", (*path, "in", index))
        for problem in check(self.when, vocabulary, warnings=warnings):
            yield replace(problem, path=(*path, "when", *problem.path))
        if not self.steps:
            yield Problem("empty", "no steps; expected at least one", (*path, "steps"))
        for step, found in self.steps.items():
            own: Path = (*path, "steps", step)
            if not is_name(step):
                yield Problem("bad-name", f"'{step}' is no name; expected {NAMES}", own)
            yield from found.check(own, vocabulary, warnings=warnings)
