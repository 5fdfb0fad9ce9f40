"""Staffing: territories beside all others, tests beside libraries that are not ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import EvaluationError
from leadrules.calendars import Calendar, Timekeeper
from leadrules.metrics import Measures, Staffing, Territory, staffing
from leadrules.metrics.follow_up.territories import Signal
from leadrules.metrics.pictures import svg_of
from leadrules.metrics.statistics.curves import Curve
from leadrules.metrics.statistics.rates import p_of_curves, p_of_rates, rate_of
from tests.frames import MAKE, related
from tests.metrics.tables import FRAMES_AND_SPARK

WORDS = Measures.model_validate({"funnel": {"close": "won"}, "lost": ["lost"]})
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW = START + timedelta(days=20)
_MOMENT = pa.timestamp("us", "UTC")
_COLUMNS: Sequence[tuple[str, ...]] = (
    ("lead_id", "created", "region", "owner"),
    ("lead_id", "stage", "entered"),
    ("lead_id", "kind", "status", "opened", "due", "closed"),
    ("lead_id", "time", "kind", "direction"),
)
_MOMENTS = {"created", "entered", "opened", "due", "closed", "time"}

Row = Mapping[str, Any]


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def frames(kind: str, *tables: Sequence[Row]) -> tuple[Any, ...]:
    found = [
        pa.table(
            {
                name: pa.array(
                    [row.get(name) for row in rows],
                    _MOMENT if name in _MOMENTS else pa.string(),
                )
                for name in names
            }
        )
        for rows, names in zip(tables, _COLUMNS, strict=True)
    ]
    return tuple(related(*found)) if kind == "duckdb" else tuple(MAKE[kind](x) for x in found)


def team(
    region: str | None, people: int, leads: int, *, late: int = 0, wait: float = 1, gone: int = 0
) -> tuple[list[Row], ...]:
    """Return the tables of a region: so many leads of each of its people, of whom some are late.

    Of the leads of each person so many are closed, so many are owed something that is overdue,
    and all are called after so many hours, and one more for each lead before.
    """
    found: tuple[list[Row], ...] = ([], [], [], [])
    for person in range(people):
        for number in range(leads):
            name, came = f"{region}-{person}-{number}", at(number)
            found[0].append({"lead_id": name, "created": came, "region": region,
                             "owner": f"{region}{person}"})  # fmt: skip
            found[1].append({"lead_id": name, "stage": "inquiry", "entered": came})
            if number < gone:
                found[1].append({"lead_id": name, "stage": "lost", "entered": at(number + 400)})
            due = at(200) if number < late else at(900)
            found[2].append({"lead_id": name, "kind": "touches", "status": "open", "opened": came,
                             "due": due})  # fmt: skip
            found[3].append({"lead_id": name, "time": came + timedelta(hours=wait + number / 100),
                             "kind": "touch", "direction": "outbound"})  # fmt: skip
    return found


def together(*teams: tuple[list[Row], ...]) -> list[list[Row]]:
    return [[row for found in teams for row in found[place]] for place in range(4)]


TEAMS = together(
    team("north", 3, 10, late=1, gone=2),
    team("south", 3, 40, late=20, wait=5),
    team("west", 3, 4),
    team(None, 1, 2),
)


def asked(kind: str, tables: Sequence[Sequence[Row]], **more: Any) -> Staffing:
    leads, entries, obligations, events = frames(kind, *tables)
    given_: dict[str, Any] = {"obligations": obligations, "events": events, **more}
    return staffing(leads, entries, measures=WORDS, at=NOW, by="region", **given_)


# --- by hand


@pytest.mark.parametrize("kind", FRAMES_AND_SPARK)
def test_territories_stand_beside_the_whole(kind: str) -> None:
    found = asked(kind, TEAMS)
    assert {
        part.group["region"]: (
            part.people,
            part.open,
            part.new,
            part.overdue and part.overdue.numerator,
            part.overdue and part.overdue.denominator,
            part.finding,
        )
        for part in found.parts
    } == {
        "north": (3, 24, 30, 3, 30, "over-staffed"),
        "south": (3, 120, 120, 60, 120, "under-staffed"),
        "west": (3, 12, 12, 0, 12, "over-staffed"),
        None: (1, 2, 2, 0, 2, None),
    }
    whole = found.whole
    assert (whole.people, whole.open, whole.new) == (10, 158, 164)
    assert whole.overdue is not None
    assert (whole.overdue.numerator, whole.overdue.denominator) == (63, 164)
    assert whole.open_each.value == 15.8
    south = found.parts[1]
    assert south.median is not None
    assert south.median.value == 5.19
    assert [(x.of, x.is_worse) for x in south.signals] == [
        ("open", True), ("new", True), ("overdue", True), ("speed", True),
    ]  # fmt: skip
    assert found.tested == 12
    assert found.parts[3].signals == ()


def test_a_result_says_what_is_beyond_noise() -> None:
    leads, entries, *_ = frames("polars", *TEAMS)
    found = staffing(
        leads, entries, measures=WORDS, at=NOW, by="region", people={"north": 1}, period="2026-03"
    )
    assert str(found) == (
        "work and people by region, new leads of 2026-03-01 to 2026-03-31\n"
        "  region  people  open leads  new leads      open per person       new per person"
        "  overdue (%)  median wait  finding\n"
        "  (all)        8         158        164  19.8 (16.8 to 23.1)  20.5 (17.5 to 23.9)"
        "            -            -  -\n"
        "  north        1          24         30  24.0 (15.4 to 35.7)  30.0 (20.2 to 42.8)"
        "            -            -  -\n"
        "  south        3         120        120  40.0 (33.2 to 47.8)  40.0 (33.2 to 47.8)"
        "            -            -  more work\n"
        "  west         3          12         12     4.0 (2.1 to 7.0)     4.0 (2.1 to 7.0)"
        "            -            -  less work\n"
        "  (none)       1           2          2     2.0 (0.2 to 7.2)     2.0 (0.2 to 7.2)"
        "            -            -  -\n"
        "  south: more work (more open leads per person, p below 0.001; "
        "more new leads per person, p below 0.001)\n"
        "  west: less work (fewer open leads per person, p below 0.001; "
        "fewer new leads per person, p below 0.001)\n"
        "  each beside all others together: 6 tests, p is corrected for that; "
        "intervals are of 95 %"
    )
    frame = found.to_frame()
    assert frame["open_each"].to_list() == [158 / 8, 24.0, 40.0, 4.0, 2.0]
    assert frame["finding"].to_list() == [None, None, "more work", "less work", None]


def test_who_only_differs_from_one_large_territory_is_within_noise() -> None:
    tables = together(*(team(name, 3, 10) for name in ("east", "north")), team("south", 3, 22))
    found = asked("polars", tables, obligations=None, events=None)
    new = {part.group["region"]: next(x for x in part.signals if x.of == "new")
           for part in found.parts}  # fmt: skip
    assert {name: (round(x.p, 3), x.is_beyond_noise) for name, x in new.items()} == {
        "east": (0.023, False),
        "north": (0.023, False),
        "south": (0.0, True),
    }


def test_equal_territories_are_within_noise() -> None:
    found = asked("polars", together(team("north", 3, 10), team("south", 3, 12)))
    assert found.found == ()
    assert found.notes[0] == "nothing is beyond noise"
    assert [part.finding for part in found.parts] == [None, None]


@pytest.mark.parametrize(
    ("signals", "finding"),
    [
        ({"open": True, "overdue": True}, "under-staffed"),
        ({"new": True, "speed": True}, "under-staffed"),
        ({"open": True, "overdue": False}, "more work, in time"),
        ({"open": False, "overdue": False}, "over-staffed"),
        ({"new": False}, "over-staffed"),
        ({"new": False, "speed": True}, "late, not for more work"),
        ({"overdue": True}, "late, not for more work"),
        ({"open": True, "new": False}, None),
        ({"speed": False}, None),
    ],
)
def test_what_signals_come_to(signals: Mapping[str, bool], finding: str | None) -> None:
    within = Signal("overdue", is_worse=True, p=0.2, is_beyond_noise=False)
    beyond = [Signal(of, worse, 0.01, is_beyond_noise=True) for of, worse in signals.items()]
    none = rate_of(0, 1)
    part = Territory({"region": "north"}, 1, 0, 0, none, none, signals=(within, *beyond))
    assert part.finding == finding


def test_new_leads_are_those_of_the_period() -> None:
    found = asked("polars", TEAMS, period="2026-03-02", events=None)
    assert [part.new for part in found.parts] == [30, 45, 12, 2]
    assert found.whole.median is None


def test_waits_may_be_in_open_time() -> None:
    office = Timekeeper(Calendar(hours={"mon-fri": ("09:00-17:00",)}))
    found = asked("polars", TEAMS, timekeeper=office)
    assert found.is_open_time
    assert found.parts[2].median is not None
    assert found.parts[2].median.value == 1.01


# --- laws


@given(count=st.integers(0, 400), people=st.integers(1, 30))
def test_the_interval_of_a_rate_is_that_of_statsmodels(count: int, people: int) -> None:
    """Law: the exact interval is that of a library that is not ours, and holds the rate."""
    rates = pytest.importorskip("statsmodels.stats.rates")
    value, low, high = rate_of(count, people)
    expected = rates.confint_poisson(count, people, method="exact-c")
    assert low == pytest.approx(expected[0])
    assert high == pytest.approx(expected[1])
    assert low is not None
    assert high is not None
    assert value is not None
    assert low <= value <= high


_loads = st.tuples(st.integers(0, 200), st.integers(1, 20))


@pytest.mark.filterwarnings("ignore:divide by zero")  # of a ratio that nobody asked for
@given(one=_loads, other=_loads)
def test_the_test_of_rates_is_that_of_statsmodels(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    """Law: the exact conditional test is that of a library that is not ours, on both sides."""
    rates = pytest.importorskip("statsmodels.stats.rates")
    found = p_of_rates(one, other)
    assert found == pytest.approx(p_of_rates(other, one))
    if one[0] + other[0]:
        expected = rates.test_poisson_2indep(*one, *other, method="exact-cond")
        assert found == pytest.approx(expected.pvalue, abs=1e-9)


_waits = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from(("reached", "open", "lost"))), max_size=9
)


def curve_of(waits: Sequence[tuple[int, str]]) -> Curve:
    """Return a curve of waits, each with how it ended."""
    ends = ("reached", "lost", "open")
    data = {"after": [x for x, _ in waits]}
    data |= {end: [int(found == end) for _, found in waits] for end in ends}
    return Curve.of(pl.DataFrame(data, schema=dict.fromkeys(data, pl.Int64)))


@pytest.mark.filterwarnings("ignore")  # what it uses changes
@given(one=_waits, other=_waits)
def test_the_test_of_waits_is_that_of_lifelines(
    one: list[tuple[int, str]], other: list[tuple[int, str]]
) -> None:
    """Law: the log-rank test is that of a library that is not ours; who was lost is censored."""
    statistics = pytest.importorskip("lifelines.statistics")
    found = p_of_curves(curve_of(one), curve_of(other))
    reached = [end == "reached" for _, end in (*one, *other)]
    if not one or not other or not any(reached):
        assert found is None
        return
    expected = statistics.logrank_test(
        [x for x, _ in one], [x for x, _ in other], reached[: len(one)], reached[len(one) :]
    )
    if found is None:  # there is nothing by which they could differ
        assert isnan(expected.p_value) or expected.p_value == pytest.approx(1)
    else:
        assert found[0] == pytest.approx(expected.p_value)


def test_who_waits_longer_is_slower() -> None:
    fast, slow = ([(wait, "reached") for wait in waits] for waits in (range(1, 9), range(9, 20)))
    one, other = curve_of(fast), curve_of(slow)
    found, mirrored = p_of_curves(one, other), p_of_curves(other, one)
    assert found is not None
    assert mirrored is not None
    assert (found[1], mirrored[1]) == (False, True)


# --- pictures


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture_has_a_panel_for_each_measure(theme: Any) -> None:
    svg = svg_of(asked("polars", TEAMS).plot(theme=theme))
    for title in ("open leads per person", "new leads per person", "overdue (%)",
                  "median wait (hours)", "beyond noise", "(none)"):  # fmt: skip
        assert f">{title}<" in svg
    less = svg_of(asked("polars", TEAMS, obligations=None, events=None).plot(theme=theme))
    assert "overdue" not in less


def test_a_picture_of_many_shows_the_first() -> None:
    many = together(*(team(f"r{number:02}", 1, 1) for number in range(45)))
    drawn = asked("polars", many, obligations=None, events=None).plot().to_dict()
    assert drawn["title"]["subtitle"][-1] == "the first 40 of 45"


# --- wrong input


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"by": ["region"]}, "by: '[...]' is not possible; expected one column of leads"),
        (
            {"people": {"north": 0}},
            "people: '0' of 'north' is no number; expected 1 or more",
        ),
        ({"person": "rep"}, "leads: the frame has no column 'rep'"),
    ],
)
def test_what_is_asked_has_to_be_possible(more: Mapping[str, Any], message: str) -> None:
    leads, entries, *_ = frames("polars", *TEAMS)
    given_: dict[str, Any] = {"measures": WORDS, "at": NOW, "by": "region", **more}
    with pytest.raises(EvaluationError) as caught:
        staffing(leads, entries, **given_)
    assert str(caught.value).partition("; add")[0] == message
