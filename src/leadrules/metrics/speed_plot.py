"""The picture of speed to lead: what share had been reached by when, on a scale of hours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from leadrules.metrics.curves import AFTER
from leadrules.metrics.pictures import COLOURS, WIDTH, Theme, charts, label_of, themed

if TYPE_CHECKING:
    from leadrules.metrics.paces import Pace, Speed

__all__ = ["picture_of"]

MOST_CURVES = 6
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


def picture_of(speed: Speed, *, theme: Theme) -> Any:
    """Return the picture of a result."""
    alt = charts()
    groups = speed.level(speed.by[0]) if speed.by else (speed.total,)
    largest = sorted(groups, key=lambda pace: -pace.leads)[:MOST_CURVES]
    drawn = [pace for pace in groups if any(pace is x for x in largest)]
    rows = [row for pace in drawn for row in _steps(pace)]
    clock = "open hours" if speed.is_open_time else "wall time"
    label = _IN_OPEN_TIME if speed.is_open_time else _IN_WALL_TIME
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
    name = ", ".join(speed.by[:1]) or "leads"
    names = [_name(pace) for pace in drawn]
    legend = alt.Legend(title=name) if speed.by else None
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
    notes = ["those who still wait count until now"]
    if speed.within is not None:
        limit = speed.within.total_seconds() / 3600
        data = alt.Data(values=[{"hours": max(limit, _LEAST), "text": "limit"}])
        grey = COLOURS.get(theme, [""])[-1]
        rule = alt.Chart(data).encode(x="hours:Q")
        layers += [
            rule.mark_rule(strokeDash=[4, 4], color=grey),
            rule.mark_text(align="left", dx=4, y=6, color=grey).encode(text="text:N"),
        ]
        notes.append(f"in time: {speed.total.in_time}")
    if len(drawn) < len(groups):
        notes.append(f"the {len(drawn)} largest of {len(groups)} groups")
    return themed(
        alt.layer(*layers).properties(width=WIDTH, height=260),
        theme,
        title=speed.title,
        notes=notes,
    )


def _steps(pace: Pace) -> Iterator[dict[str, Any]]:
    """Yield the steps of a curve; it begins with nobody reached."""
    name = _name(pace)
    yield {"group": name, "hours": _LEAST, "share": 0.0}
    for row in pace.curve.thinned(_MOST_STEPS).iter_rows(named=True):
        yield {"group": name, "hours": max(row[AFTER] / _HOUR, _LEAST), "share": row["share"]}


def _name(pace: Pace) -> str:
    return label_of(pace.group) or "all"
