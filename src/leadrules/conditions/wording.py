"""Values and conditions in words, with what was seen."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from leadrules.conditions.findings import HIDDEN, Finding
from leadrules.conditions.format import format_condition, format_term
from leadrules.conditions.tree import Param
from leadrules.values import (
    Cash,
    Instant,
    Money,
    Span,
    Value,
    datetime_of,
    duration_text,
    instant_text,
)

__all__ = ["Words"]

MOST_SHOWN = 60
"""Longer texts of leads are cut, so that a line stays a line."""


@dataclass(frozen=True, slots=True)
class Words:
    """How values and conditions are put in words.

    Attributes:
        zone: The IANA time zone in which times are told.
    """

    zone: str

    def time(self, instant: int) -> str:
        """Return a moment as people read it, to the minute."""
        try:
            local = datetime_of(instant).astimezone(ZoneInfo(self.zone))
        except OverflowError:
            return instant_text(instant)
        return local.replace(tzinfo=None).isoformat(" ", "minutes")

    def value(self, value: Value) -> str:
        """Return a value as people write it."""
        match value:
            case bool():
                return "true" if value else "false"
            case str():
                return value if value == HIDDEN else _quoted(value)
            case Instant():
                return self.time(value)
            case Span():
                return duration_text(value)
            case Cash():
                return str(Money.of_minor(value))
            case date():
                return value.isoformat()
            case tuple():  # of texts: money came before
                return f"[{', '.join(_quoted(str(text)) for text in value)}]"
        return repr(value).removesuffix(".0")

    def seen(self, finding: Finding) -> str:
        """Return the values that made a condition what it is."""
        missing = [f"{name} {_absence(name)}" for name in finding.missing]
        known = [
            f"{format_term(term)} is {self.value(value)}"
            for term, value in finding.values
            if value is not None
        ]
        absent = [
            f"{format_term(term)} {_absence(isinstance(term, Param))}"
            for term, value in finding.values
            if value is None
        ]
        if finding.obstacle == "currency":
            known.append("currencies differ")
        if finding.obstacle == "arithmetic":
            known.append("there is no finite result")
        return ", ".join([*(missing if finding.verdict is None else absent), *known])

    def condition(self, finding: Finding) -> str:
        """Return a condition as people write it, and the values that made it what it is."""
        seen = self.seen(finding)
        return f"{format_condition(finding.condition)}{f'; {seen}' if seen else ''}"


def _absence(parameter: object) -> str:
    is_parameter = parameter is True or str(parameter).startswith("param.")
    return "has no value yet" if is_parameter else "is missing"


def _quoted(text: str) -> str:
    short = text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."
    return json.dumps(short, ensure_ascii=False)
