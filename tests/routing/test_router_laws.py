"""Laws of routers: whole runs beside a plain rotation, and what each answer promises."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given, reject, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from leadrules import (
    Account,
    Assignment,
    Event,
    Lead,
    Matcher,
    PolicyError,
    Rotation,
    Router,
    Unassigned,
    Vocabulary,
)
from leadrules.calendars import Calendar
from leadrules.conditions.tree import Condition
from leadrules.routing.document import Routing
from leadrules.routing.rules import RoutingRule
from leadrules.routing.targets import Target
from leadrules.values import Instant, datetime_of
from tests.routing.plain_rotation import OFFICE, Desk, Document
from tests.strategies import VOCABULARY, Row, conditions, leads, moments

NAMES = ("anna", "ben", "carla", "dora")
LIMITS = (
    "1 per day",
    "3 per day",
    "2 per day in America/New_York",
    "3 per week",
    "4 per month",
    "2 in 3 hours",
    "1 in 30 minutes",
    "1 open",
    "3 open",
)
STARTS = (
    datetime(2026, 3, 27, 8, 30, tzinfo=UTC),  # a Friday; on Sunday clocks spring forward
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # a Sunday, on which clocks fall back
)
STRATEGIES = (
    "weighted_rotation",
    "weighted_rotation",
    "weighted_rotation",
    "longest_waiting",
    "least_loaded",
    "priority",
    "sticky",
)
STEPS = (0, 0, 1, 29, 31, 179, 181, 600, 1439, 3000, 20_000)
"""The minutes from one decision to the next."""
A_MINUTE = timedelta(minutes=1)
LEADS_CLOSE = "won"


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Return a section of two pools whose members come and go."""
    names = draw(st.permutations(NAMES))[: draw(st.integers(2, 4))]
    limits = st.lists(st.sampled_from(LIMITS), max_size=1)
    members: dict[str, Any] = {}
    for name in names:
        member: dict[str, Any] = {"limits": draw(limits)}
        if draw(st.booleans()):
            member["calendar"] = "office"
        if draw(st.integers(0, 5)) == 0:
            member["active"] = False
        if draw(st.integers(0, 3)) == 0:
            member["absent"] = ["2026-03-28", "2026-03-30", "2026-10-25", "2026-10-26"]
        members[name] = member
    return {
        "rules": [
            {"id": "night", "when": 'channel == "night"', "to": {"pool": "night"}},
            {"id": "all", "when": "always", "to": {"pool": "team"}},
        ],
        "pools": {
            "team": draw(pools(names)),
            "night": draw(pools(names[: draw(st.integers(1, len(names)))])),
        },
        "members": members,
        "counts": draw(st.sampled_from(([], ["manual"], ["created"], ["manual", "created"]))),
    }


@st.composite
def pools(draw: st.DrawFn, names: list[str]) -> dict[str, Any]:
    """Return a pool of members in some order."""
    share = draw(st.sampled_from(("while_present", "of_all_leads")))
    returns = ("none", "full") if share == "of_all_leads" else ("none", "full", 1, 2)
    limit = st.lists(st.sampled_from(LIMITS), max_size=1)
    strategy = draw(st.sampled_from(STRATEGIES))
    weighted = strategy not in {"priority", "longest_waiting"}
    few = st.booleans().flatmap(lambda some: limit if some else st.just([]))
    return {
        "strategy": strategy,
        "members": {
            name: {"weight": draw(st.integers(1, 4)) if weighted else 1, "limits": draw(few)}
            for name in draw(st.permutations(names))
        },
        "limits": draw(st.sampled_from(([], [], ["2 per day"], ["3 open"], ["2 in 3 hours"]))),
        "share": share,
        "on_return": draw(st.sampled_from(returns)),
        "on_join": draw(st.sampled_from(("none", "full", 1, 3))),
        "turns": draw(st.sampled_from(("pool", "pool", "everywhere"))),
        "credit": draw(st.sampled_from(([], ["declined"], ["declined", "missed", "by_hand"]))),
    }


def router_of(document: Document) -> Router:
    """Return the router of a section, with the calendar that it names."""
    return Router(
        Routing.model_validate(document),
        vocabulary=Vocabulary(zone="Europe/Berlin"),
        calendars={name: Calendar.model_validate(hours) for name, hours in OFFICE.items()},
        closed=[LEADS_CLOSE],
    )


def settled(state: Rotation) -> dict[str, Any]:
    """Return a state without what says how it came about."""
    return {name: value for name, value in state.to_dict().items() if name != "version"}


