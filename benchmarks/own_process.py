"""Work that is measured in a process of its own: how long it takes, and how much memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.timing import once

__all__ = ["in_own_process", "measure", "mib"]

STATUS = Path("/proc/self/status")


def in_own_process(module: str, form: str, count: int) -> dict[str, Any]:
    """Return what `python -m module form count` measures and prints as JSON."""
    command = [sys.executable, "-m", module, form, str(count)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure(work: Callable[[], object], turns: int) -> dict[str, Any]:
    """Return the best seconds of some turns, and the bytes in memory before and at the peak.

    The peak is that of the work. Where the system cannot forget the peak of what was made before,
    it is the higher of the two.
    """
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    before = _memory("VmRSS")
    seconds = min(once(work)[0] for _ in range(turns))
    return {"seconds": seconds, "before": before, "peak": _memory("VmHWM")}


def mib(size: int | None) -> str:
    return "-" if size is None else f"{size / 2**20:,.0f}"


def _memory(name: str) -> int | None:
    """Return how many bytes the process has in memory, or has had at most; None if not Linux."""
    if not STATUS.exists():
        return None
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(lines[name].split()[0]) * 1024
