"""An explanation, and what to ask next, beside the plain score of the same lead."""

from __future__ import annotations

from random import Random

from benchmarks.history import EVENTS, events_of, history_policy
from benchmarks.policy import AT, lead_of, make_leads
from benchmarks.report import at_most, table
from benchmarks.timing import in_turns, subject
from leadrules import Engine

__all__ = ["run"]

SCORE, EXPLAIN, TEXT = "Scorer.score", "Scorer.explain", "Explanation.text"
HTML, DATA, ASK = "Explanation._repr_html_", "Explanation.to_dict", "Scorer.questions"


def run(*, quick: bool = False) -> None:
    count, turns = (20, 2) if quick else (200, 11)
    scorer = Engine(history_policy()).scorer
    random = Random(5)  # noqa: S311 - a sample is no secret
    leads = [lead_of(row) for row in make_leads(count).to_dicts()]
    cases = [(lead, events_of(lead.id, random)) for lead in leads]
    explained = [scorer.explain(lead, events=events, at=AT) for lead, events in cases]
    for (lead, events), found in zip(cases, explained, strict=True):
        assert found.score == scorer.score(lead, events=events, at=AT)
        leaves = sum(leaf.millionths for leaf in found.tree.leaves())
        assert leaves == found.tree.millionths == found.score.score * 1_000_000

    def scored() -> None:
        for lead, events in cases:
            scorer.score(lead, events=events, at=AT)

    def taken_apart() -> None:
        for lead, events in cases:
            scorer.explain(lead, events=events, at=AT)

    def asked() -> None:
        for lead, events in cases:
            scorer.questions(lead, events=events, at=AT)

    works = {
        SCORE: scored,
        EXPLAIN: taken_apart,
        TEXT: lambda: [found.text() for found in explained],
        HTML: lambda: [found._repr_html_() for found in explained],
        DATA: lambda: [found.to_dict() for found in explained],
        ASK: asked,
    }
    timings = in_turns({name: subject(work, processor=True) for name, work in works.items()}, turns)
    lines = []
    for name in works:
        ratio = timings.ratio(name, SCORE)
        told = "1" if name == SCORE else str(ratio)
        verdict = at_most(ratio.median, 25) if name == EXPLAIN else ""
        lines.append([name, f"{timings.median(name) / count * 1e6:.0f}", told, verdict])
    missing = sum(len(scorer.questions(lead, events=events, at=AT)) for lead, events in cases)
    table(
        f"Explanations: {count:,} leads with {EVENTS} events, 20 + 10 rules, {turns} turns, "
        "leaves sum to scores",
        ["processor time", "us a lead", "times a score", "target"],
        lines,
        [f"Questions are {missing / count:.1f} a lead, each with every cell of its field scored."],
    )
