from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadrules import presets
from leadrules.cli import main
from tests.cli.runs import AT, POLICY, Command, Run, written


def test_it_tells_its_version(leadrules: Command) -> None:
    assert leadrules("--version") == Run(0, "leadrules 0.1.0\n", "")


def test_help_lists_the_commands(leadrules: Command) -> None:
    code, out, err = leadrules("--help")
    assert (code, err) == (0, "")
    assert "Score sales leads by a policy that sales and marketing agree on." in out
    assert "Exit status: 0 done; 1 done, with rejected rows or failed checks;" in out
    assert re.findall(r"^│ ([a-z]+) ", out, flags=re.MULTILINE) == [
        "demo",
        "check",
        "score",
        "explain",
        "agenda",
        "route",
        "report",
        "test",
        "compare",
        "lifecycle",
        "audit",
        "hash",
        "schema",
    ]


@pytest.mark.parametrize(
    ("command", "example"),
    [
        ("demo", "leadrules demo --write trial"),
        ("check", "leadrules check policy.yaml --strict --at 2026-10-05"),
        ("score", "leadrules score policy.yaml --leads export.csv --mapping mapping.yaml"),
        ("explain", "leadrules explain policy.yaml --leads leads.csv --lead 17 --questions"),
        ("test", "leadrules test policy.yaml policy.cases.yaml"),
        ("compare", "leadrules compare policy.yaml new.yaml --leads leads.csv"),
        ("lifecycle", "leadrules lifecycle policy.yaml --stages"),
        ("audit", "leadrules audit policy.yaml --leads leads.csv --events moves.csv"),
        ("hash", "leadrules hash policy.yaml"),
        ("schema", "leadrules schema --output policy.schema.json"),
    ],
)
def test_help_of_a_command_gives_examples(leadrules: Command, command: str, example: str) -> None:
    code, out, err = leadrules(command, "--help")
    assert (code, err) == (0, "")
    assert f"   {example}\n" in out.split("Examples:\n")[1]


def test_without_arguments_it_shows_its_help(leadrules: Command) -> None:
    assert "Usage: leadrules [OPTIONS] COMMAND" in leadrules().out


def test_a_command_that_there_is_not_is_refused(leadrules: Command) -> None:
    code, out, err = leadrules("scor")
    assert (code, out) == (2, "")
    assert "No such command 'scor'" in err


def test_the_module_is_the_command() -> None:
    command = [sys.executable, "-m", "leadrules", "check", "absent.yaml"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert (found.returncode, found.stdout) == (2, "")
    assert "absent.yaml" in found.stderr


def test_help_imports_nothing_that_is_slow() -> None:
    program = (
        "import sys\n"
        "from leadrules.cli import main\n"
        "main(['--help'])\n"
        "slow = {'leadrules.policy', 'leadrules.intake', 'pendulum', 'narwhals', 'polars'}\n"
        "print(sorted(slow & set(sys.modules)))\n"
    )
    assert _python(program).out.endswith("\n[]\n")


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_without_the_extra_it_tells_how_to_install_it(package: str) -> None:
    program = (
        f"import sys; sys.modules['{package}'] = None\n"
        "from leadrules.cli import main; sys.exit(main(['demo']))\n"
    )
    assert _python(program) == Run(2, "", _needs(package))


def test_without_the_extra_it_returns_2(
    monkeypatch: pytest.MonkeyPatch, leadrules: Command
) -> None:
    monkeypatch.delitem(sys.modules, "leadrules.cli.commands", raising=False)
    monkeypatch.setitem(sys.modules, "typer", None)
    assert leadrules("demo") == Run(2, "", _needs("typer"))


def test_a_module_of_its_own_that_is_missing_is_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "leadrules.cli.commands", raising=False)
    monkeypatch.setitem(sys.modules, "leadrules.cli.formats", None)
    with pytest.raises(ModuleNotFoundError):
        main(["demo"])


def _needs(package: str) -> str:
    return (
        f"error: the command line needs the package '{package}'; "
        "install it by: pip install 'leadrules[cli]'\n"
    )


def _python(program: str, **options: int) -> Run:
    source = str(Path(presets.__file__).parents[2])
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, "PYTHONPATH": source, "PYTHONUTF8": "1"},
        stdout=options.get("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def closed_pipe() -> Iterator[int]:
    read, write = os.pipe()
    os.close(read)
    yield write
    os.close(write)


def test_a_closed_pipe_is_left_in_silence(closed_pipe: int) -> None:
    program = "import sys; from leadrules.cli import main; sys.exit(main(['demo']))"
    assert _python(program, stdout=closed_pipe)[::2] == (141, "")


@pytest.mark.parametrize("command", [("demo",), ("schema",)])
def test_a_closed_pipe_ends_a_command(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w", encoding="utf-8") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        assert main(command) == 141
    assert capsys.readouterr().err == ""


class Impatient(io.StringIO):
    """Standard output of a user who presses Ctrl-C as soon as there is something to read."""

    def write(self, _text: str) -> int:
        raise KeyboardInterrupt


def test_an_interrupt_is_left_in_silence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Impatient())
    assert main(["demo"]) == 130
    assert capsys.readouterr().err == ""


def test_an_output_that_has_no_such_character(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written("policy.yaml", POLICY)
    written("leads.csv", "id\nü17\n")
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    args = ["score", "policy.yaml", "--leads", "leads.csv", "--format", "csv", "--at", AT]
    assert main(args) == 2
    assert capsys.readouterr().err.endswith(
        "error: the output's encoding ascii has no '\\xfc'; "
        "write to a file by --output, or set PYTHONIOENCODING=utf-8\n"
    )
