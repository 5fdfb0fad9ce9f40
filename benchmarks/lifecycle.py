"""The lifecycle of the sample policy: one move, whole histories, other libraries, and growth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from benchmarks import worklist
from benchmarks.lead_histories import engine, histories, lifecycle
from benchmarks.lifecycle_growth import growth
from benchmarks.peers import Absent
from benchmarks.report import at_least, at_most, table
from benchmarks.stage_peers import followers
from benchmarks.timing import in_turns, once, subject
from leadrules import Engine, Event, Lead, Money, Policy, load_policy, presets
from leadrules.lifecycle.machine import StageMachine
from leadrules.lifecycle.state import State
from leadrules.lifecycle.transition import Request

__all__ = ["Try", "run", "tries"]

MICROSECONDS = 10
"""What one `advance` may take."""
LENGTH = 10
REPLAY, MOVES_ONLY = "StageMachine.replay", "StageMachine.replay, moves only"
START = datetime(2026, 7, 6, 7, tzinfo=UTC)
AT = START + timedelta(days=9)


class Try(NamedTuple):
    """A wish to move a lead, and whether it is refused."""

    name: str
    state: State
    request: Request
    refused: bool = False


def run(*, quick: bool = False) -> None:
    one_move(20 if quick else 2_000, turns=2 if quick else 25)
    beside_peers(20 if quick else 1_000, turns=1 if quick else 9)
    growth((100, 300) if quick else None)
    worklist.beside_leads(10 if quick else 500, turns=1 if quick else 7)
    worklist.growth((10, 20) if quick else None)
    first_use(1 if quick else 9)


# --- one move


def one_move(times: int, *, turns: int) -> None:
    machine, lead = engine().machine, _lead()
    score = engine().evaluate(lead, at=AT).score
    assert score is not None
    derived = {**score.results, "band": "hot", "ready": True}
    works: dict[str, Callable[[], object]] = {}
    verdicts: dict[str, bool] = {}
    for name, state, request, refused in tries(machine):
        answer = machine.advance(state, request, lead=lead, at=AT, derived=derived)
        assert bool(answer) is not refused, answer
        verdicts[name] = not refused
        works[name] = _again(
            partial(machine.advance, state, request, lead=lead, at=AT, derived=derived), times
        )
    for name, (state, event) in _facts(machine).items():
        works[name] = _again(partial(machine.note, state, event), times)
    timings = in_turns({name: subject(work, processor=True) for name, work in works.items()}, turns)
    lines = []
    for name in works:
        micros = timings.median(name) / times * 1e6
        least = min(timings.seconds[name]) / times * 1e6
        verdict = at_most(least, MICROSECONDS) if verdicts.get(name) else ""
        lines.append([name, f"{least:.1f}", f"{micros:.1f}", verdict])
    table(
        f"One move on the sample policy, the score given: {times:,} times, {turns} turns",
        ["processor time", "least us", "median us", "target"],
        lines,
        [
            "The target is for the least: others that use the machine only add to it.",
            "A move gives the transition with what its guard read and the new state.",
            "Deadlines are computed when they are read: only a demand for touches reads one here.",
        ],
    )


def tries(machine: StageMachine) -> list[Try]:
    """Return moves of the sample policy from end to end, and two that are refused."""
    inquiry = _noted(machine, ("moved", {"to": "inquiry"}), ("assigned", {"owner": "ada"}))
    mql = _noted(machine, ("moved", {"to": "inquiry"}), ("moved", {"to": "mql"}))
    sal = _noted(machine, ("moved", {"to": "inquiry"}), ("moved", {"to": "sal"}))
    sql = _noted(machine, ("moved", {"to": "inquiry"}), ("moved", {"to": "sql"}))
    bare = _noted(machine, ("moved", {"to": "proposal"}))
    written = [
        ("completed", {"item": "written_proposal"}),
        ("completed", {"item": "opportunity_assessment"}),
        ("completed", {"item": "critique", "role": "sales_manager"}),
    ]
    approved = [
        ("approval", {"role": role, "verdict": "approved"})
        for role in ("marketing", "sales_manager")
    ]
    okay = [("completed", {"item": item}) for item in ("delivery", "verbal_okay")]
    proposal = _noted(machine, ("moved", {"to": "proposal"}), *written, *approved, *okay)
    called = ("touch", {"channel": "call", "direction": "outbound", "role": "sales"})
    touched = _noted(machine, ("moved", {"to": "inquiry"}), *[called] * 9)
    rep, sales = "qualifying_rep", "sales"
    return [
        Try("inquiry to mql: the second move, with a guard", inquiry, _wish("mql", rep)),
        Try("mql to sal: a role", mql, _wish("sal", sales)),
        Try("sal to sql: a field", sal, _wish("sql", sales)),
        Try("sql to proposal: a role", sql, _wish("proposal", sales)),
        Try("sql to lost: a reason", sql, _wish("lost", sales, "price")),
        Try("proposal to agreement: 5 items, 2 approvals", proposal, _wish("agreement", sales)),
        Try("inquiry to recycled: touches met", touched, _wish("recycled", rep, "timing")),
        Try("refused: touches are open", inquiry, _wish("recycled", rep, "timing"), refused=True),
        Try("refused: 7 things stand against it", bare, _wish("agreement", sales), refused=True),
    ]


def _wish(to: str, role: str, reason: str | None = None) -> Request:
    return Request(to=to, by="ada", role=role, reason=reason)


def _lead() -> Lead:
    budget = Money.parse("50000 EUR")
    return Lead(id="17", created=START, lead_type="demo", owner="ada", budget=budget, country="DE")


def _noted(machine: StageMachine, *facts: tuple[str, dict[str, str]]) -> State:
    """Return the state of the lead after some facts, a business day apart or less."""
    state = machine.start(_lead())
    for index, (kind, said) in enumerate(facts):
        found = machine.note(state, _event(kind, said, START + timedelta(hours=21 * index)))
        assert isinstance(found, State)
        state = found
    return state


def _event(kind: str, said: Mapping[str, Any], time: datetime) -> Event:
    return Event(lead_id="17", id=f"{kind}-{time:%d%H}", time=time, kind=kind, properties=said)


def _facts(machine: StageMachine) -> dict[str, tuple[State, Event]]:
    state = _noted(machine, ("moved", {"to": "inquiry"}), ("assigned", {"owner": "ada"}))
    call = {"channel": "call", "direction": "outbound", "role": "sales"}
    return {
        "note: a move": (state, _event("moved", {"to": "mql"}, AT)),
        "note: a touch": (state, _event("touch", call, AT)),
        "note: an update": (state, _event("update", {}, AT)),
    }


def _again(work: Callable[[], object], times: int) -> Callable[[], None]:
    def again() -> None:
        for _ in range(times):
            work()

    return again


# --- beside other libraries


def beside_peers(count: int, *, turns: int) -> None:
    machine = engine().machine
    found = list(histories(count, LENGTH))
    only = [[event for event in each.events if event.kind == "moved"] for each in found]
    ends = [machine.replay(each.lead, events=each.events).stage for each in found]
    moves = [each.moves for each in found]
    assert ends == [
        machine.replay(each.lead, events=events).stage
        for each, events in zip(found, only, strict=True)
    ]
    works: dict[str, Callable[[], object]] = {
        REPLAY: lambda: [machine.replay(each.lead, events=each.events) for each in found],
        MOVES_ONLY: lambda: [
            machine.replay(each.lead, events=events)
            for each, events in zip(found, only, strict=True)
        ],
    }
    notes = [
        "Peers are told names of stages in order; they know no time, touch, clock or owner.",
        "transitions has one model, put back for each lead; python-statemachine a machine each.",
    ]
    peers = []
    for name, make in followers().items():
        try:
            follow = make(lifecycle())
        except Absent as absent:
            notes.append(f"{name}: not compared, because {absent} is not installed")
            continue
        assert [follow(each) for each in moves] == ends, name
        works[name] = _each(follow, moves)
        peers.append(name)
    timings = in_turns({name: subject(work, processor=True) for name, work in works.items()}, turns)
    total = sum(len(each) for each in moves)
    lines = []
    for name in works:
        facts = count * LENGTH if name == REPLAY else total
        against = timings.ratio(name, MOVES_ONLY)
        lines.append(
            [
                name,
                f"{timings.median(name) / count * 1e6:,.1f}",
                f"{timings.median(name) / facts * 1e6:,.2f}",
                "1" if name == MOVES_ONLY else str(against),
                at_least(against.median, 1) if name in peers else "",
            ]
        )
    table(
        f"Replay: {count:,} leads of {LENGTH} facts, {total:,} of them moves, {turns} turns, "
        "equal last stages",
        ["processor time", "us a lead", "us a fact", "times ours of moves", "target"],
        lines,
        notes,
    )


def _each(follow: Callable[[Sequence[str]], str], moves: list[list[str]]) -> Callable[[], object]:
    return lambda: [follow(each) for each in moves]


# --- the first use


def first_use(turns: int) -> None:
    """Print what it takes until a policy can be used, and until its first deadline."""
    text = presets.demo_policy()
    taken: dict[str, list[float]] = {}
    for _ in range(turns):
        loading, policy = once(lambda: load_policy(text))
        assert isinstance(policy, Policy)
        compiling, made = once(partial(Engine, policy))
        assert isinstance(made, Engine)
        machine = made.machine
        event = _event("moved", {"to": "inquiry"}, START)
        state = machine.note(machine.start(_lead()), event)
        assert isinstance(state, State)
        ask = partial(machine.would, state, lead=_lead(), at=AT, role="qualifying_rep")
        first, _ = once(ask)
        second, _ = once(ask)
        seconds = {
            "load_policy": loading,
            "Engine": compiling,
            "would, the first: it makes the table of open hours": first,
            "would, the second": second,
        }
        for name, each in seconds.items():
            taken.setdefault(name, []).append(each)
    table(
        f"The first use of the sample policy, the least of {turns} turns",
        ["", "ms"],
        [[name, f"{min(each) * 1e3:.2f}"] for name, each in taken.items()],
    )
