"""Pictures of amounts as bars, each with what it says in text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadrules.metrics.pictures import (
    ABOVE,
    COLOURS,
    MOST_BARS,
    WIDTH,
    Theme,
    charts,
    themed,
)

__all__ = ["bars_of"]

_FIFTHS = (0, 0.2, 0.4, 0.6, 0.8, 1)


def bars_of(  # noqa: PLR0913 - what a picture says
    rows: Sequence[Mapping[str, Any]],
    *,
    theme: Theme,
    title: str,
    unit: str,
    of: str,
    notes: Sequence[str] = (),
    share: bool = False,
) -> Any:
    """Return a picture of bars, in the order of the rows, the first at the top.

    Args:
        rows: Of each bar its `label`, its `amount` and the `text` behind it; and if bars are of
            several kinds, the `kind`.
        theme: `light` or `dark`.
        title: What the picture tells.
        unit: What the amounts are, for their axis.
        of: What the labels are, for theirs.
        notes: What one must know to read it.
        share: Whether amounts are shares, from 0 to 1.
    """
    alt = charts()
    shown = [dict(row) for row in rows[:MOST_BARS]]
    if len(shown) < len(rows):
        notes = [*notes, f"the first {len(shown)} of {len(rows)}"]
    kinds = [*dict.fromkeys(row["kind"] for row in shown if "kind" in row)]
    most = max((row["amount"] for row in shown), default=0)
    axis = (
        alt.Axis(format=".0%", values=_FIFTHS) if share else alt.Axis(tickMinStep=1, format=",~f")
    )
    scale = alt.Scale(domain=[0, (most or 1) * 1.25], nice=False)  # room for the text
    base = alt.Chart(alt.Data(values=shown)).encode(
        y=alt.Y("label:N", sort=None, title=of, axis=alt.Axis(**ABOVE)),
        x=alt.X("amount:Q", title=unit, axis=axis, scale=scale),
    )
    colours = list(COLOURS.get(theme, [""]))
    fill = (
        {"color": alt.Color("kind:N", sort=None, title=None, scale=alt.Scale(domain=kinds))}
        if len(kinds) > 1
        else {"color": alt.value(colours[0])}
    )
    bars = base.mark_bar().encode(tooltip=["label:N", "text:N"], **fill)
    text = base.mark_text(align="left", dx=4).encode(text="text:N")
    found = alt.layer(bars, text).properties(width=WIDTH, height=alt.Step(22))
    return themed(found, theme, title=title, notes=notes)
