"""One meaning: every kind of frame gives what the reference gives for each lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings

from leadrules.conditions import (
    AnyOf,
    AtLeast,
    Comparison,
    Condition,
    DaysSince,
    Field,
    Literal,
    Lower,
    Matcher,
    evaluate,
    format_condition,
)
from leadrules.conditions.frames import matches_frames
from leadrules.conditions.tree import fields_of
from leadrules.errors import EvaluationError
from leadrules.values import Instant, Type, instant_of
from leadrules.vocabulary import Parameter, Vocabulary
from tests.conditions.tally import CASES, DIFFERENCES
from tests.frames import EAGER_AND_LAZY, KINDS, MAKE, column, columns, table
from tests.strategies import AT, FIELDS, TEXTS, VOCABULARY, Conditions, Row, moment, rows, seeds

LEADS = 25
CONDITIONS = 65
FRAMES = 80 if settings().max_examples >= 200 else max(2, settings().max_examples // 8)
"""In CI, 5,200 cases of a condition and a frame for each kind; else a tenth."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HUGE = 5_000  # texts in one list


def number(value: int) -> Literal:
    return Literal(Type.INTEGER, value)


def text(value: str) -> Literal:
    return Literal(Type.STRING, value)


def expected(
    conditions: Mapping[str, Condition], leads: Sequence[Row], moments: list[datetime]
) -> dict[str, list[bool | None]]:
    found: dict[str, list[bool | None]] = {name: [] for name in conditions}
    for lead, at in zip(leads, moments, strict=True):
        record = VOCABULARY.record(VOCABULARY.lead(lead))
        instant = instant_of(at)
        parameters = VOCABULARY.parameters_at(instant)
        for name, tree in conditions.items():
            verdict = evaluate(tree, record, at=instant, parameters=parameters)
            found[name].append(verdict)
    return found


def compare(kind: str, seed: int, *, count: int, at_column: bool = False) -> None:
    """Compare random conditions over one random frame with the reference."""
    random = Random(seed)  # noqa: S311 - reproducible, not secret
    leads = rows(random, LEADS)
    conditions = {f"c{number}": Conditions(random).condition() for number in range(count)}
    moments = [moment(random) for _ in leads] if at_column else [moment(random)] * LEADS
    made = table(leads, VOCABULARY, FIELDS)
    at: datetime | str = moments[0]
    if at_column:
        at = "moment"
        made = made.append_column("moment", pa.array(moments, pa.timestamp("us", "UTC")))
    frame = matches_frames(conditions, MAKE[kind](made), at=at, vocabulary=VOCABULARY)
    found, wanted = columns(frame, conditions), expected(conditions, leads, moments)
    wrong = [name for name in conditions if found[name] != wanted[name]]
    CASES[kind] += count
    DIFFERENCES[kind] += len(wrong)
    assert not wrong, _told(conditions[wrong[0]], leads, moments, found[wrong[0]], wanted[wrong[0]])


def _told(
    tree: Condition, leads: list[Row], moments: list[datetime], found: list[Any], wanted: list[Any]
) -> str:
    index = next(i for i in range(len(leads)) if found[i] != wanted[i])
    values = {name: leads[index][name] for name in fields_of(tree)}
    return (
        f"{format_condition(tree)} of {values} at {moments[index]}: "
        f"{found[index]} in the frame, but {wanted[index]} by the reference"
    )


@pytest.mark.parametrize("kind", EAGER_AND_LAZY)
@settings(max_examples=FRAMES)
@given(seed=seeds)
def test_every_frame_says_what_the_reference_says(kind: str, seed: int) -> None:
    """Law: the frame form of a condition equals the reference, lead by lead."""
    compare(kind, seed, count=CONDITIONS)


