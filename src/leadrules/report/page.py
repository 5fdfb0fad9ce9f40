"""The report as one HTML page: light and dark, on screens, phones and paper, without scripts."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from leadrules.errors import EvaluationError
from leadrules.layout import Sheet, told
from leadrules.metrics.pictures import svg_of
from leadrules.report.chapters import Chapter, Exhibit

__all__ = ["body_of", "page_of"]

_STYLE = """
:root { color-scheme: light dark; --ink: #24292f; --faint: #57606a; --line: #d0d7de;
  --paper: #ffffff; --wash: #f6f8fa; --link: #0550ae; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --faint: #9da7b3;
  --line: #3d444d; --paper: #0d1117; --wash: #161b22; --link: #79c0ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.5;
  font-family: system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 0.3rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.3rem; border-top: 1px solid var(--line);
  padding-top: 1.2rem; }
h3 { font-size: 1rem; font-weight: 600; margin: 1.6rem 0 0.4rem; }
p { margin: 0.3rem 0 0.8rem; }
a { color: var(--link); }
.faint, .notes { color: var(--faint); }
.notes, .faint { font-size: 0.875rem; }
.short { background: var(--wash); border: 1px solid var(--line); border-radius: 6px;
  padding: 0.8rem 1rem; margin: 1.2rem 0; }
.short h2 { border: 0; margin: 0 0 0.4rem; padding: 0; font-size: 1.05rem; }
ul { margin: 0.3rem 0 0.8rem; padding-left: 1.2rem; }
li { margin: 0.25rem 0; }
nav ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid var(--link); }
table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--faint); padding-bottom: 0.3rem;
  max-width: calc(100vw - 2rem); }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.9rem 0.25rem 0;
  white-space: nowrap; }
thead th { border-bottom: 1px solid var(--line); font-weight: 600; white-space: normal;
  vertical-align: bottom; }
