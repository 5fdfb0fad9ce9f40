"""What became of a school's deals: the figures that others counted, counted by measures."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from examples import measure_ich_crm, measure_ich_metrics
from leadrules import Intake
from leadrules.metrics.ratio import half_up


@pytest.fixture(scope="module")
def published(data_dir: Path) -> Mapping[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure_ich_crm, "DATA", data_dir)
        return measure_ich_metrics.published()


@pytest.fixture(scope="module")
def counted(published: Mapping[str, Any]) -> Mapping[str, Any]:
    return published["computed_here_with_pandas"]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def reproduced(published: Mapping[str, Any]) -> Mapping[str, Any]:
    return published["published"]["raw_level_reproduced_here"]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def measured(ich_intakes: Mapping[str, Intake]) -> Mapping[str, Any]:
    return measure_ich_metrics.main(lambda _: None, ich_intakes)


@pytest.mark.parametrize("by", ["quality", "source", "owner"])
def test_as_many_are_won_of_each_group(
    measured: Mapping[str, Any], counted: Mapping[str, Any], by: str
) -> None:
    rates = measured[f"won by {by}"]
    found = {rate.group[by]: (rate.denominator, rate.numerator) for rate in rates}
    expected = {
        _name(name, by): (row["deals"], row["won"]) for name, row in counted[f"by_{by}"].items()
    }
    assert found == expected
    assert (rates.total.numerator, rates.total.denominator) == (counted["won"], counted["deals"])


def _name(name: str, by: str) -> str | None:
    """Return a group as the mapping names it; a grade is its letter."""
    return None if name == "<null>" else name[0] if by == "quality" else name


def test_the_published_rate_of_webinars_is_found(
    measured: Mapping[str, Any], reproduced: Mapping[str, Any]
) -> None:
    assert half_up(measured["won by source"]["Webinar"].value, 4) == str(
        reproduced["webinar_conversion"]
    )


def test_reasons_are_those_of_the_export(
    measured: Mapping[str, Any], published: Mapping[str, Any], counted: Mapping[str, Any]
) -> None:
    assert measured["reasons"] == counted["lost_reasons"]
    # what one of them published after cleaning is what is left if only the lost are counted
    cleaned = published["published"]["after_author_cleaning_not_directly_reproducible"]
    assert measured["reasons of the lost"]["Doesn't Answer"] == cleaned["Doesnt_Answer_losses"]


def test_spending_per_win_is_that_of_others(
    measured: Mapping[str, Any], counted: Mapping[str, Any], reproduced: Mapping[str, Any]
) -> None:
    assert {name: float(spent) for name, spent in measured["spend"].items()} == counted[
        "spend_by_source"
    ]
    for source, row in counted["cpl_cac"].items():
        assert float(measured["per win"][source]) == pytest.approx(row["cac"], abs=1e-6)
    assert half_up(float(measured["per win"]["Webinar"]), 0) == str(reproduced["cac_webinar_eur"])
    assert half_up(float(measured["per win"]["Google Ads"]), 0) == str(reproduced["cac_google_eur"])
    assert measured["per win"]["Offline"] is None  # nothing was won: undefined, and not 0
    assert measured["per win"]["Organic"] == Decimal(0)
    assert measured["no deal"] == ["Radio"]


def test_better_grades_are_called_more_often(measured: Mapping[str, Any]) -> None:
    touches = measured["touches"]
    assert [(x, touches[x]["deals"], touches[x]["tried"]) for x in ("A", "B", "C", "D", "E")] == [
        ("A", 432, 3_250),
        ("B", 1_564, 11_407),
        ("C", 3_459, 21_062),
        ("D", 6_248, 21_848),
        ("E", 7_634, 23_967),
    ]
    assert [touches[x]["never"] for x in ("A", "E", None)] == [25, 2_120, 1_632]


def test_what_is_dirty_is_listed(
    measured: Mapping[str, Any], reproduced: Mapping[str, Any], counted: Mapping[str, Any]
) -> None:
    dirty = measured["dirty"]
    assert dirty["closed before it was created"] == reproduced["closing_before_created"]
    assert dirty["no owner"] == counted["by_owner"]["<null>"]["deals"]
    assert dirty["no grade"] == counted["by_quality"]["<null>"]["deals"]
    # as the review of the same export says, published/g_review.md
    assert dirty["paid more than the price"] == 58
    assert dirty["rows of spending that are there twice"] == 917
    assert dirty["ended, and nobody knows when"] == 2_222
    assert dirty["won, and graded D, E or F"] == 33
