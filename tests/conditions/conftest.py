"""Tells at the end of the run how many cases the readers were compared on."""

from __future__ import annotations

import pytest

from tests.conditions.tally import report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in report():
        terminalreporter.write_line(line)
