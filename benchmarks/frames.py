"""The frame form beside polars expressions and SQL written by hand."""

from __future__ import annotations

from typing import Any

import duckdb
import polars as pl

from benchmarks.hand_written_frames import SQL, by_chains, by_flags
from benchmarks.policy import AT, make_leads, policy
from benchmarks.report import at_least, table
from benchmarks.timing import in_turns, subject
from leadrules import Engine

__all__ = ["run"]

OURS, CHAINS, FLAGS = "Scorer.score_frame, polars", "polars, when/then chains", "polars, flags"
OURS_SQL, HAND_SQL = "Scorer.score_frame, DuckDB", "SQL, CASE"
COLUMNS = ("id", "score", "fit")


def run(*, quick: bool = False) -> None:
    count, turns = (2_000, 1) if quick else (1_000_000, 9)
    scorer = Engine(policy()).scorer
    leads = make_leads(count)
    base = duckdb.connect()
    base.register("made", leads)
    base.execute("CREATE TABLE leads AS SELECT * FROM made")

    def ours() -> pl.DataFrame:
        found: pl.DataFrame = scorer.score_frame(leads, at=AT)
        return found

    def ours_in_base() -> Any:
        return scorer.score_frame(base.table("leads"), at=AT).select(*COLUMNS).to_arrow_table()

    def by_sql() -> Any:
        return base.sql(SQL.format(leads="leads")).to_arrow_table()

    wanted = by_chains(leads)
    for found in (ours(), by_flags(leads)):
        assert found.equals(wanted)
    number = pl.col("id").cast(pl.Int64)
    for rows in (ours_in_base(), by_sql()):
        assert pl.DataFrame(rows).sort(number).equals(wanted.select(COLUMNS))

    timings = in_turns(
        {
            OURS: subject(ours),
            CHAINS: subject(lambda: by_chains(leads)),
            FLAGS: subject(lambda: by_flags(leads)),
            OURS_SQL: subject(ours_in_base),
            HAND_SQL: subject(by_sql),
        },
        turns,
    )
    lines = []
    for own, others in ((OURS, (CHAINS, FLAGS)), (OURS_SQL, (HAND_SQL,))):
        best = timings.fastest(*others)
        speed = timings.ratio(best, own)
        lines += [
            [name, _rate(count, timings.median(name)), "1" if name == best else "", ""]
            for name in others
        ]
        verdict = at_least(speed.median, 0.7)
        lines.append([own, _rate(count, timings.median(own)), str(speed), verdict])
    total, fit = wanted["score"].sum(), wanted["fit"].sum()
    table(
        f"Frames: {count:,} leads, 20 rules, {turns} turns, equal rows "
        f"(scores add up to {total:,}, fits to {fit:,.0f})",
        ["", "million leads/s", "speed beside the best by hand", "target"],
        lines,
        [
            "polars: from a frame to the frame with `score` and `fit`.",
            "DuckDB: from a table in memory to `id`, `score` and `fit` as Arrow.",
        ],
    )


def _rate(count: int, seconds: float) -> str:
    return f"{count / seconds / 1e6:.2f}"
