"""The kit to test a policy with: cases, coverage, comparison, strategies and invariants.

A name is imported when it is first used. Only the strategies and the invariants need hypothesis.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadrules.testing.cases import Case, CaseFile, Mismatch, Result
    from leadrules.testing.comparison import Change, Comparison, compare
    from leadrules.testing.goals import Coverage, Goal, coverage
    from leadrules.testing.history import History
    from leadrules.testing.invariants import Violation, check_policy
    from leadrules.testing.joint import joint_vocabulary
    from leadrules.testing.loading import CasesError, load_cases
    from leadrules.testing.strategies import arrivals, events, histories, leads, moments

__all__ = [
    "Case",
    "CaseFile",
    "CasesError",
    "Change",
    "Comparison",
    "Coverage",
    "Goal",
    "History",
    "Mismatch",
    "Result",
    "Violation",
    "arrivals",
    "check_policy",
    "compare",
    "coverage",
    "events",
    "histories",
    "joint_vocabulary",
    "leads",
    "load_cases",
    "moments",
]

_HOMES = {
    "cases": ("Case", "CaseFile", "Mismatch", "Result"),
    "comparison": ("Change", "Comparison", "compare"),
    "goals": ("Coverage", "Goal", "coverage"),
    "history": ("History",),
    "invariants": ("Violation", "check_policy"),
    "joint": ("joint_vocabulary",),
    "loading": ("CasesError", "load_cases"),
    "strategies": ("arrivals", "events", "histories", "leads", "moments"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        message = f"module 'leadrules.testing' has no attribute '{name}'"
        raise AttributeError(message)
    try:
        home = import_module(f"leadrules.testing.{_HOME_OF[name]}")
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        message = f"{name} needs the package 'hypothesis'; install leadrules[testing]"
        raise ModuleNotFoundError(message, name=error.name) from None
    return getattr(home, name)


def __dir__() -> list[str]:
    return sorted(__all__)
