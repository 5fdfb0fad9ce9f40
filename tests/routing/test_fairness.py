"""The report of how fairly a pool shared its leads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import Assignment, EvaluationError, Event, Lead, Rotation, Router, Vocabulary
from leadrules.calendars import Calendar
from leadrules.routing.document import Routing
from tests.routing.plain_rotation import OFFICE

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""A Monday, at ten in Berlin."""
HOUR = timedelta(hours=1)


def router(members: Any, people: Any = None, **more: Any) -> Router:
    """Return a router of one pool; what is said of it more is said of the pool."""
    names = members if isinstance(members, list) else list(members)
    document = {
        "rules": [
            {"id": "own", "when": 'channel == "own"', "to": {"owner": {"field": "account.owner"}}},
            {"id": "all", "when": "always", "to": {"pool": "team"}},
        ],
        "pools": {"team": {"members": members, **more}},
        "members": people or {name: {} for name in names},
        "counts": ["manual"],
    }
    return Router(
        Routing.model_validate(document),
        vocabulary=Vocabulary(zone="Europe/Berlin"),
        calendars={name: Calendar.model_validate(hours) for name, hours in OFFICE.items()},
        closed=["won"],
    )


def routed(
    found: Router, moments: Sequence[datetime], state: Rotation | None = None
) -> tuple[list[Any], Rotation]:
    """Return what is said of leads that come at some moments."""
    state, log = state or found.start(), []
    for number, at in enumerate(moments):
        answer, state = found.route(Lead(id=f"lead-{number}"), at=at, state=state)
        log.append(answer)
    return log, state


def given_to(owner: str, number: int, **said: Any) -> Assignment:
    """Return an assignment by the rotation of the pool, one an hour."""
    said = {"rule": "all", "pool": "team", **said}
    return Assignment(lead_id=f"lead-{number}", time=AT + number * HOUR, owner=owner, **said)


PEOPLE = {
    "anna": {},
    "ben": {"calendar": "office", "limits": "2 per day"},
    "<carla>": {"absent": "2026-01-06"},
    "dora": {"active": False},
}


def test_a_report_says_who_got_what_and_why_not() -> None:
    found = router({"anna": {"weight": 2}, "ben": {}, "<carla>": {}, "dora": {}}, PEOPLE)
    log, _ = routed(found, [AT + n * 3 * HOUR for n in range(12)])
    report = found.fairness(log, pool="team")
    assert str(report) == (
        "pool 'team', 12 leads\n"
        "  member   weight  expected  got  there  away\n"
        "  anna          2      8.83    9     12\n"
        "  ben           1      1.75    2      6  closed 6\n"
        "  <carla>       1      1.42    1      5  absent 7\n"
        "  dora          1      0.00    0      0  inactive 12\n"
        "largest deviation 1 leads for each weight, of at most 1: 'ben' before '<carla>'\n"
        "  at 2026-01-05T12:00:00+00:00, by lead lead-1"
    )


def test_a_report_shows_itself_in_a_notebook_escaped() -> None:
    found = router(["<b>anna</b>", "ben"])
    log, _ = routed(found, [AT] * 3)
    html = found.fairness(log, pool="team")._repr_html_()
    assert "<td>&lt;b&gt;anna&lt;/b&gt;</td><td>1</td><td>1.50</td><td>2</td><td>3</td>" in html
    assert "<b>" not in html
    assert "&#x27;&lt;b&gt;anna&lt;/b&gt;&#x27; before &#x27;ben&#x27;" in html


def test_a_report_is_data() -> None:
    found = router({"anna": {"weight": 2}, "ben": {}}, {"anna": {}, "ben": {"active": False}})
    log, _ = routed(found, [AT])
    assert json.loads(json.dumps(found.fairness(log, pool="team").to_dict())) == {
        "pool": "team",
        "leads": 1,
        "portions": [
            {"member": "anna", "weight": 2, "expected": 1, "got": 1, "there": 1, "away": {}},
            {
                "member": "ben",
                "weight": 1,
                "expected": 0,
                "got": 0,
                "there": 0,
                "away": {"inactive": 1},
            },
        ],
        "largest": None,
        "is_within": True,
        "unbound": [],
    }
    both = router(["anna", "ben"])
    log, _ = routed(both, [AT])
    assert both.fairness(log, pool="team").to_dict()["largest"] == {
        "ahead": "anna",
        "behind": "ben",
        "leads": 1.0,
        "bound": 1.0,
        "since": "2026-01-05T09:00:00+00:00",
        "at": "2026-01-05T09:00:00+00:00",
        "lead_id": "lead-0",
    }


