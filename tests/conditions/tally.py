"""How many cases each comparison of readers has tried, for the end of the run."""

from __future__ import annotations

from collections import Counter

CASES: Counter[str] = Counter()
DIFFERENCES: Counter[str] = Counter()


def report() -> list[str]:
    return [
        f"conditions, {kind}: {count:,} cases, {DIFFERENCES[kind]:,} differences"
        for kind, count in sorted(CASES.items())
    ]
