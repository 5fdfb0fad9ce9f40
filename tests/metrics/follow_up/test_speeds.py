"""Speed to lead: beside a plain account of each lead, on every kind of frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadrules import EvaluationError
from leadrules.calendars import Calendar, Timekeeper
from leadrules.metrics import Measures, speed_to_lead
from leadrules.metrics.pictures import svg_of
from tests.frames import MAKE, related
from tests.metrics.tables import FRAMES, FRAMES_AND_SPARK

WORDS = Measures.model_validate(
    {
        "funnel": {"prospect": "mql", "sales_ready": "sql", "close": "won"},
        "lost": ["lost"],
        "contact": ["connected"],
    }
)
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""A Monday."""
OFFICE = Timekeeper(Calendar(hours={"mon-fri": ("09:00-17:00",)}))
HOUR = timedelta(hours=1)
_MOMENT = pa.timestamp("us", "UTC")
_TYPES = {"created": _MOMENT, "time": _MOMENT, "entered": _MOMENT, "automatic": pa.bool_()}
_LEADS = ("lead_id", "created", "region", "owner")
_EVENTS = ("lead_id", "id", "time", "kind", "direction", "automatic", "outcome", "to", "of")
_ENTRIES = ("lead_id", "stage", "entered")

Row = Mapping[str, Any]


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def lead(
    name: str, hours: float | None, region: str | None = None, owner: str | None = None
) -> Row:
    created = None if hours is None else at(hours)
    return {"lead_id": name, "created": created, "region": region, "owner": owner}


def touch(name: str, hours: float, **said: Any) -> Row:
    return {
        "lead_id": name, "id": f"{name}-{hours}", "time": at(hours), "kind": "touch",
        "direction": "outbound", **said,
    }  # fmt: skip


def moved(name: str, hours: float, to: str) -> Row:
    return {"lead_id": name, "id": f"m{hours}", "time": at(hours), "kind": "moved", "to": to}


def entered(name: str, stage: str, hours: float) -> Row:
    return {"lead_id": name, "stage": stage, "entered": at(hours)}


def table(rows: Sequence[Row], names: Sequence[str]) -> pa.Table:
    return pa.table(
        {
            name: pa.array([row.get(name) for row in rows], _TYPES.get(name, pa.string()))
            for name in names
        }
    )


def frames(
    kind: str, leads: Sequence[Row], events: Sequence[Row], entries: Sequence[Row] = ()
) -> tuple[Any, ...]:
    found = table(leads, _LEADS), table(events, _EVENTS), table(entries, _ENTRIES)
    return related(*found) if kind == "duckdb" else tuple(MAKE[kind](x) for x in found)


LEADS = [
    lead("1", 0, "north", "anna"),
    lead("2", 0, "north", "anna"),
    lead("3", 1, "north", "bert"),
    lead("4", 2, "south", "carl"),
    lead("5", 3, "south", "carl"),
    lead("6", 9.5, "south", "carl"),
    lead("7", None, "south", "carl"),
    lead("8", 90, "south", "carl"),
]
EVENTS = [
    touch("1", 0.5),
    touch("1", 0.75, outcome="connected"),
    touch("2", -1),
    touch("2", 6),
    touch("3", 1.25, automatic=True),
    touch("3", 1.5, direction="inbound"),
    moved("4", 2.5, "lost"),
    touch("4", 3),
    moved("5", 8, "lost"),
    touch("6", 9.75),
]
NOW = at(10)


# --- by hand


