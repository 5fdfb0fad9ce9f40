"""The X Education example does on real leads what its documentation says."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from examples import measure_xeducation
from leadrules import Engine, load_mapping, load_policy
from leadrules.cli import main


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


def test_the_command_line_and_a_frame_give_the_same_scores(data_dir: Path, tmp_path: Path) -> None:
    here = Path(measure_xeducation.__file__).parent
    leads, found = data_dir / "xeducation" / "Leads.csv", tmp_path / "scores.csv"
    mapping, policy = here / "xeducation.mapping.yaml", here / "xeducation.policy.yaml"
    args = ["score", policy, "--leads", leads, "--mapping", mapping, "-o", found, "--at"]
    assert main([*map(str, args), measure_xeducation.AT.isoformat()]) == 0
    read = load_policy(policy)
    intake = load_mapping(mapping, vocabulary=read.vocabulary).read(leads)
    frame = Engine(read).scorer.score_frame(read.frame(intake.leads), at=measure_xeducation.AT)
    by_command = pl.read_csv(found, schema_overrides={"fit": pl.Float64})
    assert len(by_command) == 9240
    assert by_command["lead_id"].equals(frame["id"])
    assert by_command["score"].equals(frame["score"])
    assert by_command["fit"].equals(frame["fit"])
