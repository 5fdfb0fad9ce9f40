"""The lead form beside a function written by hand, and beside other rule engines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

from benchmarks.hand_written import Row, score_row
from benchmarks.peers import Absent, Durable, Judge, judges
from benchmarks.policy import AT, NOW, lead_of, make_leads, policy, record_of
from benchmarks.report import at_least, at_most, table
from benchmarks.timing import Subject, in_turns, subject
from leadrules import Engine

__all__ = ["run"]

EVALUATE, SCORE, HAND = "Engine.evaluate", "Scorer.score", "a function written by hand"


def run(*, quick: bool = False) -> None:
    beside_hand(200 if quick else 5_000, turns=2 if quick else 25)
    beside_peers(100 if quick else 500, turns=1 if quick else 11)


def beside_hand(count: int, *, turns: int) -> None:
    engine = Engine(policy())
    scorer = engine.scorer
    rows = make_leads(count).to_dicts()
    leads, plain = [lead_of(row) for row in rows], [Row.of(record_of(row)) for row in rows]
    for lead, row in zip(leads, plain, strict=True):
        score = scorer.score(lead, at=AT)
        assert (score.score, score.fit, list(score.fired)) == score_row(row, NOW)
        assert engine.evaluate(lead, at=AT).score == score

    def by_hand() -> None:
        for row in plain:
            score_row(row, NOW)

    def scored() -> None:
        for lead in leads:
            scorer.score(lead, at=AT)

    def evaluated() -> None:
        for lead in leads:
            engine.evaluate(lead, at=AT)

    works = {HAND: by_hand, SCORE: scored, EVALUATE: evaluated}
    timings = in_turns({name: subject(work, processor=True) for name, work in works.items()}, turns)
    lines = [[HAND, _micros(timings.median(HAND), count), "1", ""]]
    for name in (SCORE, EVALUATE):
        ratio = timings.ratio(name, HAND)
        micros = _micros(timings.median(name), count)
        lines.append([name, micros, str(ratio), at_most(ratio.median, 4)])
    table(
        f"One lead, 20 rules: {count:,} leads, {turns} turns, equal scores, fits and fired rules",
        ["processor time", "us a lead", "times the function", "target"],
        lines,
        [
            "The function reads a record with slots and gives a tuple with a list.",
            "It does not tell which characteristics are uncertain, and makes no Score.",
        ],
    )


def beside_peers(count: int, *, turns: int) -> None:
    scorer = Engine(policy()).scorer
    rows = make_leads(count).to_dicts()
    leads, records = [lead_of(row) for row in rows], [record_of(row) for row in rows]
    wanted = [list(scorer.score(lead, at=AT).fired) for lead in leads]
    subjects: dict[str, Subject] = {
        SCORE: subject(lambda: _each(lambda lead: scorer.score(lead, at=AT), leads), processor=True)
    }
    notes = [
        "Peers get plain values with the lead's age computed, and give only the rules that fire.",
        "'rule by rule' stops at a characteristic's first rule that is true.",
        "'a list of verdicts' is a single expression of all 20 conditions.",
    ]
    with ExitStack() as stack:
        for name, make in judges().items():
            try:
                subjects[name] = _judged(name, make(), records, wanted)
            except Absent as absent:
                notes.append(f"{name}: not compared, because {absent} is not installed")
        try:
            durable = Durable(count)
        except Absent as absent:
            notes.append(f"durable-rules: not compared, because {absent} is not installed")
        else:
            stack.callback(durable.close)
            assert durable.fired == wanted
            subjects["durable-rules, one fact at a time"] = durable.seconds
            notes.append(
                "durable-rules runs in its own process; it is given which words a title contains."
            )
        timings = in_turns(subjects, turns)
    peers = [name for name in subjects if name != SCORE]
    fastest = timings.fastest(*peers) if peers else None
    lines = [[SCORE, _micros(timings.median(SCORE), count), "1", ""]]
    for name in sorted(peers, key=timings.median):
        ratio = timings.ratio(name, SCORE)
        verdict = at_least(ratio.median, 15) if name == fastest else ""
        lines.append([name, _micros(timings.median(name), count), str(ratio), verdict])
    table(
        f"Other engines: {count:,} leads, {turns} turns, equal fired rules",
        ["processor time", "us a lead", "times ours", "target"],
        lines,
        notes,
    )


def _judged(
    name: str, judge: Judge, records: list[dict[str, Any]], wanted: list[list[str]]
) -> Subject:
    assert [judge(record) for record in records] == wanted, name
    return subject(lambda: _each(judge, records), processor=True)


def _each(function: Callable[[Any], object], items: Iterable[Any]) -> None:
    for item in items:
        function(item)


def _micros(seconds: float, count: int) -> str:
    return f"{seconds / count * 1e6:.2f}"
