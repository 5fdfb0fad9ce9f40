"""Losses by hand, by their laws, and of every kind of frame."""

from __future__ import annotations

import pickle
from collections import Counter
from typing import Any

import pytest
from hypothesis import given

from leadrules.errors import EvaluationError
from leadrules.metrics import Measures, Period, losses
from tests.metrics.outcome_cases import ENTRIES, LEADS, VALUED, frames, words
from tests.metrics.tables import AT, FRAMES, WORDS, Rows, made, measures, processes

ENTRY_FRAME, LEAD_FRAME = frames("polars", ENTRIES, LEADS)


@pytest.mark.parametrize("kind", FRAMES)
def test_leads_are_counted_by_how_they_ended_and_why(kind: str) -> None:
    entries, leads = frames(kind, ENTRIES, LEADS)
    found = losses(entries, measures=WORDS, at=AT, leads=leads, by="campaign")
    assert found.title == (
        "losses: 3 leads (2 lost, 1 disqualified), period 2026-02-02 to 2026-02-20, first entry"
    )
    assert [row[:4] for row in found.rows()] == [
        ("fair", "lost", "price", 1),
        ("mail", "disqualified", None, 1),
        (None, "lost", None, 1),
    ]
    assert found.notes == ["2 of 3 without a reason (66.7 %)"]


def test_losses_by_reason_and_stage() -> None:
    found = losses(ENTRY_FRAME, measures=WORDS, at=AT)
    assert str(found.by_stage()).splitlines()[1:] == [
        "  outcome       reason  inquiry  sql  all",
        "  lost          -             1    0    1",
        "  lost          price         0    1    1",
        "  disqualified  -             0    1    1",
        "  2 of 3 without a reason (66.7 %)",
    ]
    assert found.by_stage("before").rows() == found.by_stage().rows()


def test_the_furthest_stage_is_not_that_before() -> None:
    rows = [
        {"lead_id": "a", "stage": stage, "entered": AT.replace(month=month)}
        for month, stage in enumerate(("proposal", "nurture", "lost"), 1)
    ]
    found = losses(made("polars", rows), measures=WORDS, at=AT)
    (part,) = found.parts
    assert (part.furthest, part.before) == ("proposal", "nurture")
    assert [x.name for x in found.by_stage("before").columns()][2:] == ["nurture", "leads"]


def test_a_period_without_a_loss_is_empty() -> None:
    found = losses(ENTRY_FRAME, measures=WORDS, at=AT, period="2026-04")
    assert (found.total, found.rows(), found.notes) == (0, [], [])
    assert str(found.period) == "2026-04-01 to 2026-04-30"


def test_whose_stage_before_is_none() -> None:
    rows = [{"lead_id": "a", "stage": "lost", "entered": AT}]
    found = losses(made("polars", rows), measures=WORDS, at=AT).by_stage()
    assert [x.title for x in found.columns()] == ["outcome", "reason", "no stage", "all"]
    assert found.rows() == [("lost", None, 1, 1)]


def test_a_result_is_data_and_a_picture() -> None:
    found = losses(ENTRY_FRAME, measures=WORDS, at=AT)
    assert pickle.loads(pickle.dumps(found)) == found
    assert found.to_frame("pandas")["leads"].tolist() == [1, 1, 1]
    assert found.by_stage().to_dict()["rows"][1]["sql"] == 1
    drawn = found.plot(theme="dark").to_dict()
    bars = drawn["layer"][0]["data"]["values"] if "data" in drawn["layer"][0] else drawn["data"]
    rows = bars["values"] if isinstance(bars, dict) else bars
    assert [(row["label"], row["text"]) for row in rows] == [
        ("(no reason) (lost)", "1 (33.3 %)"),
        ("price (lost)", "1 (33.3 %)"),
        ("(no reason) (disqualified)", "1 (33.3 %)"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"measures": words(lost=(), disqualified=())},
            "measures: neither 'lost' nor 'disqualified' is stated; losses need one of them",
        ),
        (
            {"by": "rival"},
            "by: entries have no column 'rival'; expected one, or a frame of leads that has it",
        ),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        losses(ENTRY_FRAME, **{"measures": VALUED, "at": AT, **arguments})
    assert str(caught.value) == message


def test_a_stage_that_was_reached_is_one_of_two() -> None:
    with pytest.raises(EvaluationError) as caught:
        losses(ENTRY_FRAME, measures=WORDS, at=AT).by_stage("last")  # type: ignore[arg-type]
    assert str(caught.value) == "reached: 'last' is not possible; expected 'furthest' or 'before'"


def plain(rows: Rows, how: Measures) -> Counter[tuple[str, str | None, str | None]]:
    """Return losses by outcome, furthest stage and stage before, by a loop over each lead."""
    found: Counter[tuple[str, str | None, str | None]] = Counter()
    kinds = {**dict.fromkeys(how.lost, "lost"), **dict.fromkeys(how.disqualified, "disqualified")}
    for lead in {row["lead_id"] for row in rows}:
        mine = [row["stage"] for row in rows if row["lead_id"] == lead and row["entered"] <= AT]
        for kind in ("lost", "disqualified"):
            places = [place for place, stage in enumerate(mine) if kinds.get(stage) == kind]
            which = {"first": places[:1], "last": places[-1:], "every": places}[how.reentry]
            for place in which:
                on_path = [how.order.index(x) for x in mine[: place + 1] if x in how.order]
                furthest = how.order[max(on_path)] if on_path else None
                found[kind, furthest, mine[place - 1] if place else None] += 1
    return found


@given(processes(ties=False), measures())
def test_losses_are_those_of_a_plain_account(rows: Rows, how: Measures) -> None:
    """Law: losses by stage are what a loop over the history of each lead counts."""
    found = losses(made("polars", rows), measures=how, at=AT)
    counts: Counter[tuple[str, str | None, str | None]] = Counter()
    for part in found.parts:
        counts[part.kind, part.furthest, part.before] += part.leads
    assert counts == plain(rows, how)


@given(processes(), measures())
def test_weeks_add_up(rows: Rows, how: Measures) -> None:
    """Law: the losses of the months of a period add up to those of the period."""
    entries = made("polars", rows)
    whole = Period.of("2026-01-15 to 2026-06-30", zone=how.in_zone)
    total = losses(entries, measures=how, at=AT, period=whole).total
    months = [losses(entries, measures=how, at=AT, period=x).total for x in whole.split("month")]
    assert total == sum(months)