class Team(RuleBasedStateMachine):
    """Law: a router does what a plain rotation does, at every step, whatever happens besides."""

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Assignment]] = {}
        self.log: list[Assignment | Unassigned | Event] = []
        self.facts: list[Event] = []
        self.expected: dict[tuple[str, str], Fraction] = {}
        self.seen: list[tuple[str, dict[str, str | None], str]] = []
        self.lost = self.moved = False

    @initialize(document=documents(), at=st.sampled_from(STARTS))
    def begin(self, document: Document, at: datetime) -> None:
        self.document, self.at = document, at
        self.router = router_of(document)
        self.state = self.router.start()
        self.plain = Desk(document)

    @rule(
        pool=st.sampled_from(("team", "team", "night")),
        minutes=st.sampled_from(STEPS),
        account=st.sampled_from((None, *NAMES, "zoe")),
    )
    def lead(self, pool: str, minutes: int, account: str | None) -> None:
        self.at += timedelta(minutes=minutes)
        own = Account(owner=account)
        lead = Lead(id=f"lead-{len(self.log)}", channel=pool, account=own)
        codes = self.codes(pool)
        before = settled(self.state), self.state
        answer, state = self.router.route(lead, at=self.at, state=self.state)
        again, same = self.router.route(lead, at=self.at, state=self.state)
        assert (again, same) == (answer, state)
        assert settled(self.state) == before[0]
        self.state = state
        expected = self.plain.route(lead.id, self.at, pool, account=account)
        self.compare(answer, expected, pool, codes)
        if not answer:
            assert state is before[1]

    @rule(
        pool=st.sampled_from(("team", "night")),
        steps=st.lists(st.sampled_from(STEPS), min_size=2, max_size=8),
    )
    def some_leads(self, pool: str, steps: list[int]) -> None:
        for minutes in steps:
            self.lead(pool, minutes, None)

    @precondition(lambda self: self.history)
    @rule(data=st.data(), reason=st.sampled_from(("declined", "missed")))
    def again(self, data: st.DataObject, reason: Any) -> None:
        lead_id = data.draw(st.sampled_from(sorted(self.history)))
        history = self.history[lead_id]
        pool = str(history[0].pool)
        codes = self.codes(pool)
        plain = deepcopy(self.plain)
        last = history[-1]
        if last.pool and reason in self.document["pools"][last.pool]["credit"]:
            self.credit(plain, last)
        plain.owners.pop(lead_id, None)
        tried = [str(found.owner) for found in history]
        expected = plain.route(lead_id, self.at, pool, tried)
        answer, state = self.router.reassign(
            Lead(id=lead_id, channel=pool),
            history=history,
            reason=reason,
            at=self.at,
            state=self.state,
        )
        if answer or reason == "declined":
            self.plain = plain
            self.lost = self.lost or not answer
            self.history.pop(lead_id) if not answer else None
        else:
            assert state is self.state
        self.state = state
        self.compare(answer, expected, pool, codes)

    @precondition(lambda self: self.history)
    @rule(
        data=st.data(), name=st.sampled_from(NAMES), reason=st.sampled_from(("missed", "by_hand"))
    )
    def to_somebody(self, data: st.DataObject, name: str, reason: Any) -> None:
        if name not in self.document["members"]:
            return
        lead_id = data.draw(st.sampled_from(sorted(self.history)))
        history = self.history[lead_id]
        answer, self.state = self.router.reassign(
            Lead(id=lead_id),
            history=history,
            reason=reason,
            at=self.at,
            state=self.state,
            to=name,
        )
        last = history[-1]
        if last.pool and reason in self.document["pools"][last.pool]["credit"]:
            self.credit(self.plain, last)
        self.plain.by_hand(lead_id, self.at, name, "manual")
        assert isinstance(answer, Assignment)
        self.keep(answer)

    @rule(data=st.data(), name=st.sampled_from(NAMES), own=st.booleans())
    def by_hand(self, data: st.DataObject, name: str, own: bool) -> None:
        if name not in self.document["members"]:
            return
        new = f"lead-{len(self.log)}"
        lead_id = data.draw(st.sampled_from([new, *sorted(self.history)]))
        self.history.pop(lead_id, None)
        fact = Event(
            lead_id=lead_id,
            id="by hand",
            time=self.at,
            kind="assigned",
            properties={"owner": name, "by": name if own else "zoe"},
        )
        self.state = self.router.note(self.state, fact)
        self.plain.by_hand(fact.lead_id, self.at, name, "created" if own else "manual")
        self.facts.append(fact)
        self.log.append(fact)

    @precondition(lambda self: self.plain.owners)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        self.at += A_MINUTE
        lead_id = data.draw(st.sampled_from(sorted(self.plain.owners)))
        fact = Event(
            lead_id=lead_id, id="won", time=self.at, kind="moved", properties={"to": LEADS_CLOSE}
        )
        self.state = self.router.note(self.state, fact)
        del self.plain.owners[lead_id]
        self.history.pop(lead_id, None)
        self.facts.append(fact)
        self.log.append(fact)
        self.at += A_MINUTE

    @rule(name=st.sampled_from(NAMES), hours=st.sampled_from((1, 1, 20, 20, 200, None)))
    def leave(self, name: str, hours: int | None) -> None:
        if name not in self.document["members"]:
            return
        self.at += A_MINUTE
        end = None if hours is None else self.at + timedelta(hours=hours)
        self.state = self.router.absent(self.state, member=name, start=self.at, end=end)
        self.plain.told.setdefault(name, []).append((self.at, end))

    @rule(name=st.sampled_from(NAMES))
    def come_back(self, name: str) -> None:
        if name not in self.document["members"]:
            return
        self.at += A_MINUTE
        self.state = self.router.present(self.state, member=name, at=self.at)
        spans = self.plain.told.get(name, [])
        self.plain.told[name] = [
            (start, self.at if end is None else min(end, self.at)) for start, end in spans
        ]

    @rule()
    def keep_as_text(self) -> None:
        self.state = Rotation.from_dict(json.loads(json.dumps(self.state.to_dict())))

    @rule(data=st.data())
    def reorganise(self, data: st.DataObject) -> None:
        """Have somebody leave, or come (back)."""
        self.moved = True
        document = deepcopy(self.document)
        name = data.draw(st.sampled_from(NAMES))
        if name in document["members"]:
            if any([*pool["members"]] == [name] for pool in document["pools"].values()):
                return
            del document["members"][name]
            for pool, queue in self.plain.queues.items():
                if document["pools"][pool]["members"].pop(name, None):
                    queue.leave(name)
            owners = self.plain.owners
            self.plain.owners = {lead: owner for lead, owner in owners.items() if owner != name}
            self.plain.told.pop(name, None)
            self.plain.log = [(at, "" if x == name else x, of) for at, x, of in self.plain.log]
        else:
            document["members"][name] = {}
            for pool, queue in self.plain.queues.items():
                if data.draw(st.booleans()):
                    own = document["pools"][pool]
                    weighted = own["strategy"] not in {"priority", "longest_waiting"}
                    weight = data.draw(st.integers(1, 4)) if weighted else 1
                    own["members"][name] = {"weight": weight}
                    queue.join(name, weight, own["on_join"])
        self.document = self.plain.document = document
        self.router = router_of(document)
        self.state = self.router.migrate(self.state)

    def credit(self, plain: Desk, last: Assignment) -> None:
        queue = plain.queues[str(last.pool)]
        if last.owner in queue.weights:
            queue.credit(str(last.owner))

    def codes(self, pool: str) -> dict[str, str | None]:
        at = self.plain.moment(self.at)
        return {name: self.plain.away(name, pool, at) for name in self.plain.queues[pool].weights}

    def compare(
        self,
        answer: Assignment | Unassigned,
        expected: str | None,
        pool: str,
        codes: dict[str, str | None],
    ) -> None:
        if isinstance(answer, Unassigned):
            assert expected is None
            self.log.append(answer)
            return
        assert (answer.owner, answer.pool) == (expected, pool)
        self.seen.append((pool, codes, str(expected)))
        self.keep(answer)

    def keep(self, answer: Assignment) -> None:
        fact = answer.fact(id=f"fact-{len(self.facts)}")
        assert fact is not None
        self.history.setdefault(answer.lead_id, []).append(answer)
        self.facts.append(fact)
        self.log.append(answer)

    def teardown(self) -> None:
        if not hasattr(self, "router"):
            return
        for name, queue in self.plain.queues.items():
            if queue.line is not None:
                continue
            team = self.router.roster.pools[name]
            turns = self.router.open(self.state).turns(team)
            assert Fraction(turns.level, turns.scale) == queue.level
            for who in queue.weights:
                assert Fraction(turns.turn(who), turns.scale) == queue.turn(who, queue.now(who))
        if not self.moved:
            self.check_replay()
            for name in self.plain.queues:
                self.check_fairness(name)

    def check_replay(self) -> None:
        """Law: what is decided can be replayed from its facts."""
        pools = self.document["pools"].values()
        sticky = any(pool["strategy"] == "sticky" for pool in pools)  # chosen by what leads say
        if not self.lost and not sticky:  # no fact says that a lead has no owner any more
            known = Rotation(away=self.state.away)
            assert settled(self.router.replay(self.facts, state=known)) == settled(self.state)

    def check_fairness(self, pool: str) -> None:
        """Law: the report counts who was there as a plain reading of the log does."""
        found = self.router.fairness(self.log, pool=pool, state=self.state)
        weights = self.plain.queues[pool].weights
        own = [(codes, owner) for of, codes, owner in self.seen if of == pool]
        assert found.leads == len(own)
        for name, weight in weights.items():
            portion = found[name]
            assert portion.got == sum(owner == name for _, owner in own)
            assert portion.there == sum(codes[name] is None for codes, _ in own)
            assert sum(portion.away.values()) + portion.there == found.leads
            if not self.plain.queues[pool].keeps:
                shares = [[x for x in codes if codes[x] is None] for codes, _ in own]
                assert portion.expected == sum(
                    Fraction(weight, sum(weights[x] for x in there))
                    for there in shares
                    if name in there
                )
        assert sum(portion.expected for portion in found) == found.leads
        assert found.is_within or found.unbound


