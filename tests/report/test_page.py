"""The page: one file for every reader, light or dark, on paper, and without pictures."""

from __future__ import annotations

import re
import sys
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from leadrules import EvaluationError
from leadrules.metrics.pictures import Theme, charts, themed
from leadrules.metrics.tabular import Column, Tabular
from leadrules.report import Chapter, Exhibit
from leadrules.report.page import body_of, page_of

VOID = {"meta", "img", "source", "br"}


@dataclass(frozen=True)
class Counts(Tabular):
    """A result with a picture."""

    counts: tuple[tuple[str, int], ...] = (("anna <b>", 3), ("ben", 12))

    @property
    def title(self) -> str:
        return "calls: of the <week>"

    @property
    def notes(self) -> Sequence[str]:
        return ["of two & more"]

    def columns(self) -> Sequence[Column]:
        return (Column("owner"), Column("calls", "count"))

    def rows(self) -> Sequence[Sequence[Any]]:
        return self.counts

    def plot(self, *, theme: Theme = "light") -> Any:
        alt = charts()
        if not self.counts:
            message = "plot: nothing to draw"
            raise EvaluationError(message, field="plot")
        data = alt.Data(values=[{"owner": owner, "calls": n} for owner, n in self.counts])
        chart = alt.Chart(data).mark_bar().encode(x="calls:Q", y="owner:N")
        return themed(chart, theme, title=self.title)


CHAPTERS = (
    Chapter("Do they call?", "Each call.", ("15 <calls>.", "More."), (Exhibit(Counts(), True),)),
    Chapter("Why?", "Reasons.", missing=("nobody & nothing said so",)),
)


class Tags(HTMLParser):
    """Refuses a page whose tags are not closed in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(page: str) -> list[tuple[str, dict[str, str | None]]]:
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    return tags.found


def page() -> str:
    return page_of("Leads <x>", "5 leads", "Policy acme.", ["15 calls."], CHAPTERS)


@pytest.fixture(scope="module")
def drawn() -> str:
    pytest.importorskip("altair")
    pytest.importorskip("vl_convert")
    return page()


def test_it_needs_nothing_from_elsewhere(drawn: str) -> None:
    found = read(drawn)
    assert not {tag for tag, _ in found} & {"script", "link", "iframe", "object"}
    links = [value for _, had in found for key, value in had.items() if key in {"src", "href"}]
    assert all(str(link).startswith(("data:", "#")) for link in links)
    assert "url(" not in drawn
    assert "@import" not in drawn


def test_what_people_wrote_is_text(drawn: str) -> None:
    assert "anna &lt;b&gt;" in drawn
    assert "15 &lt;calls&gt;." in drawn
    assert "nobody &amp; nothing said so" in drawn
    assert "<title>Leads &lt;x&gt;</title>" in drawn


def test_it_can_be_read_by_ear(drawn: str) -> None:
    found = read(drawn)
    assert found[0] == ("html", {"lang": "en"})
    levels = [int(tag[1]) for tag, _ in found if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [str(had["id"]) for _, had in found if "id" in had]
    assert len({*ids}) == len(ids)
    for _, had in found:
        assert had.get("aria-labelledby", ids[0]) in ids
        assert str(had.get("href", "")).removeprefix("#") in {"", *ids}
    pictures = [had for tag, had in found if tag == "img"]
    assert [had["alt"] for had in pictures] == [
        "Picture of: calls: of the <week>. The table below has its numbers."
    ]
    heads = [had["scope"] for tag, had in found if tag == "th"]
    assert heads == ["col", "col", "row", "row"]
    assert "<caption>calls: of the &lt;week&gt;</caption>" in drawn


def test_pictures_are_light_or_dark_as_the_reader_is_and_light_on_paper(drawn: str) -> None:
    found = read(drawn)
    dark = next(had for tag, had in found if tag == "source")
    light = next(had for tag, had in found if tag == "img")
    assert dark["media"] == "screen and (prefers-color-scheme: dark)"
    for had, key, paper in ((dark, "srcset", "#0D1117"), (light, "src", "#FFFFFF")):
        kind, _, data = str(had[key]).partition(",")
        assert kind == "data:image/svg+xml;base64"
        svg = b64decode(data).decode()
        assert svg.startswith("<svg")
        assert paper.lower() in svg.lower()
    assert "@media print" in drawn
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in drawn


@pytest.mark.parametrize("package", ["altair", "vl_convert"])
def test_without_what_draws_it_has_no_pictures_and_says_so(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    found = page()
    assert "<img" not in found
    assert (
        f"This page has no pictures: they need the package &#x27;{package}&#x27;; "
        "install leadrules[plots]." in found
    )
    assert '<td class="number">12</td>' in found


def test_what_cannot_be_drawn_has_its_table_all_the_same() -> None:
    pytest.importorskip("vl_convert")
    empty = Chapter("Do they call?", "Each call.", (), (Exhibit(Counts(()), True),))
    found = page_of("Leads", "", "", [], [empty])
    assert "No picture: plot: nothing to draw" in found
    assert "<table>" in found


def test_a_long_table_is_cut_and_says_so() -> None:
    long = Exhibit(Counts(tuple((f"o{place}", place) for place in range(70))), most=10)
    found = body_of("Leads", "", "", [], [Chapter("All", "All.", (), (long,))], are_drawn=False)
    assert found.count('<th scope="row">') == 10
    assert "<li>the first 10 of 70 rows</li>" in found


def test_a_notebook_shows_it_without_pictures() -> None:
    found = body_of("Leads", "5 leads", "", ["x"], CHAPTERS, are_drawn=False)
    assert "<img" not in found
    assert "has no pictures" not in found
    assert found.startswith("<h1>Leads</h1>")
