"""What can go wrong, told so that the reader can mend it.

Two moments, two bases: whoever writes documents meets `DocumentError`, which carries every
issue of the document at once; whoever calls with leads meets `EvaluationError`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

__all__ = [
    "DocumentError",
    "EvaluationError",
    "Issue",
    "LeadRulesError",
    "MappingError",
    "PolicyError",
    "Problem",
    "as_written",
    "did_you_mean",
    "in_line",
    "one_of",
]

MOST_NAMES_SPELT_OUT = 6
MOST_SHOWN = 60
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Controls, ends of lines, and marks that turn the direction of writing."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong, or odd, in a document.

    Attributes:
        code: Stable and kebab-case, such as `unknown-name`; listed in the errors reference.
        message: What is wrong, with the value; what was expected; a hint.
        path: Where in the document, such as `scoring.fit.characteristics.size[0].when`.
        line: Line in the document's text, from 1; None where the document is not text.
        column: Column in that line, in characters, from 1.
        excerpt: The condition or text that the issue is about, if that helps.
        caret: Start and end of the marked part of `excerpt`, in characters from 0.
        severity: An `error` stops the document from being used, a `warning` does not.
    """

    code: str
    message: str
    path: str = ""
    line: int | None = None
    column: int | None = None
    excerpt: str | None = None
    caret: tuple[int, int] | None = None
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = "" if self.line is None else f"{self.line}:{self.column}: "
        path = f"{self.path}: " if self.path else ""
        text = f"{place}{path}{self.message} [{self.code}]"
        if self.excerpt is None or self.caret is None:
            return text
        return f"{text}\n{_under(self.excerpt, *self.caret)}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a part of a document, or odd about it, before it has a place.

    Attributes:
        code: Stable, such as `unknown-name`.
        message: What is wrong, with the value; what was expected; a hint.
        path: The part: the keys and list positions that lead to it.
        severity: A `warning` does not stop the document from being used.
        caret: The marked part of the text at `path`, from and to, in characters.
    """

    code: str
    message: str
    path: tuple[str | int, ...] = ()
    severity: Literal["error", "warning"] = "error"
    caret: tuple[int, int] | None = None


class LeadRulesError(Exception):
    """Everything that leadrules raises on purpose."""


class DocumentError(LeadRulesError, ValueError):
    """Tell everything that is wrong with a document, in document order.

    Attributes:
        issues: Every issue, at least one; warnings are not among them.
        source: The name of the document, such as its file's; None if it has none.
    """

    kind = "document"

    def __init__(self, issues: Sequence[Issue], *, source: str | None = None) -> None:
        self.issues = tuple(issues)
        self.source = source
        super().__init__(self.issues, source)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), self.issues, self.source)

    def __str__(self) -> str:
        count = len(self.issues)
        problems = "1 problem" if count == 1 else f"{count} problems"
        where = self.source or f"the {self.kind}"
        lines = [f"{problems} in {where}"]
        for issue in self.issues:
            file = f"{self.source}:" if self.source and issue.line is not None else ""
            lines.append(_indented(f"{file}{issue}"))
        return "\n".join(lines)


class PolicyError(DocumentError):
    """Tell everything that is wrong with a policy, or with one of its conditions."""

    kind = "policy"


class MappingError(DocumentError):
    """Tell everything that is wrong with an intake mapping."""

    kind = "mapping"


class EvaluationError(LeadRulesError):
    """Tell that this lead, event or frame cannot be evaluated, though the policy is right.

    Attributes:
        field: The field, column or argument at fault, or None.
        lead_id: The lead at fault, where it is known.
    """

    def __init__(
        self, message: str, *, field: str | None = None, lead_id: str | None = None
    ) -> None:
        self.message = message
        self.field = field
        self.lead_id = lead_id
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt_evaluation, (self.message, self.field, self.lead_id)


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return a hint that names the closest of `names`, or the empty string.

    A name that lives in a group is found by its last part too, so that `employees` leads to
    `company.employees`, and `Berlin` to `Europe/Berlin`.

    Examples:
        >>> did_you_mean("employes", ["company.employees", "email"])
        "; did you mean 'company.employees'?"
        >>> did_you_mean("zzz", ["email"])
        ''
    """
    spellings: dict[str, str] = {}
    for known in names:
        spellings.setdefault(known.lower(), known)
        spellings.setdefault(re.split(r"[./]", known)[-1].lower(), known)
    close = get_close_matches(name.lower(), spellings, n=1, cutoff=0.7)
    return f"; did you mean '{spellings[close[0]]}'?" if close else ""


def one_of(choices: Iterable[object]) -> str:
    """Return a short list of what was allowed, for a message.

    Examples:
        >>> one_of(["all", "any", "not"])
        "'all', 'any' or 'not'"
        >>> one_of(range(9))
        "one of 9, such as '0', '1', '2'"
    """
    words = [f"'{choice}'" for choice in choices]
    if len(words) > MOST_NAMES_SPELT_OUT:
        return f"one of {len(words)}, such as {', '.join(words[:3])}"
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def in_line(text: str) -> str:
    r"""Return a text of which nothing breaks a line or turns the direction of what is read.

    Examples:
        >>> print(in_line("17\n18"))
        17\n18
    """
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def as_written(value: object) -> str:
    """Return a value as a document writes it, in no more than a line.

    Examples:
        >>> as_written(True), as_written(None), as_written({"a": 1})
        ('true', 'null', '{...}')
    """
    match value:
        case bool():
            return str(value).lower()
        case None:
            return "null"
        case Mapping():
            return "{...}"
        case list() | tuple():
            return "[...]"
    text = in_line(str(value))
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."


def _under(excerpt: str, start: int, end: int) -> str:
    """Return the line of `excerpt` that holds `start`, with carets under the marked part."""
    before = excerpt.rfind("\n", 0, start) + 1
    after = excerpt.find("\n", start)
    line = excerpt[before:] if after < 0 else excerpt[before:after]
    start, end = start - before, min(end - before, len(line))
    return f"    {line}\n    {' ' * start}{'^' * max(1, end - start)}"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _rebuilt(kind: type[DocumentError], issues: Sequence[Issue], source: str) -> DocumentError:
    return kind(issues, source=source)


def _rebuilt_evaluation(message: str, field: str, lead_id: str) -> EvaluationError:
    return EvaluationError(message, field=field, lead_id=lead_id)
