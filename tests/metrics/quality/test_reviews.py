"""The review of a process: what degraded, what improved, and of what nobody can tell."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from leadrules.errors import EvaluationError
from leadrules.metrics import Period, Ratio, Ratios, Review, process_review, stability
from tests.metrics.score_tables import by_outcome

Q1, Q2 = (Period.of(name) for name in ("2026-Q1", "2026-Q2"))


def ratio(name: str, won: int, of: int, period: Period, **more: Any) -> Ratio:
    return Ratio(name, won, of, period=period, **{"window": timedelta(days=30)} | more)


def by_owner(period: Period, **owners: tuple[int, int]) -> Ratios:
    parts = tuple(
        ratio("mql_to_sql", *counts, period, group={"owner": owner})
        for owner, counts in owners.items()
    )
    won, of = (sum(counts[side] for counts in owners.values()) for side in (0, 1))
    return Ratios(ratio("mql_to_sql", won, of, period), ("owner",), parts)


BEFORE: dict[str, Any] = {
    "quote to close": ratio("quote_to_close", 80, 200, Q1),
    "answered in time": ratio("in_time", 150, 300, Q1, window=None),
    "mql to sql": by_owner(Q1, anna=(30, 60), bert=(20, 60)),
    "score": by_outcome([(x, x % 10 < x / 10) for x in range(100)]),
    "leads a week": [40, 44, 39, 41, 43, 38, 42, 40, 41, 45, 37, 42, 40],
    "lost": ratio("lost", 10, 200, Q1),
}
AFTER: dict[str, Any] = {
    "quote to close": ratio("quote_to_close", 50, 200, Q2),
    "answered in time": ratio("in_time", 240, 300, Q2, window=None),
    "mql to sql": by_owner(Q2, anna=(31, 60), carl=(20, 60)),
    "score": by_outcome([(x, x % 10 < x / 10) for x in range(100)]),
    "leads a week": [80, 84, 79, 81, 83, 78, 82, 80, 81, 85, 77, 82, 80],
    "lost": ratio("lost", 60, 200, Q2, censored=5),
}


def review(**more: Any) -> Review:
    before = pl.DataFrame({"source": ["web"] * 60 + ["fair"] * 40})
    after = pl.DataFrame({"source": ["web"] * 30 + ["fair"] * 70})
    chosen: dict[str, Any] = {
        "better": {"leads a week": "neither", "lost": "lower"},
        "settled": ["answered in time"],
        "stability": stability(before, after, columns="source"),
    }
    return process_review(BEFORE, AFTER, **chosen | more)


def test_each_measure_has_a_verdict() -> None:
    found = review()
    assert {x.name: x.verdict for x in found} == {
        "quote to close": "degraded",
        "answered in time": "improved",
        "leads a week": "changed",
        "source": "changed",
        "mql to sql, anna": "too few",
        "mql to sql, bert": "too few",
        "mql to sql, carl": "too few",
        "score": "too few",
        "lost": "immature",
    }
    assert [x.name for x in found.degraded] == ["quote to close"]
    assert [x.name for x in found.improved] == ["answered in time"]
    assert [x.name for x in found.changed] == ["leads a week", "source"]
    assert len(found.untold) == 5
    assert found.title == (
        "process review, 2026-04-01 to 2026-06-30 beside 2026-01-01 to 2026-03-31: "
        "1 degraded, 1 improved, 2 changed, 4 too few, 1 immature"
    )


def test_who_is_there_in_one_period_only_is_told() -> None:
    found = review()
    assert (found["mql to sql, bert"].after.value, found["mql to sql, carl"].before.value) == (
        None,
        None,
    )
    with pytest.raises(KeyError):
        found["mql to sql, dora"]


def test_many_measures_make_each_less_sure() -> None:
    alone = process_review({"a": BEFORE["quote to close"]}, {"a": AFTER["quote to close"]})
    names = [f"m{n}" for n in range(60)]
    many = process_review(
        {"a": BEFORE["quote to close"]} | dict.fromkeys(names, ratio("m", 10, 20, Q1)),
        {"a": AFTER["quote to close"]} | dict.fromkeys(names, ratio("m", 10, 20, Q2)),
    )
    assert len(alone.degraded) == 1
    assert many.degraded == ()


def test_as_text_and_data() -> None:
    found = review()
    lines = str(found).splitlines()
    assert lines[2].split() == [
        *("quote", "to", "close", "share", "0.400", "0.250", "-0.150", "-0.238", "-0.058"),
        *("0.002", "0", "degraded"),
    ]
    assert lines[-1] == ("  PSI compares by itself: 0 is no change, 0.25 a shift by convention")
    data = json.loads(json.dumps(found.to_dict()))
    assert data["rows"][0]["verdict"] == "degraded"
    assert len(found.to_frame("pandas")) == len(found) == 9


def test_without_periods_and_columns_there_is_less_to_tell() -> None:
    found = process_review({"hours": [1.0, 2.0]}, {"hours": [1.0, 2.0]})
    assert found.title == "process review, the later period: 1 too few"
    assert len(found.notes) == 2


def test_the_periods_of_scores_and_groups_are_known_too() -> None:
    assert process_review({"a": BEFORE["mql to sql"]}, {"a": AFTER["mql to sql"]}).periods == (
        Q1,
        Q2,
    )


@pytest.mark.parametrize(
    ("before", "after", "more", "message"),
    [
        (
            [BEFORE["mql to sql"]],
            {},
            {},
            "before: expected measures by name, such as {'won': conversion(...)}",
        ),
        ({}, (), {}, "after: expected measures by name, such as {'won': conversion(...)}"),
        ({"a": [1.0]}, {}, {}, "a: is measured before and not after; expected both"),
        ({}, {"a": [1.0]}, {}, "a: is measured after and not before; expected both"),
        (
            {"hours": [1.0]},
            {"hours": [1.0]},
            {"better": {"hour": "lower"}},
            "better: no measure 'hour'; did you mean 'hours'?",
        ),
        (
            {"hours": [1.0]},
            {"hours": [1.0]},
            {"settled": ["days"]},
            "settled: no measure 'days'",
        ),
        (
            {"a": by_owner(Q1, anna=(1, 2))},
            {"a": Ratios(ratio("mql_to_sql", 1, 2, Q2), ("region",), ())},
            {},
            "a: is grouped by owner before, and by region after",
        ),
    ],
)
def test_what_is_not_alike_is_refused(
    before: Any, after: Any, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(EvaluationError) as caught:
        process_review(before, after, **more)
    assert str(caught.value) == message


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture(theme: Any) -> None:
    drawn = review().plot(theme=theme).to_dict()
    values = drawn["layer"][1]["data"]["values"]
    assert [x["measure"] for x in values][:2] == ["quote to close", "answered in time"]
    assert values[0]["change"] == pytest.approx(-0.375)
    assert "source" not in {x["measure"] for x in values}
