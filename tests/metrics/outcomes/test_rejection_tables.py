"""What sales passed back, by hand, beside a plain account of each lead, of every kind of frame."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given

from leadrules.errors import EvaluationError
from leadrules.metrics import Measures, rejections
from tests.metrics.outcome_cases import ENTRIES, LEADS, frames, words
from tests.metrics.tables import AT, FRAMES, WORDS, Rows, made, measures, processes

ENTRY_FRAME, LEAD_FRAME = frames("polars", ENTRIES, LEADS)


@pytest.mark.parametrize("kind", FRAMES)
def test_leads_are_judged_by_campaign(kind: str) -> None:
    entries, leads = frames(kind, ENTRIES, LEADS)
    found = rejections(entries, measures=WORDS, at=AT, leads=leads, by="campaign")
    assert str(found.total) == (
        "3 of 7 leads (42.9 %, 95 % CI 15.8 to 75.0), cohort 2026-01-10 to 2026-03-20, "
        "first entry, 1 censored"
    )
    assert [(*row[:3], row[-2], row[-1]) for row in found.rows()] == [
        ("fair", 0, 2, 0, None),
        ("mail", 3, 3, 0, "no need"),
        (None, 0, 2, 1, None),
    ]
    assert found.notes == [
        "1 still with sales, so the share may grow",
        "1 passed back without a reason",
    ]
    assert [row for row in found.reasons.rows() if row[0] == "mail"] == [
        ("mail", None, "sql", "junk", 1),
        ("mail", "no need", "sql", "inquiry", 1),
        ("mail", "timing", "sql", "nurture", 1),
    ]


@pytest.mark.parametrize("kind", FRAMES)
def test_leads_are_judged_by_who_qualified_them(kind: str) -> None:
    (entries,) = frames(kind, ENTRIES)
    found = rejections(entries, measures=words(skipped="missing"), at=AT, by="by")
    assert {row[0]: row[1:3] for row in found.rows()} == {"anna": (0, 3), "bert": (3, 3)}
    assert found.reasons.title == "why 3 leads were passed back, cohort 2026-01-10 to 2026-03-20"


def test_each_handover_counts_if_every_entry_does() -> None:
    found = rejections(ENTRY_FRAME, measures=words(reentry="every"), at=AT, period="2026-02")
    assert (found.total.numerator, found.total.denominator, found.total.unit) == (1, 2, "entry")


def test_a_move_back_to_the_stage_of_handover_is_one() -> None:
    rows = [
        {"lead_id": "a", "stage": stage, "entered": AT.replace(month=month)}
        for month, stage in enumerate(("sql", "proposal", "sql"), 1)
    ]
    found = rejections(made("polars", rows), measures=WORDS, at=AT)
    assert [tuple(way) for way in found.ways] == [((), "sql", None, "proposal", 1)]


def test_a_result_is_data_and_a_picture() -> None:
    found = rejections(ENTRY_FRAME, measures=WORDS, at=AT, leads=LEAD_FRAME, by="campaign")
    assert pickle.loads(pickle.dumps(found)) == found
    assert found["mail"].value == 1.0
    assert found.to_frame()["handed_over"].to_list() == [2, 3, 2]
    title = found.plot(theme="dark").to_dict()["title"]
    assert title["text"] == "sales ready to passed back"


def test_the_stage_of_handover_is_on_the_path() -> None:
    with pytest.raises(EvaluationError) as caught:
        rejections(ENTRY_FRAME, measures=WORDS, at=AT, of="lost")
    assert str(caught.value) == (
        "of: 'lost' is not on the path; expected a stage that leads to the sale"
    )


def plain(rows: Rows, how: Measures) -> tuple[int, int, int]:
    """Return how many were passed back, handed over, and are with sales, by a loop."""
    order, stage = how.order, how.stage("sales_ready")
    place = order.index(stage)
    counts = [0, 0, 0]
    for lead in {row["lead_id"] for row in rows}:
        mine = [row["stage"] for row in rows if row["lead_id"] == lead and row["entered"] <= AT]
        own = [i for i, x in enumerate(mine) if x == stage]
        if not own and how.skipped == "imputed":
            own = [i for i, x in enumerate(mine) if x in order[place:]][:1]
        for start in {"first": own[:1], "last": own[-1:], "every": own}[how.reentry]:
            counts[1] += 1
            verdict = None
            for i in range(start, len(mine)):
                here, before = mine[i], mine[i - 1] if i else None
                if here in (how.won, *how.lost):
                    verdict = "done"
                elif i > start and (
                    here in (*how.recycled, *how.disqualified)
                    or (here in order and order.index(here) < place)
                    or (here == stage and before in order[place + 1 :])
                ):
                    verdict = "back"
                if verdict:
                    break
            counts[0] += verdict == "back"
            counts[2] += verdict is None
    return counts[0], counts[1], counts[2]


@given(processes(ties=False), measures())
def test_rejections_are_those_of_a_plain_account(rows: Rows, how: Measures) -> None:
    """Law: what is passed back is what a loop over the history of each lead counts."""
    for kind in ("polars", "duckdb"):
        total = rejections(made(kind, rows), measures=how, at=AT).total
        assert (total.numerator, total.denominator, total.censored) == plain(rows, how)