@pytest.mark.parametrize("kind", FRAMES_AND_SPARK)
def test_leads_wait_until_somebody_tries_to_reach_them(kind: str) -> None:
    leads, events, _ = frames(kind, LEADS, EVENTS)
    found = speed_to_lead(
        leads, events, measures=WORDS, at=NOW, within=HOUR, by=["region", "owner"]
    )
    total = found.total
    assert (total.leads, total.done, total.waiting, total.gone, total.early) == (6, 3, 1, 2, 1)
    assert found.nameless == 1
    # 15 min and 30 min of six who are followed; at 30 min one is closed and no more followed.
    assert (total.median_done, total.p90_done) == (HOUR / 2, 6 * HOUR)
    assert (total.median, total.p90) == (6 * HOUR, None)
    assert total.in_time is not None
    # Of 1, 2, 3 and 5 the hour is over; 4 was closed within it, and 6 still has it.
    assert (total.in_time.numerator, total.in_time.denominator) == (1, 4)
    assert (total.past_due, total.not_due) == (1, 2)
    assert [(pace.level, *pace.group.values()) for pace in found.paces] == [
        ("all",),
        ("region", "north"),
        ("region", "south"),
        ("owner", "north", "anna"),
        ("owner", "north", "bert"),
        ("owner", "south", "carl"),
    ]
    anna = found.level("owner")[0]
    assert (anna.leads, anna.median, anna.median_done) == (2, HOUR / 2, HOUR / 2)


def test_a_log_without_touches_is_told() -> None:
    calls = [{**event, "kind": "update"} for event in EVENTS]
    leads, events, _ = frames("polars", LEADS, calls)
    found = speed_to_lead(leads, events, measures=WORDS, at=NOW, within=HOUR)
    assert found.notes[1] == (
        "nobody was reached by any event; what counts are events of kind 'touch'"
    )


def test_a_result_says_what_it_counts() -> None:
    leads, events, _ = frames("polars", LEADS, EVENTS)
    found = speed_to_lead(leads, events, measures=WORDS, at=NOW, within=HOUR, by="region")
    assert str(found) == (
        "time to first attempt since they were created, in wall time, of 2026-03-02\n"
        "  level   region  leads  done  waiting  closed  median  p90  median of done  p90 of done"
        "  due  in time  in time (%)  low (%)  high (%)  past due  not due\n"
        "  all     -           6     3        1       2   6.0 h    -          30 min        6.0 h"
        "    4        1         25.0      4.6      69.9         1        2\n"
        "  region  north       3     2        1       0   6.0 h    -          30 min        6.0 h"
        "    3        1         33.3      6.1      79.2         1        0\n"
        "  region  south       3     1        0       2       -    -          15 min       15 min"
        "    1        0          0.0      0.0      79.3         0        2\n"
        "  median and p90 are of all leads: those who still wait count until now\n"
        "  2 leads closed without it: they count until then, and are not late if that was in time\n"
        "  in time, within 1 hour: 1 of 4 leads (25.0 %, 95 % CI 4.6 to 69.9), "
        "cohort 2026-03-02, within 1 hour, first entry, 0 censored\n"
        "  3 missed it, of whom 1 still wait (past due)\n"
        "  2 leads not due yet, and left out of the share\n"
        "  1 lead had it before they came; that does not count\n"
        "  1 lead left out: nobody says when they came"
    )
    ratios = found.in_time
    assert ratios is not None
    assert [x.numerator for x in ratios] == [1, 0]
    frame = found.to_frame()
    assert frame["median"].to_list() == [6.0, 6.0, None]
    assert frame["p90"].to_list() == [None] * 3


def test_in_open_time_nights_do_not_count() -> None:
    leads = [lead("1", 7.5), lead("2", 7.5)]
    events = [touch("1", 24.25)]
    one, two, _ = frames("polars", leads, events)
    asked: dict[str, Any] = {"measures": WORDS, "at": at(26), "within": HOUR}
    wall = speed_to_lead(one, two, **asked).total
    office = speed_to_lead(one, two, timekeeper=OFFICE, **asked).total
    assert (wall.median, office.median) == (16.75 * HOUR, 0.75 * HOUR)
    assert wall.in_time is not None
    assert office.in_time is not None
    assert (wall.in_time.numerator, office.in_time.numerator) == (0, 1)
    assert (wall.past_due, office.past_due) == (1, 1)


