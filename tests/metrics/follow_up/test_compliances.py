"""Compliance and freshness: beside a plain account of each obligation, on every kind of frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadrules import Engine, EvaluationError, load_policy, presets
from leadrules.lifecycle.obligations import ObligationKind
from leadrules.metrics import Measures, compliance, freshness
from leadrules.metrics.follow_up.obligations import KINDS
from leadrules.metrics.pictures import svg_of
from tests.frames import MAKE, related
from tests.metrics.tables import FRAMES, FRAMES_AND_SPARK

WORDS = Measures()
START = datetime(2026, 3, 2, tzinfo=UTC)
_MOMENT = pa.timestamp("us", "UTC")
_OWED = ("lead_id", "kind", "name", "stage", "owner", "status", "opened", "due", "closed")
_LEADS = ("lead_id", "lead_type", "owner")

Row = Mapping[str, Any]


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def owed(  # noqa: PLR0917 - a row
    lead: str,
    status: str,
    due: float | None,
    closed: float | None = None,
    kind: str = "touches",
    owner: str | None = "anna",
    opened: float = 0,
) -> Row:
    return {
        "lead_id": lead,
        "kind": kind,
        "name": "first_contact",
        "stage": "inquiry",
        "owner": owner,
        "status": status,
        "opened": at(opened),
        "due": None if due is None else at(due),
        "closed": None if closed is None else at(closed),
    }


def frames(kind: str, obligations: Sequence[Row], leads: Sequence[Row] = ()) -> tuple[Any, Any]:
    found = [
        pa.table(
            {
                name: pa.array(
                    [row.get(name) for row in rows],
                    _MOMENT if name in {"opened", "due", "closed"} else pa.string(),
                )
                for name in names
            }
        )
        for rows, names in ((obligations, _OWED), (leads, _LEADS))
    ]
    one, other = related(*found) if kind == "duckdb" else [MAKE[kind](x) for x in found]
    return one, other


OWED = [
    owed("1", "met", 2, 1),
    owed("1", "met", 2, 2, owner="bert"),
    owed("2", "met_late", 2, 3),
    owed("3", "breached", 2, 4),
    owed("3", "breached", 2, owner="bert"),
    owed("4", "unmet", 2, 1),
    owed("4", "waived", 2, 5),
    owed("5", "met", 9, 1),
    owed("5", "open", 9),
    owed("5", "open", None),
    owed("6", "open", 9, opened=7),
    owed("1", "met", 2, 1, kind="update"),
    owed("1", "open", 8, kind="update", opened=1),
    owed("2", "breached", 3, kind="update"),
    owed("7", "met", 9, 8, kind="update", owner=None),
]
LEADS = [
    {"lead_id": str(number), "lead_type": "demo" if number < 3 else None, "owner": "zoe"}
    for number in range(1, 7)
]
NOW = at(6)


# --- by hand


@pytest.mark.parametrize("kind", FRAMES_AND_SPARK)
def test_what_fell_due_was_done_in_time_or_not(kind: str) -> None:
    obligations, leads = frames(kind, OWED, LEADS)
    found = compliance(obligations, measures=WORDS, at=NOW, by="owner")
    total = found.total
    assert (total.ratio.numerator, total.ratio.denominator) == (2, 5)
    assert (total.late, total.missed, total.overdue, total.ever_missed) == (1, 1, 1, 3)
    assert (total.gone, total.waived, total.not_due, total.unlimited) == (1, 1, 2, 1)
    assert [(x.ratio.group["owner"], x.ratio.numerator, x.ratio.denominator)
            for x in found.parts] == [("anna", 1, 3), ("bert", 1, 2)]  # fmt: skip
    found = compliance(obligations, measures=WORDS, at=NOW, leads=leads, by=["lead_type", "owner"])
    assert [(*x.group.values(), x.numerator, x.denominator) for x in found.ratios] == [
        ("demo", "anna", 1, 2),
        ("demo", "bert", 1, 1),
        (None, "anna", 0, 1),
        (None, "bert", 0, 1),
    ]
    assert [x.numerator for x in found.ratios.rolled_up("lead_type")] == [2, 0]


def test_a_result_says_what_it_counts() -> None:
    obligations, _ = frames("polars", OWED)
    found = compliance(obligations, measures=WORDS, at=NOW, by="owner")
    assert str(found) == (
        "touches done in time, of those that fell due: 2 of 5 obligations "
        "(40.0 %, 95 % CI 11.8 to 76.9), period 2026-03-04, every entry, 0 censored\n"
        "  owner  due  in time  in time (%)  low (%)  high (%)  done late  never done  overdue"
        "  gone  waived  not due  unlimited\n"
        "  anna     3        1         33.3      6.1      79.2          1           1        0"
        "     1       1        2          1\n"
        "  bert     2        1         50.0      9.5      90.5          0           0        1"
        "     0       0        0          0\n"
        "  3 not done by their deadline, 1 still owed\n"
        "  in no share: 2 not due yet, done or not, 1 not due when the lead went on, 1 waived, "
        "1 without a deadline"
    )
    whole = compliance(obligations, measures=WORDS, at=NOW, kind=None)
    assert whole.title.startswith("obligations done in time, of those that fell due: 3 of 7 ")
    assert whole.rows()[0][:2] == (7, 3)
    updates = compliance(obligations, measures=WORDS, at=NOW, kind="update")
    assert updates.title.startswith("'update' done in time, of those that fell due: 1 of 2 ")
    assert len(updates.notes) == 2
    assert updates.to_frame()["met"].to_list() == [1]


def test_a_period_is_of_the_days_on_which_it_was_due() -> None:
    obligations, _ = frames("polars", OWED)
    asked: dict[str, Any] = {"measures": WORDS, "at": at(20), "kind": "update"}
    found = compliance(obligations, period="2026-03-04 to 2026-03-05", **asked).total
    assert (found.ratio.numerator, found.ratio.denominator) == (1, 2)
    found = compliance(obligations, period="2026-03-11", **asked).total
    assert (found.ratio.numerator, found.ratio.denominator) == (1, 1)
    found = compliance(obligations, period="2026-03-02", **{**asked, "kind": "touches"}).total
    assert (found.ratio.value, found.unlimited) == (None, 1)


def test_at_its_deadline_nothing_is_due_yet() -> None:
    obligations, _ = frames("polars", [owed("1", "open", 2)])
    assert compliance(obligations, measures=WORDS, at=at(2)).total.not_due == 1
    later = at(2) + timedelta(microseconds=1)
    assert compliance(obligations, measures=WORDS, at=later).total.overdue == 1


@pytest.mark.parametrize("kind", FRAMES)
def test_a_status_is_up_to_date_until_the_next_update_is_due(kind: str) -> None:
    obligations, leads = frames(kind, OWED, LEADS)
    found = freshness(obligations, measures=WORDS, at=NOW)
    assert str(found) == (
        "2 of 3 leads (66.7 %, 95 % CI 20.8 to 93.9), snapshot 2026-03-07, every entry, 0 censored"
    )
    rows = freshness(obligations, measures=WORDS, at=NOW, by="owner")
    assert [(x.group["owner"], x.numerator, x.denominator) for x in rows] == [
        ("anna", 1, 2),
        (None, 1, 1),
    ]
    by_type = freshness(obligations, measures=WORDS, at=NOW, leads=leads, by="lead_type")
    assert [(x.numerator, x.denominator) for x in by_type] == [(1, 2), (1, 1)]
    earlier = freshness(obligations, measures=WORDS, at=at(0.5))
    assert (earlier.numerator, earlier.denominator) == (3, 3)
    assert str(earlier.period) == "2026-03-02 00:00 to 2026-03-02 12:00"


def test_the_obligations_of_an_engine_are_such_a_table() -> None:
    policy = load_policy(presets.demo_policy())
    engine = Engine(policy)
    start = datetime(2026, 10, 1, 7, tzinfo=UTC)
    known = {"created": start, "lead_type": "demo", "owner": "anna"}
    leads = policy.frame([policy.lead({"id": x, **known}) for x in "12"])

    def event(lead: str, hours: float, kind: str, **said: Any) -> Any:
        time = start + timedelta(hours=hours)
        return policy.event(
            {"lead_id": lead, "id": f"{kind}{hours}", "time": time, "kind": kind, **said}
        )

    events = [event(x, 0, "moved", to="inquiry") for x in "12"]
    events += [event(x, 0.5, "assigned", owner="anna") for x in "12"]
    events += [
        event("1", 24 * day + 2, "touch", channel="call", direction="outbound") for day in (0, 1, 4)
    ]
    later = start + timedelta(days=10)
    owed_ = engine.obligations_frame(leads, events=policy.event_frame(events), at=later)
    asked: dict[str, Any] = {"measures": policy.measures, "at": later, "leads": leads}
    touches = compliance(owed_, by=["lead_type", "name"], **asked)
    assert [(*x.group.values(), x.numerator, x.denominator) for x in touches.ratios] == [
        ("demo", "first_contact", 1, 2)
    ]
    clocks = compliance(owed_, kind="clock", by="name", **asked)
    assert (clocks.ratios["speed_to_lead"].numerator, clocks.total.overdue) == (1, 1)
    assert freshness(owed_, measures=policy.measures, at=later).denominator == 2


def test_everything_that_an_engine_owes_is_of_a_known_kind() -> None:
    assert (*get_args(ObligationKind), "clock") == KINDS


# --- laws

_days = st.sampled_from((1, 2, 3, 4))


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    """Draw obligations as trails have them at a late moment."""
    rows = []
    for number in range(draw(st.integers(1, 12))):
        due, closed = draw(st.one_of(st.none(), _days)), draw(st.one_of(st.none(), _days))
        status = "open" if due is None or due > 6 else "breached"
        if closed is not None:
            status = draw(st.sampled_from(("met", "gone", "waived")))
        if status == "met" and due is not None and closed is not None and closed > due:
            status = "met_late"
        if status == "gone":
            status = "unmet" if due is None or (closed or 0) <= due else "breached"
        owner = draw(st.sampled_from(("anna", "bert", None)))
        rows.append(owed(f"l{number % 4}", status, due, closed, owner=owner))
    return rows


def plain(row: Row, now: datetime) -> str:
    """Return what became of an obligation, by a plain account."""
    due, closed = row["due"], row["closed"]
    if row["status"] == "waived":
        return "waived"
    if due is None:
        return "unlimited"
    if due >= now:
        return "not_due"
    if closed is None or closed > now:
        return "overdue"
    if row["status"].startswith("met"):
        return "met" if closed <= due else "late"
    return "gone" if closed <= due else "missed"


@pytest.mark.parametrize("kind", FRAMES)
@settings(max_examples=max(2, settings().max_examples // 3))
@given(rows=tables(), now=st.sampled_from((0, 1, 2, 3.5, 6)))
def test_every_obligation_is_counted_once_as_a_plain_account_has_it(
    kind: str, rows: list[Row], now: float
) -> None:
    """Law: each obligation is counted once, and groups add up to the whole."""
    obligations, _ = frames(kind, rows)
    found = compliance(obligations, measures=WORDS, at=at(now), by="owner")
    became = [plain(row, at(now)) for row in rows]
    total = found.total
    counts = {
        "met": total.ratio.numerator,
        "late": total.late,
        "missed": total.missed,
        "overdue": total.overdue,
        "gone": total.gone,
        "waived": total.waived,
        "not_due": total.not_due,
        "unlimited": total.unlimited,
    }
    assert counts == {name: became.count(name) for name in counts}
    assert sum(counts.values()) == len(rows)
    for part in found.parts:
        theirs = [x for x, row in zip(became, rows, strict=True)
                  if row["owner"] == part.ratio.group["owner"]]  # fmt: skip
        assert part.ratio.numerator == theirs.count("met")
        assert part.ever_missed == sum(theirs.count(x) for x in ("late", "missed", "overdue"))
    assert sum(part.ratio.denominator for part in found.parts) == total.ratio.denominator


# --- pictures


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture_has_the_shares_and_their_intervals(theme: Any) -> None:
    obligations, _ = frames("polars", OWED)
    found = compliance(obligations, measures=WORDS, at=NOW, by="owner")
    svg = svg_of(found.plot(theme=theme))
    assert "share of obligations, with 95 % interval" in svg
    assert ">anna<" in svg
    assert ">all<" in svg_of(compliance(obligations, measures=WORDS, at=NOW).plot(theme=theme))


# --- wrong input

EIGHT = "one of 8, such as 'accept', 'acknowledge', 'approval'"
KINDS_OF_FRAMES = "one of pandas, polars, pyarrow, modin, DuckDB or PySpark"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"kind": "touch"}, "kind: nothing is owed of kind 'touch'; did you mean 'touches'?"),
        (
            {"kind": "zzzz"},
            f"kind: nothing is owed of kind 'zzzz'; expected {EIGHT}",
        ),
        (
            {"by": "region"},
            "leads: expected a frame with the column 'region', since 'by' asks for it",
        ),
        (
            {"obligations": [1]},
            f"obligations: no frame; expected {KINDS_OF_FRAMES}",
        ),
    ],
)
def test_what_is_asked_has_to_be_possible(asked: dict[str, Any], message: str) -> None:
    obligations, _ = frames("polars", OWED)
    obligations = asked.pop("obligations", obligations)
    with pytest.raises(EvaluationError) as caught:
        compliance(obligations, measures=WORDS, at=NOW, **asked)
    assert str(caught.value) == message


def test_a_column_that_is_read_has_to_be_there() -> None:
    obligations, _ = frames("polars", OWED)
    with pytest.raises(EvaluationError) as caught:
        freshness(obligations.drop("due"), measures=WORDS, at=NOW)
    assert str(caught.value) == (
        "obligations: the frame has no column 'due'; add an empty column if all are missing"
    )
