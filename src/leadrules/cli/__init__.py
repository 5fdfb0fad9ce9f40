"""The command line: `leadrules` and its commands, each in a module of its own name.

It is the one place that reads the clock and writes files. It needs the extra `cli`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]

PACKAGES = {"click", "rich", "typer"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command, and return its exit status.

    Args:
        argv: What stands behind `leadrules`; by default what the process was given.

    Returns:
        0 done; 1 done, with rejected rows or failed checks; 2 could not run.
    """
    try:
        from leadrules.cli.commands import run  # noqa: PLC0415 - the extra may be missing
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in PACKAGES:
            raise
        sys.stderr.write(
            f"error: the command line needs the package '{package}'; "
            "install it by: pip install 'leadrules[cli]'\n"
        )
        return 2
    return run(argv)
