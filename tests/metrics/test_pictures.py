"""Pictures of ratios: what they show, in colours that can be told apart."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from leadrules import EvaluationError
from leadrules.metrics import Period, Ratio, Ratios
from leadrules.metrics.pictures import (
    COLOURS,
    MOST_BARS,
    THEMES,
    Theme,
    charts,
    label_of,
    svg_of,
    themed,
)

PAPER = {"light": "#FFFFFF", "dark": "#0D1117"}
MARCH = Period.of("2026-03")


def ratios(*counts: tuple[int, int]) -> Ratios:
    parts = tuple(
        Ratio("mql_to_won", *count, period=MARCH, group={"owner": f"rep {place}"})
        for place, count in enumerate(counts)
    )
    total = Ratio("mql_to_won", sum(x for x, _ in counts), sum(x for _, x in counts), period=MARCH)
    return Ratios(total, ("owner",), parts)


def rows(chart: Any) -> list[dict[str, Any]]:
    """Return the data of the groups in a picture."""
    datasets = [layer["data"]["values"] for layer in chart.to_dict()["layer"] if "data" in layer]
    return max(datasets, key=len)


def test_a_picture_shows_each_share_with_its_interval_and_the_total() -> None:
    chart = ratios((3, 12), (0, 0), (4, 8)).plot()
    found = rows(chart)
    assert [(row["group"], row["of"]) for row in found] == [
        ("rep 0", "3 of 12"),
        ("rep 1", "0 of 0"),
        ("rep 2", "4 of 8"),
    ]
    assert [row["share"] for row in found] == [0.25, None, 0.5]
    assert found[0]["low"] < 0.25 < found[0]["high"]
    assert (found[1]["low"], found[1]["high"], found[1]["end"]) == (None, None, 0)
    drawn = chart.to_dict()
    assert drawn["title"]["text"] == "mql to won"
    assert " ".join(drawn["title"]["subtitle"]) == (
        "dashed: 7 of 20 leads (35.0 %, 95 % CI 18.1 to 56.7), "
        "cohort 2026-03-01 to 2026-03-31, first entry, 0 censored"
    )
    titles = {layer["encoding"]["x"].get("title") for layer in drawn["layer"]}
    assert "share of leads, with 95 % interval" in titles


def test_a_ratio_without_an_interval_is_not_said_to_have_one() -> None:
    found = ratios((2, 3))
    other = [replace(x, is_subset=False) for x in (found.total, *found.parts)]
    drawn = Ratios(other[0], ("owner",), tuple(other[1:])).plot().to_dict()
    titles = {layer["encoding"]["x"].get("title") for layer in drawn["layer"]}
    assert "share of leads" in titles


def test_of_many_groups_it_shows_the_largest_and_says_so() -> None:
    chart = ratios(*((1, 100 + place) for place in range(MOST_BARS + 5))).plot()
    found = rows(chart)
    assert [row["group"] for row in found] == [f"rep {place}" for place in range(5, MOST_BARS + 5)]
    assert chart.to_dict()["title"]["subtitle"][-1] == "the 40 largest of 45 groups"


def test_of_nobody_there_is_no_line_of_the_total() -> None:
    drawn = ratios((0, 0)).plot().to_dict()
    dashed = [x for x in drawn["layer"] if "strokeDash" in x["mark"]]
    assert dashed == []


@pytest.mark.parametrize("theme", THEMES)
def test_it_is_drawn_in_both_themes_without_anything_from_elsewhere(theme: Theme) -> None:
    svg = svg_of(ratios((3, 12), (0, 0)).plot(theme=theme))
    assert svg.startswith("<svg")
    assert PAPER[theme].lower() in svg.lower()
    assert "href" not in svg
    assert "3 of 12" in svg


def test_a_theme_that_there_is_not_is_refused() -> None:
    with pytest.raises(EvaluationError) as raised:
        ratios((3, 12)).plot(theme="drak")  # type: ignore[arg-type]
    message = "theme: 'drak' is not possible; expected 'light' or 'dark'"
    assert (str(raised.value), raised.value.field) == (message, "theme")


def test_long_notes_are_broken_into_lines() -> None:
    alt = charts()
    chart = alt.Chart(alt.Data(values=[{}])).mark_point()
    lines = themed(chart, "light", title="a", notes=["word " * 60]).to_dict()["title"]["subtitle"]
    assert len(lines) > 1
    assert " ".join(lines) == ("word " * 60).strip()
    assert "subtitle" not in themed(chart, "light", title="a").to_dict()["title"]


def test_a_group_is_called_by_its_values() -> None:
    assert label_of({"region": "north", "owner": None, "year": 2026}) == "north, (none), 2026"


# Colours


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (
        x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4
        for x in (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    )
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = _channels(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, two: str) -> float:
    low, high = sorted((_luminance(one), _luminance(two)))
    return (high + 0.05) / (low + 0.05)


# What people without red cones, or without green ones, see of linear red, green and blue:
# F. Viénot, H. Brettel, J. Mollon, Digital Video Colourmaps for Checking the Legibility of
# Displays by Dichromats, 1999.
DICHROMATS = {
    "protanopia": ((0.1124, 0.8876, 0.0), (0.1124, 0.8876, 0.0), (0.0040, -0.0040, 1.0)),
    "deuteranopia": ((0.2927, 0.7073, 0.0), (0.2927, 0.7073, 0.0), (-0.0223, 0.0223, 1.0)),
}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eyes", DICHROMATS)
def test_the_first_colours_can_be_told_apart_by_the_colour_blind(theme: Theme, eyes: str) -> None:
    seen = [
        tuple(
            max(0.0, sum(x * y for x, y in zip(row, _channels(colour), strict=True))) ** (1 / 2.2)
            for row in DICHROMATS[eyes]
        )
        for colour in COLOURS[theme][:4]
    ]
    for one, two in combinations(seen, 2):
        assert sum((x - y) ** 2 for x, y in zip(one, two, strict=True)) ** 0.5 > 0.14


@pytest.mark.parametrize("theme", THEMES)
def test_the_first_colours_stand_out_from_the_paper(theme: Theme) -> None:
    assert all(_contrast(colour, PAPER[theme]) > 2.8 for colour in COLOURS[theme][:4])
