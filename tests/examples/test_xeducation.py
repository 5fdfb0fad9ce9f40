"""The X Education example does on real leads what its documentation says."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples import measure_xeducation


@pytest.fixture
def measured(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    monkeypatch.setattr(measure_xeducation, "DATA", data_dir)
    return measure_xeducation.main()


def test_the_score_ranks_real_leads_better_than_the_vendors_own(
    measured: dict[str, float],
) -> None:
    assert measured["equal"] == 1
    assert measured["odd rows"] == 4620
    assert measured["rows that the vendor scored"] == 2511
    assert measured["vendor, on these"] == pytest.approx(0.652, abs=0.0005)
    assert measured["score"] == pytest.approx(0.776, abs=0.0005)
    assert measured["fit"] == pytest.approx(0.779, abs=0.0005)
    assert measured["fit, on these"] == pytest.approx(0.769, abs=0.0005)
