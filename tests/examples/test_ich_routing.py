"""The deals of a school's CRM are routed, each at its own time, and checked by plain code.

`Desk` knows of the router only what it answered. Who was there it works out by itself: from who
owns deals when, the hours on the wall, and what was given before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from examples.measure_ich_routing import (
    TABLES,
    Routed,
    Stay,
    by_day,
    closings,
    gini,
    load,
    report,
    routed,
    stays,
    told,
)
from leadrules import Assignment, Engine, Event, Intake, Lead, Policy, Unassigned
from leadrules.lead import FieldValue
from leadrules.routing.document import Routing

BERLIN = ZoneInfo("Europe/Berlin")
A_DAY = timedelta(days=1)
NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)
HOURS = {"office": (10, 19), "morning": (8, 15), "evening": (14, 21)}
TEAMS = {"search", "social", "community", "mixed", "poland", "austria"}


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load()


@pytest.fixture(scope="module")
def routing(policy: Policy) -> Routing:
    assert policy.routing is not None
    return policy.routing


@pytest.fixture(scope="module")
def deals(ich_intakes: Mapping[str, Intake]) -> Sequence[Lead]:
    return ich_intakes["deals"].leads


@pytest.fixture(scope="module")
def found(policy: Policy, deals: Sequence[Lead]) -> Routed:
    return routed(policy, deals)


@pytest.fixture(scope="module")
def measured(policy: Policy, deals: Sequence[Lead], found: Routed) -> Mapping[str, float]:
    return report(policy, deals, found, lambda _: None)


# --- what was measured


def test_singles_and_the_frames_of_every_day_are_equal(measured: Mapping[str, float]) -> None:
    assert measured["equal"]
    assert (measured["deals"], measured["people"]) == (21_593, 24)


def test_every_deal_has_an_owner_or_is_in_a_queue_with_the_reason(
    deals: Sequence[Lead], found: Routed
) -> None:
    assert sorted(x.lead_id for x in found.answers) == sorted(deal.id for deal in deals)
    assert not [x for x in found.answers if isinstance(x, Unassigned)]
    queues = [x for x in found.answers if isinstance(x, Assignment) and x.owner is None]
    assert Counter(x.queue for x in queues) == {"trials": 159, "tomorrow": 187}
    assert all(x.passed for x in queues if x.queue == "tomorrow")
    assert len(found.given) == 21_593 - 159 - 187


@pytest.mark.parametrize(
    ("rule", "pools"),
    [
        ("source", {"community": 5_511, "search": 4_967, "social": 4_194, "mixed": 2_284}),
        ("country", {"poland": 435, "austria": 265}),
    ],
)
def test_tables_say_which_team_gets_a_deal(
    measured: Mapping[str, float], rule: str, pools: Mapping[str, int]
) -> None:
    assert {name: measured[f"{rule}: pool {name}"] for name in pools} == pools


def test_polars_alone_finds_as_many_deals_for_each_team(
    data_dir: Path, found: Routed, measured: Mapping[str, float]
) -> None:
    export = pl.read_csv(data_dir / "ich_crm" / "deals.csv", infer_schema=False)
    teams = {row["source"]: row["team"] for row in TABLES["sources"]}
    page = pl.col("Page").fill_null("")
    source = pl.col("Source").replace_strict(teams, default="reserve", return_dtype=pl.String)
    meant = export.filter(pl.col("Id").is_not_null()).select(
        lead_id="Id",
        team=pl.when(pl.col("Source") == "Test")
        .then(None)
        .when(page.str.starts_with("/pl-"))
        .then(pl.lit("poland"))
        .when(page.str.starts_with("/at-"))
        .then(pl.lit("austria"))
        .otherwise(source),
    )
    by_rule = {x.lead_id: x.rule for x in found.answers}
    asked = meant.filter(pl.col("lead_id").replace_strict(by_rule) != "known")
    counts = dict(asked["team"].value_counts().iter_rows())
    assert counts[None] == measured["trials: queue trials"]
    given = {x.lead_id: x for x in found.answers if isinstance(x, Assignment)}
    for lead_id, team in asked.filter(pl.col("team").is_not_null()).iter_rows():
        answer = given[lead_id]
        first = answer.passed[0].name if answer.passed else answer.pool
        assert first == team


def test_who_comes_back_talks_to_the_same_person_more_often(
    measured: Mapping[str, float],
) -> None:
    names = ("several", "one, export", "one, policy")
    assert [measured[name] for name in names] == [2_452, 1_445, 1_823]
    assert measured["known: the person"] == 2_626


def test_the_policy_shares_more_evenly_than_the_export_shows(
    measured: Mapping[str, float],
) -> None:
    assert round(measured["gini, export"], 3) == 0.540
    assert round(measured["gini, policy"], 3) == 0.262
    per_month = [round(measured[f"per month, {name}"], 3) for name in ("export", "policy")]
    assert per_month == [0.399, 0.234]
    most = [round(measured[f"most, {name}"], 1) for name in ("export", "policy")]
    assert most == [142.5, 6.3]
    assert (measured["owned"], measured["given"]) == (21_558, 21_247)
    months = [name for name in measured if name.startswith("gini 20") and "export" in name]
    assert len(months) == 12
    for name in months:
        assert measured[name.replace("export", "policy")] < measured[name]


def test_polars_alone_finds_the_shares_of_the_export(
    data_dir: Path, measured: Mapping[str, float]
) -> None:
    export = pl.read_csv(data_dir / "ich_crm" / "deals.csv", infer_schema=False)
    counts = (
        export.filter(pl.col("Id").is_not_null(), pl.col("Deal Owner Name").is_not_null())
        .with_columns(month=pl.col("Created Time").str.slice(3, 7))
        .group_by("month", "Deal Owner Name")
        .len()
    )
    april = counts.filter(pl.col("month") == "04.2024")["len"].to_list()
    between = sum(abs(a - b) for a in april for b in april)
    assert between / (2 * len(april) * sum(april)) == pytest.approx(
        measured["gini 2024-04, export"]
    )


def test_the_report_of_the_router_is_within_its_bound(measured: Mapping[str, float]) -> None:
    assert measured["within"]
    assert {name for name in TEAMS if f"{name} deviation" in measured} == TEAMS
    assert sum(measured[f"{name} deals"] for name in TEAMS) == 18_103


# --- what plain code says of every single decision


@dataclass(slots=True)
class Pair:
    """Two members of a team, since both have been there without a break.

    Attributes:
        ahead: How far the one is before the other, for their weights.
        most: The most that was.
        least: The least that was.
        from_start: Whether both have been there since the first lead of the team.
    """

    ahead: Fraction = Fraction(0)
    most: Fraction = Fraction(0)
    least: Fraction = Fraction(0)
    from_start: bool = False

    def take(self, step: Fraction) -> None:
        """Count a lead of one of them."""
        self.ahead += step
        self.most, self.least = max(self.most, self.ahead), min(self.least, self.ahead)


@dataclass(slots=True)
class Desk:
    """What a clerk with a list would know of the members at every moment."""

    routing: Routing
    stays: Mapping[str, Stay]
    per_day: Counter[tuple[str, date]] = field(default_factory=Counter)
    open: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    owner: dict[str, str] = field(default_factory=dict)

    def opens(self, name: str, at: datetime) -> datetime:
        """Return when a member is at work next: now, if that is so."""
        start, end = HOURS[str(self.routing.members[name].calendar)]
        local = at.astimezone(BERLIN)
        if start <= local.hour < end:
            return at
        day = local.date() + (A_DAY if local.hour >= end else timedelta())
        return datetime.combine(day, time(start), BERLIN)

    def is_there(self, name: str, at: datetime) -> bool:
        """Return whether a member owns deals before and after a moment."""
        stay = self.stays[name]
        return stay.first <= at <= stay.last

    def is_full(self, name: str, at: datetime) -> bool:
        """Return whether a member has got enough."""
        day = at.astimezone(BERLIN).date()
        had = {"day": self.per_day[name, day], "open": len(self.open[name])}
        return any(had[x.unit] >= x.most for x in self.routing.members[name].limits)

    def able(self, names: Iterable[str], at: datetime) -> list[str]:
        """Return who can take a lead: those at work, or else those who are within a day."""
        free = [name for name in names if self.is_there(name, at) and not self.is_full(name, at)]
        at_work = [name for name in free if self.opens(name, at) == at]
        back = [name for name in free if self.is_there(name, self.opens(name, at))]
        return at_work or back

    def give(self, name: str, lead_id: str, at: datetime) -> None:
        """Write down who got a lead."""
        self.per_day[name, at.astimezone(BERLIN).date()] += 1
        self.open[name].add(lead_id)
        self.owner[lead_id] = name

    def close(self, lead_id: str) -> None:
        """Write down that a lead was lost or won."""
        if lead_id in self.owner:
            self.open[self.owner[lead_id]].discard(lead_id)


class Shares:
    """What every two members of a team got while both were there."""

    def __init__(self, weights: Mapping[str, int]) -> None:
        self.weights = weights
        self.pairs: dict[tuple[str, str], Pair] = {}
        self.begun = False
        self.largest = Fraction(0)
        self.stretches = 0

    def count(self, owner: str, able: Sequence[str]) -> None:
        """Count a lead, and keep how near to its bound a deviation ever came."""
        for pair in combinations(self.weights, 2):
            if not set(pair) <= set(able):
                self.pairs.pop(pair, None)
                continue
            if pair not in self.pairs:
                self.pairs[pair] = Pair(from_start=not self.begun)
                self.stretches += 1
            if owner in pair:
                sign = 1 if owner == pair[0] else -1
                self.pairs[pair].take(Fraction(sign, self.weights[owner]))
                self._keep(pair)
        self.begun = True

    def _keep(self, pair: tuple[str, str]) -> None:
        each = self.pairs[pair]
        bound = sum((Fraction(1, self.weights[name]) for name in pair), Fraction(0))
        self.largest = max(self.largest, (each.most - each.least) / bound)
        if each.from_start:
            self.largest = max(self.largest, abs(each.ahead) / (bound / 2))


@pytest.fixture(scope="module")
def walked(routing: Routing, deals: Sequence[Lead], found: Routed) -> Mapping[str, Shares]:
    """Return the shares of every team, after a look at every decision."""
    desk = Desk(routing, {person.name: person for person in found.people})
    weights = {
        name: {who: x.weight for who, x in pool.shares(routing.members).items()}
        for name, pool in routing.pools.items()
    }
    shares = {name: Shares(weights[name]) for name in TEAMS}
    ended = closings(deals, BERLIN)
    days = sorted(ended)
    for answer in found.answers:
        assert isinstance(answer, Assignment)
        at = answer.time
        while days and days[0] < at.astimezone(BERLIN).date():
            for fact in ended[days.pop(0)]:
                desk.close(fact.lead_id)
        for passed in answer.passed:
            if passed.kind == "pool":
                assert not desk.able(weights[passed.name], at), answer
            elif passed.kind == "owner":
                assert desk.is_full(passed.name, at) or not desk.is_there(passed.name, at), answer
        if answer.owner is None:
            continue
        if answer.pool is None:
            assert desk.is_there(answer.owner, at), answer
            assert not desk.is_full(answer.owner, at), answer
        else:
            able = desk.able(weights[answer.pool], at)
            assert answer.owner in able, answer
            if answer.pool in shares:
                shares[answer.pool].count(answer.owner, able)
        desk.give(answer.owner, answer.lead_id, at)
    return shares


def test_nobody_gets_a_lead_who_is_away_or_full_and_nobody_there_is_passed_over(
    walked: Mapping[str, Shares],
) -> None:
    assert set(walked) == TEAMS  # each decision was looked at on the way


@pytest.mark.parametrize(
    ("team", "stretches", "largest"),
    [
        ("search", 192, Fraction(1)),
        ("social", 290, Fraction(1)),
        ("community", 3_099, Fraction(1)),
        ("mixed", 45, Fraction(1)),
        ("poland", 33, Fraction(1)),
        ("austria", 4, Fraction(2, 3)),
    ],
)
def test_shares_are_within_their_bound_at_every_moment(
    walked: Mapping[str, Shares], team: str, stretches: int, largest: Fraction
) -> None:
    assert walked[team].largest <= 1  # the bound; teams that share many leads reach it
    assert (walked[team].stretches, walked[team].largest) == (stretches, largest)


# --- its parts, without the data


@pytest.mark.parametrize(
    ("owners", "largest"),
    [("abab", 1), ("aab", 2), ("ab-aa", 1), ("ab-aaa", Fraction(3, 2)), ("ab-bb-bb", 1)],
)
def test_the_check_of_shares_tells_what_is_beyond_the_bound(owners: str, largest: Fraction) -> None:
    shares = Shares({"a": 1, "b": 1})
    for owner in owners:
        shares.count("a" if owner == "-" else owner, "a" if owner == "-" else "ab")
    assert shares.largest == largest


def _deal(number: int, owner: str | None, created: datetime, **fields: FieldValue) -> Lead:
    return Lead(id=str(number), owner=owner, created=created, fields=fields)


def test_people_are_called_by_how_many_deals_they_own() -> None:
    many = [_deal(n, "x", NOON + n * A_DAY) for n in range(21)]
    most = [_deal(100 + n, "y", NOON + n * A_DAY) for n in range(22)]
    few = [_deal(200 + n, "z", NOON) for n in range(19)]
    nobody = [_deal(300 + n, None, NOON) for n in range(30)]
    assert stays([*many, *most, *few, *nobody]) == [
        Stay("rep_1", NOON, NOON + 21 * A_DAY, 22),
        Stay("rep_2", NOON, NOON + 20 * A_DAY, 21),
    ]
    assert stays(many)[0].days == 20


def test_deals_of_a_day_are_in_the_order_in_which_they_were_created() -> None:
    late = datetime(2024, 3, 4, 22, 30, tzinfo=UTC)
    deals = [_deal(2, None, NOON), _deal(3, None, late + A_DAY / 24), _deal(1, None, NOON)]
    days = by_day([*deals, _deal(4, None, late)], BERLIN)
    assert {day: [x.id for x in found] for day, found in days.items()} == {
        date(2024, 3, 4): ["1", "2", "4"],
        date(2024, 3, 5): ["3"],
    }


def test_a_deal_is_closed_when_its_day_ends() -> None:
    lost = _deal(1, None, NOON, crm_stage="Lost", closed=date(2024, 3, 6))
    won = _deal(2, None, NOON, crm_stage="Payment Done", closed=date(2024, 3, 6))
    is_open = _deal(3, None, NOON + 30 * A_DAY, crm_stage="Call Delayed", closed=date(2024, 3, 6))
    found = closings([lost, won, is_open], BERLIN)
    end = datetime(2024, 3, 6, 23, 59, 59, 999_999, tzinfo=BERLIN)
    assert found == {
        date(2024, 3, 6): [
            Event(lead_id="1", id="closed", time=end, kind="moved", properties={"to": "lost"}),
            Event(lead_id="2", id="closed", time=end, kind="moved", properties={"to": "won"}),
        ]
    }


def test_people_are_absent_before_their_first_deal_and_after_their_last(policy: Policy) -> None:
    router, last = Engine(policy).router, NOON + 5 * A_DAY
    state = told(router, [Stay("rep_4", NOON, last, 20)], NOON - 9 * A_DAY)
    others = [name for name in router.routing.members if name != "rep_4"]
    for name in others:
        state = router.absent(state, member=name, start=NOON - 9 * A_DAY)

    def owner(at: datetime) -> str | None:
        answer = router.preview(Lead(id="1", source="CRM"), at=at, state=state)
        assert isinstance(answer, Assignment)
        return answer.owner

    moments = [NOON - timedelta(minutes=1), NOON, last, last + timedelta(minutes=1)]
    assert [owner(at) for at in moments] == [None, "rep_4", "rep_4", None]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [((1, 1, 1), 0), ((0, 0, 0, 8), 0.75), ((1, 3), 0.25), ((3, 1), 0.25), ((2,), 0)],
)
def test_the_gini_coefficient(shares: Sequence[int], expected: float) -> None:
    # Source: half of the mean difference of all pairs, by the mean
    assert gini(shares) == pytest.approx(expected)


def test_members_are_as_many_as_the_tables_and_pools_name(routing: Routing) -> None:
    assert list(routing.members) == [f"rep_{n}" for n in range(1, 25)]
    teams = TEAMS - {"poland", "austria"}
    named = [who for name in teams for who in routing.pools[name].shares(routing.members)]
    assert sorted(named) == sorted(routing.members)
    assert {row["team"] for rows in TABLES.values() for row in rows} == TEAMS
