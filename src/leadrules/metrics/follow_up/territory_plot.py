"""The picture of territories: one panel for each measure, with intervals and the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from leadrules.metrics.pictures import COLOURS, Theme, charts, themed
from leadrules.metrics.statistics.differences import Estimate

__all__ = ["Panel", "picture_of"]

_WIDTH = 150
_NOISE, _BEYOND = "within noise", "beyond noise"


class Panel(NamedTuple):
    """A measure of territories.

    Attributes:
        title: What it is, with its unit.
        rows: Of each territory its name, its value, and whether that is beyond noise.
        whole: The value of all together.
        is_share: Whether values are shares.
    """

    title: str
    rows: Sequence[tuple[str, Estimate, bool]]
    whole: float | None
    is_share: bool = False


def picture_of(
    panels: Sequence[Panel], *, theme: Theme, title: str, of: str, notes: Sequence[str]
) -> Any:
    """Return a picture of panels beside each other.

    Args:
        panels: The measures.
        theme: `light` or `dark`.
        title: What the picture tells.
        of: What the territories are.
        notes: What one must know to read it.
    """
    alt = charts()
    drawn = [_panel(alt, panel, theme, None if place else of) for place, panel in enumerate(panels)]
    return themed(alt.hconcat(*drawn, spacing=16), theme, title=title, notes=notes)


def _panel(alt: Any, panel: Panel, theme: Theme, of: str | None) -> Any:
    """Return the picture of a measure; the first names the territories."""
    rows = [
        {"name": name, **found._asdict(), "kind": _BEYOND if beyond else _NOISE}
        for name, found, beyond in panel.rows
    ]
    names = [row["name"] for row in rows]
    colours = list(COLOURS.get(theme, [""] * 7))
    axis = alt.Axis(format=".0%" if panel.is_share else ",~f", tickCount=4)
    value = alt.X("value:Q", title=panel.title, axis=axis, scale=alt.Scale(zero=True))
    label = alt.Axis() if of else alt.Axis(labels=False, ticks=False)
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("name:N", sort=None, scale=alt.Scale(domain=names), title=of, axis=label)
    )
    kinds = alt.Scale(domain=[_NOISE, _BEYOND], range=[colours[0], colours[1]])
    shapes = alt.Scale(domain=[_NOISE, _BEYOND], range=["circle", "triangle-up"])
    legend = alt.Legend(title=None, orient="bottom")
    colour = alt.Color("kind:N", scale=kinds, legend=legend)
    layers = [
        base.mark_rule(strokeWidth=2).encode(
            x=alt.X("low:Q", title=panel.title), x2="high:Q", color=colour
        ),
        base.mark_point(filled=True, size=70, opacity=1).encode(
            x=value,
            color=colour,
            shape=alt.Shape("kind:N", scale=shapes, legend=legend),
            tooltip=["name:N", alt.Tooltip("value:Q", format=".3~g")],
        ),
    ]
    if panel.whole is not None:
        line = alt.Chart(alt.Data(values=[{"value": panel.whole}]))
        layers.append(line.mark_rule(strokeDash=[4, 4], color=colours[-1]).encode(x="value:Q"))
    return alt.layer(*layers).properties(width=_WIDTH, height=alt.Step(22))
