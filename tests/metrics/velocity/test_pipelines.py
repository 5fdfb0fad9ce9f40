"""Pipeline velocity: four factors by hand, each variant, and what they are called."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from leadrules.metrics import Measures, PipelineVelocity, pipeline_velocity, win_rate
from tests.frames import MAKE, related
from tests.metrics.tables import AT, FRAMES, WORDS, made, of_entries, processes

VALUED = WORDS.model_copy(update={"value": "budget"})

# In April: a and b are won after 30 and 10 days, c is lost, d is open and came then, e is open
# since March, f was lost before it had a proposal.
ENTRIES = of_entries(
    ("a", "proposal", "2026-03-10"),
    ("a", "won", "2026-04-09"),
    ("b", "sql", "2026-04-01"),
    ("b", "proposal", "2026-04-02"),
    ("b", "won", "2026-04-12"),
    ("c", "proposal", "2026-04-03"),
    ("c", "lost", "2026-04-20"),
    ("d", "proposal", "2026-04-25"),
    ("e", "proposal", "2026-03-01"),
    ("f", "sql", "2026-03-01"),
    ("f", "lost", "2026-04-02"),
)
VALUES = {"a": 100, "b": 300, "c": 800, "d": 600, "e": None, "f": 900}


def leads(values: dict[str, int | None], **currencies: str) -> pa.Table:
    return pa.table(
        {
            "lead_id": [*values],
            "region": ["north" if lead in "ac" else "south" for lead in values],
            "budget": pa.array([x and x * 100 for x in values.values()], pa.int64()),
            "budget_currency": [currencies.get(lead, "EUR") for lead in values],
        }
    )


def velocity(kind: str = "polars", **given: Any) -> PipelineVelocity:
    own = given.pop("leads", leads(VALUES))
    entries = made("pyarrow", ENTRIES)
    frames = related(entries, own) if kind == "duckdb" else [MAKE[kind](x) for x in (entries, own)]
    words = given.pop("measures", VALUED)
    return pipeline_velocity(*frames, measures=words, at=AT, period="2026-04", **given)


@pytest.mark.parametrize("kind", FRAMES)
def test_what_is_open(kind: str) -> None:
    found = velocity(kind).total
    assert (found.opportunities, found.win_rate.numerator, found.win_rate.denominator) == (2, 2, 3)
    assert (found.minor, found.valued, found.cycle) == (40_000, 2, 20.0)
    assert found.per_day == pytest.approx(2 * 20_000 * (2 / 3) / 20)


@pytest.mark.parametrize(
    ("given", "opportunities", "minor", "valued"),
    [
        ({"variant": "new"}, 3, 40_000, 2),
        ({"variant": "closed"}, 3, 40_000, 2),
        ({"variant": "open", "value_of": "counted"}, 2, 60_000, 1),
        ({"variant": "closed", "value_of": "counted"}, 3, 120_000, 3),
    ],
)
def test_variants(given: dict[str, Any], opportunities: int, minor: int, valued: int) -> None:
    found = velocity(**given).total
    assert (found.opportunities, found.minor, found.valued) == (opportunities, minor, valued)


def test_what_was_lost_before_counts_from_an_earlier_stage_on() -> None:
    assert str(velocity(of="sales_ready").total.win_rate).startswith("2 of 4 closed leads")


def test_it_tells_its_variant() -> None:
    found = velocity()
    assert found.name == "pipeline_velocity_open_by_value_won"
    told = str(found).split("\n")
    assert told[0] == (
        "pipeline velocity, open opportunities by the value of those won: 13.33 EUR a day = 2 x "
        "200 EUR x 66.7 % / 20.0 days, period 2026-04-01 to 2026-04-30"
    )
    assert told[1].split("  ")[-2:] == ["mean cycle (days)", "velocity a day"]
    assert " ".join(told[2].split()) == "open 2 200 EUR EUR 2 2 3 66.7 20.0 13.33 EUR"
    assert found.notes == [
        (
            "opportunities open at the end of the period, from 'quote' on; mean value of the 2 won "
            "in the period whose value is known"
        ),
        "win rate: won of won and lost in the period; cycle: mean days of those won in it",
        "a product of means without an interval; compare it only with the same variant",
    ]
    assert found.to_frame()["per_day"].to_list() == pytest.approx([13.0 + 1 / 3])


def test_groups() -> None:
    found = velocity(by="region", variant="closed")
    assert found["north"].per_day == pytest.approx(2 * 10_000 * 0.5 / 30)
    assert found["south"].per_day == pytest.approx(1 * 30_000 * 1 / 10)


def test_what_nobody_knows_is_undefined() -> None:
    found = velocity(leads=leads(dict.fromkeys(VALUES)))
    assert found.total.per_day is None
    assert "undefined a day = 2 x no known value x 66.7 % / 20.0 days" in found.title
    none = pipeline_velocity(
        made("polars", ENTRIES),
        MAKE["polars"](leads(VALUES)),
        measures=VALUED,
        at=AT,
        period="2025",
        by="region",
    )
    assert "undefined a day = 0 x no known value x undefined / no known cycle" in none.title
    assert len(none) == 0


def test_currencies() -> None:
    mixed = leads(VALUES, b="USD")
    with pytest.raises(EvaluationError) as caught:
        velocity(leads=mixed)
    assert str(caught.value) == (
        "currency: opportunities are in EUR and USD, which cannot be added; "
        "ask for one, such as currency='EUR'"
    )
    euros = velocity(leads=mixed, currency="EUR").total
    assert (euros.opportunities, str(euros.win_rate)[:6], euros.minor) == (2, "1 of 2", 10_000)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"variant": "all"},
            "variant: 'all' is not possible; expected 'open', 'new' or 'closed'",
        ),
        ({"value_of": "all"}, "value_of: 'all' is not possible; expected 'won' or 'counted'"),
        ({"of": "lost"}, "of: 'lost' is not on the way to the sale; expected a stage of the path"),
        (
            {"of": "close"},
            "of: 'close' is not on the way to the sale; expected a stage of the path",
        ),
        (
            {"measures": VALUED.model_copy(update={"lost": ()})},
            "measures: 'lost' is not stated; a velocity needs what is won and lost",
        ),
        (
            {"measures": WORDS},
            "measures: 'value' is not stated; expected the field of money of a deal",
        ),
    ],
)
def test_what_is_not_possible(given: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        velocity(**given)
    assert str(caught.value) == message


def test_a_picture() -> None:
    pytest.importorskip("altair")
    drawn = velocity(by="region", variant="closed").plot(theme="dark").to_dict()
    assert drawn["title"]["text"] == (
        "pipeline velocity, closed opportunities by the value of those won"
    )
    assert "3.33 EUR" in str(drawn)


@given(processes(), st.sampled_from(("first", "last", "every")))
def test_it_is_its_factors(rows: Any, reentry: str) -> None:
    """Law: by count of all from the first stage on, it is the win rate and nothing else.

    Each deal is worth one euro, so what is won a day is opportunities x win rate / cycle.
    """
    words = Measures.model_validate({**VALUED.model_dump(), "reentry": reentry})
    values = pa.table(
        {
            "lead_id": [*dict.fromkeys(row["lead_id"] for row in rows)],
            "budget": [100] * len({row["lead_id"] for row in rows}),
            "budget_currency": ["EUR"] * len({row["lead_id"] for row in rows}),
        }
    )
    entries = made("polars", rows)
    given: dict[str, Any] = {"measures": words, "at": AT}
    frame = MAKE["polars"](values)
    found = pipeline_velocity(entries, frame, of="inquiry", variant="closed", **given).total
    rate = win_rate(entries, **given).total
    # Who was lost without ever having been on the path is no opportunity.
    assert found.win_rate.numerator == rate.numerator
    assert found.opportunities == found.win_rate.denominator
    assert found.win_rate.numerator == 0 or found.value == 100
    if found.cycle:
        assert found.per_day == pytest.approx(found.win_rate.numerator * 100 / found.cycle)
        assert timedelta(days=found.cycle) <= timedelta(days=400)
