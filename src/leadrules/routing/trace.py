"""Why a lead goes where it goes: rules, targets and members, as text, as HTML and as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from leadrules.conditions.findings import Finding, as_data
from leadrules.layout import Section, html_of, text_of
from leadrules.routing.assignment import Assignment, Unassigned
from leadrules.routing.steps import Candidate, Hindrance, Open, Row, Sent, Tried, TriedRule
from leadrules.routing.wording import Telling
from leadrules.values import Instant, instant_of, instant_text

__all__ = ["Trace"]


@dataclass(frozen=True, slots=True)
class Trace:
    """A decision taken apart: the rules, the targets and the members that were asked.

    It prints as text, shows itself in a notebook, and gives data by `to_dict`.

    Attributes:
        answer: The answer, as `Router.preview` gives it.
        rules: The rules that were asked, in their order.
        counted: As of when turns, limits and hours were asked.
        rest: The ids of the rules that were not asked, since one before them settled it.
        sent: What is sent to the lead, and why.
        tried: Whom not to ask again.
        zone: The IANA time zone in which times are told.
    """

    answer: Assignment | Unassigned
    rules: tuple[TriedRule, ...]
    counted: Instant
    rest: tuple[str, ...] = ()
    sent: tuple[Sent, ...] = ()
    tried: tuple[str, ...] = ()
    zone: str = "UTC"

    def __str__(self) -> str:
        return self.text()

    @property
    def targets(self) -> Iterator[Tried]:
        """The targets that were asked, in the order in which they were."""
        return (found for rule in self.rules for found in rule.targets)

    def text(self, *, width: int = 80, brief: bool = False) -> str:
        """Return the trace as text.

        Args:
            width: The most characters of a line.
            brief: Whether to leave out the rules that are not true, and the members who come
                after whoever gets the lead.
        """
        return text_of(self._head(), self._sections(brief=brief), width=width)

    def _repr_html_(self) -> str:
        return html_of(self._head(), self._sections(brief=False))

    def _head(self) -> Iterator[str]:
        words, answer = Telling(self.zone), self.answer
        at = instant_of(answer.time)
        yield f"lead {answer.lead_id}, as of {words.time(at)} {self.zone}"
        yield from words.outcome(answer)
        if self.tried:
            yield f"not asked again: {', '.join(self.tried)}"
        if self.counted != at:
            yield f"turns, limits and hours are those of {words.time(self.counted)}"

    def _sections(self, *, brief: bool) -> Iterator[Section]:
        words = Telling(self.zone, brief=brief)
        yield Section("rules", words.rules(self.rules, self.rest), "none is true")
        for found in self.targets:
            if found.strategy is not None:
                yield Section(words.how(found), words.members(found), "nobody is asked")
        if self.sent:
            yield Section("what is sent", words.sent(self.sent), "")

    def to_dict(self) -> dict[str, Any]:
        """Return the trace as data that JSON can hold, under keys that stay.

        Moments are texts in UTC, conditions are as people write them. What does not apply is left
        out.
        """
        return {
            "lead_id": self.answer.lead_id,
            "at": instant_text(instant_of(self.answer.time)),
            "counted": instant_text(self.counted),
            "answer": self.answer.to_dict(),
            "rules": [
                {"id": rule.id, **rule.finding.to_dict(), **_of(rule, "id", "finding")}
                for rule in self.rules
            ],
            "rest": list(self.rest),
            "sent": [_of(found) for found in self.sent],
            "tried": list(self.tried),
        }


def _of(found: Any, *without: str) -> dict[str, Any]:
    """Return the attributes of a part as data, without what does not apply."""
    data = {
        field.name: _plain(getattr(found, field.name))
        for field in fields(found)
        if field.name not in without
    }
    if isinstance(found, Open | Row):
        name = "fields" if isinstance(found, Open) else "cells"
        data[name] = {key: as_data(value) for key, value in getattr(found, name)}
    return {name: value for name, value in data.items() if value not in (None, [], False)}


def _plain(value: Any) -> Any:
    match value:
        case Finding():
            return value.to_dict()
        case Hindrance() | Candidate() | Row() | Open() | Tried():
            return _of(value)
        case tuple():
            return [_plain(part) for part in value]
    return as_data(value)
