"""The picture of speed to lead: what share had been reached by when, on a scale of hours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from leadrules.metrics.pictures import COLOURS, WIDTH, Theme, charts, themed
from leadrules.metrics.statistics.curves import AFTER, Curve

__all__ = ["MOST_CURVES", "picture_of"]

MOST_CURVES = 6
"""More cannot be told apart."""
_MOST_STEPS = 200
_HOUR = 3_600_000_000
_LEAST = 1 / 60
"""A scale of magnitudes has no zero: what took less than a minute is drawn at a minute."""
_TICKS = (1 / 60, 5 / 60, 0.25, 1, 4, 24, 72, 168, 720, 2160, 8760)
_IN_WALL_TIME = (
    "datum.value < 1 ? round(datum.value * 60) + ' min' : "
    "datum.value < 24 ? datum.value + ' h' : datum.value / 24 + ' d'"
)
_IN_OPEN_TIME = "datum.value < 1 ? round(datum.value * 60) + ' min' : datum.value + ' h'"


def picture_of(  # noqa: PLR0913 - what a picture says
    curves: Sequence[tuple[str, Curve]],
    *,
    theme: Theme,
    title: str,
    of: str | None,
    within: timedelta | None,
    is_open_time: bool,
    notes: Sequence[str],
) -> Any:
    """Return a picture of curves.

    Args:
        curves: Each group by its name, in order.
        theme: `light` or `dark`.
        title: What the picture tells.
        of: What the groups are; None if all are one.
        within: How long it may take, if there is a limit.
        is_open_time: Whether times are those of an office.
        notes: What one must know to read it.
    """
    alt = charts()
    rows = [row for name, curve in curves for row in _steps(name, curve)]
    clock = "open hours" if is_open_time else "wall time"
    label = _IN_OPEN_TIME if is_open_time else _IN_WALL_TIME
    hours = alt.X(
        "hours:Q",
        title=f"time since the lead came, in {clock}, on a logarithmic scale",
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(values=list(_TICKS), labelExpr=label, grid=True),
    )
    share = alt.Y(
        "share:Q",
        title="share of leads that had it by then (%)",
        axis=alt.Axis(format=".0%"),
        scale=alt.Scale(domain=[0, 1]),
    )
    names = [name for name, _ in curves]
    legend = alt.Legend(title=of.replace("_", " ")) if of else None
    layers = [
        alt.Chart(alt.Data(values=rows))
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=hours,
            y=share,
            color=alt.Color("group:N", scale=alt.Scale(domain=names), legend=legend),
            strokeDash=alt.StrokeDash("group:N", scale=alt.Scale(domain=names), legend=legend),
            tooltip=["group:N", alt.Tooltip("share:Q", format=".1%")],
        )
    ]
    if within is not None:
        limit = within.total_seconds() / 3600
        data = alt.Data(values=[{"hours": max(limit, _LEAST), "text": "limit"}])
        grey = COLOURS.get(theme, [""])[-1]
        rule = alt.Chart(data).encode(x="hours:Q")
        layers += [
            rule.mark_rule(strokeDash=[4, 4], color=grey),
            rule.mark_text(align="left", dx=4, y=6, color=grey).encode(text="text:N"),
        ]
    return themed(
        alt.layer(*layers).properties(width=WIDTH, height=260),
        theme,
        title=title,
        notes=notes,
    )


def _steps(name: str, curve: Curve) -> Iterator[dict[str, Any]]:
    """Yield the steps of a curve; it begins with nobody reached."""
    yield {"group": name, "hours": _LEAST, "share": 0.0}
    for row in curve.thinned(_MOST_STEPS).iter_rows(named=True):
        yield {"group": name, "hours": max(row[AFTER] / _HOUR, _LEAST), "share": row["share"]}