def test_at_the_deadline_it_is_in_time_and_due_a_moment_later() -> None:
    leads, events, _ = frames("polars", [lead("1", 0), lead("2", 0)], [touch("1", 1)])
    asked: dict[str, Any] = {"measures": WORDS, "within": HOUR}
    before = speed_to_lead(leads, events, at=at(1), **asked).total
    after = speed_to_lead(leads, events, at=at(1) + timedelta(microseconds=1), **asked).total
    assert before.in_time is not None
    assert after.in_time is not None
    assert (before.in_time.denominator, before.not_due) == (0, 2)
    assert (after.in_time.numerator, after.in_time.denominator) == (1, 2)


def test_a_contact_is_a_touch_by_which_a_person_was_reached_or_that_came_from_them() -> None:
    leads, events, _ = frames("polars", LEADS[:3], EVENTS)
    found = speed_to_lead(leads, events, measures=WORDS, at=NOW, to="contact", by="owner")
    assert [pace.done_curve.steps["after"].to_list() for pace in found.level("owner")] == [
        [45 * 60 * 10**6],
        [30 * 60 * 10**6],
    ]
    without = [{**x, "outcome": None} for x in EVENTS]
    _, events, _ = frames("polars", LEADS, without)
    found = speed_to_lead(leads, events.drop("outcome"), measures=WORDS, at=NOW, to="contact")
    assert found.total.done == 1


def test_qualification_is_the_entry_into_sales_ready_and_who_is_closed_never_gets_there() -> None:
    entries = [
        entered("1", "sql", 2),
        entered("2", "won", 4),
        entered("3", "lost", 5),
        entered("4", "sql", 1),
        entered("4", "sql", 99),
    ]
    leads, _, visits = frames("polars", LEADS[:5], [], entries)
    asked: dict[str, Any] = {"measures": WORDS, "at": NOW, "to": "qualification"}
    found = speed_to_lead(leads, None, entries=visits, **asked)
    total = found.total
    assert (total.done, total.waiting, total.gone, total.early) == (2, 2, 1, 1)
    assert (total.median, total.median_done, total.p90_done) == (None, 2 * HOUR, 4 * HOUR)
    assert "1 lead closed without it: they never get there" in found.notes
    strict = WORDS.model_copy(update={"skipped": "missing"})
    total = speed_to_lead(leads, None, entries=visits, **{**asked, "measures": strict}).total
    assert (total.done, total.gone) == (1, 2)


ENTRIES = [
    entered("1", "mql", 0),
    entered("1", "lost", 2),
    entered("1", "mql", 5),
    entered("2", "sql", 1),
    entered("9", "mql", 1),
]


@pytest.mark.parametrize(
    ("reentry", "waited"),
    [("first", [1, 3]), ("last", [2, 3]), ("every", [1, 2, 3])],
)
def test_since_a_stage_by_the_entry_that_counts(reentry: str, waited: list[int]) -> None:
    events = [touch("1", 1), touch("1", 7), touch("2", 4), touch("9", 2)]
    leads, happened, visits = frames("polars", LEADS[:2], events, ENTRIES)
    words = WORDS.model_copy(update={"reentry": reentry})
    found = speed_to_lead(
        leads, happened, entries=visits, measures=words, at=at(20), since="prospect", within=HOUR
    )
    assert found.since == "mql"
    assert [x / 3600 / 10**6 for x in found.total.curve.steps["after"]] == waited
    assert found.total.in_time is not None
    assert found.total.in_time.entry == reentry
    assert found.total.in_time.unit == ("entry" if reentry == "every" else "lead")


def test_each_entry_waits_until_the_next_one_at_most() -> None:
    words = WORDS.model_copy(update={"reentry": "every", "lost": ()})
    visits = [entered("1", "mql", 0), entered("1", "mql", 5)]
    leads, events, entries = frames("polars", LEADS[:1], [touch("1", 7)], visits)
    found = speed_to_lead(
        leads, events, entries=entries, measures=words, at=at(20), since="mql"
    ).total
    assert (found.done, found.waiting, found.median_done) == (1, 1, 2 * HOUR)


