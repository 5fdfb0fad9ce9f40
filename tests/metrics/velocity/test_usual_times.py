"""Who is in a stage for longer than is usual; stages with too little history are named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from leadrules.errors import EvaluationError
from leadrules.metrics import Escalations, Measures, escalations
from tests.metrics.tables import (
    AT,
    FRAMES,
    WORDS,
    made,
    made_together,
    moment,
    of_entries,
    of_leads,
    processes,
)

DAYS = timedelta(days=1)


def history() -> list[dict[str, Any]]:
    """Return twenty who went on from sql after 1 to 20 days, four that were lost, and open ones."""
    rows, start = [], moment("2026-03-01")
    for n in range(1, 21):
        rows += [{"lead_id": f"l{n}", "stage": "sql", "entered": start}]
        rows += [{"lead_id": f"l{n}", "stage": "proposal", "entered": start + n * DAYS}]
        rows += [{"lead_id": f"l{n}", "stage": "lost", "entered": start + 40 * DAYS}]
    for n in range(4):
        rows += [{"lead_id": f"x{n}", "stage": "sql", "entered": start}]
        rows += [{"lead_id": f"x{n}", "stage": "lost", "entered": start + 30 * DAYS}]
    return rows + of_entries(
        ("late", "sql", "2026-05-01"),
        ("later", "sql", "2026-04-01"),
        ("usual", "sql", "2026-06-30 12:00"),
        ("inquirer", "inquiry", "2026-01-01"),
    )


LEADS = of_leads(
    late="north", later="south", usual="north", **{f"l{n}": "west" for n in range(1, 21)}
)


def late(kind: str = "polars", **given: Any) -> Escalations:
    entries, leads = made_together(kind, (history(), ()), (LEADS, ()))
    words = given.pop("measures", WORDS)
    return escalations(entries, leads=leads, measures=words, at=AT, **given)


@pytest.mark.parametrize("kind", FRAMES)
def test_who_is_there_for_longer(kind: str) -> None:
    found = late(kind, by="region")
    # Nine in ten of the twenty had gone on after 18 days.
    assert [(x.lead_id, x.group["region"], x.age, x.usual, x.beyond) for x in found] == [
        ("later", "south", 91 * DAYS, 18 * DAYS, 73 * DAYS),
        ("late", "north", 61 * DAYS, 18 * DAYS, 43 * DAYS),
    ]
    assert [(x.stage, x.span, x.went_on, x.open) for x in found.usual] == [
        ("inquiry", None, 0, 1),
        ("mql", None, 0, 0),
        ("sql", 18 * DAYS, 20, 3),
        ("proposal", None, 0, 0),
    ]


def test_half_of_them() -> None:
    assert [x.usual for x in late(quantile=0.5)] == [10 * DAYS] * 2


def test_those_who_are_still_there_make_it_longer() -> None:
    """One has been there for 16 days, so who was slower than that stands for more."""
    rows = history() + of_entries(("sixteen", "sql", "2026-06-15"))
    found = escalations(made("polars", rows), measures=WORDS, at=AT)
    assert [x.usual for x in found] == [19 * DAYS] * 2


def test_it_tells_what_is_usual() -> None:
    assert str(late()).split("\n") == [
        (
            "escalations: 2 of 3 open leads for longer in their stage than 90 % of those who went "
            "on, 2026-07-01 00:00 UTC"
        ),
        "  lead   stage  since (UTC)       age (days)  usual (days)  beyond (days)",
        "  later  sql    2026-04-01 00:00        91.0          18.0           73.0",
        "  late   sql    2026-05-01 00:00        61.0          18.0           43.0",
        "  usual in 'inquiry': too little history, 0 went on; its 1 are not judged",
        "  usual in 'mql': too little history, 0 went on; its 0 are not judged",
        "  usual in 'sql': 18.0 days, of 20 who went on; 3 are in it",
        "  usual in 'proposal': too little history, 0 went on; its 0 are not judged",
    ]


def test_frames_have_all_of_them() -> None:
    rows = history() + of_entries(*((f"m{n}", "sql", "2026-04-02") for n in range(60)))
    found = escalations(made("polars", rows), measures=WORDS, at=AT)
    assert (len(found.to_frame()), len(found.sheet().rows)) == (62, 50)
    assert found.notes[-1] == "the 50 furthest beyond of 62"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"quantile": 90}, "quantile: '90' is not possible; expected between 0 and 1"),
        ({"quantile": 1.0}, "quantile: '1.0' is not possible; expected between 0 and 1"),
        (
            {"measures": Measures()},
            "measures: the path has fewer than two stages; expected where leads go on to",
        ),
    ],
)
def test_what_is_not_possible(given: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        late(**given)
    assert str(caught.value) == message


def test_a_picture() -> None:
    pytest.importorskip("altair")
    drawn = str(late().plot().to_dict())
    assert "later (sql)" in drawn
    assert "usual 18.0" in drawn


@given(processes())
def test_all_open_leads_are_judged_or_named(rows: Any) -> None:
    """Law: the open leads of the stages are all those whose last entry is on the way."""
    found = escalations(made("polars", rows), measures=WORDS, at=AT)
    lasts = {row["lead_id"]: row["stage"] for row in rows if row["entered"] <= AT}
    assert sum(x.open for x in found.usual) == sum(x in WORDS.order[:-1] for x in lasts.values())
    assert all(x.beyond > timedelta() for x in found)
