"""The X Education example does on real leads what its documentation says."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from examples import measure_xeducation
from leadrules.cli import main


@pytest.fixture
def measured(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    monkeypatch.setattr(measure_xeducation, "DATA", data_dir)
    return measure_xeducation.main()


def test_the_score_ranks_real_leads_better_than_the_vendors_own(
    measured: dict[str, float],
) -> None:
    assert measured["equal"] == 1
    own = ("fit: who they are", "engagement: what they did", "score: both")
    vendors = ("vendor's profile score", "vendor's activity score", "vendor's scores added")
    found = {name: round(value, 3) for name, value in measured.items()}
    assert [found[f"{name}, odd"] for name in own] == [0.654, 0.643, 0.772]
    assert [found[f"{name}, even"] for name in own] == [0.663, 0.656, 0.777]
    assert [found[f"{name}, rated"] for name in own] == [0.628, 0.652, 0.762]
    assert [found[f"{name}, rated"] for name in vendors] == [0.607, 0.630, 0.652]
    assert found["score, own forms"] == 0.744


def test_the_command_line_gives_the_same_scores(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure_xeducation, "DATA", data_dir)
    here = Path(measure_xeducation.__file__).parent
    leads = data_dir / "xeducation" / "Leads.csv"
    visits, found = tmp_path / "visits.csv", tmp_path / "scores.csv"
    measure_xeducation.exported(leads).write_csv(visits)
    args = ["score", here / "xeducation.policy.yaml", "--leads", leads]
    args += ["--mapping", here / "xeducation.mapping.yaml", "--events", visits]
    args += ["--events-mapping", here / "xeducation_visits.mapping.yaml", "-o", found, "--at"]
    assert main([*map(str, args), measure_xeducation.AT.isoformat()]) == 0
    frame, equal = measure_xeducation.scored()
    assert equal
    points = {"fit": pl.Float64, "engagement": pl.Float64}
    by_command = pl.read_csv(found, schema_overrides=points)
    assert len(by_command) == 9240
    assert by_command["lead_id"].equals(frame["id"])
    for column in ("score", *points):
        assert by_command[column].equals(frame[column])
