"""What every test may rely on: how often laws are tried, the public data, the optional engines."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from leadrules import Intake

ROOT = Path(__file__).parents[1]

os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # a container's host name may not resolve

# How fast a machine is says nothing about a law, hence no deadline.
settings.register_profile(
    "dev", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "ci", settings.get_profile("dev"), max_examples=8, derandomize=True, print_blob=True
)
settings.register_profile("thorough", settings.get_profile("dev"), max_examples=200)
settings.register_profile("quick", settings.get_profile("dev"), max_examples=10)
settings.register_profile("brief", settings.get_profile("dev"), max_examples=3)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what reads the public data sets, and skip what this machine cannot run."""
    missing = {"durable": _durable_missing(), "spark": _spark_missing()}
    for item in items:
        if "data_dir" in getattr(item, "fixturenames", ()):
            item.add_marker("data")
        for name, reason in missing.items():
            if reason and item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of public data sets, which are not part of the repository."""
    path = Path(os.environ.get("LEADRULES_DATA") or ROOT.parent / "shared" / "data")
    if not path.is_dir():
        pytest.skip(f"no public data sets at {path}; set LEADRULES_DATA to their folder")
    return path.resolve()


@pytest.fixture(scope="session")
def ich_intakes(data_dir: Path) -> Iterator[Mapping[str, Intake]]:
    """Return the deals, people, calls and spending of a school's CRM, which are read once."""
    from examples import measure_ich_crm
    from leadrules import load_policy

    policy = load_policy(measure_ich_crm.HERE / "ich_crm.policy.yaml")
    gc.disable()  # there are many of them, none of which is given up while others are read
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(measure_ich_crm, "DATA", data_dir)
            found = measure_ich_crm.read(policy)
        gc.freeze()  # nor later, so that nobody need look at them again
    finally:
        gc.enable()
    yield found
    gc.unfreeze()


def _durable_missing() -> str:
    return "" if find_spec("durable") else "durable-rules is not installed"


def _spark_missing() -> str:
    if not find_spec("pyspark"):
        return "pyspark is not installed"
    if not os.environ.get("JAVA_HOME") and not shutil.which("java"):
        return "Spark needs Java, and there is none"
    return ""
