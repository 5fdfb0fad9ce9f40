"""The example of a school's CRM does on real deals what its documentation says."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from examples import measure_ich_crm
from examples.measure_ich_crm import auc, wilson


def test_deals_that_score_high_are_won_more_often(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure_ich_crm, "DATA", data_dir)
    said: list[str] = []
    found = measure_ich_crm.main(said.append)
    assert "21531 of 21593 deals have a person among the 18548 contacts" in said
    assert found["equal"] == 1
    assert (found["deals"], found["won"], found["calls told late"]) == (21_593, 858, 46)
    assert (found["hot deals"], found["hot won"]) == (3_346, 359)
    assert (found["warm deals"], found["warm won"]) == (5_064, 233)
    assert (found["cold deals"], found["cold won"]) == (13_183, 266)
    # of 47 deals of the last day: what the form says is known at once, what is asked later is not
    assert (found["source known"], found["page known"], found["contact_created known"]) == (47,) * 3
    assert (found["product known"], found["german_level known"]) == (2, 0)
    assert [
        round(found[f"{part}, {rows}"], 3)
        for rows in ("odd rows", "even rows", "odd rows that ended")
        for part in ("score", "fit", "engagement")
    ] == [0.712, 0.587, 0.683, 0.721, 0.607, 0.696, 0.694, 0.535, 0.682]


def test_wilsons_interval_of_nothing_of_ten_ends_above_a_quarter() -> None:
    # Source: Brown, Cai and DasGupta 2001, Interval estimation for a binomial proportion
    low, high = wilson(0, 10)
    assert low == pytest.approx(0, abs=1e-12)
    assert high == pytest.approx(0.2775, abs=5e-5)


def test_ties_count_half() -> None:
    deals = pl.DataFrame({"won": [True, False, True, False], "score": [2, 1, 1, None]})
    assert auc(deals, "score") == 0.75
