"""What a lifecycle means, in plain words: an oracle that shares no code with the library.

It keeps the whole history and reads every answer off it anew. Time is counted minute by minute,
in the offices of `tests.lifecycle.offices`. Guards have words of their own (`_GUARDS`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from leadrules import Event
from tests.lifecycle.offices import earliest, is_open, minute_of, moment

__all__ = ["Plain", "Visit", "in_order", "plain_minutes"]

Data = Mapping[str, Any]


def plain_minutes(delay: str) -> tuple[int, bool]:
    """Return how many minutes a delay has, and whether they are those of an office."""
    count, *rest = delay.split()
    size = {"minute": 1, "hour": 60, "day": 1440}[rest[-1].removesuffix("s")]
    return int(count) * size, "business" in rest


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return events as they happened: at one instant, moves come after all else."""
    return tuple(sorted(events, key=lambda x: (x.time, x.kind == "moved", x.id)))


@dataclass
class Visit:
    """A stay in a stage: from when, why, from where, and what happened in it.

    What happened before it was said where the lead arose, is `early`.
    """

    stage: str
    start: int
    before: str | None = None
    reason: str | None = None
    accepted: bool = False
    facts: list[Event] = field(default_factory=list)
    early: list[Event] = field(default_factory=list)


@dataclass(frozen=True)
class Plain:
    """A lead with its whole history, in the order in which it happened.

    Attributes:
        data: The section `lifecycle`, as plain data.
        known: What is known of the lead.
        start: The minute at which it arose.
        facts: What happened.
    """

    data: Data
    known: Data
    start: int
    facts: tuple[Event, ...] = ()

    def and_then(self, *facts: Event) -> Plain:
        return Plain(self.data, self.known, self.start, (*self.facts, *facts))

    # --- stages

    @cached_property
    def visits(self) -> list[Visit]:
        """Every stay in a stage, in order."""
        found = [Visit(next(iter(self.data["stages"])), self.start)]
        first = next((x for x in self.facts if x.kind == "moved"), None)
        for event in self.facts:
            to, at = event.properties.get("to"), minute_of(event.time)
            if event.kind != "moved" or to not in self.data["stages"]:
                found[-1].facts.append(event)
                continue
            here = found[-1].stage
            if event is first and at == self.start and event.properties.get("from") is None:
                found = [Visit(str(to), at, early=found[-1].facts)]
            elif to == here:
                found[-1].facts.append(event)
            else:
                accepted = any(
                    "accept_within" in move for move in self.ways(here) if move["to"] == to
                )
                found.append(Visit(str(to), at, here, _said(event, "reason"), accepted))
        return found

    @property
    def here(self) -> Visit:
        return self.visits[-1]

    @property
    def stage(self) -> str:
        return self.here.stage

    def times(self, stage: str) -> int:
        return sum(visit.stage == stage for visit in self.visits)

    def ways(self, stage: str) -> list[Data]:
        """Return the moves that lead out of a stage, in document order."""
        return [
            move
            for move in self.data["moves"]
            if stage == move["from"] or (isinstance(move["from"], list) and stage in move["from"])
        ]

    def kind(self, stage: str) -> str:
        return str(self.data["stages"][stage].get("kind", "open"))

    # --- by whose hours

    @cached_property
    def _hands(self) -> list[tuple[int, str | None]]:
        """By which calendar the lead is worked, from when on."""
        hours, stages = self.data["hours"], self.data["stages"]
        owner = self._owner_at_first
        found: list[tuple[int, str | None]] = []

        def note(at: int, stage: str) -> None:
            role = stages[stage].get("owner")
            theirs = hours.get("roles", {}).get(role, hours["default"])
            found.append((at, hours.get("owners", {}).get(owner, theirs)))

        for visit in self.visits:
            note(visit.start, visit.stage)
            for event in (*visit.early, *visit.facts):
                if event.kind == "assigned":
                    owner = _said(event, "owner")
                    note(minute_of(event.time), visit.stage)
        return found

    @property
    def owner(self) -> str | None:
        return self._owner_after(self.visits)

    @property
    def _owner_at_first(self) -> str | None:
        """Who owned the lead when it arose: nobody, if the facts say who did from when on."""
        said = any(event.kind == "assigned" for event in self.facts)
        return None if said else self.known.get("owner")

    def _owner_after(self, visits: Sequence[Visit]) -> str | None:
        facts = [event for visit in visits for event in (*visit.early, *visit.facts)]
        given = [event.properties["owner"] for event in facts if event.kind == "assigned"]
        return str(given[-1]) if given else self._owner_at_first

    def calendar(self, minute: int) -> str | None:
        return next(name for at, name in reversed(self._hands) if at <= minute)

    def due(self, start: int, delay: str, clock: str | None = None) -> int | None:
        """Return the minute at which a delay is over; None if it stands still for good."""
        amount, business = plain_minutes(delay)
        return earliest(start, amount, lambda minute: self._runs(minute, clock, business))

    def _runs(self, minute: int, clock: str | None, business: bool) -> bool:
        own = None if clock is None else self.data["clocks"][clock].get("calendar")
        if business and not is_open(own or self.calendar(minute), minute):
            return False
        return clock is None or not self.stands(clock, minute)

    def ran(self, start: int, end: int, delay: str, clock: str | None = None) -> int:
        """Return how many minutes of a delay are over between two."""
        business = plain_minutes(delay)[1]
        return sum(self._runs(minute, clock, business) for minute in range(start, end))

    # --- touches

    def counted(self, name: str) -> list[int]:
        """Return the touches that count since the entry, from the earliest, apart enough."""
        rule = self.data["touches"][name]
        found: list[int] = []
        if self.stage not in rule["in"]:
            return found
        for event in self.here.facts:
            said = event.properties
            if event.kind != "touch" or said.get("automatic") is True:
                continue
            outbound = said["direction"] == "outbound"
            reached = not outbound or said.get("outcome") == "connected"
            if not (outbound if rule.get("counts") != "connected" else reached):
                continue
            if "channels" in rule and said["channel"] not in rule["channels"]:
                continue
            if "by" in rule and said.get("role") not in rule["by"]:
                continue
            at = minute_of(event.time)
            if not found or at >= self._apart(rule, found[-1], at):
                found.append(at)
        return found

    def _apart(self, rule: Data, last: int, at: int) -> int:
        """Return when the next touch counts, by the hours of who has the lead at a minute."""
        if "apart" not in rule:
            return last
        amount, business = plain_minutes(rule["apart"])
        hours = self.calendar(at) if business else None
        found = earliest(last, amount, lambda minute: is_open(hours, minute))
        assert found is not None
        return found

    def owed(self, name: str) -> int:
        count = self.data["touches"][name]["count"]
        number = count.get(self.known.get("lead_type"), count.get("default", 0))
        return int(number)

    def touches(self, name: str, at: int) -> str | None:
        """Return what became of touches; None if none are owed."""
        rule, needed = self.data["touches"][name], self.owed(name)
        if self.stage not in rule["in"] or not needed:
            return None
        if any(
            event.kind == "waiver"
            and event.properties["touches"] == name
            and event.properties["reason"] in rule["waive"]
            and event.properties.get("role") in rule.get("waive_by", [event.properties.get("role")])
            for event in self.here.facts
        ):
            return "waived"
        made, entered = self.counted(name), self.here.start
        due = self.due(entered, rule["within"]) if "within" in rule else None
        if len(made) >= needed:
            return "met" if due is None or made[needed - 1] <= due else "met_late"
        if due is None:
            return "open"
        if at > due:
            return "breached"
        whole, last = plain_minutes(rule["within"])[0], at
        for _ in range(needed - len(made)):
            last = max(last, self._apart(rule, made[-1], at)) if made else last
            made.append(last)
        quarter_left = 4 * self.ran(entered, at, rule["within"]) > 3 * whole
        return "at_risk" if quarter_left or last > due else "open"

    # --- clocks

    @cached_property
    def _round(self) -> tuple[int, int | None]:
        """The first visit since the lead arose, or came back from an end; and when it ended."""
        first = 0
        for index, (left, to) in enumerate(zip(self.visits, self.visits[1:], strict=False)):
            if self.kind(left.stage) != "open" and self.kind(to.stage) == "open":
                first = index + 1
        ends = (x.start for x in self.visits[first:] if self.kind(x.stage) != "open")
        return first, next(ends, None)

    @cached_property
    def passed(self) -> list[tuple[str, int]]:
        """Every moment of the round by which clocks may run, in order."""
        first, ended = self._round
        start = self.visits[first].start
        found = [("created", start)]
        if self._owner_after(self.visits[:first]) is not None:
            found.append(("assigned", start))
        for visit in self.visits[first:]:
            found += [(name, start) for event in visit.early for name in _moments_of(event)]
            if visit.before is not None:
                found.append((f"left.{visit.before}", visit.start))
            found.append((f"entered.{visit.stage}", visit.start))
            if visit.accepted:
                found.append(("accepted", visit.start))
            for event in visit.facts:
                found += [(name, minute_of(event.time)) for name in _moments_of(event)]
        return [x for x in found if ended is None or x[1] <= ended]

    def stands(self, clock: str, minute: int) -> bool:
        """Return whether a clock is paused during a minute."""
        return any(
            start <= minute and (end is None or minute < end)
            for name, start, end in self._pauses
            if name in (None, clock)
        )

    @cached_property
    def _pauses(self) -> list[tuple[str | None, int, int | None]]:
        found: list[tuple[str | None, int, int | None]] = []
        for number, event in enumerate(self.facts):
            if event.kind != "pause":
                continue
            clock, until = _said(event, "clock"), event.properties.get("until")
            ends = [minute_of(until)] if isinstance(until, datetime) else []
            ends += [
                minute_of(later.time)
                for later in self.facts[number + 1 :]
                if later.kind == "resume" and later.properties.get("clock") in (None, clock)
            ]
            start = minute_of(event.time)
            found.append((clock, start, min(ends, default=None)))
        return found

    def runs_of(self, name: str) -> list[tuple[int, int | None]]:
        """Return the runs of a clock in this round: when each was started, and stopped."""
        clock = self.data["clocks"][name]
        starts = [at for passed, at in self.passed if passed == clock["from"]]
        stops = [at for passed, at in self.passed if passed == clock["to"]]
        if not starts:
            return []
        if not clock.get("restart"):
            return [(starts[0], max(starts[0], stops[0]) if stops else None)]
        found: list[tuple[int, int | None]] = []
        for passed, at in self.passed:
            if passed == clock["from"]:
                found.append((at, None))
            elif passed == clock["to"] and found and found[-1][1] is None:
                found[-1] = (found[-1][0], at)
        return found

    def clock(self, name: str, at: int) -> str:
        """Return what became of a clock."""
        clock, runs = self.data["clocks"][name], self.runs_of(name)
        if not runs:
            return "idle"
        start, stop = runs[-1]
        limit = clock.get("at_most", clock["within"])
        due = self.due(start, limit, name)
        if stop is not None:
            return "met" if due is None or stop <= due else "met_late"
        ended = self._round[1]
        if ended is not None:
            return "ended" if due is None or ended <= due else "breached"
        if due is not None and at > due:
            return "breached"
        if due is None or self.stands(name, at):
            return "paused"
        if "at_most" in clock:
            ideal = self.due(start, clock["within"], name)
            return "at_risk" if ideal is not None and at > ideal else "open"
        whole = plain_minutes(limit)[0]
        return "at_risk" if 4 * self.ran(start, at, limit, name) > 3 * whole else "open"

    # --- what a stage requires

    @cached_property
    def _work(self) -> tuple[set[str], set[str], datetime | None]:
        stage = self.data["stages"][self.stage]
        requires, approvals = stage.get("requires", {}), stage.get("approvals", {"by": []})
        done: set[str] = set()
        approved: set[str] = set()
        updated: datetime | None = None
        agreed: object = None
        for event in self.here.facts:
            said = event.properties
            looked_at = event.kind == "update" or (event.kind == "answer" and "by" in said)
            if event.kind == "moved" and said["to"] == self.stage:
                looked_at = True
            elif event.kind == "next_step":
                agreed = said["what"]
            elif event.kind == "completed":
                needed = requires.get(said["item"], {"by": ()})
                by_right = said.get("role") in needed.get("by", [said.get("role")])
                if by_right and set(needed.get("after", ())) <= done:
                    done.add(str(said["item"]))
                    looked_at = True
                if said["item"] == agreed:
                    agreed, looked_at = None, True
            elif event.kind == "approval" and said["role"] in approvals["by"]:
                if said["verdict"] == "rejected":
                    approved.discard(str(said["role"]))
                    looked_at = True
                elif set(approvals.get("after", ())) <= done:
                    approved.add(str(said["role"]))
                    looked_at = True
            updated = event.time if looked_at else updated
        return done, approved, updated

    @property
    def there(self) -> tuple[set[str], set[str]]:
        """What is there of what the stage requires, and who approved."""
        return self._work[:2]

    @property
    def updated(self) -> int | None:
        """The minute at which its status was looked at last since the entry."""
        found = self._work[2]
        return None if found is None else minute_of(found)

    # --- what stands against a move

    def against(
        self, move: Data, at: int, band: str | None, asked: Mapping[str, Any] | None
    ) -> set[str]:
        """Return the codes of what stands against a move; `asked` is None for the policy."""
        target = self.data["stages"][move["to"]]
        found = set(self._wrong_request(move, target, asked)) if asked is not None else set()
        known = {**self.known, **({"owner": self.owner} if self.owner else {})}
        if any(name not in known for name in move.get("fields", ())):
            found.add("field-missing")
        verdict = _GUARDS[move.get("when")](Look(self, at, band))
        if verdict is not True:
            found.add("guard-unknown" if verdict is None else "guard-false")
        stage, order = self.data["stages"][self.stage], list(self.data["stages"])
        onwards = order.index(move["to"]) > order.index(self.stage)
        if self.kind(move["to"]) == "won" or (self.kind(move["to"]) == "open" and onwards):
            done, approved = self.there
            if set(stage.get("requires", ())) - done:
                found.add("requirement-open")
            if set(stage.get("approvals", {"by": ()})["by"]) - approved:
                found.add("approval-open")
        for name in move.get("touches", ()):
            if self.touches(name, at) not in {None, "met", "met_late", "waived"}:
                found.add("touches-open")
        entries = [visit.start for visit in self.visits if visit.stage == move["to"]]
        if len(entries) >= target.get("most", 1_000_000):
            found.add("limit-reached")
        if entries and "again_after" in target:
            again = self.due(entries[-1], target["again_after"])
            if again is None or at < again:
                found.add("again-too-early")
        return found

    def _wrong_request(self, move: Data, target: Data, asked: Mapping[str, Any]) -> Iterator[str]:
        by, timed = move.get("by", ()), "after" in move or "on_timeout" in move
        if asked["role"] not in by and (by or timed or move.get("automatic")):
            yield "role"
        reason, reasons = asked["reason"], target.get("reasons", ())
        if reason is None:
            if reasons and move.get("reason") != "optional":
                yield "reason-missing"
        elif reasons and reason not in reasons:
            yield "reason-unknown"
        elif reason == "other" and not asked["note"]:
            yield "note-missing"

    def advance(
        self, at: int, to: str, band: str | None, asked: Mapping[str, Any]
    ) -> Sequence[set[str]]:
        """Return what stands against each move that leads to a stage; empty sets are free."""
        return [
            self.against(move, at, band, asked)
            for move in self.ways(self.stage)
            if move["to"] == to
        ]

    def settle(self, at: int, band: str | None) -> list[str]:
        """Return the stages to which the policy brings the lead by itself, in order."""
        been = {visit.stage for visit in self.visits if visit.start == at}
        been |= {x.before for x in self.visits if x.start == at and x.before} | {self.stage}
        found: list[str] = []
        now = self
        while True:
            to = next(
                (
                    move["to"]
                    for move in now.ways(now.stage)
                    if move["to"] not in been
                    and now._is_time(move, at)
                    and not now.against(move, at, band, None)
                ),
                None,
            )
            if to is None:
                return found
            found.append(to)
            been.add(to)
            now = now.and_then(
                Event.model_validate(
                    {
                        "lead_id": "l1",
                        "id": f"settle-{len(now.facts)}",
                        "time": moment(at),
                        "kind": "moved",
                        "properties": {"to": to, "from": now.stage},
                    }
                )
            )

    def _is_time(self, move: Data, at: int) -> bool:
        if move.get("automatic"):
            return True
        delay = move.get("accept_within") if "on_timeout" in move else move.get("after")
        if delay == "wake":
            wake = self.data["stages"][self.stage]["wake"]
            delay = wake.get(self.here.reason, wake["default"])
        due = None if delay is None else self.due(self.here.start, delay)
        return due is not None and at >= due


