"""Pictures of curves: steps with their bands, and below them how many are still followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import polars as pl

from leadrules.metrics.arguments import microseconds
from leadrules.metrics.pictures import COLOURS, WIDTH, Theme, charts, label_of, themed
from leadrules.metrics.statistics.curves import AFTER, Curve

__all__ = ["Drawn", "curves_of"]

Drawn = tuple[Mapping[str, Any], Curve]
"""What the leads of a curve have in common, and the curve."""

MOST_POINTS = 1_000
"""Of more steps a picture shows so many; its lines are then no wider apart than a pixel."""
MOST_MARKS = 6
_DAY = timedelta(days=1)


def curves_of(parts: Sequence[Drawn], *, title: str, notes: Sequence[str], theme: Theme) -> Any:
    """Return a picture of one curve or several.

    Of more groups than there are colours it shows the largest, and says so.
    """
    alt = charts()
    colours = COLOURS.get(theme, ("",))
    order = sorted(range(len(parts)), key=lambda place: -parts[place][1].followed)
    shown = [parts[place] for place in sorted(order[: len(colours)])]
    longest = max((curve.longest for _, curve in shown), default=_DAY)
    unit = timedelta(hours=1) if longest < 3 * _DAY else _DAY
    unit_name = "days" if unit == _DAY else "hours"
    names = [label_of(group) or "all" for group, _ in shown]
    by = ", ".join(shown[0][0]).replace("_", " ") if shown else ""
    scale = alt.Scale(domain=[0, longest / unit], nice=False)
    colour = alt.Color(
        "group:N",
        sort=names,
        title=by,
        scale=alt.Scale(domain=names, range=list(colours[: len(names)])),
        legend=alt.Legend(orient="top", symbolOpacity=1, columns=4) if by else None,
    )
    most = MOST_POINTS // max(len(shown), 1)
    points = [
        row
        for name, (_, curve) in zip(names, shown, strict=True)
        for row in _points(name, curve, unit, most)
    ]
    base = alt.Chart(alt.Data(values=points)).encode(
        x=alt.X("after:Q", title=f"{unit_name} since they came", scale=scale), color=colour
    )
    title_of_share = "share for whom it happened"
    band = base.mark_area(
        interpolate="step-after", opacity=0.2 / len(shown) ** 0.5 if shown else 0
    ).encode(y=alt.Y("low:Q", title=title_of_share, axis=alt.Axis(format="%")), y2="high:Q")
    line = base.mark_line(interpolate="step-after", strokeWidth=2).encode(
        y=alt.Y("share:Q", title=title_of_share),
        strokeDash=alt.StrokeDash("group:N", sort=names, legend=None),
        tooltip=[
            "group:N",
            alt.Tooltip("after:Q", format=".1f", title=unit_name),
            alt.Tooltip("share:Q", format=".1%"),
            alt.Tooltip("at_risk:Q", format=",", title="followed up to then"),
        ],
    )
    left = [
        row
        for name, (_, curve) in zip(names, shown, strict=True)
        for row in _left(name, curve, unit, longest / MOST_MARKS)
    ]
    numbers = (
        alt.Chart(alt.Data(values=left))
        .mark_text(fontSize=11)
        .encode(
            x=alt.X("after:Q", scale=scale, axis=None),
            y=alt.Y(
                "group:N",
                sort=names,
                title=None,
                axis=alt.Axis(domain=False, ticks=False, labelPadding=24, labels=bool(by)),
            ),
            text=alt.Text("at_risk:Q", format=","),
            color=colour,
        )
    )
    chart = alt.vconcat(
        alt.layer(band, line).properties(width=WIDTH, height=260),
        numbers.properties(
            width=WIDTH, height=alt.Step(18), title={"text": "still followed", "fontSize": 11}
        ),
        spacing=10,
    )
    if len(shown) < len(parts):
        notes = [*notes, f"the {len(shown)} largest of {len(parts)} groups"]
    return themed(chart, theme, title=title, notes=notes)


def _points(name: str, curve: Curve, unit: timedelta, most: int) -> list[dict[str, Any]]:
    """Return the steps of a curve, from its beginning on."""
    first = {"after": 0.0, "at_risk": curve.followed, "share": 0.0, "low": 0.0, "high": 0.0}
    rows = curve.thinned(most).select(
        pl.col(AFTER) / microseconds(unit), "at_risk", "share", "low", "high"
    )
    return [{"group": name, **row} for row in (first, *rows.iter_rows(named=True))]


def _left(name: str, curve: Curve, unit: timedelta, every: timedelta) -> list[dict[str, Any]]:
    """Return how many are still followed, at some of the round times."""
    left = {timedelta(): curve.followed}
    for span in curve.marks:
        chance = curve.within(span)
        if chance is not None and span - max(left) >= every:
            left[span] = chance.at_risk
    return [{"group": name, "after": span / unit, "at_risk": x} for span, x in left.items()]
