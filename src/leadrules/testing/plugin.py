"""The pytest plugin: documents of cases are tests, one for each case.

Their names end in `.cases.yaml`, `.cases.yml` or `.cases.json`, and they have the key
`leadrules_cases`; files of other tools may end so too. The plugin is loaded in every session of
pytest, so it imports nothing until there is such a document.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from leadrules.testing.collecting import CasesFile

__all__ = ["pytest_addoption", "pytest_collect_file"]

_ENDINGS = (".cases.yaml", ".cases.yml", ".cases.json")
_KEY = re.compile(rb"""(?:^(?:\xef\xbb\xbf)?|[{,])\s*["']?leadrules_cases["']?\s*:""", re.MULTILINE)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options `leadrules_policy` and `leadrules_tables`."""
    told = "The policy of files of cases that name none, as seen from the root of the project."
    parser.addini("leadrules_policy", told)
    told = "The rows of tables, NAME=FILE.csv a line, as seen from the root of the project."
    parser.addini("leadrules_tables", told, type="linelist")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CasesFile | None:
    """Return the collector of a file of cases, or None if it is another file."""
    if not file_path.name.endswith(_ENDINGS) or not _has_the_key(file_path):
        return None
    from leadrules.testing.collecting import CasesFile  # noqa: PLC0415 - only where it is needed

    found: CasesFile = CasesFile.from_parent(parent, path=file_path)
    return found


def _has_the_key(path: Path) -> bool:
    """Return whether the text of a file looks as if it had the key of documents of cases."""
    try:
        return _KEY.search(path.read_bytes()) is not None
    except OSError:
        return False
