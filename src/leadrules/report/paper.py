"""The report as a value; as text, as data and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from leadrules.layout import sheet_text, told, wrapped
from leadrules.metrics.periods import Period
from leadrules.report.chapters import Chapter

__all__ = ["WIDTH", "Report"]

WIDTH = 100
"""The characters of a line of text."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a policy measures of its process, in chapters.

    It prints as text, shows itself in a notebook, and is a page of its own by `html`.

    Attributes:
        policy: The id of the policy.
        version: Its version.
        hash: Its hash.
        at: The moment up to which it is known.
        period: Which leads and events it is about.
        leads: How many leads there are.
        chapters: What it tells.
    """

    policy: str
    version: int
    hash: str
    at: datetime
    period: Period
    leads: int
    chapters: tuple[Chapter, ...]

    @property
    def title(self) -> str:
        """What it is about, in a line."""
        return f"How the leads did, {self.period.label}"

    @property
    def head(self) -> str:
        """Of what it is, and as of when, in a line."""
        moment = self.at.astimezone(ZoneInfo(self.period.zone))
        return (
            f"{self.leads:,} leads by policy {self.policy}, version {self.version}, "
            f"as of {moment:%Y-%m-%d %H:%M} {self.period.zone}"
        )

    @property
    def foot(self) -> str:
        """By which policy, exactly, in a line."""
        return f"Policy {self.policy}, version {self.version}, hash {self.hash[:12]}."

    @property
    def said(self) -> tuple[str, ...]:
        """The most important of each chapter, a sentence each."""
        return tuple(chapter.said[0] for chapter in self.chapters if chapter.said)

    def __getitem__(self, title: str) -> Chapter:
        for chapter in self.chapters:
            if chapter.title == title:
                return chapter
        raise KeyError(title)

    def __str__(self) -> str:
        return self.text()

    def text(self, *, width: int = WIDTH, brief: bool = False) -> str:
        """Return it as text.

        Args:
            width: The most characters of a line; tables may need more.
            brief: Whether only the most important is told, without tables.
        """
        lines = [*_lines(self.title, width), *_lines(self.head, width), ""]
        lines += [line for said in self.said for line in wrapped(said, width, "- ", 0)]
        for chapter in () if brief else self.chapters:
            lines += ["", "", *_lines(chapter.title, width), "-" * min(width, len(chapter.title))]
            lines += _lines(chapter.about, width)
            lines += [x for said in chapter.said[1:] for x in wrapped(said, width, "- ", 0)]
            for shown in chapter.exhibits:
                lines += ["", *_lines(shown.result.title, width), *sheet_text(shown.sheet)]
                lines += [x for note in shown.notes for x in wrapped(note, width, "  ", 2)]
            if chapter.missing:
                lines += ["", "Not measured:"]
                lines += [x for why in chapter.missing for x in wrapped(why, width, "  ", 2)]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return it as data that JSON can hold."""
        return {
            "title": self.title,
            "policy": {"id": self.policy, "version": self.version, "hash": self.hash},
            "at": self.at.isoformat(),
            "period": {
                "start": self.period.start.isoformat(),
                "end": self.period.end.isoformat(),
                "zone": self.period.zone,
            },
            "leads": self.leads,
            "said": list(self.said),
            "chapters": [
                {
                    "title": chapter.title,
                    "about": chapter.about,
                    "said": list(chapter.said),
                    "results": [exhibit.result.to_dict() for exhibit in chapter.exhibits],
                    "missing": list(chapter.missing),
                }
                for chapter in self.chapters
            ],
        }

    def html(self) -> str:
        """Return it as one HTML page that needs nothing from elsewhere.

        It is light or dark as the reader's device is, fits phones and paper, and has no scripts.
        Pictures need the extra `plots`; without it the page has none, and says so.
        """
        from leadrules.report.page import page_of  # noqa: PLC0415 - only if it is asked for

        return page_of(self.title, self.head, self.foot, self.said, self.chapters)

    def _repr_html_(self) -> str:
        from leadrules.report.page import body_of  # noqa: PLC0415 - only in a notebook

        parts = (self.title, self.head, self.foot, self.said, self.chapters)
        return body_of(*parts, are_drawn=False)


def _lines(text: str, width: int) -> Sequence[str]:
    return wrapped(told(text), width, "", 0)
