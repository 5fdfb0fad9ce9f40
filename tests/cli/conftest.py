from __future__ import annotations

from pathlib import Path

import pytest

from leadrules.cli import main
from tests.cli.runs import AT, Command, Run, stripped


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give a command a folder of its own, and a plain terminal of 80 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    for name in ("FORCE_COLOR", "NO_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def leadrules(capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*args: object) -> Run:
        capsys.readouterr()
        code = main([str(arg) for arg in args])
        out, err = capsys.readouterr()
        return Run(code, stripped(out), stripped(err))

    return run


@pytest.fixture
def sample(leadrules: Command) -> tuple[str, ...]:
    """Write the sample, and return what scores it."""
    assert leadrules("demo", "--write", "trial").code == 0
    return (
        "score",
        "trial/policy.yaml",
        "--leads",
        "trial/leads.csv",
        "--mapping",
        "trial/mapping.yaml",
        "--events",
        "trial/events.csv",
        "--events-mapping",
        "trial/events-mapping.yaml",
        "--at",
        AT,
    )


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a command take its streams for a terminal."""
    monkeypatch.setenv("FORCE_COLOR", "1")
