"""Files of cases as pytest collects them: each case is a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from leadrules.document import read_document
from leadrules.engine import Engine
from leadrules.errors import DocumentError, LeadRulesError
from leadrules.policy import Policy
from leadrules.testing.cases import Case, Result
from leadrules.testing.loading import load_cases, policy_of
from leadrules.testing.tables import Row, read_tables

__all__ = ["CaseItem", "CasesFile"]


class _Failed(Exception):  # noqa: N818 - carries what is told of a case that fails
    def __init__(self, result: Result) -> None:
        self.result = result
        super().__init__(result.case.name)


class CasesFile(pytest.File):
    """A file of cases."""

    def collect(self) -> Iterator[CaseItem]:
        """Yield a test for each case."""
        try:
            tables = read_tables(self.config.getini("leadrules_tables"), self.config.rootpath)
            file = load_cases(self.path, policy=self._policy(tables), tables=tables)
        except (LeadRulesError, OSError) as error:
            raise self.CollectError(_told(error)) from None
        engine = Engine(file.policy)
        for case in file.cases:
            item: CaseItem = CaseItem.from_parent(self, name=case.name, case=case, engine=engine)
            yield item

    def _policy(self, tables: Mapping[str, Sequence[Row]]) -> Policy | None:
        """Return the policy of the option, unless the file names one."""
        named: str = self.config.getini("leadrules_policy")
        if not named or _names_policy(self.path):
            return None
        try:
            return policy_of(self.config.rootpath / named, tables)
        except OSError as error:
            message = f"leadrules_policy: {_told(error)}"
            raise self.CollectError(message) from None


def _names_policy(path: Path) -> bool:
    try:
        return read_document(path.read_bytes()).data.get("policy") is not None
    except DocumentError:
        return False  # as a document of cases it tells what is wrong


def _told(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {(error.strerror or str(error)).lower()}"
    hint = ""
    if isinstance(error, DocumentError) and any(x.code == "missing-rows" for x in error.issues):
        hint = "\n  the option leadrules_tables gives rows, a line NAME=FILE.csv for each table"
    return f"{error}{hint}"


class CaseItem(pytest.Item):
    """A case as a test."""

    def __init__(self, *, case: Case, engine: Engine, **more: Any) -> None:
        super().__init__(**more)
        self.case = case
        self.engine = engine

    def runtest(self) -> None:
        """Run the case.

        Raises:
            _Failed: If the policy does not say what is expected.
        """
        result = self.case.run(self.engine)
        if not result.passed:
            raise _Failed(result)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Return what is told of a case that fails."""
        if isinstance(excinfo.value, _Failed):
            return "\n".join(excinfo.value.result.lines(self.path.name))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the case stands."""
        place = self.case.place
        return self.path, place.line - 1 if place else None, f"case: {self.name}"
