"""The example of a school's CRM does on real deals what its documentation says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from examples import measure_ich_crm
from examples.measure_ich_crm import auc, wilson
from leadrules import Intake, Money, load_mapping
from leadrules.lead import FieldValue


def test_deals_that_score_high_are_won_more_often(
    data_dir: Path, ich_intakes: Mapping[str, Intake], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure_ich_crm, "DATA", data_dir)
    said: list[str] = []
    found = measure_ich_crm.main(said.append, ich_intakes)
    assert "21531 of 21593 deals have a person among the 18548 contacts" in said
    assert found["equal"] == 1
    assert (found["deals"], found["won"], found["calls told late"]) == (21_593, 858, 46)
    assert (found["spent"], found["spent as published"]) == (149_523.45, 149_523)
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


def test_spending_is_read_whole(ich_intakes: Mapping[str, Intake]) -> None:
    mapper = load_mapping(Path(measure_ich_crm.__file__).with_name("ich_spend.mapping.yaml"))
    spending = ich_intakes["spend"]
    assert repr(mapper) == "Mapper(rows)"
    assert repr(spending) == (
        "Intake(read=20779, accepted=20779, rejected=0, leads=0, events=0, rows=20779)"
    )
    rows = spending.rows
    assert (min(row["day"] for row in rows), max(row["day"] for row in rows)) == (  # type: ignore[type-var]
        date(2023, 7, 3),
        date(2024, 6, 21),
    )
    # all numbers as polars alone gives them
    assert [sum(name in row for row in rows) for name in ("campaign", "ad_group", "ad")] == [
        14_785,
        13_951,
        13_951,
    ]
    assert Counter(row["source"] for row in rows)["Facebook Ads"] == 9_732
    assert sum(int(str(row["clicks"])) for row in rows) == 498_501
    assert sum(int(str(row["impressions"])) for row in rows) == 51_079_010


def test_what_was_spent_is_told_without_what_was_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure_ich_crm, "DATA", tmp_path)
    said: list[str] = []
    rows: tuple[dict[str, FieldValue], ...] = (
        {"spend": Money.parse("1000.50 EUR")},
        {"spend": Money.parse("0 EUR")},
    )
    assert measure_ich_crm.spent(Intake(rows=rows, with_rows=True), said.append) == {
        "spent": 1000.5
    }
    assert said == ["1,000.50 EUR were spent"]


def test_wilsons_interval_of_nothing_of_ten_ends_above_a_quarter() -> None:
    # Source: Brown, Cai and DasGupta 2001, Interval estimation for a binomial proportion
    low, high = wilson(0, 10)
    assert low == pytest.approx(0, abs=1e-12)
    assert high == pytest.approx(0.2775, abs=5e-5)


def test_ties_count_half() -> None:
    deals = pl.DataFrame({"won": [True, False, True, False], "score": [2, 1, 1, None]})
    assert auc(deals, "score") == 0.75
