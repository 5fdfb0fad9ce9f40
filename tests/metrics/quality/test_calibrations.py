"""Calibration: expected shares beside those that came."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from tests.metrics.score_tables import by_outcome

BANDED = [(80, n < 6, "hot") for n in range(10)] + [(10, n < 1, "cold") for n in range(10)]


def test_bands_beside_what_was_promised() -> None:
    found = by_outcome(BANDED).calibration({"hot": 0.5, "cold": 0.6})
    assert [(x.group, x.expected, x.ratio.numerator, x.held) for x in found.groups] == [
        ("hot", 0.5, 6, True),
        ("cold", 0.6, 1, False),
    ]
    assert found.title.startswith("expected 55.0 %, came 7 of 20 leads (35.0 %")
    # hot: 6 of 0.25 and 4 of 0.25; cold: 1 of 0.16 and 9 of 0.36.
    assert found.brier == pytest.approx((10 * 0.25 + 0.16 + 9 * 0.36) / 20)
    assert found.brier_of_rate == pytest.approx(0.35 * 0.65)
    assert found.notes == (
        "Brier score 0.2950, and 0.2275 if the rate of all were expected of each",
    )


def test_an_earlier_time_says_what_is_expected() -> None:
    quality = by_outcome(BANDED)
    found = quality.calibration(quality)
    assert [x.expected for x in found.groups] == [0.6, 0.1]
    assert all(x.held for x in found.groups)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=20))
def test_the_brier_score_is_that_of_scikit_learn(rows: list[tuple[float, bool]]) -> None:
    """Law: the Brier score is what scikit-learn finds."""
    sklearn = pytest.importorskip("sklearn.metrics")
    found = by_outcome(rows).calibration()
    wanted = sklearn.brier_score_loss([won for _, won in rows], [x for x, _ in rows], pos_label=1)
    assert found.brier == pytest.approx(wanted)
    assert found.total.expected == pytest.approx(sum(x for x, _ in rows) / len(rows))


def test_without_a_lead_there_is_nothing() -> None:
    found = by_outcome([(0.5, None)]).calibration()
    assert (found.brier, found.brier_of_rate, found.rows()) == (None, None, [])
    assert found.notes == ("no lead whose outcome is known",)


@pytest.mark.parametrize(
    ("rows", "expected", "message"),
    [
        (
            [(80, True), (10, False)],
            None,
            (
                "score: 80 is no probability; expected 0 to 1, or what is expected of each band, "
                "such as {'hot': 0.2}"
            ),
        ),
        (
            [(0.5, True)],
            {"hot": 0.2},
            "expected: the scores have no bands; expected a column of them",
        ),
        (BANDED, {"hot": 20, "cold": 0.1}, "expected: 20 of 'hot' is no share; expected 0 to 1"),
        (BANDED, {"hot": 0.2}, "expected: nothing is expected of the band 'cold'"),
    ],
)
def test_what_is_not_possible_is_refused(rows: Any, expected: Any, message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        by_outcome(rows).calibration(expected)
    assert str(caught.value) == message


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture(theme: Any) -> None:
    drawn = by_outcome(BANDED).calibration({"hot": 0.5, "cold": 0.6}).plot(theme=theme).to_dict()
    assert drawn["layer"][0]["encoding"]["x"]["title"] == "expected to convert (%)"
    assert [x["group"] for x in drawn["layer"][1]["data"]["values"]] == ["hot", "cold"]
