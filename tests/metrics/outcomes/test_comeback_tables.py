"""Comebacks by hand, by their laws, and of every kind of frame."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given

from leadrules.errors import EvaluationError
from leadrules.metrics import Measures, comebacks
from tests.metrics.outcome_cases import ENTRIES, LEADS, frames, words
from tests.metrics.tables import AT, FRAMES, PATH, WORDS, Rows, made, measures, processes

ENTRY_FRAME, LEAD_FRAME = frames("polars", ENTRIES, LEADS)


@pytest.mark.parametrize("kind", FRAMES)
def test_who_was_recycled_came_back_and_bought(kind: str) -> None:
    entries, leads = frames(kind, ENTRIES, LEADS)
    found = comebacks(entries, measures=WORDS, at=AT, leads=leads, by="campaign")
    assert str(found).splitlines() == [
        "comebacks: back 1, sales ready 1, won 1; won: " + str(found.total[-1]),
        "  campaign  recycled  back  sales ready  won  won of recycled (%)  low (%)  high (%)",
        "  mail             1     1            1    1                100.0     20.7     100.0",
        "  who was recycled late had little time to come back",
    ]
    assert found.ratios("won")["mail"].numerator == 1


def test_by_why_they_were_recycled() -> None:
    found = comebacks(ENTRY_FRAME, measures=WORDS, at=AT, by="reason")
    assert [row[:2] for row in found.rows()] == [("timing", 1)]


def test_what_comes_later_is_not_known_yet() -> None:
    found = comebacks(ENTRY_FRAME, measures=WORDS, at=AT.replace(month=2, day=11))
    assert [ratio.numerator for ratio in found.total] == [1, 0, 0]


def test_steps_without_a_meaning_are_absent() -> None:
    bare = Measures(path=PATH[:3], recycled=("nurture",))
    found = comebacks(ENTRY_FRAME, measures=bare, at=AT)
    assert found.steps == ("back",)
    with pytest.raises(KeyError):
        found.ratios("won")


def test_nobody_recycled_is_undefined() -> None:
    found = comebacks(ENTRY_FRAME, measures=WORDS, at=AT, period="2025")
    assert [ratio.value for ratio in found.total] == [None, None, None]
    assert len(found.rows()) == 1


def test_a_result_is_data_and_a_picture() -> None:
    found = comebacks(ENTRY_FRAME, measures=WORDS, at=AT)
    assert pickle.loads(pickle.dumps(found)) == found
    assert found.to_dict()["rows"][0]["won"] == 1
    assert found.plot(theme="dark").to_dict()["title"]["text"] == "recycled to won"


def test_measures_say_what_is_recycled() -> None:
    with pytest.raises(EvaluationError) as caught:
        comebacks(ENTRY_FRAME, measures=words(recycled=()), at=AT)
    assert str(caught.value) == (
        "measures: 'recycled' is not stated; comebacks are of those who were recycled"
    )


@given(processes(ties=False), measures())
def test_comebacks_are_those_of_a_plain_account(rows: Rows, how: Measures) -> None:
    """Law: who came back is whom a loop over the history of each lead finds on the path later."""
    counts = [0, 0, 0, 0]
    least = [0, how.order.index(how.stage("sales_ready")), len(how.order) - 1]
    for lead in {row["lead_id"] for row in rows}:
        mine = [row["stage"] for row in rows if row["lead_id"] == lead and row["entered"] <= AT]
        own = [i for i, x in enumerate(mine) if x == "nurture"]
        for start in {"first": own[:1], "last": own[-1:], "every": own}[how.reentry]:
            counts[0] += 1
            later = [how.order.index(x) for x in mine[start:] if x in how.order]
            for step, place in enumerate(least, 1):
                counts[step] += any(x >= place for x in later)
    found = comebacks(made("polars", rows), measures=how, at=AT).total
    assert [found[0].denominator, *(ratio.numerator for ratio in found)] == counts
