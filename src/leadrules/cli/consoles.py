"""What a command says to people: results on standard output, all else on standard error."""

from __future__ import annotations

import os
import sys
from typing import NoReturn, TextIO

from rich.console import Console
from rich.text import Text

from leadrules.errors import DocumentError, Issue, LeadRulesError

__all__ = ["CommandError", "messages", "note", "refuse", "results", "silence", "told", "warn"]


NEEDS_ROWS = "\n  --table NAME=FILE.csv gives the rows of a table"


class CommandError(LeadRulesError):
    """Tell that a command cannot do what it was asked."""


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the command, which ends as one does that nobody reads."""
        raise BrokenPipeError


def results(file: TextIO | None = None) -> Console:
    """Return the console of standard output, or of a file."""
    return _Console(file=file, highlight=False, markup=False, emoji=False)


def messages() -> Console:
    """Return the console of standard error."""
    return _Console(stderr=True, highlight=False, markup=False, emoji=False)


def refuse(error: Exception) -> None:
    """Say why a command could not run."""
    _say("error: ", "bold red", told(error))


def note(text: str) -> None:
    """Say what the user may want to know beside the result."""
    _say("note: ", "bold", text)


def warn(issue: Issue, *, source: str) -> None:
    """Say what is odd about a document."""
    _say("warning: ", "bold yellow", f"{source}:{'' if issue.line else ' '}{issue}")


def told(error: Exception) -> str:
    """Return an error as one message."""
    match error:
        case OSError() if error.filename is not None:
            return f"{error.filename}: {(error.strerror or str(error)).lower()}"
        case UnicodeEncodeError():
            character = error.object[error.start]
            return (
                f"the output's encoding {error.encoding} has no {character!a}; "
                "write to a file by --output, or set PYTHONIOENCODING=utf-8"
            )
        case DocumentError():
            absent = any(issue.code == "missing-rows" for issue in error.issues)
            return f"{error}{NEEDS_ROWS if absent else ''}"
    return str(error)


def silence() -> None:
    """Let what is still to be written to a closed pipe go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _say(label: str, style: str, text: str) -> None:
    messages().print(Text.assemble((label, style), text), soft_wrap=True)
