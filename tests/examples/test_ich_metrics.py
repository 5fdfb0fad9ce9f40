"""What became of a school's deals: the figures that others counted, counted by measures."""

from __future__ import annotations

from collections.abc import Mapping
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


def test_what_was_lost_is_lost_disqualified_or_recycled(
    measured: Mapping[str, Any], reproduced: Mapping[str, Any]
) -> None:
    losses, rates = measured["losses"], measured["win rate"]
    recycled = sum(
        measured["reasons of the lost"][x] for x in ("needs time to think", "Next stream")
    )
    assert losses.total + recycled == reproduced["Lost"]
    assert (losses.of("lost"), losses.of("disqualified"), recycled) == (9_571, 5_435, 737)
    assert (rates.total.numerator, rates.total.denominator) == (858, 858 + 9_571)


def test_who_was_never_called_has_missed_the_hour(
    measured: Mapping[str, Any], counted: Mapping[str, Any], reproduced: Mapping[str, Any]
) -> None:
    own, sla = measured["own"], counted["sla_hours"]
    assert (own["n"], own["max"].total_seconds()) == (sla["n"], reproduced["SLA_max_s"])
    assert own["median"].total_seconds() / 3600 == pytest.approx(sla["median"], abs=1e-6)
    assert own["SLA<=1h"] == pytest.approx(sla["share_le_1h"], abs=1e-6)
    assert half_up(own["SLA<=72h"], 3) == str(reproduced["SLA<=72h"])
    # of those who were called 22.4 %; of all whose hour is over
    in_time = measured["speed"].total.in_time
    assert (in_time.numerator, in_time.denominator) == (3_681, 21_590)
    assert half_up(100 * in_time.value, 1) == "17.0"


def test_spending_per_win_is_that_of_others(
    measured: Mapping[str, Any], counted: Mapping[str, Any], reproduced: Mapping[str, Any]
) -> None:
    found = measured["programmes"]
    spent = {part.group["source"]: part.cost / 100 for part in found.parts}
    assert {
        name: cost for name, cost in counted["spend_by_source"].items() if name in spent
    } == spent
    for source, row in counted["cpl_cac"].items():
        part = found[source]
        assert float(part.cost_per() / 100) == pytest.approx(row["cpl"], abs=1e-6)
        assert float(part.cost_per("close") / 100) == pytest.approx(row["cac"], abs=1e-6)
    for source, key in (("Webinar", "cac_webinar_eur"), ("Google Ads", "cac_google_eur")):
        assert half_up(float(found[source].cost_per("close") / 100), 0) == str(reproduced[key])
    assert found["Offline"].cost_per("close") is None  # nothing was won: undefined, and not 0
    assert found.total.revenue is None
    assert "costs that match no lead: Radio (300 EUR)" in found.notes


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
    assert dirty["won, and nobody knows when"] == 341
