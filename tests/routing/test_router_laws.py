"""Laws of routers: whole runs beside a plain rotation, and what each answer promises."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from leadrules import Assignment, Event, Lead, Rotation, Router, Unassigned, Vocabulary
from leadrules.calendars import Calendar
from leadrules.routing.document import Routing
from tests.routing.plain_rotation import OFFICE, Desk, Document

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
    few = st.booleans().flatmap(lambda some: limit if some else st.just([]))
    return {
        "members": {
            name: {"weight": draw(st.integers(1, 4)), "limits": draw(few)}
            for name in draw(st.permutations(names))
        },
        "limits": draw(st.sampled_from(([], [], [], ["5 per day"], ["3 open"], ["4 in 3 hours"]))),
        "share": share,
        "on_return": draw(st.sampled_from(returns)),
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
        self.lost = False

    @initialize(document=documents(), at=st.sampled_from(STARTS))
    def begin(self, document: Document, at: datetime) -> None:
        self.document, self.at = document, at
        self.router = router_of(document)
        self.state = self.router.start()
        self.plain = Desk(document)

    @rule(pool=st.sampled_from(("team", "team", "night")), minutes=st.sampled_from(STEPS))
    def lead(self, pool: str, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)
        lead = Lead(id=f"lead-{len(self.log)}", channel=pool)
        codes = self.codes(pool)
        before = settled(self.state), self.state
        answer, state = self.router.route(lead, at=self.at, state=self.state)
        again, same = self.router.route(lead, at=self.at, state=self.state)
        assert (again, same) == (answer, state)
        assert settled(self.state) == before[0]
        self.state = state
        expected = self.plain.route(lead.id, self.at, pool)
        self.compare(answer, expected, pool, codes)
        if not answer:
            assert state is before[1]

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
            plain.queues[last.pool].credit(str(last.owner))
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
            self.plain.queues[last.pool].credit(str(last.owner))
        self.plain.by_hand(lead_id, self.at, name, "manual")
        assert isinstance(answer, Assignment)
        self.keep(answer)

    @rule(name=st.sampled_from(NAMES), own=st.booleans())
    def by_hand(self, name: str, own: bool) -> None:
        if name not in self.document["members"]:
            return
        fact = Event(
            lead_id=f"lead-{len(self.log)}",
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

    @rule(name=st.sampled_from(NAMES), hours=st.sampled_from((None, 1, 20, 200)))
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
            team = self.router.roster.pools[name]
            turns = self.router.open(self.state).turns(team)
            assert Fraction(turns.level, turns.scale) == queue.level
            for who in queue.weights:
                assert Fraction(turns.turn(who), turns.scale) == queue.turn(who, queue.now(who))
        self.check_replay()
        for name in self.plain.queues:
            self.check_fairness(name)

    def check_replay(self) -> None:
        """Law: what is decided can be replayed from its facts."""
        if not self.lost:  # no fact says that a lead has no owner any more
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
