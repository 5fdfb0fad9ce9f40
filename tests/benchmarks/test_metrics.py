"""What measures say is what is written by hand; how fast they are, is not tested."""

from __future__ import annotations

import pytest

from benchmarks.metrics import ENGINES, MEASURES, asked


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", MEASURES)
def test_measures_say_what_is_written_by_hand(name: str, engine: str) -> None:
    ours, hand = (asked(name, engine, way, 500)() for way in ("ours", "hand"))
    assert ours == hand
    assert all(value is not None for value in ours)
