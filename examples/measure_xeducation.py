"""Measure the X Education policy on real outcomes: `python examples/measure_xeducation.py`.

Every lead is scored as one lead and as a frame, and the two must be equal. The area under the
ROC curve (AUC) is the share of pairs of a converted and an unconverted lead in which the
converted one has the higher score, a tie counting half. It is measured on the odd rows, and
once on the even ones.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from leadrules import Engine, load_mapping, load_policy

HERE = Path(__file__).parent
DATA = Path(os.environ.get("LEADRULES_DATA", HERE.parent.parent / "shared" / "data"))
AT = datetime(2026, 1, 5, tzinfo=UTC)

# What the column is suspected of, and what it would add to the score.
SUSPECTS = {
    "city is known (perhaps asked on the call)": pl.col("city").is_not_null().cast(pl.Int64) * 20,
    "country is known": pl.col("country").is_not_null().cast(pl.Int64) * 10,
    "wants the free copy": pl.col("free_copy").fill_null(value=False).cast(pl.Int64) * 10,
    "pages a visit": pl.col("pages_per_visit").fill_null(0),
}


def auc(leads: pl.DataFrame, score: pl.Expr) -> float:
    """Return the AUC of a score against `converted`; rows without the score are left out."""
    ranked = leads.select("converted", score=score).drop_nulls()
    ranked = ranked.with_columns(rank=pl.col("score").rank("average"))
    won = len(ranked.filter("converted"))
    lost = len(ranked) - won
    ranks: float = sum(ranked.filter("converted")["rank"].to_list())
    return (ranks - won * (won + 1) / 2) / (won * lost)


def main(say: Callable[[str], object] = print) -> dict[str, float]:
    """Score the data set in both forms and return what was measured, by name."""
    policy = load_policy(HERE / "xeducation.policy.yaml")
    mapping = load_mapping(HERE / "xeducation.mapping.yaml", vocabulary=policy.vocabulary)
    intake = mapping.read(DATA / "xeducation" / "Leads.csv")
    say(intake.summary())

    scorer = Engine(policy).scorer
    singles = [scorer.score(lead, at=AT) for lead in intake.leads]
    frame = scorer.score_frame(policy.frame(intake.leads), at=AT, characteristics=True)
    equal = [score.score for score in singles] == frame["score"].to_list()
    equal &= [score.fit for score in singles] == frame["fit"].to_list()
    say(f"lead form and frame form are {'equal' if equal else 'DIFFERENT'} on {len(singles)} leads")

    odd, even = frame.gather_every(2, offset=1), frame.gather_every(2)
    vendor = pl.col("activity_score") + pl.col("profile_score")
    rated = odd.filter(vendor.is_not_null())
    found = {
        "equal": float(equal),
        "odd rows": float(len(odd)),
        "score": auc(odd, pl.col("score")),
        "score, even rows": auc(even, pl.col("score")),
        "fit": auc(odd, pl.col("fit")),
        "rows that the vendor scored": float(len(rated)),
        "vendor, on these": auc(rated, vendor),
        "fit, on these": auc(rated, pl.col("fit")),
        "fit without interest and returning": auc(
            odd, pl.col("fit") - pl.col("fit_interest") - pl.col("fit_returning")
        ),
        "fit without the form that staff fill in": auc(
            odd.filter(pl.col("lead_origin") != "add_form"), pl.col("fit")
        ),
    }
    found |= {f"fit, and {name}": auc(odd, pl.col("fit") + more) for name, more in SUSPECTS.items()}
    for name, value in found.items():
        say(f"{name:55} {value:,.3f}" if 0 < value < 1 else f"{name:55} {value:,.0f}")
    return found


if __name__ == "__main__":
    sys.exit(0 if main()["equal"] else 1)