TestTeam = Team.TestCase
TestTeam.settings = settings(stateful_step_count=40)


@given(
    whens=st.lists(conditions(), min_size=1, max_size=6),
    row=leads(),
    at=moments,
    hit=st.sampled_from(("first", "unique", "collect")),
)
def test_a_rule_counts_only_if_it_is_surely_true(
    whens: list[Condition], row: Row, at: Instant, hit: Any
) -> None:
    """Law: unknown conditions never match; of those that are true, the hit policy says which."""
    rules = tuple(
        RoutingRule(id=f"r{place}", when=when, to=Target(queue=f"q{place}"))
        for place, when in enumerate(whens)
    )
    try:
        router = Router(Routing(rules=rules, queue="rest", hit=hit), vocabulary=VOCABULARY)
    except PolicyError:  # what can be true together is refused under `unique`
        reject()
    lead, moment = VOCABULARY.lead(row), datetime_of(at)
    known = [Matcher(when, vocabulary=VOCABULARY).matches(lead, at=moment) for when in whens]
    true = [f"r{place}" for place, verdict in enumerate(known) if verdict is True]
    answer, state = router.route(lead, at=moment, state=router.start())
    if hit == "unique" and len(true) > 1:
        assert isinstance(answer, Unassigned)
        assert (answer.code, answer.rules) == ("several-rules", tuple(true))
    else:
        assert isinstance(answer, Assignment)
        assert answer.rule == (true[0] if true else None)
        assert answer.queue == (f"q{true[0][1:]}" if true else "rest")
    assert state == router.start()