@pytest.mark.parametrize("kind", ["pandas", "polars", "duckdb"])
@settings(max_examples=max(1, FRAMES // 4))
@given(seed=seeds)
def test_moments_in_a_column_are_each_leads_own(kind: str, seed: int) -> None:
    """Law: `at` as a column equals `at` given lead by lead, parameters included."""
    compare(kind, seed, count=10, at_column=True)


@pytest.mark.spark
@pytest.mark.parametrize("seed", range(10))
def test_spark_says_what_the_reference_says(seed: int) -> None:
    compare("spark", seed, count=50, at_column=seed == 9)


# --- single facts, on every kind of frame


def asked(kind: str, tree: Condition | str, leads: list[dict[str, Any]], **more: Any) -> list[Any]:
    """Return what a frame of leads says to a condition, and check it against each lead."""
    matcher = Matcher(tree, vocabulary=VOCABULARY)
    made = table(leads, VOCABULARY, FIELDS)
    found = column(
        matcher.matches_frame(MAKE[kind](made), at=AT, **more), more.get("into", "matches")
    )
    singles = [
        matcher.matches(VOCABULARY.lead({"id": str(index), **lead}), at=AT)
        for index, lead in enumerate(leads)
    ]
    assert found == singles
    return found


def asked_all(kind: str, trees: list[Comparison], leads: list[dict[str, Any]]) -> None:
    """Check what a frame of leads says to many conditions against the reference."""
    conditions = {f"c{index}": tree for index, tree in enumerate(trees)}
    frame = MAKE[kind](table(leads, VOCABULARY, FIELDS))
    found = columns(matches_frames(conditions, frame, at=AT, vocabulary=VOCABULARY), conditions)
    known = [{"id": "1", **lead} for lead in leads]
    assert found == expected(conditions, known, [AT] * len(leads))


@pytest.mark.parametrize("kind", KINDS)
def test_always_is_true_of_every_row(kind: str) -> None:
    assert asked(kind, "always", [{}, {}, {}]) == [True, True, True]


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_without_rows_has_no_verdicts(kind: str) -> None:
    assert asked(kind, "visits > 5 and contains(note, 'a') and 'a' in tags", []) == []
    assert asked(kind, "always", []) == []


@pytest.mark.parametrize("kind", KINDS)
def test_days_since_rounds_down_on_both_sides_of_now(kind: str) -> None:
    day, tick = timedelta(days=1), timedelta(microseconds=1)
    leads = [{"seen": AT + delta} for delta in (-day, -day + tick, 0 * day, tick, day, day + tick)]
    tree = Comparison(DaysSince(Field("seen")), "in", (number(1), number(0)))
    assert asked(kind, tree, leads) == [True, True, True, False, False, False]
    negative = Comparison(DaysSince(Field("seen")), "==", number(-1))
    assert asked(kind, negative, leads) == [False, False, False, True, True, False]


@pytest.mark.parametrize("kind", KINDS)
def test_days_since_is_exact_over_centuries(kind: str) -> None:
    days = (AT - datetime(1, 1, 1, tzinfo=UTC)).days
    leads = [{"seen": AT - timedelta(days=days, microseconds=ticks)} for ticks in (-1, 0, 1)]
    tree = Comparison(DaysSince(Field("seen")), "==", number(days))
    assert asked(kind, tree, leads) == [False, True, True]


@pytest.mark.parametrize("kind", KINDS)
def test_division_is_rounded_once(kind: str) -> None:
    leads = [{"visits": count, "rate": count / 10, "share": 10.0} for count in range(100)]
    for said in ("visits / 10 == rate", "visits / share == rate", "1 / 10 + visits * 0 == 0.1"):
        assert asked(kind, said, leads) == [True] * 100
        assert asked(kind, said, leads[3:4]) == [True]


@pytest.mark.parametrize("kind", KINDS)
def test_lower_folds_ascii_letters_and_nothing_else(kind: str) -> None:
    leads = [{"note": value} for value in TEXTS]
    small = [text(value) for value in TEXTS if not any("A" <= mark <= "Z" for mark in value)]
    left = Lower(Field("note"))
    asked_all(kind, [Comparison(left, "==", value) for value in small], leads)
    asked_all(kind, [Comparison(left, "not in", tuple(small[::2]))], leads)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("op", ["<", "contains", "starts_with", "ends_with"])
def test_texts_are_what_their_code_points_are(kind: str, op: str) -> None:
    leads = [{"note": value} for value in TEXTS]
    asked_all(kind, [Comparison(Field("note"), op, text(value)) for value in TEXTS if value], leads)


@pytest.mark.large
@pytest.mark.parametrize("kind", KINDS)
def test_in_takes_five_thousand_texts(kind: str) -> None:
    tree = Comparison(Field("note"), "in", tuple(text(f"t{index}") for index in range(HUGE)))
    leads = [{"note": "t4999"}, {"note": "t5000"}, {}]
    assert asked(kind, tree, leads) == [True, False, None]


@pytest.mark.large
@pytest.mark.parametrize("kind", EAGER_AND_LAZY)
def test_lower_takes_five_thousand_texts(kind: str) -> None:
    tree = Comparison(Lower(Field("note")), "in", tuple(text(f"t{index}") for index in range(HUGE)))
    assert asked(kind, tree, [{"note": "T4999"}, {"note": "x"}, {}]) == [True, False, None]


def equalities(count: int) -> tuple[Comparison, ...]:
    return tuple(Comparison(Field("visits"), "==", number(index)) for index in range(count))


@pytest.mark.parametrize("kind", KINDS)
def test_any_takes_two_thousand_parts(kind: str) -> None:
    leads = [{"visits": 1_999}, {"visits": -1}, {}]
    assert asked(kind, AnyOf(equalities(2_000)), leads) == [True, False, None]


@pytest.mark.parametrize("kind", EAGER_AND_LAZY)
def test_at_least_takes_hundreds_of_parts(kind: str) -> None:
    leads = [{"visits": 299}, {"visits": -1}, {}]
    assert asked(kind, AtLeast(1, equalities(300)), leads) == [True, False, None]


def test_the_result_is_called_as_asked() -> None:
    assert asked("polars", "vip", [{"vip": True}], into="hot") == [True]


def test_the_moment_needs_a_zone() -> None:
    frame = pl.DataFrame({"visits": [1]})
    matcher = Matcher("visits > 0", vocabulary=VOCABULARY)
    with pytest.raises(EvaluationError) as raised:
        matcher.matches_frame(frame, at=datetime(2026, 1, 5))  # noqa: DTZ001 - that is the point
    assert str(raised.value) == (
        "at: '2026-01-05T00:00:00' has no time zone; expected an aware datetime"
    )


def test_a_missing_moment_makes_ages_and_parameters_unknown() -> None:
    frame = pl.DataFrame(
        {"seen": [AT, AT], "visits": [9, 9], "moment": [AT, None]},
        schema_overrides={"seen": pl.Datetime("us", "UTC"), "moment": pl.Datetime("us", "UTC")},
    )
    for said in ("within(seen, '1 day')", "visits > param.count", "days_since(seen) == 0"):
        found = Matcher(said, vocabulary=VOCABULARY).matches_frame(frame, at="moment")
        assert found["matches"].to_list() == [True, None]


def test_a_parameter_may_change_on_many_days() -> None:
    starts = tuple((Instant(day * 86_400_000_000), day) for day in range(1, 601))
    words = Vocabulary(parameters={"least": Parameter(Type.INTEGER, starts)})
    days = [0, 1, 300, 600, 10_000]
    frame = pl.DataFrame(
        {
            "company_employees": [300] * len(days),
            "moment": pl.Series([day * 86_400_000_000 for day in days]).cast(
                pl.Datetime("us", "UTC")
            ),
        }
    )
    matcher = Matcher("company.employees >= param.least", vocabulary=words)
    found = matcher.matches_frame(frame, at="moment")["matches"].to_list()
    assert found == [None, True, True, False, False]
