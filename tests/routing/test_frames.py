"""Routing a frame: on every kind of frame what is decided of its leads one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadrules import EvaluationError, Lead
from leadrules.calendars import Calendar
from leadrules.frames import frame_of
from leadrules.routing.document import Routing
from leadrules.routing.router import Answered, Router
from leadrules.values import datetime_of
from tests.frames import EAGER_AND_LAZY, KINDS, MAKE
from tests.routing.policies import (
    MEMBERS,
    POLICY,
    START,
    WORDS,
    Arrival,
    Sample,
    arrivals,
    ordered,
    samples,
    singles,
)

FEWER = max(3, settings().max_examples // 3)
"""A frame holds many leads, so fewer frames do."""
COLUMNS = (
    "lead_id",
    "time",
    "rule",
    "pool",
    "owner",
    "queue",
    "partner",
    "code",
    "clock",
    "packages",
    "reason",
    "policy",
)
MOMENT = pa.timestamp("us", "UTC")

Plain = dict[str, Any]


def table(found: Sequence[Arrival], without: Sequence[str] = ()) -> pa.Table:
    """Return leads, what earlier steps add, and their moments, as a table."""
    made: pa.Table = frame_of([x.lead for x in found], vocabulary=WORDS, backend="pyarrow")
    for name, kind in (("score", pa.int64()), ("band", pa.string()), ("stage_since", MOMENT)):
        values = pa.array([x.derived.get(name) for x in found], _counted(kind)).cast(kind)
        made = made.set_column(made.column_names.index(name), name, values)
    return made.append_column("at", pa.array([x.at for x in found], MOMENT)).drop_columns(
        [*without]
    )


def _counted(kind: pa.DataType) -> pa.DataType:
    return pa.int64() if kind == MOMENT else kind


def plain(answers: Sequence[Answered]) -> list[Plain]:
    """Return the rows of the table that says the same as answers."""
    return [
        {name: getattr(x, name, None) for name in COLUMNS}
        | {"time": x.time.astimezone(UTC), "packages": list(x.packages)}
        for x in answers
    ]


def rows(frame: Any) -> list[Plain]:
    """Return the rows of a table of any kind, in their order."""
    native = nw.from_native(frame)
    if isinstance(native, nw.LazyFrame):
        lazy = native.implementation.is_pyspark()
        made: Any = frame.toArrow() if lazy else native.collect("pyarrow").to_native()
    else:
        made = native.to_arrow()
    found = pl.DataFrame(made)
    assert tuple(found.columns) == COLUMNS
    assert isinstance(found.schema["time"], pl.Datetime)
    return found.with_columns(pl.col("time").dt.convert_time_zone("UTC")).rows(named=True)


loads = st.none() | st.dictionaries(st.sampled_from(MEMBERS), st.integers(0, 3))


@settings(max_examples=FEWER)
@pytest.mark.parametrize("kind", EAGER_AND_LAZY)
@given(sample=samples, found=arrivals(), load=loads)
def test_a_frame_is_routed_as_its_leads_are_one_by_one(
    kind: str, sample: Sample, found: list[Arrival], load: Mapping[str, int] | None
) -> None:
    """Law: `route_frame` equals `route` in the declared order, each state given to the next."""
    router = sample.router
    answers, state = singles(router, ordered(found), router.start(), load)
    frame = MAKE[kind](table(found))
    assigned, after = router.route_frame(frame, at="at", state=router.start(), load=load)
    assert type(assigned) is type(frame)
    assert rows(assigned) == plain(answers)
    assert after == state


@given(sample=samples, found=arrivals(), at=st.integers(-30, 30))
def test_one_moment_for_all_and_a_state_that_goes_on(
    sample: Sample, found: list[Arrival], at: int
) -> None:
    """Law: with one moment the score orders; two frames in a row are as their leads in a row."""
    router = sample.router
    moment = datetime(2026, 3, 30, 8, tzinfo=UTC)
    first = [Arrival(x.lead, x.derived, moment) for x in ordered(found)]
    answers, state = singles(router, ordered(first), router.start())
    assigned, after = router.route_frame(
        pl.DataFrame(table(found)), at=moment, state=router.start()
    )
    assert (rows(assigned), after) == (plain(answers), state)
    later = datetime_of(int(moment.timestamp() * 1_000_000) + at * 3_600_000_000)
    more = [
        Arrival(x.lead.model_copy(update={"id": f"{x.lead.id}2"}), x.derived, later) for x in found
    ]
    answers, state = singles(router, ordered(more), state)
    assigned, after = router.route_frame(pl.DataFrame(table(more)), at=later, state=after)
    assert (rows(assigned), after) == (plain(answers), state)


@given(sample=samples, found=arrivals(), gone=st.sets(st.sampled_from(("score", "band"))))
def test_what_earlier_steps_add_may_be_absent(
    sample: Sample, found: list[Arrival], gone: set[str]
) -> None:
    """Law: a frame without a derived column is one in which that is missing."""
    router = sample.router
    known = [
        Arrival(x.lead, {k: v for k, v in x.derived.items() if k not in gone}, x.at) for x in found
    ]
    whole = router.route_frame(pl.DataFrame(table(known)), at="at", state=router.start())
    fewer = pl.DataFrame(table(known, without=sorted(gone)))
    assigned, after = router.route_frame(fewer, at="at", state=router.start())
    assert (rows(assigned), after) == (rows(whole[0]), whole[1])


# --- one by one

PLAIN = Router(
    Routing.model_validate(
        {
            "rules": [
                {"id": "vip", "when": 'country == "DE"', "to": {"pool": "team"},
                 "clock": "first_call", "packages": ["brochure", "prices"]},
                {"id": "gone", "when": 'country == "FR"', "to": {"owner": "zoe"}},
                {"id": "partner", "when": 'country == "AT"', "to": {"partner": "nord"}},
            ],
            "queue": "triage",
            "pools": {"team": {"members": {"ann": {"limits": ["1 per day"]}, "ben": {}}}},
            "members": {"ann": {}, "ben": {"calendar": "office"}, "zoe": {"active": False}},
            "partners": {"nord": {}},
        }
    ),
    calendars={"office": Calendar.model_validate({"hours": {"mon-fri": ["09:00-17:00"]}})},
    policy=POLICY,
)  # fmt: skip
FEW: Sequence[Arrival] = [
    Arrival(Lead(id="1", country="DE"), {}, START),
    Arrival(Lead(id="2", country="DE"), {"score": 5}, START),
    Arrival(Lead(id="3", country="FR"), {"score": 5}, START),
    Arrival(Lead(id="4", country="AT", created=START), {}, START),
    Arrival(Lead(id="5"), {}, START.replace(hour=6)),
    Arrival(Lead(id="6", country="DE"), {"score": -1}, START),
]


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_is_of_the_kind_of_the_leads(kind: str) -> None:
    frame = MAKE[kind](table(FEW))
    assigned, state = PLAIN.route_frame(frame, at="at", state=PLAIN.start())
    assert type(assigned) is type(frame)
    found = rows(assigned)
    assert [
        (x["lead_id"], x["rule"], x["pool"], x["owner"] or x["queue"] or x["partner"], x["code"])
        for x in found
    ] == [
        ("5", None, None, "triage", None),
        ("2", "vip", "team", "ann", None),
        ("3", "gone", None, None, "inactive"),
        ("6", "vip", None, None, "at-limit"),
        ("4", "partner", None, "nord", None),
        ("1", "vip", None, None, "at-limit"),
    ]
    assert found[1] == {
        "lead_id": "2",
        "time": START,
        "rule": "vip",
        "pool": "team",
        "owner": "ann",
        "queue": None,
        "partner": None,
        "code": None,
        "clock": "first_call",
        "packages": ["brochure", "prices"],
        "reason": None,
        "policy": POLICY,
    }
    assert found[3]["packages"] == ["brochure", "prices"]
    assert found[3]["clock"] is None
    assert state == singles(PLAIN, ordered(FEW), PLAIN.start())[1]


@pytest.mark.parametrize("kind", EAGER_AND_LAZY)
def test_no_leads_are_no_assignments(kind: str) -> None:
    assigned, state = PLAIN.route_frame(MAKE[kind](table([])), at="at", state=PLAIN.start())
    assert rows(assigned) == []
    assert state == PLAIN.start()


def test_columns_that_are_not_read_need_not_be_there() -> None:
    frame = pl.DataFrame({"lead_id": ["b", "a"], "country": [None, "DE"]})
    assigned, _ = PLAIN.route_frame(frame, at=START, state=PLAIN.start())
    assert [(x["lead_id"], x["owner"], x["queue"]) for x in rows(assigned)] == [
        ("a", "ann", None),
        ("b", None, "triage"),
    ]


@pytest.mark.parametrize(
    ("scores", "order"),
    [
        ([1.5, None, 2.0], ["c", "a", "b"]),
        ([float("nan"), 0.5, None], ["b", "a", "c"]),
        ([None, None, None], ["a", "b", "c"]),
    ],
)
def test_a_score_of_the_host_orders_too(scores: list[float | None], order: list[str]) -> None:
    """A router without a policy declares no score; a column of it is numbers of any kind."""
    frame = pl.DataFrame({"id": ["a", "b", "c"], "country": [None] * 3, "score": scores})
    assigned, _ = PLAIN.route_frame(frame, at=START, state=PLAIN.start())
    assert [x["lead_id"] for x in rows(assigned)] == order


def test_a_lead_that_comes_twice_is_routed_twice() -> None:
    frame = pl.DataFrame({"id": ["a", "a"], "country": ["DE", "DE"]})
    assigned, state = PLAIN.route_frame(frame, at=START, state=PLAIN.start())
    assert [x["code"] or x["owner"] for x in rows(assigned)] == ["ann", "at-limit"]
    assert state.version == 1


NAIVE = (
    "created: the column holds datetimes without a time zone; expected a datetime column with a "
    "time zone"
)


def refused(frame: Any, at: Any = START) -> EvaluationError:
    with pytest.raises(EvaluationError) as error:
        PLAIN.route_frame(frame, at=at, state=PLAIN.start())
    return error.value


@pytest.mark.parametrize(
    ("columns", "at", "field", "message"),
    [
        ({"id": ["a"]}, START, "country",
         "the frame has no column 'country'; add an empty column if all are missing"),
        ({"id": ["a"], "country": ["DE"]}, "when", "when",
         "the frame has no column 'when'; add an empty column if all are missing"),
        ({"id": ["a"], "country": ["DE"], "when": [START]}, 5, "at",
         "at: '5' is not a moment; expected an aware datetime"),
        ({"country": ["DE"]}, START, "lead_id",
         "the frame has no column 'lead_id' or 'id', by which a lead has its events"),
        ({"id": ["a", None], "country": ["DE", "DE"]}, START, "id",
         "id: 1 row has no id; expected one in every row"),
        ({"lead_id": ["", None], "country": ["DE", "DE"]}, START, "lead_id",
         "lead_id: 2 rows have no id; expected one in every row"),
        ({"id": ["a", "b"], "country": ["DE", "DE"], "when": [None, START]}, "when", "when",
         "when: 1 row has no moment; expected one in every row"),
        ({"id": ["a"], "country": ["DE"], "score": ["high"]}, START, "score",
         "score: the column holds texts; expected a numeric column"),
        ({"id": ["a"], "country": ["DE"], "created": [START.replace(tzinfo=None)]}, START,
         "created", NAIVE),
        ({"id": ["a"], "country": [5]}, START, "country",
         "country: the column holds integers; expected a text column; cast it to text"),
    ],
)  # fmt: skip
def test_a_frame_that_cannot_be_used_is_refused(
    columns: dict[str, list[Any]], at: Any, field: str, message: str
) -> None:
    error = refused(pl.DataFrame(columns), at)
    assert (error.field, str(error)) == (field, message)


def test_a_state_of_another_policy_is_refused() -> None:
    with pytest.raises(EvaluationError) as error:
        PLAIN.route_frame(
            pl.DataFrame({"id": ["a"], "country": ["DE"]}),
            at=START,
            state=Router(PLAIN.routing, calendars=PLAIN.calendars, policy="other").start(),
        )
    assert str(error.value) == (
        f"state: was made by policy 'other', not '{POLICY}'; expected router.migrate(state)"
    )
    assert refused("leads").field == "leads"
