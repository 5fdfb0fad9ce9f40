"""What becomes of the open pipeline: by hand, by law, and beside what did become of it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given

from leadrules.errors import EvaluationError
from leadrules.metrics import Measures, Projection, projection
from tests.frames import MAKE, related
from tests.metrics.tables import AT, FRAMES, WORDS, made, moment, of_entries, processes

DAYS = timedelta(days=1)
VALUED = WORDS.model_copy(update={"value": "budget"})


def history() -> list[dict[str, Any]]:
    """Return forty proposals of January.

    Twenty are won after ten days. Of the others ten are won after forty and ten lost after fifty.
    Three more are open: for 5 days, for 20, and for 30, of which the last was just recycled. One
    is in a stage that nobody else was in.
    """
    rows, start = [], moment("2026-01-01")
    for n in range(40):
        days, end = (10, "won") if n < 20 else (40, "won") if n < 30 else (50, "lost")
        rows += [{"lead_id": f"l{n}", "stage": "proposal", "entered": start}]
        rows += [{"lead_id": f"l{n}", "stage": end, "entered": start + days * DAYS}]
    return rows + of_entries(
        ("five", "proposal", "2026-06-26"),
        ("twenty", "proposal", "2026-06-11"),
        ("thirty", "proposal", "2026-06-01"),
        ("thirty", "nurture", "2026-07-01"),
        ("alone", "mql", "2026-06-01"),
    )


LEADS = pa.table(
    {
        "lead_id": ["five", "twenty", "thirty", "alone", *(f"l{n}" for n in range(40))],
        "region": ["north", "south", "north", "south", *["north"] * 40],
        "budget": pa.array([10_000, 30_000, 5_000, None, *[None] * 40], pa.int64()),
        "budget_currency": ["EUR"] * 44,
    }
)


def projected(kind: str = "polars", **given: Any) -> Projection:
    words = given.pop("measures", WORDS)
    leads = given.pop("leads", None)
    entries = made("pyarrow", history())
    if leads is None:
        return projection(MAKE[kind](entries), measures=words, at=AT, **given)
    found = (
        related(entries, leads) if kind == "duckdb" else [MAKE[kind](x) for x in (entries, leads)]
    )
    return projection(found[0], leads=found[1], measures=words, at=AT, **given)


@pytest.mark.parametrize("kind", FRAMES)
def test_chances_are_of_those_who_were_there_as_long(kind: str) -> None:
    found = projected(kind, horizon=30 * DAYS, leads=LEADS, by="region", measures=VALUED)
    # 42 were there for longer than 5 days, of whom 20 came up to the 35th.
    five = 20 / 42
    # Of those who were there for longer than 20, 20 were followed to the 40th; then 10 came.
    twenty = 10 / 20
    north, south = found["north"], found["south"]
    assert (north.count, south.count, south.unknown, found.aside) == (1, 1, 1, 1)
    assert north.expected == pytest.approx(five)
    assert south.expected == pytest.approx(twenty)
    assert south.minor == pytest.approx(30_000 * south.expected)
    assert found.total.minor == pytest.approx((north.minor or 0) + (south.minor or 0))
    assert found.currency == "EUR"


def test_the_luck_of_each_and_the_doubt_about_chances() -> None:
    found = projected(horizon=30 * DAYS)["proposal"]
    chances = [20 / 42, 1 / 2]
    luck = sum(x * (1 - x) for x in chances)
    doubts = sum((x * (1 - x) / n) ** 0.5 for x, n in zip(chances, (42, 20), strict=True))
    assert found.deviation == pytest.approx((luck + doubts**2) ** 0.5)
    assert found.interval == (0, 2)


def test_it_tells_what_it_knows() -> None:
    found = projected(horizon=30 * DAYS, leads=LEADS, measures=VALUED)
    assert found.title == (
        "projection: of 2 open leads 1.0 will be won (95 % interval 0 to 2) within 30 days from "
        "2026-07-01 00:00 UTC, worth 197.62 EUR (0 EUR to 400 EUR)"
    )
    assert [" ".join(line.split()) for line in str(found).split("\n")[1:4]] == [
        ("stage open will be won low high worth value low value high currency too little history"),
        "mql 0 0.000 0 0 0 EUR 0 EUR 0 EUR EUR 1",
        "proposal 2 0.976 0 2 197.62 EUR 0 EUR 400 EUR EUR 0",
    ]
    assert found.notes == [
        "each has the chance of those who were once in its stage for as long",
        "the interval has the luck of each and the doubt about chances, if all goes on so",
        "it has neither leads that are yet to come nor a change of market, team or process",
        "1 more are open where, or for longer than, too few were: not in it",
        "1 more are in no stage on the way to the sale: not in it",
    ]
    frame = found.to_frame()
    assert frame["value"].to_list() == pytest.approx([0.0, 197.62], abs=0.005)


def test_beyond_what_was_seen() -> None:
    rows = of_entries(*((f"l{n}", "sql", "2026-05-01") for n in range(25)))
    rows += of_entries(("l0", "won", "2026-05-20"), ("new", "sql", "2026-06-25"))
    found = projection(made("polars", rows), measures=WORDS, at=AT, horizon=400 * DAYS)
    assert (found.total.count, found.total.unknown, found.short) == (1, 24, 1)
    assert found.total.expected == pytest.approx(1 / 25)
    assert "for 1 nobody was followed as long as that: a chance of less time" in found.notes


def test_who_is_open_for_longer_than_others_were() -> None:
    """Their chance is not taken from those who were won while they still were young."""
    rows = [*history(), *of_entries(("old", "proposal", "2026-02-01"))]
    found = projection(made("polars", rows), measures=WORDS, at=AT)["proposal"]
    assert (found.count, found.unknown) == (2, 1)


def test_values_that_are_not_known() -> None:
    column = pa.array(["EUR", None, *["EUR"] * 42], pa.string())
    leads = LEADS.set_column(3, "budget_currency", column)
    found = projected(leads=leads, measures=VALUED)
    assert found.total.unvalued == 1
    assert "the value of 1 is not known, or in another currency" in found.notes
    plain = projected(leads=leads.drop_columns(["budget"]), measures=VALUED, by="region")
    assert plain.total.minor is None
    assert plain.total.minor_interval is None
    assert [x.name for x in plain.columns()] == [
        *("region", "open", "expected", "low", "high", "unknown")
    ]


def test_nobody_is_open() -> None:
    rows = of_entries(("a", "sql", "2026-03-01"), ("a", "won", "2026-03-02"))
    found = projection(made("polars", rows), measures=WORDS, at=AT)
    assert (found.total.count, found.total.expected, found.total.interval) == (0, 0, (0, 0))
    assert len(found) == 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"horizon": -DAYS},
            "horizon: '-1 day, 0:00:00' is not possible; expected a timedelta above zero",
        ),
        (
            {"horizon": 0 * DAYS},
            "horizon: '0:00:00' is not possible; expected a timedelta above zero",
        ),
        (
            {"measures": Measures()},
            (
                "measures: no stage leads to one that is won; "
                "expected 'funnel.close', and a path that ends with it"
            ),
        ),
    ],
)
def test_what_is_not_possible(given: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        projected(**given)
    assert str(caught.value) == message


def test_a_picture() -> None:
    pytest.importorskip("altair")
    drawn = projected().plot(theme="dark").to_dict()
    assert drawn["title"]["text"] == "projection"
    rows = (
        next(iter(drawn["datasets"].values())) if "datasets" in drawn else drawn["data"]["values"]
    )
    assert [(row["group"], row["low"], row["high"]) for row in rows] == [
        ("mql", 0, 0),
        ("proposal", 0, 2),
    ]


# --- laws


@given(processes())
def test_each_open_lead_is_in_it_once(rows: Any) -> None:
    """Law: whoever is open is counted once: with a chance, for want of history, or aside."""
    found = projection(made("polars", rows), measures=WORDS, at=AT)
    lasts = {row["lead_id"]: row["stage"] for row in rows if row["entered"] <= AT}
    won = {row["lead_id"] for row in rows if row["stage"] == "won" and row["entered"] <= AT}
    on = [lead for lead, stage in lasts.items() if stage in WORDS.order and lead not in won]
    assert found.total.count + found.total.unknown == len(on)
    assert found.aside == sum(stage == "nurture" for stage in lasts.values())


# --- beside what became of them

START = datetime.fromisoformat("2025-01-01T00:00+00:00")


def simulated(seed: int, count: int = 150) -> list[tuple[str, str, float]]:
    """Return leads that come within two years, are qualified, proposed to, and won or lost."""
    chance, rows = random.Random(seed), []  # noqa: S311 - no secret
    for number in range(count):
        day, stage = 720 * chance.random(), "sql"
        rows.append((f"l{number}", stage, day))
        while stage in {"sql", "proposal"}:
            day += chance.gammavariate(2, 10 if stage == "sql" else 17)
            where = chance.random()
            if stage == "sql":
                stage = "proposal" if where < 0.4 else "lost"
            else:
                stage = "won" if where < 0.5 else "sql" if where < 0.65 else "lost"
            rows.append((f"l{number}", stage, day))
    return rows


def test_the_interval_holds_what_became_of_them() -> None:
    """Of thirty pipelines the interval misses at most three, and the mean is right on average."""
    at, horizon, held, errors, unknown = 600, 60, 0, [], []
    for seed in range(30):
        rows = simulated(seed)
        frame = pl.DataFrame(
            {
                "lead_id": [lead for lead, _, _ in rows],
                "stage": [stage for _, stage, _ in rows],
                "entered": [START + day * DAYS for _, _, day in rows],
            }
        )
        found = projection(frame, measures=WORDS, at=START + at * DAYS, horizon=horizon * DAYS)
        closed = {lead for lead, stage, day in rows if day <= at and stage in {"won", "lost"}}
        won = {lead for lead, stage, day in rows if at < day <= at + horizon and stage == "won"}
        known = {lead for lead, _, day in rows if day <= at}
        truth = len((known - closed) & won)
        unknown.append(found.total.unknown / (found.total.count + found.total.unknown))
        low, high = found.total.interval
        held += low <= truth <= high
        errors.append(found.total.expected - truth)
        assert high - low <= found.total.count
    assert held >= 27
    assert abs(sum(errors) / len(errors)) < 0.75
    assert sum(unknown) / len(unknown) < 0.15
