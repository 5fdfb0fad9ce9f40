"""Times of several ways to do the same, taken in turns so that a noisy machine hits all alike."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time

__all__ = ["Ratio", "Subject", "Timings", "in_turns", "once", "subject"]

Subject = Callable[[], float]
"""Does the work once, and returns the seconds that it took."""


def subject(work: Callable[[], object], *, processor: bool = False) -> Subject:
    """Return work as a subject; of one thread, by the processor's time, which is less noisy."""
    return lambda: once(work, clock=process_time if processor else perf_counter)[0]


def once(
    work: Callable[[], object], *, clock: Callable[[], float] = perf_counter
) -> tuple[float, object]:
    """Return the seconds that work takes, without collections of garbage, and its result."""
    gc.collect()
    gc.disable()
    try:
        start = clock()
        result = work()
        return clock() - start, result
    finally:
        gc.enable()


@dataclass(frozen=True)
class Ratio:
    """How many times as long one takes as another: the median of the turns, and its range."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f}  ({self.low:.2f}..{self.high:.2f})"


@dataclass(frozen=True)
class Timings:
    """The seconds of every subject, turn by turn."""

    seconds: Mapping[str, list[float]]

    def median(self, name: str) -> float:
        return median(self.seconds[name])

    def ratio(self, name: str, base: str) -> Ratio:
        """Return how many times as long a subject takes as another of the same turn."""
        pairs = zip(self.seconds[name], self.seconds[base], strict=True)
        ratios = [one / other for one, other in pairs]
        return Ratio(median(ratios), min(ratios), max(ratios))

    def fastest(self, *names: str) -> str:
        return min(names, key=self.median)


def in_turns(subjects: Mapping[str, Subject], turns: int, *, warm: bool = True) -> Timings:
    """Return the times of every subject, after one turn that does not count, to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in subjects}
    for turn in range(turns + warm):
        for name, run in subjects.items():
            taken = run()
            if turn >= warm:
                seconds[name].append(taken)
    return Timings(seconds)
