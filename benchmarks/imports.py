"""What importing costs a host, beside importing what any such library needs."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.report import at_most, table
from benchmarks.timing import Subject, in_turns

__all__ = ["run"]

BASE = "from pydantic import BaseModel; import pendulum, yaml"
OURS = {
    "import leadrules": 1.2,
    "from leadrules import Engine, Lead, load_policy": None,
    "from leadrules import Lead": None,
}


def run(*, quick: bool = False) -> None:
    turns = 1 if quick else 15
    timings = in_turns({code: _fresh(code) for code in (BASE, *OURS)}, turns)
    lines = [[BASE, f"{timings.median(BASE) * 1e3:.0f}", "1", ""]]
    for code, target in OURS.items():
        ratio = timings.ratio(code, BASE)
        verdict = "" if target is None else at_most(ratio.median, target)
        lines.append([code, f"{timings.median(code) * 1e3:.1f}", str(ratio), verdict])
    table(
        f"Imports: a fresh process each, {turns} turns, compiled files present",
        ["", "ms", "times the first", "target"],
        lines,
        ["`import leadrules` alone imports no name; each is imported at its first use."],
    )


def _fresh(code: str) -> Subject:
    timed = (
        "from time import perf_counter; start = perf_counter()\n"
        f"{code}\n"
        "print(perf_counter() - start)"
    )

    def run_it() -> float:
        command = [sys.executable, "-c", timed]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
        return float(done.stdout)

    return run_it
