"""Scores of frames: on every kind the same as those of leads, and nothing else is changed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from leadrules.lead import Company, Lead
from leadrules.scoring import Scorer, Scoring
from leadrules.values import Instant, Type, instant_of
from leadrules.vocabulary import Declaration, Parameter, Vocabulary
from tests import frames
from tests.frames import KINDS, MAKE
from tests.scoring.scorecards import Plain, plain_score, scorecard
from tests.strategies import FIELDS, VOCABULARY, moment, rows

AT = datetime(2026, 1, 5, tzinfo=UTC)
LEADS = 40
FEWER = max(5, settings().max_examples // 8)
"""A frame holds many leads, so few frames do."""

SIZES = {"fit": {"characteristics": {"size": [{"when": "company.employees >= 50", "points": 2.5}]}}}


def scorer(**total: Any) -> Scorer:
    return Scorer(Scoring.model_validate({**SIZES, "total": total}))


def plain(scoring: Scoring, row: Any, at: datetime) -> Plain:
    """Return what the definition says of a lead."""
    instant = instant_of(at)
    parameters = VOCABULARY.parameters_at(instant)
    return plain_score(scoring, VOCABULARY.lead(row).record, instant, parameters)


def millionths(points: float | Decimal | None) -> int | None:
    return None if points is None else round(Decimal(str(points)) * 1_000_000)


def check(kind: str, scoring: Scoring, leads: Any, moments: list[datetime], at: Any) -> None:
    """Assert that a frame scores as the definition says."""
    table = frames.table(leads, VOCABULARY, FIELDS)
    table = table.append_column("moment", pa.array(moments, pa.timestamp("us", "UTC")))
    assert scoring.fit is not None
    names = list(scoring.fit.characteristics)
    compiled = Scorer(scoring, vocabulary=VOCABULARY)
    scored = compiled.score_frame(MAKE[kind](table), at=at, characteristics=True)
    found = frames.columns(scored, ["score", "fit", *(f"fit_{name}" for name in names)])
    for index, (row, when) in enumerate(zip(leads, moments, strict=True)):
        meant = plain(scoring, row, when)
        assert found["score"][index] == (None if meant.score is None else float(meant.score))
        assert millionths(found["fit"][index]) == millionths(meant.fit)
        for name in names:
            assert millionths(found[f"fit_{name}"][index]) == millionths(meant.points[name])


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=FEWER)
@given(random=st.randoms(use_true_random=True))
def test_a_frame_scores_as_its_leads_do(kind: str, random: Random) -> None:
    """Law: on every kind of frame, a frame scores each lead exactly as the lead form does."""
    scoring, leads, at = scorecard(random), rows(random, LEADS), moment(random)
    check(kind, scoring, leads, [at] * LEADS, at)
    check(kind, scoring, leads, [moment(random) for _ in leads], "moment")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("points", "decimals", "score"),
    [
        (-2.5, 0, -2),
        (2.5, 0, 3),
        (-2.500001, 0, -3),
        (0.499999, 0, 0),
        (-0.25, 1, -0.2),
        (0.25, 1, 0.3),
        (-0.333333, 6, -0.333333),
        (-1_000_000, 0, -1_000_000),
        (999_999.999999, 0, 1_000_000),
    ],
)
def test_halves_are_rounded_up_in_frames_too(
    kind: str, points: float, decimals: int, score: float
) -> None:
    scoring = Scoring.model_validate(
        {
            "fit": {"characteristics": {"one": [{"when": "country == 'DE'", "points": points}]}},
            "total": {"decimals": decimals},
        }
    )
    table = pa.table({"row": [0, 1, 2, 3], "country": ["DE", "DE", "DE", "FR"]})
    scored = Scorer(scoring).score_frame(MAKE[kind](table), at=AT)
    assert frames.column(scored, "score") == [score, score, score, 0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_keeps_its_rows_and_its_other_columns(kind: str) -> None:
    table = pa.table(
        {"row": [0, 1, 2], "company_employees": [9, None, 99], "note": ["c", "b", "a"]}
    )
    leads = MAKE[kind](table)
    before = nw.from_native(leads).collect_schema()
    scored = scorer().score_frame(leads, at=AT)
    assert type(scored) is type(leads)
    assert nw.from_native(scored).columns == ["row", "company_employees", "note", "score", "fit"]
    assert frames.columns(scored, ["note", "score", "fit"]) == {
        "note": ["c", "b", "a"],
        "score": [0, 0, 3],
        "fit": [0.0, 0.0, 2.5],
    }
    assert nw.from_native(leads).collect_schema() == before


def test_a_pandas_frame_keeps_its_index_and_is_not_changed() -> None:
    leads = pd.DataFrame({"company_employees": [99.0, None]}, index=["b", "b"])
    before = leads.copy(deep=True)
    scored = scorer().score_frame(leads, at=AT)
    pd.testing.assert_frame_equal(leads, before)
    pd.testing.assert_index_equal(scored.index, leads.index)
    assert scored.dtypes["score"] == pd.Int64Dtype()


@pytest.mark.parametrize("kind", KINDS)
def test_no_rows_are_scored_to_no_rows(kind: str) -> None:
    leads = MAKE[kind](
        pa.table({"row": pa.array([], "i8"), "company_employees": pa.array([], "i8")})
    )
    scored = scorer(decimals=2).score_frame(leads, at=AT, characteristics=True)
    assert frames.columns(scored, ["score", "fit", "fit_size"]) == {
        "score": [],
        "fit": [],
        "fit_size": [],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_scorecard_that_reads_no_column_scores_every_row(kind: str) -> None:
    scoring = Scoring.model_validate(
        {"fit": {"characteristics": {"all": [{"when": "always", "points": 5}]}}}
    )
    leads = MAKE[kind](pa.table({"row": [0, 1, 2]}))
    assert frames.column(Scorer(scoring).score_frame(leads, at=AT), "score") == [5, 5, 5]


@pytest.mark.parametrize("kind", KINDS)
def test_points_without_a_value_yet_are_missing(kind: str) -> None:
    start = Instant(instant_of(AT))
    words = Vocabulary(parameters={"big": Parameter(Type.INTEGER, ((start, 7),))})
    rule = {"when": "company.employees >= 50", "points": {"param": "big"}}
    scoring = Scoring.model_validate({"fit": {"characteristics": {"size": [rule]}}})
    moments = [datetime(2026, 1, 4, tzinfo=UTC), datetime(2026, 1, 4, tzinfo=UTC), AT, None]
    leads = pa.table(
        {
            "row": [0, 1, 2, 3],
            "company_employees": [99, 9, 99, 99],
            "moment": pa.array(moments, pa.timestamp("us", "UTC")),
        }
    )
    scored = Scorer(scoring, vocabulary=words).score_frame(MAKE[kind](leads), at="moment")
    assert frames.columns(scored, ["score", "fit"]) == {
        "score": [None, 0, 7, None],
        "fit": [None, 0.0, 7.0, None],
    }


@pytest.mark.large
@pytest.mark.parametrize(("kind", "most"), [("polars", 2000), ("duckdb", 1200)])
def test_one_characteristic_may_have_thousands_of_rules(kind: str, most: int) -> None:
    late = most - 500
    words = Vocabulary(parameters={"late": Parameter(Type.INTEGER, ((Instant(2**60), 1),))})
    rules: list[Any] = [
        {"when": f"company.employees >= {number}", "points": most - number}
        for number in range(most, 0, -1)
    ]
    rules[500]["points"] = {"param": "late"}
    data = {"many": {"rules": rules, "default": -1}}
    compiled = Scorer(Scoring.model_validate({"fit": {"characteristics": data}}), vocabulary=words)
    employees = [None, 0, 1, 15, 16, 17, late - 1, late, late + 1, most - 32, most - 31, most, 9999]
    leads = pa.table({"row": range(len(employees)), "company_employees": employees})
    found = frames.column(compiled.score_frame(MAKE[kind](leads), at=AT), "score")
    wanted = [
        None
        if x == late
        else compiled.score(Lead(id="1", company=Company(employees=x)), at=AT).score
        for x in employees
    ]
    assert found == wanted
    with pytest.raises(EvaluationError, match="'late' has no value yet"):
        compiled.score(Lead(id="1", company=Company(employees=late)), at=AT)


def test_without_a_moment_there_is_no_score() -> None:
    leads = pl.DataFrame({"moment": [AT, None], "company_employees": [99, 99]})
    scored = scorer().score_frame(leads, at="moment", characteristics=True)
    assert scored.select("score", "fit", "fit_size").rows() == [(3, 2.5, 2.5), (None, None, None)]


@pytest.mark.parametrize(
    ("leads", "at", "message"),
    [
        (
            pl.DataFrame({"company_employes": [1]}),
            AT,
            (
                "the frame has no column 'company_employees'; did you mean 'company_employes'?; "
                "add an empty column if all are missing"
            ),
        ),
        (
            pl.DataFrame({"company_employees": ["9"]}),
            AT,
            "company_employees: the column holds texts; expected a numeric column",
        ),
        (
            pl.DataFrame({"company_employees": [9], "when": [datetime(2026, 1, 5)]}),  # noqa: DTZ001 - naive on purpose
            "when",
            (
                "when: the column holds datetimes without a time zone; "
                "expected a datetime column with a time zone"
            ),
        ),
        (
            pl.DataFrame({"company_employees": [9], "score": [1]}),
            AT,
            "score: the frame has such a column already; rename it or drop it",
        ),
        (
            pl.DataFrame({"company_employees": [9], "fit_size": [1], "fit": [1]}),
            AT,
            "fit: the frame has such a column already; rename it or drop it",
        ),
        (
            [{"company_employees": 9}],
            AT,
            ("leads: no frame; expected one of pandas, polars, pyarrow, modin, DuckDB or PySpark"),
        ),
        (
            pl.DataFrame({"company_employees": [9]}),
            datetime(2026, 1, 5),  # noqa: DTZ001 - naive on purpose
            "at: '2026-01-05T00:00:00' has no time zone; expected an aware datetime",
        ),
    ],
)
def test_a_frame_that_cannot_be_scored_says_why(leads: Any, at: Any, message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        scorer().score_frame(leads, at=at, characteristics=True)
    assert str(caught.value) == message


def test_a_declared_field_is_a_column_too() -> None:
    words = Vocabulary({"months": Declaration(type=Type.INTEGER)})
    rule = {"when": "months < 6", "points": 10}
    scoring = Scoring.model_validate({"fit": {"characteristics": {"soon": [rule]}}})
    scored = Scorer(scoring, vocabulary=words).score_frame(pl.DataFrame({"months": [3, 9]}), at=AT)
    assert scored["score"].to_list() == [10, 0]
