"""Rates of bands: their order, and whether they differ beyond noise."""

from __future__ import annotations

from typing import Any

import pytest

from leadrules.errors import EvaluationError
from tests.metrics.score_tables import by_outcome


def rows(*bands: tuple[str | None, float, int, int]) -> list[tuple[Any, ...]]:
    """Return leads of bands: name, score, how many converted, of how many."""
    return [(score, n < won, band) for band, score, won, of in bands for n in range(of)]


def test_better_bands_are_better_beyond_noise() -> None:
    found = by_outcome(rows(("cold", 10, 5, 100), ("hot", 80, 60, 100), ("warm", 40, 30, 100)))
    bands = found.bands
    assert bands is not None
    assert [(x.band, x.mean, x.ratio.numerator) for x in bands.bands] == [
        ("hot", 80, 60),
        ("warm", 40, 30),
        ("cold", 10, 5),
    ]
    assert bands.monotone is True
    assert bands.parted
    assert [row[-1] for row in bands.rows()] == [None, "lower", "lower"]
    assert bands.rows()[0][7] == pytest.approx(0.6 / (95 / 300))
    assert bands.notes == (
        (
            "no band converts more often than one above it; "
            "every band is lower than the one above beyond noise"
        ),
    )


def test_few_leads_cannot_be_told_apart() -> None:
    bands = by_outcome(rows(("hot", 80, 3, 6), ("warm", 40, 2, 6))).bands
    assert bands is not None
    assert bands.monotone is True
    assert not bands.parted
    assert bands.rows()[1][-1] == "cannot be told"
    assert bands.notes == (
        (
            "no band converts more often than one above it; "
            "not every band is lower than the one above beyond noise"
        ),
    )


def test_a_band_that_is_better_than_the_one_above_is_named() -> None:
    bands = by_outcome(rows(("hot", 80, 10, 100), ("warm", 40, 60, 100))).bands
    assert bands is not None
    assert bands.monotone is False
    assert bands.rows()[1][-1] == "higher"
    assert bands.notes[0].startswith("a band converts more often than one above it; not every")


def test_p_values_are_corrected_for_the_number_of_bands() -> None:
    stats = pytest.importorskip("scipy.stats")
    bands = by_outcome(rows(("a", 3, 60, 100), ("b", 2, 45, 100), ("c", 1, 40, 100))).bands
    assert bands is not None
    tables = [[[60, 40], [45, 55]], [[45, 55], [40, 60]]]
    plain = [stats.chi2_contingency(table, correction=False).pvalue for table in tables]
    wanted = stats.false_discovery_control(plain)
    assert [x.p for x in bands.bands] == [None, *(pytest.approx(p) for p in wanted)]


def test_an_order_can_be_given() -> None:
    leads = rows(("silver", 50, 2, 4), ("gold", 40, 3, 4), (None, 1, 0, 2))
    bands = by_outcome(leads, bands=["gold", "silver"]).bands
    assert bands is not None
    assert [x.band for x in bands.bands] == ["gold", "silver", None]
    assert bands.monotone is True


def test_a_band_that_the_order_lacks_is_an_error() -> None:
    with pytest.raises(EvaluationError) as caught:
        by_outcome(rows(("gold", 50, 2, 4), ("tin", 40, 3, 4)), bands=["gold", "silver"])
    assert str(caught.value) == "bands: there are leads of 'tin'; expected 'gold' or 'silver'"


def test_leads_without_a_band_are_last_and_beside_nobody() -> None:
    bands = by_outcome(rows(("hot", 50, 2, 4), (None, 90, 3, 4))).bands
    assert bands is not None
    assert [(x.band, x.p) for x in bands.bands] == [("hot", None), (None, None)]


def test_a_band_of_nobody_known_has_no_order() -> None:
    leads = [(3, None, "hot"), (2, True, "warm"), (1, False, "cold")]
    bands = by_outcome(leads).bands
    assert bands is not None
    assert bands.monotone is None
    assert bands.notes == ("a band has no lead whose outcome is known",)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture(theme: Any) -> None:
    bands = by_outcome(rows(("hot", 50, 2, 4), ("cold", 1, 1, 4))).bands
    assert bands is not None
    drawn = str(bands.plot(theme=theme).to_dict())
    assert drawn.index("hot") < drawn.index("cold")
    assert "2 of 4" in drawn
