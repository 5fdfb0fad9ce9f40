"""Periods and decays in frames: the very numbers of one instant, on every engine."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from random import Random
from typing import Any

import narwhals.stable.v2 as nw
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadrules.scoring import Decay
from leadrules.scoring.decay import decay_of
from leadrules.scoring.frames.fading import with_left
from leadrules.scoring.frames.periods import PERIOD, with_day, with_period
from leadrules.values import MICROSECONDS_A_DAY, instant_of
from leadrules.zones import Zone, month_of, week_of
from tests import frames
from tests.frames import MAKE
from tests.scoring.histories import DECAYS

ENGINES = ("polars", "duckdb", pytest.param("spark", marks=pytest.mark.spark))
FEWER = max(2, settings().max_examples // 25)
FIRST, LAST = (
    int(instant_of(datetime(year, 1, 1, tzinfo=UTC)))  # beyond the table of a zone, too
    for year in (1, 9999)
)
ZONES = ("Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu", "UTC")


def lazy(kind: str, **columns: list[int]) -> nw.LazyFrame[Any]:
    size = len(next(iter(columns.values())))
    made = MAKE[kind](pa.table({"row": range(size), **columns}))
    found: nw.LazyFrame[Any] = nw.from_native(made.lazy() if kind == "polars" else made)
    return found


def values(frame: nw.LazyFrame[Any], name: str) -> list[Any]:
    return frames.column(frame.to_native(), name)


@pytest.mark.parametrize(
    ("kind", "zone"),
    [
        *product(("polars", "duckdb"), ZONES),
        pytest.param("spark", "Europe/Berlin", marks=pytest.mark.spark),
    ],
)
@settings(max_examples=FEWER)
@given(random=st.randoms(use_true_random=True))
def test_periods_of_frames_are_those_of_instants(kind: str, zone: str, random: Random) -> None:
    """Law: days, weeks and months of a zone are numbered in frames as for one instant."""
    place = Zone.named(zone)
    edges = [int(change) + step for change in place.changes for step in (-1, 0, 1)]
    days = [random.randint(-800_000, 2_900_000) * MICROSECONDS_A_DAY for _ in range(99)]
    instants = [
        *random.sample(edges, min(len(edges), 99)),
        *(day - place.offset(day) + step for day in days for step in (-1, 0)),
        *(random.randint(FIRST, LAST) for _ in range(99)),
    ]
    instants = [instant for instant in instants if FIRST + 2 * 10**11 < instant < LAST]
    frame = with_day(lazy(kind, time=instants), "time", place)
    meant = [place.day(instant) for instant in instants]
    assert values(frame, PERIOD) == meant
    assert values(with_period(frame, "week"), PERIOD) == [week_of(day) for day in meant]
    assert values(with_period(frame, "month"), PERIOD) == [month_of(day) for day in meant]


@pytest.mark.parametrize("kind", ENGINES)
@settings(max_examples=FEWER)
@given(random=st.randoms(use_true_random=True))
def test_what_is_left_in_frames_is_what_is_left_of_one(kind: str, random: Random) -> None:
    """Law: the factor of every decay is the same float64 in frames, at every age."""
    decays = [Decay.model_validate(decay_of(text)) for text in DECAYS]
    spans = [int(decay.over) for decay in decays if decay.over]
    ages = [
        0,
        *(
            random.choice(spans) * random.randint(0, 50) + random.choice((-1, 0, 1))
            for _ in range(99)
        ),
        *(random.randint(0, 400 * MICROSECONDS_A_DAY) for _ in range(99)),
        *(random.randint(0, 300_000) * random.choice(spans) for _ in range(20)),
        LAST - FIRST,
    ]
    ages = [age for age in ages if 0 <= age <= LAST - FIRST]
    frame = lazy(kind, time=[LAST - age for age in ages])
    at = nw.lit(LAST, nw.Int64)
    fading = {("time", decay): None for decay in decays}
    frame, left = with_left(frame, at, fading)
    names = {f"left_{place}": left["time", decay] for place, decay in enumerate(decays)}
    found = frames.columns(frame.with_columns(**names).to_native(), names)
    for place, decay in enumerate(decays):
        assert found[f"left_{place}"] == [decay.factor(age) for age in ages], str(decay)
