"""The picture of territories: one panel for each measure, with intervals and the whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from leadrules.metrics.differences import Estimate
from leadrules.metrics.pictures import COLOURS, MOST_BARS, Theme, charts, label_of, themed
from leadrules.metrics.territories import SIGNALS, share_of

if TYPE_CHECKING:
    from leadrules.metrics.territories import Staffing, Territory

__all__ = ["picture_of"]

_WIDTH = 150
_TITLES: Mapping[str, str] = {
    "open": "open leads per person",
    "new": "new leads per person",
    "overdue": "overdue (%)",
    "speed": "median wait (hours)",
}
_NOISE, _BEYOND = "within noise", "beyond noise"


def picture_of(staffing: Staffing, *, theme: Theme) -> Any:
    """Return the picture of a result."""
    alt = charts()
    drawn = staffing.parts[:MOST_BARS]
    panels = [
        _panel(alt, staffing, of, drawn, theme, is_first=place == 0)
        for place, of in enumerate(
            of for of in SIGNALS if _estimate(staffing.whole, of) is not None
        )
    ]
    notes = ["with 95 % intervals; dashed: all together"]
    if len(drawn) < len(staffing.parts):
        notes.append(f"the first {len(drawn)} of {len(staffing.parts)}")
    return themed(alt.hconcat(*panels, spacing=16), theme, title=staffing.title, notes=notes)


def _panel(  # noqa: PLR0913 - what a panel shows
    alt: Any,
    staffing: Staffing,
    of: str,
    drawn: tuple[Territory, ...],
    theme: Theme,
    *,
    is_first: bool,
) -> Any:
    rows = [_row(part, of) for part in drawn]
    names = [row["name"] for row in rows]
    colours = list(COLOURS.get(theme, [""] * 7))
    axis = alt.Axis(format=".0%" if of == "overdue" else ",~f", tickCount=4)
    value = alt.X("value:Q", title=_TITLES[of], axis=axis, scale=alt.Scale(zero=True))
    label = alt.Axis() if is_first else alt.Axis(labels=False, ticks=False)
    by = staffing.by.replace("_", " ") if is_first else None
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("name:N", sort=None, scale=alt.Scale(domain=names), title=by, axis=label)
    )
    kinds = alt.Scale(domain=[_NOISE, _BEYOND], range=[colours[0], colours[1]])
    shapes = alt.Scale(domain=[_NOISE, _BEYOND], range=["circle", "triangle-up"])
    legend = alt.Legend(title=None, orient="bottom")
    colour = alt.Color("kind:N", scale=kinds, legend=legend)
    layers = [
        base.mark_rule(strokeWidth=2).encode(
            x=alt.X("low:Q", title=_TITLES[of]), x2="high:Q", color=colour
        ),
        base.mark_point(filled=True, size=70, opacity=1).encode(
            x=value,
            color=colour,
            shape=alt.Shape("kind:N", scale=shapes, legend=legend),
            tooltip=["name:N", alt.Tooltip("value:Q", format=".3~g")],
        ),
    ]
    whole = _estimate(staffing.whole, of)
    if whole is not None and whole.value is not None:
        line = alt.Chart(alt.Data(values=[{"value": whole.value}]))
        layers.append(line.mark_rule(strokeDash=[4, 4], color=colours[-1]).encode(x="value:Q"))
    return alt.layer(*layers).properties(width=_WIDTH, height=alt.Step(22))


def _row(part: Territory, of: str) -> dict[str, Any]:
    value, low, high = _estimate(part, of) or Estimate(None)
    beyond = any(x.of == of and x.is_beyond_noise for x in part.signals)
    kind = _BEYOND if beyond else _NOISE
    return {"name": label_of(part.group), "value": value, "low": low, "high": high, "kind": kind}


def _estimate(part: Territory, of: str) -> Estimate | None:
    """Return what a panel shows of a territory; None if it was not asked for."""
    match of:
        case "open":
            return part.open_each
        case "new":
            return part.new_each
        case "overdue":
            return None if part.overdue is None else share_of(part.overdue)
    return part.median