def test_what_was_taken_back_did_not_happen() -> None:
    back = {"lead_id": "1", "id": "r", "time": at(1), "kind": "retraction", "of": "1-0.5"}
    later = {**back, "id": "s", "time": at(50), "of": "1-0.75"}
    leads, events, _ = frames("polars", LEADS[:1], [*EVENTS[:2], back, later])
    found = speed_to_lead(leads, events, measures=WORDS, at=NOW).total
    assert found.median == 0.75 * HOUR


def test_a_period_is_of_the_days_on_which_they_came() -> None:
    leads, events, _ = frames("polars", [lead("1", -10.5), lead("2", 0), lead("3", 14.5)], EVENTS)
    words = WORDS.model_copy(update={"zone": "Europe/Berlin"})
    found = speed_to_lead(leads, events, measures=words, at=NOW + 9 * HOUR, period="2026-03-02")
    assert (found.total.leads, str(found.period)) == (1, "2026-03-02 in Europe/Berlin")


def test_nobody_came() -> None:
    leads, events, _ = frames("polars", LEADS[:0], EVENTS[:0])
    found = speed_to_lead(leads, events, measures=WORDS, at=NOW, within=HOUR, by="region")
    assert (found.period, found.total.leads, found.total.median) == (None, 0, None)
    assert found.total.in_time is not None
    assert found.total.in_time.value is None
    assert len(found.rows()) == 1


# --- laws

