"""Engagement of ever more activities: time, memory, and the same on PySpark."""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks.activities import A_LEAD, COLUMNS, by_id, in_base, made, policy, tables
from benchmarks.own_process import in_own_process, measure, mib
from benchmarks.policy import AT
from benchmarks.report import table
from benchmarks.spark import local_spark
from benchmarks.timing import once
from leadrules import Engine

__all__ = ["QUICK", "SIZES", "TURNS", "growth", "measured", "on_spark", "turns"]

SIZES, QUICK = (100_000, 1_000_000, 10_000_000), (2_000, 20_000)
FORMS = ("polars", "DuckDB")
TURNS = 3
LINEAR = 12
"""How many times as long ten times the activities may take."""
LIMIT = 6 * 2**30
"""How many bytes the largest size may take."""
SPARK = 20_000


def turns(count: int) -> int:
    return TURNS if QUICK[-1] < count < SIZES[-1] else 1


def growth(sizes: tuple[int, ...], *, in_this_process: bool) -> None:
    """Print how time and memory grow, and whether they stay within their targets."""
    lines = []
    place = "this process" if in_this_process else "a process of its own"
    for form in FORMS:
        before: float | None = None
        for count in sizes:
            if in_this_process:
                found = measured(form, count)
            else:
                found = in_own_process("benchmarks.engagement_growth", form, count)
            times = before and found["seconds"] / before
            last = count == SIZES[-1]
            lines.append(
                [
                    f"{form}, {count:,}",
                    f"{found['seconds']:.2f}",
                    f"{times:.1f}" if times else "",
                    ("linear" if times <= LINEAR else "SLOWER THAN LINEAR") if times else "",
                    mib(found["before"]),
                    mib(found["peak"]),
                    _under_limit(found["peak"]) if last or in_this_process else "",
                ]
            )
            before = found["seconds"]
    table(
        f"Growth of engagement: ours, each size in {place}, "
        f"the best of {TURNS} (of 1 at {SIZES[-1]:,})",
        [
            "",
            "s",
            "times the time",
            "growth",
            "MiB before",
            "MiB at the peak",
            "under 6 GiB",
        ],
        lines,
        [
            f"Linear: ten times the activities take at most {LINEAR} times as long.",
            "The peak is of all that the process holds as it scores: Python, and the frames, too.",
            "Before: with the frames, and with what making them has left to be used again.",
            "Nothing limits the memory of DuckDB but its default, four fifths of the machine's.",
        ],
    )


def _under_limit(peak: int | None) -> str:
    if peak is None:
        return "not measured"
    return "met" if peak < LIMIT else "MISSED"


def measured(form: str, count: int) -> dict[str, Any]:
    leads, events = made(count)
    if form == "DuckDB":
        base = tables(leads, events)
        del leads, events
        return measure(lambda: in_base(base), turns(count))
    scorer = Engine(policy()).scorer
    return measure(lambda: scorer.score_frame(leads, events=events, at=AT), turns(count))


def on_spark(absent: str) -> None:
    """Print how long Spark takes, and assert that its scores are those of polars."""
    title = f"Engagement on PySpark: {SPARK:,} activities of {SPARK // A_LEAD:,} leads"
    if absent:
        print(f"\n{title}: left out, since {absent}")
        return
    leads, events = made(SPARK)
    scorer = Engine(policy()).scorer
    with local_spark() as spark:
        frames = [spark.createDataFrame(frame.to_arrow()).cache() for frame in (leads, events)]
        assert [frame.count() for frame in frames] == [leads.height, events.height]

        def planned() -> Any:
            return scorer.score_frame(frames[0], events=frames[1], at=AT).select(*COLUMNS)

        planning, planned_frame = once(planned)
        plan: Any = planned_frame
        running, found = once(plan.toArrow)
    assert by_id(found).equals(by_id(scorer.score_frame(leads, events=events, at=AT)))
    table(
        f"{title}, equal to polars",
        ["", "s"],
        [
            ["score_frame, which makes the plan", f"{planning:.1f}"],
            ["from tables in memory to Arrow", f"{running:.1f}"],
        ],
        [
            "One turn, the first of a local session on two threads.",
            "Id, score and engagement are the same, to the bit.",
        ],
    )


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]))))