def test_an_unfair_log_is_told() -> None:
    found = router({"anna": {"weight": 2}, "ben": {}})
    report = found.fairness([given_to("anna", n) for n in range(3)], pool="team")
    assert not report.is_within
    assert str(report).splitlines()[-3:] == [
        "  ben          1      1.00    0      3",
        "largest deviation 1.5 leads for each weight, of at most 0.75: 'anna' before 'ben'",
        "  at 2026-01-05T11:00:00+00:00, by lead lead-2",
    ]


def test_nothing_is_said_of_no_leads() -> None:
    report = router(["anna"]).fairness([], pool="team")
    assert str(report) == (
        "pool 'team', 0 leads\n"
        "  member  weight  expected  got  there  away\n"
        "  anna         1      0.00    0      0\n"
        "no two members were there together"
    )
    with pytest.raises(KeyError):
        report["ben"]


def deviations(
    order: Sequence[tuple[str, set[str]]], weights: dict[str, int]
) -> list[tuple[Fraction, Fraction]]:
    """Return how far every two members were apart, and the bound, at every moment."""
    found = []
    for one, other in combinations(weights, 2):
        start, at = None, Fraction(0)
        for place, (name, away) in enumerate(order):
            if {one, other} & away:
                start, at = None, Fraction(0)
                continue
            start = place if start is None else start
            at += Fraction((name == one), weights[one]) - Fraction((name == other), weights[other])
            bound = Fraction(1, weights[one]) + Fraction(1, weights[other])
            found.append((abs(at), bound / 2 if start == 0 else bound))
    return found


@given(
    weights=st.lists(st.integers(1, 5), min_size=2, max_size=4),
    steps=st.lists(st.sampled_from((0, 1, 3, 9, 14, 60)), min_size=1, max_size=40),
    data=st.data(),
)
def test_the_largest_deviation_is_that_of_any_two_at_any_moment(
    weights: list[int], steps: list[int], data: st.DataObject
) -> None:
    """Law: the largest deviation is what a scan of all pairs at all moments finds."""
    own = {f"m{place}": weight for place, weight in enumerate(weights)}
    people: dict[str, Any] = {
        name: data.draw(st.sampled_from(({}, {"calendar": "office"}, {"absent": "2026-01-07"})))
        for name in own
    }
    found = router({name: {"weight": weight} for name, weight in own.items()}, people)
    moments = [AT + sum(steps[: n + 1]) * HOUR for n in range(len(steps))]
    log, _ = routed(found, moments)
    given_ = [x for x in log if x]
    if data.draw(st.booleans()):  # a log that no rotation made
        owners = data.draw(st.lists(st.sampled_from(sorted(own)), min_size=1, max_size=40))
        given_ = [given_to(name, n) for n, name in enumerate(owners)]
    report = found.fairness(given_, pool="team")
    order = []
    for each in given_:
        away = {
            name
            for name, person in people.items()
            if (person.get("absent") and each.time.date().day == 7)
            or (
                person.get("calendar")
                and not (each.time.weekday() < 5 and 8 <= each.time.hour < 16)
            )
        }
        order.append(("" if each.owner in away else str(each.owner), away))
    scanned = deviations(order, own)
    if report.largest is None:
        assert all(not leads for leads, _ in scanned)
    else:
        ratio = report.largest.leads / report.largest.bound
        assert ratio == max(leads / bound for leads, bound in scanned)
        assert (report.largest.leads, report.largest.bound) in scanned
    assert report.is_within == all(leads <= bound for leads, bound in scanned)