tbody th { font-weight: normal; }
.number { text-align: right; }
figure { margin: 0.6rem 0 0.8rem; }
img { max-width: 100%; height: auto; display: block; }
@media screen and (max-width: 40rem) {
  figure { overflow-x: auto; }
  img { max-width: none; min-width: 34rem; }
}
@media print {
  main { max-width: none; padding: 0; }
  nav { display: none; }
  body { font-size: 10pt; }
  table { font-size: 8pt; }
  h2, h3 { break-after: avoid; }
  figure, .short, tr { break-inside: avoid; }
  .scroll { overflow: visible; }
  th, td { padding-right: 0.5rem; white-space: normal; }
}
""".strip()

_READING = (
    "A ratio always stands with what it is a share of. The interval beside it (95 % CI) is where "
    "the true share may well lie if these are a sample of all that could come: with few leads it "
    "is wide, and two shares whose intervals overlap widely are not told apart. Censored are "
    "those of whom it is not known yet. A hyphen is what is undefined or not known; it is not 0."
)


def page_of(
    title: str, head: str, foot: str, said: Sequence[str], chapters: Sequence[Chapter]
) -> str:
    """Return a report as a page of its own.

    Args:
        title: What it is about.
        head: Of what it is, and as of when.
        foot: By which policy, exactly.
        said: The most important, a sentence each.
        chapters: What it tells.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{_safe(title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n"
        f"<body>\n<main>\n{body_of(title, head, foot, said, chapters)}</main>\n</body>\n</html>\n"
    )


def body_of(  # noqa: PLR0913 - the parts of a report
    title: str,
    head: str,
    foot: str,
    said: Sequence[str],
    chapters: Sequence[Chapter],
    *,
    are_drawn: bool = True,
) -> str:
    """Return what a page tells, without what makes it a page.

    Args:
        title: As of `page_of`.
        head: As of `page_of`.
        foot: As of `page_of`.
        said: As of `page_of`.
        chapters: As of `page_of`.
        are_drawn: Whether it has pictures, if they can be drawn.
    """
    why = _absent() if are_drawn else None
    parts = [f"<h1>{_safe(title)}</h1>", f'<p class="faint">{_safe(head)}</p>']
    if said:
        parts.append(
            '<section class="short" aria-labelledby="in-short"><h2 id="in-short">In short</h2>'
            f"{_list(said)}</section>"
        )
    links = "".join(f'<li><a href="#{x.key}">{_safe(x.title)}</a></li>' for x in chapters)
    parts.append(f'<nav aria-label="Contents"><ul>{links}</ul></nav>')
    if why is not None:
        parts.append(f'<p class="faint">This page has no pictures: {_safe(why)}.</p>')
    for chapter in chapters:
        parts += _chapter(chapter, are_drawn=are_drawn and why is None)
    parts.append(
        '<section aria-labelledby="how-to-read"><h2 id="how-to-read">How to read this</h2>'
        f'<p>{_safe(_READING)}</p><p class="faint">{_safe(foot)}</p></section>'
    )
    return "\n".join(parts) + "\n"


def _absent() -> str | None:
    """Return why there can be no pictures; None if there can."""
    try:
        import altair  # noqa: F401, ICN001, PLC0415 - an extra
        import vl_convert  # noqa: F401, PLC0415 - likewise
    except ModuleNotFoundError as error:
        return f"they need the package '{error.name}'; install leadrules[plots]"
    return None


def _chapter(chapter: Chapter, *, are_drawn: bool) -> Iterator[str]:
    key = chapter.key
    yield f'<section aria-labelledby="{key}"><h2 id="{key}">{_safe(chapter.title)}</h2>'
    yield f'<p class="faint">{_safe(chapter.about)}</p>'
    if chapter.said:
        yield _list(chapter.said)
    for number, exhibit in enumerate(chapter.exhibits, start=1):
        yield from _exhibit(exhibit, f"{key}-{number}", are_drawn=are_drawn)
    if chapter.missing:
        yield f"<h3>Not measured</h3>{_list(chapter.missing, 'notes')}"
    yield "</section>"


def _exhibit(exhibit: Exhibit, key: str, *, are_drawn: bool) -> Iterator[str]:
    result = exhibit.result
    yield f'<h3 id="{key}">{_safe(exhibit.head)}</h3>'
    if exhibit.is_drawn and are_drawn:
        yield _picture(result, f"Picture of: {result.title}. The table below has its numbers.")
    yield (
        f'<div class="scroll" role="region" aria-labelledby="{key}" tabindex="0">'
        f"{_table(exhibit.sheet, result.title)}</div>"
    )
    if exhibit.notes:
        yield _list(exhibit.notes, "notes")


def _picture(result: Any, words: str) -> str:
    """Return a picture that is light or dark as the reader's device is; light on paper."""
    try:
        light, dark = (_data(svg_of(result.plot(theme=theme))) for theme in ("light", "dark"))
    except EvaluationError as error:  # what there is too little of to be drawn
        return f'<p class="notes">No picture: {_safe(str(error))}</p>'
    return (
        '<figure><picture><source media="screen and (prefers-color-scheme: dark)" '
        f'srcset="{dark}"><img src="{light}" alt="{_safe(words)}"></picture></figure>'
    )


def _data(svg: str) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode('ascii')}"


def _table(sheet: Sheet, caption: str) -> str:
    """Return a table whose first column names its rows."""

    def cells(texts: Sequence[str], tag: str) -> str:
        found = []
        for place, text in enumerate(texts):
            name = "th" if tag == "thead" or not place else "td"
            scope = f' scope="{"col" if tag == "thead" else "row"}"' if name == "th" else ""
            side = ' class="number"' if place in sheet.right else ""
            found.append(f"<{name}{scope}{side}>{_safe(text)}</{name}>")
        return f"<tr>{''.join(found)}</tr>"

    body = "".join(cells(row, "tbody") for row in sheet.rows)
    return (
        f"<table><caption>{_safe(caption)}</caption><thead>{cells(sheet.heads, 'thead')}</thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _list(items: Sequence[str], kind: str = "") -> str:
    marked = f' class="{kind}"' if kind else ""
    return f"<ul{marked}>{''.join(f'<li>{_safe(item)}</li>' for item in items)}</ul>"


def _safe(text: str) -> str:
    return escape(told(" ".join(text.split())))
