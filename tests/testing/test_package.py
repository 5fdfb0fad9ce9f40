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


@pytest.mark.parametrize("name", ["check_policy", "Violation", "leads", "histories"])
def test_the_extra_is_named_where_hypothesis_is_missing(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for module in ("invariants", "strategies"):
        monkeypatch.delitem(sys.modules, f"leadrules.testing.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ModuleNotFoundError) as raised:
        getattr(testing, name)
    message = f"{name} needs the package 'hypothesis'; install leadrules[testing]"
    assert (str(raised.value), raised.value.name) == (message, "hypothesis")


def test_another_module_that_is_missing_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "leadrules.testing.history", None)
    with pytest.raises(ModuleNotFoundError, match=r"import of leadrules\.testing\.history"):
        _ = testing.History


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
