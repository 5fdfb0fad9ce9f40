"""Measure the X Education policy on real outcomes: `python examples/measure_xeducation.py`.

Fit is who they are, engagement what they did on the site, and the score both; a vendor scored
some of the leads by the same two. The area under the ROC curve (AUC) is the share of pairs of a
converted and an unconverted lead in which the converted one has the higher score, a tie counting
half. It is measured on the odd rows, and once on the even ones.

Every lead is scored as one lead and as a frame, and the two must be equal.
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

ASKED = {
    "fit: who they are": pl.col("fit"),
    "engagement: what they did": pl.col("engagement"),
    "score: both": pl.col("score"),
    "vendor's profile score": pl.col("profile_score"),
    "vendor's activity score": pl.col("activity_score"),
    "vendor's scores added": pl.col("activity_score") + pl.col("profile_score"),
}

# What the column is suspected of, and what it would add to the score.
SUSPECTS = {
    "city is known (perhaps asked on the call)": pl.col("city").is_not_null().cast(pl.Int64) * 20,
    "country is known": pl.col("country").is_not_null().cast(pl.Int64) * 10,
    "wants the free copy": pl.col("free_copy").fill_null(value=False).cast(pl.Int64) * 10,
}


def auc(leads: pl.DataFrame, score: pl.Expr) -> float:
    """Return the AUC of a score against `converted`; rows without the score are left out."""
    ranked = leads.select("converted", score=score).drop_nulls()
    ranked = ranked.with_columns(rank=pl.col("score").rank("average"))
    won = len(ranked.filter("converted"))
    lost = len(ranked) - won
    ranks: float = sum(ranked.filter("converted")["rank"].to_list())
    return (ranks - won * (won + 1) / 2) / (won * lost)


def exported(path: Path) -> pl.DataFrame:
    """Return the file as it is, with the moment for which its totals are taken to hold."""
    table = pl.read_csv(path, infer_schema=False)
    return table.with_columns(Exported=pl.lit(AT.isoformat()))


def scored(say: Callable[[str], object] = print) -> tuple[pl.DataFrame, bool]:
    """Return the leads with their scores, and whether both forms agree."""
    policy = load_policy(HERE / "xeducation.policy.yaml")
    words = policy.vocabulary
    path = DATA / "xeducation" / "Leads.csv"
    intake = load_mapping(HERE / "xeducation.mapping.yaml", vocabulary=words).read(path)
    visits = load_mapping(HERE / "xeducation_visits.mapping.yaml", vocabulary=words).read(
        exported(path)
    )
    say(f"leads: {intake.summary()}\nvisits: {visits.summary()}")

    scorer = Engine(policy).scorer
    events = visits.events_by_lead()
    singles = [scorer.score(lead, events=events[lead.id], at=AT) for lead in intake.leads]
    frame = scorer.score_frame(
        policy.frame(intake.leads), events=policy.event_frame(visits.events), at=AT
    )
    equal = all(
        [getattr(score, name) for score in singles] == frame[name].to_list()
        for name in ("score", "fit", "engagement", "lifetime")
    )
    say(f"lead form and frame form are {'equal' if equal else 'DIFFERENT'} on {len(singles)} leads")
    return frame, equal


def main(say: Callable[[str], object] = print) -> dict[str, float]:
    """Score the data set in both forms and return what was measured, by name."""
    frame, equal = scored(say)
    odd, even = frame.gather_every(2, offset=1), frame.gather_every(2)
    rated = odd.filter(pl.col("activity_score").is_not_null())
    found: dict[str, float] = {"equal": equal}
    say(f"\n{'AUC':28} {'odd rows':>16} {'odd, vendor too':>16} {'even rows':>16}")
    rows = {"odd": odd, "rated": rated, "even": even}
    sizes = [f"{part['converted'].sum():,} of {len(part):,}" for part in rows.values()]
    say(f"{'converted':28}" + "".join(f"{size:>17}" for size in sizes))
    for name, score in ASKED.items():
        known = ("rated",) if "vendor" in name else tuple(rows)
        aucs = {key: auc(rows[key], score) for key in known}
        shown = (f"{aucs[key]:17.3f}" if key in aucs else f"{'':17}" for key in rows)
        say(f"{name:28}" + "".join(shown))
        found |= {f"{name}, {key}": value for key, value in aucs.items()}

    own = odd.filter(pl.col("lead_origin") != "add_form")
    found["score, own forms"] = auc(own, pl.col("score"))
    told = f"on the {len(own):,} odd rows without the form that staff fill in"
    say(f"\nscore, {told}: {found['score, own forms']:.3f}")
    say("what suspects would make of the score, on the odd rows:")
    for name, more in SUSPECTS.items():
        found[name] = auc(odd, pl.col("score") + more)
        say(f"  {name:44} {found[name]:.3f}")
    return found


if __name__ == "__main__":
    sys.exit(0 if main()["equal"] else 1)
