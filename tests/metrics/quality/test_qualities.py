"""The quality of a score as it is told."""

from __future__ import annotations

import json

import polars as pl
import pytest

from leadrules.errors import EvaluationError
from leadrules.metrics import process_review, stability
from tests.metrics.score_tables import by_outcome

ROWS = [(80, n < 6, "hot") for n in range(10)] + [(10, n < 1, "cold") for n in range(10)]


def test_it_prints_what_it_measures() -> None:
    found = by_outcome(ROWS)
    assert str(found).splitlines()[:8] == [
        "score to bought: 7 of 20 leads (35.0 %, 95 % CI 18.1 to 56.7), first entry, 0 censored",
        "  measure                 value    low   high  reading",
        "  rate                    0.350  0.181  0.567  share of all leads that converted",
        "  AUC                     0.775  0.535  0.911  0.5 knows nothing, 1 parts both sides",
        "  KS                      0.549      -      -  largest from 80 on",
        "  lift of the best tenth  1.714      -      -  50.0 % of leads, 85.7 % of conversions",
        "",
        "rates by band: 7 of 20 leads (35.0 %, 95 % CI 18.1 to 56.7), first entry, 0 censored",
    ]


def test_as_data_html_and_frame() -> None:
    found = by_outcome(ROWS)
    data = json.loads(json.dumps(found.to_dict()))
    assert [row["measure"] for row in data["rows"]][1:3] == ["AUC", "KS"]
    assert [row["band"] for row in data["bands"]["rows"]] == ["hot", "cold"]
    assert data["gains"]["rows"][0]["caught"] == pytest.approx(6 / 7)
    assert found._repr_html_().count("<table") == 3
    assert found.to_frame("pandas")["measure"].to_list()[1] == "AUC"


def test_without_a_conversion_there_is_little_to_tell() -> None:
    found = by_outcome([(2, False), (1, False)])
    assert [row[0] for row in found.rows()] == ["rate"]
    assert found.to_dict()["bands"] is None
    assert by_outcome([(2, None), (1, None)]).total.value is None


def test_its_picture_is_that_of_gains() -> None:
    found = by_outcome(ROWS)
    assert found.plot(theme="dark").to_dict() == found.gains.plot(theme="dark").to_dict()


def test_every_picture_refuses_a_theme_that_is_none() -> None:
    found = by_outcome(ROWS)
    columns = stability(*[pl.DataFrame({"score": [1, 2, 3]})] * 2, columns="score")
    assert found.bands is not None
    plots = [
        found.plot,
        found.gains.plot_lift,
        found.bands.plot,
        found.calibration(found).plot,
        columns.plot,
        columns["score"].plot,
        process_review({"score": found}, {"score": found}).plot,
    ]
    for plot in plots:
        with pytest.raises(EvaluationError) as caught:
            plot(theme="blue")  # type: ignore[arg-type]  # what a caller may give
        assert str(caught.value) == "theme: 'blue' is not possible; expected 'light' or 'dark'"
