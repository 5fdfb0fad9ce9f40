"""`python -m benchmarks [--quick] [section ...]`: every section, or those that are named."""

from __future__ import annotations

import argparse
import os
import platform
from importlib.metadata import PackageNotFoundError, version

from benchmarks import (
    business_time,
    engagement,
    explanation,
    frames,
    growth,
    history,
    imports,
    intake,
    lead,
    lifecycle,
    metrics,
    routing,
    rules,
)
from leadrules import __version__

SECTIONS = {
    "lead": lead.run,
    "history": history.run,
    "explanation": explanation.run,
    "frame": frames.run,
    "engagement": engagement.run,
    "growth": growth.run,
    "import": imports.run,
    "rules": rules.run,
    "intake": intake.run,
    "lifecycle": lifecycle.run,
    "business_time": business_time.run,
    "routing": routing.run,
    "metrics": metrics.run,
}
PACKAGES = (
    "polars",
    "duckdb",
    "zen-engine",
    "rule-engine",
    "durable-rules",
    "python-statemachine",
    "transitions",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="few leads and turns: a smoke run")
    given = parser.parse_args()
    unknown = [name for name in given.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"no section '{unknown[0]}'; expected one of {', '.join(SECTIONS)}")
    versions = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    print(
        f"leadrules {__version__}, Python {platform.python_version()}, {os.cpu_count()} processors"
    )
    print(versions)
    for name in given.sections or SECTIONS:
        SECTIONS[name](quick=given.quick)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(absent)"


if __name__ == "__main__":
    main()
