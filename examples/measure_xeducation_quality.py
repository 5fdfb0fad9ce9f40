"""Is the X Education score any good? `python -m examples.measure_xeducation_quality`.

It measures the score of the example policy, and that of a vendor, on what became of the leads: how
many of each band converted, lift, gains, AUC and KS. The score was looked at on the odd rows, so
the even ones judge it. Both halves are compared, as two periods would be.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import polars as pl

from examples import measure_xeducation
from examples.measure_xeducation import AT
from leadrules.metrics import Measures, Quality, Review, process_review, score_quality, stability

PICTURES = os.environ.get("LEADRULES_PICTURES")
"""A folder for the pictures, if they are wanted."""

BANDS = {"hot": 40, "warm": 20}
"""From which score on a lead is in a band. The policy has none; these are round numbers."""


def quality(leads: pl.DataFrame, score: str) -> Quality:
    """Return the quality of a score on leads of whom everybody knows what became of them."""
    hot = pl.when(pl.col(score) >= BANDS["hot"]).then(pl.lit("hot"))
    warm = hot.when(pl.col(score) >= BANDS["warm"]).then(pl.lit("warm"))
    band = warm.otherwise(pl.lit("cold"))
    return score_quality(
        leads.with_columns(band=band),
        measures=Measures(),
        at=AT,
        converted="converted",
        score=score,
        bands=["hot", "warm", "cold"],
    )


def main(say: Callable[[str], object] = print) -> tuple[dict[str, Quality], Review]:
    """Measure both scores, and compare the halves of the data; return what was found."""
    frame, _ = measure_xeducation.scored(say)
    vendor = (pl.col("activity_score") + pl.col("profile_score")).alias("vendor")
    frame = frame.with_columns(vendor)
    odd, even = frame.gather_every(2, offset=1), frame.gather_every(2)
    rated = frame.filter(pl.col("vendor").is_not_null())
    found = {
        "even rows": quality(even, "score"),
        "odd rows": quality(odd, "score"),
        "rows that the vendor scored": quality(rated, "score"),
        "vendor's score": quality(rated, "vendor"),
    }
    say(f"\nthe score on the even rows\n{found['even rows']}")
    for name, one in found.items():
        if one.area is not None and one.separation is not None:
            say(
                f"{name:28} {one.total.denominator:5,} leads, AUC {one.area.value:.3f} "
                f"({one.area.low:.3f} to {one.area.high:.3f}), KS {one.separation.value:.3f}"
            )
    columns = ["score", "source", "lead_origin"]
    review = process_review(
        {"AUC of the score": found["odd rows"], "conversion": found["odd rows"].total},
        {"AUC of the score": found["even rows"], "conversion": found["even rows"].total},
        settled=["conversion"],
        stability=stability(odd, even, columns=columns),
    )
    say(f"\nthe halves beside each other, of which nothing should differ\n{review}")
    if PICTURES:
        _draw(found["even rows"], review, Path(PICTURES))
    return found, review


def _draw(found: Quality, review: Review, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    charts = {"gains": found.gains.plot, "lift": found.gains.plot_lift, "review": review.plot}
    if found.bands:
        charts["bands"] = found.bands.plot
    for name, plot in charts.items():
        for theme in ("light", "dark"):
            plot(theme=theme).save(folder / f"xeducation_{name}_{theme}.svg")


if __name__ == "__main__":
    main()
