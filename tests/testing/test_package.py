from __future__ import annotations

import subprocess
import sys

import pytest

from leadrules import testing


@pytest.mark.parametrize("name", testing.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(testing, name) is not None
    assert name in dir(testing)


def test_another_name_is_not() -> None:
    with pytest.raises(AttributeError, match=r"module 'leadrules\.testing' has no attribute 'x'"):
        _ = testing.x


def test_cases_coverage_and_comparison_need_no_hypothesis() -> None:
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "from leadrules.testing import Case, Coverage, Comparison, compare, coverage, load_cases\n"
        "from leadrules.testing import History, Mismatch, Result\n"
        "print('done')"
    )
    found = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert found.stdout == "done\n"
