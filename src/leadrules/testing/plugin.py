"""The pytest plugin: files that end in `.cases.yaml` are tests, one for each case.

It is loaded in every session of pytest, so it imports nothing until there is such a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from leadrules.testing.collecting import CasesFile

__all__ = ["pytest_addoption", "pytest_collect_file"]

_ENDINGS = (".cases.yaml", ".cases.yml", ".cases.json")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option `leadrules_policy`."""
    told = "The policy of files of cases that name none, as seen from the root of the project."
    parser.addini("leadrules_policy", told)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CasesFile | None:
    """Return the collector of a file of cases."""
    if not file_path.name.endswith(_ENDINGS):
        return None
    from leadrules.testing.collecting import CasesFile  # noqa: PLC0415 - only where it is needed

    found: CasesFile = CasesFile.from_parent(parent, path=file_path)
    return found
