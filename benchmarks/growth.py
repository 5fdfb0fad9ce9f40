"""From ten thousand to ten million leads: whether time and memory grow as the leads do."""

from __future__ import annotations

import json
import sys
from typing import Any

import duckdb

from benchmarks.own_process import in_own_process, measure, mib
from benchmarks.policy import AT, lead_of, make_leads, policy
from benchmarks.report import table
from leadrules import Engine

__all__ = ["measured", "run"]

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
FORMS = {
    "polars": SIZES,
    "duckdb": SIZES,
    "lead": SIZES[:3],
}
POOL = 10_000
TURNS = 3


def run(*, quick: bool = False) -> None:
    lines = []
    for form, sizes in FORMS.items():
        for count in (1_000, 2_000) if quick else sizes:
            found = in_own_process("benchmarks.growth", form, count)
            rate = count / found["seconds"]
            lines.append(
                [
                    f"{form}, {count:,} leads",
                    f"{found['seconds'] * 1e3:,.0f}",
                    f"{rate:,.0f}",
                    mib(found["before"]),
                    mib(found["peak"]),
                ]
            )
    table(
        "Growth: 20 rules, each size in a process of its own, the best of "
        f"{TURNS} (of 1 from {SIZES[-1]:,})",
        ["", "ms", "leads/s", "MiB with the leads", "MiB at the peak"],
        lines,
        [
            f"lead: `Scorer.score` over the same {POOL:,} leads again and again.",
            "duckdb: a table in memory, to `id`, `score` and `fit` as Arrow.",
        ],
    )


def measured(form: str, count: int) -> dict[str, Any]:
    scorer = Engine(policy()).scorer
    if form == "lead":
        leads = [lead_of(row) for row in make_leads(min(count, POOL)).to_dicts()]

        def work() -> object:
            for _ in range(count // len(leads)):
                for lead in leads:
                    scorer.score(lead, at=AT)
            return None

    elif form == "duckdb":
        base = duckdb.connect()
        frame = make_leads(count)
        base.register("made", frame)
        base.execute("CREATE TABLE leads AS SELECT * FROM made")
        base.unregister("made")
        del frame

        def work() -> object:
            scored = scorer.score_frame(base.table("leads"), at=AT)
            return scored.select("id", "score", "fit").to_arrow_table()

    else:
        frame = make_leads(count)

        def work() -> object:
            return scorer.score_frame(frame, at=AT)

    return measure(work, 1 if count >= SIZES[-1] else TURNS)


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]))))