@given(
    fits=st.lists(st.sampled_from((None, "de", "en", ["de", "en"])), min_size=1, max_size=5),
    language=st.sampled_from((None, "de", "fr")),
)
def test_a_member_fits_only_if_that_is_surely_true(fits: list[Any], language: str | None) -> None:
    """Law: a lead goes to the first who surely fits; what is missing fits nobody."""
    document = {
        "rules": [{"id": "all", "when": "always", "to": {"pool": "team"}}],
        "pools": {
            "team": {
                "members": [f"m{place}" for place in range(len(fits))],
                "match": "channel in member.languages",
            }
        },
        "attributes": {"languages": {"type": "strings"}},
        "members": {
            f"m{place}": {"attributes": {"languages": found} if found else {}}
            for place, found in enumerate(fits)
        },
    }
    router = Router(Routing.model_validate(document))
    lead = Lead(id="1", channel=language)
    answer, _ = router.route(lead, at=STARTS[0], state=router.start())
    able = [place for place, found in enumerate(fits) if found and language in (found, *found)]
    if able and language:
        assert isinstance(answer, Assignment)
        assert answer.owner == f"m{able[0]}"
    else:
        assert isinstance(answer, Unassigned)
        assert answer.code == "no-match"


def test_a_lead_that_stays_where_it_is_leaves_the_state_as_it_is() -> None:
    document = {
        "rules": [{"id": "all", "when": "always", "to": {"pool": "team"}}],
        "pools": {"team": {"members": ["anna"], "credit": ["missed"]}},
        "members": {"anna": {"limits": "1 open"}},
    }
    router = Router(Routing.model_validate(document))
    first, state = router.route(Lead(id="1"), at=STARTS[0], state=router.start())
    assert isinstance(first, Assignment)
    said: dict[str, Any] = {"history": [first], "at": STARTS[0], "state": state}
    answer, same = router.reassign(Lead(id="1"), reason="missed", **said)
    assert not answer
    assert same is state
    answer, declined = router.reassign(Lead(id="1"), reason="declined", **said)
    assert not answer
    assert declined.open == {}


def test_a_lead_that_is_given_again_is_not_counted_twice_among_the_open() -> None:
    document = {
        "rules": [{"id": "all", "when": "always", "to": {"pool": "team"}}],
        "pools": {"team": {"members": ["anna", "ben"], "limits": "1 open"}},
        "members": {"anna": {}, "ben": {}},
    }
    router = Router(Routing.model_validate(document))
    first, state = router.route(Lead(id="1"), at=STARTS[0], state=router.start())
    assert isinstance(first, Assignment)
    again, state = router.reassign(
        Lead(id="1"), history=[first], reason="missed", at=STARTS[0], state=state
    )
    assert isinstance(again, Assignment)
    assert again.owner == "ben"
    assert state.open == {"ben": {"1"}}
