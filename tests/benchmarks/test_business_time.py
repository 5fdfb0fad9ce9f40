"""The benchmark of business time runs, and what it compares is equal."""

from __future__ import annotations

import pytest

from benchmarks import business_time


def test_business_time_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    business_time.run(quick=True)
    told = capsys.readouterr().out
    assert "Business time of one lead: 1 turns" in told
    assert "Business time of a table: 2,000 rows, 1 turns, equal results" in told
