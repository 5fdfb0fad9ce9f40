"""What the code blocks of a page mean: they run, in the page's order, in an empty folder.

- `python` runs in one namespace for the page; what it prints must stand in a `text` block below.
- `console` holds lines `$ leadrules ...`, `$ cat FILE`, `$ head -N FILE` and `$ echo $?`, each
  with its output.
- `yaml` is read; a whole policy or mapping is loaded, under the last policy of the page. The rows
  of a table are those of the CSV file of its name, which stands above.
- A title is a file's name: the block is written there. `broken...` must not load.
- `diff` changes the file that its title names.
- Blocks of other languages, or of none, are only shown.

Before a fence, `<!-- needs: spark -->` has it shown only, where Spark cannot start.
"""

from __future__ import annotations

import contextlib
import csv
import difflib
import io
import json
import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from sybil import Document, Example, Region, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.example import SybilFailure
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

from leadrules import DocumentError, load_mapping, load_policy
from leadrules.cli import main
from leadrules.document import read_document
from tests.frames import spark_session

__all__ = ["leadrules_says", "run_page", "with_true_outputs"]

FENCES = RawFencedCodeBlockLexer(
    re.compile(r'[ ]*(?P<language>\w+)(?:[ ]+title="(?P<title>[^"]+)")?[^\n]*\n')
)
NEEDS = re.compile(r"<!-- needs: (\w+) -->\s*\Z")
PROMPT = re.compile(r"^\$ ((?:.*\\\n)*.*)\n?", re.MULTILINE)
PLAIN_TERMINAL = {
    "COLUMNS": "100",
    "NO_COLOR": "1",
    "TERM": "dumb",
}

run = PythonEvaluator()


def run_page(path: Path) -> None:
    """Run every block of a page in the current folder, and compare what comes out."""
    example = None
    for example in Sybil([blocks]).parse(path).examples():
        example.evaluate()
    if example:
        nothing_unsaid(example)


def with_true_outputs(path: Path) -> str:
    """Return the text of a page with the outputs that its blocks have now."""
    document = Sybil([blocks]).parse(path)
    for example in document.examples():
        with contextlib.suppress(SybilFailure):
            example.evaluate()
    text = document.text
    for start, end, found in reversed(document.namespace.get("_found", [])):
        text = f"{text[:start]}{found}{text[end:]}"
    return text


def blocks(document: Document) -> Iterator[Region]:
    """Yield the blocks that mean something, each with what runs it."""
    for region in FENCES(document):
        evaluator = EVALUATORS.get(region.lexemes["language"])
        needed = NEEDS.search(document.text, 0, region.start)
        if evaluator and (needed is None or NEEDED[needed[1]]()):
            region.parsed, region.evaluator = region.lexemes["source"], evaluator
            yield region


def run_python(example: Example) -> None:
    """Run a block, and keep what it prints for the block below."""
    nothing_unsaid(example)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        run(example)
    example.namespace["_printed"] = printed.getvalue()


def compare_text(example: Example) -> str | None:
    """Compare a block with what the `python` block above it has printed."""
    found = example.namespace.pop("_printed", "")
    note(example, found)
    return differences(example.parsed, found)


def run_console(example: Example) -> str | None:
    """Run the commands of a block, and compare their output."""
    commands = PROMPT.findall(example.parsed)
    found = "".join(f"$ {each}\n{output_of(each, example.namespace)}" for each in commands)
    note(example, found)
    return differences(example.parsed, found)


def read_yaml(example: Example) -> str | None:
    """Read a block; load it, if it is a whole document; write it, if it is a file."""
    text, title = str(example.parsed), example.region.lexemes["title"]
    namespace = example.namespace
    if title:
        Path(title).write_text(text, encoding="utf-8")
    try:
        if re.search(r"^leadrules: 1$", text, re.MULTILINE):
            namespace["_vocabulary"] = load_policy(text, tables=rows_above(text)).vocabulary
        elif re.search(r"^leadrules_mapping: 1$", text, re.MULTILINE):
            load_mapping(text, vocabulary=namespace.get("_vocabulary"))
        else:
            read_document(text)
    except DocumentError as error:
        return None if str(title).startswith("broken") else str(error)
    return f"{title} is not broken" if str(title).startswith("broken") else None