_hours = st.sampled_from((-2, -0.5, 0, 0.25, 0.5, 1, 1.5, 7, 8.5, 24, 30, 70))
_happened = st.one_of(
    st.builds(lambda hours, **said: touch("", hours, **said), _hours,
              direction=st.sampled_from(("outbound", "outbound", "inbound")),
              automatic=st.sampled_from((None, False, True)),
              outcome=st.sampled_from((None, "connected", "no_answer"))),
    st.builds(lambda hours: moved("", hours, "lost"), _hours),
)  # fmt: skip


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Draw leads with what happened to them."""
    places = st.sampled_from(
        (("north", "anna"), ("north", "bert"), ("south", "carl"), (None, None))
    )
    leads: list[Row] = []
    events: list[Row] = []
    for number in range(draw(st.integers(1, 7))):
        leads.append(lead(f"l{number}", draw(_hours), *draw(places)))
        own = draw(st.lists(_happened, max_size=4))
        events += [{**x, "lead_id": f"l{number}", "id": f"e{place}"} for place, x in enumerate(own)]
    return leads, events


def plain(
    lead_: Row, events: Sequence[Row], now: datetime, to: str
) -> tuple[timedelta, str] | None:
    """Return how long a lead waited, and how that ended, by a plain account."""
    came = lead_["created"]
    if came > now:
        return None
    own = [x for x in events if x["lead_id"] == lead_["lead_id"] and came <= x["time"] <= now]
    touches = [x for x in own if x["kind"] == "touch" and not x["automatic"]]
    if to == "attempt":
        goals = [x["time"] for x in touches if x["direction"] == "outbound"]
    else:
        goals = [x["time"] for x in touches
                 if x["direction"] == "inbound" or x["outcome"] == "connected"]  # fmt: skip
    ends = [x["time"] for x in own if x["kind"] == "moved"]
    if goals and (not ends or min(goals) <= min(ends)):
        return min(goals) - came, "done"
    return (min(ends) - came, "gone") if ends else (now - came, "waiting")


@pytest.mark.parametrize("kind", FRAMES)
@settings(max_examples=max(2, settings().max_examples // 5))
@given(case=cases(), now=st.sampled_from((0, 1, 8, 80)), to=st.sampled_from(("attempt", "contact")))
def test_every_lead_is_counted_as_a_plain_account_has_it(
    kind: str, case: tuple[list[Row], list[Row]], now: float, to: Any
) -> None:
    """Law: the counts are those of a plain account of each lead, and groups add up."""
    leads, events = case
    one, two, _ = frames(kind, leads, events)
    found = speed_to_lead(one, two, measures=WORDS, at=at(now), to=to, within=HOUR,
                          by=["region", "owner"])  # fmt: skip
    told = [(x, plain(x, events, at(now), to)) for x in leads]
    waited = [(x, *y) for x, y in told if y is not None]

    def counted(rows: Sequence[tuple[Row, timedelta, str]]) -> list[int]:
        due = [
            (span, end) for x, span, end in rows
            if at(now) - x["created"] > HOUR and not (end == "gone" and span <= HOUR)
        ]  # fmt: skip
        return [
            *(sum(end == name for *_, end in rows) for name in ("done", "waiting", "gone")),
            len(due),
            sum(end == "done" and span <= HOUR for span, end in due),
            sum(end == "waiting" for _, end in due),
            len(rows) - len(due),
        ]

    for pace in found.paces:
        part = [x for x in waited if all(x[0][key] == y for key, y in pace.group.items())]
        assert pace.in_time is not None
        assert [
            pace.done, pace.waiting, pace.gone, pace.in_time.denominator, pace.in_time.numerator,
            pace.past_due, pace.not_due,
        ] == counted(part)  # fmt: skip
        spans = sorted(span for _, span, end in part if end == "done")
        assert pace.median_done == (spans[(len(spans) - 1) // 2] if spans else None)
    for level in ("region", "owner"):
        assert sum(pace.leads for pace in found.level(level)) == found.total.leads


@given(case=cases())
def test_if_nobody_waits_the_medians_agree(case: tuple[list[Row], list[Row]]) -> None:
    """Law: without anybody who still waits, or was closed, all leads are those who were reached."""
    leads, events = case
    last = [touch(x["lead_id"], 90) for x in leads]
    kept = [x for x in events if x["kind"] == "touch"]
    one, two, _ = frames("polars", leads, [*kept, *last])
    total = speed_to_lead(one, two, measures=WORDS, at=at(100)).total
    assert (total.median, total.p90) == (total.median_done, total.p90_done)


@given(case=cases(), now=st.sampled_from((0.5, 1, 8)))
def test_what_happens_later_is_not_known_yet(case: tuple[list[Row], list[Row]], now: float) -> None:
    """Law: rows after the moment change nothing."""
    leads, events = case
    asked: dict[str, Any] = {"measures": WORDS, "at": at(now), "within": HOUR, "period": "2026-03"}
    one, two, _ = frames("polars", leads, events)
    whole = speed_to_lead(one, two, **asked)
    one, two, _ = frames(
        "polars",
        [x for x in leads if x["created"] <= at(now)],
        [x for x in events if x["time"] <= at(now)],
    )
    assert whole.rows() == speed_to_lead(one, two, **asked).rows()


@settings(max_examples=max(2, settings().max_examples // 5))
@given(case=cases())
def test_the_median_is_that_of_lifelines(case: tuple[list[Row], list[Row]]) -> None:
    """Law: the median of all leads is that of Kaplan and Meier, by a library that is not ours."""
    lifelines = pytest.importorskip("lifelines")
    leads, events = case
    # It knows no median that is zero.
    events = [{**x, "time": x["time"] + timedelta(seconds=36)} for x in events]
    one, two, _ = frames("polars", leads, events)
    now = at(71)
    total = speed_to_lead(one, two, measures=WORDS, at=now).total
    told = [plain(x, events, now, "attempt") for x in leads]
    waited = [x for x in told if x is not None]
    fitter = lifelines.KaplanMeierFitter().fit(
        [span / HOUR for span, _ in waited], [end == "done" for _, end in waited]
    )
    median = fitter.median_survival_time_
    assert total.median == (None if median == float("inf") else timedelta(hours=median))


# --- pictures


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture_has_the_share_the_limit_and_the_unit(theme: Any) -> None:
    leads, events, _ = frames("polars", LEADS, EVENTS)
    asked: dict[str, Any] = {"measures": WORDS, "at": NOW, "within": HOUR}
    svg = svg_of(speed_to_lead(leads, events, by="region", **asked).plot(theme=theme))
    assert "time since the lead came, in wall time, on a logarithmic scale" in svg
    assert "share of leads that had it by then (%)" in svg
    assert ">limit<" in svg
    assert ">north<" in svg
    office = speed_to_lead(leads, events, timekeeper=OFFICE, **asked).plot(theme=theme)
    assert "in open hours, on a logarithmic scale" in svg_of(office)


def test_of_many_groups_a_picture_has_the_largest() -> None:
    many = [lead(f"l{x}-{y}", 0, f"r{x}") for x in range(8) for y in range(x + 1)]
    leads, events, _ = frames("polars", many, [])
    drawn = speed_to_lead(leads, events, measures=WORDS, at=NOW, by="region").plot().to_dict()
    assert drawn["title"]["subtitle"][-1] == "the 6 largest of 8 groups"


def test_there_is_no_such_theme() -> None:
    leads, events, _ = frames("polars", LEADS, EVENTS)
    with pytest.raises(EvaluationError) as caught:
        speed_to_lead(leads, events, measures=WORDS, at=NOW, within=HOUR).plot(theme="sepia")  # type: ignore[arg-type]
    assert str(caught.value) == "theme: 'sepia' is not possible; expected 'light' or 'dark'"


# --- wrong input


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"to": "sale"},
            "to: 'sale' is not possible; expected 'attempt', 'contact' or 'qualification'",
        ),
        (
            {"to": "contact", "measures": Measures()},
            "to: no outcome of a touch is a contact; name some in 'contact' of the measures",
        ),
        (
            {"to": "qualification"},
            "entries: expected the table of entries, as 'to' is 'qualification'",
        ),
        (
            {"since": "prospect"},
            "entries: expected the table of entries, as 'since' is 'mql'",
        ),
        ({"since": "mqll"}, "since: no step or stage 'mqll'; did you mean 'mql'?"),
        (
            {"within": HOUR * 0},
            "within: '0:00:00' is not possible; expected a timedelta above zero",
        ),
        (
            {"timekeeper": "office"},
            "timekeeper: 'office' is no clock; make one with Timekeeper(...)",
        ),
        ({"by": "region_"}, "leads: the frame has no column 'region_'; did you mean 'region'?"),
        ({"by": ["owner", "owner"]}, "by: 'owner' stands here twice"),
    ],
)
def test_what_is_asked_has_to_be_possible(asked: Mapping[str, Any], message: str) -> None:
    leads, events, _ = frames("polars", LEADS, EVENTS)
    with pytest.raises(EvaluationError) as caught:
        speed_to_lead(leads, events, **{"measures": WORDS, "at": NOW, **asked})
    assert str(caught.value).split("; add")[0] == message


def test_tables_have_to_be_there_and_of_one_kind() -> None:
    leads, events, entries = frames("polars", [*LEADS, LEADS[0]], EVENTS)
    with pytest.raises(EvaluationError) as caught:
        speed_to_lead(leads[:8], None, measures=WORDS, at=NOW)
    assert str(caught.value) == ("events: expected the table of events, as 'to' is 'attempt'")
    with pytest.raises(EvaluationError) as caught:
        speed_to_lead(leads, events, measures=WORDS, at=NOW)
    assert str(caught.value) == "leads: lead '1' has 2 rows; expected one row a lead"
    with pytest.raises(EvaluationError) as caught:
        speed_to_lead(leads[:8], events.lazy(), measures=WORDS, at=NOW)
    assert str(caught.value) == (
        "events: the frame is lazy, of polars, and that of leads eager; "
        "expected both eager, or both lazy and of one kind"
    )
    with pytest.raises(EvaluationError) as caught:
        speed_to_lead(leads[:8], events.drop("direction"), measures=WORDS, at=NOW)
    assert caught.value.field == "direction"
    with pytest.raises(EvaluationError) as caught:
        speed_to_lead(leads[:8], events, entries=entries.lazy(), measures=WORDS, at=NOW)
    assert caught.value.field == "entries"


def test_there_is_no_such_level() -> None:
    leads, events, _ = frames("polars", LEADS, EVENTS)
    found = speed_to_lead(leads, events, measures=WORDS, at=NOW, by="region")
    with pytest.raises(EvaluationError) as caught:
        found.level("regions")
    assert str(caught.value) == "level: no dimension 'regions'; did you mean 'region'?"
