"""Policies of a hundred to ten thousand rules: to load, to compile, and to score by."""

from __future__ import annotations

import polars as pl

from benchmarks.policy import AT, lead_of, make_leads
from benchmarks.report import table
from benchmarks.timing import once
from leadrules import Engine, Lead, Policy, load_policy
from leadrules.scoring.scorer import Scorer

__all__ = ["document", "run"]

SIZES = (100, 1_000, 10_000)
IN_A_CHARACTERISTIC = 10
LEADS = 1_000
FRAME = 10_000

_WHEN = (
    'company.employees >= {n} and country in ["DE", "AT", "CH"] and months <= 12 and known(email)',
    'seniority == "director" and function != "sales" and visits >= {k} and not consent',
    'budget >= money("{n} EUR") and lead_type in ["demo", "quote"] and company.employees < {n}',
    'contains(title, "{n}") or (source == "web" and visits > {k} and campaign == "c{n}")',
    'within(created, duration("{d} days")) and language == "de" and known(phone)',
)
"""Conditions that are rarely true, so that a characteristic is gone through to its end."""


def document(rules: int) -> str:
    """Return a policy of so many rules of about four comparisons each."""
    lines = [
        "leadrules: 1",
        "policy: {id: large, version: 1, effective: 2026-01-01}",
        "fields: {months: {type: integer}, visits: {type: integer}}",
        "scoring:",
        "  fit:",
        "    characteristics:",
    ]
    for index in range(rules):
        if index % IN_A_CHARACTERISTIC == 0:
            lines.append(f"      c{index // IN_A_CHARACTERISTIC}:")
        when = _WHEN[index % len(_WHEN)].format(n=5_000 + index, k=8 + index % 7, d=1 + index % 9)
        lines.append(f"        - {{when: '{when}', points: {1 + index % 20}}}")
    return "\n".join(lines) + "\n"


def run(*, quick: bool = False) -> None:
    frame = make_leads(50 if quick else FRAME)
    leads = [lead_of(row) for row in frame.head(LEADS).to_dicts()]
    lines = [_measured(rules, leads, frame) for rules in ((20, 100) if quick else SIZES)]
    table(
        f"Large policies: about four comparisons a rule; {len(leads):,} leads one by one, "
        f"and {len(frame):,} as a polars frame",
        ["", "load s", "load us/rule", "compile s", "us a lead", "ns/rule", "frame s", "us/rule"],
        lines,
        ["Growth that is no worse than linear keeps the columns per rule from rising."],
    )


def _measured(rules: int, leads: list[Lead], frame: pl.DataFrame) -> list[str]:
    text = document(rules)
    load, policy = once(lambda: load_policy(text))
    assert isinstance(policy, Policy)
    compiling, engine = once(lambda: Engine(policy))
    assert isinstance(engine, Engine)
    scorer = engine.scorer
    assert isinstance(scorer, Scorer)
    first = [scorer.score(lead, at=AT) for lead in leads]
    each = min(once(lambda: [scorer.score(lead, at=AT) for lead in leads])[0] for _ in range(3))
    framing, scored = once(lambda: scorer.score_frame(frame, at=AT))
    assert isinstance(scored, pl.DataFrame)
    assert scored["score"].head(len(leads)).to_list() == [score.score for score in first]
    return [
        f"{rules:,} rules",
        f"{load:.2f}",
        f"{load / rules * 1e6:.0f}",
        f"{compiling:.2f}",
        f"{each / len(leads) * 1e6:,.1f}",
        f"{each / len(leads) / rules * 1e9:.0f}",
        f"{framing:.2f}",
        f"{framing / rules * 1e6:.0f}",
    ]