def rows_above(text: str) -> dict[str, list[dict[str, str]]]:
    """Return the rows of the tables that a policy declares, where the page has written them."""
    found = {}
    for name in yaml.safe_load(text).get("tables", ()) if "\ntables:" in text else ():
        path = Path(f"{name}.csv")
        if path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                found[name] = list(csv.DictReader(file))
    return found


def read_json(example: Example) -> None:
    """Read a block as JSON."""
    json.loads(example.parsed)


def write_file(example: Example) -> None:
    """Write a block to the file that its title names."""
    if example.region.lexemes["title"]:
        Path(example.region.lexemes["title"]).write_text(example.parsed, encoding="utf-8")


def change_file(example: Example) -> None:
    """Change a file as a block says: its lines with `-` become those with `+`."""
    path, lines = Path(example.region.lexemes["title"]), example.parsed.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] in {" ", mark}) for mark in "-+")
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"line {example.line}: {path} does not hold these lines once"
    path.write_text(text.replace(old, new), encoding="utf-8")


def has_spark() -> bool:
    """Return whether Spark can start here; if so, it is that of the other tests."""
    if not (find_spec("pyspark") and shutil.which("java")):
        return False
    spark_session()
    return True


NEEDED = {"spark": has_spark}
EVALUATORS: dict[str, Any] = {
    "console": run_console,
    "csv": write_file,
    "diff": change_file,
    "json": read_json,
    "python": run_python,
    "text": compare_text,
    "yaml": read_yaml,
}


def output_of(command: str, namespace: dict[str, Any]) -> str:
    """Return what a command prints, on either stream, and keep its exit status."""
    if command == "echo $?":
        return f"{namespace['_status']}\n"
    program, *arguments = shlex.split(command.replace("\\\n", " "))
    if program == "cat":
        return Path(arguments[0]).read_text(encoding="utf-8")
    if program == "head":
        count, file = arguments
        lines = Path(file).read_text(encoding="utf-8").splitlines(keepends=True)
        return "".join(lines[: -int(count)])
    assert program == "leadrules", command
    namespace["_status"], said = leadrules_says(arguments)
    return said


def leadrules_says(arguments: Sequence[str]) -> tuple[int, str]:
    """Return the exit status of a command, and what it prints, on either stream."""
    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="", write_through=True)
    with (
        pytest.MonkeyPatch.context() as surroundings,
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
    ):
        for name, value in PLAIN_TERMINAL.items():
            surroundings.setenv(name, value)
        status = main(arguments)
    said.seek(0)
    return status, said.read().replace("\r\n", "\n")


def note(example: Example, found: str) -> None:
    """Keep what should stand in a block."""
    source = example.region.lexemes["source"]
    start = example.region.start + source.offset
    lines = "".join(f"{line.rstrip()}\n" for line in found.rstrip().splitlines())
    example.namespace.setdefault("_found", []).append((start, start + len(source), lines))


def nothing_unsaid(example: Example) -> None:
    """Check that what the block above printed was shown."""
    unsaid = example.namespace.get("_printed", "")
    assert not unsaid, f"before line {example.line}, printed and not shown:\n{unsaid}"


def differences(expected: str, found: str) -> str | None:
    """Return how two texts differ, apart from blanks at the ends of lines."""
    wanted, given = (
        [line.rstrip() for line in text.rstrip().splitlines()] for text in (expected, found)
    )
    if wanted == given:
        return None
    return "\n".join(difflib.unified_diff(wanted, given, "the page", "in truth", lineterm=""))
