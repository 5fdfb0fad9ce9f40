"""The package of measures: its names, what they import, and what is absent without an extra."""

from __future__ import annotations

import pkgutil
import sys

import pytest

from leadrules import EvaluationError, metrics
from leadrules.metrics import Ratio, Ratios
from leadrules.metrics.pictures import charts, svg_of
from tests.test_package import STATISTICS, imported_by

RATIOS = Ratios(Ratio("a_to_b", 1, 4), ("owner",), (Ratio("a_to_b", 1, 4, group={"owner": "x"}),))


@pytest.mark.parametrize("name", metrics.__all__)
def test_every_public_name_is_there(name: str) -> None:
    found = getattr(metrics, name)
    assert found.__name__ == name
    assert found.__doc__
    assert name in dir(metrics)


def test_another_name_is_not() -> None:
    with pytest.raises(AttributeError) as raised:
        _ = metrics.funel
    assert str(raised.value) == "module 'leadrules.metrics' has no attribute 'funel'"


def test_no_module_is_called_like_what_it_exports() -> None:
    modules = {module.name for module in pkgutil.iter_modules(metrics.__path__)}
    assert modules & set(metrics.__all__) == set()


def test_importing_measures_imports_neither_statistics_nor_charts() -> None:
    code = "import leadrules.metrics as m; [getattr(m, name) for name in m.__all__]"
    assert not imported_by(code) & STATISTICS


@pytest.mark.parametrize(
    ("module", "make", "message"),
    [
        (
            "scipy",
            lambda: str(Ratio("a_to_b", 1, 4, confidence=0.87)),
            "statistics need the package 'scipy'; install leadrules[metrics]",
        ),
        ("altair", charts, "a picture needs the package 'altair'; install leadrules[plots]"),
        ("altair", RATIOS.plot, "a picture needs the package 'altair'; install leadrules[plots]"),
        (
            "vl_convert",
            lambda: svg_of(None),
            "a picture needs the package 'vl_convert'; install leadrules[plots]",
        ),
    ],
)
def test_without_the_extra_it_is_named(
    monkeypatch: pytest.MonkeyPatch, module: str, make: object, message: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert callable(make)
    with pytest.raises(EvaluationError) as raised:
        make()
    assert str(raised.value) == message
