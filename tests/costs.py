"""How much work something is: calls of functions, which are the same on every machine."""

from __future__ import annotations

from collections.abc import Callable
from cProfile import Profile
from pstats import Stats
from typing import Any

__all__ = ["calls"]


def calls(work: Callable[..., object], *args: Any) -> int:
    """Return how many calls of functions, in Python and in C, a piece of work takes."""
    profile = Profile()
    profile.runcall(work, *args)
    count: int = Stats(profile).total_calls  # type: ignore[attr-defined]  # it has it
    return count
