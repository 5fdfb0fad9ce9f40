"""Items laid out: as text that fits a terminal, and as HTML for a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from leadrules.layout import told, wrapped
from leadrules.scoring.items import Item
from leadrules.scoring.wording import Wording, signed

__all__ = ["html_of", "text_of"]

MOST_ACTIVITIES = 5
"""So many activities of a rule, the latest, are told one by one in text."""

_INDENT = 2
_BESIDE = "beside the score: "
_SHUT: frozenset[str] = frozenset({"characteristic", "activity", "criterion", "activities"})
"""What a notebook shows opened only when it is asked."""


def text_of(  # noqa: PLR0913 - what is laid out, and how
    head: Iterable[str],
    tree: Item,
    beside: Iterable[Item],
    words: Wording,
    *,
    width: int,
    brief: bool,
) -> str:
    """Return an explanation as text.

    Args:
        head: What is told first, a paragraph each.
        tree: The score.
        beside: What is told beside it.
        words: How items are put in words.
        width: The most characters of a line.
        brief: Whether only items that come to something are told, and no more than their points.
    """
    lines = [line for part in head for line in wrapped(part, width, "", _INDENT)]
    lines.append("")
    entries_of = _brief if brief else _entries
    entries = list(entries_of(tree, words, 0))
    for item in beside:
        (points, depth, title, notes), *parts = entries_of(item, words, 0)
        entries += [(points, depth, _BESIDE + title, notes), *parts]
    before = max((len(points.partition(".")[0]) for points, *_ in entries), default=0)
    after = max((len(points) - len(points.partition(".")[0]) for points, *_ in entries), default=0)
    for points, depth, title, notes in entries:
        whole, dot, rest = points.partition(".")
        column = f"{whole:>{before}}{dot + rest:<{after}}"
        margin = " " * (_INDENT * depth)
        lines += wrapped(title, width, f"{column}  {margin}", _INDENT)
        under = " " * (len(column) + 2) + margin + " " * _INDENT
        for note in notes:
            lines += wrapped(note, width, under, _INDENT)
    return "\n".join(line.rstrip() for line in lines)


_Entry = tuple[str, int, str, Sequence[str]]


def _brief(item: Item, words: Wording, depth: int) -> Iterator[_Entry]:
    """Yield an item and those of its parts that come to something, without notes."""
    yield signed(item.millionths), depth, words.title(item), ()
    if item.kind in {"characteristic", "activities"}:
        return
    for part in item.parts:
        if part.millionths:
            yield from _brief(part, words, depth + 1)


def _entries(item: Item, words: Wording, depth: int) -> Iterator[_Entry]:
    """Yield the points of an item and of its parts with their depths, titles and notes."""
    yield signed(item.millionths), depth, words.title(item), list(words.notes(item))
    if item.kind in {"characteristic", "activity"}:
        return  # its notes tell its parts
    shown = [part for part in item.parts if part.kind != "activity"]
    activities = [part for part in item.parts if part.kind == "activity"]
    for part in activities[:MOST_ACTIVITIES]:
        yield from _entries(part, words, depth + 1)
    rest = activities[MOST_ACTIVITIES:]
    if rest:
        yield signed(sum(part.millionths for part in rest)), depth + 1, f"{len(rest)} before", ()
    for part in shown:
        yield from _entries(part, words, depth + 1)


def html_of(head: Iterable[str], tree: Item, beside: Iterable[Item], words: Wording) -> str:
    """Return an explanation as HTML that needs nothing from elsewhere, in light and in dark."""
    told_first = "".join(f"<div>{_safe(line)}</div>" for line in head)
    return (
        '<div style="font-family:system-ui,sans-serif;font-size:0.9em;line-height:1.5">'
        f"{told_first}{_html(tree, words)}"
        f"{''.join(_html(item, words, _BESIDE) for item in beside)}</div>"
    )


def _html(item: Item, words: Wording, before: str = "") -> str:
    bold = (
        "font-weight:600;" if item.kind in {"score", "fit", "engagement", "qualification"} else ""
    )
    faint = "" if item.millionths else "opacity:0.65;"
    title = (
        '<span style="display:inline-block;min-width:6em;text-align:right;'
        f'padding-right:0.8em;font-variant-numeric:tabular-nums">{signed(item.millionths)}</span>'
        f"{before}{_safe(words.title(item))}"
    )
    notes = [f'<div style="opacity:0.75">{_safe(note)}</div>' for note in words.notes(item)]
    leaf = item.kind in {"characteristic", "activity"}
    inner = [] if leaf else [_html(part, words) for part in item.parts]
    if not (notes or inner):
        return f'<div style="padding-left:1.05em;{faint}">{title}</div>'
    shown = "" if item.kind in _SHUT else " open"
    return (
        f"<details{shown}>"
        f'<summary style="cursor:pointer;{bold}{faint}">{title}</summary>'
        f'<div style="padding-left:2em">{"".join(notes)}</div>'
        f'<div style="padding-left:1.2em">{"".join(inner)}</div>'
        "</details>"
    )


def _safe(text: str) -> str:
    return escape(told(text))