def test_a_log_of_facts_says_what_answers_say() -> None:
    found = router(["anna", "ben"], {"anna": {}, "ben": {"limits": "1 open"}})
    log, _ = routed(found, [AT + n * HOUR for n in range(5)])
    won = Event(
        lead_id="lead-1",
        id="w",
        time=AT + 2.5 * HOUR,
        kind="moved",
        properties={"to": "won"},
    )
    lost = Event(lead_id="lead-1", id="l", time=AT, kind="moved", properties={"to": "lost"})
    report = found.fairness([*log, won, lost], pool="team")
    assert report["ben"].there == 4
    assert report["ben"].away == {"at-limit": 1}
    facts = [each.fact(id=str(n)) for n, each in enumerate(log)]
    assert found.fairness([won, *facts], pool="team") == report
    assert found.fairness(iter(reversed([*facts, won])), pool="team") == report


@pytest.mark.parametrize("kind", ["polars", "pandas", "lazy"])
def test_a_log_may_be_the_table_of_assignments(kind: str) -> None:
    pl = pytest.importorskip("polars")
    found = router({"anna": {"weight": 2}, "ben": {}})
    leads = pl.DataFrame({"id": [f"lead-{n}" for n in range(9)]}).with_columns(
        channel=pl.lit("web"), account_owner=pl.lit(None, pl.String)
    )
    frame = {"polars": leads, "pandas": leads.to_pandas(), "lazy": leads.lazy()}[kind]
    table, _ = found.route_frame(frame, at=AT, state=found.start())
    log, _ = routed(found, [AT] * 9)
    assert found.fairness(table, pool="team") == found.fairness(log, pool="team")


def test_a_table_without_a_moment_is_refused() -> None:
    pl = pytest.importorskip("polars")
    found = router(["anna"])
    rows = pl.DataFrame(
        {"lead_id": ["1"], "time": [None], "owner": ["anna"]},
        schema_overrides={"time": pl.Datetime("us", "UTC")},
    )
    with pytest.raises(EvaluationError) as refused:
        found.fairness(rows, pool="team")
    assert str(refused.value) == "log: time is missing in a row; expected it in every row"
    with pytest.raises(EvaluationError) as refused:
        found.fairness(rows.drop("owner"), pool="team")
    assert str(refused.value) == (
        "the frame has no column 'owner'; add an empty column if all are missing"
    )


def test_what_cannot_be_read_is_refused() -> None:
    found = router(["anna"])
    with pytest.raises(EvaluationError) as refused:
        found.fairness([], pool="tea")
    assert str(refused.value) == "pool: no pool 'tea'; did you mean 'team'?"
    with pytest.raises(EvaluationError) as refused:
        found.fairness(["lead-1"], pool="team")
    assert str(refused.value) == "log: 'lead-1' is no answer of a router, and no event"
    with pytest.raises(EvaluationError) as refused:
        found.fairness(7, pool="team")
    assert str(refused.value) == (
        "log: no frame; expected one of pandas, polars, pyarrow, modin, DuckDB or PySpark"
    )
    other = Rotation(policy="another")
    with pytest.raises(EvaluationError) as refused:
        found.fairness([], pool="team", state=other)
    assert str(refused.value) == (
        "state: was made by policy 'another', not 'None'; expected router.migrate(state)"
    )


def test_a_log_goes_on_from_a_state() -> None:
    found = router(["anna", "ben"], {"anna": {}, "ben": {"limits": "2 per day"}})
    log, state = routed(found, [AT + n * HOUR for n in range(4)])
    more, _ = routed(found, [AT + (n + 4) * HOUR for n in range(2)], state)
    report = found.fairness(more, pool="team", state=state)
    assert report["ben"].away == {"at-limit": 2}
    assert found.fairness(more, pool="team")["ben"].away == {}
    assert report.largest is None
    both = router(["anna", "ben"])
    log, state = routed(both, [AT, AT, AT])
    more, _ = routed(both, [AT + HOUR] * 2, state)
    largest = both.fairness(more, pool="team", state=state).largest
    assert largest is not None
    assert largest.bound == 2
    of_all = both.fairness([*log, *more], pool="team", state=state).largest
    assert of_all is not None
    assert of_all.bound == 1


