"""The package: its names, and that importing it costs little."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

import pytest

import leadrules

FRAMES = {"duckdb", "narwhals", "numpy", "pandas", "polars", "pyarrow", "pyspark"}
STATISTICS = {"altair", "scipy", "vl_convert"}


def imported_by(code: str) -> set[str]:
    """Return the top-level modules that a new Python imports to run the code."""
    found = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"],
        capture_output=True,
        check=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    return {name.partition(".")[0] for name in found.stdout.split()}


@pytest.mark.parametrize("name", leadrules.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(leadrules, name) is not None
    assert name in dir(leadrules)


def test_another_name_is_not() -> None:
    with pytest.raises(AttributeError, match="module 'leadrules' has no attribute 'Scoreer'"):
        _ = leadrules.Scoreer


def test_importing_it_imports_nothing_else() -> None:
    assert not imported_by("import leadrules") & (FRAMES | {"pydantic", "pendulum", "yaml"})


def test_scoring_a_lead_imports_no_data_frames() -> None:
    code = "import leadrules as l; [getattr(l, name) for name in l.__all__]"
    assert not imported_by(code) & (FRAMES | STATISTICS)


def test_reading_what_measures_mean_imports_no_data_frames() -> None:
    policy = {
        "leadrules": 1,
        "policy": {"id": "acme", "version": 1, "effective": "2026-01-01"},
        "metrics": {"path": ["mql", "won"]},
    }
    code = (
        "import leadrules as l; from leadrules.metrics import Measures, Period, Ratio; "
        f"l.load_policy({policy}).measures; print(Ratio('a', 0, 0, period=Period.of('2026')))"
    )
    assert not imported_by(code) & (FRAMES | STATISTICS)


def test_the_version_is_that_of_the_distribution() -> None:
    try:
        installed = version("leadrules")
    except PackageNotFoundError:
        pytest.skip("leadrules runs from its source and is not installed")
    assert leadrules.__version__ == installed
