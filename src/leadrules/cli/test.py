"""`leadrules test`: cases in, whether the policy says what they expect out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from leadrules.cli.check import counted
from leadrules.cli.consoles import messages, results
from leadrules.cli.inputs import read_policy
from leadrules.layout import told
from leadrules.testing.cases import Case, Result, failed
from leadrules.testing.goals import coverage
from leadrules.testing.loading import load_cases

__all__ = ["run_cases"]


def run_cases(
    path: Path,
    files: Sequence[Path],
    *,
    tables: Iterable[tuple[str, Path]],
    cover: bool,
    fail_under: float | None,
) -> int:
    """Run the cases of files, and return the exit status: 1 if one fails, or too little is tried.

    Raises:
        LeadRulesError: If a document is wrong.
        OSError: If a file cannot be read.
    """
    policy = read_policy(path, tables)
    read = [load_cases(file, policy=policy) for file in files]
    console = results()
    found: list[Result] = []
    for file in read:
        outcome = file.run()
        found += outcome
        for result in failed(outcome):
            _tell(result, file.source or "", console)
    wrong = len(failed(found))
    right = Text(f"{len(found) - wrong} passed", "green" if not wrong else "")
    console.print(
        Text(f"{counted('case', found)}: ")
        + right
        + Text(f", {wrong} failed", "bold red" if wrong else ""),
        soft_wrap=True,
    )
    lacking = False
    if cover or fail_under is not None:
        cases: list[Case] = [result.case for result in found if result.error is None]
        reached = coverage(policy, cases)
        console.print(str(reached), soft_wrap=True)
        lacking = fail_under is not None and reached.percent < fail_under
        if lacking:
            messages().print(f"expected at least {fail_under:g} %", soft_wrap=True)
    return 1 if wrong or lacking else 0


def _tell(result: Result, source: str, console: Console) -> None:
    place = result.case.place
    where = f"{source}:{place.line}: " if place else ""
    console.print(Text.assemble((f"{where}{told(result.case.name)}", "bold red")), soft_wrap=True)
    for line in result.lines(source):
        console.print(f"  {line}", soft_wrap=True)