def test_absences_that_the_host_has_told_are_read_of_a_later_state() -> None:
    found = router(["anna", "ben"])
    state = found.absent(found.start(), member="ben", start=AT + HOUR, end=AT + 3 * HOUR)
    log, state = routed(found, [AT + n * HOUR for n in range(5)], state)
    report = found.fairness(log, pool="team", state=state)
    assert report["ben"].away == {"absent": 2}
    assert [portion.got for portion in report] == [4, 1]
    assert report.is_within
    assert not report.unbound
    assert not found.fairness(log, pool="team").is_within


def test_the_share_of_all_leads_is_expected_while_closed() -> None:
    found = router(
        ["anna", "ben"], {"anna": {}, "ben": {"calendar": "office"}}, share="of_all_leads"
    )
    log, _ = routed(found, [AT + (8 + n) * HOUR for n in range(4)])
    report = found.fairness(log, pool="team")
    assert [float(portion.expected) for portion in report] == [2, 2]
    assert report["ben"].away == {"closed": 4}
    assert report.unbound == ("share is 'of_all_leads', so what members miss is made up for",)


def test_a_role_shares_leads_too() -> None:
    document = {
        "rules": [{"id": "all", "when": "always", "to": {"role": "sdr"}}],
        "members": {"anna": {"roles": ["sdr"]}, "ben": {"roles": ["sdr"]}},
    }
    found = Router(Routing.model_validate(document))
    log, _ = routed(found, [AT] * 3)
    assert [portion.got for portion in found.fairness(log, pool="sdr")] == [2, 1]


def test_a_lead_for_those_who_are_back_soonest_is_expected_of_its_owner() -> None:
    found = router(
        ["anna", "ben"], {name: {"calendar": "office"} for name in ("anna", "ben")}, wait="3 days"
    )
    log, _ = routed(found, [AT + 12 * HOUR] * 2)
    report = found.fairness(log, pool="team")
    assert [(portion.got, int(portion.expected)) for portion in report] == [(1, 1)] * 2
    assert [portion.there for portion in report] == [0, 0]
    assert report.unbound == ("leads were given to members who were not there",)


@pytest.mark.parametrize(
    ("more", "log", "why"),
    [
        ({"strategy": "priority"}, [], "the strategy is 'priority'"),
        ({"match": 'channel == "web"'}, [], "match says which leads members can take"),
        ({"turns": "everywhere"}, [], "turns are what members get anywhere"),
        (
            {"on_return": "full"},
            [given_to("anna", 24)],
            "on_return gives turns back to who was absent",
        ),
        (
            {},
            [given_to("anna", 0), given_to("ben", 0, reason="declined")],
            "leads were given again, to others than before",
        ),
        (
            {},
            [Assignment(lead_id="1", time=AT, owner="anna", reason="by_hand")],
            "leads that were given by hand count",
        ),
        ({}, [given_to("ben", 24)], "leads were given to members who were not there"),
    ],
)
def test_a_report_says_why_the_bound_need_not_hold(
    more: dict[str, Any], log: list[Assignment], why: str
) -> None:
    people = {"anna": {}, "ben": {"absent": "2026-01-06"}}
    report = router(["anna", "ben"], people, **more).fairness(log, pool="team")
    assert report.unbound == (why,)
    assert str(report).endswith(f"the bound need not hold: {why}")


def test_a_state_that_owes_turns_need_not_keep_the_bound() -> None:
    found = router(["anna", "ben"])
    by_hand = Event(lead_id="x", id="x", time=AT, kind="assigned", properties={"owner": "anna"})
    state = found.start()
    for _ in range(3):
        state = found.note(state, by_hand)
    log, _ = routed(found, [AT + HOUR] * 4, state)
    report = found.fairness(log, pool="team", state=state)
    assert report.unbound == ("the state gives turns back, or has charged some",)
    assert not report.is_within


def test_leads_that_others_had_by_name_are_none_of_the_pool() -> None:
    found = router(["anna", "ben"], {"anna": {}, "ben": {"limits": "1 per day"}})
    log = [given_to("ben", 0, rule="own", pool=None), given_to("anna", 1)]
    report = found.fairness(log, pool="team")
    assert report.leads == 1
    assert report["ben"].away == {"at-limit": 1}
    assert report.unbound == ()