def _said(event: Event, name: str) -> str | None:
    found = event.properties.get(name)
    return None if found is None else str(found)


def _moments_of(event: Event) -> list[str]:
    """Return the moments of clocks that a fact is."""
    said = event.properties
    match event.kind:
        case "assigned":
            return ["assigned"]
        case "answer":
            return ["first_qualification"]
        case "next_step":
            return ["next_step"]
        case "touch" if said.get("automatic") is not True:
            if said["direction"] == "inbound":
                return ["first_contact"]
            if said.get("outcome") == "connected":
                return ["first_attempt", "first_contact"]
            return ["first_attempt"]
    return []


@dataclass(frozen=True)
class Look:
    """What guards look at."""

    plain: Plain
    at: int
    band: str | None

    @property
    def consent(self) -> bool | None:
        found: bool | None = self.plain.known.get("consent")
        return found

    @property
    def hot(self) -> bool | None:
        return None if self.band is None else self.band == "hot"


def _either(left: bool | None, right: bool | None) -> bool | None:
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def _both(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _not(verdict: bool | None) -> bool | None:
    return None if verdict is None else not verdict


def _if_known(value: object, test: Callable[[Any], bool]) -> bool | None:
    return None if value is None else test(value)


_GUARDS: Mapping[str | None, Callable[[Look], bool | None]] = {
    None: lambda _: True,
    "consent": lambda x: x.consent,
    "known(email)": lambda x: "email" in x.plain.known,
    'band == "hot"': lambda x: x.hot,
    'band == "hot" or consent': lambda x: _either(x.hot, x.consent),
    'band == "hot" and not consent': lambda x: _both(x.hot, _not(x.consent)),
    "stage_entries >= 2": lambda x: x.plain.times(x.plain.stage) >= 2,
    'was.stage == "s1"': lambda x: _if_known(x.plain.here.before, lambda y: bool(y == "s1")),
    'older_than(stage_since, "1 day")': lambda x: x.at - x.plain.here.start >= 1440,
    'owner_role == "marketing"': lambda x: _if_known(
        x.plain.data["stages"][x.plain.stage].get("owner"), lambda y: bool(y == "marketing")
    ),
    'touches.t0 in ["met", "met_late", "waived"]': lambda x: _if_known(
        x.plain.touches("t0", x.at), lambda y: y in {"met", "met_late", "waived"}
    ),
    'owner == "ben"': lambda x: _if_known(x.plain.owner, lambda y: bool(y == "ben")),
    'clock.c0 == "breached"': lambda x: x.plain.clock("c0", x.at) == "breached",
}
