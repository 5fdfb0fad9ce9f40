"""Sections of labelled rows, and tables: as text for a terminal or a mail, and as HTML."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from html import escape
from textwrap import wrap
from typing import NamedTuple

__all__ = [
    "Row",
    "Section",
    "Sheet",
    "html_of",
    "sheet_html",
    "sheet_text",
    "text_of",
    "told",
    "wrapped",
]

WIDEST_LABEL = 20
"""Longer labels stand above what they are labels of."""

_TABLE = "border-collapse:collapse;margin:0;font:inherit;color:inherit"

Row = tuple[str, str]
"""A label, which may be empty, and what it is a label of."""


class Section(NamedTuple):
    """A part of what is told, in words.

    Attributes:
        title: What it is about.
        rows: What there is to say.
        empty: What is said if there is nothing.
        more: Gives the HTML that a notebook unfolds below.
    """

    title: str
    rows: Iterable[Row]
    empty: str
    more: Callable[[], str] | None = None


class Sheet(NamedTuple):
    """A table of texts.

    Attributes:
        heads: What the columns are called.
        rows: The cells of each row, as many as heads.
        right: The columns whose cells end at the right, as numbers do.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Collection[int] = ()


def told(words: str) -> str:
    """Return words with whatever is not for the eye spelt out, such as control characters."""
    if words.isprintable():
        return words
    return "".join(x if x.isprintable() else f"\\u{ord(x):04x}" for x in words)


def wrapped(text: str, width: int, start: str, hang: int) -> list[str]:
    """Return the lines of a text behind a start; words stay whole if they can.

    Args:
        text: The text.
        width: The most characters of a line, if that leaves room enough for words.
        start: What stands before the first line; the others are as far in.
        hang: How much further in the others are.
    """
    room = max(20, width - len(start))
    found = wrap(told(text), room, subsequent_indent=" " * hang, break_on_hyphens=False)
    blank = " " * len(start)
    return [(start if not index else blank) + line for index, line in enumerate(found or [""])]


def text_of(head: Iterable[str], sections: Iterable[Section], *, width: int) -> str:
    """Return sections as text.

    Args:
        head: What is told first, a paragraph each.
        sections: The parts.
        width: The most characters of a line.
    """
    lines = [line for part in head for line in wrapped(_line(part), width, "", 2)]
    for section in sections:
        lines += ["", *wrapped(_line(section.title), width, "", 4)]
        rows = [(_line(label), _line(text)) for label, text in section.rows]
        room = max((len(label) for label, _ in rows if len(label) <= WIDEST_LABEL), default=0)
        for label, text in rows or [("", section.empty)]:
            if len(label) > room:
                lines += wrapped(label, width, "  ", 2)
                start = " " * (room + 4)
            else:
                start = f"  {label:<{room}}  " if room else "  "
            lines += wrapped(text, width, start, 2)
    return "\n".join(line.rstrip() for line in lines)


def html_of(head: Iterable[str], sections: Iterable[Section]) -> str:
    """Return sections as HTML that needs nothing from elsewhere, in light and in dark."""
    first, *others = (_safe(line) for line in head)
    return (
        '<div style="font-family:system-ui,sans-serif;font-size:0.9em;line-height:1.5">'
        f'<div style="font-weight:600">{first}</div>'
        f"{''.join(f'<div>{line}</div>' for line in others)}"
        f"{''.join(_html(section) for section in sections)}</div>"
    )


def sheet_text(sheet: Sheet, indent: str = "  ") -> list[str]:
    """Return the lines of a table, its columns two blanks apart."""
    rows = [[_line(cell) for cell in row] for row in (sheet.heads, *sheet.rows)]
    widths = [max(len(row[x]) for row in rows) for x in range(len(sheet.heads))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if x in sheet.right else cell.ljust(width)
            for x, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"{indent}{'  '.join(cells)}".rstrip())
    return lines


def sheet_html(sheet: Sheet) -> str:
    """Return a table as HTML that needs nothing from elsewhere, in light and in dark."""
    cell = "padding:0.1em 0.9em 0.1em 0;vertical-align:top;white-space:nowrap"
    align = ["right" if x in sheet.right else "left" for x in range(len(sheet.heads))]

    def row(cells: Sequence[str], tag: str) -> str:
        parts = (
            f'<{tag} style="{cell};text-align:{side}">{_safe(text)}</{tag}>'
            for text, side in zip(cells, align, strict=True)
        )
        return f"<tr>{''.join(parts)}</tr>"

    body = "".join(row(cells, "td") for cells in sheet.rows)
    head = row(sheet.heads, "th")
    return f'<table style="{_TABLE}"><thead>{head}</thead><tbody>{body}</tbody></table>'


def _html(section: Section) -> str:
    rows = "".join(_row(label, text) for label, text in section.rows)
    told_of = (
        f'<table style="{_TABLE}">{rows}</table>'
        if rows
        else f'<div style="opacity:0.65">{_safe(section.empty)}</div>'
    )
    more = (
        '<details><summary style="cursor:pointer">all of it</summary>'
        f'<div style="padding-left:1.2em">{section.more()}</div></details>'
        if section.more
        else ""
    )
    return (
        f'<div style="font-weight:600;margin-top:0.6em">{_safe(section.title)}</div>'
        f'<div style="padding-left:1.2em">{told_of}{more}</div>'
    )


def _row(label: str, text: str) -> str:
    cell = "text-align:left;vertical-align:top;padding:0"
    return (
        f'<tr><td style="{cell};padding-right:1.2em;opacity:0.75;white-space:nowrap">'
        f'{_safe(label)}</td><td style="{cell};overflow-wrap:anywhere">{_safe(text)}</td></tr>'
    )


def _line(text: str) -> str:
    """Return a text as one line, with what is not for the eye spelt out."""
    return told(" ".join(text.split()))


def _safe(text: str) -> str:
    return escape(_line(text))
