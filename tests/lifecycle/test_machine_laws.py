"""The laws of the machine, driven by random facts, requests and waits through random policies."""

from __future__ import annotations

import json
import pickle
from itertools import count
from random import Random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from leadrules import Event, Lead
from leadrules.lifecycle.state import State
from leadrules.lifecycle.statuses import clock_stands, touches_stand
from leadrules.lifecycle.transition import Refusal, Request, Settled, Transition
from tests.lifecycle.offices import instant, moment
from tests.lifecycle.plain import Plain, in_order
from tests.lifecycle.processes import (
    BANDS,
    CHANNELS,
    ITEMS,
    OUTCOMES,
    OWNERS,
    REASONS,
    ROLES,
    Sample,
    samples,
)

STAGES = ("s0", "s1", "s2", "won", "lost", "rest", "out", "nowhere")
WAITS = (0, 0, 1, 29, 30, 60, 90, 91, 240, 540, 1440, 2880, 4320, 7200)

roles = st.sampled_from(ROLES)
bands = st.sampled_from((None, *BANDS))
reasons = st.sampled_from((None, *REASONS))


class Lives(RuleBasedStateMachine):
    """A lead that is moved, worked, and waited for, beside the plain account of it."""

    @initialize(sample=samples, random=st.randoms(use_true_random=False))
    def arise(self, sample: Sample, random: Random) -> None:
        self.sample, self.random = sample, random
        self.machine, self.now, self.numbers = sample.machine, sample.start, count(1)
        known = dict(sample.known)
        self.owner = known.pop("owner", None) if random.random() < 0.5 else None
        self.lead = Lead(id="l1", created=moment(sample.start), **known)
        self.state = self.machine.start(self.lead)
        self.plain = Plain(sample.data, known, sample.start)
        self.overruled: set[str] = set()
        """The stages that facts or force brought the lead to."""
        if self.owner is not None:
            self.note("assigned", owner=self.owner)

    def derived(self, band: str | None) -> dict[str, Any]:
        return {} if band is None else {"band": band}

    def keep(self, state: State, *events: Event) -> None:
        """Go on with a state and the facts that led to it."""
        self.state = state
        self.plain = self.plain.and_then(*events)

    def event(self, kind: str, **said: object) -> Event:
        return Event.model_validate(
            {
                "lead_id": "l1",
                "id": f"f{next(self.numbers):04}",
                "time": moment(self.now),
                "kind": kind,
                "properties": {x: y for x, y in said.items() if y is not None},
            }
        )

    def note(self, kind: str, **said: object) -> None:
        """Tell of a fact; one that does not come after the last one is told a minute later."""
        event = self.event(kind, **said)
        found = self.machine.note(self.state, event)
        if self.is_late(event):
            assert isinstance(found, Refusal)
            assert found.codes == ("late",)
            self.now += 1
            event = self.event(kind, **said)
            found = self.machine.note(self.state, event)
        assert isinstance(found, State)
        assert found.version == self.state.version + 1
        self.keep(found, event)

    def is_late(self, event: Event) -> bool:
        """Return whether an event does not come after what happened at its instant."""
        return in_order([*self.plain.facts[-1:], event])[-1] is not event

    # --- time and facts

    @rule(minutes=st.sampled_from(WAITS))
    def wait(self, minutes: int) -> None:
        self.now += minutes

    @rule(
        channel=st.sampled_from(CHANNELS),
        outcome=st.sampled_from((None, *OUTCOMES)),
        direction=st.sampled_from(("outbound", "outbound", "inbound")),
        automatic=st.sampled_from((None, False, True)),
        role=st.sampled_from((None, *ROLES)),
    )
    def touch(self, **said: Any) -> None:
        self.note("touch", **said)

    @precondition(lambda self: "owner" not in self.plain.known)
    @rule(owner=st.sampled_from(OWNERS))
    def assign(self, owner: str) -> None:
        self.note("assigned", owner=owner)

    @rule(item=st.sampled_from(ITEMS), role=st.sampled_from((None, *ROLES)))
    def complete(self, item: str, role: str | None) -> None:
        self.note("completed", item=item, role=role)

    @rule(role=roles, verdict=st.sampled_from(("approved", "approved", "rejected")))
    def approve(self, role: str, verdict: str) -> None:
        self.note("approval", role=role, verdict=verdict)

    @rule(reason=st.sampled_from(("duplicate", "unheard_of")), role=st.sampled_from((None, *ROLES)))
    def waive(self, reason: str, role: str | None) -> None:
        self.note("waiver", touches="t0", reason=reason, role=role)

    @rule(clock=st.sampled_from((None, "c0")), minutes=st.sampled_from((None, 0, 60, 1500)))
    def pause(self, clock: str | None, minutes: int | None) -> None:
        until = None if minutes is None else moment(self.now + minutes)
        self.note("pause", clock=clock, until=until)

    @rule(clock=st.sampled_from((None, None, "c0")))
    def resume(self, clock: str | None) -> None:
        self.note("resume", clock=clock)

    @rule(
        kind=st.sampled_from(("answer", "next_step", "update", "retraction")),
        by=st.sampled_from((None, "ann")),
    )
    def speak(self, kind: str, by: str | None) -> None:
        if kind == "retraction":
            found = self.machine.note(self.state, self.event("retraction", of="f0001"))
            assert isinstance(found, Refusal)
            assert found.codes == ("retraction",)
            return
        said: dict[str, dict[str, Any]] = {
            "answer": {"criterion": "need", "answer": "met", "by": by},
            "next_step": {"what": "anything", "due": moment(self.now + 600)},
            "update": {},
        }
        self.note(kind, **said[kind])

    @rule(to=st.sampled_from(STAGES), reason=reasons, origin=st.sampled_from((None, "s0")))
    def is_told_of_a_move(self, to: str, reason: str | None, origin: str | None) -> None:
        """A fact is applied whether the policy would have allowed it or not."""
        self.overruled.add(to)
        self.note("moved", to=to, reason=reason, **{"from": origin})

    # --- requests

    @rule(
        to=st.sampled_from(STAGES),
        role=st.sampled_from((None, *ROLES)),
        reason=reasons,
        note=st.sampled_from((None, "so it is")),
        band=bands,
        named=st.booleans(),
    )
    def ask(  # noqa: PLR0917 - all that a request may say
        self,
        to: str,
        role: str | None,
        reason: str | None,
        note: str | None,
        band: str | None,
        named: bool,
    ) -> None:
        """No guard is bypassed, and none that is met stands in the way."""
        at, derived = moment(self.now), self.derived(band)
        before = self.state
        would = self.machine.would(before, lead=self.lead, at=at, role=role, derived=derived)
        event = self.event("moved", to=to)
        request = Request(
            to=to, role=role, reason=reason, note=note, id=event.id if named else None
        )
        found = self.machine.advance(before, request, lead=self.lead, at=at, derived=derived)
        plain = self.plain.advance(
            self.now, to, band, {"role": role, "reason": reason, "note": note}
        )
        assert self.state == before
        if named and self.is_late(event):
            assert isinstance(found, Refusal)
            assert found.codes == ("late",)
            return
        if isinstance(found, Refusal):
            assert all(plain), "a move that nothing stands against is refused"
            if not plain:
                known = to in self.sample.data["stages"]
                assert found.codes == (("no-move",) if known else ("unknown-stage",))
            else:
                assert set(found.codes) in plain
                assert "role" not in found.codes or all("role" in x for x in plain)
        else:
            assert not all(plain), "a guard is bypassed"
            assert not named or found.id == event.id
            self.keep(found.state, found.fact())
        if reason is None:
            assert not would[to] if found else would.get(to, found.unmet) == found.unmet

    @rule(band=bands)
    def settle(self, band: str | None) -> None:
        """The policy moves what it may, and then nothing more."""
        at, derived = moment(self.now), self.derived(band)
        expected = self.plain.settle(self.now, band)
        found = self.machine.settle(self.state, lead=self.lead, at=at, derived=derived)
        assert isinstance(found, Settled)
        assert [x.to for x in found] == expected
        assert all(x.by == "policy" for x in found)
        self.keep(found.state, *(x.fact() for x in found))
        again = self.machine.settle(self.state, lead=self.lead, at=at, derived=derived)
        assert again == Settled(self.state)

    @rule(to=st.sampled_from(STAGES), role=roles, reason=reasons)
    def force(self, to: str, role: str, reason: str | None) -> None:
        request = Request(to=to, role=role, reason=reason)
        found = self.machine.force(self.state, request, at=moment(self.now))
        may = role == "boss" and reason is not None
        known = to in self.sample.data["stages"] and to != self.plain.stage
        assert isinstance(found, Transition) is (may and known)
        if isinstance(found, Transition):
            fact = found.fact()
            assert fact["forced"] is True
            self.overruled.add(to)
            self.keep(found.state, fact)

    @rule()
    def come_too_late(self) -> None:
        """What is earlier than the last fact is refused by all."""
        early = moment(self.state.time // 60_000_000 - 1)
        refused = [
            self.machine.advance(self.state, Request(to="won"), lead=self.lead, at=early),
            self.machine.settle(self.state, lead=self.lead, at=early),
            self.machine.note(self.state, self.event("update").model_copy(update={"time": early})),
        ]
        assert ["late" in x.codes for x in refused if isinstance(x, Refusal)] == [True] * 3

    # --- what always holds

    @invariant()
    def is_where_the_facts_say(self) -> None:
        state, plain = self.state, self.plain
        assert state.stage == plain.stage
        assert state.entered == instant(plain.here.start)
        assert state.owner == plain.owner
        assert state.version == len(plain.facts)
        assert state.updated == (None if plain.updated is None else instant(plain.updated))
        for name in self.sample.data["stages"]:
            entries = state.entries_of(name)
            assert (entries.times if entries else 0) == plain.times(name)
        stage = self.machine.lifecycle.stages[state.stage]
        assert stage.owner is not None or self.machine.lifecycle.is_final(state.stage)

    @invariant()
    def limits_hold_but_for_force_and_facts(self) -> None:
        for name, stage in self.machine.lifecycle.stages.items():
            if stage.most is not None and name not in self.overruled:
                assert self.plain.times(name) <= stage.most

    @rule()
    def look_at_what_is_owed(self) -> None:
        at, process = instant(self.now), self.machine.process
        lead_type = self.sample.known.get("lead_type")
        for name in self.sample.data["touches"]:
            if self.plain.stage in self.sample.data["touches"][name]["in"]:
                stand = touches_stand(process, name, self.state, lead_type, at)
                assert (stand.status if stand else None) == self.plain.touches(name, self.now)
        for name in self.sample.data["clocks"]:
            found = clock_stands(process, name, self.state, at)
            assert found.status == self.plain.clock(name, self.now), name

    def teardown(self) -> None:
        if not hasattr(self, "plain"):
            return
        self.look_at_what_is_owed()
        facts = list(self.plain.facts)
        assert self.machine.replay(self.lead, events=facts) == self.state
        self.random.shuffle(facts)
        facts += facts[:3]
        assert self.machine.replay(self.lead, events=facts) == self.state
        told = json.dumps(self.state.to_dict())
        assert State.from_dict(json.loads(told)) == self.state
        assert pickle.loads(pickle.dumps(self.state)) == self.state
        other = pickle.loads(pickle.dumps(self.machine))
        assert other.replay(self.lead, events=facts) == self.state


def test_a_machine_bypasses_no_guard_and_forgets_nothing() -> None:
    """Law: what the machine allows, refuses and remembers is what the plain account says.

    Every lead is in a stage that there is and that somebody owns, unless it is final. A move is
    made if and only if nothing stands against it; a refusal leaves the state alone, and `would`
    tells the same. To settle twice does nothing more. Replay equals live, whatever the order of
    arrival; the state survives JSON and pickle.
    """
    run_state_machine_as_test(Lives, settings=settings(stateful_step_count=25))
