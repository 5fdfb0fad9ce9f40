"""Pictures of results, by Altair: in light and dark, in colours that the colour-blind can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any, Literal

from leadrules.errors import EvaluationError, as_written, one_of
from leadrules.metrics.ratio import Ratio, half_up, plural

__all__ = ["WIDTH", "Theme", "charts", "intervals_of", "label_of", "svg_of", "themed"]

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")

WIDTH = 480
"""How wide a picture is, in pixels; a notebook and a page beside text have room for it."""
LETTERS = 80
"""How many letters a line below the title has, so that it is no wider than the picture."""
ABOVE: Mapping[str, Any] = {
    "titleAngle": 0,
    "titleAlign": "right",
    "titleAnchor": "end",
    "titleX": -8,
    "titleY": -8,
}
"""What labels of bars are stands above them, since beside them it could stand on long ones."""
MOST_BARS = 40
"""Of more groups a picture shows the largest, and says so."""

COLOURS: Mapping[Theme, Sequence[str]] = {
    "light": ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5A5A5A"),
    "dark": ("#56B4E9", "#E69F00", "#2FC79A", "#F7D0E6", "#F0E442", "#D9743A", "#B8B8B8"),
}
"""Colours of series, in order.

Source:
    M. Okabe, K. Ito, Color Universal Design, 2008; lighter where they stand on dark.
"""
_INK: Mapping[Theme, str] = {"light": "#24292F", "dark": "#E6EDF3"}
_FAINT: Mapping[Theme, str] = {"light": "#D0D7DE", "dark": "#3D444D"}
_PAPER: Mapping[Theme, str] = {"light": "#FFFFFF", "dark": "#0D1117"}
RAMP: Mapping[Theme, str] = {"light": "blues", "dark": "viridis"}
"""Colours of amounts; both can be told apart without seeing colours."""


def charts() -> Any:
    """Return Altair.

    Raises:
        EvaluationError: If it is not installed.
    """
    try:
        import altair  # noqa: PLC0415, ICN001 - an extra; the module itself is returned
    except ModuleNotFoundError as error:
        message = f"a picture needs the package '{error.name}'; install leadrules[plots]"
        raise EvaluationError(message, field="plot") from None
    return altair


def themed(chart: Any, theme: Theme, *, title: str, notes: Sequence[str] = ()) -> Any:
    """Return a chart with its title and the colours of a theme.

    Raises:
        EvaluationError: If there is no such theme.
    """
    if theme not in THEMES:
        message = f"theme: '{as_written(theme)}' is not possible; expected {one_of(THEMES)}"
        raise EvaluationError(message, field="theme")
    ink, faint = _INK[theme], _FAINT[theme]
    lines = [line for note in notes for line in wrap(note, LETTERS)]
    label = {"labelColor": ink, "titleColor": ink, "titleFontWeight": "normal"}
    return chart.properties(
        title={"text": title, **({"subtitle": lines} if lines else {})}
    ).configure(
        background=_PAPER[theme],
        padding=12,
        font="Helvetica, Arial, 'DejaVu Sans', sans-serif",
        axis={
            **label,
            "domainColor": faint,
            "gridColor": faint,
            "tickColor": faint,
            "labelLimit": 300,
        },
        legend=label,
        header=label,
        title={"color": ink, "subtitleColor": ink, "anchor": "start", "offset": 12},
        view={"stroke": None},
        text={"color": ink},
        range={"category": list(COLOURS[theme])},
    )


def label_of(group: Mapping[str, Any]) -> str:
    """Return what a picture calls a group."""
    return ", ".join("(none)" if value is None else str(value) for value in group.values())


def svg_of(chart: Any) -> str:
    """Return a chart as SVG that needs nothing from elsewhere.

    Raises:
        EvaluationError: If what draws it is not installed.
    """
    try:
        import vl_convert  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        message = f"a picture needs the package '{error.name}'; install leadrules[plots]"
        raise EvaluationError(message, field="plot") from None
    found: str = vl_convert.vegalite_to_svg(chart.to_dict())
    return found


def intervals_of(parts: Sequence[Ratio], total: Ratio, by: Sequence[str], *, theme: Theme) -> Any:
    """Return a picture of ratios: each share with its interval, and the total as a line."""
    alt = charts()
    largest = sorted(range(len(parts)), key=lambda place: -parts[place].denominator)[:MOST_BARS]
    rows = []
    for part in (parts[place] for place in sorted(largest)):
        low, high = part.interval or (None, None)
        rows.append(
            {
                "group": label_of(part.group),
                "share": part.value,
                "low": low,
                "high": high,
                "end": high or part.value or 0,
                "of": f"{part.numerator:,} of {part.denominator:,}",
            }
        )
    interval = f", with {half_up(100 * total.confidence, 0)} % interval" if total.is_subset else ""
    unit = f"share of {plural(total.unit)}{interval}"
    share = alt.X("share:Q", title=unit, axis=alt.Axis(format=".0%"), scale=alt.Scale(zero=True))
    order = [*dict.fromkeys(row["group"] for row in rows)]
    group = alt.Y(
        "group:N", sort=order, title=", ".join(by).replace("_", " "), axis=alt.Axis(**ABOVE)
    )
    base = alt.Chart(alt.Data(values=rows)).encode(y=group)
    ink, colour = _INK.get(theme, ""), COLOURS.get(theme, [""])[0]
    layers = []
    if total.value is not None:
        line = alt.Chart(alt.Data(values=[{"share": total.value}]))
        layers.append(line.mark_rule(strokeDash=[4, 4], color=ink).encode(x="share:Q"))
    layers += [
        base.mark_rule(strokeWidth=2, color=colour).encode(
            x=alt.X("low:Q", title=unit), x2="high:Q"
        ),
        base.mark_point(filled=True, size=60, color=colour, opacity=1).encode(
            x=share, tooltip=["group:N", "of:N", alt.Tooltip("share:Q", format=".1%")]
        ),
        base.mark_text(align="left", dx=6, color=ink).encode(x="end:Q", text="of:N"),
    ]
    notes = [f"dashed: {total}"]
    if len(largest) < len(parts):
        notes.append(f"the {len(largest)} largest of {len(parts)} groups")
    return themed(
        alt.layer(*layers).properties(width=WIDTH, height=alt.Step(22)),
        theme,
        title=total.name.replace("_", " "),
        notes=notes,
    )
